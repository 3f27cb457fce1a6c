"""A guest is never the project: every operation of the API, asked by one who came by a link."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest

from support.world import World
from vestibule.domain.rbac import OPERATION_RULES
from vestibule.domain.setup_links import SCOPE_OPERATIONS, SCOPES, Scope
from vestibule.errors import VestibuleError
from vestibule.services import rbac
from vestibule.services.rbac import GuestActor, authorize
from vestibule.web.api.door import decode
from vestibule.web.api.registry import OPERATIONS, Call, Operation
from web.api.calls import ADA, signed_in
from web.api.test_rights import request_for

GUARDED = [op for op in OPERATIONS if op.auth == "secret"]
# What every identity provider's administrator is told, of no organization at all.
OF_NOBODY = {"sso.get_presets"}
MORE: dict[str, dict[str, Any]] = {
    "organizations_members.get": {"member_id": "nobody"},
}


def guest_of(world: World, *scopes: Scope, renewable: str | None = None) -> GuestActor:
    return GuestActor(
        world.actor.project,
        organization_id=world.demo.northwind.organization_id,
        link_id="setup-link-test-1",
        operations=frozenset().union(*(SCOPE_OPERATIONS[scope] for scope in scopes)),
        renewable_connection_id=renewable,
    )


def required(op: Operation) -> dict[str, Any]:
    """Something of the right shape in every field that may not be left out."""
    made: dict[str, Any] = {}
    for one in msgspec.structs.fields(op.request):
        if one.required:
            info = msgspec.inspect.type_info(one.type)
            made[one.encode_name] = _something(info)
    return made


def _something(info: Any) -> Any:
    if isinstance(info, msgspec.inspect.LiteralType):
        return info.values[0]
    kinds = {
        msgspec.inspect.StrType: "ada@example.com", msgspec.inspect.IntType: 5,
        msgspec.inspect.BoolType: True, msgspec.inspect.DictType: {},
    }  # fmt: skip
    if isinstance(info, msgspec.inspect.ListType):
        return [_something(info.item_type)]
    if isinstance(info, msgspec.inspect.StructType):
        return {one.encode_name: _something(one.type) for one in info.fields if one.required}
    return kinds.get(type(info), {})


async def asked(world: World, op: Operation, guest: GuestActor, member_id: str) -> str:
    """The code with which the operation refuses the guest, or "" when it did what it does."""
    path, body = await request_for(op, world, member_id)
    parts = path.strip("/").split("/")
    named = {
        name[1:-1]: part
        for name, part in zip(op.segments, parts, strict=True)
        if name.startswith("{")
    }
    given = {**required(op), **(body or {}), **MORE.get(op.id, {})}
    call = Call(world.rt, guest, named, "request-id-test-1")
    try:
        is_query = op.method in ("GET", "DELETE")
        query = urlencode(given).encode() if is_query else b""
        raw = b"" if is_query else json.dumps(given).encode()
        await op.handler(call, decode(op, raw, query))
    except VestibuleError as error:
        return error.code
    return ""


async def test_no_scope_opens_an_operation_beyond_its_list(world: World) -> None:
    member_id = (await signed_in(world, ADA)).member_id
    for scopes in ((), *((scope,) for scope in SCOPES)):
        guest = guest_of(world, *scopes, renewable="saml-connection-test-none")
        for op in GUARDED:
            if op.rule not in guest.operations and op.id not in OF_NOBODY:
                assert await asked(world, op, guest, member_id) == "setup_link_scope", op.id


async def test_a_scope_opens_what_it_lists(world: World) -> None:
    member_id = (await signed_in(world, ADA)).member_id
    for scope in SCOPES:
        guest = guest_of(world, scope)
        for op in GUARDED:
            if op.rule in guest.operations:
                code = await asked(world, op, guest, member_id)
                assert code != "setup_link_scope", (scope, op.id)


@pytest.mark.parametrize("scope", SCOPES)
def test_a_scope_names_only_operations_that_there_are(scope: Scope) -> None:
    assert SCOPE_OPERATIONS[scope] <= {op.rule for op in OPERATIONS}


async def test_an_operation_that_nobody_knows_is_closed_to_a_guest(world: World) -> None:
    everything = guest_of(world, *SCOPES)
    here = world.demo.northwind.organization_id
    for operation in ("", "anything.new", *OPERATION_RULES):
        if operation not in everything.operations:
            with pytest.raises(VestibuleError, match="setup_link_scope"):
                authorize(everything, operation, here)
    for elsewhere in (world.demo.labs.organization_id, None, ""):
        for operation in everything.operations:
            with pytest.raises(VestibuleError, match="setup_link_scope"):
                authorize(everything, operation, elsewhere)


async def test_a_guest_of_nowhere_may_do_nothing(world: World) -> None:
    """Nothing that is left out by mistake makes a guest the project."""
    nobody: Any = rbac.GuestActor(world.actor.project)
    for operation in ("sso.get_connections", "organizations.get"):
        for organization_id in (world.demo.northwind.organization_id, "", None):
            with pytest.raises(VestibuleError, match="setup_link_scope"):
                authorize(nobody, operation, organization_id)
