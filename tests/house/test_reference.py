"""Docs and code say the same: settings, commands, operations, and the words of this repository."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

import vestibule.web.app  # noqa: F401 - importing it is what fills the registry
from vestibule.cli import cli
from vestibule.settings import VARIABLES
from vestibule.web import login
from vestibule.web.api.frontend import FRONTEND
from vestibule.web.api.openapi import document, reference
from vestibule.web.api.registry import OPERATIONS

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs/guides/self-hosting.md").read_text()
SETTINGS = (ROOT / "docs/reference/settings.md").read_text()


@pytest.mark.parametrize("name", VARIABLES)
def test_every_setting_is_documented(name: str) -> None:
    """A setting that is only in the code is found by accident. Its page is written from the table,
    so the guide says where that is and repeats nothing of it."""
    assert f"\n## {name}\n" in SETTINGS
    assert "../reference/settings.md" in GUIDE
    one = VARIABLES[name]
    assert len(one.meaning) > 20 and one.shape and one.example


def test_no_setting_is_read_past_the_table() -> None:
    """The table is what the help text and the guide are made from."""
    for path in (ROOT / "src").rglob("*.py"):
        text = path.read_text()
        for word in {w.strip("\"'(),.:") for w in text.split() if "VESTIBULE_" in w}:
            names = [n for n in VARIABLES if n in word]
            assert names or "VESTIBULE_" not in word.replace("VESTIBULE_*", ""), (path.name, word)


@pytest.mark.parametrize(
    "name",
    [
        "dev",
        "serve",
        "worker",
        "migrate",
        "keys",
        "template",
        "operators",
        "attack",
    ],
)
def test_every_command_has_useful_help(name: str) -> None:
    """Somebody at a shell has only this."""
    command = cli.commands[name]
    assert command.help and len(command.help) > 40
    if isinstance(command, click.Group):
        assert all(inner.help for inner in command.commands.values())


@pytest.mark.parametrize("operation", [*OPERATIONS, *FRONTEND], ids=lambda op: op.id)
def test_every_operation_is_described(operation) -> None:  # type: ignore[no-untyped-def]
    """Summary, description and tag are the reference; nobody writes it by hand."""
    entry = document("")["paths"][operation.path][operation.method.lower()]
    assert entry["summary"] == operation.summary
    assert len(entry["description"]) > 10
    assert entry["tags"]


def test_the_reference_lists_every_operation_once() -> None:
    """What is not listed does not exist for a newcomer."""
    listed = [op["id"] for group in reference()[1:] for op in group["operations"]]
    assert sorted(listed) == sorted(op.id for op in [*OPERATIONS, *FRONTEND])
    legs = [op["path"] for op in reference()[0]["operations"]]
    assert set(legs) == set(login.PATHS)


def test_whoever_creates_an_external_connection_is_told_what_it_means() -> None:
    """Trust that widens is said in a full sentence, in every place that widens it."""
    entry = document("")["paths"]["/v1/b2b/sso/external/{organization_id}"]["post"]
    assert "can sign in as any member" in entry["description"]


def test_the_architecture_names_every_room() -> None:
    """The picture is one page, and it is of this house."""
    text = (ROOT / "ARCHITECTURE.md").read_text()
    top = {p.name for p in (ROOT / "src/vestibule").iterdir() if p.suffix == ".py" or p.is_dir()}
    for name in top - {"__init__.py", "__pycache__", "py.typed"}:
        assert name.removesuffix(".py") in text, name
