"""Nouns with every field filled, so that a round trip that forgets one is seen."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from vestibule.domain.connections import (
    EncryptionKey,
    ExternalConnection,
    OidcConnection,
    SamlConnection,
    SigningKeyPair,
    StoredCertificate,
)
from vestibule.domain.idp_metadata import IdpMetadata, Offer
from vestibule.domain.idp_tokens import IdpTokens
from vestibule.domain.ids import token_hash
from vestibule.domain.logins import LoginAttempt, LoginTrace, SsoToken, TraceStep
from vestibule.domain.members import Member, Registration, RetiredEmail
from vestibule.domain.organizations import EmailRole, Organization, OrganizationSettings
from vestibule.domain.projects import Project, ProjectSettings, RedirectUrl
from vestibule.domain.rbac import GroupRole, Permission, Resource, Role, RoleRules, build_policy
from vestibule.domain.sessions import Factor, IntermediateSession, Session
from vestibule.storage import Store
from vestibule.storage.audit import AuditEvent
from vestibule.storage.keys import StoredSigningKey

NOW = datetime(2026, 11, 24, 12, 0, 0, 123457, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
PROJECT = "project-test-1"
ODD = 'quote " bracket ] back\\slash é 日本 \U0001f600 % _ / \x01'
SECRETS = ("PRIVATE-signing", "PRIVATE-encryption", "CLIENT-secret", "SESSION-token",
           "ACCESS-token", "REFRESH-token", "ID-token", "CODE-verifier", "NONCE-value",
           "PRIVATE-jwt")  # fmt: skip


def fresh(kind: str) -> str:
    return f"{kind}-test-{uuid.uuid4()}"


def project(project_id: str = PROJECT) -> Project:
    return Project(
        project_id,
        "test",
        ODD,
        f"slug-of-{project_id}",
        "test",
        NOW,
        settings=ProjectSettings(
            (RedirectUrl("https://app.example/cb", ("LOGIN", "SIGNUP"), ("LOGIN",)),),
            pkce_required_for_sso=True,
            strict_defaults=True,
            insecure_loopback=True,
            max_session_duration_minutes=77,
        ),
        policy=build_policy(
            custom_roles=[Role("editor", ODD, (Permission("docs", ("write",)),))],
            custom_resources=[Resource("docs", "Documents", ("read", "write"))],
        ),
        jwt_template={"a": ["{{ member.name }}", 1, 2.5, None, True], "b": {"c": ODD}},
    )


def organization(name: str = "Acme", **changes: object) -> Organization:
    value = Organization(
        organization_id=fresh("organization"),
        project_id=PROJECT,
        name=name,
        slug=f"slug-{uuid.uuid4().hex}",
        created_at=NOW,
        updated_at=LATER,
    )
    return replace(value, **changes)  # type: ignore[arg-type]


def full_organization() -> Organization:
    return organization(
        ODD,
        external_id=f"ext|{uuid.uuid4().hex}",
        logo_url="https://acme.example/logo.png",
        trusted_metadata={"deep": {"er": [1, None, ODD]}, "tier": 3},
        settings=OrganizationSettings(
            sso_default_connection_id="saml-connection-test-1",
            sso_jit_provisioning="RESTRICTED",
            sso_jit_provisioning_allowed_connections=("saml-connection-test-1",),
            email_allowed_domains=("acme.example", "acme.test"),
            email_jit_provisioning="RESTRICTED",
            email_invites="RESTRICTED",
            auth_methods="RESTRICTED",
            allowed_auth_methods=("sso", "password"),
            mfa_policy="REQUIRED_FOR_ALL",
            mfa_methods="RESTRICTED",
            allowed_mfa_methods=("totp",),
            rbac_email_implicit_role_assignments=(EmailRole("acme.example", "editor"),),
            oauth_tenant_jit_provisioning="RESTRICTED",
            allowed_oauth_tenants={"slack": ["T1"]},
            claimed_email_domains=("acme.example",),
            first_party_connected_apps_allowed_type="RESTRICTED",
            allowed_first_party_connected_apps=("one",),
            third_party_connected_apps_allowed_type="NOT_ALLOWED",
            allowed_third_party_connected_apps=("three",),
        ),
        custom_roles=(Role("own", ODD, (Permission("docs", ("read",)),)),),
    )


def member(organization_id: str, email: str = "", **changes: object) -> Member:
    value = Member(
        member_id=fresh("member"),
        organization_id=organization_id,
        email_address=email or f"{uuid.uuid4().hex}@acme.example",
        status="active",
        created_at=NOW,
        updated_at=LATER,
    )
    return replace(value, **changes)  # type: ignore[arg-type]


def full_member(organization_id: str) -> Member:
    return member(
        organization_id,
        "Ada.Lovelace@acme.example",
        email_address_verified=True,
        name=ODD,
        external_id="ext|1",
        is_breakglass=True,
        explicit_roles=("editor", ODD),
        trusted_metadata={"a": [1, {"b": ODD}]},
        untrusted_metadata={"c": None, "d": 1.5},
        retired_emails=(RetiredEmail("member-email-test-1", "ada@old.example"),),
        mfa_phone_number="+15005550006",
        mfa_enrolled=True,
        default_mfa_method="sms_otp",
    )


def certificate(name: str = "1") -> StoredCertificate:
    return StoredCertificate(f"certificate-{name}", f"PEM {name}", "CN=idp", NOW, LATER)


RULES = RoleRules(("editor",), (GroupRole("stytch_admin", ODD),))


def saml(organization_id: str, **changes: object) -> SamlConnection:
    value = SamlConnection(
        connection_id=fresh("saml-connection"),
        organization_id=organization_id,
        created_at=NOW,
        updated_at=LATER,
        display_name=ODD,
        identity_provider="okta",
        status="active",
        rules=RULES,
        external_sharing="approval",
        idp_entity_id="https://idp.example",
        idp_sso_url="https://idp.example/sso",
        attribute_mapping={"email": "NameID", "groups": "groups"},
        nameid_format="urn:x",
        alternative_audience_uri="urn:aud",
        alternative_acs_url="https://proxy.example/acs",
        idp_initiated_auth_disabled=True,
        allow_gateway_callback=True,
        sign_requests=False,
        insecure_legacy_encryption=True,
        verification_certificates=(certificate("1"), certificate("2")),
        signing_keys=(SigningKeyPair(certificate("ours"), "PRIVATE-signing"),),
        encryption_keys=(EncryptionKey("saml-encryption-key-1", NOW, "PRIVATE-encryption"),),
    )
    return replace(value, **changes)  # type: ignore[arg-type]


def oidc(organization_id: str, **changes: object) -> OidcConnection:
    value = OidcConnection(
        connection_id=fresh("oidc-connection"),
        organization_id=organization_id,
        created_at=NOW,
        updated_at=LATER,
        display_name="Corp",
        identity_provider="keycloak",
        status="active",
        rules=RULES,
        external_sharing="closed",
        issuer="https://op.example",
        client_id="client",
        client_secret="CLIENT-secret",
        authorization_url="https://op.example/a",
        token_url="https://op.example/t",
        userinfo_url="https://op.example/u",
        jwks_url="https://op.example/j",
        custom_scopes="openid groups",
        attribute_mapping={"dept": "department"},
        token_endpoint_auth_methods=("client_secret_post",),
        id_token_signing_algs=("RS256", "ES256"),
        response_iss_parameter_supported=True,
    )
    return replace(value, **changes)  # type: ignore[arg-type]


def external(
    organization_id: str, source: SamlConnection | OidcConnection, **changes: object
) -> ExternalConnection:
    value = ExternalConnection(
        connection_id=fresh("external-connection"),
        organization_id=organization_id,
        created_at=NOW,
        updated_at=LATER,
        external_organization_id=source.organization_id,
        external_connection_id=source.connection_id,
        display_name="Partner",
        rules=RULES,
        session_exchange="denied",
        share_status="active",
    )
    return replace(value, **changes)  # type: ignore[arg-type]


def registration(person: Member, connection_id: str, **changes: object) -> Registration:
    value = Registration(
        registration_id=fresh("saml-member-registration"),
        member_id=person.member_id,
        organization_id=person.organization_id,
        connection_id=connection_id,
        source_connection_id=connection_id,
        protocol="saml",
        subject=f"subject-{uuid.uuid4().hex}",
        created_at=NOW,
        last_login_at=LATER,
        attributes={"email": ("ada@acme.example",), "odd": (ODD, "")},
        groups=("eng", ODD),
    )
    return replace(value, **changes)  # type: ignore[arg-type]


def factor(connection_id: str, **changes: object) -> Factor:
    value = Factor("registration-1", connection_id, connection_id, "saml", ODD, NOW, LATER)
    return replace(value, **changes)  # type: ignore[arg-type]


def session(person: Member, *connection_ids: str, **changes: object) -> Session:
    value = Session(
        session_id=fresh("member-session"),
        organization_id=person.organization_id,
        member_id=person.member_id,
        started_at=NOW,
        last_accessed_at=NOW,
        expires_at=LATER,
        factors=tuple(factor(name) for name in connection_ids),
        custom_claims={"deep": {"er": [1, ODD]}},
        ip_address="203.0.113.9",
        user_agent=ODD,
    )
    return replace(value, **changes)  # type: ignore[arg-type]


def intermediate(person: Member, *connection_ids: str) -> IntermediateSession:
    factors = tuple(factor(name) for name in connection_ids)
    return IntermediateSession(person.organization_id, person.member_id, factors, LATER)


def sso_token(person: Member, connection_id: str, **changes: object) -> SsoToken:
    value = SsoToken(
        trace_id="login-trace-test-1",
        project_id=PROJECT,
        organization_id=person.organization_id,
        member_id=person.member_id,
        registration_id="registration-1",
        connection_id=connection_id,
        source_connection_id=connection_id,
        protocol="oidc",
        subject=ODD,
        pkce_code_challenge="c" * 43,
        authenticated_at=NOW,
        session_not_on_or_after=LATER,
        expires_at=LATER,
    )
    return replace(value, **changes)  # type: ignore[arg-type]


def attempt(**changes: object) -> LoginAttempt:
    value = LoginAttempt(
        trace_id="login-trace-test-1",
        project_id=PROJECT,
        organization_id="organization-test-1",
        connection_id="external-connection-test-1",
        source_connection_id="saml-connection-test-1",
        login_redirect_url="https://app.example/login",
        signup_redirect_url="https://app.example/signup",
        pkce_code_challenge=None,
        request_id="_request",
        nonce="NONCE-value",
        code_verifier="CODE-verifier",
        browser_hash=b"\x00\xff" * 16,
        started_at=NOW,
        expires_at=LATER,
    )
    return replace(value, **changes)  # type: ignore[arg-type]


def trace(organization_id: str, **changes: object) -> LoginTrace:
    value = LoginTrace(
        trace_id=fresh("login-trace"),
        project_id=PROJECT,
        organization_id=organization_id,
        connection_id="saml-connection-test-1",
        source_connection_id="saml-connection-test-1",
        started_at=NOW,
        outcome="accepted",
        member_id="member-test-1",
        steps=(TraceStep("Start", NOW, True, ODD), TraceStep("E", NOW, False, "s", "w", "g", "c")),
    )
    return replace(value, **changes)  # type: ignore[arg-type]


def idp_tokens(of: Registration, **changes: object) -> IdpTokens:
    value = IdpTokens(
        registration_id=of.registration_id,
        member_id=of.member_id,
        organization_id=of.organization_id,
        connection_id=of.connection_id,
        source_connection_id=of.source_connection_id,
        subject=of.subject,
        access_token="ACCESS-token",
        refresh_token="REFRESH-token",
        id_token="ID-token",
        scopes=("openid", "email"),
        expires_at=LATER,
        state="needs_login",
        version=1,
        obtained_at=NOW,
        last_refreshed_at=NOW,
        failures=2,
        retry_at=LATER,
        not_before=LATER,
        last_error="invalid_grant",
    )
    return replace(value, **changes)  # type: ignore[arg-type]


def idp_metadata(connection_id: str, **changes: object) -> IdpMetadata:
    value = IdpMetadata(
        connection_id=connection_id,
        url=f"https://idp.example/{ODD}",
        due_at=LATER,
        read_at=NOW,
        tried_at=LATER,
        valid_until=LATER,
        valid_until_since=NOW,
        failures=3,
        last_error="idp_timeout",
        last_error_message=ODD,
        failed_at=LATER,
        offer=Offer("e", "s", "post", ("PEM 1", "PEM 2"), "o", "r", "post"),
        reason="unconfirmed",
        waits_since=NOW,
        waiting="x",
        dismissed="y",
        dropped=("a", ODD),
    )
    return replace(value, **changes)  # type: ignore[arg-type]


def signing_key(kid: str = "kid-1", **changes: object) -> StoredSigningKey:
    value = StoredSigningKey(kid, PROJECT, NOW, NOW, LATER, "PUBLIC", "PRIVATE-jwt")
    return replace(value, **changes)  # type: ignore[arg-type]


def audit_event(organization_id: str, **changes: object) -> AuditEvent:
    value = AuditEvent(
        fresh("audit-event"), PROJECT, organization_id, NOW, "member.create", "project", "x",
        {"why": ODD},
    )  # fmt: skip
    return replace(value, **changes)  # type: ignore[arg-type]


def hashed(token: str) -> bytes:
    return token_hash(token)


async def put_organization(store: Store, value: Organization | None = None) -> Organization:
    new = value or organization()
    await store.write(lambda tx: tx.organizations.insert(new))
    return new


async def put_member(store: Store, value: Member) -> Member:
    await store.write(lambda tx: tx.members.insert(value, PROJECT))
    return value


async def put_connection(
    store: Store, value: SamlConnection | OidcConnection | ExternalConnection
) -> str:
    await store.write(lambda tx: tx.connections.insert(value))
    return value.connection_id


async def put_registration(store: Store, value: Registration) -> Registration:
    await store.write(lambda tx: tx.members.put_registration(value))
    return value


async def a_member_with_connection(store: Store) -> tuple[Member, SamlConnection]:
    """The least that sessions, tokens and registrations stand on."""
    owner = await put_organization(store)
    person = await put_member(store, member(owner.organization_id))
    door = saml(owner.organization_id)
    await put_connection(store, door)
    return person, door
