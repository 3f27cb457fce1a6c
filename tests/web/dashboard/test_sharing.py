"""The drawing of who shares what with whom."""

from __future__ import annotations

from support.world import World
from vestibule.services import connections, organizations, sharing
from web.visits import Visitor

HOSTILE = """<script>alert("x")</script>'"&"""


async def test_the_drawing_and_the_table_say_who_enters_whom_with_which_role(world: World) -> None:
    visitor = await Visitor.as_developer(world)
    page = await visitor.get(f"{visitor.base}/sharing")
    figures = [" ".join(f.text_content().split()) for f in page.document.xpath("//figure")]
    assert len(figures) == 2
    for figure in figures:
        assert "OwnerNorthwind" in figure
        assert "EnteredNorthwind Labs" in figure
        assert "engineering gives lab-lead" in figure
    rows = page.document.xpath("//table//tbody/tr")
    assert len(rows) == 2


async def test_of_one_organization_only_what_it_gives_or_takes_is_shown(world: World) -> None:
    made = await organizations.create(world.rt, world.actor, {"organization_name": "Elsewhere"})
    elsewhere = made.organization.organization_id
    visitor = await Visitor.as_developer(world)
    for owner, count in (
        (world.demo.northwind.organization_id, 2),
        (world.demo.labs.organization_id, 2),
        (elsewhere, 0),
    ):
        page = await visitor.get(f"{visitor.base}/sharing?organization={owner}")
        assert len(page.document.xpath("//figure")) == count
    page = await visitor.get(f"{visitor.base}/sharing?organization=organization-test-nobody")
    assert page.status == 404


async def test_the_filter_is_asked_of_the_database_before_its_limit(world: World) -> None:
    labs = world.demo.labs.organization_id
    found = await sharing.share_map(world.rt, world.actor, 1, labs)
    assert [r.organization_id for one in found for r in one.receivers] == [labs]


async def test_a_project_that_shares_nothing_says_how_to(world: World) -> None:
    labs = world.demo.labs.organization_id
    for one in (world.demo.labs_saml, world.demo.labs_oidc):
        await connections.delete(world.rt, world.actor, labs, one.connection_id)
    visitor = await Visitor.as_developer(world)
    page = await visitor.get(f"{visitor.base}/sharing")
    assert "Nobody shares a connection yet." in page.text
    assert not page.document.xpath("//figure")


async def test_names_of_organizations_are_text(world: World) -> None:
    await organizations.update(
        world.rt,
        world.actor,
        world.demo.labs.organization_id,
        {"organization_name": HOSTILE},
    )
    visitor = await Visitor.as_developer(world)
    page = await visitor.get(f"{visitor.base}/sharing")
    assert "<script>alert" not in page.answer.text
    assert HOSTILE in page.text
