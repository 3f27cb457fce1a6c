"""ForceAuthn and RequestedAuthnContext are words in a request that the browser carries: whoever
takes them out on the way must not profit, so the answer is held to them."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from protocols.saml.material import NOW, cert_pem, good_response, key_pem
from protocols.saml.test_response import EXPECTED, unverified
from vestibule.errors import SamlError
from vestibule.protocols.saml import (
    UnverifiedResponse,
    read_private_key,
    read_response,
    sign_enveloped,
    verify_response,
)

CLASSES = "urn:oasis:names:tc:SAML:2.0:ac:classes:"
PASSWORD = f"{CLASSES}PasswordProtectedTransport"
# What the vector says of the sign-in at the identity provider.
SIGNED_IN = NOW - timedelta(minutes=1)
SKEW = timedelta(minutes=2)


def signed_again(old: str, new: str) -> UnverifiedResponse:
    """The plain vector with one thing changed by the identity provider itself."""
    text = good_response("generic/assertion-signed").decode()
    bare = re.sub(r"<(\w+:)?Signature\b.*?</(\w+:)?Signature>", "", text, flags=re.S)
    assert bare.count(old) == 1
    document = bare.replace(old, new).encode()
    signer = read_private_key(key_pem("idp"))
    signed = sign_enveloped(document, "_assertion-1", signer, cert_pem("idp"))
    return read_response(b64encode(signed).decode())


@pytest.mark.parametrize(
    ("after", "accepted"),
    [
        (SIGNED_IN, True),
        (SIGNED_IN + SKEW, True),
        (SIGNED_IN + SKEW + timedelta(microseconds=1), False),
        (SIGNED_IN + timedelta(hours=8), False),
        (None, True),
    ],
)
def test_a_sign_in_before_the_one_that_was_asked_for_is_refused(
    after: datetime | None, accepted: bool
) -> None:
    """Whoever takes ForceAuthn out of the request of a browser that somebody left signed in."""
    expected = replace(EXPECTED, authenticated_after=after)
    if accepted:
        assert verify_response(unverified(), expected, now=NOW).authn_instant == SIGNED_IN
        return
    with pytest.raises(SamlError) as refused:
        verify_response(unverified(), expected, now=NOW)
    assert refused.value.code == "saml_authn_too_old"
    assert refused.value.want == f"not before {after}"
    assert refused.value.got == str(SIGNED_IN)


@pytest.mark.parametrize(
    ("asked", "accepted"),
    [
        ((PASSWORD,), True),
        ((f"{CLASSES}X509", PASSWORD), True),
        ((), True),
        ((f"{CLASSES}X509",), False),
        # Compared to the letter: neither prefixes nor case nor white space count.
        ((CLASSES,), False),
        ((f"{PASSWORD}Extra",), False),
        ((PASSWORD.lower(),), False),
        ((f"{PASSWORD} {CLASSES}X509",), False),
    ],
)
def test_a_class_that_was_not_asked_for_is_refused(asked: tuple[str, ...], accepted: bool) -> None:
    """Whoever has only a password where the connection asks for a second factor."""
    expected = replace(EXPECTED, authn_contexts=asked)
    if accepted:
        assert verify_response(unverified(), expected, now=NOW).authn_context == PASSWORD
        return
    with pytest.raises(SamlError) as refused:
        verify_response(unverified(), expected, now=NOW)
    assert refused.value.code == "saml_authn_context_mismatch"
    assert refused.value.want == " or ".join(asked)
    assert refused.value.got == PASSWORD


REFERENCE = f"<saml:AuthnContextClassRef>{PASSWORD}</saml:AuthnContextClassRef>"


def test_an_answer_that_names_no_class_is_none_of_those_asked_for() -> None:
    silent = signed_again(REFERENCE, "<saml:AuthnContextDeclRef>urn:x</saml:AuthnContextDeclRef>")
    assert verify_response(silent, EXPECTED, now=NOW).authn_context is None
    with pytest.raises(SamlError) as refused:
        verify_response(silent, replace(EXPECTED, authn_contexts=(PASSWORD,)), now=NOW)
    assert (refused.value.code, refused.value.got) == ("saml_authn_context_mismatch", "none")


def test_two_classes_in_one_answer_are_refused() -> None:
    """A password and a certificate at once: whichever is read, the other one was the truth."""
    both = signed_again(REFERENCE, REFERENCE + REFERENCE.replace(PASSWORD, f"{CLASSES}X509"))
    with pytest.raises(SamlError, match="saml_structure_invalid"):
        verify_response(both, EXPECTED, now=NOW)


def test_the_second_statement_cannot_make_up_for_the_first() -> None:
    """What is judged is what is read: the first statement, the one that the login keeps."""
    old = re.search(
        r"<saml:AuthnStatement.*</saml:AuthnStatement>",
        good_response("generic/assertion-signed").decode(), re.S,
    )  # fmt: skip
    assert old is not None
    stronger = old[0].replace(PASSWORD, f"{CLASSES}X509")
    two = signed_again(old[0], old[0] + stronger)
    with pytest.raises(SamlError, match="saml_authn_context_mismatch"):
        verify_response(two, replace(EXPECTED, authn_contexts=(f"{CLASSES}X509",)), now=NOW)
