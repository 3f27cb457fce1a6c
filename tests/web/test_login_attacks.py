"""Attacks on a login in progress. Each test is named for what must not work."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from support.world import BASE_URL, World, open_world, run
from vestibule.domain.attributes import Statement, map_statement
from vestibule.errors import VestibuleError
from vestibule.protocols.http import HttpResponse
from vestibule.services import connections, sharing
from vestibule.services.demo import PEOPLE
from vestibule.services.rbac import Actor
from vestibule.storage.store import Tx

Story = Callable[[World], Awaitable[None]]


def story(work: Story) -> None:
    async def main() -> None:
        async with open_world() as world:
            await work(world)

    run(main())


def refused(answer: Any, code: str, status: int = 400) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    assert found["error_details"]["code"] == code, answer.text
    return found


def callback(connection_id: str) -> str:
    return f"{BASE_URL}/v1/b2b/sso/callback/{connection_id}"


async def second_saml(world: World) -> str:
    """Another SAML connection of Northwind at the same identity provider."""
    actor, source = Actor(world.demo.project), world.demo.saml
    made = await connections.create_saml(
        world.rt, actor, "northwind", display_name="Second", identity_provider=None
    )

    def work(tx: Tx) -> None:
        kept = replace(
            source,
            connection_id=made.connection_id,
            signing_keys=made.signing_keys,
            display_name="Second",
        )
        tx.connections.update(kept)

    await world.rt.store.write(work)
    return made.connection_id


def test_an_assertion_for_one_connection_posted_to_another_is_refused() -> None:
    async def work(world: World) -> None:
        other = await second_saml(world)
        browser = world.client()
        deliver = await world.begin(browser, world.demo.saml.connection_id)
        refused(await deliver(callback(other)), "saml_request_mismatch")

    story(work)


def test_an_unsolicited_assertion_for_one_connection_is_refused_at_another() -> None:
    async def work(world: World) -> None:
        other = await second_saml(world)
        browser = world.client()
        url = callback(world.demo.saml.connection_id)
        page = world.idp._post_response(
            PEOPLE[0], {"acs_url": url, "audience": url, "in_response_to": "", "RelayState": ""}
        )
        from support.world import read_form

        _, fields = read_form(bytes(page.body).decode())
        answer = await browser.post(
            callback(other), data=fields, headers={"accept": "application/json"}
        )
        refused(answer, "saml_destination_mismatch")

    story(work)


@pytest.mark.parametrize(
    ("door", "code"),
    [("saml", "saml_csrf_cookie_mismatch"), ("oidc", "oidc_csrf_cookie_mismatch")],
)
def test_another_browser_cannot_finish_a_login(door: str, code: str) -> None:
    async def work(world: World) -> None:
        connection = getattr(world.demo, door)
        victim = world.client()
        await world.begin(victim, connection.connection_id)
        # The victim's browser has a cookie of its own login, not of the attacker's.
        attacker = world.client()
        foreign = await world.begin(attacker, connection.connection_id)
        attacker.cookies = victim.cookies
        refused(await foreign(), code)

    story(work)


@pytest.mark.parametrize(
    ("door", "code"),
    [("saml", "saml_csrf_cookie_missing"), ("oidc", "oidc_csrf_cookie_missing")],
)
def test_a_browser_without_the_cookie_cannot_finish_a_login(door: str, code: str) -> None:
    async def work(world: World) -> None:
        browser = world.client()
        deliver = await world.begin(browser, getattr(world.demo, door).connection_id)
        browser.cookies.clear()
        refused(await deliver(), code)

    story(work)


@pytest.mark.parametrize("door", ["saml", "oidc"])
def test_an_answer_works_once(door: str) -> None:
    async def work(world: World) -> None:
        browser = world.client()
        deliver = await world.begin(browser, getattr(world.demo, door).connection_id)
        answers = await asyncio.gather(*(deliver() for _ in range(5)))
        assert sorted(a.status_code for a in answers) == [303, 400, 400, 400, 400]
        code = "saml_unsolicited" if door == "saml" else "oidc_state_unknown"
        refused(await deliver(), code)

    story(work)


def test_a_used_assertion_is_refused_even_without_a_request() -> None:
    async def work(world: World) -> None:
        browser = world.client()
        url = callback(world.demo.saml.connection_id)
        page = world.idp._post_response(
            PEOPLE[0], {"acs_url": url, "audience": url, "in_response_to": "", "RelayState": ""}
        )
        from support.world import read_form

        _, fields = read_form(bytes(page.body).decode())
        first = await browser.post(url, data=fields, headers={"accept": "application/json"})
        assert first.status_code == 303, first.text
        again = await browser.post(url, data=fields, headers={"accept": "application/json"})
        found = refused(again, "saml_replayed")
        assert found["error_type"] == "duplicate_saml_response"

    story(work)


def test_a_sign_in_from_the_identity_provider_is_refused_where_it_is_off() -> None:
    async def work(world: World) -> None:
        changed = await world.call(
            "PUT",
            f"/v1/b2b/sso/saml/northwind/connections/{world.demo.saml.connection_id}",
            {"idp_initiated_auth_disabled": True},
        )
        assert changed.status_code == 200, changed.text
        url = callback(world.demo.saml.connection_id)
        page = world.idp._post_response(
            PEOPLE[0], {"acs_url": url, "audience": url, "in_response_to": "", "RelayState": ""}
        )
        from support.world import read_form

        _, fields = read_form(bytes(page.body).decode())
        answer = await world.client().post(url, data=fields, headers={"accept": "application/json"})
        refused(answer, "saml_idp_initiated_auth_disabled")

    story(work)


def test_a_late_answer_is_refused() -> None:
    async def work(world: World) -> None:
        for door, code in (("saml", "saml_unsolicited"), ("oidc", "oidc_state_unknown")):
            deliver = await world.begin(world.client(), getattr(world.demo, door).connection_id)
            world.advance(minutes=11)
            refused(await deliver(), code)

    story(work)


def test_a_callback_without_state_is_refused() -> None:
    async def work(world: World) -> None:
        answer = await world.client().get(
            f"{callback(world.demo.oidc.connection_id)}?code=x",
            headers={"accept": "application/json"},
        )
        refused(answer, "oidc_state_missing")

    story(work)


@pytest.mark.parametrize("door", ["labs_saml", "labs_oidc"])
def test_an_approval_withdrawn_during_a_login_ends_it(door: str) -> None:
    async def work(world: World) -> None:
        external = getattr(world.demo, door)
        actor = Actor(world.demo.project)
        deliver = await world.begin(world.client(), external.connection_id)
        token = await world.arrive(external.connection_id)
        await sharing.revoke(
            world.rt, actor, "northwind", external.external_connection_id, external.connection_id
        )
        refused(await deliver(), "external_connection_revoked")
        answer = await world.call("POST", "/v1/b2b/sso/authenticate", {"sso_token": token})
        refused(answer, "sso_token_not_found", 404)

    story(work)


def test_revoking_ends_the_sessions_of_that_pair_and_no_others() -> None:
    async def work(world: World) -> None:
        external = world.demo.labs_saml
        through = await world.sign_in(external.connection_id)
        direct = await world.sign_in(world.demo.saml.connection_id)
        answer = await world.call(
            "POST",
            f"/v1/b2b/sso/northwind/connections/{world.demo.saml.connection_id}"
            f"/external/{external.connection_id}/revoke",
        )
        assert answer.status_code == 200, answer.text
        path = "/v1/b2b/sessions/authenticate"
        gone = await world.call("POST", path, {"session_token": through["session_token"]})
        refused(gone, "session_not_found", 404)
        alive = await world.call("POST", path, {"session_token": direct["session_token"]})
        assert alive.status_code == 200

    story(work)


def test_a_connection_deleted_before_the_exchange_takes_the_token_along() -> None:
    async def work(world: World) -> None:
        token = await world.arrive(world.demo.labs_saml.connection_id)
        path = f"/v1/b2b/sso/northwind/connections/{world.demo.saml.connection_id}"
        assert (await world.call("DELETE", path)).status_code == 200
        answer = await world.call("POST", "/v1/b2b/sso/authenticate", {"sso_token": token})
        refused(answer, "sso_token_not_found", 404)
        listed = await world.call("GET", "/v1/b2b/sso/northwind-labs")
        left = [c["external_connection_id"] for c in listed.json()["external_connections"]]
        assert left == [world.demo.oidc.connection_id]

    story(work)


def test_one_token_gives_one_session() -> None:
    async def work(world: World) -> None:
        token = await world.arrive(world.demo.saml.connection_id)
        answers = await asyncio.gather(*(
            world.call("POST", "/v1/b2b/sso/authenticate", {"sso_token": token}) for _ in range(6)
        ))  # fmt: skip
        assert sorted(a.status_code for a in answers) == [200, 404, 404, 404, 404, 404]

    story(work)


def test_a_wrong_pkce_verifier_does_not_use_the_token_up() -> None:
    async def work(world: World) -> None:
        challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"  # RFC 7636, appendix B
        verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
        token = await world.arrive(world.demo.saml.connection_id, pkce_code_challenge=challenge)
        path = "/v1/b2b/sso/authenticate"
        refused(await world.call("POST", path, {"sso_token": token}), "pkce_expected_code_verifier")
        wrong = {"sso_token": token, "pkce_code_verifier": verifier + "x"}
        refused(await world.call("POST", path, wrong), "pkce_mismatch")
        right = {"sso_token": token, "pkce_code_verifier": verifier}
        assert (await world.call("POST", path, right)).status_code == 200

    story(work)


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/", "http://localhost.evil.example/", "//localhost/x",
        "http://localhost@evil.example/", "javascript:alert(1)", "http://localhost\\@evil.example",
        "http://[::1", "http://localhost/#fragment", "/relative", "http://evil.example/localhost",
    ],
)  # fmt: skip
def test_a_token_goes_to_registered_urls_only(url: str) -> None:
    async def work(world: World) -> None:
        path = world.start_url(world.demo.saml.connection_id, login_redirect_url=url)
        answer = await world.client().get(path, headers={"accept": "application/json"})
        refused(answer, "no_match_for_provided_sso_url")

    story(work)


@pytest.mark.parametrize(
    "name", ["redirect_uri", "client_id", "state", "nonce", "scope", "code_challenge", "Client_ID"]
)
def test_a_start_cannot_bend_the_authorization_request(name: str) -> None:
    async def work(world: World) -> None:
        path = world.start_url(world.demo.oidc.connection_id, **{f"provider_{name}": "x"})
        answer = await world.client().get(path, headers={"accept": "application/json"})
        refused(answer, "provider_parameter_reserved")

    story(work)


def test_two_parameters_of_one_name_are_refused() -> None:
    async def work(world: World) -> None:
        path = world.start_url(world.demo.saml.connection_id)
        answer = await world.client().get(
            f"{path}&connection_id={world.demo.oidc.connection_id}",
            headers={"accept": "application/json"},
        )
        refused(answer, "bad_request")

    story(work)


def test_a_page_of_refusal_repeats_nothing_as_markup() -> None:
    async def work(world: World) -> None:
        browser = world.client()
        deliver = await world.begin(browser, world.demo.oidc.connection_id)
        state = parse_qs(urlsplit(deliver.__defaults__[0]).query)["state"][0]
        answer = await browser.get(
            callback(world.demo.oidc.connection_id),
            params={
                "state": state,
                "error": "access_denied",
                "error_description": "<script>alert(1)</script>",
                "iss": world.idp.address.issuer,
            },
            headers={"accept": "text/html"},
        )
        assert answer.status_code == 400
        assert "<script>alert" not in answer.text
        assert "&lt;script&gt;" in answer.text
        assert "default-src 'none'" in answer.headers["content-security-policy"]

    story(work)


def test_the_trace_of_a_refused_login_holds_no_secret() -> None:
    async def work(world: World) -> None:
        secret = "super-secret-of-the-provider"
        world.answers.append(
            HttpResponse(401, {}, f'{{"error": "invalid_client", "x": "{secret}"}}'.encode())
        )
        world.answers.append(HttpResponse(401, {}, b'{"error": "invalid_client"}'))
        deliver = await world.begin(world.client(), world.demo.oidc.connection_id)
        found = refused(await deliver(), "oidc_token_refused")
        trace_id = found["error_details"]["trace_id"]
        northwind = world.demo.northwind.organization_id
        told = await world.rt.store.read(lambda tx: tx.logins.find_trace(northwind, trace_id))
        assert told is not None
        assert told.outcome == "refused"
        text = repr(told)
        for hidden in (secret, world.idp.address.client_secret):
            assert hidden not in text

    story(work)


@pytest.mark.parametrize(
    ("answer", "code", "status"),
    [
        (HttpResponse(500, {}, b"oops"), "idp_answer_unusable", 502),
        (HttpResponse(200, {}, b"<html>"), "oidc_token_response_invalid", 400),
        (HttpResponse(302, {"location": "http://evil.example"}, b""), "oidc_token_response_invalid",
         400),
        (HttpResponse(400, {}, b'{"error":"invalid_grant"}'), "oidc_token_refused", 400),
    ],
)  # fmt: skip
def test_a_token_endpoint_that_misbehaves_ends_in_a_plain_refusal(
    answer: HttpResponse, code: str, status: int
) -> None:
    async def work(world: World) -> None:
        deliver = await world.begin(world.client(), world.demo.oidc.connection_id)
        world.answers.append(answer)
        refused(await deliver(), code, status)

    story(work)


# --- whom a login may become --------------------------------------------------------------------


def test_the_same_address_in_two_organizations_is_two_people() -> None:
    async def work(world: World) -> None:
        here = await world.sign_in(world.demo.saml.connection_id)
        there = await world.sign_in(world.demo.labs_saml.connection_id)
        assert here["member_id"] != there["member_id"]
        assert here["member"]["email_address"] == there["member"]["email_address"]

    story(work)


def test_the_owners_role_rules_do_not_count_in_the_receiving_organization() -> None:
    async def work(world: World) -> None:
        direct = await world.sign_in(world.demo.saml.connection_id)
        through = await world.sign_in(world.demo.labs_saml.connection_id)
        assert direct["member_session"]["roles"] == ["editor", "stytch_member", "viewer"]
        assert through["member_session"]["roles"] == ["lab-lead", "stytch_member", "viewer"]

    story(work)


def test_a_deleted_member_does_not_come_in_again() -> None:
    async def work(world: World) -> None:
        done = await world.sign_in(world.demo.saml.connection_id)
        path = f"/v1/b2b/organizations/northwind/members/{done['member_id']}"
        assert (await world.call("DELETE", path)).status_code == 200
        deliver = await world.begin(world.client(), world.demo.saml.connection_id)
        refused(await deliver(), "member_not_found", 404)

    story(work)


def test_a_second_subject_with_the_same_address_is_not_linked() -> None:
    async def work(world: World) -> None:
        done = await world.sign_in(world.demo.oidc.connection_id)

        def rename(tx: Tx) -> None:
            held = tx.members.registrations(done["member_id"])[0]
            from vestibule.storage.tables import registration

            tx.members._c.execute(
                registration.update()
                .where(registration.c.registration_id == held.registration_id)
                .values(subject="somebody-else")
            )

        await world.rt.store.write(rename)
        deliver = await world.begin(world.client(), world.demo.oidc.connection_id)
        refused(await deliver(), "duplicate_member_email")

    story(work)


def test_nobody_is_provisioned_where_it_is_not_allowed() -> None:
    async def work(world: World) -> None:
        path = "/v1/b2b/organizations/northwind-labs"
        changed = await world.call(
            "PUT",
            path,
            {
                "sso_jit_provisioning": "RESTRICTED",
                "sso_jit_provisioning_allowed_connections": [world.demo.labs_saml.connection_id],
            },
        )
        assert changed.status_code == 200, changed.text
        deliver = await world.begin(world.client(), world.demo.labs_oidc.connection_id)
        refused(await deliver(), "invalid_connection_for_jit_provisioning")
        done = await world.sign_in(world.demo.labs_saml.connection_id)
        assert done["organization_id"] == world.demo.labs.organization_id

    story(work)


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({}, "oidc_response_email_missing"),
        ({"email": ["a@x.example", "b@x.example"]}, "oidc_response_email_invalid"),
        ({"email": "admin@northwind.example\u00a0"}, "oidc_response_email_invalid"),
        ({"email": "admin\uff20northwind.example"}, "oidc_response_email_invalid"),
        ({"email": "a@x.example", "email_verified": False}, "oidc_response_unverified_email"),
        ({"email": "a@x.example", "email_verified": "false"}, "oidc_response_unverified_email"),
    ],
)
def test_an_address_that_is_none_makes_nobody(claims: dict[str, object], code: str) -> None:
    with pytest.raises(VestibuleError) as raised:
        map_statement({}, Statement("oidc", "1", claims))
    assert raised.value.code == code


@pytest.mark.parametrize(
    "values",
    [(), ("a@x.example", "b@x.example"), ("not an address",), ("a@x.example,b@y.example",)],
)
def test_a_saml_address_that_is_none_makes_nobody(values: tuple[str, ...]) -> None:
    with pytest.raises(VestibuleError) as raised:
        stated: dict[str, object] = {"mail": list(values)} if values else {}
        map_statement({"email": "mail", "full_name": "cn"}, Statement("saml", "x", stated))
    assert raised.value.code == "saml_response_email_invalid"


# --- tokens of the identity provider ------------------------------------------------------------


def test_a_refused_refresh_says_that_the_person_must_sign_in() -> None:
    async def work(world: World) -> None:
        done = await world.sign_in(world.demo.oidc.connection_id)
        member_id = done["member_id"]

        def with_refresh_token(tx: Tx) -> None:
            held = tx.idp_tokens.of_member(member_id)[0]
            tx.idp_tokens.put(replace(held, refresh_token="r1"))

        await world.rt.store.write(with_refresh_token)
        path = f"/v1/b2b/organizations/northwind/members/{member_id}/oidc_providers"
        before = await world.call("GET", f"{path}?include_refresh_token=True")
        assert before.json()["registrations"][0]["refresh_token"] == "r1"
        world.advance(minutes=30)
        world.answers.append(HttpResponse(400, {}, b'{"error": "invalid_grant"}'))
        refused(await world.call("GET", path), "unable_to_refresh_oidc_token")

    story(work)


def test_two_readers_refresh_once_and_the_new_refresh_token_is_kept() -> None:
    async def work(world: World) -> None:
        done = await world.sign_in(world.demo.oidc.connection_id)
        member_id = done["member_id"]
        await world.rt.store.write(
            lambda tx: tx.idp_tokens.put(
                replace(tx.idp_tokens.of_member(member_id)[0], refresh_token="r1")
            )
        )
        world.advance(minutes=8)
        fresh = b'{"access_token":"a2","token_type":"Bearer","expires_in":600,"refresh_token":"r2"}'
        world.answers.append(HttpResponse(200, {}, fresh))
        path = f"/v1/b2b/organizations/northwind/members/{member_id}/oidc_providers"
        sent = len(world.sent)
        answers = await asyncio.gather(*(world.call("GET", path) for _ in range(4)))
        assert {a.status_code for a in answers} == {200}
        assert len(world.sent) == sent + 1
        last = await world.call("GET", f"{path}?include_refresh_token=true")
        held = last.json()["registrations"][0]
        assert (held["access_token"], held["refresh_token"]) == ("a2", "r2")
        assert held["access_token_expires_in"] == 600

    story(work)


# --- from one organization to another -----------------------------------------------------------


async def exchange(world: World, token: str, organization: str) -> Any:
    return await world.call(
        "POST",
        "/v1/b2b/sessions/exchange",
        {"organization_id": organization, "session_token": token},
    )


def test_a_session_is_exchanged_only_through_the_very_connection() -> None:
    async def work(world: World) -> None:
        held = await world.sign_in(world.demo.saml.connection_id)
        token = held["session_token"]
        # Whoever is no member there learns nothing, and is not made one.
        refused(
            await exchange(world, token, "northwind-labs"),
            "insufficient_factors_for_session_exchange",
        )
        await world.sign_in(world.demo.labs_saml.connection_id)
        over = (await exchange(world, token, "northwind-labs")).json()
        assert over["member_authenticated"] is True
        assert over["member_session"]["roles"] == ["lab-lead", "stytch_member", "viewer"]
        expires = (over["member_session"]["expires_at"], held["member_session"]["expires_at"])
        assert expires[0] <= expires[1]
        # Never the other way round.
        back = (await exchange(world, over["session_token"], "northwind")).json()
        assert back["member_authenticated"] is False
        assert back["session_token"] == ""
        assert "sso" in back["primary_required"]["allowed_auth_methods"]

    story(work)


def test_the_switch_turns_the_exchange_off() -> None:
    async def work(world: World) -> None:
        external = world.demo.labs_saml
        await world.sign_in(external.connection_id)
        held = await world.sign_in(world.demo.saml.connection_id)
        path = f"/v1/b2b/sso/external/northwind-labs/connections/{external.connection_id}"
        changed = await world.call("PUT", path, {"session_exchange": "denied"})
        assert changed.status_code == 200, changed.text
        over = (await exchange(world, held["session_token"], "northwind-labs")).json()
        assert over["member_authenticated"] is False

    story(work)
