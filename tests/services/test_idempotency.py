"""A request with a key is done once and answered again: through the whole API, on both databases,
with what attackers and accidents make of it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import httpx2
import pytest
import sqlalchemy as sa

from services.attacks import ADA, AUTHENTICATE, SESSIONS, Tell, done, member, refused
from support.world import BASE_URL, World
from vestibule.protocols.http import HttpRequest, HttpResponse
from vestibule.services import projects
from vestibule.services.demo import PEOPLE
from vestibule.storage.tables import idempotency_key, metadata
from vestibule.storage.tables import organization as organization_table
from vestibule.web.app import App

ORGANIZATIONS = "/v1/b2b/organizations"
OIDC = "/v1/b2b/sso/oidc/northwind/connections"
REPLAYED = "idempotent-replayed"
BODY = {"organization_name": "Once"}
MANY = 8


async def send(
    world: World,
    key: str | None = "key-1",
    body: Any = BODY,
    path: str = ORGANIZATIONS,
    **more: Any,
) -> httpx2.Response:
    headers = {"idempotency-key": key} if key is not None else {}
    return await world.call(more.pop("method", "POST"), path, body, headers=headers, **more)


def same(first: httpx2.Response, again: httpx2.Response) -> None:
    assert REPLAYED not in first.headers
    assert again.headers[REPLAYED] == "true"
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers["content-type"] == first.headers["content-type"]
    assert again.headers["cache-control"] == "no-store"


def named(world: World, name: str = "Once") -> int:
    """How many organizations have this name."""
    with world.rt.store.engine.engine.connect() as connection:
        return connection.execute(
            sa.select(sa.func.count())
            .select_from(organization_table)
            .where(organization_table.c.name_key == name.lower())
        ).scalar_one()


def keys_held(world: World) -> int:
    with world.rt.store.engine.engine.connect() as connection:
        return connection.execute(
            sa.select(sa.func.count()).select_from(idempotency_key)
        ).scalar_one()


class Held:
    """A server of the same database whose way out waits until it is told to go on."""

    def __init__(self, world: World) -> None:
        self.arrived, self.go_on = asyncio.Event(), asyncio.Event()
        self.sent = 0
        self._world = world
        self._app = App(replace(world.rt, send=self._send))

    async def _send(self, request: HttpRequest) -> HttpResponse:
        self.sent += 1
        self.arrived.set()
        await self.go_on.wait()
        return await self._world.rt.send(request)

    async def change(self, key: str = "key-1", name: str = "Renamed") -> httpx2.Response:
        """A change for which the issuer's document is fetched."""
        transport = httpx2.ASGITransport(app=self._app)
        door = self._world.demo.oidc.connection_id
        issuer = f"{self._world.idp.address.issuer}/other"
        async with httpx2.AsyncClient(
            transport=transport, base_url=BASE_URL, auth=self._world.auth
        ) as client:
            return await client.put(
                f"{OIDC}/{door}",
                json={"display_name": name, "issuer": issuer},
                headers={"idempotency-key": key},
            )


# --- once, and the same answer again --------------------------------------------------------------


def test_the_same_request_with_the_same_key_is_done_once(story: Tell) -> None:
    async def work(world: World) -> None:
        first = await send(world)
        done(first)
        for key in ("key-1", '"key-1"'):
            same(first, await send(world, key))
        assert named(world) == 1

    story(work)


def test_without_a_key_every_request_is_one_of_its_own(story: Tell) -> None:
    async def work(world: World) -> None:
        for _ in range(2):
            answer = await send(world, None)
            done(answer)
            assert REPLAYED not in answer.headers
        assert named(world) == 2
        assert keys_held(world) == 0

    story(work)


def test_a_login_whose_answer_was_lost_is_answered_again(story: Tell) -> None:
    """The one-time token is used up by then; this is what the key is for."""

    async def work(world: World) -> None:
        token = await world.arrive(world.demo.saml.connection_id)
        first = await send(world, "login-1", {"sso_token": token}, AUTHENTICATE)
        session = done(first)["session_token"]
        same(first, await send(world, "login-1", {"sso_token": token}, AUTHENTICATE))
        done(await world.call("POST", f"{SESSIONS}/authenticate", {"session_token": session}))
        # The token itself has not become one that can be used twice.
        for key in (None, "login-2"):
            refused(
                await send(world, key, {"sso_token": token}, AUTHENTICATE),
                "sso_token_not_found",
                404,
            )

    story(work)


def test_a_deletion_whose_answer_was_lost_is_no_not_found(story: Tell) -> None:
    async def work(world: World) -> None:
        made = done(await send(world))["organization"]["organization_id"]
        path = f"{ORGANIZATIONS}/{made}"
        first = await send(world, "gone", None, path, method="DELETE")
        done(first)
        same(first, await send(world, "gone", None, path, method="DELETE"))
        refused(await send(world, "gone-2", None, path, method="DELETE"),
                "organization_not_found", 404)  # fmt: skip

    story(work)


def test_a_refusal_that_the_request_caused_is_answered_again(story: Tell) -> None:
    async def work(world: World) -> None:
        taken = {"organization_name": "Once", "organization_slug": "northwind"}
        first = await send(world, body=taken)
        refused(first, "organization_slug_already_used")
        same(first, await send(world, body=taken))

    story(work)


def test_the_management_wire_takes_keys_too(story: Tell) -> None:
    async def work(world: World) -> None:
        slugs = world.credentials
        path = (
            f"/pwa/v3/projects/{slugs.project_slug}/environments/{slugs.environment_slug}"
            "/jwt_templates/SESSION"
        )
        auth = (slugs.workspace_key_id, slugs.workspace_key_secret)
        body = {"jwt_template": {"template_content": '{"a": 1}', "custom_audience": ""}}
        first = await send(world, "key-1", body, path, method="PUT", auth=auth)
        done(first)
        same(first, await send(world, "key-1", body, path, method="PUT", auth=auth))

    story(work)


def test_a_request_that_cannot_be_read_uses_no_key_up(story: Tell) -> None:
    async def work(world: World) -> None:
        refused(await send(world, body={"organization_name": 7}), "field_invalid")
        done(await send(world))
        assert named(world) == 1

    story(work)


def test_a_key_is_forgotten_after_a_day_and_swept(story: Tell) -> None:
    async def work(world: World) -> None:
        first = await send(world)
        world.advance(hours=23, minutes=59)
        same(first, await send(world))
        await projects.sweep(world.rt)
        assert keys_held(world) == 1
        world.advance(minutes=1)
        again = await send(world)
        done(again)
        assert REPLAYED not in again.headers
        assert named(world) == 2
        world.advance(hours=24)
        await projects.sweep(world.rt)
        assert keys_held(world) == 0

    story(work)


def test_what_only_reads_ignores_keys(story: Tell) -> None:
    async def work(world: World) -> None:
        for _ in range(2):
            answer = await send(world, "x" * 999, None, f"{ORGANIZATIONS}/northwind", method="GET")
            done(answer)
            assert REPLAYED not in answer.headers
        assert keys_held(world) == 0

    story(work)


def test_without_a_key_the_database_is_not_asked_for_one(story: Tell) -> None:
    async def work(world: World) -> None:
        seen: list[str] = []
        engine = world.rt.store.engine.engine

        def note(_: Any, __: Any, statement: str, *___: Any) -> None:
            seen.append(statement)

        sa.event.listen(engine, "before_cursor_execute", note)
        done(await send(world, None))
        sa.event.remove(engine, "before_cursor_execute", note)
        assert seen
        assert [one for one in seen if "idempotency_key" in one] == []

    story(work)


# --- attacks --------------------------------------------------------------------------------------


def test_another_body_with_the_key_is_refused_and_changes_nothing(story: Tell) -> None:
    async def work(world: World) -> None:
        done(await send(world))
        for other in ({"organization_name": "Twice"}, {**BODY, "trusted_metadata": {}}):
            refused(await send(world, body=other), "idempotency_key_reused", 422)
        assert named(world, "Twice") == 0

    story(work)


def test_another_path_method_or_query_with_the_key_is_refused(story: Tell) -> None:
    async def work(world: World) -> None:
        made = done(await send(world))["organization"]["organization_id"]
        path = f"{ORGANIZATIONS}/{made}"
        for method, where, body in (
            ("PUT", path, BODY),
            ("DELETE", path, None),
            ("POST", f"{ORGANIZATIONS}?x=1", BODY),
            ("POST", f"{path}/members", {"email_address": "x@y.example"}),
        ):
            answer = await send(world, "key-1", body, where, method=method)
            refused(answer, "idempotency_key_reused", 422)
        done(await world.call("GET", path))

    story(work)


def test_another_session_gets_nothing_of_what_the_first_was_told(story: Tell) -> None:
    """Whoever has seen or guessed the key of an administrator, with a session of their own."""

    async def work(world: World) -> None:
        await member(world, "northwind", ADA.email, roles=["stytch_admin"])
        ada = await world.sign_in(world.demo.saml.connection_id)
        grace = await world.sign_in(world.demo.saml.connection_id, PEOPLE[1].email)
        path, body = "/v1/b2b/sso/oidc/northwind", {"display_name": "Ada's"}
        first = await send(world, "key-1", body, path, session=ada["session_token"])
        done(first)
        same(first, await send(world, "key-1", body, path, session=ada["session_token"]))
        for other in (
            {"session": grace["session_token"]},
            {"jwt": grace["session_jwt"]},
            {"jwt": ada["session_jwt"]},
            {},
        ):
            refused(await send(world, "key-1", body, path, **other), "idempotency_key_reused", 422)
        # Who is not let in does not even learn that the key is known.
        for wrong in ("nobody", f"{ada['session_token']}x"):
            refused(await send(world, "key-1", body, path, session=wrong), "session_not_found", 404)

    story(work)


def test_a_session_that_has_ended_gets_nothing_again(story: Tell) -> None:
    async def work(world: World) -> None:
        await member(world, "northwind", ADA.email, roles=["stytch_admin"])
        ada = await world.sign_in(world.demo.saml.connection_id)
        path, body = "/v1/b2b/sso/oidc/northwind", {"display_name": "Ada's"}
        done(await send(world, "key-1", body, path, session=ada["session_token"]))
        ended = {"member_session_id": ada["member_session"]["member_session_id"]}
        done(await world.call("POST", f"{SESSIONS}/revoke", ended))
        again = await send(world, "key-1", body, path, session=ada["session_token"])
        refused(again, "session_not_found", 404)

    story(work)


def test_another_project_with_the_key_runs_a_request_of_its_own(story: Tell) -> None:
    async def work(world: World) -> None:
        first = done(await send(world))
        other = await projects.create(
            world.rt, "Other", environment="test", settings=world.demo.project.settings
        )
        answer = await send(world, auth=(other.project_id, other.secret))
        assert REPLAYED not in answer.headers
        assert done(answer)["organization"] != first["organization"]
        mixed = await send(world, auth=(other.project_id, world.credentials.secret))
        refused(mixed, "unauthorized_credentials", 401)

    story(work)


def test_a_wrong_secret_gets_no_answer_of_a_key(story: Tell) -> None:
    async def work(world: World) -> None:
        done(await send(world))
        answer = await send(world, auth=(world.credentials.project_id, "secret-test-wrong"))
        refused(answer, "unauthorized_credentials", 401)
        assert REPLAYED not in answer.headers

    story(work)


@pytest.mark.parametrize("key", ["", "x" * 256, "x" * 60_000, '"open', "tab\there"])
def test_a_key_that_is_none_is_refused_and_nothing_is_done(story: Tell, key: str) -> None:
    async def work(world: World) -> None:
        refused(await send(world, key), "idempotency_key_invalid")
        assert named(world) == 0
        assert keys_held(world) == 0

    story(work)


def test_two_keys_are_refused_and_nothing_is_done(story: Tell) -> None:
    async def work(world: World) -> None:
        headers = [("idempotency-key", "a"), ("idempotency-key", "b")]
        async with world.client(auth=world.auth) as client:
            answer = await client.post(ORGANIZATIONS, json=BODY, headers=headers)
        refused(answer, "bad_request")
        assert named(world) == 0

    story(work)


def test_a_copy_of_the_database_shows_neither_keys_nor_what_was_answered(story: Tell) -> None:
    """A login's answer holds a session token, an OIDC connection's its client secret."""

    async def work(world: World) -> None:
        token = await world.arrive(world.demo.saml.connection_id)
        answer = done(await send(world, "the-key-itself", {"sso_token": token}, AUTHENTICATE))
        door = world.demo.oidc.connection_id
        secret = "CLIENT-secret-of-this-test"
        changed = await send(
            world, "another-key", {"client_secret": secret}, f"{OIDC}/{door}", method="PUT"
        )
        done(changed)
        held: list[bytes] = []
        with world.rt.store.engine.engine.connect() as connection:
            for table in metadata.sorted_tables:
                for row in connection.execute(sa.select(table)):
                    held += [v if isinstance(v, bytes) else str(v).encode() for v in row]
        everything = b"\n".join(held)
        assert b"Northwind" in everything
        for text in (token, answer["session_token"], answer["session_jwt"], secret,
                     "the-key-itself", "another-key"):  # fmt: skip
            assert text.encode() not in everything

    story(work)


# --- accidents ------------------------------------------------------------------------------------


def test_many_at_once_with_one_key_are_done_once(story: Tell) -> None:
    async def work(world: World) -> None:
        answers = await asyncio.gather(*(send(world) for _ in range(MANY)))
        ran = [one for one in answers if one.status_code == 200 and REPLAYED not in one.headers]
        assert len(ran) == 1
        assert named(world) == 1
        for one in answers:
            if one.status_code == 200:
                assert one.content == ran[0].content
            else:
                refused(one, "idempotency_key_in_use", 409)
                assert one.headers["retry-after"] == "1"

    story(work)


def test_who_comes_while_the_first_runs_waits_and_is_then_answered(story: Tell) -> None:
    async def work(world: World) -> None:
        server = Held(world)
        first = asyncio.ensure_future(server.change())
        await server.arrived.wait()
        early = await server.change()
        refused(early, "idempotency_key_in_use", 409)
        assert early.headers["retry-after"] == "1"
        refused(await server.change(name="Other"), "idempotency_key_reused", 422)
        server.go_on.set()
        done(await first)
        same(await first, await server.change())
        assert server.sent == 1

    story(work)


def test_a_claim_whose_holder_died_runs_out(story: Tell) -> None:
    """The process ended between claim and answer: what it committed stands, and the next one with
    the key, after the lease, runs the request."""

    async def work(world: World) -> None:
        dying = Held(world)
        task = asyncio.ensure_future(dying.change())
        await dying.arrived.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert keys_held(world) == 1
        server = Held(world)
        server.go_on.set()
        world.advance(seconds=59)
        refused(await server.change(), "idempotency_key_in_use", 409)
        assert server.sent == 0
        world.advance(seconds=1)
        first = await server.change()
        done(first)
        assert server.sent == 1
        same(first, await server.change())

    story(work)


def test_who_comes_back_after_the_lease_does_not_answer_for_the_next_one(story: Tell) -> None:
    """The first was only slow. It tells its own caller what it did, and the key keeps what the
    second answered."""

    async def work(world: World) -> None:
        slow, server = Held(world), Held(world)
        late = asyncio.ensure_future(slow.change())
        await slow.arrived.wait()
        world.advance(minutes=1)
        server.go_on.set()
        second = await server.change()
        done(second)
        slow.go_on.set()
        done(await late)
        same(second, await server.change())

    story(work)


@pytest.mark.parametrize(
    ("failure", "status"),
    [(HttpResponse(500, {}, b""), 502), (RuntimeError("a mistake of ours"), 500)],
    ids=["upstream", "ours"],
)
def test_a_failure_that_may_pass_is_not_kept_and_gives_the_key_back(
    story: Tell, failure: HttpResponse | Exception, status: int
) -> None:
    async def work(world: World) -> None:
        path = f"/v1/b2b/sso/saml/northwind/connections/{world.demo.saml.connection_id}/url"
        body = {"metadata_url": world.idp.address.entity_id}
        world.answers.append(failure)
        failed = await send(world, "key-1", body, path, method="PUT")
        assert failed.status_code == status
        assert keys_held(world) == 0
        again = await send(world, "key-1", body, path, method="PUT")
        done(again)
        same(again, await send(world, "key-1", body, path, method="PUT"))

    story(work)


def test_an_answer_that_cannot_be_kept_is_given_all_the_same(story: Tell) -> None:
    """What was done is done: the caller is told, and only a repetition would have to wait."""

    async def work(world: World) -> None:
        server = Held(world)
        first = asyncio.ensure_future(server.change())
        await server.arrived.wait()
        with world.rt.store.engine.engine.begin() as connection:
            connection.execute(sa.text("ALTER TABLE idempotency_key RENAME TO elsewhere"))
        server.go_on.set()
        done(await first)
        assert server.sent == 1

    story(work)
