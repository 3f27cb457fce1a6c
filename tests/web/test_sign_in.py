"""The page that leads from an address to the organization's own sign-in."""

from __future__ import annotations

import pytest

from support.world import REDIRECT, World
from vestibule.services import domain_verification
from vestibule.services.rbac import Actor
from web.visits import Page, Visitor


async def proved(world: World, domain: str) -> None:
    """The domain is Northwind's, as its DNS says."""
    where = (world.rt, Actor(world.demo.project), world.demo.northwind.organization_id, domain)
    claim = await domain_verification.begin(*where)
    world.dns[claim.record_name] = [claim.record_value]
    assert (await domain_verification.check(*where)).verified


async def opened(world: World, **more: str) -> tuple[Visitor, Page]:
    visitor = Visitor(world, world.client())
    query = {
        "public_token": world.credentials.public_token,
        "login_redirect_url": REDIRECT,
        **more,
    }
    return visitor, await visitor.get("/sign-in", params=query)


async def test_several_doors_are_a_choice(world: World) -> None:
    await proved(world, "northwind.example")
    visitor, page = await opened(world)
    page = await visitor.send(page, {"email": "ada@northwind.example"})
    starts = [href for href in page.links().values() if "/v1/public/sso/start" in href]
    assert len(starts) == 2
    begun = await visitor.get(starts[0])
    assert begun.status == 302
    assert "/dev/idp/" in begun.answer.headers["location"]


async def test_one_door_is_opened_at_once_and_told_the_address(world: World) -> None:
    await proved(world, "northwind.example")
    path = f"/v1/b2b/sso/{world.demo.northwind.organization_id}/connections"
    for external in (world.demo.oidc.connection_id,):
        assert (await world.call("DELETE", f"{path}/{external}")).status_code == 200
    visitor, page = await opened(world)
    page = await visitor.send(page, {"email": "ada@northwind.example"})
    assert page.status == 303
    assert "login_hint=ada%40northwind.example" in page.answer.headers["location"]


@pytest.mark.parametrize("email", ["eve@elsewhere.example", "ada@sub.northwind.example"])
async def test_an_address_of_nobodys_domain_is_told_so_and_no_more(
    world: World, email: str
) -> None:
    await proved(world, "northwind.example")
    visitor, page = await opened(world)
    page = await visitor.send(page, {"email": email})
    assert page.status == 200
    assert "No company has set up sign-in for this address" in page.text
    assert "Northwind" not in page.text


async def test_members_and_strangers_of_a_domain_are_answered_alike(world: World) -> None:
    """Whoever asks learns nothing of who is a member."""
    await proved(world, "northwind.example")
    visitor, page = await opened(world)
    answers = [
        (await visitor.send(page, {"email": email})).text
        for email in ("ada@northwind.example", "nobody-at-all@northwind.example")
    ]
    assert answers[0] == answers[1]


@pytest.mark.parametrize("email", ["", "not an address", "<script>@x", "a@b@c.example"])
async def test_what_is_no_address_is_refused_beside_the_field(world: World, email: str) -> None:
    visitor, page = await opened(world)
    page = await visitor.send(page, {"email": email})
    assert page.status == 400
    assert "<script>" not in page.answer.text


async def test_a_public_token_that_is_nobodys_is_refused(world: World) -> None:
    _, page = await opened(world, public_token="public-token-test-nobody")
    assert 400 <= page.status < 500


async def test_what_the_product_gave_goes_on_and_nothing_is_written_into_the_page(
    world: World,
) -> None:
    hostile = '"><script>alert(1)</script>'
    _, page = await opened(world, login_redirect_url=hostile)
    assert "<script>alert" not in page.answer.text
