"""SAML 2.0 for a service provider: the face of this package, and all that others may use.

`build_authn_request` and `encode_redirect` or `encode_post` start a sign-in; `read_response` and
`verify_response` end it. `read_idp_metadata` and `render_sp_metadata` introduce the two sides to
each other. `read_redirect` or `read_post` take in a logout message, `read_logout_request` and its
kin judge it. Everything is pure: times, ids and keys come in as arguments.
"""

from .assertion import values_by_name
from .bindings import MessageName, UnverifiedMessage, read_post, read_redirect
from .certificates import (
    Certificate,
    PrivateKey,
    check_uploaded_private_key,
    read_certificate,
    read_private_key,
)
from .logout import (
    LogoutExpectations,
    NameId,
    UnverifiedLogoutRequest,
    UnverifiedLogoutResponse,
    VerifiedLogoutRequest,
    VerifiedLogoutResponse,
    build_logout_request,
    build_logout_response,
    read_logout_request,
    read_logout_response,
    verify_logout_request,
    verify_logout_response,
)
from .metadata import (
    SamlIdpMetadata,
    SignedIdpMetadata,
    read_idp_metadata,
    render_sp_metadata,
    verify_idp_metadata,
)
from .names import HTTP_POST, STATUS_PARTIAL_LOGOUT, STATUS_RESPONDER, STATUS_SUCCESS
from .request import (
    SamlIdp,
    SamlSp,
    UnverifiedAuthnRequest,
    build_authn_request,
    decode_redirect,
    encode_post,
    encode_redirect,
    read_authn_request,
)
from .response import (
    Expectations,
    UnverifiedResponse,
    VerifiedAssertion,
    read_response,
    verify_response,
)
from .signature import sign_enveloped, sign_query, verify_enveloped, verify_query
from .statement import UnverifiedStatement, read_unverified_statement

__all__ = [
    "HTTP_POST",
    "STATUS_PARTIAL_LOGOUT",
    "STATUS_RESPONDER",
    "STATUS_SUCCESS",
    "Certificate",
    "Expectations",
    "LogoutExpectations",
    "MessageName",
    "NameId",
    "PrivateKey",
    "SamlIdp",
    "SamlIdpMetadata",
    "SamlSp",
    "SignedIdpMetadata",
    "UnverifiedAuthnRequest",
    "UnverifiedLogoutRequest",
    "UnverifiedLogoutResponse",
    "UnverifiedMessage",
    "UnverifiedResponse",
    "UnverifiedStatement",
    "VerifiedAssertion",
    "VerifiedLogoutRequest",
    "VerifiedLogoutResponse",
    "build_authn_request",
    "build_logout_request",
    "build_logout_response",
    "check_uploaded_private_key",
    "decode_redirect",
    "encode_post",
    "encode_redirect",
    "read_authn_request",
    "read_certificate",
    "read_idp_metadata",
    "read_logout_request",
    "read_logout_response",
    "read_post",
    "read_private_key",
    "read_redirect",
    "read_response",
    "read_unverified_statement",
    "render_sp_metadata",
    "sign_enveloped",
    "sign_query",
    "values_by_name",
    "verify_enveloped",
    "verify_idp_metadata",
    "verify_logout_request",
    "verify_logout_response",
    "verify_query",
    "verify_response",
]
