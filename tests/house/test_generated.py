"""What `make api` writes is what is committed, and every operation can be reached from the SDK."""

from __future__ import annotations

import functools
import importlib.util
import inspect
import sys
from pathlib import Path
from types import ModuleType

import pytest

import vestibule.web.app  # noqa: F401 - importing it is what fills the registry
from vestibule.web.api.frontend import FRONTEND
from vestibule.web.api.registry import OPERATIONS
from vestibule_sdk import AsyncVestibule, Credentials, Vestibule

ROOT = Path(__file__).resolve().parents[2]


@functools.cache
def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("scripts_api", ROOT / "scripts" / "api.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Its dataclasses look their module up by name.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_what_is_generated_is_what_is_committed() -> None:
    """An SDK that was written from yesterday's operations calls what is no more."""
    assert generator().stale() == [], "run `make api`"


def test_every_table_of_the_generator_names_operations_that_exist() -> None:
    made = generator()
    known = {op.id for op in OPERATIONS}
    for table in (made.REPEATABLE_POSTS, made.UNREPEATABLE_PUTS):
        assert table - known == set()
    pages = {op.id for op in FRONTEND}
    for table in (made.REPEATABLE_PAGE_POSTS, made.UNREPEATABLE_PAGE_PUTS, made.NOT_CALLED):
        assert table - pages == set()


def test_whatever_changes_something_can_be_sent_again() -> None:
    """The Python SDK tries every call again: one without a key has to do the same twice."""
    neither = [
        op.id
        for op in OPERATIONS
        if op.method != "GET"
        and not op.idempotency_key
        and op.id not in generator().REPEATABLE_POSTS
    ]
    assert neither == []


@pytest.mark.parametrize("kind", [Vestibule, AsyncVestibule])
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda op: op.id)
def test_every_operation_is_a_method_of_the_client(kind: type, operation: object) -> None:
    nouns, name = generator().nouns_of(operation.id)  # type: ignore[attr-defined]
    client = functools.reduce(getattr, nouns, _made(kind))
    assert inspect.ismethod(getattr(client, name))


@functools.cache
def _made(kind: type) -> object:
    return kind(Credentials("http://127.0.0.1:9", "project-test-1", "secret"))
