"""From exec to the first 200, memory when idle and after 1,000 logins, and the command line."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.load import Driver, add_connections, doors
from benchmarks.measure import note, table
from benchmarks.server import VESTIBULE, free_port, running


def run(*, quick: bool) -> None:
    turns = 3 if quick else 7
    bare, version, prepared, empty = _Times(), _Times(), _Times(), _Times()
    with tempfile.TemporaryDirectory() as folder:
        ready, port = Path(folder) / "ready", free_port()
        with running(ready, port):
            pass
        made = add_connections(ready, port, 1, "http://127.0.0.1:9")
        for turn in range(turns):
            with running(Path(folder) / f"empty-{turn}") as server:
                empty.add(server.seconds_to_first_200, server.cpu_to_first_200)
            with running(ready, port) as server:
                prepared.add(server.seconds_to_first_200, server.cpu_to_first_200)
            version.add(*_run([str(VESTIBULE), "--version"]))
            bare.add(*_run([sys.executable, "-c", "pass"]))
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
        (
            name,
            f"{statistics.median(got.cpu):.2f}",
            f"{statistics.median(got.wall):.2f}",
            f"{min(got.wall):.2f}",
            f"{max(got.wall):.2f}",
        )
        for name, got in seconds.items()
    ]
    head = ("exec to the first 200, or to the end: s", "CPU", "wall", "fastest", "slowest")
    table(head, rows)
    told = [
        (name, f"{rss:.0f}", f"{pss:.0f}" if pss else "-")
        for name, (rss, pss) in (
            ("idle, a second after the start", idle),
            (f"after {200 if quick else 1000:,} logins", busy),
        )
    ]
    table(("memory", "RSS MB", "PSS MB"), told)
    note("Aims: first 200 within 2 s on a prepared machine, idle below 100 MB")


@dataclass(slots=True)
class _Times:
    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def add(self, wall: float, cpu: float) -> None:
        self.wall.append(wall)
        self.cpu.append(cpu)


def _run(command: list[str]) -> tuple[float, float]:
    began, used = time.perf_counter(), os.times()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    done = os.times()
    cpu = done.children_user + done.children_system - used.children_user - used.children_system
    return time.perf_counter() - began, cpu
