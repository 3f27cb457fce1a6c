"""Sign-ins and their traces: found by who, how and how it ended; told step by step."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from vestibule.errors import VestibuleError
from vestibule.services import logins
from vestibule.services.logins import OUTCOMES, TracePage, TraceQuery
from vestibule.web.answers import trace_steps
from vestibule.web.forms import Form, problem_of
from vestibule.web.place import Place, Table

_PAGE = 50


async def index(place: Place) -> Response:
    """The latest first, of one organization or of the whole project. A query that makes no sense
    is told beside its fields."""
    query = place.query
    asked: dict[str, Any] = {
        name: query.get(name, "").strip() or None
        for name in ("connection_id", "outcome", "trace_id", "email")
    }
    tests = {"only": True, "without": False}.get(query.get("tests", ""))
    wanted = TraceQuery(organization_id=place.organization_id or None, tests=tests, **asked)
    problem = None
    found = TracePage((), None)
    try:
        cursor = query.get("cursor") or None
        found = await logins.search_traces(place.rt, place.actor, wanted, cursor, _PAGE)
    except VestibuleError as error:
        problem = problem_of(error, list(asked))
    typed = Form({name: [query.get(name, "")] for name in (*asked, "tests")})
    return place.page(
        "views/logins.html",
        problem.status if problem else 200,
        found=found,
        outcomes=OUTCOMES,
        values=typed,
        problem=problem,
        asked={name: value for name, value in query.items() if name not in ("cursor", "said")},
        whole_project=not place.organization_id,
    )


async def show(place: Place) -> Response:
    """One sign-in, step by step, the first that was refused open."""
    trace = await logins.get_trace(
        place.rt, place.actor, place.organization_id, place.path["trace_id"]
    )
    steps = trace_steps(trace)
    return place.page(
        "views/login.html",
        trace=trace,
        steps=steps,
        failed=next((step for step in steps if not step["ok"]), None),
    )


TABLE: Table = (
    ("GET", "/logins", index),
    ("GET", "/logins/{trace_id}", show),
)
