"""One store for every test of this folder, on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from storage.values import PROJECT, project
from vestibule.storage import KeyRing, Store, open_store
from vestibule.storage.engine import open_engine
from vestibule.storage.schema import migrate

ROOT_KEY = b"k" * 32


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.peer)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty, migrated database, which no other test has."""
    if request.param == "sqlite":
        path = tmp_path / "vestibule.db"
        shutil.copyfile(request.getfixturevalue("migrated_file"), path)
        return f"sqlite:///{path}"
    make_database: Callable[..., str] = request.getfixturevalue("make_database")
    return make_database(request.getfixturevalue("migrated_template"))


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite database that the others are copies of."""
    path = tmp_path_factory.mktemp("migrated") / "vestibule.db"
    _migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def migrated_template(request: pytest.FixtureRequest) -> Iterator[str]:
    """A migrated PostgreSQL database that the others are copies of."""
    server = request.getfixturevalue("postgres_server")
    url = server.make_database()
    _migrate(url)
    yield url
    server.drop_database(url)


@pytest.fixture
def empty_store(database_url: str) -> Iterator[Store]:
    """A store without a row."""
    opened = open_store(database_url, KeyRing([ROOT_KEY]))
    yield opened
    opened.close()


@pytest.fixture
def store(empty_store: Store) -> Store:
    """A store with one project."""
    asyncio.run(empty_store.write(lambda tx: tx.projects.insert(project(PROJECT))))
    return empty_store


def _migrate(url: str) -> None:
    engine = open_engine(url)
    migrate(engine)
    engine.close()
