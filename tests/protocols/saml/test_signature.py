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
from vestibule.protocols.saml.names import RSA_SHA256, SIGNATURE_ALGORITHMS
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


def test_an_unsigned_element_is_refused() -> None:
    with pytest.raises(SamlError, match="saml_signature_missing"):
        verify_enveloped(parse(REQUEST), (certificate("sp"),))


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
