"""Vestibule in this process, with its real door outside and a clock that the test moves.

For what a server in a process of its own cannot show: what happens an hour later, and what was
written down. Browsers and the product reach it without a socket; everything that it asks of an
identity provider goes through `vestibule.network` over real ones.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import ssl
from collections.abc import Coroutine, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2
import structlog

from vestibule.domain.idp_tokens import IdpTokens
from vestibule.domain.logins import LoginTrace
from vestibule.network import Network
from vestibule.services import demo, projects
from vestibule.services.runtime import Runtime
from vestibule.settings import LOOPBACK, Settings
from vestibule.storage.engine import open_engine
from vestibule.storage.schema import migrate
from vestibule.storage.sealed import KeyRing
from vestibule.storage.store import Store
from vestibule.web.app import App

T = TypeVar("T")
BASE_URL = "http://vestibule.test"
REDIRECT_URL = "http://localhost:3000/authenticate"
JSON = {"accept": "application/json"}


class InProcess:
    """One server with one project and nothing in it. Coroutines run by `run`, on one loop."""

    def __init__(self, runner: asyncio.Runner) -> None:
        self._runner = runner
        self._ahead = timedelta()
        self._number = 0
        settings = Settings("dev", BASE_URL, "sqlite://", Path("root.key"), LOOPBACK)
        engine = open_engine(settings.database_url)
        migrate(engine)
        self.network = Network(settings.allowed_networks)
        self.rt = Runtime(
            Store(engine, KeyRing([os.urandom(32)])),
            self.network.send,
            lambda: datetime.now(UTC) + self._ahead,
            os.urandom,
            settings,
        )
        self._app = App(self.rt)
        self._credentials = self.run(self._open_project())

    async def _open_project(self) -> projects.Credentials:
        credentials = await demo.create_project(self.rt, BASE_URL)
        project = await projects.get_first(self.rt)
        assert project is not None
        await projects.set_policy(self.rt, project, demo.POLICY)
        return credentials

    def close(self) -> None:
        self.run(self.network.close())
        self.rt.store.close()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(work)

    def advance(self, seconds: float) -> None:
        """Let time pass here; what others' clocks say stays as it is."""
        self._ahead += timedelta(seconds=seconds)

    def set_right(self) -> None:
        """Back to the true time, for whoever uses this server next."""
        self._ahead = timedelta()

    def browser(self) -> httpx2.AsyncClient:
        """A browser without JavaScript that reaches this server and the real network."""
        here = httpx2.ASGITransport(app=self._app)
        return httpx2.AsyncClient(
            mounts={BASE_URL: here},
            # Everybody whom it meets is on loopback, and reading the machine's list of
            # certificates takes longer than a login.
            verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
            trust_env=False,
            timeout=30,
            follow_redirects=False,
        )

    async def call(self, method: str, path: str, body: Any = None) -> httpx2.Response:
        """Call the API as the product's backend does."""
        transport = httpx2.ASGITransport(app=self._app)
        auth = (self._credentials.project_id, self._credentials.secret)
        async with httpx2.AsyncClient(transport=transport, base_url=BASE_URL, auth=auth) as api:
            return await api.request(method, path, json=body)

    async def ask(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """`call`, for what has to go well."""
        answer = await self.call(method, path, body)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def make_organization(self, name: str) -> str:
        self._number += 1
        slug = f"{name.lower()}-{self._number}"
        made = await self.ask(
            "POST",
            "/v1/b2b/organizations",
            {"organization_name": name, "organization_slug": slug},
        )
        organization_id: str = made["organization"]["organization_id"]
        return organization_id

    async def make_oidc(self, organization_id: str, **settings: Any) -> dict[str, Any]:
        """A connection with these settings; returns the answer to the update, with its warning.
        A value that is a function is called with the redirect URI, which comes first."""
        made = await self.ask("POST", f"/v1/b2b/sso/oidc/{organization_id}", {})
        connection = made["connection"]
        filled = {
            name: value(connection["redirect_url"]) if callable(value) else value
            for name, value in settings.items()
        }
        path = f"/v1/b2b/sso/oidc/{organization_id}/connections/{connection['connection_id']}"
        return await self.ask("PUT", path, filled)

    async def start(
        self, browser: httpx2.AsyncClient, connection_id: str, **parameters: str
    ) -> str:
        """Begin a sign-in in `browser`; returns where it is sent."""
        query = {
            "public_token": self._credentials.public_token,
            "connection_id": connection_id,
            "login_redirect_url": REDIRECT_URL,
            **parameters,
        }
        url = f"{BASE_URL}/v1/public/sso/start?{urlencode(query)}"
        answer = await browser.get(url, headers=JSON)
        assert answer.status_code == 302, answer.text
        location: str = answer.headers["location"]
        return location

    async def authenticate(self, arrival: httpx2.Response) -> dict[str, Any]:
        """Exchange the one-time token in the redirect for a session."""
        assert arrival.status_code == 303, arrival.text
        query = parse_qs(urlsplit(arrival.headers["location"]).query)
        return await self.ask("POST", "/v1/b2b/sso/authenticate", {"sso_token": query["token"][0]})

    async def held_tokens(
        self, organization_id: str, member_id: str, *, refresh_token: bool = True
    ) -> httpx2.Response:
        """What the product asks when it wants to act at the provider for a member."""
        path = f"/v1/b2b/organizations/{organization_id}/members/{member_id}/oidc_providers"
        return await self.call(
            "GET", f"{path}?include_refresh_token=true" if refresh_token else path
        )

    async def stored_tokens(self, member_id: str) -> IdpTokens:
        """What is kept of the identity provider for a member with one registration."""
        (found,) = await self.rt.store.read(lambda tx: tx.idp_tokens.of_member(member_id))
        return found

    async def members(self, organization_id: str) -> list[dict[str, Any]]:
        found = await self.ask(
            "POST",
            "/v1/b2b/organizations/members/search",
            {"organization_ids": [organization_id]},
        )
        members: list[dict[str, Any]] = found["members"]
        return members

    async def trace(self, organization_id: str, trace_id: str) -> LoginTrace:
        found = await self.rt.store.read(lambda tx: tx.logins.find_trace(organization_id, trace_id))
        assert found is not None
        return found


@contextlib.contextmanager
def run_in_process() -> Iterator[InProcess]:
    """An empty server for one block."""
    # A provider that fails is logged with its traceback; rendering it takes longer than a login.
    with asyncio.Runner() as runner, structlog.testing.capture_logs():
        server = InProcess(runner)
        try:
            yield server
        finally:
            server.close()
