"""Our own TypeScript SDKs in a real Chromium: the page's client, `<vestibule-admin-portal>`, and
the React example as its README starts it.

The product's page is on another site than the API. Whatever a test does, the page may ask no other
host for anything.
"""

from __future__ import annotations

import contextlib
import functools
import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from stytch.core.response_base import StytchError

from peers import parts, process, typescript
from peers.browser import Watch
from peers.product import Product
from peers.typescript import WORKSPACE
from peers.vestibule_server import Vestibule

pytestmark = pytest.mark.browser

# A modern browser needs no bundler: this is what `npm run build` made, module by module.
_PAGE = """<!doctype html><html lang="en"><title>The product</title><link rel="icon" href="data:,">
<script type="importmap">{"imports": {
  "@vestibule-sso/core": "/packages/core/dist/index.js",
  "@vestibule-sso/browser": "/packages/browser/dist/index.js",
  "@vestibule-sso/browser/admin-portal": "/packages/browser/dist/admin-portal.js"}}</script>
<body><script type="module">
  import * as sdk from "@vestibule-sso/browser";
  import { defineAdminPortal } from "@vestibule-sso/browser/admin-portal";
  window.client = new sdk.Vestibule({ ...SETTINGS, ...JSON.parse(sessionStorage.more ?? "{}") });
  window.sdk = sdk;
  window.defineAdminPortal = defineAdminPortal;
  client.start().then(() => { document.title = "started"; });
</script></body></html>"""


class _Files(http.server.BaseHTTPRequestHandler):
    def __init__(self, *arguments: object, page: str) -> None:
        self._page = page
        super().__init__(*arguments)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        script = path.startswith("/packages/") and path.endswith(".js")
        page = "<!doctype html>" if path == "/blank" else self._page
        body = (WORKSPACE / path[1:]).read_bytes() if script else page.encode()
        kind = "text/javascript" if script else "text/html"
        self.send_response(200)
        self.send_header("content-type", f"{kind}; charset=utf-8")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture(scope="module")
def origin(vestibule_dev: Vestibule) -> Iterator[str]:
    """Where the product's page is."""
    typescript.build()
    settings = {"baseUrl": vestibule_dev.base_url, "publicToken": vestibule_dev.public_token}
    page = _PAGE.replace("SETTINGS", json.dumps(settings))
    handler = functools.partial(_Files, page=page)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            # Not the API's own host: for a browser the two are different sites.
            yield f"http://localhost:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def product(vestibule_dev: Vestibule) -> Product:
    return Product(vestibule_dev)


@dataclass
class Doors:
    """The demo's connections, and an organization that is entered through one of them."""

    northwind: str
    saml: str
    oidc: str
    entered: str
    external: str


@pytest.fixture
def doors(product: Product) -> Doors:
    northwind = product.api.organizations.get("northwind").organization.organization_id
    found = product.api.sso.get_connections(northwind)
    saml = found.saml_connections[0].connection_id
    entered, external = product.make_external(northwind, saml)
    return Doors(northwind, saml, found.oidc_connections[0].connection_id, entered, external)


@contextmanager
def profile(browser: Browser, origin: str, api: str) -> Iterator[BrowserContext]:
    """A fresh profile, in which no page may ask another host."""
    context = browser.new_context(locale="en-GB", viewport={"width": 1280, "height": 900})
    context.set_default_timeout(10_000)
    watch = Watch([origin, api], refusals=True)
    hosts = (origin, api, "data:")
    context.route(lambda url: not url.startswith(hosts), lambda route: route.abort())
    context.on("page", watch.look_at)
    try:
        yield context
        assert [said for said in watch.found if "ERR_INTERNET_DISCONNECTED" not in said] == []
    finally:
        context.close()


@pytest.fixture
def context(browser: Browser, origin: str, vestibule_dev: Vestibule) -> Iterator[BrowserContext]:
    with profile(browser, origin, vestibule_dev.base_url) as found:
        yield found


@pytest.fixture
def page(context: BrowserContext, origin: str) -> Page:
    return opened(context.new_page(), origin)


def opened(page: Page, url: str) -> Page:
    page.goto(url)
    expect(page).to_have_title("started")
    return page


def call(page: Page, code: str, *arguments: Any) -> Any:
    """The client's answer to `client.<code>`, in which `a`, `b` and `c` are the arguments."""
    return page.evaluate(f"([a, b, c]) => client.{code}", [*arguments, None, None, None])


def refusal_of(page: Page, code: str, *arguments: Any) -> list[str]:
    """The class and the type of the error with which the client answers."""
    found: list[str] = page.evaluate(
        f"""([a, b, c]) => client.{code}.then(() => [], (error) => [
            Object.entries(sdk).find(([, kind]) => kind === error.constructor)?.[0],
            error.errorType ?? error.message])""",
        [*arguments, None, None, None],
    )
    return found


def status(page: Page) -> str:
    return str(call(page, "state.status"))


def watch(page: Page) -> None:
    """Begin to note what the client tells its listeners."""
    page.evaluate("""() => { window.seen = []; window.unwatch?.();
        window.unwatch = client.subscribe(() => { seen.push(client.state.status) }) }""")


def became(page: Page, state: str) -> None:
    page.wait_for_function("(state) => seen.at(-1) === state", arg=state)


def sign_in(page: Page, connection_id: str, who: str = "Ada Lovelace") -> Any:
    """From the page to the identity provider and back; what the page knows then."""
    # Not awaited: the page leaves.
    page.evaluate("(id) => { client.login({ connection_id: id }) }", connection_id)
    page.get_by_role("button", name=who).click()
    expect(page).to_have_title("started")
    found = call(page, "state")
    assert found["status"] == "signed-in", found
    return found


def sign_in_as_administrator(page: Page, product: Product, doors: Doors) -> Any:
    found = sign_in(page, doors.external)
    product.api.organizations.members.update(
        doors.entered, found["member"]["member_id"], roles=["stytch_admin"]
    )
    call(page, "refresh()")
    return call(page, "state")


# --- coming and going -----------------------------------------------------------------------------


def test_a_login_a_reload_and_a_sign_out(
    page: Page, origin: str, doors: Doors, product: Product
) -> None:
    assert status(page) == "signed-out"
    found = sign_in(page, doors.external)
    assert page.url == f"{origin}/"
    assert found["organization"]["organization_id"] == doors.entered
    assert found["member"]["email_address"] == "ada@northwind.example"
    assert found["session"]["roles"] == ["lab-lead", "stytch_member", "viewer"]

    opened(page, origin)
    assert call(page, "state")["session"] == found["session"] | {
        "last_accessed_at": call(page, "state.session.last_accessed_at")
    }
    claims = product.claims_of(call(page, "sessionJwt()"))
    assert claims.member_session_id == found["session"]["member_session_id"]

    token = {c["name"]: c["value"] for c in page.context.cookies()}["vestibule_session"]
    call(page, "signOut()")
    assert status(page) == "signed-out"
    assert page.context.cookies() == []
    with pytest.raises(StytchError):
        product.api.sessions.authenticate(session_token=token)
    assert call(page, "sessionJwt()") is None
    opened(page, origin)
    assert status(page) == "signed-out"


def test_what_stood_in_the_address_beside_the_token_stays(
    page: Page, origin: str, doors: Doors
) -> None:
    opened(page, f"{origin}/desk?left=1")
    back = f"{origin}/back?x=%2F%26&y="
    page.evaluate(
        "([id, url]) => { client.login({ connection_id: id, login_redirect_url: url }) }",
        [doors.saml, back],
    )
    page.get_by_role("button", name="Ada Lovelace").click()
    expect(page).to_have_title("started")
    assert status(page) == "signed-in"
    assert page.url == back


def test_a_link_with_somebody_elses_token_signs_nobody_in(
    browser: Browser, context: BrowserContext, origin: str, doors: Doors, vestibule_dev: Vestibule
) -> None:
    with profile(browser, origin, vestibule_dev.base_url) as other:
        attacker = opened(other.new_page(), origin)
        attacker.evaluate(
            "([id, url]) => { client.login({ connection_id: id, login_redirect_url: url }) }",
            [doors.saml, f"{origin}/blank"],
        )
        attacker.get_by_role("button", name="Grace Hopper").click()
        attacker.wait_for_url("**/blank?**")
        link = attacker.url.replace("/blank?", "/?")
    victim = opened(context.new_page(), link)
    assert status(victim) == "signed-out"
    assert "not started in this tab" in call(victim, "state.error.message")
    # With a login of the victim's own under way as well.
    victim.evaluate("(id) => client.startLogin({ connection_id: id })", doors.saml)
    opened(victim, link)
    assert status(victim) == "signed-out"
    assert call(victim, "state.error.errorType") == "pkce_mismatch"
    assert context.cookies() == []


def test_somebody_goes_over_through_an_external_connection(
    page: Page, origin: str, doors: Doors
) -> None:
    sign_in(page, doors.external)
    sign_in(page, doors.saml)
    assert call(page, "state.organization.organization_id") == doors.northwind
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    call(page, "switchOrganization({ organization_id: a })", doors.entered)
    assert call(page, "state.organization.organization_id") == doors.entered
    # The session was exchanged: no identity provider was asked, and no login began.
    assert len(asked) == 1
    # The other way it is a login, which brings the page back.
    page.evaluate(
        "([a, b]) => { client.switchOrganization({ organization_id: a, connection_id: b }) }",
        [doors.northwind, doors.saml],
    )
    page.get_by_role("button", name="Ada Lovelace").click()
    expect(page).to_have_title("started")
    assert call(page, "state.organization.organization_id") == doors.northwind


def test_a_login_is_not_hindered_by_a_session_that_has_ended(
    page: Page, product: Product, doors: Doors
) -> None:
    sign_in(page, doors.saml)
    token = {c["name"]: c["value"] for c in page.context.cookies()}["vestibule_session"]
    product.api.sessions.revoke(session_token=token)
    sign_in(page, doors.external)
    assert call(page, "state.organization.organization_id") == doors.entered


# --- the session stays fresh ----------------------------------------------------------------------


def test_a_session_renews_its_jwt_by_itself(
    context: BrowserContext, origin: str, doors: Doors, product: Product
) -> None:
    page = context.new_page()
    page.clock.install()
    opened(page, origin)
    found = sign_in(page, doors.saml)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    watch(page)
    page.clock.fast_forward(239_000)
    assert asked == []
    page.clock.fast_forward(2_000)
    became(page, "signed-in")
    assert [url.rpartition("/sdk/v1/b2b/")[2] for url in asked] == ["sessions/authenticate"]
    assert call(page, "state.session.expires_at") == found["session"]["expires_at"]

    # What was ended elsewhere ends here at the next renewal.
    product.api.sessions.revoke(member_session_id=found["session"]["member_session_id"])
    watch(page)
    page.clock.fast_forward(241_000)
    became(page, "signed-out")
    assert context.cookies() == []
    asked.clear()
    page.clock.fast_forward(3_600_000)
    assert asked == []


def test_a_session_lasts_as_long_as_the_page_is_open_if_one_asks_for_it(
    context: BrowserContext, origin: str, doors: Doors
) -> None:
    page = opened(context.new_page(), origin)
    page.evaluate("sessionStorage.more = JSON.stringify({ sessionMinutes: 5, extend: true })")
    page.clock.install()
    opened(page, origin)
    before = sign_in(page, doors.saml)["session"]["expires_at"]
    with page.expect_request("**/sessions/authenticate") as asked:
        page.clock.fast_forward(241_000)
    assert json.loads(asked.value.post_data or "") == {"session_duration_minutes": 5}
    assert asked.value.response() is not None
    call(page, "refresh()")
    assert call(page, "state.session.expires_at") >= before


def test_many_who_ask_at_once_ask_once(page: Page, doors: Doors) -> None:
    sign_in(page, doors.saml)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.evaluate("() => Promise.all([1, 2, 3, 4].map(() => client.refresh()))")
    assert len(asked) == 1


def test_a_late_answer_does_not_undo_a_sign_out(page: Page, doors: Doors) -> None:
    sign_in(page, doors.saml)
    held: list[Any] = []
    page.route(
        "**/sessions/authenticate", lambda route: held.append((route, route.fetch())), times=1
    )
    with page.expect_request("**/sessions/authenticate"):
        page.evaluate("() => { window.late = client.refresh() }")
    page.wait_for_function("window.late instanceof Promise")
    call(page, "signOut()")
    ((route, answer),) = held
    assert answer.ok
    route.fulfill(response=answer)
    page.evaluate("late")
    assert status(page) == "signed-out"
    assert page.context.cookies() == []


def test_a_tab_hears_of_what_another_tab_did(
    page: Page, context: BrowserContext, origin: str, doors: Doors
) -> None:
    sign_in(page, doors.saml)
    other = opened(context.new_page(), origin)
    assert status(other) == "signed-in"
    call(other, "signOut()")
    watch(page)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    became(page, "signed-out")
    sign_in(other, doors.external, "Grace Hopper")
    watch(page)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    became(page, "signed-in")
    assert call(page, "state.member.name") == "Grace Hopper"


def test_a_page_without_network_forgets_nobody(
    page: Page, context: BrowserContext, origin: str, doors: Doors, vestibule_dev: Vestibule
) -> None:
    sign_in(page, doors.saml)
    context.route(f"{vestibule_dev.base_url}/**", lambda route: route.abort("internetdisconnected"))
    opened(page, origin)
    assert status(page) == "signed-out"
    assert call(page, "state.error.constructor === sdk.NoAnswer")
    context.unroute(f"{vestibule_dev.base_url}/**")
    watch(page)
    page.evaluate("dispatchEvent(new Event('online'))")
    became(page, "signed-in")


# --- what a member may do -------------------------------------------------------------------------


def test_a_page_knows_the_rights_of_its_member(page: Page, doors: Doors) -> None:
    assert call(page, "can('documents', 'read')") is False
    sign_in(page, doors.external)
    assert call(page, "can('documents', 'read')") is True
    assert call(page, "can('documents', 'write')") is False
    assert refusal_of(page, "sso.getConnections()") == ["Forbidden", "session_authorization_error"]
    assert refusal_of(page, "organization.delete()")[0] == "Forbidden"


def test_an_administrator_manages_connections(page: Page, product: Product, doors: Doors) -> None:
    sign_in_as_administrator(page, product, doors)
    made = call(page, "sso.saml.createConnection({ display_name: 'S' })")["connection"]
    assert (made["organization_id"], made["status"]) == (doors.entered, "pending")
    oidc = call(page, "sso.oidc.createConnection({ display_name: 'O' })")["connection"]
    oidc = call(
        page,
        "sso.oidc.updateConnection({ connection_id: a, client_id: 'c' })",
        oidc["connection_id"],
    )["connection"]
    assert oidc["client_id"] == "c"
    external = call(
        page,
        """sso.external.createConnection({
            display_name: 'E', external_organization_id: a, external_connection_id: b })""",
        doors.northwind,
        doors.oidc,
    )["connection"]
    found = call(page, "sso.getConnections()")
    shown = [c["display_name"] for kind in ("saml", "oidc", "external")
             for c in found[f"{kind}_connections"]]  # fmt: skip
    assert sorted(shown) == ["E", "O", "S", "Through the owner"]
    for gone in (made, oidc, external):
        call(page, "sso.deleteConnection({ connection_id: a })", gone["connection_id"])
    left = product.api.sso.get_connections(doors.entered)
    assert [c.connection_id for c in left.external_connections] == [doors.external]
    assert (left.saml_connections, left.oidc_connections) == ([], [])
    assert refusal_of(
        page, "sso.deleteConnection({ connection_id: a })", made["connection_id"]
    ) == [
        "NotFound",
        "sso_connection_not_found",
    ]


def test_an_administrator_manages_members(page: Page, product: Product, doors: Doors) -> None:
    sign_in_as_administrator(page, product, doors)
    made = call(page, "organization.members.create({ email_address: 'b@labs.example', name: 'B' })")
    found = call(page, "organization.members.search({})")
    assert made["member_id"] in [member["member_id"] for member in found["members"]]
    who = made["member_id"]
    changed = call(page, "organization.members.update({ member_id: a, name: 'Bea' })", who)
    assert changed["member"]["name"] == "Bea"
    call(page, "organization.members.delete({ member_id: a })", who)
    assert call(page, "self.update({ name: 'Ada L.' })")["member"]["name"] == "Ada L."
    call(page, "refresh()")
    assert call(page, "state.member.name") == "Ada L."


def test_every_operation_of_the_frontend_is_a_method(page: Page) -> None:
    spec = json.loads((parts.ROOT / "sdks" / "openapi.json").read_text())
    ids = [op["operationId"] for path in spec["paths"].values() for op in path.values()]
    ours = [name.removeprefix("sdk.") for name in ids if name.startswith("sdk.")]
    assert len(ours) > 30
    missing = page.evaluate(
        """(names) => names.filter((name) => typeof name
            .replace(/_(\\w)/g, (_, letter) => letter.toUpperCase())
            .split(".").reduce((holder, part) => holder?.[part], client) !== "function")""",
        ours,
    )
    assert missing == ["events"]


def test_pages_for_strangers_find_their_door(page: Page, doors: Doors) -> None:
    found = call(page, "organization.getBySlug({ organization_slug: 'northwind' })")["organization"]
    ids = [one["connection_id"] for one in found["sso_active_connections"]]
    assert {doors.saml, doors.oidc} <= set(ids)
    found = call(page, "sso.discoverConnections({ email_address: 'ada@northwind.example' })")
    assert doors.saml in [one["connection_id"] for one in found["connections"]]
    assert refusal_of(page, "self.get()") == ["Unauthenticated", "unauthorized_credentials"]
    assert refusal_of(page, "login({ organization_id: a, connection_id: a })", "x")[0] != "ApiError"


def test_the_admin_portal_opens_for_who_may_set_up_connections(
    page: Page, product: Product, doors: Doors
) -> None:
    def put() -> None:
        page.evaluate(
            """() => { defineAdminPortal(); defineAdminPortal();
                const portal = document.createElement("vestibule-admin-portal");
                portal.client = client;
                document.body.append(portal); }"""
        )

    put()
    portal = page.locator("vestibule-admin-portal")
    expect(portal.get_by_role("status")).to_contain_text("Sign in")
    sign_in(page, doors.external)
    put()
    expect(portal.get_by_role("status")).to_contain_text("do not let you set up")
    member = call(page, "state.member.member_id")
    product.api.organizations.members.update(doors.entered, member, roles=["stytch_admin"])
    call(page, "refresh()")
    inside = portal.frame_locator("iframe")
    expect(inside.get_by_role("heading", level=1)).to_be_visible()
    expect(inside.get_by_role("link", name="Through the owner")).to_be_visible()
    # The page inside says how tall it is, and it fits.
    page.wait_for_function(
        """() => { const frame = document.querySelector("vestibule-admin-portal iframe");
            return frame.style.height && parseInt(frame.style.height) > 200; }"""
    )
    height = portal.locator("iframe").evaluate("frame => frame.style.height")
    # Nobody else is listened to, not even the page around it.
    page.evaluate("""() => postMessage({ type: "vestibule:height", height: 77 }, "*")""")
    assert portal.locator("iframe").evaluate("frame => frame.style.height") == height
    inside.get_by_role("link", name="Connect another identity provider").click()
    expect(inside.get_by_role("heading", level=1)).to_have_text("Which identity provider?")
    call(page, "signOut()")
    expect(portal.get_by_role("status")).to_contain_text("Sign in")


# --- React ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def example(vestibule_dev: Vestibule, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The React example, as its README starts it."""
    typescript.build()
    port = process.free_port()
    url = f"http://localhost:{port}"
    credentials = vestibule_dev.data / "credentials.json"
    with process.serve(
        "example react",
        [
            parts.node(),
            "examples/react/serve.mjs",
            "--port",
            str(port),
            "--credentials",
            credentials,
        ],
        log=tmp_path_factory.mktemp("example") / "example.log",
        ready_url=f"http://127.0.0.1:{port}/",
        cwd=WORKSPACE,
    ):
        yield url


@contextlib.contextmanager
def visitor(browser: Browser, example: str, api: str) -> Iterator[Page]:
    with profile(browser, example, api) as context:
        page = context.new_page()
        page.goto(example)
        yield page


def enter(page: Page, company: str) -> None:
    page.get_by_role("button", name=f"{company}: ").first.click()
    page.get_by_role("button", name="Ada Lovelace").click()


def title(page: Page, text: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(text)


def test_the_react_example_from_sign_in_to_sign_out(
    browser: Browser, example: str, vestibule_dev: Vestibule
) -> None:
    with visitor(browser, example, vestibule_dev.base_url) as page:
        title(page, "Sign in")
        enter(page, "Northwind Labs")
        title(page, "You are in northwind-labs")
        # In the Labs engineers lead, and read documents alone.
        expect(page.get_by_text("You may read documents")).to_be_visible()
        page.get_by_role("button", name="Sign out").click()
        title(page, "Sign in")
        enter(page, "Northwind")
        title(page, "You are in northwind")
        expect(page.get_by_role("button", name="Write a document")).to_be_visible()
        expect(page.locator("vestibule-admin-portal").get_by_role("status")).to_be_visible()
        page.reload()
        title(page, "You are in northwind")

        page.get_by_role("button", name="Go over to Northwind Labs").click()
        title(page, "You are in northwind-labs")
        expect(page.get_by_text("You may read documents")).to_be_visible()
        assert page.url == f"{example}/"
        page.get_by_role("button", name="Go over to Northwind").click()
        page.get_by_role("button", name="Ada Lovelace").click()
        title(page, "You are in northwind")
        page.get_by_role("button", name="Sign out").click()
        title(page, "Sign in")


def test_the_react_example_tells_why_a_login_let_nobody_in(
    browser: Browser, example: str, vestibule_dev: Vestibule
) -> None:
    with visitor(browser, example, vestibule_dev.base_url) as page:
        page.goto(f"{example}/?stytch_token_type=sso&token=of-somebody-else")
        expect(page.get_by_role("alert")).to_contain_text("not started in this tab")
        assert page.url == f"{example}/"
