"""Setup links of one organization in the dashboard: made, listed, revoked. A link is seen once."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from vestibule.domain.setup_links import SCOPES
from vestibule.errors import VestibuleError
from vestibule.services import connections, setup_links
from vestibule.services.setup_links import IssuedSetupLink
from vestibule.web.forms import Form
from vestibule.web.place import Place, Table

_TEMPLATE = "dashboard/setup_links.html"
_DAY = 24 * 60


async def index(place: Place) -> Response:
    return place.page(_TEMPLATE, **await _shown(place))


async def issue(place: Place) -> Response:
    form = await place.form()
    try:
        made = await setup_links.issue(
            place.rt,
            place.actor,
            place.organization_id,
            scopes=form.all("scopes"),
            lifetime_minutes=form.number("days") * _DAY,
            uses="many" if form.flag("many") else "one",
            connection_id=form.given("connection_id"),
            note=form.text("note"),
            return_url=form.text("return_url"),
        )
    except VestibuleError as error:
        return place.refused(error, _TEMPLATE, form, **await _shown(place))
    return place.page(_TEMPLATE, **await _shown(place, made))


async def revoke(place: Place) -> Response:
    form: Form = await place.form()
    await setup_links.revoke(place.rt, place.actor, place.organization_id, form.text("link_id"))
    return place.to("/setup-links", said="link_revoked")


async def _shown(place: Place, made: IssuedSetupLink | None = None) -> dict[str, Any]:
    where = (place.rt, place.actor, place.organization_id)
    saml = (await connections.get_all(*where)).saml
    return {
        "links": await setup_links.list_links(*where),
        "made": made,
        "scopes": SCOPES,
        "saml": saml,
        "saml_options": [(c.connection_id, c.display_name or c.connection_id) for c in saml],
        "now": place.rt.now(),
    }


TABLE: Table = (
    ("GET", "/setup-links", index),
    ("POST", "/setup-links", issue),
    ("POST", "/setup-links/revoke", revoke),
)
