"""The worker's turn: tokens per second against a fast provider, and what a large stock costs it.

The provider is a process of its own on loopback that rotates its refresh tokens. The comparison of
stocks leaves it and HTTP out, because they would cover what the database takes.
Run as `python -m benchmarks.refresh PORT` it is the provider, until its standard input ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from benchmarks.measure import note, table
from benchmarks.server import ROOT, Http, free_port
from vestibule.domain.connections import OidcConnection
from vestibule.domain.idp_tokens import IdpTokens, due_at
from vestibule.domain.members import Member, Registration
from vestibule.domain.organizations import Organization
from vestibule.domain.projects import Project
from vestibule.network import Network
from vestibule.protocols.http import HttpRequest, HttpResponse
from vestibule.services.idp_tokens import Refreshed, refresh_due
from vestibule.services.runtime import Runtime
from vestibule.settings import dev_settings
from vestibule.storage import KeyRing, Tx, open_store
from vestibule.storage.documents import dump, micros
from vestibule.storage.schema import migrate
from vestibule.storage.tables import idp_tokens, registration

NOW = datetime(2026, 11, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
RING = KeyRing([b"k" * 32])
AIM, AIM_RATIO = 200, 1.2


def run(*, quick: bool) -> None:
    asyncio.run(_run(quick))


async def _run(quick: bool) -> None:
    many, rounds = (1_000, 3) if quick else (10_000, 11)
    due, stock = (200, 10_000) if quick else (1_000, 100_000)
    speed: list[tuple[str, ...]] = []
    cost: list[tuple[str, ...]] = []
    with tempfile.TemporaryDirectory() as folder, _provider() as issuer, _postgres() as databases:
        for name in ("SQLite", "PostgreSQL"):
            stocks = []
            for rows, of in ((many, many), (due, due), (due, stock)):
                url = f"sqlite:///{folder}/{of}.db" if name == "SQLite" else next(databases)
                stocks.append(_Stock(url, rows))
                await stocks[-1].fill(issuer, of)
            speed.append((name, *await _speed(stocks[0])))
            cost.append((name, *await _cost(stocks[1], stocks[2], rounds)))
    head = ("", f"per second (aim {AIM})", "per second of CPU", "CPU µs", "of these, not HTTP")
    note(f"{many:,} tokens that are due, one process, a provider on loopback")
    table(head, speed)
    note(f"A turn with {due:,} due, without HTTP: of {due:,} stored, and of {stock:,}")
    table(
        ("", f"{due:,} of {due:,}, ms", f"{due:,} of {stock:,}, ms", f"ratio (aim {AIM_RATIO})",
         f"none of {stock:,}, ms"), cost,
    )  # fmt: skip


class _Stock:
    """A database with tokens of one connection, some of them due in an hour, and a clock."""

    def __init__(self, url: str, due: int) -> None:
        self.due, self.clock = due, NOW
        store = open_store(url, RING)
        migrate(store.engine)
        settings = dev_settings("127.0.0.1", 8000, Path())
        self._network = Network(settings.allowed_networks)
        self.rt = Runtime(store, self._network.send, lambda: self.clock, os.urandom, settings)

    async def fill(self, issuer: str, stored: int) -> None:
        project, owner, door, person = "project-test-1", "o", "oidc-connection-test-1", "m"
        organization = Organization(owner, project, "Acme", "acme", NOW, NOW)
        member = Member(person, owner, "ada@acme.example", "active", NOW, NOW)
        connection = OidcConnection(
            door, owner, NOW, NOW, status="active", issuer=issuer, client_id="c",
            client_secret="s", token_url=f"{issuer}/token",
            token_endpoint_auth_methods=("client_secret_post",),
        )  # fmt: skip
        people: list[dict[str, Any]] = []
        held: list[dict[str, Any]] = []
        for number in range(stored):
            name = f"registration-{number}"
            ends = NOW + (HOUR if number < self.due else 10_000 * HOUR)
            tokens = IdpTokens(
                name, person, owner, door, door, name, "access", f"r{number}.0", "", ("openid",),
                ends, obtained_at=NOW,
            )  # fmt: skip
            due = due_at(tokens)
            assert due is not None
            document = Registration(
                registration_id=name, member_id=person, organization_id=owner, connection_id=door,
                source_connection_id=door, protocol="oidc", subject=name, created_at=NOW,
                last_login_at=NOW,
            )  # fmt: skip
            people.append({
                "registration_id": name, "member_id": person, "connection_id": door,
                "subject": name, "document": dump(document),
            })  # fmt: skip
            held.append({
                "registration_id": name, "member_id": person, "organization_id": owner,
                "expires_at": micros(ends), "due_at": micros(due), "lease_until": 0, "fence": 0,
                "state": "current", "version": 1,
                "sealed": RING.seal(dump(tokens).encode(), f"idp_tokens {name}"),
            })  # fmt: skip

        def write(tx: Tx) -> None:
            tx.projects.insert(Project(project, "test", "Bench", "bench", "test", NOW))
            tx.organizations.insert(organization)
            tx.members.insert(member, project)
            tx.connections.insert(connection)

        await self.rt.store.write(write)
        with self.rt.store.engine.engine.begin() as rows:
            rows.execute(registration.insert(), people)
            rows.execute(idp_tokens.insert(), held)

    async def turn(self, rt: Runtime | None = None) -> Refreshed:
        """An hour later: all that are to be due are due again."""
        self.clock += HOUR
        done = await refresh_due(rt or self.rt)
        assert done == Refreshed(refreshed=self.due), done
        return done

    async def close(self) -> None:
        await self._network.close()
        self.rt.store.close()


async def _speed(stock: _Stock) -> tuple[str, ...]:
    began, used = time.perf_counter(), time.process_time()
    await stock.turn()
    wall, cpu = time.perf_counter() - began, time.process_time() - used
    inner = replace(stock.rt, send=_at_once)
    used = time.process_time()
    await stock.turn(inner)
    rest = time.process_time() - used
    await stock.close()
    return (
        f"{stock.due / wall:,.0f}", f"{stock.due / cpu:,.0f}", f"{cpu / stock.due * 1e6:.0f}",
        f"{rest / stock.due * 1e6:.0f}",
    )  # fmt: skip


async def _cost(small: _Stock, large: _Stock, rounds: int) -> tuple[str, ...]:
    figures: dict[_Stock, list[float]] = {small: [], large: []}
    idle: list[float] = []
    for turn in range(rounds + 1):
        for stock in (small, large) if turn % 2 == 0 else (large, small):
            rt = replace(stock.rt, send=_at_once)
            began = time.perf_counter()
            await stock.turn(rt)
            figures[stock].append((time.perf_counter() - began) * 1000)
        began = time.perf_counter()
        await refresh_due(large.rt)
        idle.append((time.perf_counter() - began) * 1000)
    for stock, times in figures.items():
        await stock.close()
        del times[0]  # the caches were cold
    ratio = statistics.median(
        one / other for one, other in zip(figures[large], figures[small], strict=True)
    )
    return (
        f"{statistics.median(figures[small]):.0f}", f"{statistics.median(figures[large]):.0f}",
        f"{ratio:.2f}", f"{statistics.median(idle):.2f}",
    )  # fmt: skip


# --- the provider ---------------------------------------------------------------------------------


async def _at_once(request: HttpRequest) -> HttpResponse:
    return HttpResponse(200, {}, _answer(request.body))


def _answer(body: bytes) -> bytes:
    name, _, number = parse_qs(body.decode())["refresh_token"][0].partition(".")
    return json.dumps({
        "access_token": "access-" * 6, "token_type": "Bearer", "expires_in": 3600,
        "refresh_token": f"{name}.{int(number) + 1}",
    }).encode()  # fmt: skip


async def _serve(port: int) -> None:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
                length = int(head.partition("content-length:")[2].split("\r\n")[0] or 0)
                body = await reader.readexactly(length)
                given = _answer(body) if body else b"{}"
                writer.write(
                    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
                    b"content-length: %d\r\n\r\n" % len(given) + given
                )
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", port)
    async with server:
        await asyncio.to_thread(sys.stdin.read)


@contextlib.contextmanager
def _provider() -> Iterator[str]:
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.refresh", str(port)], stdin=subprocess.PIPE, cwd=ROOT
    )
    try:
        until = time.monotonic() + 20
        while True:
            try:
                Http(port).request("GET", "/")
                break
            except OSError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.02)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


@contextlib.contextmanager
def _postgres() -> Iterator[Iterator[str]]:
    """Fresh databases of a server of our own."""
    sys.path.insert(0, str(ROOT / "tests"))
    from peers import postgres  # the tests know how to start one

    with postgres.running() as server:
        yield iter(server.make_database, None)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(int(sys.argv[1])))
