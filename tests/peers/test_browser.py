"""The demo in a real Chromium: one click for each door, and what stands behind it.

Whatever a test does, its pages may write nothing to the console, break no policy of their own and
ask no other host for anything.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2
import pytest
from playwright.sync_api import Browser, Page, expect

from peers.browser import Watch
from peers.product import Product
from peers.vestibule_server import Vestibule

pytestmark = pytest.mark.browser

DOORS = {
    "saml": "Sign in to Northwind with SAML",
    "oidc": "Sign in to Northwind with OpenID Connect",
    "external-saml": "Sign in to Northwind Labs through Northwind",
    "external-oidc": "One more door",  # below the three, among what to do next
}
OpenPage = Callable[..., AbstractContextManager[Page]]


@pytest.fixture
def open_page(browser: Browser, vestibule_dev: Vestibule) -> Iterator[OpenPage]:
    """Open a page in a fresh profile, at 1280 px unless told otherwise, and watch it."""

    @contextmanager
    def opened(*, refusals: bool = False, width: int = 1280, **options: Any) -> Iterator[Page]:
        context = browser.new_context(
            base_url=vestibule_dev.base_url,
            viewport={"width": width, "height": 800},
            locale="en-GB",
            **options,
        )
        context.set_default_timeout(10_000)
        watch = Watch([vestibule_dev.base_url], refusals)
        page = context.new_page()
        watch.look_at(page)
        try:
            yield page
            assert watch.found == []
        finally:
            context.close()

    yield opened


def click_door(page: Page, door: str) -> None:
    """From the entrance hall by exactly one click to the page behind the door."""
    page.goto("/")
    page.get_by_role("link", name=DOORS[door], exact=True).click()
    page.wait_for_url("**/demo/session")


def section(page: Page, heading: str) -> Any:
    return page.get_by_role("region", name=heading, exact=True)


def claims_on(page: Page) -> dict[str, Any]:
    shown: dict[str, Any] = json.loads(page.locator("#json-claims").inner_text())
    return shown


def test_the_hall_shows_its_doors_and_what_to_do_next(
    open_page: OpenPage, vestibule_dev: Vestibule
) -> None:
    with open_page() as page:
        page.goto("/")
        expect(page.get_by_role("heading", level=1)).to_contain_text("Pick one to sign in")
        doors = page.get_by_role("list", name="Doors").get_by_role("link")
        assert doors.all_inner_texts() == list(DOORS.values())[:3]
        people = section(page, "Who you can be").first
        for name in ("Ada Lovelace", "Grace Hopper", "Alan Turing"):
            expect(people).to_contain_text(name)
        hints = section(page, "What to do next")
        for told in (vestibule_dev.base_url, vestibule_dev.project_id, vestibule_dev.public_token):
            expect(hints).to_contain_text(told)
        assert vestibule_dev.secret not in page.content()


@pytest.mark.parametrize("connection", ["oidc", "external-oidc"])
def test_an_access_token_renews_itself_on_the_page(
    open_page: OpenPage, vestibule_dev: Vestibule, connection: str
) -> None:
    with open_page() as page:
        page.goto("/")
        link = page.get_by_role("link", name=DOORS[connection]).first
        page.goto(f"{link.get_attribute('href')}&provider_token_lifetime=6")
        tokens = section(page, "The identity provider’s tokens")
        expect(tokens).to_contain_text("Current")
        expect(tokens).to_contain_text("offline_access")
        first = tokens.locator("code").first.inner_text()
        for _ in range(400):
            if tokens.locator("code").first.inner_text() != first:
                break
            page.reload()
        assert tokens.locator("code").first.inner_text() != first
        expect(tokens.get_by_text("Renewed", exact=True)).to_be_visible()
        assert vestibule_dev.secret not in page.content()


@pytest.mark.parametrize("door", DOORS)
def test_one_click_signs_in_and_everything_is_told(
    open_page: OpenPage, vestibule_dev: Vestibule, door: str
) -> None:
    external = door.startswith("external")
    entered = "Northwind Labs" if external else "Northwind"
    protocol = "SAML" if "saml" in door else "OpenID Connect"
    kind = "saml" if "saml" in door else "oidc"
    with open_page() as page:
        click_door(page, door)

        expect(page.get_by_role("heading", level=1)).to_have_text(f"Ada Lovelace entered {entered}")
        who = section(page, "Who and where")
        for told in ("ada@northwind.example", entered, "member-test-", "organization-test-"):
            expect(who).to_contain_text(told)
        expect(who).to_contain_text("External" if external else f"Northwind {protocol}")
        if external:
            # The connection that let in, and the one that spoke to the identity provider.
            expect(who).to_contain_text("external-connection-test-")
            expect(who).to_contain_text("owned by Northwind")
        expect(who).to_contain_text(f"{kind}-connection-test-")

        roles = section(page, "Roles, and why")
        expect(roles).to_contain_text("sent 2 groups")
        gained = "lab-lead" if external else "editor"
        why = roles.get_by_role("list", name=f"Why {gained} is held")
        expect(why).to_contain_text("group engineering, through Northwind")
        expect(why).to_contain_text("sso_connection_group")
        why = roles.get_by_role("list", name="Why viewer is held")
        expect(why).to_contain_text("everybody who comes through Northwind")

        metadata = json.loads(page.locator("#json-metadata").inner_text())
        assert metadata == {"department": "Research"}

        claims = claims_on(page)
        assert claims["department"] == "Research"
        session = claims["https://stytch.com/session"]
        assert set(session["roles"]) == {"stytch_member", "viewer", gained}
        (factor,) = session["authentication_factors"]
        assert factor["delivery_method"] == f"sso_{kind}"
        provider_id = factor[f"{kind}_sso_factor"]["provider_id"]
        assert provider_id.startswith("external-" if external else f"{kind}-")
        organization = claims["https://stytch.com/organization"]
        assert organization["slug"] == entered.lower().replace(" ", "-")

        trace = section(page, "Login trace")
        expect(trace).to_contain_text("Authenticated")
        expect(trace).to_contain_text("login-trace-test-")
        steps = trace.get_by_role("heading", level=3).all_inner_texts()
        between = {
            "saml": ["Signature and conditions"],
            "oidc": ["Callback", "Token endpoint", "ID token", "UserInfo", "Scopes"],
        }[kind]
        assert steps == ["Start", *between, "Attributes", "Admission", "Session"]
        expect(trace).to_contain_text(f"enters {entered}")

        # The product would believe what the page shows: the token is signed by the published key.
        page.locator("summary", has_text="Token as sent").click()
        token = page.locator("details", has_text="Token as sent").locator("pre").inner_text()
        told = Product(vestibule_dev).claims_of(token.strip())
        assert told.member_id == claims["sub"]


def test_a_session_is_exchanged_into_the_labs_by_one_click(open_page: OpenPage) -> None:
    with open_page() as page:
        click_door(page, "saml")
        page.get_by_role("link", name="Exchange this session into Northwind Labs").click()
        heading = page.get_by_role("heading", level=1)
        expect(heading).to_have_text("Ada Lovelace entered Northwind Labs")
        slug = claims_on(page)["https://stytch.com/organization"]["slug"]
        assert slug == "northwind-labs"
        expect(section(page, "Login trace")).to_contain_text("no new sign-in took place")
        page.get_by_role("link", name="All doors").click()
        expect(page.get_by_role("list", name="Doors")).to_be_visible()


def test_a_callback_out_of_nowhere_is_a_readable_page(open_page: OpenPage) -> None:
    with open_page(refusals=True) as page:
        page.goto("/")
        href = page.get_by_role("link", name=DOORS["oidc"]).get_attribute("href") or ""
        connection_id = parse_qs(urlsplit(href).query)["connection_id"][0]
        answer = page.goto(f"/v1/b2b/sso/callback/{connection_id}?code=c&state=unknown")
        assert answer is not None
        assert answer.status == 400
        expect(page.get_by_role("heading", level=1)).to_contain_text("start the sign-in again")
        expect(page.get_by_text("What to do").first).to_be_visible()
        reference = page.locator("#reference")
        expect(reference).to_contain_text("oidc_state_unknown")
        expect(reference).to_contain_text("request-id-test-")
        page.get_by_role("link", name="Start again").click()
        expect(page.get_by_role("list", name="Doors")).to_be_visible()


@pytest.mark.parametrize("door", ["saml", "external-oidc"])
def test_another_browser_than_the_one_that_asked_is_refused_with_a_trace(
    open_page: OpenPage, door: str
) -> None:
    with open_page(refusals=True) as page:
        page.goto(start_url(page, door))
        # At the identity provider now. What comes back comes without the cookie of the start.
        page.context.clear_cookies()
        page.get_by_role("button", name="Grace Hopper").click()
        reference = page.locator("#reference")
        expect(reference).to_contain_text("csrf_cookie_missing")
        expect(reference).to_contain_text("login-trace-test-")
        expect(page.get_by_text("Not signed in")).to_be_visible()


def start_url(page: Page, door: str, **parameters: str) -> str:
    """A door's address without the hint, so that the identity provider asks who it shall be."""
    page.goto("/")
    href = page.get_by_role("link", name=DOORS[door], exact=True).get_attribute("href") or ""
    query = {name: values[0] for name, values in parse_qs(urlsplit(href).query).items()}
    del query["provider_login_hint"]
    return f"{urlsplit(href).path}?{urlencode({**query, **parameters})}"


@pytest.mark.parametrize("door", ["saml", "oidc"])
def test_the_providers_chooser_works_with_the_keyboard_alone(
    open_page: OpenPage, door: str
) -> None:
    with open_page() as page:
        page.goto(start_url(page, door))
        expect(page.get_by_text("Signs anybody in")).to_be_visible()
        for _ in range(12):
            page.keyboard.press("Tab")
            focused = page.evaluate("document.activeElement.textContent")
            if "Grace Hopper" in focused and "Ada" not in focused:
                break
        else:
            raise AssertionError("the keyboard does not reach Grace Hopper")
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none"
        page.keyboard.press("Enter")
        page.wait_for_url("**/demo/session")
        heading = page.get_by_role("heading", level=1)
        expect(heading).to_have_text("Grace Hopper entered Northwind")
        session = claims_on(page)["https://stytch.com/session"]
        assert set(session["roles"]) == {"stytch_member", "viewer"}


def test_a_door_opens_with_the_keyboard_alone(open_page: OpenPage) -> None:
    with open_page() as page:
        page.goto("/")
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
        page.keyboard.press("Enter")
        door = page.get_by_role("link", name=DOORS["saml"], exact=True)
        page.keyboard.press("Tab")
        expect(door).to_be_focused()
        page.keyboard.press("Enter")
        page.wait_for_url("**/demo/session")


@pytest.mark.parametrize("door", DOORS)
def test_every_door_opens_without_javascript(open_page: OpenPage, door: str) -> None:
    with open_page(java_script_enabled=False) as page:
        page.goto("/")
        assert page.locator("copy-button:visible").count() == 0
        page.get_by_role("link", name=DOORS[door], exact=True).click()
        if "saml" in door:
            page.get_by_role("button", name="Continue").click()
        page.wait_for_url("**/demo/session")
        expect(page.get_by_role("heading", level=1)).to_contain_text("Ada Lovelace entered")


def pages_of_the_demo(page: Page) -> Iterator[str]:
    """Go through every kind of page; each time the name of the one that is open."""
    page.goto("/")
    yield "hall"
    page.goto(start_url(page, "oidc"))
    yield "chooser"
    click_door(page, "external-saml")
    for details in page.locator("details").all():
        details.locator("summary").click()
    yield "result"
    click_door(page, "oidc")
    yield "result with exchange"
    page.goto("/v1/public/sso/start?public_token=unknown&connection_id=none")
    yield "problem"
    page.goto("/docs")
    yield "reference"
    page.goto("/nowhere")
    yield "not found"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 768, 1440])
def test_no_page_scrolls_sideways(open_page: OpenPage, width: int, scheme: str) -> None:
    with open_page(refusals=True, width=width, color_scheme=scheme) as page:
        for name in pages_of_the_demo(page):
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, f"{name} is {wide} px wide at {width}"


def luminance(color: str) -> float:
    """Relative luminance of `rgb(r, g, b)` (WCAG 2.2)."""
    parts = [int(part) / 255 for part in re.findall(r"\d+", color)[:3]]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


COLORS = """() => {
    const ink = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
    const plain = (color) => {
        ink.clearRect(0, 0, 1, 1);
        ink.fillStyle = color;
        ink.fillRect(0, 0, 1, 1);
        const [r, g, b] = ink.getImageData(0, 0, 1, 1).data;
        return `rgb(${r}, ${g}, ${b})`;
    };
    const style = (selector) => getComputedStyle(document.querySelector(selector));
    const button = style(".button-primary");
    return {
        text: plain(style("body").color),
        muted: plain(style(".muted").color),
        page: plain(getComputedStyle(document.documentElement).backgroundColor),
        body: plain(style("body").backgroundColor),
        bodyIsClear: style("body").backgroundColor === "rgba(0, 0, 0, 0)",
        button: plain(button.backgroundColor),
        onButton: plain(button.color),
    };
}"""


def contrast(first: str, second: str) -> float:
    darker, lighter = sorted((luminance(first), luminance(second)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_follow_the_systems_light_or_dark(open_page: OpenPage, scheme: str) -> None:
    with open_page(color_scheme=scheme) as page:
        page.goto("/")
        seen = page.evaluate(COLORS)
        ground = seen["page"] if seen["bodyIsClear"] else seen["body"]
        assert (luminance(ground) > 0.5) is (scheme == "light")
        assert contrast(seen["text"], ground) >= 7
        assert contrast(seen["muted"], ground) >= 4.5
        assert contrast(seen["onButton"], seen["button"]) >= 4.5


def test_a_chosen_theme_is_remembered(open_page: OpenPage) -> None:
    with open_page(color_scheme="light") as page:
        page.goto("/")
        page.get_by_role("button", name="Dark").click()
        page.goto("/docs")
        assert page.evaluate("document.documentElement.dataset.theme") == "dark"
        expect(page.get_by_role("button", name="Dark")).to_have_attribute("aria-pressed", "true")


def test_an_id_is_copied(open_page: OpenPage, vestibule_dev: Vestibule) -> None:
    permissions = ["clipboard-read", "clipboard-write"]
    with open_page(permissions=permissions) as page:
        page.goto("/")
        page.get_by_role("button", name="Copy project id").click()
        expect(page.get_by_role("status")).to_have_text("Copied")
        assert page.evaluate("navigator.clipboard.readText()") == vestibule_dev.project_id


def test_pages_forbid_to_be_framed_and_load_nothing_from_elsewhere(
    vestibule_dev: Vestibule,
) -> None:
    for path in ("/", "/docs", "/nowhere", "/static/vestibule.css"):
        headers = httpx2.get(f"{vestibule_dev.base_url}{path}").headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
