"""A real Vestibule without sockets: in-memory SQLite or PostgreSQL, a clock that the test moves,
and the built-in identity provider as the only other party, reached through ASGI.

Nothing of ours is replaced; what is outside (time, network) is given as arguments.
"""

from __future__ import annotations

import asyncio
import base64
import html
import os
import re
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2

from vestibule.protocols.http import HttpRequest, HttpResponse
from vestibule.services import demo, keys
from vestibule.services.demo import PEOPLE
from vestibule.services.projects import Credentials
from vestibule.services.rbac import Actor
from vestibule.services.runtime import Runtime
from vestibule.settings import Settings
from vestibule.storage.engine import open_engine
from vestibule.storage.schema import migrate
from vestibule.storage.sealed import KeyRing
from vestibule.storage.store import Store
from vestibule.web.app import App
from vestibule.web.demo import DemoPages
from vestibule.web.mock_idp import MockIdp

T = TypeVar("T")
BASE_URL = "http://vestibule.test"
START = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
REDIRECT = "http://localhost:3000/authenticate"
_KEYS: list[tuple[str, str]] = []


@dataclass
class World:
    """One server with the demo's organizations, and a browser-like client for it."""

    rt: Runtime
    app: App
    idp: MockIdp
    demo: demo.Demo
    credentials: Credentials
    clock: list[datetime]
    sent: list[HttpRequest]
    # What the next requests to outside are answered with, before anybody real is asked.
    answers: list[HttpResponse | Exception] = field(default_factory=list)

    @property
    def actor(self) -> Actor:
        return Actor(self.demo.project)

    @property
    def auth(self) -> tuple[str, str]:
        return (self.credentials.project_id, self.credentials.secret)

    def advance(self, **delta: float) -> None:
        self.clock[0] += timedelta(**delta)

    def client(self, **options: Any) -> httpx2.AsyncClient:
        """A fresh browser: cookies of its own, redirects not followed."""
        return httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=self.app), base_url=BASE_URL, **options
        )

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        session: str | None = None,
        jwt: str | None = None,
        auth: tuple[str, str] | None = None,
        **options: Any,
    ) -> httpx2.Response:
        """Call the API with the project's secret; on behalf of a member with `session`."""
        headers = dict(options.pop("headers", {}))
        if session:
            headers["X-Stytch-Member-Session"] = session
        if jwt:
            headers["X-Stytch-Member-SessionJWT"] = jwt
        async with self.client(auth=auth or self.auth) as client:
            return await client.request(method, path, json=body, headers=headers, **options)

    def start_url(self, connection_id: str, **parameters: str) -> str:
        query = {
            "public_token": self.credentials.public_token,
            "connection_id": connection_id,
            "login_redirect_url": REDIRECT,
            **parameters,
        }
        return f"/v1/public/sso/start?{urlencode(query)}"

    async def arrive(
        self,
        connection_id: str,
        person: str = PEOPLE[0].email,
        client: httpx2.AsyncClient | None = None,
        **parameters: str,
    ) -> str:
        """Walk a login through the browser's legs and return the one-time token."""
        browser = client or self.client()
        answer = await self.begin(browser, connection_id, person, **parameters)
        done = await answer()
        if done.status_code != 303:
            raise AssertionError(f"{done.status_code}: {done.text[:2000]}")
        return parse_qs(urlsplit(done.headers["location"]).query)["token"][0]

    async def begin(
        self,
        browser: httpx2.AsyncClient,
        connection_id: str,
        person: str = PEOPLE[0].email,
        **parameters: str,
    ) -> Any:
        """Go as far as the identity provider's answer; the result, when called, delivers it."""
        started = await browser.get(
            self.start_url(connection_id, provider_login_hint=person, **parameters),
            headers={"accept": "application/json"},
        )
        if started.status_code != 302:
            raise AssertionError(f"{started.status_code}: {started.text[:2000]}")
        at_idp = await browser.get(started.headers["location"])
        if at_idp.status_code == 200:
            action, fields = read_form(at_idp.text)

            async def deliver_post(url: str = action, **changes: str) -> httpx2.Response:
                return await browser.post(
                    url, data={**fields, **changes}, headers={"accept": "application/json"}
                )

            return deliver_post
        target = at_idp.headers["location"]

        async def deliver_get(url: str = target) -> httpx2.Response:
            return await browser.get(url, headers={"accept": "application/json"})

        return deliver_get

    async def sign_in(
        self, connection_id: str, person: str = PEOPLE[0].email, **body: Any
    ) -> dict[str, Any]:
        """A whole login; returns what sso/authenticate answers."""
        token = await self.arrive(connection_id, person)
        done = await self.call("POST", "/v1/b2b/sso/authenticate", {"sso_token": token, **body})
        if done.status_code != 200:
            raise AssertionError(done.text)
        answer: dict[str, Any] = done.json()
        return answer


def read_form(page: str) -> tuple[str, dict[str, str]]:
    """Action and hidden fields of the identity provider's auto-posting form."""
    action = re.search(r'action="([^"]+)"', page)
    if action is None:
        raise AssertionError(page[:2000])
    fields = re.findall(r'name="([^"]+)" value="([^"]*)"', page)
    return html.unescape(action[1]), {name: html.unescape(value) for name, value in fields}


@asynccontextmanager
async def open_world(database_url: str = "sqlite://") -> AsyncIterator[World]:
    """A fresh world with the demo's project, organizations and connections."""
    clock = [START]
    sent: list[HttpRequest] = []
    engine = open_engine(database_url)
    migrate(engine)
    store = Store(engine, KeyRing([b"k" * 32]))
    settings = Settings("dev", BASE_URL, database_url, Path("root.key"))
    holder: list[World] = []

    async def send(request: HttpRequest) -> HttpResponse:
        sent.append(request)
        world = holder[0]
        if world.answers:
            answer = world.answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer
        async with world.client() as client:
            got = await client.request(
                request.method, request.url, headers=dict(request.headers), content=request.body
            )
        headers = {name.lower(): value for name, value in got.headers.items()}
        return HttpResponse(got.status_code, headers, got.content)

    rt = Runtime(store, send, lambda: clock[0], os.urandom, settings)
    if not _KEYS:
        pair = keys.create_connection_key(rt, "mock-idp", "test")
        _KEYS.append((pair.private_key, pair.certificate.certificate))
    idp = MockIdp(rt, *_KEYS[0])
    credentials = await demo.create_project(rt, BASE_URL)
    shown = await demo.ensure(rt, idp.address)
    pages = DemoPages(rt, shown, credentials.public_token, Path())
    app = App(rt, [*pages.routes(), *idp.routes()])
    world = World(rt, app, idp, shown, credentials, clock, sent)
    holder.append(world)
    try:
        yield world
    finally:
        store.close()


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run one coroutine to its end, on a loop of its own."""
    return asyncio.run(work)


def basic(name: str, secret: str) -> Mapping[str, str]:
    encoded = base64.b64encode(f"{name}:{secret}".encode()).decode()
    return {"authorization": f"Basic {encoded}"}
