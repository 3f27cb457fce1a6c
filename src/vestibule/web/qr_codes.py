"""QR codes (ISO/IEC 18004), drawn as the path of an SVG so that no picture is fetched. The only
room of segno."""

from __future__ import annotations

from dataclasses import dataclass

import segno

# Four modules of light around it (§5.3.8), or some cameras do not find it.
_BORDER = 4


@dataclass(frozen=True, slots=True)
class QrCode:
    """`size` is the side of the square in modules, `path` what is dark in it."""

    size: int
    path: str


def draw(text: str) -> QrCode:
    """The code of a text, which may be up to 2 kB long."""
    rows = list(segno.make_qr(text, error="m").matrix_iter(border=_BORDER))
    path = "".join(
        f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, dark in enumerate(row) if dark
    )
    return QrCode(len(rows), path)
