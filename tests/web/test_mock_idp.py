"""The built-in identity provider signs in anybody, so it must not exist or answer elsewhere."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from support.world import BASE_URL, World, open_world, read_form, run
from vestibule.errors import VestibuleError
from vestibule.web.mock_idp import CLIENT_ID, CLIENT_SECRET, MockIdp

JSON = {"accept": "application/json"}
FOREIGN = [
    "https://evil.example/v1/b2b/sso/callback/x", "http://evil.example/v1/b2b/sso/callback/x",
    f"{BASE_URL}.evil.example/v1/b2b/sso/callback/x", "//vestibule.test/v1/b2b/sso/callback/x",
    "http://vestibule.test@evil.example/v1/b2b/sso/callback/x",
    f"{BASE_URL}:81/v1/b2b/sso/callback/x", f"{BASE_URL}/v1/b2b/sso/callback/../../../../demo",
    "http://x@vestibule.test/v1/b2b/sso/callback/x", "https://vestibule.test/v1/b2b/sso/callback/x",
    f"{BASE_URL}/demo/callback", f"{BASE_URL}/", "javascript:alert(1)", "",
]  # fmt: skip


def story(work: Callable[[World], Awaitable[None]]) -> None:
    async def main() -> None:
        async with open_world() as world:
            await work(world)

    run(main())


def test_it_does_not_exist_outside_of_development() -> None:
    """Whoever hopes that a production server signs in everybody who asks."""

    async def work(world: World) -> None:
        settings = replace(world.rt.settings, mode="serve")
        with pytest.raises(VestibuleError) as raised:
            MockIdp(replace(world.rt, settings=settings), "key", "certificate")
        assert raised.value.code == "mock_idp_outside_dev"

    story(work)


def test_it_signs_for_callbacks_of_this_server_only() -> None:
    """Whoever wants an assertion or a code for another service provider."""

    async def work(world: World) -> None:
        browser = world.client()
        started = await browser.get(world.start_url(world.demo.saml.connection_id), headers=JSON)
        place = urlsplit(started.headers["location"])
        packed = parse_qs(place.query)["SAMLRequest"][0]
        xml = zlib.decompress(base64.b64decode(packed), -15).decode()
        ours = f"{BASE_URL}/v1/b2b/sso/callback/{world.demo.saml.connection_id}"
        assert f'AssertionConsumerServiceURL="{ours}"' in xml
        for url in FOREIGN:
            bent = xml.replace(
                f'AssertionConsumerServiceURL="{ours}"', f'AssertionConsumerServiceURL="{url}"'
            )
            deflate = zlib.compressobj(wbits=-15)
            data = deflate.compress(bent.encode()) + deflate.flush()
            query = urlencode({"SAMLRequest": base64.b64encode(data).decode(), "RelayState": "x"})
            answers = [
                await browser.get(f"{place.path}?{query}", headers=JSON),
                await browser.post(
                    place.path,
                    data={"acs_url": url, "subject": "1001", "audience": url},
                    headers=JSON,
                ),
                await browser.get(
                    "/dev/idp/oidc/authorize",
                    params={
                        "redirect_uri": url, "client_id": CLIENT_ID, "login_hint": "x",
                        "code_challenge_method": "S256", "code_challenge": "x",
                    },
                    headers=JSON,
                ),
                await browser.post(
                    "/dev/idp/oidc/authorize",
                    data={"redirect_uri": url, "subject": "1001"},
                    headers=JSON,
                ),
            ]  # fmt: skip
            for answer in answers:
                assert answer.status_code == 400, (url, answer.text)
                assert "location" not in answer.headers

    story(work)


def test_a_code_works_once_with_its_verifier_at_its_place() -> None:
    """Whoever intercepts a code of the built-in provider."""

    async def work(world: World) -> None:
        for change in ("", "code_verifier", "redirect_uri", "secret", "late"):
            browser = world.client()
            deliver = await world.begin(browser, world.demo.oidc.connection_id)
            query = parse_qs(urlsplit(deliver.__defaults__[0]).query)
            redirect = deliver.__defaults__[0].partition("?")[0]
            form = {
                "grant_type": "authorization_code", "code": query["code"][0],
                "redirect_uri": redirect, "code_verifier": "not-the-verifier",
            }  # fmt: skip
            if change == "redirect_uri":
                form["redirect_uri"] += "x"
            if change == "late":
                world.advance(minutes=2)
            secret = "wrong" if change == "secret" else CLIENT_SECRET
            answer = await browser.post(
                "/dev/idp/oidc/token", data=form, auth=(CLIENT_ID, secret), headers=JSON
            )
            assert answer.status_code == (401 if change == "secret" else 400)
            if change != "secret":
                # A wrong verifier has used the code up.
                assert (await deliver()).status_code == 400
        answer = await world.client().get(
            "/dev/idp/oidc/userinfo", headers={**JSON, "authorization": "Bearer x"}
        )
        assert answer.status_code == 401

    story(work)


def test_a_person_is_chosen_where_nobody_is_hinted_at() -> None:
    """Without a hint the page asks; what was chosen is posted back, and nobody else exists."""

    async def work(world: World) -> None:
        browser = world.client()
        for door in (world.demo.saml, world.demo.oidc):
            started = await browser.get(world.start_url(door.connection_id), headers=JSON)
            page = await browser.get(started.headers["location"])
            assert page.status_code == 200
            assert "ada@northwind.example" in page.text
            action, fields = read_form(page.text)
            for subject in ("9999", ""):
                answer = await browser.post(
                    action, data={**fields, "subject": subject}, headers=JSON
                )
                assert answer.status_code == 400
            chosen = await browser.post(action, data={**fields, "subject": "1002"})
            if door is world.demo.saml:
                action, fields = read_form(chosen.text)
                done = await browser.post(action, data=fields)
            else:
                done = await browser.get(chosen.headers["location"])
            assert done.status_code == 303, done.text

    story(work)


def test_a_hint_is_no_markup_on_the_page_of_choice() -> None:
    """Whoever hides a script in a login hint."""

    async def work(world: World) -> None:
        browser = world.client()
        evil = '"><script>alert(1)</script>'
        for door in (world.demo.saml, world.demo.oidc):
            url = world.start_url(door.connection_id, provider_login_hint=evil)
            started = await browser.get(url, headers=JSON)
            page = await browser.get(started.headers["location"])
            assert page.status_code == 200
            assert "<script>alert" not in page.text

    story(work)
