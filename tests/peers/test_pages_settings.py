"""What answers while one types, and how an operator adds an app, in a real Chromium."""

from __future__ import annotations

import base64
import re
import uuid
from datetime import UTC, datetime

import httpx2
import pytest
from playwright.sync_api import Browser, expect

from peers.browser import Watch
from peers.vestibule_server import Vestibule
from vestibule.services.operator_proofs import code_at

pytestmark = pytest.mark.browser

PASSWORD = "a sentence that nobody guesses"


def test_what_is_typed_is_seen_before_it_is_saved_and_an_app_is_added(
    browser: Browser, vestibule_dev: Vestibule
) -> None:
    address = f"{uuid.uuid4().hex[:8]}@settings.example"
    with httpx2.Client(base_url=vestibule_dev.base_url, auth=vestibule_dev.auth) as api:
        made = api.post(
            "/v1/b2b/organizations", json={"organization_name": f"Settings {address[:8]}"}
        )
        owner = made.json()["organization"]["organization_id"]
        api.post(f"/v1/b2b/organizations/{owner}/members", json={"email_address": address})
    context = browser.new_context(base_url=vestibule_dev.base_url)
    context.set_default_timeout(10_000)
    watch = Watch([vestibule_dev.base_url], False)
    page = context.new_page()
    watch.look_at(page)
    base = f"/dashboard/{vestibule_dev.project_slug}/{vestibule_dev.environment_slug}"
    try:
        page.goto("/dashboard/sign-in")
        page.get_by_role("button", name="Continue as the developer").click()
        expect(page).to_have_url(re.compile(f"{base}$"))

        page.goto(f"{base}/jwt-template")
        page.get_by_label("Try it on").fill(address)
        page.locator("#content").fill('{"mail": "{{ member.email_address }}"}')
        expect(page.locator("#preview")).to_contain_text(f'"mail": "{address}"')
        page.locator("#content").fill('{"mail": ')
        expect(page.locator("#preview")).to_contain_text("Line 1")

        page.goto(f"{base}/branding")
        page.get_by_label("Accent colour").fill("#0000aa")
        sample = page.locator(".sample .button-primary")
        expect(sample).to_have_css("background-color", "rgb(0, 0, 170)")

        page.goto(f"{base}/operators/new")
        page.get_by_label("Name").fill("Grace")
        page.get_by_label("E-mail").fill(address)
        page.get_by_label("First password").fill(PASSWORD)
        page.get_by_role("button", name="Add").click()
        page.get_by_role("button", name="Sign out").click()
        page.get_by_label("E-mail").fill(address)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.get_by_role("link", name="Grace").click()
        page.get_by_role("button", name="Set it up").click()
        expect(page.get_by_role("img", name="The secret as a QR code")).to_be_visible()
        text = page.locator("#totp-secret").text_content() or ""
        secret = base64.b32decode(text + "=" * (-len(text) % 8))
        page.get_by_label("Code", exact=True).fill(code_at(secret, datetime.now(UTC)))
        page.get_by_role("button", name="Confirm").click()
        expect(page.get_by_text("A code is asked for at each sign-in.")).to_be_visible()
        assert watch.found == []
    finally:
        context.close()
