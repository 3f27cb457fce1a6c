"""The official Python package of the wire against a live `vestibule dev`.

Every answer goes through the package's own pydantic models: a field that is missing or of another
type would raise there, in the customer's code.
"""

from __future__ import annotations

import base64
import contextlib
import datetime as dt
import hashlib
import itertools
import uuid
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest
import requests
import stytch
from stytch.b2b.models import magic_links_email as link_options
from stytch.b2b.models import organizations as organization_options
from stytch.b2b.models import organizations_members as member_options
from stytch.b2b.models import sessions as session_options
from stytch.b2b.models import sso as sso_options
from stytch.b2b.models import sso_external as external_options
from stytch.b2b.models import sso_oidc as oidc_options
from stytch.b2b.models import sso_saml as saml_options
from stytch.b2b.models.sessions import AuthorizationCheck
from stytch.core.response_base import StytchError
from stytch.shared.method_options import Authorization
from stytch.shared.rbac_local import RBACPermissionError, TenancyError

from peers import certificates
from peers.compatibility import ADA, MAPPING, REDIRECT, read_mail, walk_login
from peers.vestibule_server import Vestibule
from vestibule.web.mock_idp import CLIENT_ID, CLIENT_SECRET, PREFIX

pytestmark = pytest.mark.peer

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Customer:
    """A company with a SAML and an OIDC connection, and a partner that uses both."""

    organization_id: str
    saml_id: str
    oidc_id: str
    partner_id: str
    partner_saml_id: str
    partner_oidc_id: str


@contextlib.contextmanager
def open_client(server: Vestibule, secret: str) -> Iterator[stytch.B2BClient]:
    with requests.Session() as session:
        with warnings.catch_warnings():
            # The package still makes an aiohttp.BasicAuth, which aiohttp calls deprecated.
            warnings.simplefilter("ignore", DeprecationWarning)
            made = stytch.B2BClient(
                project_id=server.project_id,
                secret=secret,
                environment=server.base_url,
                sync_session=session,
            )
        yield made


@pytest.fixture(scope="module")
def client(vestibule_dev: Vestibule) -> Iterator[stytch.B2BClient]:
    with open_client(vestibule_dev, vestibule_dev.secret) as opened:
        yield opened


@pytest.fixture(scope="module")
def customer(client: stytch.B2BClient, vestibule_dev: Vestibule) -> Customer:
    """Set up through the package alone, as its users do."""
    owner = new_organization(client, "owner")
    partner = new_organization(client, "partner")
    idp = f"{vestibule_dev.base_url}{PREFIX}"

    made = client.sso.saml.create_connection(owner, display_name="Ours").connection
    assert made is not None
    client.sso.saml.update_by_url(owner, made.connection_id, f"{idp}/saml/metadata")
    saml = client.sso.saml.update_connection(
        owner,
        made.connection_id,
        attribute_mapping=MAPPING,
        saml_connection_implicit_role_assignments=[{"role_id": "viewer"}],
        saml_group_implicit_role_assignments=[{"role_id": "editor", "group": "engineering"}],
    ).connection
    assert saml is not None
    assert saml.status == "active"

    started = client.sso.oidc.create_connection(owner, display_name="Ours too").connection
    assert started is not None
    changed = client.sso.oidc.update_connection(
        owner,
        started.connection_id,
        client_id=CLIENT_ID,
        client_secret=CLIENT_SECRET,
        issuer=f"{idp}/oidc",
        attribute_mapping={**MAPPING, "email": "email"},
    )
    oidc = changed.connection
    assert oidc is not None
    assert changed.warning == ""
    assert oidc.status == "active"
    assert oidc.token_url == f"{idp}/oidc/token"

    externals = []
    for source in (saml.connection_id, oidc.connection_id):
        external = client.sso.external.create_connection(
            partner,
            external_organization_id=owner,
            external_connection_id=source,
            display_name="Through the owner",
            connection_implicit_role_assignments=[{"role_id": "viewer"}],
            group_implicit_role_assignments=[{"role_id": "lab-lead", "group": "engineering"}],
        ).connection
        assert external is not None
        externals.append(external.connection_id)
    return Customer(owner, saml.connection_id, oidc.connection_id, partner, *externals)


def new_organization(client: stytch.B2BClient, name: str, **fields: Any) -> str:
    slug = f"client-{name}-{next(_numbers)}"
    made = client.organizations.create(f"Client {name}", organization_slug=slug, **fields)
    return made.organization.organization_id


def sign_in(client: stytch.B2BClient, server: Vestibule, connection_id: str, **more: Any) -> Any:
    return client.sso.authenticate(walk_login(server, connection_id), **more)


def refused(caught: pytest.ExceptionInfo[StytchError], status: int, error_type: str) -> None:
    """The error object, field by field as the package reads it."""
    details = caught.value.details
    assert (details.status_code, details.error_type) == (status, error_type), details
    assert details.request_id.startswith("request-id-test-")
    assert details.error_message
    assert details.error_url is not None
    assert details.error_url.endswith(f"/docs/errors/{status}#{error_type}")
    assert details.is_client_error


# --- the three logins ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("door", "delivery", "roles"),
    [
        ("saml_id", "sso_saml", ["editor", "stytch_member", "viewer"]),
        ("oidc_id", "sso_oidc", ["stytch_member"]),
        ("partner_saml_id", "sso_saml", ["lab-lead", "stytch_member", "viewer"]),
        ("partner_oidc_id", "sso_oidc", ["lab-lead", "stytch_member", "viewer"]),
    ],
)
def test_a_login_becomes_a_session(
    client: stytch.B2BClient,
    vestibule_dev: Vestibule,
    customer: Customer,
    door: str,
    delivery: str,
    roles: list[str],
) -> None:
    connection_id = getattr(customer, door)
    entered = customer.partner_id if door.startswith("partner") else customer.organization_id
    done = sign_in(client, vestibule_dev, connection_id, session_duration_minutes=30)
    assert (done.status_code, done.is_success) == (200, True)
    assert done.member_authenticated
    assert not done.reset_session
    assert done.intermediate_session_token == ""
    assert (done.mfa_required, done.primary_required, done.member_device) == (None, None, None)
    assert done.organization_id == entered == done.organization.organization_id
    assert done.member.email_address == ADA
    assert done.member.email_address_verified
    assert done.member.status == "active"
    assert done.member.name == "Ada Lovelace"
    assert (done.member.trusted_metadata or {})["department"] == "Research"
    registration = next(
        r for r in done.member.sso_registrations if r.connection_id == connection_id
    )
    assert registration.external_id == (ADA if delivery == "sso_saml" else "1001")
    assert (registration.sso_attributes or {})["groups"] == ["engineering", "leads"]
    session = done.member_session
    assert session is not None
    assert session.roles == roles
    assert session.organization_slug == done.organization.organization_slug
    lived = session.expires_at - session.started_at
    assert lived == dt.timedelta(minutes=30)
    factor = session.authentication_factors[0]
    assert (factor.type.value, factor.delivery_method.value) == ("sso", delivery)
    detail = factor.saml_sso_factor or factor.oidc_sso_factor
    assert detail is not None
    assert detail.provider_id == connection_id
    assert detail.id == registration.registration_id


def test_a_token_works_once(
    client: stytch.B2BClient, vestibule_dev: Vestibule, customer: Customer
) -> None:
    token = walk_login(vestibule_dev, customer.saml_id)
    client.sso.authenticate(token)
    with pytest.raises(StytchError) as caught:
        client.sso.authenticate(token)
    refused(caught, 404, "sso_token_not_found")


# --- sessions -----------------------------------------------------------------------------------


def test_a_session_from_authenticate_to_revoke(
    client: stytch.B2BClient, vestibule_dev: Vestibule, customer: Customer
) -> None:
    done = sign_in(client, vestibule_dev, customer.saml_id, session_custom_claims={"plan": "gold"})
    session_id = done.member_session.member_session_id
    again = client.sessions.authenticate(session_token=done.session_token)
    assert again.member_session.member_session_id == session_id
    assert again.session_token == done.session_token
    assert again.verdict is None
    assert (again.member_session.custom_claims or {})["plan"] == "gold"
    by_jwt = client.sessions.authenticate(
        session_jwt=again.session_jwt,
        session_duration_minutes=120,
        authorization_check={
            "organization_id": customer.organization_id,
            "resource_id": "documents",
            "action": "write",
        },
    )
    assert by_jwt.verdict is not None
    assert by_jwt.verdict.authorized
    assert by_jwt.verdict.granting_roles == ["editor"]
    assert by_jwt.member_session.expires_at > again.member_session.expires_at
    with pytest.raises(StytchError) as caught:
        client.sessions.authenticate(
            session_token=done.session_token,
            authorization_check={
                "organization_id": customer.organization_id,
                "resource_id": "documents",
                "action": "publish",
            },
        )
    refused(caught, 403, "session_authorization_error")
    listed = client.sessions.get(customer.organization_id, done.member_id)
    assert session_id in {s.member_session_id for s in listed.member_sessions}
    client.sessions.revoke(member_session_id=session_id)
    with pytest.raises(StytchError) as caught:
        client.sessions.authenticate(session_token=done.session_token)
    refused(caught, 404, "session_not_found")
    with pytest.raises(StytchError) as caught:
        client.sessions.authenticate()
    refused(caught, 400, "no_session_arguments")


def test_a_session_is_exchanged_where_an_external_connection_allows_it(
    client: stytch.B2BClient, vestibule_dev: Vestibule, customer: Customer
) -> None:
    sign_in(client, vestibule_dev, customer.partner_saml_id)
    done = sign_in(client, vestibule_dev, customer.saml_id)
    there = client.sessions.exchange(customer.partner_id, session_token=done.session_token)
    assert there.member_authenticated
    assert there.organization.organization_id == customer.partner_id
    assert there.member_session is not None
    assert there.member_session.expires_at <= done.member_session.expires_at
    back = client.sessions.exchange(customer.organization_id, session_token=there.session_token)
    assert not back.member_authenticated
    assert back.session_token == ""
    assert back.member_session is None
    assert back.primary_required is not None
    assert "sso" in back.primary_required.allowed_auth_methods
    assert back.intermediate_session_token
    resumed = sign_in(
        client,
        vestibule_dev,
        customer.saml_id,
        intermediate_session_token=back.intermediate_session_token,
    )
    assert resumed.member_authenticated


def test_jwts_are_verified_locally(
    client: stytch.B2BClient, vestibule_dev: Vestibule, customer: Customer
) -> None:
    keys = client.sessions.get_jwks(vestibule_dev.project_id).keys
    assert {key.alg for key in keys} == {"RS256"}
    assert {key.use for key in keys} == {"sig"}
    done = sign_in(client, vestibule_dev, customer.saml_id)
    local = client.sessions.authenticate_jwt_local(done.session_jwt)
    assert local is not None
    assert local.member_session_id == done.member_session.member_session_id
    assert local.member_id == done.member_id
    assert local.organization_id == customer.organization_id
    assert local.roles == done.member_session.roles
    assert local.expires_at == done.member_session.expires_at
    assert (local.custom_claims or {})["department"] == "Research"
    answer = client.sessions.authenticate_jwt(done.session_jwt)
    assert answer.session_jwt == done.session_jwt
    # Too old for the caller: asked of the server, which hands out a fresh one.
    forced = client.sessions.authenticate_jwt(done.session_jwt, max_token_age_seconds=0)
    assert forced.member_session.member_session_id == local.member_session_id
    # Verification needs no server: a revoked session's JWT stands until it expires.
    client.sessions.revoke(session_jwt=done.session_jwt)
    assert client.sessions.authenticate_jwt_local(done.session_jwt) is not None


def test_rights_are_checked_locally(
    client: stytch.B2BClient, vestibule_dev: Vestibule, customer: Customer
) -> None:
    jwt = sign_in(client, vestibule_dev, customer.saml_id).session_jwt

    def check(organization_id: str, action: str) -> Any:
        asked = AuthorizationCheck(
            organization_id=organization_id, resource_id="documents", action=action
        )
        return client.sessions.authenticate_jwt_local(jwt, authorization_check=asked)

    assert check(customer.organization_id, "write") is not None
    with pytest.raises(RBACPermissionError):
        check(customer.organization_id, "publish")
    with pytest.raises(TenancyError):
        check(customer.partner_id, "write")


# --- organizations ------------------------------------------------------------------------------


def test_organizations(client: stytch.B2BClient) -> None:
    number = next(_numbers)
    made = client.organizations.create(
        "Client Büro",
        organization_slug=f"client-buero-{number}",
        organization_external_id=f"ext|{number}",
        trusted_metadata={"tier": 1},
        email_allowed_domains=["buero.example"],
        email_invites="RESTRICTED",
        rbac_email_implicit_role_assignments=[{"domain": "buero.example", "role_id": "viewer"}],
    ).organization
    assert made.organization_id.startswith("organization-test-")
    assert made.trusted_metadata == {"tier": 1}
    for name in (made.organization_id, made.organization_slug, f"ext|{number}"):
        assert client.organizations.get(name).organization.organization_id == made.organization_id
    changed = client.organizations.update(
        made.organization_id, organization_name="Client Office", trusted_metadata={"region": "eu"}
    ).organization
    assert changed.organization_name == "Client Office"
    assert changed.organization_slug == made.organization_slug
    assert changed.trusted_metadata == {"tier": 1, "region": "eu"}
    client.organizations.members.create(made.organization_id, "a@buero.example")
    assert client.organizations.metrics(made.organization_id).member_count == 1
    assert (
        client.organizations.delete_external_id(
            made.organization_id
        ).organization.organization_external_id
        is None
    )
    found = client.organizations.search(
        limit=1,
        query={
            "operator": "AND",
            "operands": [
                {"filter_name": "organization_slugs", "filter_value": [made.organization_slug]},
                {"filter_name": "allowed_domains", "filter_value": ["buero.example"]},
                {"filter_name": "has_active_sso_connection", "filter_value": False},
            ],
        },
    )
    assert found.results_metadata.total == 1
    assert found.results_metadata.next_cursor is None
    assert found.organizations[0].organization_id == made.organization_id
    gone = client.organizations.delete(made.organization_id)
    assert gone.organization_id == made.organization_id
    with pytest.raises(StytchError) as caught:
        client.organizations.get(made.organization_id)
    refused(caught, 404, "organization_not_found")
    with pytest.raises(StytchError) as caught:
        client.organizations.create("x", organization_slug="has space")
    refused(caught, 400, "invalid_organization_slug")


def test_pages_follow_one_another(client: stytch.B2BClient) -> None:
    ids = {new_organization(client, "page") for _ in range(3)}
    query = {
        "operator": "AND",
        "operands": [{"filter_name": "organization_ids", "filter_value": sorted(ids)}],
    }
    first = client.organizations.search(limit=2, query=query)
    second = client.organizations.search(
        limit=2, query=query, cursor=first.results_metadata.next_cursor
    )
    assert first.results_metadata.total == second.results_metadata.total == 3
    assert second.results_metadata.next_cursor is None
    assert {o.organization_id for o in (*first.organizations, *second.organizations)} == ids


# --- members ------------------------------------------------------------------------------------


def test_members(client: stytch.B2BClient) -> None:
    owner = new_organization(client, "members")
    members = client.organizations.members
    made = members.create(
        owner,
        "First@Example.com",
        name="First",
        roles=["editor"],
        external_id="crm|1",
        untrusted_metadata={"theme": "dark"},
        mfa_phone_number="+15005550006",
    )
    member_id = made.member_id
    assert made.organization.organization_id == owner
    assert [role.role_id for role in made.member.roles] == ["stytch_member", "editor"]
    assert made.member.roles[1].sources[0].type == "direct_assignment"
    assert members.get(owner, member_id=member_id).member.name == "First"
    assert members.get(owner, member_id="crm|1").member_id == member_id
    assert members.get(owner, email_address="first@example.com").member_id == member_id
    with pytest.raises(StytchError) as caught:
        members.create(owner, "FIRST@example.com")
    refused(caught, 400, "duplicate_member_email")
    changed = members.update(
        owner,
        member_id,
        name="Second",
        email_address="second@example.com",
        trusted_metadata={"level": 2},
        roles=["viewer"],
        preserve_existing_sessions=True,
    ).member
    assert changed.email_address == "second@example.com"
    retired = changed.retired_email_addresses[0]
    assert retired.email_address.lower() == "first@example.com"
    unlinked = members.unlink_retired_email(owner, member_id, email_id=retired.email_id)
    assert unlinked.organization_id == owner
    assert unlinked.member.retired_email_addresses == []
    assert members.delete_mfa_phone_number(owner, member_id).member.mfa_phone_number == ""
    assert members.delete_totp(owner, member_id).member.totp_registration_id == ""
    assert members.delete_external_id(owner, member_id).member.external_id is None
    found = members.search(
        [owner],
        query={
            "operator": "AND",
            "operands": [{"filter_name": "member_roles", "filter_value": ["viewer"]}],
        },
    )
    assert [m.member_id for m in found.members] == [member_id]
    assert list(found.organizations) == [owner]
    assert members.oidc_providers(owner, member_id).registrations == []
    assert members.dangerously_get(member_id).member_id == member_id
    assert members.delete(owner, member_id).member_id == member_id
    with pytest.raises(StytchError) as caught:
        members.dangerously_get(member_id)
    refused(caught, 404, "member_not_found")
    # The package writes the flag as `True`.
    seen = members.dangerously_get(member_id, include_deleted=True)
    assert seen.member.status == "deleted"


def test_a_member_with_a_verified_address_comes_back(
    client: stytch.B2BClient, vestibule_dev: Vestibule, customer: Customer
) -> None:
    partner = new_organization(client, "back")
    made = client.sso.external.create_connection(
        partner,
        external_organization_id=customer.organization_id,
        external_connection_id=customer.saml_id,
    ).connection
    assert made is not None
    member_id = sign_in(client, vestibule_dev, made.connection_id).member_id
    client.organizations.members.delete(partner, member_id)
    again = client.organizations.members.reactivate(partner, member_id)
    assert again.member.status == "active"


def test_tokens_of_the_identity_provider(
    client: stytch.B2BClient, vestibule_dev: Vestibule, customer: Customer
) -> None:
    done = sign_in(client, vestibule_dev, customer.oidc_id)
    held = client.organizations.members.oidc_providers(
        customer.organization_id, done.member_id, include_refresh_token=True
    ).registrations
    assert [r.connection_id for r in held] == [customer.oidc_id]
    assert held[0].provider_subject == "1001"
    assert held[0].access_token
    assert held[0].access_token_expires_in > 0


@pytest.mark.parametrize("door", ["oidc_id", "partner_oidc_id"])
def test_an_access_token_that_has_ended_is_another_one_when_it_is_read(
    client: stytch.B2BClient, vestibule_dev: Vestibule, customer: Customer, door: str
) -> None:
    organization_id = customer.partner_id if "partner" in door else customer.organization_id
    token = walk_login(
        vestibule_dev,
        getattr(customer, door),
        custom_scopes="offline_access",
        provider_token_lifetime="6",
    )
    done = client.sso.authenticate(token)

    def read() -> Any:
        found = client.organizations.members.oidc_providers(
            organization_id, done.member_id, include_refresh_token=True
        ).registrations
        return next(r for r in found if r.connection_id == getattr(customer, door))

    first = read()
    assert first.scopes == ["openid", "email", "profile", "offline_access"]
    latest, deadline = first, dt.datetime.now(dt.UTC) + dt.timedelta(seconds=30)
    while latest.access_token == first.access_token and dt.datetime.now(dt.UTC) < deadline:
        latest = read()
        # Never one that has ended already.
        assert latest.access_token_expires_in > 0 or latest.access_token != first.access_token
    assert latest.access_token != first.access_token
    assert latest.refresh_token != first.refresh_token
    answer = httpx2.get(
        f"{vestibule_dev.base_url}{PREFIX}/oidc/userinfo",
        headers={"authorization": f"Bearer {latest.access_token}"},
    )
    assert answer.json()["email"] == ADA


def test_a_claim_of_the_provider_becomes_a_claim_of_the_jwt(
    client: stytch.B2BClient, vestibule_dev: Vestibule, customer: Customer
) -> None:
    """The whole chain: claim, mapping, trusted_metadata, template, JWT; and each link changes what
    comes out of it."""
    path = (
        f"{vestibule_dev.base_url}/pwa/v3/projects/{vestibule_dev.project_slug}"
        f"/environments/{vestibule_dev.environment_slug}/jwt_templates/SESSION"
    )
    key = (vestibule_dev.workspace_key_id, vestibule_dev.workspace_key_secret)
    before = httpx2.get(path, auth=key).json()["jwt_template"]["template_content"]
    template = """{
      "department": {{ member.trusted_metadata.department }},
      "unit": "{{ member.trusted_metadata.unit }}",
      "where": "{{ member.trusted_metadata.first_group }}@{{ organization.organization_slug }}"
    }"""
    put = httpx2.put(path, auth=key, json={"jwt_template": {"template_content": template}})
    assert put.status_code == 200, put.text
    mapping = {
        **MAPPING,
        "email": "email",
        "unit": '= unit, department default "none" | lower | all',
        "first_group": "groups.0",
    }
    try:
        client.sso.oidc.update_connection(
            customer.organization_id, customer.oidc_id, attribute_mapping=mapping
        )
        for door in (customer.oidc_id, customer.partner_oidc_id):
            done = sign_in(client, vestibule_dev, door)
            metadata = done.member.trusted_metadata or {}
            assert metadata["unit"] == ["research"]
            local = client.sessions.authenticate_jwt_local(done.session_jwt)
            assert local is not None
            claims = local.custom_claims or {}
            assert claims["department"] == "Research"
            assert claims["unit"] == ["research"]
            assert claims["where"] == f"engineering@{done.organization.organization_slug}"
    finally:
        httpx2.put(path, auth=key, json={"jwt_template": {"template_content": before}})
        client.sso.oidc.update_connection(
            customer.organization_id,
            customer.oidc_id,
            attribute_mapping={**MAPPING, "email": "email"},
        )
    again = client.sessions.authenticate(session_token=done.session_token)
    local = client.sessions.authenticate_jwt_local(again.session_jwt)
    assert local is not None
    assert "unit" not in (local.custom_claims or {})


# --- connections --------------------------------------------------------------------------------


def test_saml_connections(client: stytch.B2BClient) -> None:
    owner = new_organization(client, "saml")
    made = client.sso.saml.create_connection(
        owner, display_name="Okta", identity_provider="okta"
    ).connection
    assert made is not None
    assert (made.status, made.identity_provider) == ("pending", "okta")
    assert made.acs_url == made.audience_uri
    assert len(made.signing_certificates) == 1
    first, second = (certificates.make_key_pair(name).certificate_pem for name in ("one", "two"))
    changed = client.sso.saml.update_connection(
        owner,
        made.connection_id,
        idp_entity_id="https://idp.example/entity",
        idp_sso_url="https://idp.example/sso",
        attribute_mapping=MAPPING,
        x509_certificate=first,
        idp_initiated_auth_disabled=True,
    ).connection
    assert changed is not None
    assert changed.status == "active"
    assert changed.idp_initiated_auth_disabled
    more = client.sso.saml.update_connection(
        owner, made.connection_id, x509_certificate=second
    ).connection
    assert more is not None
    ids = [c.certificate_id for c in more.verification_certificates]
    gone = client.sso.saml.delete_verification_certificate(owner, made.connection_id, ids[0])
    assert gone.certificate_id == ids[0]
    with pytest.raises(StytchError) as caught:
        client.sso.saml.delete_verification_certificate(owner, made.connection_id, ids[1])
    refused(caught, 400, "cannot_delete_last_sso_verification_key")
    with pytest.raises(StytchError) as caught:
        client.sso.saml.delete_encryption_private_key(owner, made.connection_id, "none")
    refused(caught, 404, "sso_encryption_private_key_not_found")
    with pytest.raises(StytchError) as caught:
        client.sso.saml.create_connection(owner, identity_provider="unheard-of")
    refused(caught, 400, "invalid_sso_idp")
    deleted = client.sso.delete_connection(owner, made.connection_id)
    assert deleted.connection_id == made.connection_id
    assert client.sso.get_connections(owner).saml_connections == []


def test_oidc_connections(client: stytch.B2BClient) -> None:
    owner = new_organization(client, "oidc")
    made = client.sso.oidc.create_connection(owner, identity_provider="okta").connection
    assert made is not None
    # The host is on this machine and closed: the change is made all the same.
    changed = client.sso.oidc.update_connection(
        owner,
        made.connection_id,
        issuer="http://127.0.0.1:9",
        client_id="id",
        client_secret="secret",
        custom_scopes="openid groups",
    )
    assert changed.connection is not None
    assert changed.warning
    assert changed.connection.status == "pending"
    assert changed.connection.client_secret == "secret"
    with pytest.raises(StytchError) as caught:
        client.sso.oidc.update_connection(owner, made.connection_id, custom_scopes='"quoted"')
    refused(caught, 400, "bad_request")
    client.sso.delete_connection(owner, made.connection_id)
    assert client.sso.get_connections(owner).oidc_connections == []


def test_external_connections(client: stytch.B2BClient, customer: Customer) -> None:
    partner = new_organization(client, "external")
    made = client.sso.external.create_connection(
        partner,
        external_organization_id=customer.organization_id,
        external_connection_id=customer.saml_id,
    ).connection
    assert made is not None
    assert made.status == "active"
    with pytest.raises(StytchError) as caught:
        client.sso.external.create_connection(
            partner,
            external_organization_id=customer.organization_id,
            external_connection_id=customer.saml_id,
        )
    refused(caught, 400, "duplicate_external_sso_connection")
    changed = client.sso.external.update_connection(
        partner,
        made.connection_id,
        display_name="Renamed",
        external_connection_implicit_role_assignments=[{"role_id": "viewer"}],
        external_group_implicit_role_assignments=[{"role_id": "editor", "group": "leads"}],
    ).connection
    assert changed is not None
    assert changed.display_name == "Renamed"
    assert changed.external_group_implicit_role_assignments[0].group == "leads"
    listed = client.sso.get_connections(partner)
    assert [c.connection_id for c in listed.external_connections] == [made.connection_id]
    active = client.organizations.get(partner).organization.sso_active_connections
    assert [c.connection_id for c in active] == [made.connection_id]
    client.sso.delete_connection(partner, made.connection_id)
    with pytest.raises(StytchError) as caught:
        client.sso.delete_connection(partner, made.connection_id)
    refused(caught, 404, "sso_connection_not_found")


# --- roles --------------------------------------------------------------------------------------


def test_policies(client: stytch.B2BClient) -> None:
    policy = client.rbac.policy().policy
    assert policy is not None
    assert {"stytch_member", "stytch_admin", "editor"} <= {role.role_id for role in policy.roles}
    owner = new_organization(client, "policy")
    assert client.rbac.organizations.get_org_policy(owner).org_policy.roles == []
    role = {
        "role_id": "own-role",
        "description": "Ours alone",
        "permissions": [{"resource_id": "documents", "actions": ["publish"]}],
    }
    kept = client.rbac.organizations.set_org_policy(owner, {"roles": [role]})
    assert [r.role_id for r in kept.org_policy.roles] == ["own-role"]
    shown = client.organizations.get(owner).organization.custom_roles
    assert [r.role_id for r in shown] == ["own-role"]
    with pytest.raises(StytchError) as caught:
        client.rbac.organizations.set_org_policy(owner, {"roles": [{**role, "role_id": "editor"}]})
    refused(caught, 400, "invalid_rbac_role_id")


# --- on behalf of a member ----------------------------------------------------------------------


def test_links_by_mail(client: stytch.B2BClient, vestibule_dev: Vestibule) -> None:
    owner = new_organization(
        client,
        "mail",
        email_jit_provisioning="RESTRICTED",
        email_invites="RESTRICTED",
        email_allowed_domains=["mail.example"],
    )
    links, address = client.magic_links, f"ada-{uuid.uuid4().hex[:8]}@mail.example"
    verifier = "v" * 64
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest())
    sent = links.email.login_or_signup(
        owner,
        address,
        login_redirect_url=REDIRECT,
        signup_redirect_url=REDIRECT,
        pkce_code_challenge=challenge.decode().rstrip("="),
        locale="pt-br",
        signup_expiration_minutes=5,
    )
    assert (sent.member_created, sent.member.status) == (True, "pending")
    token = read_mail(vestibule_dev, address, "multi_tenant_magic_links")
    with pytest.raises(StytchError) as caught:
        links.authenticate(token)
    refused(caught, 400, "pkce_expected_code_verifier")
    done = links.authenticate(
        token, pkce_code_verifier=verifier, session_duration_minutes=30, locale="pt-br"
    )
    assert done.member_authenticated
    assert done.member.status == "active"
    assert done.member_session is not None
    factor = done.member_session.authentication_factors[0]
    assert (factor.type, factor.delivery_method) == ("magic_link", "email")
    assert factor.email_factor is not None
    assert factor.email_factor.email_id == done.method_id
    with pytest.raises(StytchError) as caught:
        links.authenticate(token, pkce_code_verifier=verifier)
    refused(caught, 404, "magic_link_not_found")

    # On behalf of a member it takes the right to create members.
    guest = f"guest-{address}"
    mine = link_options.InviteRequestOptions(
        authorization=Authorization(session_token=done.session_token)
    )
    with pytest.raises(StytchError) as caught:
        links.email.invite(owner, guest, method_options=mine)
    refused(caught, 403, "session_authorization_error")
    client.organizations.members.update(owner, done.member_id, roles=["stytch_admin"])
    invited = links.email.invite(
        owner, guest, invite_redirect_url=REDIRECT, roles=["viewer"], method_options=mine
    )
    assert invited.member.status == "invited"
    came = links.authenticate(read_mail(vestibule_dev, guest, "multi_tenant_magic_links"))
    assert came.member_session is not None
    assert came.member_session.roles == ["stytch_member", "viewer"]


def test_discovery(client: stytch.B2BClient, vestibule_dev: Vestibule) -> None:
    domain = f"{uuid.uuid4().hex[:8]}.example"

    def prove(name: str) -> str:
        address = f"{name}@{domain}"
        client.magic_links.email.discovery.send(address, discovery_redirect_url=REDIRECT)
        token = read_mail(vestibule_dev, address, "discovery")
        proven = client.magic_links.discovery.authenticate(token)
        assert proven.email_address == address
        assert proven.intermediate_session_token_expires_at is not None
        return proven.intermediate_session_token

    made = client.discovery.organizations.create(
        prove("founder"),
        organization_name="Founded",
        email_jit_provisioning="RESTRICTED",
        email_allowed_domains=[domain],
        session_duration_minutes=60,
    )
    assert made.member_authenticated
    assert made.member.is_admin
    assert made.organization is not None
    proof = prove("second")
    found = client.discovery.organizations.list(intermediate_session_token=proof)
    (one,) = found.discovered_organizations
    assert one.membership is not None
    assert one.membership.type == "eligible_to_join_by_email_domain"
    assert one.membership.details == {"domain": domain}
    entered = made.organization.organization_id
    came = client.discovery.intermediate_sessions.exchange(proof, entered)
    assert came.member_authenticated
    assert came.member.email_address == f"second@{domain}"
    with pytest.raises(StytchError) as caught:
        client.discovery.intermediate_sessions.exchange(proof, entered)
    refused(caught, 404, "intermediate_session_not_found")
    mine = client.discovery.organizations.list(session_jwt=came.session_jwt)
    assert [o.membership.type for o in mine.discovered_organizations if o.membership] == [
        "active_member"
    ]


def test_calls_on_behalf_of_a_member(
    client: stytch.B2BClient, vestibule_dev: Vestibule, customer: Customer
) -> None:
    """The headers of `method_options`: refused without the right, done with it."""
    owner = customer.organization_id
    done = sign_in(client, vestibule_dev, customer.oidc_id)
    by_token = Authorization(session_token=done.session_token)
    by_both = Authorization(session_token=done.session_token, session_jwt=done.session_jwt)
    calls = {
        "organizations.update": lambda who: client.organizations.update(
            owner,
            organization_name="Renamed by a member",
            method_options=organization_options.UpdateRequestOptions(authorization=who),
        ),
        "members.search": lambda who: client.organizations.members.search(
            [owner], method_options=member_options.SearchRequestOptions(authorization=who)
        ),
        "members.create": lambda who: client.organizations.members.create(
            owner,
            f"made-{next(_numbers)}@example.com",
            method_options=member_options.CreateRequestOptions(authorization=who),
        ),
        "sso.get_connections": lambda who: client.sso.get_connections(
            owner, method_options=sso_options.GetConnectionsRequestOptions(authorization=who)
        ),
        "sso.saml.create": lambda who: client.sso.saml.create_connection(
            owner, method_options=saml_options.CreateConnectionRequestOptions(authorization=who)
        ),
        "sso.oidc.create": lambda who: client.sso.oidc.create_connection(
            owner, method_options=oidc_options.CreateConnectionRequestOptions(authorization=who)
        ),
    }
    for call in calls.values():
        for who in (by_token, by_both):
            with pytest.raises(StytchError) as caught:
                call(who)
            refused(caught, 403, "session_authorization_error")
    client.organizations.members.update(owner, done.member_id, roles=["stytch_admin"])
    for call in calls.values():
        for who in (by_token, by_both):
            assert call(who).is_success
    with pytest.raises(StytchError) as caught:
        client.sso.external.create_connection(
            customer.partner_id,
            external_organization_id=owner,
            external_connection_id=customer.oidc_id,
            method_options=external_options.CreateConnectionRequestOptions(authorization=by_token),
        )
    refused(caught, 403, "session_authorization_tenancy_error")
    with pytest.raises(StytchError) as caught:
        client.organizations.update(
            owner,
            trusted_metadata={"x": 1},
            method_options=organization_options.UpdateRequestOptions(authorization=by_token),
        )
    refused(caught, 401, "cannot_update_trusted_metadata")
    client.organizations.members.update(owner, done.member_id, roles=[])
    client.sessions.revoke(
        session_token=done.session_token,
        method_options=session_options.RevokeRequestOptions(authorization=by_token),
    )
    with pytest.raises(StytchError) as caught:
        calls["members.search"](by_token)
    refused(caught, 404, "session_not_found")


def test_wrong_credentials(vestibule_dev: Vestibule) -> None:
    with open_client(vestibule_dev, "secret-test-wrong") as stranger:
        with pytest.raises(StytchError) as caught:
            stranger.organizations.get("northwind")
        refused(caught, 401, "unauthorized_credentials")
