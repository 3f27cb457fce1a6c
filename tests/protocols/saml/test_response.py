"""What a response says of itself before, and what we know of it after verification.

The many ways to refuse are vectors; here stand the rules that need more than one document.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from protocols.saml.material import NOW, VECTORS, good_response
from protocols.saml.test_vectors import expectations, form_field, load
from vestibule.errors import SamlError
from vestibule.protocols.saml import UnverifiedResponse, read_response, verify_response

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
