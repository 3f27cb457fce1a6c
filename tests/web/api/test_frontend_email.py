"""Magic links and discovery from a page: nothing tells who is a member, and the limits hold."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from services.test_magic_links import follow, link_of
from support.world import World
from vestibule.storage import Tx
from web.api.test_frontend import ADA, PAGE, ask, data, refused, sign_in, tell

LOGIN = "/b2b/magic_links/email/login_or_signup"
SEND = "/b2b/magic_links/email/discovery/send"
GRACE = "grace@acme.example"
REDIRECT = f"{PAGE}/authenticate"


async def company(world: World, **settings: Any) -> str:
    body = {"organization_name": "Acme", "organization_slug": "acme", **settings}
    made = (await world.call("POST", "/v1/b2b/organizations", body)).json()
    path = "/v1/b2b/organizations/acme/members"
    assert (await world.call("POST", path, {"email_address": GRACE})).status_code == 200
    organization_id: str = made["organization"]["organization_id"]
    return organization_id


async def ask_for_link(world: World, address: str = GRACE, name: str = "acme", **more: Any) -> Any:
    body = {
        "organization_id": name, "email_address": address, "login_redirect_url": REDIRECT, **more,
    }  # fmt: skip
    return await ask(world, "POST", LOGIN, body)


async def prove(world: World, address: str = GRACE) -> dict[str, Any]:
    sent = {"email_address": address, "discovery_redirect_url": REDIRECT}
    data(await ask(world, "POST", SEND, sent))
    (message,) = await world.mail()
    _, brought = await follow(world, link_of(message))
    body = {"discovery_magic_links_token": brought["token"]}
    return data(await ask(world, "POST", "/b2b/magic_links/discovery/authenticate", body))


def test_a_member_comes_in_by_a_link_that_a_page_asked_for() -> None:
    async def story(world: World) -> None:
        organization_id = await company(world)
        assert data(await ask_for_link(world)).keys() == {"request_id", "status_code"}
        (message,) = await world.mail()
        _, brought = await follow(world, link_of(message))
        token = {"magic_links_token": brought["token"], "session_duration_minutes": 60}
        came = data(await ask(world, "POST", "/b2b/magic_links/authenticate", token))
        assert came["organization_id"] == organization_id
        assert came["member_authenticated"] is True
        answer = await ask(world, "POST", "/b2b/magic_links/authenticate", token)
        refused(answer, 404, "magic_link_not_found")

    tell(story)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"auth_methods": "RESTRICTED", "allowed_auth_methods": ["sso"]},
        {"email_jit_provisioning": "RESTRICTED", "email_allowed_domains": ["acme.example"]},
    ],
)
def test_the_answer_and_the_work_are_the_same_whoever_the_address_belongs_to(
    settings: dict[str, Any],
) -> None:
    """A break-glass member, a plain one, one who could join, a stranger: one row each, and nothing
    is looked up before the answer."""

    async def story(world: World) -> None:
        await company(world, **settings)
        path = "/v1/b2b/organizations/acme/members"
        root = {"email_address": "root@acme.example", "is_breakglass": True}
        assert (await world.call("POST", path, root)).status_code == 200
        answers, work = [], []
        for address in (GRACE, "root@acme.example", "new@acme.example", "eve@evil.example"):
            statements: list[str] = []
            with counted(world, statements):
                answer = await ask_for_link(world, address)
            found = data(answer)
            del found["request_id"]
            answers.append((answer.status_code, found, dict(answer.headers)))
            work.append(statements)
        assert all(answer == answers[0] for answer in answers)
        assert all(statements == work[0] for statements in work)
        came = {message.recipient for message in await world.mail()}
        assert "eve@evil.example" not in came

    tell(story)


class counted:  # noqa: N801 - reads as a word where it stands
    """Which statements the database runs meanwhile, without their values."""

    def __init__(self, world: World, into: list[str]) -> None:
        self._raw = world.rt.store.engine._raw  # type: ignore[attr-defined]
        self._into = into

    def __enter__(self) -> None:
        # What is traced holds the values; their lengths differ by the address alone.
        self._raw.set_trace_callback(lambda text: self._into.append(text.split("VALUES")[0]))

    def __exit__(self, *_: object) -> None:
        self._raw.set_trace_callback(None)


def test_what_is_wrong_whoever_asks_is_told_at_once() -> None:
    async def story(world: World) -> None:
        await company(world)
        refused(await ask_for_link(world, name="nowhere"), 404, "organization_not_found")
        refused(await ask_for_link(world, "grace@"), 400, "bad_request")
        evil = await ask_for_link(world, login_redirect_url="https://evil.example/")
        refused(evil, 400, "no_match_for_provided_magic_link_url")
        refused(
            await ask_for_link(world, pkce_code_challenge="x"), 400, "invalid_pkce_code_challenge"
        )
        refused(await ask_for_link(world, login_expiration_minutes=1), 400, "invalid_expiration")
        assert await world.mail() == []

    tell(story)


def test_a_request_that_waited_too_long_is_not_answered() -> None:
    async def story(world: World) -> None:
        await company(world)
        data(await ask_for_link(world))
        world.advance(minutes=10)
        assert await world.mail() == []

    tell(story)


def test_a_page_makes_an_organization_unless_the_project_says_no() -> None:
    async def story(world: World) -> None:
        proof = (await prove(world))["intermediate_session_token"]
        place = "/b2b/discovery/organizations/create"
        body = {"intermediate_session_token": proof, "organization_name": "Own"}
        await set_onboarding(world, False)
        refused(await ask(world, "POST", place, body), 403, "endpoint_not_authorized_for_sdk")
        await set_onboarding(world, True)
        made = data(await ask(world, "POST", place, {**body, "trusted_metadata": {"a": 1}}))
        assert made["member"]["is_admin"] is True
        # What pages may not set is not read.
        assert made["organization"]["trusted_metadata"] == {}
        session = made["session_token"]
        invited = data(
            await ask(
                world, "POST", "/b2b/magic_links/email/invite",
                {"email_address": "b@acme.example", "invite_redirect_url": REDIRECT},
                session=session,
            )
        )  # fmt: skip
        assert invited["organization"]["organization_id"] == made["organization_id"]
        assert invited["member"]["status"] == "invited"

    tell(story)


async def set_onboarding(world: World, allowed: bool) -> None:
    def work(tx: Tx) -> None:
        project = tx.projects.find(world.demo.project.project_id)
        assert project is not None
        settings = replace(project.settings, self_onboarding=allowed)
        tx.projects.update(replace(project, settings=settings))

    await world.rt.store.write(work)


def test_a_page_chooses_an_organization_by_a_proof_or_a_session() -> None:
    async def story(world: World) -> None:
        organization_id = await company(world)
        proven = await prove(world)
        (one,) = proven["discovered_organizations"]
        assert one["organization"]["organization_id"] == organization_id
        proof = {"intermediate_session_token": proven["intermediate_session_token"]}
        place = "/b2b/discovery/organizations"
        assert len(data(await ask(world, "POST", place, proof))["discovered_organizations"]) == 1
        entered = {**proof, "organization_id": organization_id}
        came = data(
            await ask(world, "POST", "/b2b/discovery/intermediate_sessions/exchange", entered)
        )
        assert came["member_authenticated"] is True
        by_session = data(await ask(world, "POST", place, {}, session=came["session_token"]))
        assert by_session["email_address"] == GRACE
        refused(await ask(world, "POST", place, {}), 400, "no_session_arguments")

    tell(story)


def test_a_member_without_the_right_invites_nobody_from_a_page() -> None:
    async def story(world: World) -> None:
        body = {"email_address": "b@northwind.example", "invite_redirect_url": REDIRECT}
        place = "/b2b/magic_links/email/invite"
        refused(await ask(world, "POST", place, body), 401, "unauthorized_credentials")
        plain = (await sign_in(world))["session_token"]
        answer = await ask(world, "POST", place, body, session=plain)
        refused(answer, 403, "session_authorization_error")
        admin = (await sign_in(world, ADA, admin=True))["session_token"]
        # No field of the body chooses another organization.
        labs = {**body, "organization_id": world.demo.labs.organization_id}
        made = data(await ask(world, "POST", place, labs, session=admin))
        assert made["organization"]["organization_slug"] == world.demo.northwind.slug

    tell(story)
