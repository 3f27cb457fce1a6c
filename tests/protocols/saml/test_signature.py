"""Signatures: what we make, others accept; what comes back is what was digested."""

from __future__ import annotations

import pytest
from lxml import etree
from signxml import SignatureConfiguration, XMLVerifier

from protocols.saml.material import cert_pem, certificate, good_response, key_pem
from vestibule.errors import SamlError
from vestibule.protocols.saml import (
    read_private_key,
    sign_enveloped,
    sign_query,
    verify_enveloped,
    verify_query,
)
from vestibule.protocols.saml.names import RSA_SHA256, SIGNATURE, SIGNATURE_ALGORITHMS
from vestibule.protocols.saml.signature import prove_enveloped
from vestibule.protocols.saml.xml import parse

ASSERTION = "{urn:oasis:names:tc:SAML:2.0:assertion}Assertion"
REQUEST = (
    b'<samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_r1">'
    b'<saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">me</saml:Issuer>\n'
    b" <samlp:NameIDPolicy/></samlp:AuthnRequest>"
)
OURS = [uri for uri, (scheme, _) in SIGNATURE_ALGORITHMS.items() if scheme != "ecdsa"]


def signed_request(algorithm: str = RSA_SHA256) -> bytes:
    key = read_private_key(key_pem("sp"))
    return sign_enveloped(REQUEST, "_r1", key, cert_pem("sp"), algorithm=algorithm)


@pytest.mark.parametrize("algorithm", OURS)
def test_our_signature_verifies_and_gives_back_the_signed_bytes(algorithm: str) -> None:
    root = parse(signed_request(algorithm))
    octets = verify_enveloped(root, (certificate("sp"),))
    assert octets == etree.tostring(etree.fromstring(REQUEST), method="c14n", exclusive=True)


def test_our_signature_stands_behind_issuer() -> None:
    root = parse(signed_request())
    assert [child.tag.rpartition("}")[2] for child in root] == [
        "Issuer",
        "Signature",
        "NameIDPolicy",
    ]


def test_signxml_accepts_our_signature() -> None:
    found = XMLVerifier().verify(
        signed_request(),
        x509_cert=cert_pem("sp"),
        id_attribute="ID",
        expect_config=SignatureConfiguration(location="./"),
    )
    assert b"NameIDPolicy" in found.signed_data  # type: ignore[union-attr]


def test_xmlsec_accepts_our_signature() -> None:
    import xmlsec

    root = etree.fromstring(signed_request())
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(cert_pem("sp"), xmlsec.KeyFormat.CERT_PEM)
    context.register_id(root, "ID", None)
    context.verify(root[1])


def test_an_id_that_is_not_there_cannot_be_signed() -> None:
    with pytest.raises(ValueError, match="no such ID"):
        sign_enveloped(REQUEST, "_other", read_private_key(key_pem("sp")), None)


def test_nothing_but_the_signature_is_missing_from_the_signed_bytes() -> None:
    root = parse(good_response("generic/assertion-signed"))
    assertion = root.find(ASSERTION)
    assert assertion is not None
    octets = verify_enveloped(assertion, (certificate("idp"),))
    assert b"Signature" not in octets
    assert octets.startswith(b"<saml:Assertion ")


def test_without_certificates_nothing_verifies() -> None:
    with pytest.raises(SamlError, match="saml_certificate_missing"):
        verify_enveloped(parse(signed_request()), ())


def test_sha1_is_refused_unless_the_caller_says_so() -> None:
    def assertion() -> etree._Element:
        found = parse(good_response("generic/sha1-by-switch")).find(ASSERTION)
        assert found is not None
        return found

    for options in ({}, {"insecure_sha1": False}):
        with pytest.raises(SamlError, match="saml_algorithm_forbidden"):
            verify_enveloped(assertion(), (certificate("idp"),), **options)
    assert verify_enveloped(assertion(), (certificate("idp"),), insecure_sha1=True)


def test_we_sign_with_our_rsa_keys_only() -> None:
    for algorithm in SIGNATURE_ALGORITHMS:
        if algorithm not in OURS:
            with pytest.raises(ValueError, match="RSA"):
                signed_request(algorithm)
    with pytest.raises(KeyError):
        signed_request("http://www.w3.org/2000/09/xmldsig#rsa-sha1")


def signature_of(xml: bytes) -> str:
    return xml[xml.index(b"<ds:Signature ") : xml.index(b"</ds:Signature>")].decode()


def test_our_signature_carries_the_certificate_on_one_line_or_none_at_all() -> None:
    body = "".join(line for line in cert_pem("sp").splitlines() if "-----" not in line)
    assert signature_of(signed_request()).endswith(
        "</ds:SignatureValue><ds:KeyInfo><ds:X509Data><ds:X509Certificate>"
        f"{body}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>"
    )
    bare = sign_enveloped(REQUEST, "_r1", read_private_key(key_pem("sp")), None)
    assert signature_of(bare).endswith("</ds:SignatureValue>")
    verify_enveloped(parse(bare), (certificate("sp"),))


def test_without_an_issuer_our_signature_comes_first() -> None:
    document = b'<r ID="_r1"><a/><b/></r>'
    root = parse(sign_enveloped(document, "_r1", read_private_key(key_pem("sp")), None))
    assert [child.tag.rpartition("}")[2] for child in root] == ["Signature", "a", "b"]


def test_what_follows_an_element_that_we_signed_stays_where_it_was() -> None:
    document = "<r>1<x ID='_r1'>2<y/>3é</x>4<z/>5</r>".encode()
    signed = sign_enveloped(document, "_r1", read_private_key(key_pem("sp")), None)
    before, _, behind = signed.partition(signature_of(signed).encode())
    assert before + behind == '<r>1<x ID="_r1">2</ds:Signature><y/>3é</x>4<z/>5</r>'.encode()
    assert signed.startswith(b"<r>")


def test_an_unsigned_element_is_refused() -> None:
    with pytest.raises(SamlError, match="saml_signature_missing"):
        verify_enveloped(parse(REQUEST), (certificate("sp"),))


C14N = '<ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>'


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        (C14N, "", "saml_signature_malformed"),
        (C14N, C14N * 2, "saml_signature_malformed"),
        (C14N, '<ds:CanonicalizationMethod/>', "saml_transform_forbidden"),
        ("<ds:SignatureValue>", "<ds:SignatureValue/><ds:SignatureValue>",
         "saml_signature_malformed"),
        ("</ds:Signature>", "<ds:Object/></ds:Signature>", "saml_signature_malformed"),
        ("<ds:Signature ", "<ds:Signature xmlns:ds='http://www.w3.org/2000/09/xmldsig#'/>"
         "<ds:Signature ", "saml_signature_malformed"),
        ("<ds:SignedInfo>", "<ds:SignedInfo/><ds:SignedInfo>", "saml_signature_malformed"),
        ("#rsa-sha256", "#hmac-sha256", "saml_algorithm_forbidden"),
        ("#rsa-sha256", "#rsa-sha512", "saml_signature_invalid"),
        ("#rsa-sha256", "#ecdsa-sha256", "saml_signature_invalid"),
        ("xmlenc#sha256", "xmlenc#sha512", "saml_signature_invalid"),
        ("xmlenc#sha256", "xmlenc#sha1", "saml_algorithm_forbidden"),
        ("#_r1", "#_r2", "saml_reference_invalid"),
        ("#_r1", "", "saml_reference_invalid"),
        (' URI="#_r1"', "", "saml_reference_invalid"),
        ("#enveloped-signature", "#base64", "saml_transform_forbidden"),
        ('<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>',
         '<ds:Other Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>',
         "saml_transform_forbidden"),
        ("<samlp:NameIDPolicy/>", "", "saml_digest_mismatch"),
        ("me<", "you<", "saml_digest_mismatch"),
    ],
)  # fmt: skip
def test_a_signature_of_another_shape_or_over_something_else_is_refused(
    old: str, new: str, code: str
) -> None:
    document = signed_request().decode()
    assert old in document
    with pytest.raises(SamlError) as refused:
        verify_enveloped(parse(document.replace(old, new, 1).encode()), (certificate("sp"),))
    assert refused.value.code == code


@pytest.mark.parametrize("pinned", ["sp", "idp-p256"])
@pytest.mark.parametrize("algorithm", sorted(SIGNATURE_ALGORITHMS))
def test_an_algorithm_that_the_pinned_key_cannot_do_proves_nothing(
    algorithm: str, pinned: str
) -> None:
    octets = b"SAMLRequest=x"
    for size in (0, 64, 256):
        with pytest.raises(SamlError, match="saml_signature_invalid"):
            verify_query(octets, b"\1" * size, (certificate(pinned),), algorithm=algorithm)


def test_an_element_without_an_id_cannot_be_referred_to() -> None:
    document = signed_request().replace(b' ID="_r1"', b"").replace(b"#_r1", b"#")
    with pytest.raises(SamlError, match="saml_reference_invalid"):
        verify_enveloped(parse(document), (certificate("sp"),))


def test_every_pinned_key_is_tried_and_the_one_that_signed_is_told() -> None:
    names = ("idp-p256", "idp", "sp", "sp-next")
    keys = tuple(certificate(name) for name in names)
    proof = prove_enveloped(parse(signed_request()), keys)
    assert (proof.certificate, proof.sha1) == (certificate("sp"), False)
    with pytest.raises(SamlError, match="saml_signature_invalid"):
        prove_enveloped(parse(signed_request()), tuple(key for key in keys if key != keys[2]))


def test_a_query_verifies_as_it_stood_on_the_wire() -> None:
    octets = b"SAMLRequest=a%2Bb&RelayState=c&SigAlg=d"
    signature = sign_query(octets, read_private_key(key_pem("sp")))
    verify_query(octets, signature, (certificate("idp"), certificate("sp")))
    with pytest.raises(SamlError, match="saml_signature_invalid"):
        verify_query(octets.replace(b"%2B", b"%2b"), signature, (certificate("sp"),))
    with pytest.raises(SamlError, match="saml_algorithm_forbidden"):
        verify_query(octets, signature, (certificate("sp"),), algorithm="urn:none")
    with pytest.raises(SamlError, match="saml_certificate_missing"):
        verify_query(octets, signature, ())


def test_of_two_signatures_neither_is_chosen() -> None:
    root = parse(signed_request())
    signature = root.find(SIGNATURE)
    assert signature is not None
    root.append(etree.fromstring(etree.tostring(signature)))
    with pytest.raises(SamlError) as refused:
        verify_enveloped(root, (certificate("sp"),))
    assert refused.value.code == "saml_signature_malformed"
