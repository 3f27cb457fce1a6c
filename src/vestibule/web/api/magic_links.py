"""The API of magic links: sending them, and exchanging what they bring (wire §6)."""

from __future__ import annotations

from typing import Any

from vestibule.domain.magic_links import LinkRequest
from vestibule.services import magic_links
from vestibule.services.magic_links import Invited, Proven
from vestibule.services.sessions import SessionLocator, Wish
from vestibule.web.api.discovery import DiscoveredOrganization, discovered_document
from vestibule.web.api.members import MemberResponse
from vestibule.web.api.members import response as member_response
from vestibule.web.api.registry import Call, Request, Response, operation
from vestibule.web.api.schemas import (
    Envelope,
    Member,
    Organization,
    member_document,
    optional_time,
    organization_document,
)
from vestibule.web.api.sessions import AuthenticatedResponse, authenticated


class LoginOrSignup(Request):
    """The texts of the mails are ours, so the template ids are ignored."""

    organization_id: str
    email_address: str
    login_redirect_url: str | None = None
    signup_redirect_url: str | None = None
    pkce_code_challenge: str | None = None
    login_template_id: str | None = None
    signup_template_id: str | None = None
    locale: str | None = None
    login_expiration_minutes: int | None = None
    signup_expiration_minutes: int | None = None


class LinkSent(Response, kw_only=True):
    member_id: str
    member_created: bool
    member: Member
    organization: Organization


class Invite(Request):
    organization_id: str
    email_address: str
    invite_redirect_url: str | None = None
    invited_by_member_id: str | None = None
    name: str | None = None
    trusted_metadata: dict[str, Any] | None = None
    untrusted_metadata: dict[str, Any] | None = None
    invite_template_id: str | None = None
    locale: str | None = None
    roles: list[str] | None = None
    invite_expiration_minutes: int | None = None


class SendDiscovery(Request):
    email_address: str
    discovery_redirect_url: str | None = None
    pkce_code_challenge: str | None = None
    login_template_id: str | None = None
    locale: str | None = None
    discovery_expiration_minutes: int | None = None


class AuthenticateLink(Request):
    magic_links_token: str
    pkce_code_verifier: str | None = None
    session_token: str | None = None
    session_jwt: str | None = None
    session_duration_minutes: int | None = None
    session_custom_claims: dict[str, Any] | None = None
    locale: str | None = None
    intermediate_session_token: str | None = None


class LinkAuthenticated(AuthenticatedResponse, kw_only=True):
    """`method_id` is the id of the address that was proved."""

    method_id: str
    reset_sessions: bool = False


class AuthenticateDiscovery(Request):
    discovery_magic_links_token: str
    pkce_code_verifier: str | None = None


class DiscoveryAuthenticated(Response, kw_only=True):
    intermediate_session_token: str
    intermediate_session_token_expires_at: str | None
    email_address: str
    discovered_organizations: list[DiscoveredOrganization]


_PLACE = "/v1/b2b/magic_links"


@operation(
    "magic_links_email.login_or_signup", "POST", f"{_PLACE}/email/login_or_signup",
    "Send a member a link to sign in",
)  # fmt: skip
async def login_or_signup(call: Call, body: LoginOrSignup) -> LinkSent:
    """An active member is sent a link for logins; a pending or invited one a link for sign-ups, as
    is whoever is no member yet where `email_jit_provisioning` takes in the domain. The link leads
    to the redirect URL with `token` and `stytch_token_type=multi_tenant_magic_links`. It works
    once, for an hour or as long as asked for (5 minutes to 7 days)."""
    view, created = await magic_links.login_or_signup(call.rt, call.actor, link_request(body))
    return LinkSent(
        member_id=view.member.member_id,
        member_created=created,
        member=member_document(view),
        organization=organization_document(view.organization),
    )


@operation("magic_links_email.invite", "POST", f"{_PLACE}/email/invite", "Invite somebody by mail")
async def invite(call: Call, body: Invite) -> MemberResponse:
    """Makes an invited member and sends a link that works for seven days. Whoever is pending or
    invited already stays as they are and is sent a new link; an active member is refused. On behalf
    of a member it is that member who invites."""
    names = ("name", "trusted_metadata", "untrusted_metadata", "roles")
    given = body.given()
    invited = Invited(
        body.email_address,
        {name: given[name] for name in names if name in given},
        redirect_url=body.invite_redirect_url,
        invited_by=body.invited_by_member_id,
        locale=body.locale,
        minutes=body.invite_expiration_minutes,
    )
    return member_response(
        await magic_links.invite(call.rt, call.actor, body.organization_id, invited)
    )


@operation(
    "magic_links_email_discovery.send", "POST", f"{_PLACE}/email/discovery/send",
    "Send a link that proves an address",
)  # fmt: skip
async def send_discovery(call: Call, body: SendDiscovery) -> Envelope:
    """For somebody who does not say to which organization: the link leads to the redirect URL with
    `token` and `stytch_token_type=discovery`. It is sent to whoever asks, member or not."""
    await magic_links.send_discovery(
        call.rt,
        call.project,
        email_address=body.email_address,
        discovery_redirect_url=body.discovery_redirect_url,
        challenge=body.pkce_code_challenge,
        locale=body.locale,
        minutes=body.discovery_expiration_minutes,
    )
    return Envelope()


@operation(
    "magic_links.authenticate", "POST", f"{_PLACE}/authenticate", "Exchange the token of a link"
)
async def authenticate(call: Call, body: AuthenticateLink) -> LinkAuthenticated:
    """Turns the `token` that came to the redirect URL into a session, once. The member is active
    and their address verified from now on. When a second factor is required, there is no session
    yet but an intermediate one."""
    used = await magic_links.authenticate(
        call.rt,
        call.project,
        body.magic_links_token,
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
    return LinkAuthenticated(method_id=used.method_id, **authenticated(call, used.done))


@operation(
    "magic_links_discovery.authenticate", "POST", f"{_PLACE}/discovery/authenticate",
    "Exchange the token of a link for discovery",
)  # fmt: skip
async def authenticate_discovery(call: Call, body: AuthenticateDiscovery) -> DiscoveryAuthenticated:
    """Returns an intermediate session of ten minutes and what the address opens: organizations of
    which it is a member's, and those that it may join. Choose one with
    `discovery/intermediate_sessions/exchange`, or make one with `discovery/organizations/create`.
    """
    return proven_document(
        await magic_links.authenticate_discovery(
            call.rt,
            call.project,
            body.discovery_magic_links_token,
            code_verifier=body.pkce_code_verifier,
        )
    )


def link_request(body: LoginOrSignup) -> LinkRequest:
    return LinkRequest(
        body.organization_id,
        body.email_address,
        login_redirect_url=body.login_redirect_url,
        signup_redirect_url=body.signup_redirect_url,
        pkce_code_challenge=body.pkce_code_challenge,
        locale=body.locale,
        login_minutes=body.login_expiration_minutes,
        signup_minutes=body.signup_expiration_minutes,
    )


def proven_document(proven: Proven) -> DiscoveryAuthenticated:
    return DiscoveryAuthenticated(
        intermediate_session_token=proven.token,
        intermediate_session_token_expires_at=optional_time(proven.session.expires_at),
        email_address=proven.session.email_address,
        discovered_organizations=[discovered_document(one) for one in proven.found],
    )
