"""Logout messages whose name is encrypted, and answers whose status is strange."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace

import pytest

from protocols.saml.material import NOW, key_pem
from protocols.saml.test_encryption import envelope, sealed, value
from protocols.saml.test_logout import (
    ADA,
    EXPECTED,
    IDP,
    posted,
    query_of,
    redirected,
    refuses,
    request,
    response,
    verify,
)
from vestibule.errors import SamlError
from vestibule.protocols.saml import (
    NameId,
    UnverifiedMessage,
    VerifiedLogoutRequest,
    read_logout_request,
    read_logout_response,
    read_post,
    read_redirect,
    verify_logout_response,
)
from vestibule.protocols.saml.bindings import verify_message
from vestibule.protocols.saml.xml import MAX_BYTES, parse

SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
NAME = f'<saml:NameID Format="{ADA.format}">{ADA.value}</saml:NameID>'
OURS = replace(EXPECTED, decryption_keys=(key_pem("sp-next"), key_pem("sp")))


def with_encrypted_name(plaintext: str) -> bytes:
    """A request whose name is encrypted for us; `saml` is declared around it."""
    document = request().decode()
    assert NAME in document
    hidden = envelope(value(sealed(plaintext.encode())))
    hidden = hidden.replace("a:EncryptedAssertion", "saml:EncryptedID")
    hidden = hidden.replace("xmlns:a=", "xmlns:saml=")
    return document.replace(NAME, hidden).encode()


@pytest.mark.parametrize("carried", [redirected, posted])
@pytest.mark.parametrize("declared", ["", f' xmlns:saml="{SAML}"'])
def test_an_encrypted_name_is_opened_after_the_signature_was_verified(
    carried: object, declared: str
) -> None:
    assert callable(carried)
    document = with_encrypted_name(NAME.replace("<saml:NameID", f"<saml:NameID{declared}"))
    unverified = read_logout_request(carried(document))
    assert unverified.unverified_name_id == ""
    found: VerifiedLogoutRequest = verify(carried(document), OURS)
    assert found.name_id == NameId(ADA.value, ADA.format)
    with pytest.raises(SamlError) as refused:
        verify(carried(document, "attacker"), replace(OURS, decryption_keys=()))
    assert refused.value.code == "saml_signature_invalid"


@pytest.mark.parametrize(
    "plaintext",
    ["", "ada", f"<saml:Issuer>{ADA.value}</saml:Issuer>", NAME * 2, "<NameID>ada</NameID>"],
)
def test_an_encryption_that_holds_no_name_is_not_told_from_one_that_fails(plaintext: str) -> None:
    with pytest.raises(SamlError) as refused:
        verify(redirected(with_encrypted_name(plaintext)), OURS)
    assert refused.value.code == "saml_decryption_failed"
    with pytest.raises(SamlError) as same:
        verify(redirected(with_encrypted_name(NAME)), replace(OURS, decryption_keys=()))
    assert (same.value.code, same.value.detail) == (refused.value.code, refused.value.detail)


CODE = '<samlp:StatusCode Value="urn:x"></samlp:StatusCode>'


@pytest.mark.parametrize(
    ("status", "chain"),
    [
        ("", None),
        ("<samlp:StatusMessage/>", None),
        (CODE * 2, None),
        (f"<samlp:StatusCode>{CODE}{CODE}</samlp:StatusCode>", None),
        ("<samlp:StatusCode><samlp:StatusMessage/></samlp:StatusCode>", None),
        (CODE, ("urn:x",)),
        (f"{CODE}<samlp:StatusMessage>no</samlp:StatusMessage>", ("urn:x",)),
        (f"<samlp:StatusCode>{CODE}</samlp:StatusCode>", ("", "urn:x")),
    ],
)
def test_a_status_is_a_chain_of_codes(status: str, chain: tuple[str, ...] | None) -> None:
    document = response(status=("urn:x",)).decode()
    assert CODE in document
    message = redirected(document.replace(CODE, status).encode())

    def told() -> tuple[str, ...]:
        unverified = read_logout_response(message)
        return verify_logout_response(unverified, EXPECTED, request_id="_ours", now=NOW).status

    if chain is not None:
        assert told() == chain
        return
    with pytest.raises(SamlError) as refused:
        told()
    assert refused.value.code == "saml_structure_invalid"


def test_an_answer_is_told_with_its_own_id() -> None:
    unverified = read_logout_response(redirected(response()))
    found = verify_logout_response(unverified, EXPECTED, request_id="_ours", now=NOW)
    assert (found.id, found.in_response_to) == ("_response", "_ours")


def test_a_request_shows_what_it_says_before_anybody_vouches_for_it() -> None:
    told = read_logout_request(redirected(request()))
    assert told.unverified_id == "_request"
    assert told.unverified_issuer == IDP
    assert told.unverified_name_id == ADA.value
    assert told.unverified_session_indexes == ("_index",)
    nobody = request().replace(f"<saml:Issuer>{IDP}</saml:Issuer>".encode(), b"")
    assert read_logout_request(redirected(nobody)).unverified_issuer == ""


def test_an_answer_shows_what_it_answers() -> None:
    assert read_logout_response(redirected(response())).unverified_in_response_to == "_ours"
    silent = response().replace(b' InResponseTo="_ours"', b"")
    assert read_logout_response(redirected(silent)).unverified_in_response_to == ""


def test_an_answer_without_a_status_is_refused() -> None:
    head, _, tail = response().partition(b"<samlp:Status>")
    bare = head + tail.partition(b"</samlp:Status>")[2]
    refuses("saml_structure_invalid", lambda: read_logout_response(redirected(bare)))


def test_attributes_of_a_schema_instance_are_no_surprise_and_others_are() -> None:
    xsi = b'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="a b"'
    verify(redirected(request().replace(b' Version="2.0"', b' Version="2.0" ' + xsi)))
    other = b'xmlns:x="urn:x" x:schemaLocation="a b"'
    document = request().replace(b' Version="2.0"', b' Version="2.0" ' + other)
    refuses("saml_structure_invalid", lambda: verify(redirected(document)))


def test_a_posted_message_keeps_the_relay_state_beside_it() -> None:
    packed = b64encode(request()).decode()
    told = read_post({"SAMLRequest": packed, "RelayState": "there"})
    assert (told.name, told.posted, told.unverified_relay_state) == ("SAMLRequest", True, "there")
    assert read_post({"SAMLRequest": packed}).unverified_relay_state == ""
    assert read_post({"SAMLResponse": packed}).name == "SAMLResponse"


def test_a_posted_message_may_be_as_large_as_any_document_and_no_larger() -> None:
    most = MAX_BYTES * 3 // 2
    assert len(read_post({"SAMLRequest": "A" * most}).document) == most * 3 // 4
    refuses("saml_too_large", lambda: read_post({"SAMLRequest": "A" * (most + 4)}))


def test_a_message_without_a_signature_proves_nothing_however_it_got_there() -> None:
    """`parse_message` has refused it before; whoever forgets to ask it is refused here."""
    message = UnverifiedMessage("SAMLRequest", request(), "", posted=False)
    root = parse(message.document)
    refuses("saml_logout_unsigned", lambda: verify_message(message, root, EXPECTED.certificates))


def test_a_request_without_an_index_names_no_session() -> None:
    assert b"SessionIndex" not in request(session_index="")
    assert b"XXXX" not in request(session_index="")
    verify(redirected(request(session_index="")))


@pytest.mark.parametrize(
    ("written", "read"), [("a%20b", "a b"), ("a+b", "a b"), ("a=b", "a=b"), ("a%2Bb", "a+b")]
)
def test_a_relay_state_is_read_as_every_query_is(written: str, read: str) -> None:
    query = query_of(request()) + f"&RelayState={written}".encode()
    assert read_redirect(query).unverified_relay_state == read


def test_parameters_that_we_do_not_know_change_nothing_wherever_they_stand() -> None:
    query = b"utm=1&" + query_of(request()) + b"&page=2"
    told = read_redirect(query)
    assert (told.name, told.posted) == ("SAMLRequest", False)
    verify(told)


def test_a_request_tells_when_it_was_made_because_logins_before_it_end() -> None:
    assert verify(redirected(request()), seconds=60).issued_at == NOW
