"""The API of test logins: a link to one, and what came of it."""

from __future__ import annotations

import msgspec

from vestibule.domain.logins import LoginTrace
from vestibule.domain.sessions import wire_time
from vestibule.errors import CODES
from vestibule.services import login_tests
from vestibule.web.api.registry import Call, Nothing, Request, Response, operation

_TEST = "/v1/b2b/sso/{organization_id}/connections/{connection_id}/test"


class TestRequest(Request):
    draft: bool = False


class TestResponse(Response):
    test_url: str
    expires_at: str


class CheckDocument(msgspec.Struct):
    """One step of the test. `code` is that of a refusal, or `warning`."""

    name: str
    ok: bool
    summary: str
    want: str | None
    got: str | None
    code: str | None
    remedy: str | None


class TestedPerson(msgspec.Struct):
    """As whom the person would have been let in: `enters` is registered, linked or created, and
    `member_id` is empty for a member who would be created."""

    enters: str
    member_id: str
    subject: str
    email_address: str
    name: str
    groups: list[str]
    attributes: dict[str, list[str]]
    roles: list[str]
    session_roles: list[str]


class TestResultResponse(Response):
    connection_id: str
    trace_id: str
    settings: str
    draft_id: str
    passed: bool
    started_at: str
    checks: list[CheckDocument]
    person: TestedPerson | None


@operation(
    "sso.test_connection", "POST", _TEST, "Make a link to a test login",
    rule="sso.update_connection", extension=True,
)  # fmt: skip
async def test_connection(call: Call, body: TestRequest) -> TestResponse:
    """A browser that opens `test_url`, once and within ten minutes, signs in at the identity
    provider and is shown what was checked and who it would have been. Nobody is let in: there is no
    session, no token and no new member, and nothing of the identity provider is kept but the trace.
    With `draft` the test goes through the connection's draft, otherwise through the settings as
    they are, which may still be pending. A test of an External connection goes through its source
    and the rules of this organization."""
    made = await login_tests.issue(
        call.rt,
        call.actor,
        call.path["organization_id"],
        call.path["connection_id"],
        draft=body.draft,
    )
    return TestResponse(test_url=made.url, expires_at=wire_time(made.expires_at))


@operation(
    "sso.get_test_result", "GET", f"{_TEST}/{{trace_id}}", "Read what came of a test login",
    rule="sso.get_connections", extension=True,
)  # fmt: skip
async def get_result(call: Call, _: Nothing) -> TestResultResponse:
    """What the page at the end of the test showed. `passed` says whether the person would have been
    let in; if not, the check that is not ok says why, what was wanted and what came."""
    found = await login_tests.get_result(
        call.rt,
        call.actor,
        call.path["organization_id"],
        call.path["connection_id"],
        call.path["trace_id"],
    )
    return result_document(found)


def result_document(trace: LoginTrace, request_id: str = "") -> TestResultResponse:
    draft_id = trace.test.draft_id if trace.test is not None else None
    told = trace.report
    return TestResultResponse(
        request_id=request_id,
        connection_id=trace.connection_id,
        trace_id=trace.trace_id,
        settings="draft" if draft_id else "live",
        draft_id=draft_id or "",
        passed=trace.outcome == "tested",
        started_at=wire_time(trace.started_at),
        checks=[
            CheckDocument(
                step.name,
                step.ok,
                step.summary,
                step.want,
                step.got,
                step.code,
                CODES[step.code].remedy if step.code in CODES else None,
            )
            for step in trace.steps
        ],
        person=None
        if told is None
        else TestedPerson(
            told.enters,
            told.member_id,
            told.subject,
            told.email,
            told.name,
            list(told.groups),
            {name: list(values) for name, values in told.attributes.items()},
            list(told.roles),
            list(told.session_roles),
        ),
    )


_encode = msgspec.json.Encoder().encode


def encode_result(result: TestResultResponse) -> bytes:
    return _encode(result)
