"""Rows of logins under way: attempts, one-time tokens, seen assertions and traces.

"Single use" is a DELETE that returns the row: whoever gets it was first, on any number of servers.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

import sqlalchemy as sa

from vestibule.domain.logins import LoginAttempt, LoginTrace, SsoToken
from vestibule.storage.documents import dump, loader, micros
from vestibule.storage.sealed import KeyRing
from vestibule.storage.tables import login_attempt, login_trace, seen_assertion, sso_token

_load_attempt = loader(LoginAttempt)
_load_token = loader(SsoToken)
_load_trace = loader(LoginTrace)

_PUT_ATTEMPT = login_attempt.insert()
_TAKE_ATTEMPT = (
    login_attempt.delete()
    .where(
        login_attempt.c.state_hash == sa.bindparam("hash"),
        login_attempt.c.expires_at > sa.bindparam("now"),
    )
    .returning(login_attempt.c.sealed)
)
_PUT_TOKEN = sso_token.insert()
_FIND_TOKEN = sa.select(sso_token.c.document).where(
    sso_token.c.token_hash == sa.bindparam("hash"), sso_token.c.expires_at > sa.bindparam("now")
)
_TAKE_TOKEN = (
    sso_token.delete()
    .where(
        sso_token.c.token_hash == sa.bindparam("hash"),
        sso_token.c.expires_at > sa.bindparam("now"),
    )
    .returning(sso_token.c.document)
)
_SEEN = sa.select(seen_assertion.c.expires_at).where(
    seen_assertion.c.connection_id == sa.bindparam("connection_id"),
    seen_assertion.c.assertion_hash == sa.bindparam("hash"),
)
_REMEMBER = seen_assertion.insert()
_PUT_TRACE = login_trace.insert()
_UPDATE_TRACE = (
    login_trace.update()
    .where(login_trace.c.trace_id == sa.bindparam("id"))
    .values(outcome=sa.bindparam("new_outcome"), document=sa.bindparam("new_document"))
)
_FIND_TRACE = sa.select(login_trace.c.document).where(
    login_trace.c.organization_id == sa.bindparam("organization_id"),
    login_trace.c.trace_id == sa.bindparam("id"),
)


class Logins:
    def __init__(self, connection: sa.Connection, ring: KeyRing) -> None:
        self._c = connection
        self._ring = ring

    def put_attempt(self, state_hash: bytes, attempt: LoginAttempt) -> None:
        sealed = self._ring.seal(dump(attempt).encode(), f"login_attempt {state_hash.hex()}")
        self._c.execute(
            _PUT_ATTEMPT,
            {
                "state_hash": state_hash,
                "expires_at": micros(attempt.expires_at),
                "sealed": sealed,
            },
        )

    def take_attempt(self, state_hash: bytes, now: datetime) -> LoginAttempt | None:
        """Read and delete. Of several who ask, one gets it."""
        row = self._c.execute(_TAKE_ATTEMPT, {"hash": state_hash, "now": micros(now)}).first()
        if row is None:
            return None
        return _load_attempt(self._ring.open(row[0], f"login_attempt {state_hash.hex()}"))

    def remember_assertion(self, connection_id: str, assertion_id: str, until: datetime) -> bool:
        """Note that an assertion was used; False when it had been before.

        Two servers that ask at the same moment collide in the primary key, and the second one
        runs again and finds the first one's row.
        """
        key = {
            "connection_id": connection_id,
            "hash": hashlib.sha256(assertion_id.encode("utf-8", "surrogatepass")).digest(),
        }
        if self._c.execute(_SEEN, key).first() is not None:
            return False
        self._c.execute(
            _REMEMBER,
            {
                "connection_id": connection_id,
                "assertion_hash": key["hash"],
                "expires_at": micros(until),
            },
        )
        return True

    def put_token(self, token_hash: bytes, token: SsoToken) -> None:
        self._c.execute(
            _PUT_TOKEN,
            {
                "token_hash": token_hash,
                "member_id": token.member_id,
                "connection_id": token.connection_id,
                "expires_at": micros(token.expires_at),
                "document": dump(token),
            },
        )

    def find_token(self, token_hash: bytes, now: datetime) -> SsoToken | None:
        row = self._c.execute(_FIND_TOKEN, {"hash": token_hash, "now": micros(now)}).first()
        return _load_token(row[0]) if row else None

    def take_token(self, token_hash: bytes, now: datetime) -> SsoToken | None:
        """Read and delete. Of several who ask, one gets it."""
        row = self._c.execute(_TAKE_TOKEN, {"hash": token_hash, "now": micros(now)}).first()
        return _load_token(row[0]) if row else None

    def put_trace(self, trace: LoginTrace) -> None:
        stored = dump(trace)
        done = self._c.execute(
            _UPDATE_TRACE,
            {"id": trace.trace_id, "new_outcome": trace.outcome, "new_document": stored},
        )
        if done.rowcount == 0:
            self._c.execute(
                _PUT_TRACE,
                {
                    "trace_id": trace.trace_id,
                    "organization_id": trace.organization_id,
                    "connection_id": trace.connection_id,
                    "started_at": micros(trace.started_at),
                    "outcome": trace.outcome,
                    "document": stored,
                },
            )

    def find_trace(self, organization_id: str, trace_id: str) -> LoginTrace | None:
        parameters = {"organization_id": organization_id, "id": trace_id}
        row = self._c.execute(_FIND_TRACE, parameters).first()
        return _load_trace(row[0]) if row else None

    def traces(self, organization_id: str, limit: int) -> list[LoginTrace]:
        """The latest ones first."""
        rows = self._c.execute(
            sa.select(login_trace.c.document)
            .where(login_trace.c.organization_id == organization_id)
            .order_by(login_trace.c.started_at.desc(), login_trace.c.trace_id)
            .limit(limit)
        )
        return [_load_trace(row[0]) for row in rows]

    def delete_expired(self, now: datetime, traces_before: datetime) -> int:
        """Delete what can no longer be used. Returns how many rows went."""
        gone = 0
        for table in (login_attempt, sso_token, seen_assertion):
            gone += self._c.execute(
                table.delete().where(table.c.expires_at <= micros(now))
            ).rowcount
        old = login_trace.delete().where(login_trace.c.started_at < micros(traces_before))
        return gone + self._c.execute(old).rowcount
