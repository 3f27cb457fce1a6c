"""Operators and the own account over HTTP: who is let in, by which proof, and who has to wait."""

from __future__ import annotations

import asyncio
import base64
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest

from support.world import BASE_URL, World
from vestibule.domain.projects import RedirectUrl
from vestibule.services import members, operators
from vestibule.services.demo import PEOPLE
from vestibule.services.operator_proofs import code_at
from vestibule.storage import Tx
from vestibule.web.app import App
from web.visits import Page, Visitor

EMAIL = "grace@ops.example"
PASSWORD = "a sentence that nobody guesses"
OTHER = "another one, just as long"
HOSTILE = """<script>alert("x")</script>'"&"""


async def sign_in(world: World, password: str = PASSWORD, code: str = "") -> tuple[Visitor, Page]:
    visitor = Visitor(world, world.client(follow_redirects=True))
    page = await visitor.get("/dashboard/sign-in")
    typed = {"email": EMAIL, "password": password, "code": code}
    page = await visitor.send(page, typed)
    visitor.base = "/dashboard/vestibule-demo/test"
    return visitor, page


async def as_grace(world: World) -> Visitor:
    await operators.create(world.rt, EMAIL, "Grace", PASSWORD)
    visitor, page = await sign_in(world)
    assert page.path == visitor.base
    return visitor


def secret_of(page: Page) -> bytes:
    text = "".join(page.document.xpath("//pre[@id='totp-secret']/text()"))
    return base64.b32decode(text + "=" * (-len(text) % 8))


# --- others ---------------------------------------------------------------------------------------


async def test_an_operator_is_added_and_enters(world: World) -> None:
    visitor = await Visitor.as_developer(world)
    page = await visitor.get(f"{visitor.base}/operators/new")
    # Space around a password is part of it.
    page = await visitor.send(page, {"name": "Grace", "email": EMAIL, "password": f"{PASSWORD} "})
    assert "with a password alone" in page.text
    _, refused = await sign_in(world, PASSWORD)
    assert refused.code == "operator_credentials_invalid"
    _, page = await sign_in(world, f"{PASSWORD} ")
    assert page.path == "/dashboard/vestibule-demo/test"


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ({"password": "tiny pass"}, "operator_password_unfit"),
        ({"email": "nothing"}, "invalid_email"),
        ({"name": ""}, "field_invalid"),
        ({"email": "developer@localhost.example"}, ""),
    ],
)
async def test_an_operator_who_cannot_be_is_refused_and_no_password_is_shown(
    world: World, typed: dict[str, str], code: str
) -> None:
    visitor = await Visitor.as_developer(world)
    page = await visitor.get(f"{visitor.base}/operators/new")
    asked = {"name": "Grace", "email": EMAIL, "password": PASSWORD, **typed}
    page = await visitor.send(page, asked)
    assert page.code == code
    assert asked["password"] not in page.answer.text
    if code:
        assert page.status == 400
        assert len(await operators.list_all(world.rt)) == 1


async def test_one_who_is_disabled_is_out_at_once_until_enabled_again(world: World) -> None:
    grace = await as_grace(world)
    visitor = await Visitor.as_developer(world)
    page = await visitor.get(f"{visitor.base}/operators")
    link = next(href for text, href in page.links().items() if text == "Disable Grace")
    page = await visitor.send(await visitor.get(link))
    assert "They are let in no more" in page.text
    assert (await grace.get(grace.base)).path == "/dashboard/sign-in"
    _, refused = await sign_in(world)
    assert refused.code == "operator_credentials_invalid"
    await visitor.send(page)
    assert (await sign_in(world))[1].path == grace.base


async def test_nobody_disables_themselves(world: World) -> None:
    visitor = await as_grace(world)
    grace = await operators.find_named(world.rt, EMAIL)
    its = f"{visitor.base}/operators/{grace.operator_id}/disable"
    page = await visitor.send(await visitor.get(its))
    assert page.status == 400
    assert page.code == "field_invalid"
    assert not (await operators.find_named(world.rt, EMAIL)).disabled
    assert "Disable Grace" not in (await visitor.get(f"{visitor.base}/operators")).links()


async def test_what_an_operator_is_called_is_text(world: World) -> None:
    await operators.create(world.rt, EMAIL, HOSTILE, PASSWORD)
    visitor = await Visitor.as_developer(world)
    page = await visitor.get(f"{visitor.base}/operators")
    assert "<script>alert" not in page.answer.text
    assert HOSTILE in page.text


# --- guessing -------------------------------------------------------------------------------------


async def test_who_keeps_guessing_waits_and_is_told_for_how_many_seconds(world: World) -> None:
    await operators.create(world.rt, EMAIL, "Grace", PASSWORD)
    for _ in range(5):
        _, page = await sign_in(world, "not that one")
        assert page.code == "operator_credentials_invalid"
    _, page = await sign_in(world)
    assert page.code == "operator_locked"
    assert page.status == 429
    assert "Try again in 30 seconds." in page.text
    assert page.answer.headers["retry-after"] == "30"
    visitor = await Visitor.as_developer(world)
    page = await visitor.get(f"{visitor.base}/operators")
    assert "Paused for 30 seconds" in page.text
    assert "5 wrong tries" in page.text
    world.advance(seconds=31)
    assert (await sign_in(world))[1].path == visitor.base


async def test_a_visit_that_was_left_open_is_no_place_to_guess(world: World) -> None:
    visitor = await as_grace(world)
    for _ in range(5):
        page = await visitor.get(f"{visitor.base}/account")
        page = await visitor.send(page, {"old": "not that one", "new": OTHER}, form=1)
        assert page.code == "operator_credentials_invalid"
        assert OTHER not in page.answer.text
    page = await visitor.get(f"{visitor.base}/account")
    page = await visitor.send(page, {"old": PASSWORD, "new": OTHER}, form=1)
    assert page.code == "operator_locked"
    assert "Try again in 30 seconds." in page.text


# --- the own account ------------------------------------------------------------------------------


async def test_a_new_password_ends_every_visit(world: World) -> None:
    visitor = await as_grace(world)
    second, _ = await sign_in(world)
    page = await visitor.get(f"{visitor.base}/account")
    page = await visitor.send(page, {"old": PASSWORD, "new": OTHER}, form=1)
    assert page.path == "/dashboard/sign-in"
    assert "The password was changed" in page.text
    assert (await second.get(visitor.base)).path == "/dashboard/sign-in"
    assert (await sign_in(world, PASSWORD))[1].code == "operator_credentials_invalid"
    assert (await sign_in(world, OTHER))[1].path == visitor.base


async def test_an_app_counts_once_a_code_of_it_was_typed(world: World) -> None:
    visitor = await as_grace(world)
    page = await visitor.get(f"{visitor.base}/account")
    page = await visitor.send(page)
    assert page.path == f"{visitor.base}/account/totp"
    assert page.document.xpath("//main//*[@role='img']")
    secret = secret_of(page)
    refused = await visitor.send(page, {"code": "000000"})
    assert refused.code == "operator_code_invalid"
    # Still the same secret: the app that was set up already goes on fitting.
    assert secret_of(refused) == secret
    assert (await sign_in(world))[1].path == visitor.base
    page = await visitor.send(refused, {"code": code_at(secret, world.rt.now())})
    assert "From now on a code of the app is asked for." in page.text
    world.advance(seconds=60)
    _, page = await sign_in(world)
    assert page.path == "/dashboard/sign-in"
    _, page = await sign_in(world, code=code_at(secret, world.rt.now()))
    assert page.path == visitor.base


async def test_an_app_is_removed_only_by_who_knows_the_password(world: World) -> None:
    visitor = await as_grace(world)
    page = await visitor.send(await visitor.get(f"{visitor.base}/account"))
    await visitor.send(page, {"code": code_at(secret_of(page), world.rt.now())})
    page = await visitor.get(f"{visitor.base}/account/totp/remove")
    refused = await visitor.send(page, {"password": "not that one"})
    assert refused.code == "operator_credentials_invalid"
    assert (await operators.find_named(world.rt, EMAIL)).has_totp
    page = await visitor.send(refused, {"password": PASSWORD})
    assert "Your password alone lets you in." in page.text
    assert not (await operators.find_named(world.rt, EMAIL)).has_totp


async def test_without_an_offer_there_is_nothing_to_confirm(world: World) -> None:
    visitor = await as_grace(world)
    page = await visitor.get(f"{visitor.base}/account/totp")
    assert page.path == f"{visitor.base}/account"
    csrf = dict(page.form().form_values())["csrf"]
    page = await visitor.post(
        f"{visitor.base}/account/totp/confirm", {"csrf": csrf, "code": "000000"}
    )
    assert page.path == f"{visitor.base}/account"
    assert not (await operators.find_named(world.rt, EMAIL)).has_totp


async def test_an_account_is_changed_by_no_form_of_another_visit(world: World) -> None:
    mine, other = await as_grace(world), await Visitor.as_developer(world)
    page = await other.get(f"{other.base}/operators/new")
    csrf = dict(page.form().form_values())["csrf"]
    for path in ("password", "totp", "totp/confirm", "totp/remove"):
        sent = await mine.post(f"{mine.base}/account/{path}", {"csrf": csrf}, origin=BASE_URL)
        assert sent.status == 400
        assert "form_expired" in sent.answer.text


# --- by single sign-on ----------------------------------------------------------------------------


@pytest.fixture
def sso(world: World, runner: asyncio.Runner) -> World:
    """A server whose operators come by Northwind, and whose address may receive a token."""
    settings = replace(
        world.rt.settings, operators_organization=world.demo.northwind.organization_id
    )
    callback = RedirectUrl(f"{BASE_URL}/dashboard/callback", ("LOGIN", "SIGNUP"))

    def register(tx: Tx) -> None:
        project = tx.projects.find(world.demo.project.project_id)
        assert project is not None
        known = (*project.settings.redirect_urls, callback)
        tx.projects.update(
            replace(project, settings=replace(project.settings, redirect_urls=known))
        )

    runner.run(world.rt.store.write(register))
    world.rt = replace(world.rt, settings=settings)
    world.app = App(world.rt, world.idp.routes())
    return world


async def crown(world: World) -> None:
    """Ada comes once, and is made an administrator of Northwind."""
    session = await world.sign_in(world.demo.saml.connection_id)
    await members.update(
        world.rt,
        world.actor,
        world.demo.northwind.organization_id,
        session["member"]["member_id"],
        {"roles": ["stytch_admin"]},
    )


async def walk(world: World, wanted: str = "") -> tuple[Visitor, str]:
    """From the link on the sign-in page to the address that the token comes back at."""
    visitor = Visitor(world, world.client())
    query = {"next": wanted} if wanted else {}
    page = await visitor.get("/dashboard/sign-in", params=query)
    link = next(href for text, href in page.links().items() if "Northwind SAML" in text)
    started = await visitor.get(link)
    assert started.status == 303
    begun = started.answer.headers["location"]
    asked = parse_qs(urlsplit(begun).query)
    assert asked["login_redirect_url"] == [f"{BASE_URL}/dashboard/callback"]
    parameters = {name: values[0] for name, values in asked.items() if name != "connection_id"}
    deliver = await world.begin(
        visitor.client, asked["connection_id"][0], PEOPLE[0].email, **parameters
    )
    arrived = await deliver()
    assert arrived.status_code == 303, arrived.text
    return visitor, arrived.headers["location"]


async def test_an_administrator_of_the_operators_organization_enters_by_sso(sso: World) -> None:
    await crown(sso)
    visitor, callback = await walk(sso, "/dashboard/vestibule-demo/test/audit")
    done = (await visitor.get(callback)).answer
    assert done.status_code == 303
    assert done.headers["location"] == "/dashboard/vestibule-demo/test/audit"
    assert (await visitor.get("/dashboard/vestibule-demo/test/audit")).status == 200


async def test_after_sso_nobody_is_led_elsewhere(sso: World) -> None:
    await crown(sso)
    visitor, callback = await walk(sso, "https://evil.example/")
    assert (await visitor.get(callback)).answer.headers["location"] == "/dashboard"


async def test_a_member_who_is_no_administrator_does_not_enter(sso: World) -> None:
    visitor, callback = await walk(sso)
    page = await visitor.get(callback)
    assert page.status == 401
    assert page.code == "operator_credentials_invalid"
    assert (
        (await visitor.get("/dashboard"))
        .answer.headers["location"]
        .startswith("/dashboard/sign-in")
    )


async def test_a_token_that_somebody_else_began_signs_nobody_in(sso: World) -> None:
    """Login CSRF: a link with the attacker's own token, followed in another browser."""
    await crown(sso)
    _, callback = await walk(sso)
    victim = Visitor(sso, sso.client())
    page = await victim.get(callback)
    assert page.code == "pkce_expected_code_verifier"
    assert "vestibule_operator" not in victim.client.cookies
    # Nor in one that began a sign-in of its own.
    _, callback = await walk(sso)
    other, _ = await walk(sso)
    assert (await other.get(callback)).code == "pkce_mismatch"
    assert "vestibule_operator" not in other.client.cookies


async def test_a_token_that_began_without_a_challenge_signs_nobody_in(sso: World) -> None:
    """The same link, made by somebody who left PKCE out so that nothing would be missed."""
    await crown(sso)
    token = await sso.arrive(
        sso.demo.saml.connection_id, login_redirect_url=f"{BASE_URL}/dashboard/callback"
    )
    victim = Visitor(sso, sso.client())
    page = await victim.get(f"/dashboard/callback?token={token}")
    assert page.code == "pkce_expected_code_verifier"
    assert "vestibule_operator" not in victim.client.cookies


async def test_a_token_signs_in_once(sso: World) -> None:
    await crown(sso)
    visitor, callback = await walk(sso)
    held = dict(visitor.client.cookies)
    assert (await visitor.get(callback)).status == 303
    again = Visitor(sso, sso.client(cookies=held))
    assert (await again.get(callback)).code == "sso_token_not_found"


@pytest.mark.parametrize("name", ["", "saml-connection-test-nobody", "labs"])
async def test_only_a_connection_of_the_operators_organization_is_a_way_in(
    sso: World, name: str
) -> None:
    asked = sso.demo.labs_saml.connection_id if name == "labs" else name
    visitor = Visitor(sso, sso.client())
    page = await visitor.get("/dashboard/sso", params={"connection_id": asked})
    assert page.status == 401
    assert "vestibule_operator_sso" not in visitor.client.cookies


async def test_without_an_organization_there_is_no_way_in_by_sso(world: World) -> None:
    visitor = Visitor(world, world.client())
    page = await visitor.get("/dashboard/sign-in")
    assert "Single sign-on" not in page.text
    page = await visitor.get(f"/dashboard/sso?connection_id={world.demo.saml.connection_id}")
    assert page.status == 401
    page = await visitor.get("/dashboard/callback?token=x")
    assert page.code == "operator_credentials_invalid"
