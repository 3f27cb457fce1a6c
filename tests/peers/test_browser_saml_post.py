"""The POST binding in a real Chromium: the form sends itself under our own policy, and waits for a
click where no script runs."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2
import pytest
from playwright.sync_api import Browser, Page, Route

from peers.browser import Watch
from peers.product import REDIRECT_URL, Product
from peers.vestibule_server import Vestibule

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def product(vestibule_dev: Vestibule) -> Product:
    return Product(vestibule_dev)


def start_url(product: Product) -> str:
    """Of a connection that posts its requests to the built-in provider."""
    server, saml = product.server, product.api.sso.saml
    owner = product.make_organization("Posting")
    made = saml.create_connection(organization_id=owner).connection
    saml.update_by_url(
        organization_id=owner,
        connection_id=made.connection_id,
        metadata_url=f"{server.base_url}/dev/idp/saml/metadata",
    )
    body: dict[str, Any] = {
        "attribute_mapping": {"email": "NameID", "full_name": "name"},
        "idp_sso_binding": "post",
    }
    answer = httpx2.put(
        f"{server.base_url}/v1/b2b/sso/saml/{owner}/connections/{made.connection_id}",
        json=body,
        auth=(server.project_id, server.secret),
        timeout=20,
    )
    assert answer.json()["connection"]["status"] == "active", answer.text
    query = {
        "public_token": server.public_token,
        "connection_id": made.connection_id,
        "login_redirect_url": REDIRECT_URL,
        "provider_login_hint": "ada@northwind.example",
    }
    return f"{server.base_url}/v1/public/sso/start?{urlencode(query)}"


def open_page(browser: Browser, server: Vestibule, **options: Any) -> tuple[Page, Watch]:
    """A page in a fresh profile; where the application would be, an empty answer."""
    context = browser.new_context(**options)
    context.set_default_timeout(10_000)
    watch = Watch([server.base_url, "http://localhost:3000"], refusals=False)
    page = context.new_page()
    watch.look_at(page)

    def application(route: Route) -> None:
        route.fulfill(status=200, content_type="text/html", body="<!doctype html><title>in</title>")

    page.route("http://localhost:3000/**", application)
    return page, watch


def check_arrival(product: Product, page: Page, watch: Watch) -> None:
    page.wait_for_url(f"{REDIRECT_URL}**")
    token = parse_qs(urlsplit(page.url).query)["token"][0]
    assert product.api.sso.authenticate(sso_token=token).member_authenticated
    assert watch.found == []
    page.context.close()


def test_the_form_sends_itself(browser: Browser, product: Product) -> None:
    page, watch = open_page(browser, product.server)
    page.goto(start_url(product))
    check_arrival(product, page, watch)


def test_where_no_script_runs_a_button_sends_it(browser: Browser, product: Product) -> None:
    page, watch = open_page(browser, product.server, java_script_enabled=False)
    page.goto(start_url(product))
    # To the provider, and back from it.
    for _ in range(2):
        page.get_by_role("button", name="Continue").click()
    check_arrival(product, page, watch)
