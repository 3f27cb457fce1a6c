"""A world for every test of this folder, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import structlog

from services.attacks import Story
from support.world import open_world, prepare, run


@pytest.fixture(scope="session")
def world_template(request: pytest.FixtureRequest) -> Iterator[str]:
    """A PostgreSQL database with the demo in it; its copies are worlds at once."""
    server = request.getfixturevalue("postgres_server")
    url = server.make_database()
    run(prepare(url))
    yield url
    server.drop_database(url)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.peer)])
def database_url(request: pytest.FixtureRequest) -> str:
    """A database for `open_world`, which no other test has."""
    if request.param == "sqlite":
        return "sqlite://"
    make_database: Callable[..., str] = request.getfixturevalue("make_database")
    return make_database(request.getfixturevalue("world_template"))


@pytest.fixture
def story(database_url: str) -> Callable[[Story], None]:
    """Runs a test's coroutine in a fresh world."""

    def tell(work: Story) -> None:
        async def main() -> None:
            async with open_world(database_url) as world:
                await work(world)

        # A failing provider is logged with its traceback; rendering it takes longer than a test.
        with structlog.testing.capture_logs():
            run(main())

    return tell
