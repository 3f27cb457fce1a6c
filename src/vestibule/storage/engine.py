"""The database behind `read` and `write`: SQLite or PostgreSQL, and what sets them apart.

SQLite runs inline on the event loop over one connection: a transaction takes some hundred
microseconds there, and a thread would cost more than it gives (docs/decisions/0004). PostgreSQL
runs in threads, as many as the pool has connections. A write that lost a race runs again, so the
functions given to `write` must draw nothing from outside that may not be drawn twice.
"""

from __future__ import annotations

import asyncio
import random
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite as sqlite_dialect
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.pool import StaticPool

from vestibule.errors import refusal

T = TypeVar("T")
Work = Callable[[sa.Connection], T]

_ATTEMPTS = 10
# serialization_failure, deadlock_detected, unique_violation, foreign_key_violation: the transaction
# did nothing and may run again; what it collided with, or what is gone, it will then see.
_RETRYABLE = frozenset({"40001", "40P01", "23505", "23503"})


class Stale(Exception):
    """A row changed between reading and writing it; the transaction has to run again."""


class Prepared:
    """A statement written once in Core and compiled once for each database.

    Building and compiling a statement costs several times what SQLite needs to run it, so the
    statements of every login are compiled at their first use and then run as they are.
    """

    def __init__(self, clause: sa.ClauseElement) -> None:
        self._clause = clause
        self._compiled: dict[str, tuple[str, dict[str, Any]]] = {}

    def run(self, connection: sa.Connection, parameters: Mapping[str, Any] | None = None) -> Any:
        """Run it in the connection's transaction; the cursor gives plain tuples."""
        compiled = self._compiled.get(connection.dialect.name)
        if compiled is None:
            compiled = self._compile(connection.dialect)
        sql, constants = compiled
        given = {**constants, **parameters} if parameters else constants
        raw: Any = connection.connection.dbapi_connection
        return raw.execute(sql, given)

    def _compile(self, dialect: sa.Dialect) -> tuple[str, dict[str, Any]]:
        named = sqlite_dialect.dialect(paramstyle="named") if dialect.name == "sqlite" else dialect
        done = self._clause.compile(dialect=named)
        constants = {k: v for k, v in (done.params or {}).items() if v is not None}
        self._compiled[dialect.name] = str(done), constants
        return self._compiled[dialect.name]


def plan_for_these_values(connection: sa.Connection) -> None:
    """Let PostgreSQL plan what follows in this transaction for the values at hand.

    A statement that comes often is soon planned once for all values, and an organization of sixty
    thousand members is then searched in the way that is right for one of a hundred.
    """
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET LOCAL plan_cache_mode = force_custom_plan")


class Engine(Protocol):
    """What the store needs of a database."""

    engine: sa.Engine

    async def read(self, work: Work[T]) -> T: ...
    async def write(self, work: Work[T]) -> T: ...
    def migration(self) -> AbstractContextManager[sa.Connection]: ...
    def close(self) -> None: ...


def open_engine(url: str) -> Engine:
    """Open `sqlite:///file`, `sqlite://` (in memory) or `postgresql+psycopg://…`."""
    if url.startswith("sqlite"):
        return SqliteEngine(url)
    return PostgresEngine(url)


class SqliteEngine:
    """One connection, used on one thread at a time; transactions are begun by hand."""

    def __init__(self, url: str) -> None:
        self.engine = sa.create_engine(
            url,
            poolclass=StaticPool,
            isolation_level="AUTOCOMMIT",
            connect_args={"check_same_thread": False},
        )
        self._connection = self.engine.connect()
        raw: Any = self._connection.connection.dbapi_connection
        self._raw: sqlite3.Connection = raw
        for pragma in (
            "journal_mode=WAL",
            "synchronous=NORMAL",
            "busy_timeout=5000",
            "foreign_keys=ON",
            "cache_size=-20000",
            "temp_store=MEMORY",
            "journal_size_limit=67108864",
        ):
            self._raw.execute(f"PRAGMA {pragma}")

    async def read(self, work: Work[T]) -> T:
        return self._run(work, "BEGIN")

    async def write(self, work: Work[T]) -> T:
        for _ in range(_ATTEMPTS):
            try:
                # IMMEDIATE takes the write lock now, so that what is read below cannot change.
                return self._run(work, "BEGIN IMMEDIATE")
            except (IntegrityError, sqlite3.IntegrityError, Stale) as error:
                last = error
        raise refusal("changed_meanwhile") from last

    def _run(self, work: Work[T], begin: str) -> T:
        try:
            self._raw.execute(begin)
        except sqlite3.OperationalError as error:
            raise refusal("database_unavailable", detail=str(error)) from error
        try:
            result = work(self._connection)
            self._raw.execute("COMMIT")
        except BaseException as error:
            if self._raw.in_transaction:
                self._raw.execute("ROLLBACK")
            if isinstance(error, OperationalError | sqlite3.OperationalError):
                raise refusal("database_unavailable", detail=str(error)) from error
            raise
        return result

    @contextmanager
    def migration(self) -> Iterator[sa.Connection]:
        """One transaction for a change of the schema. A table is changed by making it anew, and
        dropping the old one must not drop what refers to it; so references are checked at the end.
        """
        self._raw.execute("PRAGMA foreign_keys=OFF")
        try:
            with self.engine.connect() as connection, connection.begin():
                self._raw.execute("BEGIN IMMEDIATE")
                yield connection
                dangling = self._raw.execute("PRAGMA foreign_key_check").fetchall()
                if dangling:
                    detail = f"references to what is not there: {dangling[:3]}"
                    raise refusal("database_not_migrated", detail=detail)
        finally:
            self._raw.execute("PRAGMA foreign_keys=ON")

    def close(self) -> None:
        self._connection.close()
        self.engine.dispose()


class PostgresEngine:
    """A pool of connections and as many threads."""

    def __init__(self, url: str, *, size: int = 10) -> None:
        # A transaction sees one state of the database, as on SQLite. In READ COMMITTED it could
        # read a row, be overtaken, and then write its old copy over the other's change.
        self.engine = sa.create_engine(
            url,
            isolation_level="REPEATABLE READ",
            pool_size=size,
            max_overflow=0,
            pool_timeout=10,
            pool_pre_ping=True,
        )
        self._threads = ThreadPoolExecutor(size, thread_name_prefix="database")

    async def read(self, work: Work[T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._run, work)

    async def write(self, work: Work[T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._run, work)

    def _run(self, work: Work[T]) -> T:
        last: Exception
        for attempt in range(_ATTEMPTS):
            try:
                with self.engine.begin() as connection:
                    return work(connection)
            except Stale as error:
                last = error
            except Exception as error:
                state = _sqlstate(error)
                if state not in _RETRYABLE:
                    if isinstance(error, OperationalError) or (state or "").startswith("08"):
                        raise refusal("database_unavailable", detail=str(error)) from error
                    if _is_unstorable(error):
                        raise refusal("field_invalid", want="text without NUL") from error
                    raise
                last = error
            time.sleep(0.002 * 2 ** min(attempt, 5) * random.random())  # noqa: S311
        raise refusal("changed_meanwhile") from last

    def migration(self) -> AbstractContextManager[sa.Connection]:
        """One transaction for a change of the schema."""
        return self.engine.begin()

    def close(self) -> None:
        self._threads.shutdown(wait=True)
        self.engine.dispose()


def _is_unstorable(error: Exception) -> bool:
    """Whether PostgreSQL cannot hold the value at all: it knows no NUL characters in text."""
    raw = error.orig if isinstance(error, DBAPIError) else error
    return any(kind.__name__ == "DataError" for kind in type(raw).__mro__)


def _sqlstate(error: Exception) -> str | None:
    """PostgreSQL's code of an error, whether or not SQLAlchemy has wrapped it."""
    raw = error.orig if isinstance(error, DBAPIError) else error
    state = getattr(raw, "sqlstate", None)
    return state if isinstance(state, str) else None
