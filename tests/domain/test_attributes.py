"""From assertion and claims to a profile: whose address counts, and what is never guessed."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vestibule.domain.attributes import (
    MAX_GROUPS,
    TRANSIENT,
    Profile,
    Statement,
    check_oidc_mapping,
    check_saml_mapping,
    email_domain,
    email_key,
    map_statement,
    read_email,
)
from vestibule.domain.mapping import claim_at, strings_of
from vestibule.errors import VestibuleError

MAPPING = {"email": "mail", "full_name": "name", "groups": "groups"}
quiet = settings(derandomize=True, deadline=None, max_examples=200)


def from_saml(
    attributes: dict[str, list[str]],
    mapping: dict[str, str] | None = None,
    *,
    name_id: str = "id-1",
    name_id_format: str = "persistent",
    friendly: dict[str, str] | None = None,
) -> Profile:
    stated = {name: v[0] if len(v) == 1 else v for name, v in attributes.items() if v}
    statement = Statement("saml", name_id, stated, name_id_format, friendly or {})
    return map_statement(mapping or MAPPING, statement)


def from_oidc(claims: dict[str, object], mapping: dict[str, str] | None = None) -> Profile:
    stated = {"email": "ada@acme.example", **claims}
    return map_statement(mapping or {}, Statement("oidc", "sub-1", stated))


def test_an_address_keeps_its_letters_and_its_domain_is_lowered() -> None:
    assert read_email("Ada.L+x@ACME.Example") == "Ada.L+x@acme.example"
    assert read_email("ada@corp.local") == "ada@corp.local"
    assert email_key("Ada@acme.example") == "ada@acme.example"
    assert email_domain("Ada@ACME.example") == "acme.example"


def test_a_punycode_domain_stays_ascii() -> None:
    assert read_email("ada@xn--exmple-cua.com") == "ada@xn--exmple-cua.com"


@pytest.mark.parametrize(
    "value",
    [
        "", "ada", "@acme.example", "ada@", "ada@@acme.example", "ada@acme.example@evil.example",
        "ada@acme.example,eve@evil.example", "ada@acme.example eve@evil.example",
        "ada@acme.example;", " ada@acme.example", "ada@acme.example ", "ada@acme.example\n",
        "ada\u00a0@acme.example", "\u00a0ada@acme.example", "ada@acme.example\u200b",
        "ada\uff20acme.example", "ada@acme\u3002example", "ada@acm\u0435.example",
        "\u0430da@acme.example", "adm\u0131n@acme.example", "ada@\u0130acme.example",
        "ad\u00e9@acme.example", "ada@acme.exampl\u00e9", "ada(comment)@acme.example",
        "(c)ada@acme.example", "ada@acme.example(c)", "Ada <ada@acme.example>",
        "<ada@acme.example>", '"ada"@acme.example', '"a@b"@acme.example', "ada@[127.0.0.1]",
        "ada@acme..example", ".ada@acme.example", "ada.@acme.example", "ada@-acme.example",
        "ada@acme.example.", "ada\x00@acme.example", "ada\r\n@acme.example",
        "ada@" + "a." * 130 + "example", "\ud800@acme.example",
    ],
)  # fmt: skip
def test_what_only_looks_like_an_address_is_refused(value: str) -> None:
    with pytest.raises(VestibuleError, match="invalid_email"):
        read_email(value)
    with pytest.raises(VestibuleError, match="saml_response_email_invalid"):
        from_saml({"mail": [value]})
    if value:
        with pytest.raises(VestibuleError, match="oidc_response_email_invalid"):
            from_oidc({"email": value})


@quiet
@given(st.text(max_size=40) | st.emails() | st.text('ad@.\u00a0\uff20("<,x-', max_size=12))
def test_any_text_is_an_ascii_address_or_refused(value: str) -> None:
    try:
        address = read_email(value)
    except VestibuleError:
        return
    assert address.isascii()
    assert address.count("@") == 1
    assert address.lower() == value.lower()


@pytest.mark.parametrize(
    "values", [[], ["a@x.example", "b@x.example"], ["a@x.example", "A@x.example"]]
)
def test_two_addresses_leave_no_choice(values: list[str]) -> None:
    with pytest.raises(VestibuleError, match="saml_response_email_invalid"):
        from_saml({"mail": values})
    if values:
        with pytest.raises(VestibuleError, match="oidc_response_email_invalid"):
            from_oidc({"email": values})


def test_an_assertion_becomes_a_profile() -> None:
    mapping = {**MAPPING, "team": "team", "cities": "city", "gone": "gone", "empty": ""}
    found = from_saml(
        {
            "mail": ["Ada@ACME.example", "Ada@ACME.example"],
            "name": [" Ada L "],
            "groups": ["b", "a", "b", "B", "x,y"],
            "team": ["one"],
            "city": ["Rome", "Oslo"],
            "unmapped": ["secret"],
        },
        mapping,
    )
    assert (found.subject, found.email, found.name) == ("id-1", "Ada@acme.example", "Ada L")
    assert found.groups == ("b", "a", "B", "x,y")
    assert found.custom == {"team": "one", "cities": ["Rome", "Oslo"]}
    assert found.attributes["cities"] == ("Rome", "Oslo")
    assert "unmapped" not in found.attributes
    assert found.warnings == ("gone: the assertion has no attribute gone",)


def test_a_name_comes_whole_or_from_its_two_parts() -> None:
    parts = {"email": "NameID", "first_name": "given", "last_name": "family"}
    found = from_saml({"given": ["Ada"], "family": ["L"]}, parts, name_id="ada@acme.example")
    assert (found.name, found.email) == ("Ada L", "ada@acme.example")
    assert len(from_saml({"mail": ["a@x.example"], "name": ["x" * 999]}).name) == 256


def test_a_friendly_name_counts_where_no_name_fits() -> None:
    friendly = {"urn:oid:1": "mail", "urn:oid:2": "name"}
    attributes = {"urn:oid:1": ["ada@acme.example"], "urn:oid:2": ["Ada"]}
    assert from_saml(attributes, friendly=friendly).email == "ada@acme.example"
    named = {**attributes, "mail": ["grace@acme.example"]}
    assert from_saml(named, friendly=friendly).email == "grace@acme.example"


def test_the_subject_is_what_stays() -> None:
    base = {"mail": ["Ada@acme.example"], "uid": ["u-7"]}
    assert (
        from_saml(base, name_id_format=TRANSIENT, name_id="_random").subject == "ada@acme.example"
    )
    own = {**MAPPING, "idp_user_id": "uid"}
    assert from_saml(base, own, name_id_format=TRANSIENT).subject == "u-7"
    assert from_saml({"mail": ["a@x.example"]}, own).subject == "id-1"
    assert "idp_user_id" not in from_saml(base, own).custom


def test_nobody_is_known_by_a_transient_name_id() -> None:
    """A name that is another one each time makes a new person, or one day somebody else's."""
    base = {"mail": ["ada@acme.example"], "uid": ["u-7"]}
    fallen = from_saml(base, name_id_format=TRANSIENT, name_id="_random")
    assert any("transient" in warning for warning in fallen.warnings)
    steady = from_saml(base, {**MAPPING, "idp_user_id": "uid"}, name_id_format=TRANSIENT)
    assert not any("transient" in warning for warning in steady.warnings)
    for source in ("NameID", "= employee, NameID"):
        mapping = {**MAPPING, "idp_user_id": source}
        with pytest.raises(VestibuleError, match="saml_name_id_transient"):
            from_saml(base, mapping, name_id_format=TRANSIENT)
        assert from_saml(base, mapping).subject == "id-1"
    first = {**MAPPING, "idp_user_id": "= uid, NameID"}
    assert from_saml(base, first, name_id_format=TRANSIENT).subject == "u-7"


def test_groups_are_bounded_and_the_rest_is_told_of() -> None:
    found = from_saml({"mail": ["a@x.example"], "groups": [str(i) for i in range(MAX_GROUPS + 1)]})
    assert len(found.groups) == MAX_GROUPS
    assert found.warnings == (
        "full_name: the assertion has no attribute name",
        f"groups: only the first {MAX_GROUPS} of {MAX_GROUPS + 1} are kept",
    )


def test_claims_have_defaults_and_a_mapping_overrides_them() -> None:
    claims: dict[str, object] = {
        "name": "Ada",
        "given_name": "A",
        "groups": ["x"],
        "upn": "u@x.example",
    }
    found = from_oidc(claims)
    assert (found.subject, found.email, found.name, found.groups) == (
        "sub-1", "ada@acme.example", "Ada", ("x",),
    )  # fmt: skip
    assert found.custom == {}
    assert from_oidc({"given_name": "A", "family_name": "L"}).name == "A L"
    assert from_oidc(claims, {"email": "upn"}).email == "u@x.example"
    assert from_oidc(claims, {"first_name": "given_name"}).name == "A"
    assert from_oidc(claims, {"email": "", "groups": ""}) == found


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("a", {"b": [{"c": 1}, {"c": 2}, "x"]}),
        ("a.b", [{"c": 1}, {"c": 2}, "x"]),
        ("a.b.1", {"c": 2}),
        ("a.b.1.c", 2),
        ("a.b.c", [1, 2]),
        ("a.b.9", None),
        ("a.b.-1", None),
        ("a.b.²", None),
        ("a.b.c.d", None),
        ("a..b", None),
        ("", None),
        (".", None),
        ("dotted.name", "whole"),
        ("null", None),
    ],
)
def test_a_path_leads_into_claims(source: str, value: object) -> None:
    claims = {
        "a": {"b": [{"c": 1}, {"c": 2}, "x"]},
        "dotted.name": "whole",
        "dotted": {"name": "path"},
        "null": None,
    }
    assert claim_at(claims, source) == value


def test_custom_claims_keep_their_type() -> None:
    claims: dict[str, object] = {"n": 3, "o": {"x": [True, None]}, "f": False, "z": None}
    found = from_oidc(claims, {"n": "n", "o": "o", "f": "f", "z": "z"})
    assert found.custom == {"n": 3, "o": {"x": [True, None]}, "f": False}
    assert found.attributes["f"] == ("false",)
    assert found.warnings == ("z: there is no claim z",)


def test_a_claim_is_read_as_strings() -> None:
    assert strings_of(["a", ["b", {"c": "d"}], True, 1.5, None]) == ("a", "b", "true", "1.5")


@pytest.mark.parametrize("value", [False, "false", "False", "FALSE", "no", 0, "0", "", [], {}])
def test_an_address_that_is_not_verified_is_refused(value: object) -> None:
    with pytest.raises(VestibuleError, match="oidc_response_unverified_email"):
        from_oidc({"email_verified": value})


@pytest.mark.parametrize("value", [True, "true", "True", 1, "1"])
def test_an_address_that_is_verified_is_accepted(value: object) -> None:
    assert from_oidc({"email_verified": value}).email == "ada@acme.example"
    assert from_oidc({}).email == "ada@acme.example"


@pytest.mark.parametrize("value", [None, [], {}, [None], {"email": "a@x.example"}])
def test_an_address_that_is_not_there_is_missing(value: object) -> None:
    with pytest.raises(VestibuleError, match="oidc_response_email_missing"):
        from_oidc({"email": value})
    with pytest.raises(VestibuleError, match="oidc_response_email_missing"):
        from_oidc({}, {"email": "no.such.claim"})


def test_a_mapping_has_to_name_a_person() -> None:
    good = {"email": "NameID", "full_name": "name"}
    assert check_saml_mapping({**good, "groups": ""}) == good
    parts = {"email": "NameID", "first_name": "a", "last_name": "b"}
    assert check_saml_mapping(parts) == parts
    with pytest.raises(VestibuleError, match="saml_connection_email_mapping_required"):
        check_saml_mapping({**good, "email": ""})
    for half in (
        {"email": "x"},
        {"email": "x", "first_name": "a"},
        {"email": "x", "full_name": ""},
    ):
        with pytest.raises(VestibuleError, match="saml_connection_name_mapping_required"):
            check_saml_mapping(half)
    assert check_oidc_mapping({"email": ""}) == {}


@pytest.mark.parametrize(
    "bad", [{"k" * 129: "x"}, {"": "x"}, {"k": "x" * 513}, {str(i): "x" for i in range(51)}]
)
def test_a_mapping_has_bounds(bad: dict[str, str]) -> None:
    for check in (check_saml_mapping, check_oidc_mapping):
        with pytest.raises(VestibuleError, match="attribute_mapping_invalid"):
            check(bad)


_scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
_values = st.recursive(
    _scalars,
    lambda v: st.lists(v, max_size=3) | st.dictionaries(st.text(max_size=3), v, max_size=3),
)
_keys = st.sampled_from(["email", "full_name", "first_name", "groups", "idp_user_id", "x", "a.b"])
_sources = st.sampled_from(["email", "name", "a", "a.b", "a.0.b", "x", "", "NameID", "."])


@quiet
@given(st.dictionaries(_keys, _sources), st.dictionaries(_sources, _values), st.booleans())
def test_any_claims_make_a_profile_or_a_refusal(
    mapping: dict[str, str], claims: dict[str, object], good: bool
) -> None:
    try:
        stated = {**claims, **({"email": "a@x.example"} if good else {})}
        made = map_statement(mapping, Statement("oidc", "s", stated))
    except VestibuleError:
        return
    assert made.email.isascii()
    assert not made.custom.keys() & {"email", "full_name", "groups", "idp_user_id"}


@quiet
@given(
    st.dictionaries(_keys, _sources),
    st.dictionaries(_sources, st.lists(st.text(max_size=9) | st.just("a@x.example"), max_size=3)),
    st.text(max_size=9),
    st.sampled_from([TRANSIENT, ""]),
)
def test_any_assertion_makes_a_profile_or_a_refusal(
    mapping: dict[str, str], attributes: dict[str, list[str]], name_id: str, form: str
) -> None:
    friendly = dict.fromkeys(attributes, "x")
    try:
        made = map_statement(mapping, Statement("saml", name_id, attributes, form, friendly))
    except VestibuleError as error:
        assert error.code == "saml_response_email_invalid"
        return
    assert made.email.isascii()
