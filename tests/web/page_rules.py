"""What every page of the doors owes to whoever reads it, whatever it is about."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from lxml import html

_NAMED = ("aria-labelledby", "aria-describedby", "for", "list", "form", "headers")


def broken_rules(text: str) -> list[str]:
    """Which rules a page breaks, in words; none for a good one."""
    page = html.fromstring(text)
    return [*_structure(page), *_references(page), *_names(page), *_policy(page, text)]


def _structure(page: html.HtmlElement) -> Iterator[str]:
    if not page.get("lang"):
        yield "no language"
    for tag in ("h1", "main", "footer", "title"):
        if len(page.findall(f".//{tag}")) != 1:
            yield f"{len(page.findall(f'.//{tag}'))} of <{tag}>"
    levels = [int(e.tag[1]) for e in page.iter("h1", "h2", "h3", "h4", "h5", "h6")]
    yield from (f"h{a} is followed by h{b}" for a, b in pairwise(levels) if b - a > 1)
    if not page.xpath("//a[@href='#main']"):
        yield "no way to skip to the content"


def _references(page: html.HtmlElement) -> Iterator[str]:
    ids = page.xpath("//@id")
    yield from {f"id {one} occurs twice" for one in ids if ids.count(one) > 1}
    for name in _NAMED:
        for element in page.xpath(f"//*[@{name}]"):
            for part in element.get(name).split():
                if part not in ids:
                    yield f"{name}={part} leads nowhere"
    for link in page.xpath("//a[starts-with(@href, '#')]/@href"):
        if link[1:] not in ids:
            yield f"{link} leads nowhere"


def _names(page: html.HtmlElement) -> Iterator[str]:
    labelled = set(page.xpath("//label/@for"))
    for field in page.xpath("//input[not(@type='hidden')] | //select | //textarea"):
        inside = field.xpath("ancestor::label")
        if not (inside or field.get("id") in labelled or field.get("aria-label")):
            yield f"<{field.tag} name={field.get('name')}> has no label"
    for one in page.xpath("//a | //button"):
        words = one.text_content().strip() or one.get("aria-label") or one.xpath(".//img/@alt")
        if not words:
            yield f"<{one.tag}> says nothing"
    for drawing in page.xpath("//svg[not(@aria-hidden='true')]"):
        if not drawing.get("aria-label"):
            yield "a drawing that is told has no label"
    for field in page.xpath("//fieldset"):
        if not field.xpath("./legend") and not field.get("aria-label"):
            yield "a <fieldset> without a <legend>"
    for table in page.xpath("//table"):
        if not table.xpath("./caption") and not table.get("aria-label"):
            yield "a <table> without a <caption>"
    for form in page.xpath("//form[@method='post']"):
        if not form.xpath(".//input[@name='csrf']") and not form.get("action", "").endswith(
            ("/language", "/sign-in")
        ):
            yield f"a form to {form.get('action')} without its token"


def _policy(page: html.HtmlElement, text: str) -> Iterator[str]:
    if page.xpath("//style | //@style | //script[not(@src)]"):
        yield "style or script in the page, which the policy forbids"
    for name in set(page.xpath("//@*[starts-with(name(), 'on')]/..")):
        yield f"<{name.tag}> has a handler of its own"
    for address in page.xpath("//script/@src | //img/@src | //link/@href"):
        if re.match(r"(https?:)?//", address):
            yield f"asks another host: {address}"
    if "javascript:" in text:
        yield "a javascript: address"
