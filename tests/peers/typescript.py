"""The workspace of our TypeScript SDKs, built as its README says, and programs run in it.

Knows where it is and how it is built; what the packages do is the tests' business.
"""

from __future__ import annotations

import fcntl
import functools
import os
import subprocess
from collections.abc import Mapping

import pytest

from peers import parts

WORKSPACE = parts.ROOT / "sdks" / "typescript"
_SECONDS = 240


@functools.cache
def build() -> None:
    """Compile every package; a fault in a type is a failure. What is up to date stays."""
    compiler = WORKSPACE / "node_modules" / "typescript" / "bin" / "tsc"
    if not compiler.exists():
        parts.missing("the Node packages of sdks/typescript")
    (parts.ROOT / ".make").mkdir(exist_ok=True)
    with (parts.ROOT / ".make" / "typescript.lock").open("w") as lock:
        # One at a time: the tests run in several processes.
        fcntl.flock(lock, fcntl.LOCK_EX)
        run(str(compiler), "--build")


def run(*words: str, env: Mapping[str, str] | None = None, said: str = "") -> str:
    """Run Node in the workspace, with `said` on its standard input; what it said comes back, and
    stands in the failure if it fails."""
    done = subprocess.run(
        [parts.node(), *words],
        cwd=WORKSPACE,
        env={**os.environ, **(env or {})},
        input=said,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    if done.returncode:
        pytest.fail(f"node {' '.join(words)}\n{done.stdout[-8000:]}", pytrace=False)
    return done.stdout
