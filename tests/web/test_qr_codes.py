"""A QR code is drawn whole, with light around it."""

from __future__ import annotations

import re

from vestibule.web.qr_codes import draw


def test_a_code_is_a_square_with_its_three_corners_and_light_around_it() -> None:
    drawn = draw("otpauth://totp/Vestibule:ops%40example.com?secret=ABC&issuer=Vestibule")
    dark = {(int(x), int(y)) for x, y in re.findall(r"M(\d+) (\d+)h1v1h-1z", drawn.path)}
    again = "".join(f"M{x} {y}h1v1h-1z" for x, y in sorted(dark, key=lambda at: at[::-1]))
    assert drawn.path == again
    last = drawn.size - 5
    for x, y in dark:
        assert 4 <= x <= last
        assert 4 <= y <= last
    for x, y in ((4, 4), (last - 6, 4), (4, last - 6)):
        assert all((x + step, y) in dark for step in range(7))
    assert draw("another").path != drawn.path
