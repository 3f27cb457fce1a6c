"""What is a key, what makes two requests one, and what somebody gets who comes with a key."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from vestibule.domain.idempotency import (
    KEPT,
    LEASE,
    Answer,
    Claim,
    decide,
    fingerprint,
    is_final,
    key_hash,
    read_key,
)
from vestibule.errors import VestibuleError

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
HELD = Claim("project-test-1", b"k" * 32, b"f" * 32, b"h" * 16, NOW + LEASE, NOW + KEPT)
MINE = replace(HELD, holder=b"m" * 16)
ANSWER = Answer(200, b"{}")


@pytest.mark.parametrize(
    ("value", "key"),
    [
        ("8e03978e-40d5-43dd-bc93-6894a57f9324", "8e03978e-40d5-43dd-bc93-6894a57f9324"),
        ('"8e03978e"', "8e03978e"),
        (r'"a \"b\" \\c"', r'a "b" \c'),
        ("two words", "two words"),
        ('inside"quote', 'inside"quote'),
        ("x" * 255, "x" * 255),
        (f'"{"x" * 255}"', "x" * 255),
    ],
)
def test_a_key_is_the_text_bare_or_in_quotes(value: str, key: str) -> None:
    assert read_key(value) == key


@pytest.mark.parametrize(
    "value",
    ["", '""', '"', '"a', '"a" ', '"a"b"', r'"a\b"', r'"a\"', "a\tb", "a\x7f", "é", "x" * 256,
     f'"{"x" * 256}"'],
)  # fmt: skip
def test_what_is_no_key_is_refused(value: str) -> None:
    with pytest.raises(VestibuleError, match="idempotency_key_invalid"):
        read_key(value)


def test_two_requests_are_one_only_if_every_part_is_the_same() -> None:
    parts = (b"POST", b"/v1/b2b/organizations", b"", b"{}", b"session", b"")
    same = fingerprint("key", *parts)
    assert fingerprint("key", *parts) == same
    others = {fingerprint("other", *parts), key_hash("key")}
    for at, part in enumerate(parts):
        others.add(fingerprint("key", *parts[:at], part + b"x", *parts[at + 1 :]))
    # What stands at the border of two parts belongs to one of them.
    others.add(fingerprint("key", b"POS", b"T/v1/b2b/organizations", *parts[2:]))
    others.add(fingerprint("key", *parts[:4], b"", b"session"))
    assert same not in others
    assert len(others) == len(parts) + 4


@pytest.mark.parametrize("status", [200, 400, 403, 404, 413, 422])
def test_an_answer_that_the_request_caused_is_kept(status: int) -> None:
    assert is_final(Answer(status, b""))


@pytest.mark.parametrize("status", [401, 409, 429, 500, 502, 503, 504])
def test_an_answer_that_may_be_another_one_the_next_time_is_not_kept(status: int) -> None:
    assert not is_final(Answer(status, b""))


def test_a_new_key_runs() -> None:
    assert decide(None, None, MINE, NOW) is None


def test_the_same_request_gets_the_same_answer_until_the_key_is_forgotten() -> None:
    assert decide(HELD, ANSWER, MINE, HELD.expires_at - SECOND) is ANSWER
    assert decide(HELD, ANSWER, MINE, HELD.expires_at) is None


def test_another_request_with_the_key_is_refused_answered_or_not() -> None:
    other = replace(MINE, fingerprint=b"o" * 32)
    for answer in (ANSWER, None):
        for now in (NOW, HELD.lease_until + SECOND):
            with pytest.raises(VestibuleError, match="idempotency_key_reused"):
                decide(HELD, answer, other, now)
    assert decide(HELD, ANSWER, other, HELD.expires_at) is None


def test_while_the_first_one_runs_the_second_is_told_when_to_come_again() -> None:
    with pytest.raises(VestibuleError, match="idempotency_key_in_use") as caught:
        decide(HELD, None, MINE, HELD.lease_until - SECOND)
    assert caught.value.retry_after == 1


def test_a_claim_that_nobody_answered_runs_out() -> None:
    assert decide(HELD, None, MINE, HELD.lease_until) is None
