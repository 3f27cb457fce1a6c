"""Admission: every row of the table, and who can never come out of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from vestibule.domain.members import Admission, Member, decide_admission, require_sso_allowed
from vestibule.domain.organizations import OrganizationSettings
from vestibule.errors import VestibuleError

NOW = datetime(2026, 11, 24, tzinfo=UTC)
OPEN = OrganizationSettings()
NO_SSO = replace(OPEN, auth_methods="RESTRICTED", allowed_auth_methods=("password",))
ADA = Member("member-test-1", "organization-test-1", "Ada@acme.example", "active", NOW, NOW)


def decide(
    settings: OrganizationSettings = OPEN,
    *,
    registered: Member | None = None,
    by_email: Member | None = None,
    email: str = "ada@acme.example",
    connection_id: str = "external-connection-test-1",
    other: bool = False,
) -> Admission:
    return decide_admission(
        settings,
        connection_id=connection_id,
        email=email,
        by_registration=registered,
        by_email=by_email,
        registered_as_other=other,
    )


@pytest.mark.parametrize("status", ["active", "invited", "pending"])
def test_a_registration_decides_before_the_address(status: str) -> None:
    one = replace(ADA, status=status)  # type: ignore[arg-type]
    other = replace(ADA, member_id="member-test-2")
    assert decide(registered=one, by_email=other) == Admission(one, register=False)
    moved = decide(registered=one, email="ada@new.example")
    assert moved == Admission(one, register=False, change_email=True)
    assert not decide(registered=one, email="ADA@ACME.EXAMPLE").change_email


def test_a_deleted_member_does_not_come_back_by_signing_in() -> None:
    gone = replace(ADA, status="deleted", is_breakglass=True)
    with pytest.raises(VestibuleError, match="member_not_found"):
        decide(registered=gone)
    with pytest.raises(VestibuleError, match="member_not_found"):
        decide(registered=gone, by_email=replace(ADA, member_id="member-test-2"))


@pytest.mark.parametrize("status", ["active", "invited", "pending"])
def test_an_address_links_a_member_of_the_organization(status: str) -> None:
    one = replace(ADA, status=status)  # type: ignore[arg-type]
    closed = replace(OPEN, sso_jit_provisioning="NOT_ALLOWED")
    assert decide(closed, by_email=one) == Admission(one, register=True)


def test_an_address_that_moved_to_another_subject_links_nobody() -> None:
    with pytest.raises(VestibuleError, match="duplicate_member_email"):
        decide(by_email=ADA, other=True)


def test_a_stranger_is_provisioned_where_the_organization_says_so() -> None:
    assert decide() == Admission(None, register=True)
    only = replace(
        OPEN,
        sso_jit_provisioning="RESTRICTED",
        sso_jit_provisioning_allowed_connections=("external-connection-test-1",),
    )
    assert decide(only) == Admission(None, register=True)
    # The connection behind the External one is not the one that was entered by.
    for settings, used in ((only, "saml-connection-test-1"),
                           (replace(OPEN, sso_jit_provisioning="NOT_ALLOWED"), "x"),
                           (replace(OPEN, sso_jit_provisioning="RESTRICTED"), "x"),
                           (replace(only, sso_jit_provisioning="NOT_ALLOWED"),
                            "external-connection-test-1")):  # fmt: skip
        with pytest.raises(VestibuleError, match="invalid_connection_for_jit_provisioning"):
            decide(settings, connection_id=used)


def test_without_sso_only_breakglass_members_come_in() -> None:
    refused = "operation_restricted_by_organization_auth_methods"
    for arguments in ({"registered": ADA}, {"by_email": ADA}, {}):
        with pytest.raises(VestibuleError, match=refused):
            decide(NO_SSO, **arguments)  # type: ignore[arg-type]
    glass = replace(ADA, is_breakglass=True)
    assert decide(NO_SSO, registered=glass).member == glass
    assert decide(NO_SSO, by_email=glass).member == glass
    with pytest.raises(VestibuleError, match=refused):
        require_sso_allowed(NO_SSO, None)
    require_sso_allowed(replace(NO_SSO, allowed_auth_methods=("sso",)), ADA)
    require_sso_allowed(replace(NO_SSO, auth_methods="ALL_ALLOWED"), None)
