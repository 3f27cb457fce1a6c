"""Rows of logouts under way, and whatever stands on a session that a provider wants ended.

Sessions, one-time tokens and half-made sessions carry the hash of the name by which the identity
provider knows their person, so that its logout finds them by an index, in every organization.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

import sqlalchemy as sa

from vestibule.domain.logins import SsoToken
from vestibule.domain.logouts import HeardLogout, LogoutAttempt
from vestibule.domain.sessions import Session
from vestibule.storage.documents import dump, loader, micros
from vestibule.storage.engine import Prepared
from vestibule.storage.sealed import KeyRing
from vestibule.storage.tables import (
    heard_logout,
    intermediate_session,
    logout_attempt,
    session,
    session_connection,
    sso_token,
)

_load_attempt = loader(LogoutAttempt)
_load_session = loader(Session)
_load_token = loader(SsoToken)
_load_heard = loader(HeardLogout)

_OF_NAME = Prepared(
    sa.select(session.c.document)
    .join(session_connection, session_connection.c.session_id == session.c.session_id)
    .where(session_connection.c.name_hash == sa.bindparam("hash"))
    .distinct()
)
# Of two servers that ask at the same moment, one inserts and the other does not.
_HEAR = Prepared(
    sa.text(
        "INSERT INTO heard_logout (name_hash, request_hash, expires_at, document)"
        " VALUES (:name, :request, :until, :document) ON CONFLICT DO NOTHING"
    )
)
_HEARD = Prepared(
    sa.select(heard_logout.c.document).where(
        heard_logout.c.name_hash == sa.bindparam("name"),
        heard_logout.c.expires_at > sa.bindparam("now"),
    )
)


class Logouts:
    def __init__(self, connection: sa.Connection, ring: KeyRing) -> None:
        self._c = connection
        self._ring = ring

    def put(self, key: str, attempt: LogoutAttempt) -> None:
        """Remember a logout under a key that nobody can guess: first the token of its URL, then
        the ID of the request that was sent."""
        key_hash = _hash(key)
        sealed = self._ring.seal(dump(attempt).encode(), f"logout_attempt {key_hash.hex()}")
        self._c.execute(
            logout_attempt.insert().values(
                key_hash=key_hash, expires_at=micros(attempt.expires_at), sealed=sealed
            )
        )

    def find(self, key: str, now: datetime) -> LogoutAttempt | None:
        key_hash = _hash(key)
        row = self._c.execute(
            sa.select(logout_attempt.c.sealed).where(
                logout_attempt.c.key_hash == key_hash, logout_attempt.c.expires_at > micros(now)
            )
        ).first()
        return self._opened(key_hash, row[0]) if row else None

    def take(self, key: str, now: datetime) -> LogoutAttempt | None:
        """Read and delete. Of several who ask, one gets it."""
        key_hash = _hash(key)
        row = self._c.execute(
            logout_attempt.delete()
            .where(logout_attempt.c.key_hash == key_hash, logout_attempt.c.expires_at > micros(now))
            .returning(logout_attempt.c.sealed)
        ).first()
        return self._opened(key_hash, row[0]) if row else None

    def sessions_of(self, name_hash: bytes) -> list[Session]:
        """Every session, of any organization, a factor of which has this name."""
        rows = _OF_NAME.run(self._c, {"hash": name_hash})
        return [_load_session(row[0]) for row in rows]

    def delete_tokens(self, name_hash: bytes) -> list[SsoToken]:
        """Delete the one-time tokens and half-made sessions of a name; returns the tokens.

        To be asked before `sessions_of`: a token that is becoming a session at this moment makes
        PostgreSQL run the whole work again, and then the session is seen.
        """
        rows = self._c.execute(
            sso_token.delete()
            .where(sso_token.c.name_hash == name_hash)
            .returning(sso_token.c.document)
        ).all()
        self._c.execute(
            intermediate_session.delete().where(intermediate_session.c.name_hash == name_hash)
        )
        return [_load_token(row[0]) for row in rows]

    def hear(self, name_hash: bytes, request_id: str, heard: HeardLogout) -> bool:
        """Note that a provider's request is carried out; False when it had been before."""
        done = _HEAR.run(
            self._c,
            {
                "name": name_hash,
                "request": _hash(request_id),
                "until": micros(heard.expires_at),
                "document": dump(heard),
            },
        )
        return bool(done.rowcount == 1)

    def heard(self, name_hash: bytes, now: datetime) -> list[HeardLogout]:
        """The requests about this name that were carried out a moment ago."""
        rows = _HEARD.run(self._c, {"name": name_hash, "now": micros(now)})
        return [_load_heard(row[0]) for row in rows]

    def delete_expired(self, now: datetime) -> int:
        gone = 0
        for table in (logout_attempt, heard_logout):
            gone += self._c.execute(
                table.delete().where(table.c.expires_at <= micros(now))
            ).rowcount
        return gone

    def _opened(self, key_hash: bytes, sealed: bytes) -> LogoutAttempt:
        return _load_attempt(self._ring.open(sealed, f"logout_attempt {key_hash.hex()}"))


def _hash(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
