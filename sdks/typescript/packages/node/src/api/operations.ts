// How each call goes over the wire.
// Written by `make api`; change the operations of the server, not this file.

import type { Empty, Operation, models as m } from "@vestibule-sso/core";

export interface AuditSearchParams {
  organization_id?: string | null | undefined;
  action?: string | null | undefined;
  actor?: string | null | undefined;
  target?: string | null | undefined;
  since?: string | null | undefined;
  until?: string | null | undefined;
  cursor?: string | null | undefined;
  limit?: number | null | undefined;
}

export const auditSearch: Operation<AuditSearchParams, m.AuditSearchResponse> = {
  id: "audit.search",
  method: "POST",
  path: "/v1/b2b/audit/search",
  auth: "project",
  repeatable: true,
};

export const brandingGet: Operation<Empty, m.BrandingResponse> = {
  id: "branding.get",
  method: "GET",
  path: "/v1/b2b/branding",
  auth: "project",
};

export interface BrandingGetOrganizationParams {
  organization_id: string;
}

export const brandingGetOrganization: Operation<BrandingGetOrganizationParams, m.OrganizationBrandingResponse> = {
  id: "branding.get_organization",
  method: "GET",
  path: "/v1/b2b/branding/{organization_id}",
  auth: "project",
};

export interface BrandingSetParams {
  logo?: string | null | undefined;
  accent?: string | null | undefined;
  radius?: number | null | undefined;
  font?: string | null | undefined;
  name?: string | null | undefined;
  frame_ancestors?: string[] | null | undefined;
}

export const brandingSet: Operation<BrandingSetParams, m.BrandingResponse> = {
  id: "branding.set",
  method: "PUT",
  path: "/v1/b2b/branding",
  auth: "project",
  keyed: true,
};

export interface BrandingSetOrganizationParams {
  organization_id: string;
  logo?: string | null | undefined;
  accent?: string | null | undefined;
  radius?: number | null | undefined;
  font?: string | null | undefined;
  name?: string | null | undefined;
}

export const brandingSetOrganization: Operation<BrandingSetOrganizationParams, m.OrganizationBrandingResponse> = {
  id: "branding.set_organization",
  method: "PUT",
  path: "/v1/b2b/branding/{organization_id}",
  auth: "project",
  keyed: true,
};

export interface DiscoveryIntermediateSessionsExchangeParams {
  intermediate_session_token: string;
  organization_id: string;
  session_duration_minutes?: number | null | undefined;
  session_custom_claims?: Record<string, unknown> | null | undefined;
  locale?: string | null | undefined;
}

export const discoveryIntermediateSessionsExchange: Operation<DiscoveryIntermediateSessionsExchangeParams, m.AuthenticatedResponse> = {
  id: "discovery_intermediate_sessions.exchange",
  method: "POST",
  path: "/v1/b2b/discovery/intermediate_sessions/exchange",
  auth: "project",
  keyed: true,
};

export interface DiscoveryOrganizationsCreateParams {
  intermediate_session_token: string;
  organization_slug?: string | null | undefined;
  organization_logo_url?: string | null | undefined;
  trusted_metadata?: Record<string, unknown> | null | undefined;
  organization_external_id?: string | null | undefined;
  sso_jit_provisioning?: "ALL_ALLOWED" | "NOT_ALLOWED" | "RESTRICTED" | null | undefined;
  email_allowed_domains?: string[] | null | undefined;
  email_jit_provisioning?: "NOT_ALLOWED" | "RESTRICTED" | null | undefined;
  email_invites?: "ALL_ALLOWED" | "NOT_ALLOWED" | "RESTRICTED" | null | undefined;
  auth_methods?: "ALL_ALLOWED" | "RESTRICTED" | null | undefined;
  allowed_auth_methods?: string[] | null | undefined;
  mfa_policy?: "OPTIONAL" | "REQUIRED_FOR_ALL" | null | undefined;
  rbac_email_implicit_role_assignments?: m.EmailRoleAssignment[] | null | undefined;
  mfa_methods?: "ALL_ALLOWED" | "RESTRICTED" | null | undefined;
  allowed_mfa_methods?: string[] | null | undefined;
  oauth_tenant_jit_provisioning?: "NOT_ALLOWED" | "RESTRICTED" | null | undefined;
  allowed_oauth_tenants?: Record<string, unknown> | null | undefined;
  claimed_email_domains?: string[] | null | undefined;
  first_party_connected_apps_allowed_type?: "ALL_ALLOWED" | "NOT_ALLOWED" | "RESTRICTED" | null | undefined;
  allowed_first_party_connected_apps?: string[] | null | undefined;
  third_party_connected_apps_allowed_type?: "ALL_ALLOWED" | "NOT_ALLOWED" | "RESTRICTED" | null | undefined;
  allowed_third_party_connected_apps?: string[] | null | undefined;
  organization_name?: string | null | undefined;
  session_duration_minutes?: number | null | undefined;
  session_custom_claims?: Record<string, unknown> | null | undefined;
}

export const discoveryOrganizationsCreate: Operation<DiscoveryOrganizationsCreateParams, m.AuthenticatedResponse> = {
  id: "discovery_organizations.create",
  method: "POST",
  path: "/v1/b2b/discovery/organizations/create",
  auth: "project",
  keyed: true,
};

export interface DiscoveryOrganizationsListParams {
  intermediate_session_token?: string | null | undefined;
  session_token?: string | null | undefined;
  session_jwt?: string | null | undefined;
}

export const discoveryOrganizationsList: Operation<DiscoveryOrganizationsListParams, m.DiscoverResponse> = {
  id: "discovery_organizations.list",
  method: "POST",
  path: "/v1/b2b/discovery/organizations",
  auth: "project",
  keyed: true,
};

export interface MagicLinksAuthenticateParams {
  magic_links_token: string;
  pkce_code_verifier?: string | null | undefined;
  session_token?: string | null | undefined;
  session_jwt?: string | null | undefined;
  session_duration_minutes?: number | null | undefined;
  session_custom_claims?: Record<string, unknown> | null | undefined;
  locale?: string | null | undefined;
  intermediate_session_token?: string | null | undefined;
}

export const magicLinksAuthenticate: Operation<MagicLinksAuthenticateParams, m.LinkAuthenticated> = {
  id: "magic_links.authenticate",
  method: "POST",
  path: "/v1/b2b/magic_links/authenticate",
  auth: "project",
  keyed: true,
};

export interface MagicLinksDiscoveryAuthenticateParams {
  discovery_magic_links_token: string;
  pkce_code_verifier?: string | null | undefined;
}

export const magicLinksDiscoveryAuthenticate: Operation<MagicLinksDiscoveryAuthenticateParams, m.DiscoveryAuthenticated> = {
  id: "magic_links_discovery.authenticate",
  method: "POST",
  path: "/v1/b2b/magic_links/discovery/authenticate",
  auth: "project",
  keyed: true,
};

export interface MagicLinksEmailInviteParams {
  organization_id: string;
  email_address: string;
  invite_redirect_url?: string | null | undefined;
  invited_by_member_id?: string | null | undefined;
  name?: string | null | undefined;
  trusted_metadata?: Record<string, unknown> | null | undefined;
  untrusted_metadata?: Record<string, unknown> | null | undefined;
  invite_template_id?: string | null | undefined;
  locale?: string | null | undefined;
  roles?: string[] | null | undefined;
  invite_expiration_minutes?: number | null | undefined;
}

export const magicLinksEmailInvite: Operation<MagicLinksEmailInviteParams, m.MemberResponse> = {
  id: "magic_links_email.invite",
  method: "POST",
  path: "/v1/b2b/magic_links/email/invite",
  auth: "project",
  keyed: true,
};

export interface MagicLinksEmailLoginOrSignupParams {
  organization_id: string;
  email_address: string;
  login_redirect_url?: string | null | undefined;
  signup_redirect_url?: string | null | undefined;
  pkce_code_challenge?: string | null | undefined;
  login_template_id?: string | null | undefined;
  signup_template_id?: string | null | undefined;
  locale?: string | null | undefined;
  login_expiration_minutes?: number | null | undefined;
  signup_expiration_minutes?: number | null | undefined;
}

export const magicLinksEmailLoginOrSignup: Operation<MagicLinksEmailLoginOrSignupParams, m.LinkSent> = {
  id: "magic_links_email.login_or_signup",
  method: "POST",
  path: "/v1/b2b/magic_links/email/login_or_signup",
  auth: "project",
  keyed: true,
};

export interface MagicLinksEmailDiscoverySendParams {
  email_address: string;
  discovery_redirect_url?: string | null | undefined;
  pkce_code_challenge?: string | null | undefined;
  login_template_id?: string | null | undefined;
  locale?: string | null | undefined;
  discovery_expiration_minutes?: number | null | undefined;
}

export const magicLinksEmailDiscoverySend: Operation<MagicLinksEmailDiscoverySendParams, m.Envelope> = {
  id: "magic_links_email_discovery.send",
  method: "POST",
  path: "/v1/b2b/magic_links/email/discovery/send",
  auth: "project",
  keyed: true,
};

export interface ManagementJwtTemplatesGetParams {
  project_slug: string;
  environment_slug: string;
  jwt_template_type: string;
}

export const managementJwtTemplatesGet: Operation<ManagementJwtTemplatesGetParams, m.JwtTemplateResponse> = {
  id: "management.jwt_templates.get",
  method: "GET",
  path: "/pwa/v3/projects/{project_slug}/environments/{environment_slug}/jwt_templates/{jwt_template_type}",
  auth: "workspace",
};

export interface ManagementJwtTemplatesSetParams {
  project_slug: string;
  environment_slug: string;
  jwt_template_type: string;
  jwt_template?: m.JwtTemplateChanges | null | undefined;
  template_content?: string | null | undefined;
  custom_audience?: string | null | undefined;
}

export const managementJwtTemplatesSet: Operation<ManagementJwtTemplatesSetParams, m.JwtTemplateResponse> = {
  id: "management.jwt_templates.set",
  method: "PUT",
  path: "/pwa/v3/projects/{project_slug}/environments/{environment_slug}/jwt_templates/{jwt_template_type}",
  auth: "workspace",
  keyed: true,
};

export interface ManagementPublicTokensCreateParams {
  project_slug: string;
  environment_slug: string;
}

export const managementPublicTokensCreate: Operation<ManagementPublicTokensCreateParams, m.PublicTokenResponse> = {
  id: "management.public_tokens.create",
  method: "POST",
  path: "/pwa/v3/projects/{project_slug}/environments/{environment_slug}/public_tokens",
  auth: "workspace",
  keyed: true,
};

export interface ManagementPublicTokensDeleteParams {
  project_slug: string;
  environment_slug: string;
  public_token: string;
  force?: boolean | null | undefined;
}

export const managementPublicTokensDelete: Operation<ManagementPublicTokensDeleteParams, m.Response> = {
  id: "management.public_tokens.delete",
  method: "DELETE",
  path: "/pwa/v3/projects/{project_slug}/environments/{environment_slug}/public_tokens/{public_token}",
  auth: "workspace",
  keyed: true,
};

export interface ManagementPublicTokensGetParams {
  project_slug: string;
  environment_slug: string;
  public_token: string;
}

export const managementPublicTokensGet: Operation<ManagementPublicTokensGetParams, m.PublicTokenResponse> = {
  id: "management.public_tokens.get",
  method: "GET",
  path: "/pwa/v3/projects/{project_slug}/environments/{environment_slug}/public_tokens/{public_token}",
  auth: "workspace",
};

export interface ManagementPublicTokensGetAllParams {
  project_slug: string;
  environment_slug: string;
}

export const managementPublicTokensGetAll: Operation<ManagementPublicTokensGetAllParams, m.PublicTokensResponse> = {
  id: "management.public_tokens.get_all",
  method: "GET",
  path: "/pwa/v3/projects/{project_slug}/environments/{environment_slug}/public_tokens",
  auth: "workspace",
};

export interface ManagementRbacPolicyGetParams {
  project_slug: string;
  environment_slug: string;
}

export const managementRbacPolicyGet: Operation<ManagementRbacPolicyGetParams, m.ManagedPolicyResponse> = {
  id: "management.rbac_policy.get",
  method: "GET",
  path: "/pwa/v3/projects/{project_slug}/environments/{environment_slug}/rbac_policy",
  auth: "workspace",
};

export interface ManagementRbacPolicySetParams {
  project_slug: string;
  environment_slug: string;
  policy?: m.ManagedPolicyChanges | null | undefined;
  custom_roles?: m.RoleDocument[] | null | undefined;
  custom_resources?: m.ManagedResource[] | null | undefined;
  custom_scopes?: Record<string, unknown>[] | null | undefined;
  stytch_member?: m.BuiltInRole | null | undefined;
  stytch_admin?: m.BuiltInRole | null | undefined;
}

export const managementRbacPolicySet: Operation<ManagementRbacPolicySetParams, m.ManagedPolicyResponse> = {
  id: "management.rbac_policy.set",
  method: "PUT",
  path: "/pwa/v3/projects/{project_slug}/environments/{environment_slug}/rbac_policy",
  auth: "workspace",
  keyed: true,
};

export interface ManagementRedirectUrlsCreateParams {
  project_slug: string;
  environment_slug: string;
  url: string;
  valid_types: m.ValidType[];
  do_not_promote_defaults?: boolean | null | undefined;
}

export const managementRedirectUrlsCreate: Operation<ManagementRedirectUrlsCreateParams, m.RedirectUrlResponse> = {
  id: "management.redirect_urls.create",
  method: "POST",
  path: "/pwa/v3/projects/{project_slug}/environments/{environment_slug}/redirect_urls",
  auth: "workspace",
  keyed: true,
};

export interface ManagementRedirectUrlsDeleteParams {
  project_slug: string;
  environment_slug: string;
  url: string;
  do_not_promote_defaults?: boolean | null | undefined;
}

export const managementRedirectUrlsDelete: Operation<ManagementRedirectUrlsDeleteParams, m.Response> = {
  id: "management.redirect_urls.delete",
  method: "DELETE",
  path: "/pwa/v3/projects/{project_slug}/environments/{environment_slug}/redirect_urls",
  auth: "workspace",
  keyed: true,
};

export interface ManagementRedirectUrlsGetParams {
  project_slug: string;
  environment_slug: string;
  url?: string | null | undefined;
}

export const managementRedirectUrlsGet: Operation<ManagementRedirectUrlsGetParams, m.RedirectUrlsResponse> = {
  id: "management.redirect_urls.get",
  method: "GET",
  path: "/pwa/v3/projects/{project_slug}/environments/{environment_slug}/redirect_urls",
  auth: "workspace",
};

export interface ManagementRedirectUrlsGetAllParams {
  project_slug: string;
  environment_slug: string;
}

export const managementRedirectUrlsGetAll: Operation<ManagementRedirectUrlsGetAllParams, m.RedirectUrlsResponse> = {
  id: "management.redirect_urls.get_all",
  method: "GET",
  path: "/pwa/v3/projects/{project_slug}/environments/{environment_slug}/redirect_urls/all",
  auth: "workspace",
};

export interface ManagementRedirectUrlsUpdateParams {
  project_slug: string;
  environment_slug: string;
  valid_types: m.ValidType[];
  url?: string | null | undefined;
  do_not_promote_defaults?: boolean | null | undefined;
}

export const managementRedirectUrlsUpdate: Operation<ManagementRedirectUrlsUpdateParams, m.RedirectUrlResponse> = {
  id: "management.redirect_urls.update",
  method: "PUT",
  path: "/pwa/v3/projects/{project_slug}/environments/{environment_slug}/redirect_urls",
  auth: "workspace",
  keyed: true,
};

export interface ManagementSdkGetB2bParams {
  project_slug: string;
  environment_slug: string;
}

export const managementSdkGetB2b: Operation<ManagementSdkGetB2bParams, m.SdkConfigResponse> = {
  id: "management.sdk.get_b2b",
  method: "GET",
  path: "/pwa/v3/projects/{project_slug}/environments/{environment_slug}/sdk/b2b",
  auth: "workspace",
};

export interface ManagementSdkSetB2bParams {
  project_slug: string;
  environment_slug: string;
  config: m.SdkConfigChanges;
}

export const managementSdkSetB2b: Operation<ManagementSdkSetB2bParams, m.SdkConfigResponse> = {
  id: "management.sdk.set_b2b",
  method: "PUT",
  path: "/pwa/v3/projects/{project_slug}/environments/{environment_slug}/sdk/b2b",
  auth: "workspace",
  keyed: true,
};

export interface ManagementSecretsCreateParams {
  project_slug: string;
  environment_slug: string;
}

export const managementSecretsCreate: Operation<ManagementSecretsCreateParams, m.CreatedSecretResponse> = {
  id: "management.secrets.create",
  method: "POST",
  path: "/pwa/v3/projects/{project_slug}/environments/{environment_slug}/secrets",
  auth: "workspace",
  keyed: true,
};

export interface ManagementSecretsDeleteParams {
  project_slug: string;
  environment_slug: string;
  secret_id: string;
  force?: boolean | null | undefined;
}

export const managementSecretsDelete: Operation<ManagementSecretsDeleteParams, m.Response> = {
  id: "management.secrets.delete",
  method: "DELETE",
  path: "/pwa/v3/projects/{project_slug}/environments/{environment_slug}/secrets/{secret_id}",
  auth: "workspace",
  keyed: true,
};

export interface ManagementSecretsGetParams {
  project_slug: string;
  environment_slug: string;
  secret_id: string;
}

export const managementSecretsGet: Operation<ManagementSecretsGetParams, m.SecretResponse> = {
  id: "management.secrets.get",
  method: "GET",
  path: "/pwa/v3/projects/{project_slug}/environments/{environment_slug}/secrets/{secret_id}",
  auth: "workspace",
};

export interface ManagementSecretsGetAllParams {
  project_slug: string;
  environment_slug: string;
}

export const managementSecretsGetAll: Operation<ManagementSecretsGetAllParams, m.SecretsResponse> = {
  id: "management.secrets.get_all",
  method: "GET",
  path: "/pwa/v3/projects/{project_slug}/environments/{environment_slug}/secrets",
  auth: "workspace",
};

export interface OrganizationsCheckDomainParams {
  organization_id: string;
  domain: string;
}

export const organizationsCheckDomain: Operation<OrganizationsCheckDomainParams, m.DomainResponse> = {
  id: "organizations.check_domain",
  method: "POST",
  path: "/v1/b2b/organizations/{organization_id}/domains/{domain}/check",
  auth: "project",
  keyed: true,
};

export interface OrganizationsCheckLockoutParams {
  organization_id: string;
  delete_connection_id?: string | null | undefined;
  delete_member_id?: string | null | undefined;
  member_id?: string | null | undefined;
  roles?: string[] | null | undefined;
  is_breakglass?: boolean | null | undefined;
  auth_methods?: string | null | undefined;
  allowed_auth_methods?: string[] | null | undefined;
}

export const organizationsCheckLockout: Operation<OrganizationsCheckLockoutParams, m.LockoutResponse> = {
  id: "organizations.check_lockout",
  method: "POST",
  path: "/v1/b2b/organizations/{organization_id}/lockout_check",
  auth: "project",
  repeatable: true,
};

export interface OrganizationsClaimDomainParams {
  organization_id: string;
  domain: string;
}

export const organizationsClaimDomain: Operation<OrganizationsClaimDomainParams, m.DomainResponse> = {
  id: "organizations.claim_domain",
  method: "POST",
  path: "/v1/b2b/organizations/{organization_id}/domains",
  auth: "project",
  keyed: true,
};

export interface OrganizationsCreateParams {
  organization_name: string;
  organization_slug?: string | null | undefined;
  organization_logo_url?: string | null | undefined;
  trusted_metadata?: Record<string, unknown> | null | undefined;
  organization_external_id?: string | null | undefined;
  sso_jit_provisioning?: "ALL_ALLOWED" | "NOT_ALLOWED" | "RESTRICTED" | null | undefined;
  email_allowed_domains?: string[] | null | undefined;
  email_jit_provisioning?: "NOT_ALLOWED" | "RESTRICTED" | null | undefined;
  email_invites?: "ALL_ALLOWED" | "NOT_ALLOWED" | "RESTRICTED" | null | undefined;
  auth_methods?: "ALL_ALLOWED" | "RESTRICTED" | null | undefined;
  allowed_auth_methods?: string[] | null | undefined;
  mfa_policy?: "OPTIONAL" | "REQUIRED_FOR_ALL" | null | undefined;
  rbac_email_implicit_role_assignments?: m.EmailRoleAssignment[] | null | undefined;
  mfa_methods?: "ALL_ALLOWED" | "RESTRICTED" | null | undefined;
  allowed_mfa_methods?: string[] | null | undefined;
  oauth_tenant_jit_provisioning?: "NOT_ALLOWED" | "RESTRICTED" | null | undefined;
  allowed_oauth_tenants?: Record<string, unknown> | null | undefined;
  claimed_email_domains?: string[] | null | undefined;
  first_party_connected_apps_allowed_type?: "ALL_ALLOWED" | "NOT_ALLOWED" | "RESTRICTED" | null | undefined;
  allowed_first_party_connected_apps?: string[] | null | undefined;
  third_party_connected_apps_allowed_type?: "ALL_ALLOWED" | "NOT_ALLOWED" | "RESTRICTED" | null | undefined;
  allowed_third_party_connected_apps?: string[] | null | undefined;
}

export const organizationsCreate: Operation<OrganizationsCreateParams, m.OrganizationResponse> = {
  id: "organizations.create",
  method: "POST",
  path: "/v1/b2b/organizations",
  auth: "project",
  keyed: true,
};

export interface OrganizationsDeleteParams {
  organization_id: string;
}

export const organizationsDelete: Operation<OrganizationsDeleteParams, m.DeletedOrganization> = {
  id: "organizations.delete",
  method: "DELETE",
  path: "/v1/b2b/organizations/{organization_id}",
  auth: "project",
  keyed: true,
};

export interface OrganizationsDeleteDomainParams {
  organization_id: string;
  domain: string;
}

export const organizationsDeleteDomain: Operation<OrganizationsDeleteDomainParams, m.DeletedDomainResponse> = {
  id: "organizations.delete_domain",
  method: "DELETE",
  path: "/v1/b2b/organizations/{organization_id}/domains/{domain}",
  auth: "project",
  keyed: true,
};

export interface OrganizationsDeleteExternalIdParams {
  organization_id: string;
}

export const organizationsDeleteExternalId: Operation<OrganizationsDeleteExternalIdParams, m.OrganizationResponse> = {
  id: "organizations.delete_external_id",
  method: "DELETE",
  path: "/v1/b2b/organizations/{organization_id}/external_id",
  auth: "project",
  keyed: true,
};

export interface OrganizationsGetParams {
  organization_id: string;
}

export const organizationsGet: Operation<OrganizationsGetParams, m.OrganizationResponse> = {
  id: "organizations.get",
  method: "GET",
  path: "/v1/b2b/organizations/{organization_id}",
  auth: "project",
};

export interface OrganizationsGetDomainsParams {
  organization_id: string;
}

export const organizationsGetDomains: Operation<OrganizationsGetDomainsParams, m.DomainsResponse> = {
  id: "organizations.get_domains",
  method: "GET",
  path: "/v1/b2b/organizations/{organization_id}/domains",
  auth: "project",
};

export interface OrganizationsMetricsParams {
  organization_id: string;
}

export const organizationsMetrics: Operation<OrganizationsMetricsParams, m.Metrics> = {
  id: "organizations.metrics",
  method: "GET",
  path: "/v1/b2b/organizations/{organization_id}/metrics",
  auth: "project",
};

export interface OrganizationsSearchParams {
  cursor?: string | null | undefined;
  limit?: number | null | undefined;
  query?: m.SearchQuery | null | undefined;
}

export const organizationsSearch: Operation<OrganizationsSearchParams, m.OrganizationPage> = {
  id: "organizations.search",
  method: "POST",
  path: "/v1/b2b/organizations/search",
  auth: "project",
  repeatable: true,
};

export interface OrganizationsUpdateParams {
  organization_id: string;
  organization_name?: string | null | undefined;
  organization_slug?: string | null | undefined;
  organization_logo_url?: string | null | undefined;
  trusted_metadata?: Record<string, unknown> | null | undefined;
  organization_external_id?: string | null | undefined;
  sso_jit_provisioning?: "ALL_ALLOWED" | "NOT_ALLOWED" | "RESTRICTED" | null | undefined;
  email_allowed_domains?: string[] | null | undefined;
  email_jit_provisioning?: "NOT_ALLOWED" | "RESTRICTED" | null | undefined;
  email_invites?: "ALL_ALLOWED" | "NOT_ALLOWED" | "RESTRICTED" | null | undefined;
  auth_methods?: "ALL_ALLOWED" | "RESTRICTED" | null | undefined;
  allowed_auth_methods?: string[] | null | undefined;
  mfa_policy?: "OPTIONAL" | "REQUIRED_FOR_ALL" | null | undefined;
  rbac_email_implicit_role_assignments?: m.EmailRoleAssignment[] | null | undefined;
  mfa_methods?: "ALL_ALLOWED" | "RESTRICTED" | null | undefined;
  allowed_mfa_methods?: string[] | null | undefined;
  oauth_tenant_jit_provisioning?: "NOT_ALLOWED" | "RESTRICTED" | null | undefined;
  allowed_oauth_tenants?: Record<string, unknown> | null | undefined;
  claimed_email_domains?: string[] | null | undefined;
  first_party_connected_apps_allowed_type?: "ALL_ALLOWED" | "NOT_ALLOWED" | "RESTRICTED" | null | undefined;
  allowed_first_party_connected_apps?: string[] | null | undefined;
  third_party_connected_apps_allowed_type?: "ALL_ALLOWED" | "NOT_ALLOWED" | "RESTRICTED" | null | undefined;
  allowed_third_party_connected_apps?: string[] | null | undefined;
  sso_default_connection_id?: string | null | undefined;
  sso_jit_provisioning_allowed_connections?: string[] | null | undefined;
}

export const organizationsUpdate: Operation<OrganizationsUpdateParams, m.OrganizationResponse> = {
  id: "organizations.update",
  method: "PUT",
  path: "/v1/b2b/organizations/{organization_id}",
  auth: "project",
  keyed: true,
};

export interface OrganizationsMembersCreateParams {
  organization_id: string;
  email_address: string;
  name?: string | null | undefined;
  trusted_metadata?: Record<string, unknown> | null | undefined;
  untrusted_metadata?: Record<string, unknown> | null | undefined;
  create_member_as_pending?: boolean | null | undefined;
  is_breakglass?: boolean | null | undefined;
  mfa_phone_number?: string | null | undefined;
  mfa_enrolled?: boolean | null | undefined;
  roles?: string[] | null | undefined;
  external_id?: string | null | undefined;
}

export const organizationsMembersCreate: Operation<OrganizationsMembersCreateParams, m.MemberResponse> = {
  id: "organizations_members.create",
  method: "POST",
  path: "/v1/b2b/organizations/{organization_id}/members",
  auth: "project",
  keyed: true,
};

export interface OrganizationsMembersDangerouslyGetParams {
  member_id: string;
  include_deleted?: boolean | null | undefined;
}

export const organizationsMembersDangerouslyGet: Operation<OrganizationsMembersDangerouslyGetParams, m.MemberResponse> = {
  id: "organizations_members.dangerously_get",
  method: "GET",
  path: "/v1/b2b/organizations/members/dangerously_get/{member_id}",
  auth: "project",
};

export interface OrganizationsMembersDeleteParams {
  organization_id: string;
  member_id: string;
}

export const organizationsMembersDelete: Operation<OrganizationsMembersDeleteParams, m.DeletedMember> = {
  id: "organizations_members.delete",
  method: "DELETE",
  path: "/v1/b2b/organizations/{organization_id}/members/{member_id}",
  auth: "project",
  keyed: true,
};

export interface OrganizationsMembersDeleteExternalIdParams {
  organization_id: string;
  member_id: string;
}

export const organizationsMembersDeleteExternalId: Operation<OrganizationsMembersDeleteExternalIdParams, m.MemberResponse> = {
  id: "organizations_members.delete_external_id",
  method: "DELETE",
  path: "/v1/b2b/organizations/{organization_id}/members/{member_id}/external_id",
  auth: "project",
  keyed: true,
};

export interface OrganizationsMembersDeleteMfaPhoneNumberParams {
  organization_id: string;
  member_id: string;
}

export const organizationsMembersDeleteMfaPhoneNumber: Operation<OrganizationsMembersDeleteMfaPhoneNumberParams, m.MemberResponse> = {
  id: "organizations_members.delete_mfa_phone_number",
  method: "DELETE",
  path: "/v1/b2b/organizations/{organization_id}/members/mfa_phone_numbers/{member_id}",
  auth: "project",
  keyed: true,
};

export interface OrganizationsMembersDeleteTotpParams {
  organization_id: string;
  member_id: string;
}

export const organizationsMembersDeleteTotp: Operation<OrganizationsMembersDeleteTotpParams, m.MemberResponse> = {
  id: "organizations_members.delete_totp",
  method: "DELETE",
  path: "/v1/b2b/organizations/{organization_id}/members/{member_id}/totp",
  auth: "project",
  keyed: true,
};

export interface OrganizationsMembersExplainRolesParams {
  organization_id: string;
  member_id: string;
}

export const organizationsMembersExplainRoles: Operation<OrganizationsMembersExplainRolesParams, m.RolesExplained> = {
  id: "organizations_members.explain_roles",
  method: "GET",
  path: "/v1/b2b/organizations/{organization_id}/members/{member_id}/roles/explain",
  auth: "project",
};

export interface OrganizationsMembersGetParams {
  organization_id: string;
  member_id?: string | null | undefined;
  email_address?: string | null | undefined;
}

export const organizationsMembersGet: Operation<OrganizationsMembersGetParams, m.MemberResponse> = {
  id: "organizations_members.get",
  method: "GET",
  path: "/v1/b2b/organizations/{organization_id}/member",
  auth: "project",
};

export interface OrganizationsMembersOidcProvidersParams {
  organization_id: string;
  member_id: string;
  include_refresh_token?: boolean | null | undefined;
  minimum_seconds?: number | null | undefined;
  connection_id?: string | null | undefined;
}

export const organizationsMembersOidcProviders: Operation<OrganizationsMembersOidcProvidersParams, m.OidcProvidersResponse> = {
  id: "organizations_members.oidc_providers",
  method: "GET",
  path: "/v1/b2b/organizations/{organization_id}/members/{member_id}/oidc_providers",
  auth: "project",
};

export interface OrganizationsMembersReactivateParams {
  organization_id: string;
  member_id: string;
}

export const organizationsMembersReactivate: Operation<OrganizationsMembersReactivateParams, m.MemberResponse> = {
  id: "organizations_members.reactivate",
  method: "PUT",
  path: "/v1/b2b/organizations/{organization_id}/members/{member_id}/reactivate",
  auth: "project",
  keyed: true,
};

export interface OrganizationsMembersSearchParams {
  organization_ids: string[];
  cursor?: string | null | undefined;
  limit?: number | null | undefined;
  query?: m.SearchQuery | null | undefined;
}

export const organizationsMembersSearch: Operation<OrganizationsMembersSearchParams, m.MemberPage> = {
  id: "organizations_members.search",
  method: "POST",
  path: "/v1/b2b/organizations/members/search",
  auth: "project",
  repeatable: true,
};

export interface OrganizationsMembersStartEmailUpdateParams {
  organization_id: string;
  member_id: string;
  email_address: string;
  login_redirect_url?: string | null | undefined;
  locale?: string | null | undefined;
  login_template_id?: string | null | undefined;
  delivery_method?: "EMAIL_MAGIC_LINK" | null | undefined;
}

export const organizationsMembersStartEmailUpdate: Operation<OrganizationsMembersStartEmailUpdateParams, m.MemberResponse> = {
  id: "organizations_members.start_email_update",
  method: "POST",
  path: "/v1/b2b/organizations/{organization_id}/members/{member_id}/start_email_update",
  auth: "project",
  keyed: true,
};

export interface OrganizationsMembersUnlinkRetiredEmailParams {
  organization_id: string;
  member_id: string;
  email_id?: string | null | undefined;
  email_address?: string | null | undefined;
}

export const organizationsMembersUnlinkRetiredEmail: Operation<OrganizationsMembersUnlinkRetiredEmailParams, m.UnlinkedResponse> = {
  id: "organizations_members.unlink_retired_email",
  method: "POST",
  path: "/v1/b2b/organizations/{organization_id}/members/{member_id}/unlink_retired_email",
  auth: "project",
  keyed: true,
};

export interface OrganizationsMembersUpdateParams {
  organization_id: string;
  member_id: string;
  name?: string | null | undefined;
  trusted_metadata?: Record<string, unknown> | null | undefined;
  untrusted_metadata?: Record<string, unknown> | null | undefined;
  is_breakglass?: boolean | null | undefined;
  mfa_phone_number?: string | null | undefined;
  mfa_enrolled?: boolean | null | undefined;
  roles?: string[] | null | undefined;
  preserve_existing_sessions?: boolean | null | undefined;
  default_mfa_method?: string | null | undefined;
  email_address?: string | null | undefined;
  external_id?: string | null | undefined;
  unlink_email?: boolean | null | undefined;
}

export const organizationsMembersUpdate: Operation<OrganizationsMembersUpdateParams, m.MemberResponse> = {
  id: "organizations_members.update",
  method: "PUT",
  path: "/v1/b2b/organizations/{organization_id}/members/{member_id}",
  auth: "project",
  keyed: true,
};

export const rbacPolicy: Operation<Empty, m.PolicyResponse> = {
  id: "rbac.policy",
  method: "GET",
  path: "/v1/b2b/rbac/policy",
  auth: "project",
};

export interface RbacOrganizationsGetOrgPolicyParams {
  organization_id: string;
}

export const rbacOrganizationsGetOrgPolicy: Operation<RbacOrganizationsGetOrgPolicyParams, m.OrgPolicyResponse> = {
  id: "rbac_organizations.get_org_policy",
  method: "GET",
  path: "/v1/b2b/rbac/organizations/{organization_id}",
  auth: "project",
};

export interface RbacOrganizationsSetOrgPolicyParams {
  organization_id: string;
  org_policy: m.OrgPolicy;
}

export const rbacOrganizationsSetOrgPolicy: Operation<RbacOrganizationsSetOrgPolicyParams, m.OrgPolicyResponse> = {
  id: "rbac_organizations.set_org_policy",
  method: "PUT",
  path: "/v1/b2b/rbac/organizations/{organization_id}",
  auth: "project",
  keyed: true,
};

export interface ScimConnectionGetParams {
  organization_id: string;
}

export const scimConnectionGet: Operation<ScimConnectionGetParams, m.ScimConnectionResponse> = {
  id: "scim_connection.get",
  method: "GET",
  path: "/v1/b2b/scim/{organization_id}/connection",
  auth: "project",
};

export interface SessionsAuthenticateParams {
  session_token?: string | null | undefined;
  session_jwt?: string | null | undefined;
  session_duration_minutes?: number | null | undefined;
  session_custom_claims?: Record<string, unknown> | null | undefined;
  authorization_check?: m.AuthorizationCheckDocument | null | undefined;
}

export const sessionsAuthenticate: Operation<SessionsAuthenticateParams, m.SessionResponse> = {
  id: "sessions.authenticate",
  method: "POST",
  path: "/v1/b2b/sessions/authenticate",
  auth: "project",
  repeatable: true,
};

export interface SessionsExchangeParams {
  organization_id: string;
  session_token?: string | null | undefined;
  session_jwt?: string | null | undefined;
  session_duration_minutes?: number | null | undefined;
  session_custom_claims?: Record<string, unknown> | null | undefined;
  locale?: string | null | undefined;
}

export const sessionsExchange: Operation<SessionsExchangeParams, m.AuthenticatedResponse> = {
  id: "sessions.exchange",
  method: "POST",
  path: "/v1/b2b/sessions/exchange",
  auth: "project",
  keyed: true,
};

export interface SessionsGetParams {
  organization_id: string;
  member_id: string;
}

export const sessionsGet: Operation<SessionsGetParams, m.Sessions> = {
  id: "sessions.get",
  method: "GET",
  path: "/v1/b2b/sessions",
  auth: "project",
};

export interface SessionsGetJwksParams {
  project_id: string;
}

export const sessionsGetJwks: Operation<SessionsGetJwksParams, m.JwkSet> = {
  id: "sessions.get_jwks",
  method: "GET",
  path: "/v1/b2b/sessions/jwks/{project_id}",
  auth: "none",
};

export interface SessionsRevokeParams {
  member_session_id?: string | null | undefined;
  session_token?: string | null | undefined;
  session_jwt?: string | null | undefined;
  member_id?: string | null | undefined;
}

export const sessionsRevoke: Operation<SessionsRevokeParams, m.Envelope> = {
  id: "sessions.revoke",
  method: "POST",
  path: "/v1/b2b/sessions/revoke",
  auth: "project",
  keyed: true,
};

export interface SetupLinksIssueParams {
  organization_id: string;
  scopes: ("certificate_renewal" | "domain_verification" | "sso")[];
  lifetime_minutes?: number | null | undefined;
  uses?: "many" | "one" | null | undefined;
  connection_id?: string | null | undefined;
  note?: string | null | undefined;
  return_url?: string | null | undefined;
}

export const setupLinksIssue: Operation<SetupLinksIssueParams, m.IssuedSetupLinkResponse> = {
  id: "setup_links.issue",
  method: "POST",
  path: "/v1/b2b/organizations/{organization_id}/setup_links",
  auth: "project",
  keyed: true,
};

export interface SetupLinksIssuePortalTokenParams {
  organization_id: string;
  origin: string;
  scopes?: ("certificate_renewal" | "domain_verification" | "sso")[] | null | undefined;
}

export const setupLinksIssuePortalToken: Operation<SetupLinksIssuePortalTokenParams, m.PortalTokenResponse> = {
  id: "setup_links.issue_portal_token",
  method: "POST",
  path: "/v1/b2b/organizations/{organization_id}/portal_token",
  auth: "project",
  keyed: true,
};

export interface SetupLinksListParams {
  organization_id: string;
}

export const setupLinksList: Operation<SetupLinksListParams, m.SetupLinksResponse> = {
  id: "setup_links.list",
  method: "GET",
  path: "/v1/b2b/organizations/{organization_id}/setup_links",
  auth: "project",
};

export interface SetupLinksRevokeParams {
  organization_id: string;
  link_id: string;
}

export const setupLinksRevoke: Operation<SetupLinksRevokeParams, m.SetupLinkResponse> = {
  id: "setup_links.revoke",
  method: "DELETE",
  path: "/v1/b2b/organizations/{organization_id}/setup_links/{link_id}",
  auth: "project",
  keyed: true,
};

export interface SsoActivateDraftParams {
  organization_id: string;
  connection_id: string;
  draft_id?: string | null | undefined;
  accept_lockout?: boolean | null | undefined;
}

export const ssoActivateDraft: Operation<SsoActivateDraftParams, m.ActivatedResponse> = {
  id: "sso.activate_draft",
  method: "POST",
  path: "/v1/b2b/sso/{organization_id}/connections/{connection_id}/draft/activate",
  auth: "project",
  keyed: true,
};

export interface SsoApproveSharedConnectionParams {
  organization_id: string;
  connection_id: string;
  external_connection_id: string;
}

export const ssoApproveSharedConnection: Operation<SsoApproveSharedConnectionParams, m.SharedResponse> = {
  id: "sso.approve_shared_connection",
  method: "POST",
  path: "/v1/b2b/sso/{organization_id}/connections/{connection_id}/external/{external_connection_id}/approve",
  auth: "project",
  keyed: true,
};

export interface SsoAuthenticateParams {
  sso_token: string;
  pkce_code_verifier?: string | null | undefined;
  session_token?: string | null | undefined;
  session_jwt?: string | null | undefined;
  session_duration_minutes?: number | null | undefined;
  session_custom_claims?: Record<string, unknown> | null | undefined;
  locale?: string | null | undefined;
  intermediate_session_token?: string | null | undefined;
}

export const ssoAuthenticate: Operation<SsoAuthenticateParams, m.AuthenticatedResponse> = {
  id: "sso.authenticate",
  method: "POST",
  path: "/v1/b2b/sso/authenticate",
  auth: "project",
  keyed: true,
};

export interface SsoDeleteConnectionParams {
  organization_id: string;
  connection_id: string;
}

export const ssoDeleteConnection: Operation<SsoDeleteConnectionParams, m.DeletedConnection> = {
  id: "sso.delete_connection",
  method: "DELETE",
  path: "/v1/b2b/sso/{organization_id}/connections/{connection_id}",
  auth: "project",
  keyed: true,
};

export interface SsoDiscardDraftParams {
  organization_id: string;
  connection_id: string;
}

export const ssoDiscardDraft: Operation<SsoDiscardDraftParams, m.DiscardedDraft> = {
  id: "sso.discard_draft",
  method: "DELETE",
  path: "/v1/b2b/sso/{organization_id}/connections/{connection_id}/draft",
  auth: "project",
  keyed: true,
};

export interface SsoDryRunParams {
  organization_id: string;
  connection_id: string;
  logins?: number | null | undefined;
}

export const ssoDryRun: Operation<SsoDryRunParams, m.DryRunResponse> = {
  id: "sso.dry_run",
  method: "POST",
  path: "/v1/b2b/sso/{organization_id}/connections/{connection_id}/dry_run",
  auth: "project",
  repeatable: true,
};

export interface SsoGetConnectionsParams {
  organization_id: string;
}

export const ssoGetConnections: Operation<SsoGetConnectionsParams, m.Connections> = {
  id: "sso.get_connections",
  method: "GET",
  path: "/v1/b2b/sso/{organization_id}",
  auth: "project",
};

export interface SsoGetDraftParams {
  organization_id: string;
  connection_id: string;
}

export const ssoGetDraft: Operation<SsoGetDraftParams, m.DraftResponse> = {
  id: "sso.get_draft",
  method: "GET",
  path: "/v1/b2b/sso/{organization_id}/connections/{connection_id}/draft",
  auth: "project",
};

export interface SsoGetHealthParams {
  organization_id: string;
}

export const ssoGetHealth: Operation<SsoGetHealthParams, m.HealthResponse> = {
  id: "sso.get_health",
  method: "GET",
  path: "/v1/b2b/sso/{organization_id}/health",
  auth: "project",
};

export const ssoGetPresets: Operation<Empty, m.Presets> = {
  id: "sso.get_presets",
  method: "GET",
  path: "/v1/b2b/presets",
  auth: "project",
};

export interface SsoGetSetupParams {
  organization_id: string;
  connection_id: string;
}

export const ssoGetSetup: Operation<SsoGetSetupParams, m.ConnectionSetup> = {
  id: "sso.get_setup",
  method: "GET",
  path: "/v1/b2b/sso/{organization_id}/connections/{connection_id}/setup",
  auth: "project",
};

export interface SsoGetSharedConnectionsParams {
  organization_id: string;
  connection_id: string;
}

export const ssoGetSharedConnections: Operation<SsoGetSharedConnectionsParams, m.SharedConnections> = {
  id: "sso.get_shared_connections",
  method: "GET",
  path: "/v1/b2b/sso/{organization_id}/connections/{connection_id}/external",
  auth: "project",
};

export interface SsoGetTestResultParams {
  organization_id: string;
  connection_id: string;
  trace_id: string;
}

export const ssoGetTestResult: Operation<SsoGetTestResultParams, m.TestResultResponse> = {
  id: "sso.get_test_result",
  method: "GET",
  path: "/v1/b2b/sso/{organization_id}/connections/{connection_id}/test/{trace_id}",
  auth: "project",
};

export interface SsoGetVersionsParams {
  organization_id: string;
  connection_id: string;
}

export const ssoGetVersions: Operation<SsoGetVersionsParams, m.VersionsResponse> = {
  id: "sso.get_versions",
  method: "GET",
  path: "/v1/b2b/sso/{organization_id}/connections/{connection_id}/versions",
  auth: "project",
};

export interface SsoLogoutParams {
  member_session_id?: string | null | undefined;
  session_token?: string | null | undefined;
  session_jwt?: string | null | undefined;
  logout_redirect_url?: string | null | undefined;
}

export const ssoLogout: Operation<SsoLogoutParams, m.LogoutStarted> = {
  id: "sso.logout",
  method: "POST",
  path: "/v1/b2b/sso/logout",
  auth: "project",
  keyed: true,
};

export interface SsoPreviewMappingParams {
  organization_id: string;
  connection_id: string;
  attribute_mapping?: Record<string, string> | null | undefined;
  saml_response?: string | null | undefined;
  id_token?: string | null | undefined;
  claims?: Record<string, unknown> | null | undefined;
}

export const ssoPreviewMapping: Operation<SsoPreviewMappingParams, m.MappingPreviewResponse> = {
  id: "sso.preview_mapping",
  method: "POST",
  path: "/v1/b2b/sso/{organization_id}/connections/{connection_id}/mapping/preview",
  auth: "project",
  repeatable: true,
};

export interface SsoPutDraftParams {
  organization_id: string;
  connection_id: string;
  idp_entity_id?: string | null | undefined;
  display_name?: string | null | undefined;
  attribute_mapping?: Record<string, unknown> | null | undefined;
  x509_certificate?: string | null | undefined;
  idp_sso_url?: string | null | undefined;
  idp_sso_binding?: string | null | undefined;
  idp_slo_url?: string | null | undefined;
  idp_slo_response_url?: string | null | undefined;
  idp_slo_binding?: string | null | undefined;
  idp_metadata_url?: string | null | undefined;
  idp_metadata_policy?: string | null | undefined;
  force_authn?: boolean | null | undefined;
  requested_authn_context?: string[] | null | undefined;
  saml_connection_implicit_role_assignments?: m.RoleAssignment[] | null | undefined;
  saml_group_implicit_role_assignments?: m.GroupRoleAssignment[] | null | undefined;
  alternative_audience_uri?: string | null | undefined;
  identity_provider?: string | null | undefined;
  signing_private_key?: string | null | undefined;
  nameid_format?: string | null | undefined;
  alternative_acs_url?: string | null | undefined;
  idp_initiated_auth_disabled?: boolean | null | undefined;
  saml_encryption_private_key?: string | null | undefined;
  allow_gateway_callback?: boolean | null | undefined;
  external_sharing?: string | null | undefined;
  sign_requests?: boolean | null | undefined;
  insecure_legacy_encryption?: boolean | null | undefined;
  client_id?: string | null | undefined;
  client_secret?: string | null | undefined;
  issuer?: string | null | undefined;
  authorization_url?: string | null | undefined;
  token_url?: string | null | undefined;
  userinfo_url?: string | null | undefined;
  jwks_url?: string | null | undefined;
  custom_scopes?: string | null | undefined;
  oidc_connection_implicit_role_assignments?: m.RoleAssignment[] | null | undefined;
  oidc_group_implicit_role_assignments?: m.GroupRoleAssignment[] | null | undefined;
  token_endpoint_auth_method?: string | null | undefined;
  delete_certificate_ids?: string[] | null | undefined;
}

export const ssoPutDraft: Operation<SsoPutDraftParams, m.DraftResponse> = {
  id: "sso.put_draft",
  method: "PUT",
  path: "/v1/b2b/sso/{organization_id}/connections/{connection_id}/draft",
  auth: "project",
  keyed: true,
};

export interface SsoRevokeSharedConnectionParams {
  organization_id: string;
  connection_id: string;
  external_connection_id: string;
}

export const ssoRevokeSharedConnection: Operation<SsoRevokeSharedConnectionParams, m.SharedResponse> = {
  id: "sso.revoke_shared_connection",
  method: "POST",
  path: "/v1/b2b/sso/{organization_id}/connections/{connection_id}/external/{external_connection_id}/revoke",
  auth: "project",
  keyed: true,
};

export interface SsoRollBackParams {
  organization_id: string;
  connection_id: string;
  version: string;
}

export const ssoRollBack: Operation<SsoRollBackParams, m.ActivatedResponse> = {
  id: "sso.roll_back",
  method: "POST",
  path: "/v1/b2b/sso/{organization_id}/connections/{connection_id}/versions/{version}/roll_back",
  auth: "project",
  keyed: true,
};

export interface SsoRouteParams {
  public_token: string;
  email_address: string;
}

export const ssoRoute: Operation<SsoRouteParams, m.RouteResponse> = {
  id: "sso.route",
  method: "POST",
  path: "/v1/public/sso/route",
  auth: "none",
  repeatable: true,
};

export interface SsoTestConnectionParams {
  organization_id: string;
  connection_id: string;
  draft?: boolean | null | undefined;
}

export const ssoTestConnection: Operation<SsoTestConnectionParams, m.TestResponse> = {
  id: "sso.test_connection",
  method: "POST",
  path: "/v1/b2b/sso/{organization_id}/connections/{connection_id}/test",
  auth: "project",
  keyed: true,
};

export interface SsoExternalCreateConnectionParams {
  organization_id: string;
  external_organization_id: string;
  external_connection_id: string;
  display_name?: string | null | undefined;
  connection_implicit_role_assignments?: m.RoleAssignment[] | null | undefined;
  group_implicit_role_assignments?: m.GroupRoleAssignment[] | null | undefined;
  external_connection_implicit_role_assignments?: m.RoleAssignment[] | null | undefined;
  external_group_implicit_role_assignments?: m.GroupRoleAssignment[] | null | undefined;
  session_exchange?: string | null | undefined;
}

export const ssoExternalCreateConnection: Operation<SsoExternalCreateConnectionParams, m.ExternalConnectionResponse> = {
  id: "sso_external.create_connection",
  method: "POST",
  path: "/v1/b2b/sso/external/{organization_id}",
  auth: "project",
  keyed: true,
};

export interface SsoExternalUpdateConnectionParams {
  organization_id: string;
  connection_id: string;
  display_name?: string | null | undefined;
  connection_implicit_role_assignments?: m.RoleAssignment[] | null | undefined;
  group_implicit_role_assignments?: m.GroupRoleAssignment[] | null | undefined;
  external_connection_implicit_role_assignments?: m.RoleAssignment[] | null | undefined;
  external_group_implicit_role_assignments?: m.GroupRoleAssignment[] | null | undefined;
  session_exchange?: string | null | undefined;
}

export const ssoExternalUpdateConnection: Operation<SsoExternalUpdateConnectionParams, m.ExternalConnectionResponse> = {
  id: "sso_external.update_connection",
  method: "PUT",
  path: "/v1/b2b/sso/external/{organization_id}/connections/{connection_id}",
  auth: "project",
  keyed: true,
};

export interface SsoOidcCreateConnectionParams {
  organization_id: string;
  display_name?: string | null | undefined;
  identity_provider?: string | null | undefined;
}

export const ssoOidcCreateConnection: Operation<SsoOidcCreateConnectionParams, m.OidcConnectionResponse> = {
  id: "sso_oidc.create_connection",
  method: "POST",
  path: "/v1/b2b/sso/oidc/{organization_id}",
  auth: "project",
  keyed: true,
};

export interface SsoOidcUpdateConnectionParams {
  organization_id: string;
  connection_id: string;
  display_name?: string | null | undefined;
  client_id?: string | null | undefined;
  client_secret?: string | null | undefined;
  issuer?: string | null | undefined;
  authorization_url?: string | null | undefined;
  token_url?: string | null | undefined;
  userinfo_url?: string | null | undefined;
  jwks_url?: string | null | undefined;
  identity_provider?: string | null | undefined;
  custom_scopes?: string | null | undefined;
  attribute_mapping?: Record<string, unknown> | null | undefined;
  oidc_connection_implicit_role_assignments?: m.RoleAssignment[] | null | undefined;
  oidc_group_implicit_role_assignments?: m.GroupRoleAssignment[] | null | undefined;
  token_endpoint_auth_method?: string | null | undefined;
  external_sharing?: string | null | undefined;
}

export const ssoOidcUpdateConnection: Operation<SsoOidcUpdateConnectionParams, m.OidcConnectionResponse> = {
  id: "sso_oidc.update_connection",
  method: "PUT",
  path: "/v1/b2b/sso/oidc/{organization_id}/connections/{connection_id}",
  auth: "project",
  keyed: true,
};

export interface SsoSamlActivateSigningKeyParams {
  organization_id: string;
  connection_id: string;
  certificate_id: string;
}

export const ssoSamlActivateSigningKey: Operation<SsoSamlActivateSigningKeyParams, m.SamlConnectionResponse> = {
  id: "sso_saml.activate_signing_key",
  method: "POST",
  path: "/v1/b2b/sso/saml/{organization_id}/connections/{connection_id}/signing_keys/{certificate_id}/activate",
  auth: "project",
  keyed: true,
};

export interface SsoSamlConfirmIdpMetadataParams {
  organization_id: string;
  connection_id: string;
  change_id: string;
}

export const ssoSamlConfirmIdpMetadata: Operation<SsoSamlConfirmIdpMetadataParams, m.IdpMetadataResponse> = {
  id: "sso_saml.confirm_idp_metadata",
  method: "POST",
  path: "/v1/b2b/sso/saml/{organization_id}/connections/{connection_id}/idp_metadata/confirm",
  auth: "project",
  keyed: true,
};

export interface SsoSamlCreateConnectionParams {
  organization_id: string;
  display_name?: string | null | undefined;
  identity_provider?: string | null | undefined;
}

export const ssoSamlCreateConnection: Operation<SsoSamlCreateConnectionParams, m.SamlConnectionResponse> = {
  id: "sso_saml.create_connection",
  method: "POST",
  path: "/v1/b2b/sso/saml/{organization_id}",
  auth: "project",
  keyed: true,
};

export interface SsoSamlCreateSigningKeyParams {
  organization_id: string;
  connection_id: string;
}

export const ssoSamlCreateSigningKey: Operation<SsoSamlCreateSigningKeyParams, m.SigningKeyResponse> = {
  id: "sso_saml.create_signing_key",
  method: "POST",
  path: "/v1/b2b/sso/saml/{organization_id}/connections/{connection_id}/signing_keys",
  auth: "project",
  keyed: true,
};

export interface SsoSamlDeleteEncryptionPrivateKeyParams {
  organization_id: string;
  connection_id: string;
  private_key_id: string;
}

export const ssoSamlDeleteEncryptionPrivateKey: Operation<SsoSamlDeleteEncryptionPrivateKeyParams, m.DeletedPrivateKey> = {
  id: "sso_saml.delete_encryption_private_key",
  method: "DELETE",
  path: "/v1/b2b/sso/saml/{organization_id}/connections/{connection_id}/encryption_private_keys/{private_key_id}",
  auth: "project",
  keyed: true,
};

export interface SsoSamlDeleteSigningKeyParams {
  organization_id: string;
  connection_id: string;
  certificate_id: string;
}

export const ssoSamlDeleteSigningKey: Operation<SsoSamlDeleteSigningKeyParams, m.DeletedCertificate> = {
  id: "sso_saml.delete_signing_key",
  method: "DELETE",
  path: "/v1/b2b/sso/saml/{organization_id}/connections/{connection_id}/signing_keys/{certificate_id}",
  auth: "project",
  keyed: true,
};

export interface SsoSamlDeleteVerificationCertificateParams {
  organization_id: string;
  connection_id: string;
  certificate_id: string;
}

export const ssoSamlDeleteVerificationCertificate: Operation<SsoSamlDeleteVerificationCertificateParams, m.DeletedCertificate> = {
  id: "sso_saml.delete_verification_certificate",
  method: "DELETE",
  path: "/v1/b2b/sso/saml/{organization_id}/connections/{connection_id}/verification_certificates/{certificate_id}",
  auth: "project",
  keyed: true,
};

export interface SsoSamlDismissIdpMetadataParams {
  organization_id: string;
  connection_id: string;
  change_id: string;
}

export const ssoSamlDismissIdpMetadata: Operation<SsoSamlDismissIdpMetadataParams, m.IdpMetadataResponse> = {
  id: "sso_saml.dismiss_idp_metadata",
  method: "POST",
  path: "/v1/b2b/sso/saml/{organization_id}/connections/{connection_id}/idp_metadata/dismiss",
  auth: "project",
  keyed: true,
};

export interface SsoSamlGetIdpMetadataParams {
  organization_id: string;
  connection_id: string;
}

export const ssoSamlGetIdpMetadata: Operation<SsoSamlGetIdpMetadataParams, m.IdpMetadataResponse> = {
  id: "sso_saml.get_idp_metadata",
  method: "GET",
  path: "/v1/b2b/sso/saml/{organization_id}/connections/{connection_id}/idp_metadata",
  auth: "project",
};

export interface SsoSamlRefreshIdpMetadataParams {
  organization_id: string;
  connection_id: string;
}

export const ssoSamlRefreshIdpMetadata: Operation<SsoSamlRefreshIdpMetadataParams, m.IdpMetadataResponse> = {
  id: "sso_saml.refresh_idp_metadata",
  method: "POST",
  path: "/v1/b2b/sso/saml/{organization_id}/connections/{connection_id}/idp_metadata/refresh",
  auth: "project",
  keyed: true,
};

export interface SsoSamlUpdateByUrlParams {
  organization_id: string;
  connection_id: string;
  metadata_url: string;
}

export const ssoSamlUpdateByUrl: Operation<SsoSamlUpdateByUrlParams, m.SamlConnectionResponse> = {
  id: "sso_saml.update_by_url",
  method: "PUT",
  path: "/v1/b2b/sso/saml/{organization_id}/connections/{connection_id}/url",
  auth: "project",
  keyed: true,
};

export interface SsoSamlUpdateConnectionParams {
  organization_id: string;
  connection_id: string;
  idp_entity_id?: string | null | undefined;
  display_name?: string | null | undefined;
  attribute_mapping?: Record<string, unknown> | null | undefined;
  x509_certificate?: string | null | undefined;
  idp_sso_url?: string | null | undefined;
  idp_sso_binding?: string | null | undefined;
  idp_slo_url?: string | null | undefined;
  idp_slo_response_url?: string | null | undefined;
  idp_slo_binding?: string | null | undefined;
  idp_metadata_url?: string | null | undefined;
  idp_metadata_policy?: string | null | undefined;
  force_authn?: boolean | null | undefined;
  requested_authn_context?: string[] | null | undefined;
  saml_connection_implicit_role_assignments?: m.RoleAssignment[] | null | undefined;
  saml_group_implicit_role_assignments?: m.GroupRoleAssignment[] | null | undefined;
  alternative_audience_uri?: string | null | undefined;
  identity_provider?: string | null | undefined;
  signing_private_key?: string | null | undefined;
  nameid_format?: string | null | undefined;
  alternative_acs_url?: string | null | undefined;
  idp_initiated_auth_disabled?: boolean | null | undefined;
  saml_encryption_private_key?: string | null | undefined;
  allow_gateway_callback?: boolean | null | undefined;
  external_sharing?: string | null | undefined;
  sign_requests?: boolean | null | undefined;
  insecure_legacy_encryption?: boolean | null | undefined;
}

export const ssoSamlUpdateConnection: Operation<SsoSamlUpdateConnectionParams, m.SamlConnectionResponse> = {
  id: "sso_saml.update_connection",
  method: "PUT",
  path: "/v1/b2b/sso/saml/{organization_id}/connections/{connection_id}",
  auth: "project",
  keyed: true,
};
