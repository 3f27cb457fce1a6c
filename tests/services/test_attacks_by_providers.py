"""Attacks by a hostile, broken or slow OpenID Provider. Each test is named for what must fail."""

from __future__ import annotations

from typing import Any

from services.attacks import (
    ADA,
    JSON,
    OidcLogin,
    Tell,
    as_json,
    callback,
    json_part,
    oidc_login,
    oidc_sign_in,
    refused,
    rsa_pem,
    token_of,
)
from support.world import World
from vestibule.errors import refusal
from vestibule.protocols import jwt
from vestibule.protocols.http import HttpResponse

HTML = HttpResponse(200, {"content-type": "text/html"}, b"<html>please wait</html>")


def new_key(kid: str, number: int) -> jwt.SigningKey:
    return jwt.read_signing_key(kid, rsa_pem(number))


def published(*keys: jwt.SigningKey) -> HttpResponse:
    return as_json(200, {"keys": [jwt.render_jwk(key, key.kid) for key in keys]})


async def told(world: World, answer: Any, code: str, stage: str, status: int = 400) -> None:
    """The refusal, and the trace that tells of it at the right stage."""
    trace_id = refused(answer, code, status)["error_details"]["trace_id"]
    organization_id = world.demo.northwind.organization_id
    trace = await world.rt.store.read(lambda tx: tx.logins.find_trace(organization_id, trace_id))
    assert trace is not None
    assert (trace.outcome, trace.steps[-1].code, trace.steps[-1].name) == ("refused", code, stage)
    assert [step.ok for step in trace.steps[:-1]] == [True] * (len(trace.steps) - 1)


def test_a_token_endpoint_that_fails_gives_nobody_a_session(story: Tell) -> None:
    """A provider that is down, slow, moved, confused or refuses."""

    async def work(world: World) -> None:
        unusable, invalid, no = (
            "idp_answer_unusable", "oidc_token_response_invalid", "oidc_token_refused",
        )  # fmt: skip
        for answer, code, status in (
            (as_json(500, {"access_token": "a"}), unusable, 502),
            (as_json(429, {"error": "slow_down"}), unusable, 502),
            (refusal("idp_timeout"), "idp_timeout", 502),
            (refusal("idp_unreachable"), "idp_unreachable", 502),
            (refusal("idp_answer_too_large"), "idp_answer_too_large", 502),
            (HTML, invalid, 400),
            (as_json(302, {}), invalid, 400),
            (as_json(200, []), invalid, 400),
            (as_json(200, {"access_token": "a", "token_type": "mac"}), invalid, 400),
            (as_json(200, {"access_token": ["a"], "token_type": "bearer"}), invalid, 400),
            (as_json(200, {"error": "x", "access_token": "a", "token_type": "bearer"}), no, 400),
            (as_json(400, {"error": "invalid_grant"}), no, 400),
        ):
            login = await oidc_login(world)
            await told(world, await login.deliver(answer), code, "Token endpoint", status)

    story(work)


def test_an_id_token_that_is_not_for_this_login_opens_nothing(story: Tell) -> None:
    """A provider, or whoever stole an ID token: every claim that ties it to this login."""

    async def work(world: World) -> None:
        now = int(world.rt.now().timestamp())
        other = await oidc_login(world)
        for claims, code in (
            ({"nonce": other.nonce}, "oidc_nonce_mismatch"),
            ({"nonce": ""}, "oidc_nonce_mismatch"),
            ({"nonce": None}, "oidc_claim_invalid"),
            ({"iss": "https://evil.example"}, "oidc_issuer_mismatch"),
            ({"iss": f"{world.idp.address.issuer}/"}, "oidc_issuer_mismatch"),
            ({"aud": "somebody-else"}, "oidc_audience_mismatch"),
            ({"aud": []}, "oidc_audience_mismatch"),
            ({"aud": ["vestibule-demo", "somebody-else"]}, "oidc_audience_mismatch"),
            ({"azp": "somebody-else"}, "oidc_azp_mismatch"),
            ({"exp": now - 600}, "oidc_id_token_expired"),
            ({"sub": ""}, "oidc_claim_invalid"),
            ({"sub": 1001}, "oidc_claim_invalid"),
            ({"at_hash": "x"}, "oidc_at_hash_mismatch"),
        ):
            login = await oidc_login(world)
            answer = await login.deliver(login.tokens(login.id_token(**claims)))
            await told(world, answer, code, "ID token")
        login = await oidc_login(world)
        missing = as_json(200, {"access_token": "a", "token_type": "Bearer"})
        await told(world, await login.deliver(missing), "oidc_id_token_missing", "ID token")

    story(work)


def test_a_forged_id_token_is_seen_through(story: Tell) -> None:
    """Whoever signs with nothing, with the public key, or brings a key along."""

    async def work(world: World) -> None:
        login = await oidc_login(world)
        head, body, signature = login.id_token().split(".")
        for header, code in (
            ({"alg": "none"}, "oidc_algorithm_forbidden"),
            ({"alg": "HS256", "kid": "mock-idp"}, "oidc_algorithm_forbidden"),
            ({"alg": "RS256", "kid": "mock-idp", "crit": ["x"]}, "oidc_header_forbidden"),
        ):
            login = await oidc_login(world)
            forged = f"{json_part(header)}.{body}.{signature}"
            await told(world, await login.deliver(login.tokens(forged)), code, "ID token")
        login = await oidc_login(world)
        own = login.id_token()
        other = login.id_token(sub="1002").split(".")[1]
        tampered = f"{head}.{other}.{own.split('.')[2]}"
        answer = await login.deliver(login.tokens(tampered))
        await told(world, answer, "oidc_signature_invalid", "ID token")

    story(work)


def test_an_unknown_key_is_asked_for_once(story: Tell) -> None:
    """Whoever sends unknown key ids to make us flood a provider; an honest rotation goes well."""

    async def work(world: World) -> None:
        await oidc_sign_in(world)
        key = new_key("next", 1)
        login = await oidc_login(world)
        world.advance(seconds=11)
        sent = len(world.sent)
        token = login.tokens(login.id_token(key))
        arrived = await login.deliver(token, published(key), login.userinfo())
        assert token_of(arrived)
        asked = [request.url for request in world.sent[sent:]]
        assert sum(url.endswith("/jwks") for url in asked) == 1
        # A key that nobody publishes: one more question, and within ten seconds none at all.
        stranger = new_key("unknown", 2)
        for pause, questions in ((11, 1), (1, 0)):
            world.advance(seconds=pause)
            login = await oidc_login(world)
            sent = len(world.sent)
            answers = [login.tokens(login.id_token(stranger)), published(key)]
            answer = await login.deliver(*answers)
            await told(world, answer, "oidc_key_not_found", "ID token")
            asked = [request.url for request in world.sent[sent:]]
            assert sum(url.endswith("/jwks") for url in asked) == questions
        # The old key is not trusted any more, and a key of the same id does not replace it.
        world.advance(seconds=11)
        login = await oidc_login(world)
        answer = await login.deliver(login.tokens(), published(key))
        await told(world, answer, "oidc_key_not_found", "ID token")
        login = await oidc_login(world)
        impostor = login.id_token(new_key("next", 2))
        answer = await login.deliver(login.tokens(impostor))
        await told(world, answer, "oidc_signature_invalid", "ID token")

    story(work)


def test_user_info_of_another_person_is_not_used(story: Tell) -> None:
    """A token that was swapped: UserInfo speaks of somebody else, or not at all."""

    async def work(world: World) -> None:
        for answer, code, status in (
            ({"sub": "1002", "email": "grace@northwind.example"},
             "oidc_userinfo_subject_mismatch", 400),
            ({"email": ADA.email}, "oidc_userinfo_subject_mismatch", 400),
        ):  # fmt: skip
            login = await oidc_login(world)
            arrived = await login.deliver(login.tokens(), as_json(200, answer))
            found = arrived.json()["error_details"]["code"]
            assert found in (code, "oidc_userinfo_invalid"), arrived.text
            await told(world, arrived, found, "UserInfo", status)
        for response, code, status in (
            (as_json(500, {}), "idp_answer_unusable", 502),
            (as_json(401, {}), "oidc_userinfo_invalid", 400),
            (HTML, "oidc_userinfo_invalid", 400),
            (refusal("idp_timeout"), "idp_timeout", 502),
        ):
            login = await oidc_login(world)
            arrived = await login.deliver(login.tokens(), response)
            await told(world, arrived, code, "UserInfo", status)

    story(work)


def test_an_address_that_the_provider_does_not_vouch_for_is_none(story: Tell) -> None:
    """Somebody who wrote the victim's address into a profile: not verified, or not an address."""

    async def work(world: World) -> None:
        for claims, code in (
            ({"email_verified": False}, "oidc_response_unverified_email"),
            ({"email_verified": "no"}, "oidc_response_unverified_email"),
            ({"email": None}, "oidc_response_email_missing"),
            ({"email": ["a@x.example", ADA.email]}, "oidc_response_email_invalid"),
            ({"email": f"{ADA.email}\u00a0"}, "oidc_response_email_invalid"),
            ({"email": "x@\u0430.example"}, "oidc_response_email_invalid"),
        ):
            login = await oidc_login(world)
            answer = await login.deliver(login.tokens(), login.userinfo(**claims))
            await told(world, answer, code, "Attributes")

    story(work)


def test_the_answer_of_another_provider_is_refused(story: Tell) -> None:
    """Mix-up: a hostile provider sends the browser on with an honest one's code, or an error."""

    async def work(world: World) -> None:
        for more, code, status in (
            ({"iss": "https://evil.example", "code": "x"}, "oidc_response_issuer_mismatch", 400),
            ({"iss": "https://evil.example", "error": "x"}, "oidc_response_issuer_mismatch", 400),
            ({"error": "access_denied", "error_description": "AADSTS50105: not assigned"},
             "oidc_user_not_assigned", 403),
            ({"error": "login_required"}, "oidc_authorization_failed", 400),
            ({}, "oidc_callback_invalid", 400),
            ({"code": "x" * 9000}, "oidc_callback_invalid", 400),
            ({"code": "\u20ac"}, "oidc_callback_invalid", 400),
        ):  # fmt: skip
            login: OidcLogin = await oidc_login(world)
            sent = len(world.sent)
            answer = await login.browser.get(
                callback(login.source.connection_id),
                params={"state": login.state, **more}, headers=JSON,
            )  # fmt: skip
            await told(world, answer, code, "Callback", status)
            assert len(world.sent) == sent

    story(work)
