"""From exec to the first 200, memory when idle and after 1,000 logins, and the command line."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.load import Driver, add_connections, doors
from benchmarks.measure import note, table
from benchmarks.server import VESTIBULE, free_port, running


def run(*, quick: bool) -> None:
    turns = 3 if quick else 7
    empty, prepared, version, bare = [], [], [], []
    with tempfile.TemporaryDirectory() as folder:
        ready, port = Path(folder) / "ready", free_port()
        with running(ready, port):
            pass
        made = add_connections(ready, port, 1, "http://127.0.0.1:9")
        for turn in range(turns):
            with running(Path(folder) / f"empty-{turn}") as server:
                empty.append(server.seconds_to_first_200)
            with running(ready, port) as server:
                prepared.append(server.seconds_to_first_200)
            version.append(_run([str(VESTIBULE), "--version"]))
            bare.append(_run([sys.executable, "-c", "pass"]))
        with running(ready, port) as server:
            time.sleep(1)
            idle = server.memory()
            driver = Driver(server)
            through = doors("saml", made["saml"], 100)
            for _ in range(2 if quick else 10):
                driver.log_in(through)
            busy = server.memory()
            driver.close()
    seconds = {
        "python -c pass": bare,
        "vestibule --version": version,
        "vestibule dev, prepared folder": prepared,
        "vestibule dev, empty folder": empty,
    }
    rows = [
        (name, f"{statistics.median(got):.2f}", f"{max(got):.2f}") for name, got in seconds.items()
    ]
    table(("wall seconds from exec to the first 200, or to the end", "median", "slowest"), rows)
    told = [
        (name, f"{rss:.0f}", f"{pss:.0f}" if pss else "-")
        for name, (rss, pss) in (
            ("idle, a second after the start", idle),
            (f"after {200 if quick else 1000:,} logins", busy),
        )
    ]
    table(("memory", "RSS MB", "PSS MB"), told)
    note("Aims: first 200 within 2 s on a prepared machine, idle below 100 MB")


def _run(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began
