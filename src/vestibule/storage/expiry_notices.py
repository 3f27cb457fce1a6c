"""Rows of what has been told about things that end, and the two columns that say where to look.

That a notice is told once, by any number of servers, is the primary key's doing.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from vestibule.storage.documents import micros
from vestibule.storage.engine import Prepared
from vestibule.storage.tables import connection, idp_metadata

_DUE = {
    table.name: Prepared(
        sa.select(table.c.connection_id)
        .where(table.c.next_notice_at <= sa.bindparam("now"))
        .order_by(table.c.next_notice_at)
        .limit(sa.bindparam("most"))
    )
    for table in (connection, idp_metadata)
}
_NEXT = {
    table.name: Prepared(
        table.update()
        .where(table.c.connection_id == sa.bindparam("id"))
        .values(next_notice_at=sa.bindparam("next"))
    )
    for table in (connection, idp_metadata)
}
_ENDS = Prepared(
    connection.update()
    .where(connection.c.connection_id == sa.bindparam("id"))
    .values(ends_at=sa.bindparam("at"))
)
_REMEMBER = Prepared(
    sa.text(
        "INSERT INTO expiry_notice (connection_id, subject, days)"
        " VALUES (:connection_id, :subject, :days) ON CONFLICT DO NOTHING"
    )
)


class ExpiryNotices:
    def __init__(self, connection: sa.Connection) -> None:
        self._c = connection

    def due(self, now: datetime, most: int) -> list[str]:
        """Connections for which there may be something to tell, those that wait longest first."""
        asked = {"now": micros(now), "most": most}
        found = [row[0] for name in _DUE for row in _DUE[name].run(self._c, asked).fetchall()]
        return list(dict.fromkeys(found))

    def remember(self, connection_id: str, subject: str, days: int) -> bool:
        """Note that something was told; False when it had been before."""
        asked = {"connection_id": connection_id, "subject": subject, "days": days}
        return bool(_REMEMBER.run(self._c, asked).rowcount == 1)

    def plan(
        self, connection_id: str, certificates: datetime | None, metadata: datetime | None
    ) -> None:
        """When to look again at a connection's certificates and at its metadata."""
        for name, at in (("connection", certificates), ("idp_metadata", metadata)):
            moment = None if at is None else micros(at)
            _NEXT[name].run(self._c, {"id": connection_id, "next": moment})

    def note_end(self, connection_id: str, ends_at: datetime | None) -> None:
        """When the first of its certificates ends: rows of before that column do not say."""
        moment = None if ends_at is None else micros(ends_at)
        _ENDS.run(self._c, {"id": connection_id, "at": moment})
