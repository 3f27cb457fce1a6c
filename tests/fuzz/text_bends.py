"""The ways in which the text of a document is bent, and the form field that carries it.

Owns the tables `TEXT` and `FIELD`: what no tree could hold, and what is lost when one is written.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable
from random import Random
from urllib.parse import quote

from .forge import DS, SAML, SAMLP

TEXT: dict[str, Callable[[Random, bytes], bytes]] = {}
FIELD: dict[str, Callable[[Random, str], str]] = {}

_TOKENS = (
    b"<!--",
    b"-->",
    b"<!---->",
    b"<![CDATA[",
    b"]]>",
    b"<![CDATA[x]]>",
    b"<?x y?>",
    b"&amp;",
    b"&#x40;",
    b"&#64;",
    b"&#0;",
    b"&#xD;",
    b"&#10;",
    b"&e;",
    b"&lt;!--",
    b"\x00",
    b"\xff",
    b"\xc0\xaf",
    b"\xed\xa0\x80",
    b"\xef\xbb\xbf",
    b"\xc2\x85",
    b"\r",
    b"\r\n",
    b"'",
    b'"',
    b"<",
    b">",
    b"/>",
    b" xmlns=''",
    b" xmlns:saml='urn:x'",
    b" ID='_assertion-1'",
    b" xml:space='preserve'",
    b" xml:base='urn:x'",
    b" xml:id='_assertion-1'",
    b"</saml:NameID><saml:NameID>",
)
_DOCTYPES = (
    b"<!DOCTYPE x>",
    b'<!DOCTYPE x [<!ENTITY e "alice@corp.example">]>',
    b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>',
    b"<!DOCTYPE x [<!ATTLIST Assertion ID ID #IMPLIED>]>",
    b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY e "&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>',
)
_DECLARATIONS = (
    b'<?xml version="1.0" encoding="UTF-8"?>',
    b"<?xml version='1.0'?>\n",
    b'<?xml version="1.1"?>',
    b'<?xml version="1.0" encoding="UTF-16"?>',
    b'<?xml version="1.0" encoding="ISO-8859-1"?>',
    b'<?xml version="1.0" encoding="utf-7"?>',
    b'<?xml version="1.0" standalone="yes"?>',
    b'<?xml version="1.0" encoding="UTF-8"?><?xml version="1.0"?>',
)
_ENCODINGS = ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1", "utf-7", "utf-8-sig")


def text(bend: Callable[[Random, bytes], bytes]) -> Callable[[Random, bytes], bytes]:
    TEXT[bend.__name__] = bend
    return bend


@text
def insert_token(rng: Random, document: bytes) -> bytes:
    at = rng.randint(0, len(document))
    return document[:at] + rng.choice(_TOKENS) + document[at:]


@text
def comment_in_text(rng: Random, document: bytes) -> bytes:
    """Behind some text, where it splits a value and the canonical form closes the gap."""
    ends = [match.start() for match in re.finditer(rb"[^<>]</", document)]
    if not ends:
        return document
    at = rng.choice(ends)
    return document[:at] + rng.choice((b"<!---->", b"<![CDATA[]]>", b"<?x?>")) + document[at:]


@text
def as_cdata(rng: Random, document: bytes) -> bytes:
    found = list(re.finditer(rb">([^<>]+)</", document))
    if not found:
        return document
    match = rng.choice(found)
    inside = b"<![CDATA[" + match.group(1) + b"]]>"
    return document[: match.start(1)] + inside + document[match.end(1) :]


@text
def as_references(rng: Random, document: bytes) -> bytes:
    """Characters of a value or of an attribute, written as references to themselves."""
    found = list(re.finditer(rb"[A-Za-z0-9@._:/-]{3,40}(?=[\"<])", document))
    if not found:
        return document
    match = rng.choice(found)
    form = rng.choice(("&#{};", "&#x{:x};", "&#x{:X};", "&#0{};"))
    written = "".join(form.format(byte) for byte in match.group()).encode()
    return document[: match.start()] + written + document[match.end() :]


@text
def white_space(rng: Random, document: bytes) -> bytes:
    """In a tag, where it means nothing, or around values, where it may."""
    places = [match.end() for match in re.finditer(rb"[<>\"=] ?", document)]
    at = rng.choice(places) if places else 0
    return document[:at] + rng.choice((b" ", b"\n", b"\t", b"\r\n", b"\r")) + document[at:]


@text
def other_quotes(rng: Random, document: bytes) -> bytes:
    return re.sub(rb'="([^"\']*)"', rb"='\1'", document, count=rng.choice((1, 3, 0)))


@text
def doctype(rng: Random, document: bytes) -> bytes:
    bent = rng.choice(_DOCTYPES) + document
    if rng.random() < 0.5:
        bent = bent.replace(b"mallory@corp.example", b"&e;")
    return bent


@text
def declaration(rng: Random, document: bytes) -> bytes:
    return rng.choice(_DECLARATIONS) + document


@text
def encoding(rng: Random, document: bytes) -> bytes:
    try:
        return document.decode("utf-8").encode(rng.choice(_ENCODINGS), "replace")
    except UnicodeDecodeError:
        return document


@text
def truncate(rng: Random, document: bytes) -> bytes:
    return document[: rng.randint(0, len(document))]


@text
def repeat_slice(rng: Random, document: bytes) -> bytes:
    start = rng.randint(0, len(document))
    end = min(len(document), start + rng.choice((1, 10, 100, 1000)))
    return document[:end] + document[start:end] * rng.choice((1, 1, 2, 20)) + document[end:]


@text
def flip_bits(rng: Random, document: bytes) -> bytes:
    bent = bytearray(document)
    for _ in range(rng.choice((1, 1, 1, 4))):
        if bent:
            bent[rng.randrange(len(bent))] ^= 1 << rng.randrange(8)
    return bytes(bent)


@text
def cut_slice(rng: Random, document: bytes) -> bytes:
    start = rng.randint(0, len(document))
    return document[:start] + document[start + rng.choice((1, 5, 50)) :]


@text
def redeclare(rng: Random, document: bytes) -> bytes:
    """Another meaning for a prefix from some tag on."""
    tags = [match.end() for match in re.finditer(rb"<[A-Za-z0-9]+:?[A-Za-z]+", document)]
    if not tags:
        return document
    at = rng.choice(tags)
    prefix = rng.choice((b"saml", b"samlp", b"ds", b"a", b"ns0", b"xs", b"xsi", b""))
    uri = rng.choice(
        (SAML, SAMLP, DS, "urn:x", "", "a/b", SAML + "#", "http://www.w3.org/2000/xmlns/")
    )
    name = b"xmlns:" + prefix if prefix else b"xmlns"
    return document[:at] + b" " + name + b'="' + uri.encode() + b'"' + document[at:]


@text
def deep(rng: Random, document: bytes) -> bytes:
    depth = rng.choice((10, 45, 300, 2000))
    at = rng.choice([match.end() for match in re.finditer(rb">", document)] or [0])
    return document[:at] + b"<x>" * depth + b"</x>" * depth + document[at:]


@text
def wide(rng: Random, document: bytes) -> bytes:
    many = rng.choice((70, 2000, 12_000))
    tags = [match.end() for match in re.finditer(rb"<[A-Za-z0-9]+:?[A-Za-z]+", document)] or [0]
    at = rng.choice(tags)
    form = rng.choice((" a{}='x'", " xmlns:n{}='urn:{}'", " Id{}='_x'"))
    return document[:at] + "".join(form.format(n, n) for n in range(many)).encode() + document[at:]


# --- the form field ---------------------------------------------------------------------------


def in_field(bend: Callable[[Random, str], str]) -> Callable[[Random, str], str]:
    FIELD[bend.__name__] = bend
    return bend


@in_field
def folded(rng: Random, posted: str) -> str:
    width = rng.choice((64, 76, 1))
    end = rng.choice(("\n", "\r\n", " "))
    return end.join(posted[at : at + width] for at in range(0, len(posted), width)) + end


@in_field
def url_alphabet(_: Random, posted: str) -> str:
    return posted.replace("+", "-").replace("/", "_")


@in_field
def padding(rng: Random, posted: str) -> str:
    return posted.rstrip("=") + rng.choice(("", "=", "==", "===", "A===", "=AAA"))


@in_field
def junk(rng: Random, posted: str) -> str:
    at = rng.randint(0, len(posted))
    return posted[:at] + rng.choice(("!", "\0", "\u00e9", "=", "-", "\x0b", "\u2028")) + posted[at:]


@in_field
def loose_bits(_: Random, posted: str) -> str:
    """The bits behind the last byte, which one decoder drops and another counts."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    body = posted.rstrip("=")
    if body == posted or not body or body[-1] not in alphabet:
        return posted
    return body[:-1] + alphabet[alphabet.index(body[-1]) | 1] + posted[len(body) :]


@in_field
def twice(_: Random, posted: str) -> str:
    return b64encode(posted.encode("utf-8", "surrogatepass")).decode()


@in_field
def percent(_: Random, posted: str) -> str:
    return quote(posted, safe="")


@in_field
def joined(_: Random, posted: str) -> str:
    return posted + posted


@in_field
def not_encoded(rng: Random, posted: str) -> str:
    return rng.choice(("<samlp:Response/>", " ", "\ud800", "AAAA", "=", posted + "\ud800"))
