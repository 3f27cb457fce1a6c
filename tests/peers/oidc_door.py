"""A connection of the Vestibule in this process to somebody else's OpenID Provider, as it ages.

Owns the walk of a person through both, and the product's question for fresh tokens.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import httpx2

from peers.oidc_provider import Client
from peers.people import ADA, Person
from peers.vestibule_in_process import JSON, InProcess
from vestibule.domain.idp_tokens import IdpTokens


class Provider(Protocol):
    """What every provider of the tests can do."""

    issuer: str

    def sign_in(
        self, client: httpx2.Client, authorization_url: str, person: Person = ADA
    ) -> str: ...

    def knows(self, access_token: str) -> bool: ...


@dataclass(frozen=True)
class OidcDoor:
    """`start` are the parameters that each login begins with."""

    server: InProcess
    provider: Provider
    client: Client
    organization_id: str
    connection: Mapping[str, Any]
    start: Mapping[str, str] = field(default_factory=dict)

    @property
    def connection_id(self) -> str:
        connection_id: str = self.connection["connection_id"]
        return connection_id

    async def share(self) -> OidcDoor:
        """The External connection of a second organization to this one."""
        entered = await self.server.make_organization("Labs")
        made = await self.server.ask(
            "POST",
            f"/v1/b2b/sso/external/{entered}",
            {
                "external_organization_id": self.organization_id,
                "external_connection_id": self.connection_id,
            },
        )
        return replace(self, organization_id=entered, connection=made["connection"])

    async def sign_in(self, person: Person = ADA) -> httpx2.Response:
        """A whole login, up to the answer to the callback."""
        async with self.server.browser() as browser:
            url = await self.server.start(browser, self.connection_id, **self.start)
            with httpx2.Client(trust_env=False, timeout=20) as at_provider:
                callback = self.provider.sign_in(at_provider, url, person)
            return await browser.get(callback, headers=JSON)

    async def arrive(self, person: Person = ADA) -> dict[str, Any]:
        """A whole login, up to the session."""
        return await self.server.authenticate(await self.sign_in(person))

    async def fresh(self, done: Mapping[str, Any]) -> dict[str, Any]:
        """The member's tokens as the product gets them."""
        answer = await self.server.held_tokens(done["organization_id"], done["member_id"])
        assert answer.status_code == 200, answer.text
        (held,) = answer.json()["registrations"]
        found: dict[str, Any] = held
        return found

    async def needs_login(self, done: Mapping[str, Any]) -> None:
        """There are no tokens to be had for this member."""
        answer = await self.server.held_tokens(done["organization_id"], done["member_id"])
        assert answer.status_code == 400, answer.text
        assert answer.json()["error_type"] == "unable_to_refresh_oidc_token"

    async def stored(self, done: Mapping[str, Any]) -> IdpTokens:
        return await self.server.stored_tokens(done["member_id"])


async def open_oidc_door(
    server: InProcess,
    provider: Provider,
    *,
    register: Callable[[str], Client],
    start: Mapping[str, str] | None = None,
    **settings: Any,
) -> OidcDoor:
    """Set a connection up by its issuer; `register` makes the client for its redirect URI."""
    organization_id = await server.make_organization("Northwind")
    clients: list[Client] = []

    def client_id(redirect_url: str) -> str:
        clients.append(register(redirect_url))
        return clients[0].client_id

    answer = await server.make_oidc(
        organization_id,
        client_id=client_id,
        client_secret=lambda _: clients[0].client_secret or "none-of-its-own",
        issuer=provider.issuer,
        **settings,
    )
    connection = answer["connection"]
    assert connection["status"] == "active", answer
    return OidcDoor(server, provider, clients[0], organization_id, connection, start or {})


def kid_of(token: str) -> str:
    """By which key a JWT says it is signed; unverified."""
    header = token.split(".", maxsplit=1)[0]
    kid: str = json.loads(base64.urlsafe_b64decode(header + "=" * (-len(header) % 4)))["kid"]
    return kid
