"""Rows of idempotency keys: who runs the request, and the sealed answer once there is one.

The key is stored hashed. An answer may hold what is told only once, so it is sealed to its row and
to the request that it answers.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from vestibule.domain.idempotency import Answer, Claim
from vestibule.storage.documents import dump, loader, micros
from vestibule.storage.engine import Prepared, Stale
from vestibule.storage.sealed import KeyRing
from vestibule.storage.tables import idempotency_key as table

_load = loader(Claim)

_OF_KEY = (
    table.c.project_id == sa.bindparam("project"),
    table.c.key_hash == sa.bindparam("key"),
)
_OF_HOLDER = (*_OF_KEY, table.c.holder == sa.bindparam("held_by"))
_FIND = Prepared(sa.select(table.c.document, table.c.sealed).where(*_OF_KEY))
_INSERT = Prepared(
    table.insert().values(
        project_id=sa.bindparam("project"),
        key_hash=sa.bindparam("key"),
        holder=sa.bindparam("holder"),
        expires_at=sa.bindparam("until"),
        document=sa.bindparam("document"),
    )
)
_REPLACE = Prepared(
    table.update()
    .where(*_OF_HOLDER)
    .values(
        holder=sa.bindparam("holder"),
        expires_at=sa.bindparam("until"),
        document=sa.bindparam("document"),
        sealed=sa.null(),
    )
)
_ANSWER = Prepared(
    table.update()
    .where(*_OF_HOLDER)
    .values(sealed=sa.bindparam("sealed"), expires_at=sa.bindparam("until"))
)
_RELEASE = Prepared(table.delete().where(*_OF_HOLDER))


class IdempotencyKeys:
    def __init__(self, connection: sa.Connection, ring: KeyRing) -> None:
        self._c = connection
        self._ring = ring

    def find(self, project_id: str, key_hash: bytes) -> tuple[Claim, Answer | None] | None:
        """What a key stands for, whether or not its time is over."""
        row = _FIND.run(self._c, {"project": project_id, "key": key_hash}).fetchone()
        if row is None:
            return None
        claim = _load(row[0])
        if row[1] is None:
            return claim, None
        # Of the row that was asked for, not of the one that its document came from.
        name = _name(project_id, key_hash, claim.fingerprint)
        status, _, body = self._ring.open(row[1], name).partition(b" ")
        return claim, Answer(int(status), body)

    def put(self, new: Claim, *, instead_of: Claim | None = None) -> None:
        """Take a key, or take over one whose claim has run out."""
        values = {
            "project": new.project_id,
            "key": new.key_hash,
            "holder": new.holder,
            "until": micros(new.expires_at),
            "document": dump(new),
        }
        if instead_of is None:
            _INSERT.run(self._c, values)
        elif _REPLACE.run(self._c, {**values, "held_by": instead_of.holder}).rowcount != 1:
            raise Stale

    def answer(self, claim: Claim, answer: Answer, until: datetime) -> None:
        """Keep the answer, unless somebody has taken the claim over."""
        name = _name(claim.project_id, claim.key_hash, claim.fingerprint)
        sealed = self._ring.seal(b"%d %b" % (answer.status, answer.body), name)
        _ANSWER.run(self._c, {**_held(claim), "sealed": sealed, "until": micros(until)})

    def release(self, claim: Claim) -> None:
        """Forget the key, unless somebody has taken the claim over."""
        _RELEASE.run(self._c, _held(claim))

    def delete_expired(self, now: datetime) -> int:
        done = self._c.execute(table.delete().where(table.c.expires_at <= micros(now)))
        return done.rowcount


def _held(claim: Claim) -> dict[str, object]:
    return {"project": claim.project_id, "key": claim.key_hash, "held_by": claim.holder}


def _name(project_id: str, key_hash: bytes, fingerprint: bytes) -> str:
    return f"idempotency_key {project_id} {key_hash.hex()} {fingerprint.hex()}"
