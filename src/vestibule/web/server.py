"""The HTTP server around the application."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any

import uvicorn


async def serve(app: Any, host: str, port: int, ready: Callable[[], None]) -> None:
    """Serve until the process is asked to end; requests under way are finished first.

    Forwarded headers are not read: our own URL comes from the settings alone.
    """
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        access_log=False,
        log_level="warning",
        server_header=False,
        proxy_headers=False,
        http="httptools",
        timeout_graceful_shutdown=10,
        limit_concurrency=2000,
    )
    # What was made at the start stays to the end: the collector need not look at it again.
    gc.collect()
    gc.freeze()
    server = _Server(config)
    server.ready = ready
    await server.serve()


class _Server(uvicorn.Server):
    ready: Callable[[], None]

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        if self.started:
            self.ready()
