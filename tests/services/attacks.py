"""What attackers and their victims do in a world: doors, people, forged and honest answers."""

from __future__ import annotations

import base64
import json
from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from support.world import BASE_URL, World, read_form
from vestibule.domain.connections import OidcConnection, SamlChanges, SamlConnection
from vestibule.protocols import jwt
from vestibule.protocols.http import HttpResponse
from vestibule.services import connections, idp_documents
from vestibule.services.demo import MAPPING, PEOPLE
from vestibule.web.mock_idp import CLIENT_ID

Story = Callable[[World], Awaitable[None]]
Tell = Callable[[Story], None]
JSON = {"accept": "application/json"}
ADA = PEOPLE[0]
AUTHENTICATE = "/v1/b2b/sso/authenticate"
SESSIONS = "/v1/b2b/sessions"


def refused(answer: Any, code: str, status: int = 400) -> dict[str, Any]:
    """The refusal, once it is clear that it is the right one."""
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    assert found["error_details"]["code"] == code, answer.text
    return found


def done(answer: Any) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def callback(connection_id: str) -> str:
    return f"{BASE_URL}/v1/b2b/sso/callback/{connection_id}"


def token_of(answer: httpx2.Response) -> str:
    """The one-time token of an accepted login."""
    assert answer.status_code == 303, answer.text
    return parse_qs(urlsplit(answer.headers["location"]).query)["token"][0]


def answer_of(deliver: Any) -> str:
    """The URL to which an OIDC answer is about to be delivered."""
    url: str = deliver.__defaults__[0]
    return url


def unsolicited(
    world: World, connection_id: str, person: Any = ADA, *, answers: str = "", relay: str = ""
) -> dict[str, str]:
    """The form of a true SAML response that nobody asked for."""
    url = callback(connection_id)
    page = world.idp._post_response(
        person,
        {"acs_url": url, "audience": url, "in_response_to": answers, "RelayState": relay},
    )
    return read_form(bytes(page.body).decode())[1]


async def post(
    client: httpx2.AsyncClient, connection_id: str, fields: Mapping[str, str]
) -> httpx2.Response:
    return await client.post(callback(connection_id), data=dict(fields), headers=JSON)


async def organization(world: World, name: str, **settings: Any) -> str:
    body = {"organization_name": name, "organization_slug": name, **settings}
    made = done(await world.call("POST", "/v1/b2b/organizations", body))
    organization_id: str = made["organization"]["organization_id"]
    return organization_id


async def change_organization(world: World, name: str, **settings: Any) -> None:
    done(await world.call("PUT", f"/v1/b2b/organizations/{name}", settings))


async def member(world: World, organization_name: str, email: str, **fields: Any) -> str:
    path = f"/v1/b2b/organizations/{organization_name}/members"
    made = done(await world.call("POST", path, {"email_address": email, **fields}))
    member_id: str = made["member_id"]
    return member_id


async def saml_door(world: World, organization_name: str) -> SamlConnection:
    """Another SAML connection at the same identity provider: same key, same entity id."""
    made = await connections.create_saml(
        world.rt, world.actor, organization_name, display_name="Another", identity_provider=None
    )
    idp = world.idp.address
    return await connections.change_saml(
        world.rt,
        world.actor,
        organization_name,
        made.connection_id,
        SamlChanges(
            idp_entity_id=idp.entity_id,
            idp_sso_url=idp.sso_url,
            attribute_mapping={**MAPPING, "email": "NameID"},
        ),
        x509_certificate=idp.certificate,
    )


async def create_external(
    world: World, organization_name: str, owner: str, connection_id: str, **fields: Any
) -> httpx2.Response:
    body = {"external_organization_id": owner, "external_connection_id": connection_id, **fields}
    return await world.call("POST", f"/v1/b2b/sso/external/{organization_name}", body)


async def external_door(
    world: World, organization_name: str, owner: str, connection_id: str, **fields: Any
) -> str:
    made = done(await create_external(world, organization_name, owner, connection_id, **fields))
    external_id: str = made["connection"]["connection_id"]
    return external_id


async def exchange(world: World, token: str, organization_name: str, **body: Any) -> Any:
    asked = {"organization_id": organization_name, "session_token": token, **body}
    return await world.call("POST", f"{SESSIONS}/exchange", asked)


async def alive(world: World, token: str) -> bool:
    answer = await world.call("POST", f"{SESSIONS}/authenticate", {"session_token": token})
    if answer.status_code != 200:
        refused(answer, "session_not_found", 404)
    return answer.status_code == 200


@cache
def rsa_pem(number: int = 0) -> str:
    """An RSA key of our own making; one takes as long as a test, so they are kept."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    ).decode()


def as_json(status: int, value: object) -> HttpResponse:
    return HttpResponse(status, {"content-type": "application/json"}, json.dumps(value).encode())


def json_part(value: object) -> str:
    """A header or payload of a JWT."""
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


class OidcLogin:
    """A login at which the test itself plays the OpenID Provider."""

    def __init__(self, world: World, source: OidcConnection, browser: httpx2.AsyncClient) -> None:
        self.world, self.source, self.browser = world, source, browser
        self.state = self.nonce = ""

    def id_token(self, key: jwt.SigningKey | None = None, **claims: object) -> str:
        issued = int(self.world.rt.now().timestamp())
        mine = {
            "iss": self.source.issuer, "aud": CLIENT_ID, "sub": ADA.subject, "iat": issued,
            "exp": issued + 600, "nonce": self.nonce, **claims,
        }  # fmt: skip
        return jwt.sign_jwt(mine, key or self.world.idp._signing_key)

    def tokens(self, id_token: str | None = None, **more: object) -> HttpResponse:
        return as_json(
            200,
            {
                "access_token": "at-1", "token_type": "Bearer", "expires_in": 3600,
                "id_token": id_token or self.id_token(), **more,
            },
        )  # fmt: skip

    def userinfo(self, **claims: object) -> HttpResponse:
        return as_json(
            200,
            {
                "sub": ADA.subject, "email": ADA.email, "email_verified": True, "name": ADA.name,
                "groups": list(ADA.groups), "department": "Research", **claims,
            },
        )  # fmt: skip

    async def deliver(self, *answers: HttpResponse | Exception) -> httpx2.Response:
        """Bring the code back; `answers` are what the provider says to our questions."""
        self.world.answers.extend(answers)
        query = {"code": "a-code", "state": self.state, "iss": self.source.issuer}
        try:
            return await self.browser.get(
                callback(self.source.connection_id), params=query, headers=JSON
            )
        finally:
            self.world.answers.clear()


async def oidc_login(
    world: World, connection_id: str = "", *, source: OidcConnection | None = None
) -> OidcLogin:
    """Start a login whose provider the test plays; its published keys are known already."""
    source = source or world.demo.oidc
    await idp_documents.key_set(world.rt, source)
    login = OidcLogin(world, source, world.client())
    url = world.start_url(connection_id or source.connection_id)
    started = await login.browser.get(url, headers=JSON)
    assert started.status_code == 302, started.text
    query = parse_qs(urlsplit(started.headers["location"]).query)
    login.state, login.nonce = query["state"][0], query["nonce"][0]
    return login


async def oidc_sign_in(
    world: World, connection_id: str = "", *, token: Mapping[str, object] = {}, **claims: object
) -> dict[str, Any]:
    """A whole login with the claims and the token answer that the test gives."""
    login = await oidc_login(world, connection_id)
    id_token = login.id_token(sub=claims.get("sub", ADA.subject))
    arrived = await login.deliver(login.tokens(id_token, **token), login.userinfo(**claims))
    body = {"sso_token": token_of(arrived)}
    return done(await world.call("POST", AUTHENTICATE, body))
