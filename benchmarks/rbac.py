"""Working out the roles of a member with 200 groups against 100 rules."""

from __future__ import annotations

from benchmarks.measure import interleaved, print_table
from vestibule.domain.rbac import GroupRole, RoleRules, Standing, member_roles, session_roles


def run(*, quick: bool) -> None:
    rules = RoleRules(
        ("viewer",), tuple(GroupRole(f"role-{n % 20}", f"group-{n * 2}") for n in range(100))
    )
    groups = [f"group-{n}" for n in range(200)]
    known = frozenset({"viewer", *(f"role-{n}" for n in range(20))})

    def evaluate() -> None:
        standing = Standing("connection", rules, frozenset(groups))
        roles = member_roles(
            explicit=["viewer"],
            email_domain="example.com",
            email_rules=[],
            standings=[standing],
            known=known,
        )
        session_roles(roles, {"connection"})

    def look_up() -> None:
        held = frozenset(groups)
        for rule in rules.groups:
            if rule.group in held:
                continue

    rows = {"100 look-ups in a set of 200": look_up, "member and session roles": evaluate}
    times = interleaved(rows, rounds=5 if quick else 25, calls=200)
    print_table(times, "100 look-ups in a set of 200")
