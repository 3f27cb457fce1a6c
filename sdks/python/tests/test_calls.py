"""When a call is made again, what stands in it, and what becomes of a refusal. Flows are played by
hand: what each asks for is looked at, and nothing is sent."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Sequence
from typing import Any

import pytest

from vestibule_sdk import (
    ApiError,
    AsMember,
    Credentials,
    Forbidden,
    NoAnswer,
    NotFound,
    SamlError,
    ServerError,
    TooManyRequests,
    UnreadableAnswer,
)
from vestibule_sdk.api import models, operations
from vestibule_sdk.calls import Answer, Flow, Operation, Pause, Send, build_request, call
from vestibule_sdk.errors import read_error

ACCESS = Credentials(
    "http://sso.example/", "project-test-1", "secret-test-1", workspace_key=("key", "its-secret")
).access(retries=2)
PATH = {"organization_id": "acme"}
CREATE, DELETE = operations.ORGANIZATIONS_CREATE, operations.ORGANIZATIONS_DELETE
READ = operations.ORGANIZATIONS_GET
DELETED = b'{"organization_id": "organization-1", "request_id": "r", "status_code": 200}'


def answer(status: int, body: bytes | dict[str, Any] = b"{}", **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, named, body if isinstance(body, bytes) else json.dumps(body).encode())


def refused(status: int, error_type: str = "bad_request", **more: Any) -> Answer:
    told = {"status_code": status, "request_id": "request-1", "error_type": error_type}
    return answer(status, {**told, "error_message": "A sentence.", "error_url": "u", **more})


class Played:
    """What a flow did with the outcomes that it was given."""

    def __init__(self, flow: Flow[Any], outcomes: Sequence[Answer | NoAnswer]) -> None:
        self.sent: list[Send] = []
        self.waits: list[float] = []
        self.result: Any = None
        self.error: Exception | None = None
        left = list(outcomes)
        try:
            effect = next(flow)
            while True:
                if isinstance(effect, Send):
                    self.sent.append(effect)
                    got = left.pop(0)
                    effect = flow.throw(got) if isinstance(got, NoAnswer) else flow.send(got)
                else:
                    assert isinstance(effect, Pause)
                    self.waits.append(effect.seconds)
                    effect = flow.send(None)
        except StopIteration as done:
            self.result = done.value
        except (ApiError, NoAnswer, UnreadableAnswer) as error:
            self.error = error
        assert left == []


def play(operation: Any, *outcomes: Answer | NoAnswer) -> Played:
    path = PATH if "{organization_id}" in operation.path else {}
    return Played(call(ACCESS, operation, path, {}, {}), outcomes)


# --- again or not ---------------------------------------------------------------------------------


@pytest.mark.parametrize("sent", [False, True])
def test_a_request_that_nobody_answered_is_sent_again_with_its_key(sent: bool) -> None:
    """Whether or not it arrived: the server does what has a key once."""
    lost = NoAnswer("cut off", sent=sent)
    played = play(CREATE, lost, lost, refused(400))
    assert len(played.sent) == 3
    assert played.sent[0] == played.sent[1] == played.sent[2]
    assert "idempotency-key" in played.sent[0].headers


@pytest.mark.parametrize("status", [409, 429, 502, 503, 504])
@pytest.mark.parametrize("operation", [CREATE, DELETE, READ], ids=lambda one: one.method)
def test_a_passing_failure_is_tried_again(operation: Any, status: int) -> None:
    played = play(operation, refused(status), refused(status), refused(404))
    assert played.sent[0] == played.sent[1] == played.sent[2]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 500])
def test_a_decided_refusal_is_not_asked_again(status: int) -> None:
    assert isinstance(play(DELETE, refused(status)).error, ApiError)


def test_too_many_requests_are_waited_for_as_long_as_the_server_says() -> None:
    busy = answer(429, refused(429, "too_many_requests").body, retry_after="7")
    played = play(CREATE, busy, refused(400))
    assert 7 <= played.waits[0] < 8
    patience = answer(429, refused(429, "too_many_requests").body, retry_after="600")
    told = play(CREATE, patience).error
    assert isinstance(told, TooManyRequests)
    assert told.retry_after == 600


def test_it_gives_up_after_the_last_retry() -> None:
    lost = NoAnswer("nobody there", sent=False)
    assert play(DELETE, lost, lost, lost).error is lost


def test_waits_grow_and_are_random() -> None:
    lost = NoAnswer("nobody there", sent=False)
    waits = [play(DELETE, lost, lost, lost).waits for _ in range(200)]
    assert all(0 <= first <= 0.25 and 0 <= second <= 0.5 for first, second in waits)
    assert len({first for first, _ in waits}) > 100
    assert max(second for _, second in waits) > 0.25


def key_of(played: Played) -> str:
    return played.sent[0].headers["idempotency-key"]


def test_every_call_that_changes_something_has_a_key_of_its_own() -> None:
    keys = {key_of(play(CREATE, refused(400))) for _ in range(50)}
    assert len(keys) == 50
    assert all(re.fullmatch(r'"[0-9a-f]{32}"', key) for key in keys)


def test_what_uses_something_up_or_changes_something_has_a_key() -> None:
    for one in vars(operations).values():
        if isinstance(one, Operation) and one.method in ("PUT", "DELETE"):
            assert one.keyed, one.id
    for one in (
        operations.SSO_AUTHENTICATE,
        operations.SESSIONS_EXCHANGE,
        operations.ORGANIZATIONS_CREATE,
        operations.ORGANIZATIONS_MEMBERS_CREATE,
        operations.SSO_EXTERNAL_CREATE_CONNECTION,
        operations.SSO_SAML_CREATE_SIGNING_KEY,
    ):
        assert one.keyed, one.id


def test_what_only_reads_has_no_key() -> None:
    """A POST may read as well; renewing a session is done at every turn and does the same twice."""
    for one in vars(operations).values():
        if isinstance(one, Operation) and one.method == "GET":
            assert not one.keyed, one.id
    for one in (
        operations.ORGANIZATIONS_SEARCH,
        operations.ORGANIZATIONS_MEMBERS_SEARCH,
        operations.SSO_DRY_RUN,
        operations.SESSIONS_AUTHENTICATE,
    ):
        assert not one.keyed, one.id
    assert "idempotency-key" not in play(READ, refused(400)).sent[0].headers


@pytest.mark.parametrize(
    ("key", "header"),
    [("order-17", '"order-17"'), ('a "b" \\c', r'"a \"b\" \\c"'), ("x" * 255, f'"{"x" * 255}"')],
)
def test_a_key_of_the_callers_own_is_sent_as_the_string_that_the_header_wants(
    key: str, header: str
) -> None:
    flow = call(ACCESS, CREATE, {}, {}, {}, idempotency_key=key)
    assert key_of(Played(flow, [refused(400)])) == header


@pytest.mark.parametrize("key", ["", "x" * 256, "é", "a\nb", "a\r\nx-header: b"])
def test_a_key_that_cannot_stand_in_a_header_is_not_sent(key: str) -> None:
    with pytest.raises(ValueError, match="idempotency key"):
        Played(call(ACCESS, CREATE, {}, {}, {}, idempotency_key=key), [])


# --- what is sent ---------------------------------------------------------------------------------


def basic(request: Send) -> str:
    return base64.b64decode(request.headers["authorization"].removeprefix("Basic ")).decode()


def test_what_was_not_given_is_not_sent() -> None:
    body = {"organization_name": "Acme", "organization_slug": None}
    sent = build_request(ACCESS, operations.ORGANIZATIONS_CREATE, {}, {}, body)
    assert sent.url == "http://sso.example/v1/b2b/organizations"
    assert sent.body == b'{"organization_name":"Acme"}'
    assert basic(sent) == "project-test-1:secret-test-1"


def test_values_in_a_path_stay_inside_their_segment() -> None:
    sent = build_request(ACCESS, DELETE, {"organization_id": "a/../b?c|d é"}, {}, {})
    assert sent.url.endswith("/organizations/a%2F..%2Fb%3Fc%7Cd%20%C3%A9")
    for bad in ("", ".", ".."):
        with pytest.raises(ValueError, match="organization_id"):
            build_request(ACCESS, DELETE, {"organization_id": bad}, {}, {})


def test_a_query_is_written_as_the_server_reads_it() -> None:
    query = {"include_deleted": True, "nothing": None}
    path = {"member_id": "m"}
    operation = operations.ORGANIZATIONS_MEMBERS_DANGEROUSLY_GET
    assert build_request(ACCESS, operation, path, query, {}).url.endswith("?include_deleted=true")


def test_keys_are_sent_to_those_whom_they_concern() -> None:
    slugs = {"project_slug": "p", "environment_slug": "e"}
    managed = build_request(ACCESS, operations.MANAGEMENT_RBAC_POLICY_GET, slugs, {}, {})
    assert basic(managed) == "key:its-secret"
    keys = build_request(ACCESS, operations.SESSIONS_GET_JWKS, {"project_id": "p"}, {}, {})
    assert "authorization" not in keys.headers


def test_a_call_as_a_member_without_a_session_is_refused() -> None:
    """Without the header it would be a call with the full power of the secret."""
    for nobody in ({}, {"session_token": ""}, {"session_jwt": ""}):
        with pytest.raises(ValueError, match="as_member"):
            AsMember(**nobody)
    member = AsMember(session_token="token", session_jwt="jwt")
    sent = build_request(ACCESS, DELETE, PATH, {}, {}, member)
    assert sent.headers["x-stytch-member-session"] == "token"
    assert sent.headers["x-stytch-member-sessionjwt"] == "jwt"


def test_no_secret_is_shown_by_a_repr() -> None:
    member = AsMember(session_token="token-of-a-member")
    sent = build_request(ACCESS, DELETE, PATH, {}, {}, member)
    shown = f"{ACCESS!r} {sent!r} {member!r} {Credentials('u', 'p', 'secret-test-1')!r}"
    for secret in ("secret-test-1", "its-secret", "token-of-a-member", "Basic"):
        assert secret not in shown


# --- what comes back ------------------------------------------------------------------------------


def test_an_error_tells_all_that_the_server_told() -> None:
    details = {
        "code": "saml_audience_mismatch",
        "want": "ours",
        "got": "theirs",
        "remedy": "Mend the audience.",
        "trace_id": "trace-1",
    }
    error = play(
        CREATE, refused(400, "invalid_audience_saml_response", error_details=details)
    ).error
    assert isinstance(error, SamlError)
    assert (error.code, error.error_type) == (
        "saml_audience_mismatch",
        "invalid_audience_saml_response",
    )
    assert (error.want, error.got, error.remedy) == ("ours", "theirs", "Mend the audience.")
    assert (error.status, error.request_id, error.trace_id) == (400, "request-1", "trace-1")
    for part in ("saml_audience_mismatch", "ours", "theirs", "Mend the audience.", "request-1"):
        assert part in str(error)


@pytest.mark.parametrize(
    ("status", "error_type", "kind"),
    [
        (404, "sso_connection_not_found", NotFound),
        (403, "session_authorization_error", Forbidden),
        (500, "internal_server_error", ServerError),
        (404, "invented_by_a_newer_server", NotFound),
        (403, "invented_too", Forbidden),
    ],
)
def test_each_code_has_the_class_of_its_kind(status: int, error_type: str, kind: type) -> None:
    assert type(play(CREATE, refused(status, error_type)).error) is kind


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b"{}", b'{"error_type": 1}', b'{"detail": "Not Found"}']
)
def test_what_is_no_error_of_vestibule_is_an_unreadable_answer(body: bytes) -> None:
    error = read_error(404, {}, body)
    assert isinstance(error, UnreadableAnswer)
    assert error.status == 404


@pytest.mark.parametrize("body", [b"", b"[]", b"<html>", b'{"organization_id": 1}', b"{}"])
def test_a_success_that_cannot_be_read_is_an_unreadable_answer(body: bytes) -> None:
    assert isinstance(play(DELETE, answer(200, body)).error, UnreadableAnswer)


def test_what_a_newer_server_adds_is_ignored() -> None:
    told = {**json.loads(DELETED), "invented": {"deep": [1]}}
    assert isinstance(play(DELETE, answer(200, told)).result, models.DeletedOrganization)


def test_a_redirect_is_not_followed_with_our_secret() -> None:
    moved = answer(307, b"", location="http://elsewhere.example/")
    assert isinstance(play(DELETE, moved).error, UnreadableAnswer)
