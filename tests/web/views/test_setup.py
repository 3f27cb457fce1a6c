"""From a setup link to a connection that works: what a customer's administrator does, without a
script in the browser."""

from __future__ import annotations

import pytest

from support.world import BASE_URL, World
from vestibule.services import connections
from vestibule.services.rbac import Actor
from web.visits import Page, Visitor, at


async def begun(world: World, choice: str, mount: str = "portal") -> tuple[Visitor, str, Page]:
    """A new connection at its set-up page, and the connection's address."""
    visitor, its = await at(world, mount)
    page = await visitor.get(f"{its}/connections/new")
    page = await visitor.send(page, {"choice": choice})
    return visitor, page.path.removesuffix("/setup"), page


async def walked(world: World, visitor: Visitor, its: str) -> Page:
    """Walk the test sign-in through the identity provider, and come back."""
    page = await visitor.get(f"{its}/test")
    on_the_way = await visitor.send(page)
    url = on_the_way.document.xpath("//main//a/@href")[0]
    at_provider = await visitor.get(url)
    person = at_provider.document.xpath("//main//form")[0]
    fields = dict(person.form_values())
    button = person.xpath(".//button[@name]")
    if button:
        fields[button[0].get("name")] = button[0].get("value")
    action = person.get("action") or str(at_provider.answer.url)
    if person.get("method", "get").lower() == "post":
        result = Page(await visitor.client.post(action, data=fields))
    else:
        result = Page(await visitor.client.get(action, params=fields))
    forms = result.document.xpath("//form[@method='post' and .//input[@name='SAMLResponse']]")
    if forms:
        result = Page(
            await visitor.client.post(forms[0].get("action"), data=dict(forms[0].form_values()))
        )
    return result


async def status_of(world: World, its: str) -> str:
    found = await connections.get(
        world.rt,
        Actor(world.demo.project),
        world.demo.northwind.organization_id,
        its.rpartition("/")[2],
    )
    return found.status


@pytest.mark.parametrize("mount", ["portal", "dashboard"])
async def test_a_link_leads_to_a_green_test_and_an_active_connection(
    world: World, mount: str
) -> None:
    visitor, its, page = await begun(world, "generic/saml", mount)
    await visitor.send(page, {"pasted": world.demo.saml.idp_entity_id})
    page = await visitor.get(f"{its}/mapping")
    await visitor.send(
        page,
        {"field": ["email", "full_name", "groups"], "source": ["NameID", "name", "groups"]},
        button=("into", "draft"),
    )
    assert await status_of(world, its) == "pending"
    result = await walked(world, visitor, its)
    assert "This sign-in would work" in result.text
    page = await visitor.get(result.links()["Go on with the set-up"])
    assert "Passed" in page.text
    page = await visitor.send(page, form=1)
    assert "Activate" not in page.heading
    assert await status_of(world, its) == "active"


async def test_what_came_is_shown_where_a_test_could_not_map_it(world: World) -> None:
    """The administrator sees the names that the provider uses, not only that one is missing."""
    visitor, its, page = await begun(world, "okta/saml")
    await visitor.send(page, {"pasted": world.demo.saml.idp_entity_id})
    result = await walked(world, visitor, its)
    assert result.code == "saml_response_email_invalid"
    page = await visitor.get(f"{its}/mapping")
    assert "What the identity provider sent" in page.text
    assert "ada@northwind.example" in page.text
    assert "NameID" in page.document.xpath("//datalist[@id='came']/option/@value")


async def test_a_draft_is_not_activated_untested_by_accident(world: World) -> None:
    visitor, its, page = await begun(world, "okta/saml")
    await visitor.send(page, {"pasted": world.demo.saml.idp_entity_id})
    page = await visitor.get(f"{its}/activate")
    page = await visitor.send(page)
    assert page.status == 400
    assert await status_of(world, its) == "pending"
    await visitor.send(page, {"untested": "yes"})
    assert await status_of(world, its) == "active"


@pytest.mark.parametrize(
    ("pasted", "code"),
    [
        ("", "field_missing"),
        ("hello", "pasted_not_usable"),
        ("-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----", "pasted_private_key"),
        ("<html><body>Sign in</body></html>", "pasted_not_usable"),
        ("https://nowhere.invalid/metadata", "pasted_not_usable"),
        (f"{BASE_URL}/v1/public/sso/metadata/x", "pasted_not_usable"),
    ],
)
async def test_what_is_of_no_use_is_told_beside_the_box_and_changes_nothing(
    world: World, pasted: str, code: str
) -> None:
    visitor, its, page = await begun(world, "okta/saml")
    page = await visitor.send(page, {"pasted": pasted})
    assert page.code == code
    assert 400 <= page.status < 500
    assert (await visitor.get(f"{its}/draft")).status == 404


async def test_an_oidc_connection_is_set_up_from_its_issuer_and_client(world: World) -> None:
    visitor, its, page = await begun(world, "generic/oidc")
    held = world.demo.oidc
    page = await visitor.send(
        page,
        {
            "pasted": held.issuer,
            "client_id": held.client_id,
            "client_secret": held.client_secret,
        },
    )
    assert held.client_secret not in page.answer.text
    assert "Nothing is missing" in page.text
    result = await walked(world, visitor, its)
    assert "This sign-in would work" in result.text


async def test_the_preview_shows_what_comes_of_a_mapping_and_saves_nothing(world: World) -> None:
    await world.sign_in(world.demo.saml.connection_id)
    visitor, its = await at(world, "portal")
    its = f"{its}/connections/{world.demo.saml.connection_id}"
    page = await visitor.get(f"{its}/mapping")
    csrf = dict(page.form().form_values())["csrf"]
    shown = await visitor.post(
        f"{its}/mapping/preview",
        {
            "csrf": csrf,
            "field": ["email", "full_name"],
            "source": ["no-such-attribute", "name"],
        },
        origin=BASE_URL,
    )
    assert "The sign-in would end here" in shown.text
    after = await connections.get(
        world.rt,
        Actor(world.demo.project),
        world.demo.northwind.organization_id,
        world.demo.saml.connection_id,
    )
    assert after == world.demo.saml


async def test_an_earlier_version_is_brought_back(world: World) -> None:
    visitor, its = await at(world, "portal")
    its = f"{its}/connections/{world.demo.saml.connection_id}"
    page = await visitor.get(f"{its}/edit")
    await visitor.send(page, {"display_name": "Renamed"}, button=("into", "live"))
    page = await visitor.get(f"{its}/versions")
    assert "Renamed" in page.text
    done = await visitor.send(page)
    assert done.heading == world.demo.saml.display_name


@pytest.mark.parametrize("query", ["outcome=never", "cursor=nonsense", "email=%00"])
async def test_an_odd_question_for_sign_ins_is_a_clear_refusal(world: World, query: str) -> None:
    visitor, its = await at(world, "portal")
    page = await visitor.get(f"{its}/logins?{query}")
    assert page.status in (200, 400)
    assert "500" not in page.answer.text[:200]


async def test_a_sign_in_is_told_step_by_step_to_its_own_organization_alone(world: World) -> None:
    await world.sign_in(world.demo.saml.connection_id)
    visitor, its = await at(world, "portal")
    page = await visitor.get(f"{its}/logins")
    path = page.document.xpath("//tbody//a/@href")[0]
    told = await visitor.get(path)
    assert "Signature and conditions" in told.text
    other, _ = await at(world, "portal", world.demo.labs.organization_id)
    assert (await other.get(path)).status == 404


async def test_a_receiver_is_not_told_what_only_the_owner_knows(world: World) -> None:
    """Of an External sign-in the receiver reads which check failed, not the owner's addresses."""
    await world.sign_in(world.demo.labs_saml.connection_id)
    visitor, _ = await at(world, "portal", world.demo.labs.organization_id)
    page = await visitor.get("/portal/logins")
    told = await visitor.get(page.document.xpath("//tbody//a/@href")[0])
    assert "Signature and conditions" in told.text
    assert world.demo.saml.idp_entity_id not in told.answer.text
    operator, its = await at(world, "dashboard", world.demo.labs.organization_id)
    page = await operator.get(f"{its}/logins")
    told = await operator.get(page.document.xpath("//tbody//a/@href")[0])
    assert world.demo.saml.idp_entity_id in told.answer.text


async def test_a_receivers_test_does_not_show_the_owners_addresses_either(world: World) -> None:
    visitor, its = await at(world, "portal", world.demo.labs.organization_id)
    result = await walked(world, visitor, f"{its}/connections/{world.demo.labs_saml.connection_id}")
    assert "This sign-in would work" in result.text
    assert world.demo.saml.idp_entity_id not in result.answer.text
