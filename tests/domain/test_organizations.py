"""Names, slugs, domains, and settings that have to stand together."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vestibule.domain.metadata import json_size, merge_metadata
from vestibule.domain.organizations import (
    COMMON_DOMAINS,
    RESERVED_SLUGS,
    EmailRole,
    OrganizationSettings,
    check_domain,
    check_external_id,
    check_logo_url,
    check_name,
    check_settings,
    check_slug,
    slug_of,
    without_connections,
)
from vestibule.errors import VestibuleError

PLAIN = OrganizationSettings()
quiet = settings(derandomize=True, deadline=None)


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Acme", "acme"),
        ("Émile & Co", "emile-co"),
        ("  --A  b--", "a-b"),
        ("日本", "organization"),
        ("x", "organization-x"),
        ("Search", "organization-search"),
        ("x" * 128, "x" * 100),
    ],
)
def test_a_slug_comes_from_the_name(name: str, slug: str) -> None:
    assert slug_of(name) == slug


@quiet
@given(st.text(max_size=200))
def test_the_slug_of_any_name_is_a_slug(name: str) -> None:
    assert check_slug(slug_of(name))


@pytest.mark.parametrize("slug", ["ab", "A.b-c_d~e", "x" * 128])
def test_a_slug_has_plain_letters(slug: str) -> None:
    assert check_slug(slug) == slug


@pytest.mark.parametrize(
    "slug",
    ["", "a", "x" * 129, "a b", "a/b", "é-x", "ab\n", "a%2f", *sorted(RESERVED_SLUGS), "SEARCH"],
)
def test_what_is_no_slug_is_refused(slug: str) -> None:
    with pytest.raises(VestibuleError, match="invalid_organization_slug"):
        check_slug(slug)


def test_names_external_ids_and_logos_have_bounds() -> None:
    assert check_name("Ü" * 128)
    for name in ("", " ", "x" * 129, "a\nb", "a\u202eb", "\ud800"):
        with pytest.raises(VestibuleError, match="invalid_organization_name"):
            check_name(name)
    assert check_external_id("A.b_c-d|9")
    for value in ("", "x" * 129, "a b", "é", "a\n"):
        with pytest.raises(VestibuleError, match="invalid_organization_external_id"):
            check_external_id(value)
    assert check_logo_url("") == ""
    assert check_logo_url("https://x.example/l.png")
    for url in (
        "javascript:alert(1)",
        "data:,x",
        "//x",
        "x",
        "https://",
        "https://[",
        "https://x/" + "x" * 2048,
    ):
        with pytest.raises(VestibuleError, match="invalid_organization_logo_url"):
            check_logo_url(url)


@pytest.mark.parametrize(
    "domain",
    ["", "x", ".x.example", "x.example.", "x..example", "-x.example", "x-.example", "a_b.example",
     "é.example", "x.example\n", "*.example", "a@x.org", "x" * 64 + ".example", "a." * 127 + "x"],
)  # fmt: skip
def test_what_is_no_domain_is_refused(domain: str) -> None:
    with pytest.raises(VestibuleError, match="rbac_invalid_domain"):
        check_domain(domain, "rbac_invalid_domain", "rbac_domain_too_common")


def test_a_domain_that_anybody_can_have_is_refused() -> None:
    assert check_domain("Acme.Example", "x", "x") == "acme.example"
    assert {"gmail.com", "outlook.com", "gmx.de", "yandex.ru"} <= COMMON_DOMAINS
    for rule in ("GMAIL.com", "yahoo.co.uk"):
        with pytest.raises(VestibuleError, match="rbac_domain_too_common"):
            check_settings(
                replace(PLAIN, rbac_email_implicit_role_assignments=(EmailRole(rule, "r"),))
            )
        for name in ("email_allowed_domains", "claimed_email_domains"):
            with pytest.raises(VestibuleError, match="invalid_email_domain"):
                check_settings(replace(PLAIN, **{name: (rule,)}))  # type: ignore[arg-type]


def test_domains_are_kept_in_lower_case_once() -> None:
    made = check_settings(
        replace(
            PLAIN,
            email_allowed_domains=("B.example", "a.example", "b.EXAMPLE"),
            claimed_email_domains=("C.example",),
            rbac_email_implicit_role_assignments=(EmailRole("D.example", "Editor"),),
        )
    )
    assert made.email_allowed_domains == ("b.example", "a.example")
    assert made.claimed_email_domains == ("c.example",)
    assert made.rbac_email_implicit_role_assignments == (EmailRole("d.example", "Editor"),)


RULES: list[tuple[dict[str, object], dict[str, object], str]] = [
    ({"auth_methods": "RESTRICTED"}, {"allowed_auth_methods": ("sso",)},
     "allowed_auth_methods_required_for_restricted"),
    ({"mfa_methods": "RESTRICTED"}, {"allowed_mfa_methods": ("totp",)},
     "allowed_mfa_methods_required_for_restricted"),
    ({"sso_jit_provisioning": "RESTRICTED"}, {"sso_jit_provisioning_allowed_connections": ("c",)},
     "invalid_restricted_sso_setting"),
    ({"email_jit_provisioning": "RESTRICTED"}, {"email_allowed_domains": ("a.example",)},
     "invalid_restricted_email_setting"),
    ({"email_invites": "RESTRICTED"}, {"email_allowed_domains": ("a.example",)},
     "invalid_restricted_email_setting"),
    ({"sso_jit_provisioning": "NOT_ALLOWED", "email_invites": "NOT_ALLOWED"},
     {"email_invites": "ALL_ALLOWED"}, "email_provisioning_all_closed"),
]  # fmt: skip


@pytest.mark.parametrize(("alone", "mended", "code"), RULES)
def test_settings_that_cannot_stand_together_are_refused(
    alone: dict[str, object], mended: dict[str, object], code: str
) -> None:
    with pytest.raises(VestibuleError, match=code):
        check_settings(replace(PLAIN, **alone))  # type: ignore[arg-type]
    both = replace(PLAIN, **{**alone, **mended})  # type: ignore[arg-type]
    assert check_settings(both) == both


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("sso_jit_provisioning", "all_allowed", "field_invalid"),
        ("email_jit_provisioning", "ALL_ALLOWED", "field_invalid"),
        ("mfa_policy", "", "field_invalid"),
        ("allowed_mfa_methods", ("sms",), "field_invalid"),
        ("allowed_auth_methods", ("sso", "SSO"), "invalid_organization_allowed_auth_methods"),
    ],
)
def test_a_setting_has_one_of_its_words(field: str, value: object, code: str) -> None:
    with pytest.raises(VestibuleError, match=code):
        check_settings(replace(PLAIN, **{field: value}))  # type: ignore[arg-type]


def test_a_deleted_connection_leaves_no_id_behind_and_opens_nothing() -> None:
    before = replace(
        PLAIN,
        sso_default_connection_id="a",
        sso_jit_provisioning="RESTRICTED",
        sso_jit_provisioning_allowed_connections=("a", "b"),
    )
    one = without_connections(before, ["a"])
    assert one.sso_default_connection_id is None
    assert (one.sso_jit_provisioning, one.sso_jit_provisioning_allowed_connections) == (
        "RESTRICTED",
        ("b",),
    )
    none = without_connections(before, ["b", "a"])
    assert none.sso_jit_provisioning == "NOT_ALLOWED"
    assert none.sso_jit_provisioning_allowed_connections == ()
    assert without_connections(before, ["c"]) == before
    assert without_connections(PLAIN, ["a"]) == PLAIN


def test_metadata_merges_at_the_top_and_null_deletes() -> None:
    old = {"a": {"x": 1, "y": 2}, "b": 1, "c": 2}
    merged = merge_metadata(old, {"a": {"x": 3}, "b": None, "gone": None, "d": [None]})
    assert merged == {"a": {"x": 3}, "c": 2, "d": [None]}
    assert old["b"] == 1


def test_metadata_has_twenty_keys_and_four_kilobytes() -> None:
    twenty = {str(i): i for i in range(20)}
    assert merge_metadata({}, twenty) == twenty
    assert len(merge_metadata(twenty, {"0": None, "new": 1})) == 20
    with pytest.raises(VestibuleError, match="metadata_too_many_keys"):
        merge_metadata(twenty, {"new": 1})
    room = 4096 - json_size({"k": ""})
    assert merge_metadata({}, {"k": "x" * room})
    for text in ("x" * (room + 1), "é" * (room // 2 + 1)):
        with pytest.raises(VestibuleError, match="metadata_too_large"):
            merge_metadata({}, {"k": text})


def test_metadata_nested_without_an_end_is_too_large() -> None:
    deep: object = 1
    for _ in range(5000):
        deep = [deep]
    with pytest.raises(VestibuleError, match="metadata_too_large"):
        merge_metadata({}, {"k": deep})
