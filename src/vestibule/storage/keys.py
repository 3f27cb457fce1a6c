"""Rows of the keys that sign session JWTs; private halves are sealed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from vestibule.storage.documents import micros, moment
from vestibule.storage.engine import Prepared
from vestibule.storage.sealed import KeyRing
from vestibule.storage.tables import signing_key


@dataclass(frozen=True, slots=True)
class StoredSigningKey:
    """A key pair in PEM form. Published from `created_at`, signs from `activates_at`, and is gone
    from `retires_at` on."""

    kid: str
    project_id: str
    created_at: datetime
    activates_at: datetime
    retires_at: datetime
    public_key: str
    private_key: str = field(repr=False)


_LIVE = Prepared(
    sa.select(
        signing_key.c.kid,
        signing_key.c.created_at,
        signing_key.c.activates_at,
        signing_key.c.retires_at,
        signing_key.c.public_key,
        signing_key.c.sealed,
    )
    .where(
        signing_key.c.project_id == sa.bindparam("project_id"),
        signing_key.c.retires_at > sa.bindparam("now"),
    )
    .order_by(signing_key.c.activates_at, signing_key.c.kid)
)


class Keys:
    def __init__(self, connection: sa.Connection, ring: KeyRing) -> None:
        self._c = connection
        self._ring = ring

    def live(self, project_id: str, now: datetime) -> list[StoredSigningKey]:
        """The keys that are not retired, in the order in which they begin to sign."""
        rows = _LIVE.run(self._c, {"project_id": project_id, "now": micros(now)})
        return [
            StoredSigningKey(
                kid,
                project_id,
                moment(created),
                moment(activates),
                moment(retires),
                public,
                self._ring.open(sealed, f"signing_key {kid}").decode(),
            )
            for kid, created, activates, retires, public, sealed in rows
        ]

    def insert(self, key: StoredSigningKey) -> None:
        self._c.execute(
            signing_key.insert().values(
                kid=key.kid,
                project_id=key.project_id,
                created_at=micros(key.created_at),
                activates_at=micros(key.activates_at),
                retires_at=micros(key.retires_at),
                public_key=key.public_key,
                sealed=self._ring.seal(key.private_key.encode(), f"signing_key {key.kid}"),
            )
        )

    def retire(self, kid: str, at: datetime) -> None:
        self._c.execute(
            signing_key.update()
            .where(signing_key.c.kid == kid, signing_key.c.retires_at > micros(at))
            .values(retires_at=micros(at))
        )

    def delete_retired(self, now: datetime) -> int:
        done = self._c.execute(signing_key.delete().where(signing_key.c.retires_at <= micros(now)))
        return done.rowcount
