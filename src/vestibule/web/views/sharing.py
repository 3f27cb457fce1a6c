"""The owner's side of sharing one connection: who may ask, who enters through it, and their end."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from vestibule.domain.connections import OidcChanges, SamlChanges, SamlConnection
from vestibule.errors import VestibuleError, refusal
from vestibule.services import connections, sharing
from vestibule.services.connections import ConnectionView
from vestibule.services.rbac import Actor
from vestibule.services.runtime import Runtime
from vestibule.web.forms import Form
from vestibule.web.place import Place, Table

_TEMPLATE = "views/sharing.html"


async def show(place: Place) -> Response:
    return place.page(_TEMPLATE, view=await _view(place))


async def save(place: Place) -> Response:
    """Who may enter through it from now on. Whoever does already stays."""
    form = await place.form()
    view = await _view(place)
    asked = form.text("external_sharing")
    where = (place.rt, place.actor, place.organization_id, view.connection.connection_id)
    try:
        if isinstance(view.connection, SamlConnection):
            await connections.change_saml(*where, SamlChanges(external_sharing=asked))
        else:
            await connections.change_oidc(*where, OidcChanges(external_sharing=asked))
    except VestibuleError as error:
        return place.refused(error, _TEMPLATE, form, view=view)
    return _done(place, "saved")


async def approve(place: Place) -> Response:
    form = await place.form()
    try:
        await sharing.approve(*_pair(place))
    except VestibuleError as error:
        return place.refused(error, _TEMPLATE, form, view=await _view(place))
    return _done(place, "approved")


async def ask_revoke(place: Place) -> Response:
    return await _revoke_page(place)


async def revoke(place: Place) -> Response:
    form = await place.form()
    try:
        await sharing.revoke(*_pair(place))
    except VestibuleError as error:
        return await _revoke_page(place, form, error)
    return _done(place, "revoked")


async def _revoke_page(
    place: Place, form: Form | None = None, error: VestibuleError | None = None
) -> Response:
    view = await _view(place)
    name = place.path["external_id"]
    pair = next((pair for pair in view.receivers if pair[0].connection_id == name), None)
    if pair is None:
        raise refusal("external_connection_not_found", got=name)
    shown: dict[str, Any] = {"view": view, "external": pair[0], "receiver": pair[1]}
    if error is not None and form is not None:
        return place.refused(error, "views/sharing_revoke.html", form, **shown)
    return place.page("views/sharing_revoke.html", **shown)


async def _view(place: Place) -> ConnectionView:
    return await connections.get_view(
        place.rt, place.actor, place.organization_id, place.path["connection_id"]
    )


def _pair(place: Place) -> tuple[Runtime, Actor, str, str, str]:
    path = place.path
    return (
        place.rt, place.actor, place.organization_id, path["connection_id"], path["external_id"],
    )  # fmt: skip


def _done(place: Place, said: str) -> Response:
    return place.to(f"/connections/{place.path['connection_id']}/sharing", said=said)


_ITS = "/connections/{connection_id}/sharing"
TABLE: Table = (
    ("GET", _ITS, show),
    ("POST", _ITS, save),
    ("POST", f"{_ITS}/{{external_id}}/approve", approve),
    ("GET", f"{_ITS}/{{external_id}}/revoke", ask_revoke),
    ("POST", f"{_ITS}/{{external_id}}/revoke", revoke),
)
