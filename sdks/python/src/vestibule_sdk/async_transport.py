"""Carries flows out on an event loop; `transport.py` says the rest."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

from vestibule_sdk.calls import Alone, Answer, Flow, Pause, Send
from vestibule_sdk.errors import NoAnswer
from vestibule_sdk.transport import lowered, told

if TYPE_CHECKING:
    import httpx2

T = TypeVar("T")


class AsyncCarrier:
    """Runs flows on one event loop. Any number of tasks may share one."""

    def __init__(self, timeout: float, http: httpx2.AsyncClient | None = None) -> None:
        import httpx2  # noqa: PLC0415 - see the head of this file

        self._owned = http is None
        self._http = http or httpx2.AsyncClient(timeout=timeout)
        self._lock = asyncio.Lock()
        self._unsent = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)
        self._failed = httpx2.TransportError

    async def run(self, flow: Flow[T]) -> T:
        outcome: Any = None
        failure: NoAnswer | None = None
        while True:
            try:
                effect = flow.throw(failure) if failure is not None else flow.send(outcome)
            except StopIteration as done:
                result: T = done.value
                return result
            outcome, failure = None, None
            if isinstance(effect, Send):
                try:
                    outcome = await self._send(effect)
                except NoAnswer as reason:
                    failure = reason
            elif isinstance(effect, Pause):
                await asyncio.sleep(effect.seconds)
            else:
                outcome = await self._alone(effect)

    async def _send(self, request: Send) -> Answer:
        try:
            got = await self._http.request(
                request.method, request.url, headers=dict(request.headers), content=request.body
            )
        except self._failed as reason:
            sent = not isinstance(reason, self._unsent)
            raise NoAnswer(told(reason), sent=sent) from reason
        return Answer(got.status_code, lowered(got.headers), got.content)

    async def _alone(self, effect: Alone) -> Any:
        async with self._lock:
            return await self.run(effect.flow)

    async def close(self) -> None:
        if self._owned:
            await self._http.aclose()
