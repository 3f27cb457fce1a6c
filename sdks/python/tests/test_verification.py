"""When keys and policies are asked for again. Time is a number that the tests turn."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from vestibule_sdk import (
    ApiError,
    Credentials,
    Forbidden,
    KeyUnknown,
    NoAnswer,
    SessionJwtExpired,
)
from vestibule_sdk.calls import Alone, Answer, Flow, Pause, Send
from vestibule_sdk.verification import Verification

JWTS = json.loads((Path(__file__).parents[3] / "tests/vectors/session_jwt/cases.json").read_text())
TOKENS = {case["name"]: case["token"] for case in (*JWTS["good"], *JWTS["bad"])}
GOOD, OLD_KEY = (
    TOKENS["as the server makes it"],
    TOKENS["signed with a key that is still published"],
)
EXPIRED, UNKNOWN = TOKENS["expired now"], TOKENS["an unknown kid"]


class World:
    """A server that answers from a table, and a clock."""

    def __init__(self) -> None:
        self.now: float = JWTS["now"]
        self.asked: list[str] = []
        self.keys: list[Any] = JWTS["jwks"]["keys"]
        self.down = False
        self.answers: dict[str, Answer] = {}
        access = Credentials("http://sso.example", JWTS["project_id"], "secret").access(retries=0)
        self.verification = Verification(access, lambda: self.now)

    def run(self, flow: Flow[Any]) -> Any:
        outcome: Any = None
        failure: NoAnswer | None = None
        while True:
            try:
                effect = flow.throw(failure) if failure else flow.send(outcome)
            except StopIteration as done:
                return done.value
            outcome, failure = None, None
            if isinstance(effect, Alone):
                outcome = self.run(effect.flow)
            elif isinstance(effect, Send):
                path = effect.url.removeprefix("http://sso.example")
                self.asked.append(path)
                if self.down:
                    failure = NoAnswer("down", sent=False)
                elif "/jwks/" in path:
                    outcome = Answer(200, {}, json.dumps({"keys": self.keys}).encode())
                else:
                    outcome = self.answers[path]
            else:
                assert isinstance(effect, Pause)

    def verify(self, token: str = GOOD, *, max_age: float | None = None, ask: bool = False) -> Any:
        return self.run(self.verification.verify(token, max_age=max_age, ask=ask))


@pytest.fixture
def world() -> World:
    return World()


def test_keys_are_fetched_once_and_without_credentials(world: World) -> None:
    for _ in range(3):
        world.verify()
    assert world.asked == [f"/v1/b2b/sessions/jwks/{JWTS['project_id']}"]


def test_keys_are_fetched_again_after_an_hour(world: World) -> None:
    with pytest.raises(SessionJwtExpired):
        world.verify(EXPIRED)
    world.now += 3599
    with pytest.raises(SessionJwtExpired):
        world.verify()
    assert len(world.asked) == 1
    world.now += 1
    with pytest.raises(SessionJwtExpired):
        world.verify()
    assert len(world.asked) == 2


def test_a_new_key_is_found_at_once(world: World) -> None:
    world.keys = JWTS["jwks"]["keys"][:1]
    world.verify()
    world.keys = JWTS["jwks"]["keys"]
    assert world.verify(OLD_KEY).member_id == "member-test-1"
    assert len(world.asked) == 2


def test_a_key_that_is_withdrawn_counts_no_more_after_an_hour(world: World) -> None:
    world.verify(OLD_KEY)
    world.keys = JWTS["jwks"]["keys"][:1]
    world.now += 3600
    with pytest.raises(KeyUnknown):
        world.verify(OLD_KEY)


def test_invented_key_ids_cost_five_fetches_a_minute(world: World) -> None:
    for _ in range(50):
        with pytest.raises(KeyUnknown):
            world.verify(UNKNOWN)
    assert len(world.asked) == 1 + 5
    world.verify()
    world.now += 60
    with pytest.raises(KeyUnknown):
        world.verify(UNKNOWN)
    assert len(world.asked) == 1 + 5 + 1


def test_known_keys_outlive_a_server_that_is_down_by_a_day(world: World) -> None:
    world.verify()
    world.down = True
    world.now += 3600
    for _ in range(9):
        with pytest.raises(SessionJwtExpired):
            world.verify()
    assert len(world.asked) == 2
    world.now += 24 * 3600
    with pytest.raises(NoAnswer):
        world.verify()


def test_without_keys_nothing_is_believed(world: World) -> None:
    world.down = True
    with pytest.raises(NoAnswer):
        world.verify()
    world.down = False
    world.keys = []
    with pytest.raises(Exception, match="no usable key"):
        world.verify()


def test_a_jwt_can_be_too_old_for_the_caller(world: World) -> None:
    assert world.verify(max_age=11)
    with pytest.raises(SessionJwtExpired):
        world.verify(max_age=10)


def test_an_expired_jwt_is_asked_about_only_on_demand(world: World) -> None:
    gone = {"error_type": "session_not_found", "error_message": "Gone."}
    world.answers["/v1/b2b/sessions/authenticate"] = Answer(404, {}, json.dumps(gone).encode())
    with pytest.raises(SessionJwtExpired):
        world.verify(EXPIRED)
    assert len(world.asked) == 1
    with pytest.raises(ApiError) as caught:
        world.verify(EXPIRED, ask=True)
    assert caught.value.code == "session_not_found"


def roles(*told: tuple[str, str]) -> list[dict[str, Any]]:
    return [
        {
            "role_id": role_id,
            "description": "",
            "permissions": [{"resource_id": "documents", "actions": [action]}],
        }
        for role_id, action in told
    ]


def test_policies_are_kept_for_five_minutes(world: World) -> None:
    session = world.verify()
    policy = {"policy": {"roles": roles(("editor", "write")), "resources": [], "scopes": []}}
    own = {"org_policy": {"roles": roles(("stytch_member", "publish"))}}
    world.answers = {
        "/v1/b2b/rbac/policy": Answer(200, {}, json.dumps(policy).encode()),
        f"/v1/b2b/rbac/organizations/{session.organization_id}": Answer(
            200, {}, json.dumps(own).encode()
        ),
    }

    def require(action: str, organization_id: str | None = None) -> Any:
        flow = world.verification.require(session, "documents", action, organization_id)
        return world.run(flow)

    assert require("write") == ("editor",)
    assert world.asked[1:] == ["/v1/b2b/rbac/policy"]
    assert require("publish", session.organization_id) == ("stytch_member",)
    for _ in range(5):
        with pytest.raises(Forbidden) as caught:
            require("delete")
    assert caught.value.code == "session_authorization_error"
    assert len(world.asked) == 3
    with pytest.raises(Forbidden) as caught:
        require("write", "organization-test-2")
    assert caught.value.code == "session_authorization_tenancy_error"
    world.now += 300
    require("write")
    assert len(world.asked) == 4
