"""The parser's limits, canonical form, and the simple types."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from vestibule.errors import SamlError
from vestibule.protocols.saml import xml


def code_of(document: bytes) -> str | None:
    try:
        xml.parse(document)
    except SamlError as error:
        return error.code
    return None


def nested(depth: int) -> bytes:
    return b"<x>" * depth + b"</x>" * depth


def test_forty_levels_are_read_and_forty_one_are_not() -> None:
    assert code_of(nested(40)) is None
    assert code_of(nested(41)) == "saml_too_complex"


def test_ten_thousand_elements_are_read_and_one_more_is_not() -> None:
    assert code_of(b"<r>" + b"<xxxxx/>" * 9_999 + b"</r>") is None
    assert code_of(b"<r>" + b"<xxxxx/>" * 10_000 + b"</r>") == "saml_too_complex"


def test_sixty_four_attributes_are_read_and_one_more_is_not() -> None:
    def element(count: int) -> bytes:
        return ("<x " + " ".join(f'a{i}="="' for i in range(count)) + "/>").encode()

    assert code_of(element(64)) is None
    assert code_of(element(65)) == "saml_too_complex"


def test_sixty_four_prefixes_are_read_and_one_more_is_not() -> None:
    def document(count: int) -> bytes:
        inner = "".join(f'<x xmlns:n{i}="urn:{i}"/>' for i in range(count))
        return f"<r>{inner}</r>".encode()

    assert code_of(document(64)) is None
    assert code_of(document(65)) == "saml_too_complex"


def test_the_same_prefix_may_be_declared_on_every_value() -> None:
    value = '<v xmlns:xs="http://www.w3.org/2001/XMLSchema"/>'
    assert code_of(f"<r>{value * 500}</r>".encode()) is None


def test_a_megabyte_is_read_and_a_byte_more_is_not() -> None:
    assert code_of(b"<x>" + b"a" * (1_000_000 - 7) + b"</x>") is None
    assert code_of(b"<x>" + b"a" * (1_000_000 - 6) + b"</x>") == "saml_too_large"


def test_the_worst_document_within_the_limits_stays_small_in_canonical_form() -> None:
    uri = "urn:" + "n" * 252
    root = xml.parse(f'<r xmlns:n="{uri}">{"<n:x/>" * 9_999}</r>'.encode())
    assert len(xml.canonical_bytes(root)) < 4_000_000


@pytest.mark.parametrize(
    "declaration",
    [
        b'<?xml version="1.0"?>',
        b'<?xml version="1.0" encoding="UTF-8"?>\n',
        b"<?xml version='1.0' encoding='utf-8' standalone='no' ?>",
        b'\xef\xbb\xbf<?xml version="1.0" encoding="utf-8"?>',
    ],
)
def test_an_xml_declaration_is_fine(declaration: bytes) -> None:
    assert code_of(declaration + b"<x/>") is None


@pytest.mark.parametrize("markup", [b"<!-- -->", b"<![CDATA[x]]>", b"<?x?>", b"<!"])
def test_nothing_but_elements_and_text(markup: bytes) -> None:
    assert code_of(b"<x>" + markup + b"</x>") == "saml_xml_forbidden"


def test_comments_are_dropped_where_the_caller_says_so() -> None:
    root = xml.parse(b"<x>ab<!-- c -->de</x>", comments=True)
    assert xml.text_of(root) == "abde"
    with pytest.raises(SamlError, match="saml_xml_forbidden"):
        xml.parse(b"<x><!-- --><![CDATA[]]></x>", comments=True)


@pytest.mark.parametrize(
    "document",
    [
        b'<r><a ID="x"/><b ID="x"/></r>',
        b'<r><a ID="x"/><b iD = "x"/></r>',
        b"<r ID='x' xml:id=\"x\"/>",
        b'<r xmlns:p="urn:p"><a Id="x"/><b p:id="&#120;"/></r>',
        b'<r><a AssertionID="x"/><b ResponseID="x"/></r>',
        b"<r><t>id=\"</t><a ID='x'/><b ID='x'/></r>",
    ],
)
def test_an_id_may_not_come_twice_in_any_spelling(document: bytes) -> None:
    assert code_of(document) == "saml_id_duplicate"


@pytest.mark.parametrize(
    "document",
    [
        b'<r><a ID="x"/><b ID="X"/></r>',
        b'<r><t>ID="x" ID="x"</t><a ID="x"/></r>',
        b'<r><a Paid="1"/><b Paid="1"/></r>',
        b'<r><a ID="x&amp;"/><b ID="y&amp;"/></r>',
    ],
)
def test_what_only_looks_like_a_doubled_id_is_fine(document: bytes) -> None:
    assert code_of(document) is None


def test_only_xml_white_space_is_trimmed() -> None:
    root = xml.parse("<x> \t\n\u00a0a\u2003\n</x>".encode())
    assert xml.text_of(root) == "\u00a0a\u2003"


def test_text_with_an_element_in_it_is_refused() -> None:
    with pytest.raises(SamlError, match="saml_value_invalid"):
        xml.text_of(xml.parse(b"<x>a<b/>c</x>"))


def test_cutting_an_element_out_leaves_the_text_behind_it() -> None:
    for document, rest in ((b"<r>a<s/>b</r>", b"<r>ab</r>"), (b"<r><q/>a<s/>b</r>", None)):
        root = xml.parse(document)
        child = root.find("s")
        assert child is not None
        xml.cut_out(root, child)
        assert xml.canonical_bytes(root) == (rest or b"<r><q></q>ab</r>")


def test_a_canonical_form_that_fails_refuses() -> None:
    root = xml.parse(b'<x xmlns:r="relative"/>')
    with pytest.raises(SamlError, match="saml_canonicalization_failed"):
        xml.canonical_bytes(root)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-31T12:00:00Z", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        ("2026-01-31T12:00:00.5Z", datetime(2026, 1, 31, 12, 0, 0, 500_000, tzinfo=UTC)),
        ("2026-01-31T12:00:00.1234567Z", datetime(2026, 1, 31, 12, 0, 0, 123_456, tzinfo=UTC)),
    ],
)
def test_times_are_read_with_and_without_fractions(text: str, moment: datetime) -> None:
    assert xml.read_time(text) == moment


@pytest.mark.parametrize(
    "text", ["", "2026-02-30T12:00:00Z", "2026-01-31T12:00:00+00:00", "2026-01-31T12:00:00.Z"]
)
def test_other_times_are_refused(text: str) -> None:
    with pytest.raises(SamlError, match="saml_time_invalid"):
        xml.read_time(text)


@pytest.mark.parametrize("text", ["QQ==", "QQ\n==", " Q Q = = ", "\tQQ==\r\n"])
def test_base64_may_be_wrapped(text: str) -> None:
    assert xml.decode_base64(text) == b"A"


@pytest.mark.parametrize("text", ["QQ", "QQ=", "=QQ=", "Q-==", "QQ==QQ==", "QQ\x0b==", "é="])
def test_other_base64_is_refused(text: str) -> None:
    with pytest.raises(SamlError, match="saml_encoding_invalid"):
        xml.decode_base64(text)
