"""The language of an attribute mapping: where a value comes from, and what is made of it.

Owns the grammar and the transforms. Reads one tree of claims, SAML's attributes being one too, and
refuses to know which keys mean what, whose claims they are, and who has verified them.

A source is a claim's name or a dotted path, to the letter. What begins with `=` is an expression:

    = department, dept default "none" | trim | lower
    = "http://schemas.example/groups" | capture("CN=([^,]+)")

Sources are tried in their order, and the first one that is there counts. The transforms work on
each value of several. The default stands where nothing is left.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import re2

from vestibule.errors import refusal

MAX_SOURCES = 10
MAX_TRANSFORMS = 10
MAX_PATTERN = 256

_TOKEN = re.compile(
    r"""\s*(?: (?P<text>"(?:[^"\\\x00-\x1f]|\\.)*") | (?P<sign>[,|()]) | (?P<word>[^\s,|()"]+) )""",
    re.VERBOSE,
)
# RE2 answers in time linear in the value, whatever the pattern: a customer's administrator writes
# these patterns, and somebody's directory writes the values.
_RE2_OPTIONS = re2.Options()
_RE2_OPTIONS.log_errors = False
_RE2_OPTIONS.max_mem = 1 << 20


class Transform(NamedTuple):
    name: str
    argument: str | None


@dataclass(frozen=True, slots=True)
class Expression:
    """`default` is None where there is none."""

    sources: tuple[str, ...]
    default: str | int | float | bool | None = None
    transforms: tuple[Transform, ...] = ()


class Found(NamedTuple):
    """What an expression gives: a value, or None; the source that gave it, or None for the
    default; and what was left out on the way, in words for the administrator."""

    value: object
    source: str | None
    warnings: tuple[str, ...] = ()


# --- reading an expression ----------------------------------------------------------------------


@lru_cache(maxsize=4096)
def read_expression(text: str) -> Expression:
    """Read a mapping's value.

    Raises:
        attribute_mapping_invalid: with the place of the first thing that is wrong.
    """
    if not text.startswith("="):
        return Expression((text,))
    return _Reader(text).expression()


class _Reader:
    """One pass over the tokens of an expression."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 1
        self._kind, self._value = "", ""
        self._next()

    def expression(self) -> Expression:
        sources = [self._source()]
        while self._take(","):
            sources.append(self._source())
        default = None
        if self._kind == "word" and self._value == "default":
            self._next()
            default = self._literal()
        transforms = []
        while self._take("|"):
            transforms.append(self._transform())
        if self._kind:
            raise self._wrong("a comma, `default`, `|` or the end")
        if len(sources) > MAX_SOURCES or len(transforms) > MAX_TRANSFORMS:
            raise refusal(
                "attribute_mapping_invalid",
                want=f"at most {MAX_SOURCES} sources and {MAX_TRANSFORMS} transforms",
                got=self._text,
            )
        return Expression(tuple(sources), default, tuple(transforms))

    def _source(self) -> str:
        if self._kind == "word" and self._value != "default":
            source = self._value
            self._next()
            return source
        return self._quoted("a source", "a source that is not empty")

    def _literal(self) -> str | int | float | bool:
        if self._kind == "word":
            try:
                value = json.loads(self._value, parse_constant=_no_number)
            except ValueError:
                value = None
            # A number beyond every float is read as infinite, and JSON has none such.
            if isinstance(value, bool | int | float) and math.isfinite(value):
                self._next()
                return value
        return self._quoted("a text in quotes, a number, true or false")

    def _transform(self) -> Transform:
        name = self._value
        if self._kind != "word" or name not in _TRANSFORMS:
            raise self._wrong(f"one of {', '.join(_TRANSFORMS)}")
        self._next()
        if not _TRANSFORMS[name].takes_argument:
            return Transform(name, None)
        if not self._take("("):
            raise self._wrong(f'{name}("…")')
        before = self._at
        if name == "capture":
            argument = self._quoted("a text in quotes")
            _check_pattern(argument, before)
        else:
            argument = self._quoted("a text in quotes", "a separator that is not empty")
        if not self._take(")"):
            raise self._wrong("a closing parenthesis")
        return Transform(name, argument)

    def _quoted(self, want: str, not_empty: str = "") -> str:
        if self._kind != "text":
            raise self._wrong(want)
        try:
            value = json.loads(self._value)
        except ValueError:
            raise self._wrong(want) from None
        if "\x00" in value or not value.isprintable():
            raise self._wrong("printable characters")
        if not_empty and not value:
            raise self._wrong(not_empty)
        self._next()
        return str(value)

    def _take(self, sign: str) -> bool:
        if self._kind == "sign" and self._value == sign:
            self._next()
            return True
        return False

    def _next(self) -> None:
        if not self._text[self._at :].strip():
            self._kind, self._value, self._at = "", "", len(self._text)
            return
        found = _TOKEN.match(self._text, self._at)
        if found is None:
            self._kind, self._value = "", self._text[self._at :].strip()
            self._at = len(self._text.rstrip())
            raise self._wrong("a closing quote")
        self._kind = found.lastgroup or ""
        self._value = found[self._kind]
        self._at = found.end()

    def _wrong(self, want: str) -> Exception:
        start = self._at - len(self._value)
        got = f"{self._value or 'the end'} at character {start + 1} of {self._text}"
        return refusal("attribute_mapping_invalid", want=want, got=got)


def _no_number(name: str) -> object:
    raise ValueError(name)


def _check_pattern(pattern: str, place: int) -> None:
    if len(pattern) > MAX_PATTERN:
        raise refusal(
            "attribute_mapping_invalid", want=f"a pattern of at most {MAX_PATTERN} characters"
        )
    try:
        compiled = _compiled(pattern)
    except re2.error as error:
        raise refusal(
            "attribute_mapping_invalid",
            want="a regular expression in RE2's syntax",
            got=f"{pattern} at character {place - len(pattern)}",
            detail=str(error.args[0] if error.args else ""),
        ) from None
    if compiled.groups > 1:
        raise refusal(
            "attribute_mapping_invalid",
            want="one group at most; (?:…) groups without capturing",
            got=pattern,
        )


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> Any:
    return re2.compile(pattern, _RE2_OPTIONS)


# --- looking up ---------------------------------------------------------------------------------


def evaluate(expression: Expression, claims: Mapping[str, object]) -> Found:
    """The value of an expression over verified claims."""
    for source in expression.sources:
        value = claims[source] if source in claims else claim_at(claims, source)
        if value is None or value == []:
            continue
        if not expression.transforms:
            return Found(value, source)
        warnings: list[str] = []
        for transform in expression.transforms:
            value = _TRANSFORMS[transform.name].apply(value, transform.argument, warnings)
            if value is None or value == []:
                break
        else:
            return Found(value, source, tuple(warnings))
        return Found(expression.default, None, tuple(warnings))
    return Found(expression.default, None)


def claim_at(claims: Mapping[str, object], source: str) -> object:
    """The value at a claim's name or dotted path, or None. A whole name wins over a path.

    Through an array a number picks an element, and a name is looked up in each element.
    """
    if source in claims:
        return claims[source]
    value: object = claims
    for part in source.split("."):
        value = _step(value, part)
        if value is None:
            return None
    return value


def _step(value: object, part: str) -> object:
    if isinstance(value, Mapping):
        return value.get(part)
    if isinstance(value, list):
        if part.isascii() and part.isdigit():
            index = int(part[:6])
            return value[index] if index < len(value) else None
        inner = [v[part] for v in value if isinstance(v, Mapping) and part in v]
        return inner or None
    return None


def strings_of(value: object) -> tuple[str, ...]:
    """A claim's value as strings; objects inside are left out."""
    if isinstance(value, str):
        return (value,)
    if isinstance(value, list):
        return tuple(s for item in value for s in strings_of(item))
    if isinstance(value, bool):
        return ("true" if value else "false",)
    if isinstance(value, int | float):
        return (str(value),)
    return ()


# --- transforms ---------------------------------------------------------------------------------


def _on_each(convert: Callable[[object], object], what: str) -> _Apply:
    """Convert one value, or each of several; what cannot be converted is left out and told."""

    def apply(value: object, _: str | None, warnings: list[str]) -> object:
        if not isinstance(value, list):
            made = convert(value)
            if made is None:
                warnings.append(f"{_shown(value)} is {what}")
            return made
        kept = []
        for item in value:
            made = convert(item)
            if made is None:
                warnings.append(f"{_shown(item)} is {what}")
            else:
                kept.append(made)
        return kept

    return apply


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _trim(value: object) -> object:
    return value.strip() if isinstance(value, str) else value


def _boolean(value: object) -> object:
    if isinstance(value, str):
        word = value.strip().lower()
        if word in ("true", "1", "yes"):
            return True
        return False if word in ("false", "0", "no") else None
    return bool(value) if isinstance(value, bool | int) and value in (0, 1) else None


def _integer(value: object) -> object:
    if isinstance(value, str):
        word = value.strip()
        digits = word.removeprefix("-")
        return int(word) if digits.isascii() and digits.isdigit() and len(digits) <= 18 else None
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 10**18 else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _split(value: object, separator: str | None, _: list[str]) -> object:
    parts: list[object] = []
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, str):
            parts += [part for part in item.split(separator) if part]
        else:
            parts.append(item)
    return parts


def _join(value: object, separator: str | None, _: list[str]) -> object:
    return (separator or "").join(strings_of(value)) or None


def _first(value: object, _: str | None, __: list[str]) -> object:
    return value[0] if isinstance(value, list) else value


def _all(value: object, _: str | None, __: list[str]) -> object:
    return value if isinstance(value, list) else [value]


def _capture(value: object, pattern: str | None, warnings: list[str]) -> object:
    compiled = _compiled(pattern or "")
    group = min(compiled.groups, 1)

    def found(item: object) -> object:
        try:
            match = compiled.search(item) if isinstance(item, str) else None
        except UnicodeEncodeError:  # a lone surrogate is no text
            return None
        return match.group(group) if match else None

    return _on_each(found, f"not like {pattern}")(value, None, warnings)


def _shown(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value)[:80]
    return f"“{text[:60]}…”" if len(text) > 60 else f"“{text}”"


_Apply = Callable[[object, str | None, list[str]], object]


class _Kind(NamedTuple):
    apply: _Apply
    takes_argument: bool = False


_TRANSFORMS: Mapping[str, _Kind] = {
    "lower": _Kind(_on_each(_lower, "")),
    "trim": _Kind(_on_each(_trim, "")),
    "split": _Kind(_split, takes_argument=True),
    "join": _Kind(_join, takes_argument=True),
    "first": _Kind(_first),
    "all": _Kind(_all),
    "capture": _Kind(_capture, takes_argument=True),
    "boolean": _Kind(_on_each(_boolean, "no boolean")),
    "integer": _Kind(_on_each(_integer, "no integer")),
}
