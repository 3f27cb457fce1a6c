"""What a response says of itself before, and what we know of it after verification.

The many ways to refuse are vectors; here stand the rules that need more than one document.
"""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from protocols.saml.material import NOW, VECTORS, good_response, key_pem
from protocols.saml.test_assertion import changed
from protocols.saml.test_encryption import envelope, sealed, value
from protocols.saml.test_vectors import expectations, form_field, load
from vestibule.errors import SamlError
from vestibule.protocols.saml import (
    UnverifiedResponse,
    read_private_key,
    read_response,
    sign_enveloped,
    verify_response,
)

PLAIN = VECTORS / "good" / "generic" / "assertion-signed"
EXPECTED = expectations(load(PLAIN))


def unverified(name: str = "generic/assertion-signed") -> UnverifiedResponse:
    return read_response(b64encode(good_response(name)).decode())


def test_a_response_names_its_request_and_issuer_before_it_is_verified() -> None:
    found = unverified()
    assert found.response_id == "_response-1"
    assert found.unverified_in_response_to == "_request-1"
    assert found.unverified_issuer == "https://idp.example/metadata"


def test_the_confirmation_names_the_request_where_the_envelope_is_silent() -> None:
    found = unverified("generic/no-in-response-to-on-the-response")
    assert found.unverified_in_response_to == "_request-1"


def test_the_assertion_names_the_issuer_where_the_envelope_is_silent() -> None:
    issuer = b"<saml:Issuer>https://idp.example/metadata</saml:Issuer>"
    document = good_response("generic/assertion-signed").replace(issuer, b"", 1)
    found = read_response(b64encode(document).decode())
    assert found.unverified_issuer == "https://idp.example/metadata"
    assert verify_response(found, EXPECTED, now=NOW).name_id == "alice@corp.example"


def test_an_unsolicited_response_names_no_request() -> None:
    assert unverified("saml-idp/unsolicited").unverified_in_response_to is None


def test_everything_that_the_identity_provider_said_is_handed_on() -> None:
    found = verify_response(unverified(), EXPECTED, now=NOW)
    assert found.assertion_id == "_assertion-1"
    assert found.issuer == "https://idp.example/metadata"
    assert found.name_id_format == "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
    assert found.session_index == "_session-1"
    assert found.session_not_on_or_after == datetime(2026, 6, 1, 20, tzinfo=UTC)
    assert found.authn_instant == datetime(2026, 6, 1, 11, 59, tzinfo=UTC)
    assert found.authn_context == (
        "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"
    )
    assert list(found.attributes) == ["email", "firstName", "lastName", "groups"]
    assert found.attributes["groups"] == ("engineering", "on-call")


def test_friendly_names_are_kept_by_name() -> None:
    folder = VECTORS / "good" / "pysaml2" / "assertion-signed"
    found = verify_response(read_response(form_field(folder)), expectations(load(folder)), now=NOW)
    assert found.friendly_names["urn:oid:2.5.4.42"] == "2.5.4.42"


def test_an_assertion_is_remembered_as_long_as_it_could_be_replayed() -> None:
    found = verify_response(unverified(), EXPECTED, now=NOW)
    assert found.replay_until == NOW + timedelta(minutes=5) + EXPECTED.clock_skew


def test_the_last_confirmation_that_could_be_used_counts_for_the_memory() -> None:
    folder = VECTORS / "good" / "generic" / "one-of-three-confirmations-holds"
    found = verify_response(read_response(form_field(folder)), expectations(load(folder)), now=NOW)
    assert found.replay_until == NOW + timedelta(minutes=7)


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (-150, None),
        (-151, "saml_not_yet_valid"),
        (419, None),
        (420, "saml_subject_expired"),
    ],
)
def test_clocks_may_differ_by_the_skew_and_no_more(seconds: int, code: str | None) -> None:
    now = NOW + timedelta(seconds=seconds)
    if code is None:
        verify_response(unverified(), EXPECTED, now=now)
        return
    with pytest.raises(SamlError, match=code):
        verify_response(unverified(), EXPECTED, now=now)


def test_any_of_several_urls_audiences_and_certificates_will_do() -> None:
    several = replace(
        EXPECTED,
        acs_urls=("https://old.example/acs", *EXPECTED.acs_urls),
        audiences=("urn:old", *EXPECTED.audiences),
    )
    verify_response(unverified(), several, now=NOW)


def test_a_refusal_says_what_was_wanted_and_what_came() -> None:
    other = replace(EXPECTED, audiences=("urn:other",))
    with pytest.raises(SamlError) as refused:
        verify_response(unverified(), other, now=NOW)
    assert refused.value.code == "saml_audience_mismatch"
    assert refused.value.want == "urn:other"
    assert refused.value.got == "https://sso.example/saml/connection-1"


def test_the_identity_providers_own_words_reach_the_admin() -> None:
    folder = VECTORS / "bad" / "saml_status_not_success" / "status-without-assertion"
    with pytest.raises(SamlError) as refused:
        verify_response(read_response(form_field(folder)), EXPECTED, now=NOW)
    assert refused.value.got == (
        "urn:oasis:names:tc:SAML:2.0:status:Requester / "
        "urn:oasis:names:tc:SAML:2.0:status:AuthnFailed: not assigned"
    )


def test_private_keys_are_not_shown() -> None:
    assert "PRIVATE" not in repr(replace(EXPECTED, decryption_keys=("PRIVATE",)))


# Bounds and shapes -------------------------------------------------------------------------------


def refused(document: bytes, **expected: object) -> str:
    with pytest.raises(SamlError) as caught:
        found = read_response(b64encode(document).decode())
        verify_response(found, replace(EXPECTED, **expected), now=NOW)  # type: ignore[arg-type]
    return caught.value.code


def edited(old: bytes, new: bytes, name: str = "generic/assertion-signed") -> bytes:
    document = good_response(name)
    assert old in document
    return document.replace(old, new, 1)


def test_a_million_and_a_half_characters_are_decoded_and_one_more_is_not() -> None:
    field = b64encode(good_response("generic/assertion-signed")).decode()
    assert read_response(field.ljust(1_500_000)).response_id == "_response-1"
    with pytest.raises(SamlError, match="saml_too_large"):
        read_response(field.ljust(1_500_001))


@pytest.mark.parametrize("response_id", ["9", "_", "a-b.c", "é", "i" * 256])
def test_an_id_of_256_name_characters_is_read(response_id: str) -> None:
    document = edited(b'ID="_response-1"', f'ID="{response_id}"'.encode())
    found = read_response(b64encode(document).decode())
    assert found.response_id == response_id
    assert verify_response(found, EXPECTED, now=NOW).name_id == "alice@corp.example"


@pytest.mark.parametrize("attribute", ["", 'ID=""', 'ID="a b"', 'ID="a:b"', f'ID="{"i" * 257}"'])
def test_any_other_id_is_refused(attribute: str) -> None:
    assert refused(edited(b'ID="_response-1"', attribute.encode())) == "saml_structure_invalid"


@pytest.mark.parametrize(
    ("attribute", "code"),
    [
        ('Consent="urn:x"', None),
        ('xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:schemaLocation="a b"', None),
        ('Id="_x"', "saml_structure_invalid"),
        ('xml:id="_x"', "saml_structure_invalid"),
        ('xmlns:i="http://www.w3.org/2001/XMLSchema" i:ID="_x"', "saml_structure_invalid"),
        ('AssertionID="_x"', "saml_structure_invalid"),
        ('version="2.0"', "saml_structure_invalid"),
    ],
)
def test_a_response_has_the_attributes_of_the_schema_and_no_other(
    attribute: str, code: str | None
) -> None:
    document = edited(b'ID="_response-1"', f'ID="_response-1" {attribute}'.encode())
    if code is None:
        verify_response(read_response(b64encode(document).decode()), EXPECTED, now=NOW)
    else:
        assert refused(document) == code


def test_an_assertion_has_even_fewer() -> None:
    for attribute in (b'Consent="x"', b'InResponseTo="_request-1"', b'Destination="x"'):
        document = edited(b'ID="_assertion-1"', b'ID="_assertion-1" ' + attribute)
        assert refused(document) == "saml_structure_invalid"


SUCCESS = b'<samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/>'


@pytest.mark.parametrize(
    ("inside", "code", "got"),
    [
        (b"", "saml_structure_invalid", None),
        (b"<samlp:StatusMessage/>", "saml_structure_invalid", None),
        (SUCCESS + SUCCESS, "saml_structure_invalid", "StatusCode"),
        (b"<samlp:StatusDetail/>" + SUCCESS, "saml_structure_invalid", "StatusCode"),
        (b"<samlp:StatusCode/>", "saml_status_not_success", ""),
        (b'<samlp:StatusCode Value="urn:x"/>', "saml_status_not_success", "urn:x"),
        (
            b'<samlp:StatusCode Value="urn:x"><samlp:StatusCode Value="urn:y">'
            b"<samlp:StatusCode/></samlp:StatusCode></samlp:StatusCode>"
            b"<samlp:StatusMessage>not <b>you</b>!</samlp:StatusMessage><samlp:StatusDetail/>",
            "saml_status_not_success",
            "urn:x / urn:y / : not you!",
        ),
        (
            b'<samlp:StatusCode Value="urn:x"/><samlp:StatusDetail>no</samlp:StatusDetail>',
            "saml_status_not_success",
            "urn:x",
        ),
        # The code of the top decides, whatever stands inside.
        (
            b'<samlp:StatusCode Value="urn:x">' + SUCCESS + b"</samlp:StatusCode>",
            "saml_status_not_success",
            "urn:x / urn:oasis:names:tc:SAML:2.0:status:Success",
        ),
    ],
)
def test_only_a_status_of_success_is_one(inside: bytes, code: str, got: str | None) -> None:
    document = edited(SUCCESS, inside)
    with pytest.raises(SamlError) as caught:
        verify_response(read_response(b64encode(document).decode()), EXPECTED, now=NOW)
    assert (caught.value.code, caught.value.got or "") == (code, got or "")


def test_a_success_may_come_with_a_message_and_an_inner_code() -> None:
    inner = SUCCESS.replace(b"/>", b'><samlp:StatusCode Value="urn:y"/></samlp:StatusCode>')
    document = edited(SUCCESS, inner + b"<samlp:StatusMessage>hello</samlp:StatusMessage>")
    verify_response(read_response(b64encode(document).decode()), EXPECTED, now=NOW)


def test_a_response_without_a_status_is_refused() -> None:
    document = edited(b"<samlp:Status>" + SUCCESS + b"</samlp:Status>", b"")
    assert refused(document) == "saml_structure_invalid"


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        (b' Version="2.0"', b"", "saml_version_unsupported"),
        (b' Version="2.0"', b' Version="2.1"', "saml_version_unsupported"),
        (b' IssueInstant="2026-06-01T12:00:00Z"', b"", "saml_time_invalid"),
        (b'connection-1/acs"', b'connection-2/acs"', "saml_destination_mismatch"),
        (b'InResponseTo="_request-1"', b'InResponseTo="_request-2"', "saml_request_mismatch"),
        (b'InResponseTo="_request-1"', b'InResponseTo=""', "saml_request_mismatch"),
        (b"https://idp.example/metadata<", b"https://idp.example/other<", "saml_issuer_mismatch"),
    ],
)
def test_what_an_unsigned_envelope_says_can_only_refuse(old: bytes, new: bytes, code: str) -> None:
    assert refused(edited(old, new)) == code


def test_an_unsigned_envelope_may_keep_silent_about_where_it_goes() -> None:
    document = edited(b' Destination="https://sso.example/saml/connection-1/acs"', b"")
    verify_response(read_response(b64encode(document).decode()), EXPECTED, now=NOW)


def test_a_request_is_not_known_where_neither_envelope_nor_confirmation_names_one() -> None:
    bare = edited(b' InResponseTo="_request-1"', b"")
    assert b"InResponseTo" in bare
    found = read_response(b64encode(bare).decode())
    assert found.unverified_in_response_to == "_request-1"
    data = bare.index(b"<saml:SubjectConfirmationData")
    end = bare.index(b"/>", data) + 2
    found = read_response(b64encode(bare[:data] + bare[end:]).decode())
    assert found.unverified_in_response_to is None


def test_an_encrypted_response_that_keeps_silent_names_nobody() -> None:
    folder = VECTORS / "good" / "shibboleth" / "aes256-gcm"
    document = (folder / "response.xml").read_text()
    for pattern in (r' InResponseTo="[^"]*"', r"<saml2?:Issuer[^>]*>[^<]*</saml2?:Issuer>"):
        document = re.sub(pattern, "", document)
    found = read_response(b64encode(document.encode()).decode())
    assert (found.unverified_issuer, found.unverified_in_response_to) == (None, None)


@pytest.mark.parametrize(
    ("ends", "warnings"),
    [
        (NOW, ()),
        (NOW - timedelta(microseconds=1), ("signed with an expired certificate",)),
        (NOW + timedelta(microseconds=1), ()),
    ],
)
def test_a_certificate_that_has_ended_is_a_warning_from_the_next_moment_on(
    ends: datetime, warnings: tuple[str, ...]
) -> None:
    (pinned,) = EXPECTED.certificates
    expected = replace(EXPECTED, certificates=(replace(pinned, not_after=ends),))
    assert verify_response(unverified(), expected, now=NOW).warnings == warnings


def test_a_response_without_an_assertion_lets_nobody_in() -> None:
    document = good_response("generic/assertion-signed")
    start, end = document.index(b"<saml:Assertion "), document.index(b"</samlp:Response>")
    assert refused(document[:start] + document[end:]) == "saml_assertion_count"


def test_without_pinned_certificates_nothing_is_looked_at() -> None:
    assert refused(good_response("generic/assertion-signed"), certificates=()) == (
        "saml_certificate_missing"
    )


# Inside an encryption ----------------------------------------------------------------------------


def encrypted(assertion: str) -> bytes:
    """The good response around that assertion, encrypted for us by AES-GCM."""
    document = good_response("generic/assertion-signed").decode()
    before, _, rest = document.partition("<saml:Assertion ")
    after = rest.partition("</saml:Assertion>")[2]
    return (before + envelope(value(sealed(assertion.encode()))) + after).encode()


def signed_assertion(*edits: tuple[str, str], sign: bool = True) -> str:
    assertion = changed(*edits)
    if not sign:
        return assertion
    element_id = assertion.partition(' ID="')[2].partition('"')[0]
    key = read_private_key(key_pem("idp"))
    return sign_enveloped(assertion.encode(), element_id, key, None).decode()


KEYS: dict[str, Any] = {"decryption_keys": (key_pem("sp"),)}
ADVICE = ("<saml:AuthnStatement ", "<saml:Advice>{}</saml:Advice><saml:AuthnStatement ")
SAMLP = "urn:oasis:names:tc:SAML:2.0:protocol"
DS = "http://www.w3.org/2000/09/xmldsig#"


def advised(inside: str) -> tuple[str, str]:
    return ADVICE[0], ADVICE[1].format(inside)


def test_a_signed_assertion_inside_an_encryption_is_believed() -> None:
    document = encrypted(signed_assertion(advised("<saml:AssertionIDRef>_x</saml:AssertionIDRef>")))
    found = verify_response(
        read_response(b64encode(document).decode()), replace(EXPECTED, **KEYS), now=NOW
    )
    assert (found.name_id, found.signed, found.encrypted) == (
        "alice@corp.example",
        "assertion",
        True,
    )


@pytest.mark.parametrize(
    ("assertion", "code"),
    [
        (signed_assertion(sign=False), "saml_signature_missing"),
        (signed_assertion(advised(f'<p:Response xmlns:p="{SAMLP}"/>')), "saml_assertion_count"),
        (signed_assertion(advised("<saml:Assertion/>")), "saml_assertion_count"),
        (signed_assertion(advised("<saml:EncryptedAssertion/>")), "saml_assertion_count"),
        (
            signed_assertion(advised(f'<d:Signature xmlns:d="{DS}"/>')),
            "saml_signature_malformed",
        ),
        (
            signed_assertion(advised(f'<d:Signature xmlns:d="{DS}"/>'), sign=False),
            "saml_signature_malformed",
        ),
        (signed_assertion(("_assertion-1", "_response-1")), "saml_id_duplicate"),
        (
            signed_assertion((' Version="2.0"', ' Version="2.0" Id="_x"')),
            "saml_structure_invalid",
        ),
        (signed_assertion((' ID="_assertion-1"', ' ID="a b"')), "saml_structure_invalid"),
        (signed_assertion(("alice@", "<!-- -->alice@"), sign=False), "saml_decryption_failed"),
        ("<saml:Assertion", "saml_decryption_failed"),
        ("", "saml_decryption_failed"),
        (
            signed_assertion().replace("alice@corp.example<", "eve@corp.example<"),
            "saml_digest_mismatch",
        ),
    ],
)
def test_whatever_hides_inside_an_encryption_is_refused(assertion: str, code: str) -> None:
    assert refused(encrypted(assertion), **KEYS) == code


def test_a_signature_in_another_place_inside_an_encryption_is_refused() -> None:
    signed = signed_assertion()
    start, end = signed.index("<ds:Signature "), signed.index("</ds:Signature>") + 15
    moved = signed[:start] + signed[end:]
    moved = moved.replace("<saml:Conditions ", signed[start:end] + "<saml:Conditions ")
    assert refused(encrypted(moved), **KEYS) == "saml_structure_invalid"


def test_without_the_right_key_an_encryption_stays_closed() -> None:
    for keys in ((), (key_pem("sp-next"),)):
        found = refused(encrypted(signed_assertion()), decryption_keys=keys)
        assert found == "saml_decryption_failed"


def test_what_the_envelope_claims_comes_before_what_the_assertion_claims() -> None:
    """They only find the stored request; whoever lies here is refused once it is judged."""
    lying = edited(b'InResponseTo="_request-1"', b'InResponseTo="_a"')
    told = read_response(b64encode(lying).decode())
    assert told.unverified_in_response_to == "_a"
