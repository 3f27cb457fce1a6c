"""Makes `cases.json`: session JWTs, good ones and bad ones with one fault each.

Signed with `cryptography` alone and put together by hand, so that neither the server nor an SDK is
asked what is right. The keys are new at each run and the private ones are not kept. What verifies
session JWTs, on the server and in each SDK, has to agree with every case.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

NOW = 1_800_000_000
PROJECT = "project-test-6c20cd16-73d5-44f7-852c-9a7e7b2ccf62"
OTHER = "project-test-00000000-0000-4000-8000-000000000000"
SESSION, ORGANIZATION = "https://stytch.com/session", "https://stytch.com/organization"


def encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def segment(value: object) -> str:
    return encode(json.dumps(value, separators=(",", ":")).encode())


def number(value: int) -> str:
    return encode(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def public_pem(key: rsa.RSAPrivateKey) -> str:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, form).decode()


def jwk(key: rsa.RSAPrivateKey, kid: str) -> dict[str, Any]:
    numbers = key.public_key().public_numbers()
    return {
        "kty": "RSA", "use": "sig", "key_ops": ["verify"], "alg": "RS256", "kid": kid,
        "x5c": [], "x5tS256": "", "n": number(numbers.n), "e": number(numbers.e),
    }  # fmt: skip


OURS, OLDER, STRANGER = (rsa.generate_private_key(65537, 2048) for _ in range(3))
HEADER = {"alg": "RS256", "typ": "JWT", "kid": "key-1"}
CLAIMS: dict[str, Any] = {
    "iss": f"stytch.com/{PROJECT}",
    "aud": [PROJECT],
    "sub": "member-test-1",
    "iat": NOW - 10,
    "nbf": NOW - 10,
    "exp": NOW + 290,
    SESSION: {
        "id": "member-session-test-1",
        "started_at": "2027-01-15T07:59:50Z",
        "last_accessed_at": "2027-01-15T07:59:50Z",
        "expires_at": "2027-01-15T08:59:50Z",
        "attributes": {"ip_address": "", "user_agent": ""},
        "authentication_factors": [],
        "roles": ["editor", "stytch_member"],
    },
    ORGANIZATION: {"organization_id": "organization-test-1", "slug": "acme"},
    "department": "Research",
}


def sign(
    claims: object = CLAIMS,
    header: Mapping[str, Any] = HEADER,
    key: rsa.RSAPrivateKey = OURS,
    digest: hashes.HashAlgorithm | None = None,
    payload: str = "",
) -> str:
    signed = f"{segment(header)}.{payload or segment(claims)}"
    signature = key.sign(signed.encode(), padding.PKCS1v15(), digest or hashes.SHA256())
    return f"{signed}.{encode(signature)}"


def with_(**changes: Any) -> dict[str, Any]:
    """The claims with changes; one that is None is left out."""
    return {name: v for name, v in {**CLAIMS, **changes}.items() if v is not None}


def header(**changes: Any) -> dict[str, Any]:
    return {name: v for name, v in {**HEADER, **changes}.items() if v is not None}


def other_spelling(token: str) -> str:
    """The same octets in base64url, written with stray bits in the last character."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return token[:-1] + alphabet[alphabet.index(token[-1]) ^ 1]


def with_hmac() -> str:
    signed = f"{segment(header(alg='HS256'))}.{segment(CLAIMS)}"
    mac = hmac.new(public_pem(OURS).encode(), signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{encode(mac)}"


def twice() -> str:
    """A payload that says `sub` twice: two readers, two members."""
    body = json.dumps(CLAIMS)
    return encode(f'{body[:-1]}, "sub": "member-test-2"}}'.encode())


def main() -> None:
    plain = sign()
    first, second, third = plain.split(".")
    good = {
        "as the server makes it": plain,
        "signed with a key that is still published": sign(header=header(kid="key-0"), key=OLDER),
        "aud as a string": sign(with_(aud=PROJECT)),
        "aud among others": sign(with_(aud=["somebody", PROJECT])),
        "no typ": sign(header=header(typ=None)),
        "typ in lower case": sign(header=header(typ="jwt")),
        "a moment early": sign(with_(nbf=NOW + 59, iat=NOW + 59)),
        "its last second": sign(with_(exp=NOW + 1)),
        "an unknown header": sign(header=header(x="y")),
    }
    bad = {
        "expired now": (sign(with_(exp=NOW)), "expired"),
        "expired long ago": (sign(with_(exp=NOW - 86400)), "expired"),
        "not valid yet": (sign(with_(nbf=NOW + 61)), "invalid"),
        "another issuer": (sign(with_(iss=f"stytch.com/{OTHER}")), "invalid"),
        "an issuer that only begins so": (sign(with_(iss=f"stytch.com/{PROJECT}.x")), "invalid"),
        "no issuer": (sign(with_(iss=None)), "invalid"),
        "another audience": (sign(with_(aud=[OTHER])), "invalid"),
        "an audience that only contains it": (sign(with_(aud=f"x{PROJECT}")), "invalid"),
        "no audience": (sign(with_(aud=None)), "invalid"),
        "no exp": (sign(with_(exp=None)), "invalid"),
        "no nbf": (sign(with_(nbf=None)), "invalid"),
        "no iat": (sign(with_(iat=None)), "invalid"),
        "exp as a string": (sign(with_(exp=str(NOW + 290))), "invalid"),
        "exp true": (sign(with_(exp=True)), "invalid"),
        "exp in milliseconds": (sign(with_(exp=(NOW + 290) * 1000)), "invalid"),
        "alg none": (f"{segment(header(alg='none'))}.{second}.", "invalid"),
        "alg none and a signature": (f"{segment(header(alg='none'))}.{second}.{third}", "invalid"),
        "HS256 with the public key as the secret": (with_hmac(), "invalid"),
        "RS512": (sign(header=header(alg="RS512"), digest=hashes.SHA512()), "invalid"),
        "no alg": (sign(header=header(alg=None)), "invalid"),
        "typ at+jwt": (sign(header=header(typ="at+jwt")), "invalid"),
        "crit": (sign(header=header(crit=["exp"])), "invalid"),
        "b64": (sign(header=header(b64=True)), "invalid"),
        "an unknown kid": (sign(header=header(kid="key-2")), "unknown_key"),
        "no kid": (sign(header=header(kid=None)), "invalid"),
        "a kid that is a number": (sign(header=header(kid=1)), "invalid"),
        "the kid of another key": (sign(header=header(kid="key-0")), "invalid"),
        "another signer": (sign(key=STRANGER), "invalid"),
        "another signer who brings the key along": (
            sign(header=header(jwk=jwk(STRANGER, "key-1")), key=STRANGER), "invalid",
        ),
        "another payload": (f"{first}.{segment(with_(sub='member-test-2'))}.{third}", "invalid"),
        "no signature": (f"{first}.{second}.", "invalid"),
        "a signature cut short": (plain[:-4], "invalid"),
        "a signature in another spelling": (other_spelling(plain), "invalid"),
        "padding": (f"{plain}==", "invalid"),
        "a member twice": (sign(payload=twice()), "invalid"),
        "a payload that is a list": (sign([CLAIMS]), "invalid"),
        "a payload that is no JSON": (sign(payload=encode(b"{")), "invalid"),
        "a header that is no JSON": (f"{encode(b'{')}.{second}.{third}", "invalid"),
        "two parts": (f"{first}.{second}", "invalid"),
        "four parts": (f"{plain}.{third}", "invalid"),
        "five parts": (f"{plain}.{third}.{third}", "invalid"),
        "a space before": (f" {plain}", "invalid"),
        "a line's end after": (f"{plain}\n", "invalid"),
        "letters beyond ASCII": (f"{plain[:-1]}é", "invalid"),
        "nothing": ("", "invalid"),
    }  # fmt: skip
    document = {
        "project_id": PROJECT,
        "now": NOW,
        "jwks": {"keys": [jwk(OURS, "key-1"), jwk(OLDER, "key-0")]},
        "public_keys": {"key-1": public_pem(OURS), "key-0": public_pem(OLDER)},
        "session": {
            "member_session_id": "member-session-test-1",
            "member_id": "member-test-1",
            "organization_id": "organization-test-1",
            "organization_slug": "acme",
            "roles": ["editor", "stytch_member"],
            "expires_at": "2027-01-15T08:59:50Z",
            "custom_claims": {"department": "Research"},
        },
        "good": [{"name": name, "token": token} for name, token in good.items()],
        "bad": [
            {"name": name, "token": token, "because": why} for name, (token, why) in bad.items()
        ],
    }
    place = Path(__file__).with_name("cases.json")
    place.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
