"""How the databases mean to find what every login and every search asks for: never by reading a
whole table that grows.

Each database holds some hundred rows of everything, so that its planner has a choice; PostgreSQL
has counted them, SQLite never does. The plan is read for every statement as it reaches the
database; deletions by cascade show in no plan, so there the columns that refer are looked at.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from storage import values
from storage.test_schema import plan, recorded
from storage.values import LATER, NOW, PROJECT, hashed
from vestibule.domain.idempotency import Answer, Claim
from vestibule.domain.logouts import HeardLogout, IdpSession, LogoutAttempt
from vestibule.storage import Store, Tx, role_sources
from vestibule.storage import members as of_members
from vestibule.storage import organizations as of_organizations
from vestibule.storage.tables import metadata

BIG = frozenset({
    "member", "member_email", "registration", "role_source", "connection", "organization",
    "organization_domain", "session", "session_connection", "intermediate_session", "sso_token",
    "idp_tokens", "login_attempt", "logout_attempt", "heard_logout", "login_trace",
    "seen_assertion", "audit_event", "idempotency_key",
})  # fmt: skip
# A part of an address may stand anywhere, so every address is looked at, in an index that holds
# nothing else; and what has expired is one end of an index.
READ_THROUGH: dict[str, set[str]] = {
    "organizations by a part of a member's address": {"ix_member_email_email_key"},
    "end of what has expired": {
        "session", "intermediate_session", "login_attempt", "sso_token", "seen_assertion",
        "login_trace", "logout_attempt", "heard_logout", "idempotency_key",
    },
}  # fmt: skip
KEY = hashed("x")
CLAIM = Claim(PROJECT, KEY, KEY, b"h" * 16, NOW, LATER)
AFTER = (1, "organization-1")


def members(*conditions: of_members.Condition, after: Any = None) -> Callable[[Tx], object]:
    return lambda tx: tx.members.search(
        ["o"], conditions, match_all=True, with_deleted=False, after=after, limit=100
    )


def organizations(
    *conditions: of_organizations.Condition, after: Any = None
) -> Callable[[Tx], object]:
    return lambda tx: tx.organizations.search(
        PROJECT, conditions, match_all=True, after=after, limit=100
    )


ASKED: dict[str, Callable[[Tx], object]] = {
    # a login, from start to session
    "route of a connection": lambda tx: tx.connections.route(PROJECT, "c"),
    "source of a callback": lambda tx: tx.connections.source_route("c"),
    "use of an attempt": lambda tx: tx.logins.take_attempt(KEY, NOW),
    "memory of an assertion": lambda tx: tx.logins.remember_assertion("c", "a", LATER),
    "registration by subject": lambda tx: tx.members.find_by_subject("c", "s"),
    "member by address": lambda tx: tx.members.find_by_email("o", "a@x.example"),
    "registrations of a member": lambda tx: tx.members.registrations("m"),
    "use of a token": lambda tx: tx.logins.take_token(KEY, NOW),
    "end of a trace": lambda tx: tx.logins.finish_trace("t", NOW),
    "a trace": lambda tx: tx.logins.find_trace("o", "t"),
    "traces": lambda tx: tx.logins.traces("o", 10),
    "session by token": lambda tx: tx.sessions.find_by_token(PROJECT, KEY, NOW),
    "session by id": lambda tx: tx.sessions.find_by_id(PROJECT, "s", NOW),
    "sessions of a member": lambda tx: tx.sessions.of_member("m", NOW),
    "sessions of a provider's name": lambda tx: tx.logouts.sessions_of(KEY),
    "end of a name's tokens": lambda tx: tx.logouts.delete_tokens(KEY),
    "logouts heard of a name": lambda tx: tx.logouts.heard(KEY, NOW),
    "a logout under way": lambda tx: (tx.logouts.find("k", NOW), tx.logouts.take("k", NOW)),
    "touch of a session": lambda tx: tx.sessions.touch("s", NOW),
    "use of an intermediate session": lambda tx: tx.sessions.take_intermediate(KEY, NOW),
    "tokens of a member": lambda tx: tx.idp_tokens.of_member("m"),
    # what an application asks for
    "credential by secret": lambda tx: tx.projects.authenticate("secret", KEY),
    "signing keys": lambda tx: tx.keys.live(PROJECT, NOW),
    "request of a key": lambda tx: tx.idempotency.find(PROJECT, KEY),
    "takeover of a key": lambda tx: tx.idempotency.put(CLAIM, instead_of=CLAIM),
    "answer to a request": lambda tx: tx.idempotency.answer(CLAIM, Answer(200, b""), LATER),
    "end of a key": lambda tx: tx.idempotency.release(CLAIM),
    "organization by any name": lambda tx: tx.organizations.find_by_any(PROJECT, "o"),
    "organizations by any name": lambda tx: tx.organizations.find_all_by_any(PROJECT, ["o", "p"]),
    "active connections": lambda tx: tx.organizations.active_connections("o"),
    "active connections of many": lambda tx: tx.organizations.active_connections_of(["o", "p"]),
    "number of members": lambda tx: tx.organizations.count_members("o"),
    "number of connections": lambda tx: tx.connections.count("o"),
    "connections of an organization": lambda tx: tx.connections.all_of("o"),
    "a connection": lambda tx: tx.connections.find("o", "c"),
    "dependants of a connection": lambda tx: tx.connections.dependants("c"),
    "a second External connection": lambda tx: tx.connections.external_exists("o", "c"),
    "rules of connections": lambda tx: tx.connections.rules_of(["o", "p"]),
    "member by id": lambda tx: tx.members.find("o", "m"),
    "member anywhere": lambda tx: tx.members.find_anywhere(PROJECT, "m"),
    "member by external id": lambda tx: tx.members.find_by_external_id("o", "e"),
    "registrations of members": lambda tx: tx.members.registrations_of(["m", "n"]),
    "audit events": lambda tx: tx.audit.latest("o", 10),
    # the searches
    "page of members": members(),
    "later page of members": members(after=AFTER),
    "members by id": members(of_members.with_ids(["m", "n"])),
    "members by address": members(of_members.with_emails(["a@x.example"])),
    "members by a part of the address": members(of_members.email_contains("x.exa")),
    "members by status": members(of_members.with_statuses(["invited"])),
    "members for emergencies": members(of_members.is_breakglass(True)),
    "members by phone number": members(of_members.with_phone_numbers(["+15005550006"])),
    "members by a part of it": members(of_members.phone_number_contains("5550")),
    "members by role": members(role_sources.held_from(range(500))),
    "page of organizations": organizations(),
    "later page of organizations": organizations(after=AFTER),
    "organizations by id": organizations(of_organizations.with_ids(["o", "p"])),
    "organizations by slug": organizations(of_organizations.with_slugs(["o", "p"])),
    "organizations by a part of the name": organizations(of_organizations.name_contains("abc")),
    "organizations by a member's address": organizations(
        of_organizations.with_member_emails(["a@x.example"])
    ),
    "organizations by a part of a member's address": organizations(
        of_organizations.member_email_contains("x.exa")
    ),
    "organizations by domain": organizations(of_organizations.with_domains("allowed", ["x.org"])),
    "organizations by connection": organizations(of_organizations.with_connection("c")),
    "organizations with an open door": organizations(of_organizations.with_active_connection(True)),
    # endings
    "end of sessions": lambda tx: tx.connections.end_sessions(["c"]),
    "end of a member's sessions": lambda tx: tx.sessions.delete_of_member("m"),
    "end of a session": lambda tx: tx.sessions.delete("s"),
    "end of a connection": lambda tx: tx.connections.delete(["c"]),
    "end of tokens": lambda tx: tx.logins.delete_tokens_of_connections(["c"]),
    "end of a member's tokens": lambda tx: tx.logins.delete_tokens_of_member("m"),
    "end of a provider's tokens": lambda tx: tx.idp_tokens.delete_of_member("m"),
    "end of an organization": lambda tx: tx.organizations.delete("o"),
    "end of what has expired": lambda tx: (
        tx.logins.delete_expired(NOW, NOW), tx.sessions.delete_expired(NOW),
        tx.logouts.delete_expired(NOW), tx.idempotency.delete_expired(NOW),
    ),
}  # fmt: skip


async def fill(store: Store) -> None:
    """540 members and 240 connections of 60 organizations, with what logins leave behind. More than
    half of the members are those of the organization that is asked for."""

    def work(tx: Tx) -> None:
        tx.idempotency.put(CLAIM)
        for n in range(60):
            owner = values.organization(f"Organization {n}")
            if n == 0:
                owner = replace(owner, organization_id="o")
            tx.organizations.insert(owner)
            doors = [values.saml(owner.organization_id) for _ in range(4)]
            for door in doors:
                tx.connections.insert(door)
            for m in range(4 if n else 304):
                person = values.member(owner.organization_id, explicit_roles=("editor",))
                tx.members.insert(person, PROJECT)
                door_id = doors[m % 4].connection_id
                tx.members.put_registration(values.registration(person, door_id))
                name = f"{n} {m}"
                tx.sessions.insert(values.session(person, door_id), "token", hashed(name))
                tx.sessions.put_intermediate(hashed(name), values.intermediate(person, door_id))
                tx.logins.put_token(hashed(name), values.sso_token(person, door_id))
                tx.logins.put_trace(values.trace(owner.organization_id))
                tx.logins.put_attempt(hashed(name), values.attempt())
                tx.logins.remember_assertion(door_id, name, LATER)
                here = IdpSession(name)
                tx.logouts.put(name, LogoutAttempt("p", "o", "m", door_id, here, "", NOW, LATER))
                tx.logouts.hear(hashed(name), name, HeardLogout(here, (), NOW, LATER))
                tx.audit.insert(values.audit_event(owner.organization_id))
                tx.idempotency.put(replace(CLAIM, key_hash=hashed(name)))

    await store.write(work)


_SETTLED = sa.text("SELECT relallvisible >= relpages FROM pg_class WHERE relname = 'member'")


@pytest.fixture
def filled(store: Store) -> Store:
    asyncio.run(fill(store))
    engine = store.engine.engine
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            # The server's own vacuum may look at the same rows, and then they are not yet seen as
            # settled: an index alone would not do to read them.
            for _ in range(100):
                connection.execute(sa.text("VACUUM ANALYZE"))
                if connection.execute(_SETTLED).scalar_one():
                    break
            else:
                raise AssertionError("the rows of members never settled")
    return store


def read_whole(lines: list[str]) -> set[str]:
    """The tables and indexes that a plan reads from end to end, or from some point to the end."""
    found = set()
    for at, line in enumerate(lines):
        # SQLite: SCAN, or a SEARCH whose index is entered by an inequality.
        if scan := re.match(r"SCAN (\w+)(?: USING (?:COVERING )?INDEX (\w+))?", line):
            found.add(scan[2] or scan[1])
        if scan := re.match(r"SEARCH (\w+) USING .*\(\w+[<>]", line):
            found.add(scan[1])
        # PostgreSQL: Seq Scan, or an index without a condition of its own, or with such a one.
        if scan := re.search(r"Seq Scan on (\w+)", line):
            found.add(scan[1])
        if scan := re.search(r"Index (?:Only )?Scan using (\w+) on (\w+)", line):
            condition = lines[at + 1] if at + 1 < len(lines) else ""
            if "Index Cond" not in condition or not re.search(r" = |= ANY", condition):
                found.add(scan[1] if "Index Cond" not in condition else scan[2])
    return found


def test_nothing_that_is_asked_often_reads_a_whole_table(filled: Store) -> None:
    async def statements(asked: Callable[[Tx], object]) -> list[tuple[str, Any]]:
        with recorded(filled) as seen:
            await filled.write(asked)
        return [one for one in seen if one[0].startswith(("SELECT", "UPDATE", "DELETE", "INSERT"))]

    slow: dict[str, list[str]] = {}
    for name, asked in ASKED.items():
        seen = asyncio.run(statements(asked))
        assert seen, name
        for statement, parameters in seen:
            lines = plan(filled, statement, parameters)
            whole = read_whole(lines) - READ_THROUGH.get(name, set())
            if whole & ({*BIG} | INDEXES):
                slow[name] = [statement[:500], *lines]
    assert slow == {}


INDEXES = {
    str(index.name)
    for table in metadata.sorted_tables
    if table.name in BIG
    for index in table.indexes
}


@pytest.mark.parametrize("table", metadata.sorted_tables, ids=lambda table: table.name)
def test_a_column_that_refers_to_another_table_leads_an_index(table: sa.Table) -> None:
    """Or a row that goes would have every row of this table looked at."""
    leading = {tuple(table.primary_key.columns.keys())}
    leading |= {tuple(index.columns.keys()) for index in table.indexes}
    leading |= {
        tuple(rule.columns.keys())
        for rule in table.constraints
        if isinstance(rule, sa.UniqueConstraint)
    }
    bare = [
        key.column_keys
        for key in table.foreign_key_constraints
        if not any(columns[: len(key.column_keys)] == tuple(key.column_keys) for columns in leading)
    ]
    assert bare == []


def test_a_page_of_members_is_chosen_without_opening_a_member(filled: Store) -> None:
    """Filters and totals are read off the index; only the members that are shown are read."""
    conditions = {
        "part of the address": of_members.email_contains("x.exa"),
        "status": of_members.with_statuses(["invited"]),
        "emergencies": of_members.is_breakglass(True),
        "phone number": of_members.phone_number_contains("5550"),
    }
    opened = {}
    for name, condition in conditions.items():
        with recorded(filled) as seen:
            asyncio.run(filled.read(members(condition, after=AFTER)))
        for statement, parameters in seen:
            if "member.status !=" not in statement:
                continue
            lines = plan(filled, statement, parameters)
            covered = ("COVERING INDEX ix_member_page", "Index Only Scan using ix_member_page")
            if not any(one in line for line in lines for one in covered):
                opened[name] = lines
    assert opened == {}


def test_an_index_that_is_missing_is_seen(filled: Store) -> None:
    """The measure itself: without its index, the same question reads the whole table."""
    engine = filled.engine.engine
    with engine.begin() as connection:
        connection.execute(sa.text("DROP INDEX ix_session_member_id"))
    with recorded(filled) as seen:
        asyncio.run(filled.read(ASKED["sessions of a member"]))
    statement, parameters = next(one for one in seen if one[0].startswith("SELECT"))
    assert read_whole(plan(filled, statement, parameters)) & (BIG | INDEXES)
