"""Verifying one SAML response, beside its own floor and beside other people's verifiers.

The response has one signed assertion with six attributes and ten groups (about 6 kB). The floor
is what nobody can leave out: parse, exclusive canonical form of assertion and SignedInfo, SHA-256,
RSA verify. The second floor adds what our rules ask of everybody: decode the base64 of the form
field, and parse the verified bytes once more.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime, timedelta

import signxml
import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID
from lxml import etree
from onelogin.saml2.auth import OneLogin_Saml2_Auth

from benchmarks.measure import interleaved, print_table
from vestibule.domain.sessions import wire_time
from vestibule.protocols import saml

DS = "{http://www.w3.org/2000/09/xmldsig#}"
SAML = "{urn:oasis:names:tc:SAML:2.0:assertion}"
ACS = "https://sso.example.test/v1/b2b/sso/callback/saml-connection-live-1"
IDP = "https://idp.example.test/metadata"
REQUEST = "_request"


def make_key() -> tuple[rsa.RSAPrivateKey, str]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "benchmark")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .sign(key, hashes.SHA256())
    )
    return key, certificate.public_bytes(serialization.Encoding.PEM).decode()


def make_response(key: rsa.RSAPrivateKey, certificate: str, now: datetime) -> bytes:
    issued, until = wire_time(now), wire_time(now + timedelta(minutes=5))
    attributes = "".join(
        f'<saml:Attribute Name="urn:oid:2.5.4.{n}" FriendlyName="attribute{n}" '
        'NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:uri">'
        f"<saml:AttributeValue>the value of attribute {n}</saml:AttributeValue></saml:Attribute>"
        for n in range(6)
    )
    groups = "".join(
        f"<saml:AttributeValue>group-{n}-of-the-company</saml:AttributeValue>" for n in range(10)
    )
    document = f"""<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" \
xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_response" Version="2.0" \
IssueInstant="{issued}" Destination="{ACS}" InResponseTo="{REQUEST}"><saml:Issuer>{IDP}\
</saml:Issuer><samlp:Status><samlp:StatusCode \
Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status><saml:Assertion \
ID="_assertion" Version="2.0" IssueInstant="{issued}"><saml:Issuer>{IDP}</saml:Issuer>\
<saml:Subject><saml:NameID Format="urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress">\
ada@example.test</saml:NameID><saml:SubjectConfirmation \
Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData \
InResponseTo="{REQUEST}" NotOnOrAfter="{until}" Recipient="{ACS}"/></saml:SubjectConfirmation>\
</saml:Subject><saml:Conditions NotBefore="{issued}" NotOnOrAfter="{until}">\
<saml:AudienceRestriction><saml:Audience>{ACS}</saml:Audience></saml:AudienceRestriction>\
</saml:Conditions><saml:AuthnStatement AuthnInstant="{issued}" SessionIndex="_session">\
<saml:AuthnContext><saml:AuthnContextClassRef>\
urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport</saml:AuthnContextClassRef>\
</saml:AuthnContext></saml:AuthnStatement><saml:AttributeStatement>{attributes}\
<saml:Attribute Name="groups">{groups}</saml:Attribute></saml:AttributeStatement>\
</saml:Assertion></samlp:Response>"""
    return saml.sign_enveloped(document.encode(), "_assertion", key, certificate)


def run(*, quick: bool) -> None:
    now = datetime.now(UTC)
    key, pem = make_key()
    document = make_response(key, pem, now)
    field = base64.b64encode(document).decode()
    certificate = saml.read_certificate(pem)
    public = key.public_key()
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    padding_, digest = padding.PKCS1v15(), hashes.SHA256()
    first = etree.fromstring(document, parser)
    value = base64.b64decode(first.findtext(f"{SAML}Assertion/{DS}Signature/{DS}SignatureValue"))

    def floor() -> bytes:
        root = etree.fromstring(document, parser)
        assertion = root.find(f"{SAML}Assertion")
        signature = assertion.find(f"{DS}Signature")
        octets = etree.tostring(signature[0], method="c14n", exclusive=True, with_comments=False)
        public.verify(value, octets, padding_, digest)
        assertion.remove(signature)
        content = etree.tostring(assertion, method="c14n", exclusive=True, with_comments=False)
        hashlib.sha256(content).digest()
        return content

    def floor_with_reading() -> None:
        base64.b64decode(field, validate=True)
        etree.fromstring(floor(), parser)

    expected = saml.Expectations(IDP, (certificate,), (ACS,), (ACS,), REQUEST)

    def ours() -> None:
        saml.verify_response(saml.read_response(field), expected, now=now)

    verifier = signxml.XMLVerifier()
    location = signxml.SignatureConfiguration(require_x509=True)

    def with_signxml() -> None:
        assertion = etree.fromstring(document, parser).find(f"{SAML}Assertion")
        verifier.verify(assertion, x509_cert=pem, id_attribute="ID", expect_config=location)

    manager_key = xmlsec.Key.from_memory(pem, xmlsec.KeyFormat.CERT_PEM)

    def with_xmlsec() -> None:
        root = etree.fromstring(document, parser)
        xmlsec.tree.add_ids(root, ["ID"])
        context = xmlsec.SignatureContext()
        context.key = manager_key
        context.verify(xmlsec.tree.find_node(root, "Signature"))

    settings = {
        "strict": True,
        "sp": {
            "entityId": ACS,
            "assertionConsumerService": {"url": ACS},
            "NameIDFormat": "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified",
        },
        "idp": {
            "entityId": IDP,
            "singleSignOnService": {"url": "https://idp.example.test/sso"},
            "x509cert": pem,
        },
    }
    request = {
        "https": "on",
        "http_host": "sso.example.test",
        "script_name": ACS.removeprefix("https://sso.example.test"),
        "post_data": {"SAMLResponse": field},
    }

    def with_python3_saml() -> None:
        auth = OneLogin_Saml2_Auth(request, settings)
        auth.process_response(request_id=REQUEST)
        if auth.get_errors():
            raise RuntimeError(auth.get_last_error_reason())

    rows = {
        "floor": floor,
        "floor + base64 + re-parse": floor_with_reading,
        "Vestibule, every check": ours,
        "python-xmlsec, signature only": with_xmlsec,
        "signxml, signature only": with_signxml,
        "python3-saml, its checks": with_python3_saml,
    }
    print(f"A response of {len(document)} bytes.\n")
    times = interleaved(rows, rounds=5 if quick else 25, calls=20)
    print_table(times, "floor")
    ours_us = times["Vestibule, every check"]
    print(f"\nOurs to the floor with reading: {ours_us / times['floor + base64 + re-parse']:.2f}")
    print(f"python3-saml to ours: {times['python3-saml, its checks'] / ours_us:.1f}")
