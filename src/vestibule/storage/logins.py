"""Rows of logins under way: attempts, one-time tokens, seen assertions and traces.

"Single use" is a DELETE that returns the row: whoever gets it was first, on any number of servers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from vestibule.domain.attributes import Statement
from vestibule.domain.logins import LoginAttempt, LoginTrace, SsoToken, address_hash
from vestibule.storage.documents import dump, loader, micros, moment
from vestibule.storage.engine import Prepared, plan_for_these_values
from vestibule.storage.sealed import KeyRing
from vestibule.storage.tables import (
    connection,
    login_attempt,
    login_test,
    login_trace,
    seen_assertion,
    sso_token,
)

_load_attempt = loader(LoginAttempt)
_load_token = loader(SsoToken)
_load_trace = loader(LoginTrace)
_load_statement = loader(Statement)

_PUT_ATTEMPT = Prepared(login_attempt.insert())
_TAKE_ATTEMPT = Prepared(
    login_attempt.delete()
    .where(
        login_attempt.c.state_hash == sa.bindparam("hash"),
        login_attempt.c.expires_at > sa.bindparam("now"),
    )
    .returning(login_attempt.c.sealed)
)
_PUT_TOKEN = Prepared(sso_token.insert())
_TAKE_TOKEN = Prepared(
    sso_token.delete()
    .where(
        sso_token.c.token_hash == sa.bindparam("hash"),
        sso_token.c.expires_at > sa.bindparam("now"),
    )
    .returning(sso_token.c.document)
)
# Of two servers that ask at the same moment, one inserts and the other does not.
_REMEMBER = Prepared(
    sa.text(
        "INSERT INTO seen_assertion (connection_id, assertion_hash, expires_at)"
        " VALUES (:connection_id, :hash, :until) ON CONFLICT DO NOTHING"
    )
)
_PUT_TRACE = Prepared(login_trace.insert())
_FINISH_TRACE = Prepared(
    login_trace.update()
    .where(login_trace.c.trace_id == sa.bindparam("id"))
    .values(authenticated_at=sa.bindparam("now"))
)
_FIND_TRACE = Prepared(
    sa.select(login_trace.c.document, login_trace.c.authenticated_at).where(
        login_trace.c.organization_id == sa.bindparam("organization_id"),
        login_trace.c.trace_id == sa.bindparam("id"),
    )
)


_LAST_STATEMENT = Prepared(
    sa.select(
        login_trace.c.document, login_trace.c.authenticated_at, login_trace.c.statement_sealed
    )
    .where(
        login_trace.c.connection_id == sa.bindparam("id"),
        login_trace.c.statement_sealed.is_not(None),
    )
    .order_by(login_trace.c.started_at.desc())
    .limit(sa.literal_column("1"))
)


def _last(shown: sa.ColumnElement[Any], outcome: sa.ColumnElement[bool]) -> sa.ScalarSelect[Any]:
    """The latest trace of the connection at hand with that outcome."""
    return (
        sa.select(shown)
        .where(login_trace.c.connection_id == connection.c.connection_id, outcome)
        .order_by(login_trace.c.started_at.desc())
        .limit(sa.literal_column("1"))
        .scalar_subquery()
    )


_REFUSED = sa.literal_column("login_trace.outcome") == sa.literal_column("'refused'")
_ACCEPTED = sa.literal_column("login_trace.outcome") == sa.literal_column("'accepted'")
_LAST_OF_CONNECTIONS = Prepared(
    sa.select(
        connection.c.connection_id,
        _last(login_trace.c.started_at, _ACCEPTED),
        _last(login_trace.c.document, _REFUSED),
    ).where(connection.c.organization_id == sa.bindparam("organization_id"))
)

# Most statements have one or two kilobytes.
MAX_STATEMENT = 64 * 1024


@dataclass(frozen=True, slots=True)
class LastLogins:
    """When the last login through a connection that was let in began, and the last refused one."""

    accepted_at: datetime | None = None
    refused: LoginTrace | None = None


_DAY = 86_400_000_000


@dataclass(frozen=True, slots=True)
class TraceFilter:
    """What a trace has to be; None asks for nothing."""

    project_id: str
    organization_id: str | None = None
    connection_id: str | None = None
    outcome: str | None = None
    trace_id: str | None = None
    email: str | None = None
    tests: bool | None = None


class Logins:
    def __init__(self, connection: sa.Connection, ring: KeyRing) -> None:
        self._c = connection
        self._ring = ring

    def put_attempt(self, state_hash: bytes, attempt: LoginAttempt) -> None:
        sealed = self._ring.seal(dump(attempt).encode(), f"login_attempt {state_hash.hex()}")
        _PUT_ATTEMPT.run(
            self._c,
            {
                "state_hash": state_hash,
                "expires_at": micros(attempt.expires_at),
                "sealed": sealed,
            },
        )

    def take_attempt(self, state_hash: bytes, now: datetime) -> LoginAttempt | None:
        """Read and delete. Of several who ask, one gets it."""
        row = _TAKE_ATTEMPT.run(self._c, {"hash": state_hash, "now": micros(now)}).fetchone()
        if row is None:
            return None
        return _load_attempt(self._ring.open(row[0], f"login_attempt {state_hash.hex()}"))

    def remember_assertion(self, connection_id: str, assertion_id: str, until: datetime) -> bool:
        """Note that an assertion was used; False when it had been before."""
        done = _REMEMBER.run(
            self._c,
            {
                "connection_id": connection_id,
                "hash": hashlib.sha256(assertion_id.encode("utf-8", "surrogatepass")).digest(),
                "until": micros(until),
            },
        )
        return bool(done.rowcount == 1)

    def put_token(self, token_hash: bytes, token: SsoToken) -> None:
        _PUT_TOKEN.run(
            self._c,
            {
                "token_hash": token_hash,
                "member_id": token.member_id,
                "connection_id": token.connection_id,
                "expires_at": micros(token.expires_at),
                "name_hash": token.name_hash,
                "document": dump(token),
            },
        )

    def take_token(self, token_hash: bytes, now: datetime) -> SsoToken | None:
        """Read and delete. Of several who ask, one gets it."""
        row = _TAKE_TOKEN.run(self._c, {"hash": token_hash, "now": micros(now)}).fetchone()
        return _load_token(row[0]) if row else None

    def delete_tokens_of_connections(self, connection_ids: Sequence[str]) -> None:
        chosen = sso_token.c.connection_id.in_(list(connection_ids))
        self._c.execute(sso_token.delete().where(chosen))

    def delete_tokens_of_member(self, member_id: str) -> None:
        self._c.execute(sso_token.delete().where(sso_token.c.member_id == member_id))

    def put_trace(self, trace: LoginTrace, statement: Statement | None = None) -> None:
        """Write the story of a login, once, when its browser's part has ended, with what the
        identity provider said of the person unless that is too much to keep."""
        _PUT_TRACE.run(
            self._c,
            {
                "trace_id": trace.trace_id,
                "organization_id": trace.organization_id,
                "project_id": trace.project_id,
                "connection_id": trace.connection_id,
                "started_at": micros(trace.started_at),
                "authenticated_at": None,
                "outcome": _outcome(trace),
                "email_hash": address_hash(trace.project_id, trace.email) if trace.email else None,
                "document": dump(trace),
                "statement_sealed": self._seal_statement(trace.trace_id, statement),
            },
        )

    def last_statement(self, connection_id: str) -> tuple[LoginTrace, Statement] | None:
        """The latest login through this connection whose statement was kept."""
        row = _LAST_STATEMENT.run(self._c, {"id": connection_id}).fetchone()
        if row is None:
            return None
        trace = _trace(row[0], row[1])
        opened = self._ring.open(row[2], f"login_trace {trace.trace_id}")
        return trace, _load_statement(opened)

    def past(self, connection_ids: Sequence[str], limit: int) -> list[tuple[LoginTrace, Statement]]:
        """The latest logins through these connections that were let in and whose statement was
        kept, latest first."""
        rows = self._c.execute(
            sa.select(
                login_trace.c.document, login_trace.c.authenticated_at,
                login_trace.c.statement_sealed,
            )
            .where(
                login_trace.c.connection_id.in_(list(connection_ids)),
                login_trace.c.outcome == "accepted",
                login_trace.c.statement_sealed.is_not(None),
            )
            .order_by(login_trace.c.started_at.desc(), login_trace.c.trace_id)
            .limit(limit)
        )  # fmt: skip
        told = [(_trace(row[0], row[1]), row[2]) for row in rows]
        return [
            (t, _load_statement(self._ring.open(sealed, f"login_trace {t.trace_id}")))
            for t, sealed in told
        ]

    def _seal_statement(self, trace_id: str, statement: Statement | None) -> bytes | None:
        document = dump(statement) if statement is not None else ""
        if not document or len(document) > MAX_STATEMENT:
            return None
        return self._ring.seal(document.encode(), f"login_trace {trace_id}")

    def finish_trace(self, trace_id: str, now: datetime) -> None:
        """Note that the login's token became a session."""
        _FINISH_TRACE.run(self._c, {"id": trace_id, "now": micros(now)})

    def find_trace(self, organization_id: str, trace_id: str) -> LoginTrace | None:
        parameters = {"organization_id": organization_id, "id": trace_id}
        row = _FIND_TRACE.run(self._c, parameters).fetchone()
        return _trace(*row) if row else None

    def traces(self, organization_id: str, limit: int) -> list[LoginTrace]:
        """The latest ones first."""
        rows = self._c.execute(
            sa.select(login_trace.c.document, login_trace.c.authenticated_at)
            .where(login_trace.c.organization_id == organization_id)
            .order_by(login_trace.c.started_at.desc(), login_trace.c.trace_id)
            .limit(limit)
        )
        return [_trace(*row) for row in rows]

    def search(
        self, wanted: TraceFilter, *, after: tuple[int, str] | None, limit: int
    ) -> tuple[list[LoginTrace], tuple[int, str] | None]:
        """The latest ones first, and where the next page begins."""
        plan_for_these_values(self._c)
        columns = login_trace.c
        where: list[sa.ColumnElement[bool]] = []
        for column, value in (
            (columns.organization_id, wanted.organization_id),
            (columns.connection_id, wanted.connection_id),
            (columns.trace_id, wanted.trace_id),
        ):
            if value is not None:
                where.append(column == value)
        if wanted.email is not None:
            where.append(columns.email_hash == address_hash(wanted.project_id, wanted.email))
        kinds = _kinds(wanted.outcome, wanted.tests)
        if where:
            # SQLite would walk through the logins of the whole project for those of one
            # connection, because they are in order; an expression keeps it away from that index.
            where.append(columns.project_id.concat("") == wanted.project_id)
            kinds = [sa.or_(*kinds)]
        else:
            where.append(columns.project_id == wanted.project_id)
        if after is not None:
            where.append(
                sa.tuple_(columns.started_at, columns.trace_id)
                < sa.tuple_(sa.literal(after[0]), sa.literal(after[1]))
            )
        pages = [
            sa.select(
                columns.document, columns.authenticated_at, columns.started_at, columns.trace_id
            )
            .where(*where, kind)
            .order_by(columns.started_at.desc(), columns.trace_id.desc())
            .limit(limit + 1)
            for kind in kinds
        ]
        rows = sorted(
            (row for page in pages for row in self._c.execute(page)),
            key=lambda row: (row[2], row[3]),
            reverse=True,
        )
        more = (rows[limit - 1][2], rows[limit - 1][3]) if len(rows) > limit else None
        return [_trace(row[0], row[1]) for row in rows[:limit]], more

    def days_of_connection(self, connection_id: str, since: datetime) -> list[tuple[int, str, int]]:
        """How many logins began on each day since, by outcome; days are counted from 1970."""
        day = (login_trace.c.started_at // _DAY).label("day")
        rows = self._c.execute(
            sa.select(day, login_trace.c.outcome, sa.func.count())
            .where(
                login_trace.c.connection_id == connection_id,
                login_trace.c.started_at >= micros(since),
                login_trace.c.outcome.in_(["accepted", "refused"]),
            )
            .group_by(day, login_trace.c.outcome)
        )
        return [(int(row[0]), row[1], row[2]) for row in rows]

    def most_refused(self, project_id: str, since: datetime, limit: int) -> list[str]:
        """The connections of a project through which most logins were refused since."""
        rows = self._c.execute(
            sa.select(login_trace.c.connection_id, sa.func.count().label("refused"))
            .where(
                login_trace.c.project_id == project_id,
                login_trace.c.started_at >= micros(since),
                _REFUSED,
            )
            .group_by(login_trace.c.connection_id)
            .order_by(sa.desc("refused"), login_trace.c.connection_id)
            .limit(limit)
        )
        return [row[0] for row in rows]

    def counts_of(
        self, connection_ids: Sequence[str], since: datetime
    ) -> dict[str, tuple[int, int]]:
        """How many logins were let in and how many refused since, by connection."""
        found: dict[str, tuple[int, int]] = {}
        refused = sa.func.sum(sa.case((_REFUSED, 1), else_=0))
        accepted = sa.func.sum(sa.case((_ACCEPTED, 1), else_=0))
        rows = self._c.execute(
            sa.select(login_trace.c.connection_id, accepted, refused)
            .where(
                login_trace.c.connection_id.in_(list(connection_ids)),
                login_trace.c.started_at >= micros(since),
            )
            .group_by(login_trace.c.connection_id)
        )
        for name, let_in, turned_away in rows:
            found[name] = (int(let_in), int(turned_away))
        return found

    def last_accepted(self, connection_ids: Sequence[str]) -> dict[str, datetime]:
        """When the last login through each of these began that was let in."""
        rows = self._c.execute(
            sa.select(connection.c.connection_id, _last(login_trace.c.started_at, _ACCEPTED)).where(
                connection.c.connection_id.in_(list(connection_ids))
            )
        )
        return {name: moment(at) for name, at in rows if at is not None}

    def last_of_connections(self, organization_id: str) -> dict[str, LastLogins]:
        """The last logins through each connection of an organization, by its id."""
        rows = _LAST_OF_CONNECTIONS.run(self._c, {"organization_id": organization_id}).fetchall()
        return {
            name: LastLogins(
                None if accepted is None else moment(accepted),
                None if refused is None else _load_trace(refused),
            )
            for name, accepted, refused in rows
        }

    def delete_expired(self, now: datetime, traces_before: datetime) -> int:
        """Delete what can no longer be used. Returns how many rows went."""
        gone = 0
        for table in (login_attempt, login_test, sso_token, seen_assertion):
            gone += self._c.execute(
                table.delete().where(table.c.expires_at <= micros(now))
            ).rowcount
        old = login_trace.delete().where(login_trace.c.started_at < micros(traces_before))
        return gone + self._c.execute(old).rowcount


# A test is no login: what counts logins by their outcome must not find it.
_TESTS = {"tested": "test", "refused": "test_refused"}


def _outcome(trace: LoginTrace) -> str:
    return trace.outcome if trace.test is None else _TESTS.get(trace.outcome, "test")


def _kinds(outcome: str | None, tests: bool | None) -> list[sa.ColumnElement[bool]]:
    """What the column may say where `LoginTrace.outcome` says that, of logins, tests or both."""
    column, done = login_trace.c.outcome, login_trace.c.authenticated_at
    logins = {
        "accepted": sa.and_(column == "accepted", done.is_(None)),
        "authenticated": sa.and_(column == "accepted", done.is_not(None)),
        "refused": column == "refused",
    }
    trials = {"tested": column == "test", "refused": column == "test_refused"}
    chosen = [logins, trials] if tests is None else [trials if tests else logins]
    if outcome is not None:
        return [kinds[outcome] for kinds in chosen if outcome in kinds] or [sa.false()]
    both = {name: column == name for name in ("accepted", "refused")}
    return [one for kinds in chosen for one in (both if kinds is logins else kinds).values()]


def _trace(document: str, authenticated_at: int | None) -> LoginTrace:
    told = _load_trace(document)
    if authenticated_at is None:
        return told
    return replace(told, outcome="authenticated", authenticated_at=moment(authenticated_at))
