"""Servers as child processes: a free port, a log file, a bounded wait, and an end in any case.

Every process started here is remembered until it has ended, so that `tests/conftest.py` can
show what the servers had to say while a failing test ran.
"""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import httpx2

_LIVE: list[Server] = []
_STEP = 0.05


def free_port() -> int:
    """A loopback port that was free a moment ago."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


class Server:
    """One child process that serves HTTP, and the file its output goes to."""

    def __init__(self, name: str, process: subprocess.Popen[bytes], log: Path) -> None:
        self.name = name
        self.process = process
        self.log = log

    def output(self, since: int = 0) -> str:
        """What the process has written from byte `since` of its log on."""
        with self.log.open("rb") as file:
            file.seek(since)
            return file.read().decode(errors="replace")

    def wait_until_ready(self, url: str, *, seconds: float = 30) -> None:
        """Ask `url` until it answers 200; fail when the process ends or time is up."""
        deadline = time.monotonic() + seconds
        last = "no answer yet"
        while time.monotonic() < deadline:
            # Waiting for the process is the pause between two questions.
            with contextlib.suppress(subprocess.TimeoutExpired):
                code = self.process.wait(timeout=_STEP)
                raise RuntimeError(f"{self.name} ended with {code} at start:\n{self.output()}")
            try:
                answer = httpx2.get(url, timeout=5)
            except httpx2.TransportError as error:
                last = repr(error)
                continue
            if answer.status_code == 200:
                return
            last = f"{answer.status_code} {answer.text[:500]}"
        raise RuntimeError(f"{self.name} was not ready in {seconds} s: {last}\n{self.output()}")

    def stop(self, *, seconds: float = 10) -> None:
        """Ask the process to end, by its id, and end it when it does not."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=seconds)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(timeout=seconds)


@contextlib.contextmanager
def serve(
    name: str,
    command: Sequence[str | Path],
    *,
    log: Path,
    ready_url: str,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    seconds: float = 30,
) -> Iterator[Server]:
    """Run `command` while the block lasts; enter it once `ready_url` answers 200."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as out:
        process = subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            cwd=cwd,
            env={**os.environ, **(env or {})},
        )
    server = Server(name, process, log)
    _LIVE.append(server)
    try:
        server.wait_until_ready(ready_url, seconds=seconds)
        yield server
    finally:
        server.stop()
        _LIVE.remove(server)


def log_sizes() -> dict[Path, int]:
    """How long each live server's log is now; hand it to `written_since` later."""
    return {server.log: server.log.stat().st_size for server in _LIVE}


def written_since(sizes: Mapping[Path, int]) -> list[tuple[str, str]]:
    """(server, text) for each live server that wrote since `log_sizes`; the last 200 lines."""
    told = []
    for server in _LIVE:
        text = server.output(sizes.get(server.log, 0)).strip()
        if text:
            told.append((server.name, "\n".join(text.splitlines()[-200:])))
    return told
