"""panva's `oidc-provider` as an OpenID Provider; `server.mjs` beside this gives it people.

It keeps to the letter: PKCE is required, e-mail and names come from UserInfo only, a refresh
token is given only for `offline_access` with `prompt=consent`, and it rotates. Clients are made
by dynamic registration (RFC 7591), one per test if a test likes.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx2
import pytest

from peers import parts, process
from peers.pages import read_forms, submit
from peers.people import ADA, PEOPLE, Person

SCOPES = "openid email profile groups offline_access"
_MOST_STEPS = 12


@dataclass(frozen=True)
class Client:
    """A confidential client as the provider knows it; without a secret if it has a key."""

    client_id: str
    client_secret: str


class OidcProvider:
    """A running provider. Its claims: email, email_verified, name, given_name, family_name,
    groups, department."""

    def __init__(self, issuer: str, log: Path) -> None:
        self.issuer = issuer
        self.log = log
        self.discovery_url = f"{issuer}/.well-known/openid-configuration"

    def register_client(self, *redirect_uris: str, **metadata: Any) -> Client:
        """Register a confidential client for the code flow with refresh tokens.

        Args:
            redirect_uris: where the provider may send the browser back to.
            metadata: client metadata to overrule, for example
                `token_endpoint_auth_method="client_secret_post"`,
                `id_token_signed_response_alg="ES256"` or
                `userinfo_signed_response_alg="RS256"` for a signed UserInfo answer.
        """
        wanted = {
            "redirect_uris": list(redirect_uris),
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "token_endpoint_auth_method": "client_secret_basic",
            "scope": SCOPES,
            **metadata,
        }
        answer = httpx2.post(f"{self.issuer}/reg", json=wanted)
        if answer.status_code != 201:
            raise AssertionError(f"no client registered: {answer.status_code} {answer.text}")
        made = answer.json()
        return Client(made["client_id"], made.get("client_secret", ""))

    def change_person(self, subject: str, **claims: Any) -> None:
        """Say something else about a person from now on; tokens already issued stay as they are."""
        answer = httpx2.put(f"{self.issuer}/people/{subject}", json=claims)
        if answer.status_code != 204:
            raise AssertionError(f"{subject} was not changed: {answer.status_code}")

    def change_keys(self, *, keep_old: bool = False) -> None:
        """Sign with new keys from now on; the old ones stay published only if asked to."""
        answer = httpx2.post(f"{self.issuer}/keys{'?keep' if keep_old else ''}")
        if answer.status_code != 204:
            raise AssertionError(f"the keys were not changed: {answer.status_code}")

    def key_ids(self) -> list[str]:
        """The kids that are published."""
        published = httpx2.get(f"{self.issuer}/jwks").json()
        return [key["kid"] for key in published["keys"]]

    def knows(self, access_token: str) -> bool:
        """Is the token good for UserInfo?"""
        bearer = {"authorization": f"Bearer {access_token}"}
        return httpx2.get(f"{self.issuer}/me", headers=bearer).status_code == 200

    def sign_in(self, client: httpx2.Client, authorization_url: str, person: Person = ADA) -> str:
        """Sign `person` in by the form and consent to everything.

        Who is signed in already in this `client` is not asked again, and a `login_hint` in the
        URL takes the place of the form; then `person` plays no part.

        Returns:
            The callback URL with `code` and `state`, or with `error`, not yet opened.
        """
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
            typed = {}
            if "login" in forms[0].fields:
                typed = {"login": person.subject, "password": person.password}
            answer = submit(client, forms[0], typed)
        raise AssertionError(f"no callback from {answer.url}: {answer.status_code}\n{answer.text}")


def _claims(person: Person) -> dict[str, Any]:
    return {
        "sub": person.subject,
        "password": person.password,
        "email": person.email,
        "email_verified": True,
        "name": person.name,
        "given_name": person.given_name,
        "family_name": person.family_name,
        "groups": list(person.groups),
        "department": person.department,
    }


@contextlib.contextmanager
def run_oidc_provider(
    directory: Path,
    *,
    clients: Sequence[dict[str, Any]] = (),
    access_token_ttl: int = 600,
    rotate_refresh_tokens: bool = True,
    claims_in_id_token: bool = False,
    people: Sequence[Person] = PEOPLE,
) -> Iterator[OidcProvider]:
    """Run a provider for one block.

    Args:
        directory: for its log.
        clients: static clients in RFC 7591 metadata, where a test needs fixed ids.
        access_token_ttl: in seconds.
        rotate_refresh_tokens: every use gives a new one and ends the old one.
        claims_in_id_token: repeat the claims in the ID token, as lax providers do.
        people: who has an account.
    """
    parts.node_package("oidc-provider")
    issuer = f"http://127.0.0.1:{process.free_port()}"
    config = {
        "issuer": issuer,
        "modules": str(parts.NODE_MODULES),
        "people": [_claims(person) for person in people],
        "clients": list(clients),
        "access_token_ttl": access_token_ttl,
        "rotate": rotate_refresh_tokens,
        "claims_in_id_token": claims_in_id_token,
    }
    provider = OidcProvider(issuer, directory / "oidc-provider.log")
    with process.serve(
        "oidc-provider",
        [parts.node(), Path(__file__).with_name("server.mjs")],
        log=provider.log,
        ready_url=provider.discovery_url,
        env={"OIDC_PROVIDER_CONFIG": json.dumps(config)},
    ):
        yield provider


@pytest.fixture(scope="session")
def oidc_provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OidcProvider]:
    """One strict provider for the whole run; each test registers a client of its own."""
    with run_oidc_provider(tmp_path_factory.mktemp("oidc-provider")) as provider:
        yield provider
