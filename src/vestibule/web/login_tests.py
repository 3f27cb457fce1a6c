"""The end of a test login in the browser: what was checked, who it would have been, who mends it.

Only the browser that began the test is shown this; nobody was signed in by it.
"""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from vestibule.domain.logins import LoginTrace
from vestibule.web.answers import prefers_json, trace_steps
from vestibule.web.api.login_tests import encode_result, result_document
from vestibule.web.pages import render

_ENTERS = {
    "registered": "as the member who is registered with this subject",
    "linked": "as the member who has this address; the connection would be new to them",
    "created": "as a new member",
}


def test_result(request: Request, trace: LoginTrace, headers: Mapping[str, str]) -> Response:
    """The page for people, JSON for programs. A refused test is a good answer: 200."""
    if prefers_json(request):
        body = encode_result(result_document(trace, request.state.request_id))
        return Response(body, media_type="application/json", headers=dict(headers))
    steps = trace_steps(trace)
    page = render(
        "test_result.html",
        passed=trace.outcome == "tested",
        settings="draft" if trace.test is not None and trace.test.draft_id else "live",
        failed=next((step for step in steps if not step["ok"]), None),
        steps=steps,
        report=trace.report,
        enters=_ENTERS[trace.report.enters] if trace.report else "",
        connection_id=trace.connection_id,
        trace_id=trace.trace_id,
        back=f"{trace.test.back}?trace_id={trace.trace_id}"
        if trace.test and trace.test.back
        else "",
    )
    return HTMLResponse(page, headers=dict(headers))
