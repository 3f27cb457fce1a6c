"""Rows of audit events: who did what to which organization. Only ever added to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from vestibule.storage.documents import dump, loader, micros
from vestibule.storage.tables import audit_event


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """`actor` is a member id, `project` or `vestibule`; `details` never hold a secret."""

    event_id: str
    project_id: str
    organization_id: str
    at: datetime
    action: str
    actor: str
    target: str = ""
    details: Mapping[str, str] = field(default_factory=dict)


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
