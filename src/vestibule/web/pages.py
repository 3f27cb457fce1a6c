"""Turns a template and its values into HTML. Owns the one Jinja environment, how a value is shown
to a person (times, JSON, what differs between two values) and the addresses of static files.

Does not know what any page is about, and nothing of requests and responses. Every value is
escaped unless a function here made it Markup; a variable that a template misses is an error, not
an empty place. The templates hold no inline script or style, so the policy may forbid both.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from vestibule.web.texts import ENGLISH, LANGUAGES, translate, translate_count

STATIC = Path(__file__).parent / "static"

_CODE_SPAN = re.compile(r"`([^`\n]+)`")


def render(template: str, *, language: str = ENGLISH, **context: object) -> str:
    """Fill `template` (a path under `templates/`), whose leading comment lists its variables.

    A text in the template is `_("…")`, or `ngettext("…", "…", number)`; with names in it,
    `_("Hello %(name)s", name=name)`. A literal percent sign is written twice.

    Raises:
        jinja2.UndefinedError: a variable that the template uses was not given.
    """
    return _environment(language).get_template(template).render(context)


@cache
def static_url(name: str) -> str:
    """The address of a file in `STATIC`; it changes with the content, so it may be cached for ever.

    Raises:
        FileNotFoundError: there is no such file.
    """
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()
    return f"/static/{name}?v={digest[:12]}"


@cache
def _environment(language: str) -> Environment:
    environment = Environment(
        loader=PackageLoader("vestibule.web"),
        extensions=["jinja2.ext.i18n"],
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters |= {
        "clock": clock,
        "exact": exact,
        "iso": iso,
        "json_html": json_html,
        "prose": prose,
    }
    environment.globals |= {
        "difference": difference,
        "language": language,
        "languages": LANGUAGES,
        "static_url": static_url,
    }
    environment.install_gettext_callables(  # type: ignore[attr-defined]
        partial(translate, language), partial(translate_count, language), newstyle=True
    )
    return environment


def texts_of_templates() -> set[str]:
    """Every English text that a template asks a catalogue for; of a pair, the plural."""
    environment = _environment(ENGLISH)
    found: set[str] = set()
    for name in environment.list_templates(extensions=["html"]):
        source, _, _ = environment.loader.get_source(environment, name)  # type: ignore[union-attr]
        for _, _, said in environment.extract_translations(source):  # type: ignore[attr-defined]
            # A text that is worked out has nothing here.
            parts = [said] if isinstance(said, str) else [part for part in said or () if part]
            found.update(parts[-1:])
    return found


# --- times: aware datetimes, shown in UTC ---------------------------------------------------------


def clock(at: datetime) -> str:
    """HH:MM:SS.mmm, for steps that follow each other within seconds."""
    return _utc(at).strftime("%H:%M:%S.") + f"{_utc(at).microsecond // 1000:03d}"


def iso(at: datetime) -> str:
    """For the `datetime` attribute, from which the browser works out "2 minutes ago"."""
    return _utc(at).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def exact(at: datetime) -> str:
    """What a person reads where no script runs."""
    return _utc(at).strftime("%Y-%m-%d %H:%M:%S UTC")


def _utc(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("a time on a page must be aware")
    return at.astimezone(UTC)


# --- text -----------------------------------------------------------------------------------------


def prose(text: str) -> Markup:
    """Escaped text in which `backticks` mark code; line breaks are left to the style sheet."""
    return Markup(_CODE_SPAN.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped


def difference(want: str, got: str) -> tuple[Markup, Markup]:
    """Both values, with what differs between their common beginning and end in `<mark>`.

    Where they share next to nothing, a mark would cover everything and say nothing: none is set.
    """
    head = _shared(want, got)
    tail = _shared(want[head:][::-1], got[head:][::-1])
    if head + tail < 4 or want == got:
        return escape(want), escape(got)
    return _marked(want, head, tail), _marked(got, head, tail)


def _shared(one: str, other: str) -> int:
    """How many characters both begin with."""
    pairs = zip(one, other, strict=False)
    return next((index for index, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


def _marked(value: str, head: int, tail: int) -> Markup:
    end = len(value) - tail
    if head == end:
        return escape(value)
    return Markup("{}<mark>{}</mark>{}").format(value[:head], value[head:end], value[end:])


# --- JSON -----------------------------------------------------------------------------------------


def json_html(value: object) -> Markup:
    """Pretty-printed JSON with a span around each key (`jk`), string (`js`), number (`jn`) and
    literal (`jl`). What JSON does not know is shown as its text."""
    return Markup("").join(_json(value, "\n"))


def _json(value: object, newline: str) -> Iterator[Markup]:
    inner = newline + "  "
    if isinstance(value, Mapping):
        pairs = list(value.items())
        yield Markup("{")
        for index, (key, child) in enumerate(pairs):
            yield Markup('{}<span class="jk">{}</span>: ').format(inner, _quoted(str(key)))
            yield from _json(child, inner)
            yield Markup(",") if index < len(pairs) - 1 else escape(newline)
        yield Markup("}")
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
        yield Markup("[")
        for index, child in enumerate(value):
            yield escape(inner)
            yield from _json(child, inner)
            yield Markup(",") if index < len(value) - 1 else escape(newline)
        yield Markup("]")
    elif value is None or isinstance(value, bool):
        yield Markup('<span class="jl">{}</span>').format(json.dumps(value))
    elif isinstance(value, int | float):
        yield Markup('<span class="jn">{}</span>').format(json.dumps(value))
    else:
        yield Markup('<span class="js">{}</span>').format(_quoted(str(value)))


def _quoted(text: str) -> str:
    """A JSON string that reads as what it is: letters stay, but what is invisible or turns the
    direction of writing is spelt out."""
    shown = json.dumps(text, ensure_ascii=False)
    return "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in shown)
