"""Transactions: whole or not at all, single use, and no change lost between two at once."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import replace

import pytest

from storage import values
from storage.values import LATER, NOW, PROJECT, hashed
from vestibule.domain.discovery import DiscoverySession
from vestibule.domain.magic_links import AskedLink, LinkRequest, MagicLink
from vestibule.domain.mail import Mail
from vestibule.domain.members import RetiredEmail
from vestibule.errors import VestibuleError
from vestibule.storage import Store, Tx
from vestibule.storage.engine import SqliteEngine

MANY = 20


class Overtaking:
    """Two transactions of which the slow one reads before the fast one, and writes after it.

    On SQLite a transaction is alone, so there the slow one finds nobody to wait for.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._alone = isinstance(store.engine, SqliteEngine)
        self._slow_has_read = threading.Event()
        self._fast_is_done = threading.Event()

    def let_pass(self) -> None:
        """Called inside the slow transaction, after it has read."""
        self._slow_has_read.set()
        if not self._alone:
            assert self._fast_is_done.wait(timeout=10)

    async def run(
        self, slow: Callable[[Tx], object], fast: Callable[[Tx], object]
    ) -> tuple[object, object]:
        begun = asyncio.ensure_future(self._store.write(slow))
        await asyncio.to_thread(self._slow_has_read.wait, 10)
        second = await self._store.write(fast)
        self._fast_is_done.set()
        return await begun, second


async def race(store: Store, work: Callable[[Tx], object], times: int = MANY) -> list[object]:
    return list(await asyncio.gather(*(store.write(work) for _ in range(times))))


def test_a_token_is_taken_once(store: Store) -> None:
    async def work() -> None:
        person, door = await values.a_member_with_connection(store)
        token = values.sso_token(person, door.connection_id)
        await store.write(lambda tx: tx.logins.put_token(hashed("token"), token))
        taken = await race(store, lambda tx: tx.logins.take_token(hashed("token"), NOW))
        assert [one for one in taken if one is not None] == [token]

    asyncio.run(work())


def test_an_attempt_is_taken_once(store: Store) -> None:
    async def work() -> None:
        await store.write(lambda tx: tx.logins.put_attempt(hashed("state"), values.attempt()))
        taken = await race(store, lambda tx: tx.logins.take_attempt(hashed("state"), NOW))
        assert [one for one in taken if one is not None] == [values.attempt()]

    asyncio.run(work())


def test_an_intermediate_session_is_taken_once(store: Store) -> None:
    async def work() -> None:
        person, _ = await values.a_member_with_connection(store)
        half = values.intermediate(person)
        await store.write(lambda tx: tx.sessions.put_intermediate(hashed("half"), half))
        taken = await race(store, lambda tx: tx.sessions.take_intermediate(hashed("half"), NOW))
        assert [one for one in taken if one is not None] == [half]

    asyncio.run(work())


def test_a_magic_link_is_taken_once_and_looking_leaves_it(store: Store) -> None:
    async def work() -> None:
        link = MagicLink(
            "discovery", PROJECT, "ada@example.com", "https://app.example.com/", None, NOW, LATER
        )
        place = hashed("link")
        await store.write(lambda tx: tx.magic_links.put(place, link))
        for _ in range(2):
            assert await store.read(lambda tx: tx.magic_links.find(place, NOW)) == link
        assert await store.read(lambda tx: tx.magic_links.find(place, LATER)) is None
        taken = await race(store, lambda tx: tx.magic_links.take(place, NOW))
        assert [one for one in taken if one is not None] == [link]

    asyncio.run(work())


def test_a_proof_of_an_address_is_taken_once_and_by_its_project_alone(store: Store) -> None:
    async def work() -> None:
        proven = DiscoverySession(PROJECT, "ada@example.com", NOW, LATER)
        place = hashed("proof")
        await store.write(lambda tx: tx.discovery.put(place, proven))
        assert await store.write(lambda tx: tx.discovery.take("another", place, NOW)) is None
        taken = await race(store, lambda tx: tx.discovery.take(PROJECT, place, NOW))
        assert [one for one in taken if one is not None] == [proven]

    asyncio.run(work())


def test_a_request_of_a_page_is_answered_once(store: Store) -> None:
    async def work() -> None:
        asked = AskedLink(PROJECT, LinkRequest("acme", "ada@example.com"), NOW)
        await store.write(lambda tx: tx.magic_links.put_asked("request-1", asked))
        taken = await race(store, lambda tx: tx.magic_links.take_asked())
        assert [one for one in taken if one is not None] == [asked]

    asyncio.run(work())


def test_a_mail_has_one_sender_at_a_time(store: Store) -> None:
    """Whoever claims it first has it until the lease ends, and may say nothing of it afterwards."""

    async def work() -> None:
        mail = Mail(
            mail_id="mail-1", project_id=PROJECT, organization_id="", member_id="",
            kind="discovery", locale="en", recipient="ada@example.com", link="https://x.example/",
            lifetime=LATER - NOW, created_at=NOW, expires_at=LATER,
        )  # fmt: skip
        await store.write(lambda tx: tx.mail.put(mail))
        claimed = await race(store, lambda tx: tuple(tx.mail.claim(NOW, LATER, 5)))
        ((first,),) = [held for held in claimed if held]  # type: ignore[misc]
        assert (first.mail, first.tries) == (mail, 1)
        assert await store.write(lambda tx: tx.mail.claim(NOW, LATER, 5)) == []
        end = LATER + (LATER - NOW)
        (second,) = await store.write(lambda tx: tx.mail.claim(LATER, end, 5))
        assert second.tries == 2
        assert await store.write(lambda tx: tx.mail.finish(first)) is False
        assert await store.write(lambda tx: tx.mail.postpone(first, NOW)) is False
        assert await store.write(lambda tx: tx.mail.finish(second)) is True
        assert await store.write(lambda tx: tx.mail.claim(end, end, 5)) == []

    asyncio.run(work())


def test_a_session_that_was_stored_before_there_was_mail_is_read(store: Store) -> None:
    """Documents of sessions and intermediate sessions had no `email`."""

    async def work() -> None:
        person, _ = await values.a_member_with_connection(store)
        made = values.session(person)
        await store.write(lambda tx: tx.sessions.insert(made, "token", hashed("token")))
        half = values.intermediate(person)
        await store.write(lambda tx: tx.sessions.put_intermediate(hashed("half"), half))
        with store.engine.engine.begin() as connection:
            for table in ("session", "intermediate_session"):
                connection.exec_driver_sql(
                    f"UPDATE {table} SET document = replace(document, ',\"email\":null', '')"  # noqa: S608
                )
                row = connection.exec_driver_sql(f"SELECT document FROM {table}").scalar_one()  # noqa: S608
                assert "email" not in row
        found = await store.read(
            lambda tx: tx.sessions.find_by_token(PROJECT, hashed("token"), NOW)
        )
        assert found is not None and found.session == made
        taken = await store.write(lambda tx: tx.sessions.take_intermediate(hashed("half"), NOW))
        assert taken == half

    asyncio.run(work())


def test_an_assertion_is_new_once(store: Store) -> None:
    async def work() -> None:
        first = await race(store, lambda tx: tx.logins.remember_assertion("c-1", "_id", LATER))
        assert sorted(map(bool, first)) == [False] * (MANY - 1) + [True]
        # The same id at another connection is another assertion.
        assert await store.write(lambda tx: tx.logins.remember_assertion("c-2", "_id", LATER))
        assert not await store.write(lambda tx: tx.logins.remember_assertion("c-1", "_id", LATER))

    asyncio.run(work())


def test_an_assertion_is_new_to_one_of_two_that_are_still_open(store: Store) -> None:
    async def work() -> None:
        overtaking = Overtaking(store)

        def slow(tx: Tx) -> bool:
            tx.projects.count()
            overtaking.let_pass()
            return tx.logins.remember_assertion("c-1", "_id", LATER)

        def fast(tx: Tx) -> bool:
            return tx.logins.remember_assertion("c-1", "_id", LATER)

        assert sorted(map(bool, await overtaking.run(slow, fast))) == [False, True]

    asyncio.run(work())


@pytest.mark.parametrize("noun", ["organization", "member", "connection", "project"])
def test_two_changes_at_once_both_last(store: Store, noun: str) -> None:
    """One reads, is overtaken by the other, and then writes: it has to read again first."""

    async def work() -> None:
        person, door = await values.a_member_with_connection(store)
        org, member_id = person.organization_id, person.member_id
        overtaking = Overtaking(store)

        def change(mark: str) -> Callable[[Tx], None]:
            def organization(tx: Tx) -> None:
                one = tx.organizations.find(PROJECT, org)
                assert one is not None
                if mark == "SLOW":
                    overtaking.let_pass()
                merged = {**one.trusted_metadata, mark: True}
                tx.organizations.update(replace(one, trusted_metadata=merged))

            def member(tx: Tx) -> None:
                one = tx.members.find(org, member_id)
                assert one is not None
                if mark == "SLOW":
                    overtaking.let_pass()
                tx.members.update(replace(one, trusted_metadata={**one.trusted_metadata, mark: 1}))

            def connection(tx: Tx) -> None:
                one = tx.connections.find(org, door.connection_id)
                assert one is not None
                if mark == "SLOW":
                    overtaking.let_pass()
                tx.connections.update(replace(one, display_name=one.display_name + mark))

            def project(tx: Tx) -> None:
                one = tx.projects.find(PROJECT)
                assert one is not None
                if mark == "SLOW":
                    overtaking.let_pass()
                tx.projects.update(replace(one, jwt_template={**one.jwt_template, mark: "x"}))

            return {
                "organization": organization,
                "member": member,
                "connection": connection,
                "project": project,
            }[noun]

        await overtaking.run(change("SLOW"), change("FAST"))

        def result(tx: Tx) -> str:
            return repr(
                {
                    "organization": lambda: tx.organizations.find(PROJECT, org),
                    "member": lambda: tx.members.find(org, member_id),
                    "connection": lambda: tx.connections.find(org, door.connection_id),
                    "project": lambda: tx.projects.find(PROJECT),
                }[noun]()
            )

        found = await store.read(result)
        assert "SLOW" in found
        assert "FAST" in found

    asyncio.run(work())


def test_a_session_touched_by_many_at_once_lets_all_of_them_in(store: Store) -> None:
    """A page asks ten things at once; each of them notes when the session was used."""

    async def work() -> None:
        person, _ = await values.a_member_with_connection(store)
        one = values.session(person)
        await store.write(lambda tx: tx.sessions.insert(one, "token", hashed("token")))

        def use(tx: Tx) -> bool:
            found = tx.sessions.find_by_token(PROJECT, hashed("token"), NOW)
            tx.sessions.touch(one.session_id, NOW)
            return found is not None

        assert all(await race(store, use))

    asyncio.run(work())


def test_a_change_of_what_is_gone_is_refused(store: Store) -> None:
    async def work() -> None:
        owner = await values.put_organization(store)
        with pytest.raises(VestibuleError, match="changed_meanwhile"):
            await store.write(lambda tx: tx.organizations.update(values.organization()))
        with pytest.raises(VestibuleError, match="changed_meanwhile"):
            await store.write(lambda tx: tx.members.update(values.member(owner.organization_id)))
        with pytest.raises(VestibuleError, match="changed_meanwhile"):
            await store.write(lambda tx: tx.connections.update(values.saml(owner.organization_id)))
        old = replace(values.project(), version=7)
        with pytest.raises(VestibuleError, match="changed_meanwhile"):
            await store.write(lambda tx: tx.projects.update(old))

    asyncio.run(work())


def test_a_write_that_raises_leaves_nothing(store: Store) -> None:
    class Unlucky(Exception):
        pass

    async def work() -> None:
        one = values.organization()

        def both(tx: Tx) -> None:
            tx.organizations.insert(one)
            tx.logins.put_attempt(hashed("state"), values.attempt())
            raise Unlucky

        with pytest.raises(Unlucky):
            await store.write(both)
        assert (
            await store.read(lambda tx: tx.organizations.find(PROJECT, one.organization_id)) is None
        )
        assert await store.write(lambda tx: tx.logins.take_attempt(hashed("state"), NOW)) is None
        # and the store goes on working
        await values.put_organization(store, one)

    asyncio.run(work())


def refused_twice(store: Store, first: Callable[[Tx], None], second: Callable[[Tx], None]) -> None:
    async def work() -> None:
        await store.write(first)
        with pytest.raises(VestibuleError, match="changed_meanwhile"):
            await store.write(second)

    asyncio.run(work())


def test_a_slug_is_unique_in_its_project(store: Store) -> None:
    one, two = values.organization(slug="acme"), values.organization(slug="acme")
    refused_twice(
        store, lambda tx: tx.organizations.insert(one), lambda tx: tx.organizations.insert(two)
    )
    other = replace(two, project_id="project-test-2")
    asyncio.run(store.write(lambda tx: tx.projects.insert(values.project("project-test-2"))))
    asyncio.run(store.write(lambda tx: tx.organizations.insert(other)))


def test_an_external_id_of_an_organization_is_unique_in_its_project(store: Store) -> None:
    one, two = values.organization(external_id="1"), values.organization(external_id="1")
    refused_twice(
        store, lambda tx: tx.organizations.insert(one), lambda tx: tx.organizations.insert(two)
    )


@pytest.mark.parametrize("address", ["ADA@acme.example", "old@acme.example"])
def test_an_address_has_one_owner_even_when_it_is_retired(store: Store, address: str) -> None:
    owner = asyncio.run(values.put_organization(store))
    retired = (RetiredEmail("member-email-1", "Old@acme.example"),)
    one = values.member(owner.organization_id, "ada@acme.example", retired_emails=retired)
    two = values.member(owner.organization_id, address)
    refused_twice(
        store,
        lambda tx: tx.members.insert(one, PROJECT),
        lambda tx: tx.members.insert(two, PROJECT),
    )
    elsewhere = asyncio.run(values.put_organization(store))
    asyncio.run(values.put_member(store, values.member(elsewhere.organization_id, address)))


def test_a_deleted_member_frees_addresses_and_external_id(store: Store) -> None:
    async def work() -> None:
        owner = await values.put_organization(store)
        one = values.full_member(owner.organization_id)
        await values.put_member(store, one)
        await store.write(lambda tx: tx.members.update(replace(one, status="deleted")))
        two = replace(one, member_id=values.fresh("member"))
        await values.put_member(store, two)
        found = await store.read(
            lambda tx: tx.members.find_by_external_id(two.organization_id, "ext|1")
        )
        assert found == two
        with pytest.raises(VestibuleError, match="changed_meanwhile"):
            await store.write(lambda tx: tx.members.update(one))  # the way back is taken

    asyncio.run(work())


def test_an_external_id_of_a_member_is_unique_in_its_organization(store: Store) -> None:
    owner = asyncio.run(values.put_organization(store))
    one = values.member(owner.organization_id, external_id="1")
    two = values.member(owner.organization_id, external_id="1")
    refused_twice(
        store,
        lambda tx: tx.members.insert(one, PROJECT),
        lambda tx: tx.members.insert(two, PROJECT),
    )


def test_a_subject_is_unique_at_its_connection(store: Store) -> None:
    person, door = asyncio.run(values.a_member_with_connection(store))
    one = values.registration(person, door.connection_id, subject="s")
    two = values.registration(person, door.connection_id, subject="s")
    refused_twice(
        store,
        lambda tx: tx.members.put_registration(one),
        lambda tx: tx.members.put_registration(two),
    )
    second = values.saml(person.organization_id)
    asyncio.run(values.put_connection(store, second))
    elsewhere = values.registration(person, second.connection_id, subject="s")
    asyncio.run(values.put_registration(store, elsewhere))


def test_an_organization_has_one_external_connection_to_a_source(store: Store) -> None:
    source = asyncio.run(values.put_organization(store))
    target = asyncio.run(values.put_organization(store))
    door = values.saml(source.organization_id)
    asyncio.run(values.put_connection(store, door))
    one = values.external(target.organization_id, door)
    two = values.external(target.organization_id, door)
    refused_twice(
        store, lambda tx: tx.connections.insert(one), lambda tx: tx.connections.insert(two)
    )


def test_what_belongs_to_something_that_is_gone_is_refused_in_words(store: Store) -> None:
    async def work() -> None:
        person, door = await values.a_member_with_connection(store)
        await store.write(lambda tx: tx.connections.delete([door.connection_id]))
        late = values.sso_token(person, door.connection_id)
        with pytest.raises(VestibuleError, match="changed_meanwhile"):
            await store.write(lambda tx: tx.logins.put_token(hashed("token"), late))

    asyncio.run(work())


@pytest.mark.parametrize("name", ["a\x00b", "\x00"])
def test_a_name_that_no_database_can_hold_names_nothing(store: Store, name: str) -> None:
    async def work() -> None:
        try:
            found = await store.read(lambda tx: tx.organizations.find_by_any(PROJECT, name))
        except VestibuleError as error:
            assert error.code == "field_invalid"
        else:
            assert found is None

    asyncio.run(work())
