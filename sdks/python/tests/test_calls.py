"""When a call is made again, what stands in it, and what becomes of a refusal. Flows are played by
hand: what each asks for is looked at, and nothing is sent."""

from __future__ import annotations

import base64
import json
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
from vestibule_sdk.calls import Answer, Flow, Pause, Send, build_request, call
from vestibule_sdk.errors import read_error

ACCESS = Credentials(
    "http://sso.example/", "project-test-1", "secret-test-1", workspace_key=("key", "its-secret")
).access(retries=2)
PATH = {"organization_id": "acme"}
REPEATABLE, ONCE = operations.ORGANIZATIONS_DELETE, operations.ORGANIZATIONS_CREATE
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


def test_a_request_that_did_not_leave_is_sent_again_whatever_it_is() -> None:
    lost = NoAnswer("nobody there", sent=False)
    played = play(ONCE, lost, lost, refused(400))
    assert len(played.sent) == 3
    assert played.sent[0] == played.sent[1] == played.sent[2]


def test_a_request_of_unknown_outcome_is_sent_again_only_if_it_is_repeatable() -> None:
    lost = NoAnswer("cut off", sent=True)
    assert play(REPEATABLE, lost, answer(200, DELETED)).result.organization_id == "organization-1"
    assert play(ONCE, lost).error is lost


@pytest.mark.parametrize("status", [409, 502, 503, 504])
def test_a_passing_failure_is_tried_again_only_if_repeatable(status: int) -> None:
    assert play(REPEATABLE, refused(status), answer(200, DELETED)).error is None
    assert isinstance(play(ONCE, refused(status)).error, ApiError)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 500])
def test_a_decided_refusal_is_not_asked_again(status: int) -> None:
    assert isinstance(play(REPEATABLE, refused(status)).error, ApiError)


def test_too_many_requests_are_waited_for_as_long_as_the_server_says() -> None:
    busy = answer(429, refused(429, "too_many_requests").body, retry_after="7")
    played = play(ONCE, busy, refused(400))
    assert 7 <= played.waits[0] < 8
    patience = answer(429, refused(429, "too_many_requests").body, retry_after="600")
    told = play(ONCE, patience).error
    assert isinstance(told, TooManyRequests)
    assert told.retry_after == 600


def test_it_gives_up_after_the_last_retry() -> None:
    lost = NoAnswer("nobody there", sent=False)
    assert play(REPEATABLE, lost, lost, lost).error is lost


def test_waits_grow_and_are_random() -> None:
    lost = NoAnswer("nobody there", sent=False)
    waits = [play(REPEATABLE, lost, lost, lost).waits for _ in range(200)]
    assert all(0 <= first <= 0.25 and 0 <= second <= 0.5 for first, second in waits)
    assert len({first for first, _ in waits}) > 100
    assert max(second for _, second in waits) > 0.25


def test_what_uses_something_up_or_adds_something_is_never_repeatable() -> None:
    for once in (
        operations.SSO_AUTHENTICATE,
        operations.SESSIONS_EXCHANGE,
        operations.ORGANIZATIONS_CREATE,
        operations.ORGANIZATIONS_MEMBERS_CREATE,
        operations.SSO_EXTERNAL_CREATE_CONNECTION,
        operations.SSO_SAML_CREATE_SIGNING_KEY,
        operations.SSO_SAML_UPDATE_CONNECTION,
    ):
        assert not once.repeatable
    assert operations.SESSIONS_AUTHENTICATE.repeatable
    assert operations.ORGANIZATIONS_SEARCH.repeatable


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
    sent = build_request(ACCESS, REPEATABLE, {"organization_id": "a/../b?c|d é"}, {}, {})
    assert sent.url.endswith("/organizations/a%2F..%2Fb%3Fc%7Cd%20%C3%A9")
    for bad in ("", ".", ".."):
        with pytest.raises(ValueError, match="organization_id"):
            build_request(ACCESS, REPEATABLE, {"organization_id": bad}, {}, {})


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
    sent = build_request(ACCESS, REPEATABLE, PATH, {}, {}, member)
    assert sent.headers["x-stytch-member-session"] == "token"
    assert sent.headers["x-stytch-member-sessionjwt"] == "jwt"


def test_no_secret_is_shown_by_a_repr() -> None:
    member = AsMember(session_token="token-of-a-member")
    sent = build_request(ACCESS, REPEATABLE, PATH, {}, {}, member)
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
    error = play(ONCE, refused(400, "invalid_audience_saml_response", error_details=details)).error
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
    assert type(play(ONCE, refused(status, error_type)).error) is kind


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b"{}", b'{"error_type": 1}', b'{"detail": "Not Found"}']
)
def test_what_is_no_error_of_vestibule_is_an_unreadable_answer(body: bytes) -> None:
    error = read_error(404, {}, body)
    assert isinstance(error, UnreadableAnswer)
    assert error.status == 404


@pytest.mark.parametrize("body", [b"", b"[]", b"<html>", b'{"organization_id": 1}', b"{}"])
def test_a_success_that_cannot_be_read_is_an_unreadable_answer(body: bytes) -> None:
    assert isinstance(play(REPEATABLE, answer(200, body)).error, UnreadableAnswer)


def test_what_a_newer_server_adds_is_ignored() -> None:
    told = {**json.loads(DELETED), "invented": {"deep": [1]}}
    assert isinstance(play(REPEATABLE, answer(200, told)).result, models.DeletedOrganization)


def test_a_redirect_is_not_followed_with_our_secret() -> None:
    moved = answer(307, b"", location="http://elsewhere.example/")
    assert isinstance(play(REPEATABLE, moved).error, UnreadableAnswer)
