"""Editing a policy: what goes along with a thing that is renamed, and with one that goes."""

from __future__ import annotations

import pytest

from vestibule.domain.policies import (
    custom_parts,
    policy_changes,
    policy_text,
    read_policy,
    roles_on,
    with_resource,
    with_role,
    without_resource,
    without_role,
)
from vestibule.domain.rbac import DEFAULT_POLICY, Permission, Resource, Role, build_policy
from vestibule.errors import VestibuleError

POLICY = build_policy(
    custom_roles=[
        Role("reader", "Reads", (Permission("docs", ("read",)),)),
        Role("owner", "", (Permission("docs", ("*",)), Permission("stytch.sso", ("get",)))),
    ],
    custom_resources=[Resource("docs", "Papers", ("read", "write"))],
    member_permissions=[Permission("docs", ("read",))],
    admin_permissions=[Permission("docs", ("*",)), Permission("stytch.custom-org-roles", ("get",))],
)


@pytest.mark.parametrize("policy", [DEFAULT_POLICY, POLICY])
def test_a_policy_taken_apart_and_put_together_is_the_same(policy: object) -> None:
    assert custom_parts(policy).policy() == policy  # type: ignore[arg-type]
    assert read_policy(policy_text(policy)) == policy  # type: ignore[arg-type]


def test_a_renamed_resource_takes_every_permission_along() -> None:
    renamed = with_resource(POLICY, "docs", Resource("papers", "", ("read", "write")))
    assert roles_on(renamed, "papers") == roles_on(POLICY, "docs")
    assert roles_on(renamed, "docs") == []


def test_an_action_that_goes_is_granted_by_nobody_and_a_star_stays() -> None:
    less = with_resource(POLICY, "docs", Resource("docs", "", ("write",)))
    assert roles_on(less, "docs") == ["stytch_admin", "owner"]


def test_a_resource_that_goes_leaves_no_permission_behind() -> None:
    assert roles_on(without_resource(POLICY, "docs"), "docs") == []


def test_a_built_in_role_keeps_what_it_always_grants() -> None:
    changed = with_role(POLICY, "stytch_admin", Role("anything", "", ()))
    assert custom_parts(changed).admin_permissions == ()
    assert changed.roles[1].permissions == DEFAULT_POLICY.roles[1].permissions


def test_changes_name_what_comes_and_goes_and_nothing_else() -> None:
    new = with_role(POLICY, "reader", Role("reader", "", (Permission("docs", ("write",)),)))
    new = without_role(new, "owner")
    assert policy_changes(POLICY, POLICY) == {}
    assert policy_changes(POLICY, new) == {
        "removed": ["owner"],
        "changed": ["reader"],
        "granted": ["reader docs:write"],
        "withdrawn": ["reader docs:read"],
    }


@pytest.mark.parametrize(
    "edit",
    [
        lambda: without_role(POLICY, "stytch_member"),
        lambda: without_role(POLICY, "nobody"),
        lambda: without_resource(POLICY, "stytch.sso"),
        lambda: with_role(POLICY, "nobody", Role("x")),
        lambda: with_role(POLICY, "", Role("reader")),
        lambda: with_role(POLICY, "reader", Role("stytch_admin")),
        lambda: with_resource(POLICY, "nothing", Resource("x")),
        lambda: with_resource(POLICY, "docs", Resource("stytch.docs")),
    ],
)
def test_what_is_built_in_or_not_there_is_not_edited(edit) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(VestibuleError):
        edit()


def test_the_answer_of_the_management_api_can_be_read_back() -> None:
    text = f'{{"request_id": "r", "status_code": 200, "policy": {policy_text(POLICY)}}}'
    assert read_policy(text) == POLICY
