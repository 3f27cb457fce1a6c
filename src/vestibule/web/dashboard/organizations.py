"""Organizations in the dashboard: find one, make one, see how it does, and end it."""

from __future__ import annotations

from starlette.responses import Response

from vestibule.errors import VestibuleError
from vestibule.services import audit, connection_health, lockout, members, organizations
from vestibule.services.audit import AuditQuery
from vestibule.services.lockout import Change
from vestibule.services.members import Wanted
from vestibule.web.forms import Form
from vestibule.web.place import Place, Table

_PAGE = 50
# The search answers to three letters and more.
_SHORTEST = 3
_MEMBERS_SHOWN = 5
_EVENTS_SHOWN = 8


async def index(place: Place) -> Response:
    """All organizations, or those whose name has the asked letters in it."""
    asked = place.query.get("q", "").strip()
    operands = (
        [{"filter_name": "organization_name_fuzzy", "filter_value": asked}]
        if len(asked) >= _SHORTEST
        else []
    )
    found = await organizations.search(
        place.rt,
        place.actor,
        operator="AND",
        operands=operands,
        cursor=place.query.get("cursor") or None,
        limit=_PAGE,
    )
    return place.page(
        "dashboard/organizations.html",
        asked=asked,
        too_short=0 < len(asked) < _SHORTEST,
        found=found.items,
        total=found.total,
        next_cursor=found.next_cursor,
        first_page="cursor" not in place.query,
    )


async def new(place: Place) -> Response:
    return place.page("dashboard/organization_new.html")


async def create(place: Place) -> Response:
    form = await place.form()
    asked = {
        "organization_name": form.text("organization_name"),
        "organization_slug": form.given("organization_slug"),
    }
    try:
        made = await organizations.create(
            place.rt,
            place.actor,
            {name: value for name, value in asked.items() if value is not None},
        )
    except VestibuleError as error:
        return place.refused(error, "dashboard/organization_new.html", form)
    return place.to(f"/organizations/{made.organization.organization_id}", said="created")


async def show(place: Place) -> Response:
    """One organization, in the order of a person's questions."""
    name = place.path["organization_id"]
    found = await organizations.get(place.rt, place.actor, name)
    organization_id = found.organization.organization_id
    lately = await audit.search(
        place.rt, place.actor, AuditQuery(organization_id), limit=_EVENTS_SHOWN
    )
    here = (place.rt, place.actor, organization_id)
    return place.page(
        "dashboard/organization.html",
        found=found,
        organization=found.organization,
        health=await connection_health.health(*here),
        newest=await members.find(*here, Wanted(), limit=_MEMBERS_SHOWN),
        breakglass=await members.find(*here, Wanted(breakglass=True), limit=_MEMBERS_SHOWN),
        outlook=await lockout.check(*here, Change()),
        lately=lately.events,
        names=await audit.names(place.rt, place.actor, lately.events),
    )


async def ask_delete(place: Place) -> Response:
    return await _delete_page(place)


async def delete(place: Place) -> Response:
    """Only when the name was typed as it is."""
    form = await place.form()
    found = await organizations.get(place.rt, place.actor, place.path["organization_id"])
    if form.text("name") != found.organization.name.strip():
        return await _delete_page(place, form)
    await organizations.delete(place.rt, place.actor, found.organization.organization_id)
    return place.to("/organizations", said="deleted")


async def _delete_page(place: Place, values: Form | None = None) -> Response:
    name = place.path["organization_id"]
    found = await organizations.get(place.rt, place.actor, name)
    return place.page(
        "dashboard/organization_delete.html",
        400 if values else 200,
        organization=found.organization,
        ending=await organizations.ending(place.rt, place.actor, name),
        values=values,
    )


TABLE: Table = (
    ("GET", "/organizations", index),
    ("GET", "/organizations/new", new),
    ("POST", "/organizations/new", create),
    ("GET", "/organizations/{organization_id}", show),
    ("GET", "/organizations/{organization_id}/delete", ask_delete),
    ("POST", "/organizations/{organization_id}/delete", delete),
)
