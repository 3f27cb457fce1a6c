"""What every leg through the browser answers alike: a refusal, as a page or as the JSON envelope
where JSON is preferred, and a SAML message in a form that sends itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from vestibule.domain.logins import LoginTrace
from vestibule.errors import CODES, VestibuleError
from vestibule.services.runtime import Runtime
from vestibule.web.pages import render
from vestibule.web.problems import encode_problem, problem_document, status_of

_log = structlog.get_logger()


def prefers_json(request: Request) -> bool:
    accept = request.headers.get("accept", "")
    return "json" in accept and "text/html" not in accept


def post_form(
    action: str,
    fields: Mapping[str, str],
    *,
    title: str = "Signing you in",
    lead: str = "Your browser carries the request to your identity provider.",
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A page that posts `fields` to `action`: by itself where scripts run, by a button where they
    do not (SAML Bindings §3.5). Whoever made the fields has judged the URL.

    Its script is a file, so the policy of every page holds for this one too. There is no
    `form-action` in it: Chromium holds that against the redirects after the form as well, and an
    identity provider may lead the browser over several names of its own.
    """
    page = render("post.html", title=title, lead=lead, action=action, fields=dict(fields))
    return HTMLResponse(page, headers={"cache-control": "no-store", **(headers or {})})


def trace_steps(trace: LoginTrace) -> list[dict[str, Any]]:
    """The steps of a login as the macro `login_trace` shows them."""
    return [
        {
            "name": step.name,
            "at": step.at,
            "ok": step.ok,
            "warning": step.code == "warning",
            "summary": step.summary,
            "want": step.want,
            "got": step.got,
            "code": None if step.code == "warning" else step.code,
            "remedy": CODES[step.code].remedy if step.code in CODES else None,
            "spec": CODES[step.code].spec if step.code in CODES else None,
        }
        for step in trace.told
    ]


def refuse(rt: Runtime, request: Request, error: VestibuleError) -> Response:
    """The page for people, with the exact face only in development; JSON for programs."""
    answer = _refusal(rt, request, error)
    if error.code == "method_not_allowed" and error.want:
        answer.headers["allow"] = error.want  # RFC 9110 §15.5.6
    if error.retry_after is not None:
        answer.headers["retry-after"] = str(error.retry_after)
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
