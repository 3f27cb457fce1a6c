"""Sign-ins that begin at the identity provider: used once on any number of servers, into the
owning organization only, whatever they carry along."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from services.attacks import (
    ADA,
    AUTHENTICATE,
    Tell,
    done,
    external_door,
    organization,
    post,
    refused,
    token_of,
    unsolicited,
)
from support.world import World, open_world, run
from vestibule.storage.engine import open_engine
from vestibule.storage.sealed import KeyRing
from vestibule.storage.store import Store
from vestibule.web.app import App


@pytest.mark.peer
def test_an_assertion_is_used_once_by_two_servers(
    make_database: Callable[[str], str], world_template: str
) -> None:
    """Whoever sends a captured assertion to both servers behind the balancer at the same moment."""

    async def main() -> None:
        url = make_database(world_template)
        async with open_world(url) as one:
            store = Store(open_engine(url), KeyRing([b"k" * 32]))
            rt = replace(one.rt, store=store)
            other = replace(one, rt=rt, app=App(rt, one.idp.routes()))
            try:
                for _ in range(3):
                    await _race(one, other)
            finally:
                store.close()

    run(main())


async def _race(one: World, other: World) -> None:
    name = one.demo.saml.connection_id
    fields = unsolicited(one, name)
    servers = [one, other] * 3
    answers = await asyncio.gather(*(post(s.client(), name, fields) for s in servers))
    accepted = [a for a in answers if a.status_code == 303]
    assert len(accepted) == 1
    for answered in answers:
        if answered.status_code != 303:
            refused(answered, "saml_replayed")
    # The token that came out is good at either server, once.
    body = {"sso_token": token_of(accepted[0])}
    tokens = await asyncio.gather(*(s.call("POST", AUTHENTICATE, body) for s in servers))
    assert sorted(t.status_code for t in tokens) == [200] + [404] * 5
    for server in (one, other):
        refused(await post(server.client(), name, fields), "saml_replayed")


def test_an_unsolicited_answer_stays_with_the_owner_however_many_share(story: Tell) -> None:
    """Whoever is a member of a receiving organization too: nothing leads there from outside."""

    async def work(world: World) -> None:
        name = world.demo.saml.connection_id
        owner = world.demo.northwind.organization_id
        receiver = await organization(world, "receiver")
        external = await external_door(world, "receiver", "northwind", name)
        for relay in (external, receiver, "receiver", world.demo.labs_saml.connection_id):
            arrived = await post(world.client(), name, unsolicited(world, name, relay=relay))
            held = done(await world.call("POST", AUTHENTICATE, {"sso_token": token_of(arrived)}))
            assert held["organization_id"] == owner
            factor = held["member_session"]["authentication_factors"][0]
            assert factor["saml_sso_factor"]["provider_id"] == name
        refused(
            await post(world.client(), external, unsolicited(world, name)),
            "sso_connection_not_found", 404,
        )  # fmt: skip

    story(work)


@pytest.mark.parametrize(
    "relay",
    [
        "", "/", "https://evil.example/in", "javascript:alert(1)", "a b", "\u00e9\u202e", "x" * 500,
        '"><script>alert(1)</script>', "https://app.example/deep/link?x=1#y",
    ],
)  # fmt: skip
def test_the_providers_relay_state_leads_nowhere(story: Tell, relay: str) -> None:
    """Whoever puts a URL into RelayState: an open redirect with a token in it."""

    async def work(world: World) -> None:
        name = world.demo.saml.connection_id
        plain = await post(world.client(), name, unsolicited(world, name))
        arrived = await post(world.client(), name, unsolicited(world, name, relay=relay))
        token_of(arrived)
        bare = [a.headers["location"].partition("?")[0] for a in (plain, arrived)]
        assert bare[0] == bare[1]
        assert "set-cookie" not in arrived.headers

    story(work)


def test_a_relay_state_that_is_open_is_no_unsolicited_answer(story: Tell) -> None:
    """Whoever sends an unasked assertion with the state of a login under way: that login ends, and
    nobody is let in by a mixture of two."""

    async def work(world: World) -> None:
        name = world.demo.saml.connection_id
        browser = world.client()
        deliver = await world.begin(browser, name)
        state = deliver.__closure__ and next(
            cell.cell_contents["RelayState"]
            for cell in deliver.__closure__
            if isinstance(cell.cell_contents, dict)
        )
        mixed = await post(browser, name, unsolicited(world, name, relay=str(state)))
        refused(mixed, "saml_request_mismatch")
        refused(await deliver(), "saml_unsolicited")

    story(work)


def test_the_switch_shuts_the_door_for_unsolicited_answers_alone(story: Tell) -> None:
    async def work(world: World) -> None:
        name = world.demo.saml.connection_id
        path = f"/v1/b2b/sso/saml/northwind/connections/{name}"
        done(await world.call("PUT", path, {"idp_initiated_auth_disabled": True}))
        fields = unsolicited(world, name)
        refused(await post(world.client(), name, fields), "saml_idp_initiated_auth_disabled")
        held = await world.sign_in(name)
        assert held["member"]["email_address"] == ADA.email
        through = await world.sign_in(world.demo.labs_saml.connection_id)
        assert through["organization_id"] == world.demo.labs.organization_id
        # What was refused was not used up, as nobody has judged it.
        done(await world.call("PUT", path, {"idp_initiated_auth_disabled": False}))
        token_of(await post(world.client(), name, fields))

    story(work)
