"""Logouts under way are taken once and lie sealed; what a provider's name stands for is found."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import sqlalchemy as sa

from storage import values
from storage.values import LATER, NOW, hashed
from vestibule.domain.logouts import HeardLogout, IdpSession, LogoutAttempt, name_hash
from vestibule.storage import Store

HERE = IdpSession("ada@acme.example", "urn:f", "idp", "sp", "_index", NOW)
UNDER_WAY = LogoutAttempt(
    "project-test-1", "organization-1", "member-1", "door", HERE, "https://app.example/", NOW, LATER
)


def test_a_logout_comes_back_whole_and_is_taken_once(store: Store) -> None:
    async def work() -> None:
        await store.write(lambda tx: tx.logouts.put("token t", UNDER_WAY))
        assert await store.read(lambda tx: tx.logouts.find("token t", NOW)) == UNDER_WAY
        assert await store.read(lambda tx: tx.logouts.find("request t", NOW)) is None
        assert await store.read(lambda tx: tx.logouts.find("token t", LATER)) is None
        assert await store.write(lambda tx: tx.logouts.take("token t", LATER)) is None
        taken = await asyncio.gather(
            *(store.write(lambda tx: tx.logouts.take("token t", NOW)) for _ in range(3))
        )
        assert [one for one in taken if one] == [UNDER_WAY]

    asyncio.run(work())


def test_a_request_is_heard_once_and_until_its_end(store: Store) -> None:
    async def work() -> None:
        heard = HeardLogout(HERE, ("_index",), NOW, LATER)
        key = name_hash("door", HERE.name_id)
        first = await asyncio.gather(
            *(store.write(lambda tx: tx.logouts.hear(key, "_r", heard)) for _ in range(3))
        )
        assert sorted(first) == [False, False, True]
        assert await store.write(lambda tx: tx.logouts.hear(key, "_s", heard))
        assert await store.read(lambda tx: tx.logouts.heard(key, NOW)) == [heard, heard]
        assert await store.read(lambda tx: tx.logouts.heard(key, LATER)) == []
        assert await store.read(lambda tx: tx.logouts.heard(hashed("x"), NOW)) == []
        await store.write(lambda tx: tx.logouts.put("token t", UNDER_WAY))
        assert await store.write(lambda tx: tx.logouts.delete_expired(NOW)) == 0
        assert await store.write(lambda tx: tx.logouts.delete_expired(LATER)) == 3

    asyncio.run(work())


def test_sessions_and_tokens_are_found_by_the_name_that_the_source_uses(store: Store) -> None:
    async def work() -> None:
        person, door = await values.a_member_with_connection(store)
        source = door.connection_id
        key = name_hash(source, HERE.name_id)
        named = replace(values.factor(source), idp_session=HERE)
        held = values.session(person, factors=(named, values.factor("another")))
        plain = values.session(person, source)
        stranger = replace(named, idp_session=replace(HERE, name_id="eve@acme.example"))
        other = values.session(person, factors=(stranger,))
        for number, one in enumerate((held, plain, other)):
            await store.write(
                lambda tx, one=one, n=number: tx.sessions.insert(one, f"t{n}", hashed(f"t{n}"))
            )
        assert await store.read(lambda tx: tx.logouts.sessions_of(key)) == [held]
        # A change of the session keeps it findable, and a change of the factor makes it so.
        moved = replace(other, factors=(named,), expires_at=LATER + timedelta(minutes=1))
        assert await store.write(lambda tx: tx.sessions.update(moved))
        found = await store.read(lambda tx: tx.logouts.sessions_of(key))
        assert {one.session_id for one in found} == {held.session_id, other.session_id}
        assert await store.read(lambda tx: tx.logouts.sessions_of(name_hash("else", "x"))) == []

        token = values.sso_token(person, source, idp_session=HERE)
        await store.write(lambda tx: tx.logins.put_token(hashed("a"), token))
        await store.write(
            lambda tx: tx.logins.put_token(hashed("b"), values.sso_token(person, source))
        )
        half = replace(values.intermediate(person), factors=(named,))
        await store.write(lambda tx: tx.sessions.put_intermediate(hashed("half"), half))
        assert await store.write(lambda tx: tx.logouts.delete_tokens(key)) == [token]
        assert await store.write(lambda tx: tx.logins.take_token(hashed("a"), NOW)) is None
        assert await store.write(lambda tx: tx.logins.take_token(hashed("b"), NOW)) is not None
        assert (
            await store.write(lambda tx: tx.sessions.take_intermediate(hashed("half"), NOW)) is None
        )

    asyncio.run(work())


def test_a_logout_under_way_lies_there_sealed_and_its_token_hashed(store: Store) -> None:
    async def work() -> None:
        await store.write(lambda tx: tx.logouts.put("token secret-token", UNDER_WAY))

        def stored(connection: sa.Connection) -> str:
            return repr(connection.execute(sa.text("SELECT * FROM logout_attempt")).all())

        text = await store.engine.read(stored)
        assert "secret-token" not in text
        assert HERE.name_id not in text

    asyncio.run(work())
