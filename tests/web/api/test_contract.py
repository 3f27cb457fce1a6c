"""The registry against the wire contract: every operation, its fields, its rights, its objects.

The tables below are the contract's own, made short: `H` after a path says that the call takes the
headers of a member's session, `<` begins the fields that go in (`*` is required), `>` those that
come out. In the objects `?` may be null.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec
import pytest

from support.world import BASE_URL, World
from vestibule.domain.rbac import OPERATION_RULES
from vestibule.web.api import members, rbac, schemas, sessions
from vestibule.web.api.openapi import document, tag_of
from vestibule.web.api.registry import OPERATIONS, REFUSED_TO_MEMBERS, Operation
from web.api.calls import BY_ID, refused

CONTRACT = """
organizations.create POST /v1/b2b/organizations
< organization_name* organization_slug organization_logo_url trusted_metadata
< organization_external_id sso_jit_provisioning email_allowed_domains email_jit_provisioning
< email_invites auth_methods allowed_auth_methods mfa_policy
< rbac_email_implicit_role_assignments mfa_methods allowed_mfa_methods
< oauth_tenant_jit_provisioning allowed_oauth_tenants claimed_email_domains
< first_party_connected_apps_allowed_type allowed_first_party_connected_apps
< third_party_connected_apps_allowed_type allowed_third_party_connected_apps
> organization
organizations.get GET /v1/b2b/organizations/{organization_id}
> organization
organizations.update PUT /v1/b2b/organizations/{organization_id} H
< organization_name organization_slug organization_logo_url trusted_metadata
< organization_external_id sso_default_connection_id sso_jit_provisioning
< sso_jit_provisioning_allowed_connections email_allowed_domains email_jit_provisioning
< email_invites auth_methods allowed_auth_methods mfa_policy
< rbac_email_implicit_role_assignments mfa_methods allowed_mfa_methods
< oauth_tenant_jit_provisioning allowed_oauth_tenants claimed_email_domains
< first_party_connected_apps_allowed_type allowed_first_party_connected_apps
< third_party_connected_apps_allowed_type allowed_third_party_connected_apps
> organization
organizations.delete DELETE /v1/b2b/organizations/{organization_id} H
> organization_id
organizations.search POST /v1/b2b/organizations/search
< cursor limit query
> organizations results_metadata
organizations.metrics GET /v1/b2b/organizations/{organization_id}/metrics
> member_count
organizations.delete_external_id DELETE /v1/b2b/organizations/{organization_id}/external_id H
> organization
organizations_members.update PUT /v1/b2b/organizations/{organization_id}/members/{member_id} H
< name trusted_metadata untrusted_metadata is_breakglass mfa_phone_number mfa_enrolled roles
< preserve_existing_sessions default_mfa_method email_address external_id unlink_email
> member_id member organization
organizations_members.delete DELETE /v1/b2b/organizations/{organization_id}/members/{member_id} H
> member_id
organizations_members.reactivate PUT /v1/b2b/organizations/{organization_id}/members/{member_id}/reactivate H
> member_id member organization
organizations_members.delete_mfa_phone_number DELETE /v1/b2b/organizations/{organization_id}/members/mfa_phone_numbers/{member_id} H
> member_id member organization
organizations_members.delete_totp DELETE /v1/b2b/organizations/{organization_id}/members/{member_id}/totp H
> member_id member organization
organizations_members.search POST /v1/b2b/organizations/members/search H
< organization_ids* cursor limit query
> members results_metadata organizations
organizations_members.dangerously_get GET /v1/b2b/organizations/members/dangerously_get/{member_id}
< include_deleted
> member_id member organization
organizations_members.oidc_providers GET /v1/b2b/organizations/{organization_id}/members/{member_id}/oidc_providers
< include_refresh_token
> registrations
organizations_members.unlink_retired_email POST /v1/b2b/organizations/{organization_id}/members/{member_id}/unlink_retired_email H
< email_id email_address
> member_id organization_id member organization
organizations_members.start_email_update POST /v1/b2b/organizations/{organization_id}/members/{member_id}/start_email_update H
< email_address* login_redirect_url locale login_template_id delivery_method
> member_id member organization
discovery_intermediate_sessions.exchange POST /v1/b2b/discovery/intermediate_sessions/exchange
< intermediate_session_token* organization_id* session_duration_minutes session_custom_claims
< locale
> member_id session_token session_jwt member organization member_authenticated
> intermediate_session_token member_session mfa_required primary_required member_device
> intermediate_session_token_expires_at
discovery_organizations.create POST /v1/b2b/discovery/organizations/create
< intermediate_session_token* session_duration_minutes session_custom_claims organization_name
< organization_slug organization_external_id organization_logo_url trusted_metadata
< sso_jit_provisioning email_allowed_domains email_jit_provisioning email_invites auth_methods
< allowed_auth_methods mfa_policy rbac_email_implicit_role_assignments mfa_methods
< allowed_mfa_methods oauth_tenant_jit_provisioning allowed_oauth_tenants
< first_party_connected_apps_allowed_type allowed_first_party_connected_apps
< third_party_connected_apps_allowed_type allowed_third_party_connected_apps
> member_id session_token session_jwt member organization member_authenticated
> intermediate_session_token member_session mfa_required primary_required member_device
> intermediate_session_token_expires_at
discovery_organizations.list POST /v1/b2b/discovery/organizations
< intermediate_session_token session_token session_jwt
> email_address discovered_organizations organization_id_hint
magic_links.authenticate POST /v1/b2b/magic_links/authenticate
< magic_links_token* pkce_code_verifier session_token session_jwt session_duration_minutes
< session_custom_claims locale intermediate_session_token
> method_id reset_sessions organization_id
> member_id session_token session_jwt member organization member_authenticated
> intermediate_session_token member_session mfa_required primary_required member_device
> intermediate_session_token_expires_at
magic_links_discovery.authenticate POST /v1/b2b/magic_links/discovery/authenticate
< discovery_magic_links_token* pkce_code_verifier
> intermediate_session_token email_address discovered_organizations
> intermediate_session_token_expires_at
magic_links_email.login_or_signup POST /v1/b2b/magic_links/email/login_or_signup
< organization_id* email_address* login_redirect_url signup_redirect_url pkce_code_challenge
< login_template_id signup_template_id locale login_expiration_minutes signup_expiration_minutes
> member_id member_created member organization
magic_links_email.invite POST /v1/b2b/magic_links/email/invite H
< organization_id* email_address* invite_redirect_url invited_by_member_id name trusted_metadata
< untrusted_metadata invite_template_id locale roles invite_expiration_minutes
> member_id member organization
magic_links_email_discovery.send POST /v1/b2b/magic_links/email/discovery/send
< email_address* discovery_redirect_url pkce_code_challenge login_template_id locale
< discovery_expiration_minutes
scim_connection.get GET /v1/b2b/scim/{organization_id}/connection H
> connection
organizations_members.delete_external_id DELETE /v1/b2b/organizations/{organization_id}/members/{member_id}/external_id H
> member_id member organization
organizations_members.create POST /v1/b2b/organizations/{organization_id}/members H
< email_address* name trusted_metadata untrusted_metadata create_member_as_pending is_breakglass
< mfa_phone_number mfa_enrolled roles external_id
> member_id member organization
organizations_members.get GET /v1/b2b/organizations/{organization_id}/member
< member_id email_address
> member_id member organization
sso.get_connections GET /v1/b2b/sso/{organization_id} H
> saml_connections oidc_connections external_connections
sso.delete_connection DELETE /v1/b2b/sso/{organization_id}/connections/{connection_id} H
> connection_id
sso.authenticate POST /v1/b2b/sso/authenticate
< sso_token* pkce_code_verifier session_token session_jwt session_duration_minutes
< session_custom_claims locale intermediate_session_token
> member_id organization_id member session_token session_jwt reset_session organization
> intermediate_session_token member_authenticated member_session mfa_required primary_required
> member_device intermediate_session_token_expires_at
sso_saml.create_connection POST /v1/b2b/sso/saml/{organization_id} H
< display_name identity_provider
> connection
sso_saml.update_connection PUT /v1/b2b/sso/saml/{organization_id}/connections/{connection_id} H
< idp_entity_id display_name attribute_mapping x509_certificate idp_sso_url
< saml_connection_implicit_role_assignments saml_group_implicit_role_assignments
< alternative_audience_uri identity_provider signing_private_key nameid_format
< alternative_acs_url idp_initiated_auth_disabled saml_encryption_private_key
< allow_gateway_callback
> connection
sso_saml.update_by_url PUT /v1/b2b/sso/saml/{organization_id}/connections/{connection_id}/url H
< metadata_url*
> connection
sso_saml.delete_verification_certificate DELETE /v1/b2b/sso/saml/{organization_id}/connections/{connection_id}/verification_certificates/{certificate_id} H
> certificate_id
sso_saml.delete_encryption_private_key DELETE /v1/b2b/sso/saml/{organization_id}/connections/{connection_id}/encryption_private_keys/{private_key_id} H
> private_key_id
sso_oidc.create_connection POST /v1/b2b/sso/oidc/{organization_id} H
< display_name identity_provider
> connection
sso_oidc.update_connection PUT /v1/b2b/sso/oidc/{organization_id}/connections/{connection_id} H
< display_name client_id client_secret issuer authorization_url token_url userinfo_url jwks_url
< identity_provider custom_scopes attribute_mapping
> connection warning
sso_external.create_connection POST /v1/b2b/sso/external/{organization_id} H
< external_organization_id* external_connection_id* display_name
< connection_implicit_role_assignments group_implicit_role_assignments
> connection
sso_external.update_connection PUT /v1/b2b/sso/external/{organization_id}/connections/{connection_id} H
< display_name external_connection_implicit_role_assignments
< external_group_implicit_role_assignments
> connection
sessions.get GET /v1/b2b/sessions
< organization_id* member_id*
> member_sessions
sessions.authenticate POST /v1/b2b/sessions/authenticate
< session_token session_duration_minutes session_jwt session_custom_claims authorization_check
> member_session session_token session_jwt member organization verdict
sessions.revoke POST /v1/b2b/sessions/revoke H
< member_session_id session_token session_jwt member_id
sessions.exchange POST /v1/b2b/sessions/exchange
< organization_id* session_token session_jwt session_duration_minutes session_custom_claims
< locale
> member_id session_token session_jwt member organization member_authenticated
> intermediate_session_token member_session mfa_required primary_required member_device
> intermediate_session_token_expires_at
sessions.get_jwks GET /v1/b2b/sessions/jwks/{project_id}
> keys
rbac.policy GET /v1/b2b/rbac/policy
> policy
rbac_organizations.get_org_policy GET /v1/b2b/rbac/organizations/{organization_id}
> org_policy
rbac_organizations.set_org_policy PUT /v1/b2b/rbac/organizations/{organization_id}
< org_policy*
> org_policy
"""

OBJECTS = """
Organization: organization_id organization_name organization_logo_url organization_slug
    sso_jit_provisioning sso_jit_provisioning_allowed_connections sso_active_connections
    email_allowed_domains email_jit_provisioning email_invites auth_methods allowed_auth_methods
    mfa_policy rbac_email_implicit_role_assignments mfa_methods allowed_mfa_methods
    oauth_tenant_jit_provisioning claimed_email_domains first_party_connected_apps_allowed_type
    allowed_first_party_connected_apps third_party_connected_apps_allowed_type
    allowed_third_party_connected_apps custom_roles trusted_metadata? created_at? updated_at?
    organization_external_id? sso_default_connection_id? scim_active_connection?
    allowed_oauth_tenants?
ActiveSSOConnection: connection_id display_name identity_provider
EmailImplicitRoleAssignment: domain role_id
CustomRole: role_id description permissions
CustomRolePermission: resource_id actions
Member: organization_id member_id email_address status name sso_registrations is_breakglass
    member_password_id oauth_registrations email_address_verified mfa_phone_number_verified
    is_admin totp_registration_id retired_email_addresses is_locked mfa_enrolled
    mfa_phone_number default_mfa_method roles trusted_metadata? untrusted_metadata? created_at?
    updated_at? scim_registration? external_id? lock_created_at? lock_expires_at?
MemberRole: role_id sources
MemberRoleSource: type details?
SSORegistration: connection_id external_id registration_id sso_attributes?
RetiredEmail: email_id email_address
OIDCProviderInfo: provider_subject id_token access_token access_token_expires_in scopes
    connection_id refresh_token?
ResultsMetadata: total next_cursor?
SAMLConnection: organization_id connection_id status idp_entity_id display_name idp_sso_url
    acs_url audience_uri signing_certificates verification_certificates encryption_private_keys
    saml_connection_implicit_role_assignments saml_group_implicit_role_assignments
    alternative_audience_uri identity_provider nameid_format alternative_acs_url
    idp_initiated_auth_disabled allow_gateway_callback attribute_mapping?
OIDCConnection: organization_id connection_id status display_name redirect_url client_id
    client_secret issuer authorization_url token_url userinfo_url jwks_url identity_provider
    custom_scopes attribute_mapping?
ExternalConnection: organization_id connection_id external_organization_id
    external_connection_id display_name status external_connection_implicit_role_assignments
    external_group_implicit_role_assignments
X509Certificate: certificate_id certificate issuer created_at? expires_at? updated_at?
EncryptionPrivateKey: private_key_id private_key created_at?
MemberSession: member_session_id member_id started_at last_accessed_at expires_at
    authentication_factors organization_id roles organization_slug custom_claims?
AuthorizationVerdict: authorized granting_roles
PrimaryRequired: allowed_auth_methods
MfaRequired: member_options? secondary_auth_initiated?
Policy: roles resources scopes
PolicyRole: role_id description permissions
PolicyRolePermission: resource_id actions
PolicyResource: resource_id description actions
PolicyScope: scope description permissions
OrgPolicy: roles
JWK: kty use key_ops alg kid x5c x5tS256 n e
"""

STRUCTS: dict[str, type[msgspec.Struct]] = {
    "Organization": schemas.Organization,
    "ActiveSSOConnection": schemas.ActiveConnectionDocument,
    "EmailImplicitRoleAssignment": schemas.EmailRoleAssignment,
    "CustomRole": schemas.RoleDocument,
    "CustomRolePermission": schemas.PermissionDocument,
    "Member": schemas.Member,
    "MemberRole": schemas.MemberRoleDocument,
    "MemberRoleSource": schemas.RoleSourceDocument,
    "SSORegistration": schemas.RegistrationDocument,
    "RetiredEmail": schemas.RetiredEmailDocument,
    "OIDCProviderInfo": members.OidcProviderInfo,
    "ResultsMetadata": schemas.ResultsMetadata,
    "SAMLConnection": schemas.SamlConnection,
    "OIDCConnection": schemas.OidcConnection,
    "ExternalConnection": schemas.ExternalConnection,
    "X509Certificate": schemas.Certificate,
    "EncryptionPrivateKey": schemas.EncryptionKeyDocument,
    "MemberSession": schemas.MemberSession,
    "AuthorizationVerdict": sessions.Verdict,
    "PrimaryRequired": schemas.PrimaryRequired,
    "MfaRequired": schemas.MfaRequired,
    "Policy": schemas.PolicyDocument,
    "PolicyRole": schemas.RoleDocument,
    "PolicyRolePermission": schemas.PermissionDocument,
    "PolicyResource": schemas.ResourceDocument,
    "PolicyScope": schemas.ScopeDocument,
    "OrgPolicy": rbac.OrgPolicy,
    "JWK": sessions.Jwk,
}

# What the wire has beyond this server: it answers there as for any path that is none.
OUT_OF_SCOPE = """
DELETE /v1/b2b/organizations/northwind/members/passwords/member-password-test-1
POST /v1/b2b/passwords/authenticate
POST /v1/b2b/passwords/email/reset/start
POST /v1/b2b/otps/sms/send
POST /v1/b2b/otps/email/login_or_signup
POST /v1/b2b/totp
POST /v1/b2b/totp/authenticate
POST /v1/b2b/recovery_codes/recover
POST /v1/b2b/oauth/authenticate
PUT /v1/b2b/scim/northwind/connection/scim-connection-test-1
POST /v1/b2b/impersonation/authenticate
POST /v1/b2b/sessions/migrate
POST /v1/b2b/sessions/attest
POST /v1/b2b/sessions/exchange_access_token
GET /sdk/v1/b2b/passwords/strength_check
GET /pwa/v3/projects
"""


class Promise(NamedTuple):
    """One operation as the contract has it."""

    id: str
    method: str
    path: str
    session_headers: bool
    required: frozenset[str]
    optional: frozenset[str]
    response: frozenset[str]


def promises() -> Iterator[Promise]:
    entries: list[list[list[str]]] = []
    for line in CONTRACT.strip().splitlines():
        words = line.split()
        if words[0] in "<>":
            entries[-1].append(words)
        else:
            entries.append([words])
    for (name, method, path, *flags), *more in entries:
        fields = [word for words in more if words[0] == "<" for word in words[1:]]
        yield Promise(
            name,
            method,
            path,
            flags == ["H"],
            frozenset(field[:-1] for field in fields if field.endswith("*")),
            frozenset(field for field in fields if not field.endswith("*")),
            frozenset(word for words in more if words[0] == ">" for word in words[1:]),
        )


def objects() -> Iterator[tuple[str, list[str]]]:
    text = OBJECTS.replace("\n    ", " ")
    for line in text.strip().splitlines():
        name, _, fields = line.partition(": ")
        yield name, fields.split()


def required_of(struct: type[msgspec.Struct]) -> set[str]:
    return {field.name for field in msgspec.structs.fields(struct) if field.required}


PROMISES = list(promises())


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.id)
def test_the_registry_keeps_the_contract(promise: Promise) -> None:
    operation = BY_ID[promise.id]
    assert (operation.method, operation.path) == (promise.method, promise.path)
    assert not operation.extension
    known = set(operation.request.__struct_fields__)
    assert promise.required | promise.optional <= known
    if promise.method != "GET":
        assert required_of(operation.request) == promise.required
    else:
        assert required_of(operation.request) <= promise.required
    assert promise.response <= set(operation.response.__struct_fields__)
    assert {"request_id", "status_code"} <= set(operation.response.__struct_fields__)
    assert operation.session_headers == promise.session_headers


def test_nothing_is_in_the_registry_that_is_neither_contract_nor_extension() -> None:
    known = {promise.id for promise in PROMISES}
    beyond = {op.id for op in OPERATIONS if op.id not in known and not op.extension}
    assert beyond == {
        "management.rbac_policy.get", "management.rbac_policy.set",
        "management.jwt_templates.get", "management.jwt_templates.set",
        "management.sdk.get_b2b", "management.sdk.set_b2b",
        "management.secrets.get_all", "management.secrets.get", "management.secrets.create",
        "management.secrets.delete", "management.public_tokens.get_all",
        "management.public_tokens.get",
        "management.public_tokens.create", "management.public_tokens.delete",
        "management.redirect_urls.get", "management.redirect_urls.get_all",
        "management.redirect_urls.create",
        "management.redirect_urls.update", "management.redirect_urls.delete",
    }  # fmt: skip


@pytest.mark.parametrize(("name", "fields"), list(objects()), ids=lambda value: str(value)[:30])
def test_objects_have_the_fields_of_the_wire(name: str, fields: list[str]) -> None:
    struct = STRUCTS[name]
    hints = typing.get_type_hints(struct)
    assert {field.rstrip("?") for field in fields} <= hints.keys()
    for field in fields:
        if not field.endswith("?"):
            assert not may_be_null(hints[field]), f"{name}.{field}"


def may_be_null(hint: Any) -> bool:
    if hint is type(None):
        return True
    return isinstance(hint, types.UnionType) and type(None) in typing.get_args(hint)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda op: op.id)
def test_every_operation_says_what_it_is(operation: Operation) -> None:
    assert operation.summary[0].isupper()
    assert not operation.summary.endswith(".")
    assert operation.description.endswith(".")
    assert tag_of(operation)
    if operation.session_headers:
        assert operation.rule in OPERATION_RULES or operation.rule in REFUSED_TO_MEMBERS
    entry = document(BASE_URL)["paths"][operation.path][operation.method.lower()]
    assert entry["operationId"] == operation.id
    assert entry["tags"] == [tag_of(operation)]
    assert ("x-rbac" in entry) == (operation.rule in OPERATION_RULES)


def test_every_rule_belongs_to_an_operation() -> None:
    assert (
        OPERATION_RULES.keys()
        == {op.rule for op in OPERATIONS if op.session_headers} - REFUSED_TO_MEMBERS
    )


async def test_what_the_wire_has_beyond_is_not_found(world: World) -> None:
    for line in OUT_OF_SCOPE.strip().splitlines():
        method, path = line.split()
        body = {} if method != "GET" else None
        refused(await world.call(method, path, body), 404, "route_not_found")
        async with world.client() as client:
            refused(await client.request(method, path), 404, "route_not_found")
