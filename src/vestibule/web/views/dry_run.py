"""The draft of one connection tried on its past sign-ins: who would be kept out, whose roles would
change."""

from __future__ import annotations

from starlette.responses import Response

from vestibule.services import connections, dry_run
from vestibule.web.place import Place, Table

_LOGINS = 200


async def show(place: Place) -> Response:
    where = (place.rt, place.actor, place.organization_id, place.path["connection_id"])
    return place.page(
        "views/dry_run.html",
        connection=await connections.get(*where),
        found=await dry_run.run(*where, logins=_LOGINS),
    )


TABLE: Table = (("GET", "/connections/{connection_id}/dry-run", show),)
