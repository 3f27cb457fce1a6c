"""A bucket that fills again: what may be asked at once, and when again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from vestibule.domain.rate_limits import LIMITS, Bucket, Limit, charge

NOW = datetime(2026, 11, 24, tzinfo=UTC)
TEN = Limit(10, timedelta(minutes=1))


def spend(count: int, *, factor: float = 1.0) -> tuple[Bucket | None, list[int]]:
    held, waits = None, []
    for _ in range(count):
        held, wait = charge(held, TEN, NOW, factor=factor)
        waits.append(wait)
    return held, waits


def test_a_burst_passes_and_the_next_call_waits() -> None:
    _, waits = spend(11)
    assert waits == [0] * 10 + [6]


def test_one_call_comes_back_after_its_share_of_the_period() -> None:
    held, _ = spend(10)
    _, early = charge(held, TEN, NOW + timedelta(seconds=5))
    assert early == 1
    _, then = charge(held, TEN, NOW + timedelta(seconds=6))
    assert then == 0


def test_a_refused_call_costs_nothing() -> None:
    """Whoever keeps knocking is let in no later than who waits."""
    held, _ = spend(10)
    for second in range(1, 6):
        held, _ = charge(held, TEN, NOW + timedelta(seconds=second))
    _, wait = charge(held, TEN, NOW + timedelta(seconds=6))
    assert wait == 0


def test_a_factor_allows_more() -> None:
    assert spend(31, factor=3)[1] == [0] * 30 + [2]


def test_a_clock_that_goes_back_gives_nothing() -> None:
    held, _ = spend(10)
    _, wait = charge(held, TEN, NOW - timedelta(hours=1))
    assert wait > 0


@given(st.lists(st.floats(0, 30), min_size=1, max_size=60))
def test_never_more_than_a_burst_and_what_came_back(pauses: list[float]) -> None:
    held, at, passed = None, NOW, 0
    for pause in pauses:
        at += timedelta(seconds=pause)
        held, wait = charge(held, TEN, at)
        passed += wait == 0
    assert passed <= TEN.burst + (at - NOW) / TEN.period * TEN.burst + 1e-6


def test_a_limit_lets_at_least_one_pass() -> None:
    assert all(limit.burst >= 1 for limit in LIMITS.values())
