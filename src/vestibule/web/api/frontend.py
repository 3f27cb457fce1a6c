"""The operations of the frontend API: those of the backend, for the member whose session it is.

Owns the table of them and the few answers in which this surface differs (wire §8.2, §8.3). There
is no trusted mode: whatever leans on a backend operation runs on behalf of the member, in the
member's own organization, whatever the body says.
"""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Literal

import msgspec

from vestibule.errors import refusal
from vestibule.services import magic_links, organizations, routing, sessions
from vestibule.services.organizations import OrganizationView
from vestibule.services.rbac import Actor, OnBehalf
from vestibule.web.api import discovery as discovery_api
from vestibule.web.api import magic_links as magic_link_api
from vestibule.web.api import members as member_api
from vestibule.web.api import sessions as session_api
from vestibule.web.api.members import MemberPage, MemberResponse
from vestibule.web.api.organizations import (
    Limit,
    OrganizationResponse,
    Provisioning,
    Restriction,
)
from vestibule.web.api.registry import (
    OPERATIONS,
    Auth,
    Call,
    Handler,
    Nothing,
    Operation,
    Presence,
    Request,
    Response,
)
from vestibule.web.api.routing import RouteResponse
from vestibule.web.api.routing import document as route_document
from vestibule.web.api.schemas import (
    Envelope,
    Member,
    MemberSession,
    Organization,
    PolicyDocument,
    SearchQuery,
    organization_document,
    policy_document,
)

FRONTEND: list[Operation] = []

_BASE = "/sdk/v1/b2b"


def _insert(
    id: str,  # noqa: A002 - the word of OpenAPI
    method: str,
    path: str,
    summary: str,
    description: str,
    request: type[Request],
    response: type[Response],
    handler: Handler,
    *,
    auth: Auth = "public",
    rule: str = "",
    session: Presence,
) -> None:
    decode = msgspec.json.Decoder(request).decode
    FRONTEND.append(
        Operation(
            id, method, path, summary, description, request, response, handler, auth, rule or id,
            False, decode, session,
        )
    )  # fmt: skip


def operation(
    id: str,  # noqa: A002
    method: str,
    path: str,
    summary: str,
    *,
    session: Presence = "required",
    auth: Auth = "public",
) -> Callable[[Handler], Handler]:
    """Declare an operation that only this surface has, or has in another shape."""

    def register(handler: Handler) -> Handler:
        hints = typing.get_type_hints(handler)
        request = hints[list(inspect.signature(handler).parameters)[1]]
        described = inspect.cleandoc(handler.__doc__ or "")
        _insert(
            id, method, path, summary, described, request, hints["return"], handler,
            auth=auth, session=session,
        )  # fmt: skip
        return handler

    return register


def leans_on(
    backend: str,
    id: str,  # noqa: A002
    method: str,
    path: str,
    *,
    oneself: bool = False,
) -> None:
    """Declare an operation that is the backend's own, with the ids that a session fixes.

    Args:
        backend: the id of the backend's operation.
        oneself: the member is the session's own.
    """
    source = next(op for op in OPERATIONS if op.id == backend)

    async def handler(call: Call, body: Any) -> Response:
        caller = on_behalf(call)
        fixed = {"organization_id": caller.organization.organization_id}
        if oneself:
            fixed["member_id"] = caller.member.member_id
        return await source.handler(replace(call, path={**call.path, **fixed}), body)

    _insert(
        id, method, path, source.summary, source.description, source.request, source.response,
        handler, rule=source.rule, session="required",
    )  # fmt: skip


def on_behalf(call: Call) -> OnBehalf:
    """The member who calls; the door has seen to it that there is one."""
    caller = call.actor.on_behalf
    if caller is None:
        raise refusal("unauthorized_credentials")
    return caller


# --- the first call of every page ---------------------------------------------------------------


class Bootstrap(Response, kw_only=True):
    project_name: str
    disable_sdk_watermark: bool = True
    cname_domain: str | None = None
    email_domains: list[str]
    captcha_settings: dict[str, bool]
    pkce_required_for_email_magic_links: bool
    pkce_required_for_password_resets: bool = False
    pkce_required_for_oauth: bool = False
    pkce_required_for_sso: bool
    slug_pattern: str | None = None
    create_organization_enabled: bool
    password_config: dict[str, Any] | None = None
    dfp_protected_auth_enabled: bool = False
    dfp_protected_auth_mode: str | None = None
    rbac_policy: PolicyDocument
    siwe_required_for_crypto_wallets: bool = False
    vertical: str = "B2B"


@operation(
    "sdk.bootstrap", "GET", "/sdk/v1/projects/bootstrap/{public_token}", "Get what a page needs",
    session="none",
)  # fmt: skip
async def bootstrap(call: Call, _: Nothing) -> Bootstrap:
    """The project's settings that concern a browser, and the policy by which it shows or hides."""
    project = call.project
    return Bootstrap(
        project_name=project.name,
        email_domains=[],
        captcha_settings={"enabled": False},
        pkce_required_for_email_magic_links=project.settings.pkce_required_for_sso,
        pkce_required_for_sso=project.settings.pkce_required_for_sso,
        create_organization_enabled=project.settings.self_onboarding,
        rbac_policy=policy_document(project.policy),
    )


@operation(
    "sdk.events", "POST", "/sdk/v1/events", "Report what the client did", session="none",
    auth="none",
)  # fmt: skip
async def events(call: Call, _: Nothing) -> Envelope:
    """The clients report of themselves here. It is taken, and not kept."""
    return Envelope()


class AdminPortalConfig(Response):
    sso_config: dict[str, bool]
    organization_config: dict[str, bool]
    scim_config: dict[str, bool]


@operation(
    "sdk.admin_portal_config", "GET", f"{_BASE}/admin_portal_config", "Get what a portal may show"
)
async def admin_portal_config(call: Call, _: Nothing) -> AdminPortalConfig:
    """What the pre-built portals ask before they show anything."""
    on_behalf(call)
    return AdminPortalConfig(
        sso_config={
            "sso_enabled": True,
            "can_create_saml_connection": True,
            "can_create_oidc_connection": True,
        },
        organization_config={"mfa_controls_enabled": False},
        scim_config={"scim_enabled": False},
    )


# --- organizations ------------------------------------------------------------------------------


@operation("sdk.organization.get", "GET", f"{_BASE}/organizations/me", "Get one's organization")
async def get_organization(call: Call, _: Nothing) -> OrganizationResponse:
    """Every member may see their own organization."""
    return OrganizationResponse(organization=organization_document(await _own(call)))


async def _own(call: Call) -> OrganizationView:
    caller = on_behalf(call)
    # Every member may read it, so the project asks and not the member.
    return await organizations.get(
        call.rt, Actor(call.project), caller.organization.organization_id
    )


class BySlug(Request):
    organization_slug: str


class PublicConnection(msgspec.Struct):
    connection_id: str
    display_name: str
    identity_provider: str


class PublicOrganization(msgspec.Struct, kw_only=True):
    """What a page may know of an organization before anybody has signed in."""

    organization_id: str
    organization_name: str
    organization_slug: str
    organization_logo_url: str
    sso_active_connections: list[PublicConnection]
    sso_default_connection_id: str | None
    email_jit_provisioning: str
    email_allowed_domains: list[str]
    oauth_tenant_jit_provisioning: str
    allowed_oauth_tenants: Mapping[str, Any]
    auth_methods: str
    allowed_auth_methods: list[str]
    mfa_policy: str


class BySlugResponse(Response):
    organization: PublicOrganization | None


@operation(
    "sdk.organization.getBySlug", "POST", f"{_BASE}/organizations/search",
    "Find an organization by its slug", session="none",
)  # fmt: skip
async def by_slug(call: Call, body: BySlug) -> BySlugResponse:
    """What a login page needs of it. `organization` is null when there is none."""
    found = await organizations.find_by_slug(call.rt, call.project, body.organization_slug)
    if found is None:
        return BySlugResponse(organization=None)
    organization, settings = found.organization, found.organization.settings
    return BySlugResponse(
        organization=PublicOrganization(
            organization_id=organization.organization_id,
            organization_name=organization.name,
            organization_slug=organization.slug,
            organization_logo_url=organization.logo_url,
            sso_active_connections=[
                PublicConnection(c.connection_id, c.display_name, c.identity_provider)
                for c in found.active_connections
            ],
            sso_default_connection_id=settings.sso_default_connection_id,
            email_jit_provisioning=settings.email_jit_provisioning,
            email_allowed_domains=list(settings.email_allowed_domains),
            oauth_tenant_jit_provisioning=settings.oauth_tenant_jit_provisioning,
            allowed_oauth_tenants=settings.allowed_oauth_tenants,
            auth_methods=settings.auth_methods,
            allowed_auth_methods=list(settings.allowed_auth_methods),
            mfa_policy=settings.mfa_policy,
        )
    )


leans_on("organizations.update", "sdk.organization.update", "PUT", f"{_BASE}/organizations/me")
leans_on("organizations.delete", "sdk.organization.delete", "DELETE", f"{_BASE}/organizations/me")


# --- members ------------------------------------------------------------------------------------


@operation("sdk.self.get", "GET", f"{_BASE}/organizations/members/me", "Get oneself")
async def get_self(call: Call, _: Nothing) -> MemberResponse:
    """The member whose session it is."""
    return member_api.response(await sessions.whoami(call.rt, call.actor))


class ByEmail(Request):
    email_address: str
    organization_id: str


class PublicMember(msgspec.Struct):
    status: str
    name: str
    member_password_id: str = ""


class ByEmailResponse(Response):
    member: PublicMember | None


@operation(
    "sdk.member_search.by_email", "POST", f"{_BASE}/organizations/members/search",
    "Find a member by address", session="none",
)  # fmt: skip
async def by_email(call: Call, body: ByEmail) -> ByEmailResponse:
    """For login pages that ask for the address first. Nobody is found here: an answer would tell
    strangers who is a member of what, and the pages that ask it go on without."""
    return ByEmailResponse(member=None)


class SearchOwnMembers(Request):
    cursor: str | None = None
    limit: Limit | None = None
    query: SearchQuery | None = None


@operation(
    "sdk.organization.members.search", "POST", f"{_BASE}/organizations/me/members/search",
    "Search the members of one's organization",
)  # fmt: skip
async def search_members(call: Call, body: SearchOwnMembers) -> MemberPage:
    """As in the backend API, of one's own organization alone."""
    name = on_behalf(call).organization.organization_id
    return await member_api.search(
        call,
        member_api.SearchMembers(
            organization_ids=[name], cursor=body.cursor, limit=body.limit, query=body.query
        ),
    )  # type: ignore[return-value]


_MEMBERS = f"{_BASE}/organizations/members"
for _backend, _id, _method, _path in (
    ("create", "create", "POST", _MEMBERS),
    ("update", "update", "PUT", f"{_MEMBERS}/{{member_id}}"),
    ("delete", "delete", "DELETE", f"{_MEMBERS}/{{member_id}}"),
    ("reactivate", "reactivate", "PUT", f"{_MEMBERS}/{{member_id}}/reactivate"),
    ("delete_mfa_phone_number", "deleteMFAPhoneNumber", "DELETE",
     f"{_MEMBERS}/mfa_phone_numbers/{{member_id}}"),
    ("delete_totp", "deleteMFATOTP", "DELETE", f"{_MEMBERS}/totp/{{member_id}}"),
    ("unlink_retired_email", "unlinkRetiredEmail", "POST",
     f"{_MEMBERS}/{{member_id}}/unlink_retired_email"),
    ("start_email_update", "startEmailUpdate", "POST",
     f"{_MEMBERS}/{{member_id}}/start_email_update"),
):  # fmt: skip
    leans_on(f"organizations_members.{_backend}", f"sdk.organization.members.{_id}", _method, _path)
for _backend, _id, _method, _path in (
    ("update", "update", "PUT", f"{_MEMBERS}/update"),
    ("delete_mfa_phone_number", "deleteMFAPhoneNumber", "DELETE", f"{_MEMBERS}/deletePhoneNumber"),
    ("delete_totp", "deleteMFATOTP", "DELETE", f"{_MEMBERS}/deleteTOTP"),
    ("unlink_retired_email", "unlinkRetiredEmail", "POST", f"{_MEMBERS}/unlink_retired_email"),
    ("start_email_update", "startEmailUpdate", "POST", f"{_MEMBERS}/start_email_update"),
):
    leans_on(f"organizations_members.{_backend}", f"sdk.self.{_id}", _method, _path, oneself=True)


# --- single sign-on -----------------------------------------------------------------------------

for _backend, _id, _method, _path in (
    ("sso.get_connections", "getConnections", "GET", ""),
    ("sso.delete_connection", "deleteConnection", "DELETE", "/{connection_id}"),
    ("sso_saml.create_connection", "saml.createConnection", "POST", "/saml"),
    ("sso_saml.update_connection", "saml.updateConnection", "PUT", "/saml/{connection_id}"),
    ("sso_saml.update_by_url", "saml.updateConnectionByURL", "PUT", "/saml/{connection_id}/url"),
    ("sso_saml.delete_verification_certificate", "saml.deleteVerificationCertificate", "DELETE",
     "/saml/{connection_id}/verification_certificates/{certificate_id}"),
    ("sso_saml.delete_encryption_private_key", "saml.deleteEncryptionPrivateKey", "DELETE",
     "/saml/{connection_id}/encryption_private_key/{private_key_id}"),
    ("sso_oidc.create_connection", "oidc.createConnection", "POST", "/oidc"),
    ("sso_oidc.update_connection", "oidc.updateConnection", "PUT", "/oidc/{connection_id}"),
    ("sso_external.create_connection", "external.createConnection", "POST", "/external"),
    ("sso_external.update_connection", "external.updateConnection", "PUT",
     "/external/{connection_id}"),
):  # fmt: skip
    leans_on(_backend, f"sdk.sso.{_id}", _method, f"{_BASE}/sso{_path}")

leans_on(
    "setup_links.issue_portal_token", "sdk.admin_portal.token", "POST",
    f"{_BASE}/admin_portal/token",
)  # fmt: skip


class RouteOwnAddress(Request):
    email_address: str


@operation(
    "sdk.sso.route", "POST", f"{_BASE}/sso/route", "Find the connections for an address",
    session="none",
)  # fmt: skip
async def route(call: Call, body: RouteOwnAddress) -> RouteResponse:
    """The connections of the organization that has verified the address's domain, the default one
    first. Every address of a domain gets the same answer, whoever is a member."""
    return route_document(await routing.route(call.rt, call.project, body.email_address))


class AuthenticateOwnSso(Request):
    sso_token: str
    pkce_code_verifier: str | None = None
    session_duration_minutes: int | None = None
    locale: str | None = None
    intermediate_session_token: str | None = None


@operation(
    "sdk.sso.authenticate", "POST", f"{_BASE}/sso/authenticate", "Exchange the token of a login",
    session="optional",
)  # fmt: skip
async def authenticate_sso(
    call: Call, body: AuthenticateOwnSso
) -> session_api.AuthenticatedResponse:
    """As in the backend API; a session that the page holds already is carried on."""
    return await session_api.authenticate_sso(
        call,
        session_api.AuthenticateSso(
            sso_token=body.sso_token,
            pkce_code_verifier=body.pkce_code_verifier,
            session_token=call.locator.token,
            session_duration_minutes=body.session_duration_minutes,
            locale=body.locale,
            intermediate_session_token=body.intermediate_session_token,
        ),
    )  # type: ignore[return-value]


class DiscoverConnections(Request):
    email_address: str


class DiscoveredConnections(Response):
    connections: list[PublicConnection]


@operation(
    "sdk.sso.discoverConnections", "GET", f"{_BASE}/sso/discovery/connections",
    "Find the connections that an address may use", session="none",
)  # fmt: skip
async def discover_connections(call: Call, query: DiscoverConnections) -> DiscoveredConnections:
    """The open connections of organizations of which the address is a member, or whose domain it
    has where a login may make it one."""
    found = await organizations.connections_for(call.rt, call.project, query.email_address)
    return DiscoveredConnections(
        connections=[
            PublicConnection(c.connection_id, c.display_name, c.identity_provider) for c in found
        ]
    )


# --- sessions -----------------------------------------------------------------------------------


class AuthenticateOwnSession(Request):
    session_duration_minutes: int | None = None


class OwnSession(Response):
    member_id: str
    organization_id: str
    member: Member
    organization: Organization
    member_session: MemberSession
    session_token: str
    session_jwt: str


@operation(
    "sdk.session.authenticate", "POST", f"{_BASE}/sessions/authenticate", "Authenticate a session"
)
async def authenticate(call: Call, body: AuthenticateOwnSession) -> OwnSession:
    """Called as a page loads. Returns a fresh JWT; with a duration the session is extended."""
    done = await session_api.authenticate(
        call,
        session_api.AuthenticateSession(
            session_token=call.locator.token,
            session_duration_minutes=body.session_duration_minutes,
        ),
    )
    if not isinstance(done, session_api.SessionResponse):
        raise TypeError("sessions.authenticate answers with a SessionResponse")
    return OwnSession(
        member_id=done.member.member_id,
        organization_id=done.organization.organization_id,
        member=done.member,
        organization=done.organization,
        member_session=done.member_session,
        session_token=done.session_token,
        session_jwt=done.session_jwt,
    )


@operation("sdk.session.revoke", "POST", f"{_BASE}/sessions/revoke", "Sign out")
async def revoke(call: Call, _: Nothing) -> Envelope:
    """The session of the page ends. Every member may end their own."""
    await sessions.revoke(call.rt, Actor(call.project), locator=call.locator)
    return Envelope()


@operation(
    "sdk.session.revokeForMember", "POST", f"{_BASE}/sessions/revoke/{{member_id}}",
    "End every session of a member",
)  # fmt: skip
async def revoke_for_member(call: Call, _: Nothing) -> Envelope:
    """Of one's own organization; one's own sessions too."""
    await sessions.revoke(call.rt, call.actor, member_id=call.path["member_id"])
    return Envelope()


class ExchangeOwnSession(Request):
    organization_id: str
    session_duration_minutes: int | None = None
    locale: str | None = None


@operation(
    "sdk.session.exchange", "POST", f"{_BASE}/sessions/exchange",
    "Exchange the session for one in another organization",
)  # fmt: skip
async def exchange(call: Call, body: ExchangeOwnSession) -> session_api.AuthenticatedResponse:
    """As in the backend API."""
    return await session_api.exchange(
        call,
        session_api.ExchangeSession(
            organization_id=body.organization_id,
            session_token=call.locator.token,
            session_duration_minutes=body.session_duration_minutes,
            locale=body.locale,
        ),
    )  # type: ignore[return-value]


# --- magic links --------------------------------------------------------------------------------

_LINKS = f"{_BASE}/magic_links"


class InviteToOwn(Request):
    email_address: str
    invite_redirect_url: str | None = None
    invite_template_id: str | None = None
    name: str | None = None
    untrusted_metadata: dict[str, Any] | None = None
    locale: str | None = None
    roles: list[str] | None = None
    invite_expiration_minutes: int | None = None


@operation(
    "sdk.magicLinks.email.invite", "POST", f"{_LINKS}/email/invite",
    "Invite somebody to one's organization",
)  # fmt: skip
async def invite(call: Call, body: InviteToOwn) -> MemberResponse:
    """As in the backend API; it is the member of the session who invites."""
    own = on_behalf(call).organization.organization_id
    asked = magic_link_api.Invite(organization_id=own, **body.given())
    return await magic_link_api.invite(call, asked)  # type: ignore[return-value]


@operation(
    "sdk.magicLinks.email.loginOrSignup", "POST", f"{_LINKS}/email/login_or_signup",
    "Ask for a link to sign in", session="none",
)  # fmt: skip
async def login_or_signup(call: Call, body: magic_link_api.LoginOrSignup) -> Envelope:
    """Whoever may come in is sent a link. The answer is the same for every address, and so is the
    time that it takes: who is a member is looked up afterwards."""
    await magic_links.ask(call.rt, call.project, magic_link_api.link_request(body))
    return Envelope()


@operation(
    "sdk.magicLinks.email.discovery.send", "POST", f"{_LINKS}/email/discovery/send",
    "Ask for a link that proves an address", session="none",
)  # fmt: skip
async def send_discovery(call: Call, body: magic_link_api.SendDiscovery) -> Envelope:
    """As in the backend API: it is sent to whoever asks, member or not."""
    return await magic_link_api.send_discovery(call, body)  # type: ignore[return-value]


class AuthenticateOwnLink(Request):
    magic_links_token: str
    session_duration_minutes: int | None = None
    locale: str | None = None
    pkce_code_verifier: str | None = None
    intermediate_session_token: str | None = None


@operation(
    "sdk.magicLinks.authenticate", "POST", f"{_LINKS}/authenticate",
    "Exchange the token of a link", session="optional",
)  # fmt: skip
async def authenticate_link(
    call: Call, body: AuthenticateOwnLink
) -> magic_link_api.LinkAuthenticated:
    """As in the backend API; a session that the page holds already is carried on."""
    asked = magic_link_api.AuthenticateLink(session_token=call.locator.token, **body.given())
    return await magic_link_api.authenticate(call, asked)  # type: ignore[return-value]


@operation(
    "sdk.magicLinks.discovery.authenticate", "POST", f"{_LINKS}/discovery/authenticate",
    "Exchange the token of a link for discovery", session="none",
)  # fmt: skip
async def authenticate_discovery(
    call: Call, body: magic_link_api.AuthenticateDiscovery
) -> magic_link_api.DiscoveryAuthenticated:
    """As in the backend API."""
    return await magic_link_api.authenticate_discovery(call, body)  # type: ignore[return-value]


# --- discovery ----------------------------------------------------------------------------------


class DiscoverOwn(Request):
    intermediate_session_token: str | None = None


@operation(
    "sdk.discovery.organizations.list", "POST", f"{_BASE}/discovery/organizations",
    "List the organizations that one's address opens", session="optional",
)  # fmt: skip
async def discover(call: Call, body: DiscoverOwn) -> discovery_api.DiscoverResponse:
    """As in the backend API; without an intermediate session, by the page's own session."""
    token = body.intermediate_session_token
    asked = discovery_api.Discover(
        intermediate_session_token=token, session_token=None if token else call.locator.token
    )
    return await discovery_api.organizations(call, asked)  # type: ignore[return-value]


class CreateOwn(Request):
    intermediate_session_token: str
    session_duration_minutes: int | None = None
    organization_name: str | None = None
    organization_slug: str | None = None
    organization_logo_url: str | None = None
    sso_jit_provisioning: Provisioning | None = None
    email_allowed_domains: list[str] | None = None
    email_jit_provisioning: Literal["RESTRICTED", "NOT_ALLOWED"] | None = None
    email_invites: Provisioning | None = None
    auth_methods: Restriction | None = None
    allowed_auth_methods: list[str] | None = None
    mfa_policy: Literal["OPTIONAL", "REQUIRED_FOR_ALL"] | None = None


@operation(
    "sdk.discovery.organizations.create", "POST", f"{_BASE}/discovery/organizations/create",
    "Make an organization of one's own", session="optional",
)  # fmt: skip
async def create_organization(call: Call, body: CreateOwn) -> session_api.AuthenticatedResponse:
    """As in the backend API, unless the project lets pages make none."""
    if not call.project.settings.self_onboarding:
        raise refusal("self_onboarding_off")
    asked = discovery_api.CreateDiscovered(**body.given())
    return await discovery_api.create(call, asked)  # type: ignore[return-value]


class ExchangeOwnIntermediate(Request):
    intermediate_session_token: str
    organization_id: str
    session_duration_minutes: int | None = None
    locale: str | None = None


@operation(
    "sdk.discovery.intermediateSessions.exchange", "POST",
    f"{_BASE}/discovery/intermediate_sessions/exchange",
    "Enter an organization by one's proven address", session="optional",
)  # fmt: skip
async def exchange_intermediate(
    call: Call, body: ExchangeOwnIntermediate
) -> session_api.AuthenticatedResponse:
    """As in the backend API."""
    asked = discovery_api.ExchangeIntermediate(**body.given())
    return await discovery_api.exchange(call, asked)  # type: ignore[return-value]
