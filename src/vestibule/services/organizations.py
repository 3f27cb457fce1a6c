"""Organizations: create, read, change, delete, search."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from vestibule.domain.attributes import read_email
from vestibule.domain.connections import ExternalConnection
from vestibule.domain.members import may_provision
from vestibule.domain.metadata import check_metadata, merge_metadata
from vestibule.domain.organizations import (
    EmailRole,
    Organization,
    OrganizationSettings,
    check_external_id,
    check_logo_url,
    check_name,
    check_settings,
    check_slug,
    slug_of,
)
from vestibule.domain.projects import Project
from vestibule.domain.rbac import MEMBER_ROLE, Role, check_custom_roles, role_ids
from vestibule.errors import refusal
from vestibule.services.audit import record
from vestibule.services.rbac import Actor, authorize
from vestibule.services.runtime import Runtime
from vestibule.services.search import (
    Operand,
    check_operands,
    filter_of,
    fuzzy_value,
    list_value,
    make_cursor,
    matches_all,
    read_cursor,
)
from vestibule.services.sharing import delete_connection, end_external_connections
from vestibule.storage import Tx
from vestibule.storage import organizations as rows
from vestibule.storage.organizations import ActiveConnection

_SETTINGS = tuple(field.name for field in fields(OrganizationSettings))
# One address may lead to so many organizations before anybody has signed in.
MAX_DISCOVERED = 50
# Settings that name connections cannot be given before there are any.
_UPDATE_ONLY = frozenset({"sso_default_connection_id", "sso_jit_provisioning_allowed_connections"})
_AUTH_SETTINGS = frozenset({
    "sso_jit_provisioning", "email_allowed_domains", "email_jit_provisioning", "email_invites",
    "auth_methods", "allowed_auth_methods", "mfa_policy",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class OrganizationView:
    """An organization as it is shown: with the doors that are open at this moment."""

    organization: Organization
    active_connections: Sequence[ActiveConnection]


@dataclass(frozen=True, slots=True)
class Page:
    items: Sequence[OrganizationView]
    total: int
    next_cursor: str | None


def resolve(
    tx: Tx,
    actor: Actor,
    name: str,
    operation: str,
    *,
    fields: Sequence[str] = (),
    member_id: str | None = None,
    certificates_of: str | None = None,
) -> Organization:
    """Find an organization by id, external id or slug, and ask whether the actor may do this.

    Raises:
        organization_not_found, and what `authorize` raises. A member who names another
        organization is told the same whether or not it exists.
    """
    found = tx.organizations.find_by_any(actor.project.project_id, name) if name else None
    authorize(
        actor,
        operation,
        found.organization_id if found else None,
        fields=fields,
        member_id=member_id,
        certificates_of=certificates_of,
    )
    if found is None:
        raise refusal("organization_not_found", got=name)
    return found


def resolve_all(tx: Tx, actor: Actor, names: Sequence[str], operation: str) -> list[Organization]:
    """The same for many organizations in one query, each of them once."""
    found = tx.organizations.find_all_by_any(actor.project.project_id, names)
    resolved: dict[str, Organization] = {}
    for name in names:
        one = found.get(name)
        authorize(actor, operation, one.organization_id if one else None)
        if one is None:
            raise refusal("organization_not_found", got=name)
        resolved[one.organization_id] = one
    return list(resolved.values())


def view(tx: Tx, organization: Organization) -> OrganizationView:
    return OrganizationView(
        organization, tx.organizations.active_connections(organization.organization_id)
    )


def views(tx: Tx, organizations: Sequence[Organization]) -> list[OrganizationView]:
    active = tx.organizations.active_connections_of([o.organization_id for o in organizations])
    return [OrganizationView(o, active[o.organization_id]) for o in organizations]


async def create(rt: Runtime, actor: Actor, changes: Mapping[str, object]) -> OrganizationView:
    """Create an organization from the wire's fields; `organization_name` is the only needed one."""
    authorize(actor, "organizations.create", None)
    return await rt.store.write(lambda tx: OrganizationView(establish(rt, tx, actor, changes), ()))


def establish(rt: Runtime, tx: Tx, actor: Actor, changes: Mapping[str, object]) -> Organization:
    """The same inside of a transaction that is open already; who may is the caller's to ask."""
    project = actor.project
    name = check_name(str(changes.get("organization_name") or ""))
    slug = str(changes.get("organization_slug") or "")
    now = rt.now()
    given = {key: value for key, value in changes.items() if key not in _UPDATE_ONLY}
    settings = OrganizationSettings()
    if _AUTH_SETTINGS & given.keys():
        settings = replace(settings, email_invites="NOT_ALLOWED")
    new = Organization(
        organization_id=rt.new_id("organization", project.environment),
        project_id=project.project_id,
        name=name,
        slug=check_slug(slug) if slug else slug_of(name),
        created_at=now,
        updated_at=now,
        settings=settings,
    )
    organization = _changed(tx, actor, new, given)
    if not slug:
        organization = replace(organization, slug=_free_slug(tx, project.project_id, new.slug))
    elif tx.organizations.slug_taken(project.project_id, slug):
        raise refusal("organization_slug_already_used", got=slug)
    tx.organizations.insert(organization)
    record(tx, rt, actor, organization.organization_id, "organization.created")
    return organization


async def get(rt: Runtime, actor: Actor, name: str) -> OrganizationView:
    return await rt.store.read(lambda tx: view(tx, resolve(tx, actor, name, "organizations.get")))


async def find_by_slug(rt: Runtime, project: Project, slug: str) -> OrganizationView | None:
    """For a login page, before anybody has signed in: by the slug alone, never by an id."""

    def work(tx: Tx) -> OrganizationView | None:
        found = tx.organizations.find_by_slug(project.project_id, slug)
        return view(tx, found) if found else None

    return await rt.store.read(work)


async def connections_for(
    rt: Runtime, project: Project, email_address: str
) -> Sequence[ActiveConnection]:
    """The open doors of organizations that a person with this address may enter: as a member, or
    because the organization names the domain and lets that connection make members."""
    address = read_email(email_address)

    def work(tx: Tx) -> Sequence[ActiveConnection]:
        found = tx.organizations.of_address(project.project_id, address, limit=MAX_DISCOVERED)
        names = [o.organization_id for o in found]
        inside = tx.organizations.members_of(names, address)
        open_doors = tx.organizations.active_connections_of(names)
        return [
            door
            for o in found
            for door in open_doors[o.organization_id]
            if o.organization_id in inside or may_provision(o.settings, door.connection_id)
        ]

    return await rt.store.read(work)


async def update(
    rt: Runtime, actor: Actor, name: str, changes: Mapping[str, object]
) -> OrganizationView:
    """Change the given fields, and only those (§2.2)."""

    def work(tx: Tx) -> OrganizationView:
        old = resolve(tx, actor, name, "organizations.update", fields=list(changes))
        new = replace(_changed(tx, actor, old, changes), updated_at=rt.now())
        if new.slug != old.slug and tx.organizations.slug_taken(old.project_id, new.slug):
            raise refusal("organization_slug_already_used", got=new.slug)
        tx.organizations.update(new)
        record(
            tx, rt, actor, old.organization_id, "organization.updated",
            fields=", ".join(sorted(changes)),
        )  # fmt: skip
        return view(tx, new)

    return await rt.store.write(work)


async def delete(rt: Runtime, actor: Actor, name: str) -> str:
    """Delete an organization with its members, sessions and connections, and every External
    connection of others that leads to one of these (decision 4)."""

    def work(tx: Tx) -> str:
        organization = resolve(tx, actor, name, "organizations.delete")
        for connection in tx.connections.all_of(organization.organization_id):
            end_external_connections(tx, rt, actor, connection)
            if isinstance(connection, ExternalConnection):
                # Its owner is another organization, whose log has to tell of the end as well.
                delete_connection(tx, rt, actor, connection)
        tx.organizations.delete(organization.organization_id)
        record(tx, rt, actor, organization.organization_id, "organization.deleted")
        return organization.organization_id

    return await rt.store.write(work)


async def delete_external_id(rt: Runtime, actor: Actor, name: str) -> OrganizationView:
    def work(tx: Tx) -> OrganizationView:
        old = resolve(tx, actor, name, "organizations.delete_external_id")
        new = replace(old, external_id=None, updated_at=rt.now())
        tx.organizations.update(new)
        return view(tx, new)

    return await rt.store.write(work)


async def count_members(rt: Runtime, actor: Actor, name: str) -> int:
    return await rt.store.read(
        lambda tx: tx.organizations.count_members(
            resolve(tx, actor, name, "organizations.metrics").organization_id
        )
    )


@dataclass(frozen=True, slots=True)
class Ending:
    """What would end with an organization. `receivers` are the names of others that enter through
    its connections, once for each of their External connections."""

    members: int
    sessions: int
    connections: int
    receivers: Sequence[str]


async def ending(rt: Runtime, actor: Actor, name: str) -> Ending:
    """What `delete` would end, in numbers."""

    def work(tx: Tx) -> Ending:
        found = resolve(tx, actor, name, "organizations.delete").organization_id
        return Ending(
            tx.organizations.count_members(found),
            tx.sessions.count_of_organization(found, rt.now()),
            tx.connections.count(found),
            tx.connections.receivers_of(found),
        )

    return await rt.store.read(work)


async def get_roles(rt: Runtime, actor: Actor, name: str) -> tuple[Role, ...]:
    """The organization's own roles (§7.6)."""
    return await rt.store.read(
        lambda tx: resolve(tx, actor, name, "rbac_organizations.get_org_policy").custom_roles
    )


async def set_roles(
    rt: Runtime, actor: Actor, name: str, roles: tuple[Role, ...]
) -> tuple[Role, ...]:
    """Replace the organization's own roles. A role that goes stops to count at once."""

    return await change_roles(rt, actor, name, lambda _: roles)


async def change_roles(
    rt: Runtime,
    actor: Actor,
    name: str,
    change: Callable[[tuple[Role, ...]], tuple[Role, ...]],
) -> tuple[Role, ...]:
    """The same, worked out from the roles as they stand in that very transaction."""

    def work(tx: Tx) -> tuple[Role, ...]:
        old = resolve(tx, actor, name, "rbac_organizations.set_org_policy")
        roles = change(old.custom_roles)
        check_custom_roles(roles, actor.project.policy)
        tx.organizations.update(replace(old, custom_roles=roles, updated_at=rt.now()))
        record(tx, rt, actor, old.organization_id, "organization.roles_replaced")
        return roles

    return await rt.store.write(work)


def _changed(
    tx: Tx, actor: Actor, old: Organization, changes: Mapping[str, object]
) -> Organization:
    """The organization with the wire's fields applied and everything checked but the slug's use."""
    new = old
    if "organization_name" in changes:
        new = replace(new, name=check_name(str(changes["organization_name"])))
    if changes.get("organization_slug"):
        new = replace(new, slug=check_slug(str(changes["organization_slug"])))
    if "organization_logo_url" in changes:
        new = replace(new, logo_url=check_logo_url(str(changes["organization_logo_url"])))
    if external_id := changes.get("organization_external_id"):
        new = replace(new, external_id=check_external_id(str(external_id)))
        if new.external_id != old.external_id and tx.organizations.external_id_taken(
            old.project_id, str(external_id)
        ):
            raise refusal("organization_external_id_already_used", got=str(external_id))
    metadata = changes.get("trusted_metadata")
    if isinstance(metadata, Mapping):
        new = replace(new, trusted_metadata=merge_metadata(old.trusted_metadata, metadata))
        check_metadata(dict(new.trusted_metadata))
    asked = {name: changes[name] for name in _SETTINGS if name in changes}
    settings = check_settings(replace(old.settings, **_settings(asked)))
    _check_connections(tx, old, settings, asked)
    known = role_ids(actor.project.policy, old.custom_roles)
    for rule in settings.rbac_email_implicit_role_assignments:
        if rule.role_id not in known or rule.role_id == MEMBER_ROLE:
            raise refusal("invalid_rbac_role_id", want="a role of the policy", got=rule.role_id)
    return replace(new, settings=settings)


def _settings(asked: Mapping[str, object]) -> dict[str, Any]:
    """The wire's values in the domain's types; their shape was checked at the door."""
    values: dict[str, Any] = dict(asked)
    for name, value in asked.items():
        if isinstance(value, list | tuple):
            values[name] = tuple(value)
    if values.get("sso_default_connection_id") == "":
        values["sso_default_connection_id"] = None
    rules = values.get("rbac_email_implicit_role_assignments")
    if isinstance(rules, tuple):
        values["rbac_email_implicit_role_assignments"] = tuple(
            rule if isinstance(rule, EmailRole) else EmailRole(**rule) for rule in rules
        )
    return values


def _check_connections(
    tx: Tx, old: Organization, settings: OrganizationSettings, asked: Mapping[str, object]
) -> None:
    """What the settings name must be open doors of this very organization."""
    if not _UPDATE_ONLY & asked.keys():
        return
    own = {c.connection_id for c in tx.organizations.active_connections(old.organization_id)}
    default = settings.sso_default_connection_id
    if default is not None and default not in own:
        raise refusal("invalid_sso_default_connection_id", got=default)
    for connection_id in settings.sso_jit_provisioning_allowed_connections:
        if connection_id not in own:
            raise refusal(
                "invalid_restricted_sso_setting", want="active connections of the organization",
                got=connection_id,
            )  # fmt: skip


def _free_slug(tx: Tx, project_id: str, slug: str) -> str:
    candidate, number = slug, 1
    while tx.organizations.slug_taken(project_id, candidate):
        number += 1
        candidate = f"{slug}-{number}"
    return candidate


# --- search -------------------------------------------------------------------------------------


async def search(
    rt: Runtime,
    actor: Actor,
    *,
    operator: str,
    operands: Sequence[Operand],
    cursor: str | None,
    limit: int,
) -> Page:
    """A page of organizations in the order of creation (§2.2)."""
    authorize(actor, "organizations.search", None)
    check_operands(operands)
    match_all = matches_all(operator)
    conditions = [_condition(operand) for operand in operands]
    after = read_cursor(cursor)

    def work(tx: Tx) -> Page:
        found, total, more = tx.organizations.search(
            actor.project.project_id,
            conditions,
            match_all=match_all,
            after=after,
            limit=limit,
        )
        return Page(views(tx, found), total, make_cursor(more))

    return await rt.store.read(work)


def _condition(operand: Operand) -> rows.Condition:
    name, value = filter_of(operand, "organization_search")
    texts: Mapping[str, tuple[Callable[[str], rows.Condition], str]] = {
        "organization_slug_fuzzy": (rows.slug_contains, "organization_slug"),
        "organization_name_fuzzy": (rows.name_contains, "organization_name"),
        "member_email_fuzzy": (rows.member_email_contains, "member_email"),
        "allowed_domain_fuzzy": (lambda v: rows.domain_contains("allowed", v), "allowed_domain"),
    }
    lists: Mapping[str, Callable[[Sequence[str]], rows.Condition]] = {
        "organization_ids": rows.with_ids,
        "organization_slugs": rows.with_slugs,
        "member_emails": lambda v: rows.with_member_emails([e.lower() for e in v]),
        "allowed_domains": lambda v: rows.with_domains("allowed", v),
        "claimed_email_domains": lambda v: rows.with_domains("claimed", v),
    }
    if name in texts:
        build, stem = texts[name]
        return build(fuzzy_value(value, f"organization_search_{stem}_fuzzy_too_short",
                                 "organization_search_expected_string"))  # fmt: skip
    if name in lists:
        return lists[name](list_value(value, "organization_search_expected_array_of_strings"))
    if name == "has_active_sso_connection":
        if not isinstance(value, bool):
            raise refusal("organization_search_expected_boolean", got=name)
        return rows.with_active_connection(value)
    if name == "sso_connection_id":
        if not isinstance(value, str):
            raise refusal("organization_search_expected_string", got=name)
        return rows.with_connection(value)
    raise refusal("organization_search_filter_name_not_recognized", got=name)
