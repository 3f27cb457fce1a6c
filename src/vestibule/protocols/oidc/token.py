"""The token endpoint: client authentication, the two grants, and judging what comes back.

Owns the choice of the authentication method, and the shape of a token answer (RFC 6749 §5).
Refuses to know what an ID token says, when a refresh is due and where tokens are kept; an answer
earns no more trust here than its TLS channel had.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import isfinite
from typing import Final
from urllib.parse import quote_plus, urlencode

from vestibule.errors import refusal
from vestibule.protocols.http import HttpRequest, HttpResponse
from vestibule.protocols.jwt import read_json, sign_jwt
from vestibule.protocols.oidc.discovery import OidcClient, OidcProvider

_ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_ASSERTION_LIFETIME = timedelta(seconds=60)
_SECRET_METHODS: Final = ("client_secret_basic", "client_secret_post")
_METHODS: Final = ("private_key_jwt", *_SECRET_METHODS)
_TEN_YEARS = timedelta(days=3650)
_TOKEN = re.compile(r"[\x20-\x7E]+", re.ASCII)  # RFC 6749 §A.12, §A.17
_ERROR = re.compile(r"[\x20\x21\x23-\x5B\x5D-\x7E]{1,100}", re.ASCII)  # RFC 6749 §5.2
_DIGITS = re.compile(r"[0-9]{1,15}", re.ASCII)


@dataclass(frozen=True, slots=True)
class TokenGrant:
    """A token answer of the right shape. The ID token in it is not verified yet.

    `expires_in` is whole seconds; it and `expires_at` are None when the provider did not say.
    `scope` is None when the provider granted what was asked for.
    """

    access_token: str = field(repr=False)
    token_type: str
    expires_in: int | None
    expires_at: datetime | None
    refresh_token: str | None = field(repr=False)
    id_token: str | None = field(repr=False)
    scope: tuple[str, ...] | None


def choose_auth_method(provider: OidcProvider, client: OidcClient) -> str:
    """How we prove who we are: as the client is told, else the strongest that both have.

    Raises:
        OidcError: oidc_client_auth_unsupported.
    """
    if client.auth_method:
        if client.auth_method in _METHODS:
            return client.auth_method
        raise refusal(
            "oidc_client_auth_unsupported", want=", ".join(_METHODS), got=client.auth_method
        )
    for method in _METHODS if client.private_key else _SECRET_METHODS:
        if method in provider.token_endpoint_auth_methods:
            return method
    raise refusal(
        "oidc_client_auth_unsupported",
        want=", ".join(_METHODS if client.private_key else _SECRET_METHODS),
        got=", ".join(provider.token_endpoint_auth_methods),
    )


def other_auth_method(provider: OidcProvider, client: OidcClient, used: str) -> str | None:
    """What to try once more after `invalid_client`: some list two methods and accept one. A client
    that was told how sends its secret in no other way."""
    if client.auth_method:
        return None
    for method in _SECRET_METHODS:
        if method != used and used in _SECRET_METHODS:
            return method if method in provider.token_endpoint_auth_methods else None
    return None


def build_code_request(
    provider: OidcProvider,
    client: OidcClient,
    *,
    code: str,
    code_verifier: str,
    auth_method: str,
    now: datetime,
    jti: str,
) -> HttpRequest:
    """Exchange the code (OIDC Core §3.1.3.1, RFC 7636 §4.5).

    Args:
        auth_method: of `choose_auth_method`, or `other_auth_method` the second time.
        now, jti: for private_key_jwt only; `jti` must be new each time.
    """
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": client.redirect_uri,
        "code_verifier": code_verifier,
    }
    return _build_request(provider, client, form, auth_method, now, jti)


def build_refresh_request(
    provider: OidcProvider,
    client: OidcClient,
    *,
    refresh_token: str,
    scopes: Sequence[str] = (),
    auth_method: str,
    now: datetime,
    jti: str,
) -> HttpRequest:
    """Ask for new tokens (OIDC Core §12.1); without `scopes`, for the ones granted before."""
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
    if scopes:
        form["scope"] = " ".join(scopes)
    return _build_request(provider, client, form, auth_method, now, jti)


def _build_request(
    provider: OidcProvider,
    client: OidcClient,
    form: dict[str, str],
    auth_method: str,
    now: datetime,
    jti: str,
) -> HttpRequest:
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "Accept": "application/json",
    }
    if auth_method == "client_secret_basic":
        # RFC 6749 §2.3.1: encoded before they are joined, or a ":" in them would split wrongly.
        pair = f"{quote_plus(client.client_id)}:{quote_plus(client.client_secret)}"
        headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode("ascii")
    elif auth_method == "client_secret_post":
        form |= {"client_id": client.client_id, "client_secret": client.client_secret}
    elif auth_method == "private_key_jwt" and client.private_key:
        issued = int(now.timestamp())
        claims: dict[str, object] = {
            "iss": client.client_id,
            "sub": client.client_id,
            # The issuer and not the token endpoint, or a hostile provider that names another's
            # token endpoint as its own could pass the assertion on.
            "aud": provider.issuer,
            "jti": jti,
            "iat": issued,
            "exp": issued + int(_ASSERTION_LIFETIME.total_seconds()),
        }
        form |= {
            "client_id": client.client_id,
            "client_assertion_type": _ASSERTION_TYPE,
            "client_assertion": sign_jwt(claims, client.private_key),
        }
    else:
        raise refusal("oidc_client_auth_unsupported", want=", ".join(_METHODS), got=auth_method)
    return HttpRequest("POST", provider.token_endpoint, headers, urlencode(form).encode("ascii"))


def read_token_response(response: HttpResponse, *, now: datetime) -> TokenGrant:
    """Read an answer of the token endpoint (OIDC Core §3.1.3.3, §3.1.3.4, §12.2).

    Raises:
        OidcError: oidc_token_refused, with `got` beginning with the OAuth error code;
            oidc_token_response_invalid.
        UpstreamError: idp_answer_unusable, when the server fails or is busy.
    """
    if response.status >= 500 or response.status == 429:
        raise refusal("idp_answer_unusable", want="200", got=f"{response.status}")
    error = token_error(response)
    if error is not None:
        description = _object_or_nothing(response).get("error_description")
        got = f"{error}: {description}" if isinstance(description, str) else error
        raise refusal("oidc_token_refused", got=got, detail=f"Status {response.status}")
    if response.status != 200:
        raise refusal("oidc_token_response_invalid", want="200", got=f"{response.status}")
    try:
        answer = read_json(response.body)
    except ValueError as reason:
        raise refusal("oidc_token_response_invalid", detail=str(reason)) from None
    if not isinstance(answer, dict) or "error" in answer:
        raise refusal("oidc_token_response_invalid", want="a JSON object with tokens")
    access_token, token_type = _text(answer, "access_token"), _text(answer, "token_type")
    if not access_token or not token_type:
        raise refusal("oidc_token_response_invalid", want="access_token and token_type")
    if token_type.lower() != "bearer":
        raise refusal("oidc_token_response_invalid", want="token_type Bearer", got=token_type)
    expires_in = _expires_in(answer.get("expires_in"))
    scope = _text(answer, "scope")
    return TokenGrant(
        access_token=access_token,
        token_type=token_type,
        expires_in=expires_in,
        expires_at=None if expires_in is None else now + timedelta(seconds=expires_in),
        refresh_token=_text(answer, "refresh_token") or None,
        id_token=_text(answer, "id_token") or None,
        scope=None if scope is None else tuple(scope.split()),
    )


def token_error(response: HttpResponse) -> str | None:
    """The OAuth error code of an answer (RFC 6749 §5.2), or None when it carries none.

    A bare 401 is `invalid_client`: the standard has that status for nothing else. A failing or
    busy server says nothing about us, whatever its body claims.
    """
    if response.status >= 500 or response.status == 429:
        return None
    error = _object_or_nothing(response).get("error")
    if isinstance(error, str) and _ERROR.fullmatch(error):
        return error
    return "invalid_client" if response.status == 401 else None


def _object_or_nothing(response: HttpResponse) -> dict[str, object]:
    try:
        answer = read_json(response.body)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _text(answer: dict[str, object], name: str) -> str | None:
    value = answer.get(name)
    if value is None or value == "":
        return value
    if not isinstance(value, str) or not _TOKEN.fullmatch(value):
        raise refusal(
            "oidc_token_response_invalid", want=f"a string {name}", got=type(value).__name__
        )
    return value


def _expires_in(value: object) -> int | None:
    """Whole seconds; met were 3599, 3599.0 and "3599". Capped, or no calendar could hold it."""
    if value is None:
        return None
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        value = int(value)
    elif isinstance(value, float) and isfinite(value):
        value = int(value) if value >= 0 else -1
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise refusal(
            "oidc_token_response_invalid", want="expires_in in seconds", got=type(value).__name__
        )
    return min(value, int(_TEN_YEARS.total_seconds()))
