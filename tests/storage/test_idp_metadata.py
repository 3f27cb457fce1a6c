"""Rows of the metadata that is read again: whole, leased to one, in step with their connection."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

from storage import values
from storage.values import LATER, NOW
from vestibule.domain.connections import SamlConnection
from vestibule.storage import Store

LEASE = timedelta(seconds=30)


async def a_row(store: Store) -> SamlConnection:
    _, door = await values.a_member_with_connection(store)
    await store.write(lambda tx: tx.idp_metadata.put(values.idp_metadata(door.connection_id)))
    return door


def test_the_state_comes_back_whole(store: Store) -> None:
    async def work() -> None:
        door = await a_row(store)
        held = await store.read(lambda tx: tx.idp_metadata.find(door.connection_id))
        assert held is not None
        assert held.state == values.idp_metadata(door.connection_id)
        of_all = await store.read(lambda tx: tx.idp_metadata.of_organization(door.organization_id))
        assert of_all == [held.state]
        assert await store.read(lambda tx: tx.idp_metadata.of_organization("other")) == []
        assert await store.read(lambda tx: tx.idp_metadata.find("other")) is None

    asyncio.run(work())


def test_a_row_is_leased_to_one_and_only_when_it_is_due(store: Store) -> None:
    async def work() -> None:
        door = await a_row(store)
        until = LATER + LEASE
        early = await store.write(lambda tx: tx.idp_metadata.claim_due(NOW, until, 9))
        assert early == []
        (mine,) = await store.write(lambda tx: tx.idp_metadata.claim_due(LATER, until, 9))
        again = await store.write(lambda tx: tx.idp_metadata.claim_due(LATER, until, 9))
        assert again == []
        by_hand = await store.write(
            lambda tx: tx.idp_metadata.claim(door.connection_id, LATER, until)
        )
        assert by_hand is None
        (next_one,) = await store.write(
            lambda tx: tx.idp_metadata.claim_due(until, until + LEASE, 9)
        )
        assert next_one.version == mine.version + 1

    asyncio.run(work())


def test_a_write_ends_the_lease_and_moves_the_version(store: Store) -> None:
    async def work() -> None:
        door = await a_row(store)
        claimed = await store.write(
            lambda tx: tx.idp_metadata.claim(door.connection_id, NOW, NOW + LEASE)
        )
        assert claimed is not None
        await store.write(lambda tx: tx.idp_metadata.put(replace(claimed.state, failures=9)))
        again = await store.write(
            lambda tx: tx.idp_metadata.claim(door.connection_id, NOW, NOW + LEASE)
        )
        assert again is not None
        assert (again.version, again.state.failures) == (claimed.version + 2, 9)

    asyncio.run(work())


def test_a_reading_is_brought_forward_unless_there_was_one_just_now(store: Store) -> None:
    async def work() -> None:
        door = await a_row(store)
        name, rest = door.connection_id, timedelta(minutes=5)
        state = values.idp_metadata(name, tried_at=NOW, due_at=LATER)
        await store.write(lambda tx: tx.idp_metadata.put(state))
        soon, then = NOW + rest / 2, NOW + rest
        assert not await store.write(lambda tx: tx.idp_metadata.ask_again(name, soon, rest))
        assert await store.write(lambda tx: tx.idp_metadata.ask_again(name, then, rest))
        # It is due already, so the answer is the same and nothing has to be done.
        assert await store.write(lambda tx: tx.idp_metadata.ask_again(name, then, rest))
        assert len(await store.write(lambda tx: tx.idp_metadata.claim_due(then, then, 9))) == 1
        assert not await store.write(lambda tx: tx.idp_metadata.ask_again("other", then, rest))

    asyncio.run(work())


def test_what_was_told_goes_with_its_connection(store: Store) -> None:
    async def work() -> None:
        door = await a_row(store)
        name = door.connection_id
        assert await store.write(lambda tx: tx.expiry_notices.remember(name, "x", 30))
        assert not await store.write(lambda tx: tx.expiry_notices.remember(name, "x", 30))
        assert await store.write(lambda tx: tx.expiry_notices.remember(name, "x", 14))
        await store.write(lambda tx: tx.connections.delete([name]))
        assert await store.read(lambda tx: tx.idp_metadata.find(name)) is None
        await store.write(lambda tx: tx.connections.insert(door))
        assert await store.write(lambda tx: tx.expiry_notices.remember(name, "x", 30))

    asyncio.run(work())


def test_a_connection_is_looked_at_when_the_first_word_may_be_due(store: Store) -> None:
    async def work() -> None:
        _, door = await values.a_member_with_connection(store)
        name = door.connection_id
        # Its certificates end at LATER, within sixty days.
        assert await store.read(lambda tx: tx.expiry_notices.due(NOW, 9)) == [name]
        await store.write(lambda tx: tx.expiry_notices.plan(name, LATER, None))
        assert await store.read(lambda tx: tx.expiry_notices.due(NOW, 9)) == []
        assert await store.read(lambda tx: tx.expiry_notices.due(LATER, 9)) == [name]
        await store.write(lambda tx: tx.connections.update(door))
        assert await store.read(lambda tx: tx.expiry_notices.due(NOW, 9)) == [name]

    asyncio.run(work())
