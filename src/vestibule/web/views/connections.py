"""The connections of one organization: which there are, how they do, and a new one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.responses import Response

from vestibule.domain.connections import ExternalConnection, SourceConnection
from vestibule.domain.presets import GENERIC, Preset
from vestibule.errors import VestibuleError, refusal
from vestibule.services import connection_health, connections, presets
from vestibule.services.connections import ConnectionView
from vestibule.web.forms import Form
from vestibule.web.place import Place, Table

_MAKERS: Mapping[str, Callable[..., Awaitable[SourceConnection]]] = {
    "saml": connections.create_saml,
    "oidc": connections.create_oidc,
}


async def index(place: Place) -> Response:
    """Every connection with what a person asks first: does it work?"""
    found = await connection_health.health(place.rt, place.actor, place.organization_id)
    return place.page("views/connections.html", found=found)


async def new(place: Place) -> Response:
    """Which identity provider, and by which protocol; or another organization's connection."""
    return place.page("views/connection_new.html", presets=_providers())


async def create(place: Place) -> Response:
    form = await place.form()
    provider, _, kind = form.text("choice").partition("/")
    try:
        if kind not in _MAKERS:
            raise refusal("field_invalid", want="a choice from the list", detail="choice")
        made = await _MAKERS[kind](
            place.rt,
            place.actor,
            place.organization_id,
            display_name=form.given("display_name") or _name_of(provider),
            identity_provider=provider,
        )
    except VestibuleError as error:
        return place.refused(error, "views/connection_new.html", form, presets=_providers())
    return place.to(f"/connections/{made.connection_id}/setup", said="created")


def _name_of(provider: str) -> str | None:
    """What a connection is called that nobody gave a name; a name of our own says nothing."""
    known = presets.all_presets().get(provider)
    return known.display_name if known and provider != GENERIC else None


def _providers() -> list[Preset]:
    """In the order of the alphabet, with the one for all others at the end."""
    known = presets.all_presets().values()
    return sorted(known, key=lambda p: (p.identity_provider == GENERIC, p.display_name.lower()))


async def show(place: Place) -> Response:
    """One connection, in the order of a person's questions."""
    view = await connections.get_view(
        place.rt, place.actor, place.organization_id, place.path["connection_id"]
    )
    days = await connection_health.series(
        place.rt, place.actor, place.organization_id, view.connection.connection_id
    )
    most = max((day.accepted + day.refused for day in days), default=0)
    return place.page(
        "views/connection.html", view=view, days=days, most=most, **_addresses(place, view)
    )


def _addresses(place: Place, view: ConnectionView) -> dict[str, Any]:
    """What the identity provider has to be given; nothing of an External connection, whose owner
    gives it."""
    if isinstance(view.connection, ExternalConnection):
        return {"callback_url": "", "metadata_url": "", "jwks_url": "", "start_url": ""}
    name = view.connection.connection_id
    public = f"{place.rt.settings.base_url}/v1/public/sso"
    return {
        "callback_url": place.rt.callback_url(name),
        "metadata_url": f"{public}/metadata/{name}",
        "jwks_url": f"{public}/jwks/{name}",
        "start_url": f"{public}/start?connection_id={name}",
    }


async def ask_delete(place: Place) -> Response:
    """What would end with it, in numbers."""
    return await _delete_page(place)


async def delete(place: Place) -> Response:
    form = await place.form()
    try:
        await connections.delete(
            place.rt, place.actor, place.organization_id, place.path["connection_id"]
        )
    except VestibuleError as error:
        return await _delete_page(place, form, error)
    return place.to("/connections", said="deleted")


async def _delete_page(
    place: Place, values: Form | None = None, error: VestibuleError | None = None
) -> Response:
    view = await connections.get_view(
        place.rt, place.actor, place.organization_id, place.path["connection_id"]
    )
    if error is not None and values is not None:
        return place.refused(error, "views/connection_delete.html", values, view=view)
    return place.page("views/connection_delete.html", view=view)


TABLE: Table = (
    ("GET", "/connections", index),
    ("GET", "/connections/new", new),
    ("POST", "/connections/new", create),
    ("GET", "/connections/{connection_id}", show),
    ("GET", "/connections/{connection_id}/delete", ask_delete),
    ("POST", "/connections/{connection_id}/delete", delete),
)
