"""The audit log in the dashboard: searched, and carried away as CSV or as lines of JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response, StreamingResponse

from vestibule.errors import VestibuleError, refusal
from vestibule.services import audit
from vestibule.services.audit import AuditPage, AuditQuery
from vestibule.web.forms import Form
from vestibule.web.place import Place, Table

_TEMPLATE = "dashboard/audit.html"
_PAGE = 50
# More than this is the API's to carry away, page by page.
MAX_EXPORT = 100_000
_FIELDS = ("action", "actor", "target", "organization_id", "since", "until")
_COLUMNS = ("at", "event_id", "organization_id", "action", "actor", "target", "details")
# What a spreadsheet takes for the beginning of a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_PROJECT = "project"


async def index(place: Place) -> Response:
    asked = {name: place.query.get(name, "").strip() for name in _FIELDS}
    cursor = place.query.get("cursor") or None
    wrong: VestibuleError | None = None
    page = AuditPage((), None)
    try:
        page = await audit.search(place.rt, place.actor, _read(asked), cursor, _PAGE)
    except VestibuleError as error:
        if error.code not in ("field_invalid", "search_cursor_invalid"):
            raise
        wrong = error
    names = await audit.names(place.rt, place.actor, page.events)
    given = {name: value for name, value in asked.items() if value}
    shown: dict[str, Any] = {
        "events": page.events,
        "names": names,
        "next_cursor": page.next_cursor,
        "first_page": cursor is None,
        "asked": asked,
        "query": urlencode(given),
        "most": MAX_EXPORT,
    }
    if wrong is not None:
        typed = Form({name: [value] for name, value in asked.items()})
        return place.refused(wrong, _TEMPLATE, typed, **shown)
    return place.page(_TEMPLATE, **shown)


async def export(place: Place) -> Response:
    """All that the filters find, streamed: no more of it is held at a time than one page."""
    asked = {name: place.query.get(name, "").strip() for name in _FIELDS}
    form = place.query.get("format", "")
    writer = _WRITERS.get(form)
    if writer is None:
        raise refusal("field_invalid", want=" or ".join(_WRITERS), got=form)
    query = _read(asked)
    # Asked before the answer begins: what is refused is refused with a status.
    first = await audit.search(place.rt, place.actor, query, None, audit.MAX_EVENTS)
    return StreamingResponse(
        _lines(place, query, first, writer),
        media_type=writer.media_type,
        headers={
            "content-disposition": f'attachment; filename="audit-log.{form}"',
            "cache-control": "no-store",
            "x-content-type-options": "nosniff",
        },
    )


@dataclass(frozen=True, slots=True)
class _Writer:
    """How a page of events is written: what stands before them, and a line from its cells."""

    media_type: str
    head: str
    line: Callable[[Mapping[str, Any]], str]

    def text(self, page: AuditPage, most: int) -> str:
        return "".join(
            self.line(
                {
                    "at": one.at.astimezone(UTC).isoformat(),
                    "event_id": one.event_id,
                    "organization_id": one.organization_id,
                    "action": one.action,
                    "actor": one.actor,
                    "target": one.target,
                    "details": dict(one.details),
                }
            )
            for one in page.events[:most]
        )


def _json_line(row: Mapping[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False) + "\n"


def _csv_row(row: Mapping[str, Any]) -> str:
    details = json.dumps(row["details"], ensure_ascii=False) if row["details"] else ""
    return _csv_line([details if name == "details" else row[name] for name in _COLUMNS])


def _csv_line(cells: Sequence[str]) -> str:
    """A cell that a spreadsheet would work out begins with an apostrophe: it is text there."""
    text = io.StringIO()
    safe = [f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells]
    csv.writer(text).writerow(safe)
    return text.getvalue()


_WRITERS = {
    "csv": _Writer("text/csv", _csv_line(_COLUMNS), _csv_row),
    "ndjson": _Writer("application/x-ndjson", "", _json_line),
}


async def _lines(
    place: Place, query: AuditQuery, first: AuditPage, writer: _Writer
) -> AsyncIterator[str]:
    page, left = first, MAX_EXPORT
    yield writer.head + writer.text(page, left)
    while page.next_cursor is not None and left > len(page.events):
        left -= len(page.events)
        page = await audit.search(place.rt, place.actor, query, page.next_cursor, audit.MAX_EVENTS)
        yield writer.text(page, left)


def _read(asked: Mapping[str, str]) -> AuditQuery:
    """Raises: field_invalid for a time."""
    # "project" stands for what concerns no single organization.
    organization = "" if asked["organization_id"] == _PROJECT else asked["organization_id"] or None
    return AuditQuery(
        organization,
        asked["action"] or None,
        asked["actor"] or None,
        asked["target"] or None,
        _moment("since", asked["since"]),
        _moment("until", asked["until"]),
    )


def _moment(name: str, text: str) -> datetime | None:
    """What an input for date and time sends; UTC unless it says otherwise."""
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
        at.timestamp()
    except (ValueError, OverflowError):
        raise refusal(
            "field_invalid", want="a time such as 2026-01-31T12:00", got=text, detail=name
        ) from None
    return at


TABLE: Table = (("GET", "/audit", index), ("GET", "/audit/export", export))
