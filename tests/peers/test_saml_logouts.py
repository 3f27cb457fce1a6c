"""Real identity providers end sessions with us, whoever asks first: single logout over sockets.

SimpleSAMLphp signs its messages and insists that ours are signed; in the POST binding too.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx2
import pytest

from peers.pages import read_forms, submit
from peers.people import BEN
from peers.product import REDIRECT_URL, Product, deliver
from peers.simplesamlphp import PERSISTENT_FORMAT, TRANSIENT_FORMAT, SimpleSamlPhp
from peers.test_saml_logins import SIMPLESAMLPHP_MAPPING, Doors, open_doors
from peers.vestibule_server import Vestibule

pytestmark = pytest.mark.peer

REDIRECT, POST = (
    f"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-{name}" for name in ("Redirect", "POST")
)
BINDINGS = pytest.mark.parametrize("binding", ["redirect", "post"])


@pytest.fixture
def browser() -> Iterator[httpx2.Client]:
    """A browser without JavaScript: a cookie jar."""
    with httpx2.Client(timeout=20) as client:
        yield client


@pytest.fixture(scope="module")
def product(vestibule_dev: Vestibule) -> Product:
    return Product(vestibule_dev)


def introduce(
    product: Product, idp: SimpleSamlPhp, binding: str = "redirect", **settings: Any
) -> Doors:
    """Both sides know the other's logout URL and key, and want every message signed."""
    doors = open_doors(product, idp, SIMPLESAMLPHP_MAPPING)
    # The official client knows nothing of what we add to the wire.
    changed = httpx2.put(
        f"{product.server.base_url}/v1/b2b/sso/saml/{doors.owner}"
        f"/connections/{doors.connection.connection_id}",
        json={"idp_slo_url": idp.slo_url, "idp_slo_binding": binding},
        auth=(product.server.project_id, product.server.secret),
    )
    assert changed.status_code == 200, changed.text
    url = f"{product.server.base_url}/v1/b2b/sso/logout/{doors.connection.connection_id}"
    named = POST if binding == "post" else REDIRECT
    idp.register_sp(
        doors.connection.audience_uri,
        doors.connection.acs_url,
        signing_certificate=doors.certificate,
        attributes={
            "SingleLogoutService": [{"Binding": named, "Location": url}],
            "sign.logout": True,
            "validate.logout": True,
        },
        **settings,
    )
    return doors


def sign_in(
    product: Product, idp: SimpleSamlPhp, browser: httpx2.Client, connection_id: str, **options: Any
) -> Any:
    form = idp.sign_in(browser, product.start(browser, connection_id), **options)
    return product.authenticate(deliver(browser, form))


def lives(product: Product, session: Any) -> bool:
    found = product.api.sessions.get(
        organization_id=session.organization_id, member_id=session.member_id
    )
    ids = {one.member_session_id for one in found.member_sessions}
    return session.member_session.member_session_id in ids


def walk(browser: httpx2.Client, url: str, *, until: str) -> list[str]:
    """Follow redirects and the forms that scripts would send; the places, up to `until`."""
    seen: list[str] = []
    answer = browser.get(url, follow_redirects=False)
    for _ in range(12):
        if answer.is_redirect:
            target = urljoin(str(answer.url), answer.headers["location"])
            seen.append(urlsplit(target).path)
            if target.startswith(until):
                return seen
            answer = browser.get(target, follow_redirects=False)
            continue
        messages = {"SAMLRequest", "SAMLResponse"}
        forms = [form for form in read_forms(answer) if messages & set(form.fields)]
        if not forms:
            break
        seen.append(urlsplit(forms[0].action).path)
        answer = submit(browser, forms[0], {})
    raise AssertionError(f"{seen}: {answer.status_code} {answer.text[:3000]}")


def asks_for_a_password(product: Product, browser: httpx2.Client, connection_id: str) -> bool:
    answer = browser.get(product.start(browser, connection_id), follow_redirects=True)
    return any("password" in form.fields for form in read_forms(answer))


def start_logout(product: Product, session: Any) -> str:
    server = product.server
    answer = httpx2.post(
        f"{server.base_url}/v1/b2b/sso/logout",
        json={"session_token": session.session_token, "logout_redirect_url": REDIRECT_URL},
        auth=(server.project_id, server.secret),
    )
    assert answer.status_code == 200, answer.text
    return str(answer.json()["logout_url"])


@BINDINGS
def test_an_application_signs_out_at_simplesamlphp_too(
    product: Product, simplesamlphp: SimpleSamlPhp, browser: httpx2.Client, binding: str
) -> None:
    doors = introduce(product, simplesamlphp, binding)
    door = doors.connection.connection_id
    held = sign_in(product, simplesamlphp, browser, door)
    assert not asks_for_a_password(product, browser, door)
    url = start_logout(product, held)
    assert not lives(product, held)
    seen = walk(browser, url, until=REDIRECT_URL)
    assert seen[-2:] == [f"/v1/b2b/sso/logout/{door}", urlsplit(REDIRECT_URL).path]
    assert asks_for_a_password(product, browser, door)


@BINDINGS
@pytest.mark.parametrize("name_id_format", ["", PERSISTENT_FORMAT, TRANSIENT_FORMAT])
def test_signing_out_at_simplesamlphp_ends_the_sessions_here(
    product: Product,
    simplesamlphp: SimpleSamlPhp,
    browser: httpx2.Client,
    binding: str,
    name_id_format: str,
) -> None:
    settings = {"name_id_format": name_id_format} if name_id_format else {}
    doors = introduce(product, simplesamlphp, binding, **settings)
    door = doors.connection.connection_id
    held = sign_in(product, simplesamlphp, browser, door)
    with httpx2.Client(timeout=20) as elsewhere:
        other_person = sign_in(product, simplesamlphp, elsewhere, door, person=BEN)
    end = f"{simplesamlphp.base_url}/saml2/idp/metadata.php"
    seen = walk(browser, f"{simplesamlphp.slo_url}?ReturnTo={end}", until=end)
    assert f"/v1/b2b/sso/logout/{door}" in seen
    assert not lives(product, held)
    # A sign-in of the same person in the same second would count as the same one, so only another
    # person can show here that somebody stays.
    assert lives(product, other_person)


def test_simplesamlphp_encrypts_the_name_in_its_request(
    product: Product, simplesamlphp: SimpleSamlPhp, browser: httpx2.Client
) -> None:
    doors = introduce(product, simplesamlphp)
    ours = "".join(doors.certificate.strip().splitlines()[1:-1])
    key = {"type": "X509Certificate", "X509Certificate": ours, "signing": True, "encryption": True}
    url = f"{product.server.base_url}/v1/b2b/sso/logout/{doors.connection.connection_id}"
    simplesamlphp.register_sp(
        doors.connection.audience_uri,
        doors.connection.acs_url,
        attributes={
            "SingleLogoutService": [{"Binding": REDIRECT, "Location": url}],
            "sign.logout": True,
            "nameid.encryption": True,
            "keys": [key],
        },
    )
    held = sign_in(product, simplesamlphp, browser, doors.connection.connection_id)
    end = f"{simplesamlphp.base_url}/saml2/idp/metadata.php"
    walk(browser, f"{simplesamlphp.slo_url}?ReturnTo={end}", until=end)
    assert not lives(product, held)


def test_simplesamlphps_metadata_sets_up_single_logout(
    product: Product, simplesamlphp: SimpleSamlPhp
) -> None:
    owner = product.make_organization("Northwind")
    saml = product.api.sso.saml
    made = saml.create_connection(organization_id=owner).connection
    saml.update_by_url(
        organization_id=owner,
        connection_id=made.connection_id,
        metadata_url=simplesamlphp.metadata_url,
    )
    server = product.server
    shown = httpx2.get(
        f"{server.base_url}/v1/b2b/sso/{owner}", auth=(server.project_id, server.secret)
    ).json()["saml_connections"][0]
    assert shown["idp_slo_url"] == simplesamlphp.slo_url
    assert shown["idp_slo_binding"] == "redirect"
