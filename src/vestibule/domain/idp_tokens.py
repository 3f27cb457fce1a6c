"""The identity provider's tokens of a member: when they are due, and what a try makes of them.

Owns the decisions (wire contract §2.6): when to refresh, when to serve, how long to wait after a
failure. Sends nothing and stores nothing; time and chance come in as values.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

REFRESH_AHEAD = timedelta(minutes=5)
ASSUMED_LIFETIME = timedelta(hours=1)
# However short a provider's tokens live, they are not refreshed unasked more often than this.
REST = timedelta(seconds=30)
# How long to wait after a failure: up to twice as long each time, and no longer than the cap.
FIRST_WAIT = timedelta(seconds=10)
LONGEST_WAIT = timedelta(minutes=5)
# A reader to whom the old token is of no use need not wait so long.
READERS_WAIT = timedelta(seconds=5)
# A provider may ask for more patience than we would have (RFC 9110 §10.2.3), but not for any.
LONGEST_RETRY_AFTER = timedelta(hours=1)

State = Literal["current", "retrying", "needs_login"]


@dataclass(frozen=True, slots=True)
class IdpTokens:
    """Tokens of one registration.

    `version` is storage's: it moves with a login and with a refresh that brought something, never
    with a failure. Of two refreshes with the same refresh token the one that succeeded can
    therefore always write, and the one that was refused cannot undo it.

    `state`: `retrying` after a failure that may pass, with how many `failures` in a row, `retry_at`
    for the next try, and `not_before` for a reader in need; `needs_login` when only the person can
    mend it. `last_error` is the code of the last failure. `obtained_at` is when the access token
    came; rows of older versions do not know it.
    """

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
    state: State = "current"
    version: int = 1
    obtained_at: datetime | None = None
    last_refreshed_at: datetime | None = None
    failures: int = 0
    retry_at: datetime | None = None
    not_before: datetime | None = None
    last_error: str | None = None

    @property
    def refreshable(self) -> bool:
        return self.refresh_token is not None and self.state != "needs_login"

    @property
    def lifetime(self) -> timedelta | None:
        """How long the provider lets an access token live, as far as is known."""
        return self.expires_at - self.obtained_at if self.obtained_at is not None else None


def lead(tokens: IdpTokens) -> timedelta:
    """How long before its end an access token is refreshed: five minutes, or the last third of a
    short life. Without the fraction a token of one minute would be refreshed in a loop."""
    if tokens.lifetime is None:
        return REFRESH_AHEAD
    return max(min(REFRESH_AHEAD, tokens.lifetime / 3), timedelta(0))


def due_at(tokens: IdpTokens) -> datetime | None:
    """When the worker has to look at them; None when there is nothing that it could do."""
    if not tokens.refreshable:
        return None
    if tokens.retry_at is not None:
        return tokens.retry_at
    wanted = tokens.expires_at - lead(tokens)
    return wanted if tokens.obtained_at is None else max(wanted, tokens.obtained_at + REST)


def needs_refresh(tokens: IdpTokens, now: datetime, minimum: timedelta | None = None) -> bool:
    """Whether to refresh before the access token is handed out.

    Args:
        minimum: the time that must be left; without it, that of `lead`.
    """
    left = tokens.expires_at - now
    wanted = lead(tokens) if minimum is None else minimum
    if not tokens.refreshable or (left >= wanted and left > timedelta(0)):
        return False
    in_need = left <= timedelta(0) or minimum is not None
    wait = tokens.not_before if in_need else tokens.retry_at
    if wait is not None and wait > now:
        return False
    if tokens.obtained_at is None or tokens.lifetime is None or now >= tokens.obtained_at + REST:
        return True
    # A provider whose tokens live shorter gives nothing better when it is asked again at once.
    return tokens.lifetime >= wanted and tokens.lifetime > timedelta(0)


def falls_short(tokens: IdpTokens, now: datetime, minimum: timedelta | None = None) -> bool:
    """Whether the access token must not be handed out after all that could be done.

    An expired one never is when a refresh failed. A valid one is, with its state beside it: the
    provider has refused, or gives shorter ones. Only where trying again would help, and the caller
    has said how much must be left, is too little an error.
    """
    left = tokens.expires_at - now
    if tokens.state == "needs_login":
        return left <= timedelta(0)
    if not tokens.refreshable:
        return False
    if tokens.state == "retrying" or needs_refresh(tokens, now, minimum):
        return left < max(minimum or timedelta(0), timedelta(microseconds=1))
    return False


def after_login(new: IdpTokens, old: IdpTokens | None, now: datetime) -> IdpTokens:
    """What we hold after a sign-in. Some providers give a refresh token at the first one only, so
    silence about it means that the old one goes on, unless that is known to be of no use."""
    kept = old.refresh_token if old is not None and old.refreshable else None
    return replace(new, refresh_token=new.refresh_token or kept, obtained_at=now)


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
        obtained_at=now,
        last_refreshed_at=now,
        failures=0,
        retry_at=None,
        not_before=None,
        last_error=None,
    )


def after_refusal(old: IdpTokens, code: str) -> IdpTokens:
    """The provider will never again refresh these: the person has to sign in."""
    return replace(old, state="needs_login", retry_at=None, not_before=None, last_error=code)


def after_failure(
    old: IdpTokens,
    *,
    code: str,
    now: datetime,
    chance: float,
    retry_after: timedelta | None = None,
    refresh_token: str | None = None,
) -> IdpTokens:
    """Something that may pass: the old tokens stay, and the next try is fixed.

    Args:
        chance: from 0 up to 1, drawn by the caller.
        retry_after: what the provider asked for.
        refresh_token: a new one that came although the rest of the answer is of no use yet. The
            old one may be spent, so it takes its place, and the version moves.
    """
    wait = wait_after(old.failures + 1, chance, retry_after)
    kept = replace(
        old,
        state="retrying",
        failures=old.failures + 1,
        retry_at=now + wait,
        not_before=now + (min(wait, READERS_WAIT) if retry_after is None else wait),
        last_error=code,
    )
    if refresh_token is None:
        return kept
    return replace(kept, refresh_token=refresh_token, version=old.version + 1)


def wait_after(failures: int, chance: float, retry_after: timedelta | None = None) -> timedelta:
    """How long to leave a provider alone after so many failures in a row.

    The whole wait is left to chance (a second at least), so that what failed together does not
    come back together. What the provider asked for is waited for in full, and spread beyond it.
    """
    cap: timedelta = min(FIRST_WAIT * 2 ** min(failures - 1, 10), LONGEST_WAIT)
    wait = max(cap * chance, timedelta(seconds=1))
    if retry_after is None:
        return wait
    asked = min(max(retry_after, timedelta(0)), LONGEST_RETRY_AFTER)
    return asked + FIRST_WAIT * chance if asked else wait
