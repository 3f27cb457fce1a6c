"""The counts of callers, kept in this process: who asks too often is told when to come again.

Owns the counters and their bound in memory. A call is charged before anything is looked up, so a
refusal says nothing of what there is. Each server of several counts for itself.
"""

from __future__ import annotations

from vestibule.domain.rate_limits import LIMITS, Bucket, charge
from vestibule.errors import refusal
from vestibule.services.runtime import Runtime

_MAX_CALLERS = 100_000


class RateLimits:
    def __init__(self, rt: Runtime) -> None:
        self._rt = rt
        self._buckets: dict[tuple[str, str], Bucket] = {}

    def charge(self, kind: str, caller: str) -> None:
        """Count one call of `caller`, which is an address, a connection or a mailbox.

        Raises:
            too_many_requests, with the seconds to wait.
        """
        factor = self._rt.settings.rate_limit_factor
        if not factor:
            return
        place = (kind, caller[:512])
        # Taken out and put in last: whoever has not called for longest stands first.
        held = self._buckets.pop(place, None)
        self._buckets[place], wait = charge(held, LIMITS[kind], self._rt.now(), factor=factor)
        if len(self._buckets) > _MAX_CALLERS:
            del self._buckets[next(iter(self._buckets))]
        if wait:
            error = refusal("too_many_requests", want=f"a pause of {wait} seconds")
            error.retry_after = wait
            raise error
