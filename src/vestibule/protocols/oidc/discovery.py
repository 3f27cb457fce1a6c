"""The two parties as values, and how a provider describes itself: discovery and its JWK Set.

Owns `OidcProvider`, `OidcClient` and the rule that the issuer is compared to the letter.
Refuses to know whether an address may be reached (`network.py` decides), whether http is allowed
where we run, how long an answer may be kept, and who configured the connection.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from vestibule.errors import refusal
from vestibule.protocols.http import HttpRequest, HttpResponse
from vestibule.protocols.jwt import KeySet, SigningKey, read_json, read_jwks

_WELL_KNOWN: Final = "/.well-known/openid-configuration"
_URL_LIMIT = 2048
# Everything that RFC 3986 lets stand in a URL, less "#" and "@": no fragment, no userinfo.
_URL = re.compile(
    r"https?://(?:[A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?"
    r"(?P<rest>[/?][A-Za-z0-9._~:/?@!$&'()*+,;=%\[\]-]*)?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class OidcProvider:
    """An identity provider, as it describes itself or as an administrator typed it in.

    An empty `userinfo_endpoint` or `end_session_endpoint` means that there is none. No
    `id_token_signing_algs` means that the provider did not say, and every algorithm of our list
    may sign.
    """

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    userinfo_endpoint: str
    jwks_uri: str
    # The default of the standard, not ours (OIDC Discovery §3).
    token_endpoint_auth_methods: tuple[str, ...] = ("client_secret_basic",)
    id_token_signing_algs: tuple[str, ...] = ()
    response_iss_parameter_supported: bool = False
    scopes_supported: tuple[str, ...] = ()
    end_session_endpoint: str = ""


@dataclass(frozen=True, slots=True)
class OidcClient:
    """What we are to one provider. An empty `auth_method` leaves the choice to us."""

    client_id: str
    client_secret: str = field(repr=False)
    redirect_uri: str
    auth_method: str = ""
    private_key: SigningKey | None = None


def is_endpoint_url(url: str) -> bool:
    """Whether `url` is an absolute http(s) URL with a host, without userinfo and fragment."""
    if len(url) > _URL_LIMIT or not _URL.fullmatch(url):
        return False
    try:
        return urlsplit(url).port != 0
    except ValueError:
        return False


def build_discovery_request(issuer: str) -> HttpRequest:
    """Ask the issuer for its configuration (OIDC Discovery §4.1).

    One trailing slash is left out of the URL, and only there: the issuer keeps it.

    Raises:
        InvalidRequest: oidc_connection_issuer_url_invalid_format.
    """
    if not is_endpoint_url(issuer) or "?" in issuer:
        raise refusal(
            "oidc_connection_issuer_url_invalid_format",
            want="an absolute URL without query, fragment and userinfo",
            got=issuer,
        )
    url = issuer.removesuffix("/") + _WELL_KNOWN
    return HttpRequest("GET", url, {"Accept": "application/json"})


def read_discovery(response: HttpResponse, *, issuer: str) -> OidcProvider:
    """Read a provider's configuration (OIDC Discovery §4.2) and compare its issuer (§4.3).

    Raises:
        OidcError: oidc_discovery_invalid, oidc_discovery_issuer_mismatch.
        UpstreamError: idp_answer_unusable.
    """
    _refuse_unanswered(response, "oidc_discovery_invalid")
    try:
        document = read_json(response.body)
    except ValueError as reason:
        raise refusal("oidc_discovery_invalid", detail=str(reason)) from None
    if not isinstance(document, dict):
        raise refusal("oidc_discovery_invalid", want="a JSON object")
    named = document.get("issuer")
    if not isinstance(named, str):
        raise refusal("oidc_discovery_invalid", want="a string issuer", detail="issuer")
    if named != issuer:
        raise refusal("oidc_discovery_issuer_mismatch", want=issuer, got=named)
    return OidcProvider(
        issuer=named,
        authorization_endpoint=_endpoint(document, "authorization_endpoint", required=True),
        token_endpoint=_endpoint(document, "token_endpoint", required=True),
        userinfo_endpoint=_endpoint(document, "userinfo_endpoint"),
        jwks_uri=_endpoint(document, "jwks_uri", required=True),
        token_endpoint_auth_methods=_strings(document, "token_endpoint_auth_methods_supported")
        or ("client_secret_basic",),
        id_token_signing_algs=_strings(document, "id_token_signing_alg_values_supported"),
        response_iss_parameter_supported=_flag(
            document, "authorization_response_iss_parameter_supported"
        ),
        scopes_supported=_strings(document, "scopes_supported"),
        end_session_endpoint=_endpoint(document, "end_session_endpoint"),
    )


def build_jwks_request(provider: OidcProvider) -> HttpRequest:
    """Ask for the provider's public keys."""
    accept = "application/json, application/jwk-set+json"
    return HttpRequest("GET", provider.jwks_uri, {"Accept": accept})


def read_jwks_response(response: HttpResponse) -> KeySet:
    """Read the provider's public keys.

    Raises:
        OidcError: oidc_jwks_invalid.
        UpstreamError: idp_answer_unusable.
    """
    _refuse_unanswered(response, "oidc_jwks_invalid")
    return read_jwks(response.body)


def _refuse_unanswered(response: HttpResponse, code: str) -> None:
    if response.status >= 500 or response.status == 429:
        raise refusal("idp_answer_unusable", want="200", got=f"{response.status}")
    if response.status != 200:
        raise refusal(code, want="200", got=f"{response.status}")


def _endpoint(document: dict[str, object], name: str, *, required: bool = False) -> str:
    url = document.get(name)
    if url is None and not required:
        return ""
    if not isinstance(url, str) or not is_endpoint_url(url):
        raise refusal(
            "oidc_discovery_invalid",
            want="an absolute http(s) URL without userinfo and fragment",
            got=url if isinstance(url, str) else type(url).__name__,
            detail=name,
        )
    return url


def _strings(document: dict[str, object], name: str) -> tuple[str, ...]:
    values = document.get(name)
    if values is None:
        return ()
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise refusal("oidc_discovery_invalid", want="a list of strings", detail=name)
    return tuple(values)


def _flag(document: dict[str, object], name: str) -> bool:
    value = document.get(name)
    if value is None:
        return False
    if not isinstance(value, bool):
        raise refusal("oidc_discovery_invalid", want="true or false", detail=name)
    return value
