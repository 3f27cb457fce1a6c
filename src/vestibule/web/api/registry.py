"""Every operation of the API, declared once: id, method, path, what goes in and out, who may.

The router, the OpenAPI document, the reference page and the tests of access read this table.
Knows nothing of what an operation does.
"""

from __future__ import annotations

import inspect
import typing
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal
from urllib.parse import unquote

import msgspec

from vestibule.domain.projects import Project
from vestibule.domain.rbac import OPERATION_RULES
from vestibule.errors import refusal
from vestibule.services.rbac import Actor, GuestActor
from vestibule.services.runtime import Runtime
from vestibule.services.sessions import SessionLocator

Auth = Literal["secret", "workspace", "public", "none"]
# Whether a call of the frontend surface needs a member's session.
Presence = Literal["required", "optional", "none"]

# The wire reads the session headers here as well, but no action of the policy is known that would
# grant it: whoever sends them is refused (wire §1.2, Appendix A).
REFUSED_TO_MEMBERS = frozenset({
    "organizations.delete_external_id", "organizations_members.delete_external_id",
})  # fmt: skip


class Request(msgspec.Struct, kw_only=True):
    """What a caller sends. A field that is None was not sent; an explicit null counts as that.

    `in_query` names fields that the wire has in the query although there is a body; all are texts.
    """

    in_query: ClassVar[tuple[str, ...]] = ()

    def given(self) -> dict[str, Any]:
        """The fields that were sent, by name."""
        return {
            name: value
            for name in self.__struct_fields__
            if (value := getattr(self, name)) is not None
        }


class Response(msgspec.Struct, kw_only=True):
    """What every answer carries (wire §1.5)."""

    request_id: str = ""
    status_code: int = 200


class Nothing(Request):
    """No fields at all."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request: the world, who calls, the ids in the path, and where it came from."""

    rt: Runtime
    caller: Actor | None
    path: Mapping[str, str]
    request_id: str
    ip_address: str = ""
    user_agent: str = ""
    # The session that a browser showed; on the backend surface it stands in headers or bodies.
    locator: SessionLocator = SessionLocator()

    @property
    def actor(self) -> Actor:
        """Who calls; only operations without credentials have nobody."""
        if self.caller is None:
            raise refusal("unauthorized_credentials")
        return self.caller

    @property
    def project(self) -> Project:
        """For what the project itself does, whoever's session it may be about.

        Raises:
            setup_link_scope: a guest acts for nobody but themselves.
        """
        if isinstance(self.actor, GuestActor):
            raise refusal("setup_link_scope")
        return self.actor.project


Handler = Callable[[Call, Any], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Operation:
    """`rule` is the key of the table of rights; `session_headers` says that the call can be made
    on behalf of a member. `extension` marks what the wire does not have, `presence` is for those
    that a browser calls."""

    id: str
    method: str
    path: str
    summary: str
    description: str
    request: type[Request]
    response: type[Response]
    handler: Handler
    auth: Auth
    rule: str
    extension: bool
    decode: Callable[[bytes], Any] = field(repr=False)
    presence: Presence = "none"

    @property
    def session_headers(self) -> bool:
        """Whether the headers of a member's session are read; elsewhere they are ignored."""
        return self.auth == "secret" and (
            self.rule in OPERATION_RULES or self.rule in REFUSED_TO_MEMBERS
        )

    @property
    def idempotency_key(self) -> bool:
        """Whether an Idempotency-Key is read; where nothing changes it is ignored."""
        return self.auth in ("secret", "workspace") and self.method != "GET"

    @property
    def segments(self) -> tuple[str, ...]:
        return tuple(part for part in self.path.split("/") if part)


OPERATIONS: list[Operation] = []


def operation(
    id: str,  # noqa: A002 - the word of OpenAPI
    method: str,
    path: str,
    summary: str,
    *,
    rule: str | None = None,
    auth: Auth = "secret",
    extension: bool = False,
) -> Callable[[Handler], Handler]:
    """Declare the operation that the decorated function handles.

    The function's second parameter names the struct that goes in, its result the one that comes
    out, and its docstring is what the reference says beyond the summary.
    """

    def register(handler: Handler) -> Handler:
        hints = typing.get_type_hints(handler)
        names = list(inspect.signature(handler).parameters)
        request = hints[names[1]]
        if any(known.id == id for known in OPERATIONS):
            raise ValueError(f"operation {id} is declared twice")
        OPERATIONS.append(
            Operation(
                id,
                method,
                path,
                summary,
                inspect.cleandoc(handler.__doc__ or ""),
                request,
                hints["return"],
                handler,
                auth,
                rule or id,
                extension,
                msgspec.json.Decoder(request).decode,
            )
        )
        return handler

    return register


class Router:
    """Finds the operation for a method and a raw path. A static segment wins over a parameter."""

    def __init__(self, operations: list[Operation]) -> None:
        self._static: dict[tuple[str, ...], dict[str, Operation]] = {}
        self._by_length: dict[int, list[tuple[tuple[str, ...], dict[str, Operation]]]] = {}
        templates: dict[tuple[str, ...], dict[str, Operation]] = {}
        for one in operations:
            templates.setdefault(one.segments, {})[one.method] = one
        for segments, methods in templates.items():
            if any(part.startswith("{") for part in segments):
                self._by_length.setdefault(len(segments), []).append((segments, methods))
            else:
                self._static[segments] = methods
        for same_length in self._by_length.values():
            same_length.sort(key=lambda entry: [part.startswith("{") for part in entry[0]])

    def find(self, method: str, raw_path: bytes) -> tuple[Operation, dict[str, str]]:
        """Split before decoding, so that an encoded slash stays inside its segment.

        Raises:
            route_not_found, method_not_allowed.
        """
        try:
            parts = tuple(
                unquote(p, errors="strict") for p in raw_path.decode("ascii").split("/") if p
            )
        except UnicodeDecodeError:
            raise refusal("route_not_found") from None
        methods = self._static.get(parts)
        if methods is not None and method in methods:
            return methods[method], {}
        allowed = set(methods or ())
        for segments, templated in self._by_length.get(len(parts), ()):
            path: dict[str, str] = {}
            for template, part in zip(segments, parts, strict=True):
                if template.startswith("{"):
                    path[template[1:-1]] = part
                elif template != part:
                    break
            else:
                if method in templated:
                    return templated[method], path
                allowed.update(templated)
        if allowed:
            raise refusal("method_not_allowed", want=", ".join(sorted(allowed)), got=method)
        raise refusal("route_not_found")
