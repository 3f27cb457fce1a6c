"""Connections: when they open, what cannot be taken from an open one, and who may share."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vestibule.domain.connections import (
    IDENTITY_PROVIDERS,
    ExternalConnection,
    LoginRoute,
    OidcChanges,
    OidcConnection,
    SamlChanges,
    SamlConnection,
    SigningKeyPair,
    StoredCertificate,
    activate_saml,
    after_approval,
    after_revocation,
    brings_groups,
    identity_provider_changed,
    initial_share_status,
    require_open,
    update_external,
    update_oidc,
    update_saml,
    with_active_key,
    with_certificate,
    with_next_key,
    with_uploaded_key,
    without_certificate,
    without_signing_key,
)
from vestibule.domain.organizations import Organization
from vestibule.domain.rbac import GroupRole, RoleRules
from vestibule.errors import VestibuleError

NOW = datetime(2026, 11, 24, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
SAML = SamlConnection("saml-1", "organization-a", NOW, NOW)
OIDC = OidcConnection("oidc-1", "organization-a", NOW, NOW)
EXTERNAL = ExternalConnection("external-1", "organization-b", NOW, NOW, "organization-a", "saml-1")
MAPPING = {"email": "NameID", "full_name": "name", "groups": "groups"}
SAML_FULL = SamlChanges(
    idp_entity_id="https://idp.example", idp_sso_url="https://idp.example/sso",
    attribute_mapping=MAPPING,
)  # fmt: skip
OIDC_FULL = OidcChanges(
    issuer="https://op.example", client_id="c", client_secret="s",
    authorization_url="https://op.example/a", token_url="https://op.example/t",
    userinfo_url="https://op.example/u", jwks_url="https://op.example/j",
)  # fmt: skip


def certificate(name: str) -> StoredCertificate:
    return StoredCertificate(f"id-{name}", f"PEM {name}", "CN=x", NOW, LATER)


def saml(old: SamlConnection, changes: SamlChanges, *, http: bool = False) -> SamlConnection:
    return update_saml(old, changes, insecure_http=http, now=LATER)


def oidc(old: OidcConnection, changes: OidcChanges, *, http: bool = False) -> OidcConnection:
    return update_oidc(old, changes, insecure_http=http, now=LATER)


ACTIVE_SAML = with_certificate(saml(SAML, SAML_FULL), certificate("1"))
ACTIVE_SAML = activate_saml(ACTIVE_SAML)
ACTIVE_OIDC = oidc(OIDC, OIDC_FULL)


def test_a_connection_opens_when_nothing_is_missing() -> None:
    almost = saml(SAML, SAML_FULL)
    assert (almost.status, almost.updated_at) == ("pending", LATER)
    assert ACTIVE_SAML.status == "active"
    assert ACTIVE_OIDC.status == "active"
    for name in ("issuer", "client_id", "client_secret", "authorization_url", "token_url",
                 "userinfo_url", "jwks_url"):  # fmt: skip
        assert oidc(OIDC, replace(OIDC_FULL, **{name: None})).status == "pending"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        (SamlChanges(idp_entity_id=""), "saml_connection_idp_entity_id_required"),
        (SamlChanges(idp_sso_url=""), "saml_connection_idp_sso_url_required"),
        (SamlChanges(attribute_mapping={}), "saml_connection_attribute_mapping_required"),
        (
            SamlChanges(attribute_mapping={"email": ""}),
            "saml_connection_attribute_mapping_required",
        ),
    ],
)
def test_an_open_saml_connection_keeps_what_it_needs(changes: SamlChanges, code: str) -> None:
    with pytest.raises(VestibuleError, match=code):
        saml(ACTIVE_SAML, changes)
    assert saml(SAML, changes).status == "pending"


@pytest.mark.parametrize(
    "name",
    ["issuer", "client_id", "client_secret", "authorization_url", "token_url",
     "userinfo_url", "jwks_url"],
)  # fmt: skip
def test_an_open_oidc_connection_keeps_what_it_needs(name: str) -> None:
    changes = OidcChanges(**{name: ""})  # type: ignore[arg-type]
    with pytest.raises(VestibuleError, match=f"oidc_connection_{name}_required"):
        oidc(ACTIVE_OIDC, changes)
    assert oidc(OIDC, changes).status == "pending"


def test_only_what_is_asked_for_changes() -> None:
    made = saml(ACTIVE_SAML, SamlChanges(display_name="New", sign_requests=False))
    assert made == replace(ACTIVE_SAML, display_name="New", sign_requests=False, updated_at=LATER)
    again = oidc(ACTIVE_OIDC, OidcChanges(custom_scopes=""))
    assert again == replace(ACTIVE_OIDC, updated_at=LATER)


def test_a_connection_holds_five_certificates_and_each_once() -> None:
    held = SAML
    for name in "12345":
        held = with_certificate(held, certificate(name))
    assert with_certificate(held, certificate("3")) == held
    with pytest.raises(VestibuleError, match="too_many_sso_verification_certificates"):
        with_certificate(held, certificate("6"))
    fewer = without_certificate(held, "id-3")
    assert [c.certificate_id for c in fewer.verification_certificates] == [
        "id-1",
        "id-2",
        "id-4",
        "id-5",
    ]
    with pytest.raises(VestibuleError, match="sso_verification_key_not_found"):
        without_certificate(held, "id-9")


def test_the_last_certificate_of_an_open_connection_stays() -> None:
    with pytest.raises(VestibuleError, match="cannot_delete_last_sso_verification_key"):
        without_certificate(ACTIVE_SAML, "id-1")
    pending = with_certificate(SAML, certificate("1"))
    assert without_certificate(pending, "id-1").verification_certificates == ()


HOSTILE_URLS = (
    "javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "ftp://idp.example/",
    "//idp.example", "idp.example", "https://", "https:///x", "https://user@idp.example/",
    "https://u:p@idp.example/",
    "https://idp.example\\@evil.example/", "https://idp.example/#x", "https://idp.example/ x",
    "https://idp.example/\n", "\thttps://idp.example/", "https://idp.example/\x00",
    'https://idp.example/"onload=', "https://idp.example/'", "https://idp.example/<script>",
    "https://idp.example/`", "https://idp.example/{x}", "https://idp.example/^", "https://idp.example/|",
    "https://\uff49dp.example/", "https://idp.example/é", "https://[::1", "https://idp.example:0/",
    "https://idp.example:99999/", "https://idp.example:x/", "https://idp.example/" + "x" * 2048,
)  # fmt: skip


@pytest.mark.parametrize("url", HOSTILE_URLS)
def test_a_hostile_url_is_refused_everywhere(url: str) -> None:
    with pytest.raises(VestibuleError, match="saml_connection_idp_sso_url_invalid_format"):
        saml(SAML, SamlChanges(idp_sso_url=url), http=True)
    with pytest.raises(VestibuleError, match="field_invalid"):
        saml(SAML, SamlChanges(alternative_acs_url=url), http=True)
    for name in ("authorization_url", "token_url", "userinfo_url", "jwks_url"):
        with pytest.raises(VestibuleError, match=f"oidc_connection_{name}_invalid_format"):
            oidc(OIDC, OidcChanges(**{name: url}), http=True)  # type: ignore[arg-type]
    with pytest.raises(VestibuleError, match="oidc_connection_issuer_url_invalid_format"):
        oidc(OIDC, OidcChanges(issuer=url), http=True)


@settings(derandomize=True, deadline=None, max_examples=200)
@given(
    st.text(max_size=20),
    st.sampled_from(["", "https://", "https://idp.example", "http://[", "https:"]),
)
def test_any_text_as_a_url_is_taken_or_refused(text: str, start: str) -> None:
    try:
        made = saml(SAML, SamlChanges(idp_sso_url=start + text))
    except VestibuleError:
        return
    assert made.idp_sso_url == "" or made.idp_sso_url.lower().startswith("https://")


def test_http_is_for_development_only() -> None:
    plain = SamlChanges(idp_sso_url="http://localhost:8000/sso")
    assert saml(SAML, plain, http=True).idp_sso_url == "http://localhost:8000/sso"
    with pytest.raises(VestibuleError, match="saml_connection_idp_sso_url_not_https"):
        saml(SAML, plain)
    with pytest.raises(VestibuleError, match="oidc_connection_jwks_url_invalid_format"):
        oidc(OIDC, OidcChanges(jwks_url="http://localhost/j"))


def test_group_roles_need_groups() -> None:
    rules = (GroupRole("editor", "Admins"),)
    missing = "saml_connection_attribute_mapping_missing_groups_key"
    with pytest.raises(VestibuleError, match=missing):
        saml(SAML, SamlChanges(group_roles=rules))
    made = saml(ACTIVE_SAML, SamlChanges(group_roles=rules, connection_roles=("viewer",)))
    assert made.rules == RoleRules(("viewer",), rules)
    assert saml(made, SamlChanges(connection_roles=())).rules == RoleRules((), rules)
    with pytest.raises(VestibuleError, match=missing):  # nor can they lose them again
        saml(made, SamlChanges(attribute_mapping={"email": "NameID", "full_name": "name"}))
    assert oidc(OIDC, OidcChanges(group_roles=rules)).rules.groups == rules
    with pytest.raises(VestibuleError, match="invalid_rbac_role_assignment"):
        saml(ACTIVE_SAML, SamlChanges(group_roles=(GroupRole("editor", ""),)))
    with pytest.raises(VestibuleError, match=missing):
        update_external(EXTERNAL, source_has_groups=False, now=LATER, group_roles=rules)
    shared = update_external(EXTERNAL, source_has_groups=True, now=LATER, group_roles=rules)
    assert shared.rules.groups == rules
    assert brings_groups(OIDC)
    assert brings_groups(ACTIVE_SAML)
    assert not brings_groups(SAML)


def test_names_and_words_of_a_connection_are_checked() -> None:
    for bad in ("x" * 129, "a\nb", "\u202e"):
        with pytest.raises(VestibuleError, match="invalid_display_name"):
            saml(SAML, SamlChanges(display_name=bad))
        with pytest.raises(VestibuleError, match="invalid_display_name"):
            update_external(EXTERNAL, source_has_groups=True, now=NOW, display_name=bad)
    with pytest.raises(VestibuleError, match="invalid_sso_idp"):
        oidc(OIDC, OidcChanges(identity_provider="Okta"))
    for name in IDENTITY_PROVIDERS:
        assert oidc(OIDC, OidcChanges(identity_provider=name)).identity_provider == name
    with pytest.raises(VestibuleError, match="external_sharing_invalid"):
        saml(SAML, SamlChanges(external_sharing="everybody"))
    with pytest.raises(VestibuleError, match="field_invalid"):
        update_external(EXTERNAL, source_has_groups=True, now=NOW, session_exchange="maybe")
    with pytest.raises(VestibuleError, match="invalid_idp_entity_id"):
        saml(SAML, SamlChanges(idp_entity_id="x" * 1025))


def test_an_external_connection_never_changes_where_it_leads() -> None:
    made = update_external(
        EXTERNAL, source_has_groups=True, now=LATER, display_name="P", session_exchange="denied"
    )
    assert made == replace(EXTERNAL, display_name="P", session_exchange="denied", updated_at=LATER)
    assert update_external(made, source_has_groups=True, now=LATER) == made


def test_the_owner_says_who_may_share() -> None:
    def status(source: SamlConnection | OidcConnection, entered: str = "organization-b") -> str:
        return initial_share_status(source, organization_id=entered)

    assert status(ACTIVE_SAML) == "active"
    assert status(replace(ACTIVE_OIDC, external_sharing="approval")) == "pending"
    with pytest.raises(VestibuleError, match="external_sharing_closed"):
        status(replace(ACTIVE_SAML, external_sharing="closed"))
    shut = after_revocation(after_revocation(ACTIVE_SAML, "organization-b"), "organization-b")
    assert status(shut) == "pending"
    assert status(shut, "organization-c") == "active"
    assert after_approval(shut, "organization-b") == ACTIVE_SAML
    with pytest.raises(VestibuleError, match="external_connection_not_active"):
        status(SAML)
    with pytest.raises(VestibuleError, match="external_organization_id_same_as_organization_id"):
        status(ACTIVE_SAML, "organization-a")


def test_another_issuer_is_another_identity_provider() -> None:
    moved = replace(ACTIVE_SAML, idp_entity_id="https://other.example")
    assert identity_provider_changed(ACTIVE_SAML, moved)
    assert not identity_provider_changed(SAML, moved)
    assert not identity_provider_changed(moved, replace(moved, idp_sso_url="https://x.example"))
    elsewhere = replace(ACTIVE_OIDC, issuer=f"{ACTIVE_OIDC.issuer}/")
    assert identity_provider_changed(ACTIVE_OIDC, elsewhere)
    assert not identity_provider_changed(OIDC, elsewhere)
    assert not identity_provider_changed(elsewhere, replace(elsewhere, client_id="another"))


def test_a_route_is_open_when_share_and_source_are() -> None:
    entered = Organization("organization-b", "project-1", "B", "b-b", NOW, NOW)
    require_open(LoginRoute(ACTIVE_SAML, ACTIVE_SAML, entered))
    require_open(LoginRoute(EXTERNAL, ACTIVE_SAML, entered))
    for share in ("pending", "revoked"):
        closed = replace(EXTERNAL, share_status=share)  # type: ignore[arg-type]
        with pytest.raises(VestibuleError, match=f"external_connection_{share}"):
            require_open(LoginRoute(closed, ACTIVE_SAML, entered))
    for target in (SAML, EXTERNAL):
        with pytest.raises(VestibuleError, match="requires_active_sso_connection"):
            require_open(LoginRoute(target, SAML, entered))
    with pytest.raises(ValueError, match="its own source"):
        require_open(LoginRoute(EXTERNAL, ACTIVE_OIDC, entered))


# --- our own keys ---------------------------------------------------------------------------------


def key_pair(name: str, minutes: int = 0) -> SigningKeyPair:
    made = replace(certificate(name), created_at=NOW + timedelta(minutes=minutes))
    return SigningKeyPair(made, f"KEY {name}")


def held(connection: SamlConnection) -> list[str]:
    return [pair.certificate.certificate_id for pair in connection.signing_keys]


ONE_KEY = replace(SAML, signing_keys=(key_pair("a"),))


def test_the_next_key_stands_behind_the_one_that_signs() -> None:
    two = with_next_key(ONE_KEY, key_pair("b", 1))
    three = with_next_key(two, key_pair("c", 2))
    assert (held(two), held(three)) == (["id-a", "id-b"], ["id-a", "id-b", "id-c"])
    with pytest.raises(VestibuleError, match="too_many_sso_signing_keys"):
        with_next_key(three, key_pair("d"))


@given(st.lists(st.tuples(st.sampled_from("amdu"), st.sampled_from("abcdef")), max_size=20))
@settings(max_examples=150, deadline=None)
def test_however_keys_change_one_signs_and_none_is_lost_unasked(
    steps: list[tuple[str, str]],
) -> None:
    """Whatever is done in whatever order: at most three, each once, and only a deletion or an
    upload without room takes one away, never the one that signs."""
    connection = ONE_KEY
    for number, (what, name) in enumerate(steps):
        before = held(connection)
        try:
            if what == "a":
                connection = with_active_key(connection, f"id-{name}")
                assert held(connection)[0] == f"id-{name}"
                assert sorted(held(connection)) == sorted(before)
            elif what == "m" and f"id-{name}" not in before:
                connection = with_next_key(connection, key_pair(name, number))
                assert held(connection)[:-1] == before
            elif what == "d":
                connection = without_signing_key(connection, f"id-{name}")
                assert held(connection) == [one for one in before if one != f"id-{name}"]
                assert held(connection)[0] == before[0]
            elif what == "u":
                connection = with_uploaded_key(connection, key_pair(name, number))
                assert held(connection)[0] == f"id-{name}"
                assert before[0] in held(connection)
        except VestibuleError as error:
            assert held(connection) == before
            assert error.code in {
                "sso_signing_key_not_found", "too_many_sso_signing_keys",
                "cannot_delete_active_sso_signing_key",
            }  # fmt: skip
        assert 1 <= len(held(connection)) <= 3
        assert len(set(held(connection))) == len(held(connection))


@pytest.mark.parametrize(
    "wrong", ["emailAddress", "urn:a b", "urn:\u00e4", "urn:x\n", f"urn:{'x' * 300}", " urn:x"]
)
def test_a_name_id_format_that_is_no_uri_is_refused(wrong: str) -> None:
    with pytest.raises(VestibuleError, match="field_invalid"):
        saml(SAML, SamlChanges(nameid_format=wrong))
    assert saml(SAML, SamlChanges(nameid_format="")).nameid_format == ""
