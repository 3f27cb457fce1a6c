"""Branding in the dashboard: looked at before it is worn, and never more than colours and a
picture."""

from __future__ import annotations

import pytest

from support.world import BASE_URL, World
from vestibule.domain.branding import Branding
from vestibule.services import branding
from web.visits import Page, Visitor

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + b"\x00" * 40
SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
HOSTILE = """<script>alert("x")</script>'"&"""


async def upload(visitor: Visitor, its: str, typed: dict[str, str], logo: bytes = b"") -> Page:
    page = await visitor.get(its)
    csrf = dict(page.form().form_values())["csrf"]
    return Page(
        await visitor.client.post(
            its,
            data={"csrf": csrf, **typed},
            files={"logo": ("logo.png", logo, "image/png")},
            headers={"origin": BASE_URL},
        )
    )


async def held(world: World, organization_id: str | None = None) -> Branding:
    return await branding.get(world.rt, world.actor, organization_id)


async def test_what_is_chosen_is_worn_and_what_is_left_empty_is_ours(world: World) -> None:
    visitor = await Visitor.as_developer(world)
    its = f"{visitor.base}/branding"
    page = await upload(visitor, its, {"name": "Acme", "accent": "#AA0000", "radius": "2"}, PNG)
    assert "The change was saved." in page.text
    assert await held(world) == Branding(PNG, "#aa0000", 2, "", "Acme")
    picture = (await visitor.get(f"{its}/logo")).answer
    assert picture.content == PNG
    assert picture.headers["content-type"] == "image/png"
    # A form without a new file leaves the logo, and an empty text takes away.
    await upload(visitor, its, {"name": "", "accent": "", "radius": ""})
    assert await held(world) == Branding(PNG)
    await upload(visitor, its, {"remove_logo": "yes"})
    assert await held(world) == Branding()


async def test_an_organization_has_its_own_over_the_projects(world: World) -> None:
    visitor = await Visitor.as_developer(world)
    await upload(visitor, f"{visitor.base}/branding", {"accent": "#aa0000", "name": "Acme"})
    owner = world.demo.northwind.organization_id
    its = f"{visitor.base}/organizations/{owner}/branding"
    page = await visitor.get(its)
    assert "Left empty: Acme." in page.text
    await upload(visitor, its, {"accent": "#00aa00"})
    assert (await held(world, owner)).accent == "#00aa00"
    assert (await held(world)).accent == "#aa0000"
    portal = await Visitor.by_link(world, owner)
    assert (await portal.get("/portal/brand.css")).answer.text != ""


async def test_a_preview_shows_it_and_saves_nothing(world: World) -> None:
    visitor = await Visitor.as_developer(world)
    its = f"{visitor.base}/branding"
    page = await visitor.get(its)
    csrf = dict(page.form().form_values())["csrf"]
    page = Page(
        await visitor.client.post(
            f"{its}/preview",
            data={"csrf": csrf, "name": "Acme", "accent": "#aa0000", "font": "serif"},
            files={"logo": ("logo.png", PNG, "image/png")},
            headers={"origin": BASE_URL},
        )
    )
    sample = page.document.get_element_by_id("sample")
    assert sample.xpath(".//img/@src")[0].startswith("data:image/png;base64,")
    sheet = (await visitor.get(sample.xpath(".//link/@href")[0])).answer
    assert "--accent:light-dark(#aa0000" in sheet.text
    assert "Charter" in sheet.text
    assert dict(page.form().form_values())["name"] == "Acme"
    assert await held(world) == Branding()


@pytest.mark.parametrize(
    ("typed", "logo", "code"),
    [
        ({"accent": "red"}, b"", "branding_invalid"),
        ({"accent": "#12345;}"}, b"", "branding_invalid"),
        ({"radius": "25"}, b"", "branding_invalid"),
        ({"radius": "many"}, b"", "field_invalid"),
        ({"font": "comic"}, b"", "branding_invalid"),
        ({}, SVG, "branding_logo_invalid"),
        ({}, PNG + b"x" * 40_000, "branding_logo_invalid"),
    ],
)
async def test_what_cannot_be_worn_is_refused(
    world: World, typed: dict[str, str], logo: bytes, code: str
) -> None:
    visitor = await Visitor.as_developer(world)
    page = await upload(visitor, f"{visitor.base}/branding", {"name": "Acme", **typed}, logo)
    assert page.status == 400
    assert page.code == code
    assert dict(page.form().form_values())["name"] == "Acme"
    assert await held(world) == Branding()


@pytest.mark.parametrize(
    "query",
    [
        "accent=%23fff}*{display:none",
        "font=a;background:url(//evil.example)",
        "radius=1;color:red",
        "radius=99",
    ],
)
async def test_no_address_puts_anything_else_into_the_sheet(world: World, query: str) -> None:
    visitor = await Visitor.as_developer(world)
    answer = (await visitor.get(f"{visitor.base}/branding/sample.css?{query}")).answer
    if answer.status_code == 200:
        assert answer.text.count("{") == answer.text.count("}") == 1
    assert "evil" not in answer.text or answer.status_code == 400


async def test_a_name_is_text(world: World) -> None:
    visitor = await Visitor.as_developer(world)
    page = await upload(visitor, f"{visitor.base}/branding", {"name": HOSTILE})
    assert "<script>alert" not in page.answer.text
    assert HOSTILE in page.text
