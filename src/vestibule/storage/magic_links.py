"""Rows of magic links, by the hash of their token, and of what pages asked for.

Looking at a link leaves it there: whoever scans mails may follow it before its reader does. Single
use is a DELETE that returns the row.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from vestibule.domain.magic_links import AskedLink, MagicLink
from vestibule.storage.documents import dump, loader, micros
from vestibule.storage.tables import magic_link, magic_link_request

_load = loader(MagicLink)
_load_asked = loader(AskedLink)


class MagicLinks:
    def __init__(self, connection: sa.Connection) -> None:
        self._c = connection

    def put(self, token_hash: bytes, new: MagicLink) -> None:
        self._c.execute(
            magic_link.insert().values(
                token_hash=token_hash,
                project_id=new.project_id,
                member_id=new.member_id or None,
                expires_at=micros(new.expires_at),
                document=dump(new),
            )
        )

    def find(self, token_hash: bytes, now: datetime) -> MagicLink | None:
        query = sa.select(magic_link.c.document).where(*_alive(token_hash, now))
        row = self._c.execute(query).first()
        return _load(row[0]) if row else None

    def take(self, token_hash: bytes, now: datetime) -> MagicLink | None:
        """Read and delete. Of several who ask, one gets it."""
        gone = magic_link.delete().where(*_alive(token_hash, now))
        row = self._c.execute(gone.returning(magic_link.c.document)).first()
        return _load(row[0]) if row else None

    def delete_of_member(self, member_id: str) -> None:
        self._c.execute(magic_link.delete().where(magic_link.c.member_id == member_id))

    def put_asked(self, request_id: str, new: AskedLink) -> None:
        self._c.execute(
            magic_link_request.insert().values(
                request_id=request_id,
                project_id=new.project_id,
                asked_at=micros(new.asked_at),
                document=dump(new),
            )
        )

    def take_asked(self) -> AskedLink | None:
        """Read and delete the oldest one. None as well when somebody else took it just now."""
        oldest = (
            sa.select(magic_link_request.c.request_id)
            .order_by(magic_link_request.c.asked_at, magic_link_request.c.request_id)
            .limit(1)
            .scalar_subquery()
        )
        gone = magic_link_request.delete().where(magic_link_request.c.request_id == oldest)
        row = self._c.execute(gone.returning(magic_link_request.c.document)).first()
        return _load_asked(row[0]) if row else None

    def delete_expired(self, now: datetime, asked_before: datetime) -> int:
        expired = magic_link.delete().where(magic_link.c.expires_at <= micros(now))
        old = magic_link_request.delete().where(
            magic_link_request.c.asked_at < micros(asked_before)
        )
        return self._c.execute(expired).rowcount + self._c.execute(old).rowcount


def _alive(token_hash: bytes, now: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    return magic_link.c.token_hash == token_hash, magic_link.c.expires_at > micros(now)
