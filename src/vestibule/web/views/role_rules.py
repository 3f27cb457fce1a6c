"""The role rules of one connection: what a sign-in through it gives in this organization."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from vestibule.domain.connections import (
    ExternalConnection,
    OidcChanges,
    SamlChanges,
    SamlConnection,
)
from vestibule.domain.rbac import MEMBER_ROLE, GroupRole
from vestibule.errors import VestibuleError
from vestibule.services import connections
from vestibule.web.forms import Form
from vestibule.web.place import Place, Table

# Rows for one more rule where no script adds them.
_EMPTY_ROWS = 3
_TEMPLATE = "views/role_rules.html"


async def edit(place: Place) -> Response:
    return place.page(_TEMPLATE, **await _shown(place, None))


async def save(place: Place) -> Response:
    form = await place.form()
    name = place.path["connection_id"]
    everybody = tuple(form.all("everybody"))
    groups = tuple(GroupRole(role, group) for group, role in form.pairs("group", "role"))
    where = (place.rt, place.actor, place.organization_id, name)
    try:
        live = await connections.get(*where)
        if isinstance(live, ExternalConnection):
            await connections.change_external(
                *where, connection_roles=everybody, group_roles=groups
            )
        elif isinstance(live, SamlConnection):
            await connections.change_saml(
                *where, SamlChanges(connection_roles=everybody, group_roles=groups)
            )
        else:
            await connections.change_oidc(
                *where, OidcChanges(connection_roles=everybody, group_roles=groups)
            )
    except VestibuleError as error:
        return place.refused(error, _TEMPLATE, form, **await _shown(place, form))
    return place.to(f"/connections/{name}", said="saved")


async def _shown(place: Place, form: Form | None) -> dict[str, Any]:
    view = await connections.get_view(
        place.rt, place.actor, place.organization_id, place.path["connection_id"]
    )
    roles = [*place.actor.project.policy.roles, *view.organization.custom_roles]
    held = view.connection.rules
    rows = [(one.group, one.role_id) for one in held.groups]
    return {
        "view": view,
        "roles": [role for role in roles if role.role_id != MEMBER_ROLE],
        "everybody": form.all("everybody") if form else held.connection,
        "rows": [*(form.pairs("group", "role") if form else rows), *[("", "")] * _EMPTY_ROWS],
        "groups": await connections.groups_seen(
            place.rt, place.actor, place.organization_id, view.connection.connection_id
        ),
    }


TABLE: Table = (
    ("GET", "/connections/{connection_id}/roles", edit),
    ("POST", "/connections/{connection_id}/roles", save),
)
