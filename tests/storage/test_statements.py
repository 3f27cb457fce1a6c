"""What an identity provider said is kept beside the trace: sealed, bounded, the latest first."""

from __future__ import annotations

import asyncio

import pytest
import sqlalchemy as sa

from storage import values
from storage.values import LATER, ODD
from vestibule.domain.attributes import Statement
from vestibule.errors import VestibuleError
from vestibule.storage import Store
from vestibule.storage.logins import MAX_STATEMENT
from vestibule.storage.tables import login_trace

STATEMENT = Statement(
    "oidc", "sub-1", {"email": "PRIVATE-address", "n": [1, None, {"deep": ODD}], "big": 2**70}
)


def test_the_latest_statement_of_a_connection_is_found_again(store: Store) -> None:
    async def work() -> None:
        org = (await values.put_organization(store)).organization_id
        first = values.trace(org)
        saml = Statement("saml", "id", {"a": ["x", "y"]}, "persistent", {"a": "A"})
        second = values.trace(org, started_at=LATER)
        silent = values.trace(org, started_at=LATER + (LATER - first.started_at))
        other = values.trace(org, started_at=silent.started_at, connection_id="another")
        await store.write(lambda tx: tx.logins.put_trace(second, STATEMENT))
        await store.write(lambda tx: tx.logins.put_trace(first, saml))
        await store.write(lambda tx: tx.logins.put_trace(silent))
        await store.write(lambda tx: tx.logins.put_trace(other, saml))
        found = await store.read(lambda tx: tx.logins.last_statement(first.connection_id))
        assert found == (second, STATEMENT)
        assert await store.read(lambda tx: tx.logins.last_statement("another")) == (other, saml)
        assert await store.read(lambda tx: tx.logins.last_statement("nobody")) is None

    asyncio.run(work())


def test_a_statement_is_sealed_to_its_row_and_bounded(store: Store) -> None:
    async def work() -> None:
        org = (await values.put_organization(store)).organization_id
        one, two = values.trace(org), values.trace(org, connection_id="two")
        huge = Statement("saml", "id", {"a": "x" * MAX_STATEMENT})
        await store.write(lambda tx: tx.logins.put_trace(one, STATEMENT))
        await store.write(lambda tx: tx.logins.put_trace(two, huge))
        assert await store.read(lambda tx: tx.logins.last_statement("two")) is None
        with store.engine.engine.begin() as connection:
            sealed = connection.execute(sa.select(login_trace.c.statement_sealed)).scalars().all()
            kept = next(value for value in sealed if value is not None)
            assert b"PRIVATE" not in bytes(kept)
            moved = login_trace.update().where(login_trace.c.trace_id == two.trace_id)
            connection.execute(moved.values(statement_sealed=kept))
        with pytest.raises(VestibuleError, match="sealed_value_unreadable"):
            await store.read(lambda tx: tx.logins.last_statement("two"))

    asyncio.run(work())
