"""Who shares which connection with whom in the project, as a drawing and as a table."""

from __future__ import annotations

from starlette.responses import Response

from vestibule.services import organizations, sharing
from vestibule.web.place import Place, Table

_LIMIT = 200


async def index(place: Place) -> Response:
    name = place.query.get("organization", "")
    chosen = None
    if name:
        chosen = (await organizations.get(place.rt, place.actor, name)).organization
    found = await sharing.share_map(
        place.rt, place.actor, _LIMIT, chosen.organization_id if chosen else None
    )
    return place.page(
        "dashboard/sharing.html",
        found=found,
        chosen=chosen,
        shown=sum(len(one.receivers) for one in found),
        limit=_LIMIT,
    )


TABLE: Table = (("GET", "/sharing", index),)
