"""The vectors that the server is held to hold here as well: one truth, whoever evaluates."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from vestibule_sdk import KeyUnknown, MappingRefused, SessionInvalid, SessionJwtExpired
from vestibule_sdk.api.models import RoleDocument
from vestibule_sdk.mapping import Outcome, check_expression, preview_oidc, preview_saml
from vestibule_sdk.rbac import granting_roles
from vestibule_sdk.session_jwt import Session, read_jwks, verify_session_jwt

VECTORS = Path(__file__).parents[3] / "tests" / "vectors"
RIGHTS = json.loads((VECTORS / "rbac/cases.json").read_text())
JWTS = json.loads((VECTORS / "session_jwt/cases.json").read_text())
MAPPINGS = json.loads((VECTORS / "mapping/cases.json").read_text())["cases"]
EXPRESSIONS = json.loads((VECTORS / "mapping/expressions.json").read_text())
KEYS = read_jwks(json.dumps(JWTS["jwks"]).encode())
REASONS = {"expired": SessionJwtExpired, "unknown_key": KeyUnknown, "invalid": SessionInvalid}


def verify(token: str) -> Session:
    return verify_session_jwt(token, KEYS, project_id=JWTS["project_id"], now=JWTS["now"])


@pytest.mark.parametrize("case", RIGHTS["cases"], ids=lambda case: case["name"])
def test_rights_are_evaluated_as_the_vectors_say(case: dict[str, Any]) -> None:
    told = RIGHTS["policy_roles"] + RIGHTS["organization_roles"]
    roles = msgspec.convert(told, list[RoleDocument])
    found = granting_roles(case["held"], case["resource_id"], case["action"], roles)
    assert list(found) == case["granting"]


@pytest.mark.parametrize("case", JWTS["good"], ids=lambda case: case["name"])
def test_a_good_session_jwt_is_accepted(case: dict[str, Any]) -> None:
    session = verify(case["token"])
    found = {name: getattr(session, name) for name in JWTS["session"]}
    assert {**found, "roles": list(session.roles)} == JWTS["session"]


@pytest.mark.parametrize("case", JWTS["bad"], ids=lambda case: case["name"])
def test_a_session_jwt_with_one_fault_is_refused(case: dict[str, Any]) -> None:
    with pytest.raises(SessionInvalid) as caught:
        verify(case["token"])
    assert type(caught.value) is REASONS[case["because"]]


def map_case(case: dict[str, Any]) -> Outcome:
    if case["protocol"] == "oidc":
        return preview_oidc(case["mapping"], case["claims"], before=case.get("before"))
    return preview_saml(
        case["mapping"],
        case["attributes"],
        name_id=case["name_id"],
        name_id_format=case["name_id_format"],
        friendly_names=case["friendly_names"],
        before=case.get("before"),
    )


@pytest.mark.parametrize("case", MAPPINGS, ids=lambda case: case["name"])
def test_a_mapping_gives_what_the_vectors_say(case: dict[str, Any]) -> None:
    if "error" in case:
        with pytest.raises(MappingRefused) as caught:
            map_case(case)
        assert caught.value.code == case["error"]
        return
    made = map_case(case)
    found = {name: getattr(made, name) for name in case["outcome"] if name != "warned"}
    found["warned"] = list(dict.fromkeys(told.partition(": ")[0] for told in made.warnings))
    # As text, so that 1, 1.0 and true are three values.
    assert json.dumps(found, sort_keys=True) == json.dumps(case["outcome"], sort_keys=True)


@pytest.mark.parametrize(
    ("text", "value", "source", "warnings"),
    [pytest.param(*case[1:], id=case[0]) for case in EXPRESSIONS["good"]],
)
def test_an_expression_gives_its_value_and_says_where_it_came_from(
    text: str, value: object, source: str | None, warnings: int
) -> None:
    claims = {**EXPRESSIONS["claims"], "contact": "ada@x.example"}
    made = preview_oidc({"x": text, "email": "contact"}, claims)
    told = [one for one in made.warnings if one.startswith("x: ")]
    assert json.dumps(made.trusted_metadata.get("x")) == json.dumps(value)
    if value is not None:
        assert made.sources["x"] == (source or "(default)")
        assert len(told) == warnings
    else:
        assert len(told) == max(warnings, 1)


@pytest.mark.parametrize(
    ("text", "place"), [pytest.param(*case[1:], id=case[0]) for case in EXPRESSIONS["bad"]]
)
def test_a_wrong_expression_is_refused_with_its_place(text: str, place: int | None) -> None:
    with pytest.raises(MappingRefused) as caught:
        check_expression(text)
    assert caught.value.code == "attribute_mapping_invalid"
    if place is not None:
        assert f"at character {place} of" in caught.value.got


def test_what_is_no_key_for_session_jwts_is_left_out() -> None:
    good = JWTS["jwks"]["keys"][0]
    odd: list[Any] = [
        {**good, "kid": "a", "use": "enc"},
        {**good, "kid": "b", "alg": "RS512"},
        {**good, "kid": "c", "kty": "EC"},
        {**good, "kid": "d", "n": good["n"][:100]},
        {**good, "kid": "e", "n": None},
        {name: value for name, value in good.items() if name != "kid"},
        "a string",
    ]
    assert list(read_jwks(json.dumps({"keys": [*odd, good]}).encode())) == [good["kid"]]
