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
    KeySet,
    SigningKey,
    _parse_jwk,
    read_json,
    read_jwks,
    read_signing_key,
    read_unverified_claims,
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
    header = base64.urlsafe_b64decode(segment + "==")
    assert header == b'{"alg":"RS256","typ":"JWT","kid":"rsa-1"}'


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


def test_numbers_of_a_jwk_are_as_short_as_they_can_be() -> None:
    jwk = render_jwk(key(), "rsa-1")
    modulus = base64.urlsafe_b64decode(f"{jwk['n']}==")
    assert (len(modulus), modulus[0] != 0, jwk["e"]) == (256, True, "AQAB")


@pytest.mark.parametrize("pem", ["", "x", "é", "-----BEGIN PRIVATE KEY-----"])
def test_a_stored_key_that_is_none_is_our_own_fault(pem: str) -> None:
    assert code_of(lambda: read_signing_key("k", pem)) == "internal_server_error"
    assert code_of(lambda: render_jwk(pem, "k")) == "internal_server_error"


def test_a_stored_public_key_must_be_rsa() -> None:
    assert code_of(lambda: render_jwk(public_pem("p256"), "k")) == "internal_server_error"


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


def number(value: int) -> str:
    octets = value.to_bytes((value.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


RSA_JWK = {"kty": "RSA", "n": number((1 << 2047) + 1), "e": "AQAB"}
EC_JWK = {"kty": "EC", "crv": "P-256", "x": number(1 << 255), "y": number(1 << 255)}
OKP_JWK = {"kty": "OKP", "crv": "Ed25519", "x": number(1 << 255)}


@pytest.mark.parametrize(
    ("jwk", "reason"),
    [
        ("RSA", "not an object"),
        ({}, "its kty is not RSA, EC or OKP"),
        ({"kty": "oct", "k": "AA"}, "its kty is not RSA, EC or OKP"),
        ({"kty": ["RSA"]}, "its kty is not RSA, EC or OKP"),
        ({**RSA_JWK, "d": "AA"}, "a secret is published"),
        ({**RSA_JWK, "k": "AA"}, "a secret is published"),
        ({**RSA_JWK, "kid": 1}, "its kid, alg or use is not a string"),
        ({**RSA_JWK, "alg": []}, "its kid, alg or use is not a string"),
        ({**RSA_JWK, "use": False}, "its kid, alg or use is not a string"),
        ({**RSA_JWK, "use": "enc"}, "its use is not sig"),
        ({**RSA_JWK, "key_ops": ["sign"]}, "its key_ops do not allow to verify"),
        ({**RSA_JWK, "key_ops": "verify"}, "its key_ops do not allow to verify"),
        ({**RSA_JWK, "key_ops": None}, "its key_ops do not allow to verify"),
        ({"kty": "RSA", "n": "AA"}, "a parameter is missing, too long or not a string"),
        ({**RSA_JWK, "e": 3}, "a parameter is missing, too long or not a string"),
        ({**RSA_JWK, "n": "A" * 2049}, "a parameter is missing, too long or not a string"),
        ({**RSA_JWK, "n": "A" * 2048}, "its RSA modulus or exponent has a size that we refuse"),
        (
            {**RSA_JWK, "n": number((1 << 2046) + 1)},
            "its RSA modulus or exponent has a size that we refuse",
        ),
        (
            {**RSA_JWK, "n": number((1 << 8192) + 1)},
            "its RSA modulus or exponent has a size that we refuse",
        ),
        (
            {**RSA_JWK, "e": number((1 << 64) + 1)},
            "its RSA modulus or exponent has a size that we refuse",
        ),
        ({**RSA_JWK, "e": "AQAB="}, "its parameters are no key"),
        ({**EC_JWK, "x": "AA"}, "its parameters are no key"),
        ({**EC_JWK, "crv": "secp256k1"}, "its curve is not on our list"),
        ({**EC_JWK, "crv": "Ed25519"}, "its curve is not on our list"),
        ({**OKP_JWK, "crv": "Ed448"}, "its curve is not on our list"),
        ({**OKP_JWK, "crv": "P-256"}, "its curve is not on our list"),
    ],
)
def test_a_key_that_we_cannot_use_is_skipped_with_its_reason(jwk: object, reason: str) -> None:
    found = read_jwks(json.dumps({"keys": [jwk]}).encode())
    assert (found.keys, found.skipped) == ((), (f"key 1: {reason}",))


@pytest.mark.parametrize(
    "changes",
    [
        {"n": number((1 << 8191) + 1)},
        {"e": number((1 << 63) + 1)},
        {"use": "sig", "alg": "PS512", "kid": ""},
        {"key_ops": ["verify", "wrapKey"]},
    ],
)
def test_a_key_within_the_bounds_is_read(changes: dict[str, object]) -> None:
    (found,) = read_jwks(json.dumps({"keys": [{**RSA_JWK, **changes}]}).encode()).keys
    assert (found.kty, found.crv) == ("RSA", "")
    assert (found.kid, found.alg, found.use) == tuple(map(changes.get, ("kid", "alg", "use")))


def test_a_number_of_a_key_may_end_with_any_character() -> None:
    endings = set()
    for last in range(1, 256, 2):
        modulus = number((1 << 2063) + last)  # 258 bytes: no bit of the last character is filling
        assert read_jwks(json.dumps({"keys": [{**RSA_JWK, "n": modulus}]}).encode()).keys
        endings.add(modulus[-1])
    assert len(endings) == 32


def test_a_key_of_an_elliptic_curve_names_its_curve() -> None:
    for name, kty, crv in (("p256", "EC", "P-256"), ("ed25519", "OKP", "Ed25519")):
        public = load_pem_private_key((KEYS / f"{name}.pem").read_bytes(), None).public_key()
        made: Any = pyjwt.get_algorithm_by_name({"EC": "ES256", "OKP": "EdDSA"}[kty])
        document = {"keys": [json.loads(made.to_jwk(public))]}
        (found,) = read_jwks(json.dumps(document).encode()).keys
        assert (found.kty, found.crv) == (kty, crv)


def test_a_document_of_half_a_megabyte_is_read_and_a_byte_more_is_not() -> None:
    document = b'{"keys":[]}'.ljust(512 * 1024)
    assert read_jwks(document).keys == ()
    assert code_of(lambda: read_jwks(document + b" ")) == "oidc_jwks_invalid"


@pytest.mark.parametrize("document", [b"[]", b"{}", b'{"keys":{}}', b'{"keys":null}', b"keys", b""])
def test_a_document_without_a_list_of_keys_is_no_key_set(document: bytes) -> None:
    assert code_of(lambda: read_jwks(document)) == "oidc_jwks_invalid"


# --- choosing a key ------------------------------------------------------------------------------


def jwks(*members: dict[str, object]) -> KeySet:
    return read_jwks(json.dumps({"keys": list(members)}).encode())


def jwk(name: str = "rsa-1", **changes: object) -> dict[str, object]:
    every = {**render_jwk(public_pem(name), name), **changes}
    return {member: value for member, value in every.items() if value is not None}


def token_of(header: dict[str, object], name: str = "rsa-1", algorithm: str = "RS256") -> str:
    """A token with that kid or none; `typ` is left to the library."""
    pem = (KEYS / f"{name}.pem").read_text()
    return pyjwt.encode({"a": 1}, pem, algorithm=algorithm, headers=header)


@pytest.mark.parametrize(
    ("members", "header", "code"),
    [
        ((jwk(),), {"kid": "rsa-1"}, None),
        ((jwk(),), {}, None),
        ((jwk(kid=None),), {}, None),
        ((jwk(alg=None),), {}, None),
        ((jwk(), jwk("rsa-2")), {"kid": "rsa-1"}, None),
        ((jwk(), jwk("rsa-2", alg="PS256")), {}, None),
        ((jwk("rsa-2", alg="PS256", kid="rsa-1"), jwk()), {"kid": "rsa-1"}, None),
        ((jwk(), jwk("rsa-2")), {}, "oidc_key_ambiguous"),
        ((jwk(), jwk("rsa-2", kid="rsa-1")), {"kid": "rsa-1"}, "oidc_key_ambiguous"),
        ((), {}, "oidc_key_not_found"),
        ((jwk(),), {"kid": "RSA-1"}, "oidc_key_not_found"),
        ((jwk(kid=None),), {"kid": "rsa-1"}, "oidc_key_not_found"),
        ((jwk(),), {"kid": ""}, "oidc_key_not_found"),
        ((jwk(alg="RS512"),), {}, "oidc_key_not_found"),
        ((jwk(alg="RS512"),), {"kid": "rsa-1"}, "oidc_algorithm_forbidden"),
    ],
)
def test_the_key_is_the_one_that_is_named_or_the_only_one_that_fits(
    members: tuple[dict[str, object], ...], header: dict[str, object], code: str | None
) -> None:
    token, keys = token_of(header), jwks(*members)
    if code is None:
        assert verify_jwt(token, keys, algorithms=ALGORITHMS) == {"a": 1}
    else:
        assert code_of(lambda: verify_jwt(token, keys, algorithms=ALGORITHMS)) == code


def test_a_key_that_is_listed_twice_is_one_key() -> None:
    keys = jwks(jwk(), jwk())
    assert len(keys.keys) == 2
    assert verify_jwt(token_of({}), keys, algorithms=ALGORITHMS) == {"a": 1}


def test_a_key_that_is_not_found_is_explained_by_those_that_were_skipped() -> None:
    keys = jwks(*({"kty": "oct"},) * 7)
    with pytest.raises(VestibuleError) as caught:
        verify_jwt(token_of({"kid": "k"}), keys, algorithms=ALGORITHMS)
    detail = caught.value.detail or ""
    assert [f"key {position}:" in detail for position in range(1, 8)] == [True] * 5 + [False] * 2
    with pytest.raises(VestibuleError) as caught:
        verify_jwt(token_of({"kid": "k"}), jwks(), algorithms=ALGORITHMS)
    assert caught.value.detail is None


# --- shape of a token ----------------------------------------------------------------------------


def segment(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def padded(characters: int) -> str:
    """A good token of that length; its payload is filled up with spaces."""
    heads = (segment({"alg": "RS256", "kid": "rsa-1", "x": "x" * more}) for more in range(4))
    # No base64 is of 4n + 1 characters.
    head = next(each for each in heads if (characters - len(each) - 344) % 4 != 1)
    payload = b'{"a":1}'.ljust((characters - len(head) - 344) * 3 // 4)
    body = base64.urlsafe_b64encode(payload).rstrip(b"=").decode()
    private = load_pem_private_key((KEYS / "rsa-1.pem").read_bytes(), None)
    assert isinstance(private, rsa.RSAPrivateKey)
    octets = private.sign(f"{head}.{body}".encode(), padding.PKCS1v15(), hashes.SHA256())
    token = f"{head}.{body}.{base64.urlsafe_b64encode(octets).rstrip(b'=').decode()}"
    assert len(token) == characters
    return token


def test_a_token_of_64_kilobytes_is_read_and_one_more_character_is_not() -> None:
    at_most, more = padded(64 * 1024), padded(64 * 1024 + 1)
    assert verify_jwt(at_most, jwks(jwk()), algorithms=ALGORITHMS) == {"a": 1}
    assert read_unverified_claims(at_most) == {"a": 1}
    for call in (
        lambda: verify_jwt(more, jwks(jwk()), algorithms=ALGORITHMS),
        lambda: read_unverified_claims(more),
    ):
        assert code_of(call) == "oidc_id_token_malformed"


@pytest.mark.parametrize(
    ("token", "code"),
    [
        ("", "oidc_id_token_malformed"),
        ("a", "oidc_id_token_malformed"),
        ("a.b", "oidc_id_token_malformed"),
        ("a.b.c.d", "oidc_id_token_malformed"),
        ("a.b.c.d.e", "oidc_id_token_encrypted"),
        ("a.b.c.d.e.f", "oidc_id_token_malformed"),
        ("a.b.c.d.e.f.g.h", "oidc_id_token_malformed"),
        (f"{segment({})}.é.", "oidc_id_token_malformed"),
        (f"{segment({})}.{segment([])}.", "oidc_id_token_malformed"),
        (f"{segment({})}.{segment({})}=.", "oidc_id_token_malformed"),
        (f"{segment({})}.!.", "oidc_id_token_malformed"),
    ],
)
def test_what_is_no_token_of_three_parts_is_refused(token: str, code: str) -> None:
    assert code_of(lambda: read_unverified_claims(token)) == code
    assert code_of(lambda: verify_jwt(token, jwks(jwk()), algorithms=ALGORITHMS)) in (
        code,
        "oidc_id_token_malformed",
    )


def test_unverified_claims_are_those_of_the_payload_whoever_signed() -> None:
    token = f"\n {segment({'alg': 'none'})}.{segment({'sub': 'x'})}.\n"
    assert read_unverified_claims(token) == {"sub": "x"}


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ({"alg": "RS256", "crit": ["exp"]}, "oidc_header_forbidden"),
        ({"alg": "RS256", "b64": True}, "oidc_header_forbidden"),
        ({"alg": "RS256", "typ": "at+jwt"}, "oidc_header_forbidden"),
        ({"alg": "RS256", "typ": None}, "oidc_header_forbidden"),
        ({"alg": "RS256", "typ": 1}, "oidc_header_forbidden"),
        ({}, "oidc_id_token_malformed"),
        ({"alg": ["RS256"]}, "oidc_id_token_malformed"),
        ({"alg": "none"}, "oidc_algorithm_forbidden"),
        ({"alg": "HS256"}, "oidc_algorithm_forbidden"),
        ({"alg": "rs256"}, "oidc_algorithm_forbidden"),
        ({"alg": "RS256", "kid": 1}, "oidc_id_token_malformed"),
        ({"alg": "RS256", "kid": None}, "oidc_id_token_malformed"),
        ([], "oidc_id_token_malformed"),
    ],
)
def test_a_header_that_says_something_else_is_refused_before_any_key(
    header: object, code: str
) -> None:
    token = f"{segment(header)}.{segment({})}."
    assert code_of(lambda: verify_jwt(token, jwks(jwk()), algorithms=ALGORITHMS)) == code


@pytest.mark.parametrize("typ", ["JWT", "jwt", "Jwt"])
def test_typ_jwt_is_read_in_any_case(typ: str) -> None:
    token = token_of({"kid": "rsa-1", "typ": typ})
    assert verify_jwt(token, jwks(jwk()), algorithms=ALGORITHMS) == {"a": 1}


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
     '"\\ud800"', '"\ud800"', '"\\\\\\u0000"', "[" * 41 + "]" * 41, '{"a":' * 41 + "1" + "}" * 41,
     '{"a":[' * 21 + "]}" * 21, "[" * 200_000, "", "\ufeff{}", "{} {}", "9" * 1001, "9" * 5000,
     "-" + "9" * 1000, "\ud800"],
)  # fmt: skip
def test_ambiguous_json_is_refused(document: str) -> None:
    with pytest.raises(ValueError, match=r"^.{4,40}$"):
        read_json(document)


@pytest.mark.parametrize(
    "document",
    ['"\\\\u0000"', '"\\ud83d\\ude00"', "[" * 40 + "]" * 40, '{"a":' * 40 + "1" + "}" * 40,
     '{"a":[' * 20 + "]}" * 20, '"é"', "9" * 1000, f"[{'[],' * 60}{{}}]", '"' + "[" * 60 + '"'],
)  # fmt: skip
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
        {"exp": 10**12}, {"exp": -1}, {"nbf": -1}, {"iat": -0.5},
    ],
)  # fmt: skip
def test_session_jwt_with_a_wrong_claim_is_refused(changes: dict[str, object]) -> None:
    token = sign_jwt(session_claims(**changes), key())
    assert code_of(lambda: verify_session(token)) == "unable_to_parse_session_jwt"


@pytest.mark.parametrize(
    "changes",
    [
        {"nbf": int(NOW.timestamp()) + 60}, {"nbf": 0}, {"iat": 0}, {"iat": 0.0},
        {"exp": int(NOW.timestamp()) + 1}, {"exp": NOW.timestamp() + 0.5}, {"exp": 10**12 - 1},
    ],
)  # fmt: skip
def test_session_jwt_within_its_bounds_is_accepted(changes: dict[str, object]) -> None:
    assert verify_session(sign_jwt(session_claims(**changes), key()))


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
