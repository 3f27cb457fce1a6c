"""Documents that the parser must refuse, and those beyond every limit."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator

from vestibule.attack.cases import Case, bad, changed, honest, reference_in, signature_of
from vestibule.attack.scene import Scene


def parser(s: Scene) -> Iterator[Case]:
    doc = honest(s)
    forbidden, encoding, invalid = "saml_xml_forbidden", "saml_encoding_invalid", "saml_xml_invalid"
    xml = "XML 1.0"
    dtds = {
        "doctype-bare": "<!DOCTYPE Response>",
        "doctype-external-entity": '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        "doctype-parameter-entity": '<!DOCTYPE r [<!ENTITY % x SYSTEM "http://x.example/"> %x;]>',
        "doctype-billion-laughs": '<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>',
        "doctype-default-attribute": (
            f'<!DOCTYPE r [<!ATTLIST Response ID CDATA "{s.assertion_id}">]>'
        ),
        "doctype-lower-case": "<!doctype Response>",
        "stylesheet": '<?xml-stylesheet href="x.xsl"?>',
        "comment-in-front": "<!-- x -->",
        "second-declaration": '<?xml version="1.0"?> <?xml version="1.0"?>',
    }
    for name, prolog in dtds.items():
        yield bad(forbidden, name, prolog + doc, "nothing but elements and text", xml)
    yield bad(forbidden, "comment-behind", doc + "<!-- x -->", "nothing but elements and text", xml)
    yield bad(
        forbidden,
        "declaration-not-at-the-start",
        ' <?xml version="1.0"?>' + doc,
        "a declaration stands at the very start",
        xml,
    )
    for name, declared in (("utf-16", "UTF-16"), ("utf-7", "UTF-7"), ("latin-1", "ISO-8859-1")):
        yield bad(
            encoding,
            f"declared-{name}",
            f'<?xml version="1.0" encoding="{declared}"?>{doc}',
            "UTF-8 only",
            xml,
        )
    yield bad(encoding, "xml-1-1", f'<?xml version="1.1"?>{doc}', "XML 1.0 only", xml)
    yield bad(encoding, "really-utf-16", ("\ufeff" + doc).encode("utf-16-le"), "UTF-8 only", xml)
    yield bad(encoding, "utf-16-without-a-mark", doc.encode("utf-16-be"), "UTF-8 only", xml)
    yield bad(encoding, "bad-utf-8", doc.encode().replace(b"Alice", b"Al\xffce"), "UTF-8 only", xml)
    yield bad(
        encoding,
        "overlong-utf-8",
        doc.encode().replace(b"Alice", b"Al\xc0\xafce"),
        "UTF-8 only",
        xml,
    )
    yield bad(encoding, "nul", doc.encode().replace(b"Alice", b"Al\0ce"), "no NUL", xml)
    yield bad(invalid, "not-closed", doc[:-3], "no recovery", xml)
    yield bad(invalid, "two-roots", doc + doc, "CVE-2022-39353: one root", xml)
    yield bad(invalid, "junk-behind", doc + "junk", "nothing behind the root", xml)
    yield bad(
        invalid,
        "duplicate-attribute",
        changed(doc, 'Version="2.0"', 'Version="2.0" Version="2.0"'),
        "well-formedness",
        xml,
    )
    yield bad(
        invalid,
        "undeclared-prefix",
        changed(doc, "<saml:Subject>", "<saml:Subject><u:v/>"),
        "namespace well-formedness",
        xml,
    )
    yield bad(invalid, "control-character", changed(doc, "Alice", "Al&#1;ce"), "XML 1.0 §2.2", xml)


def form_field(s: Scene) -> Iterator[Case]:
    """What stands in the form is no base64 of a document."""
    doc = honest(s)
    encoding, invalid = "saml_encoding_invalid", "saml_xml_invalid"
    whole = b64encode(doc.encode()).decode()
    post = "SAML Bindings §3.5.4"
    for name, text in {
        "base64-with-junk": whole[:40] + "!" + whole[40:],
        "base64-url-alphabet": whole[:40] + "-_" + whole[42:],
        "base64-cut": whole[: len(whole) // 4 * 4 - 3],
        "base64-padding-inside": whole[:40] + "==" + whole[40:],
        "base64-not-ascii": whole[:40] + "\u00e9" + whole[41:],
        "base64-no-break-space": whole[:40] + "\u00a0" + whole[40:],
        "percent-encoded": whole.replace("=", "%3D") + "%0A",
    }.items():
        yield bad(encoding, name, doc, "strict base64", post, encoded=text)
    yield bad(
        invalid,
        "base64-twice",
        doc,
        "no second decoding",
        post,
        encoded=b64encode(whole.encode()).decode(),
    )
    yield bad("saml_response_missing", "empty-field", doc, "an empty field", post, encoded="")


def limits(s: Scene) -> Iterator[Case]:
    doc = honest(s)
    complex_, section = "saml_too_complex", "limits before work"

    def extended(content: str) -> str:
        return changed(
            doc, "<samlp:Status>", f"<samlp:Extensions>{content}</samlp:Extensions><samlp:Status>"
        )

    yield bad(
        "saml_too_large",
        "megabyte-of-text",
        extended("<x>" + "A" * 1_000_000 + "</x>"),
        "1 MB at most",
        section,
    )
    yield bad(
        complex_, "depth-41", extended("<x>" * 39 + "</x>" * 39), "40 levels at most", section
    )
    yield bad(complex_, "elements", extended("<x/>" * 10_001), "10 000 elements at most", section)
    yield bad(
        complex_,
        "attributes",
        extended("<x " + " ".join(f'a{i}="1"' for i in range(65)) + "/>"),
        "64 attributes on an element at most",
        section,
    )
    yield bad(
        complex_,
        "namespaces",
        extended("<x " + " ".join(f'xmlns:n{i}="urn:{i}"' for i in range(65)) + "/>"),
        "64 prefixes at most: canonicalization is cubic in them",
        section,
    )
    yield bad(
        complex_,
        "long-namespace-on-many-elements",
        extended(f'<x xmlns:n="urn:{"n" * 20_000}">' + "<n:x/>" * 100 + "</x>"),
        "exclusive canonicalization would repeat it on every element",
        section,
    )
    yield bad(
        complex_,
        "prefix-list",
        s.sign(s.response(), prefix_list=" ".join(f"n{i}" for i in range(51))),
        "50 prefixes in a PrefixList at most",
        section,
    )
    yield bad(
        "saml_signature_malformed",
        "many-signatures",
        extended(signature_of(doc) * 50),
        "two signatures at most",
        section,
    )
    many = s.sign(
        s.response(),
        edit_signed_info=lambda si: si.replace(
            "</ds:SignedInfo>", reference_in(si) * 50 + "</ds:SignedInfo>"
        ),
    )
    yield bad("saml_signature_malformed", "many-references", many, "one Reference", section)
