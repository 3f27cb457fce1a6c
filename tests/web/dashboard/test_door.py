"""Nobody comes into the dashboard who is not an operator, and nobody else's page acts for one."""

from __future__ import annotations

import pytest

from support.world import BASE_URL, World
from vestibule.services import operators
from web.visits import Visitor

PASSWORD = "correct horse battery staple"


async def test_somebody_who_is_not_signed_in_is_sent_to_do_so_and_brought_back(
    world: World,
) -> None:
    await operators.create(world.rt, "ops@vestibule.test", "Ops", PASSWORD)
    visitor = Visitor(world, world.client(follow_redirects=True))
    page = await visitor.get("/dashboard/vestibule-demo/test/organizations/new?x=1")
    assert page.path == "/dashboard/sign-in"
    page = await visitor.send(page, {"email": "ops@vestibule.test", "password": PASSWORD})
    assert page.path == "/dashboard/vestibule-demo/test/organizations/new"


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example", "/dashboard\\@evil", "/v1/b2b"]
)
async def test_after_signing_in_nobody_is_led_elsewhere(world: World, elsewhere: str) -> None:
    visitor = Visitor(world, world.client(follow_redirects=True))
    page = await visitor.get("/dashboard/sign-in", params={"next": elsewhere})
    page = await visitor.send(page, form=-1)
    assert page.path == "/dashboard/vestibule-demo/test"


async def test_a_wrong_password_and_an_unknown_address_are_told_the_same(world: World) -> None:
    await operators.create(world.rt, "ops@vestibule.test", "Ops", PASSWORD)
    visitor = Visitor(world, world.client(follow_redirects=True))
    page = await visitor.get("/dashboard/sign-in")
    wrong = await visitor.send(page, {"email": "ops@vestibule.test", "password": "not that one"})
    unknown = await visitor.send(page, {"email": "who@vestibule.test", "password": "not that one"})
    assert wrong.code == unknown.code == "operator_credentials_invalid"
    assert wrong.status == unknown.status == 401
    assert "not that one" not in wrong.answer.text


@pytest.mark.parametrize("token", ["", "x" * 43])
async def test_a_form_without_this_visits_token_changes_nothing(world: World, token: str) -> None:
    """Cross-site request forgery: the cookie comes along by itself, the token does not."""
    visitor = await Visitor.as_developer(world)
    page = await visitor.post(
        f"{visitor.base}/organizations/new",
        {"organization_name": "Forged", "csrf": token},
        origin=BASE_URL,
    )
    assert page.code == "form_expired" or "form_expired" in page.answer.text
    assert page.status == 400
    assert "Forged" not in (await visitor.get(f"{visitor.base}/organizations")).text


@pytest.mark.parametrize("origin", ["https://evil.example", "null", f"{BASE_URL}.evil.example"])
async def test_a_form_from_another_site_changes_nothing_even_with_the_token(
    world: World, origin: str
) -> None:
    visitor = await Visitor.as_developer(world)
    page = await visitor.get(f"{visitor.base}/organizations/new")
    sent = await visitor.send(page, {"organization_name": "Forged"}, headers={"origin": origin})
    assert "form_from_elsewhere" in sent.answer.text
    assert sent.status == 403
    assert "Forged" not in (await visitor.get(f"{visitor.base}/organizations")).text


async def test_another_visits_token_is_not_taken(world: World) -> None:
    mine, other = await Visitor.as_developer(world), await Visitor.as_developer(world)
    page = await other.get(f"{other.base}/organizations/new")
    sent = await mine.send(page, {"organization_name": "Forged"})
    assert "form_expired" in sent.answer.text


async def test_signing_out_ends_the_visit(world: World) -> None:
    visitor = await Visitor.as_developer(world)
    page = await visitor.get(f"{visitor.base}/organizations")
    csrf = page.document.xpath("//form[@action='/dashboard/sign-out']/input[@name='csrf']/@value")
    held = dict(visitor.client.cookies)
    done = await visitor.post("/dashboard/sign-out", {"csrf": csrf[0]}, origin=BASE_URL)
    assert done.path == "/dashboard/sign-in"
    visitor.client.cookies.update(held)
    assert (await visitor.get(f"{visitor.base}/organizations")).path == "/dashboard/sign-in"


async def test_a_visit_has_a_new_token_at_each_sign_in(world: World) -> None:
    """Session fixation: what a browser held before is worth nothing afterwards."""
    visitor = Visitor(world, world.client(follow_redirects=True))
    page = await visitor.get("/dashboard/sign-in")
    csrf = dict(page.form().form_values())["csrf"]
    answer = await visitor.client.post(
        "/dashboard/developer",
        data={"csrf": csrf},
        headers={
            "cookie": f"vestibule_operator=planted; vestibule_visitor={csrf}",
            "origin": BASE_URL,
        },
        follow_redirects=False,
    )
    tokens = [c for c in answer.headers.get_list("set-cookie") if "vestibule_operator=" in c]
    assert len(tokens) == 1
    assert "planted" not in tokens[0]
    assert "HttpOnly" in tokens[0]


async def test_pages_stand_in_no_frame_and_bring_nothing_from_elsewhere(world: World) -> None:
    visitor = await Visitor.as_developer(world)
    answer = (await visitor.get(f"{visitor.base}/organizations")).answer
    policy = answer.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert "default-src 'none'" in policy
    assert "form-action 'self'" in policy
    assert len(answer.headers.get_list("content-security-policy")) == 1
    assert answer.headers["cache-control"] == "no-store"


async def test_an_unknown_project_is_not_found(world: World) -> None:
    visitor = await Visitor.as_developer(world)
    page = await visitor.get("/dashboard/nobody/test/organizations")
    assert page.status == 404
