"""Worlds are copies of one prepared database; here is why no test sees what another one did."""

from __future__ import annotations

import pytest

from support.world import World, memories, open_world, run
from vestibule.services.demo import PEOPLE
from web.api.calls import contents


def test_a_world_holds_nothing_of_the_one_before_it() -> None:
    async def use(world: World) -> None:
        assert {name: memory for name, memory in memories().items() if memory} == {}
        held.append(contents(world))
        for door in (world.demo.saml, world.demo.oidc, world.demo.labs_oidc):
            await world.sign_in(door.connection_id)
        changed = await world.call(
            "PUT", "/v1/b2b/organizations/northwind", {"organization_name": "Changed"}
        )
        assert changed.status_code == 200
        assert contents(world) != held[0]
        assert any(memories().values())

    async def main() -> None:
        for _ in range(2):
            async with open_world() as world:
                await use(world)

    held: list[object] = []
    run(main())
    assert held[0] == held[1]


@pytest.mark.parametrize("fresh", [False, True])
def test_worlds_that_are_open_together_have_no_id_in_common(fresh: bool) -> None:
    async def main() -> None:
        async with open_world(fresh=fresh) as one, open_world() as other:
            assert one.credentials.project_id != other.credentials.project_id
            assert one.demo.saml.connection_id != other.demo.saml.connection_id
            held = await one.sign_in(one.demo.saml.connection_id, PEOPLE[0].email)
            body = {"session_token": held["session_token"]}
            path = "/v1/b2b/sessions/authenticate"
            assert (await one.call("POST", path, body)).status_code == 200
            assert (await other.call("POST", path, body)).status_code == 404
            assert (await other.call("POST", path, body, auth=one.auth)).status_code == 401

    run(main())
