"""What a document changes, who may let it count, and when it is read again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from support.metadata import document, fingerprint, key_pair
from vestibule.domain.connections import SamlConnection, StoredCertificate
from vestibule.domain.idp_metadata import (
    LATEST,
    LONGEST_WAIT,
    MAX_DROPPED,
    SOONEST,
    IdpMetadata,
    Offer,
    after_dismissal,
    after_failure,
    after_offer,
    after_reading,
    apply,
    begin,
    change_id,
    decide,
    diff,
    differs,
    follow,
    next_due,
    offer_of,
    summary,
    vouching,
)
from vestibule.errors import VestibuleError
from vestibule.protocols.saml import SamlIdpMetadata, read_idp_metadata

NOW = datetime(2026, 11, 24, tzinfo=UTC)
ENTITY, SSO = "https://idp.example", "https://idp.example/sso"
POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"


def stored(number: int, **changes: object) -> StoredCertificate:
    pem = key_pair(number).certificate_pem
    value = StoredCertificate(f"id-{number}", pem, "CN=idp", NOW, NOW + timedelta(days=365))
    return replace(value, **changes)  # type: ignore[arg-type]


def connection(*numbers: int, **changes: object) -> SamlConnection:
    value = SamlConnection(
        "c", "o", NOW, NOW, status="active", idp_entity_id=ENTITY, idp_sso_url=SSO,
        attribute_mapping={"email": "NameID"}, idp_metadata_url="https://idp.example/metadata",
        verification_certificates=tuple(stored(n) for n in numbers),
    )  # fmt: skip
    return replace(value, **changes)  # type: ignore[arg-type]


def metadata(*numbers: int, **options: object) -> SamlIdpMetadata:
    entity_id = str(options.pop("entity_id", ENTITY))
    sso_url = str(options.pop("sso_url", SSO))
    pems = [key_pair(n).certificate_pem for n in numbers]
    return read_idp_metadata(document(entity_id, sso_url, pems, **options), now=NOW)  # type: ignore[arg-type]


KNOWN = begin(connection(0), NOW)


def offered(held: SamlConnection, *numbers: int, **options: object) -> Offer:
    return offer_of(held, metadata(*numbers, **options))


def verdict(
    held: SamlConnection, offer: Offer, *, vouched: bool = False, known: IdpMetadata = KNOWN
) -> tuple[str, str]:
    found = decide(known, held, diff(held, offer), vouched=vouched)
    return found.verdict, found.reason


# --- the difference -------------------------------------------------------------------------------


def test_a_certificate_is_added_removed_or_kept_with_its_name_and_dates() -> None:
    held = connection(0, 1)
    changes = diff(held, offered(held, 1, 2))
    assert [(c.kind, c.was, c.becomes) for c in changes] == [
        ("added", "", fingerprint(key_pair(2).certificate_pem)),
        ("removed", fingerprint(key_pair(0).certificate_pem), ""),
        ("kept", *[fingerprint(key_pair(1).certificate_pem)] * 2),
    ]
    assert all(c.subject.startswith("CN=idp-") and c.not_before and c.not_after for c in changes)
    told = summary(changes)
    assert "certificate added" in told
    assert "certificate removed" in told
    assert "kept" not in told


def test_every_field_that_would_change_is_shown() -> None:
    held = connection(0)
    offer = offered(
        held, 0, entity_id="https://other.example", sso_url="https://other.example/sso",
        binding=POST, logout_url="https://other.example/logout",
    )  # fmt: skip
    assert {c.field: (c.was, c.becomes) for c in diff(held, offer) if c.kind == "changed"} == {
        "idp_entity_id": (ENTITY, "https://other.example"),
        "idp_sso_url": (SSO, "https://other.example/sso"),
        "idp_sso_binding": ("redirect", "post"),
        "idp_slo_url": ("", "https://other.example/logout"),
    }


def test_a_document_without_logout_leaves_what_an_administrator_has_set() -> None:
    held = connection(0, idp_slo_url="https://idp.example/by-hand")
    offer = offered(held, 0)
    assert not differs(diff(held, offer))
    new = apply(held, offer, lambda _: stored(0), insecure_http=False, now=NOW)
    assert new.idp_slo_url == "https://idp.example/by-hand"


def test_another_difference_has_another_name() -> None:
    held = connection(0)
    names = {
        change_id(diff(one, offered(one, *numbers)))
        for one, numbers in (
            (held, (0, 1)), (held, (0, 2)), (held, (1,)), (connection(0, 3), (0, 1)),
        )
    }  # fmt: skip
    assert len(names) == 4
    assert change_id(diff(held, offered(held, 0, 1))) == change_id(diff(held, offered(held, 1, 0)))


def test_certificates_that_stay_keep_their_ids() -> None:
    held = connection(0, 1)
    new = apply(held, offered(held, 2, 1), lambda _: stored(2), insecure_http=False, now=NOW)
    assert [c.certificate_id for c in new.verification_certificates] == ["id-1", "id-2"]


def test_a_url_that_is_not_https_is_refused() -> None:
    held = connection(0)
    with pytest.raises(VestibuleError, match="not_https"):
        apply(
            held, offered(held, 0, sso_url="http://idp.example/sso"), lambda _: stored(0),
            insecure_http=False, now=NOW,
        )  # fmt: skip


# --- who may say yes ------------------------------------------------------------------------------


def test_nothing_waits_when_nothing_differs() -> None:
    held = connection(0)
    assert verdict(held, offered(held, 0)) == ("same", "")


@pytest.mark.parametrize(
    ("policy", "vouched", "expected"),
    [
        ("confirm", False, ("wait", "unconfirmed")),
        ("confirm", True, ("apply", "")),
        ("automatic", False, ("apply", "")),
        ("automatic", True, ("apply", "")),
    ],
)
def test_a_new_key_needs_a_voucher_or_the_policy_or_an_administrator(
    policy: str, vouched: bool, expected: tuple[str, str]
) -> None:
    held = connection(0, idp_metadata_policy=policy)
    assert verdict(held, offered(held, 0, 1), vouched=vouched) == expected
    assert verdict(held, offered(held, 0, sso_url=SSO + "2"), vouched=vouched) == expected


def test_another_entity_id_never_counts_by_itself() -> None:
    held = connection(0, idp_metadata_policy="automatic")
    offer = offered(held, 0, entity_id="https://other.example")
    assert verdict(held, offer, vouched=True) == ("wait", "entity_id")


def test_a_certificate_that_was_given_up_comes_back_by_hand_only() -> None:
    held = connection(0, idp_metadata_policy="automatic")
    dropped = follow(KNOWN, connection(0, 1), held, NOW)
    assert dropped is not None
    assert verdict(held, offered(held, 0, 1), vouched=True, known=dropped) == (
        "wait",
        "dropped_before",
    )
    again = follow(dropped, held, connection(0, 1), NOW)
    assert again is not None
    assert again.dropped == ()


def test_a_url_that_was_given_up_comes_back_by_hand_only() -> None:
    held = connection(0, idp_metadata_policy="automatic")
    old = connection(0, idp_sso_url="https://sold.example/sso", idp_slo_url="https://sold.example/")
    known = follow(KNOWN, old, held, NOW)
    assert known is not None
    for options in (
        {"sso_url": "https://sold.example/sso"},
        {"logout_url": "https://sold.example/"},
    ):
        offer = offered(held, 0, **options)
        assert verdict(held, offer, vouched=True, known=known) == ("wait", "dropped_before")


def test_a_certificate_that_has_ended_does_not_vouch() -> None:
    held = connection(0, 1)
    ended = replace(held.verification_certificates[0], expires_at=NOW)
    held = replace(held, verification_certificates=(ended, held.verification_certificates[1]))
    assert [c.certificate_id for c in vouching(held, NOW)] == ["id-1"]


# --- what is remembered ---------------------------------------------------------------------------


def test_what_was_given_up_stays_given_up_under_another_url() -> None:
    first = follow(KNOWN, connection(0, 1), connection(0), NOW)
    moved = follow(first, connection(0), connection(0, idp_metadata_url="https://x.example/"), NOW)
    assert first is not None
    assert moved is not None
    assert moved.dropped == first.dropped != ()
    assert moved.read_at is None
    assert follow(moved, connection(0), connection(0, idp_metadata_url=""), NOW) is None


def test_the_list_of_what_was_given_up_stays_short() -> None:
    known = replace(KNOWN, dropped=tuple(f"{n:064x}" for n in range(MAX_DROPPED)))
    after = follow(known, connection(0, 1), connection(0), NOW)
    assert after is not None
    assert len(after.dropped) == MAX_DROPPED
    assert after.dropped[-1] == fingerprint(key_pair(1).certificate_pem)


def test_a_difference_waits_since_it_was_first_seen() -> None:
    held = connection(0)
    offer = offered(held, 1)
    changes = diff(held, offer)
    first = after_offer(KNOWN, offer, changes, "unconfirmed", NOW)
    again = after_offer(first, offer, changes, "unconfirmed", NOW + timedelta(days=1))
    assert again.waits_since == NOW
    dismissed = after_dismissal(again, change_id(changes))
    assert after_offer(dismissed, offer, changes, "unconfirmed", NOW).offer is None


def test_an_end_that_stays_the_same_is_known_since_it_was_first_seen() -> None:
    later = NOW + timedelta(days=1)
    ends = metadata(0, valid_until="2026-12-24T00:00:00Z")
    first = after_reading(KNOWN, ends, now=NOW, chance=0)
    again = after_reading(first, ends, now=later, chance=0)
    assert (again.valid_until_since, again.read_at) == (NOW, later)
    moved = after_reading(again, metadata(0, valid_until="2026-12-25T00:00:00Z"), now=later,
                          chance=0)  # fmt: skip
    assert moved.valid_until_since == later
    assert after_reading(moved, metadata(0), now=later, chance=0).valid_until_since is None


def test_a_failure_keeps_all_but_the_time_of_the_next_try() -> None:
    known = replace(KNOWN, read_at=NOW, valid_until=NOW + timedelta(days=9))
    failed = after_failure(known, "idp_timeout", "why", now=NOW, chance=0.5)
    assert (failed.read_at, failed.valid_until) == (known.read_at, known.valid_until)
    assert (failed.failures, failed.last_error, failed.failed_at) == (1, "idp_timeout", NOW)
    assert not failed.expired(NOW)
    good = after_reading(failed, metadata(0), now=NOW, chance=0)
    assert (good.failures, good.last_error, good.failed_at) == (0, "", None)


# --- when to read again ---------------------------------------------------------------------------


@pytest.mark.parametrize("chance", [0.0, 0.5, 0.999])
@pytest.mark.parametrize(
    ("options", "wait"),
    [
        ({}, LATEST),
        ({"cache_duration": "PT6H"}, timedelta(hours=6)),
        ({"cache_duration": "PT1S"}, SOONEST),
        ({"cache_duration": "P1Y"}, LATEST),
        ({"valid_until": "2026-11-24T04:00:00Z"}, timedelta(hours=2)),
        ({"valid_until": "2026-11-24T00:00:01Z"}, SOONEST),
        ({"valid_until": "2027-11-24T00:00:01Z", "cache_duration": "PT1H"}, timedelta(hours=1)),
    ],
)
def test_it_is_read_again_when_the_document_says_within_bounds(
    options: dict[str, str], wait: timedelta, chance: float
) -> None:
    due = next_due(metadata(0, **options), now=NOW, chance=chance) - NOW
    assert max(wait * 0.9, SOONEST) <= due <= wait
    if chance == 0:
        assert due == wait


def test_each_failure_waits_longer_up_to_a_cap() -> None:
    known, waits = KNOWN, []
    for _ in range(12):
        known = after_failure(known, "idp_timeout", "", now=NOW, chance=1 - 1e-9)
        waits.append(known.due_at - NOW)
    assert waits == sorted(waits)
    assert waits[0] <= timedelta(minutes=5)
    assert waits[-1] <= LONGEST_WAIT
    shortest = after_failure(KNOWN, "idp_timeout", "", now=NOW, chance=0).due_at - NOW
    assert shortest >= timedelta(minutes=2)
