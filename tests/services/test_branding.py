"""White label: what a project's pages wear, what an organization of it does, and nobody else's."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from services.attacks import Tell, done, organization, refused
from services.test_operators import everything
from support.world import World
from vestibule.domain.branding import DEFAULT_ACCENT
from vestibule.domain.projects import ProjectSettings
from vestibule.services import branding, projects

PATH = "/v1/b2b/branding"
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(40)
JPEG = b"\xff\xd8\xff\xe0" + bytes(40)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def encoded(logo: bytes) -> str:
    return base64.b64encode(logo).decode()


def test_an_organization_wears_the_projects_but_for_what_it_set_itself(story: Tell) -> None:
    async def tell(world: World) -> None:
        await organization(world, "acme")
        acme = (await world.call("GET", "/v1/b2b/organizations/acme")).json()
        name = acme["organization"]["organization_id"]
        project_id = world.demo.project.project_id
        plain = await branding.worn(world.rt, project_id, name)
        assert (plain.accent, plain.radius, plain.font) == (DEFAULT_ACCENT, 8, "system")
        assert plain.name == world.demo.project.name
        made = {"logo": encoded(PNG), "accent": "#AA0000", "radius": 0, "name": "Product"}
        shown = done(await world.call("PUT", PATH, made))
        assert shown["branding"] == {
            "logo": encoded(PNG), "logo_type": "image/png", "accent": "#aa0000", "radius": 0,
            "font": "", "name": "Product",
        }  # fmt: skip
        own = done(await world.call("PUT", f"{PATH}/acme", {"accent": "#00aa00", "font": "serif"}))
        assert own["branding"]["accent"] == "#00aa00"
        assert own["branding"]["logo"] == ""
        worn = await branding.worn(world.rt, project_id, name)
        assert (worn.logo, worn.accent, worn.radius, worn.font, worn.name) == (
            PNG, "#00aa00", 0, "serif", "Product",
        )  # fmt: skip
        other = await branding.worn(world.rt, project_id, world.demo.northwind.organization_id)
        assert (other.accent, other.font) == ("#aa0000", "system")
        assert done(await world.call("GET", f"{PATH}/acme"))["branding"] == own["branding"]
        assert done(await world.call("GET", PATH))["branding"] == shown["branding"]

    story(tell)


def test_what_was_set_can_be_taken_away_and_what_is_left_out_stays(story: Tell) -> None:
    async def tell(world: World) -> None:
        await world.call("PUT", PATH, {"logo": encoded(JPEG), "radius": 3, "name": "Product"})
        done(await world.call("PUT", PATH, {"logo": "", "radius": -1}))
        found = done(await world.call("GET", PATH))["branding"]
        assert (found["logo"], found["radius"], found["name"]) == ("", None, "Product")
        done(await world.call("PUT", PATH, {"name": ""}))
        assert await branding.get(world.rt, world.actor) == branding.Branding()

    story(tell)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"logo": encoded(SVG)}, "branding_logo_invalid"),
        ({"logo": encoded(b"GIF89a" + bytes(20))}, "branding_logo_invalid"),
        ({"logo": encoded(PNG + bytes(32 * 1024))}, "branding_logo_invalid"),
        ({"logo": "no base64"}, "branding_logo_invalid"),
        ({"accent": "red"}, "branding_invalid"),
        ({"accent": "#12345g"}, "branding_invalid"),
        ({"accent": "#fff;}body{display:none"}, "branding_invalid"),
        ({"radius": 25}, "branding_invalid"),
        ({"radius": -2}, "branding_invalid"),
        ({"font": "Comic Sans"}, "branding_invalid"),
        ({"font": "url(https://elsewhere.example)"}, "branding_invalid"),
        ({"name": "x" * 129}, "branding_invalid"),
        ({"name": "a\u202eb"}, "branding_invalid"),
        ({"frame_ancestors": ["https://app.example", "http://app.example"]}, "field_invalid"),
        ({"frame_ancestors": ["https://app.example; script-src *"]}, "field_invalid"),
        ({"frame_ancestors": ["https://app.example"], "radius": 99}, "branding_invalid"),
        ({"accent": "#ffffff", "frame_ancestors": ["*"]}, "field_invalid"),
    ],
)
def test_branding_that_cannot_be_used_is_refused_and_changes_nothing(
    story: Tell, body: dict[str, Any], code: str
) -> None:
    async def tell(world: World) -> None:
        before = everything(world)
        refused(await world.call("PUT", PATH, body), code)
        assert everything(world) == before

    story(tell)


def test_who_may_frame_the_portal_is_set_with_the_branding(story: Tell) -> None:
    async def tell(world: World) -> None:
        origins = ["https://app.example.com", "https://*.example.org", "https://app.example.com"]
        found = done(await world.call("PUT", PATH, {"frame_ancestors": origins}))
        assert found["frame_ancestors"] == origins[:2]
        current = await projects.get(world.rt, world.demo.project.project_id)
        assert current.settings.frame_ancestors == tuple(origins[:2])
        assert done(await world.call("GET", PATH))["frame_ancestors"] == origins[:2]
        events = done(await world.call("POST", "/v1/b2b/audit/search", {"action": "frame_"}))
        details = events["events"][0]["details"]
        assert details == {"frame_ancestors": ", ".join(origins[:2])}

    story(tell)


def test_branding_of_another_project_is_neither_seen_nor_changed(story: Tell) -> None:
    async def tell(world: World) -> None:
        made = await projects.create(
            world.rt, "Other", environment="test", settings=ProjectSettings()
        )
        auth = (made.project_id, made.secret)
        done(await world.call("PUT", f"{PATH}/northwind", {"accent": "#123456"}))
        name = world.demo.northwind.organization_id
        for method in ("GET", "PUT"):
            body = {"accent": "#654321"} if method == "PUT" else None
            answer = await world.call(method, f"{PATH}/{name}", body, auth=auth)
            refused(answer, "organization_not_found", 404)
        assert (await branding.worn(world.rt, made.project_id, name)).accent == DEFAULT_ACCENT

    story(tell)


def test_branding_goes_with_its_organization(story: Tell) -> None:
    async def tell(world: World) -> None:
        name = await organization(world, "acme")
        done(await world.call("PUT", f"{PATH}/acme", {"name": "Acme only", "logo": encoded(PNG)}))
        assert "Acme only" in everything(world)
        done(await world.call("DELETE", f"/v1/b2b/organizations/{name}"))
        assert "Acme only" not in everything(world)

    story(tell)
