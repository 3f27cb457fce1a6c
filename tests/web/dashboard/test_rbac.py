"""The policy in the dashboard: what is ticked is what is granted, and what goes is told before."""

from __future__ import annotations

import json

import pytest

from support.world import BASE_URL, World
from vestibule.domain.rbac import Policy, Role
from vestibule.services import audit, members, projects
from vestibule.services.audit import AuditQuery
from vestibule.services.rbac import Actor
from web.visits import Visitor

HOSTILE = """<script>alert("x")</script>'"&"""


async def policy(world: World) -> Policy:
    return (await projects.get(world.rt, world.demo.project.project_id)).policy


async def role(world: World, name: str) -> Role | None:
    return next((one for one in (await policy(world)).roles if one.role_id == name), None)


async def test_a_role_grants_what_was_ticked_and_the_page_shows_it(world: World) -> None:
    visitor = await Visitor.as_developer(world)
    page = await visitor.get(f"{visitor.base}/roles/role")
    page = await visitor.send(
        page,
        {
            "role_id": "publisher",
            "description": "Publishes",
            "grant": ["documents:read", "documents:publish"],
            "all": ["experiments"],
        },
    )
    made = await role(world, "publisher")
    assert made is not None
    granted = {p.resource_id: p.actions for p in made.permissions}
    assert granted == {"documents": ("read", "publish"), "experiments": ("*",)}
    assert "publisher" in page.links()
    assert "The change was saved." in page.text
    # The diff of this write stands on the page, from the audit log.
    assert "Roles added publisher" in page.text


async def test_what_a_role_grants_already_is_ticked(world: World) -> None:
    visitor = await Visitor.as_developer(world)
    page = await visitor.get(f"{visitor.base}/roles/role?id=editor")
    ticked = page.document.xpath("//input[@name='grant'][@checked]/@value")
    assert ticked == ["documents:read", "documents:write"]
    page = await visitor.send(page, {"grant": ["documents:read"]})
    assert "Permissions taken away editor documents:write" in page.text


async def test_a_built_in_role_keeps_what_it_always_grants_and_may_get_more(world: World) -> None:
    visitor = await Visitor.as_developer(world)
    page = await visitor.get(f"{visitor.base}/roles/role?id=stytch_admin")
    assert page.document.xpath("//fieldset[@disabled]//input[@value='stytch.sso'][@checked]")
    await visitor.send(page, {"grant": ["documents:publish"]})
    admin = await role(world, "stytch_admin")
    assert admin is not None
    granted = {p.resource_id: p.actions for p in admin.permissions}
    assert granted["stytch.sso"] == ("*",)
    assert granted["documents"] == ("publish",)
    assert (await visitor.get(f"{visitor.base}/roles/role/delete?id=stytch_admin")).status == 400


async def test_a_role_that_is_deleted_says_how_many_hold_it(world: World) -> None:
    made = await members.create(
        world.rt,
        Actor(world.demo.project),
        world.demo.northwind.organization_id,
        {"email_address": "held@northwind.example", "roles": ["editor"]},
    )
    assert made.member.explicit_roles == ("editor",)
    visitor = await Visitor.as_developer(world)
    page = await visitor.get(f"{visitor.base}/roles/role?id=editor")
    assert "1 member holds it by hand" in page.text
    page = await visitor.get(page.links()["Delete this role"])
    assert "1 member holds it by hand and loses what it grants at once." in page.text
    await visitor.send(page)
    assert await role(world, "editor") is None


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ({"role_id": "viewer"}, "rbac_policy_invalid"),
        ({"role_id": "stytch_owner"}, "invalid_rbac_role_id"),
        ({"role_id": ""}, "invalid_rbac_role_id"),
        ({"role_id": "x" * 129}, "invalid_rbac_role_id"),
    ],
)
async def test_a_role_that_is_none_is_refused_with_everything_still_ticked(
    world: World, typed: dict[str, str], code: str
) -> None:
    visitor = await Visitor.as_developer(world)
    before = await policy(world)
    page = await visitor.get(f"{visitor.base}/roles/role")
    page = await visitor.send(page, {**typed, "grant": ["documents:read"], "all": ["experiments"]})
    assert page.status == 400
    assert page.code == code
    ticked = page.document.xpath("//input[@type='checkbox'][@checked]/@value")
    assert ticked == ["documents:read", "experiments"]
    assert await policy(world) == before


async def test_a_permission_that_the_policy_does_not_know_is_not_granted(world: World) -> None:
    visitor = await Visitor.as_developer(world)
    page = await visitor.get(f"{visitor.base}/roles/role?id=viewer")
    await visitor.send(page, {"grant": ["documents:read", "payroll:read", "documents:*"]})
    held = await role(world, "viewer")
    assert held is not None
    assert [(p.resource_id, p.actions) for p in held.permissions] == [("documents", ("read",))]


async def test_a_renamed_resource_takes_along_what_roles_grant_on_it(world: World) -> None:
    visitor = await Visitor.as_developer(world)
    page = await visitor.get(f"{visitor.base}/roles/resource?id=documents")
    await visitor.send(page, {"resource_id": "papers"})
    editor = await role(world, "editor")
    assert editor is not None
    assert [(p.resource_id, p.actions) for p in editor.permissions] == [
        ("papers", ("read", "write"))
    ]


async def test_an_action_that_roles_grant_goes_only_when_that_was_said(world: World) -> None:
    visitor = await Visitor.as_developer(world)
    before = await policy(world)
    page = await visitor.get(f"{visitor.base}/roles/resource?id=documents")
    page = await visitor.send(page, {"actions": "read\npublish"})
    assert page.status == 400
    assert "1 permission goes with an action that you take away: editor write" in page.text
    assert await policy(world) == before
    await visitor.send(page, {"losing": "yes"})
    editor = await role(world, "editor")
    assert editor is not None
    assert [p.actions for p in editor.permissions] == [("read",)]


async def test_a_resource_that_is_deleted_names_the_roles_that_lose_it(world: World) -> None:
    visitor = await Visitor.as_developer(world)
    page = await visitor.get(f"{visitor.base}/roles/resource/delete?id=documents")
    assert "3 roles lose what they grant on it" in page.text
    await visitor.send(page)
    assert "documents" not in {one.resource_id for one in (await policy(world)).resources}
    assert (await visitor.get(f"{visitor.base}/roles/resource?id=stytch.sso")).status == 400


async def test_what_was_downloaded_can_be_brought_in_and_changes_nothing(world: World) -> None:
    visitor = await Visitor.as_developer(world)
    before = await policy(world)
    text = (await visitor.get(f"{visitor.base}/roles/policy.json")).answer.text
    page = await visitor.get(f"{visitor.base}/roles/json")
    sent = await visitor.client.post(
        f"{visitor.base}/roles/json",
        data={"csrf": dict(page.form().form_values())["csrf"], "policy": ""},
        files={"file": ("policy.json", text.encode(), "application/json")},
        headers={"origin": BASE_URL},
    )
    assert sent.url.path == f"{visitor.base}/roles"
    assert await policy(world) == before


async def test_a_policy_is_looked_at_before_it_is_saved(world: World) -> None:
    visitor = await Visitor.as_developer(world)
    before = await policy(world)
    page = await visitor.get(f"{visitor.base}/roles/json")
    document = json.loads(dict(page.form().form_values())["policy"])
    document["custom_roles"] = [
        one for one in document["custom_roles"] if one["role_id"] != "viewer"
    ]
    csrf = dict(page.form().form_values())["csrf"]
    page = await visitor.post(
        f"{visitor.base}/roles/json/check",
        {"csrf": csrf, "policy": json.dumps(document)},
        origin=BASE_URL,
    )
    assert "Roles removed viewer" in page.text
    assert await policy(world) == before
    await visitor.send(page)
    assert await role(world, "viewer") is None


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("{", "Line 1, column 2"),
        ("[]", "the policy"),
        ("{}", "the policy"),
        ("[" * 100_000, ""),
        ('{"custom_roles": {}}', "custom_roles"),
        ('{"custom_roles": [{"role_id": 1}]}', "custom_roles[0].role_id"),
        ('{"custom_resources": [{"resource_id": "a"}]}', "custom_resources[0].actions"),
        ('{"custom_roles": [{"role_id": "a", "permissions": [{"resource_id": "nothing",'
         ' "actions": ["x"]}]}]}', "nothing"),
    ],
)  # fmt: skip
async def test_a_text_that_is_no_policy_says_where(world: World, text: str, where: str) -> None:
    visitor = await Visitor.as_developer(world)
    before = await policy(world)
    page = await visitor.get(f"{visitor.base}/roles/json")
    page = await visitor.send(page, {"policy": text})
    assert page.status == 400
    assert page.code == "rbac_policy_invalid"
    assert where in page.text
    assert dict(page.form().form_values())["policy"].strip() == text
    assert await policy(world) == before


async def test_names_in_the_policy_are_text_on_every_page_of_it(world: World) -> None:
    visitor = await Visitor.as_developer(world)
    page = await visitor.get(f"{visitor.base}/roles/resource")
    await visitor.send(
        page, {"resource_id": HOSTILE, "description": HOSTILE, "actions": f"read\n{HOSTILE}"}
    )
    page = await visitor.get(f"{visitor.base}/roles/role")
    await visitor.send(
        page, {"role_id": HOSTILE, "description": HOSTILE, "grant": [f"{HOSTILE}:{HOSTILE}"]}
    )
    page = await visitor.get(f"{visitor.base}/roles")
    assert HOSTILE in page.links()
    paths = [page.links()[HOSTILE], f"{visitor.base}/roles/json", f"{visitor.base}/audit"]
    paths += [a.get("href") for a in page.document.xpath("//caption/a")]
    for path in paths:
        shown = await visitor.get(path)
        assert shown.status == 200
        assert "<script>alert" not in shown.answer.text


async def test_a_policy_is_changed_by_no_form_without_this_visits_token(world: World) -> None:
    mine, other = await Visitor.as_developer(world), await Visitor.as_developer(world)
    before = await policy(world)
    page = await other.get(f"{other.base}/roles/role?id=editor")
    sent = await mine.send(page, {"grant": []}, without=["grant"])
    assert sent.status == 400
    assert "form_expired" in sent.answer.text
    assert await policy(world) == before


async def test_a_change_is_recorded_under_the_operators_name(world: World) -> None:
    visitor = await Visitor.as_developer(world)
    page = await visitor.get(f"{visitor.base}/roles/role/delete?id=viewer")
    await visitor.send(page)
    actor = Actor(world.demo.project)
    found = await audit.search(world.rt, actor, AuditQuery(action="policy.changed"))
    done = [one for one in found.events if one.details.get("removed") == "viewer"]
    assert [one.actor.startswith("operator-") for one in done] == [True]
