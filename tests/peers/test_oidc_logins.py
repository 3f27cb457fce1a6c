"""People of a real OpenID Provider sign in, directly and into a second organization.

panva's oidc-provider keeps to the letter: it requires PKCE, tells e-mail and names by UserInfo
only, and gives a refresh token only to who asks for offline access and consent.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from stytch.core.response_base import StytchError

from peers.oidc_provider import Client, OidcProvider, run_oidc_provider
from peers.people import ADA, BEN, Person
from peers.product import Product, token_in
from peers.vestibule_server import Vestibule

pytestmark = pytest.mark.peer

SCOPES = "openid email profile groups"


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
    """One OIDC connection of an organization, and a second organization that shares it."""

    owner: str
    connection: Any
    entered: str
    external_id: str

    def both(self) -> tuple[tuple[str, str, str], ...]:
        """(organization, connection, role of the group engineering) by either door."""
        return (
            (self.owner, self.connection.connection_id, "editor"),
            (self.entered, self.external_id, "lab-lead"),
        )


def open_doors(
    product: Product,
    provider: OidcProvider,
    *,
    secret: str | None = None,
    custom_scopes: str = SCOPES,
    **metadata: Any,
) -> Doors:
    """Set the connection up by its issuer: everything else is discovered."""
    owner = product.make_organization("Northwind")
    made = product.api.sso.oidc.create_connection(
        organization_id=owner, display_name="Corporate OIDC", identity_provider="generic"
    ).connection
    assert made.status == "pending"
    client: Client = provider.register_client(made.redirect_url, **metadata)
    answer = product.api.sso.oidc.update_connection(
        organization_id=owner,
        connection_id=made.connection_id,
        issuer=provider.issuer,
        client_id=client.client_id,
        client_secret=secret or client.client_secret,
        custom_scopes=custom_scopes,
        attribute_mapping={"department": "department"},
    )
    assert not answer.warning
    assert answer.connection.status == "active"
    assert answer.connection.token_url == f"{provider.issuer}/token"
    # Roles by connection and group over OIDC are ours alone: the client has no name for them.
    extended = httpx2.put(
        f"{product.server.base_url}/v1/b2b/sso/oidc/{owner}/connections/{made.connection_id}",
        auth=product.server.auth,
        json={
            "oidc_connection_implicit_role_assignments": [{"role_id": "viewer"}],
            "oidc_group_implicit_role_assignments": [{"role_id": "editor", "group": "engineering"}],
        },
    )
    assert extended.status_code == 200, extended.text
    return Doors(owner, answer.connection, *product.make_external(owner, made.connection_id))


def arrive(
    product: Product,
    provider: OidcProvider,
    browser: httpx2.Client,
    connection_id: str,
    person: Person = ADA,
    **parameters: str,
) -> Any:
    """A whole sign-in, up to the session."""
    url = product.start(browser, connection_id, **parameters)
    callback = provider.sign_in(browser, url, person)
    return product.authenticate(browser.get(callback, follow_redirects=False))


def claims_in(token: str) -> dict[str, Any]:
    """The claims of a JWT, unverified: for looking at what a provider sent."""
    payload = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * 3))
    return claims


@pytest.mark.parametrize("person", [ADA, BEN], ids=lambda person: person.subject)
def test_both_doors_open_with_groups_roles_and_claims(
    product: Product, oidc_provider: OidcProvider, browser: httpx2.Client, person: Person
) -> None:
    doors = open_doors(product, oidc_provider)
    for organization_id, connection_id, group_role in doors.both():
        url = product.start(browser, connection_id)
        asked = parse_qs(urlsplit(url).query)
        assert asked["code_challenge_method"] == ["S256"]
        assert asked["scope"] == [SCOPES]
        # The provider needs no change for the second organization: it sees one URL only.
        assert asked["redirect_uri"] == [doors.connection.redirect_url]
        callback = oidc_provider.sign_in(browser, url, person)
        done = product.authenticate(browser.get(callback, follow_redirects=False))

        roles = {"stytch_member", "viewer"}
        roles |= {group_role} if "engineering" in person.groups else set()
        member = done.member
        assert done.organization_id == organization_id
        assert member.email_address == person.email
        assert member.name == person.name
        assert member.trusted_metadata == {"department": person.department}
        assert {role.role_id for role in member.roles} == roles
        assert set(done.member_session.roles) == roles
        (factor,) = done.member_session.authentication_factors
        assert factor.delivery_method == "sso_oidc"
        assert factor.oidc_sso_factor.provider_id == connection_id
        assert factor.oidc_sso_factor.external_id == person.subject

        told = product.claims_of(done.session_jwt)
        assert told.organization_id == organization_id
        assert set(told.roles) == roles
        assert told.custom_claims == {"department": person.department}

        (held,) = product.api.organizations.members.oidc_providers(
            organization_id=organization_id, member_id=member.member_id
        ).registrations
        assert held.connection_id == connection_id
        assert held.provider_subject == person.subject
        assert set(held.scopes) == set(SCOPES.split())
        # What we know of the e-mail address came by UserInfo and by nothing else.
        assert "email" not in claims_in(held.id_token)


@pytest.mark.parametrize(
    "metadata",
    [
        {"token_endpoint_auth_method": "client_secret_post"},
        {"id_token_signed_response_alg": "ES256"},
        {"id_token_signed_response_alg": "PS256"},
        {"userinfo_signed_response_alg": "RS256"},
    ],
    ids=lambda metadata: "-".join(metadata.values()) + "-" + next(iter(metadata))[:8],
)
def test_what_a_client_may_agree_on_is_understood(
    product: Product, oidc_provider: OidcProvider, browser: httpx2.Client, metadata: dict[str, str]
) -> None:
    doors = open_doors(product, oidc_provider, **metadata)
    for organization_id, connection_id, _ in doors.both():
        done = arrive(product, oidc_provider, browser, connection_id)
        assert done.organization_id == organization_id
        assert done.member.email_address == ADA.email


def test_a_change_at_the_provider_is_in_the_next_session_jwt(
    product: Product, browser: httpx2.Client, tmp_path: Path
) -> None:
    with run_oidc_provider(tmp_path) as provider:
        doors = open_doors(product, provider)
        before = arrive(product, provider, browser, doors.external_id)
        assert product.claims_of(before.session_jwt).custom_claims == {"department": "Research"}
        provider.change_person("ada", groups=["support"], department="Field work")
        after = arrive(product, provider, browser, doors.external_id)
    assert after.member.member_id == before.member.member_id
    assert after.member.trusted_metadata == {"department": "Field work"}
    assert set(after.member_session.roles) == {"stytch_member", "viewer"}
    # The older session is told too, the next time its JWT is made.
    again = product.api.sessions.authenticate(session_token=before.session_token)
    told = product.claims_of(again.session_jwt)
    assert told.custom_claims == {"department": "Field work"}
    assert set(told.roles) == {"stytch_member", "viewer"}


def test_scopes_of_the_connection_and_of_the_sign_in_are_joined(
    product: Product, oidc_provider: OidcProvider, browser: httpx2.Client
) -> None:
    doors = open_doors(product, oidc_provider, custom_scopes="email profile")
    url = product.start(browser, doors.external_id, custom_scopes="groups email")
    assert parse_qs(urlsplit(url).query)["scope"] == ["openid email profile groups"]
    done = arrive(product, oidc_provider, browser, doors.external_id)
    assert set(done.member_session.roles) == {"stytch_member", "viewer"}
    done = arrive(product, oidc_provider, browser, doors.external_id, custom_scopes="groups")
    assert set(done.member_session.roles) == {"stytch_member", "viewer", "lab-lead"}


def test_a_login_hint_reaches_the_provider(
    product: Product, oidc_provider: OidcProvider, browser: httpx2.Client
) -> None:
    doors = open_doors(product, oidc_provider)
    for name in ("provider_login_hint", "login_hint"):
        with httpx2.Client(timeout=20) as fresh:
            # Whoever is hinted at is signed in; the person given here plays no part.
            done = arrive(
                product, oidc_provider, fresh, doors.external_id, BEN, **{name: ADA.email}
            )
        assert done.member.email_address == ADA.email


def test_who_is_not_signed_in_is_not_asked_with_prompt_none(
    product: Product, oidc_provider: OidcProvider, browser: httpx2.Client
) -> None:
    doors = open_doors(product, oidc_provider)
    for connection_id in (doors.connection.connection_id, doors.external_id):
        url = product.start(browser, connection_id, provider_prompt="none")
        callback = oidc_provider.sign_in(browser, url)
        assert parse_qs(urlsplit(callback).query)["error"] == ["login_required"]
        page = browser.get(callback, follow_redirects=False, headers={"accept": "text/html"})
        assert page.status_code == 400
        assert "oidc_authorization_failed" in page.text
        assert "login_required" in page.text
        assert "login-trace-test-" in page.text

    # Once signed in, nobody is asked and the door opens.
    arrive(product, oidc_provider, browser, doors.external_id)
    done = arrive(product, oidc_provider, browser, doors.external_id, provider_prompt="none")
    assert done.member.email_address == ADA.email


def test_a_wrong_client_secret_is_refused_in_words(
    product: Product, oidc_provider: OidcProvider, browser: httpx2.Client
) -> None:
    doors = open_doors(product, oidc_provider, secret="not-the-one")
    for accept in ("text/html", "application/json"):
        url = product.start(browser, doors.external_id)
        callback = oidc_provider.sign_in(browser, url)
        refused = browser.get(callback, follow_redirects=False, headers={"accept": accept})
        assert refused.status_code == 400
        assert "oidc_token_refused" in refused.text
        assert "invalid_client" in refused.text
        assert "login-trace-test-" in refused.text
        assert "not-the-one" not in refused.text


def test_an_issuer_that_does_not_answer_is_a_warning(product: Product) -> None:
    owner = product.make_organization("Northwind")
    made = product.api.sso.oidc.create_connection(organization_id=owner).connection
    answer = product.api.sso.oidc.update_connection(
        organization_id=owner,
        connection_id=made.connection_id,
        issuer=product.server.base_url,
        client_id="door",
        client_secret="s" * 40,
    )
    assert answer.warning
    assert answer.connection.status == "pending"
    assert answer.connection.issuer == product.server.base_url


def test_a_callback_is_taken_once_and_from_the_browser_that_asked(
    product: Product, oidc_provider: OidcProvider, browser: httpx2.Client
) -> None:
    doors = open_doors(product, oidc_provider)
    callback = oidc_provider.sign_in(browser, product.start(browser, doors.external_id))
    token_in(browser.get(callback, follow_redirects=False))
    json_please = {"accept": "application/json"}
    again = browser.get(callback, follow_redirects=False, headers=json_please)
    assert again.json()["error_type"] == "unsolicited_oidc_response"

    callback = oidc_provider.sign_in(browser, product.start(browser, doors.external_id))
    stolen = httpx2.get(callback, follow_redirects=False, headers=json_please)
    assert stolen.json()["error_type"] == "missing_oidc_csrf_cookie"


def held_tokens(product: Product, done: Any, **options: Any) -> Any:
    (held,) = product.api.organizations.members.oidc_providers(
        organization_id=done.organization_id, member_id=done.member_id, **options
    ).registrations
    return held


def is_alive(provider: OidcProvider, access_token: str) -> bool:
    bearer = {"authorization": f"Bearer {access_token}"}
    return httpx2.get(f"{provider.issuer}/me", headers=bearer).status_code == 200


def test_tokens_that_last_are_not_renewed(
    product: Product, oidc_provider: OidcProvider, browser: httpx2.Client
) -> None:
    doors = open_doors(product, oidc_provider, custom_scopes=f"{SCOPES} offline_access")
    done = arrive(product, oidc_provider, browser, doors.external_id, provider_prompt="consent")
    first, second = held_tokens(product, done), held_tokens(product, done)
    assert first.access_token == second.access_token
    assert is_alive(oidc_provider, first.access_token)


def test_without_offline_access_there_is_nothing_to_renew_by(
    product: Product, browser: httpx2.Client, tmp_path: Path
) -> None:
    with run_oidc_provider(tmp_path, access_token_ttl=30) as provider:
        doors = open_doors(product, provider)
        done = arrive(product, provider, browser, doors.external_id)
        first = held_tokens(product, done, include_refresh_token=True)
        second = held_tokens(product, done, include_refresh_token=True)
    assert first.refresh_token is None
    assert first.access_token == second.access_token


def test_a_refresh_token_spent_elsewhere_asks_for_a_new_sign_in(
    product: Product, browser: httpx2.Client, tmp_path: Path
) -> None:
    with run_oidc_provider(tmp_path, access_token_ttl=2) as provider:
        doors = open_doors(product, provider, custom_scopes=f"{SCOPES} offline_access")
        done = arrive(product, provider, browser, doors.external_id, provider_prompt="consent")
        held = held_tokens(product, done, include_refresh_token=True)
        spent = httpx2.post(
            f"{provider.issuer}/token",
            data={"grant_type": "refresh_token", "refresh_token": held.refresh_token},
            auth=(doors.connection.client_id, doors.connection.client_secret),
        )
        assert spent.status_code == 200
        # The old access token is handed out for as long as it lasts, and then the truth.
        deadline = time.monotonic() + 20
        with pytest.raises(StytchError) as refused:
            while time.monotonic() < deadline:
                assert held_tokens(product, done).access_token == held.access_token
        assert refused.value.details.error_type == "unable_to_refresh_oidc_token"
        done = arrive(product, provider, browser, doors.external_id, provider_prompt="consent")
        assert is_alive(provider, held_tokens(product, done).access_token)
