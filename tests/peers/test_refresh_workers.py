"""Two real workers on one PostgreSQL, ten thousand tokens that are due, and one of the two killed.

The provider is strict: it gives a new refresh token with every answer, takes each of them once,
and remembers who came with an old one.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
import sqlalchemy as sa

from peers import process
from storage import values
from vestibule.domain.idp_tokens import IdpTokens, due_at
from vestibule.services.idp_tokens import AT_ONCE, LEASE
from vestibule.storage import KeyRing, Store, open_store
from vestibule.storage.documents import dump, micros
from vestibule.storage.schema import migrate
from vestibule.storage.sealed import create_key_file, read_key_ring
from vestibule.storage.tables import idp_tokens, registration

PROGRAM = Path(sys.executable).with_name("vestibule")
TOKENS = 10_000
pytestmark = pytest.mark.peer


class StrictProvider:
    """A token endpoint in a thread of its own."""

    def __init__(self) -> None:
        self.port = process.free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.used: Counter[str] = Counter()
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._up = threading.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=[self._serve()])

    def __enter__(self) -> StrictProvider:
        self._thread.start()
        assert self._up.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)
        self._loop.close()

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._handle, "127.0.0.1", self.port)
        async with server:
            self._up.set()
            await self._stop.wait()
        # A handler that is only cancelled never runs again, and its socket stays open.
        handlers = asyncio.all_tasks() - {asyncio.current_task()}
        for handler in handlers:
            handler.cancel()
        await asyncio.gather(*handlers, return_exceptions=True)

    async def _handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with (
            contextlib.closing(writer),
            contextlib.suppress(asyncio.IncompleteReadError, ConnectionError),
        ):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
                length = int(head.partition("content-length:")[2].split("\r\n")[0])
                body = await reader.readexactly(length)
                status, answer = self._answer(parse_qs(body.decode())["refresh_token"][0])
                given = json.dumps(answer).encode()
                writer.write(
                    b"HTTP/1.1 %d X\r\ncontent-type: application/json\r\n"
                    b"content-length: %d\r\n\r\n" % (status, len(given)) + given
                )

    def _answer(self, token: str) -> tuple[int, dict[str, object]]:
        self.used[token] += 1
        if self.used[token] > 1:
            return 400, {"error": "invalid_grant", "error_description": "used before"}
        name, _, number = token.partition(".")
        return 200, {
            "access_token": f"access-{token}", "token_type": "Bearer", "expires_in": 3600,
            "refresh_token": f"{name}.{int(number) + 1}",
        }  # fmt: skip


async def seed(store: Store, ring: KeyRing, provider: StrictProvider, count: int) -> None:
    """One person with so many registrations, all of whose tokens are due."""
    await store.write(lambda tx: tx.projects.insert(values.project()))
    owner = await values.put_organization(store)
    person = await values.put_member(store, values.full_member(owner.organization_id))
    door = values.oidc(
        owner.organization_id, status="active", issuer=provider.url, client_id="client",
        client_secret="secret", token_url=f"{provider.url}/token",
        token_endpoint_auth_methods=("client_secret_post",),
    )  # fmt: skip
    await values.put_connection(store, door)
    now = datetime.now(UTC)
    people: list[dict[str, Any]] = []
    held: list[dict[str, Any]] = []
    for number in range(count):
        one = values.registration(person, door.connection_id, subject=f"subject-{number}")
        tokens = IdpTokens(
            one.registration_id, person.member_id, owner.organization_id, door.connection_id,
            door.connection_id, one.subject, "old", f"r{number}.0", "", ("openid",),
            now + timedelta(minutes=1), obtained_at=now - timedelta(hours=1),
        )  # fmt: skip
        due = due_at(tokens)
        assert due is not None
        people.append({
            "registration_id": one.registration_id, "member_id": person.member_id,
            "connection_id": door.connection_id, "subject": one.subject, "document": dump(one),
        })  # fmt: skip
        held.append({
            "registration_id": one.registration_id, "member_id": person.member_id,
            "organization_id": owner.organization_id, "expires_at": micros(tokens.expires_at),
            "due_at": micros(due), "lease_until": 0, "fence": 0, "state": "current", "version": 1,
            "sealed": ring.seal(dump(tokens).encode(), f"idp_tokens {one.registration_id}"),
        })  # fmt: skip
    with store.engine.engine.begin() as connection:
        connection.execute(registration.insert(), people)
        connection.execute(idp_tokens.insert(), held)


@dataclass(frozen=True)
class Production:
    """A migrated PostgreSQL database with tokens that are due, and what servers need of it."""

    store: Store
    provider: StrictProvider
    settings: dict[str, str]
    folder: Path

    def left(self) -> int:
        """How many are neither refreshed nor known to need a login."""
        old = idp_tokens.c.expires_at < micros(datetime.now(UTC) + timedelta(minutes=30))
        asked = (
            sa.select(sa.func.count())
            .select_from(idp_tokens)
            .where(old, idp_tokens.c.state != "needs_login")
        )
        with self.store.engine.engine.connect() as connection:
            return connection.execute(asked).scalar_one()

    def held(self) -> list[IdpTokens]:
        with self.store.engine.engine.connect() as connection:
            member_id: str = connection.execute(sa.select(idp_tokens.c.member_id)).scalars().first()
        return asyncio.run(self.store.read(lambda tx: tx.idp_tokens.of_member(member_id)))

    @contextlib.contextmanager
    def run(self, name: str, *words: str) -> Iterator[process.Server]:
        """A command of Vestibule, until the block ends."""
        log = self.folder / f"{name}.log"
        with log.open("wb") as out:
            started = subprocess.Popen(
                [PROGRAM, *words], stdout=out, stderr=out, env={**os.environ, **self.settings}
            )
        server = process.Server(name, started, log)
        try:
            yield server
        finally:
            server.stop()


Open = Callable[[int], AbstractContextManager[Production]]


@pytest.fixture
def production(make_database: Callable[[], str], tmp_path: Path) -> Open:
    @contextlib.contextmanager
    def opened(count: int) -> Iterator[Production]:
        key_file, url = tmp_path / "root.key", make_database()
        create_key_file(key_file)
        ring = read_key_ring(key_file.read_text())
        store = open_store(url, ring)
        migrate(store.engine)
        settings = {
            "VESTIBULE_BASE_URL": "https://sso.example.test",
            "VESTIBULE_DATABASE_URL": url,
            "VESTIBULE_ROOT_KEY_FILE": str(key_file),
            "VESTIBULE_ALLOWED_NETWORKS": "127.0.0.0/8",
        }
        with StrictProvider() as provider:
            asyncio.run(seed(store, ring, provider, count))
            yield Production(store, provider, settings, tmp_path)
        store.close()

    return opened


def wait_until(condition: Callable[[], bool], servers: list[process.Server], seconds: int) -> None:
    """Ask until it is so; a server that has ended by itself fails the test."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while not condition():
        for server in servers:
            assert server.process.poll() is None, server.output()
        assert time.monotonic() < deadline, [server.output()[-3000:] for server in servers]
        pause.wait(0.1)


def test_two_workers_refresh_every_token_once_though_one_is_killed(production: Open) -> None:
    """What was under way in the killed one at that moment may be lost: at most so many as it does
    at once, each of which says that its person has to sign in again."""
    with production(TOKENS) as place:
        used = place.provider.used
        with place.run("killed", "worker") as killed, place.run("survivor", "worker") as survivor:
            wait_until(lambda: used.total() > TOKENS // 4, [killed, survivor], 60)
            killed.process.kill()
            killed.process.wait(10)
            bound = 120 + int(LEASE.total_seconds())
            wait_until(lambda: place.left() == 0, [survivor], bound)
        held = place.held()
        assert len(held) == TOKENS
        # Every token was refreshed once, and the provider saw no refresh token twice...
        assert set(used) == {f"r{number}.0" for number in range(TOKENS)}
        for one in held:
            if one.state != "needs_login":
                name = one.access_token.removeprefix("access-").removesuffix(".0")
                assert one.refresh_token == f"{name}.1"
        # ...but those whose answer died with the process.
        twice = {name for name, times in used.items() if times > 1}
        assert {one.refresh_token for one in held if one.state == "needs_login"} == twice
        assert max(used.values()) <= 2
        assert len(twice) <= AT_ONCE
        assert "Traceback" not in survivor.output()
        assert "tokens refreshed" in survivor.output()


def test_a_single_server_refreshes_by_itself(production: Open) -> None:
    with production(20) as place:
        port = str(process.free_port())
        with place.run("serve", "serve", "--port", port) as server:
            wait_until(lambda: place.left() == 0, [server], 60)
        assert place.provider.used.total() == 20


def test_a_server_without_a_worker_leaves_the_tokens_to_the_one_beside_it(
    production: Open,
) -> None:
    with production(20) as place:
        port = process.free_port()
        with place.run("serve", "serve", "--port", str(port), "--no-worker") as server:
            server.wait_until_ready(f"http://127.0.0.1:{port}/health")
            with place.run("worker", "worker") as beside:
                wait_until(lambda: place.left() == 0, [server, beside], 60)
                beside.stop()
        assert place.provider.used.total() == 20
        assert "tokens refreshed" in beside.output()
        assert "tokens refreshed" not in server.output()


def test_a_worker_that_is_asked_to_end_writes_what_it_has_under_way(production: Open) -> None:
    """SIGTERM is how every deployment ends a process; it must cost nobody a sign-in."""
    with production(2_000) as place:
        with place.run("worker", "worker") as worker:
            wait_until(lambda: place.provider.used.total() > 200, [worker], 60)
        assert worker.process.returncode == 0
        assert "Traceback" not in worker.output()
        done = {f"r{one.access_token.partition('-r')[2]}" for one in place.held()} - {"r"}
        assert done == set(place.provider.used)
        assert len(done) < 2_000
