"""Verification of one encrypted SAML response: ours with every check, beside its floor."""

from __future__ import annotations

import hashlib
import re
from base64 import b64decode, b64encode
from collections.abc import Iterator
from datetime import UTC, datetime

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from lxml import etree

from benchmarks.documents import (
    OAEP_SHA1,
    certificate,
    encrypted,
    expectations,
    honest_response,
    key,
)
from benchmarks.measure import Case, note, ratio, show, take_turns
from vestibule.protocols import saml

AIM = 1.25
_DS = "{http://www.w3.org/2000/09/xmldsig#}"
_SHAPES = (
    ("AES-GCM, assertion signed", "aes256-gcm", False),
    ("AES-GCM, both signed", "aes256-gcm", True),
    ("AES-CBC, assertion signed", "aes256-cbc", False),
    ("AES-CBC, both signed", "aes256-cbc", True),
)


def run(*, quick: bool) -> None:
    cases: dict[str, Case] = {}
    for name, cipher, both in _SHAPES:
        document = _document(cipher, both=both)
        note(f"{name}: {len(document)} bytes")
        cases[f"floor: {name}"] = _floor(document, cipher, both=both, again=False)
        cases[f"floor + base64 + re-parse: {name}"] = _floor(
            document, cipher, both=both, again=True
        )
        cases[f"ours: {name}"] = _ours(document)
    figures = take_turns(cases, rounds=5 if quick else 21, seconds=0.05 if quick else 0.15)
    show(figures, f"floor: {_SHAPES[0][0]}")
    for name, _, _ in _SHAPES:
        times = ratio(figures, f"ours: {name}", f"floor: {name}")
        told = "met" if times <= AIM else "not met"
        fair = ratio(figures, f"ours: {name}", f"floor + base64 + re-parse: {name}")
        note(
            f"{name}: ours is {times:.2f} × its floor (aim: {AIM}, {told}),"
            f" {fair:.2f} × the floor that includes what the security rules demand"
        )


def _document(cipher: str, *, both: bool) -> bytes:
    document = encrypted(honest_response(), to=key("sp"), cipher=cipher)
    if both:
        document = saml.sign_enveloped(document, "_r17fe04c2a0", key("idp"), certificate("idp"))
    return document


def _ours(document: bytes) -> Case:
    expected, now = expectations(), datetime.now(UTC)
    posted = b64encode(document).decode()

    def verify() -> saml.VerifiedAssertion:
        return saml.verify_response(saml.read_response(posted), expected, now=now)

    verified = verify()
    assert verified.encrypted and len(verified.attributes) == 6
    return verify


def _floor(document: bytes, cipher: str, *, both: bool, again: bool) -> Case:
    """The primitives alone. Where things are, the digests and the signatures are known.

    The plaintext is parsed, or there would be nothing to verify. With `again` also what reading
    only verified bytes costs everybody: the base64 of the form and of both values, and one parse
    of each canonical form that was verified.
    """
    public, private = saml.read_certificate(certificate("idp")).public_key, key("sp")
    padding, sha256 = PKCS1v15(), SHA256()
    wrapped, sealed = _values(document)

    def opened() -> bytes:
        content_key = private.decrypt(wrapped, OAEP_SHA1)
        if cipher == "aes256-gcm":
            return AESGCM(content_key).decrypt(sealed[:12], sealed[12:], None)
        decryptor = Cipher(algorithms.AES(content_key), modes.CBC(sealed[:16])).decryptor()
        padded = decryptor.update(sealed[16:]) + decryptor.finalize()
        return padded[: -padded[-1]]

    def check(parent: etree._Element, known: tuple[bytes, bytes]) -> None:
        digest, value = known
        signature = parent[1]
        signed_info = etree.tostring(signature[0], method="c14n", exclusive=True)
        public.verify(value, signed_info, padding, sha256)  # type: ignore[call-arg,arg-type]
        parent.remove(signature)
        content = etree.tostring(parent, method="c14n", exclusive=True)
        assert hashlib.sha256(content).digest() == digest
        if again:
            etree.fromstring(signed_info)
            etree.fromstring(content)

    posted = b64encode(document)
    in_base64 = [b64encode(wrapped), b64encode(sealed)]
    outer, inner = _signature(document) if both else None, _signature(opened())

    def verify() -> None:
        root = etree.fromstring(b64decode(posted) if again else document)
        if again:
            for value in in_base64:
                b64decode(value)
        if outer:
            check(root, outer)
        check(etree.fromstring(opened()), inner)

    return verify


def _values(document: bytes) -> Iterator[bytes]:
    """The wrapped key and the sealed assertion."""
    found = re.findall(b"<xenc:CipherValue>([^<]*)", document)
    assert len(found) == 2
    return map(b64decode, found)


def _signature(document: bytes) -> tuple[bytes, bytes]:
    """The digest and the signature's value."""
    root = etree.fromstring(document)
    digest, value = (root.findtext(f".//{_DS}{name}") for name in ("DigestValue", "SignatureValue"))
    assert digest and value
    return b64decode(digest), b64decode(value)
