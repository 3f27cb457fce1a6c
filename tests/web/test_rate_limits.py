"""Whoever asks too often is told when to come again, and learns nothing by it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_network
from typing import Any

import pytest

from support.world import World, open_world, run
from vestibule.domain import rate_limits
from vestibule.domain.rate_limits import Limit
from vestibule.web.app import App
from vestibule.web.incoming import caller_address

SMALL = {
    name: Limit(burst, timedelta(minutes=1))
    for name, burst in {
        "start": 3, "callback": 3, "connection": 5, "frontend": 8, "discovery": 2, "mail": 1,
        "mailbox": 1, "operator": 2,
    }.items()
}  # fmt: skip
Story = Callable[[World], Awaitable[None]]


@pytest.fixture
def tell(monkeypatch: pytest.MonkeyPatch) -> Callable[[Story], None]:
    """A world in which the numbers are small."""
    monkeypatch.setattr("vestibule.web.rate_limits.LIMITS", SMALL)
    assert SMALL.keys() == rate_limits.LIMITS.keys()

    def work(story: Story) -> None:
        async def main() -> None:
            async with open_world() as world:
                world.rt = replace(
                    world.rt, settings=replace(world.rt.settings, rate_limit_factor=1.0)
                )
                world.app = App(world.rt)
                await story(world)

        run(main())

    return work


async def get(world: World, path: str, **headers: str) -> Any:
    async with world.client() as client:
        return await client.get(path, headers={"accept": "application/json", **headers})


def test_a_fourth_start_of_one_address_waits_and_then_may(tell: Callable[[Story], None]) -> None:
    async def story(world: World) -> None:
        url = world.start_url(world.demo.saml.connection_id)
        for _ in range(3):
            assert (await get(world, url)).status_code == 302
        answer = await get(world, url)
        assert answer.status_code == 429
        assert answer.json()["error_type"] == "too_many_requests"
        assert answer.headers["retry-after"] == "20"
        world.advance(seconds=20)
        assert (await get(world, url)).status_code == 302

    tell(story)


def test_what_does_not_exist_is_counted_like_what_does(tell: Callable[[Story], None]) -> None:
    """Otherwise the count would say which of many guesses was right."""

    async def story(world: World) -> None:
        for number in range(3):
            answer = await get(world, world.start_url(f"saml-connection-test-{number}"))
            assert answer.status_code == 404
        answer = await get(world, world.start_url(world.demo.saml.connection_id))
        assert answer.status_code == 429

    tell(story)


def test_one_connection_cannot_be_flooded_from_many_addresses(
    tell: Callable[[Story], None],
) -> None:
    async def story(world: World) -> None:
        settings = replace(world.rt.settings, trusted_proxies=(ip_network("127.0.0.0/8"),))
        world.app = App(replace(world.rt, settings=settings))
        path = f"/v1/b2b/sso/callback/{world.demo.oidc.connection_id}"
        seen = [
            (await get(world, path, **{"x-forwarded-for": f"192.0.2.{n}"})).status_code
            for n in range(7)
        ]
        assert seen == [400] * 5 + [429] * 2

    tell(story)


def test_guessing_slugs_and_addresses_is_limited_more(tell: Callable[[Story], None]) -> None:
    async def story(world: World) -> None:
        async with world.client(auth=(world.credentials.public_token, "")) as client:
            answers = [
                await client.post(
                    "/sdk/v1/b2b/organizations/search", json={"organization_slug": f"guess-{n}"}
                )
                for n in range(3)
            ]
        assert [a.status_code for a in answers] == [200, 200, 429]
        assert answers[2].json()["error_details"]["code"] == "too_many_requests"
        assert int(answers[2].headers["retry-after"]) > 0

    tell(story)


def test_a_mailbox_is_not_flooded_by_whoever_asks_from_wherever(
    tell: Callable[[Story], None],
) -> None:
    """Five mails in ten minutes, however they are asked for, whoever owns the address."""

    async def story(world: World) -> None:
        async def send(address: str, peer: str) -> Any:
            async with world.client(auth=(world.credentials.public_token, "")) as client:
                return await client.post(
                    "/sdk/v1/b2b/magic_links/email/discovery/send",
                    json={"email_address": address},
                    headers={"x-forwarded-for": peer},
                )

        settings = replace(world.rt.settings, trusted_proxies=(ip_network("127.0.0.1/32"),))
        world.app = App(replace(world.rt, settings=settings))
        assert (await send("grace@acme.example", "192.0.2.1")).status_code == 200
        assert (await send("GRACE@acme.example", "192.0.2.2")).status_code == 429
        # One address asks for one mail here, whomever it is for.
        assert (await send("ada@acme.example", "192.0.2.1")).status_code == 429
        assert (await send("ada@acme.example", "192.0.2.3")).status_code == 200
        assert len(await world.mail()) == 2

    tell(story)


def test_no_limits_where_the_operator_turned_them_off(tell: Callable[[Story], None]) -> None:
    async def story(world: World) -> None:
        settings = replace(world.rt.settings, rate_limit_factor=0)
        world.app = App(replace(world.rt, settings=settings))
        url = world.start_url(world.demo.saml.connection_id)
        assert {(await get(world, url)).status_code for _ in range(10)} == {302}

    tell(story)


TRUSTED = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


@pytest.mark.parametrize(
    ("peer", "forwarded", "caller"),
    [
        ("192.0.2.1", None, "192.0.2.1"),
        ("192.0.2.1", "198.51.100.9", "192.0.2.1"),  # anybody can say where they come from
        ("10.0.0.1", "198.51.100.9", "198.51.100.9"),
        ("10.0.0.1", "203.0.113.5, 198.51.100.9", "198.51.100.9"),
        ("10.0.0.1", "203.0.113.5, 198.51.100.9, 10.0.0.2", "198.51.100.9"),
        ("10.0.0.1", "junk, 10.0.0.2", "10.0.0.2"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.9:4711", "10.0.0.1"),
        ("fd00::1", "2001:db8::7", "2001:db8::7"),
    ],
)
def test_a_proxy_of_our_own_says_who_calls_and_nobody_else(
    peer: str, forwarded: str | None, caller: str
) -> None:
    headers = [] if forwarded is None else [(b"x-forwarded-for", forwarded.encode())]
    assert caller_address({"client": (peer, 1), "headers": headers}, TRUSTED) == caller


def test_without_proxies_of_our_own_the_header_is_not_read() -> None:
    scope = {"client": ("10.0.0.1", 1), "headers": [(b"x-forwarded-for", b"198.51.100.9")]}
    assert caller_address(scope, ()) == "10.0.0.1"


def test_whose_domains_there_are_cannot_be_asked_one_by_one(tell: Callable[[Story], None]) -> None:
    async def story(world: World) -> None:
        body = {
            "public_token": world.credentials.public_token, "email_address": "a@guess.example",
        }  # fmt: skip
        async with world.client() as client:
            path = "/v1/public/sso/route"
            seen = [(await client.post(path, json=body)).status_code for _ in range(3)]
            assert seen == [200, 200, 429]
            unknown = {**body, "public_token": "none"}
            assert (await client.post(path, json=unknown)).status_code == 429

    tell(story)
