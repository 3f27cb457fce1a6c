"""Logins as a browser and an application make them, and the connections to make them through."""

from __future__ import annotations

import asyncio
import json
import random
import time
from base64 import b64encode
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qs, urlencode, urlsplit

from benchmarks.documents import response
from benchmarks.idp import CLIENT_ID, CLIENT_SECRET, code_for
from benchmarks.server import Answer, Http, Server
from vestibule.domain.connections import (
    ExternalConnection,
    OidcConnection,
    SamlConnection,
    StoredCertificate,
)
from vestibule.domain.organizations import Organization
from vestibule.domain.rbac import GroupRole, RoleRules
from vestibule.protocols import saml
from vestibule.services import projects
from vestibule.services.keys import create_connection_key
from vestibule.services.runtime import open_runtime
from vestibule.settings import dev_settings
from vestibule.storage import Tx

Kind = Literal["saml", "oidc"]
IDP = "https://idp.bench.example/metadata"
LEGS = ("start", "callback", "sso/authenticate", "sessions/authenticate")
_RULES = RoleRules(("viewer",), (GroupRole("editor", "engineering"),))
_MAPPING = {
    "email": "email",
    "full_name": "name",
    "groups": "groups",
    "department": "department",
}
_serial = count(1)


@dataclass(frozen=True, slots=True)
class Door:
    """A person at a connection; `kind` is what its identity provider speaks."""

    kind: Kind
    connection_id: str
    email: str


def add_connections(data: Path, port: int, number: int, issuer: str) -> dict[Kind, list[str]]:
    """Store `number` organizations of each kind, with one active connection each.

    The server must have made the data directory, and should not run meanwhile.
    """
    rt = open_runtime(dev_settings("127.0.0.1", port, data))
    idp = json.loads((data / "mock-idp.json").read_text())
    now = datetime.now(UTC)
    pinned = StoredCertificate(
        rt.new_id("saml-verification-key", "test"), idp["certificate"], IDP, now,
        now + timedelta(days=3650),
    )  # fmt: skip
    pair = create_connection_key(rt, "bench", "test")
    made: dict[Kind, list[str]] = {"saml": [], "oidc": []}
    project = asyncio.run(projects.get_first(rt))
    if project is None:
        raise RuntimeError("the data directory has no project")
    project_id = project.project_id

    def work(tx: Tx) -> None:
        for n in range(number):
            for kind, ids in made.items():
                organization_id = rt.new_id("organization", "test")
                slug = f"bench-{kind}-{n}"
                organization = Organization(organization_id, project_id, slug, slug, now, now)
                tx.organizations.insert(organization)
                connection_id = rt.new_id(f"{kind}-connection", "test")
                ids.append(connection_id)
                if kind == "saml":
                    tx.connections.insert(
                        SamlConnection(
                            connection_id, organization_id, now, now, slug, status="active",
                            rules=_RULES, idp_entity_id=IDP,
                            idp_sso_url="https://idp.bench.example/sso",
                            attribute_mapping={**_MAPPING, "email": "NameID"},
                            verification_certificates=(pinned,), signing_keys=(pair,),
                        )
                    )  # fmt: skip
                else:
                    tx.connections.insert(
                        OidcConnection(
                            connection_id, organization_id, now, now, slug, status="active",
                            rules=_RULES, issuer=issuer, client_id=CLIENT_ID,
                            client_secret=CLIENT_SECRET, authorization_url=f"{issuer}/authorize",
                            token_url=f"{issuer}/token", userinfo_url=f"{issuer}/userinfo",
                            jwks_url=f"{issuer}/jwks", attribute_mapping=_MAPPING,
                        )
                    )  # fmt: skip

    asyncio.run(rt.store.write(work))
    rt.store.close()
    return made


def add_external(data: Path, port: int, sources: Sequence[str]) -> list[str]:
    """Store one organization for each of the connections, with an External connection to it."""
    rt = open_runtime(dev_settings("127.0.0.1", port, data))
    now = datetime.now(UTC)
    made: list[str] = []

    def work(tx: Tx) -> None:
        for source_id in sources:
            found = tx.connections.source_route(source_id)
            if found is None:
                raise RuntimeError(f"no connection {source_id}")
            route, project_id = found
            organization_id = rt.new_id("organization", "test")
            slug = f"bench-external-{source_id}"[-100:]
            tx.organizations.insert(
                Organization(organization_id, project_id, "External", slug, now, now)
            )
            made.append(rt.new_id("external-connection", "test"))
            tx.connections.insert(
                ExternalConnection(
                    made[-1], organization_id, now, now, route.organization.organization_id,
                    source_id, slug, _RULES,
                )
            )  # fmt: skip

    asyncio.run(rt.store.write(work))
    rt.store.close()
    return made


def doors(kind: Kind, connections: Sequence[str], people: int) -> list[Door]:
    """As many people as asked for, spread over connections chosen by a fixed chance."""
    chosen = random.Random(7).sample(connections, min(people, len(connections)))
    return [Door(kind, chosen[n % len(chosen)], f"person{n}@bench.example") for n in range(people)]


@dataclass(slots=True)
class Figures:
    """Of one batch of logins: CPU seconds of the server by leg, and wall seconds by login."""

    logins: int = 0
    cpu: dict[str, float] = field(default_factory=lambda: dict.fromkeys(LEGS, 0.0))
    wall: list[float] = field(default_factory=list)
    elapsed: float = 0.0

    @property
    def cpu_ms(self) -> float:
        """Server CPU of one login."""
        return sum(self.cpu.values()) / self.logins * 1000


@dataclass(slots=True)
class _Login:
    door: Door
    wall: float = 0.0
    location: str = ""
    cookie: str = ""
    target: str = ""
    body: bytes = b""
    sso_token: str = ""
    session_token: str = ""


class Driver:
    """Makes logins in batches: each leg for the whole batch, so that the server's CPU can be
    read between the legs and the identity provider's work stays outside of every figure."""

    def __init__(self, server: Server, threads: int = 1) -> None:
        self._server = server
        known = server.credentials
        secret = f"{known['project_id']}:{known['secret']}".encode()
        self.api = (
            f"authorization: Basic {b64encode(secret).decode()}\r\n"
            "content-type: application/json\r\n"
        )
        self._public_token = known["public_token"]
        idp = json.loads((server.data / "mock-idp.json").read_text())
        self._certificate: str = idp["certificate"]
        self._key = saml.read_private_key(idp["private_key"])
        self._clients = [Http(server.port) for _ in range(threads)]
        self._pool = ThreadPoolExecutor(threads) if threads > 1 else None

    def close(self) -> None:
        for client in self._clients:
            client.close()
        if self._pool:
            self._pool.shutdown()

    def sign_ms(self) -> float:
        """CPU of one bare RSA signature here and now: the yardstick of a shared machine."""
        began = time.process_time()
        for _ in range(100):
            saml.sign_query(b"yardstick", self._key)
        return (time.process_time() - began) * 10

    def api_is_alive(self) -> None:
        """Any request: a server that waits for the network takes no notice of a signal."""
        _expect(self._clients[0].request("GET", "/health"), 200)

    def log_in(self, through: Sequence[Door]) -> tuple[Figures, list[str]]:
        """One login through each door; gives the figures and the session tokens."""
        logins = [_Login(door) for door in through]
        figures = Figures(len(logins))
        self._leg(figures, "start", self._start, logins)
        for login in logins:
            (self._forge_saml if login.door.kind == "saml" else self._forge_oidc)(login)
        self._leg(figures, "callback", self._callback, logins)
        self._leg(figures, "sso/authenticate", self._authenticate_sso, logins)
        self._leg(figures, "sessions/authenticate", self._authenticate_session, logins)
        figures.wall = [login.wall for login in logins]
        return figures, [login.session_token for login in logins]

    def _leg(
        self,
        figures: Figures,
        name: str,
        step: Callable[[Http, _Login], None],
        logins: Sequence[_Login],
    ) -> None:
        def some(share: int) -> None:
            client = self._clients[share]
            for login in logins[share :: len(self._clients)]:
                began = time.perf_counter()
                step(client, login)
                login.wall += time.perf_counter() - began

        began, cpu = time.perf_counter(), self._server.cpu()
        if self._pool is None:
            some(0)
        else:
            list(self._pool.map(some, range(len(self._clients))))
        figures.cpu[name] += self._server.cpu() - cpu
        figures.elapsed += time.perf_counter() - began

    def _start(self, client: Http, login: _Login) -> None:
        query = urlencode(
            {
                "public_token": self._public_token,
                "connection_id": login.door.connection_id,
                "login_redirect_url": "http://localhost:3000/authenticate",
                "signup_redirect_url": "http://localhost:3000/authenticate",
            }
        )
        answer = _expect(client.request("GET", f"/v1/public/sso/start?{query}"), 302)
        login.location = answer.headers["location"]
        login.cookie = answer.headers["set-cookie"].partition(";")[0]

    def _forge_saml(self, login: _Login) -> None:
        query = parse_qs(urlsplit(login.location).query)
        asked = saml.read_authn_request(saml.decode_redirect(query["SAMLRequest"][0]))
        document = response(
            entity_id=IDP,
            acs_url=asked.acs_url or "",
            audience=asked.issuer,
            request_id=asked.id,
            email=login.door.email,
            serial=f"{time.time_ns():x}{next(_serial):x}",
            key=self._key,
            certificate=self._certificate,
        )
        login.target = urlsplit(asked.acs_url or "").path
        fields = {"SAMLResponse": b64encode(document), "RelayState": query["RelayState"][0]}
        login.body = urlencode(fields).encode()

    def _forge_oidc(self, login: _Login) -> None:
        query = parse_qs(urlsplit(login.location).query)
        answer = {
            "code": code_for(login.door.email, query["nonce"][0]),
            "state": query["state"][0],
        }
        login.target = f"{urlsplit(query['redirect_uri'][0]).path}?{urlencode(answer)}"

    def _callback(self, client: Http, login: _Login) -> None:
        headers = f"cookie: {login.cookie}\r\n"
        if login.body:
            headers += "content-type: application/x-www-form-urlencoded\r\n"
        method = "POST" if login.body else "GET"
        answer = _expect(client.request(method, login.target, headers, login.body), 303)
        login.sso_token = parse_qs(urlsplit(answer.headers["location"]).query)["token"][0]

    def _authenticate_sso(self, client: Http, login: _Login) -> None:
        body = json.dumps({"sso_token": login.sso_token}).encode()
        answer = client.request("POST", "/v1/b2b/sso/authenticate", self.api, body)
        login.session_token = _expect(answer, 200).json()["session_token"]

    def _authenticate_session(self, client: Http, login: _Login) -> None:
        body = json.dumps({"session_token": login.session_token}).encode()
        _expect(client.request("POST", "/v1/b2b/sessions/authenticate", self.api, body), 200)


def _expect(answer: Answer, status: int) -> Answer:
    if answer.status != status:
        raise RuntimeError(f"{answer.status}: {answer.body[:500]!r}")
    return answer
