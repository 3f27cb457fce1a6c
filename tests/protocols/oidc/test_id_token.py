"""ID tokens and signed UserInfo at their bounds: to the second, to the last character of a hash.

The many ways to be wrong are vectors; here stand the values on either side of each bound.
"""

from __future__ import annotations

import hashlib
import json
from base64 import urlsafe_b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import jwt as pyjwt
import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from vestibule.errors import VestibuleError
from vestibule.protocols import oidc
from vestibule.protocols.http import HttpResponse
from vestibule.protocols.jwt import ALGORITHMS, KeySet, read_jwks
from vestibule.protocols.oidc.id_token import _HASH

KEYS = Path(__file__).parents[2] / "vectors" / "oidc" / "keys"
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
AT = int(NOW.timestamp())
SKEW, DAY = 120, 86_400
NONCE = "n-1"
PROVIDER = oidc.OidcProvider(
    "https://idp.example", "https://idp.example/a", "https://idp.example/t", "", ""
)
CLIENT = oidc.OidcClient("us", "secret", "https://us.example/cb")
KEY_FOR = {"RS": "rsa-1", "PS": "rsa-1", "ES256": "p256", "ES384": "p384", "ES512": "p521"}


def key_name(algorithm: str) -> str:
    return KEY_FOR.get(algorithm) or KEY_FOR.get(algorithm[:2], "ed25519")


@cache
def private_key(algorithm: str) -> Any:
    return load_pem_private_key((KEYS / f"{key_name(algorithm)}.pem").read_bytes(), None)


@cache
def key_set(algorithm: str) -> KeySet:
    made: Any = pyjwt.get_algorithm_by_name(algorithm)
    jwk = json.loads(made.to_jwk(private_key(algorithm).public_key()))
    return read_jwks(json.dumps({"keys": [{**jwk, "use": "sig"}]}).encode())


def claims(**changes: object) -> dict[str, object]:
    every = {
        "iss": "https://idp.example",
        "aud": "us",
        "sub": "ada",
        "iat": AT,
        "exp": AT + 300,
        "nonce": NONCE,
        **changes,
    }
    return {name: value for name, value in every.items() if value is not None}


def signed(algorithm: str = "RS256", **changes: object) -> str:
    return pyjwt.encode(claims(**changes), private_key(algorithm), algorithm=algorithm)


def verify(algorithm: str = "RS256", **changes: Any) -> oidc.IdTokenClaims:
    known = ("access_token", "code", "max_age")
    arguments: dict[str, Any] = {name: changes.pop(name, None) for name in known}
    return oidc.verify_id_token(
        signed(algorithm, **changes),
        provider=PROVIDER,
        client=CLIENT,
        keys=key_set(algorithm),
        nonce=NONCE,
        now=NOW,
        **arguments,
    )


def refresh(**changes: object) -> oidc.IdTokenClaims:
    return oidc.verify_refreshed_id_token(
        signed(**changes),
        provider=PROVIDER,
        client=CLIENT,
        keys=key_set("RS256"),
        original_subject="ada",
        now=NOW,
    )


def userinfo(media_type: str | None = "application/jwt", **changes: object) -> object:
    headers = {} if media_type is None else {"content-type": media_type}
    body = json.dumps(claims(**changes)).encode()
    return read_userinfo(HttpResponse(200, headers, body))


def read_userinfo(response: HttpResponse) -> object:
    return oidc.read_userinfo(
        response,
        subject="ada",
        keys=key_set("RS256"),
        provider=PROVIDER,
        client=CLIENT,
        now=NOW,
    )


def signed_userinfo(before: bytes = b"", after: bytes = b"", **changes: object) -> object:
    body = before + signed(**changes).encode() + after
    return read_userinfo(HttpResponse(200, {"content-type": "application/jwt"}, body))


def code_of(call: Callable[[], object]) -> str:
    with pytest.raises(VestibuleError) as caught:
        call()
    return caught.value.code


# --- times ---------------------------------------------------------------------------------------

TIMES = [
    ({"exp": AT - SKEW + 1}, None),
    ({"exp": AT - SKEW}, "oidc_id_token_expired"),
    ({"iat": AT + SKEW}, None),
    ({"iat": AT + SKEW + 1}, "oidc_id_token_not_yet_valid"),
    ({"iat": AT - DAY - SKEW}, None),
    ({"iat": AT - DAY - SKEW - 1}, "oidc_id_token_expired"),
    ({"nbf": AT + SKEW}, None),
    ({"nbf": AT + SKEW + 1}, "oidc_id_token_not_yet_valid"),
]


@pytest.mark.parametrize(("changes", "code"), TIMES)
@pytest.mark.parametrize("door", [verify, refresh])
def test_times_of_an_id_token_count_to_the_second(
    door: Callable[..., object], changes: dict[str, object], code: str | None
) -> None:
    if code is None:
        door(**changes)
    else:
        assert code_of(lambda: door(**changes)) == code


@pytest.mark.parametrize(("changes", "code"), [one for one in TIMES if "iat" not in one[0]])
def test_times_of_a_signed_userinfo_count_to_the_second(
    changes: dict[str, object], code: str | None
) -> None:
    if code is None:
        signed_userinfo(**changes)
    else:
        assert code_of(lambda: signed_userinfo(**changes)) == code


@pytest.mark.parametrize(
    ("auth_time", "code"),
    [
        (AT - 600 - SKEW, None),
        (AT - 600 - SKEW - 1, "oidc_auth_time_too_old"),
        (AT + SKEW, None),
        (AT + SKEW + 1, "oidc_claim_invalid"),
        (0, "oidc_auth_time_too_old"),
        (None, "oidc_claim_invalid"),
    ],
)
def test_a_sign_in_may_be_as_old_as_was_asked_and_no_older(
    auth_time: int | None, code: str | None
) -> None:
    ten_minutes = timedelta(minutes=10)
    if code is None:
        found = verify(auth_time=auth_time, max_age=ten_minutes)
        assert found.auth_time == datetime.fromtimestamp(auth_time or 0, UTC)
    else:
        assert code_of(lambda: verify(auth_time=auth_time, max_age=ten_minutes)) == code


def test_a_sign_in_time_of_zero_is_none_at_all() -> None:
    assert verify(auth_time=0).auth_time is None
    assert verify(auth_time=1).auth_time == datetime.fromtimestamp(1, UTC)


@pytest.mark.parametrize("value", [-1, 253_370_764_800, True, "5", [5]])
@pytest.mark.parametrize("name", ["exp", "iat", "nbf", "auth_time"])
def test_a_time_beyond_the_calendar_is_refused(name: str, value: object) -> None:
    assert code_of(lambda: verify(**{name: value})) == "oidc_claim_invalid"


def test_the_last_second_that_a_calendar_holds_is_read() -> None:
    assert verify(exp=253_370_764_799).expires_at.year == 9998


# --- what comes out ------------------------------------------------------------------------------


@pytest.mark.parametrize("door", [verify, refresh])
def test_everything_that_was_verified_is_handed_on(door: Callable[..., oidc.IdTokenClaims]) -> None:
    found = door(auth_time=AT - 5, exp=AT + 61)
    assert found == oidc.IdTokenClaims(
        claims=claims(auth_time=AT - 5, exp=AT + 61),
        subject="ada",
        issuer="https://idp.example",
        audience=("us",),
        issued_at=NOW,
        expires_at=NOW + timedelta(seconds=61),
        auth_time=NOW - timedelta(seconds=5),
    )


def test_a_token_signed_by_an_algorithm_that_the_provider_never_named_is_refused() -> None:
    only = oidc.OidcProvider(
        "https://idp.example", "", "", "", "", id_token_signing_algs=("ES256",)
    )
    for call in (
        lambda: oidc.verify_id_token(
            signed(),
            provider=only,
            client=CLIENT,
            keys=key_set("RS256"),
            nonce=NONCE,
            now=NOW,
            access_token=None,
        ),
        lambda: oidc.verify_refreshed_id_token(
            signed(),
            provider=only,
            client=CLIENT,
            keys=key_set("RS256"),
            original_subject="ada",
            now=NOW,
        ),
    ):
        assert code_of(call) == "oidc_algorithm_forbidden"


@pytest.mark.parametrize("subject", ["a" * 255, " ", "~"])
def test_a_subject_of_255_ascii_characters_is_read(subject: str) -> None:
    assert verify(sub=subject).subject == subject


@pytest.mark.parametrize("subject", ["a" * 256, "", "\x7f", "\x1f", "é", "a\n"])
def test_any_other_subject_is_refused(subject: str) -> None:
    assert code_of(lambda: verify(sub=subject)) == "oidc_claim_invalid"


# --- hashes --------------------------------------------------------------------------------------

HASHES = {"256": hashlib.sha256, "384": hashlib.sha384, "512": hashlib.sha512}


def half_hash(algorithm: str, value: str) -> str:
    digest = HASHES.get(algorithm[2:], hashlib.sha512)(value.encode()).digest()
    return urlsafe_b64encode(digest[: len(digest) // 2]).decode().rstrip("=")


def test_every_algorithm_that_may_sign_has_its_hash() -> None:
    assert set(_HASH) == ALGORITHMS


@pytest.mark.parametrize("algorithm", sorted(ALGORITHMS))
def test_hashes_are_those_of_the_tokens_own_algorithm(algorithm: str) -> None:
    right = {
        "at_hash": half_hash(algorithm, "access"),
        "c_hash": half_hash(algorithm, "code"),
    }
    verify(algorithm, access_token="access", code="code", **right)
    for name, code in (("at_hash", "oidc_at_hash_mismatch"), ("c_hash", "oidc_c_hash_mismatch")):
        for wrong in (right[name][:-1], right[name] + "=", right[name] + "A", ""):
            changed = {**right, name: wrong}
            refused = code_of(
                lambda c=changed: verify(algorithm, access_token="access", code="code", **c)
            )
            assert refused == code


def test_a_hash_is_compared_with_its_last_character_whatever_that_is() -> None:
    last: dict[str, str] = {}
    for number in range(2000):
        last.setdefault(half_hash("ES384", f"at-{number}")[-1], f"at-{number}")
    assert len(last) == 64
    for value in last.values():
        verify("ES384", access_token=value, at_hash=half_hash("ES384", value))


def test_a_hash_of_something_that_did_not_come_is_not_compared_but_must_be_a_string() -> None:
    assert verify(at_hash="x", c_hash="y").subject == "ada"
    assert code_of(lambda: verify(at_hash=5)) == "oidc_claim_invalid"


# --- userinfo ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "media_type",
    [None, "", "application/json", "text/plain", "application/json;charset=utf-8"],
)
def test_a_userinfo_answer_that_is_not_called_a_jwt_is_read_as_json(media_type: str | None) -> None:
    assert userinfo(media_type) == claims()


@pytest.mark.parametrize(
    "media_type", ["application/jwt", "Application/JWT", " application/jwt ; charset=utf-8"]
)
def test_a_userinfo_answer_that_is_called_a_jwt_must_be_signed(media_type: str) -> None:
    assert code_of(lambda: userinfo(media_type)) == "oidc_id_token_malformed"
    response = HttpResponse(200, {"content-type": media_type}, signed().encode())
    assert read_userinfo(response) == claims()


def test_line_breaks_around_a_signed_userinfo_are_not_part_of_it() -> None:
    assert signed_userinfo(b" \t\r\n", b"\r\n\t ") == claims()


@pytest.mark.parametrize("octets", [b"\x0b", b"\x0c", b"\x1c", b"\x85", b"\xa0", b"\xe9", b"X"])
def test_anything_else_around_a_signed_userinfo_is_refused(octets: bytes) -> None:
    refused = ("oidc_id_token_malformed", "oidc_signature_invalid")
    assert code_of(lambda: signed_userinfo(before=octets)) in refused
    assert code_of(lambda: signed_userinfo(after=octets)) in refused


@pytest.mark.parametrize("name", ["_claim_names", "_claim_sources"])
def test_claims_that_lie_elsewhere_are_refused_by_either_of_their_two_names(name: str) -> None:
    assert code_of(lambda: userinfo("", **{name: {}})) == "oidc_distributed_claims"
    assert code_of(lambda: signed_userinfo(**{name: {}})) == "oidc_distributed_claims"
