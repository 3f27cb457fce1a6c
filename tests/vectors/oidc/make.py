"""Makes every OpenID Connect vector in this folder, the good ones and the bad ones.

Owns the shapes of identity providers that were met in the wild, and one fault per bad case. Knows
nothing of our code: tokens are put together by hand and signed with plain `cryptography`, so that
a mistake of ours cannot hide in its own test data. A run rewrites all; keys in `keys/` stay.

    python tests/vectors/oidc/make.py
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

HERE = Path(__file__).parent
NOW = int(datetime(2026, 11, 20, 12, 0, 0, tzinfo=UTC).timestamp())
NONCE = "n-9cY0wJq2T3mZ7sLxk4uA"
CODE = "code-SplxlOBeZQQYbYS6WxSbIA"
ACCESS_TOKEN = "at-SlAV32hkKG.example"
ISSUER = "https://idp.example"
CLIENT_ID = "vestibule-client"
CLIENT_SECRET = "s3cret:with%odd&chars"
SUBJECT = "248289761001"
KEYS: dict[str, Any] = {
    "rsa-1": lambda: rsa.generate_private_key(65537, 2048),
    "rsa-2": lambda: rsa.generate_private_key(65537, 2048),
    "rsa-stranger": lambda: rsa.generate_private_key(65537, 2048),
    "rsa-weak": lambda: rsa.generate_private_key(65537, 1024),  # noqa: S505
    "p256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "p384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "p521": lambda: ec.generate_private_key(ec.SECP521R1()),
    "ed25519": ed25519.Ed25519PrivateKey.generate,
    "ed448": ed448.Ed448PrivateKey.generate,
}
CURVES = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}
HASHES = {"256": hashes.SHA256, "384": hashes.SHA384, "512": hashes.SHA512}


# --- keys and tokens ----------------------------------------------------------------------------


def load_keys() -> dict[str, Any]:
    (HERE / "keys").mkdir(exist_ok=True)
    keys = {}
    for name, generate in KEYS.items():
        path = HERE / "keys" / f"{name}.pem"
        if not path.exists():
            pem = generate().private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            path.write_bytes(pem)
        keys[name] = serialization.load_pem_private_key(path.read_bytes(), None)
    return keys


def b64(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def number(value: int, size: int = 0) -> str:
    return b64(value.to_bytes(size or (value.bit_length() + 7) // 8, "big"))


def jwk(name: str, **members: Any) -> dict[str, Any]:
    """The public JWK of a stored key. Members that are None are left out."""
    public = KEY[name].public_key()
    if isinstance(public, rsa.RSAPublicKey):
        numbers = public.public_numbers()
        material = {"kty": "RSA", "n": number(numbers.n), "e": number(numbers.e)}
    elif isinstance(public, ec.EllipticCurvePublicKey):
        point, size = public.public_numbers(), (public.curve.key_size + 7) // 8
        material = {
            "kty": "EC",
            "crv": CURVES[public.curve.name],
            "x": number(point.x, size),
            "y": number(point.y, size),
        }
    else:
        crv = "Ed25519" if name == "ed25519" else "Ed448"
        material = {"kty": "OKP", "crv": crv, "x": b64(public.public_bytes_raw())}
    every = {**material, "kid": name, "use": "sig", **members}
    return {member: value for member, value in every.items() if value is not None}


def jwks(*keys: Any) -> dict[str, Any]:
    return {"keys": list(keys)}


def sign(alg: str, name: str, message: bytes) -> bytes:
    key = KEY[name]
    if alg == "EdDSA":
        return bytes(key.sign(message))
    hash_ = HASHES[alg[2:]]()
    if alg.startswith("ES"):
        der = key.sign(message, ec.ECDSA(hash_, deterministic_signing=True))
        size = (key.curve.key_size + 7) // 8
        return b"".join(part.to_bytes(size, "big") for part in decode_dss_signature(der))
    pad = padding.PKCS1v15()
    if alg.startswith("PS"):
        pad = padding.PSS(padding.MGF1(HASHES[alg[2:]]()), hash_.digest_size)
    return bytes(key.sign(message, pad, hash_))


def token(
    claims: Mapping[str, Any] | str,
    *,
    alg: str = "RS256",
    key: str = "rsa-1",
    header: Mapping[str, Any] | str | None = None,
    signature: bytes | None = None,
) -> str:
    """A compact JWS. A header or claims given as text go in as they are; None leaves out."""
    if not isinstance(header, str):
        every = {"alg": alg, "typ": "JWT", "kid": key, **(header or {})}
        header = json.dumps({name: value for name, value in every.items() if value is not None})
    payload = claims if isinstance(claims, str) else json.dumps(claims)
    message = f"{b64(header.encode())}.{b64(payload.encode())}"
    octets = sign(alg, key, message.encode()) if signature is None else signature
    return f"{message}.{b64(octets)}"


def half(value: str, alg: str = "256") -> str:
    digest = hashlib.new(f"sha{alg}", value.encode()).digest()
    return b64(digest[: len(digest) // 2])


def claims(**changes: Any) -> dict[str, Any]:
    """The claims of a good ID token; a change to None leaves the claim out."""
    every = {
        "iss": ISSUER,
        "sub": SUBJECT,
        "aud": CLIENT_ID,
        "exp": NOW + 300,
        "iat": NOW,
        "nonce": NONCE,
        **changes,
    }
    return {name: value for name, value in every.items() if value is not None}


def patched(text_of: Mapping[str, Any], old: str, new: str) -> str:
    text = json.dumps(text_of)
    if old not in text:
        raise ValueError(old)
    return text.replace(old, new)


# --- folders ------------------------------------------------------------------------------------


def toml(values: Mapping[str, Any], prefix: str = "") -> str:
    lines, tables = [], []
    for name, value in values.items():
        if isinstance(value, Mapping):
            path = f"{prefix}{json.dumps(name)}"
            tables.append(f"\n[{path}]\n" + toml(value, f"{path}."))
        else:
            lines.append(f"{json.dumps(name) if prefix else name} = {scalar(value)}\n")
    return "".join(lines) + "".join(tables)


def scalar(value: Any) -> str:
    if isinstance(value, list | tuple):
        return "[" + ", ".join(scalar(one) for one in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def put(path: str, case: Mapping[str, Any], files: Mapping[str, Any]) -> None:
    folder = HERE / path
    folder.mkdir(parents=True)
    case = {"origin": "made by tests/vectors/oidc/make.py", "now": NOW, **case}
    (folder / "case.toml").write_text(toml(case))
    for name, content in files.items():
        if isinstance(content, bytes):
            (folder / name).write_bytes(content)
        else:
            text = content if isinstance(content, str) else json.dumps(content, indent=1) + "\n"
            (folder / name).write_text(text)


def discovery(issuer: str = ISSUER, **changes: Any) -> dict[str, Any]:
    base = issuer.rstrip("/")
    every = {
        "issuer": issuer,
        "authorization_endpoint": f"{base}/authorize",
        "token_endpoint": f"{base}/token",
        "userinfo_endpoint": f"{base}/userinfo",
        "jwks_uri": f"{base}/jwks",
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "scopes_supported": ["openid", "email", "profile"],
        **changes,
    }
    return {name: value for name, value in every.items() if value is not None}


def grant(**changes: Any) -> dict[str, Any]:
    every = {
        "access_token": ACCESS_TOKEN,
        "token_type": "Bearer",
        "expires_in": 3600,
        "refresh_token": "rt-8xLOxBtZp8",
        **changes,
    }
    return {name: value for name, value in every.items() if value is not None}


def good(
    name: str, step: str, why: str, files: Mapping[str, Any], expected: Any = None, **more: Any
) -> None:
    case = {"step": step, "why": why, **more, "expected": expected or {}}
    put(f"good/{name}", case, files)


def bad(
    code: str,
    name: str,
    step: str,
    why: str,
    spec: str,
    files: Mapping[str, Any] | None = None,
    **more: Any,
) -> None:
    case = {"step": step, "code": code, "spec": spec, "why": why, **more}
    put(f"bad/{code}/{name}", case, files or {})


# --- providers that were met ----------------------------------------------------------------------


def trip(
    idp: str,
    name: str,
    *,
    seen: str,
    why: str,
    issuer: str,
    token_claims: Mapping[str, Any],
    alg: str = "RS256",
    key: str = "rsa-1",
    header: Mapping[str, Any] | None = None,
    keys: Any = None,
    answer: Mapping[str, Any] | None = None,
    userinfo: Mapping[str, Any] | str | None = None,
    callback: Mapping[str, str] | None = None,
    document: Mapping[str, Any] | None = None,
    expected: Mapping[str, Any] | None = None,
    **more: Any,
) -> None:
    """A whole sign-in at one provider, from its discovery document to the merged claims."""
    signed = token(claims(iss=issuer, **token_claims), alg=alg, key=key, header=header)
    files: dict[str, Any] = {
        "discovery.json": discovery(
            issuer, **{"id_token_signing_alg_values_supported": [alg], **(document or {})}
        ),
        "jwks.json": keys or jwks(jwk(key)),
        "token.json": grant(id_token=signed, **(answer or {})),
    }
    if isinstance(userinfo, str):
        files["userinfo.jwt"] = userinfo
    elif userinfo is not None:
        files["userinfo.json"] = userinfo
    wanted = {"subject": token_claims.get("sub", SUBJECT), **(expected or {})}
    query = {"code": CODE, "state": "state-1", **(callback or {})}
    good(
        f"{idp}/{name}",
        "trip",
        why,
        files,
        wanted,
        origin=f"made by tests/vectors/oidc/make.py in the shape of {seen}",
        issuer=issuer,
        callback=query,
        **more,
    )


def make_providers() -> None:
    node = "https://op.node.example"
    trip(
        "oidc-provider",
        "rs256_email_in_userinfo",
        seen="oidc-provider 9.13",
        issuer=node,
        why="no at_hash, e-mail only in UserInfo, iss in the callback",
        token_claims={},
        callback={"iss": node},
        document={"authorization_response_iss_parameter_supported": True},
        userinfo={"sub": SUBJECT, "email": "ada@corp.example", "email_verified": True},
        conformance=["oidcc-client-test-scope-userinfo-claims", "oidcc-client-test"],
        expected={"email": "ada@corp.example"},
    )
    answer = claims(iss=node, nonce=None, exp=None, iat=None, email="ada@corp.example")
    trip(
        "oidc-provider",
        "signed_userinfo",
        seen="oidc-provider 9.13",
        issuer=node,
        why="UserInfo as a signed JWT",
        token_claims={},
        userinfo=token(answer, header={"typ": None}),
        conformance=["oidcc-client-test-userinfo-signed"],
        expected={"email": "ada@corp.example"},
    )
    trip(
        "oidc-provider",
        "es256",
        seen="oidc-provider 9.13",
        issuer=node,
        alg="ES256",
        key="p256",
        why="ES256, the EC key beside an RSA key",
        token_claims={},
        keys=jwks(jwk("rsa-1", alg="RS256"), jwk("p256", alg="ES256")),
        userinfo={"sub": SUBJECT, "email": "ada@corp.example"},
    )
    trip(
        "oidc-provider",
        "eddsa",
        seen="oidc-provider 9.13",
        issuer=node,
        alg="EdDSA",
        key="ed25519",
        why="Ed25519, with at_hash by SHA-512",
        token_claims={"at_hash": half(ACCESS_TOKEN, "512"), "email": "ada@corp.example"},
        expected={"email": "ada@corp.example"},
    )
    lemon = "https://auth.lemon.example/"
    trip(
        "lemonldap",
        "rs512_array_audience",
        seen="LemonLDAP::NG 2.16",
        issuer=lemon,
        alg="RS512",
        why="aud and azp, at_hash by SHA-512, session_state, no email_verified, a trailing slash",
        token_claims={
            "sub": "dwho",
            "aud": [CLIENT_ID],
            "azp": CLIENT_ID,
            "acr": "loa-2",
            "at_hash": half(ACCESS_TOKEN, "512"),
            "auth_time": NOW - 5,
        },
        callback={"session_state": "c2Vzc2lvbg.Zm9v"},
        userinfo={"sub": "dwho", "email": "dwho@badwolf.example", "name": "Doctor Who"},
        expected={"email": "dwho@badwolf.example"},
    )
    trip(
        "satosa",
        "array_audience",
        seen="SATOSA 8.6 / pyop",
        issuer="https://satosa.example",
        why="aud an array of one, claims only in UserInfo, a bare jwks without alg",
        token_claims={"aud": [CLIENT_ID]},
        keys=jwks(jwk("rsa-1", alg=None)),
        userinfo={"sub": SUBJECT, "email": "ada@corp.example", "given_name": "Ada"},
        expected={"email": "ada@corp.example"},
    )
    glewlwyd = "https://glewlwyd.example/api/oidc"
    trip(
        "glewlwyd",
        "auth_time_zero",
        seen="Glewlwyd 2.7",
        issuer=glewlwyd,
        why="auth_time 0, token_type in lower case, issuer with a path, iss in the callback",
        token_claims={"auth_time": 0, "jti": "hjK2", "azp": CLIENT_ID, "c_hash": half(CODE)},
        answer={"token_type": "bearer"},
        callback={"iss": glewlwyd},
        document={"authorization_response_iss_parameter_supported": True},
        userinfo={"sub": SUBJECT, "email": "ada@corp.example"},
    )
    trip(
        "django-oauth-toolkit",
        "retired_keys",
        seen="django-oauth-toolkit 3.4",
        issuer="https://django.example/o",
        why="issuer /o, a retired key still published",
        token_claims={"at_hash": half(ACCESS_TOKEN), "jti": "b1"},
        key="rsa-2",
        keys=jwks(jwk("rsa-1", alg="RS256"), jwk("rsa-2", alg="RS256")),
        answer={"scope": "openid email", "expires_in": 36000},
        userinfo={"sub": SUBJECT, "email": "ada@corp.example"},
        conformance=["oidcc-client-test-signing-key-rotation"],
    )
    trip(
        "canaille",
        "float_auth_time",
        seen="Canaille 0.3",
        issuer="https://canaille.example",
        why="auth_time a float, aud an array, scope as granted",
        token_claims={
            "aud": [CLIENT_ID],
            "auth_time": NOW - 12.25,
            "at_hash": half(ACCESS_TOKEN),
            "email": "ada@corp.example",
            "name": "Ada",
        },
        answer={"expires_in": 864000, "scope": "openid profile email"},
        userinfo={"sub": SUBJECT, "name": "Ada Lovelace"},
        document={
            "token_endpoint_auth_methods_supported": [
                "none",
                "client_secret_post",
                "client_secret_basic",
                "client_secret_jwt",
            ]
        },
        expected={"email": "ada@corp.example", "name": "Ada Lovelace"},
    )
    entra = "https://login.entra.example/72f988bf-86f1-41af-91ab-2d7cd011db47/v2.0"
    trip(
        "entra",
        "v2_tenant",
        seen="Microsoft Entra ID v2.0",
        issuer=entra,
        why="issuer with the tenant, keys without alg, x5c and x5t in them, nbf, opaque claims",
        token_claims={
            "sub": "AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ",
            "nbf": NOW - 300,
            "iat": NOW - 300,
            "oid": "00000000-0000-0000-66f3-3332eca7ea81",
            "ver": "2.0",
            "tid": "72f988bf-86f1-41af-91ab-2d7cd011db47",
            "uti": "z7L0",
            "rh": "0.AX",
            "preferred_username": "ada@corp.example",
            "email": "ada@corp.example",
        },
        keys=jwks(
            jwk("rsa-1", x5t="rsa-1", x5c=["MIIC"], issuer=entra),
            jwk("rsa-2", x5t="rsa-2", x5c=["MIIC"], issuer=entra),
        ),
        answer={"scope": "openid profile email", "ext_expires_in": 3600, "refresh_token": None},
        document={
            "token_endpoint_auth_methods_supported": [
                "client_secret_post",
                "private_key_jwt",
                "client_secret_basic",
                "self_signed_tls",
            ],
            "request_uri_parameter_supported": False,
            "cloud_instance_name": "entra.example",
        },
        expected={"email": "ada@corp.example"},
    )
    trip(
        "okta",
        "org_server",
        seen="Okta",
        issuer="https://corp.okta.example",
        key="rsa-2",
        why="amr, idp, at_hash, ver as a number; two keys, one of them new",
        token_claims={
            "sub": "00uid4BxXw6I6TV4m0g3",
            "amr": ["pwd", "mfa"],
            "idp": "00ok1u7A",
            "ver": 1,
            "jti": "ID.jti",
            "at_hash": half(ACCESS_TOKEN),
            "auth_time": NOW - 600,
            "email": "ada@corp.example",
            "groups": ["Everyone", "Editors"],
        },
        keys=jwks(jwk("rsa-2", alg="RS256"), jwk("rsa-1", alg="RS256")),
        document={
            "id_token_signing_alg_values_supported": ["RS256"],
            "end_session_endpoint": "https://corp.okta.example/oauth2/v1/logout",
        },
        userinfo={"sub": "00uid4BxXw6I6TV4m0g3", "zoneinfo": "Europe/London"},
    )
    trip(
        "google",
        "workspace",
        seen="Google Workspace",
        issuer="https://accounts.google.example",
        why="azp and hd, expires_in one second short, scopes as URLs, no refresh token",
        token_claims={
            "azp": CLIENT_ID,
            "hd": "corp.example",
            "email": "ada@corp.example",
            "email_verified": True,
            "at_hash": half(ACCESS_TOKEN),
        },
        keys=jwks(jwk("rsa-2", alg="RS256"), jwk("rsa-1", alg="RS256")),
        answer={
            "expires_in": 3599,
            "refresh_token": None,
            "scope": "https://www.googleapis.com/auth/userinfo.email openid",
        },
        callback={"scope": "email openid", "authuser": "0", "hd": "corp.example", "prompt": "none"},
        expected={"email": "ada@corp.example"},
    )
    realm = "https://keycloak.example/realms/corp"
    trip(
        "keycloak",
        "ps256_beside_encryption_key",
        seen="Keycloak 26",
        issuer=realm,
        alg="PS256",
        why="PS256, an RSA-OAEP key in the set, typ of the claims, not-before-policy, iss",
        token_claims={
            "typ": "ID",
            "azp": CLIENT_ID,
            "sid": "5f4e",
            "acr": "1",
            "auth_time": NOW - 3,
            "at_hash": half(ACCESS_TOKEN),
            "jti": "c1",
            "email": "ada@corp.example",
        },
        keys=jwks(jwk("rsa-2", use="enc", alg="RSA-OAEP"), jwk("rsa-1", alg="PS256")),
        answer={
            "not-before-policy": 0,
            "session_state": "5f4e",
            "refresh_expires_in": 1800,
            "scope": "openid email profile",
        },
        callback={"session_state": "5f4e", "iss": realm},
        document={
            "authorization_response_iss_parameter_supported": True,
            "id_token_signing_alg_values_supported": ["PS256", "ES256", "RS256", "HS256"],
            "userinfo_signing_alg_values_supported": ["RS256", "none"],
        },
        userinfo={"sub": SUBJECT, "email": "ada@corp.example", "email_verified": False},
        expected={"email": "ada@corp.example"},
    )


def make_good_shapes() -> None:
    """Single steps that must pass, the first of each kind being what the bad cases are made of."""

    def id_token(name: str, why: str, jwt: str, keys: Any = None, **more: Any) -> None:
        files = {"token.jwt": jwt, "jwks.json": keys or jwks(jwk("rsa-1"))}
        good(f"plain/{name}", "id_token", why, files, {"subject": SUBJECT}, **more)

    id_token(
        "base",
        "the token that every bad one is made of",
        token(claims()),
        conformance=["oidcc-client-test-idtoken-sig-rs256"],
    )
    id_token(
        "kid_absent_one_key",
        "one key needs no name",
        token(claims(), header={"kid": None}),
        conformance=["oidcc-client-test-kid-absent-single-jwks"],
    )
    id_token(
        "kid_absent_one_fitting_key",
        "the EC key cannot be meant",
        token(claims(), header={"kid": None}),
        jwks(jwk("p256"), jwk("rsa-1", kid=None)),
    )
    id_token("typ_absent", "typ is optional", token(claims(), header={"typ": None}))
    id_token("typ_lower_case", "media types ignore case", token(claims(), header={"typ": "jwt"}))
    id_token(
        "header_jwk_is_ignored",
        "a jwk in the header chooses nothing",
        token(claims(), header={"jwk": jwk("rsa-stranger"), "jku": "https://evil.example"}),
    )
    id_token(
        "rotated_key_after_refetch",
        "the second answer of the JWK Set has the new key",
        token(claims(), key="rsa-2"),
        jwks(jwk("rsa-1"), jwk("rsa-2")),
        conformance=["oidcc-client-test-signing-key-rotation-just-before-signing"],
    )
    id_token(
        "unusable_keys_beside",
        "unknown, broken and secret keys are skipped",
        token(claims()),
        jwks(
            {"kty": "AKP", "kid": "pq"},
            "nonsense",
            {"kty": "RSA", "kid": "x", "n": "!"},
            {"kty": "oct", "kid": "oct", "k": "c2VjcmV0"},
            jwk("rsa-weak"),
            jwk("rsa-1"),
        ),
        conformance=["oidcc-client-test-discovery-jwks-uri-keys"],
    )
    id_token(
        "same_kid_other_type",
        "kid and alg together choose",
        token(claims()),
        jwks(jwk("p256", kid="rsa-1"), jwk("rsa-1")),
    )
    id_token(
        "just_inside_the_skew",
        "two minutes are forgiven",
        token(claims(exp=NOW - 119, iat=NOW + 119, nbf=NOW + 119)),
    )
    id_token("azp_is_us", "azp may be there", token(claims(azp=CLIENT_ID, aud=[CLIENT_ID])))
    id_token(
        "fractional_times",
        "a NumericDate may have a fraction",
        token(claims(exp=NOW + 300.5, iat=NOW - 0.5)),
    )
    id_token(
        "fresh_enough",
        "max_age was asked and kept",
        token(claims(auth_time=NOW - 60)),
        input={"max_age": 300},
    )
    id_token("c_hash", "c_hash of the code", token(claims(c_hash=half(CODE))))
    id_token(
        "unicode_claims",
        "a pair of surrogates is one character",
        token(claims(name="Ad\U0001f600 \u00e9")),
    )
    for alg, key in (
        ("RS384", "rsa-1"),
        ("RS512", "rsa-1"),
        ("PS256", "rsa-1"),
        ("PS384", "rsa-1"),
        ("PS512", "rsa-1"),
        ("ES256", "p256"),
        ("ES384", "p384"),
        ("ES512", "p521"),
        ("EdDSA", "ed25519"),
    ):
        hash_ = "512" if alg == "EdDSA" else alg[2:]
        jwt = token(claims(at_hash=half(ACCESS_TOKEN, hash_)), alg=alg, key=key)
        id_token(f"alg_{alg.lower()}", f"{alg} with its at_hash", jwt, jwks(jwk(key, alg=alg)))
    refreshed = {"subject": SUBJECT}
    for name, changes in (("without_nonce", {"nonce": None}), ("with_nonce", {})):
        files = {"token.jwt": token(claims(**changes)), "jwks.json": jwks(jwk("rsa-1"))}
        good(
            f"plain/refresh_{name}",
            "refresh",
            "a nonce may be there or not",
            files,
            refreshed,
            conformance=["oidcc-client-test-refresh-token"],
        )
    good(
        "plain/discovery",
        "discovery",
        "the document that the bad ones are made of",
        {"body": discovery()},
        conformance=["oidcc-client-test-discovery-openid-config"],
    )
    good(
        "plain/discovery_trailing_slash",
        "discovery",
        "the slash belongs to the issuer",
        {"body": discovery("https://tenant.auth0.example/")},
        issuer="https://tenant.auth0.example/",
    )
    good(
        "plain/discovery_minimal",
        "discovery",
        "optional members may be missing",
        {
            "body": discovery(
                userinfo_endpoint=None,
                scopes_supported=None,
                token_endpoint_auth_methods_supported=None,
            )
        },
    )
    for name, value in (("string", "3600"), ("float", 3600.0), ("number", 3600)):
        good(
            f"plain/token_expires_in_{name}",
            "token",
            "met in the wild",
            {"body": grant(expires_in=value)},
            {"expires_in": 3600},
        )
    good(
        "plain/token_without_expires_in",
        "token",
        "expires_in is recommended only",
        {"body": grant(expires_in=None)},
    )
    good(
        "plain/token_type_upper_case",
        "token",
        "token_type ignores case",
        {"body": grant(token_type="BEARER")},
        {"expires_in": 3600},
    )
    good(
        "plain/userinfo",
        "userinfo",
        "the answer that the bad ones are made of",
        {"body": {"sub": SUBJECT, "email": "ada@corp.example"}},
        conformance=["oidcc-client-test-userinfo-bearer-header"],
    )
    good(
        "plain/callback",
        "callback",
        "a code and nothing else",
        {},
        query={"code": CODE},
        conformance=["oidcc-client-test-client-secret-basic"],
    )


# --- one thing wrong ------------------------------------------------------------------------------


def bad_id_token(code: str, name: str, why: str, jwt: str, keys: Any = None, **more: Any) -> None:
    spec = more.pop("spec", "OIDC Core §3.1.3.7")
    files = {"token.jwt": jwt, "jwks.json": keys or jwks(jwk("rsa-1"))}
    bad(code, name, "id_token", why, spec, files, **more)


def mac(secret: bytes, kid: str | None = "rsa-1") -> str:
    header = {"alg": "HS256", "typ": "JWT", **({"kid": kid} if kid else {})}
    message = f"{b64(json.dumps(header).encode())}.{b64(json.dumps(claims()).encode())}"
    return f"{message}.{b64(hmac.digest(secret, message.encode(), 'sha256'))}"


def make_bad_algorithms() -> None:
    def forbidden(name: str, why: str, jwt: str, keys: Any = None, **more: Any) -> None:
        spec = "RFC 8725 §3.1"
        bad_id_token("oidc_algorithm_forbidden", name, why, jwt, keys, spec=spec, **more)

    pem = (
        KEY["rsa-1"]
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    forbidden(
        "none",
        "an unsigned token",
        token(claims(), header={"alg": "none"}, signature=b""),
        conformance=["oidcc-client-test-idtoken-sig-none"],
    )
    for name, spelling in (("capital", "None"), ("upper", "NONE"), ("mixed", "nOnE")):
        forbidden(
            f"none_{name}",
            "algorithm names do not ignore case",
            token(claims(), header={"alg": spelling}, signature=b""),
        )
    forbidden(
        "none_with_signature",
        "none with a true RS256 signature behind it",
        token(claims(), header={"alg": "none"}),
    )
    forbidden(
        "none_without_kid",
        "none where the only key would be chosen",
        token(claims(), header={"alg": "none", "kid": None}, signature=b""),
    )
    forbidden("empty", "an empty alg", token(claims(), header={"alg": ""}))
    forbidden("lower_case", "rs256 is no algorithm", token(claims(), header={"alg": "rs256"}))
    forbidden("hs256_public_key", "the public key as a MAC secret (CVE-2015-9235)", mac(pem))
    forbidden("hs256_public_key_without_kid", "the same without a kid", mac(pem, None))
    forbidden(
        "hs256_client_secret",
        "the client secret as a MAC secret",
        mac(CLIENT_SECRET.encode()),
        conformance=["oidcc-client-test-invalid-sig-hs256"],
    )
    forbidden(
        "hs256_oct_in_jwks",
        "a secret published as a key",
        mac(b"secret", "oct"),
        jwks({"kty": "oct", "kid": "oct", "k": b64(b"secret"), "alg": "HS256"}),
    )
    forbidden(
        "hs256_advertised",
        "advertising a MAC does not allow it",
        mac(b"", None),
        provider={"id_token_signing_algs": ["HS256", "none"]},
    )
    forbidden(
        "unknown",
        "at_hash cannot be known for RS1024 (CVE-2026-28498)",
        token(claims(at_hash="x"), header={"alg": "RS1024"}),
    )
    forbidden(
        "es256k", "a curve that is not on the list", token(claims(), header={"alg": "ES256K"})
    )
    forbidden(
        "not_advertised",
        "RS512 where only RS256 was advertised",
        token(claims(), alg="RS512"),
        provider={"id_token_signing_algs": ["RS256"]},
    )
    forbidden(
        "other_than_jwk_alg",
        "a key for PS256 signed with RS256",
        token(claims()),
        jwks(jwk("rsa-1", alg="PS256")),
    )
    forbidden(
        "other_key_type",
        "ES256 in the header, the named key is RSA",
        token(claims(), alg="ES256", key="p256", header={"kid": "rsa-1"}),
    )
    forbidden(
        "rs256_named_ec_key",
        "RS256 in the header, the named key is EC",
        token(claims(), header={"kid": "p256"}),
        jwks(jwk("p256")),
    )
    forbidden(
        "es256_p384",
        "ES256 with a key on P-384",
        token(claims(), header={"alg": "ES256", "kid": "p384"}),
        jwks(jwk("p384")),
    )
    bad_id_token(
        "oidc_id_token_encrypted",
        "five_parts",
        "a JWE",
        ".".join([b64(b'{"alg":"RSA-OAEP","enc":"A128GCM"}'), *("eHh4",) * 4]),
    )


def make_bad_headers_and_keys() -> None:
    def header(name: str, why: str, spec: str, **members: Any) -> None:
        bad_id_token("oidc_header_forbidden", name, why, token(claims(), header=members), spec=spec)

    header(
        "crit_unknown",
        "an extension that must be understood",
        "RFC 7515 §4.1.11",
        crit=["exp"],
        exp=NOW + 60,
    )
    header("crit_empty", "an empty list is not allowed either", "RFC 7515 §4.1.11", crit=[])
    header("crit_b64", "an unencoded payload", "RFC 7797 §6", crit=["b64"], b64=False)
    header("b64_alone", "b64 without crit", "RFC 7797 §6", b64=True)
    header("typ_at_jwt", "an access token", "RFC 9068 §4", typ="at+jwt")
    header("typ_logout", "a logout token", "OIDC Back-Channel Logout §2.4", typ="logout+jwt")
    header("typ_number", "typ is a string", "RFC 7515 §4.1.9", typ=5)
    stranger = jwk("rsa-stranger")
    for name, members in (
        ("header_jwk", {"jwk": stranger, "kid": "rsa-stranger"}),
        ("header_jku", {"jku": "https://evil.example/jwks", "kid": "rsa-stranger"}),
        ("header_x5u", {"x5u": "https://evil.example/cert", "kid": "rsa-stranger"}),
        ("header_x5c", {"x5c": ["MIIBszCCAVmgAwIBAgIU"], "kid": "rsa-stranger"}),
        ("kid_traversal", {"kid": "../../../../dev/null"}),
        ("kid_injection", {"kid": "rsa-1' OR '1'='1"}),
        ("kid_padded", {"kid": "rsa-1 "}),
        ("kid_case", {"kid": "RSA-1"}),
        ("kid_empty", {"kid": ""}),
    ):
        bad_id_token(
            "oidc_key_not_found",
            name,
            "the header chooses among our keys, no more",
            token(claims(), key="rsa-stranger", header=members),
            spec="RFC 8725 §3.10",
        )
    for name, members in (
        ("jwk_without_kid", {"jwk": stranger, "kid": None}),
        ("jwk_with_our_kid", {"jwk": stranger, "kid": "rsa-1"}),
        ("jku_with_our_kid", {"jku": "https://evil.example", "kid": "rsa-1"}),
    ):
        bad_id_token(
            "oidc_signature_invalid",
            name,
            "the header brings its own key",
            token(claims(), key="rsa-stranger", header=members),
            spec="RFC 8725 §3.10",
        )
    bad_id_token(
        "oidc_key_not_found",
        "rotated",
        "signed with a key published a moment later",
        token(claims(), key="rsa-2"),
        spec="OIDC Core §10.1.1",
        conformance=["oidcc-client-test-signing-key-rotation-just-before-signing"],
    )
    for name, keys in (
        ("empty_set", jwks()),
        ("use_enc", jwks(jwk("rsa-1", use="enc"))),
        ("key_ops_encrypt", jwks(jwk("rsa-1", key_ops=["encrypt"]))),
        ("key_ops_string", jwks(jwk("rsa-1", key_ops="verify"))),
        ("private_key_published", jwks(jwk("rsa-1", d="AQAB"))),
        ("kid_number", jwks(jwk("rsa-1", kid=1))),
        ("exponent_huge", jwks(jwk("rsa-1", e=b64(b"\x01" * 32)))),
        ("exponent_one", jwks(jwk("rsa-1", e="AQ"))),
        ("modulus_huge", jwks(jwk("rsa-1", n=b64(b"\x81" * 1100)))),
        ("modulus_missing", jwks(jwk("rsa-1", n=None))),
    ):
        bad_id_token(
            "oidc_key_not_found",
            name,
            "the only key cannot be used",
            token(claims()),
            keys,
            spec="RFC 7517 §4",
        )
    bad_id_token(
        "oidc_key_not_found",
        "weak_rsa",
        "1024 bits",
        token(claims(), key="rsa-weak"),
        jwks(jwk("rsa-weak")),
        spec="RFC 7518 §3.3",
    )
    bad_id_token(
        "oidc_key_not_found",
        "ed448",
        "a curve that is not on the list",
        token(claims(), alg="EdDSA", key="ed448"),
        jwks(jwk("ed448")),
        spec="RFC 8037 §3.1",
    )
    bad_id_token(
        "oidc_key_not_found",
        "point_off_the_curve",
        "a point that is not on P-256",
        token(claims(), alg="ES256", key="p256"),
        jwks(jwk("p256", y=b64(b"\x01" * 32))),
        spec="RFC 7518 §6.2.1",
    )
    bad_id_token(
        "oidc_key_not_found",
        "kid_absent_none_fits",
        "no kid and only an EC key",
        token(claims(), header={"kid": None}),
        jwks(jwk("p256")),
        spec="OIDC Core §10.1",
    )
    bad_id_token(
        "oidc_key_ambiguous",
        "kid_absent_two_keys",
        "either may be meant",
        token(claims(), header={"kid": None}),
        jwks(jwk("rsa-1"), jwk("rsa-2")),
        spec="OIDC Core §10.1",
        conformance=["oidcc-client-test-kid-absent-multiple-jwks"],
    )
    bad_id_token(
        "oidc_key_ambiguous",
        "same_kid_twice",
        "two keys of one name",
        token(claims()),
        jwks(jwk("rsa-1"), jwk("rsa-2", kid="rsa-1")),
        spec="RFC 7517 §4.5",
    )


def make_bad_signatures() -> None:
    def wrong(name: str, why: str, jwt: str, keys: Any = None, **more: Any) -> None:
        bad_id_token("oidc_signature_invalid", name, why, jwt, keys, spec="RFC 7515 §5.2", **more)

    true = token(claims())
    head, body, tail = true.split(".")
    flipped = bytearray(base64.urlsafe_b64decode(tail + "=="))
    flipped[7] ^= 1
    wrong(
        "one_bit",
        "one bit of the signature",
        f"{head}.{body}.{b64(bytes(flipped))}",
        conformance=["oidcc-client-test-invalid-sig-rs256"],
    )
    wrong("empty", "the signature cut off", f"{head}.{body}.")
    wrong("truncated", "the last octet cut off", f"{head}.{body}.{b64(bytes(flipped)[:-1])}")
    wrong(
        "payload_changed",
        "another sub behind a true signature",
        f"{head}.{b64(json.dumps(claims(sub='admin')).encode())}.{tail}",
    )
    wrong(
        "header_changed",
        "another header before a true signature",
        f"{b64(json.dumps({'alg': 'RS256', 'kid': 'rsa-1'}).encode())}.{body}.{tail}",
    )
    wrong(
        "stranger",
        "a stranger's key under our kid",
        token(claims(), key="rsa-stranger", header={"kid": "rsa-1"}),
    )
    wrong(
        "ps256_as_rs256",
        "PSS where PKCS #1 v1.5 was announced",
        token(claims(), alg="PS256", header={"alg": "RS256"}),
    )
    ec_keys = jwks(jwk("p256"))
    for name, octets in (
        ("psychic", bytes(64)),
        ("psychic_empty", b""),
        ("psychic_long", bytes(72)),
    ):
        wrong(
            name,
            "r = s = 0 (CVE-2022-21449)",
            token(claims(), alg="ES256", key="p256", signature=octets),
            ec_keys,
        )
    signed = token(claims(), alg="ES256", key="p256")
    message, _, es = signed.rpartition(".")
    raw = bytearray(base64.urlsafe_b64decode(es + "=="))
    raw[3] ^= 1
    wrong(
        "es256_one_bit",
        "one bit of an ECDSA signature",
        f"{message}.{b64(bytes(raw))}",
        ec_keys,
        conformance=["oidcc-client-test-invalid-sig-es256"],
    )
    der = KEY["p256"].sign(message.encode(), ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
    wrong("es256_der", "JOSE wants r and s side by side, not DER", f"{message}.{b64(der)}", ec_keys)
    wrong(
        "eddsa_zeros",
        "an EdDSA signature of zeros",
        token(claims(), alg="EdDSA", key="ed25519", signature=bytes(64)),
        jwks(jwk("ed25519")),
    )


def make_bad_encodings() -> None:
    def malformed(name: str, why: str, jwt: str, spec: str = "RFC 7515 §5.2", **more: Any) -> None:
        bad_id_token("oidc_id_token_malformed", name, why, jwt, spec=spec, **more)

    true = token(claims())
    head, body, tail = true.split(".")
    malformed("two_parts", "the signature and its dot cut off", f"{head}.{body}")
    malformed("four_parts", "one part too many", f"{true}.eHh4")
    malformed("six_parts", "three parts too many", f"{true}.eHh4.eHh4.eHh4")
    malformed(
        "json_serialization",
        "a JWS in JSON serialization",
        json.dumps({"protected": head, "payload": body, "signature": tail}),
    )
    malformed("white_space", "a space in the signature", f"{head}.{body}.{tail[:9]} {tail[9:]}")
    malformed("line_break", "a line break at the end", f"{true}\n")
    malformed("padding", "base64url has no padding here", f"{head}.{body}.{tail}==")
    malformed("standard_base64", "+ and / are not base64url", f"{head}.{body}.+/{tail[2:]}")
    malformed(
        "trailing_bits",
        "the unused bits of the last character are not zero",
        f"{head}.{body}.{tail[:-1]}{chr(ord(tail[-1]) + 1)}",
    )
    malformed("not_ascii", "a full-width dot", true.replace(".", "\uff0e", 1))
    malformed("huge", "more than 64 KB", token(claims(pad="x" * 66_000)))
    malformed("header_not_json", "a header of noise", f"{b64(b'noise')}.{body}.{tail}")
    malformed("header_list", "a header that is no object", token(claims(), header="[]"))
    malformed(
        "header_alg_twice",
        "two readers, two algorithms",
        token(claims(), header='{"alg":"none","alg":"RS256","kid":"rsa-1"}'),
        "RFC 7515 §4",
    )
    malformed("header_alg_null", "alg null", token(claims(), header='{"alg":null,"kid":"rsa-1"}'))
    malformed(
        "header_alg_list", "alg a list", token(claims(), header='{"alg":["RS256"],"kid":"rsa-1"}')
    )
    malformed("header_alg_missing", "no alg", token(claims(), header='{"kid":"rsa-1"}'))
    malformed("header_kid_number", "kid a number", token(claims(), header={"kid": 1}))
    malformed("header_kid_null", "kid null", token(claims(), header='{"alg":"RS256","kid":null}'))
    malformed("header_nested", "brackets without end", token(claims(), header="[" * 20_000))
    malformed("payload_list", "claims that are no object", token(json.dumps([claims()])))
    malformed("payload_string", "claims that are a string", token('"claims"'))
    malformed("payload_empty", "no claims at all", token(""))
    malformed("payload_nested_jwt", "a JWT in a JWT", token(true, header={"cty": "JWT"}))
    for name in ("sub", "aud", "iss"):
        malformed(
            f"duplicate_{name}",
            "two readers, two opinions",
            token(patched(claims(), f'"{name}":', f'"{name}": "other", "{name}":')),
            "RFC 7519 §4",
        )
    malformed(
        "duplicate_escaped",
        "the same name in two spellings",
        token(patched(claims(), '"sub":', '"s\\u0075b": "other", "sub":')),
        "RFC 7519 §4",
    )
    malformed(
        "duplicate_nested",
        "duplicates inside a claim",
        token(patched(claims(address={"a": 1}), '{"a": 1}', '{"a": 1, "a": 2}')),
    )
    for name, text in (
        ("nan", "NaN"),
        ("infinity", "Infinity"),
        ("minus_infinity", "-Infinity"),
        ("overflow", "1e999"),
        ("digits", "9" * 5000),
    ):
        malformed(
            f"exp_{name}",
            "not a number of JSON",
            token(patched(claims(), f'"exp": {NOW + 300}', f'"exp": {text}')),
            "RFC 8259 §6",
        )
    malformed("bomb_lists", "20000 lists in each other", token("[" * 20_000 + "]" * 20_000))
    malformed(
        "bomb_objects",
        "a claim of 3000 objects in each other",
        token(patched(claims(x=0), '"x": 0', '"x": ' + '{"x":' * 3000 + "0" + "}" * 3000)),
    )
    malformed(
        "bomb_small",
        "41 levels, which no honest claim has",
        token(patched(claims(x=0), '"x": 0', '"x": ' + "[" * 41 + "]" * 41)),
    )
    malformed(
        "nul",
        "a NUL character, which PostgreSQL cannot store",
        token(patched(claims(name="Ada"), "Ada", "Ada\\u0000")),
    )
    malformed(
        "lone_surrogate",
        "half a character",
        token(patched(claims(name="Ada"), "Ada", "Ada\\ud800")),
    )
    latin = b64(json.dumps(claims(name="?")).encode().replace(b"?", b"\xe9"))
    message = f"{head}.{latin}"
    malformed(
        "latin_1",
        "claims that are not UTF-8",
        f"{message}.{b64(sign('RS256', 'rsa-1', message.encode()))}",
        "RFC 7519 §7.2",
    )
    bad_id_token(
        "oidc_id_token_missing", "empty", "no ID token came", "", spec="OIDC Core §3.1.3.3"
    )


def make_bad_claims() -> None:
    def case(code: str, name: str, why: str, spec: str, /, **changes: Any) -> None:
        more = {key: changes.pop(key) for key in ("conformance", "input") if key in changes}
        bad_id_token(code, name, why, token(claims(**changes)), spec=spec, **more)

    iss, aud = "OIDC Core §3.1.3.7 (2)", "OIDC Core §3.1.3.7 (3)"
    for name, value in (
        ("other", "https://evil.example"),
        ("trailing_slash", f"{ISSUER}/"),
        ("empty", ""),
        ("upper_case", "HTTPS://IDP.EXAMPLE"),
        ("http", "http://idp.example"),
        ("prefix", f"{ISSUER}.evil.example"),
        ("port", f"{ISSUER}:443"),
    ):
        case(
            "oidc_issuer_mismatch",
            name,
            "compared to the letter",
            iss,
            iss=value,
            conformance=["oidcc-client-test-invalid-iss"] if name == "other" else [],
        )
    for name, value in (
        ("other", "another-client"),
        ("empty_list", []),
        ("empty_string", ""),
        ("extra", [CLIENT_ID, "another-client"]),
        ("extra_first", ["another-client", CLIENT_ID]),
        ("twice", [CLIENT_ID, CLIENT_ID]),
        ("prefix", f"{CLIENT_ID}-2"),
        ("upper_case", CLIENT_ID.upper()),
        ("list_with_empty", [CLIENT_ID, ""]),
        ("separated_by_space", f"{CLIENT_ID} another-client"),
    ):
        case(
            "oidc_audience_mismatch",
            name,
            "for us and nobody beside us",
            aud,
            aud=value,
            conformance=["oidcc-client-test-invalid-aud"] if name == "other" else [],
        )
    case(
        "oidc_azp_mismatch",
        "other",
        "meant for another client",
        "OIDC Core §3.1.3.7 (5)",
        azp="another-client",
    )
    case(
        "oidc_azp_mismatch", "empty", "an empty azp names nobody", "OIDC Core §3.1.3.7 (5)", azp=""
    )
    wrong_types = (
        ("missing", None),
        ("bool", True),
        ("string", str(NOW + 200)),
        ("list", [NOW + 200]),
        ("object", {}),
        ("negative", -1),
        ("beyond_all_calendars", 10**18),
    )
    for claim in ("exp", "iat", "nbf"):
        for name, value in wrong_types:
            if (claim, name) == ("nbf", "missing"):
                continue
            modules = (
                ["oidcc-client-test-missing-iat"] if (claim, name) == ("iat", "missing") else []
            )
            case(
                "oidc_claim_invalid",
                f"{claim}_{name}",
                f"{claim} is a NumericDate",
                "RFC 7519 §2",
                **{claim: value},
                conformance=modules,
            )
    for name, value in (
        ("missing", None),
        ("empty", ""),
        ("number", 5),
        ("list", [SUBJECT]),
        ("object", {"a": 1}),
        ("bool", True),
        ("long", "x" * 256),
        ("not_ascii", "\u0430da"),
        ("line_break", "ada\n"),
    ):
        case(
            "oidc_claim_invalid",
            f"sub_{name}",
            "a string of 1 to 255 ASCII characters",
            "OIDC Core §2",
            sub=value,
            conformance=["oidcc-client-test-missing-sub"] if name == "missing" else [],
        )
    for claim, name, value, modules in (
        ("iss", "missing", None, []),
        ("iss", "list", [ISSUER], []),
        ("iss", "number", 5, []),
        ("aud", "missing", None, ["oidcc-client-test-missing-aud"]),
        ("aud", "number", 5, []),
        ("aud", "object", {CLIENT_ID: 1}, []),
        ("aud", "list_of_numbers", [5], []),
        ("aud", "nested_list", [[CLIENT_ID]], []),
        ("aud", "bool", True, []),
        ("azp", "list", [CLIENT_ID], []),
        ("azp", "number", 5, []),
        ("nonce", "missing", None, ["oidcc-client-test-nonce-unless-code-flow"]),
        ("nonce", "number", 5, []),
        ("nonce", "list", [NONCE], []),
        ("at_hash", "number", 5, []),
        ("c_hash", "list", [half(CODE)], []),
        ("auth_time", "string", str(NOW), []),
        ("auth_time", "bool", True, []),
    ):
        case(
            "oidc_claim_invalid",
            f"{claim}_{name}",
            f"{claim} of the wrong kind",
            "OIDC Core §2",
            **{claim: value},
            conformance=modules,
        )
    for claim in ("sub", "azp", "auth_time", "at_hash"):
        text = patched(claims(**{claim: "x"}), f'"{claim}": "x"', f'"{claim}": null')
        bad_id_token(
            "oidc_claim_invalid",
            f"{claim}_null",
            "null is no value of a claim",
            token(text),
            spec="OIDC Core §5.3.2",
        )
    time = "OIDC Core §3.1.3.7 (9)"
    case("oidc_id_token_expired", "long_ago", "an hour ago", time, exp=NOW - 3600, iat=NOW - 7200)
    case("oidc_id_token_expired", "at_the_skew", "the two minutes are over", time, exp=NOW - 120)
    case("oidc_id_token_expired", "epoch", "exp 0 is 1970", time, exp=0)
    case(
        "oidc_id_token_expired",
        "issued_long_ago",
        "valid for ten days, issued two days ago",
        "OIDC Core §3.1.3.7 (10)",
        iat=NOW - 2 * 86400,
        exp=NOW + 8 * 86400,
    )
    case(
        "oidc_id_token_not_yet_valid",
        "iat_in_future",
        "issued tomorrow",
        "OIDC Core §3.1.3.7 (10)",
        iat=NOW + 86400,
        exp=NOW + 90000,
    )
    case(
        "oidc_id_token_not_yet_valid",
        "iat_beyond_skew",
        "issued in 121 seconds",
        "OIDC Core §3.1.3.7 (10)",
        iat=NOW + 121,
    )
    case(
        "oidc_id_token_not_yet_valid",
        "nbf_in_future",
        "valid in 121 seconds",
        "RFC 7519 §4.1.5",
        nbf=NOW + 121,
    )
    nonce = "OIDC Core §3.1.3.7 (11)"
    case(
        "oidc_nonce_mismatch",
        "other",
        "another sign-in's",
        nonce,
        nonce="other",
        conformance=["oidcc-client-test-nonce-invalid"],
    )
    case("oidc_nonce_mismatch", "empty", "an empty one", nonce, nonce="")
    case("oidc_nonce_mismatch", "upper_case", "compared to the letter", nonce, nonce=NONCE.upper())
    case(
        "oidc_nonce_mismatch",
        "not_ascii",
        "letters that only look alike",
        nonce,
        nonce=NONCE.replace("c", "\u0441"),
    )
    for name, value in (
        ("other_token", half("other")),
        ("empty", ""),
        ("whole_hash", b64(hashlib.sha256(ACCESS_TOKEN.encode()).digest())),
        ("sha512_for_rs256", half(ACCESS_TOKEN, "512")),
        ("padded", half(ACCESS_TOKEN) + "=="),
    ):
        case(
            "oidc_at_hash_mismatch",
            name,
            "not the left half of the access token's SHA-256",
            "OIDC Core §3.1.3.8",
            at_hash=value,
            conformance=["oidcc-client-test-invalid-athash"] if name == "other_token" else [],
        )
    case(
        "oidc_c_hash_mismatch",
        "other_code",
        "speaks of another code",
        "OIDC Core §3.3.2.11",
        c_hash=half("other"),
        conformance=["oidcc-client-test-invalid-chash"],
    )
    age = "OIDC Core §3.1.3.7 (13)"
    case(
        "oidc_auth_time_too_old",
        "an_hour",
        "five minutes were asked",
        age,
        auth_time=NOW - 3600,
        input={"max_age": 300},
    )
    case(
        "oidc_auth_time_too_old",
        "zero",
        "0 is no time of signing in",
        age,
        auth_time=0,
        input={"max_age": 300},
    )
    case(
        "oidc_claim_invalid",
        "auth_time_missing_for_max_age",
        "max_age makes it required",
        age,
        input={"max_age": 300},
    )
    case(
        "oidc_claim_invalid",
        "auth_time_in_future",
        "signed in tomorrow",
        age,
        auth_time=NOW + 86400,
        input={"max_age": 300},
    )


def make_bad_refreshes() -> None:
    for name, changes, modules in (
        ("other_sub", {"sub": "somebody-else"}, ["oidcc-client-test-refresh-token-invalid-sub"]),
        (
            "other_iss",
            {"iss": "https://evil.example"},
            ["oidcc-client-test-refresh-token-invalid-issuer"],
        ),
        ("other_aud", {"aud": "another-client"}, []),
        ("extra_aud", {"aud": [CLIENT_ID, "another-client"]}, []),
    ):
        files = {"token.jwt": token(claims(nonce=None, **changes)), "jwks.json": jwks(jwk("rsa-1"))}
        bad(
            "oidc_refresh_mismatch",
            name,
            "refresh",
            "must be the person and client of before",
            "OIDC Core §12.2",
            files,
            conformance=modules,
        )
    for code, name, jwt in (
        ("oidc_id_token_expired", "refreshed", token(claims(exp=NOW - 600))),
        ("oidc_azp_mismatch", "refreshed", token(claims(azp="another-client"))),
        ("oidc_claim_invalid", "refreshed_without_sub", token(claims(sub=None))),
        (
            "oidc_signature_invalid",
            "refreshed",
            token(claims(), key="rsa-stranger", header={"kid": "rsa-1"}),
        ),
        (
            "oidc_algorithm_forbidden",
            "refreshed",
            token(claims(), header={"alg": "none"}, signature=b""),
        ),
    ):
        files = {"token.jwt": jwt, "jwks.json": jwks(jwk("rsa-1"))}
        bad(code, name, "refresh", "a refresh is verified like a sign-in", "OIDC Core §12.2", files)


def make_bad_userinfo() -> None:
    def userinfo(code: str, name: str, why: str, body: Any, **more: Any) -> None:
        spec = more.pop("spec", "OIDC Core §5.3.2")
        files = {"body": body, "jwks.json": jwks(jwk("rsa-1"))}
        bad(code, name, "userinfo", why, spec, files, **more)

    userinfo(
        "oidc_userinfo_subject_mismatch",
        "other",
        "about somebody else",
        {"sub": "admin"},
        conformance=["oidcc-client-test-userinfo-invalid-sub"],
    )
    userinfo(
        "oidc_userinfo_subject_mismatch",
        "upper_case",
        "compared to the letter",
        {"sub": "ADA"},
        input={"subject": "ada"},
    )
    for name, body in (
        ("sub_missing", {"email": "ada@corp.example"}),
        ("sub_empty", {"sub": ""}),
        ("sub_number", {"sub": int(SUBJECT)}),
        ("sub_list", {"sub": [SUBJECT]}),
        ("array", [{"sub": SUBJECT}]),
        ("html", "<html>Sign in</html>"),
        ("empty", ""),
        ("duplicate_sub", f'{{"sub": "admin", "sub": "{SUBJECT}"}}'),
        ("duplicate_email", f'{{"sub": "{SUBJECT}", "email": "a@b.example", "email": "c"}}'),
        ("nan", f'{{"sub": "{SUBJECT}", "age": NaN}}'),
        ("bomb", f'{{"sub": "{SUBJECT}", "x": {"[" * 5000}{"]" * 5000}}}'),
        ("not_utf_8", b'{"sub": "' + SUBJECT.encode() + b'", "name": "\xe9"}'),
    ):
        userinfo("oidc_userinfo_invalid", name, "not an answer about a person", body)
    for status in (204, 302, 401, 403):
        userinfo(
            "oidc_userinfo_invalid",
            f"status_{status}",
            "anything but 200 is refused",
            {"sub": SUBJECT},
            response={"status": status},
        )
    for status in (429, 500, 503):
        userinfo(
            "idp_answer_unusable",
            f"userinfo_{status}",
            "the server fails or is busy",
            {"sub": SUBJECT},
            response={"status": status},
        )
    userinfo(
        "oidc_distributed_claims",
        "sources",
        "claims kept elsewhere",
        {
            "sub": SUBJECT,
            "_claim_names": {"email": "a"},
            "_claim_sources": {"a": {"endpoint": "https://evil.example"}},
        },
        spec="OIDC Core §5.6.2",
        conformance=["oidcc-client-test-distributed-claims"],
    )
    userinfo(
        "oidc_distributed_claims",
        "aggregated",
        "claims signed by others",
        {"sub": SUBJECT, "_claim_sources": {"a": {"JWT": "e30.e30."}}},
        spec="OIDC Core §5.6.2",
        conformance=["oidcc-client-test-aggregated-claims"],
    )
    signed = {"response": {"headers": {"content-type": "application/jwt"}}}
    answer = claims(nonce=None)
    for code, name, jwt in (
        (
            "oidc_signature_invalid",
            "userinfo_stranger",
            token(answer, key="rsa-stranger", header={"kid": "rsa-1"}),
        ),
        ("oidc_key_not_found", "userinfo_stranger", token(answer, key="rsa-stranger")),
        (
            "oidc_algorithm_forbidden",
            "userinfo_none",
            token(answer, header={"alg": "none"}, signature=b""),
        ),
        ("oidc_issuer_mismatch", "userinfo", token({**answer, "iss": "https://evil.example"})),
        ("oidc_issuer_mismatch", "userinfo_missing", token(claims(iss=None))),
        ("oidc_audience_mismatch", "userinfo", token({**answer, "aud": "another-client"})),
        ("oidc_claim_invalid", "userinfo_aud_missing", token(claims(aud=None))),
        ("oidc_id_token_expired", "userinfo", token({**answer, "exp": NOW - 600})),
        ("oidc_id_token_not_yet_valid", "userinfo", token({**answer, "nbf": NOW + 600})),
        ("oidc_userinfo_subject_mismatch", "signed", token({**answer, "sub": "admin"})),
        ("oidc_id_token_malformed", "userinfo_json_as_jwt", json.dumps({"sub": SUBJECT})),
        ("oidc_id_token_encrypted", "userinfo", "a.b.c.d.e"),
    ):
        userinfo(code, name, "a signed answer is verified like an ID token", jwt, **signed)


def make_bad_discovery() -> None:
    def case(code: str, name: str, why: str, body: Any, **more: Any) -> None:
        spec = more.pop("spec", "OIDC Discovery §4.3")
        bad(code, name, "discovery", why, spec, {"body": body}, **more)

    for name, issuer in (
        ("other", "https://evil.example"),
        ("trailing_slash", f"{ISSUER}/"),
        ("http", "http://idp.example"),
        ("upper_case", "https://IDP.example"),
        ("empty", ""),
        ("template", "https://idp.example/{tenantid}"),
    ):
        case(
            "oidc_discovery_issuer_mismatch",
            name,
            "compared to the letter",
            {**discovery(), "issuer": issuer},
            conformance=["oidcc-client-test-discovery-issuer-mismatch"] if name == "other" else [],
        )
    case(
        "oidc_discovery_issuer_mismatch",
        "slash_lost",
        "the connection's issuer ends with a slash",
        discovery(),
        issuer=f"{ISSUER}/",
    )
    case("oidc_discovery_invalid", "issuer_number", "it is a string", {**discovery(), "issuer": 5})
    without = {name: value for name, value in discovery().items() if name != "issuer"}
    case("oidc_discovery_invalid", "issuer_missing", "no issuer at all", without)
    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
        case(
            "oidc_discovery_invalid",
            f"{name}_missing",
            "required",
            discovery(**{name: None}),
            spec="OIDC Discovery §3",
        )
    for name, url in (
        ("javascript", "javascript:alert(1)"),
        ("data", "data:text/html,x"),
        ("file", "file:///etc/passwd"),
        ("relative", "/authorize"),
        ("no_scheme", "//idp.example/a"),
        ("userinfo", "https://idp.example@evil.example/a"),
        ("fragment", "https://idp.example/a#b"),
        ("space", "https://idp.example/a b"),
        ("line_break", "https://idp.example/a\n"),
        ("quote", 'https://idp.example/"><script>'),
        ("backslash", "https://idp.example\\@evil"),
        ("port", "https://idp.example:99999/a"),
        ("not_ascii", "https://\u0456dp.example/a"),
        ("no_host", "https:///authorize"),
        ("empty", ""),
        ("long", "https://idp.example/" + "a" * 2048),
        ("number", 5),
        ("list", ["https://idp.example/a"]),
    ):
        case(
            "oidc_discovery_invalid",
            f"endpoint_{name}",
            "not an absolute http(s) URL",
            discovery(authorization_endpoint=url),
            spec="OIDC Discovery §3",
        )
    for name in ("token_endpoint", "jwks_uri", "userinfo_endpoint", "end_session_endpoint"):
        case(
            "oidc_discovery_invalid",
            f"{name}_javascript",
            "every endpoint is checked",
            discovery(**{name: "javascript:alert(1)"}),
            spec="OIDC Discovery §3",
        )
    for name, changes in (
        ("algs_string", {"id_token_signing_alg_values_supported": "RS256"}),
        ("algs_numbers", {"id_token_signing_alg_values_supported": [256]}),
        ("methods_object", {"token_endpoint_auth_methods_supported": {"a": 1}}),
        ("scopes_string", {"scopes_supported": "openid"}),
        ("iss_flag_string", {"authorization_response_iss_parameter_supported": "true"}),
    ):
        case(
            "oidc_discovery_invalid",
            name,
            "of the wrong type",
            discovery(**changes),
            spec="OIDC Discovery §3",
        )
    for name, body in (
        ("html", "<html></html>"),
        ("list", [discovery()]),
        ("empty", ""),
        ("null", "null"),
        ("bomb", "[" * 100_000),
        ("not_utf_8", b'{"issuer": "\xff"}'),
        ("duplicate_issuer", patched(discovery(), '"issuer":', '"issuer": "x", "issuer":')),
        ("duplicate_jwks_uri", patched(discovery(), '"jwks_uri":', '"jwks_uri": "x", "jwks_uri":')),
    ):
        case(
            "oidc_discovery_invalid", name, "not one JSON object", body, spec="OIDC Discovery §4.2"
        )
    for status in (204, 301, 302, 404):
        case(
            "oidc_discovery_invalid",
            f"status_{status}",
            "anything but 200 is refused",
            discovery(),
            response={"status": status},
            spec="OIDC Discovery §4.2",
        )
    for status in (429, 502):
        case(
            "idp_answer_unusable",
            f"discovery_{status}",
            "the server fails or is busy",
            discovery(),
            response={"status": status},
            spec="OIDC Discovery §4.2",
        )

    def keys(name: str, why: str, body: Any, **more: Any) -> None:
        bad("oidc_jwks_invalid", name, "jwks", why, "RFC 7517 §5", {"body": body}, **more)

    keys("html", "not JSON", "<html></html>")
    keys("list", "a list of keys without its object", [jwk("rsa-1")])
    keys("without_keys", "no keys", {"key": []})
    keys("keys_object", "keys is not a list", {"keys": jwk("rsa-1")})
    keys("many", "101 keys", jwks(*({"kty": "x"} for _ in range(101))))
    keys("duplicate_keys", "keys twice", '{"keys": [], "keys": []}')
    keys("duplicate_member", "a member of a key twice", '{"keys": [{"kid": "a", "kid": "b"}]}')
    keys("bomb", "brackets without end", '{"keys": ' + "[" * 100_000)
    keys("huge", "more than 512 KB", '{"keys": [], "x": "' + "x" * 530_000 + '"}')
    keys("redirect", "a redirect is not followed", jwks(jwk("rsa-1")), response={"status": 302})


def make_bad_token_answers() -> None:
    def case(code: str, name: str, why: str, body: Any, **more: Any) -> None:
        spec = more.pop("spec", "RFC 6749 §5.1")
        bad(code, name, "token", why, spec, {"body": body}, **more)

    invalid = "oidc_token_response_invalid"
    for name, changes in (
        ("access_token_missing", {"access_token": None}),
        ("access_token_empty", {"access_token": ""}),
        ("access_token_list", {"access_token": [ACCESS_TOKEN]}),
        ("access_token_number", {"access_token": 5}),
        ("access_token_line_break", {"access_token": "a\r\nX-Injected: 1"}),
        ("token_type_missing", {"token_type": None}),
        ("token_type_mac", {"token_type": "mac"}),
        ("token_type_dpop", {"token_type": "DPoP"}),
        ("token_type_list", {"token_type": ["Bearer"]}),
        ("id_token_object", {"id_token": {}}),
        ("id_token_number", {"id_token": 5}),
        ("refresh_token_list", {"refresh_token": ["r"]}),
        ("refresh_token_bool", {"refresh_token": True}),
        ("scope_list", {"scope": ["openid"]}),
        ("expires_in_negative", {"expires_in": -1}),
        ("expires_in_bool", {"expires_in": True}),
        ("expires_in_word", {"expires_in": "soon"}),
        ("expires_in_list", {"expires_in": [3600]}),
        ("expires_in_negative_string", {"expires_in": "-5"}),
        ("expires_in_negative_float", {"expires_in": -0.5}),
        ("expires_in_digits_of_others", {"expires_in": "\u0663\u0666"}),
    ):
        case(invalid, name, "a member is missing or of the wrong kind", grant(**changes))
    for name, body in (
        ("html", "<html>Sign in</html>"),
        ("list", [grant()]),
        ("empty", ""),
        ("null", "null"),
        ("form_encoded", f"access_token={ACCESS_TOKEN}&token_type=bearer"),
        (
            "duplicate_access_token",
            patched(grant(), '"access_token":', '"access_token": "x", "access_token":'),
        ),
        ("nan", patched(grant(), "3600", "NaN")),
        ("bomb", '{"a": ' * 50_000),
        ("not_utf_8", b"\xff\xfe"),
    ):
        case(invalid, name, "not one JSON object", body)
    for status in (201, 302, 307, 404):
        case(
            invalid,
            f"status_{status}",
            "anything but 200 is refused, redirects too",
            grant(),
            response={"status": status},
        )
    refused = "oidc_token_refused"
    for name, status in (("invalid_grant", 400), ("invalid_client", 401), ("invalid_scope", 400)):
        case(
            refused,
            name,
            "an error of OAuth",
            {"error": name, "error_description": "no"},
            response={"status": status},
            got=f"{name}: no",
            spec="RFC 6749 §5.2",
        )
    case(
        refused,
        "error_with_tokens",
        "an error beside tokens and status 200",
        grant(error="invalid_grant"),
        got="invalid_grant",
        spec="RFC 6749 §5.2",
    )
    case(
        refused,
        "bare_401",
        "401 means invalid_client",
        "Unauthorized",
        response={"status": 401},
        got="invalid_client",
        spec="RFC 6749 §5.2",
    )
    case(
        invalid,
        "error_object",
        "error is not a string",
        grant(error={"code": 1}),
        spec="RFC 6749 §5.2",
    )
    for status in (429, 500, 503):
        case(
            "idp_answer_unusable",
            f"token_{status}",
            "the server fails or is busy",
            {"error": "invalid_grant"},
            response={"status": status},
            spec="RFC 6749 §5.2",
        )
    for name, provider, client in (
        (
            "none_in_common",
            {"token_endpoint_auth_methods": ["tls_client_auth", "client_secret_jwt"]},
            {},
        ),
        ("private_key_jwt_without_key", {"token_endpoint_auth_methods": ["private_key_jwt"]}, {}),
        ("unknown_configured", {}, {"auth_method": "client_secret_jwt"}),
        ("none_configured", {}, {"auth_method": "none"}),
        ("private_key_jwt_configured", {}, {"auth_method": "private_key_jwt"}),
    ):
        bad(
            "oidc_client_auth_unsupported",
            name,
            "code_request",
            "we cannot prove who we are",
            "OIDC Core §9",
            provider=provider,
            client=client,
        )


def make_bad_browser_legs() -> None:
    def callback(code: str, name: str, why: str, spec: str, query: Any, **more: Any) -> None:
        bad(code, name, "callback", why, spec, query=query, **more)

    for name, iss in (
        ("other", "https://evil.example"),
        ("trailing_slash", f"{ISSUER}/"),
        ("empty", ""),
        ("upper_case", ISSUER.upper()),
    ):
        callback(
            "oidc_response_issuer_mismatch",
            name,
            "a mix-up of providers",
            "RFC 9207 §2.4",
            {"code": CODE, "iss": iss},
            input={"iss_required": True},
        )
    callback(
        "oidc_response_issuer_mismatch",
        "not_advertised",
        "checked whenever it is there",
        "RFC 9207 §2.4",
        {"code": CODE, "iss": "https://evil.example"},
    )
    callback(
        "oidc_response_issuer_mismatch",
        "error",
        "an error of another provider",
        "RFC 9207 §2.4",
        {"error": "access_denied", "iss": "https://evil.example"},
    )
    callback(
        "oidc_response_issuer_missing",
        "removed",
        "promised and not kept",
        "RFC 9207 §2.4",
        {"code": CODE},
        input={"iss_required": True},
    )
    for name, query in (
        ("empty", {}),
        ("code_empty", {"code": ""}),
        ("state_only", {"state": "s"}),
        ("code_line_break", {"code": "a\nb"}),
        ("code_long", {"code": "a" * 9000}),
        ("jarm", {"response": "e30.e30.e30"}),
        ("token", {"access_token": "at"}),
    ):
        callback("oidc_callback_invalid", name, "no code", "OIDC Core §3.1.2.5", query)
    failed = "OIDC Core §3.1.2.6"
    callback(
        "oidc_authorization_failed",
        "error",
        "the provider's own error",
        failed,
        {"error": "login_required", "error_description": "Sign in"},
        got="login_required: Sign in",
    )
    callback(
        "oidc_authorization_failed",
        "error_and_code",
        "an error wins over a code",
        failed,
        {"error": "server_error", "code": CODE},
        got="server_error",
    )
    callback(
        "oidc_authorization_failed",
        "denied",
        "the person said no",
        failed,
        {"error": "access_denied", "error_description": "The user cancelled"},
        got="access_denied: The user cancelled",
    )
    callback(
        "oidc_user_not_assigned",
        "okta",
        "Okta's words",
        failed,
        {
            "error": "access_denied",
            "error_description": "User is not assigned to the client application.",
        },
    )
    callback(
        "oidc_user_not_assigned",
        "entra",
        "Entra's number",
        failed,
        {"error": "access_denied", "error_description": "AADSTS50105: The signed in user …"},
    )
    for name in (
        "client_id",
        "redirect_uri",
        "response_type",
        "response_mode",
        "state",
        "nonce",
        "scope",
        "code_challenge",
        "code_challenge_method",
        "request",
        "request_uri",
        "client_secret",
        "Client_ID",
        "redirect.uri",
        " state",
        "",
    ):
        folder = name.strip().replace(".", "_dot_").lower() or "empty"
        folder += "_spelt_otherwise" if name != name.strip().lower() else ""
        bad(
            "provider_parameter_reserved",
            folder,
            "authorization",
            "this one is ours",
            "RFC 6749 §3.1",
            input={"parameters": {name: "x"}},
        )
    bad(
        "provider_parameter_reserved",
        "in_endpoint",
        "authorization",
        "the endpoint has it already",
        "RFC 6749 §3.1",
        provider={"authorization_endpoint": f"{ISSUER}/authorize?policy=a"},
        input={"parameters": {"policy": "b"}},
    )
    bad(
        "oidc_discovery_invalid",
        "endpoint_names_our_parameter",
        "authorization",
        "an endpoint that would send the code elsewhere",
        "RFC 6749 §3.1",
        provider={
            "authorization_endpoint": f"{ISSUER}/authorize?redirect_uri=https://evil.example"
        },
    )
    for prompt in ("none login", "login none", "none consent select_account"):
        bad(
            "oidc_prompt_none_must_be_exclusive",
            prompt.replace(" ", "_"),
            "authorization",
            "none stands alone",
            "OIDC Core §3.1.2.1",
            input={"parameters": {"prompt": prompt}},
        )
    for name, connection, query in (
        ("quote", 'openid "email"', ""),
        ("backslash", "openid\\", ""),
        ("tab", "openid\temail", ""),
        ("line_break", "", "email\nprofile"),
        ("not_ascii", "", "\u00e9mail"),
        ("nul", "", "email\x00"),
        ("query_encoded_quote", "openid", '"'),
        ("long", "", "x " * 3000),
    ):
        bad(
            "custom_scopes_invalid",
            name,
            "scopes",
            "not a scope-token",
            "RFC 6749 §3.3",
            input={"connection": connection, "query": query},
        )
    for name, issuer in (
        ("query", f"{ISSUER}?a=b"),
        ("fragment", f"{ISSUER}#a"),
        ("javascript", "javascript:alert(1)"),
        ("empty", ""),
        ("userinfo", "https://a:b@idp.example"),
    ):
        bad(
            "oidc_connection_issuer_url_invalid_format",
            name,
            "discovery_request",
            "an issuer is an absolute URL",
            "OIDC Discovery §3",
            issuer=issuer,
        )


def main() -> None:
    for folder in ("good", "bad"):
        shutil.rmtree(HERE / folder, ignore_errors=True)
    make_providers()
    make_good_shapes()
    make_bad_algorithms()
    make_bad_headers_and_keys()
    make_bad_signatures()
    make_bad_encodings()
    make_bad_claims()
    make_bad_refreshes()
    make_bad_userinfo()
    make_bad_discovery()
    make_bad_token_answers()
    make_bad_browser_legs()


KEY = load_keys()

if __name__ == "__main__":
    main()
