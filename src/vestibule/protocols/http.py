"""Plain values that a protocol asks somebody else to send, and gets back.

Knows no client, no socket and no address rule; `network.py` is the only door outside.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


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
