"""A session JWT and the rules by which it is believed (wire §5.7, §11).

Pure: keys, project and time come in, a `Session` or a refusal comes out. Does not know where keys
come from. The same vectors as the server's own check hold for it.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from vestibule_sdk.errors import KeyUnknown, SessionInvalid, SessionJwtExpired

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

SESSION_CLAIM = "https://stytch.com/session"
ORGANIZATION_CLAIM = "https://stytch.com/organization"
_REGISTERED = frozenset({"iss", "sub", "aud", "exp", "nbf", "iat", "jti"})
_RESERVED = "https://stytch.com/"
_BASE64URL = re.compile(r"[A-Za-z0-9_-]*")
_TOKEN_LIMIT = 64 * 1024
# Clocks differ by a moment: a minute forgives that at the beginning, and nothing at the end.
_SKEW = 60


@dataclass(frozen=True, slots=True)
class Session:
    """Who is signed in, where, and with which roles.

    Attributes:
        custom_claims: what the project's template and the application put into the JWT.
        authentication_factors: as the wire has them (§5.3).
        expires_at: the end of the session, as the wire writes it; "" if the server did not say.
        jwt_issued_at, jwt_expires_at: of the JWT, in seconds since 1970; the session may go on.
    """

    member_session_id: str
    member_id: str
    organization_id: str
    organization_slug: str
    roles: tuple[str, ...]
    started_at: str
    last_accessed_at: str
    expires_at: str
    jwt_issued_at: float
    jwt_expires_at: float
    custom_claims: Mapping[str, Any] = field(default_factory=dict)
    authentication_factors: tuple[Mapping[str, Any], ...] = ()


def read_jwks(document: bytes) -> dict[str, RSAPublicKey]:
    """The usable keys of our key set by their `kid`; what is not RSA for signatures is left out."""
    from cryptography.hazmat.primitives.asymmetric.rsa import (  # noqa: PLC0415 - slow to import
        RSAPublicNumbers,
    )

    keys: dict[str, RSAPublicKey] = {}
    told = _json(document)
    members = told.get("keys") if isinstance(told, dict) else None
    for jwk in members if isinstance(members, list) else ():
        if not isinstance(jwk, dict) or jwk.get("kty") != "RSA" or jwk.get("use", "sig") != "sig":
            continue
        if jwk.get("alg", "RS256") != "RS256" or not isinstance(jwk.get("kid"), str):
            continue
        try:
            n, e = (int.from_bytes(_decode(jwk[name]), "big") for name in ("n", "e"))
            if n.bit_length() < 2048:
                continue
            keys[jwk["kid"]] = RSAPublicNumbers(e, n).public_key()
        except (KeyError, TypeError, ValueError):
            continue
    return keys


def verify_session_jwt(
    token: str, keys: Mapping[str, RSAPublicKey], *, project_id: str, now: float
) -> Session:
    """Verify a session JWT of the project. Whether the session still lives is not asked.

    Raises:
        SessionJwtExpired: right in everything but its age.
        KeyUnknown: its key is not in `keys`.
        SessionInvalid: anything else; `reason` says what.
    """
    if len(token) > _TOKEN_LIMIT or not token.isascii():
        raise SessionInvalid("not a JWT of at most 64 KB")
    segments = token.split(".")
    if len(segments) != 3:
        raise SessionInvalid("not a JWS of three parts")
    header = _part("header", segments[0])
    kid = _judge_header(header)
    key = keys.get(kid)
    if key is None:
        raise KeyUnknown(f"no key {kid!r} is known")
    try:
        signature = _decode(segments[2])
    except ValueError as reason:
        raise SessionInvalid(f"signature: {reason}") from None
    _verify_signature(key, signature, f"{segments[0]}.{segments[1]}".encode("ascii"))
    claims = _part("payload", segments[1])
    _judge_claims(claims, project_id, now)
    return read_session(claims)


def read_session(claims: Mapping[str, Any]) -> Session:
    """The session that verified claims tell of."""
    session, organization = claims.get(SESSION_CLAIM), claims.get(ORGANIZATION_CLAIM)
    if not isinstance(session, dict) or not isinstance(organization, dict):
        raise SessionInvalid("no session or organization in it")
    roles = session.get("roles")
    if not isinstance(roles, list) or not all(isinstance(role, str) for role in roles):
        raise SessionInvalid("no roles in it")
    factors = session.get("authentication_factors")
    told = {name: _text(session, name) for name in ("started_at", "last_accessed_at", "expires_at")}
    return Session(
        member_session_id=_required(session, "id"),
        member_id=_required(claims, "sub"),
        organization_id=_required(organization, "organization_id"),
        organization_slug=_text(organization, "slug"),
        roles=tuple(roles),
        jwt_issued_at=float(claims["iat"]),
        jwt_expires_at=float(claims["exp"]),
        custom_claims={
            name: value
            for name, value in claims.items()
            if name not in _REGISTERED and not name.startswith(_RESERVED)
        },
        authentication_factors=tuple(factors) if isinstance(factors, list) else (),
        **told,
    )


def _judge_header(header: Mapping[str, Any]) -> str:
    for name in ("crit", "b64"):
        if name in header:
            raise SessionInvalid(f"{name} in its header")
    typ, alg, kid = header.get("typ", "JWT"), header.get("alg"), header.get("kid")
    if not isinstance(typ, str) or typ.lower() != "jwt":
        raise SessionInvalid("its typ is not JWT")
    # The algorithm is ours to choose, not the token's.
    if alg != "RS256":
        raise SessionInvalid("its alg is not RS256")
    if not isinstance(kid, str):
        raise SessionInvalid("no kid in its header")
    return kid


def _verify_signature(key: RSAPublicKey, signature: bytes, signed: bytes) -> None:
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - slow to import
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15  # noqa: PLC0415
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415

    try:
        key.verify(signature, signed, PKCS1v15(), SHA256())
    except InvalidSignature:
        raise SessionInvalid("its signature is wrong") from None


def _judge_claims(claims: Mapping[str, Any], project_id: str, now: float) -> None:
    if claims.get("iss") != f"stytch.com/{project_id}":
        raise SessionInvalid("another issuer")
    audience = claims.get("aud")
    if project_id not in (audience if isinstance(audience, list) else [audience]):
        raise SessionInvalid("for another audience")
    numbers = [_number(claims.get(name)) for name in ("exp", "nbf", "iat")]
    if None in numbers:
        raise SessionInvalid("exp, nbf or iat is missing or not a number")
    expires, not_before, _ = numbers
    assert expires is not None and not_before is not None  # noqa: S101 - said above, for the types
    if not_before > now + _SKEW:
        raise SessionInvalid("it is not valid yet")
    if now >= expires:
        raise SessionJwtExpired("it has expired")


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e12:
        return None
    return float(value)


def _part(name: str, segment: str) -> dict[str, Any]:
    try:
        value = _json(_decode(segment))
    except ValueError as reason:
        raise SessionInvalid(f"{name}: {reason}") from None
    if not isinstance(value, dict):
        raise SessionInvalid(f"{name}: not an object")
    return value


def _json(text: bytes) -> Any:
    """JSON of which no two readers have different opinions: no member twice, no NaN."""
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=_refuse_constant)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a member twice")
    return found


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} in it")


def _decode(segment: str) -> bytes:
    """Base64url in its one canonical spelling, so that no two tokens are the same token."""
    if not isinstance(segment, str) or not _BASE64URL.fullmatch(segment):
        raise ValueError("not base64url")
    octets = base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    if base64.urlsafe_b64encode(octets).rstrip(b"=") != segment.encode("ascii"):
        raise ValueError("not canonical base64url")
    return octets


def _required(source: Mapping[str, Any], name: str) -> str:
    value = source.get(name)
    if not isinstance(value, str) or not value:
        raise SessionInvalid(f"no {name} in it")
    return value


def _text(source: Mapping[str, Any], name: str) -> str:
    value = source.get(name)
    return value if isinstance(value, str) else ""
