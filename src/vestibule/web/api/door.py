"""The API's door: from bytes to an operation and back. Every answer is JSON, every refusal too.

Plain ASGI, because each request passes here: no routing by regular expressions, no copies.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Awaitable, Mapping, Sequence
from urllib.parse import parse_qsl

import msgspec
import structlog

from vestibule.domain.idempotency import Answer, Claim, fingerprint, key_hash, read_key
from vestibule.errors import VestibuleError, refusal
from vestibule.services import idempotency, projects, sessions
from vestibule.services.rbac import Actor
from vestibule.services.runtime import Runtime
from vestibule.services.sessions import SessionLocator
from vestibule.web.api.registry import OPERATIONS, Call, Operation, Request, Router
from vestibule.web.incoming import Receive, Scope, Send, caller_address, read_body
from vestibule.web.problems import encode_problem, problem_document
from vestibule.web.rate_limits import RateLimits

MAX_BODY = 256 * 1024
SESSION_HEADERS = ("x-stytch-member-session", "x-stytch-member-sessionjwt")
# Anybody may call these, and many answers together would tell who our organizations are.
_GUESSABLE = frozenset({"sso.route"})
_log = structlog.get_logger()
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
encode = msgspec.json.Encoder().encode


class ApiDoor:
    """An ASGI application for every operation of the registry."""

    def __init__(self, rt: Runtime, limits: RateLimits) -> None:
        self._rt = rt
        self._limits = limits
        self._router = Router(OPERATIONS)
        self._environment = "test" if rt.settings.mode == "dev" else "live"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request_id = self._rt.new_id("request-id", self._environment)
        more: list[tuple[bytes, bytes]] = []
        answer = self._answer(scope, receive, request_id, more)
        await respond(self._rt, scope, send, request_id, answer, more)

    async def _answer(
        self, scope: Scope, receive: Receive, request_id: str, more: list[tuple[bytes, bytes]]
    ) -> Answer:
        found, path = self._router.find(scope["method"], scope["raw_path"])
        check_path(path)
        address = caller_address(scope, self._rt.settings.trusted_proxies)
        if found.id in _GUESSABLE:
            self._limits.charge("discovery", address)
        headers = read_headers(scope)
        actor = await self._actor(found, headers, path)
        raw = await read_body(receive, MAX_BODY)
        call = Call(
            self._rt,
            actor,
            path,
            request_id,
            address,
            headers.get("user-agent", ""),
        )
        request = decode(found, raw, scope["query_string"])
        if "idempotency-key" not in headers or not found.idempotency_key:
            return await self._run(found, call, request)
        key = read_key(only_one(scope, b"idempotency-key"))
        parts = (found.method.encode(), scope["raw_path"], scope["query_string"], raw)
        # What a member was told is for that member's session alone.
        behalf = (headers.get(name, "").encode() for name in SESSION_HEADERS)
        asked = idempotency.Asked(
            call.project.project_id, key_hash(key), fingerprint(key, *parts, *behalf)
        )
        claim = await idempotency.claim(self._rt, asked)
        if isinstance(claim, Answer):
            more.append((b"idempotent-replayed", b"true"))
            return claim
        return await self._run_once(found, call, request, claim)

    async def _run(self, found: Operation, call: Call, request: Request) -> Answer:
        response = await found.handler(call, request)
        response.request_id = call.request_id
        return Answer(200, encode(response))

    async def _run_once(
        self, found: Operation, call: Call, request: Request, claim: Claim
    ) -> Answer:
        """Run it and settle the claim. Whoever is cancelled does not know what has happened, and
        leaves the claim to its lease."""
        try:
            answer = await self._run(found, call, request)
        except VestibuleError as error:
            await self._settle(claim, refused(self._rt, error, call.request_id))
            raise
        except Exception:
            await self._settle(claim, None)
            raise
        await self._settle(claim, answer)
        return answer

    async def _settle(self, claim: Claim, answer: Answer | None) -> None:
        try:
            await idempotency.settle(self._rt, claim, answer)
        except Exception as error:  # noqa: BLE001 - what was done is told, kept or not
            _log.error("answer not kept", exc_info=error)

    async def _actor(
        self, found: Operation, headers: Mapping[str, str], path: Mapping[str, str]
    ) -> Actor | None:
        """Who is calling (§1.1), and on whose behalf (§1.2)."""
        if found.auth == "none":
            return None
        name, secret = read_basic(headers.get("authorization", ""))
        if found.auth == "workspace":
            return Actor(
                await projects.authenticate_workspace(
                    self._rt, name, secret, path["project_slug"], path["environment_slug"]
                )
            )
        project = await projects.authenticate(self._rt, name, secret)
        locator = SessionLocator(headers.get(SESSION_HEADERS[0]), headers.get(SESSION_HEADERS[1]))
        if locator.given and found.session_headers:
            return await sessions.actor_for(self._rt, project, locator)
        return Actor(project)


async def respond(
    rt: Runtime,
    scope: Scope,
    send: Send,
    request_id: str,
    answer: Awaitable[Answer],
    more: Sequence[tuple[bytes, bytes]] = (),
) -> None:
    """Send what `answer` gives, or the envelope of its refusal. `more` are headers of both; it is
    read after the answer, which may have added to it."""
    told: list[tuple[bytes, bytes]] = []
    try:
        given = await answer
    except VestibuleError as error:
        given = refused(rt, error, request_id)
        if error.code == "method_not_allowed" and error.want:
            told.append((b"allow", error.want.encode()))  # RFC 9110 §15.5.6
        if error.retry_after is not None:
            told.append((b"retry-after", str(error.retry_after).encode()))
        if given.status >= 500:
            _log.error("refused", request_id=request_id, error=str(error), exc_info=error)
    except Exception as error:  # noqa: BLE001 - the last net: the world sees an envelope
        _log.error("failed", request_id=request_id, path=scope["path"], exc_info=error)
        given = refused(rt, refusal("internal_server_error"), request_id)
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(given.body)).encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
        *more,
        *told,
    ]
    await send({"type": "http.response.start", "status": given.status, "headers": headers})
    await send({"type": "http.response.body", "body": given.body})


def refused(rt: Runtime, error: VestibuleError, request_id: str) -> Answer:
    """The envelope of a refusal."""
    problem = problem_document(error, request_id, rt.settings.base_url)
    return Answer(problem.status_code, encode_problem(problem))


def check_path(path: Mapping[str, str]) -> None:
    if any("\x00" in value or len(value) > 512 for value in path.values()):
        raise refusal("invalid_id")


def decode(found: Operation, raw: bytes, query_string: bytes) -> Request:
    """The request as its struct. Unknown fields are ignored, nulls count as not sent (§1.4).

    Raises:
        body_invalid, field_missing, field_invalid.
    """
    try:
        if found.method in ("GET", "DELETE"):
            return msgspec.convert(dict(_read_query(query_string)), found.request, strict=False)
        if not raw.strip():
            raw = b"{}"
        # Fields that nobody knows are not decoded, so what is no UTF-8 there has to be seen here.
        raw.decode()
        # PostgreSQL cannot hold a NUL in a text; nobody needs one in a name.
        if _NUL.search(raw):
            raise refusal("body_invalid", want="no NUL characters")
        request: Request = found.decode(raw)
        for name, value in _read_query(query_string) if found.request.in_query else ():
            if name in found.request.in_query:
                setattr(request, name, value)
        return request
    except msgspec.ValidationError as error:
        missing = str(error).startswith("Object missing required field")
        raise refusal("field_missing" if missing else "field_invalid", detail=str(error)) from None
    except (msgspec.DecodeError, UnicodeError, RecursionError, ValueError) as error:
        raise refusal("body_invalid", detail=str(error)) from None


def _read_query(query_string: bytes) -> list[tuple[str, str]]:
    query = parse_qsl(query_string.decode("ascii"), keep_blank_values=True, errors="strict")
    if b"%00" in query_string:
        raise refusal("field_invalid", want="no NUL characters")
    # "" in a query is how a form says nothing.
    return [(name, value) for name, value in query if value]


def read_headers(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}


def only_one(scope: Scope, name: bytes) -> str:
    """The value of a header that may be sent once at most.

    Raises:
        bad_request.
    """
    values = [value for header, value in scope["headers"] if header == name]
    if len(values) != 1:
        raise refusal("bad_request", want=f"one header {name.decode()}", got=str(len(values)))
    return str(values[0].decode("latin-1"))


def read_basic(header: str) -> tuple[str, str]:
    """User and password of RFC 7617.

    Raises:
        unauthorized_credentials.
    """
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        raise refusal("unauthorized_credentials")
    try:
        name, _, secret = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        raise refusal("unauthorized_credentials") from None
    return name, secret
