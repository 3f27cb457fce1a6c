"""Members: create, read, change, delete, search; and how a login becomes one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from vestibule.domain.attributes import Profile, email_domain, email_key, read_email
from vestibule.domain.connections import LoginRoute
from vestibule.domain.logins import VerifiedIdentity
from vestibule.domain.members import (
    Admission,
    Member,
    Registration,
    RetiredEmail,
    decide_admission,
    email_id,
)
from vestibule.domain.metadata import MAX_BYTES, MAX_KEYS, merge_metadata, promote
from vestibule.domain.organizations import Organization, check_external_id
from vestibule.domain.projects import Project
from vestibule.domain.rbac import (
    MEMBER_ROLE,
    MemberRole,
    RoleRules,
    Standing,
    check_assignable,
    member_roles,
    role_ids,
)
from vestibule.errors import VestibuleError, refusal
from vestibule.services.audit import record
from vestibule.services.organizations import OrganizationView, resolve, resolve_all, view, views
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
from vestibule.storage import Tx, role_sources
from vestibule.storage import members as rows

# How many reasons to hold a role one search may look for: 1,000 connections with 40 rules each.
# Each is a number of 20 digits in the statement, which stays below a megabyte, and a step down an
# index.
_MAX_ROLE_SOURCES = 40_000


@dataclass(frozen=True, slots=True)
class MemberView:
    """A member as they are shown: with their registrations, and every role with its sources."""

    member: Member
    registrations: Sequence[Registration]
    roles: Sequence[MemberRole]
    organization: OrganizationView


@dataclass(frozen=True, slots=True)
class Page:
    items: Sequence[MemberView]
    organizations: Sequence[OrganizationView]
    total: int
    next_cursor: str | None


def roles_of(
    project: Project,
    organization: Organization,
    member: Member,
    registrations: Sequence[Registration],
) -> tuple[MemberRole, ...]:
    """Every role of a member with its sources, by the rules as they stand now (§7.3).

    Only registrations at open connections of this very organization count.
    """
    return member_roles(
        explicit=member.explicit_roles,
        email_domain=email_domain(member.email_address),
        email_rules=[
            (rule.domain, rule.role_id)
            for rule in organization.settings.rbac_email_implicit_role_assignments
        ],
        standings=[
            Standing(r.connection_id, r.rules, frozenset(r.groups))
            for r in registrations
            if r.open and r.organization_id == organization.organization_id
        ],
        known=role_ids(project.policy, organization.custom_roles),
    )


def member_view(
    tx: Tx, project: Project, organization: OrganizationView, member: Member
) -> MemberView:
    registrations = tx.members.registrations(member.member_id)
    roles = roles_of(project, organization.organization, member, registrations)
    return MemberView(member, registrations, roles, organization)


def find_member(tx: Tx, organization_id: str, name: str) -> Member | None:
    """By id, or by the application's external id (§1.3). Deleted members only by id."""
    found = tx.members.find(organization_id, name)
    return found or tx.members.find_by_external_id(organization_id, name)


async def create(
    rt: Runtime, actor: Actor, organization_name: str, changes: Mapping[str, Any]
) -> MemberView:
    address = read_email(str(changes.get("email_address") or ""))
    now = rt.now()
    new = Member(
        member_id=rt.new_id("member", actor.project.environment),
        organization_id="",
        email_address=address,
        status="pending" if changes.get("create_member_as_pending") else "active",
        created_at=now,
        updated_at=now,
    )

    def work(tx: Tx) -> MemberView:
        organization = resolve(
            tx, actor, organization_name, "organizations_members.create", fields=list(changes)
        )
        member = replace(new, organization_id=organization.organization_id)
        require_free(tx, member.organization_id, address)
        member = with_changes(tx, actor, organization, member, changes)
        tx.members.insert(member, actor.project.project_id)
        record(tx, rt, actor, member.organization_id, "member.created", member.member_id)
        return member_view(tx, actor.project, view(tx, organization), member)

    return await rt.store.write(work)


async def get(
    rt: Runtime,
    actor: Actor,
    organization_name: str,
    *,
    member_id: str | None,
    email_address: str | None = None,
    include_deleted: bool = False,
) -> MemberView:
    """Exactly one of the two names the member; a deleted one is found by id, where asked for."""
    if (member_id is None) == (email_address is None):
        raise refusal("field_missing", want="one of member_id and email_address")

    def work(tx: Tx) -> MemberView:
        organization = resolve(tx, actor, organization_name, "organizations_members.get")
        found: Member | None = None
        if member_id is not None:
            found = find_member(tx, organization.organization_id, member_id)
        elif email_address is not None:
            owner = tx.members.find_by_email(organization.organization_id, email_address)
            found = owner[0] if owner and not owner[1] else None
        if found is None or (found.status == "deleted" and not include_deleted):
            raise refusal("member_not_found", got=member_id or email_address)
        return member_view(tx, actor.project, view(tx, organization), found)

    return await rt.store.read(work)


async def get_anywhere(
    rt: Runtime, actor: Actor, member_id: str, *, include_deleted: bool
) -> MemberView:
    """By id alone, across organizations; for the project secret only (§2.4)."""

    def work(tx: Tx) -> MemberView:
        found = tx.members.find_anywhere(actor.project.project_id, member_id)
        if found is None or (found.status == "deleted" and not include_deleted):
            raise refusal("member_not_found", got=member_id)
        organization = resolve(
            tx, actor, found.organization_id, "organizations_members.dangerously_get"
        )
        return member_view(tx, actor.project, view(tx, organization), found)

    return await rt.store.read(work)


async def update(
    rt: Runtime,
    actor: Actor,
    organization_name: str,
    member_name: str,
    changes: Mapping[str, Any],
) -> MemberView:
    """Change the given fields, and only those. `roles` replaces the explicit ones (§2.4)."""
    if changes.get("preserve_existing_sessions") and "roles" not in changes:
        raise refusal("cannot_preserve_existing_sessions")

    def work(tx: Tx) -> MemberView:
        organization, old = resolve_member(
            tx, actor, organization_name, member_name, "organizations_members.update", list(changes)
        )
        if old.status == "deleted":
            raise refusal("action_available_only_for_active_members", got=old.status)
        if changes.get("mfa_phone_number") and old.mfa_phone_number:
            raise refusal("mfa_phone_number_already_set")
        new = replace(with_changes(tx, actor, organization, old, changes), updated_at=rt.now())
        if address := changes.get("email_address"):
            retire = not changes.get("unlink_email")
            new = with_email(tx, actor.project, new, read_email(address), retire, False)
            # A link that somebody asked for before would undo this.
            tx.magic_links.delete_of_member(old.member_id)
        tx.members.update(new)
        if "roles" in changes and not changes.get("preserve_existing_sessions"):
            _end_sessions_of_lost_roles(tx, actor.project, organization, old, new)
        record(
            tx, rt, actor, organization.organization_id, "member.updated", old.member_id,
            fields=", ".join(sorted(changes)),
        )  # fmt: skip
        return member_view(tx, actor.project, view(tx, organization), new)

    return await rt.store.write(work)


async def delete(rt: Runtime, actor: Actor, organization_name: str, member_name: str) -> str:
    """Mark a member as deleted; end every session, every login under way, and forget the tokens of
    their identity providers. The registrations stay behind, so that the same identity does not
    come in again as somebody new."""

    def work(tx: Tx) -> str:
        organization, old = resolve_member(
            tx, actor, organization_name, member_name, "organizations_members.delete"
        )
        if old.status == "deleted":
            raise refusal("member_not_found", got=member_name)
        tx.members.update(replace(old, status="deleted", retired_emails=(), updated_at=rt.now()))
        tx.sessions.delete_of_member(old.member_id)
        tx.logins.delete_tokens_of_member(old.member_id)
        tx.magic_links.delete_of_member(old.member_id)
        tx.mail.delete_of_member(old.member_id)
        tx.idp_tokens.delete_of_member(old.member_id)
        record(tx, rt, actor, organization.organization_id, "member.deleted", old.member_id)
        return old.member_id

    return await rt.store.write(work)


async def reactivate(
    rt: Runtime, actor: Actor, organization_name: str, member_id: str
) -> MemberView:
    def work(tx: Tx) -> MemberView:
        organization = resolve(tx, actor, organization_name, "organizations_members.reactivate")
        old = tx.members.find(organization.organization_id, member_id)
        if old is None:
            raise refusal("member_not_found", got=member_id)
        if old.status != "deleted":
            raise refusal("bad_request", want="a deleted member", got=old.status)
        if not old.email_address_verified:
            raise refusal("bad_request", want="a verified e-mail address", got="an unverified one")
        require_free(tx, organization.organization_id, old.email_address)
        if old.external_id and tx.members.find_by_external_id(
            organization.organization_id, old.external_id
        ):
            raise refusal("duplicate_member_external_id", got=old.external_id)
        new = replace(old, status="active", updated_at=rt.now())
        tx.members.update(new)
        record(tx, rt, actor, new.organization_id, "member.reactivated", new.member_id)
        return member_view(tx, actor.project, view(tx, organization), new)

    return await rt.store.write(work)


async def clear(
    rt: Runtime, actor: Actor, organization_name: str, member_name: str, operation: str
) -> MemberView:
    """Take away one thing of a member: the operation's name says what."""

    def work(tx: Tx) -> MemberView:
        organization, old = resolve_member(tx, actor, organization_name, member_name, operation)
        new = replace(old, updated_at=rt.now())
        if operation == "organizations_members.delete_mfa_phone_number":
            new = replace(new, mfa_phone_number="")
        elif operation == "organizations_members.delete_external_id":
            new = replace(new, external_id=None)
        elif operation != "organizations_members.delete_totp":
            raise ValueError(operation)
        tx.members.update(new)
        return member_view(tx, actor.project, view(tx, organization), new)

    return await rt.store.write(work)


async def unlink_retired_email(
    rt: Runtime,
    actor: Actor,
    organization_name: str,
    member_name: str,
    *,
    email_id: str | None,
    email_address: str | None,
) -> MemberView:
    if not email_id and not email_address:
        raise refusal("field_missing", want="email_id or email_address")

    def work(tx: Tx) -> MemberView:
        organization, old = resolve_member(
            tx, actor, organization_name, member_name, "organizations_members.unlink_retired_email"
        )
        kept = tuple(
            retired
            for retired in old.retired_emails
            if not (
                email_id in (None, "", retired.email_id)
                and (
                    not email_address
                    or email_key(email_address) == email_key(retired.email_address)
                )
            )
        )
        if len(kept) == len(old.retired_emails):
            raise refusal("retired_email_not_found", got=email_id or email_address)
        new = replace(old, retired_emails=kept, updated_at=rt.now())
        tx.members.update(new)
        return member_view(tx, actor.project, view(tx, organization), new)

    return await rt.store.write(work)


def resolve_member(
    tx: Tx,
    actor: Actor,
    organization_name: str,
    member_name: str,
    operation: str,
    fields: Sequence[str] = (),
) -> tuple[Organization, Member]:
    """The member and their organization, once it is clear that the actor may do this to them."""
    found = tx.organizations.find_by_any(actor.project.project_id, organization_name)
    caller = actor.on_behalf
    # Whoever asks about another organization causes no more work than about none at all.
    ours = found is not None and (
        caller is None or found.organization_id == caller.organization.organization_id
    )
    member = find_member(tx, found.organization_id, member_name) if found and ours else None
    organization = resolve(
        tx,
        actor,
        organization_name,
        operation,
        fields=fields,
        member_id=member.member_id if member else None,
    )
    if member is None:
        raise refusal("member_not_found", got=member_name)
    return organization, member


def with_changes(
    tx: Tx, actor: Actor, organization: Organization, old: Member, changes: Mapping[str, Any]
) -> Member:
    """The member with the wire's fields applied, all but the address."""
    plain = {
        name: changes[name]
        for name in (
            "name", "is_breakglass", "mfa_phone_number", "mfa_enrolled", "default_mfa_method",
        )
        if name in changes
    }  # fmt: skip
    if "name" in plain and len(plain["name"]) > 256:
        raise refusal("field_invalid", want="a name of at most 256 characters")
    if plain.get("default_mfa_method") not in (None, "", "sms_otp", "totp"):
        raise refusal("field_invalid", want="default_mfa_method in sms_otp, totp")
    if len(plain.get("mfa_phone_number", "")) > 32:
        raise refusal("field_invalid", want="an E.164 phone number")
    new = replace(old, **plain)
    for kind in ("trusted_metadata", "untrusted_metadata"):
        if kind in changes:
            merged = merge_metadata(getattr(old, kind), changes[kind])
            new = replace(new, **{kind: merged})  # type: ignore[arg-type]
    if external_id := changes.get("external_id"):
        check_external_id(external_id, "invalid_external_id")
        other = tx.members.find_by_external_id(organization.organization_id, external_id)
        if other is not None and other.member_id != old.member_id:
            raise refusal("duplicate_member_external_id", got=external_id)
        new = replace(new, external_id=external_id)
    if "roles" in changes:
        explicit = tuple(dict.fromkeys(changes["roles"]))
        known = role_ids(actor.project.policy, organization.custom_roles)
        check_assignable([r for r in explicit if r not in old.explicit_roles], known)
        new = replace(new, explicit_roles=explicit)
    return new


def with_email(
    tx: Tx,
    project: Project,
    old: Member,
    address: str,
    retire: bool,
    verified: bool,
) -> Member:
    """The member with another address; the old one is kept as retired unless unlinked."""
    if email_key(address) == email_key(old.email_address):
        return replace(old, email_address=address)
    retired = tuple(
        e for e in old.retired_emails if email_key(e.email_address) != email_key(address)
    )
    owner = tx.members.find_by_email(old.organization_id, address)
    if owner is not None and owner[0].member_id != old.member_id:
        raise refusal("retired_member_email" if owner[1] else "duplicate_member_email", got=address)
    if retire:
        named = email_id(old.member_id, old.email_address, project.environment)
        retired = (*retired, RetiredEmail(named, old.email_address))
    return replace(
        old, email_address=address, email_address_verified=verified, retired_emails=retired
    )


def require_free(tx: Tx, organization_id: str, address: str) -> None:
    owner = tx.members.find_by_email(organization_id, address)
    if owner is not None:
        raise refusal("retired_member_email" if owner[1] else "duplicate_member_email", got=address)


def _end_sessions_of_lost_roles(
    tx: Tx, project: Project, organization: Organization, old: Member, new: Member
) -> None:
    """A role taken away by hand, that a login gives as well, ends the sessions of that login."""
    lost = set(old.explicit_roles) - set(new.explicit_roles)
    registrations = tx.members.registrations(new.member_id)
    through = {
        source.connection_id
        for role in roles_of(project, organization, new, registrations)
        if role.role_id in lost
        for source in role.sources
        if source.connection_id is not None
    }
    if through:
        tx.connections.end_sessions(sorted(through), new.member_id)


# --- search -------------------------------------------------------------------------------------


async def search(
    rt: Runtime,
    actor: Actor,
    *,
    organization_names: Sequence[str],
    operator: str,
    operands: Sequence[Operand],
    cursor: str | None,
    limit: int,
) -> Page:
    """A page of members in the order of creation (§2.4). Deleted ones only when asked for."""
    if not organization_names:
        raise refusal("member_search_organization_ids_empty")
    if len(organization_names) > 1000:
        raise refusal("field_invalid", want="at most 1000 organization_ids")
    check_operands(operands)
    match_all = matches_all(operator)
    after = read_cursor(cursor)

    def work(tx: Tx) -> Page:
        organizations = resolve_all(tx, actor, organization_names, "organizations_members.search")
        roles = _Roles(tx, organizations)
        conditions = [_condition(roles, operand) for operand in operands]
        return _page(
            tx, actor.project, organizations, conditions, roles,
            match_all=match_all,
            with_deleted=_asks_for_deleted(operands),
            after=after,
            limit=limit,
        )  # fmt: skip

    return await rt.store.read(work)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whom somebody looks for in one organization: all that is given has to hold. `text` is part
    of the address or of the name, `role_id` a role from any source; without `status` everybody but
    the deleted."""

    text: str = ""
    role_id: str = ""
    status: str = ""
    breakglass: bool = False


async def find(
    rt: Runtime,
    actor: Actor,
    organization_name: str,
    wanted: Wanted,
    *,
    cursor: str | None = None,
    limit: int = 50,
) -> Page:
    """A page of one organization's members in the order of creation."""
    after = read_cursor(cursor)

    def work(tx: Tx) -> Page:
        organizations = resolve_all(tx, actor, [organization_name], "organizations_members.search")
        roles = _Roles(tx, organizations)
        conditions: list[rows.Condition] = []
        if wanted.text:
            part = wanted.text
            conditions.append(rows.email_contains(part) | rows.name_contains(part))
        if wanted.role_id:
            conditions.append(roles.held([wanted.role_id]))
        if wanted.status:
            conditions.append(rows.with_statuses([wanted.status]))
        if wanted.breakglass:
            conditions.append(rows.is_breakglass(True))
        return _page(
            tx, actor.project, organizations, conditions, roles,
            match_all=True,
            with_deleted=wanted.status == "deleted",
            after=after,
            limit=limit,
        )  # fmt: skip

    return await rt.store.read(work)


def _page(
    tx: Tx,
    project: Project,
    organizations: Sequence[Organization],
    conditions: Sequence[rows.Condition],
    roles: _Roles,
    *,
    match_all: bool,
    with_deleted: bool,
    after: tuple[int, str] | None,
    limit: int,
) -> Page:
    by_id = {o.organization_id: o for o in organizations}
    found, total, more = tx.members.search(
        list(by_id),
        conditions,
        match_all=match_all,
        with_deleted=with_deleted,
        after=after,
        limit=limit,
        once=roles.asked,
    )
    shown = {v.organization.organization_id: v for v in views(tx, organizations)}
    registrations = tx.members.registrations_of([m.member_id for m in found])
    items = [
        MemberView(
            m,
            registrations[m.member_id],
            roles_of(project, by_id[m.organization_id], m, registrations[m.member_id]),
            shown[m.organization_id],
        )
        for m in found
    ]
    return Page(items, list(shown.values()), total, make_cursor(more))


def _asks_for_deleted(operands: Sequence[Operand]) -> bool:
    for operand in operands:
        value = operand.get("filter_value")
        if operand.get("filter_name") == "statuses" and isinstance(value, list):
            return "deleted" in value
    return False


def _condition(roles: _Roles, operand: Operand) -> rows.Condition:
    name, value = filter_of(operand, "member_search")
    lists: Mapping[str, Callable[[Sequence[str]], rows.Condition]] = {
        "member_ids": rows.with_ids,
        "member_emails": lambda v: rows.with_emails([email_key(e) for e in v]),
        "statuses": rows.with_statuses,
        "member_mfa_phone_numbers": rows.with_phone_numbers,
        "member_roles": roles.held,
    }
    if name in lists:
        return lists[name](list_value(value, "member_search_expected_array_of_strings"))
    if name in ("member_email_fuzzy", "member_mfa_phone_number_fuzzy"):
        text = fuzzy_value(
            value,
            "member_search_member_email_fuzzy_too_short",
            "member_search_expected_string",
        )
        build = rows.email_contains if name == "member_email_fuzzy" else rows.phone_number_contains
        return build(text)
    if name in ("member_is_breakglass", "member_password_exists", "member_totp_exists"):
        if not isinstance(value, bool):
            raise refusal("member_search_expected_boolean", got=name)
        if name == "member_is_breakglass":
            return rows.is_breakglass(value)
        # There are no passwords and no TOTP here, so everybody is without.
        return rows.nobody() if value else rows.everybody()
    raise refusal("member_search_filter_name_not_recognized", got=name)


def holders(tx: Tx, organization: Organization, role_id: str, limit: int) -> Sequence[Member]:
    """The members who hold the role from any source, at most so many."""
    roles = _Roles(tx, [organization])
    found, _, _ = tx.members.search(
        [organization.organization_id],
        [roles.held([role_id])],
        match_all=True,
        with_deleted=False,
        after=None,
        limit=limit,
        once=roles.asked,
    )
    return found


@dataclass(frozen=True, slots=True)
class RoleUse:
    """Who would notice that a role of the policy goes: members who hold it by hand, and rules of
    connections and address domains that give it."""

    members: int
    rules: int


async def role_use(rt: Runtime, actor: Actor, role_id: str) -> RoleUse:
    """How much in the project stands on one role.

    Raises:
        operation_needs_project_secret
    """
    authorize(actor, "projects.policy", None)
    project_id = actor.project.project_id

    def work(tx: Tx) -> RoleUse:
        rules = tx.connections.count_rules(project_id, role_id)
        rules += tx.organizations.count_email_rules(project_id, role_id)
        return RoleUse(tx.members.count_by_hand(project_id, role_id), rules)

    return await rt.store.read(work)


class _Roles:
    """What gives which role in some organizations, read once for all filters of a search."""

    def __init__(self, tx: Tx, organizations: Sequence[Organization]) -> None:
        self._tx = tx
        self._organizations = organizations
        self._left = _MAX_ROLE_SOURCES
        self.asked = False

    @cached_property
    def _rules(self) -> Sequence[tuple[str, RoleRules]]:
        """The rules of every open connection, as they stand now."""
        return self._tx.connections.rules_of([o.organization_id for o in self._organizations])

    def held(self, wanted: Sequence[str]) -> rows.Condition:
        """Members who hold one of the roles from any source."""
        roles = set(wanted)
        if MEMBER_ROLE in roles:
            return rows.everybody()
        self.asked = True
        if len(roles) * len(self._organizations) > self._left:
            raise _too_many_rules()
        sources: set[int] = set()
        for organization in self._organizations:
            owner = organization.organization_id
            sources |= {role_sources.by_hand(owner, role_id) for role_id in roles}
            sources |= {
                role_sources.by_domain(owner, rule.domain)
                for rule in organization.settings.rbac_email_implicit_role_assignments
                if rule.role_id in roles
            }
        for connection_id, rules in self._rules:
            if not roles.isdisjoint(rules.connection):
                sources.add(role_sources.by_connection(connection_id))
            sources |= {
                role_sources.by_group(connection_id, rule.group)
                for rule in rules.groups
                if rule.role_id in roles
            }
        self._left -= len(sources)
        if self._left < 0:
            raise _too_many_rules()
        return role_sources.held_from(sources) if sources else rows.nobody()


def _too_many_rules() -> VestibuleError:
    return refusal("field_invalid", want="roles that fewer rules of fewer organizations give")


# --- a login becomes a member -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Admitted:
    """`created`: there was no such member before, or one who had never come in."""

    member: Member
    registration: Registration
    created: bool
    warnings: tuple[str, ...]


def admit(
    tx: Tx, rt: Runtime, actor: Actor, route: LoginRoute, identity: VerifiedIdentity
) -> Admitted:
    """Let a verified identity into the organization of the route (§4.4).

    Raises:
        what `decide_admission` raises.
    """
    organization, target, profile = route.organization, route.target, identity.profile
    project = actor.project
    admission, by_subject = decide(tx, route, profile)
    now = rt.now()
    member = admission.member
    created = member is None or member.status in ("pending", "invited")
    warnings: list[str] = []
    if member is None:
        member = Member(
            member_id=rt.new_id("member", project.environment),
            organization_id=organization.organization_id,
            email_address=profile.email,
            status="pending",
            created_at=now,
            updated_at=now,
        )
        fresh = _with_profile(member, profile, now, warnings)
        tx.members.insert(fresh, project.project_id)
        record(
            tx, rt, actor, organization.organization_id, "member.provisioned", member.member_id,
            connection_id=target.connection_id,
        )  # fmt: skip
    else:
        fresh = _with_profile(member, profile, now, warnings)
        if admission.change_email:
            try:
                fresh = with_email(tx, project, fresh, profile.email, True, True)
            except VestibuleError as error:
                # The registration says who this is; the address of somebody else stays theirs.
                warnings.append(f"email: {profile.email} belongs to another member ({error.code})")
        if fresh != member:
            tx.members.update(replace(fresh, updated_at=now))
    registration = _registration(rt, project, route, identity, fresh, by_subject, now)
    tx.members.put_registration(registration, by_subject[0] if by_subject else None)
    return Admitted(fresh, registration, created, tuple(warnings))


def decide(
    tx: Tx, route: LoginRoute, profile: Profile, *, forgotten: bool = False
) -> tuple[Admission, tuple[Registration, Member] | None]:
    """Who the person is in the organization of the route, and their registration. Writes nothing.

    Args:
        forgotten: take it that nobody is registered at the connection.

    Raises:
        retired_member_email, and what `decide_admission` raises.
    """
    organization, target = route.organization, route.target
    by_subject = None
    if not forgotten:
        by_subject = tx.members.find_by_subject(target.connection_id, profile.subject)
    by_email: Member | None = None
    registered = False
    if by_subject is None:
        owner = tx.members.find_by_email(organization.organization_id, profile.email)
        if owner and owner[1]:
            raise refusal("retired_member_email", got=profile.email)
        by_email = owner[0] if owner else None
        registered = (
            by_email is not None
            and not forgotten
            and any(
                r.connection_id == target.connection_id
                for r in tx.members.registrations(by_email.member_id)
            )
        )
    admission = decide_admission(
        organization.settings,
        connection_id=target.connection_id,
        email=profile.email,
        by_registration=by_subject[1] if by_subject else None,
        by_email=by_email,
        registered_as_other=registered,
    )
    return admission, by_subject


def come_in(tx: Tx, rt: Runtime, member: Member) -> Member:
    """The member as who has just proved their address: verified, and active from now on."""
    if member.status == "active" and member.email_address_verified:
        return member
    proved = replace(member, status="active", email_address_verified=True, updated_at=rt.now())
    tx.members.update(proved)
    return proved


def misfits(left_out: Sequence[str]) -> list[str]:
    """How an administrator is told of mapped values that found no room."""
    return [
        f"{key}: does not fit into trusted_metadata ({MAX_KEYS} keys, {MAX_BYTES} bytes)"
        for key in left_out
    ]


def _with_profile(member: Member, profile: Profile, now: datetime, warnings: list[str]) -> Member:
    """What a login changes of a member; mapped attributes go to trusted_metadata (§3.2)."""
    metadata, left_out = promote(member.trusted_metadata, profile.custom)
    warnings += misfits(left_out)
    verified = member.email_address_verified or (
        email_key(member.email_address) == email_key(profile.email)
    )
    return replace(
        member,
        name=profile.name or member.name,
        email_address_verified=verified,
        trusted_metadata=metadata,
    )


def _registration(
    rt: Runtime,
    project: Project,
    route: LoginRoute,
    identity: VerifiedIdentity,
    member: Member,
    known: tuple[Registration, Member] | None,
    now: datetime,
) -> Registration:
    profile = identity.profile
    if known is not None:
        return replace(
            known[0], attributes=profile.attributes, groups=profile.groups, last_login_at=now
        )
    return Registration(
        registration_id=rt.new_id(f"{identity.protocol}-member-registration", project.environment),
        member_id=member.member_id,
        organization_id=route.organization.organization_id,
        connection_id=route.target.connection_id,
        source_connection_id=route.source.connection_id,
        protocol=identity.protocol,
        subject=profile.subject,
        created_at=now,
        last_login_at=now,
        attributes=profile.attributes,
        groups=profile.groups,
    )
