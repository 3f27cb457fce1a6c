"""Who stands on a role, and that of two changes of a policy at once none is lost."""

from __future__ import annotations

import asyncio

import pytest

from services.attacks import Tell
from support.world import World
from vestibule.domain.policies import with_role, without_role
from vestibule.domain.rbac import Role
from vestibule.errors import VestibuleError
from vestibule.services import jwt_templates, members, organizations, projects
from vestibule.services.rbac import GuestActor


def test_a_role_counts_its_members_by_hand_and_the_rules_that_give_it(story: Tell) -> None:
    async def tell(world: World) -> None:
        before = await members.role_use(world.rt, world.actor, "editor")
        owner = world.demo.northwind.organization_id
        for number in range(3):
            made = await members.create(
                world.rt, world.actor, owner,
                {"email_address": f"m{number}@x.example", "roles": ["editor"]},
            )  # fmt: skip
        await members.delete(world.rt, world.actor, owner, made.member.member_id)
        await organizations.update(
            world.rt, world.actor, owner,
            {"rbac_email_implicit_role_assignments": [
                {"role_id": "editor", "domain": "northwind.example"}]},
        )  # fmt: skip
        after = await members.role_use(world.rt, world.actor, "editor")
        assert after.members - before.members == 2
        assert after.rules - before.rules == 1
        # A name that others contain, or that means something to LIKE, counts for itself alone.
        for name in ("edit", "%", "edito_", '"editor"'):
            assert await members.role_use(world.rt, world.actor, name) == members.RoleUse(0, 0)

    story(tell)


def test_two_changes_at_once_lose_neither(story: Tell) -> None:
    async def tell(world: World) -> None:
        await asyncio.gather(
            projects.change_policy(
                world.rt, world.actor, lambda now: with_role(now, "", Role("one"))
            ),
            projects.change_policy(world.rt, world.actor, lambda now: without_role(now, "viewer")),
        )
        project = await projects.get(world.rt, world.demo.project.project_id)
        names = {role.role_id for role in project.policy.roles}
        assert "one" in names
        assert "viewer" not in names

    story(tell)


def test_a_guest_learns_nothing_of_policy_and_members(story: Tell) -> None:
    async def tell(world: World) -> None:
        guest = GuestActor(world.demo.project, organization_id=world.demo.northwind.organization_id)
        for work in (
            members.role_use(world.rt, guest, "editor"),
            projects.change_policy(world.rt, guest, lambda now: now),
            jwt_templates.find_members(world.rt, guest, ""),
            jwt_templates.preview(world.rt, guest, "{}", "", "member"),
        ):
            with pytest.raises(VestibuleError) as found:
                await work
            assert found.value.code == "setup_link_scope"

    story(tell)
