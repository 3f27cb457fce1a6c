"""A test login: what its link stands for, through which settings it goes, and what it found out.

Owns values alone. That a test lets nobody in is the business of `services.logins`; what a person
would be let in as is decided where every login decides it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from vestibule.domain.connections import SamlConnection, SourceConnection, missing_parts
from vestibule.errors import refusal

LINK_LIFETIME = timedelta(minutes=10)

# As the member whom the connection knows, as one whom the address names, or as a new one.
Enters = Literal["registered", "linked", "created"]


@dataclass(frozen=True, slots=True)
class TestedSettings:
    """Which settings a test login tries: a draft, by its id, or the connection as it is live.
    `back` is the page of ours from which it was begun, "" for none."""

    draft_id: str | None = None
    back: str = ""


@dataclass(frozen=True, slots=True)
class TestLink:
    """What the one-time token of a test URL stands for; the token itself is stored hashed."""

    project_id: str
    organization_id: str
    connection_id: str
    settings: TestedSettings
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class TestReport:
    """Who the person would have been. `member_id` is "" for one who would be created."""

    enters: Enters
    member_id: str
    subject: str
    email: str
    name: str = ""
    groups: tuple[str, ...] = ()
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    roles: tuple[str, ...] = ()
    session_roles: tuple[str, ...] = ()


def require_startable(source: SourceConnection) -> None:
    """Refuse settings with which a test could not even begin. What is missing further on, the
    test itself tells.

    Raises:
        sso_test_settings_missing
    """
    missing = missing_parts(source)
    if isinstance(source, SamlConnection):
        missing = tuple(name for name in missing if name in ("idp_entity_id", "idp_sso_url"))
    if missing:
        raise refusal("sso_test_settings_missing", want=", ".join(missing), got="nothing")
