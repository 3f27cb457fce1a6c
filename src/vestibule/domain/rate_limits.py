"""How often one caller may ask: a bucket that fills again, and the table of what each door allows.

Owns the rule and its numbers. Keeps no count and knows no clock.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Limit:
    """`burst` calls at once; one that was used comes back after a `burst`-th of `period`."""

    burst: int
    period: timedelta


class Bucket(NamedTuple):
    left: float
    at: datetime


_MINUTE = timedelta(minutes=1)
_SPECK = 1e-9

# A company's people share one address, so what they do at nine in the morning must fit. What can
# be used to guess who is who is far below that.
LIMITS: Mapping[str, Limit] = {
    "start": Limit(1200, _MINUTE),
    "callback": Limit(1200, _MINUTE),
    "connection": Limit(6000, _MINUTE),
    "frontend": Limit(1200, _MINUTE),
    "discovery": Limit(60, _MINUTE),
    "operator": Limit(30, _MINUTE),
    "mail": Limit(20, _MINUTE),
    "mailbox": Limit(5, timedelta(minutes=10)),
}


def charge(
    held: Bucket | None, limit: Limit, now: datetime, *, factor: float = 1.0
) -> tuple[Bucket, int]:
    """Take one. Returns the bucket as it is then, and the seconds to wait: 0 where it was there.

    Args:
        held: None for a caller who has not been seen for a period.
        factor: more than 1 allows more, for servers behind which many live.
    """
    full = limit.burst * factor
    left = full
    if held is not None:
        back = (now - held.at) / limit.period * full
        left = min(full, held.left + max(0.0, back))
    # Sixths of a call that come back one by one add up to a little less than one.
    if left >= 1 - _SPECK:
        return Bucket(max(0.0, left - 1), now), 0
    missing = (1 - left) / full * limit.period.total_seconds()
    return Bucket(left, now), max(1, math.ceil(missing - _SPECK))
