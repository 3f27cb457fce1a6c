"""The client to `await`; `client.py` says what is in it. Knows no web framework."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

from vestibule_sdk import calls
from vestibule_sdk.api import async_methods
from vestibule_sdk.async_transport import AsyncCarrier
from vestibule_sdk.calls import AsMember, Flow, Operation
from vestibule_sdk.credentials import Credentials
from vestibule_sdk.login import LoginStart
from vestibule_sdk.verification import Verification

if TYPE_CHECKING:
    from typing import Self

    import httpx2

    from vestibule_sdk.session_jwt import Session

T = TypeVar("T")


class AsyncVestibule(async_methods.Api):
    """The client to `await`. One for the whole program, made and used on one event loop.

    Takes what `Vestibule` takes; `http` is an `httpx2.AsyncClient`.
    """

    def __init__(
        self,
        credentials: Credentials,
        *,
        timeout: float = 10.0,
        retries: int = 2,
        http: httpx2.AsyncClient | None = None,
    ) -> None:
        self.credentials = credentials
        self.access = credentials.access(retries)
        self._carrier = AsyncCarrier(timeout, http)
        self.verification = Verification(self.access)
        super().__init__(self)

    async def call(
        self,
        operation: Operation[T],
        path: Mapping[str, str],
        query: Mapping[str, Any],
        body: Mapping[str, Any],
        as_member: AsMember | None = None,
        idempotency_key: str | None = None,
    ) -> T:
        """Make one call by its row in `vestibule_sdk.api.operations`; the methods do that."""
        return await self.run(
            calls.call(self.access, operation, path, query, body, as_member, idempotency_key)
        )

    async def run(self, flow: Flow[T]) -> T:
        return await self._carrier.run(flow)

    async def verify_session(
        self, session_jwt: str, *, max_age: float | None = None, ask: bool = False
    ) -> Session:
        """As `Vestibule.verify_session`."""
        return await self.run(self.verification.verify(session_jwt, max_age=max_age, ask=ask))

    async def require_permission(
        self,
        session: Session,
        resource_id: str,
        action: str,
        *,
        organization_id: str | None = None,
    ) -> tuple[str, ...]:
        """As `Vestibule.require_permission`."""
        flow = self.verification.require(session, resource_id, action, organization_id)
        return await self.run(flow)

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
        """As `Vestibule.start_login`. Asks nobody, so there is nothing to await."""
        return self.credentials.start_login(
            organization_id=organization_id,
            connection_id=connection_id,
            login_redirect_url=login_redirect_url,
            signup_redirect_url=signup_redirect_url,
            custom_scopes=custom_scopes,
            provider_parameters=provider_parameters,
        )

    async def close(self) -> None:
        await self._carrier.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()
