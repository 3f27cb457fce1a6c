"""Metadata of identity providers for vectors: honest, and with one fault each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from fixed_scene import SCENE

from vestibule.attack.scene import DS, SAMLP, finish
from vestibule.attack.shapes import DECLARATION, EMAIL

Row = dict[str, Any]
MD = "urn:oasis:names:tc:SAML:2.0:metadata"
REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
SSO = "https://idp.example/sso?tenant=1&amp;x=2"


def cases() -> Iterator[Row]:
    yield from honest()
    yield from hostile()


def key_descriptor(name: str = "idp", use: str = ' use="signing"', *, wrapped: bool = False) -> str:
    body = SCENE.cert_body(name)
    if wrapped:
        body = "\n" + "\n".join(body[i : i + 64] for i in range(0, len(body), 64)) + "\n"
    return (
        f'<md:KeyDescriptor{use}><ds:KeyInfo xmlns:ds="{DS}"><ds:X509Data>'
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
    entity_id: str = SCENE.idp,
) -> str:
    offered = services or (
        f'<md:SingleSignOnService Binding="{POST}" Location="https://idp.example/post"/>'
        f'<md:SingleSignOnService Binding="{REDIRECT}" Location="{SSO}"/>'
    )
    return (
        '<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata"'
        f' entityID="{entity_id}"{entity_attributes}>{inside_entity}'
        f'<md:IDPSSODescriptor protocolSupportEnumeration="{SAMLP}"{role_attributes}>'
        f"{inside_role}{key_descriptor() if keys is None else keys}"
        f"<md:NameIDFormat>{EMAIL}</md:NameIDFormat>{offered}"
        "</md:IDPSSODescriptor></md:EntityDescriptor>"
    )


def good(path: str, document: str, why: str, **expected: Any) -> Row:
    return {
        "path": f"good/{path}",
        "kind": "metadata",
        "document": document,
        "why": why,
        "section": "SAML Metadata §2.4.3",
        "expected": {
            "entity_id": SCENE.idp,
            "sso_url": "https://idp.example/sso?tenant=1&x=2",
            "sso_binding": REDIRECT,
            "certificates": ["idp"],
            "wants_signed_requests": False,
            **expected,
        },
    }


def honest() -> Iterator[Row]:
    yield good("generic/metadata-on-one-line", idp_metadata(), "one line")
    yield good(
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
    yield good(
        "shibboleth/metadata-with-comments",
        DECLARATION + "<!-- do not publish as is -->\n" + idp_metadata(),
        "the metadata that Shibboleth generates is full of comments",
    )
    sp_entity = (
        '<md:EntityDescriptor entityID="https://sp.example"><md:SPSSODescriptor'
        f' protocolSupportEnumeration="{SAMLP}"/></md:EntityDescriptor>'
    )
    yield good(
        "lemonldap/metadata-of-entities",
        '<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata">'
        + sp_entity
        + idp_metadata()
        + "</md:EntitiesDescriptor>",
        "one identity provider among other entities",
    )
    yield good(
        "entra/metadata-with-byte-order-mark",
        "\ufeff" + DECLARATION + idp_metadata(),
        "a byte order mark in front",
    )
    yield good(
        "saml-idp/metadata-post-only",
        idp_metadata(
            services=f'<md:SingleSignOnService Binding="{POST}" Location="https://idp.example/p"/>'
        ),
        "no redirect binding",
        sso_url="https://idp.example/p",
        sso_binding=POST,
    )


def bad(name: str, document: str | bytes, why: str, *, code: str = "saml_metadata_invalid") -> Row:
    return {
        "path": f"bad/{code}/{name}",
        "code": code,
        "kind": "metadata",
        "document": document,
        "why": why,
        "section": "SAML Metadata §2.4.3",
    }


def service(location: str, binding: str = REDIRECT) -> str:
    return f'<md:SingleSignOnService Binding="{binding}" Location="{location}"/>'


def hostile() -> Iterator[Row]:
    doc = idp_metadata()
    role = re.search(r"<md:IDPSSODescriptor.*</md:IDPSSODescriptor>", doc, re.DOTALL)
    assert role is not None
    two = doc + idp_metadata(entity_id="https://other.example")
    around = f'<md:EntitiesDescriptor xmlns:md="{MD}">{{}}</md:EntitiesDescriptor>'
    yield bad("doctype", "<!DOCTYPE x>" + doc, "the same parser as for responses")
    yield bad(
        "cdata",
        doc.replace("<md:NameIDFormat>", "<md:NameIDFormat><![CDATA[x]]>"),
        "comments pass, CDATA does not",
    )
    yield bad("not-xml", "<html>404</html", "not well-formed")
    yield bad("html", "<html><body>404</body></html>", "another document")
    yield bad("response", finish(SCENE.response()), "another SAML document")
    yield bad("two-identity-providers", around.format(two), "which one?")
    yield bad(
        "no-identity-provider",
        doc.replace("IDPSSODescriptor", "SPSSODescriptor"),
        "a service provider's metadata",
    )
    yield bad(
        "saml-1-only",
        doc.replace(SAMLP, "urn:oasis:names:tc:SAML:1.1:protocol"),
        "not SAML 2.0",
    )
    yield bad("two-roles", doc.replace(role.group(), role.group() * 2), "which one?")
    yield bad(
        "entity-in-extensions",
        idp_metadata(inside_entity=f"<md:Extensions>{doc}</md:Extensions>"),
        "a second entity out of place",
    )
    yield bad(
        "only-an-encryption-certificate",
        idp_metadata(keys=key_descriptor(use=' use="encryption"')),
        "an encryption certificate does not sign",
    )
    yield bad(
        "certificate-only-in-extensions",
        idp_metadata(keys="", inside_role=f"<md:Extensions>{key_descriptor()}</md:Extensions>"),
        "keys come from the role's own KeyDescriptors",
    )
    yield bad(
        "certificate-only-on-the-entity",
        idp_metadata(keys="", inside_entity=key_descriptor()),
        "keys come from the role",
    )
    yield bad("no-certificate", idp_metadata(keys=""), "nothing to verify with")
    yield bad(
        "garbage-certificate", doc.replace(SCENE.cert_body("idp"), "AAAA"), "not a certificate"
    )
    yield bad("weak-certificate", idp_metadata(keys=key_descriptor("idp-weak")), "RSA of 1024 bits")
    private = "".join(line for line in SCENE.keys["sp"].key_pem.splitlines() if "-----" not in line)
    yield bad("private-key", doc.replace(SCENE.cert_body("idp"), private), "a private key")
    for name, location in {
        "javascript": "javascript:alert(1)",
        "data": "data:text/html,x",
        "relative": "/sso",
        "userinfo": "https://idp.example@evil.example/",
        "quote": "https://idp.example/&quot;onload=x",
        "markup": "https://idp.example/&lt;script&gt;",
        "space": "https://idp.example/a b",
        "backslash": "https://idp.example\\@evil.example/",
        "empty": "",
        "no-host": "https:///sso",
        "apostrophe": "https://idp.example/&apos;x",
        "fragment": "https://idp.example/#x",
        "newline": "https://idp.example/&#10;x",
        "not-ascii": "https://\u0456dp.example/",
    }.items():
        yield bad(
            f"sso-url-{name}",
            idp_metadata(services=service(location)),
            "CVE-2026-41003: http(s), no userinfo, no markup",
        )
    yield bad(
        "artifact-binding-only",
        idp_metadata(services=service("https://idp.example/a", POST[:-4] + "HTTP-Artifact")),
        "no binding that we speak",
    )
    yield bad("no-entity-id", doc.replace(f' entityID="{SCENE.idp}"', ""), "nameless")
    yield bad("long-entity-id", idp_metadata(entity_id="urn:" + "x" * 1021), "1024 at most")
    yield bad(
        "valid-until-unreadable",
        idp_metadata(entity_attributes=' validUntil="soon"'),
        "a time that cannot be read",
    )
    yield bad(
        "cache-duration-unreadable",
        idp_metadata(entity_attributes=' cacheDuration="1h"'),
        "an xs:duration",
    )
    yield bad(
        "valid-until-yesterday",
        idp_metadata(entity_attributes=f' validUntil="{SCENE.stamp(-1440)}"'),
        "expired",
        code="saml_metadata_expired",
    )
    yield bad(
        "role-valid-until-yesterday",
        idp_metadata(role_attributes=f' validUntil="{SCENE.stamp(-1440)}"'),
        "the role has expired",
        code="saml_metadata_expired",
    )
    yield bad(
        "entities-valid-until-now",
        around.format(doc).replace(
            "<md:EntitiesDescriptor", f'<md:EntitiesDescriptor validUntil="{SCENE.stamp()}"'
        ),
        "the whole aggregate has expired",
        code="saml_metadata_expired",
    )
