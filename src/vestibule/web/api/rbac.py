"""The API of the policy: the project's, an organization's own roles, and the management wire."""

from __future__ import annotations

from collections.abc import Sequence
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
from vestibule.errors import refusal
from vestibule.services import organizations, projects
from vestibule.web.api.registry import Call, Nothing, Request, Response, operation
from vestibule.web.api.schemas import (
    PermissionDocument,
    PolicyDocument,
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


class ManagedResource(msgspec.Struct, kw_only=True):
    """The management wire calls them `available_actions`; `actions`, as the policy itself has
    them, is read as well and always shown."""

    resource_id: str
    description: str = ""
    available_actions: Sequence[str] | None = None
    actions: Sequence[str] | None = None


class ManagedPolicyChanges(msgspec.Struct, kw_only=True):
    custom_roles: list[RoleDocument] | None = None
    custom_resources: list[ManagedResource] | None = None
    custom_scopes: list[dict[str, Any]] | None = None
    stytch_member: BuiltInRole | None = None
    stytch_admin: BuiltInRole | None = None


class ManagedPolicy(msgspec.Struct, kw_only=True):
    """The policy as the management wire has it: what is built in and what the team added."""

    stytch_resources: list[ManagedResource] = []
    custom_roles: list[RoleDocument] = []
    custom_resources: list[ManagedResource] = []
    custom_scopes: list[dict[str, Any]] = []
    stytch_member: BuiltInRole = msgspec.field(default_factory=BuiltInRole)
    stytch_admin: BuiltInRole = msgspec.field(default_factory=BuiltInRole)


class ManagedPolicyRequest(Request):
    """The official clients send the parts by themselves; inside `policy` they are read as well, so
    that what GET answered can be sent back."""

    policy: ManagedPolicyChanges | None = None
    custom_roles: list[RoleDocument] | None = None
    custom_resources: list[ManagedResource] | None = None
    custom_scopes: list[dict[str, Any]] | None = None
    stytch_member: BuiltInRole | None = None
    stytch_admin: BuiltInRole | None = None


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
    they always do: a part that is left out is empty afterwards, and a body without any part is
    refused. Scopes are for tokens that are not issued here, so there can be none."""
    parts = body.given()
    nested = parts.pop("policy", None)
    if nested is not None and parts:
        raise refusal("field_invalid", want="the parts once", got="both forms of them")
    if nested is None and not parts:
        raise refusal("field_missing", want="custom_roles, or another part of the policy")
    given = nested or ManagedPolicyChanges(**parts)
    if given.custom_scopes:
        raise refusal("field_invalid", want="no custom_scopes: no such tokens are issued")
    made = build_policy(
        custom_roles=[read_role(role) for role in given.custom_roles or ()],
        custom_resources=[_resource(resource) for resource in given.custom_resources or ()],
        member_permissions=_permissions(given.stytch_member),
        admin_permissions=_permissions(given.stytch_admin),
    )
    changed = await projects.set_policy(call.rt, call.project, made)
    return ManagedPolicyResponse(policy=_managed(changed.policy))


def _resource(given: ManagedResource) -> Resource:
    named, plain = given.available_actions, given.actions
    if named is not None and plain is not None and list(named) != list(plain):
        raise refusal("field_invalid", want="available_actions and actions that say the same")
    actions = plain if named is None else named
    if actions is None:
        raise refusal("field_missing", want="custom_resources.available_actions")
    return Resource(given.resource_id, given.description, tuple(actions))


def _permissions(role: BuiltInRole | None) -> list[Permission]:
    return [Permission(p.resource_id, tuple(p.actions)) for p in role.permissions] if role else []


def _managed(found: DomainPolicy) -> ManagedPolicy:
    built_in = {r.resource_id for r in BUILT_IN_RESOURCES}
    resources = [
        ManagedResource(
            resource_id=r.resource_id,
            description=r.description,
            available_actions=r.actions,
            actions=r.actions,
        )
        for r in found.resources
    ]
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
