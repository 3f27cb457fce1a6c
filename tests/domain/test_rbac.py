"""Roles: who holds which and why, which count in a session, and what a policy may say."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from vestibule.domain.rbac import (
    ADMIN_ROLE,
    BUILT_IN_RESOURCES,
    DEFAULT_POLICY,
    DIRECT,
    MEMBER_ROLE,
    OPERATION_RULES,
    GroupRole,
    MemberRole,
    Permission,
    Resource,
    Role,
    RoleRules,
    RoleSource,
    Standing,
    build_policy,
    check_assignable,
    check_custom_roles,
    granting_roles,
    member_roles,
    role_ids,
    session_roles,
)
from vestibule.errors import VestibuleError

DOCS = Resource("docs", "", ("read", "write"))
EDITOR = Role("editor", "", (Permission("docs", ("write",)),))
POLICY = build_policy(custom_roles=[EDITOR], custom_resources=[DOCS])
KNOWN = frozenset({MEMBER_ROLE, ADMIN_ROLE, "editor", "viewer"})


def standing(name: str, *groups: str, rules: RoleRules | None = None) -> Standing:
    given = rules or RoleRules(("editor",), (GroupRole(ADMIN_ROLE, "Admins"),))
    return Standing(name, given, frozenset(groups))


def roles(
    *standings: Standing,
    explicit: Sequence[str] = (),
    domain: str = "acme.example",
    rules: Sequence[tuple[str, str]] = (),
) -> tuple[MemberRole, ...]:
    return member_roles(
        explicit=explicit, email_domain=domain, email_rules=rules, standings=standings, known=KNOWN
    )


def test_everybody_is_a_member() -> None:
    assert roles() == (MemberRole(MEMBER_ROLE, (DIRECT,)),)
    assert session_roles(roles(), ()) == (MEMBER_ROLE,)


def test_a_role_has_all_its_sources() -> None:
    made = roles(
        standing("c-1", "Admins"),
        standing("c-2", "admins"),
        explicit=["editor", "editor"],
        rules=[("acme.example", "editor"), ("other.example", ADMIN_ROLE)],
    )
    assert made == (
        MemberRole(MEMBER_ROLE, (DIRECT,)),
        MemberRole(
            "editor",
            (
                DIRECT,
                RoleSource("email_assignment", email_domain="acme.example"),
                RoleSource("sso_connection", connection_id="c-1"),
                RoleSource("sso_connection", connection_id="c-2"),
            ),
        ),
        MemberRole(
            ADMIN_ROLE,
            (RoleSource("sso_connection_group", connection_id="c-1", group="Admins"),),
        ),
    )
    assert made[2].sources[0].details == {"connection_id": "c-1", "group": "Admins"}
    assert made[1].sources[1].details == {"email_domain": "acme.example"}
    assert DIRECT.details == {}


@pytest.mark.parametrize("group", ["admins", "Admins ", "Admin", "Admins,x", "", "*"])
def test_a_group_counts_to_the_letter_only(group: str) -> None:
    assert ADMIN_ROLE not in [role.role_id for role in roles(standing("c", group))]


@pytest.mark.parametrize("domain", ["sub.acme.example", "example", "notacme.example", ""])
def test_a_domain_counts_to_the_letter_only(domain: str) -> None:
    made = roles(domain=domain, rules=[("acme.example", "editor")])
    assert [role.role_id for role in made] == [MEMBER_ROLE]


def test_a_role_that_nobody_defines_is_given_by_nothing() -> None:
    """Rules may still name a role that was deleted, or one that only another organization has."""
    foreign = RoleRules(("theirs",), (GroupRole("theirs", "g"),))
    made = roles(
        standing("c", "g", rules=foreign), explicit=["theirs"], rules=[("acme.example", "theirs")]
    )
    assert [role.role_id for role in made] == [MEMBER_ROLE]


def test_a_session_has_the_roles_of_its_own_connections_only() -> None:
    made = roles(standing("c-1", "Admins"), standing("c-2"), explicit=["viewer"])
    assert session_roles(made, ()) == (MEMBER_ROLE, "viewer")
    assert session_roles(made, {"c-2"}) == ("editor", MEMBER_ROLE, "viewer")
    assert session_roles(made, {"c-1"}) == ("editor", ADMIN_ROLE, MEMBER_ROLE, "viewer")
    assert session_roles(made, {"c-3"}) == (MEMBER_ROLE, "viewer")


def test_a_permission_is_granted_by_the_roles_that_name_it() -> None:
    held = {"editor", MEMBER_ROLE, ADMIN_ROLE}
    assert granting_roles(held, "docs", "write", POLICY, ()) == ("editor",)
    assert granting_roles(held, "docs", "read", POLICY, ()) == ()
    assert granting_roles(held, "stytch.sso", "update", POLICY, ()) == (ADMIN_ROLE,)
    assert granting_roles({MEMBER_ROLE}, "stytch.sso", "update", POLICY, ()) == ()
    assert granting_roles({MEMBER_ROLE}, "stytch.self", "delete", POLICY, ()) == (MEMBER_ROLE,)
    own = Role("own", "", (Permission("docs", ("*",)),))
    assert granting_roles({"own"}, "docs", "anything", POLICY, [own]) == ("own",)
    assert granting_roles({"own"}, "docs", "read", POLICY, []) == ()
    assert granting_roles(held, "*", "*", POLICY, ()) == ()


def test_a_star_stands_for_all_actions_and_is_no_pattern() -> None:
    pattern = Role("own", "", (Permission("docs", ("wr*",)),))
    assert granting_roles({"own"}, "docs", "write", POLICY, [pattern]) == ()
    everywhere = Role("own", "", (Permission("*", ("*",)),))
    assert granting_roles({"own"}, "docs", "write", POLICY, [everywhere]) == ()


BAD: list[tuple[dict[str, object], str]] = [
    ({"custom_resources": [Resource("stytch.mine")]}, "invalid_stytch_prefixed_resource"),
    ({"custom_resources": [Resource("stytch")]}, "invalid_stytch_prefixed_resource"),
    ({"custom_resources": [Resource("")]}, "rbac_policy_invalid"),
    ({"custom_resources": [Resource("*")]}, "rbac_policy_invalid"),
    ({"custom_resources": [DOCS, DOCS]}, "rbac_policy_invalid"),
    ({"custom_resources": [Resource("a", "", ("*",))]}, "invalid_wildcard_action"),
    ({"custom_resources": [Resource("a", "", ("re*",))]}, "invalid_wildcard_action"),
    ({"custom_resources": [Resource("a", "", ("",))]}, "invalid_wildcard_action"),
    ({"custom_roles": [EDITOR]}, "rbac_policy_invalid"),
    ({"custom_roles": [Role("x"), Role("x")]}, "rbac_policy_invalid"),
    ({"custom_roles": [Role(MEMBER_ROLE)]}, "rbac_policy_invalid"),
    ({"custom_roles": [Role(ADMIN_ROLE)]}, "rbac_policy_invalid"),
    ({"custom_roles": [Role("")]}, "invalid_rbac_role_id"),
    ({"custom_roles": [Role("x" * 129)]}, "invalid_rbac_role_id"),
    ({"custom_roles": [Role("x", "", (Permission("stytch.sso", ("*", "get")),))]},
     "cannot_specify_wildcard_with_other_actions"),
    ({"custom_roles": [Role("x", "", (Permission("stytch.sso", ("g*",)),))]},
     "invalid_wildcard_action"),
    ({"custom_roles": [Role("x", "", (Permission("stytch.sso", ("fly",)),))]},
     "rbac_policy_invalid"),
    ({"custom_roles": [Role("x", "", (Permission("*", ("get",)),))]}, "rbac_policy_invalid"),
    ({"member_permissions": [Permission("nowhere", ("get",))]}, "rbac_policy_invalid"),
]  # fmt: skip


@pytest.mark.parametrize(("given", "code"), BAD)
def test_a_policy_that_contradicts_itself_is_refused(given: dict[str, object], code: str) -> None:
    with pytest.raises(VestibuleError, match=code):
        build_policy(**given)  # type: ignore[arg-type]


def test_built_in_roles_can_be_given_more_and_never_less() -> None:
    made = build_policy(
        custom_resources=[DOCS],
        member_permissions=[Permission("docs", ("read",)), Permission("docs", ("read", "write"))],
        admin_permissions=[Permission("docs", ("*",)), Permission("stytch.sso", ("get",))],
    )
    member, admin = made.roles
    assert member.permissions == (
        Permission("stytch.self", ("*",)),
        Permission("docs", ("read", "write")),
    )
    assert granting_roles({ADMIN_ROLE}, "docs", "write", made, ()) == (ADMIN_ROLE,)
    assert Permission("stytch.sso", ("*",)) in admin.permissions
    assert build_policy() == DEFAULT_POLICY


def test_roles_of_an_organization_collide_with_nobody() -> None:
    own = Role("own", "", (Permission("docs", ("read",)),))
    check_custom_roles([own], POLICY)
    for bad in ([own, own], [EDITOR], [Role("stytch_mine")], [Role(MEMBER_ROLE)], [Role("")]):
        with pytest.raises(VestibuleError, match="invalid_rbac_role_id"):
            check_custom_roles(bad, POLICY)
    with pytest.raises(VestibuleError, match="rbac_policy_invalid"):
        check_custom_roles([Role("own", "", (Permission("nowhere", ("x",)),))], POLICY)
    assert role_ids(POLICY, [own]) == {MEMBER_ROLE, ADMIN_ROLE, "editor", "own"}


def test_only_a_role_that_is_known_and_not_everybodys_is_assigned() -> None:
    check_assignable(["editor", ADMIN_ROLE], KNOWN)
    with pytest.raises(VestibuleError, match="cannot_assign_default_rbac_role_id"):
        check_assignable([MEMBER_ROLE], KNOWN)
    # Another organization's role is no role here.
    with pytest.raises(VestibuleError, match="invalid_rbac_role_id"):
        check_assignable(["editor", "theirs"], KNOWN)


def test_what_operations_ask_for_exists_in_the_policy() -> None:
    """A mistyped action would be asked for and never granted to anybody but by a star."""
    known = {resource.resource_id: resource.actions for resource in BUILT_IN_RESOURCES}
    for name, rule in OPERATION_RULES.items():
        assert rule.resource in known, name
        for action in filter(None, (rule.action, *rule.fields.values())):
            assert action in known[rule.resource], (name, action)
        assert rule.not_self <= rule.fields.keys(), name
