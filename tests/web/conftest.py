"""A world for every test of this folder that asks for one; tests may be coroutines in its loop."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Iterator

import pytest

from support.world import World, open_world


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as made:
        yield made


@pytest.fixture
def world(runner: asyncio.Runner) -> Iterator[World]:
    opened = open_world()
    yield runner.run(opened.__aenter__())
    runner.run(opened.__aexit__(None, None, None))


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a test that is a coroutine in the loop of its world."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = inspect.signature(pyfuncitem.obj).parameters
    arguments = {name: pyfuncitem.funcargs[name] for name in names}
    loop: asyncio.Runner = pyfuncitem.funcargs["runner"]
    loop.run(pyfuncitem.obj(**arguments))
    return True
