"""Whatever is sent to whichever operation: an answer in the envelope, never a failure, and
nothing stored where it was refused."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import httpx2
import hypothesis
import msgspec
import pytest
import schemathesis
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from support.world import BASE_URL, World, basic, open_world
from vestibule.web.api.frontend import FRONTEND
from vestibule.web.api.openapi import document
from vestibule.web.api.registry import OPERATIONS, Operation
from web.api.calls import (
    ORGANIZATIONS,
    SESSIONS,
    SSO,
    code_of,
    contents,
    done,
    encoded,
    path_of,
    refusal_of,
    refused,
    rows,
    signed_in,
)

WRITING = [op for op in OPERATIONS if op.method in ("POST", "PUT")]
READING = [op for op in OPERATIONS if op.method not in ("POST", "PUT")]

NOT_JSON = {
    "malformed": b"{",
    "two objects": b"{}{}",
    "a comment": b'{/* */"a": 1}',
    "single quotes": b"{'a': 1}",
    "a trailing comma": b'{"a": 1,}',
    "an array": b"[]",
    "an array of objects": b"[{}]",
    "a number": b"7",
    "a string": b'"x"',
    "null": b"null",
    "true": b"true",
    "NaN": b'{"a": NaN}',
    "infinity": b'{"a": Infinity}',
    "invalid utf-8": b'{"a": "\xff"}',
    "a cut character": b'{"a": "\xe2\x82"}',
    "a surrogate in utf-8": b'{"a": "\xed\xa0\x80"}',
    "a byte order mark": b"\xef\xbb\xbf{}",
    "utf-16": '{"a": 1}'.encode("utf-16"),
    "a raw NUL": b'{"a": "\x00"}',
    "an escaped NUL": rb'{"a": "\u0000"}',
    "an escaped NUL after a backslash": rb'{"a": "\\\u0000"}',
    "a raw newline": b'{"a": "\n"}',
    "deep objects": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "deep arrays": b'{"a": ' + b"[" * 10_000 + b"]" * 10_000 + b"}",
    "unclosed arrays": b"[" * 100_000,
    "bytes": bytes(range(256)),
}
TOO_LARGE = b'{"a": "' + b"x" * 300_000 + b'"}'


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as made:
        yield made


@pytest.fixture(scope="module")
def shared(loop: asyncio.Runner) -> Iterator[World]:
    """One world for many requests."""
    opened = open_world(fresh=True)
    yield loop.run(opened.__aenter__())
    loop.run(opened.__aexit__(None, None, None))


def send(
    loop: asyncio.Runner, world: World, operation: Operation, content: bytes, query: str = ""
) -> Any:
    # Not through an HTTP client: thousands of requests go this way.
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": content, "more_body": False}

    sent: list[Any] = []

    async def take(message: Any) -> None:
        sent.append(message)

    path = path_of(operation, world)
    scope = {
        "type": "http",
        "method": operation.method,
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query.removeprefix("?").encode(),
        "headers": [(k.encode(), v.encode()) for k, v in basic(*world.auth).items()],
        "client": ("127.0.0.1", 1),
    }
    loop.run(world.app(scope, receive, take))
    return httpx2.Response(sent[0]["status"], headers=sent[0]["headers"], content=sent[1]["body"])


@pytest.mark.parametrize("operation", WRITING, ids=lambda op: op.id)
def test_what_is_no_json_object_is_refused(
    loop: asyncio.Runner, shared: World, operation: Operation
) -> None:
    before = rows(shared)
    for name, content in NOT_JSON.items():
        answer = send(loop, shared, operation, content)
        assert refusal_of(answer)["error_type"] == "bad_request", name
        assert answer.status_code == 400, name
        assert code_of(answer) in ("body_invalid", "field_invalid", "field_missing"), name
    refused(send(loop, shared, operation, TOO_LARGE), 413, "bad_request")
    assert rows(shared) == before


@pytest.mark.parametrize("operation", WRITING, ids=lambda op: op.id)
def test_half_a_character_is_refused_in_every_text(
    loop: asyncio.Runner, shared: World, operation: Operation
) -> None:
    before = contents(shared)
    for name in operation.request.__struct_fields__:
        for half in (rb"\ud800", rb"\udc00\ud800", rb"\ud83d"):
            for value in (b'"' + half + b'"', b'["' + half + b'"]', b'{"a": "' + half + b'"}'):
                content = b'{"' + name.encode() + b'": ' + value + b"}"
                refused(send(loop, shared, operation, content), 400, "bad_request")
    assert contents(shared) == before


@pytest.mark.parametrize("operation", READING, ids=lambda op: op.id)
def test_what_is_no_query_is_refused(
    loop: asyncio.Runner, shared: World, operation: Operation
) -> None:
    fields = [field.name for field in msgspec.structs.fields(operation.request)]
    before = contents(shared)
    for name in fields:
        for value in ("%00", "a%00b", "%ff", "%ed%a0%80"):
            answer = send(loop, shared, operation, b"", f"?{name}={value}")
            refused(answer, 400, "bad_request")
    assert contents(shared) == before


# --- wrong types, from the structs --------------------------------------------------------------

_BY_TYPE: dict[type, Any] = {
    msgspec.inspect.StrType: "a string",
    msgspec.inspect.IntType: 7,
    msgspec.inspect.FloatType: 7.5,
    msgspec.inspect.BoolType: True,
    msgspec.inspect.ListType: [[[]]],
    msgspec.inspect.DictType: {"a": {"b": []}},
}


def kinds_of(kind: msgspec.inspect.Type) -> set[type]:
    """The kinds of JSON value that a field takes."""
    if isinstance(kind, msgspec.inspect.UnionType):
        return {one for inner in kind.types for one in kinds_of(inner)}
    if isinstance(kind, msgspec.inspect.LiteralType):
        return {msgspec.inspect.StrType}
    if isinstance(kind, msgspec.inspect.StructType):
        return {msgspec.inspect.DictType}
    return {type(kind)}


def wrong_values(operation: Operation) -> Iterator[tuple[str, Any]]:
    """Each field with every kind of value that it does not take."""
    struct = msgspec.inspect.type_info(operation.request)
    assert isinstance(struct, msgspec.inspect.StructType)
    for field in struct.fields:
        taken = kinds_of(field.type)
        for kind, value in _BY_TYPE.items():
            if kind not in taken:
                yield field.encode_name, value


def enough_for(operation: Operation) -> dict[str, Any]:
    """The required fields with values of their types."""
    values: dict[str, Any] = {}
    struct = msgspec.inspect.type_info(operation.request)
    assert isinstance(struct, msgspec.inspect.StructType)
    for field in struct.fields:
        if field.required:
            kind = next(iter(kinds_of(field.type)))
            values[field.encode_name] = {
                msgspec.inspect.ListType: [],
                msgspec.inspect.DictType: {},
            }.get(kind, "x")
    return values


@pytest.mark.parametrize("operation", WRITING, ids=lambda op: op.id)
def test_a_value_of_another_type_is_refused_and_its_field_is_named(
    loop: asyncio.Runner, shared: World, operation: Operation
) -> None:
    before = rows(shared)
    base = enough_for(operation)
    for name, value in wrong_values(operation):
        answer = send(loop, shared, operation, encoded({**base, name: value}))
        found = refused(answer, 400, "bad_request")
        assert code_of(answer) == "field_invalid", (name, value)
        assert f"$.{name}" in found["error_message"], (name, value)
    assert rows(shared) == before


@pytest.mark.parametrize("operation", WRITING, ids=lambda op: op.id)
def test_a_field_that_is_missing_is_named(
    loop: asyncio.Runner, shared: World, operation: Operation
) -> None:
    base = enough_for(operation)
    for name in base:
        answer = send(
            loop, shared, operation, encoded({k: v for k, v in base.items() if k != name})
        )
        found = refused(answer, 400, "bad_request")
        assert code_of(answer) == "field_missing"
        assert f"`{name}`" in found["error_message"]


HOSTILE = (
    "x" * 5000,
    "\u202egnp.exe",
    "' OR 1=1 --",
    "../../../etc/passwd",
    "{{ member.name }}",
    "<script>alert(1)</script>",
    "%s%n",
    "𝒳" * 2000,
    "\x7f\x1b[31m",
    "http://[::1",
    "https://user@host/",
    "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    -1,
    0,
    2**31,
    2**63,
    10**400,
    [None],
    ["x" * 5000],
    [{}],
    {"": ""},
    {"a": {"b": {"c": []}}},
    {f"k{n}": "v" * 100 for n in range(60)},
)


@pytest.mark.parametrize("operation", WRITING, ids=lambda op: op.id)
def test_hostile_values_in_every_field_end_in_an_envelope(
    loop: asyncio.Runner, shared: World, operation: Operation
) -> None:
    stored = rows(shared)
    base = enough_for(operation)
    for name in operation.request.__struct_fields__:
        for value in HOSTILE:
            answer = send(loop, shared, operation, encoded({**base, name: value}))
            refusal_or_done(answer)
            if answer.status_code == 200:
                stored = rows(shared)
            else:
                assert rows(shared) == stored, (name, value)


@pytest.mark.parametrize("field", ["organization_name", "organization_slug", "organization_id"])
def test_numbers_beyond_every_bound(loop: asyncio.Runner, shared: World, field: str) -> None:
    for number in ("1e999", "-1e999", "9" * 5000, "1" * 400 + ".5", "-0", "1E+400"):
        for operation in WRITING:
            content = f'{{"{field}": {number}, "limit": {number}}}'.encode()
            refusal_or_done(send(loop, shared, operation, content))


def refusal_or_done(answer: Any) -> None:
    if answer.status_code == 200:
        done(answer)
    else:
        refusal_of(answer)


async def test_metadata_nested_too_deep_is_refused(world: World) -> None:
    before = contents(world)
    for depth in (400, 900, 5_000):
        content = b'{"organization_name": "Deep", "trusted_metadata": {"a": '
        content += b"[" * depth + b"]" * depth + b"}}"
        async with world.client(auth=world.auth) as client:
            answer = await client.post(ORGANIZATIONS, content=content)
        if answer.status_code != 200:
            refusal_of(answer)
            assert contents(world) == before
        else:
            # What was taken can be read back.
            made = done(answer)["organization"]["organization_id"]
            done(await world.call("GET", f"{ORGANIZATIONS}/{made}"))
            done(await world.call("DELETE", f"{ORGANIZATIONS}/{made}"))
            before = contents(world)


@pytest.mark.parametrize("limit", [0, -1, 1001, 2**63, 10**30, 1.5, "10"])
async def test_limits_of_a_page(world: World, limit: Any) -> None:
    for path in (f"{ORGANIZATIONS}/search", f"{ORGANIZATIONS}/members/search"):
        body = {"organization_ids": ["northwind"], "limit": limit}
        refused(await world.call("POST", path, body), 400, "bad_request")


@pytest.mark.parametrize("minutes", [-1, 0, 4, 527041, 2**31, 2**63, 10**30])
async def test_durations_outside_the_bounds(world: World, minutes: int) -> None:
    who = await signed_in(world)
    before = contents(world)
    for path, body in (
        (f"{SESSIONS}/authenticate", {"session_token": who.token}),
        (f"{SSO}/authenticate", {"sso_token": "x"}),
        (f"{SESSIONS}/exchange", {"session_token": who.token, "organization_id": "labs"}),
    ):
        answer = await world.call("POST", path, {**body, "session_duration_minutes": minutes})
        found = refusal_of(answer)
        assert answer.status_code == 400
        assert found["error_type"] in ("invalid_session_duration_minutes", "bad_request")
    assert contents(world) == before


@pytest.mark.parametrize(
    "cursor",
    ["!", "x", "AAAA", "é", "😀", "fA==", "MXw=", "LTF8eA==", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTl8eA==", "a" * 5000],
)  # fmt: skip
async def test_cursors_that_are_none_of_ours(world: World, cursor: str) -> None:
    for path in (f"{ORGANIZATIONS}/search", f"{ORGANIZATIONS}/members/search"):
        body = {"organization_ids": ["northwind"], "cursor": cursor}
        refused(await world.call("POST", path, body), 400, "bad_request")


# --- what belongs to somebody else --------------------------------------------------------------


async def test_connections_of_another_organization_are_not_there(world: World) -> None:
    """Under Labs, the ids of Northwind's connections are like ids that nobody has."""
    before = contents(world)
    labs = world.demo.labs.organization_id
    checked = 0
    for operation in OPERATIONS:
        if "{connection_id}" not in operation.path or "{organization_id}" not in operation.path:
            continue
        kind = "oidc" if operation.id.startswith("sso_oidc") else "saml"
        foreign = getattr(world.demo, kind).connection_id
        if operation.id.startswith("sso_external"):
            foreign = world.demo.saml.connection_id
        answers = []
        for name in (foreign, f"{kind}-connection-test-unknown"):
            path = path_of(operation, world, organization_id=labs, connection_id=name)
            # So far that only the connection is in the way.
            body = {"metadata_url": f"{world.idp.base}/saml/metadata", "change_id": "x"}
            answer = await world.call(
                operation.method, path, body if operation in WRITING else None
            )
            found = refusal_of(answer)
            assert answer.status_code == 404, operation.id
            answers.append((found["error_type"], found["error_message"]))
        assert answers[0] == answers[1], operation.id
        checked += 1
    assert checked >= 10
    assert contents(world) == before


async def test_members_of_another_organization_are_not_there(world: World) -> None:
    foreign = (await signed_in(world)).member_id
    before = contents(world)
    for operation in OPERATIONS:
        if "{member_id}" not in operation.path or "{organization_id}" not in operation.path:
            continue
        labs = world.demo.labs.organization_id
        path = path_of(operation, world, organization_id=labs, member_id=foreign)
        asked = {"email_id": "x", "name": "x", "email_address": "walk@northwind.example"}
        body = asked if operation in WRITING else None
        refused(await world.call(operation.method, path, body), 404, "member_not_found")
    query = {"organization_id": world.demo.labs.organization_id, "member_id": foreign}
    refused(await world.call("GET", SESSIONS, params=query), 404, "member_not_found")
    found = await world.call("GET", f"{ORGANIZATIONS}/northwind-labs/member?member_id={foreign}")
    refused(found, 404, "member_not_found")
    assert contents(world) == before


async def test_an_unknown_organization_is_told_as_such(world: World) -> None:
    before = contents(world)
    for operation in OPERATIONS:
        if "{organization_id}" in operation.path:
            path = path_of(operation, world, organization_id="nobody")
            body = {
                "email_address": "a@example.com",
                "change_id": "x",
                "external_organization_id": "northwind",
                "external_connection_id": world.demo.saml.connection_id,
                "metadata_url": "https://idp.example/metadata",
                "org_policy": {"roles": []},
                "email_id": "x",
                "domain": "walk.example",
                "scopes": ["sso"],
                "origin": "https://app.example.com",
            }
            answer = await world.call(
                operation.method,
                path,
                body if operation in WRITING else None,
                params={"member_id": "x"} if operation.method == "GET" else None,
            )
            refused(answer, 404, "organization_not_found")
    assert contents(world) == before


async def test_headers_that_are_no_sessions(world: World) -> None:
    for value in ("x", "x" * 8000, "eyJhbGciOiJub25lIn0.e30.", "a.b.c", "é", "%00", "null"):
        for name in ("X-Stytch-Member-Session", "X-Stytch-Member-SessionJWT"):
            async with world.client(auth=world.auth) as client:
                headers = {name.encode(): value.encode("latin-1")}
                answer = await client.get(f"{SSO}/northwind", headers=headers)
            if name.endswith("JWT"):
                refused(answer, 400, "unable_to_parse_session_jwt")
            else:
                refused(answer, 404, "session_not_found")


# --- made up ------------------------------------------------------------------------------------

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
_BOUNDED = hypothesis.settings(
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(hypothesis.HealthCheck),
)


@hypothesis.settings(_BOUNDED, max_examples=60)
@hypothesis.given(
    operation=st.sampled_from(WRITING), values=st.lists(JSON, min_size=30, max_size=30)
)
def test_any_json_in_every_field(
    loop: asyncio.Runner, shared: World, operation: Operation, values: list[Any]
) -> None:
    body = dict(zip(operation.request.__struct_fields__, values, strict=False))
    before = rows(shared)
    answer = send(loop, shared, operation, json.dumps(body).encode())
    refusal_or_done(answer)
    if answer.status_code != 200:
        assert rows(shared) == before


@hypothesis.settings(_BOUNDED, max_examples=100)
@hypothesis.given(operation=st.sampled_from(WRITING), content=st.binary(max_size=200))
def test_any_bytes(
    loop: asyncio.Runner, shared: World, operation: Operation, content: bytes
) -> None:
    hypothesis.assume(content.strip())
    before = rows(shared)
    refusal_of(send(loop, shared, operation, b"\x01" + content))
    assert rows(shared) == before


@hypothesis.settings(_BOUNDED, max_examples=100)
@hypothesis.given(
    operator=st.sampled_from(["AND", "OR", "XOR"]),
    operands=st.lists(st.dictionaries(st.sampled_from(["filter_name", "filter_value"]), JSON)),
)
def test_any_query_of_a_search(
    loop: asyncio.Runner, shared: World, operator: str, operands: list[Any]
) -> None:
    for operation in WRITING:
        if operation.id.endswith(".search"):
            query = {"operator": operator, "operands": operands}
            body = {"organization_ids": ["northwind"], "query": query}
            refusal_or_done(send(loop, shared, operation, json.dumps(body).encode()))


# --- from the description -----------------------------------------------------------------------


def test_the_description_is_served_and_loads(loop: asyncio.Runner, shared: World) -> None:
    async def get() -> Any:
        async with shared.client() as client:
            return await client.get("/openapi.json")

    served = loop.run(get()).json()
    assert served == json.loads(json.dumps(document(BASE_URL)))
    assert served["openapi"].startswith("3.1")
    schema = schemathesis.openapi.from_dict(served)
    schema.validate()
    assert schema.statistic.operations.total == len(OPERATIONS) + len(FRONTEND)


CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


async def deliver(world: World, sent: dict[str, Any]) -> Any:
    headers = {k: v for k, v in (sent.get("headers") or {}).items() if k != "User-Agent"}
    async with world.client(auth=world.auth) as client:
        return await client.request(
            sent["method"],
            sent["url"],
            params=sent.get("params"),
            json=sent.get("json"),
            headers=headers,
        )


def test_requests_made_from_the_description_are_answered_as_it_says(
    loop: asyncio.Runner, shared: World
) -> None:
    """Status, content type and every field of every answer are those that are described."""
    schema = schemathesis.openapi.from_dict(document(BASE_URL))
    done_calls: list[int] = []

    def check(operation: Any) -> None:
        @hypothesis.settings(_BOUNDED, max_examples=8)
        @hypothesis.given(case=operation.as_strategy())
        def one(case: Any) -> None:
            sent = case.as_transport_kwargs(base_url=BASE_URL)
            answer = loop.run(deliver(shared, sent))
            done_calls.append(answer.status_code)
            assert answer.status_code < 500, answer.text
            assert answer.headers["content-type"] == "application/json"
            case.validate_response(answer, checks=CHECKS)

        one()

    for result in schema.get_all_operations():
        check(result.ok())
    assert len(done_calls) > 4 * len(OPERATIONS)
