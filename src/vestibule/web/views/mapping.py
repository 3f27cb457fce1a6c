"""The attribute mapping of one connection, tried on what the identity provider last said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from vestibule.domain.connections import OidcChanges, SamlChanges, SamlConnection
from vestibule.errors import VestibuleError
from vestibule.services import connections, drafts, mapping, presets
from vestibule.services.mapping import Pasted, Preview
from vestibule.web.forms import Form
from vestibule.web.place import Place, Table
from vestibule.web.views.drafts import drafted_or_live

_TEMPLATE = "views/mapping.html"
_EMPTY_ROWS = 3
# What a member has of its own; every other name goes into trusted_metadata.
_OWN = {
    "saml": ("email", "full_name", "first_name", "last_name", "id", "groups"),
    "oidc": ("email", "full_name", "first_name", "last_name", "groups"),
}


async def edit(place: Place) -> Response:
    current, _ = await drafted_or_live(place)
    return place.page(_TEMPLATE, **await _shown(place, current.attribute_mapping))


async def preview(place: Place) -> Response:
    """The same page with what would come of it; nothing is saved."""
    form = await place.form()
    return place.page(_TEMPLATE, **await _shown(place, _typed(form), form), values=form)


async def save(place: Place) -> Response:
    form = await place.form()
    typed = _typed(form)
    where = (place.rt, place.actor, place.organization_id, place.path["connection_id"])
    live = await connections.get(*where)
    current, drafted = await drafted_or_live(place)
    into_draft = form.text("into") == "draft" or drafted
    try:
        if isinstance(current, SamlConnection):
            asked = SamlChanges(attribute_mapping=typed)
            if into_draft:
                await drafts.put_saml_draft(*where, asked)
            else:
                await connections.change_saml(*where, asked)
        else:
            wanted = OidcChanges(attribute_mapping=typed)
            if into_draft:
                await drafts.put_oidc_draft(*where, wanted)
            else:
                await connections.change_oidc(*where, wanted)
    except VestibuleError as error:
        return place.refused(error, _TEMPLATE, form, **await _shown(place, typed, form))
    name = live.connection_id
    return place.to(f"/connections/{name}/test" if into_draft else f"/connections/{name}",
                    said="drafted" if into_draft else "saved")  # fmt: skip


def _typed(form: Form) -> dict[str, str]:
    return {name: source for name, source in form.pairs("field", "source") if name and source}


async def _shown(
    place: Place, shown: Mapping[str, str], form: Form | None = None
) -> dict[str, Any]:
    where = (place.rt, place.actor, place.organization_id, place.path["connection_id"])
    live = await connections.get(*where)
    current, drafted = await drafted_or_live(place)
    suggested = (await presets.setup(*where)).content.attribute_mapping
    seen: Preview | None = None
    wrong: VestibuleError | None = None
    try:
        seen = await mapping.preview(*where, mapping=dict(shown) or None, pasted=Pasted())
    except VestibuleError as error:
        if error.code != "login_statement_not_found":
            wrong = error
    rows = form.pairs("field", "source") if form else list(shown.items())
    return {
        "live": live,
        "connection": current,
        "drafted": drafted,
        "rows": [*rows, *[("", "")] * _EMPTY_ROWS],
        "own": _OWN[current.kind],
        "suggested": suggested,
        "preview": seen,
        "wrong": wrong,
        "came": seen.sample.statement if seen else None,
    }


TABLE: Table = (
    ("GET", "/connections/{connection_id}/mapping", edit),
    ("POST", "/connections/{connection_id}/mapping", save),
    ("POST", "/connections/{connection_id}/mapping/preview", preview),
)
