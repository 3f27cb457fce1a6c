"""Signatures of a wrong shape, over the wrong thing, by the wrong key or algorithm."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator

from vestibule.attack.cases import (
    CORE54,
    ENVELOPED,
    EXCLUSIVE,
    Case,
    Setup,
    bad,
    changed,
    edited,
    find,
    honest,
    reference_in,
    signature_of,
)
from vestibule.attack.keys import certify
from vestibule.attack.scene import DS, EXC, INC, MORE, MORE07, RSA_SHA256, SHA256, Scene


def shape_of_signature(s: Scene) -> Iterator[Case]:
    doc = honest(s)
    sig = signature_of(doc)
    shape = "saml_signature_malformed"
    signed_info = find(r"<ds:SignedInfo>.*</ds:SignedInfo>", doc)
    value = find(r"<ds:SignatureValue>.*</ds:SignatureValue>", doc)
    edits = {
        "object-in-signature": (
            "</ds:Signature>",
            "<ds:Object>anything</ds:Object></ds:Signature>",
            "OneUptime #2981: the hole in the envelope",
        ),
        "two-signed-infos": (
            signed_info,
            signed_info * 2,
            "CVE-2025-29774: one is verified, the other digested",
        ),
        "two-signature-values": (value, value * 2, "one value is enough"),
        "foreign-child-of-signature": (
            value,
            value + '<x:y xmlns:x="urn:x"/>',
            "a child that nobody digests",
        ),
        "signed-info-in-another-namespace": (
            signed_info,
            signed_info.replace("ds:SignedInfo", "x:SignedInfo").replace(
                "<x:SignedInfo", '<x:SignedInfo xmlns:x="urn:x"'
            ),
            "CVE-2025-66567: namespace confusion",
        ),
        "two-key-infos": ("</ds:Signature>", "<ds:KeyInfo/></ds:Signature>", "KeyInfo comes once"),
    }
    for name, (old, new, why) in edits.items():
        yield bad(shape, name, changed(doc, old, new), why, "XML-DSig §4.2")
    yield bad(
        shape,
        "two-signatures-in-the-assertion",
        doc.replace(sig, sig * 2),
        "a decoy beside the signature",
        CORE54,
    )
    yield bad(
        shape,
        "signature-in-subject",
        changed(doc.replace(sig, ""), "<saml:Subject>", "<saml:Subject>" + sig),
        "only Response and Assertion have signatures",
        CORE54,
    )
    yield bad(
        shape,
        "signature-in-an-attribute-value",
        changed(doc, "Alice</saml:AttributeValue>", f"{sig}</saml:AttributeValue>"),
        "a second signature deep inside",
        CORE54,
    )
    yield bad(
        "saml_structure_invalid",
        "signature-before-issuer",
        doc.replace(sig, "").replace(
            f"<saml:Issuer>{s.idp}</saml:Issuer><saml:Subject>",
            f"{sig}<saml:Issuer>{s.idp}</saml:Issuer><saml:Subject>",
        ),
        "the schema gives the signature one place",
        CORE54,
    )
    two = s.sign(
        s.response(),
        edit_signed_info=lambda si: si.replace(
            "</ds:SignedInfo>", reference_in(si) + "</ds:SignedInfo>"
        ),
    )
    yield bad(shape, "two-references", two, "SAML Core §5.4.2: one Reference", CORE54)
    yield bad(
        shape,
        "no-reference",
        s.sign(s.response(), edit_signed_info=lambda si: si.replace(reference_in(si), "")),
        "SignedInfo that refers to nothing",
        CORE54,
    )
    yield bad(
        shape,
        "two-digest-values",
        s.sign(
            s.response(),
            edit_signed_info=edited(
                "</ds:Reference>", "<ds:DigestValue>AAAA</ds:DigestValue></ds:Reference>"
            ),
        ),
        "CVE-2024-45409: a DigestValue to choose from",
        "XML-DSig §4.3.3",
    )
    yield bad(
        shape,
        "element-in-digest-value",
        s.sign(s.response(), edit_signed_info=edited("<ds:DigestValue>", "<ds:DigestValue><x/>")),
        "markup in a leaf of SignedInfo",
        "XML-DSig §4.3.3",
    )
    yield bad(
        "saml_xml_forbidden",
        "comment-in-digest-value",
        changed(doc, "<ds:DigestValue>", "<ds:DigestValue><!--AAAA-->"),
        "CVE-2025-29775",
        "XML-DSig §4.3.3",
    )
    yield bad(
        "saml_xml_forbidden",
        "processing-instruction-in-digest-value",
        changed(doc, "<ds:DigestValue>", "<ds:DigestValue><?x AAAA?>"),
        "the same with a processing instruction",
        "XML-DSig §4.3.3",
    )
    yield bad(
        shape,
        "digest-value-is-not-base64",
        s.sign(s.response(), edit_signed_info=edited("<ds:DigestValue>", "<ds:DigestValue>%%")),
        "strict base64",
        "XML-DSig §4.3.3",
    )


def references_and_transforms(s: Scene) -> Iterator[Case]:
    wrong = "saml_reference_invalid"
    for name, uri in {
        "empty": "",
        "xpointer": f"#xpointer(id('{s.assertion_id}'))",
        "root": "#xpointer(/)",
        "external": "https://idp.example/assertion.xml",
        "file": "file:///etc/passwd",
        "other-case": f"#{s.assertion_id.upper()}",
        "percent-encoded": f"#%5F{s.assertion_id[1:]}",
        "padded": f"# {s.assertion_id}",
        "without-hash": s.assertion_id,
        "of-the-response": f"#{s.response_id}",
    }.items():
        yield bad(
            wrong,
            f"uri-{name}",
            s.sign(s.response(), uri=uri),
            "a reference names its own parent by #ID",
            "SAML Core §5.4.2",
        )
    yield bad(
        wrong,
        "no-uri",
        s.sign(s.response(), edit_signed_info=edited(f' URI="#{s.assertion_id}"', "")),
        "no reference at all",
        "SAML Core §5.4.2",
    )
    part = s.response().replace("<saml:Conditions ", '<saml:Conditions ID="_conditions" ')
    yield bad(
        wrong,
        "only-the-conditions-are-signed",
        s.sign(part, uri="#_conditions"),
        "the signature covers a part",
        "SAML Core §5.4.2",
    )
    forbidden = "saml_transform_forbidden"
    xpath = (
        '<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116">'
        "<ds:XPath>not(ancestor-or-self::saml:Subject)</ds:XPath></ds:Transform>"
    )
    xslt = '<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116"/>'
    transforms = {
        "xpath": ENVELOPED + xpath + EXCLUSIVE,
        "xpath-instead-of-enveloped": xpath + EXCLUSIVE,
        "filter2": ENVELOPED
        + '<ds:Transform Algorithm="http://www.w3.org/2002/06/xmldsig-filter2"/>',
        "xslt": ENVELOPED + xslt,
        "base64": ENVELOPED + f'<ds:Transform Algorithm="{DS}base64"/>',
        "decryption": ENVELOPED
        + '<ds:Transform Algorithm="http://www.w3.org/2002/07/decrypt#XML"/>',
        "reversed": EXCLUSIVE + ENVELOPED,
        "twice-enveloped": ENVELOPED + ENVELOPED,
        "three": ENVELOPED + EXCLUSIVE + EXCLUSIVE,
        "only-c14n": EXCLUSIVE,
        "only-enveloped": ENVELOPED,
        "c14n-11": ENVELOPED + '<ds:Transform Algorithm="http://www.w3.org/2006/12/xml-c14n11"/>',
        "child-of-enveloped": ENVELOPED.replace("/>", "><x/></ds:Transform>") + EXCLUSIVE,
        "child-of-c14n": ENVELOPED + f'<ds:Transform Algorithm="{EXC}"><x/></ds:Transform>',
        "prefix-list-with-inclusive": ENVELOPED
        + f'<ds:Transform Algorithm="{INC}"><ec:InclusiveNamespaces xmlns:ec="{EXC}"'
        ' PrefixList="xs"/></ds:Transform>',
    }
    for name, steps in transforms.items():
        yield bad(
            forbidden,
            f"transform-{name}",
            s.sign(s.response(), transforms=steps),
            "enveloped-signature and one canonicalization, in this order",
            "SAML Core §5.4.4",
        )


def canonical_form(s: Scene) -> Iterator[Case]:
    failed = "saml_canonicalization_failed"
    doc = honest(s)
    yield bad(
        failed,
        "relative-namespace",
        changed(doc, "<saml:Subject>", '<saml:Subject xmlns:r="relative/uri">'),
        "CVE-2025-66568: the failed canonical form must not be read as the empty one",
        "C14N §4",
    )
    yield bad(
        failed,
        "relative-namespace-with-the-digest-of-nothing",
        changed(
            s.sign(s.response(), digest_of=b""),
            "<saml:Subject>",
            '<saml:Subject xmlns:r="relative/uri">',
        ),
        "void canonicalization, with the digest that a void one would fit",
        "C14N §4",
    )
    yield bad(
        "saml_transform_forbidden",
        "unknown-canonicalization-method",
        s.sign(s.response(), c14n_signed_info="urn:none"),
        "an unknown method must not become the empty string",
        "XML-DSig §4.3.1",
    )
    yield bad(
        "saml_digest_mismatch",
        "digest-of-nothing",
        s.sign(s.response(), digest_of=b""),
        "the well-known digest of the empty string",
        "XML-DSig §3.2.1",
    )


def keys(s: Scene) -> Iterator[Case]:
    wrong = "saml_signature_invalid"
    evil = s.response(s.assertion(name_id="mallory@corp.example"))
    body = s.cert_body("attacker")
    yield bad(
        wrong,
        "attackers-certificate-in-key-info",
        s.sign(evil, key="attacker"),
        "CVE-2024-32962: KeyInfo chooses nothing",
        "XML-DSig §4.5",
    )
    yield bad(
        wrong,
        "idp-certificate-beside-the-attackers",
        s.sign(
            evil,
            key="attacker",
            key_info=(
                "<ds:KeyInfo><ds:X509Data><ds:X509Certificate>"
                + s.cert_body("idp")
                + f"</ds:X509Certificate><ds:X509Certificate>{body}</ds:X509Certificate>"
                "</ds:X509Data></ds:KeyInfo>"
            ),
        ),
        "CVE-2018-7644: key confusion",
        "XML-DSig §4.5",
    )
    yield bad(
        wrong,
        "key-value",
        s.sign(
            evil,
            key="attacker",
            key_info=(
                "<ds:KeyInfo><ds:KeyValue><ds:RSAKeyValue><ds:Modulus>AQAB</ds:Modulus>"
                "<ds:Exponent>AQAB</ds:Exponent></ds:RSAKeyValue></ds:KeyValue></ds:KeyInfo>"
            ),
        ),
        "a key in the document is nobody's key",
        "XML-DSig §4.5",
    )
    pair = s.keys["attacker"]
    idp = s.keys["idp"].certificate
    leaf = certify(pair.private, "alice", issued_by=s.keys["idp"])
    for name, content, why in (
        (
            "true-key-value",
            f"<ds:KeyValue>{pair.rsa_key_value}</ds:KeyValue>",
            "the key that fits stands in the document",
        ),
        (
            "leaf-issued-by-the-idps-certificate",
            f"<ds:X509Data><ds:X509Certificate>{leaf.cert_body}</ds:X509Certificate>"
            f"<ds:X509Certificate>{s.cert_body('idp')}</ds:X509Certificate></ds:X509Data>",
            "a pinned certificate holds a key, it is no authority: a chain to it proves nothing",
        ),
        (
            "issuer-and-serial-of-the-idp",
            f"<ds:X509Data><ds:X509IssuerSerial><ds:X509IssuerName>{idp.issuer.rfc4514_string()}"
            f"</ds:X509IssuerName><ds:X509SerialNumber>{idp.serial_number}</ds:X509SerialNumber>"
            f"</ds:X509IssuerSerial></ds:X509Data>",
            "the names of the provider's certificate, another key",
        ),
        (
            "retrieval-of-a-key",
            '<ds:RetrievalMethod URI="http://127.0.0.1:9/key.pem" Type="http://www.w3.org/2000/09/'
            'xmldsig#X509Data"/>',
            "nothing is fetched to verify a signature",
        ),
        ("key-name-of-the-idp", "<ds:KeyName>idp</ds:KeyName>", "a name is no key"),
    ):
        yield bad(
            wrong,
            name,
            s.sign(evil, key="attacker", key_info=f"<ds:KeyInfo>{content}</ds:KeyInfo>"),
            why,
            "XML-DSig §4.5",
        )
    yield bad(
        wrong,
        "another-connections-key",
        s.sign(s.response(), key="idp-next"),
        "keys are pinned to the connection",
        "SAML Profiles §4.1.4.3",
    )
    yield bad(
        wrong,
        "algorithm-does-not-fit-the-key",
        s.sign(s.response()),
        "an RSA signature, an EC key",
        "XML-DSig §6.4",
        setup=Setup(certificates=("idp-p256",)),
    )
    yield bad(
        wrong,
        "ecdsa-where-rsa-is-pinned",
        s.sign(s.response(), key="idp-p256", algorithm=MORE + "ecdsa-sha256"),
        "a stranger's EC signature, an RSA key that cannot judge it",
        "XML-DSig §6.4",
    )
    zero = re.sub(
        r"<ds:SignatureValue>[^<]*",
        "<ds:SignatureValue>" + b64encode(bytes(64)).decode(),
        s.sign(s.response(), key="idp-p256", algorithm=MORE + "ecdsa-sha256"),
    )
    yield bad(
        wrong,
        "ecdsa-zero",
        zero,
        "CVE-2022-21449: r = s = 0",
        "XML-DSig §6.4.2",
        setup=Setup(certificates=("idp-p256",)),
    )
    short = re.sub(
        r"<ds:SignatureValue>[^<]*", "<ds:SignatureValue>" + b64encode(b"\1" * 63).decode(), zero
    )
    yield bad(
        wrong,
        "ecdsa-odd-length",
        short,
        "r and s in equal halves",
        "XML-DSig §6.4.2",
        setup=Setup(certificates=("idp-p256",)),
    )
    yield bad(
        wrong,
        "signature-value-changed",
        re.sub(
            r"(<ds:SignatureValue>)(.)", lambda m: m[1] + ("B" if m[2] == "A" else "A"), honest(s)
        ),
        "one character of the value",
        "XML-DSig §3.2.2",
    )
    pkcs1 = honest(s).replace(MORE + "rsa-sha256", MORE07 + "sha256-rsa-MGF1")
    yield bad(
        wrong,
        "algorithm-renamed",
        pkcs1,
        "the name of the algorithm is signed too",
        "XML-DSig §3.2.2",
    )


def methods(s: Scene) -> Iterator[Case]:
    forbidden = "saml_algorithm_forbidden"
    for name, algorithm, digest in (
        ("hmac-sha256", MORE + "hmac-sha256", SHA256),
        ("hmac-sha1", DS + "hmac-sha1", SHA256),
        ("rsa-sha1", DS + "rsa-sha1", SHA256),
        ("rsa-md5", MORE + "rsa-md5", SHA256),
        ("sha1-digest", RSA_SHA256, DS + "sha1"),
        ("md5-digest", RSA_SHA256, MORE + "md5"),
    ):
        yield bad(
            forbidden,
            name,
            s.sign(s.response(), algorithm=algorithm, digest=digest),
            "not on the list",
            "XML-DSig §6",
        )
    for name, key, algorithm in (
        ("ecdsa-sha1", "idp-p256", MORE + "ecdsa-sha1"),
        ("pss-sha1", "idp", MORE07 + "sha1-rsa-MGF1"),
    ):
        yield bad(
            forbidden,
            name,
            s.sign(s.response(), key=key, algorithm=algorithm),
            "measured: python3-saml's switch against old algorithms misses it",
            "XML-DSig §6",
            setup=Setup(certificates=(key,)),
        )
    yield bad(
        forbidden,
        "unknown-signature-method",
        changed(honest(s), RSA_SHA256, "urn:none"),
        "not on the list",
        "XML-DSig §6",
    )
    yield bad(
        forbidden,
        "no-signature-method-algorithm",
        changed(honest(s), f' Algorithm="{RSA_SHA256}"', ""),
        "not on the list",
        "XML-DSig §6",
    )
    yield bad(
        forbidden,
        "md5-with-the-sha1-switch",
        s.sign(s.response(), algorithm=MORE + "rsa-md5"),
        "the switch is for SHA-1 alone",
        "XML-DSig §6",
        setup=Setup(insecure_sha1=True),
    )
    yield bad(
        "saml_signature_malformed",
        "hmac-output-length",
        s.sign(
            s.response(),
            edit_signed_info=lambda si: re.sub(
                r"(<ds:SignatureMethod [^>]*)/>",
                r"\1><ds:HMACOutputLength>0</ds:HMACOutputLength></ds:SignatureMethod>",
                si,
            ),
        ),
        "CVE-2009-0217",
        "XML-DSig §6.3.1",
    )
