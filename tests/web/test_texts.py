"""Languages are data: what is shown is in each catalogue, and a catalogue says nothing else."""

from __future__ import annotations

import re

import pytest

from vestibule.web.pages import texts_of_templates
from vestibule.web.texts import (
    LANGUAGES,
    catalogue,
    choose_language,
    translate,
    translate_count,
)

OTHERS = [language for language in LANGUAGES if language != "en"]
_NAMES = re.compile(r"%\((\w+)\)s")


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_names_what_the_english_text_names(language: str) -> None:
    for english, said in catalogue(language).items():
        for text in [said] if isinstance(said, str) else said:
            left_out = set(_NAMES.findall(english)) - set(_NAMES.findall(text)) - {"num"}
            added = set(_NAMES.findall(text)) - set(_NAMES.findall(english))
            assert not left_out, (english, text)
            assert not added, (english, text)
            assert text.replace("%%", "").count("%") == len(_NAMES.findall(text)), text


@pytest.mark.parametrize(
    ("asked", "accept", "chosen"),
    [
        ("", "", "en"),
        ("", "de", "de"),
        ("", "de-AT,de;q=0.9,en;q=0.5", "de"),
        ("", "pt-BR, fr;q=0.7, es;q=0.8", "es"),
        ("", "en;q=0.1, ja", "ja"),
        ("fr", "de", "fr"),
        ("xx", "de", "de"),
        ("../de", "", "en"),
        ("", "*;q=0.5, de;q=nonsense", "en"),
        ("", "," * 100_000, "en"),
    ],
)
def test_the_language_is_the_one_asked_for_else_the_best_that_the_browser_names(
    asked: str, accept: str, chosen: str
) -> None:
    assert choose_language(asked, accept) == chosen


def test_a_text_that_no_catalogue_has_stays_english() -> None:
    assert translate("de", "never written") == "never written"
    assert translate_count("ja", "%(num)s never", "%(num)s nevers", 1) == "%(num)s never"
    assert translate_count("ja", "%(num)s never", "%(num)s nevers", 2) == "%(num)s nevers"


def test_every_template_is_read_for_its_texts() -> None:
    assert {"Sign in", "%(num)s organizations"} <= texts_of_templates()
