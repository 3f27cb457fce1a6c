"""Drafts of a connection and the versions before it: what differs, what a draft still stands on,
and what becomes live when one of them takes the place of what is.

Owns the difference between two settings of one connection, with nothing secret in it, and the
rule by which a draft follows a connection that changed meanwhile. Does not know who may, and no
rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import TypeVar, cast

from vestibule.domain.connections import (
    MAX_CERTIFICATES,
    MAX_SIGNING_KEYS,
    EncryptionKey,
    SamlConnection,
    SigningKeyPair,
    SourceConnection,
    StoredCertificate,
    activate_oidc,
    activate_saml,
)
from vestibule.domain.rbac import GroupRole, RoleRules
from vestibule.errors import refusal

S = TypeVar("S", bound=SourceConnection)
T = TypeVar("T")

# So many versions before the live one are kept.
MAX_VERSIONS = 10
MAX_ENCRYPTION_KEYS = 5

# What is not a setting: what the connection is, when it changed, and whom its owner shut out.
_NO_SETTING = frozenset({
    "connection_id", "organization_id", "created_at", "updated_at", "status",
    "revoked_organizations",
})  # fmt: skip
_SECRET = frozenset({"client_secret"})


@dataclass(frozen=True, slots=True)
class Draft:
    """A whole connection that is not live.

    `draft_id` is another one after each change, so that a test can say what it was a test of.
    `based_on` is the number of the live version that it was made from. `tested_at`: when a test
    login through exactly this draft came to a good end.
    """

    draft_id: str
    based_on: int
    at: datetime
    actor: str
    settings: SourceConnection
    tested_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ConnectionVersion:
    """The connection as it was before a change; `at` and `actor` are the change's."""

    number: int
    at: datetime
    actor: str
    settings: SourceConnection


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One setting, before and after, as JSON could show it. Of a secret only that it changes."""

    field: str
    was: object
    becomes: object


def changes_between(a: SourceConnection, b: SourceConnection) -> tuple[FieldChange, ...]:
    """Every setting in which two connections differ, in the order of the connection's fields.

    Certificates are shown by fingerprint, keys of ours by the fingerprint of their certificate or
    by their id, a secret not at all.
    """
    changes = []
    for name in _settings_of(a, b):
        was, becomes = getattr(a, name), getattr(b, name)
        if was == becomes:
            continue
        if isinstance(was, RoleRules):
            for part, old, new in (
                ("connection_roles", was.connection, becomes.connection),
                ("group_roles", was.groups, becomes.groups),
            ):
                if old != new:
                    changes.append(FieldChange(part, _shown(old), _shown(new)))
        elif name in _SECRET:
            changes.append(FieldChange(name, _veiled(was), _veiled(becomes, "changed")))
        else:
            changes.append(FieldChange(name, _shown(was), _shown(becomes)))
    return tuple(changes)


def differs(a: SourceConnection, b: SourceConnection) -> bool:
    """Whether any setting does."""
    return any(getattr(a, name) != getattr(b, name) for name in _settings_of(a, b))


def require_current(draft: Draft, live_number: int) -> None:
    """Refuse to put a draft over changes that its author has not seen."""
    if draft.based_on != live_number:
        raise refusal(
            "draft_outdated", want=f"a draft of version {live_number}",
            got=f"one of version {draft.based_on}",
        )  # fmt: skip


def rebase(base: S, draft: S, live: S) -> S:
    """The draft as if it had been made from the connection as it is now.

    What the draft changed stays changed and everything else is as it is live. Of certificates,
    keys, roles and mappings each entry counts for itself, so that a certificate deleted meanwhile
    does not come back; of any other setting that both changed, the draft's word is taken.

    Raises:
        too_many_sso_verification_certificates, too_many_sso_signing_keys,
        too_many_encryption_certificates.
    """
    merged: dict[str, object] = {}
    for name in _settings_of(draft, live):
        merged[name] = _merged(getattr(base, name), getattr(draft, name), getattr(live, name))
    new = replace(live, **merged)  # type: ignore[arg-type]
    if isinstance(new, SamlConnection):
        new = replace(new, signing_keys=_first(new.signing_keys, base, draft))
        _require_room(new)
    return new


def require_complete(connection: S) -> S:
    """The connection, active, once nothing is missing.

    Raises:
        the refusals with which an active connection keeps what it needs.
    """
    active: SourceConnection = replace(connection, status="active")
    done = activate_saml(active) if isinstance(active, SamlConnection) else activate_oidc(active)
    return cast("S", done)


def take_place(live: S, settings: S, *, now: datetime) -> S:
    """What becomes live when `settings`, a draft or a version before, take the place of `live`.

    Whom the owner shut out is no setting: nothing here lets them in again.
    """
    return require_complete(
        replace(
            settings,
            connection_id=live.connection_id,
            organization_id=live.organization_id,
            created_at=live.created_at,
            updated_at=now,
            revoked_organizations=live.revoked_organizations,
        )
    )


def roll_back(
    live: S, version: S, *, known_roles: frozenset[str], now: datetime
) -> tuple[S, tuple[str, ...]]:
    """What becomes live when a version before comes back, and the roles that do not: those that
    have been deleted since.

    Raises:
        the refusals of `take_place`.
    """
    rules = version.rules
    kept = RoleRules(
        tuple(r for r in rules.connection if r in known_roles),
        tuple(r for r in rules.groups if r.role_id in known_roles),
    )
    named = (*rules.connection, *(r.role_id for r in rules.groups))
    gone = tuple(dict.fromkeys(role for role in named if role not in known_roles))
    return take_place(live, replace(version, rules=kept), now=now), gone


# --- one setting ----------------------------------------------------------------------------------


def _settings_of(a: SourceConnection, b: SourceConnection) -> Sequence[str]:
    if type(a) is not type(b) or a.connection_id != b.connection_id:
        raise ValueError("two versions of one connection are compared, nothing else")
    return [f.name for f in fields(a) if f.name not in _NO_SETTING]


def _merged(base: object, draft: object, live: object) -> object:
    if draft in (base, live):
        return live
    if live == base:
        return draft
    if isinstance(draft, RoleRules) and isinstance(base, RoleRules) and isinstance(live, RoleRules):
        return RoleRules(
            _entries(base.connection, draft.connection, live.connection),
            _entries(base.groups, draft.groups, live.groups),
        )
    if isinstance(draft, tuple) and isinstance(base, tuple) and isinstance(live, tuple):
        return _entries(base, draft, live)
    if isinstance(draft, Mapping) and isinstance(base, Mapping) and isinstance(live, Mapping):
        kept = {k: v for k, v in live.items() if k in draft or k not in base}
        return {**kept, **{k: v for k, v in draft.items() if base.get(k) != v}}
    return draft


def _entries(base: tuple[T, ...], draft: tuple[T, ...], live: tuple[T, ...]) -> tuple[T, ...]:
    kept = tuple(one for one in live if one in draft or one not in base)
    return (*kept, *(one for one in draft if one not in base and one not in kept))


def _first(
    keys: tuple[SigningKeyPair, ...], base: SourceConnection, draft: SourceConnection
) -> tuple[SigningKeyPair, ...]:
    """The first key signs: one that the draft has put there stays there."""
    if not isinstance(base, SamlConnection) or not isinstance(draft, SamlConnection):
        return keys
    chosen = draft.signing_keys[:1]
    if chosen == base.signing_keys[:1] or not set(chosen) <= set(keys):
        return keys
    return (*chosen, *(key for key in keys if key not in chosen))


def _require_room(connection: SamlConnection) -> None:
    for held, most, code in (
        (connection.verification_certificates, MAX_CERTIFICATES,
         "too_many_sso_verification_certificates"),
        (connection.signing_keys, MAX_SIGNING_KEYS, "too_many_sso_signing_keys"),
        (connection.encryption_keys, MAX_ENCRYPTION_KEYS, "too_many_encryption_certificates"),
    ):  # fmt: skip
        if len(held) > most:
            raise refusal(code, want=f"at most {most}", got=str(len(held)))


def _shown(value: object) -> object:
    if isinstance(value, StoredCertificate):
        return f"sha256:{value.fingerprint_sha256}"
    if isinstance(value, SigningKeyPair):
        return _shown(value.certificate)
    if isinstance(value, EncryptionKey):
        return value.private_key_id
    if isinstance(value, GroupRole):
        return {"role_id": value.role_id, "group": value.group}
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, tuple):
        return [_shown(one) for one in value]
    return value


def _veiled(secret: str, word: str = "set") -> str:
    return word if secret else ""
