"""Every way of misbehaving of `misbehaving_provider/modes.py`, in a whole login over real sockets.

One provider a mode; the connection is set up by its issuer alone. What is refused must be refused
by the right code, must let nobody in, and must be told in the trace of the login.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit, urlunsplit

import httpx2
import pytest

from peers import conformance
from peers.misbehaving_provider import (
    ACCESS_TOKEN_LIFETIME,
    CLIENT_ID,
    CLIENT_SECRET,
    MisbehavingProvider,
    run_misbehaving_provider,
)
from peers.misbehaving_provider.modes import ACCEPTED, BY_NAME, MODES, NOT_APPLICABLE, Mode
from peers.people import ADA
from peers.vestibule_in_process import JSON, InProcess, run_in_process
from vestibule.errors import CODES
from vestibule.services.idp_documents import REFETCH_AFTER

DOCS = Path(__file__).parents[2] / "docs" / "security" / "openid-conformance.md"
HOLDS = ("hang", "drip")

SLOW = tuple(mode for mode in MODES if set(mode.manners.values()) & set(HOLDS))
GOOD = tuple(mode for mode in MODES if mode.expected == ACCEPTED and mode.stage != "Refresh")
REFRESH = tuple(mode for mode in MODES if mode.stage == "Refresh")
BAD = tuple(mode for mode in MODES if mode not in GOOD + REFRESH + SLOW)


@pytest.fixture(scope="module")
def provider() -> Iterator[MisbehavingProvider]:
    with run_misbehaving_provider() as running:
        yield running


@pytest.fixture(scope="module")
def one_server() -> Iterator[InProcess]:
    with run_in_process() as running:
        yield running


@pytest.fixture
def server(one_server: InProcess) -> Iterator[InProcess]:
    yield one_server
    one_server.set_right()


@dataclass(frozen=True)
class Door:
    """A connection to one mode of the provider."""

    server: InProcess
    provider: MisbehavingProvider
    mode: Mode
    organization_id: str
    connection_id: str
    status: str
    warning: str

    async def walk(self, browser: httpx2.AsyncClient) -> str:
        """Go as far as the provider's answer; returns the callback URL, not yet opened."""
        url = await self.server.start(browser, self.connection_id)
        answer = await browser.get(url)
        assert answer.status_code == 302, answer.text
        location: str = answer.headers["location"]
        return location

    async def sign_in(self) -> httpx2.Response:
        async with self.server.browser() as browser:
            return await browser.get(await self.walk(browser), headers=JSON)

    async def arrive(self) -> dict[str, Any]:
        """A whole login, up to the session."""
        return await self.server.authenticate(await self.sign_in())


async def open_door(server: InProcess, provider: MisbehavingProvider, mode: Mode) -> Door:
    organization_id = await server.make_organization("Northwind")
    answer = await server.make_oidc(
        organization_id,
        issuer=provider.issuer(mode),
        client_id=CLIENT_ID,
        client_secret=CLIENT_SECRET,
        attribute_mapping={"department": "department"},
        oidc_group_implicit_role_assignments=[{"role_id": "editor", "group": "engineering"}],
    )
    connection = answer["connection"]
    return Door(
        server, provider, mode, organization_id, connection["connection_id"],
        connection["status"], answer.get("warning", ""),
    )  # fmt: skip


def by_name(mode: Mode) -> str:
    return mode.name


def is_let_in(done: dict[str, Any]) -> None:
    member = done["member"]
    assert member["email_address"] == ADA.email
    assert member["name"] == ADA.name
    assert member["trusted_metadata"] == {"department": ADA.department}
    assert set(done["member_session"]["roles"]) == {"stytch_member", "editor"}
    (factor,) = done["member_session"]["authentication_factors"]
    assert factor["oidc_sso_factor"]["external_id"] == ADA.subject


async def nobody_came(door: Door) -> None:
    assert await door.server.members(door.organization_id) == []


async def login_is_refused(door: Door) -> None:
    """The login fails by the mode's code, at its stage, with nothing left behind."""
    mode = door.mode
    assert (door.status, door.warning) == ("active", "")
    answer = await door.sign_in()
    details = answer.json()["error_details"]
    assert details["code"] == mode.expected, answer.text
    assert answer.status_code in (400, 502)
    assert "location" not in answer.headers
    await nobody_came(door)
    if not mode.stage:
        assert "trace_id" not in details
        return
    trace = await door.server.trace(door.organization_id, details["trace_id"])
    last = trace.steps[-1]
    assert (trace.outcome, last.name, last.code) == ("refused", mode.stage, mode.expected)
    assert [step.ok for step in trace.steps[:-1]] == [True] * (len(trace.steps) - 1)
    # What was wanted, what came, or why: one of them, or there is nothing to mend it by.
    row = CODES[mode.expected]
    assert last.want or last.got or last.summary != row.message or mode.expected in SELF_EVIDENT
    assert CLIENT_SECRET not in repr(trace)


SELF_EVIDENT = {"oidc_id_token_missing", "oidc_distributed_claims"}


@pytest.mark.parametrize("mode", GOOD, ids=by_name)
def test_what_the_standards_allow_is_let_in(
    server: InProcess, provider: MisbehavingProvider, mode: Mode
) -> None:
    async def story() -> None:
        door = await open_door(server, provider, mode)
        assert (door.status, door.warning) == ("active", "")
        is_let_in(await door.arrive())
        server.advance(REFETCH_AFTER.total_seconds() + 1)
        is_let_in(await door.arrive())
        asked = provider.asked(mode)
        assert asked[:2] == ["discovery", "authorize"]
        # The keys are kept; only a new key id makes us ask a second time.
        assert asked.count("jwks") == (2 if mode.rotates else 1)

    server.run(story())


@pytest.mark.parametrize("mode", BAD, ids=by_name)
def test_what_is_wrong_is_refused_by_its_code(
    server: InProcess, provider: MisbehavingProvider, mode: Mode
) -> None:
    async def story() -> None:
        door = await open_door(server, provider, mode)
        if mode.stage == "Discovery":
            await is_warned_of(door)
        else:
            await login_is_refused(door)

    server.run(story())


async def is_warned_of(door: Door) -> None:
    """The administrator is told, nothing of the document is believed, and no login begins."""
    assert f" {door.mode.expected}: " in door.warning
    assert door.status == "pending"
    assert door.provider.asked(door.mode) == ["discovery"]
    with pytest.raises(AssertionError, match="requires_active_sso_connection"):
        await door.sign_in()
    await nobody_came(door)


def test_a_provider_that_holds_us_is_left(server: InProcess, provider: MisbehavingProvider) -> None:
    """All at the same time, with an honest one among them."""

    async def story(mode: Mode) -> None:
        door = await open_door(server, provider, mode)
        if mode.stage == "Discovery":
            await is_warned_of(door)
        else:
            await login_is_refused(door)

    async def honest() -> None:
        door = await open_door(server, provider, BY_NAME["honest"])
        is_let_in(await door.arrive())

    async def all_at_once() -> None:
        await asyncio.gather(*(story(mode) for mode in SLOW), honest())

    assert {manner for mode in SLOW for manner in mode.manners.values()} == set(HOLDS)
    server.run(all_at_once())


@pytest.mark.parametrize("mode", REFRESH, ids=by_name)
def test_a_refresh_is_judged_as_strictly_as_a_login(
    server: InProcess, provider: MisbehavingProvider, mode: Mode
) -> None:
    async def story() -> None:
        door = await open_door(server, provider, mode)
        done = await door.arrive()
        is_let_in(done)
        place = (done["organization_id"], done["member_id"])
        first = await server.stored_tokens(place[1])
        server.advance(ACCESS_TOKEN_LIFETIME + 1)
        answer = await server.held_tokens(*place)
        second = await server.stored_tokens(place[1])
        if mode.expected == ACCEPTED:
            (shown,) = answer.json()["registrations"]
            assert shown["provider_subject"] == ADA.subject
            assert shown["access_token"] == second.access_token != first.access_token
            assert shown["refresh_token"] == second.refresh_token != first.refresh_token
            kept = mode.name == "refresh-without-id-token"
            assert (second.id_token == first.id_token) == kept
            return
        assert answer.status_code == 400, answer.text
        problem = answer.json()
        assert problem["error_type"] == "unable_to_refresh_oidc_token"
        assert "registrations" not in problem
        # Nothing of the answer was kept, and only the provider's own "no" ends the tokens.
        assert second.access_token == first.access_token
        assert second.refresh_token == first.refresh_token
        assert second.id_token == first.id_token
        if mode.expected == "oidc_token_refused":
            assert second.state == "needs_login"
        else:
            assert mode.expected in problem["error_message"]
            assert second.state != "needs_login"
            assert second.last_error == mode.expected

    server.run(story())


def test_a_bad_refresh_costs_nothing_while_the_old_token_lasts(
    server: InProcess, provider: MisbehavingProvider
) -> None:
    async def story() -> None:
        door = await open_door(server, provider, BY_NAME["refresh-wrong-sub"])
        done = await door.arrive()
        first = await server.stored_tokens(done["member_id"])
        # Ten seconds before the end a refresh is due: it is tried, and found wrong.
        server.advance(ACCESS_TOKEN_LIFETIME - 10)
        answer = await server.held_tokens(done["organization_id"], done["member_id"])
        assert provider.asked(door.mode)[-1] == "token"
        (shown,) = answer.json()["registrations"]
        assert shown["access_token"] == first.access_token
        assert shown["id_token"] == first.id_token

    server.run(story())


# -- what no single mode can show --------------------------------------------------------------


def with_query(url: str, **changes: str) -> str:
    parts = urlsplit(url)
    query = {**dict(parse_qsl(parts.query)), **changes}
    return urlunsplit(parts._replace(query=urlencode(query)))


def test_a_callback_is_good_once(server: InProcess, provider: MisbehavingProvider) -> None:
    async def story() -> None:
        door = await open_door(server, provider, BY_NAME["honest"])
        async with server.browser() as browser:
            callback = await door.walk(browser)
            await server.authenticate(await browser.get(callback, headers=JSON))
            again = await browser.get(callback, headers=JSON)
        assert again.json()["error_details"]["code"] == "oidc_state_unknown"

    server.run(story())


def test_an_answer_that_failed_cannot_be_tried_again(
    server: InProcess, provider: MisbehavingProvider
) -> None:
    async def story() -> None:
        door = await open_door(server, provider, BY_NAME["honest"])
        async with server.browser() as browser:
            callback = await door.walk(browser)
            wrong = await browser.get(with_query(callback, code="guessed"), headers=JSON)
            assert wrong.json()["error_details"]["code"] == "oidc_token_refused"
            right = await browser.get(callback, headers=JSON)
            assert right.json()["error_details"]["code"] == "oidc_state_unknown"
        await nobody_came(door)

    server.run(story())


def test_the_code_of_another_person_in_ones_own_login_is_refused(
    server: InProcess, provider: MisbehavingProvider
) -> None:
    """Code injection: the thief's browser, the thief's state, the victim's code."""

    async def story() -> None:
        door = await open_door(server, provider, BY_NAME["honest"])
        async with server.browser() as victim, server.browser() as thief:
            stolen = parse_qs(urlsplit(await door.walk(victim)).query)["code"][0]
            callback = with_query(await door.walk(thief), code=stolen)
            answer = await thief.get(callback, headers=JSON)
        assert answer.json()["error_details"]["code"] == "oidc_token_refused"
        await nobody_came(door)

    server.run(story())


def test_ones_own_answer_in_the_browser_of_another_is_refused(
    server: InProcess, provider: MisbehavingProvider
) -> None:
    """Login CSRF: the thief lets the victim's browser finish the thief's login."""

    async def story() -> None:
        door = await open_door(server, provider, BY_NAME["honest"])
        async with server.browser() as thief, server.browser() as victim:
            callback = await door.walk(thief)
            answer = await victim.get(callback, headers=JSON)
            assert answer.json()["error_details"]["code"] == "oidc_csrf_cookie_missing"
            await door.walk(victim)
            callback = await door.walk(thief)
            answer = await victim.get(callback, headers=JSON)
            assert answer.json()["error_details"]["code"] == "oidc_csrf_cookie_mismatch"
        await nobody_came(door)

    server.run(story())


def test_an_answer_at_the_callback_of_another_connection_is_refused(
    server: InProcess, provider: MisbehavingProvider
) -> None:
    """Mix-up: one provider sends the browser to the callback that belongs to another."""

    async def story() -> None:
        asked = await open_door(server, provider, BY_NAME["honest"])
        other = await open_door(server, provider, BY_NAME["secret-in-the-header"])
        async with server.browser() as browser:
            callback = await asked.walk(browser)
            moved = callback.replace(asked.connection_id, other.connection_id)
            assert moved != callback
            answer = await browser.get(moved, headers=JSON)
        assert answer.json()["error_details"]["code"] == "oidc_state_unknown"
        # The code went to nobody: neither provider was asked for tokens.
        assert provider.asked(other.mode)[-1] == "discovery"
        await nobody_came(asked)
        await nobody_came(other)

    server.run(story())


def test_a_parameter_that_comes_twice_is_refused(
    server: InProcess, provider: MisbehavingProvider
) -> None:
    async def story() -> None:
        door = await open_door(server, provider, BY_NAME["honest"])
        for name in ("code", "state", "iss"):
            async with server.browser() as browser:
                callback = await door.walk(browser)
                answer = await browser.get(f"{callback}&{name}=x", headers=JSON)
            assert answer.status_code == 400
            assert answer.json()["error_details"]["code"] == "bad_request"
        await nobody_came(door)

    server.run(story())


def test_no_address_that_an_answer_names_is_asked(
    server: InProcess, provider: MisbehavingProvider
) -> None:
    """jku, redirects and claim sources lead to places of this provider, where it counts."""

    async def story() -> None:
        before = provider.asked(BY_NAME["honest"]).count("jwks")
        for name in ("says-where-its-key-is", "token-endpoint-redirects", "userinfo-redirects"):
            door = await open_door(server, provider, BY_NAME[name])
            await login_is_refused(door)
            assert "jku" not in provider.asked(door.mode)
        assert provider.asked(BY_NAME["honest"]).count("jwks") == before

    server.run(story())


# -- the table of the docs ---------------------------------------------------------------------


def test_each_module_of_the_suite_has_a_mode_or_a_reason() -> None:
    named = [module for mode in MODES for module in mode.modules]
    assert len(named) == len(set(named))
    assert not set(named) & set(NOT_APPLICABLE)
    assert {*named, *NOT_APPLICABLE} == set(conformance.modules_of_all_plans())
    assert len(BY_NAME) == len(MODES)


def test_the_docs_show_the_modes_as_they_are() -> None:
    shown = DOCS.read_text()
    tables = (conformance.modules_table(), conformance.modes_table())
    as_they_are = [table in shown for table in tables]
    assert all(as_they_are), (
        "print them anew: PYTHONPATH=tests .venv/bin/python -m peers.conformance"
    )


def test_a_mode_differs_from_an_honest_provider_in_something() -> None:
    plain = Mode("", "")
    for mode in MODES:
        bare = replace(mode, name="", does="", expected=ACCEPTED, stage="", modules=())
        assert bare != plain or mode.name in {"honest", "secret-in-the-header", "refresh"}
