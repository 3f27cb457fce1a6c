"""The examples of the backend SDKs as their READMEs start them, and what a visitor does in them.

With FastAPI the door of ASGI is tested, with Flask that of WSGI, with Django its own middleware,
with Express the door of Node.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import httpx2
import pytest

from peers import parts, process, typescript
from peers.pages import read_forms
from peers.vestibule_server import Vestibule
from vestibule_sdk import Credentials
from vestibule_sdk import Vestibule as Client

pytestmark = pytest.mark.peer

ROOT = Path(__file__).resolve().parents[2]
ADA, GRACE = "ada@northwind.example", "grace@northwind.example"


@pytest.fixture(scope="module", params=["fastapi", "flask", "django", "express"])
def example(
    request: pytest.FixtureRequest,
    vestibule_dev: Vestibule,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[str]:
    port = process.free_port()
    url = f"http://127.0.0.1:{port}"
    if request.param == "express":
        typescript.build()
        words: list[str | Path] = [parts.node(), "examples/express/dist/server.js"]
        folder = typescript.WORKSPACE
    else:
        words, folder = [sys.executable, "-m", f"examples.{request.param}"], ROOT
    credentials = vestibule_dev.data / "credentials.json"
    with process.serve(
        f"example {request.param}",
        [*words, "--port", str(port), "--credentials", credentials],
        log=tmp_path_factory.mktemp("example") / "example.log",
        ready_url=f"{url}/",
        cwd=folder,
    ):
        yield url


class Visitor:
    """A browser without JavaScript: it keeps cookies and goes where it is sent."""

    def __init__(self, example: str, person: str) -> None:
        self.example = example
        self.person = person
        self.browser = httpx2.Client(timeout=20, follow_redirects=False)
        self.hosts: list[str] = []

    def __enter__(self) -> Visitor:
        return self

    def __exit__(self, *_: object) -> None:
        self.browser.close()

    def follow(self, answer: httpx2.Response) -> httpx2.Response:
        while answer.is_redirect or "SAMLResponse" in answer.text:
            self.hosts.append(urlsplit(str(answer.url)).netloc)
            if answer.is_redirect:
                there = answer.url.join(answer.headers["location"])
                if there.path == "/v1/public/sso/start":
                    there = there.copy_merge_params({"provider_login_hint": self.person})
                answer = self.browser.get(there)
            else:
                form = read_forms(answer)[0]
                answer = self.browser.post(form.action, data=form.fields)
        return answer

    def get(self, path: str) -> httpx2.Response:
        return self.follow(self.browser.get(f"{self.example}{path}"))

    def post(self, path: str, **headers: str) -> httpx2.Response:
        return self.follow(self.browser.post(f"{self.example}{path}", headers=headers))

    def sign_in(self, company: str, following: str = "") -> httpx2.Response:
        """By the first link of the home page that leads into the company."""
        home = self.get(f"/?next={following}" if following else "/")
        links = re.findall(r'<a href="([^"]*)">\s*([^<]*?)\s*</a>', home.text)
        link = next(href for href, label in links if label.startswith(f"{company}:"))
        return self.get(unescape(link))

    def button(self, page: httpx2.Response, label: str) -> httpx2.Response:
        """Press it, as a browser does on the application's own page."""
        forms = re.findall(
            r'<form method="post" action="([^"]*)">\s*<button>([^<]*)</button>', page.text
        )
        action = next(unescape(action) for action, text in forms if text == label)
        return self.post(action, **{"sec-fetch-site": "same-origin"})


def visitor(example: str, person: str = ADA) -> Visitor:
    return Visitor(example, person)


def title(answer: httpx2.Response) -> str:
    found = re.search(r"<h1>(.*?)</h1>", answer.text)
    return found.group(1) if found else f"{answer.status_code} {answer.text}"


def test_a_page_is_for_those_who_are_signed_in(example: str) -> None:
    with visitor(example) as ada:
        assert title(ada.get("/desk")) == "Sign in"
        assert title(ada.sign_in("Northwind", "/desk")) == "You are in northwind"
        assert title(ada.get("/desk")) == "You are in northwind"
        out = ada.button(ada.get("/desk"), "Sign out")
        assert title(out) == "Sign in"
        assert title(ada.get("/desk")) == "Sign in"


def test_one_comes_back_to_the_page_that_one_asked_for(example: str) -> None:
    asked = "/desk?from=a%20mail&x=%2F%26"
    with visitor(example) as ada:
        home = ada.get(asked)
        assert title(home) == "Sign in"
        following = parse_qs(urlsplit(str(home.url)).query)["next"][0]
        desk = ada.sign_in("Northwind", quote(following, safe=""))
        assert urlsplit(str(desk.url)).path == "/desk"
        assert parse_qs(urlsplit(str(desk.url)).query) == {"from": ["a mail"], "x": ["/&"]}


def test_a_permission_is_asked_for(example: str) -> None:
    """Engineers are editors in Northwind; in the Labs they lead, and read documents alone."""
    with visitor(example) as ada:
        assert title(ada.sign_in("Northwind", "/documents/new")) == "You may write"
    with visitor(example, ADA) as ada:
        assert title(ada.sign_in("Northwind Labs")) == "You are in northwind-labs"
        refused = ada.get("/documents/new")
        assert refused.status_code == 403
        assert "session_authorization_error" in refused.text


def test_one_goes_over_through_an_external_connection(example: str) -> None:
    with visitor(example) as ada:
        ada.sign_in("Northwind Labs")
    with visitor(example) as ada:
        desk = ada.sign_in("Northwind")
        ada.hosts.clear()
        there = ada.button(desk, "Go over to Northwind Labs")
        assert title(there) == "You are in northwind-labs"
        # The session was exchanged: no identity provider was asked, and no login began.
        assert set(ada.hosts) == {urlsplit(example).netloc}
        back = ada.button(there, "Go over to Northwind")
        assert title(back) == "You are in northwind"
        assert set(ada.hosts) != {urlsplit(example).netloc}


def test_a_session_that_was_ended_opens_nothing_once_its_jwt_is_gone(
    example: str, vestibule_dev: Vestibule
) -> None:
    with visitor(example) as ada:
        ada.sign_in("Northwind")
        token = ada.browser.cookies["vestibule_session"]
        # Without the JWT the server is asked, and a fresh one is set on the page's own answer.
        ada.browser.cookies.delete("vestibule_jwt")
        assert title(ada.get("/desk")) == "You are in northwind"
        assert ada.browser.cookies["vestibule_jwt"].count(".") == 2
        with Client(Credentials.read(vestibule_dev.data / "credentials.json")) as client:
            client.sessions.revoke(session_token=token)
        ada.browser.cookies.delete("vestibule_jwt", domain="127.0.0.1", path="/")
        assert title(ada.get("/desk")) == "Sign in"
        assert "vestibule_session" not in ada.browser.cookies


def test_a_program_shows_its_session_jwt(example: str) -> None:
    with visitor(example) as ada:
        ada.sign_in("Northwind")
        jwt = ada.browser.cookies["vestibule_jwt"]
    bearer = {"authorization": f"Bearer {jwt}"}
    assert "You are in northwind" in httpx2.get(f"{example}/desk", headers=bearer).text
    for wrong in (f"Bearer {jwt[:-8]}AAAAAAAA", "Bearer", "Basic YTpi", f"Bearer {jwt} x"):
        answer = httpx2.get(f"{example}/desk", headers={"authorization": wrong})
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/?next=")


def test_a_link_with_somebody_elses_token_signs_nobody_in(example: str) -> None:
    """The attacker's last redirect, opened by a victim who began a login as well."""
    with visitor(example, GRACE) as attacker, visitor(example) as victim:
        links: list[str] = []

        def stop_before_the_end(answer: httpx2.Response) -> None:
            there = answer.headers.get("location", "")
            if "/auth/callback?" in there:
                links.append(there)
                answer.headers["location"] = f"{example}/"

        attacker.browser.event_hooks["response"] = [stop_before_the_end]
        attacker.sign_in("Northwind")
        (link,) = links
        for _ in range(2):
            answer = victim.browser.get(link)
            assert answer.status_code == 400
            assert "vestibule_session" not in victim.browser.cookies
            # The second time with a login of the victim's own under way.
            home = victim.browser.get(example).text
            login = unescape(re.findall(r'href="(/auth/login[^"]*)"', home)[0])
            victim.browser.get(f"{example}{login}")
        assert title(victim.get("/desk")) == "Sign in"
