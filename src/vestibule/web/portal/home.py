"""Where a guest begins: what this link is for, what has been done, what comes next."""

from __future__ import annotations

from starlette.responses import Response

from vestibule.domain.branding import Branding
from vestibule.errors import VestibuleError
from vestibule.services import connection_health, domain_verification, setup_links
from vestibule.services.rbac import allowed
from vestibule.services.setup_links import PortalVisit
from vestibule.web.brand import brand_logo, brand_sheet
from vestibule.web.place import Place, Table


async def show(place: Place) -> Response:
    """For each thing that the link opens, how far it is and what comes next."""
    where = (place.rt, place.actor, place.organization_id)
    may_connect = allowed(place.actor, "sso.get_connections", place.organization_id)
    may_prove = allowed(place.actor, "organizations.get_domains", place.organization_id)
    return place.page(
        "portal/home.html",
        found=await connection_health.health(*where) if may_connect else (),
        claims=await domain_verification.list_claims(*where) if may_prove else (),
        may_connect=may_connect,
        may_prove=may_prove,
    )


async def hand_over(place: Place) -> Response:
    """A link for a colleague, seen this once."""
    form = await place.form()
    visit = _visit(place)
    try:
        made = await setup_links.hand_over(place.rt, visit)
    except VestibuleError as error:
        return place.refused(error, "portal/hand_over.html", form, made=None)
    return place.page("portal/hand_over.html", made=made)


async def ask_hand_over(place: Place) -> Response:
    return place.page("portal/hand_over.html", made=None)


def _visit(place: Place) -> PortalVisit:
    visit = place.frame["visit"]
    if not isinstance(visit, PortalVisit):
        raise TypeError("the portal's frame holds the visit")
    return visit


async def sheet(place: Place) -> Response:
    return brand_sheet(_brand(place))


async def logo(place: Place) -> Response:
    return brand_logo(_brand(place))


def _brand(place: Place) -> Branding:
    brand = place.frame["brand"]
    if not isinstance(brand, Branding):
        raise TypeError("the portal's frame holds a brand")
    return brand


TABLE: Table = (
    ("GET", "", show),
    ("GET", "/hand-over", ask_hand_over),
    ("POST", "/hand-over", hand_over),
    ("GET", "/brand.css", sheet),
    ("GET", "/logo", logo),
)
