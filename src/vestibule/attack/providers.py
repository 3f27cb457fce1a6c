"""Honest responses in the shapes of identity providers met in the wild; each function is one.

Owns how each of them writes: prefixes, order, what it signs and encrypts, how it names things.
"""

from __future__ import annotations

import re
from base64 import encodebytes
from collections.abc import Iterator

from vestibule.attack.cases import Case, Setup, find
from vestibule.attack.scene import ALICE, ATTRIBUTES, DS, INC, SAML, Scene, finish
from vestibule.attack.shapes import (
    CONSENT,
    DECLARATION,
    LEGACY,
    OPENED,
    PERSISTENT,
    TRANSIENT,
    UNSPECIFIED,
    good,
    in_lines,
)

OID = {
    "urn:oid:0.9.2342.19200300.100.1.3": ["alice@corp.example"],
    "urn:oid:2.5.4.42": ["Alice"],
    "urn:oid:2.5.4.4": ["Liddell"],
    "urn:oid:1.3.6.1.4.1.5923.1.5.1.1": ["engineering", "on-call"],
}
CLAIMS = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
ENTRA = {
    "http://schemas.microsoft.com/identity/claims/displayname": ["Alice Liddell"],
    CLAIMS + "emailaddress": ["alice@corp.example"],
    CLAIMS + "givenname": ["Alice"],
    "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups": [
        "6c2f2a0e-0000-4000-8000-000000000001",
        "6c2f2a0e-0000-4000-8000-000000000002",
    ],
}
_CLASSES = "urn:oasis:names:tc:SAML:2.0:ac:classes:"
PASSWORD = _CLASSES + "Password"
TIMESYNC = _CLASSES + "TimeSyncToken"
UNSPECIFIED_CONTEXT = _CLASSES + "unspecified"


def simplesamlphp(s: Scene) -> Iterator[Case]:
    doc = s.sign(
        s.sign(s.response(s.assertion(attributes=OID, name_id="_t1", name_id_format=TRANSIENT)))
    )
    yield good(
        "simplesamlphp/default",
        s.sign(doc, "R"),
        "response and assertion signed, transient NameID, urn:oid names",
        name_id="_t1",
        attributes=OID,
        signed="both",
    )
    inner = finish(s.sign(s.assertion(attributes=OID)))
    yield good(
        "simplesamlphp/encrypted",
        s.sign(s.response(s.encrypt(inner, cipher="aes128-cbc")), "R"),
        "signed assertion in AES-128-CBC, in a signed response",
        attributes=OID,
        signed="both",
        encrypted=True,
        setup=OPENED,
    )
    name = s.encrypt(
        f'<saml:NameID xmlns:saml="{SAML}" Format="{PERSISTENT}">p-1</saml:NameID>',
        element="EncryptedID",
        cipher="aes128-cbc",
    )
    yield good(
        "simplesamlphp/encrypted-name-id",
        s.sign(s.response(s.assertion(name_id_element=name))),
        "the NameID alone is encrypted, inside the signature",
        name_id="p-1",
        setup=OPENED,
        section="SAML Core §2.2.4",
    )


def lemonldap(s: Scene) -> Iterator[Case]:
    doc = s.response(s.assertion(millis=True, friendly=True), millis=True)
    yield good(
        "lemonldap/both-signed",
        s.sign(s.sign(doc), "R"),
        "both signed, times with milliseconds, friendly names",
        signed="both",
    )
    yield good(
        "lemonldap/xmlsec-signed",
        s.sign_by("xmlsec", s.response(s.assertion(typed=False))),
        "signed by libxmlsec, no xsi:type",
        made_with="xmlsec",
    )


def pysaml2(s: Scene) -> Iterator[Case]:
    doc = s.response(
        s.assertion(a="ns1", attributes=OID, attributes_first=True, friendly=True),
        p="ns0",
        a="ns1",
        declaration=DECLARATION,
    )
    yield good(
        "pysaml2/assertion-signed",
        s.sign(doc, ds="ns2"),
        "prefixes ns0, ns1, ns2; attributes before the AuthnStatement",
        attributes=OID,
    )
    inner = finish(s.sign(s.assertion(a="encas2", attributes=OID), ds="ns1"))
    yield good(
        "pysaml2/signed-and-encrypted",
        s.response(s.encrypt(inner, a="ns1", cipher="aes256-cbc"), p="ns0", a="ns1"),
        "moving the decrypted element would merge encas2 and ns1 and break the signature",
        attributes=OID,
        encrypted=True,
        setup=OPENED,
    )
    yield good(
        "pysaml2/triple-des-by-switch",
        s.response(s.encrypt(inner, a="ns1", cipher="tripledes-cbc"), p="ns0", a="ns1"),
        "3DES around a signed assertion, with the connection's switch",
        attributes=OID,
        encrypted=True,
        setup=LEGACY,
        warnings=("legacy encryption",),
        section="XML Encryption §5.2",
    )
    plain = finish(s.assertion(a="ns1", attributes=OID))
    yield good(
        "satosa/encrypted-in-a-signed-response",
        s.sign(s.response(s.encrypt(plain, a="ns1"), p="ns0", a="ns1"), "R", ds="ns2"),
        "an unsigned encrypted assertion under the response's signature",
        attributes=OID,
        signed="response",
        encrypted=True,
        setup=Setup(decryption_keys=("sp-next", "sp")),
    )


def saml_idp(s: Scene) -> Iterator[Case]:
    doc = s.response(
        s.assertion(in_response_to=None, audience=s.sp, name_id="alice", name_id_format=PERSISTENT),
        in_response_to=None,
    )
    yield good(
        "saml-idp/unsolicited",
        s.sign_by("signxml", doc),
        "started at the identity provider: no InResponseTo anywhere",
        name_id="alice",
        setup=Setup(solicited=False),
        section="SAML Profiles §4.1.5",
        made_with="signxml",
    )
    yield good(
        "saml-idp/session-without-end",
        s.sign_by("signxml", s.response(s.assertion(session_end=None))),
        "no SessionNotOnOrAfter",
        made_with="signxml",
    )


def samlify(s: Scene) -> Iterator[Case]:
    yield good(
        "samlify/response-signed",
        s.sign_by("signxml", s.response(), "R"),
        "response signed",
        signed="response",
        made_with="signxml",
    )
    yield good(
        "samlify/no-attributes",
        s.sign(s.response(s.assertion(attributes={}))),
        "no AttributeStatement at all",
        attributes={},
    )


def entra(s: Scene) -> Iterator[Case]:
    plain = re.sub(r"<(/?)saml:", r"<\1", s.assertion(attributes=ENTRA, typed=False, millis=True))
    plain = plain.replace("xmlns:saml=", "xmlns=")
    doc = s.response(plain, millis=True).replace("<saml:Issuer>", f'<Issuer xmlns="{SAML}">', 1)
    doc = doc.replace("</saml:Issuer>", "</Issuer>", 1)
    yield good(
        "entra/assertion-signed",
        s.sign(doc),
        "default namespace, claim URIs, no xsi:type",
        attributes=ENTRA,
    )


def okta(s: Scene) -> Iterator[Case]:
    inner = s.assertion(
        a="saml2",
        attributes=ATTRIBUTES,
        extra_declarations=' xmlns:xs="http://www.w3.org/2001/XMLSchema"',
    )
    doc = s.response(inner, p="saml2p", a="saml2", declaration=DECLARATION, millis=True)
    both = s.sign(s.sign(doc, prefix_list="xs"), "R", prefix_list="xs")
    yield good(
        "okta/prefix-list",
        both,
        "both signed, InclusiveNamespaces with PrefixList xs",
        signed="both",
        section="Exclusive C14N §3",
    )
    declared = ' xmlns:xs="http://www.w3.org/2001/XMLSchema"'
    outside = s.response(
        s.assertion(a="saml2", declare=False),
        p="saml2p",
        a="saml2",
        extra_declarations=declared,
    )
    yield good(
        "okta/prefix-list-declared-on-the-response",
        s.sign(s.sign(outside, prefix_list="xs"), "R"),
        "the PrefixList leans on a declaration that the response's own canonical form drops",
        signed="both",
        section="Exclusive C14N §3",
    )


def keycloak(s: Scene) -> Iterator[Case]:
    yield good(
        "keycloak/inclusive-c14n",
        s.sign(s.response(), c14n=INC, c14n_signed_info=INC),
        "Canonical XML 1.0, in its place",
        section="C14N §2",
    )
    yield good(
        "keycloak/inclusive-both-signed",
        s.sign(s.sign(s.response(), c14n=INC), "R", c14n=INC, c14n_signed_info=INC),
        "the same for both signatures",
        signed="both",
        section="C14N §2",
    )
    for digest, mgf in (("sha256", "sha256"), ("sha512", "sha1"), (None, None)):
        yield good(
            f"keycloak/oaep-xmlenc11-{digest}-{mgf}".lower(),
            s.response(
                s.encrypt(finish(s.sign(s.assertion())), transport="oaep", digest=digest, mgf=mgf)
            ),
            "xmlenc11 RSA-OAEP with its own digest and mask",
            encrypted=True,
            setup=OPENED,
            section="XML Encryption 1.1 §5.5.2",
        )


def shibboleth(s: Scene) -> Iterator[Case]:
    inner = finish(s.sign(s.assertion(a="saml2", attributes=OID, friendly=True)))
    for cipher in ("aes128-gcm", "aes192-gcm", "aes256-gcm", "aes192-cbc"):
        yield good(
            f"shibboleth/{cipher}",
            s.response(s.encrypt(inner, cipher=cipher, a="saml2"), p="saml2p", a="saml2"),
            f"signed assertion in {cipher}",
            attributes=OID,
            encrypted=True,
            setup=OPENED,
            section="XML Encryption 1.1 §5.2",
        )
    for place in ("beside", "retrieval"):
        yield good(
            f"shibboleth/key-{place}",
            s.response(s.encrypt(inner, key_place=place, a="saml2"), p="saml2p", a="saml2"),
            "EncryptedKey beside EncryptedData",
            attributes=OID,
            encrypted=True,
            setup=OPENED,
            section="XML Encryption §3.5",
        )
    # The element as libxmlsec would serialize it: the declarations stay outside.
    bare = s.assertion(declare=False, attributes=OID)
    in_place = s.sign(s.response(bare))
    found = find(r"<saml:Assertion.*</saml:Assertion>", in_place)
    yield good(
        "shibboleth/prefixes-declared-outside",
        s.response(s.encrypt(finish(found))),
        "the plaintext uses a prefix that only the response declares",
        attributes=OID,
        encrypted=True,
        setup=OPENED,
        section="XML Encryption §4.3.3",
    )
    typed = finish(bare).replace(' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"', "")
    yield good(
        "shibboleth/schema-prefix-declared-outside-a-signed-response",
        s.sign(
            s.response(
                s.encrypt(typed),
                extra_declarations=' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"',
            ),
            "R",
        ),
        "xsi is declared where the response's canonical form does not show it",
        attributes=OID,
        signed="response",
        encrypted=True,
        setup=OPENED,
        section="XML Encryption §4.3.3",
    )


def adfs(s: Scene) -> Iterator[Case]:
    """Active Directory Federation Services."""
    attributes = {CLAIMS + "emailaddress": [ALICE], CLAIMS + "upn": ["alice@corp.local"]}
    key_info = (
        f'<KeyInfo xmlns="{DS}"><ds:X509Data><ds:X509Certificate>{s.cert_body("idp")}'
        "</ds:X509Certificate></ds:X509Data></KeyInfo>"
    )
    inner = bare(s.assertion(attributes=attributes, typed=False, millis=True))
    consent = f' Consent="{CONSENT}"'
    yield good(
        "adfs/assertion-signed",
        s.sign(s.response(inner, millis=True, extra_declarations=consent), key_info=key_info),
        "default namespace, Consent, KeyInfo without a prefix, claim URIs",
        attributes=attributes,
    )
    yield good(
        "adfs/both-signed",
        s.sign(
            s.sign(s.response(inner, millis=True, extra_declarations=consent), key_info=key_info),
            "R",
            key_info=key_info,
        ),
        "message and assertion signed",
        attributes=attributes,
        signed="both",
    )
    sealed = finish(s.sign(inner, key_info=key_info))
    yield good(
        "adfs/encrypted",
        s.response(
            s.encrypt(sealed, cipher="aes256-cbc", digest="sha1"), extra_declarations=consent
        ),
        "AES-256-CBC, and OAEP that names its SHA-1",
        attributes=attributes,
        encrypted=True,
        setup=OPENED,
        section="XML Encryption §5.4.2",
    )


def google(s: Scene) -> Iterator[Case]:
    """Google Workspace."""
    key_info = (
        "<ds:KeyInfo><ds:X509Data><ds:X509SubjectName>ST=California,C=US,OU=Google For Work,"
        "CN=Google,L=Mountain View,O=Google Inc.</ds:X509SubjectName>"
        f"<ds:X509Certificate>{s.cert_body('idp')}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>"
    )
    inner = s.assertion(a="saml2").replace("xs:string", "xs:anyType")
    doc = s.response(inner, p="saml2p", a="saml2", declaration=DECLARATION, millis=True)
    yield good(
        "google/response-signed",
        s.sign(doc, "R", key_info=key_info),
        "the response signed, values of any type, the certificate's subject in KeyInfo",
        signed="response",
    )
    yield good(
        "google/assertion-signed",
        s.sign(doc, key_info=key_info),
        "the assertion signed instead",
    )


def pingfederate(s: Scene) -> Iterator[Case]:
    basic = 'NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:basic"'
    inner = s.assertion(declare=False, millis=True, name_id_format=UNSPECIFIED)
    inner = inner.replace("<saml:Attribute Name=", f"<saml:Attribute {basic} Name=")
    key_info = (
        f"<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{s.cert_body('idp')}</ds:X509Certificate>"
        "</ds:X509Data><ds:KeyValue>"
        f"{s.keys['idp'].rsa_key_value}</ds:KeyValue></ds:KeyInfo>"
    )
    doc = s.response(inner, millis=True)
    yield good(
        "pingfederate/assertion-signed",
        in_lines(s.sign(doc, key_info=key_info)),
        "prefixes declared on the response, basic names, a KeyValue beside the certificate",
    )
    yield good(
        "pingfederate/response-signed",
        in_lines(s.sign(doc, "R", key_info=key_info)),
        "the response signed",
        signed="response",
    )


def onelogin(s: Scene) -> Iterator[Case]:
    doc = s.response(s.assertion(context=PASSWORD))
    for which, label in (("A", "assertion"), ("R", "response")):
        signed = finish(s.sign(doc, which)).encode()
        yield good(
            f"onelogin/{label}-signed",
            signed,
            f"the {label} signed; the form field in lines",
            signed=label,
            encoded=encodebytes(signed).decode(),
        )
    yield good(
        "onelogin/encrypted",
        s.response(s.encrypt(finish(s.sign(s.assertion(context=PASSWORD))), cipher="aes256-cbc")),
        "signed, then encrypted in AES-256-CBC",
        encrypted=True,
        setup=OPENED,
        section="XML Encryption §5.2",
    )


def auth0(s: Scene) -> Iterator[Case]:
    attributes = {
        CLAIMS + "nameidentifier": ["auth0|5f7c8ec7c33c6c004bbafe82"],
        CLAIMS + "emailaddress": [ALICE],
        CLAIMS + "name": ["Alice Liddell"],
        "http://schemas.auth0.com/identities/default/connection": ["Username-Password"],
        "http://schemas.auth0.com/email_verified": ["true"],
    }
    inner = s.assertion(
        attributes=attributes,
        name_id="auth0|5f7c8ec7c33c6c004bbafe82",
        name_id_format=UNSPECIFIED,
        millis=True,
        context=UNSPECIFIED_CONTEXT,
        session_end=None,
    )
    doc = s.response(inner.replace("xs:string", "xs:anyType"), millis=True)
    for which, label in (("A", "assertion"), ("R", "response")):
        yield good(
            f"auth0/{label}-signed",
            s.sign(doc, which),
            f"the {label} signed, an unspecified NameID with a bar, claim URIs, no session end",
            name_id="auth0|5f7c8ec7c33c6c004bbafe82",
            attributes=attributes,
            signed=label,
        )


def jumpcloud(s: Scene) -> Iterator[Case]:
    doc = s.response(s.assertion(a="saml2", typed=False, millis=True), p="saml2p", a="saml2")
    yield good(
        "jumpcloud/assertion-signed",
        s.sign(DECLARATION + doc),
        "an XML declaration, no xsi:type",
    )
    yield good(
        "jumpcloud/response-signed",
        s.sign(doc, "R"),
        "the response signed",
        signed="response",
    )


def salesforce(s: Scene) -> Iterator[Case]:
    attributes = {"userId": ["005000000000001"], "username": [ALICE], "email": [ALICE]}
    unspecified = 'NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:unspecified"'
    inner = s.assertion(attributes=attributes, millis=True).replace(
        "<saml:Attribute Name=", f"<saml:Attribute {unspecified} Name="
    )
    yield good(
        "salesforce/both-signed",
        s.sign(s.sign(s.response(inner, declaration=DECLARATION), prefix_list="xs"), "R"),
        "both signed, a PrefixList, the account's id among the attributes",
        attributes=attributes,
        signed="both",
    )


def duo(s: Scene) -> Iterator[Case]:
    doc = s.response(s.assertion(context=TIMESYNC, attributes={"Email": [ALICE], "email": [ALICE]}))
    yield good(
        "duo/both-signed",
        s.sign(s.sign(doc), "R"),
        "both signed, a second factor as context, one address under two spellings",
        attributes={"Email": [ALICE], "email": [ALICE]},
        signed="both",
    )


def cyberark(s: Scene) -> Iterator[Case]:
    inner = bare(s.assertion(millis=True, typed=False))
    yield good(
        "cyberark/response-signed",
        s.sign(s.response(inner, millis=True), "R"),
        "default namespace, the response signed",
        signed="response",
    )


def bare(assertion: str) -> str:
    """The assertion in a default namespace, as .NET writes it."""
    return re.sub(r"<(/?)saml:", r"<\1", assertion).replace("xmlns:saml=", "xmlns=")
