"""Where the server's CPU goes in a login, by sampling a real server under real requests."""

from __future__ import annotations

import json
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from benchmarks.idp import provider
from benchmarks.load import LEGS, Driver, Kind, doors
from benchmarks.logins import prepare
from benchmarks.measure import note, table
from benchmarks.server import free_port, running

PEOPLE = 100
# The first pattern that is found in a frame, from the innermost frame outwards, names the cost.
# A pattern is a part of "path|qualified name|".
COSTS = (
    ("protocols/jwt.py|sign_jwt|", "RSA sign: session JWT"),
    ("saml/signature.py|sign_query|", "RSA sign: AuthnRequest"),
    ("saml/request.py|", "AuthnRequest: build, deflate, encode"),
    ("saml/signature.py|_verify_with|", "SAML: RSA verify"),
    ("saml/xml.py|parse", "SAML: parse"),
    ("saml/xml.py|canonical", "SAML: canonical form"),
    ("protocols/saml/", "SAML: shape and judgement"),
    ("protocols/jwt.py|", "JWT: verify and read"),
    ("protocols/oidc/", "OIDC: requests and claims"),
    ("storage/sealed.py|", "sealing and unsealing"),
    ("storage/documents.py|", "storage: values to JSON"),
    ("storage/engine.py|Prepared.run|", "SQLite: run a statement"),
    ("storage/engine.py|", "SQLite: begin and commit"),
    ("sqlalchemy/", "SQLAlchemy"),
    ("storage/", "storage: rows to values"),
    ("vestibule/domain/", "domain"),
    ("services/login_trace.py|", "login trace"),
    ("vestibule/services/", "services"),
    ("vestibule/network.py|", "HTTP client"),
    ("httpcore2/", "HTTP client"),
    ("/h11/", "HTTP client"),
    ("anyio/", "HTTP client"),
    ("starlette/", "Starlette"),
    ("web/api/", "API door: router, schemas, JSON"),
    ("vestibule/web/", "browser door"),
    ("uvicorn/", "uvicorn and the event loop"),
    ("uvloop/", "uvicorn and the event loop"),
    ("asyncio/", "uvicorn and the event loop"),
)


def run(*, quick: bool) -> None:
    for kind in ("saml", "oidc"):
        _profile(kind, quick=quick)


def _profile(kind: Kind, *, quick: bool) -> None:
    batches = 3 if quick else 30
    with tempfile.TemporaryDirectory() as folder, provider() as issuer:
        port, data, file = free_port(), Path(folder) / "data", Path(folder) / "samples.json"
        made = prepare(data, port, 1, issuer)
        command = (sys.executable, "-m", "benchmarks.sampled", str(file))
        with running(data, port, command) as server:
            driver = Driver(server)
            through = doors(kind, made[kind], PEOPLE)
            driver.log_in(through)
            server.process.send_signal(signal.SIGUSR1)
            time.sleep(0.1)
            figures = [driver.log_in(through)[0] for _ in range(batches)]
            server.process.send_signal(signal.SIGUSR2)
            until = time.monotonic() + 10
            while not file.exists() and time.monotonic() < until:
                driver.api_is_alive()
                time.sleep(0.05)
            driver.close()
        samples: list[tuple[list[str], int]] = json.loads(file.read_text())
    total = sum(n for _, n in samples)
    login = sum(sum(one.cpu.values()) for one in figures) / sum(one.logins for one in figures) * 1e6
    costs: Counter[str] = Counter()
    lines: Counter[str] = Counter()
    for stack, n in samples:
        costs[_cost(stack)] += n
        lines[_line(stack)] += n
    note(f"{kind}: {total:,} samples, {login:.0f} µs of server CPU per login while being watched")
    rows = [
        (name, f"{n / total * login:.0f}", f"{n / total:.1%}") for name, n in costs.most_common()
    ]
    table((f"cost of a {kind} login", "µs", "share"), rows)
    rows = [
        (place, f"{n / total * login:.0f}", f"{n / total:.1%}")
        for place, n in lines.most_common(25)
    ]
    table(("own lines with what they call outside", "µs", "share"), rows)
    note("; ".join(f"{leg} {sum(f.cpu[leg] for f in figures) / len(figures) / PEOPLE * 1e6:.0f} µs"
                   for leg in LEGS))  # fmt: skip


def _cost(stack: list[str]) -> str:
    for frame in stack:
        for pattern, name in COSTS:
            if pattern in frame:
                return name
    return "the rest"


def _line(stack: list[str]) -> str:
    """The innermost line of ours; the libraries below it are its cost."""
    for frame in stack:
        path, name, number = frame.split("|")
        _, ours, inside = path.rpartition("/vestibule/")
        if ours:
            return f"{inside}:{number} {name}"
        if "site-packages/" in path and ("uvicorn" in path or "starlette" in path):
            return f"{path.rpartition('site-packages/')[2]}:{number} {name}"
    return "elsewhere"
