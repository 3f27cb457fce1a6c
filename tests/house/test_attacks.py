"""The page of attacks and the code say the same: each row names what is there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/security/cross-organization-attacks.md").read_text()
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.splitlines()
    if line.startswith("| ") and not line.startswith("| attack")
]
TESTS = {
    found.name: found
    for path in (ROOT / "tests/services").glob("test_*.py")
    for found in ast.walk(ast.parse(path.read_text()))
    if isinstance(found, ast.FunctionDef)
}


def _defined(path: Path) -> set[str]:
    return {
        node.name
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    }


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_what_stops_an_attack_is_there(row: list[str]) -> None:
    """A function that was renamed, or a check that went, is still promised by the page."""
    _, stops, tests = row
    for name in re.findall(r"`(\w+(?:/\w+)+)\.(\w+)`", stops):
        path = ROOT / "src/vestibule" / f"{name[0]}.py"
        assert path.is_file(), name
        assert name[1] == "py" or name[1] in _defined(path), name
    assert "`test_" in tests
    for name in re.findall(r"`(test_\w+)`", tests):
        assert name in TESTS, name
        # One fixture or the other gives SQLite and PostgreSQL.
        given = {argument.arg for argument in TESTS[name].args.args}
        assert given & {"story", "make_database", "request"}, name


def test_every_attack_has_a_row() -> None:
    """A table that lost its form would have no rows to be wrong."""
    assert len(ROWS) > 15
    assert len(set(re.findall(r"`(test_\w+)`", PAGE))) > 30
