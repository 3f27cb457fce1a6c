"""Whatever accent is chosen, text in it and on it can be read; and who may frame the portal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestibule.domain.branding import (
    DEFAULT_ACCENT,
    Branding,
    accent_tokens,
    check_branding,
    check_frame_ancestors,
    contrast,
    merged,
)
from vestibule.errors import VestibuleError

GROUNDS = {"light": ("#ffffff", "#fbfbf9", "#f2f4f2"), "dark": ("#121716", "#192020", "#1a2120")}
COLOURS = st.integers(0, 0xFFFFFF).map("#{:06x}".format)


@given(COLOURS)
def test_every_accent_is_worn_so_that_it_can_be_read(accent: str) -> None:
    for theme, worn in accent_tokens(accent).items():
        for ground in GROUNDS[theme]:
            assert contrast(worn["accent"], ground) >= 4.5
        assert contrast(worn["accent"], worn["on_accent"]) >= 4.5


def test_an_accent_that_can_be_read_is_worn_as_it_is() -> None:
    assert accent_tokens("#AA0000")["light"] == {"accent": "#aa0000", "on_accent": "#ffffff"}
    assert accent_tokens("#ffcc00")["dark"] == {"accent": "#ffcc00", "on_accent": "#000000"}
    assert accent_tokens(DEFAULT_ACCENT)["light"]["accent"] == DEFAULT_ACCENT


def test_an_accent_that_cannot_be_read_keeps_its_hue() -> None:
    worn = accent_tokens("#ffcc00")["light"]["accent"]
    red, green, blue = (int(worn[n : n + 2], 16) for n in (1, 3, 5))
    assert red > green > blue == 0


def test_contrast_is_that_of_the_recommendation() -> None:
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert contrast("#123456", "#123456") == 1


def test_what_nobody_set_is_ours() -> None:
    own = Branding(accent="#111111", radius=0)
    project = Branding(accent="#222222", radius=12, font="serif", name="Product")
    assert merged(project, own) == Branding(b"", "#111111", 0, "serif", "Product")
    assert merged(Branding()) == Branding(b"", DEFAULT_ACCENT, 8, "system", "")


def test_a_picture_is_known_by_its_bytes_and_not_by_its_name() -> None:
    for logo in (b"<svg/>", b"\x89PNG", b"\x89PNG\r\n\x1a\n<svg/>", b"RIFF....WEBP"):
        with pytest.raises(VestibuleError, match="branding_logo_invalid"):
            check_branding(Branding(logo=logo))
    assert check_branding(Branding(logo=b"\xff\xd8\xff\xdb")).logo_type == "image/jpeg"
    assert Branding().logo_type == ""


@pytest.mark.parametrize(
    "origin",
    [
        "", "*", "https:", "https://", "https://*", "https://*.com", "http://app.example.com",
        "https://app.example.com/", "https://app.example.com/a", "https://App.example.com",
        "https://app.example.com;script-src *", "https://app.example.com 'unsafe-inline'",
        "https://app.example.com,https://b.example", "https://user@app.example.com",
        "https://app.example.com:0", "https://app.example.com:99999999", "data:", "'self'",
        "https://app.example.com\r\nset-cookie: a=b", "https://ápp.example.com", "null",
        "https://-app.example.com", "https://a." + "b" * 300, "http://localhost:3000",
    ],
)  # fmt: skip
def test_an_origin_that_could_say_more_in_a_header_is_refused(origin: str) -> None:
    with pytest.raises(VestibuleError, match="field_invalid"):
        check_frame_ancestors([origin], insecure_loopback=False)


def test_origins_that_may_frame_the_portal() -> None:
    good = ("https://app.example.com", "https://*.example.com", "https://a.example:8443")
    assert check_frame_ancestors(good, insecure_loopback=False) == good
    loopback = ("http://localhost:3000", "http://127.0.0.1:8000")
    assert check_frame_ancestors(loopback, insecure_loopback=True) == loopback
    with pytest.raises(VestibuleError, match="field_invalid"):
        many = [f"https://a{n}.example" for n in range(101)]
        check_frame_ancestors(many, insecure_loopback=False)
