"""Hostile input of every kind: a refusal or the same identity, and never another exception."""

from __future__ import annotations

from base64 import b64encode
from datetime import datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from protocols.saml.material import NOW, VECTORS
from protocols.saml.test_vectors import expectations, load
from vestibule.errors import SamlError, VestibuleError
from vestibule.protocols.saml import (
    VerifiedAssertion,
    decode_redirect,
    read_authn_request,
    read_certificate,
    read_idp_metadata,
    read_response,
    verify_response,
)

GOOD = [
    VECTORS / "good" / name
    for name in (
        "generic/both-signed",
        "generic/assertion-signed",
        "samlify/response-signed",
        "pysaml2/signed-and-encrypted",
        "okta/prefix-list",
    )
]
CASES = [(load(folder), (folder / "response.xml").read_bytes()) for folder in GOOD]
QUICK = settings(
    max_examples=200,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
TOKENS = [
    b"<!-- -->", b"<x/>", b"<![CDATA[x]]>", b"&#65;", b"&amp;", b"\xc2\xa0", b" ", b"\n", b"",
    b"mallory", b'"', b"<saml:NameID>mallory</saml:NameID>", b"ID=", b"\0", b"\xff",
]  # fmt: skip


def identity(document: bytes, case: dict[str, object]) -> VerifiedAssertion:
    now = datetime.fromisoformat(str(case["now"]))
    field = b64encode(document).decode()
    return verify_response(read_response(field), expectations(case), now=now)


EXPECTED = [identity(document, case) for case, document in CASES]


def check(which: int, document: bytes) -> None:
    case, _ = CASES[which]
    try:
        found = identity(document, case)
    except SamlError:
        return
    # How it was signed may change (a signature can lose its element), who it is may not.
    expected = EXPECTED[which]
    for name in ("assertion_id", "issuer", "name_id", "name_id_format", "session_index",
                 "attributes", "authn_instant", "authn_context", "replay_until"):  # fmt: skip
        assert getattr(found, name) == getattr(expected, name)


@QUICK
@given(st.integers(0, len(CASES) - 1), st.data())
def test_a_changed_byte_is_refused_or_changes_nothing(which: int, data: st.DataObject) -> None:
    document = CASES[which][1]
    at = data.draw(st.integers(0, len(document) - 1))
    byte = data.draw(st.integers(0, 255))
    check(which, document[:at] + bytes([byte]) + document[at + 1 :])


@QUICK
@given(st.integers(0, len(CASES) - 1), st.data())
def test_a_spliced_document_is_refused_or_changes_nothing(which: int, data: st.DataObject) -> None:
    document = CASES[which][1]
    start = data.draw(st.integers(0, len(document)))
    end = data.draw(st.integers(start, min(len(document), start + 400)))
    piece = data.draw(
        st.one_of(
            st.sampled_from(TOKENS),
            st.integers(0, len(document)).map(lambda at: document[at : at + 300]),
        )
    )
    check(which, document[:start] + piece + document[end:])


@QUICK
@given(st.one_of(st.binary(max_size=300), st.text(max_size=300).map(lambda t: t.encode())))
def test_arbitrary_bytes_only_ever_raise_refusals(octets: bytes) -> None:
    encoded = b64encode(octets).decode()
    with pytest.raises(VestibuleError):
        read_response(encoded)
    with pytest.raises(VestibuleError):
        read_idp_metadata(octets, now=NOW)
    with pytest.raises(VestibuleError):
        read_authn_request(octets)
    with pytest.raises(VestibuleError):
        read_authn_request(decode_redirect(encoded))
    with pytest.raises(VestibuleError):
        read_certificate(encoded)


@QUICK
@given(st.text(max_size=300))
def test_arbitrary_text_only_ever_raises_refusals(text: str) -> None:
    for read in (read_response, decode_redirect, read_certificate):
        with pytest.raises(VestibuleError):
            read(text)


METADATA = VECTORS / "good/simplesamlphp/metadata-several-certificates/idp-metadata.xml"


@QUICK
@given(st.data())
def test_changed_metadata_only_ever_raises_refusals(data: st.DataObject) -> None:
    document = METADATA.read_bytes()
    at = data.draw(st.integers(0, len(document) - 1))
    piece = data.draw(st.one_of(st.sampled_from(TOKENS), st.binary(max_size=3)))
    try:
        read_idp_metadata(document[:at] + piece + document[at + 1 :], now=NOW)
    except VestibuleError as error:
        assert error.code in ("saml_metadata_invalid", "saml_metadata_expired")
