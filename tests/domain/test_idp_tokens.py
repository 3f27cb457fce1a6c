"""The identity provider's tokens: when they are refreshed, and what a refresh leaves."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from vestibule.domain.idp_tokens import IdpTokens, after_grant, after_refusal, is_due

NOW = datetime(2026, 11, 24, tzinfo=UTC)
OLD = IdpTokens("r", "m", "o", "c", "s", "sub", "access", "refresh", "id", ("openid",), NOW)


def test_tokens_are_due_five_minutes_ahead_and_only_if_they_can_be_refreshed() -> None:
    assert is_due(replace(OLD, expires_at=NOW + timedelta(minutes=5)), NOW)
    assert not is_due(replace(OLD, expires_at=NOW + timedelta(minutes=5, microseconds=1)), NOW)
    assert not is_due(replace(OLD, refresh_token=None), NOW)
    assert not is_due(replace(OLD, state="needs_login"), NOW)
    assert not is_due(after_refusal(OLD), NOW)


def test_silence_means_that_the_old_ones_go_on() -> None:
    made = after_grant(
        replace(OLD, state="needs_login"), access_token="new", refresh_token=None, id_token=None,
        scopes=None, expires_at=None, now=NOW,
    )  # fmt: skip
    hour = NOW + timedelta(hours=1)
    assert made == replace(OLD, access_token="new", expires_at=hour, version=2)


def test_what_a_refresh_brings_takes_the_place_of_the_old() -> None:
    made = after_grant(
        OLD,
        access_token="a2",
        refresh_token="r2",
        id_token="i2",
        scopes=(),
        expires_at=NOW,
        now=NOW,
    )
    assert (made.access_token, made.refresh_token, made.id_token) == ("a2", "r2", "i2")
    assert (made.scopes, made.expires_at, made.version) == ((), NOW, 2)
    assert not [secret for secret in ("a2", "r2", "i2") if secret in repr(made)]
