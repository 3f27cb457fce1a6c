"""The objects of the API.

Written by `make api`; change the operations of the server, not this file.
What a newer server adds is ignored; a field that it leaves out is an unreadable answer.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field


class AccentDocument(Struct, kw_only=True, frozen=True):
    """The accent as it is worn, so that it can be read on the pages' grounds; `on_accent` can
    be read on it.
    """

    accent: str
    on_accent: str


class ActivatedResponse(Struct, kw_only=True, frozen=True):
    """`kept_version` brings back what was; null when nothing changed."""

    connection_id: str
    kept_version: int | None
    tested: bool
    identity_provider_changed: bool
    changes: list[DraftsChangeDocument]
    not_brought_back: list[str]
    saml_connection: SamlConnection | None
    oidc_connection: OidcConnection | None
    request_id: str = ""
    status_code: int = 200


class ActiveConnectionDocument(Struct, kw_only=True, frozen=True):
    connection_id: str
    display_name: str
    identity_provider: str


class AdministratorDocument(Struct, kw_only=True, frozen=True):
    """`connection_ids` bring this member in as an administrator; of `untried_connection_ids`
    nobody knows yet. `email` is `proven` where a magic link does so, `untried` where
    nobody knows whether the address is theirs, `none` where it does not.
    """

    member_id: str
    email_address: str
    is_breakglass: bool
    connection_ids: list[str]
    untried_connection_ids: list[str]
    email: str


class AuditEventDocument(Struct, kw_only=True, frozen=True):
    """`actor` is the id of a member, an operator or a setup link, or `project` or `vestibule`."""

    event_id: str
    organization_id: str
    at: str
    action: str
    actor: str
    target: str
    details: dict[str, str]


class AuditSearchResponse(Struct, kw_only=True, frozen=True):
    events: list[AuditEventDocument]
    next_cursor: str | None
    request_id: str = ""
    status_code: int = 200


class AuthenticatedResponse(Struct, kw_only=True, frozen=True):
    request_id: str = ""
    status_code: int = 200
    member_id: str
    organization_id: str
    member: Member
    organization: Organization
    session_token: str
    session_jwt: str
    reset_session: bool = False
    member_authenticated: bool
    intermediate_session_token: str
    intermediate_session_token_expires_at: str | None
    member_session: MemberSession | None
    mfa_required: MfaRequired | None
    primary_required: PrimaryRequired | None
    member_device: None = None


class AuthorizationCheckDocument(Struct, kw_only=True, frozen=True):
    organization_id: str
    resource_id: str
    action: str


class AuthorizedDomain(Struct, kw_only=True, frozen=True):
    """`slug_pattern` is always empty: addresses that hold an organization's slug are not read."""

    domain: str
    slug_pattern: str = ""


class BasicConfig(Struct, kw_only=True, frozen=True):
    enabled: bool = True
    allow_self_onboarding: bool = True
    enable_member_permissions: bool = True
    domains: list[AuthorizedDomain]
    bundle_ids: list[str] = field(default_factory=list)


class BrandingDocument(Struct, kw_only=True, frozen=True):
    """What was set; "" and null were not. `logo_type` is the media type of `logo`."""

    logo: str
    logo_type: str
    accent: str
    radius: int | None
    font: str
    name: str


class BrandingResponse(Struct, kw_only=True, frozen=True):
    branding: BrandingDocument
    accents: dict[str, AccentDocument]
    frame_ancestors: list[str]
    request_id: str = ""
    status_code: int = 200


class BuiltInRole(Struct, kw_only=True, frozen=True):
    permissions: list[PermissionDocument] = field(default_factory=list)
    role_id: str = ""
    description: str = ""


class Certificate(Struct, kw_only=True, frozen=True):
    certificate_id: str
    certificate: str
    issuer: str
    created_at: str
    expires_at: str
    updated_at: str


class ChangedPerson(Struct, kw_only=True, frozen=True):
    """A member for whom the change makes a difference, judged by their latest login. `enters`
    is `other` or `new` where the person would no longer be found as this member.
    """

    member_id: str
    email_address: str
    last_login_at: str
    would_pass: bool
    refusal: RefusalDocument | None
    enters: str
    roles_lost: list[str]
    roles_gained: list[str]


class CheckDocument(Struct, kw_only=True, frozen=True):
    """One step of the test. `code` is that of a refusal, or `warning`."""

    name: str
    ok: bool
    summary: str
    want: str | None
    got: str | None
    code: str | None
    remedy: str | None


class ChoiceDocument(Struct, kw_only=True, frozen=True):
    """One door: `kind` is saml, oidc or external."""

    organization_id: str
    organization_name: str
    organization_logo_url: str
    connection_id: str
    connection_name: str
    kind: str


class ConnectionHealth(Struct, kw_only=True, frozen=True):
    """Certificates and metadata of an External connection are its owner's, and are not shown."""

    connection_id: str
    kind: str
    status: str
    display_name: str
    certificates: list[ExpiringDocument]
    idp_metadata: MetadataHealth | None
    last_login_at: str | None
    last_refusal_at: str | None
    last_refusal_code: str | None
    last_refusal_trace_id: str | None


class ConnectionSetup(Struct, kw_only=True, frozen=True):
    connection_id: str
    protocol: str
    identity_provider: str
    display_name: str
    description: str
    documentation: str
    preset: str
    steps: list[SetupStep]
    receives: list[SetupReceived]
    suggested: SetupSuggestion
    quirks: list[SetupQuirk]
    missing: list[str]
    request_id: str = ""
    status_code: int = 200


class Connections(Struct, kw_only=True, frozen=True):
    saml_connections: list[SamlConnection]
    oidc_connections: list[OidcConnection]
    external_connections: list[ExternalConnection]
    request_id: str = ""
    status_code: int = 200


class CookiesConfig(Struct, kw_only=True, frozen=True):
    http_only: str = "DISABLED"


class CreatedSecret(Struct, kw_only=True, frozen=True):
    secret_id: str
    secret: str
    last_four: str
    created_at: str


class CreatedSecretResponse(Struct, kw_only=True, frozen=True):
    secret: CreatedSecret
    request_id: str = ""
    status_code: int = 200


class DeletedCertificate(Struct, kw_only=True, frozen=True):
    certificate_id: str
    request_id: str = ""
    status_code: int = 200


class DeletedConnection(Struct, kw_only=True, frozen=True):
    connection_id: str
    request_id: str = ""
    status_code: int = 200


class DeletedDomainResponse(Struct, kw_only=True, frozen=True):
    domain: str
    request_id: str = ""
    status_code: int = 200


class DeletedMember(Struct, kw_only=True, frozen=True):
    member_id: str
    request_id: str = ""
    status_code: int = 200


class DeletedOrganization(Struct, kw_only=True, frozen=True):
    organization_id: str
    request_id: str = ""
    status_code: int = 200


class DeletedPrivateKey(Struct, kw_only=True, frozen=True):
    private_key_id: str
    request_id: str = ""
    status_code: int = 200


class DfppaConfig(Struct, kw_only=True, frozen=True):
    enabled: str = "DISABLED"
    on_challenge: str = "ALLOW"


class DiscardedDraft(Struct, kw_only=True, frozen=True):
    connection_id: str
    request_id: str = ""
    status_code: int = 200


class DiscoverResponse(Struct, kw_only=True, frozen=True):
    request_id: str = ""
    status_code: int = 200
    email_address: str
    discovered_organizations: list[DiscoveredOrganization]
    organization_id_hint: str | None = None


class DiscoveredOrganization(Struct, kw_only=True, frozen=True):
    """`member_authenticated` says that the proof of the address suffices to come in."""

    organization: Organization
    membership: Membership
    member_authenticated: bool
    primary_required: PrimaryRequired | None
    mfa_required: MfaRequired | None


class DiscoveryAuthenticated(Struct, kw_only=True, frozen=True):
    request_id: str = ""
    status_code: int = 200
    intermediate_session_token: str
    intermediate_session_token_expires_at: str | None
    email_address: str
    discovered_organizations: list[DiscoveredOrganization]


class DomainDocument(Struct, kw_only=True, frozen=True):
    """`record_name` is where the TXT record with `record_value` belongs. `last_error` says
    what the last check found instead, and is empty after one that went well.
    """

    domain: str
    verified: bool
    record_type: str
    record_name: str
    record_value: str
    created_at: str
    verified_at: str | None
    checked_at: str | None
    last_error: str


class DomainResponse(Struct, kw_only=True, frozen=True):
    domain: DomainDocument
    request_id: str = ""
    status_code: int = 200


class DomainsResponse(Struct, kw_only=True, frozen=True):
    domains: list[DomainDocument]
    request_id: str = ""
    status_code: int = 200


class DraftResponse(Struct, kw_only=True, frozen=True):
    connection_id: str
    draft_id: str
    based_on_version: int
    live_version: int
    outdated: bool
    changed_at: str
    changed_by: str
    tested_at: str | None
    changes: list[DraftsChangeDocument]
    saml_connection: SamlConnection | None
    oidc_connection: OidcConnection | None
    warning: str = ""
    request_id: str = ""
    status_code: int = 200


class DraftsChangeDocument(Struct, kw_only=True, frozen=True):
    """One setting before and after. Certificates are told by their fingerprints, and of a
    secret only that it changes.
    """

    field: str
    was: Any
    becomes: Any


class DryRunResponse(Struct, kw_only=True, frozen=True):
    connection_id: str
    basis: str
    logins: int
    would_pass: int
    would_fail: int
    refusals: list[RefusedLogins]
    members: list[ChangedPerson]
    shared_with: list[SharedLogins]
    untold: list[str]
    administrators_now: list[AdministratorDocument]
    administrators_then: list[AdministratorDocument]
    locks_out: bool
    warning: str
    request_id: str = ""
    status_code: int = 200


class EmailRoleAssignment(Struct, kw_only=True, frozen=True):
    domain: str
    role_id: str


class EncryptionKeyDocument(Struct, kw_only=True, frozen=True):
    private_key_id: str
    private_key: str
    created_at: str


class Envelope(Struct, kw_only=True, frozen=True):
    """An answer that says no more than that it was done."""

    request_id: str = ""
    status_code: int = 200


class ExpiringDocument(Struct, kw_only=True, frozen=True):
    """`what` is idp_certificate or our_certificate; `days_left` is below zero once it has
    ended.
    """

    what: str
    fingerprint_sha256: str
    expires_at: str
    days_left: int


class ExplainedConnection(Struct, kw_only=True, frozen=True):
    connection_id: str
    groups: list[str]
    last_login_at: str
    open: bool


class ExplainedRole(Struct, kw_only=True, frozen=True):
    role_id: str
    sources: list[RoleSourceDocument]
    counts_in_sessions: list[str]


class ExternalConnection(Struct, kw_only=True, frozen=True):
    organization_id: str
    connection_id: str
    external_organization_id: str
    external_connection_id: str
    display_name: str
    status: str
    external_connection_implicit_role_assignments: list[RoleAssignment]
    external_group_implicit_role_assignments: list[GroupRoleAssignment]
    session_exchange: str


class ExternalConnectionResponse(Struct, kw_only=True, frozen=True):
    connection: ExternalConnection
    request_id: str = ""
    status_code: int = 200


class GroupRoleAssignment(Struct, kw_only=True, frozen=True):
    role_id: str
    group: str


class HealthResponse(Struct, kw_only=True, frozen=True):
    connections: list[ConnectionHealth]
    request_id: str = ""
    status_code: int = 200


class IdpMetadataChangeDocument(Struct, kw_only=True, frozen=True):
    """`kind` is changed, added, removed or kept. Of a certificate `was` and `becomes` are its
    SHA-256 fingerprint.
    """

    field: str
    kind: str
    was: str
    becomes: str
    subject: str | None
    not_before: str | None
    not_after: str | None


class IdpMetadataDocument(Struct, kw_only=True, frozen=True):
    """`read_at` is when the document was last read and understood, `tried_at` when it was last
    asked for. `expired` says that the last good one has ended; logins go on.
    """

    url: str
    policy: str
    read_at: str | None
    tried_at: str | None
    due_at: str
    valid_until: str | None
    expired: bool
    failures: int
    last_error: ReadError | None
    pending_change: PendingChange | None


class IdpMetadataResponse(Struct, kw_only=True, frozen=True):
    idp_metadata: IdpMetadataDocument
    request_id: str = ""
    status_code: int = 200


class IssuedSetupLinkResponse(Struct, kw_only=True, frozen=True):
    setup_link: SetupLinkDocument
    url: str
    request_id: str = ""
    status_code: int = 200


class Jwk(Struct, kw_only=True, frozen=True):
    kty: str
    use: str
    key_ops: list[str]
    alg: str
    kid: str
    x5c: list[str]
    x5tS256: str
    n: str
    e: str


class JwkSet(Struct, kw_only=True, frozen=True):
    keys: list[Jwk]
    request_id: str = ""
    status_code: int = 200


class JwtTemplateChanges(Struct, kw_only=True, frozen=True):
    template_content: str
    custom_audience: str | None = None
    jwt_template_type: str | None = None


class JwtTemplateDocument(Struct, kw_only=True, frozen=True):
    template_content: str
    custom_audience: str
    jwt_template_type: str = "SESSION"


class JwtTemplateResponse(Struct, kw_only=True, frozen=True):
    jwt_template: JwtTemplateDocument
    request_id: str = ""
    status_code: int = 200


class LinkAuthenticated(Struct, kw_only=True, frozen=True):
    """`method_id` is the id of the address that was proved."""

    request_id: str = ""
    status_code: int = 200
    member_id: str
    organization_id: str
    member: Member
    organization: Organization
    session_token: str
    session_jwt: str
    reset_session: bool = False
    member_authenticated: bool
    intermediate_session_token: str
    intermediate_session_token_expires_at: str | None
    member_session: MemberSession | None
    mfa_required: MfaRequired | None
    primary_required: PrimaryRequired | None
    member_device: None = None
    method_id: str
    reset_sessions: bool = False


class LinkSent(Struct, kw_only=True, frozen=True):
    request_id: str = ""
    status_code: int = 200
    member_id: str
    member_created: bool
    member: Member
    organization: Organization


class LockoutResponse(Struct, kw_only=True, frozen=True):
    administrators_now: list[AdministratorDocument]
    administrators_then: list[AdministratorDocument]
    locks_out: bool
    warning: str
    request_id: str = ""
    status_code: int = 200


class LogoutStarted(Struct, kw_only=True, frozen=True):
    logout_url: str
    request_id: str = ""
    status_code: int = 200


class ManagedPolicy(Struct, kw_only=True, frozen=True):
    """The policy as the management wire has it: what is built in and what the team added."""

    stytch_resources: list[ManagedResource] = field(default_factory=list)
    custom_roles: list[RoleDocument] = field(default_factory=list)
    custom_resources: list[ManagedResource] = field(default_factory=list)
    custom_scopes: list[dict[str, Any]] = field(default_factory=list)
    stytch_member: BuiltInRole | None = None
    stytch_admin: BuiltInRole | None = None


class ManagedPolicyChanges(Struct, kw_only=True, frozen=True):
    custom_roles: list[RoleDocument] | None = None
    custom_resources: list[ManagedResource] | None = None
    custom_scopes: list[dict[str, Any]] | None = None
    stytch_member: BuiltInRole | None = None
    stytch_admin: BuiltInRole | None = None


class ManagedPolicyResponse(Struct, kw_only=True, frozen=True):
    policy: ManagedPolicy
    request_id: str = ""
    status_code: int = 200


class ManagedResource(Struct, kw_only=True, frozen=True):
    """The management wire calls them `available_actions`; `actions`, as the policy itself has
    them, is read as well and always shown.
    """

    resource_id: str
    description: str = ""
    available_actions: list[str] | None = None
    actions: list[str] | None = None


class MappedValue(Struct, kw_only=True, frozen=True):
    """`source` is the name or path that gave the value, `(default)` for the mapping's default."""

    key: str
    source: str
    value: Any


class MappingPreviewResponse(Struct, kw_only=True, frozen=True):
    connection_id: str
    basis: str
    verified: bool
    login_at: str | None
    trace_id: str | None
    refusal: RefusalDocument | None
    values: list[MappedValue]
    subject: str
    email_address: str
    name: str
    groups: list[str]
    member_id: str
    trusted_metadata: dict[str, Any]
    roles: list[PreviewedRole]
    session_roles: list[str]
    custom_claims: dict[str, Any]
    warnings: list[str]
    request_id: str = ""
    status_code: int = 200


class Member(Struct, kw_only=True, frozen=True):
    organization_id: str
    member_id: str
    email_address: str
    status: str
    name: str
    sso_registrations: list[RegistrationDocument]
    is_breakglass: bool
    member_password_id: str = ""
    oauth_registrations: list[Any] = field(default_factory=list)
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
    trusted_metadata: dict[str, Any]
    untrusted_metadata: dict[str, Any]
    created_at: str
    updated_at: str
    scim_registration: None = None
    external_id: str | None
    lock_created_at: None = None
    lock_expires_at: None = None


class MemberPage(Struct, kw_only=True, frozen=True):
    members: list[Member]
    organizations: dict[str, Organization]
    results_metadata: ResultsMetadata
    request_id: str = ""
    status_code: int = 200


class MemberResponse(Struct, kw_only=True, frozen=True):
    member_id: str
    member: Member
    organization: Organization
    request_id: str = ""
    status_code: int = 200


class MemberRoleDocument(Struct, kw_only=True, frozen=True):
    role_id: str
    sources: list[RoleSourceDocument]


class MemberSession(Struct, kw_only=True, frozen=True):
    member_session_id: str
    member_id: str
    organization_id: str
    organization_slug: str
    started_at: str
    last_accessed_at: str
    expires_at: str
    authentication_factors: list[dict[str, Any]]
    roles: list[str]
    custom_claims: dict[str, Any] | None


class Membership(Struct, kw_only=True, frozen=True):
    """`details` holds the `domain` by which somebody may join; members have none."""

    type: str
    details: dict[str, str] | None
    member: Member | None


class MetadataHealth(Struct, kw_only=True, frozen=True):
    """`state` is fresh, unread (not read yet), failing (the last try failed), expired (the
    last good document has ended) or waiting (a change waits for an administrator).
    """

    state: str
    read_at: str | None
    valid_until: str | None
    last_error: str | None


class Metrics(Struct, kw_only=True, frozen=True):
    member_count: int
    request_id: str = ""
    status_code: int = 200


class MfaRequired(Struct, kw_only=True, frozen=True):
    member_options: None = None
    secondary_auth_initiated: None = None


class OidcConnection(Struct, kw_only=True, frozen=True):
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
    attribute_mapping: dict[str, str]
    oidc_connection_implicit_role_assignments: list[RoleAssignment]
    oidc_group_implicit_role_assignments: list[GroupRoleAssignment]
    token_endpoint_auth_method: str
    client_jwks_url: str
    client_certificates: list[Certificate]
    external_sharing: str


class OidcConnectionResponse(Struct, kw_only=True, frozen=True):
    connection: OidcConnection
    warning: str = ""
    request_id: str = ""
    status_code: int = 200


class OidcProviderInfo(Struct, kw_only=True, frozen=True):
    provider_subject: str
    id_token: str
    access_token: str
    access_token_expires_in: int
    scopes: list[str]
    connection_id: str
    state: str
    refresh_token: str | None = None
    last_error: str | None = None
    last_refreshed_at: str | None = None
    login_url: str | None = None


class OidcProvidersResponse(Struct, kw_only=True, frozen=True):
    registrations: list[OidcProviderInfo]
    request_id: str = ""
    status_code: int = 200


class OrgPolicy(Struct, kw_only=True, frozen=True):
    roles: list[RoleDocument] = field(default_factory=list)


class OrgPolicyResponse(Struct, kw_only=True, frozen=True):
    org_policy: OrgPolicy
    request_id: str = ""
    status_code: int = 200


class Organization(Struct, kw_only=True, frozen=True):
    organization_id: str
    organization_name: str
    organization_slug: str
    organization_logo_url: str
    organization_external_id: str | None
    trusted_metadata: dict[str, Any]
    sso_default_connection_id: str | None
    sso_jit_provisioning: str
    sso_jit_provisioning_allowed_connections: list[str]
    sso_active_connections: list[ActiveConnectionDocument]
    scim_active_connection: None = None
    email_allowed_domains: list[str]
    email_jit_provisioning: str
    email_invites: str
    auth_methods: str
    allowed_auth_methods: list[str]
    mfa_policy: str
    mfa_methods: str
    allowed_mfa_methods: list[str]
    rbac_email_implicit_role_assignments: list[EmailRoleAssignment]
    oauth_tenant_jit_provisioning: str
    allowed_oauth_tenants: dict[str, Any]
    claimed_email_domains: list[str]
    first_party_connected_apps_allowed_type: str
    allowed_first_party_connected_apps: list[str]
    third_party_connected_apps_allowed_type: str
    allowed_third_party_connected_apps: list[str]
    custom_roles: list[RoleDocument]
    verified_domains: list[str]
    created_at: str
    updated_at: str


class OrganizationBrandingResponse(Struct, kw_only=True, frozen=True):
    branding: BrandingDocument
    request_id: str = ""
    status_code: int = 200


class OrganizationPage(Struct, kw_only=True, frozen=True):
    organizations: list[Organization]
    results_metadata: ResultsMetadata
    request_id: str = ""
    status_code: int = 200


class OrganizationResponse(Struct, kw_only=True, frozen=True):
    organization: Organization
    request_id: str = ""
    status_code: int = 200


class OtpsConfig(Struct, kw_only=True, frozen=True):
    sms_enabled: bool = False
    email_enabled: bool = False
    sms_autofill_metadata: list[dict[str, str]] = field(default_factory=list)


class PasswordsConfig(Struct, kw_only=True, frozen=True):
    enabled: bool = False
    pkce_required_for_password_resets: bool = False


class PendingChange(Struct, kw_only=True, frozen=True):
    """`reason` is unconfirmed (no key that is trusted vouches for it), entity_id (another
    identity provider) or dropped_before (a certificate or a URL would come back that
    was given up).
    """

    change_id: str
    reason: str
    waits_since: str | None
    changes: list[IdpMetadataChangeDocument]


class PermissionDocument(Struct, kw_only=True, frozen=True):
    resource_id: str
    actions: list[str]


class PkceConfig(Struct, kw_only=True, frozen=True):
    enabled: bool
    pkce_required: bool = False


class PolicyDocument(Struct, kw_only=True, frozen=True):
    roles: list[RoleDocument]
    resources: list[ResourceDocument]
    scopes: list[ScopeDocument]


class PolicyResponse(Struct, kw_only=True, frozen=True):
    policy: PolicyDocument
    request_id: str = ""
    status_code: int = 200


class PortalTokenResponse(Struct, kw_only=True, frozen=True):
    portal_token: str
    expires_at: str
    request_id: str = ""
    status_code: int = 200


class PresetDocument(Struct, kw_only=True, frozen=True):
    identity_provider: str
    display_name: str
    description: str
    protocols: list[str]


class Presets(Struct, kw_only=True, frozen=True):
    presets: list[PresetDocument]
    request_id: str = ""
    status_code: int = 200


class PreviewedRole(Struct, kw_only=True, frozen=True):
    role_id: str
    sources: list[RoleSourceDocument]


class PrimaryRequired(Struct, kw_only=True, frozen=True):
    allowed_auth_methods: list[str]


class PublicTokenDocument(Struct, kw_only=True, frozen=True):
    public_token: str
    created_at: str


class PublicTokenResponse(Struct, kw_only=True, frozen=True):
    public_token: PublicTokenDocument
    request_id: str = ""
    status_code: int = 200


class PublicTokensResponse(Struct, kw_only=True, frozen=True):
    public_tokens: list[PublicTokenDocument]
    request_id: str = ""
    status_code: int = 200


class ReadError(Struct, kw_only=True, frozen=True):
    code: str
    message: str
    at: str | None


class RedirectUrlDocument(Struct, kw_only=True, frozen=True):
    url: str
    valid_types: list[ValidType]


class RedirectUrlResponse(Struct, kw_only=True, frozen=True):
    redirect_url: RedirectUrlDocument
    request_id: str = ""
    status_code: int = 200


class RedirectUrlsResponse(Struct, kw_only=True, frozen=True):
    """`redirect_url` is the one that was asked for, null where all were."""

    redirect_urls: list[RedirectUrlDocument]
    redirect_url: RedirectUrlDocument | None
    request_id: str = ""
    status_code: int = 200


class RefusalDocument(Struct, kw_only=True, frozen=True):
    """Why a login would end: a code of the reference, what it says, and what was compared."""

    code: str
    message: str
    remedy: str
    want: str | None = None
    got: str | None = None


class RefusedLogins(Struct, kw_only=True, frozen=True):
    """Past logins that would end for one reason. `trace_ids` are some of them, latest first."""

    refusal: RefusalDocument
    count: int
    trace_ids: list[str]


class RegistrationDocument(Struct, kw_only=True, frozen=True):
    connection_id: str
    external_id: str
    registration_id: str
    sso_attributes: dict[str, list[str]]


class ResourceDocument(Struct, kw_only=True, frozen=True):
    resource_id: str
    description: str
    actions: list[str]


class Response(Struct, kw_only=True, frozen=True):
    """What every answer carries (wire §1.5)."""

    request_id: str = ""
    status_code: int = 200


class ResultsMetadata(Struct, kw_only=True, frozen=True):
    total: int
    next_cursor: str | None


class RetiredEmailDocument(Struct, kw_only=True, frozen=True):
    email_id: str
    email_address: str


class RoleAssignment(Struct, kw_only=True, frozen=True):
    role_id: str


class RoleDocument(Struct, kw_only=True, frozen=True):
    role_id: str
    description: str = ""
    permissions: list[PermissionDocument] = field(default_factory=list)


class RoleSourceDocument(Struct, kw_only=True, frozen=True):
    type: str
    details: dict[str, str]


class RolesExplained(Struct, kw_only=True, frozen=True):
    member_id: str
    roles: list[ExplainedRole]
    connections: list[ExplainedConnection]
    request_id: str = ""
    status_code: int = 200


class RouteResponse(Struct, kw_only=True, frozen=True):
    choices: list[ChoiceDocument]
    request_id: str = ""
    status_code: int = 200


class SamlConnection(Struct, kw_only=True, frozen=True):
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
    attribute_mapping: dict[str, str]
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
    requested_authn_context: list[str]


class SamlConnectionResponse(Struct, kw_only=True, frozen=True):
    connection: SamlConnection
    request_id: str = ""
    status_code: int = 200


class ScimConnectionResponse(Struct, kw_only=True, frozen=True):
    connection: None = None
    request_id: str = ""
    status_code: int = 200


class ScopeDocument(Struct, kw_only=True, frozen=True):
    scope: str
    description: str
    permissions: list[PermissionDocument]


class SdkConfigChanges(Struct, kw_only=True, frozen=True):
    """A part that is left out stays as it is."""

    basic: BasicConfig | None = None
    sessions: SessionsConfig | None = None
    magic_links: PkceConfig | None = None
    oauth: PkceConfig | None = None
    totps: TotpsConfig | None = None
    sso: PkceConfig | None = None
    otps: OtpsConfig | None = None
    dfppa: DfppaConfig | None = None
    passwords: PasswordsConfig | None = None
    cookies: CookiesConfig | None = None


class SdkConfigDocument(Struct, kw_only=True, frozen=True):
    basic: BasicConfig
    sessions: SessionsConfig
    magic_links: PkceConfig
    oauth: PkceConfig
    totps: TotpsConfig
    sso: PkceConfig
    otps: OtpsConfig
    dfppa: DfppaConfig
    passwords: PasswordsConfig
    cookies: CookiesConfig


class SdkConfigResponse(Struct, kw_only=True, frozen=True):
    config: SdkConfigDocument
    request_id: str = ""
    status_code: int = 200


class SearchQuery(Struct, kw_only=True, frozen=True):
    operator: str = "AND"
    operands: list[dict[str, Any]] = field(default_factory=list)


class SecretDocument(Struct, kw_only=True, frozen=True):
    """`last_four` is empty for a secret that was made before it was kept."""

    secret_id: str
    last_four: str
    created_at: str


class SecretResponse(Struct, kw_only=True, frozen=True):
    secret: SecretDocument
    request_id: str = ""
    status_code: int = 200


class SecretsResponse(Struct, kw_only=True, frozen=True):
    secrets: list[SecretDocument]
    request_id: str = ""
    status_code: int = 200


class SessionResponse(Struct, kw_only=True, frozen=True):
    member_session: MemberSession
    session_token: str
    session_jwt: str
    member: Member
    organization: Organization
    verdict: Verdict | None
    request_id: str = ""
    status_code: int = 200


class Sessions(Struct, kw_only=True, frozen=True):
    member_sessions: list[MemberSession]
    request_id: str = ""
    status_code: int = 200


class SessionsConfig(Struct, kw_only=True, frozen=True):
    max_session_duration_minutes: int


class SetupLinkDocument(Struct, kw_only=True, frozen=True):
    """`status` is open, used, expired or revoked. The URL is shown once, when the link is
    made.
    """

    link_id: str
    organization_id: str
    scopes: list[str]
    connection_id: str | None
    status: str
    uses: str
    opened_count: int
    note: str
    return_url: str
    created_by: str
    handed_over_from: str | None
    created_at: str
    expires_at: str
    revoked_at: str | None


class SetupLinkResponse(Struct, kw_only=True, frozen=True):
    setup_link: SetupLinkDocument
    request_id: str = ""
    status_code: int = 200


class SetupLinksResponse(Struct, kw_only=True, frozen=True):
    setup_links: list[SetupLinkDocument]
    request_id: str = ""
    status_code: int = 200


class SetupQuirk(Struct, kw_only=True, frozen=True):
    id: str
    text: str
    vestibule: str
    administrator: str
    unconfirmed: bool


class SetupReceived(Struct, kw_only=True, frozen=True):
    name: str
    label: str
    pattern: str
    template: str
    variables: dict[str, str]
    example: str


class SetupStep(Struct, kw_only=True, frozen=True):
    title: str
    text: str
    values: list[SetupValue]
    collects: list[str]
    unconfirmed: bool


class SetupSuggestion(Struct, kw_only=True, frozen=True):
    attribute_mapping: dict[str, str]
    nameid_format: str
    custom_scopes: str
    start_parameters: dict[str, str]


class SetupValue(Struct, kw_only=True, frozen=True):
    label: str
    value: str


class SharedConnection(Struct, kw_only=True, frozen=True):
    organization_id: str
    external_connection_id: str
    display_name: str
    status: str


class SharedConnections(Struct, kw_only=True, frozen=True):
    shared_with: list[SharedConnection]
    request_id: str = ""
    status_code: int = 200


class SharedLogins(Struct, kw_only=True, frozen=True):
    organization_id: str
    external_connection_id: str
    would_pass: int
    would_fail: int


class SharedResponse(Struct, kw_only=True, frozen=True):
    shared_with: SharedConnection
    request_id: str = ""
    status_code: int = 200


class SigningKeyResponse(Struct, kw_only=True, frozen=True):
    connection: SamlConnection
    certificate_id: str
    request_id: str = ""
    status_code: int = 200


class TestResponse(Struct, kw_only=True, frozen=True):
    test_url: str
    expires_at: str
    request_id: str = ""
    status_code: int = 200


class TestResultResponse(Struct, kw_only=True, frozen=True):
    connection_id: str
    trace_id: str
    settings: str
    draft_id: str
    passed: bool
    started_at: str
    checks: list[CheckDocument]
    person: TestedPerson | None
    request_id: str = ""
    status_code: int = 200


class TestedPerson(Struct, kw_only=True, frozen=True):
    """As whom the person would have been let in: `enters` is registered, linked or created,
    and `member_id` is empty for a member who would be created.
    """

    enters: str
    member_id: str
    subject: str
    email_address: str
    name: str
    groups: list[str]
    attributes: dict[str, list[str]]
    roles: list[str]
    session_roles: list[str]


class TotpsConfig(Struct, kw_only=True, frozen=True):
    enabled: bool = False
    create_totps: bool = False


class UnlinkedResponse(Struct, kw_only=True, frozen=True):
    member_id: str
    member: Member
    organization: Organization
    organization_id: str
    request_id: str = ""
    status_code: int = 200


class ValidType(Struct, kw_only=True, frozen=True):
    type: str
    is_default: bool = False


class Verdict(Struct, kw_only=True, frozen=True):
    authorized: bool
    granting_roles: list[str]


class VersionDocument(Struct, kw_only=True, frozen=True):
    """The connection as it was until `replaced_at`; `changes` are those that replaced it."""

    version: int
    replaced_at: str
    replaced_by: str
    changes: list[DraftsChangeDocument]


class VersionsResponse(Struct, kw_only=True, frozen=True):
    live_version: int
    versions: list[VersionDocument]
    request_id: str = ""
    status_code: int = 200
