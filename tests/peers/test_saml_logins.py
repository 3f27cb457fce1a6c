"""People of real SAML identity providers sign in, directly and into a second organization.

Everything runs over sockets: `vestibule dev` in a process of its own, SimpleSAMLphp and saml-idp
in theirs, and the official client as the product's backend.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest

from peers import certificates
from peers.pages import PostedForm
from peers.people import ADA, BEN, Person
from peers.product import Product, deliver, token_in
from peers.saml_idp import SamlIdp
from peers.simplesamlphp import PERSISTENT_FORMAT, TRANSIENT_FORMAT, SimpleSamlPhp
from peers.vestibule_server import Vestibule

pytestmark = pytest.mark.peer

# What each provider calls the attributes that we ask for.
SIMPLESAMLPHP_MAPPING = {
    "email": "email",
    "first_name": "givenName",
    "last_name": "sn",
    "groups": "groups",
    "department": "department",
}
SAML_IDP_MAPPING = {
    "email": "NameID",
    "full_name": "displayName",
    "groups": "groups",
    # saml-idp has no field for it; any mapped key becomes trusted_metadata.
    "department": "lastName",
}


@pytest.fixture
def browser() -> Iterator[httpx2.Client]:
    """A browser without JavaScript: a cookie jar."""
    with httpx2.Client(timeout=20) as client:
        yield client


@pytest.fixture(scope="module")
def product(vestibule_dev: Vestibule) -> Product:
    return Product(vestibule_dev)


@dataclass(frozen=True)
class Doors:
    """One SAML connection of an organization, and a second organization that shares it."""

    owner: str
    connection: Any
    entered: str
    external_id: str

    @property
    def certificate(self) -> str:
        """Ours: it verifies our requests, and assertions are encrypted to it."""
        return str(self.connection.signing_certificates[0].certificate)


def open_doors(
    product: Product,
    idp: SamlIdp | SimpleSamlPhp,
    mapping: dict[str, str],
    *,
    certificate: str | None = None,
    **settings: Any,
) -> Doors:
    """Set up `idp` by hand, as an administrator copies values from one page to another."""
    owner = product.make_organization("Northwind")
    made = product.api.sso.saml.create_connection(
        organization_id=owner, display_name="Corporate SAML", identity_provider="generic"
    ).connection
    assert made.status == "pending"
    changed = product.api.sso.saml.update_connection(
        organization_id=owner,
        connection_id=made.connection_id,
        idp_entity_id=idp.entity_id,
        idp_sso_url=idp.sso_url,
        x509_certificate=certificate or idp.certificate_pem,
        attribute_mapping=mapping,
        saml_connection_implicit_role_assignments=[{"role_id": "viewer"}],
        saml_group_implicit_role_assignments=[{"role_id": "editor", "group": "engineering"}],
        **settings,
    ).connection
    assert changed.status == "active"
    return Doors(owner, changed, *product.make_external(owner, changed.connection_id))


def check_arrival(
    product: Product,
    arrival: httpx2.Response,
    *,
    organization_id: str,
    connection_id: str,
    person: Person,
    roles: set[str],
    department: str,
) -> Any:
    """Exchange the token and look at everything that the product is told."""
    done = product.authenticate(arrival)
    member = done.member
    assert done.member_authenticated is True
    assert done.organization_id == organization_id == member.organization_id
    assert member.email_address == person.email
    assert member.name == person.name
    assert member.status == "active"
    assert member.trusted_metadata == {"department": department}
    assert [r.connection_id for r in member.sso_registrations] == [connection_id]
    assert {role.role_id for role in member.roles} == roles | {"stytch_member"}

    session = done.member_session
    assert set(session.roles) == roles | {"stytch_member"}
    (factor,) = session.authentication_factors
    assert factor.delivery_method == "sso_saml"
    assert factor.saml_sso_factor.provider_id == connection_id

    told = product.claims_of(done.session_jwt)
    assert told.member_id == member.member_id
    assert told.organization_id == organization_id
    assert set(told.roles) == roles | {"stytch_member"}
    assert told.custom_claims == {"department": department}
    again = product.api.sessions.authenticate(session_token=done.session_token)
    assert again.member_session.member_session_id == session.member_session_id
    return done


def check_both_doors(
    product: Product,
    doors: Doors,
    sign_in: Callable[[str], PostedForm],
    browser: httpx2.Client,
    *,
    person: Person = ADA,
    department: str = ADA.department,
) -> None:
    """Go in by the owner's door and by the External one: the same person, other roles."""
    engineer = "engineering" in person.groups
    for organization_id, connection_id, group_role in (
        (doors.owner, doors.connection.connection_id, "editor"),
        (doors.entered, doors.external_id, "lab-lead"),
    ):
        form = sign_in(product.start(browser, connection_id))
        # The provider needs no change for the second organization: it sees one URL only.
        assert form.acs_url == doors.connection.acs_url
        arrival = deliver(browser, form)
        check_arrival(
            product,
            arrival,
            organization_id=organization_id,
            connection_id=connection_id,
            person=person,
            roles={"viewer", group_role} if engineer else {"viewer"},
            department=department,
        )


VARIANTS = {
    "signed assertion": {"sign_assertion": True, "sign_response": False},
    "signed response": {"sign_assertion": False, "sign_response": True},
    "both signed": {"sign_assertion": True, "sign_response": True},
    "persistent NameID": {"name_id_format": PERSISTENT_FORMAT},
    "transient NameID": {"name_id_format": TRANSIENT_FORMAT},
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_simplesamlphp_opens_both_doors(
    product: Product, simplesamlphp: SimpleSamlPhp, browser: httpx2.Client, variant: str
) -> None:
    doors = open_doors(product, simplesamlphp, SIMPLESAMLPHP_MAPPING)
    simplesamlphp.register_sp(
        doors.connection.audience_uri, doors.connection.acs_url, **VARIANTS[variant]
    )
    check_both_doors(product, doors, lambda url: simplesamlphp.sign_in(browser, url), browser)


def test_simplesamlphp_without_the_group_gives_the_connections_role_only(
    product: Product, simplesamlphp: SimpleSamlPhp, browser: httpx2.Client
) -> None:
    doors = open_doors(product, simplesamlphp, SIMPLESAMLPHP_MAPPING)
    simplesamlphp.register_sp(doors.connection.audience_uri, doors.connection.acs_url)
    check_both_doors(
        product,
        doors,
        lambda url: simplesamlphp.sign_in(browser, url, BEN),
        browser,
        person=BEN,
        department=BEN.department,
    )


@pytest.mark.parametrize("signed", ["assertion", "response", "both"])
def test_simplesamlphp_encrypts_to_us_with_cbc(
    product: Product, simplesamlphp: SimpleSamlPhp, browser: httpx2.Client, signed: str
) -> None:
    doors = open_doors(product, simplesamlphp, SIMPLESAMLPHP_MAPPING)
    simplesamlphp.register_sp(
        doors.connection.audience_uri,
        doors.connection.acs_url,
        sign_assertion=signed != "response",
        sign_response=signed != "assertion",
        encryption_certificate=doors.certificate,
    )
    check_both_doors(product, doors, lambda url: simplesamlphp.sign_in(browser, url), browser)


def test_simplesamlphp_demands_signed_requests(
    product: Product, simplesamlphp: SimpleSamlPhp, browser: httpx2.Client
) -> None:
    doors = open_doors(product, simplesamlphp, SIMPLESAMLPHP_MAPPING)
    simplesamlphp.register_sp(
        doors.connection.audience_uri,
        doors.connection.acs_url,
        signing_certificate=doors.certificate,
    )
    check_both_doors(product, doors, lambda url: simplesamlphp.sign_in(browser, url), browser)


def test_keys_that_the_customer_brings_sign_and_decrypt(
    product: Product, simplesamlphp: SimpleSamlPhp, browser: httpx2.Client
) -> None:
    signing, encryption = (certificates.make_key_pair(name) for name in ("signing", "encryption"))
    doors = open_doors(
        product,
        simplesamlphp,
        SIMPLESAMLPHP_MAPPING,
        signing_private_key=signing.key_pem,
        saml_encryption_private_key=encryption.key_pem,
    )
    ours = [found.certificate for found in doors.connection.signing_certificates]
    assert len(ours) == 2
    # Requests are signed by the key that was brought, under a certificate that we made for it.
    assert certificates.public_key_pem(ours[0]) == certificates.public_key_pem(
        signing.certificate_pem
    )
    assert signing.key_pem not in str(doors.connection)
    assert encryption.key_pem not in str(doors.connection)
    simplesamlphp.register_sp(
        doors.connection.audience_uri,
        doors.connection.acs_url,
        signing_certificate=ours[0],
        encryption_certificate=encryption.certificate_pem,
    )
    check_both_doors(product, doors, lambda url: simplesamlphp.sign_in(browser, url), browser)


def test_simplesamlphp_is_set_up_by_its_metadata(
    product: Product, simplesamlphp: SimpleSamlPhp, browser: httpx2.Client
) -> None:
    owner = product.make_organization("Northwind")
    saml = product.api.sso.saml
    made = saml.create_connection(organization_id=owner).connection
    saml.update_by_url(
        organization_id=owner,
        connection_id=made.connection_id,
        metadata_url=simplesamlphp.metadata_url,
    )
    changed = saml.update_connection(
        organization_id=owner,
        connection_id=made.connection_id,
        attribute_mapping=SIMPLESAMLPHP_MAPPING,
    ).connection
    assert changed.status == "active"
    assert changed.idp_entity_id == simplesamlphp.entity_id
    assert changed.idp_sso_url == simplesamlphp.sso_url
    simplesamlphp.register_sp(changed.audience_uri, changed.acs_url)

    url = product.start(browser, changed.connection_id)
    arrival = deliver(browser, simplesamlphp.sign_in(browser, url))
    check_arrival(
        product,
        arrival,
        organization_id=owner,
        connection_id=changed.connection_id,
        person=ADA,
        roles=set(),
        department=ADA.department,
    )


def test_the_second_organization_is_entered_without_another_password(
    product: Product, simplesamlphp: SimpleSamlPhp, browser: httpx2.Client
) -> None:
    doors = open_doors(product, simplesamlphp, SIMPLESAMLPHP_MAPPING)
    simplesamlphp.register_sp(doors.connection.audience_uri, doors.connection.acs_url)
    first = simplesamlphp.sign_in(browser, product.start(browser, doors.connection.connection_id))
    product.authenticate(deliver(browser, first))
    # Ben would have to type his password; whoever has a session at the provider is not asked.
    second = simplesamlphp.sign_in(browser, product.start(browser, doors.external_id), BEN)
    done = product.authenticate(deliver(browser, second))
    assert done.member.email_address == ADA.email
    assert done.organization_id == doors.entered


def test_simplesamlphp_starts_the_sign_in_into_the_owner_only(
    product: Product, simplesamlphp: SimpleSamlPhp, browser: httpx2.Client
) -> None:
    doors = open_doors(product, simplesamlphp, SIMPLESAMLPHP_MAPPING)
    simplesamlphp.register_sp(doors.connection.audience_uri, doors.connection.acs_url)
    for relay_state in ("", doors.external_id, "https://elsewhere.test/"):
        form = simplesamlphp.sign_in_unsolicited(
            browser, doors.connection.audience_uri, relay_state=relay_state
        )
        arrival = deliver(browser, form)
        # The project's default redirect URL: nobody asked for another one.
        assert arrival.headers["location"].startswith(f"{product.server.base_url}/demo/callback?")
        check_arrival(
            product,
            arrival,
            organization_id=doors.owner,
            connection_id=doors.connection.connection_id,
            person=ADA,
            roles={"viewer", "editor"},
            department=ADA.department,
        )


def test_a_sign_in_from_the_provider_is_refused_where_the_connection_says_so(
    product: Product, simplesamlphp: SimpleSamlPhp, browser: httpx2.Client
) -> None:
    doors = open_doors(
        product, simplesamlphp, SIMPLESAMLPHP_MAPPING, idp_initiated_auth_disabled=True
    )
    simplesamlphp.register_sp(doors.connection.audience_uri, doors.connection.acs_url)
    form = simplesamlphp.sign_in_unsolicited(browser, doors.connection.audience_uri)
    refused = deliver(browser, form, accept="application/json")
    assert refused.status_code == 400
    assert refused.json()["error_type"] == "saml_idp_initiated_auth_disabled"
    # What begins here still goes through.
    url = product.start(browser, doors.connection.connection_id)
    token_in(deliver(browser, simplesamlphp.sign_in(browser, url)))


def test_an_answer_is_taken_once_and_from_the_browser_that_asked(
    product: Product, simplesamlphp: SimpleSamlPhp, browser: httpx2.Client
) -> None:
    doors = open_doors(product, simplesamlphp, SIMPLESAMLPHP_MAPPING)
    simplesamlphp.register_sp(doors.connection.audience_uri, doors.connection.acs_url)
    form = simplesamlphp.sign_in(browser, product.start(browser, doors.external_id))
    token_in(deliver(browser, form))
    again = deliver(browser, form, accept="application/json")
    assert again.json()["error_type"] == "unsolicited_saml_response"

    form = simplesamlphp.sign_in(browser, product.start(browser, doors.external_id))
    with httpx2.Client() as stranger:
        stolen = deliver(stranger, form, accept="application/json")
    assert stolen.status_code == 400
    assert stolen.json()["error_type"] == "missing_saml_csrf_cookie"


@pytest.mark.parametrize("idp_name", ["simplesamlphp", "saml_idp"])
def test_a_certificate_that_is_not_trusted_is_refused_in_words(
    product: Product,
    browser: httpx2.Client,
    request: pytest.FixtureRequest,
    idp_name: str,
) -> None:
    idp = request.getfixturevalue(idp_name)
    stranger = certificates.make_key_pair("stranger").certificate_pem
    doors = open_doors(
        product,
        idp,
        SIMPLESAMLPHP_MAPPING if idp_name == "simplesamlphp" else SAML_IDP_MAPPING,
        certificate=stranger,
    )
    idp.register_sp(doors.connection.audience_uri, doors.connection.acs_url)
    for connection_id in (doors.connection.connection_id, doors.external_id):
        form = idp.sign_in(browser, product.start(browser, connection_id))
        page = deliver(browser, form, accept="text/html")
        assert page.status_code == 400
        assert page.headers["content-type"].startswith("text/html")
        assert "saml_signature_invalid" in page.text
        assert "fits none of the certificates that we trust" in page.text
        assert "Who can fix it" in page.text
        assert "login-trace-test-" in page.text

        form = idp.sign_in(browser, product.start(browser, connection_id))
        problem = deliver(browser, form, accept="application/json").json()
        assert problem["error_type"] == "invalid_signature_saml_response"
        assert problem["error_details"]["code"] == "saml_signature_invalid"
        assert problem["error_details"]["remedy"]
    found = product.api.organizations.members.search(organization_ids=[doors.owner, doors.entered])
    assert found.members == []


@pytest.mark.parametrize("sign_response", [False, True], ids=["assertion", "both"])
@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "encrypted"])
def test_saml_idp_opens_both_doors(
    product: Product,
    saml_idp: SamlIdp,
    browser: httpx2.Client,
    sign_response: bool,
    encrypted: bool,
) -> None:
    doors = open_doors(product, saml_idp, SAML_IDP_MAPPING)
    saml_idp.register_sp(
        doors.connection.audience_uri,
        doors.connection.acs_url,
        sign_response=sign_response,
        encryption_certificate=doors.certificate if encrypted else None,
    )
    check_both_doors(
        product,
        doors,
        lambda url: saml_idp.sign_in(browser, url),
        browser,
        department=ADA.family_name,
    )


def test_saml_idp_is_set_up_by_its_metadata(
    product: Product, saml_idp: SamlIdp, browser: httpx2.Client
) -> None:
    owner = product.make_organization("Northwind")
    saml = product.api.sso.saml
    made = saml.create_connection(organization_id=owner).connection
    saml.update_connection(
        organization_id=owner,
        connection_id=made.connection_id,
        attribute_mapping=SAML_IDP_MAPPING,
    )
    changed = saml.update_by_url(
        organization_id=owner, connection_id=made.connection_id, metadata_url=saml_idp.metadata_url
    ).connection
    assert changed.status == "active"
    assert changed.idp_entity_id == saml_idp.entity_id
    assert changed.idp_sso_url == saml_idp.sso_url
    saml_idp.register_sp(changed.audience_uri, changed.acs_url)
    form = saml_idp.sign_in(browser, product.start(browser, changed.connection_id))
    assert product.authenticate(deliver(browser, form)).member.email_address == ADA.email


def test_saml_idp_starts_the_sign_in(
    product: Product, saml_idp: SamlIdp, browser: httpx2.Client
) -> None:
    doors = open_doors(product, saml_idp, SAML_IDP_MAPPING)
    saml_idp.register_sp(doors.connection.audience_uri, doors.connection.acs_url)
    arrival = deliver(browser, saml_idp.sign_in_unsolicited(browser))
    done = product.authenticate(arrival)
    assert done.organization_id == doors.owner


def test_roles_follow_the_groups_of_the_latest_sign_in(
    product: Product, saml_idp: SamlIdp, browser: httpx2.Client
) -> None:
    doors = open_doors(product, saml_idp, SAML_IDP_MAPPING)
    saml_idp.register_sp(doors.connection.audience_uri, doors.connection.acs_url)
    seen = []
    for groups in ("engineering,admins", "support"):
        url = product.start(browser, doors.external_id)
        form = saml_idp.sign_in(browser, url, attributes={"groups": groups})
        seen.append(product.authenticate(deliver(browser, form)))
    first, second = seen
    assert first.member.member_id == second.member.member_id
    assert set(first.member_session.roles) == {"stytch_member", "viewer", "lab-lead"}
    assert set(second.member_session.roles) == {"stytch_member", "viewer"}
    # The first session lost the role too: it stands on the same connection.
    again = product.api.sessions.authenticate(session_token=first.session_token)
    assert set(again.member_session.roles) == {"stytch_member", "viewer"}
