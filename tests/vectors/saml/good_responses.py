"""Honest responses and metadata, in the shapes of identity providers met in the wild.

Each function is one identity provider. Where it can be had, the signature or the ciphertext is
made by other people's code (signxml, xmlsec), and `origin` says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import forge
import signxml
import xmlsec
from forge import (
    ATTRIBUTES,
    IDP,
    INC,
    MORE,
    MORE07,
    SHA256,
    SP,
    XENC,
    assertion,
    encrypt,
    finish,
    response,
    sign,
)
from lxml import etree
from signxml import SignatureConstructionMethod, SignatureMethod

Row = dict[str, Any]
CORE = "SAML Profiles §4.1.4"
EMAIL = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
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


def good(
    path: str,
    document: str,
    why: str,
    *,
    name_id: str = "alice@corp.example",
    attributes: dict[str, list[str]] | None = None,
    signed: str = "assertion",
    encrypted: bool = False,
    warnings: tuple[str, ...] = (),
    section: str = CORE,
    origin: str | None = None,
    **settings: Any,
) -> Row:
    row: Row = {
        "path": f"good/{path}",
        "document": finish(document),
        "why": why,
        "section": section,
        "settings": settings,
        "expected": {
            "name_id": name_id,
            "signed": signed,
            "encrypted": encrypted,
            "warnings": list(warnings),
            "attributes": ATTRIBUTES if attributes is None else attributes,
        },
    }
    if origin:
        row["origin"] = f"made by tests/vectors/saml/make.py with {origin}"
    return row


def cases() -> Iterator[Row]:
    for family in (
        generic,
        simplesamlphp,
        lemonldap,
        pysaml2,
        saml_idp,
        samlify,
        entra,
        okta,
        keycloak,
        shibboleth,
        metadata,
    ):
        yield from family()


# --- identity providers -----------------------------------------------------------------------


def generic() -> Iterator[Row]:
    yield good("generic/assertion-signed", sign(response()), "the plainest response there is")
    yield good(
        "generic/response-signed", sign(response(), "R"), "the response signed", signed="response"
    )
    yield good("generic/both-signed", sign(sign(response()), "R"), "both signed", signed="both")
    hashed = {"256": SHA256, "384": MORE + "sha384", "512": XENC + "sha512"}
    for size, digest in hashed.items():
        yield good(
            f"generic/rsa-sha{size}",
            sign(response(), algorithm=f"{MORE}rsa-sha{size}", digest=digest),
            f"RSA with SHA-{size}",
            section="XML-DSig §6.4",
        )
        yield good(
            f"generic/pss-sha{size}",
            sign(response(), algorithm=f"{MORE07}sha{size}-rsa-MGF1", digest=digest),
            f"RSA-PSS with SHA-{size}",
            section="RFC 6931 §2.3.10",
        )
    for curve, size in (("p256", "256"), ("p384", "384"), ("p521", "512")):
        yield good(
            f"generic/ecdsa-{curve}",
            sign(response(), key=f"idp-{curve}", algorithm=f"{MORE}ecdsa-sha{size}"),
            f"ECDSA on {curve}",
            section="XML-DSig §6.4.2",
            certificates=["idp", f"idp-{curve}"],
        )
    yield good(
        "generic/second-certificate-signs",
        sign(response(), key="idp-next"),
        "any pinned certificate may sign; KeyInfo does not choose",
        certificates=["idp", "idp-next"],
    )
    yield good(
        "generic/expired-certificate",
        sign(response(), key="idp-expired"),
        "an expired pinned certificate warns and does not stop",
        certificates=["idp-expired"],
        warnings=("signed with an expired certificate",),
    )
    yield good(
        "generic/sha1-by-switch",
        sign(response(), algorithm=forge.DS + "rsa-sha1", digest=forge.DS + "sha1"),
        "SHA-1 passes with the connection's switch, and is reported",
        insecure_sha1=True,
        warnings=("sha1",),
    )
    yield good(
        "generic/strange-key-info-is-not-read",
        sign(
            response(),
            key_info=f'<ds:KeyInfo><ds:RetrievalMethod URI="file:///etc/passwd"/><ds:X509Data>'
            f"<ds:X509Certificate>{forge.cert_body('attacker')}</ds:X509Certificate>"
            "</ds:X509Data></ds:KeyInfo>",
        ),
        "KeyInfo is ignored, whatever it says",
        section="XML-DSig §4.5",
    )
    yield good(
        "generic/no-key-info",
        sign(response(), key_info=""),
        "KeyInfo is optional",
        section="SAML Core §5.4.5",
    )
    yield good(
        "generic/no-break-space-is-kept",
        sign(response(assertion(name_id="admin@corp.example\u00a0"))),
        "U+00A0 belongs to the name: it is another person than the one without",
        name_id="admin@corp.example\u00a0",
        section="SAML Core §1.3.1",
    )
    yield good(
        "generic/white-space-around-values",
        sign(response(assertion(name_id="\n   alice@corp.example\t\n", issuer=f"\n {IDP} \n"))),
        "pretty-printed values: XML white space is trimmed",
    )
    yield good(
        "generic/one-time-use-and-proxy-restriction",
        sign(
            response().replace(
                "</saml:Conditions>",
                '<saml:OneTimeUse/><saml:ProxyRestriction Count="0"/></saml:Conditions>',
            )
        ),
        "the two other conditions of the standard are known",
        section="SAML Core §2.5.1.5",
    )
    yield good(
        "generic/two-restrictions-both-ours",
        sign(
            response().replace(
                "</saml:AudienceRestriction>",
                "</saml:AudienceRestriction><saml:AudienceRestriction><saml:Audience>urn:x"
                f"</saml:Audience><saml:Audience>{SP}</saml:Audience></saml:AudienceRestriction>",
            )
        ),
        "several restrictions, each of which names us",
        section="SAML Core §2.5.1.4",
    )
    other = (
        '<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:holder-of-key">'
        "<saml:SubjectConfirmationData/></saml:SubjectConfirmation>"
        '<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">'
        f'<saml:SubjectConfirmationData Recipient="https://other.example/acs"'
        f' NotOnOrAfter="{forge.stamp(5)}"/></saml:SubjectConfirmation>'
    )
    yield good(
        "generic/one-of-three-confirmations-holds",
        sign(response().replace("</saml:NameID>", "</saml:NameID>" + other)),
        "one bearer confirmation is enough",
    )
    yield good(
        "generic/repeated-attribute-name",
        sign(response(assertion().replace('Name="lastName"', 'Name="firstName"'))),
        "values of a name that comes again are added",
        attributes={
            "email": ["alice@corp.example"],
            "firstName": ["Alice", "Liddell"],
            "groups": ["engineering", "on-call"],
        },
    )
    yield good(
        "generic/targeted-id",
        sign(
            response(
                assertion(
                    attributes={
                        "urn:oid:1.3.6.1.4.1.5923.1.1.1.10": [
                            f'<saml:NameID Format="{PERSISTENT}">opaque-1</saml:NameID>'
                        ]
                    }
                )
            )
        ),
        "eduPersonTargetedID carries a NameID as its value",
        attributes={"urn:oid:1.3.6.1.4.1.5923.1.1.1.10": ["opaque-1"]},
    )
    hidden = encrypt(
        f'<saml:Attribute xmlns:saml="{forge.SAML}" Name="badge"><saml:AttributeValue>42'
        "</saml:AttributeValue></saml:Attribute>",
        element="EncryptedAttribute",
    )
    yield good(
        "generic/encrypted-attribute",
        sign(
            response().replace("</saml:AttributeStatement>", hidden + "</saml:AttributeStatement>")
        ),
        "an attribute on its own is encrypted, inside the signature",
        attributes=ATTRIBUTES | {"badge": ["42"]},
        decryption_keys=["sp"],
        section="SAML Core §2.7.3.2",
    )
    empty = (
        '<saml:Attribute Name="phone"/><saml:Attribute Name="fax"><saml:AttributeValue'
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"/></saml:Attribute>'
        '<saml:Attribute Name="middle"><saml:AttributeValue/></saml:Attribute>'
    )
    yield good(
        "generic/attributes-without-values",
        sign(
            response().replace("</saml:AttributeStatement>", empty + "</saml:AttributeStatement>")
        ),
        "no value and a nil value are nothing; an empty value is the empty string",
        attributes=ATTRIBUTES | {"middle": [""]},
        section="SAML Core §2.7.3.1.1",
    )
    yield good(
        "generic/extensions",
        sign(
            response(
                extensions='<samlp:Extensions><x:hint xmlns:x="urn:example">1</x:hint>'
                "</samlp:Extensions>"
            )
        ),
        "Extensions may say what they like; nobody reads them",
        section="SAML Core §3.2.2",
    )
    yield good(
        "generic/no-in-response-to-on-the-response",
        sign(response(in_response_to=None)),
        "the signed confirmation names the request, the unsigned envelope is silent",
    )
    yield good(
        "generic/byte-order-mark",
        "\ufeff" + sign(response()),
        "a UTF-8 byte order mark, as .NET writes it",
    )


def simplesamlphp() -> Iterator[Row]:
    doc = sign(sign(response(assertion(attributes=OID, name_id="_t1", name_id_format=TRANSIENT))))
    yield good(
        "simplesamlphp/default",
        sign(doc, "R"),
        "response and assertion signed, transient NameID, urn:oid names",
        name_id="_t1",
        attributes=OID,
        signed="both",
    )
    inner = finish(sign(assertion(attributes=OID)))
    yield good(
        "simplesamlphp/encrypted",
        sign(response(encrypt(inner, cipher="aes128-cbc")), "R"),
        "signed assertion in AES-128-CBC, in a signed response",
        attributes=OID,
        signed="both",
        encrypted=True,
        decryption_keys=["sp"],
    )
    name = encrypt(
        f'<saml:NameID xmlns:saml="{forge.SAML}" Format="{PERSISTENT}">p-1</saml:NameID>',
        element="EncryptedID",
        cipher="aes128-cbc",
    )
    yield good(
        "simplesamlphp/encrypted-name-id",
        sign(response(assertion(name_id_element=name))),
        "the NameID alone is encrypted, inside the signature",
        name_id="p-1",
        decryption_keys=["sp"],
        section="SAML Core §2.2.4",
    )


def lemonldap() -> Iterator[Row]:
    doc = response(assertion(millis=True, friendly=True), millis=True)
    yield good(
        "lemonldap/both-signed",
        sign(sign(doc), "R"),
        "both signed, times with milliseconds, friendly names",
        signed="both",
    )
    yield good(
        "lemonldap/xmlsec-signed",
        by_xmlsec(response(assertion(typed=False))),
        "signed by libxmlsec, no xsi:type",
        origin="xmlsec",
    )


def pysaml2() -> Iterator[Row]:
    doc = response(
        assertion(a="ns1", attributes=OID, attributes_first=True, friendly=True),
        p="ns0",
        a="ns1",
        declaration=DECLARATION,
    )
    yield good(
        "pysaml2/assertion-signed",
        sign(doc, ds="ns2"),
        "prefixes ns0, ns1, ns2; attributes before the AuthnStatement",
        attributes=OID,
    )
    inner = finish(sign(assertion(a="encas2", attributes=OID), ds="ns1"))
    yield good(
        "pysaml2/signed-and-encrypted",
        response(encrypt(inner, a="ns1", cipher="aes256-cbc"), p="ns0", a="ns1"),
        "moving the decrypted element would merge encas2 and ns1 and break the signature",
        attributes=OID,
        encrypted=True,
        decryption_keys=["sp"],
    )
    yield good(
        "pysaml2/triple-des-by-switch",
        response(encrypt(inner, a="ns1", cipher="tripledes-cbc"), p="ns0", a="ns1"),
        "3DES around a signed assertion, with the connection's switch",
        attributes=OID,
        encrypted=True,
        decryption_keys=["sp"],
        insecure_legacy_encryption=True,
        warnings=("legacy encryption",),
        section="XML Encryption §5.2",
    )
    plain = finish(assertion(a="ns1", attributes=OID))
    yield good(
        "satosa/encrypted-in-a-signed-response",
        sign(response(encrypt(plain, a="ns1"), p="ns0", a="ns1"), "R", ds="ns2"),
        "an unsigned encrypted assertion under the response's signature",
        attributes=OID,
        signed="response",
        encrypted=True,
        decryption_keys=["sp-next", "sp"],
    )


def saml_idp() -> Iterator[Row]:
    doc = response(
        assertion(in_response_to=None, audience=SP, name_id="alice", name_id_format=PERSISTENT),
        in_response_to=None,
    )
    yield good(
        "saml-idp/unsolicited",
        by_signxml(doc),
        "started at the identity provider: no InResponseTo anywhere",
        name_id="alice",
        request_id=None,
        section="SAML Profiles §4.1.5",
        origin="signxml",
    )
    yield good(
        "saml-idp/session-without-end",
        by_signxml(response(assertion(session_end=None))),
        "no SessionNotOnOrAfter",
        origin="signxml",
    )


def samlify() -> Iterator[Row]:
    yield good(
        "samlify/response-signed",
        by_signxml(response(), response_signed=True),
        "response signed",
        signed="response",
        origin="signxml",
    )
    yield good(
        "samlify/no-attributes",
        sign(response(assertion(attributes={}))),
        "no AttributeStatement at all",
        attributes={},
    )


def entra() -> Iterator[Row]:
    plain = re.sub(r"<(/?)saml:", r"<\1", assertion(attributes=ENTRA, typed=False, millis=True))
    plain = plain.replace("xmlns:saml=", "xmlns=")
    doc = response(plain, millis=True).replace("<saml:Issuer>", f'<Issuer xmlns="{forge.SAML}">', 1)
    doc = doc.replace("</saml:Issuer>", "</Issuer>", 1)
    yield good(
        "entra/assertion-signed",
        sign(doc),
        "default namespace, claim URIs, no xsi:type",
        attributes=ENTRA,
    )


def okta() -> Iterator[Row]:
    inner = assertion(
        a="saml2",
        attributes=ATTRIBUTES,
        extra_declarations=' xmlns:xs="http://www.w3.org/2001/XMLSchema"',
    )
    doc = response(inner, p="saml2p", a="saml2", declaration=DECLARATION, millis=True)
    both = sign(sign(doc, prefix_list="xs"), "R", prefix_list="xs")
    yield good(
        "okta/prefix-list",
        both,
        "both signed, InclusiveNamespaces with PrefixList xs",
        signed="both",
        section="Exclusive C14N §3",
    )
    declared = ' xmlns:xs="http://www.w3.org/2001/XMLSchema"'
    outside = response(
        assertion(a="saml2", declare=False),
        p="saml2p",
        a="saml2",
        extra_declarations=declared,
    )
    yield good(
        "okta/prefix-list-declared-on-the-response",
        sign(sign(outside, prefix_list="xs"), "R"),
        "the PrefixList leans on a declaration that the response's own canonical form drops",
        signed="both",
        section="Exclusive C14N §3",
    )


def keycloak() -> Iterator[Row]:
    yield good(
        "keycloak/inclusive-c14n",
        sign(response(), c14n=INC, c14n_signed_info=INC),
        "Canonical XML 1.0, in its place",
        section="C14N §2",
    )
    yield good(
        "keycloak/inclusive-both-signed",
        sign(sign(response(), c14n=INC), "R", c14n=INC, c14n_signed_info=INC),
        "the same for both signatures",
        signed="both",
        section="C14N §2",
    )
    for digest, mgf in (("sha256", "sha256"), ("sha512", "sha1"), (None, None)):
        yield good(
            f"keycloak/oaep-xmlenc11-{digest}-{mgf}".lower(),
            response(encrypt(finish(sign(assertion())), transport="oaep", digest=digest, mgf=mgf)),
            "xmlenc11 RSA-OAEP with its own digest and mask",
            encrypted=True,
            decryption_keys=["sp"],
            section="XML Encryption 1.1 §5.5.2",
        )


def shibboleth() -> Iterator[Row]:
    inner = finish(sign(assertion(a="saml2", attributes=OID, friendly=True)))
    for cipher in ("aes128-gcm", "aes192-gcm", "aes256-gcm", "aes192-cbc"):
        yield good(
            f"shibboleth/{cipher}",
            response(encrypt(inner, cipher=cipher, a="saml2"), p="saml2p", a="saml2"),
            f"signed assertion in {cipher}",
            attributes=OID,
            encrypted=True,
            decryption_keys=["sp"],
            section="XML Encryption 1.1 §5.2",
        )
    for place in ("beside", "retrieval"):
        yield good(
            f"shibboleth/key-{place}",
            response(encrypt(inner, key_place=place, a="saml2"), p="saml2p", a="saml2"),
            "EncryptedKey beside EncryptedData",
            attributes=OID,
            encrypted=True,
            decryption_keys=["sp"],
            section="XML Encryption §3.5",
        )
    # The element as libxmlsec would serialize it: the declarations stay outside.
    bare = assertion(declare=False, attributes=OID)
    in_place = sign(response(bare))
    found = re.search(r"<saml:Assertion.*</saml:Assertion>", in_place, re.DOTALL)
    assert found is not None
    yield good(
        "shibboleth/prefixes-declared-outside",
        response(encrypt(finish(found.group()))),
        "the plaintext uses a prefix that only the response declares",
        attributes=OID,
        encrypted=True,
        decryption_keys=["sp"],
        section="XML Encryption §4.3.3",
    )
    typed = finish(bare).replace(' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"', "")
    yield good(
        "shibboleth/schema-prefix-declared-outside-a-signed-response",
        sign(
            response(
                encrypt(typed),
                extra_declarations=' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"',
            ),
            "R",
        ),
        "xsi is declared where the response's canonical form does not show it",
        attributes=OID,
        signed="response",
        encrypted=True,
        decryption_keys=["sp"],
        section="XML Encryption §4.3.3",
    )


# --- other people's code ----------------------------------------------------------------------


def by_signxml(xml: str, *, response_signed: bool = False) -> str:
    """Signed by signxml; the placeholder is signxml's own way of saying where."""
    which, wanted = ("R", "_response-1") if response_signed else ("A", "_assertion-1")
    placed = finish(
        xml.replace(f"@SIG-{which}@", f'<ds:Signature xmlns:ds="{forge.DS}" Id="placeholder"/>')
    )
    root = etree.fromstring(placed.encode())
    element = next(e for e in root.iter() if e.get("ID") == wanted)
    signer = signxml.XMLSigner(
        method=SignatureConstructionMethod.enveloped,
        signature_algorithm=SignatureMethod.RSA_SHA256,
        c14n_algorithm=signxml.CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
    )
    signed = signer.sign(
        element, key=forge.key_pem("idp"), cert=forge.cert_pem("idp"), reference_uri="#" + wanted
    )
    if element is root:
        return etree.tostring(signed).decode()
    parent = element.getparent()
    assert parent is not None
    parent.replace(element, signed)
    return etree.tostring(root).decode()


def by_xmlsec(xml: str) -> str:
    root = etree.fromstring(finish(xml).encode())
    element = next(e for e in root.iter() if e.get("ID") == "_assertion-1")
    node = xmlsec.template.create(
        root, xmlsec.Transform.EXCL_C14N, xmlsec.Transform.RSA_SHA256, ns="ds"
    )
    element.insert(1, node)
    reference = xmlsec.template.add_reference(node, xmlsec.Transform.SHA256, uri="#_assertion-1")
    xmlsec.template.add_transform(reference, xmlsec.Transform.ENVELOPED)
    xmlsec.template.add_transform(reference, xmlsec.Transform.EXCL_C14N)
    xmlsec.template.add_x509_data(xmlsec.template.ensure_key_info(node))
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(forge.key_pem("idp"), xmlsec.KeyFormat.PEM)
    context.key.load_cert_from_memory(forge.cert_pem("idp"), xmlsec.KeyFormat.PEM)
    context.register_id(element, "ID", None)
    context.sign(node)
    return etree.tostring(root).decode()


# --- metadata ---------------------------------------------------------------------------------

REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
SSO = "https://idp.example/sso?tenant=1&amp;x=2"


def key_descriptor(name: str = "idp", use: str = ' use="signing"', *, wrapped: bool = False) -> str:
    body = forge.cert_body(name)
    if wrapped:
        body = "\n" + "\n".join(body[i : i + 64] for i in range(0, len(body), 64)) + "\n"
    return (
        f'<md:KeyDescriptor{use}><ds:KeyInfo xmlns:ds="{forge.DS}"><ds:X509Data>'
        f"<ds:X509Certificate>{body}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>"
        "</md:KeyDescriptor>"
    )


def idp_metadata(
    *,
    keys: str | None = None,
    entity_attributes: str = "",
    role_attributes: str = "",
    services: str | None = None,
    inside_entity: str = "",
    inside_role: str = "",
    entity_id: str = IDP,
) -> str:
    offered = services or (
        f'<md:SingleSignOnService Binding="{POST}" Location="https://idp.example/post"/>'
        f'<md:SingleSignOnService Binding="{REDIRECT}" Location="{SSO}"/>'
    )
    return (
        '<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata"'
        f' entityID="{entity_id}"{entity_attributes}>{inside_entity}'
        f'<md:IDPSSODescriptor protocolSupportEnumeration="{forge.SAMLP}"{role_attributes}>'
        f"{inside_role}{key_descriptor() if keys is None else keys}"
        f"<md:NameIDFormat>{EMAIL}</md:NameIDFormat>{offered}"
        "</md:IDPSSODescriptor></md:EntityDescriptor>"
    )


def good_metadata(path: str, document: str, why: str, **expected: Any) -> Row:
    return {
        "path": f"good/{path}",
        "kind": "metadata",
        "document": document,
        "why": why,
        "section": "SAML Metadata §2.4.3",
        "expected": {
            "entity_id": IDP,
            "sso_url": "https://idp.example/sso?tenant=1&x=2",
            "sso_binding": REDIRECT,
            "certificates": ["idp"],
            "wants_signed_requests": False,
            **expected,
        },
    }


def metadata() -> Iterator[Row]:
    yield good_metadata("generic/metadata-on-one-line", idp_metadata(), "one line")
    yield good_metadata(
        "simplesamlphp/metadata-several-certificates",
        DECLARATION
        + idp_metadata(
            keys=key_descriptor(wrapped=True)
            + key_descriptor("idp-next", "")
            + key_descriptor("idp-expired", ' use="encryption"'),
            role_attributes=' WantAuthnRequestsSigned="true"',
            entity_attributes=' validUntil="2030-01-01T00:00:00Z" cacheDuration="PT6H"',
        ),
        "wrapped certificates; one for signing, one for both, one for encryption only",
        certificates=["idp", "idp-next"],
        wants_signed_requests=True,
    )
    yield good_metadata(
        "shibboleth/metadata-with-comments",
        DECLARATION + "<!-- do not publish as is -->\n" + idp_metadata(),
        "the metadata that Shibboleth generates is full of comments",
    )
    sp_entity = (
        '<md:EntityDescriptor entityID="https://sp.example"><md:SPSSODescriptor'
        f' protocolSupportEnumeration="{forge.SAMLP}"/></md:EntityDescriptor>'
    )
    yield good_metadata(
        "lemonldap/metadata-of-entities",
        '<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata">'
        + sp_entity
        + idp_metadata()
        + "</md:EntitiesDescriptor>",
        "one identity provider among other entities",
    )
    yield good_metadata(
        "entra/metadata-with-byte-order-mark",
        "\ufeff" + DECLARATION + idp_metadata(),
        "a byte order mark in front",
    )
    yield good_metadata(
        "saml-idp/metadata-post-only",
        idp_metadata(
            services=f'<md:SingleSignOnService Binding="{POST}" Location="https://idp.example/p"/>'
        ),
        "no redirect binding",
        sso_url="https://idp.example/p",
        sso_binding=POST,
    )
