// How each call goes over the wire.
// Written by `make api`; change the operations of the server, not this file.

import type { Empty, Operation, models as m } from "@vestibule-sso/core";

export interface AdminPortalTokenParams {
  origin: string;
  scopes?: ("certificate_renewal" | "domain_verification" | "sso")[] | null | undefined;
}

export const adminPortalToken: Operation<AdminPortalTokenParams, m.PortalTokenResponse> = {
  method: "POST",
  path: "/sdk/v1/b2b/admin_portal/token",
};

export const adminPortalConfig: Operation<Empty, m.AdminPortalConfig> = {
  method: "GET",
  path: "/sdk/v1/b2b/admin_portal_config",
};

export interface BootstrapParams {
  public_token: string;
}

export const bootstrap: Operation<BootstrapParams, m.Bootstrap> = {
  method: "GET",
  path: "/sdk/v1/projects/bootstrap/{public_token}",
};

export interface DiscoveryIntermediateSessionsExchangeParams {
  intermediate_session_token: string;
  organization_id: string;
  session_duration_minutes?: number | null | undefined;
  locale?: string | null | undefined;
}

export const discoveryIntermediateSessionsExchange: Operation<DiscoveryIntermediateSessionsExchangeParams, m.AuthenticatedResponse> = {
  method: "POST",
  path: "/sdk/v1/b2b/discovery/intermediate_sessions/exchange",
};

export interface DiscoveryOrganizationsCreateParams {
  intermediate_session_token: string;
  session_duration_minutes?: number | null | undefined;
  organization_name?: string | null | undefined;
  organization_slug?: string | null | undefined;
  organization_logo_url?: string | null | undefined;
  sso_jit_provisioning?: "ALL_ALLOWED" | "NOT_ALLOWED" | "RESTRICTED" | null | undefined;
  email_allowed_domains?: string[] | null | undefined;
  email_jit_provisioning?: "NOT_ALLOWED" | "RESTRICTED" | null | undefined;
  email_invites?: "ALL_ALLOWED" | "NOT_ALLOWED" | "RESTRICTED" | null | undefined;
  auth_methods?: "ALL_ALLOWED" | "RESTRICTED" | null | undefined;
  allowed_auth_methods?: string[] | null | undefined;
  mfa_policy?: "OPTIONAL" | "REQUIRED_FOR_ALL" | null | undefined;
}

export const discoveryOrganizationsCreate: Operation<DiscoveryOrganizationsCreateParams, m.AuthenticatedResponse> = {
  method: "POST",
  path: "/sdk/v1/b2b/discovery/organizations/create",
};

export interface DiscoveryOrganizationsListParams {
  intermediate_session_token?: string | null | undefined;
}

export const discoveryOrganizationsList: Operation<DiscoveryOrganizationsListParams, m.DiscoverResponse> = {
  method: "POST",
  path: "/sdk/v1/b2b/discovery/organizations",
};

export interface MagicLinksAuthenticateParams {
  magic_links_token: string;
  session_duration_minutes?: number | null | undefined;
  locale?: string | null | undefined;
  pkce_code_verifier?: string | null | undefined;
  intermediate_session_token?: string | null | undefined;
}

export const magicLinksAuthenticate: Operation<MagicLinksAuthenticateParams, m.LinkAuthenticated> = {
  method: "POST",
  path: "/sdk/v1/b2b/magic_links/authenticate",
};

export interface MagicLinksDiscoveryAuthenticateParams {
  discovery_magic_links_token: string;
  pkce_code_verifier?: string | null | undefined;
}

export const magicLinksDiscoveryAuthenticate: Operation<MagicLinksDiscoveryAuthenticateParams, m.DiscoveryAuthenticated> = {
  method: "POST",
  path: "/sdk/v1/b2b/magic_links/discovery/authenticate",
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
  method: "POST",
  path: "/sdk/v1/b2b/magic_links/email/discovery/send",
};

export interface MagicLinksEmailInviteParams {
  email_address: string;
  invite_redirect_url?: string | null | undefined;
  invite_template_id?: string | null | undefined;
  name?: string | null | undefined;
  untrusted_metadata?: Record<string, unknown> | null | undefined;
  locale?: string | null | undefined;
  roles?: string[] | null | undefined;
  invite_expiration_minutes?: number | null | undefined;
}

export const magicLinksEmailInvite: Operation<MagicLinksEmailInviteParams, m.MemberResponse> = {
  method: "POST",
  path: "/sdk/v1/b2b/magic_links/email/invite",
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

export const magicLinksEmailLoginOrSignup: Operation<MagicLinksEmailLoginOrSignupParams, m.Envelope> = {
  method: "POST",
  path: "/sdk/v1/b2b/magic_links/email/login_or_signup",
};

export interface MemberSearchByEmailParams {
  email_address: string;
  organization_id: string;
}

export const memberSearchByEmail: Operation<MemberSearchByEmailParams, m.ByEmailResponse> = {
  method: "POST",
  path: "/sdk/v1/b2b/organizations/members/search",
  repeatable: true,
};

export const organizationDelete: Operation<Empty, m.DeletedOrganization> = {
  method: "DELETE",
  path: "/sdk/v1/b2b/organizations/me",
};

export const organizationGet: Operation<Empty, m.OrganizationResponse> = {
  method: "GET",
  path: "/sdk/v1/b2b/organizations/me",
};

export interface OrganizationGetBySlugParams {
  organization_slug: string;
}

export const organizationGetBySlug: Operation<OrganizationGetBySlugParams, m.BySlugResponse> = {
  method: "POST",
  path: "/sdk/v1/b2b/organizations/search",
  repeatable: true,
};

export interface OrganizationMembersCreateParams {
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

export const organizationMembersCreate: Operation<OrganizationMembersCreateParams, m.MemberResponse> = {
  method: "POST",
  path: "/sdk/v1/b2b/organizations/members",
};

export interface OrganizationMembersDeleteParams {
  member_id: string;
}

export const organizationMembersDelete: Operation<OrganizationMembersDeleteParams, m.DeletedMember> = {
  method: "DELETE",
  path: "/sdk/v1/b2b/organizations/members/{member_id}",
};

export interface OrganizationMembersDeleteMFAPhoneNumberParams {
  member_id: string;
}

export const organizationMembersDeleteMFAPhoneNumber: Operation<OrganizationMembersDeleteMFAPhoneNumberParams, m.MemberResponse> = {
  method: "DELETE",
  path: "/sdk/v1/b2b/organizations/members/mfa_phone_numbers/{member_id}",
};

export interface OrganizationMembersDeleteMFATOTPParams {
  member_id: string;
}

export const organizationMembersDeleteMFATOTP: Operation<OrganizationMembersDeleteMFATOTPParams, m.MemberResponse> = {
  method: "DELETE",
  path: "/sdk/v1/b2b/organizations/members/totp/{member_id}",
};

export interface OrganizationMembersReactivateParams {
  member_id: string;
}

export const organizationMembersReactivate: Operation<OrganizationMembersReactivateParams, m.MemberResponse> = {
  method: "PUT",
  path: "/sdk/v1/b2b/organizations/members/{member_id}/reactivate",
};

export interface OrganizationMembersSearchParams {
  cursor?: string | null | undefined;
  limit?: number | null | undefined;
  query?: m.SearchQuery | null | undefined;
}

export const organizationMembersSearch: Operation<OrganizationMembersSearchParams, m.MemberPage> = {
  method: "POST",
  path: "/sdk/v1/b2b/organizations/me/members/search",
  repeatable: true,
};

export interface OrganizationMembersStartEmailUpdateParams {
  member_id: string;
  email_address: string;
  login_redirect_url?: string | null | undefined;
  locale?: string | null | undefined;
  login_template_id?: string | null | undefined;
  delivery_method?: "EMAIL_MAGIC_LINK" | null | undefined;
}

export const organizationMembersStartEmailUpdate: Operation<OrganizationMembersStartEmailUpdateParams, m.MemberResponse> = {
  method: "POST",
  path: "/sdk/v1/b2b/organizations/members/{member_id}/start_email_update",
};

export interface OrganizationMembersUnlinkRetiredEmailParams {
  member_id: string;
  email_id?: string | null | undefined;
  email_address?: string | null | undefined;
}

export const organizationMembersUnlinkRetiredEmail: Operation<OrganizationMembersUnlinkRetiredEmailParams, m.UnlinkedResponse> = {
  method: "POST",
  path: "/sdk/v1/b2b/organizations/members/{member_id}/unlink_retired_email",
};

export interface OrganizationMembersUpdateParams {
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

export const organizationMembersUpdate: Operation<OrganizationMembersUpdateParams, m.MemberResponse> = {
  method: "PUT",
  path: "/sdk/v1/b2b/organizations/members/{member_id}",
};

export interface OrganizationUpdateParams {
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

export const organizationUpdate: Operation<OrganizationUpdateParams, m.OrganizationResponse> = {
  method: "PUT",
  path: "/sdk/v1/b2b/organizations/me",
};

export const selfDeleteMFAPhoneNumber: Operation<Empty, m.MemberResponse> = {
  method: "DELETE",
  path: "/sdk/v1/b2b/organizations/members/deletePhoneNumber",
};

export const selfDeleteMFATOTP: Operation<Empty, m.MemberResponse> = {
  method: "DELETE",
  path: "/sdk/v1/b2b/organizations/members/deleteTOTP",
};

export const selfGet: Operation<Empty, m.MemberResponse> = {
  method: "GET",
  path: "/sdk/v1/b2b/organizations/members/me",
};

export interface SelfStartEmailUpdateParams {
  email_address: string;
  login_redirect_url?: string | null | undefined;
  locale?: string | null | undefined;
  login_template_id?: string | null | undefined;
  delivery_method?: "EMAIL_MAGIC_LINK" | null | undefined;
}

export const selfStartEmailUpdate: Operation<SelfStartEmailUpdateParams, m.MemberResponse> = {
  method: "POST",
  path: "/sdk/v1/b2b/organizations/members/start_email_update",
};

export interface SelfUnlinkRetiredEmailParams {
  email_id?: string | null | undefined;
  email_address?: string | null | undefined;
}

export const selfUnlinkRetiredEmail: Operation<SelfUnlinkRetiredEmailParams, m.UnlinkedResponse> = {
  method: "POST",
  path: "/sdk/v1/b2b/organizations/members/unlink_retired_email",
};

export interface SelfUpdateParams {
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

export const selfUpdate: Operation<SelfUpdateParams, m.MemberResponse> = {
  method: "PUT",
  path: "/sdk/v1/b2b/organizations/members/update",
};

export interface SessionAuthenticateParams {
  session_duration_minutes?: number | null | undefined;
}

export const sessionAuthenticate: Operation<SessionAuthenticateParams, m.OwnSession> = {
  method: "POST",
  path: "/sdk/v1/b2b/sessions/authenticate",
  repeatable: true,
};

export interface SessionExchangeParams {
  organization_id: string;
  session_duration_minutes?: number | null | undefined;
  locale?: string | null | undefined;
}

export const sessionExchange: Operation<SessionExchangeParams, m.AuthenticatedResponse> = {
  method: "POST",
  path: "/sdk/v1/b2b/sessions/exchange",
};

export const sessionRevoke: Operation<Empty, m.Envelope> = {
  method: "POST",
  path: "/sdk/v1/b2b/sessions/revoke",
};

export interface SessionRevokeForMemberParams {
  member_id: string;
}

export const sessionRevokeForMember: Operation<SessionRevokeForMemberParams, m.Envelope> = {
  method: "POST",
  path: "/sdk/v1/b2b/sessions/revoke/{member_id}",
};

export interface SsoAuthenticateParams {
  sso_token: string;
  pkce_code_verifier?: string | null | undefined;
  session_duration_minutes?: number | null | undefined;
  locale?: string | null | undefined;
  intermediate_session_token?: string | null | undefined;
}

export const ssoAuthenticate: Operation<SsoAuthenticateParams, m.AuthenticatedResponse> = {
  method: "POST",
  path: "/sdk/v1/b2b/sso/authenticate",
};

export interface SsoDeleteConnectionParams {
  connection_id: string;
}

export const ssoDeleteConnection: Operation<SsoDeleteConnectionParams, m.DeletedConnection> = {
  method: "DELETE",
  path: "/sdk/v1/b2b/sso/{connection_id}",
};

export interface SsoDiscoverConnectionsParams {
  email_address: string;
}

export const ssoDiscoverConnections: Operation<SsoDiscoverConnectionsParams, m.DiscoveredConnections> = {
  method: "GET",
  path: "/sdk/v1/b2b/sso/discovery/connections",
};

export interface SsoExternalCreateConnectionParams {
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
  method: "POST",
  path: "/sdk/v1/b2b/sso/external",
};

export interface SsoExternalUpdateConnectionParams {
  connection_id: string;
  display_name?: string | null | undefined;
  connection_implicit_role_assignments?: m.RoleAssignment[] | null | undefined;
  group_implicit_role_assignments?: m.GroupRoleAssignment[] | null | undefined;
  external_connection_implicit_role_assignments?: m.RoleAssignment[] | null | undefined;
  external_group_implicit_role_assignments?: m.GroupRoleAssignment[] | null | undefined;
  session_exchange?: string | null | undefined;
}

export const ssoExternalUpdateConnection: Operation<SsoExternalUpdateConnectionParams, m.ExternalConnectionResponse> = {
  method: "PUT",
  path: "/sdk/v1/b2b/sso/external/{connection_id}",
};

export const ssoGetConnections: Operation<Empty, m.Connections> = {
  method: "GET",
  path: "/sdk/v1/b2b/sso",
};

export interface SsoOidcCreateConnectionParams {
  display_name?: string | null | undefined;
  identity_provider?: string | null | undefined;
}

export const ssoOidcCreateConnection: Operation<SsoOidcCreateConnectionParams, m.OidcConnectionResponse> = {
  method: "POST",
  path: "/sdk/v1/b2b/sso/oidc",
};

export interface SsoOidcUpdateConnectionParams {
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
  method: "PUT",
  path: "/sdk/v1/b2b/sso/oidc/{connection_id}",
};

export interface SsoRouteParams {
  email_address: string;
}

export const ssoRoute: Operation<SsoRouteParams, m.RouteResponse> = {
  method: "POST",
  path: "/sdk/v1/b2b/sso/route",
};

export interface SsoSamlCreateConnectionParams {
  display_name?: string | null | undefined;
  identity_provider?: string | null | undefined;
}

export const ssoSamlCreateConnection: Operation<SsoSamlCreateConnectionParams, m.SamlConnectionResponse> = {
  method: "POST",
  path: "/sdk/v1/b2b/sso/saml",
};

export interface SsoSamlDeleteEncryptionPrivateKeyParams {
  connection_id: string;
  private_key_id: string;
}

export const ssoSamlDeleteEncryptionPrivateKey: Operation<SsoSamlDeleteEncryptionPrivateKeyParams, m.DeletedPrivateKey> = {
  method: "DELETE",
  path: "/sdk/v1/b2b/sso/saml/{connection_id}/encryption_private_key/{private_key_id}",
};

export interface SsoSamlDeleteVerificationCertificateParams {
  connection_id: string;
  certificate_id: string;
}

export const ssoSamlDeleteVerificationCertificate: Operation<SsoSamlDeleteVerificationCertificateParams, m.DeletedCertificate> = {
  method: "DELETE",
  path: "/sdk/v1/b2b/sso/saml/{connection_id}/verification_certificates/{certificate_id}",
};

export interface SsoSamlUpdateConnectionParams {
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
  method: "PUT",
  path: "/sdk/v1/b2b/sso/saml/{connection_id}",
  repeatable: false,
};

export interface SsoSamlUpdateConnectionByURLParams {
  connection_id: string;
  metadata_url: string;
}

export const ssoSamlUpdateConnectionByURL: Operation<SsoSamlUpdateConnectionByURLParams, m.SamlConnectionResponse> = {
  method: "PUT",
  path: "/sdk/v1/b2b/sso/saml/{connection_id}/url",
};
