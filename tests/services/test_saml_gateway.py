"""A gateway at the customer's old ACS URL: what its switch lets pass, and everything that it does
not. Each test is named for what must fail, or what a migration needs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from services.attacks import ADA, AUTHENTICATE, JSON, Tell, callback, done, refused, token_of
from services.saml_answers import Begun, answer, begin, deliver, fields_of
from support.world import World
from vestibule.services import logins

GATEWAY = "https://old.example/sso/acs"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"  # RFC 7636, appendix B
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
DOORS = pytest.mark.parametrize("door", ["saml", "labs_saml"])


async def set_up(world: World, **fields: Any) -> None:
    """A connection whose provider still posts to the customer's old ACS URL."""
    path = f"/v1/b2b/sso/saml/northwind/connections/{world.demo.saml.connection_id}"
    body = {"alternative_acs_url": GATEWAY, "allow_gateway_callback": True, **fields}
    done(await world.call("PUT", path, body))


async def start(world: World, door: str = "saml", *, pkce: bool = True) -> Begun:
    parameters = {"pkce_code_challenge": CHALLENGE} if pkce else {}
    name, source = getattr(world.demo, door).connection_id, world.demo.saml.connection_id
    return await begin(world, name, source, **parameters)


def elsewhere(world: World, begun: Begun) -> Begun:
    """The same answer, brought by a server that has no cookie of ours."""
    return replace(begun, browser=world.client())


@DOORS
def test_an_answer_comes_through_the_gateway_without_our_cookie(story: Tell, door: str) -> None:
    """The migration: the old server takes the answer and carries it on from server to server."""

    async def work(world: World) -> None:
        await set_up(world)
        begun = await start(world, door)
        assert begun.request.acs_url == GATEWAY
        fields = answer(world, begun, acs_url=GATEWAY)
        arrived = await deliver(elsewhere(world, begun), fields)
        body = {"sso_token": token_of(arrived), "pkce_code_verifier": VERIFIER}
        held = done(await world.call("POST", AUTHENTICATE, body))
        assert held["member"]["email_address"] == ADA.email
        organization = "northwind" if door == "saml" else "northwind-labs"
        trace = (await logins.latest_traces(world.rt, world.actor, organization, limit=1))[0]
        assert any("gateway" in s.summary and s.code == "warning" for s in trace.steps)

    story(work)


def test_an_answer_that_the_browser_carries_on_brings_the_cookie_as_ever(story: Tell) -> None:
    """A gateway that answers 307 or posts a form of its own: no switch, no PKCE is needed."""

    async def work(world: World) -> None:
        await set_up(world, allow_gateway_callback=False)
        begun = await start(world, pkce=False)
        token_of(await deliver(begun, answer(world, begun, acs_url=GATEWAY)))

    story(work)


@pytest.mark.parametrize(
    ("missing", "code"),
    [
        ("the switch", "saml_csrf_cookie_missing"),
        ("the alternative ACS URL", "saml_csrf_cookie_missing"),
        ("PKCE", "saml_csrf_cookie_missing"),
        ("the gateway's address as recipient", "saml_destination_mismatch"),
        ("the gateway's address in the confirmation", "saml_recipient_mismatch"),
    ],
)
def test_without_our_cookie_nothing_else_may_be_missing(
    story: Tell, missing: str, code: str
) -> None:
    """Login CSRF: the attacker's own answer, posted by the victim's browser."""

    async def work(world: World) -> None:
        changes = {
            "the switch": {"allow_gateway_callback": False},
            "the alternative ACS URL": {"alternative_acs_url": ""},
        }.get(missing, {})
        await set_up(world, **changes)
        begun = await start(world, pkce=missing != "PKCE")
        ours = callback(world.demo.saml.connection_id)
        acs = {"the alternative ACS URL": ours, "the gateway's address as recipient": ours}
        rewritten = [(f'Recipient="{GATEWAY}"', f'Recipient="{ours}"')]
        fields = answer(
            world, begun, *(rewritten if "confirmation" in missing else []),
            acs_url=acs.get(missing, GATEWAY),
        )  # fmt: skip
        refused(await deliver(elsewhere(world, begun), fields), code)
        # The attempt is spent in any case: nobody tries it again with a better answer.
        good = answer(world, begun, acs_url=GATEWAY)
        refused(await deliver(begun, good), "saml_unsolicited")

    story(work)


def test_the_cookie_of_another_sign_in_is_worse_than_none(story: Tell) -> None:
    """A browser that speaks to us itself, and has not started this sign-in."""

    async def work(world: World) -> None:
        await set_up(world)
        attacker, victim = await start(world), await start(world)
        fields = answer(world, attacker, acs_url=GATEWAY)
        brought = await deliver(replace(attacker, browser=victim.browser), fields)
        refused(brought, "saml_csrf_cookie_mismatch")

    story(work)


def test_the_session_of_a_planted_answer_goes_to_nobody(story: Tell) -> None:
    """The attacker plants an answer through the gateway: the victim's application asks for the
    verifier, which stayed where the sign-in began."""

    async def work(world: World) -> None:
        await set_up(world)
        begun = await start(world)
        fields = answer(world, begun, acs_url=GATEWAY)
        token = token_of(await deliver(elsewhere(world, begun), fields))
        for body, code in (
            ({}, "pkce_expected_code_verifier"),
            ({"pkce_code_verifier": "x" * 43}, "pkce_mismatch"),
        ):
            answered = await world.call("POST", AUTHENTICATE, {"sso_token": token, **body})
            refused(answered, code)

    story(work)


def test_the_gateway_relaxes_no_check_of_the_answer(story: Tell) -> None:
    """Signature, audience, request, time and replay are what they are at every other door."""

    async def work(world: World) -> None:
        await set_up(world)
        ours = callback(world.demo.saml.connection_id)
        for changes, code in (
            ([("<saml:Audience>", "<saml:Audience>urn:x:")], "saml_audience_mismatch"),
            ([('InResponseTo="_', 'InResponseTo="_x')], "saml_request_mismatch"),
            ([(world.idp.address.entity_id, "https://evil.example")], "saml_issuer_mismatch"),
        ):
            begun = await start(world)
            fields = answer(world, begun, *changes, acs_url=GATEWAY)
            refused(await deliver(elsewhere(world, begun), fields), code)
        # Another RelayState than the one of its request, and none.
        one, two = await start(world), await start(world)
        fields = answer(world, one, acs_url=GATEWAY) | {"RelayState": two.relay}
        refused(await deliver(elsewhere(world, one), fields), "saml_request_mismatch")
        begun = await start(world)
        fields = answer(world, begun, acs_url=GATEWAY)
        del fields["RelayState"]
        refused(await deliver(elsewhere(world, begun), fields), "saml_unsolicited")
        # Twice.
        begun = await start(world)
        fields = answer(world, begun, acs_url=GATEWAY)
        token_of(await deliver(elsewhere(world, begun), fields))
        refused(await deliver(elsewhere(world, begun), fields), "saml_unsolicited")
        # Too late.
        begun = await start(world)
        fields = answer(world, begun, acs_url=GATEWAY)
        world.advance(minutes=9)
        refused(await deliver(elsewhere(world, begun), fields), "saml_subject_expired")
        # An unsolicited one needs no cookie anywhere, and is used once here too.
        plain = fields_of(world, GATEWAY, ours, "")
        for expected in ("", "saml_replayed"):
            answered = await world.client().post(ours, data=plain, headers=JSON)
            if expected:
                refused(answered, expected)
            else:
                token_of(answered)

    story(work)
