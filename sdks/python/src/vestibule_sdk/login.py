"""The first step of a login: the address to send a browser to, and the secret that ties the end of
it to this program. Pure but for the random verifier; does not know how the browser gets there."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode


@dataclass(frozen=True, slots=True)
class LoginStart:
    """Send the browser to `url`; keep `code_verifier` for `client.sso.authenticate`, out of sight
    of everybody but this browser: a link with somebody else's token is refused by it."""

    url: str
    code_verifier: str = field(repr=False)


def start_login(
    base_url: str,
    public_token: str,
    *,
    organization_id: str | None = None,
    connection_id: str | None = None,
    login_redirect_url: str | None = None,
    signup_redirect_url: str | None = None,
    custom_scopes: str | None = None,
    provider_parameters: Mapping[str, str] | None = None,
) -> LoginStart:
    """Begin a login by organization (id, slug or external id) or by connection (wire §4.1).

    Args:
        provider_parameters: for OpenID Connect, such as `{"login_hint": "ada@example.com"}`.

    Raises:
        ValueError: unless exactly one of organization and connection is given.
    """
    if bool(organization_id) == bool(connection_id):
        raise ValueError("a login needs an organization or a connection, and not both")
    verifier = secrets.token_urlsafe(48)
    digest = hashlib.sha256(verifier.encode()).digest()
    query = {
        "public_token": public_token,
        "organization_id": organization_id,
        "connection_id": connection_id,
        "login_redirect_url": login_redirect_url,
        "signup_redirect_url": signup_redirect_url,
        "custom_scopes": custom_scopes,
        "pkce_code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        **{f"provider_{name}": value for name, value in (provider_parameters or {}).items()},
    }
    given = urlencode({name: value for name, value in query.items() if value is not None})
    return LoginStart(f"{base_url}/v1/public/sso/start?{given}", verifier)
