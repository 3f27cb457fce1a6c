"""Sessions: how long, by what proof, and what their JWT says."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vestibule.domain.sessions import (
    EmailFactor,
    Factor,
    Session,
    duration,
    factor_document,
    jwt_claims,
    merge_claims,
    until,
    wire_time,
    with_factor,
)
from vestibule.errors import VestibuleError

NOW = datetime(2026, 11, 24, 12, 0, 0, 999_999, tzinfo=UTC)
FACTOR = Factor("registration-1", "external-1", "saml-1", "saml", "ada", NOW, NOW)
SESSION = Session(
    "session-1", "organization-1", "member-1", NOW, NOW, NOW + timedelta(hours=1), (FACTOR,)
)
quiet = settings(derandomize=True, deadline=None, max_examples=200)


@pytest.mark.parametrize(("minutes", "expected"), [(None, 60), (5, 5), (527040, 527040)])
def test_a_session_lasts_what_was_asked_for(minutes: int | None, expected: int) -> None:
    assert duration(minutes) == timedelta(minutes=expected)


@pytest.mark.parametrize("minutes", [4, 0, -5, 527041, 10**20])
def test_a_length_out_of_bounds_is_refused(minutes: int) -> None:
    with pytest.raises(VestibuleError, match="invalid_session_duration_minutes"):
        duration(minutes)


def test_the_project_may_set_a_shorter_limit() -> None:
    assert duration(600, limit=30) == duration(None, limit=30) == timedelta(minutes=30)


def test_proofs_gather_and_the_newer_of_one_connection_counts() -> None:
    later = NOW + timedelta(minutes=9)
    again = replace(FACTOR, created_at=later, last_authenticated_at=later, subject="new")
    other = replace(again, connection_id="oidc-1")
    made = with_factor(with_factor(SESSION, again), other)
    assert made.factors == (replace(again, created_at=NOW), other)
    assert made.connection_ids == {"external-1", "oidc-1"}


def test_no_extension_passes_the_end_of_a_proof() -> None:
    hour = timedelta(hours=1)
    bounded = replace(FACTOR, connection_id="oidc-1", not_after=NOW + hour / 2)
    both = with_factor(SESSION, bounded)
    assert both.expires_at == until(both, NOW + 9 * hour).expires_at == NOW + hour / 2
    assert until(both, NOW + hour / 4).expires_at == NOW + hour / 4
    renewed = with_factor(both, replace(bounded, not_after=NOW + 2 * hour))
    assert until(renewed, NOW + 9 * hour).expires_at == NOW + 2 * hour
    assert until(SESSION, NOW + 9 * hour).expires_at == NOW + 9 * hour


def test_claims_merge_deeply_and_null_deletes() -> None:
    old = {"a": {"b": {"c": 1, "d": 2}, "x": 1}, "gone": 1, "list": [1]}
    new = {"a": {"b": {"c": None, "e": 3}}, "gone": None, "list": [2], "new": {"n": None, "m": 0}}
    assert merge_claims(old, new) == {
        "a": {"b": {"d": 2, "e": 3}, "x": 1}, "list": [2], "new": {"m": 0},
    }  # fmt: skip
    assert merge_claims(old, None) == old
    assert merge_claims({"a": 1}, {"a": {"b": 2}}) == {"a": {"b": 2}}


def test_reserved_claims_are_left_out() -> None:
    reserved = ("iss", "sub", "aud", "exp", "nbf", "iat", "jti", "https://stytch.com/session")
    given = {**dict.fromkeys(reserved, "forged"), "own": 1}
    assert merge_claims({}, given) == {"own": 1}


def test_claims_have_four_kilobytes() -> None:
    assert merge_claims({}, {"k": "x" * (4096 - 8)})
    with pytest.raises(VestibuleError, match="custom_claims_too_large"):
        merge_claims({}, {"k": "x" * (4096 - 7)})
    deep: object = 1
    for _ in range(5000):
        deep = {"a": deep}
    with pytest.raises(VestibuleError, match="custom_claims_too_large"):
        merge_claims({}, {"k": deep})


def claims(session: Session, now: datetime = NOW, **custom: object) -> dict[str, object]:
    return jwt_claims(
        session, project_id="project-1", organization_slug="acme", roles=["stytch_member"],
        custom_claims=custom, now=now,
    )  # fmt: skip


def test_a_jwt_says_who_where_and_by_what_proof() -> None:
    made = claims(SESSION, dept="r-and-d")
    assert (made["iss"], made["aud"], made["sub"]) == (
        "stytch.com/project-1",
        ["project-1"],
        "member-1",
    )
    assert made["iat"] == made["nbf"] == int(NOW.timestamp())
    assert made["exp"] == int(NOW.timestamp()) + 300
    assert made["dept"] == "r-and-d"
    inside = made["https://stytch.com/session"]
    assert isinstance(inside, dict)
    (proof,) = inside["authentication_factors"]
    assert proof["delivery_method"] == "sso_saml"
    assert proof["saml_sso_factor"] == {
        "id": "registration-1", "provider_id": "external-1", "external_id": "ada",
    }  # fmt: skip
    assert inside["started_at"] == "2026-11-24T12:00:00Z" == wire_time(NOW)


@quiet
@given(st.integers(0, 10_000_000), st.integers(-100, 10_000))
def test_a_jwt_never_outlives_its_session(microseconds: int, seconds: int) -> None:
    now = NOW + timedelta(microseconds=microseconds)
    ends = now + timedelta(seconds=seconds)
    made = claims(replace(SESSION, expires_at=ends), now)
    assert isinstance(made["exp"], int)
    assert made["exp"] <= ends.timestamp()
    assert isinstance(made["iat"], int)
    assert made["exp"] <= made["iat"] + 300
    assert made["iat"] <= now.timestamp()


def test_an_audience_of_the_team_stands_beside_the_projects_own() -> None:
    for audience, expected in (
        ("", ["project-1"]),
        ("https://api.example", ["project-1", "https://api.example"]),
        ("project-1", ["project-1"]),
    ):
        made = jwt_claims(
            SESSION, project_id="project-1", organization_slug="acme", roles=[],
            custom_claims={}, now=NOW, audience=audience,
        )  # fmt: skip
        assert made["aud"] == expected


def test_custom_claims_never_stand_for_ours() -> None:
    forged = dict.fromkeys(
        ("iss", "sub", "aud", "exp", "iat", "nbf", "https://stytch.com/session"), "x"
    )
    assert claims(SESSION, **forged) == claims(SESSION)


# --- by e-mail ----------------------------------------------------------------------------------

BARE = replace(SESSION, factors=())
HOUR = timedelta(hours=1)
MAIL = EmailFactor("member-email-1", "ada@example.com", NOW, NOW)


def test_a_proof_by_mail_stands_beside_those_of_connections_and_brings_none() -> None:
    made = with_factor(SESSION, MAIL)
    assert made.proofs == (FACTOR, MAIL)
    assert made.connection_ids == {FACTOR.connection_id}
    assert with_factor(BARE, MAIL).connection_ids == frozenset()


def test_a_proof_by_mail_takes_the_place_of_the_older_one() -> None:
    made = with_factor(BARE, MAIL)
    later = replace(MAIL, created_at=NOW + HOUR, last_authenticated_at=NOW + HOUR)
    again = with_factor(made, later)
    assert again.email == replace(later, created_at=NOW)
    other = replace(later, email_id="member-email-2", email_address="lovelace@example.com")
    assert with_factor(again, other).email == other


def test_a_proof_by_mail_bounds_no_session_and_frees_none_of_its_bounds() -> None:
    bounded = replace(FACTOR, not_after=NOW + HOUR)
    made = with_factor(with_factor(BARE, bounded), MAIL)
    assert until(made, NOW + 9 * HOUR).expires_at == NOW + HOUR
    assert until(with_factor(BARE, MAIL), NOW + 9 * HOUR).expires_at == NOW + 9 * HOUR


def test_a_proof_by_mail_has_the_wires_own_words() -> None:
    assert factor_document(MAIL) == {
        "type": "magic_link",
        "delivery_method": "email",
        "last_authenticated_at": "2026-11-24T12:00:00Z",
        "created_at": "2026-11-24T12:00:00Z",
        "updated_at": "2026-11-24T12:00:00Z",
        "sequence_order": "PRIMARY",
        "email_factor": {"email_id": "member-email-1", "email_address": "ada@example.com"},
    }
