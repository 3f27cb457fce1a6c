"""The frontend API's door: what a browser's page may ask for its own member (wire §8.1).

Owns who is calling, the browser's rules for other origins, and the envelope. Reads no cookies, so
no other page can borrow anybody's session; never believes what the client says of itself.
"""

from __future__ import annotations

from collections.abc import Mapping

from vestibule.domain.attributes import email_key
from vestibule.domain.idempotency import Answer
from vestibule.domain.projects import Project, allows_origin
from vestibule.errors import VestibuleError, refusal
from vestibule.services import projects, sessions
from vestibule.services.rbac import Actor
from vestibule.services.runtime import Runtime
from vestibule.services.sessions import SessionLocator
from vestibule.web.api.door import (
    MAX_BODY,
    check_path,
    decode,
    encode,
    read_basic,
    read_headers,
    respond,
)
from vestibule.web.api.frontend import FRONTEND
from vestibule.web.api.registry import Call, Nothing, Operation, Router
from vestibule.web.incoming import Receive, Scope, Send, caller_address, read_body
from vestibule.web.rate_limits import RateLimits

Headers = list[tuple[bytes, bytes]]

_PREFLIGHT = (
    (b"access-control-allow-methods", b"GET, POST, PUT, DELETE, OPTIONS"),
    (
        b"access-control-allow-headers",
        b"authorization, content-type, x-sdk-client, x-sdk-parent-host",
    ),
    (b"access-control-max-age", b"600"),
)
# Of these, many answers would tell a stranger who is who.
_GUESSABLE = frozenset({
    "sdk.organization.getBySlug", "sdk.member_search.by_email", "sdk.sso.discoverConnections",
    "sdk.sso.authenticate", "sdk.magicLinks.authenticate", "sdk.magicLinks.discovery.authenticate",
    "sdk.discovery.organizations.list", "sdk.discovery.organizations.create",
    "sdk.discovery.intermediateSessions.exchange", "sdk.sso.route",
})  # fmt: skip
# These send a mail to an address that the caller names: anybody may call the first ones.
_MAILING = frozenset({
    "sdk.magicLinks.email.loginOrSignup", "sdk.magicLinks.email.discovery.send",
})  # fmt: skip
_MAILING_MEMBERS = frozenset({
    "sdk.magicLinks.email.invite", "sdk.organization.members.startEmailUpdate",
    "sdk.self.startEmailUpdate",
})  # fmt: skip


class FrontendDoor:
    """An ASGI application for every operation of the frontend table."""

    prefix = "/sdk/v1/"

    def __init__(self, rt: Runtime, limits: RateLimits) -> None:
        self._rt = rt
        self._limits = limits
        self._router = Router(FRONTEND)
        self._environment = "test" if rt.settings.mode == "dev" else "live"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request_id = self._rt.new_id("request-id", self._environment)
        headers = read_headers(scope)
        origin = headers.get("origin")
        more = [(b"vary", b"Origin")]
        if scope["method"] == "OPTIONS" and await self._is_preflight(origin, more):
            await send(
                {"type": "http.response.start", "status": 204, "headers": [*more, *_PREFLIGHT]}
            )
            await send({"type": "http.response.body", "body": b""})
            return
        answer = self._answer(scope, receive, request_id, headers, more)
        await respond(self._rt, scope, send, request_id, answer, more)

    async def _is_preflight(self, origin: str | None, more: Headers) -> bool:
        try:
            await self._require_some_project(origin, more)
        except VestibuleError:
            return False  # it is told in the envelope, as to every call
        return origin is not None

    async def _answer(
        self,
        scope: Scope,
        receive: Receive,
        request_id: str,
        headers: Mapping[str, str],
        more: Headers,
    ) -> Answer:
        origin = headers.get("origin")
        try:
            address = caller_address(scope, self._rt.settings.trusted_proxies)
            self._limits.charge("frontend", address)
            found, path = self._router.find(scope["method"], scope["raw_path"])
            check_path(path)
            if found.id in _GUESSABLE:
                self._limits.charge("discovery", address)
            if found.id in _MAILING:
                self._limits.charge("mail", address)
            project, secret = await self._project(found, headers, path)
        except VestibuleError:
            # Why it was refused is for pages to read that some project lets call.
            await self._require_some_project(origin, more)
            raise
        if project is None:
            await self._require_some_project(origin, more)
        elif not project.settings.frontend_enabled:
            raise refusal("bad_domain_for_stytch_sdk", want="the frontend API, which is off")
        elif origin is not None:
            if not allows_origin(project.settings, origin):
                raise refusal("bad_domain_for_stytch_sdk", got=origin)
            more += _allowed(origin)
        actor, locator = await self._caller(found, project, secret)
        raw = await read_body(receive, MAX_BODY)
        call = Call(
            self._rt,
            actor,
            path,
            request_id,
            address,
            headers.get("user-agent", ""),
            locator,
        )
        # What is not asked for is not read: the events are a list, and an empty body is none.
        nothing = found.request is Nothing
        body = Nothing() if nothing else decode(found, raw, scope["query_string"])
        if found.id in _MAILING | _MAILING_MEMBERS and project is not None:
            mailbox = email_key(str(getattr(body, "email_address", "")))
            self._limits.charge("mailbox", f"{project.project_id} {mailbox}")
        response = await found.handler(call, body)
        response.request_id = call.request_id
        return Answer(200, encode({"data": response}))

    async def _require_some_project(self, origin: str | None, more: Headers) -> None:
        """Of a preflight nobody knows the project, nor of a call that names none, so it may come
        from any origin that some project knows. It reads all projects; other calls do not."""
        if origin is None:
            return
        if not await projects.knows_origin(self._rt, origin):
            raise refusal("bad_domain_for_stytch_sdk", got=origin)
        more += _allowed(origin)

    async def _project(
        self, found: Operation, headers: Mapping[str, str], path: Mapping[str, str]
    ) -> tuple[Project | None, str]:
        """The project by its public token, and what was shown beside it."""
        if found.auth == "none":
            return None, ""
        public_token, secret = path.get("public_token", ""), ""
        if not public_token:
            public_token, secret = read_basic(headers.get("authorization", ""))
        project = await projects.by_public_token(self._rt, public_token)
        return project, "" if secret == public_token else secret

    async def _caller(
        self, found: Operation, project: Project | None, secret: str
    ) -> tuple[Actor | None, SessionLocator]:
        """The member whose session is shown, where the operation asks for one."""
        nobody = SessionLocator()
        if project is None:
            return None, nobody
        if found.presence == "none" or not secret:
            if found.presence == "required":
                raise refusal("unauthorized_credentials")
            return Actor(project), nobody
        locator = SessionLocator(token=secret)
        if found.presence == "optional":
            return Actor(project), locator
        return await sessions.actor_for(self._rt, project, locator), locator


def _allowed(origin: str) -> Headers:
    return [
        (b"access-control-allow-origin", origin.encode("latin-1")),
        (b"access-control-allow-credentials", b"true"),
    ]
