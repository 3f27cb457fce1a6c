"""Rows of operators, of their visits and of the wrong tries at their addresses.

What an operator proves themselves with is sealed to the row, so a copy of the database alone is
not even something to guess passwords against.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa

from vestibule.domain.operators import Failures, Operator, OperatorSession
from vestibule.storage.documents import dump, loader, micros, moment
from vestibule.storage.engine import Prepared, Stale
from vestibule.storage.sealed import KeyRing
from vestibule.storage.tables import operator, operator_failure, operator_session


@dataclass(frozen=True, slots=True)
class Proofs:
    password_hash: str = ""
    totp_secret: bytes | None = None
    totp_pending: bytes | None = None


_load = loader(Operator)
_load_proofs = loader(Proofs)
_load_session = loader(OperatorSession)

_COLUMNS = (operator.c.document, operator.c.sealed, operator.c.version)
_BY_ID = Prepared(sa.select(*_COLUMNS).where(operator.c.operator_id == sa.bindparam("id")))
_BY_EMAIL = Prepared(sa.select(*_COLUMNS).where(operator.c.email_key == sa.bindparam("key")))
_BY_TOKEN = Prepared(
    sa.select(*_COLUMNS, operator_session.c.document.label("session"))
    .join(operator, operator.c.operator_id == operator_session.c.operator_id)
    .where(
        operator_session.c.token_hash == sa.bindparam("hash"),
        operator_session.c.expires_at > sa.bindparam("now"),
    )
)
_FAILURES = Prepared(
    sa.select(operator_failure.c.count, operator_failure.c.locked_until).where(
        operator_failure.c.email_hash == sa.bindparam("hash"),
        operator_failure.c.expires_at > sa.bindparam("now"),
    )
)


class Operators:
    def __init__(self, connection: sa.Connection, ring: KeyRing) -> None:
        self._c = connection
        self._ring = ring

    def find(self, operator_id: str) -> Operator | None:
        row = _BY_ID.run(self._c, {"id": operator_id}).fetchone()
        return self._read(*row) if row else None

    def find_by_email(self, email_key: str) -> Operator | None:
        row = _BY_EMAIL.run(self._c, {"key": email_key}).fetchone()
        return self._read(*row) if row else None

    def all(self) -> list[Operator]:
        """In the order of creation."""
        rows = self._c.execute(
            sa.select(*_COLUMNS).order_by(operator.c.created_at, operator.c.operator_id)
        )
        return [self._read(*row) for row in rows]

    def insert(self, new: Operator) -> None:
        self._c.execute(operator.insert().values(**self._row(new), version=1))

    def update(self, new: Operator) -> Operator:
        """Write a changed operator, unless somebody else changed it since it was read."""
        done = self._c.execute(
            operator.update()
            .where(operator.c.operator_id == new.operator_id, operator.c.version == new.version)
            .values(**self._row(new), version=new.version + 1)
        )
        if done.rowcount != 1:
            raise Stale
        return replace(new, version=new.version + 1)

    # --- visits ---------------------------------------------------------------------------------

    def put_session(self, token_hash: bytes, session: OperatorSession) -> None:
        self._c.execute(
            operator_session.insert().values(
                token_hash=token_hash,
                operator_id=session.operator_id,
                expires_at=micros(session.expires_at),
                document=dump(session),
            )
        )

    def touch_session(self, token_hash: bytes, session: OperatorSession) -> None:
        self._c.execute(
            operator_session.update()
            .where(operator_session.c.token_hash == token_hash)
            .values(expires_at=micros(session.expires_at), document=dump(session))
        )

    def find_session(
        self, token_hash: bytes, now: datetime
    ) -> tuple[Operator, OperatorSession] | None:
        """The visit behind a token that has not ended, and whose it is."""
        row = _BY_TOKEN.run(self._c, {"hash": token_hash, "now": micros(now)}).fetchone()
        return (self._read(*row[:3]), _load_session(row[3])) if row else None

    def delete_session(self, token_hash: bytes) -> None:
        self._c.execute(
            operator_session.delete().where(operator_session.c.token_hash == token_hash)
        )

    def delete_sessions_of(self, operator_id: str) -> int:
        """End all of an operator's visits. Returns how many."""
        return self._c.execute(
            operator_session.delete().where(operator_session.c.operator_id == operator_id)
        ).rowcount

    # --- wrong tries ----------------------------------------------------------------------------

    def failures(self, email_key: str, now: datetime) -> Failures:
        asked = {"hash": _hash(email_key), "now": micros(now)}
        row = _FAILURES.run(self._c, asked).fetchone()
        if row is None:
            return Failures()
        return Failures(row[0], None if row[1] is None else moment(row[1]))

    def put_failures(self, email_key: str, value: Failures, expires_at: datetime) -> None:
        self.forget_failures(email_key)
        self._c.execute(
            operator_failure.insert().values(
                email_hash=_hash(email_key),
                count=value.count,
                locked_until=None if value.locked_until is None else micros(value.locked_until),
                expires_at=micros(expires_at),
            )
        )

    def forget_failures(self, email_key: str) -> None:
        self._c.execute(
            operator_failure.delete().where(operator_failure.c.email_hash == _hash(email_key))
        )

    def delete_expired(self, now: datetime) -> int:
        """Delete visits and wrong tries whose time is over. Returns how many rows went."""
        return sum(
            self._c.execute(table.delete().where(table.c.expires_at <= micros(now))).rowcount
            for table in (operator_session, operator_failure)
        )

    def _read(self, document: str, sealed: bytes | None, version: int) -> Operator:
        public = _load(document)
        held = Proofs()
        if sealed is not None:
            held = _load_proofs(self._ring.open(sealed, f"operator {public.operator_id}"))
        return replace(
            public,
            password_hash=held.password_hash,
            totp_secret=held.totp_secret,
            totp_pending=held.totp_pending,
            version=version,
        )

    def _row(self, value: Operator) -> dict[str, object]:
        held = Proofs(value.password_hash, value.totp_secret, value.totp_pending)
        public = replace(
            value,
            password_hash="",
            totp_secret=None,
            totp_pending=None,
            # These two belong to the address and have a table of their own.
            failures=0,
            locked_until=None,
        )
        sealed = None
        if held != Proofs():
            sealed = self._ring.seal(dump(held).encode(), f"operator {value.operator_id}")
        return {
            "operator_id": value.operator_id,
            "email_key": value.email.lower(),
            "created_at": micros(value.created_at),
            "document": dump(public),
            "sealed": sealed,
        }


def _hash(email_key: str) -> bytes:
    return hashlib.sha256(email_key.encode("utf-8", "surrogatepass")).digest()
