"""Rows of idempotency keys: one holder at a time, and answers that only their own row opens."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from storage.test_secrets import everything
from storage.values import LATER, NOW, PROJECT, hashed, project
from vestibule.domain.idempotency import Answer, Claim
from vestibule.errors import VestibuleError
from vestibule.storage import KeyRing, Store, open_store
from vestibule.storage.documents import dump
from vestibule.storage.tables import idempotency_key

CLAIM = Claim(PROJECT, hashed("key"), hashed("request"), b"h" * 16, NOW, LATER)
SECRET = b"SESSION-token-of-an-answer"
ANSWER = Answer(200, b'{"session_token": "' + SECRET + b'"}')
END = LATER + timedelta(hours=1)


async def put(store: Store, claim: Claim = CLAIM, answer: Answer | None = ANSWER) -> None:
    await store.write(lambda tx: tx.idempotency.put(claim))
    if answer is not None:
        await store.write(lambda tx: tx.idempotency.answer(claim, answer, END))


async def find(store: Store, claim: Claim = CLAIM) -> tuple[Claim, Answer | None] | None:
    return await store.read(lambda tx: tx.idempotency.find(claim.project_id, claim.key_hash))


def test_a_claim_and_its_answer_come_back_whole(store: Store) -> None:
    async def work() -> None:
        assert await find(store) is None
        await put(store, answer=None)
        assert await find(store) == (CLAIM, None)
        for answer in (ANSWER, Answer(404, b""), Answer(200, b"200 \x00\xff")):
            await store.write(lambda tx: tx.idempotency.answer(CLAIM, answer, END))  # noqa: B023
            assert await find(store) == (CLAIM, answer)
        await store.write(lambda tx: tx.idempotency.release(CLAIM))
        assert await find(store) is None

    asyncio.run(work())


def test_whose_claim_was_taken_over_can_neither_answer_nor_release(store: Store) -> None:
    async def work() -> None:
        await put(store, answer=None)
        second = replace(CLAIM, holder=b"s" * 16)
        await store.write(lambda tx: tx.idempotency.put(second, instead_of=CLAIM))
        await store.write(lambda tx: tx.idempotency.answer(CLAIM, ANSWER, END))
        await store.write(lambda tx: tx.idempotency.release(CLAIM))
        assert await find(store) == (second, None)
        with pytest.raises(VestibuleError, match="changed_meanwhile"):
            await store.write(lambda tx: tx.idempotency.put(CLAIM, instead_of=CLAIM))

    asyncio.run(work())


def test_a_key_that_is_taken_again_has_no_answer_any_more(store: Store) -> None:
    async def work() -> None:
        await put(store)
        second = replace(CLAIM, holder=b"s" * 16, fingerprint=hashed("another request"))
        await store.write(lambda tx: tx.idempotency.put(second, instead_of=CLAIM))
        assert await find(store) == (second, None)

    asyncio.run(work())


def test_a_key_is_its_projects_own_and_goes_with_it(store: Store) -> None:
    async def work() -> None:
        other = replace(CLAIM, project_id="project-test-2")
        await store.write(lambda tx: tx.projects.insert(project("project-test-2")))
        await put(store)
        assert await find(store, other) is None
        await put(store, other, Answer(403, b"other"))
        assert await find(store) == (CLAIM, ANSWER)
        assert await find(store, other) == (other, Answer(403, b"other"))

    asyncio.run(work())
    with store.engine.engine.begin() as opened:
        opened.execute(sa.text("DELETE FROM project WHERE project_id = 'project-test-2'"))
        left = opened.execute(sa.select(idempotency_key.c.project_id)).scalars().all()
    assert list(left) == [PROJECT]


def test_a_kept_answer_never_shows_its_secret(store: Store) -> None:
    """Nor the key, nor what was asked."""
    asyncio.run(put(store))
    held = everything(store)
    assert PROJECT.encode() in held
    assert SECRET not in held
    assert b"session_token" not in held


def change(store: Store, claim: Claim, **values: object) -> None:
    """What somebody does who may write to the database."""
    with store.engine.engine.begin() as opened:
        opened.execute(
            idempotency_key.update()
            .where(
                idempotency_key.c.project_id == claim.project_id,
                idempotency_key.c.key_hash == claim.key_hash,
            )
            .values(values)
        )


def stolen(store: Store, claim: Claim) -> dict[str, object]:
    columns = (idempotency_key.c.document, idempotency_key.c.sealed)
    with store.engine.engine.connect() as opened:
        row = opened.execute(
            sa.select(*columns).where(
                idempotency_key.c.project_id == claim.project_id,
                idempotency_key.c.key_hash == claim.key_hash,
            )
        ).one()
    return {"document": row[0], "sealed": row[1]}


@pytest.mark.parametrize("columns", [{"sealed"}, {"sealed", "document"}])
@pytest.mark.parametrize(
    "other",
    [replace(CLAIM, key_hash=hashed("other")), replace(CLAIM, project_id="project-test-2")],
    ids=["key", "project"],
)
def test_an_answer_moved_to_another_row_does_not_open(
    store: Store, other: Claim, columns: set[str]
) -> None:
    """Whoever may write to the database cannot have a victim's answer told to themselves."""
    asyncio.run(store.write(lambda tx: tx.projects.insert(project("project-test-2"))))
    asyncio.run(put(store))
    asyncio.run(put(store, other))
    found = stolen(store, CLAIM)
    change(store, other, **{name: found[name] for name in columns})
    with pytest.raises(VestibuleError, match="sealed_value_unreadable"):
        asyncio.run(find(store, other))


def test_an_answer_does_not_open_for_a_request_that_was_put_in_its_row(store: Store) -> None:
    """Nor can they ask for it with a request of their own."""
    asyncio.run(put(store))
    forged = replace(CLAIM, fingerprint=hashed("the attacker's request"))
    change(store, CLAIM, document=dump(forged))
    with pytest.raises(VestibuleError, match="sealed_value_unreadable"):
        asyncio.run(find(store))


def test_another_root_key_opens_no_answer(store: Store, database_url: str) -> None:
    asyncio.run(put(store))
    stranger = open_store(database_url, KeyRing([b"x" * 32]))
    with pytest.raises(VestibuleError, match="sealed_value_unreadable"):
        asyncio.run(find(stranger))
    stranger.close()


def test_keys_whose_time_is_over_are_deleted_and_no_others(store: Store) -> None:
    async def work() -> None:
        await put(store)
        await put(store, replace(CLAIM, key_hash=hashed("dead")), None)
        assert await store.write(lambda tx: tx.idempotency.delete_expired(NOW)) == 0
        assert await store.write(lambda tx: tx.idempotency.delete_expired(LATER)) == 1
        assert await find(store) == (CLAIM, ANSWER)
        assert await store.write(lambda tx: tx.idempotency.delete_expired(END)) == 1
        assert await find(store) is None

    asyncio.run(work())
