"""Of the last logins, how many would still pass, and who would lose what? On both databases.

Northwind's SAML connection is the one that changes; Northwind Labs shares it. The demo's rules:
everybody is a viewer, and whoever is in `engineering` an editor.
"""

from __future__ import annotations

from typing import Any

import pytest

from peers import certificates
from services.attacks import ADA, Tell, change_organization, done, refused
from services.test_login_tests import make_draft, path_of, walk
from support.world import World
from vestibule.services.demo import MAPPING, PEOPLE

GRACE = PEOPLE[1]


async def only_sso(world: World) -> None:
    """Otherwise a magic link would be a way in for every administrator."""
    await change_organization(
        world, "northwind", auth_methods="RESTRICTED", allowed_auth_methods=["sso"]
    )


async def dry_run(world: World, connection_id: str, **body: Any) -> dict[str, Any]:
    path = f"{path_of(connection_id)}/dry_run"
    return done(await world.call("POST", path, body))


async def administrator(world: World, email: str) -> str:
    member_id: str = (await world.sign_in(world.demo.saml.connection_id, email))["member_id"]
    path = f"/v1/b2b/organizations/northwind/members/{member_id}"
    done(await world.call("PUT", path, {"roles": ["stytch_admin"]}))
    return member_id


async def certificate_ids(world: World) -> list[str]:
    found = done(await world.call("GET", "/v1/b2b/sso/northwind"))["saml_connections"][0]
    return [one["certificate_id"] for one in found["verification_certificates"]]


async def rotate_in_draft(world: World) -> str:
    """A draft that believes another key than the one by which everybody came in."""
    fresh = certificates.make_key_pair("next.example").certificate_pem
    return await make_draft(
        world, world.demo.saml.connection_id,
        x509_certificate=fresh, delete_certificate_ids=await certificate_ids(world),
    )  # fmt: skip


def test_every_login_passes_through_the_connection_as_it_is(story: Tell) -> None:
    async def tell(world: World) -> None:
        name = world.demo.saml.connection_id
        for person in (ADA, GRACE, ADA):
            await world.sign_in(name, person.email)
        found = await dry_run(world, name)
        assert (found["basis"], found["logins"], found["would_pass"]) == ("live", 3, 3)
        assert (found["refusals"], found["members"], found["untold"]) == ([], [], [])
        # As many as were asked for, the latest ones.
        assert (await dry_run(world, name, logins=2))["logins"] == 2

    story(tell)


def test_a_rule_that_goes_takes_a_role_from_those_who_had_it_by_it(story: Tell) -> None:
    async def tell(world: World) -> None:
        name = world.demo.saml.connection_id
        ada = (await world.sign_in(name, ADA.email))["member_id"]
        await world.sign_in(name, GRACE.email)
        rules = [{"role_id": "lab-lead", "group": "leads"}]
        await make_draft(world, name, saml_group_implicit_role_assignments=rules)
        found = await dry_run(world, name)
        assert (found["basis"], found["would_pass"], found["would_fail"]) == ("draft", 2, 0)
        (one,) = found["members"]
        assert (one["member_id"], one["would_pass"], one["enters"]) == (ada, True, "same")
        assert (one["roles_lost"], one["roles_gained"]) == (["editor"], ["lab-lead"])
        # And so it is, once the draft is live and she comes again.
        done(await world.call("POST", f"{path_of(name)}/draft/activate", {}))
        roles = (await world.sign_in(name, ADA.email))["member_session"]["roles"]
        assert ("lab-lead" in roles, "editor" in roles) == (True, False)

    story(tell)


def test_a_group_attribute_of_another_name_is_seen_before_it_costs_roles(story: Tell) -> None:
    async def tell(world: World) -> None:
        name = world.demo.saml.connection_id
        await world.sign_in(name, ADA.email)
        mapping = {**MAPPING, "email": "NameID", "groups": "memberOf"}
        await make_draft(world, name, attribute_mapping=mapping)
        (one,) = (await dry_run(world, name))["members"]
        assert one["roles_lost"] == ["editor"]

    story(tell)


def test_logins_by_a_key_that_goes_would_fail_and_are_counted_by_their_reason(story: Tell) -> None:
    async def tell(world: World) -> None:
        name = world.demo.saml.connection_id
        await world.sign_in(name, ADA.email)
        await world.sign_in(name, GRACE.email)
        await rotate_in_draft(world)
        found = await dry_run(world, name)
        assert (found["would_pass"], found["would_fail"]) == (0, 2)
        (reason,) = found["refusals"]
        assert reason["refusal"]["code"] == "saml_signature_invalid"
        assert reason["refusal"]["remedy"]
        assert (reason["count"], len(reason["trace_ids"])) == (2, 2)
        assert {one["would_pass"] for one in found["members"]} == {False}

    story(tell)


def test_another_subject_would_make_strangers_of_everybody(story: Tell) -> None:
    async def tell(world: World) -> None:
        name = world.demo.saml.connection_id
        await world.sign_in(name, ADA.email)
        mapping = {**MAPPING, "email": "NameID", "idp_user_id": "department"}
        await make_draft(world, name, attribute_mapping=mapping)
        found = await dry_run(world, name)
        (reason,) = found["refusals"]
        assert reason["refusal"]["code"] == "duplicate_member_email"

    story(tell)


def test_a_registration_says_who_it_is_when_the_address_would_change(story: Tell) -> None:
    async def tell(world: World) -> None:
        name = world.demo.oidc.connection_id
        await world.sign_in(name, ADA.email)
        mapping = {**MAPPING, "email": '= nothing default "new@northwind.example"'}
        await make_draft(world, name, attribute_mapping=mapping)
        found = await dry_run(world, name)
        assert (found["would_pass"], found["members"]) == (1, [])

    story(tell)


def test_people_of_other_organizations_are_counted_and_not_named(story: Tell) -> None:
    async def tell(world: World) -> None:
        name, labs = world.demo.saml.connection_id, world.demo.labs_saml.connection_id
        theirs = (await world.sign_in(labs, GRACE.email))["member_id"]
        await rotate_in_draft(world)
        found = await dry_run(world, name)
        assert found["logins"] == 0
        (shared,) = found["shared_with"]
        assert shared == {
            "organization_id": world.demo.labs.organization_id, "external_connection_id": labs,
            "would_pass": 0, "would_fail": 1,
        }  # fmt: skip
        assert theirs not in str(found)
        assert GRACE.email not in str(found)

    story(tell)


def test_what_only_a_test_login_can_show_is_named(story: Tell) -> None:
    async def tell(world: World) -> None:
        name = world.demo.saml.connection_id
        await world.sign_in(name, ADA.email)
        await make_draft(world, name, idp_sso_url="https://idp.example/sso", force_authn=True)
        found = await dry_run(world, name)
        assert found["untold"] == ["idp_sso_url", "force_authn"]
        assert found["would_pass"] == 1

    story(tell)


def test_a_draft_that_shuts_out_the_last_administrator_is_not_activated_by_mistake(
    story: Tell,
) -> None:
    async def tell(world: World) -> None:
        await only_sso(world)
        name = world.demo.saml.connection_id
        await administrator(world, ADA.email)
        await rotate_in_draft(world)
        found = await dry_run(world, name)
        assert found["locks_out"] is True
        assert ADA.email in found["warning"]
        path = f"{path_of(name)}/draft/activate"
        answer = refused(await world.call("POST", path, {}), "would_lock_out_administrators")
        assert ADA.email in answer["error_details"]["got"]
        await world.sign_in(name, ADA.email)  # the live connection is as it was
        done(await world.call("POST", path, {"accept_lockout": True}))

    story(tell)


def test_a_green_test_of_the_draft_speaks_for_its_keys(story: Tell) -> None:
    """The key by which every administrator came in goes; that the new one works has been tried."""

    async def tell(world: World) -> None:
        await only_sso(world)
        name = world.demo.saml.connection_id
        await administrator(world, ADA.email)
        fresh = certificates.make_key_pair("next.example")
        await make_draft(
            world, name,
            x509_certificate=fresh.certificate_pem,
            delete_certificate_ids=await certificate_ids(world),
        )  # fmt: skip
        assert (await dry_run(world, name))["locks_out"] is True
        world.idp.private_key, world.idp.certificate = fresh.key_pem, fresh.certificate_pem
        assert (await walk(world, name, draft=True))["passed"] is True
        found = await dry_run(world, name)
        # Those logins were signed by a key that goes, and still an administrator can come in.
        assert (found["would_fail"], found["locks_out"]) == (1, False)
        done(await world.call("POST", f"{path_of(name)}/draft/activate", {}))
        await world.sign_in(name, ADA.email)

    story(tell)


def test_a_green_test_does_not_speak_for_an_administrators_role(story: Tell) -> None:
    async def tell(world: World) -> None:
        name = world.demo.saml.connection_id
        rule = {"saml_group_implicit_role_assignments": [
            {"role_id": "stytch_admin", "group": "leads"}
        ]}  # fmt: skip
        path = f"/v1/b2b/sso/saml/northwind/connections/{name}"
        done(await world.call("PUT", path, rule))
        await world.sign_in(name, ADA.email)
        await make_draft(world, name, saml_group_implicit_role_assignments=[])
        assert (await walk(world, name, draft=True))["passed"] is True
        found = await dry_run(world, name)
        assert found["locks_out"] is True
        refused(
            await world.call("POST", f"{path_of(name)}/draft/activate", {}),
            "would_lock_out_administrators",
        )

    story(tell)


def test_test_logins_are_no_logins_of_the_past(story: Tell) -> None:
    async def tell(world: World) -> None:
        name = world.demo.saml.connection_id
        assert (await walk(world, name))["passed"] is True
        assert (await dry_run(world, name))["logins"] == 0

    story(tell)


@pytest.mark.parametrize("logins", [0, -1, 501])
def test_a_dry_run_has_bounds(story: Tell, logins: int) -> None:
    async def tell(world: World) -> None:
        path = f"{path_of(world.demo.saml.connection_id)}/dry_run"
        refused(await world.call("POST", path, {"logins": logins}), "field_invalid")

    story(tell)


def test_there_is_no_dry_run_of_an_external_or_a_foreign_connection(story: Tell) -> None:
    async def tell(world: World) -> None:
        labs = world.demo.labs_saml.connection_id
        path = f"{path_of(labs, 'northwind-labs')}/dry_run"
        refused(await world.call("POST", path, {}), "external_connection_has_no_mapping")
        path = f"{path_of(world.demo.saml.connection_id, 'northwind-labs')}/dry_run"
        refused(await world.call("POST", path, {}), "sso_connection_not_found", 404)

    story(tell)
