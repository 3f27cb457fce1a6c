"""What the door decides without asking anybody: cookies, paths, other sites, and the two carriers'
reading of a request."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from vestibule_sdk import Credentials, LoginStart, Vestibule
from vestibule_sdk.asgi import VestibuleMiddleware, visit_of
from vestibule_sdk.async_client import AsyncVestibule
from vestibule_sdk.door import Door, Found, Reply, Visit
from vestibule_sdk.login import start_login
from vestibule_sdk.wsgi import visit_of as visit_of_environ

CREDENTIALS = Credentials("http://127.0.0.1:9", "project-test-1", "secret", "public-token-test-1")


@pytest.fixture
def client() -> Any:
    with Vestibule(CREDENTIALS) as opened:
        yield opened


def visit(path: str, *, method: str = "GET", scheme: str = "https", **headers: str) -> Visit:
    place = urlsplit(path)
    query = {name: values[0] for name, values in parse_qs(place.query).items()}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Visit(method, place.path, query, {"host": "app.example", **named}, scheme)


def answer(client: Vestibule, seen: Visit, **options: Any) -> Reply | Found:
    return client.run(Door(client, **options).answer(seen))


def test_a_login_leaves_for_the_server_and_ties_itself_to_the_browser(client: Vestibule) -> None:
    reply = answer(client, visit("/auth/login?organization=acme&next=/desk"))
    assert isinstance(reply, Reply)
    place = urlsplit(reply.location)
    asked = {name: values[0] for name, values in parse_qs(place.query).items()}
    assert (place.netloc, place.path) == ("127.0.0.1:9", "/v1/public/sso/start")
    assert asked["organization_id"] == "acme"
    assert asked["login_redirect_url"] == "https://app.example/auth/callback"
    assert len(asked["pkce_code_challenge"]) == 43
    (cookie,) = reply.cookies
    assert cookie.startswith("__Host-vestibule_login=")
    for word in ("HttpOnly", "SameSite=Lax", "Secure", "Path=/", "Max-Age=600"):
        assert word in cookie
    assert asked["pkce_code_challenge"] not in cookie


@pytest.mark.parametrize(
    "query", ["", "?organization=a&connection=b"], ids=["neither", "both of them"]
)
def test_a_login_without_one_clear_destination_is_refused(client: Vestibule, query: str) -> None:
    reply = answer(client, visit(f"/auth/login{query}"))
    assert isinstance(reply, Reply)
    assert reply.status == 400


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "evil",
        "/a%0d%0aset-cookie:b",
        "/é",
        f"/{'a' * 1000}",
    ],
)
def test_nobody_is_sent_to_another_site(client: Vestibule, elsewhere: str) -> None:
    reply = answer(client, visit(f"/auth/login?organization=a&next={elsewhere}"))
    assert reply.cookies[0].split(";")[0].rpartition(".")[2] == "/"


def test_a_callback_of_a_login_that_began_elsewhere_is_refused(client: Vestibule) -> None:
    reply = answer(client, visit("/auth/callback?token=somebody-elses&stytch_token_type=sso"))
    assert isinstance(reply, Reply)
    assert reply.status == 400
    assert "not started in this browser" in reply.text


@pytest.mark.parametrize("page", ["switch?organization=a", "logout"])
def test_other_sites_neither_switch_nor_sign_out(client: Vestibule, page: str) -> None:
    mine = "__Host-vestibule_session=token"
    for headers in (
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
    ):
        reply = answer(client, visit(f"/auth/{page}", method="POST", cookie=mine, **headers))
        assert isinstance(reply, Reply)
        assert reply.status == 403
    by_link = answer(client, visit(f"/auth/{page}", cookie=mine))
    assert isinstance(by_link, Reply)
    assert by_link.status == 405


def test_who_shows_nothing_is_nobody_and_nobody_is_asked(client: Vestibule) -> None:
    """The server of these credentials does not exist: asking would raise."""
    for headers in ({}, {"cookie": "other=1"}, {"cookie": 'vestibule_session="'}, {"cookie": ";="}):
        assert answer(client, visit("/desk", **headers)) == Found()


def test_a_cookie_that_a_neighbour_could_set_is_not_read_over_https(client: Vestibule) -> None:
    assert answer(client, visit("/desk", cookie="vestibule_session=token")) == Found()


def test_a_strange_cookie_of_others_hides_none_of_ours() -> None:
    seen = visit("/", cookie='a={"b": [1]}; (x)=y; vestibule_session=token; vestibule_session=late')
    assert seen.cookie("vestibule_session") == "token"
    assert seen.cookie("vestibule") == ""


def test_the_way_in_leads_back(client: Vestibule) -> None:
    door = Door(client, sign_in="/")
    assert door.way_in(visit("/desk?a=b c")) == "/?next=%2Fdesk%3Fa%3Db%2Bc"
    assert door.way_in(visit("/größe 2")) == "/?next=%2Fgr%25C3%25B6%25C3%259Fe%25202"
    assert door.way_in(visit("/desk", method="POST")) == ""
    assert Door(client).way_in(visit("/desk")) == ""


def test_a_websocket_from_another_site_has_no_session() -> None:
    """A browser sends our cookies along with it, whoever opened it."""
    seen: list[Any] = []

    async def app(scope: Any, _receive: Any, _send: Any) -> None:
        seen.append(scope["vestibule.session"])

    async def run() -> None:
        async with AsyncVestibule(CREDENTIALS) as client:
            scope = {
                "type": "websocket",
                "scheme": "ws",
                "path": "/live",
                "query_string": b"",
                "headers": [
                    (b"host", b"app.example"),
                    (b"origin", b"https://evil.example"),
                    (b"cookie", b"vestibule_session=token"),
                ],
            }
            # It would have to ask the server, which does not exist.
            await VestibuleMiddleware(app, client)(scope, None, None)  # type: ignore[arg-type]

    asyncio.run(run())
    assert seen == [None]


def test_both_carriers_read_a_request_alike() -> None:
    scope = {
        "type": "http",
        "method": "GET",
        "scheme": "http",
        "path": "/desk",
        "query_string": b"a=1&b=",
        "headers": [(b"Host", b"app.example"), (b"cookie", b"x=y")],
    }
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": "/desk",
        "QUERY_STRING": "a=1&b=",
        "HTTP_HOST": "app.example",
        "HTTP_COOKIE": "x=y",
        "wsgi.url_scheme": "http",
    }
    assert visit_of(scope) == visit_of_environ(environ)
    assert visit_of(scope).cookie("x") == "y"


def test_a_login_needs_exactly_one_destination_and_hides_its_verifier() -> None:
    for where in ({}, {"organization_id": "a", "connection_id": "b"}):
        with pytest.raises(ValueError, match="not both"):
            start_login("http://sso.example", "public", **where)
    start = start_login(
        "http://sso.example",
        "public",
        connection_id="c",
        provider_parameters={"login_hint": "ada@example.com"},
    )
    assert isinstance(start, LoginStart)
    assert "provider_login_hint=ada%40example.com" in start.url
    assert start.code_verifier not in repr(start)
    with pytest.raises(ValueError, match="public token"):
        Credentials("u", "p", "s").start_login(connection_id="c")
