"""What an identity provider sends: a SAML response of 6 to 7 KB, the way the larger ones do."""

from __future__ import annotations

import os
import re
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA1

from vestibule.protocols import saml

KEYS = Path(__file__).parent.parent / "tests" / "vectors" / "saml" / "keys"
# What nearly everybody uses; OAEP does not need a hash that resists collisions.
OAEP_SHA1 = OAEP(MGF1(SHA1()), SHA1(), None)  # noqa: S303
GROUPS = ("engineering", *(f"team-3f2504e0-{n:02d}" for n in range(9)))
IDP = "https://idp.example/metadata"
ACS = "https://sso.example/v1/b2b/sso/callback/saml-connection-test-1"
REQUEST = "_3c8f0e1d5b"
_SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
_XENC = "http://www.w3.org/2001/04/xmlenc#"
_XENC11 = "http://www.w3.org/2009/xmlenc11#"
_CLAIMS = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims"


def stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def key(name: str) -> saml.PrivateKey:
    return saml.read_private_key((KEYS / f"{name}.test-key.pem").read_text())


def certificate(name: str) -> str:
    return (KEYS / f"{name}.test-cert.pem").read_text()


def expectations() -> saml.Expectations:
    """What `honest_response` fits, plain or encrypted."""
    return saml.Expectations(
        idp_entity_id=IDP,
        certificates=(saml.read_certificate(certificate("idp")),),
        acs_urls=(ACS,),
        audiences=(ACS,),
        request_id=REQUEST,
        decryption_keys=((KEYS / "sp.test-key.pem").read_text(),),
    )


def honest_response() -> bytes:
    return response(
        entity_id=IDP,
        acs_url=ACS,
        audience=ACS,
        request_id=REQUEST,
        email="ada@northwind.example",
        serial="17fe04c2a0",
        key=key("idp"),
        certificate=certificate("idp"),
    )


def response(
    *,
    entity_id: str,
    acs_url: str,
    audience: str,
    request_id: str,
    email: str,
    serial: str,
    key: saml.PrivateKey,
    certificate: str,
) -> bytes:
    """A response with a signed assertion: 6 attributes, one of them with 10 groups."""
    now = datetime.now(UTC)
    issued, until = stamp(now), stamp(now + timedelta(hours=1))
    attributes = "".join(
        f'<saml:Attribute Name="{name}" NameFormat="{_FORMAT}">'
        + "".join(f"<saml:AttributeValue {_TYPED}>{v}</saml:AttributeValue>" for v in values)
        + "</saml:Attribute>"
        for name, values in (
            (f"{_CLAIMS}/emailaddress", (email,)),
            (f"{_CLAIMS}/givenname", ("Ada",)),
            (f"{_CLAIMS}/surname", ("Lovelace",)),
            ("name", ("Ada Lovelace",)),
            ("department", ("Research",)),
            ("groups", GROUPS),
        )
    )
    document = (
        f'<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"'
        f' xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_r{serial}" Version="2.0"'
        f' IssueInstant="{issued}" Destination="{acs_url}" InResponseTo="{request_id}">'
        f"<saml:Issuer>{entity_id}</saml:Issuer><samlp:Status><samlp:StatusCode"
        ' Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>'
        f'<saml:Assertion ID="_a{serial}" Version="2.0" IssueInstant="{issued}">'
        f"<saml:Issuer>{entity_id}</saml:Issuer><saml:Subject><saml:NameID"
        f' Format="urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress">{email}</saml:NameID>'
        '<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">'
        f'<saml:SubjectConfirmationData NotOnOrAfter="{until}" Recipient="{acs_url}"'
        f' InResponseTo="{request_id}"/></saml:SubjectConfirmation></saml:Subject>'
        f'<saml:Conditions NotBefore="{issued}" NotOnOrAfter="{until}">'
        f"<saml:AudienceRestriction><saml:Audience>{audience}</saml:Audience>"
        f"</saml:AudienceRestriction></saml:Conditions><saml:AuthnStatement"
        f' AuthnInstant="{issued}" SessionIndex="_s{serial}" SessionNotOnOrAfter="{until}">'
        "<saml:AuthnContext><saml:AuthnContextClassRef>"
        "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"
        "</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>"
        f"<saml:AttributeStatement>{attributes}</saml:AttributeStatement></saml:Assertion>"
        "</samlp:Response>"
    )
    return saml.sign_enveloped(document.encode(), f"_a{serial}", key, certificate)


def encrypted(document: bytes, *, to: saml.PrivateKey, cipher: str) -> bytes:
    """The response with its assertion encrypted by RSA-OAEP and aes256-gcm or aes256-cbc."""
    found = re.search(b"<saml:Assertion(.*</saml:Assertion>)", document, re.DOTALL)
    assert found
    plaintext = b'<saml:Assertion xmlns:saml="' + _SAML.encode() + b'"' + found[1]
    key = os.urandom(32)
    if cipher == "aes256-gcm":
        uri, iv = _XENC11 + cipher, os.urandom(12)
        sealed = iv + AESGCM(key).encrypt(iv, plaintext, None)
    else:
        uri, iv = _XENC + cipher, os.urandom(16)
        missing = 16 - len(plaintext) % 16
        encryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
        sealed = iv + encryptor.update(plaintext + bytes([missing]) * missing)
    wrapped = to.public_key().encrypt(key, OAEP_SHA1)
    element = (
        f'<saml:EncryptedAssertion><xenc:EncryptedData xmlns:xenc="{_XENC}"'
        f' Type="{_XENC}Element"><xenc:EncryptionMethod Algorithm="{uri}"/>'
        '<ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><xenc:EncryptedKey>'
        f'<xenc:EncryptionMethod Algorithm="{_XENC}rsa-oaep-mgf1p"/><xenc:CipherData>'
        f"<xenc:CipherValue>{b64encode(wrapped).decode()}</xenc:CipherValue></xenc:CipherData>"
        "</xenc:EncryptedKey></ds:KeyInfo><xenc:CipherData>"
        f"<xenc:CipherValue>{b64encode(sealed).decode()}</xenc:CipherValue></xenc:CipherData>"
        "</xenc:EncryptedData></saml:EncryptedAssertion>"
    )
    return document.replace(found[0], element.encode())


_FORMAT = "urn:oasis:names:tc:SAML:2.0:attrname-format:uri"
_TYPED = (
    'xmlns:xs="http://www.w3.org/2001/XMLSchema"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="xs:string"'
)
