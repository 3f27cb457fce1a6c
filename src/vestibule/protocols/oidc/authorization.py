"""The browser's way to the provider and back: PKCE, the authorization URL, the callback.

Owns which parameters are ours alone, the grammar and union of scopes, and the mix-up check of
RFC 9207. Refuses to know where state, nonce and verifier come from or are kept: the caller found
the login by `state` and by the browser's cookie before it asks anything here.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from vestibule.errors import refusal
from vestibule.protocols.oidc.discovery import OidcClient, OidcProvider

RESERVED_PARAMETERS: Final = frozenset(
    {
        "client_id",
        "client_secret",
        "code_challenge",
        "code_challenge_method",
        "nonce",
        "redirect_uri",
        "request",
        "request_uri",
        "response_mode",
        "response_type",
        "scope",
        "state",
    }
)

_DEFAULT_SCOPES = "openid email profile"
_SCOPE_LIMIT = 4096
_SCOPE = re.compile(r"[\x21\x23-\x5B\x5D-\x7E]+", re.ASCII)  # RFC 6749 §3.3
_CODE = re.compile(r"[\x20-\x7E]{1,8192}", re.ASCII)  # RFC 6749 §A.11
_NOT_ASSIGNED = re.compile(r"not assigned|AADSTS50105", re.IGNORECASE)
_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


def code_challenge(verifier: str) -> str:
    """The S256 challenge of a verifier (RFC 7636 §4.2)."""
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def build_authorization_url(
    provider: OidcProvider,
    client: OidcClient,
    *,
    scopes: Sequence[str],
    state: str,
    nonce: str,
    code_verifier: str,
    parameters: Mapping[str, str] = _NOTHING,
) -> str:
    """The URL that sends the browser to the provider (OIDC Core §3.1.2.1), always with S256.

    Args:
        parameters: what the application adds, such as `login_hint`; never one of ours.

    Raises:
        InvalidRequest: provider_parameter_reserved, oidc_prompt_none_must_be_exclusive.
        OidcError: oidc_discovery_invalid, when the endpoint's own query names one of ours.
    """
    in_endpoint = {
        _as_read(name)
        for name, _ in parse_qsl(
            urlsplit(provider.authorization_endpoint).query, keep_blank_values=True
        )
    }
    if in_endpoint & RESERVED_PARAMETERS:
        raise refusal(
            "oidc_discovery_invalid",
            want="an authorization_endpoint without " + ", ".join(sorted(in_endpoint)),
            got=provider.authorization_endpoint,
        )
    for name in parameters:
        if not name or _as_read(name) in RESERVED_PARAMETERS | in_endpoint:
            raise refusal("provider_parameter_reserved", got=name)
    prompts = parameters.get("prompt", "").split()
    if "none" in prompts and prompts != ["none"]:
        raise refusal("oidc_prompt_none_must_be_exclusive", want="none", got=" ".join(prompts))
    query = urlencode(
        {
            "response_type": "code",
            "client_id": client.client_id,
            "redirect_uri": client.redirect_uri,
            "scope": " ".join(scopes),
            "state": state,
            "nonce": nonce,
            "code_challenge": code_challenge(code_verifier),
            "code_challenge_method": "S256",
            **parameters,
        },
        quote_via=quote,
        safe="",
    )
    separator = "&" if "?" in provider.authorization_endpoint else "?"
    return f"{provider.authorization_endpoint}{separator}{query}"


def read_max_age(parameters: Mapping[str, str]) -> int | None:
    """How old the sign-in at the provider may be at most, in seconds (OIDC Core §3.1.2.1).

    Raises:
        InvalidRequest: provider_parameter_invalid.
    """
    value = parameters.get("max_age")
    if value is None:
        return None
    if not (value.isascii() and value.isdigit() and len(value) <= 9):
        raise refusal("provider_parameter_invalid", want="max_age in seconds", got=value)
    return int(value)


def _as_read(name: str) -> str:
    """The name as the laxest server would read it: ASP.NET ignores case, PHP turns "." into "_"."""
    return re.sub(r"[^a-z0-9]", "_", name.strip().lower())


def requested_scopes(connection_scopes: str, query_scopes: str) -> tuple[str, ...]:
    """The scopes to ask for: the connection's, else the default ones, and those of this sign-in.

    `openid` comes first where nobody asked for it, for without it there is no ID token. Of
    percent-encoding only %20 is undone, and only in the connection's: "%" and "+" are legal in a
    scope.

    Raises:
        InvalidRequest: custom_scopes_invalid.
    """
    connection = _scopes(connection_scopes.replace("%20", " ")) or _scopes(_DEFAULT_SCOPES)
    asked = dict.fromkeys(connection + _scopes(query_scopes))
    return tuple(asked) if "openid" in asked else ("openid", *asked)


def _scopes(value: str) -> list[str]:
    if len(value) > _SCOPE_LIMIT:
        raise refusal("custom_scopes_invalid", want=f"at most {_SCOPE_LIMIT} characters")
    scopes = [scope for scope in value.split(" ") if scope]
    for scope in scopes:
        if not _SCOPE.fullmatch(scope):
            raise refusal("custom_scopes_invalid", got=scope)
    return scopes


def read_callback(query: Mapping[str, str], provider_issuer: str, iss_required: bool) -> str:
    """Read the provider's answer (OIDC Core §3.1.2.5, §3.1.2.6) and give back the code.

    The issuer is compared first, for an error too may come from another provider than the one
    that was asked (RFC 9207 §2.4).

    Args:
        query: decoded parameters, none of them sent twice.
        iss_required: whether the provider advertised that it names itself.

    Raises:
        OidcError: oidc_response_issuer_mismatch, oidc_response_issuer_missing,
            oidc_authorization_failed, oidc_user_not_assigned, oidc_callback_invalid.
    """
    issuer = query.get("iss")
    if issuer is None and iss_required:
        raise refusal("oidc_response_issuer_missing", want=provider_issuer)
    if issuer is not None and issuer != provider_issuer:
        raise refusal("oidc_response_issuer_mismatch", want=provider_issuer, got=issuer)
    if "error" in query:
        error, description = query["error"], query.get("error_description", "")
        assigned = error != "access_denied" or not _NOT_ASSIGNED.search(description)
        raise refusal(
            "oidc_authorization_failed" if assigned else "oidc_user_not_assigned",
            got=f"{error}: {description}" if description else error,
        )
    code = query.get("code", "")
    if not _CODE.fullmatch(code):
        raise refusal("oidc_callback_invalid", want="a code")
    return code
