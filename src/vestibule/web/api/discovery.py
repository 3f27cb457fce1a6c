"""The API of discovery: from a proven address to an organization (wire §6)."""

from __future__ import annotations

from typing import Any

import msgspec

from vestibule.services import discovery
from vestibule.services.discovery import Discovered
from vestibule.services.sessions import SessionLocator, Wish
from vestibule.web.api.organizations import CreateOrganization, plain
from vestibule.web.api.registry import Call, Request, Response, operation
from vestibule.web.api.schemas import (
    Member,
    MfaRequired,
    Organization,
    PrimaryRequired,
    member_document,
    organization_document,
)
from vestibule.web.api.sessions import AuthenticatedResponse, authenticated


class Discover(Request):
    intermediate_session_token: str | None = None
    session_token: str | None = None
    session_jwt: str | None = None


class Membership(msgspec.Struct):
    """`details` holds the `domain` by which somebody may join; members have none."""

    type: str
    details: dict[str, str] | None
    member: Member | None


class DiscoveredOrganization(msgspec.Struct, kw_only=True):
    """`member_authenticated` says that the proof of the address suffices to come in."""

    organization: Organization
    membership: Membership
    member_authenticated: bool
    primary_required: PrimaryRequired | None
    mfa_required: MfaRequired | None


class DiscoverResponse(Response, kw_only=True):
    email_address: str
    discovered_organizations: list[DiscoveredOrganization]
    organization_id_hint: str | None = None


class ExchangeIntermediate(Request):
    intermediate_session_token: str
    organization_id: str
    session_duration_minutes: int | None = None
    session_custom_claims: dict[str, Any] | None = None
    locale: str | None = None


class CreateDiscovered(CreateOrganization, kw_only=True):
    organization_name: str | None = None  # type: ignore[assignment]
    intermediate_session_token: str
    session_duration_minutes: int | None = None
    session_custom_claims: dict[str, Any] | None = None


_PLACE = "/v1/b2b/discovery"


@operation(
    "discovery_organizations.list", "POST", f"{_PLACE}/organizations",
    "List the organizations that an address opens",
)  # fmt: skip
async def organizations(call: Call, body: Discover) -> DiscoverResponse:
    """Those of which the address is a member's, and those that it may join: they name its domain in
    `email_allowed_domains`, with `email_jit_provisioning`, and have a member with a verified
    address of it. By an intermediate session of a magic link for discovery, or by a session; a
    session of SSO alone proves no address and lists its own organization."""
    found = await discovery.organizations(
        call.rt,
        call.project,
        intermediate_token=body.intermediate_session_token,
        locator=SessionLocator(body.session_token, body.session_jwt),
    )
    return DiscoverResponse(
        email_address=found.email_address,
        discovered_organizations=[discovered_document(one) for one in found.found],
    )


@operation(
    "discovery_intermediate_sessions.exchange", "POST", f"{_PLACE}/intermediate_sessions/exchange",
    "Enter an organization by a proven address",
)  # fmt: skip
async def exchange(call: Call, body: ExchangeIntermediate) -> AuthenticatedResponse:
    """Whoever is no member becomes one where the organization takes in the domain. Where e-mail is
    no way to sign in, `primary_required` lists the ways; the intermediate session stays and is
    sent along with the next proof."""
    done = await discovery.exchange(
        call.rt,
        call.project,
        body.intermediate_session_token,
        body.organization_id,
        wish(call, body.session_duration_minutes, body.session_custom_claims),
    )
    return AuthenticatedResponse(**authenticated(call, done))


@operation(
    "discovery_organizations.create", "POST", f"{_PLACE}/organizations/create",
    "Make an organization of one's own",
)  # fmt: skip
async def create(call: Call, body: CreateDiscovered) -> AuthenticatedResponse:
    """Whoever proved the address is its first member and holds `stytch_admin`. Without a name it
    has that of the address's domain."""
    own = ("intermediate_session_token", "session_duration_minutes", "session_custom_claims")
    done = await discovery.create(
        call.rt,
        call.project,
        body.intermediate_session_token,
        {name: value for name, value in plain(body).items() if name not in own},
        wish(call, body.session_duration_minutes, body.session_custom_claims),
    )
    return AuthenticatedResponse(**authenticated(call, done))


def wish(call: Call, minutes: int | None, claims: dict[str, Any] | None = None) -> Wish:
    return Wish(
        duration_minutes=minutes,
        custom_claims=claims,
        ip_address=call.ip_address,
        user_agent=call.user_agent,
    )


def discovered_document(one: Discovered) -> DiscoveredOrganization:
    methods = one.primary_methods
    return DiscoveredOrganization(
        organization=organization_document(one.organization),
        membership=Membership(
            one.membership,
            {"domain": one.domain} if one.member is None else None,
            member_document(one.member) if one.member else None,
        ),
        member_authenticated=one.complete,
        primary_required=None if methods is None else PrimaryRequired(methods),
        mfa_required=MfaRequired() if one.mfa_required else None,
    )
