"""Where an operator begins: what needs attention in the project, and what to do next where it is
still empty."""

from __future__ import annotations

from starlette.responses import Response

from vestibule.services import connection_health, organizations, projects, sharing
from vestibule.web.place import Place, Table

_LOOKED_AT = 20


async def show(place: Place) -> Response:
    where = (place.rt, place.actor)
    found = await organizations.search(*where, operator="AND", operands=[], cursor=None, limit=1)
    doing = await connection_health.overview(*where, limit=_LOOKED_AT)
    shared = await sharing.share_map(*where)
    keys = await projects.list_credentials(place.rt, place.actor.project)
    waiting = [
        (one, receiver)
        for one in shared
        for receiver in one.receivers
        if receiver.status == "pending"
    ]
    return place.page(
        "dashboard/home.html",
        organizations=found.total,
        first=found.items[0].organization if found.items else None,
        connections=doing,
        troubled=[one for one in doing if one.severity[0] > 0],
        signed_in=any(one.accepted or one.last_success for one in doing),
        waiting=waiting,
        keys=keys,
        base_url=place.rt.settings.base_url,
    )


TABLE: Table = (("GET", "", show),)
