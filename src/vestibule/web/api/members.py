"""The API of members (wire §2.4, §2.6)."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

import msgspec

from vestibule.domain.sessions import wire_time
from vestibule.services import idp_tokens, magic_links, members, sessions
from vestibule.services.members import MemberView
from vestibule.web.api.organizations import Limit
from vestibule.web.api.registry import Call, Nothing, Request, Response, operation
from vestibule.web.api.schemas import (
    Member,
    Organization,
    ResultsMetadata,
    RoleSourceDocument,
    SearchQuery,
    member_document,
    organization_document,
)


class CreateMember(Request):
    email_address: str
    name: str | None = None
    trusted_metadata: dict[str, Any] | None = None
    untrusted_metadata: dict[str, Any] | None = None
    create_member_as_pending: bool | None = None
    is_breakglass: bool | None = None
    mfa_phone_number: str | None = None
    mfa_enrolled: bool | None = None
    roles: list[str] | None = None
    external_id: str | None = None


class UpdateMember(Request):
    name: str | None = None
    trusted_metadata: dict[str, Any] | None = None
    untrusted_metadata: dict[str, Any] | None = None
    is_breakglass: bool | None = None
    mfa_phone_number: str | None = None
    mfa_enrolled: bool | None = None
    roles: list[str] | None = None
    preserve_existing_sessions: bool | None = None
    default_mfa_method: str | None = None
    email_address: str | None = None
    external_id: str | None = None
    unlink_email: bool | None = None


class GetMember(Request):
    member_id: str | None = None
    email_address: str | None = None


class DangerouslyGetMember(Request):
    include_deleted: bool | None = None


class MemberResponse(Response):
    member_id: str
    member: Member
    organization: Organization


class StartEmailUpdate(Request):
    """`delivery_method` is the only one that there is; `login_template_id` is ignored."""

    email_address: str
    login_redirect_url: str | None = None
    locale: str | None = None
    login_template_id: str | None = None
    delivery_method: Literal["EMAIL_MAGIC_LINK"] | None = None


class UnlinkedResponse(MemberResponse):
    organization_id: str


class DeletedMember(Response):
    member_id: str


class SearchMembers(Request):
    organization_ids: list[str]
    cursor: str | None = None
    limit: Limit | None = None
    query: SearchQuery | None = None


class MemberPage(Response):
    members: list[Member]
    organizations: dict[str, Organization]
    results_metadata: ResultsMetadata


class UnlinkEmail(Request):
    email_id: str | None = None
    email_address: str | None = None


class OidcProviders(Request):
    include_refresh_token: bool | None = None
    minimum_seconds: Annotated[int, msgspec.Meta(ge=0, le=86_400)] | None = None
    connection_id: str | None = None


class OidcProviderInfo(msgspec.Struct):
    provider_subject: str
    id_token: str
    access_token: str
    access_token_expires_in: int
    scopes: list[str]
    connection_id: str
    state: Literal["current", "retrying", "needs_login"]
    refresh_token: str | None = None
    last_error: str | None = None
    last_refreshed_at: str | None = None
    login_url: str | None = None


class OidcProvidersResponse(Response):
    registrations: list[OidcProviderInfo]


class ExplainedRole(msgspec.Struct):
    role_id: str
    sources: list[RoleSourceDocument]
    counts_in_sessions: list[str]


class ExplainedConnection(msgspec.Struct):
    connection_id: str
    groups: list[str]
    last_login_at: str
    open: bool


class RolesExplained(Response):
    member_id: str
    roles: list[ExplainedRole]
    connections: list[ExplainedConnection]


_ALL = "/v1/b2b/organizations/{organization_id}/members"
_ONE = f"{_ALL}/{{member_id}}"


@operation("organizations_members.create", "POST", _ALL, "Create a member")
async def create(call: Call, body: CreateMember) -> MemberResponse:
    """`roles` are the explicit roles. Who is created as pending becomes active by signing in."""
    return response(
        await members.create(call.rt, call.actor, call.path["organization_id"], body.given())
    )


@operation(
    "organizations_members.get",
    "GET",
    "/v1/b2b/organizations/{organization_id}/member",
    "Get a member",
)
async def get(call: Call, query: GetMember) -> MemberResponse:
    """By exactly one of `member_id` (or external id) and `email_address`."""
    return response(
        await members.get(
            call.rt,
            call.actor,
            call.path["organization_id"],
            member_id=query.member_id,
            email_address=query.email_address,
        )
    )


@operation(
    "organizations_members.dangerously_get",
    "GET",
    "/v1/b2b/organizations/members/dangerously_get/{member_id}",
    "Get a member of any organization",
)
async def dangerously_get(call: Call, query: DangerouslyGetMember) -> MemberResponse:
    """For the project secret only, since it looks across organizations."""
    return response(
        await members.get_anywhere(
            call.rt,
            call.actor,
            call.path["member_id"],
            include_deleted=bool(query.include_deleted),
        )
    )


@operation("organizations_members.update", "PUT", _ONE, "Change a member")
async def update(call: Call, body: UpdateMember) -> MemberResponse:
    """Only the fields that are sent change. `roles` replaces the explicit roles; taking away one
    that a login gives as well ends the sessions of that login, unless
    `preserve_existing_sessions` is true."""
    return response(
        await members.update(
            call.rt,
            call.actor,
            call.path["organization_id"],
            call.path["member_id"],
            body.given(),
        )
    )


@operation("organizations_members.delete", "DELETE", _ONE, "Delete a member")
async def delete(call: Call, _: Nothing) -> DeletedMember:
    """Every session ends. The identity stays known, so that it cannot come in again as new."""
    gone = await members.delete(
        call.rt, call.actor, call.path["organization_id"], call.path["member_id"]
    )
    return DeletedMember(member_id=gone)


@operation(
    "organizations_members.reactivate", "PUT", f"{_ONE}/reactivate", "Bring a deleted member back"
)
async def reactivate(call: Call, _: Nothing) -> MemberResponse:
    """Needs a verified e-mail address that nobody else has taken meanwhile."""
    return response(
        await members.reactivate(
            call.rt, call.actor, call.path["organization_id"], call.path["member_id"]
        )
    )


@operation(
    "organizations_members.search",
    "POST",
    "/v1/b2b/organizations/members/search",
    "Search members",
)
async def search(call: Call, body: SearchMembers) -> MemberPage:
    """A page in the order of creation. Deleted members only where `statuses` asks for them."""
    query = body.query or SearchQuery()
    page = await members.search(
        call.rt,
        call.actor,
        organization_names=body.organization_ids,
        operator=query.operator,
        operands=query.operands,
        cursor=body.cursor,
        limit=body.limit or 100,
    )
    return MemberPage(
        members=[member_document(view) for view in page.items],
        organizations={
            view.organization.organization_id: organization_document(view)
            for view in page.organizations
        },
        results_metadata=ResultsMetadata(page.total, page.next_cursor),
    )


@operation(
    "organizations_members.delete_mfa_phone_number",
    "DELETE",
    f"{_ALL}/mfa_phone_numbers/{{member_id}}",
    "Take away a member's phone number",
)
async def delete_mfa_phone_number(call: Call, _: Nothing) -> MemberResponse:
    """The number can be set again afterwards."""
    return await _clear(call, "organizations_members.delete_mfa_phone_number")


@operation(
    "organizations_members.delete_totp", "DELETE", f"{_ONE}/totp", "Take away a member's TOTP"
)
async def delete_totp(call: Call, _: Nothing) -> MemberResponse:
    """Members have no TOTP here, so this changes nothing and says so by succeeding."""
    return await _clear(call, "organizations_members.delete_totp")


@operation(
    "organizations_members.delete_external_id",
    "DELETE",
    f"{_ONE}/external_id",
    "Take away a member's external id",
)
async def delete_external_id(call: Call, _: Nothing) -> MemberResponse:
    """For the project secret only."""
    return await _clear(call, "organizations_members.delete_external_id")


@operation(
    "organizations_members.unlink_retired_email",
    "POST",
    f"{_ONE}/unlink_retired_email",
    "Forget a member's retired address",
)
async def unlink_retired_email(call: Call, body: UnlinkEmail) -> UnlinkedResponse:
    """By its id or by the address; afterwards somebody else can have it."""
    view = await members.unlink_retired_email(
        call.rt,
        call.actor,
        call.path["organization_id"],
        call.path["member_id"],
        email_id=body.email_id,
        email_address=body.email_address,
    )
    return UnlinkedResponse(
        member_id=view.member.member_id,
        organization_id=view.member.organization_id,
        member=member_document(view),
        organization=organization_document(view.organization),
    )


@operation(
    "organizations_members.start_email_update",
    "POST",
    f"{_ONE}/start_email_update",
    "Send a member a link that changes their address",
)
async def start_email_update(call: Call, body: StartEmailUpdate) -> MemberResponse:
    """The link goes to the new address; once its token has been exchanged like that of any magic
    link, the address is the member's, verified, and the old one is retired. Members may do this
    for themselves."""
    return response(
        await magic_links.start_email_update(
            call.rt,
            call.actor,
            call.path["organization_id"],
            call.path["member_id"],
            email_address=body.email_address,
            login_redirect_url=body.login_redirect_url,
            locale=body.locale,
        )
    )


@operation(
    "organizations_members.oidc_providers",
    "GET",
    f"{_ONE}/oidc_providers",
    "Get a member's tokens of their OIDC identity providers",
)
async def oidc_providers(call: Call, query: OidcProviders) -> OidcProvidersResponse:
    """Access tokens are refreshed before they end and, where that did not work yet, before they
    are returned. With `minimum_seconds` (an extension) no token is returned with less time left,
    unless the provider refuses or gives shorter-lived ones; without it that is five minutes, or a
    third of a short life. `connection_id` (an extension) asks for one registration alone. `state`
    is `current`, `retrying` or `needs_login`; the last one comes with the `login_url` of exactly
    that connection, also in the details of `unable_to_refresh_oidc_token`. For the project secret
    only."""
    minimum = query.minimum_seconds
    held = await idp_tokens.current_tokens(
        call.rt,
        call.actor,
        call.path["organization_id"],
        call.path["member_id"],
        minimum=None if minimum is None else timedelta(seconds=minimum),
        connection_id=query.connection_id,
    )
    return OidcProvidersResponse(
        registrations=[
            OidcProviderInfo(
                provider_subject=current.tokens.subject,
                id_token=current.tokens.id_token,
                access_token=current.tokens.access_token,
                access_token_expires_in=current.expires_in,
                scopes=list(current.tokens.scopes),
                connection_id=current.tokens.connection_id,
                state=current.tokens.state,
                refresh_token=(
                    current.tokens.refresh_token if query.include_refresh_token else None
                ),
                last_error=current.tokens.last_error,
                last_refreshed_at=(
                    wire_time(current.tokens.last_refreshed_at)
                    if current.tokens.last_refreshed_at
                    else None
                ),
                login_url=current.login_url,
            )
            for current in held
        ]
    )


@operation(
    "organizations_members.explain_roles",
    "GET",
    f"{_ONE}/roles/explain",
    "Explain why a member holds each role",
    rule="organizations_members.search",
    extension=True,
)
async def explain_roles(call: Call, _: Nothing) -> RolesExplained:
    """Every role with all its sources, the sessions in which it counts at this moment, and the
    groups and time of the last login through each connection."""
    view, explained = await sessions.explain_roles(
        call.rt, call.actor, call.path["organization_id"], call.path["member_id"]
    )
    return RolesExplained(
        member_id=view.member.member_id,
        roles=[
            ExplainedRole(
                one.role.role_id,
                [RoleSourceDocument(s.type, s.details) for s in one.role.sources],
                list(one.session_ids),
            )
            for one in explained
        ],
        connections=[
            ExplainedConnection(r.connection_id, list(r.groups), wire_time(r.last_login_at), r.open)
            for r in view.registrations
        ],
    )


async def _clear(call: Call, operation_id: str) -> MemberResponse:
    return response(
        await members.clear(
            call.rt,
            call.actor,
            call.path["organization_id"],
            call.path["member_id"],
            operation_id,
        )
    )


def response(view: MemberView) -> MemberResponse:
    return MemberResponse(
        member_id=view.member.member_id,
        member=member_document(view),
        organization=organization_document(view.organization),
    )
