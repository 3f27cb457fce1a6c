"""Attacks by name, where one connection, one provider or one name means two things.

Each test is named for the attack; docs/security/cross-organization-attacks.md lists them all with
those of the other files.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from services.attacks import (
    ADA,
    AUTHENTICATE,
    JSON,
    SESSIONS,
    Tell,
    answer_of,
    callback,
    done,
    external_door,
    member,
    organization,
    refused,
    saml_door,
    token_of,
)
from support.world import World, open_world, run
from vestibule.domain.connections import OidcChanges, OidcConnection
from vestibule.errors import VestibuleError
from vestibule.services import connections, sessions
from vestibule.storage.engine import open_engine
from vestibule.storage.sealed import KeyRing
from vestibule.storage.store import Store

SERVERS = 4
EXTERNAL = pytest.mark.parametrize("kind", ["saml", "oidc"])


async def oidc_door(world: World, organization_name: str) -> OidcConnection:
    """Another OIDC connection at the same provider: same issuer, same client."""
    made = await connections.create_oidc(
        world.rt, world.actor, organization_name, display_name="Another", identity_provider=None
    )
    source = world.demo.oidc
    changed, _ = await connections.change_oidc(
        world.rt, world.actor, organization_name, made.connection_id,
        OidcChanges(
            client_id=source.client_id, client_secret=source.client_secret, issuer=source.issuer,
            authorization_url=source.authorization_url, token_url=source.token_url,
            userinfo_url=source.userinfo_url, jwks_url=source.jwks_url,
        ),
    )  # fmt: skip
    return changed


async def session_of(world: World, arrived: Any) -> dict[str, Any]:
    return done(await world.call("POST", AUTHENTICATE, {"sso_token": token_of(arrived)}))


async def traces(world: World, organization_id: str) -> list[Any]:
    return list(await world.rt.store.read(lambda tx: tx.logins.traces(organization_id, 100)))


# --- one provider, two connections --------------------------------------------------------------


@pytest.mark.parametrize("owner", ["northwind", "other"])
def test_one_saml_provider_serving_two_connections_opens_each_with_its_own_login_only(
    story: Tell, owner: str
) -> None:
    """Same key, same entity id, same person; the connections are of one or of two organizations."""

    async def work(world: World) -> None:
        await organization(world, "other")
        mine, there = world.demo.saml, await saml_door(world, owner)
        # Both at once in one browser, and each answer brought to the other's door.
        browser = world.client()
        first = await world.begin(browser, mine.connection_id)
        second = await world.begin(browser, there.connection_id)
        refused(await first(callback(there.connection_id)), "saml_request_mismatch")
        refused(await second(callback(mine.connection_id)), "saml_request_mismatch")
        for connection in (mine, there):
            deliver = await world.begin(browser, connection.connection_id)
            held = await session_of(world, await deliver())
            assert held["organization_id"] == connection.organization_id
            factors = held["member_session"]["authentication_factors"]
            assert [one["saml_sso_factor"]["provider_id"] for one in factors] == [
                connection.connection_id
            ]

    story(work)


@pytest.mark.parametrize("owner", ["northwind", "other"])
def test_one_oidc_provider_serving_two_connections_opens_each_with_its_own_login_only(
    story: Tell, owner: str
) -> None:
    """Same issuer, same client, same person: the redirect URI and the state are all that differ."""

    async def work(world: World) -> None:
        await organization(world, "other")
        mine, there = world.demo.oidc, await oidc_door(world, owner)
        browser = world.client()
        for source, target in ((mine, there), (there, mine)):
            deliver = await world.begin(browser, source.connection_id)
            query = urlsplit(answer_of(deliver)).query
            answer = await browser.get(f"{callback(target.connection_id)}?{query}", headers=JSON)
            refused(answer, "oidc_state_unknown")
            # A code of one with a login of the other at the other's own door.
            code = parse_qs(query)["code"][0]
            own = await world.begin(browser, target.connection_id)
            asked = {k: v[0] for k, v in parse_qs(urlsplit(answer_of(own)).query).items()}
            swapped = urlencode({**asked, "code": code})
            answer = await browser.get(f"{callback(target.connection_id)}?{swapped}", headers=JSON)
            refused(answer, "oidc_token_refused")
        for connection in (mine, there):
            deliver = await world.begin(browser, connection.connection_id)
            held = await session_of(world, await deliver())
            assert held["organization_id"] == connection.organization_id

    story(work)


# --- start here, finish there -------------------------------------------------------------------


@EXTERNAL
def test_a_login_started_at_one_organization_ends_there_whatever_the_callback_says(
    story: Tell, kind: str
) -> None:
    """Whoever adds the other organization's names to the callback: nothing there is asked."""

    async def work(world: World) -> None:
        demo = world.demo
        direct, through = getattr(demo, kind), getattr(demo, f"labs_{kind}")
        for started, other in ((direct, through), (through, direct)):
            more = urlencode({
                "connection_id": other.connection_id, "organization_id": other.organization_id,
                "external_connection_id": other.connection_id,
            })  # fmt: skip
            deliver = await world.begin(world.client(), started.connection_id)
            url = deliver.__defaults__[0]
            arrived = await deliver(f"{url}{'&' if '?' in url else '?'}{more}")
            held = await session_of(world, arrived)
            assert held["organization_id"] == started.organization_id
            registered = [r["connection_id"] for r in held["member"]["sso_registrations"]]
            assert registered == [started.connection_id]

    story(work)


@EXTERNAL
def test_a_login_started_at_one_organization_leaves_its_trace_there_only(
    story: Tell, kind: str
) -> None:
    """Both a finished and a refused one; the owner of the source reads nothing of the receiver."""

    async def work(world: World) -> None:
        demo = world.demo
        places = {demo.northwind.organization_id, demo.labs.organization_id}
        for started in (getattr(demo, kind), getattr(demo, f"labs_{kind}")):
            before = {place: len(await traces(world, place)) for place in places}
            await world.sign_in(started.connection_id)
            browser = world.client()
            deliver = await world.begin(browser, started.connection_id)
            browser.cookies.clear()
            assert (await deliver()).status_code == 400
            after = {place: await traces(world, place) for place in places}
            for place in places:
                grown = 2 if place == started.organization_id else 0
                assert len(after[place]) == before[place] + grown
                for one in after[place]:
                    assert one.organization_id == place
            named = {one.connection_id for one in after[started.organization_id]}
            assert named == {started.connection_id}

    story(work)


@EXTERNAL
def test_an_external_id_swapped_between_start_and_callback_opens_nothing(
    story: Tell, kind: str
) -> None:
    """The External's id has no callback; another External of the same source is another login; and
    one that was made anew meanwhile is not the one that was started."""

    async def work(world: World) -> None:
        source = getattr(world.demo, kind).connection_id
        first = getattr(world.demo, f"labs_{kind}").connection_id
        third = await organization(world, "third")
        second = await external_door(world, "third", "northwind", source)

        for name in (first, second):
            deliver = await world.begin(world.client(), first)
            url = deliver.__defaults__[0].replace(source, name)
            assert urlsplit(url).path.endswith(name)
            refused(
                await deliver(url),
                "saml_request_mismatch" if kind == "saml" else "oidc_state_unknown",
            )

        # The state of a login at one in the answer for the other, in the browser of both.
        browser = world.client()
        one, two = [await world.begin(browser, name) for name in (first, second)]
        if kind == "saml":
            forms = [
                next(c.cell_contents for c in d.__closure__ if isinstance(c.cell_contents, dict))
                for d in (one, two)
            ]
            refused(await one(RelayState=forms[1]["RelayState"]), "saml_request_mismatch")
        else:
            queries = [parse_qs(urlsplit(answer_of(d)).query) for d in (one, two)]
            swapped = {**{k: v[0] for k, v in queries[0].items()}, "state": queries[1]["state"][0]}
            answer = await browser.get(callback(source), params=swapped, headers=JSON)
            refused(answer, "oidc_token_refused")

        deliver = await world.begin(world.client(), second)
        done(await world.call("DELETE", f"/v1/b2b/sso/third/connections/{second}"))
        anew = await external_door(world, "third", "northwind", source)
        refused(await deliver(), "sso_connection_not_found", 404)
        held = await world.sign_in(anew)
        assert held["organization_id"] == third

    story(work)


# --- names ---------------------------------------------------------------------------------------


def test_a_role_of_the_same_name_in_two_organizations_grants_in_each_its_own(story: Tell) -> None:
    """An owner who gives `auditor` everything, where the receiver's `auditor` may read."""

    async def work(world: World) -> None:
        for name, resource, action in (
            ("northwind", "experiments", "run"),
            ("northwind-labs", "documents", "read"),
        ):
            permission = {"resource_id": resource, "actions": [action]}
            role = {"role_id": "auditor", "description": "", "permissions": [permission]}
            path = f"/v1/b2b/rbac/organizations/{name}"
            done(await world.call("PUT", path, {"org_policy": {"roles": [role]}}))
        demo = world.demo
        rules = [{"role_id": "auditor"}]
        path = f"/v1/b2b/sso/saml/northwind/connections/{demo.saml.connection_id}"
        body = {
            "saml_connection_implicit_role_assignments": rules,
            "saml_group_implicit_role_assignments": [],
        }
        done(await world.call("PUT", path, body))
        external = demo.labs_saml.connection_id
        path = f"/v1/b2b/sso/external/northwind-labs/connections/{external}"
        body = {
            "external_connection_implicit_role_assignments": rules,
            "external_group_implicit_role_assignments": [],
        }
        done(await world.call("PUT", path, body))
        for door, place, may, may_not in (
            (demo.saml, "northwind", ("experiments", "run"), ("documents", "read")),
            (demo.labs_saml, "northwind-labs", ("documents", "read"), ("experiments", "run")),
        ):
            held = await world.sign_in(door.connection_id)
            assert held["member_session"]["roles"] == ["auditor", "stytch_member"]

            async def check(token: str, where: str, what: tuple[str, str]) -> Any:
                asked = {"organization_id": where, "resource_id": what[0], "action": what[1]}
                body = {"session_token": token, "authorization_check": asked}
                return await world.call("POST", f"{SESSIONS}/authenticate", body)

            token = held["session_token"]
            assert done(await check(token, place, may))["verdict"]["granting_roles"] == ["auditor"]
            refused(await check(token, place, may_not), "session_authorization_error", 403)
            other = "northwind-labs" if place == "northwind" else "northwind"
            refused(await check(token, other, may), "session_authorization_tenancy_error", 403)

    story(work)


def test_an_admin_role_at_the_source_is_none_at_the_receiver(story: Tell) -> None:
    """The source's administrator comes in through the External connection, with a session there
    that is full of rights; at the receiver they may change nothing, not even by its name."""

    async def work(world: World) -> None:
        await member(world, "northwind", ADA.email, roles=["stytch_admin"])
        there = await world.sign_in(world.demo.saml.connection_id)
        held = await world.sign_in(world.demo.labs_saml.connection_id)
        path = "/v1/b2b/organizations/northwind-labs"
        body = {"organization_name": "Ours now"}
        refused(
            await world.call("PUT", path, body, session=held["session_token"]),
            "session_authorization_error", 403,
        )  # fmt: skip
        refused(
            await world.call("PUT", path, body, session=there["session_token"]),
            "session_authorization_tenancy_error", 403,
        )  # fmt: skip
        assert "Ours now" not in json.dumps(done(await world.call("GET", path)))

    story(work)


# --- at the same moment -------------------------------------------------------------------------


async def at_once(world: World, url: str, token: str) -> list[str]:
    """What several servers make of one token at the same moment: session tokens, or the refusals.

    Threads with a store and a loop of their own, as separate processes have them.
    """
    ready, outcomes = threading.Barrier(SERVERS), list[str]()

    def serve() -> None:
        store = Store(open_engine(url), KeyRing([b"k" * 32]))
        rt = replace(world.rt, store=store)
        ready.wait(20)
        try:
            made = asyncio.run(sessions.authenticate_sso(rt, world.demo.project, token))
            outcomes.append(made.session.token if made.session else "no session")
        except VestibuleError as error:
            outcomes.append(error.code)
        finally:
            store.close()

    threads = [threading.Thread(target=serve) for _ in range(SERVERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        await asyncio.to_thread(thread.join, 30)
    return outcomes


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.peer)])
@pytest.mark.parametrize("door", ["saml", "labs_saml", "labs_oidc"])
def test_one_token_used_at_the_same_moment_by_many_servers_opens_one_session(
    request: pytest.FixtureRequest, tmp_path: Path, kind: str, door: str
) -> None:
    """Whoever has read the redirect, and is as quick as the application."""
    if kind == "sqlite":
        url = f"sqlite:///{tmp_path / 'vestibule.db'}"
    else:
        make_database: Callable[..., str] = request.getfixturevalue("make_database")
        url = make_database(request.getfixturevalue("world_template"))

    async def main() -> None:
        async with open_world(url) as world:
            for _ in range(3):
                token = await world.arrive(getattr(world.demo, door).connection_id)
                outcomes = await at_once(world, url, token)
                assert len(outcomes) == SERVERS
                won = [one for one in outcomes if one != "sso_token_not_found"]
                assert len(won) == 1, outcomes
                body = {"session_token": won[0]}
                done(await world.call("POST", f"{SESSIONS}/authenticate", body))

    run(main())
