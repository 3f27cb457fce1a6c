"""What pages may do, on the management wire: origins, PKCE, the longest session (wire §9.1)."""

from __future__ import annotations

from typing import Any

import pytest

from support.world import World
from web.api.calls import contents, done, refused

ORIGIN = "https://app.example.com"


def path(world: World) -> str:
    known = world.credentials
    return f"/pwa/v3/projects/{known.project_slug}/environments/{known.environment_slug}/sdk/b2b"


async def read(world: World) -> dict[str, Any]:
    found: dict[str, Any] = done(await world.call("GET", path(world), auth=workspace(world)))
    return dict(found["config"])


def workspace(world: World) -> tuple[str, str]:
    return (world.credentials.workspace_key_id, world.credentials.workspace_key_secret)


async def bootstrap(world: World, origin: str | None) -> int:
    """The status of the first call of a page."""
    url = f"/sdk/v1/projects/bootstrap/{world.credentials.public_token}"
    async with world.client() as client:
        answer = await client.get(url, headers={"origin": origin} if origin else {})
        return answer.status_code


async def put(world: World, **config: Any) -> dict[str, Any]:
    answer = await world.call("PUT", path(world), {"config": config}, auth=workspace(world))
    found: dict[str, Any] = done(answer)["config"]
    return found


def basic(*domains: str, **fields: Any) -> dict[str, Any]:
    return {
        "enabled": True,
        "allow_self_onboarding": True,
        "enable_member_permissions": True,
        "domains": [{"domain": domain, "slug_pattern": ""} for domain in domains],
        "bundle_ids": [],
        **fields,
    }


async def test_what_was_shown_can_be_sent_back(world: World) -> None:
    shown = await read(world)
    assert shown["basic"] == basic()
    assert shown["cookies"] == {"http_only": "DISABLED"}
    assert await put(world, **shown) == shown
    assert done(await world.call("GET", path(world)))["config"] == shown


async def test_the_domains_sent_are_all_whose_pages_may_call(world: World) -> None:
    assert await bootstrap(world, ORIGIN) == 400
    wanted = (ORIGIN, "https://*.example.net", "http://localhost:3000")
    assert (await put(world, basic=basic(*wanted)))["basic"] == basic(*wanted)
    assert await bootstrap(world, ORIGIN) == 200
    assert await bootstrap(world, "https://a.example.net") == 200
    assert (await put(world, basic=basic("https://*.example.net")))["sso"]["enabled"] is True
    assert await bootstrap(world, ORIGIN) == 400
    assert await bootstrap(world, "https://a.example.net") == 200


async def test_the_frontend_api_can_be_turned_off(world: World) -> None:
    await put(world, basic=basic(ORIGIN, enabled=False))
    for origin in (ORIGIN, "http://localhost:3000", None):
        assert await bootstrap(world, origin) == 400
    # A browser that asks beforehand is told so too.
    async with world.client() as client:
        answer = await client.options("/sdk/v1/b2b/sso", headers={"origin": ORIGIN})
    refused(answer, 400, "bad_domain_for_stytch_sdk")
    await put(world, basic=basic(ORIGIN))
    for origin in (ORIGIN, "http://localhost:3000", None):
        assert await bootstrap(world, origin) == 200


async def test_a_part_that_is_left_out_stays_as_it_is(world: World) -> None:
    before = await put(world, basic=basic(ORIGIN), sessions={"max_session_duration_minutes": 90})
    after = await put(world, sso={"enabled": True, "pkce_required": True})
    assert after["basic"] == before["basic"]
    assert after["sessions"] == {"max_session_duration_minutes": 90}
    assert (after["sso"]["pkce_required"], after["magic_links"]["pkce_required"]) == (True, True)


@pytest.mark.parametrize(
    ("config", "error_type"),
    [
        ({"basic": basic("http://app.example.com")}, "bad_request"),
        ({"basic": basic("https://app.example.com/path")}, "bad_request"),
        ({"basic": basic("https://*.com")}, "bad_request"),
        ({"basic": basic("*")}, "bad_request"),
        ({"basic": basic(ORIGIN, bundle_ids=["com.example.app"])}, "bad_request"),
        ({"basic": basic(ORIGIN, enable_member_permissions=False)}, "bad_request"),
        (
            {"basic": basic(domains=[{"domain": ORIGIN, "slug_pattern": "https://{{slug}}.x"}])},
            "bad_request",
        ),
        ({"sso": {"enabled": False, "pkce_required": False}}, "bad_request"),
        (
            {
                "sso": {"enabled": True, "pkce_required": True},
                "magic_links": {"enabled": True, "pkce_required": False},
            },
            "bad_request",
        ),
        ({"cookies": {"http_only": "ENFORCED"}}, "bad_request"),
        ({"passwords": {"enabled": True}}, "bad_request"),
        ({"sessions": {"max_session_duration_minutes": 4}}, "invalid_session_duration_minutes"),
        ({"sessions": {"max_session_duration_minutes": "x"}}, "bad_request"),
    ],
)
async def test_what_is_not_offered_is_refused_and_changes_nothing(
    world: World, config: dict[str, Any], error_type: str
) -> None:
    before = contents(world)
    answer = await world.call("PUT", path(world), {"config": config}, auth=workspace(world))
    refused(answer, 400, error_type)
    assert contents(world) == before


async def test_a_stranger_may_neither_read_nor_change_it(world: World) -> None:
    for method, body in (("GET", None), ("PUT", {"config": {}})):
        answer = await world.call(method, path(world), body, auth=("workspace-key-x", "x"))
        refused(answer, 401, "unauthorized_credentials")
