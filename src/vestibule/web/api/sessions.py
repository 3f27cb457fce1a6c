"""The API of sessions: the one-time token, and all that is asked of a session (wire §4.7, §5)."""

from __future__ import annotations

from typing import Any

import msgspec
import structlog

from vestibule.services import keys, logouts, sessions
from vestibule.services.sessions import (
    Authenticated,
    AuthorizationCheck,
    SessionLocator,
    SessionView,
    Wish,
)
from vestibule.web.api.registry import Call, Nothing, Request, Response, operation
from vestibule.web.api.schemas import (
    Envelope,
    Member,
    MemberSession,
    MfaRequired,
    Organization,
    PrimaryRequired,
    member_document,
    optional_time,
    organization_document,
    session_document,
    session_view_document,
)

_log = structlog.get_logger()


class AuthenticateSso(Request):
    sso_token: str
    pkce_code_verifier: str | None = None
    session_token: str | None = None
    session_jwt: str | None = None
    session_duration_minutes: int | None = None
    session_custom_claims: dict[str, Any] | None = None
    locale: str | None = None
    intermediate_session_token: str | None = None


class AuthenticatedResponse(Response, kw_only=True):
    member_id: str
    organization_id: str
    member: Member
    organization: Organization
    session_token: str
    session_jwt: str
    reset_session: bool = False
    member_authenticated: bool
    intermediate_session_token: str
    intermediate_session_token_expires_at: str | None
    member_session: MemberSession | None
    mfa_required: MfaRequired | None
    primary_required: PrimaryRequired | None
    member_device: None = None


class AuthorizationCheckDocument(msgspec.Struct):
    organization_id: str
    resource_id: str
    action: str


class AuthenticateSession(Request):
    session_token: str | None = None
    session_jwt: str | None = None
    session_duration_minutes: int | None = None
    session_custom_claims: dict[str, Any] | None = None
    authorization_check: AuthorizationCheckDocument | None = None


class Verdict(msgspec.Struct):
    authorized: bool
    granting_roles: list[str]


class SessionResponse(Response):
    member_session: MemberSession
    session_token: str
    session_jwt: str
    member: Member
    organization: Organization
    verdict: Verdict | None


class GetSessions(Request):
    organization_id: str
    member_id: str


class Sessions(Response):
    member_sessions: list[MemberSession]


class RevokeSession(Request):
    member_session_id: str | None = None
    session_token: str | None = None
    session_jwt: str | None = None
    member_id: str | None = None


class Logout(Request):
    member_session_id: str | None = None
    session_token: str | None = None
    session_jwt: str | None = None
    logout_redirect_url: str | None = None


class LogoutStarted(Response):
    logout_url: str


class ExchangeSession(Request):
    organization_id: str
    session_token: str | None = None
    session_jwt: str | None = None
    session_duration_minutes: int | None = None
    session_custom_claims: dict[str, Any] | None = None
    locale: str | None = None


class Jwk(msgspec.Struct):
    kty: str
    use: str
    key_ops: list[str]
    alg: str
    kid: str
    x5c: list[str]
    x5tS256: str  # noqa: N815 - the wire's own name
    n: str
    e: str


class JwkSet(Response):
    keys: list[Jwk]


@operation("sso.authenticate", "POST", "/v1/b2b/sso/authenticate", "Exchange the token of a login")
async def authenticate_sso(call: Call, body: AuthenticateSso) -> AuthenticatedResponse:
    """Turns the `token` that came to the redirect URL into a session. The token works once and
    for five minutes. When a second factor is required, there is no session yet but an
    intermediate one."""
    done = await sessions.authenticate_sso(
        call.rt,
        call.project,
        body.sso_token,
        code_verifier=body.pkce_code_verifier,
        wish=Wish(
            SessionLocator(body.session_token, body.session_jwt),
            body.session_duration_minutes,
            body.session_custom_claims,
            body.intermediate_session_token,
            call.ip_address,
            call.user_agent,
        ),
    )
    return AuthenticatedResponse(**authenticated(call, done))


@operation(
    "sessions.authenticate", "POST", "/v1/b2b/sessions/authenticate", "Authenticate a session"
)
async def authenticate(call: Call, body: AuthenticateSession) -> SessionResponse:
    """By its token or by one of its JWTs, an expired one too. Returns a fresh JWT. With
    `session_duration_minutes` the session is extended; with `authorization_check` it is refused
    unless one of its roles grants the action."""
    check = body.authorization_check
    view, granting = await sessions.authenticate(
        call.rt,
        call.project,
        SessionLocator(body.session_token, body.session_jwt),
        duration_minutes=body.session_duration_minutes,
        custom_claims=body.session_custom_claims,
        check=(
            AuthorizationCheck(check.organization_id, check.resource_id, check.action)
            if check
            else None
        ),
    )
    _log_claims(call, view)
    return SessionResponse(
        member_session=session_view_document(view),
        session_token=view.token,
        session_jwt=view.jwt,
        member=member_document(view.member),
        organization=organization_document(view.member.organization),
        verdict=Verdict(True, list(granting)) if granting else None,
    )


@operation("sessions.get", "GET", "/v1/b2b/sessions", "List a member's sessions")
async def get(call: Call, query: GetSessions) -> Sessions:
    """Only those that are alive."""
    found = await sessions.list_sessions(
        call.rt, call.actor, query.organization_id, query.member_id
    )
    return Sessions(member_sessions=[session_document(*one) for one in found])


@operation("sessions.revoke", "POST", "/v1/b2b/sessions/revoke", "Revoke sessions")
async def revoke(call: Call, body: RevokeSession) -> Envelope:
    """One session by its id, token or JWT, or every session of a member. JWTs that were minted
    before stay valid for local checks until they expire, five minutes at the most."""
    await sessions.revoke(
        call.rt,
        call.actor,
        session_id=body.member_session_id,
        locator=SessionLocator(body.session_token, body.session_jwt),
        member_id=body.member_id,
    )
    return Envelope()


@operation(
    "sso.logout",
    "POST",
    "/v1/b2b/sso/logout",
    "Sign out here and at the identity provider",
    rule="sessions.revoke",
    extension=True,
)
async def logout(call: Call, body: Logout) -> LogoutStarted:
    """Ends one session at once, as revoking it does. Send the browser to `logout_url`, once and
    within ten minutes, and it ends at the SAML identity provider too; with `logout_redirect_url`,
    a registered URL for logins, the browser comes back there. `logout_url` is empty where nothing
    is left to do: the session stands on no SAML login, or its connection has no `idp_slo_url`."""
    url = await logouts.start_logout(
        call.rt,
        call.actor,
        session_id=body.member_session_id,
        locator=SessionLocator(body.session_token, body.session_jwt),
        redirect_url=body.logout_redirect_url,
    )
    return LogoutStarted(logout_url=url)


@operation(
    "sessions.exchange",
    "POST",
    "/v1/b2b/sessions/exchange",
    "Exchange a session for one in another organization",
)
async def exchange(call: Call, body: ExchangeSession) -> AuthenticatedResponse:
    """Completes at once where the other organization has an active External connection to the very
    connection that the session stands on, and where the session stands on a magic link and the
    other organization allows those. Otherwise the person has to sign in there, and
    `primary_required` lists the ways."""
    done = await sessions.exchange(
        call.rt,
        call.project,
        body.organization_id,
        SessionLocator(body.session_token, body.session_jwt),
        duration_minutes=body.session_duration_minutes,
        custom_claims=body.session_custom_claims,
    )
    return AuthenticatedResponse(**authenticated(call, done))


@operation(
    "sessions.get_jwks",
    "GET",
    "/v1/b2b/sessions/jwks/{project_id}",
    "Get the keys that verify session JWTs",
    auth="none",
)
async def get_jwks(call: Call, _: Nothing) -> JwkSet:
    """Public. Keys that will sign next are listed two hours ahead."""
    found = await keys.jwks(call.rt, call.path["project_id"])
    return JwkSet(keys=[msgspec.convert(key, Jwk) for key in found])


def _log_claims(call: Call, view: SessionView) -> None:
    """Nobody else would learn that a template is too much for some member's JWT."""
    if view.claims_left_out:
        _log.warning(
            "jwt_claims_left_out",
            claims=list(view.claims_left_out),
            member_id=view.session.member_id,
            request_id=call.request_id,
        )


def authenticated(call: Call, done: Authenticated) -> dict[str, Any]:
    """The fields that every answer to a proof has."""
    view, session = done.member, done.session
    if session is not None:
        _log_claims(call, session)
    return {
        "member_id": view.member.member_id,
        "organization_id": view.member.organization_id,
        "member": member_document(view),
        "organization": organization_document(view.organization),
        "session_token": session.token if session else "",
        "session_jwt": session.jwt if session else "",
        "member_authenticated": session is not None,
        "intermediate_session_token": done.intermediate_token,
        "intermediate_session_token_expires_at": optional_time(done.intermediate_expires_at),
        "member_session": session_view_document(session) if session else None,
        "mfa_required": MfaRequired() if done.mfa_required else None,
        "primary_required": (
            None if done.primary_methods is None else PrimaryRequired(done.primary_methods)
        ),
    }
