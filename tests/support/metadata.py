"""Metadata of identity providers, made for a test: any keys, any ends, signed by whom one likes."""

from __future__ import annotations

import html
import uuid
from collections.abc import Sequence
from functools import cache

from peers.certificates import KeyPair, make_key_pair
from vestibule.protocols import saml
from vestibule.protocols.http import HttpResponse

_REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"


@cache
def key_pair(number: int) -> KeyPair:
    """One of a few keys that are made once."""
    return make_key_pair(f"idp-{number}-{uuid.uuid4().hex[:8]}")


def fingerprint(certificate_pem: str) -> str:
    return saml.read_certificate(certificate_pem).fingerprint_sha256


def document(
    entity_id: str,
    sso_url: str,
    certificates: Sequence[str],
    *,
    valid_until: str = "",
    cache_duration: str = "",
    binding: str = _REDIRECT,
    logout_url: str = "",
    signed_by: KeyPair | None = None,
) -> bytes:
    """An EntityDescriptor with these certificates for signing, in their order."""
    ends = f' validUntil="{valid_until}"' if valid_until else ""
    keeps = f' cacheDuration="{cache_duration}"' if cache_duration else ""
    keys = "".join(
        '<md:KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>'
        + "".join(line for line in pem.splitlines() if "-----" not in line)
        + "</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
        for pem in certificates
    )
    logout = ""
    if logout_url:
        logout = f'<md:SingleLogoutService Binding="{_REDIRECT}" Location="{logout_url}"/>'
    made = (
        '<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata"'
        ' xmlns:ds="http://www.w3.org/2000/09/xmldsig#" ID="_metadata"'
        f' entityID="{html.escape(entity_id)}"{ends}{keeps}><md:IDPSSODescriptor'
        ' protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">'
        f'{keys}{logout}<md:SingleSignOnService Binding="{binding}"'
        f' Location="{html.escape(sso_url)}"/></md:IDPSSODescriptor></md:EntityDescriptor>'
    ).encode()
    if signed_by is None:
        return made
    key = saml.read_private_key(signed_by.key_pem)
    return saml.sign_enveloped(made, "_metadata", key, signed_by.certificate_pem)


def answer(body: bytes, status: int = 200) -> HttpResponse:
    return HttpResponse(status, {"content-type": "application/samlmetadata+xml"}, body)
