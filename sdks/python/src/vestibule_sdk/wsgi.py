"""The door for WSGI: puts the session into the environ. Knows no framework above WSGI."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Unpack

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
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from vestibule_sdk.client import Vestibule


class VestibuleMiddleware:
    """`environ["vestibule.session"]` is the session of the request, or None.

    Args:
        app: what comes after.
        client: shared by all threads.
        options: of `Door`.
    """

    def __init__(
        self, app: WSGIApplication, client: Vestibule, **options: Unpack[DoorOptions]
    ) -> None:
        self.app = app
        self.client = client
        self.door = Door(client, **options)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        found = self.client.run(self.door.answer(visit_of(environ)))
        if isinstance(found, Reply):
            start_response(f"{found.status} {HTTPStatus(found.status).phrase}", found.headers)
            return [found.text.encode()]
        environ[CLIENT_KEY], environ[DOOR_KEY] = self.client, self.door
        environ[SESSION_KEY] = found.session
        more = [("set-cookie", cookie) for cookie in found.cookies]

        def start(
            status: str, headers: list[tuple[str, str]], exc_info: Any = None
        ) -> Callable[[bytes], object]:
            return start_response(status, [*headers, *more], exc_info)

        return self.app(environ, start)


def visit_of(environ: WSGIEnvironment) -> Visit:
    """What a WSGI environ shows; Django's `request.META` is one."""
    headers = {
        name[5:].replace("_", "-").lower(): value
        for name, value in environ.items()
        if name.startswith("HTTP_") and isinstance(value, str)
    }
    if "host" not in headers:
        headers["host"] = f"{environ.get('SERVER_NAME', '')}:{environ.get('SERVER_PORT', '')}"
    # WSGI hands octets over as Latin-1.
    octets = f"{environ.get('SCRIPT_NAME', '')}{environ.get('PATH_INFO', '')}".encode("latin-1")
    return Visit(
        environ["REQUEST_METHOD"],
        octets.decode(errors="replace"),
        read_query(environ.get("QUERY_STRING", "")),
        headers,
        environ.get("wsgi.url_scheme", "http"),
    )
