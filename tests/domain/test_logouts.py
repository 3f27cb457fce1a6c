"""Whose session a provider means: names to the letter, indexes, and what one sign-in began."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from vestibule.domain.logouts import HeardLogout, IdpSession, has_ended, name_hash, those_meant

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
IDP, SP = "https://idp.example", "https://sp.example"
EMAIL = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
UNSPECIFIED = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"
HELD = IdpSession("ada@northwind.example", EMAIL, "", "", "_1", NOW)


def meant(held: IdpSession, named: IdpSession, *indexes: str) -> bool:
    return held in those_meant([held], named, indexes, idp=IDP, sp=SP)


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        ({}, True),
        ({"name_id_format": ""}, True),
        ({"name_id_format": UNSPECIFIED}, True),
        ({"name_qualifier": IDP, "sp_name_qualifier": SP}, True),
        ({"session_index": "", "authenticated_at": None}, True),
        ({"name_id": "Ada@northwind.example"}, False),
        ({"name_id": "ada@northwind.example\u00a0"}, False),
        ({"name_id_format": "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"}, False),
        ({"name_qualifier": SP}, False),
        ({"sp_name_qualifier": IDP}, False),
    ],
)
def test_a_name_is_compared_to_the_letter_and_with_what_is_left_open(
    changes: dict[str, str], same: bool
) -> None:
    other = replace(HELD, **changes)  # type: ignore[arg-type]
    assert meant(HELD, other) is same
    assert meant(other, HELD) is same


def test_an_index_names_its_session_what_began_with_it_and_what_has_none() -> None:
    named = IdpSession(HELD.name_id)
    began_with_it = replace(HELD, session_index="_2")
    without = replace(HELD, session_index="", authenticated_at=NOW + timedelta(hours=1))
    later = replace(HELD, session_index="_3", authenticated_at=NOW + timedelta(seconds=1))
    timeless = replace(HELD, session_index="_4", authenticated_at=None)
    stranger = replace(HELD, name_id="eve")
    held = [HELD, began_with_it, without, later, timeless, stranger]

    def ended(named: IdpSession, *indexes: str) -> set[IdpSession]:
        return set(those_meant(held, named, indexes, idp=IDP, sp=SP))

    assert ended(named, "_1") == {HELD, began_with_it, without}
    assert ended(named, "_3", "_4") == {later, timeless, without}
    assert ended(named, "_unknown") == {without}
    assert ended(named) == set(held) - {stranger}
    # When we ask ourselves, we know when the session began.
    assert ended(HELD, "_gone") == {HELD, began_with_it, without}


def test_what_signed_in_before_a_logout_has_ended_whenever_it_arrives() -> None:
    heard = HeardLogout(IdpSession(HELD.name_id), (), NOW + timedelta(minutes=1), NOW)
    assert has_ended(HELD, heard, idp=IDP, sp=SP)
    assert not has_ended(replace(HELD, name_id="eve"), heard, idp=IDP, sp=SP)
    after = replace(HELD, authenticated_at=heard.issued_at)
    assert not has_ended(after, heard, idp=IDP, sp=SP)
    assert not has_ended(replace(HELD, authenticated_at=None), heard, idp=IDP, sp=SP)
    assert has_ended(HELD, replace(heard, indexes=("_1", "_2")), idp=IDP, sp=SP)
    assert not has_ended(HELD, replace(heard, indexes=("_2",)), idp=IDP, sp=SP)


def test_the_same_name_at_two_connections_is_two_names() -> None:
    hashes = {name_hash("door-1", "ada"), name_hash("door-2", "ada"), name_hash("door-1", "eve")}
    assert len(hashes | {name_hash("door-1", "ada")}) == 3
