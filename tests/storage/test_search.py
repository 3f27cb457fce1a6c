"""Searches: every filter to the letter, and pages without a gap or a repetition."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from storage import values
from storage.values import NOW, ODD, PROJECT
from vestibule.domain.members import Member, RetiredEmail
from vestibule.domain.organizations import Organization, OrganizationSettings
from vestibule.storage import Store, role_sources
from vestibule.storage import members as of_members
from vestibule.storage import organizations as of_organizations
from vestibule.storage.members import Condition

LITERALS = (
    "Admins", 'a"b', "a]b", "[a", "a,b", 'a","b', "back\\slash", "100%", "under_score", "sl/ash",
    "é日本\U0001f600", "tab\there", " ", "\x01",
)  # fmt: skip


async def find_members(
    store: Store,
    organization_ids: Sequence[str],
    conditions: Sequence[Condition],
    *,
    match_all: bool = True,
    with_deleted: bool = False,
) -> set[str]:
    found, total, more = await store.read(
        lambda tx: tx.members.search(
            organization_ids,
            conditions,
            match_all=match_all,
            with_deleted=with_deleted,
            after=None,
            limit=1000,
        )
    )
    assert more is None
    assert total == len(found)
    return {one.email_address for one in found}


async def find_organizations(
    store: Store, conditions: Sequence[Condition], *, match_all: bool = True
) -> set[str]:
    found, total, more = await store.read(
        lambda tx: tx.organizations.search(
            PROJECT, conditions, match_all=match_all, after=None, limit=1000
        )
    )
    assert more is None
    assert total == len(found)
    return {one.slug for one in found}


def held(*sources: int) -> Condition:
    return role_sources.held_from(sources)


async def people(store: Store, *changes: dict[str, object]) -> tuple[str, list[Member]]:
    owner = await values.put_organization(store)
    made = []
    for index, change in enumerate(changes):
        email = str(change.pop("email", f"m{index}@acme.example"))
        made.append(values.member(owner.organization_id, email, **change))
        await values.put_member(store, made[-1])
    return owner.organization_id, made


@pytest.mark.parametrize("count", [7, 250])
def test_pages_of_members_have_no_gap_and_no_repetition(store: Store, count: int) -> None:
    async def work() -> None:
        owner = await values.put_organization(store)
        org = owner.organization_id
        # Many share a moment of creation, so that the id has to decide.
        made = [
            values.member(org, created_at=NOW + timedelta(microseconds=index // 9))
            for index in range(count)
        ]
        await store.write(lambda tx: [tx.members.insert(one, PROJECT) for one in made])
        seen: list[str] = []
        after: tuple[int, str] | None = None
        while True:
            found, total, after = await store.read(
                lambda tx: tx.members.search(
                    [org],
                    [],
                    match_all=True,
                    with_deleted=False,
                    after=after,  # noqa: B023
                    limit=7,
                )
            )
            seen += [one.member_id for one in found]
            assert total >= count
            if after is None:
                break
            # Somebody joins while we turn the pages: later than all, so they come at the end.
            late = values.member(org, created_at=NOW + timedelta(days=len(seen)))
            if len(seen) <= 21:
                made.append(late)
                await values.put_member(store, late)
        expected = sorted(made, key=lambda one: (one.created_at, one.member_id))
        assert seen == [one.member_id for one in expected]

    asyncio.run(work())


def test_pages_of_organizations_have_no_gap_and_no_repetition(store: Store) -> None:
    async def work() -> None:
        made = [
            values.organization(created_at=NOW + timedelta(microseconds=index // 9))
            for index in range(250)
        ]
        await store.write(lambda tx: [tx.organizations.insert(one) for one in made])
        seen: list[str] = []
        after: tuple[int, str] | None = None
        while True:
            found, total, after = await store.read(
                lambda tx: tx.organizations.search(
                    PROJECT,
                    [],
                    match_all=True,
                    after=after,  # noqa: B023
                    limit=50,
                )
            )
            assert total == 250
            seen += [one.organization_id for one in found]
            if after is None:
                break
        expected = sorted(made, key=lambda one: (one.created_at, one.organization_id))
        assert seen == [one.organization_id for one in expected]

    asyncio.run(work())


def test_members_of_other_organizations_are_never_found(store: Store) -> None:
    async def work() -> None:
        org, _ = await people(store, {"email": "a@acme.example"})
        foreign, _ = await people(store, {"email": "b@acme.example"})
        everybody = [of_members.everybody()]
        assert await find_members(store, [org], everybody) == {"a@acme.example"}
        assert await find_members(store, [org, foreign], everybody) == {
            "a@acme.example",
            "b@acme.example",
        }
        # OR widens inside of the organization, never beyond it.
        wide = [of_members.nobody(), of_members.everybody()]
        assert await find_members(store, [org], wide, match_all=False) == {"a@acme.example"}

    asyncio.run(work())


def test_deleted_members_are_found_only_when_asked_for(store: Store) -> None:
    async def work() -> None:
        org, _ = await people(
            store, {"email": "a@x.example"}, {"email": "d@x.example", "status": "deleted"}
        )
        deleted = [of_members.with_statuses(["deleted"])]
        assert await find_members(store, [org], []) == {"a@x.example"}
        assert await find_members(store, [org], deleted) == set()
        assert await find_members(store, [org], deleted, with_deleted=True) == {"d@x.example"}

    asyncio.run(work())


def test_every_filter_on_members_finds_what_it_names(store: Store) -> None:
    async def work() -> None:
        org, (ada, grace, _) = await people(
            store,
            {
                "email": "Ada@acme.example",
                "is_breakglass": True,
                "external_id": "e|1",
                "mfa_phone_number": "+15005550006",
            },
            {"email": "grace@sub.acme.example", "status": "invited"},
            {"email": "x@acme-example.org", "status": "pending"},
        )
        a, g, x = "Ada@acme.example", "grace@sub.acme.example", "x@acme-example.org"
        cases: list[tuple[Condition, set[str]]] = [
            (of_members.with_ids([ada.member_id]), {a}),
            (of_members.with_ids(["e|1", grace.member_id]), {a, g}),
            (of_members.with_ids([]), set()),
            (of_members.with_emails(["ada@acme.example", "nobody@x.example"]), {a}),
            (of_members.email_contains("ACME.EX"), {a, g}),
            (of_members.is_breakglass(True), {a}),
            (of_members.is_breakglass(False), {g, x}),
            (of_members.with_statuses(["invited", "pending"]), {g, x}),
            (held(role_sources.by_domain(org, "acme.example")), {a}),
            (of_members.with_phone_numbers(["+15005550006"]), {a}),
            (of_members.phone_number_contains("5550"), {a}),
            (of_members.nobody(), set()),
            (of_members.everybody(), {a, g, x}),
        ]
        for condition, expected in cases:
            assert await find_members(store, [org], [condition]) == expected, condition
        two = [of_members.is_breakglass(True), of_members.with_statuses(["invited"])]
        assert await find_members(store, [org], two) == set()
        assert await find_members(store, [org], two, match_all=False) == {a, g}

    asyncio.run(work())


def test_wildcards_of_sql_are_letters_like_others(store: Store) -> None:
    async def work() -> None:
        emails = ("a%b@x.example", "a_b@x.example", "azb@x.example", "a/b@x.example")
        org, _ = await people(store, *({"email": email} for email in emails))
        for part, expected in (("a%b", 0), ("a_b", 1), ("a/b", 3), ("%%%", None), ("___", None)):
            found = await find_members(store, [org], [of_members.email_contains(part)])
            assert found == (set() if expected is None else {emails[expected]})
        await people(store, {"mfa_phone_number": "+1%5"}, {"mfa_phone_number": "+125"})
        assert (
            await find_members(store, [org], [held(role_sources.by_domain(org, "_.example"))])
            == set()
        )
        await values.put_organization(store, values.organization("100%_sure", slug="a_b"))
        await values.put_organization(store, values.organization("100 is sure", slug="a-b"))
        for condition in (
            of_organizations.name_contains("0%_"),
            of_organizations.name_contains("%_SURE"),
            of_organizations.slug_contains("a_b"),
        ):
            assert await find_organizations(store, [condition]) == {"a_b"}

    asyncio.run(work())


def test_a_role_is_found_to_the_letter(store: Store) -> None:
    async def work(value: str) -> None:
        near = (value + "x", "x" + value, value.swapcase() + "y", f"x{value}x", "")
        org, _ = await people(
            store,
            {"email": "first@x.example", "explicit_roles": (value, "z")},
            {"email": "last@x.example", "explicit_roles": ("z", value)},
            {"email": "near@x.example", "explicit_roles": near},
            {"email": "none@x.example"},
        )
        found = await find_members(store, [org], [held(role_sources.by_hand(org, value))])
        assert found == {"first@x.example", "last@x.example"}

    for value in LITERALS:
        asyncio.run(work(value))


def test_a_role_in_another_case_is_another_role(store: Store) -> None:
    async def work() -> None:
        org, _ = await people(store, {"explicit_roles": ("admins",)})
        assert (
            await find_members(store, [org], [held(role_sources.by_hand(org, "Admins"))]) == set()
        )

    asyncio.run(work())


def test_a_group_is_found_to_the_letter(store: Store) -> None:
    async def work(value: str) -> None:
        org, (ada, grace) = await people(store, {}, {})
        one, two = values.saml(org), values.saml(org)
        for door in (one, two):
            await values.put_connection(store, door)
        name = one.connection_id
        await values.put_registration(
            store, values.registration(ada, name, groups=("z", value, "y"))
        )
        near = (value + "x", "x" + value, f'"{value}', value + '"')
        await values.put_registration(store, values.registration(grace, name, groups=near))
        await values.put_registration(
            store, values.registration(grace, two.connection_id, groups=(value,))
        )
        found = await find_members(store, [org], [held(role_sources.by_group(name, value))])
        assert found == {ada.email_address}
        both = await find_members(store, [org], [held(role_sources.by_connection(name))])
        assert both == {ada.email_address, grace.email_address}

    for value in LITERALS:
        asyncio.run(work(value))


def test_a_group_in_another_case_is_another_group(store: Store) -> None:
    async def work() -> None:
        org, (ada,) = await people(store, {})
        name = await values.put_connection(store, values.saml(org))
        await values.put_registration(store, values.registration(ada, name, groups=("admins",)))
        condition = held(role_sources.by_group(name, "Admins"))
        assert await find_members(store, [org], [condition]) == set()

    asyncio.run(work())


def test_what_gives_a_role_follows_every_change(store: Store) -> None:
    """The address, the roles by hand, the groups of the next login, and the connection's end."""

    async def work() -> None:
        org, (ada,) = await people(store, {"email": "ada@old.example", "explicit_roles": ("a",)})
        door = await values.put_connection(store, values.saml(org))
        one = values.registration(ada, door, groups=("x", "y"))
        await values.put_registration(store, one)
        twin = await values.put_registration(store, values.registration(ada, door, groups=("x",)))
        assert twin.registration_id != one.registration_id

        async def given() -> set[str]:
            reasons = {
                "hand a": role_sources.by_hand(org, "a"),
                "hand b": role_sources.by_hand(org, "b"),
                "old": role_sources.by_domain(org, "old.example"),
                "new": role_sources.by_domain(org, "new.example"),
                "door": role_sources.by_connection(door),
                "x": role_sources.by_group(door, "x"),
                "y": role_sources.by_group(door, "y"),
                "z": role_sources.by_group(door, "z"),
            }
            return {
                name
                for name, reason in reasons.items()
                if await find_members(store, [org], [held(reason)])
            }

        assert await given() == {"hand a", "old", "door", "x", "y"}
        moved = replace(ada, email_address="ada@new.example", explicit_roles=("b",))
        await store.write(lambda tx: tx.members.update(moved))
        assert await given() == {"hand b", "new", "door", "x", "y"}
        await values.put_registration(store, replace(one, groups=("x", "z")))
        assert await given() == {"hand b", "new", "door", "x", "z"}
        await store.write(lambda tx: tx.connections.forget_people([door]))
        assert await given() == {"hand b", "new"}
        await values.put_registration(store, one)
        await store.write(lambda tx: tx.connections.delete([door]))
        assert await given() == {"hand b", "new"}

    asyncio.run(work())


def test_organizations_are_found_by_many_names_at_once(store: Store) -> None:
    """As one by one: an id before an external id before a slug, and only of this project."""

    async def work() -> None:
        one = await values.put_organization(store, values.organization(slug="one"))
        two = await values.put_organization(store, values.organization(slug="two"))
        named = values.organization(slug="three", external_id="one")
        await values.put_organization(store, named)
        await store.write(lambda tx: tx.projects.insert(values.project("project-test-2")))
        foreign = values.organization(slug="foreign", project_id="project-test-2")
        await values.put_organization(store, foreign)
        names = ["one", "two", "three", one.organization_id, "two", "nobody", "foreign"]
        found = await store.read(lambda tx: tx.organizations.find_all_by_any(PROJECT, names))
        assert found == {
            "one": named, "two": two, "three": named, one.organization_id: one
        }  # fmt: skip
        for name in names:
            alone = await store.read(
                lambda tx: tx.organizations.find_by_any(PROJECT, name)  # noqa: B023
            )
            assert alone == found.get(name), name

    asyncio.run(work())


async def three_organizations(store: Store) -> list[Organization]:
    settings = OrganizationSettings(
        email_allowed_domains=("acme.example",), claimed_email_domains=("claimed.example",)
    )
    made = [
        values.organization("Acme Corp", slug="Acme-1", settings=settings),
        values.organization("ACME Labs", slug="labs"),
        values.organization("Übung " + ODD, slug="other"),
    ]
    for one in made:
        await values.put_organization(store, one)
    return made


def test_every_filter_on_organizations_finds_what_it_names(store: Store) -> None:
    async def work() -> None:
        acme, labs, other = await three_organizations(store)
        retired = (RetiredEmail("member-email-1", "was@acme.example"),)
        person = values.member(acme.organization_id, "Ada@acme.example", retired_emails=retired)
        await values.put_member(store, person)
        door = values.oidc(labs.organization_id)
        await values.put_connection(store, door)
        shared = values.external(other.organization_id, door)
        await values.put_connection(store, shared)
        unfinished = values.saml(acme.organization_id, status="pending")
        await values.put_connection(store, unfinished)
        cases: list[tuple[Condition, set[str]]] = [
            (of_organizations.with_ids([acme.organization_id, "none"]), {"Acme-1"}),
            (of_organizations.with_slugs(["labs", "Acme-1"]), {"Acme-1", "labs"}),
            (of_organizations.with_slugs(["LABS"]), set()),
            (of_organizations.slug_contains("CME-"), {"Acme-1"}),
            (of_organizations.name_contains("acme"), {"Acme-1", "labs"}),
            (of_organizations.name_contains("ÜBUNG"), {"other"}),
            (of_organizations.with_member_emails(["ada@acme.example"]), {"Acme-1"}),
            (of_organizations.with_member_emails(["was@acme.example"]), set()),
            (of_organizations.member_email_contains("DA@AC"), {"Acme-1"}),
            (of_organizations.member_email_contains("was@"), set()),
            (of_organizations.with_domains("allowed", ["ACME.example"]), {"Acme-1"}),
            (of_organizations.with_domains("claimed", ["acme.example"]), set()),
            (of_organizations.with_domains("claimed", ["claimed.example"]), {"Acme-1"}),
            (of_organizations.domain_contains("allowed", "CME.EX"), {"Acme-1"}),
            (of_organizations.domain_contains("allowed", "claimed"), set()),
            (of_organizations.with_active_connection(True), {"labs", "other"}),
            (of_organizations.with_active_connection(False), {"Acme-1"}),
            (of_organizations.with_connection(shared.connection_id), {"other"}),
            (of_organizations.with_connection(unfinished.connection_id), {"Acme-1"}),
        ]
        for condition, expected in cases:
            assert await find_organizations(store, [condition]) == expected, condition
        two = [of_organizations.with_slugs(["labs"]), of_organizations.name_contains("corp")]
        assert await find_organizations(store, two) == set()
        assert await find_organizations(store, two, match_all=False) == {"Acme-1", "labs"}
        await store.write(lambda tx: tx.connections.update(replace(shared, share_status="revoked")))
        active = [of_organizations.with_active_connection(True)]
        assert await find_organizations(store, active) == {"labs"}

    asyncio.run(work())


def test_domains_follow_a_change_of_the_settings(store: Store) -> None:
    async def work() -> None:
        acme, *_ = await three_organizations(store)
        moved = replace(acme, settings=OrganizationSettings(email_allowed_domains=("new.example",)))
        await store.write(lambda tx: tx.organizations.update(moved))
        old = [of_organizations.with_domains("allowed", ["acme.example"])]
        new = [of_organizations.with_domains("allowed", ["new.example"])]
        assert await find_organizations(store, old) == set()
        assert await find_organizations(store, new) == {"Acme-1"}

    asyncio.run(work())


def test_organizations_of_another_project_are_never_found(store: Store) -> None:
    async def work() -> None:
        await store.write(lambda tx: tx.projects.insert(values.project("project-test-2")))
        foreign = values.organization(project_id="project-test-2")
        await values.put_organization(store, foreign)
        own = await values.put_organization(store)
        wide = [of_organizations.with_ids([foreign.organization_id, own.organization_id])]
        assert await find_organizations(store, wide, match_all=False) == {own.slug}

    asyncio.run(work())


def test_members_that_are_not_deleted_are_counted(store: Store) -> None:
    async def work() -> None:
        org, _ = await people(store, {}, {"status": "invited"}, {"status": "deleted"})
        assert await store.read(lambda tx: tx.organizations.count_members(org)) == 2

    asyncio.run(work())
