"""Verification of one SAML response: ours with every check, its floor, and what others take."""

from __future__ import annotations

import hashlib
import logging
from base64 import b64decode, b64encode
from datetime import UTC, datetime

import xmlsec
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from lxml import etree
from onelogin.saml2.response import OneLogin_Saml2_Response
from onelogin.saml2.settings import OneLogin_Saml2_Settings
from signxml.verifier import XMLVerifier

from benchmarks.documents import ACS, IDP, REQUEST, certificate, expectations, honest_response
from benchmarks.measure import Case, note, ratio, show, take_turns
from vestibule.protocols import saml

_DS = "{http://www.w3.org/2000/09/xmldsig#}"
_SAML = "{urn:oasis:names:tc:SAML:2.0:assertion}"


def run(*, quick: bool) -> None:
    logging.disable(logging.WARNING)
    pem, document = certificate("idp"), honest_response()
    posted = b64encode(document).decode()
    note(f"{len(document)} bytes, {len(posted)} characters as a form field")
    cases = {
        "floor": _floor(document, pem, again=False),
        "floor + base64 + re-parse": _floor(document, pem, again=True),
        "Vestibule, every check": _ours(posted),
        "python-xmlsec, signature only": _xmlsec(document, pem),
        "signxml, no schema check": _signxml(document, pem, schema=False),
        "signxml": _signxml(document, pem, schema=True),
        "python3-saml, is_valid": _python3_saml(posted, pem),
    }
    figures = take_turns(cases, rounds=5 if quick else 21, seconds=0.05 if quick else 0.15)
    show(figures, "floor")
    ours = "Vestibule, every check"
    slower = 1 / ratio(figures, ours, "python3-saml, is_valid")
    fair = ratio(figures, ours, "floor + base64 + re-parse")
    note(f"Ours is {ratio(figures, ours, 'floor'):.2f} × its floor (aim: 1.3)")
    note(f"Ours is {fair:.2f} × the floor that includes what the security rules demand")
    note(f"python3-saml takes {slower:.1f} × as long as ours (aim: 14)")


def _ours(posted: str) -> Case:
    expected = expectations()
    now = datetime.now(UTC)

    def verify() -> saml.VerifiedAssertion:
        return saml.verify_response(saml.read_response(posted), expected, now=now)

    assert len(verify().attributes) == 6
    return verify


def _floor(document: bytes, pem: str, *, again: bool) -> Case:
    """The primitives alone. Where things are, the digest and the signature's bytes are known.

    With `again` also what reading only verified bytes costs everybody: the base64 of the form,
    and one parse of each canonical form that was verified.
    """
    public = saml.read_certificate(pem).public_key
    root = etree.fromstring(document)
    value = b64decode(root.findtext(f".//{_DS}SignatureValue") or "")
    digest = b64decode(root.findtext(f".//{_DS}DigestValue") or "")
    padding, sha256 = PKCS1v15(), SHA256()
    posted = b64encode(document)

    def verify() -> object:
        octets = b64decode(posted) if again else document
        assertion = etree.fromstring(octets)[2]
        signature = assertion[1]
        signed_info = etree.tostring(signature[0], method="c14n", exclusive=True)
        public.verify(value, signed_info, padding, sha256)  # type: ignore[call-arg,arg-type]
        assertion.remove(signature)
        content = etree.tostring(assertion, method="c14n", exclusive=True)
        assert hashlib.sha256(content).digest() == digest
        if again:
            etree.fromstring(signed_info)
            return etree.fromstring(content)
        return content

    return verify


def _signxml(document: bytes, pem: str, *, schema: bool) -> Case:
    verifier = XMLVerifier()

    def verify() -> object:
        done = verifier.verify(document, x509_cert=pem, id_attribute="ID", validate_schema=schema)
        assert not isinstance(done, list) and done.signed_xml is not None
        assert done.signed_xml.tag == f"{_SAML}Assertion"
        return done.signed_xml

    verify()
    return verify


def _xmlsec(document: bytes, pem: str) -> Case:
    key = xmlsec.Key.from_memory(pem, xmlsec.constants.KeyDataFormatCertPem)

    def verify() -> None:
        root = etree.fromstring(document)
        xmlsec.tree.add_ids(root, ["ID"])
        context = xmlsec.SignatureContext()
        context.key = key
        node = xmlsec.tree.find_node(root, "Signature")
        assert node is not None
        context.verify(node)

    return verify


def _python3_saml(posted: str, pem: str) -> Case:
    binding = "urn:oasis:names:tc:SAML:2.0:bindings:"
    settings = OneLogin_Saml2_Settings(
        {
            "strict": True,
            "sp": {
                "entityId": ACS,
                "assertionConsumerService": {"url": ACS, "binding": f"{binding}HTTP-POST"},
            },
            "idp": {
                "entityId": IDP,
                "singleSignOnService": {
                    "url": "https://idp.example/sso",
                    "binding": f"{binding}HTTP-Redirect",
                },
                "x509cert": pem,
            },
            "security": {"wantAssertionsSigned": True},
        },
        sp_validation_only=False,
    )
    request = {
        "https": "on",
        "http_host": "sso.example",
        "script_name": ACS.removeprefix("https://sso.example"),
    }

    def verify() -> object:
        answer = OneLogin_Saml2_Response(settings, posted)
        assert answer.is_valid(request, REQUEST, raise_exceptions=True)
        return answer.get_attributes()

    return verify
