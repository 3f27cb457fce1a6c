"""The official browser client and its pre-built Admin Portal, unmodified, in a real Chromium.

The product's page is on another site than the API. Whatever a test does, the page may ask no other
host for anything, and the client may have nothing to complain about.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from stytch.core.response_base import StytchError

from peers.browser import Watch
from peers.browser_client import run_page
from peers.certificates import make_key_pair
from peers.compatibility import read_mail
from peers.product import Product
from peers.vestibule_server import Vestibule, run_vestibule_dev

pytestmark = pytest.mark.browser

# A library inside the portal warns of styles of its own; the client advises PKCE.
_HARMLESS = (
    "potentially unsafe when doing server-side rendering",
    "No code verifier found in local storage",
)
_EXCHANGE = """sso.authenticate({
    sso_token: client.parseAuthenticateUrl().token, session_duration_minutes: 60 })"""


@dataclass
class Doors:
    """The demo's connections, and an organization that is entered through one of them."""

    northwind: str
    saml: str
    oidc: str
    entered: str
    external: str


@pytest.fixture(scope="module")
def product(vestibule_dev: Vestibule) -> Product:
    return Product(vestibule_dev)


@pytest.fixture(scope="module")
def origin(vestibule_dev: Vestibule) -> Iterator[str]:
    """Where the product's page is."""
    with run_page(vestibule_dev.base_url, vestibule_dev.public_token) as found:
        yield found


@pytest.fixture
def doors(product: Product) -> Doors:
    northwind = product.api.organizations.get("northwind").organization.organization_id
    found = product.api.sso.get_connections(northwind)
    saml = found.saml_connections[0].connection_id
    entered, external = product.make_external(northwind, saml)
    return Doors(northwind, saml, found.oidc_connections[0].connection_id, entered, external)


@contextmanager
def opened(browser: Browser, origin: str, api: str) -> Iterator[Page]:
    """The product's page in a fresh profile, with nobody signed in."""
    context = browser.new_context(locale="en-GB", viewport={"width": 1280, "height": 900})
    context.set_default_timeout(10_000)
    watch = Watch([origin, api], refusals=True)
    hosts = (origin, api, "data:", "blob:")
    context.route(lambda url: not url.startswith(hosts), lambda route: route.abort())
    found = context.new_page()
    watch.look_at(found)
    try:
        found.goto(origin)
        yield found
        assert [said for said in watch.found if not any(h in said for h in _HARMLESS)] == []
    finally:
        context.close()


@pytest.fixture
def page(browser: Browser, origin: str, vestibule_dev: Vestibule) -> Iterator[Page]:
    with opened(browser, origin, vestibule_dev.base_url) as found:
        yield found


def call(page: Page, code: str, *arguments: Any) -> Any:
    """The client's answer to `client.<code>`, in which `a`, `b` and `c` are the arguments."""
    return page.evaluate(f"([a, b, c]) => client.{code}", [*arguments, None, None, None])


def refusal_of(page: Page, code: str, *arguments: Any) -> str:
    """The type of the error with which the client answers."""
    return str(
        page.evaluate(
            f"([a, b, c]) => client.{code}.then(() => 'no refusal', (e) => e.error_type)",
            [*arguments, None, None, None],
        )
    )


def arrive(page: Page, origin: str, connection_id: str, who: str = "Ada Lovelace") -> None:
    """From the page to the identity provider and back, with a token in the address."""
    # Not awaited: the page leaves.
    page.evaluate(
        """([id, url]) => { client.sso.start({
            connection_id: id, login_redirect_url: url, signup_redirect_url: url,
        }) }""",
        [connection_id, f"{origin}/back"],
    )
    page.get_by_role("button", name=who).click()
    page.wait_for_url(f"{origin}/back?**")


def sign_in(page: Page, origin: str, connection_id: str, who: str = "Ada Lovelace") -> Any:
    """Arrive, and exchange the token for a session."""
    arrive(page, origin, connection_id, who)
    return call(page, _EXCHANGE)


def sign_in_as_administrator(page: Page, product: Product, origin: str, doors: Doors) -> Any:
    """As `sign_in`, of somebody who then becomes an administrator; the page is loaded anew."""
    found = sign_in(page, origin, doors.external)
    product.api.organizations.members.update(
        doors.entered, found["member_id"], roles=["stytch_admin"]
    )
    page.goto(origin)
    return call(page, "session.authenticate()")


# --- the client ---------------------------------------------------------------------------------


def test_a_login_a_reload_and_a_sign_out(
    page: Page, origin: str, doors: Doors, product: Product
) -> None:
    assert call(page, "session.getSync()") is None
    found = sign_in(page, origin, doors.external)
    assert found["organization_id"] == doors.entered
    assert found["member"]["email_address"] == "ada@northwind.example"
    factor = found["member_session"]["authentication_factors"][0]
    assert factor["saml_sso_factor"]["provider_id"] == doors.external

    page.goto(origin)
    assert call(page, "session.getSync()")["member_id"] == found["member_id"]
    tokens = call(page, "session.getTokens()")
    claims = product.claims_of(tokens["session_jwt"])
    assert claims.member_session_id == found["member_session"]["member_session_id"]
    again = call(page, "session.authenticate({session_duration_minutes: 30})")
    assert again["member_session"]["roles"] == ["lab-lead", "stytch_member", "viewer"]
    assert call(page, "organization.get()")["organization_id"] == doors.entered
    assert call(page, "self.get()")["member_id"] == found["member_id"]

    call(page, "session.revoke()")
    assert call(page, "session.getSync()") is None
    with pytest.raises(StytchError):
        product.api.sessions.authenticate(session_token=tokens["session_token"])
    page.goto(origin)
    assert call(page, "session.getSync()") is None


def test_a_page_knows_the_rights_of_its_member(page: Page, origin: str, doors: Doors) -> None:
    sign_in(page, origin, doors.external)
    rights = call(page, "rbac.allPermissions()")
    assert rights["experiments"] == {"read": True, "run": True}
    assert rights["documents"] == {"read": True, "write": False, "publish": False}
    assert rights["stytch.sso"]["create"] is False
    assert call(page, "rbac.isAuthorizedSync('experiments', 'run')") is True
    assert call(page, "rbac.isAuthorizedSync('documents', 'write')") is False
    assert call(page, "rbac.isAuthorized('stytch.self', 'update.info.name')") is True
    assert refusal_of(page, "sso.getConnections()") == "session_authorization_error"


def test_the_client_manages_connections(
    page: Page, origin: str, doors: Doors, product: Product
) -> None:
    sign_in_as_administrator(page, product, origin, doors)
    saml = call(page, "sso.saml.createConnection({display_name: 'S'})")["connection"]
    assert (saml["organization_id"], saml["status"]) == (doors.entered, "pending")
    certificate = make_key_pair("idp.example").certificate_pem
    saml = call(
        page,
        """sso.saml.updateConnection({
            connection_id: a, idp_entity_id: 'https://idp.example', x509_certificate: b,
            idp_sso_url: 'https://idp.example/sso', display_name: 'S2',
            attribute_mapping: {email: 'NameID', full_name: 'n', first_name: '', groups: 'g'},
            saml_connection_implicit_role_assignments: [{role_id: 'editor'}],
            saml_group_implicit_role_assignments: [{role_id: 'viewer', group: 'g'}],
        })""",
        saml["connection_id"],
        certificate,
    )["connection"]
    assert (saml["display_name"], saml["status"]) == ("S2", "active")
    assert saml["saml_connection_implicit_role_assignments"] == [{"role_id": "editor"}]
    old = saml["verification_certificates"][0]["certificate_id"]
    saml = call(
        page,
        "sso.saml.updateConnection({connection_id: a, x509_certificate: b})",
        saml["connection_id"],
        make_key_pair("next.example").certificate_pem,
    )["connection"]
    assert len(saml["verification_certificates"]) == 2
    call(
        page,
        "sso.saml.deleteVerificationCertificate({connection_id: a, certificate_id: b})",
        saml["connection_id"],
        old,
    )

    oidc = call(page, "sso.oidc.createConnection({display_name: 'O'})")["connection"]
    oidc = call(
        page,
        "sso.oidc.updateConnection({connection_id: a, client_id: 'c', client_secret: 'top'})",
        oidc["connection_id"],
    )["connection"]
    assert (oidc["client_id"], oidc["status"]) == ("c", "pending")

    external = call(
        page,
        """sso.external.createConnection({
            display_name: 'E', external_organization_id: a, external_connection_id: b})""",
        doors.northwind, doors.oidc,
    )["connection"]  # fmt: skip
    external = call(
        page,
        """sso.external.updateConnection({
            connection_id: a, display_name: 'E2',
            external_connection_implicit_role_assignments: [{role_id: 'viewer'}],
            external_group_implicit_role_assignments: [{role_id: 'editor', group: 'g'}]})""",
        external["connection_id"],
    )["connection"]
    assert external["display_name"] == "E2"
    found = call(page, "sso.getConnections()")
    shown = {kind: {c["display_name"] for c in found[f"{kind}_connections"]}
             for kind in ("saml", "oidc", "external")}  # fmt: skip
    assert shown == {"saml": {"S2"}, "oidc": {"O"}, "external": {"E2", "Through the owner"}}
    for gone in (saml, oidc, external):
        call(page, "sso.deleteConnection(a)", gone["connection_id"])
    left = product.api.sso.get_connections(doors.entered)
    assert [c.connection_id for c in left.external_connections] == [doors.external]
    assert (left.saml_connections, left.oidc_connections) == ([], [])


def test_the_client_manages_members(
    page: Page, origin: str, doors: Doors, product: Product
) -> None:
    grace = sign_in(page, origin, doors.external, "Grace Hopper")["member_id"]
    call(page, "session.revoke()")
    sign_in_as_administrator(page, product, origin, doors)
    made = call(
        page, "organization.members.create({email_address: a, name: 'B', roles: ['editor']})",
        "b@labs.example",
    )  # fmt: skip
    found = call(
        page,
        """organization.members.search({query: {operator: 'AND', operands: [
            {filter_name: 'member_emails', filter_value: [a]}]}})""",
        "b@labs.example",
    )
    assert [m["member_id"] for m in found["members"]] == [made["member_id"]]
    assert found["organizations"].keys() == {doors.entered}
    changed = call(
        page, "organization.members.update({member_id: a, name: 'Bea', roles: []})",
        made["member_id"],
    )  # fmt: skip
    assert changed["member"]["name"] == "Bea"
    call(page, "session.revokeForMember({member_id: a})", made["member_id"])
    for gone in (grace, made["member_id"]):
        call(page, "organization.members.delete(a)", gone)
    back = call(page, "organization.members.reactivate(a)", grace)
    assert back["member"]["status"] == "active"
    assert call(page, "self.update({name: 'Ada L.'})")["member"]["name"] == "Ada L."
    renamed = call(page, "organization.update({organization_name: 'Renamed'})")
    assert renamed["organization"]["organization_name"] == "Renamed"


def test_somebody_comes_by_mail_makes_an_organization_and_invites_a_colleague(
    page: Page, origin: str, vestibule_dev: Vestibule
) -> None:
    founder, guest = (f"{name}-{uuid.uuid4().hex[:8]}@by-mail.example" for name in ("f", "g"))
    back = f"{origin}/back"
    call(page, "magicLinks.email.discovery.send({ email_address: a, discovery_redirect_url: b })",
         founder, back)  # fmt: skip
    token = read_mail(vestibule_dev, founder, "discovery", back)
    proven = call(
        page, "magicLinks.discovery.authenticate({ discovery_magic_links_token: a })", token
    )
    assert (proven["email_address"], proven["discovered_organizations"]) == (founder, [])
    made = call(
        page,
        """discovery.organizations.create({
            organization_name: "By mail", session_duration_minutes: 60 })""",
    )
    assert made["member_authenticated"] is True
    assert made["member"]["is_admin"] is True
    listed = call(page, "discovery.organizations.list()")
    assert [one["membership"]["type"] for one in listed["discovered_organizations"]] == [
        "active_member"
    ]
    invited = call(
        page, "magicLinks.email.invite({ email_address: a, invite_redirect_url: b })", guest, back
    )
    assert invited["member"]["status"] == "invited"
    call(page, "session.revoke()")
    token = read_mail(vestibule_dev, guest, "multi_tenant_magic_links", back)
    came = call(
        page,
        "magicLinks.authenticate({ magic_links_token: a, session_duration_minutes: 60 })",
        token,
    )
    assert came["member"]["status"] == "active"
    new = f"new-{guest}"
    asked = "self.startEmailUpdate({ email_address: a, login_redirect_url: b })"
    assert call(page, asked, new, back)["member"]["email_address"] == guest
    token = read_mail(vestibule_dev, new, "multi_tenant_magic_links", back)
    changed = call(
        page,
        "magicLinks.authenticate({ magic_links_token: a, session_duration_minutes: 60 })",
        token,
    )
    assert changed["member"]["email_address"] == new
    call(page, "session.revoke()")

    # Back by an address that is known, and by one that is not: the page is told the same.
    asked = """magicLinks.email.loginOrSignup({
        organization_id: c, email_address: a, login_redirect_url: b, signup_redirect_url: b })"""
    slug = made["organization"]["organization_id"]
    told = [call(page, asked, who, back, slug) for who in (founder, "nobody@by-mail.example")]
    assert {frozenset(answer) for answer in told} == {frozenset({"request_id", "status_code"})}
    token = read_mail(vestibule_dev, founder, "multi_tenant_magic_links", back)
    refused = "magicLinks.authenticate({ magic_links_token: a, session_duration_minutes: 60 })"
    again = call(page, refused, token)
    assert again["organization_id"] == slug
    assert refusal_of(page, refused, token) == "magic_link_not_found"
    call(page, "session.revoke()")
    call(page, "magicLinks.email.discovery.send({ email_address: a, discovery_redirect_url: b })",
         founder, back)  # fmt: skip
    token = read_mail(vestibule_dev, founder, "discovery", back)
    call(page, "magicLinks.discovery.authenticate({ discovery_magic_links_token: a })", token)
    entered = call(
        page,
        """discovery.intermediateSessions.exchange({
            organization_id: a, session_duration_minutes: 60 })""",
        slug,
    )
    assert entered["member_authenticated"] is True


def test_pages_for_strangers_find_their_door(page: Page, doors: Doors, product: Product) -> None:
    slug = product.api.organizations.get(doors.entered).organization.organization_slug
    found = call(page, "organization.getBySlug({organization_slug: a})", slug)["organization"]
    assert [c["connection_id"] for c in found["sso_active_connections"]] == [doors.external]
    nothing = call(page, "organization.getBySlug({organization_slug: 'nobody-here'})")
    assert nothing["organization"] is None
    offered = call(page, "sso.discoverConnections(a)", "nobody@nowhere.example")
    assert offered["connections"] == []
    product.api.organizations.members.create(doors.entered, email_address="zoe@labs.example")
    offered = call(page, "sso.discoverConnections(a)", "zoe@labs.example")["connections"]
    assert [c["connection_id"] for c in offered] == [doors.external]


def test_a_session_is_exchanged_through_an_external_connection(
    page: Page, origin: str, doors: Doors, product: Product
) -> None:
    product.api.organizations.members.create(doors.entered, email_address="ada@northwind.example")
    first = sign_in(page, origin, doors.saml)
    assert first["organization_id"] == doors.northwind
    found = call(
        page, "session.exchange({organization_id: a, session_duration_minutes: 30})", doors.entered
    )
    assert (found["organization_id"], found["member_authenticated"]) == (doors.entered, True)
    assert call(page, "session.getSync()")["organization_id"] == doors.entered
    assert call(page, "organization.get()")["organization_id"] == doors.entered


def test_a_login_is_tied_to_the_page_that_began_it_where_pkce_is_required(
    browser: Browser, tmp_path: Path
) -> None:
    with (
        run_vestibule_dev(tmp_path / "data") as server,
        run_page(server.base_url, server.public_token) as origin,
    ):
        product = Product(server)
        answer = httpx2.put(
            f"{server.base_url}/pwa/v3/projects/{server.project_slug}/environments/"
            f"{server.environment_slug}/sdk/b2b",
            json={"config": {"sso": {"enabled": True, "pkce_required": True}}},
            auth=(server.workspace_key_id, server.workspace_key_secret),
        )
        assert answer.json()["config"]["sso"]["pkce_required"] is True
        northwind = product.api.organizations.get("northwind").organization.organization_id
        saml = product.api.sso.get_connections(northwind).saml_connections[0].connection_id
        with opened(browser, origin, server.base_url) as page:
            arrive(page, origin, saml)
            with opened(browser, origin, server.base_url) as thief:
                thief.goto(page.url)
                assert refusal_of(thief, _EXCHANGE) == "pkce_expected_code_verifier"
            assert call(page, _EXCHANGE)["organization_id"] == northwind


# --- the pre-built Admin Portal -----------------------------------------------------------------


def open_portal(page: Page, origin: str) -> None:
    page.goto(origin)
    page.evaluate("""() => portal({
        testLoginRedirectURL: `${location.origin}/tried`,
        testSignupRedirectURL: `${location.origin}/tried`,
    })""")


def row(page: Page, name: str) -> Locator:
    return page.get_by_role("row").filter(has_text=name)


def choose(page: Page, name: str, item: str) -> None:
    """From the menu of a row in the list."""
    row(page, name).get_by_role("button", name="actions").click()
    page.get_by_role("menuitem", name=item).click()


def press(page: Page, *names: str) -> None:
    """One button after the other. Of several the last, which is that of an open dialog."""
    for name in names:
        page.get_by_role("button", name=name, exact=True).last.click()


def press_and_wait(page: Page, method: str, *names: str) -> None:
    """As `press`; goes on when the portal's own call has been answered."""
    with page.expect_response(lambda answer: answer.request.method == method) as answered:
        press(page, *names)
    assert answered.value.ok


def begin_connection(page: Page, name: str, kind: str) -> None:
    """From the list into the form of a new connection."""
    press(page, "New connection")
    expect(page.get_by_text("New SSO Connection")).to_be_visible()
    page.get_by_role("textbox").first.fill(name)
    if kind != "external":
        page.get_by_role("combobox").click()
        page.locator(f"li[data-value='{kind}']").click()
        press(page, "Create")
        expect(page.get_by_text(f"Configure {name}")).to_be_visible()


def external_named(product: Product, organization_id: str, name: str) -> Any:
    found = product.api.sso.get_connections(organization_id).external_connections
    return next(c for c in found if c.display_name == name)


def test_the_portal_makes_an_external_connection_and_gives_it_roles(
    page: Page, origin: str, doors: Doors, product: Product
) -> None:
    sign_in_as_administrator(page, product, origin, doors)
    open_portal(page, origin)
    expect(row(page, "Through the owner")).to_contain_text("Active")
    begin_connection(page, "From the portal", "external")
    press(page, "Add an external connection")
    page.get_by_role("textbox").nth(1).fill(doors.northwind)
    page.get_by_role("textbox").nth(2).fill("oidc-connection-test-nobody")
    press(page, "Create")
    expect(page.get_by_text("The other organization has no such")).to_be_visible()
    page.get_by_role("textbox").nth(2).fill(doors.oidc)
    press(page, "Create")
    expect(row(page, "From the portal")).to_contain_text("Active")
    made = external_named(product, doors.entered, "From the portal")
    assert made.external_connection_id == doors.oidc

    choose(page, "From the portal", "Edit connection")
    expect(page.get_by_text("Role assignments")).to_be_visible()
    page.get_by_role("button", name="Edit").nth(1).click()
    page.get_by_role("combobox").first.click()
    page.get_by_role("option", name="editor").click()
    page.keyboard.press("Escape")
    press(page, "Add group roles")
    page.get_by_role("combobox").nth(1).click()
    page.get_by_role("option", name="lab-lead").click()
    page.keyboard.press("Escape")
    page.get_by_role("textbox").last.fill("engineering")
    press_and_wait(page, "PUT", "Save", "Save changes")
    expect(page.get_by_role("cell", name="engineering")).to_be_visible()
    made = external_named(product, doors.entered, "From the portal")
    assert [r.role_id for r in made.external_connection_implicit_role_assignments] == ["editor"]
    groups = made.external_group_implicit_role_assignments
    assert [(r.role_id, r.group) for r in groups] == [("lab-lead", "engineering")]


def test_the_portal_sets_the_default_connection_and_deletes_another(
    page: Page, origin: str, doors: Doors, product: Product
) -> None:
    product.api.sso.external.create_connection(
        doors.entered, doors.northwind, doors.oidc, display_name="Second"
    )
    sign_in_as_administrator(page, product, origin, doors)
    open_portal(page, origin)
    choose(page, "Through the owner", "Set as default")
    press_and_wait(page, "PUT", "Set as default")
    expect(row(page, "Through the owner")).to_contain_text("Default")
    # Not the one that this session stands on: it would end with it.
    choose(page, "Second", "Delete")
    press_and_wait(page, "DELETE", "Delete")
    # Behind an open dialog there is no row at all.
    expect(row(page, "Through the owner")).to_be_visible()
    expect(row(page, "Second")).to_have_count(0)
    left = product.api.sso.get_connections(doors.entered).external_connections
    assert [c.connection_id for c in left] == [doors.external]
    organization = product.api.organizations.get(doors.entered).organization
    assert organization.sso_default_connection_id == doors.external


def test_the_portal_makes_a_saml_and_an_oidc_connection_and_tries_one(
    page: Page, origin: str, doors: Doors, product: Product
) -> None:
    idp = product.api.sso.get_connections(doors.northwind).oidc_connections[0]
    product.api.organizations.update(
        doors.entered,
        sso_jit_provisioning="RESTRICTED",
        sso_jit_provisioning_allowed_connections=[doors.external],
    )
    sign_in_as_administrator(page, product, origin, doors)
    open_portal(page, origin)
    begin_connection(page, "By metadata", "Custom SAML")
    press(page, "Enter the following from your IdP.")
    metadata = f"{product.server.base_url}/dev/idp/saml/metadata"
    page.get_by_placeholder("Enter Metadata URL").fill(metadata)
    press(page, "Create")
    expect(row(page, "By metadata")).to_contain_text("Active")
    begin_connection(page, "By issuer", "Custom OIDC")
    press(page, "Enter the following from your IdP.")
    for label, value in (
        ("Client ID", idp.client_id), ("Client Secret", idp.client_secret), ("Issuer", idp.issuer),
    ):  # fmt: skip
        page.get_by_placeholder(f"Enter {label}").fill(value)
    press(page, "Create")
    expect(row(page, "By issuer")).to_contain_text("Active")
    made = product.api.sso.get_connections(doors.entered)
    assert made.saml_connections[0].attribute_mapping == {
        "email": "NameID", "first_name": "firstName", "last_name": "lastName",
    }  # fmt: skip

    choose(page, "By issuer", "Edit connection")
    page.get_by_role("button", name="Edit").first.click()
    page.get_by_role("checkbox").last.click()
    press_and_wait(page, "PUT", "Save", "Save changes")
    expect(page.get_by_role("button", name="Cancel")).to_have_count(0)
    allowed = product.api.organizations.get(doors.entered).organization
    made_id = made.oidc_connections[0].connection_id
    assert set(allowed.sso_jit_provisioning_allowed_connections) == {doors.external, made_id}
    press(page, "Test connection")
    page.get_by_role("button", name="Ada Lovelace").click()
    page.wait_for_url(f"{origin}/tried?**")


def test_the_portal_shows_no_connection_to_a_member_without_rights(
    page: Page, origin: str, doors: Doors
) -> None:
    sign_in(page, origin, doors.external)
    with page.expect_response("**/admin_portal_config"):
        open_portal(page, origin)
    expect(page.locator("#portal")).to_contain_text("permission")
    expect(row(page, "Through the owner")).to_have_count(0)


def test_the_portals_of_organization_and_members_open(
    page: Page, origin: str, doors: Doors, product: Product
) -> None:
    sign_in_as_administrator(page, product, origin, doors)
    page.evaluate("stytch.mountAdminPortalMemberManagement({client, element: '#portal'})")
    expect(row(page, "Ada Lovelace (You)")).to_contain_text("stytch_admin")
    page.goto(origin)
    page.evaluate("stytch.mountAdminPortalOrgSettings({client, element: '#portal'})")
    expect(page.get_by_text("Authentication & Access Settings")).to_be_visible()
    expect(page.get_by_text("Labs", exact=True)).to_be_visible()
