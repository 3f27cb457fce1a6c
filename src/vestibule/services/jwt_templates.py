"""Trying a JWT template before it is saved: on a member who is there, as their next JWT would be.

Owns the preview, which signs nothing and changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from vestibule.domain.jwt_template_text import read_audience, read_template
from vestibule.domain.jwt_templates import Reason, Subject, build_template, fill, variables
from vestibule.domain.members import Member, Registration
from vestibule.domain.organizations import Organization
from vestibule.domain.rbac import session_roles
from vestibule.domain.sessions import Factor, Session, jwt_claims
from vestibule.errors import refusal
from vestibule.services.members import roles_of
from vestibule.services.rbac import Actor, authorize
from vestibule.services.runtime import Runtime
from vestibule.storage import Tx

MAX_CHOICES = 20
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Choice:
    """A member on whom a template may be tried."""

    member: Member
    organization: Organization


@dataclass(frozen=True, slots=True)
class Preview:
    """What the template makes of one member. `claims` are all of the JWT; of its session only the
    roles are real. `left_out` says which claims could not be filled, and why."""

    choice: Choice
    claims: Mapping[str, object] = field(default_factory=dict)
    left_out: Sequence[tuple[str, Reason]] = ()


async def find_members(rt: Runtime, actor: Actor, asked: str) -> Sequence[Choice]:
    """Whom an address or a member's id names, in every organization of the project; with nothing
    asked, some who are there.

    Raises:
        operation_needs_project_secret
    """
    authorize(actor, "projects.jwt_template", None)
    project_id = actor.project.project_id

    def work(tx: Tx) -> Sequence[Choice]:
        if not asked:
            return _choices(tx, project_id, tx.members.first_active(project_id, MAX_CHOICES))
        if "@" in asked:
            owners = tx.organizations.of_address(project_id, asked, limit=MAX_CHOICES)
            found = tx.members.of_address([one.organization_id for one in owners], asked)
            return [
                Choice(found[one.organization_id], one)
                for one in owners
                if one.organization_id in found
            ]
        one = tx.members.find_anywhere(project_id, asked)
        return _choices(tx, project_id, [one] if one and one.status != "deleted" else [])

    return await rt.store.read(work)


async def preview(rt: Runtime, actor: Actor, text: str, audience: str, member_id: str) -> Preview:
    """The claims of the member's next JWT with this template. Every role counts that a login
    through any of their connections gives.

    Raises:
        operation_needs_project_secret, member_not_found, field_invalid for the audience, and what
        `read_template` refuses.
    """
    authorize(actor, "projects.jwt_template", None)
    template = build_template(read_template(text))
    read_audience(audience)
    project = actor.project

    def work(tx: Tx) -> Preview:
        member = tx.members.find_anywhere(project.project_id, member_id)
        if member is None or member.status == "deleted":
            raise refusal("member_not_found", got=member_id)
        organization = tx.organizations.find(project.project_id, member.organization_id)
        if organization is None:
            raise refusal("member_not_found", got=member_id)
        registrations = tx.members.registrations(member.member_id)
        roles = roles_of(project, organization, member, registrations)
        counting = session_roles(roles, {one.connection_id for one in registrations if one.open})
        held = tuple(role.role_id for role in roles)
        subject = Subject(member, organization, held, counting, project.policy)
        filled = fill(template, variables(template, subject), {})
        return Preview(
            Choice(member, organization),
            jwt_claims(
                _example(rt, member, registrations),
                project_id=project.project_id,
                organization_slug=organization.slug,
                roles=counting,
                custom_claims=filled.claims,
                now=rt.now(),
                audience=audience,
            ),
            filled.left_out,
        )

    return await rt.store.read(work)


def _choices(tx: Tx, project_id: str, found: Sequence[Member]) -> Sequence[Choice]:
    owners = tx.organizations.find_all_by_any(
        project_id, list(dict.fromkeys(one.organization_id for one in found))
    )
    return [
        Choice(one, owners[one.organization_id]) for one in found if one.organization_id in owners
    ]


def _example(rt: Runtime, member: Member, registrations: Sequence[Registration]) -> Session:
    """A session that began this moment through the first connection that lets the member in."""
    now = rt.now()
    through = [
        Factor(
            one.registration_id,
            one.connection_id,
            one.source_connection_id,
            one.protocol,
            one.subject,
            now,
            now,
        )
        for one in registrations
        if one.open
    ]
    return Session(
        "session-example",
        member.organization_id,
        member.member_id,
        now,
        now,
        now + _HOUR,
        tuple(through[:1]),
    )
