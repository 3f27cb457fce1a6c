"""The vectors that the SDKs share with the server: whoever evaluates rights or session JWTs, here
or in another language, has to agree with them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from vestibule.domain.rbac import Permission, Policy, Role, granting_roles
from vestibule.errors import InvalidRequest
from vestibule.protocols.jwt import verify_session_jwt

VECTORS = Path(__file__).parents[1] / "vectors"
RIGHTS = json.loads((VECTORS / "rbac/cases.json").read_text())
JWTS = json.loads((VECTORS / "session_jwt/cases.json").read_text())


def role(told: dict[str, Any]) -> Role:
    permissions = (Permission(p["resource_id"], tuple(p["actions"])) for p in told["permissions"])
    return Role(told["role_id"], told["description"], tuple(permissions))


def verify(token: str) -> Any:
    return verify_session_jwt(
        token,
        JWTS["public_keys"],
        project_id=JWTS["project_id"],
        now=datetime.fromtimestamp(JWTS["now"], UTC),
    )


@pytest.mark.parametrize("case", RIGHTS["cases"], ids=lambda case: case["name"])
def test_rights_are_evaluated_as_the_vectors_say(case: dict[str, Any]) -> None:
    policy = Policy(tuple(map(role, RIGHTS["policy_roles"])), ())
    own = [role(told) for told in RIGHTS["organization_roles"]]
    found = granting_roles(case["held"], case["resource_id"], case["action"], policy, own)
    assert list(found) == case["granting"]


@pytest.mark.parametrize("case", JWTS["good"], ids=lambda case: case["name"])
def test_a_good_session_jwt_is_accepted(case: dict[str, Any]) -> None:
    assert verify(case["token"])["sub"] == JWTS["session"]["member_id"]


@pytest.mark.parametrize("case", JWTS["bad"], ids=lambda case: case["name"])
def test_a_session_jwt_with_one_fault_is_refused(case: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest) as caught:
        verify(case["token"])
    assert caught.value.code == "unable_to_parse_session_jwt"
