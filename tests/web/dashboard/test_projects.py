"""Applications and API keys in the dashboard: what may receive a token, and what may call."""

from __future__ import annotations

import pytest

from support.world import BASE_URL, World
from vestibule.domain.projects import ProjectSettings
from vestibule.services import projects
from web.visits import Page, Visitor

URL = "https://app.example.com/authenticate"


async def settings(world: World) -> ProjectSettings:
    return (await projects.get(world.rt, world.demo.project.project_id)).settings


async def with_url(world: World) -> Visitor:
    visitor = await Visitor.as_developer(world)
    page = await visitor.get(f"{visitor.base}/applications/redirect-url")
    page = await visitor.send(page, {"url": URL, "types": ["LOGIN", "SIGNUP"]})
    assert page.path == f"{visitor.base}/applications", page.text
    return visitor


async def registered(world: World) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    return {r.url: (r.types, r.default_for) for r in (await settings(world)).redirect_urls}


async def test_a_redirect_url_is_registered_changed_and_removed(world: World) -> None:
    visitor = await with_url(world)
    assert (await registered(world))[URL][0] == ("LOGIN", "SIGNUP")
    page = await visitor.get(f"{visitor.base}/applications")
    page = await visitor.get(page.links()[URL])
    # The default for what it was not ticked for: it is registered for that then, too.
    await visitor.send(page, {"types": ["LOGIN"], "default_for": ["LOGIN", "INVITE"]})
    kinds, default_for = (await registered(world))[URL]
    assert set(kinds) == {"LOGIN", "INVITE"}
    assert {"LOGIN", "INVITE"} <= set(default_for)
    page = await visitor.get(
        f"{visitor.base}/applications/redirect-url/remove", params={"url": URL}
    )
    assert "It is the default for 2 kinds of arrival" in page.text
    await visitor.send(page)
    assert URL not in await registered(world)


@pytest.mark.parametrize(
    "url",
    [
        "http://app.example.com/",
        "app.example.com",
        "https://a.example/#x",
        "javascript:alert(1)",
        "",
    ],
)
async def test_what_is_no_https_url_is_refused_and_still_there(world: World, url: str) -> None:
    visitor = await Visitor.as_developer(world)
    before = await settings(world)
    page = await visitor.get(f"{visitor.base}/applications/redirect-url")
    page = await visitor.send(page, {"url": url, "types": ["DISCOVERY"]})
    assert page.status == 400
    assert page.code == "field_invalid"
    assert page.document.xpath("//input[@name='url']/@value") == [url]
    assert page.document.xpath("//input[@name='types'][@checked]/@value") == ["DISCOVERY"]
    assert await settings(world) == before


async def test_a_url_that_nobody_registered_is_neither_shown_nor_removed(world: World) -> None:
    visitor = await Visitor.as_developer(world)
    for path in ("redirect-url", "redirect-url/remove"):
        page = await visitor.get(
            f"{visitor.base}/applications/{path}", params={"url": "https://other.example/"}
        )
        assert page.status == 404


async def test_what_pages_may_do_is_changed(world: World) -> None:
    visitor = await Visitor.as_developer(world)
    page = await visitor.get(f"{visitor.base}/applications")
    page = await visitor.send(
        page,
        {
            "authorized_domains": "https://app.example.com\n\n https://*.shop.example.com ",
            "pkce_required": "yes",
            "max_session_duration_minutes": "1440",
        },
        without=["self_onboarding"],
    )
    assert "The change was saved." in page.text
    held = await settings(world)
    assert held.authorized_domains == ("https://app.example.com", "https://*.shop.example.com")
    assert held.pkce_required_for_sso
    assert held.frontend_enabled
    assert not held.self_onboarding
    assert held.max_session_duration_minutes == 1440


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("authorized_domains", "https://*.com"),
        ("authorized_domains", "https://app.example.com/path"),
        ("max_session_duration_minutes", "4"),
        ("max_session_duration_minutes", "a day"),
        ("max_session_duration_minutes", "99999999999"),
    ],
)
async def test_a_setting_that_is_refused_changes_nothing(
    world: World, name: str, value: str
) -> None:
    visitor = await Visitor.as_developer(world)
    before = await settings(world)
    page = await visitor.get(f"{visitor.base}/applications")
    page = await visitor.send(page, {name: value, "pkce_required": "yes"})
    assert page.status == 400
    assert dict(page.form().form_values())[name].strip() == value
    assert await settings(world) == before


async def test_only_named_origins_may_frame_the_portal(world: World) -> None:
    visitor = await Visitor.as_developer(world)
    page = await visitor.get(f"{visitor.base}/applications")
    refused = await visitor.send(page, {"frame_ancestors": "https://*"}, form=1)
    assert refused.status == 400
    assert (await settings(world)).frame_ancestors == ()
    await visitor.send(page, {"frame_ancestors": "https://app.example.com"}, form=1)
    assert (await settings(world)).frame_ancestors == ("https://app.example.com",)


# --- API keys -------------------------------------------------------------------------------------


def secret_on(page: Page) -> str:
    return "".join(page.document.xpath("//pre[@id='made-secret']/text()"))


async def test_a_secret_is_seen_once_and_works(world: World) -> None:
    visitor = await Visitor.as_developer(world)
    page = await visitor.get(f"{visitor.base}/api-keys")
    page = await visitor.send(page, {"kind": "secret"})
    made = secret_on(page)
    assert made.startswith("secret-test-")
    found = await projects.authenticate(world.rt, world.demo.project.project_id, made)
    assert found.project_id == world.demo.project.project_id
    again = await visitor.get(f"{visitor.base}/api-keys")
    assert made not in again.answer.text
    assert f"…{made[-4:]}" in again.text


async def test_a_key_that_is_revoked_works_no_more(world: World) -> None:
    visitor = await Visitor.as_developer(world)
    page = await visitor.get(f"{visitor.base}/api-keys")
    made = secret_on(await visitor.send(page, {"kind": "secret"}))
    page = await visitor.get(f"{visitor.base}/api-keys")
    row = page.document.xpath(f"//tr[contains(., '…{made[-4:]}')]//a/@href")
    page = await visitor.get(row[-1])
    assert "1 other key of this kind goes on working." in page.text
    page = await visitor.send(page)
    assert "The key was revoked." in page.text
    answer = await world.call(
        "GET", "/v1/b2b/rbac/policy", auth=(world.demo.project.project_id, made)
    )
    assert answer.status_code == 401


async def test_the_last_key_of_a_kind_goes_only_when_that_was_said(world: World) -> None:
    visitor = await Visitor.as_developer(world)
    public = world.credentials.public_token
    page = await visitor.get(f"{visitor.base}/api-keys/{public}/revoke")
    assert "It is the last of its kind" in page.text
    page = await visitor.send(page)
    assert page.code == "last_credential"
    assert public in (await visitor.get(f"{visitor.base}/api-keys")).text
    await visitor.send(page, {"force": "yes"})
    assert public not in (await visitor.get(f"{visitor.base}/api-keys")).text


async def test_a_key_of_another_project_is_not_found(world: World) -> None:
    other = await projects.create(world.rt, "Other", environment="test", settings=ProjectSettings())
    visitor = await Visitor.as_developer(world)
    its = f"{visitor.base}/api-keys/{other.public_token}/revoke"
    assert (await visitor.get(its)).status == 404
    page = await visitor.get(f"{visitor.base}/api-keys/{world.credentials.public_token}/revoke")
    csrf = dict(page.form().form_values())["csrf"]
    sent = await visitor.post(its, {"csrf": csrf, "force": "yes"}, origin=BASE_URL)
    assert sent.status == 404
    assert await projects.by_public_token(world.rt, other.public_token)


async def test_an_unknown_kind_of_key_is_refused(world: World) -> None:
    visitor = await Visitor.as_developer(world)
    page = await visitor.get(f"{visitor.base}/api-keys")
    page = await visitor.send(page, {"kind": "master"})
    assert page.status == 400
    assert page.code == "credential_kind_unknown"
