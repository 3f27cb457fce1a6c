"""How a brand reaches a page: a style sheet of custom properties, and a logo."""

from __future__ import annotations

from starlette.responses import Response

from vestibule.domain.branding import FONTS, Branding, accent_tokens
from vestibule.errors import refusal

_CACHE = {"cache-control": "private, max-age=300"}


def brand_sheet(brand: Branding) -> Response:
    """The custom properties that a brand may set, and nothing else."""
    tokens = accent_tokens(brand.accent)
    light, dark = tokens["light"], tokens["dark"]
    sheet = (
        ":root{"
        f"--accent:light-dark({light['accent']},{dark['accent']});"
        f"--on-accent:light-dark({light['on_accent']},{dark['on_accent']});"
        f"--radius:{brand.radius}px;--font:{FONTS[brand.font]}"
        "}"
    )
    return Response(sheet, media_type="text/css", headers=_CACHE)


def brand_logo(brand: Branding) -> Response:
    """Raises: route_not_found where there is none."""
    if not brand.logo:
        raise refusal("route_not_found")
    return Response(brand.logo, media_type=brand.logo_type, headers=_CACHE)
