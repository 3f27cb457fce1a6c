"""True signatures under assertions that are not for us, not now, or not for this sign-in."""

from __future__ import annotations

import re
from collections.abc import Iterator

from faults import PROFILES, Row, bad, changed, honest
from forge import ACS, IDP, REQUEST, SAML, SP, assertion, encrypt, response, sign, stamp


def cases() -> Iterator[Row]:
    for part in (
        envelope,
        times,
        confirmations,
        conditions,
        statements,
    ):
        yield from part()


def envelope() -> Iterator[Row]:
    core = "SAML Core §3.2.2"
    other = "https://other.example/idp"
    wrong = "saml_issuer_mismatch"
    yield bad(
        wrong,
        "assertion-issuer",
        sign(response(assertion(issuer=other))),
        "another identity provider's assertion",
        PROFILES,
    )
    yield bad(
        wrong,
        "response-issuer",
        sign(response(issuer=other)),
        "response and assertion disagree",
        PROFILES,
    )
    yield bad(
        wrong,
        "issuer-with-trailing-slash",
        sign(response(assertion(issuer=IDP + "/"))),
        "exact strings",
        PROFILES,
    )
    yield bad(
        wrong,
        "issuer-in-other-case",
        sign(response(assertion(issuer=IDP.upper()))),
        "exact strings",
        PROFILES,
    )
    yield bad(
        wrong,
        "issuer-with-no-break-space",
        sign(response(assertion(issuer=IDP + "\u00a0"))),
        "U+00A0 is no white space",
        PROFILES,
    )
    yield bad(
        wrong,
        "no-assertion-issuer",
        sign(changed(response(), f"<saml:Issuer>{IDP}</saml:Issuer>@SIG-A@", "@SIG-A@")),
        "an assertion has an Issuer",
        PROFILES,
    )
    yield bad(
        wrong,
        "issuer-format",
        sign(
            changed(
                response(),
                f"<saml:Issuer>{IDP}</saml:Issuer>@SIG-A@",
                f'<saml:Issuer Format="urn:x">{IDP}</saml:Issuer>@SIG-A@',
            )
        ),
        "the name of an entity, and no other name",
        "SAML Core §2.2.5",
    )
    wrong = "saml_destination_mismatch"
    for name, url in (
        ("other", "https://evil.example/acs"),
        ("prefix", ACS + ".evil.example"),
        ("shorter", ACS[:-1]),
        ("query", ACS + "?x"),
        ("case", ACS.upper()),
        ("empty", " "),
    ):
        yield bad(
            wrong, f"destination-{name}", sign(response(destination=url)), "exact strings", core
        )
    yield bad(
        wrong,
        "signed-response-without-destination",
        sign(response(destination=None), "R"),
        "a signed response says where it was sent",
        "SAML Bindings §3.5.5.2",
    )
    yield bad(
        "saml_version_unsupported",
        "response-version-1-1",
        changed(honest(), 'Version="2.0"', 'Version="1.1"'),
        "2.0",
        core,
    )
    yield bad(
        "saml_version_unsupported",
        "assertion-version-2-1",
        sign(
            changed(
                response(), 'ID="_assertion-1" Version="2.0"', 'ID="_assertion-1" Version="2.1"'
            )
        ),
        "2.0",
        core,
    )
    failed = "saml_status_not_success"
    status = "urn:oasis:names:tc:SAML:2.0:status:"
    yield bad(
        failed,
        "status-responder-with-an-assertion",
        sign(response(status=status + "Responder")),
        "no success, no sign-in",
        "SAML Core §3.2.2.2",
    )
    yield bad(
        failed,
        "status-responder-signed",
        sign(response(status=status + "Responder"), "R"),
        "the status of the signed tree",
        "SAML Core §3.2.2.2",
    )
    yield bad(
        failed,
        "status-without-assertion",
        response("", status=status + "Requester").replace(
            "/></samlp:Status>",
            f'><samlp:StatusCode Value="{status}AuthnFailed"/></samlp:StatusCode>'
            "<samlp:StatusMessage>not assigned</samlp:StatusMessage></samlp:Status>",
        ),
        "the usual refusal of an identity provider",
        "SAML Core §3.2.2.2",
    )
    yield bad(
        failed,
        "status-success-nested-in-failure",
        sign(
            response(status=status + "Responder").replace(
                "/></samlp:Status>",
                f'><samlp:StatusCode Value="{status}Success"/></samlp:StatusCode></samlp:Status>',
            )
        ),
        "only the outer code counts",
        "SAML Core §3.2.2.2",
    )
    yield bad(
        failed,
        "status-with-a-suffix",
        sign(response(status=status + "Success ")),
        "exact strings",
        "SAML Core §3.2.2.2",
    )
    wrong = "saml_request_mismatch"
    yield bad(
        wrong,
        "response-answers-another-request",
        sign(response(in_response_to="_request-2")),
        "another sign-in",
        PROFILES,
    )
    yield bad(
        "saml_unsolicited",
        "response-answers-a-request-we-do-not-know",
        sign(response(assertion(in_response_to=None))),
        "InResponseTo where nothing was asked",
        "SAML Profiles §4.1.5",
        request_id=None,
    )
    yield bad(
        "saml_unsolicited",
        "confirmation-answers-a-request-we-do-not-know",
        sign(response(in_response_to=None)),
        "the stripped envelope of somebody else's sign-in",
        "SAML Profiles §4.1.5",
        request_id=None,
    )


def times() -> Iterator[Row]:
    core = "SAML Core §2.5.1.2"
    yield bad(
        "saml_expired",
        "conditions-expired",
        sign(
            changed(
                response(),
                f'NotBefore="{stamp(-0.5)}" NotOnOrAfter="{stamp(5)}"',
                f'NotBefore="{stamp(-30)}" NotOnOrAfter="{stamp(-2)}"',
            )
        ),
        "two minutes of skew and not a second more",
        core,
    )
    yield bad(
        "saml_not_yet_valid",
        "conditions-not-yet-valid",
        sign(changed(response(), f'NotBefore="{stamp(-0.5)}"', f'NotBefore="{stamp(2.1)}"')),
        "two minutes of skew and not six seconds more",
        core,
    )
    yield bad(
        "saml_subject_expired",
        "confirmation-expired",
        sign(
            changed(
                response(),
                f'NotOnOrAfter="{stamp(5)}" Recipient',
                f'NotOnOrAfter="{stamp(-2)}" Recipient',
            )
        ),
        "two minutes of skew and not a second more",
        PROFILES,
    )
    yield bad(
        "saml_session_expired",
        "session-ended",
        sign(response(assertion(session_end=-3))),
        "the identity provider's session is over",
        "SAML Core §2.7.2",
    )
    for name, text in {
        "offset": "2026-06-01T14:05:00+02:00",
        "no-zone": "2026-06-01T12:05:00",
        "date-only": "2026-06-01",
        "seconds-61": "2026-06-01T12:05:61Z",
        "arabic-digits": "\u0662\u0660\u0662\u0666-06-01T12:05:00Z",
        "lower-case": "2026-06-01t12:05:00z",
        "word": "never",
        "year-99999": "99999-06-01T12:05:00Z",
    }.items():
        yield bad(
            "saml_time_invalid",
            f"time-{name}",
            sign(changed(response(), f'NotOnOrAfter="{stamp(5)}">', f'NotOnOrAfter="{text}">')),
            "a time that cannot be read refuses",
            "SAML Core §1.3.3",
        )
    yield bad(
        "saml_time_invalid",
        "confirmation-without-a-time",
        sign(changed(response(), f'NotOnOrAfter="{stamp(5)}" Recipient', "Recipient")),
        "NotOnOrAfter is required",
        PROFILES,
    )
    yield bad(
        "saml_time_invalid",
        "no-authn-instant",
        sign(changed(response(), f' AuthnInstant="{stamp(-1)}"', "")),
        "required",
        "SAML Core §2.7.2",
    )
    yield bad(
        "saml_time_invalid",
        "no-issue-instant",
        sign(
            changed(
                response(),
                f'ID="_assertion-1" Version="2.0" IssueInstant="{stamp()}"',
                'ID="_assertion-1" Version="2.0"',
            )
        ),
        "required",
        "SAML Core §2.3.3",
    )


def confirmations() -> Iterator[Row]:
    wrong = "saml_recipient_mismatch"
    for name, url in (
        ("other", "https://evil.example/acs"),
        ("prefix", ACS + ".evil.example"),
        ("another-connection", ACS.replace("-1/", "-2/")),
        ("shorter", ACS[:-1]),
        ("case", ACS.upper()),
        ("padded", ACS + " "),
    ):
        yield bad(
            wrong,
            f"recipient-{name}",
            sign(response(assertion(recipient=url))),
            "exact strings",
            PROFILES,
        )
    yield bad(
        wrong, "no-recipient", sign(response(assertion(recipient=None))), "required", PROFILES
    )
    yield bad(
        "saml_request_mismatch",
        "confirmation-answers-another-request",
        sign(response(assertion(in_response_to="_request-2"))),
        "the signed part decides",
        PROFILES,
    )
    yield bad(
        "saml_request_mismatch",
        "confirmation-answers-no-request",
        sign(response(assertion(in_response_to=None))),
        "CVE-2026-49284: only the unsigned envelope names the request",
        PROFILES,
    )
    missing = "saml_subject_confirmation_missing"
    yield bad(
        missing,
        "no-confirmation",
        sign(re.sub(r"<saml:SubjectConfirmation .*</saml:SubjectConfirmation>", "", response())),
        "nothing speaks for the subject",
        PROFILES,
    )
    yield bad(
        missing,
        "holder-of-key-only",
        sign(changed(response(), "cm:bearer", "cm:holder-of-key")),
        "bearer only",
        PROFILES,
    )
    yield bad(
        missing,
        "bearer-without-data",
        sign(re.sub(r"<saml:SubjectConfirmationData [^>]*/>", "", response())),
        "nothing to check",
        PROFILES,
    )
    yield bad(
        missing,
        "bearer-with-not-before",
        sign(
            changed(
                response(),
                "<saml:SubjectConfirmationData",
                f'<saml:SubjectConfirmationData NotBefore="{stamp(-1)}"',
            )
        ),
        "forbidden for a bearer",
        PROFILES,
    )
    second = (
        '<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">'
        f'<saml:SubjectConfirmationData NotOnOrAfter="{stamp(5)}" Recipient="https://o.example"'
        f' InResponseTo="{REQUEST}"/></saml:SubjectConfirmation>'
    )
    yield bad(
        "saml_request_mismatch",
        "checks-spread-over-two-confirmations",
        sign(
            changed(
                response(assertion(in_response_to="_x")),
                "</saml:SubjectConfirmation>",
                "</saml:SubjectConfirmation>" + second,
            )
        ),
        "one confirmation must hold in everything by itself",
        PROFILES,
    )


def conditions() -> Iterator[Row]:
    core = "SAML Core §2.5.1.4"
    wrong = "saml_audience_mismatch"
    for name, audience in (
        ("other", "https://other.example"),
        ("suffix", SP + ".evil"),
        ("slash", SP + "/"),
        ("query", SP + "?"),
        ("prefix", SP[:-1]),
        ("case", SP.upper()),
        ("no-break-space", SP + "\u00a0"),
        ("empty", ""),
        ("list", f"{SP} {SP}"),
    ):
        yield bad(
            wrong,
            f"audience-{name}",
            sign(response(assertion(audience=audience))),
            "exact strings",
            core,
        )
    other = (
        "<saml:AudienceRestriction><saml:Audience>urn:other</saml:Audience>"
        "</saml:AudienceRestriction>"
    )
    yield bad(
        wrong,
        "second-restriction-is-not-ours",
        sign(
            changed(
                response(), "</saml:AudienceRestriction>", "</saml:AudienceRestriction>" + other
            )
        ),
        "restrictions add up; python3-saml and pysaml2 pool them",
        core,
    )
    yield bad(
        wrong,
        "empty-restriction",
        sign(re.sub(r"<saml:Audience>.*</saml:Audience>", "", response())),
        "a restriction to nobody",
        core,
    )
    yield bad(
        "saml_audience_missing",
        "no-restriction",
        sign(re.sub(r"<saml:AudienceRestriction>.*</saml:AudienceRestriction>", "", response())),
        "measured: python3-saml and pysaml2 accept none",
        PROFILES,
    )
    yield bad(
        "saml_audience_missing",
        "no-conditions",
        sign(re.sub(r"<saml:Conditions .*</saml:Conditions>", "", response())),
        "CVE-2026-41577",
        PROFILES,
    )
    for name, condition in (
        (
            "extension",
            '<saml:Condition xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
            ' xmlns:x="urn:x" xsi:type="x:Y"/>',
        ),
        ("foreign", '<x:Y xmlns:x="urn:x"/>'),
    ):
        yield bad(
            "saml_condition_unknown",
            f"condition-{name}",
            sign(changed(response(), "</saml:Conditions>", condition + "</saml:Conditions>")),
            "what cannot be judged refuses",
            "SAML Core §2.5.1",
        )


def statements() -> Iterator[Row]:
    yield bad(
        "saml_authn_statement_missing",
        "no-authn-statement",
        sign(re.sub(r"<saml:AuthnStatement .*</saml:AuthnStatement>", "", response())),
        "attributes alone are no sign-in",
        PROFILES,
    )
    missing = "saml_name_id_missing"
    for name, value in (("empty", ""), ("blank", " \n ")):
        yield bad(
            missing,
            f"name-id-{name}",
            sign(response(assertion(name_id=value))),
            "a name",
            "SAML Core §2.4.1",
        )
    yield bad(
        missing,
        "no-name-id",
        sign(re.sub(r"<saml:NameID .*?</saml:NameID>", "", response())),
        "a name",
        "SAML Core §2.4.1",
    )
    yield bad(
        missing,
        "no-subject",
        sign(re.sub(r"<saml:Subject>.*</saml:Subject>", "", response())),
        "a subject",
        "SAML Core §2.4.1",
    )
    yield bad(
        missing,
        "base-id",
        sign(re.sub(r"<saml:NameID .*?</saml:NameID>", "<saml:BaseID/>", response())),
        "an identifier that we cannot read",
        "SAML Core §2.2.1",
    )
    hidden = encrypt(f'<saml:Issuer xmlns:saml="{SAML}">alice</saml:Issuer>', element="EncryptedID")
    yield bad(
        "saml_decryption_failed",
        "encrypted-id-holds-no-name-id",
        sign(response(assertion(name_id_element=hidden))),
        "an encrypted NameID is a NameID",
        "SAML Core §2.2.4",
        decryption_keys=["sp"],
    )
    legacy = encrypt(
        f'<saml:NameID xmlns:saml="{SAML}">alice</saml:NameID>',
        element="EncryptedID",
        cipher="tripledes-cbc",
    )
    yield bad(
        "saml_legacy_encryption",
        "encrypted-id-in-triple-des",
        sign(response(assertion(name_id_element=legacy))),
        "refused by name here too",
        "XML Encryption §5.2",
        decryption_keys=["sp"],
    )
