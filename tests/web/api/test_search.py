"""The two searches: filters, operators, pages (wire §2.2, §2.4)."""

from __future__ import annotations

from typing import Any

import pytest

from support.world import World
from web.api.calls import (
    ADA,
    GRACE,
    MEMBERS,
    NORTHWIND,
    ORGANIZATIONS,
    done,
    member,
    organization,
    refused,
    signed_in,
)

Operand = tuple[str, Any]


def query(*operands: Operand, operator: str = "AND") -> dict[str, Any]:
    return {
        "operator": operator,
        "operands": [{"filter_name": name, "filter_value": value} for name, value in operands],
    }


async def slugs(world: World, *operands: Operand, operator: str = "AND") -> list[str]:
    body = {"query": query(*operands, operator=operator)}
    found = done(await world.call("POST", f"{ORGANIZATIONS}/search", body))
    assert found["results_metadata"]["total"] == len(found["organizations"])
    return [o["organization_slug"] for o in found["organizations"]]


async def people(world: World, *operands: Operand, operator: str = "AND", **more: Any) -> list[str]:
    body = {
        "organization_ids": ["northwind"], "query": query(*operands, operator=operator), **more
    }  # fmt: skip
    found = done(await world.call("POST", f"{ORGANIZATIONS}/members/search", body))
    return [m["email_address"] for m in found["members"]]


async def test_organizations_by_every_filter(world: World) -> None:
    acme = await organization(
        world,
        "Acme 100%",
        organization_slug="acme_1",
        email_allowed_domains=["acme.example"],
        claimed_email_domains=["claimed.example"],
    )
    await organization(world, "Acme 1000", organization_slug="acmeX1")
    await member(world, "Boss@acme.example", acme["organization_id"])
    for operand, expected in (
        (("organization_ids", [acme["organization_id"]]), ["acme_1"]),
        (("organization_ids", []), []),
        (("organization_slugs", ["northwind", "acme_1", "none"]), ["northwind", "acme_1"]),
        (("organization_slug_fuzzy", "wind"), ["northwind", "northwind-labs"]),
        # What looks like a pattern is text.
        (("organization_slug_fuzzy", "me_1"), ["acme_1"]),
        (("organization_name_fuzzy", "100%"), ["acme_1"]),
        (("organization_name_fuzzy", "ACME"), ["acme_1", "acmeX1"]),
        (("member_emails", ["BOSS@ACME.EXAMPLE"]), ["acme_1"]),
        (("member_email_fuzzy", "boss"), ["acme_1"]),
        (("allowed_domains", ["acme.example"]), ["acme_1"]),
        (("allowed_domain_fuzzy", "acm"), ["acme_1"]),
        (("claimed_email_domains", ["claimed.example"]), ["acme_1"]),
        (("claimed_email_domains", ["acme.example"]), []),
        (("has_active_sso_connection", True), ["northwind", "northwind-labs"]),
        (("has_active_sso_connection", False), ["acme_1", "acmeX1"]),
        (("sso_connection_id", world.demo.saml.connection_id), ["northwind"]),
        (("sso_connection_id", world.demo.labs_saml.connection_id), ["northwind-labs"]),
        (("sso_connection_id", "unknown"), []),
    ):
        assert sorted(await slugs(world, operand)) == sorted(expected), operand
    assert len(await slugs(world)) == 4


async def test_operators_join_the_filters(world: World) -> None:
    both: tuple[Operand, ...] = (
        ("organization_slug_fuzzy", "north"), ("organization_slug_fuzzy", "labs"),
    )  # fmt: skip
    assert await slugs(world, *both) == ["northwind-labs"]
    found = await slugs(world, *both, operator="OR")
    assert sorted(found) == ["northwind", "northwind-labs"]


async def test_members_by_every_filter(world: World) -> None:
    ada, grace = await signed_in(world, ADA), await signed_in(world, GRACE)
    boss = await member(
        world, "boss@example.com", is_breakglass=True, roles=["lab-lead"],
        mfa_phone_number="+15005550006",
    )  # fmt: skip
    gone = await member(world, "gone@example.com")
    done(await world.call("DELETE", f"{MEMBERS}/{gone['member_id']}"))
    await member(world, "waits@example.com", create_member_as_pending=True)
    rule = [{"domain": "example.com", "role_id": "stytch_admin"}]
    done(await world.call("PUT", NORTHWIND, {"rbac_email_implicit_role_assignments": rule}))
    everybody = [ADA.email, GRACE.email, "boss@example.com", "waits@example.com"]
    for operand, expected in (
        (("member_ids", [ada.member_id, boss["member_id"]]), [ADA.email, "boss@example.com"]),
        (("member_emails", ["BOSS@example.com"]), ["boss@example.com"]),
        (("member_email_fuzzy", "ORTHWIND"), [ADA.email, GRACE.email]),
        (("member_is_breakglass", True), ["boss@example.com"]),
        (("member_is_breakglass", False), [ADA.email, GRACE.email, "waits@example.com"]),
        (("statuses", ["pending"]), ["waits@example.com"]),
        (("statuses", ["deleted"]), ["gone@example.com"]),
        (("member_roles", ["lab-lead"]), ["boss@example.com"]),
        (("member_roles", ["viewer"]), [ADA.email, GRACE.email]),
        (("member_roles", ["editor"]), [ADA.email]),
        (("member_roles", ["stytch_admin"]), ["boss@example.com", "waits@example.com"]),
        (("member_roles", ["stytch_member"]), everybody),
        (("member_roles", ["unheard-of"]), []),
        (("member_mfa_phone_numbers", ["+15005550006"]), ["boss@example.com"]),
        (("member_mfa_phone_number_fuzzy", "5550"), ["boss@example.com"]),
        (("member_password_exists", True), []),
        (("member_password_exists", False), everybody),
    ):
        assert sorted(await people(world, operand)) == sorted(expected), operand
    assert sorted(await people(world)) == sorted(everybody)
    assert grace.member_id


async def test_a_page_brings_the_organizations_of_its_members(world: World) -> None:
    await member(world, "a@example.com")
    await member(world, "b@example.com", "northwind-labs")
    body = {"organization_ids": ["northwind", world.demo.labs.organization_id]}
    found = done(await world.call("POST", f"{ORGANIZATIONS}/members/search", body))
    assert found["results_metadata"] == {"total": 2, "next_cursor": None}
    assert {m["organization_id"] for m in found["members"]} == found["organizations"].keys()
    for name, shown in found["organizations"].items():
        assert shown["organization_id"] == name


@pytest.mark.parametrize("limit", [1, 2, 3, 7, None])
async def test_pages_hold_everybody_once_and_in_order(world: World, limit: int | None) -> None:
    made = [(await member(world, f"m{n}@example.com"))["member_id"] for n in range(7)]
    seen: list[str] = []
    cursor: str | None = None
    while True:
        body = {"organization_ids": ["northwind"], "cursor": cursor, "limit": limit}
        found = done(await world.call("POST", f"{ORGANIZATIONS}/members/search", body))
        assert found["results_metadata"]["total"] == 7
        assert len(found["members"]) <= (limit or 100)
        seen += [m["member_id"] for m in found["members"]]
        cursor = found["results_metadata"]["next_cursor"]
        if cursor is None:
            break
    assert sorted(seen) == sorted(made)


async def test_what_is_added_between_two_pages_moves_nobody(world: World) -> None:
    for number in range(3):
        world.advance(seconds=1)
        await organization(world, f"Page {number}")
    first = done(await world.call("POST", f"{ORGANIZATIONS}/search", {"limit": 3}))
    world.advance(seconds=1)
    await organization(world, "Page 3")
    cursor = first["results_metadata"]["next_cursor"]
    body = {"limit": 3, "cursor": cursor}
    second = done(await world.call("POST", f"{ORGANIZATIONS}/search", body))
    names = [o["organization_name"] for o in first["organizations"] + second["organizations"]]
    assert names[-4:] == ["Page 0", "Page 1", "Page 2", "Page 3"]
    assert len(names) == len(set(names)) == 6


@pytest.mark.parametrize(
    ("operand", "code"),
    [
        ({}, "missing_filter_name"),
        ({"filter_value": []}, "missing_filter_name"),
        ({"filter_name": 7, "filter_value": []}, "filter_name_must_be_string"),
        ({"filter_name": "unheard_of", "filter_value": []}, "filter_name_not_recognized"),
        ({"filter_name": "member_emails"}, "missing_filter_value"),
        ({"filter_name": "member_emails", "filter_value": None}, "missing_filter_value"),
        ({"filter_name": "member_emails", "filter_value": "x"}, "expected_array_of_strings"),
        ({"filter_name": "member_emails", "filter_value": [1]}, "expected_array_of_strings"),
        ({"filter_name": "member_email_fuzzy", "filter_value": ["x"]}, "expected_string"),
        (
            {"filter_name": "member_email_fuzzy", "filter_value": "ab"},
            "member_email_fuzzy_too_short",
        ),
    ],
)
async def test_operands_that_say_nothing(world: World, operand: dict[str, Any], code: str) -> None:
    body = {"organization_ids": ["northwind"], "query": {"operands": [operand]}}
    for path, family in (
        (f"{ORGANIZATIONS}/search", "organization_search"),
        (f"{ORGANIZATIONS}/members/search", "member_search"),
    ):
        refused(await world.call("POST", path, body), 400, f"{family}_{code}")


async def test_truths_are_no_words(world: World) -> None:
    for value in ("true", 1, [True]):
        body = {"query": query(("has_active_sso_connection", value))}
        answer = await world.call("POST", f"{ORGANIZATIONS}/search", body)
        refused(answer, 400, "organization_search_expected_boolean")
        body = {
            "organization_ids": ["northwind"],
            "query": query(("member_is_breakglass", value)),
        }
        answer = await world.call("POST", f"{ORGANIZATIONS}/members/search", body)
        refused(answer, 400, "member_search_expected_boolean")


async def test_members_are_searched_in_named_organizations(world: World) -> None:
    path = f"{ORGANIZATIONS}/members/search"
    answer = await world.call("POST", path, {"organization_ids": []})
    refused(answer, 400, "member_search_organization_ids_empty")
    answer = await world.call("POST", path, {"organization_ids": ["northwind", "none"]})
    refused(answer, 404, "organization_not_found")


async def test_queries_beyond_what_a_database_can_answer(world: World) -> None:
    rules = [{"domain": f"d{n}.example.com", "role_id": "viewer"} for n in range(1500)]
    done(await world.call("PUT", NORTHWIND, {"rbac_email_implicit_role_assignments": rules}))
    for operands in (
        [("organization_slug_fuzzy", "abc")] * 101,
        [("member_email_fuzzy", "abc")] * 3000,
        [("member_emails", ["x"] * 1001)],
        [("member_emails", ["x"] * 1000)] * 11,
    ):
        for path in (f"{ORGANIZATIONS}/search", f"{ORGANIZATIONS}/members/search"):
            body = {"organization_ids": ["northwind"], "query": query(*operands)}
            refused(await world.call("POST", path, body), 400, "bad_request")
    path = f"{ORGANIZATIONS}/members/search"
    viewer: Operand = ("member_roles", ["viewer"])
    body = {"organization_ids": ["northwind"], "query": query(*[viewer] * 27)}
    refused(await world.call("POST", path, body), 400, "bad_request")
    # Just within the bounds it is answered.
    most = [("member_emails", ["x@example.com"] * 1000)] * 10
    assert await people(world, *most) == []
    assert await slugs(world, *most) == []
    assert await people(world, *[("member_email_fuzzy", "abc")] * 100, operator="OR") == []
    assert await slugs(world, *[("member_email_fuzzy", "abc")] * 100, operator="OR") == []
    roles: Operand = ("member_roles", [f"r{n}" for n in range(1000)])
    assert await people(world, *[roles] * 10) == []
    assert await people(world, *[viewer] * 26) == []
    await member(world, "a@d1499.example.com")
    assert await people(world, viewer) == ["a@d1499.example.com"]


async def test_an_unknown_operator_is_refused(world: World) -> None:
    for operator in ("XOR", "or", "", "NOT"):
        body = {"organization_ids": ["northwind"], "query": query(operator=operator)}
        for path in (f"{ORGANIZATIONS}/search", f"{ORGANIZATIONS}/members/search"):
            refused(await world.call("POST", path, body), 400, "bad_request")
