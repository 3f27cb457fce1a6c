"""A call of the API without the wire: how it is written, when it is made again, how it is read.

Everything here is a flow, a generator that yields what it needs from outside (`Send`, `Pause`,
`Alone`) and gets the outcome back. `transport.py` carries flows out, once with threads in mind and
once with `await`; so there is one source for both faces. Knows no library for HTTP.
"""

from __future__ import annotations

import base64
import os
import random
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar
from urllib.parse import quote, urlencode

import msgspec

from vestibule_sdk.errors import NoAnswer, UnreadableAnswer, read_error, read_retry_after

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

_FIRST_WAIT, _LONGEST_WAIT = 0.25, 5.0
# Who is told to stay away for longer than this hears of it at once.
_LONGEST_RETRY_AFTER = 10.0
_PASSING = frozenset({409, 429, 502, 503, 504})


# --- what a flow asks for -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Send:
    """One request. The answer comes back, or `NoAnswer` is raised where the flow waits."""

    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; names of headers in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Pause:
    seconds: float


@dataclass(frozen=True, slots=True)
class Alone:
    """A flow that runs only once at a time; its result comes back."""

    flow: Flow[Any]


Effect = Send | Pause | Alone
Flow = Generator[Effect, Any, T]


# --- calls ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Operation(Generic[T]):
    """How one operation goes over the wire. `keyed`: it changes something, so each call carries a
    key by which the server does it once, however often it arrives."""

    id: str
    method: str
    path: str
    auth: str
    keyed: bool
    answer: type[T]


@dataclass(frozen=True, slots=True)
class AsMember:
    """Make a call on behalf of a member: the server asks what their roles allow."""

    session_token: str | None = field(default=None, repr=False)
    session_jwt: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if not (self.session_token or self.session_jwt):
            # Without a header the call would have the full power of the secret.
            raise ValueError("as_member needs a session token or a session JWT")


class Caller(Protocol):
    def call(
        self,
        operation: Operation[T],
        path: Mapping[str, str],
        query: Mapping[str, Any],
        body: Mapping[str, Any],
        as_member: AsMember | None = None,
        idempotency_key: str | None = None,
    ) -> T: ...


class AsyncCaller(Protocol):
    async def call(
        self,
        operation: Operation[T],
        path: Mapping[str, str],
        query: Mapping[str, Any],
        body: Mapping[str, Any],
        as_member: AsMember | None = None,
        idempotency_key: str | None = None,
    ) -> T: ...


@dataclass(frozen=True, slots=True)
class Access:
    """Where the server is, and with what a program shows who it is."""

    base_url: str
    project_id: str
    secret: str = field(repr=False)
    workspace_key: tuple[str, str] | None = field(default=None, repr=False)
    user_agent: str = ""
    retries: int = 2

    def headers(self, auth: str, as_member: AsMember | None) -> dict[str, str]:
        headers = {"accept": "application/json", "user-agent": self.user_agent}
        if auth != "none":
            pair = (self.project_id, self.secret)
            if auth == "workspace" and self.workspace_key is not None:
                pair = self.workspace_key
            basic = base64.b64encode(":".join(pair).encode()).decode()
            headers["authorization"] = f"Basic {basic}"
        if as_member is not None:
            if as_member.session_token:
                headers["x-stytch-member-session"] = as_member.session_token
            if as_member.session_jwt:
                headers["x-stytch-member-sessionjwt"] = as_member.session_jwt
        return headers


def call(
    access: Access,
    operation: Operation[T],
    path: Mapping[str, str],
    query: Mapping[str, Any],
    body: Mapping[str, Any],
    as_member: AsMember | None = None,
    idempotency_key: str | None = None,
) -> Flow[T]:
    """Make the call, and again where it failed on the way; the struct of its answer comes out.

    Args:
        idempotency_key: one for what the caller wants done, kept beyond this call; without it a
            call that changes something gets a random one of its own.

    Raises:
        ApiError, in the class of its kind; NoAnswer; UnreadableAnswer; ValueError when an id
        cannot stand in a path, or a key in a header.
    """
    if operation.keyed and idempotency_key is None:
        idempotency_key = os.urandom(16).hex()
    request = build_request(access, operation, path, query, body, as_member, idempotency_key)
    answer = yield from send(request, retries=access.retries)
    if not 200 <= answer.status < 300:
        raise read_error(answer.status, answer.headers, answer.body)
    try:
        return msgspec.json.decode(answer.body, type=operation.answer)
    except msgspec.MsgspecError as reason:
        raise UnreadableAnswer(str(reason), status=answer.status, body=answer.body) from None


def build_request(
    access: Access,
    operation: Operation[Any],
    path: Mapping[str, str],
    query: Mapping[str, Any],
    body: Mapping[str, Any],
    as_member: AsMember | None = None,
    idempotency_key: str | None = None,
) -> Send:
    """The request of a call. What is None is not sent."""
    filled = operation.path.format_map({name: _segment(name, v) for name, v in path.items()})
    asked = {name: _query_value(v) for name, v in query.items() if v is not None}
    url = f"{access.base_url}{filled}" + (f"?{urlencode(asked)}" if asked else "")
    headers = access.headers(operation.auth, as_member)
    if idempotency_key is not None:
        headers["idempotency-key"] = _quoted(idempotency_key)
    content = None
    if operation.method in ("POST", "PUT"):
        content = msgspec.json.encode({k: v for k, v in body.items() if v is not None})
        headers["content-type"] = "application/json"
    return Send(operation.method, url, headers, content)


def _segment(name: str, value: str) -> str:
    # "." and ".." mean another path to everything that normalizes URLs on the way.
    if value in ("", ".", ".."):
        raise ValueError(f"{name} cannot be {value!r}")
    return quote(value, safe="")


def _quoted(key: str) -> str:
    """As the header wants it: a string of RFC 8941 §3.3.3."""
    if not 1 <= len(key) <= 255 or not (key.isascii() and key.isprintable()):
        raise ValueError("an idempotency key has 1 to 255 printable ASCII characters")
    escaped = key.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _query_value(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def send(request: Send, *, retries: int) -> Flow[Answer]:
    """Send, and send again where it did not arrive, the outcome is unknown or the server stumbled.

    Nothing is done twice by that: a request either changes nothing or carries its key.
    The waits grow and are random, so that those who failed together do not come back together.
    """
    for attempt in range(retries + 1):
        last = attempt == retries
        wait = random.uniform(0, min(_LONGEST_WAIT, _FIRST_WAIT * 2**attempt))  # noqa: S311
        try:
            answer: Answer = yield request
        except NoAnswer:
            if last:
                raise
        else:
            asked = read_retry_after(answer.headers) or 0.0
            if last or answer.status not in _PASSING or asked > _LONGEST_RETRY_AFTER:
                return answer
            wait += asked
        yield Pause(wait)
    raise AssertionError("the last attempt returns or raises")
