"""Searches over 100,000 members and 10,000 connections, on SQLite and on PostgreSQL.

One organization has 60,000 members and 1,000 connections; the other members and connections are
spread over 1,000 organizations, each of which shares the first connection of the large one. Every
case is a call of the service that answers the request, so rights, totals, registrations and roles
are in the figure; only HTTP and JSON are not.
"""

from __future__ import annotations

import asyncio
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from benchmarks.measure import note, table
from benchmarks.server import ROOT
from vestibule.domain.connections import (
    Connection,
    ExternalConnection,
    OidcConnection,
    SamlConnection,
    StoredCertificate,
)
from vestibule.domain.members import Member, Registration
from vestibule.domain.organizations import EmailRole, Organization, OrganizationSettings
from vestibule.domain.projects import Project
from vestibule.domain.rbac import (
    GroupRole,
    Permission,
    Resource,
    Role,
    RoleRules,
    build_policy,
)
from vestibule.network import Network
from vestibule.services import connections, members, organizations, sharing
from vestibule.services.keys import create_connection_key
from vestibule.services.rbac import Actor
from vestibule.services.runtime import Runtime
from vestibule.settings import dev_settings
from vestibule.storage import KeyRing, Store, Tx, open_store
from vestibule.storage.schema import migrate
from vestibule.storage.tables import metadata

AIM_MS = 50
NOW = datetime(2026, 11, 1, tzinfo=UTC)
LARGE = "organization-test-large"
Call = Callable[[], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Size:
    """How much is stored. The large organization has `large` members and `doors` connections."""

    large: int
    others: int
    doors: int
    organizations: int
    others_doors: int

    @property
    def members(self) -> int:
        return self.large + self.others

    @property
    def connections(self) -> int:
        return self.doors + self.organizations + self.others_doors


FULL = Size(60_000, 40_000, 1_000, 1_000, 8_000)
QUICK = Size(6_000, 4_000, 100, 100, 800)


def run(*, quick: bool) -> None:
    size = QUICK if quick else FULL
    rounds = 5 if quick else 15
    with tempfile.TemporaryDirectory() as folder:
        settings = dev_settings("127.0.0.1", 1, Path(folder))
        ring = KeyRing([b"benchmark" + bytes(23)])

        def runtime(store: Store) -> Runtime:
            return Runtime(store, Network(()).send, lambda: NOW, os.urandom, settings)

        small = open_store(f"sqlite:///{folder}/search.db", ring)
        migrate(small.engine)
        project = seed(runtime(small), size)
        asyncio.run(_measure("SQLite", runtime(small), project, size, rounds))
        with _postgres() as url:
            other = open_store(url, ring)
            migrate(other.engine)
            copy_rows(small, other)
            small.close()
            asyncio.run(_measure("PostgreSQL", runtime(other), project, size, rounds))
            other.close()


@contextmanager
def _postgres() -> Iterator[str]:
    """An empty database of a server of its own, which ends with the block."""
    sys.path.insert(0, str(ROOT / "tests"))
    from peers import postgres  # the tests know how to start one

    with postgres.running() as server:
        yield server.make_database()


# --- what is stored ---------------------------------------------------------------------------


def seed(rt: Runtime, size: Size) -> Project:
    """Fill an empty SQLite store with rows as the product writes them."""
    began = time.perf_counter()
    roles = [Role(f"role-{n}", "", (Permission("documents", ("read",)),)) for n in range(20)]
    project = Project(
        "project-test-bench", "test", "bench", "bench", "test", NOW,
        policy=build_policy(
            custom_roles=roles, custom_resources=[Resource("documents", "", ("read",))]
        ),
    )  # fmt: skip
    chance = random.Random(11)
    owners = [_organization(project, n) for n in range(size.organizations)]
    doors = _connections(rt, size, owners)

    def work(tx: Tx) -> None:
        tx.projects.insert(project)
        for owner in (_large(project), *owners):
            tx.organizations.insert(owner)
        for door in doors:
            tx.connections.insert(door)
        own: dict[str, list[Connection]] = {}
        for door in doors:
            own.setdefault(door.organization_id, []).append(door)
        for n in range(size.members):
            owner_id = LARGE if n < size.large else owners[n % len(owners)].organization_id
            person = _member(n, owner_id, chance)
            tx.members.insert(person, project.project_id)
            if chance.random() < 0.7:
                tx.members.put_registration(_registration(n, person, own[owner_id], chance))

    asyncio.run(rt.store.write(work))
    with rt.store.engine.engine.connect() as connection:
        connection.execute(sa.text("PRAGMA wal_checkpoint(TRUNCATE)"))
    note(
        f"{size.members:,} members, {size.connections:,} connections and {size.organizations + 1:,}"
        f" organizations stored in {time.perf_counter() - began:.0f} s"
    )
    return project


def copy_rows(source: Store, target: Store) -> None:
    """The same rows in another database."""
    with source.engine.engine.connect() as old, target.engine.engine.begin() as new:
        for one in metadata.sorted_tables:
            rows = old.execution_options(yield_per=5_000).execute(sa.select(one))
            for some in rows.mappings().partitions():
                new.execute(one.insert(), [dict(row) for row in some])
    with target.engine.engine.connect() as connection:
        raw = connection.execution_options(isolation_level="AUTOCOMMIT")
        # What the database does by itself within a minute, until every page is known as settled.
        settled = sa.text("SELECT bool_and(relallvisible >= relpages) FROM pg_class WHERE relname"
                          " IN ('member', 'role_source', 'member_email')")  # fmt: skip
        for _ in range(20):
            raw.execute(sa.text("VACUUM ANALYZE"))
            if raw.execute(settled).scalar_one():
                break


def _large(project: Project) -> Organization:
    settings = OrganizationSettings(
        email_allowed_domains=("large.example",),
        rbac_email_implicit_role_assignments=(EmailRole("sub3.large.example", "role-3"),),
    )
    return Organization(
        LARGE, project.project_id, "Large Works", "large", NOW, NOW, settings=settings
    )


def _organization(project: Project, n: int) -> Organization:
    settings = OrganizationSettings(
        email_allowed_domains=(f"org{n}.example",), claimed_email_domains=(f"org{n}.example",)
    )
    return Organization(
        f"organization-test-{n:08}", project.project_id, f"Northwind {n} Trading", f"org-{n}",
        NOW + timedelta(seconds=n), NOW, external_id=f"crm-{n}", settings=settings,
    )  # fmt: skip


def _connections(rt: Runtime, size: Size, owners: Sequence[Organization]) -> list[Connection]:
    pair = create_connection_key(rt, "bench", "test")
    pinned = StoredCertificate(
        "saml-verification-key-test-1", pair.certificate.certificate, "CN=idp", NOW, NOW
    )
    made: list[Connection] = []

    def direct(n: int, owner_id: str, rules: RoleRules) -> Connection:
        if n % 2:
            return OidcConnection(
                f"oidc-connection-test-{n:08}", owner_id, NOW + timedelta(seconds=n), NOW,
                f"OpenID {n}", status="active", rules=rules, issuer="https://idp.example",
                client_id="client", client_secret="secret",
                authorization_url="https://idp.example/a", token_url="https://idp.example/t",
                jwks_url="https://idp.example/j", attribute_mapping={"department": "department"},
            )  # fmt: skip
        return SamlConnection(
            f"saml-connection-test-{n:08}", owner_id, NOW + timedelta(seconds=n), NOW,
            f"SAML {n}", status="active", rules=rules, idp_entity_id="https://idp.example",
            idp_sso_url="https://idp.example/sso",
            attribute_mapping={"email": "NameID", "groups": "groups"},
            verification_certificates=(pinned,), signing_keys=(pair,),
        )  # fmt: skip

    for n in range(size.doors):
        # role-0 comes from every door, role-1 from two groups at every door, role-2 from one door.
        of_groups = [GroupRole("role-1", "group-1"), GroupRole("role-1", f"group-{n % 400 + 2}")]
        of_groups += [GroupRole(f"role-{4 + m % 16}", f"group-{n + m}") for m in range(8)]
        of_door = ("role-0", "role-2") if n == 1 else ("role-0",)
        made.append(direct(n, LARGE, RoleRules(of_door, tuple(of_groups))))
    rules = RoleRules(("role-0",), (GroupRole("role-1", "group-1"),))
    for n in range(size.others_doors):
        owner_id = owners[n % len(owners)].organization_id
        made.append(direct(size.doors + n, owner_id, rules))
    for n, owner in enumerate(owners):
        made.append(
            ExternalConnection(
                f"external-connection-test-{n:08}", owner.organization_id,
                NOW + timedelta(seconds=n), NOW, LARGE, made[0].connection_id, f"Large {n}", rules,
            )
        )  # fmt: skip
    return made


def _member(n: int, owner_id: str, chance: random.Random) -> Member:
    domain = f"sub{n % 10}.large.example" if owner_id == LARGE else f"{owner_id[13:]}.example"
    created = NOW + timedelta(seconds=chance.randrange(100_000_000))
    status = chance.choices(("active", "invited", "pending", "deleted"), (90, 5, 3, 2))[0]
    return Member(
        f"member-test-{random.Random(n).getrandbits(128):032x}", owner_id,
        f"given{n}.family{n % 997}@{domain}", status, created, created,
        email_address_verified=True, name=f"Given{n} Family{n % 997}",
        external_id=f"crm|{n}" if n % 3 == 0 else None, is_breakglass=n % 1000 == 0,
        explicit_roles=(f"role-{n % 20}",) if n % 5 == 0 else (),
        trusted_metadata={"department": f"department {n % 40}", "cost_center": str(n % 100)},
        mfa_phone_number=f"+1500{n:07}" if n % 4 == 0 else "",
    )  # fmt: skip


def _registration(
    n: int, person: Member, doors: Sequence[Connection], chance: random.Random
) -> Registration:
    # A third of all enters through the first door.
    door = doors[0] if chance.random() < 0.33 else chance.choice(doors)
    groups = tuple(f"group-{m}" for m in sorted(chance.sample(range(1, 500), 8)))
    return Registration(
        f"saml-member-registration-test-{n:08}", person.member_id, person.organization_id,
        door.connection_id, door.connection_id, "saml", f"subject-{chance.getrandbits(64):x}",
        person.created_at, person.created_at,
        attributes={"email": (person.email_address,), "groups": groups, "title": ("Engineer",)},
        groups=groups,
    )  # fmt: skip


# --- what is asked ----------------------------------------------------------------------------


def _cases(rt: Runtime, project: Project, size: Size, cursors: dict[str, str]) -> dict[str, Call]:
    actor = Actor(project)

    def of_members(
        *operands: tuple[str, object],
        names: Sequence[str] = (LARGE,),
        operator: str = "AND",
        cursor: str | None = None,
    ) -> Call:
        asked = [{"filter_name": name, "filter_value": value} for name, value in operands]
        return lambda: members.search(
            rt, actor, organization_names=names, operator=operator, operands=asked,
            cursor=cursor, limit=100,
        )  # fmt: skip

    def of_organizations(
        *operands: tuple[str, object], operator: str = "AND", cursor: str | None = None
    ) -> Call:
        asked = [{"filter_name": name, "filter_value": value} for name, value in operands]
        return lambda: organizations.search(
            rt, actor, operator=operator, operands=asked, cursor=cursor, limit=100
        )

    def roles(*wanted: str) -> tuple[str, object]:
        return "member_roles", list(wanted)

    ids = [f"member-test-{random.Random(n).getrandbits(128):032x}" for n in range(0, 1000, 10)]
    mails = [f"given{n}.family{n % 997}@sub{n % 10}.large.example" for n in range(100)]
    fuzzy = "member_email_fuzzy"
    middle = size.organizations // 2
    many = [f"organization-test-{n:08}" for n in range(size.organizations)]
    return {
        "one organization by id": lambda: organizations.get(rt, actor, many[middle]),
        "members: no filter": of_members(),
        "members: no filter, a deep page": of_members(cursor=cursors["members"]),
        "members: 100 ids": of_members(("member_ids", ids)),
        "members: 100 external ids": of_members(
            ("member_ids", [f"crm|{n}" for n in range(0, 300, 3)])
        ),
        "members: 100 addresses": of_members(("member_emails", mails)),
        "members: fuzzy address, all": of_members((fuzzy, "large.ex")),
        "members: fuzzy address, all, a deep page": of_members(
            (fuzzy, "large.ex"), cursor=cursors["members"]
        ),
        "members: fuzzy address, some": of_members((fuzzy, "family17@")),
        "members: fuzzy address, nobody": of_members((fuzzy, "nobody is called so")),
        "members: status active": of_members(("statuses", ["active"])),
        "members: status invited or deleted": of_members(("statuses", ["invited", "deleted"])),
        "members: breakglass": of_members(("member_is_breakglass", True)),
        "members: 2 phone numbers": of_members(
            ("member_mfa_phone_numbers", ["+15000000004", "+15000000008"])
        ),
        "members: fuzzy phone number": of_members(("member_mfa_phone_number_fuzzy", "00123")),
        "members: without a password": of_members(("member_password_exists", False)),
        "members: role, every door gives it": of_members(roles("role-0")),
        "members: role, every door gives it, a deep page": of_members(
            roles("role-0"), cursor=cursors["members"]
        ),
        "members: role, 2 groups at every door": of_members(roles("role-1")),
        "members: role, one door": of_members(roles("role-2")),
        "members: role, a domain of addresses": of_members(roles("role-3")),
        "members: role, some groups at some doors": of_members(roles("role-7")),
        "members: all 20 roles": of_members(roles(*(f"role-{n}" for n in range(20)))),
        "members: stytch_member": of_members(roles("stytch_member")),
        "members: active AND role AND fuzzy": of_members(
            ("statuses", ["active"]), roles("role-1"), (fuzzy, "family17")
        ),
        "members: role OR fuzzy OR breakglass": of_members(
            roles("role-7"), (fuzzy, "family17"), ("member_is_breakglass", True), operator="OR"
        ),
        "members: one small organization": of_members(names=(many[middle],)),
        "members: 100 organizations, no filter": of_members(names=many[:100]),
        "members: 100 organizations, fuzzy": of_members((fuzzy, "family17"), names=many[:100]),
        "members: 100 organizations, role": of_members(roles("role-1"), names=many[:100]),
        "organizations: no filter": of_organizations(),
        "organizations: no filter, a deep page": of_organizations(cursor=cursors["organizations"]),
        "organizations: 100 ids": of_organizations(("organization_ids", many[:100])),
        "organizations: 2 slugs": of_organizations(("organization_slugs", ["org-7", "large"])),
        "organizations: fuzzy slug": of_organizations(("organization_slug_fuzzy", "rg-77")),
        "organizations: fuzzy name": of_organizations(("organization_name_fuzzy", "wind 77")),
        "organizations: 100 member addresses": of_organizations(("member_emails", mails)),
        "organizations: fuzzy member address, one": of_organizations((fuzzy, f"n{size.large}.fam")),
        "organizations: fuzzy member address, all": of_organizations((fuzzy, "family")),
        "organizations: allowed domains": of_organizations(("allowed_domains", ["org7.example"])),
        "organizations: fuzzy allowed domain": of_organizations(("allowed_domain_fuzzy", "org77")),
        "organizations: claimed domains": of_organizations(
            ("claimed_email_domains", ["org7.example"])
        ),
        "organizations: with an active connection": of_organizations(
            ("has_active_sso_connection", True)
        ),
        "organizations: without": of_organizations(("has_active_sso_connection", False)),
        "organizations: a connection": of_organizations(
            ("sso_connection_id", f"external-connection-test-{middle:08}")
        ),
        "organizations: fuzzy name OR member address": of_organizations(
            ("organization_name_fuzzy", "wind 77"), (fuzzy, "n77.fam"), operator="OR"
        ),
        "count of members": lambda: organizations.count_members(rt, actor, LARGE),
        f"connections of one organization: {size.doors:,}": lambda: connections.get_all(
            rt, actor, LARGE
        ),
        f"what leads to one connection: {size.organizations:,}": lambda: sharing.shared_with(
            rt, actor, LARGE, "saml-connection-test-00000000"
        ),
    }  # fmt: skip


async def _cursors(rt: Runtime, project: Project, size: Size) -> dict[str, str]:
    """Where pages begin that are far from the first."""
    actor = Actor(project)
    cursor: str | None = None
    for _ in range(size.large * 3 // 4 // 1000):
        page = await members.search(
            rt, actor, organization_names=[LARGE], operator="AND", operands=[],
            cursor=cursor, limit=1000,
        )  # fmt: skip
        cursor = page.next_cursor
    first = await organizations.search(
        rt, actor, operator="AND", operands=[], cursor=None, limit=size.organizations * 3 // 4
    )
    return {"members": cursor or "", "organizations": first.next_cursor or ""}


async def _measure(database: str, rt: Runtime, project: Project, size: Size, rounds: int) -> None:
    cases = _cases(rt, project, size, await _cursors(rt, project, size))
    figures: dict[str, list[float]] = {name: [] for name in cases}
    cpu: dict[str, list[float]] = {name: [] for name in cases}
    found: dict[str, str] = {}
    for turn in range(-1, rounds):
        for name, case in cases.items():
            began, used = time.perf_counter(), time.process_time()
            answer = await case()
            if turn >= 0:  # the first of each warms the caches
                figures[name].append((time.perf_counter() - began) * 1000)
                cpu[name].append((time.process_time() - used) * 1000)
            found[name] = _found(answer)
    floor, *_ = figures
    rows = [
        (
            name,
            found[name],
            f"{statistics.median(cpu[name]):.1f}",
            f"{min(values):.1f}",
            f"{statistics.median(values):.1f}",
            f"{max(values):.1f}",
            f"{statistics.median(v / f for v, f in zip(values, figures[floor], strict=True)):.0f}",
        )
        for name, values in figures.items()
    ]
    # Of PostgreSQL's own work only the time shows.
    table(
        (database, "found", "our CPU ms", "fastest ms", "median ms", "worst ms", f"× {floor}"), rows
    )
    slow = [name for name, values in figures.items() if statistics.median(values) > AIM_MS]
    note(
        f"{database}: {len(figures) - len(slow)} of {len(figures)} cases below {AIM_MS} ms"
        + (f"; above: {', '.join(slow)}" if slow else "")
    )


def _found(answer: Any) -> str:
    """How many matches, where the answer says so."""
    total = getattr(answer, "total", answer)
    return f"{total:,}" if isinstance(total, int) else ""
