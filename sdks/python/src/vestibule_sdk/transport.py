"""Carries flows out in threads. With `async_transport.py`, which has the same steps, the only place
that knows the library for HTTP; it is imported when a client is made, so that importing the package
stays quick."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any, TypeVar

from vestibule_sdk.calls import Alone, Answer, Flow, Pause, Send
from vestibule_sdk.errors import NoAnswer

if TYPE_CHECKING:
    import httpx2

T = TypeVar("T")


class Carrier:
    """Runs flows in the calling thread. Any number of threads may share one."""

    def __init__(self, timeout: float, http: httpx2.Client | None = None) -> None:
        import httpx2  # noqa: PLC0415 - see the head of this file

        self._owned = http is None
        self._http = http or httpx2.Client(timeout=timeout)
        self._lock = threading.Lock()
        self._unsent = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)
        self._failed = httpx2.TransportError

    def run(self, flow: Flow[T]) -> T:
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
                    outcome = self._send(effect)
                except NoAnswer as reason:
                    failure = reason
            elif isinstance(effect, Pause):
                time.sleep(effect.seconds)
            else:
                outcome = self._alone(effect)

    def _send(self, request: Send) -> Answer:
        try:
            got = self._http.request(
                request.method, request.url, headers=dict(request.headers), content=request.body
            )
        except self._failed as reason:
            sent = not isinstance(reason, self._unsent)
            raise NoAnswer(told(reason), sent=sent) from reason
        return Answer(got.status_code, lowered(got.headers), got.content)

    def _alone(self, effect: Alone) -> Any:
        with self._lock:
            return self.run(effect.flow)

    def close(self) -> None:
        if self._owned:
            self._http.close()


def told(reason: Exception) -> str:
    return f"{type(reason).__name__}: {reason}"


def lowered(headers: httpx2.Headers) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
