"""What we send: authorization URL, scopes, client authentication; and reading the answers."""

from __future__ import annotations

import base64
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


def test_spaces_are_percent_encoded() -> None:
    assert "scope=openid%20email" in url()


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
    for request in (oidc.build_discovery_request(ISSUER), oidc.build_jwks_request(provider())):
        assert (request.method, request.body) == ("GET", b"")
        assert set(request.headers) == {"Accept"}


def test_access_token_goes_into_the_header_and_nowhere_else() -> None:
    request = oidc.build_userinfo_request(provider(), "at-1")
    assert request.headers["Authorization"] == "Bearer at-1"
    assert (request.method, request.url, request.body) == ("GET", f"{ISSUER}/userinfo", b"")


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
    assert set(request.headers) == {"Content-Type", "Accept"}
    assert request.headers["Accept"] == "application/json"
    assert form(request)["client_secret"] == "a:b%c d&é"


def test_client_assertion_is_addressed_to_the_issuer_for_a_minute() -> None:
    sent = form(code_request("private_key_jwt", private_key=signing_key()))
    assert "client_secret" not in sent
    assert sent["client_assertion_type"].endswith(":jwt-bearer")
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
    assert plain["grant_type"] == "refresh_token"
    assert "scope" not in plain
    asked = oidc.build_refresh_request(provider(), client(), scopes=("openid", "a"), **common)
    assert form(asked)["scope"] == "openid a"


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


def test_grant_counts_its_lifetime_from_now() -> None:
    grant = oidc.read_token_response(
        answer('{"access_token":"a","token_type":"bearer","expires_in":"60","scope":"openid a"}'),
        now=NOW,
    )
    assert grant.expires_at == NOW + timedelta(seconds=60)
    assert grant.scope == ("openid", "a")
    assert (grant.refresh_token, grant.id_token) == (None, None)


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
