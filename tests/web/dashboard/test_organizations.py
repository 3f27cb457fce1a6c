"""Organizations in the dashboard."""

from __future__ import annotations

import pytest

from support.world import World
from web.visits import Visitor


async def test_an_organization_is_made_found_and_deleted(world: World) -> None:
    visitor = await Visitor.as_developer(world)
    page = await visitor.get(f"{visitor.base}/organizations/new")
    page = await visitor.send(page, {"organization_name": "Fabrikam & Sons"})
    assert page.heading == "Fabrikam & Sons"
    shown = await visitor.get(f"{visitor.base}/organizations?q=brika")
    assert "Fabrikam & Sons" in shown.links()
    assert "Northwind" not in shown.text
    page = await visitor.get(shown.links()["Fabrikam & Sons"] + "/delete")
    page = await visitor.send(page, {"name": "Fabrikam & Sons"})
    assert "Fabrikam" not in (await visitor.get(f"{visitor.base}/organizations")).text


async def test_an_organization_is_not_deleted_unless_its_name_was_typed(world: World) -> None:
    visitor = await Visitor.as_developer(world)
    its = f"{visitor.base}/organizations/{world.demo.northwind.organization_id}"
    page = await visitor.send(await visitor.get(f"{its}/delete"), {"name": "Northwin"})
    assert page.status == 400
    assert (await visitor.get(its)).status == 200


async def test_what_was_typed_is_still_there_after_a_refusal(world: World) -> None:
    visitor = await Visitor.as_developer(world)
    page = await visitor.get(f"{visitor.base}/organizations/new")
    page = await visitor.send(
        page, {"organization_name": "Contoso", "organization_slug": "no good slug"}
    )
    assert page.status == 400
    assert page.code == "invalid_organization_slug"
    assert dict(page.form().form_values())["organization_name"] == "Contoso"
    beside = page.document.xpath("//input[@name='organization_slug']")[0]
    assert beside.get("aria-invalid") == "true"


@pytest.mark.parametrize("asked", ["<script>alert(1)</script>", "\"'><img src=x onerror=alert(1)>"])
async def test_what_is_searched_for_is_text(world: World, asked: str) -> None:
    visitor = await Visitor.as_developer(world)
    page = await visitor.get(f"{visitor.base}/organizations", params={"q": asked})
    assert page.status == 200
    assert asked not in page.answer.text


async def test_the_end_of_an_organization_is_told_in_numbers(world: World) -> None:
    visitor = await Visitor.as_developer(world)
    await world.sign_in(world.demo.saml.connection_id)
    await world.sign_in(world.demo.saml.connection_id)
    its = f"{visitor.base}/organizations/{world.demo.northwind.organization_id}"
    page = await visitor.get(f"{its}/delete")
    assert "1 member loses access." in page.text
    assert "2 sessions end." in page.text
    assert "2 connections go." in page.text
    assert "2 External connections of other organizations lead here" in page.text
    assert world.demo.labs.name in page.text


async def test_an_organization_shows_its_own_log_and_no_other(world: World) -> None:
    visitor = await Visitor.as_developer(world)
    labs = f"{visitor.base}/organizations/{world.demo.labs.organization_id}"
    page = await visitor.get(f"{labs}/settings")
    page = await visitor.send(page, {"organization_name": "Renamed Labs"})
    assert "organization.updated" in page.text
    its = f"{visitor.base}/organizations/{world.demo.northwind.organization_id}"
    assert "organization.updated" not in (await visitor.get(its)).text
