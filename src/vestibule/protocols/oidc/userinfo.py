"""The UserInfo endpoint: asking for the person's claims, and judging the answer.

Owns the rule that an answer about another `sub` is not used, and the reading of signed answers.
Refuses to know which claims matter and how they are mapped.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from datetime import datetime

from vestibule.errors import refusal
from vestibule.protocols.http import HttpRequest, HttpResponse
from vestibule.protocols.jwt import ALGORITHMS, KeySet, read_json, verify_jwt
from vestibule.protocols.oidc.discovery import OidcClient, OidcProvider
from vestibule.protocols.oidc.id_token import SKEW, read_time, require_audience


def build_userinfo_request(provider: OidcProvider, access_token: str) -> HttpRequest:
    """Ask for the claims of the person whose access token this is (OIDC Core §5.3.1)."""
    headers = {
        "Authorization": f"Bearer {access_token}",
        "Accept": "application/json, application/jwt",
    }
    return HttpRequest("GET", provider.userinfo_endpoint, headers)


def read_userinfo(
    response: HttpResponse,
    *,
    subject: str,
    keys: KeySet | None,
    provider: OidcProvider,
    client: OidcClient,
    now: datetime,
) -> Mapping[str, object]:
    """Read a UserInfo answer (OIDC Core §5.3.2), JSON or a signed JWT.

    Args:
        subject: `sub` of the verified ID token.
        keys: the provider's, for signed answers; None refuses those.

    Raises:
        OidcError: oidc_userinfo_invalid, oidc_userinfo_subject_mismatch,
            oidc_distributed_claims; of a signed answer also those of `verify_jws`,
            oidc_issuer_mismatch, oidc_audience_mismatch, oidc_id_token_expired and
            oidc_id_token_not_yet_valid.
        UpstreamError: idp_answer_unusable.
    """
    if response.status >= 500 or response.status == 429:
        raise refusal("idp_answer_unusable", want="200", got=f"{response.status}")
    if response.status != 200:
        raise refusal("oidc_userinfo_invalid", want="200", got=f"{response.status}")
    media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type == "application/jwt":
        claims = _read_signed(response.body, keys, provider, client, now)
    else:
        claims = _read_json(response.body)
    named = claims.get("sub")
    if not isinstance(named, str) or not named:
        raise refusal("oidc_userinfo_invalid", want="a string sub")
    if not hmac.compare_digest(named.encode(), subject.encode()):
        raise refusal("oidc_userinfo_subject_mismatch", want=subject, got=named)
    if "_claim_sources" in claims or "_claim_names" in claims:
        raise refusal("oidc_distributed_claims")
    return claims


def _read_json(unverified: bytes) -> Mapping[str, object]:
    try:
        value = read_json(unverified)
    except ValueError as reason:
        raise refusal("oidc_userinfo_invalid", detail=str(reason)) from None
    if not isinstance(value, dict):
        raise refusal("oidc_userinfo_invalid", want="a JSON object")
    return value


def _read_signed(
    unverified: bytes,
    keys: KeySet | None,
    provider: OidcProvider,
    client: OidcClient,
    now: datetime,
) -> Mapping[str, object]:
    if keys is None:
        raise refusal("oidc_userinfo_invalid", want="JSON", got="a signed answer")
    # Latin-1 cannot fail, and what is not ASCII in the result is refused as a token.
    token = unverified.decode("latin-1").strip("\r\n\t ")
    claims = verify_jwt(token, keys, algorithms=ALGORITHMS)
    if claims.get("iss") != provider.issuer:
        raise refusal("oidc_issuer_mismatch", want=provider.issuer, got=str(claims.get("iss")))
    require_audience(claims, client)
    expires_at, not_before = read_time(claims, "exp"), read_time(claims, "nbf")
    if expires_at is not None and now >= expires_at + SKEW:
        raise refusal("oidc_id_token_expired", want=f"exp after {now}", got=f"{expires_at}")
    if not_before is not None and not_before > now + SKEW:
        raise refusal("oidc_id_token_not_yet_valid", want=f"nbf by {now}", got=f"{not_before}")
    return claims
