"""A test sign-in through one connection, what came of it, and the activation that may follow.

The test itself walks the browser's legs like any sign-in, in this tab: nobody is signed in by it.
Inside another page it opens a tab of its own, since identity providers stand in no frame.
"""

from __future__ import annotations

from typing import Any

from starlette.responses import HTMLResponse, Response

from vestibule.domain.connections import ExternalConnection, missing_parts
from vestibule.domain.logins import LoginTrace
from vestibule.errors import VestibuleError
from vestibule.services import connections, drafts, dry_run, login_tests, logins
from vestibule.services.logins import TraceQuery
from vestibule.web.answers import trace_steps
from vestibule.web.pages import render
from vestibule.web.place import Place, Table, page_headers
from vestibule.web.views.drafts import find_draft

_TEMPLATE = "views/test.html"
_ACTIVATE = "views/activate.html"


async def show(place: Place) -> Response:
    return place.page(_TEMPLATE, **await _shown(place))


async def begin(place: Place) -> Response:
    """Lead the browser to the identity provider.

    By a page, not by a redirect: browsers hold `form-action` against every redirect that follows
    a form, and who the provider is stands in no policy.
    """
    form = await place.form()
    its = f"/connections/{place.path['connection_id']}/test"
    drafted = await find_draft(place)
    try:
        link = await login_tests.issue(
            place.rt,
            place.actor,
            place.organization_id,
            place.path["connection_id"],
            draft=drafted is not None,
            # A frame's test has a tab of its own, which is closed afterwards.
            back="" if place.frame_ancestors else f"{place.base}{its}",
        )
    except VestibuleError as error:
        return place.refused(error, _TEMPLATE, form, **await _shown(place))
    page = render("views/test_begins.html", language=place.language, url=link.url)
    return HTMLResponse(page, headers=page_headers(place.frame_ancestors))


async def ask_activate(place: Place) -> Response:
    return place.page(_ACTIVATE, **await _to_activate(place))


async def activate(place: Place) -> Response:
    """Make the draft the connection: after a green test, or by somebody who ticked that they know.
    Nobody is locked out by it without another tick."""
    form = await place.form()
    shown = await _to_activate(place)
    view = shown["draft"]
    if view.draft.tested_at is None and not form.flag("untested"):
        return place.page(_ACTIVATE, 400, **shown, values=form)
    guard = None if form.flag("locks_out") else dry_run.guard(place.rt, place.actor.project)
    try:
        await drafts.activate(
            place.rt,
            place.actor,
            place.organization_id,
            place.path["connection_id"],
            draft_id=form.given("draft_id"),
            ask=guard,
        )
    except VestibuleError as error:
        return place.refused(error, _ACTIVATE, form, **shown)
    return place.to(f"/connections/{place.path['connection_id']}", said="activated")


async def _to_activate(place: Place) -> dict[str, Any]:
    view = await drafts.get_draft(
        place.rt, place.actor, place.organization_id, place.path["connection_id"]
    )
    return {"connection": view.live, "draft": view}


async def _shown(place: Place) -> dict[str, Any]:
    name = place.path["connection_id"]
    connection = await connections.get(place.rt, place.actor, place.organization_id, name)
    drafted = await find_draft(place)
    tried = drafted.draft.settings if drafted else connection
    trace = await _last_test(place)
    steps = trace_steps(trace) if trace else []
    missing = () if isinstance(tried, ExternalConnection) else missing_parts(tried)
    return {
        "connection": connection,
        "draft": drafted,
        "missing": missing,
        "trace": trace,
        "steps": steps,
        "failed": next((step for step in steps if not step["ok"]), None),
        "of_the_draft": bool(
            trace and trace.test and drafted and trace.test.draft_id == drafted.draft.draft_id
        ),
    }


async def _last_test(place: Place) -> LoginTrace | None:
    """The one that the browser comes back from, else the latest."""
    name = place.path["connection_id"]
    asked = place.query.get("trace_id")
    if asked:
        return await login_tests.get_result(
            place.rt, place.actor, place.organization_id, name, asked
        )
    query = TraceQuery(organization_id=place.organization_id, connection_id=name, tests=True)
    found = await logins.search_traces(place.rt, place.actor, query, limit=1)
    return found.traces[0] if found.traces else None


TABLE: Table = (
    ("GET", "/connections/{connection_id}/test", show),
    ("POST", "/connections/{connection_id}/test", begin),
    ("GET", "/connections/{connection_id}/activate", ask_activate),
    ("POST", "/connections/{connection_id}/activate", activate),
)
