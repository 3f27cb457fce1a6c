"""`vestibule` with a clock that looks, every millisecond of CPU, at where the main thread is.

Run as `python -m benchmarks.sampled FILE dev …`; the samples are written to FILE at the end. What
happens inside C is counted at the Python line that called it, and what happens in the event loop
at the line that runs next.
"""

from __future__ import annotations

import json
import signal
import sys
from collections import Counter
from pathlib import Path
from types import FrameType

INTERVAL = 0.001
_seen: Counter[tuple[str, ...]] = Counter()
_names: dict[tuple[object, int], str] = {}


def _look(_: int, frame: FrameType | None) -> None:
    stack: list[str] = []
    while frame is not None and len(stack) < 60:
        place = (frame.f_code, frame.f_lineno)
        name = _names.get(place)
        if name is None:
            code = frame.f_code
            name = _names[place] = f"{code.co_filename}|{code.co_qualname}|{frame.f_lineno}"
        stack.append(name)
        frame = frame.f_back
    _seen[tuple(stack)] += 1


def main() -> None:
    from vestibule.cli import cli

    file = Path(sys.argv[1])
    signal.signal(signal.SIGPROF, _look)
    signal.setitimer(signal.ITIMER_PROF, INTERVAL, INTERVAL)
    # What was seen before is the start; the logins begin with this signal, and end with another.
    signal.signal(signal.SIGUSR1, lambda *_: _seen.clear())

    def write(*_: object) -> None:
        signal.setitimer(signal.ITIMER_PROF, 0)
        beside = file.with_suffix(".new")
        beside.write_text(json.dumps([[list(stack), n] for stack, n in list(_seen.items())]))
        beside.replace(file)

    signal.signal(signal.SIGUSR2, write)
    cli(sys.argv[2:], prog_name="vestibule")


if __name__ == "__main__":
    main()
