"""Rows of the metadata that is read again: one for each connection with a metadata URL.

A row is leased for one reading at a time. Its version moves with a lease and with every change of
the document, so that what a reading brought is written only if nothing else happened meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from vestibule.domain.connections import SamlConnection
from vestibule.domain.expiry_notices import first_metadata_notice
from vestibule.domain.idp_metadata import IdpMetadata, follow
from vestibule.storage.documents import dump, loader, micros
from vestibule.storage.engine import Prepared
from vestibule.storage.tables import connection, idp_metadata

_load = loader(IdpMetadata)


@dataclass(frozen=True, slots=True)
class Held:
    """A row as it stands, and the version that it has: of a lease, the lease's own."""

    state: IdpMetadata
    version: int


_SHOWN = (idp_metadata.c.document, idp_metadata.c.version)
_HERE = idp_metadata.c.connection_id == sa.bindparam("id")
_ONE = Prepared(sa.select(*_SHOWN).where(_HERE))
_OF_ORGANIZATION = Prepared(
    sa.select(idp_metadata.c.document)
    .join(connection, connection.c.connection_id == idp_metadata.c.connection_id)
    .where(connection.c.organization_id == sa.bindparam("organization_id"))
)
_PUT = Prepared(
    # Written out, because Core knows this one only in two dialects that are not interchangeable.
    sa.text(
        "INSERT INTO idp_metadata (connection_id, due_at, tried_at, next_notice_at, lease_until,"
        " version, document) VALUES (:id, :due_at, :tried_at, :next_notice_at, 0, 1, :document)"
        " ON CONFLICT (connection_id) DO UPDATE SET due_at = excluded.due_at,"
        " tried_at = excluded.tried_at, next_notice_at = excluded.next_notice_at, lease_until = 0,"
        " version = idp_metadata.version + 1, document = excluded.document"
    )
)
_LEASE = {"lease_until": sa.bindparam("until"), "version": idp_metadata.c.version + 1}
_FREE = idp_metadata.c.lease_until <= sa.bindparam("now")
_CLAIM = Prepared(idp_metadata.update().where(_HERE, _FREE).values(**_LEASE).returning(*_SHOWN))
_DUE = (
    sa.select(idp_metadata.c.connection_id)
    .where(idp_metadata.c.due_at <= sa.bindparam("now"), _FREE)
    .order_by(idp_metadata.c.due_at)
    .limit(sa.bindparam("most"))
    # Where several take at once, each takes others. SQLite has one writer at a time anyway.
    .with_for_update(skip_locked=True)
    .cte("due")
)
_CLAIM_DUE = Prepared(
    idp_metadata.update()
    .where(idp_metadata.c.connection_id.in_(sa.select(_DUE.c.connection_id)))
    .values(**_LEASE)
    .returning(*_SHOWN)
)
_ASK_AGAIN = Prepared(
    idp_metadata.update()
    .where(
        _HERE,
        idp_metadata.c.due_at > sa.bindparam("now"),
        idp_metadata.c.tried_at <= sa.bindparam("tried_before"),
    )
    .values(due_at=sa.bindparam("now"))
)
_IS_DUE = Prepared(
    sa.select(idp_metadata.c.due_at).where(_HERE, idp_metadata.c.due_at <= sa.bindparam("now"))
)


class IdpMetadataRows:
    def __init__(self, connection: sa.Connection) -> None:
        self._c = connection

    def find(self, connection_id: str) -> Held | None:
        row = _ONE.run(self._c, {"id": connection_id}).fetchone()
        return Held(_load(row[0]), row[1]) if row else None

    def of_organization(self, organization_id: str) -> list[IdpMetadata]:
        rows = _OF_ORGANIZATION.run(self._c, {"organization_id": organization_id})
        return [_load(row[0]) for row in rows]

    def put(self, state: IdpMetadata) -> None:
        """Insert or replace; a reading under way will find that it comes too late."""
        notice = first_metadata_notice(state)
        _PUT.run(
            self._c,
            {
                "id": state.connection_id,
                "due_at": micros(state.due_at),
                "tried_at": micros(state.tried_at) if state.tried_at else 0,
                "next_notice_at": micros(notice) if notice else None,
                "document": dump(state),
            },
        )

    def follow(self, old: SamlConnection, new: SamlConnection, now: datetime) -> None:
        """Keep the row in step with its connection, in the transaction that changes it."""
        if not old.idp_metadata_url and not new.idp_metadata_url:
            return
        held = self.find(new.connection_id)
        known = held.state if held else None
        state = follow(known, old, new, now)
        if state is None:
            self._c.execute(
                idp_metadata.delete().where(idp_metadata.c.connection_id == new.connection_id)
            )
        elif state != known:
            self.put(state)

    # --- one reading at a time --------------------------------------------------------------------

    def claim(self, connection_id: str, now: datetime, until: datetime) -> Held | None:
        """Lease a row for one reading; None while another holds it, or when there is none."""
        asked = {"id": connection_id, "now": micros(now), "until": micros(until)}
        row = _CLAIM.run(self._c, asked).fetchone()
        return Held(_load(row[0]), row[1]) if row else None

    def claim_due(self, now: datetime, until: datetime, most: int) -> list[Held]:
        """Lease at most so many rows that are due and that nobody else holds, the oldest first."""
        asked = {"now": micros(now), "until": micros(until), "most": most}
        return [Held(_load(row[0]), row[1]) for row in _CLAIM_DUE.run(self._c, asked).fetchall()]

    def ask_again(self, connection_id: str, now: datetime, rest: timedelta) -> bool:
        """Bring the next reading forward, unless the last try is younger than `rest`. Returns
        whether the document is about to be read."""
        asked = {"id": connection_id, "now": micros(now)}
        done = _ASK_AGAIN.run(self._c, {**asked, "tried_before": micros(now - rest)})
        return done.rowcount == 1 or _IS_DUE.run(self._c, asked).fetchone() is not None
