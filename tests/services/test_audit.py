"""The audit log: what is written, who may read it, and that no page misses or repeats anything."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.attacks import Tell, done, organization, refused
from support.world import World
from vestibule.domain.projects import ProjectSettings, RedirectUrl
from vestibule.domain.rbac import Role, build_policy
from vestibule.services import audit, projects
from vestibule.services.audit import AuditQuery
from vestibule.services.rbac import Actor, OperatorActor
from vestibule.storage.audit import AuditEvent

SEARCH = "/v1/b2b/audit/search"


async def ask(world: World, **query: Any) -> dict[str, Any]:
    return done(await world.call("POST", SEARCH, query))


async def write(world: World, count: int, project_id: str = "", action: str = "a.b") -> None:
    """Events that all began at one moment, the hardest case for a cursor."""
    project_id = project_id or world.demo.project.project_id
    for _ in range(count):
        event = AuditEvent(
            world.rt.new_id("audit-event", "test"), project_id, "", world.rt.now(), action, "me"
        )
        await world.rt.store.write(lambda tx, event=event: tx.audit.insert(event))


def test_the_pages_of_an_export_hold_each_event_once_whatever_comes_meanwhile(story: Tell) -> None:
    async def tell(world: World) -> None:
        await write(world, 25, action="export.one")
        seen: list[str] = []
        cursor: str | None = None
        while True:
            page = await ask(world, action="export.", cursor=cursor, limit=10)
            seen += [event["event_id"] for event in page["events"]]
            cursor = page["next_cursor"]
            if cursor is None:
                break
            world.advance(seconds=1)
            await write(world, 3, action="export.one")
        assert len(seen) == len(set(seen)) == 25

    story(tell)


def test_a_cursor_of_another_project_shows_nothing_of_it(story: Tell) -> None:
    async def tell(world: World) -> None:
        made = await projects.create(
            world.rt, "Other", environment="test", settings=ProjectSettings()
        )
        await write(world, 5, made.project_id, "theirs.secret")
        await write(world, 5, action="ours.plain")
        auth = (made.project_id, made.secret)
        theirs = done(await world.call("POST", SEARCH, {"limit": 1}, auth=auth))
        assert theirs["events"][0]["action"] == "theirs.secret"
        page = await ask(world, cursor=theirs["next_cursor"], limit=1000)
        assert not [e for e in page["events"] if e["action"].startswith("theirs")]

    story(tell)


@pytest.mark.parametrize(
    "cursor", ["x", "bm9uZQ==", "MXw=", "LTF8YQ==", "OTk5OTk5OTk5OTk5OTk5OTk5OTl8YQ=="]
)
def test_a_cursor_that_is_none_is_refused(story: Tell, cursor: str) -> None:
    async def tell(world: World) -> None:
        answer = await world.call("POST", SEARCH, {"cursor": cursor})
        assert answer.status_code == 400, answer.text

    story(tell)


def test_events_are_found_by_organization_action_actor_target_and_time(story: Tell) -> None:
    async def tell(world: World) -> None:
        acme = await organization(world, "acme")
        world.advance(hours=1)
        bolt = await organization(world, "bolt")
        operator = OperatorActor(world.demo.project, "operator-test-1")
        await projects.create_credential(world.rt, operator, "secret")

        async def found(**query: Any) -> list[tuple[str, str]]:
            page = await ask(world, **query)
            return [(e["organization_id"], e["action"]) for e in page["events"]]

        assert await found(organization_id=acme) == [(acme, "organization.created")]
        of_project = await found(organization_id="")
        assert of_project[0] == ("", "credential.created")
        assert {organization_id for organization_id, _ in of_project} == {""}
        assert await found(actor="operator-test-1") == [("", "credential.created")]
        assert await found(action="credential.", actor="project") == []
        # A mark of the database's own is a character like any other.
        assert await found(action="c%") == []
        since = (world.rt.now() - timedelta(minutes=30)).isoformat()
        assert await found(since=since, action="organization.") == [(bolt, "organization.created")]
        until = await found(until=since, action="organization.")
        assert (acme, "organization.created") in until
        assert (bolt, "organization.created") not in until
        target = (await ask(world, actor="operator-test-1"))["events"][0]["target"]
        assert await found(target=target) == [("", "credential.created")]

    story(tell)


def test_a_member_reads_no_audit_log(story: Tell) -> None:
    """The operation is the project's: session headers are not read there, and behind it an actor
    who is a member is refused."""

    async def tell(world: World) -> None:
        signed = await world.sign_in(world.demo.saml.connection_id)
        from vestibule.services import sessions
        from vestibule.services.sessions import SessionLocator

        actor = await sessions.actor_for(
            world.rt, world.demo.project, SessionLocator(signed["session_token"])
        )
        with pytest.raises(Exception, match="operation_needs_project_secret"):
            await audit.search(world.rt, actor, AuditQuery())
        answer = await world.call("POST", SEARCH, {}, auth=(world.auth[0], "wrong"))
        refused(answer, "unauthorized_credentials", 401)

    story(tell)


def test_what_changes_a_project_is_recorded_with_who_did_it(story: Tell) -> None:
    async def tell(world: World) -> None:
        rt, project = world.rt, world.demo.project
        actor = OperatorActor(project, "operator-test-7")
        roles = [Role("auditor", "Reads")]
        await projects.set_policy(rt, project, build_policy(custom_roles=roles), actor=actor)
        await projects.set_jwt_template(rt, project, '{"tier": "gold"}', actor=actor)
        new = RedirectUrl("https://app.example.com/in", ("LOGIN",))
        await projects.set_redirect_url(rt, actor, new)
        await projects.remove_redirect_url(rt, actor, new.url)
        made = await projects.create_credential(rt, actor, "secret")
        await projects.revoke_credential(rt, actor, made.credential.credential_id)
        found = await audit.search(rt, Actor(project), AuditQuery(actor="operator-test-7"))
        told = {event.action: event for event in found.events}
        assert set(told) == {
            "policy.changed", "jwt_template.changed", "redirect_urls.changed",
            "credential.created", "credential.revoked",
        }  # fmt: skip
        assert told["policy.changed"].details["added"] == "auditor"
        assert "viewer" in told["policy.changed"].details["removed"].split()
        assert told["jwt_template.changed"].details["claims"] == "tier"
        assert {event.organization_id for event in found.events} == {""}
        assert made.secret not in str(found)
        # What changes nothing is not recorded.
        before = len(found.events)
        await projects.set_policy(rt, project, build_policy(custom_roles=roles), actor=actor)
        await projects.set_jwt_template(rt, project, '{"tier": "gold"}', actor=actor)
        again = await audit.search(rt, Actor(project), AuditQuery(actor="operator-test-7"))
        assert len(again.events) == before

    story(tell)
