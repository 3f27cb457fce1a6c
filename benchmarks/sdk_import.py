"""What a program pays for importing the Python SDK, each time in an interpreter of its own."""

from __future__ import annotations

import statistics
import subprocess
import sys
from collections.abc import Mapping

from benchmarks.measure import note, table

PROGRAMS: Mapping[str, str] = {
    "pass": "pass",
    "import vestibule_sdk": "import vestibule_sdk",
    "… import Vestibule": "from vestibule_sdk import Vestibule",
    "… import AsyncVestibule": "from vestibule_sdk import AsyncVestibule",
    "… and a client made": "from vestibule_sdk import Credentials, Vestibule\n"
    "Vestibule(Credentials('http://127.0.0.1:9', 'p', 's'))",
    "import httpx2": "import httpx2",
    "import stytch": "import stytch",
}
_MEASURE = """
import time
wall, cpu = time.perf_counter(), time.process_time()
exec({program!r})
print(time.perf_counter() - wall, time.process_time() - cpu)
"""


def run(*, quick: bool) -> None:
    figures: dict[str, list[tuple[float, float]]] = {name: [] for name in PROGRAMS}
    for _ in range(3 if quick else 15):
        for name, program in PROGRAMS.items():
            told = subprocess.run(
                [sys.executable, "-c", _MEASURE.format(program=program)],
                check=True, capture_output=True, text=True,
            ).stdout.split()  # fmt: skip
            figures[name].append((float(told[0]), float(told[1])))
    rows = []
    for name, got in figures.items():
        walls, cpus = ([one[at] * 1000 for one in got] for at in (0, 1))
        rows.append((
            name, f"{statistics.median(cpus):.0f}", f"{statistics.median(walls):.0f}",
            f"{min(walls):.0f}", f"{max(walls):.0f}",
        ))  # fmt: skip
    table(("in an interpreter that runs already: ms", "CPU", "wall", "fastest", "slowest"), rows)
    note("the library for HTTP comes with the first client, that for signatures with the first JWT")
