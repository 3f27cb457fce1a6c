"""What ends is told at sixty, thirty, fourteen, seven days and one, and never in between."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from vestibule.domain.connections import (
    ExternalConnection,
    OidcConnection,
    SamlConnection,
    SigningKeyPair,
    StoredCertificate,
)
from vestibule.domain.expiry_notices import (
    DAYS,
    METADATA_DAYS,
    Expiring,
    certificates,
    due_notice,
    first_metadata_notice,
    first_notice,
    next_notice,
    of_metadata,
)
from vestibule.domain.idp_metadata import IdpMetadata

NOW = datetime(2026, 11, 24, tzinfo=UTC)
DAY = timedelta(days=1)
TICK = timedelta(microseconds=1)


def ending(left: timedelta, **options: object) -> Expiring:
    return Expiring("idp_certificate", "x", NOW + left, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("left", "days"),
    [
        (61 * DAY, None), (60 * DAY + TICK, None), (60 * DAY, 60), (31 * DAY, 60), (30 * DAY, 30),
        (15 * DAY, 30), (14 * DAY, 14), (8 * DAY, 14), (7 * DAY, 7), (2 * DAY, 7), (DAY, 1),
        (0 * DAY, 1), (-400 * DAY, 1),
    ],
)  # fmt: skip
def test_the_nearest_of_the_days_that_have_come_is_told(left: timedelta, days: int | None) -> None:
    assert due_notice(ending(left), NOW) == days


def test_after_the_last_word_there_is_nothing_to_tell() -> None:
    assert next_notice([ending(DAY)], NOW) is None
    assert next_notice([ending(-DAY)], NOW) is None
    assert next_notice([], NOW) is None
    assert next_notice([ending(100 * DAY), ending(50 * DAY)], NOW) == NOW + 20 * DAY


def test_each_day_is_told_once_on_the_way_to_the_end() -> None:
    one, at, told = ending(100 * DAY), NOW, []
    while (following := next_notice([one], at)) is not None:
        at = following
        told.append(due_notice(one, at))
    assert tuple(told) == DAYS


def test_metadata_that_lives_for_a_week_is_not_announced_a_month_ahead() -> None:
    week = ending(7 * DAY, days=METADATA_DAYS, since=NOW)
    assert due_notice(week, NOW) is None
    assert due_notice(week, NOW + 6 * DAY) == 1
    assert due_notice(week, NOW + 7 * DAY) == 0
    known = IdpMetadata("c", "u", NOW, valid_until=NOW + 7 * DAY, valid_until_since=NOW)
    assert first_metadata_notice(known) == NOW + 6 * DAY
    assert of_metadata(IdpMetadata("c", "u", NOW)) == ()


def certificate(left: timedelta) -> StoredCertificate:
    return StoredCertificate("i", "QUJD", "CN=x", NOW, NOW + left)


def test_the_first_word_is_due_by_what_ends_first() -> None:
    keys = (SigningKeyPair(certificate(90 * DAY), ""), SigningKeyPair(certificate(DAY), ""))
    saml = SamlConnection("c", "o", NOW, NOW, signing_keys=keys)
    assert first_notice(saml) == NOW + 30 * DAY
    theirs = (certificate(200 * DAY), certificate(70 * DAY))
    both = SamlConnection("c", "o", NOW, NOW, signing_keys=keys, verification_certificates=theirs)
    assert first_notice(both) == NOW + 10 * DAY
    assert [one.kind for one in certificates(both)] == [
        "idp_certificate",
        "idp_certificate",
        "our_certificate",
    ]


def test_the_key_of_an_openid_connection_ends_too() -> None:
    bare = OidcConnection("c", "o", NOW, NOW)
    assert first_notice(bare) is None
    keyed = OidcConnection("c", "o", NOW, NOW, client_key=SigningKeyPair(certificate(60 * DAY), ""))
    assert first_notice(keyed) == NOW
    assert certificates(ExternalConnection("c", "o", NOW, NOW, "p", "s")) == ()
