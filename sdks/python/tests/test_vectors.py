"""The vectors that the server is held to hold here as well: one truth, whoever evaluates."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from vestibule_sdk import KeyUnknown, SessionInvalid, SessionJwtExpired
from vestibule_sdk.api.models import RoleDocument
from vestibule_sdk.rbac import granting_roles
from vestibule_sdk.session_jwt import Session, read_jwks, verify_session_jwt

VECTORS = Path(__file__).parents[3] / "tests" / "vectors"
RIGHTS = json.loads((VECTORS / "rbac/cases.json").read_text())
JWTS = json.loads((VECTORS / "session_jwt/cases.json").read_text())
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
