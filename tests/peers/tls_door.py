"""A door with TLS in front of a server that has none: what comes in goes on byte by byte.

Some official clients take no base URL but `https://`. Knows no HTTP.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

from peers.certificates import make_key_pair


@dataclass(frozen=True)
class TlsDoor:
    """Where it listens, and the file with the only certificate to trust there."""

    base_url: str
    certificate: Path


@contextlib.contextmanager
def run_tls_door(port: int, folder: Path) -> Iterator[TlsDoor]:
    """A door to `port` on this machine while the block lasts; its key lies in `folder`."""
    pair = make_key_pair("tls-door")
    key, certificate = folder / "tls_door.key", folder / "tls_door.pem"
    key.write_text(pair.key_pem)
    certificate.write_text(pair.certificate_pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    opened: Future[_Opened] = Future()
    thread = threading.Thread(target=lambda: asyncio.run(_serve(port, context, opened)))
    thread.start()
    door = opened.result()
    try:
        yield TlsDoor(f"https://127.0.0.1:{door.port}", certificate)
    finally:
        door.loop.call_soon_threadsafe(door.end.set)
        thread.join()


@dataclass(frozen=True)
class _Opened:
    port: int
    loop: asyncio.AbstractEventLoop
    end: asyncio.Event


async def _serve(port: int, context: ssl.SSLContext, opened: Future[_Opened]) -> None:
    writers: set[asyncio.StreamWriter] = set()

    async def welcome(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", port)
        both = {writer, there_writer}
        writers.update(both)
        await asyncio.gather(_pass_on(reader, there_writer), _pass_on(there_reader, writer))
        writers.difference_update(both)

    end = asyncio.Event()
    server = await asyncio.start_server(welcome, "127.0.0.1", 0, ssl=context)
    here = server.sockets[0].getsockname()[1]
    opened.set_result(_Opened(here, asyncio.get_running_loop(), end))
    await end.wait()
    server.close()
    for writer in writers:
        writer.transport.abort()
    await server.wait_closed()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    # The other side may be gone at any moment, and then so are we.
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
