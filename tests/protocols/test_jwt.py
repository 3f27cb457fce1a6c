"""Rules of `protocols.jwt` that no vector states: signing, key sets, sessions, speed."""

from __future__ import annotations

import base64
import json
import random
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import jwt as pyjwt
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from vestibule.errors import VestibuleError
from vestibule.protocols.jwt import (
    ALGORITHMS,
    SigningKey,
    _parse_jwk,
    read_json,
    read_jwks,
    read_signing_key,
    render_jwk,
    sign_jwt,
    verify_jwt,
    verify_session_jwt,
)

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
PROJECT = "project-test-1"
KEYS = Path(__file__).parents[1] / "vectors" / "oidc" / "keys"


@cache
def key(name: str = "rsa-1") -> SigningKey:
    return read_signing_key(name, (KEYS / f"{name}.pem").read_text())


@cache
def public_pem(name: str = "rsa-1") -> str:
    private = load_pem_private_key((KEYS / f"{name}.pem").read_bytes(), None)
    return (
        private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    )


def session_claims(**changes: object) -> dict[str, object]:
    at = int(NOW.timestamp())
    every = {
        "iss": f"stytch.com/{PROJECT}",
        "aud": [PROJECT],
        "sub": "member-test-1",
        "iat": at,
        "nbf": at,
        "exp": at + 300,
        **changes,
    }
    return {name: value for name, value in every.items() if value is not None}


def verify_session(token: str, **changes: Any) -> Mapping[str, object]:
    arguments: dict[str, Any] = {"project_id": PROJECT, "now": NOW, **changes}
    return verify_session_jwt(
        token, {"rsa-1": public_pem(), "rsa-2": public_pem("rsa-2")}, **arguments
    )


def code_of(call: Callable[[], object]) -> str:
    with pytest.raises(VestibuleError) as caught:
        call()
    return caught.value.code


# --- signing -------------------------------------------------------------------------------------


def test_header_is_exactly_alg_typ_and_kid() -> None:
    segment = sign_jwt({}, key()).split(".")[0]
    header = json.loads(base64.urlsafe_b64decode(segment + "=="))
    assert list(header.items()) == [("alg", "RS256"), ("typ", "JWT"), ("kid", "rsa-1")]


def test_session_jwt_is_accepted_by_an_independent_library() -> None:
    token = sign_jwt(session_claims(**{"https://stytch.com/session": {"roles": ["ä"]}}), key())
    public = pyjwt.PyJWK(render_jwk(key(), "rsa-1"))
    options: Any = {"require": ["aud", "iss", "exp", "iat", "nbf"], "verify_exp": False}
    claims = pyjwt.decode(
        token,
        public,
        algorithms=["RS256"],
        audience=PROJECT,
        issuer=f"stytch.com/{PROJECT}",
        options={**options, "verify_nbf": False, "verify_iat": False},
    )
    assert claims["https://stytch.com/session"] == {"roles": ["ä"]}


def test_jwk_has_all_nine_members() -> None:
    jwk = render_jwk(key(), "rsa-1")
    assert set(jwk) == {"kty", "use", "key_ops", "alg", "kid", "x5c", "x5tS256", "n", "e"}
    assert (jwk["use"], jwk["key_ops"], jwk["alg"]) == ("sig", ["verify"], "RS256")
    assert (jwk["x5c"], jwk["x5tS256"]) == ([], "")
    assert render_jwk(public_pem(), "rsa-1") == jwk


def test_our_own_jwk_can_be_read_as_a_key_of_a_peer() -> None:
    keys = read_jwks(json.dumps({"keys": [render_jwk(key(), "rsa-1")]}).encode())
    assert verify_jwt(sign_jwt({"a": 1}, key()), keys, algorithms=ALGORITHMS) == {"a": 1}


def test_nan_is_never_signed() -> None:
    with pytest.raises(ValueError, match="JSON"):
        sign_jwt({"a": float("nan")}, key())


@pytest.mark.parametrize("name", ["p256", "ed25519", "rsa-weak"])
def test_signing_key_is_rsa_of_2048_bits(name: str) -> None:
    pem = (KEYS / f"{name}.pem").read_text()
    assert code_of(lambda: read_signing_key(name, pem)) == "internal_server_error"


def test_private_key_never_shows_in_a_repr() -> None:
    assert "PRIVATE" not in repr(key())


def test_signing_key_is_parsed_once() -> None:
    pem = (KEYS / "rsa-1.pem").read_text()
    assert read_signing_key("rsa-1", pem) is read_signing_key("rsa-1", "".join(list(pem)))


def test_signing_costs_what_raw_cryptography_costs() -> None:
    private = load_pem_private_key((KEYS / "rsa-1.pem").read_bytes(), None)
    assert isinstance(private, rsa.RSAPrivateKey)
    claims = session_claims()

    def encode(value: object) -> bytes:
        text = json.dumps(value, separators=(",", ":")).encode()
        return base64.urlsafe_b64encode(text).rstrip(b"=")

    def raw() -> None:
        message = encode({"alg": "RS256", "typ": "JWT", "kid": "rsa-1"}) + b"." + encode(claims)
        signature = private.sign(message, padding.PKCS1v15(), hashes.SHA256())
        (message + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")).decode()

    def seconds(call: Callable[[], object]) -> float:
        start = time.perf_counter()
        for _ in range(20):
            call()
        return time.perf_counter() - start

    def ratio() -> float:
        # The best of many short rounds, taken in turn, so that a busy machine disturbs both alike.
        rounds = [(seconds(raw), seconds(lambda: sign_jwt(claims, key()))) for _ in range(20)]
        return min(ours for _, ours in rounds) / min(theirs for theirs, _ in rounds)

    assert any(ratio() <= 1.1 for _ in range(5))


# --- keys of a peer ------------------------------------------------------------------------------


def test_skipped_keys_are_listed_with_their_reasons() -> None:
    document = {"keys": [{"kty": "oct", "k": "AA"}, render_jwk(key(), "a"), {"kty": "RSA", "n": 5}]}
    keys = read_jwks(json.dumps(document).encode())
    assert [one.kid for one in keys.keys] == ["a"]
    assert [reason.split(":")[0] for reason in keys.skipped] == ["key 1", "key 3"]


def test_a_key_is_parsed_once_however_often_the_set_is_read() -> None:
    document = json.dumps({"keys": [render_jwk(key(), "a")]}).encode()
    first = read_jwks(document).keys[0]
    before = _parse_jwk.cache_info().misses
    assert read_jwks(document).keys[0].key is first.key
    assert _parse_jwk.cache_info().misses == before


def test_a_hundred_keys_are_read_and_a_hundred_and_one_are_not() -> None:
    keys = [{"kty": "x"}] * 100
    assert len(read_jwks(json.dumps({"keys": keys}).encode()).skipped) == 100
    too_many = json.dumps({"keys": [*keys, {}]}).encode()
    assert code_of(lambda: read_jwks(too_many)) == "oidc_jwks_invalid"


def test_no_algorithm_is_allowed_that_the_caller_did_not_name() -> None:
    keys = read_jwks(json.dumps({"keys": [render_jwk(key(), "rsa-1")]}).encode())
    token = sign_jwt({}, key())
    for algorithms in ((), ("ES256",), ("HS256", "none")):
        assert (
            code_of(lambda a=algorithms: verify_jwt(token, keys, algorithms=a))
            == "oidc_algorithm_forbidden"
        )


def test_list_of_algorithms_is_asymmetric() -> None:
    assert {alg[:2] for alg in ALGORITHMS} == {"RS", "PS", "ES", "Ed"}
    assert len(ALGORITHMS) == 10


# --- JSON ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "document",
    ['{"a":1,"a":1}', '{"b":{"a":1,"\\u0061":1}}', "NaN", "[-Infinity]", "1e400", '"\\u0000"',
     '"\\ud800"', '"\\\\\\u0000"', "[" * 41 + "]" * 41, "[" * 200_000, "", "\ufeff{}", "{} {}",
     "9" * 5000, "\ud800"],
)  # fmt: skip
def test_ambiguous_json_is_refused(document: str) -> None:
    with pytest.raises(ValueError, match=r"^.{4,40}$"):
        read_json(document)


@pytest.mark.parametrize(
    "document", ['"\\\\u0000"', '"\\ud83d\\ude00"', "[" * 40 + "]" * 40, '"é"']
)
def test_odd_but_exact_json_is_read(document: str) -> None:
    assert read_json(document.encode()) == json.loads(document)


# --- our own session JWTs ------------------------------------------------------------------------


def test_session_jwt_gives_its_claims() -> None:
    claims = session_claims()
    assert verify_session(sign_jwt(claims, key())) == claims
    assert verify_session(sign_jwt(claims, key("rsa-2"))) == claims


def test_audience_of_a_session_jwt_may_be_one_string() -> None:
    assert verify_session(sign_jwt(session_claims(aud=PROJECT), key()))


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "stytch.com/project-test-2"}, {"iss": None}, {"iss": [f"stytch.com/{PROJECT}"]},
        {"aud": ["project-test-2"]}, {"aud": None}, {"aud": []}, {"aud": f"{PROJECT}2"},
        {"aud": {PROJECT: 1}}, {"exp": None}, {"exp": "2000000000"}, {"exp": True},
        {"exp": 10**400}, {"nbf": None}, {"nbf": []}, {"iat": None}, {"iat": False},
        {"nbf": int(NOW.timestamp()) + 61}, {"exp": int(NOW.timestamp())}, {"exp": 0},
    ],
)  # fmt: skip
def test_session_jwt_with_a_wrong_claim_is_refused(changes: dict[str, object]) -> None:
    token = sign_jwt(session_claims(**changes), key())
    assert code_of(lambda: verify_session(token)) == "unable_to_parse_session_jwt"


def test_allow_expired_skips_exp_and_nothing_else() -> None:
    late = NOW + timedelta(days=400)
    assert verify_session(sign_jwt(session_claims(), key()), now=late, allow_expired=True)
    for changes in ({"iss": "x"}, {"aud": "x"}, {"exp": None}, {"exp": True}):
        token = sign_jwt(session_claims(**changes), key())
        refused = code_of(lambda t=token: verify_session(t, now=late, allow_expired=True))
        assert refused == "unable_to_parse_session_jwt"


def test_session_jwt_of_another_project_is_refused() -> None:
    token = sign_jwt(session_claims(), key())
    assert (
        code_of(lambda: verify_session(token, project_id="project-test-2"))
        == "unable_to_parse_session_jwt"
    )


def test_session_jwt_by_a_stranger_is_refused() -> None:
    pem = (KEYS / "rsa-stranger.pem").read_text()
    for kid in ("rsa-1", "rsa-3"):
        token = sign_jwt(session_claims(), SigningKey(kid, pem))
        assert code_of(lambda t=token: verify_session(t)) == "unable_to_parse_session_jwt"


def test_session_jwt_is_rs256_and_nothing_else() -> None:
    none = pyjwt.encode(session_claims(), None, algorithm="none", headers={"kid": "rsa-1"})
    mac = pyjwt.encode(session_claims(), "s" * 64, algorithm="HS256", headers={"kid": "rsa-1"})
    ps = pyjwt.encode(
        session_claims(), key().private_pem, algorithm="PS256", headers={"kid": "rsa-1"}
    )
    es = pyjwt.encode(
        session_claims(),
        ec.generate_private_key(ec.SECP256R1()).private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        ),
        algorithm="ES256",
        headers={"kid": "rsa-1"},
    )
    for token in (none, mac, ps, es, "", "a.b", "a.b.c", "a.b.c.d.e"):
        assert code_of(lambda t=token: verify_session(t)) == "unable_to_parse_session_jwt"


def test_noise_is_never_a_session_jwt() -> None:
    token = sign_jwt(session_claims(), key())
    noise = random.Random(1)
    for _ in range(300):
        place = noise.randrange(len(token))
        mutant = token[:place] + noise.choice("AZaz09-_.=+/ \u00e9") + token[place + 1 :]
        if mutant != token:
            assert code_of(lambda m=mutant: verify_session(m)) == "unable_to_parse_session_jwt"
