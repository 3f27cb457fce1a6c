"""Vestibule itself, as a user starts it: `vestibule dev` in a process of its own.

The peers know nothing of it; this module is here because it is started and ended as they are.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from peers import process


@dataclass(frozen=True)
class Vestibule:
    """A running server and the credentials that it wrote at its first start."""

    base_url: str
    data: Path
    log: Path
    process: subprocess.Popen[bytes]
    project_id: str
    secret: str
    public_token: str
    project_slug: str
    environment_slug: str
    workspace_key_id: str
    workspace_key_secret: str

    @property
    def auth(self) -> tuple[str, str]:
        """HTTP basic credentials of the backend API."""
        return (self.project_id, self.secret)


@contextlib.contextmanager
def run_vestibule_dev(
    data: Path,
    *,
    port: int | None = None,
    arguments: Sequence[str] = (),
    env: Mapping[str, str] | None = None,
    command: Sequence[str | Path] | None = None,
) -> Iterator[Vestibule]:
    """Run `vestibule dev` on a free port for one block.

    Args:
        data: its folder; a second run on the same folder finds what the first one stored.
        port: a free one, unless the second run has to be where the first one was.
        arguments: further options.
        env: further environment variables.
        command: the program to run instead of the one in this environment.
    """
    program = command or [Path(sys.executable).with_name("vestibule")]
    port = port or process.free_port()
    base_url = f"http://127.0.0.1:{port}"
    words = [*program, "dev", "--host", "127.0.0.1", "--port", str(port)]
    words += ["--data", data, "--no-browser", *arguments]
    log = data.with_name(f"{data.name}.log")
    with process.serve(
        "vestibule dev", words, log=log, ready_url=f"{base_url}/health", env=env
    ) as server:
        wanted = Vestibule.__dataclass_fields__.keys() - {"base_url", "data", "log", "process"}
        credentials = json.loads((data / "credentials.json").read_text())
        yield Vestibule(
            base_url=base_url,
            data=data,
            log=log,
            process=server.process,
            **{name: credentials[name] for name in wanted},
        )


@pytest.fixture(scope="session")
def vestibule_dev(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vestibule]:
    """One `vestibule dev` for the whole run. What tests make in it stays: use own names."""
    with run_vestibule_dev(tmp_path_factory.mktemp("vestibule") / "data") as server:
        yield server
