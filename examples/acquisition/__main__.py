"""`python -m examples.acquisition`: find Vestibule or start one, set up, serve the product."""

from __future__ import annotations

import argparse
import contextlib
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import uvicorn

from .app import build
from .companies import Vestibule, set_up


def read_url(credentials: Path) -> httpx2.URL:
    """Where Vestibule is, or will be: `vestibule dev` starts at port 8000 in a new folder."""
    if not credentials.exists():
        return httpx2.URL("http://127.0.0.1:8000")
    return httpx2.URL(json.loads(credentials.read_text())["base_url"])


def is_up(credentials: Path) -> bool:
    try:
        answer = httpx2.get(read_url(credentials).join("/health"), timeout=5)
    except httpx2.TransportError:
        return False
    return credentials.exists() and answer.status_code == 200


@contextlib.contextmanager
def running_vestibule(credentials: Path) -> Iterator[None]:
    """The one that the credentials belong to. If it does not run, it does while we do."""
    if is_up(credentials):
        yield
        return
    program = Path(sys.executable).with_name("vestibule")
    place = ["--data", str(credentials.parent), "--port", str(read_url(credentials).port)]
    with subprocess.Popen([program, "dev", "--no-browser", *place]) as process:
        try:
            while not is_up(credentials):
                if process.poll() is not None:
                    sys.exit("vestibule dev did not start; it says why above.")
                time.sleep(0.1)
            yield
        finally:
            process.terminate()


def main() -> None:
    parser = argparse.ArgumentParser(prog="examples.acquisition", description=__doc__)
    parser.add_argument("--credentials", type=Path, default=Path(".vestibule/credentials.json"))
    parser.add_argument("--port", type=int, default=3000)
    chosen = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # so that what we started ends as well
    with running_vestibule(chosen.credentials), contextlib.suppress(KeyboardInterrupt):
        vestibule = Vestibule.open(json.loads(chosen.credentials.read_text()))
        app = build(vestibule, set_up(vestibule))
        print(f"\nOne company bought two others: http://127.0.0.1:{chosen.port}\n", flush=True)
        uvicorn.run(app, port=chosen.port, log_level="warning")


if __name__ == "__main__":
    main()
