"""Roles that one organization has for itself, beside those of the project: listed, made, changed
and ended in the dashboard. What they can grant is the project's policy."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from vestibule.domain.rbac import ALL, BUILT_IN_RESOURCES, Permission, Policy, Role
from vestibule.errors import VestibuleError, refusal
from vestibule.services import members, organizations
from vestibule.services.members import Wanted
from vestibule.web.forms import Form
from vestibule.web.place import Place, Table

_LIST = "dashboard/organization_roles.html"
_ROLE = "dashboard/organization_role.html"
_DELETE = "dashboard/organization_role_delete.html"


async def index(place: Place) -> Response:
    return place.page(_LIST, roles=await _own(place))


async def role(place: Place) -> Response:
    held = await _held(place)
    return place.page(_ROLE, **_shown(place, held, None))


async def put_role(place: Place) -> Response:
    form = await place.form()
    held = await _held(place)
    policy = place.actor.project.policy
    new = Role(form.text("role_id"), form.text("description"), _permissions(policy, form))
    was = held.role_id if held else ""

    def change(roles: tuple[Role, ...]) -> tuple[Role, ...]:
        if not was:
            return (*roles, new)
        if all(one.role_id != was for one in roles):
            raise refusal("invalid_rbac_role_id", want="a role of the organization's own", got=was)
        return tuple(new if one.role_id == was else one for one in roles)

    try:
        await organizations.change_roles(place.rt, place.actor, place.organization_id, change)
    except VestibuleError as error:
        return place.refused(error, _ROLE, form, **_shown(place, held, form))
    return place.to("/roles", said="saved")


async def ask_delete(place: Place) -> Response:
    held = await _named(place)
    wanted = Wanted(role_id=held.role_id)
    holders = await members.find(place.rt, place.actor, place.organization_id, wanted, limit=1)
    return place.page(_DELETE, role=held, holders=holders.total)


async def delete(place: Place) -> Response:
    await place.form()
    name = (await _named(place)).role_id

    def change(roles: tuple[Role, ...]) -> tuple[Role, ...]:
        return tuple(one for one in roles if one.role_id != name)

    await organizations.change_roles(place.rt, place.actor, place.organization_id, change)
    return place.to("/roles", said="deleted")


async def _own(place: Place) -> tuple[Role, ...]:
    return await organizations.get_roles(place.rt, place.actor, place.organization_id)


async def _held(place: Place) -> Role | None:
    """The role that the address names; None where it names none."""
    return await _named(place) if place.query.get("id") else None


async def _named(place: Place) -> Role:
    name = place.query.get("id", "")
    found = next((one for one in await _own(place) if one.role_id == name), None)
    if found is None:
        raise refusal("invalid_rbac_role_id", want="a role of the organization's own", got=name)
    return found


def _permissions(policy: Policy, form: Form) -> tuple[Permission, ...]:
    """What boxes say, in the policy's own order."""
    ticked, whole = set(form.all("grant")), set(form.all("all"))
    found = []
    for resource in policy.resources:
        name = resource.resource_id
        actions = tuple(action for action in resource.actions if f"{name}:{action}" in ticked)
        if name in whole:
            actions = (ALL,)
        if actions:
            found.append(Permission(name, actions))
    return tuple(found)


def _shown(place: Place, held: Role | None, form: Form | None) -> dict[str, Any]:
    if form is not None:
        ticked = {*form.all("grant"), *(f"{name}:{ALL}" for name in form.all("all"))}
    else:
        granted = held.permissions if held else ()
        ticked = {f"{p.resource_id}:{action}" for p in granted for action in p.actions}
    built_in = {one.resource_id for one in BUILT_IN_RESOURCES}
    known = place.actor.project.policy.resources
    return {
        "held": held,
        "ticked": ticked,
        "own": [one for one in known if one.resource_id not in built_in],
        "ours": [one for one in known if one.resource_id in built_in],
    }


TABLE: Table = (
    ("GET", "/roles", index),
    ("GET", "/roles/role", role),
    ("POST", "/roles/role", put_role),
    ("GET", "/roles/role/delete", ask_delete),
    ("POST", "/roles/role/delete", delete),
)
