"""Rows of what may give a member a role, turned round: from the reason to the members.

A search by role asks who has one of these reasons; it never reads the documents of those who have
not. The reasons are kept as numbers, drawn from a hash: names of groups have no bound, keys of an
index do. Knows nothing of rules: which reasons give which role is said anew with every search.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from vestibule.domain.attributes import email_domain
from vestibule.domain.members import Member
from vestibule.storage.documents import dump, loader
from vestibule.storage.engine import Prepared
from vestibule.storage.tables import member, registration, role_source

# Two registrations of one member at one connection have the same reason.
_PUT = sa.text(
    "INSERT INTO role_source (source, member_key) VALUES (:source, :member_key)"
    " ON CONFLICT DO NOTHING"
)
_TAKE = Prepared(
    role_source.delete().where(
        role_source.c.source == sa.bindparam("source"),
        role_source.c.member_key == sa.bindparam("member_key"),
    )
)
_STORED = Prepared(
    sa.select(registration.c.document).where(registration.c.registration_id == sa.bindparam("id"))
)
_CHUNK = 1000


@dataclass(frozen=True, slots=True)
class _Groups:
    groups: tuple[str, ...] = ()


_load_groups = loader(_Groups)


def member_key(member_id: str) -> int:
    """The member as a number of 64 bits: what sets of members are made of."""
    return _number(member_id)


def by_hand(organization_id: str, role_id: str) -> int:
    return _number("role", organization_id, role_id)


def by_domain(organization_id: str, domain: str) -> int:
    """The domain of the member's address, as a rule names it."""
    return _number("domain", organization_id, domain)


def by_connection(connection_id: str) -> int:
    return _number("connection", connection_id)


def by_group(connection_id: str, group: str) -> int:
    """A group of the last login through the connection, to the letter."""
    return _number("group", connection_id, group)


def of_member(value: Member) -> set[int]:
    owner = value.organization_id
    given = {by_hand(owner, role_id) for role_id in value.explicit_roles}
    return given | {by_domain(owner, email_domain(value.email_address))}


def of_registration(connection_id: str, groups: Iterable[str]) -> set[int]:
    return {by_group(connection_id, group) for group in groups} | {by_connection(connection_id)}


def change(connection: sa.Connection, member_id: str, old: set[int], new: set[int]) -> None:
    """Let the member have the new reasons instead of the old ones."""
    key = member_key(member_id)
    for source in old - new:
        _TAKE.run(connection, {"source": source, "member_key": key})
    added = [{"source": source, "member_key": key} for source in sorted(new - old)]
    if added:
        connection.execute(_PUT, added)


def stored_groups(connection: sa.Connection, registration_id: str) -> tuple[str, ...] | None:
    """The groups of a registration as it is stored, or None when it is not."""
    row = _STORED.run(connection, {"id": registration_id}).fetchone()
    return _load_groups(row[0]).groups if row else None


def forget_connections(connection: sa.Connection, connection_ids: Sequence[str]) -> None:
    """Before the registrations of these connections go: take away what they gave."""
    sources: set[int] = set()
    query = sa.select(registration.c.connection_id, registration.c.document).where(
        registration.c.connection_id.in_(list(connection_ids))
    )
    for connection_id, document in connection.execute(query):
        sources |= of_registration(connection_id, _load_groups(document).groups)
    left = sorted(sources)
    for begin in range(0, len(left), _CHUNK):
        chosen = role_source.c.source.in_(left[begin : begin + _CHUNK])
        connection.execute(role_source.delete().where(chosen))


def count(connection: sa.Connection, sources: Collection[int]) -> int:
    """How many members have one of the reasons, where nobody has two of them. A deleted member
    keeps them for when they come back, and does not count."""
    found = 0
    left = sorted(sources)
    held = role_source.join(member, member.c.member_key == role_source.c.member_key)
    for begin in range(0, len(left), _CHUNK):
        query = (
            sa.select(sa.func.count())
            .select_from(held)
            .where(
                role_source.c.source.in_(left[begin : begin + _CHUNK]),
                member.c.status != "deleted",
            )
        )
        found += connection.execute(query).scalar_one()
    return found


def held_from(sources: Collection[int]) -> sa.ColumnElement[bool]:
    """Members who have one of the reasons."""
    # Numbers that were made here, written out: as parameters they would cost more than the search.
    listed: sa.ColumnClause[int] = sa.literal_column(f"({', '.join(map(str, sorted(sources)))})")
    chosen = sa.select(role_source.c.member_key).where(role_source.c.source.op("IN")(listed))
    return member.c.member_key.in_(chosen)


def _number(*names: str) -> int:
    digest = hashlib.sha256(dump(names).encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)
