"""Signing in by e-mail in a real Chromium: the form, the inbox, and a first organization."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
from playwright.sync_api import Browser, Page, expect

from peers.browser import Watch
from peers.vestibule_server import Vestibule

pytestmark = pytest.mark.browser

OpenPage = Callable[..., AbstractContextManager[Page]]


@pytest.fixture
def open_page(browser: Browser, vestibule_dev: Vestibule) -> Iterator[OpenPage]:
    """A page in a fresh profile that may write nothing to the console and ask no other host."""

    @contextmanager
    def opened(*, width: int = 1280, script: bool = True) -> Iterator[Page]:
        context = browser.new_context(
            base_url=vestibule_dev.base_url,
            viewport={"width": width, "height": 800},
            java_script_enabled=script,
        )
        context.set_default_timeout(10_000)
        watch = Watch([vestibule_dev.base_url], False)
        page = context.new_page()
        watch.look_at(page)
        try:
            yield page
            assert watch.found == []
        finally:
            context.close()

    yield opened


def ask_for_link(page: Page, address: str, language: str = "English") -> None:
    page.goto("/")
    page.get_by_role("link", name="Sign in by e-mail", exact=True).click()
    page.get_by_label("E-mail address").fill(address)
    page.get_by_label("Language of the mail").select_option(label=language)
    page.get_by_role("button", name="Send the link").click()
    page.wait_for_url("**/demo/inbox")


@pytest.mark.parametrize("script", [True, False])
def test_somebody_whom_nobody_knows_makes_an_organization_and_administers_it(
    open_page: OpenPage, script: bool
) -> None:
    address = f"first-{uuid.uuid4().hex[:8]}@newcomer.example"
    with open_page(script=script) as page:
        ask_for_link(page, address)
        expect(page.get_by_text(f"To {address}").first).to_be_visible()
        page.get_by_role("link", name="Open the link").first.click()
        page.wait_for_url("**/demo/organizations")
        expect(page.get_by_text(f"You are {address}")).to_be_visible()
        expect(page.get_by_text("No organization knows this address yet.")).to_be_visible()
        page.get_by_label("Name").fill("Newcomers")
        page.get_by_role("button", name="Make it and enter").click()
        page.wait_for_url("**/demo/session")
        expect(page.get_by_role("heading", level=1)).to_have_text(
            re.compile(f"{re.escape(address)} entered Newcomers")
        )
        roles = page.get_by_role("region", name="Roles, and why", exact=True)
        expect(roles.get_by_text("stytch_admin", exact=True)).to_be_visible()
        # The second time the organization is there to be entered.
        ask_for_link(page, address, "Français")
        expect(page.get_by_role("heading", name="Votre lien de connexion").first).to_be_visible()
        page.get_by_role("link", name="Open the link").first.click()
        page.get_by_role("button", name="Enter Newcomers").click()
        page.wait_for_url("**/demo/session")


def test_a_link_that_was_used_says_so(open_page: OpenPage) -> None:
    address = f"twice-{uuid.uuid4().hex[:8]}@newcomer.example"
    with open_page() as page:
        ask_for_link(page, address)
        page.get_by_role("link", name="Open the link").first.click()
        page.wait_for_url("**/demo/organizations")
    with open_page() as page:
        page.goto("/demo/inbox")
        card = page.get_by_role("region").filter(has_text=address).first
        link = card.get_by_role("link", name="Open the link").get_attribute("href")
        assert link is not None
        answer = page.request.get(link, headers={"accept": "text/html"}, max_redirects=0)
        assert answer.status == 404
        assert "magic_link_not_found" in answer.text()


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("path", ["/demo/email", "/demo/inbox"])
def test_no_page_is_wider_than_its_window(open_page: OpenPage, path: str, width: int) -> None:
    with open_page(width=width) as page:
        page.goto(path)
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width
