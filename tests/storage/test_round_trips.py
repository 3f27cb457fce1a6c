# ruff: noqa: B023 - what is given to the store has run before the loop goes on
"""What goes in comes out, every field of every noun, before and after a change."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage import values
from storage.values import LATER, NOW, ODD, PROJECT, hashed
from vestibule.domain.connections import Connection, LoginRoute
from vestibule.domain.logins import LoginAttempt
from vestibule.domain.rbac import RoleRules
from vestibule.storage import Store
from vestibule.storage.documents import dump, loader, micros, moment
from vestibule.storage.organizations import ActiveConnection


def test_a_project_comes_back_whole_and_counts_its_changes(empty_store: Store) -> None:
    async def work() -> None:
        store, one = empty_store, values.project()
        assert await store.read(lambda tx: tx.projects.count()) == 0
        await store.write(lambda tx: tx.projects.insert(one))
        assert await store.read(lambda tx: tx.projects.find(PROJECT)) == one
        by_slugs = await store.read(lambda tx: tx.projects.find_by_slugs(one.project_slug, "test"))
        assert by_slugs == one
        changed = replace(one, name="other", jwt_template={"z": 1})
        stored = await store.write(lambda tx: tx.projects.update(changed))
        assert stored == replace(changed, version=2)
        assert await store.read(lambda tx: tx.projects.find(PROJECT)) == stored
        assert await store.read(lambda tx: tx.projects.all()) == [stored]
        assert await store.read(lambda tx: tx.projects.find("project-test-2")) is None

    asyncio.run(work())


def test_a_credential_names_its_project_by_hash_and_kind_only(store: Store) -> None:
    async def work() -> None:
        await store.write(
            lambda tx: tx.projects.insert_credential(
                "secret-1", PROJECT, "secret", hashed("s"), NOW
            )
        )
        await store.write(
            lambda tx: tx.projects.insert_credential(
                "public-1", PROJECT, "public_token", hashed("p"), NOW
            )
        )
        found = await store.read(lambda tx: tx.projects.authenticate("secret", hashed("s")))
        assert found == (values.project(), "secret-1")
        for kind, secret in (("public_token", "s"), ("secret", "p"), ("secret", "other")):
            given = hashed(secret)
            assert await store.read(lambda tx: tx.projects.authenticate(kind, given)) is None
        assert await store.read(lambda tx: tx.projects.public_tokens(PROJECT)) == ["public-1"]

    asyncio.run(work())


def test_authentication_gives_the_project_as_it_is_now(store: Store) -> None:
    async def work() -> None:
        await store.write(
            lambda tx: tx.projects.insert_credential(
                "secret-1", PROJECT, "secret", hashed("s"), NOW
            )
        )
        await store.read(lambda tx: tx.projects.authenticate("secret", hashed("s")))
        renamed = replace(values.project(), name="renamed")
        await store.write(lambda tx: tx.projects.update(renamed))
        found = await store.read(lambda tx: tx.projects.authenticate("secret", hashed("s")))
        assert found is not None
        assert found[0].name == "renamed"

    asyncio.run(work())


def test_an_organization_comes_back_whole(store: Store) -> None:
    async def work() -> None:
        one = values.full_organization()
        await values.put_organization(store, one)
        for name in (one.organization_id, one.slug, one.external_id or ""):
            found = await store.read(lambda tx: tx.organizations.find_by_any(PROJECT, name))
            assert found == one
        assert await store.read(lambda tx: tx.organizations.find("project-other", name)) is None
        changed = replace(values.full_organization(), organization_id=one.organization_id)
        await store.write(lambda tx: tx.organizations.update(changed))
        found = await store.read(lambda tx: tx.organizations.find(PROJECT, one.organization_id))
        assert found == changed
        assert await store.read(lambda tx: tx.organizations.find(PROJECT, one.slug)) is None
        assert await store.read(lambda tx: tx.organizations.slug_taken(PROJECT, changed.slug))
        assert not await store.read(lambda tx: tx.organizations.slug_taken(PROJECT, one.slug))
        taken = changed.external_id or ""
        assert await store.read(lambda tx: tx.organizations.external_id_taken(PROJECT, taken))

    asyncio.run(work())


def test_a_name_means_an_id_before_an_external_id_before_a_slug(store: Store) -> None:
    async def work() -> None:
        first = await values.put_organization(store)
        by_external = values.organization(external_id=first.organization_id)
        await values.put_organization(store, by_external)
        by_slug = values.organization(slug="twice")
        await values.put_organization(store, by_slug)
        also = await values.put_organization(store, values.organization(external_id="twice"))
        name = first.organization_id
        assert await store.read(lambda tx: tx.organizations.find_by_any(PROJECT, name)) == first
        assert await store.read(lambda tx: tx.organizations.find_by_any(PROJECT, "twice")) == also

    asyncio.run(work())


def test_a_name_of_128_characters_that_grow_in_lower_case_fits(store: Store) -> None:
    async def work() -> None:
        one = await values.put_organization(store, values.organization("\u0130" * 128))
        found = await store.read(lambda tx: tx.organizations.find(PROJECT, one.organization_id))
        assert found == one

    asyncio.run(work())


def test_a_member_comes_back_whole(store: Store) -> None:
    async def work() -> None:
        owner = await values.put_organization(store)
        one = values.full_member(owner.organization_id)
        await values.put_member(store, one)
        org = owner.organization_id
        assert await store.read(lambda tx: tx.members.find(org, one.member_id)) == one
        assert await store.read(lambda tx: tx.members.find("other", one.member_id)) is None
        assert await store.read(lambda tx: tx.members.find_anywhere(PROJECT, one.member_id)) == one
        assert await store.read(lambda tx: tx.members.find_anywhere("other", one.member_id)) is None
        assert await store.read(lambda tx: tx.members.find_by_external_id(org, "ext|1")) == one
        upper = "ADA.LOVELACE@ACME.EXAMPLE"
        assert await store.read(lambda tx: tx.members.find_by_email(org, upper)) == (one, False)
        retired = "Ada@old.example"
        assert await store.read(lambda tx: tx.members.find_by_email(org, retired)) == (one, True)
        changed = replace(
            values.member(org, "new@acme.example", name="New"), member_id=one.member_id
        )
        await store.write(lambda tx: tx.members.update(changed))
        assert await store.read(lambda tx: tx.members.find(org, one.member_id)) == changed
        for gone in (upper, retired):
            assert await store.read(lambda tx: tx.members.find_by_email(org, gone)) is None

    asyncio.run(work())


@pytest.mark.parametrize("kind", ["saml", "oidc", "external"])
def test_a_connection_comes_back_whole(store: Store, kind: str) -> None:
    async def work() -> None:
        source = await values.put_organization(store)
        target = await values.put_organization(store)
        one: Connection
        other: Connection
        if kind == "saml":
            one, other = values.saml(target.organization_id), values.saml(target.organization_id)
            other = replace(
                other, connection_id=one.connection_id, signing_keys=(), rules=RoleRules()
            )
        elif kind == "oidc":
            one = values.oidc(target.organization_id)
            other = replace(one, client_secret="", display_name="x", id_token_signing_algs=())
        else:
            door = values.oidc(source.organization_id)
            await values.put_connection(store, door)
            one = values.external(target.organization_id, door)
            other = replace(one, share_status="revoked", session_exchange="allowed")
        org, name = target.organization_id, one.connection_id
        await values.put_connection(store, one)
        assert await store.read(lambda tx: tx.connections.find(org, name)) == one
        assert await store.read(lambda tx: tx.connections.find("other", name)) is None
        await store.write(lambda tx: tx.connections.update(other))
        assert await store.read(lambda tx: tx.connections.find(org, name)) == other
        assert await store.read(lambda tx: tx.connections.all_of(org)) == [other]
        assert await store.read(lambda tx: tx.connections.count(org)) == 1

    asyncio.run(work())


def test_a_route_joins_target_source_and_the_organization_entered(store: Store) -> None:
    async def work() -> None:
        source = await values.put_organization(store)
        target = await values.put_organization(store)
        for door in (values.saml(source.organization_id), values.oidc(source.organization_id)):
            await values.put_connection(store, door)
            shared = values.external(target.organization_id, door)
            await values.put_connection(store, shared)
            direct = LoginRoute(door, door, source)
            for _ in range(2):  # the second time from what is kept opened
                found = await store.read(
                    lambda tx: tx.connections.route(PROJECT, door.connection_id)
                )
                assert found == direct
                found = await store.read(
                    lambda tx: tx.connections.route(PROJECT, shared.connection_id)
                )
                assert found == LoginRoute(shared, door, target)
            by_source = await store.read(lambda tx: tx.connections.source_route(door.connection_id))
            assert by_source == (direct, PROJECT)
            assert (
                await store.read(lambda tx: tx.connections.source_route(shared.connection_id))
                is None
            )
            foreign = await store.read(lambda tx: tx.connections.route("other", door.connection_id))
            assert foreign is None
            found_dependants = await store.read(
                lambda tx: tx.connections.dependants(door.connection_id)
            )
            assert found_dependants == [shared]
            org, name = target.organization_id, door.connection_id
            assert await store.read(lambda tx: tx.connections.external_exists(org, name))
            assert not await store.read(
                lambda tx: tx.connections.external_exists(source.organization_id, name)
            )

    asyncio.run(work())


def test_a_route_shows_a_change_of_its_source_at_once(store: Store) -> None:
    async def work() -> None:
        owner = await values.put_organization(store)
        door = values.oidc(owner.organization_id)
        name = await values.put_connection(store, door)
        await store.read(lambda tx: tx.connections.route(PROJECT, name))
        changed = replace(door, client_secret="CLIENT-secret-2")
        await store.write(lambda tx: tx.connections.update(changed))
        found = await store.read(lambda tx: tx.connections.route(PROJECT, name))
        assert found is not None
        assert found.source == changed

    asyncio.run(work())


def test_only_open_doors_are_active_connections(store: Store) -> None:
    async def work() -> None:
        source = await values.put_organization(store)
        target = await values.put_organization(store)
        org = target.organization_id
        active = values.oidc(source.organization_id)
        pending = values.saml(source.organization_id, status="pending")
        own = values.saml(org, created_at=NOW + timedelta(seconds=1))
        unfinished = values.saml(org, status="pending")
        for door in (active, pending, own, unfinished):
            await values.put_connection(store, door)
        shared = values.external(org, active)
        behind_pending = values.external(org, pending)
        for door in (shared, behind_pending):
            await values.put_connection(store, door)
        expected = [
            ActiveConnection(shared.connection_id, "Partner", "keycloak"),
            ActiveConnection(own.connection_id, ODD, "okta"),
        ]
        assert await store.read(lambda tx: tx.organizations.active_connections(org)) == expected
        many = await store.read(lambda tx: tx.organizations.active_connections_of([org, "none"]))
        assert many == {org: expected, "none": []}
        rules = await store.read(lambda tx: tx.connections.rules_of([org]))
        assert sorted(rules) == sorted(
            [(shared.connection_id, shared.rules), (own.connection_id, own.rules)]
        )
        await store.write(lambda tx: tx.connections.update(replace(shared, share_status="revoked")))
        left = await store.read(lambda tx: tx.organizations.active_connections(org))
        assert left == expected[1:]

    asyncio.run(work())


def test_a_registration_comes_back_with_the_rules_of_its_connection(store: Store) -> None:
    async def work() -> None:
        person, door = await values.a_member_with_connection(store)
        one = values.registration(person, door.connection_id)
        await values.put_registration(store, one)
        told = replace(one, rules=door.rules)
        member_id, subject = person.member_id, one.subject
        assert await store.read(lambda tx: tx.members.registrations(member_id)) == [told]
        many = await store.read(lambda tx: tx.members.registrations_of([member_id, "none"]))
        assert many == {member_id: [told], "none": []}
        bare = replace(one, rules=RoleRules())
        found = await store.read(lambda tx: tx.members.find_by_subject(door.connection_id, subject))
        assert found == (bare, person)
        other = await store.read(lambda tx: tx.members.find_by_subject("other", subject))
        assert other is None
        changed = replace(one, groups=("only",), last_login_at=NOW, attributes={})
        await values.put_registration(store, changed)
        assert await store.read(lambda tx: tx.members.registrations(member_id)) == [
            replace(changed, rules=door.rules)
        ]
        closed = replace(door, status="pending")
        await store.write(lambda tx: tx.connections.update(closed))
        (read,) = await store.read(lambda tx: tx.members.registrations(member_id))
        assert not read.open

    asyncio.run(work())


def test_a_registration_through_a_revoked_share_is_not_open(store: Store) -> None:
    async def work() -> None:
        source, target = (
            await values.put_organization(store), await values.put_organization(store)
        )  # fmt: skip
        door = values.saml(source.organization_id)
        shared = values.external(target.organization_id, door)
        await values.put_connection(store, door)
        await values.put_connection(store, shared)
        person = await values.put_member(store, values.member(target.organization_id))
        await values.put_registration(store, values.registration(person, shared.connection_id))
        (read,) = await store.read(lambda tx: tx.members.registrations(person.member_id))
        assert read.open
        await store.write(lambda tx: tx.connections.update(replace(shared, share_status="revoked")))
        (read,) = await store.read(lambda tx: tx.members.registrations(person.member_id))
        assert not read.open

    asyncio.run(work())


def test_a_session_comes_back_with_member_organization_and_token(store: Store) -> None:
    async def work() -> None:
        person, door = await values.a_member_with_connection(store)
        one = values.session(person, door.connection_id)
        await store.write(
            lambda tx: tx.sessions.insert(one, "SESSION-token", hashed("SESSION-token"))
        )
        key = hashed("SESSION-token")
        found = await store.read(lambda tx: tx.sessions.find_by_token(PROJECT, key, NOW))
        assert found is not None
        assert (found.session, found.member, found.token) == (one, person, "SESSION-token")
        assert found.organization.organization_id == person.organization_id
        by_id = await store.read(lambda tx: tx.sessions.find_by_id(PROJECT, one.session_id, NOW))
        assert by_id == found
        assert await store.read(lambda tx: tx.sessions.find_by_token("other", key, NOW)) is None
        assert await store.read(lambda tx: tx.sessions.find_by_token(PROJECT, key, LATER)) is None
        changed = replace(one, expires_at=LATER + timedelta(hours=1), custom_claims={"x": 1})
        assert await store.write(lambda tx: tx.sessions.update(changed))
        assert await store.read(lambda tx: tx.sessions.of_member(person.member_id, NOW)) == [
            changed
        ]
        await store.write(lambda tx: tx.sessions.touch(one.session_id, LATER))
        assert await store.read(lambda tx: tx.sessions.of_member(person.member_id, NOW)) == [
            replace(changed, last_accessed_at=LATER)
        ]
        assert await store.write(lambda tx: tx.sessions.delete(one.session_id))
        assert not await store.write(lambda tx: tx.sessions.delete(one.session_id))
        assert not await store.write(lambda tx: tx.sessions.update(changed))
        assert await store.read(lambda tx: tx.sessions.find_by_token(PROJECT, key, NOW)) is None

    asyncio.run(work())


def test_what_a_login_leaves_behind_comes_back_whole(store: Store) -> None:
    async def work() -> None:
        person, door = await values.a_member_with_connection(store)
        org = person.organization_id
        begun, token = values.attempt(), values.sso_token(person, door.connection_id)
        half = values.intermediate(person, door.connection_id)
        await store.write(lambda tx: tx.logins.put_attempt(hashed("state"), begun))
        await store.write(lambda tx: tx.logins.put_token(hashed("token"), token))
        await store.write(lambda tx: tx.sessions.put_intermediate(hashed("half"), half))
        assert await store.write(lambda tx: tx.logins.take_attempt(hashed("state"), NOW)) == begun
        assert await store.write(lambda tx: tx.logins.take_token(hashed("token"), NOW)) == token
        taken = await store.write(lambda tx: tx.sessions.take_intermediate(hashed("half"), NOW))
        assert taken == half
        assert await store.write(lambda tx: tx.logins.take_attempt(hashed("state"), NOW)) is None

        first = values.trace(org)
        second = values.trace(org, started_at=LATER, outcome="refused", member_id=None, steps=())
        for one in (first, second):
            await store.write(lambda tx: tx.logins.put_trace(one))
        assert await store.read(lambda tx: tx.logins.traces(org, 5)) == [second, first]
        assert await store.read(lambda tx: tx.logins.traces(org, 1)) == [second]
        assert await store.read(lambda tx: tx.logins.find_trace("other", first.trace_id)) is None
        await store.write(lambda tx: tx.logins.finish_trace(first.trace_id, LATER))
        found = await store.read(lambda tx: tx.logins.find_trace(org, first.trace_id))
        assert found == replace(first, outcome="authenticated", authenticated_at=LATER)

    asyncio.run(work())


def test_nothing_is_taken_after_its_time(store: Store) -> None:
    async def work() -> None:
        person, door = await values.a_member_with_connection(store)
        token = values.sso_token(person, door.connection_id)
        half = values.intermediate(person)
        await store.write(lambda tx: tx.logins.put_attempt(hashed("state"), values.attempt()))
        await store.write(lambda tx: tx.logins.put_token(hashed("token"), token))
        await store.write(lambda tx: tx.sessions.put_intermediate(hashed("half"), half))
        assert await store.write(lambda tx: tx.logins.take_attempt(hashed("state"), LATER)) is None
        assert await store.write(lambda tx: tx.logins.take_token(hashed("token"), LATER)) is None
        taken = await store.write(lambda tx: tx.sessions.take_intermediate(hashed("half"), LATER))
        assert taken is None

    asyncio.run(work())


def test_signing_keys_come_back_until_they_retire(store: Store) -> None:
    async def work() -> None:
        later = values.signing_key("kid-a", activates_at=LATER, retires_at=LATER + timedelta(1))
        now = values.signing_key("kid-b")
        for key in (later, now):
            await store.write(lambda tx: tx.keys.insert(key))
        assert await store.read(lambda tx: tx.keys.live(PROJECT, NOW)) == [now, later]
        assert await store.read(lambda tx: tx.keys.live(PROJECT, LATER)) == [later]
        assert await store.read(lambda tx: tx.keys.live("other", NOW)) == []
        await store.write(lambda tx: tx.keys.retire("kid-a", NOW))
        assert await store.read(lambda tx: tx.keys.live(PROJECT, NOW)) == [now]
        await store.write(lambda tx: tx.keys.retire("kid-a", LATER))  # never prolongs
        assert await store.read(lambda tx: tx.keys.live(PROJECT, NOW)) == [now]
        assert await store.write(lambda tx: tx.keys.delete_retired(NOW)) == 1

    asyncio.run(work())


def test_audit_events_come_back_the_latest_first(store: Store) -> None:
    async def work() -> None:
        first = values.audit_event("organization-1")
        second = values.audit_event("organization-1", at=LATER)
        foreign = values.audit_event("organization-2", at=LATER)
        for event in (first, second, foreign):
            await store.write(lambda tx: tx.audit.insert(event))
        assert await store.read(lambda tx: tx.audit.latest("organization-1", 9)) == [second, first]
        assert await store.read(lambda tx: tx.audit.latest("organization-1", 1)) == [second]

    asyncio.run(work())


@given(st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)))
def test_a_moment_survives_its_column_to_the_microsecond(value: datetime) -> None:
    assert moment(micros(value)) == value


def test_an_attempt_from_before_an_upgrade_is_still_good() -> None:
    """Ten minutes of logins are under way when a server is replaced."""
    made = values.attempt()
    document = json.loads(dump(made))
    for name in ("authenticated_after", "authn_contexts"):
        document.pop(name, None)
    assert loader(LoginAttempt)(json.dumps(document)) == made
    asked = replace(made, authenticated_after=NOW, authn_contexts=("urn:a", "urn:b"))
    assert loader(LoginAttempt)(dump(asked)) == asked
