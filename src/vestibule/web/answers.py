"""How a browser is told of a refusal: a page, or the JSON envelope where JSON is preferred."""

from __future__ import annotations

import structlog
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from vestibule.errors import VestibuleError
from vestibule.services.runtime import Runtime
from vestibule.web.pages import render
from vestibule.web.problems import encode_problem, problem_document, status_of

_log = structlog.get_logger()


def prefers_json(request: Request) -> bool:
    accept = request.headers.get("accept", "")
    return "json" in accept and "text/html" not in accept


def refuse(rt: Runtime, request: Request, error: VestibuleError) -> Response:
    """The page for people, with the exact face only in development; JSON for programs."""
    answer = _refusal(rt, request, error)
    if error.code == "method_not_allowed" and error.want:
        answer.headers["allow"] = error.want  # RFC 9110 §15.5.6
    return answer


def _refusal(rt: Runtime, request: Request, error: VestibuleError) -> Response:
    request_id = request.state.request_id
    if status_of(error.row) >= 500:
        _log.error("refused", request_id=request_id, error=str(error), exc_info=error)
    if prefers_json(request):
        problem = problem_document(error, request_id, rt.settings.base_url)
        if rt.settings.mode != "dev":
            # Whoever stands at this door has shown no credential.
            problem.error_message = error.row.message
            problem.error_details = {
                name: problem.error_details[name]
                for name in ("code", "remedy", "trace_id")
                if name in problem.error_details
            }
        return Response(encode_problem(problem), problem.status_code, media_type="application/json")
    row = error.row
    # Who can mend it by beginning afresh need not hear of identity providers.
    again = row.remedy.startswith("Start the sign-in again")
    page = render(
        "problem.html",
        status=status_of(row),
        code=row.code,
        title="Please start the sign-in again." if again else error.public,
        message=row.message,
        remedy=row.remedy,
        want=error.want,
        got=error.got,
        detail=error.detail,
        spec=row.spec,
        request_id=request_id,
        trace_id=error.trace_id,
        detailed=rt.settings.mode == "dev",
        home_url="/" if rt.settings.mode == "dev" else None,
    )
    return HTMLResponse(page, status_of(row), headers={"cache-control": "no-store"})
