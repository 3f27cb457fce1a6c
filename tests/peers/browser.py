"""A real Chromium, driven by Playwright: the one the system has, none is downloaded.

Playwright's synchronous face keeps an event loop running in the thread it was started in, and
no other code can start one there meanwhile. So a browser lives as long as one test module:
tests that drive it stay in modules of their own, without async tests.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import pytest

from peers import parts

if TYPE_CHECKING:  # half a second, which a run without a browser need not pay
    from playwright.sync_api import Browser, ConsoleMessage, Page, Request

ARGUMENTS = (
    "--no-sandbox",  # root has no user namespace to hide in
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class Watch:
    """What a page did that it may not do: other hosts, errors, words on the console.

    `hosts` are the base URLs that it may ask; with `refusals`, documents may be refusals.
    """

    def __init__(self, hosts: Sequence[str], refusals: bool) -> None:
        self._allowed = (*(f"{host}/" for host in hosts), "data:", "blob:")
        self._refusals = refusals
        self.found: list[str] = []

    def look_at(self, page: Page) -> None:
        page.on("request", self._on_request)
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self.found.append(f"script: {error}"))

    def _on_request(self, request: Request) -> None:
        if not request.url.startswith(self._allowed):
            self.found.append(f"asked another host: {request.url}")

    def _on_console(self, message: ConsoleMessage) -> None:
        # Chromium itself notes that a document came with a status of refusal.
        expected = self._refusals and "the server responded with a status of 4" in message.text
        if message.type in {"error", "warning"} and not expected:
            self.found.append(f"console: {message.text}")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium for the tests of one module."""
    from playwright.sync_api import sync_playwright

    program = parts.chromium()
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=program, headless=True, args=list(ARGUMENTS)
        )
        try:
            yield chromium
        finally:
            chromium.close()


@pytest.fixture
def browser_page(browser: Browser) -> Iterator[Page]:
    """A page in a fresh profile: no cookie of another test is in it."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB")
    context.set_default_timeout(10_000)
    try:
        yield context.new_page()
    finally:
        context.close()
