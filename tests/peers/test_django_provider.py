"""Logins and refreshes at Django OAuth Toolkit, a provider that shares nothing with the other one.

The clock is the test's, so nothing here waits for a token to end.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import httpx2
import pytest

from peers.django_provider import SCOPES, DjangoProvider, run_django_provider
from peers.oidc_door import OidcDoor, kid_of, open_oidc_door
from peers.people import ADA, BEN, Person
from peers.vestibule_in_process import InProcess, run_in_process
from vestibule.services.idp_documents import REFETCH_AFTER

pytestmark = pytest.mark.peer

LIFETIME = 60
A_WHILE = max(REFETCH_AFTER.total_seconds(), LIFETIME) + 1


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DjangoProvider]:
    directory = tmp_path_factory.mktemp("django-provider")
    with run_django_provider(directory, access_token_ttl=LIFETIME) as running:
        yield running


@pytest.fixture(scope="module")
def one_server() -> Iterator[InProcess]:
    with run_in_process() as running:
        yield running


@pytest.fixture
def server(one_server: InProcess) -> Iterator[InProcess]:
    yield one_server
    one_server.set_right()


async def open_door(
    server: InProcess, provider: DjangoProvider, custom_scopes: str = SCOPES
) -> OidcDoor:
    return await open_oidc_door(
        server,
        provider,
        register=provider.register_client,
        custom_scopes=custom_scopes,
        attribute_mapping={"department": "department"},
        oidc_connection_implicit_role_assignments=[{"role_id": "viewer"}],
        oidc_group_implicit_role_assignments=[{"role_id": "editor", "group": "engineering"}],
    )


def test_the_issuer_alone_sets_the_connection_up(
    server: InProcess, provider: DjangoProvider
) -> None:
    async def story() -> None:
        door = await open_door(server, provider)
        for name, path in (
            ("authorization_url", "/authorize/"),
            ("token_url", "/token/"),
            ("userinfo_url", "/userinfo/"),
            ("jwks_url", "/.well-known/jwks.json"),
        ):
            assert door.connection[name] == provider.issuer + path

    server.run(story())


@pytest.mark.parametrize("person", [ADA, BEN], ids=lambda person: person.subject)
def test_people_come_in_with_groups_roles_and_claims(
    server: InProcess, provider: DjangoProvider, person: Person
) -> None:
    async def story() -> None:
        door = await open_door(server, provider)
        done = await door.arrive(person)
        member = done["member"]
        assert member["email_address"] == person.email
        assert member["name"] == person.name
        assert member["trusted_metadata"] == {"department": person.department}
        roles = {"stytch_member", "viewer"}
        roles |= {"editor"} if "engineering" in person.groups else set()
        assert set(done["member_session"]["roles"]) == roles
        (factor,) = done["member_session"]["authentication_factors"]
        assert factor["oidc_sso_factor"]["external_id"] == person.subject

    server.run(story())


def test_what_was_not_asked_for_is_not_known(server: InProcess, provider: DjangoProvider) -> None:
    async def story() -> None:
        door = await open_door(server, provider, custom_scopes="email profile")
        done = await door.arrive()
        assert set(done["member_session"]["roles"]) == {"stytch_member", "viewer"}
        assert (await door.stored(done)).scopes == ("openid", "email", "profile")

    server.run(story())


def test_this_provider_lets_nobody_in_without_pkce(
    server: InProcess, provider: DjangoProvider
) -> None:
    async def story() -> None:
        door = await open_door(server, provider)
        async with server.browser() as browser:
            url = await server.start(browser, door.connection_id)
        without = [pair for pair in parse_qsl(urlsplit(url).query) if "challenge" not in pair[0]]
        with httpx2.Client(trust_env=False) as at_provider:
            callback = provider.sign_in(
                at_provider, f"{url.partition('?')[0]}?{urlencode(without)}"
            )
        assert parse_qs(urlsplit(callback).query)["error"] == ["invalid_request"]

    server.run(story())


def test_a_wrong_client_secret_is_refused_in_words(
    server: InProcess, provider: DjangoProvider
) -> None:
    async def story() -> None:
        door = await open_door(server, provider)
        path = f"/v1/b2b/sso/oidc/{door.organization_id}/connections/{door.connection_id}"
        await server.ask("PUT", path, {"client_secret": "not-the-one"})
        details = (await door.sign_in()).json()["error_details"]
        assert details["code"] == "oidc_token_refused"
        assert details["got"].startswith("invalid_client")

    server.run(story())


def test_each_refresh_brings_a_new_refresh_token_and_keeps_it(
    server: InProcess, provider: DjangoProvider
) -> None:
    async def story() -> None:
        door = await open_door(server, provider)
        done = await door.arrive()
        seen = [await door.stored(done)]
        for _ in range(3):
            server.advance(A_WHILE)
            held = await door.fresh(done)
            assert provider.knows(held["access_token"])
            assert 0 < held["access_token_expires_in"] <= LIFETIME
            seen.append(await door.stored(done))
        assert len({tokens.refresh_token for tokens in seen}) == 4
        assert len({tokens.access_token for tokens in seen}) == 4

    server.run(story())


def test_a_refresh_token_used_by_a_thief_ends_the_grant_for_both(
    server: InProcess, provider: DjangoProvider
) -> None:
    async def story() -> None:
        door = await open_door(server, provider)
        done = await door.arrive()
        first = await door.stored(done)
        server.advance(A_WHILE)
        held = await door.fresh(done)
        stolen = httpx2.post(
            f"{provider.issuer}/token/",
            data={"grant_type": "refresh_token", "refresh_token": first.refresh_token},
            auth=(door.client.client_id, door.client.client_secret),
        )
        assert (stolen.status_code, stolen.json()["error"]) == (400, "invalid_grant")
        assert not provider.knows(held["access_token"])
        server.advance(A_WHILE)
        await door.needs_login(done)
        assert (await door.stored(done)).state == "needs_login"
        again = await door.arrive()
        assert again["member_id"] == done["member_id"]
        assert provider.knows((await door.fresh(again))["access_token"])

    server.run(story())


@pytest.mark.parametrize("keep_old", [True, False], ids=["old key kept", "old key gone"])
def test_refresh_and_login_outlive_a_change_of_the_signing_key(
    server: InProcess, provider: DjangoProvider, keep_old: bool
) -> None:
    """The provider is started again with a new key, as its handbook says."""

    async def story() -> None:
        door = await open_door(server, provider)
        done = await door.arrive()
        before = await door.stored(done)
        provider.change_key(keep_old=keep_old)
        assert (kid_of(before.id_token) in provider.key_ids()) == keep_old
        server.advance(A_WHILE)
        held = await door.fresh(done)
        assert provider.knows(held["access_token"])
        assert held["refresh_token"] != before.refresh_token
        assert kid_of(held["id_token"]) == provider.key_ids()[0] != kid_of(before.id_token)
        again = await door.arrive()
        assert again["member_id"] == done["member_id"]

    server.run(story())
