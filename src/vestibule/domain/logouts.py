"""Single logout: what the identity provider calls a session, which of ours it means, and a logout
under way.

Owns the comparison of names. Does not know SAML messages, nor who may ask for a logout.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

LOGOUT_LIFETIME = timedelta(minutes=10)
MAX_RELAY_STATE_BYTES = 80

_UNSPECIFIED = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"


@dataclass(frozen=True, slots=True)
class IdpSession:
    """What an identity provider calls a person and their session there (SAML Core §2.2.3, §2.7.2).

    Kept to the letter, because it is by these that both sides find a session again; "" where the
    provider said nothing. `authenticated_at` is when the person signed in there.
    """

    name_id: str
    name_id_format: str = ""
    name_qualifier: str = ""
    sp_name_qualifier: str = ""
    session_index: str = ""
    authenticated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class LogoutAttempt:
    """What is remembered of a logout that an application began; each step takes it once."""

    project_id: str
    organization_id: str
    member_id: str
    source_connection_id: str
    idp_session: IdpSession
    redirect_url: str
    started_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class HeardLogout:
    """A provider's request that was carried out. It holds for an assertion, too, that is made
    before it and arrives after it (SAML Core §3.7.3.2)."""

    named: IdpSession
    indexes: tuple[str, ...]
    issued_at: datetime
    expires_at: datetime


def name_hash(source_connection_id: str, name_id: str) -> bytes:
    """By what sessions are looked up: the name as one connection's provider uses it."""
    text = f"{source_connection_id}\0{name_id}"
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def those_meant(
    held: Collection[IdpSession],
    named: IdpSession,
    indexes: Collection[str],
    *,
    idp: str,
    sp: str,
) -> frozenset[IdpSession]:
    """Which of the sessions held a provider means that names this person and these indexes.

    Without an index every session of the person is meant (SAML Core §3.7.1). One for which the
    provider gave no index is meant by each of them: nobody could name it otherwise. And those are
    meant that began with the same sign-in there: many a provider has another index for each
    assertion, and names the last one only.

    Args:
        idp, sp: both entity ids, which is what an absent qualifier stands for (§8.3.7).
    """
    theirs = frozenset(one for one in held if _is_same_name(one, named, idp, sp))
    if not indexes:
        return theirs
    hit = {one for one in theirs if one.session_index in indexes}
    instants = {one.authenticated_at for one in (*hit, named)} - {None}
    return frozenset(
        one
        for one in theirs
        if one in hit or not one.session_index or one.authenticated_at in instants
    )


def has_ended(arriving: IdpSession, heard: HeardLogout, *, idp: str, sp: str) -> bool:
    """Whether a session was signed out before its assertion came here. Both times are of the
    provider's own clock; whoever signs in afterwards comes in, even under the index of before."""
    at = arriving.authenticated_at
    meant = those_meant((arriving,), heard.named, heard.indexes, idp=idp, sp=sp)
    return bool(meant) and at is not None and at < heard.issued_at


def _is_same_name(one: IdpSession, other: IdpSession, idp: str, sp: str) -> bool:
    """SAML Core §3.3.4. A format that one side leaves open is no difference."""
    formats = {one.name_id_format or _UNSPECIFIED, other.name_id_format or _UNSPECIFIED}
    return (
        one.name_id == other.name_id
        and (len(formats) == 1 or _UNSPECIFIED in formats)
        and (one.name_qualifier or idp) == (other.name_qualifier or idp)
        and (one.sp_name_qualifier or sp) == (other.sp_name_qualifier or sp)
    )
