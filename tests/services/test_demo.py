"""What a second start of `vestibule dev` keeps: all that the developer decided meanwhile."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from services.attacks import Tell
from support.world import BASE_URL, World
from vestibule.domain.projects import SIGN_IN, Project, RedirectUrl
from vestibule.services import demo, projects

APP = RedirectUrl("https://app.example.com/authenticate", ("LOGIN", "SIGNUP"))
CALLBACK = RedirectUrl(f"{BASE_URL}/demo/callback", SIGN_IN, ("LOGIN",))


async def start_again(world: World, base_url: str = BASE_URL) -> Project:
    """What `vestibule dev` does at a start, perhaps on another port."""
    settings = replace(world.rt.settings, base_url=base_url)
    world.rt = world.idp.rt = replace(world.rt, settings=settings)
    await demo.ensure(world.rt, world.idp.address)
    return await projects.get(world.rt, world.demo.project.project_id)


async def register(world: World, *urls: RedirectUrl) -> None:
    """Put these in the place of all that are registered."""
    project = await projects.get(world.rt, world.demo.project.project_id)
    changed = replace(project, settings=replace(project.settings, redirect_urls=urls))
    await world.rt.store.write(lambda tx: tx.projects.update(changed))


def managed(world: World) -> str:
    held = world.credentials
    return f"/pwa/v3/projects/{held.project_slug}/environments/{held.environment_slug}/rbac_policy"


async def policy(world: World) -> Any:
    return (await world.call("GET", managed(world))).json()["policy"]


async def set_policy(world: World, wanted: Any) -> None:
    done = await world.call("PUT", managed(world), {"policy": wanted})
    assert done.status_code == 200, done.text


def test_a_start_gives_a_new_project_the_demos_policy(story: Tell) -> None:
    async def work(world: World) -> None:
        assert (await start_again(world)).policy == demo.POLICY
        assert (await start_again(world)).jwt_template_text == demo.JWT_TEMPLATE

    story(work)


def test_roles_that_a_developer_added_outlive_a_restart(story: Tell) -> None:
    async def work(world: World) -> None:
        given = await policy(world)
        given["custom_roles"].append({"role_id": "auditor", "description": "", "permissions": []})
        await set_policy(world, given)
        version = (await projects.get(world.rt, world.demo.project.project_id)).version
        project = await start_again(world)
        assert "auditor" in {role.role_id for role in project.policy.roles}
        assert await policy(world) == given
        assert project.version == version

    story(work)


def test_a_template_that_a_developer_set_outlives_a_restart(story: Tell) -> None:
    async def work(world: World) -> None:
        await projects.set_jwt_template(world.rt, world.demo.project, '{"team": "fixed"}')
        assert (await start_again(world)).jwt_template == {"team": "fixed"}

    story(work)


def test_a_start_elsewhere_needs_none_of_the_demos_roles(story: Tell) -> None:
    async def work(world: World) -> None:
        given = await policy(world)
        await set_policy(world, {**given, "custom_roles": []})
        for name in (world.demo.labs.organization_id, world.demo.northwind.organization_id):
            gone = await world.call("DELETE", f"/v1/b2b/organizations/{name}")
            assert gone.status_code == 200, gone.text
        await start_again(world, "http://127.0.0.1:8001")
        assert (await policy(world))["custom_roles"] == []

    story(work)


def test_role_rules_that_a_developer_changed_outlive_a_start_on_another_port(story: Tell) -> None:
    async def work(world: World) -> None:
        owner, saml = world.demo.northwind.organization_id, world.demo.saml.connection_id
        rules = {"saml_group_implicit_role_assignments": [{"role_id": "editor", "group": "leads"}]}
        path = f"/v1/b2b/sso/saml/{owner}/connections/{saml}"
        assert (await world.call("PUT", path, rules)).status_code == 200
        await start_again(world, "http://127.0.0.1:8001")
        found = (await world.call("GET", f"/v1/b2b/sso/{owner}")).json()["saml_connections"][0]
        assert found["idp_sso_url"].startswith("http://127.0.0.1:8001/")
        kept = found["saml_group_implicit_role_assignments"]
        assert kept == rules["saml_group_implicit_role_assignments"]

    story(work)


def test_redirect_urls_that_others_registered_outlive_a_restart(story: Tell) -> None:
    async def work(world: World) -> None:
        await register(world, CALLBACK, APP)
        assert (await start_again(world)).settings.redirect_urls == (CALLBACK, APP)

    story(work)


def test_the_demos_callback_comes_back_beside_what_others_registered(story: Tell) -> None:
    async def work(world: World) -> None:
        await register(world, APP)
        assert (await start_again(world)).settings.redirect_urls == (CALLBACK, APP)

    story(work)


def test_the_demos_callback_follows_the_server_to_another_port(story: Tell) -> None:
    async def work(world: World) -> None:
        await register(world, APP)
        for port in (8001, 8002):
            project = await start_again(world, f"http://127.0.0.1:{port}")
            callback = replace(CALLBACK, url=f"http://127.0.0.1:{port}/demo/callback")
            assert project.settings.redirect_urls == (callback, APP)

    story(work)


def test_a_default_that_a_developer_chose_stays_the_only_one(story: Tell) -> None:
    async def work(world: World) -> None:
        chosen = replace(APP, default_for=("LOGIN",))
        await register(world, chosen)
        urls = (await start_again(world)).settings.redirect_urls
        assert urls == (replace(CALLBACK, default_for=()), chosen)

    story(work)
