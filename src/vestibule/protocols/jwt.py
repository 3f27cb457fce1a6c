"""JWS: signing and verifying, JWK Sets, and the strict JSON that both are made of.

Owns the list of algorithms, the choice of a key by `kid` and `alg`, and our own session JWTs.
Refuses to know what an ID token means, where keys are fetched and when to fetch them again; and
it never takes a key, or the address of one, from the token that it is to judge.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final, NoReturn

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    load_pem_private_key,
    load_pem_public_key,
)
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from vestibule.errors import OidcError, refusal

__all__ = [
    "ALGORITHMS",
    "KeySet",
    "PeerKey",
    "SigningKey",
    "VerifiedJwt",
    "read_json",
    "read_jwks",
    "read_signing_key",
    "render_jwk",
    "sign_jwt",
    "verify_jws",
    "verify_jwt",
    "verify_session_jwt",
]

# Which key a JWS algorithm demands. Asymmetric only: a MAC would make the IdP's public key, or
# the client secret, a signing key. EdDSA means Ed25519; nobody was met that signs with Ed448.
_KEY_OF: Final = {
    **dict.fromkeys(("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"), ("RSA", "")),
    "ES256": ("EC", "P-256"),
    "ES384": ("EC", "P-384"),
    "ES512": ("EC", "P-521"),
    "EdDSA": ("OKP", "Ed25519"),
}
ALGORITHMS: Final = frozenset(_KEY_OF)

_TOKEN_LIMIT = 64 * 1024
_JWKS_LIMIT = 512 * 1024
_KEY_LIMIT = 100
_DEPTH_LIMIT = 40

_MEMBERS = {"RSA": ("n", "e"), "EC": ("crv", "x", "y"), "OKP": ("crv", "x")}
_RSA_BITS = range(2048, 8193)
_BASE64URL = re.compile(r"[A-Za-z0-9_-]*", re.ASCII)
_ESCAPED_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
_PKCS1 = PKCS1v15()
_SHA256 = SHA256()


# --- JSON -------------------------------------------------------------------------------------


def read_json(unverified: bytes | str) -> object:
    """Parse JSON of which no two readers can have different opinions.

    Refused are duplicate members, NaN and infinities, numbers that overflow, anything but UTF-8,
    nesting beyond 40, NUL characters and lone surrogates, which no database could store.

    Raises:
        ValueError: with a short reason and nothing of the document in it.
    """
    try:
        text = unverified if isinstance(unverified, str) else unverified.decode("utf-8")
    except UnicodeDecodeError:
        raise ValueError("not UTF-8") from None
    try:
        value: object = _DECODER.decode(text)
        if text.count("[") + text.count("{") > _DEPTH_LIMIT:
            _refuse_depth(value)
        if "\\ud" in text.lower() or not text.isascii():
            json.dumps(value, ensure_ascii=False).encode()
    except json.JSONDecodeError:
        raise ValueError("not JSON") from None
    except UnicodeEncodeError:
        raise ValueError("a lone surrogate") from None
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if _ESCAPED_NUL.search(text):
        raise ValueError("a NUL character")
    return value


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member occurs twice")
    return members


def _finite(text: str) -> float:
    number = float(text)
    if number - number != 0:
        raise ValueError("a number beyond all bounds")
    return number


def _bounded(text: str) -> int:
    if len(text) > 1000:
        raise ValueError("a number beyond all bounds")
    return int(text)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_unique,
    parse_float=_finite,
    parse_int=_bounded,
    parse_constant=_no_constant,
)


def _refuse_depth(value: object) -> None:
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(_DEPTH_LIMIT):
        inner: list[object] = []
        for one in level:
            inner.extend(one.values() if isinstance(one, dict) else one)
        level = [one for one in inner if isinstance(one, dict | list)]
        if not level:
            return
    raise ValueError("nested too deeply")


# --- signing ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One of our RSA keys. Make it with `read_signing_key`, which finds out whether it can sign."""

    kid: str
    private_pem: str = field(repr=False)


@lru_cache(maxsize=256)
def read_signing_key(kid: str, private_pem: str) -> SigningKey:
    """Parse a private RSA key once; every later use finds it parsed.

    The key is our own and came out of a sealed row, so the primes are not tested again: that
    test takes as long as a hundred signatures.
    """
    _private_key(private_pem)
    return SigningKey(kid, private_pem)


@lru_cache(maxsize=256)
def _private_key(private_pem: str) -> RSAPrivateKey:
    try:
        key = load_pem_private_key(
            private_pem.encode(), password=None, unsafe_skip_rsa_key_validation=True
        )
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise refusal("internal_server_error", detail="a signing key cannot be read") from None
    if not isinstance(key, RSAPrivateKey) or key.key_size < _RSA_BITS.start:
        raise refusal("internal_server_error", detail="a signing key is not RSA of 2048 bits")
    return key


# Made once: `json.dumps` makes one for each call where it is told anything.
_write_json = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode


@lru_cache(maxsize=256)
def _header_segment(kid: str) -> bytes:
    header = {"alg": "RS256", "typ": "JWT", "kid": kid}
    return _encode(json.dumps(header, separators=(",", ":")).encode()) + b"."


def sign_jwt(claims: Mapping[str, object], key: SigningKey) -> str:
    """Sign `claims` with RS256 under the header {"alg":"RS256","typ":"JWT","kid":…}."""
    payload = _write_json(dict(claims)).encode()
    signing_input = _header_segment(key.kid) + _encode(payload)
    signature = _private_key(key.private_pem).sign(signing_input, _PKCS1, _SHA256)
    return (signing_input + b"." + _encode(signature)).decode("ascii")


def render_jwk(key_or_public_pem: SigningKey | str, kid: str) -> dict[str, object]:
    """Our public key as a JWK, with all nine members that readers of our key set insist on."""
    if isinstance(key_or_public_pem, SigningKey):
        public = _private_key(key_or_public_pem.private_pem).public_key()
    else:
        public = _public_key(key_or_public_pem)
    numbers = public.public_numbers()
    return {
        "kty": "RSA",
        "use": "sig",
        "key_ops": ["verify"],
        "alg": "RS256",
        "kid": kid,
        "x5c": [],
        "x5tS256": "",
        "n": _encode_int(numbers.n),
        "e": _encode_int(numbers.e),
    }


@lru_cache(maxsize=256)
def _public_key(public_pem: str) -> RSAPublicKey:
    try:
        key = load_pem_public_key(public_pem.encode())
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise refusal("internal_server_error", detail="a public key cannot be read") from None
    if not isinstance(key, RSAPublicKey):
        raise refusal("internal_server_error", detail="a public key of ours is not RSA")
    return key


def _encode(octets: bytes) -> bytes:
    return base64.urlsafe_b64encode(octets).rstrip(b"=")


def _encode_int(number: int) -> str:
    return _encode(number.to_bytes((number.bit_length() + 7) // 8, "big")).decode("ascii")


# --- keys of a peer ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PeerKey:
    """A public key that its owner offers for verifying, parsed. `crv` is "" for RSA."""

    kid: str | None
    kty: str
    crv: str
    alg: str | None
    use: str | None
    key: RSAKey | ECKey | OKPKey = field(repr=False)

    def fits(self, alg: str) -> bool:
        """Whether this key may have made a signature of this algorithm (RFC 7517 §4.4)."""
        return _KEY_OF[alg] == (self.kty, self.crv) and self.alg in (None, alg)


@dataclass(frozen=True, slots=True)
class KeySet:
    """The usable keys of a peer; `skipped` says of every other one why it was left out."""

    keys: tuple[PeerKey, ...] = ()
    skipped: tuple[str, ...] = ()


def read_jwks(document: bytes) -> KeySet:
    """Read a JWK Set (RFC 7517 §5). A key that we cannot use is skipped, not an error.

    Raises:
        OidcError: oidc_jwks_invalid when the document itself is no JWK Set.
    """
    if len(document) > _JWKS_LIMIT:
        raise refusal("oidc_jwks_invalid", want="at most 512 KB", got=f"{len(document)} bytes")
    try:
        value = read_json(document)
    except ValueError as reason:
        raise refusal("oidc_jwks_invalid", detail=str(reason)) from None
    members = value.get("keys") if isinstance(value, dict) else None
    if not isinstance(members, list):
        raise refusal("oidc_jwks_invalid", want="an object with a list keys")
    if len(members) > _KEY_LIMIT:
        raise refusal("oidc_jwks_invalid", want=f"at most {_KEY_LIMIT} keys", got=f"{len(members)}")
    keys: list[PeerKey] = []
    skipped: list[str] = []
    for position, jwk in enumerate(members, start=1):
        try:
            keys.append(_read_jwk(jwk))
        except ValueError as reason:
            skipped.append(f"key {position}: {reason}")
    return KeySet(tuple(keys), tuple(skipped))


def _read_jwk(jwk: object) -> PeerKey:
    if not isinstance(jwk, dict):
        raise ValueError("not an object")
    kty, kid, alg, use = jwk.get("kty"), jwk.get("kid"), jwk.get("alg"), jwk.get("use")
    key_ops = jwk.get("key_ops", ["verify"])
    if not isinstance(kty, str) or kty not in _MEMBERS:
        raise ValueError("its kty is not RSA, EC or OKP")
    if "d" in jwk or "k" in jwk:
        raise ValueError("a secret is published")
    if any(value is not None and not isinstance(value, str) for value in (kid, alg, use)):
        raise ValueError("its kid, alg or use is not a string")
    if use not in (None, "sig"):
        raise ValueError("its use is not sig")
    if not isinstance(key_ops, list) or "verify" not in key_ops:
        raise ValueError("its key_ops do not allow to verify")
    material = {name: jwk.get(name) for name in _MEMBERS[kty]}
    if not all(isinstance(value, str) and len(value) <= 2048 for value in material.values()):
        raise ValueError("a parameter is missing, too long or not a string")
    key = _parse_jwk(json.dumps({"kty": kty, **material}))
    if isinstance(key, str):
        raise ValueError(key)
    crv = "" if kty == "RSA" else str(material["crv"])
    return PeerKey(kid, kty, crv, alg, use, key)


@lru_cache(maxsize=4096)
def _parse_jwk(jwk_json: str) -> RSAKey | ECKey | OKPKey | str:
    """The key, or the reason why there is none. Cached, so that a login parses no key."""
    jwk: dict[str, str] = json.loads(jwk_json)
    try:
        if jwk["kty"] == "RSA":
            bits, exponent = (
                int.from_bytes(_decode(jwk[name]), "big").bit_length() for name in ("n", "e")
            )
            if bits not in _RSA_BITS or exponent > 64:
                return "its RSA modulus or exponent has a size that we refuse"
            return RSAKey.import_key(dict(jwk))
        if ("EC", jwk["crv"]) in _KEY_OF.values() and jwk["kty"] == "EC":
            return ECKey.import_key(dict(jwk))
        if ("OKP", jwk["crv"]) in _KEY_OF.values() and jwk["kty"] == "OKP":
            return OKPKey.import_key(dict(jwk))
    except (JoseError, ValueError, UnsupportedAlgorithm):
        return "its parameters are no key"
    return "its curve is not on our list"


# --- verifying --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class VerifiedJwt:
    """What a key of the peer has signed."""

    alg: str
    claims: Mapping[str, object]


def verify_jwt(
    unverified_token: str, keys: KeySet, *, algorithms: Iterable[str]
) -> Mapping[str, object]:
    """The claims of a compact JWS whose signature is right; see `verify_jws`."""
    return verify_jws(unverified_token, keys, algorithms=algorithms).claims


def verify_jws(unverified_token: str, keys: KeySet, *, algorithms: Iterable[str]) -> VerifiedJwt:
    """Verify a compact JWS (RFC 7515 §5.2) and give back what was signed.

    The key is the one that carries the token's `kid`; without a `kid`, the only one that fits
    the algorithm. `jwk`, `jku`, `x5u` and `x5c` of the header choose nothing. No claim is judged
    here. On `oidc_key_not_found` the caller fetches the JWK Set again, once.

    Raises:
        OidcError: oidc_id_token_malformed, oidc_id_token_encrypted, oidc_header_forbidden,
            oidc_algorithm_forbidden, oidc_key_not_found, oidc_key_ambiguous,
            oidc_signature_invalid.
    """
    if len(unverified_token) > _TOKEN_LIMIT or not unverified_token.isascii():
        raise refusal("oidc_id_token_malformed", want="at most 64 KB of ASCII")
    segments = unverified_token.split(".", 5)
    if len(segments) == 5:
        raise refusal("oidc_id_token_encrypted", want="a JWS of three parts", got="a JWE of five")
    if len(segments) != 3:
        raise refusal("oidc_id_token_malformed", want="a compact JWS of three parts")
    header = _read_part("header", segments[0])
    alg, kid = _judge_header(header, frozenset(algorithms) & ALGORITHMS)
    key = _choose_key(keys, alg, kid).key
    try:
        signature = _decode(segments[2])
    except ValueError as reason:
        raise refusal("oidc_id_token_malformed", detail=f"signature: {reason}") from None
    signing_input = f"{segments[0]}.{segments[1]}".encode("ascii")
    if not JWSRegistry.algorithms[alg].verify(signing_input, signature, key):
        raise refusal("oidc_signature_invalid", got=f"alg {alg}, kid {kid}")
    return VerifiedJwt(alg, _read_part("payload", segments[1]))


def read_unverified_claims(unverified_token: str) -> Mapping[str, object]:
    """The payload of a compact JWS that nobody has verified: to look at, and for nothing else.

    Raises:
        OidcError: oidc_id_token_malformed, oidc_id_token_encrypted.
    """
    if len(unverified_token) > _TOKEN_LIMIT or not unverified_token.isascii():
        raise refusal("oidc_id_token_malformed", want="at most 64 KB of ASCII")
    segments = unverified_token.strip().split(".", 5)
    if len(segments) == 5:
        raise refusal("oidc_id_token_encrypted", want="a JWS of three parts", got="a JWE of five")
    if len(segments) != 3:
        raise refusal("oidc_id_token_malformed", want="a compact JWS of three parts")
    return _read_part("payload", segments[1])


def _read_part(name: str, segment: str) -> dict[str, object]:
    try:
        value = read_json(_decode(segment))
    except ValueError as reason:
        raise refusal("oidc_id_token_malformed", detail=f"{name}: {reason}") from None
    if not isinstance(value, dict):
        raise refusal("oidc_id_token_malformed", want=f"a JSON object as {name}")
    return value


def _judge_header(header: dict[str, object], allowed: frozenset[str]) -> tuple[str, str | None]:
    for name in ("crit", "b64"):
        if name in header:
            raise refusal("oidc_header_forbidden", want=f"no {name}", got=name)
    typ, alg, kid = header.get("typ", "JWT"), header.get("alg"), header.get("kid")
    # "at+jwt", "logout+jwt" and their kin are other promises of the same issuer (RFC 8725 §3.11).
    if not isinstance(typ, str) or typ.lower() != "jwt":
        raise refusal("oidc_header_forbidden", want="typ JWT or none", got=f"typ {typ}")
    if not isinstance(alg, str):
        raise refusal("oidc_id_token_malformed", want="a string alg in the header")
    if alg not in allowed:
        raise refusal(
            "oidc_algorithm_forbidden", want="one of " + ", ".join(sorted(allowed)), got=alg
        )
    if "kid" not in header:
        return alg, None
    if not isinstance(kid, str):
        raise refusal("oidc_id_token_malformed", want="a string kid in the header")
    return alg, kid


def _choose_key(keys: KeySet, alg: str, kid: str | None) -> PeerKey:
    named = [key for key in keys.keys if kid is None or key.kid == kid]
    fitting = [key for key in named if key.fits(alg)]
    if len({id(key.key) for key in fitting}) > 1:
        raise refusal("oidc_key_ambiguous", want="one key", got=f"{len(fitting)} that fit")
    if fitting:
        return fitting[0]
    if kid is not None and named:
        raise refusal(
            "oidc_algorithm_forbidden",
            want=f"the algorithm of key {kid}: {named[0].alg or named[0].kty}",
            got=alg,
        )
    skipped = "; ".join(keys.skipped[:5])
    raise refusal(
        "oidc_key_not_found",
        want=f"a key for {alg}",
        got=f"kid {kid}" if kid is not None else "no kid",
        detail=f"Keys that cannot be used: {skipped}" if skipped else None,
    )


def _decode(segment: str) -> bytes:
    """Base64url in the one canonical spelling, so that no two tokens are the same token."""
    if not _BASE64URL.fullmatch(segment):
        raise ValueError("not base64url")
    padded = segment + "=" * (-len(segment) % 4)
    octets = base64.urlsafe_b64decode(padded)
    if _encode(octets) != segment.encode("ascii"):
        raise ValueError("not canonical base64url")
    return octets


# --- our own session JWTs -----------------------------------------------------------------------


def verify_session_jwt(
    token: str,
    public_keys: Mapping[str, str],
    *,
    project_id: str,
    now: datetime,
    allow_expired: bool = False,
) -> Mapping[str, object]:
    """Verify a session JWT of ours. Whether the session still lives is asked elsewhere.

    Args:
        token: what a caller sent; unverified.
        public_keys: our keys by kid, as PEM; retired ones too, as long as they are published.
        project_id: the project whose credentials the caller showed.
        now: aware, in UTC.
        allow_expired: skip `exp` and nothing else, for `sessions/authenticate`, which looks
            the session up and gives a fresh JWT.

    Raises:
        InvalidRequest: unable_to_parse_session_jwt.
    """
    keys = KeySet(tuple(_our_key(kid, pem) for kid, pem in public_keys.items()))
    try:
        claims = verify_jwt(token, keys, algorithms=("RS256",))
    except OidcError as error:
        raise _not_ours(str(error)) from error
    issuer, audience = f"stytch.com/{project_id}", claims.get("aud")
    if claims.get("iss") != issuer:
        raise _not_ours(f"iss is not {issuer}")
    if project_id not in (audience if isinstance(audience, list) else [audience]):
        raise _not_ours(f"aud does not name {project_id}")
    exp, nbf, iat = (_number(claims.get(name)) for name in ("exp", "nbf", "iat"))
    if exp is None or nbf is None or iat is None:
        raise _not_ours("exp, nbf or iat is missing or not a number")
    # Our own nodes differ by a moment; a minute forgives that and nothing more.
    if nbf > (now + timedelta(minutes=1)).timestamp():
        raise _not_ours("it is not valid yet")
    if not allow_expired and now.timestamp() >= exp:
        raise _not_ours("it has expired")
    return claims


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e12:
        return None
    return float(value)


def _not_ours(detail: str) -> Exception:
    return refusal("unable_to_parse_session_jwt", detail=detail)


@lru_cache(maxsize=256)
def _our_key(kid: str, public_pem: str) -> PeerKey:
    return PeerKey(kid, "RSA", "", "RS256", "sig", RSAKey.import_key(_public_key(public_pem)))
