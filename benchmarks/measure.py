"""Medians of interleaved rounds, so that a neighbour's noise meets every row alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping


def interleaved(
    rows: Mapping[str, Callable[[], object]], *, rounds: int, calls: int
) -> dict[str, float]:
    """Median CPU microseconds of one call, for each row."""
    taken: dict[str, list[float]] = {name: [] for name in rows}
    for _ in range(rounds):
        for name, call in rows.items():
            began = time.process_time_ns()
            for _ in range(calls):
                call()
            taken[name].append((time.process_time_ns() - began) / calls / 1000)
    return {name: statistics.median(times) for name, times in taken.items()}


def print_table(times: Mapping[str, float], base: str) -> None:
    print(f"| what | µs | per second | × {base} |")
    print("|---|---|---|---|")
    for name, micros in times.items():
        ratio = micros / times[base]
        print(f"| {name} | {micros:.0f} | {1e6 / micros:.0f} | {ratio:.2f} |", flush=True)
