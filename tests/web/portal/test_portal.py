"""What a guest sees: their link, their scopes, their organization, and nothing beyond."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from support.world import BASE_URL, World
from vestibule.services import branding, connections, setup_links
from vestibule.services.rbac import Actor
from web.visits import Page, Visitor


async def link(world: World, **more: object) -> str:
    """The path of a new link for Northwind."""
    asked = {"scopes": ["sso"], "lifetime_minutes": 60, "uses": "one", **more}
    made = await setup_links.issue(
        world.rt, Actor(world.demo.project), world.demo.northwind.organization_id, **asked
    )
    return urlsplit(made.url).path


def fresh(world: World) -> Visitor:
    return Visitor(world, world.client(follow_redirects=True))


async def test_a_link_that_a_scanner_fetched_still_opens_for_its_reader(world: World) -> None:
    path = await link(world)
    for _ in range(3):
        assert (await fresh(world).get(path)).status == 200
    visitor = fresh(world)
    page = await visitor.send(await visitor.get(path))
    assert page.path == "/portal"


async def test_a_link_for_one_opens_once(world: World) -> None:
    path = await link(world)
    first, second = fresh(world), fresh(world)
    pages = [await first.get(path), await second.get(path)]
    assert (await first.send(pages[0])).path == "/portal"
    refused = await second.send(pages[1])
    assert "setup_link_used" in refused.answer.text
    assert (await second.get("/portal")).status == 401


async def test_a_link_is_not_opened_by_another_sites_form(world: World) -> None:
    """Session fixation: nobody is put into a visit that they did not begin."""
    path = await link(world)
    visitor = fresh(world)
    page = await visitor.get(path)
    for headers in ({"origin": "https://evil.example"}, {"origin": "null"}):
        sent = await visitor.send(page, headers=headers)
        assert sent.status == 403
    sent = await visitor.post(path, {"csrf": "x" * 43}, origin=BASE_URL)
    assert sent.status == 400
    assert (await visitor.get("/portal")).status == 401


@pytest.mark.parametrize("state", ["expired", "revoked", "unknown"])
async def test_a_link_that_has_ended_says_who_can_help(world: World, state: str) -> None:
    path = await link(world)
    where = (world.rt, Actor(world.demo.project), world.demo.northwind.organization_id)
    if state == "expired":
        world.advance(minutes=61)
    elif state == "revoked":
        (held,) = await setup_links.list_links(*where)
        await setup_links.revoke(*where, held.link_id)
    else:
        path = "/portal/setup/" + "A" * 43
    page = await fresh(world).get(path)
    assert 400 <= page.status < 500
    assert "Northwind" not in page.text


async def test_revoking_a_link_ends_the_visit_at_its_next_page(world: World) -> None:
    visitor = await Visitor.by_link(world, world.demo.northwind.organization_id)
    where = (world.rt, Actor(world.demo.project), world.demo.northwind.organization_id)
    (held,) = await setup_links.list_links(*where)
    await setup_links.revoke(*where, held.link_id)
    assert (await visitor.get("/portal")).status == 401
    assert (await visitor.get("/portal/connections")).status == 401


async def test_a_guest_for_a_certificate_sees_that_certificate_and_nothing_else(
    world: World,
) -> None:
    name = world.demo.saml.connection_id
    visitor = await Visitor.by_link(
        world,
        world.demo.northwind.organization_id,
        ["certificate_renewal"],
        connection_id=name,
    )
    page = await visitor.get("/portal")
    page = await visitor.get(page.links()["Look at the certificates"])
    assert world.demo.saml.verification_certificates[0].fingerprint_sha256 in page.text
    assert "Make the next key" not in page.text
    for part in ("", "/edit", "/roles", "/mapping", "/sharing", "/delete", "/test", "/draft"):
        assert (await visitor.get(f"/portal/connections/{name}{part}")).status == 403, part
    for path in (
        "/portal/connections",
        "/portal/connections/new",
        "/portal/logins",
        "/portal/domains",
        f"/portal/connections/{world.demo.oidc.connection_id}/certificates",
    ):
        page = await visitor.get(path)
        assert page.status in (403, 404) or "Connections" not in page.heading, path
        assert world.demo.oidc.display_name not in page.text


async def test_a_certificate_is_renewed_beside_the_old_one(world: World) -> None:
    name = world.demo.saml.connection_id
    visitor = await Visitor.by_link(
        world,
        world.demo.northwind.organization_id,
        ["certificate_renewal"],
        connection_id=name,
    )
    path = f"/portal/connections/{name}/certificates"
    ours = world.demo.saml.signing_keys[0].certificate.certificate
    page = await visitor.get(path)
    await visitor.send(page, {"x509_certificate": ours}, form=-1, button=("deed", "add"))

    async def held() -> int:
        found = await connections.get(
            world.rt, Actor(world.demo.project), world.demo.northwind.organization_id, name
        )
        return len(found.verification_certificates)

    assert await held() == 2
    page = await visitor.get(path)
    await visitor.send(page, form=0, button=("deed", "make"))
    after = await connections.get(
        world.rt, Actor(world.demo.project), world.demo.northwind.organization_id, name
    )
    assert len(after.signing_keys) == 1


async def test_a_colleague_is_let_in_by_a_link_of_their_own(world: World) -> None:
    visitor = await Visitor.by_link(world, world.demo.northwind.organization_id)
    page = await visitor.send(await visitor.get("/portal/hand-over"))
    url = page.document.xpath("//pre[@id='link']/text()")[0]
    colleague = fresh(world)
    opened = await colleague.send(await colleague.get(urlsplit(url).path))
    assert opened.path == "/portal"
    assert "Northwind" in opened.text


async def test_finishing_ends_the_visit(world: World) -> None:
    visitor = await Visitor.by_link(world, world.demo.northwind.organization_id)
    page = await visitor.get("/portal")
    csrf = page.document.xpath("//form[@action='/portal/close']//input[@name='csrf']/@value")[0]
    done = await visitor.post("/portal/close", {"csrf": csrf}, origin=BASE_URL)
    assert done.status == 200
    assert (await visitor.get("/portal")).status == 401


async def test_a_domain_is_proved_by_its_record(world: World) -> None:
    visitor = await Visitor.by_link(
        world, world.demo.northwind.organization_id, ["domain_verification"]
    )
    page = await visitor.get("/portal/domains")
    page = await visitor.send(page, {"domain": "Northwind.example"}, button=("deed", "begin"))
    name = page.document.xpath("//pre[starts-with(@id, 'name-')]/text()")[0]
    value = page.document.xpath("//pre[starts-with(@id, 'value-')]/text()")[0]
    world.dns[name] = ["something else"]
    page = await visitor.send(page, form=0, button=("deed", "check"))
    assert "Not proved yet" in page.text
    world.dns[name] = ["something else", value]
    page = await visitor.send(page, form=0, button=("deed", "check"))
    assert "The record is there" in page.text


async def embedded(world: World, token: str, origin: str) -> tuple[Visitor, Page]:
    visitor = fresh(world)
    return visitor, await visitor.post("/embedded/open", {"token": token}, origin=origin)


@pytest.mark.parametrize("origin", ["https://evil.example", "null", ""])
async def test_the_embedded_portal_opens_only_in_pages_of_its_origin(
    world: World, origin: str
) -> None:
    token = await token_for(world)
    _, page = await embedded(world, token, origin)
    assert page.status in {403, 404}
    _, page = await embedded(world, token, HOST)
    assert page.status == 200
    policy = page.answer.headers["content-security-policy"]
    assert f"frame-ancestors {HOST}" in policy
    assert "frame-ancestors 'none'" not in policy


async def test_a_token_of_the_embedded_portal_opens_once(world: World) -> None:
    token = await token_for(world)
    assert (await embedded(world, token, HOST))[1].status == 200
    assert (await embedded(world, token, HOST))[1].status >= 400


async def test_an_embedded_visit_is_none_of_the_portal_by_link(world: World) -> None:
    """A page that may not be framed is not reached with the cookie of one that may."""
    visitor, page = await embedded(world, await token_for(world), HOST)
    assert page.path == "/embedded"
    cookies = "; ".join(
        f"{name.replace('embedded', 'portal')}={value}"
        for name, value in visitor.client.cookies.items()
    )
    answer = await world.client().get("/portal", headers={"cookie": cookies})
    assert answer.status_code == 401


HOST = "https://app.northwind.example"


async def token_for(world: World) -> str:
    await branding.set_frame_ancestors(world.rt, Actor(world.demo.project), [HOST])
    return await setup_links.issue_portal_token(
        world.rt,
        Actor(world.demo.project),
        world.demo.northwind.organization_id,
        scopes=["sso"],
        origin=HOST,
    )
