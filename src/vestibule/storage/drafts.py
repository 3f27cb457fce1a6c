"""Rows of a connection's draft and of the versions before the live one.

One table: number 0 is the draft, so that there is one at most, and the versions count from 1. The
live connection has the number after the last of them. Secrets are sealed to the very row.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa

from vestibule.domain.connections import OidcConnection, SamlConnection, SourceConnection
from vestibule.domain.drafts import MAX_VERSIONS, ConnectionVersion, Draft
from vestibule.storage.connections import Secrets, load_secrets, with_secrets, without_secrets
from vestibule.storage.documents import dump, loader, micros
from vestibule.storage.sealed import KeyRing
from vestibule.storage.tables import connection_version

_DRAFT = 0


@dataclass(frozen=True, slots=True)
class _Document:
    """One of the two kinds, and what only a draft has."""

    at: datetime
    actor: str
    saml: SamlConnection | None = None
    oidc: OidcConnection | None = None
    draft_id: str = ""
    based_on: int = 0
    tested_at: datetime | None = None

    @property
    def settings(self) -> SourceConnection:
        if self.saml is not None:
            return self.saml
        if self.oidc is None:
            raise ValueError("a version without settings")
        return self.oidc


_load = loader(_Document)


class Drafts:
    def __init__(self, connection: sa.Connection, ring: KeyRing) -> None:
        self._c = connection
        self._ring = ring

    def find(self, connection_id: str) -> Draft | None:
        row = self._row(connection_id, _DRAFT)
        return _draft(row) if row else None

    def put(self, draft: Draft) -> None:
        """Write the draft in place of the one before."""
        self.delete(draft.settings.connection_id)
        document = _Document(
            draft.at,
            draft.actor,
            draft_id=draft.draft_id,
            based_on=draft.based_on,
            tested_at=draft.tested_at,
        )
        self._insert(_DRAFT, draft.settings, document)

    def delete(self, connection_id: str) -> bool:
        """False when there was none: of several who ask, one hears True."""
        done = self._c.execute(
            connection_version.delete().where(
                connection_version.c.connection_id == connection_id,
                connection_version.c.number == _DRAFT,
            )
        )
        return bool(done.rowcount == 1)

    def live_number(self, connection_id: str) -> int:
        """The number that the connection as it is now would be kept under."""
        last = self._c.execute(
            sa.select(sa.func.max(connection_version.c.number)).where(
                connection_version.c.connection_id == connection_id
            )
        ).scalar()
        return int(last or 0) + 1

    def keep(self, old: SourceConnection, *, at: datetime, actor: str) -> None:
        """Keep the connection as it was before a change, and the last versions only."""
        name = old.connection_id
        number = self.live_number(name)
        self._insert(number, old, _Document(at, actor))
        self._c.execute(
            connection_version.delete().where(
                connection_version.c.connection_id == name,
                connection_version.c.number > _DRAFT,
                connection_version.c.number <= number - MAX_VERSIONS,
            )
        )

    def find_version(self, connection_id: str, number: int) -> ConnectionVersion | None:
        row = self._row(connection_id, number) if _DRAFT < number < 2**31 else None
        return _version(number, row) if row else None

    def versions(self, connection_id: str) -> list[ConnectionVersion]:
        """The latest first."""
        rows = self._c.execute(
            sa.select(
                connection_version.c.number,
                connection_version.c.document,
                connection_version.c.sealed,
            )
            .where(
                connection_version.c.connection_id == connection_id,
                connection_version.c.number > _DRAFT,
            )
            .order_by(connection_version.c.number.desc())
        )
        return [_version(row[0], self._open(connection_id, *row)) for row in rows]

    def _row(self, connection_id: str, number: int) -> _Document | None:
        row = self._c.execute(
            sa.select(connection_version.c.document, connection_version.c.sealed).where(
                connection_version.c.connection_id == connection_id,
                connection_version.c.number == number,
            )
        ).first()
        return self._open(connection_id, number, *row) if row else None

    def _open(
        self, connection_id: str, number: int, document: str, sealed: bytes | None
    ) -> _Document:
        read = _load(document)
        held = Secrets()
        if sealed is not None:
            held = load_secrets(self._ring.open(sealed, _place(connection_id, number)))
        settings = with_secrets(read.settings, held)
        if isinstance(settings, SamlConnection):
            return replace(read, saml=settings)
        return replace(read, oidc=settings)

    def _insert(self, number: int, settings: SourceConnection, document: _Document) -> None:
        name = settings.connection_id
        public, secrets = without_secrets(settings)
        if isinstance(public, SamlConnection):
            document = replace(document, saml=public)
        else:
            document = replace(document, oidc=public)
        sealed = None
        if secrets != Secrets():
            sealed = self._ring.seal(dump(secrets).encode(), _place(name, number))
        self._c.execute(
            connection_version.insert().values(
                connection_id=name,
                number=number,
                created_at=micros(document.at),
                document=dump(document),
                sealed=sealed,
            )
        )


def _place(connection_id: str, number: int) -> str:
    return f"connection_version {connection_id} {number}"


def _draft(row: _Document) -> Draft:
    return Draft(row.draft_id, row.based_on, row.at, row.actor, row.settings, row.tested_at)


def _version(number: int, row: _Document) -> ConnectionVersion:
    return ConnectionVersion(number, row.at, row.actor, row.settings)
