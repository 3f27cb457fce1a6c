"""The draft of one connection: what it would change, its activation, and the versions before."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from vestibule.domain.connections import ExternalConnection, SourceConnection
from vestibule.errors import VestibuleError, refusal
from vestibule.services import connections, drafts
from vestibule.services.drafts import DraftView
from vestibule.web.place import Place, Table


async def find_draft(place: Place) -> DraftView | None:
    try:
        return await drafts.get_draft(
            place.rt, place.actor, place.organization_id, place.path["connection_id"]
        )
    except VestibuleError as error:
        if error.code not in ("draft_not_found", "external_connection_has_no_draft"):
            raise
        return None


async def drafted_or_live(place: Place) -> tuple[SourceConnection, bool]:
    """The settings that a change on these pages starts from, and whether they are a draft's."""
    live = await connections.get(
        place.rt, place.actor, place.organization_id, place.path["connection_id"]
    )
    if isinstance(live, ExternalConnection):
        raise refusal("external_connection_has_no_draft", got=live.connection_id)
    found = await find_draft(place)
    return (live, False) if found is None else (found.draft.settings, True)


async def show(place: Place) -> Response:
    """What the draft would change, and what has been done to try it."""
    return place.page("views/draft.html", draft=await _draft(place))


async def discard(place: Place) -> Response:
    await place.form()
    await drafts.discard(place.rt, place.actor, place.organization_id, place.path["connection_id"])
    return place.to(f"/connections/{place.path['connection_id']}", said="deleted")


async def versions(place: Place) -> Response:
    return place.page("views/versions.html", **await _versions(place))


async def roll_back(place: Place) -> Response:
    form = await place.form()
    name = place.path["connection_id"]
    try:
        done = await drafts.roll_back_to(
            place.rt, place.actor, place.organization_id, name, form.number("number")
        )
    except VestibuleError as error:
        return place.refused(error, "views/versions.html", form, **await _versions(place))
    if done.not_brought_back:
        shown = await _versions(place)
        return place.page("views/versions.html", **{**shown, "left_out": done.not_brought_back})
    return place.to(f"/connections/{name}", said="rolled_back")


async def _draft(place: Place) -> DraftView:
    return await drafts.get_draft(
        place.rt, place.actor, place.organization_id, place.path["connection_id"]
    )


async def _versions(place: Place) -> dict[str, Any]:
    where = (place.rt, place.actor, place.organization_id, place.path["connection_id"])
    return {
        "connection": await connections.get(*where),
        "kept": await drafts.versions(*where),
        "left_out": (),
    }


TABLE: Table = (
    ("GET", "/connections/{connection_id}/draft", show),
    ("POST", "/connections/{connection_id}/draft/discard", discard),
    ("GET", "/connections/{connection_id}/versions", versions),
    ("POST", "/connections/{connection_id}/versions", roll_back),
)
