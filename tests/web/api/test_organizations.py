"""Organizations as the wire has them (wire §2.1, §2.2, §2.5)."""

from __future__ import annotations

from typing import Any

import pytest

from support.world import World
from web.api.calls import (
    NORTHWIND,
    ORGANIZATIONS,
    SSO,
    contents,
    done,
    member,
    organization,
    refused,
    saml_connection,
    signed_in,
)


async def change(world: World, organization_id: str, **fields: Any) -> dict[str, Any]:
    path = f"{ORGANIZATIONS}/{organization_id}"
    found: dict[str, Any] = done(await world.call("PUT", path, fields))["organization"]
    return found


async def test_a_change_touches_what_was_sent_and_nothing_else(world: World) -> None:
    made = await organization(
        world,
        "Acme",
        organization_logo_url="https://logo.example/a.png",
        organization_external_id="crm|1",
        email_allowed_domains=["acme.example"],
    )
    changed = await change(world, made["organization_id"], mfa_policy="REQUIRED_FOR_ALL")
    assert {k for k in made if made[k] != changed[k]} == {"mfa_policy"}
    again = done(await world.call("GET", f"{ORGANIZATIONS}/crm|1"))["organization"]
    assert again == changed


async def test_lists_are_replaced_whole(world: World) -> None:
    made = await organization(world, "Acme", email_allowed_domains=["a.example", "b.example"])
    changed = await change(world, made["organization_id"], email_allowed_domains=["C.example"])
    assert changed["email_allowed_domains"] == ["c.example"]
    emptied = await change(world, made["organization_id"], email_allowed_domains=[])
    assert emptied["email_allowed_domains"] == []


async def test_metadata_is_merged_at_its_top_level(world: World) -> None:
    made = await organization(world, "Acme", trusted_metadata={"a": 1, "b": {"x": 1}, "c": [1]})
    changed = await change(
        world, made["organization_id"], trusted_metadata={"a": None, "b": {"y": 2}, "d": "new"}
    )
    assert changed["trusted_metadata"] == {"b": {"y": 2}, "c": [1], "d": "new"}
    same = await change(world, made["organization_id"], trusted_metadata={})
    assert same["trusted_metadata"] == changed["trusted_metadata"]


async def test_metadata_has_its_bounds(world: World) -> None:
    made = await organization(world, "Acme", trusted_metadata={f"k{n}": n for n in range(20)})
    path = f"{ORGANIZATIONS}/{made['organization_id']}"
    before = contents(world)
    answer = await world.call("PUT", path, {"trusted_metadata": {"one more": 1}})
    refused(answer, 400, "metadata_too_many_keys")
    answer = await world.call("PUT", path, {"trusted_metadata": {"k1": "ü" * 2100}})
    refused(answer, 400, "metadata_too_large")
    assert contents(world) == before
    swapped = {"trusted_metadata": {"k1": None, "one more": 1}}
    done(await world.call("PUT", path, swapped))


async def test_slugs_are_made_of_the_name_and_numbered(world: World) -> None:
    slugs = [(await organization(world, "Émile & Co"))["organization_slug"] for _ in range(3)]
    assert slugs == ["emile-co", "emile-co-2", "emile-co-3"]
    for name in ("Search", "Members", "???", "日本"):
        slug = (await organization(world, name))["organization_slug"]
        assert slug.startswith("organization")


async def test_a_slug_is_taken_once(world: World) -> None:
    await organization(world, "One", organization_slug="one")
    two = await organization(world, "Two")
    body = {"organization_name": "Other", "organization_slug": "one"}
    refused(await world.call("POST", ORGANIZATIONS, body), 400, "organization_slug_already_used")
    path = f"{ORGANIZATIONS}/{two['organization_id']}"
    answer = await world.call("PUT", path, {"organization_slug": "one"})
    refused(answer, 400, "organization_slug_already_used")
    done(await world.call("PUT", path, {"organization_slug": two["organization_slug"]}))


@pytest.mark.parametrize("slug", ["a", "x" * 129, "has space", "a/b", "é", "a|b", "saml", "ME"])
async def test_what_is_no_slug(world: World, slug: str) -> None:
    body = {"organization_name": "Acme", "organization_slug": slug}
    refused(await world.call("POST", ORGANIZATIONS, body), 400, "invalid_organization_slug")


@pytest.mark.parametrize("name", ["", " ", "x" * 129, "a\nb"])
async def test_what_is_no_name(world: World, name: str) -> None:
    body = {"organization_name": name}
    refused(await world.call("POST", ORGANIZATIONS, body), 400, "invalid_organization_name")
    refused(await world.call("PUT", NORTHWIND, body), 400, "invalid_organization_name")


async def test_external_ids(world: World) -> None:
    made = await organization(world, "One", organization_external_id="A.b_c-d|1")
    body = {"organization_name": "Two", "organization_external_id": "A.b_c-d|1"}
    answer = await world.call("POST", ORGANIZATIONS, body)
    refused(answer, 400, "organization_external_id_already_used")
    for value in ("has space", "a/b", "x" * 129, "é"):
        answer = await world.call(
            "POST", ORGANIZATIONS, {"organization_name": "T", "organization_external_id": value}
        )
        refused(answer, 400, "invalid_organization_external_id")
    path = f"{ORGANIZATIONS}/{made['organization_id']}/external_id"
    found = done(await world.call("DELETE", path))["organization"]
    assert found["organization_external_id"] is None
    done(await world.call("POST", ORGANIZATIONS, body))


async def test_defaults(world: World) -> None:
    plain = await organization(world, "Plain")
    assert plain["sso_jit_provisioning"] == plain["email_invites"] == "ALL_ALLOWED"
    assert plain["email_jit_provisioning"] == "NOT_ALLOWED"
    assert plain["auth_methods"] == plain["mfa_methods"] == "ALL_ALLOWED"
    assert plain["mfa_policy"] == "OPTIONAL"
    # One auth setting of the caller's own, and invitations are no longer open by default.
    asked = await organization(world, "Asked", mfa_policy="OPTIONAL")
    assert asked["email_invites"] == "NOT_ALLOWED"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"auth_methods": "RESTRICTED"}, "allowed_auth_methods_required_for_restricted"),
        ({"mfa_methods": "RESTRICTED"}, "allowed_mfa_methods_required_for_restricted"),
        ({"sso_jit_provisioning": "RESTRICTED"}, "invalid_restricted_sso_setting"),
        ({"email_invites": "RESTRICTED"}, "invalid_restricted_email_setting"),
        ({"email_jit_provisioning": "RESTRICTED"}, "invalid_restricted_email_setting"),
        ({"allowed_auth_methods": ["telepathy"]}, "invalid_organization_allowed_auth_methods"),
        (
            {
                "rbac_email_implicit_role_assignments": [
                    {"domain": "gmail.com", "role_id": "viewer"}
                ]
            },
            "rbac_domain_too_common",
        ),
        (
            {"rbac_email_implicit_role_assignments": [{"domain": "no", "role_id": "viewer"}]},
            "rbac_invalid_domain",
        ),
        (
            {"rbac_email_implicit_role_assignments": [{"domain": "a.example", "role_id": "none"}]},
            "invalid_rbac_role_id",
        ),
    ],
)
async def test_settings_that_cannot_stand(world: World, fields: dict[str, Any], code: str) -> None:
    before = contents(world)
    refused(await world.call("PUT", NORTHWIND, fields), 400, code)
    answer = await world.call("POST", ORGANIZATIONS, {"organization_name": "New", **fields})
    refused(answer, 400, code)
    assert contents(world) == before


async def test_not_every_way_in_may_be_closed(world: World) -> None:
    closed = {"sso_jit_provisioning": "NOT_ALLOWED", "email_invites": "NOT_ALLOWED"}
    answer = await world.call("PUT", NORTHWIND, closed)
    assert answer.status_code == 400
    done(await world.call("PUT", NORTHWIND, {"sso_jit_provisioning": "NOT_ALLOWED"}))
    answer = await world.call("PUT", NORTHWIND, {"email_invites": "NOT_ALLOWED"})
    assert answer.status_code == 400


@pytest.mark.parametrize("domain", ["gmail.com", "GMX.de", "no", "a..b", "-a.example", "é.example"])
async def test_domains_that_are_nobodys_own(world: World, domain: str) -> None:
    for field in ("email_allowed_domains", "claimed_email_domains"):
        answer = await world.call("PUT", NORTHWIND, {field: [domain]})
        assert answer.status_code == 400, (field, answer.text)


async def test_settings_name_open_connections_of_the_organization(world: World) -> None:
    pending = await saml_connection(world, active=False)
    foreign = world.demo.labs_saml.connection_id
    for name in (pending["connection_id"], foreign, "unknown"):
        answer = await world.call("PUT", NORTHWIND, {"sso_default_connection_id": name})
        refused(answer, 400, "invalid_sso_default_connection_id")
        body = {
            "sso_jit_provisioning": "RESTRICTED",
            "sso_jit_provisioning_allowed_connections": [name],
        }
        refused(await world.call("PUT", NORTHWIND, body), 400, "invalid_restricted_sso_setting")
    own = world.demo.saml.connection_id
    done(
        await world.call(
            "PUT",
            NORTHWIND,
            {
                "sso_default_connection_id": own,
                "sso_jit_provisioning": "RESTRICTED",
                "sso_jit_provisioning_allowed_connections": [own],
            },
        )
    )
    # An External connection may stand there as well.
    labs = f"{ORGANIZATIONS}/northwind-labs"
    done(await world.call("PUT", labs, {"sso_default_connection_id": foreign}))


async def test_active_connections_are_listed_with_the_provider_behind_them(world: World) -> None:
    labs = done(await world.call("GET", f"{ORGANIZATIONS}/northwind-labs"))["organization"]
    assert {c["connection_id"] for c in labs["sso_active_connections"]} == {
        world.demo.labs_saml.connection_id,
        world.demo.labs_oidc.connection_id,
    }
    assert {c["identity_provider"] for c in labs["sso_active_connections"]} == {"generic"}


async def test_members_are_counted_without_those_who_left(world: World) -> None:
    made = await organization(world, "Counted")
    name = made["organization_id"]
    first = await member(world, "a@example.com", name)
    await member(world, "b@example.com", name)
    done(await world.call("DELETE", f"{ORGANIZATIONS}/{name}/members/{first['member_id']}"))
    assert done(await world.call("GET", f"{ORGANIZATIONS}/{name}/metrics"))["member_count"] == 1


async def test_all_of_an_organization_goes_with_it(world: World) -> None:
    who = await signed_in(world)
    labs = await signed_in(world, connection_id=world.demo.labs_saml.connection_id)
    done(await world.call("DELETE", NORTHWIND))
    refused(await world.call("GET", NORTHWIND), 404, "organization_not_found")
    for token in (who.token, labs.token):
        answer = await world.call("POST", "/v1/b2b/sessions/authenticate", {"session_token": token})
        refused(answer, 404, "session_not_found")
    answer = await world.call(
        "GET", f"{ORGANIZATIONS}/members/dangerously_get/{who.member_id}?include_deleted=true"
    )
    refused(answer, 404, "member_not_found")
    # What Labs had built on it is gone too; Labs and its people stay.
    left = done(await world.call("GET", f"{SSO}/northwind-labs"))
    assert left["external_connections"] == []
    done(await world.call("GET", f"{ORGANIZATIONS}/members/dangerously_get/{labs.member_id}"))
