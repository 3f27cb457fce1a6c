"""Reading what comes in at any door: bodies up to a limit, and names that occur only once."""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

from vestibule.errors import refusal
from vestibule.settings import Network

MAX_ESCAPES = 100_000

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


def caller_address(scope: Scope, trusted: Sequence[Network]) -> str:
    """The address of whoever calls: of the connection, or, where that is one of our own proxies,
    the last one in X-Forwarded-For that is none of ours. Anybody can write what stands before it.
    """
    peer: str = scope["client"][0] if scope.get("client") else ""
    if not trusted or not _within(peer, trusted):
        return peer
    forwarded = b",".join(v for k, v in scope["headers"] if k == b"x-forwarded-for")
    for text in reversed(forwarded.decode("latin-1").split(",")):
        hop = text.strip()
        try:
            ipaddress.ip_address(hop)
        except ValueError:
            return peer
        peer = hop
        if not _within(hop, trusted):
            return hop
    return peer


def _within(address: str, networks: Sequence[Network]) -> bool:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(found in network for network in networks)


def once(encoded: bytes) -> dict[str, str]:
    # Each escape costs what hundreds of plain bytes cost, in time and in memory. A megabyte of
    # XML as base64 in lines has 84,000.
    if encoded.count(b"%") > MAX_ESCAPES:
        raise refusal("bad_request", want=f"at most {MAX_ESCAPES} percent signs")
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
