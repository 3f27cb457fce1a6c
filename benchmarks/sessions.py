"""sessions/authenticate by token and by JWT, beside GET /health on the same connection."""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.load import Driver, doors
from benchmarks.logins import prepare
from benchmarks.measure import ratio, table
from benchmarks.server import Answer, Http, free_port, running


def run(*, quick: bool) -> None:
    rounds, calls = (5, 100) if quick else (15, 400)
    with tempfile.TemporaryDirectory() as folder:
        port, data = free_port(), Path(folder) / "data"
        made = prepare(data, port, 1, "http://127.0.0.1:9")
        with running(data, port) as server:
            driver, http = Driver(server), Http(port)
            token = driver.log_in(doors("saml", made["saml"], 1))[1][0]
            by_token = json.dumps({"session_token": token}).encode()

            def authenticate(body: bytes) -> Answer:
                return http.request("POST", "/v1/b2b/sessions/authenticate", driver.api, body)

            by_jwt = json.dumps({"session_jwt": authenticate(by_token).json()["session_jwt"]})
            cases: dict[str, Callable[[], Answer]] = {
                "GET /health": lambda: http.request("GET", "/health"),
                "by token": lambda: authenticate(by_token),
                "by JWT": lambda: authenticate(by_jwt.encode()),
            }
            cpu: dict[str, list[float]] = {name: [] for name in cases}
            wall: dict[str, list[float]] = {name: [] for name in cases}
            for _ in range(rounds):
                for name, case in cases.items():
                    assert case().status == 200
                    began, used = time.perf_counter(), server.cpu()
                    for _ in range(calls):
                        case()
                    cpu[name].append((server.cpu() - used) / calls * 1e6)
                    wall[name].append((time.perf_counter() - began) / calls * 1e6)
    rows = [
        (
            name,
            f"{statistics.median(cpu[name]):.0f}",
            f"{1e6 / statistics.median(cpu[name]):,.0f}",
            f"{ratio(cpu, name, 'GET /health'):.2f}",
            f"{1e6 / statistics.median(wall[name]):,.0f}",
        )
        for name in cases
    ]
    head = ("", "server CPU µs", "per second and core", "× /health", "one client, per second")
    table(head, rows)
