"""Who hears that something ends, how often, and after an outage."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
import sqlalchemy as sa

from services.attacks import Tell, external_door, organization
from support.metadata import answer, document, fingerprint, key_pair
from support.world import World
from vestibule.domain.connections import SamlChanges, SamlConnection
from vestibule.protocols import saml
from vestibule.services import connections, expiry_notices, idp_metadata
from vestibule.storage.audit import AuditEvent
from vestibule.storage.tables import connection as connection_table


async def told(world: World, organization_id: str, what: str = "certificate") -> list[AuditEvent]:
    """The notices that an organization has got, the first one first."""
    found = await world.rt.store.read(lambda tx: tx.audit.latest(organization_id, 500))
    return [one for one in reversed(found) if one.action == f"connection.{what}_expires"]


async def door_with(world: World, number: int) -> SamlConnection:
    """Another SAML connection of the owner, with a certificate that lives for a year."""
    owner = world.demo.northwind.organization_id
    made = await connections.create_saml(
        world.rt, world.actor, owner, display_name="Ending", identity_provider=None
    )
    return await connections.change_saml(
        world.rt, world.actor, owner, made.connection_id,
        SamlChanges(idp_entity_id="https://idp.example", idp_sso_url="https://idp.example/sso",
                    attribute_mapping={"email": "NameID", "full_name": "name"}),
        x509_certificate=key_pair(number).certificate_pem,
    )  # fmt: skip


def days_before(world: World, number: int, days: float) -> None:
    ends = saml.read_certificate(key_pair(number).certificate_pem).not_after
    world.clock[0] = ends - timedelta(days=days)


def test_every_organization_that_shares_a_connection_hears_it_once_for_each_of_the_days(
    story: Tell,
) -> None:
    async def work(world: World) -> None:
        owner, borrower = world.demo.northwind.organization_id, world.demo.labs.organization_id
        door = await door_with(world, 4)
        external = await external_door(world, borrower, owner, door.connection_id)
        for days in (61, 60, 59, 45, 30, 14, 13.5, 7, 1, 0.5, -3):
            days_before(world, 4, days)
            await expiry_notices.tell_due(world.rt)
            await expiry_notices.tell_due(world.rt)
        for organization_id, target in ((owner, door.connection_id), (borrower, external)):
            mine = [e for e in await told(world, organization_id) if e.target == target]
            assert [e.details["days"] for e in mine] == ["60", "30", "14", "7", "1"]
            assert {e.details["fingerprint_sha256"] for e in mine} == {
                fingerprint(key_pair(4).certificate_pem)
            }
            assert mine[0].details["subject"].startswith("CN=idp-4")
            assert mine[0].details["who_can_fix_it"]
            assert mine[0].actor == "vestibule"

    story(work)


def test_after_an_outage_only_the_nearest_of_the_days_is_told(story: Tell) -> None:
    async def work(world: World) -> None:
        door = await door_with(world, 5)
        days_before(world, 5, 5.5)
        await expiry_notices.tell_due(world.rt)
        owner = world.demo.northwind.organization_id
        (event,) = [e for e in await told(world, owner) if e.target == door.connection_id]
        assert (event.details["days"], event.details["days_left"]) == ("7", "5")

    story(work)


def test_several_workers_tell_it_once(story: Tell) -> None:
    async def work(world: World) -> None:
        door = await door_with(world, 4)
        days_before(world, 4, 30)
        counts = await asyncio.gather(*(expiry_notices.tell_due(world.rt) for _ in range(4)))
        assert sum(counts) == 1
        owner = world.demo.northwind.organization_id
        assert len([e for e in await told(world, owner) if e.target == door.connection_id]) == 1

    story(work)


def test_a_change_of_the_connection_tells_nothing_twice(story: Tell) -> None:
    async def work(world: World) -> None:
        owner = world.demo.northwind.organization_id
        door = await door_with(world, 4)
        days_before(world, 4, 30)
        assert await expiry_notices.tell_due(world.rt) == 1
        await connections.change_saml(
            world.rt, world.actor, owner, door.connection_id, SamlChanges(display_name="Other")
        )
        assert await expiry_notices.tell_due(world.rt) == 0

    story(work)


def test_our_own_certificate_is_told_too(story: Tell) -> None:
    async def work(world: World) -> None:
        ours = world.demo.saml.signing_keys[0].certificate
        world.clock[0] = ours.expires_at - timedelta(days=14)
        await expiry_notices.tell_due(world.rt)
        for organization_id in (
            world.demo.northwind.organization_id,
            world.demo.labs.organization_id,
        ):
            mine = [
                e for e in await told(world, organization_id)
                if e.details["fingerprint_sha256"] == ours.fingerprint_sha256
            ]  # fmt: skip
            assert [(e.details["what"], e.details["days"]) for e in mine] == [
                ("our_certificate", "14")
            ]

    story(work)


def test_metadata_that_is_not_renewed_is_told_and_a_short_lived_one_is_not(story: Tell) -> None:
    async def work(world: World) -> None:
        owner, name = world.demo.northwind.organization_id, world.demo.saml.connection_id
        idp = world.idp.address

        async def read(ends: str) -> None:
            body = document(idp.entity_id, idp.sso_url, [idp.certificate], valid_until=ends)
            world.answers.append(answer(body))
            assert (await idp_metadata.refresh_due(world.rt)).same == 1
            await expiry_notices.tell_due(world.rt)

        await connections.change_saml(
            world.rt, world.actor, owner, name,
            SamlChanges(idp_metadata_url="https://idp.example/metadata"),
        )  # fmt: skip
        # A week ahead each day, as federations publish it.
        for day in range(1, 4):
            await read(f"2026-12-{day:02}T12:00:00Z")
            world.advance(days=1)
        assert await told(world, owner, "metadata") == []
        # Then nobody renews it: the clock stands at 27 November, and it ends on 3 December.
        await connections.change_saml(
            world.rt, world.actor, owner, name, SamlChanges(display_name="Changed")
        )
        for _ in range(14):
            await expiry_notices.tell_due(world.rt)
            world.advance(hours=12)
        assert [e.details["days"] for e in await told(world, owner, "metadata")] == ["1", "0"]
        assert await expiry_notices.tell_due(world.rt) == 0

    story(work)


def test_a_revoked_share_hears_nothing(story: Tell) -> None:
    async def work(world: World) -> None:
        owner = world.demo.northwind.organization_id
        door, third = await door_with(world, 4), await organization(world, "third")
        external = await external_door(world, third, owner, door.connection_id)
        await world.call(
            "POST",
            f"/v1/b2b/sso/{owner}/connections/{door.connection_id}/external/{external}/revoke",
        )
        days_before(world, 4, 30)
        await expiry_notices.tell_due(world.rt)
        assert await told(world, third) == []

    story(work)


def test_one_connection_that_breaks_keeps_nobody_else_from_hearing(story: Tell) -> None:
    async def work(world: World) -> None:
        owner = world.demo.northwind.organization_id
        door = await door_with(world, 4)
        days_before(world, 4, 30)

        def spoil(tx: object) -> None:
            broken = connection_table.update().where(
                connection_table.c.connection_id == world.demo.saml.connection_id
            )
            tx._connection.execute(broken.values(document="{}", next_notice_at=sa.literal(0)))  # type: ignore[attr-defined]

        await world.rt.store.write(spoil)
        with pytest.raises(Exception, match="connection_id"):
            await expiry_notices.tell_due(world.rt)
        assert len([e for e in await told(world, owner) if e.target == door.connection_id]) == 1

    story(work)
