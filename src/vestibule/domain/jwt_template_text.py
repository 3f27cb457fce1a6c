"""The text of a JWT template: JSON whose values may be `{{ path }}` (wire contract §5.7).

Owns what the text may be and where in it a fault stands. Reads it into typed values, in which
every tag is a string; what those are filled with is the business of `jwt_templates`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import NoReturn

from vestibule.domain.jwt_templates import (
    RESERVED_CLAIMS,
    RESERVED_PREFIX,
    TAG,
    fault_of_path,
)
from vestibule.domain.projects import Project
from vestibule.errors import refusal

MAX_TEXT_BYTES = 4096
MAX_AUDIENCE = 256
_MAX_DEPTH = 15
# RFC 7493 §2.2: beyond this, readers that keep numbers as doubles see another one.
_MAX_INTEGER = 2**53 - 1

_SPACE = re.compile(r"[ \t\r\n]*")
_BRACES = re.compile(r"\{\{|\}\}")
_OPEN_TAG = re.compile(r'[^"{},\[\]]*\}\}')
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_WORD = re.compile(r"[A-Za-z]+")
_PLAIN = re.compile(r'[^"\\\x00-\x1f]+')
_HEX = re.compile(r"[0-9a-fA-F]{4}")
_ESCAPES = {
    '"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t",
}  # fmt: skip
_WORDS: Mapping[str, object] = {"true": True, "false": False, "null": None}


def read_template(text: str) -> dict[str, object]:
    """Read the text of a template into typed values, in which every tag is a string.

    The text is JSON (RFC 8259); where a value stands, `{{ path }}` may stand too, with quotes or
    without. An empty text is no template. Each refusal says line and column, and which claim.

    Raises:
        custom_claims_too_large, jwt_template_invalid_json, jwt_template_invalid_tag,
        jwt_template_mismatched_tag, reserved_claims_in_custom_claims,
        stytch_claims_in_custom_claims.
    """
    try:
        size = len(text.encode())
    except UnicodeEncodeError as error:
        _Reader(text).refuse("jwt_template_invalid_json", error.start, want="no lone surrogates")
    if size > MAX_TEXT_BYTES:
        raise refusal(
            "custom_claims_too_large",
            want=f"a template of at most {MAX_TEXT_BYTES} bytes",
            got=str(size),
        )
    if not text.strip(" \t\r\n"):
        return {}
    return _Reader(text).read()


class _Reader:
    """One pass over the text: `_at` is where it stands, `_depth` how far below the claims."""

    __slots__ = ("_at", "_depth", "_text")

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._depth = 0

    def read(self) -> dict[str, object]:
        self._skip_space()
        if not self._text.startswith("{", self._at) or self._text.startswith("{{", self._at):
            self._unexpected("", "a JSON object")
        claims = self._object("")
        self._skip_space()
        if self._at < len(self._text):
            self._unexpected("", "the end of the template")
        return claims

    def refuse(
        self,
        code: str,
        at: int,
        place: str = "",
        *,
        want: str | None = None,
        got: str | None = None,
    ) -> NoReturn:
        """Columns count characters from 1, as editors do."""
        line = self._text.count("\n", 0, at) + 1
        column = at - self._text.rfind("\n", 0, at)
        claim = f", claim {place}" if place else ""
        raise refusal(code, want=want, got=got, detail=f"Line {line}, column {column}{claim}")

    def _unexpected(self, place: str, want: str) -> NoReturn:
        got = self._text[self._at : self._at + 20] or "the end of the template"
        self.refuse("jwt_template_invalid_json", self._at, place, want=want, got=got)

    def _skip_space(self) -> None:
        found = _SPACE.match(self._text, self._at)
        self._at = found.end() if found else self._at

    def _take(self, character: str) -> bool:
        self._skip_space()
        if not self._text.startswith(character, self._at):
            return False
        self._at += 1
        return True

    def _value(self, place: str) -> object:
        self._skip_space()
        text, at = self._text, self._at
        if text.startswith("{{", at):
            return self._unquoted_tag(place)
        if text.startswith(("{", "["), at):
            return self._nested(place)
        if text.startswith('"', at):
            value, origins = self._string(place)
            self._check_tags(value, origins, place)
            return value
        word = _WORD.match(text, at)
        if word and word[0] in _WORDS:
            self._at = word.end()
            return _WORDS[word[0]]
        number = _NUMBER.match(text, at)
        if number is None:
            self._unexpected(place, "a JSON value or {{ path }}")
        return self._number(number, place)

    def _nested(self, place: str) -> object:
        if self._depth == _MAX_DEPTH:
            self.refuse(
                "jwt_template_invalid_json", self._at, place, want=f"at most {_MAX_DEPTH} levels"
            )
        self._depth += 1
        is_object = self._text.startswith("{", self._at)
        value = self._object(place) if is_object else self._array(place)
        self._depth -= 1
        return value

    def _object(self, place: str) -> dict[str, object]:
        self._at += 1
        members: dict[str, object] = {}
        if self._take("}"):
            return members
        while True:
            self._skip_space()
            at = self._at
            if not self._text.startswith('"', at):
                if self._text.startswith("{{", at):
                    self.refuse("jwt_template_invalid_tag", at, place, want="tags as values only")
                self._unexpected(place, "a name in quotes")
            name, _ = self._string(place)
            inner = f"{place}.{name}" if place else name
            self._check_name(name, at, inner)
            if name in members:
                self.refuse("jwt_template_invalid_json", at, inner, want="each name once", got=name)
            if not self._take(":"):
                self._unexpected(inner, ":")
            members[name] = self._value(inner)
            if self._take("}"):
                return members
            if not self._take(","):
                self._unexpected(inner, ", or }")

    def _check_name(self, name: str, at: int, place: str) -> None:
        if _BRACES.search(name):
            self.refuse("jwt_template_invalid_tag", at, place, want="tags as values only", got=name)
        if self._depth == 0 and name in RESERVED_CLAIMS:
            self.refuse("reserved_claims_in_custom_claims", at, place, got=name)
        if self._depth == 0 and name.startswith(RESERVED_PREFIX):
            self.refuse("stytch_claims_in_custom_claims", at, place, got=name)

    def _array(self, place: str) -> list[object]:
        self._at += 1
        items: list[object] = []
        if self._take("]"):
            return items
        while True:
            inner = f"{place}[{len(items)}]"
            items.append(self._value(inner))
            if self._take("]"):
                return items
            if not self._take(","):
                self._unexpected(inner, ", or ]")

    def _string(self, place: str) -> tuple[str, Sequence[int]]:
        """The string, and for each of its characters where in the text it stands."""
        start, text = self._at, self._text
        parts: list[str] = []
        origins: list[int] = []
        at = start + 1
        while True:
            plain = _PLAIN.match(text, at)
            if plain:
                parts.append(plain[0])
                origins.extend(range(at, plain.end()))
                at = plain.end()
            if at >= len(text):
                self.refuse("jwt_template_invalid_json", start, place, want="a closing quote")
            if text[at] == '"':
                break
            if text[at] != "\\":
                self.refuse(
                    "jwt_template_invalid_json", at, place, want="no control characters in strings"
                )
            character, end = self._escape(at, place)
            parts.append(character)
            origins.append(at)
            at = end
        self._at = at + 1
        return "".join(parts), origins

    def _escape(self, at: int, place: str) -> tuple[str, int]:
        text = self._text
        kind = text[at + 1 : at + 2]
        if kind in _ESCAPES:
            return _ESCAPES[kind], at + 2
        digits = _HEX.match(text, at + 2)
        if kind != "u" or digits is None:
            self.refuse(
                "jwt_template_invalid_json", at, place, want="an escape of JSON",
                got=text[at : at + 6],
            )  # fmt: skip
        code, end = int(digits[0], 16), at + 6
        low = _HEX.match(text, end + 2) if text.startswith("\\u", end) else None
        if 0xD800 <= code < 0xDC00 and low and 0xDC00 <= int(low[0], 16) < 0xE000:
            return chr(0x10000 + ((code - 0xD800) << 10) + int(low[0], 16) - 0xDC00), end + 6
        if code == 0 or 0xD800 <= code < 0xE000:
            self.refuse(
                "jwt_template_invalid_json", at, place, want="no NUL and no lone surrogates",
                got=text[at:end],
            )  # fmt: skip
        return chr(code), end

    def _number(self, found: re.Match[str], place: str) -> int | float:
        value = float(found[0]) if found[1] or found[2] else int(found[0])
        bound = float("inf") if isinstance(value, float) else _MAX_INTEGER + 1
        if not -bound < value < bound:
            self.refuse(
                "jwt_template_invalid_json",
                self._at,
                place,
                want="a number that every reader reads alike, or a string",
                got=found[0],
            )
        self._at = found.end()
        return value

    def _unquoted_tag(self, place: str) -> str:
        at, text = self._at, self._text
        found = TAG.match(text, at)
        if found is None:
            closed = _OPEN_TAG.match(text, at + 2)
            if closed is None:
                self.refuse("jwt_template_mismatched_tag", at, place, got=text[at : at + 20])
            self._refuse_tag(at, place, closed[0][:-2])
        self._check_path(found, found.start(1), place)
        self._at = found.end()
        return f"{{{{ {found[1]} }}}}"

    def _check_tags(self, value: str, origins: Sequence[int], place: str) -> None:
        brace = _BRACES.search(value)
        while brace:
            at = brace.start()
            found = TAG.match(value, at)
            if found is None:
                closed = _BRACES.search(value, brace.end()) if brace[0] == "{{" else None
                if closed is None or closed[0] == "{{":
                    got = value[at : at + 20]
                    self.refuse("jwt_template_mismatched_tag", origins[at], place, got=got)
                self._refuse_tag(origins[at], place, value[brace.end() : closed.start()])
            self._check_path(found, origins[found.start(1)], place)
            brace = _BRACES.search(value, found.end())

    def _refuse_tag(self, at: int, place: str, got: str) -> NoReturn:
        self.refuse("jwt_template_invalid_tag", at, place, want="{{ path }}", got=got.strip())

    def _check_path(self, found: re.Match[str], at: int, place: str) -> None:
        wanted = fault_of_path(found[1])
        if wanted is not None:
            self.refuse("jwt_template_invalid_tag", at, place, want=wanted, got=found[1])


def read_audience(value: str) -> str:
    """The audience that a team adds to the project's own; empty for none.

    Raises:
        field_invalid.
    """
    if len(value) > MAX_AUDIENCE or not value.isprintable():
        raise refusal(
            "field_invalid",
            want=f"an audience of at most {MAX_AUDIENCE} printable characters",
            got=value,
        )
    return value


def template_text(project: Project) -> str:
    """The template as it was given. One from before texts were kept is written out."""
    if project.jwt_template_text or not project.jwt_template:
        return project.jwt_template_text
    return json.dumps(dict(project.jwt_template), indent=2, ensure_ascii=False)
