"""The metadata of one SAML connection's provider: when it was read, and the change that waits for
somebody who knows whether it is right."""

from __future__ import annotations

from starlette.responses import Response

from vestibule.errors import VestibuleError, refusal
from vestibule.services import idp_metadata
from vestibule.services.rbac import Actor
from vestibule.services.runtime import Runtime
from vestibule.web.place import Place, Table

_TEMPLATE = "views/idp_metadata.html"


async def show(place: Place) -> Response:
    return place.page(_TEMPLATE, view=await idp_metadata.get(*_where(place)))


async def decide(place: Place) -> Response:
    """Take the change that was looked at, say no to it, or read the document again."""
    form = await place.form()
    deed, change = form.text("deed"), form.text("change")
    try:
        if deed == "confirm":
            await idp_metadata.confirm(*_where(place), change)
        elif deed == "dismiss":
            await idp_metadata.dismiss(*_where(place), change)
        elif deed == "refresh":
            await idp_metadata.refresh_now(*_where(place))
        else:
            raise refusal("bad_request", want="a button of the page", got=deed)
    except VestibuleError as error:
        view = await idp_metadata.get(*_where(place))
        return place.refused(error, _TEMPLATE, form, view=view)
    return place.to(f"/connections/{place.path['connection_id']}/metadata", said="saved")


def _where(place: Place) -> tuple[Runtime, Actor, str, str]:
    return place.rt, place.actor, place.organization_id, place.path["connection_id"]


TABLE: Table = (
    ("GET", "/connections/{connection_id}/metadata", show),
    ("POST", "/connections/{connection_id}/metadata", decide),
)
