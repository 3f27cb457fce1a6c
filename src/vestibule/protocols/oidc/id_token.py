"""The ID token: from a string that anybody could have sent to claims that we act upon.

Owns the checks of OIDC Core §3.1.3.7 and §12.2, in their order. Refuses to know where the keys
come from, which sign-in the nonce belongs to, and what the claims about the person mean.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from vestibule.errors import refusal
from vestibule.protocols.jwt import ALGORITHMS, KeySet, VerifiedJwt, verify_jws
from vestibule.protocols.oidc.discovery import OidcClient, OidcProvider

SKEW: Final = timedelta(minutes=2)
_OLDEST: Final = timedelta(days=1)
_YEAR_9999: Final = 253_370_764_800
_SUBJECT = re.compile(r"[\x20-\x7E]{1,255}", re.ASCII)

# at_hash is made with the hash of the token's own signature (OIDC Core §3.1.3.6). Ed25519 hashes
# with SHA-512 inside, and that is what providers took.
_HASH: Final = {
    **dict.fromkeys(("RS256", "PS256", "ES256"), hashlib.sha256),
    **dict.fromkeys(("RS384", "PS384", "ES384"), hashlib.sha384),
    **dict.fromkeys(("RS512", "PS512", "ES512", "EdDSA"), hashlib.sha512),
}


@dataclass(frozen=True, slots=True)
class IdTokenClaims:
    """A verified ID token. `auth_time` is None when the provider did not say, or said 0."""

    claims: Mapping[str, object]
    subject: str
    issuer: str
    audience: tuple[str, ...]
    issued_at: datetime
    expires_at: datetime
    auth_time: datetime | None


def verify_id_token(
    unverified: str | None,
    *,
    provider: OidcProvider,
    client: OidcClient,
    keys: KeySet,
    nonce: str,
    now: datetime,
    access_token: str | None,
    code: str | None = None,
    max_age: timedelta | None = None,
    skew: timedelta = SKEW,
) -> IdTokenClaims:
    """Verify the ID token of a sign-in (OIDC Core §3.1.3.7); from then on read only the result.

    The signature is always verified, though §3.1.3.7 (6) would let TLS stand in for it.

    Args:
        unverified: the `id_token` of a token answer; None when there was none.
        keys: the provider's; on `oidc_key_not_found` fetch them again, once.
        nonce: the one of the stored sign-in.
        access_token, code: compared with `at_hash` and `c_hash` where those are present.
        max_age: what was asked for; None if nothing was.
        skew: by how much clocks may differ, either way.

    Raises:
        OidcError: of `verify_jws`, and oidc_id_token_missing, oidc_claim_invalid,
            oidc_issuer_mismatch, oidc_audience_mismatch, oidc_azp_mismatch,
            oidc_id_token_expired, oidc_id_token_not_yet_valid, oidc_nonce_mismatch,
            oidc_at_hash_mismatch, oidc_c_hash_mismatch, oidc_auth_time_too_old.
    """
    if not unverified:
        raise refusal("oidc_id_token_missing")
    verified = _verify_signature(unverified, provider, keys)
    claims = verified.claims
    issuer = _string(claims, "iss")
    if issuer != provider.issuer:  # (2)
        raise refusal("oidc_issuer_mismatch", want=provider.issuer, got=issuer)
    audience = require_audience(claims, client)  # (3)
    _require_azp(claims, client)  # (4), (5)
    issued_at, expires_at = _require_times(claims, now, skew)  # (9), (10)
    sent_nonce = _string(claims, "nonce")  # (11)
    if not hmac.compare_digest(sent_nonce.encode(), nonce.encode()):
        raise refusal("oidc_nonce_mismatch", got=sent_nonce)
    auth_time = _auth_time(claims)
    if max_age is not None:
        _require_fresh(claims, auth_time, max_age, now, skew)  # (13)
    _require_hash(verified, "at_hash", access_token)  # §3.1.3.8
    _require_hash(verified, "c_hash", code)  # §3.3.2.11
    subject = _subject(claims)
    return IdTokenClaims(claims, subject, issuer, audience, issued_at, expires_at, auth_time)


def verify_refreshed_id_token(
    unverified: str,
    *,
    provider: OidcProvider,
    client: OidcClient,
    keys: KeySet,
    original_subject: str,
    now: datetime,
    skew: timedelta = SKEW,
) -> IdTokenClaims:
    """Verify an ID token that came with a refresh (OIDC Core §12.2).

    It must speak of the same person, from the same issuer, to us. A nonce may be there or not.

    Raises:
        OidcError: as `verify_id_token`, but oidc_refresh_mismatch for iss, sub and aud.
    """
    verified = _verify_signature(unverified, provider, keys)
    claims = verified.claims
    issuer, subject = _string(claims, "iss"), _subject(claims)
    if issuer != provider.issuer:
        raise refusal("oidc_refresh_mismatch", want=provider.issuer, got=issuer, detail="iss")
    if subject != original_subject:
        raise refusal("oidc_refresh_mismatch", want=original_subject, got=subject, detail="sub")
    audience = _audience(claims)
    if audience != (client.client_id,):
        raise refusal(
            "oidc_refresh_mismatch", want=client.client_id, got=", ".join(audience), detail="aud"
        )
    _require_azp(claims, client)
    issued_at, expires_at = _require_times(claims, now, skew)
    auth_time = _auth_time(claims)
    return IdTokenClaims(claims, subject, issuer, audience, issued_at, expires_at, auth_time)


def require_audience(claims: Mapping[str, object], client: OidcClient) -> tuple[str, ...]:
    """The audience, which must be us and nobody beside us: we trust no other client."""
    audience = _audience(claims)
    if audience != (client.client_id,):
        raise refusal(
            "oidc_audience_mismatch", want=client.client_id, got=", ".join(audience) or "nobody"
        )
    return audience


def read_time(claims: Mapping[str, object], name: str) -> datetime | None:
    """A NumericDate (RFC 7519 §2), fractions allowed; None when absent."""
    if name not in claims:
        return None
    value = claims[name]
    # In Python true is a number, in JSON it is not.
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise refusal("oidc_claim_invalid", want=f"a number {name}", got=type(value).__name__)
    if not 0 <= value < _YEAR_9999:
        raise refusal("oidc_claim_invalid", want=f"{name} in seconds since 1970")
    return datetime.fromtimestamp(value, UTC)


def _verify_signature(unverified: str, provider: OidcProvider, keys: KeySet) -> VerifiedJwt:
    return verify_jws(unverified, keys, algorithms=provider.id_token_signing_algs or ALGORITHMS)


def _string(claims: Mapping[str, object], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str):
        got = type(value).__name__ if name in claims else "nothing"
        raise refusal("oidc_claim_invalid", want=f"a string {name}", got=got)
    return value


def _subject(claims: Mapping[str, object]) -> str:
    subject = _string(claims, "sub")
    if not _SUBJECT.fullmatch(subject):
        raise refusal("oidc_claim_invalid", want="a sub of 1 to 255 ASCII characters", got=subject)
    return subject


def _audience(claims: Mapping[str, object]) -> tuple[str, ...]:
    value = claims.get("aud")
    audience = value if isinstance(value, list) else [value]
    if not all(isinstance(one, str) for one in audience):
        raise refusal("oidc_claim_invalid", want="an aud of strings")
    return tuple(audience)


def _require_azp(claims: Mapping[str, object], client: OidcClient) -> None:
    if "azp" in claims and (azp := _string(claims, "azp")) != client.client_id:
        raise refusal("oidc_azp_mismatch", want=client.client_id, got=azp)


def _require_times(
    claims: Mapping[str, object], now: datetime, skew: timedelta
) -> tuple[datetime, datetime]:
    expires_at, issued_at = read_time(claims, "exp"), read_time(claims, "iat")
    not_before = read_time(claims, "nbf")
    if expires_at is None or issued_at is None:
        raise refusal("oidc_claim_invalid", want="exp and iat")
    if now >= expires_at + skew:
        raise refusal("oidc_id_token_expired", want=f"exp after {now}", got=f"{expires_at}")
    if issued_at > now + skew:
        raise refusal("oidc_id_token_not_yet_valid", want=f"iat by {now}", got=f"{issued_at}")
    if issued_at < now - _OLDEST - skew:
        raise refusal("oidc_id_token_expired", want="an iat of today", got=f"{issued_at}")
    if not_before is not None and not_before > now + skew:
        raise refusal("oidc_id_token_not_yet_valid", want=f"nbf by {now}", got=f"{not_before}")
    return issued_at, expires_at


def _auth_time(claims: Mapping[str, object]) -> datetime | None:
    auth_time = read_time(claims, "auth_time")
    return auth_time if auth_time and auth_time.timestamp() else None


def _require_fresh(
    claims: Mapping[str, object],
    auth_time: datetime | None,
    max_age: timedelta,
    now: datetime,
    skew: timedelta,
) -> None:
    if "auth_time" not in claims:
        raise refusal("oidc_claim_invalid", want="auth_time, for max_age was asked", got="nothing")
    if auth_time is None or auth_time < now - max_age - skew:
        raise refusal("oidc_auth_time_too_old", want=f"{max_age} at most", got=f"{auth_time}")
    if auth_time > now + skew:
        raise refusal("oidc_claim_invalid", want=f"auth_time by {now}", got=f"{auth_time}")


def _require_hash(verified: VerifiedJwt, name: str, value: str | None) -> None:
    if name not in verified.claims:
        return
    sent = _string(verified.claims, name)
    if value is None:
        return
    digest = _HASH[verified.alg](value.encode()).digest()
    half = base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=")
    if not hmac.compare_digest(half, sent.encode()):
        raise refusal(f"oidc_{name}_mismatch", want=half.decode("ascii"), got=sent)
