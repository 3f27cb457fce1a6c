"""How every connection of the project is doing, the worst first."""

from __future__ import annotations

from starlette.responses import Response

from vestibule.services import connection_health
from vestibule.web.place import Place, Table

_SHOWN = 100


async def index(place: Place) -> Response:
    found = await connection_health.overview(place.rt, place.actor, _SHOWN)
    return place.page("dashboard/connection_health.html", found=found)


TABLE: Table = (("GET", "/health", index),)
