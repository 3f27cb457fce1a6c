"""White label: the logo, colour, corner, font and name that pages wear for a product's customers.

Owns what may be set, how an organization's own stands over the project's, and the rule of
contrast (WCAG 2.2 §1.4.3): whatever accent is chosen, text in it and on it stays readable.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypedDict

from vestibule.errors import refusal

MAX_LOGO = 32 * 1024
MAX_RADIUS = 24
MAX_NAME = 128
MAX_FRAME_ANCESTORS = 100
MIN_CONTRAST = 4.5

DEFAULT_ACCENT = "#0f5e5a"
DEFAULT_RADIUS = 8

# Nothing is fetched for a font, so only stacks of what systems bring along.
FONTS: Mapping[str, str] = {
    "system": 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", '
    "sans-serif",
    "humanist": 'Seravek, "Gill Sans Nova", Ubuntu, Calibri, "DejaVu Sans", sans-serif',
    "geometric": 'Avenir, Montserrat, Corbel, "URW Gothic", sans-serif',
    "grotesque": 'Inter, Roboto, "Helvetica Neue", "Arial Nova", Arial, sans-serif',
    "serif": 'Charter, "Bitstream Charter", "Sitka Text", Cambria, Georgia, serif',
    "rounded": 'ui-rounded, "Hiragino Maru Gothic ProN", Quicksand, Manjari, sans-serif',
}

# The grounds of the style sheet that an accent stands on, the one that is hardest to read first.
_GROUNDS = {"light": ("#f2f4f2", "#fbfbf9", "#ffffff"), "dark": ("#1a2120", "#192020", "#121716")}
_WHITE, _BLACK = "#ffffff", "#000000"
_COLOUR = re.compile(r"#[0-9a-f]{6}")
# Stricter than a URL: it is written into a header between spaces and semicolons.
_ANCESTOR = re.compile(
    r"https?://(\*\.)?(?!-)[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})*(:[1-9][0-9]{0,4})?"
)


@dataclass(frozen=True, slots=True)
class Branding:
    """What was set; what is empty or None was not. `font` is a key of `FONTS`."""

    logo: bytes = field(default=b"", repr=False)
    accent: str = ""
    radius: int | None = None
    font: str = ""
    name: str = ""

    @property
    def logo_type(self) -> str:
        """The media type of the logo, or "" where there is none."""
        return _sniffed(self.logo)


class Tokens(TypedDict):
    """Custom properties of the style sheet without their dashes."""

    accent: str
    on_accent: str


def check_branding(value: Branding) -> Branding:
    """Return it with its colour in lower case, or refuse it.

    Raises:
        branding_logo_invalid, branding_invalid.
    """
    if value.logo:
        if len(value.logo) > MAX_LOGO:
            got = f"{len(value.logo)} bytes"
            raise refusal("branding_logo_invalid", want=f"at most {MAX_LOGO} bytes", got=got)
        if not _sniffed(value.logo):
            raise refusal("branding_logo_invalid", want="a PNG or a JPEG")
    accent = value.accent.lower()
    if accent and _COLOUR.fullmatch(accent) is None:
        raise refusal("branding_invalid", want="an accent such as #0f5e5a", got=value.accent)
    if value.radius is not None and not 0 <= value.radius <= MAX_RADIUS:
        want = f"a radius of 0 to {MAX_RADIUS} px"
        raise refusal("branding_invalid", want=want, got=str(value.radius))
    if value.font and value.font not in FONTS:
        raise refusal("branding_invalid", want=f"one of {', '.join(FONTS)}", got=value.font)
    name = value.name.strip()
    if len(name) > MAX_NAME or (name and not name.isprintable()):
        want = f"a name of at most {MAX_NAME} characters"
        raise refusal("branding_invalid", want=want, got=value.name)
    return Branding(value.logo, accent, value.radius, value.font, name)


def merged(project: Branding, organization: Branding | None = None) -> Branding:
    """What pages wear: the organization's own, else the project's, else ours; nothing is left
    open but the logo and the name."""
    own = organization or Branding()
    radius = project.radius if own.radius is None else own.radius
    return Branding(
        logo=own.logo or project.logo,
        accent=own.accent or project.accent or DEFAULT_ACCENT,
        radius=DEFAULT_RADIUS if radius is None else radius,
        font=own.font or project.font or "system",
        name=own.name or project.name,
    )


def accent_tokens(accent: str) -> dict[str, Tokens]:
    """The accent for `light` and for `dark`, moved towards black or white until text in it can be
    read on every ground, and the colour that can be read on it."""
    return {theme: _tokens(accent.lower(), theme) for theme in _GROUNDS}


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, from 1 to 21 (WCAG 2.2, "contrast ratio")."""
    lights = sorted((_luminance(one), _luminance(other)))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def check_frame_ancestors(origins: Sequence[str], *, insecure_loopback: bool) -> tuple[str, ...]:
    """Return the origins whose pages may frame the portal, each once.

    Raises:
        field_invalid: no https origin in lower case, or a pattern for all of a top-level domain.
            In development http on loopback will do.
    """
    if len(origins) > MAX_FRAME_ANCESTORS:
        raise refusal("field_invalid", want=f"at most {MAX_FRAME_ANCESTORS} origins")
    for origin in origins:
        scheme, _, place = origin.partition("://")
        host = place.partition(":")[0]
        loopback = insecure_loopback and host in ("localhost", "127.0.0.1")
        wide = host.startswith("*.") and host.count(".") < 2
        if (
            _ANCESTOR.fullmatch(origin) is None
            or len(origin) > 253
            or wide
            or (scheme != "https" and not loopback)
        ):
            raise refusal(
                "field_invalid", want="an origin such as https://app.example.com", got=origin
            )
    return tuple(dict.fromkeys(origins))


def _sniffed(logo: bytes) -> str:
    """By its first bytes. An SVG is a document that may carry scripts, and is nothing here."""
    if logo.startswith(b"\x89PNG\r\n\x1a\n") and logo[12:16] == b"IHDR":
        return "image/png"
    return "image/jpeg" if logo.startswith(b"\xff\xd8\xff") else ""


def _tokens(accent: str, theme: str) -> Tokens:
    goal = _BLACK if theme == "light" else _WHITE
    steps = (_mixed(accent, goal, step / 64) for step in range(65))
    readable = next(
        one
        for one in steps
        if all(contrast(one, ground) >= MIN_CONTRAST for ground in _GROUNDS[theme])
    )
    # One of the two always reaches 4.58.
    white = contrast(readable, _WHITE) >= MIN_CONTRAST
    return Tokens(accent=readable, on_accent=_WHITE if white else _BLACK)


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _mixed(colour: str, goal: str, part: float) -> str:
    pairs = zip(_channels(colour), _channels(goal), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * part):02x}" for a, b in pairs)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(channel / 255) for channel in _channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)
