"""A new External connection: another organization's connection opens a door here.

Whoever may see the whole project picks from a list. Anybody else types the two ids that the other
side has given them, since which other organizations there are is not theirs to know.
"""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from vestibule.domain.connections import SourceConnection
from vestibule.errors import VestibuleError, refusal
from vestibule.services import connections, organizations
from vestibule.services.rbac import OperatorActor
from vestibule.web.forms import Form
from vestibule.web.place import Place, Table

_TEMPLATE = "views/external_new.html"
_SHORTEST = 3
_SHOWN = 20


async def new(place: Place) -> Response:
    return place.page(_TEMPLATE, **await _shown(place, Form()))


async def create(place: Place) -> Response:
    """Only for somebody who has said that they know whom they trust."""
    form = await place.form()
    owner, _, source = form.text("source").partition("/")
    try:
        if not form.flag("trusts"):
            raise refusal("trust_not_acknowledged")
        made = await connections.create_external(
            place.rt,
            place.actor,
            place.organization_id,
            external_organization_id=form.text("external_organization_id") or owner,
            external_connection_id=form.text("external_connection_id") or source,
            display_name=form.given("display_name"),
        )
    except VestibuleError as error:
        return place.refused(error, _TEMPLATE, form, **await _shown(place, form))
    return place.to(f"/connections/{made.connection_id}/roles", said="created")


async def _shown(place: Place, form: Form) -> dict[str, Any]:
    """What can be picked: the organizations that were searched for, and of the chosen one its
    connections."""
    may_pick = isinstance(place.actor, OperatorActor)
    asked = (form.text("q") or place.query.get("q", "")).strip()
    chosen = form.text("owner") or place.query.get("owner", "")
    shown: dict[str, Any] = {"may_pick": may_pick, "asked": asked, "found": (), "owner": None}
    here = await connections.get_all(place.rt, place.actor, place.organization_id)
    taken = {one.external_connection_id for one in here.external}
    if may_pick and chosen:
        owner = await organizations.get(place.rt, place.actor, chosen)
        theirs = await connections.get_all(place.rt, place.actor, chosen)
        sources: list[SourceConnection] = [*theirs.saml, *theirs.oidc]
        shown |= {
            "owner": owner.organization,
            "sources": [one for one in sources if one.connection_id not in taken],
        }
    elif may_pick:
        operands = (
            [{"filter_name": "organization_name_fuzzy", "filter_value": asked}]
            if len(asked) >= _SHORTEST
            else []
        )
        page = await organizations.search(
            place.rt, place.actor, operator="AND", operands=operands, cursor=None, limit=_SHOWN
        )
        others = [one.organization for one in page.items]
        shown["found"] = [o for o in others if o.organization_id != place.organization_id]
    if may_pick:
        me = await organizations.get(place.rt, place.actor, place.organization_id)
        shown["receiver"] = me.organization
    else:
        shown["receiver"] = place.frame["organization"]
    return shown


TABLE: Table = (
    ("GET", "/connections/new/external", new),
    ("POST", "/connections/new/external", create),
)
