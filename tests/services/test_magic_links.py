"""Magic links: who is sent one, and what it becomes. On both databases."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from services.attacks import (
    ADA,
    Tell,
    change_organization,
    done,
    member,
    organization,
    refused,
)
from support.world import BASE_URL, REDIRECT, World
from vestibule.domain.magic_links import LinkRequest
from vestibule.errors import VestibuleError
from vestibule.services import magic_links
from vestibule.storage import Tx

LINKS = "/v1/b2b/magic_links"
SEND = f"{LINKS}/email/login_or_signup"
INVITE = f"{LINKS}/email/invite"
USE = f"{LINKS}/authenticate"
GRACE = "grace@acme.example"


def link_of(message: Any) -> str:
    """The address in the mail's text."""
    found = [line for line in message.letter.text.splitlines() if line.startswith(BASE_URL)]
    assert len(found) == 1, message.letter.text
    return found[0]


async def follow(world: World, link: str) -> tuple[str, dict[str, str]]:
    """What the reader's browser does; gives back where it is led, and with what."""
    async with world.client() as browser:
        answer = await browser.get(link)
    assert answer.status_code == 303, answer.text
    place, _, query = answer.headers["location"].partition("?")
    return place, {name: values[0] for name, values in parse_qs(query).items()}


async def token_from_mail(world: World, kind: str = "multi_tenant_magic_links") -> str:
    """The token in the one mail that has come."""
    (message,) = await world.mail()
    _, brought = await follow(world, link_of(message))
    assert brought["stytch_token_type"] == kind
    return brought["token"]


async def ask(world: World, name: str, address: str = GRACE, **more: Any) -> Any:
    body = {"organization_id": name, "email_address": address, "login_redirect_url": REDIRECT}
    return await world.call("POST", SEND, {**body, **more})


async def use(world: World, token: str, **more: Any) -> Any:
    return await world.call("POST", USE, {"magic_links_token": token, **more})


async def sign_in(world: World, name: str, address: str = GRACE, **more: Any) -> dict[str, Any]:
    """A whole login by mail."""
    done(await ask(world, name, address))
    return done(await use(world, await token_from_mail(world), **more))


def challenge_of(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def test_a_member_comes_in_by_a_link(story: Tell) -> None:
    async def tell(world: World) -> None:
        await organization(world, "acme")
        member_id = await member(world, "acme", GRACE, create_member_as_pending=True)
        sent = done(await ask(world, "acme"))
        assert (sent["member_id"], sent["member_created"]) == (member_id, False)
        assert sent["member"]["status"] == "pending"
        (message,) = await world.mail()
        assert message.recipient == GRACE
        place, brought = await follow(world, link_of(message))
        assert place == REDIRECT
        came = done(await use(world, brought["token"], session_duration_minutes=30))
        assert came["member_authenticated"] is True
        assert came["member"]["status"] == "active"
        assert came["member"]["email_address_verified"] is True
        (factor,) = came["member_session"]["authentication_factors"]
        assert (factor["type"], factor["delivery_method"]) == ("magic_link", "email")
        assert factor["email_factor"] == {
            "email_id": came["method_id"],
            "email_address": GRACE,
        }
        assert came["method_id"].startswith("member-email-test-")
        again = done(
            await world.call(
                "POST", "/v1/b2b/sessions/authenticate", {"session_jwt": came["session_jwt"]}
            )
        )
        assert again["member_session"]["authentication_factors"] == [factor]

    story(tell)


def test_a_link_gives_explicit_and_domain_roles_and_none_of_a_connection(story: Tell) -> None:
    """A connection's rules speak for whoever came through it, and a link did not."""

    async def tell(world: World) -> None:
        northwind = world.demo.northwind.slug
        by_sso = await world.sign_in(world.demo.saml.connection_id)
        assert "editor" in by_sso["member_session"]["roles"]
        await change_organization(
            world,
            northwind,
            rbac_email_implicit_role_assignments=[
                {"domain": "northwind.example", "role_id": "viewer"}
            ],
        )
        path = f"/v1/b2b/organizations/{northwind}/members/{by_sso['member_id']}"
        done(await world.call("PUT", path, {"roles": ["stytch_admin"]}))
        by_mail = await sign_in(world, northwind, ADA.email)
        assert by_mail["member_id"] == by_sso["member_id"]
        roles = by_mail["member_session"]["roles"]
        assert roles == ["stytch_admin", "stytch_member", "viewer"]

    story(tell)


def test_a_link_adds_its_proof_to_the_session_at_hand(story: Tell) -> None:
    async def tell(world: World) -> None:
        northwind = world.demo.northwind.slug
        by_sso = await world.sign_in(world.demo.saml.connection_id)
        both = await sign_in(world, northwind, ADA.email, session_token=by_sso["session_token"])
        assert both["session_token"] == by_sso["session_token"]
        kinds = [f["type"] for f in both["member_session"]["authentication_factors"]]
        assert kinds == ["sso", "magic_link"]
        assert "editor" in both["member_session"]["roles"]

    story(tell)


def test_following_a_link_does_not_use_it_up(story: Tell) -> None:
    """Mail scanners follow links before their readers do."""

    async def tell(world: World) -> None:
        await organization(world, "acme")
        await member(world, "acme", GRACE)
        done(await ask(world, "acme"))
        (message,) = await world.mail()
        for _ in range(3):
            _, brought = await follow(world, link_of(message))
        done(await use(world, brought["token"]))

    story(tell)


def test_a_link_works_once(story: Tell) -> None:
    async def tell(world: World) -> None:
        await organization(world, "acme")
        await member(world, "acme", GRACE)
        done(await ask(world, "acme"))
        (message,) = await world.mail()
        _, brought = await follow(world, link_of(message))
        done(await use(world, brought["token"]))
        refused(await use(world, brought["token"]), "magic_link_not_found", 404)
        async with world.client() as browser:
            answer = await browser.get(link_of(message), headers={"accept": "application/json"})
        refused(answer, "magic_link_not_found", 404)

    story(tell)


def test_a_link_expires(story: Tell) -> None:
    """After an hour by default, after as long as was asked for otherwise."""

    async def tell(world: World) -> None:
        await organization(world, "acme")
        await member(world, "acme", GRACE)
        for more, minutes in (({}, 60), ({"login_expiration_minutes": 5}, 5)):
            done(await ask(world, "acme", **more))
            early = await token_from_mail(world)
            done(await ask(world, "acme", **more))
            late = await token_from_mail(world)
            world.advance(minutes=minutes, seconds=-1)
            done(await use(world, early))
            world.advance(seconds=1)
            refused(await use(world, late), "magic_link_not_found", 404)

    story(tell)


def test_a_lifetime_out_of_range_is_refused(story: Tell) -> None:
    async def tell(world: World) -> None:
        await organization(world, "acme")
        await member(world, "acme", GRACE)
        for minutes in (4, 10081, -1, 0):
            answer = await ask(world, "acme", login_expiration_minutes=minutes)
            refused(answer, "invalid_expiration")
        assert await world.mail() == []

    story(tell)


def test_a_stranger_gets_no_link_unless_the_organization_takes_in_the_domain(story: Tell) -> None:
    async def tell(world: World) -> None:
        await organization(world, "acme")
        answer = await ask(world, "acme")
        refused(answer, "email_jit_provisioning_not_allowed")
        await change_organization(
            world,
            "acme",
            email_jit_provisioning="RESTRICTED",
            email_allowed_domains=["other.example"],
        )
        refused(await ask(world, "acme"), "invalid_email_for_jit_provisioning")
        assert await world.mail() == []
        await change_organization(world, "acme", email_allowed_domains=["acme.example"])
        sent = done(await ask(world, "acme"))
        assert sent["member_created"] is True
        assert sent["member"]["status"] == "pending"
        assert sent["member"]["email_address_verified"] is False
        came = done(await use(world, await token_from_mail(world)))
        assert came["member"]["status"] == "active"

    story(tell)


def test_a_sub_domain_is_not_the_domain(story: Tell) -> None:
    async def tell(world: World) -> None:
        await organization(
            world,
            "acme",
            email_jit_provisioning="RESTRICTED",
            email_allowed_domains=["acme.example"],
        )
        for address in (
            "eve@evil.acme.example",
            "eve@acme.example.evil.example",
            "eve@acmeexample.test",
        ):
            refused(await ask(world, "acme", address), "invalid_email_for_jit_provisioning")

    story(tell)


def test_look_alikes_of_an_address_are_refused(story: Tell) -> None:
    """Full-width letters, invisible ones and two addresses in one: none reaches a mailbox."""

    async def tell(world: World) -> None:
        await organization(world, "acme")
        await member(world, "acme", GRACE)
        for address in (
            "grace\uff20acme.example", "gr\u0430ce@acme.example", "grace\u200b@acme.example",
            "grace@acme.example\u00a0", "grace@acme.example,eve@evil.example",
            "grace@acme.example\r\nBcc: eve@evil.example", "<grace@acme.example>",
            "grace@evil.example@acme.example", "grace@acme.example ", "",
        ):  # fmt: skip
            refused(await ask(world, "acme", address), "invalid_email")
        assert await world.mail() == []

    story(tell)


def test_capitals_are_the_same_address(story: Tell) -> None:
    """The mail goes to the address as the member has it, whatever was typed."""

    async def tell(world: World) -> None:
        await organization(world, "acme")
        member_id = await member(world, "acme", GRACE)
        sent = done(await ask(world, "acme", GRACE.upper()))
        assert sent["member_id"] == member_id
        (message,) = await world.mail()
        assert message.recipient == GRACE

    story(tell)


def test_an_organization_without_magic_links_sends_none_but_to_break_glass_members(
    story: Tell,
) -> None:
    async def tell(world: World) -> None:
        await organization(
            world, "acme", auth_methods="RESTRICTED", allowed_auth_methods=["sso"],
            email_invites="ALL_ALLOWED",
        )  # fmt: skip
        await member(world, "acme", GRACE)
        code = "operation_restricted_by_organization_auth_methods"
        refused(await ask(world, "acme"), code)
        invite = {"organization_id": "acme", "email_address": "new@acme.example"}
        refused(await world.call("POST", INVITE, invite), code)
        await member(world, "acme", "root@acme.example", is_breakglass=True)
        done(await ask(world, "acme", "root@acme.example"))
        done(await use(world, await token_from_mail(world)))

    story(tell)


def test_a_method_that_is_taken_away_ends_links_under_way(story: Tell) -> None:
    async def tell(world: World) -> None:
        await organization(world, "acme")
        await member(world, "acme", GRACE)
        done(await ask(world, "acme"))
        token = await token_from_mail(world)
        await change_organization(
            world, "acme", auth_methods="RESTRICTED", allowed_auth_methods=["sso"]
        )
        refused(await use(world, token), "operation_restricted_by_organization_auth_methods")

    story(tell)


def test_a_second_factor_keeps_the_session_back(story: Tell) -> None:
    async def tell(world: World) -> None:
        await organization(world, "acme", mfa_policy="REQUIRED_FOR_ALL")
        await member(world, "acme", GRACE)
        came = await sign_in(world, "acme")
        assert came["member_authenticated"] is False
        assert (came["session_token"], came["session_jwt"]) == ("", "")
        assert came["member_session"] is None
        assert came["mfa_required"] is not None
        first = came["intermediate_session_token"]
        assert first
        again = await sign_in(world, "acme", intermediate_session_token=first)
        # The same proofs go on waiting under the same token, no longer than before.
        assert again["intermediate_session_token"] == first
        expires = "intermediate_session_token_expires_at"
        assert again[expires] == came[expires]

    story(tell)


# --- PKCE ---------------------------------------------------------------------------------------


def test_a_verifier_is_held_to_its_challenge(story: Tell) -> None:
    """Whoever reads somebody's mail has no verifier. A wrong try does not use the link up."""

    async def tell(world: World) -> None:
        await organization(world, "acme")
        await member(world, "acme", GRACE)
        verifier = "a" * 64
        done(await ask(world, "acme", pkce_code_challenge=challenge_of(verifier)))
        token = await token_from_mail(world)
        refused(await use(world, token), "pkce_expected_code_verifier")
        refused(await use(world, token, pkce_code_verifier="b" * 64), "pkce_mismatch")
        done(await use(world, token, pkce_code_verifier=verifier))
        done(await ask(world, "acme"))
        plain = await token_from_mail(world)
        answer = await use(world, plain, pkce_code_verifier=verifier)
        refused(answer, "pkce_did_not_expect_code_verifier")
        refused(
            await ask(world, "acme", pkce_code_challenge="plain"), "invalid_pkce_code_challenge"
        )

    story(tell)


# --- where it leads -----------------------------------------------------------------------------


def test_a_redirect_url_that_is_not_registered_is_refused(story: Tell) -> None:
    async def tell(world: World) -> None:
        await organization(world, "acme")
        await member(world, "acme", GRACE)
        code = "no_match_for_provided_magic_link_url"
        for url in (
            "https://evil.example/callback", "javascript:alert(1)", "//evil.example",
            "http://localhost:3000@evil.example/", "data:text/html,x", "http://localhost.evil.example/",
        ):  # fmt: skip
            for name in ("login_redirect_url", "signup_redirect_url"):
                refused(await ask(world, "acme", **{name: url}), code)
        assert await world.mail() == []

    story(tell)


def test_a_forged_host_header_is_in_no_link(story: Tell) -> None:
    """The link is made of the settings, whatever host the request named."""

    async def tell(world: World) -> None:
        await organization(world, "acme")
        await member(world, "acme", GRACE)
        body = {"organization_id": "acme", "email_address": GRACE, "login_redirect_url": REDIRECT}
        headers = {
            "host": "evil.example", "x-forwarded-host": "evil.example",
            "forwarded": "host=evil.example", "x-forwarded-proto": "gopher",
        }  # fmt: skip
        done(await world.call("POST", SEND, body, headers=headers))
        (message,) = await world.mail()
        assert link_of(message).startswith(f"{BASE_URL}{LINKS}/redirect?token=")
        assert "evil" not in message.letter.text + message.letter.html + message.message_id

    story(tell)


def test_queries_of_the_redirect_url_are_kept_and_ours_win(story: Tell) -> None:
    async def tell(world: World) -> None:
        await organization(world, "acme")
        await member(world, "acme", GRACE)
        odd = f"{REDIRECT}?{urlencode({'next': '/a?b=c', 'token': 'mine'})}"
        done(await ask(world, "acme", login_redirect_url=odd))
        (message,) = await world.mail()
        async with world.client() as browser:
            answer = await browser.get(link_of(message))
        query = parse_qs(urlsplit(answer.headers["location"]).query)
        assert query["next"] == ["/a?b=c"]
        assert query["token"] != ["mine"] and len(query["token"]) == 1
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"

    story(tell)


# --- whose link it is ---------------------------------------------------------------------------


def test_another_organizations_link_brings_nobody_elsewhere(story: Tell) -> None:
    """The link says where it leads; a session of elsewhere cannot be carried on by it."""

    async def tell(world: World) -> None:
        for name in ("acme", "globex"):
            await organization(world, name)
            await member(world, name, GRACE)
        here = await sign_in(world, "acme")
        done(await ask(world, "globex"))
        token = await token_from_mail(world)
        answer = await use(world, token, session_token=here["session_token"])
        refused(answer, "member_session_member_id_mismatch")
        came = done(await use(world, token))
        assert came["organization"]["organization_slug"] == "globex"

    story(tell)


def test_a_link_for_discovery_opens_no_organization_and_the_other_way_round(story: Tell) -> None:
    async def tell(world: World) -> None:
        await organization(world, "acme")
        await member(world, "acme", GRACE)
        done(await ask(world, "acme"))
        of_member = await token_from_mail(world)
        path = f"{LINKS}/discovery/authenticate"
        answer = await world.call("POST", path, {"discovery_magic_links_token": of_member})
        refused(answer, "magic_link_not_found", 404)
        sent = {"email_address": GRACE, "discovery_redirect_url": REDIRECT}
        done(await world.call("POST", f"{LINKS}/email/discovery/send", sent))
        of_nobody = await token_from_mail(world, "discovery")
        refused(await use(world, of_nobody), "magic_link_not_found", 404)
        # Neither was used up by the wrong door.
        done(await use(world, of_member))
        done(await world.call("POST", path, {"discovery_magic_links_token": of_nobody}))

    story(tell)


def test_a_link_is_over_once_its_member_is_deleted(story: Tell) -> None:
    """Also the mail that is not sent yet."""

    async def tell(world: World) -> None:
        await organization(world, "acme")
        member_id = await member(world, "acme", GRACE)
        done(await ask(world, "acme"))
        token = await token_from_mail(world)
        done(await ask(world, "acme"))
        done(await world.call("DELETE", f"/v1/b2b/organizations/acme/members/{member_id}"))
        refused(await use(world, token), "magic_link_not_found", 404)
        assert await world.mail() == []

    story(tell)


def test_a_link_is_over_once_the_address_is_another(story: Tell) -> None:
    async def tell(world: World) -> None:
        await organization(world, "acme")
        member_id = await member(world, "acme", GRACE)
        done(await ask(world, "acme"))
        token = await token_from_mail(world)
        path = f"/v1/b2b/organizations/acme/members/{member_id}"
        done(await world.call("PUT", path, {"email_address": "hopper@acme.example"}))
        refused(await use(world, token), "magic_link_not_found", 404)
        refused(await ask(world, "acme"), "retired_member_email")

    story(tell)


def test_a_link_to_an_address_that_moved_on_lets_nobody_in(story: Tell) -> None:
    """An identity provider changes addresses too, without a word to the links; and a deletion at
    the same moment may not have seen one."""

    async def tell(world: World) -> None:
        await organization(world, "acme")
        member_id = await member(world, "acme", GRACE)
        done(await ask(world, "acme"))
        token = await token_from_mail(world)

        async def change(**changes: Any) -> None:
            def work(tx: Tx) -> None:
                found = tx.members.find_anywhere(world.demo.project.project_id, member_id)
                assert found is not None
                tx.members.update(replace(found, **changes))

            await world.rt.store.write(work)

        await change(email_address="hopper@acme.example")
        refused(await use(world, token), "magic_link_not_found", 404)
        await change(email_address=GRACE, status="deleted")
        refused(await use(world, token), "magic_link_not_found", 404)
        await change(status="active")
        done(await use(world, token))

    story(tell)


def test_ending_every_session_of_a_member_ends_their_links(story: Tell) -> None:
    """Whoever had stolen a session may have asked for a link to a mailbox of their own."""

    async def tell(world: World) -> None:
        await organization(world, "acme")
        await member(world, "acme", GRACE)
        came = await sign_in(world, "acme")
        path = f"/v1/b2b/organizations/acme/members/{came['member_id']}/start_email_update"
        asked = {"email_address": "eve@evil.example", "login_redirect_url": REDIRECT}
        done(await world.call("POST", path, asked, session=came["session_token"]))
        token = await token_from_mail(world)
        done(await world.call("POST", "/v1/b2b/sessions/revoke", {"member_id": came["member_id"]}))
        refused(await use(world, token), "magic_link_not_found", 404)

    story(tell)


def test_a_link_of_a_deleted_organization_is_over(story: Tell) -> None:
    async def tell(world: World) -> None:
        await organization(world, "acme")
        await member(world, "acme", GRACE)
        done(await ask(world, "acme"))
        token = await token_from_mail(world)
        done(await ask(world, "acme"))
        done(await world.call("DELETE", "/v1/b2b/organizations/acme"))
        refused(await use(world, token), "magic_link_not_found", 404)
        assert await world.mail() == []

    story(tell)


# --- invitations --------------------------------------------------------------------------------


async def invite(world: World, address: str, session: str | None = None, **more: Any) -> Any:
    body = {
        "organization_id": "acme", "email_address": address, "invite_redirect_url": REDIRECT,
        **more,
    }  # fmt: skip
    return await world.call("POST", INVITE, body, session=session)


def test_an_invitation_makes_an_invited_member_who_comes_in_by_it(story: Tell) -> None:
    async def tell(world: World) -> None:
        await organization(world, "acme")
        boss = await member(world, "acme", "boss@acme.example", name="The Boss")
        made = done(
            await invite(
                world, GRACE, name="Grace", roles=["editor"], invited_by_member_id=boss,
                trusted_metadata={"team": "a"}, locale="fr",
            )
        )  # fmt: skip
        assert made["member"]["status"] == "invited"
        (message,) = await world.mail()
        assert "The Boss" in message.letter.text
        assert message.letter.locale == "fr"
        _, brought = await follow(world, link_of(message))
        world.advance(days=6, hours=23)
        came = done(await use(world, brought["token"]))
        assert came["member"]["status"] == "active"
        assert came["member"]["trusted_metadata"] == {"team": "a"}
        assert "editor" in came["member_session"]["roles"]

    story(tell)


def test_an_invitation_is_repeated_for_the_same_person_and_refused_for_an_active_one(
    story: Tell,
) -> None:
    async def tell(world: World) -> None:
        await organization(world, "acme")
        pending = await member(world, "acme", GRACE, create_member_as_pending=True)
        first = done(await invite(world, GRACE))
        assert (first["member_id"], first["member"]["status"]) == (pending, "invited")
        again = done(await invite(world, GRACE, roles=["editor"]))
        assert again["member_id"] == pending
        assert "editor" not in [role["role_id"] for role in again["member"]["roles"]]
        two = await world.mail()
        assert len(two) == 2
        _, brought = await follow(world, link_of(two[1]))
        done(await use(world, brought["token"]))
        refused(await invite(world, GRACE), "duplicate_member_email")

    story(tell)


def test_invitations_follow_the_rules_of_the_organization(story: Tell) -> None:
    async def tell(world: World) -> None:
        await organization(
            world, "acme", email_invites="RESTRICTED", email_allowed_domains=["acme.example"]
        )
        refused(await invite(world, "eve@evil.example"), "invalid_email_for_invites")
        done(await invite(world, GRACE))
        await change_organization(world, "acme", email_invites="NOT_ALLOWED")
        refused(await invite(world, "new@acme.example"), "email_invites_not_allowed")
        await change_organization(world, "acme", email_invites="ALL_ALLOWED")
        done(await invite(world, "eve@evil.example"))

    story(tell)


def test_an_invited_deleted_member_is_somebody_new(story: Tell) -> None:
    """What the old one held does not come back by an invitation."""

    async def tell(world: World) -> None:
        await organization(world, "acme")
        old = await member(world, "acme", GRACE, roles=["stytch_admin"])
        done(await world.call("DELETE", f"/v1/b2b/organizations/acme/members/{old}"))
        made = done(await invite(world, GRACE))
        assert made["member_id"] != old
        came = done(await use(world, await token_from_mail(world)))
        assert came["member_session"]["roles"] == ["stytch_member"]

    story(tell)


def test_an_invitation_on_behalf_of_a_member_needs_the_right_to_create_members(
    story: Tell,
) -> None:
    async def tell(world: World) -> None:
        await organization(world, "acme")
        await organization(world, "globex")
        await member(world, "acme", "plain@acme.example")
        await member(world, "acme", "boss@acme.example", roles=["stytch_admin"], name="Boss")
        plain = (await sign_in(world, "acme", "plain@acme.example"))["session_token"]
        boss = (await sign_in(world, "acme", "boss@acme.example"))["session_token"]
        answer = await invite(world, GRACE, plain)
        refused(answer, "session_authorization_error", 403)
        answer = await invite(world, GRACE, boss, trusted_metadata={"a": 1})
        refused(answer, "cannot_update_trusted_metadata", 401)
        answer = await invite(world, GRACE, boss, organization_id="globex")
        refused(answer, "session_authorization_tenancy_error", 403)
        # Nobody invites in somebody else's name.
        other = await member(world, "acme", "ceo@acme.example", name="The Chief")
        done(await invite(world, GRACE, boss, invited_by_member_id=other))
        (message,) = await world.mail()
        assert "Boss" in message.letter.text and "The Chief" not in message.letter.text

    story(tell)


def test_an_inviter_of_another_organization_is_refused(story: Tell) -> None:
    async def tell(world: World) -> None:
        await organization(world, "acme")
        await organization(world, "globex")
        stranger = await member(world, "globex", GRACE)
        answer = await invite(world, GRACE, invited_by_member_id=stranger)
        refused(answer, "member_not_found", 404)

    story(tell)


# --- another address ----------------------------------------------------------------------------


def test_a_member_changes_their_address_by_a_link_to_the_new_one(story: Tell) -> None:
    async def tell(world: World) -> None:
        await organization(world, "acme")
        await member(world, "acme", GRACE)
        came = await sign_in(world, "acme")
        path = f"/v1/b2b/organizations/acme/members/{came['member_id']}/start_email_update"
        new = "hopper@acme.example"
        asked = {"email_address": new, "login_redirect_url": REDIRECT}
        started = done(await world.call("POST", path, asked, session=came["session_token"]))
        assert started["member"]["email_address"] == GRACE
        (message,) = await world.mail()
        assert message.recipient == new
        _, brought = await follow(world, link_of(message))
        after = done(await use(world, brought["token"], session_token=came["session_token"]))
        shown = after["member"]
        assert (shown["email_address"], shown["email_address_verified"]) == (new, True)
        assert [old["email_address"] for old in shown["retired_email_addresses"]] == [GRACE]
        # The old address has the id that it had as a proof.
        assert shown["retired_email_addresses"][0]["email_id"] == came["method_id"]
        factors = after["member_session"]["authentication_factors"]
        assert [f["email_factor"]["email_address"] for f in factors] == [new]

    story(tell)


def test_an_address_of_somebody_else_cannot_be_taken(story: Tell) -> None:
    """Not at the start, and not when it was taken between the mail and its use."""

    async def tell(world: World) -> None:
        await organization(world, "acme")
        first = await member(world, "acme", GRACE)
        await member(world, "acme", "taken@acme.example")
        path = f"/v1/b2b/organizations/acme/members/{first}/start_email_update"
        asked = {"email_address": "taken@acme.example", "login_redirect_url": REDIRECT}
        refused(await world.call("POST", path, asked), "duplicate_member_email")
        refused(
            await world.call("POST", path, {**asked, "email_address": GRACE}),
            "duplicate_member_email",
        )
        done(await world.call("POST", path, {**asked, "email_address": "late@acme.example"}))
        token = await token_from_mail(world)
        await member(world, "acme", "late@acme.example")
        refused(await use(world, token), "duplicate_member_email")

    story(tell)


def test_nobody_starts_to_change_the_address_of_another_member_without_the_right(
    story: Tell,
) -> None:
    async def tell(world: World) -> None:
        await organization(world, "acme")
        await member(world, "acme", GRACE)
        victim = await member(world, "acme", "boss@acme.example", roles=["stytch_admin"])
        came = await sign_in(world, "acme")
        path = f"/v1/b2b/organizations/acme/members/{victim}/start_email_update"
        asked = {"email_address": "eve@evil.example", "login_redirect_url": REDIRECT}
        answer = await world.call("POST", path, asked, session=came["session_token"])
        refused(answer, "session_authorization_error", 403)
        answer = await world.call("POST", path, {**asked, "delivery_method": "EMAIL_OTP"})
        refused(answer, "field_invalid")
        pending = await member(world, "acme", "p@acme.example", create_member_as_pending=True)
        path = f"/v1/b2b/organizations/acme/members/{pending}/start_email_update"
        refused(await world.call("POST", path, asked), "action_available_only_for_active_members")

    story(tell)


# --- from one organization to another -----------------------------------------------------------


def test_a_proven_address_opens_another_organization_that_allows_it(story: Tell) -> None:
    """E-mail transfers where SSO does not: an address proves the same everywhere (§5.5)."""

    async def tell(world: World) -> None:
        for name in ("acme", "globex"):
            await organization(world, name)
        await member(world, "acme", GRACE)
        there = await member(world, "globex", GRACE, create_member_as_pending=True)
        came = await sign_in(world, "acme")
        asked = {"organization_id": "globex", "session_token": came["session_token"]}
        over = done(await world.call("POST", "/v1/b2b/sessions/exchange", asked))
        assert over["member_authenticated"] is True
        assert over["member_id"] == there
        assert over["member"]["status"] == "active"
        (factor,) = over["member_session"]["authentication_factors"]
        assert factor["email_factor"]["email_address"] == GRACE
        assert factor["email_factor"]["email_id"] != came["method_id"]
        await change_organization(
            world, "globex", auth_methods="RESTRICTED", allowed_auth_methods=["sso"]
        )
        kept = done(await world.call("POST", "/v1/b2b/sessions/exchange", asked))
        assert kept["member_authenticated"] is False
        assert kept["primary_required"] == {"allowed_auth_methods": []}

    story(tell)


def test_an_address_that_was_given_and_not_proved_opens_nothing_elsewhere(story: Tell) -> None:
    """An administrator of one organization may call a member as they like: that proves nothing to
    another one."""

    async def tell(world: World) -> None:
        for name in ("acme", "globex"):
            await organization(world, name)
        evil = await member(world, "acme", "eve@evil.example")
        await member(world, "globex", GRACE, roles=["stytch_admin"])
        came = await sign_in(world, "acme", "eve@evil.example")
        path = f"/v1/b2b/organizations/acme/members/{evil}"
        done(await world.call("PUT", path, {"email_address": GRACE}))
        asked = {"organization_id": "globex", "session_token": came["session_token"]}
        answer = await world.call("POST", "/v1/b2b/sessions/exchange", asked)
        refused(answer, "insufficient_factors_for_session_exchange")
        found = done(
            await world.call(
                "POST", "/v1/b2b/discovery/organizations",
                {"session_token": came["session_token"]},
            )
        )  # fmt: skip
        assert found["email_address"] == "eve@evil.example"
        assert found["discovered_organizations"] == []

    story(tell)


# --- without a mail server ----------------------------------------------------------------------


def test_a_server_without_mail_says_so(story: Tell) -> None:
    async def tell(world: World) -> None:
        await organization(world, "acme")
        await member(world, "acme", GRACE)
        bare = replace(world.rt, deliver=None)
        request = LinkRequest("acme", GRACE, login_redirect_url=REDIRECT)
        for work in (
            magic_links.login_or_signup(bare, world.actor, request),
            magic_links.ask(bare, world.demo.project, request),
        ):
            try:
                await work
            except VestibuleError as error:
                assert error.code == "mail_not_configured"
            else:
                raise AssertionError("it was sent without a server")

    story(tell)
