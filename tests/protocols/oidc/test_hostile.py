"""Property tests: whatever comes in, out comes a value or a refusal, and never anything else."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vestibule.errors import VestibuleError
from vestibule.protocols import jwt, oidc
from vestibule.protocols.http import HttpResponse
from vestibule.protocols.jwt import ALGORITHMS, read_jwks, verify_jwt
from vestibule.protocols.oidc import id_token

PLAIN = Path(__file__).parents[2] / "vectors" / "oidc" / "good" / "plain"
TOKEN = (PLAIN / "base" / "token.jwt").read_text()
KEYS = read_jwks((PLAIN / "base" / "jwks.json").read_bytes())
CLAIMS = verify_jwt(TOKEN, KEYS, algorithms=ALGORITHMS)
ES_TOKEN = (PLAIN / "alg_es256" / "token.jwt").read_text()
ES_KEYS = read_jwks((PLAIN / "alg_es256" / "jwks.json").read_bytes())
ED_TOKEN = (PLAIN / "alg_eddsa" / "token.jwt").read_text()
ED_KEYS = read_jwks((PLAIN / "alg_eddsa" / "jwks.json").read_bytes())
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
PROVIDER = oidc.OidcProvider("https://idp.example", "https://idp.example/a", "", "", "")
CLIENT = oidc.OidcClient("vestibule-client", "", "https://us.example/cb")

quiet = settings(derandomize=True, deadline=None, max_examples=200)

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=True, allow_infinity=True)
    | st.text(max_size=20)
    | st.sampled_from(["https://idp.example", "Bearer", "RSA", "EC", "OKP", "sig", "AQAB", "P-256"])
)
NAMES = """
    keys kty kid n e crv x y alg use key_ops issuer token_endpoint jwks_uri authorization_endpoint
    access_token token_type expires_in refresh_token id_token scope error error_description
    sub iss aud exp iat nbf nonce azp at_hash auth_time code response _claim_names
"""
names = st.text(max_size=8) | st.sampled_from(NAMES.split())
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=6),
    max_leaves=20,
)
documents = (
    st.binary(max_size=200)
    | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass"))
    | values.map(lambda value: json.dumps(value).encode())
    | st.dictionaries(names, values, max_size=12).map(lambda value: json.dumps(value).encode())
)
media_types = st.sampled_from(["application/json", "application/jwt", "text/html", ""])
responses = st.builds(
    HttpResponse,
    status=st.sampled_from([200, 200, 200, 302, 400, 401, 429, 500]),
    headers=st.fixed_dictionaries({"content-type": media_types}),
    body=documents,
)


def survives(call: Callable[[], Any]) -> None:
    try:
        call()
    except VestibuleError as error:
        assert str(error).isprintable()


@quiet
@given(st.text(alphabet=st.characters(), max_size=300))
def test_any_text_as_token_is_refused(text: str) -> None:
    with pytest.raises(VestibuleError):
        verify_jwt(text, KEYS, algorithms=ALGORITHMS)


@quiet
@given(documents, documents, st.binary(max_size=80))
def test_any_three_parts_as_token_are_refused(header: bytes, payload: bytes, tail: bytes) -> None:
    parts = (encode(part) for part in (header, payload, tail))
    with pytest.raises(VestibuleError):
        verify_jwt(".".join(parts), KEYS, algorithms=ALGORITHMS)


def encode(octets: bytes) -> str:
    return urlsafe_b64encode(octets).rstrip(b"=").decode()


@pytest.mark.parametrize(
    ("token", "keys"),
    [(TOKEN, KEYS), (ES_TOKEN, ES_KEYS), (ED_TOKEN, ED_KEYS)],
    ids=["RS", "ES", "Ed"],
)
def test_any_changed_character_of_a_good_token_is_refused(token: str, keys: Any) -> None:
    honest = verify_jwt(token, keys, algorithms=ALGORITHMS)
    changed = 0

    @quiet
    @given(
        st.integers(0, len(token) - 1),
        st.sampled_from("ABCXYZabcxyz0189-_") | st.characters(),
        st.sampled_from(["replace", "insert", "delete"]),
    )
    def mutate(place: int, character: str, how: str) -> None:
        nonlocal changed
        new = "" if how == "delete" else character
        mutant = token[:place] + new + token[place + (how != "insert") :]
        try:
            assert verify_jwt(mutant, keys, algorithms=ALGORITHMS) == honest
            assert mutant == token
        except VestibuleError:
            changed += 1

    mutate()
    assert changed > 100


@quiet
@given(documents)
def test_any_document_as_jwks_is_read_or_refused(document: bytes) -> None:
    survives(lambda: read_jwks(document))


@quiet
@given(responses)
def test_any_answer_as_discovery_is_read_or_refused(response: HttpResponse) -> None:
    survives(lambda: oidc.read_discovery(response, issuer="https://idp.example"))


@quiet
@given(responses)
def test_any_answer_of_the_token_endpoint_is_read_or_refused(response: HttpResponse) -> None:
    survives(lambda: oidc.read_token_response(response, now=NOW))
    oidc.token_error(response)


@quiet
@given(responses, st.text(max_size=20))
def test_any_answer_of_userinfo_is_read_or_refused(response: HttpResponse, subject: str) -> None:
    survives(
        lambda: oidc.read_userinfo(
            response, subject=subject, keys=KEYS, provider=PROVIDER, client=CLIENT, now=NOW
        )
    )


@quiet
@given(
    st.dictionaries(
        st.sampled_from(["code", "state", "iss", "error", "error_description", "response"])
        | st.text(),
        st.text() | st.just("https://idp.example"),
    ),
    st.booleans(),
)
def test_any_callback_is_read_or_refused(query: dict[str, str], required: bool) -> None:
    survives(lambda: oidc.read_callback(query, "https://idp.example", required))


@quiet
@given(st.text(max_size=100), st.text(max_size=100))
def test_any_scopes_are_read_or_refused(connection: str, query: str) -> None:
    survives(lambda: oidc.requested_scopes(connection, query))


@quiet
@given(st.dictionaries(st.text(max_size=12), st.text(max_size=12), max_size=4))
def test_no_parameter_of_the_application_changes_ours(parameters: dict[str, str]) -> None:
    def build() -> None:
        url = oidc.build_authorization_url(
            PROVIDER, CLIENT, scopes=("openid",), state="s", nonce="n", code_verifier="v" * 43,
            parameters=parameters,
        )  # fmt: skip
        query = parse_qs(urlsplit(url).query, keep_blank_values=True)
        assert query["redirect_uri"] == ["https://us.example/cb"]
        assert query["state"] == ["s"]

    survives(build)


@quiet
@given(
    st.dictionaries(
        st.sampled_from(
            ["sub", "aud", "iss", "exp", "iat", "nbf", "nonce", "azp", "at_hash", "auth_time"]
        ),
        values,
    )
)
def test_any_claims_are_verified_or_refused(changes: dict[str, Any]) -> None:
    def verified(*_: Any, **__: Any) -> jwt.VerifiedJwt:
        return jwt.VerifiedJwt("RS256", {**CLAIMS, **changes})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(id_token, "verify_jws", verified)
        survives(
            lambda: oidc.verify_id_token(
                "t", provider=PROVIDER, client=CLIENT, keys=KEYS, nonce="n", now=NOW,
                access_token="a",
            )
        )  # fmt: skip
