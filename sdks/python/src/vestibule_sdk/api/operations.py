"""How each call goes over the wire.

Written by `make api`; change the operations of the server, not this file.
"""

from __future__ import annotations

from vestibule_sdk.api import models as m
from vestibule_sdk.calls import Operation

AUDIT_SEARCH = Operation(
    "audit.search", "POST", "/v1/b2b/audit/search", "project", False, m.AuditSearchResponse
)
BRANDING_GET = Operation(
    "branding.get", "GET", "/v1/b2b/branding", "project", False, m.BrandingResponse
)
BRANDING_GET_ORGANIZATION = Operation(
    "branding.get_organization",
    "GET",
    "/v1/b2b/branding/{organization_id}",
    "project",
    False,
    m.OrganizationBrandingResponse,
)
BRANDING_SET = Operation(
    "branding.set", "PUT", "/v1/b2b/branding", "project", True, m.BrandingResponse
)
BRANDING_SET_ORGANIZATION = Operation(
    "branding.set_organization",
    "PUT",
    "/v1/b2b/branding/{organization_id}",
    "project",
    True,
    m.OrganizationBrandingResponse,
)
DISCOVERY_INTERMEDIATE_SESSIONS_EXCHANGE = Operation(
    "discovery_intermediate_sessions.exchange",
    "POST",
    "/v1/b2b/discovery/intermediate_sessions/exchange",
    "project",
    True,
    m.AuthenticatedResponse,
)
DISCOVERY_ORGANIZATIONS_CREATE = Operation(
    "discovery_organizations.create",
    "POST",
    "/v1/b2b/discovery/organizations/create",
    "project",
    True,
    m.AuthenticatedResponse,
)
DISCOVERY_ORGANIZATIONS_LIST = Operation(
    "discovery_organizations.list",
    "POST",
    "/v1/b2b/discovery/organizations",
    "project",
    True,
    m.DiscoverResponse,
)
MAGIC_LINKS_AUTHENTICATE = Operation(
    "magic_links.authenticate",
    "POST",
    "/v1/b2b/magic_links/authenticate",
    "project",
    True,
    m.LinkAuthenticated,
)
MAGIC_LINKS_DISCOVERY_AUTHENTICATE = Operation(
    "magic_links_discovery.authenticate",
    "POST",
    "/v1/b2b/magic_links/discovery/authenticate",
    "project",
    True,
    m.DiscoveryAuthenticated,
)
MAGIC_LINKS_EMAIL_INVITE = Operation(
    "magic_links_email.invite",
    "POST",
    "/v1/b2b/magic_links/email/invite",
    "project",
    True,
    m.MemberResponse,
)
MAGIC_LINKS_EMAIL_LOGIN_OR_SIGNUP = Operation(
    "magic_links_email.login_or_signup",
    "POST",
    "/v1/b2b/magic_links/email/login_or_signup",
    "project",
    True,
    m.LinkSent,
)
MAGIC_LINKS_EMAIL_DISCOVERY_SEND = Operation(
    "magic_links_email_discovery.send",
    "POST",
    "/v1/b2b/magic_links/email/discovery/send",
    "project",
    True,
    m.Envelope,
)
MANAGEMENT_JWT_TEMPLATES_GET = Operation(
    "management.jwt_templates.get",
    "GET",
    "/pwa/v3/projects/{project_slug}/environments/{environment_slug}/jwt_templates/{jwt_template_type}",
    "workspace",
    False,
    m.JwtTemplateResponse,
)
MANAGEMENT_JWT_TEMPLATES_SET = Operation(
    "management.jwt_templates.set",
    "PUT",
    "/pwa/v3/projects/{project_slug}/environments/{environment_slug}/jwt_templates/{jwt_template_type}",
    "workspace",
    True,
    m.JwtTemplateResponse,
)
MANAGEMENT_PUBLIC_TOKENS_CREATE = Operation(
    "management.public_tokens.create",
    "POST",
    "/pwa/v3/projects/{project_slug}/environments/{environment_slug}/public_tokens",
    "workspace",
    True,
    m.PublicTokenResponse,
)
MANAGEMENT_PUBLIC_TOKENS_DELETE = Operation(
    "management.public_tokens.delete",
    "DELETE",
    "/pwa/v3/projects/{project_slug}/environments/{environment_slug}/public_tokens/{public_token}",
    "workspace",
    True,
    m.Response,
)
MANAGEMENT_PUBLIC_TOKENS_GET = Operation(
    "management.public_tokens.get",
    "GET",
    "/pwa/v3/projects/{project_slug}/environments/{environment_slug}/public_tokens/{public_token}",
    "workspace",
    False,
    m.PublicTokenResponse,
)
MANAGEMENT_PUBLIC_TOKENS_GET_ALL = Operation(
    "management.public_tokens.get_all",
    "GET",
    "/pwa/v3/projects/{project_slug}/environments/{environment_slug}/public_tokens",
    "workspace",
    False,
    m.PublicTokensResponse,
)
MANAGEMENT_RBAC_POLICY_GET = Operation(
    "management.rbac_policy.get",
    "GET",
    "/pwa/v3/projects/{project_slug}/environments/{environment_slug}/rbac_policy",
    "workspace",
    False,
    m.ManagedPolicyResponse,
)
MANAGEMENT_RBAC_POLICY_SET = Operation(
    "management.rbac_policy.set",
    "PUT",
    "/pwa/v3/projects/{project_slug}/environments/{environment_slug}/rbac_policy",
    "workspace",
    True,
    m.ManagedPolicyResponse,
)
MANAGEMENT_REDIRECT_URLS_CREATE = Operation(
    "management.redirect_urls.create",
    "POST",
    "/pwa/v3/projects/{project_slug}/environments/{environment_slug}/redirect_urls",
    "workspace",
    True,
    m.RedirectUrlResponse,
)
MANAGEMENT_REDIRECT_URLS_DELETE = Operation(
    "management.redirect_urls.delete",
    "DELETE",
    "/pwa/v3/projects/{project_slug}/environments/{environment_slug}/redirect_urls",
    "workspace",
    True,
    m.Response,
)
MANAGEMENT_REDIRECT_URLS_GET = Operation(
    "management.redirect_urls.get",
    "GET",
    "/pwa/v3/projects/{project_slug}/environments/{environment_slug}/redirect_urls",
    "workspace",
    False,
    m.RedirectUrlsResponse,
)
MANAGEMENT_REDIRECT_URLS_GET_ALL = Operation(
    "management.redirect_urls.get_all",
    "GET",
    "/pwa/v3/projects/{project_slug}/environments/{environment_slug}/redirect_urls/all",
    "workspace",
    False,
    m.RedirectUrlsResponse,
)
MANAGEMENT_REDIRECT_URLS_UPDATE = Operation(
    "management.redirect_urls.update",
    "PUT",
    "/pwa/v3/projects/{project_slug}/environments/{environment_slug}/redirect_urls",
    "workspace",
    True,
    m.RedirectUrlResponse,
)
MANAGEMENT_SDK_GET_B2B = Operation(
    "management.sdk.get_b2b",
    "GET",
    "/pwa/v3/projects/{project_slug}/environments/{environment_slug}/sdk/b2b",
    "workspace",
    False,
    m.SdkConfigResponse,
)
MANAGEMENT_SDK_SET_B2B = Operation(
    "management.sdk.set_b2b",
    "PUT",
    "/pwa/v3/projects/{project_slug}/environments/{environment_slug}/sdk/b2b",
    "workspace",
    True,
    m.SdkConfigResponse,
)
MANAGEMENT_SECRETS_CREATE = Operation(
    "management.secrets.create",
    "POST",
    "/pwa/v3/projects/{project_slug}/environments/{environment_slug}/secrets",
    "workspace",
    True,
    m.CreatedSecretResponse,
)
MANAGEMENT_SECRETS_DELETE = Operation(
    "management.secrets.delete",
    "DELETE",
    "/pwa/v3/projects/{project_slug}/environments/{environment_slug}/secrets/{secret_id}",
    "workspace",
    True,
    m.Response,
)
MANAGEMENT_SECRETS_GET = Operation(
    "management.secrets.get",
    "GET",
    "/pwa/v3/projects/{project_slug}/environments/{environment_slug}/secrets/{secret_id}",
    "workspace",
    False,
    m.SecretResponse,
)
MANAGEMENT_SECRETS_GET_ALL = Operation(
    "management.secrets.get_all",
    "GET",
    "/pwa/v3/projects/{project_slug}/environments/{environment_slug}/secrets",
    "workspace",
    False,
    m.SecretsResponse,
)
ORGANIZATIONS_CHECK_DOMAIN = Operation(
    "organizations.check_domain",
    "POST",
    "/v1/b2b/organizations/{organization_id}/domains/{domain}/check",
    "project",
    True,
    m.DomainResponse,
)
ORGANIZATIONS_CHECK_LOCKOUT = Operation(
    "organizations.check_lockout",
    "POST",
    "/v1/b2b/organizations/{organization_id}/lockout_check",
    "project",
    False,
    m.LockoutResponse,
)
ORGANIZATIONS_CLAIM_DOMAIN = Operation(
    "organizations.claim_domain",
    "POST",
    "/v1/b2b/organizations/{organization_id}/domains",
    "project",
    True,
    m.DomainResponse,
)
ORGANIZATIONS_CREATE = Operation(
    "organizations.create", "POST", "/v1/b2b/organizations", "project", True, m.OrganizationResponse
)
ORGANIZATIONS_DELETE = Operation(
    "organizations.delete",
    "DELETE",
    "/v1/b2b/organizations/{organization_id}",
    "project",
    True,
    m.DeletedOrganization,
)
ORGANIZATIONS_DELETE_DOMAIN = Operation(
    "organizations.delete_domain",
    "DELETE",
    "/v1/b2b/organizations/{organization_id}/domains/{domain}",
    "project",
    True,
    m.DeletedDomainResponse,
)
ORGANIZATIONS_DELETE_EXTERNAL_ID = Operation(
    "organizations.delete_external_id",
    "DELETE",
    "/v1/b2b/organizations/{organization_id}/external_id",
    "project",
    True,
    m.OrganizationResponse,
)
ORGANIZATIONS_GET = Operation(
    "organizations.get",
    "GET",
    "/v1/b2b/organizations/{organization_id}",
    "project",
    False,
    m.OrganizationResponse,
)
ORGANIZATIONS_GET_DOMAINS = Operation(
    "organizations.get_domains",
    "GET",
    "/v1/b2b/organizations/{organization_id}/domains",
    "project",
    False,
    m.DomainsResponse,
)
ORGANIZATIONS_METRICS = Operation(
    "organizations.metrics",
    "GET",
    "/v1/b2b/organizations/{organization_id}/metrics",
    "project",
    False,
    m.Metrics,
)
ORGANIZATIONS_SEARCH = Operation(
    "organizations.search",
    "POST",
    "/v1/b2b/organizations/search",
    "project",
    False,
    m.OrganizationPage,
)
ORGANIZATIONS_UPDATE = Operation(
    "organizations.update",
    "PUT",
    "/v1/b2b/organizations/{organization_id}",
    "project",
    True,
    m.OrganizationResponse,
)
ORGANIZATIONS_MEMBERS_CREATE = Operation(
    "organizations_members.create",
    "POST",
    "/v1/b2b/organizations/{organization_id}/members",
    "project",
    True,
    m.MemberResponse,
)
ORGANIZATIONS_MEMBERS_DANGEROUSLY_GET = Operation(
    "organizations_members.dangerously_get",
    "GET",
    "/v1/b2b/organizations/members/dangerously_get/{member_id}",
    "project",
    False,
    m.MemberResponse,
)
ORGANIZATIONS_MEMBERS_DELETE = Operation(
    "organizations_members.delete",
    "DELETE",
    "/v1/b2b/organizations/{organization_id}/members/{member_id}",
    "project",
    True,
    m.DeletedMember,
)
ORGANIZATIONS_MEMBERS_DELETE_EXTERNAL_ID = Operation(
    "organizations_members.delete_external_id",
    "DELETE",
    "/v1/b2b/organizations/{organization_id}/members/{member_id}/external_id",
    "project",
    True,
    m.MemberResponse,
)
ORGANIZATIONS_MEMBERS_DELETE_MFA_PHONE_NUMBER = Operation(
    "organizations_members.delete_mfa_phone_number",
    "DELETE",
    "/v1/b2b/organizations/{organization_id}/members/mfa_phone_numbers/{member_id}",
    "project",
    True,
    m.MemberResponse,
)
ORGANIZATIONS_MEMBERS_DELETE_TOTP = Operation(
    "organizations_members.delete_totp",
    "DELETE",
    "/v1/b2b/organizations/{organization_id}/members/{member_id}/totp",
    "project",
    True,
    m.MemberResponse,
)
ORGANIZATIONS_MEMBERS_EXPLAIN_ROLES = Operation(
    "organizations_members.explain_roles",
    "GET",
    "/v1/b2b/organizations/{organization_id}/members/{member_id}/roles/explain",
    "project",
    False,
    m.RolesExplained,
)
ORGANIZATIONS_MEMBERS_GET = Operation(
    "organizations_members.get",
    "GET",
    "/v1/b2b/organizations/{organization_id}/member",
    "project",
    False,
    m.MemberResponse,
)
ORGANIZATIONS_MEMBERS_OIDC_PROVIDERS = Operation(
    "organizations_members.oidc_providers",
    "GET",
    "/v1/b2b/organizations/{organization_id}/members/{member_id}/oidc_providers",
    "project",
    False,
    m.OidcProvidersResponse,
)
ORGANIZATIONS_MEMBERS_REACTIVATE = Operation(
    "organizations_members.reactivate",
    "PUT",
    "/v1/b2b/organizations/{organization_id}/members/{member_id}/reactivate",
    "project",
    True,
    m.MemberResponse,
)
ORGANIZATIONS_MEMBERS_SEARCH = Operation(
    "organizations_members.search",
    "POST",
    "/v1/b2b/organizations/members/search",
    "project",
    False,
    m.MemberPage,
)
ORGANIZATIONS_MEMBERS_START_EMAIL_UPDATE = Operation(
    "organizations_members.start_email_update",
    "POST",
    "/v1/b2b/organizations/{organization_id}/members/{member_id}/start_email_update",
    "project",
    True,
    m.MemberResponse,
)
ORGANIZATIONS_MEMBERS_UNLINK_RETIRED_EMAIL = Operation(
    "organizations_members.unlink_retired_email",
    "POST",
    "/v1/b2b/organizations/{organization_id}/members/{member_id}/unlink_retired_email",
    "project",
    True,
    m.UnlinkedResponse,
)
ORGANIZATIONS_MEMBERS_UPDATE = Operation(
    "organizations_members.update",
    "PUT",
    "/v1/b2b/organizations/{organization_id}/members/{member_id}",
    "project",
    True,
    m.MemberResponse,
)
RBAC_POLICY = Operation(
    "rbac.policy", "GET", "/v1/b2b/rbac/policy", "project", False, m.PolicyResponse
)
RBAC_ORGANIZATIONS_GET_ORG_POLICY = Operation(
    "rbac_organizations.get_org_policy",
    "GET",
    "/v1/b2b/rbac/organizations/{organization_id}",
    "project",
    False,
    m.OrgPolicyResponse,
)
RBAC_ORGANIZATIONS_SET_ORG_POLICY = Operation(
    "rbac_organizations.set_org_policy",
    "PUT",
    "/v1/b2b/rbac/organizations/{organization_id}",
    "project",
    True,
    m.OrgPolicyResponse,
)
SCIM_CONNECTION_GET = Operation(
    "scim_connection.get",
    "GET",
    "/v1/b2b/scim/{organization_id}/connection",
    "project",
    False,
    m.ScimConnectionResponse,
)
SESSIONS_AUTHENTICATE = Operation(
    "sessions.authenticate",
    "POST",
    "/v1/b2b/sessions/authenticate",
    "project",
    False,
    m.SessionResponse,
)
SESSIONS_EXCHANGE = Operation(
    "sessions.exchange",
    "POST",
    "/v1/b2b/sessions/exchange",
    "project",
    True,
    m.AuthenticatedResponse,
)
SESSIONS_GET = Operation("sessions.get", "GET", "/v1/b2b/sessions", "project", False, m.Sessions)
SESSIONS_GET_JWKS = Operation(
    "sessions.get_jwks", "GET", "/v1/b2b/sessions/jwks/{project_id}", "none", False, m.JwkSet
)
SESSIONS_REVOKE = Operation(
    "sessions.revoke", "POST", "/v1/b2b/sessions/revoke", "project", True, m.Envelope
)
SETUP_LINKS_ISSUE = Operation(
    "setup_links.issue",
    "POST",
    "/v1/b2b/organizations/{organization_id}/setup_links",
    "project",
    True,
    m.IssuedSetupLinkResponse,
)
SETUP_LINKS_ISSUE_PORTAL_TOKEN = Operation(
    "setup_links.issue_portal_token",
    "POST",
    "/v1/b2b/organizations/{organization_id}/portal_token",
    "project",
    True,
    m.PortalTokenResponse,
)
SETUP_LINKS_LIST = Operation(
    "setup_links.list",
    "GET",
    "/v1/b2b/organizations/{organization_id}/setup_links",
    "project",
    False,
    m.SetupLinksResponse,
)
SETUP_LINKS_REVOKE = Operation(
    "setup_links.revoke",
    "DELETE",
    "/v1/b2b/organizations/{organization_id}/setup_links/{link_id}",
    "project",
    True,
    m.SetupLinkResponse,
)
SSO_ACTIVATE_DRAFT = Operation(
    "sso.activate_draft",
    "POST",
    "/v1/b2b/sso/{organization_id}/connections/{connection_id}/draft/activate",
    "project",
    True,
    m.ActivatedResponse,
)
SSO_APPROVE_SHARED_CONNECTION = Operation(
    "sso.approve_shared_connection",
    "POST",
    "/v1/b2b/sso/{organization_id}/connections/{connection_id}/external/{external_connection_id}/approve",
    "project",
    True,
    m.SharedResponse,
)
SSO_AUTHENTICATE = Operation(
    "sso.authenticate", "POST", "/v1/b2b/sso/authenticate", "project", True, m.AuthenticatedResponse
)
SSO_DELETE_CONNECTION = Operation(
    "sso.delete_connection",
    "DELETE",
    "/v1/b2b/sso/{organization_id}/connections/{connection_id}",
    "project",
    True,
    m.DeletedConnection,
)
SSO_DISCARD_DRAFT = Operation(
    "sso.discard_draft",
    "DELETE",
    "/v1/b2b/sso/{organization_id}/connections/{connection_id}/draft",
    "project",
    True,
    m.DiscardedDraft,
)
SSO_DRY_RUN = Operation(
    "sso.dry_run",
    "POST",
    "/v1/b2b/sso/{organization_id}/connections/{connection_id}/dry_run",
    "project",
    False,
    m.DryRunResponse,
)
SSO_GET_CONNECTIONS = Operation(
    "sso.get_connections", "GET", "/v1/b2b/sso/{organization_id}", "project", False, m.Connections
)
SSO_GET_DRAFT = Operation(
    "sso.get_draft",
    "GET",
    "/v1/b2b/sso/{organization_id}/connections/{connection_id}/draft",
    "project",
    False,
    m.DraftResponse,
)
SSO_GET_HEALTH = Operation(
    "sso.get_health",
    "GET",
    "/v1/b2b/sso/{organization_id}/health",
    "project",
    False,
    m.HealthResponse,
)
SSO_GET_PRESETS = Operation(
    "sso.get_presets", "GET", "/v1/b2b/presets", "project", False, m.Presets
)
SSO_GET_SETUP = Operation(
    "sso.get_setup",
    "GET",
    "/v1/b2b/sso/{organization_id}/connections/{connection_id}/setup",
    "project",
    False,
    m.ConnectionSetup,
)
SSO_GET_SHARED_CONNECTIONS = Operation(
    "sso.get_shared_connections",
    "GET",
    "/v1/b2b/sso/{organization_id}/connections/{connection_id}/external",
    "project",
    False,
    m.SharedConnections,
)
SSO_GET_TEST_RESULT = Operation(
    "sso.get_test_result",
    "GET",
    "/v1/b2b/sso/{organization_id}/connections/{connection_id}/test/{trace_id}",
    "project",
    False,
    m.TestResultResponse,
)
SSO_GET_VERSIONS = Operation(
    "sso.get_versions",
    "GET",
    "/v1/b2b/sso/{organization_id}/connections/{connection_id}/versions",
    "project",
    False,
    m.VersionsResponse,
)
SSO_LOGOUT = Operation("sso.logout", "POST", "/v1/b2b/sso/logout", "project", True, m.LogoutStarted)
SSO_PREVIEW_MAPPING = Operation(
    "sso.preview_mapping",
    "POST",
    "/v1/b2b/sso/{organization_id}/connections/{connection_id}/mapping/preview",
    "project",
    False,
    m.MappingPreviewResponse,
)
SSO_PUT_DRAFT = Operation(
    "sso.put_draft",
    "PUT",
    "/v1/b2b/sso/{organization_id}/connections/{connection_id}/draft",
    "project",
    True,
    m.DraftResponse,
)
SSO_REVOKE_SHARED_CONNECTION = Operation(
    "sso.revoke_shared_connection",
    "POST",
    "/v1/b2b/sso/{organization_id}/connections/{connection_id}/external/{external_connection_id}/revoke",
    "project",
    True,
    m.SharedResponse,
)
SSO_ROLL_BACK = Operation(
    "sso.roll_back",
    "POST",
    "/v1/b2b/sso/{organization_id}/connections/{connection_id}/versions/{version}/roll_back",
    "project",
    True,
    m.ActivatedResponse,
)
SSO_ROUTE = Operation("sso.route", "POST", "/v1/public/sso/route", "none", False, m.RouteResponse)
SSO_TEST_CONNECTION = Operation(
    "sso.test_connection",
    "POST",
    "/v1/b2b/sso/{organization_id}/connections/{connection_id}/test",
    "project",
    True,
    m.TestResponse,
)
SSO_EXTERNAL_CREATE_CONNECTION = Operation(
    "sso_external.create_connection",
    "POST",
    "/v1/b2b/sso/external/{organization_id}",
    "project",
    True,
    m.ExternalConnectionResponse,
)
SSO_EXTERNAL_UPDATE_CONNECTION = Operation(
    "sso_external.update_connection",
    "PUT",
    "/v1/b2b/sso/external/{organization_id}/connections/{connection_id}",
    "project",
    True,
    m.ExternalConnectionResponse,
)
SSO_OIDC_CREATE_CONNECTION = Operation(
    "sso_oidc.create_connection",
    "POST",
    "/v1/b2b/sso/oidc/{organization_id}",
    "project",
    True,
    m.OidcConnectionResponse,
)
SSO_OIDC_UPDATE_CONNECTION = Operation(
    "sso_oidc.update_connection",
    "PUT",
    "/v1/b2b/sso/oidc/{organization_id}/connections/{connection_id}",
    "project",
    True,
    m.OidcConnectionResponse,
)
SSO_SAML_ACTIVATE_SIGNING_KEY = Operation(
    "sso_saml.activate_signing_key",
    "POST",
    "/v1/b2b/sso/saml/{organization_id}/connections/{connection_id}/signing_keys/{certificate_id}/activate",
    "project",
    True,
    m.SamlConnectionResponse,
)
SSO_SAML_CONFIRM_IDP_METADATA = Operation(
    "sso_saml.confirm_idp_metadata",
    "POST",
    "/v1/b2b/sso/saml/{organization_id}/connections/{connection_id}/idp_metadata/confirm",
    "project",
    True,
    m.IdpMetadataResponse,
)
SSO_SAML_CREATE_CONNECTION = Operation(
    "sso_saml.create_connection",
    "POST",
    "/v1/b2b/sso/saml/{organization_id}",
    "project",
    True,
    m.SamlConnectionResponse,
)
SSO_SAML_CREATE_SIGNING_KEY = Operation(
    "sso_saml.create_signing_key",
    "POST",
    "/v1/b2b/sso/saml/{organization_id}/connections/{connection_id}/signing_keys",
    "project",
    True,
    m.SigningKeyResponse,
)
SSO_SAML_DELETE_ENCRYPTION_PRIVATE_KEY = Operation(
    "sso_saml.delete_encryption_private_key",
    "DELETE",
    "/v1/b2b/sso/saml/{organization_id}/connections/{connection_id}/encryption_private_keys/{private_key_id}",
    "project",
    True,
    m.DeletedPrivateKey,
)
SSO_SAML_DELETE_SIGNING_KEY = Operation(
    "sso_saml.delete_signing_key",
    "DELETE",
    "/v1/b2b/sso/saml/{organization_id}/connections/{connection_id}/signing_keys/{certificate_id}",
    "project",
    True,
    m.DeletedCertificate,
)
SSO_SAML_DELETE_VERIFICATION_CERTIFICATE = Operation(
    "sso_saml.delete_verification_certificate",
    "DELETE",
    "/v1/b2b/sso/saml/{organization_id}/connections/{connection_id}/verification_certificates/{certificate_id}",
    "project",
    True,
    m.DeletedCertificate,
)
SSO_SAML_DISMISS_IDP_METADATA = Operation(
    "sso_saml.dismiss_idp_metadata",
    "POST",
    "/v1/b2b/sso/saml/{organization_id}/connections/{connection_id}/idp_metadata/dismiss",
    "project",
    True,
    m.IdpMetadataResponse,
)
SSO_SAML_GET_IDP_METADATA = Operation(
    "sso_saml.get_idp_metadata",
    "GET",
    "/v1/b2b/sso/saml/{organization_id}/connections/{connection_id}/idp_metadata",
    "project",
    False,
    m.IdpMetadataResponse,
)
SSO_SAML_REFRESH_IDP_METADATA = Operation(
    "sso_saml.refresh_idp_metadata",
    "POST",
    "/v1/b2b/sso/saml/{organization_id}/connections/{connection_id}/idp_metadata/refresh",
    "project",
    True,
    m.IdpMetadataResponse,
)
SSO_SAML_UPDATE_BY_URL = Operation(
    "sso_saml.update_by_url",
    "PUT",
    "/v1/b2b/sso/saml/{organization_id}/connections/{connection_id}/url",
    "project",
    True,
    m.SamlConnectionResponse,
)
SSO_SAML_UPDATE_CONNECTION = Operation(
    "sso_saml.update_connection",
    "PUT",
    "/v1/b2b/sso/saml/{organization_id}/connections/{connection_id}",
    "project",
    True,
    m.SamlConnectionResponse,
)
