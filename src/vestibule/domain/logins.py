"""One login, from the start to the one-time token: what is remembered in between, and the trace.

Owns what an attempt binds together and which parameters a start may carry. Does not know SAML
or OIDC messages; the two legs hand over a `VerifiedIdentity`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

from vestibule.domain.attributes import Profile, Statement, email_key
from vestibule.domain.connections import (
    LoginRoute,
    SamlConnection,
    SourceConnection,
    require_open,
)
from vestibule.domain.login_tests import TestedSettings, TestReport
from vestibule.domain.logouts import IdpSession, name_hash
from vestibule.domain.projects import Project, choose_redirect_url
from vestibule.errors import CODES, VestibuleError, refusal

ATTEMPT_LIFETIME = timedelta(minutes=10)
SSO_TOKEN_LIFETIME = timedelta(minutes=5)
TRACE_LIFETIME = timedelta(days=30)

_CODE_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class StartRequest:
    """What the browser brought to the start, as far as the login needs it later.

    `parameters` are the `provider_*` ones without their prefix.
    """

    login_redirect_url: str | None = None
    signup_redirect_url: str | None = None
    pkce_code_challenge: str | None = None
    custom_scopes: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LoginAttempt:
    """What the server remembers of a login that has begun; taken once, within ten minutes.

    It fixes the target, so nothing in the identity provider's answer can choose another one.
    `browser_hash` is the hash of a cookie that only the starting browser holds. The answer of a
    SAML provider is held to `authenticated_after` and `authn_contexts`, which it was asked for.
    With `test` it is no login: its answer lets nobody in.
    """

    trace_id: str
    project_id: str
    organization_id: str
    connection_id: str
    source_connection_id: str
    login_redirect_url: str
    signup_redirect_url: str
    pkce_code_challenge: str | None
    request_id: str
    nonce: str = field(repr=False)
    code_verifier: str = field(repr=False)
    browser_hash: bytes = field(repr=False)
    started_at: datetime
    expires_at: datetime
    custom_scopes: str = ""
    max_age: int | None = None
    authenticated_after: datetime | None = None
    authn_contexts: tuple[str, ...] = ()
    test: TestedSettings | None = None


@dataclass(frozen=True, slots=True)
class StoredGrant:
    """The identity provider's tokens as the login brought them. Times are aware, in UTC."""

    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    id_token: str = field(repr=False)
    scopes: tuple[str, ...]
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Evidence:
    """By what a SAML response was believed, so that a change can be held against it later.

    `signed_by` are SHA-256 fingerprints of certificates; `audiences` has one entry for each
    restriction.
    """

    issuer: str
    signed_by: tuple[str, ...]
    recipient: str
    audiences: tuple[tuple[str, ...], ...]
    unsolicited: bool
    authn_context: str | None = None
    legacy_encryption: bool = False


@dataclass(frozen=True, slots=True)
class VerifiedIdentity:
    """What a leg proved. Only `finish` of a leg makes one."""

    protocol: Literal["saml", "oidc"]
    statement: Statement
    profile: Profile
    authenticated_at: datetime
    session_not_on_or_after: datetime | None = None
    grant: StoredGrant | None = None
    evidence: Evidence | None = None
    idp_session: IdpSession | None = None


@dataclass(frozen=True, slots=True)
class SsoToken:
    """What the one-time token of the redirect stands for; the token itself is stored hashed."""

    trace_id: str
    project_id: str
    organization_id: str
    member_id: str
    registration_id: str
    connection_id: str
    source_connection_id: str
    protocol: Literal["saml", "oidc"]
    subject: str
    pkce_code_challenge: str | None
    authenticated_at: datetime
    session_not_on_or_after: datetime | None
    expires_at: datetime
    idp_session: IdpSession | None = None

    @property
    def name_hash(self) -> bytes | None:
        if self.idp_session is None:
            return None
        return name_hash(self.source_connection_id, self.idp_session.name_id)


@dataclass(frozen=True, slots=True)
class TraceStep:
    """One step of a login, for whoever has to find out why it failed. Never holds a secret."""

    name: str
    at: datetime
    ok: bool
    summary: str
    want: str | None = None
    got: str | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class LoginTrace:
    """The story of one login: `accepted` when the person was let in, `authenticated` once the
    application has exchanged the token for a session. With `test` it is that of a test, `tested`
    when the person would have been let in; `report` says as whom."""

    trace_id: str
    project_id: str
    organization_id: str
    connection_id: str
    source_connection_id: str
    started_at: datetime
    outcome: Literal["started", "accepted", "authenticated", "tested", "refused"] = "started"
    member_id: str | None = None
    authenticated_at: datetime | None = None
    steps: tuple[TraceStep, ...] = ()
    evidence: Evidence | None = None
    test: TestedSettings | None = None
    report: TestReport | None = None
    # What the identity provider named, "" where the login did not come so far.
    email: str = ""

    @property
    def told(self) -> tuple[TraceStep, ...]:
        """Every step, that of the application included."""
        if self.authenticated_at is None:
            return self.steps
        summary = "The application exchanged the token for a session."
        return (*self.steps, TraceStep("Session", self.authenticated_at, True, summary))


# What is checked with the owner's keys, addresses and words.
_AT_THE_SOURCE = frozenset({
    "Audience", "Callback", "Certificate", "ID token", "Issuer", "Method", "Recipient", "Scopes",
    "Signature and conditions", "Token endpoint", "UserInfo",
})  # fmt: skip


def as_received(trace: LoginTrace) -> LoginTrace:
    """The story of an External login as the organization that was entered may read it: which check
    passed and which did not, and who can mend it, without the owner's side of any comparison. Any
    other login is told whole."""
    if trace.connection_id == trace.source_connection_id:
        return trace
    return replace(trace, steps=tuple(_as_received(step) for step in trace.steps), evidence=None)


def _as_received(step: TraceStep) -> TraceStep:
    if step.name not in _AT_THE_SOURCE:
        return step
    if step.ok:
        return replace(step, summary=_CHECKED_THERE, want=None, got=None)
    row = CODES.get(step.code or "")
    summary = row.message if row else _CHECKED_THERE
    return replace(step, summary=summary, want=None, got=None)


_CHECKED_THERE = "Checked with the connection of the organization that owns it."


def address_hash(project_id: str, email: str) -> bytes:
    """By what the logins of an address are found. Of the project, so that it says nothing about
    the same person in another one."""
    return hashlib.sha256(f"{project_id} {email_key(email)}".encode()).digest()


def refused_step(name: str, error: VestibuleError, at: datetime) -> TraceStep:
    row = error.row
    summary = f"{row.message} {error.detail}" if error.detail else row.message
    return TraceStep(name, at, False, summary, error.want, error.got, error.code)


def open_attempt(
    project: Project,
    route: LoginRoute,
    start: StartRequest,
    *,
    trace_id: str,
    request_id: str,
    nonce: str,
    code_verifier: str,
    browser_secret: str,
    now: datetime,
    max_age: int | None = None,
) -> LoginAttempt:
    """Decide whether a login may begin here, and what has to be remembered of it.

    Args:
        max_age: how many seconds ago the person may have signed in at the provider at most.

    Raises:
        requires_active_sso_connection, external_connection_pending, external_connection_revoked,
        no_match_for_provided_sso_url, no_default_login_redirect_url_set,
        invalid_pkce_code_challenge. Whether the organization allows SSO at all is asked when it is
        known who comes, because break-glass members are exempt.
    """
    login_url = choose_redirect_url(project.settings, start.login_redirect_url, "LOGIN")
    if start.signup_redirect_url is None:
        signup_url = default_signup_url(project, login_url)
    else:
        signup_url = choose_redirect_url(project.settings, start.signup_redirect_url, "SIGNUP")
    require_open(route)
    challenge = start.pkce_code_challenge
    check_challenge(project, challenge)
    return LoginAttempt(
        trace_id=trace_id,
        project_id=project.project_id,
        organization_id=route.organization.organization_id,
        connection_id=route.target.connection_id,
        source_connection_id=route.source.connection_id,
        login_redirect_url=login_url,
        signup_redirect_url=signup_url,
        pkce_code_challenge=challenge,
        request_id=request_id,
        nonce=nonce,
        code_verifier=code_verifier,
        browser_hash=browser_hash(browser_secret),
        started_at=now,
        expires_at=now + ATTEMPT_LIFETIME,
        custom_scopes=start.custom_scopes,
        max_age=max_age,
        authenticated_after=_authenticated_after(route.source, start, max_age, now),
        authn_contexts=asked_authn_contexts(route.source),
    )


def open_test_attempt(
    route: LoginRoute,
    project_id: str,
    test: TestedSettings,
    *,
    trace_id: str,
    request_id: str,
    nonce: str,
    code_verifier: str,
    browser_secret: str,
    now: datetime,
) -> LoginAttempt:
    """What has to be remembered of a test login: the same as of a login, but that it leads to no
    application and that it is a test.

    Raises:
        external_connection_pending, external_connection_revoked.
    """
    require_open(route)
    return LoginAttempt(
        trace_id=trace_id,
        project_id=project_id,
        organization_id=route.organization.organization_id,
        connection_id=route.target.connection_id,
        source_connection_id=route.source.connection_id,
        login_redirect_url="",
        signup_redirect_url="",
        pkce_code_challenge=None,
        request_id=request_id,
        nonce=nonce,
        code_verifier=code_verifier,
        browser_hash=browser_hash(browser_secret),
        started_at=now,
        expires_at=now + ATTEMPT_LIFETIME,
        authenticated_after=_authenticated_after(route.source, StartRequest(), None, now),
        authn_contexts=asked_authn_contexts(route.source),
        test=test,
    )


def asked_authn_contexts(source: SourceConnection) -> tuple[str, ...]:
    """The ways to sign in at a SAML provider one of which its answer has to name."""
    return source.requested_authn_context if isinstance(source, SamlConnection) else ()


def _authenticated_after(
    source: SourceConnection, start: StartRequest, max_age: int | None, now: datetime
) -> datetime | None:
    """When the person must have signed in at a SAML provider at the earliest.

    SAML has no word for an age, so whoever names one gets ForceAuthn, and an answer of that age
    is good enough.
    """
    if not isinstance(source, SamlConnection):
        return None
    if source.force_authn or "login" in start.parameters.get("prompt", "").split():
        return now
    return None if max_age is None else now - timedelta(seconds=max_age)


def default_signup_url(project: Project, login_url: str) -> str:
    """The project's own, or the login URL: whoever names only one means it for both arrivals."""
    try:
        return choose_redirect_url(project.settings, None, "SIGNUP")
    except VestibuleError:
        return login_url


def browser_hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def require_same_browser(
    attempt: LoginAttempt, secret: str | None, protocol: Literal["saml", "oidc"]
) -> None:
    """Refuse an answer that another browser brings: login CSRF (RFC 6749 §10.12)."""
    if secret is None:
        raise refusal(f"{protocol}_csrf_cookie_missing")
    if not hmac.compare_digest(browser_hash(secret), attempt.browser_hash):
        raise refusal(f"{protocol}_csrf_cookie_mismatch")


def decide_gateway(attempt: LoginAttempt, source: SourceConnection) -> bool:
    """Whether the answer may come without the cookie of the sign-in (decision 0020).

    A gateway at the customer's old ACS URL carries the answer from server to server, and so no
    cookie of ours. Without it, only the application can tell whose sign-in this is: by the PKCE
    verifier, which stays where the sign-in began.
    """
    return (
        isinstance(source, SamlConnection)
        and source.allow_gateway_callback
        and bool(source.alternative_acs_url)
        and attempt.pkce_code_challenge is not None
    )


def check_challenge(project: Project, challenge: str | None) -> None:
    """Refuse what is no S256 challenge (RFC 7636 §4.2), or none where the project wants one.

    Raises:
        invalid_pkce_code_challenge.
    """
    if challenge is None:
        if project.settings.pkce_required_for_sso:
            raise refusal("invalid_pkce_code_challenge", want="pkce_code_challenge", got="nothing")
    elif not _CODE_CHALLENGE.fullmatch(challenge):
        raise refusal("invalid_pkce_code_challenge", want="43 base64url characters")


def require_pkce(challenge: str | None, verifier: str | None) -> None:
    """Check the application's own PKCE pair (RFC 7636 §4.6)."""
    if challenge is None:
        if verifier:
            raise refusal("pkce_did_not_expect_code_verifier")
        return
    if not verifier:
        raise refusal("pkce_expected_code_verifier")
    digest = hashlib.sha256(verifier.encode("utf-8", "surrogatepass")).digest()
    made = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    if not hmac.compare_digest(made, challenge):
        raise refusal("pkce_mismatch")
