"""All doors as one ASGI application, and what every answer carries."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from vestibule import __version__
from vestibule.errors import VestibuleError, refusal
from vestibule.services.runtime import Runtime
from vestibule.web.answers import refuse
from vestibule.web.api import (  # noqa: F401
    audit,
    branding,
    connection_health,
    connections,
    credentials,
    discovery,
    domain_verification,
    drafts,
    dry_run,
    idp_metadata,
    jwt_templates,
    lockout,
    login_tests,
    magic_links,
    mapping,
    members,
    organizations,
    presets,
    projects,
    rbac,
    redirect_urls,
    routing,
    scim,
    sessions,
    setup_links,
)
from vestibule.web.api.door import ApiDoor
from vestibule.web.api.frontend_door import FrontendDoor
from vestibule.web.api.openapi import document, errors, reference
from vestibule.web.dashboard import door as dashboard
from vestibule.web.dashboard.door import Dashboard
from vestibule.web.incoming import Receive, Scope, Send
from vestibule.web.login import LoginDoor
from vestibule.web.pages import STATIC, render
from vestibule.web.portal.door import Portal
from vestibule.web.rate_limits import RateLimits
from vestibule.web.sign_in import SignIn

_log = structlog.get_logger()
Background = Callable[[Runtime], Awaitable[None]]

_API = ("/v1/", "/pwa/", "/sdk/")
# The one path of the API among those of the browser's legs.
_ROUTE = "/v1/public/sso/route"

# Pages bring nothing from elsewhere and are put into no frame. A form may lead anywhere, because
# the SAML POST binding does.
_HEADERS = (
    (
        b"content-security-policy",
        b"default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
        b"base-uri 'none'; frame-ancestors 'none'",
    ),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
)


class App:
    """Sends each request to its door: the API, or the pages.

    `background` runs for as long as the application serves.
    """

    def __init__(
        self,
        rt: Runtime,
        extra: Sequence[BaseRoute] = (),
        background: Background | None = None,
    ) -> None:
        self._rt = rt
        limits = RateLimits(rt)
        self._api = ApiDoor(rt, limits)
        self._frontend = FrontendDoor(rt, limits)
        self._login = LoginDoor(rt, limits)
        doors = (Dashboard(rt, limits), Portal(rt, limits), SignIn(rt, limits))
        own = [route for door in doors for route in door.routes()]
        self._pages = _pages(rt, [*own, *extra], background)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            path: str = scope["path"]
            if "//" in path:
                # The Go client sends a double slash where its base URL ends in one.
                raw: bytes = scope["raw_path"]
                while b"//" in raw:
                    raw = raw.replace(b"//", b"/")
                while "//" in path:
                    path = path.replace("//", "/")
                scope = {**scope, "raw_path": raw, "path": path}
            is_login = path.startswith(LoginDoor.prefixes) and path != _ROUTE
            if path.startswith(FrontendDoor.prefix):
                await self._frontend(scope, receive, send)
                return
            if path.startswith(_API) and not is_login:
                await self._api(scope, receive, send)
                return
            environment = "test" if self._rt.settings.mode == "dev" else "live"
            scope.setdefault("state", {})["request_id"] = self._rt.new_id("request-id", environment)
            send = _with_headers(send)
            if is_login:
                await self._login(scope, receive, send)
                return
        await self._pages(scope, receive, send)


def _with_headers(send: Send) -> Send:
    async def sending(message):  # type: ignore[no-untyped-def]
        if message["type"] == "http.response.start":
            told = {name for name, _ in message["headers"]}
            missing = [header for header in _HEADERS if header[0] not in told]
            message["headers"] = [*message["headers"], *missing]
        await send(message)

    return sending


def _pages(rt: Runtime, extra: Sequence[BaseRoute], background: Background | None) -> Starlette:
    async def health(_: Request) -> Response:
        await rt.store.read(lambda tx: tx.projects.count())
        return JSONResponse({"status": "ok", "version": __version__})

    async def openapi(_: Request) -> Response:
        return JSONResponse(document(rt.settings.base_url))

    async def docs(_: Request) -> Response:
        page = render("reference.html", version=__version__, groups=reference(), errors=errors())
        return HTMLResponse(page)

    async def nowhere(request: Request, _: Exception) -> Response:
        return refuse(rt, request, refusal("route_not_found"))

    async def wrong_method(request: Request, error: Exception) -> Response:
        allowed = (getattr(error, "headers", None) or {}).get("Allow")
        return refuse(rt, request, refusal("method_not_allowed", want=allowed, got=request.method))

    async def refused(request: Request, error: Exception) -> Response:
        if not isinstance(error, VestibuleError):
            raise error
        return dashboard.turned_away(rt, request, error)

    async def failed(request: Request, error: Exception) -> Response:
        _log.error("failed", request_id=request.state.request_id, exc_info=error)
        return refuse(rt, request, refusal("internal_server_error"))

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        if background is None:
            yield
            return
        task = asyncio.ensure_future(background(rt))
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    return Starlette(
        routes=[
            Route("/health", health),
            Route("/openapi.json", openapi),
            Route("/docs", docs),
            Route("/docs/errors/{status}", docs),
            Mount("/static", StaticFiles(directory=STATIC)),
            *extra,
        ],
        exception_handlers={
            404: nowhere,
            405: wrong_method,
            VestibuleError: refused,
            Exception: failed,
        },
        lifespan=lifespan,
    )
