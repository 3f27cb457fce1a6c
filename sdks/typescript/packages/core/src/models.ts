// The objects of the API, spelt as on the wire.
// Written by `make api`; change the operations of the server, not this file.

/**
 * The accent as it is worn, so that it can be read on the pages' grounds; `on_accent` can be
 * read on it.
 */
export interface AccentDocument {
  accent: string;
  on_accent: string;
}

/** `kept_version` brings back what was; null when nothing changed. */
export interface ActivatedResponse {
  connection_id: string;
  kept_version: number | null;
  tested: boolean;
  identity_provider_changed: boolean;
  changes: DraftsChangeDocument[];
  not_brought_back: string[];
  saml_connection: SamlConnection | null;
  oidc_connection: OidcConnection | null;
  request_id: string;
  status_code: number;
}

export interface ActiveConnectionDocument {
  connection_id: string;
  display_name: string;
  identity_provider: string;
}

export interface AdminPortalConfig {
  sso_config: Record<string, boolean>;
  organization_config: Record<string, boolean>;
  scim_config: Record<string, boolean>;
  request_id: string;
  status_code: number;
}

/**
 * `connection_ids` bring this member in as an administrator; of `untried_connection_ids`
 * nobody knows yet. `email` is `proven` where a magic link does so, `untried` where nobody
 * knows whether the address is theirs, `none` where it does not.
 */
export interface AdministratorDocument {
  member_id: string;
  email_address: string;
  is_breakglass: boolean;
  connection_ids: string[];
  untried_connection_ids: string[];
  email: string;
}

/** `actor` is the id of a member, an operator or a setup link, or `project` or `vestibule`. */
export interface AuditEventDocument {
  event_id: string;
  organization_id: string;
  at: string;
  action: string;
  actor: string;
  target: string;
  details: Record<string, string>;
}

export interface AuditSearchResponse {
  events: AuditEventDocument[];
  next_cursor: string | null;
  request_id: string;
  status_code: number;
}

export interface AuthenticatedResponse {
  request_id: string;
  status_code: number;
  member_id: string;
  organization_id: string;
  member: Member;
  organization: Organization;
  session_token: string;
  session_jwt: string;
  reset_session: boolean;
  member_authenticated: boolean;
  intermediate_session_token: string;
  intermediate_session_token_expires_at: string | null;
  member_session: MemberSession | null;
  mfa_required: MfaRequired | null;
  primary_required: PrimaryRequired | null;
  member_device: null;
}

export interface AuthorizationCheckDocument {
  organization_id: string;
  resource_id: string;
  action: string;
}

/** `slug_pattern` is always empty: addresses that hold an organization's slug are not read. */
export interface AuthorizedDomain {
  domain: string;
  slug_pattern?: string;
}

export interface BasicConfig {
  enabled?: boolean;
  allow_self_onboarding?: boolean;
  enable_member_permissions?: boolean;
  domains: AuthorizedDomain[];
  bundle_ids?: string[];
}

export interface Bootstrap {
  request_id: string;
  status_code: number;
  project_name: string;
  disable_sdk_watermark: boolean;
  cname_domain: string | null;
  email_domains: string[];
  captcha_settings: Record<string, boolean>;
  pkce_required_for_email_magic_links: boolean;
  pkce_required_for_password_resets: boolean;
  pkce_required_for_oauth: boolean;
  pkce_required_for_sso: boolean;
  slug_pattern: string | null;
  create_organization_enabled: boolean;
  password_config: Record<string, unknown> | null;
  dfp_protected_auth_enabled: boolean;
  dfp_protected_auth_mode: string | null;
  rbac_policy: PolicyDocument;
  siwe_required_for_crypto_wallets: boolean;
  vertical: string;
}

/** What was set; "" and null were not. `logo_type` is the media type of `logo`. */
export interface BrandingDocument {
  logo: string;
  logo_type: string;
  accent: string;
  radius: number | null;
  font: string;
  name: string;
}

export interface BrandingResponse {
  branding: BrandingDocument;
  accents: Record<string, AccentDocument>;
  frame_ancestors: string[];
  request_id: string;
  status_code: number;
}

export interface BuiltInRole {
  permissions?: PermissionDocument[];
  role_id?: string;
  description?: string;
}

export interface ByEmailResponse {
  member: PublicMember | null;
  request_id: string;
  status_code: number;
}

export interface BySlugResponse {
  organization: PublicOrganization | null;
  request_id: string;
  status_code: number;
}

export interface Certificate {
  certificate_id: string;
  certificate: string;
  issuer: string;
  created_at: string;
  expires_at: string;
  updated_at: string;
}

/**
 * A member for whom the change makes a difference, judged by their latest login. `enters` is
 * `other` or `new` where the person would no longer be found as this member.
 */
export interface ChangedPerson {
  member_id: string;
  email_address: string;
  last_login_at: string;
  would_pass: boolean;
  refusal: RefusalDocument | null;
  enters: string;
  roles_lost: string[];
  roles_gained: string[];
}

/** One step of the test. `code` is that of a refusal, or `warning`. */
export interface CheckDocument {
  name: string;
  ok: boolean;
  summary: string;
  want: string | null;
  got: string | null;
  code: string | null;
  remedy: string | null;
}

/** One door: `kind` is saml, oidc or external. */
export interface ChoiceDocument {
  organization_id: string;
  organization_name: string;
  organization_logo_url: string;
  connection_id: string;
  connection_name: string;
  kind: string;
}

/** Certificates and metadata of an External connection are its owner's, and are not shown. */
export interface ConnectionHealth {
  connection_id: string;
  kind: string;
  status: string;
  display_name: string;
  certificates: ExpiringDocument[];
  idp_metadata: MetadataHealth | null;
  last_login_at: string | null;
  last_refusal_at: string | null;
  last_refusal_code: string | null;
  last_refusal_trace_id: string | null;
}

export interface ConnectionSetup {
  connection_id: string;
  protocol: string;
  identity_provider: string;
  display_name: string;
  description: string;
  documentation: string;
  preset: string;
  steps: SetupStep[];
  receives: SetupReceived[];
  suggested: SetupSuggestion;
  quirks: SetupQuirk[];
  missing: string[];
  request_id: string;
  status_code: number;
}

export interface Connections {
  saml_connections: SamlConnection[];
  oidc_connections: OidcConnection[];
  external_connections: ExternalConnection[];
  request_id: string;
  status_code: number;
}

export interface CookiesConfig {
  http_only?: string;
}

export interface CreatedSecret {
  secret_id: string;
  secret: string;
  last_four: string;
  created_at: string;
}

export interface CreatedSecretResponse {
  secret: CreatedSecret;
  request_id: string;
  status_code: number;
}

export interface DeletedCertificate {
  certificate_id: string;
  request_id: string;
  status_code: number;
}

export interface DeletedConnection {
  connection_id: string;
  request_id: string;
  status_code: number;
}

export interface DeletedDomainResponse {
  domain: string;
  request_id: string;
  status_code: number;
}

export interface DeletedMember {
  member_id: string;
  request_id: string;
  status_code: number;
}

export interface DeletedOrganization {
  organization_id: string;
  request_id: string;
  status_code: number;
}

export interface DeletedPrivateKey {
  private_key_id: string;
  request_id: string;
  status_code: number;
}

export interface DfppaConfig {
  enabled?: string;
  on_challenge?: string;
}

export interface DiscardedDraft {
  connection_id: string;
  request_id: string;
  status_code: number;
}

export interface DiscoverResponse {
  request_id: string;
  status_code: number;
  email_address: string;
  discovered_organizations: DiscoveredOrganization[];
  organization_id_hint: string | null;
}

export interface DiscoveredConnections {
  connections: PublicConnection[];
  request_id: string;
  status_code: number;
}

/** `member_authenticated` says that the proof of the address suffices to come in. */
export interface DiscoveredOrganization {
  organization: Organization;
  membership: Membership;
  member_authenticated: boolean;
  primary_required: PrimaryRequired | null;
  mfa_required: MfaRequired | null;
}

export interface DiscoveryAuthenticated {
  request_id: string;
  status_code: number;
  intermediate_session_token: string;
  intermediate_session_token_expires_at: string | null;
  email_address: string;
  discovered_organizations: DiscoveredOrganization[];
}

/**
 * `record_name` is where the TXT record with `record_value` belongs. `last_error` says what
 * the last check found instead, and is empty after one that went well.
 */
export interface DomainDocument {
  domain: string;
  verified: boolean;
  record_type: string;
  record_name: string;
  record_value: string;
  created_at: string;
  verified_at: string | null;
  checked_at: string | null;
  last_error: string;
}

export interface DomainResponse {
  domain: DomainDocument;
  request_id: string;
  status_code: number;
}

export interface DomainsResponse {
  domains: DomainDocument[];
  request_id: string;
  status_code: number;
}

export interface DraftResponse {
  connection_id: string;
  draft_id: string;
  based_on_version: number;
  live_version: number;
  outdated: boolean;
  changed_at: string;
  changed_by: string;
  tested_at: string | null;
  changes: DraftsChangeDocument[];
  saml_connection: SamlConnection | null;
  oidc_connection: OidcConnection | null;
  warning: string;
  request_id: string;
  status_code: number;
}

/**
 * One setting before and after. Certificates are told by their fingerprints, and of a secret
 * only that it changes.
 */
export interface DraftsChangeDocument {
  field: string;
  was: unknown;
  becomes: unknown;
}

export interface DryRunResponse {
  connection_id: string;
  basis: string;
  logins: number;
  would_pass: number;
  would_fail: number;
  refusals: RefusedLogins[];
  members: ChangedPerson[];
  shared_with: SharedLogins[];
  untold: string[];
  administrators_now: AdministratorDocument[];
  administrators_then: AdministratorDocument[];
  locks_out: boolean;
  warning: string;
  request_id: string;
  status_code: number;
}

export interface EmailRoleAssignment {
  domain: string;
  role_id: string;
}

export interface EncryptionKeyDocument {
  private_key_id: string;
  private_key: string;
  created_at: string;
}

/** An answer that says no more than that it was done. */
export interface Envelope {
  request_id: string;
  status_code: number;
}

/** `what` is idp_certificate or our_certificate; `days_left` is below zero once it has ended. */
export interface ExpiringDocument {
  what: string;
  fingerprint_sha256: string;
  expires_at: string;
  days_left: number;
}

export interface ExplainedConnection {
  connection_id: string;
  groups: string[];
  last_login_at: string;
  open: boolean;
}

export interface ExplainedRole {
  role_id: string;
  sources: RoleSourceDocument[];
  counts_in_sessions: string[];
}

export interface ExternalConnection {
  organization_id: string;
  connection_id: string;
  external_organization_id: string;
  external_connection_id: string;
  display_name: string;
  status: string;
  external_connection_implicit_role_assignments: RoleAssignment[];
  external_group_implicit_role_assignments: GroupRoleAssignment[];
  session_exchange: string;
}

export interface ExternalConnectionResponse {
  connection: ExternalConnection;
  request_id: string;
  status_code: number;
}

export interface GroupRoleAssignment {
  role_id: string;
  group: string;
}

export interface HealthResponse {
  connections: ConnectionHealth[];
  request_id: string;
  status_code: number;
}

/**
 * `kind` is changed, added, removed or kept. Of a certificate `was` and `becomes` are its
 * SHA-256 fingerprint.
 */
export interface IdpMetadataChangeDocument {
  field: string;
  kind: string;
  was: string;
  becomes: string;
  subject: string | null;
  not_before: string | null;
  not_after: string | null;
}

/**
 * `read_at` is when the document was last read and understood, `tried_at` when it was last
 * asked for. `expired` says that the last good one has ended; logins go on.
 */
export interface IdpMetadataDocument {
  url: string;
  policy: string;
  read_at: string | null;
  tried_at: string | null;
  due_at: string;
  valid_until: string | null;
  expired: boolean;
  failures: number;
  last_error: ReadError | null;
  pending_change: PendingChange | null;
}

export interface IdpMetadataResponse {
  idp_metadata: IdpMetadataDocument;
  request_id: string;
  status_code: number;
}

export interface IssuedSetupLinkResponse {
  setup_link: SetupLinkDocument;
  url: string;
  request_id: string;
  status_code: number;
}

export interface Jwk {
  kty: string;
  use: string;
  key_ops: string[];
  alg: string;
  kid: string;
  x5c: string[];
  x5tS256: string;
  n: string;
  e: string;
}

export interface JwkSet {
  keys: Jwk[];
  request_id: string;
  status_code: number;
}

export interface JwtTemplateChanges {
  template_content: string;
  custom_audience?: string | null;
  jwt_template_type?: string | null;
}

export interface JwtTemplateDocument {
  template_content: string;
  custom_audience: string;
  jwt_template_type: string;
}

export interface JwtTemplateResponse {
  jwt_template: JwtTemplateDocument;
  request_id: string;
  status_code: number;
}

/** `method_id` is the id of the address that was proved. */
export interface LinkAuthenticated {
  request_id: string;
  status_code: number;
  member_id: string;
  organization_id: string;
  member: Member;
  organization: Organization;
  session_token: string;
  session_jwt: string;
  reset_session: boolean;
  member_authenticated: boolean;
  intermediate_session_token: string;
  intermediate_session_token_expires_at: string | null;
  member_session: MemberSession | null;
  mfa_required: MfaRequired | null;
  primary_required: PrimaryRequired | null;
  member_device: null;
  method_id: string;
  reset_sessions: boolean;
}

export interface LinkSent {
  request_id: string;
  status_code: number;
  member_id: string;
  member_created: boolean;
  member: Member;
  organization: Organization;
}

export interface LockoutResponse {
  administrators_now: AdministratorDocument[];
  administrators_then: AdministratorDocument[];
  locks_out: boolean;
  warning: string;
  request_id: string;
  status_code: number;
}

export interface LogoutStarted {
  logout_url: string;
  request_id: string;
  status_code: number;
}

/** The policy as the management wire has it: what is built in and what the team added. */
export interface ManagedPolicy {
  stytch_resources: ManagedResource[];
  custom_roles: RoleDocument[];
  custom_resources: ManagedResource[];
  custom_scopes: Record<string, unknown>[];
  stytch_member: BuiltInRole;
  stytch_admin: BuiltInRole;
}

export interface ManagedPolicyChanges {
  custom_roles?: RoleDocument[] | null;
  custom_resources?: ManagedResource[] | null;
  custom_scopes?: Record<string, unknown>[] | null;
  stytch_member?: BuiltInRole | null;
  stytch_admin?: BuiltInRole | null;
}

export interface ManagedPolicyResponse {
  policy: ManagedPolicy;
  request_id: string;
  status_code: number;
}

/**
 * The management wire calls them `available_actions`; `actions`, as the policy itself has
 * them, is read as well and always shown.
 */
export interface ManagedResource {
  resource_id: string;
  description?: string;
  available_actions?: string[] | null;
  actions?: string[] | null;
}

/** `source` is the name or path that gave the value, `(default)` for the mapping's default. */
export interface MappedValue {
  key: string;
  source: string;
  value: unknown;
}

export interface MappingPreviewResponse {
  connection_id: string;
  basis: string;
  verified: boolean;
  login_at: string | null;
  trace_id: string | null;
  refusal: RefusalDocument | null;
  values: MappedValue[];
  subject: string;
  email_address: string;
  name: string;
  groups: string[];
  member_id: string;
  trusted_metadata: Record<string, unknown>;
  roles: PreviewedRole[];
  session_roles: string[];
  custom_claims: Record<string, unknown>;
  warnings: string[];
  request_id: string;
  status_code: number;
}

export interface Member {
  organization_id: string;
  member_id: string;
  email_address: string;
  status: string;
  name: string;
  sso_registrations: RegistrationDocument[];
  is_breakglass: boolean;
  member_password_id: string;
  oauth_registrations: unknown[];
  email_address_verified: boolean;
  mfa_phone_number_verified: boolean;
  is_admin: boolean;
  totp_registration_id: string;
  retired_email_addresses: RetiredEmailDocument[];
  is_locked: boolean;
  mfa_enrolled: boolean;
  mfa_phone_number: string;
  default_mfa_method: string;
  roles: MemberRoleDocument[];
  trusted_metadata: Record<string, unknown>;
  untrusted_metadata: Record<string, unknown>;
  created_at: string;
  updated_at: string;
  scim_registration: null;
  external_id: string | null;
  lock_created_at: null;
  lock_expires_at: null;
}

export interface MemberPage {
  members: Member[];
  organizations: Record<string, Organization>;
  results_metadata: ResultsMetadata;
  request_id: string;
  status_code: number;
}

export interface MemberResponse {
  member_id: string;
  member: Member;
  organization: Organization;
  request_id: string;
  status_code: number;
}

export interface MemberRoleDocument {
  role_id: string;
  sources: RoleSourceDocument[];
}

export interface MemberSession {
  member_session_id: string;
  member_id: string;
  organization_id: string;
  organization_slug: string;
  started_at: string;
  last_accessed_at: string;
  expires_at: string;
  authentication_factors: Record<string, unknown>[];
  roles: string[];
  custom_claims: Record<string, unknown> | null;
}

/** `details` holds the `domain` by which somebody may join; members have none. */
export interface Membership {
  type: string;
  details: Record<string, string> | null;
  member: Member | null;
}

/**
 * `state` is fresh, unread (not read yet), failing (the last try failed), expired (the last
 * good document has ended) or waiting (a change waits for an administrator).
 */
export interface MetadataHealth {
  state: string;
  read_at: string | null;
  valid_until: string | null;
  last_error: string | null;
}

export interface Metrics {
  member_count: number;
  request_id: string;
  status_code: number;
}

export interface MfaRequired {
  member_options: null;
  secondary_auth_initiated: null;
}

export interface OidcConnection {
  organization_id: string;
  connection_id: string;
  status: string;
  display_name: string;
  redirect_url: string;
  client_id: string;
  client_secret: string;
  issuer: string;
  authorization_url: string;
  token_url: string;
  userinfo_url: string;
  jwks_url: string;
  identity_provider: string;
  custom_scopes: string;
  attribute_mapping: Record<string, string>;
  oidc_connection_implicit_role_assignments: RoleAssignment[];
  oidc_group_implicit_role_assignments: GroupRoleAssignment[];
  token_endpoint_auth_method: string;
  client_jwks_url: string;
  client_certificates: Certificate[];
  external_sharing: string;
}

export interface OidcConnectionResponse {
  connection: OidcConnection;
  warning: string;
  request_id: string;
  status_code: number;
}

export interface OidcProviderInfo {
  provider_subject: string;
  id_token: string;
  access_token: string;
  access_token_expires_in: number;
  scopes: string[];
  connection_id: string;
  state: "current" | "needs_login" | "retrying";
  refresh_token: string | null;
  last_error: string | null;
  last_refreshed_at: string | null;
  login_url: string | null;
}

export interface OidcProvidersResponse {
  registrations: OidcProviderInfo[];
  request_id: string;
  status_code: number;
}

export interface OrgPolicy {
  roles?: RoleDocument[];
}

export interface OrgPolicyResponse {
  org_policy: OrgPolicy;
  request_id: string;
  status_code: number;
}

export interface Organization {
  organization_id: string;
  organization_name: string;
  organization_slug: string;
  organization_logo_url: string;
  organization_external_id: string | null;
  trusted_metadata: Record<string, unknown>;
  sso_default_connection_id: string | null;
  sso_jit_provisioning: string;
  sso_jit_provisioning_allowed_connections: string[];
  sso_active_connections: ActiveConnectionDocument[];
  scim_active_connection: null;
  email_allowed_domains: string[];
  email_jit_provisioning: string;
  email_invites: string;
  auth_methods: string;
  allowed_auth_methods: string[];
  mfa_policy: string;
  mfa_methods: string;
  allowed_mfa_methods: string[];
  rbac_email_implicit_role_assignments: EmailRoleAssignment[];
  oauth_tenant_jit_provisioning: string;
  allowed_oauth_tenants: Record<string, unknown>;
  claimed_email_domains: string[];
  first_party_connected_apps_allowed_type: string;
  allowed_first_party_connected_apps: string[];
  third_party_connected_apps_allowed_type: string;
  allowed_third_party_connected_apps: string[];
  custom_roles: RoleDocument[];
  verified_domains: string[];
  created_at: string;
  updated_at: string;
}

export interface OrganizationBrandingResponse {
  branding: BrandingDocument;
  request_id: string;
  status_code: number;
}

export interface OrganizationPage {
  organizations: Organization[];
  results_metadata: ResultsMetadata;
  request_id: string;
  status_code: number;
}

export interface OrganizationResponse {
  organization: Organization;
  request_id: string;
  status_code: number;
}

export interface OtpsConfig {
  sms_enabled?: boolean;
  email_enabled?: boolean;
  sms_autofill_metadata?: Record<string, string>[];
}

export interface OwnSession {
  member_id: string;
  organization_id: string;
  member: Member;
  organization: Organization;
  member_session: MemberSession;
  session_token: string;
  session_jwt: string;
  request_id: string;
  status_code: number;
}

export interface PasswordsConfig {
  enabled?: boolean;
  pkce_required_for_password_resets?: boolean;
}

/**
 * `reason` is unconfirmed (no key that is trusted vouches for it), entity_id (another identity
 * provider) or dropped_before (a certificate or a URL would come back that was given up).
 */
export interface PendingChange {
  change_id: string;
  reason: string;
  waits_since: string | null;
  changes: IdpMetadataChangeDocument[];
}

export interface PermissionDocument {
  resource_id: string;
  actions: string[];
}

export interface PkceConfig {
  enabled: boolean;
  pkce_required?: boolean;
}

export interface PolicyDocument {
  roles: RoleDocument[];
  resources: ResourceDocument[];
  scopes: ScopeDocument[];
}

export interface PolicyResponse {
  policy: PolicyDocument;
  request_id: string;
  status_code: number;
}

export interface PortalTokenResponse {
  portal_token: string;
  expires_at: string;
  request_id: string;
  status_code: number;
}

export interface PresetDocument {
  identity_provider: string;
  display_name: string;
  description: string;
  protocols: string[];
}

export interface Presets {
  presets: PresetDocument[];
  request_id: string;
  status_code: number;
}

export interface PreviewedRole {
  role_id: string;
  sources: RoleSourceDocument[];
}

export interface PrimaryRequired {
  allowed_auth_methods: string[];
}

export interface PublicConnection {
  connection_id: string;
  display_name: string;
  identity_provider: string;
}

export interface PublicMember {
  status: string;
  name: string;
  member_password_id: string;
}

/** What a page may know of an organization before anybody has signed in. */
export interface PublicOrganization {
  organization_id: string;
  organization_name: string;
  organization_slug: string;
  organization_logo_url: string;
  sso_active_connections: PublicConnection[];
  sso_default_connection_id: string | null;
  email_jit_provisioning: string;
  email_allowed_domains: string[];
  oauth_tenant_jit_provisioning: string;
  allowed_oauth_tenants: Record<string, unknown>;
  auth_methods: string;
  allowed_auth_methods: string[];
  mfa_policy: string;
}

export interface PublicTokenDocument {
  public_token: string;
  created_at: string;
}

export interface PublicTokenResponse {
  public_token: PublicTokenDocument;
  request_id: string;
  status_code: number;
}

export interface PublicTokensResponse {
  public_tokens: PublicTokenDocument[];
  request_id: string;
  status_code: number;
}

export interface ReadError {
  code: string;
  message: string;
  at: string | null;
}

export interface RedirectUrlDocument {
  url: string;
  valid_types: ValidType[];
}

export interface RedirectUrlResponse {
  redirect_url: RedirectUrlDocument;
  request_id: string;
  status_code: number;
}

/** `redirect_url` is the one that was asked for, null where all were. */
export interface RedirectUrlsResponse {
  redirect_urls: RedirectUrlDocument[];
  redirect_url: RedirectUrlDocument | null;
  request_id: string;
  status_code: number;
}

/** Why a login would end: a code of the reference, what it says, and what was compared. */
export interface RefusalDocument {
  code: string;
  message: string;
  remedy: string;
  want: string | null;
  got: string | null;
}

/** Past logins that would end for one reason. `trace_ids` are some of them, latest first. */
export interface RefusedLogins {
  refusal: RefusalDocument;
  count: number;
  trace_ids: string[];
}

export interface RegistrationDocument {
  connection_id: string;
  external_id: string;
  registration_id: string;
  sso_attributes: Record<string, string[]>;
}

export interface ResourceDocument {
  resource_id: string;
  description: string;
  actions: string[];
}

/** What every answer carries (wire §1.5). */
export interface Response {
  request_id: string;
  status_code: number;
}

export interface ResultsMetadata {
  total: number;
  next_cursor: string | null;
}

export interface RetiredEmailDocument {
  email_id: string;
  email_address: string;
}

export interface RoleAssignment {
  role_id: string;
}

export interface RoleDocument {
  role_id: string;
  description?: string;
  permissions?: PermissionDocument[];
}

export interface RoleSourceDocument {
  type: string;
  details: Record<string, string>;
}

export interface RolesExplained {
  member_id: string;
  roles: ExplainedRole[];
  connections: ExplainedConnection[];
  request_id: string;
  status_code: number;
}

export interface RouteResponse {
  choices: ChoiceDocument[];
  request_id: string;
  status_code: number;
}

export interface SamlConnection {
  organization_id: string;
  connection_id: string;
  status: string;
  display_name: string;
  identity_provider: string;
  idp_entity_id: string;
  idp_sso_url: string;
  acs_url: string;
  audience_uri: string;
  signing_certificates: Certificate[];
  verification_certificates: Certificate[];
  encryption_private_keys: EncryptionKeyDocument[];
  saml_connection_implicit_role_assignments: RoleAssignment[];
  saml_group_implicit_role_assignments: GroupRoleAssignment[];
  alternative_audience_uri: string;
  alternative_acs_url: string;
  nameid_format: string;
  idp_initiated_auth_disabled: boolean;
  allow_gateway_callback: boolean;
  attribute_mapping: Record<string, string>;
  external_sharing: string;
  sign_requests: boolean;
  insecure_legacy_encryption: boolean;
  metadata_url: string;
  idp_sso_binding: string;
  idp_slo_url: string;
  idp_slo_response_url: string;
  idp_slo_binding: string;
  idp_metadata_url: string;
  idp_metadata_policy: string;
  force_authn: boolean;
  requested_authn_context: string[];
}

export interface SamlConnectionResponse {
  connection: SamlConnection;
  request_id: string;
  status_code: number;
}

export interface ScimConnectionResponse {
  connection: null;
  request_id: string;
  status_code: number;
}

export interface ScopeDocument {
  scope: string;
  description: string;
  permissions: PermissionDocument[];
}

/** A part that is left out stays as it is. */
export interface SdkConfigChanges {
  basic?: BasicConfig | null;
  sessions?: SessionsConfig | null;
  magic_links?: PkceConfig | null;
  oauth?: PkceConfig | null;
  totps?: TotpsConfig | null;
  sso?: PkceConfig | null;
  otps?: OtpsConfig | null;
  dfppa?: DfppaConfig | null;
  passwords?: PasswordsConfig | null;
  cookies?: CookiesConfig | null;
}

export interface SdkConfigDocument {
  basic: BasicConfig;
  sessions: SessionsConfig;
  magic_links: PkceConfig;
  oauth: PkceConfig;
  totps: TotpsConfig;
  sso: PkceConfig;
  otps: OtpsConfig;
  dfppa: DfppaConfig;
  passwords: PasswordsConfig;
  cookies: CookiesConfig;
}

export interface SdkConfigResponse {
  config: SdkConfigDocument;
  request_id: string;
  status_code: number;
}

export interface SearchQuery {
  operator?: string;
  operands?: Record<string, unknown>[];
}

/** `last_four` is empty for a secret that was made before it was kept. */
export interface SecretDocument {
  secret_id: string;
  last_four: string;
  created_at: string;
}

export interface SecretResponse {
  secret: SecretDocument;
  request_id: string;
  status_code: number;
}

export interface SecretsResponse {
  secrets: SecretDocument[];
  request_id: string;
  status_code: number;
}

export interface SessionResponse {
  member_session: MemberSession;
  session_token: string;
  session_jwt: string;
  member: Member;
  organization: Organization;
  verdict: Verdict | null;
  request_id: string;
  status_code: number;
}

export interface Sessions {
  member_sessions: MemberSession[];
  request_id: string;
  status_code: number;
}

export interface SessionsConfig {
  max_session_duration_minutes: number;
}

/** `status` is open, used, expired or revoked. The URL is shown once, when the link is made. */
export interface SetupLinkDocument {
  link_id: string;
  organization_id: string;
  scopes: string[];
  connection_id: string | null;
  status: string;
  uses: string;
  opened_count: number;
  note: string;
  return_url: string;
  created_by: string;
  handed_over_from: string | null;
  created_at: string;
  expires_at: string;
  revoked_at: string | null;
}

export interface SetupLinkResponse {
  setup_link: SetupLinkDocument;
  request_id: string;
  status_code: number;
}

export interface SetupLinksResponse {
  setup_links: SetupLinkDocument[];
  request_id: string;
  status_code: number;
}

export interface SetupQuirk {
  id: string;
  text: string;
  vestibule: string;
  administrator: string;
  unconfirmed: boolean;
}

export interface SetupReceived {
  name: string;
  label: string;
  pattern: string;
  template: string;
  variables: Record<string, string>;
  example: string;
}

export interface SetupStep {
  title: string;
  text: string;
  values: SetupValue[];
  collects: string[];
  unconfirmed: boolean;
}

export interface SetupSuggestion {
  attribute_mapping: Record<string, string>;
  nameid_format: string;
  custom_scopes: string;
  start_parameters: Record<string, string>;
}

export interface SetupValue {
  label: string;
  value: string;
}

export interface SharedConnection {
  organization_id: string;
  external_connection_id: string;
  display_name: string;
  status: string;
}

export interface SharedConnections {
  shared_with: SharedConnection[];
  request_id: string;
  status_code: number;
}

export interface SharedLogins {
  organization_id: string;
  external_connection_id: string;
  would_pass: number;
  would_fail: number;
}

export interface SharedResponse {
  shared_with: SharedConnection;
  request_id: string;
  status_code: number;
}

export interface SigningKeyResponse {
  connection: SamlConnection;
  certificate_id: string;
  request_id: string;
  status_code: number;
}

export interface TestResponse {
  test_url: string;
  expires_at: string;
  request_id: string;
  status_code: number;
}

export interface TestResultResponse {
  connection_id: string;
  trace_id: string;
  settings: string;
  draft_id: string;
  passed: boolean;
  started_at: string;
  checks: CheckDocument[];
  person: TestedPerson | null;
  request_id: string;
  status_code: number;
}

/**
 * As whom the person would have been let in: `enters` is registered, linked or created, and
 * `member_id` is empty for a member who would be created.
 */
export interface TestedPerson {
  enters: string;
  member_id: string;
  subject: string;
  email_address: string;
  name: string;
  groups: string[];
  attributes: Record<string, string[]>;
  roles: string[];
  session_roles: string[];
}

export interface TotpsConfig {
  enabled?: boolean;
  create_totps?: boolean;
}

export interface UnlinkedResponse {
  member_id: string;
  member: Member;
  organization: Organization;
  organization_id: string;
  request_id: string;
  status_code: number;
}

export interface ValidType {
  type: "DISCOVERY" | "INVITE" | "LOGIN" | "RESET_PASSWORD" | "SIGNUP";
  is_default?: boolean;
}

export interface Verdict {
  authorized: boolean;
  granting_roles: string[];
}

/** The connection as it was until `replaced_at`; `changes` are those that replaced it. */
export interface VersionDocument {
  version: number;
  replaced_at: string;
  replaced_by: string;
  changes: DraftsChangeDocument[];
}

export interface VersionsResponse {
  live_version: number;
  versions: VersionDocument[];
  request_id: string;
  status_code: number;
}
