"""Members as the wire has them (wire §2.3 to §2.5)."""

from __future__ import annotations

from typing import Any

import pytest

from support.world import World
from web.api.calls import (
    ADA,
    MEMBERS,
    NORTHWIND,
    ORGANIZATIONS,
    SESSIONS,
    code_of,
    contents,
    done,
    member,
    refused,
    signed_in,
)


async def change(world: World, member_id: str, **fields: Any) -> dict[str, Any]:
    answer = await world.call("PUT", f"{MEMBERS}/{member_id}", fields)
    found: dict[str, Any] = done(answer)["member"]
    return found


async def lives(world: World, token: str) -> bool:
    answer = await world.call("POST", f"{SESSIONS}/authenticate", {"session_token": token})
    if answer.status_code == 200:
        return True
    refused(answer, 404, "session_not_found")
    return False


async def test_a_new_member_is_active_unless_asked_otherwise(world: World) -> None:
    assert (await member(world, "a@example.com"))["status"] == "active"
    pending = await member(world, "b@example.com", create_member_as_pending=True)
    assert pending["status"] == "pending"
    assert not pending["email_address_verified"]


async def test_signing_in_makes_a_pending_member_active(world: World) -> None:
    pending = await member(world, ADA.email, create_member_as_pending=True)
    done_ = await world.sign_in(world.demo.saml.connection_id)
    assert done_["member_id"] == pending["member_id"]
    assert done_["member"]["status"] == "active"
    assert done_["member"]["email_address_verified"]


async def test_a_change_touches_what_was_sent_and_nothing_else(world: World) -> None:
    made = await member(
        world, "a@example.com", name="Ada", roles=["viewer"], external_id="crm|1",
        untrusted_metadata={"theme": "dark"},
    )  # fmt: skip
    changed = await change(world, made["member_id"], is_breakglass=True)
    assert {k for k in made if made[k] != changed[k]} == {"is_breakglass"}


async def test_metadata_is_merged_at_its_top_level(world: World) -> None:
    both = {"a": 1, "b": {"x": 1}}
    made = await member(world, "a@example.com", trusted_metadata=both, untrusted_metadata=both)
    for kind in ("trusted_metadata", "untrusted_metadata"):
        changed = await change(world, made["member_id"], **{kind: {"a": None, "b": {"y": 2}}})
        assert changed[kind] == {"b": {"y": 2}}
        answer = await world.call(
            "PUT", f"{MEMBERS}/{made['member_id']}", {kind: {"big": "x" * 4100}}
        )
        refused(answer, 400, "metadata_too_large")


async def test_an_address_belongs_to_one_member_whatever_its_case(world: World) -> None:
    made = await member(world, "Ada.L@Example.com")
    for written in ("ada.l@example.com", "ADA.L@EXAMPLE.COM"):
        answer = await world.call("POST", MEMBERS, {"email_address": written})
        refused(answer, 400, "duplicate_member_email")
        found = await world.call("GET", f"{NORTHWIND}/member?email_address={written}")
        assert done(found)["member_id"] == made["member_id"]
    # Another organization has its own people.
    await member(world, "ada.l@example.com", "northwind-labs")


@pytest.mark.parametrize(
    "address",
    ["", "x", "a@", "@b", "a@b@c.example", "a b@example.com", "é@example.com", "a@é.example"],
)
async def test_what_is_no_address(world: World, address: str) -> None:
    before = contents(world)
    answer = await world.call("POST", MEMBERS, {"email_address": address})
    assert code_of(answer) == "invalid_email"
    assert contents(world) == before


async def test_a_new_address_retires_the_old_one(world: World) -> None:
    made = await member(world, "old@example.com")
    changed = await change(world, made["member_id"], email_address="new@example.com")
    assert changed["email_address"] == "new@example.com"
    assert not changed["email_address_verified"]
    retired = changed["retired_email_addresses"]
    assert [r["email_address"] for r in retired] == ["old@example.com"]
    assert retired[0]["email_id"].startswith("member-email-test-")
    answer = await world.call("POST", MEMBERS, {"email_address": "old@example.com"})
    refused(answer, 400, "retired_member_email")
    found = await world.call("GET", f"{NORTHWIND}/member?email_address=old@example.com")
    refused(found, 404, "member_not_found")
    path = f"{MEMBERS}/{made['member_id']}/unlink_retired_email"
    body = {"email_address": "OLD@example.com"}
    unlinked = done(await world.call("POST", path, body))
    assert unlinked["organization_id"] == world.demo.northwind.organization_id
    await member(world, "old@example.com")
    refused(await world.call("POST", path, body), 404, "bad_request")
    refused(await world.call("POST", path, {}), 400, "bad_request")


async def test_an_address_can_be_let_go_at_once(world: World) -> None:
    made = await member(world, "old@example.com")
    changed = await change(
        world, made["member_id"], email_address="new@example.com", unlink_email=True
    )
    assert changed["retired_email_addresses"] == []
    await member(world, "old@example.com")
    answer = await world.call(
        "PUT", f"{MEMBERS}/{made['member_id']}", {"email_address": "old@example.com"}
    )
    refused(answer, 400, "duplicate_member_email")


async def test_roles_are_replaced_whole(world: World) -> None:
    made = await member(world, "a@example.com", roles=["viewer", "viewer", "editor"])
    assert [r["role_id"] for r in made["roles"]] == ["stytch_member", "viewer", "editor"]
    assert all(
        r["sources"] == [{"type": "direct_assignment", "details": {}}] for r in made["roles"]
    )
    changed = await change(world, made["member_id"], roles=["stytch_admin"])
    assert [r["role_id"] for r in changed["roles"]] == ["stytch_member", "stytch_admin"]
    assert changed["is_admin"]
    emptied = await change(world, made["member_id"], roles=[])
    assert [r["role_id"] for r in emptied["roles"]] == ["stytch_member"]
    for roles, code in (
        (["unheard-of"], "invalid_rbac_role_id"),
        (["stytch_member"], "cannot_assign_default_rbac_role_id"),
    ):
        answer = await world.call("PUT", f"{MEMBERS}/{made['member_id']}", {"roles": roles})
        refused(answer, 400, code)


async def test_a_domain_gives_a_role(world: World) -> None:
    rule = [{"domain": "Example.com", "role_id": "editor"}]
    body = {"rbac_email_implicit_role_assignments": rule}
    done(await world.call("PUT", NORTHWIND, body))
    made = await member(world, "a@EXAMPLE.com")
    assert made["roles"][1] == {
        "role_id": "editor",
        "sources": [{"type": "email_assignment", "details": {"email_domain": "example.com"}}],
    }
    other = await member(world, "a@sub.example.com")
    assert [r["role_id"] for r in other["roles"]] == ["stytch_member"]


async def test_taking_a_role_that_a_login_gives_ends_its_sessions(world: World) -> None:
    who = await signed_in(world)
    by_oidc = await signed_in(world, connection_id=world.demo.oidc.connection_id)
    path = f"{SESSIONS.removesuffix('sessions')}sso/oidc/northwind/connections/"
    path += world.demo.oidc.connection_id
    emptied = {
        "oidc_connection_implicit_role_assignments": [],
        "oidc_group_implicit_role_assignments": [],
    }
    done(await world.call("PUT", path, emptied))
    await change(world, who.member_id, roles=["editor", "lab-lead"])
    await change(world, who.member_id, roles=["editor"])
    # Nothing but the hand had given lab-lead.
    assert await lives(world, who.token)
    await change(world, who.member_id, roles=[], preserve_existing_sessions=True)
    assert await lives(world, who.token)
    await change(world, who.member_id, roles=["editor"])
    await change(world, who.member_id, roles=[])
    assert not await lives(world, who.token)
    assert await lives(world, by_oidc.token)
    answer = await world.call(
        "PUT", f"{MEMBERS}/{who.member_id}", {"preserve_existing_sessions": True}
    )
    refused(answer, 400, "cannot_preserve_existing_sessions")


async def test_a_phone_number_is_set_once(world: World) -> None:
    made = await member(world, "a@example.com", mfa_phone_number="+15005550006")
    answer = await world.call(
        "PUT", f"{MEMBERS}/{made['member_id']}", {"mfa_phone_number": "+15005550007"}
    )
    refused(answer, 400, "bad_request")
    done(await world.call("DELETE", f"{MEMBERS}/mfa_phone_numbers/{made['member_id']}"))
    changed = await change(world, made["member_id"], mfa_phone_number="+15005550007")
    assert changed["mfa_phone_number"] == "+15005550007"


async def test_external_ids_are_unique_in_their_organization(world: World) -> None:
    first = await member(world, "a@example.com", external_id="crm|1")
    body = {"email_address": "b@example.com", "external_id": "crm|1"}
    refused(await world.call("POST", MEMBERS, body), 400, "duplicate_member_external_id")
    await member(world, "b@example.com", "northwind-labs", external_id="crm|1")
    done(await world.call("DELETE", f"{MEMBERS}/crm|1/external_id"))
    second = await member(world, "b@example.com", external_id="crm|1")
    assert second["member_id"] != first["member_id"]


async def test_deleting_ends_the_sessions_and_reactivating_brings_back(world: World) -> None:
    who = await signed_in(world)
    path = f"{MEMBERS}/{who.member_id}"
    assert done(await world.call("DELETE", path))["member_id"] == who.member_id
    assert not await lives(world, who.token)
    refused(await world.call("DELETE", path), 404, "member_not_found")
    refused(
        await world.call("GET", f"{NORTHWIND}/member?member_id={who.member_id}"),
        404,
        "member_not_found",
    )
    answer = await world.call("PUT", path, {"name": "Ghost"})
    refused(answer, 400, "action_available_only_for_active_members")
    anywhere = f"{ORGANIZATIONS}/members/dangerously_get/{who.member_id}"
    refused(await world.call("GET", anywhere), 404, "member_not_found")
    shown = done(await world.call("GET", f"{anywhere}?include_deleted=true"))
    assert shown["member"]["status"] == "deleted"
    back = done(await world.call("PUT", f"{path}/reactivate", {}))
    assert back["member"]["status"] == "active"
    refused(await world.call("PUT", f"{path}/reactivate", {}), 400, "bad_request")
    assert await lives(world, (await signed_in(world)).token)


async def test_whoever_left_without_a_verified_address_stays_away(world: World) -> None:
    made = await member(world, "a@example.com")
    path = f"{MEMBERS}/{made['member_id']}"
    done(await world.call("DELETE", path))
    refused(await world.call("PUT", f"{path}/reactivate", {}), 400, "bad_request")


async def test_a_deleted_members_address_can_be_taken_by_somebody_else(world: World) -> None:
    who = await signed_in(world)
    done(await world.call("DELETE", f"{MEMBERS}/{who.member_id}"))
    fresh = await member(world, ADA.email)
    assert fresh["member_id"] != who.member_id
    answer = await world.call("PUT", f"{MEMBERS}/{who.member_id}/reactivate", {})
    refused(answer, 400, "duplicate_member_email")


async def test_roles_are_explained(world: World) -> None:
    who = await signed_in(world)
    path = f"{MEMBERS}/{who.member_id}/roles/explain"
    found = done(await world.call("GET", path))
    by_id = {role["role_id"]: role for role in found["roles"]}
    assert by_id["editor"]["sources"] == [
        {
            "type": "sso_connection_group",
            "details": {
                "connection_id": world.demo.saml.connection_id,
                "group": "engineering",
            },
        }
    ]
    assert by_id["editor"]["counts_in_sessions"] == [who.session_id]
    assert found["connections"][0]["groups"] == ["engineering", "leads"]
