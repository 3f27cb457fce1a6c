"""What goes with what: organizations, connections, sessions, and whatever has had its time."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import sqlalchemy as sa

from storage import values
from storage.values import LATER, NOW, hashed
from vestibule.domain.idp_tokens import IdpTokens
from vestibule.domain.members import Member
from vestibule.storage import Store, Tx
from vestibule.storage.tables import metadata

SECOND = timedelta(seconds=1)


async def put_session(store: Store, person: Member, *connection_ids: str) -> str:
    one = values.session(person, *connection_ids)
    name = one.session_id
    await store.write(lambda tx: tx.sessions.insert(one, name, hashed(name)))
    return name


async def living(store: Store, person: Member) -> set[str]:
    found = await store.read(lambda tx: tx.sessions.of_member(person.member_id, NOW))
    return {one.session_id for one in found}


def rows(store: Store) -> dict[str, int]:
    """How many rows each table has."""
    with store.engine.engine.connect() as connection:
        return {
            table.name: connection.execute(
                sa.select(sa.func.count()).select_from(table)
            ).scalar_one()
            for table in metadata.sorted_tables
        }


async def fill(store: Store) -> Member:
    """An organization with a row in every table that hangs on one."""
    owner = await values.put_organization(store, values.full_organization())
    org = owner.organization_id
    person = await values.put_member(store, values.full_member(org))
    name = await values.put_connection(store, values.saml(org))
    one = await values.put_registration(store, values.registration(person, name))
    await put_session(store, person, name)
    half, token = values.intermediate(person, name), values.sso_token(person, name)
    await store.write(lambda tx: tx.sessions.put_intermediate(hashed(name), half))
    await store.write(lambda tx: tx.logins.put_token(hashed(name), token))
    await store.write(lambda tx: tx.logins.put_trace(values.trace(org)))
    await store.write(lambda tx: tx.idp_tokens.put(values.idp_tokens(one)))
    await store.write(lambda tx: tx.audit.insert(values.audit_event(org)))
    return person


def test_an_organization_takes_all_that_it_owns_with_it_and_nothing_else(store: Store) -> None:
    async def work() -> None:
        await fill(store)
        before = rows(store)
        gone = await fill(store)
        assert all(
            count == 2 * before[name] for name, count in rows(store).items() if name != "project"
        )
        await store.write(lambda tx: tx.organizations.delete(gone.organization_id))
        # What happened is told even when the organization is gone.
        assert rows(store) == {**before, "audit_event": 2}

    asyncio.run(work())


def test_a_connection_ends_exactly_the_sessions_that_stand_on_it(store: Store) -> None:
    async def work() -> None:
        ada, door = await values.a_member_with_connection(store)
        grace = await values.put_member(store, values.member(ada.organization_id))
        other = await values.put_connection(store, values.saml(ada.organization_id))
        name = door.connection_id
        await put_session(store, ada, name)
        await put_session(store, ada, other, name)
        await put_session(store, grace, name)
        kept = await put_session(store, ada, other)
        bare = await put_session(store, grace)
        await values.put_registration(store, values.registration(ada, name))
        stays = await values.put_registration(store, values.registration(ada, other))
        assert await store.write(lambda tx: tx.connections.delete([name])) == 3
        assert await living(store, ada) == {kept}
        assert await living(store, grace) == {bare}
        left = await store.read(lambda tx: tx.members.registrations(ada.member_id))
        assert [one.registration_id for one in left] == [stays.registration_id]
        assert await store.read(lambda tx: tx.connections.count(ada.organization_id)) == 1

    asyncio.run(work())


def test_sessions_of_one_member_at_a_connection_can_end_alone(store: Store) -> None:
    async def work() -> None:
        ada, door = await values.a_member_with_connection(store)
        grace = await values.put_member(store, values.member(ada.organization_id))
        name = door.connection_id
        await put_session(store, ada, name)
        kept = await put_session(store, grace, name)
        ended = await store.write(lambda tx: tx.connections.end_sessions([name], ada.member_id))
        assert ended == 1
        assert await living(store, ada) == set()
        assert await living(store, grace) == {kept}

    asyncio.run(work())


def test_a_session_stands_on_what_its_last_change_says(store: Store) -> None:
    async def work() -> None:
        ada, door = await values.a_member_with_connection(store)
        other = await values.put_connection(store, values.saml(ada.organization_id))
        one = values.session(ada, door.connection_id)
        await store.write(lambda tx: tx.sessions.insert(one, "t", hashed("t")))
        moved = values.session(ada, other, session_id=one.session_id)
        await store.write(lambda tx: tx.sessions.update(moved))
        assert await store.write(lambda tx: tx.connections.end_sessions([door.connection_id])) == 0
        assert await store.write(lambda tx: tx.connections.end_sessions([other])) == 1

    asyncio.run(work())


def test_all_sessions_of_a_member_end_and_nobody_elses(store: Store) -> None:
    async def work() -> None:
        ada, door = await values.a_member_with_connection(store)
        grace = await values.put_member(store, values.member(ada.organization_id))
        await put_session(store, ada, door.connection_id)
        await put_session(store, ada)
        kept = await put_session(store, grace, door.connection_id)
        half = values.intermediate(ada)
        await store.write(lambda tx: tx.sessions.put_intermediate(hashed("half"), half))
        assert await store.write(lambda tx: tx.sessions.delete_of_member(ada.member_id)) == 2
        assert await living(store, ada) == set()
        assert await living(store, grace) == {kept}
        taken = await store.write(lambda tx: tx.sessions.take_intermediate(hashed("half"), NOW))
        assert taken is None

    asyncio.run(work())


def test_what_has_had_its_time_is_deleted_and_nothing_else(store: Store) -> None:
    async def work() -> None:
        person = await fill(store)
        name = (await store.read(lambda tx: tx.connections.all_of(person.organization_id)))[0]
        short = values.sso_token(person, name.connection_id, expires_at=NOW)
        await store.write(lambda tx: tx.logins.put_token(hashed("short"), short))
        await store.write(
            lambda tx: tx.logins.put_attempt(hashed("short"), values.attempt(expires_at=NOW))
        )
        await store.write(lambda tx: tx.logins.put_attempt(hashed("long"), values.attempt()))
        await store.write(lambda tx: tx.logins.remember_assertion("c", "old", NOW))
        await store.write(lambda tx: tx.logins.remember_assertion("c", "young", LATER))
        old = values.trace(person.organization_id, started_at=NOW - SECOND)
        await store.write(lambda tx: tx.logins.put_trace(old))
        ended = values.session(person, expires_at=NOW)
        await store.write(lambda tx: tx.sessions.insert(ended, "ended", hashed("ended")))

        assert await store.write(lambda tx: tx.logins.delete_expired(NOW, NOW)) == 4
        assert await store.write(lambda tx: tx.sessions.delete_expired(NOW)) == 1
        assert await store.write(lambda tx: tx.logins.delete_expired(NOW, NOW)) == 0
        assert await store.write(lambda tx: tx.sessions.delete_expired(NOW)) == 0
        left = rows(store)
        assert [
            left[table]
            for table in ("sso_token", "login_attempt", "seen_assertion", "login_trace", "session",
                          "intermediate_session")
        ] == [1] * 6  # fmt: skip

    asyncio.run(work())


async def stored_tokens(store: Store, **changes: object) -> IdpTokens:
    """Tokens of somebody, as they lie there."""
    person, door = await values.a_member_with_connection(store)
    one = await values.put_registration(store, values.registration(person, door.connection_id))
    tokens = values.idp_tokens(one, **changes)
    await store.write(lambda tx: tx.idp_tokens.put(tokens))
    return tokens


def test_a_refresh_of_tokens_has_one_holder_at_a_time(store: Store) -> None:
    async def work() -> None:
        assert await store.write(lambda tx: tx.idp_tokens.claim("none", NOW, LATER)) is None
        assert await store.read(lambda tx: tx.idp_tokens.find("none")) is None
        tokens = await stored_tokens(store)
        key = tokens.registration_id
        assert await store.read(lambda tx: tx.idp_tokens.find(key)) == tokens
        of_member = await store.read(lambda tx: tx.idp_tokens.of_member(tokens.member_id))
        assert of_member == [tokens]

        claims = await asyncio.gather(
            *(store.write(lambda tx: tx.idp_tokens.claim(key, NOW, LATER)) for _ in range(20))
        )
        (claim,) = [claim for claim in claims if claim is not None]
        assert claim.tokens == tokens
        # The holder may write once, and the row is free again.
        fresh = replace(tokens, access_token="ACCESS-token-2", state="current", version=2)
        assert await store.write(lambda tx: tx.idp_tokens.replace(fresh, claim))
        assert not await store.write(lambda tx: tx.idp_tokens.replace(tokens, claim))
        assert await store.read(lambda tx: tx.idp_tokens.find(key)) == fresh
        again = await store.write(lambda tx: tx.idp_tokens.claim(key, NOW, LATER))
        assert again is not None
        assert again.tokens == fresh

    asyncio.run(work())


def test_a_login_outranks_a_refresh_under_way(store: Store) -> None:
    async def work() -> None:
        tokens = await stored_tokens(store)
        key = tokens.registration_id
        claim = await store.write(lambda tx: tx.idp_tokens.claim(key, NOW, LATER))
        assert claim is not None
        new = replace(tokens, refresh_token="REFRESH-token-2")
        await store.write(lambda tx: tx.idp_tokens.put(new))
        assert not await store.write(lambda tx: tx.idp_tokens.replace(tokens, claim))
        assert not await store.write(lambda tx: tx.idp_tokens.settle(tokens, claim))
        await store.write(lambda tx: tx.idp_tokens.postpone(claim, LATER))
        assert await store.read(lambda tx: tx.idp_tokens.find(key)) == replace(new, version=2)
        assert await store.write(lambda tx: tx.idp_tokens.claim(key, NOW, LATER)) is not None

    asyncio.run(work())


def test_a_lease_ends_by_settling_or_by_time(store: Store) -> None:
    async def work() -> None:
        tokens = await stored_tokens(store)
        key = tokens.registration_id
        claim = await store.write(lambda tx: tx.idp_tokens.claim(key, NOW, LATER))
        assert claim is not None
        assert await store.write(lambda tx: tx.idp_tokens.claim(key, LATER - SECOND, LATER)) is None
        assert await store.write(lambda tx: tx.idp_tokens.settle(tokens, claim))
        claim = await store.write(lambda tx: tx.idp_tokens.claim(key, NOW, LATER))
        assert claim is not None
        assert await store.write(lambda tx: tx.idp_tokens.claim(key, LATER, LATER + SECOND))
        await store.write(lambda tx: tx.connections.delete([tokens.connection_id]))
        assert await store.read(lambda tx: tx.idp_tokens.find(key)) is None
        assert not await store.write(lambda tx: tx.idp_tokens.replace(tokens, claim))

    asyncio.run(work())


def test_who_has_lost_the_lease_may_bring_tokens_but_no_bad_news(store: Store) -> None:
    async def work() -> None:
        tokens = await stored_tokens(store)
        key = tokens.registration_id
        late = await store.write(lambda tx: tx.idp_tokens.claim(key, NOW, LATER))
        held = await store.write(lambda tx: tx.idp_tokens.claim(key, LATER, LATER + SECOND))
        assert late is not None
        assert held is not None
        bad, good = replace(tokens, failures=9), replace(tokens, access_token="ACCESS-token-2")
        assert not await store.write(lambda tx: tx.idp_tokens.settle(bad, late))
        await store.write(lambda tx: tx.idp_tokens.postpone(late, NOW))
        assert await store.write(lambda tx: tx.idp_tokens.claim(key, LATER, LATER)) is None
        assert await store.write(lambda tx: tx.idp_tokens.replace(good, late))
        assert not await store.write(lambda tx: tx.idp_tokens.settle(bad, held))
        assert await store.read(lambda tx: tx.idp_tokens.find(key)) == replace(good, version=2)

    asyncio.run(work())


def test_what_is_due_is_given_out_once_and_the_oldest_first(store: Store) -> None:
    async def work() -> None:
        due = [
            await stored_tokens(
                store, state="current", retry_at=None, obtained_at=None,
                expires_at=NOW + 300 * SECOND - age * SECOND,
            )
            for age in range(4)
        ]  # fmt: skip
        await stored_tokens(store, state="needs_login")
        await stored_tokens(store, state="current", retry_at=None, refresh_token=None)
        await stored_tokens(store, state="retrying", retry_at=NOW + SECOND)

        def take(tx: Tx) -> list[str]:
            return [c.tokens.registration_id for c in tx.idp_tokens.claim_due(NOW, LATER, 3)]

        first = await store.write(take)
        assert set(first) == {one.registration_id for one in due[1:]}
        assert await store.write(take) == [due[0].registration_id]
        assert await store.write(take) == []

        def soon(tx: Tx) -> list[str]:
            return [c.tokens.state for c in tx.idp_tokens.claim_due(NOW + SECOND, LATER, 3)]

        assert await store.write(soon) == ["retrying"]

    asyncio.run(work())


def test_many_who_take_what_is_due_at_once_take_different_ones(store: Store) -> None:
    async def work() -> None:
        wanted = set()
        for _ in range(12):
            tokens = await stored_tokens(store, state="retrying", retry_at=NOW)
            wanted.add(tokens.registration_id)

        def take(tx: Tx) -> list[str]:
            return [c.tokens.registration_id for c in tx.idp_tokens.claim_due(NOW, LATER, 3)]

        taken: list[str] = []
        while batches := [
            one
            for batch in await asyncio.gather(*(store.write(take) for _ in range(6)))
            for one in batch
        ]:
            taken += batches
        assert sorted(taken) == sorted(wanted)

    asyncio.run(work())
