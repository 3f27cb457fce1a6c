"""Asked beforehand: who could still administer the organization after a change? On both databases.

In the demo's Northwind, people sign in by SAML or by OpenID Connect; here an organization of its
own has one door, so that closing it means something.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from services.attacks import (
    ADA,
    Tell,
    change_organization,
    done,
    external_door,
    member,
    organization,
    refused,
    saml_door,
)
from services.test_magic_links import sign_in
from support.world import World
from vestibule.services import lockout
from vestibule.services.demo import PEOPLE

GRACE = PEOPLE[1]


async def ask(world: World, name: str, **change: Any) -> dict[str, Any]:
    path = f"/v1/b2b/organizations/{name}/lockout_check"
    return done(await world.call("POST", path, change))


async def administrator(world: World, name: str, connection_id: str, person: Any = ADA) -> str:
    """A member who comes in through the connection and was given the role by hand."""
    member_id: str = (await world.sign_in(connection_id, person.email))["member_id"]
    path = f"/v1/b2b/organizations/{name}/members/{member_id}"
    done(await world.call("PUT", path, {"roles": ["stytch_admin"]}))
    return member_id


async def of_sso(world: World, name: str) -> None:
    """An organization in which SSO is the only way in, so that a closed door is one."""
    await organization(world, name, auth_methods="RESTRICTED", allowed_auth_methods=["sso"])


def people(found: list[dict[str, Any]]) -> list[str]:
    return [one["email_address"] for one in found]


def test_deleting_the_last_administrators_only_door_is_warned_of(story: Tell) -> None:
    async def tell(world: World) -> None:
        await of_sso(world, "acme")
        door = await saml_door(world, "acme")
        ada = await administrator(world, "acme", door.connection_id)
        found = await ask(world, "acme", delete_connection_id=door.connection_id)
        assert found["administrators_now"] == [
            {
                "member_id": ada, "email_address": ADA.email, "is_breakglass": False,
                "connection_ids": [door.connection_id], "untried_connection_ids": [],
                "email": "none",
            }
        ]  # fmt: skip
        assert found["administrators_then"] == []
        assert found["locks_out"] is True
        assert ADA.email in found["warning"]
        # It was a question: the door is still there, and Ada comes in through it.
        await world.sign_in(door.connection_id)

    story(tell)


def test_a_second_door_of_the_same_administrator_is_a_way_in(story: Tell) -> None:
    async def tell(world: World) -> None:
        await of_sso(world, "acme")
        first, second = await saml_door(world, "acme"), await saml_door(world, "acme")
        await administrator(world, "acme", first.connection_id)
        await world.sign_in(second.connection_id)
        found = await ask(world, "acme", delete_connection_id=first.connection_id)
        assert found["locks_out"] is False
        assert found["warning"] == ""
        (left,) = found["administrators_then"]
        assert left["connection_ids"] == [second.connection_id]

    story(tell)


def test_a_role_that_only_one_door_gives_goes_with_that_door(story: Tell) -> None:
    """Ada is registered at both doors, and only the first makes her an administrator."""

    async def tell(world: World) -> None:
        await of_sso(world, "acme")
        first, second = await saml_door(world, "acme"), await saml_door(world, "acme")
        path = f"/v1/b2b/sso/saml/acme/connections/{first.connection_id}"
        rule = [{"role_id": "stytch_admin", "group": "leads"}]
        done(await world.call("PUT", path, {"saml_group_implicit_role_assignments": rule}))
        await world.sign_in(first.connection_id)
        await world.sign_in(second.connection_id)
        now = await ask(world, "acme")
        assert people(now["administrators_now"]) == [ADA.email]
        found = await ask(world, "acme", delete_connection_id=first.connection_id)
        assert found["locks_out"] is True

    story(tell)


def test_an_external_door_whose_owner_closed_it_is_no_way_in(story: Tell) -> None:
    async def tell(world: World) -> None:
        owner, source = world.demo.northwind, world.demo.saml
        await of_sso(world, "acme")
        door = await external_door(world, "acme", owner.organization_id, source.connection_id)
        await administrator(world, "acme", door)
        assert people((await ask(world, "acme"))["administrators_now"]) == [ADA.email]
        shared = f"/v1/b2b/sso/northwind/connections/{source.connection_id}/external/{door}"
        done(await world.call("POST", f"{shared}/revoke"))
        assert (await ask(world, "acme"))["administrators_now"] == []

    story(tell)


def test_taking_the_role_or_deleting_the_last_administrator_is_warned_of(story: Tell) -> None:
    async def tell(world: World) -> None:
        await of_sso(world, "acme")
        door = await saml_door(world, "acme")
        ada = await administrator(world, "acme", door.connection_id)
        assert (await ask(world, "acme", member_id=ada, roles=[]))["locks_out"] is True
        assert (await ask(world, "acme", delete_member_id=ada))["locks_out"] is True
        grace = await administrator(world, "acme", door.connection_id, GRACE)
        found = await ask(world, "acme", delete_member_id=ada)
        assert found["locks_out"] is False
        assert people(found["administrators_then"]) == [GRACE.email]
        assert "break-glass" in found["warning"]
        path = f"/v1/b2b/organizations/acme/members/{grace}"
        done(await world.call("PUT", path, {"is_breakglass": True}))
        assert (await ask(world, "acme", delete_member_id=ada))["warning"] == ""

    story(tell)


def test_somebody_who_would_become_administrator_counts(story: Tell) -> None:
    async def tell(world: World) -> None:
        await of_sso(world, "acme")
        door = await saml_door(world, "acme")
        ada = await administrator(world, "acme", door.connection_id)
        grace: str = (await world.sign_in(door.connection_id, GRACE.email))["member_id"]
        found = await ask(
            world, "acme", delete_member_id=ada, member_id=grace, roles=["stytch_admin"]
        )
        assert found["locks_out"] is False
        assert people(found["administrators_then"]) == [GRACE.email]

    story(tell)


def test_break_glass_members_stay_when_sso_is_no_longer_allowed(story: Tell) -> None:
    async def tell(world: World) -> None:
        await of_sso(world, "acme")
        door = await saml_door(world, "acme")
        ada = await administrator(world, "acme", door.connection_id)
        shut = {"auth_methods": "RESTRICTED", "allowed_auth_methods": ["password"]}
        assert (await ask(world, "acme", **shut))["locks_out"] is True
        found = await ask(world, "acme", **shut, member_id=ada, is_breakglass=True)
        assert found["locks_out"] is False
        # And what the answer says is so.
        done(
            await world.call(
                "PUT", f"/v1/b2b/organizations/acme/members/{ada}", {"is_breakglass": True}
            )
        )
        await change_organization(world, "acme", **shut)
        await world.sign_in(door.connection_id)

    story(tell)


def test_an_organization_without_administrators_has_none_to_lose(story: Tell) -> None:
    async def tell(world: World) -> None:
        await of_sso(world, "acme")
        door = await saml_door(world, "acme")
        await member(world, "acme", "nobody@example.com", roles=["stytch_admin"])
        await world.sign_in(door.connection_id)
        found = await ask(world, "acme", delete_connection_id=door.connection_id)
        # An administrator who has never come in has no way in that anybody knows of.
        assert found["administrators_now"] == []
        assert found["locks_out"] is False

    story(tell)


def test_what_is_not_there_or_cannot_be_is_refused(story: Tell) -> None:
    async def tell(world: World) -> None:
        await organization(world, "acme")
        stranger = world.demo.saml.connection_id
        path = "/v1/b2b/organizations/acme/lockout_check"
        for change, code, status in (
            ({"delete_connection_id": stranger}, "sso_connection_not_found", 404),
            ({"delete_member_id": "member-test-1"}, "member_not_found", 404),
            ({"member_id": "member-test-1"}, "member_not_found", 404),
            ({"roles": ["emperor"]}, "invalid_rbac_role_id", 400),
            ({"auth_methods": "MAYBE"}, "field_invalid", 400),
            ({"auth_methods": "RESTRICTED"}, "allowed_auth_methods_required_for_restricted", 400),
        ):
            refused(await world.call("POST", path, change), code, status)

    story(tell)


# --- by e-mail ----------------------------------------------------------------------------------


def test_a_magic_link_is_a_way_in_where_the_organization_allows_it(story: Tell) -> None:
    async def tell(world: World) -> None:
        await organization(world, "acme")
        door = await saml_door(world, "acme")
        ada = await administrator(world, "acme", door.connection_id)
        found = await ask(world, "acme", delete_connection_id=door.connection_id)
        (left,) = found["administrators_then"]
        assert (left["member_id"], left["connection_ids"], left["email"]) == (ada, [], "proven")
        assert (found["locks_out"], found["warning"]) == (False, "")
        shut = {"auth_methods": "RESTRICTED", "allowed_auth_methods": ["sso"]}
        asked = {"delete_connection_id": door.connection_id, **shut}
        assert (await ask(world, "acme", **asked))["locks_out"] is True
        # Break-glass members are exempt from that.
        kept = await ask(world, "acme", **asked, member_id=ada, is_breakglass=True)
        assert kept["locks_out"] is False
        # And what the answer says is so.
        path = f"/v1/b2b/organizations/acme/members/{ada}"
        done(await world.call("PUT", path, {"is_breakglass": True}))
        await change_organization(world, "acme", **shut)
        done(await world.call("DELETE", f"/v1/b2b/sso/acme/connections/{door.connection_id}"))
        came = await sign_in(world, "acme", ADA.email)
        assert "stytch_admin" in came["member_session"]["roles"]

    story(tell)


def test_an_address_that_nobody_has_verified_is_no_way_in_that_is_known(story: Tell) -> None:
    async def tell(world: World) -> None:
        await organization(world, "acme")
        door = await saml_door(world, "acme")
        ada = await administrator(world, "acme", door.connection_id)
        await member(world, "acme", "new@acme.example", roles=["stytch_admin"])
        found = await ask(world, "acme", delete_member_id=ada)
        (left,) = found["administrators_then"]
        assert left["email"] == "untried"
        assert found["locks_out"] is False
        assert "Nobody knows" in found["warning"]

    story(tell)


def test_a_role_of_a_connection_does_not_come_by_mail(story: Tell) -> None:
    async def tell(world: World) -> None:
        await organization(world, "acme")
        door = await saml_door(world, "acme")
        path = f"/v1/b2b/sso/saml/acme/connections/{door.connection_id}"
        rule = {"saml_connection_implicit_role_assignments": [{"role_id": "stytch_admin"}]}
        done(await world.call("PUT", path, rule))
        await world.sign_in(door.connection_id)
        found = await ask(world, "acme", delete_connection_id=door.connection_id)
        assert [one["email"] for one in found["administrators_now"]] == ["none"]
        assert found["locks_out"] is True

    story(tell)


def test_without_a_mail_server_a_magic_link_is_no_way_in(story: Tell) -> None:
    async def tell(world: World) -> None:
        await organization(world, "acme")
        door = await saml_door(world, "acme")
        await administrator(world, "acme", door.connection_id)
        bare = replace(world.rt, deliver=None)
        change = lockout.Change(delete_connection_id=door.connection_id)
        assert (await lockout.check(bare, world.actor, "acme", change)).locks_out is True
        assert (await lockout.check(world.rt, world.actor, "acme", change)).locks_out is False

    story(tell)
