"""Rows of audit events: who did what to which organization. Only ever added to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from vestibule.storage.documents import dump, loader, micros
from vestibule.storage.engine import plan_for_these_values
from vestibule.storage.tables import audit_event

# As long as the columns to search by.
_MOST = 254


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """`actor` is the id of a member, an operator or a setup link, or `project` or `vestibule`;
    `details` never hold a secret."""

    event_id: str
    project_id: str
    organization_id: str
    at: datetime
    action: str
    actor: str
    target: str = ""
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """What an event has to be; None asks for nothing. `action` is the beginning of it."""

    organization_id: str | None = None
    action: str | None = None
    actor: str | None = None
    target: str | None = None
    since: datetime | None = None
    until: datetime | None = None


_load = loader(AuditEvent)


class AuditEvents:
    def __init__(self, connection: sa.Connection) -> None:
        self._c = connection

    def insert(self, event: AuditEvent) -> None:
        self._c.execute(
            audit_event.insert(),
            {
                "event_id": event.event_id,
                "project_id": event.project_id,
                "organization_id": event.organization_id,
                "at": micros(event.at),
                "action": event.action,
                "actor": event.actor[:_MOST],
                "target": event.target[:_MOST],
                "document": dump(event),
            },
        )

    def latest(self, organization_id: str, limit: int) -> list[AuditEvent]:
        """The latest ones first."""
        rows = self._c.execute(
            sa.select(audit_event.c.document)
            .where(audit_event.c.organization_id == organization_id)
            .order_by(audit_event.c.at.desc(), audit_event.c.event_id)
            .limit(limit)
        )
        return [_load(row[0]) for row in rows]

    def search(
        self,
        project_ids: Sequence[str],
        wanted: AuditFilter,
        *,
        after: tuple[int, str] | None,
        limit: int,
    ) -> tuple[list[AuditEvent], tuple[int, str] | None]:
        """The latest ones first, and where the next page begins."""
        plan_for_these_values(self._c)
        where = _conditions(wanted)
        if after is not None:
            where.append(
                sa.tuple_(audit_event.c.at, audit_event.c.event_id)
                < sa.tuple_(sa.literal(after[0]), sa.literal(after[1]))
            )
        # SQLite would walk through the project's whole log for one organization, because that is
        # in order; an expression keeps it away from that index.
        narrow = wanted.organization_id is not None
        project = audit_event.c.project_id
        # One walk down an index for each project; over both at once it would have to sort them all.
        pages = [
            sa.select(audit_event.c.document, audit_event.c.at, audit_event.c.event_id)
            .where((project.concat("") if narrow else project) == name, *where)
            .order_by(audit_event.c.at.desc(), audit_event.c.event_id.desc())
            .limit(limit + 1)
            for name in project_ids
        ]
        rows = sorted(
            (row for page in pages for row in self._c.execute(page)),
            key=lambda row: (row[1], row[2]),
            reverse=True,
        )
        more = (rows[limit - 1][1], rows[limit - 1][2]) if len(rows) > limit else None
        return [_load(row[0]) for row in rows[:limit]], more


def _conditions(wanted: AuditFilter) -> list[sa.ColumnElement[bool]]:
    columns = audit_event.c
    exact = (
        (columns.organization_id, wanted.organization_id),
        (columns.actor, wanted.actor),
        (columns.target, wanted.target),
    )
    where = [column == value for column, value in exact if value is not None]
    if wanted.action:
        where.append(columns.action.startswith(wanted.action, autoescape=True))
    if wanted.since is not None:
        where.append(columns.at >= micros(wanted.since))
    if wanted.until is not None:
        where.append(columns.at < micros(wanted.until))
    return where
