"""Single logout on both databases: what ends, what stays, and who may say so (decision 0019).

The identity provider's part is played by the built-in one, or with its key by the test.
"""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from services.attacks import (
    ADA,
    AUTHENTICATE,
    JSON,
    Tell,
    alive,
    done,
    exchange,
    external_door,
    member,
    oidc_sign_in,
    organization,
    refused,
    saml_door,
)
from support.world import BASE_URL, REDIRECT, World, read_form
from vestibule.domain.connections import SamlChanges, SamlConnection
from vestibule.domain.logouts import IdpSession
from vestibule.protocols import saml
from vestibule.services import connections
from vestibule.services.demo import PEOPLE
from vestibule.storage.audit import AuditEvent

GRACE = PEOPLE[1]
EMAIL = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
LOGOUT = "/v1/b2b/sso/logout"
LABS = "northwind-labs"


def logout_url(connection_id: str) -> str:
    return f"{BASE_URL}{LOGOUT}/{connection_id}"


def logout_request(
    world: World,
    connection_id: str,
    name: str = ADA.email,
    *indexes: str,
    request_id: str = "",
    name_id: saml.NameId | None = None,
) -> bytes:
    document = saml.build_logout_request(
        world.idp.address.entity_id,
        destination=logout_url(connection_id),
        request_id=request_id or f"_{world.rt.random(20).hex()}",
        name_id=name_id or saml.NameId(name, EMAIL),
        session_index=indexes[0] if indexes else "",
        now=world.rt.now(),
    )
    more = "".join(f"<samlp:SessionIndex>{one}</samlp:SessionIndex>" for one in indexes[1:])
    return document.replace(b"</samlp:LogoutRequest>", f"{more}</samlp:LogoutRequest>".encode())


async def deliver(
    world: World, connection_id: str, document: bytes, *, relay_state: str = "", key: str = ""
) -> httpx2.Response:
    """Bring the provider's message to us, as its redirect would."""
    url = saml.encode_redirect(
        document, logout_url(connection_id), relay_state, key or world.idp.private_key
    )
    async with world.client() as browser:
        return await browser.get(url, headers=JSON)


async def idp_logout(world: World, connection_id: str, name: str, *indexes: str) -> None:
    answer = await deliver(
        world, connection_id, logout_request(world, connection_id, name, *indexes)
    )
    assert answer.status_code in (200, 303), answer.text


async def idp_session(world: World, signed_in: dict[str, Any]) -> IdpSession:
    live = await world.rt.store.read(
        lambda tx: tx.sessions.of_member(signed_in["member_id"], world.rt.now())
    )
    factors = [
        factor
        for session in live
        if session.session_id == signed_in["member_session"]["member_session_id"]
        for factor in session.factors
    ]
    assert factors[0].idp_session is not None
    return factors[0].idp_session


async def events(world: World, organization_id: str, action: str) -> list[AuditEvent]:
    found = await world.rt.store.read(lambda tx: tx.audit.latest(organization_id, 100))
    return [event for event in found if event.action == action]


def read_answer(answer: httpx2.Response) -> saml.UnverifiedMessage:
    assert answer.status_code == 303, answer.text
    return saml.read_redirect(urlsplit(answer.headers["location"]).query.encode())


async def change_slo(world: World, connection: SamlConnection, **changes: Any) -> SamlConnection:
    return await connections.change_saml(
        world.rt,
        world.actor,
        connection.organization_id,
        connection.connection_id,
        SamlChanges(**changes),
    )


async def twice(world: World, door: str) -> list[dict[str, Any]]:
    """Two sign-ins at the provider, one after the other."""
    held = []
    for _ in range(2):
        held.append(await world.sign_in(door))
        world.advance(seconds=1)
    return held


async def labs_session(world: World, held: dict[str, Any]) -> dict[str, Any]:
    """The same person in the organization that shares the connection, by exchange."""
    known = await world.call(
        "GET", f"/v1/b2b/organizations/{LABS}/member?email_address={ADA.email}"
    )
    if known.status_code != 200:
        await member(world, LABS, ADA.email)
    return done(await exchange(world, held["session_token"], LABS))


# --- the identity provider signs somebody out ----------------------------------------------------


def test_a_providers_logout_ends_the_session_that_it_names_and_no_other(story: Tell) -> None:
    async def work(world: World) -> None:
        door = world.demo.saml.connection_id
        first, second = await twice(world, door)
        other = await world.sign_in(door, GRACE.email)
        named = await idp_session(world, first)
        assert named.name_id == ADA.email
        assert named.name_id_format == EMAIL
        await idp_logout(world, door, ADA.email, named.session_index)
        assert not await alive(world, first["session_token"])
        assert await alive(world, second["session_token"])
        assert await alive(world, other["session_token"])

    story(work)


def test_what_began_with_the_same_sign_in_ends_with_it(story: Tell) -> None:
    """A provider with an index for each assertion names the last one: the door that the person
    entered before, in the same browser, must not stay open."""

    async def work(world: World) -> None:
        door = world.demo.saml.connection_id
        before = await world.sign_in(door)
        last = await world.sign_in(world.demo.labs_saml.connection_id)
        first, second = [await idp_session(world, one) for one in (before, last)]
        assert first.session_index != second.session_index
        assert first.authenticated_at == second.authenticated_at
        world.advance(seconds=1)
        later = await world.sign_in(door)
        await idp_logout(world, door, ADA.email, second.session_index)
        assert not await alive(world, before["session_token"])
        assert not await alive(world, last["session_token"])
        assert await alive(world, later["session_token"])

    story(work)


def test_without_an_index_every_session_of_the_person_ends(story: Tell) -> None:
    async def work(world: World) -> None:
        door = world.demo.saml.connection_id
        first, second = await world.sign_in(door), await world.sign_in(door)
        other = await world.sign_in(door, GRACE.email)
        await idp_logout(world, door, ADA.email)
        assert not await alive(world, first["session_token"])
        assert not await alive(world, second["session_token"])
        assert await alive(world, other["session_token"])

    story(work)


def test_several_indexes_end_each_of_the_sessions_named(story: Tell) -> None:
    async def work(world: World) -> None:
        door = world.demo.saml.connection_id
        held = [*await twice(world, door), *await twice(world, door)]
        indexes = [(await idp_session(world, one)).session_index for one in held]
        await idp_logout(world, door, ADA.email, *indexes[:2])
        assert [await alive(world, one["session_token"]) for one in held] == [
            False, False, True, True,
        ]  # fmt: skip

    story(work)


def test_sessions_in_organizations_that_share_the_connection_end_too(story: Tell) -> None:
    """The provider knows one application; by which of its doors the person went in is ours."""

    async def work(world: World) -> None:
        source = world.demo.saml
        third = await organization(world, "Third")
        door = await external_door(world, third, source.organization_id, source.connection_id)
        here = await world.sign_in(source.connection_id)
        there = await world.sign_in(world.demo.labs_saml.connection_id)
        in_third = await world.sign_in(door)
        over = await labs_session(world, here)
        grace = await world.sign_in(world.demo.labs_saml.connection_id, GRACE.email)
        await idp_logout(world, source.connection_id, ADA.email)
        for one in (here, there, in_third, over):
            assert not await alive(world, one["session_token"])
        assert await alive(world, grace["session_token"])
        for one in (here, there, in_third):
            found = await events(world, one["organization_id"], "session.logged_out")
            assert found
            assert {event.actor for event in found} == {"vestibule"}
            assert {event.target for event in found} == {one["member_id"]}
            assert {event.details["asked_by"] for event in found} == {"identity provider"}
            assert all(event.details["request_id"].startswith("_") for event in found)

    story(work)


def test_an_exchanged_session_ends_with_the_index_that_it_came_from(story: Tell) -> None:
    async def work(world: World) -> None:
        door = world.demo.saml.connection_id
        here, again = await twice(world, door)
        over, stays = await labs_session(world, here), await labs_session(world, again)
        index = (await idp_session(world, here)).session_index
        await idp_logout(world, door, ADA.email, index)
        assert not await alive(world, over["session_token"])
        assert await alive(world, stays["session_token"])

    story(work)


def test_another_connection_to_the_same_provider_is_not_touched(story: Tell) -> None:
    """Same entity id, same person, same index even: the connection comes from the URL."""

    async def work(world: World) -> None:
        other = await saml_door(world, await organization(world, "Elsewhere"))
        assert other.idp_entity_id == world.demo.saml.idp_entity_id
        here = await world.sign_in(world.demo.saml.connection_id)
        there = await world.sign_in(other.connection_id)
        await idp_logout(world, other.connection_id, ADA.email)
        assert await alive(world, here["session_token"])
        assert not await alive(world, there["session_token"])
        document = logout_request(world, other.connection_id)
        answer = await deliver(world, world.demo.saml.connection_id, document)
        refused(answer, "saml_logout_destination_mismatch")
        assert await alive(world, here["session_token"])

    story(work)


def test_a_session_with_further_factors_ends_whole(story: Tell) -> None:
    async def work(world: World) -> None:
        held = await oidc_sign_in(world, world.demo.oidc.connection_id)
        token = await world.arrive(world.demo.saml.connection_id)
        both = done(
            await world.call(
                "POST",
                AUTHENTICATE,
                {"sso_token": token, "session_token": held["session_token"]},
            )
        )
        assert len(both["member_session"]["authentication_factors"]) == 2
        alone = await oidc_sign_in(world, world.demo.oidc.connection_id)
        await idp_logout(world, world.demo.saml.connection_id, ADA.email)
        assert not await alive(world, held["session_token"])
        assert await alive(world, alone["session_token"])

    story(work)


def test_a_one_time_token_dies_with_the_providers_session(story: Tell) -> None:
    """Whoever was between the callback and the application would come in after the logout."""

    async def work(world: World) -> None:
        tokens = [
            await world.arrive(connection)
            for connection in (world.demo.saml.connection_id, world.demo.labs_saml.connection_id)
        ]
        other = await world.arrive(world.demo.saml.connection_id, GRACE.email)
        await idp_logout(world, world.demo.saml.connection_id, ADA.email)
        for token in tokens:
            answer = await world.call("POST", AUTHENTICATE, {"sso_token": token})
            refused(answer, "sso_token_not_found", 404)
        done(await world.call("POST", AUTHENTICATE, {"sso_token": other}))

    story(work)


def test_an_assertion_from_before_a_logout_opens_nothing_after_it(story: Tell) -> None:
    """SAML Core §3.7.3.2: the form with the response waited in another tab."""

    async def work(world: World) -> None:
        door = world.demo.saml.connection_id
        browser = world.client()
        waiting = await world.begin(browser, world.demo.labs_saml.connection_id)
        grace = await world.begin(browser, door, GRACE.email)
        world.advance(seconds=1)
        await idp_logout(world, door, ADA.email)
        refused(await waiting(), "saml_session_expired")
        assert (await grace()).status_code == 303
        # Whoever signs in again comes in.
        again = await world.sign_in(door)
        assert await alive(world, again["session_token"])
        # One of another session than those that were named is not affected.
        other = await world.begin(browser, door)
        world.advance(seconds=1)
        await idp_logout(world, door, ADA.email, "_some-other-session")
        assert (await other()).status_code == 303

    story(work)


def test_an_intermediate_session_dies_with_the_providers_session(story: Tell) -> None:
    async def work(world: World) -> None:
        northwind = world.demo.northwind.organization_id
        done(
            await world.call(
                "PUT", f"/v1/b2b/organizations/{northwind}", {"mfa_policy": "REQUIRED_FOR_ALL"}
            )
        )
        door = world.demo.saml.connection_id
        half = await world.sign_in(door)
        assert half["intermediate_session_token"]
        await idp_logout(world, door, ADA.email)
        again = await world.arrive(door)
        answer = await world.call(
            "POST",
            AUTHENTICATE,
            {"sso_token": again, "intermediate_session_token": half["intermediate_session_token"]},
        )
        refused(answer, "intermediate_session_not_found", 404)

    story(work)


def test_the_answer_is_signed_and_says_what_it_answers(story: Tell) -> None:
    async def work(world: World) -> None:
        source = world.demo.saml
        await world.sign_in(source.connection_id)
        document = logout_request(world, source.connection_id, request_id="_asked-for-this")
        answer = await deliver(world, source.connection_id, document, relay_state="state & 1")
        assert answer.headers["location"].startswith(f"{source.idp_slo_url}?SAMLResponse=")
        message = read_answer(answer)
        assert message.unverified_relay_state == "state & 1"
        told = saml.verify_logout_response(
            saml.read_logout_response(message),
            saml.LogoutExpectations(
                idp_entity_id=world.rt.callback_url(source.connection_id),
                certificates=(
                    saml.read_certificate(source.signing_keys[0].certificate.certificate),
                ),
                logout_url=source.idp_slo_url,
            ),
            request_id="_asked-for-this",
            now=world.rt.now(),
        )
        assert told.complete

    story(work)


def test_nobody_to_sign_out_is_a_success_too(story: Tell) -> None:
    async def work(world: World) -> None:
        door = world.demo.saml.connection_id
        answer = await deliver(world, door, logout_request(world, door, "nobody@northwind.example"))
        saml.read_logout_response(read_answer(answer))
        # The same name in another format, or qualified by others, is another person.
        held = await world.sign_in(door)
        for name_id in (
            saml.NameId(ADA.email, saml_format("persistent")),
            saml.NameId(ADA.email, EMAIL, "https://other.example"),
            saml.NameId(ADA.email, EMAIL, "", "https://other.example"),
            saml.NameId(ADA.email.upper(), EMAIL),
        ):
            await deliver(world, door, logout_request(world, door, name_id=name_id))
            assert await alive(world, held["session_token"])
        own = saml.NameId(ADA.email, "", world.idp.address.entity_id, world.rt.callback_url(door))
        await deliver(world, door, logout_request(world, door, name_id=own))
        assert not await alive(world, held["session_token"])

    story(work)


def saml_format(name: str) -> str:
    return f"urn:oasis:names:tc:SAML:2.0:nameid-format:{name}"


def test_the_answer_goes_to_its_own_url_and_by_the_binding_of_the_connection(story: Tell) -> None:
    async def work(world: World) -> None:
        source = await change_slo(
            world,
            world.demo.saml,
            idp_slo_response_url=f"{BASE_URL}/dev/idp/saml/answers",
            idp_slo_binding="post",
        )
        document = logout_request(world, source.connection_id)
        page = await deliver(world, source.connection_id, document, relay_state="r" * 80)
        assert page.status_code == 200
        action, fields = read_form(page.text)
        assert action == source.idp_slo_response_url
        assert fields["RelayState"] == "r" * 80
        message = saml.read_post(fields)
        root = saml.read_logout_response(message)
        assert root.unverified_in_response_to.startswith("_")
        # Longer than the binding allows is not ours to carry.
        page = await deliver(
            world, source.connection_id, logout_request(world, source.connection_id),
            relay_state="r" * 81,
        )  # fmt: skip
        assert "RelayState" not in read_form(page.text)[1]

    story(work)


def test_a_provider_without_a_logout_url_is_answered_by_a_page(story: Tell) -> None:
    async def work(world: World) -> None:
        door = world.demo.saml.connection_id
        await change_slo(world, world.demo.saml, idp_slo_url="")
        held = await world.sign_in(door)
        url = saml.encode_redirect(
            logout_request(world, door), logout_url(door), "", world.idp.private_key
        )
        async with world.client() as browser:
            page = await browser.get(url)
        assert page.status_code == 200
        assert "You are signed out" in page.text
        assert not await alive(world, held["session_token"])

    story(work)


def test_a_posted_request_ends_sessions_too(story: Tell) -> None:
    async def work(world: World) -> None:
        door = world.demo.saml.connection_id
        held = await world.sign_in(door)
        document = logout_request(world, door, request_id="_posted")
        signed = saml.sign_enveloped(
            document, "_posted", saml.read_private_key(world.idp.private_key), None
        )
        fields = saml.encode_post(signed, logout_url(door), "")
        async with world.client() as browser:
            answer = await browser.post(logout_url(door), data=fields, headers=JSON)
            assert answer.status_code == 303, answer.text
            nothing = await browser.post(logout_url(door), data={"x": "y"}, headers=JSON)
            refused(nothing, "saml_logout_missing")
            other = await browser.post(logout_url(door), json={}, headers=JSON)
            refused(other, "saml_logout_missing")
        assert not await alive(world, held["session_token"])

    story(work)


# --- who may not ----------------------------------------------------------------------------------


def test_a_request_is_carried_out_once(story: Tell) -> None:
    """Caught and sent again, it would sign the person out whenever somebody likes."""

    async def work(world: World) -> None:
        door = world.demo.saml.connection_id
        await world.sign_in(door)
        document = logout_request(world, door)
        answers = await asyncio.gather(*(deliver(world, door, document) for _ in range(3)))
        assert sorted(a.status_code for a in answers) == [303, 400, 400]
        held = await world.sign_in(door)
        refused(await deliver(world, door, document), "saml_logout_replayed")
        world.advance(minutes=8)
        refused(await deliver(world, door, document), "saml_logout_expired")
        assert await alive(world, held["session_token"])

    story(work)


@pytest.mark.parametrize("binding", ["redirect", "post"])
def test_an_unsigned_request_ends_nothing(story: Tell, binding: str) -> None:
    """Whoever knows an address could sign its owner out."""

    async def work(world: World) -> None:
        door = world.demo.saml.connection_id
        held = await world.sign_in(door)
        document = logout_request(world, door)
        async with world.client() as browser:
            if binding == "redirect":
                url = saml.encode_redirect(document, logout_url(door), "", None)
                answer = await browser.get(url, headers=JSON)
            else:
                fields = saml.encode_post(document, logout_url(door), "")
                answer = await browser.post(logout_url(door), data=fields, headers=JSON)
        refused(answer, "saml_logout_unsigned")
        assert await alive(world, held["session_token"])

    story(work)


def test_another_connections_provider_cannot_sign_people_out(story: Tell) -> None:
    """A key that is trusted elsewhere is not trusted here."""

    async def work(world: World) -> None:
        source = world.demo.saml
        held = await world.sign_in(source.connection_id)
        ours = source.signing_keys[0].private_key
        document = logout_request(world, source.connection_id)
        answer = await deliver(world, source.connection_id, document, key=ours)
        refused(answer, "saml_signature_invalid")
        assert await alive(world, held["session_token"])
        async with world.client() as browser:
            nowhere = await browser.get(f"{LOGOUT}/saml-connection-test-none?SAMLRequest=x")
            assert nowhere.status_code == 400
        unknown = await deliver(
            world, "saml-connection-test-none", logout_request(world, "saml-connection-test-none")
        )
        refused(unknown, "saml_connection_not_found", 404)
        of_oidc = world.demo.oidc.connection_id
        answer = await deliver(world, of_oidc, logout_request(world, of_oidc))
        refused(answer, "saml_connection_not_found", 404)

    story(work)


# --- an application signs somebody out ------------------------------------------------------------


async def start(world: World, **body: str) -> str:
    url: str = done(await world.call("POST", LOGOUT, body))["logout_url"]
    return url


def test_an_application_signs_out_here_and_at_the_provider_and_comes_back(story: Tell) -> None:
    async def work(world: World) -> None:
        door = world.demo.saml.connection_id
        held = await world.sign_in(door)
        named = await idp_session(world, held)
        sibling = await labs_session(world, held)
        world.advance(seconds=1)
        other = await world.sign_in(door)
        url = await start(
            world, session_token=held["session_token"], logout_redirect_url=f"{REDIRECT}?bye=1"
        )
        assert url.startswith(f"{BASE_URL}/v1/public/sso/logout/")
        assert not await alive(world, held["session_token"])
        assert await alive(world, sibling["session_token"])

        async with world.client() as browser:
            leg = await browser.get(url)
            message = read_answer(leg)
            asked = saml.read_logout_request(message)
            assert asked.unverified_issuer == world.rt.callback_url(door)
            assert asked.unverified_name_id == ADA.email
            assert asked.unverified_session_indexes == (named.session_index,)
            source = world.demo.saml
            assert leg.headers["location"].startswith(f"{source.idp_slo_url}?SAMLRequest=")
            certificate = source.signing_keys[0].certificate.certificate
            verified = saml.verify_logout_request(
                asked,
                saml.LogoutExpectations(
                    idp_entity_id=world.rt.callback_url(door),
                    certificates=(saml.read_certificate(certificate),),
                    logout_url=source.idp_slo_url,
                ),
                now=world.rt.now(),
            )
            assert verified.name_id == saml.NameId(ADA.email, EMAIL)
            # The provider will not tell whoever asked, so what else stood on it has ended.
            assert not await alive(world, sibling["session_token"])
            assert await alive(world, other["session_token"])

            at_idp = await browser.get(leg.headers["location"])
            back = await browser.get(at_idp.headers["location"])
            assert back.status_code == 303
            assert back.headers["location"] == f"{REDIRECT}?bye=1"
            for used in (at_idp.headers["location"], url):
                refused(await browser.get(used, headers=JSON), "saml_logout_unknown")
        found = await events(world, held["organization_id"], "session.logged_out")
        assert [event.details["asked_by"] for event in found] == ["application"]
        (answered,) = await events(world, held["organization_id"], "session.logout_answered")
        assert answered.details["complete"] == "yes"

    story(work)


def test_without_an_answer_the_session_has_ended_all_the_same(story: Tell) -> None:
    async def work(world: World) -> None:
        held = await world.sign_in(world.demo.saml.connection_id)
        url = await start(world, session_jwt=held["session_jwt"])
        assert not await alive(world, held["session_token"])
        world.advance(minutes=10)
        async with world.client() as browser:
            refused(await browser.get(url, headers=JSON), "saml_logout_unknown")

    story(work)


def test_a_post_provider_gets_a_form_that_works_without_scripts(story: Tell) -> None:
    async def work(world: World) -> None:
        source = await change_slo(world, world.demo.saml, idp_slo_binding="post")
        held = await world.sign_in(source.connection_id)
        url = await start(
            world, session_id="", member_session_id=held["member_session"]["member_session_id"]
        )
        async with world.client() as browser:
            page = await browser.get(url)
            assert page.status_code == 200
            assert "<noscript>" in page.text
            assert "script-src 'self'" in page.headers["content-security-policy"]
            action, fields = read_form(page.text)
            assert action == source.idp_slo_url
            asked = saml.read_logout_request(saml.read_post(fields))
            # Nobody named a URL to come back to: the journey ends on a page of ours.
            response = saml.build_logout_response(
                source.idp_entity_id,
                destination=logout_url(source.connection_id),
                response_id="_response",
                in_response_to=asked.unverified_id,
                status=(saml.STATUS_RESPONDER, saml.STATUS_PARTIAL_LOGOUT),
                now=world.rt.now(),
            )
            signed = saml.sign_enveloped(
                response, "_response", saml.read_private_key(world.idp.private_key), None
            )
            answer = saml.encode_post(
                signed, logout_url(source.connection_id), "", name="SAMLResponse"
            )
            done_page = await browser.post(logout_url(source.connection_id), data=answer)
            assert done_page.status_code == 200
            assert "You are signed out" in done_page.text
        (answered,) = await events(world, held["organization_id"], "session.logout_answered")
        assert answered.details["complete"] == "no"
        assert answered.details["status"].endswith("status:PartialLogout")

    story(work)


def test_an_answer_of_another_connections_provider_is_refused(story: Tell) -> None:
    async def work(world: World) -> None:
        other = await saml_door(world, await organization(world, "Elsewhere"))
        held = await world.sign_in(world.demo.saml.connection_id)
        url = await start(world, session_token=held["session_token"], logout_redirect_url=REDIRECT)
        async with world.client() as browser:
            asked = saml.read_logout_request(read_answer(await browser.get(url)))
            for connection, answers, code in (
                (other, asked.unverified_id, "saml_logout_unknown"),
                (world.demo.saml, "_other", "saml_logout_unknown"),
                (world.demo.saml, "", "saml_logout_unknown"),
            ):
                response = saml.build_logout_response(
                    connection.idp_entity_id,
                    destination=logout_url(connection.connection_id),
                    response_id="_r",
                    in_response_to=answers,
                    status=(saml.STATUS_SUCCESS,),
                    now=world.rt.now(),
                )
                carried = saml.encode_redirect(
                    response, logout_url(connection.connection_id), "", world.idp.private_key,
                    name="SAMLResponse",
                )  # fmt: skip
                refused(await browser.get(carried, headers=JSON), code)
            unsigned = saml.encode_redirect(
                response, logout_url(connection.connection_id), "", None, name="SAMLResponse"
            )
            refused(await browser.get(unsigned, headers=JSON), "saml_logout_unsigned")

    story(work)


def test_where_nothing_is_left_to_do_the_url_is_empty(story: Tell) -> None:
    async def work(world: World) -> None:
        by_oidc = await oidc_sign_in(world, world.demo.oidc.connection_id)
        assert await start(world, session_token=by_oidc["session_token"]) == ""
        assert not await alive(world, by_oidc["session_token"])
        held = await world.sign_in(world.demo.labs_saml.connection_id)
        await change_slo(world, world.demo.saml, idp_slo_url="")
        assert await start(world, session_token=held["session_token"]) == ""
        assert not await alive(world, held["session_token"])

    story(work)


def test_a_session_through_an_external_connection_ends_at_the_owners_provider(story: Tell) -> None:
    async def work(world: World) -> None:
        held = await world.sign_in(world.demo.labs_saml.connection_id)
        url = await start(world, session_token=held["session_token"], logout_redirect_url=REDIRECT)
        async with world.client() as browser:
            leg = await browser.get(url)
            asked = saml.read_logout_request(read_answer(leg))
            assert asked.unverified_issuer == world.rt.callback_url(world.demo.saml.connection_id)
            at_idp = await browser.get(leg.headers["location"])
            back = await browser.get(at_idp.headers["location"])
            assert back.headers["location"] == REDIRECT

    story(work)


def test_a_logout_that_cannot_come_back_as_asked_ends_nothing(story: Tell) -> None:
    async def work(world: World) -> None:
        held = await world.sign_in(world.demo.saml.connection_id)
        token = held["session_token"]
        for url in ("https://evil.example/", "javascript:alert(1)", "/relative"):
            answer = await world.call(
                "POST", LOGOUT, {"session_token": token, "logout_redirect_url": url}
            )
            refused(answer, "no_match_for_provided_sso_url")
        refused(await world.call("POST", LOGOUT, {}), "no_session_revoke_arguments")
        both = {"session_token": token, "session_jwt": held["session_jwt"]}
        refused(await world.call("POST", LOGOUT, both), "too_many_session_revoke_arguments")
        refused(await world.call("POST", LOGOUT, {"session_token": "x"}), "session_not_found", 404)
        assert await alive(world, token)

    story(work)


# --- the built-in provider ------------------------------------------------------------------------


def test_signing_out_at_the_built_in_provider_ends_every_session_of_the_person(story: Tell) -> None:
    async def work(world: World) -> None:
        other = await saml_door(world, await organization(world, "Elsewhere"))
        held = [
            await world.sign_in(door)
            for door in (
                world.demo.saml.connection_id,
                world.demo.labs_saml.connection_id,
                other.connection_id,
            )
        ]
        grace = await world.sign_in(world.demo.saml.connection_id, GRACE.email)
        await change_slo(world, other, idp_slo_url=world.idp.address.slo_url)
        async with world.client(follow_redirects=True) as browser:
            page = await browser.get("/dev/idp/saml/sign-out")
            assert ADA.email in page.text
            page = await browser.post("/dev/idp/saml/sign-out", data={"name_id": ADA.email})
        assert page.status_code == 200
        assert str(page.url) == f"{BASE_URL}/dev/idp/saml/sign-out"
        assert ADA.email not in page.text
        assert GRACE.email in page.text
        for one in held:
            assert not await alive(world, one["session_token"])
        assert await alive(world, grace["session_token"])

    story(work)


def test_the_built_in_provider_answers_logout_urls_of_this_server_only(story: Tell) -> None:
    async def work(world: World) -> None:
        for issuer in ("https://evil.example/v1/b2b/sso/callback/x", f"{BASE_URL}/demo/callback"):
            document = saml.build_logout_request(
                issuer,
                destination=world.idp.address.slo_url,
                request_id="_r",
                name_id=saml.NameId(ADA.email),
                session_index="",
                now=world.rt.now(),
            )
            url = saml.encode_redirect(
                document, world.idp.address.slo_url, "", world.idp.private_key
            )
            async with world.client() as browser:
                refused(await browser.get(url, headers=JSON), "bad_request")

    story(work)


def test_the_demo_signs_out_here_and_at_the_provider(story: Tell) -> None:
    async def work(world: World) -> None:
        door = world.demo.saml.connection_id
        async with world.client(follow_redirects=False) as browser:
            token = await world.arrive(
                door, client=browser, login_redirect_url=f"{BASE_URL}/demo/callback"
            )
            entered = await browser.get(f"/demo/callback?token={token}")
            page = await browser.get(entered.headers["location"])
            assert "Sign out here and at the identity provider" in page.text
            url, seen = "/demo/sign-out-everywhere", []
            for _ in range(5):
                answer = await browser.get(url)
                url = answer.headers["location"]
                seen.append(urlsplit(url).path)
            assert seen == [
                seen[0],
                "/dev/idp/saml/slo",
                f"{LOGOUT}/{door}",
                "/demo/callback",
                "/",
            ]
            assert parse_qs(urlsplit(url).query) == {}
            assert (await browser.get("/demo/session")).headers["location"] == "/"

    story(work)
