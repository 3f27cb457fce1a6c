"""What an identity provider sends: a SAML response of 6 to 7 KB, the way the larger ones do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from vestibule.protocols import saml

KEYS = Path(__file__).parent.parent / "tests" / "vectors" / "saml" / "keys"
GROUPS = ("engineering", *(f"team-3f2504e0-{n:02d}" for n in range(9)))
_CLAIMS = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims"


def stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def response(
    *,
    entity_id: str,
    acs_url: str,
    audience: str,
    request_id: str,
    email: str,
    serial: str,
    key: saml.PrivateKey,
    certificate: str,
) -> bytes:
    """A response with a signed assertion: 6 attributes, one of them with 10 groups."""
    now = datetime.now(UTC)
    issued, until = stamp(now), stamp(now + timedelta(hours=1))
    attributes = "".join(
        f'<saml:Attribute Name="{name}" NameFormat="{_FORMAT}">'
        + "".join(f"<saml:AttributeValue {_TYPED}>{v}</saml:AttributeValue>" for v in values)
        + "</saml:Attribute>"
        for name, values in (
            (f"{_CLAIMS}/emailaddress", (email,)),
            (f"{_CLAIMS}/givenname", ("Ada",)),
            (f"{_CLAIMS}/surname", ("Lovelace",)),
            ("name", ("Ada Lovelace",)),
            ("department", ("Research",)),
            ("groups", GROUPS),
        )
    )
    document = (
        f'<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"'
        f' xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_r{serial}" Version="2.0"'
        f' IssueInstant="{issued}" Destination="{acs_url}" InResponseTo="{request_id}">'
        f"<saml:Issuer>{entity_id}</saml:Issuer><samlp:Status><samlp:StatusCode"
        ' Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>'
        f'<saml:Assertion ID="_a{serial}" Version="2.0" IssueInstant="{issued}">'
        f"<saml:Issuer>{entity_id}</saml:Issuer><saml:Subject><saml:NameID"
        f' Format="urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress">{email}</saml:NameID>'
        '<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">'
        f'<saml:SubjectConfirmationData NotOnOrAfter="{until}" Recipient="{acs_url}"'
        f' InResponseTo="{request_id}"/></saml:SubjectConfirmation></saml:Subject>'
        f'<saml:Conditions NotBefore="{issued}" NotOnOrAfter="{until}">'
        f"<saml:AudienceRestriction><saml:Audience>{audience}</saml:Audience>"
        f"</saml:AudienceRestriction></saml:Conditions><saml:AuthnStatement"
        f' AuthnInstant="{issued}" SessionIndex="_s{serial}" SessionNotOnOrAfter="{until}">'
        "<saml:AuthnContext><saml:AuthnContextClassRef>"
        "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"
        "</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>"
        f"<saml:AttributeStatement>{attributes}</saml:AttributeStatement></saml:Assertion>"
        "</samlp:Response>"
    )
    return saml.sign_enveloped(document.encode(), f"_a{serial}", key, certificate)


_FORMAT = "urn:oasis:names:tc:SAML:2.0:attrname-format:uri"
_TYPED = (
    'xmlns:xs="http://www.w3.org/2001/XMLSchema"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="xs:string"'
)
