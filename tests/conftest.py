"""What every test stands on: the peers as fixtures, their logs on failure, an honest ending.

Nothing is skipped silently. The last lines of a run name each test that did not run, with the
reason; where CI=true, a part that is missing fails its tests instead (`peers/parts.py`).

A run starts hundreds of Pythons, so bytecode is kept (`__pycache__`, which git ignores) even where
PYTHONDONTWRITEBYTECODE is set: compiling costs each of them more than all that it does.

Modules of `peers` are imported where they are used: pytest has to see them first as plugins.
"""

from __future__ import annotations

import os
import sys
from collections import defaultdict
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any

import pytest

pytest_plugins = (
    "peers.browser",
    "peers.oidc_provider",
    "peers.postgres",
    "peers.saml_idp",
    "peers.simplesamlphp",
    "peers.vestibule_server",
)

# Before the workers start, which inherit it.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

_log_sizes = pytest.StashKey[Mapping[Path, int]]()


def _is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


def pytest_configure(config: pytest.Config) -> None:
    """The controlling process owns the PostgreSQL server that all workers share."""
    if not _is_worker(config):
        from peers import postgres

        postgres.prepare()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Whatever happened, no database server outlives the run."""
    if not _is_worker(config):
        from peers import postgres

        postgres.end()


def pytest_xdist_auto_num_workers() -> int:
    """`-n auto`: beyond four workers each one's own servers cost more than they bring."""
    return min(4, os.cpu_count() or 1)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The files that take longest go first, so that no worker has one left when all else is done.
    `make test` keeps this order with `--no-loadscope-reorder`."""
    peers = Path(__file__).parent / "peers"
    coverage = Path(__file__).parent / "house" / "test_coverage.py"
    items.sort(key=lambda item: item.path != coverage and peers not in item.path.parents)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, Any, Any]:
    """Remember where the servers' logs end before the test begins."""
    from peers import process

    item.stash[_log_sizes] = process.log_sizes()
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, Any]:
    """Show with a failure what the servers wrote while the test ran."""
    from peers import process

    report = yield
    if report.failed:
        for name, text in process.written_since(item.stash.get(_log_sizes, {})):
            report.sections.append((f"log of {name}", text))
    return report


def _counted(number: int) -> str:
    return "1 test" if number == 1 else f"{number} tests"


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Name every test that did not run, and why."""
    by_reason: dict[str, list[str]] = defaultdict(list)
    for report in terminalreporter.stats.get("skipped", []):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        by_reason[str(reason).removeprefix("Skipped: ")].append(report.nodeid)
    for item in terminalreporter.stats.get("deselected", []):
        by_reason["deselected on the command line"].append(item.nodeid)
    if not by_reason:
        return
    terminalreporter.section("did not run")
    for reason, tests in sorted(by_reason.items()):
        terminalreporter.write_line(f"did not run: {_counted(len(tests))}: {reason}")
        if reason != "deselected on the command line":
            for test in tests:
                terminalreporter.write_line(f"    {test}")
