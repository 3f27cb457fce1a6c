"""The door for ASGI: puts the session into the scope. Knows no framework above ASGI."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any, Unpack
from urllib.parse import urlsplit

from vestibule_sdk.door import (
    CLIENT_KEY,
    DOOR_KEY,
    SESSION_KEY,
    Door,
    DoorOptions,
    Reply,
    Visit,
    read_query,
)

if TYPE_CHECKING:
    from vestibule_sdk.async_client import AsyncVestibule

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
# As Starlette writes it, which has no name for a scope or a message.
App = Callable[
    [Any, Callable[[], Awaitable[Any]], Callable[[Any], Awaitable[None]]], Awaitable[None]
]


class VestibuleMiddleware:
    """`scope["vestibule.session"]` is the session of the request, or None.

    Args:
        app: what comes after.
        client: used on the event loop of the application.
        options: of `Door`.
    """

    def __init__(self, app: App, client: AsyncVestibule, **options: Unpack[DoorOptions]) -> None:
        self.app = app
        self.client = client
        self.door = Door(client, **options)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        scope[CLIENT_KEY], scope[DOOR_KEY], scope[SESSION_KEY] = self.client, self.door, None
        visit = visit_of(scope)
        cookies: tuple[str, ...] = ()
        if scope["type"] == "http" or _same_origin(visit):
            found = await self.client.run(self.door.answer(visit))
            if isinstance(found, Reply):
                await _reply(found, send)
                return
            scope[SESSION_KEY], cookies = found.session, found.cookies

        async def send_with_cookies(message: Message) -> None:
            if cookies and message["type"] == "http.response.start":
                more = [(b"set-cookie", cookie.encode("latin-1")) for cookie in cookies]
                message = {**message, "headers": [*message.get("headers", ()), *more]}
            await send(message)

        await self.app(scope, receive, send_with_cookies)


def visit_of(scope: Scope) -> Visit:
    """What an ASGI scope shows."""
    websocket = scope["type"] == "websocket"
    scheme: str = scope.get("scheme", "http")
    return Visit(
        "WEBSOCKET" if websocket else scope["method"],
        scope["path"],
        read_query(scope.get("query_string", b"").decode("latin-1")),
        {
            name.decode("latin-1").lower(): value.decode("latin-1")
            for name, value in scope["headers"]
        },
        {"ws": "http", "wss": "https"}.get(scheme, scheme),
    )


def _same_origin(visit: Visit) -> bool:
    """A browser opens a websocket for any site, with the cookies of ours: so it must name us."""
    origin = visit.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == visit.headers.get("host")


async def _reply(reply: Reply, send: Send) -> None:
    headers = [(name.encode(), value.encode("latin-1")) for name, value in reply.headers]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.text.encode()})
