"""What a sign-in asks an OpenID Provider for, and what is kept of its answer."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from services.attacks import ADA, JSON, OidcLogin, Tell, done, oidc_login, refused, token_of
from support.world import World


async def change(world: World, **settings: Any) -> None:
    path = f"/v1/b2b/sso/oidc/northwind/connections/{world.demo.oidc.connection_id}"
    done(await world.call("PUT", path, settings))


async def asked(world: World, **parameters: str) -> dict[str, str]:
    """The authorization request, as the provider gets it."""
    url = world.start_url(world.demo.oidc.connection_id, **parameters)
    started = await world.client().get(url, headers=JSON)
    assert started.status_code == 302, started.text
    query = parse_qs(urlsplit(started.headers["location"]).query)
    return {name: values[0] for name, values in query.items()}


async def arrive(world: World, login: OidcLogin, scope: str | None, **claims: object) -> Any:
    token = login.tokens(login.id_token(**claims), **({} if scope is None else {"scope": scope}))
    return await login.deliver(token, login.userinfo())


async def scopes_of(world: World) -> list[str]:
    """The scopes of Ada's tokens, as the API shows them."""
    path = "/v1/b2b/organizations/northwind/member"
    member = done(await world.call("GET", f"{path}?email_address={ADA.email}"))
    path = f"/v1/b2b/organizations/northwind/members/{member['member_id']}/oidc_providers"
    found = done(await world.call("GET", path))["registrations"]
    scopes: list[str] = found[0]["scopes"]
    return scopes


async def warnings_of(world: World) -> list[str]:
    traces = await world.rt.store.read(
        lambda tx: tx.logins.traces(world.demo.northwind.organization_id, 1)
    )
    return [s.summary for s in traces[0].steps if s.code == "warning"]


def test_scopes_of_the_connection_and_of_the_sign_in_are_joined_in_their_order(
    story: Tell,
) -> None:
    async def work(world: World) -> None:
        assert (await asked(world))["scope"] == "openid email profile"
        assert (await asked(world, custom_scopes="offline_access email"))["scope"] == (
            "openid email profile offline_access"
        )
        await change(world, custom_scopes="groups%20email groups")
        assert (await asked(world))["scope"] == "openid groups email"
        assert (await asked(world, custom_scopes="api:read+write openid groups"))["scope"] == (
            "groups email api:read+write openid"
        )

    story(work)


def test_what_the_provider_granted_is_kept_and_shown(story: Tell) -> None:
    async def work(world: World) -> None:
        login = await oidc_login(world)
        token_of(await arrive(world, login, "openid email"))
        assert await scopes_of(world) == ["openid", "email"]
        assert "profile" in " ".join(await warnings_of(world))

    story(work)


def test_silence_about_scopes_grants_all_that_the_sign_in_asked_for(story: Tell) -> None:
    async def work(world: World) -> None:
        browser = world.client()
        login = await oidc_login(world)
        url = world.start_url(world.demo.oidc.connection_id, custom_scopes="calendar")
        started = await browser.get(url, headers=JSON)
        query = parse_qs(urlsplit(started.headers["location"]).query)
        login.browser, login.state, login.nonce = browser, query["state"][0], query["nonce"][0]
        token_of(await arrive(world, login, None))
        assert await scopes_of(world) == ["openid", "email", "profile", "calendar"]
        assert await warnings_of(world) == []

    story(work)


def test_what_the_application_adds_reaches_the_provider(story: Tell) -> None:
    async def work(world: World) -> None:
        found = await asked(
            world,
            provider_prompt="login",
            provider_acr_values="urn:mfa",
            provider_claims='{"id_token":{"acr":{"essential":true}}}',
            provider_max_age="0",
            login_hint="ada@northwind.example",
        )
        assert (found["prompt"], found["acr_values"], found["max_age"]) == ("login", "urn:mfa", "0")
        assert found["claims"] == '{"id_token":{"acr":{"essential":true}}}'
        assert found["login_hint"] == "ada@northwind.example"

    story(work)


@pytest.mark.parametrize("value", ["", "-1", "x", "1.5", "9" * 20, "\u0661"])
def test_a_max_age_that_is_none_is_refused_at_the_start(story: Tell, value: str) -> None:
    async def work(world: World) -> None:
        url = world.start_url(world.demo.oidc.connection_id, provider_max_age=value)
        refused(await world.client().get(url, headers=JSON), "provider_parameter_invalid")

    story(work)


def test_a_sign_in_that_is_older_than_was_asked_for_is_refused(story: Tell) -> None:
    """Somebody else's browser still has a session at the provider from this morning."""

    async def work(world: World) -> None:
        async def started(max_age: str) -> OidcLogin:
            login = await oidc_login(world)
            url = world.start_url(world.demo.oidc.connection_id, provider_max_age=max_age)
            answer = await login.browser.get(url, headers=JSON)
            query = parse_qs(urlsplit(answer.headers["location"]).query)
            login.state, login.nonce = query["state"][0], query["nonce"][0]
            return login

        now = int(world.rt.now().timestamp())
        old = await arrive(world, await started("600"), None, auth_time=now - 4000)
        refused(old, "oidc_auth_time_too_old")
        silent = await arrive(world, await started("600"), None)
        refused(silent, "oidc_claim_invalid")
        token_of(await arrive(world, await started("600"), None, auth_time=now - 30))
        # Who did not ask takes an old sign-in.
        token_of(await arrive(world, await oidc_login(world), None, auth_time=now - 4000))

    story(work)
