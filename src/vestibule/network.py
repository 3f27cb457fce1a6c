"""The one door outside: sends a request to somebody else's server, or refuses the address.

Owns every bound on what an outsider's URL can make us do: public addresses only, the address that
was checked is the one that is connected to, no redirects, no proxy from the environment, eight
seconds in all, 512 kB. Knows no protocol.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import urlsplit

import httpcore2

from vestibule.errors import VestibuleError, refusal
from vestibule.protocols.http import HttpRequest, HttpResponse
from vestibule.settings import Network as AddressRange

DEADLINE_SECONDS = 8.0
MAX_BYTES = 512 * 1024

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Network:
    """A pool of outgoing connections. `allowed` are exceptions from "public addresses only"; http
    is spoken only to them."""

    def __init__(self, allowed: Sequence[AddressRange] = ()) -> None:
        self._guard = _Guard(tuple(allowed))
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=ssl.create_default_context(),
            max_connections=100,
            max_keepalive_connections=20,
            keepalive_expiry=30,
            network_backend=self._guard,
        )

    async def send(self, request: HttpRequest) -> HttpResponse:
        """Send and read the whole answer. A redirect is an answer like any other.

        Raises:
            idp_address_forbidden, idp_unreachable, idp_timeout, idp_answer_too_large.
        """
        try:
            parts = urlsplit(request.url)
        except ValueError:
            raise refusal("idp_address_forbidden", want="an https URL", got=request.url) from None
        if not request.url.isascii():
            raise refusal("idp_address_forbidden", want="an ASCII URL", got=request.url)
        if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
            raise refusal("idp_address_forbidden", want="an https URL", got=request.url)
        if parts.scheme == "http" and not await self._guard.is_exception(parts.hostname):
            raise refusal("idp_address_forbidden", want="https", got=request.url)
        given = {"Accept-Encoding": "identity", "User-Agent": "Vestibule", **request.headers}
        headers = list(given.items())
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                return await self._exchange(request, headers)
        except (TimeoutError, httpcore2.TimeoutException):
            raise refusal("idp_timeout", got=parts.hostname) from None
        except (httpcore2.NetworkError, httpcore2.ProtocolError, OSError, ValueError) as error:
            raise refusal("idp_unreachable", got=parts.hostname, detail=_reason(error)) from None

    async def _exchange(self, request: HttpRequest, headers: list[tuple[str, str]]) -> HttpResponse:
        async with self._pool.stream(
            request.method, request.url, headers=headers, content=request.body or None
        ) as answer:
            body = bytearray()
            async for chunk in answer.aiter_stream():
                body += chunk
                if len(body) > MAX_BYTES:
                    raise refusal("idp_answer_too_large", want=f"at most {MAX_BYTES} bytes")
            names = {
                name.decode("latin-1").lower(): value.decode("latin-1")
                for name, value in answer.headers
            }
            if names.get("content-encoding", "identity") != "identity":
                # We asked for identity; what comes packed anyway could unpack to anything.
                raise refusal("idp_unreachable", got="a compressed answer")
            return HttpResponse(answer.status, names, bytes(body))

    async def close(self) -> None:
        await self._pool.aclose()


class _Guard(httpcore2.AsyncNetworkBackend):
    """Resolves a name once, judges every address, and connects to one that was judged."""

    def __init__(self, allowed: tuple[AddressRange, ...]) -> None:
        self._allowed = allowed
        self._inner = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        addresses = await self._addresses(host)
        for address in addresses:
            if not self._is_allowed(address):
                raise refusal("idp_address_forbidden", want="a public address", got=host)
        last: Exception = OSError("no address")
        for address in addresses:
            try:
                return await self._inner.connect_tcp(
                    str(address), port, timeout, local_address, socket_options
                )
            except httpcore2.ConnectError as error:
                last = error
        raise last

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        raise refusal("idp_address_forbidden", want="a public address", got=path)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def is_exception(self, host: str) -> bool:
        """Whether every address of the host lies in an explicitly allowed network."""
        try:
            addresses = await self._addresses(host)
        except (OSError, VestibuleError):
            return False
        return bool(addresses) and all(self._is_listed(address) for address in addresses)

    async def _addresses(self, host: str) -> list[_Address]:
        try:
            return [ipaddress.ip_address(host.strip("[]"))]
        except ValueError:
            pass
        try:
            found = await asyncio.get_running_loop().getaddrinfo(
                host, None, type=socket.SOCK_STREAM
            )
        except (OSError, UnicodeError):
            raise refusal("idp_unreachable", got=host, detail="the name has no address") from None
        # A scope id (fe80::1%eth0) is cut off: such an address is never public anyway.
        texts = dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in found)
        return [ipaddress.ip_address(text) for text in texts]

    def _is_allowed(self, address: _Address) -> bool:
        if self._is_listed(address):
            return True
        if isinstance(address, ipaddress.IPv6Address):
            # An IPv4 address can be hidden inside: it is the one that is reached.
            inner = address.ipv4_mapped or address.sixtofour
            if inner is None and address in _NAT64:
                inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
            if inner is not None:
                return self._is_allowed(inner)
            if address not in _GLOBAL_UNICAST:
                # Site-local and IPv4-compatible addresses count as global in Python's table.
                return False
        return address.is_global and not address.is_multicast

    def _is_listed(self, address: _Address) -> bool:
        return any(address.version == net.version and address in net for net in self._allowed)


_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__
