"""Sessions: what a member has proved, for how long, and the JWT that says so.

Owns factors, lifetimes, custom claims and the claims of the session JWT (wire contract §5).
Does not sign, and does not know where a session is stored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

from vestibule.domain.jwt_templates import MAX_CLAIM_BYTES, RESERVED_CLAIMS, RESERVED_PREFIX
from vestibule.domain.logouts import IdpSession, name_hash
from vestibule.domain.metadata import json_size
from vestibule.errors import refusal

MIN_MINUTES = 5
MAX_MINUTES = 527040
DEFAULT_MINUTES = 60
JWT_LIFETIME = timedelta(minutes=5)
INTERMEDIATE_LIFETIME = timedelta(minutes=10)

SESSION_CLAIM = "https://stytch.com/session"
ORGANIZATION_CLAIM = "https://stytch.com/organization"


@dataclass(frozen=True, slots=True)
class Factor:
    """One SSO proof. `connection_id` is the connection used, `source_connection_id` the one that
    spoke to the identity provider; both were fixed when the login began.

    `idp_session` is what a SAML provider calls the session there, for single logout.

    No session that stands on it lasts longer than `not_after`: the identity provider's own end of
    session (SAML Core §2.7.2), or the end of the session that it was exchanged from.
    """

    registration_id: str
    connection_id: str
    source_connection_id: str
    protocol: Literal["saml", "oidc"]
    subject: str
    created_at: datetime
    last_authenticated_at: datetime
    not_after: datetime | None = None
    idp_session: IdpSession | None = None

    @property
    def name_hash(self) -> bytes | None:
        if self.idp_session is None:
            return None
        return name_hash(self.source_connection_id, self.idp_session.name_id)


@dataclass(frozen=True, slots=True)
class EmailFactor:
    """The proof that somebody reads the mail of an address. No connection speaks for it, so it
    brings none of a connection's roles."""

    email_id: str
    email_address: str
    created_at: datetime
    last_authenticated_at: datetime


Proof = Factor | EmailFactor


@dataclass(frozen=True, slots=True)
class Session:
    """`factors` are the SSO proofs, one of a connection; `email` is the latest one by e-mail."""

    session_id: str
    organization_id: str
    member_id: str
    started_at: datetime
    last_accessed_at: datetime
    expires_at: datetime
    factors: tuple[Factor, ...] = ()
    custom_claims: Mapping[str, object] = field(default_factory=dict)
    ip_address: str = ""
    user_agent: str = ""
    email: EmailFactor | None = None

    @property
    def connection_ids(self) -> frozenset[str]:
        return frozenset(factor.connection_id for factor in self.factors)

    @property
    def proofs(self) -> tuple[Proof, ...]:
        return self.factors if self.email is None else (*self.factors, self.email)


@dataclass(frozen=True, slots=True)
class IntermediateSession:
    """Proofs on the way to a session: kept ten minutes, for one member of one organization."""

    organization_id: str
    member_id: str
    factors: tuple[Factor, ...]
    expires_at: datetime
    email: EmailFactor | None = None

    @property
    def proofs(self) -> tuple[Proof, ...]:
        return self.factors if self.email is None else (*self.factors, self.email)


def duration(minutes: int | None, *, limit: int = MAX_MINUTES) -> timedelta:
    """A session's length from the caller's minutes; None means the default of an hour."""
    if minutes is None:
        return timedelta(minutes=min(DEFAULT_MINUTES, limit))
    if not MIN_MINUTES <= minutes <= MAX_MINUTES:
        raise refusal(
            "invalid_session_duration_minutes",
            want=f"{MIN_MINUTES} to {MAX_MINUTES}",
            got=str(minutes),
        )
    return timedelta(minutes=min(minutes, limit))


def with_factor(session: Session, factor: Proof) -> Session:
    """Add a proof; one from the same connection, or of the same address, takes the place of the
    older one."""
    if isinstance(factor, EmailFactor):
        held = session.email
        if held is not None and held.email_id == factor.email_id:
            factor = replace(factor, created_at=held.created_at)
        return replace(session, email=factor)
    older = [f for f in session.factors if f.connection_id == factor.connection_id]
    kept = tuple(f for f in session.factors if f.connection_id != factor.connection_id)
    if older:
        factor = replace(factor, created_at=older[0].created_at)
    return until(replace(session, factors=(*kept, factor)), session.expires_at)


def until(session: Session, expires_at: datetime) -> Session:
    """The session with this end, or the earliest one that its factors allow. However often it is
    extended, it never passes them."""
    bounds = [factor.not_after for factor in session.factors if factor.not_after is not None]
    return replace(session, expires_at=min([expires_at, *bounds]))


def merge_claims(
    old: Mapping[str, object], changes: Mapping[str, object] | None
) -> dict[str, object]:
    """Merge custom claims: objects deeply, null deletes, reserved names are left out (§5.7)."""
    try:
        merged = _deep_merge(old, changes or {})
    except RecursionError:
        raise refusal("custom_claims_too_large", want="fewer levels of nesting") from None
    kept = {
        name: value
        for name, value in merged.items()
        if name not in RESERVED_CLAIMS and not name.startswith(RESERVED_PREFIX)
    }
    if kept and (size := json_size(kept)) > MAX_CLAIM_BYTES:
        raise refusal(
            "custom_claims_too_large", want=f"at most {MAX_CLAIM_BYTES} bytes", got=str(size)
        )
    return kept


def _deep_merge(old: Mapping[str, object], new: Mapping[str, object]) -> dict[str, object]:
    merged = dict(old)
    for name, value in new.items():
        if value is None:
            merged.pop(name, None)
        elif isinstance(value, Mapping):
            inner = merged.get(name)
            merged[name] = _deep_merge(inner if isinstance(inner, Mapping) else {}, value)
        else:
            merged[name] = value
    return merged


def wire_time(moment: datetime) -> str:
    """RFC 3339 in UTC with whole seconds and Z. Every moment inside is in UTC already."""
    return f"{moment.isoformat(timespec='seconds')[:19]}Z"


def factor_document(factor: Proof) -> dict[str, object]:
    """The factor as the wire shows it (§5.3); the closed enums of the clients allow no new kind."""
    last = wire_time(factor.last_authenticated_at)
    common: dict[str, object] = {
        "last_authenticated_at": last,
        "created_at": wire_time(factor.created_at),
        "updated_at": last,
        "sequence_order": "PRIMARY",
    }
    if isinstance(factor, EmailFactor):
        shown = {"email_id": factor.email_id, "email_address": factor.email_address}
        return {"type": "magic_link", "delivery_method": "email", **common, "email_factor": shown}
    return {
        "type": "sso",
        "delivery_method": f"sso_{factor.protocol}",
        **common,
        f"{factor.protocol}_sso_factor": {
            "id": factor.registration_id,
            "provider_id": factor.connection_id,
            "external_id": factor.subject,
        },
    }


def jwt_claims(
    session: Session,
    *,
    project_id: str,
    organization_slug: str,
    roles: Sequence[str],
    custom_claims: Mapping[str, object],
    now: datetime,
    audience: str = "",
) -> dict[str, object]:
    """The claims of a session JWT (§5.7). It lives five minutes, and never longer than its session.

    `audience` is one that the project's team added; clients look for the project's id beside it.
    Times are floored to whole seconds, because clients accept no `nbf` in the future.
    """
    issued = int(now.timestamp())
    expires = min(issued + int(JWT_LIFETIME.total_seconds()), int(session.expires_at.timestamp()))
    return {
        **custom_claims,
        "iss": f"stytch.com/{project_id}",
        "aud": [project_id, audience] if audience and audience != project_id else [project_id],
        "sub": session.member_id,
        "iat": issued,
        "nbf": issued,
        "exp": expires,
        SESSION_CLAIM: {
            "id": session.session_id,
            "started_at": wire_time(session.started_at),
            "last_accessed_at": wire_time(session.last_accessed_at),
            "expires_at": wire_time(session.expires_at),
            "attributes": {"ip_address": session.ip_address, "user_agent": session.user_agent},
            "authentication_factors": [factor_document(f) for f in session.proofs],
            "roles": list(roles),
        },
        ORGANIZATION_CLAIM: {
            "organization_id": session.organization_id,
            "slug": organization_slug,
        },
    }
