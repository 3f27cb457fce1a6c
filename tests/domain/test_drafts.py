"""What differs between two settings of a connection, and what a draft becomes when the connection
moved on without it."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

import pytest

from peers import certificates
from vestibule.domain.connections import (
    EncryptionKey,
    OidcConnection,
    SamlConnection,
    SigningKeyPair,
    StoredCertificate,
)
from vestibule.domain.drafts import (
    ConnectionVersion,
    Draft,
    FieldChange,
    changes_between,
    differs,
    rebase,
    require_complete,
    require_current,
    roll_back,
    take_place,
)
from vestibule.domain.login_tests import require_startable
from vestibule.domain.rbac import GroupRole, RoleRules
from vestibule.errors import VestibuleError

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
PEM = certificates.make_key_pair("idp.example").certificate_pem


def certificate(number: int) -> StoredCertificate:
    return StoredCertificate(f"certificate-{number}", PEM, "CN=idp", NOW, LATER)


def key(number: int) -> SigningKeyPair:
    return SigningKeyPair(certificate(number), f"private key {number}")


SAML = SamlConnection(
    "saml-connection-1", "organization-1", NOW, NOW, status="active",
    idp_entity_id="https://idp.example", idp_sso_url="https://idp.example/sso",
    attribute_mapping={"email": "NameID", "full_name": "name"},
    verification_certificates=(certificate(1),), signing_keys=(key(1),),
)  # fmt: skip
OIDC = OidcConnection(
    "oidc-connection-1", "organization-1", NOW, NOW, status="active",
    issuer="https://idp.example", client_id="client", client_secret="secret one",
    authorization_url="https://idp.example/a", token_url="https://idp.example/t",
    userinfo_url="https://idp.example/u", jwks_url="https://idp.example/j",
)  # fmt: skip


def code(caught: pytest.ExceptionInfo[VestibuleError]) -> str:
    return caught.value.code


def test_two_equal_connections_differ_in_nothing() -> None:
    assert changes_between(SAML, SAML) == ()
    assert not differs(SAML, SAML)


def test_what_is_no_setting_is_no_change() -> None:
    other = replace(
        SAML, updated_at=LATER, created_at=LATER, status="pending", revoked_organizations=("o",)
    )
    assert changes_between(SAML, other) == ()
    assert not differs(SAML, other)


def test_every_other_field_is_a_setting() -> None:
    """A field that is added to a connection is part of drafts and versions without being listed."""
    for connection in (SAML, OIDC):
        for one in fields(connection):
            old = getattr(connection, one.name)
            new: object = object()
            if isinstance(old, RoleRules):
                new = RoleRules(("viewer",))
            changed = replace(connection, **{one.name: new})
            if one.name in ("connection_id",):
                continue
            expected = one.name not in (
                "organization_id", "created_at", "updated_at", "status", "revoked_organizations",
            )  # fmt: skip
            assert differs(connection, changed) is expected, one.name


def test_certificates_are_shown_by_fingerprint_and_keys_by_name() -> None:
    new = replace(
        SAML,
        verification_certificates=(),
        signing_keys=(key(1), key(2)),
        encryption_keys=(EncryptionKey("key-9", NOW, "private key 9"),),
    )
    found = {one.field: one for one in changes_between(SAML, new)}
    (was,) = found["verification_certificates"].was  # type: ignore[misc]
    assert was == f"sha256:{certificate(1).fingerprint_sha256}"
    assert found["encryption_keys"].becomes == ["key-9"]
    assert "private key" not in repr(found)
    assert "BEGIN" not in repr(found)


@pytest.mark.parametrize(
    ("was", "becomes", "told"),
    [("a", "b", ("set", "changed")), ("", "b", ("", "changed")), ("a", "", ("set", ""))],
)
def test_of_a_secret_only_that_it_changes_is_shown(
    was: str, becomes: str, told: tuple[str, str]
) -> None:
    old, new = replace(OIDC, client_secret=was), replace(OIDC, client_secret=becomes)
    assert changes_between(old, new) == (FieldChange("client_secret", *told),)


def test_role_rules_are_told_apart() -> None:
    new = replace(SAML, rules=RoleRules((), (GroupRole("viewer", "staff"),)))
    assert changes_between(SAML, new) == (
        FieldChange("group_roles", [], [{"role_id": "viewer", "group": "staff"}]),
    )


def test_versions_of_two_connections_are_never_compared() -> None:
    for other in (OIDC, replace(SAML, connection_id="saml-connection-2")):
        with pytest.raises(ValueError, match="one connection"):
            changes_between(SAML, other)


def test_a_draft_is_current_only_for_the_version_it_was_made_from() -> None:
    draft = Draft("draft-1", 3, NOW, "project", SAML)
    require_current(draft, 3)
    for number in (2, 4):
        with pytest.raises(VestibuleError) as caught:
            require_current(draft, number)
        assert code(caught) == "draft_outdated"
        assert str(number) in (caught.value.want or "")


def test_a_rebased_draft_keeps_its_changes_and_takes_over_the_others() -> None:
    draft = replace(SAML, display_name="Mine")
    live = replace(SAML, idp_sso_url="https://idp.example/new", revoked_organizations=("o",))
    assert rebase(SAML, draft, live) == replace(live, display_name="Mine")


def test_of_a_plain_setting_that_both_changed_the_drafts_word_is_taken() -> None:
    draft, live = replace(SAML, display_name="Mine"), replace(SAML, display_name="Theirs")
    assert rebase(SAML, draft, live).display_name == "Mine"


def test_a_certificate_deleted_meanwhile_stays_deleted_and_a_new_one_stays() -> None:
    base = replace(SAML, verification_certificates=(certificate(1), certificate(2)))
    draft = replace(
        SAML, verification_certificates=(certificate(1), certificate(2), certificate(3))
    )
    live = replace(SAML, verification_certificates=(certificate(2), certificate(4)))
    held = rebase(base, draft, live).verification_certificates
    assert held == (certificate(2), certificate(4), certificate(3))


def test_what_the_draft_deleted_does_not_come_back_either() -> None:
    base = replace(SAML, verification_certificates=(certificate(1), certificate(2)))
    draft = replace(SAML, verification_certificates=(certificate(2),))
    live = replace(SAML, verification_certificates=(certificate(1), certificate(2), certificate(3)))
    held = rebase(base, draft, live).verification_certificates
    assert held == (certificate(2), certificate(3))


def test_mappings_and_roles_are_merged_entry_by_entry() -> None:
    staff, guests = GroupRole("viewer", "staff"), GroupRole("viewer", "guests")
    draft = replace(
        SAML,
        attribute_mapping={"email": "mail", "full_name": "name"},
        rules=RoleRules(("editor",), (staff,)),
    )
    live = replace(
        SAML,
        attribute_mapping={"email": "NameID", "full_name": "name", "team": "team"},
        rules=RoleRules(("viewer",), (guests,)),
    )
    merged = rebase(SAML, draft, live)
    assert merged.attribute_mapping == {"email": "mail", "full_name": "name", "team": "team"}
    assert merged.rules == RoleRules(("viewer", "editor"), (guests, staff))


def test_a_key_that_the_draft_lets_sign_signs_after_the_merge() -> None:
    draft = replace(SAML, signing_keys=(key(2), key(1)))
    live = replace(SAML, signing_keys=(key(1), key(3)))
    assert rebase(SAML, draft, live).signing_keys == (key(2), key(1), key(3))
    # What the draft did not touch is as it is live.
    assert rebase(SAML, replace(SAML, display_name="x"), live).signing_keys == live.signing_keys


@pytest.mark.parametrize(
    ("name", "entries", "refused"),
    [
        ("verification_certificates", [certificate(n) for n in range(1, 8)],
         "too_many_sso_verification_certificates"),
        ("signing_keys", [key(n) for n in range(1, 6)], "too_many_sso_signing_keys"),
        ("encryption_keys", [EncryptionKey(f"k{n}", NOW, "") for n in range(8)],
         "too_many_encryption_certificates"),
    ],
)  # fmt: skip
def test_a_merge_that_holds_too_much_is_refused(
    name: str, entries: list[object], refused: str
) -> None:
    base = replace(SAML, **{name: tuple(entries[:1])})  # type: ignore[arg-type]
    half = len(entries) // 2 + 1
    draft = replace(base, **{name: tuple(entries[:half])})  # type: ignore[arg-type]
    live = replace(base, **{name: (entries[0], *entries[half:])})  # type: ignore[arg-type]
    with pytest.raises(VestibuleError) as caught:
        rebase(base, draft, live)
    assert code(caught) == refused


def test_what_is_not_whole_cannot_become_live() -> None:
    for part, refused in (
        ({"idp_entity_id": ""}, "saml_connection_idp_entity_id_required"),
        ({"verification_certificates": ()}, "cannot_delete_last_sso_verification_key"),
    ):
        with pytest.raises(VestibuleError) as caught:
            require_complete(replace(SAML, status="pending", **part))  # type: ignore[arg-type]
        assert code(caught) == refused
    with pytest.raises(VestibuleError) as caught:
        require_complete(replace(OIDC, client_secret=""))
    assert code(caught) == "oidc_connection_client_secret_required"


def test_what_takes_the_place_of_the_live_one_lets_nobody_back_in() -> None:
    live = replace(SAML, revoked_organizations=("shut-out",))
    becomes = take_place(live, replace(SAML, display_name="x"), now=LATER)
    assert becomes == replace(live, display_name="x", updated_at=LATER)
    assert becomes.status == "active"


def test_a_roll_back_leaves_out_roles_that_are_no_more() -> None:
    rules = RoleRules(("viewer", "gone"), (GroupRole("gone", "a"), GroupRole("viewer", "b")))
    version = ConnectionVersion(1, NOW, "project", replace(SAML, rules=rules))
    becomes, gone = roll_back(SAML, version.settings, known_roles=frozenset({"viewer"}), now=LATER)
    assert becomes.rules == RoleRules(("viewer",), (GroupRole("viewer", "b"),))
    assert gone == ("gone",)


def test_a_test_begins_once_it_is_known_where_to_ask() -> None:
    require_startable(replace(SAML, verification_certificates=(), attribute_mapping={}))
    for settings in (
        replace(SAML, idp_sso_url=""), replace(SAML, idp_entity_id=""),
        replace(OIDC, token_url=""), replace(OIDC, issuer=""),
    ):  # fmt: skip
        with pytest.raises(VestibuleError) as caught:
            require_startable(settings)
        assert code(caught) == "sso_test_settings_missing"
