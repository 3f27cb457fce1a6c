"""Rows of test links. Single use is a DELETE that returns the row, as for a login."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from vestibule.domain.login_tests import TestLink
from vestibule.storage.documents import dump, loader, micros
from vestibule.storage.tables import login_test

_load = loader(TestLink)


class LoginTests:
    def __init__(self, connection: sa.Connection) -> None:
        self._c = connection

    def put(self, token_hash: bytes, link: TestLink) -> None:
        self._c.execute(
            login_test.insert().values(
                token_hash=token_hash,
                connection_id=link.connection_id,
                expires_at=micros(link.expires_at),
                document=dump(link),
            )
        )

    def take(self, token_hash: bytes, now: datetime) -> TestLink | None:
        """Read and delete. Of several who ask, one gets it."""
        row = self._c.execute(
            login_test.delete()
            .where(login_test.c.token_hash == token_hash, login_test.c.expires_at > micros(now))
            .returning(login_test.c.document)
        ).fetchone()
        return _load(row[0]) if row else None
