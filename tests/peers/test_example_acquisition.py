"""The example "one company bought two others", run by its command and used in a real Chromium.

It has a Vestibule of its own, because it adds to the project's policy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Browser, Page, expect

from peers.browser import Watch
from peers.example import run_example
from peers.pages import read_forms, submit
from peers.vestibule_server import Vestibule, run_vestibule_dev

pytestmark = pytest.mark.browser

HARBOUR, LABS, RETAIL = "Harbour Group", "Lighthouse Labs", "Pier Retail"
ADA, GRACE, ALAN = "Ada Lovelace", "Grace Hopper", "Alan Turing"
EVERYBODY = "everybody who comes through this connection"
OpenPage = Callable[..., AbstractContextManager[Page]]


@dataclass(frozen=True)
class Example:
    base_url: str
    vestibule: Vestibule


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Example]:
    data = tmp_path_factory.mktemp("acquisition") / "data"
    with (
        run_vestibule_dev(data) as vestibule,
        run_example(data / "credentials.json") as base_url,
    ):
        yield Example(base_url, vestibule)


@pytest.fixture
def open_page(browser: Browser, example: Example) -> OpenPage:
    """Open a page in a fresh profile and watch it: a browser that nobody signed in with."""

    @contextmanager
    def opened(*, refusals: bool = False, width: int = 1280, **options: Any) -> Iterator[Page]:
        context = browser.new_context(
            base_url=example.base_url,
            viewport={"width": width, "height": 800},
            locale="en-GB",
            **options,
        )
        context.set_default_timeout(10_000)
        watch = Watch([example.base_url, example.vestibule.base_url], refusals)
        page = context.new_page()
        watch.look_at(page)
        try:
            yield page
            assert watch.found == []
        finally:
            context.close()

    return opened


def slug(company: str) -> str:
    return company.lower().replace(" ", "-")


def sign_in(page: Page, person: str, company: str) -> None:
    page.goto("/")
    page.get_by_role("link", name=f"Sign in to {company}").click()
    page.get_by_role("button", name=person).click()
    expect(heading(page)).to_have_text(f"{person} in {company}")


def go_over(page: Page, company: str) -> None:
    page.get_by_role("link", name=f"Go over to {company}").click()
    expect(heading(page)).to_contain_text(f" in {company}")


def heading(page: Page) -> Any:
    return page.get_by_role("heading", level=1)


def roles_on(page: Page) -> dict[str, list[str]]:
    """Role → reasons, as the page tells them."""
    return {
        one.locator("dt").inner_text(): one.locator("dd").all_inner_texts()
        for one in page.locator(".roles > div").all()
    }


def company_card(page: Page, company: str) -> Any:
    return page.get_by_role("list", name="Companies").locator(f"#{slug(company)}")


@pytest.mark.parametrize(
    ("person", "company", "group_roles"),
    [
        (ADA, HARBOUR, {"group-it": "leads"}),
        (ADA, LABS, {"lab-captain": "engineering"}),
        (ADA, RETAIL, {}),
        (GRACE, HARBOUR, {}),
        (GRACE, LABS, {}),
        (GRACE, RETAIL, {"customer-care": "support"}),
    ],
)
def test_each_company_gives_its_own_roles_to_the_same_people(
    open_page: OpenPage, person: str, company: str, group_roles: dict[str, str]
) -> None:
    everybody = {HARBOUR: "group-staff", LABS: "researcher", RETAIL: "shop-floor"}[company]
    may_run = (person, company) == (ADA, LABS)
    with open_page(refusals=not may_run) as page:
        sign_in(page, person, company)
        assert roles_on(page) == {
            "stytch_member": ["given directly, not by a login"],
            everybody: [EVERYBODY],
            **{
                role: [f"group {group}, said by the identity provider"]
                for role, group in group_roles.items()
            },
        }
        page.get_by_role("link", name="Run an experiment").click()
        if may_run:
            expect(heading(page)).to_have_text("You may run experiments")
            expect(page.get_by_role("main")).to_contain_text("Granted by lab-captain")
        else:
            expect(heading(page)).to_have_text(f"You may not run experiments in {company}")
            assert everybody in roles_on(page)


def test_one_goes_over_from_the_owner_without_the_identity_provider(
    open_page: OpenPage, example: Example
) -> None:
    with open_page() as page:
        sign_in(page, ADA, LABS)
        sign_in(page, ADA, HARBOUR)
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        go_over(page, LABS)
        expect(page.get_by_role("status")).to_contain_text("Nobody asked the identity provider")
        assert asked
        assert [url for url in asked if not url.startswith(f"{example.base_url}/")] == []
        assert set(roles_on(page)) == {"stytch_member", "researcher", "lab-captain"}


@pytest.mark.parametrize(
    ("person", "here", "there"),
    [(ALAN, HARBOUR, RETAIL), (GRACE, LABS, RETAIL), (GRACE, LABS, HARBOUR)],
    ids=["who was never there", "from one receiver to another", "back to the owner"],
)
def test_where_a_session_does_not_suffice_going_over_is_a_login_without_a_click(
    open_page: OpenPage, example: Example, person: str, here: str, there: str
) -> None:
    with open_page() as page:
        sign_in(page, person, here)
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        go_over(page, there)
        expect(heading(page)).to_have_text(f"{person} in {there}")
        assert any(url.startswith(f"{example.vestibule.base_url}/dev/idp/") for url in asked)
        expect(page.get_by_role("status")).to_have_count(0)


def test_a_revoke_ends_the_sessions_of_that_company_and_no_others(open_page: OpenPage) -> None:
    with open_page(refusals=True) as page, open_page(refusals=True) as colleague:
        sign_in(colleague, GRACE, LABS)
        for company in (LABS, RETAIL, HARBOUR):
            sign_in(page, ADA, company)
        page.get_by_role("link", name="Who shares our connection").click()
        page.get_by_role("button", name=f"Revoke {LABS}").click()
        expect(page.get_by_role("button", name=f"Let {LABS} in again")).to_be_visible()
        expect(page.get_by_role("button", name=f"Revoke {RETAIL}")).to_be_visible()

        colleague.reload()
        expect(heading(colleague)).to_have_text("Your session has ended")
        page.goto(f"/companies/{slug(LABS)}")
        expect(heading(page)).to_have_text("Your session has ended")
        page.get_by_role("link", name="To the three companies").click()
        for company, inside in ((HARBOUR, 1), (LABS, 0), (RETAIL, 1)):
            signed_in = company_card(page, company).get_by_text("You are signed in")
            expect(signed_in).to_have_count(inside)
        page.get_by_role("link", name=f"Sign in to {LABS}").click()
        expect(page.locator("#reference")).to_contain_text("external_connection_revoked")

        page.goto("/sharing")
        page.get_by_role("button", name=f"Let {LABS} in again").click()
        expect(page.get_by_role("button", name=f"Revoke {LABS}")).to_be_visible()
        sign_in(page, ADA, LABS)


def test_the_owners_view_is_for_those_who_look_after_connections(open_page: OpenPage) -> None:
    with open_page(refusals=True) as page:
        sign_in(page, GRACE, HARBOUR)
        page.get_by_role("link", name="Who shares our connection").click()
        expect(heading(page)).to_have_text("Your roles do not allow this")
        page.goto("/")
        page.goto(f"/companies/{slug(HARBOUR)}")
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("link", name=f"Sign in to {HARBOUR}")).to_be_visible()


def link_of_another_login(example: Example) -> str:
    """An attacker signs in as themselves, and keeps the last link for the victim."""
    with httpx2.Client(timeout=20) as attacker:
        url = f"{example.base_url}/sign-in/{slug(LABS)}"
        chooser = attacker.get(url, follow_redirects=True)
        chosen = submit(attacker, read_forms(chooser)[0], {"subject": "1002"})
        arrived = submit(attacker, read_forms(chosen)[0], {})
    link: str = arrived.headers["location"]
    assert link.startswith(f"{example.base_url}/authenticate?")
    return link


def test_a_link_with_somebody_elses_login_signs_nobody_in(
    open_page: OpenPage, example: Example
) -> None:
    link = link_of_another_login(example)
    with open_page(refusals=True) as victim:
        victim.goto(link)
        expect(heading(victim)).to_have_text("This sign-in was not started here")
        # Not even when the victim is about to sign in, and the browser holds a secret of its own.
        victim.goto("/")
        victim.get_by_role("link", name=f"Sign in to {LABS}").click()
        answer = victim.goto(link)
        assert answer is not None
        assert 400 <= answer.status < 500
        assert "acquisition_lighthouse-labs" not in {c["name"] for c in victim.context.cookies()}


def test_cookies_are_out_of_reach_of_scripts_and_other_sites(open_page: OpenPage) -> None:
    with open_page() as page:
        sign_in(page, ADA, LABS)
        ours = [c for c in page.context.cookies() if c["name"].startswith("acquisition_")]
        assert [c["name"] for c in ours] == ["acquisition_lighthouse-labs"]
        assert all(c["httpOnly"] and c["sameSite"] == "Lax" for c in ours)


def test_a_session_of_one_company_opens_no_other(open_page: OpenPage, example: Example) -> None:
    with open_page(refusals=True) as page:
        sign_in(page, GRACE, RETAIL)
        (held,) = (c["value"] for c in page.context.cookies() if "pier-retail" in c["name"])
        for company in (HARBOUR, LABS):
            name = f"acquisition_{slug(company)}"
            page.context.add_cookies([{"name": name, "value": held, "url": example.base_url}])
            for path in ("", "/experiments", "/go-over/pier-retail"):
                answer = page.request.get(f"/companies/{slug(company)}{path}")
                assert answer.status == 403, path
                assert GRACE not in answer.text()
        assert page.request.get("/sharing").status == 403


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/companies/harbour-group/go-over/pier-retail"),
        ("POST", "/companies/harbour-group/sign-out"),
        ("POST", "/sharing/external-connection-test-1/revoke"),
        ("POST", "/sharing/external-connection-test-1/approve"),
    ],
)
@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_another_site_can_neither_move_nor_change_anything(
    example: Example, method: str, path: str, site: str
) -> None:
    answer = httpx2.request(method, f"{example.base_url}{path}", headers={"sec-fetch-site": site})
    assert answer.status_code == 403
    assert "Another site asked for this" in answer.text


def test_what_is_not_there_is_a_page_under_the_same_policy(example: Example) -> None:
    for path in ("/nowhere", "/companies/nobody", "/sign-in/nobody", "/", "/static/logbook.css"):
        answer = httpx2.get(f"{example.base_url}{path}")
        assert answer.status_code == (404 if "no" in path else 200)
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "unsafe" not in answer.headers["content-security-policy"]
    assert httpx2.get(f"{example.base_url}/", headers={"host": "evil.example"}).status_code == 400


def test_the_example_works_with_the_keyboard_and_without_javascript(open_page: OpenPage) -> None:
    with open_page(java_script_enabled=False) as page:
        page.goto("/")
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name=f"Sign in to {HARBOUR}")).to_be_focused()
        page.keyboard.press("Enter")
        page.get_by_role("button", name=ADA).press("Enter")
        page.get_by_role("button", name="Continue").press("Enter")
        expect(heading(page)).to_have_text(f"{ADA} in {HARBOUR}")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_of_the_example_scrolls_sideways(open_page: OpenPage, scheme: str) -> None:
    with open_page(refusals=True, width=360, color_scheme=scheme) as page:
        sign_in(page, ADA, HARBOUR)
        paths = ["/", f"/companies/{slug(HARBOUR)}", "/sharing", "/nowhere"]
        for path in [*paths, f"/companies/{slug(HARBOUR)}/experiments"]:
            page.goto(path)
            assert page.evaluate("document.documentElement.scrollWidth") <= 360, path


def everything(server: Vestibule) -> Any:
    """All that the example could have changed, as the API tells it."""
    held = f"/pwa/v3/projects/{server.project_slug}/environments/{server.environment_slug}"
    with httpx2.Client(base_url=server.base_url, auth=server.auth) as api:

        def told(method: str, path: str, **options: Any) -> Any:
            answer = api.request(method, path, **options)
            assert answer.status_code == 200, answer.text
            return {k: v for k, v in answer.json().items() if k != "request_id"}

        found = told("POST", "/v1/b2b/organizations/search", json={})
        ids = [one["organization_id"] for one in found["organizations"]]
        assert len(ids) == 5  # the three, and the two of `vestibule dev`
        return [
            found,
            told("GET", f"{held}/rbac_policy"),
            *(told("GET", f"/v1/b2b/sso/{one}") for one in ids),
            *(told("GET", f"/v1/b2b/rbac/organizations/{one}") for one in ids),
        ]


def test_setting_up_twice_changes_nothing(example: Example) -> None:
    before = everything(example.vestibule)
    with run_example(example.vestibule.data / "credentials.json"):
        assert everything(example.vestibule) == before


def test_setting_up_keeps_the_roles_and_resources_of_others(example: Example) -> None:
    policy = everything(example.vestibule)[1]["policy"]
    roles = {role["role_id"] for role in policy["custom_roles"]}
    assert roles == {"viewer", "editor", "lab-lead", "group-staff", "group-it"}
    resources = {resource["resource_id"] for resource in policy["custom_resources"]}
    assert resources == {"documents", "experiments", "orders"}


def test_the_example_brings_its_vestibule_along_and_takes_it_down_again(
    tmp_path: Path,
) -> None:
    """The second start finds what the first one made, its roles included."""
    with run_vestibule_dev(tmp_path / "data") as server:
        url = server.base_url
    credentials = tmp_path / "data" / "credentials.json"
    with run_example(credentials):
        first = everything(server)
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(f"{url}/health")
    with run_example(credentials):
        assert everything(server) == first
