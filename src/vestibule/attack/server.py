"""A fresh `vestibule dev` to attack: a free port, a temporary folder, and an end in any case.

Owns the process. It is started as its users start it; nothing of it is imported here.
"""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from vestibule.attack.client import Client, Unusable

_PROGRAM = (sys.executable, "-c", "from vestibule.cli import main; main()")
_PATIENCE = 60.0


@contextlib.contextmanager
def run_dev() -> Iterator[dict[str, str]]:
    """What stands in its credentials.json, while the block lasts.

    Raises:
        Unusable: it did not start; the end of what it said goes along.
    """
    with tempfile.TemporaryDirectory(prefix="vestibule-attack-") as folder:
        data, log = Path(folder) / "data", Path(folder) / "log"
        words = ["dev", "--port", str(_free_port()), "--data", str(data), "--no-browser"]
        with log.open("wb") as out:
            process = subprocess.Popen(  # noqa: S603 - our own program
                [*_PROGRAM, *words], stdin=subprocess.DEVNULL, stdout=out, stderr=out
            )
        try:
            yield _wait(process, f"http://127.0.0.1:{words[2]}", data, log)
        finally:
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait(process: subprocess.Popen[bytes], base_url: str, data: Path, log: Path) -> dict[str, str]:
    client = Client(base_url)
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        # Waiting for its end is the pause between two questions.
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=0.05)
            break
        if client.send("GET", "/health").status == 200:
            client.close()
            found: dict[str, str] = json.loads((data / "credentials.json").read_text())
            return found
    said = log.read_text(errors="replace").strip()[-500:]
    raise Unusable(f"vestibule dev did not start: {said}")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
