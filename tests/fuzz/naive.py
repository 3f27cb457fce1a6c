"""Service providers as they should not be: each has one of the mistakes that others really made.

They stand where Vestibule stands, so that a run shows that the rule and the bends find such
mistakes. Nothing here is ever used for anything else.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import urlsafe_b64decode
from typing import Any

import xmlsec
from lxml import etree

from vestibule.errors import refusal

from .cases import Sample
from .forge import DS, SAML, parse
from .judging import Claims
from .oracles import CERTIFICATE, ORACLES, quietly, signed_by
from .token_judging import by_cryptography
from .tokens import UNREADABLE, TokenSample, encode

# Their one virtue: a document that is slow to canonicalize would be found before their mistake.
_MOST_BYTES = 30_000


def _root(sample: Sample) -> Any:
    document = sample.document
    if document is None:
        raise refusal("saml_encoding_invalid")
    if len(document) > _MOST_BYTES:
        raise refusal("saml_too_large")
    try:
        root = parse(document)
    except etree.LxmlError:
        raise refusal("saml_xml_invalid") from None
    if root.getroottree().docinfo.doctype:
        raise refusal("saml_xml_forbidden")
    return root


def _first_name_id(root: Any) -> Claims:
    name_id = root.find(f".//{{{SAML}}}Assertion/{{{SAML}}}Subject/{{{SAML}}}NameID")
    if name_id is None:
        raise refusal("saml_name_id_missing")
    return {"NameID": "".join(name_id.itertext()).strip()}


def first_assertion(sample: Sample) -> Claims:
    """Any good signature anywhere, and then the first assertion of the document: wrapping."""
    root = _root(sample)
    xmlsec.tree.add_ids(root, ["ID"])
    with quietly():
        good = any(
            signed_by(signature, name)
            for signature in root.iter(f"{{{DS}}}Signature")
            for name in sample.connection.certificates
        )
    if not good:
        raise refusal("saml_signature_invalid")
    return _first_name_id(_root(sample))


def text_before_comment(sample: Sample) -> Claims:
    """The right assertion, and of its name only what stands before the first comment."""
    root = _root(sample)
    oracle = next(each for each in ORACLES if each.name == "xmlsec")
    if oracle.ask(sample.document or b"", sample.connection).facts is None:
        raise refusal("saml_signature_invalid")
    name_id = root.find(f"{{{SAML}}}Assertion/{{{SAML}}}Subject/{{{SAML}}}NameID")
    if name_id is None:
        raise refusal("saml_name_id_missing")
    return {"NameID": (name_id.text or "").strip()}


def key_from_the_document(sample: Sample) -> Claims:
    """The signature is good, by the certificate that came along with it."""
    root = _root(sample)
    signature = root.find(f"{{{SAML}}}Assertion/{{{DS}}}Signature")
    if signature is None:
        raise refusal("saml_signature_missing")
    found = signature.findtext(f"{{{DS}}}KeyInfo/{{{DS}}}X509Data/{{{DS}}}X509Certificate")
    pem = f"-----BEGIN CERTIFICATE-----\n{found}\n-----END CERTIFICATE-----\n"
    xmlsec.tree.add_ids(root, ["ID"])
    context = xmlsec.SignatureContext()
    with quietly():
        try:
            context.key = xmlsec.Key.from_memory(pem, CERTIFICATE)
            context.verify(signature)
        except (xmlsec.Error, ValueError):
            raise refusal("saml_signature_invalid") from None
    return _first_name_id(root)


def no_signature_no_check(sample: Sample) -> Claims:
    """Every signature that is there must be good, and none has to be there."""
    root = _root(sample)
    if root.find(f".//{{{DS}}}Signature") is not None:
        raise refusal("saml_signature_invalid")
    return _first_name_id(root)


def falls_over(sample: Sample) -> Claims:
    """Counts on every assertion having a subject."""
    root = _root(sample)
    for assertion in root.iter(f"{{{SAML}}}Assertion"):
        assertion.find(f"{{{SAML}}}Subject")[0].text.strip()
    raise refusal("saml_signature_missing")


NAIVE = {
    target.__name__: target
    for target in (
        first_assertion,
        text_before_comment,
        key_from_the_document,
        no_signature_no_check,
        falls_over,
    )
}


# --- ID tokens --------------------------------------------------------------------------------


def _members(segment: str) -> dict[str, Any]:
    try:
        found = json.loads(urlsafe_b64decode(segment + "=="))
    except UNREADABLE:
        raise refusal("oidc_id_token_malformed") from None
    if not isinstance(found, dict):
        raise refusal("oidc_id_token_malformed")
    return found


def claims_unread_by_a_key(one: TokenSample) -> Claims:
    """Decodes, and calls that verifying."""
    return _members(one.token.partition(".")[2].partition(".")[0])


def key_from_the_header(one: TokenSample) -> Claims:
    """Verifies with the key that the header brings along, where it brings one."""
    head, _, rest = one.token.partition(".")
    key = _members(head).get("jwk")
    own = TokenSample(one.token, json.dumps({"keys": [key]}).encode())
    if not isinstance(key, dict) or not by_cryptography(own):
        raise refusal("oidc_signature_invalid")
    return _members(rest.partition(".")[0])


def public_key_as_secret(one: TokenSample) -> Claims:
    """Takes HS256 like any other algorithm, and the published document for its key."""
    signed, _, tail = one.token.rpartition(".")
    head, _, body = signed.partition(".")
    digest = hmac.new(one.jwks, signed.encode("utf-8", "replace"), hashlib.sha256).digest()
    if _members(head).get("alg") != "HS256" or encode(digest) != tail:
        raise refusal("oidc_signature_invalid")
    return _members(body)


NAIVE_READERS = {
    reader.__name__: reader
    for reader in (claims_unread_by_a_key, key_from_the_header, public_key_as_secret)
}
