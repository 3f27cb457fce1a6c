"""What a browser is told of the cookies of pages, over https and on a developer's machine."""

from __future__ import annotations

from dataclasses import replace

import pytest
from starlette.responses import Response

from support.world import World
from vestibule.web.cookies import Cookies


def told(world: World, mode: str, way: str, base_url: str = "") -> str:
    settings = replace(world.rt.settings, mode=mode)
    rt = replace(world.rt, settings=replace(settings, base_url=base_url) if base_url else settings)
    answer = Response()
    answer.set_cookie("another", "one")
    getattr(Cookies(rt), way)(answer, "vestibule_visit", "secret")
    return answer.headers.getlist("set-cookie")[-1]


async def test_over_https_nobody_else_can_plant_or_read_it(world: World) -> None:
    cookie = told(world, "serve", "set")
    assert cookie.startswith("__Host-vestibule_visit=secret;")
    assert {"HttpOnly", "Secure", "Path=/"} <= {part.strip() for part in cookie.split(";")}
    assert "SameSite=lax" in cookie
    assert "Domain" not in cookie
    assert "Max-Age" not in cookie


async def test_in_a_frame_it_is_kept_for_the_page_that_holds_us_alone(world: World) -> None:
    cookie = told(world, "serve", "set_in_frame")
    assert cookie.startswith("__Host-vestibule_visit=secret;")
    assert cookie.endswith("; Partitioned")
    assert "SameSite=none" in cookie
    assert "Secure" in cookie


@pytest.mark.parametrize("way", ["set", "set_in_frame"])
async def test_on_loopback_it_works_without_https(world: World, way: str) -> None:
    cookie = told(world, "dev", way)
    assert cookie.startswith("vestibule_visit=secret;")
    assert "Secure" not in cookie
    assert "SameSite=lax" in cookie


async def test_a_page_on_another_port_of_this_machine_may_hold_us_too(world: World) -> None:
    """To a browser 127.0.0.1 and localhost are different sites."""
    cookie = told(world, "dev", "set_in_frame", "http://127.0.0.1:8000")
    assert cookie.startswith("vestibule_visit=secret;")
    assert "SameSite=none" in cookie
    assert "Secure" in cookie
    assert cookie.endswith("; Partitioned")
