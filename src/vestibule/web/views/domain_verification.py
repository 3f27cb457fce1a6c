"""The domains that one organization has proved to be its own, or is about to."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from vestibule.errors import VestibuleError, refusal
from vestibule.services import domain_verification
from vestibule.web.place import Place, Table

_TEMPLATE = "views/domains.html"


async def index(place: Place) -> Response:
    return place.page(_TEMPLATE, **await _shown(place))


async def change(place: Place) -> Response:
    """One deed, by the button that was pressed."""
    form = await place.form()
    deed, domain = form.text("deed"), form.text("domain")
    where = (place.rt, place.actor, place.organization_id, domain)
    try:
        if deed == "begin":
            await domain_verification.begin(*where)
        elif deed == "check":
            claim = await domain_verification.check(*where)
            return place.to("/domains", said="domain_verified" if claim.verified else "")
        elif deed == "remove":
            await domain_verification.remove(*where)
        else:
            raise refusal("bad_request", want="a button of the page", got=deed)
    except VestibuleError as error:
        return place.refused(error, _TEMPLATE, form, **await _shown(place))
    return place.to("/domains", said="deleted" if deed == "remove" else "created")


async def _shown(place: Place) -> dict[str, Any]:
    claims = await domain_verification.list_claims(place.rt, place.actor, place.organization_id)
    return {"claims": claims}


TABLE: Table = (
    ("GET", "/domains", index),
    ("POST", "/domains", change),
)
