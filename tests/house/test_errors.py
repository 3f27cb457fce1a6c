"""The table of refusals is the one truth about errors: nothing dead in it, nothing beside it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from vestibule.errors import (
    CODES,
    Conflict,
    Forbidden,
    InvalidRequest,
    Misconfigured,
    NotFound,
    ProtocolError,
    Unauthenticated,
    UpstreamError,
    VestibuleError,
    refusal,
)
from vestibule.web.problems import status_of

SRC = Path(__file__).parents[2] / "src" / "vestibule"
TESTS = Path(__file__).parents[1]
SOURCE = {p: p.read_text() for p in SRC.rglob("*.py") if p.name != "errors.py"}
KINDS = (
    Conflict, Forbidden, InvalidRequest, Misconfigured, NotFound, ProtocolError, Unauthenticated,
    UpstreamError,
)  # fmt: skip


def strings_of(text: str) -> tuple[set[str], list[re.Pattern[str]]]:
    """The plain strings of a file, and its f-strings as patterns."""
    plain: set[str] = set()
    patterns: list[re.Pattern[str]] = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.JoinedStr):
            parts = [
                re.escape(v.value) if isinstance(v, ast.Constant) else "[a-z_]+"
                for v in node.values
            ]
            if any("_" in part for part in parts):
                patterns.append(re.compile("".join(parts)))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            plain.add(node.value)
    return plain, patterns


PLAIN: set[str] = set()
PATTERNS: list[re.Pattern[str]] = []
for _path, _text in SOURCE.items():
    # The attack suite names the codes that it waits for; it raises none of them.
    if SRC / "attack" in _path.parents:
        continue
    _plain, _patterns = strings_of(_text)
    PLAIN |= _plain
    PATTERNS += _patterns


@pytest.mark.parametrize("code", CODES)
def test_every_code_is_raised_somewhere(code: str) -> None:
    """A code that nobody raises is a promise in the reference that nobody keeps."""
    assert code in PLAIN or any(p.fullmatch(code) for p in PATTERNS)


@pytest.mark.parametrize("code", CODES)
def test_every_code_says_what_it_means_and_who_mends_it(code: str) -> None:
    """An error that says nothing sends its reader to the source."""
    row = CODES[code]
    assert row.message.endswith(".")
    assert len(row.remedy) > 10
    assert re.fullmatch(r"[a-z0-9_]+", row.wire)
    assert 400 <= status_of(row) <= 599


def test_there_are_eight_kinds() -> None:
    """Sorted by who can act; a ninth kind would be one that nobody knows how to act on."""
    kinds = set(VestibuleError.__subclasses__())
    assert kinds == set(KINDS)


def test_a_code_that_is_not_listed_cannot_be_raised() -> None:
    """Otherwise the reference would lie by leaving it out."""
    with pytest.raises(KeyError):
        refusal("no_such_code")


def test_what_comes_from_outside_is_shown_cut_and_without_control_characters() -> None:
    """Want and got end up on pages and in logs."""
    error = refusal("bad_request", got="a\nb\x1b[2J" + "x" * 1000)
    assert error.got is not None
    assert len(error.got) < 520
    assert error.got.isprintable()


def _evidence() -> str:
    names = [p.parent.name for p in (TESTS / "vectors").rglob("case.toml")]
    folders = [p.parent.parent.name for p in (TESTS / "vectors").rglob("case.toml")]
    texts = [p.read_text() for p in TESTS.rglob("test_*.py")]
    return "\n".join([*names, *folders, *texts])


PROTOCOL_CODES = [c for c, row in CODES.items() if issubclass(row.kind, ProtocolError)]
EVIDENCE = _evidence()


@pytest.mark.parametrize("code", PROTOCOL_CODES)
def test_every_protocol_refusal_has_a_case_that_causes_it(code: str) -> None:
    """A check without the attack that it stops may have stopped working long ago."""
    assert EVIDENCE.find(code) >= 0, code


def test_no_exception_is_swallowed_without_a_word() -> None:
    """`except` stands only where it turns a library's error into ours, or says why it goes on."""
    bare = [
        f"{path.name}:{node.lineno}"
        for path, text in SOURCE.items()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ExceptHandler) and node.type is None
    ]
    assert not bare
