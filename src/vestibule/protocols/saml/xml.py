"""XML as far as SAML needs it: parse within limits, canonical form, and the few simple types.

Owns the one XML parser of Vestibule; no other file may import lxml. Refuses to know what any
element means, who signed it, or what time it is.

Every limit is judged on the raw bytes where that can be done, and otherwise straight after the
parse, before anything is canonicalized, hashed or compared.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from html import escape
from typing import Final, cast

from lxml import etree

from vestibule.errors import VestibuleError, refusal

from .names import CANONICALIZATIONS, EXC_C14N, INCLUSIVE_NAMESPACES

Element = etree._Element

XML_SPACE: Final = " \t\r\n"

MAX_BYTES: Final = 1_000_000
MAX_NODES: Final = 10_000
MAX_DEPTH: Final = 40
MAX_ATTRIBUTES: Final = 64
MAX_ALL_ATTRIBUTES: Final = 20_000  # in the document, namespace declarations included
MAX_PREFIXES: Final = 64
MAX_PREFIX_LIST: Final = 50
MAX_NAMESPACE_BYTES: Final = 256  # and 100 for a prefix; see _LONG_NAMESPACE

# The encoding is ours, whatever the document says of itself; a document that says something else
# has been refused before. IDs are compared as strings by us, so the parser need not collect them.
_PARSER = etree.XMLParser(
    encoding="utf-8",
    resolve_entities=False,
    no_network=True,
    load_dtd=False,
    dtd_validation=False,
    attribute_defaults=False,
    huge_tree=False,
    recover=False,
    collect_ids=False,
    remove_comments=True,
)

_BOM: Final = b"\xef\xbb\xbf"
_XML_DECLARATION = re.compile(
    rb"<\?xml\s+version\s*=\s*(?:\"1\.0\"|'1\.0')"
    rb"(?:\s+encoding\s*=\s*(?:\"utf-?8\"|'utf-?8'))?"
    rb"(?:\s+standalone\s*=\s*(?:\"(?:yes|no)\"|'(?:yes|no)'))?\s*\?>",
    re.IGNORECASE,
)
_XML_START = re.compile(rb"<\?xml\s")
_PREFIXES = re.compile(rb"xmlns(:[^\s=]+)?")
# Every repetition before a quote is bounded, or text made of "xmlns" would cost its square.
_LONG_NAMESPACE = re.compile(
    rb"xmlns(?::[^\s=<>\"']{0,99})?\s*=\s*(?:\"[^\"]{257}|'[^']{257})|xmlns:[^\s=<>\"']{100}"
)
_SMALL: Final = 16_000  # bytes in which long namespaces cannot multiply into megabytes

_TOO_DEEP_OR_WIDE = etree.XPath(
    f"boolean({'/*' * (MAX_DEPTH + 1)}) or boolean(//@*[{MAX_ATTRIBUTES + 1}])"
)

# Any attribute that some tool might take for an ID, in any namespace. Long names are set aside
# first, because translating them would cost more than the whole parse.
_ID_LIKE = etree.XPath(
    "//@*[string-length(local-name()) < 12][contains('|ID|ASSERTIONID|RESPONSEID|REQUESTID|',"
    "concat('|', translate(local-name(), 'abcdefghijklmnopqrstuvwxyz',"
    "'ABCDEFGHIJKLMNOPQRSTUVWXYZ'), '|'))]",
    smart_strings=False,
)
_ID_LIKE_BYTES = re.compile(rb"id\s*=\s*[\"']([^\"'<]*)")


# --- parsing ----------------------------------------------------------------------------------


def parse(document: bytes, *, comments: bool = False) -> Element:
    """Parse a document from outside, or refuse it.

    The document must be UTF-8 with nothing in it but elements, attributes and text: no DOCTYPE,
    CDATA section or processing instruction. With `comments` they are dropped, which is right for
    metadata that people write by hand and wrong for anything signed.

    Raises:
        SamlError: saml_too_large, saml_too_complex, saml_encoding_invalid, saml_xml_forbidden,
            saml_xml_invalid, saml_id_duplicate.
    """
    if len(document) > MAX_BYTES:
        raise refusal("saml_too_large", want=f"at most {MAX_BYTES} bytes", got=str(len(document)))
    document = document.removeprefix(_BOM)
    _check_encoding(document)
    _check_markup(document, comments)
    _check_size(document)
    root = parse_again(document)
    if _TOO_DEEP_OR_WIDE(root):
        raise refusal(
            "saml_too_complex",
            want=f"depth {MAX_DEPTH} and {MAX_ATTRIBUTES} attributes on an element at most",
        )
    _check_ids(document, root)
    return root


def parse_again(octets: bytes) -> Element:
    """Parse bytes whose limits have been judged: a canonical form that we made of a parsed tree."""
    try:
        return etree.fromstring(octets, _PARSER)
    except (etree.LxmlError, ValueError) as error:
        raise refusal("saml_xml_invalid", detail=str(error)) from None


def parse_in_context(fragment: bytes, namespaces: Mapping[str | None, str], tag: str) -> Element:
    """Parse a decrypted element, lending it the namespaces of its place only if it needs them.

    A signature inside must be verified over the element's own bytes, so the element is never
    moved into the tree that it came from. Where it leans on prefixes declared further out, it is
    wrapped in an element that declares them and stays inside that.
    """
    try:
        root = parse(fragment)
        if root.tag == tag:
            return root
    except VestibuleError:
        if fragment.startswith(b"<?"):
            raise
    declared = "".join(
        f' xmlns{":" + prefix if prefix else ""}="{escape(uri)}"'
        for prefix, uri in namespaces.items()
        if prefix != "xml"
    )
    wrapper = parse(b"<w" + declared.encode() + b">" + fragment + b"</w>")
    if len(wrapper) != 1 or wrapper[0].tag != tag:
        raise refusal("saml_structure_invalid", want=local_name(tag))
    return wrapper[0]


def _check_encoding(document: bytes) -> None:
    try:
        document.decode("utf-8")
    except UnicodeDecodeError:
        raise refusal("saml_encoding_invalid", want="UTF-8") from None
    if b"\0" in document:
        raise refusal("saml_encoding_invalid", want="UTF-8", got="a NUL byte")


def _check_markup(document: bytes, comments: bool) -> None:
    # Looking for one byte first is thirty times faster than looking for two, and mostly enough.
    if b"!" in document:
        declarations = document.count(b"<!")
        if declarations and not (comments and declarations == document.count(b"<!--")):
            raise refusal("saml_xml_forbidden", got="<!")
    if b"?" not in document or (at := document.find(b"<?")) < 0:
        return
    if at > 0 or not _XML_START.match(document) or document.find(b"<?", 2) > 0:
        raise refusal("saml_xml_forbidden", got="a processing instruction")
    if not _XML_DECLARATION.match(document):
        raise refusal("saml_encoding_invalid", want='version="1.0" encoding="UTF-8"')


def _check_size(document: bytes) -> None:
    # An element takes four bytes at least, and every "<" that is not "</" opens one: exact,
    # because neither text nor attribute values can hold a "<".
    if len(document) > 4 * MAX_NODES:
        nodes = document.count(b"<") - document.count(b"</")
        if nodes > MAX_NODES:
            raise refusal("saml_too_complex", want=f"{MAX_NODES} elements", got=str(nodes))
    # An attribute takes six bytes at least and one "=", and a namespace declaration is written as
    # one. Text may hold that sign too, but in nobody's response twenty thousand times.
    if len(document) > 6 * MAX_ALL_ATTRIBUTES:
        attributes = document.count(b"=")
        if attributes > MAX_ALL_ATTRIBUTES:
            raise refusal(
                "saml_too_complex", want=f"{MAX_ALL_ATTRIBUTES} attributes", got=str(attributes)
            )
    # Distinct prefixes in the whole document bound both what one element can declare and what is
    # in scope anywhere, which is what canonicalization pays for.
    if document.count(b"xmlns") > MAX_PREFIXES:
        prefixes = len(set(_PREFIXES.findall(document)))
        if prefixes > MAX_PREFIXES:
            raise refusal("saml_too_complex", want=f"{MAX_PREFIXES} prefixes", got=str(prefixes))
    # Exclusive canonicalization repeats a namespace on every element that uses it.
    if len(document) > _SMALL and _LONG_NAMESPACE.search(document):
        raise refusal("saml_too_complex", want=f"namespaces of {MAX_NAMESPACE_BYTES} bytes")


def _check_ids(document: bytes, root: Element) -> None:
    """No two attributes that anybody might take for an ID may have the same value.

    The bytes are asked first, because that is several times cheaper: they show every such
    attribute, and some things that are none. Only when something there occurs twice, or is
    written with a character reference, does the tree have to decide.
    """
    seen = _ID_LIKE_BYTES.findall(document.lower())
    if len(set(seen)) == len(seen) and b"&" not in b"".join(seen):
        return
    known: set[str] = set()
    for value in cast("list[str]", _ID_LIKE(root)):
        if value in known:
            raise refusal("saml_id_duplicate", got=value)
        known.add(value)


# --- the tree ---------------------------------------------------------------------------------


def children_in_order(
    parent: Element, order: Mapping[str, int], repeatable: int = -1
) -> list[Element]:
    """The children of `parent`, which must be known and stand as the schema orders them.

    `order` gives each name a rank; ranks rise from child to child, and only the rank
    `repeatable` may come again.
    """
    children = list(parent)
    last = -1
    for child in children:
        rank = order.get(child.tag, -1)
        if rank <= last and not rank == last == repeatable:
            raise refusal(
                "saml_structure_invalid",
                want="only children of " + local_name(parent.tag) + ", in the schema's order",
                got=local_name(child.tag),
            )
        last = rank
    return children


def descendants(root: Element, *tags: str) -> Iterator[Element]:
    """Every element of those names, `root` included, in document order."""
    return root.iter(*tags)


def local_name(tag: object) -> str:
    return str(tag).rpartition("}")[2]


def text_of(element: Element) -> str:
    """The whole text of an element that may hold nothing else.

    Only XML white space is trimmed: U+00A0 and its kin are part of the value, because a reader
    that drops them turns one person into another.
    """
    if len(element):
        raise refusal("saml_value_invalid", want=f"text in {local_name(element.tag)}", got="markup")
    return (element.text or "").strip(XML_SPACE)


def cut_out(parent: Element, child: Element) -> None:
    """Take `child` out of `parent`, leaving the text behind it where it was."""
    tail = child.tail
    if tail:
        before = child.getprevious()
        if before is None:
            parent.text = (parent.text or "") + tail
        else:
            before.tail = (before.tail or "") + tail
    parent.remove(child)


def find_by_id(root: Element, element_id: str) -> Element | None:
    """The one element whose plain `ID` is `element_id`; compared as strings, never as XPath."""
    found = [element for element in root.iter() if element.get("ID") == element_id]
    return found[0] if len(found) == 1 else None


def serialize(element: Element) -> bytes:
    return etree.tostring(element, encoding="utf-8", xml_declaration=False, with_tail=False)


# --- canonical form ---------------------------------------------------------------------------


def canonicalize(element: Element, method: Element) -> bytes:
    """The canonical bytes of `element` in its place, by the algorithm that `method` names.

    `method` is a CanonicalizationMethod or a Transform. There is no such thing as an empty
    canonical form: libraries that took a failure for one signed nothing at all.

    Raises:
        SamlError: saml_transform_forbidden, saml_too_complex, saml_canonicalization_failed.
    """
    algorithm = method.get("Algorithm", "")
    exclusive = CANONICALIZATIONS.get(algorithm)
    if exclusive is None:
        raise refusal("saml_transform_forbidden", want="canonical XML", got=algorithm)
    prefixes = _prefix_list(method) if len(method) else None
    if prefixes and not exclusive:
        raise refusal("saml_transform_forbidden", want="no PrefixList with inclusive c14n")
    return canonical_bytes(element, exclusive=exclusive, prefixes=prefixes)


def canonical_bytes(
    element: Element, *, exclusive: bool = True, prefixes: list[str] | None = None
) -> bytes:
    if not exclusive and element.getparent() is not None:
        # In its place the parser's library repeats a declaration that a deep element repeats,
        # which the standard says to leave out (Canonical XML §2.3). As a document of its own the
        # element keeps the declarations around it, and comes out right.
        element = parse_again(serialize(element))
    try:
        octets = etree.tostring(
            element,
            method="c14n",
            exclusive=exclusive,
            with_comments=False,
            inclusive_ns_prefixes=prefixes,
            with_tail=False,
        )
    except (etree.LxmlError, ValueError) as error:
        raise refusal("saml_canonicalization_failed", detail=str(error)) from None
    if not octets:
        raise refusal("saml_canonicalization_failed", got="nothing")
    return octets


def _prefix_list(method: Element) -> list[str]:
    if len(method) != 1 or method[0].tag != INCLUSIVE_NAMESPACES or len(method[0]):
        raise refusal(
            "saml_transform_forbidden",
            want=f"InclusiveNamespaces of {EXC_C14N}",
            got=local_name(method[0].tag),
        )
    prefixes = method[0].get("PrefixList", "").split()
    if len(prefixes) > MAX_PREFIX_LIST:
        raise refusal("saml_too_complex", want=f"{MAX_PREFIX_LIST} prefixes in a PrefixList")
    return prefixes


# --- simple types -----------------------------------------------------------------------------


def decode_base64(text: str) -> bytes:
    """Strict base64: its own alphabet, right padding, and white space only as XML means it.

    Raises:
        SamlError: saml_encoding_invalid.
    """
    try:
        packed = text.encode("ascii")
        # Most senders wrap nothing, so try without the copy first.
        try:
            octets = binascii.a2b_base64(packed, strict_mode=True)
        except binascii.Error:
            packed = packed.translate(None, XML_SPACE.encode())
            octets = binascii.a2b_base64(packed, strict_mode=True)
    except (binascii.Error, ValueError):
        raise refusal("saml_encoding_invalid", want="base64") from None
    # The decoder puts up with any padding behind a group of four that needs none.
    if len(packed) % 4 or packed.endswith(b"==="):
        raise refusal("saml_encoding_invalid", want="base64", got="padding that pads nothing")
    return octets


_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,20})?Z")


def read_time(text: str) -> datetime:
    """An xs:dateTime in UTC, to the microsecond; finer fractions are cut (SAML Core §1.3.3).

    Raises:
        SamlError: saml_time_invalid, also for other zones and for no zone at all.
    """
    text = text.strip(XML_SPACE)
    if not _TIME.fullmatch(text):
        raise refusal("saml_time_invalid", want="2026-01-31T12:00:00Z", got=text)
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise refusal("saml_time_invalid", want="a time that exists", got=text) from None


def write_time(moment: datetime) -> str:
    """The same in whole seconds, which every identity provider can read."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


_NO_XML_CHARACTER = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def escaped(value: str) -> str:
    """Text that can stand in an element or a quoted attribute; what XML cannot say is left out."""
    plain = escape(_NO_XML_CHARACTER.sub("", value))
    return plain.replace("\n", "&#10;").replace("\r", "&#13;").replace("\t", "&#9;")
