"""What the tests of the API have in common: answers read to the letter, and things to ask about."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx2
import sqlalchemy as sa

from peers import certificates
from support.world import BASE_URL, World
from vestibule.services.demo import PEOPLE, Person
from vestibule.storage.tables import metadata
from vestibule.web.api.registry import OPERATIONS, Operation

ORGANIZATIONS = "/v1/b2b/organizations"
NORTHWIND = f"{ORGANIZATIONS}/northwind"
MEMBERS = f"{NORTHWIND}/members"
SSO = "/v1/b2b/sso"
SESSIONS = "/v1/b2b/sessions"
ADA, GRACE, ALAN = PEOPLE
MAPPING = {"email": "NameID", "full_name": "name"}
BY_ID = {operation.id: operation for operation in OPERATIONS}

_REQUEST_ID = re.compile(r"request-id-test-[0-9a-f-]{36}")
_ENVELOPE = {"status_code", "request_id", "error_type", "error_message", "error_url"}
_certificates: list[str] = []


def done(answer: httpx2.Response) -> dict[str, Any]:
    """The answer, once it is clear that it is a success in its envelope (wire §1.5)."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    found: dict[str, Any] = answer.json()
    assert found["status_code"] == 200
    assert _REQUEST_ID.fullmatch(found["request_id"])
    return found


def refusal_of(answer: httpx2.Response) -> dict[str, Any]:
    """The refusal, once it is clear that it is one in its envelope (wire §1.6)."""
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.headers["content-type"] == "application/json"
    found: dict[str, Any] = answer.json()
    assert found.keys() - {"error_details"} == _ENVELOPE
    status, kind = found["status_code"], found["error_type"]
    assert status == answer.status_code
    assert _REQUEST_ID.fullmatch(found["request_id"])
    assert isinstance(kind, str)
    assert re.fullmatch(r"[a-z][a-z0-9_]+", kind)
    assert found["error_message"]
    assert found["error_url"] == f"{BASE_URL}/docs/errors/{status}#{kind}"
    assert isinstance(found.get("error_details", {}), dict)
    return found


def refused(answer: httpx2.Response, status: int, error_type: str) -> dict[str, Any]:
    found = refusal_of(answer)
    assert (found["status_code"], found["error_type"]) == (status, error_type), found
    return found


def code_of(answer: httpx2.Response) -> str:
    """Our own name of the cause, finer than the wire's."""
    code: str = refusal_of(answer)["error_details"]["code"]
    return code


def rows(world: World) -> dict[str, int]:
    """How many rows each table has."""
    with world.rt.store.engine.engine.connect() as connection:
        return {
            name: connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
            for name, table in metadata.tables.items()
        }


def contents(world: World) -> dict[str, list[Any]]:
    """Everything that is stored."""
    with world.rt.store.engine.engine.connect() as connection:
        return {
            name: [tuple(row) for row in connection.execute(sa.select(table))]
            for name, table in metadata.tables.items()
        }


def path_of(operation: Operation, world: World, **named: str) -> str:
    """The operation's path with the demo's ids in it, or those that are named."""
    known = {
        "organization_id": world.demo.northwind.organization_id,
        "connection_id": world.demo.saml.connection_id,
        "project_slug": world.credentials.project_slug,
        "environment_slug": world.credentials.environment_slug,
        "project_id": world.credentials.project_id,
        "external_connection_id": world.demo.labs_saml.connection_id,
        **named,
    }
    parts = [known.get(p[1:-1], "nobody") if p[0] == "{" else p for p in operation.segments]
    return "/" + "/".join(parts)


# --- things to ask about ------------------------------------------------------------------------


@dataclass(frozen=True)
class Caller:
    """A person who is signed in, and on whose behalf an application calls."""

    member_id: str
    token: str
    jwt: str
    session_id: str


async def signed_in(world: World, person: Person = ADA, connection_id: str | None = None) -> Caller:
    answer = await world.sign_in(connection_id or world.demo.saml.connection_id, person.email)
    return Caller(
        answer["member_id"],
        answer["session_token"],
        answer["session_jwt"],
        answer["member_session"]["member_session_id"],
    )


async def person_with(world: World, roles: Sequence[str], person: Person = ADA) -> Caller:
    """Somebody of Northwind with these explicit roles and none of the connection's."""
    who = await signed_in(world, person)
    done(await world.call("PUT", f"{MEMBERS}/{who.member_id}", {"roles": list(roles)}))
    return who


async def give_permissions(world: World, permissions: Mapping[str, Sequence[str]]) -> None:
    """Make the role `tested` of Northwind's own grant exactly these."""
    role = {
        "role_id": "tested",
        "permissions": [
            {"resource_id": resource, "actions": list(actions)}
            for resource, actions in permissions.items()
        ],
    }
    path = "/v1/b2b/rbac/organizations/northwind"
    done(await world.call("PUT", path, {"org_policy": {"roles": [role]}}))


async def organization(world: World, name: str, **fields: Any) -> dict[str, Any]:
    made = await world.call("POST", ORGANIZATIONS, {"organization_name": name, **fields})
    found: dict[str, Any] = done(made)["organization"]
    return found


async def member(
    world: World, email: str, organization_name: str = "northwind", **fields: Any
) -> dict[str, Any]:
    body = {"email_address": email, **fields}
    answer = await world.call("POST", f"{ORGANIZATIONS}/{organization_name}/members", body)
    found: dict[str, Any] = done(answer)["member"]
    return found


def certificate(number: int) -> str:
    """One of a few certificates that are made once."""
    while len(_certificates) <= number:
        _certificates.append(certificates.make_key_pair(uuid.uuid4().hex).certificate_pem)
    return _certificates[number]


async def saml_connection(
    world: World, organization_name: str = "northwind", *, active: bool = True, **fields: Any
) -> dict[str, Any]:
    path = f"{SSO}/saml/{organization_name}"
    made = done(await world.call("POST", path, fields))["connection"]
    if not active:
        found: dict[str, Any] = made
        return found
    body = {
        "idp_entity_id": "https://idp.example/entity",
        "idp_sso_url": "https://idp.example/sso",
        "attribute_mapping": MAPPING,
        "x509_certificate": certificate(0),
    }
    answer = await world.call("PUT", f"{path}/connections/{made['connection_id']}", body)
    found = done(answer)["connection"]
    assert found["status"] == "active"
    return found


def encoded(body: Any) -> bytes:
    return json.dumps(body).encode()
