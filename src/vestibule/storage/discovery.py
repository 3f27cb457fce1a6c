"""Rows of proven addresses that are on the way to an organization, by the hash of their token."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from vestibule.domain.discovery import DiscoverySession
from vestibule.storage.documents import dump, loader, micros
from vestibule.storage.tables import discovery_session

_load = loader(DiscoverySession)


class DiscoverySessions:
    def __init__(self, connection: sa.Connection) -> None:
        self._c = connection

    def put(self, token_hash: bytes, new: DiscoverySession) -> None:
        self._c.execute(
            discovery_session.insert().values(
                token_hash=token_hash,
                project_id=new.project_id,
                expires_at=micros(new.expires_at),
                document=dump(new),
            )
        )

    def find(self, project_id: str, token_hash: bytes, now: datetime) -> DiscoverySession | None:
        query = sa.select(discovery_session.c.document)
        row = self._c.execute(query.where(*_alive(project_id, token_hash, now))).first()
        return _load(row[0]) if row else None

    def take(self, project_id: str, token_hash: bytes, now: datetime) -> DiscoverySession | None:
        """Read and delete. Of several who ask, one gets it."""
        gone = discovery_session.delete().where(*_alive(project_id, token_hash, now))
        row = self._c.execute(gone.returning(discovery_session.c.document)).first()
        return _load(row[0]) if row else None

    def delete_expired(self, now: datetime) -> int:
        expired = discovery_session.c.expires_at <= micros(now)
        return self._c.execute(discovery_session.delete().where(expired)).rowcount


def _alive(project_id: str, token_hash: bytes, now: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        discovery_session.c.token_hash == token_hash,
        discovery_session.c.project_id == project_id,
        discovery_session.c.expires_at > micros(now),
    )
