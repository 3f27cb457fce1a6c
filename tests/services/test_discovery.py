"""Discovery: what a proven address opens, and what it does not. On both databases."""

from __future__ import annotations

from typing import Any

from services.attacks import (
    ADA,
    Tell,
    change_organization,
    done,
    member,
    organization,
    refused,
)
from services.test_magic_links import (
    LINKS,
    challenge_of,
    follow,
    link_of,
    sign_in,
    token_from_mail,
)
from support.world import REDIRECT, World
from vestibule.services import projects
from vestibule.services.projects import ProjectSettings

SEND = f"{LINKS}/email/discovery/send"
PROVE = f"{LINKS}/discovery/authenticate"
LIST = "/v1/b2b/discovery/organizations"
ENTER = "/v1/b2b/discovery/intermediate_sessions/exchange"
CREATE = f"{LIST}/create"
GRACE = "grace@acme.example"


async def prove(world: World, address: str = GRACE) -> dict[str, Any]:
    """Somebody proves an address; what the answer to that is."""
    asked = {"email_address": address, "discovery_redirect_url": REDIRECT}
    done(await world.call("POST", SEND, asked))
    token = await token_from_mail(world, "discovery")
    return done(await world.call("POST", PROVE, {"discovery_magic_links_token": token}))


async def enter(world: World, proof: str, name: str, **more: Any) -> Any:
    body = {"intermediate_session_token": proof, "organization_id": name, **more}
    return await world.call("POST", ENTER, body)


async def create(world: World, proof: str, **more: Any) -> Any:
    return await world.call("POST", CREATE, {"intermediate_session_token": proof, **more})


def memberships(found: dict[str, Any]) -> dict[str, str]:
    return {
        one["organization"]["organization_slug"]: one["membership"]["type"]
        for one in found["discovered_organizations"]
    }


async def open_to_domain(world: World, name: str, domain: str = "acme.example") -> None:
    await organization(
        world, name, email_jit_provisioning="RESTRICTED", email_allowed_domains=[domain]
    )


async def colleague(world: World, name: str, address: str = "first@acme.example") -> None:
    """A member with a verified address, which is what makes a domain the organization's."""
    await member(world, name, address)
    await sign_in(world, name, address)


def test_the_first_administrator_makes_an_organization_before_any_sso_exists(story: Tell) -> None:
    async def tell(world: World) -> None:
        proven = await prove(world)
        assert proven["email_address"] == GRACE
        assert proven["discovered_organizations"] == []
        token = proven["intermediate_session_token"]
        made = done(
            await create(
                world, token, organization_name="Acme", organization_slug="acme",
                session_duration_minutes=30, mfa_policy="OPTIONAL",
            )
        )  # fmt: skip
        assert made["member_authenticated"] is True
        assert made["member"]["is_admin"] is True
        assert made["member"]["email_address_verified"] is True
        assert made["member_session"]["roles"] == ["stytch_admin", "stytch_member"]
        assert made["organization"]["organization_slug"] == "acme"
        # They administer it from that moment on.
        path = "/v1/b2b/sso/saml/acme"
        session = made["session_token"]
        done(await world.call("POST", path, {"display_name": "Ours"}, session=session))
        # The proof is used up.
        refused(await create(world, token), "intermediate_session_not_found", 404)
        refused(await enter(world, token, "acme"), "intermediate_session_not_found", 404)

    story(tell)


def test_a_proof_lists_memberships_and_what_may_be_joined(story: Tell) -> None:
    async def tell(world: World) -> None:
        for name in ("active", "pending", "deleted", "stranger"):
            await organization(world, name)
        await member(world, "active", GRACE)
        await member(world, "pending", GRACE, create_member_as_pending=True)
        gone = await member(world, "deleted", GRACE)
        done(await world.call("DELETE", f"/v1/b2b/organizations/deleted/members/{gone}"))
        await open_to_domain(world, "joinable")
        await colleague(world, "joinable")
        proven = await prove(world)
        assert memberships(proven) == {
            "active": "active_member",
            "pending": "pending_member",
            "joinable": "eligible_to_join_by_email_domain",
        }
        by_name = {
            one["organization"]["organization_slug"]: one
            for one in proven["discovered_organizations"]
        }
        assert by_name["active"]["membership"]["details"] is None
        assert by_name["active"]["membership"]["member"]["email_address"] == GRACE
        assert by_name["joinable"]["membership"]["member"] is None
        assert by_name["joinable"]["membership"]["details"] == {"domain": "acme.example"}
        assert all(one["member_authenticated"] for one in by_name.values())
        proof = {"intermediate_session_token": proven["intermediate_session_token"]}
        again = done(await world.call("POST", LIST, proof))
        assert memberships(again) == memberships(proven)
        assert again["organization_id_hint"] is None

    story(tell)


def test_a_domain_that_an_organization_merely_names_invites_nobody(story: Tell) -> None:
    """Anybody can list a stranger's domain; only a member with a verified address of it shows that
    the organization has to do with it. Words in metadata are no such address."""

    async def tell(world: World) -> None:
        await open_to_domain(world, "phisher")
        await member(
            world, "phisher", "false@acme.example",
            trusted_metadata={"email_address_verified": True},
        )  # fmt: skip
        await colleague(world, "phisher", "real@phisher.example")
        proven = await prove(world)
        assert memberships(proven) == {}
        answer = await enter(world, proven["intermediate_session_token"], "phisher")
        refused(answer, "invalid_email_for_jit_provisioning")

    story(tell)


def test_a_colleague_of_a_sub_domain_is_none(story: Tell) -> None:
    async def tell(world: World) -> None:
        await open_to_domain(world, "acme")
        await colleague(world, "acme", "x@mail.acme.example")
        await colleague(world, "acme", "x@notacme.example")
        assert memberships(await prove(world)) == {}

    story(tell)


def test_whoever_may_join_becomes_a_member_by_entering(story: Tell) -> None:
    async def tell(world: World) -> None:
        await open_to_domain(world, "acme")
        await colleague(world, "acme")
        token = (await prove(world))["intermediate_session_token"]
        came = done(await enter(world, token, "acme", session_custom_claims={"plan": "x"}))
        assert came["member_authenticated"] is True
        assert came["member"]["status"] == "active"
        assert came["member_session"]["roles"] == ["stytch_member"]
        assert came["member_session"]["custom_claims"] == {"plan": "x"}
        refused(await enter(world, token, "acme"), "intermediate_session_not_found", 404)

    story(tell)


def test_nobody_joins_where_the_domain_is_not_listed(story: Tell) -> None:
    async def tell(world: World) -> None:
        await open_to_domain(world, "globex", "globex.example")
        await colleague(world, "globex", "first@globex.example")
        await organization(world, "closed")
        token = (await prove(world))["intermediate_session_token"]
        refused(await enter(world, token, "globex"), "invalid_email_for_jit_provisioning")
        refused(await enter(world, token, "closed"), "email_jit_provisioning_not_allowed")
        refused(await enter(world, token, "nowhere"), "organization_not_found", 404)
        # None of that used the proof up.
        done(await create(world, token, organization_name="Own"))

    story(tell)


def test_an_organization_of_sso_alone_asks_for_more_and_takes_the_proof_along(story: Tell) -> None:
    """The application starts SSO and sends the intermediate session along with its token."""

    async def tell(world: World) -> None:
        northwind = world.demo.northwind.slug
        await world.sign_in(world.demo.saml.connection_id)
        await change_organization(
            world, northwind, auth_methods="RESTRICTED", allowed_auth_methods=["sso"]
        )
        proven = await prove(world, ADA.email)
        (one,) = proven["discovered_organizations"]
        assert one["member_authenticated"] is False
        assert one["primary_required"] == {"allowed_auth_methods": ["sso"]}
        proof = proven["intermediate_session_token"]
        asked = done(await enter(world, proof, northwind))
        assert asked["member_authenticated"] is False
        assert asked["session_token"] == ""
        assert asked["primary_required"] == {"allowed_auth_methods": ["sso"]}
        assert asked["intermediate_session_token"] == proof
        came = await world.sign_in(world.demo.saml.connection_id, intermediate_session_token=proof)
        kinds = [f["type"] for f in came["member_session"]["authentication_factors"]]
        assert kinds == ["sso", "magic_link"]
        refused(await enter(world, proof, northwind), "intermediate_session_not_found", 404)

    story(tell)


def test_a_proof_of_somebody_else_is_refused_with_an_sso_login(story: Tell) -> None:
    async def tell(world: World) -> None:
        proof = (await prove(world, "eve@evil.example"))["intermediate_session_token"]
        token = await world.arrive(world.demo.saml.connection_id)
        body = {"sso_token": token, "intermediate_session_token": proof}
        answer = await world.call("POST", "/v1/b2b/sso/authenticate", body)
        refused(answer, "invalid_intermediate_session_token_for_organization")

    story(tell)


def test_an_intermediate_session_made_by_sso_discovers_nothing(story: Tell) -> None:
    """An identity provider can assert any address (§4.7)."""

    async def tell(world: World) -> None:
        northwind = world.demo.northwind.slug
        await change_organization(world, northwind, mfa_policy="REQUIRED_FOR_ALL")
        came = await world.sign_in(world.demo.saml.connection_id)
        by_sso = came["intermediate_session_token"]
        assert by_sso
        listed = await world.call("POST", LIST, {"intermediate_session_token": by_sso})
        refused(listed, "intermediate_session_not_found", 404)
        refused(await enter(world, by_sso, northwind), "intermediate_session_not_found", 404)
        answer = await create(world, by_sso, organization_name="Mine")
        refused(answer, "intermediate_session_not_found", 404)

    story(tell)


def test_a_session_of_sso_alone_lists_its_own_organization(story: Tell) -> None:
    """What else the address's owner is a member of is not for an identity provider to ask."""

    async def tell(world: World) -> None:
        northwind = world.demo.northwind.slug
        await organization(world, "private")
        await member(world, "private", ADA.email)
        came = await world.sign_in(world.demo.saml.connection_id)
        found = done(await world.call("POST", LIST, {"session_token": came["session_token"]}))
        assert memberships(found) == {northwind: "active_member"}
        both = await sign_in(world, northwind, ADA.email, session_token=came["session_token"])
        found = done(await world.call("POST", LIST, {"session_jwt": both["session_jwt"]}))
        assert memberships(found) == {northwind: "active_member", "private": "active_member"}

    story(tell)


def test_exactly_one_thing_says_whose_address_it_is(story: Tell) -> None:
    async def tell(world: World) -> None:
        refused(await world.call("POST", LIST, {}), "no_session_arguments")
        both = {"intermediate_session_token": "a", "session_token": "b"}
        refused(await world.call("POST", LIST, both), "too_many_session_arguments")

    story(tell)


def test_a_proof_lasts_ten_minutes(story: Tell) -> None:
    async def tell(world: World) -> None:
        early = (await prove(world))["intermediate_session_token"]
        late = (await prove(world))["intermediate_session_token"]
        world.advance(minutes=10, seconds=-1)
        done(await create(world, early, organization_name="In time"))
        world.advance(seconds=1)
        refused(await create(world, late), "intermediate_session_not_found", 404)

    story(tell)


def test_a_link_for_discovery_works_once_and_is_held_to_its_challenge(story: Tell) -> None:
    async def tell(world: World) -> None:
        verifier = "v" * 50
        asked = {
            "email_address": GRACE, "discovery_redirect_url": REDIRECT,
            "pkce_code_challenge": challenge_of(verifier),
        }  # fmt: skip
        done(await world.call("POST", SEND, asked))
        (message,) = await world.mail()
        _, brought = await follow(world, link_of(message))
        body = {"discovery_magic_links_token": brought["token"]}
        refused(await world.call("POST", PROVE, body), "pkce_expected_code_verifier")
        done(await world.call("POST", PROVE, {**body, "pkce_code_verifier": verifier}))
        answer = await world.call("POST", PROVE, {**body, "pkce_code_verifier": verifier})
        refused(answer, "magic_link_not_found", 404)

    story(tell)


def test_another_projects_tokens_are_unknown_here(story: Tell) -> None:
    async def tell(world: World) -> None:
        other = await projects.create(
            world.rt, "Another", environment="test", settings=ProjectSettings()
        )
        auth = (other.project_id, other.secret)
        await organization(world, "acme")
        await member(world, "acme", GRACE)
        proof = (await prove(world))["intermediate_session_token"]
        body = {"intermediate_session_token": proof}
        answer = await world.call("POST", LIST, body, auth=auth)
        refused(answer, "intermediate_session_not_found", 404)
        answer = await world.call("POST", CREATE, body, auth=auth)
        refused(answer, "intermediate_session_not_found", 404)
        asked = {"email_address": GRACE, "discovery_redirect_url": REDIRECT}
        done(await world.call("POST", SEND, asked))
        token = await token_from_mail(world, "discovery")
        body = {"discovery_magic_links_token": token}
        answer = await world.call("POST", PROVE, body, auth=auth)
        refused(answer, "magic_link_not_found", 404)
        done(await world.call("POST", PROVE, body))

    story(tell)


def test_whoever_makes_an_organization_does_not_shut_themselves_out(story: Tell) -> None:
    async def tell(world: World) -> None:
        token = (await prove(world))["intermediate_session_token"]
        answer = await create(
            world, token, organization_name="Acme",
            auth_methods="RESTRICTED", allowed_auth_methods=["sso"],
        )  # fmt: skip
        refused(answer, "operation_restricted_by_organization_auth_methods")
        refused(
            await world.call("GET", "/v1/b2b/organizations/acme"), "organization_not_found", 404
        )
        made = done(await create(world, token))
        assert made["organization"]["organization_name"] == "acme.example"

    story(tell)


def test_a_second_factor_keeps_the_proof_for_other_organizations(story: Tell) -> None:
    async def tell(world: World) -> None:
        await organization(world, "strict", mfa_policy="REQUIRED_FOR_ALL")
        await organization(world, "easy")
        for name in ("strict", "easy"):
            await member(world, name, GRACE)
        proven = await prove(world)
        proof = proven["intermediate_session_token"]
        shown = {
            one["organization"]["organization_slug"]: one["mfa_required"] is not None
            for one in proven["discovered_organizations"]
        }
        assert shown == {"strict": True, "easy": False}
        kept = done(await enter(world, proof, "strict"))
        assert kept["member_authenticated"] is False
        assert kept["mfa_required"] is not None
        assert kept["intermediate_session_token"] == proof
        assert done(await enter(world, proof, "easy"))["member_authenticated"] is True

    story(tell)
