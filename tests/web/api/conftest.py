"""Who calls the API in the tests of this folder."""

from __future__ import annotations

import asyncio

import pytest

from support.world import World
from web.api.calls import Caller, person_with


@pytest.fixture
def admin(runner: asyncio.Runner, world: World) -> Caller:
    """An administrator of Northwind, signed in."""
    return runner.run(person_with(world, ["stytch_admin"]))
