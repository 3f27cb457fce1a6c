"""The API of the policy: the project's, an organization's own roles, and the management wire."""

from __future__ import annotations

from typing import Any

import msgspec

from vestibule.domain.rbac import (
    ADMIN_ROLE,
    BUILT_IN_RESOURCES,
    MEMBER_ROLE,
    Permission,
    Resource,
    build_policy,
)
from vestibule.domain.rbac import Policy as DomainPolicy
from vestibule.services import organizations, projects
from vestibule.web.api.registry import Call, Nothing, Request, Response, operation
from vestibule.web.api.schemas import (
    PermissionDocument,
    PolicyDocument,
    ResourceDocument,
    RoleDocument,
    policy_document,
    read_role,
    role_document,
)


class PolicyResponse(Response):
    policy: PolicyDocument


class OrgPolicy(msgspec.Struct):
    roles: list[RoleDocument] = []


class OrgPolicyRequest(Request):
    org_policy: OrgPolicy


class OrgPolicyResponse(Response):
    org_policy: OrgPolicy


class BuiltInRole(msgspec.Struct):
    permissions: list[PermissionDocument] = []
    role_id: str = ""
    description: str = ""


class ManagedPolicy(msgspec.Struct, kw_only=True):
    """The policy as the management wire has it: what is built in and what the team added."""

    stytch_resources: list[ResourceDocument] = []
    custom_roles: list[RoleDocument] = []
    custom_resources: list[ResourceDocument] = []
    custom_scopes: list[dict[str, Any]] = []
    stytch_member: BuiltInRole = msgspec.field(default_factory=BuiltInRole)
    stytch_admin: BuiltInRole = msgspec.field(default_factory=BuiltInRole)


class ManagedPolicyRequest(Request):
    policy: ManagedPolicy


class ManagedPolicyResponse(Response):
    policy: ManagedPolicy


@operation("rbac.policy", "GET", "/v1/b2b/rbac/policy", "Get the project's policy")
async def policy(call: Call, _: Nothing) -> PolicyResponse:
    """Roles, resources and their actions, the built-in ones included."""
    return PolicyResponse(policy=policy_document(call.project.policy))


_ORG = "/v1/b2b/rbac/organizations/{organization_id}"


@operation(
    "rbac_organizations.get_org_policy", "GET", _ORG, "Get the roles of an organization's own"
)
async def get_org_policy(call: Call, _: Nothing) -> OrgPolicyResponse:
    """An empty list when there are none."""
    roles = await organizations.get_roles(call.rt, call.actor, call.path["organization_id"])
    return OrgPolicyResponse(org_policy=OrgPolicy([role_document(r) for r in roles]))


@operation(
    "rbac_organizations.set_org_policy", "PUT", _ORG, "Set the roles of an organization's own"
)
async def set_org_policy(call: Call, body: OrgPolicyRequest) -> OrgPolicyResponse:
    """Replaces them all. Their ids must not be those of the project's roles."""
    roles = tuple(read_role(role) for role in body.org_policy.roles)
    kept = await organizations.set_roles(call.rt, call.actor, call.path["organization_id"], roles)
    return OrgPolicyResponse(org_policy=OrgPolicy([role_document(r) for r in kept]))


_MANAGED = "/pwa/v3/projects/{project_slug}/environments/{environment_slug}/rbac_policy"


@operation(
    "management.rbac_policy.get", "GET", _MANAGED, "Get the policy for management",
    auth="workspace",
)  # fmt: skip
async def get_managed_policy(call: Call, _: Nothing) -> ManagedPolicyResponse:
    """With a workspace key, or with the project's own id and secret."""
    return ManagedPolicyResponse(policy=_managed(call.project.policy))


@operation("management.rbac_policy.set", "PUT", _MANAGED, "Set the policy", auth="workspace")
async def set_managed_policy(call: Call, body: ManagedPolicyRequest) -> ManagedPolicyResponse:
    """Replaces the team's own roles and resources, and what the built-in roles grant beyond what
    they always do."""
    given = body.policy
    made = build_policy(
        custom_roles=[read_role(role) for role in given.custom_roles],
        custom_resources=[
            Resource(r.resource_id, r.description, tuple(r.actions)) for r in given.custom_resources
        ],
        member_permissions=_permissions(given.stytch_member),
        admin_permissions=_permissions(given.stytch_admin),
    )
    changed = await projects.set_policy(call.rt, call.project, made)
    return ManagedPolicyResponse(policy=_managed(changed.policy))


def _permissions(role: BuiltInRole) -> list[Permission]:
    return [Permission(p.resource_id, tuple(p.actions)) for p in role.permissions]


def _managed(found: DomainPolicy) -> ManagedPolicy:
    built_in = {r.resource_id for r in BUILT_IN_RESOURCES}
    resources = [ResourceDocument(r.resource_id, r.description, r.actions) for r in found.resources]
    roles = {role.role_id: role_document(role) for role in found.roles}
    return ManagedPolicy(
        stytch_resources=[r for r in resources if r.resource_id in built_in],
        custom_resources=[r for r in resources if r.resource_id not in built_in],
        custom_roles=[r for name, r in roles.items() if name not in (MEMBER_ROLE, ADMIN_ROLE)],
        stytch_member=_built_in(roles[MEMBER_ROLE]),
        stytch_admin=_built_in(roles[ADMIN_ROLE]),
    )


def _built_in(role: RoleDocument) -> BuiltInRole:
    return BuiltInRole(role.permissions, role.role_id, role.description)
