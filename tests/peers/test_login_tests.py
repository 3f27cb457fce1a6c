"""A test login in a real Chromium, to its green and to its red end: what the page tells, in both
themes and on a small screen."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Browser, Page, expect

from peers.browser import Watch
from peers.vestibule_server import Vestibule

pytestmark = pytest.mark.browser

SSO = "/v1/b2b/sso/northwind"


class Api:
    def __init__(self, vestibule: Vestibule) -> None:
        self._at = vestibule
        listed = self.call("GET", SSO)
        self.saml: str = listed["saml_connections"][0]["connection_id"]
        self.oidc: str = listed["oidc_connections"][0]["connection_id"]

    def call(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        url = f"{self._at.base_url}{path}"
        answer = httpx2.request(method, url, json=body, auth=self._at.auth)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def draft(self, connection_id: str, **changes: Any) -> None:
        self.call("PUT", f"{SSO}/connections/{connection_id}/draft", changes)

    def link(self, connection_id: str, *, draft: bool) -> str:
        path = f"{SSO}/connections/{connection_id}/test"
        url: str = self.call("POST", path, {"draft": draft})["test_url"]
        return url


def picture(page: Page, name: str) -> None:
    """Kept where somebody asks for pictures, to be looked at."""
    if folder := os.environ.get("PICTURES"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("end", ["green", "red", "oidc"])
def test_a_test_login_ends_on_a_page_that_tells_everything(
    browser: Browser, vestibule_dev: Vestibule, width: int, scheme: Any, end: str
) -> None:
    api = Api(vestibule_dev)
    connection = api.oidc if end == "oidc" else api.saml
    if end == "green":
        api.draft(api.saml, display_name="Northwind SAML, next")
    if end == "red":
        api.draft(api.saml, idp_entity_id=f"{vestibule_dev.base_url}/dev/idp/other")
    context = browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme=scheme, locale="en-GB"
    )
    context.set_default_timeout(10_000)
    watch = Watch([vestibule_dev.base_url], False)
    page = context.new_page()
    watch.look_at(page)
    try:
        page.goto(api.link(connection, draft=end != "oidc"))
        page.get_by_role("button", name="Ada Lovelace").click()
        page.wait_for_url("**/v1/b2b/sso/callback/**")
        heading = page.get_by_role("heading", level=1)
        if end == "red":
            expect(heading).to_have_text("This sign-in would be refused")
            first = page.get_by_role("heading", level=2).first
            expect(first).to_have_text("Signature and conditions: what has to be mended")
            expect(page.get_by_text("Who can fix it").first).to_be_visible()
            expect(page.get_by_text("saml_issuer_mismatch").first).to_be_visible()
        else:
            expect(heading).to_have_text("This sign-in would work")
            person = page.get_by_role("region", name="Who it would be")
            for told in ("ada@northwind.example", "Ada Lovelace", "engineering", "viewer"):
                expect(person).to_contain_text(told)
        expect(page.get_by_text("nobody was signed in")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        picture(page, f"{end}-{width}-{scheme}")
        # No cookie of the test is left, and nothing on the page leads into a session.
        assert context.cookies() == []
        assert watch.found == []
    finally:
        context.close()
        if end != "oidc":
            api.call("DELETE", f"{SSO}/connections/{api.saml}/draft")
