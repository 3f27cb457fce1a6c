"""A real Chromium, driven by Playwright: the one the system has, none is downloaded.

Playwright's synchronous face keeps an event loop running in the thread it was started in, and
no other code can start one there meanwhile. So a browser lives as long as one test module:
tests that drive it stay in modules of their own, without async tests.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from peers import parts

if TYPE_CHECKING:  # half a second, which a run without a browser need not pay
    from playwright.sync_api import Browser, Page

ARGUMENTS = (
    "--no-sandbox",  # root has no user namespace to hide in
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


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
