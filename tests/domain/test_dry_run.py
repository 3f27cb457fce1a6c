"""A past login against a connection as it is to become: every check that can be made again."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from vestibule.domain.attributes import Statement
from vestibule.domain.connections import OidcConnection, SamlConnection, StoredCertificate
from vestibule.domain.dry_run import (
    Known,
    PastLogin,
    admit,
    enters,
    judge,
    known_person,
    lost_and_gained,
    untold,
)
from vestibule.domain.logins import Evidence
from vestibule.domain.members import Admission, Member, Registration
from vestibule.domain.organizations import OrganizationSettings
from vestibule.errors import VestibuleError

NOW = datetime(2026, 11, 24, tzinfo=UTC)
URL = "https://sso.example/v1/b2b/sso/callback/saml-1"
IDP = "https://idp.example"


def certificate(name: str) -> StoredCertificate:
    pem = (
        "-----BEGIN CERTIFICATE-----\n"
        f"{base64.b64encode(name.encode()).decode()}\n-----END CERTIFICATE-----\n"
    )
    return StoredCertificate(f"id-{name}", pem, "CN=x", NOW, NOW)


OLD, NEW = certificate("old"), certificate("new")
CONNECTION = SamlConnection(
    "saml-1", "organization-a", NOW, NOW, status="active", idp_entity_id=IDP,
    idp_sso_url=f"{IDP}/sso", verification_certificates=(OLD,),
    attribute_mapping={"email": "NameID", "full_name": "name", "groups": "groups"},
)  # fmt: skip
EVIDENCE = Evidence(
    issuer=IDP, signed_by=(OLD.fingerprint_sha256,), recipient=URL, audiences=((URL, "other"),),
    unsolicited=False, authn_context="urn:ctx:password",
)  # fmt: skip
STATEMENT = Statement(
    "saml", "ada@example.com", {"name": "Ada", "mail": "ada@mail.example", "groups": ["a", "b"]}
)
LOGIN = PastLogin("trace-1", NOW, "organization-a", "saml-1", "member-1", STATEMENT, EVIDENCE)


def refused(draft: SamlConnection, login: PastLogin = LOGIN) -> str:
    with pytest.raises(VestibuleError) as found:
        judge(login, draft, callback_url=URL)
    return found.value.code


def member(name: str, email: str) -> Member:
    return Member(name, "organization-a", email, "active", created_at=NOW, updated_at=NOW)


def test_a_login_passes_through_the_connection_that_it_came_by() -> None:
    profile = judge(LOGIN, CONNECTION, callback_url=URL)
    assert (profile.email, profile.groups) == ("ada@example.com", ("a", "b"))


def test_a_second_pinned_certificate_takes_nothing_away() -> None:
    judge(
        LOGIN, replace(CONNECTION, verification_certificates=(OLD, NEW)), callback_url=URL
    )  # fmt: skip


def test_a_login_signed_by_a_certificate_that_goes_would_be_refused() -> None:
    draft = replace(CONNECTION, verification_certificates=(NEW,))
    assert refused(draft) == "saml_signature_invalid"


def test_each_of_two_signatures_must_stay_believed() -> None:
    both = replace(EVIDENCE, signed_by=(OLD.fingerprint_sha256, NEW.fingerprint_sha256))
    assert refused(CONNECTION, replace(LOGIN, evidence=both)) == "saml_signature_invalid"


def test_another_entity_id_would_refuse_every_login_of_the_old_one() -> None:
    assert refused(replace(CONNECTION, idp_entity_id="https://new.example")) == (
        "saml_issuer_mismatch"
    )


def test_a_migrations_old_address_must_stay_while_logins_come_to_it() -> None:
    old = "https://old.example/acs"
    login = replace(LOGIN, evidence=replace(EVIDENCE, recipient=old))
    judge(login, replace(CONNECTION, alternative_acs_url=old), callback_url=URL)
    assert refused(CONNECTION, login) == "saml_recipient_mismatch"


def test_every_audience_restriction_must_still_name_us() -> None:
    old = "https://old.example/metadata"
    login = replace(LOGIN, evidence=replace(EVIDENCE, audiences=((URL,), (old,))))
    judge(login, replace(CONNECTION, alternative_audience_uri=old), callback_url=URL)
    assert refused(CONNECTION, login) == "saml_audience_mismatch"


def test_an_empty_alternative_is_no_alternative() -> None:
    login = replace(LOGIN, evidence=replace(EVIDENCE, recipient="", audiences=(("",),)))
    assert refused(CONNECTION, login) == "saml_recipient_mismatch"
    login = replace(LOGIN, evidence=replace(EVIDENCE, audiences=(("",),)))
    assert refused(CONNECTION, login) == "saml_audience_mismatch"


def test_turning_off_idp_initiated_logins_refuses_those_that_were() -> None:
    draft = replace(CONNECTION, idp_initiated_auth_disabled=True)
    judge(LOGIN, draft, callback_url=URL)
    login = replace(LOGIN, evidence=replace(EVIDENCE, unsolicited=True))
    assert refused(draft, login) == "saml_idp_initiated_auth_disabled"


def test_forcing_every_sign_in_refuses_those_that_began_at_the_provider() -> None:
    draft = replace(CONNECTION, force_authn=True)
    judge(LOGIN, draft, callback_url=URL)
    login = replace(LOGIN, evidence=replace(EVIDENCE, unsolicited=True))
    assert refused(draft, login) == "saml_unsolicited"


def test_turning_off_legacy_encryption_refuses_those_that_used_it() -> None:
    login = replace(LOGIN, evidence=replace(EVIDENCE, legacy_encryption=True))
    judge(login, replace(CONNECTION, insecure_legacy_encryption=True), callback_url=URL)
    assert refused(CONNECTION, login) == "saml_legacy_encryption"


def test_a_context_that_is_asked_for_refuses_those_who_had_another() -> None:
    draft = replace(CONNECTION, requested_authn_context=("urn:ctx:mfa",))
    assert refused(draft) == "saml_authn_context_mismatch"
    judge(
        LOGIN,
        replace(CONNECTION, requested_authn_context=("urn:ctx:mfa", "urn:ctx:password")),
        callback_url=URL,
    )


def test_a_mapping_that_finds_no_address_refuses() -> None:
    draft = replace(CONNECTION, attribute_mapping={"email": "nothing", "full_name": "name"})
    with pytest.raises(VestibuleError):
        judge(LOGIN, draft, callback_url=URL)


def test_of_a_login_without_evidence_only_the_mapping_is_judged() -> None:
    login = replace(LOGIN, evidence=None)
    judge(login, replace(CONNECTION, verification_certificates=(NEW,)), callback_url=URL)


def test_what_no_past_login_can_tell_is_named() -> None:
    draft = replace(CONNECTION, idp_sso_url="https://idp.example/other", force_authn=True)
    assert untold(CONNECTION, draft) == ("idp_sso_url", "force_authn")
    live = OidcConnection("oidc-1", "organization-a", NOW, NOW, issuer="https://a.example")
    assert untold(live, replace(live, issuer="https://b.example", display_name="B")) == ("issuer",)


def test_people_forgotten_with_their_identity_provider_are_known_by_address_only() -> None:
    ada = member("member-1", "ada@example.com")
    profile = judge(LOGIN, CONNECTION, callback_url=URL)
    held = Registration(
        "r", "member-1", "organization-a", "saml-1", "saml-1", "saml", "ada@example.com", NOW, NOW
    )
    facts = {
        "connection_id": "saml-1",
        "by_subject": {profile.subject: ada},
        "by_email": {"ada@example.com": (ada, False)},
        "registrations": {"member-1": [held]},
    }
    assert known_person(profile, **facts, forgotten=False) == Known(ada, ada, False, True)  # type: ignore[arg-type]
    assert known_person(profile, **facts, forgotten=True) == Known(None, ada, False, False)  # type: ignore[arg-type]


def test_another_subject_for_the_same_address_would_shut_the_person_out() -> None:
    """The classic: a new `idp_user_id` makes strangers of everybody."""
    ada = member("member-1", "ada@example.com")
    profile = judge(LOGIN, CONNECTION, callback_url=URL)
    with pytest.raises(VestibuleError) as found:
        admit(
            OrganizationSettings(), connection_id="saml-1", profile=profile,
            known=Known(None, ada, False, True),
        )  # fmt: skip
    assert found.value.code == "duplicate_member_email"


def test_a_retired_address_lets_nobody_in() -> None:
    profile = judge(LOGIN, CONNECTION, callback_url=URL)
    with pytest.raises(VestibuleError) as found:
        admit(
            OrganizationSettings(), connection_id="saml-1", profile=profile,
            known=Known(None, None, True, False),
        )  # fmt: skip
    assert found.value.code == "retired_member_email"


def test_who_enters_is_told_apart() -> None:
    ada, grace = member("member-1", "ada@example.com"), member("member-2", "g@example.com")
    assert enters(LOGIN, Admission(ada, register=False)) == "same"
    assert enters(LOGIN, Admission(grace, register=True)) == "other"
    assert enters(LOGIN, Admission(None, register=True)) == "new"


def test_roles_lost_and_gained() -> None:
    assert lost_and_gained({"a", "b"}, {"b", "c"}) == (("a",), ("c",))
