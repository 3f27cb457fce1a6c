"""The client that waits: every operation of the API, local answers about sessions, and the login.

A thin face; what it does stands in flows that `async_client.py` shares. Knows no web framework.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

from vestibule_sdk import calls
from vestibule_sdk.api import methods
from vestibule_sdk.calls import AsMember, Flow, Operation
from vestibule_sdk.credentials import Credentials
from vestibule_sdk.login import LoginStart
from vestibule_sdk.transport import Carrier
from vestibule_sdk.verification import Verification

if TYPE_CHECKING:
    from typing import Self

    import httpx2

    from vestibule_sdk.session_jwt import Session

T = TypeVar("T")


class Vestibule(methods.Api):
    """The client that waits. One for the whole program; threads may share it.

    Args:
        credentials: of one project.
        timeout: seconds for each request.
        retries: how often a call is made again where that is safe.
        http: a client of httpx2 with settings of your own; you close it.
    """

    def __init__(
        self,
        credentials: Credentials,
        *,
        timeout: float = 10.0,
        retries: int = 2,
        http: httpx2.Client | None = None,
    ) -> None:
        self.credentials = credentials
        self.access = credentials.access(retries)
        self._carrier = Carrier(timeout, http)
        self.verification = Verification(self.access)
        super().__init__(self)

    def call(
        self,
        operation: Operation[T],
        path: Mapping[str, str],
        query: Mapping[str, Any],
        body: Mapping[str, Any],
        as_member: AsMember | None = None,
        idempotency_key: str | None = None,
    ) -> T:
        """Make one call by its row in `vestibule_sdk.api.operations`; the methods do that."""
        return self.run(
            calls.call(self.access, operation, path, query, body, as_member, idempotency_key)
        )

    def run(self, flow: Flow[T]) -> T:
        return self._carrier.run(flow)

    def verify_session(
        self, session_jwt: str, *, max_age: float | None = None, ask: bool = False
    ) -> Session:
        """The session that a JWT tells of, verified here; see `Verification.verify`.

        Raises:
            SessionInvalid, and of its kinds SessionJwtExpired and KeyUnknown; NoAnswer.
        """
        return self.run(self.verification.verify(session_jwt, max_age=max_age, ask=ask))

    def require_permission(
        self,
        session: Session,
        resource_id: str,
        action: str,
        *,
        organization_id: str | None = None,
    ) -> tuple[str, ...]:
        """The session's roles that grant the action, by the cached policy (wire §7.5).

        Raises:
            Forbidden: none does, or the session is of another organization.
        """
        return self.run(self.verification.require(session, resource_id, action, organization_id))

    def start_login(
        self,
        *,
        organization_id: str | None = None,
        connection_id: str | None = None,
        login_redirect_url: str | None = None,
        signup_redirect_url: str | None = None,
        custom_scopes: str | None = None,
        provider_parameters: Mapping[str, str] | None = None,
    ) -> LoginStart:
        """Begin a login; see `vestibule_sdk.login.start_login`. Asks nobody."""
        return self.credentials.start_login(
            organization_id=organization_id,
            connection_id=connection_id,
            login_redirect_url=login_redirect_url,
            signup_redirect_url=signup_redirect_url,
            custom_scopes=custom_scopes,
            provider_parameters=provider_parameters,
        )

    def close(self) -> None:
        self._carrier.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
