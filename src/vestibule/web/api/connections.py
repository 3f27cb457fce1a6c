"""The API of connections: SAML, OIDC, External, and the owner's view of sharing (wire §3)."""

from __future__ import annotations

from typing import Any

import msgspec

from vestibule.domain.connections import ExternalConnection as DomainExternal
from vestibule.domain.connections import OidcChanges, SamlChanges
from vestibule.errors import refusal
from vestibule.services import connections, sharing
from vestibule.web.api.registry import Call, Nothing, Request, Response, operation
from vestibule.web.api.schemas import (
    ExternalConnection,
    GroupRoleAssignment,
    OidcConnection,
    RoleAssignment,
    SamlConnection,
    connection_roles,
    external_document,
    group_roles,
    oidc_document,
    saml_document,
)


class CreateConnection(Request):
    display_name: str | None = None
    identity_provider: str | None = None


class SamlConnectionResponse(Response):
    connection: SamlConnection


class OidcConnectionResponse(Response):
    connection: OidcConnection
    warning: str = ""


class ExternalConnectionResponse(Response):
    connection: ExternalConnection


class Connections(Response):
    saml_connections: list[SamlConnection]
    oidc_connections: list[OidcConnection]
    external_connections: list[ExternalConnection]


class SigningKeyResponse(Response):
    connection: SamlConnection
    certificate_id: str


class DeletedConnection(Response):
    connection_id: str


class DeletedCertificate(Response):
    certificate_id: str


class DeletedPrivateKey(Response):
    private_key_id: str


class UpdateSaml(Request):
    idp_entity_id: str | None = None
    display_name: str | None = None
    attribute_mapping: dict[str, Any] | None = None
    x509_certificate: str | None = None
    idp_sso_url: str | None = None
    idp_sso_binding: str | None = None
    idp_slo_url: str | None = None
    idp_slo_response_url: str | None = None
    idp_slo_binding: str | None = None
    idp_metadata_url: str | None = None
    idp_metadata_policy: str | None = None
    force_authn: bool | None = None
    requested_authn_context: list[str] | None = None
    saml_connection_implicit_role_assignments: list[RoleAssignment] | None = None
    saml_group_implicit_role_assignments: list[GroupRoleAssignment] | None = None
    alternative_audience_uri: str | None = None
    identity_provider: str | None = None
    signing_private_key: str | None = None
    nameid_format: str | None = None
    alternative_acs_url: str | None = None
    idp_initiated_auth_disabled: bool | None = None
    saml_encryption_private_key: str | None = None
    allow_gateway_callback: bool | None = None
    external_sharing: str | None = None
    sign_requests: bool | None = None
    insecure_legacy_encryption: bool | None = None

    def changes(self) -> SamlChanges:
        return SamlChanges(
            display_name=self.display_name,
            identity_provider=self.identity_provider,
            idp_entity_id=self.idp_entity_id,
            idp_sso_url=self.idp_sso_url,
            idp_sso_binding=self.idp_sso_binding,
            idp_slo_url=self.idp_slo_url,
            idp_slo_response_url=self.idp_slo_response_url,
            idp_slo_binding=self.idp_slo_binding,
            idp_metadata_url=self.idp_metadata_url,
            idp_metadata_policy=self.idp_metadata_policy,
            force_authn=self.force_authn,
            requested_authn_context=None
            if self.requested_authn_context is None
            else tuple(self.requested_authn_context),
            attribute_mapping=_mapping(self.attribute_mapping),
            nameid_format=self.nameid_format,
            alternative_audience_uri=self.alternative_audience_uri,
            alternative_acs_url=self.alternative_acs_url,
            idp_initiated_auth_disabled=self.idp_initiated_auth_disabled,
            allow_gateway_callback=self.allow_gateway_callback,
            sign_requests=self.sign_requests,
            insecure_legacy_encryption=self.insecure_legacy_encryption,
            external_sharing=self.external_sharing,
            connection_roles=connection_roles(self.saml_connection_implicit_role_assignments),
            group_roles=group_roles(self.saml_group_implicit_role_assignments),
        )


class UpdateSamlByUrl(Request):
    metadata_url: str


class UpdateOidc(Request):
    display_name: str | None = None
    client_id: str | None = None
    client_secret: str | None = None
    issuer: str | None = None
    authorization_url: str | None = None
    token_url: str | None = None
    userinfo_url: str | None = None
    jwks_url: str | None = None
    identity_provider: str | None = None
    custom_scopes: str | None = None
    attribute_mapping: dict[str, Any] | None = None
    oidc_connection_implicit_role_assignments: list[RoleAssignment] | None = None
    oidc_group_implicit_role_assignments: list[GroupRoleAssignment] | None = None
    token_endpoint_auth_method: str | None = None
    external_sharing: str | None = None

    def changes(self) -> OidcChanges:
        return OidcChanges(
            display_name=self.display_name,
            identity_provider=self.identity_provider,
            issuer=self.issuer,
            client_id=self.client_id,
            client_secret=self.client_secret,
            authorization_url=self.authorization_url,
            token_url=self.token_url,
            userinfo_url=self.userinfo_url,
            jwks_url=self.jwks_url,
            custom_scopes=self.custom_scopes,
            attribute_mapping=_mapping(self.attribute_mapping),
            token_endpoint_auth_method=self.token_endpoint_auth_method,
            external_sharing=self.external_sharing,
            connection_roles=connection_roles(self.oidc_connection_implicit_role_assignments),
            group_roles=group_roles(self.oidc_group_implicit_role_assignments),
        )


class ExternalRoles(Request):
    """Both spellings of the wire are taken on both calls (wire §3.4)."""

    display_name: str | None = None
    connection_implicit_role_assignments: list[RoleAssignment] | None = None
    group_implicit_role_assignments: list[GroupRoleAssignment] | None = None
    external_connection_implicit_role_assignments: list[RoleAssignment] | None = None
    external_group_implicit_role_assignments: list[GroupRoleAssignment] | None = None
    session_exchange: str | None = None

    def changes(self) -> dict[str, Any]:
        roles = self.external_connection_implicit_role_assignments
        groups = self.external_group_implicit_role_assignments
        return {
            "display_name": self.display_name,
            "session_exchange": self.session_exchange,
            "connection_roles": connection_roles(
                self.connection_implicit_role_assignments if roles is None else roles
            ),
            "group_roles": group_roles(
                self.group_implicit_role_assignments if groups is None else groups
            ),
        }


class CreateExternal(ExternalRoles, kw_only=True):
    external_organization_id: str
    external_connection_id: str


class SharedConnection(msgspec.Struct):
    organization_id: str
    external_connection_id: str
    display_name: str
    status: str


class SharedConnections(Response):
    shared_with: list[SharedConnection]


class SharedResponse(Response):
    shared_with: SharedConnection


_ALL = "/v1/b2b/sso/{organization_id}"


@operation("sso.get_connections", "GET", _ALL, "List an organization's connections")
async def get_connections(call: Call, _: Nothing) -> Connections:
    """Of all three kinds, pending ones too, in the order of creation."""
    found = await connections.get_all(call.rt, call.actor, call.path["organization_id"])
    return Connections(
        saml_connections=[saml_document(call.rt, c) for c in found.saml],
        oidc_connections=[oidc_document(call.rt, c) for c in found.oidc],
        external_connections=[external_document(c) for c in found.external],
    )


@operation(
    "sso.delete_connection",
    "DELETE",
    f"{_ALL}/connections/{{connection_id}}",
    "Delete a connection",
)
async def delete_connection(call: Call, _: Nothing) -> DeletedConnection:
    """Of any kind. Its registrations, its roles and the sessions that stand on it go with it, and
    so does every External connection of other organizations that leads to it."""
    gone = await connections.delete(
        call.rt, call.actor, call.path["organization_id"], call.path["connection_id"]
    )
    return DeletedConnection(connection_id=gone)


# --- SAML ---------------------------------------------------------------------------------------

_SAML = "/v1/b2b/sso/saml/{organization_id}"
_ONE_SAML = f"{_SAML}/connections/{{connection_id}}"


@operation(
    "sso_saml.create_connection", "POST", _SAML, "Create a SAML connection",
    rule="sso.create_connection",
)  # fmt: skip
async def create_saml(call: Call, body: CreateConnection) -> SamlConnectionResponse:
    """It is pending until identity provider, mapping and a certificate are set."""
    made = await connections.create_saml(
        call.rt,
        call.actor,
        call.path["organization_id"],
        display_name=body.display_name,
        identity_provider=body.identity_provider,
    )
    return SamlConnectionResponse(connection=saml_document(call.rt, made))


@operation(
    "sso_saml.update_connection", "PUT", _ONE_SAML, "Change a SAML connection",
    rule="sso.update_connection",
)  # fmt: skip
async def update_saml(call: Call, body: UpdateSaml) -> SamlConnectionResponse:
    """`x509_certificate` adds a certificate to those there are, at most five."""
    changed = await connections.change_saml(
        call.rt,
        call.actor,
        call.path["organization_id"],
        call.path["connection_id"],
        body.changes(),
        x509_certificate=body.x509_certificate,
        signing_private_key=body.signing_private_key,
        encryption_private_key=body.saml_encryption_private_key,
    )
    return SamlConnectionResponse(connection=saml_document(call.rt, changed))


@operation(
    "sso_saml.update_by_url", "PUT", f"{_ONE_SAML}/url", "Read a SAML connection from metadata",
    rule="sso.update_connection",
)  # fmt: skip
async def update_saml_by_url(call: Call, body: UpdateSamlByUrl) -> SamlConnectionResponse:
    """Sets entity id, SSO URL and certificates. The mapping still has to be set."""
    changed = await connections.change_saml_by_url(
        call.rt,
        call.actor,
        call.path["organization_id"],
        call.path["connection_id"],
        body.metadata_url,
    )
    return SamlConnectionResponse(connection=saml_document(call.rt, changed))


@operation(
    "sso_saml.delete_verification_certificate",
    "DELETE",
    f"{_ONE_SAML}/verification_certificates/{{certificate_id}}",
    "Delete a certificate of the identity provider",
    rule="sso.update_connection",
)
async def delete_certificate(call: Call, _: Nothing) -> DeletedCertificate:
    """The last one of an active connection cannot be deleted."""
    gone = await connections.delete_certificate(
        call.rt,
        call.actor,
        call.path["organization_id"],
        call.path["connection_id"],
        call.path["certificate_id"],
    )
    return DeletedCertificate(certificate_id=gone)


@operation(
    "sso_saml.delete_encryption_private_key",
    "DELETE",
    f"{_ONE_SAML}/encryption_private_keys/{{private_key_id}}",
    "Delete a decryption key",
    rule="sso.update_connection",
)
async def delete_encryption_key(call: Call, _: Nothing) -> DeletedPrivateKey:
    """Assertions encrypted for it can no longer be read."""
    gone = await connections.delete_encryption_key(
        call.rt,
        call.actor,
        call.path["organization_id"],
        call.path["connection_id"],
        call.path["private_key_id"],
    )
    return DeletedPrivateKey(private_key_id=gone)


_SIGNING_KEYS = f"{_ONE_SAML}/signing_keys"


@operation(
    "sso_saml.create_signing_key", "POST", _SIGNING_KEYS,
    "Make the next key of a SAML connection",
    rule="sso.update_connection", extension=True,
)  # fmt: skip
async def create_signing_key(call: Call, _: Nothing) -> SigningKeyResponse:
    """The first step of a rotation. The key's certificate stands in `signing_certificates` and in
    the SP metadata behind the one that signs, and assertions encrypted for it are read already;
    requests are signed by the old key until `activate`. A connection holds at most three keys."""
    changed, certificate_id = await connections.create_signing_key(
        call.rt, call.actor, call.path["organization_id"], call.path["connection_id"]
    )
    document = saml_document(call.rt, changed)
    return SigningKeyResponse(connection=document, certificate_id=certificate_id)


@operation(
    "sso_saml.activate_signing_key", "POST", f"{_SIGNING_KEYS}/{{certificate_id}}/activate",
    "Sign with another key of a SAML connection",
    rule="sso.update_connection", extension=True,
)  # fmt: skip
async def activate_signing_key(call: Call, _: Nothing) -> SamlConnectionResponse:
    """Requests are signed by this key from now on, and the SP metadata asks for encryption to it.
    The key before stays published and readable until it is deleted, so activating it again is the
    way back."""
    changed = await connections.activate_signing_key(
        call.rt,
        call.actor,
        call.path["organization_id"],
        call.path["connection_id"],
        call.path["certificate_id"],
    )
    return SamlConnectionResponse(connection=saml_document(call.rt, changed))


@operation(
    "sso_saml.delete_signing_key", "DELETE", f"{_SIGNING_KEYS}/{{certificate_id}}",
    "Delete a key of a SAML connection",
    rule="sso.update_connection", extension=True,
)  # fmt: skip
async def delete_signing_key(call: Call, _: Nothing) -> DeletedCertificate:
    """The one that signs cannot be deleted. Assertions that are still encrypted for the deleted
    one can no longer be read; sessions stay as they are."""
    gone = await connections.delete_signing_key(
        call.rt,
        call.actor,
        call.path["organization_id"],
        call.path["connection_id"],
        call.path["certificate_id"],
    )
    return DeletedCertificate(certificate_id=gone)


# --- OIDC ---------------------------------------------------------------------------------------

_OIDC = "/v1/b2b/sso/oidc/{organization_id}"
_ONE_OIDC = f"{_OIDC}/connections/{{connection_id}}"


@operation(
    "sso_oidc.create_connection", "POST", _OIDC, "Create an OIDC connection",
    rule="sso.create_connection",
)  # fmt: skip
async def create_oidc(call: Call, body: CreateConnection) -> OidcConnectionResponse:
    """It is pending until client, issuer and the issuer's URLs are set."""
    made = await connections.create_oidc(
        call.rt,
        call.actor,
        call.path["organization_id"],
        display_name=body.display_name,
        identity_provider=body.identity_provider,
    )
    return OidcConnectionResponse(connection=oidc_document(call.rt, made))


@operation(
    "sso_oidc.update_connection", "PUT", _ONE_OIDC, "Change an OIDC connection",
    rule="sso.update_connection",
)  # fmt: skip
async def update_oidc(call: Call, body: UpdateOidc) -> OidcConnectionResponse:
    """A new issuer is asked for its OpenID configuration; URLs that are sent win over it. When it
    cannot be used, the change is made all the same and `warning` says why. With
    `token_endpoint_auth_method` `private_key_jwt` (an extension) the connection gets a key of its
    own and needs no secret: the provider reads the public key at `client_jwks_url`, or is given
    the one in `client_certificates`."""
    changed, warning = await connections.change_oidc(
        call.rt,
        call.actor,
        call.path["organization_id"],
        call.path["connection_id"],
        body.changes(),
    )
    return OidcConnectionResponse(connection=oidc_document(call.rt, changed), warning=warning)


# --- External -----------------------------------------------------------------------------------

_EXTERNAL = "/v1/b2b/sso/external/{organization_id}"


@operation(
    "sso_external.create_connection", "POST", _EXTERNAL, "Create an External connection",
    rule="sso.create_connection",
)  # fmt: skip
async def create_external(call: Call, body: CreateExternal) -> ExternalConnectionResponse:
    """Members of this organization can then sign in through a SAML or OIDC connection of another
    one. **Whoever administers that organization's identity provider can sign in as any member of
    this organization**: the trust runs from the receiver to the source. The source's owner sees
    the connection and can revoke it."""
    made = await connections.create_external(
        call.rt,
        call.actor,
        call.path["organization_id"],
        external_organization_id=body.external_organization_id,
        external_connection_id=body.external_connection_id,
        **body.changes(),
    )
    return ExternalConnectionResponse(connection=external_document(made))


@operation(
    "sso_external.update_connection",
    "PUT",
    f"{_EXTERNAL}/connections/{{connection_id}}",
    "Change an External connection",
    rule="sso.update_connection",
)
async def update_external(call: Call, body: ExternalRoles) -> ExternalConnectionResponse:
    """Name, role rules and the switch for session exchange; where it leads never changes."""
    changed = await connections.change_external(
        call.rt,
        call.actor,
        call.path["organization_id"],
        call.path["connection_id"],
        **body.changes(),
    )
    return ExternalConnectionResponse(connection=external_document(changed))


# --- the owner's side ---------------------------------------------------------------------------

_SHARED = f"{_ALL}/connections/{{connection_id}}/external"


@operation(
    "sso.get_shared_connections", "GET", _SHARED, "List who signs in through a connection",
    rule="sso.get_connections", extension=True,
)  # fmt: skip
async def get_shared(call: Call, _: Nothing) -> SharedConnections:
    """The owner's view: every External connection of other organizations that leads here."""
    found = await sharing.shared_with(
        call.rt, call.actor, call.path["organization_id"], call.path["connection_id"]
    )
    return SharedConnections(shared_with=[_shared(one) for one in found])


@operation(
    "sso.approve_shared_connection", "POST", f"{_SHARED}/{{external_connection_id}}/approve",
    "Approve an External connection to a connection of ours",
    rule="sso.update_connection", extension=True,
)  # fmt: skip
async def approve_shared(call: Call, _: Nothing) -> SharedResponse:
    """Logins through it are possible from now on."""
    return SharedResponse(shared_with=_shared(await sharing.approve(*_shared_path(call))))


@operation(
    "sso.revoke_shared_connection", "POST", f"{_SHARED}/{{external_connection_id}}/revoke",
    "Revoke an External connection to a connection of ours",
    rule="sso.update_connection", extension=True,
)  # fmt: skip
async def revoke_shared(call: Call, _: Nothing) -> SharedResponse:
    """Logins through it are refused from now on, and its sessions end at once."""
    return SharedResponse(shared_with=_shared(await sharing.revoke(*_shared_path(call))))


def _shared_path(call: Call) -> tuple[Any, Any, str, str, str]:
    path = call.path
    return (
        call.rt,
        call.actor,
        path["organization_id"],
        path["connection_id"],
        path["external_connection_id"],
    )


def _shared(one: DomainExternal) -> SharedConnection:
    return SharedConnection(
        one.organization_id, one.connection_id, one.display_name, one.share_status
    )


def _mapping(given: dict[str, Any] | None) -> dict[str, str] | None:
    if given is None:
        return None
    if not all(isinstance(source, str) for source in given.values()):
        raise refusal("saml_connection_no_nested_keys_in_attribute_mapping")
    return given
