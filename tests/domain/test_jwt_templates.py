"""JWT templates: what may be written, where a fault stands, and values that hold their shape.

The cases are data, in tests/vectors/jwt_templates, so that whoever else fills or shows templates
can run the same ones. `filled.json` has what a template becomes; `refused.json` has one fault each.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from vestibule.domain.jwt_template_text import read_audience, read_template, template_text
from vestibule.domain.jwt_templates import (
    KNOWN_VARIABLES,
    MAX_CLAIM_BYTES,
    Filled,
    Subject,
    build_template,
    fill,
    variables,
)
from vestibule.domain.members import Member
from vestibule.domain.organizations import Organization
from vestibule.domain.projects import Project
from vestibule.domain.rbac import Permission, Resource, Role, build_policy
from vestibule.errors import VestibuleError

VECTORS = Path(__file__).parents[1] / "vectors" / "jwt_templates"
FILLED = json.loads((VECTORS / "filled.json").read_text())
REFUSED = json.loads((VECTORS / "refused.json").read_text())
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
quiet = settings(derandomize=True, deadline=None, max_examples=300)


def fill_text(text: str, values: dict[str, Any], own: dict[str, Any] | None = None) -> Filled:
    return fill(build_template(read_template(text)), values, own)


def same(one: object, other: object) -> bool:
    """Equal as JSON, in which 1 is not true and 1.0 not 1."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


# --- the vectors --------------------------------------------------------------------------------


@pytest.mark.parametrize("case", FILLED["cases"], ids=lambda case: case["name"])
def test_a_template_is_filled_with_typed_values(case: dict[str, Any]) -> None:
    values = case.get("variables", FILLED["variables"])
    made = fill_text(case["template"], values, case.get("own"))
    assert same(made.claims, case["claims"])
    assert [list(one) for one in made.left_out] == case["left_out"]


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case["name"])
def test_a_template_that_cannot_be_used_is_refused_at_its_place(case: dict[str, Any]) -> None:
    with pytest.raises(VestibuleError) as caught:
        read_template(case["template"])
    error = caught.value
    assert error.code == case["code"]
    if "line" in case:
        place = f"Line {case['line']}, column {case['column']}"
        if "claim" in case:
            place += f", claim {case['claim']}"
            assert error.detail == place
        assert (error.detail or "").startswith(place)


def test_every_vector_has_a_name_of_its_own() -> None:
    for cases in (FILLED["cases"], REFUSED):
        names = [case["name"] for case in cases]
        assert len(set(names)) == len(names)


# --- reading ------------------------------------------------------------------------------------


def test_a_refusal_lists_what_there_is() -> None:
    with pytest.raises(VestibuleError) as caught:
        read_template('{"a": {{ member.mail }}}')
    assert caught.value.got == "member.mail"
    wanted = (caught.value.want or "").split(", ")
    assert wanted == [name for name in KNOWN_VARIABLES if name.startswith("member.")]


@pytest.mark.parametrize("path", KNOWN_VARIABLES)
def test_everything_that_is_listed_can_be_named(path: str) -> None:
    assert read_template(f'{{"a": {{{{ {path} }}}}}}') == {"a": f"{{{{ {path} }}}}"}


def test_what_was_read_means_the_same_when_it_is_written_out() -> None:
    """Projects from before texts were kept have the values only."""
    for case in FILLED["cases"]:
        parsed = read_template(case["template"])
        project = Project("p", "test", "n", "s", "test", NOW, jwt_template=parsed)
        assert read_template(template_text(project)) == parsed


def test_a_text_is_shown_as_it_was_given() -> None:
    text = '{ "a" :\n\t{{member.name}} }'
    project = Project("p", "test", "n", "s", "test", NOW, jwt_template_text=text)
    assert template_text(project) == text


@pytest.mark.parametrize("value", ["", "https://api.acme.example", "x" * 256, "größer als"])
def test_an_audience_is_printable(value: str) -> None:
    assert read_audience(value) == value


@pytest.mark.parametrize("value", ["x" * 257, "a\nb", "a\x00", "\ud800", "\u202e"])
def test_an_audience_that_nobody_could_read_is_refused(value: str) -> None:
    with pytest.raises(VestibuleError, match="field_invalid"):
        read_audience(value)


PIECES = st.sampled_from([
    "{{", "}}", "{", "}", "[", "]", '"', '"a"', ":", ",", " ", "\n", "\\", "\\u", "\\ud83d",
    "\\u0000", "1", "-", "1e9", "0", ".", "true", "null", "NaN", "member.name",
    "member.trusted_metadata.x", "organization.", "é", "\x00", "\ud800", "😀",
])  # fmt: skip
CODES = {
    "jwt_template_invalid_json", "jwt_template_invalid_tag", "jwt_template_mismatched_tag",
    "reserved_claims_in_custom_claims", "stytch_claims_in_custom_claims", "custom_claims_too_large",
}  # fmt: skip


@quiet
@given(st.one_of(st.text(), st.lists(PIECES, max_size=40).map("".join)))
@example('{"a":' * 1000)
@example("{" * 4096)
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        parsed = read_template(text)
    except VestibuleError as error:
        assert error.code in CODES
        assert error.code == "custom_claims_too_large" or error.detail
    else:
        json.dumps(parsed).encode()
        fill(build_template(parsed), {"member": {"name": "x"}})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=12,
)  # fmt: skip


def brace_free(value: object) -> bool:
    text = json.dumps(value, ensure_ascii=False)
    return "{{" not in text and not any(
        "}}" in part for part in json.dumps(value).split('"')[1::2]
    ) and "\\u0000" not in json.dumps(value)  # fmt: skip


@quiet
@given(
    st.dictionaries(st.text('abcé\n"\\', max_size=5), JSON, max_size=4), st.sampled_from([None, 1])
)
def test_json_without_tags_is_read_as_everybody_reads_it(
    value: dict[str, Any], indent: int | None
) -> None:
    """Where the standard library and we both read a text, we read the same."""
    text = json.dumps(value, indent=indent, ensure_ascii=indent is None)
    if brace_free(value):
        try:
            parsed = read_template(text)
        except VestibuleError as error:
            assert error.code in {"custom_claims_too_large", "jwt_template_mismatched_tag"}
        else:
            assert same(parsed, json.loads(text))


# --- filling ------------------------------------------------------------------------------------


@quiet
@given(st.text(), st.text())
def test_a_value_never_leaves_its_place(value: str, other: str) -> None:
    text = '{"whole": {{ member.name }}, "part": "<{{ member.name }}|{{ member.status }}>", "k": 1}'
    made = fill_text(text, {"member": {"name": value, "status": other}}).claims
    assert made == {"whole": value, "part": f"<{value}|{other}>", "k": 1}


@quiet
@given(JSON)
def test_a_whole_value_keeps_its_shape(value: object) -> None:
    values = {"member": {"trusted_metadata": {"x": value}}}
    made = fill_text('{"a": {{ member.trusted_metadata.x }}}', values).claims
    assert same(made, {} if value is None else {"a": value})


@quiet
@given(
    st.dictionaries(st.sampled_from("abcdefgh"), JSON | st.text(min_size=500, max_size=2000)),
    st.dictionaries(st.sampled_from("abc"), st.text(max_size=700)),
)
def test_claims_never_grow_beyond_their_bound(values: dict[str, Any], own: dict[str, Any]) -> None:
    members = ", ".join(f'"{name}": {{{{ member.trusted_metadata.{name} }}}}' for name in values)
    made = fill_text(f"{{{members}}}", {"member": {"trusted_metadata": values}}, own)
    encoded = json.dumps(made.claims, ensure_ascii=False, separators=(",", ":")).encode()
    assert len(encoded) <= MAX_CLAIM_BYTES
    assert own.items() <= made.claims.items()
    dropped = {name for name, _ in made.left_out}
    assert made.claims.keys() | dropped == values.keys() | own.keys()
    for name, reason in made.left_out:
        if reason == "too_large":
            grown = {**made.claims, name: values[name]}
            whole = json.dumps(grown, ensure_ascii=False, separators=(",", ":")).encode()
            assert len(whole) > MAX_CLAIM_BYTES


@pytest.mark.parametrize("value", ["\ud800", float("nan"), float("inf")])
def test_what_no_jwt_can_hold_is_left_out(value: object) -> None:
    values = {"member": {"name": "Ada", "trusted_metadata": {"x": value}}}
    made = fill_text('{"x": {{ member.trusted_metadata.x }}, "n": {{ member.name }}}', values)
    assert made == Filled({"n": "Ada"}, (("x", "not_json"),))


# --- the values ---------------------------------------------------------------------------------

POLICY = build_policy(
    custom_resources=[Resource("documents", "", ("read", "write", "publish"))],
    custom_roles=[
        Role("reader", "", (Permission("documents", ("read",)),)),
        Role("owner", "", (Permission("documents", ("*",)),)),
    ],
)
SUBJECT = Subject(
    Member(
        "member-1", "organization-1", "ada@acme.example", "active", NOW, NOW, name="Ada",
        trusted_metadata={"level": 3}, untrusted_metadata={"nickname": "ada"},
    ),
    Organization("organization-1", "project-1", "Acme", "acme", NOW, NOW,
                 external_id="crm-7", trusted_metadata={"tier": "gold"}),
    ("owner", "reader", "stytch_member"),
    ("reader", "stytch_member"),
    POLICY,
)  # fmt: skip


def claims_for(text: str, subject: Subject = SUBJECT) -> dict[str, Any]:
    template = build_template(read_template(text))
    return dict(fill(template, variables(template, subject)).claims)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("member.member_id", "member-1"),
        ("member.email_address", "ada@acme.example"),
        ("member.name", "Ada"),
        ("member.status", "active"),
        ("member.is_breakglass", False),
        ("member.trusted_metadata", {"level": 3}),
        ("member.untrusted_metadata.nickname", "ada"),
        ("member.roles", ["owner", "reader", "stytch_member"]),
        ("member.rbac.roles", ["reader", "stytch_member"]),
        ("member.rbac.documents.actions", ["read"]),
        ("organization.organization_id", "organization-1"),
        ("organization.organization_name", "Acme"),
        ("organization.organization_slug", "acme"),
        ("organization.organization_external_id", "crm-7"),
        ("organization.organization_logo_url", ""),
        ("organization.trusted_metadata.tier", "gold"),
    ],
)
def test_a_path_leads_to_its_value(path: str, value: object) -> None:
    assert claims_for(f'{{"a": {{{{ {path} }}}}}}') == {"a": value}


def test_actions_are_those_of_roles_that_count_in_the_session() -> None:
    """A role of another door must not open anything through a claim."""
    made = claims_for('{"rbac": {{ member.rbac }}}')["rbac"]
    assert made == {
        "roles": ["reader", "stytch_member"],
        "documents": {"actions": ["read"]},
        "stytch.self": made["stytch.self"],
    }


def test_a_wildcard_is_written_out_as_the_actions_that_there_are() -> None:
    subject = Subject(SUBJECT.member, SUBJECT.organization, (), ("reader", "owner"), POLICY)
    made = claims_for('{"a": {{ member.rbac.documents.actions }}}', subject)
    assert made == {"a": ["read", "write", "publish"]}


def test_only_what_is_named_is_worked_out() -> None:
    template = build_template(read_template('{"a": "{{ member.name }}-{{ member.status }}"}'))
    assert variables(template, SUBJECT) == {
        "member": {"name": "Ada", "status": "active"},
        "organization": {},
    }


def test_a_template_stored_under_other_rules_keeps_nobody_out() -> None:
    stored = {"a": "{{ member.gone }}", "b": "{{ nowhere }}", "c": "{{ env.X }}", "d": "{{", "e": 1}
    template = build_template(stored)
    made = fill(template, variables(template, SUBJECT))
    assert made.claims == {"d": "{{", "e": 1}
    assert made.left_out == (("a", "missing"), ("b", "missing"), ("c", "missing"))
