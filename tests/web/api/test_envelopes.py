"""The envelopes to the letter, and how requests may be written (wire §1.1, §1.3 to §1.6)."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
import sqlalchemy as sa

from support.world import World, basic
from vestibule.web.api.registry import OPERATIONS
from web.api.calls import (
    ADA,
    BY_ID,
    MEMBERS,
    NORTHWIND,
    ORGANIZATIONS,
    SESSIONS,
    SSO,
    code_of,
    done,
    member,
    organization,
    path_of,
    refused,
    signed_in,
)

# --- answers ------------------------------------------------------------------------------------


async def test_every_answer_has_a_request_id_of_its_own(world: World) -> None:
    ids = {done(await world.call("GET", NORTHWIND))["request_id"] for _ in range(3)}
    ids.add(
        refused(await world.call("GET", f"{NORTHWIND}x"), 404, "organization_not_found")[
            "request_id"
        ]
    )
    assert len(ids) == 4


async def test_answers_are_not_kept_by_anybody(world: World) -> None:
    answer = await world.call("GET", NORTHWIND)
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_creating_and_deleting_answer_200(world: World) -> None:
    made = await organization(world, "Short-lived")
    gone = done(await world.call("DELETE", f"{ORGANIZATIONS}/{made['organization_id']}"))
    assert gone.keys() == {"request_id", "status_code", "organization_id"}


async def test_an_answer_of_the_envelope_alone(world: World) -> None:
    who = await signed_in(world)
    body = {"member_session_id": who.session_id}
    answer = done(await world.call("POST", f"{SESSIONS}/revoke", body))
    assert answer.keys() == {"request_id", "status_code"}


def empties(value: Any, place: str = "") -> set[str]:
    """Where there is a null."""
    if value is None:
        return {place.removeprefix(".")}
    if isinstance(value, dict):
        return {n for key, inner in value.items() for n in empties(inner, f"{place}.{key}")}
    if isinstance(value, list):
        return {n for inner in value for n in empties(inner, f"{place}[]")}
    return set()


async def test_what_has_no_value_is_empty_and_only_the_nullable_is_null(world: World) -> None:
    made = await organization(world, "Bare")
    assert empties(made) == {
        "organization_external_id", "sso_default_connection_id", "scim_active_connection"
    }  # fmt: skip
    assert made["organization_logo_url"] == ""
    assert made["trusted_metadata"] == {}
    assert made["allowed_oauth_tenants"] == {}
    assert made["custom_roles"] == made["sso_active_connections"] == []
    person = await member(world, "bare@example.com")
    assert empties(person) == {
        "external_id", "scim_registration", "lock_created_at", "lock_expires_at"
    }  # fmt: skip
    for name in (
        "name", "mfa_phone_number", "default_mfa_method", "member_password_id",
        "totp_registration_id",
    ):  # fmt: skip
        assert person[name] == "", name
    for kind in ("saml", "oidc"):
        connection = done(await world.call("POST", f"{SSO}/{kind}/northwind", {}))["connection"]
        assert empties(connection) == set()
    answer = await world.sign_in(world.demo.saml.connection_id)
    nulls = {n for n in empties(answer) if not n.startswith(("member.", "organization."))}
    assert nulls == {
        "mfa_required", "primary_required", "member_device",
        "intermediate_session_token_expires_at",
    }  # fmt: skip
    assert answer["intermediate_session_token"] == ""
    assert answer["reset_session"] is False


async def test_times_are_utc_to_the_second(world: World) -> None:
    made = await organization(world, "Timed")
    assert made["created_at"] == made["updated_at"] == "2026-11-24T12:00:00Z"
    world.advance(seconds=61.5)
    path = f"{ORGANIZATIONS}/{made['organization_id']}"
    changed = done(await world.call("PUT", path, {"organization_name": "Later"}))["organization"]
    assert changed["created_at"] == "2026-11-24T12:00:00Z"
    assert changed["updated_at"] == "2026-11-24T12:01:01Z"


async def test_every_refusal_says_what_whoever_can_mend_it_needs(world: World) -> None:
    found = refused(
        await world.call("POST", ORGANIZATIONS, {"organization_name": 7}), 400, "bad_request"
    )
    assert found["error_details"]["code"] == "field_invalid"
    assert "organization_name" in found["error_message"]
    assert found["error_details"]["remedy"]
    # What the browser's package takes for another kind of error (wire §1.6).
    assert not found.keys() & {"body", "params", "query"}


async def test_a_failure_of_our_own_tells_nothing_of_the_inside(world: World) -> None:
    engine = world.rt.store.engine.engine
    with engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE member RENAME TO elsewhere"))
    answer = await world.call("GET", f"{NORTHWIND}/member?member_id=x")
    assert answer.status_code in (500, 503)
    found = answer.json()
    assert found["error_type"] == "internal_server_error"
    assert found["error_details"].keys() == {"code", "remedy"}
    for word in ("SELECT", "sqlite", "member_id", "elsewhere", "Traceback"):
        assert word not in answer.text


# --- credentials --------------------------------------------------------------------------------


WRONG = [
    {},
    {"authorization": ""},
    {"authorization": "Basic"},
    {"authorization": "Basic !!!"},
    {"authorization": "Basic Og=="},
    {"authorization": "Basic /////w=="},
    {"authorization": "Bearer abc"},
    basic("project-test-unknown", "secret-test-unknown"),
    basic("", ""),
]


@pytest.mark.parametrize("headers", WRONG, ids=lambda h: h.get("authorization", "none"))
async def test_without_the_right_credentials_nothing_is_told(
    world: World, headers: dict[str, str]
) -> None:
    async with world.client() as client:
        for operation in OPERATIONS:
            if operation.auth == "none":
                continue
            path = path_of(operation, world)
            answer = await client.request(operation.method, path, headers=headers)
            found = refused(answer, 401, "unauthorized_credentials")
            assert found["error_message"] == "Unauthorized credentials."
            assert found["error_details"].keys() == {"code", "remedy"}


async def test_halves_of_the_right_credentials_are_wrong(world: World) -> None:
    known = world.credentials
    for pair in (
        (known.project_id, "secret-test-wrong"),
        ("project-test-wrong", known.secret),
        (known.project_id, known.public_token),
        (known.workspace_key_id, known.workspace_key_secret),
        (known.project_id.upper(), known.secret),
        (known.project_id, f"{known.secret} "),
        (known.project_id, ""),
    ):
        answer = await world.call("GET", NORTHWIND, auth=pair)
        refused(answer, 401, "unauthorized_credentials")


async def test_the_scheme_is_read_whatever_its_case(world: World) -> None:
    header = basic(*world.auth)["authorization"]
    async with world.client() as client:
        for written in (header, header.replace("Basic", "BASIC"), header.replace("Basic", "basic")):
            done(await client.get(NORTHWIND, headers={"Authorization": written}))


async def test_the_keys_are_public(world: World) -> None:
    async with world.client() as client:
        answer = done(await client.get(f"{SESSIONS}/jwks/{world.credentials.project_id}"))
        for headers in WRONG:
            path = f"{SESSIONS}/jwks/{world.credentials.project_id}"
            done(await client.get(path, headers=headers))
        refused(await client.get(f"{SESSIONS}/jwks/unknown"), 404, "route_not_found")
    assert answer["keys"]
    for key in answer["keys"]:
        assert key.keys() == {"kty", "use", "key_ops", "alg", "kid", "x5c", "x5tS256", "n", "e"}


# --- paths --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "/v1/b2b/",
        "/v1/b2b/nothing",
        "/v1/b2b/organizations/northwind/members/x/y/z",
        "/v1/b2b/Organizations",
        "/v1/b2b/organizations/%ff",
        # What the official clients ask outside of B2B.
        "/v1/m2m/clients",
        "/v1/public/project-test-1/oauth2/token",
        "/pwa/v3/nothing",
        "/sdk/v1/nothing",
    ],
)
async def test_an_unknown_path_is_refused_in_json(world: World, path: str) -> None:
    async with world.client() as client:
        refused(await client.get(path), 404, "route_not_found")
        refused(await client.post(path, content=b"{"), 404, "route_not_found")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PATCH", NORTHWIND),
        ("POST", NORTHWIND),
        ("GET", f"{SESSIONS}/revoke"),
        ("DELETE", "/v1/b2b/rbac/policy"),
        ("GET", f"{SSO}/authenticate/x/y"),
        ("HEAD", NORTHWIND),
        ("OPTIONS", NORTHWIND),
    ],
)
async def test_a_method_that_is_none_of_the_path(world: World, method: str, path: str) -> None:
    answer = await world.call(method, path)
    if path.endswith("/x/y"):
        refused(answer, 404, "route_not_found")
        return
    assert answer.headers["allow"]
    assert method not in answer.headers["allow"].split(", ")
    if method == "HEAD":
        assert answer.status_code == 405
    else:
        refused(answer, 405, "method_not_allowed")


async def test_a_backslash_before_a_u_is_text(world: World) -> None:
    body = rb'{"organization_name": "C:\\u0000", "organization_slug": "backslash"}'
    headers = {"content-type": "application/json"}
    async with world.client(auth=world.auth) as client:
        made = await client.post("/v1/b2b/organizations", content=body, headers=headers)
    assert made.json()["organization"]["organization_name"] == "C:\\u0000"


async def test_double_slashes_and_a_last_slash_are_tolerated(world: World) -> None:
    for path in (
        "//v1/b2b/organizations/northwind",
        "/v1//b2b///organizations//northwind",
        "/v1/b2b/organizations/northwind/",
    ):
        async with world.client(auth=world.auth) as client:
            done(await client.get(f"http://vestibule.test{path}"))


async def test_ids_slugs_and_external_ids_name_an_organization(world: World) -> None:
    made = await organization(
        world, "Named", organization_slug="named~1", organization_external_id="crm|7"
    )
    names = (made["organization_id"], "named~1", "crm|7")
    for name in (*names, *(quote(name, safe="") for name in names)):
        found = done(await world.call("GET", f"{ORGANIZATIONS}/{name}"))
        assert found["organization"]["organization_id"] == made["organization_id"]
        done(await world.call("GET", f"{SSO}/{name}"))
        done(await world.call("GET", f"/v1/b2b/rbac/organizations/{name}"))
    for name in names:
        body = {"organization_ids": [name]}
        done(await world.call("POST", f"{ORGANIZATIONS}/members/search", body))


async def test_an_id_is_looked_up_before_an_external_id_and_that_before_a_slug(
    world: World,
) -> None:
    by_external = await organization(world, "One", organization_external_id="same")
    by_slug = await organization(world, "Two", organization_slug="same")
    found = done(await world.call("GET", f"{ORGANIZATIONS}/same"))["organization"]
    assert found["organization_id"] == by_external["organization_id"]
    taken = await organization(world, "Three", organization_slug=by_slug["organization_id"])
    found = done(await world.call("GET", f"{ORGANIZATIONS}/{by_slug['organization_id']}"))
    assert found["organization"]["organization_id"] == by_slug["organization_id"]
    assert taken["organization_id"] != by_slug["organization_id"]


async def test_an_external_id_names_a_member_but_for_two_operations(world: World) -> None:
    person = await member(world, "named@example.com", external_id="crm|1")
    member_id = person["member_id"]
    for name in (member_id, "crm|1", "crm%7C1"):
        done(await world.call("PUT", f"{MEMBERS}/{name}", {"name": "N"}))
        found = done(await world.call("GET", f"{NORTHWIND}/member?member_id={name}"))
        assert found["member_id"] == member_id
        done(await world.call("DELETE", f"{MEMBERS}/mfa_phone_numbers/{name}"))
    refused(
        await world.call("GET", f"{ORGANIZATIONS}/members/dangerously_get/crm|1"),
        404,
        "member_not_found",
    )
    done(await world.call("DELETE", f"{MEMBERS}/{member_id}"))
    refused(await world.call("PUT", f"{MEMBERS}/crm|1/reactivate", {}), 404, "member_not_found")


async def test_an_encoded_slash_stays_inside_its_segment(world: World) -> None:
    for name in ("north%2Fwind", "%2F", "%2e%2e%2forganizations"):
        answer = await world.call("GET", f"{ORGANIZATIONS}/{name}")
        refused(answer, 404, "organization_not_found")
    refused(await world.call("GET", f"{ORGANIZATIONS}/north/wind"), 404, "route_not_found")


@pytest.mark.parametrize("name", ["a%00b", "x" * 513])
async def test_ids_that_nobody_can_have(world: World, name: str) -> None:
    refused(await world.call("GET", f"{ORGANIZATIONS}/{name}"), 400, "invalid_id")


# --- bodies and queries -------------------------------------------------------------------------


async def test_fields_that_nobody_knows_are_ignored(world: World) -> None:
    body = {"organization_name": "Extra", "telemetry_id": "x", "nested": {"a": [1]}, "": None}
    made = done(await world.call("POST", ORGANIZATIONS, body))["organization"]
    assert made["organization_name"] == "Extra"


async def test_path_parameters_may_come_a_second_time(world: World) -> None:
    who = await signed_in(world)
    path = f"{MEMBERS}/{who.member_id}"
    body = {"organization_id": "another", "member_id": "another", "name": "Twice"}
    assert done(await world.call("PUT", path, body))["member"]["name"] == "Twice"
    query = {"organization_id": "another"}
    done(await world.call("GET", f"{SSO}/northwind", params=query))
    done(await world.call("GET", NORTHWIND, params={**query, "a": ["1", "2"]}))
    found = await world.call(
        "GET", f"{NORTHWIND}/member", params={**query, "member_id": who.member_id}
    )
    assert done(found)["member_id"] == who.member_id


async def test_a_null_counts_as_not_sent(world: World) -> None:
    nulls = dict.fromkeys(BY_ID["organizations.update"].request.__struct_fields__)
    before = done(await world.call("GET", NORTHWIND))["organization"]
    after = done(await world.call("PUT", NORTHWIND, nulls))["organization"]
    assert after == before
    made = await world.call("POST", ORGANIZATIONS, {**nulls, "organization_name": "Nulls"})
    assert done(made)["organization"]["email_invites"] == "ALL_ALLOWED"
    person = await member(world, "nulls@example.com", name="Kept")
    nulls = dict.fromkeys(BY_ID["organizations_members.update"].request.__struct_fields__)
    changed = done(await world.call("PUT", f"{MEMBERS}/{person['member_id']}", nulls))
    assert changed["member"]["name"] == "Kept"
    refused(
        await world.call("POST", ORGANIZATIONS, {"organization_name": None}), 400, "bad_request"
    )


@pytest.mark.parametrize("content", [b"", b"  \r\n", b"{}"])
async def test_an_empty_body_is_an_empty_object(world: World, content: bytes) -> None:
    async with world.client(auth=world.auth) as client:
        done(await client.put(NORTHWIND, content=content))
        answer = await client.post(ORGANIZATIONS, content=content)
        assert code_of(answer) == "field_missing"
        refused(answer, 400, "bad_request")


@pytest.mark.parametrize("content", [b"", b"{}", b'{"organization_id": "x"}', b"not json"])
async def test_deleting_takes_any_body(world: World, content: bytes) -> None:
    person = await member(world, "gone@example.com")
    async with world.client(auth=world.auth) as client:
        done(await client.request("DELETE", f"{MEMBERS}/{person['member_id']}", content=content))


async def test_no_content_type_is_asked_for(world: World) -> None:
    async with world.client(auth=world.auth) as client:
        for kind in ("text/plain", "application/x-www-form-urlencoded", "nonsense"):
            headers = {"content-type": kind}
            body = b'{"organization_name": "Typed"}'
            done(await client.post(ORGANIZATIONS, content=body, headers=headers))


async def test_truths_in_a_query(world: World) -> None:
    person = await member(world, "deleted@example.com")
    done(await world.call("DELETE", f"{MEMBERS}/{person['member_id']}"))
    path = f"{ORGANIZATIONS}/members/dangerously_get/{person['member_id']}"
    for written in ("True", "true", "TRUE", "1"):
        found = done(await world.call("GET", f"{path}?include_deleted={written}"))
        assert found["member"]["status"] == "deleted"
    for written in ("False", "false", "0", ""):
        refused(
            await world.call("GET", f"{path}?include_deleted={written}"), 404, "member_not_found"
        )
    for written in ("yes", "2", "[true]", "%ff"):
        refused(await world.call("GET", f"{path}?include_deleted={written}"), 400, "bad_request")


async def test_addresses_in_a_query_may_be_encoded_either_way(world: World) -> None:
    person = await member(world, "plus+tag@example.com")
    for written in ("plus%2Btag%40example.com", "plus%2btag@example.com", "PLUS%2Btag@example.com"):
        found = done(await world.call("GET", f"{NORTHWIND}/member?email_address={written}"))
        assert found["member_id"] == person["member_id"]
    refused(
        await world.call("GET", f"{NORTHWIND}/member?email_address=plus+tag@example.com"),
        404,
        "member_not_found",
    )


async def test_one_name_of_a_member_and_only_one(world: World) -> None:
    who = await signed_in(world)
    for query in ("", "?member_id=", f"?member_id={who.member_id}&email_address={ADA.email}"):
        refused(await world.call("GET", f"{NORTHWIND}/member{query}"), 400, "bad_request")
