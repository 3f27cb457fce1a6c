"""The pages in a real Chromium: axe finds nothing, nothing scrolls sideways on a telephone, and
somebody who knows their identity provider but not Vestibule reaches a green test sign-in."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from peers import page_list, parts
from peers.browser import Watch
from peers.vestibule_server import Vestibule

pytestmark = pytest.mark.browser

AXE = parts.NODE_MODULES / "axe-core" / "axe.min.js"


@pytest.fixture(scope="module")
def link(vestibule_dev: Vestibule) -> str:
    owner = page_list.organizations(vestibule_dev)["northwind"]
    return page_list.setup_link(vestibule_dev, owner)


@pytest.fixture
def context(browser: Browser, vestibule_dev: Vestibule) -> Iterator[BrowserContext]:
    """A fresh profile that reports what a page may not do."""
    watch = Watch([vestibule_dev.base_url], False)
    made = browser.new_context(base_url=vestibule_dev.base_url)
    made.set_default_timeout(10_000)
    made.on("page", watch.look_at)
    try:
        yield made
    finally:
        made.close()
    assert watch.found == []


def enter(page: Page, door: str, link: str) -> None:
    if door == "dashboard":
        page.goto("/dashboard/sign-in")
        page.get_by_role("button", name="Continue as the developer").click()
    elif door == "portal":
        page.goto(link)
        page.get_by_role("button", name="Begin").click()
        expect(page).to_have_url(re.compile("/portal$"))


@pytest.mark.parametrize("door", ["public", "dashboard", "portal"])
def test_axe_finds_nothing_and_no_page_scrolls_sideways(
    browser: Browser, vestibule_dev: Vestibule, link: str, door: str
) -> None:
    """Axe is a tool of its own, which the policy of the pages would keep out."""
    wrong: list[str] = []
    context = browser.new_context(
        base_url=vestibule_dev.base_url,
        bypass_csp=True,
        viewport={"width": 360, "height": 780},
        color_scheme="dark" if door == "portal" else "light",
    )
    context.add_init_script(path=AXE)
    page = context.new_page()
    try:
        enter(page, door, link)
        for address in page_list.pages(vestibule_dev)[door]:
            answer = page.goto(address)
            assert answer is not None
            if answer.status != 200:
                wrong.append(f"{address}: {answer.status}")
            width = page.evaluate("document.documentElement.scrollWidth")
            if width > 360:
                wrong.append(f"{address}: {width} px wide")
            found = page.evaluate(
                "async () => (await axe.run({ resultTypes: ['violations'] })).violations"
                ".map(v => `${v.id}: ${v.nodes[0].html.slice(0, 120)}`)"
            )
            wrong += [f"{address}: {one}" for one in found]
    finally:
        context.close()
    assert wrong == [], "\n".join(wrong)


@pytest.mark.parametrize("scripts", [True, False])
def test_from_a_setup_link_to_a_green_test_in_at_most_eight_screens(
    browser: Browser, vestibule_dev: Vestibule, link: str, scripts: bool
) -> None:
    """With scripts by keyboard alone; without scripts by whatever comes to hand."""
    context = browser.new_context(base_url=vestibule_dev.base_url, java_script_enabled=scripts)
    context.set_default_timeout(10_000)
    page = context.new_page()
    screens: list[str] = []

    def go(role: str, name: str) -> None:
        one = page.get_by_role(role, name=name).first
        if scripts:
            one.focus()
            page.keyboard.press("Enter")
        else:
            one.click()
        page.wait_for_load_state()
        screens.append(page.get_by_role("heading", level=1).inner_text())

    try:
        page.goto(link)
        screens.append("the link")
        go("button", "Begin")
        go("link", "Connect another identity provider")
        choice = page.get_by_role("group", name="Any other provider").get_by_label("SAML")
        choice.focus()
        page.keyboard.press("Space")
        go("button", "Continue")
        page.get_by_label("Paste it here").fill(f"{vestibule_dev.base_url}/dev/idp/saml/metadata")
        go("button", "Take it")
        go("link", "Test it")
        # The sign-in at the provider is none of our screens.
        go("button", "Begin the test")
        screens.pop()
        if not scripts:
            page.wait_for_url("**/dev/idp/**")
        page.wait_for_url("**/dev/idp/**")
        page.get_by_role("button", name="Ada Lovelace").click()
        page.wait_for_url("**/v1/b2b/sso/callback/**" if scripts else "**/dev/idp/**")
        if not scripts:
            page.get_by_role("button").first.click()
        screens.append(page.get_by_role("heading", level=1).inner_text())
    finally:
        context.close()
    assert screens[-1] == "This sign-in would work"
    assert len(screens) <= 8, screens
