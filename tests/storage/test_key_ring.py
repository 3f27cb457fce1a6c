"""The key ring: what it seals opens for one row, with one of its keys, and unchanged only."""

from __future__ import annotations

import base64
import stat
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vestibule.errors import VestibuleError
from vestibule.storage.sealed import KeyRing, create_key_file, read_key_ring

OLD, NEW = b"o" * 32, b"n" * 32
SEALED = KeyRing([OLD]).seal(b"secret", "session 1")

quiet = settings(derandomize=True, deadline=None)


@quiet
@given(st.binary(max_size=300), st.text(max_size=40).filter(lambda text: text.isprintable()))
def test_what_is_sealed_opens_for_its_row(secret: bytes, row: str) -> None:
    ring = KeyRing([OLD])
    sealed = ring.seal(secret, row)
    assert ring.open(sealed, row) == secret
    assert len(secret) < 8 or secret not in sealed


def test_the_same_secret_never_looks_the_same() -> None:
    ring = KeyRing([OLD])
    assert len({ring.seal(b"secret", "row") for _ in range(50)}) == 50


def test_after_a_rotation_the_old_key_opens_and_the_new_one_seals() -> None:
    rotated = KeyRing([NEW, OLD])
    assert rotated.open(SEALED, "session 1") == b"secret"
    again = rotated.seal(b"secret", "session 1")
    assert KeyRing([NEW]).open(again, "session 1") == b"secret"
    with pytest.raises(VestibuleError, match="sealed_value_unreadable"):
        KeyRing([OLD]).open(again, "session 1")


@pytest.mark.parametrize("row", ["session 2", "session 1 ", "session", "", "signing_key 1"])
def test_another_row_does_not_open(row: str) -> None:
    with pytest.raises(VestibuleError, match="sealed_value_unreadable"):
        KeyRing([OLD]).open(SEALED, row)


def test_another_ring_does_not_open() -> None:
    with pytest.raises(VestibuleError, match="sealed_value_unreadable"):
        KeyRing([NEW]).open(SEALED, "session 1")


def test_a_truncated_value_is_refused() -> None:
    for length in range(len(SEALED)):
        with pytest.raises(VestibuleError, match="sealed_value_unreadable"):
            KeyRing([OLD]).open(SEALED[:length], "session 1")


@quiet
@given(st.integers(0, len(SEALED) - 1), st.integers(1, 255))
def test_a_changed_byte_is_refused(place: int, change: int) -> None:
    changed = bytearray(SEALED)
    changed[place] ^= change
    with pytest.raises(VestibuleError, match="sealed_value_unreadable"):
        KeyRing([OLD]).open(bytes(changed), "session 1")


@quiet
@given(st.binary(max_size=200))
def test_whatever_stands_in_the_column_is_opened_or_refused(value: bytes) -> None:
    for start in (b"", SEALED[:9]):
        with pytest.raises(VestibuleError, match="sealed_value_unreadable"):
            KeyRing([OLD]).open(start + value, "session 1")


@pytest.mark.parametrize("keys", [[], [b""], [b"k" * 31], [b"k" * 33], [OLD, b"k" * 16]])
def test_a_ring_needs_keys_of_32_bytes(keys: list[bytes]) -> None:
    with pytest.raises(VestibuleError, match="root_key_missing"):
        KeyRing(keys)


def test_a_key_file_is_new_secret_and_readable(tmp_path: Path) -> None:
    first, second = tmp_path / "first.key", tmp_path / "second.key"
    create_key_file(first)
    create_key_file(second)
    assert stat.S_IMODE(first.stat().st_mode) == 0o600
    assert first.read_text() != second.read_text()
    assert len(base64.b64decode(first.read_text())) == 32
    sealed = read_key_ring(first.read_text()).seal(b"secret", "row")
    assert read_key_ring(second.read_text() + first.read_text()).open(sealed, "row") == b"secret"


def test_a_key_file_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "root.key"
    create_key_file(path)
    before = path.read_text()
    with pytest.raises(FileExistsError):
        create_key_file(path)
    dangling = tmp_path / "link.key"
    dangling.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FileExistsError):
        create_key_file(dangling)
    assert path.read_text() == before


@pytest.mark.parametrize("text", ["", "\n", "not base64!", "c2hvcnQ=", "é"])
def test_a_key_file_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(VestibuleError, match="root_key_missing"):
        read_key_ring(text)
