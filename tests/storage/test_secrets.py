"""What a copy of the database gives away: no secret, and no token that opens anything."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import sqlalchemy as sa

from storage import values
from storage.conftest import ROOT_KEY
from storage.values import NOW, PROJECT, SECRETS, hashed
from vestibule.errors import VestibuleError
from vestibule.storage import KeyRing, Store, open_store
from vestibule.storage.tables import connection as connection_table
from vestibule.storage.tables import (
    credential,
    idp_tokens,
    login_attempt,
    metadata,
    session,
    signing_key,
)

TOKENS = ("one-time-token", "intermediate-token", "state-token", "project-secret")


async def fill(store: Store) -> None:
    """Every secret and every token that there is, each at its place."""
    person, door = await values.a_member_with_connection(store)
    await values.put_connection(store, values.oidc(person.organization_id))
    await values.put_connection(store, values.saml(person.organization_id))
    one = await values.put_registration(store, values.registration(person, door.connection_id))
    two = await values.put_registration(store, values.registration(person, door.connection_id))
    name = door.connection_id
    begun, token = values.attempt(), values.sso_token(person, name)
    half = values.intermediate(person, name)
    for number in ("1", "2"):
        at = values.session(person, name)
        text = f"SESSION-token-{number}"
        await store.write(lambda tx: tx.sessions.insert(at, text, hashed(text)))  # noqa: B023
        key = values.signing_key(f"kid-{number}")
        await store.write(lambda tx: tx.keys.insert(key))  # noqa: B023
        state = hashed(f"state-token{number}")
        await store.write(lambda tx: tx.logins.put_attempt(state, begun))  # noqa: B023
    await store.write(lambda tx: tx.idp_tokens.put(values.idp_tokens(one)))
    await store.write(lambda tx: tx.idp_tokens.put(values.idp_tokens(two)))
    await store.write(lambda tx: tx.logins.put_attempt(hashed("state-token"), begun))
    await store.write(lambda tx: tx.logins.put_token(hashed("one-time-token"), token))
    await store.write(lambda tx: tx.sessions.put_intermediate(hashed("intermediate-token"), half))
    secret = hashed("project-secret")
    await store.write(
        lambda tx: tx.projects.insert_credential("secret-1", PROJECT, "secret", secret, NOW)
    )


def everything(store: Store) -> bytes:
    """All that the tables hold, as bytes."""
    parts: list[bytes] = []
    with store.engine.engine.connect() as opened:
        for table in metadata.sorted_tables:
            for row in opened.execute(sa.select(table)):
                parts += [v if isinstance(v, bytes) else str(v).encode() for v in row]
    return b"\n".join(parts)


def test_no_secret_and_no_token_stands_in_a_table(store: Store) -> None:
    asyncio.run(fill(store))
    held = everything(store)
    assert b"https://idp.example/sso" in held  # what is no secret is there to be read
    assert [text for text in (*SECRETS, *TOKENS) if text.encode() in held] == []


def test_no_secret_and_no_token_stands_in_the_file(tmp_path: Path) -> None:
    from vestibule.storage.engine import open_engine
    from vestibule.storage.schema import migrate

    url = f"sqlite:///{tmp_path / 'vestibule.db'}"
    engine = open_engine(url)
    migrate(engine)
    engine.close()
    opened = open_store(url, KeyRing([ROOT_KEY]))
    asyncio.run(opened.write(lambda tx: tx.projects.insert(values.project())))
    asyncio.run(fill(opened))
    held = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    opened.close()
    assert b"https://idp.example/sso" in held
    assert [text for text in (*SECRETS, *TOKENS) if text.encode() in held] == []


@pytest.mark.parametrize(
    ("column", "key"),
    [
        (session.c.token_sealed, session.c.session_id),
        (signing_key.c.sealed, signing_key.c.kid),
        (idp_tokens.c.sealed, idp_tokens.c.registration_id),
        (login_attempt.c.sealed, login_attempt.c.state_hash),
        (connection_table.c.sealed, connection_table.c.connection_id),
    ],
    ids=lambda column: f"{column.table.name}.{column.name}",
)
def test_a_secret_moved_to_another_row_does_not_open(
    store: Store, column: sa.Column[bytes], key: sa.Column[str]
) -> None:
    """Whoever may write to the database cannot lend one row's secret to another."""
    asyncio.run(fill(store))
    query = sa.select(key, column).where(column.is_not(None))
    with store.engine.engine.begin() as opened:
        rows = opened.execute(query.order_by(key)).all()
        stolen = rows[0][1]
        opened.execute(column.table.update().where(key == rows[1][0]).values({column: stolen}))
    name = str(rows[1][0])

    async def read() -> None:
        if column.table is session:
            await store.read(lambda tx: tx.sessions.find_by_id(PROJECT, name, NOW))
        elif column.table is signing_key:
            await store.read(lambda tx: tx.keys.live(PROJECT, NOW))
        elif column.table is idp_tokens:
            await store.read(lambda tx: tx.idp_tokens.find(name))
        elif column.table is login_attempt:
            await store.write(lambda tx: tx.logins.take_attempt(rows[1][0], NOW))
        else:
            await store.read(lambda tx: tx.connections.source_route(name))

    with pytest.raises(VestibuleError, match="sealed_value_unreadable"):
        asyncio.run(read())


def test_another_root_key_opens_nothing(store: Store, database_url: str) -> None:
    asyncio.run(fill(store))
    stranger = open_store(database_url, KeyRing([b"x" * 32]))
    for token in ("SESSION-token-1", "SESSION-token-2"):
        key = hashed(token)
        with pytest.raises(VestibuleError, match="sealed_value_unreadable"):
            asyncio.run(stranger.read(lambda tx: tx.sessions.find_by_token(PROJECT, key, NOW)))  # noqa: B023
    stranger.close()


def test_a_session_is_found_by_its_token_only(store: Store) -> None:
    """The hash in the table is no token: who reads it cannot come in with it."""
    asyncio.run(fill(store))
    with store.engine.engine.connect() as opened:
        held = [bytes(row[0]) for row in opened.execute(sa.select(session.c.token_hash))]
        secrets = [bytes(row[0]) for row in opened.execute(sa.select(credential.c.secret_hash))]
    assert sorted(held) == sorted([hashed("SESSION-token-1"), hashed("SESSION-token-2")])
    assert secrets == [hashed("project-secret")]
    for read in held:
        again = hashed(read.hex())
        found = asyncio.run(
            store.read(lambda tx: tx.sessions.find_by_token(PROJECT, again, NOW))  # noqa: B023
        )
        assert found is None
