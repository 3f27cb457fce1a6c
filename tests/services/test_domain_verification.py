"""Domains proved by DNS, and the way that they lead to a door; on both databases."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import replace
from typing import Any

import pytest

from services.attacks import Tell, change_organization, done, member, organization, refused
from support.world import World
from vestibule.domain.domain_verification import MAX_CLAIMS, DomainClaim
from vestibule.errors import VestibuleError, refusal
from vestibule.services import domain_verification as domains
from vestibule.services import routing
from vestibule.services.rbac import GuestActor

DOMAIN = "northwind-traders.com"
NAME = f"_vestibule-challenge.{DOMAIN}"


async def refusing(code: str, work: Awaitable[Any]) -> VestibuleError:
    with pytest.raises(VestibuleError) as caught:
        await work
    assert caught.value.code == code, str(caught.value)
    return caught.value


async def prove(world: World, name: str = "northwind", domain: str = DOMAIN) -> DomainClaim:
    claim = await domains.begin(world.rt, world.actor, name, domain)
    world.dns[claim.record_name] = [claim.record_value]
    return await domains.check(world.rt, world.actor, name, domain)


async def shown(world: World, name: str = "northwind") -> list[str]:
    found = done(await world.call("GET", f"/v1/b2b/organizations/{name}"))
    listed: list[str] = found["organization"]["verified_domains"]
    return listed


async def actions(world: World, name: str = "northwind") -> list[str]:
    def work(tx: Any) -> list[str]:
        found = tx.organizations.find_by_any(world.actor.project.project_id, name)
        return [event.action for event in tx.audit.latest(found.organization_id, 50)]

    return await world.rt.store.read(work)


# --- proving --------------------------------------------------------------------------------------


def test_a_domain_is_verified_by_its_record(story: Tell) -> None:
    async def tell(world: World) -> None:
        rt, actor = world.rt, world.actor
        claim = await domains.begin(rt, actor, "northwind", "Northwind-Traders.COM.")
        assert (claim.domain, claim.record_name, claim.verified) == (DOMAIN, NAME, False)
        assert len(claim.record_value) > 40
        assert await domains.begin(rt, actor, "northwind", DOMAIN) == claim

        early = await domains.check(rt, actor, "northwind", DOMAIN)
        assert not early.verified and "no TXT record" in early.last_error
        world.dns[NAME] = ["v=spf1 -all", "vestibule-domain-verification=other"]
        wrong = await domains.check(rt, actor, "northwind", DOMAIN)
        assert "another value" in wrong.last_error
        world.dns[NAME] = ["something else"]
        other = await domains.check(rt, actor, "northwind", DOMAIN)
        assert "do not hold" in other.last_error
        assert await shown(world) == []

        world.dns[NAME] = ["v=spf1 -all", f" {claim.record_value} "]
        done_now = await domains.check(rt, actor, "northwind", DOMAIN.upper())
        assert done_now.verified and done_now.verified_at == rt.now() and not done_now.last_error
        assert await shown(world) == [DOMAIN]
        assert {"domain.claimed", "domain.verified"} <= set(await actions(world))

    story(tell)


def test_silence_of_the_dns_is_told_and_proves_nothing(story: Tell) -> None:
    async def tell(world: World) -> None:
        await domains.begin(world.rt, world.actor, "northwind", DOMAIN)
        world.dns[NAME] = refusal("dns_unanswered", got=NAME, detail="LifetimeTimeout")
        claim = await domains.check(world.rt, world.actor, "northwind", DOMAIN)
        assert not claim.verified and "LifetimeTimeout" in claim.last_error

    story(tell)


def test_a_domain_that_nobody_owns_alone_is_refused(story: Tell) -> None:
    async def tell(world: World) -> None:
        for domain in (
            "gmail.com", "outlook.com", "co.uk", "com", "localhost", "", " ", "a b.com", "-x.com",
            "127.0.0.1", "https://example.com", "*.example.com", "a@example.com", "github.io",
            "x" * 64 + ".com", ("abc." * 61) + "example.com", "exämple.com", "a..com", "a\x00.com",
        ):  # fmt: skip
            work = domains.begin(world.rt, world.actor, "northwind", domain)
            await refusing("domain_not_claimable", work)
        assert not await domains.list_claims(world.rt, world.actor, "northwind")

    story(tell)


def test_an_organization_claims_only_so_many_domains(story: Tell) -> None:
    async def tell(world: World) -> None:
        first = await domains.begin(world.rt, world.actor, "northwind", DOMAIN)

        def fill(tx: Any) -> None:
            for number in range(MAX_CLAIMS - 1):
                tx.domain_claims.insert(replace(first, domain=f"n{number}.example.org"))

        await world.rt.store.write(fill)
        work = domains.begin(world.rt, world.actor, "northwind", "one-more.example")
        await refusing("too_many_domain_claims", work)

    story(tell)


def test_a_domain_that_was_not_begun_is_not_found(story: Tell) -> None:
    async def tell(world: World) -> None:
        for work in (
            domains.check(world.rt, world.actor, "northwind", "none.example"),
            domains.remove(world.rt, world.actor, "northwind", "none.example"),
        ):
            await refusing("domain_claim_not_found", work)

    story(tell)


def test_a_domain_that_is_given_up_can_be_proved_by_another(story: Tell) -> None:
    async def tell(world: World) -> None:
        first = await prove(world)
        assert await domains.remove(world.rt, world.actor, "northwind", DOMAIN) == DOMAIN
        assert await shown(world) == []
        second = await domains.begin(world.rt, world.actor, world.demo.labs.slug, DOMAIN)
        # The record of the one is no proof for the other.
        assert second.record_value != first.record_value
        again = await domains.check(world.rt, world.actor, world.demo.labs.slug, DOMAIN)
        assert not again.verified
        assert (await prove(world, world.demo.labs.slug)).verified

    story(tell)


def test_domains_go_with_their_organization(story: Tell) -> None:
    async def tell(world: World) -> None:
        await organization(world, "short-lived")
        await prove(world, "short-lived")
        done(await world.call("DELETE", "/v1/b2b/organizations/short-lived"))
        assert (await prove(world)).verified

    story(tell)


# --- attacks --------------------------------------------------------------------------------------


def test_attack_claim_a_domain_that_another_organization_has_proved(story: Tell) -> None:
    """Only the team is told whose it is."""

    async def tell(world: World) -> None:
        await prove(world)
        northwind, labs = world.demo.northwind, world.demo.labs
        error = await refusing(
            "domain_already_verified", domains.begin(world.rt, world.actor, labs.slug, DOMAIN)
        )
        assert northwind.organization_id in (error.detail or "")
        guest = GuestActor(
            world.actor.project,
            organization_id=labs.organization_id,
            link_id="setup-link-test-1",
            operations=frozenset({"organizations.verify_domain"}),
        )
        error = await refusing(
            "domain_already_verified", domains.begin(world.rt, guest, labs.slug, DOMAIN)
        )
        assert northwind.organization_id not in str(error) and error.detail is None

    story(tell)


def test_attack_prove_a_domain_in_two_organizations_at_once(story: Tell) -> None:
    async def tell(world: World) -> None:
        names = ("northwind", world.demo.labs.slug)
        begun = [await domains.begin(world.rt, world.actor, name, DOMAIN) for name in names]
        world.dns[NAME] = [claim.record_value for claim in begun]
        answers = await asyncio.gather(
            *(domains.check(world.rt, world.actor, name, DOMAIN) for name in names),
            return_exceptions=True,
        )
        verified = [one for one in answers if isinstance(one, DomainClaim) and one.verified]
        lost = [one for one in answers if isinstance(one, VestibuleError)]
        assert len(verified) == 1 and [one.code for one in lost] == ["domain_already_verified"]
        assert sorted([*await shown(world), *await shown(world, names[1])]) == [DOMAIN]

    story(tell)


def test_attack_verify_a_claim_that_was_removed_while_the_dns_was_asked(story: Tell) -> None:
    async def tell(world: World) -> None:
        claim = await domains.begin(world.rt, world.actor, "northwind", DOMAIN)

        async def slow(name: str) -> list[str]:
            await domains.remove(world.rt, world.actor, "northwind", DOMAIN)
            return [claim.record_value]

        rt = replace(world.rt, txt_records=slow)
        work = domains.check(rt, world.actor, "northwind", DOMAIN)
        await refusing("domain_claim_not_found", work)
        assert await shown(world) == []

    story(tell)


# --- looking again --------------------------------------------------------------------------------


def test_a_record_that_has_gone_counts_no_longer_after_three_looks(story: Tell) -> None:
    async def tell(world: World) -> None:
        await prove(world)
        assert await domains.check_due(world.rt) == 0
        world.advance(days=30)
        assert await domains.check_due(world.rt) == 1
        assert await domains.check_due(world.rt) == 0
        del world.dns[NAME]
        world.advance(days=30)
        for _ in range(2):
            assert await domains.check_due(world.rt) == 1
            assert await shown(world) == [DOMAIN]
            world.advance(days=1)
        assert await domains.check_due(world.rt) == 1
        assert await shown(world) == []
        assert "domain.unverified" in await actions(world)
        world.advance(days=40)
        assert await domains.check_due(world.rt) == 0

    story(tell)


def test_a_record_that_comes_back_in_time_keeps_the_domain(story: Tell) -> None:
    async def tell(world: World) -> None:
        claim = await prove(world)
        del world.dns[NAME]
        world.advance(days=30)
        for _ in range(2):
            await domains.check_due(world.rt)
            world.advance(days=1)
        world.dns[NAME] = [claim.record_value]
        await domains.check_due(world.rt)
        del world.dns[NAME]
        world.advance(days=30)
        for _ in range(2):
            await domains.check_due(world.rt)
            world.advance(days=1)
        assert await shown(world) == [DOMAIN]

    story(tell)


def test_two_weeks_of_silence_are_not_taken_for_a_record_that_has_gone(story: Tell) -> None:
    async def tell(world: World) -> None:
        await prove(world)
        world.dns[NAME] = refusal("dns_unanswered", got=NAME)
        world.advance(days=30)
        for _ in range(13):
            assert await domains.check_due(world.rt) == 1
            world.advance(days=1)
        assert await shown(world) == [DOMAIN]
        await domains.check_due(world.rt)
        assert await shown(world) == []

    story(tell)


def test_two_workers_look_at_a_domain_once(story: Tell) -> None:
    async def tell(world: World) -> None:
        await prove(world)
        world.advance(days=30)
        looked = await asyncio.gather(*(domains.check_due(world.rt) for _ in range(3)))
        assert sorted(looked) == [0, 0, 1]

    story(tell)


# --- routing --------------------------------------------------------------------------------------


async def routed(world: World, email: str) -> list[dict[str, Any]]:
    body = {"public_token": world.credentials.public_token, "email_address": email}
    async with world.client() as client:
        found: list[dict[str, Any]] = done(await client.post("/v1/public/sso/route", json=body))[
            "choices"
        ]
    return found


def test_an_address_leads_to_the_doors_of_its_verified_domain(story: Tell) -> None:
    async def tell(world: World) -> None:
        assert await routed(world, f"ada@{DOMAIN}") == []
        await prove(world)
        await change_organization(
            world, "northwind", sso_default_connection_id=world.demo.oidc.connection_id
        )
        found = await routed(world, f"Ada@{DOMAIN.upper()}")
        names = [one["connection_id"] for one in found]
        assert names == [world.demo.oidc.connection_id, world.demo.saml.connection_id]
        assert [one["kind"] for one in found] == ["oidc", "saml"]
        assert {one["organization_name"] for one in found} == {world.demo.northwind.name}

    story(tell)


def test_an_external_connection_is_a_door_like_any_other(story: Tell) -> None:
    async def tell(world: World) -> None:
        await prove(world, world.demo.labs.slug)
        found = await routed(world, f"grace@{DOMAIN}")
        assert {one["kind"] for one in found} == {"external"}
        assert {one["organization_id"] for one in found} == {world.demo.labs.organization_id}

    story(tell)


def test_attack_learn_from_routing_who_is_a_member(story: Tell) -> None:
    """The answer is a function of the domain: members and strangers get the same."""

    async def tell(world: World) -> None:
        await member(world, "northwind", "known@elsewhere.example")
        assert await routed(world, "known@elsewhere.example") == []
        await member(world, "northwind", f"known@{DOMAIN}")
        await prove(world)
        assert await routed(world, f"known@{DOMAIN}") == await routed(world, f"nobody@{DOMAIN}")

    story(tell)


def test_a_subdomain_is_another_domain(story: Tell) -> None:
    async def tell(world: World) -> None:
        await prove(world)
        assert await routed(world, f"ada@mail.{DOMAIN}") == []
        assert await routed(world, f"ada@x{DOMAIN}") == []

    story(tell)


def test_no_door_is_shown_that_would_not_open(story: Tell) -> None:
    async def tell(world: World) -> None:
        await organization(world, "doorless")
        await prove(world, "doorless")
        assert await routed(world, f"ada@{DOMAIN}") == []
        await domains.remove(world.rt, world.actor, "doorless", DOMAIN)
        await prove(world)
        assert await routed(world, f"ada@{DOMAIN}")
        await change_organization(
            world, "northwind", auth_methods="RESTRICTED", allowed_auth_methods=["magic_link"]
        )
        assert await routed(world, f"ada@{DOMAIN}") == []

    story(tell)


def test_a_domain_of_another_project_leads_nowhere(story: Tell) -> None:
    async def tell(world: World) -> None:
        await prove(world)
        elsewhere = replace(world.actor.project, project_id="project-test-other")
        assert not (await routing.route(world.rt, elsewhere, f"ada@{DOMAIN}")).choices

    story(tell)


def test_bad_questions_to_the_router_are_refused(story: Tell) -> None:
    async def tell(world: World) -> None:
        token = world.credentials.public_token
        async with world.client() as client:
            for body, code, status in (
                ({}, "field_missing", 400),
                ({"public_token": token}, "field_missing", 400),
                ({"public_token": "none", "email_address": "a@b.example"},
                 "public_token_not_found", 404),
                ({"public_token": token, "email_address": "nobody"}, "invalid_email", 400),
                ({"public_token": token, "email_address": "a@b@c.example"}, "invalid_email", 400),
            ):  # fmt: skip
                refused(await client.post("/v1/public/sso/route", json=body), code, status)

    story(tell)


# --- the API --------------------------------------------------------------------------------------


def test_the_api_claims_checks_lists_and_removes(story: Tell) -> None:
    async def tell(world: World) -> None:
        path = "/v1/b2b/organizations/northwind/domains"
        made = done(await world.call("POST", path, {"domain": DOMAIN}))["domain"]
        assert (made["record_type"], made["record_name"]) == ("TXT", NAME)
        world.dns[NAME] = [made["record_value"]]
        checked = done(await world.call("POST", f"{path}/{DOMAIN}/check"))["domain"]
        assert checked["verified"] and checked["verified_at"]
        assert done(await world.call("GET", path))["domains"] == [checked]
        refused(await world.call("POST", path, {"domain": "gmail.com"}), "domain_not_claimable")
        assert done(await world.call("DELETE", f"{path}/{DOMAIN}"))["domain"] == DOMAIN
        refused(await world.call("POST", f"{path}/{DOMAIN}/check"), "domain_claim_not_found", 404)

    story(tell)
