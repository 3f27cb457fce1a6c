"""Role evaluation for a member with 200 groups where 100 rules assign roles."""

from __future__ import annotations

from benchmarks.measure import show, take_turns
from vestibule.domain.rbac import (
    GroupRole,
    Permission,
    Resource,
    Role,
    RoleRules,
    Standing,
    build_policy,
    granting_roles,
    member_roles,
    role_ids,
    session_roles,
)

CONNECTION = "saml-connection-test-1"


def run(*, quick: bool) -> None:
    resource = Resource("documents", "", ("read", "write"))
    roles = [Role(f"role-{n}", "", (Permission("documents", ("read",)),)) for n in range(20)]
    policy = build_policy(custom_roles=roles, custom_resources=[resource])
    rules = RoleRules(("role-0",), tuple(GroupRole(f"role-{n % 20}", f"g-{n}") for n in range(99)))
    # Every second rule finds its group.
    groups = frozenset(f"g-{n}" for n in range(0, 400, 2))
    standing = Standing(CONNECTION, rules, groups)
    known = role_ids(policy, ())
    pairs = [(rule.group, rule.role_id) for rule in rules.groups]

    def evaluate() -> tuple[str, ...]:
        held = member_roles(
            explicit=("role-1",),
            email_domain="northwind.example",
            email_rules=(("northwind.example", "role-2"),),
            standings=(standing,),
            known=known,
        )
        return session_roles(held, frozenset({CONNECTION}))

    def bare() -> list[str]:
        return sorted({role for group, role in pairs if group in groups} | {"role-0", "role-1"})

    held = evaluate()

    def check() -> tuple[str, ...]:
        return granting_roles(held, "documents", "write", policy, ())

    assert len(groups) == 200 and len(held) >= 11
    cases = {
        "set lookups, no reasons kept": bare,
        "member_roles + session_roles": evaluate,
        "granting_roles (a refusal)": check,
    }
    figures = take_turns(cases, rounds=5 if quick else 15, seconds=0.05)
    show(figures, "set lookups, no reasons kept")
