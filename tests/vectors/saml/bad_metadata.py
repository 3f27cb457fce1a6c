"""Metadata with one fault each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import forge
from good_responses import POST, REDIRECT, idp_metadata, key_descriptor

Row = dict[str, Any]
MD = "urn:oasis:names:tc:SAML:2.0:metadata"


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


def cases() -> Iterator[Row]:
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
    yield bad("response", forge.finish(forge.response()), "another SAML document")
    yield bad("two-identity-providers", around.format(two), "which one?")
    yield bad(
        "no-identity-provider",
        doc.replace("IDPSSODescriptor", "SPSSODescriptor"),
        "a service provider's metadata",
    )
    yield bad(
        "saml-1-only",
        doc.replace(forge.SAMLP, "urn:oasis:names:tc:SAML:1.1:protocol"),
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
        "garbage-certificate", doc.replace(forge.cert_body("idp"), "AAAA"), "not a certificate"
    )
    yield bad("weak-certificate", idp_metadata(keys=key_descriptor("idp-weak")), "RSA of 1024 bits")
    private = "".join(line for line in forge.key_pem("sp").splitlines() if "-----" not in line)
    yield bad("private-key", doc.replace(forge.cert_body("idp"), private), "a private key")
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
    yield bad("no-entity-id", doc.replace(f' entityID="{forge.IDP}"', ""), "nameless")
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
        idp_metadata(entity_attributes=f' validUntil="{forge.stamp(-1440)}"'),
        "expired",
        code="saml_metadata_expired",
    )
    yield bad(
        "role-valid-until-yesterday",
        idp_metadata(role_attributes=f' validUntil="{forge.stamp(-1440)}"'),
        "the role has expired",
        code="saml_metadata_expired",
    )
    yield bad(
        "entities-valid-until-now",
        around.format(doc).replace(
            "<md:EntitiesDescriptor", f'<md:EntitiesDescriptor validUntil="{forge.stamp()}"'
        ),
        "the whole aggregate has expired",
        code="saml_metadata_expired",
    )
