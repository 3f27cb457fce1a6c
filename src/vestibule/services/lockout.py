"""Will somebody still be able to administer the organization? Asked before a change is made.

Owns the reading of the administrators and the four changes that can shut them out without touching
a connection's settings; for those, `services.dry_run` asks the same question.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from vestibule.domain.lockout import Outlook, administrator
from vestibule.domain.members import Member, Registration
from vestibule.domain.organizations import Organization, check_settings
from vestibule.domain.projects import Project
from vestibule.domain.rbac import ADMIN_ROLE, check_assignable, role_ids
from vestibule.errors import refusal
from vestibule.services.members import find_member, holders, roles_of
from vestibule.services.organizations import resolve
from vestibule.services.rbac import Actor
from vestibule.services.runtime import Runtime
from vestibule.storage import Tx

# Beyond so many, an organization will not lose the last one by one change.
MAX_ADMINISTRATORS = 200


@dataclass(frozen=True, slots=True)
class Change:
    """What somebody thinks of doing. None means not asked for; the fields may be combined."""

    delete_connection_id: str | None = None
    delete_member_id: str | None = None
    member_id: str | None = None
    roles: Sequence[str] | None = None
    is_breakglass: bool | None = None
    auth_methods: str | None = None
    allowed_auth_methods: Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class Person:
    member: Member
    registrations: Sequence[Registration]


def administrators(tx: Tx, organization: Organization) -> list[Person]:
    """Whoever holds the administrator's role from any source, with their registrations."""
    members = holders(tx, organization, ADMIN_ROLE, MAX_ADMINISTRATORS)
    registrations = tx.members.registrations_of([m.member_id for m in members])
    return [Person(m, registrations[m.member_id]) for m in members]


async def check(rt: Runtime, actor: Actor, organization_name: str, change: Change) -> Outlook:
    """Who can administer the organization now, and who could after the change. Changes nothing.

    Raises:
        sso_connection_not_found, member_not_found, and what the change itself would be refused for
        where it names roles or sign-in methods.
    """

    def work(tx: Tx) -> Outlook:
        organization = resolve(tx, actor, organization_name, "organizations.check_lockout")
        return _outlook(tx, rt, actor.project, organization, change)

    return await rt.store.read(work)


def _outlook(
    tx: Tx, rt: Runtime, project: Project, organization: Organization, change: Change
) -> Outlook:
    closed = _closed(tx, organization, change)
    after = _settings_after(organization, change)
    deleted = _named(tx, organization, change.delete_member_id)
    changed = _named(tx, organization, change.member_id)
    if change.roles is not None:
        check_assignable(change.roles, role_ids(project.policy, organization.custom_roles))
    people = administrators(tx, organization)
    mail = rt.deliver is not None
    now, then = [], []
    for person in people:
        member, held = person.member, person.registrations
        roles = roles_of(project, organization, member, held)
        now.append(administrator(organization, member, roles, held, mail=mail))
        if deleted is not None and member.member_id == deleted.member_id:
            continue
        if changed is not None and member.member_id == changed.member_id:
            member = _changed(member, change)
        roles = roles_of(project, after, member, held)
        then.append(administrator(after, member, roles, held, closed=closed, mail=mail))
    if changed is not None and all(p.member.member_id != changed.member_id for p in people):
        member = _changed(changed, change)
        held = tx.members.registrations(member.member_id)
        roles = roles_of(project, after, member, held)
        then.append(administrator(after, member, roles, held, closed=closed, mail=mail))
    return Outlook(
        tuple(one for one in now if one.proof == "proven"),
        tuple(one for one in then if one.proof != "none"),
    )


def _closed(tx: Tx, organization: Organization, change: Change) -> tuple[str, ...]:
    name = change.delete_connection_id
    if name is None:
        return ()
    if tx.connections.find(organization.organization_id, name) is None:
        raise refusal("sso_connection_not_found", got=name)
    return (name,)


def _settings_after(organization: Organization, change: Change) -> Organization:
    settings = organization.settings
    if change.auth_methods is not None:
        settings = replace(settings, auth_methods=change.auth_methods)
    if change.allowed_auth_methods is not None:
        settings = replace(settings, allowed_auth_methods=tuple(change.allowed_auth_methods))
    if settings is organization.settings:
        return organization
    return replace(organization, settings=check_settings(settings))


def _named(tx: Tx, organization: Organization, name: str | None) -> Member | None:
    if name is None:
        return None
    found = find_member(tx, organization.organization_id, name)
    if found is None or found.status == "deleted":
        raise refusal("member_not_found", got=name)
    return found


def _changed(member: Member, change: Change) -> Member:
    roles = member.explicit_roles if change.roles is None else tuple(change.roles)
    kept = member.is_breakglass if change.is_breakglass is None else change.is_breakglass
    return replace(member, explicit_roles=roles, is_breakglass=kept)
