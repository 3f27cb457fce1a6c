"""The pages of connections, in the dashboard and in the portal alike."""

from __future__ import annotations

import pytest

from support.world import World
from vestibule.services import connections
from vestibule.services.rbac import Actor
from web.visits import MOUNTS, at


@pytest.mark.parametrize("mount", MOUNTS)
async def test_every_connection_of_the_organization_is_listed_and_no_other(
    world: World, mount: str
) -> None:
    visitor, its = await at(world, mount)
    page = await visitor.get(f"{its}/connections")
    assert world.demo.saml.display_name in page.links()
    assert world.demo.oidc.display_name in page.links()
    assert world.demo.labs_saml.display_name not in page.links()


@pytest.mark.parametrize("mount", MOUNTS)
@pytest.mark.parametrize(("choice", "kind"), [("okta/saml", "saml"), ("generic/oidc", "oidc")])
async def test_a_connection_is_made_for_the_chosen_provider(
    world: World, mount: str, choice: str, kind: str
) -> None:
    visitor, its = await at(world, mount)
    page = await visitor.get(f"{its}/connections/new")
    await visitor.send(page, {"choice": choice, "display_name": "The new one"})
    found = await connections.get_all(
        world.rt, Actor(world.demo.project), world.demo.northwind.organization_id
    )
    made = next(c for c in [*found.saml, *found.oidc] if c.display_name == "The new one")
    assert made.kind == kind
    assert made.identity_provider == choice.partition("/")[0]
    assert made.status == "pending"


@pytest.mark.parametrize("choice", ["", "okta", "okta/external", "nobody/saml", "/"])
async def test_an_odd_choice_is_refused_beside_the_form(world: World, choice: str) -> None:
    visitor, its = await at(world, "portal")
    page = await visitor.get(f"{its}/connections/new")
    page = await visitor.send(page, {"choice": choice, "display_name": "The new one"})
    assert page.status == 400
    assert page.code
    assert dict(page.form().form_values())["display_name"] == "The new one"


@pytest.mark.parametrize("mount", MOUNTS)
@pytest.mark.parametrize("part", ["", "/edit", "/roles", "/sharing", "/certificates", "/delete"])
async def test_a_connection_of_another_organization_is_not_there(
    world: World, mount: str, part: str
) -> None:
    """Somebody who knows an id of another customer gets no further with it."""
    visitor, its = await at(world, mount)
    page = await visitor.get(f"{its}/connections/{world.demo.labs_saml.connection_id}{part}")
    assert page.status == 404
    assert world.demo.labs_saml.display_name not in page.answer.text


async def test_what_an_administrator_called_a_connection_is_text(world: World) -> None:
    hostile = "<img src=x onerror=alert(1)>{{ 7*7 }}"
    actor, owner = Actor(world.demo.project), world.demo.northwind.organization_id
    made = await connections.create_saml(
        world.rt, actor, owner, display_name=hostile, identity_provider="okta"
    )
    visitor, its = await at(world, "dashboard")
    for part in ("", f"/{made.connection_id}", f"/{made.connection_id}/edit"):
        page = await visitor.get(f"{its}/connections{part}")
        assert "<img src=x" not in page.answer.text
        assert "&lt;img src=x" in page.answer.text


@pytest.mark.parametrize("mount", MOUNTS)
async def test_the_settings_of_a_saml_connection_are_saved_at_once(
    world: World, mount: str
) -> None:
    visitor, its = await at(world, mount)
    name = world.demo.saml.connection_id
    page = await visitor.get(f"{its}/connections/{name}/edit")
    done = await visitor.send(
        page, {"display_name": "Renamed", "force_authn": "yes"}, button=("into", "live")
    )
    assert done.heading == "Renamed"
    changed = await connections.get(
        world.rt, Actor(world.demo.project), world.demo.northwind.organization_id, name
    )
    assert (changed.display_name, changed.force_authn) == ("Renamed", True)
    before = world.demo.saml
    for field in ("idp_entity_id", "idp_sso_url", "attribute_mapping", "sign_requests", "rules"):
        assert getattr(changed, field) == getattr(before, field), field


async def test_the_settings_of_an_oidc_connection_keep_the_secret_that_was_not_typed(
    world: World,
) -> None:
    visitor, its = await at(world, "portal")
    name = world.demo.oidc.connection_id
    page = await visitor.get(f"{its}/connections/{name}/edit")
    assert world.demo.oidc.client_secret not in page.answer.text
    await visitor.send(
        page, {"custom_scopes": "openid email offline_access"}, button=("into", "live")
    )
    changed = await connections.get(
        world.rt, Actor(world.demo.project), world.demo.northwind.organization_id, name
    )
    assert changed.custom_scopes == "openid email offline_access"
    assert changed.client_secret == world.demo.oidc.client_secret


async def test_a_change_of_a_connection_in_use_can_wait_in_a_draft(world: World) -> None:
    visitor, its = await at(world, "portal")
    name = world.demo.saml.connection_id
    page = await visitor.get(f"{its}/connections/{name}/edit")
    await visitor.send(page, {"display_name": "Not yet"}, button=("into", "draft"))
    live = await connections.get(
        world.rt, Actor(world.demo.project), world.demo.northwind.organization_id, name
    )
    assert live.display_name == world.demo.saml.display_name
    page = await visitor.get(f"{its}/connections/{name}/edit")
    assert dict(page.form().form_values())["display_name"] == "Not yet"


async def test_a_url_that_is_none_is_refused_and_what_was_typed_stays(world: World) -> None:
    visitor, its = await at(world, "portal")
    name = world.demo.saml.connection_id
    page = await visitor.get(f"{its}/connections/{name}/edit")
    page = await visitor.send(page, {"idp_sso_url": "javascript:alert(1)"}, button=("into", "live"))
    assert page.status == 400
    typed = page.document.xpath("//input[@name='idp_sso_url']")[0]
    assert typed.get("value") == "javascript:alert(1)"
    assert typed.get("aria-invalid") == "true"


@pytest.mark.parametrize("mount", MOUNTS)
async def test_deleting_says_how_many_lose_their_way_in_and_then_does_it(
    world: World, mount: str
) -> None:
    await world.sign_in(world.demo.saml.connection_id)
    await world.sign_in(world.demo.labs_saml.connection_id)
    visitor, its = await at(world, mount)
    name = world.demo.saml.connection_id
    page = await visitor.get(f"{its}/connections/{name}/delete")
    assert "2 sessions end at once" in page.text
    assert "1 other organization signs in through it" in page.text
    assert "Northwind Labs" in page.text
    page = await visitor.send(page)
    assert (await visitor.get(f"{its}/connections/{name}")).status == 404


@pytest.mark.parametrize("deed", ["", "add", "remove nobody", "activate x", "explode"])
async def test_an_odd_deed_with_a_certificate_changes_nothing(world: World, deed: str) -> None:
    visitor, its = await at(world, "portal")
    name = world.demo.saml.connection_id
    page = await visitor.get(f"{its}/connections/{name}/certificates")
    page = await visitor.send(page, {"x509_certificate": ""}, button=("deed", deed))
    assert 400 <= page.status < 500
    after = await connections.get(
        world.rt, Actor(world.demo.project), world.demo.northwind.organization_id, name
    )
    assert after == world.demo.saml


async def test_our_key_is_changed_in_three_steps(world: World) -> None:
    visitor, its = await at(world, "portal")
    name = world.demo.saml.connection_id
    path = f"{its}/connections/{name}/certificates"

    async def keys() -> list[str]:
        found = await connections.get(
            world.rt, Actor(world.demo.project), world.demo.northwind.organization_id, name
        )
        return [pair.certificate.certificate_id for pair in found.signing_keys]

    (old,) = await keys()
    await visitor.send(await visitor.get(path), button=("deed", "make"))
    old, new = await keys()
    await visitor.send(await visitor.get(path), button=("deed", f"activate {new}"))
    assert await keys() == [new, old]
    await visitor.send(await visitor.get(path), button=("deed", f"forget {old}"))
    assert await keys() == [new]


@pytest.mark.parametrize("mount", MOUNTS)
async def test_role_rules_are_saved_as_they_stand_in_the_form(world: World, mount: str) -> None:
    visitor, its = await at(world, mount)
    name = world.demo.saml.connection_id
    page = await visitor.get(f"{its}/connections/{name}/roles")
    await visitor.send(
        page,
        {
            "everybody": ["viewer", "lab-lead"],
            "group": ["admins", "", "sales"],
            "role": ["stytch_admin", "", "viewer"],
        },
    )
    after = await connections.get(
        world.rt, Actor(world.demo.project), world.demo.northwind.organization_id, name
    )
    assert set(after.rules.connection) == {"viewer", "lab-lead"}
    assert [(one.group, one.role_id) for one in after.rules.groups] == [
        ("admins", "stytch_admin"),
        ("sales", "viewer"),
    ]


async def test_groups_that_came_are_offered(world: World) -> None:
    await world.sign_in(world.demo.saml.connection_id)
    visitor, its = await at(world, "portal")
    page = await visitor.get(f"{its}/connections/{world.demo.saml.connection_id}/roles")
    offered = page.document.xpath("//datalist[@id='groups']/option/@value")
    assert "engineering" in offered


async def test_a_role_that_nobody_defined_is_refused(world: World) -> None:
    visitor, its = await at(world, "portal")
    page = await visitor.get(f"{its}/connections/{world.demo.saml.connection_id}/roles")
    page = await visitor.send(page, {"everybody": "owner-of-everything"})
    assert page.status == 400
    assert page.code == "invalid_rbac_role_id"
