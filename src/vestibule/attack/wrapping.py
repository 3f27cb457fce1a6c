"""What was signed is not what is read: wrapping, doubles, markup in values, tampering.

The evil name is always mallory.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from vestibule.attack.cases import (
    CORE54,
    PROFILES,
    XSW,
    Case,
    Setup,
    bad,
    changed,
    evil_assertion,
    find,
    honest,
    honest_assertion,
    signature_of,
)
from vestibule.attack.scene import ALICE, DS, SAML, SAMLP, Scene, finish


def exclusion(s: Scene) -> Iterator[Case]:
    doc = honest(s)
    sig = signature_of(doc)
    missing = "saml_signature_missing"
    shape = "saml_signature_malformed"
    yield bad(missing, "signature-removed", doc.replace(sig, ""), "CVE-2012-5353", CORE54)
    yield bad(
        shape,
        "signature-emptied",
        doc.replace(sig, f'<ds:Signature xmlns:ds="{DS}"/>'),
        "an empty Signature is not a signature",
        CORE54,
    )
    yield bad(
        shape,
        "signature-value-emptied",
        re.sub(r"(<ds:SignatureValue>)[^<]*", r"\1", doc),
        "nothing to verify must not verify",
        CORE54,
    )
    yield bad(
        shape,
        "signed-info-removed",
        re.sub(r"<ds:SignedInfo>.*</ds:SignedInfo>", "", doc),
        "nothing was signed",
        CORE54,
    )
    yield bad(
        "saml_certificate_missing",
        "no-certificate-configured",
        doc,
        "CVE-2026-28323: without a certificate verification must not be skipped",
        CORE54,
        setup=Setup(certificates=()),
    )
    both = finish(s.sign(s.sign(s.response()), "R"))
    yield bad(
        "saml_signature_invalid",
        "response-signature-broken-assertion-signature-good",
        re.sub(
            r"(<ds:SignatureValue>)(.)",
            lambda found: found[1] + ("B" if found[2] == "A" else "A"),
            both,
            count=1,
        ),
        "every signature that is there must be good",
        CORE54,
    )
    yield bad(
        "saml_digest_mismatch",
        "assertion-signature-broken-under-a-good-response",
        finish(
            s.sign(
                changed(
                    s.sign(s.response()), "alice@corp.example</saml:NameID>", "eve</saml:NameID>"
                ),
                "R",
            )
        ),
        "the response vouches for an assertion whose own signature is wrong",
        CORE54,
    )


def wrapping(s: Scene) -> Iterator[Case]:
    count, shape = "saml_assertion_count", "saml_signature_malformed"
    signed_response = honest(s, "R")
    response_sig = signature_of(signed_response)
    bare_response = signed_response.replace(response_sig, "")
    evil_response = changed(
        changed(bare_response, s.response_id, "_evil-response").replace(s.assertion_id, "_evil"),
        "alice@corp.example</saml:NameID>",
        "mallory@corp.example</saml:NameID>",
    )
    with_sig = changed(evil_response, "<samlp:Status>", response_sig + "<samlp:Status>")
    yield bad(
        "saml_structure_invalid",
        "xsw1-original-response-in-object-of-signature",
        with_sig.replace(
            "</ds:Signature>", f"<ds:Object>{bare_response}</ds:Object></ds:Signature>"
        ),
        "XSW1: the signed response is moved into the signature of a forged one",
        XSW,
    )
    yield bad(
        shape,
        "xsw2-detached-signature-before-original-response",
        changed(
            evil_response,
            "<samlp:Status>",
            f"<samlp:Extensions>{response_sig}{bare_response}</samlp:Extensions><samlp:Status>",
        ),
        "XSW2: signature and signed response lie side by side in the forged one",
        XSW,
    )
    doc = honest(s)
    original = honest_assertion(s)
    sig = signature_of(original)
    bare = original.replace(sig, "")
    evil = evil_assertion(s)
    yield bad(
        count,
        "xsw3-evil-assertion-before",
        doc.replace(original, evil + original),
        "XSW3: the forged assertion comes first",
        XSW,
    )
    yield bad(
        count,
        "xsw3-evil-assertion-after",
        doc.replace(original, original + evil),
        "XSW3 turned round: a reader that takes the last",
        XSW,
    )
    yield bad(
        count,
        "xsw4-original-inside-evil-assertion",
        doc.replace(original, changed(evil, "</saml:Issuer>", "</saml:Issuer>" + original)),
        "XSW4: the signed assertion becomes a child of the forged one",
        XSW,
    )
    yield bad(
        count,
        "xsw5-copy-of-original-at-the-end",
        doc.replace(original, changed(evil, "</saml:Issuer>", "</saml:Issuer>" + sig) + bare),
        "XSW5: the forged assertion carries the signature, the signed one follows",
        XSW,
    )
    carrier = changed(
        evil,
        "</saml:Issuer>",
        "</saml:Issuer>" + changed(sig, "</ds:Signature>", f"{bare}</ds:Signature>"),
    )
    yield bad(
        count,
        "xsw6-original-inside-the-signature",
        doc.replace(original, carrier),
        "XSW6: the signed assertion lies inside the signature of the forged one",
        XSW,
    )
    yield bad(
        count,
        "xsw7-evil-assertion-in-extensions",
        changed(
            doc, "<samlp:Status>", f"<samlp:Extensions>{evil}</samlp:Extensions><samlp:Status>"
        ),
        "XSW7: the forged assertion hides in Extensions",
        XSW,
    )
    yield bad(
        count,
        "xsw8-original-in-object",
        doc.replace(
            original,
            changed(
                evil,
                "</saml:Issuer>",
                "</saml:Issuer>"
                + changed(sig, "</ds:KeyInfo>", f"</ds:KeyInfo><ds:Object>{bare}</ds:Object>"),
            ),
        ),
        "XSW8: the signed assertion lies in an Object",
        XSW,
    )
    places = {
        "status-detail": (
            "</samlp:Status>",
            "<samlp:StatusDetail>{}</samlp:StatusDetail></samlp:Status>",
        ),
        "unknown-element": ("<samlp:Status>", '<x:y xmlns:x="urn:x">{}</x:y><samlp:Status>'),
        "nested-response": (
            "<samlp:Status>",
            f'<samlp:Extensions><samlp:Other xmlns:samlp="{SAMLP}">{{}}</samlp:Other>'
            "</samlp:Extensions><samlp:Status>",
        ),
    }
    for name, (old, new) in places.items():
        forged = changed(doc.replace(original, evil), old, new.format(original))
        yield bad(count, f"original-in-{name}", forged, "the signed assertion is put aside", XSW)
    inner_places = {
        "advice": ("<saml:AuthnStatement", "<saml:Advice>{}</saml:Advice><saml:AuthnStatement"),
        "attribute-value": ("alice@corp.example</saml:AttributeValue>", "{}</saml:AttributeValue>"),
        "confirmation-data": (
            '"/></saml:SubjectConfirmation>',
            '">{}</saml:SubjectConfirmationData></saml:SubjectConfirmation>',
        ),
    }
    for name, (old, new) in inner_places.items():
        forged = doc.replace(original, changed(evil, old, new.format(original)))
        yield bad(count, f"original-in-{name}", forged, "the signed assertion is put aside", XSW)
    yield bad(
        "saml_structure_invalid",
        "response-in-extensions",
        changed(
            doc,
            "<samlp:Status>",
            '<samlp:Extensions><samlp:Response ID="_x"/></samlp:Extensions><samlp:Status>',
        ),
        "a response within the response",
        XSW,
    )
    yield bad(
        count,
        "two-signed-assertions",
        doc.replace(
            original,
            original + finish(s.sign(s.assertion(assertion_id="_second"), element_id="_second")),
        ),
        "CVE-2022-41912: two good assertions, and the reader chooses",
        PROFILES,
    )
    yield bad(
        count,
        "plain-beside-encrypted",
        doc.replace(original, original + s.encrypt(evil)),
        "CVE-2026-2092",
        PROFILES,
    )
    yield bad(
        count, "no-assertion", doc.replace(original, ""), "success without an assertion", PROFILES
    )


def identifiers(s: Scene) -> Iterator[Case]:
    doc = honest(s)
    duplicate = "saml_id_duplicate"
    section = "SAML Core §1.3.4"
    own = f'ID="{s.assertion_id}"'
    yield bad(
        duplicate,
        "assertion-and-response-share-an-id",
        doc.replace(f'ID="{s.response_id}"', f'ID="{s.assertion_id}"'),
        "the reference would fit both",
        section,
    )
    spellings = {
        "plain": "ID",
        "mixed-case": "Id",
        "lower-case": "id",
        "xml-id": "xml:id",
        "assertion-id": "AssertionID",
        "prefixed": "samlp:ID",
    }
    for name, spelling in spellings.items():
        yield bad(
            duplicate,
            f"duplicate-{name}",
            changed(
                doc,
                "<samlp:Status>",
                f'<samlp:Extensions><x:y xmlns:x="urn:x" {spelling}="{s.assertion_id}"/>'
                "</samlp:Extensions><samlp:Status>",
            ),
            f"the assertion's ID comes again as {spelling}",
            section,
        )
    yield bad(
        duplicate,
        "duplicate-by-character-reference",
        changed(
            doc,
            "<samlp:Status>",
            f'<samlp:Extensions><x:y xmlns:x="urn:x" ID="&#95;{s.assertion_id[1:]}"/>'
            "</samlp:Extensions>"
            "<samlp:Status>",
        ),
        "the same ID written in another way",
        section,
    )
    for name in ("mixed-case", "xml-id", "prefixed"):
        yield bad(
            "saml_structure_invalid",
            f"second-id-{name}-on-the-assertion",
            changed(doc, own, f'{own} {spellings[name]}="_other"'),
            "Fragile Lock: attribute pollution",
            section,
        )
    for name, value in (("padded", f" {s.assertion_id}"), ("empty", ""), ("xpath", "x' or @a='")):
        yield bad(
            "saml_structure_invalid",
            f"id-{name}",
            changed(doc, own, f'ID="{value}"'),
            "an ID is a name and nothing else",
            section,
        )


def reused_signatures(s: Scene) -> Iterator[Case]:
    structure, shape = "saml_structure_invalid", "saml_signature_malformed"
    evil = s.response(evil_assertion(s))
    metadata = (
        '<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" ID="_md"'
        f' entityID="{s.idp}">@SIG-A@</md:EntityDescriptor>'
    )
    signed_metadata = finish(s.sign(metadata, element_id="_md"))
    yield bad(
        shape,
        "signed-metadata-rides-along",
        changed(
            evil,
            "<samlp:Status>",
            f"<samlp:Extensions>{signed_metadata}</samlp:Extensions><samlp:Status>",
        ),
        "CVE-2024-6800: metadata signed by the same key is public",
        CORE54,
    )
    yield bad(
        "saml_reference_invalid",
        "signature-of-metadata-on-the-assertion",
        evil.replace("<saml:Subject>", signature_of(signed_metadata) + "<saml:Subject>", 1),
        "CVE-2024-45409: any signature of the identity provider, put to another use",
        CORE54,
    )
    for message in ("LogoutResponse", "LogoutRequest", "ArtifactResponse"):
        doc = (
            honest(s)
            .replace("samlp:Response ", f"samlp:{message} ")
            .replace("</samlp:Response>", f"</samlp:{message}>")
        )
        yield bad(
            structure,
            f"root-is-{message}".lower(),
            doc,
            "only a Response is a response",
            "SAML Core §3.2.2",
        )
    yield bad(
        "saml_structure_invalid",
        "root-is-the-assertion",
        honest_assertion(s),
        "an assertion alone is no response",
        "SAML Core §3.2.2",
    )
    yield bad(
        "saml_structure_invalid",
        "root-in-another-namespace",
        honest(s).replace(f'xmlns:samlp="{SAMLP}"', 'xmlns:samlp="urn:evil"'),
        "a Response of somebody else's",
        "SAML Core §3.2.2",
    )
    failed = honest(s, "R")
    yield bad(
        "saml_digest_mismatch",
        "signed-error-with-an-assertion",
        changed(
            changed(failed, "status:Success", "status:Responder"),
            "alice@corp.example</saml:NameID>",
            "mallory</saml:NameID>",
        ),
        "the signed answer was another one",
        CORE54,
    )


def namespaces(s: Scene) -> Iterator[Case]:
    doc = honest(s)
    original = honest_assertion(s)
    structure = "saml_structure_invalid"
    for name, namespace in (
        ("look-alike", SAML + "#"),
        ("saml11", "urn:oasis:names:tc:SAML:1.0:assertion"),
        ("none", ""),
    ):
        forged = evil_assertion(s).replace(f'xmlns:saml="{SAML}"', f'xmlns:saml="{namespace}"')
        if not namespace:
            forged = re.sub(r"(</?)saml:", r"\1", evil_assertion(s)).replace(
                f' xmlns:saml="{SAML}"', ""
            )
        yield bad(
            structure,
            f"assertion-in-namespace-{name}",
            doc.replace(original, original + forged),
            "readers by local name would take it",
            "Namespaces in XML §6",
        )
    yield bad(
        "saml_signature_missing",
        "signature-in-another-namespace",
        doc.replace(f'xmlns:ds="{DS}"', 'xmlns:ds="urn:x"'),
        "a Signature that only local names can see",
        "Namespaces in XML §6",
    )


def ambiguity(s: Scene) -> Iterator[Case]:
    structure = "saml_structure_invalid"
    name_id = "<saml:NameID>mallory@corp.example</saml:NameID>"
    yield bad(
        structure,
        "two-name-ids",
        s.sign(changed(s.response(), "</saml:NameID>", "</saml:NameID>" + name_id)),
        "measured: pysaml2 takes the last",
        "SAML Core §2.4.1",
    )
    yield bad(
        structure,
        "two-subjects",
        s.sign(
            changed(
                s.response(),
                "</saml:Subject>",
                f"</saml:Subject><saml:Subject>{name_id}</saml:Subject>",
            )
        ),
        "measured: pysaml2 takes the last",
        "SAML Core §2.3.3",
    )
    yield bad(
        structure,
        "two-conditions",
        s.sign(changed(s.response(), "</saml:Conditions>", "</saml:Conditions><saml:Conditions/>")),
        "the second has no restriction",
        "SAML Core §2.3.3",
    )
    yield bad(
        structure,
        "two-issuers",
        changed(
            honest(s),
            f"<saml:Issuer>{s.idp}</saml:Issuer>",
            f"<saml:Issuer>{s.idp}</saml:Issuer>" * 2,
        ),
        "one Issuer",
        "SAML Core §3.2.2",
    )
    yield bad(
        structure,
        "two-statuses",
        changed(
            honest(s),
            "<samlp:Status>",
            '<samlp:Status><samlp:StatusCode Value="urn:x"/></samlp:Status><samlp:Status>',
        ),
        "one Status",
        "SAML Core §3.2.2",
    )
    yield bad(
        structure,
        "unknown-statement",
        s.sign(
            changed(
                s.response(),
                "<saml:AttributeStatement>",
                "<saml:Statement/><saml:AttributeStatement>",
            )
        ),
        "a statement that nobody knows",
        "SAML Core §2.7.1",
    )
    yield bad(
        structure,
        "attribute-without-a-name",
        s.sign(changed(s.response(), 'Name="email"', "")),
        "a value of nothing",
        "SAML Core §2.7.3.1",
    )
    yield bad(
        structure,
        "unknown-attribute-of-the-assertion",
        s.sign(
            changed(s.response(), f'ID="{s.assertion_id}"', f'ID="{s.assertion_id}" Trusted="1"')
        ),
        "the schema has no such attribute",
        "SAML Core §2.3.3",
    )
    foreign = {
        "attribute-statement": ("</saml:AttributeStatement>", "<saml:Advice/>"),
        "attribute": ("</saml:Attribute>", "<saml:Advice/>"),
        "audience-restriction": ("</saml:AudienceRestriction>", "<saml:Advice/>"),
        "subject": ("</saml:Subject>", "<saml:Advice/>"),
        "confirmation": ("</saml:SubjectConfirmation>", "<saml:Advice/>"),
    }
    for name, (end, child) in foreign.items():
        yield bad(
            structure,
            f"foreign-child-of-{name}",
            s.sign(changed(s.response(), end, child + end)),
            "an element where the schema has none",
            "SAML Core §2",
        )
    yield bad(
        structure,
        "no-status",
        re.sub(r"<samlp:Status>.*</samlp:Status>", "", honest(s)),
        "a response has a Status",
        "SAML Core §3.2.2",
    )


def text(s: Scene) -> Iterator[Case]:
    section = "CVE-2017-11427, CVE-2017-11428"
    whole = s.sign(s.response(s.assertion(name_id="alice@corp.example.evil.example")))
    for name, split in (
        ("comment", "<!---->"),
        ("processing-instruction", "<?x?>"),
        ("cdata", "<![CDATA[]]>"),
    ):
        yield bad(
            "saml_xml_forbidden",
            f"{name}-splits-the-name",
            changed(whole, "alice@corp.example.evil", f"alice@corp.example{split}.evil"),
            "the reader sees a prefix of what was signed",
            section,
        )
    places_of_comments = {
        "audience": (f"{s.sp}</saml:Audience>", f"{s.sp}<!---->.evil</saml:Audience>"),
        "issuer": (f"{s.idp}</saml:Issuer>", f"{s.idp}<!---->.evil</saml:Issuer>"),
        "attribute-value": (
            f">{ALICE}</saml:AttributeValue>",
            f">{ALICE}<!---->.evil</saml:AttributeValue>",
        ),
        "status": ('status:Success"/>', 'status:Success"><!----></samlp:StatusCode>'),
    }
    for name, (old, new) in places_of_comments.items():
        yield bad(
            "saml_xml_forbidden",
            f"comment-in-{name}",
            changed(honest(s), old, new),
            "a comment that canonicalization does not see, in a value that somebody reads",
            section,
        )
    yield bad(
        "saml_xml_invalid",
        "entity-splits-the-name",
        changed(whole, "alice@corp.example.evil", "alice@corp.example&x;.evil"),
        "an entity that nobody declared",
        section,
    )
    invalid = "saml_value_invalid"
    places = {
        "name-id": ("alice@corp.example</saml:NameID>", "<b>x</b>alice@corp.example</saml:NameID>"),
        "audience": (f"{s.sp}</saml:Audience>", f"{s.sp}<b/></saml:Audience>"),
        "issuer": (f"{s.idp}</saml:Issuer>@SIG-A@", f"{s.idp}<b/></saml:Issuer>@SIG-A@"),
        "attribute-value": ("Alice</saml:AttributeValue>", "Al<b>i</b>ce</saml:AttributeValue>"),
        "attribute-value-name-id-and-text": (
            ">Alice</saml:AttributeValue>",
            ">mallory<saml:NameID>alice</saml:NameID></saml:AttributeValue>",
        ),
    }
    for name, (old, new) in places.items():
        yield bad(
            invalid,
            f"element-in-{name}",
            s.sign(changed(s.response(), old, new)),
            "a true signature over a value with markup: XML injection at the IdP",
            "SAML Core §1.3.1",
        )


def tampering(s: Scene) -> Iterator[Case]:
    mismatch = "saml_digest_mismatch"
    edits = {
        "name-id": ("alice@corp.example</saml:NameID>", "mallory@corp.example</saml:NameID>"),
        "audience": (f"{s.sp}</saml:Audience>", f"{s.sp}/other</saml:Audience>"),
        "group-added": ("on-call</saml:AttributeValue>", "admin</saml:AttributeValue>"),
        "recipient": (f'Recipient="{s.acs}"', 'Recipient="https://evil.example"'),
        "time": (f'NotOnOrAfter="{s.stamp(5)}"', f'NotOnOrAfter="{s.stamp(500)}"'),
        "white-space": ("</saml:Subject>", "</saml:Subject> "),
    }
    for name, (old, new) in edits.items():
        yield bad(
            mismatch,
            f"changed-{name}",
            changed(honest(s), old, new),
            "one value was changed after signing",
            "XML-DSig §3.2.1",
        )
    yield bad(
        mismatch,
        "status-changed-under-the-response-signature",
        changed(honest(s, "R"), "<samlp:Status>", "<samlp:Status>\n"),
        "the envelope was changed after signing",
        "XML-DSig §3.2.1",
    )
    yield bad(
        "saml_signature_invalid",
        "digest-mended-after-signing",
        _mended_digest(s),
        "the digest fits the forged content, the signature does not",
        "XML-DSig §3.2.2",
    )


def _mended_digest(s: Scene) -> str:
    forged = finish(s.sign(s.response(s.assertion(name_id="mallory@corp.example"))))
    digest = find(r"<ds:DigestValue>[^<]*", forged)
    doc = honest(s)
    doc = changed(doc, find(r"<ds:DigestValue>[^<]*", doc), digest)
    return changed(doc, "alice@corp.example</saml:NameID>", "mallory@corp.example</saml:NameID>")
