"""How each call goes over the wire.

Written by `make api`; change the operations of the server, not this file.
"""

from __future__ import annotations

from vestibule_sdk.api import models as m
from vestibule_sdk.calls import Operation

MANAGEMENT_JWT_TEMPLATES_GET = Operation(
    "management.jwt_templates.get",
    "GET",
    "/pwa/v3/projects/{project_slug}/environments/{environment_slug}/jwt_templates/{jwt_template_type}",
    "workspace",
    True,
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
MANAGEMENT_RBAC_POLICY_GET = Operation(
    "management.rbac_policy.get",
    "GET",
    "/pwa/v3/projects/{project_slug}/environments/{environment_slug}/rbac_policy",
    "workspace",
    True,
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
MANAGEMENT_SDK_GET_B2B = Operation(
    "management.sdk.get_b2b",
    "GET",
    "/pwa/v3/projects/{project_slug}/environments/{environment_slug}/sdk/b2b",
    "workspace",
    True,
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
ORGANIZATIONS_CHECK_LOCKOUT = Operation(
    "organizations.check_lockout",
    "POST",
    "/v1/b2b/organizations/{organization_id}/lockout_check",
    "project",
    True,
    m.LockoutResponse,
)
ORGANIZATIONS_CREATE = Operation(
    "organizations.create",
    "POST",
    "/v1/b2b/organizations",
    "project",
    False,
    m.OrganizationResponse,
)
ORGANIZATIONS_DELETE = Operation(
    "organizations.delete",
    "DELETE",
    "/v1/b2b/organizations/{organization_id}",
    "project",
    True,
    m.DeletedOrganization,
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
    True,
    m.OrganizationResponse,
)
ORGANIZATIONS_METRICS = Operation(
    "organizations.metrics",
    "GET",
    "/v1/b2b/organizations/{organization_id}/metrics",
    "project",
    True,
    m.Metrics,
)
ORGANIZATIONS_SEARCH = Operation(
    "organizations.search",
    "POST",
    "/v1/b2b/organizations/search",
    "project",
    True,
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
    False,
    m.MemberResponse,
)
ORGANIZATIONS_MEMBERS_DANGEROUSLY_GET = Operation(
    "organizations_members.dangerously_get",
    "GET",
    "/v1/b2b/organizations/members/dangerously_get/{member_id}",
    "project",
    True,
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
    True,
    m.RolesExplained,
)
ORGANIZATIONS_MEMBERS_GET = Operation(
    "organizations_members.get",
    "GET",
    "/v1/b2b/organizations/{organization_id}/member",
    "project",
    True,
    m.MemberResponse,
)
ORGANIZATIONS_MEMBERS_OIDC_PROVIDERS = Operation(
    "organizations_members.oidc_providers",
    "GET",
    "/v1/b2b/organizations/{organization_id}/members/{member_id}/oidc_providers",
    "project",
    True,
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
    True,
    m.MemberPage,
)
ORGANIZATIONS_MEMBERS_UNLINK_RETIRED_EMAIL = Operation(
    "organizations_members.unlink_retired_email",
    "POST",
    "/v1/b2b/organizations/{organization_id}/members/{member_id}/unlink_retired_email",
    "project",
    False,
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
    "rbac.policy", "GET", "/v1/b2b/rbac/policy", "project", True, m.PolicyResponse
)
RBAC_ORGANIZATIONS_GET_ORG_POLICY = Operation(
    "rbac_organizations.get_org_policy",
    "GET",
    "/v1/b2b/rbac/organizations/{organization_id}",
    "project",
    True,
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
SESSIONS_AUTHENTICATE = Operation(
    "sessions.authenticate",
    "POST",
    "/v1/b2b/sessions/authenticate",
    "project",
    True,
    m.SessionResponse,
)
SESSIONS_EXCHANGE = Operation(
    "sessions.exchange",
    "POST",
    "/v1/b2b/sessions/exchange",
    "project",
    False,
    m.AuthenticatedResponse,
)
SESSIONS_GET = Operation("sessions.get", "GET", "/v1/b2b/sessions", "project", True, m.Sessions)
SESSIONS_GET_JWKS = Operation(
    "sessions.get_jwks", "GET", "/v1/b2b/sessions/jwks/{project_id}", "none", True, m.JwkSet
)
SESSIONS_REVOKE = Operation(
    "sessions.revoke", "POST", "/v1/b2b/sessions/revoke", "project", False, m.Envelope
)
SSO_ACTIVATE_DRAFT = Operation(
    "sso.activate_draft",
    "POST",
    "/v1/b2b/sso/{organization_id}/connections/{connection_id}/draft/activate",
    "project",
    False,
    m.ActivatedResponse,
)
SSO_APPROVE_SHARED_CONNECTION = Operation(
    "sso.approve_shared_connection",
    "POST",
    "/v1/b2b/sso/{organization_id}/connections/{connection_id}/external/{external_connection_id}/approve",
    "project",
    False,
    m.SharedResponse,
)
SSO_AUTHENTICATE = Operation(
    "sso.authenticate",
    "POST",
    "/v1/b2b/sso/authenticate",
    "project",
    False,
    m.AuthenticatedResponse,
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
    True,
    m.DryRunResponse,
)
SSO_GET_CONNECTIONS = Operation(
    "sso.get_connections", "GET", "/v1/b2b/sso/{organization_id}", "project", True, m.Connections
)
SSO_GET_DRAFT = Operation(
    "sso.get_draft",
    "GET",
    "/v1/b2b/sso/{organization_id}/connections/{connection_id}/draft",
    "project",
    True,
    m.DraftResponse,
)
SSO_GET_HEALTH = Operation(
    "sso.get_health",
    "GET",
    "/v1/b2b/sso/{organization_id}/health",
    "project",
    True,
    m.HealthResponse,
)
SSO_GET_PRESETS = Operation("sso.get_presets", "GET", "/v1/b2b/presets", "project", True, m.Presets)
SSO_GET_SETUP = Operation(
    "sso.get_setup",
    "GET",
    "/v1/b2b/sso/{organization_id}/connections/{connection_id}/setup",
    "project",
    True,
    m.ConnectionSetup,
)
SSO_GET_SHARED_CONNECTIONS = Operation(
    "sso.get_shared_connections",
    "GET",
    "/v1/b2b/sso/{organization_id}/connections/{connection_id}/external",
    "project",
    True,
    m.SharedConnections,
)
SSO_GET_TEST_RESULT = Operation(
    "sso.get_test_result",
    "GET",
    "/v1/b2b/sso/{organization_id}/connections/{connection_id}/test/{trace_id}",
    "project",
    True,
    m.TestResultResponse,
)
SSO_GET_VERSIONS = Operation(
    "sso.get_versions",
    "GET",
    "/v1/b2b/sso/{organization_id}/connections/{connection_id}/versions",
    "project",
    True,
    m.VersionsResponse,
)
SSO_LOGOUT = Operation(
    "sso.logout", "POST", "/v1/b2b/sso/logout", "project", False, m.LogoutStarted
)
SSO_PREVIEW_MAPPING = Operation(
    "sso.preview_mapping",
    "POST",
    "/v1/b2b/sso/{organization_id}/connections/{connection_id}/mapping/preview",
    "project",
    True,
    m.MappingPreviewResponse,
)
SSO_PUT_DRAFT = Operation(
    "sso.put_draft",
    "PUT",
    "/v1/b2b/sso/{organization_id}/connections/{connection_id}/draft",
    "project",
    False,
    m.DraftResponse,
)
SSO_REVOKE_SHARED_CONNECTION = Operation(
    "sso.revoke_shared_connection",
    "POST",
    "/v1/b2b/sso/{organization_id}/connections/{connection_id}/external/{external_connection_id}/revoke",
    "project",
    False,
    m.SharedResponse,
)
SSO_ROLL_BACK = Operation(
    "sso.roll_back",
    "POST",
    "/v1/b2b/sso/{organization_id}/connections/{connection_id}/versions/{version}/roll_back",
    "project",
    False,
    m.ActivatedResponse,
)
SSO_TEST_CONNECTION = Operation(
    "sso.test_connection",
    "POST",
    "/v1/b2b/sso/{organization_id}/connections/{connection_id}/test",
    "project",
    False,
    m.TestResponse,
)
SSO_EXTERNAL_CREATE_CONNECTION = Operation(
    "sso_external.create_connection",
    "POST",
    "/v1/b2b/sso/external/{organization_id}",
    "project",
    False,
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
    False,
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
    False,
    m.SamlConnectionResponse,
)
SSO_SAML_CONFIRM_IDP_METADATA = Operation(
    "sso_saml.confirm_idp_metadata",
    "POST",
    "/v1/b2b/sso/saml/{organization_id}/connections/{connection_id}/idp_metadata/confirm",
    "project",
    False,
    m.IdpMetadataResponse,
)
SSO_SAML_CREATE_CONNECTION = Operation(
    "sso_saml.create_connection",
    "POST",
    "/v1/b2b/sso/saml/{organization_id}",
    "project",
    False,
    m.SamlConnectionResponse,
)
SSO_SAML_CREATE_SIGNING_KEY = Operation(
    "sso_saml.create_signing_key",
    "POST",
    "/v1/b2b/sso/saml/{organization_id}/connections/{connection_id}/signing_keys",
    "project",
    False,
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
    False,
    m.IdpMetadataResponse,
)
SSO_SAML_GET_IDP_METADATA = Operation(
    "sso_saml.get_idp_metadata",
    "GET",
    "/v1/b2b/sso/saml/{organization_id}/connections/{connection_id}/idp_metadata",
    "project",
    True,
    m.IdpMetadataResponse,
)
SSO_SAML_REFRESH_IDP_METADATA = Operation(
    "sso_saml.refresh_idp_metadata",
    "POST",
    "/v1/b2b/sso/saml/{organization_id}/connections/{connection_id}/idp_metadata/refresh",
    "project",
    False,
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
    False,
    m.SamlConnectionResponse,
)
