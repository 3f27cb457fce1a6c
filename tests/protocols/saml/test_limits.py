"""What is made to cost is refused before it costs.

How little it costs is measured by `python -m benchmarks limits`; here stands what makes it little:
the order of the checks.
"""

from __future__ import annotations

from base64 import b64encode
from datetime import datetime

import pytest

from protocols.saml.hostile import FORMS, PARSED, SIGNED_INFO, UNPARSED, in_signed_info
from protocols.saml.material import VECTORS
from protocols.saml.test_vectors import expectations, load
from vestibule.errors import VestibuleError
from vestibule.protocols.saml import read_response, verify_response, xml
from vestibule.web.incoming import MAX_ESCAPES, once

HONEST = VECTORS / "good" / "generic" / "assertion-signed"


def code_of(document: bytes) -> str | None:
    """How a response is refused, by whichever step."""
    case = load(HONEST)
    try:
        unverified = read_response(b64encode(document).decode())
        verify_response(unverified, expectations(case), now=datetime.fromisoformat(case["now"]))
    except VestibuleError as error:
        return error.code
    return None


def honest() -> bytes:
    return (HONEST / "response.xml").read_bytes()


@pytest.mark.parametrize("name", UNPARSED)
def test_what_the_bytes_show_is_refused_before_any_parser(name: str) -> None:
    make, code = UNPARSED[name]
    document = make()
    assert code_of(document) == code
    # Broken off in the middle of a tag it is no XML, and a parser would say that instead.
    assert code_of(document[:-1]) == code


@pytest.mark.parametrize("name", PARSED)
def test_what_only_a_tree_shows_is_refused_too(name: str) -> None:
    make, code = PARSED[name]
    document = make()
    assert len(document) <= xml.MAX_BYTES
    assert code_of(document) == code


@pytest.mark.parametrize("name", SIGNED_INFO)
def test_a_strange_signed_info_is_refused(name: str) -> None:
    make, code = SIGNED_INFO[name]
    document = in_signed_info(honest(), make())
    assert len(document) <= xml.MAX_BYTES
    assert code_of(document) == code


def test_a_signed_info_of_many_elements_is_refused_before_it_is_canonicalized() -> None:
    # A relative namespace is what canonicalization fails at; here it must not have been tried.
    relative = b'<a xmlns:r="relative"/>'
    assert code_of(in_signed_info(honest(), relative)) == "saml_canonicalization_failed"
    many = in_signed_info(honest(), relative + b"<a/>" * 32)
    assert code_of(many) == "saml_signature_malformed"


def test_twenty_thousand_attributes_are_read_and_one_more_is_not() -> None:
    def document(count: int) -> bytes:
        elements = b'<a b="" c="" d=""/>' * (count // 3) + b'<a b=""/>' * (count % 3)
        return b"<r>" + elements + b"x" * 20_000 + b"</r>"

    assert len(document(20_000)) > 6 * xml.MAX_ALL_ATTRIBUTES
    xml.parse(document(20_000))
    with pytest.raises(VestibuleError, match="saml_too_complex"):
        xml.parse(document(20_001))


def test_no_smaller_document_can_hold_more_than_twenty_thousand_attributes() -> None:
    # What is not counted must be too short: six bytes for each of the attributes, at least.
    widest = b"<r " + b" ".join(b'a=""' for _ in range(20_001)) + b"/>"
    assert len(widest) <= 6 * xml.MAX_ALL_ATTRIBUTES
    with pytest.raises(VestibuleError, match="saml_xml_invalid"):
        xml.parse(widest)


@pytest.mark.parametrize("name", FORMS)
def test_a_form_that_is_made_to_cost_is_refused(name: str) -> None:
    make, code = FORMS[name]
    with pytest.raises(VestibuleError, match=code):
        once(make())


def test_a_response_of_a_megabyte_may_be_escaped_as_forms_are() -> None:
    # As base64 in lines of 64, with every "+" of a share like chance's and every line end escaped.
    line = b"A" * 62 + b"%2B%2F" + b"%0D%0A"
    assert len(once(b"SAMLResponse=" + line * 20_833)["SAMLResponse"]) > 1_333_333


def test_a_hundred_thousand_escapes_are_read_and_one_more_is_not() -> None:
    assert once(b"a=" + b"%41" * MAX_ESCAPES) == {"a": "A" * MAX_ESCAPES}
    with pytest.raises(VestibuleError, match="bad_request"):
        once(b"a=" + b"%41" * (MAX_ESCAPES + 1))
