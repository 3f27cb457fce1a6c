"""The identity provider's tokens of a member: when they are stale, what a refresh makes of them.

Owns the decisions (wire contract §2.6). Sends nothing and stores nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

REFRESH_AHEAD = timedelta(minutes=5)
ASSUMED_LIFETIME = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class IdpTokens:
    """Tokens of one registration. `version` grows with every change: storage compares it, so that
    of two refreshes at once only one can write. `needs_login`: only the person can mend it."""

    registration_id: str
    member_id: str
    organization_id: str
    connection_id: str
    source_connection_id: str
    subject: str
    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    id_token: str = field(repr=False)
    scopes: tuple[str, ...]
    expires_at: datetime
    state: Literal["current", "needs_login"] = "current"
    version: int = 1


def is_due(tokens: IdpTokens, now: datetime) -> bool:
    """Whether to refresh before handing the access token out."""
    return (
        tokens.refresh_token is not None
        and tokens.state == "current"
        and tokens.expires_at - now <= REFRESH_AHEAD
    )


def after_grant(
    old: IdpTokens,
    *,
    access_token: str,
    refresh_token: str | None,
    id_token: str | None,
    scopes: tuple[str, ...] | None,
    expires_at: datetime | None,
    now: datetime,
) -> IdpTokens:
    """What we hold after a refresh. Silence about the refresh token, the ID token or the scopes
    means that the old ones go on (RFC 6749 §6, OIDC Core §12.2)."""
    return replace(
        old,
        access_token=access_token,
        refresh_token=refresh_token or old.refresh_token,
        id_token=id_token or old.id_token,
        scopes=scopes if scopes is not None else old.scopes,
        expires_at=expires_at or now + ASSUMED_LIFETIME,
        state="current",
        version=old.version + 1,
    )


def after_refusal(old: IdpTokens) -> IdpTokens:
    """The provider will never again refresh these: the person has to sign in."""
    return replace(old, state="needs_login", version=old.version + 1)
