"""Who did what to which organization: written in the transaction of the deed itself, and searched.

Owns the three scopes of an event: an organization, a whole project (no organization), the whole
server (no project either).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from vestibule.errors import refusal
from vestibule.services.rbac import Actor, OperatorActor, authorize
from vestibule.services.runtime import Runtime
from vestibule.services.search import make_cursor, read_cursor
from vestibule.storage import Tx
from vestibule.storage.audit import AuditEvent, AuditFilter

MAX_EVENTS = 1000
WhoKind = Literal["member", "operator", "link", "project", "vestibule"]


def record(
    tx: Tx,
    rt: Runtime,
    actor: Actor,
    organization_id: str,
    action: str,
    target: str = "",
    **details: str,
) -> None:
    """Add an event to the organization's log, or to the project's where `organization_id` is "".
    `details` hold no secrets.

    What crosses two organizations is recorded once in each of them.
    """
    tx.audit.insert(
        AuditEvent(
            rt.new_id("audit-event", actor.project.environment),
            actor.project.project_id,
            organization_id,
            rt.now(),
            action,
            actor.label,
            target,
            details,
        )
    )


def record_server(
    tx: Tx, rt: Runtime, who: str, action: str, target: str = "", **details: str
) -> None:
    """Add an event that concerns the whole server. `who` is an operator's id or `vestibule`."""
    environment = "test" if rt.settings.mode == "dev" else "live"
    event_id = rt.new_id("audit-event", environment)
    tx.audit.insert(AuditEvent(event_id, "", "", rt.now(), action, who, target, details))


@dataclass(frozen=True, slots=True)
class AuditQuery:
    """What an event has to be; None asks for nothing. `action` is the beginning of a name, such
    as `connection.`; `organization_id` "" means what concerns no single organization. From
    `since` on, until before `until`."""

    organization_id: str | None = None
    action: str | None = None
    actor: str | None = None
    target: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class AuditPage:
    """The latest first. With `next_cursor` the next page begins behind the last of these, whatever
    was recorded meanwhile."""

    events: Sequence[AuditEvent]
    next_cursor: str | None


async def search(
    rt: Runtime, actor: Actor, query: AuditQuery, cursor: str | None = None, limit: int = 100
) -> AuditPage:
    """Events of the actor's project; an operator sees those of the whole server among them.

    A cursor is a place in time and nothing more: what may be seen is asked anew for each page.

    Raises:
        operation_needs_project_secret, setup_link_scope, search_cursor_invalid, field_invalid.
    """
    authorize(actor, "audit.search", None)
    after = read_cursor(cursor)
    if not 1 <= limit <= MAX_EVENTS:
        raise refusal("field_invalid", want=f"a limit of 1 to {MAX_EVENTS}", got=str(limit))
    projects = [actor.project.project_id]
    if isinstance(actor, OperatorActor):
        projects.append("")
    asked = AuditFilter(
        query.organization_id, query.action, query.actor, query.target, query.since, query.until
    )

    def work(tx: Tx) -> AuditPage:
        found, more = tx.audit.search(projects, asked, after=after, limit=limit)
        return AuditPage(found, make_cursor(more))

    return await rt.store.read(work)


@dataclass(frozen=True, slots=True)
class Who:
    """Somebody who did something. `name` is "" where nobody of the id is known any more;
    `organization_id` is a member's."""

    kind: WhoKind
    name: str = ""
    organization_id: str = ""


@dataclass(frozen=True, slots=True)
class Names:
    """What the ids in some events are called: who did it, and in which organization."""

    people: Mapping[str, Who]
    organizations: Mapping[str, str]


async def names(rt: Runtime, actor: Actor, events: Sequence[AuditEvent]) -> Names:
    """The names for a page of events, of the actor's own project; two or three queries in all.

    Raises:
        operation_needs_project_secret, setup_link_scope.
    """
    authorize(actor, "audit.search", None)
    project_id = actor.project.project_id
    ids = {event.actor for event in events}
    organizations = {event.organization_id for event in events if event.organization_id}

    def work(tx: Tx) -> Names:
        known = tx.organizations.names(project_id, sorted(organizations))
        people: dict[str, Who] = {}
        for name in ids:
            kind = _kind(name)
            people[name] = Who(kind)
        members = [name for name, who in people.items() if who.kind == "member"]
        for name, one in tx.members.of_ids(members).items():
            # A member's deeds are in the log of their own organization.
            if one.organization_id in known:
                called = one.name or one.email_address
                people[name] = Who("member", called, one.organization_id)
        if any(who.kind == "operator" for who in people.values()):
            for operator in tx.operators.all():
                if operator.operator_id in people:
                    called = operator.name or operator.email
                    people[operator.operator_id] = Who("operator", called)
        return Names(people, known)

    return await rt.store.read(work)


def _kind(actor: str) -> WhoKind:
    if actor in ("project", "vestibule"):
        return "project" if actor == "project" else "vestibule"
    head = actor.partition("-")[0]
    return {"operator": "operator", "setup": "link"}.get(head, "member")  # type: ignore[return-value]
