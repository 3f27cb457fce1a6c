"""Documents that are made to cost: in time, in memory, or in both. Each must be refused cheaply.

`python -m benchmarks limits` measures the same ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

Make = Callable[[], bytes]

_ROOM = 980_000  # bytes that fit into the largest document with something around them
_URI = b"urn:" + b"n" * 230


class Hostile(NamedTuple):
    """How to make a document or a piece of one, and the code that must come of it."""

    make: Make
    code: str


def joined(pieces: Iterable[bytes]) -> bytes:
    return b" ".join(pieces)


def attributes(count: int) -> bytes:
    return joined(b'a%x=""' % n for n in range(count))


def declarations(count: int, uri: bytes = b"urn:") -> bytes:
    return joined(b'xmlns:n%d="%s%d"' % (n, uri, n) for n in range(count))


def root(content: bytes) -> bytes:
    return b"<r>" + content + b"</r>"


# --- refused by their bytes, before any parser sees them --------------------------------------

UNPARSED = {
    "5 MB of text": Hostile(lambda: root(b"a" * 5_000_000), "saml_too_large"),
    "5 MB of elements": Hostile(lambda: root(b"<a/>" * 1_250_000), "saml_too_large"),
    "5 MB in one name": Hostile(lambda: b"<" + b"a" * 5_000_000 + b"/>", "saml_too_large"),
    "5 MB in one attribute": Hostile(
        lambda: b'<r a="' + b"a" * 5_000_000 + b'"/>', "saml_too_large"
    ),
    "1,000,000 empty elements": Hostile(lambda: root(b"<a/>" * 1_000_000), "saml_too_large"),
    "248,000 empty elements": Hostile(lambda: root(b"<a/>" * 248_000), "saml_too_complex"),
    "depth 100,000": Hostile(lambda: b"<x>" * 100_000 + b"</x>" * 100_000, "saml_too_complex"),
    "depth 250,000, never closed": Hostile(lambda: b"<x>" * 250_000, "saml_too_complex"),
    "100,000 attributes on one element": Hostile(
        lambda: b"<r " + attributes(100_000) + b"/>", "saml_too_complex"
    ),
    "100,000 attributes over many": Hostile(
        lambda: root((b"<a " + attributes(60) + b"/>") * 1_670), "saml_too_complex"
    ),
    "45,000 namespaces on one element": Hostile(
        lambda: b"<r " + declarations(45_000, b"u") + b"/>", "saml_too_complex"
    ),
    "100,000 namespaces": Hostile(lambda: b"<r " + declarations(100_000) + b"/>", "saml_too_large"),
    "60 namespaces on each of 700": Hostile(
        lambda: root((b"<a " + declarations(60) + b"/>") * 700), "saml_too_complex"
    ),
    "long namespaces": Hostile(
        lambda: root((b'<n:a xmlns:n="' + _URI * 2 + b'"/>') * 1_900), "saml_too_complex"
    ),
    "120,000 comments": Hostile(lambda: root(b"<!---->" * 120_000), "saml_xml_forbidden"),
    "a declaration of white space": Hostile(
        lambda: b"<?xml " + b" " * _ROOM + b"?><r/>", "saml_encoding_invalid"
    ),
    "bad UTF-8 behind 1 MB": Hostile(lambda: root(b"a" * _ROOM + b"\xff"), "saml_encoding_invalid"),
}

# --- refused by the parser, or straight after it ----------------------------------------------

PARSED = {
    "depth 9,999": Hostile(lambda: b"<x>" * 9_999 + b"</x>" * 9_999, "saml_xml_invalid"),
    "depth 250, 39 times": Hostile(
        lambda: root((b"<x>" * 250 + b"</x>" * 250) * 39), "saml_too_complex"
    ),
    "20,000 attributes on one element": Hostile(
        lambda: b"<r " + attributes(20_000) + b"/>", "saml_too_complex"
    ),
    "20,000 long attributes on one element": Hostile(
        lambda: b"<r " + joined(b'%s%x=""' % (b"a" * 38, n) for n in range(20_000)) + b"/>",
        "saml_too_complex",
    ),
    "one attribute twice among 20,000": Hostile(
        lambda: b"<r " + attributes(19_999) + b' a0=""/>', "saml_xml_invalid"
    ),
    "a name of 1 MB": Hostile(lambda: b"<" + b"a" * _ROOM + b"/>", "saml_xml_invalid"),
    "an attribute's name of 1 MB": Hostile(
        lambda: b"<r " + b"a" * _ROOM + b'=""/>', "saml_xml_invalid"
    ),
    "20 names of 49,000 characters": Hostile(
        lambda: root((b"<" + b"a" * 49_000 + b"/>") * 20), "saml_structure_invalid"
    ),
    "a value of &lt;": Hostile(
        lambda: b'<r a="' + b"&lt;" * (_ROOM // 4) + b'"/>', "saml_structure_invalid"
    ),
    "a value of &#65;": Hostile(
        lambda: b'<r a="' + b"&#65;" * (_ROOM // 5) + b'"/>', "saml_structure_invalid"
    ),
    "text of &lt;": Hostile(lambda: root(b"&lt;" * (_ROOM // 4)), "saml_structure_invalid"),
    "text of &#65;": Hostile(lambda: root(b"&#65;" * (_ROOM // 5)), "saml_structure_invalid"),
    "text of ]": Hostile(lambda: root(b"]" * _ROOM), "saml_structure_invalid"),
    "text of line ends": Hostile(lambda: root(b"\r\n" * (_ROOM // 2)), "saml_structure_invalid"),
    "text of xmlns": Hostile(lambda: root(b"xmlns" * (_ROOM // 5)), "saml_structure_invalid"),
    "text that looks like IDs": Hostile(
        lambda: root(b"id='x' " * 20_000 + b"id" * 400_000), "saml_structure_invalid"
    ),
    "60 namespaces, all of them used": Hostile(
        lambda: (
            b"<r "
            + declarations(60)
            + b">"
            + b"".join(b'<n%d:a n%d:b=""/>' % (n % 60, (n + 1) % 60) for n in range(9_900))
            + b"</r>"
        ),
        "saml_structure_invalid",
    ),
    "9,900 elements that declare a namespace": Hostile(
        lambda: root(b"".join(b'<n:a xmlns:n="urn:n%d"/>' % n for n in range(9_900))),
        "saml_structure_invalid",
    ),
    "IDs written with character references": Hostile(
        lambda: root(b"".join(b'<a ID="&#%d;"/>' % (n + 100) for n in range(9_900))),
        "saml_structure_invalid",
    ),
    "IDs to be told from long names": Hostile(
        lambda: root(b'<a ID="&#97;"/>' + b'<a %s="" %s=""/>' % (b"x" * 40, b"y" * 40) * 9_900),
        "saml_structure_invalid",
    ),
    "9,900 times the same ID": Hostile(lambda: root(b'<a ID="x"/>' * 9_900), "saml_id_duplicate"),
}

# --- in the SignedInfo of a response, which is read before anybody is known to have signed it --

SIGNED_INFO = {
    "9,800 elements": Hostile(lambda: b"<a/>" * 9_800, "saml_signature_malformed"),
    "9,800 elements of two attributes": Hostile(
        lambda: b'<a b="" a=""/>' * 9_800, "saml_signature_malformed"
    ),
    "9,000 references": Hostile(lambda: b"<ds:Reference/>" * 9_000, "saml_signature_malformed"),
    "55 namespaces in scope of 9,700": Hostile(
        lambda: (
            b"<a "
            + declarations(55)
            + b">"
            + b"".join(b'<n%d:a n%d:b=""/>' % (n % 55, (n + 1) % 55) for n in range(9_700))
            + b"</a>"
        ),
        "saml_signature_malformed",
    ),
    "namespaces that a canonical form repeats": Hostile(
        lambda: (
            b"<a "
            + declarations(55, _URI)
            + b">"
            + (b"<x " + joined(b'n%d:b=""' % n for n in range(55)) + b"/>") * 340
            + b"</a>"
        ),
        "saml_signature_malformed",
    ),
    "1 MB of &lt;": Hostile(
        lambda: b"<a>" + b"&lt;" * (_ROOM // 4 - 4_000) + b"</a>", "saml_signature_malformed"
    ),
    "1 MB of &#9; in a value": Hostile(
        lambda: b'<a b="' + b"&#9;" * (_ROOM // 4 - 4_000) + b'"/>', "saml_signature_malformed"
    ),
}


def in_signed_info(response: bytes, content: bytes) -> bytes:
    """The response with `content` in its SignedInfo, behind what is canonicalized by."""
    before, tag, after = response.partition(b"<ds:CanonicalizationMethod ")
    method, end, rest = after.partition(b"/>")
    assert rest
    return before + tag + method + end + content + rest


# --- in an encrypted assertion, which anybody can make ----------------------------------------

SEALED = {
    "9,700 elements": Hostile(lambda: b"<a/>" * 9_700, "saml_decryption_failed"),
    "9,700 elements of two attributes": Hostile(
        lambda: b'<a b="" a=""/>' * 9_700, "saml_decryption_failed"
    ),
    "a prefix that nobody declares": Hostile(
        lambda: b'<q:a b="" a=""/>' * 9_700, "saml_decryption_failed"
    ),
    "500 KB of &lt;": Hostile(
        lambda: b"<a>" + b"&lt;" * 130_000 + b"</a>", "saml_decryption_failed"
    ),
    "depth 10,000": Hostile(lambda: b"<x>" * 10_000 + b"</x>" * 10_000, "saml_decryption_failed"),
}

# --- in the form ------------------------------------------------------------------------------

FORMS = {
    "3 MB of escapes": Hostile(lambda: b"SAMLResponse=" + b"%41" * 1_045_000, "bad_request"),
    "3 MB of percent signs": Hostile(lambda: b"SAMLResponse=" + b"%" * 3_100_000, "bad_request"),
    "3 MB of fields": Hostile(lambda: b"a&" * 1_550_000, "bad_request"),
}
