"""The API of the audit log: who did what, searched and carried away page by page."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from vestibule.domain.sessions import wire_time
from vestibule.services import audit
from vestibule.services.audit import AuditQuery
from vestibule.web.api.registry import Call, Request, Response, operation

Moment = Annotated[datetime, Meta(tz=True)]


class AuditSearch(Request):
    """What is left out asks for nothing. `action` is the beginning of one, such as `connection.`;
    an `organization_id` of "" means what concerns no single organization."""

    organization_id: str | None = None
    action: str | None = None
    actor: str | None = None
    target: str | None = None
    since: Moment | None = None
    until: Moment | None = None
    cursor: str | None = None
    limit: Annotated[int, Meta(ge=1, le=audit.MAX_EVENTS)] = 100


class AuditEventDocument(msgspec.Struct):
    """`actor` is the id of a member, an operator or a setup link, or `project` or `vestibule`."""

    event_id: str
    organization_id: str
    at: str
    action: str
    actor: str
    target: str
    details: dict[str, str]


class AuditSearchResponse(Response):
    events: list[AuditEventDocument]
    next_cursor: str | None


@operation(
    "audit.search", "POST", "/v1/b2b/audit/search", "Search the audit log",
    extension=True,
)  # fmt: skip
async def search(call: Call, body: AuditSearch) -> AuditSearchResponse:
    """The latest events first, of one organization or of the whole project: policy, JWT template,
    redirect URLs and keys among them. Asking again with `next_cursor` until it is null carries all
    of them away, each once, whatever is recorded meanwhile."""
    query = AuditQuery(
        body.organization_id, body.action, body.actor, body.target, body.since, body.until
    )
    page = await audit.search(call.rt, call.actor, query, body.cursor, body.limit)
    return AuditSearchResponse(
        events=[
            AuditEventDocument(
                one.event_id,
                one.organization_id,
                wire_time(one.at),
                one.action,
                one.actor,
                one.target,
                dict(one.details),
            )
            for one in page.events
        ],
        next_cursor=page.next_cursor,
    )
