"""Mails: what one says, in whose language, and when it is tried again.

Owns the letter (subject, text, HTML) made of texts that are data, and the waits of the outbox.
Knows no header, no server and no clock; names that outsiders chose are words here, never markup,
never a line of their own.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from vestibule.domain.magic_links import Kind

LOCALES = ("en", "es", "pt-br", "fr")
DEADLINE = timedelta(seconds=10)
# Longer than the deadline: a mail is never sent by two at once, unless a process stands still.
LEASE = timedelta(seconds=60)
GIVE_UP_AFTER = timedelta(days=1)
_FIRST_WAIT = timedelta(seconds=15)
_LONGEST_WAIT = timedelta(hours=1)
_MAX_NAME = 64

_PLACE = re.compile(r"\{(organization|inviter|address|time|n)\}")
# A name that a mail program would turn into a link of its own is not one that we send.
_LINK = re.compile(r"(?i)\b[a-z][a-z0-9+.-]*:/+|\b(?:mailto|tel|data|javascript):|\bwww\.|//+")

Texts = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail in the outbox. It holds a link with a token, so it is stored sealed.

    `expires_at` is the end of its link: later nobody needs it.
    """

    mail_id: str
    project_id: str
    organization_id: str
    member_id: str
    kind: Kind
    locale: str
    recipient: str
    link: str = field(repr=False)
    lifetime: timedelta
    created_at: datetime
    expires_at: datetime
    organization_name: str = ""
    inviter: str = ""

    @property
    def last_try(self) -> datetime:
        return min(self.created_at + GIVE_UP_AFTER, self.expires_at)


@dataclass(frozen=True, slots=True)
class Letter:
    """What the reader sees, twice: as plain text and as HTML."""

    subject: str
    text: str
    html: str
    locale: str


@dataclass(frozen=True, slots=True)
class Message:
    """A letter on its way. The same mail has the same `message_id` at every try."""

    message_id: str
    recipient: str
    sent_at: datetime
    letter: Letter


def choose_locale(asked: str | None) -> str:
    """One of ours; whatever else was asked for is English."""
    wanted = (asked or "").lower().replace("_", "-")
    return wanted if wanted in LOCALES else "en"


def wait_after(tries: int) -> timedelta:
    """How long to wait after that many failures: twice as long each time, up to an hour."""
    doubled: int = 2 ** min(tries - 1, 20)
    return min(_FIRST_WAIT * doubled, _LONGEST_WAIT)


def shown_name(name: str) -> str:
    """A name that an outsider chose as words of one line: no control characters, no link, and
    nothing that a header's reader would decode (RFC 2047)."""
    plain = "".join(c if c.isprintable() else " " for c in name).replace("=?", "= ")
    words = " ".join(_LINK.sub(" ", plain).split())
    return words if len(words) <= _MAX_NAME else f"{words[:_MAX_NAME].rstrip()}…"


def write_letter(texts: Texts, mail: Mail) -> Letter:
    """The mail in the language of `texts`."""
    said = texts[mail.kind]
    values = {
        "organization": shown_name(mail.organization_name),
        "inviter": shown_name(mail.inviter),
        "address": mail.recipient,
        "time": _time(texts["time"], mail.lifetime),
    }
    text = _fill(said["text_by" if mail.inviter and "text_by" in said else "text"], values)
    title, subject = _fill(said["title"], values), _fill(said["subject"], values)
    plain = f"{title}\n\n{text}\n\n{mail.link}\n\n{texts['ignore']}\n"
    return Letter(subject, plain, _html(mail, title, text, said["button"], texts), mail.locale)


def _fill(text: str, values: Mapping[str, str]) -> str:
    """In one pass, so that a value with braces stays a value."""
    return _PLACE.sub(lambda found: values[found[1]], text)


def _time(words: Mapping[str, str], lifetime: timedelta) -> str:
    minutes = int(lifetime.total_seconds() // 60)
    for unit, size in (("day", 24 * 60), ("hour", 60)):
        if minutes % size == 0:
            count = minutes // size
            return words[unit] if count == 1 else words[f"{unit}s"].replace("{n}", str(count))
    return words["minutes"].replace("{n}", str(minutes))


_PAGE = """<!doctype html>
<html lang="{locale}">
<head><meta charset="utf-8"><title>{title}</title></head>
<body style="margin:0;padding:24px;background:#f4f4f2;color:#1d1d1b;\
font-family:system-ui,-apple-system,'Segoe UI',sans-serif;line-height:1.5">
<div style="max-width:32rem;margin:0 auto;padding:32px;background:#ffffff;border-radius:8px">
<h1 style="margin:0 0 16px;font-size:1.4rem">{title}</h1>
<p style="margin:0 0 24px">{text}</p>
<p style="margin:0 0 24px"><a href="{link}" style="display:inline-block;padding:12px 20px;\
background:#1d1d1b;color:#ffffff;border-radius:6px;text-decoration:none">{button}</a></p>
<p style="margin:0 0 24px;font-size:.85rem;color:#5c5c57">{copy}<br>\
<a href="{link}" style="color:#5c5c57;word-break:break-all">{link}</a></p>
<p style="margin:0;font-size:.85rem;color:#5c5c57">{ignore}</p>
</div>
</body>
</html>
"""


def _html(mail: Mail, title: str, text: str, button: str, texts: Texts) -> str:
    values = {
        "locale": mail.locale,
        "title": title,
        "text": text,
        "link": mail.link,
        "button": button,
        "copy": texts["link"],
        "ignore": texts["ignore"],
    }
    return _PAGE.format_map({name: html.escape(value) for name, value in values.items()})
