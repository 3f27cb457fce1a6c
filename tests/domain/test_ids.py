"""Ids that say what they name, and tokens that say nothing."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestibule.domain.ids import KINDS, make_id, make_token, require_kind, token_hash
from vestibule.errors import VestibuleError

_UUID4 = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"


@given(
    st.sampled_from(sorted(KINDS)),
    st.sampled_from(["test", "live"]),
    st.binary(min_size=16, max_size=16),
)
def test_an_id_is_kind_environment_and_uuid(kind: str, environment: str, drawn: bytes) -> None:
    made = make_id(kind, environment, drawn)
    assert re.fullmatch(f"{kind}-{environment}-{_UUID4}", made)
    assert require_kind(made, kind) == made
    assert len(made) <= 80


def test_an_unknown_kind_is_our_own_mistake() -> None:
    with pytest.raises(ValueError, match="no such kind"):
        make_id("door", "test", bytes(16))


@pytest.mark.parametrize(
    "value", ["", "member", "members-1", "organization-test-1", "member-" + "x" * 80]
)
def test_an_id_of_another_kind_is_refused(value: str) -> None:
    with pytest.raises(VestibuleError, match="invalid_id"):
        require_kind(value, "member")


@given(st.binary(min_size=32, max_size=32))
def test_a_token_is_url_safe_and_its_hash_hides_it(drawn: bytes) -> None:
    made = make_token(drawn)
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", made)
    assert len(token_hash(made)) == 32
    assert token_hash(made) != drawn


@given(st.text())
def test_any_text_can_be_looked_up_as_a_token(text: str) -> None:
    assert len(token_hash(text)) == 32
    assert len(token_hash(text + "\ud800")) == 32
