"""A live server over HTTP: whole logins, sessions, start-up and memory.

Server CPU is user and system time of the server's process, read before and after. The SAML
responses are made and signed by the client, so that the identity provider costs the server
nothing; in the OIDC rows the built-in provider runs inside the server, and its work is counted.
"""

from __future__ import annotations

import asyncio
import base64
import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from vestibule.protocols import saml
from vestibule.services.demo import PEOPLE
from vestibule.services.runtime import Runtime, open_runtime
from vestibule.settings import dev_settings
from vestibule.storage import Tx
from vestibule.web.mock_idp import MockIdp

VESTIBULE = str(Path(sys.executable).with_name("vestibule"))


class Server:
    """`vestibule dev` on a free port; ended by its process id."""

    def __init__(self, data: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.data = data
        began = time.perf_counter()
        self.process = subprocess.Popen(
            [VESTIBULE, "dev", "--port", str(self.port), "--data", str(data), "--no-browser"],
            stdout=subprocess.DEVNULL,
        )
        deadline = began + 30
        while True:
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
                connection.request("GET", "/health")
                if connection.getresponse().status == 200:
                    break
            except OSError:
                if time.perf_counter() > deadline:
                    raise
                time.sleep(0.01)
        self.started_in = time.perf_counter() - began

    def cpu(self) -> float:
        """User and system seconds of the process so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self) -> float:
        """Resident megabytes."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) / 1024
        return 0.0

    def end(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=20)


@contextmanager
def running(data: Path) -> Iterator[Server]:
    server = Server(data)
    try:
        yield server
    finally:
        server.end()


class Client:
    """One keep-alive connection that walks logins like a browser and an application together."""

    def __init__(self, server: Server) -> None:
        self._http = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        credentials = json.loads((server.data / "credentials.json").read_text())
        self.base = credentials["base_url"]
        self.public_token = credentials["public_token"]
        pair = f"{credentials['project_id']}:{credentials['secret']}".encode()
        self.auth = {"authorization": f"Basic {base64.b64encode(pair).decode()}"}
        key = json.loads((server.data / "mock-idp.json").read_text())
        settings = dev_settings("127.0.0.1", server.port, server.data)
        stand_in: Any = replace_runtime(settings)
        self.idp = MockIdp(stand_in, key["private_key"], key["certificate"])

    def send(self, method: str, url: str, body: Any = None, **headers: str) -> Any:
        content = json.dumps(body) if isinstance(body, dict) else body
        self._http.request(method, url, content, headers)
        answer = self._http.getresponse()
        content = answer.read()
        if answer.status >= 400:
            raise RuntimeError(f"{method} {url}: {answer.status} {content[:500]!r}")
        return answer, content

    def api(self, method: str, path: str, body: Any = None) -> Any:
        return json.loads(self.send(method, path, body, **self.auth)[1])

    def connections(self) -> dict[str, str]:
        found = self.api("GET", "/v1/b2b/sso/northwind")
        external = self.api("GET", "/v1/b2b/sso/northwind-labs")["external_connections"]
        return {
            "saml": found["saml_connections"][0]["connection_id"],
            "oidc": found["oidc_connections"][0]["connection_id"],
            "external": external[0]["connection_id"],
        }

    def start(self, connection_id: str, **more: str) -> tuple[str, str]:
        query = {
            "public_token": self.public_token,
            "connection_id": connection_id,
            "login_redirect_url": f"{self.base}/demo/callback",
            **more,
        }
        answer, _ = self.send("GET", f"/v1/public/sso/start?{urlencode(query)}")
        return answer.getheader("location"), answer.getheader("set-cookie").split(";")[0]

    def saml_login(self, connection_id: str) -> None:
        location, cookie = self.start(connection_id)
        query = parse_qs(urlsplit(location).query)
        asked = saml.read_authn_request(saml.decode_redirect(query["SAMLRequest"][0]))
        document = self.idp._response(
            random.choice(PEOPLE), asked.acs_url or "", asked.issuer, asked.id
        )
        form = urlencode(
            {
                "SAMLResponse": base64.b64encode(document).decode(),
                "RelayState": query["RelayState"][0],
            }
        )
        kind = "application/x-www-form-urlencoded"
        path = urlsplit(asked.acs_url or "").path
        answer, _ = self.send("POST", path, form, **{"content-type": kind, "cookie": cookie})
        self.finish(answer.getheader("location"))

    def oidc_login(self, connection_id: str) -> None:
        location, cookie = self.start(connection_id, provider_login_hint=PEOPLE[0].email)
        answer, _ = self.send("GET", location.removeprefix(self.base))
        back = answer.getheader("location").removeprefix(self.base)
        answer, _ = self.send("GET", back, cookie=cookie)
        self.finish(answer.getheader("location"))

    def finish(self, location: str) -> str:
        token = parse_qs(urlsplit(location).query)["token"][0]
        done = self.api("POST", "/v1/b2b/sso/authenticate", {"sso_token": token})
        session: str = done["session_token"]
        self.api("POST", "/v1/b2b/sessions/authenticate", {"session_token": session})
        return session


def replace_runtime(settings: Any) -> Any:
    """As much of a runtime as the stand-in identity provider needs to sign."""

    class StandIn:
        def __init__(self) -> None:
            self.settings = settings
            self.random = os.urandom

        def now(self) -> datetime:
            return datetime.now(UTC)

    return StandIn()


def measure(server: Server, call: Callable[[], object], times: int) -> tuple[float, float, float]:
    """Server CPU, and p50 and p99 of the wall time, in milliseconds a call.

    The kernel counts CPU in hundredths of a second, so it is read over all calls together.
    """
    for _ in range(max(times // 10, 5)):
        call()
    walls: list[float] = []
    before = server.cpu()
    for _ in range(times):
        began = time.perf_counter()
        call()
        walls.append((time.perf_counter() - began) * 1000)
    cpu = (server.cpu() - before) / times * 1000
    walls.sort()
    return max(cpu, 0.001), walls[len(walls) // 2], walls[int(len(walls) * 0.99)]


def row(name: str, figures: tuple[float, float, float]) -> None:
    cpu, p50, p99 = figures
    print(f"| {name} | {cpu:.2f} | {1000 / cpu:.0f} | {p50:.2f} | {p99:.2f} |", flush=True)


def add_connections(data: Path, port: int, count: int) -> list[str]:
    """Store many SAML connections of their own organizations, all at the demo's provider."""
    settings = dev_settings("127.0.0.1", port, data)

    async def work() -> list[str]:
        rt: Runtime = open_runtime(settings)

        def insert(tx: Tx) -> list[str]:
            project = tx.projects.all()[0]
            northwind = tx.organizations.find_by_any(project.project_id, "northwind")
            if northwind is None:
                raise RuntimeError("the demo is not there")
            pattern = next(
                c for c in tx.connections.all_of(northwind.organization_id) if c.kind == "saml"
            )
            made = []
            for number in range(count):
                organization = replace(
                    northwind,
                    organization_id=rt.new_id("organization", "test"),
                    slug=f"stored-{number}",
                    name=f"Stored {number}",
                )
                tx.organizations.insert(organization)
                connection = replace(
                    pattern,
                    connection_id=rt.new_id("saml-connection", "test"),
                    organization_id=organization.organization_id,
                )
                tx.connections.insert(connection)
                made.append(connection.connection_id)
            return made

        made = await rt.store.write(insert)
        rt.store.close()
        return made

    return asyncio.run(work())


def run(*, quick: bool) -> None:
    times = 100 if quick else 600
    with tempfile.TemporaryDirectory(prefix="vestibule-bench-") as folder:
        data = Path(folder)
        with running(data) as server:
            cold, idle = server.started_in, server.memory()
        with running(data) as server:
            warm, idle_warm = server.started_in, server.memory()
            client = Client(server)
            doors = client.connections()
            print("| over HTTP | server CPU ms | per second and core | p50 ms | p99 ms |")
            print("|---|---|---|---|---|")
            row("GET /health", measure(server, lambda: client.send("GET", "/health"), times))
            session = ""

            def one_session() -> None:
                client.api("POST", "/v1/b2b/sessions/authenticate", {"session_token": session})

            location, cookie = client.start(doors["oidc"], provider_login_hint=PEOPLE[0].email)
            answer, _ = client.send("GET", location.removeprefix(client.base))
            back = answer.getheader("location").removeprefix(client.base)
            answer, _ = client.send("GET", back, cookie=cookie)
            session = client.finish(answer.getheader("location"))
            row("sessions/authenticate, JWT signed", measure(server, one_session, times))
            direct = measure(server, lambda: client.saml_login(doors["saml"]), times)
            row("whole SAML login", direct)
            external = measure(server, lambda: client.saml_login(doors["external"]), times)
            row("whole External login over SAML", external)
            row("whole OIDC login, provider included",
                measure(server, lambda: client.oidc_login(doors["oidc"]), times))  # fmt: skip
            path = f"/v1/b2b/sso/saml/northwind/connections/{doors['saml']}"
            client.api("PUT", path, {"sign_requests": False})
            row("whole SAML login, request unsigned",
                measure(server, lambda: client.saml_login(doors["saml"]), times))  # fmt: skip
            client.api("PUT", path, {"sign_requests": True})
            used = server.memory()
            made = add_connections(data, server.port, 1000 if quick else 10_000)
            some = random.sample(made, 200)
            one = measure(server, lambda: client.saml_login(some[0]), times)
            row(f"whole SAML login, {len(made)} connections, the same one", one)
            many = measure(server, lambda: client.saml_login(random.choice(some)), times)
            row(f"whole SAML login, {len(made)} connections, one of 200", many)
            again = measure(server, lambda: client.saml_login(doors["saml"]), times)
            row("whole SAML login, the demo's again", again)
        print(f"\nExternal to direct: {external[0] / direct[0]:.2f} server CPU")
        print(f"{len(made)} connections to few, same moment: {one[0] / again[0]:.2f} server CPU")
        print(f"First 200 of /health: {cold:.2f} s with an empty folder, {warm:.2f} s afterwards")
        print(
            f"Resident memory: {idle:.0f} MB after the first start, {idle_warm:.0f} MB idle, "
            f"{used:.0f} MB after the logins"
        )
