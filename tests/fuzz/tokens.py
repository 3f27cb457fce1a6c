"""ID tokens and JWK Sets: fresh ones and vectors, bent before or after they are signed.

Owns the making of `TokenSample`s, one for each number of a run. Does not look at what becomes of
them; `token_judging.py` does.
"""

from __future__ import annotations

import base64
import hashlib
import json
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

VECTORS = Path(__file__).parents[1] / "vectors" / "oidc"
ISSUER, CLIENT, SUBJECT = "https://idp.example", "vestibule-client", "248289761001"
NONCE, NOW = "n-9cY0wJq2T3mZ7sLxk4uA", 1795176000
_ALGORITHMS = {
    "rsa-1": ("RS256", "PS256", "RS512", "PS384"),
    "rsa-2": ("RS256", "PS512"),
    "rsa-stranger": ("RS256",),
    "p256": ("ES256",),
    "p384": ("ES384",),
    "p521": ("ES512",),
    "ed25519": ("EdDSA",),
}
HASHES: dict[str, Any] = {"256": hashes.SHA256, "384": hashes.SHA384, "512": hashes.SHA512}


@dataclass(frozen=True)
class TokenSample:
    token: str
    jwks: bytes
    issuer: str = ISSUER
    steps: tuple[str, ...] = ()


# What reading a document that somebody bent may end in.
UNREADABLE = (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError)


# --- making -----------------------------------------------------------------------------------


def encode(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def _number(value: int, size: int = 0) -> str:
    return encode(value.to_bytes(size or (value.bit_length() + 7) // 8, "big"))


@lru_cache
def private_key(name: str) -> Any:
    pem = (VECTORS / "keys" / f"{name}.pem").read_bytes()
    return serialization.load_pem_private_key(pem, None)


@lru_cache
def _jwk(name: str) -> tuple[tuple[str, str], ...]:
    public = private_key(name).public_key()
    if isinstance(public, rsa.RSAPublicKey):
        numbers = public.public_numbers()
        found = {"kty": "RSA", "n": _number(numbers.n), "e": _number(numbers.e)}
    elif isinstance(public, ec.EllipticCurvePublicKey):
        point, size = public.public_numbers(), (public.curve.key_size + 7) // 8
        curve = f"P-{public.curve.key_size}"
        found = {
            "kty": "EC",
            "crv": curve,
            "x": _number(point.x, size),
            "y": _number(point.y, size),
        }
    else:
        found = {"kty": "OKP", "crv": "Ed25519", "x": encode(public.public_bytes_raw())}
    return tuple({**found, "kid": name, "use": "sig"}.items())


def sign(name: str, alg: str, signed: bytes) -> bytes:
    key = private_key(name)
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(signed)
    digest = HASHES.get(alg[2:], hashes.SHA256)()
    if isinstance(key, ec.EllipticCurvePrivateKey):
        size = (key.curve.key_size + 7) // 8
        made = key.sign(signed, ec.ECDSA(digest, deterministic_signing=True))
        return b"".join(part.to_bytes(size, "big") for part in decode_dss_signature(made))
    if alg.startswith("PS"):
        return bytes(
            key.sign(signed, padding.PSS(padding.MGF1(digest), digest.digest_size), digest)
        )
    return bytes(key.sign(signed, padding.PKCS1v15(), digest))


_VALUES: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    1e300,
    10**30,
    NOW,
    NOW + 300,
    float(NOW) + 0.5,
    str(NOW),
    "",
    ISSUER,
    ISSUER + "/",
    CLIENT,
    [CLIENT],
    [CLIENT, CLIENT],
    [CLIENT, "other"],
    ["other"],
    [],
    {},
    SUBJECT,
    "admin",
    "\u0430dmin",
    "a\u0000b",
    "\ud800",
    NONCE,
)
_CLAIMS = (
    *("iss", "sub", "aud", "exp", "iat", "nbf", "nonce", "azp", "at_hash", "c_hash", "auth_time"),
    *("email", "groups", "__proto__"),
)
_HEADERS = ["alg", "kid", "typ", "crit", "b64", "jwk", "jku", "x5u", "x5c", "zip", "cty", "enc"]
_ALGS = ("none", "None", "HS256", "RS256", "rs256", "ES256", "ES256K", "PS256", "EdDSA", "RS1", "")


def token_sample(seed: int, number: int) -> TokenSample:
    """Document `number` of the run `seed`."""
    rng = Random(seed * 1_000_003 + number)
    if rng.random() < 0.25:
        seeded = rng.choice(token_seeds())
        return _after(rng, seeded)
    key = rng.choice(list(_ALGORITHMS))
    alg = rng.choice(_ALGORITHMS[key])
    header: dict[str, Any] = {"alg": alg, "typ": "JWT", "kid": key}
    claims: dict[str, Any] = {
        "iss": ISSUER,
        "sub": SUBJECT,
        "aud": rng.choice((CLIENT, [CLIENT])),
        "exp": NOW + 300,
        "iat": NOW,
        "nonce": NONCE,
        "email": "mallory@corp.example",
    }
    steps = [f"{alg} by {key}"]
    if rng.random() < 0.5:
        name = rng.choice(_CLAIMS)
        claims[name] = rng.choice(_VALUES)
        steps.append(f"claim {name}")
    if rng.random() < 0.3:
        name = rng.choice(_HEADERS)
        header[name] = rng.choice((*_ALGS, *_VALUES, dict(_jwk("rsa-stranger")), ["exp"], [], key))
        steps.append(f"header {name}")
    if rng.random() < 0.1:
        header.pop(rng.choice(list(header)))
    parts = [json.dumps(header).encode("utf-8"), json.dumps(claims).encode("utf-8")]
    for index in (0, 1):
        if rng.random() < 0.2:
            parts[index] = _bent_json(rng, parts[index], steps)
    signed = ".".join(map(encode, parts))
    signature = sign(key, alg, signed.encode())
    published = [dict(_jwk(name)) for name in _ALGORITHMS if name != "rsa-stranger"]
    one = TokenSample(
        f"{signed}.{encode(signature)}",
        json.dumps({"keys": published}).encode(),
        ISSUER,
        tuple(steps),
    )
    return _after(rng, one) if rng.random() < 0.6 else one


def _bent_json(rng: Random, text: bytes, steps: list[str]) -> bytes:
    """The text of the JSON, where two parsers may part ways."""
    choice = rng.randrange(8)
    steps.append(f"json {choice}")
    if choice == 0:
        twin = json.dumps({rng.choice(("sub", "alg", "kid", "aud")): rng.choice(("admin", CLIENT))})
        return text[:-1] + b", " + twin.encode()[1:]
    if choice == 1:
        return b"{" + json.dumps({"sub": "admin"}).encode()[1:-1] + b", " + text[1:]
    if choice == 2:
        return text.replace(b'"sub"', b'"\\u0073ub"')
    if choice == 3:
        return rng.choice((b" ", b"\n", b"\xef\xbb\xbf", b"\x00")) + text
    if choice == 4:
        return text + rng.choice((b" ", b"\n", b"{}", b"\x00", b"//"))
    if choice == 5:
        return text.replace(b"1795176300", rng.choice((b"NaN", b"Infinity", b"1e400", b"1.8e9")))
    if choice == 6:
        return text[: rng.randint(0, len(text))]
    return text.replace(b": ", b":" + b" " * rng.choice((0, 1, 50)))


def _after(rng: Random, one: TokenSample) -> TokenSample:
    """Alter the token or the keys once more, when everything has been signed."""
    name = rng.choice(list(_AFTER))
    try:
        changed = _AFTER[name](rng, one)
    except UNREADABLE:
        return one  # bent so far already that this bend finds nothing to hold on to
    return replace(changed, steps=(*one.steps, name))


def _parts(one: TokenSample) -> list[str]:
    return [*one.token.split("."), "", "", ""][:3]


def _other_header(rng: Random, one: TokenSample) -> TokenSample:
    head, body, tail = _parts(one)
    header = {"alg": rng.choice(_ALGS), "kid": rng.choice(list(_ALGORITHMS))}
    if rng.random() < 0.5:
        header["jwk"] = dict(_jwk("rsa-stranger"))  # type: ignore[assignment]
    head = encode(json.dumps(header).encode())
    tail = rng.choice((tail, "", encode(sign("rsa-stranger", "RS256", f"{head}.{body}".encode()))))
    return replace(one, token=f"{head}.{body}.{tail}")


def _other_claims(rng: Random, one: TokenSample) -> TokenSample:
    head, body, tail = _parts(one)
    try:
        claims = json.loads(base64.urlsafe_b64decode(body + "=="))
        claims[rng.choice(_CLAIMS)] = rng.choice(_VALUES)
    except UNREADABLE:
        return one
    return replace(one, token=f"{head}.{encode(json.dumps(claims).encode())}.{tail}")


def _mac(rng: Random, one: TokenSample) -> TokenSample:
    """HS256 with what is public for a secret."""
    import hmac

    _, body, _ = _parts(one)
    secret = rng.choice((one.jwks, b"", dict(_jwk("rsa-1"))["n"].encode(), b"x" * 20))
    signed = f"{encode(json.dumps({'alg': 'HS256', 'kid': 'rsa-1'}).encode())}.{body}"
    digest = hmac.new(secret, signed.encode(), hashlib.sha256).digest()
    return replace(one, token=f"{signed}.{encode(digest)}")


def _spelling(rng: Random, one: TokenSample) -> TokenSample:
    """Another spelling of the same token, or of nearly the same."""
    at = rng.randint(0, len(one.token))
    before, behind = one.token[:at], one.token[at:]
    token = rng.choice(
        (
            one.token + "=",
            one.token + ".",
            one.token + "\n",
            " " + one.token,
            "." + one.token,
            one.token.replace(".", "..", 1),
            one.token[:-1] + rng.choice("ABCDwxyz019-_"),
            before + rng.choice("ABCxyz09-_.=+/ \n\u00e9\x00") + behind,
            before + behind[1:],
            one.token.replace("_", "/").replace("-", "+"),
            before,
            one.token + "." + one.token,
        )
    )
    return replace(one, token=token)


def _signature(rng: Random, one: TokenSample) -> TokenSample:
    head, body, tail = _parts(one)
    try:
        octets = bytearray(base64.urlsafe_b64decode(tail + "=="))
    except ValueError:
        return one
    choice = rng.randrange(5)
    if choice == 0 and octets:
        octets[rng.randrange(len(octets))] ^= 1 << rng.randrange(8)
    elif choice == 1:
        octets = bytearray(len(octets))
    elif choice == 2:
        octets = octets + bytearray(rng.choice((1, 32)))
    elif choice == 3:
        octets = octets[:-1]
    elif len(octets) % 2 == 0 and octets:
        half = len(octets) // 2
        octets = bytearray(
            encode_dss_signature(
                int.from_bytes(octets[:half], "big"), int.from_bytes(octets[half:], "big")
            )
        )
    return replace(one, token=f"{head}.{body}.{encode(bytes(octets))}")


_JWK_VALUES: tuple[Any, ...] = (
    None,
    "",
    "AQAB",
    "AA",
    "AAEAAQ",
    "Aw",
    "RSA",
    "EC",
    "OKP",
    "oct",
    "sig",
    "enc",
    "P-256",
    "P-384",
    "Ed25519",
    "Ed448",
    "secp256k1",
    "RS256",
    "ES256",
    "rsa-1",
    "p256",
    ["verify"],
    ["sign"],
    [],
    1,
    {},
    "A" * 3000,
)


def _keys(rng: Random, one: TokenSample) -> TokenSample:
    """Other members of a key, other keys, or another order."""
    try:
        document = json.loads(one.jwks)
        keys = document["keys"]
        key = rng.choice(keys)
    except UNREADABLE:
        return one
    choice = rng.randrange(7)
    if choice == 0:
        names = (*key, "alg", "use", "key_ops", "d", "k", "x5c", "kty", "kid")
        key[rng.choice(names)] = rng.choice(_JWK_VALUES)
    elif choice == 1:
        key.pop(rng.choice(list(key)))
    elif choice == 2:
        keys.append({**rng.choice(keys), "kid": rng.choice([*_ALGORITHMS, None])})
    elif choice == 3:
        keys.insert(0, {**dict(_jwk("rsa-stranger")), "kid": rng.choice(list(_ALGORITHMS))})
    elif choice == 4:
        rng.shuffle(keys)
    elif choice == 5:
        keys.remove(key)
    else:
        name = rng.choice([each for each in key if isinstance(key[each], str)] or ["kid"])
        value = str(key.get(name))
        key[name] = rng.choice((value + "=", value + "\n", "AA" + value, value[:-1], value[:-2]))
    return replace(one, jwks=json.dumps(document).encode())


def _key_text(rng: Random, one: TokenSample) -> TokenSample:
    return replace(one, jwks=_bent_json(rng, one.jwks, []))


_AFTER: dict[str, Callable[[Random, TokenSample], TokenSample]] = {
    "other_header": _other_header,
    "other_claims": _other_claims,
    "mac": _mac,
    "spelling": _spelling,
    "signature": _signature,
    "keys": _keys,
    "more_keys": _keys,
    "key_text": _key_text,
}


@lru_cache(maxsize=1)
def token_seeds() -> tuple[TokenSample, ...]:
    """The vectors that have a token and keys, good and bad."""
    found = []
    for path in sorted(VECTORS.glob("*/*/*/case.toml")):
        case = tomllib.loads(path.read_text(encoding="utf-8"))
        folder = path.parent
        keys = folder / "jwks.json"
        if not keys.exists():
            continue
        if (folder / "token.jwt").exists():
            token = (folder / "token.jwt").read_text(encoding="utf-8", errors="replace")
        elif (folder / "token.json").exists():
            token = str(json.loads((folder / "token.json").read_bytes()).get("id_token"))
        else:
            continue
        name = folder.relative_to(VECTORS).as_posix()
        found.append(TokenSample(token, keys.read_bytes(), case.get("issuer", ISSUER), (name,)))
    return tuple(found)
