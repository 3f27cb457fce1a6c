"""Presets through the API: the list, and the set-up of one connection of one's own."""

from __future__ import annotations

import re

import pytest

from support.world import BASE_URL, World
from vestibule.domain.connections import IDENTITY_PROVIDERS
from web.api.calls import (
    SSO,
    Caller,
    certificate,
    contents,
    done,
    give_permissions,
    organization,
    person_with,
    refusal_of,
    refused,
)

PRESETS = "/v1/b2b/presets"
SECRETS = re.compile(r"PRIVATE KEY|client_secret\"\s*:")


def setup_of(name: str, connection_id: str) -> str:
    return f"{SSO}/{name}/connections/{connection_id}/setup"


async def new(world: World, kind: str, identity_provider: str) -> str:
    body = {"identity_provider": identity_provider}
    made = done(await world.call("POST", f"{SSO}/{kind}/northwind", body))["connection"]
    found: str = made["connection_id"]
    return found


async def test_every_identity_provider_of_the_wire_is_listed(world: World) -> None:
    listed = done(await world.call("GET", PRESETS))["presets"]
    assert [one["identity_provider"] for one in listed] == list(IDENTITY_PROVIDERS)
    for one in listed:
        assert one["display_name"]
        assert one["description"]
        assert one["protocols"] in (["saml", "oidc"], ["saml"])


@pytest.mark.parametrize("kind", ["saml", "oidc"])
async def test_a_set_up_holds_the_values_of_its_connection(world: World, kind: str) -> None:
    connection_id = await new(world, kind, "generic")
    path = f"{SSO}/{kind}/northwind/connections/{connection_id}"
    callback = f"{BASE_URL}/v1/b2b/sso/callback/{connection_id}"
    metadata = f"{BASE_URL}/v1/public/sso/metadata/{connection_id}"
    for identity_provider in IDENTITY_PROVIDERS:
        done(await world.call("PUT", path, {"identity_provider": identity_provider}))
        found = done(await world.call("GET", setup_of("northwind", connection_id)))
        assert (found["connection_id"], found["protocol"]) == (connection_id, kind)
        assert found["identity_provider"] == identity_provider
        assert found["preset"] in (identity_provider, "generic")
        assert len(found["steps"]) >= 3
        values = [one["value"] for step in found["steps"] for one in step["values"]]
        assert not any("{" in value for value in values)
        assert callback in values or metadata in values
        names = {one["name"] for one in found["receives"]}
        assert {name for step in found["steps"] for name in step["collects"]} == names
        assert found["quirks"]


async def test_what_is_suggested_can_be_set_and_then_nothing_is_missing(world: World) -> None:
    connection_id = await new(world, "saml", "okta")
    path = f"{SSO}/saml/northwind/connections/{connection_id}"
    found = done(await world.call("GET", setup_of("northwind", connection_id)))
    assert found["missing"] == [
        "idp_entity_id", "idp_sso_url", "x509_certificate", "attribute_mapping",
    ]  # fmt: skip
    # Suggesting is not setting.
    done(await world.call("PUT", path, {"display_name": "Okta"}))
    listed = done(await world.call("GET", f"{SSO}/northwind"))["saml_connections"]
    assert [c["attribute_mapping"] for c in listed if c["connection_id"] == connection_id] == [{}]
    suggested = found["suggested"]
    body = {
        "attribute_mapping": suggested["attribute_mapping"],
        "nameid_format": suggested["nameid_format"],
        "idp_entity_id": "http://www.okta.com/exk1",
        "idp_sso_url": "https://acme.okta.com/app/exk1/sso/saml",
        "x509_certificate": certificate(0),
    }
    changed = done(await world.call("PUT", path, body))["connection"]
    assert changed["status"] == "active"
    assert changed["attribute_mapping"] == suggested["attribute_mapping"]
    again = done(await world.call("GET", setup_of("northwind", connection_id)))
    assert again["missing"] == []


async def test_an_alternative_acs_url_is_the_one_to_copy(world: World) -> None:
    connection_id = await new(world, "saml", "okta")
    other = "https://old.example/acs"
    path = f"{SSO}/saml/northwind/connections/{connection_id}"
    done(await world.call("PUT", path, {"alternative_acs_url": other}))
    found = done(await world.call("GET", setup_of("northwind", connection_id)))
    values = {one["label"]: one["value"] for step in found["steps"] for one in step["values"]}
    assert values["Single sign-on URL"] == other


async def test_tokens_that_need_a_parameter_come_with_it(world: World) -> None:
    connection_id = await new(world, "oidc", "google-workspace")
    found = done(await world.call("GET", setup_of("northwind", connection_id)))
    assert found["suggested"]["start_parameters"] == {
        "provider_access_type": "offline",
        "provider_prompt": "consent",
    }
    assert "offline_access" not in found["suggested"]["custom_scopes"]
    assert found["missing"] == [
        "issuer", "client_id", "client_secret", "authorization_url", "token_url", "userinfo_url",
        "jwks_url",
    ]  # fmt: skip


async def test_a_provider_without_steps_for_the_protocol_takes_the_generic_ones(
    world: World,
) -> None:
    connection_id = await new(world, "oidc", "rippling")
    found = done(await world.call("GET", setup_of("northwind", connection_id)))
    assert (found["identity_provider"], found["preset"]) == ("rippling", "generic")
    assert found["display_name"] == "Rippling"


async def test_a_set_up_shows_no_secret_and_changes_nothing(world: World) -> None:
    before = contents(world)
    for connection in (world.demo.saml, world.demo.oidc):
        answer = await world.call("GET", setup_of("northwind", connection.connection_id))
        assert done(answer)["missing"] == []
        assert not SECRETS.search(answer.text)
    assert world.demo.oidc.client_secret not in answer.text
    assert contents(world) == before


async def test_a_connection_of_others_is_like_one_that_never_was(world: World) -> None:
    """So is an External one: whose identity provider it uses is set up by its owner."""
    other = (await organization(world, "Other"))["organization_id"]
    made_up = "saml-connection-test-00000000-0000-4000-8000-000000000000"
    answers = []
    for connection_id in (world.demo.saml.connection_id, world.demo.oidc.connection_id, made_up):
        answer = await world.call("GET", setup_of(other, connection_id))
        refused(answer, 404, "sso_connection_not_found")
        told = refusal_of(answer)
        answers.append({**told, "request_id": "", "error_details": {}})
    assert answers[0] == answers[1] == answers[2]
    external = world.demo.labs_saml.connection_id
    answer = await world.call("GET", setup_of("northwind-labs", external))
    refused(answer, 404, "sso_connection_not_found")
    refused(await world.call("GET", setup_of("nobody", made_up)), 404, "organization_not_found")


async def test_a_member_needs_the_right_to_see_connections(world: World, admin: Caller) -> None:
    path = setup_of("northwind", world.demo.saml.connection_id)
    done(await world.call("GET", path, session=admin.token))
    refused(
        await world.call("GET", setup_of("northwind-labs", world.demo.labs_saml.connection_id),
                         session=admin.token),
        403,
        "session_authorization_tenancy_error",
    )  # fmt: skip
    await give_permissions(world, {"stytch.sso": ["update"]})
    tested = await person_with(world, ["tested"])
    refused(await world.call("GET", path, session=tested.token), 403, "session_authorization_error")
    await give_permissions(world, {"stytch.sso": ["get"]})
    done(await world.call("GET", path, session=tested.token))
