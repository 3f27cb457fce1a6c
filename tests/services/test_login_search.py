"""Logins of a whole project, searched by whoever runs it; and how its connections do."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.attacks import (
    ADA,
    Tell,
    create_external,
    done,
    organization,
    post,
    saml_door,
    unsolicited,
)
from support.world import World
from vestibule.domain.projects import ProjectSettings
from vestibule.errors import VestibuleError
from vestibule.services import connection_health, logins, projects, sessions, sharing
from vestibule.services.demo import PEOPLE
from vestibule.services.logins import TraceQuery
from vestibule.services.rbac import Actor
from vestibule.services.sessions import SessionLocator

GRACE = PEOPLE[1]


async def search(world: World, limit: int = 50, **query: Any) -> list[str]:
    found = await logins.search_traces(world.rt, world.actor, TraceQuery(**query), None, limit)
    return [one.trace_id for one in found.traces]


async def refused_login(world: World, connection_id: str, person: Any = ADA) -> None:
    """A true answer that comes a second time: refused once the address is known."""
    fields = unsolicited(world, connection_id, person)
    async with world.client() as browser:
        assert (await post(browser, connection_id, fields)).status_code == 303
        assert (await post(browser, connection_id, fields)).status_code == 400


def test_logins_are_found_by_what_is_known_of_them(story: Tell) -> None:
    async def tell(world: World) -> None:
        saml, oidc = world.demo.saml.connection_id, world.demo.oidc.connection_id
        await world.sign_in(saml)
        world.advance(seconds=1)
        await world.arrive(oidc, GRACE.email)
        world.advance(seconds=1)
        await world.arrive(world.demo.labs_saml.connection_id)
        whole = await search(world)
        assert len(whole) == 3
        labs, grace, ada = whole
        assert await search(world, email=ADA.email.upper()) == [labs, ada]
        assert await search(world, email=GRACE.email) == [grace]
        assert await search(world, email=GRACE.email[:-1]) == []
        assert await search(world, email="é@northwind.example") == []
        assert await search(world, connection_id=oidc) == [grace]
        assert await search(world, organization_id="northwind") == [grace, ada]
        assert await search(world, outcome="authenticated") == [ada]
        assert await search(world, outcome="accepted") == [labs, grace]
        assert await search(world, outcome="refused") == []
        assert await search(world, trace_id=grace) == [grace]
        assert await search(world, tests=True) == []
        assert await search(world, tests=False) == whole

    story(tell)


def test_a_refused_login_is_found_by_the_address_that_the_provider_named(story: Tell) -> None:
    async def tell(world: World) -> None:
        await refused_login(world, world.demo.saml.connection_id)
        found = await logins.search_traces(
            world.rt, world.actor, TraceQuery(outcome="refused", email=ADA.email)
        )
        assert [one.steps[-1].code for one in found.traces] == ["saml_replayed"]
        assert found.traces[0].email == ADA.email

    story(tell)


def test_the_pages_of_logins_hold_each_once(story: Tell) -> None:
    async def tell(world: World) -> None:
        for _ in range(5):
            await world.arrive(world.demo.saml.connection_id)
        seen: list[str] = []
        cursor: str | None = None
        while True:
            page = await logins.search_traces(world.rt, world.actor, TraceQuery(), cursor, limit=2)
            seen += [one.trace_id for one in page.traces]
            cursor = page.next_cursor
            if cursor is None:
                break
        assert len(seen) == len(set(seen)) == 5

    story(tell)


def test_logins_of_another_project_are_not_found_by_its_cursor_nor_by_its_ids(story: Tell) -> None:
    async def tell(world: World) -> None:
        await world.arrive(world.demo.saml.connection_id)
        await world.arrive(world.demo.saml.connection_id)
        mine = await logins.search_traces(world.rt, world.actor, TraceQuery(), limit=1)
        made = await projects.create(
            world.rt, "Other", environment="test", settings=ProjectSettings()
        )
        stranger = Actor(await projects.get(world.rt, made.project_id))
        for query in (
            TraceQuery(),
            TraceQuery(email=ADA.email),
            TraceQuery(connection_id=world.demo.saml.connection_id),
            TraceQuery(trace_id=mine.traces[0].trace_id),
        ):
            found = await logins.search_traces(world.rt, stranger, query, mine.next_cursor)
            assert found.traces == []
        with pytest.raises(VestibuleError, match="organization_not_found"):
            await logins.search_traces(
                world.rt, stranger, TraceQuery(world.demo.northwind.organization_id)
            )

    story(tell)


def test_a_search_without_a_meaning_is_refused(story: Tell) -> None:
    async def tell(world: World) -> None:
        for query, cursor, limit in (
            (TraceQuery(outcome="lucky"), None, 10),
            (TraceQuery(), "none", 10),
            (TraceQuery(), None, 0),
            (TraceQuery(), None, 10_000),
        ):
            with pytest.raises(VestibuleError, match=r"field_invalid|search_cursor_invalid"):
                await logins.search_traces(world.rt, world.actor, query, cursor, limit)

    story(tell)


def test_a_member_sees_no_more_than_their_own_organization(story: Tell) -> None:
    async def tell(world: World) -> None:
        signed = await world.sign_in(world.demo.saml.connection_id)
        path = f"/v1/b2b/organizations/northwind/members/{signed['member_id']}"
        done(await world.call("PUT", path, {"roles": ["stytch_admin"]}))
        actor = await sessions.actor_for(
            world.rt, world.demo.project, SessionLocator(signed["session_token"])
        )
        own = TraceQuery(world.demo.northwind.organization_id)
        assert len((await logins.search_traces(world.rt, actor, own)).traces) == 1
        with pytest.raises(VestibuleError, match="session_authorization_tenancy_error"):
            await logins.search_traces(world.rt, actor, TraceQuery(world.demo.labs.organization_id))
        for work in (
            logins.search_traces(world.rt, actor, TraceQuery()),
            connection_health.overview(world.rt, actor),
            sharing.share_map(world.rt, actor),
            projects.create_credential(world.rt, actor, "secret"),
        ):
            with pytest.raises(VestibuleError, match="operation_needs_project_secret"):
                await work

    story(tell)


# --- health -------------------------------------------------------------------------------------


def test_the_days_of_a_connection_count_what_began_on_each(story: Tell) -> None:
    async def tell(world: World) -> None:
        door = world.demo.saml.connection_id
        await world.arrive(door)
        await world.arrive(door)
        # Half a minute before midnight is still the day before.
        world.advance(hours=11, minutes=59, seconds=30)
        await refused_login(world, door)
        world.advance(minutes=1)
        await world.arrive(door)
        await world.arrive(world.demo.oidc.connection_id)
        found = await connection_health.series(world.rt, world.actor, "northwind", door, days=3)
        today = world.rt.now().date()
        assert [(one.date, one.accepted, one.refused) for one in found] == [
            (today - timedelta(days=2), 0, 0),
            (today - timedelta(days=1), 3, 1),
            (today, 1, 0),
        ]
        for organization_name, connection_id, days, code in (
            (world.demo.labs.organization_id, door, 3, "sso_connection_not_found"),
            ("northwind", door, 0, "field_invalid"),
            ("northwind", door, 31, "field_invalid"),
        ):
            with pytest.raises(VestibuleError, match=code):
                await connection_health.series(
                    world.rt, world.actor, organization_name, connection_id, days
                )

    story(tell)


def test_the_worst_connections_of_a_project_stand_first(story: Tell) -> None:
    async def tell(world: World) -> None:
        await organization(world, "acme")
        bad = await saml_door(world, "acme")
        await refused_login(world, bad.connection_id)
        await world.arrive(world.demo.saml.connection_id)
        found = await connection_health.overview(world.rt, world.actor)
        assert found[0].connection.connection_id == bad.connection_id
        assert (found[0].accepted, found[0].refused, found[0].organization_name) == (1, 1, "acme")
        assert found[0].refused_share == 0.5
        names = {one.connection.connection_id for one in found}
        assert {world.demo.saml.connection_id, world.demo.labs_oidc.connection_id} <= names
        assert len(await connection_health.overview(world.rt, world.actor, limit=1)) == 1
        # A certificate that has ended is worse than any refusal.
        left = next(
            one.days_left for one in found
            if one.connection.connection_id == world.demo.saml.connection_id
        )  # fmt: skip
        assert left is not None
        world.advance(days=left + 1)
        then = await connection_health.overview(world.rt, world.actor)
        assert then[0].days_left is not None and then[0].days_left < 0
        assert then[0].severity > then[-1].severity
        made = await projects.create(
            world.rt, "Other", environment="test", settings=ProjectSettings()
        )
        stranger = Actor(await projects.get(world.rt, made.project_id))
        assert await connection_health.overview(world.rt, stranger) == []

    story(tell)


def test_the_map_shows_who_shares_what_with_whom(story: Tell) -> None:
    async def tell(world: World) -> None:
        await organization(world, "acme")
        done(
            await create_external(
                world, "acme", world.demo.northwind.organization_id,
                world.demo.saml.connection_id,
                external_connection_implicit_role_assignments=[{"role_id": "viewer"}],
            )
        )  # fmt: skip
        found = {one.connection_id: one for one in await sharing.share_map(world.rt, world.actor)}
        saml = found[world.demo.saml.connection_id]
        assert (saml.owner_name, saml.kind) == (world.demo.northwind.name, "saml")
        receivers = {one.organization_name: one for one in saml.receivers}
        assert set(receivers) == {"acme", world.demo.labs.name}
        assert receivers["acme"].status == "active"
        labs = receivers[world.demo.labs.name]
        assert labs.connection_id == world.demo.labs_saml.connection_id
        assert world.demo.oidc.connection_id in found
        assert len(await sharing.share_map(world.rt, world.actor, limit=1)) == 1
        with pytest.raises(VestibuleError, match="field_invalid"):
            await sharing.share_map(world.rt, world.actor, limit=0)
        made = await projects.create(
            world.rt, "Other", environment="test", settings=ProjectSettings()
        )
        stranger = Actor(await projects.get(world.rt, made.project_id))
        assert await sharing.share_map(world.rt, stranger) == []

    story(tell)
