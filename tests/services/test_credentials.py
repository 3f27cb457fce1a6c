"""A project's keys and redirect URLs: made, shown once, ended; and never another project's."""

from __future__ import annotations

from typing import Any

import pytest

from services.attacks import Tell, done, refused
from services.test_operators import everything
from support.world import World
from vestibule.domain.projects import ProjectSettings, RedirectUrl
from vestibule.errors import VestibuleError
from vestibule.services import projects
from vestibule.services.projects import Credentials

ORGANIZATIONS = "/v1/b2b/organizations/northwind"
APP = "https://app.example.com/in"


def path(world: World, rest: str, made: Credentials | None = None) -> str:
    one = made or world.credentials
    return f"/pwa/v3/projects/{one.project_slug}/environments/{one.environment_slug}/{rest}"


def workspace(world: World) -> tuple[str, str]:
    return (world.credentials.workspace_key_id, world.credentials.workspace_key_secret)


async def call(world: World, method: str, rest: str, body: Any = None) -> Any:
    return await world.call(method, path(world, rest), body, auth=workspace(world))


def test_a_secret_is_shown_once_and_works_beside_the_old_one_until_it_is_ended(story: Tell) -> None:
    async def tell(world: World) -> None:
        world.advance(seconds=1)
        made = done(await call(world, "POST", "secrets"))["secret"]
        project_id = world.credentials.project_id
        for secret in (made["secret"], world.credentials.secret):
            done(await world.call("GET", ORGANIZATIONS, auth=(project_id, secret)))
        listed = done(await call(world, "GET", "secrets"))
        assert made["secret"] not in str(listed)
        assert made["secret"] not in everything(world)
        assert [one["last_four"] for one in listed["secrets"]] == [
            world.credentials.secret[-4:], made["secret"][-4:],
        ]  # fmt: skip
        one = done(await call(world, "GET", f"secrets/{made['secret_id']}"))["secret"]
        assert one == listed["secrets"][1]
        done(await call(world, "DELETE", f"secrets/{made['secret_id']}"))
        answer = await world.call("GET", ORGANIZATIONS, auth=(project_id, made["secret"]))
        refused(answer, "unauthorized_credentials", 401)
        again = await call(world, "GET", f"secrets/{made['secret_id']}")
        refused(again, "credential_not_found", 404)

    story(tell)


def test_the_last_of_its_kind_goes_only_by_force(story: Tell) -> None:
    async def tell(world: World) -> None:
        held = await projects.list_credentials(world.rt, world.demo.project)
        assert sorted(one.kind for one in held) == ["public_token", "secret", "workspace_key"]
        for one in held:
            with pytest.raises(VestibuleError, match="last_credential"):
                await projects.revoke_credential(world.rt, world.actor, one.credential_id)
        token = world.credentials.public_token
        refused(await call(world, "DELETE", f"public_tokens/{token}"), "last_credential")
        done(await call(world, "DELETE", f"public_tokens/{token}?force=true"))
        assert done(await call(world, "GET", "public_tokens"))["public_tokens"] == []

    story(tell)


def test_a_credential_of_another_project_is_not_found(story: Tell) -> None:
    async def tell(world: World) -> None:
        other = await projects.create(
            world.rt, "Other", environment="test", settings=ProjectSettings()
        )
        theirs = await projects.get(world.rt, other.project_id)
        for one in await projects.list_credentials(world.rt, theirs):
            with pytest.raises(VestibuleError, match="credential_not_found"):
                await projects.revoke_credential(
                    world.rt, world.actor, one.credential_id, force=True
                )
            for door in ("secrets", "public_tokens"):
                answer = await call(world, "DELETE", f"{door}/{one.credential_id}?force=true")
                refused(answer, "credential_not_found", 404)
        # A secret opens the management wire of its own project alone.
        answer = await world.call("GET", path(world, "secrets", other))
        refused(answer, "project_not_found", 404)
        assert len(await projects.list_credentials(world.rt, theirs)) == 3

    story(tell)


def test_each_door_ends_only_what_it_lists(story: Tell) -> None:
    async def tell(world: World) -> None:
        await projects.create_credential(world.rt, world.actor, "workspace_key")
        key = world.credentials.workspace_key_id
        for door in ("secrets", "public_tokens"):
            answer = await call(world, "DELETE", f"{door}/{key}?force=true")
            refused(answer, "credential_not_found", 404)
        with pytest.raises(VestibuleError, match="credential_kind_unknown"):
            await projects.create_credential(world.rt, world.actor, "master")

    story(tell)


def test_a_new_public_token_begins_logins_and_a_revoked_one_does_not(story: Tell) -> None:
    async def tell(world: World) -> None:
        made = done(await call(world, "POST", "public_tokens"))["public_token"]["public_token"]
        assert made.startswith("public-token-test-")
        door = world.demo.saml.connection_id
        async with world.client() as browser:
            url = world.start_url(door).replace(world.credentials.public_token, made)
            assert (await browser.get(url)).status_code == 302
            done(await call(world, "DELETE", f"public_tokens/{made}"))
            assert (await browser.get(url)).status_code == 404

    story(tell)


def test_a_new_workspace_key_opens_the_management_wire(story: Tell) -> None:
    async def tell(world: World) -> None:
        made = await projects.create_credential(world.rt, world.actor, "workspace_key")
        auth = (made.credential.credential_id, made.secret)
        done(await world.call("GET", path(world, "secrets"), auth=auth))
        await projects.revoke_credential(world.rt, world.actor, auth[0])
        answer = await world.call("GET", path(world, "secrets"), auth=auth)
        refused(answer, "unauthorized_credentials", 401)

    story(tell)


# --- redirect URLs ------------------------------------------------------------------------------


def kinds(*names: str, default: bool = False) -> list[dict[str, Any]]:
    return [{"type": name, "is_default": default} for name in names]


def test_a_redirect_url_is_registered_changed_and_deleted(story: Tell) -> None:
    async def tell(world: World) -> None:
        body = {"url": APP, "valid_types": kinds("LOGIN")}
        made = done(await call(world, "POST", "redirect_urls", body))["redirect_url"]
        assert made == {"url": APP, "valid_types": kinds("LOGIN")}
        listed = done(await call(world, "GET", "redirect_urls"))["redirect_urls"]
        assert made in listed
        one = done(await call(world, "GET", f"redirect_urls?url={APP}"))
        assert one["redirect_url"] == made
        body = {"url": APP, "valid_types": kinds("LOGIN", "SIGNUP", default=True)}
        done(await call(world, "PUT", "redirect_urls", body))
        found = done(await call(world, "GET", "redirect_urls"))["redirect_urls"]
        defaults = {
            kind["type"]: one["url"]
            for one in found
            for kind in one["valid_types"]
            if kind["is_default"]
        }
        assert defaults["LOGIN"] == defaults["SIGNUP"] == APP
        done(await call(world, "DELETE", f"redirect_urls?url={APP}"))
        left = done(await call(world, "GET", "redirect_urls"))["redirect_urls"]
        # Another one takes its place.
        assert [
            k for one in left for k in one["valid_types"] if k == kinds("LOGIN", default=True)[0]
        ]
        for method, body in (("GET", None), ("DELETE", None), ("PUT", {"url": APP, "valid_types":
                             kinds("LOGIN")})):  # fmt: skip
            answer = await call(world, method, f"redirect_urls?url={APP}", body)
            refused(answer, "redirect_url_not_found", 404)

    story(tell)


@pytest.mark.parametrize(
    "body",
    [
        {"url": "http://app.example.com/in", "valid_types": kinds("LOGIN")},
        {"url": "https://app.example.com/in#part", "valid_types": kinds("LOGIN")},
        {"url": "https://user@app.example.com/in", "valid_types": kinds("LOGIN")},
        {"url": "javascript:alert(1)", "valid_types": kinds("LOGIN")},
        {"url": "", "valid_types": kinds("LOGIN")},
        {"url": APP, "valid_types": []},
        {"url": APP, "valid_types": kinds("NOWHERE")},
        {"url": APP},
    ],
)
def test_a_redirect_url_that_cannot_be_one_is_refused(story: Tell, body: Any) -> None:
    async def tell(world: World) -> None:
        before = everything(world)
        answer = await call(world, "POST", "redirect_urls", body)
        assert answer.status_code == 400, answer.text
        assert everything(world) == before

    story(tell)


def test_a_default_can_be_moved_and_only_to_what_is_registered_for_it(story: Tell) -> None:
    async def tell(world: World) -> None:
        new = RedirectUrl(APP, ("LOGIN",))
        await projects.set_redirect_url(world.rt, world.actor, new)
        done_ = await projects.set_default_redirect_url(world.rt, world.actor, APP, ["LOGIN"])
        holders = [u.url for u in done_.settings.redirect_urls if "LOGIN" in u.default_for]
        assert holders == [APP]
        with pytest.raises(VestibuleError, match="field_invalid"):
            await projects.set_default_redirect_url(world.rt, world.actor, APP, ["SIGNUP"])
        with pytest.raises(VestibuleError, match="redirect_url_not_found"):
            await projects.set_default_redirect_url(
                world.rt, world.actor, "https://nowhere.example/", ["LOGIN"]
            )

    story(tell)
