"""Connections as the wire has them: SAML, OIDC, External, and the owner's side (wire §3)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest

from peers import certificates
from support.world import BASE_URL, World
from vestibule.domain.connections import IDENTITY_PROVIDERS
from vestibule.protocols.http import HttpResponse
from web.api.calls import (
    ADA,
    MAPPING,
    NORTHWIND,
    ORGANIZATIONS,
    SESSIONS,
    SSO,
    certificate,
    code_of,
    contents,
    done,
    organization,
    refused,
    saml_connection,
    signed_in,
)

SAML = f"{SSO}/saml/northwind"
OIDC = f"{SSO}/oidc/northwind"
LABS = f"{ORGANIZATIONS}/northwind-labs"
ISSUER = "https://idp.example/tenant"
OIDC_URLS = {
    "authorization_url": "https://idp.example/authorize",
    "token_url": "https://idp.example/token",
    "userinfo_url": "https://idp.example/userinfo",
    "jwks_url": "https://idp.example/jwks",
}


async def change(world: World, path: str, **fields: Any) -> dict[str, Any]:
    found: dict[str, Any] = done(await world.call("PUT", path, fields))["connection"]
    return found


async def new_oidc(world: World, **fields: Any) -> str:
    made = done(await world.call("POST", OIDC, fields))["connection"]
    assert made["status"] == "pending"
    return f"{OIDC}/connections/{made['connection_id']}"


# --- common -------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["saml", "oidc"])
async def test_a_new_connection_is_pending_and_says_where_it_will_be(
    world: World, kind: str
) -> None:
    body = {"display_name": "Ours", "identity_provider": "okta"}
    made = done(await world.call("POST", f"{SSO}/{kind}/northwind", body))["connection"]
    assert made["status"] == "pending"
    assert made["connection_id"].startswith(f"{kind}-connection-test-")
    url = f"{BASE_URL}/v1/b2b/sso/callback/{made['connection_id']}"
    if kind == "saml":
        assert made["acs_url"] == made["audience_uri"] == url
        assert made["nameid_format"].endswith(":emailAddress")
        assert len(made["signing_certificates"]) == 1
    else:
        assert made["redirect_url"] == url
    plain = done(await world.call("POST", f"{SSO}/{kind}/northwind", {}))["connection"]
    assert (plain["display_name"], plain["identity_provider"]) == ("", "generic")
    for body, code in (
        ({"identity_provider": "Okta"}, "invalid_sso_idp"),
        ({"display_name": "x" * 129}, "invalid_display_name"),
    ):
        refused(await world.call("POST", f"{SSO}/{kind}/northwind", body), 400, code)
    for provider in IDENTITY_PROVIDERS:
        path = f"{SSO}/{kind}/northwind/connections/{made['connection_id']}"
        assert (await change(world, path, identity_provider=provider))["status"] == "pending"


async def test_all_connections_are_listed_in_the_order_of_creation(world: World) -> None:
    made = []
    for _ in range(3):
        world.advance(seconds=1)
        made.append((await saml_connection(world, active=False))["connection_id"])
    found = done(await world.call("GET", f"{SSO}/northwind"))
    assert [c["connection_id"] for c in found["saml_connections"]] == [
        world.demo.saml.connection_id, *made
    ]  # fmt: skip
    assert len(found["oidc_connections"]) == 1
    assert found["external_connections"] == []


async def test_the_default_connection_is_deleted_last(world: World) -> None:
    default = world.demo.saml.connection_id
    done(await world.call("PUT", NORTHWIND, {"sso_default_connection_id": default}))
    path = f"{SSO}/northwind/connections"
    answer = await world.call("DELETE", f"{path}/{default}")
    refused(answer, 400, "cannot_delete_default_sso_connection")
    done(await world.call("DELETE", f"{path}/{world.demo.oidc.connection_id}"))
    done(await world.call("DELETE", f"{path}/{default}"))
    found = done(await world.call("GET", NORTHWIND))["organization"]
    assert found["sso_default_connection_id"] is None


async def test_a_connection_goes_with_all_that_stood_on_it(world: World) -> None:
    source = world.demo.saml.connection_id
    external = world.demo.labs_saml.connection_id
    restricted = {
        "sso_jit_provisioning": "RESTRICTED",
        "sso_jit_provisioning_allowed_connections": [external],
        "sso_default_connection_id": external,
    }
    done(await world.call("PUT", LABS, restricted))
    here = await signed_in(world)
    there = await signed_in(world, connection_id=external)
    by_oidc = await signed_in(world, connection_id=world.demo.oidc.connection_id)
    gone = done(await world.call("DELETE", f"{SSO}/northwind/connections/{source}"))
    assert gone["connection_id"] == source
    for who in (here, there):
        answer = await world.call("POST", f"{SESSIONS}/authenticate", {"session_token": who.token})
        refused(answer, 404, "session_not_found")
    done(await world.call("POST", f"{SESSIONS}/authenticate", {"session_token": by_oidc.token}))
    labs = done(await world.call("GET", LABS))["organization"]
    assert labs["sso_jit_provisioning"] == "NOT_ALLOWED"
    assert labs["sso_jit_provisioning_allowed_connections"] == []
    assert labs["sso_default_connection_id"] is None
    shown = done(await world.call("GET", f"{NORTHWIND}/member?member_id={here.member_id}"))
    assert [r["connection_id"] for r in shown["member"]["sso_registrations"]] == [
        world.demo.oidc.connection_id
    ]
    # What the login had brought of the person stays with the person.
    assert shown["member"]["trusted_metadata"]["department"] == ADA.department


# --- SAML ---------------------------------------------------------------------------------------


async def test_saml_becomes_active_with_its_last_missing_part(world: World) -> None:
    made = await saml_connection(world, active=False)
    path = f"{SAML}/connections/{made['connection_id']}"
    for part in (
        {"x509_certificate": certificate(0)},
        {"idp_entity_id": "https://idp.example/entity"},
        {"attribute_mapping": MAPPING},
    ):
        assert (await change(world, path, **part))["status"] == "pending"
    active = await change(world, path, idp_sso_url="https://idp.example/sso")
    assert active["status"] == "active"
    assert active["attribute_mapping"] == MAPPING
    for field, code in (
        ("idp_entity_id", "invalid_idp_entity_id"),
        ("idp_sso_url", "saml_connection_idp_sso_url_required"),
        ("attribute_mapping", "saml_connection_attribute_mapping_required"),
    ):
        empty: Any = {} if field == "attribute_mapping" else ""
        refused(await world.call("PUT", path, {field: empty}), 400, code)
    renamed = await change(world, path, display_name="Renamed")
    assert {k for k in active if active[k] != renamed[k]} == {"display_name"}


async def test_certificates_are_added_up_to_five_and_deleted_down_to_one(world: World) -> None:
    made = await saml_connection(world)
    path = f"{SAML}/connections/{made['connection_id']}"
    for number in range(5):
        found = await change(world, path, x509_certificate=certificate(number))
        # The same one again changes nothing.
        found = await change(world, path, x509_certificate=certificate(number))
        assert len(found["verification_certificates"]) == number + 1
    answer = await world.call("PUT", path, {"x509_certificate": certificate(5)})
    refused(answer, 400, "too_many_sso_verification_certificates")
    *others, last = [c["certificate_id"] for c in found["verification_certificates"]]
    for certificate_id in others:
        gone = await world.call("DELETE", f"{path}/verification_certificates/{certificate_id}")
        assert done(gone)["certificate_id"] == certificate_id
    answer = await world.call("DELETE", f"{path}/verification_certificates/{others[0]}")
    refused(answer, 404, "sso_verification_key_not_found")
    answer = await world.call("DELETE", f"{path}/verification_certificates/{last}")
    refused(answer, 400, "cannot_delete_last_sso_verification_key")
    for text in ("x", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"):
        answer = await world.call("PUT", path, {"x509_certificate": text})
        refused(answer, 400, "invalid_x509_certificate")


async def test_private_keys_go_in_and_never_come_out(world: World) -> None:
    made = await saml_connection(world)
    path = f"{SAML}/connections/{made['connection_id']}"
    pair = certificates.make_key_pair("ours")
    found = await change(
        world, path, signing_private_key=pair.key_pem, saml_encryption_private_key=pair.key_pem
    )
    first = made["signing_certificates"][0]["certificate_id"]
    assert [c["certificate_id"] for c in found["signing_certificates"]][1:] == [first]
    public = certificates.public_key_pem(found["signing_certificates"][0]["certificate"])
    assert public == certificates.public_key_pem(pair.certificate_pem)
    key = found["encryption_private_keys"][0]
    assert key["private_key_id"].startswith("saml-encryption-key-test-")
    assert key["private_key"] == ""
    listed = (await world.call("GET", f"{SSO}/northwind")).text
    assert "PRIVATE KEY" not in listed
    deleting = f"{path}/encryption_private_keys/{key['private_key_id']}"
    assert done(await world.call("DELETE", deleting))["private_key_id"] == key["private_key_id"]
    refused(await world.call("DELETE", deleting), 404, "sso_encryption_private_key_not_found")
    for name in ("signing_private_key", "saml_encryption_private_key"):
        answer = await world.call("PUT", path, {name: "-----BEGIN PRIVATE KEY-----\nAAAA"})
        assert answer.status_code == 400
        assert "AAAA" not in answer.text


@pytest.mark.parametrize(
    ("mapping", "code"),
    [
        ({"full_name": "name"}, "saml_connection_email_mapping_required"),
        ({"email": "NameID"}, "saml_connection_name_mapping_required"),
        ({"email": "NameID", "first_name": "f"}, "saml_connection_name_mapping_required"),
        ({"email": "NameID", "full_name": {"a": "b"}},
         "saml_connection_no_nested_keys_in_attribute_mapping"),
        ({"email": "NameID", "full_name": 7},
         "saml_connection_no_nested_keys_in_attribute_mapping"),
        ({**MAPPING, "x" * 129: "a"}, "bad_request"),
        ({**MAPPING, **{f"k{n}": "a" for n in range(50)}}, "bad_request"),
    ],
)  # fmt: skip
async def test_mappings_that_name_nobody(world: World, mapping: Any, code: str) -> None:
    path = f"{SAML}/connections/{world.demo.saml.connection_id}"
    before = contents(world)
    refused(await world.call("PUT", path, {"attribute_mapping": mapping}), 400, code)
    assert contents(world) == before


async def test_group_roles_need_groups_in_the_mapping(world: World) -> None:
    made = await saml_connection(world)
    path = f"{SAML}/connections/{made['connection_id']}"
    rule = {"saml_group_implicit_role_assignments": [{"role_id": "viewer", "group": "eng"}]}
    code = "saml_connection_attribute_mapping_missing_groups_key"
    refused(await world.call("PUT", path, rule), 400, code)
    found = await change(world, path, **rule, attribute_mapping={**MAPPING, "groups": "groups"})
    assert (
        found["saml_group_implicit_role_assignments"]
        == rule["saml_group_implicit_role_assignments"]
    )
    refused(await world.call("PUT", path, {"attribute_mapping": MAPPING}), 400, code)
    both = await change(
        world, path, attribute_mapping=MAPPING, saml_group_implicit_role_assignments=[]
    )
    assert both["saml_group_implicit_role_assignments"] == []


@pytest.mark.parametrize(
    "name", ["saml_connection_implicit_role_assignments", "saml_group_implicit_role_assignments"]
)
async def test_rules_give_roles_that_exist(world: World, name: str) -> None:
    path = f"{SAML}/connections/{world.demo.saml.connection_id}"
    for role_id, code in (
        ("unheard-of", "invalid_rbac_role_id"),
        ("stytch_member", "cannot_assign_default_rbac_role_id"),
    ):
        rule = {"role_id": role_id, "group": "eng"}
        refused(await world.call("PUT", path, {name: [rule]}), 400, code)


async def test_saml_from_metadata(world: World) -> None:
    made = await saml_connection(world, active=False)
    path = f"{SAML}/connections/{made['connection_id']}"
    url = f"{world.idp.base}/saml/metadata"
    found = await change(world, f"{path}/url", metadata_url=url)
    assert found["status"] == "pending"
    assert found["idp_entity_id"] == world.idp.address.entity_id
    assert found["idp_sso_url"] == world.idp.address.sso_url
    assert len(found["verification_certificates"]) == 1
    assert (await change(world, path, attribute_mapping=MAPPING))["status"] == "active"
    again = await change(world, f"{path}/url", metadata_url=url)
    assert again["verification_certificates"] == found["verification_certificates"]
    before = contents(world)
    for wrong in ("x", "", "ftp://a.example/", "http://[::1", "https://u@a.example/", "https:///x"):
        answer = await world.call("PUT", f"{path}/url", {"metadata_url": wrong})
        refused(answer, 400, "invalid_saml_metadata_url")
    world.answers.append(HttpResponse(200, {}, b"<html>"))
    answer = await world.call("PUT", f"{path}/url", {"metadata_url": "https://a.example/m"})
    refused(answer, 400, "saml_connection_metadata_invalid_format")
    assert contents(world) == before


# --- OIDC ---------------------------------------------------------------------------------------


async def test_oidc_becomes_active_with_its_last_missing_part(world: World) -> None:
    path = await new_oidc(world)
    world.answers.append(HttpResponse(404, {}, b""))
    answer = done(await world.call("PUT", path, {"issuer": ISSUER, **OIDC_URLS}))
    assert "could not be used" in answer["warning"]
    assert answer["connection"]["status"] == "pending"
    assert (await change(world, path, client_id="id"))["status"] == "pending"
    active = await change(world, path, client_secret="hush")
    assert active["status"] == "active"
    # The wire says so: the secret is shown to whoever holds the project's own.
    assert active["client_secret"] == "hush"
    for field in ("issuer", "client_id", "client_secret", *OIDC_URLS):
        answer = await world.call("PUT", path, {field: ""})
        assert answer.status_code == 400, field
        assert answer.json()["error_details"]["code"] == f"oidc_connection_{field}_required"


async def test_a_key_of_the_connections_own_takes_the_place_of_the_secret(world: World) -> None:
    path = await new_oidc(world)
    world.answers.append(HttpResponse(404, {}, b""))
    done(await world.call("PUT", path, {"issuer": ISSUER, "client_id": "id", **OIDC_URLS}))
    made = await change(world, path, token_endpoint_auth_method="private_key_jwt")
    assert made["status"] == "active"
    assert made["client_secret"] == ""
    assert made["client_certificates"][0]["certificate"].startswith("-----BEGIN CERTIFICATE-----")
    place = urlsplit(made["client_jwks_url"]).path
    async with world.client() as anybody:
        first = await anybody.get(place)
    (key,) = first.json()["keys"]
    assert not key.keys() & {"d", "p", "q", "dp", "dq", "qi"}
    assert key["kid"] == made["client_certificates"][0]["certificate_id"]
    # The key stays, whatever else is changed and however often it is asked for.
    again = await change(world, path, token_endpoint_auth_method="private_key_jwt")
    assert again["client_certificates"] == made["client_certificates"]
    answer = await world.call("PUT", path, {"token_endpoint_auth_method": ""})
    assert code_of(answer) == "oidc_connection_client_secret_required"
    answer = await world.call("PUT", path, {"token_endpoint_auth_method": "client_secret_jwt"})
    assert code_of(answer) == "field_invalid"
    back = {"token_endpoint_auth_method": "client_secret_post", "client_secret": "hush"}
    assert (await change(world, path, **back))["status"] == "active"


async def test_keys_are_shown_of_openid_connections_alone(world: World) -> None:
    async with world.client() as anybody:
        for name in (world.demo.saml.connection_id, world.demo.labs_oidc.connection_id, "nobody"):
            answer = await anybody.get(
                f"/v1/public/sso/jwks/{name}", headers={"accept": "application/json"}
            )
            assert answer.status_code == 404
        none = await anybody.get(f"/v1/public/sso/jwks/{world.demo.oidc.connection_id}")
        assert none.json() == {"keys": []}


async def test_a_new_issuer_is_asked_and_the_callers_word_wins(world: World) -> None:
    path = await new_oidc(world)
    issuer = world.idp.address.issuer
    sent = len(world.sent)
    answer = done(
        await world.call("PUT", path, {"issuer": issuer, "token_url": "https://own.example/token"})
    )
    assert answer["warning"] == ""
    found = answer["connection"]
    assert found["authorization_url"] == f"{issuer}/authorize"
    assert found["jwks_url"] == f"{issuer}/jwks"
    assert found["token_url"] == "https://own.example/token"
    assert [r.url for r in world.sent[sent:]] == [f"{issuer}/.well-known/openid-configuration"]
    # The same issuer again is not asked again.
    sent = len(world.sent)
    done(await world.call("PUT", path, {"issuer": issuer, "display_name": "Same"}))
    assert len(world.sent) == sent


async def test_an_issuer_that_is_somebody_else_is_not_believed(world: World) -> None:
    path = await new_oidc(world)
    claimed = (
        b'{"issuer": "https://evil.example", "authorization_endpoint": "https://evil.example"}'
    )
    world.answers.append(HttpResponse(200, {"content-type": "application/json"}, claimed))
    answer = done(await world.call("PUT", path, {"issuer": ISSUER}))
    assert answer["warning"]
    assert answer["connection"]["issuer"] == ISSUER
    assert answer["connection"]["authorization_url"] == ""


@pytest.mark.parametrize("field", ["issuer", *OIDC_URLS])
async def test_what_is_no_url(world: World, field: str) -> None:
    path = f"{OIDC}/connections/{world.demo.oidc.connection_id}"
    before = contents(world)
    stem = "issuer_url" if field == "issuer" else field
    sent = len(world.sent)
    for value in ("x", "ftp://a.example", "https://", "https://u:p@a.example", "javascript:1",
                  "https://a.example/ b", "https://a.example/#f"):  # fmt: skip
        answer = await world.call("PUT", path, {field: value})
        refused(answer, 400, f"oidc_connection_{stem}_invalid_format")
    assert len(world.sent) == sent
    assert contents(world) == before


async def test_scopes_follow_their_grammar(world: World) -> None:
    path = await new_oidc(world)
    for scopes in ("openid email groups", "offline_access https://a.example/x.read", "a%20b", ""):
        assert (await change(world, path, custom_scopes=scopes))["custom_scopes"] == scopes
    for scopes in ('"quoted"', "back\\slash", "tab\tbed", "é", "x" * 5000):
        answer = await world.call("PUT", path, {"custom_scopes": scopes})
        refused(answer, 400, "bad_request")


async def test_an_oidc_mapping_has_no_mandatory_keys(world: World) -> None:
    path = await new_oidc(world)
    found = await change(world, path, attribute_mapping={"department": "org.unit", "none": ""})
    assert found["attribute_mapping"] == {"department": "org.unit"}
    answer = await world.call("PUT", path, {"attribute_mapping": {"a": {"b": "c"}}})
    refused(answer, 400, "saml_connection_no_nested_keys_in_attribute_mapping")
    # Roles by group need no mapping: there is a claim by default.
    rules = [{"role_id": "viewer", "group": "eng"}]
    found = await change(world, path, oidc_group_implicit_role_assignments=rules)
    assert found["oidc_group_implicit_role_assignments"] == rules


# --- External -----------------------------------------------------------------------------------


def external_body(world: World, **fields: Any) -> dict[str, Any]:
    return {
        "external_organization_id": world.demo.northwind.organization_id,
        "external_connection_id": world.demo.saml.connection_id,
        **fields,
    }


async def test_an_external_connection_in_either_spelling(world: World) -> None:
    roles, groups = [{"role_id": "viewer"}], [{"role_id": "editor", "group": "eng"}]
    for number, prefix in enumerate(("", "external_")):
        name = (await organization(world, f"Receiver {number}"))["organization_id"]
        fields = {
            f"{prefix}connection_implicit_role_assignments": roles,
            f"{prefix}group_implicit_role_assignments": groups,
        }
        body = external_body(world, external_organization_id="northwind", **fields)
        path = f"{SSO}/external/{name}"
        made = done(await world.call("POST", path, body))["connection"]
        assert made["connection_id"].startswith("external-connection-test-")
        assert made["organization_id"] == name
        assert made["external_organization_id"] == world.demo.northwind.organization_id
        assert made["external_connection_id"] == world.demo.saml.connection_id
        assert made["status"] == "active"
        assert made["external_connection_implicit_role_assignments"] == roles
        assert made["external_group_implicit_role_assignments"] == groups
        one = f"{path}/connections/{made['connection_id']}"
        emptied = {name: [] for name in fields}
        changed = await change(world, one, display_name="Renamed", **emptied)
        assert changed["external_connection_implicit_role_assignments"] == []
        assert changed["external_group_implicit_role_assignments"] == []
        assert changed["display_name"] == "Renamed"
        # Where it leads never changes.
        moved = await change(world, one, external_connection_id=world.demo.oidc.connection_id)
        assert moved["external_connection_id"] == world.demo.saml.connection_id


async def test_external_connections_that_lead_nowhere(world: World) -> None:
    pending = (await saml_connection(world, active=False))["connection_id"]
    receiver = (await organization(world, "Receiver"))["organization_id"]
    labs = world.demo.labs.organization_id
    path = f"{SSO}/external/{receiver}"
    before = contents(world)
    for fields, status, code in (
        ({"external_organization_id": "unknown"}, 404, "organization_not_found"),
        ({"external_organization_id": receiver}, 400,
         "external_organization_id_same_as_organization_id"),
        ({"external_connection_id": "unknown"}, 404, "external_connection_id_not_found"),
        ({"external_organization_id": labs}, 404, "external_connection_id_not_found"),
        # No chains: an External connection is like none.
        ({"external_organization_id": labs,
          "external_connection_id": world.demo.labs_saml.connection_id},
         404, "external_connection_id_not_found"),
        ({"external_connection_id": pending}, 400, "external_connection_not_active"),
        ({"connection_implicit_role_assignments": [{"role_id": "none"}]}, 400,
         "invalid_rbac_role_id"),
    ):  # fmt: skip
        answer = await world.call("POST", path, external_body(world, **fields))
        refused(answer, status, code)
    assert contents(world) == before
    done(await world.call("POST", path, external_body(world)))
    answer = await world.call("POST", path, external_body(world))
    refused(answer, 400, "duplicate_external_sso_connection")


async def test_deleting_an_external_connection_leaves_its_source(world: World) -> None:
    there = await signed_in(world, connection_id=world.demo.labs_saml.connection_id)
    here = await signed_in(world)
    path = f"{SSO}/northwind-labs/connections/{world.demo.labs_saml.connection_id}"
    done(await world.call("DELETE", path))
    answer = await world.call("POST", f"{SESSIONS}/authenticate", {"session_token": there.token})
    refused(answer, 404, "session_not_found")
    done(await world.call("POST", f"{SESSIONS}/authenticate", {"session_token": here.token}))


async def test_the_owner_approves_and_revokes(world: World) -> None:
    source = world.demo.saml.connection_id
    own = f"{SAML}/connections/{source}"
    assert (await change(world, own, external_sharing="approval"))["external_sharing"] == "approval"
    receiver = (await organization(world, "Receiver"))["organization_id"]
    path = f"{SSO}/external/{receiver}"
    made = done(await world.call("POST", path, external_body(world)))["connection"]
    assert made["status"] == "pending"
    shared = f"{SSO}/northwind/connections/{source}/external"
    listed = done(await world.call("GET", shared))["shared_with"]
    assert {one["external_connection_id"]: one["status"] for one in listed} == {
        world.demo.labs_saml.connection_id: "active",
        made["connection_id"]: "pending",
    }
    # The receiver cannot approve for itself.
    wrong = f"{SSO}/{receiver}/connections/{source}/external/{made['connection_id']}/approve"
    refused(await world.call("POST", wrong, {}), 404, "sso_connection_not_found")
    one = f"{shared}/{made['connection_id']}"
    approved = done(await world.call("POST", f"{one}/approve", {}))["shared_with"]
    assert approved["status"] == "active"
    who = await signed_in(world, connection_id=made["connection_id"])
    revoked = done(await world.call("POST", f"{one}/revoke", {}))["shared_with"]
    assert revoked["status"] == "revoked"
    answer = await world.call("POST", f"{SESSIONS}/authenticate", {"session_token": who.token})
    refused(answer, 404, "session_not_found")
    await change(world, own, external_sharing="closed")
    other = (await organization(world, "Other"))["organization_id"]
    answer = await world.call("POST", f"{SSO}/external/{other}", external_body(world))
    assert answer.status_code in (400, 403)
    answer = await world.call("PUT", own, {"external_sharing": "perhaps"})
    refused(answer, 400, "bad_request")
