"""One assertion at its bounds: every time on both sides, every part there, missing and twice.

Each test changes the plainest assertion in one place and has it signed again by the identity
provider, so that nothing but the judgement of the assertion can refuse it.
"""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest

from protocols.saml.material import NOW, VECTORS, certificate, good_response, key_pem
from protocols.saml.test_vectors import expectations, load
from vestibule.errors import SamlError
from vestibule.protocols.saml import (
    VerifiedAssertion,
    read_private_key,
    read_response,
    sign_enveloped,
    values_by_name,
    verify_response,
)
from vestibule.protocols.saml.assertion import judge_assertion
from vestibule.protocols.saml.xml import parse

PLAIN = VECTORS / "good" / "generic" / "assertion-signed"
EXPECTED = expectations(load(PLAIN))
SKEW = EXPECTED.clock_skew
AUDIENCE = "https://sso.example/saml/connection-1"
DATA = re.compile(r"<saml:SubjectConfirmationData [^>]*/>")


@cache
def parts() -> tuple[str, str, str]:
    """What stands before the assertion, the assertion without its signature, and the rest."""
    document = good_response("generic/assertion-signed").decode()
    found = re.fullmatch(r"(.*)(<saml:Assertion .*</saml:Assertion>)(.*)", document, re.DOTALL)
    assert found is not None
    before, assertion, after = found.groups()
    return before, re.sub(r"<ds:Signature.*</ds:Signature>", "", assertion, flags=re.DOTALL), after


def changed(*edits: tuple[str, str]) -> str:
    assertion = parts()[1]
    for old, new in edits:
        assert old in assertion
        assertion = assertion.replace(old, new)
    return assertion


def judge(*edits: tuple[str, str], **expected: Any) -> VerifiedAssertion:
    now = expected.pop("now", NOW)
    before, _, after = parts()
    key = read_private_key(key_pem("idp"))
    assertion = sign_enveloped(changed(*edits).encode(), "_assertion-1", key, None)
    document = before.encode() + assertion + after.encode()
    unverified = read_response(b64encode(document).decode())
    return verify_response(unverified, replace(EXPECTED, **expected), now=now)


def code_of(*edits: tuple[str, str], **expected: Any) -> str:
    with pytest.raises(SamlError) as refused:
        judge(*edits, **expected)
    return refused.value.code


def stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def test_an_assertion_that_is_signed_again_is_the_same() -> None:
    found = judge()
    assert found == VerifiedAssertion(
        assertion_id="_assertion-1",
        issuer="https://idp.example/metadata",
        name_id="alice@corp.example",
        name_id_format="urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",
        session_index="_session-1",
        session_not_on_or_after=datetime(2026, 6, 1, 20, tzinfo=UTC),
        authn_instant=datetime(2026, 6, 1, 11, 59, tzinfo=UTC),
        authn_context="urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport",
        attributes={
            "email": ("alice@corp.example",),
            "firstName": ("Alice",),
            "lastName": ("Liddell",),
            "groups": ("engineering", "on-call"),
        },
        friendly_names={},
        replay_until=NOW + timedelta(minutes=7),
        recipient="https://sso.example/saml/connection-1/acs",
        audiences=((AUDIENCE,),),
        signed_by=(certificate("idp").fingerprint_sha256,),
        signed="assertion",
        encrypted=False,
        warnings=(),
    )


# --- times ---------------------------------------------------------------------------------------

TICK = timedelta(microseconds=1)
NOT_BEFORE = 'NotBefore="2026-06-01T11:59:30Z"'
CONDITIONS_END = 'NotOnOrAfter="2026-06-01T12:05:00Z">'
BEARER_END = 'NotOnOrAfter="2026-06-01T12:05:00Z" Recipient'
SESSION_END = 'SessionNotOnOrAfter="2026-06-01T20:00:00Z"'


@pytest.mark.parametrize(
    ("old", "new", "good", "bad", "code"),
    [
        (NOT_BEFORE, 'NotBefore="{}"', NOW + SKEW, NOW + SKEW + TICK, "saml_not_yet_valid"),
        (CONDITIONS_END, 'NotOnOrAfter="{}">', NOW - SKEW + TICK, NOW - SKEW, "saml_expired"),
        (
            BEARER_END,
            'NotOnOrAfter="{}" Recipient',
            NOW - SKEW + TICK,
            NOW - SKEW,
            "saml_subject_expired",
        ),
        (
            SESSION_END,
            'SessionNotOnOrAfter="{}"',
            NOW - SKEW + TICK,
            NOW - SKEW,
            "saml_session_expired",
        ),
    ],
)
def test_every_time_counts_to_the_microsecond(
    old: str, new: str, good: datetime, bad: datetime, code: str
) -> None:
    judge((old, new.format(stamp(good))))
    assert code_of((old, new.format(stamp(bad)))) == code


@pytest.mark.parametrize("minutes", [0, 10])
def test_another_skew_is_kept_as_exactly(minutes: int) -> None:
    skew = timedelta(minutes=minutes)
    late = NOW + timedelta(minutes=5) + skew
    judge(now=late - TICK, clock_skew=skew)
    assert code_of(now=late, clock_skew=skew) == "saml_subject_expired"
    assert judge(clock_skew=skew).replay_until == late


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (' IssueInstant="2026-06-01T12:00:00Z"', ""),
        (' IssueInstant="2026-06-01T12:00:00Z"', ' IssueInstant="now"'),
        (NOT_BEFORE, 'NotBefore=""'),
        (CONDITIONS_END, 'NotOnOrAfter="">'),
        (BEARER_END, "Recipient"),
        (SESSION_END, 'SessionNotOnOrAfter=""'),
        ('AuthnInstant="2026-06-01T11:59:00Z"', ""),
        ('AuthnInstant="2026-06-01T11:59:00Z"', 'AuthnInstant="1780315140"'),
    ],
)
def test_a_time_that_cannot_be_read_is_refused(old: str, new: str) -> None:
    assert code_of((old, new)) == "saml_time_invalid"


def test_conditions_may_leave_their_times_out_and_a_session_its_end() -> None:
    assert judge((NOT_BEFORE, ""), (" " + CONDITIONS_END, ">")).audiences == ((AUDIENCE,),)
    assert judge((SESSION_END, "")).session_not_on_or_after is None


# --- the sign-in ---------------------------------------------------------------------------------

LOGIN = re.compile(r"<saml:AuthnStatement .*</saml:AuthnStatement>")


def login() -> str:
    found = LOGIN.search(parts()[1])
    assert found is not None
    return found.group()


def test_of_several_sign_ins_the_first_is_told_and_the_earliest_end_counts() -> None:
    second = (
        login()
        .replace("_session-1", "_session-2")
        .replace("T20:", "T13:")
        .replace("T11:59", "T11:00")
    )
    for both, index in ((login() + second, "_session-1"), (second + login(), "_session-2")):
        found = judge((login(), both))
        assert found.session_index == index
        assert found.session_not_on_or_after == datetime(2026, 6, 1, 13, tzinfo=UTC)
    ended = second.replace("T13:", "T11:")
    assert code_of((login(), login() + ended)) == "saml_session_expired"
    assert code_of((login(), ended + login())) == "saml_session_expired"


def test_without_a_sign_in_there_is_nothing_to_believe() -> None:
    assert code_of((login(), "")) == "saml_authn_statement_missing"


def test_a_sign_in_may_name_no_context_and_no_session() -> None:
    bare = '<saml:AuthnStatement AuthnInstant="2026-06-01T11:59:00Z"/>'
    found = judge((login(), bare))
    assert (found.authn_context, found.session_index) == (None, None)
    other = bare.replace(
        "/>",
        "><saml:SubjectLocality/><saml:AuthnContext><saml:AuthnContextDecl/>"
        "</saml:AuthnContext></saml:AuthnStatement>",
    )
    assert judge((login(), other)).authn_context is None


def test_a_decision_about_authorization_is_put_up_with_and_not_read() -> None:
    decision = "<saml:AuthzDecisionStatement/>"
    assert judge((login(), decision + login())) == judge()


# --- subject -------------------------------------------------------------------------------------

SUBJECT = re.compile(r"<saml:Subject>.*</saml:Subject>")
NAME = re.compile(r"<saml:NameID .*</saml:NameID>")


def part(pattern: re.Pattern[str]) -> str:
    found = pattern.search(parts()[1])
    assert found is not None
    return found.group()


@pytest.mark.parametrize(
    "name",
    [
        "",
        "<saml:NameID/>",
        "<saml:NameID> \n\t</saml:NameID>",
        "<saml:BaseID/>",
    ],
)
def test_a_subject_without_a_name_is_refused(name: str) -> None:
    assert code_of((part(NAME), name)) == "saml_name_id_missing"


def test_an_assertion_without_a_subject_names_nobody() -> None:
    assert code_of((part(SUBJECT), "")) == "saml_name_id_missing"
    assert code_of((part(SUBJECT), "<saml:Subject/>")) == "saml_name_id_missing"


def test_a_name_with_markup_in_it_is_refused() -> None:
    assert code_of(("alice@corp", "alice<saml:b/>@corp")) == "saml_value_invalid"


def test_two_names_are_refused() -> None:
    assert code_of((part(NAME), part(NAME) * 2)) == "saml_structure_invalid"


def confirmation(**changes: str | None) -> str:
    method = changes.pop("Method", "urn:oasis:names:tc:SAML:2.0:cm:bearer")
    every = {
        "NotOnOrAfter": "2026-06-01T12:05:00Z",
        "Recipient": "https://sso.example/saml/connection-1/acs",
        "InResponseTo": "_request-1",
        **changes,
    }
    data = " ".join(f'{name}="{value}"' for name, value in every.items() if value is not None)
    return (
        f'<saml:SubjectConfirmation Method="{method}"><saml:SubjectConfirmationData {data}/>'
        "</saml:SubjectConfirmation>"
    )


CONFIRMATION = re.compile(r"<saml:SubjectConfirmation .*</saml:SubjectConfirmation>")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"Recipient": None}, "saml_recipient_mismatch"),
        ({"Recipient": ""}, "saml_recipient_mismatch"),
        ({"Recipient": "https://sso.example/saml/connection-1/acs/"}, "saml_recipient_mismatch"),
        ({"NotBefore": "2026-06-01T11:00:00Z"}, "saml_subject_confirmation_missing"),
        ({"NotOnOrAfter": None}, "saml_time_invalid"),
        ({"InResponseTo": None}, "saml_request_mismatch"),
        ({"InResponseTo": "_request-2"}, "saml_request_mismatch"),
        (
            {"Method": "urn:oasis:names:tc:SAML:2.0:cm:sender-vouches"},
            "saml_subject_confirmation_missing",
        ),
        ({"Method": "URN:OASIS:NAMES:TC:SAML:2.0:CM:BEARER"}, "saml_subject_confirmation_missing"),
    ],
)
def test_one_confirmation_must_hold_in_everything(
    changes: dict[str, str | None], code: str
) -> None:
    wrong = confirmation(**changes)
    assert code_of((part(CONFIRMATION), wrong)) == code
    # Beside one that holds it does no harm, wherever it stands.
    for both in (wrong + confirmation(), confirmation() + wrong):
        assert judge((part(CONFIRMATION), both)).recipient == EXPECTED.acs_urls[0]


def test_two_halves_of_a_confirmation_are_no_whole_one() -> None:
    halves = confirmation(Recipient="https://other.example/") + confirmation(InResponseTo="_other")
    # What is told is what was wrong with the first.
    assert code_of((part(CONFIRMATION), halves)) == "saml_recipient_mismatch"


@pytest.mark.parametrize(
    "empty",
    [
        "",
        '<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"/>',
        '<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">'
        "<saml:NameID>x</saml:NameID></saml:SubjectConfirmation>",
    ],
)
def test_a_confirmation_without_data_confirms_nothing(empty: str) -> None:
    assert code_of((part(CONFIRMATION), empty)) == "saml_subject_confirmation_missing"


def test_the_first_recipient_that_holds_is_told_and_the_last_end_is_remembered() -> None:
    urls = (*EXPECTED.acs_urls, "https://b.example/")
    first = confirmation(Recipient=urls[1], NotOnOrAfter="2026-06-01T12:09:00Z")
    second = confirmation(Recipient=urls[0], NotOnOrAfter="2026-06-01T12:04:00Z")
    for both, recipient in ((first + second, urls[1]), (second + first, urls[0])):
        found = judge((part(CONFIRMATION), both), acs_urls=urls)
        assert found.recipient == recipient
        assert found.replay_until == NOW + timedelta(minutes=9) + SKEW


def test_an_end_that_could_be_used_elsewhere_is_remembered_too() -> None:
    wrong = confirmation(InResponseTo="_other", NotOnOrAfter="2026-06-01T12:30:00Z")
    for both in (wrong + confirmation(), confirmation() + wrong):
        found = judge((part(CONFIRMATION), both))
        assert found.replay_until == NOW + timedelta(minutes=30) + SKEW


# --- issuer, conditions, attributes --------------------------------------------------------------

ISSUER = "<saml:Issuer>https://idp.example/metadata</saml:Issuer>"


@pytest.mark.parametrize(
    ("issuer", "code"),
    [
        ("<saml:Issuer>https://idp.example/metadata/</saml:Issuer>", "saml_issuer_mismatch"),
        ("<saml:Issuer/>", "saml_issuer_mismatch"),
        (
            '<saml:Issuer Format="urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress">'
            "https://idp.example/metadata</saml:Issuer>",
            "saml_issuer_mismatch",
        ),
        (
            '<saml:Issuer Format="">https://idp.example/metadata</saml:Issuer>',
            "saml_issuer_mismatch",
        ),
        (
            '<saml:Issuer Format="urn:oasis:names:tc:SAML:2.0:nameid-format:entity">\n'
            "https://idp.example/metadata </saml:Issuer>",
            None,
        ),
    ],
)
def test_the_issuer_is_the_pinned_entity_and_nothing_like_it(issuer: str, code: str | None) -> None:
    if code is None:
        assert judge((ISSUER, issuer)).issuer == "https://idp.example/metadata"
    else:
        assert code_of((ISSUER, issuer)) == code


RESTRICTION = re.compile(r"<saml:AudienceRestriction>.*</saml:AudienceRestriction>")


def restriction(*audiences: str) -> str:
    inside = "".join(f"<saml:Audience>{audience}</saml:Audience>" for audience in audiences)
    return f"<saml:AudienceRestriction>{inside}</saml:AudienceRestriction>"


@pytest.mark.parametrize(
    ("conditions", "code"),
    [
        (restriction(), "saml_audience_mismatch"),
        (restriction(""), "saml_audience_mismatch"),
        (restriction("urn:other"), "saml_audience_mismatch"),
        (restriction(AUDIENCE) + restriction("urn:other"), "saml_audience_mismatch"),
        (restriction("urn:other") + restriction(AUDIENCE), "saml_audience_mismatch"),
        ("<saml:OneTimeUse/>", "saml_audience_missing"),
        ("<saml:ProxyRestriction/>", "saml_audience_missing"),
        ("", "saml_audience_missing"),
        (restriction(AUDIENCE) + "<saml:Condition/>", "saml_condition_unknown"),
        (
            f"<saml:AudienceRestriction><saml:Issuer>{AUDIENCE}</saml:Issuer>"
            "</saml:AudienceRestriction>",
            "saml_structure_invalid",
        ),
    ],
)
def test_conditions_that_are_not_all_met_are_refused(conditions: str, code: str) -> None:
    assert code_of((part(RESTRICTION), conditions)) == code


def test_every_restriction_is_handed_on_with_all_its_audiences() -> None:
    both = restriction("urn:other", AUDIENCE) + "<saml:OneTimeUse/>" + restriction(AUDIENCE)
    found = judge((part(RESTRICTION), both))
    assert found.audiences == (("urn:other", AUDIENCE), (AUDIENCE,))


def test_an_assertion_without_conditions_is_refused() -> None:
    conditions = re.compile(r"<saml:Conditions .*</saml:Conditions>")
    assert code_of((part(conditions), "")) == "saml_audience_missing"


ATTRIBUTES = re.compile(r"<saml:AttributeStatement>.*</saml:AttributeStatement>")
XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'


def attributes(inside: str) -> VerifiedAssertion:
    statement = f"<saml:AttributeStatement>{inside}</saml:AttributeStatement>"
    return judge((part(ATTRIBUTES), statement))


def test_values_come_in_document_order_and_a_name_that_comes_again_adds_to_them() -> None:
    found = attributes(
        '<saml:Attribute Name="a" FriendlyName="first"><saml:AttributeValue>1</saml:AttributeValue>'
        "<saml:AttributeValue> 2\n</saml:AttributeValue></saml:Attribute>"
        '<saml:Attribute Name="b"><saml:AttributeValue>3</saml:AttributeValue></saml:Attribute>'
        '<saml:Attribute Name="a" FriendlyName="later"><saml:AttributeValue>4'
        "</saml:AttributeValue></saml:Attribute>"
    )
    assert found.attributes == {"a": ("1", "2", "4"), "b": ("3",)}
    assert found.friendly_names == {"a": "first"}
    assert values_by_name(found.attributes) == {"a": ["1", "2", "4"], "b": "3"}


def test_statements_add_up_and_one_without_values_names_nothing() -> None:
    one = '<saml:Attribute Name="a"><saml:AttributeValue>1</saml:AttributeValue></saml:Attribute>'
    two = '<saml:Attribute Name="n" FriendlyName="none"/>' + one.replace(">1<", ">2<")
    found = attributes(f"{one}</saml:AttributeStatement><saml:AttributeStatement>{two}")
    assert found.attributes == {"a": ("1", "2")}
    assert found.friendly_names == {}


@pytest.mark.parametrize(
    ("value", "values"),
    [
        ("<saml:AttributeValue/>", ("",)),
        ("<saml:AttributeValue> </saml:AttributeValue>", ("",)),
        ("<saml:AttributeValue>\u00a0x\u2003</saml:AttributeValue>", ("\u00a0x\u2003",)),
        (f'<saml:AttributeValue {XSI} xsi:nil="false"/>', ("",)),
        (f'<saml:AttributeValue {XSI} xsi:nil="true"/>', None),
        (f'<saml:AttributeValue {XSI} xsi:nil="1"/>', None),
        ('<saml:AttributeValue nil="true"/>', ("",)),
        (f'<saml:AttributeValue {XSI} xsi:nil="1">x</saml:AttributeValue>', ("x",)),
        (
            "<saml:AttributeValue> <saml:NameID>id</saml:NameID>\n</saml:AttributeValue>",
            ("id",),
        ),
    ],
)
def test_a_value_that_is_nil_is_none_and_an_empty_one_is_a_value(
    value: str, values: tuple[str, ...] | None
) -> None:
    found = attributes(f'<saml:Attribute Name="a">{value}</saml:Attribute>').attributes
    assert found == ({} if values is None else {"a": values})


@pytest.mark.parametrize(
    ("inside", "code"),
    [
        ("<saml:Attribute/>", "saml_structure_invalid"),
        ('<saml:Attribute Name=""/>', "saml_structure_invalid"),
        ("<saml:AttributeValue>x</saml:AttributeValue>", "saml_structure_invalid"),
        ('<saml:Attribute Name="a"><saml:Audience/></saml:Attribute>', "saml_structure_invalid"),
        (
            '<saml:Attribute Name="a"><saml:AttributeValue>x<b/></saml:AttributeValue>'
            "</saml:Attribute>",
            "saml_value_invalid",
        ),
        (
            '<saml:Attribute Name="a"><saml:AttributeValue>x<saml:NameID>id</saml:NameID>'
            "</saml:AttributeValue></saml:Attribute>",
            "saml_value_invalid",
        ),
        (
            '<saml:Attribute Name="a"><saml:AttributeValue><saml:NameID>id</saml:NameID>x'
            "</saml:AttributeValue></saml:Attribute>",
            "saml_value_invalid",
        ),
        (
            '<saml:Attribute Name="a"><saml:AttributeValue>\u00a0<saml:NameID>id</saml:NameID>'
            "</saml:AttributeValue></saml:Attribute>",
            "saml_value_invalid",
        ),
        (
            '<saml:Attribute Name="a"><saml:AttributeValue><saml:NameID>id</saml:NameID>'
            "<saml:NameID>id</saml:NameID></saml:AttributeValue></saml:Attribute>",
            "saml_value_invalid",
        ),
    ],
)
def test_attributes_of_another_shape_are_refused(inside: str, code: str) -> None:
    with pytest.raises(SamlError) as refused:
        attributes(inside)
    assert refused.value.code == code


def test_an_assertion_of_another_version_is_refused() -> None:
    assert code_of(('Version="2.0"', 'Version="1.1"')) == "saml_version_unsupported"
    assert code_of((' Version="2.0"', "")) == "saml_version_unsupported"


def test_nothing_but_an_assertion_is_judged() -> None:
    with pytest.raises(SamlError, match="saml_structure_invalid"):
        judge_assertion(
            parse(b'<Assertion Version="2.0"/>'),
            EXPECTED,
            now=NOW,
            decrypt=lambda element, _: element,
            signed="assertion",
            signed_by=(),
            encrypted=False,
            warnings=(),
        )


def test_the_qualifiers_of_a_name_are_kept_because_a_logout_repeats_them() -> None:
    qualified = judge(
        ("<saml:NameID ", '<saml:NameID NameQualifier="urn:idp" SPNameQualifier="urn:sp" ')
    )
    assert (qualified.name_qualifier, qualified.sp_name_qualifier) == ("urn:idp", "urn:sp")
    assert (judge().name_qualifier, judge().sp_name_qualifier) == ("", "")
