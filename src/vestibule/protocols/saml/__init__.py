"""SAML 2.0 for a service provider: the face of this package, and all that others may use.

`build_authn_request` and `encode_redirect` or `encode_post` start a sign-in; `read_response` and
`verify_response` end it. `read_idp_metadata` and `render_sp_metadata` introduce the two sides to
each other. Everything is pure: times, ids and keys come in as arguments.
"""

from .assertion import values_by_name
from .certificates import (
    Certificate,
    PrivateKey,
    check_uploaded_private_key,
    read_certificate,
    read_private_key,
)
from .metadata import SamlIdpMetadata, read_idp_metadata, render_sp_metadata
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
    "Certificate",
    "Expectations",
    "PrivateKey",
    "SamlIdp",
    "SamlIdpMetadata",
    "SamlSp",
    "UnverifiedAuthnRequest",
    "UnverifiedResponse",
    "UnverifiedStatement",
    "VerifiedAssertion",
    "build_authn_request",
    "check_uploaded_private_key",
    "decode_redirect",
    "encode_post",
    "encode_redirect",
    "read_authn_request",
    "read_certificate",
    "read_idp_metadata",
    "read_private_key",
    "read_response",
    "read_unverified_statement",
    "render_sp_metadata",
    "sign_enveloped",
    "sign_query",
    "values_by_name",
    "verify_enveloped",
    "verify_query",
    "verify_response",
]
