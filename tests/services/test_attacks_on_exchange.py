"""Attacks on what crosses organizations with a session at hand: exchange, checks, tokens, races.

Each test is named for what must not work.
"""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from services.attacks import (
    ADA,
    AUTHENTICATE,
    SESSIONS,
    Tell,
    alive,
    as_json,
    change_organization,
    done,
    exchange,
    external_door,
    member,
    oidc_login,
    oidc_sign_in,
    organization,
    refused,
    rsa_pem,
    saml_door,
    token_of,
)
from support.world import World, open_world, run
from vestibule.errors import VestibuleError
from vestibule.protocols import jwt
from vestibule.protocols.http import HttpRequest, HttpResponse
from vestibule.services import connections, organizations, sessions, sharing
from vestibule.services.sessions import SessionLocator
from vestibule.storage.audit import AuditEvent
from vestibule.web.app import App

INSUFFICIENT = "insufficient_factors_for_session_exchange"


def test_a_session_of_another_organization_passes_no_authorization_check(story: Tell) -> None:
    """An administrator of A gives A the id of B as its slug, and walks into B's documents."""

    async def work(world: World) -> None:
        labs = world.demo.labs.organization_id
        await change_organization(world, "northwind", organization_slug=labs)
        held = await world.sign_in(world.demo.saml.connection_id)
        check = {"organization_id": labs, "resource_id": "documents", "action": "read"}
        body = {"session_token": held["session_token"], "authorization_check": check}
        answer = await world.call("POST", f"{SESSIONS}/authenticate", body)
        refused(answer, "session_authorization_tenancy_error", 403)
        check["organization_id"] = world.demo.northwind.organization_id
        assert done(await world.call("POST", f"{SESSIONS}/authenticate", body))["verdict"]

    story(work)


def test_a_deleted_member_does_not_come_back_by_exchange(story: Tell) -> None:
    """Somebody thrown out of B, whose address now belongs to a new member of B."""

    async def work(world: World) -> None:
        first = await world.sign_in(world.demo.labs_saml.connection_id)
        path = f"/v1/b2b/organizations/northwind-labs/members/{first['member_id']}"
        done(await world.call("DELETE", path))
        await member(world, "northwind-labs", ADA.email)
        held = await world.sign_in(world.demo.saml.connection_id)
        refused(await exchange(world, held["session_token"], "northwind-labs"), INSUFFICIENT)

    story(work)


def test_an_address_that_another_connection_asserted_opens_nothing(story: Tell) -> None:
    """A second provider of A says that the attacker has the address of a member of B."""

    async def work(world: World) -> None:
        await member(world, "northwind-labs", "boss@labs.example")
        held = await world.sign_in(world.demo.saml.connection_id)
        await oidc_sign_in(world)
        moved = await oidc_sign_in(world, email="boss@labs.example")
        assert moved["member_id"] == held["member_id"]
        assert moved["member"]["email_address"] == "boss@labs.example"
        # Northwind Labs trusts the SAML connection, which never said so.
        await world.call(
            "DELETE",
            f"/v1/b2b/sso/northwind-labs/connections/{world.demo.labs_oidc.connection_id}",
        )
        refused(await exchange(world, held["session_token"], "northwind-labs"), INSUFFICIENT)

    story(work)


def test_a_session_through_one_connection_is_not_exchanged_through_another(story: Tell) -> None:
    """Somebody with a session of A's weak connection, where B trusts only the strong one."""

    async def work(world: World) -> None:
        labs = world.demo.labs_oidc.connection_id
        done(await world.call("DELETE", f"/v1/b2b/sso/northwind-labs/connections/{labs}"))
        await world.sign_in(world.demo.labs_saml.connection_id)
        weak = await world.sign_in(world.demo.oidc.connection_id)
        over = done(await exchange(world, weak["session_token"], "northwind-labs"))
        assert over["member_authenticated"] is False
        assert over["session_token"] == over["session_jwt"] == ""
        assert over["member_session"] is None
        assert "sso" in over["primary_required"]["allowed_auth_methods"]

    story(work)


def test_an_exchange_goes_neither_back_nor_on_to_a_third_organization(story: Tell) -> None:
    """Somebody in B, who wants A or another receiver of the same connection."""

    async def work(world: World) -> None:
        await organization(world, "third")
        third = await external_door(world, "third", "northwind", world.demo.saml.connection_id)
        await world.sign_in(third)
        await world.sign_in(world.demo.saml.connection_id)
        in_labs = await world.sign_in(world.demo.labs_saml.connection_id)
        for name in ("northwind", "third"):
            over = done(await exchange(world, in_labs["session_token"], name))
            assert over["member_authenticated"] is False
            assert over["session_token"] == ""

    story(work)


def test_an_exchange_creates_nobody_and_tells_nothing(story: Tell) -> None:
    """Somebody in A, who probes whether they are a member elsewhere."""

    async def work(world: World) -> None:
        await organization(world, "stranger")
        held = await world.sign_in(world.demo.saml.connection_id)
        answers = [
            await exchange(world, held["session_token"], name)
            for name in ("northwind-labs", "stranger")
        ]
        told = [refused(answer, INSUFFICIENT) for answer in answers]
        assert {k: v for k, v in told[0].items() if k != "request_id"} == {
            k: v for k, v in told[1].items() if k != "request_id"
        }
        for name in ("northwind-labs", "stranger"):
            found = await world.call(
                "POST", "/v1/b2b/organizations/members/search", {"organization_ids": [name]}
            )
            assert done(found)["members"] == []

    story(work)


def test_an_exchanged_session_never_outlives_its_source(story: Tell) -> None:
    """Somebody who asks for a year in B on the strength of an hour in A."""

    async def work(world: World) -> None:
        await world.sign_in(world.demo.labs_saml.connection_id)
        held = await world.sign_in(world.demo.saml.connection_id, session_duration_minutes=30)
        over = done(
            await exchange(
                world, held["session_token"], "northwind-labs", session_duration_minutes=527040
            )
        )
        assert over["member_session"]["expires_at"] == held["member_session"]["expires_at"]
        world.advance(minutes=31)
        assert not await alive(world, over["session_token"])

    story(work)


@pytest.mark.parametrize("status", ["pending", "active"])
def test_a_pending_member_is_let_in_by_exchange_once_and_a_stranger_never(
    story: Tell, status: str
) -> None:
    """An invited person may come over; with another subject of the same address, nobody may."""

    async def work(world: World) -> None:
        pending = status == "pending"
        made = await member(world, "northwind-labs", ADA.email, create_member_as_pending=pending)
        held = await world.sign_in(world.demo.saml.connection_id)
        over = done(await exchange(world, held["session_token"], "northwind-labs"))
        assert over["member_id"] == made
        assert over["member"]["status"] == "active"
        assert over["member_session"]["roles"] == ["lab-lead", "stytch_member", "viewer"]

    story(work)


def test_an_exchange_respects_the_second_factor_and_the_methods_of_the_target(story: Tell) -> None:
    """Somebody who takes the exchange for a way around B's own rules."""

    async def work(world: World) -> None:
        await world.sign_in(world.demo.labs_saml.connection_id)
        held = await world.sign_in(world.demo.saml.connection_id)
        token = held["session_token"]
        await change_organization(world, "northwind-labs", mfa_policy="REQUIRED_FOR_ALL")
        over = done(await exchange(world, token, "northwind-labs"))
        assert over["member_authenticated"] is False
        assert over["session_token"] == ""
        assert over["mfa_required"] is not None
        await change_organization(
            world, "northwind-labs", mfa_policy="OPTIONAL", auth_methods="RESTRICTED",
            allowed_auth_methods=["magic_link"],
        )  # fmt: skip
        refused(
            await exchange(world, token, "northwind-labs"),
            "operation_restricted_by_organization_auth_methods",
        )

    story(work)


@pytest.mark.parametrize("how", ["revoked", "denied"])
def test_a_closed_way_is_no_way(story: Tell, how: str) -> None:
    """Somebody who exchanges after the owner or the receiver has closed the door."""

    async def work(world: World) -> None:
        external = world.demo.labs_saml
        await world.sign_in(external.connection_id)
        held = await world.sign_in(world.demo.saml.connection_id)
        if how == "denied":
            path = f"/v1/b2b/sso/external/northwind-labs/connections/{external.connection_id}"
            done(await world.call("PUT", path, {"session_exchange": "denied"}))
        else:
            await sharing.revoke(
                world.rt, world.actor, "northwind", external.external_connection_id,
                external.connection_id,
            )  # fmt: skip
        over = done(await exchange(world, held["session_token"], "northwind-labs"))
        assert over["member_authenticated"] is False
        # What an intermediate token gives is a login, not a session without one.
        body = {"sso_token": "x", "intermediate_session_token": over["intermediate_session_token"]}
        refused(await world.call("POST", AUTHENTICATE, body), "sso_token_not_found", 404)

    story(work)


def test_a_session_of_another_member_takes_no_factor(story: Tell) -> None:
    """Somebody who ties their own login to a session that they found."""

    async def work(world: World) -> None:
        victim = await world.sign_in(world.demo.saml.connection_id, "grace@northwind.example")
        token = await world.arrive(world.demo.saml.connection_id)
        body = {"sso_token": token, "session_token": victim["session_token"]}
        refused(await world.call("POST", AUTHENTICATE, body), "member_session_member_id_mismatch")
        fresh = done(await world.call("POST", AUTHENTICATE, {"sso_token": token}))
        assert fresh["session_token"] != victim["session_token"]
        other = await world.arrive(world.demo.saml.connection_id)
        again = done(await world.call("POST", AUTHENTICATE, {"sso_token": other}))
        assert again["session_token"] != fresh["session_token"]
        assert (
            again["member_session"]["member_session_id"]
            != (fresh["member_session"]["member_session_id"])
        )

    story(work)


# --- tokens of the identity provider ------------------------------------------------------------

REFRESHABLE = {"refresh_token": "r1"}


def providers(organization_name: str, member_id: str) -> str:
    return (
        f"/v1/b2b/organizations/{organization_name}/members/{member_id}/oidc_providers"
        "?include_refresh_token=true"
    )


def test_a_revoked_connection_refreshes_no_tokens(story: Tell) -> None:
    """The receiver, who goes on to fetch fresh tokens of the owner's provider."""

    async def work(world: World) -> None:
        external = world.demo.labs_oidc
        held = await oidc_sign_in(world, external.connection_id, token=REFRESHABLE)
        path = providers("northwind-labs", held["member_id"])
        assert done(await world.call("GET", path))["registrations"][0]["access_token"] == "at-1"
        await sharing.revoke(
            world.rt, world.actor, "northwind", external.external_connection_id,
            external.connection_id,
        )  # fmt: skip
        sent = len(world.sent)
        for _ in range(3):
            assert done(await world.call("GET", path))["registrations"] == []
            world.advance(minutes=29)
        assert len(world.sent) == sent

    story(work)


def test_a_new_key_of_the_provider_does_not_lose_the_refresh_token(story: Tell) -> None:
    """Nobody's malice: the provider rotates its key, and its refresh tokens with every use."""

    async def work(world: World) -> None:
        held = await oidc_sign_in(world, token=REFRESHABLE)
        key = jwt.read_signing_key("rotated", rsa_pem())
        login = await oidc_login(world)
        world.advance(minutes=58)
        fresh = login.id_token(key, nonce=None)
        world.answers.append(login.tokens(fresh, refresh_token="r2", access_token="at-2"))
        world.answers.append(as_json(200, {"keys": [jwt.render_jwk(key, "rotated")]}))
        shown = done(await world.call("GET", providers("northwind", held["member_id"])))
        first = shown["registrations"][0]
        assert (first["access_token"], first["refresh_token"]) == ("at-2", "r2")
        assert world.answers == []

    story(work)


def test_a_refreshed_token_of_another_person_is_not_taken(story: Tell) -> None:
    """A provider that answers a refresh with somebody else's ID token."""

    async def work(world: World) -> None:
        held = await oidc_sign_in(world, token=REFRESHABLE)
        login = await oidc_login(world)
        world.advance(minutes=58)
        other = login.id_token(sub="1002", nonce=None)
        world.answers.append(login.tokens(other, access_token="at-of-grace"))
        path = providers("northwind", held["member_id"])
        assert done(await world.call("GET", path))["registrations"][0]["access_token"] == "at-1"

    story(work)


def test_a_failing_network_keeps_what_is_valid(story: Tell) -> None:
    """Whoever can disturb the line to the provider must not sign anybody out."""

    async def work(world: World) -> None:
        held = await oidc_sign_in(world, token=REFRESHABLE)
        path = providers("northwind", held["member_id"])
        world.advance(minutes=56)
        for trouble in (as_json(500, {}), as_json(200, {}), as_json(429, {"error": "x"})):
            world.answers.append(trouble)
            shown = done(await world.call("GET", path))["registrations"][0]
            assert (shown["access_token"], shown["refresh_token"]) == ("at-1", "r1")
            assert world.answers == []
            # The waits in between are left to chance, below 10, 20 and 40 seconds.
            world.advance(seconds=41)
        world.advance(minutes=5)
        world.answers.append(as_json(503, {}))
        refused(await world.call("GET", path), "unable_to_refresh_oidc_token")
        world.advance(seconds=5)
        world.answers.append(as_json(200, {"access_token": "at-2", "token_type": "bearer"}))
        assert done(await world.call("GET", path))["registrations"][0]["access_token"] == "at-2"

    story(work)


def test_many_readers_refresh_once(story: Tell) -> None:
    """Two servers at once, whose second refresh would make the provider revoke everything."""

    async def work(world: World) -> None:
        held = await oidc_sign_in(world, token=REFRESHABLE)
        path = providers("northwind", held["member_id"])
        world.advance(minutes=58)
        fresh = {"access_token": "at-2", "token_type": "Bearer", "refresh_token": "r2"}
        world.answers.append(as_json(200, {**fresh, "expires_in": 3600}))
        sent = len(world.sent)
        answers = await asyncio.gather(*(world.call("GET", path) for _ in range(5)))
        assert {answer.status_code for answer in answers} == {200}
        assert len(world.sent) == sent + 1
        shown = done(await world.call("GET", path))["registrations"][0]
        assert (shown["access_token"], shown["refresh_token"]) == ("at-2", "r2")

    story(work)


# --- what happens in between --------------------------------------------------------------------


@pytest.mark.parametrize("what", ["revoked", "closed to newcomers", "connection", "organization"])
def test_what_ends_while_the_provider_answers_lets_nobody_in(story: Tell, what: str) -> None:
    """Somebody whose login is at the token endpoint when the administrator closes the door."""

    async def work(world: World) -> None:
        rt, actor, external = world.rt, world.actor, world.demo.labs_oidc
        labs = world.demo.labs.organization_id

        async def close() -> None:
            if what == "revoked":
                await sharing.revoke(
                    rt, actor, "northwind", external.external_connection_id,
                    external.connection_id,
                )  # fmt: skip
            elif what == "connection":
                await connections.delete(rt, actor, labs, external.connection_id)
            elif what == "organization":
                await organizations.delete(rt, actor, labs)
            else:
                changes = {"sso_jit_provisioning": "NOT_ALLOWED"}
                await organizations.update(rt, actor, labs, changes)

        async def send(request: HttpRequest) -> HttpResponse:
            if request.url.endswith("/userinfo"):
                await close()
            return await rt.send(request)

        deliver = await world.begin(browser := world.client(), external.connection_id)
        world.app._login = App(replace(rt, send=send))._login
        answer = await deliver()
        code, status = {
            "revoked": ("external_connection_revoked", 400),
            "connection": ("sso_connection_not_found", 404),
            "organization": ("sso_connection_not_found", 404),
            "closed to newcomers": ("invalid_connection_for_jit_provisioning", 400),
        }[what]
        refused(answer, code, status)
        await browser.aclose()
        if what != "organization":
            path = "/v1/b2b/organizations/members/search"
            found = done(await world.call("POST", path, {"organization_ids": [labs]}))
            assert found["members"] == []

    story(work)


@pytest.mark.peer
@pytest.mark.parametrize("way", ["login", "exchange"])
def test_a_session_that_was_made_while_its_door_was_revoked_does_not_live(
    make_database: Any, way: str
) -> None:
    """Somebody quick: the revocation's own snapshot does not see the session that it must end."""

    async def work(world: World) -> None:
        external, rt = world.demo.labs_saml, world.rt
        await world.sign_in(external.connection_id)
        held = await world.sign_in(world.demo.saml.connection_id)
        token = await world.arrive(external.connection_id)
        looked, made = threading.Event(), threading.Event()

        def slow() -> datetime:
            looked.set()
            made.wait(20)
            return rt.now()

        revoking = asyncio.ensure_future(
            sharing.revoke(
                replace(rt, now=slow), world.actor, "northwind",
                external.external_connection_id, external.connection_id,
            )
        )  # fmt: skip
        await asyncio.to_thread(looked.wait, 20)
        if way == "login":
            answer = await world.call("POST", AUTHENTICATE, {"sso_token": token})
        else:
            answer = await exchange(world, held["session_token"], "northwind-labs")
        made.set()
        await revoking
        quick = answer.json()["session_token"] if answer.status_code == 200 else ""
        if quick:
            assert not await alive(world, quick)
            with pytest.raises(VestibuleError) as raised:
                await sessions.actor_for(rt, world.actor.project, SessionLocator(token=quick))
            assert raised.value.code == "session_not_found"
        assert await alive(world, held["session_token"])

    async def main() -> None:
        async with open_world(make_database()) as world:
            await work(world)

    run(main())


async def events(world: World, organization_id: str) -> list[AuditEvent]:
    return await world.rt.store.read(lambda tx: tx.audit.latest(organization_id, 100))


def test_a_receiver_that_is_deleted_is_missed_by_the_owner(story: Tell) -> None:
    """Nobody's malice: the owner's log has to say when a trust in their connection has ended."""

    async def work(world: World) -> None:
        northwind = world.demo.northwind.organization_id
        done(await world.call("DELETE", "/v1/b2b/organizations/northwind-labs"))
        told = {
            event.target
            for event in await events(world, northwind)
            if event.action == "connection.deleted"
        }
        assert told == {
            world.demo.labs_saml.connection_id,
            world.demo.labs_oidc.connection_id,
        }

    story(work)


def test_a_third_organization_keeps_its_own_door(story: Tell) -> None:
    """Nobody's malice: what one organization deletes must not shut another one's connection."""

    async def work(world: World) -> None:
        await organization(world, "third")
        own = await saml_door(world, "third")
        held = await world.sign_in(own.connection_id)
        done(await world.call("DELETE", "/v1/b2b/organizations/northwind"))
        assert await alive(world, held["session_token"])
        login = await world.begin(world.client(), own.connection_id)
        assert token_of(await login())

    story(work)
