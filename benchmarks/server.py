"""A Vestibule of its own process on a free port, and a small HTTP client that keeps alive."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import psutil

VESTIBULE = Path(sys.executable).parent / "vestibule"
ROOT = Path(__file__).parent.parent


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(slots=True)
class Http:
    """One connection at a time to one server. Does as little as a client can, to stay out of
    the way of what is measured."""

    port: int
    _socket: socket.socket | None = field(default=None, repr=False)

    def request(
        self, method: str, target: str, headers: str = "", body: bytes = b"", *, again: bool = True
    ) -> Answer:
        """Send and read the whole answer. `headers` are whole lines, each with its CRLF."""
        length = f"content-length: {len(body)}\r\n" if body else ""
        head = f"{method} {target} HTTP/1.1\r\nhost: 127.0.0.1:{self.port}\r\n{headers}{length}\r\n"
        try:
            if self._socket is None:
                self._socket = socket.create_connection(("127.0.0.1", self.port), timeout=30)
                self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._socket.sendall(head.encode() + body)
            return self._read(self._socket)
        except (BrokenPipeError, ConnectionResetError):
            # The server has closed what was idle for long.
            self.close()
            if not again:
                raise
            return self.request(method, target, headers, body, again=False)

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    @staticmethod
    def _read(connection: socket.socket) -> Answer:
        got = connection.recv(65536)
        while got and b"\r\n\r\n" not in got:
            got += connection.recv(65536)
        if not got:
            raise ConnectionResetError
        head, _, body = got.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {}
        for line in lines:
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        length = int(headers.get("content-length", "0"))
        while len(body) < length:
            body += connection.recv(65536)
        return Answer(int(first.split(" ", 2)[1]), headers, body)


@dataclass(slots=True)
class Server:
    """A running `vestibule dev` and what it costs."""

    process: subprocess.Popen[bytes]
    port: int
    data: Path
    seconds_to_first_200: float
    cpu_to_first_200: float = 0.0

    def cpu(self) -> float:
        """Seconds of CPU of the whole process so far, user and system."""
        if platform.system() == "Linux":
            # The clock of another process (clock_getcpuclockid), finer than its 10 ms ticks.
            return time.clock_gettime_ns((~self.process.pid << 3) | 2) / 1e9
        used = psutil.Process(self.process.pid).cpu_times()
        return float(used.user + used.system)

    def memory(self) -> tuple[float, float]:
        """Resident and proportional set size in MB; the second is 0 where nobody counts it."""
        info = psutil.Process(self.process.pid).memory_full_info()
        return info.rss / 1e6, getattr(info, "pss", 0) / 1e6

    @property
    def credentials(self) -> Mapping[str, str]:
        found: dict[str, str] = json.loads((self.data / "credentials.json").read_text())
        return found


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as held:
        port: int = held.getsockname()[1]
        return port


@contextlib.contextmanager
def running(
    data: Path, port: int | None = None, command: Sequence[str] = (str(VESTIBULE),)
) -> Iterator[Server]:
    """`vestibule dev` until the block ends. The process is ended by its own id."""
    port = port or free_port()
    arguments = ["dev", "--port", str(port), "--data", str(data), "--no-browser"]
    began = time.perf_counter()
    process = subprocess.Popen(
        [*command, *arguments], stdout=subprocess.DEVNULL, cwd=ROOT, env={**os.environ}
    )
    try:
        server = Server(process, port, data, _first_200(process, port, began))
        server.cpu_to_first_200 = server.cpu()
        yield server
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(5)


def _first_200(process: subprocess.Popen[bytes], port: int, began: float) -> float:
    http = Http(port)
    while time.perf_counter() - began < 60:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}")
        try:
            if http.request("GET", "/health", "connection: close\r\n").status == 200:
                return time.perf_counter() - began
        except OSError:
            pass
        finally:
            http.close()
        time.sleep(0.005)
    raise RuntimeError("no answer within a minute")
