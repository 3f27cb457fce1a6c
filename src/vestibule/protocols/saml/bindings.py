"""A signed message as the browser brings it: in a redirect's query, or in a posted form.

Owns where the signature of a message stands and what exactly it covers. In a query it covers the
octets of three parameters as they came over the wire (SAML Bindings §3.4.4.1); in a form it stands
inside the message, and what it covers is the digested bytes alone (§3.5.4.1). Whatever the message
says may be read from `verify_message` on, and not before.

Refuses to know what a message means, and whether one that is not signed may pass: it may not.
Responses that sign somebody in come another way (`response.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal
from urllib.parse import unquote_to_bytes

from vestibule.errors import refusal

from .certificates import Certificate
from .names import SIGNATURE
from .request import decode_redirect
from .signature import prove_enveloped, verify_query
from .xml import MAX_BYTES, Element, decode_base64, descendants, parse, parse_again

MessageName = Literal["SAMLRequest", "SAMLResponse"]

_DEFLATE: Final = "urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE"
_KNOWN: Final = ("SAMLRequest", "SAMLResponse", "RelayState", "SigAlg", "Signature", "SAMLEncoding")


@dataclass(frozen=True, slots=True)
class QuerySignature:
    """The octets that a query's signature covers, as they stood on the wire."""

    octets: bytes
    algorithm: str
    signature: bytes


@dataclass(frozen=True, slots=True)
class UnverifiedMessage:
    """A message that came through the browser, and nobody has vouched for it.

    `query_signature` is None for a posted message: its signature stands inside.
    """

    name: MessageName
    document: bytes = field(repr=False)
    unverified_relay_state: str
    posted: bool
    query_signature: QuerySignature | None = field(default=None, repr=False)


def read_redirect(raw_query: bytes) -> UnverifiedMessage:
    """Take a message out of a query as the wire had it, before anybody decoded anything.

    Each parameter may stand there once and under its plain name. What the signature covers is put
    together from the raw text in the order in which it was sent; unknown parameters are not ours.

    Raises:
        SamlError: saml_logout_missing, saml_structure_invalid, saml_encoding_invalid,
            saml_too_large.
    """
    raw = _raw_parameters(raw_query)
    name = _name_of(raw)
    if _text(raw.get("SAMLEncoding", _DEFLATE.encode())) != _DEFLATE:
        raise refusal("saml_encoding_invalid", want=_DEFLATE)
    document = decode_redirect(_text(raw[name]))
    signature = None
    if "Signature" in raw:
        covered = [key for key in raw if key in (name, "RelayState", "SigAlg")]
        signature = QuerySignature(
            b"&".join(key.encode() + b"=" + raw[key] for key in covered),
            _text(raw.get("SigAlg", b"")),
            decode_base64(_text(raw["Signature"])),
        )
    return UnverifiedMessage(name, document, _text(raw.get("RelayState", b"")), False, signature)


def read_post(form: Mapping[str, str]) -> UnverifiedMessage:
    """Take a message out of a form's fields.

    Raises:
        SamlError: saml_logout_missing, saml_structure_invalid, saml_encoding_invalid,
            saml_too_large.
    """
    name = _name_of(form)
    packed = form[name]
    if len(packed) > MAX_BYTES * 3 // 2:
        raise refusal("saml_too_large", got=f"{len(packed)} characters of base64")
    return UnverifiedMessage(name, decode_base64(packed), form.get("RelayState", ""), True)


def parse_message(message: UnverifiedMessage, tag: str) -> Element:
    """The message's root, which must be `tag`, with signatures only where the binding puts them.

    Raises:
        SamlError: saml_logout_unsigned, saml_signature_malformed, saml_structure_invalid, and
            what `parse` raises.
    """
    root = parse(message.document)
    if [element.tag for element in descendants(root, tag)] != [tag] or root.tag != tag:
        raise refusal("saml_structure_invalid", want=f"one {tag.rpartition('}')[2]}")
    signatures = list(descendants(root, SIGNATURE))
    if not message.posted:
        if signatures:
            # Bindings §3.4.4.1: it has to be taken out. One that is left in is there to be believed
            # instead of the query's.
            raise refusal("saml_signature_malformed", want="no Signature inside a redirect")
        if message.query_signature is None:
            raise refusal("saml_logout_unsigned", want="a Signature in the query")
        return root
    if not signatures:
        raise refusal("saml_logout_unsigned", want="a Signature inside the message")
    if len(signatures) > 1 or signatures[0].getparent() is not root:
        raise refusal("saml_signature_malformed", want="one Signature, directly in the message")
    return root


def verify_message(
    message: UnverifiedMessage, root: Element, keys: tuple[Certificate, ...]
) -> Element:
    """Verify the signature, and give back the root of what it covers. Uses `root` up.

    Raises:
        SamlError: saml_certificate_missing, saml_algorithm_forbidden, saml_signature_invalid, and
            for a posted message what `verify_enveloped` raises.
    """
    if message.posted:
        return parse_again(prove_enveloped(root, keys).octets)
    signed = message.query_signature
    if signed is None:
        raise refusal("saml_logout_unsigned", want="a Signature in the query")
    verify_query(signed.octets, signed.signature, keys, algorithm=signed.algorithm)
    return root


def _raw_parameters(raw_query: bytes) -> dict[str, bytes]:
    """The parameters that we know, still encoded, in the order in which they were sent."""
    found: dict[str, bytes] = {}
    for part in raw_query.split(b"&"):
        raw_name, _, value = part.partition(b"=")
        name = _text(raw_name)
        if name not in _KNOWN:
            continue
        if raw_name != name.encode() or name in found:
            # Two of a kind, or one that only a decoder recognizes, could be read in two ways.
            raise refusal("saml_structure_invalid", want=f"{name} once, by its plain name")
        found[name] = value
    return found


def _name_of(values: Mapping[str, object]) -> MessageName:
    if "SAMLRequest" in values and "SAMLResponse" in values:
        raise refusal("saml_structure_invalid", want="SAMLRequest or SAMLResponse, not both")
    if values.get("SAMLRequest"):
        return "SAMLRequest"
    if values.get("SAMLResponse"):
        return "SAMLResponse"
    raise refusal("saml_logout_missing")


def _text(raw: bytes) -> str:
    """A decoded value. A plus is a space in a query, as it is for everybody else who reads it."""
    try:
        return unquote_to_bytes(raw.replace(b"+", b" ")).decode("utf-8")
    except UnicodeDecodeError:
        raise refusal("saml_encoding_invalid", want="percent-encoded UTF-8") from None


__all__ = [
    "MessageName",
    "QuerySignature",
    "UnverifiedMessage",
    "parse_message",
    "read_post",
    "read_redirect",
    "verify_message",
]
