"""What the identity provider of a story says: in full, changed, and encrypted for a key of ours.

Signs as the built-in provider of the world does. Encrypts with `cryptography` alone, so that
what we open was not made by us.
"""

from __future__ import annotations

import base64
import os
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from services.attacks import ADA, JSON, callback
from support.world import World
from vestibule.domain.sessions import wire_time
from vestibule.protocols import saml
from vestibule.protocols.saml import UnverifiedAuthnRequest

UNSPECIFIED = "urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified"
_XENC = "http://www.w3.org/2001/04/xmlenc#"
_DS = "http://www.w3.org/2000/09/xmldsig#"
_SAML = "urn:oasis:names:tc:SAML:2.0:assertion"


@dataclass(frozen=True)
class Begun:
    """A login that is at the identity provider now."""

    browser: httpx2.AsyncClient
    connection_id: str
    location: str
    request: UnverifiedAuthnRequest
    relay: str


async def begin(
    world: World,
    connection_id: str,
    source_id: str = "",
    browser: httpx2.AsyncClient | None = None,
    **parameters: str,
) -> Begun:
    """Start a login whose identity provider the test plays, in the Redirect binding."""
    client = browser or world.client()
    started = await client.get(world.start_url(connection_id, **parameters), headers=JSON)
    assert started.status_code == 302, started.text
    location = started.headers["location"]
    query = parse_qs(urlsplit(location).query)
    request = saml.read_authn_request(saml.decode_redirect(query["SAMLRequest"][0]))
    return Begun(client, source_id or connection_id, location, request, query["RelayState"][0])


def answer(
    world: World,
    begun: Begun,
    *changes: tuple[str, str],
    minutes_ago: float = 0,
    context: str = UNSPECIFIED,
    acs_url: str = "",
    audience: str = "",
    encrypt_for: str = "",
) -> dict[str, str]:
    """The form with the answer to this request, with every change made before it was signed.

    Args:
        minutes_ago: when the person signed in at the identity provider.
        encrypt_for: a certificate in PEM.
    """
    return {
        **fields_of(
            world, acs_url or callback(begun.connection_id),
            audience or begun.request.issuer, begun.request.id, *changes,
            minutes_ago=minutes_ago, context=context, encrypt_for=encrypt_for,
        ),
        "RelayState": begun.relay,
    }  # fmt: skip


def fields_of(
    world: World,
    acs_url: str,
    audience: str,
    in_response_to: str,
    *changes: tuple[str, str],
    minutes_ago: float = 0,
    context: str = UNSPECIFIED,
    encrypt_for: str = "",
) -> dict[str, str]:
    """The form of a response, to a request or to none."""
    text = world.idp._response(ADA, acs_url, audience, in_response_to, context).decode()
    text = re.sub(r"<ds:Signature.*?</ds:Signature>", "", text, flags=re.S)
    if minutes_ago:
        now = wire_time(world.rt.now())
        world.advance(minutes=-minutes_ago)
        then = wire_time(world.rt.now())
        world.advance(minutes=minutes_ago)
        changes = ((f'AuthnInstant="{now}"', f'AuthnInstant="{then}"'), *changes)
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    found = re.search(r'<saml:Assertion ID="([^"]+)"', text)
    assert found is not None
    key = saml.read_private_key(world.idp.private_key)
    document = saml.sign_enveloped(text.encode(), found[1], key, world.idp.certificate).decode()
    if encrypt_for:
        document = _encrypted(document, encrypt_for)
    return {"SAMLResponse": base64.b64encode(document.encode()).decode()}


async def deliver(begun: Begun, fields: dict[str, str], **options: Any) -> httpx2.Response:
    return await begun.browser.post(
        callback(begun.connection_id), data=fields, headers=JSON, **options
    )


def _encrypted(document: str, certificate_pem: str) -> str:
    """The document with its assertion encrypted by AES-256-GCM and RSA-OAEP."""
    found = re.search(r"<saml:Assertion .*</saml:Assertion>", document, re.S)
    assert found is not None
    plain = found[0].replace("<saml:Assertion ", f'<saml:Assertion xmlns:saml="{_SAML}" ', 1)
    content_key, nonce = os.urandom(32), os.urandom(12)
    sealed = nonce + AESGCM(content_key).encrypt(nonce, plain.encode(), None)
    public = x509.load_pem_x509_certificate(certificate_pem.encode()).public_key()
    assert isinstance(public, rsa.RSAPublicKey)
    oaep = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)  # noqa: S303
    wrapped = public.encrypt(content_key, oaep)
    data, key = (base64.b64encode(octets).decode() for octets in (sealed, wrapped))
    encrypted = (
        f'<saml:EncryptedAssertion><xenc:EncryptedData xmlns:xenc="{_XENC}" '
        f'Type="{_XENC}Element"><xenc:EncryptionMethod '
        'Algorithm="http://www.w3.org/2009/xmlenc11#aes256-gcm"/>'
        f'<ds:KeyInfo xmlns:ds="{_DS}"><xenc:EncryptedKey>'
        f'<xenc:EncryptionMethod Algorithm="{_XENC}rsa-oaep-mgf1p"/>'
        f"<xenc:CipherData><xenc:CipherValue>{key}</xenc:CipherValue></xenc:CipherData>"
        "</xenc:EncryptedKey></ds:KeyInfo>"
        f"<xenc:CipherData><xenc:CipherValue>{data}</xenc:CipherValue></xenc:CipherData>"
        "</xenc:EncryptedData></saml:EncryptedAssertion>"
    )
    return document.replace(found[0], encrypted)
