"""OpenID Connect as a relying party: one `build_` and one `read_` or `verify_` for every step.

This is the face of the folder; nobody outside imports the files behind it. Nothing here sends,
waits, remembers or looks at a clock.
"""

from vestibule.protocols.oidc.authorization import (
    RESERVED_PARAMETERS,
    build_authorization_url,
    code_challenge,
    read_callback,
    read_max_age,
    requested_scopes,
)
from vestibule.protocols.oidc.claims import PROTOCOL_CLAIMS, merge_claims
from vestibule.protocols.oidc.discovery import (
    OidcClient,
    OidcProvider,
    build_discovery_request,
    build_jwks_request,
    is_endpoint_url,
    read_discovery,
    read_jwks_response,
)
from vestibule.protocols.oidc.id_token import (
    IdTokenClaims,
    verify_id_token,
    verify_refreshed_id_token,
)
from vestibule.protocols.oidc.token import (
    TokenGrant,
    build_code_request,
    build_refresh_request,
    choose_auth_method,
    other_auth_method,
    read_token_response,
    token_error,
)
from vestibule.protocols.oidc.userinfo import build_userinfo_request, read_userinfo

__all__ = [
    "PROTOCOL_CLAIMS",
    "RESERVED_PARAMETERS",
    "IdTokenClaims",
    "OidcClient",
    "OidcProvider",
    "TokenGrant",
    "build_authorization_url",
    "build_code_request",
    "build_discovery_request",
    "build_jwks_request",
    "build_refresh_request",
    "build_userinfo_request",
    "choose_auth_method",
    "code_challenge",
    "is_endpoint_url",
    "merge_claims",
    "other_auth_method",
    "read_callback",
    "read_discovery",
    "read_jwks_response",
    "read_max_age",
    "read_token_response",
    "read_userinfo",
    "requested_scopes",
    "token_error",
    "verify_id_token",
    "verify_refreshed_id_token",
]
