"""Who did what to which organization: written in the transaction of the deed itself."""

from __future__ import annotations

from vestibule.services.rbac import Actor
from vestibule.services.runtime import Runtime
from vestibule.storage import Tx
from vestibule.storage.audit import AuditEvent


def record(
    tx: Tx,
    rt: Runtime,
    actor: Actor,
    organization_id: str,
    action: str,
    target: str = "",
    **details: str,
) -> None:
    """Add an event to the organization's log. `details` hold no secrets.

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
