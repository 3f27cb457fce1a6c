"""True signatures under assertions that are not for us, not now, or not for this sign-in."""

from __future__ import annotations

import re
from collections.abc import Iterator

from vestibule.attack.cases import PROFILES, Case, Setup, bad, changed, honest
from vestibule.attack.scene import SAML, Scene

OPENED = Setup(decryption_keys=("sp",))
LEGACY = Setup(decryption_keys=("sp",), insecure_legacy_encryption=True)


ARABIC = str.maketrans("0123456789", "\u0660\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668\u0669")


def issuers(s: Scene) -> Iterator[Case]:
    other = "https://other.example/idp"
    wrong = "saml_issuer_mismatch"
    yield bad(
        wrong,
        "assertion-issuer",
        s.sign(s.response(s.assertion(issuer=other))),
        "another identity provider's assertion",
        PROFILES,
    )
    yield bad(
        wrong,
        "response-issuer",
        s.sign(s.response(issuer=other)),
        "response and assertion disagree",
        PROFILES,
    )
    yield bad(
        wrong,
        "issuer-with-trailing-slash",
        s.sign(s.response(s.assertion(issuer=s.idp + "/"))),
        "exact strings",
        PROFILES,
    )
    yield bad(
        wrong,
        "issuer-in-other-case",
        s.sign(s.response(s.assertion(issuer=s.idp.upper()))),
        "exact strings",
        PROFILES,
    )
    yield bad(
        wrong,
        "issuer-with-no-break-space",
        s.sign(s.response(s.assertion(issuer=s.idp + "\u00a0"))),
        "U+00A0 is no white space",
        PROFILES,
    )
    yield bad(
        wrong,
        "no-assertion-issuer",
        s.sign(changed(s.response(), f"<saml:Issuer>{s.idp}</saml:Issuer>@SIG-A@", "@SIG-A@")),
        "an assertion has an Issuer",
        PROFILES,
    )
    yield bad(
        wrong,
        "issuer-format",
        s.sign(
            changed(
                s.response(),
                f"<saml:Issuer>{s.idp}</saml:Issuer>@SIG-A@",
                f'<saml:Issuer Format="urn:x">{s.idp}</saml:Issuer>@SIG-A@',
            )
        ),
        "the name of an entity, and no other name",
        "SAML Core §2.2.5",
    )


def destinations(s: Scene) -> Iterator[Case]:
    core = "SAML Core §3.2.2"
    wrong = "saml_destination_mismatch"
    for name, url in (
        ("other", "https://evil.example/acs"),
        ("prefix", s.acs + ".evil.example"),
        ("shorter", s.acs[:-1]),
        ("query", s.acs + "?x"),
        ("case", s.acs.upper()),
        ("empty", " "),
    ):
        yield bad(
            wrong, f"destination-{name}", s.sign(s.response(destination=url)), "exact strings", core
        )
    yield bad(
        wrong,
        "signed-response-without-destination",
        s.sign(s.response(destination=None), "R"),
        "a signed response says where it was sent",
        "SAML Bindings §3.5.5.2",
    )


def status_and_version(s: Scene) -> Iterator[Case]:
    core = "SAML Core §3.2.2"
    own = f'ID="{s.assertion_id}"'
    yield bad(
        "saml_version_unsupported",
        "response-version-1-1",
        changed(honest(s), 'Version="2.0"', 'Version="1.1"'),
        "2.0",
        core,
    )
    yield bad(
        "saml_version_unsupported",
        "assertion-version-2-1",
        s.sign(changed(s.response(), f'{own} Version="2.0"', f'{own} Version="2.1"')),
        "2.0",
        core,
    )
    failed = "saml_status_not_success"
    status = "urn:oasis:names:tc:SAML:2.0:status:"
    yield bad(
        failed,
        "status-responder-with-an-assertion",
        s.sign(s.response(status=status + "Responder")),
        "no success, no sign-in",
        "SAML Core §3.2.2.2",
    )
    yield bad(
        failed,
        "status-responder-signed",
        s.sign(s.response(status=status + "Responder"), "R"),
        "the status of the signed tree",
        "SAML Core §3.2.2.2",
    )
    yield bad(
        failed,
        "status-without-assertion",
        s.response("", status=status + "Requester").replace(
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
        s.sign(
            s.response(status=status + "Responder").replace(
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
        s.sign(s.response(status=status + "Success ")),
        "exact strings",
        "SAML Core §3.2.2.2",
    )


def requests(s: Scene) -> Iterator[Case]:
    wrong = "saml_request_mismatch"
    yield bad(
        wrong,
        "response-answers-another-request",
        s.sign(s.response(in_response_to="_request-2")),
        "another sign-in",
        PROFILES,
    )
    yield bad(
        "saml_unsolicited",
        "response-answers-a-request-we-do-not-know",
        s.sign(s.response(s.assertion(in_response_to=None))),
        "InResponseTo where nothing was asked",
        "SAML Profiles §4.1.5",
        setup=Setup(solicited=False),
    )
    yield bad(
        "saml_unsolicited",
        "confirmation-answers-a-request-we-do-not-know",
        s.sign(s.response(in_response_to=None)),
        "the stripped envelope of somebody else's sign-in",
        "SAML Profiles §4.1.5",
        setup=Setup(solicited=False),
    )
    yield bad(
        "saml_request_mismatch",
        "confirmation-answers-another-request",
        s.sign(s.response(s.assertion(in_response_to="_request-2"))),
        "the signed part decides",
        PROFILES,
    )
    yield bad(
        "saml_request_mismatch",
        "confirmation-answers-no-request",
        s.sign(s.response(s.assertion(in_response_to=None))),
        "CVE-2026-49284: only the unsigned envelope names the request",
        PROFILES,
    )
    yield bad(
        wrong,
        "request-in-other-case",
        s.sign(s.response(s.assertion(in_response_to=(s.request or "_r").upper()))),
        "exact strings",
        PROFILES,
    )
    yield bad(
        wrong,
        "request-with-a-suffix",
        s.sign(s.response(s.assertion(in_response_to=f"{s.request}.2"))),
        "exact strings",
        PROFILES,
    )
    yield bad(
        wrong,
        "only-the-envelope-names-another-request",
        s.sign(s.response(in_response_to="_request-2"), "R"),
        "the signed envelope says so, the confirmation does not",
        PROFILES,
    )


def times(s: Scene) -> Iterator[Case]:
    core = "SAML Core §2.5.1.2"
    yield bad(
        "saml_expired",
        "conditions-expired",
        s.sign(
            changed(
                s.response(),
                f'NotBefore="{s.stamp(-0.5)}" NotOnOrAfter="{s.stamp(5)}"',
                f'NotBefore="{s.stamp(-30)}" NotOnOrAfter="{s.stamp(-2)}"',
            )
        ),
        "two minutes of skew and not a second more",
        core,
    )
    yield bad(
        "saml_not_yet_valid",
        "conditions-not-yet-valid",
        s.sign(
            changed(s.response(), f'NotBefore="{s.stamp(-0.5)}"', f'NotBefore="{s.stamp(2.1)}"')
        ),
        "two minutes of skew and not six seconds more",
        core,
    )
    yield bad(
        "saml_subject_expired",
        "confirmation-expired",
        s.sign(
            changed(
                s.response(),
                f'NotOnOrAfter="{s.stamp(5)}" Recipient',
                f'NotOnOrAfter="{s.stamp(-2)}" Recipient',
            )
        ),
        "two minutes of skew and not a second more",
        PROFILES,
    )
    yield bad(
        "saml_session_expired",
        "session-ended",
        s.sign(s.response(s.assertion(session_end=-3))),
        "the identity provider's session is over",
        "SAML Core §2.7.2",
    )
    for name, text in {
        "offset": s.moment(125, "%Y-%m-%dT%H:%M:%S+02:00"),
        "no-zone": s.moment(5, "%Y-%m-%dT%H:%M:%S"),
        "date-only": s.moment(5, "%Y-%m-%d"),
        "seconds-61": s.moment(5, "%Y-%m-%dT%H:%M:61Z"),
        "arabic-digits": s.moment(5, "%Y").translate(ARABIC) + s.moment(5, "-%m-%dT%H:%M:%SZ"),
        "lower-case": s.stamp(5).lower(),
        "word": "never",
        "year-99999": s.moment(5, "99999-%m-%dT%H:%M:%SZ"),
    }.items():
        yield bad(
            "saml_time_invalid",
            f"time-{name}",
            s.sign(
                changed(s.response(), f'NotOnOrAfter="{s.stamp(5)}">', f'NotOnOrAfter="{text}">')
            ),
            "a time that cannot be read refuses",
            "SAML Core §1.3.3",
        )
    yield bad(
        "saml_time_invalid",
        "confirmation-without-a-time",
        s.sign(changed(s.response(), f'NotOnOrAfter="{s.stamp(5)}" Recipient', "Recipient")),
        "NotOnOrAfter is required",
        PROFILES,
    )
    yield bad(
        "saml_time_invalid",
        "no-authn-instant",
        s.sign(changed(s.response(), f' AuthnInstant="{s.stamp(-1)}"', "")),
        "required",
        "SAML Core §2.7.2",
    )
    yield bad(
        "saml_time_invalid",
        "no-issue-instant",
        s.sign(
            changed(
                s.response(),
                f'ID="{s.assertion_id}" Version="2.0" IssueInstant="{s.stamp()}"',
                f'ID="{s.assertion_id}" Version="2.0"',
            )
        ),
        "required",
        "SAML Core §2.3.3",
    )


def confirmations(s: Scene) -> Iterator[Case]:
    wrong = "saml_recipient_mismatch"
    for name, url in (
        ("other", "https://evil.example/acs"),
        ("prefix", s.acs + ".evil.example"),
        ("another-connection", s.other_acs),
        ("shorter", s.acs[:-1]),
        ("case", s.acs.upper()),
        ("padded", s.acs + " "),
    ):
        yield bad(
            wrong,
            f"recipient-{name}",
            s.sign(s.response(s.assertion(recipient=url))),
            "exact strings",
            PROFILES,
        )
    yield bad(
        wrong, "no-recipient", s.sign(s.response(s.assertion(recipient=None))), "required", PROFILES
    )
    missing = "saml_subject_confirmation_missing"
    yield bad(
        missing,
        "no-confirmation",
        s.sign(
            re.sub(r"<saml:SubjectConfirmation .*</saml:SubjectConfirmation>", "", s.response())
        ),
        "nothing speaks for the subject",
        PROFILES,
    )
    yield bad(
        missing,
        "holder-of-key-only",
        s.sign(changed(s.response(), "cm:bearer", "cm:holder-of-key")),
        "bearer only",
        PROFILES,
    )
    yield bad(
        missing,
        "bearer-without-data",
        s.sign(re.sub(r"<saml:SubjectConfirmationData [^>]*/>", "", s.response())),
        "nothing to check",
        PROFILES,
    )
    yield bad(
        missing,
        "bearer-with-not-before",
        s.sign(
            changed(
                s.response(),
                "<saml:SubjectConfirmationData",
                f'<saml:SubjectConfirmationData NotBefore="{s.stamp(-1)}"',
            )
        ),
        "forbidden for a bearer",
        PROFILES,
    )
    second = (
        '<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">'
        f'<saml:SubjectConfirmationData NotOnOrAfter="{s.stamp(5)}" Recipient="https://o.example"'
        f' InResponseTo="{s.request}"/></saml:SubjectConfirmation>'
    )
    yield bad(
        "saml_request_mismatch",
        "checks-spread-over-two-confirmations",
        s.sign(
            changed(
                s.response(s.assertion(in_response_to="_x")),
                "</saml:SubjectConfirmation>",
                "</saml:SubjectConfirmation>" + second,
            )
        ),
        "one confirmation must hold in everything by itself",
        PROFILES,
    )


def conditions(s: Scene) -> Iterator[Case]:
    core = "SAML Core §2.5.1.4"
    wrong = "saml_audience_mismatch"
    for name, audience in (
        ("other", "https://other.example"),
        ("suffix", s.sp + ".evil"),
        ("slash", s.sp + "/"),
        ("query", s.sp + "?"),
        ("prefix", s.sp[:-1]),
        ("case", s.sp.upper()),
        ("no-break-space", s.sp + "\u00a0"),
        ("empty", ""),
        ("list", f"{s.sp} {s.sp}"),
    ):
        yield bad(
            wrong,
            f"audience-{name}",
            s.sign(s.response(s.assertion(audience=audience))),
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
        s.sign(
            changed(
                s.response(), "</saml:AudienceRestriction>", "</saml:AudienceRestriction>" + other
            )
        ),
        "restrictions add up; python3-saml and pysaml2 pool them",
        core,
    )
    yield bad(
        wrong,
        "empty-restriction",
        s.sign(re.sub(r"<saml:Audience>.*</saml:Audience>", "", s.response())),
        "a restriction to nobody",
        core,
    )
    yield bad(
        "saml_audience_missing",
        "no-restriction",
        s.sign(
            re.sub(r"<saml:AudienceRestriction>.*</saml:AudienceRestriction>", "", s.response())
        ),
        "measured: python3-saml and pysaml2 accept none",
        PROFILES,
    )
    yield bad(
        "saml_audience_missing",
        "no-conditions",
        s.sign(re.sub(r"<saml:Conditions .*</saml:Conditions>", "", s.response())),
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
            s.sign(changed(s.response(), "</saml:Conditions>", condition + "</saml:Conditions>")),
            "what cannot be judged refuses",
            "SAML Core §2.5.1",
        )


def statements(s: Scene) -> Iterator[Case]:
    yield bad(
        "saml_authn_statement_missing",
        "no-authn-statement",
        s.sign(re.sub(r"<saml:AuthnStatement .*</saml:AuthnStatement>", "", s.response())),
        "attributes alone are no sign-in",
        PROFILES,
    )
    missing = "saml_name_id_missing"
    for name, value in (("empty", ""), ("blank", " \n ")):
        yield bad(
            missing,
            f"name-id-{name}",
            s.sign(s.response(s.assertion(name_id=value))),
            "a name",
            "SAML Core §2.4.1",
        )
    yield bad(
        missing,
        "no-name-id",
        s.sign(re.sub(r"<saml:NameID .*?</saml:NameID>", "", s.response())),
        "a name",
        "SAML Core §2.4.1",
    )
    yield bad(
        missing,
        "no-subject",
        s.sign(re.sub(r"<saml:Subject>.*</saml:Subject>", "", s.response())),
        "a subject",
        "SAML Core §2.4.1",
    )
    yield bad(
        missing,
        "base-id",
        s.sign(re.sub(r"<saml:NameID .*?</saml:NameID>", "<saml:BaseID/>", s.response())),
        "an identifier that we cannot read",
        "SAML Core §2.2.1",
    )
    hidden = s.encrypt(
        f'<saml:Issuer xmlns:saml="{SAML}">alice</saml:Issuer>', element="EncryptedID"
    )
    yield bad(
        "saml_decryption_failed",
        "encrypted-id-holds-no-name-id",
        s.sign(s.response(s.assertion(name_id_element=hidden))),
        "an encrypted NameID is a NameID",
        "SAML Core §2.2.4",
        setup=OPENED,
    )
    legacy = s.encrypt(
        f'<saml:NameID xmlns:saml="{SAML}">alice</saml:NameID>',
        element="EncryptedID",
        cipher="tripledes-cbc",
    )
    yield bad(
        "saml_legacy_encryption",
        "encrypted-id-in-triple-des",
        s.sign(s.response(s.assertion(name_id_element=legacy))),
        "refused by name here too",
        "XML Encryption §5.2",
        setup=OPENED,
    )
