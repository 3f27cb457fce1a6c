"""Django OAuth Toolkit as an OpenID Provider; `server.py` beside this gives it people.

Independent of the other one in language and in manners: a refresh token comes without
`offline_access`, the ID token repeats the claims, the callback names no issuer, and a signing key
is changed as its handbook says: a restart with the new key, the old one among the retired.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from urllib.parse import urljoin

import httpx2
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from peers import parts, process
from peers.oidc_provider import Client
from peers.pages import read_forms, submit
from peers.people import ADA, PEOPLE, Person

SCOPES = "openid email profile groups"
_MOST_STEPS = 12


def make_key() -> str:
    """A signing key in PEM."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


class DjangoProvider:
    """A provider that can be started again. Its claims: email, email_verified, name, groups,
    department."""

    def __init__(self, directory: Path, people: Sequence[Person], access_token_ttl: int) -> None:
        self.issuer = f"http://127.0.0.1:{process.free_port()}"
        self.discovery_url = f"{self.issuer}/.well-known/openid-configuration"
        self._directory = directory
        self._people = [{**asdict(person), "name": person.name} for person in people]
        self._access_token_ttl = access_token_ttl
        self._keys = [make_key()]
        self._running = contextlib.ExitStack()

    def start(self) -> None:
        config = {
            "issuer": self.issuer,
            "database": str(self._directory / "provider.sqlite3"),
            "people": self._people,
            "signing_key": self._keys[0],
            "retired_keys": self._keys[1:],
            "access_token_ttl": self._access_token_ttl,
        }
        path = [str(parts.django_packages()), os.environ.get("PYTHONPATH", "")]
        self._running.enter_context(
            process.serve(
                "Django OAuth Toolkit",
                [sys.executable, Path(__file__).with_name("server.py")],
                log=self._directory / "django-provider.log",
                ready_url=self.discovery_url,
                env={
                    "DJANGO_PROVIDER_CONFIG": json.dumps(config),
                    "PYTHONPATH": os.pathsep.join(part for part in path if part),
                },
            )
        )

    def stop(self) -> None:
        self._running.close()

    def change_key(self, *, keep_old: bool = True) -> None:
        """Start again with a new signing key; the old ones stay published if they are kept."""
        self.stop()
        self._keys = [make_key(), *(self._keys if keep_old else ())]
        self.start()

    def key_ids(self) -> list[str]:
        """The kids that are published."""
        published = httpx2.get(f"{self.issuer}/.well-known/jwks.json").json()
        return [key["kid"] for key in published["keys"]]

    def register_client(self, redirect_uri: str) -> Client:
        client = Client(secrets.token_urlsafe(16), secrets.token_urlsafe(32))
        answer = httpx2.post(
            f"{self.issuer}/clients", json={**asdict(client), "redirect_uri": redirect_uri}
        )
        if answer.status_code != 201:
            raise AssertionError(f"no client registered: {answer.status_code} {answer.text}")
        return client

    def knows(self, access_token: str) -> bool:
        """Is the token good for UserInfo?"""
        bearer = {"authorization": f"Bearer {access_token}"}
        return httpx2.get(f"{self.issuer}/userinfo/", headers=bearer).status_code == 200

    def sign_in(self, client: httpx2.Client, authorization_url: str, person: Person = ADA) -> str:
        """Sign `person` in by the form and agree; returns the callback URL, not yet opened."""
        answer = client.get(authorization_url, follow_redirects=False)
        for _ in range(_MOST_STEPS):
            if answer.is_redirect:
                target = urljoin(str(answer.url), answer.headers["location"])
                if not target.startswith(f"{self.issuer}/"):
                    return target
                answer = client.get(target, follow_redirects=False)
                continue
            forms = read_forms(answer)
            if answer.status_code != 200 or not forms:
                break
            typed = {"allow": "Authorize"}
            if "password" in forms[0].fields:
                typed = {"username": person.subject, "password": person.password}
            answer = submit(client, forms[0], typed)
        raise AssertionError(f"no callback from {answer.url}: {answer.status_code}\n{answer.text}")


@contextlib.contextmanager
def run_django_provider(
    directory: Path, *, access_token_ttl: int = 600, people: Sequence[Person] = PEOPLE
) -> Iterator[DjangoProvider]:
    """Run a provider for one block; its database and log are in `directory`."""
    provider = DjangoProvider(directory, people, access_token_ttl)
    provider.start()
    try:
        yield provider
    finally:
        provider.stop()
