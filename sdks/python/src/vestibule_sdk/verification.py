"""Answers about sessions that need no server, as long as what they rest on is fresh.

Owns the copies of the project's public keys and of its policies, and says when they are asked for
again. Does not know how anything is sent, nor how a cookie or a header is read.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

from vestibule_sdk.api import operations as o
from vestibule_sdk.calls import Access, Alone, Flow, Operation, Send, call, send
from vestibule_sdk.errors import (
    Forbidden,
    KeyUnknown,
    SessionJwtExpired,
    UnreadableAnswer,
    VestibuleError,
    read_error,
)
from vestibule_sdk.rbac import granting_roles
from vestibule_sdk.session_jwt import Session, read_jwks, verify_session_jwt

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    from vestibule_sdk.api import models as m

T = TypeVar("T")

KEYS_MAX_AGE = 3600.0
# With the server out of reach, known keys count on for so long, and not longer.
KEYS_LAST_RESORT = 24 * 3600.0
POLICY_MAX_AGE = 300.0
# Tokens with invented key ids must not turn this program into a pump: so many fetches a minute.
_BUDGET = 5
_MINUTE = 60.0
_ORGANIZATIONS_LIMIT = 10_000


@dataclass(slots=True)
class _Keys:
    found: Mapping[str, RSAPublicKey] = field(default_factory=dict)
    fetched_at: float = float("-inf")
    failed_at: float = float("-inf")
    tried_at: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Fresh:
    """A session that the server was asked about, and what to show for it next time."""

    session: Session
    session_token: str = field(repr=False)
    session_jwt: str = field(repr=False)


class Verification:
    """One for each client. `clock` tells seconds since 1970."""

    def __init__(self, access: Access, clock: Callable[[], float] = time.time) -> None:
        self._access = access
        self._clock = clock
        self._keys = _Keys()
        self._policy: tuple[float, list[m.RoleDocument]] | None = None
        self._own_roles: dict[str, tuple[float, list[m.RoleDocument]]] = {}

    # --- sessions ---------------------------------------------------------------------------------

    def verify(self, session_jwt: str, *, max_age: float | None, ask: bool) -> Flow[Session]:
        """The session that a JWT tells of.

        Args:
            max_age: seconds; a JWT that was issued earlier counts as expired.
            ask: where the JWT has expired, ask the server, which still knows a living session.

        Raises:
            SessionJwtExpired, KeyUnknown, SessionInvalid; NoAnswer when keys are needed and the
            server is out of reach; NotFound when it was asked and the session has ended.
        """
        try:
            return (yield from self._verify(session_jwt, max_age))
        except SessionJwtExpired:
            if not ask:
                raise
        fresh = yield from self.ask({"session_jwt": session_jwt})
        return fresh.session

    def ask(self, locator: Mapping[str, str]) -> Flow[Fresh]:
        """Look a session up at the server, which hands out a fresh JWT of it."""
        answer = yield from call(self._access, o.SESSIONS_AUTHENTICATE, {}, {}, locator)
        session = yield from self._verify(answer.session_jwt, None)
        return Fresh(
            replace(session, expires_at=answer.member_session.expires_at),
            answer.session_token,
            answer.session_jwt,
        )

    def _verify(self, token: str, max_age: float | None) -> Flow[Session]:
        if self._clock() - self._keys.fetched_at >= KEYS_MAX_AGE:
            yield Alone(self._renew())
        try:
            session = self._judge(token)
        except KeyUnknown as unknown:
            # A key that the server began to use since then; asked for once.
            if not (yield Alone(self._look_again(self._keys.fetched_at))):
                raise unknown from None
            session = self._judge(token)
        if max_age is not None and self._clock() - session.jwt_issued_at >= max_age:
            raise SessionJwtExpired("it is older than was asked for")
        return session

    def _judge(self, token: str) -> Session:
        project_id = self._access.project_id
        keys = self._keys.found
        return verify_session_jwt(token, keys, project_id=project_id, now=self._clock())

    # --- keys -------------------------------------------------------------------------------------

    def _renew(self) -> Flow[None]:
        now = self._clock()
        if now - self._keys.fetched_at < KEYS_MAX_AGE:
            return  # another thread did, while this one waited
        usable = now - self._keys.fetched_at < KEYS_LAST_RESORT
        if usable and now - self._keys.failed_at < _MINUTE:
            return
        try:
            yield from self._fetch(now)
        except VestibuleError:
            self._keys.failed_at = now
            if not usable:
                raise

    def _look_again(self, seen: float) -> Flow[bool]:
        """Whether there are newer keys than those of `seen` now."""
        if self._keys.fetched_at != seen:
            return True
        now = self._clock()
        self._keys.tried_at = [at for at in self._keys.tried_at if now - at < _MINUTE]
        if len(self._keys.tried_at) >= _BUDGET:
            return False
        self._keys.tried_at.append(now)
        yield from self._fetch(now)
        return True

    def _fetch(self, now: float) -> Flow[None]:
        path = o.SESSIONS_GET_JWKS.path.format(project_id=self._access.project_id)
        headers = self._access.headers("none", None)
        request = Send("GET", f"{self._access.base_url}{path}", headers)
        answer = yield from send(request, retries=self._access.retries)
        if answer.status != 200:
            raise read_error(answer.status, answer.headers, answer.body)
        try:
            found = read_jwks(answer.body)
        except ValueError as reason:
            found, told = {}, str(reason)
        else:
            told = "no usable key in it"
        if not found:
            raise UnreadableAnswer(told, status=answer.status, body=answer.body)
        self._keys.found, self._keys.fetched_at = found, now

    # --- rights -----------------------------------------------------------------------------------

    def granting(self, session: Session, resource_id: str, action: str) -> Flow[tuple[str, ...]]:
        """The roles of the session that grant the action, by the cached policies. The
        organization's own roles are looked at only where those of the project do not suffice."""
        roles = [*(yield from self._project_roles())]
        if not granting_roles(session.roles, resource_id, action, roles):
            roles += yield from self._organization_roles(session.organization_id)
        return granting_roles(session.roles, resource_id, action, roles)

    def require(
        self, session: Session, resource_id: str, action: str, organization_id: str | None
    ) -> Flow[tuple[str, ...]]:
        """The roles that grant the action.

        Raises:
            Forbidden: session_authorization_tenancy_error when the session is of another
                organization than `organization_id`, session_authorization_error when no role
                grants it.
        """
        if organization_id is not None and session.organization_id != organization_id:
            raise Forbidden(
                code="session_authorization_tenancy_error",
                message="The session belongs to another organization.",
                status=403,
                details={"want": organization_id, "got": session.organization_id},
            )
        granted = yield from self.granting(session, resource_id, action)
        if not granted:
            raise Forbidden(
                code="session_authorization_error",
                message="The roles of this session do not grant the action.",
                status=403,
                details={
                    "want": f"{resource_id}:{action}",
                    "got": ", ".join(session.roles),
                    "remedy": "Ask who looks after roles in the organization.",
                },
            )
        return granted

    def _project_roles(self) -> Flow[list[m.RoleDocument]]:
        if self._policy is None or self._clock() - self._policy[0] >= POLICY_MAX_AGE:
            answer = yield from self._get(o.RBAC_POLICY, {})
            self._policy = (self._clock(), answer.policy.roles)
        return self._policy[1]

    def _organization_roles(self, organization_id: str) -> Flow[list[m.RoleDocument]]:
        known = self._own_roles.get(organization_id)
        if known is None or self._clock() - known[0] >= POLICY_MAX_AGE:
            path = {"organization_id": organization_id}
            answer = yield from self._get(o.RBAC_ORGANIZATIONS_GET_ORG_POLICY, path)
            known = (self._clock(), answer.org_policy.roles)
            if len(self._own_roles) >= _ORGANIZATIONS_LIMIT:
                self._own_roles.clear()
            self._own_roles[organization_id] = known
        return known[1]

    def _get(self, operation: Operation[T], path: Mapping[str, str]) -> Flow[T]:
        return (yield from call(self._access, operation, path, {}, {}))
