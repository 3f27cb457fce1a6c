"""What the wire calls things: the objects of the API and how domain values become them.

Strings without a value are "", lists []; null only where the wire allows it (wire §1.5).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from vestibule.domain.connections import (
    ExternalConnection as DomainExternal,
)
from vestibule.domain.connections import (
    OidcConnection as DomainOidc,
)
from vestibule.domain.connections import (
    SamlConnection as DomainSaml,
)
from vestibule.domain.connections import (
    StoredCertificate,
)
from vestibule.domain.rbac import ADMIN_ROLE, GroupRole, Permission, Role
from vestibule.domain.rbac import Policy as DomainPolicy
from vestibule.domain.sessions import Session, factor_document, wire_time
from vestibule.errors import VestibuleError
from vestibule.services.members import MemberView
from vestibule.services.organizations import OrganizationView
from vestibule.services.runtime import Runtime
from vestibule.services.sessions import SessionView
from vestibule.web.api.registry import Response


class RoleAssignment(msgspec.Struct):
    role_id: str


class GroupRoleAssignment(msgspec.Struct):
    role_id: str
    group: str


class EmailRoleAssignment(msgspec.Struct):
    domain: str
    role_id: str


class PermissionDocument(msgspec.Struct):
    resource_id: str
    actions: list[str]


class RoleDocument(msgspec.Struct):
    role_id: str
    description: str = ""
    permissions: list[PermissionDocument] = []


class ActiveConnectionDocument(msgspec.Struct):
    connection_id: str
    display_name: str
    identity_provider: str


class Organization(msgspec.Struct, kw_only=True):
    organization_id: str
    organization_name: str
    organization_slug: str
    organization_logo_url: str
    organization_external_id: str | None
    trusted_metadata: Mapping[str, Any]
    sso_default_connection_id: str | None
    sso_jit_provisioning: str
    sso_jit_provisioning_allowed_connections: Sequence[str]
    sso_active_connections: list[ActiveConnectionDocument]
    scim_active_connection: None = None
    email_allowed_domains: Sequence[str]
    email_jit_provisioning: str
    email_invites: str
    auth_methods: str
    allowed_auth_methods: Sequence[str]
    mfa_policy: str
    mfa_methods: str
    allowed_mfa_methods: Sequence[str]
    rbac_email_implicit_role_assignments: list[EmailRoleAssignment]
    oauth_tenant_jit_provisioning: str
    allowed_oauth_tenants: Mapping[str, Any]
    claimed_email_domains: Sequence[str]
    first_party_connected_apps_allowed_type: str
    allowed_first_party_connected_apps: Sequence[str]
    third_party_connected_apps_allowed_type: str
    allowed_third_party_connected_apps: Sequence[str]
    custom_roles: list[RoleDocument]
    # Proved by DNS; not on the wire.
    verified_domains: Sequence[str]
    created_at: str
    updated_at: str


def organization_document(view: OrganizationView) -> Organization:
    o, s = view.organization, view.organization.settings
    return Organization(
        organization_id=o.organization_id,
        organization_name=o.name,
        organization_slug=o.slug,
        organization_logo_url=o.logo_url,
        organization_external_id=o.external_id,
        trusted_metadata=o.trusted_metadata,
        sso_default_connection_id=s.sso_default_connection_id,
        sso_jit_provisioning=s.sso_jit_provisioning,
        sso_jit_provisioning_allowed_connections=s.sso_jit_provisioning_allowed_connections,
        sso_active_connections=[
            ActiveConnectionDocument(c.connection_id, c.display_name, c.identity_provider)
            for c in view.active_connections
        ],
        email_allowed_domains=s.email_allowed_domains,
        email_jit_provisioning=s.email_jit_provisioning,
        email_invites=s.email_invites,
        auth_methods=s.auth_methods,
        allowed_auth_methods=s.allowed_auth_methods,
        mfa_policy=s.mfa_policy,
        mfa_methods=s.mfa_methods,
        allowed_mfa_methods=s.allowed_mfa_methods,
        rbac_email_implicit_role_assignments=[
            EmailRoleAssignment(r.domain, r.role_id) for r in s.rbac_email_implicit_role_assignments
        ],
        oauth_tenant_jit_provisioning=s.oauth_tenant_jit_provisioning,
        allowed_oauth_tenants=s.allowed_oauth_tenants,
        claimed_email_domains=s.claimed_email_domains,
        first_party_connected_apps_allowed_type=s.first_party_connected_apps_allowed_type,
        allowed_first_party_connected_apps=s.allowed_first_party_connected_apps,
        third_party_connected_apps_allowed_type=s.third_party_connected_apps_allowed_type,
        allowed_third_party_connected_apps=s.allowed_third_party_connected_apps,
        custom_roles=[role_document(r) for r in o.custom_roles],
        verified_domains=o.verified_domains,
        created_at=wire_time(o.created_at),
        updated_at=wire_time(o.updated_at),
    )


def role_document(role: Role) -> RoleDocument:
    return RoleDocument(
        role.role_id,
        role.description,
        [PermissionDocument(p.resource_id, list(p.actions)) for p in role.permissions],
    )


def read_role(document: RoleDocument) -> Role:
    return Role(
        document.role_id,
        document.description,
        tuple(Permission(p.resource_id, tuple(p.actions)) for p in document.permissions),
    )


# --- members ------------------------------------------------------------------------------------


class RetiredEmailDocument(msgspec.Struct):
    email_id: str
    email_address: str


class RoleSourceDocument(msgspec.Struct):
    type: str
    details: dict[str, str]


class MemberRoleDocument(msgspec.Struct):
    role_id: str
    sources: list[RoleSourceDocument]


class RegistrationDocument(msgspec.Struct):
    connection_id: str
    external_id: str
    registration_id: str
    sso_attributes: Mapping[str, Sequence[str]]


class Member(msgspec.Struct, kw_only=True):
    organization_id: str
    member_id: str
    email_address: str
    status: str
    name: str
    sso_registrations: list[RegistrationDocument]
    is_breakglass: bool
    member_password_id: str = ""
    oauth_registrations: list[Any] = []
    email_address_verified: bool
    mfa_phone_number_verified: bool = False
    is_admin: bool
    totp_registration_id: str = ""
    retired_email_addresses: list[RetiredEmailDocument]
    is_locked: bool = False
    mfa_enrolled: bool
    mfa_phone_number: str
    default_mfa_method: str
    roles: list[MemberRoleDocument]
    trusted_metadata: Mapping[str, Any]
    untrusted_metadata: Mapping[str, Any]
    created_at: str
    updated_at: str
    scim_registration: None = None
    external_id: str | None
    lock_created_at: None = None
    lock_expires_at: None = None


def member_document(view: MemberView) -> Member:
    m = view.member
    return Member(
        organization_id=m.organization_id,
        member_id=m.member_id,
        email_address=m.email_address,
        status=m.status,
        name=m.name,
        sso_registrations=[
            RegistrationDocument(r.connection_id, r.subject, r.registration_id, r.attributes)
            for r in view.registrations
        ],
        is_breakglass=m.is_breakglass,
        email_address_verified=m.email_address_verified,
        is_admin=any(role.role_id == ADMIN_ROLE for role in view.roles),
        retired_email_addresses=[
            RetiredEmailDocument(e.email_id, e.email_address) for e in m.retired_emails
        ],
        mfa_enrolled=m.mfa_enrolled,
        mfa_phone_number=m.mfa_phone_number,
        default_mfa_method=m.default_mfa_method,
        roles=[
            MemberRoleDocument(
                role.role_id, [RoleSourceDocument(s.type, s.details) for s in role.sources]
            )
            for role in view.roles
        ],
        trusted_metadata=m.trusted_metadata,
        untrusted_metadata=m.untrusted_metadata,
        created_at=wire_time(m.created_at),
        updated_at=wire_time(m.updated_at),
        external_id=m.external_id,
    )


class ResultsMetadata(msgspec.Struct):
    total: int
    next_cursor: str | None


class SearchQuery(msgspec.Struct):
    operator: str = "AND"
    operands: list[dict[str, Any]] = []


# --- connections --------------------------------------------------------------------------------


class Certificate(msgspec.Struct):
    certificate_id: str
    certificate: str
    issuer: str
    created_at: str
    expires_at: str
    updated_at: str


class EncryptionKeyDocument(msgspec.Struct):
    private_key_id: str
    private_key: str
    created_at: str


class RefusalDocument(msgspec.Struct):
    """Why a login would end: a code of the reference, what it says, and what was compared."""

    code: str
    message: str
    remedy: str
    want: str | None = None
    got: str | None = None


def refusal_document(error: VestibuleError) -> RefusalDocument:
    row = error.row
    return RefusalDocument(error.code, row.message, row.remedy, error.want, error.got)


class SamlConnection(msgspec.Struct, kw_only=True):
    organization_id: str
    connection_id: str
    status: str
    display_name: str
    identity_provider: str
    idp_entity_id: str
    idp_sso_url: str
    acs_url: str
    audience_uri: str
    signing_certificates: list[Certificate]
    verification_certificates: list[Certificate]
    encryption_private_keys: list[EncryptionKeyDocument]
    saml_connection_implicit_role_assignments: list[RoleAssignment]
    saml_group_implicit_role_assignments: list[GroupRoleAssignment]
    alternative_audience_uri: str
    alternative_acs_url: str
    nameid_format: str
    idp_initiated_auth_disabled: bool
    allow_gateway_callback: bool
    attribute_mapping: Mapping[str, str]
    external_sharing: str
    sign_requests: bool
    insecure_legacy_encryption: bool
    metadata_url: str
    idp_sso_binding: str
    idp_slo_url: str
    idp_slo_response_url: str
    idp_slo_binding: str
    idp_metadata_url: str
    idp_metadata_policy: str
    force_authn: bool
    requested_authn_context: Sequence[str]


def saml_document(rt: Runtime, c: DomainSaml) -> SamlConnection:
    url = rt.callback_url(c.connection_id)
    return SamlConnection(
        organization_id=c.organization_id,
        connection_id=c.connection_id,
        status=c.status,
        display_name=c.display_name,
        identity_provider=c.identity_provider,
        idp_entity_id=c.idp_entity_id,
        idp_sso_url=c.idp_sso_url,
        acs_url=url,
        audience_uri=url,
        signing_certificates=[_certificate(p.certificate) for p in c.signing_keys],
        verification_certificates=[_certificate(v) for v in c.verification_certificates],
        encryption_private_keys=[
            # A private key never leaves the server again (decision 7).
            EncryptionKeyDocument(k.private_key_id, "", wire_time(k.created_at))
            for k in c.encryption_keys
        ],
        saml_connection_implicit_role_assignments=_roles(c.rules.connection),
        saml_group_implicit_role_assignments=_group_roles(c.rules.groups),
        alternative_audience_uri=c.alternative_audience_uri,
        alternative_acs_url=c.alternative_acs_url,
        nameid_format=c.nameid_format,
        idp_initiated_auth_disabled=c.idp_initiated_auth_disabled,
        allow_gateway_callback=c.allow_gateway_callback,
        attribute_mapping=c.attribute_mapping,
        external_sharing=c.external_sharing,
        sign_requests=c.sign_requests,
        insecure_legacy_encryption=c.insecure_legacy_encryption,
        metadata_url=f"{rt.settings.base_url}/v1/public/sso/metadata/{c.connection_id}",
        idp_sso_binding=c.idp_sso_binding,
        idp_slo_url=c.idp_slo_url,
        idp_slo_response_url=c.idp_slo_response_url,
        idp_slo_binding=c.idp_slo_binding,
        idp_metadata_url=c.idp_metadata_url,
        idp_metadata_policy=c.idp_metadata_policy,
        force_authn=c.force_authn,
        requested_authn_context=c.requested_authn_context,
    )


class OidcConnection(msgspec.Struct, kw_only=True):
    organization_id: str
    connection_id: str
    status: str
    display_name: str
    redirect_url: str
    client_id: str
    client_secret: str
    issuer: str
    authorization_url: str
    token_url: str
    userinfo_url: str
    jwks_url: str
    identity_provider: str
    custom_scopes: str
    attribute_mapping: Mapping[str, str]
    oidc_connection_implicit_role_assignments: list[RoleAssignment]
    oidc_group_implicit_role_assignments: list[GroupRoleAssignment]
    token_endpoint_auth_method: str
    client_jwks_url: str
    client_certificates: list[Certificate]
    external_sharing: str


def oidc_document(rt: Runtime, c: DomainOidc) -> OidcConnection:
    return OidcConnection(
        organization_id=c.organization_id,
        connection_id=c.connection_id,
        status=c.status,
        display_name=c.display_name,
        redirect_url=rt.callback_url(c.connection_id),
        client_id=c.client_id,
        client_secret=c.client_secret,
        issuer=c.issuer,
        authorization_url=c.authorization_url,
        token_url=c.token_url,
        userinfo_url=c.userinfo_url,
        jwks_url=c.jwks_url,
        identity_provider=c.identity_provider,
        custom_scopes=c.custom_scopes,
        attribute_mapping=c.attribute_mapping,
        oidc_connection_implicit_role_assignments=_roles(c.rules.connection),
        oidc_group_implicit_role_assignments=_group_roles(c.rules.groups),
        token_endpoint_auth_method=c.token_endpoint_auth_method,
        client_jwks_url=f"{rt.settings.base_url}/v1/public/sso/jwks/{c.connection_id}",
        client_certificates=[_certificate(c.client_key.certificate)] if c.client_key else [],
        external_sharing=c.external_sharing,
    )


class ExternalConnection(msgspec.Struct, kw_only=True):
    organization_id: str
    connection_id: str
    external_organization_id: str
    external_connection_id: str
    display_name: str
    status: str
    external_connection_implicit_role_assignments: list[RoleAssignment]
    external_group_implicit_role_assignments: list[GroupRoleAssignment]
    session_exchange: str


def external_document(c: DomainExternal) -> ExternalConnection:
    return ExternalConnection(
        organization_id=c.organization_id,
        connection_id=c.connection_id,
        external_organization_id=c.external_organization_id,
        external_connection_id=c.external_connection_id,
        display_name=c.display_name,
        status=c.share_status,
        external_connection_implicit_role_assignments=_roles(c.rules.connection),
        external_group_implicit_role_assignments=_group_roles(c.rules.groups),
        session_exchange=c.session_exchange,
    )


def connection_roles(given: Sequence[RoleAssignment] | None) -> tuple[str, ...] | None:
    return None if given is None else tuple(dict.fromkeys(r.role_id for r in given))


def group_roles(given: Sequence[GroupRoleAssignment] | None) -> tuple[GroupRole, ...] | None:
    if given is None:
        return None
    return tuple(dict.fromkeys(GroupRole(r.role_id, r.group) for r in given))


def _roles(role_ids: Sequence[str]) -> list[RoleAssignment]:
    return [RoleAssignment(role_id) for role_id in role_ids]


def _group_roles(rules: Sequence[GroupRole]) -> list[GroupRoleAssignment]:
    return [GroupRoleAssignment(rule.role_id, rule.group) for rule in rules]


def _certificate(c: StoredCertificate) -> Certificate:
    created = wire_time(c.created_at)
    return Certificate(
        c.certificate_id, c.certificate, c.issuer, created, wire_time(c.expires_at), created
    )


# --- sessions -----------------------------------------------------------------------------------


class MemberSession(msgspec.Struct, kw_only=True):
    member_session_id: str
    member_id: str
    organization_id: str
    organization_slug: str
    started_at: str
    last_accessed_at: str
    expires_at: str
    authentication_factors: list[dict[str, Any]]
    roles: Sequence[str]
    custom_claims: Mapping[str, Any] | None


def session_document(session: Session, roles: Sequence[str], slug: str) -> MemberSession:
    return MemberSession(
        member_session_id=session.session_id,
        member_id=session.member_id,
        organization_id=session.organization_id,
        organization_slug=slug,
        started_at=wire_time(session.started_at),
        last_accessed_at=wire_time(session.last_accessed_at),
        expires_at=wire_time(session.expires_at),
        authentication_factors=[factor_document(f) for f in session.proofs],
        roles=roles,
        custom_claims=session.custom_claims or None,
    )


def session_view_document(view: SessionView) -> MemberSession:
    return session_document(view.session, view.roles, view.member.organization.organization.slug)


class PrimaryRequired(msgspec.Struct):
    allowed_auth_methods: Sequence[str]


class MfaRequired(msgspec.Struct):
    member_options: None = None
    secondary_auth_initiated: None = None


def optional_time(moment: datetime | None) -> str | None:
    return None if moment is None else wire_time(moment)


# --- policy -------------------------------------------------------------------------------------


class ResourceDocument(msgspec.Struct):
    resource_id: str
    description: str
    actions: Sequence[str]


class ScopeDocument(msgspec.Struct):
    scope: str
    description: str
    permissions: list[PermissionDocument]


class PolicyDocument(msgspec.Struct):
    roles: list[RoleDocument]
    resources: list[ResourceDocument]
    scopes: list[ScopeDocument]


def policy_document(policy: DomainPolicy) -> PolicyDocument:
    return PolicyDocument(
        [role_document(role) for role in policy.roles],
        [ResourceDocument(r.resource_id, r.description, r.actions) for r in policy.resources],
        [],
    )


class Envelope(Response):
    """An answer that says no more than that it was done."""
