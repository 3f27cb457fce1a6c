"""The API of how an organization's connections are doing."""

from __future__ import annotations

from datetime import datetime

import msgspec

from vestibule.domain.sessions import wire_time
from vestibule.services import connection_health
from vestibule.services.connection_health import Health
from vestibule.web.api.registry import Call, Nothing, Response, operation


class ExpiringDocument(msgspec.Struct):
    """`what` is idp_certificate or our_certificate; `days_left` is below zero once it has ended."""

    what: str
    fingerprint_sha256: str
    expires_at: str
    days_left: int


class MetadataHealth(msgspec.Struct):
    """`state` is fresh, unread (not read yet), failing (the last try failed), expired (the last
    good document has ended) or waiting (a change waits for an administrator)."""

    state: str
    read_at: str | None
    valid_until: str | None
    last_error: str | None


class ConnectionHealth(msgspec.Struct):
    """Certificates and metadata of an External connection are its owner's, and are not shown."""

    connection_id: str
    kind: str
    status: str
    display_name: str
    certificates: list[ExpiringDocument]
    idp_metadata: MetadataHealth | None
    last_login_at: str | None
    last_refusal_at: str | None
    last_refusal_code: str | None
    last_refusal_trace_id: str | None


class HealthResponse(Response):
    connections: list[ConnectionHealth]


@operation(
    "sso.get_health", "GET", "/v1/b2b/sso/{organization_id}/health",
    "Show how an organization's connections are doing",
    rule="sso.get_connections", extension=True,
)  # fmt: skip
async def get_health(call: Call, _: Nothing) -> HealthResponse:
    """What ends when, whose metadata is stale or waits for a word, and how the last logins went.
    A login counts from its first step at the application."""
    found = await connection_health.health(call.rt, call.actor, call.path["organization_id"])
    return HealthResponse(connections=[_document(one) for one in found])


def _document(one: Health) -> ConnectionHealth:
    refused = one.logins.refused
    return ConnectionHealth(
        connection_id=one.connection.connection_id,
        kind=one.connection.kind,
        status=one.connection.status,
        display_name=one.connection.display_name,
        certificates=[
            ExpiringDocument(
                held.kind,
                held.subject,
                wire_time(held.expires_at),
                (held.expires_at - one.now).days,
            )
            for held in one.certificates
        ],
        idp_metadata=_metadata(one),
        last_login_at=_time(one.logins.accepted_at),
        last_refusal_at=_time(refused.started_at if refused else None),
        last_refusal_code=refused.steps[-1].code if refused and refused.steps else None,
        last_refusal_trace_id=refused.trace_id if refused else None,
    )


def _metadata(one: Health) -> MetadataHealth | None:
    known = one.metadata
    if known is None:
        return None
    states = {
        "waiting": bool(known.waiting),
        "expired": known.expired(one.now),
        "failing": bool(known.last_error),
        "unread": known.read_at is None,
        "fresh": True,
    }
    state = next(name for name, holds in states.items() if holds)
    return MetadataHealth(
        state, _time(known.read_at), _time(known.valid_until), known.last_error or None
    )


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else wire_time(moment)
