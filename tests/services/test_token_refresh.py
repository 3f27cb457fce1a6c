"""Tokens of identity providers, refreshed by themselves: each promise, and each way it can fail.

The provider is the test's own: it rotates its refresh tokens and takes each of them once, as a
strict one does, so that a refresh too many is seen.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa
import structlog

from services.attacks import JSON, Story, Tell, as_json, done, oidc_login, refused, rsa_pem
from support.world import World, open_world, run
from vestibule.domain.connections import OidcChanges, OidcConnection
from vestibule.domain.idp_tokens import LONGEST_RETRY_AFTER, IdpTokens
from vestibule.errors import VestibuleError, refusal
from vestibule.protocols import jwt
from vestibule.protocols.http import HttpRequest, HttpResponse
from vestibule.services import connections, idp_tokens
from vestibule.services.runtime import Runtime
from vestibule.storage import Store, Tx, open_store
from vestibule.storage.audit import AuditEvent
from vestibule.storage.sealed import KeyRing
from vestibule.web.app import App

SECOND = timedelta(seconds=1)
INVALID_GRANT = as_json(400, {"error": "invalid_grant", "error_description": "Token is not active"})


class Died(BaseException):
    """What a process does no more once it was killed."""


class Provider:
    """Stands where the connection's token endpoint is; everything else goes where it went."""

    def __init__(self, world: World) -> None:
        self.world, self.inner = world, world.rt.send
        self.source = world.demo.oidc
        self.asked: list[str] = []
        self.live = {"r0"}
        self.lifetime: int | None = 3600
        self.id_token: Callable[[], str] | None = None
        # What the next refreshes meet, before the provider does its own.
        self.instead: list[HttpResponse | BaseException | asyncio.Event] = []
        self.arrived = asyncio.Event()

    async def send(self, request: HttpRequest) -> HttpResponse:
        form = parse_qs(request.body.decode())
        if request.url != self.source.token_url or form["grant_type"] != ["refresh_token"]:
            return await self.inner(request)
        (given,) = form["refresh_token"]
        self.asked.append(given)
        self.arrived.set()
        meets = self.instead.pop(0) if self.instead else None
        if isinstance(meets, asyncio.Event):
            await meets.wait()
        if isinstance(meets, HttpResponse):
            return meets
        if isinstance(meets, VestibuleError):
            raise meets
        if given not in self.live:
            return INVALID_GRANT
        self.live.remove(given)
        new = f"r{len(self.asked)}"
        self.live.add(new)
        if isinstance(meets, BaseException):
            raise meets
        answer: dict[str, object] = {
            "access_token": f"a{len(self.asked)}", "token_type": "Bearer", "refresh_token": new,
            "scope": "openid email",
        }  # fmt: skip
        if self.lifetime is not None:
            answer["expires_in"] = self.lifetime
        if self.id_token is not None:
            answer["id_token"] = self.id_token()
        return as_json(200, answer)

    async def came(self) -> None:
        """Wait for the first refresh to be asked for."""
        async with asyncio.timeout(10):
            await self.arrived.wait()


class Stage:
    """A member who signed in through the demo's OIDC connection, and the provider behind it."""

    def __init__(self, world: World, provider: Provider, signed_in: dict[str, Any]) -> None:
        self.world, self.provider = world, provider
        self.member_id: str = signed_in["member_id"]
        self.organization_id: str = signed_in["organization_id"]
        self.path = (
            f"/v1/b2b/organizations/{self.organization_id}/members/{self.member_id}/oidc_providers"
        )

    @property
    def rt(self) -> Runtime:
        return self.world.rt

    async def get(self, **query: object) -> Any:
        return await self.world.call("GET", self.path, params={**query})

    async def held(self, **query: object) -> dict[str, Any]:
        """The one registration, as it is handed out."""
        (one,) = done(await self.get(**query))["registrations"]
        found: dict[str, Any] = one
        return found

    async def stored(self) -> IdpTokens:
        (one,) = await self.rt.store.read(lambda tx: tx.idp_tokens.of_member(self.member_id))
        return one

    async def put(self, **changes: Any) -> None:
        """Change what lies there, as a login would."""
        tokens = replace(await self.stored(), **changes)
        await self.rt.store.write(lambda tx: tx.idp_tokens.put(tokens))

    async def expires_in(self, **left: float) -> None:
        """Let so much time go by that so much is left."""
        self.world.clock[0] = (await self.stored()).expires_at - timedelta(**left)

    async def work(self, rt: Runtime | None = None) -> idp_tokens.Refreshed:
        return await idp_tokens.refresh_due(rt or self.rt)

    async def events(self, organization_id: str = "") -> list[AuditEvent]:
        place = organization_id or self.organization_id
        log = await self.rt.store.read(lambda tx: tx.audit.latest(place, 100))
        return [event for event in log if event.action == "idp_tokens.needs_login"]


async def on_stage(world: World, connection_id: str = "") -> Stage:
    signed_in = await world.sign_in(connection_id or world.demo.oidc.connection_id)
    provider = Provider(world)
    world.rt = replace(world.rt, send=provider.send)
    world.app = App(world.rt, world.idp.routes())
    stage = Stage(world, provider, signed_in)
    now = world.rt.now()
    await stage.put(
        refresh_token="r0", access_token="a0", obtained_at=now, expires_at=now + 3600 * SECOND
    )
    return stage


# --- refreshed by itself, and on read -------------------------------------------------------------


def test_the_worker_refreshes_before_the_end_and_not_sooner(story: Tell) -> None:
    async def work(world: World) -> None:
        stage = await on_stage(world)
        await stage.expires_in(minutes=5, seconds=1)
        assert await stage.work() == idp_tokens.Refreshed()
        await stage.expires_in(minutes=5)
        assert await stage.work() == idp_tokens.Refreshed(refreshed=1)
        assert stage.provider.asked == ["r0"]
        held = await stage.held(include_refresh_token=True)
        assert (held["access_token"], held["refresh_token"]) == ("a1", "r1")
        assert (held["access_token_expires_in"], held["state"]) == (3600, "current")
        assert held["last_refreshed_at"] == world.clock[0].isoformat()[:19] + "Z"
        assert held["scopes"] == ["openid", "email"]
        assert (held["last_error"], held["login_url"]) == (None, None)
        assert await stage.work() == idp_tokens.Refreshed()
        assert stage.provider.asked == ["r0"]

    story(work)


def test_tokens_of_one_minute_are_not_refreshed_in_a_loop(story: Tell) -> None:
    async def work(world: World) -> None:
        stage = await on_stage(world)
        stage.provider.lifetime = 60
        await stage.expires_in(minutes=5)
        for _ in range(5):
            await stage.work()
        assert len(stage.provider.asked) == 1
        world.advance(seconds=39)
        await stage.work()
        assert len(stage.provider.asked) == 1
        world.advance(seconds=1)
        await stage.work()
        assert len(stage.provider.asked) == 2

    story(work)


def test_a_provider_that_names_no_lifetime_is_asked_once_an_hour(story: Tell) -> None:
    async def work(world: World) -> None:
        stage = await on_stage(world)
        stage.provider.lifetime = None
        await stage.expires_in(minutes=5)
        await stage.work()
        assert (await stage.held())["access_token_expires_in"] == 3600

    story(work)


def test_tokens_without_a_refresh_token_are_looked_at_once_and_left_alone(story: Tell) -> None:
    async def work(world: World) -> None:
        stage = await on_stage(world)
        await stage.put(refresh_token=None)
        await stage.expires_in(seconds=-1)
        assert await stage.work() == idp_tokens.Refreshed()
        held = await stage.held(minimum_seconds=60)
        assert (held["access_token"], held["access_token_expires_in"]) == ("a0", 0)
        assert stage.provider.asked == []

    story(work)


def test_a_new_refresh_token_is_durable_before_anybody_sees_the_access_token(story: Tell) -> None:
    """The database refuses the row while the answer is there: it is shown to nobody, and it is not
    lost, because it is written again."""

    async def work(world: World) -> None:
        stage = await on_stage(world)
        await stage.expires_in(minutes=1)
        gate = asyncio.Event()
        stage.provider.instead.append(gate)
        shown = asyncio.ensure_future(stage.held(include_refresh_token=True))
        await stage.provider.came()
        write_protect(world)
        gate.set()
        for _ in range(50):
            await asyncio.sleep(0)
        assert not shown.done()
        assert (await stage.stored()).access_token == "a0"
        write_protect(world, on=False)
        held = await shown
        stored = await stage.stored()
        assert held["access_token"] == stored.access_token == "a1"
        assert held["refresh_token"] == stored.refresh_token == "r1"
        assert stage.provider.asked == ["r0"]

    story(work)


def test_an_answer_that_can_never_be_written_is_shown_to_nobody() -> None:
    async def work(world: World) -> None:
        stage = await on_stage(world)
        await stage.expires_in(minutes=1)
        write_protect(world)
        refused(await stage.get(), "changed_meanwhile", 409)
        assert stage.provider.asked == ["r0"]
        write_protect(world, on=False)
        world.advance(seconds=idp_tokens.LEASE.total_seconds())
        assert (await stage.held())["state"] == "needs_login"

    _on_sqlite(work)


def write_protect(world: World, *, on: bool = True) -> None:
    """Let the database refuse every change of what is sealed; leases it still gives."""
    engine = world.rt.store.engine.engine
    sqlite = engine.dialect.name == "sqlite"
    if on:
        statements = [
            "CREATE TRIGGER refuse BEFORE UPDATE OF sealed ON idp_tokens "
            "BEGIN SELECT RAISE(ABORT, 'no'); END"
        ]
        if not sqlite:
            statements = [
                "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
                "$$ BEGIN RAISE 'no' USING ERRCODE = '40001'; END $$",
                "CREATE TRIGGER refuse BEFORE UPDATE OF sealed ON idp_tokens "
                "FOR EACH ROW EXECUTE FUNCTION refuse()",
            ]
    else:
        statements = ["DROP TRIGGER refuse" + ("" if sqlite else " ON idp_tokens")]
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(sa.text(statement))


# --- a minimum ------------------------------------------------------------------------------------


def test_no_token_is_returned_with_less_than_the_minimum_left(story: Tell) -> None:
    async def work(world: World) -> None:
        stage = await on_stage(world)
        await stage.expires_in(minutes=30)
        assert (await stage.held(minimum_seconds=1800))["access_token"] == "a0"
        fresh = await stage.held(minimum_seconds=1801)
        assert (fresh["access_token"], fresh["access_token_expires_in"]) == ("a1", 3600)
        # As much as the provider gives at all.
        world.advance(seconds=1)
        whole = await stage.held(minimum_seconds=3600)
        assert (whole["access_token"], whole["access_token_expires_in"]) == ("a2", 3600)
        assert stage.provider.asked == ["r0", "r1"]

    story(work)


def test_a_small_minimum_leaves_a_token_that_suffices(story: Tell) -> None:
    async def work(world: World) -> None:
        stage = await on_stage(world)
        await stage.expires_in(seconds=30)
        assert (await stage.held(minimum_seconds=30))["access_token"] == "a0"
        await stage.expires_in(seconds=0)
        assert (await stage.held(minimum_seconds=0))["access_token"] == "a1"

    story(work)


def test_a_provider_of_shorter_tokens_gives_what_it_has(story: Tell) -> None:
    async def work(world: World) -> None:
        stage = await on_stage(world)
        stage.provider.lifetime = 120
        await stage.expires_in(minutes=1)
        for _ in range(3):
            held = await stage.held(minimum_seconds=600)
            assert (held["access_token"], held["access_token_expires_in"]) == ("a1", 120)
        assert len(stage.provider.asked) == 1

    story(work)


@pytest.mark.parametrize("given", ["-1", "86401", "1.5", "soon"])
def test_a_minimum_out_of_bounds_is_refused(given: str) -> None:
    async def work(world: World) -> None:
        refused(await (await on_stage(world)).get(minimum_seconds=given), "field_invalid")

    _on_sqlite(work)


def test_a_refusal_is_an_exception_from_the_minimum_and_a_failure_is_not(story: Tell) -> None:
    async def work(world: World) -> None:
        stage = await on_stage(world)
        await stage.expires_in(minutes=4)
        stage.provider.instead.append(refusal("idp_timeout"))
        told = refused(await stage.get(minimum_seconds=600), "unable_to_refresh_oidc_token")
        assert told["error_details"]["got"] == stage.provider.source.connection_id
        assert "idp_timeout" in told["error_message"]
        assert "login_url" not in told["error_details"]
        # Without the minimum the valid token is served, with its state.
        held = await stage.held()
        assert (held["access_token"], held["state"]) == ("a0", "retrying")
        assert stage.provider.asked == ["r0"]
        stage.provider.live.clear()
        world.advance(seconds=11)
        refusing = await stage.held(minimum_seconds=600)
        assert (refusing["access_token"], refusing["state"]) == ("a0", "needs_login")

    story(work)


# --- one refresh at a time ------------------------------------------------------------------------


def test_readers_of_one_process_share_one_refresh(story: Tell) -> None:
    async def work(world: World) -> None:
        stage = await on_stage(world)
        await stage.expires_in(minutes=1)
        gate = asyncio.Event()
        stage.provider.instead.append(gate)
        readers = [asyncio.ensure_future(stage.get()) for _ in range(8)]
        await stage.provider.came()
        # One goes away; what it has started goes on for the others.
        readers[0].cancel()
        await asyncio.sleep(0)
        gate.set()
        answers = [done(await one)["registrations"][0] for one in readers[1:]]
        assert {one["access_token"] for one in answers} == {"a1"}
        assert stage.provider.asked == ["r0"]

    story(work)


def test_a_reader_who_goes_away_does_not_lose_the_new_refresh_token(story: Tell) -> None:
    async def work(world: World) -> None:
        stage = await on_stage(world)
        await stage.expires_in(minutes=1)
        gate = asyncio.Event()
        stage.provider.instead.append(gate)
        reader = asyncio.ensure_future(stage.get())
        await stage.provider.came()
        reader.cancel()
        await asyncio.wait([reader])
        gate.set()
        assert (await stage.held())["access_token"] == "a1"
        assert stage.provider.asked == ["r0"]

    story(work)


def test_who_comes_while_another_refreshes_waits_for_its_result(story: Tell) -> None:
    """The worker has the lease; a reader takes its result and not the old token."""

    async def work(world: World) -> None:
        stage = await on_stage(world)
        await stage.expires_in(minutes=1)
        gate = asyncio.Event()
        stage.provider.instead.append(gate)
        worker = asyncio.ensure_future(stage.work())
        await stage.provider.came()
        reader = asyncio.ensure_future(stage.held(minimum_seconds=600))
        for _ in range(50):
            await asyncio.sleep(0)
        assert not reader.done()
        gate.set()
        assert (await reader)["access_token"] == "a1"
        assert (await worker).refreshed == 1
        assert stage.provider.asked == ["r0"]

    story(work)


def test_a_reader_does_not_wait_for_a_dead_process_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its lease is there to its end. What is still valid is served, unless that is too little."""

    async def work(world: World) -> None:
        monkeypatch.setattr(idp_tokens, "_LOOKS", 2)
        stage = await on_stage(world)
        await stage.expires_in(minutes=1)
        key, now = (await stage.stored()).registration_id, world.rt.now()
        dead = await world.rt.store.write(
            lambda tx: tx.idp_tokens.claim(key, now, now + idp_tokens.LEASE)
        )
        assert dead is not None
        held = await stage.held()
        assert (held["access_token"], held["state"]) == ("a0", "current")
        told = refused(await stage.get(minimum_seconds=600), "unable_to_refresh_oidc_token")
        assert "has not ended yet" in told["error_message"]
        assert stage.provider.asked == []
        world.advance(seconds=idp_tokens.LEASE.total_seconds())
        assert (await stage.held())["access_token"] == "a1"

    _on_sqlite(work)


def test_servers_beside_each_other_refresh_once(story: Tell, database_url: str) -> None:
    """Two servers with stores of their own, each with workers and readers, all at once."""

    async def work(world: World) -> None:
        stage = await on_stage(world)
        await stage.expires_in(minutes=1)

        async def read(rt: Runtime) -> str:
            (one,) = await idp_tokens.current_tokens(
                rt, world.actor, stage.organization_id, stage.member_id
            )
            return one.tokens.access_token

        ring = KeyRing([b"k" * 32])
        own = database_url != "sqlite://"
        other = open_store(database_url, ring) if own else Store(world.rt.store.engine, ring)
        rts = [world.rt, replace(world.rt, store=other)]
        try:
            turns = await asyncio.gather(
                *(read(rt) for rt in rts for _ in range(3)),
                *(stage.work(rt) for rt in rts for _ in range(3)),
            )
        finally:
            if own:
                other.close()
        assert {turn for turn in turns if isinstance(turn, str)} == {"a1"}
        assert stage.provider.asked == ["r0"]

    story(work)


def test_a_late_success_outranks_a_refusal(story: Tell) -> None:
    """Two came to ask with one refresh token, because a lease ran out: the provider took the first
    and refused the second. The refusal is written first; the success still counts."""

    async def work(world: World) -> None:
        stage = await on_stage(world)
        await stage.expires_in(minutes=1)
        gate = asyncio.Event()
        stage.provider.instead.append(gate)
        slow = asyncio.ensure_future(stage.work())
        await stage.provider.came()
        world.advance(seconds=idp_tokens.LEASE.total_seconds())
        stage.provider.instead.append(INVALID_GRANT)
        assert (await stage.work()).refused == 1
        assert (await stage.stored()).state == "needs_login"
        gate.set()
        assert (await slow).refreshed == 1
        stored = await stage.stored()
        assert (stored.state, stored.access_token, stored.refresh_token) == ("current", "a2", "r2")

    story(work)


@pytest.mark.parametrize("late", [INVALID_GRANT, refusal("idp_timeout")])
def test_bad_news_of_who_has_lost_the_lease_does_not_count(
    story: Tell, late: HttpResponse | Exception
) -> None:
    async def work(world: World) -> None:
        stage = await on_stage(world)
        await stage.expires_in(minutes=1)
        came, gate, waiting = asyncio.Event(), asyncio.Event(), asyncio.Event()

        async def slowly(_: HttpRequest) -> HttpResponse:
            came.set()
            await gate.wait()
            if isinstance(late, Exception):
                raise late
            return late

        slow = asyncio.ensure_future(stage.work(replace(world.rt, send=slowly)))
        await came.wait()
        world.advance(seconds=idp_tokens.LEASE.total_seconds())
        stage.provider.instead.append(waiting)
        holder = asyncio.ensure_future(stage.work())
        await stage.provider.came()
        gate.set()
        assert (await slow).lost == 1
        assert (await stage.stored()).state == "current"
        waiting.set()
        assert (await holder).refreshed == 1
        assert await stage.events() == []

    story(work)


def test_a_login_outranks_every_refresh_under_way(story: Tell) -> None:
    async def work(world: World) -> None:
        stage = await on_stage(world)
        await stage.expires_in(minutes=1)
        gate = asyncio.Event()
        stage.provider.instead.append(gate)
        slow = asyncio.ensure_future(stage.work())
        await stage.provider.came()
        login = world.rt.now() + 3600 * SECOND
        await stage.put(access_token="of-the-login", refresh_token="new", expires_at=login)
        gate.set()
        assert (await slow).lost == 1
        stored = await stage.stored()
        assert (stored.access_token, stored.refresh_token) == ("of-the-login", "new")

    story(work)


def test_a_worker_that_is_asked_to_end_waits_for_the_answers_under_way(story: Tell) -> None:
    async def work(world: World) -> None:
        stage = await on_stage(world)
        await stage.expires_in(minutes=1)
        gate = asyncio.Event()
        stage.provider.instead.append(gate)
        worker = asyncio.ensure_future(stage.work())
        await stage.provider.came()
        worker.cancel()
        for _ in range(50):
            await asyncio.sleep(0)
        assert not worker.done()
        gate.set()
        with pytest.raises(asyncio.CancelledError):
            await worker
        assert (await stage.stored()).refresh_token == "r1"

    story(work)


# --- what a crash loses ---------------------------------------------------------------------------


def test_a_crash_between_answer_and_commit_shows_as_needs_login_once(story: Tell) -> None:
    """The provider has rotated, and the process dies before it could write: that refresh token is
    lost. The next try is refused; the state says so, with the way out, and one event tells it."""

    async def work(world: World) -> None:
        stage = await on_stage(world)
        await stage.expires_in(minutes=5)
        stage.provider.instead.append(Died())
        (ended,) = await asyncio.gather(stage.work(), return_exceptions=True)
        assert isinstance(ended, idp_tokens.Refreshed)
        assert not any((ended.refreshed, ended.refused, ended.retried, ended.failed))
        assert (await stage.stored()).refresh_token == "r0"
        # Nobody tries while the lease of the dead one lasts.
        assert await stage.work() == idp_tokens.Refreshed()
        world.advance(seconds=idp_tokens.LEASE.total_seconds())
        assert await stage.work() == idp_tokens.Refreshed(refused=1)
        assert await stage.work() == idp_tokens.Refreshed()
        assert stage.provider.asked == ["r0", "r0"]

        held = await stage.held()
        assert (held["access_token"], held["state"]) == ("a0", "needs_login")
        assert held["last_error"] == "invalid_grant"
        assert held["access_token_expires_in"] == 270
        await leads_to_the_provider(stage, held["login_url"])

        world.advance(minutes=5)
        told = refused(await stage.get(), "unable_to_refresh_oidc_token")
        assert told["error_details"]["got"] == stage.provider.source.connection_id
        assert told["error_details"]["login_url"] == held["login_url"]
        assert stage.provider.asked == ["r0", "r0"]
        (event,) = await stage.events()
        assert (event.actor, event.target) == ("vestibule", stage.provider.source.connection_id)
        assert event.details == {
            "connection_id": stage.provider.source.connection_id,
            "member_id": stage.member_id,
            "error": "invalid_grant",
        }

        # And the login mends it.
        await world.sign_in(stage.provider.source.connection_id)
        after = await stage.held()
        assert (after["state"], after["login_url"]) == ("current", None)

    story(work)


async def leads_to_the_provider(stage: Stage, login_url: str) -> None:
    started = await stage.world.client().get(login_url, headers=JSON)
    assert started.status_code == 302, started.text
    assert started.headers["location"].startswith(stage.provider.source.authorization_url)


# --- every way to fail ----------------------------------------------------------------------------

HUGE = refusal("idp_answer_too_large", want="at most 524288 bytes")
FAILURES: dict[str, tuple[HttpResponse | Exception, str]] = {
    "network": (refusal("idp_unreachable", got="idp"), "idp_unreachable"),
    "slow": (refusal("idp_timeout", got="idp"), "idp_timeout"),
    "huge": (HUGE, "idp_answer_too_large"),
    "not JSON": (HttpResponse(200, {}, b"<html>Bad day</html>"), "oidc_token_response_invalid"),
    "no token": (as_json(200, {"token_type": "Bearer"}), "oidc_token_response_invalid"),
    "a list": (as_json(200, ["tokens"]), "oidc_token_response_invalid"),
    "redirect": (HttpResponse(302, {"location": "/x"}, b""), "oidc_token_response_invalid"),
    "502": (HttpResponse(502, {}, b'{"error": "invalid_grant"}'), "idp_answer_unusable"),
    "429": (HttpResponse(429, {}, b""), "idp_answer_unusable"),
    "wrong secret": (as_json(401, {"error": "unauthorized_client"}), "unauthorized_client"),
}


@pytest.mark.parametrize("name", FAILURES)
def test_after_a_failure_the_old_token_is_served_while_it_is_valid(name: str) -> None:
    meets, code = FAILURES[name]

    async def work(world: World) -> None:
        stage = await on_stage(world)
        await stage.expires_in(minutes=5)
        stage.provider.instead.append(meets)
        assert await stage.work() == idp_tokens.Refreshed(retried=1)
        held = await stage.held()
        assert (held["access_token"], held["state"]) == ("a0", "retrying")
        assert (held["last_error"], held["login_url"]) == (code, None)
        assert held["access_token_expires_in"] == 300
        # Nobody asks before the wait is over; a reader in need has a shorter one.
        stored = await stage.stored()
        assert stored.retry_at is not None
        assert 1 * SECOND <= stored.retry_at - world.clock[0] <= 10 * SECOND
        assert await stage.work() == idp_tokens.Refreshed()
        refused(await stage.get(minimum_seconds=600), "unable_to_refresh_oidc_token")
        assert len(stage.provider.asked) == 1
        assert await stage.events() == []
        # Then it is tried again, and all is well. A provider that is down rests a little longer.
        world.advance(seconds=11)
        assert (await stage.work()).refreshed == 1
        assert (await stage.held())["state"] == "current"

    _on_sqlite(work)


def test_once_expired_a_failing_refresh_is_the_wires_error(story: Tell) -> None:
    async def work(world: World) -> None:
        stage = await on_stage(world)
        await stage.expires_in(seconds=0)
        stage.provider.instead.append(refusal("idp_unreachable"))
        told = refused(await stage.get(), "unable_to_refresh_oidc_token")
        assert told["error_details"]["got"] == stage.provider.source.connection_id
        assert "idp_unreachable" in told["error_message"]
        world.advance(seconds=5)
        assert (await stage.held())["access_token"] == "a2"

    story(work)


def test_failures_in_a_row_wait_longer_and_longer(story: Tell) -> None:
    async def work(world: World) -> None:
        stage = await on_stage(world)
        world.rt = replace(world.rt, random=lambda n: b"\xff" * n)
        await stage.expires_in(minutes=5)
        waits = []
        for _ in range(7):
            stage.provider.instead.append(HttpResponse(400, {}, b"no"))
            assert (await stage.work()).retried == 1
            stored = await stage.stored()
            assert stored.retry_at is not None
            waits.append(round((stored.retry_at - world.clock[0]).total_seconds()))
            world.clock[0] = stored.retry_at
        assert waits == [10, 20, 40, 80, 160, 300, 300]

    story(work)


@pytest.mark.parametrize("written", ["seconds", "date"])
def test_a_busy_provider_is_left_alone_as_long_as_it_asks(written: str) -> None:
    async def work(world: World) -> None:
        stage = await on_stage(world)
        await stage.expires_in(minutes=5)
        until = world.clock[0] + timedelta(minutes=4)
        asked = "240" if written == "seconds" else format_datetime(until, usegmt=True)
        stage.provider.instead.append(HttpResponse(429, {"retry-after": asked}, b""))
        assert (await stage.work()).retried == 1
        stored = await stage.stored()
        assert stored.retry_at is not None
        assert until <= stored.retry_at <= until + 10 * SECOND
        world.clock[0] = until - SECOND
        assert await stage.work() == idp_tokens.Refreshed()
        assert (await stage.held())["access_token"] == "a0"
        assert len(stage.provider.asked) == 1
        world.clock[0] = stored.retry_at
        assert (await stage.work()).refreshed == 1

    _on_sqlite(work)


@pytest.mark.parametrize("asked", ["99999999", "Fri, 31 Dec 2100 23:59:59 GMT"])
def test_a_provider_cannot_ask_for_more_than_an_hour(asked: str) -> None:
    async def work(world: World) -> None:
        stage = await on_stage(world)
        await stage.expires_in(minutes=5)
        stage.provider.instead.append(HttpResponse(503, {"retry-after": asked}, b""))
        await stage.work()
        stored = await stage.stored()
        assert stored.retry_at is not None
        assert stored.retry_at <= world.clock[0] + LONGEST_RETRY_AFTER + 10 * SECOND

    _on_sqlite(work)


@pytest.mark.parametrize("asked", ["", "-5", "soon", "1e9", "٣", "Fri, 31 Dec 1999 23:59:59 GMT"])
def test_a_wait_that_makes_no_sense_is_ignored(asked: str) -> None:
    async def work(world: World) -> None:
        stage = await on_stage(world)
        await stage.expires_in(minutes=5)
        stage.provider.instead.append(HttpResponse(429, {"retry-after": asked}, b""))
        assert (await stage.work()).retried == 1
        stored = await stage.stored()
        assert stored.retry_at is not None
        assert stored.retry_at <= world.clock[0] + 10 * SECOND

    _on_sqlite(work)


def test_a_provider_that_is_down_does_not_hold_up_the_others(story: Tell) -> None:
    """After one try that timed out, its other tokens are put off without being tried."""

    async def work(world: World) -> None:
        stage = await on_stage(world)
        await stage.expires_in(minutes=5)
        stage.provider.instead.append(refusal("idp_timeout"))
        assert await stage.work() == idp_tokens.Refreshed(retried=1)
        # A login brings tokens that are due at once, while the provider still rests.
        stage.provider.live.add("r9")
        await stage.put(refresh_token="r9", retry_at=None, state="current", failures=0)
        assert await stage.work() == idp_tokens.Refreshed(postponed=1)
        assert await stage.work() == idp_tokens.Refreshed()
        assert stage.provider.asked == ["r0"]
        world.advance(seconds=11)
        assert (await stage.work()).refreshed == 1

    story(work)


def test_a_row_that_breaks_does_not_stop_the_others(story: Tell) -> None:
    async def work(world: World) -> None:
        labs = await world.sign_in(world.demo.labs_oidc.connection_id)
        stage = await on_stage(world)
        stage.provider.live.add("r9")

        def also_due(tx: Tx) -> None:
            (other,) = tx.idp_tokens.of_member(labs["member_id"])
            tx.idp_tokens.put(replace(other, refresh_token="r9"))

        await world.rt.store.write(also_due)
        await stage.expires_in(minutes=5)
        stage.provider.instead.append(ValueError("a bug"))
        ended = await stage.work()
        assert (ended.failed, ended.refreshed) == (1, 1)
        assert isinstance(ended.error, ValueError)

    story(work)


def test_a_sign_in_without_a_refresh_token_does_not_end_the_refreshing(story: Tell) -> None:
    """Some providers give one at the first sign-in only."""

    async def work(world: World) -> None:
        stage = await on_stage(world)
        before = await stage.stored()
        await world.sign_in(world.demo.oidc.connection_id)
        after = await stage.stored()
        assert after.id_token != before.id_token
        assert (after.refresh_token, after.obtained_at) == ("r0", world.rt.now())
        await stage.expires_in(minutes=1)
        assert await stage.work() == idp_tokens.Refreshed(refreshed=1)

    story(work)


# --- the ID token of a refresh --------------------------------------------------------------------


def test_an_id_token_of_a_refresh_replaces_the_old_one(story: Tell) -> None:
    async def work(world: World) -> None:
        stage = await on_stage(world)
        login = await oidc_login(world)
        stage.provider.id_token = lambda: login.id_token(nonce=None)
        before = (await stage.stored()).id_token
        await stage.expires_in(minutes=5)
        assert (await stage.work()).refreshed == 1
        assert (await stage.held())["id_token"] != before

    story(work)


def test_an_id_token_of_somebody_else_brings_nothing(story: Tell) -> None:
    async def work(world: World) -> None:
        stage = await on_stage(world)
        login = await oidc_login(world)
        stage.provider.id_token = lambda: login.id_token(nonce=None, sub="somebody-else")
        before = await stage.stored()
        await stage.expires_in(minutes=5)
        assert (await stage.work()).retried == 1
        after = await stage.stored()
        assert (after.access_token, after.refresh_token) == ("a0", "r0")
        assert (after.id_token, after.last_error) == (before.id_token, "oidc_refresh_mismatch")

    story(work)


def test_a_new_refresh_token_survives_that_the_keys_are_out_of_reach(story: Tell) -> None:
    """The ID token cannot be judged, so nothing is handed out; but the old refresh token is spent,
    and without the new one the person would have to sign in again for a hiccup."""

    async def work(world: World) -> None:
        stage = await on_stage(world)
        login = await oidc_login(world)
        stranger = jwt.read_signing_key("unheard-of", rsa_pem(7))
        stage.provider.id_token = lambda: login.id_token(stranger, nonce=None)
        await stage.expires_in(minutes=5)
        assert (await stage.work()).retried == 1
        stored = await stage.stored()
        assert (stored.access_token, stored.refresh_token) == ("a0", "r1")
        assert stored.last_error == "oidc_key_not_found"
        stage.provider.id_token = None
        world.advance(seconds=11)
        assert (await stage.work()).refreshed == 1
        assert stage.provider.asked == ["r0", "r1"]

    story(work)


def test_a_provider_that_refuses_one_client_authentication_is_asked_with_the_other(
    story: Tell,
) -> None:
    async def work(world: World) -> None:
        stage = await on_stage(world)
        await stage.expires_in(minutes=5)
        stage.provider.instead.append(as_json(401, {"error": "invalid_client"}))
        assert (await stage.work()).refreshed == 1
        assert stage.provider.asked == ["r0", "r0"]

    story(work)


# --- External connections -------------------------------------------------------------------------


def test_through_an_external_connection_it_is_the_same(story: Tell) -> None:
    """The tokens belong to the receiving organization's registration; the source's client asks."""

    async def work(world: World) -> None:
        demo = world.demo
        stage = await on_stage(world, demo.labs_oidc.connection_id)
        assert stage.organization_id == demo.labs.organization_id
        await stage.expires_in(minutes=5)
        assert await stage.work() == idp_tokens.Refreshed(refreshed=1)
        held = await stage.held()
        assert (held["access_token"], held["connection_id"]) == (
            "a1", demo.labs_oidc.connection_id,
        )  # fmt: skip
        stage.provider.live.clear()
        await stage.expires_in(minutes=5)
        assert await stage.work() == idp_tokens.Refreshed(refused=1)
        held = await stage.held()
        assert held["state"] == "needs_login"
        query = parse_qs(urlsplit(held["login_url"]).query)
        assert query["connection_id"] == [demo.labs_oidc.connection_id]
        await leads_to_the_provider(stage, held["login_url"])
        (here,) = await stage.events()
        (there,) = await stage.events(demo.northwind.organization_id)
        assert here.target == there.target == demo.labs_oidc.connection_id
        assert here.details["external_connection_id"] == demo.oidc.connection_id
        assert there.details["external_connection_id"] == demo.oidc.connection_id
        # The owner learns of the connection, and not who the others' members are.
        assert here.details["member_id"] == stage.member_id
        assert "member_id" not in there.details

    story(work)


def test_once_the_owner_has_revoked_nothing_is_refreshed_or_handed_out(story: Tell) -> None:
    async def work(world: World) -> None:
        demo = world.demo
        stage = await on_stage(world, demo.labs_oidc.connection_id)
        shares = (
            f"/v1/b2b/sso/{demo.northwind.organization_id}/connections/"
            f"{demo.oidc.connection_id}/external/{demo.labs_oidc.connection_id}"
        )
        done(await world.call("POST", f"{shares}/revoke", {}))
        assert done(await stage.get())["registrations"] == []
        await stage.expires_in(minutes=4)
        assert await stage.work() == idp_tokens.Refreshed(postponed=1)
        assert await stage.work() == idp_tokens.Refreshed()
        assert done(await stage.get())["registrations"] == []
        assert stage.provider.asked == []
        # Approved again, they go on where they were.
        done(await world.call("POST", f"{shares}/approve", {}))
        assert (await stage.held())["access_token"] == "a1"

    story(work)


def test_tokens_that_a_connection_revoked_meanwhile_brought_are_not_handed_out(story: Tell) -> None:
    async def work(world: World) -> None:
        demo = world.demo
        stage = await on_stage(world, demo.labs_oidc.connection_id)
        await stage.expires_in(minutes=1)
        gate = asyncio.Event()
        stage.provider.instead.append(gate)
        reader = asyncio.ensure_future(stage.get())
        await stage.provider.came()
        done(
            await world.call(
                "DELETE",
                f"/v1/b2b/sso/{demo.labs.organization_id}/connections/"
                f"{demo.labs_oidc.connection_id}",
            )
        )
        gate.set()
        refused(await reader, "member_oidc_token_not_found", 404)

    story(work)


# --- several registrations ------------------------------------------------------------------------


def test_of_several_registrations_the_one_that_fails_is_named_and_the_other_can_be_read(
    story: Tell,
) -> None:
    async def work(world: World) -> None:
        broken = world.demo.oidc.connection_id
        stage = await on_stage(world)
        other = await second_door(world)
        await world.sign_in(other.connection_id)
        stage.provider.live = {"r-of-the-other"}

        def expire(tx: Tx) -> None:
            for tokens in tx.idp_tokens.of_member(stage.member_id):
                name = "r0" if tokens.connection_id == broken else "r-of-the-other"
                ended = replace(tokens, obtained_at=None, expires_at=world.rt.now())
                tx.idp_tokens.put(replace(ended, refresh_token=name))

        await world.rt.store.write(expire)
        told = refused(await stage.get(), "unable_to_refresh_oidc_token")
        assert told["error_details"]["got"] == broken
        assert parse_qs(urlsplit(told["error_details"]["login_url"]).query)["connection_id"] == [
            broken
        ]
        held = await stage.held(connection_id=other.connection_id)
        assert held["state"] == "current"
        assert done(await stage.get(connection_id="nowhere"))["registrations"] == []

    story(work)


async def second_door(world: World) -> OidcConnection:
    """Another connection of the same organization to the same provider."""
    owner, known = world.demo.northwind.organization_id, world.demo.oidc
    made = await connections.create_oidc(
        world.rt, world.actor, owner, display_name="Another", identity_provider=None
    )
    changed, _ = await connections.change_oidc(
        world.rt,
        world.actor,
        owner,
        made.connection_id,
        OidcChanges(
            issuer=known.issuer, client_id=known.client_id, client_secret=known.client_secret,
            authorization_url=known.authorization_url, token_url=known.token_url,
            userinfo_url=known.userinfo_url, jwks_url=known.jwks_url,
        ),
    )  # fmt: skip
    return changed


def _on_sqlite(work: Story) -> None:
    """For what no database has a part in."""

    async def main() -> None:
        async with open_world() as world:
            await work(world)

    with structlog.testing.capture_logs():
        run(main())
