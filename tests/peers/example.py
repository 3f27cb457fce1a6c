"""The example of `examples/acquisition`, as its README starts it: a process of its own."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from peers import process

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def run_example(credentials: Path) -> Iterator[str]:
    """Run the command of the README on a free port for one block; enters with its address."""
    port = process.free_port()
    words = ["-m", "examples.acquisition", "--credentials", credentials, "--port", str(port)]
    url = f"http://127.0.0.1:{port}"
    with process.serve(
        "example",
        [sys.executable, *words],
        log=credentials.parent.with_name("example.log"),
        ready_url=f"{url}/",
        cwd=ROOT,
    ):
        yield url
