"""The parser's limits, canonical form, and the simple types."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta, timezone

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


@pytest.mark.parametrize(
    ("fragment", "namespaces", "code"),
    [
        (b"<x/>", {}, None),
        (b"<p:y/>", {"p": "urn:p"}, "saml_structure_invalid"),
        (b"<x/><x/>", {}, "saml_structure_invalid"),
        (b"<y><x/></y>", {}, "saml_structure_invalid"),
        (b"", {}, "saml_structure_invalid"),
        (b"<x>", {}, "saml_xml_invalid"),
        (b"</w><w><x/>", {}, "saml_xml_invalid"),
        (b'<?xml version="1.0"?><x>', {}, "saml_xml_invalid"),
        (b'<?xml version="1.0"?><x/>', {}, None),
        (b"<?x?><x/>", {}, "saml_xml_forbidden"),
        (b"<p:x/>", {"q": "urn:p"}, "saml_xml_invalid"),
    ],
)
def test_a_decrypted_fragment_is_one_element_of_the_right_name(
    fragment: bytes, namespaces: dict[str | None, str], code: str | None
) -> None:
    if code is None:
        assert xml.parse_in_context(fragment, namespaces, "x").tag == "x"
        return
    with pytest.raises(SamlError) as refused:
        xml.parse_in_context(fragment, namespaces, "x")
    assert refused.value.code == code


def test_a_fragment_borrows_the_namespaces_of_its_place_only_if_it_needs_them() -> None:
    place = {None: "urn:'d", "p": "urn:p&", "xml": "http://www.w3.org/XML/1998/namespace"}
    own = xml.parse_in_context(b'<p:x xmlns:p="urn:own" xml:lang="x"/>', place, "{urn:own}x")
    assert own.getparent() is None
    for fragment, tag in ((b"<p:x/>", "{urn:p&}x"), (b"<x/>", "{urn:'d}x")):
        borrowed = xml.parse_in_context(fragment, place, tag)
        assert (borrowed.tag, borrowed.getparent() is None) == (tag, False)


def test_a_name_is_told_without_its_namespace() -> None:
    assert xml.local_name("{urn:a}b}{c") == "{c"
    assert xml.local_name("b") == "b"
    assert xml.local_name("{urn:a}b") == "b"


def test_an_element_is_written_as_utf_8_without_what_surrounds_it() -> None:
    root = xml.parse("<r>é<x>ü</x>tail</r>".encode())
    assert xml.serialize(root) == "<r>é<x>ü</x>tail</r>".encode()
    assert xml.serialize(root[0]) == "<x>ü</x>".encode()


def method(algorithm: str, inside: str = "") -> xml.Element:
    return xml.parse(f'<m Algorithm="{algorithm}">{inside}</m>'.encode())


EXC = "http://www.w3.org/2001/10/xml-exc-c14n#"
INCLUSIVE = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"


def prefix_list(prefixes: str | None) -> str:
    said = "" if prefixes is None else f' PrefixList="{prefixes}"'
    return f'<e:InclusiveNamespaces xmlns:e="{EXC}"{said}/>'


@pytest.mark.parametrize(
    ("algorithm", "inside", "expected"),
    [
        (EXC, "", b"<p:x></p:x>"),
        (EXC, prefix_list(None), b"<p:x></p:x>"),
        (EXC, prefix_list(""), b"<p:x></p:x>"),
        (EXC, prefix_list("q"), b'<p:x xmlns:q="urn:q"></p:x>'),
        (EXC, prefix_list(" ".join(f"n{i}" for i in range(50))), b"<p:x></p:x>"),
        (INCLUSIVE, "", b'<p:x xmlns:q="urn:q"></p:x>'),
        (INCLUSIVE, prefix_list(""), b'<p:x xmlns:q="urn:q"></p:x>'),
    ],
)
def test_canonical_bytes_show_the_namespaces_that_the_algorithm_says(
    algorithm: str, inside: str, expected: bytes
) -> None:
    root = xml.parse(b'<r xmlns:p="urn:p" xmlns:q="urn:q"><p:x/></r>')
    expected = expected.replace(b"<p:x", b'<p:x xmlns:p="urn:p"', 1)
    assert xml.canonicalize(root[0], method(algorithm, inside)) == expected


@pytest.mark.parametrize(
    ("algorithm", "inside", "code"),
    [
        ("", "", "saml_transform_forbidden"),
        ("http://www.w3.org/2006/12/xml-c14n11", "", "saml_transform_forbidden"),
        ("http://www.w3.org/TR/1999/REC-xslt-19991116", "", "saml_transform_forbidden"),
        (INCLUSIVE, prefix_list("q"), "saml_transform_forbidden"),
        (EXC, "<InclusiveNamespaces/>", "saml_transform_forbidden"),
        (EXC, prefix_list("p") * 2, "saml_transform_forbidden"),
        (EXC, prefix_list("p").replace("/>", "><x/></e:InclusiveNamespaces>"),
         "saml_transform_forbidden"),
        (EXC, prefix_list(" ".join(f"n{i}" for i in range(51))), "saml_too_complex"),
    ],
)  # fmt: skip
def test_any_other_transform_is_refused(algorithm: str, inside: str, code: str) -> None:
    with pytest.raises(SamlError) as refused:
        xml.canonicalize(xml.parse(b"<x/>"), method(algorithm, inside))
    assert refused.value.code == code


def test_a_method_that_names_no_algorithm_is_refused() -> None:
    with pytest.raises(SamlError, match="saml_transform_forbidden"):
        xml.canonicalize(xml.parse(b"<x/>"), xml.parse(b"<m/>"))


def test_an_element_is_found_by_its_id_and_only_if_there_is_one() -> None:
    root = xml.parse(b"<r ID='r'><a ID='x'/><b id='y' xml:id='z'/></r>")
    assert xml.find_by_id(root, "r") is root
    assert xml.find_by_id(root, "x") is root[0]
    for missing in ("y", "z", "X", ""):
        assert xml.find_by_id(root, missing) is None
    root[1].set("ID", "x")
    assert xml.find_by_id(root, "x") is None


def test_a_time_is_written_in_utc_and_whole_seconds_wherever_we_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        moment = datetime(2026, 1, 31, 23, 59, 59, 999_999, tzinfo=timezone(timedelta(hours=-1)))
        assert xml.write_time(moment) == "2026-02-01T00:59:59Z"
    finally:
        monkeypatch.undo()
        time.tzset()


def test_escaped_text_reads_back_as_it_was_in_text_and_in_an_attribute() -> None:
    value = "a\tb\rc\nd<>&\"'\u00a0\U0001f600"
    escaped = xml.escaped(value)
    root = xml.parse(f'<x a="{escaped}">{escaped}</x>'.encode())
    assert (root.get("a"), root.text) == (value, value)
    assert xml.escaped("\x00\x0b\ufffe\ud800") == ""


def test_only_xml_white_space_is_trimmed() -> None:
    root = xml.parse("<x> \t\n\u00a0a\u2003\n</x>".encode())
    assert xml.text_of(root) == "\u00a0a\u2003"


def test_text_with_an_element_in_it_is_refused() -> None:
    with pytest.raises(SamlError, match="saml_value_invalid"):
        xml.text_of(xml.parse(b"<x>a<b/>c</x>"))


def test_cutting_an_element_out_leaves_the_text_behind_it() -> None:
    for document, rest in (
        (b"<r>a<s/>b</r>", b"<r>ab</r>"),
        (b"<r><s/>b</r>", b"<r>b</r>"),
        (b"<r>a<s/></r>", b"<r>a</r>"),
        (b"<r><q/>a<s/>b</r>", b"<r><q></q>ab</r>"),
        (b"<r><q/><s/>b</r>", b"<r><q></q>b</r>"),
    ):
        root = xml.parse(document)
        child = root.find("s")
        assert child is not None
        xml.cut_out(root, child)
        assert xml.canonical_bytes(root) == rest


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


@pytest.mark.parametrize("space", ["\u00a0", "\u2003", "\u3000", "\x1c"])
def test_only_the_white_space_of_xml_may_stand_around_a_time(space: str) -> None:
    assert xml.read_time(" \t\r\n2026-06-01T12:00:00Z\n") == datetime(2026, 6, 1, 12, tzinfo=UTC)
    with pytest.raises(SamlError) as refused:
        xml.read_time(f"{space}2026-06-01T12:00:00Z")
    assert refused.value.code == "saml_time_invalid"
