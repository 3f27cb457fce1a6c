"""AuthnRequests: what is built can be read, signed and trusted to be one document."""

from __future__ import annotations

import tracemalloc
import zlib
from base64 import b64decode, b64encode
from urllib.parse import parse_qs, quote, unquote, urlsplit

import pytest

from protocols.saml.material import NOW, certificate, key_pem
from vestibule.errors import InvalidRequest, SamlError
from vestibule.protocols.saml import (
    SamlIdp,
    SamlSp,
    build_authn_request,
    decode_redirect,
    encode_post,
    encode_redirect,
    read_authn_request,
    verify_query,
)

SP = SamlSp(
    "https://sso.example/saml/1",
    "https://sso.example/saml/1/acs",
    name_id_format="urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",
)
IDP = SamlIdp("https://idp.example", "https://idp.example/sso", (certificate("idp"),))


def test_a_request_reads_back_as_it_was_built() -> None:
    found = read_authn_request(
        build_authn_request(
            SP, IDP, request_id="_q1", now=NOW, login_hint="alice@corp.example", force_authn=True
        )
    )
    assert found.id == "_q1"
    assert found.issuer == SP.entity_id
    assert found.acs_url == SP.acs_url
    assert found.destination == IDP.sso_url
    assert found.name_id_format == SP.name_id_format
    assert found.login_hint == "alice@corp.example"
    assert found.force_authn


def test_what_is_not_asked_for_is_not_there() -> None:
    xml = build_authn_request(SamlSp("a", "b"), IDP, request_id="_q1", now=NOW)
    found = read_authn_request(xml)
    assert (found.login_hint, found.name_id_format, found.force_authn) == (None, None, False)
    assert b"RequestedAuthnContext" not in xml
    assert b'IssueInstant="2026-06-01T12:00:00Z"' in xml
    assert b'AllowCreate="true"' in xml


def test_a_request_is_the_same_bytes_every_time() -> None:
    asked = build_authn_request(
        SP,
        IDP,
        request_id="_q1",
        now=NOW,
        login_hint="ada",
        force_authn=True,
        name_id_format="urn:f",
        requested_authn_context=("urn:a", "urn:b"),
    )
    head = (
        '<samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"'
        ' xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_q1" Version="2.0"'
        ' IssueInstant="2026-06-01T12:00:00Z" Destination="https://idp.example/sso"'
        ' ProtocolBinding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"'
        ' AssertionConsumerServiceURL="https://sso.example/saml/1/acs"'
    )
    assert asked.decode() == (
        f'{head} ForceAuthn="true"><saml:Issuer>https://sso.example/saml/1</saml:Issuer>'
        "<saml:Subject><saml:NameID>ada</saml:NameID></saml:Subject>"
        '<samlp:NameIDPolicy Format="urn:f" AllowCreate="true"/>'
        '<samlp:RequestedAuthnContext Comparison="exact">'
        "<saml:AuthnContextClassRef>urn:a</saml:AuthnContextClassRef>"
        "<saml:AuthnContextClassRef>urn:b</saml:AuthnContextClassRef>"
        "</samlp:RequestedAuthnContext></samlp:AuthnRequest>"
    )
    plain = SamlSp(SP.entity_id, SP.acs_url)
    assert build_authn_request(plain, IDP, request_id="_q1", now=NOW).decode() == (
        f"{head}><saml:Issuer>https://sso.example/saml/1</saml:Issuer>"
        '<samlp:NameIDPolicy AllowCreate="true"/></samlp:AuthnRequest>'
    )


def test_authentication_contexts_are_asked_for_in_order() -> None:
    xml = build_authn_request(
        SP, IDP, request_id="_q1", now=NOW, requested_authn_context=("urn:a", "urn:b")
    )
    assert xml.index(b">urn:a<") < xml.index(b">urn:b<")
    assert read_authn_request(xml).authn_contexts == ("urn:a", "urn:b")


HOSTILE = "\"/><x y='&\n\t]]><!-- \x00\x0b\ud800 --> \u00e9"


def test_hostile_values_cannot_leave_their_place() -> None:
    sp = SamlSp("e" + HOSTILE, "a" + HOSTILE, name_id_format="f" + HOSTILE)
    idp = SamlIdp("i", "s" + HOSTILE, ())
    xml = build_authn_request(
        sp,
        idp,
        request_id="_q1",
        now=NOW,
        login_hint="h" + HOSTILE,
        requested_authn_context=("c" + HOSTILE,),
    )
    left = HOSTILE.replace("\x00", "").replace("\x0b", "").replace("\ud800", "")
    found = read_authn_request(xml)
    assert found.issuer == "e" + left
    assert found.acs_url == "a" + left
    assert found.destination == "s" + left
    assert found.name_id_format == "f" + left
    assert found.login_hint == "h" + left


def test_a_signed_redirect_verifies_over_its_own_octets() -> None:
    xml = build_authn_request(SP, IDP, request_id="_q1", now=NOW)
    url = encode_redirect(xml, "https://idp.example/sso?tenant=1", "rs +/&=é", key_pem("sp"))
    query = url.partition("?tenant=1&")[2]
    signed, _, signature = query.rpartition("&Signature=")
    verify_query(signed.encode(), b64decode(unquote(signature)), (certificate("sp"),))
    fields = parse_qs(urlsplit(url).query)
    assert list(fields) == ["tenant", "SAMLRequest", "RelayState", "SigAlg", "Signature"]
    assert fields["RelayState"] == ["rs +/&=é"]
    assert decode_redirect(fields["SAMLRequest"][0]) == xml


@pytest.mark.parametrize(
    ("address", "beginning"),
    [
        ("https://idp.example/sso", "https://idp.example/sso?SAMLRequest="),
        ("https://idp.example/sso?", "https://idp.example/sso?SAMLRequest="),
        ("https://idp.example/sso?a=1", "https://idp.example/sso?a=1&SAMLRequest="),
        ("https://idp.example/sso?a=1&", "https://idp.example/sso?a=1&SAMLRequest="),
    ],
)
def test_the_query_of_the_address_stays_in_front(address: str, beginning: str) -> None:
    assert encode_redirect(b"<x/>", address, "", None).startswith(beginning)


def test_every_character_that_means_something_in_a_query_is_quoted_in_capitals() -> None:
    # An identity provider that quotes again before it verifies does it as RFC 3986 §2.1 says.
    for number in range(40):
        url = encode_redirect(f"<x a='{number}'/>".encode(), IDP.sso_url, "a/b c&d", key_pem("sp"))
        query = url.partition("?")[2]
        for pair in query.split("&"):
            name, _, value = pair.partition("=")
            assert value == quote(unquote(value), safe=""), name
        assert "&RelayState=a%2Fb%20c%26d&" in query


def test_an_unsigned_redirect_carries_no_algorithm() -> None:
    url = encode_redirect(b"<x/>", "https://idp.example/sso", "", None)
    assert list(parse_qs(urlsplit(url).query)) == ["SAMLRequest"]


def test_a_form_carries_the_request_and_the_relay_state() -> None:
    fields = encode_post(b"<x/>", "https://idp.example/sso", "rs")
    assert fields == {"SAMLRequest": b64encode(b"<x/>").decode(), "RelayState": "rs"}
    assert "RelayState" not in encode_post(b"<x/>", "https://idp.example/sso", "")


@pytest.mark.parametrize("url", ["javascript:alert(1)", 'https://a/"x', "https://u@a/", "//a", ""])
def test_a_browser_is_sent_to_plain_urls_only(url: str) -> None:
    with pytest.raises(InvalidRequest, match="saml_connection_idp_sso_url_invalid_format"):
        encode_post(b"<x/>", url, "")
    with pytest.raises(InvalidRequest, match="saml_connection_idp_sso_url_invalid_format"):
        encode_redirect(b"<x/>", url, "", None)


def deflated(octets: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-15)
    return compressor.compress(octets) + compressor.flush()


@pytest.mark.parametrize(
    ("octets", "code"),
    [
        (deflated(b" " * 256_001), "saml_too_large"),
        (deflated(b" " * 50_000_000), "saml_too_large"),
        (deflated(b"<x/>") + b"more", "saml_encoding_invalid"),
        (deflated(b"<x/>" * 100)[:-5], "saml_encoding_invalid"),
        (zlib.compress(b"<x/>"), "saml_encoding_invalid"),
        (b"\xff\xff\xff", "saml_encoding_invalid"),
    ],
)
def test_inflating_is_bounded_and_strict(octets: bytes, code: str) -> None:
    with pytest.raises(SamlError, match=code):
        decode_redirect(b64encode(octets).decode())


def test_a_request_of_256000_bytes_is_inflated() -> None:
    assert decode_redirect(b64encode(deflated(b" " * 256_000)).decode()) == b" " * 256_000


def test_inflating_stops_at_the_bound_and_takes_no_more_memory() -> None:
    bomb = b64encode(deflated(b" " * 50_000_000)).decode()
    tracemalloc.start()
    try:
        with pytest.raises(SamlError, match="saml_too_large"):
            decode_redirect(bomb)
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()


def test_400000_characters_are_decoded_and_one_more_is_not() -> None:
    filled = b64encode(deflated(b"<x/>")).decode().ljust(400_000)
    assert decode_redirect(filled) == b"<x/>"
    with pytest.raises(SamlError, match="saml_too_large"):
        decode_redirect(filled + " ")


def test_too_many_characters_are_not_even_decoded() -> None:
    with pytest.raises(SamlError, match="saml_too_large"):
        decode_redirect("A" * 400_001)


@pytest.mark.parametrize(
    ("force", "forced"), [("true", True), ("1", True), ("false", False), ("0", False), ("x", False)]
)
def test_a_forced_sign_in_is_read_as_the_schema_spells_it(force: str, forced: bool) -> None:
    xml = build_authn_request(SP, IDP, request_id="_q1", now=NOW, force_authn=True)
    found = read_authn_request(xml.replace(b'ForceAuthn="true"', f'ForceAuthn="{force}"'.encode()))
    assert found.force_authn is forced


def test_a_request_without_policy_and_subject_asks_for_nothing() -> None:
    xml = build_authn_request(SamlSp("a", "b"), IDP, request_id="_q1", now=NOW)
    found = read_authn_request(xml.replace(b'<samlp:NameIDPolicy AllowCreate="true"/>', b""))
    assert (found.name_id_format, found.login_hint) == (None, None)
    empty = b"<saml:Subject><saml:NameID/></saml:Subject></samlp:AuthnRequest>"
    assert read_authn_request(xml.replace(b"</samlp:AuthnRequest>", empty)).login_hint is None


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        (b"AuthnRequest", b"LogoutRequest", "saml_structure_invalid"),
        (b' Version="2.0"', b"", "saml_version_unsupported"),
        (b' ID="_q1"', b' ID=""', "saml_structure_invalid"),
        (b'Version="2.0"', b'Version="1.1"', "saml_version_unsupported"),
        (b' ID="_q1"', b"", "saml_structure_invalid"),
        (b"<saml:Issuer>", b"<saml:Issuer>x</saml:Issuer><saml:Issuer>", "saml_structure_invalid"),
        (b"<saml:Issuer>", b"<saml:Issuer><b/>", "saml_value_invalid"),
        (b"<saml:Issuer>", b"<!-- --><saml:Issuer>", "saml_xml_forbidden"),
    ],
)
def test_odd_requests_are_refused(old: bytes, new: bytes, code: str) -> None:
    xml = build_authn_request(SP, IDP, request_id="_q1", now=NOW)
    with pytest.raises(SamlError, match=code):
        read_authn_request(xml.replace(old, new))
