"""The migrations make what tables.py describes, and the hot lookups find their way by an index."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from storage import values
from storage.conftest import ROOT_KEY
from storage.values import LATER, NOW, PROJECT, hashed
from vestibule.domain import login_tests
from vestibule.domain.logins import LoginTrace
from vestibule.domain.members import Member
from vestibule.errors import VestibuleError
from vestibule.storage import KeyRing, Store, Tx, open_store, role_sources
from vestibule.storage.audit import AuditEvent, AuditFilter
from vestibule.storage.engine import open_engine
from vestibule.storage.logins import TraceFilter
from vestibule.storage.schema import HEAD, migrate, require_current, revision, upgrade
from vestibule.storage.tables import metadata

KEY = hashed("x")
AFTER = (1, "organization-1")
SECOND = timedelta(seconds=1)
LOOKUPS: dict[str, Callable[[Tx], object]] = {
    "session by token": lambda tx: tx.sessions.find_by_token(PROJECT, KEY, NOW),
    "session by id": lambda tx: tx.sessions.find_by_id(PROJECT, "s", NOW),
    "sessions of a member": lambda tx: tx.sessions.of_member("m", NOW),
    "credential by secret": lambda tx: tx.projects.authenticate("secret", KEY),
    "registration by subject": lambda tx: tx.members.find_by_subject("c", "s"),
    "registrations of a member": lambda tx: tx.members.registrations("m"),
    "route of a connection": lambda tx: tx.connections.route(PROJECT, "c"),
    "source of a callback": lambda tx: tx.connections.source_route("c"),
    "connections of an organization": lambda tx: tx.connections.all_of("o"),
    "dependants of a connection": lambda tx: tx.connections.dependants("c"),
    "member by address": lambda tx: tx.members.find_by_email("o", "a@x.example"),
    "member by id": lambda tx: tx.members.find("o", "m"),
    "member by external id": lambda tx: tx.members.find_by_external_id("o", "e"),
    "organization by any name": lambda tx: tx.organizations.find_by_any(PROJECT, "o"),
    "active connections": lambda tx: tx.organizations.active_connections("o"),
    "signing keys": lambda tx: tx.keys.live(PROJECT, NOW),
    "page of members": lambda tx: tx.members.search(
        ["o"], [], match_all=True, with_deleted=False, after=AFTER, limit=100
    ),
    "members of a connection": lambda tx: tx.members.search(
        ["o"], [role_sources.held_from([role_sources.by_connection("c")])],
        match_all=True, with_deleted=False, after=None, limit=100,
    ),
    "page of organizations": lambda tx: tx.organizations.search(
        PROJECT, [], match_all=True, after=AFTER, limit=100
    ),
    "use of a token": lambda tx: tx.logins.take_token(KEY, NOW),
    "use of an attempt": lambda tx: tx.logins.take_attempt(KEY, NOW),
    "end of sessions": lambda tx: tx.connections.end_sessions(["c"]),
    "touch": lambda tx: tx.sessions.touch("s", NOW),
    "tokens of a member": lambda tx: tx.idp_tokens.of_member("m"),
    "tokens that are due": lambda tx: tx.idp_tokens.claim_due(NOW, NOW, 50),
    "metadata that is due": lambda tx: tx.idp_metadata.claim_due(NOW, NOW, 50),
    "metadata of an organization": lambda tx: tx.idp_metadata.of_organization("o"),
    "metadata after an unknown key": lambda tx: tx.idp_metadata.ask_again("c", NOW, SECOND),
    "notices that are due": lambda tx: tx.expiry_notices.due(NOW, 50),
    "last logins of connections": lambda tx: tx.logins.last_of_connections("o"),
    "traces": lambda tx: tx.logins.traces("o", 10),
    "setup link by token": lambda tx: tx.setup_links.find_by_token(KEY),
    "setup links of an organization": lambda tx: tx.setup_links.of_organization("o"),
    "portal visit by token": lambda tx: tx.setup_links.find_visit(KEY),
    "end of portal visits": lambda tx: tx.setup_links.delete_visits_of(["l"]),
    "owner of a domain": lambda tx: tx.domain_claims.owner(PROJECT, "x.example"),
    "domains of an organization": lambda tx: tx.domain_claims.of_organization("o"),
    "domains that are due": lambda tx: tx.domain_claims.claim_due(NOW, NOW, 50),
    "audit events": lambda tx: tx.audit.latest("o", 10),
    "search of audit events": lambda tx: tx.audit.search(
        [PROJECT, ""], AuditFilter(action="a."), after=AFTER, limit=10
    ),
    "search of traces": lambda tx: tx.logins.search(
        TraceFilter(PROJECT, outcome="refused"), after=AFTER, limit=10
    ),
    "traces of an address": lambda tx: tx.logins.search(
        TraceFilter(PROJECT, email="a@x.example"), after=None, limit=10
    ),
    "days of a connection": lambda tx: tx.logins.days_of_connection("c", NOW),
    "most refused": lambda tx: tx.logins.most_refused(PROJECT, NOW, 10),
    "counts of connections": lambda tx: tx.logins.counts_of(["c"], NOW),
    "last successes": lambda tx: tx.logins.last_accepted(["c"]),
    "connections of a project": lambda tx: tx.connections.of_project(PROJECT, ["c"]),
    "certificates that end first": lambda tx: tx.connections.first_to_end(PROJECT, NOW, 10),
    "operator by address": lambda tx: tx.operators.find_by_email("a@x.example"),
    "visit of an operator": lambda tx: tx.operators.find_session(KEY, NOW),
    "wrong tries": lambda tx: tx.operators.failures("a@x.example", NOW),
    "branding": lambda tx: tx.branding.find(PROJECT, "o"),
    "credentials of a project": lambda tx: tx.projects.credentials(PROJECT),
}  # fmt: skip


def test_the_migrations_make_exactly_the_tables(empty_store: Store) -> None:
    with empty_store.engine.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, metadata) == []
        # What autogenerate does not look at: the key of each table, and what deletes what.
        for table in metadata.sorted_tables:
            found = sa.inspect(connection).get_pk_constraint(table.name)["constrained_columns"]
            assert found == [column.name for column in table.primary_key], table.name
            deletes = {
                tuple(key["constrained_columns"]): key["options"].get("ondelete")
                for key in sa.inspect(connection).get_foreign_keys(table.name)
            }
            assert deletes == {
                tuple(key.column_keys): key.ondelete for key in table.foreign_key_constraints
            }, table.name


def test_migrating_again_changes_nothing(empty_store: Store) -> None:
    assert revision(empty_store.engine) == HEAD
    assert migrate(empty_store.engine) == HEAD
    assert require_current(empty_store.engine) == HEAD


def test_a_database_that_was_not_migrated_is_refused(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'empty.db'}")
    assert revision(engine) is None
    with pytest.raises(VestibuleError, match="database_not_migrated"):
        require_current(engine)
    engine.close()


def test_a_database_of_another_version_is_refused(empty_store: Store) -> None:
    with empty_store.engine.engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(VestibuleError, match=r"database_not_migrated.*9999"):
        require_current(empty_store.engine)


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.peer)])
def test_a_database_with_people_in_it_moves_up_and_keeps_them(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """All but External connections that lead nowhere, which the first schema let happen; and what
    gives them their roles is found again."""
    today = open_store(f"sqlite:///{tmp_path / 'today.db'}", KeyRing([ROOT_KEY]))
    migrate(today.engine)

    async def fill() -> tuple[Member, str, str]:
        await today.write(lambda tx: tx.projects.insert(values.project(PROJECT)))
        owner = await values.put_organization(today)
        person = await values.put_member(today, values.full_member(owner.organization_id))
        source = values.saml(owner.organization_id)
        await values.put_connection(today, source)
        here = values.registration(person, source.connection_id)
        await today.write(lambda tx: tx.members.put_registration(here))
        tokens = values.idp_tokens(here, state="current", retry_at=None)
        await today.write(lambda tx: tx.idp_tokens.put(tokens))
        one = values.session(person, source.connection_id)
        await today.write(lambda tx: tx.sessions.insert(one, "token", KEY))
        other = await values.put_organization(today, values.organization("Other"))
        shared = values.external(other.organization_id, source)
        await today.write(lambda tx: tx.connections.insert(shared))
        return person, source.connection_id, shared.connection_id

    person, source, shared = asyncio.run(fill())
    url = f"sqlite:///{tmp_path / 'old.db'}"
    if kind == "postgresql":
        url = request.getfixturevalue("make_database")()
    store = open_store(url, KeyRing([ROOT_KEY]))
    upgrade(store.engine, "0001")
    copy_to_the_first_schema(today, store)
    with store.engine.engine.begin() as connection:
        rows = sa.Table("connection", sa.MetaData(), autoload_with=connection)
        row = dict(
            connection.execute(sa.select(rows).where(rows.c.connection_id == shared))
            .mappings()
            .one()
        )
        lost = {**row, "connection_id": "lost", "source_connection_id": "gone"}
        connection.execute(rows.insert(), lost)
    today.close()
    assert migrate(store.engine) == HEAD

    owner = person.organization_id
    reasons = {
        "by hand": role_sources.by_hand(owner, "editor"),
        "by domain": role_sources.by_domain(owner, "acme.example"),
        "by connection": role_sources.by_connection(source),
        "by group": role_sources.by_group(source, values.ODD),
    }

    def left(tx: Tx) -> dict[str, object]:
        found = {
            name: tx.members.search(
                [owner], [role_sources.held_from([reason])],
                match_all=True, with_deleted=False, after=None, limit=10,
            )[0]
            for name, reason in reasons.items()
        }  # fmt: skip
        return {
            **found,
            "registrations": len(tx.members.registrations(person.member_id)),
            "session": tx.sessions.find_by_token(PROJECT, KEY, NOW) is not None,
            # Their tokens are due five minutes before the end.
            "due": [
                len(tx.idp_tokens.claim_due(at, NOW, 9))
                for at in (LATER - 301 * SECOND, LATER - 300 * SECOND)
            ],
            # Whether their certificates end soon is sealed: each is looked at once.
            "notices": tx.expiry_notices.due(NOW, 9),
            "lost": tx.connections.dependants("gone"),
            "shared": tx.connections.route(PROJECT, shared) is not None,
        }

    assert asyncio.run(store.write(left)) == {
        **{name: [person] for name in reasons},
        "registrations": 1,
        "session": True,
        "due": [0, 1],
        "notices": [source],
        "lost": [],
        "shared": True,
    }
    store.close()


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.peer)])
def test_what_was_recorded_before_is_found_by_what_is_searched_now(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """Actor, target and project become columns; a refused test is told from one that passed."""
    today = open_store(f"sqlite:///{tmp_path / 'today.db'}", KeyRing([ROOT_KEY]))
    migrate(today.engine)

    async def fill() -> tuple[AuditEvent, list[LoginTrace]]:
        await today.write(lambda tx: tx.projects.insert(values.project(PROJECT)))
        owner = await values.put_organization(today)
        told = values.audit_event(owner.organization_id, actor="member-1", target="t" * 300)
        await today.write(lambda tx: tx.audit.insert(told))
        tried = login_tests.TestedSettings()
        stories = [
            values.trace(owner.organization_id, trace_id=f"login-trace-{n}", **story)
            for n, story in enumerate(
                (
                    {"outcome": "refused"},
                    {"outcome": "refused", "test": tried},
                    {"outcome": "tested", "test": tried},
                )
            )
        ]
        for story in stories:
            await today.write(lambda tx, story=story: tx.logins.put_trace(story))
        return told, stories

    event, (lost, lost_test, passed) = asyncio.run(fill())
    url = f"sqlite:///{tmp_path / 'old.db'}"
    if kind == "postgresql":
        url = request.getfixturevalue("make_database")()
    store = open_store(url, KeyRing([ROOT_KEY]))
    upgrade(store.engine, "0001")
    copy_to_the_first_schema(today, store)
    with store.engine.engine.begin() as connection:
        old = "UPDATE login_trace SET outcome = 'test' WHERE outcome = 'test_refused'"
        connection.execute(sa.text(old))
    today.close()
    assert migrate(store.engine) == HEAD

    def found(tx: Tx) -> dict[str, object]:
        asked = {
            "actor": AuditFilter(actor="member-1"),
            "target": AuditFilter(target="t" * 254),
            "nobody": AuditFilter(actor="member-2"),
        }
        stories = {
            "refused": TraceFilter(PROJECT, outcome="refused", tests=False),
            "tests": TraceFilter(PROJECT, outcome="refused", tests=True),
            "passed": TraceFilter(PROJECT, outcome="tested"),
        }
        return {
            name: tx.audit.search([PROJECT], one, after=None, limit=9)[0]
            for name, one in asked.items()
        } | {name: tx.logins.search(one, after=None, limit=9)[0] for name, one in stories.items()}

    assert asyncio.run(store.read(found)) == {
        "actor": [event], "target": [event], "nobody": [],
        "refused": [lost], "tests": [lost_test], "passed": [passed],
    }  # fmt: skip
    store.close()


def copy_to_the_first_schema(today: Store, first: Store) -> None:
    """The rows of today's tables as the first version wrote them."""
    with today.engine.engine.connect() as new, first.engine.engine.begin() as old:
        tables = sa.MetaData()
        tables.reflect(old)
        for table in tables.sorted_tables:
            if table.name not in metadata.tables:
                continue
            for found in new.execute(sa.select(metadata.tables[table.name])).mappings():
                row = {name: value for name, value in found.items() if name in table.c}
                document = json.loads(row.get("document", "{}"))
                if table.name == "member":
                    row["explicit_roles"] = json.dumps(document["explicit_roles"])
                if table.name == "registration":
                    row["groups"] = json.dumps(document["groups"])
                old.execute(table.insert(), row)


def test_an_external_connection_cannot_lead_nowhere(store: Store) -> None:
    """A source that goes while somebody builds on it: the one who is late finds nothing there."""

    async def work() -> None:
        person, source = await values.a_member_with_connection(store)
        other = values.organization("Other")
        await store.write(lambda tx: tx.organizations.insert(other))
        shared = values.external(other.organization_id, source)
        lost = replace(shared, external_connection_id="gone")
        with pytest.raises(VestibuleError, match="changed_meanwhile"):
            await store.write(lambda tx: tx.connections.insert(lost))
        await store.write(lambda tx: tx.connections.insert(shared))
        with pytest.raises(VestibuleError, match="changed_meanwhile"):
            await store.write(lambda tx: tx.connections.delete([source.connection_id]))
        dependants = await store.read(lambda tx: tx.connections.dependants(source.connection_id))
        assert dependants == [shared]
        owned = await store.read(lambda tx: tx.connections.all_of(person.organization_id))
        assert [one.connection_id for one in owned] == [source.connection_id]

    asyncio.run(work())


@contextmanager
def recorded(store: Store) -> Iterator[list[tuple[str, Any]]]:
    """Every statement that reaches the database, as the database sees it."""
    seen: list[tuple[str, Any]] = []
    engine = store.engine.engine
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            raw: Any = connection.connection.dbapi_connection
            assert isinstance(raw, sqlite3.Connection)
            raw.set_trace_callback(lambda statement: seen.append((statement, None)))
            yield seen
            raw.set_trace_callback(None)
        return

    class Recorder(psycopg.Cursor[Any]):
        def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
            seen.append((str(query), params))
            return super().execute(query, params, **options)

    def record(connection: Any, *_: object) -> None:
        connection.cursor_factory = Recorder

    def forget(connection: Any, *_: object) -> None:
        connection.cursor_factory = psycopg.Cursor

    sa.event.listen(engine, "checkout", record)
    sa.event.listen(engine, "checkin", forget)
    yield seen
    sa.event.remove(engine, "checkout", record)
    sa.event.remove(engine, "checkin", forget)


def plan(store: Store, statement: str, parameters: Any) -> list[str]:
    """The lines of the database's plan for a statement."""
    with store.engine.engine.connect() as connection:
        raw: Any = connection.connection.dbapi_connection
        if isinstance(raw, sqlite3.Connection):
            return [row[3] for row in raw.execute(f"EXPLAIN QUERY PLAN {statement}")]
        raw.execute("SET enable_seqscan = off")
        lines = [row[0] for row in raw.execute(f"EXPLAIN {statement}", parameters)]
        raw.execute("RESET enable_seqscan")
        return lines


def test_no_hot_lookup_reads_a_whole_table(store: Store) -> None:
    async def work(lookup: Callable[[Tx], object]) -> list[tuple[str, Any]]:
        with recorded(store) as seen:
            await store.write(lookup)
        return [one for one in seen if one[0].startswith(("SELECT", "UPDATE", "DELETE", "WITH"))]

    asyncio.run(values.a_member_with_connection(store))
    slow: dict[str, list[str]] = {}
    for name, lookup in LOOKUPS.items():
        statements = asyncio.run(work(lookup))
        assert statements, name
        for statement, parameters in statements:
            lines = plan(store, statement, parameters)
            assert lines, statement
            # SQLite says SCAN for a table or an index that is read from end to end. What a WITH
            # has just picked out (`due`) is no table.
            lines = [line for line in lines if line != "SCAN due"]
            if any(line.startswith("SCAN ") or "Seq Scan" in line for line in lines):
                slow[name] = [statement, *lines]
    assert slow == {}


def test_a_page_of_members_is_read_in_the_order_of_its_index(store: Store) -> None:
    with recorded(store) as seen:
        asyncio.run(store.read(LOOKUPS["page of members"]))
    statement, parameters = next(one for one in seen if "ORDER BY" in one[0])
    lines = "\n".join(plan(store, statement, parameters))
    assert "ix_member_page" in lines
    assert "TEMP B-TREE" not in lines


def test_a_lookup_without_an_index_is_seen_in_its_plan(store: Store) -> None:
    """The measure itself: a column that has no index makes a whole table be read."""
    with recorded(store) as seen:
        asyncio.run(store.read(lambda tx: tx.projects.all()))
    statement = "SELECT document FROM member WHERE document = 'x'"
    assert seen
    assert any("SCAN" in line or "Seq Scan" in line for line in plan(store, statement, None))
