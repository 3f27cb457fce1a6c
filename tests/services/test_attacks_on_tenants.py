"""Attacks across the wall between organizations, and on who a login may become.

Each test is named for what must not work.
"""

from __future__ import annotations

from typing import Any

import pytest

from services.attacks import (
    ADA,
    AUTHENTICATE,
    JSON,
    SESSIONS,
    Tell,
    alive,
    change_organization,
    create_external,
    done,
    external_door,
    member,
    oidc_login,
    oidc_sign_in,
    organization,
    refused,
    saml_door,
    token_of,
)
from support.world import World
from vestibule.services.demo import PEOPLE

GRACE = PEOPLE[1]
CUSTOM_ROLE = {"role_id": "auditor", "description": "", "permissions": []}


async def admin(world: World, organization_name: str, door: str, person: str = ADA.email) -> str:
    """The session of an administrator of that organization."""
    await member(world, organization_name, person, roles=["stytch_admin"])
    held = await world.sign_in(door, person)
    token: str = held["session_token"]
    return token


def same(*answers: Any) -> None:
    """Whoever reads these answers learns the same from each."""
    told = [
        (a.status_code, {k: v for k, v in a.json().items() if k not in ("request_id",)})
        for a in answers
    ]
    for _, one in told:
        one["error_details"].pop("got", None)
    assert all(one == told[0] for one in told), told


# --- identity -----------------------------------------------------------------------------------


def test_the_same_email_in_two_organizations_is_two_people(story: Tell) -> None:
    """A provider that asserts the address of somebody who is an administrator elsewhere."""

    async def work(world: World) -> None:
        await member(world, "northwind", ADA.email, roles=["stytch_admin"])
        through = await world.sign_in(world.demo.labs_saml.connection_id)
        direct = await world.sign_in(world.demo.saml.connection_id)
        assert through["member_id"] != direct["member_id"]
        assert through["organization_id"] == world.demo.labs.organization_id
        assert "stytch_admin" in direct["member_session"]["roles"]
        assert "stytch_admin" not in through["member_session"]["roles"]
        assert "stytch_admin" not in {role["role_id"] for role in through["member"]["roles"]}

    story(work)


def test_a_new_address_does_not_make_a_new_person_or_take_anothers(story: Tell) -> None:
    """A provider that renames its subject to the address of another member."""

    async def work(world: World) -> None:
        first = await oidc_sign_in(world)
        renamed = await oidc_sign_in(world, email="ada.king@northwind.example")
        assert renamed["member_id"] == first["member_id"]
        assert renamed["member"]["email_address"] == "ada.king@northwind.example"
        victim = await member(world, "northwind", GRACE.email, roles=["stytch_admin"])
        taken = await oidc_sign_in(world, email=GRACE.email)
        assert taken["member_id"] == first["member_id"] != victim
        assert taken["member"]["email_address"] == "ada.king@northwind.example"
        assert "stytch_admin" not in taken["member_session"]["roles"]
        # The retired address is nobody's to take, neither for a login nor for a new member.
        login = await oidc_login(world)
        stranger = login.id_token(sub="9999")
        answer = await login.deliver(login.tokens(stranger), login.userinfo(sub="9999"))
        refused(answer, "retired_member_email")
        path = "/v1/b2b/organizations/northwind/members"
        refused(await world.call("POST", path, {"email_address": ADA.email}),
                "retired_member_email")  # fmt: skip

    story(work)


def test_a_second_subject_with_a_members_address_is_refused(story: Tell) -> None:
    """The next owner of a reused address at the provider, and one who writes it otherwise."""

    async def work(world: World) -> None:
        await oidc_sign_in(world)
        for address in (ADA.email, ADA.email.upper()):
            login = await oidc_login(world)
            other = login.tokens(login.id_token(sub="2001"))
            answer = await login.deliver(other, login.userinfo(sub="2001", email=address))
            refused(answer, "duplicate_member_email")

    story(work)


@pytest.mark.parametrize("setting", ["ALL_ALLOWED", "RESTRICTED", "NOT_ALLOWED"])
def test_nobody_is_provisioned_but_through_an_allowed_door(story: Tell, setting: str) -> None:
    """A stranger known to the provider; the list holds the External id, not the source's."""

    async def work(world: World) -> None:
        demo = world.demo
        listed = [demo.labs_saml.connection_id] if setting == "RESTRICTED" else []
        await change_organization(
            world, "northwind-labs", sso_jit_provisioning=setting,
            sso_jit_provisioning_allowed_connections=listed,
        )  # fmt: skip
        code = "invalid_connection_for_jit_provisioning"
        for door, allowed in (
            (demo.labs_saml, setting != "NOT_ALLOWED"),
            (demo.labs_oidc, setting == "ALL_ALLOWED"),
        ):
            person = ADA.email if door is demo.labs_saml else GRACE.email
            deliver = await world.begin(world.client(), door.connection_id, person)
            answer = await deliver()
            if allowed:
                assert answer.status_code == 303
            else:
                refused(answer, code)
        refused(
            await world.call(
                "PUT",
                "/v1/b2b/organizations/northwind-labs",
                {
                    "sso_jit_provisioning": "RESTRICTED",
                    "sso_jit_provisioning_allowed_connections": [demo.saml.connection_id],
                },
            ),
            "invalid_restricted_sso_setting",
        )

    story(work)


def test_sso_does_not_enter_where_it_is_not_among_the_methods(story: Tell) -> None:
    """Anybody in an organization that has turned SSO off; break-glass members are exempt."""

    async def work(world: World) -> None:
        name = world.demo.saml.connection_id
        token = await world.arrive(name)
        await member(world, "northwind", GRACE.email, is_breakglass=True)
        await change_organization(
            world, "northwind", auth_methods="RESTRICTED", allowed_auth_methods=["magic_link"]
        )
        code = "operation_restricted_by_organization_auth_methods"
        refused(await world.call("POST", AUTHENTICATE, {"sso_token": token}), code)
        for person in (ADA.email, "alan@contractors.example"):
            deliver = await world.begin(world.client(), name, person)
            refused(await deliver(), code)
        assert (await world.sign_in(name, GRACE.email))["member_authenticated"] is True

    story(work)


def test_a_flood_of_attributes_stops_nothing_but_itself(story: Tell) -> None:
    """A provider that sends more than a member's metadata may hold: the login goes on, warned."""

    async def work(world: World) -> None:
        await oidc_sign_in(world)
        login = await oidc_login(world)
        arrived = await login.deliver(login.tokens(), login.userinfo(department="x" * 100_000))
        body = {"sso_token": token_of(arrived)}
        held = done(await world.call("POST", AUTHENTICATE, body))
        assert held["member"]["trusted_metadata"] == {"department": "Research"}
        traces = await world.rt.store.read(
            lambda tx: tx.logins.traces(world.demo.northwind.organization_id, 5)
        )
        warnings = [s for t in traces for s in t.steps if s.code == "warning"]
        assert any("trusted_metadata" in step.summary for step in warnings)

    story(work)


# --- roles --------------------------------------------------------------------------------------


def test_a_role_name_of_one_organization_is_none_of_another(story: Tell) -> None:
    """A receiver's administrator who writes rules with the custom roles of somebody else."""

    async def work(world: World) -> None:
        path = "/v1/b2b/rbac/organizations/northwind"
        done(await world.call("PUT", path, {"org_policy": {"roles": [CUSTOM_ROLE]}}))
        external = world.demo.labs_saml.connection_id
        change = f"/v1/b2b/sso/external/northwind-labs/connections/{external}"
        for role_id, code in (
            ("auditor", "invalid_rbac_role_id"),
            ("nobody-defined", "invalid_rbac_role_id"),
            ("stytch_member", "cannot_assign_default_rbac_role_id"),
        ):
            rule = [{"role_id": role_id}]
            group = [{"role_id": role_id, "group": "engineering"}]
            for body in (
                {"external_connection_implicit_role_assignments": rule},
                {"external_group_implicit_role_assignments": group},
                {"connection_implicit_role_assignments": rule},
            ):
                refused(await world.call("PUT", change, body), code)
            refused(
                await world.call(
                    "POST",
                    "/v1/b2b/organizations/northwind-labs/members",
                    {"email_address": "x@labs.example", "roles": [role_id]},
                ),
                code,
            )

    story(work)


def test_a_group_named_like_a_role_gives_nothing_and_neither_do_the_sources_rules(
    story: Tell,
) -> None:
    """A provider whose groups are called like roles, and an owner with generous rules."""

    async def work(world: World) -> None:
        groups = ["stytch_admin", "editor", "lab-lead", "Engineering", "engineering ", "auditor"]
        through = await oidc_sign_in(world, world.demo.labs_oidc.connection_id, groups=groups)
        assert through["member_session"]["roles"] == ["stytch_member", "viewer"]
        direct = await oidc_sign_in(world, groups=groups)
        assert direct["member_session"]["roles"] == ["stytch_member", "viewer"]
        own = f"/v1/b2b/sso/oidc/northwind/connections/{world.demo.oidc.connection_id}"
        rule = {"oidc_connection_implicit_role_assignments": [{"role_id": "stytch_admin"}]}
        done(await world.call("PUT", own, rule))
        again = done(
            await world.call(
                "POST", f"{SESSIONS}/authenticate", {"session_token": through["session_token"]}
            )
        )
        assert again["member_session"]["roles"] == ["stytch_member", "viewer"]

    story(work)


# --- ids and errors -----------------------------------------------------------------------------


def test_the_id_of_a_foreign_connection_is_worth_no_more_than_a_guess(story: Tell) -> None:
    """An administrator of B, and the project's own back end, with ids of A's connections."""

    async def work(world: World) -> None:
        demo = world.demo
        token = await admin(world, "northwind-labs", demo.labs_saml.connection_id)
        for foreign in (demo.saml.connection_id, demo.oidc.connection_id):
            kind = foreign.partition("-")[0]
            guess = f"{kind}-connection-test-00000000-0000-4000-8000-000000000000"
            for method, path, body in (
                ("DELETE", "/v1/b2b/sso/northwind-labs/connections/{}", None),
                ("PUT", f"/v1/b2b/sso/{kind}/northwind-labs/connections/{{}}",
                 {"display_name": "mine"}),
                ("PUT", "/v1/b2b/sso/external/northwind-labs/connections/{}",
                 {"display_name": "mine"}),
                ("GET", "/v1/b2b/sso/northwind-labs/connections/{}/external", None),
            ):  # fmt: skip
                for session in (token, None):
                    answers = [
                        await world.call(method, path.format(name), body, session=session)
                        for name in (foreign, guess)
                    ]
                    assert answers[0].status_code == 404, answers[0].text
                    same(*answers)
        await organization(world, "third")
        mine = (await saml_door(world, "third")).connection_id
        answers = [
            await create_external(world, "northwind-labs", "third", name)
            for name in (
                demo.saml.connection_id, "saml-connection-test-x", demo.labs_saml.connection_id,
            )
        ]  # fmt: skip
        assert answers[0].status_code == 404
        same(*answers)
        refused(answers[0], "external_connection_id_not_found", 404)
        done(await create_external(world, "northwind-labs", "third", mine))

    story(work)


def test_a_member_learns_nothing_of_other_organizations(story: Tell) -> None:
    """Somebody of B who asks about A and about organizations that do not exist."""

    async def work(world: World) -> None:
        token = await admin(world, "northwind-labs", world.demo.labs_saml.connection_id)
        stranger = await member(world, "northwind", GRACE.email)
        for method, path, body in (
            ("GET", "/v1/b2b/sso/{}", None),
            ("PUT", "/v1/b2b/organizations/{}", {"organization_name": "x"}),
            ("DELETE", "/v1/b2b/organizations/{}", None),
            ("POST", "/v1/b2b/organizations/{}/members", {"email_address": "x@x.example"}),
            ("PUT", f"/v1/b2b/organizations/{{}}/members/{stranger}", {"name": "x"}),
            ("DELETE", f"/v1/b2b/organizations/{{}}/members/{stranger}", None),
            ("POST", "/v1/b2b/sso/saml/{}", {}),
        ):
            answers = [
                await world.call(method, path.format(name), body, session=token)
                for name in ("northwind", "no-such-organization")
            ]
            refused(answers[0], "session_authorization_tenancy_error", 403)
            same(*answers)
        sessions = [
            await world.call("POST", f"{SESSIONS}/revoke", {"member_id": name}, session=token)
            for name in (stranger, "member-test-00000000-0000-4000-8000-000000000000")
        ]
        refused(sessions[0], "session_authorization_tenancy_error", 403)
        same(*sessions)
        inside = "/v1/b2b/organizations/northwind-labs/members"
        answers = [
            await world.call("DELETE", f"{inside}/{name}", session=token)
            for name in (stranger, "member-test-x")
        ]
        refused(answers[0], "member_not_found", 404)
        same(*answers)

    story(work)


# --- sharing ------------------------------------------------------------------------------------


def test_nobody_enters_without_the_owners_word(story: Tell) -> None:
    """A receiver who does not wait for the approval, and one who goes on after the end of it."""

    async def work(world: World) -> None:
        saml = world.demo.saml.connection_id
        third = await organization(world, "third")
        own = f"/v1/b2b/sso/saml/northwind/connections/{saml}"
        done(await world.call("PUT", own, {"external_sharing": "approval"}))
        door = await external_door(world, "third", "northwind", saml)
        path = f"/v1/b2b/sso/northwind/connections/{saml}/external"

        async def start() -> Any:
            return await world.client().get(world.start_url(door), headers=JSON)

        refused(await start(), "external_connection_pending")
        listed = done(await world.call("GET", path))["shared_with"]
        assert [one["status"] for one in listed if one["organization_id"] == third] == ["pending"]
        # The receiver cannot approve for the owner, nor the owner's members without the right.
        await member(world, "third", ADA.email, roles=["stytch_admin"])
        for owner in ("third", "northwind-labs"):
            wrong = f"/v1/b2b/sso/{owner}/connections/{saml}/external/{door}/approve"
            refused(await world.call("POST", wrong), "sso_connection_not_found", 404)
        plain = (await world.sign_in(saml, GRACE.email))["session_token"]
        approve = f"{path}/{door}/approve"
        refused(await world.call("POST", approve, session=plain), "session_authorization_error",
                403)  # fmt: skip
        other = f"{path}/{world.demo.labs_oidc.connection_id}/approve"
        refused(await world.call("POST", other), "external_connection_not_found", 404)
        done(await world.call("POST", approve))
        held = await world.sign_in(door)
        receiver = held["session_token"]
        refused(await world.call("POST", approve, session=receiver),
                "session_authorization_tenancy_error", 403)  # fmt: skip
        done(await world.call("POST", f"{path}/{door}/revoke"))
        assert not await alive(world, receiver)
        refused(await start(), "external_connection_revoked")
        for organization_id in (third, world.demo.northwind.organization_id):
            events = await world.rt.store.read(
                lambda tx, name=organization_id: tx.audit.latest(name, 100)
            )
            told = [event.action for event in events if event.target == door]
            assert sorted(told) == [
                "connection.created",
                "external_connection.approved",
                "external_connection.revoked",
            ]

    story(work)
