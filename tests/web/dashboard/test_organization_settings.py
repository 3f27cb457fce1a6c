"""The settings of an organization and its own roles, in the dashboard."""

from __future__ import annotations

from typing import Any

import pytest

from support.world import BASE_URL, World
from vestibule.domain.organizations import EmailRole, Organization
from vestibule.services import members, organizations
from web.page_rules import broken_rules
from web.visits import Visitor

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"


async def entered(world: World) -> tuple[Visitor, str]:
    visitor = await Visitor.as_developer(world)
    return visitor, f"{visitor.base}/organizations/{world.demo.northwind.organization_id}"


async def northwind(world: World) -> Organization:
    name = world.demo.northwind.organization_id
    return (await organizations.get(world.rt, world.actor, name)).organization


async def update(world: World, **changes: Any) -> None:
    name = world.demo.northwind.organization_id
    await organizations.update(world.rt, world.actor, name, changes)


async def test_settings_that_are_saved_as_they_stand_change_nothing(world: World) -> None:
    visitor, its = await entered(world)
    await update(
        world,
        trusted_metadata={"plan": "pro"},
        organization_external_id="crm-1",
        sso_jit_provisioning="RESTRICTED",
        sso_jit_provisioning_allowed_connections=[
            world.demo.oidc.connection_id,
            world.demo.saml.connection_id,
        ],
        sso_default_connection_id=world.demo.saml.connection_id,
        rbac_email_implicit_role_assignments=[{"domain": "a.example", "role_id": "viewer"}],
        allowed_auth_methods=["password", "sso"],
    )
    before = await northwind(world)
    page = await visitor.get(f"{its}/settings")
    assert broken_rules(page.answer.text) == []
    page = await visitor.send(page)
    assert page.heading == "Northwind"
    assert await northwind(world) == before


async def test_every_setting_is_written_as_it_was_typed(world: World) -> None:
    visitor, its = await entered(world)
    await members.create(
        world.rt,
        world.actor,
        world.demo.northwind.organization_id,
        {"email_address": "zq@northwind.example", "is_breakglass": True},
    )
    page = await visitor.get(f"{its}/settings")
    page = await visitor.send(
        page,
        {
            "organization_name": "Northwind Traders",
            "organization_slug": "traders",
            "organization_logo_url": "https://northwind.example/logo.svg",
            "organization_external_id": "crm-7",
            "auth_methods": "RESTRICTED",
            "allowed_auth_methods": ["sso", "magic_link"],
            "sso_default_connection_id": world.demo.oidc.connection_id,
            "sso_jit_provisioning": "RESTRICTED",
            "sso_jit_provisioning_allowed_connections": [world.demo.saml.connection_id],
            "email_allowed_domains": "Northwind.example\nb.example",
            "email_jit_provisioning": "RESTRICTED",
            "email_invites": "RESTRICTED",
            "domain": ["northwind.example", "", ""],
            "role": ["editor", "", ""],
            "trusted_metadata": '{"plan": "free"}',
        },
    )
    assert page.heading == "Northwind Traders"
    found = await northwind(world)
    assert (found.slug, found.external_id) == ("traders", "crm-7")
    assert found.logo_url == "https://northwind.example/logo.svg"
    assert found.trusted_metadata == {"plan": "free"}
    held = found.settings
    assert (held.auth_methods, held.allowed_auth_methods) == ("RESTRICTED", ("sso", "magic_link"))
    assert held.sso_default_connection_id == world.demo.oidc.connection_id
    assert held.sso_jit_provisioning == "RESTRICTED"
    assert held.sso_jit_provisioning_allowed_connections == (world.demo.saml.connection_id,)
    assert held.email_allowed_domains == ("northwind.example", "b.example")
    assert (held.email_jit_provisioning, held.email_invites) == ("RESTRICTED", "RESTRICTED")
    assert held.rbac_email_implicit_role_assignments == (EmailRole("northwind.example", "editor"),)
    assert "organization.updated" in page.text


async def test_an_external_id_that_is_emptied_is_taken_away(world: World) -> None:
    visitor, its = await entered(world)
    await update(world, organization_external_id="crm-1")
    page = await visitor.get(f"{its}/settings")
    await visitor.send(page, {"organization_external_id": ""})
    assert (await northwind(world)).external_id is None


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ({"organization_slug": "no good slug"}, "invalid_organization_slug"),
        ({"organization_slug": "northwind-labs"}, "organization_slug_already_used"),
        ({"organization_logo_url": "ftp://n.example/logo"}, "invalid_organization_logo_url"),
        ({"organization_external_id": "a b"}, "invalid_organization_external_id"),
        ({"email_allowed_domains": "gmail.com"}, "invalid_email_domain"),
        ({"email_invites": "RESTRICTED"}, "invalid_restricted_email_setting"),
        ({"sso_jit_provisioning": "RESTRICTED"}, "invalid_restricted_sso_setting"),
        ({"sso_jit_provisioning": "NOT_ALLOWED", "email_invites": "NOT_ALLOWED"},
         "email_provisioning_all_closed"),
        ({"sso_jit_provisioning": "SOMETIMES"}, "field_invalid"),
        ({"auth_methods": "RESTRICTED"}, "allowed_auth_methods_required_for_restricted"),
        ({"domain": ["gmail.com"], "role": ["viewer"]}, "rbac_domain_too_common"),
        ({"domain": ["a.example"], "role": ["nobody"]}, "invalid_rbac_role_id"),
        ({"sso_default_connection_id": "another"}, "invalid_sso_default_connection_id"),
        ({"trusted_metadata": "{"}, "field_invalid"),
    ],
)  # fmt: skip
async def test_what_cannot_stand_is_refused_and_nothing_typed_is_lost(
    world: World, typed: dict[str, Any], code: str
) -> None:
    visitor, its = await entered(world)
    before = await northwind(world)
    page = await visitor.get(f"{its}/settings")
    page = await visitor.send(page, {"organization_name": "Renamed", **typed})
    assert page.code == code
    assert page.status in (400, 409)
    assert dict(page.form().form_values())["organization_name"] == "Renamed"
    assert await northwind(world) == before
    assert broken_rules(page.answer.text) == []


async def test_a_connection_of_another_organization_is_no_default(world: World) -> None:
    visitor, its = await entered(world)
    page = await visitor.get(f"{its}/settings")
    other = world.demo.labs_saml.connection_id
    page = await visitor.send(page, {"sso_default_connection_id": other})
    assert page.code == "invalid_sso_default_connection_id"


async def test_a_method_that_shuts_every_administrator_out_is_asked_for_twice(
    world: World,
) -> None:
    visitor, its = await entered(world)
    done = await world.sign_in(world.demo.saml.connection_id)
    await members.update(
        world.rt,
        world.actor,
        world.demo.northwind.organization_id,
        done["member_id"],
        {"roles": ["stytch_admin"]},
    )
    page = await visitor.get(f"{its}/settings")
    await update(world, allowed_auth_methods=["password"])
    page = await visitor.get(f"{its}/settings")
    typed = {"auth_methods": "RESTRICTED", "allowed_auth_methods": ["password"]}
    page = await visitor.send(page, {**typed, "organization_name": "Renamed"})
    assert page.status == 400
    assert "Nobody could administer Northwind any more." in page.text
    assert "Ada Lovelace" in page.text
    assert (await northwind(world)).settings.auth_methods == "ALL_ALLOWED"
    assert broken_rules(page.answer.text) == []
    await visitor.send(page, {"lock_out": "yes"})
    found = await northwind(world)
    assert (found.name, found.settings.auth_methods) == ("Renamed", "RESTRICTED")


# --- its own roles --------------------------------------------------------------------------------


async def test_an_own_role_is_made_changed_and_ended(world: World) -> None:
    visitor, its = await entered(world)
    page = await visitor.get(f"{its}/roles/role")
    page = await visitor.send(
        page, {"role_id": "auditor", "grant": ["documents:read"], "all": ["experiments"]}
    )
    (role,) = (await northwind(world)).custom_roles
    granted = {one.resource_id: one.actions for one in role.permissions}
    assert granted == {"documents": ("read",), "experiments": ("*",)}
    page = await visitor.get(page.links()["auditor"])
    assert broken_rules(page.answer.text) == []
    page = await visitor.send(page, {"description": "Reads", "all": []})
    (role,) = (await northwind(world)).custom_roles
    assert (role.description, len(role.permissions)) == ("Reads", 1)
    await members.create(
        world.rt,
        world.actor,
        world.demo.northwind.organization_id,
        {"email_address": "zq@northwind.example", "roles": ["auditor"]},
    )
    page = await visitor.get(f"{its}/roles/role/delete?id=auditor")
    assert "1 member holds it" in page.text
    await visitor.send(page)
    assert (await northwind(world)).custom_roles == ()


@pytest.mark.parametrize("role_id", ["viewer", "stytch_admin", "stytch_x", ""])
async def test_an_own_role_by_a_name_that_is_taken_or_none_is_refused(
    world: World, role_id: str
) -> None:
    visitor, its = await entered(world)
    page = await visitor.get(f"{its}/roles/role")
    page = await visitor.send(
        page, {"role_id": role_id, "description": "Kept", "all": ["documents"]}
    )
    assert page.status == 400
    values = page.form().form_values()
    assert ("description", "Kept") in values
    assert ("all", "documents") in values
    assert (await northwind(world)).custom_roles == ()


@pytest.mark.parametrize("part", ["", "/delete"])
async def test_an_own_role_that_is_not_there_is_refused(world: World, part: str) -> None:
    visitor, its = await entered(world)
    assert (await visitor.get(f"{its}/roles/role{part}?id=nobody")).status == 400


# --- attacks --------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", ["settings", "roles/role", "roles/role/delete?id=own", "delete"])
@pytest.mark.parametrize("token", ["", "x" * 43])
async def test_a_forged_form_about_an_organization_changes_nothing(
    world: World, part: str, token: str
) -> None:
    """Cross-site request forgery: the cookie comes along by itself, the token does not."""
    visitor, its = await entered(world)
    page = await visitor.get(f"{its}/roles/role")
    await visitor.send(page, {"role_id": "own"})
    before = await northwind(world)
    forged = {"organization_name": "Forged", "role_id": "forged", "name": "Northwind"}
    page = await visitor.post(f"{its}/{part}", {**forged, "csrf": token}, origin=BASE_URL)
    assert page.status == 400
    assert "form_expired" in page.answer.text
    assert await northwind(world) == before


async def test_what_a_customer_is_called_is_text(world: World) -> None:
    visitor, its = await entered(world)
    await update(world, organization_name=HOSTILE, trusted_metadata={"</textarea>": HOSTILE})
    for part in ("", "/settings", "/delete", "/members", "/members/new", "/roles", "/roles/role"):
        page = await visitor.get(f"{its}{part}")
        assert page.status == 200
        assert "<script>alert" not in page.answer.text
        assert "<img" not in page.answer.text
        assert broken_rules(page.answer.text) == []
