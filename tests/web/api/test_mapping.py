"""Trying a mapping: on the last login or on what is pasted, and never changing anything."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from support.world import World
from web.api.calls import ADA, GRACE, SSO, Caller, code_of, done, refused, rows

ASSERTION = """<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="a"
  Version="2.0" IssueInstant="2026-01-01T00:00:00Z"><saml:Issuer>https://idp.example</saml:Issuer><saml:Subject>
  <saml:NameID Format="x">user-9</saml:NameID></saml:Subject><saml:AttributeStatement>
  <saml:Attribute Name="mail"><saml:AttributeValue>Eve@Northwind.example</saml:AttributeValue>
  </saml:Attribute><saml:Attribute Name="cn"><saml:AttributeValue>Eve</saml:AttributeValue>
  </saml:Attribute><saml:Attribute Name="memberOf"><saml:AttributeValue>CN=engineering,OU=x
  </saml:AttributeValue><saml:AttributeValue>CN=ops,OU=x</saml:AttributeValue></saml:Attribute>
  </saml:AttributeStatement></saml:Assertion>"""

ENCRYPTED = '<EncryptedAssertion xmlns="urn:oasis:names:tc:SAML:2.0:assertion"/>'


async def preview(world: World, connection_id: str, **body: Any) -> Any:
    path = f"{SSO}/northwind/connections/{connection_id}/mapping/preview"
    return await world.call("POST", path, body)


def sources(found: dict[str, Any]) -> dict[str, tuple[str, Any]]:
    return {one["key"]: (one["source"], one["value"]) for one in found["values"]}


@pytest.mark.parametrize("door", ["saml", "oidc"])
async def test_a_mapping_is_tried_on_the_last_login(world: World, door: str) -> None:
    connection = getattr(world.demo, door)
    await world.sign_in(connection.connection_id, GRACE.email)
    world.advance(seconds=1)
    held = await world.sign_in(connection.connection_id, ADA.email)
    before = rows(world)
    mapping = {
        **connection.attribute_mapping,
        "department": "= dept, department | lower",
        "first_group": "groups.0",
        "level": "= level default 1",
        "gone": "gone",
    }
    found = done(await preview(world, connection.connection_id, attribute_mapping=mapping))
    assert (found["basis"], found["verified"]) == ("last_login", True)
    assert found["trace_id"].startswith("login-trace-test-")
    assert found["member_id"] == held["member_id"]
    assert found["email_address"] == ADA.email
    assert sources(found)["department"] == ("department", "research")
    assert sources(found)["level"] == ("(default)", 1)
    assert found["trusted_metadata"] == {
        "department": "research", "first_group": "engineering", "level": 1,
    }  # fmt: skip
    assert found["custom_claims"]["department"] == "research"
    assert {r["role_id"] for r in found["roles"]} >= {"stytch_member", "editor"}
    assert "editor" in found["session_roles"]
    assert len([w for w in found["warnings"] if w.startswith("gone: ")]) == 1
    assert found["refusal"] is None
    assert rows(world) == before
    member = done(
        await world.call(
            "GET", f"/v1/b2b/organizations/northwind/member?member_id={held['member_id']}"
        )
    )["member"]
    assert member["trusted_metadata"] == {"department": "Research"}


async def test_without_a_login_there_is_nothing_to_try_on(world: World) -> None:
    answer = await preview(world, world.demo.saml.connection_id)
    assert answer.status_code == 404
    assert code_of(answer) == "login_statement_not_found"
    await world.sign_in(world.demo.labs_saml.connection_id)
    # A login into another organization is that organization's own.
    assert (
        code_of(await preview(world, world.demo.saml.connection_id)) == "login_statement_not_found"
    )


@pytest.mark.parametrize("form", ["xml", "base64"])
async def test_a_pasted_assertion_is_read_and_called_unverified(world: World, form: str) -> None:
    pasted = ASSERTION if form == "xml" else base64.b64encode(ASSERTION.encode()).decode()
    mapping = {
        "email": "mail", "full_name": "cn", "groups": '= memberOf | capture("CN=([^,]+)")',
        "uid": "NameID",
    }  # fmt: skip
    found = done(
        await preview(
            world, world.demo.saml.connection_id, attribute_mapping=mapping, saml_response=pasted
        )
    )
    assert (found["basis"], found["verified"], found["login_at"]) == ("saml_response", False, None)
    assert found["groups"] == ["engineering", "ops"]
    assert found["trusted_metadata"] == {"uid": "user-9"}
    assert "editor" in {r["role_id"] for r in found["roles"]}
    assert found["member_id"] == ""


async def test_a_pasted_token_and_pasted_claims_are_read(world: World) -> None:
    claims = {"sub": "77", "email": "eve@northwind.example", "name": "Eve", "dept": {"id": 4}}
    part = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    oidc = world.demo.oidc.connection_id
    for pasted in ({"claims": claims}, {"id_token": f"e30.{part}.x"}):
        found = done(await preview(world, oidc, attribute_mapping={"dept": "dept.id"}, **pasted))
        assert found["basis"] == next(iter(pasted))
        assert (found["subject"], found["trusted_metadata"]) == ("77", {"dept": 4})
        assert sources(found)["dept"] == ("dept.id", 4)


async def test_a_login_that_would_be_refused_says_why(world: World) -> None:
    claims = {"sub": "77", "email": "eve@northwind.example", "email_verified": False}
    found = done(await preview(world, world.demo.oidc.connection_id, claims=claims))
    assert found["refusal"]["code"] == "oidc_response_unverified_email"
    assert found["refusal"]["remedy"]
    assert found["values"] == []


async def test_what_does_not_fit_is_told_and_the_rest_is_kept(world: World) -> None:
    claims = {
        "sub": "7", "email": "eve@northwind.example", "small": "s", "big": "x" * 5000, "also": 2,
    }  # fmt: skip
    mapping = {"small": "small", "big": "big", "also": "also"}
    found = done(
        await preview(
            world, world.demo.oidc.connection_id, attribute_mapping=mapping, claims=claims
        )
    )
    assert found["trusted_metadata"] == {"small": "s", "also": 2}
    assert any(w.startswith("big: does not fit") for w in found["warnings"])


async def test_a_wrong_mapping_is_refused_with_its_place(world: World) -> None:
    answer = await preview(
        world,
        world.demo.oidc.connection_id,
        attribute_mapping={"x": "= a | upper"},
        claims={"a": 1},
    )
    assert code_of(answer) == "attribute_mapping_invalid"
    assert "character 7" in answer.json()["error_details"]["got"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"saml_response": "no xml"}, "saml_encoding_invalid"),
        ({"saml_response": "<a/>"}, "saml_assertion_count"),
        ({"saml_response": "<!DOCTYPE a><a/>"}, "saml_xml_forbidden"),
        ({"saml_response": ASSERTION, "claims": {"a": 1}}, "field_invalid"),
        ({"claims": {"sub": "1"}}, "field_invalid"),
        (
            {"saml_response": ASSERTION.replace("saml:Subject", "saml:Other")},
            "saml_name_id_missing",
        ),
        ({"saml_response": ENCRYPTED}, "saml_value_encrypted"),
    ],
)
async def test_what_cannot_be_read_is_refused(
    world: World, body: dict[str, Any], code: str
) -> None:
    assert code_of(await preview(world, world.demo.saml.connection_id, **body)) == code


async def test_a_token_that_is_none_is_refused(world: World) -> None:
    for token, code in (("a.b", "malformed"), ("a.b.c.d.e", "encrypted"), ("e30.é.x", "malformed")):
        answer = await preview(world, world.demo.oidc.connection_id, id_token=token)
        assert code_of(answer) == f"oidc_id_token_{code}"


async def test_only_whoever_may_change_the_connection_tries_its_mapping(
    world: World, admin: Caller
) -> None:
    path = f"{SSO}/northwind/connections/{world.demo.oidc.connection_id}/mapping/preview"
    claims = {"claims": {"sub": "1", "email": "eve@northwind.example"}}
    done(await world.call("POST", path, claims, session=admin.token))
    plain = await world.sign_in(world.demo.saml.connection_id, GRACE.email)
    refused(
        await world.call("POST", path, claims, session=plain["session_token"]),
        403,
        "session_authorization_error",
    )


async def test_an_external_connection_has_no_mapping_of_its_own(world: World) -> None:
    path = f"{SSO}/northwind-labs/connections/{world.demo.labs_saml.connection_id}/mapping/preview"
    assert code_of(await world.call("POST", path, {})) == "external_connection_has_no_mapping"
