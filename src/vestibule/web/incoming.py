"""Reading what comes in at any door: bodies up to a limit, and names that occur only once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qsl

from vestibule.errors import refusal

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


async def read_body(receive: Receive, limit: int) -> bytes:
    """The whole body, up to a limit that is enforced while it arrives."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise refusal("bad_request", detail="the caller hung up")
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise refusal("body_too_large", want=f"at most {limit} bytes")
        parts.append(chunk)
        if not message.get("more_body"):
            return parts[0] if len(parts) == 1 else b"".join(parts)


def once(encoded: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(
            encoded.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=100
        )
    except ValueError:
        raise refusal("bad_request", want="percent-encoded UTF-8") from None
    values = dict(pairs)
    if len(values) != len(pairs):
        raise refusal("bad_request", want="each parameter once")
    if any("\x00" in value for value in values.values()):
        raise refusal("bad_request", want="no NUL characters")
    return values
