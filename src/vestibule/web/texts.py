"""The languages of the pages. Owns the catalogues, one file of data for each language but English,
and the choice among them.

English is what the templates say; a catalogue maps it to its own language, with a list of two for
what is counted: one, and any other number. Knows no page.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

ENGLISH = "en"
LANGUAGES: Mapping[str, str] = {
    "en": "English",
    "de": "Deutsch",
    "es": "Español",
    "fr": "Français",
    "ja": "日本語",
}
FOLDER = Path(__file__).parent / "languages"

Catalogue = Mapping[str, str | Sequence[str]]


@cache
def catalogue(language: str) -> Catalogue:
    """What a language has for each English text; nothing for English itself."""
    if language == ENGLISH or language not in LANGUAGES:
        return {}
    found: Catalogue = json.loads((FOLDER / f"{language}.json").read_text(encoding="utf-8"))
    return found


def translate(language: str, text: str) -> str:
    """The text in a language; where its catalogue lacks it, in English."""
    found = catalogue(language).get(text, text)
    return found if isinstance(found, str) else found[-1]


def translate_count(language: str, one: str, many: str, count: int) -> str:
    """The same for a text that depends on a number. The catalogue has it under the plural."""
    found = catalogue(language).get(many)
    if found is None or isinstance(found, str):
        return found or (one if count == 1 else many)
    # French counts nothing as one thing.
    single = count == 1 or (language == "fr" and count == 0)
    return found[0 if single else -1]


def choose_language(asked: str, accept: str) -> str:
    """The language asked for by name, else the best of an Accept-Language header (RFC 9110
    §12.5.4), else English."""
    if asked in LANGUAGES:
        return asked
    wanted: list[tuple[float, str]] = []
    for part in accept.split(",")[:20]:
        name, _, quality = part.strip().partition(";q=")
        try:
            weight = float(quality) if quality else 1.0
        except ValueError:
            continue
        wanted.append((-weight, name.partition("-")[0].lower()))
    return next(
        (name for _, name in sorted(wanted, key=lambda w: w[0]) if name in LANGUAGES), ENGLISH
    )
