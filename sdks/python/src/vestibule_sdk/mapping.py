"""What an attribute mapping would make of a person, before anybody saves it. Nobody is asked.

Owns the language of mappings and the outcome of one. Pure; knows no connection and no member, and
asks for the same outcomes as the server: the same vectors hold for both. `capture(…)` needs RE2,
because an administrator of a customer writes the pattern and a backtracking engine would let them
stop the program: `pip install "vestibule-sdk[mapping]"`.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, NamedTuple

from vestibule_sdk.errors import MappingRefused

_RESERVED = frozenset({
    "email", "full_name", "first_name", "last_name", "groups", "idp_user_id",
})  # fmt: skip
_TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
_NAME_ID = "NameID"
_DEFAULT = "(default)"
_MAX_KEYS, _MAX_KEY, _MAX_SOURCE = 50, 128, 512
_MAX_SOURCES = _MAX_TRANSFORMS = 10
_MAX_PATTERN = 256
_MAX_GROUPS, _MAX_NAME = 5000, 256
_METADATA_KEYS, _METADATA_BYTES = 20, 4096
_ADDRESS = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z0-9-]{2,63}"
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a login would make of a person.

    Attributes:
        subject: by which the identity provider's person is known again.
        email: the address. The server's own check of an address is stricter.
        trusted_metadata: of the member, afterwards.
        sources: by key, the name or path that gave the value; `(default)` for a default.
        warnings: what is missing or was left out on the way, each with its key before a colon.
        left_out: keys for which the metadata have no room.
    """

    subject: str
    email: str
    name: str
    groups: tuple[str, ...]
    trusted_metadata: Mapping[str, Any]
    sources: Mapping[str, str]
    warnings: tuple[str, ...]
    left_out: tuple[str, ...]


def check_expression(text: str) -> None:
    """Whether one value of a mapping can be read.

    Raises:
        MappingRefused: with the place of the first thing that is wrong.
    """
    _read(text)


def preview_oidc(
    mapping: Mapping[str, str],
    claims: Mapping[str, Any],
    *,
    before: Mapping[str, Any] | None = None,
) -> Outcome:
    """What comes of the claims of a person, ID token and UserInfo together.

    Args:
        before: the member's trusted_metadata until now.

    Raises:
        MappingRefused: the mapping cannot be saved, or the person would not be let in.
    """
    asked = _checked(mapping)
    sources = {"email": "email", "groups": "groups", **asked}
    if not sources.keys() & {"full_name", "first_name", "last_name"}:
        sources |= {"full_name": "name", "first_name": "given_name", "last_name": "family_name"}
    found = {key: _evaluate(_read(text), claims) for key, text in sources.items()}
    referred = claims.get("_claim_names")
    elsewhere = frozenset(referred) if isinstance(referred, Mapping) else frozenset()
    addresses = _strings(found["email"].value)
    if not addresses:
        lost = elsewhere.intersection(_read(sources["email"]).sources)
        code = "oidc_distributed_claims" if lost else "oidc_response_email_missing"
        raise MappingRefused(code, want=f"claim {sources['email']}")
    email = _one_address(addresses, "oidc_response_email_invalid")
    verified = claims.get("email_verified")
    if found["email"].source == "email" and verified not in (None, True, "true", "True", "1"):
        raise MappingRefused(
            "oidc_response_unverified_email", want="email_verified true", got=str(verified)
        )
    told = {"groups": "groups", **asked} if "groups" in elsewhere else asked
    warnings = [*_warnings(told, found, "there is no claim", elsewhere)]
    return _outcome(str(claims.get("sub", "")), email, found, warnings, before)


def preview_saml(
    mapping: Mapping[str, str],
    attributes: Mapping[str, str | Sequence[str]],
    *,
    name_id: str,
    name_id_format: str = "",
    friendly_names: Mapping[str, str] | None = None,
    before: Mapping[str, Any] | None = None,
) -> Outcome:
    """What comes of an assertion.

    Args:
        attributes: by Name; one value is a text, several are a list.
        friendly_names: of attributes, by Name.
        before: the member's trusted_metadata until now.

    Raises:
        MappingRefused: the mapping cannot be saved, or the person would not be let in.
    """
    asked = _checked(mapping)
    if "email" not in asked:
        raise MappingRefused("saml_connection_email_mapping_required", want="email")
    if "full_name" not in asked and not {"first_name", "last_name"} <= asked.keys():
        raise MappingRefused(
            "saml_connection_name_mapping_required", want="full_name, or first_name and last_name"
        )
    said: dict[str, Any] = {
        friendly: attributes[name] for name, friendly in (friendly_names or {}).items()
    }
    said |= {**attributes, _NAME_ID: name_id}
    said = {key: list(v) if isinstance(v, tuple) else v for key, v in said.items()}
    found = {key: _evaluate(_read(text), said) for key, text in asked.items()}
    email = _one_address(_strings(found["email"].value), "saml_response_email_invalid")
    warnings = [*_warnings(asked, found, "the assertion has no attribute", frozenset())]
    known_as = found.get("idp_user_id", _NOTHING)
    subject = next(iter(_strings(known_as.value)), "")
    if name_id_format == _TRANSIENT:
        if subject and known_as.source == _NAME_ID:
            raise MappingRefused(
                "saml_name_id_transient", want="a NameID that stays", got=name_id_format
            )
        if not subject:
            subject = email.lower()
            warnings.append(f"{_NAME_ID}: it is transient, so the address alone tells who it is")
    return _outcome(subject or name_id, email, found, warnings, before)


# --- what both protocols have in common -----------------------------------------------------------


def _checked(mapping: Mapping[str, str]) -> dict[str, str]:
    """Without its empty entries, which count as none."""
    kept = {key: text for key, text in mapping.items() if text}
    if len(kept) > _MAX_KEYS:
        raise _invalid(f"at most {_MAX_KEYS} keys", str(len(kept)))
    for key, text in kept.items():
        if not 1 <= len(key) <= _MAX_KEY or len(text) > _MAX_SOURCE:
            raise _invalid(f"keys to {_MAX_KEY}, sources to {_MAX_SOURCE} characters", key)
        _read(text)
    return kept


def _one_address(values: Sequence[str], code: str) -> str:
    distinct = [*dict.fromkeys(values)]
    if len(distinct) != 1:
        raise MappingRefused(code, want="exactly one address", got=f"{len(distinct)} values")
    address = distinct[0]
    if len(address) > 254 or not _ADDRESS.fullmatch(address):
        raise MappingRefused(code, want="one address such as ada@example.com", got=address)
    local, _, domain = address.rpartition("@")
    return f"{local}@{domain.lower()}"


def _warnings(
    asked: Mapping[str, str],
    found: Mapping[str, _Found],
    missing: str,
    elsewhere: frozenset[str],
) -> Iterator[str]:
    for key, text in asked.items():
        one = found[key]
        yield from (f"{key}: {warning}" for warning in one.warnings)
        if one.value is None and not one.warnings:
            sources = _read(text).sources
            referred = next((source for source in sources if source in elsewhere), None)
            if referred is None:
                yield f"{key}: {missing} {', '.join(sources)}"
            else:
                yield f"{key}: {referred} is only referred to, and references are not followed"


def _outcome(
    subject: str,
    email: str,
    found: Mapping[str, _Found],
    warnings: list[str],
    before: Mapping[str, Any] | None,
) -> Outcome:
    def first(key: str) -> str:
        return next(iter(_strings(found[key].value)), "") if key in found else ""

    groups = tuple(dict.fromkeys(_strings(found["groups"].value))) if "groups" in found else ()
    if len(groups) > _MAX_GROUPS:
        warnings.append(f"groups: only the first {_MAX_GROUPS} of {len(groups)} are kept")
    parts = [part for key in ("first_name", "last_name") for part in _strings_of(found, key)]
    metadata, left_out = _promoted(before or {}, found)
    return Outcome(
        subject,
        email,
        (first("full_name") or " ".join(parts)).strip()[:_MAX_NAME],
        groups[:_MAX_GROUPS],
        metadata,
        {key: one.source or _DEFAULT for key, one in found.items() if one.value is not None},
        tuple(warnings),
        left_out,
    )


def _strings_of(found: Mapping[str, _Found], key: str) -> list[str]:
    return _strings(found[key].value)[:1] if key in found else []


def _promoted(
    before: Mapping[str, Any], found: Mapping[str, _Found]
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Key by key in the mapping's order, as far as there is room."""
    kept, left_out = dict(before), []
    values = {
        key: one.value
        for key, one in found.items()
        if key not in _RESERVED and one.value is not None
    }
    if _fits({**kept, **values}):
        return {**kept, **values}, ()
    for key, value in values.items():
        if _fits({**kept, key: value}):
            kept[key] = value
        else:
            left_out.append(key)
    return kept, tuple(left_out)


def _fits(metadata: Mapping[str, Any]) -> bool:
    if len(metadata) > _METADATA_KEYS:
        return False
    try:
        text = json.dumps(metadata, ensure_ascii=False, separators=(",", ":"))
    except RecursionError:
        return False
    return len(text.encode("utf-8", "surrogatepass")) <= _METADATA_BYTES


# --- looking up -----------------------------------------------------------------------------------


class _Found(NamedTuple):
    value: Any
    source: str | None
    warnings: tuple[str, ...] = ()


_NOTHING = _Found(None, None)


def _evaluate(expression: _Expression, claims: Mapping[str, Any]) -> _Found:
    for source in expression.sources:
        value = _at(claims, source)
        if _is_nothing(value):
            continue
        warnings: list[str] = []
        for step in expression.steps:
            value = step(value, warnings)
            if _is_nothing(value):
                return _Found(expression.default, None, tuple(warnings))
        return _Found(value, source, tuple(warnings))
    return _Found(expression.default, None)


def _is_nothing(value: Any) -> bool:
    return value is None or value == []


def _at(claims: Mapping[str, Any], source: str) -> Any:
    """A whole name wins over a path. In an array a number picks one, a name looks into each."""
    if source in claims:
        return claims[source]
    value: Any = claims
    for part in source.split("."):
        if isinstance(value, Mapping):
            value = value.get(part)
        elif isinstance(value, list) and part.isascii() and part.isdigit():
            at = int(part[:6])
            value = value[at] if at < len(value) else None
        elif isinstance(value, list):
            value = [one[part] for one in value if isinstance(one, Mapping) and part in one]
            value = value or None
        else:
            return None
    return value


def _strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, list):
        return [text for one in value for text in _strings(one)]
    if isinstance(value, bool):
        return ["true" if value else "false"]
    return [str(value)] if isinstance(value, int | float) else []


# --- transforms -----------------------------------------------------------------------------------

_Step = Callable[[Any, list[str]], Any]


def _on_each(convert: Callable[[Any], Any], what: str, value: Any, warnings: list[str]) -> Any:
    """Convert each value; what cannot be converted is left out and told."""
    several = isinstance(value, list)
    kept = []
    for one in value if several else [value]:
        made = convert(one)
        if made is None:
            shown = one if isinstance(one, str) else json.dumps(one)
            warnings.append(f"{shown[:60]!r} is {what}")
        else:
            kept.append(made)
    return kept if several else next(iter(kept), None)


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _trim(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


def _boolean(value: Any) -> bool | None:
    words = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
    if isinstance(value, str):
        return words.get(value.strip().lower())
    return bool(value) if isinstance(value, int) and value in (0, 1) else None


def _integer(value: Any) -> int | None:
    if isinstance(value, str):
        return int(value) if re.fullmatch(r"-?[0-9]{1,18}", value.strip()) else None
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 10**18 else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _split(separator: str, value: Any, _: list[str]) -> Any:
    parts: list[Any] = []
    for one in value if isinstance(value, list) else [value]:
        parts += [p for p in one.split(separator) if p] if isinstance(one, str) else [one]
    return parts


def _join(separator: str, value: Any, _: list[str]) -> Any:
    return separator.join(_strings(value)) or None


def _first(value: Any, _: list[str]) -> Any:
    return value[0] if isinstance(value, list) else value


def _all(value: Any, _: list[str]) -> Any:
    return value if isinstance(value, list) else [value]


def _capture(pattern: str, value: Any, warnings: list[str]) -> Any:
    compiled = _compiled(pattern)
    group = min(compiled.groups, 1)

    def found(one: Any) -> Any:
        try:
            match = compiled.search(one) if isinstance(one, str) else None
        except UnicodeEncodeError:  # a lone surrogate is no text
            return None
        return match.group(group) if match else None

    return _on_each(found, f"not like {pattern}", value, warnings)


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> Any:
    try:
        import re2  # noqa: PLC0415 - only mappings with patterns need it
    except ImportError:
        raise ModuleNotFoundError(
            'capture(…) needs RE2: pip install "vestibule-sdk[mapping]"', name="re2"
        ) from None
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 1 << 20
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        raise _invalid("a regular expression in RE2's syntax", f"{pattern}: {error}") from None


_PLAIN: Mapping[str, _Step] = {
    "lower": partial(_on_each, _lower, ""),
    "trim": partial(_on_each, _trim, ""),
    "first": _first,
    "all": _all,
    "boolean": partial(_on_each, _boolean, "no boolean"),
    "integer": partial(_on_each, _integer, "no integer"),
}
_WITH_ARGUMENT: Mapping[str, Callable[[str, Any, list[str]], Any]] = {
    "split": _split,
    "join": _join,
    "capture": _capture,
}


# --- reading an expression ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Expression:
    sources: tuple[str, ...]
    default: str | int | float | bool | None = None
    steps: tuple[_Step, ...] = ()


class _Token(NamedTuple):
    """`kind` is text, sign, word, end, or broken for a quote that nobody closes."""

    kind: str
    value: str
    at: int


_TOKEN = re.compile(
    r'\s*(?:(?P<text>"(?:[^"\\\x00-\x1f]|\\.)*")|(?P<sign>[,|()])|(?P<word>[^\s,|()"]+))'
)


def _tokens(text: str) -> Iterator[_Token]:
    at = 1
    while text[at:].strip():
        found = _TOKEN.match(text, at)
        if found is None:
            broken = text[at:].strip()
            yield _Token("broken", broken, len(text.rstrip()) - len(broken))
            return
        kind = str(found.lastgroup)
        yield _Token(kind, found[kind], found.start(kind))
        at = found.end()
    yield _Token("end", "", len(text))


@lru_cache(maxsize=1024)
def _read(text: str) -> _Expression:
    if not text.startswith("="):
        return _Expression((text,))
    return _Reader(text).expression()


class _Reader:
    """The grammar: sources, perhaps a default, perhaps transforms."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._left = _tokens(text)
        self._now = _Token("", "", 0)
        self._next()

    def expression(self) -> _Expression:
        sources = [self._source()]
        while self._take(","):
            sources.append(self._source())
        default = None
        if self._now[:2] == ("word", "default"):
            self._next()
            default = self._literal()
        steps = []
        while self._take("|"):
            steps.append(self._step())
        if self._now.kind != "end":
            raise self._wrong("a comma, `default`, `|` or the end")
        if len(sources) > _MAX_SOURCES or len(steps) > _MAX_TRANSFORMS:
            want = f"at most {_MAX_SOURCES} sources and {_MAX_TRANSFORMS} transforms"
            raise _invalid(want, self._text)
        return _Expression(tuple(sources), default, tuple(steps))

    def _source(self) -> str:
        kind, value, _ = self._now
        if kind == "word" and value != "default":
            self._next()
            return value
        return self._quoted("a source", empty=False)

    def _literal(self) -> str | int | float | bool:
        if self._now.kind != "word":
            return self._quoted("a text in quotes, a number, true or false")
        try:
            value = json.loads(self._now.value, parse_constant=_no_number)
        except ValueError:
            value = None
        if not isinstance(value, bool | int | float) or not math.isfinite(value):
            raise self._wrong("a text in quotes, a number, true or false")
        self._next()
        return value

    def _step(self) -> _Step:
        kind, name, _ = self._now
        if kind == "word" and name in _PLAIN:
            self._next()
            return _PLAIN[name]
        if kind != "word" or name not in _WITH_ARGUMENT:
            raise self._wrong(f"one of {', '.join((*_PLAIN, *_WITH_ARGUMENT))}")
        self._next()
        if not self._take("("):
            raise self._wrong(f'{name}("…")')
        argument = self._quoted("a text in quotes", empty=name == "capture")
        if name == "capture":
            _check_pattern(argument)
        if not self._take(")"):
            raise self._wrong("a closing parenthesis")
        return partial(_WITH_ARGUMENT[name], argument)

    def _quoted(self, want: str, *, empty: bool = True) -> str:
        if self._now.kind != "text":
            raise self._wrong(want)
        try:
            value = str(json.loads(self._now.value))
        except ValueError:
            raise self._wrong(want) from None
        if not value.isprintable():
            raise self._wrong("printable characters")
        if not value and not empty:
            raise self._wrong("a text that is not empty")
        self._next()
        return value

    def _take(self, sign: str) -> bool:
        if self._now[:2] == ("sign", sign):
            self._next()
            return True
        return False

    def _next(self) -> None:
        self._now = next(self._left)
        if self._now.kind == "broken":
            raise self._wrong("a closing quote")

    def _wrong(self, want: str) -> MappingRefused:
        got = f"{self._now.value or 'the end'} at character {self._now.at + 1} of {self._text}"
        return _invalid(want, got)


def _check_pattern(pattern: str) -> None:
    if len(pattern) > _MAX_PATTERN:
        raise _invalid(f"a pattern of at most {_MAX_PATTERN} characters", str(len(pattern)))
    if _compiled(pattern).groups > 1:
        raise _invalid("one group at most; (?:…) groups without capturing", pattern)


def _no_number(name: str) -> object:
    raise ValueError(name)


def _invalid(want: str, got: str) -> MappingRefused:
    return MappingRefused("attribute_mapping_invalid", want=want, got=got)
