"""ID tokens and session JWTs beside PyJWT and the bare RSA operation."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime

import jwt as pyjwt
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from benchmarks.documents import GROUPS, KEYS
from benchmarks.measure import note, show, take_turns
from vestibule.protocols import jwt, oidc

ISSUER = "https://idp.example/oidc"
CLIENT = "client-1"


def run(*, quick: bool) -> None:
    rounds, seconds = (5, 0.05) if quick else (21, 0.15)
    pem = (KEYS / "idp.test-key.pem").read_text()
    key = jwt.read_signing_key("key-1", pem)
    private = load_pem_private_key(pem.encode(), None)
    assert isinstance(private, RSAPrivateKey)
    public = private.public_key()
    now = datetime.now(UTC)
    issued = int(now.timestamp())
    claims = {
        "iss": ISSUER,
        "aud": CLIENT,
        "sub": "1001",
        "iat": issued,
        "exp": issued + 3600,
        "auth_time": issued,
        "nonce": "n-0S6_WzA2Mj",
        "email": "ada@northwind.example",
        "name": "Ada Lovelace",
        "groups": list(GROUPS),
    }
    token = jwt.sign_jwt(claims, key)
    keys = jwt.read_jwks(json.dumps({"keys": [jwt.render_jwk(key, "key-1")]}).encode())
    provider = oidc.OidcProvider(ISSUER, f"{ISSUER}/a", f"{ISSUER}/t", "", f"{ISSUER}/k")
    client = oidc.OidcClient(CLIENT, "secret", "https://sso.example/callback")
    signing_input, _, signature = token.encode().rpartition(b".")
    raw_signature = base64.urlsafe_b64decode(signature + b"==")
    padding, sha256 = PKCS1v15(), SHA256()

    def ours() -> object:
        return oidc.verify_id_token(
            token, provider=provider, client=client, keys=keys, nonce="n-0S6_WzA2Mj", now=now,
            access_token=None,
        )  # fmt: skip

    def theirs() -> object:
        return pyjwt.decode(token, public, algorithms=["RS256"], audience=CLIENT, issuer=ISSUER)

    def floor() -> object:
        public.verify(raw_signature, signing_input, padding, sha256)
        return json.loads(base64.urlsafe_b64decode(signing_input.split(b".")[1] + b"=="))

    note(f"An ID token of {len(token)} characters, RS256, RSA of 2048 bits")
    cases = {
        "RSA verify + JSON": floor,
        "Vestibule, verify_id_token": ours,
        "PyJWT, decode (no nonce, no azp)": theirs,
    }
    show(take_turns(cases, rounds=rounds, seconds=seconds), "RSA verify + JSON")

    session = {
        "iss": "stytch.com/project-test-1", "aud": ["project-test-1"], "sub": "member-test-1",
        "iat": issued, "nbf": issued, "exp": issued + 300,
        "https://stytch.com/session": {"id": "member-session-test-1", "roles": ["viewer"]},
    }  # fmt: skip
    octets = json.dumps(session).encode()

    def sign_floor() -> object:
        return private.sign(octets, padding, sha256)

    def sign_ours() -> object:
        return jwt.sign_jwt(session, key)

    def sign_theirs() -> object:
        return pyjwt.encode(session, private, algorithm="RS256")

    def parse_skipping() -> object:
        return load_pem_private_key(pem.encode(), None, unsafe_skip_rsa_key_validation=True)

    note("A session JWT, RS256; and what reading a stored key from PEM takes without a cache")
    cases = {
        "RSA sign": sign_floor,
        "Vestibule, sign_jwt": sign_ours,
        "PyJWT, encode": sign_theirs,
        "parse a stored private key": parse_skipping,
    }
    show(take_turns(cases, rounds=rounds, seconds=seconds), "RSA sign")
