"""Tokens of a strict provider over time: rotation, reuse, short lives, changed keys, client proof.

panva's oidc-provider in a process of its own, Vestibule in this one: the clock is the test's.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import httpx2
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from peers.oidc_door import OidcDoor, kid_of, open_oidc_door
from peers.oidc_provider import SCOPES, Client, OidcProvider, run_oidc_provider
from peers.people import ADA
from peers.vestibule_in_process import InProcess, run_in_process
from vestibule.errors import VestibuleError
from vestibule.protocols import jwt, oidc
from vestibule.services.idp_documents import REFETCH_AFTER

pytestmark = pytest.mark.peer

LIFETIME = 30
A_WHILE = REFETCH_AFTER.total_seconds() + 1


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OidcProvider]:
    directory = tmp_path_factory.mktemp("oidc-refresh")
    with run_oidc_provider(directory, access_token_ttl=LIFETIME) as running:
        yield running


@pytest.fixture(scope="module")
def one_server() -> Iterator[InProcess]:
    with run_in_process() as running:
        yield running


@pytest.fixture
def server(one_server: InProcess) -> Iterator[InProcess]:
    yield one_server
    one_server.set_right()


async def open_door(server: InProcess, provider: OidcProvider, **metadata: Any) -> OidcDoor:
    return await open_oidc_door(
        server, provider, register=lambda url: provider.register_client(url, **metadata),
        custom_scopes=SCOPES, start={"provider_prompt": "consent"},
    )  # fmt: skip


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_each_refresh_brings_a_new_refresh_token_and_keeps_it(
    server: InProcess, provider: OidcProvider, method: str
) -> None:
    """By either door: what an External connection brought is refreshed with the source's client."""

    async def story() -> None:
        owner = await open_door(server, provider, token_endpoint_auth_method=method)
        for door in (owner, await owner.share()):
            done = await door.arrive()
            assert done["organization_id"] == door.organization_id
            seen = [(await door.stored(done)).refresh_token]
            for _ in range(3):
                server.advance(LIFETIME + 1)
                held = await door.fresh(done)
                assert held["connection_id"] == door.connection_id
                assert "offline_access" in held["scopes"]
                assert provider.knows(held["access_token"])
                assert 0 < held["access_token_expires_in"] <= LIFETIME
                seen.append(held["refresh_token"])
            assert len(set(seen)) == 4
            assert (await door.stored(done)).refresh_token == seen[-1]
            # It is shown to those alone who ask for it.
            place = (done["organization_id"], done["member_id"])
            answer = await server.held_tokens(*place, refresh_token=False)
            assert answer.status_code == 200
            assert str(seen[-1]) not in answer.text

    server.run(story())


def test_a_refresh_token_used_by_a_thief_ends_the_grant_for_both(
    server: InProcess, provider: OidcProvider
) -> None:
    """The provider sees one refresh token twice and withdraws all that came of it."""

    async def story() -> None:
        door = await open_door(server, provider)
        done = await door.arrive()
        first = await door.stored(done)
        server.advance(LIFETIME + 1)
        held = await door.fresh(done)
        assert provider.knows(held["access_token"])
        stolen = httpx2.post(
            f"{provider.issuer}/token",
            data={"grant_type": "refresh_token", "refresh_token": first.refresh_token},
            auth=(door.client.client_id, door.client.client_secret),
        )
        assert (stolen.status_code, stolen.json()["error"]) == (400, "invalid_grant")
        assert not provider.knows(held["access_token"])
        server.advance(LIFETIME + 1)
        await door.needs_login(done)
        assert (await door.stored(done)).state == "needs_login"
        # Nothing but a new login mends it, and it does.
        await door.needs_login(done)
        again = await door.arrive()
        assert again["member_id"] == done["member_id"]
        assert provider.knows((await door.fresh(again))["access_token"])

    server.run(story())


@pytest.mark.parametrize("keep_old", [False, True], ids=["old key gone", "old key kept"])
def test_tokens_are_refreshed_across_a_change_of_the_signing_key(
    server: InProcess, provider: OidcProvider, keep_old: bool
) -> None:
    async def story() -> None:
        door = await open_door(server, provider)
        done = await door.arrive()
        before = await door.stored(done)
        provider.change_keys(keep_old=keep_old)
        assert (kid_of(before.id_token) in provider.key_ids()) == keep_old
        server.advance(max(A_WHILE, LIFETIME + 1))
        held = await door.fresh(done)
        assert provider.knows(held["access_token"])
        assert held["refresh_token"] != before.refresh_token
        assert kid_of(held["id_token"]) != kid_of(before.id_token)
        assert kid_of(held["id_token"]) == provider.key_ids()[0]
        # The next refresh needs no new keys, and the next login neither.
        server.advance(LIFETIME + 1)
        assert provider.knows((await door.fresh(done))["access_token"])
        again = await door.arrive()
        assert again["member_id"] == done["member_id"]

    server.run(story())


def test_a_login_after_a_change_of_the_signing_key_goes_well(
    server: InProcess, provider: OidcProvider
) -> None:
    async def story() -> None:
        door = await open_door(server, provider)
        done = await door.arrive()
        for keep_old in (True, False):
            provider.change_keys(keep_old=keep_old)
            server.advance(A_WHILE)
            again = await door.arrive()
            assert again["member_id"] == done["member_id"]
            assert kid_of((await door.stored(done)).id_token) == provider.key_ids()[0]

    server.run(story())


def test_this_provider_lets_nobody_in_without_pkce(
    server: InProcess, provider: OidcProvider
) -> None:
    """Or the logins of this file would say nothing about it."""

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


def test_a_proof_that_a_connection_cannot_give_is_refused_in_words(
    server: InProcess, provider: OidcProvider
) -> None:
    async def story() -> None:
        door = await open_door(server, provider, token_endpoint_auth_method="client_secret_jwt")
        answer = await door.sign_in()
        details = answer.json()["error_details"]
        assert details["code"] == "oidc_token_refused"
        assert details["got"].startswith("invalid_client")
        assert await server.members(door.organization_id) == []

    server.run(story())


def test_a_connection_with_a_key_of_its_own_signs_in_and_refreshes_by_it(
    server: InProcess, provider: OidcProvider
) -> None:
    """By either door, and without any secret."""

    async def story() -> None:
        owner = await open_door(server, provider)
        path = f"/v1/b2b/sso/oidc/{owner.organization_id}/connections/{owner.connection_id}"
        changed = await server.ask("PUT", path, {"token_endpoint_auth_method": "private_key_jwt"})
        jwks = await server.ask("GET", urlsplit(changed["connection"]["client_jwks_url"]).path)
        registered = provider.register_client(
            owner.connection["redirect_url"],
            token_endpoint_auth_method="private_key_jwt",
            jwks={"keys": jwks["keys"]},
        )
        await server.ask("PUT", path, {"client_id": registered.client_id, "client_secret": ""})
        for door in (owner, await owner.share()):
            done = await door.arrive()
            first = (await door.stored(done)).refresh_token
            server.advance(LIFETIME + 1)
            held = await door.fresh(done)
            assert provider.knows(held["access_token"])
            assert held["refresh_token"] != first
        # A key that the provider does not know proves nothing.
        stranger = await open_door(server, provider)
        path = f"/v1/b2b/sso/oidc/{stranger.organization_id}/connections/{stranger.connection_id}"
        other = provider.register_client(
            stranger.connection["redirect_url"],
            token_endpoint_auth_method="private_key_jwt",
            jwks={"keys": jwks["keys"]},
        )
        asked = {"token_endpoint_auth_method": "private_key_jwt", "client_id": other.client_id}
        await server.ask("PUT", path, asked)
        answer = await stranger.sign_in()
        assert answer.status_code == 400
        assert await server.members(stranger.organization_id) == []

    server.run(story())


# -- private_key_jwt, below the connections ------------------------------------------------------


class _OwnKey:
    """A key pair of the relying party, made by the test."""

    def __init__(self, kid: str) -> None:
        private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        pem = private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
        self.signing = jwt.read_signing_key(kid, pem.decode())
        self.jwk = jwt.render_jwk(self.signing, kid)


KEY = _OwnKey("ours")
REDIRECT_URI = "http://vestibule.test/callback"


async def ask_for_tokens(
    server: InProcess, provider: OidcProvider, client: oidc.OidcClient
) -> tuple[oidc.OidcProvider, oidc.TokenGrant, str, str]:
    """Discovery, login and code exchange by the protocol alone."""
    send = server.network.send
    found = oidc.read_discovery(
        await send(oidc.build_discovery_request(provider.issuer)), issuer=provider.issuer
    )
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    url = oidc.build_authorization_url(
        found, client, scopes=SCOPES.split(), state=state, nonce=nonce, code_verifier=verifier,
        parameters={"prompt": "consent"},
    )  # fmt: skip
    with httpx2.Client(trust_env=False) as at_provider:
        callback = provider.sign_in(at_provider, url)
    query = dict(parse_qsl(urlsplit(callback).query))
    assert query["state"] == state
    code = oidc.read_callback(query, found.issuer, found.response_iss_parameter_supported)
    method = oidc.choose_auth_method(found, client)
    assert method == "private_key_jwt"
    request = oidc.build_code_request(
        found, client, code=code, code_verifier=verifier, auth_method=method,
        now=datetime.now(UTC), jti=secrets.token_urlsafe(16),
    )  # fmt: skip
    grant = oidc.read_token_response(await send(request), now=datetime.now(UTC))
    return found, grant, nonce, code


def register_key(provider: OidcProvider, key: _OwnKey) -> Client:
    return provider.register_client(
        REDIRECT_URI, token_endpoint_auth_method="private_key_jwt", jwks={"keys": [key.jwk]}
    )


def test_a_key_of_our_own_proves_us_at_login_and_refresh(
    server: InProcess, provider: OidcProvider
) -> None:
    async def story() -> None:
        registered = register_key(provider, KEY)
        client = oidc.OidcClient(registered.client_id, "", REDIRECT_URI, private_key=KEY.signing)
        found, grant, nonce, code = await ask_for_tokens(server, provider, client)
        send, now = server.network.send, datetime.now(UTC)
        keys = oidc.read_jwks_response(await send(oidc.build_jwks_request(found)))
        claims = oidc.verify_id_token(
            grant.id_token, provider=found, client=client, keys=keys, nonce=nonce, now=now,
            access_token=grant.access_token, code=code,
        )  # fmt: skip
        assert claims.subject == ADA.subject
        request = oidc.build_refresh_request(
            found, client, refresh_token=grant.refresh_token or "", auth_method="private_key_jwt",
            now=now, jti=secrets.token_urlsafe(16),
        )  # fmt: skip
        refreshed = oidc.read_token_response(await send(request), now=now)
        assert refreshed.refresh_token != grant.refresh_token
        assert provider.knows(refreshed.access_token)
        # An assertion is good once, so nobody who read it can use it again.
        answer = await send(request)
        assert oidc.token_error(answer) == "invalid_client"

    server.run(story())


def test_a_key_that_the_provider_does_not_know_proves_nothing(
    server: InProcess, provider: OidcProvider
) -> None:
    async def story() -> None:
        registered = register_key(provider, KEY)
        stranger = _OwnKey("ours")
        client = oidc.OidcClient(
            registered.client_id, "", REDIRECT_URI, private_key=stranger.signing
        )
        with pytest.raises(VestibuleError) as refused:
            await ask_for_tokens(server, provider, client)
        assert refused.value.code == "oidc_token_refused"
        assert (refused.value.got or "").startswith("invalid_client")

    server.run(story())


def test_the_provider_refused_what_it_refused_on_purpose(provider: OidcProvider) -> None:
    """Stands last: no answer above was a fault of the provider."""
    assert "server_error" not in provider.log.read_text()
