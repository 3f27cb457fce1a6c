"""Operators: the people who run the product. They are members of nobody's organization.

Owns what a password has to be, how long somebody who keeps guessing is kept waiting, and when a
visit to the dashboard ends. Does not know how a password is hashed nor where anything is kept.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from vestibule.errors import refusal

MIN_PASSWORD, MAX_PASSWORD = 12, 200
MAX_NAME = 128

VISIT_LIFETIME = timedelta(hours=12)
VISIT_IDLE = timedelta(hours=1)
# How exactly the end of the idle hour is kept: a visit is not written anew for each page.
VISIT_NOTED = timedelta(minutes=1)

FREE_FAILURES = 5
_FIRST_PAUSE = timedelta(seconds=30)
_LONGEST_PAUSE = timedelta(hours=1)
# After this long without a wrong try nothing is held against an address any more.
FAILURES_KEPT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Operator:
    """Somebody who runs this server, with all of its projects.

    `password_hash` is empty for whoever enters by single sign-on only. `totp_last_step` is the
    time step of the last code that was used. `failures` and `locked_until` belong to the address.
    """

    operator_id: str
    email: str
    name: str
    created_at: datetime
    password_hash: str = field(default="", repr=False)
    totp_secret: bytes | None = field(default=None, repr=False)
    totp_pending: bytes | None = field(default=None, repr=False)
    totp_last_step: int = 0
    disabled: bool = False
    failures: int = 0
    locked_until: datetime | None = None
    version: int = 1

    @property
    def has_password(self) -> bool:
        return bool(self.password_hash)

    @property
    def has_totp(self) -> bool:
        return self.totp_secret is not None


@dataclass(frozen=True, slots=True)
class Failures:
    """The wrong tries for one address since the last right one."""

    count: int = 0
    locked_until: datetime | None = None

    def wait(self, now: datetime) -> int:
        """The whole seconds for which nobody may try this address; 0 for none."""
        if self.locked_until is None or self.locked_until <= now:
            return 0
        return max(1, -int((now - self.locked_until).total_seconds() // 1))


@dataclass(frozen=True, slots=True)
class OperatorSession:
    """A visit to the dashboard. One that began by single sign-on names the member and the
    connection that it stands on."""

    operator_id: str
    started_at: datetime
    last_seen_at: datetime
    member_id: str = ""
    connection_id: str = ""

    @property
    def expires_at(self) -> datetime:
        return min(self.started_at + VISIT_LIFETIME, self.last_seen_at + VISIT_IDLE)


def after_failure(known: Failures, now: datetime) -> Failures:
    """One wrong try more. From the fifth on there is a pause, each twice as long as the last."""
    count = known.count + 1
    if count < FREE_FAILURES:
        return Failures(count)
    # Beyond the twelfth the doubling has long passed the hour.
    pause = _FIRST_PAUSE * 2 ** min(count - FREE_FAILURES, 12)
    return Failures(count, now + min(pause, _LONGEST_PAUSE))


def check_password(password: str, email: str) -> str:
    """Return a new password, or refuse one that is guessed too easily.

    Raises:
        operator_password_unfit
    """
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        want = f"{MIN_PASSWORD} to {MAX_PASSWORD} characters"
        raise refusal("operator_password_unfit", want=want, got=f"{len(password)}")
    if password.strip().casefold() == email.casefold():
        raise refusal("operator_password_unfit", want="something else than the address")
    if len(set(password)) < 4:
        raise refusal("operator_password_unfit", want="four different characters")
    return password


def check_name(name: str) -> str:
    """Return the name without space around it, or refuse it.

    Raises:
        field_invalid
    """
    stripped = name.strip()
    if not stripped or len(stripped) > MAX_NAME or not stripped.isprintable():
        raise refusal("field_invalid", want=f"a name of 1 to {MAX_NAME} characters", got=name)
    return stripped


def csrf_key(token: str) -> str:
    """What a form of this visit carries. It follows from the visit's token and does not lead back
    to it, so a page that shows it gives nothing away that a cookie protects."""
    text = token.encode("utf-8", "surrogatepass")
    made = hmac.new(text, b"vestibule operator forms", hashlib.sha256).digest()
    return base64.urlsafe_b64encode(made).rstrip(b"=").decode()
