"""Garbage at every operation: the right 4xx in the envelope, and nothing stored."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest
import schemathesis
import sqlalchemy as sa
from hypothesis import strategies as st

from support.world import BASE_URL, World, basic, open_world, run
from vestibule.storage.tables import metadata
from vestibule.web.api.openapi import document
from vestibule.web.api.registry import OPERATIONS, Operation

WRITING = [op for op in OPERATIONS if op.method in ("POST", "PUT")]

HOSTILE_BODIES = {
    "not json": b"{",
    "an array": b"[]",
    "a number": b"7",
    "a string": b'"x"',
    "invalid utf-8": b'{"a": "\xff"}',
    "a lone surrogate": rb'{"organization_name": "\ud800", "display_name": "\ud800"}',
    "a NUL": rb'{"organization_name": "a\u0000b"}',
    "NaN": b'{"session_duration_minutes": NaN}',
    "a huge number": b'{"session_duration_minutes": 1e999}',
    "deep nesting": b'{"trusted_metadata": ' + b'{"a":' * 20_000 + b"1" + b"}" * 20_001,
    "deep arrays": b"[" * 100_000,
    "too large": b'{"organization_name": "' + b"x" * 300_000 + b'"}',
}


def path_of(operation: Operation, world: World) -> str:
    known = {
        "organization_id": world.demo.northwind.organization_id,
        "connection_id": world.demo.saml.connection_id,
        "project_slug": world.credentials.project_slug,
        "environment_slug": world.credentials.environment_slug,
        "project_id": world.credentials.project_id,
    }
    parts = [known.get(p[1:-1], "nobody") if p[0] == "{" else p for p in operation.segments]
    return "/" + "/".join(parts)


def rows(world: World) -> dict[str, int]:
    """How many rows each table has."""
    with world.rt.store.engine.engine.connect() as connection:
        return {
            name: connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
            for name, table in metadata.tables.items()
        }


async def send(world: World, operation: Operation, body: bytes) -> Any:
    async with world.client() as client:
        return await client.request(
            operation.method,
            path_of(operation, world),
            content=body,
            headers={**basic(*world.auth), "content-type": "application/json"},
        )


def require_envelope(answer: Any) -> dict[str, Any]:
    assert answer.headers["content-type"] == "application/json"
    found: dict[str, Any] = answer.json()
    assert 400 <= answer.status_code < 500, answer.text
    assert found["status_code"] == answer.status_code
    assert found["request_id"].startswith("request-id-test-")
    assert found["error_type"] and found["error_message"]
    assert found["error_url"].endswith(f"/{answer.status_code}#{found['error_type']}")
    return found


@pytest.mark.parametrize("operation", WRITING, ids=lambda op: op.id)
def test_hostile_bodies_are_refused_and_store_nothing(operation: Operation) -> None:
    async def main() -> None:
        async with open_world() as world:
            for name, body in HOSTILE_BODIES.items():
                before = rows(world)
                answer = await send(world, operation, body)
                assert answer.status_code < 500, (name, answer.text)
                if answer.status_code >= 400:
                    require_envelope(answer)
                    assert rows(world) == before, name

    run(main())


def wrong_values(operation: Operation) -> Iterator[tuple[str, Any]]:
    """Each field with values that it cannot have."""
    for name in operation.request.__struct_fields__:
        for value in (7.5, True, [[]], {"a": {"b": []}}, "x" * 5000, -1, [None], "\u202e"):
            yield name, value


@pytest.mark.parametrize("operation", WRITING, ids=lambda op: op.id)
def test_wrong_types_in_every_field_never_end_in_a_failure(operation: Operation) -> None:
    async def main() -> None:
        async with open_world() as world:
            for name, value in wrong_values(operation):
                answer = await send(world, operation, json.dumps({name: value}).encode())
                assert answer.status_code < 500, (name, value, answer.text)
                if answer.status_code != 200:
                    require_envelope(answer)

    run(main())


@pytest.mark.parametrize(
    "header",
    ["", "Basic", "Basic !!!", "Bearer x", "Basic Og==", "Basic /////w==", "basic " + "A" * 9000],
)
def test_credentials_that_are_none_are_refused(header: str) -> None:
    async def main() -> None:
        async with open_world() as world, world.client() as client:
            for operation in OPERATIONS:
                if operation.auth == "none":
                    continue
                answer = await client.request(
                    operation.method,
                    path_of(operation, world),
                    headers={"authorization": header} if header else {},
                )
                found = require_envelope(answer)
                assert answer.status_code == 401, operation.id
                assert found["error_type"] == "unauthorized_credentials"

    run(main())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@pytest.fixture(scope="module")
def living() -> Iterator[tuple[asyncio.AbstractEventLoop, World]]:
    """One world for many examples, on a loop of its own."""
    loop = asyncio.new_event_loop()
    opened = open_world(fresh=True)
    yield loop, loop.run_until_complete(opened.__aenter__())
    loop.run_until_complete(opened.__aexit__(None, None, None))
    loop.close()


@hypothesis.settings(
    max_examples=200,
    deadline=None,
    derandomize=True,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
@hypothesis.given(
    operation=st.sampled_from(WRITING), values=st.lists(JSON, min_size=30, max_size=30)
)
def test_any_json_in_any_field_is_answered(
    living: tuple[asyncio.AbstractEventLoop, World], operation: Operation, values: list[Any]
) -> None:
    loop, world = living
    body = dict(zip(operation.request.__struct_fields__, values, strict=False))
    answer = loop.run_until_complete(send(world, operation, json.dumps(body).encode()))
    assert answer.status_code < 500, answer.text
    assert answer.headers["content-type"] == "application/json"


def test_what_schemathesis_makes_of_the_description_is_answered_as_described(
    living: tuple[asyncio.AbstractEventLoop, World],
) -> None:
    """Requests made from `/openapi.json` itself: no failure, and no answer that it does not say."""
    loop, world = living
    schema = schemathesis.openapi.from_dict(document(BASE_URL))
    calls = 0

    @hypothesis.settings(
        max_examples=8,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(data=st.data())
    def one(data: st.DataObject) -> None:
        nonlocal calls
        case = data.draw(described.as_strategy())
        sent = case.as_transport_kwargs(base_url=BASE_URL)
        answer = loop.run_until_complete(deliver(world, sent))
        calls += 1
        assert answer.status_code < 500, answer.text
        assert answer.headers["content-type"] == "application/json"
        described_answers = described.definition.raw["responses"]
        assert str(answer.status_code) in described_answers, (sent["url"], answer.text)

    for result in schema.get_all_operations():
        described = result.ok()
        one()
    assert calls > 4 * len(OPERATIONS)


async def deliver(world: World, sent: dict[str, Any]) -> Any:
    async with world.client(auth=world.auth) as client:
        return await client.request(
            sent["method"],
            sent["url"],
            params=sent.get("params"),
            json=sent.get("json"),
            headers={k: v for k, v in (sent.get("headers") or {}).items() if k != "User-Agent"},
        )
