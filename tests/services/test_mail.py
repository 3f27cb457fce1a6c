"""The outbox: what is committed is not lost, what is not is not sent. On both databases."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from services.attacks import Tell, done, member, organization
from services.test_magic_links import GRACE, ask, link_of, use
from support.world import REDIRECT, World
from vestibule.domain.mail import LEASE, Message
from vestibule.errors import refusal
from vestibule.services import mail, projects
from vestibule.services.projects import ProjectSettings
from vestibule.storage import Tx


async def company(world: World) -> str:
    await organization(world, "acme")
    return await member(world, "acme", GRACE)


async def events(world: World, action: str) -> list[Any]:
    def work(tx: Tx) -> list[Any]:
        found = tx.organizations.find_by_any(world.demo.project.project_id, "acme")
        assert found is not None
        return [e for e in tx.audit.latest(found.organization_id, 100) if e.action == action]

    return await world.rt.store.read(work)


def test_a_refused_call_sends_nothing(story: Tell) -> None:
    """The mail is committed with the link that it holds, or neither is."""

    async def tell(world: World) -> None:
        await company(world)
        answer = await ask(world, "acme", "nobody@acme.example")
        assert answer.status_code == 400
        assert await world.mail() == []

    story(tell)


def test_a_mail_is_sent_once_by_however_many_servers(story: Tell) -> None:
    async def tell(world: World) -> None:
        await company(world)
        for _ in range(5):
            done(await ask(world, "acme"))
        await asyncio.gather(*(mail.send_due(world.rt) for _ in range(3)))
        assert len(world.mails) == 5
        assert len({message.message_id for message in world.mails}) == 5
        assert await world.mail() == []

    story(tell)


def test_a_mail_that_was_not_accepted_is_tried_again_later_as_the_same_mail(story: Tell) -> None:
    async def tell(world: World) -> None:
        await company(world)
        done(await ask(world, "acme"))
        world.mail_refusals += [refusal("mail_not_accepted"), refusal("mail_not_accepted")]
        assert await world.mail() == []
        assert await world.mail() == []
        assert len(world.mail_refusals) == 1
        world.advance(seconds=15)
        assert await world.mail() == []
        world.advance(seconds=29)
        assert await world.mail() == []
        world.advance(seconds=1)
        (message,) = await world.mail()
        assert message.message_id.endswith("@vestibule.test>")
        done(await use(world, link_of(message).partition("token=")[2]))

    story(tell)


def test_a_mail_whose_sender_died_is_sent_after_the_lease(story: Tell) -> None:
    async def tell(world: World) -> None:
        await company(world)
        done(await ask(world, "acme"))

        async def die(message: Message) -> None:
            raise asyncio.CancelledError

        try:
            await mail.send_due(replace(world.rt, deliver=die))
        except asyncio.CancelledError:
            pass
        else:
            raise AssertionError("it did not die")
        assert await world.mail() == []
        world.advance(seconds=LEASE.total_seconds())
        assert len(await world.mail()) == 1

    story(tell)


def test_a_mail_is_given_up_when_its_link_expires_and_the_log_tells_of_it(story: Tell) -> None:
    async def tell(world: World) -> None:
        member_id = await company(world)
        done(await ask(world, "acme", login_expiration_minutes=5))
        for _ in range(20):
            world.mail_refusals[:] = [refusal("mail_not_accepted", got="451 later")]
            assert await world.mail() == []
            world.advance(seconds=60)
        world.mail_refusals.clear()
        assert await world.mail() == []
        (told,) = await events(world, "mail.given_up")
        assert told.target == member_id
        assert told.details["recipient"] == GRACE
        assert told.details["kind"] == "login"
        assert "451 later" in told.details["reason"]

    story(tell)


def test_a_mail_that_nobody_needs_any_more_is_not_sent(story: Tell) -> None:
    """No worker ran until its link had expired."""

    async def tell(world: World) -> None:
        await company(world)
        done(await ask(world, "acme", login_expiration_minutes=5))
        world.advance(minutes=5)
        assert await world.mail() == []
        (told,) = await events(world, "mail.given_up")
        assert "expired" in told.details["reason"]

    story(tell)


def test_an_invitation_is_given_up_after_a_day(story: Tell) -> None:
    """Its link lives for a week; but nobody waits for a mail for so long."""

    async def tell(world: World) -> None:
        await company(world)
        body = {
            "organization_id": "acme", "email_address": "new@acme.example",
            "invite_redirect_url": REDIRECT,
        }  # fmt: skip
        done(await world.call("POST", "/v1/b2b/magic_links/email/invite", body))
        for _ in range(26):
            world.mail_refusals[:] = [refusal("mail_not_accepted")]
            await world.mail()
            assert await events(world, "mail.given_up") == [] or _ >= 22
            world.advance(hours=1)
        world.mail_refusals.clear()
        assert await world.mail() == []
        assert len(await events(world, "mail.given_up")) == 1

    story(tell)


def test_a_recipient_whom_the_server_will_never_take_is_given_up_at_once(story: Tell) -> None:
    async def tell(world: World) -> None:
        await company(world)
        done(await ask(world, "acme"))
        world.mail_refusals.append(refusal("mail_recipient_refused", got="550 no such user"))
        assert await world.mail() == []
        (told,) = await events(world, "mail.given_up")
        assert told.details["tries"] == "1"
        world.advance(hours=1)
        assert await world.mail() == []

    story(tell)


def test_one_mail_that_breaks_holds_up_no_other(story: Tell) -> None:
    async def tell(world: World) -> None:
        await company(world)
        for _ in range(3):
            done(await ask(world, "acme"))
        world.mail_refusals.append(RuntimeError("a bug of ours"))
        sent = await mail.send_due(world.rt)
        assert (sent.sent, sent.postponed) == (2, 1)
        assert isinstance(sent.error, RuntimeError)
        world.advance(seconds=15)
        assert len(await world.mail()) == 1

    story(tell)


def test_the_outbox_holds_no_token_in_clear(story: Tell) -> None:
    """Nor does any other table: whoever reads the database signs in as nobody."""

    async def tell(world: World) -> None:
        await company(world)
        done(await ask(world, "acme"))
        rows: list[Any] = []

        def dump(tx: Tx) -> None:
            for table in ("mail", "magic_link", "magic_link_request"):
                found = tx._connection.exec_driver_sql(f"SELECT * FROM {table}")  # noqa: S608
                rows.extend(bytes(v) if isinstance(v, memoryview) else v for r in found for v in r)

        await world.rt.store.read(dump)
        assert rows
        (message,) = await world.mail()
        token = link_of(message).partition("token=")[2]
        for value in rows:
            if isinstance(value, bytes):
                assert token.encode() not in value
            else:
                assert token not in str(value)

    story(tell)


def test_expired_links_and_requests_are_swept(story: Tell) -> None:
    async def tell(world: World) -> None:
        await company(world)
        done(await ask(world, "acme"))
        asked = {"email_address": GRACE, "discovery_redirect_url": REDIRECT}
        done(await world.call("POST", "/v1/b2b/magic_links/email/discovery/send", asked))
        await world.mail()
        world.advance(hours=1)
        await projects.sweep(world.rt)
        left = await world.rt.store.read(
            lambda tx: tx._connection.exec_driver_sql("SELECT count(*) FROM magic_link").scalar()
        )
        assert left == 0

    story(tell)


def test_mails_of_one_project_tell_nothing_to_another(story: Tell) -> None:
    """The same address in two projects: each one's link is its own."""

    async def tell(world: World) -> None:
        other = await projects.create(
            world.rt, "Another", environment="test",
            settings=ProjectSettings(insecure_loopback=True),
        )  # fmt: skip
        await company(world)
        done(await ask(world, "acme"))
        (message,) = await world.mail()
        token = link_of(message).partition("token=")[2]
        answer = await world.call(
            "POST", "/v1/b2b/magic_links/authenticate", {"magic_links_token": token},
            auth=(other.project_id, other.secret),
        )  # fmt: skip
        assert answer.status_code == 404
        done(await use(world, token))

    story(tell)
