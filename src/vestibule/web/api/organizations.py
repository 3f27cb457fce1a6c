"""The API of organizations (wire §2.2)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta

from vestibule.services import organizations
from vestibule.web.api.registry import Call, Nothing, Request, Response, operation
from vestibule.web.api.schemas import (
    EmailRoleAssignment,
    Organization,
    ResultsMetadata,
    SearchQuery,
    organization_document,
)

Provisioning = Literal["ALL_ALLOWED", "RESTRICTED", "NOT_ALLOWED"]
Restriction = Literal["ALL_ALLOWED", "RESTRICTED"]
Limit = Annotated[int, Meta(ge=1, le=1000)]


class CreateOrganization(Request):
    organization_name: str
    organization_slug: str | None = None
    organization_logo_url: str | None = None
    trusted_metadata: dict[str, Any] | None = None
    organization_external_id: str | None = None
    sso_jit_provisioning: Provisioning | None = None
    email_allowed_domains: list[str] | None = None
    email_jit_provisioning: Literal["RESTRICTED", "NOT_ALLOWED"] | None = None
    email_invites: Provisioning | None = None
    auth_methods: Restriction | None = None
    allowed_auth_methods: list[str] | None = None
    mfa_policy: Literal["OPTIONAL", "REQUIRED_FOR_ALL"] | None = None
    rbac_email_implicit_role_assignments: list[EmailRoleAssignment] | None = None
    mfa_methods: Restriction | None = None
    allowed_mfa_methods: list[str] | None = None
    oauth_tenant_jit_provisioning: Literal["RESTRICTED", "NOT_ALLOWED"] | None = None
    allowed_oauth_tenants: dict[str, Any] | None = None
    claimed_email_domains: list[str] | None = None
    first_party_connected_apps_allowed_type: Provisioning | None = None
    allowed_first_party_connected_apps: list[str] | None = None
    third_party_connected_apps_allowed_type: Provisioning | None = None
    allowed_third_party_connected_apps: list[str] | None = None


class UpdateOrganization(CreateOrganization):
    organization_name: str | None = None  # type: ignore[assignment]
    sso_default_connection_id: str | None = None
    sso_jit_provisioning_allowed_connections: list[str] | None = None


class OrganizationResponse(Response):
    organization: Organization


class DeletedOrganization(Response):
    organization_id: str


class SearchOrganizations(Request):
    cursor: str | None = None
    limit: Limit | None = None
    query: SearchQuery | None = None


class OrganizationPage(Response):
    organizations: list[Organization]
    results_metadata: ResultsMetadata


class Metrics(Response):
    member_count: int


_ONE = "/v1/b2b/organizations/{organization_id}"


@operation("organizations.create", "POST", "/v1/b2b/organizations", "Create an organization")
async def create(call: Call, body: CreateOrganization) -> OrganizationResponse:
    """Only the name is needed. Without a slug one is made of the name and kept unique."""
    made = await organizations.create(call.rt, call.actor, plain(body))
    return OrganizationResponse(organization=organization_document(made))


@operation("organizations.get", "GET", _ONE, "Get an organization")
async def get(call: Call, _: Nothing) -> OrganizationResponse:
    """By its id, its slug or its external id."""
    found = await organizations.get(call.rt, call.actor, call.path["organization_id"])
    return OrganizationResponse(organization=organization_document(found))


@operation("organizations.update", "PUT", _ONE, "Change an organization")
async def update(call: Call, body: UpdateOrganization) -> OrganizationResponse:
    """Only the fields that are sent change. Lists are replaced whole; metadata is merged at its
    top level, where a null deletes a key."""
    changed = await organizations.update(
        call.rt, call.actor, call.path["organization_id"], plain(body)
    )
    return OrganizationResponse(organization=organization_document(changed))


@operation("organizations.delete", "DELETE", _ONE, "Delete an organization")
async def delete(call: Call, _: Nothing) -> DeletedOrganization:
    """With its members, sessions and connections, and with every External connection of other
    organizations that leads to one of these."""
    gone = await organizations.delete(call.rt, call.actor, call.path["organization_id"])
    return DeletedOrganization(organization_id=gone)


@operation("organizations.search", "POST", "/v1/b2b/organizations/search", "Search organizations")
async def search(call: Call, body: SearchOrganizations) -> OrganizationPage:
    """A page in the order of creation. Without a query: all."""
    query = body.query or SearchQuery()
    page = await organizations.search(
        call.rt,
        call.actor,
        operator=query.operator,
        operands=query.operands,
        cursor=body.cursor,
        limit=body.limit or 100,
    )
    return OrganizationPage(
        organizations=[organization_document(view) for view in page.items],
        results_metadata=ResultsMetadata(page.total, page.next_cursor),
    )


@operation("organizations.metrics", "GET", f"{_ONE}/metrics", "Count an organization's members")
async def metrics(call: Call, _: Nothing) -> Metrics:
    """Deleted members are not counted."""
    name = call.path["organization_id"]
    return Metrics(member_count=await organizations.count_members(call.rt, call.actor, name))


@operation(
    "organizations.delete_external_id",
    "DELETE",
    f"{_ONE}/external_id",
    "Take away an organization's external id",
)
async def delete_external_id(call: Call, _: Nothing) -> OrganizationResponse:
    """For the project secret only."""
    changed = await organizations.delete_external_id(
        call.rt, call.actor, call.path["organization_id"]
    )
    return OrganizationResponse(organization=organization_document(changed))


def plain(body: Request) -> dict[str, Any]:
    """The fields that were sent, as the use cases take them."""
    given = body.given()
    rules = given.get("rbac_email_implicit_role_assignments")
    if rules is not None:
        given["rbac_email_implicit_role_assignments"] = [
            {"domain": rule.domain, "role_id": rule.role_id} for rule in rules
        ]
    return given
