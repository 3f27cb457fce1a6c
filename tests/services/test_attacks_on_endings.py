"""Attacks on what has ended: extending it, undoing it, and bringing back what stood on it.

Each test is named for what must not work.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from services.attacks import (
    ADA,
    AUTHENTICATE,
    SESSIONS,
    Tell,
    alive,
    create_external,
    done,
    exchange,
    oidc_sign_in,
    refused,
)
from support.world import World
from vestibule.domain.ids import token_hash
from vestibule.domain.sessions import wire_time
from vestibule.services import sharing

YEAR = 527040


async def extend(world: World, held: dict[str, Any], minutes: int = YEAR) -> str:
    """Ask for a longer session; says when it ends then."""
    body = {"session_token": held["session_token"], "session_duration_minutes": minutes}
    answer = done(await world.call("POST", f"{SESSIONS}/authenticate", body))
    expires_at: str = answer["member_session"]["expires_at"]
    return expires_at


def test_an_exchanged_session_is_not_extended_beyond_its_source(story: Tell) -> None:
    """An hour in A becomes an hour in B, and then a year by asking once more."""

    async def work(world: World) -> None:
        await world.sign_in(world.demo.labs_saml.connection_id)
        held = await world.sign_in(world.demo.saml.connection_id, session_duration_minutes=30)
        end = held["member_session"]["expires_at"]
        over = done(await exchange(world, held["session_token"], "northwind-labs"))
        assert await extend(world, over) == end
        # A login at another door of B is a proof of its own, but the first one still ends.
        token = await world.arrive(world.demo.labs_oidc.connection_id)
        more = done(
            await world.call(
                "POST",
                AUTHENTICATE,
                {
                    "sso_token": token,
                    "session_token": over["session_token"],
                    "session_duration_minutes": YEAR,
                },
            )
        )
        assert more["member_session"]["expires_at"] == end
        # A login at the same door takes its place.
        token = await world.arrive(world.demo.labs_saml.connection_id)
        body = {"sso_token": token, "session_token": over["session_token"]}
        done(await world.call("POST", AUTHENTICATE, body))
        assert await extend(world, over, 60) == wire_time(world.rt.now() + timedelta(hours=1))

    story(work)


def test_a_session_is_not_extended_beyond_the_end_that_the_provider_set(story: Tell) -> None:
    """SessionNotOnOrAfter says eight hours; a patient application asks for a year."""

    async def work(world: World) -> None:
        bound = world.rt.now() + timedelta(hours=8)
        sso_token = await world.arrive(world.demo.saml.connection_id)
        kept = await world.rt.store.write(
            lambda tx: tx.logins.take_token(token_hash(sso_token), world.rt.now())
        )
        assert kept is not None
        bounded = replace(kept, session_not_on_or_after=bound)
        await world.rt.store.write(lambda tx: tx.logins.put_token(token_hash(sso_token), bounded))
        held = done(await world.call("POST", AUTHENTICATE, {"sso_token": sso_token}))
        assert await extend(world, held) == wire_time(bound)
        world.advance(hours=8)
        assert not await alive(world, held["session_token"])

    story(work)


def test_a_revoked_organization_does_not_come_back_by_itself(story: Tell) -> None:
    """Its administrator deletes the revoked connection and makes it again, under open sharing."""

    async def work(world: World) -> None:
        source = world.demo.saml.connection_id
        old = world.demo.labs_saml.connection_id
        await sharing.revoke(world.rt, world.actor, "northwind", source, old)
        path = f"/v1/b2b/sso/northwind-labs/connections/{old}"
        done(await world.call("DELETE", path))
        made = done(await create_external(world, "northwind-labs", "northwind", source))
        again = made["connection"]["connection_id"]
        started = await world.client().get(
            world.start_url(again), headers={"accept": "application/json"}
        )
        refused(started, "external_connection_pending")
        await sharing.approve(world.rt, world.actor, "northwind", source, again)
        await world.sign_in(again)

    story(work)


def test_a_token_from_before_a_revocation_is_not_good_after_it(story: Tell) -> None:
    """Whoever held back a token until the owner changed their mind."""

    async def work(world: World) -> None:
        external = world.demo.labs_saml
        pair = ("northwind", external.external_connection_id, external.connection_id)
        token = await world.arrive(external.connection_id)
        await sharing.revoke(world.rt, world.actor, *pair)
        await sharing.approve(world.rt, world.actor, *pair)
        answer = await world.call("POST", AUTHENTICATE, {"sso_token": token})
        refused(answer, "sso_token_not_found", 404)
        await world.sign_in(external.connection_id)

    story(work)


def test_a_deleted_member_leaves_no_token_behind(story: Tell) -> None:
    """Neither a login half-way in, nor what their identity provider gave us to ask it with."""

    async def work(world: World) -> None:
        held = await world.sign_in(world.demo.oidc.connection_id)
        token = await world.arrive(world.demo.oidc.connection_id)
        path = f"/v1/b2b/organizations/northwind/members/{held['member_id']}"
        done(await world.call("DELETE", path))
        done(await world.call("PUT", f"{path}/reactivate"))
        answer = await world.call("POST", AUTHENTICATE, {"sso_token": token})
        refused(answer, "sso_token_not_found", 404)
        assert done(await world.call("GET", f"{path}/oidc_providers"))["registrations"] == []

    story(work)


def test_a_subject_of_another_provider_is_another_person(story: Tell) -> None:
    """The connection is moved to a new issuer, where `1001` is somebody who is not Ada. Neither
    they nor the tokens that we hold of the old one may meet her member, here or in Labs."""

    async def work(world: World) -> None:
        oidc = world.demo.oidc
        ada = await world.sign_in(oidc.connection_id)
        there = await world.sign_in(world.demo.labs_oidc.connection_id)
        path = f"/v1/b2b/sso/oidc/northwind/connections/{oidc.connection_id}"
        moved = {"issuer": "http://vestibule.test/dev/idp/oidc/"}
        done(await world.call("PUT", path, moved))
        assert not await alive(world, ada["session_token"])
        assert not await alive(world, there["session_token"])
        for organization, held in (("northwind", ada), ("northwind-labs", there)):
            member = f"/v1/b2b/organizations/{organization}/members/{held['member_id']}"
            assert done(await world.call("GET", f"{member}/oidc_providers"))["registrations"] == []
            events = await world.rt.store.read(
                lambda tx, o=held["organization_id"]: tx.audit.latest(o, 100)  # type: ignore[misc]
            )
            assert "connection.identity_provider_changed" in {e.action for e in events}
        done(await world.call("PUT", path, {"issuer": oidc.issuer}))
        eve = await oidc_sign_in(world, email="eve@northwind.example", name="Eve")
        assert eve["member_id"] != ada["member_id"]
        assert eve["member"]["sso_registrations"][0]["external_id"] == ADA.subject

    story(work)


def test_another_entity_id_is_another_provider(story: Tell) -> None:
    async def work(world: World) -> None:
        saml = world.demo.saml
        ada = await world.sign_in(saml.connection_id)
        there = await world.sign_in(world.demo.labs_saml.connection_id)
        path = f"/v1/b2b/sso/saml/northwind/connections/{saml.connection_id}"
        done(await world.call("PUT", path, {"display_name": "The same"}))
        assert await alive(world, ada["session_token"])
        done(await world.call("PUT", path, {"idp_entity_id": "https://other.example"}))
        assert not await alive(world, ada["session_token"])
        assert not await alive(world, there["session_token"])
        done(await world.call("PUT", path, {"idp_entity_id": saml.idp_entity_id}))
        again = await world.sign_in(saml.connection_id)
        assert again["member_id"] == ada["member_id"]

    story(work)
