"""How things are measured: CPU time, in rounds that take turns, as medians and ratios.

CPU time and not wall time, because the machine is shared; taking turns, because what slows one
case down then slows the others down as well and leaves their ratio alone.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence

Case = Callable[[], object]


def take_turns(
    cases: Mapping[str, Case], *, rounds: int = 15, seconds: float = 0.15
) -> dict[str, list[float]]:
    """µs of CPU per call of each case, one figure for each round."""
    calls: dict[str, int] = {}
    for name, case in cases.items():
        case()
        began, done = time.process_time(), 0
        while time.process_time() - began < seconds / 4 or done < 2:
            case()
            done += 1
        calls[name] = max(2, int(done * seconds / (time.process_time() - began)))
    figures: dict[str, list[float]] = {name: [] for name in cases}
    for turn in range(rounds):
        order = list(cases.items())
        for name, case in order if turn % 2 == 0 else reversed(order):
            began = time.process_time_ns()
            for _ in range(calls[name]):
                case()
            figures[name].append((time.process_time_ns() - began) / calls[name] / 1000)
    return figures


def ratio(figures: Mapping[str, Sequence[float]], name: str, to: str) -> float:
    """The median of the ratios of the rounds, which is steadier than the ratio of medians."""
    pairs = zip(figures[name], figures[to], strict=True)
    return statistics.median(one / other for one, other in pairs)


def show(figures: Mapping[str, Sequence[float]], to: str) -> None:
    """A table of the cases: µs, calls per second, and the ratio to one of them."""
    rows = [
        (
            name,
            f"{statistics.median(values):.1f}",
            f"{1e6 / statistics.median(values):,.0f}",
            f"{ratio(figures, name, to):.2f}",
        )
        for name, values in figures.items()
    ]
    table(("", "µs", "per second", f"× {to}"), rows)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A Markdown table, with columns that also line up on a terminal."""
    lines = [list(head), *map(list, rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]

    def put(line: Sequence[str]) -> None:
        cells = [
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        print(f"| {' | '.join(cells)} |")

    put(head)
    rules = ["-" * width if i == 0 else "-" * (width - 1) + ":" for i, width in enumerate(widths)]
    put(rules)
    for row in rows:
        put(row)
    print()


def note(text: str) -> None:
    print(f"{text}.\n", flush=True)


def quantile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
