"""The identity provider's tokens: when they are refreshed, and what each try leaves."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from vestibule.domain.idp_tokens import (
    FIRST_WAIT,
    LONGEST_RETRY_AFTER,
    LONGEST_WAIT,
    READERS_WAIT,
    REFRESH_AHEAD,
    REST,
    IdpTokens,
    after_failure,
    after_grant,
    after_login,
    after_refusal,
    due_at,
    falls_short,
    needs_refresh,
    wait_after,
)

NOW = datetime(2026, 11, 24, tzinfo=UTC)
OLD = IdpTokens("r", "m", "o", "c", "s", "sub", "access", "refresh", "id", ("openid",), NOW)
MINUTE = timedelta(minutes=1)
TICK = timedelta(microseconds=1)


def lasting(lifetime: timedelta, **changes: object) -> IdpTokens:
    """Tokens that came NOW."""
    value = replace(OLD, obtained_at=NOW, expires_at=NOW + lifetime)
    return replace(value, **changes)  # type: ignore[arg-type]


def failed(old: IdpTokens = OLD, **changes: object) -> IdpTokens:
    given: dict[str, object] = {"code": "idp_timeout", "now": NOW, "chance": 0.5, **changes}
    return after_failure(old, **given)  # type: ignore[arg-type]


# --- when ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lifetime", "due"),
    [
        (timedelta(hours=24), timedelta(hours=24) - REFRESH_AHEAD),
        (timedelta(hours=1), timedelta(minutes=55)),
        (timedelta(minutes=15), timedelta(minutes=10)),
        (timedelta(minutes=10), timedelta(minutes=10) * 2 / 3),
        (MINUTE, timedelta(seconds=40)),
        (timedelta(seconds=30), REST),
        (timedelta(0), REST),
    ],
)
def test_due_five_minutes_ahead_or_after_two_thirds_of_a_short_life(
    lifetime: timedelta, due: timedelta
) -> None:
    assert due_at(lasting(lifetime)) == NOW + due


def test_tokens_of_unknown_age_are_due_five_minutes_ahead() -> None:
    assert due_at(OLD) == NOW - REFRESH_AHEAD


def test_what_cannot_be_refreshed_is_never_due() -> None:
    for tokens in (replace(OLD, refresh_token=None), after_refusal(OLD, "invalid_grant")):
        assert due_at(tokens) is None
        assert not needs_refresh(tokens, NOW, timedelta(days=1))


def test_after_a_failure_they_are_due_when_the_wait_is_over() -> None:
    tokens = failed(lasting(MINUTE, failures=5), chance=1.0)
    assert due_at(tokens) == tokens.retry_at == NOW + LONGEST_WAIT


def test_a_reader_in_need_does_not_wait_as_long_as_the_worker() -> None:
    """But where the old token will do, and where the provider asked for patience, as long."""
    tokens = failed(replace(OLD, expires_at=NOW + 2 * MINUTE, failures=3), chance=1.0)
    wait, soon = timedelta(seconds=80), NOW + READERS_WAIT
    assert not needs_refresh(tokens, NOW + wait - TICK)
    assert needs_refresh(tokens, NOW + wait)
    for minimum in (4 * MINUTE, timedelta(days=1)):
        assert not needs_refresh(tokens, soon - TICK, minimum)
        assert needs_refresh(tokens, soon, minimum)
    ended = replace(tokens, expires_at=NOW)
    assert not needs_refresh(ended, soon - TICK)
    assert needs_refresh(ended, soon)
    asked = failed(retry_after=MINUTE, chance=0.0)
    assert not needs_refresh(asked, NOW + MINUTE - TICK, timedelta(days=1))
    assert needs_refresh(asked, NOW + MINUTE, timedelta(days=1))


def test_a_reader_refreshes_when_less_than_the_lead_is_left() -> None:
    hour = lasting(timedelta(hours=1))
    assert not needs_refresh(hour, hour.expires_at - REFRESH_AHEAD)
    assert needs_refresh(hour, hour.expires_at - REFRESH_AHEAD + TICK)
    assert needs_refresh(OLD, NOW - REFRESH_AHEAD + TICK)


def test_a_reader_who_names_a_minimum_gets_it() -> None:
    hour = lasting(timedelta(hours=1))
    half = timedelta(minutes=30)
    assert not needs_refresh(hour, NOW + half, half)
    assert needs_refresh(hour, NOW + half + TICK, half)
    assert not needs_refresh(hour, hour.expires_at - TICK, timedelta(0))
    assert needs_refresh(hour, hour.expires_at, timedelta(0))


def test_a_provider_of_shorter_tokens_is_not_asked_again_at_once() -> None:
    short = lasting(MINUTE)
    assert not needs_refresh(short, NOW + REST - TICK, timedelta(hours=1))
    assert needs_refresh(short, NOW + REST, timedelta(hours=1))
    dead = lasting(timedelta(0))
    assert not needs_refresh(dead, NOW)
    assert needs_refresh(dead, NOW + REST)


# --- what may be handed out -----------------------------------------------------------------------


def test_a_valid_token_is_handed_out_whatever_the_last_try_said() -> None:
    for tokens in (failed(), after_refusal(OLD, "invalid_grant"), OLD):
        assert not falls_short(tokens, NOW - TICK)


def test_an_expired_token_is_an_error_where_a_refresh_did_not_work() -> None:
    for tokens in (failed(), after_refusal(OLD, "invalid_grant"), OLD):
        assert falls_short(tokens, NOW)
    assert not falls_short(replace(OLD, refresh_token=None), NOW)


def test_less_than_the_minimum_is_an_error_unless_the_provider_refused_or_gives_no_more() -> None:
    wanted, soon = timedelta(minutes=10), NOW - MINUTE
    assert falls_short(failed(), soon, wanted)
    assert falls_short(OLD, soon, wanted)
    assert not falls_short(failed(), NOW - wanted, wanted)
    assert not falls_short(after_refusal(OLD, "invalid_grant"), soon, wanted)
    assert not falls_short(replace(OLD, refresh_token=None), soon, wanted)
    assert not falls_short(lasting(MINUTE), NOW + REST - TICK, wanted)


# --- what a sign-in and a try leave ---------------------------------------------------------------


def test_a_sign_in_without_a_refresh_token_keeps_the_old_one_if_it_is_of_use() -> None:
    """Google gives one at the first consent only."""
    new = replace(OLD, refresh_token=None, access_token="new")
    assert after_login(new, failed(), NOW) == replace(new, refresh_token="refresh", obtained_at=NOW)
    for old in (None, after_refusal(OLD, "invalid_grant"), replace(OLD, refresh_token=None)):
        assert after_login(new, old, NOW).refresh_token is None
    given = replace(new, refresh_token="r9")
    assert after_login(given, OLD, NOW) == replace(given, obtained_at=NOW)


def test_silence_means_that_the_old_ones_go_on() -> None:
    made = after_grant(
        after_refusal(OLD, "invalid_grant"), access_token="new", refresh_token=None,
        id_token=None, scopes=None, expires_at=None, now=NOW,
    )  # fmt: skip
    assert made == replace(
        OLD, access_token="new", expires_at=NOW + timedelta(hours=1), version=2,
        obtained_at=NOW, last_refreshed_at=NOW,
    )  # fmt: skip


def test_what_a_refresh_brings_takes_the_place_of_the_old() -> None:
    made = after_grant(
        failed(), access_token="a2", refresh_token="r2", id_token="i2", scopes=(),
        expires_at=NOW, now=NOW,
    )  # fmt: skip
    assert (made.access_token, made.refresh_token, made.id_token) == ("a2", "r2", "i2")
    assert (made.scopes, made.expires_at, made.version) == ((), NOW, 2)
    assert (made.state, made.failures, made.last_error) == ("current", 0, None)
    assert (made.retry_at, made.not_before) == (None, None)
    assert not [secret for secret in ("a2", "r2", "i2") if secret in repr(made)]


def test_neither_a_refusal_nor_a_failure_moves_the_version() -> None:
    refused, tried = after_refusal(failed(), "invalid_grant"), failed(failed())
    assert refused == replace(OLD, state="needs_login", failures=1, last_error="invalid_grant")
    assert (tried.version, tried.state, tried.failures) == (1, "retrying", 2)
    assert tried.last_error == "idp_timeout"
    assert (tried.access_token, tried.refresh_token) == ("access", "refresh")


def test_a_new_refresh_token_is_kept_though_the_rest_cannot_be_used() -> None:
    kept = failed(refresh_token="r2")
    assert (kept.refresh_token, kept.access_token, kept.version) == ("r2", "access", 2)
    assert kept.state == "retrying"


# --- how long to wait -----------------------------------------------------------------------------


def test_waits_grow_to_a_cap_and_are_left_to_chance() -> None:
    longest = [wait_after(failures, 1.0) for failures in range(1, 50)]
    assert longest[0] == FIRST_WAIT
    assert longest[1] == 2 * FIRST_WAIT
    assert longest == sorted(longest)
    assert set(longest[5:]) == {LONGEST_WAIT}
    assert wait_after(3, 0.5) == 2 * FIRST_WAIT
    assert wait_after(1, 0.0) == timedelta(seconds=1)


def test_what_the_provider_asks_for_is_waited_for_within_a_bound() -> None:
    asked = timedelta(minutes=7)
    assert wait_after(1, 0.0, asked) == asked
    assert wait_after(1, 0.5, asked) == asked + FIRST_WAIT / 2
    assert wait_after(1, 0.0, timedelta(days=9)) == LONGEST_RETRY_AFTER
    assert wait_after(2, 0.5, timedelta(0)) == FIRST_WAIT
