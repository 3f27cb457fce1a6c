"""A real identity provider that checks our requests, while our keys change under it; the POST
binding and ForceAuthn as it understands them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import httpx2
import pytest

from peers.pages import Form, PostedForm, walk_to_saml_response
from peers.people import ADA, BEN, Person
from peers.product import Product, deliver
from peers.simplesamlphp import SimpleSamlPhp
from peers.test_saml_logins import SIMPLESAMLPHP_MAPPING, Doors, open_doors
from peers.vestibule_server import Vestibule

pytestmark = pytest.mark.peer


@pytest.fixture
def browser() -> Iterator[httpx2.Client]:
    """A browser without JavaScript: a cookie jar."""
    with httpx2.Client(timeout=20) as client:
        yield client


@pytest.fixture(scope="module")
def product(vestibule_dev: Vestibule) -> Product:
    return Product(vestibule_dev)


def call(product: Product, doors: Doors, method: str, more: str = "", **body: Any) -> Any:
    """The API as a program calls it that knows what we add to the wire."""
    server = product.server
    answer = httpx2.request(
        method,
        f"{server.base_url}/v1/b2b/sso/saml/{doors.owner}/connections/"
        f"{doors.connection.connection_id}{more}",
        json=body,
        auth=(server.project_id, server.secret),
        timeout=20,
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


def key(certificate: str, *, signing: bool) -> dict[str, Any]:
    return {
        "type": "X509Certificate",
        "X509Certificate": "".join(certificate.strip().splitlines()[1:-1]),
        "signing": signing,
        "encryption": not signing,
    }


def trust(
    idp: SimpleSamlPhp, doors: Doors, signing: list[str], encryption: str, **attributes: Any
) -> None:
    """What the provider's administrator copies out of our metadata."""
    keys = [key(one, signing=True) for one in signing] + [key(encryption, signing=False)]
    idp.register_sp(
        doors.connection.audience_uri,
        doors.connection.acs_url,
        attributes={
            "validate.authnrequest": True,
            "assertion.encryption": True,
            "keys": keys,
            **attributes,
        },
    )


def enter(
    product: Product,
    idp: SimpleSamlPhp,
    doors: Doors,
    browser: httpx2.Client,
    person: Person = ADA,
    **parameters: str,
) -> Any:
    form = idp.sign_in(
        browser, product.start(browser, doors.connection.connection_id, **parameters), person
    )
    return product.authenticate(deliver(browser, form))


def test_a_provider_that_checks_requests_and_encrypts_sees_no_gap_in_a_rotation(
    product: Product, simplesamlphp: SimpleSamlPhp, browser: httpx2.Client
) -> None:
    doors = open_doors(product, simplesamlphp, SIMPLESAMLPHP_MAPPING)
    old = doors.certificate
    trust(simplesamlphp, doors, [old], old)
    enter(product, simplesamlphp, doors, browser)
    # Published; the provider goes on knowing the old one alone, then both.
    made = call(product, doors, "POST", "/signing_keys")
    new = made["connection"]["signing_certificates"][1]["certificate"]
    enter(product, simplesamlphp, doors, browser)
    trust(simplesamlphp, doors, [old, new], old)
    enter(product, simplesamlphp, doors, browser)
    # Signed by the new one, encrypted for the old one still, then for the new one.
    call(product, doors, "POST", f"/signing_keys/{made['certificate_id']}/activate")
    enter(product, simplesamlphp, doors, browser)
    trust(simplesamlphp, doors, [old, new], new)
    enter(product, simplesamlphp, doors, browser)
    # The provider forgets the old one, and so do we.
    trust(simplesamlphp, doors, [new], new)
    enter(product, simplesamlphp, doors, browser)
    gone = doors.connection.signing_certificates[0].certificate_id
    call(product, doors, "DELETE", f"/signing_keys/{gone}")
    enter(product, simplesamlphp, doors, browser)


def test_a_provider_that_does_not_know_the_new_key_refuses_the_request(
    product: Product, simplesamlphp: SimpleSamlPhp, browser: httpx2.Client
) -> None:
    """The proof that it looks at all: what the rotation has to avoid does happen."""
    doors = open_doors(product, simplesamlphp, SIMPLESAMLPHP_MAPPING)
    trust(simplesamlphp, doors, [doors.certificate], doors.certificate)
    made = call(product, doors, "POST", "/signing_keys")
    call(product, doors, "POST", f"/signing_keys/{made['certificate_id']}/activate")
    with pytest.raises(AssertionError):
        enter(product, simplesamlphp, doors, browser)


@pytest.mark.parametrize("known", [True, False])
def test_a_request_in_the_post_binding_is_checked_by_the_signature_inside(
    product: Product, simplesamlphp: SimpleSamlPhp, browser: httpx2.Client, known: bool
) -> None:
    doors = open_doors(product, simplesamlphp, SIMPLESAMLPHP_MAPPING)
    stranger = open_doors(product, simplesamlphp, SIMPLESAMLPHP_MAPPING).certificate
    trusted = doors.certificate if known else stranger
    trust(simplesamlphp, doors, [trusted], doors.certificate)
    call(product, doors, "PUT", idp_sso_binding="post")

    def fill(form: Form) -> Mapping[str, str] | None:
        if "SAMLRequest" in form.fields:
            return {}
        if "password" in form.fields:
            return {"username": ADA.subject, "password": ADA.password}
        return None

    def posted() -> PostedForm:
        query = httpx2.QueryParams({
            "public_token": product.server.public_token,
            "connection_id": doors.connection.connection_id,
            "login_redirect_url": "http://localhost:3000/authenticate",
        })  # fmt: skip
        url = f"{product.server.base_url}/v1/public/sso/start?{query}"
        return walk_to_saml_response(browser, url, fill)

    if not known:
        with pytest.raises(AssertionError):
            posted()
        return
    done = product.authenticate(deliver(browser, posted()))
    assert done.member.email_address == ADA.email


def test_a_forced_sign_in_asks_for_the_password_again(
    product: Product, simplesamlphp: SimpleSamlPhp, browser: httpx2.Client
) -> None:
    doors = open_doors(product, simplesamlphp, SIMPLESAMLPHP_MAPPING)
    trust(simplesamlphp, doors, [doors.certificate], doors.certificate)
    assert enter(product, simplesamlphp, doors, browser).member.email_address == ADA.email
    # Ada's session at the provider answers for whoever sits there, unless somebody has to type.
    again = enter(product, simplesamlphp, doors, browser, BEN)
    assert again.member.email_address == ADA.email
    asked = enter(product, simplesamlphp, doors, browser, BEN, provider_prompt="login")
    assert asked.member.email_address == BEN.email
    call(product, doors, "PUT", force_authn=True)
    forced = enter(product, simplesamlphp, doors, browser, ADA)
    assert forced.member.email_address == ADA.email
