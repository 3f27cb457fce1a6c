"""Logins through the browser's legs, with the built-in identity provider."""

from __future__ import annotations

import pytest

from support.world import World, open_world, run


@pytest.mark.parametrize("door", ["saml", "oidc", "labs_saml", "labs_oidc"])
def test_every_door_of_the_demo_opens(door: str) -> None:
    async def story(world: World) -> None:
        connection = getattr(world.demo, door)
        done = await world.sign_in(connection.connection_id)
        assert done["member_authenticated"] is True
        assert done["organization_id"] == connection.organization_id
        assert done["member"]["trusted_metadata"] == {"department": "Research"}
        factor = done["member_session"]["authentication_factors"][0]
        protocol = "saml" if "saml" in door else "oidc"
        assert factor["delivery_method"] == f"sso_{protocol}"
        assert factor[f"{protocol}_sso_factor"]["provider_id"] == connection.connection_id

    async def main() -> None:
        async with open_world() as world:
            await story(world)

    run(main())
