"""A pasted answer, read to try a mapping on it: whatever its signature, and in every wrapping."""

from __future__ import annotations

import re
from base64 import b64encode

import pytest

from protocols.saml.material import VECTORS, good_response
from vestibule.errors import VestibuleError
from vestibule.protocols.saml import UnverifiedStatement, read_unverified_statement

RESPONSE = good_response("generic/assertion-signed").decode()
EXPECTED = UnverifiedStatement(
    "alice@corp.example",
    "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",
    {
        "email": ("alice@corp.example",),
        "firstName": ("Alice",),
        "lastName": ("Liddell",),
        "groups": ("engineering", "on-call"),
    },
    {},
)


def assertion_of(response: str) -> str:
    found = re.search(r"<saml:Assertion .*</saml:Assertion>", response, re.DOTALL)
    assert found is not None
    return found.group()


@pytest.mark.parametrize(
    "pasted",
    [
        RESPONSE,
        f"\n\t {RESPONSE}\n",
        b64encode(RESPONSE.encode()).decode(),
        f"\n{b64encode(RESPONSE.encode()).decode()} ",
        assertion_of(RESPONSE),
        re.sub(r"<ds:Signature.*</ds:Signature>", "", assertion_of(RESPONSE)),
    ],
    ids=["xml", "spaces", "base64", "base64-spaces", "assertion", "unsigned"],
)
def test_a_response_or_an_assertion_is_read_in_every_wrapping(pasted: str) -> None:
    assert read_unverified_statement(pasted) == EXPECTED


def test_friendly_names_are_told() -> None:
    pasted = good_response("pysaml2/assertion-signed").decode()
    assert read_unverified_statement(pasted).unverified_friendly_names["urn:oid:2.5.4.42"]


def test_a_name_without_format_has_none() -> None:
    pasted = re.sub(r"<saml:NameID Format=[^>]*>", "<saml:NameID>", RESPONSE)
    assert read_unverified_statement(pasted).unverified_name_id_format == ""


def encrypted(name: str) -> str:
    return (VECTORS / "good" / name / "response.xml").read_text()


@pytest.mark.parametrize(
    ("pasted", "code"),
    [
        ("", "saml_xml_invalid"),
        ("nonsense", "saml_encoding_invalid"),
        ("<x", "saml_xml_invalid"),
        ("<x/>", "saml_assertion_count"),
        (f"<x>{assertion_of(RESPONSE)}<saml:EncryptedAssertion/></x>", "saml_xml_invalid"),
        (
            RESPONSE.replace("</samlp:Response>", "<saml:EncryptedAssertion/></samlp:Response>"),
            "saml_assertion_count",
        ),
        (encrypted("shibboleth/aes256-gcm"), "saml_value_encrypted"),
        (encrypted("simplesamlphp/encrypted-name-id"), "saml_value_encrypted"),
        (encrypted("generic/encrypted-attribute"), "saml_value_encrypted"),
        (
            re.sub(r"<saml:Subject>.*</saml:Subject>", "", RESPONSE),
            "saml_name_id_missing",
        ),
        (RESPONSE.replace('Name="email"', ""), "saml_structure_invalid"),
        (RESPONSE.replace("<saml:Subject>", "<!-- --><saml:Subject>"), "saml_xml_forbidden"),
    ],
)
def test_what_cannot_be_read_is_refused_by_cause(pasted: str, code: str) -> None:
    with pytest.raises(VestibuleError) as refused:
        read_unverified_statement(pasted)
    assert refused.value.code == code
