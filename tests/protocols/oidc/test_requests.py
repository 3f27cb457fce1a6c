"""What we send: authorization URL, scopes, client authentication; and reading the answers."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote_plus, urlsplit

import jwt as pyjwt
import pytest

from vestibule.errors import VestibuleError
from vestibule.protocols import oidc
from vestibule.protocols.http import HttpRequest, HttpResponse
from vestibule.protocols.jwt import SigningKey, read_signing_key, render_jwk

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ISSUER = "https://idp.example"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
KEYS = Path(__file__).parents[2] / "vectors" / "oidc" / "keys"


@cache
def signing_key() -> SigningKey:
    return read_signing_key("rsa-1", (KEYS / "rsa-1.pem").read_text())


def provider(**changes: Any) -> oidc.OidcProvider:
    every = {
        "issuer": ISSUER,
        "authorization_endpoint": f"{ISSUER}/authorize",
        "token_endpoint": f"{ISSUER}/token",
        "userinfo_endpoint": f"{ISSUER}/userinfo",
        "jwks_uri": f"{ISSUER}/jwks",
    }
    return oidc.OidcProvider(**{**every, **changes})


def client(**changes: Any) -> oidc.OidcClient:
    every = {"client_id": "id:1", "client_secret": "a:b%c d&é", "redirect_uri": "https://us/cb?a=1"}
    return oidc.OidcClient(**{**every, **changes})


def url(peer: oidc.OidcProvider | None = None, **parameters: str) -> str:
    return oidc.build_authorization_url(
        peer or provider(),
        client(),
        scopes=("openid", "email"),
        state="st",
        nonce="no",
        code_verifier=VERIFIER,
        parameters=parameters,
    )


def code_request(method: str, **changes: Any) -> HttpRequest:
    return oidc.build_code_request(
        provider(),
        client(**changes),
        code="co de",
        code_verifier=VERIFIER,
        auth_method=method,
        now=NOW,
        jti="jti-1",
    )


def form(request: HttpRequest) -> dict[str, str]:
    return dict(
        parse_qsl(request.body.decode("ascii"), keep_blank_values=True, strict_parsing=True)
    )


# --- authorization -------------------------------------------------------------------------------


def test_code_challenge_is_that_of_rfc_7636_appendix_b() -> None:
    assert oidc.code_challenge(VERIFIER) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_authorization_url_carries_each_parameter_once() -> None:
    query = parse_qs(urlsplit(url(login_hint="ada@corp.example")).query, strict_parsing=True)
    assert query == {
        "response_type": ["code"],
        "client_id": ["id:1"],
        "redirect_uri": ["https://us/cb?a=1"],
        "scope": ["openid email"],
        "state": ["st"],
        "nonce": ["no"],
        "code_challenge": ["E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"],
        "code_challenge_method": ["S256"],
        "login_hint": ["ada@corp.example"],
    }


def test_query_of_the_endpoint_is_kept() -> None:
    peer = provider(authorization_endpoint=f"{ISSUER}/a?p=B2C_1")
    assert url(peer).startswith(f"{ISSUER}/a?p=B2C_1&response_type=code&")


def test_spaces_and_slashes_are_percent_encoded() -> None:
    assert "scope=openid%20email" in url()
    assert "redirect_uri=https%3A%2F%2Fus%2Fcb%3Fa%3D1" in url()


@pytest.mark.parametrize("query", ["state", "state=", "a=1&Client.ID=", "request_uri=x"])
def test_an_endpoint_that_fills_in_one_of_our_parameters_is_refused(query: str) -> None:
    peer = provider(authorization_endpoint=f"{ISSUER}/a?{query}")
    assert code_of(lambda: url(peer)) == "oidc_discovery_invalid"


@pytest.mark.parametrize("name", ["p", "P", "p "])
def test_a_parameter_that_the_endpoint_has_already_is_not_ours_to_send(name: str) -> None:
    peer = provider(authorization_endpoint=f"{ISSUER}/a?p")
    assert code_of(lambda: url(peer, **{name: "x"})) == "provider_parameter_reserved"


@pytest.mark.parametrize(
    ("value", "age"), [("0", 0), ("300", 300), ("0300", 300), ("999999999", 999_999_999)]
)
def test_max_age_is_whole_seconds(value: str, age: int) -> None:
    assert oidc.read_max_age({"max_age": value, "prompt": "login"}) == age
    assert oidc.read_max_age({"prompt": "login"}) is None


@pytest.mark.parametrize("value", ["", "-1", "+1", "1.5", " 1", "1e3", "9999999999", "\u0663", "²"])
def test_any_other_max_age_is_refused(value: str) -> None:
    assert code_of(lambda: oidc.read_max_age({"max_age": value})) == "provider_parameter_invalid"


def test_prompt_none_alone_is_passed_on() -> None:
    assert "prompt=none" in url(prompt="none")
    assert "prompt=login%20consent" in url(prompt="login consent")


@pytest.mark.parametrize(
    ("connection", "query", "scopes"),
    [
        ("", "", "openid email profile"),
        ("  ", "", "openid email profile"),
        ("", "groups", "openid email profile groups"),
        ("openid groups", "", "openid groups"),
        ("groups", "", "openid groups"),
        ("groups openid", "", "groups openid"),
        ("groups openid", "email groups", "groups openid email"),
        ("openid%20https://x/y", "", "openid https://x/y"),
        ("a%2Bb a+b", "", "openid a%2Bb a+b"),
        ("openid", "a%20b", "openid a%20b"),
        ("openid email email", "email", "openid email"),
        ("api://app/.default", "offline_access", "openid api://app/.default offline_access"),
    ],
)
def test_requested_scopes(connection: str, query: str, scopes: str) -> None:
    assert oidc.requested_scopes(connection, query) == tuple(scopes.split())


def test_scopes_of_4096_characters_are_asked_for_and_one_more_is_not() -> None:
    assert len(oidc.requested_scopes("openid " + "a" * 4089, "b" * 4096)) == 3
    for connection, query in (("openid " + "a" * 4090, ""), ("", "b" * 4097)):
        refused = code_of(lambda c=connection, q=query: oidc.requested_scopes(c, q))
        assert refused == "custom_scopes_invalid"


def test_a_code_of_8192_characters_is_read_and_one_more_is_not() -> None:
    assert oidc.read_callback({"code": "c" * 8192}, ISSUER, False) == "c" * 8192
    refused = code_of(lambda: oidc.read_callback({"code": "c" * 8193}, ISSUER, False))
    assert refused == "oidc_callback_invalid"


@pytest.mark.parametrize(
    ("answer", "code", "got"),
    [
        ({"error": "access_denied"}, "oidc_authorization_failed", "access_denied"),
        (
            {"error": "access_denied", "error_description": "User is not assigned to it."},
            "oidc_user_not_assigned",
            "access_denied: User is not assigned to it.",
        ),
        (
            {"error": "access_denied", "error_description": "aadsts50105: no role"},
            "oidc_user_not_assigned",
            "access_denied: aadsts50105: no role",
        ),
        (
            {"error": "server_error", "error_description": "AADSTS50105"},
            "oidc_authorization_failed",
            "server_error: AADSTS50105",
        ),
        (
            {"error": "login_required", "error_description": ""},
            "oidc_authorization_failed",
            "login_required",
        ),
    ],
)
def test_a_refusal_of_the_provider_is_told_apart_by_who_can_mend_it(
    answer: dict[str, str], code: str, got: str
) -> None:
    with pytest.raises(VestibuleError) as caught:
        oidc.read_callback({**answer, "state": "s"}, ISSUER, False)
    assert (caught.value.code, caught.value.got) == (code, got)


def test_issuer_in_the_callback_may_be_there_unasked() -> None:
    query = {"code": "c", "state": "s", "iss": ISSUER, "session_state": "x"}
    assert oidc.read_callback(query, ISSUER, False) == "c"
    assert oidc.read_callback(query, ISSUER, True) == "c"


# --- discovery -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("issuer", "address"),
    [
        ("https://a.example", "https://a.example/.well-known/openid-configuration"),
        ("https://a.example/", "https://a.example/.well-known/openid-configuration"),
        ("https://a.example//", "https://a.example//.well-known/openid-configuration"),
        ("https://a.example/o", "https://a.example/o/.well-known/openid-configuration"),
        ("http://127.0.0.1:8080/x/", "http://127.0.0.1:8080/x/.well-known/openid-configuration"),
    ],
)
def test_one_trailing_slash_is_left_out_of_the_discovery_url(issuer: str, address: str) -> None:
    assert oidc.build_discovery_request(issuer).url == address


def test_requests_for_documents_carry_no_secret() -> None:
    assert oidc.build_discovery_request(ISSUER) == HttpRequest(
        "GET", f"{ISSUER}/.well-known/openid-configuration", {"Accept": "application/json"}
    )
    assert oidc.build_jwks_request(provider()) == HttpRequest(
        "GET", f"{ISSUER}/jwks", {"Accept": "application/json, application/jwk-set+json"}
    )


def test_access_token_goes_into_the_header_and_nowhere_else() -> None:
    assert oidc.build_userinfo_request(provider(), "at-1") == HttpRequest(
        "GET",
        f"{ISSUER}/userinfo",
        {"Authorization": "Bearer at-1", "Accept": "application/json, application/jwt"},
    )


def address_of(characters: int) -> str:
    return "https://a.example/".ljust(characters, "x")


@pytest.mark.parametrize(
    "address",
    [address_of(2048), "https://a.example:1/", "https://a.example:65535", "http://[::1]:8080/x?y"],
)
def test_a_url_of_2048_characters_with_any_real_port_is_an_endpoint(address: str) -> None:
    assert oidc.is_endpoint_url(address)


@pytest.mark.parametrize(
    "address",
    [
        address_of(2049),
        "https://a.example:0/",
        "https://a.example:65536/",
        "https://a.example:/",
        "https://u@a.example/",
        "https://a.example/#",
        "https:///x",
        "https://[::g]/",
        "//a.example/",
        "ftp://a.example/",
        "https://a.example/ ",
        "https://a.example/\n",
    ],
)
def test_any_other_url_is_no_endpoint(address: str) -> None:
    assert not oidc.is_endpoint_url(address)


# --- client authentication -----------------------------------------------------------------------


def test_basic_credentials_are_form_encoded_before_they_are_joined() -> None:
    request = code_request("client_secret_basic")
    scheme, _, pair = request.headers["Authorization"].partition(" ")
    identifier, secret = base64.b64decode(pair).decode("ascii").split(":")
    assert (scheme, unquote_plus(identifier), unquote_plus(secret)) == (
        "Basic",
        "id:1",
        "a:b%c d&é",
    )
    assert secret == "a%3Ab%25c+d%26%C3%A9"
    assert form(request) == {
        "grant_type": "authorization_code",
        "code": "co de",
        "redirect_uri": "https://us/cb?a=1",
        "code_verifier": VERIFIER,
    }


def test_posted_credentials_stand_in_the_body_only() -> None:
    request = code_request("client_secret_post")
    assert (request.method, request.url) == ("POST", f"{ISSUER}/token")
    assert request.headers == {
        "Content-Type": "application/x-www-form-urlencoded",
        "Accept": "application/json",
    }
    assert form(request) == {
        "grant_type": "authorization_code",
        "code": "co de",
        "redirect_uri": "https://us/cb?a=1",
        "code_verifier": VERIFIER,
        "client_id": "id:1",
        "client_secret": "a:b%c d&é",
    }


def test_client_assertion_is_addressed_to_the_issuer_for_a_minute() -> None:
    request = code_request("private_key_jwt", private_key=signing_key())
    sent = form(request)
    assert request.headers == {
        "Content-Type": "application/x-www-form-urlencoded",
        "Accept": "application/json",
    }
    assert {name: sent[name] for name in sent if name != "client_assertion"} == {
        "grant_type": "authorization_code",
        "code": "co de",
        "redirect_uri": "https://us/cb?a=1",
        "code_verifier": VERIFIER,
        "client_id": "id:1",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    }
    claims = pyjwt.decode(
        sent["client_assertion"],
        pyjwt.PyJWK(render_jwk(signing_key(), "rsa-1")),
        algorithms=["RS256"],
        audience=ISSUER,
        options={"verify_exp": False, "verify_iat": False},
    )
    at = int(NOW.timestamp())
    assert claims == {
        "iss": "id:1",
        "sub": "id:1",
        "aud": ISSUER,
        "jti": "jti-1",
        "iat": at,
        "exp": at + 60,
    }


BASIC, POST, KEY = "client_secret_basic", "client_secret_post", "private_key_jwt"


@pytest.mark.parametrize(
    ("methods", "configured", "with_key", "chosen"),
    [
        ((BASIC,), "", False, BASIC),
        ((POST, BASIC), "", False, BASIC),
        ((POST,), "", False, POST),
        ((POST, KEY), "", False, POST),
        ((POST, KEY), "", True, KEY),
        ((BASIC,), "", True, BASIC),
        ((BASIC,), POST, False, POST),
        ((BASIC,), KEY, True, KEY),
    ],
)
def test_auth_method_is_the_configured_or_the_strongest_common_one(
    methods: tuple[str, ...], configured: str, with_key: bool, chosen: str
) -> None:
    ours = client(auth_method=configured, private_key=signing_key() if with_key else None)
    assert oidc.choose_auth_method(provider(token_endpoint_auth_methods=methods), ours) == chosen


@pytest.mark.parametrize(
    ("methods", "used", "other"),
    [
        ((BASIC, POST), BASIC, POST),
        ((BASIC, POST), POST, BASIC),
        ((BASIC,), BASIC, None),
        ((POST,), BASIC, POST),
        ((BASIC, POST, KEY), KEY, None),
    ],
)
def test_the_other_method_is_one_that_the_provider_lists(
    methods: tuple[str, ...], used: str, other: str | None
) -> None:
    found = provider(token_endpoint_auth_methods=methods)
    assert oidc.other_auth_method(found, client(), used) == other
    assert oidc.other_auth_method(found, client(auth_method=used), used) is None


def test_refresh_asks_for_scopes_only_when_told() -> None:
    common: dict[str, Any] = {"refresh_token": "r", "auth_method": POST, "now": NOW, "jti": "j"}
    plain = form(oidc.build_refresh_request(provider(), client(), **common))
    assert plain == {
        "grant_type": "refresh_token",
        "refresh_token": "r",
        "client_id": "id:1",
        "client_secret": "a:b%c d&é",
    }
    asked = oidc.build_refresh_request(provider(), client(), scopes=("openid", "a"), **common)
    assert form(asked) == {**plain, "scope": "openid a"}


def test_a_refresh_by_client_assertion_is_signed_anew_each_time() -> None:
    common: dict[str, Any] = {"refresh_token": "r", "auth_method": KEY}
    ours = client(private_key=signing_key())
    for jti, now in (("j1", NOW), ("j2", NOW + timedelta(hours=1))):
        sent = oidc.build_refresh_request(provider(), ours, now=now, jti=jti, **common)
        claims = pyjwt.decode(
            form(sent)["client_assertion"], options={"verify_signature": False}, audience=ISSUER
        )
        assert (claims["jti"], claims["iat"]) == (jti, int(now.timestamp()))


@pytest.mark.parametrize("method", ["", "none", "client_secret_jwt", KEY])
def test_a_method_that_we_cannot_use_builds_no_request(method: str) -> None:
    assert code_of(lambda: code_request(method)) == "oidc_client_auth_unsupported"


def test_secrets_never_show_in_a_repr() -> None:
    ours = client(private_key=signing_key())
    grant = oidc.read_token_response(
        answer(
            '{"access_token":"SEC","refresh_token":"SEC","id_token":"SEC","token_type":"bearer"}'
        ),
        now=NOW,
    )
    assert "a:b" not in repr(ours)
    assert "PRIVATE" not in repr(ours)
    assert "SEC" not in repr(grant)


# --- token answers -------------------------------------------------------------------------------


def answer(body: str, status: int = 200) -> HttpResponse:
    return HttpResponse(status, {"content-type": "application/json"}, body.encode())


def code_of(call: Callable[[], object]) -> str:
    with pytest.raises(VestibuleError) as caught:
        call()
    return caught.value.code


def test_grant_counts_its_lifetime_from_now() -> None:
    grant = oidc.read_token_response(
        answer('{"access_token":"a","token_type":"bearer","expires_in":"60","scope":"openid a"}'),
        now=NOW,
    )
    assert grant.expires_at == NOW + timedelta(seconds=60)
    assert grant.scope == ("openid", "a")
    assert (grant.refresh_token, grant.id_token) == (None, None)


def test_a_grant_hands_on_all_that_the_answer_said() -> None:
    body = (
        '{"access_token":"a","token_type":"Bearer","expires_in":60,"scope":"b c",'
        '"refresh_token":"r","id_token":"i"}'
    )
    assert oidc.read_token_response(answer(body), now=NOW) == oidc.TokenGrant(
        access_token="a",
        token_type="Bearer",
        expires_in=60,
        expires_at=NOW + timedelta(seconds=60),
        refresh_token="r",
        id_token="i",
        scope=("b", "c"),
    )


@pytest.mark.parametrize("text", ["0", "0.0", "0.9", "-0.0", '"0"'])
def test_a_lifetime_of_nothing_ends_now(text: str) -> None:
    body = f'{{"access_token":"a","token_type":"bearer","expires_in":{text}}}'
    grant = oidc.read_token_response(answer(body), now=NOW)
    assert (grant.expires_in, grant.expires_at) == (0, NOW)


@pytest.mark.parametrize("text", ["-1", "-0.1", '"-1"', '"1.5"', '""', "true", "[]"])
def test_a_lifetime_that_is_none_is_refused(text: str) -> None:
    body = f'{{"access_token":"a","token_type":"bearer","expires_in":{text}}}'
    refused = code_of(lambda: oidc.read_token_response(answer(body), now=NOW))
    assert refused == "oidc_token_response_invalid"


def test_empty_values_of_a_token_answer_are_as_good_as_none() -> None:
    body = (
        '{"access_token":"a","token_type":"bearer","expires_in":null,"scope":"",'
        '"refresh_token":"","id_token":""}'
    )
    grant = oidc.read_token_response(answer(body), now=NOW)
    assert (grant.refresh_token, grant.id_token, grant.scope) == (None, None, ())
    assert (grant.expires_in, grant.expires_at) == (None, None)


@pytest.mark.parametrize("status", [429, 500, 501, 599])
def test_a_busy_or_failing_server_says_nothing_about_us(status: int) -> None:
    response = answer("{}", status)
    for call in (
        lambda: oidc.read_discovery(response, issuer=ISSUER),
        lambda: oidc.read_jwks_response(response),
        lambda: oidc.read_token_response(response, now=NOW),
        lambda: read_userinfo(response),
    ):
        assert code_of(call) == "idp_answer_unusable"
    assert oidc.token_error(answer('{"error":"invalid_grant"}', status)) is None


@pytest.mark.parametrize("status", [201, 204, 302, 400, 428, 430, 499])
def test_any_other_status_is_the_providers_own_mistake(status: int) -> None:
    response = answer("{}", status)
    assert code_of(lambda: oidc.read_discovery(response, issuer=ISSUER)) == "oidc_discovery_invalid"
    assert code_of(lambda: oidc.read_jwks_response(response)) == "oidc_jwks_invalid"
    refused = code_of(lambda: oidc.read_token_response(response, now=NOW))
    assert refused == "oidc_token_response_invalid"
    assert code_of(lambda: read_userinfo(response)) == "oidc_userinfo_invalid"


def read_userinfo(response: HttpResponse) -> object:
    return oidc.read_userinfo(
        response, subject="s", keys=None, provider=provider(), client=client(), now=NOW
    )


DISCOVERED = {
    "issuer": ISSUER,
    "authorization_endpoint": f"{ISSUER}/a",
    "token_endpoint": f"{ISSUER}/t",
    "jwks_uri": f"{ISSUER}/j",
}


def test_what_discovery_leaves_out_has_the_defaults_of_the_standard() -> None:
    found = oidc.read_discovery(answer(json.dumps(DISCOVERED)), issuer=ISSUER)
    assert found == oidc.OidcProvider(
        issuer=ISSUER,
        authorization_endpoint=f"{ISSUER}/a",
        token_endpoint=f"{ISSUER}/t",
        userinfo_endpoint="",
        jwks_uri=f"{ISSUER}/j",
        token_endpoint_auth_methods=("client_secret_basic",),
        id_token_signing_algs=(),
        response_iss_parameter_supported=False,
        scopes_supported=(),
        end_session_endpoint="",
    )


def test_all_that_discovery_says_is_handed_on() -> None:
    more = {
        **DISCOVERED,
        "userinfo_endpoint": f"{ISSUER}/u",
        "end_session_endpoint": f"{ISSUER}/e",
        "token_endpoint_auth_methods_supported": [POST, KEY],
        "id_token_signing_alg_values_supported": ["RS256", "ES256"],
        "authorization_response_iss_parameter_supported": True,
        "scopes_supported": ["openid", "x"],
    }
    found = oidc.read_discovery(answer(json.dumps(more)), issuer=ISSUER)
    assert found == oidc.OidcProvider(
        issuer=ISSUER,
        authorization_endpoint=f"{ISSUER}/a",
        token_endpoint=f"{ISSUER}/t",
        userinfo_endpoint=f"{ISSUER}/u",
        jwks_uri=f"{ISSUER}/j",
        token_endpoint_auth_methods=(POST, KEY),
        id_token_signing_algs=("RS256", "ES256"),
        response_iss_parameter_supported=True,
        scopes_supported=("openid", "x"),
        end_session_endpoint=f"{ISSUER}/e",
    )


@pytest.mark.parametrize("text", ["1e300", "9" * 400, '"999999999999999"'])
def test_lifetime_beyond_all_calendars_is_capped_at_ten_years(text: str) -> None:
    body = f'{{"access_token":"a","token_type":"bearer","expires_in":{text}}}'
    grant = oidc.read_token_response(answer(body), now=NOW)
    assert grant.expires_at == NOW + timedelta(days=3650)


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (400, '{"error":"invalid_grant"}', "invalid_grant"),
        (401, '{"error":"invalid_client"}', "invalid_client"),
        (401, "<html>", "invalid_client"),
        (200, '{"error":"invalid_grant"}', "invalid_grant"),
        (400, "<html>", None),
        (400, '{"error":5}', None),
        (400, '{"error":"a\\nb"}', None),
        (500, '{"error":"invalid_grant"}', None),
        (429, '{"error":"invalid_client"}', None),
        (200, "{}", None),
    ],
)
def test_token_error_is_the_code_of_oauth(status: int, body: str, error: str | None) -> None:
    response = answer(body, status)
    assert oidc.token_error(response) == error
    with pytest.raises(VestibuleError) as caught:
        oidc.read_token_response(response, now=NOW)
    assert (caught.value.code == "oidc_token_refused") == (error is not None)
    if error is not None:
        assert (caught.value.got or "").split(":")[0] == error


# --- claims --------------------------------------------------------------------------------------


def test_userinfo_wins_except_where_the_token_speaks_of_itself() -> None:
    token = {"sub": "a", "iss": "i", "aud": "c", "exp": 1, "nonce": "n", "name": "Old", "kept": 1}
    userinfo = {
        "sub": "b",
        "iss": "x",
        "aud": "x",
        "exp": 9,
        "nonce": "x",
        "acr": "x",
        "name": "New",
    }
    assert oidc.merge_claims(token, userinfo) == {**token, "name": "New"}


def test_signed_userinfo_without_keys_is_refused() -> None:
    response = HttpResponse(200, {"content-type": "application/jwt"}, b"a.b.c")
    with pytest.raises(VestibuleError) as caught:
        oidc.read_userinfo(
            response, subject="s", keys=None, provider=provider(), client=client(), now=NOW
        )
    assert caught.value.code == "oidc_userinfo_invalid"
