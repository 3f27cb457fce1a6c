"""The policy of the project, of an organization, and on the management wire (wire §7)."""

from __future__ import annotations

from typing import Any

import pytest

from support.world import World
from vestibule.domain.rbac import BUILT_IN_RESOURCES
from web.api.calls import (
    MEMBERS,
    NORTHWIND,
    ORGANIZATIONS,
    SESSIONS,
    contents,
    done,
    member,
    refused,
    signed_in,
)

POLICY = "/v1/b2b/rbac/policy"
ORG = "/v1/b2b/rbac/organizations/northwind"


def managed(world: World) -> str:
    known = world.credentials
    return (
        f"/pwa/v3/projects/{known.project_slug}/environments/{known.environment_slug}/rbac_policy"
    )


def workspace(world: World) -> tuple[str, str]:
    return (world.credentials.workspace_key_id, world.credentials.workspace_key_secret)


def role(role_id: str, resource_id: str = "documents", *actions: str) -> dict[str, Any]:
    permission = {"resource_id": resource_id, "actions": list(actions or ("read",))}
    return {"role_id": role_id, "description": "Tested", "permissions": [permission]}


async def test_the_policy_holds_what_is_built_in_and_what_was_added(world: World) -> None:
    policy = done(await world.call("GET", POLICY))["policy"]
    roles = {r["role_id"]: r for r in policy["roles"]}
    assert roles["stytch_member"]["permissions"] == [
        {"resource_id": "stytch.self", "actions": ["*"]}
    ]
    assert roles["stytch_admin"]["permissions"] == [
        {"resource_id": name, "actions": ["*"]}
        for name in ("stytch.organization", "stytch.member", "stytch.sso", "stytch.scim")
    ]
    assert {"viewer", "editor", "lab-lead"} <= roles.keys()
    resources = {r["resource_id"]: r["actions"] for r in policy["resources"]}
    for built_in in BUILT_IN_RESOURCES:
        assert resources[built_in.resource_id] == list(built_in.actions)
    assert policy["scopes"] == []


async def test_an_organizations_own_roles(world: World) -> None:
    assert done(await world.call("GET", ORG))["org_policy"] == {"roles": []}
    body = {"org_policy": {"roles": [role("own", "documents", "publish"), role("other")]}}
    assert done(await world.call("PUT", ORG, body))["org_policy"] == body["org_policy"]
    assert done(await world.call("GET", ORG))["org_policy"] == body["org_policy"]
    shown = done(await world.call("GET", NORTHWIND))["organization"]["custom_roles"]
    assert shown == body["org_policy"]["roles"]
    # They are assignable here and nowhere else.
    who = await signed_in(world)
    done(await world.call("PUT", f"{MEMBERS}/{who.member_id}", {"roles": ["own"]}))
    answer = await world.call(
        "POST",
        f"{ORGANIZATIONS}/northwind-labs/members",
        {"email_address": "a@example.com", "roles": ["own"]},
    )
    refused(answer, 400, "invalid_rbac_role_id")
    check = {
        "session_token": who.token,
        "authorization_check": {
            "organization_id": "northwind",
            "resource_id": "documents",
            "action": "publish",
        },
    }
    verdict = done(await world.call("POST", f"{SESSIONS}/authenticate", check))["verdict"]
    assert verdict == {"authorized": True, "granting_roles": ["own"]}
    # Replaced whole: the role that goes stops to count, and is no obstacle.
    done(await world.call("PUT", ORG, {"org_policy": {"roles": [role("other")]}}))
    answer = await world.call("POST", f"{SESSIONS}/authenticate", check)
    refused(answer, 403, "session_authorization_error")
    found = done(await world.call("GET", f"{NORTHWIND}/member?member_id={who.member_id}"))
    assert "own" not in {r["role_id"] for r in found["member"]["roles"]}
    done(await world.call("PUT", f"{MEMBERS}/{who.member_id}", {"name": "Still here"}))
    done(await world.call("PUT", ORG, {"org_policy": {}}))
    assert done(await world.call("GET", ORG))["org_policy"] == {"roles": []}


@pytest.mark.parametrize(
    ("roles", "code"),
    [
        ([role("editor")], "invalid_rbac_role_id"),
        ([role("stytch_admin")], "invalid_rbac_role_id"),
        ([role("stytch_new")], "invalid_rbac_role_id"),
        ([role("twice"), role("twice")], "invalid_rbac_role_id"),
        ([role("")], "invalid_rbac_role_id"),
        ([role("x" * 129)], "invalid_rbac_role_id"),
        ([role("own", "unheard-of")], "bad_request"),
        ([role("own", "documents", "unheard-of")], "bad_request"),
        ([role("own", "documents", "*", "read")], "cannot_specify_wildcard_with_other_actions"),
        ([role("own", "documents", "re*")], "invalid_wildcard_action"),
    ],
)
async def test_roles_that_cannot_stand(
    world: World, roles: list[dict[str, Any]], code: str
) -> None:
    before = contents(world)
    refused(await world.call("PUT", ORG, {"org_policy": {"roles": roles}}), 400, code)
    assert contents(world) == before


async def test_the_policy_is_managed_with_either_credential(world: World) -> None:
    for auth in (workspace(world), world.auth):
        found = done(await world.call("GET", managed(world), auth=auth))["policy"]
        assert {r["role_id"] for r in found["custom_roles"]} == {"viewer", "editor", "lab-lead"}
        assert {r["resource_id"] for r in found["custom_resources"]} == {
            "documents",
            "experiments",
        }
        assert {r["resource_id"] for r in found["stytch_resources"]} == {
            r.resource_id for r in BUILT_IN_RESOURCES
        }
        assert found["stytch_member"]["role_id"] == "stytch_member"
        assert found["stytch_admin"]["permissions"]
        # What was read can be written back, and changes nothing.
        again = await world.call("PUT", managed(world), {"policy": found}, auth=auth)
        assert done(again)["policy"] == found


async def test_a_new_policy_counts_at_once(world: World) -> None:
    who = await signed_in(world)
    made = await member(world, "a@example.com", roles=["editor"])
    policy = {
        "custom_resources": [
            {"resource_id": "reports", "description": "Numbers", "actions": ["read", "send"]}
        ],
        "custom_roles": [role("viewer", "reports"), role("lab-lead", "reports", "*")],
        "stytch_member": {"permissions": [{"resource_id": "reports", "actions": ["read"]}]},
        "stytch_admin": {
            "permissions": [{"resource_id": "stytch.custom-org-roles", "actions": ["*"]}]
        },
    }
    body = {"policy": policy}
    kept = done(await world.call("PUT", managed(world), body, auth=workspace(world)))["policy"]
    # What the built-in roles always grant is still there.
    assert kept["stytch_member"]["permissions"] == [
        {"resource_id": "stytch.self", "actions": ["*"]},
        {"resource_id": "reports", "actions": ["read"]},
    ]
    assert {"resource_id": "stytch.sso", "actions": ["*"]} in kept["stytch_admin"]["permissions"]
    shown = done(await world.call("GET", POLICY))["policy"]
    assert {r["role_id"] for r in shown["roles"]} == {
        "stytch_member", "stytch_admin", "viewer", "lab-lead"
    }  # fmt: skip
    check = {
        "session_token": who.token,
        "authorization_check": {
            "organization_id": world.demo.northwind.organization_id,
            "resource_id": "reports",
            "action": "read",
        },
    }
    verdict = done(await world.call("POST", f"{SESSIONS}/authenticate", check))["verdict"]
    assert set(verdict["granting_roles"]) == {"stytch_member", "viewer"}
    # `editor` is gone: held by nobody any more, and in nobody's way.
    found = done(await world.call("GET", f"{NORTHWIND}/member?member_id={made['member_id']}"))
    assert [r["role_id"] for r in found["member"]["roles"]] == ["stytch_member"]


async def test_the_parts_of_a_policy_may_be_sent_by_themselves(world: World) -> None:
    """As the official management clients do, with their word for the actions."""
    reports = {"resource_id": "reports", "description": "", "available_actions": ["read", "send"]}
    body = {"custom_resources": [reports], "custom_roles": [role("viewer", "reports")]}
    kept = done(await world.call("PUT", managed(world), body, auth=workspace(world)))["policy"]
    assert kept["custom_resources"] == [{**reports, "actions": ["read", "send"]}]
    assert kept["custom_roles"] == body["custom_roles"]
    shown = done(await world.call("GET", POLICY))["policy"]["resources"]
    assert {"resource_id": "reports", "description": "", "actions": ["read", "send"]} in shown
    # What is left out is empty afterwards.
    body = {"custom_resources": []}
    kept = done(await world.call("PUT", managed(world), body, auth=workspace(world)))["policy"]
    assert (kept["custom_resources"], kept["custom_roles"]) == ([], [])


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"policy": None},
        {"policy": {}, "custom_roles": []},
        {"custom_scopes": [{"scope": "read", "description": "", "permissions": []}]},
        {"policy": {"custom_scopes": [{"scope": "read", "description": "", "permissions": []}]}},
        {"custom_resources": [{"resource_id": "a"}]},
        {"custom_resources": [{"resource_id": "a", "actions": ["x"], "available_actions": []}]},
    ],
)
async def test_a_policy_without_a_clear_meaning_is_refused(
    world: World, body: dict[str, Any]
) -> None:
    before = contents(world)
    refused(
        await world.call("PUT", managed(world), body, auth=workspace(world)), 400, "bad_request"
    )
    assert contents(world) == before


@pytest.mark.parametrize(
    ("policy", "code"),
    [
        ({"custom_resources": [{"resource_id": "stytch.new", "description": "", "actions": []}]},
         "invalid_stytch_prefixed_resource"),
        ({"custom_resources": [{"resource_id": "", "description": "", "actions": []}]},
         "bad_request"),
        ({"custom_resources": [{"resource_id": "a", "description": "", "actions": ["*"]}]},
         "invalid_wildcard_action"),
        ({"custom_resources": [{"resource_id": "a", "description": "", "actions": []}] * 2},
         "bad_request"),
        ({"custom_roles": [role("own", "documents")]}, "bad_request"),
        ({"custom_roles": [role("stytch_member", "stytch.self", "*")]}, "bad_request"),
        ({"stytch_member": {"permissions": [{"resource_id": "none", "actions": ["*"]}]}},
         "bad_request"),
    ],
)  # fmt: skip
async def test_policies_that_cannot_stand(world: World, policy: dict[str, Any], code: str) -> None:
    before = contents(world)
    answer = await world.call("PUT", managed(world), {"policy": policy}, auth=workspace(world))
    refused(answer, 400, code)
    assert contents(world) == before


async def test_the_management_wire_has_its_own_door(world: World) -> None:
    path = managed(world)
    key, secret = workspace(world)
    for auth in (
        (key, "wrong"), ("wrong", secret), (world.credentials.project_id, secret),
        (key, world.credentials.secret), ("", ""),
    ):  # fmt: skip
        for method in ("GET", "PUT"):
            body = {"policy": {}} if method == "PUT" else None
            answer = await world.call(method, path, body, auth=auth)
            refused(answer, 401, "unauthorized_credentials")
    # A workspace key opens the management wire and nothing else.
    answer = await world.call("GET", POLICY, auth=workspace(world))
    refused(answer, 401, "unauthorized_credentials")
    for auth in (workspace(world), world.auth):
        answer = await world.call("GET", path.replace("/test/", "/live/"), auth=auth)
        refused(answer, 404, "route_not_found")
