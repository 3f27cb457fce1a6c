"""The language of a mapping: the vectors say what each expression gives, and where one is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vestibule.domain.attributes import (
    Statement,
    check_oidc_mapping,
    check_saml_mapping,
    map_statement,
)
from vestibule.domain.mapping import evaluate, read_expression
from vestibule.domain.metadata import promote
from vestibule.errors import VestibuleError
from vestibule_sdk import MappingRefused
from vestibule_sdk.mapping import preview_oidc

FOLDER = Path(__file__).parents[1] / "vectors/mapping"
VECTORS: dict[str, Any] = json.loads((FOLDER / "expressions.json").read_text())
CASES: list[dict[str, Any]] = json.loads((FOLDER / "cases.json").read_text())["cases"]
CLAIMS: dict[str, Any] = VECTORS["claims"]
quiet = settings(derandomize=True, deadline=None, max_examples=300)


@pytest.mark.parametrize(
    ("text", "value", "source", "warnings"),
    [pytest.param(*case[1:], id=case[0]) for case in VECTORS["good"]],
)
def test_an_expression_gives_its_value_and_says_where_it_came_from(
    text: str, value: object, source: str | None, warnings: int
) -> None:
    found = evaluate(read_expression(text), CLAIMS)
    assert (found.value, type(found.value)) == (value, type(value))
    assert found.source == source
    assert len(found.warnings) == warnings, found.warnings


@pytest.mark.parametrize(
    ("text", "place"), [pytest.param(*case[1:], id=case[0]) for case in VECTORS["bad"]]
)
def test_a_wrong_expression_is_refused_with_its_place(text: str, place: int | None) -> None:
    with pytest.raises(VestibuleError, match="attribute_mapping_invalid") as raised:
        check_oidc_mapping({"x": text})
    assert raised.value.want
    if place is not None:
        assert f"at character {place} of" in (raised.value.got or "")


def map_case(case: dict[str, Any]) -> dict[str, Any]:
    if case["protocol"] == "saml":
        mapping = check_saml_mapping(case["mapping"])
        statement = Statement(
            "saml",
            case["name_id"],
            case["attributes"],
            case["name_id_format"],
            case["friendly_names"],
        )
    else:
        mapping = check_oidc_mapping(case["mapping"])
        statement = Statement("oidc", case["claims"]["sub"], case["claims"])
    made = map_statement(mapping, statement)
    metadata, left_out = promote(case.get("before", {}), made.custom)
    return {
        "subject": made.subject,
        "email": made.email,
        "name": made.name,
        "groups": list(made.groups),
        "trusted_metadata": metadata,
        "sources": dict(made.sources),
        "warned": list(dict.fromkeys(told.partition(": ")[0] for told in made.warnings)),
        "left_out": list(left_out),
    }


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_mapping_gives_what_the_vectors_say(case: dict[str, Any]) -> None:
    if "error" in case:
        with pytest.raises(VestibuleError) as raised:
            map_case(case)
        assert raised.value.code == case["error"]
        return
    # As text, so that 1, 1.0 and true are three values.
    made, wanted = map_case(case), case["outcome"]
    assert json.dumps(made, sort_keys=True) == json.dumps(wanted, sort_keys=True)


@quiet
@given(st.text(alphabet='=a,b.|() "\\default12[]{}\x00\ud800é', max_size=40))
def test_any_text_is_an_expression_or_refused(text: str) -> None:
    try:
        made = read_expression(f"={text}")
    except VestibuleError as error:
        assert error.code == "attribute_mapping_invalid"
        return
    assert made.sources
    evaluate(made, CLAIMS)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(alphabet=' aA1,;.tryesnoİß\u00a0\ufeff\ud800\U0001f600"\n', max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab01"), inner),
    max_leaves=6,
)  # fmt: skip
SOURCE = st.sampled_from(["a", "b", "a.b", "a.0", "b.a.1", '"a"', "zz"])
TRANSFORM = st.sampled_from(
    ["lower", "trim", "first", "all", "boolean", "integer", 'split(",")', 'join(";")',
     'capture("[a-z1]+")', 'capture("^(.)\\\\s?")', "upper", 'split("")']
)  # fmt: skip
EXPRESSION = st.builds(
    lambda sources, default, transforms: (
        "= " + ", ".join(sources) + default + "".join(f" | {one}" for one in transforms)
    ),
    st.lists(SOURCE, min_size=1, max_size=3),
    st.sampled_from(["", "", ' default "D"', " default 1.5", " default true", " default {}"]),
    st.lists(TRANSFORM, max_size=3),
)


def on_the_server(mapping: dict[str, str], claims: dict[str, Any]) -> Any:
    try:
        made = map_statement(check_oidc_mapping(mapping), Statement("oidc", "1", claims))
    except VestibuleError as error:
        return error.code, error.got if error.code == "attribute_mapping_invalid" else ""
    metadata, left_out = promote({"kept": 1}, made.custom)
    warned = [told.partition(": ")[0] for told in made.warnings]
    return repr((made.groups, made.sources, metadata, left_out, warned))


def in_the_sdk(mapping: dict[str, str], claims: dict[str, Any]) -> Any:
    try:
        made = preview_oidc(mapping, {"sub": "1", **claims}, before={"kept": 1})
    except MappingRefused as error:
        return error.code, error.got if error.code == "attribute_mapping_invalid" else ""
    warned = [told.partition(": ")[0] for told in made.warnings]
    return repr((made.groups, made.sources, made.trusted_metadata, made.left_out, warned))


@quiet
@given(
    EXPRESSION | st.text(alphabet='=a,b.|() "\\default12[]{}é', max_size=20).map("={}".format),
    st.dictionaries(st.sampled_from(["a", "b", "a.b", "groups"]), JSON, max_size=4),
)
def test_the_sdk_previews_what_the_server_does(text: str, said: dict[str, Any]) -> None:
    """Beyond the vectors: any expression over any claims."""
    claims = {**said, "email": "ada@x.example"}
    mapping = {"x": text, "groups": "= groups, a | all"}
    assert in_the_sdk(mapping, claims) == on_the_server(mapping, claims)


def test_a_pattern_that_others_choke_on_is_answered() -> None:
    """A backtracking engine would need 2^60000 steps for this one."""
    found = evaluate(read_expression('= a | capture("^(?:a+)+$")'), {"a": "a" * 60_000 + "!"})
    assert found.value is None
    assert len(found.warnings[0]) < 200


def test_a_lone_surrogate_is_like_no_pattern() -> None:
    assert evaluate(read_expression('= a | capture(".*")'), {"a": "\ud800"}).value is None


def test_an_address_of_the_email_claim_has_to_be_verified_whatever_is_made_of_it() -> None:
    claims = {"email": "Ada@x.example", "email_verified": False, "upn": "ada@y.example"}
    for source in ("email", "= email | lower", "= mail, email"):
        with pytest.raises(VestibuleError, match="oidc_response_unverified_email"):
            map_statement({"email": source}, Statement("oidc", "1", claims))
    made = map_statement({"email": "= upn, email"}, Statement("oidc", "1", claims))
    assert (made.email, made.sources["email"]) == ("ada@y.example", "upn")


def test_a_claim_that_is_only_referred_to_is_told_and_never_fetched() -> None:
    elsewhere = {"_claim_names": {"groups": "src"}, "_claim_sources": {"src": {"endpoint": "x"}}}
    claims = {"email": "ada@x.example", **elsewhere}
    for mapping in ({}, {"groups": "groups"}, {"groups": "= groups | lower"}):
        made = map_statement(mapping, Statement("oidc", "1", claims))
        assert made.groups == ()
        assert "reference instead of the claim groups" in made.warnings[0]
    elsewhere["_claim_names"] = {"email": "src"}
    with pytest.raises(VestibuleError, match="oidc_distributed_claims"):
        map_statement({}, Statement("oidc", "1", elsewhere))


def test_saml_and_openid_connect_read_one_language() -> None:
    stated: dict[str, object] = {"mail": "ada@x.example", "memberOf": ["a;b", "c"], "cn": "Ada"}
    mapping = {
        "email": "= urn:mail, mail | lower",
        "full_name": "cn",
        "groups": '= memberOf | split(";")',
        "id": '= NameID | capture("[0-9]+") | integer',
        "first_group": "memberOf.0",
        "level": "= level default 1",
        "gone": "gone",
    }
    saml = map_statement(mapping, Statement("saml", "user-7", stated))
    claims = {**stated, "NameID": "user-7"}
    oidc = map_statement(mapping, Statement("oidc", "user-7", claims))
    assert saml.groups == oidc.groups == ("a", "b", "c")
    assert saml.custom == oidc.custom == {"id": 7, "first_group": "a;b", "level": 1}
    assert saml.sources == oidc.sources
    assert saml.sources["level"] == "(default)"
    assert saml.sources["groups"] == "memberOf"
    assert saml.warnings == ("gone: the assertion has no attribute gone",)
    assert oidc.warnings == ("gone: there is no claim gone",)
