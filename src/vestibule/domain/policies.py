"""Editing a policy: one role or resource at a time, or all of it as a text, and what a change
comes to.

Owns what goes with a thing that goes: permissions on a resource that is renamed move with it, and
those on an action that is taken away are taken from every role. Whether the outcome is a policy,
`rbac.build_policy` says.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NoReturn

from vestibule.domain.rbac import (
    ADMIN_ROLE,
    ALL,
    BUILT_IN_RESOURCES,
    BUILT_IN_ROLES,
    MEMBER_ROLE,
    Permission,
    Policy,
    Resource,
    Role,
    build_policy,
)
from vestibule.errors import refusal


@dataclass(frozen=True, slots=True)
class CustomParts:
    """A policy without what is built in; the permissions are those of the two built-in roles
    beyond what they always grant."""

    roles: tuple[Role, ...] = ()
    resources: tuple[Resource, ...] = ()
    member_permissions: tuple[Permission, ...] = ()
    admin_permissions: tuple[Permission, ...] = ()

    def policy(self) -> Policy:
        """Raises: what `build_policy` raises."""
        return build_policy(
            custom_roles=self.roles,
            custom_resources=self.resources,
            member_permissions=self.member_permissions,
            admin_permissions=self.admin_permissions,
        )


def custom_parts(policy: Policy) -> CustomParts:
    """What the team defined of a policy, as `build_policy` takes it."""
    added = {
        role.role_id: tuple(
            permission for permission in role.permissions if permission not in built_in.permissions
        )
        for role, built_in in zip(policy.roles, BUILT_IN_ROLES, strict=False)
    }
    known = {resource.resource_id for resource in BUILT_IN_RESOURCES}
    return CustomParts(
        tuple(role for role in policy.roles if role.role_id not in (MEMBER_ROLE, ADMIN_ROLE)),
        tuple(one for one in policy.resources if one.resource_id not in known),
        added[MEMBER_ROLE],
        added[ADMIN_ROLE],
    )


def policy_changes(old: Policy, new: Policy) -> dict[str, list[str]]:
    """What a new policy adds, takes away and changes, by name; without what stays as it is.

    `granted` and `withdrawn` are permissions of roles that both have, such as
    `editor documents:write`.
    """
    before = {role.role_id: role for role in old.roles}
    after = {role.role_id: role for role in new.roles}
    kept = [name for name in after if name in before]
    was = {resource.resource_id: resource for resource in old.resources}
    now = {resource.resource_id: resource for resource in new.resources}
    both = [name for name in now if name in was]
    told = {
        "added": [name for name in after if name not in before],
        "removed": [name for name in before if name not in after],
        "changed": [name for name in kept if after[name] != before[name]],
        "granted": [one for name in kept for one in _more(before[name], after[name])],
        "withdrawn": [one for name in kept for one in _more(after[name], before[name])],
        "resources_added": [name for name in now if name not in was],
        "resources_removed": [name for name in was if name not in now],
        "resources_changed": [name for name in both if now[name] != was[name]],
    }
    return {what: names for what, names in told.items() if names}


def _more(less: Role, more: Role) -> list[str]:
    """What the second grants by name and the first does not."""
    held = {(p.resource_id, action) for p in less.permissions for action in p.actions}
    return [
        f"{more.role_id} {permission.resource_id}:{action}"
        for permission in more.permissions
        for action in permission.actions
        if (permission.resource_id, action) not in held
    ]


# --- one thing at a time --------------------------------------------------------------------------


def with_role(policy: Policy, was: str, new: Role) -> Policy:
    """The policy with a role instead of the one called `was`, or with one more where that is "".
    Of a built-in role only what it grants is taken, beyond what it always does.

    Raises:
        invalid_rbac_role_id: there is no role `was`, or the new one is called like a built-in one;
        and what `build_policy` raises.
    """
    parts = custom_parts(policy)
    if was == MEMBER_ROLE:
        return replace(parts, member_permissions=new.permissions).policy()
    if was == ADMIN_ROLE:
        return replace(parts, admin_permissions=new.permissions).policy()
    if new.role_id.startswith("stytch"):
        raise refusal("invalid_rbac_role_id", want="a name of your own", got=new.role_id)
    if not was:
        return replace(parts, roles=(*parts.roles, new)).policy()
    _require_role(parts, was)
    roles = tuple(new if role.role_id == was else role for role in parts.roles)
    return replace(parts, roles=roles).policy()


def without_role(policy: Policy, role_id: str) -> Policy:
    """Raises: invalid_rbac_role_id: it is built in, or nobody defined it."""
    parts = custom_parts(policy)
    _require_role(parts, role_id)
    kept = tuple(role for role in parts.roles if role.role_id != role_id)
    return replace(parts, roles=kept).policy()


def with_resource(policy: Policy, was: str, new: Resource) -> Policy:
    """The policy with a resource instead of the one called `was`, or with one more where that is
    "". What the roles grant on it follows.

    Raises:
        rbac_policy_invalid: there is no resource `was`; and what `build_policy` raises.
    """
    parts = custom_parts(policy)
    if not was:
        return replace(parts, resources=(*parts.resources, new)).policy()
    _require_resource(parts, was)
    resources = tuple(new if one.resource_id == was else one for one in parts.resources)
    return _following(replace(parts, resources=resources), was, new).policy()


def without_resource(policy: Policy, resource_id: str) -> Policy:
    """Raises: rbac_policy_invalid: it is built in, or nobody defined it."""
    parts = custom_parts(policy)
    _require_resource(parts, resource_id)
    kept = tuple(one for one in parts.resources if one.resource_id != resource_id)
    return _following(replace(parts, resources=kept), resource_id, None).policy()


def roles_on(policy: Policy, resource_id: str) -> list[str]:
    """The roles that grant something on a resource."""
    return [
        role.role_id
        for role in policy.roles
        if any(p.resource_id == resource_id and p.actions for p in role.permissions)
    ]


def _following(parts: CustomParts, was: str, new: Resource | None) -> CustomParts:
    def moved(permissions: Sequence[Permission]) -> tuple[Permission, ...]:
        found: list[Permission] = []
        for one in permissions:
            if one.resource_id != was:
                found.append(one)
            elif new is not None:
                kept = tuple(a for a in one.actions if a == ALL or a in new.actions)
                found += [Permission(new.resource_id, kept)] if kept else []
        return tuple(found)

    return CustomParts(
        tuple(replace(role, permissions=moved(role.permissions)) for role in parts.roles),
        parts.resources,
        moved(parts.member_permissions),
        moved(parts.admin_permissions),
    )


def _require_role(parts: CustomParts, role_id: str) -> None:
    if role_id not in {role.role_id for role in parts.roles}:
        raise refusal("invalid_rbac_role_id", want="a role of your own", got=role_id)


def _require_resource(parts: CustomParts, resource_id: str) -> None:
    if resource_id not in {one.resource_id for one in parts.resources}:
        raise refusal("rbac_policy_invalid", want="a resource of your own", got=resource_id)


# --- all of it as a text --------------------------------------------------------------------------


def policy_text(policy: Policy) -> str:
    """What the team defined, as the management wire has it (§9.1)."""
    parts = custom_parts(policy)
    document = {
        "custom_roles": [
            {
                "role_id": role.role_id,
                "description": role.description,
                "permissions": _permissions_of(role.permissions),
            }
            for role in parts.roles
        ],
        "custom_resources": [
            {
                "resource_id": one.resource_id,
                "description": one.description,
                "available_actions": list(one.actions),
            }
            for one in parts.resources
        ],
        MEMBER_ROLE: {"permissions": _permissions_of(parts.member_permissions)},
        ADMIN_ROLE: {"permissions": _permissions_of(parts.admin_permissions)},
    }
    return json.dumps(document, indent=2, ensure_ascii=False)


def read_policy(text: str) -> Policy:
    """The policy that a text describes; also one that the management wire answered with. A part
    that is left out is empty.

    Raises:
        rbac_policy_invalid: with the line, or the place inside; and what `build_policy` raises.
    """
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise refusal(
            "rbac_policy_invalid",
            want="JSON",
            got=error.msg,
            detail=f"Line {error.lineno}, column {error.colno}",
        ) from None
    except RecursionError:
        raise refusal("rbac_policy_invalid", want="JSON that is nested less deeply") from None
    top = _object(document, "the policy")
    top = _object(top.get("policy", top), "policy")
    known = ("custom_roles", "custom_resources", MEMBER_ROLE, ADMIN_ROLE)
    if not any(name in top for name in known):
        _refuse("the policy", f"one of {', '.join(known)}", sorted(top))
    return build_policy(
        custom_roles=[
            _role(one, f"custom_roles[{number}]")
            for number, one in enumerate(_list(top.get("custom_roles", []), "custom_roles"))
        ],
        custom_resources=[
            _resource(one, f"custom_resources[{number}]")
            for number, one in enumerate(_list(top.get("custom_resources", []), "custom_resources"))
        ],
        member_permissions=_built_in(top, MEMBER_ROLE),
        admin_permissions=_built_in(top, ADMIN_ROLE),
    )


def _permissions_of(found: Sequence[Permission]) -> list[dict[str, object]]:
    return [{"resource_id": one.resource_id, "actions": list(one.actions)} for one in found]


def _built_in(top: Mapping[str, object], name: str) -> tuple[Permission, ...]:
    held = _object(top.get(name, {}), name)
    return _permissions(held.get("permissions", []), f"{name}.permissions")


def _role(value: object, place: str) -> Role:
    found = _object(value, place)
    return Role(
        _text(found.get("role_id"), f"{place}.role_id"),
        _text(found.get("description", ""), f"{place}.description"),
        _permissions(found.get("permissions", []), f"{place}.permissions"),
    )


def _resource(value: object, place: str) -> Resource:
    found = _object(value, place)
    name = "available_actions" if "available_actions" in found else "actions"
    return Resource(
        _text(found.get("resource_id"), f"{place}.resource_id"),
        _text(found.get("description", ""), f"{place}.description"),
        _texts(found.get(name), f"{place}.{name}"),
    )


def _permissions(value: object, place: str) -> tuple[Permission, ...]:
    found = []
    for number, one in enumerate(_list(value, place)):
        here = f"{place}[{number}]"
        held = _object(one, here)
        found.append(
            Permission(
                _text(held.get("resource_id"), f"{here}.resource_id"),
                _texts(held.get("actions"), f"{here}.actions"),
            )
        )
    return tuple(found)


def _object(value: object, place: str) -> Mapping[str, object]:
    if not isinstance(value, dict):
        _refuse(place, "an object", value)
    return value


def _list(value: object, place: str) -> list[object]:
    if not isinstance(value, list):
        _refuse(place, "a list", value)
    return value


def _text(value: object, place: str) -> str:
    if not isinstance(value, str):
        _refuse(place, "a text", value)
    return value


def _texts(value: object, place: str) -> tuple[str, ...]:
    return tuple(_text(one, f"{place}[{n}]") for n, one in enumerate(_list(value, place)))


def _refuse(place: str, want: str, got: object) -> NoReturn:
    shown = json.dumps(got, ensure_ascii=False)[:80]
    raise refusal("rbac_policy_invalid", want=want, got=shown, detail=place)
