"""How long somebody who guesses is kept waiting, and when a visit ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from vestibule.domain.operators import (
    Failures,
    OperatorSession,
    after_failure,
    check_name,
    check_password,
    csrf_key,
)
from vestibule.errors import VestibuleError

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def test_the_fifth_wrong_try_begins_a_pause_that_doubles_up_to_an_hour() -> None:
    known = Failures()
    pauses = []
    for _ in range(30):
        known = after_failure(known, NOW)
        pauses.append(known.wait(NOW))
    assert pauses[:4] == [0] * 4
    assert pauses[4:13] == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]
    assert set(pauses[13:]) == {3600}


def test_a_pause_is_told_in_whole_seconds_and_never_too_short() -> None:
    known = Failures(5, NOW + 10 * SECOND)
    assert known.wait(NOW + 0.5 * SECOND) == 10
    assert known.wait(NOW + 9.9 * SECOND) == 1
    assert known.wait(NOW + 10 * SECOND) == 0


def test_a_visit_ends_at_the_earlier_of_two_moments() -> None:
    fresh = OperatorSession("o", NOW, NOW)
    assert fresh.expires_at == NOW + timedelta(hours=1)
    late = OperatorSession("o", NOW, NOW + timedelta(hours=11, minutes=30))
    assert late.expires_at == NOW + timedelta(hours=12)


def test_a_password_has_at_least_twelve_characters_and_is_not_the_address() -> None:
    assert check_password("twelve chars", "a@b.example") == "twelve chars"
    assert check_password("ß" * 6 + "abcdef", "a@b.example")
    for password in ("elevenchars", "x" * 201, " Ada@ops.example", "abababababab"):
        with pytest.raises(VestibuleError, match="operator_password_unfit"):
            check_password(password, "ada@ops.example")


def test_a_name_is_shown_as_it_is_and_hides_nothing() -> None:
    assert check_name("  Ada Lovelace ") == "Ada Lovelace"
    for name in ("", "   ", "a\nb", "a\u202eb", "x" * 129):
        with pytest.raises(VestibuleError, match="field_invalid"):
            check_name(name)


def test_the_key_of_the_forms_follows_from_the_token_alone() -> None:
    assert csrf_key("token") == csrf_key("token")
    assert csrf_key("token") != csrf_key("tokem")
    assert "token" not in csrf_key("token")
    assert len(csrf_key("token")) == 43
