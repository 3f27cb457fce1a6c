"""A real Vestibule without sockets: in-memory SQLite or PostgreSQL, a clock that the test moves,
and the built-in identity provider as the only other party, reached through ASGI.

Nothing of ours is replaced; what is outside (time, network) is given as arguments.

The demo is made once in a process, by migrations and use cases, and each world gets a copy of
that database for itself: no row of another test is in it, but its ids and secrets are those of
every copy in the process. What modules remember by such ids is forgotten when a world opens, and
two copies are never open at once: a world that is opened beside another one is made from the
beginning, with ids of its own, and so is one that asks for it with `fresh`, as a world should that
lives for a module. On PostgreSQL a database is such a copy if its template went through `prepare`;
any other one is migrated and filled from the beginning.
"""

from __future__ import annotations

import asyncio
import base64
import html
import os
import re
import sqlite3
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2

from vestibule.domain.mail import Message
from vestibule.protocols.http import HttpRequest, HttpResponse
from vestibule.services import demo, keys, magic_links, mail, projects
from vestibule.services.demo import PEOPLE
from vestibule.services.projects import Credentials
from vestibule.services.rbac import Actor
from vestibule.services.runtime import Runtime, Send
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


@dataclass(frozen=True)
class Beginning:
    """What the demo's making told: kept, because a secret is told once."""

    credentials: Credentials
    demo: demo.Demo


# By the project's id, which tells a copy of a prepared database from a fresh one.
_BEGINNINGS: dict[str, Beginning] = {}
_open: set[str] = set()
_PREPARED: list[tuple[str, sqlite3.Connection]] = []


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
    # What came to mailboxes, and what the next mails are refused with.
    mails: list[Message] = field(default_factory=list)
    mail_refusals: list[Exception] = field(default_factory=list)
    # The texts at names of the DNS; a name that is not here does not exist.
    dns: dict[str, list[str] | Exception] = field(default_factory=dict)

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

    async def mail(self) -> list[Message]:
        """Let the worker send what waits; returns what came since the last time."""
        seen = len(self.mails)
        await magic_links.answer_asked(self.rt)
        await mail.send_due(self.rt)
        return self.mails[seen:]

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
async def open_world(
    database_url: str = "sqlite://", *, fresh: bool = False
) -> AsyncIterator[World]:
    """A fresh world with the demo's project, organizations and connections.

    A SQLite database is overwritten, whatever was in it.
    """
    clock = [START]
    sent: list[HttpRequest] = []
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

    async def txt_records(name: str) -> list[str]:
        found = holder[0].dns.get(name, [])
        if isinstance(found, Exception):
            raise found
        return found

    async def deliver(message: Message) -> None:
        if holder[0].mail_refusals:
            raise holder[0].mail_refusals.pop(0)
        holder[0].mails.append(message)

    if database_url.startswith("sqlite") and not _PREPARED:
        await _prepare_sqlite()
    bare = _runtime(database_url, send, lambda: clock[0])
    rt = replace(bare, txt_records=txt_records, deliver=deliver)
    try:
        if database_url.startswith("sqlite") and not fresh and _PREPARED[0][0] not in _open:
            _copy_prepared(rt.store)
        beginning = await _begin(rt)
        credentials, shown = beginning.credentials, beginning.demo
        with _alone(credentials.project_id):
            idp = MockIdp(rt, *_idp_key(rt))
            pages = DemoPages(rt, shown, credentials.public_token, Path())
            app = App(rt, [*pages.routes(), *idp.routes()])
            world = World(rt, app, idp, shown, credentials, clock, sent)
            holder.append(world)
            yield world
    finally:
        rt.store.close()


@contextmanager
def _alone(project_id: str) -> Iterator[None]:
    """Forget what an earlier copy was like, and let no second one be open meanwhile."""
    assert project_id not in _open, "two copies of one prepared database are open"
    for memory in memories().values():
        memory.clear()
    _open.add(project_id)
    try:
        yield
    finally:
        _open.remove(project_id)


def memories() -> dict[str, dict[Any, Any]]:
    """What modules of Vestibule remember from call to call: their private dictionaries.

    Tables are written in capitals. What `lru_cache` keeps depends on its arguments alone.
    """
    return {
        f"{module.__name__}.{name}": value
        for module in list(sys.modules.values())
        if getattr(module, "__name__", "").startswith("vestibule.")
        for name, value in vars(module).items()
        if isinstance(value, dict) and name[0] == "_" != name[1] and name.islower()
    }


async def prepare(database_url: str) -> None:
    """Make the demo in an empty database; copies of it are then worlds without further work."""
    rt = _runtime(database_url, _nobody, lambda: START)
    try:
        await _begin(rt)
    finally:
        rt.store.close()


async def _begin(rt: Runtime) -> Beginning:
    """Make the demo, unless this database is a copy of one where this process made it."""
    migrate(rt.store.engine)
    found = await projects.get_first(rt)
    if found is not None:
        return _BEGINNINGS[found.project_id]
    idp = MockIdp(rt, *_idp_key(rt))
    credentials = await demo.create_project(rt, BASE_URL)
    beginning = Beginning(credentials, await demo.ensure(rt, idp.address))
    _BEGINNINGS[credentials.project_id] = beginning
    return beginning


async def _prepare_sqlite() -> None:
    rt = _runtime("sqlite://", _nobody, lambda: START)
    beginning = await _begin(rt)
    prepared = sqlite3.connect(":memory:", check_same_thread=False)
    _connection_of(rt.store).backup(prepared)
    rt.store.close()
    _PREPARED.append((beginning.credentials.project_id, prepared))


def _copy_prepared(store: Store) -> None:
    _PREPARED[0][1].backup(_connection_of(store))


def _connection_of(store: Store) -> sqlite3.Connection:
    with store.engine.engine.connect() as connection:
        raw = connection.connection.dbapi_connection
    assert isinstance(raw, sqlite3.Connection)
    return raw


def _runtime(database_url: str, send: Send, now: Callable[[], datetime]) -> Runtime:
    store = Store(open_engine(database_url), KeyRing([b"k" * 32]))
    settings = Settings("dev", BASE_URL, database_url, Path("root.key"))
    return Runtime(store, send, now, os.urandom, settings)


def _idp_key(rt: Runtime) -> tuple[str, str]:
    """The identity provider's private key and certificate, made once in a process."""
    if not _KEYS:
        pair = keys.create_connection_key(rt, "mock-idp", "test")
        _KEYS.append((pair.private_key, pair.certificate.certificate))
    return _KEYS[0]


async def _nobody(request: HttpRequest) -> HttpResponse:
    raise AssertionError(f"making the demo asked {request.url}")


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run one coroutine to its end, on a loop of its own."""
    return asyncio.run(work)


def basic(name: str, secret: str) -> Mapping[str, str]:
    encoded = base64.b64encode(f"{name}:{secret}".encode()).decode()
    return {"authorization": f"Basic {encoded}"}
