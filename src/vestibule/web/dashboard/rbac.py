"""The policy in the dashboard: what each role may do, one role or resource at a time or all of it
as JSON. Every page saves with one write, and says beforehand what would go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.responses import Response

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
)
from vestibule.errors import VestibuleError, refusal
from vestibule.services import audit, members, projects
from vestibule.services.audit import AuditQuery
from vestibule.web.forms import Form
from vestibule.web.place import Place, Table

_LIST = "dashboard/roles.html"
_ROLE = "dashboard/role.html"
_ROLE_DELETE = "dashboard/role_delete.html"
_RESOURCE = "dashboard/resource.html"
_RESOURCE_DELETE = "dashboard/resource_delete.html"
_JSON = "dashboard/policy.html"
_BUILT_IN = (MEMBER_ROLE, ADMIN_ROLE)
_CHANGES_SHOWN = 5


async def index(place: Place) -> Response:
    policy = _policy(place)
    lately = await audit.search(
        place.rt, place.actor, AuditQuery(action="policy.changed"), limit=_CHANGES_SHOWN
    )
    return place.page(
        _LIST,
        policy=policy,
        own=custom_parts(policy),
        built_in=_BUILT_IN,
        granted={role.role_id: _granted(role, policy) for role in policy.roles},
        lately=lately.events,
        names=await audit.names(place.rt, place.actor, lately.events),
    )


# --- roles ----------------------------------------------------------------------------------------


async def role(place: Place) -> Response:
    held = _held_role(place)
    return place.page(_ROLE, **await _role_shown(place, held, _ticked(held)))


async def put_role(place: Place) -> Response:
    form = await place.form()
    held = _held_role(place)
    policy = _policy(place)
    ticked = set(form.all("grant"))
    new = Role(
        form.text("role_id") if held is None or held.role_id not in _BUILT_IN else held.role_id,
        form.text("description"),
        _permissions(policy, ticked, set(form.all("all"))),
    )
    was = held.role_id if held else ""
    try:
        await projects.change_policy(
            place.rt, place.actor, lambda current: with_role(current, was, new)
        )
    except VestibuleError as error:
        shown = await _role_shown(place, held, {*ticked, *(f"{r}:*" for r in form.all("all"))})
        return place.refused(error, _ROLE, form, **shown)
    return place.to("/roles", said="saved")


async def ask_delete_role(place: Place) -> Response:
    held = _custom_role(place)
    use = await members.role_use(place.rt, place.actor, held.role_id)
    return place.page(_ROLE_DELETE, role=held, use=use)


async def delete_role(place: Place) -> Response:
    await place.form()
    name = _custom_role(place).role_id
    await projects.change_policy(place.rt, place.actor, lambda current: without_role(current, name))
    return place.to("/roles", said="deleted")


def _held_role(place: Place) -> Role | None:
    name = place.query.get("id", "")
    if not name:
        return None
    found = next((one for one in _policy(place).roles if one.role_id == name), None)
    if found is None:
        raise refusal("invalid_rbac_role_id", want="a role of the policy", got=name)
    return found


def _custom_role(place: Place) -> Role:
    found = _held_role(place)
    if found is None or found.role_id in _BUILT_IN:
        raise refusal("invalid_rbac_role_id", want="a role of your own", got=place.query.get("id"))
    return found


async def _role_shown(place: Place, held: Role | None, ticked: set[str]) -> dict[str, Any]:
    fixed = next((one for one in BUILT_IN_ROLES if held and one.role_id == held.role_id), None)
    use = await members.role_use(place.rt, place.actor, held.role_id) if held else None
    policy = _policy(place)
    return {
        "held": held,
        "use": use,
        "fixed": {p.resource_id for p in fixed.permissions} if fixed else set(),
        "built_in": fixed is not None,
        "ticked": ticked,
        "own": custom_parts(policy).resources,
        "ours": BUILT_IN_RESOURCES,
    }


def _ticked(held: Role | None) -> set[str]:
    if held is None:
        return set()
    return {f"{p.resource_id}:{action}" for p in held.permissions for action in p.actions}


def _permissions(policy: Policy, ticked: set[str], whole: set[str]) -> tuple[Permission, ...]:
    """What boxes say, in the policy's own order."""
    found = []
    for resource in policy.resources:
        name = resource.resource_id
        actions = tuple(action for action in resource.actions if f"{name}:{action}" in ticked)
        if name in whole:
            actions = (ALL,)
        if actions:
            found.append(Permission(name, actions))
    return tuple(found)


def _granted(role: Role, policy: Policy) -> set[str]:
    """Every `resource:action` that the role grants, with what `*` stands for."""
    known = {one.resource_id: one.actions for one in policy.resources}
    return {
        f"{p.resource_id}:{action}"
        for p in role.permissions
        for action in (known.get(p.resource_id, ()) if ALL in p.actions else p.actions)
    }


# --- resources ------------------------------------------------------------------------------------


async def resource(place: Place) -> Response:
    return place.page(_RESOURCE, held=_held_resource(place), losing=())


async def put_resource(place: Place) -> Response:
    """Actions that roles grant are taken away only by somebody who was told so."""
    form = await place.form()
    held = _held_resource(place)
    new = Resource(form.text("resource_id"), form.text("description"), _actions(form))
    was = held.resource_id if held else ""
    losing = _losing(_policy(place), held, new)
    if losing and not form.flag("losing"):
        return place.page(_RESOURCE, 400, held=held, losing=losing, values=form)
    try:
        await projects.change_policy(
            place.rt, place.actor, lambda current: with_resource(current, was, new)
        )
    except VestibuleError as error:
        return place.refused(error, _RESOURCE, form, held=held, losing=losing)
    return place.to("/roles", said="saved")


async def ask_delete_resource(place: Place) -> Response:
    held = _custom_resource(place)
    return place.page(
        _RESOURCE_DELETE, resource=held, roles=roles_on(_policy(place), held.resource_id)
    )


async def delete_resource(place: Place) -> Response:
    await place.form()
    name = _custom_resource(place).resource_id
    await projects.change_policy(
        place.rt, place.actor, lambda current: without_resource(current, name)
    )
    return place.to("/roles", said="deleted")


def _actions(form: Form) -> tuple[str, ...]:
    return tuple(dict.fromkeys(form.lines("actions")))


def _losing(policy: Policy, held: Resource | None, new: Resource) -> Sequence[tuple[str, str]]:
    """Role and action of what would be granted no more."""
    if held is None:
        return ()
    gone = set(held.actions) - set(new.actions)
    return [
        (role.role_id, action)
        for role in policy.roles
        for permission in role.permissions
        if permission.resource_id == held.resource_id
        for action in permission.actions
        if action in gone
    ]


def _held_resource(place: Place) -> Resource | None:
    return _custom_resource(place) if place.query.get("id") else None


def _custom_resource(place: Place) -> Resource:
    name = place.query.get("id", "")
    parts = custom_parts(_policy(place))
    found = next((one for one in parts.resources if one.resource_id == name), None)
    if found is None:
        raise refusal("rbac_policy_invalid", want="a resource of your own", got=name)
    return found


# --- all of it as JSON ----------------------------------------------------------------------------


async def as_json(place: Place) -> Response:
    return place.page(_JSON, text=policy_text(_policy(place)), changes=None)


async def check_json(place: Place) -> Response:
    """What would change; nothing is saved."""
    form = await _json_form(place)
    try:
        changes = policy_changes(_policy(place), read_policy(form.text("policy")))
    except VestibuleError as error:
        return place.refused(error, _JSON, form, text="", changes=None)
    return place.page(_JSON, text="", changes=changes, values=form)


async def put_json(place: Place) -> Response:
    form = await _json_form(place)
    try:
        new = read_policy(form.text("policy"))
        await projects.change_policy(place.rt, place.actor, lambda _: new)
    except VestibuleError as error:
        return place.refused(error, _JSON, form, text="", changes=None)
    return place.to("/roles", said="saved")


async def export(place: Place) -> Response:
    return Response(
        policy_text(_policy(place)),
        media_type="application/json",
        headers={
            "content-disposition": 'attachment; filename="policy.json"',
            "cache-control": "no-store",
        },
    )


async def _json_form(place: Place) -> Form:
    """A file, where one was chosen, stands in for the text."""
    form = await place.form()
    given = form.files.get("file", b"")
    if not given:
        return form
    return Form({**form.values, "policy": [given.decode("utf-8", "replace")]})


def _policy(place: Place) -> Policy:
    return place.actor.project.policy


TABLE: Table = (
    ("GET", "/roles", index),
    ("GET", "/roles/role", role),
    ("POST", "/roles/role", put_role),
    ("GET", "/roles/role/delete", ask_delete_role),
    ("POST", "/roles/role/delete", delete_role),
    ("GET", "/roles/resource", resource),
    ("POST", "/roles/resource", put_resource),
    ("GET", "/roles/resource/delete", ask_delete_resource),
    ("POST", "/roles/resource/delete", delete_resource),
    ("GET", "/roles/json", as_json),
    ("POST", "/roles/json", put_json),
    ("POST", "/roles/json/check", check_json),
    ("GET", "/roles/policy.json", export),
)
