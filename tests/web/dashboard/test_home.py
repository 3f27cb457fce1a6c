"""The dashboard's first page: what is next where nothing is, and what needs somebody."""

from __future__ import annotations

from dataclasses import replace

from support.world import World
from vestibule.domain.connections import ExternalConnection
from vestibule.domain.projects import ProjectSettings
from vestibule.services import projects
from vestibule.storage import Tx
from web.visits import Visitor


async def test_an_empty_project_says_what_comes_first(world: World) -> None:
    await projects.create(world.rt, "Empty", environment="test", settings=ProjectSettings())
    visitor = await Visitor.as_developer(world)
    page = await visitor.get("/dashboard/empty/test")
    assert page.document.xpath("//li[@aria-current='step']//a")[0].text == "Make an organization"
    assert "0 of 4 are done." in page.text
    page = await visitor.get(page.links()["Make an organization"])
    await visitor.send(page, {"organization_name": "First"})
    page = await visitor.get("/dashboard/empty/test")
    assert page.document.xpath("//li[@aria-current='step']//a")[0].text == "Add a connection"
    assert (await visitor.get(page.links()["Add a connection"])).status == 200


async def test_a_certificate_that_ends_and_a_refused_sign_in_need_somebody(world: World) -> None:
    visitor = await Visitor.as_developer(world)
    assert "Nothing does." in (await visitor.get(visitor.base)).text
    deliver = await world.begin(world.client(), world.demo.saml.connection_id)
    assert (await deliver(SAMLResponse="PHgvPg==")).status_code >= 400
    page = await visitor.get(visitor.base)
    assert "1 sign-in refused this week" in page.text


async def test_who_waits_for_approval_is_told_on_the_first_page(world: World) -> None:
    labs = world.demo.labs_saml

    def pend(tx: Tx) -> None:
        held = tx.connections.find(labs.organization_id, labs.connection_id)
        assert isinstance(held, ExternalConnection)
        tx.connections.update(replace(held, share_status="pending"))

    await world.rt.store.write(pend)
    visitor = await Visitor.as_developer(world)
    page = await visitor.get(visitor.base)
    assert "Northwind Labs asks to sign in through this connection of Northwind." in page.text
    link = next(
        href for href in page.links().values() if href.endswith("/sharing") and "conn" in href
    )
    assert (await visitor.get(link)).status == 200
