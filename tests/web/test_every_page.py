"""Every page of every door, found by following the links from where a person comes in: each link
leads somewhere, each page keeps the rules, and no page is left that nobody can reach."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

import pytest
from starlette.routing import Route

from support.world import World
from vestibule.web.dashboard.door import Dashboard
from vestibule.web.portal.door import Portal
from vestibule.web.rate_limits import RateLimits
from web.page_rules import broken_rules
from web.visits import Visitor

_PROJECT = "/dashboard/{project_slug}/{environment_slug}"
_ORGANIZATION = f"{_PROJECT}/organizations/{{organization_id}}"
# Reached by something else than a link, or in a state that the page's own tests make.
_NOT_BY_LINK = {
    "/dashboard",
    "/dashboard/callback",
    "/dashboard/sign-in",
    "/dashboard/sso",
    "/portal/logo",
    "/portal/setup/{token}",
    f"{_PROJECT}/account/totp",
    f"{_PROJECT}/account/totp/remove",
    f"{_PROJECT}/branding/logo",
    f"{_PROJECT}/operators/{{operator_id}}/disable",
    f"{_ORGANIZATION}/branding/logo",
    f"{_ORGANIZATION}/members/{{member_id}}/reactivate",
    f"{_ORGANIZATION}/roles/role/delete",
}
_MOST = 400
_QUESTIONS = 3


async def crawled(visitor: Visitor, start: str, prefix: str) -> tuple[dict[str, int], list[str]]:
    """Every address below the prefix with its status, and what was wrong with the pages."""
    waiting, seen, wrong = [start], {}, []
    while waiting and len(seen) < _MOST:
        path = waiting.pop()
        if path in seen:
            continue
        page = await visitor.get(path)
        seen[path] = page.status
        if "html" not in page.answer.headers.get("content-type", ""):
            continue
        if page.status != 200:
            wrong.append(f"{path}: {page.status}")
            continue
        wrong += [f"{path}: {broken}" for broken in broken_rules(page.answer.text)]
        here = str(page.answer.url)
        for href in page.document.xpath("//a/@href | //link/@href | //img/@src"):
            parts = urlsplit(urljoin(here, href))
            ours = parts.netloc == urlsplit(here).netloc and parts.path.startswith(prefix)
            asked = sum(known.partition("?")[0] == parts.path for known in seen)
            # A few questions of each page are enough.
            if ours and asked < _QUESTIONS:
                waiting.append(parts.path + (f"?{parts.query}" if parts.query else ""))
    return seen, wrong


def unreached(routes: list[Route], prefix: str, seen: dict[str, int]) -> list[str]:
    paths = {address.partition("?")[0] for address in seen}
    return [
        route.path
        for route in routes
        if route.path.startswith(prefix)
        and "GET" in (route.methods or ())
        and route.path not in _NOT_BY_LINK
        and not any(route.path_regex.match(path) for path in paths)
    ]


async def prepared(world: World) -> None:
    """Something of everything that has a page: sign-ins, a draft, a version, a waiting change."""
    await world.sign_in(world.demo.saml.connection_id)
    await world.sign_in(world.demo.labs_saml.connection_id)
    path = f"/v1/b2b/sso/saml/{world.demo.northwind.organization_id}/connections"
    name = world.demo.saml.connection_id
    for changes in (
        {"display_name": "Northwind, renamed"},
        {"idp_metadata_url": world.demo.saml.idp_entity_id},
    ):
        await world.call("PUT", f"{path}/{name}", changes)
    await world.call(
        "PUT",
        f"/v1/b2b/sso/{world.demo.northwind.organization_id}/connections/{name}/draft",
        {"display_name": "Drafted"},
    )


async def test_every_page_of_the_portal_is_reached_and_keeps_the_rules(world: World) -> None:
    await prepared(world)
    visitor = await Visitor.by_link(
        world, world.demo.northwind.organization_id, ["sso", "domain_verification"]
    )
    seen, wrong = await crawled(visitor, "/portal", "/portal")
    assert wrong == []
    doors = Portal(world.rt, RateLimits(world.rt)).routes()
    assert unreached(doors, "/portal", seen) == []


async def test_every_page_of_the_dashboard_is_reached_and_keeps_the_rules(world: World) -> None:
    await prepared(world)
    visitor = await Visitor.as_developer(world)
    seen, wrong = await crawled(visitor, visitor.base + "/organizations", "/dashboard")
    assert wrong == []
    assert len(seen) < _MOST
    doors = Dashboard(world.rt, RateLimits(world.rt)).routes()
    left = unreached(doors, "/dashboard", seen)
    assert left == [], "\n".join(left)


@pytest.mark.parametrize("path", ["/dashboard/sign-in", "/sign-in?public_token={}"])
async def test_pages_before_the_door_keep_the_rules(world: World, path: str) -> None:
    visitor = Visitor(world, world.client())
    page = await visitor.get(path.format(world.credentials.public_token))
    assert page.status == 200
    assert broken_rules(page.answer.text) == []
