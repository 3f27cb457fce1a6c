"""What a customer's pages wear, for the project or for one organization, with a sample."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from vestibule.domain.branding import (
    FONTS,
    MAX_LOGO,
    MAX_RADIUS,
    Branding,
    accent_tokens,
    check_branding,
    merged,
)
from vestibule.errors import VestibuleError, refusal
from vestibule.services import branding
from vestibule.services.branding import BrandingChanges
from vestibule.web.forms import Form
from vestibule.web.place import Place, Table

_TEMPLATE = "dashboard/branding.html"


async def edit(place: Place) -> Response:
    held = await _held(place)
    return place.page(_TEMPLATE, **await _shown(place, held, held))


async def preview(place: Place) -> Response:
    """The same page with a sample of what was chosen; nothing is saved."""
    form = await place.form()
    held = await _held(place)
    try:
        wanted = check_branding(_typed(form).onto(held))
    except VestibuleError as error:
        return place.page(_TEMPLATE, **await _shown(place, held, held, error), values=form)
    return place.page(_TEMPLATE, **await _shown(place, held, wanted), values=form)


async def save(place: Place) -> Response:
    form = await place.form()
    try:
        await branding.set(place.rt, place.actor, _typed(form), place.organization_id or None)
    except VestibuleError as error:
        held = await _held(place)
        return place.refused(error, _TEMPLATE, form, **await _shown(place, held, held))
    return place.to("/branding", said="saved")


async def logo(place: Place) -> Response:
    held = await _held(place)
    if not held.logo:
        raise refusal("route_not_found")
    return Response(
        held.logo, media_type=held.logo_type, headers={"cache-control": "private, no-store"}
    )


async def sample_sheet(place: Place) -> Response:
    """The custom properties of the sample, from what its address says and nothing else."""
    asked = place.query
    radius = asked.get("radius", "")
    chosen = check_branding(
        Branding(
            accent=asked.get("accent", ""),
            radius=int(radius) if radius.isascii() and radius.isdigit() and len(radius) < 4 else 0,
            font=asked.get("font", ""),
        )
    )
    worn = merged(chosen)
    tokens = accent_tokens(worn.accent)
    light, dark = tokens["light"], tokens["dark"]
    sheet = (
        ".sample{"
        f"--accent:light-dark({light['accent']},{dark['accent']});"
        f"--on-accent:light-dark({light['on_accent']},{dark['on_accent']});"
        f"--radius:{worn.radius}px;--font:{FONTS[worn.font]}"
        "}"
    )
    return Response(sheet, media_type="text/css", headers={"cache-control": "no-store"})


def _typed(form: Form) -> BrandingChanges:
    """An empty text takes away, so the project's shows again, or ours."""
    radius = form.text("radius")
    return BrandingChanges(
        logo=b"" if form.flag("remove_logo") else (form.files.get("logo") or None),
        accent=form.text("accent"),
        radius=form.number("radius") if radius else -1,
        font=form.text("font"),
        name=form.text("name"),
    )


async def _held(place: Place) -> Branding:
    return await branding.get(place.rt, place.actor, place.organization_id or None)


async def _shown(
    place: Place, held: Branding, wanted: Branding, wrong: VestibuleError | None = None
) -> dict[str, Any]:
    project = place.actor.project
    above = await branding.get(place.rt, place.actor) if place.organization_id else Branding()
    worn = merged(above, wanted) if place.organization_id else merged(wanted)
    sheet = {"accent": worn.accent, "radius": str(worn.radius), "font": worn.font}
    picture = base64.b64encode(worn.logo).decode() if worn.logo else ""
    return {
        "held": held,
        "worn": worn,
        "above": merged(above),
        "wrong": wrong,
        "sheet": urlencode(sheet),
        "logo": f"data:{worn.logo_type};base64,{picture}" if picture else "",
        "fonts": list(FONTS),
        "limits": {"logo": MAX_LOGO // 1024, "radius": MAX_RADIUS},
        "product": worn.name or project.name,
        "example": "https://idp.example.com/metadata",
    }


TABLE: Table = (
    ("GET", "/branding", edit),
    ("POST", "/branding", save),
    ("POST", "/branding/preview", preview),
    ("GET", "/branding/logo", logo),
    ("GET", "/branding/sample.css", sample_sheet),
)
