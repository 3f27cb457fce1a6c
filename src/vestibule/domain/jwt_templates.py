"""JWT templates: claims that every session JWT of a project carries (wire contract §5.7).

Owns what a tag may name, and the filling of a template with what is known of a member. Nothing is
parsed once values are in it, so no value can leave its place. How a template is written is known
to `jwt_template_text`, where it is stored and who signs to neither.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from vestibule.domain.members import Member
from vestibule.domain.organizations import Organization
from vestibule.domain.rbac import ALL, Policy

# The claims of RFC 7519 §4.1 and the wire's own are never a team's to set.
RESERVED_CLAIMS = frozenset({"iss", "sub", "aud", "exp", "nbf", "iat", "jti"})
RESERVED_PREFIX = "https://stytch.com/"
MAX_CLAIM_BYTES = 4096
MAX_PATH = 256
# Metadata may be nested deeper than a reader of JWTs likes, and than Python's encoder can bear.
_MAX_VALUE_DEPTH = 64

_PATH = r"\{\{[ \t\r\n]*([\w.:/@+~-]+)[ \t\r\n]*\}\}"
TAG = re.compile(_PATH)
_WHOLE = re.compile(rf"\s*{_PATH}\s*")

_SCALARS = (str, bool, int, float)

Reason = Literal["missing", "not_text", "not_json", "too_large"]


# --- what a template may name -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom a JWT is for. `member_roles` are all that the member holds, `session_roles` those that
    count in this session."""

    member: Member
    organization: Organization
    member_roles: Sequence[str]
    session_roles: Sequence[str]
    policy: Policy


def _rbac(subject: Subject) -> dict[str, object]:
    """The roles that count in the session, and the actions that they grant on each resource."""
    held = frozenset(subject.session_roles)
    granted: dict[str, dict[str, None]] = {}
    for role in (*subject.policy.roles, *subject.organization.custom_roles):
        if role.role_id in held:
            for permission in role.permissions:
                actions = dict.fromkeys(permission.actions)
                granted.setdefault(permission.resource_id, {}).update(actions)
    for resource in subject.policy.resources:
        if ALL in granted.get(resource.resource_id, ()):
            granted[resource.resource_id] = dict.fromkeys(resource.actions)
    resources = {name: {"actions": list(actions)} for name, actions in granted.items()}
    return {**resources, "roles": list(subject.session_roles)}


_VARIABLES: Mapping[str, Mapping[str, Callable[[Subject], object]]] = {
    "member": {
        "member_id": lambda s: s.member.member_id,
        "email_address": lambda s: s.member.email_address,
        "name": lambda s: s.member.name,
        "status": lambda s: s.member.status,
        "external_id": lambda s: s.member.external_id,
        "is_breakglass": lambda s: s.member.is_breakglass,
        "trusted_metadata": lambda s: s.member.trusted_metadata,
        "untrusted_metadata": lambda s: s.member.untrusted_metadata,
        "roles": lambda s: list(s.member_roles),
        "rbac": _rbac,
    },
    "organization": {
        "organization_id": lambda s: s.organization.organization_id,
        "organization_name": lambda s: s.organization.name,
        "organization_slug": lambda s: s.organization.slug,
        "organization_external_id": lambda s: s.organization.external_id,
        "organization_logo_url": lambda s: s.organization.logo_url,
        "trusted_metadata": lambda s: s.organization.trusted_metadata,
    },
}
_WITH_PARTS = ("trusted_metadata", "untrusted_metadata", "rbac")

KNOWN_VARIABLES = tuple(f"{root}.{name}" for root, names in _VARIABLES.items() for name in names)


def fault_of_path(path: str) -> str | None:
    """What is wanted instead of a path that can never name anything, so that its claim would be
    missing without a word; None for a path that can."""
    root, *names = path.split(".")
    if len(path) > MAX_PATH:
        return f"at most {MAX_PATH} characters"
    if root not in _VARIABLES:
        return "member.… or organization.…"
    if not names or names[0] not in _VARIABLES[root]:
        return ", ".join(f"{root}.{name}" for name in _VARIABLES[root])
    field, *parts = names
    if "" in parts:
        return "a name after each dot"
    if parts and field not in _WITH_PARTS:
        return f"{root}.{field}, which has no parts"
    if field == "rbac" and parts not in ([], ["roles"]) and parts[1:][-1:] != ["actions"]:
        return "member.rbac.roles or member.rbac.<resource>.actions"
    return None


# --- filling ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Tag:
    """A whole value."""

    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Text:
    """Text and tags in turns."""

    parts: tuple[str | _Tag, ...]


@dataclass(frozen=True, slots=True)
class _Object:
    members: tuple[tuple[str, object], ...]


@dataclass(frozen=True, slots=True)
class _Array:
    items: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Template:
    """A template made ready to be filled many times. A part that is none of the four above is a
    constant. `asked` are the variables that it names: root, field, and how to get the value."""

    claims: tuple[tuple[str, object], ...] = ()
    asked: tuple[tuple[str, str, Callable[[Subject], object]], ...] = ()


@dataclass(frozen=True, slots=True)
class Filled:
    """The claims of a JWT, the session's own included, and what the template could not bring:
    name of the claim (a path where it is nested) and why."""

    claims: Mapping[str, object]
    left_out: tuple[tuple[str, Reason], ...] = ()


def build_template(parsed: Mapping[str, object]) -> Template:
    """Make what `read_template` returned ready for filling. Checks nothing: a template that was
    stored under older rules must not stand in the way of a login."""
    names: set[tuple[str, str]] = set()
    claims = tuple((name, _part(value, names)) for name, value in parsed.items())
    asked = (
        (root, name, _VARIABLES[root][name])
        for root, name in sorted(names)
        if name in _VARIABLES.get(root, {})
    )
    return Template(claims, tuple(asked))


def _part(value: object, names: set[tuple[str, str]]) -> object:
    if isinstance(value, Mapping):
        members = tuple((key, _part(inner, names)) for key, inner in value.items())
        return _Object(members)
    if isinstance(value, list | tuple):
        return _Array(tuple(_part(inner, names) for inner in value))
    if not isinstance(value, str):
        return value
    whole = _WHOLE.fullmatch(value)
    if whole:
        return _tag(whole[1], names)
    # Every second piece is the path of a tag.
    pieces = TAG.split(value)
    if len(pieces) == 1:
        return value
    return _Text(tuple(_tag(p, names) if i % 2 else p for i, p in enumerate(pieces)))


def _tag(path: str, names: set[tuple[str, str]]) -> _Tag:
    keys = tuple(path.split("."))
    if len(keys) > 1:
        names.add((keys[0], keys[1]))
    return _Tag(keys)


def variables(template: Template, subject: Subject) -> dict[str, dict[str, object]]:
    """The values that the template asks for, and no others."""
    found: dict[str, dict[str, object]] = {"member": {}, "organization": {}}
    for root, name, get in template.asked:
        found[root][name] = get(subject)
    return found


def fill(
    template: Template,
    values: Mapping[str, object],
    own: Mapping[str, object] | None = None,
) -> Filled:
    """Put values into a template, beside the claims that the session has of its own.

    A value keeps its JSON type, and inside text it must be a scalar. What is missing or null drops
    its claim. The session's own claims stay whatever happens and win over the template's of the
    same name; the template's follow in its order as far as all fits 4 KB. Nothing is ever refused
    here: a large value in somebody's metadata must not keep them from signing in.
    """
    own = own or {}
    left_out: list[tuple[str, Reason]] = []
    found = {
        name: _fill(part, values, name, left_out)
        for name, part in template.claims
        if name not in own
    }
    claims = {name: value for name, value in found.items() if value is not None}
    together = {**claims, **own}
    if claims and not _fits(together):
        claims = _what_fits(claims, own, left_out)
        together = {**claims, **own}
    return Filled(together, tuple(left_out))


def _fill(
    part: object, values: Mapping[str, object], place: str, left_out: list[tuple[str, Reason]]
) -> object:
    if isinstance(part, _Tag):
        value = _look_up(values, part.keys)
        if value is None:
            left_out.append((place, "missing"))
        return value
    if isinstance(part, _SCALARS):
        return part
    if isinstance(part, _Text):
        return _text(part, values, place, left_out)
    if isinstance(part, _Object):
        members = {
            key: _fill(inner, values, f"{place}.{key}", left_out) for key, inner in part.members
        }
        return {key: value for key, value in members.items() if value is not None}
    if isinstance(part, _Array):
        items = [
            _fill(inner, values, f"{place}[{index}]", left_out)
            for index, inner in enumerate(part.items)
        ]
        return [value for value in items if value is not None]
    return part


def _text(
    part: _Text, values: Mapping[str, object], place: str, left_out: list[tuple[str, Reason]]
) -> str | None:
    pieces: list[str] = []
    for piece in part.parts:
        if isinstance(piece, str):
            pieces.append(piece)
            continue
        value = _look_up(values, piece.keys)
        if not isinstance(value, _SCALARS):
            left_out.append((place, "missing" if value is None else "not_text"))
            return None
        pieces.append(value if isinstance(value, str) else json.dumps(value))
    return "".join(pieces)


def _look_up(values: Mapping[str, object], keys: Sequence[str]) -> object:
    """What the keys lead to, or None."""
    value: object = values
    for key in keys:
        # Nearly always it is this simple; `isinstance` of an abstract class is not cheap.
        if type(value) is not dict or key not in value:
            return _search(values, keys)
        value = value[key]
    return value if value is not None else _search(values, keys)


def _search(value: object, keys: Sequence[str]) -> object:
    """A key of metadata, or a resource's id, may hold dots itself: the shortest key is tried
    first, then it together with what follows."""
    if not keys:
        return value
    if not isinstance(value, Mapping):
        return None
    for end in range(1, len(keys) + 1):
        key = ".".join(keys[:end])
        found = _search(value[key], keys[end:]) if key in value else None
        if found is not None:
            return found
    return None


def _what_fits(
    claims: Mapping[str, object], own: Mapping[str, object], left_out: list[tuple[str, Reason]]
) -> dict[str, object]:
    kept: dict[str, object] = {}
    size = len(_encode(own).encode())
    for name, value in claims.items():
        # Two braces are counted with each object; a comma takes the place of one pair.
        alone = None if _is_deep(value) else _size({name: value})
        grown = size + (alone or 0) - (1 if kept or own else 2)
        if alone is None:
            left_out.append((name, "not_json"))
        elif grown > MAX_CLAIM_BYTES:
            left_out.append((name, "too_large"))
        else:
            kept[name] = value
            size = grown
    return kept


_encode = json.JSONEncoder(
    ensure_ascii=False, check_circular=False, allow_nan=False, separators=(",", ":")
).encode


def _fits(claims: Mapping[str, object]) -> bool:
    """Whether all is well without a closer look: small, and with too few brackets to be deep."""
    try:
        text = _encode(claims)
        small = len(text.encode()) <= MAX_CLAIM_BYTES
    except (RecursionError, ValueError):
        return False
    return small and text.count("[") + text.count("{") <= _MAX_VALUE_DEPTH


def _size(claims: Mapping[str, object]) -> int | None:
    """Size of the compact UTF-8 JSON in bytes, or None for what JSON cannot hold."""
    try:
        return len(_encode(claims).encode())
    except ValueError:
        return None


def _is_deep(value: object) -> bool:
    """Whether the value is nested beyond the bound."""
    level: list[Any] = [value]
    for _ in range(_MAX_VALUE_DEPTH):
        level = [
            inner
            for one in level
            if isinstance(one, Mapping | list | tuple)
            for inner in (one.values() if isinstance(one, Mapping) else one)
        ]
        if not level:
            return False
    return True
