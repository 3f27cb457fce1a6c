"""The set-up of one connection at its identity provider: what to do there, step by step, and what
comes back from there, in whatever form somebody has it.

Everything goes into a draft, which a test sign-in tries before it becomes the connection.
"""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from vestibule.domain.connections import (
    OidcChanges,
    SamlChanges,
    SamlConnection,
    SourceConnection,
    missing_parts,
)
from vestibule.domain.presets import Setup
from vestibule.errors import VestibuleError, refusal
from vestibule.services import connections, drafts, pasted, presets
from vestibule.services.pasted import Applied
from vestibule.web.place import Place, Table
from vestibule.web.views.drafts import drafted_or_live

_TEMPLATE = "views/setup.html"
# What a form gives as a text of its own; the metadata's address is pasted.
_BY_HAND = (
    "idp_entity_id", "idp_sso_url", "x509_certificate", "issuer", "client_id", "client_secret",
    "authorization_url", "token_url", "userinfo_url", "jwks_url",
)  # fmt: skip


async def show(place: Place) -> Response:
    return place.page(_TEMPLATE, **await _shown(place))


async def take(place: Place) -> Response:
    """What was pasted, chosen as a file or typed by hand."""
    form = await place.form()
    where = (place.rt, place.actor, place.organization_id, place.path["connection_id"])
    applied: Applied | None = None
    try:
        given = form.files.get("file") or form.text("pasted")
        typed = {name: form.text(name) for name in _BY_HAND if form.text(name)}
        if not given and not typed:
            raise refusal("field_missing", detail="pasted")
        if given:
            applied = await pasted.apply(*where, given, into="draft")
        if typed:
            await _type_in(place, typed)
        await _suggest(place)
    except VestibuleError as error:
        return place.refused(error, _TEMPLATE, form, **await _shown(place))
    return place.page(_TEMPLATE, **await _shown(place, applied))


async def _type_in(place: Place, typed: dict[str, str]) -> None:
    where = (place.rt, place.actor, place.organization_id, place.path["connection_id"])
    live = await connections.get(*where)
    if isinstance(live, SamlConnection):
        certificate = typed.pop("x509_certificate", None)
        await drafts.put_saml_draft(*where, SamlChanges(**typed), x509_certificate=certificate)  # type: ignore[arg-type]
    else:
        await drafts.put_oidc_draft(*where, OidcChanges(**typed))  # type: ignore[arg-type]


async def _suggest(place: Place) -> None:
    """Where nothing is mapped yet, map what this provider calls things."""
    where = (place.rt, place.actor, place.organization_id, place.path["connection_id"])
    current, drafted = await drafted_or_live(place)
    if current.attribute_mapping or not drafted:
        return
    suggested = (await presets.setup(*where)).content
    if isinstance(current, SamlConnection):
        await drafts.put_saml_draft(
            *where,
            SamlChanges(
                attribute_mapping=suggested.attribute_mapping,
                nameid_format=suggested.nameid_format or None,
            ),
        )
    else:
        await drafts.put_oidc_draft(
            *where,
            OidcChanges(
                attribute_mapping=suggested.attribute_mapping or None,
                custom_scopes=current.custom_scopes or suggested.custom_scopes or None,
            ),
        )


async def _shown(place: Place, applied: Applied | None = None) -> dict[str, Any]:
    found: Setup = await presets.setup(
        place.rt, place.actor, place.organization_id, place.path["connection_id"]
    )
    current, drafted = await drafted_or_live(place)
    return {
        "setup": found,
        "content": found.content,
        "connection": current,
        "drafted": drafted,
        "missing": missing_parts(current),
        "by_hand": [one for one in found.content.receives if one.name in _BY_HAND],
        "applied": applied,
        "held": _held(current),
    }


def _held(current: SourceConnection) -> dict[str, str]:
    """What is known already, for the inputs; of a secret only that it is."""
    names = [name for name in _BY_HAND if name not in ("x509_certificate", "client_secret")]
    return {name: getattr(current, name, "") for name in names}


TABLE: Table = (
    ("GET", "/connections/{connection_id}/setup", show),
    ("POST", "/connections/{connection_id}/setup", take),
)
