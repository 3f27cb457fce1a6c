"""Roles: what the policy grants, who holds which role and why, and whether that suffices.

Owns the policy (wire contract §7), the rules by which roles come to members and sessions, and
the table of what each operation of the API asks for. Does not know where any of it is stored.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from vestibule.errors import refusal

MEMBER_ROLE = "stytch_member"
ADMIN_ROLE = "stytch_admin"
ALL = "*"

SourceType = Literal[
    "direct_assignment", "email_assignment", "sso_connection", "sso_connection_group"
]


@dataclass(frozen=True, slots=True)
class Permission:
    resource_id: str
    actions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Role:
    role_id: str
    description: str = ""
    permissions: tuple[Permission, ...] = ()


@dataclass(frozen=True, slots=True)
class Resource:
    resource_id: str
    description: str = ""
    actions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Policy:
    """What the project's team defined; the built-in roles and resources are always part of it."""

    roles: tuple[Role, ...]
    resources: tuple[Resource, ...]


_MEMBER_INFO = (
    "update.info.name", "update.info.email", "update.info.untrusted-metadata",
    "update.info.mfa-phone", "update.info.delete.mfa-phone", "update.info.delete.mfa-totp",
    "update.info.delete.password", "update.info.unlink.retired-email",
)  # fmt: skip

BUILT_IN_RESOURCES = (
    Resource("stytch.organization", "The organization and its settings", (
        "update.info.name", "update.info.slug", "update.info.logo-url",
        "update.settings.allowed-auth-methods", "update.settings.allowed-mfa-methods",
        "update.settings.email-jit-provisioning", "update.settings.email-invites",
        "update.settings.allowed-domains", "update.settings.default-sso-connection",
        "update.settings.sso-jit-provisioning", "update.settings.mfa-policy",
        "update.settings.implicit-roles", "update.settings.oauth-tenant-jit-provisioning",
        "update.settings.allowed-oauth-tenants", "delete",
    )),
    Resource("stytch.member", "The organization's members", (
        "create", "search", "delete", "revoke-sessions", *_MEMBER_INFO,
        "update.settings.is-breakglass", "update.settings.mfa-enrolled",
        "update.settings.default-mfa-method", "update.settings.roles",
        "get.connected-apps", "revoke.connected-app",
    )),
    Resource("stytch.self", "The member's own person", (
        "delete", "revoke-sessions", *_MEMBER_INFO, "update.settings.mfa-enrolled",
        "update.settings.default-mfa-method", "get.connected-apps", "revoke.connected-app",
    )),
    Resource("stytch.sso", "The organization's connections", ("create", "get", "update", "delete")),
    Resource("stytch.scim", "The organization's directory", ("create", "get", "update", "delete")),
    Resource("stytch.custom-org-roles", "The organization's own roles",
             ("create", "get", "update", "delete")),
)  # fmt: skip

BUILT_IN_ROLES = (
    Role(MEMBER_ROLE, "Held by every member", (Permission("stytch.self", (ALL,)),)),
    Role(ADMIN_ROLE, "Administers the organization", tuple(
        Permission(resource, (ALL,))
        for resource in ("stytch.organization", "stytch.member", "stytch.sso", "stytch.scim")
    )),
)  # fmt: skip

DEFAULT_POLICY = Policy(BUILT_IN_ROLES, BUILT_IN_RESOURCES)


def build_policy(
    *,
    custom_roles: Sequence[Role] = (),
    custom_resources: Sequence[Resource] = (),
    member_permissions: Sequence[Permission] = (),
    admin_permissions: Sequence[Permission] = (),
) -> Policy:
    """Put the team's own roles and resources beside the built-in ones.

    What is given for the two built-in roles is added to what they always grant.

    Raises:
        invalid_stytch_prefixed_resource, invalid_wildcard_action,
        cannot_specify_wildcard_with_other_actions, rbac_policy_invalid.
    """
    for resource in custom_resources:
        if resource.resource_id.startswith("stytch"):
            raise refusal("invalid_stytch_prefixed_resource", got=resource.resource_id)
        if not resource.resource_id or ALL in resource.resource_id:
            raise refusal("rbac_policy_invalid", want="a resource id", got=resource.resource_id)
        for action in resource.actions:
            if not action or ALL in action:
                raise refusal("invalid_wildcard_action", got=action)
    resources = (*BUILT_IN_RESOURCES, *custom_resources)
    _require_unique("resource", [r.resource_id for r in resources])
    member, admin = BUILT_IN_ROLES
    roles = (
        Role(member.role_id, member.description, _added(member, member_permissions)),
        Role(admin.role_id, admin.description, _added(admin, admin_permissions)),
        *custom_roles,
    )
    policy = Policy(roles, resources)
    _require_unique("role", [r.role_id for r in roles])
    for role in roles:
        check_role(role, policy)
    return policy


def check_role(role: Role, policy: Policy) -> None:
    """Refuse a role that grants what the policy does not define."""
    if not role.role_id or len(role.role_id) > 128:
        raise refusal("invalid_rbac_role_id", want="1 to 128 characters", got=role.role_id)
    known = {resource.resource_id: resource.actions for resource in policy.resources}
    for permission in role.permissions:
        actions = known.get(permission.resource_id)
        if actions is None:
            raise refusal(
                "rbac_policy_invalid", want="a resource of the policy", got=permission.resource_id
            )
        if ALL in permission.actions:
            if len(permission.actions) > 1:
                raise refusal(
                    "cannot_specify_wildcard_with_other_actions", got=permission.resource_id
                )
            continue
        for action in permission.actions:
            if ALL in action:
                raise refusal("invalid_wildcard_action", got=action)
            if action not in actions:
                raise refusal(
                    "rbac_policy_invalid",
                    want=f"an action of {permission.resource_id}",
                    got=action,
                )


def check_custom_roles(roles: Sequence[Role], policy: Policy) -> None:
    """Refuse an organization's own roles that collide with the project's or with each other."""
    taken = {role.role_id for role in policy.roles}
    for role in roles:
        if role.role_id in taken or role.role_id.startswith("stytch"):
            raise refusal(
                "invalid_rbac_role_id", want="an id that the project does not use", got=role.role_id
            )
        taken.add(role.role_id)
        check_role(role, policy)


def check_assignable(role_ids: Iterable[str], known: Collection[str]) -> None:
    """Refuse to assign a role that nobody defined, or the one that everybody has."""
    for role_id in role_ids:
        if role_id == MEMBER_ROLE:
            raise refusal("cannot_assign_default_rbac_role_id", got=role_id)
        if role_id not in known:
            raise refusal("invalid_rbac_role_id", want="a role of the policy", got=role_id)


def role_ids(policy: Policy, custom_roles: Sequence[Role]) -> frozenset[str]:
    return frozenset(role.role_id for role in (*policy.roles, *custom_roles))


# --- who holds which role, and why --------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class GroupRole:
    """Everybody whose groups contain `group`, to the letter, holds `role_id`."""

    role_id: str
    group: str


@dataclass(frozen=True, slots=True)
class RoleRules:
    """What a login through one connection gives in the organization that owns these rules."""

    connection: tuple[str, ...] = ()
    groups: tuple[GroupRole, ...] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """A member's registration at one connection: its rules and the groups of the last login."""

    connection_id: str
    rules: RoleRules
    groups: frozenset[str]


class RoleSource(NamedTuple):
    """One reason to hold a role. `connection_id` is None unless a login gave it."""

    type: SourceType
    email_domain: str | None = None
    connection_id: str | None = None
    group: str | None = None

    @property
    def details(self) -> dict[str, str]:
        named = (
            ("email_domain", self.email_domain),
            ("connection_id", self.connection_id),
            ("group", self.group),
        )
        return {name: value for name, value in named if value is not None}


class MemberRole(NamedTuple):
    role_id: str
    sources: tuple[RoleSource, ...]


DIRECT = RoleSource("direct_assignment")


def member_roles(
    *,
    explicit: Sequence[str],
    email_domain: str,
    email_rules: Sequence[tuple[str, str]],
    standings: Sequence[Standing],
    known: Collection[str],
) -> tuple[MemberRole, ...]:
    """Work out every role of a member with all its sources, in a stable order (§7.3).

    Args:
        explicit: role ids assigned by hand.
        email_domain: the domain of the member's address, lower case.
        email_rules: the organization's (domain, role_id) rules.
        standings: one for each connection that the member is registered with. The caller gives
            only connections of the member's own organization that are open at this moment.
        known: role ids that exist; a rule for a role that was deleted gives nothing.
    """
    sources: dict[str, list[RoleSource]] = {MEMBER_ROLE: [DIRECT]}

    def give(role_id: str, source: RoleSource) -> None:
        if role_id in known:
            held = sources.get(role_id)
            if held is None:
                sources[role_id] = [source]
            elif source not in held:
                held.append(source)

    for role_id in explicit:
        give(role_id, DIRECT)
    for domain, role_id in email_rules:
        if domain == email_domain:
            give(role_id, RoleSource("email_assignment", email_domain=domain))
    for standing in standings:
        for role_id in standing.rules.connection:
            give(role_id, RoleSource("sso_connection", connection_id=standing.connection_id))
        name, groups = standing.connection_id, standing.groups
        for rule in standing.rules.groups:
            if rule.group in groups:
                source = RoleSource("sso_connection_group", None, name, rule.group)
                give(rule.role_id, source)
    return tuple(MemberRole(role_id, tuple(held)) for role_id, held in sources.items())


def session_roles(roles: Sequence[MemberRole], connection_ids: Collection[str]) -> tuple[str, ...]:
    """The roles that count in a session: those from a login only with that connection's factor.

    `connection_ids` are the connections whose factors the session holds. Sorted (§5.6).
    """
    return tuple(
        sorted(
            role.role_id
            for role in roles
            if any(
                source.connection_id is None or source.connection_id in connection_ids
                for source in role.sources
            )
        )
    )


def granting_roles(
    held: Collection[str],
    resource_id: str,
    action: str,
    policy: Policy,
    custom_roles: Sequence[Role],
) -> tuple[str, ...]:
    """Which of the held roles grant `resource_id:action`; empty means no (§7.5)."""
    return tuple(
        role.role_id
        for role in (*policy.roles, *custom_roles)
        if role.role_id in held
        and any(
            permission.resource_id == resource_id
            and (ALL in permission.actions or action in permission.actions)
            for permission in role.permissions
        )
    )


# --- what each operation asks for ---------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Rule:
    """What a call on behalf of a member needs.

    `resource` None: the operation is for the project secret alone. `fields` maps each field of
    the body to its own action; a field that maps to None may not be sent by a member at all.
    `self_resource`: the same action there also suffices when the target is the caller's own
    member, except for `not_self` fields.
    """

    resource: str | None = None
    action: str = ""
    fields: Mapping[str, str | None] = field(default_factory=dict)
    self_resource: str | None = None
    not_self: frozenset[str] = frozenset()


_ORGANIZATION = "stytch.organization"
_MEMBER = "stytch.member"
_SELF = "stytch.self"
_SSO = "stytch.sso"
SECRET_ONLY = Rule()

OPERATION_RULES: Mapping[str, Rule] = {
    "organizations.update": Rule(_ORGANIZATION, fields={
        "organization_name": "update.info.name",
        "organization_slug": "update.info.slug",
        "organization_logo_url": "update.info.logo-url",
        "organization_external_id": None,
        "trusted_metadata": None,
        "claimed_email_domains": None,
        "sso_default_connection_id": "update.settings.default-sso-connection",
        "sso_jit_provisioning": "update.settings.sso-jit-provisioning",
        "sso_jit_provisioning_allowed_connections": "update.settings.sso-jit-provisioning",
        "email_allowed_domains": "update.settings.allowed-domains",
        "email_jit_provisioning": "update.settings.email-jit-provisioning",
        "email_invites": "update.settings.email-invites",
        "auth_methods": "update.settings.allowed-auth-methods",
        "allowed_auth_methods": "update.settings.allowed-auth-methods",
        "mfa_policy": "update.settings.mfa-policy",
        "mfa_methods": "update.settings.allowed-mfa-methods",
        "allowed_mfa_methods": "update.settings.allowed-mfa-methods",
        "rbac_email_implicit_role_assignments": "update.settings.implicit-roles",
        "oauth_tenant_jit_provisioning": "update.settings.oauth-tenant-jit-provisioning",
        "allowed_oauth_tenants": "update.settings.allowed-oauth-tenants",
        "first_party_connected_apps_allowed_type": None,
        "allowed_first_party_connected_apps": None,
        "third_party_connected_apps_allowed_type": None,
        "allowed_third_party_connected_apps": None,
    }),
    "organizations.delete": Rule(_ORGANIZATION, "delete"),
    "organizations_members.create": Rule(
        _MEMBER, "create", fields={"trusted_metadata": None, "external_id": None}
    ),
    "organizations_members.update": Rule(
        _MEMBER,
        fields={
            "name": "update.info.name",
            "untrusted_metadata": "update.info.untrusted-metadata",
            "trusted_metadata": None,
            "external_id": None,
            "is_breakglass": "update.settings.is-breakglass",
            "mfa_phone_number": "update.info.mfa-phone",
            "mfa_enrolled": "update.settings.mfa-enrolled",
            "default_mfa_method": "update.settings.default-mfa-method",
            "roles": "update.settings.roles",
            "email_address": "update.info.email",
        },
        self_resource=_SELF,
        not_self=frozenset({"roles", "is_breakglass", "email_address"}),
    ),
    "organizations_members.delete": Rule(_MEMBER, "delete", self_resource=_SELF),
    "organizations_members.reactivate": Rule(_MEMBER, "create"),
    "organizations_members.search": Rule(_MEMBER, "search"),
    "organizations_members.delete_mfa_phone_number": Rule(
        _MEMBER, "update.info.delete.mfa-phone", self_resource=_SELF
    ),
    "organizations_members.delete_totp": Rule(
        _MEMBER, "update.info.delete.mfa-totp", self_resource=_SELF
    ),
    "organizations_members.unlink_retired_email": Rule(
        _MEMBER, "update.info.unlink.retired-email", self_resource=_SELF
    ),
    "organizations_members.start_email_update": Rule(
        _MEMBER, "update.info.email", self_resource=_SELF
    ),
    "magic_links_email.invite": Rule(_MEMBER, "create", fields={"trusted_metadata": None}),
    "organizations.check_lockout": Rule(_MEMBER, "search"),
    "sso.get_connections": Rule(_SSO, "get"),
    "sso.delete_connection": Rule(_SSO, "delete"),
    "sso.create_connection": Rule(_SSO, "create"),
    "sso.update_connection": Rule(_SSO, "update"),
    "organizations.get_domains": Rule(_ORGANIZATION, "update.settings.allowed-domains"),
    "organizations.verify_domain": Rule(_ORGANIZATION, "update.settings.allowed-domains"),
    "organizations.delete_domain": Rule(_ORGANIZATION, "update.settings.allowed-domains"),
    "setup_links.issue_portal_token": Rule(_SSO, "update", fields={"scopes": "create"}),
    "sessions.revoke": Rule(_MEMBER, "revoke-sessions", self_resource=_SELF),
    "scim_connection.get": Rule("stytch.scim", "get"),
}  # fmt: skip


def _added(role: Role, more: Sequence[Permission]) -> tuple[Permission, ...]:
    """The built-in permissions, with those that are new joined per resource."""
    actions = {permission.resource_id: permission.actions for permission in role.permissions}
    for permission in more:
        held = actions.get(permission.resource_id, ())
        if ALL in held:
            continue
        if ALL in permission.actions:
            actions[permission.resource_id] = permission.actions
        else:
            fresh = tuple(action for action in permission.actions if action not in held)
            actions[permission.resource_id] = (*held, *fresh)
    return tuple(Permission(resource_id, held) for resource_id, held in actions.items())


def _require_unique(what: str, names: Sequence[str]) -> None:
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise refusal("rbac_policy_invalid", want=f"every {what} once", got=twice)
