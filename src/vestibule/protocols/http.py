"""Plain values that a protocol asks somebody else to send, and gets back.

Knows no client, no socket and no address rule; `network.py` is the only door outside.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

_SECONDS = re.compile(r"[0-9]{1,9}", re.ASCII)


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request to be sent. `body` is what stands on the wire; headers are as given, no more."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """What came back: header names in lower case, `body` decoded from any transfer encoding."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def retry_after(response: HttpResponse, now: datetime) -> timedelta | None:
    """How long a busy server asks to be left alone (RFC 9110 §10.2.3), in seconds or as a date.

    None when it does not say, says it unreadably, or names a time that is over.
    """
    given = response.headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(given):
        wait = timedelta(seconds=int(given))
    else:
        try:
            until = parsedate_to_datetime(given)
            wait = (until if until.tzinfo else until.replace(tzinfo=UTC)) - now
        except (ValueError, OverflowError):
            return None
    return wait if wait > timedelta(0) else None
