"""Connections: the doors of an organization, SAML, OIDC or External, and the route of a login.

Owns what makes a connection complete, what a change may do to it, and `LoginRoute`, where the
difference between a direct and an External login is resolved once. Speaks to no identity
provider and knows no rows.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal, get_args
from urllib.parse import urlsplit

from vestibule.domain.attributes import check_oidc_mapping, check_saml_mapping
from vestibule.domain.organizations import Organization
from vestibule.domain.rbac import GroupRole, RoleRules
from vestibule.errors import refusal

IDENTITY_PROVIDERS = (
    "classlink", "cyberark", "duo", "generic", "google-workspace", "jumpcloud", "keycloak",
    "miniorange", "microsoft-entra", "okta", "onelogin", "pingfederate", "rippling", "salesforce",
    "shibboleth",
)  # fmt: skip
DEFAULT_NAME_ID_FORMAT = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
MAX_CERTIFICATES = 5
MAX_SIGNING_KEYS = 3

Kind = Literal["saml", "oidc", "external"]
Status = Literal["pending", "active"]
Sharing = Literal["open", "approval", "closed"]
AuthMethod = Literal["", "client_secret_basic", "client_secret_post", "private_key_jwt"]
AUTH_METHODS = get_args(AuthMethod)
Binding = Literal["redirect", "post"]
BINDINGS = get_args(Binding)
# Whether a new key in the provider's metadata waits for an administrator, unless a key that is
# trusted already has signed the document.
MetadataPolicy = Literal["confirm", "automatic"]
METADATA_POLICIES = get_args(MetadataPolicy)
MAX_AUTHN_CONTEXTS = 8
ShareStatus = Literal["pending", "active", "revoked"]


@dataclass(frozen=True, slots=True)
class StoredCertificate:
    """An X.509 certificate in PEM form. Of an identity provider, or one of ours."""

    certificate_id: str
    certificate: str
    issuer: str
    created_at: datetime
    expires_at: datetime

    @property
    def fingerprint_sha256(self) -> str:
        """Of the DER form, in lower-case hexadecimal digits."""
        body = "".join(line for line in self.certificate.splitlines() if "-----" not in line)
        return hashlib.sha256(base64.b64decode(body)).hexdigest()


@dataclass(frozen=True, slots=True)
class SigningKeyPair:
    """Our key for one connection: the identity provider knows the certificate."""

    certificate: StoredCertificate
    private_key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class EncryptionKey:
    private_key_id: str
    created_at: datetime
    private_key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SamlConnection:
    connection_id: str
    organization_id: str
    created_at: datetime
    updated_at: datetime
    display_name: str = ""
    identity_provider: str = "generic"
    status: Status = "pending"
    rules: RoleRules = RoleRules()
    external_sharing: Sharing = "open"
    revoked_organizations: tuple[str, ...] = ()
    idp_entity_id: str = ""
    idp_sso_url: str = ""
    idp_sso_binding: Binding = "redirect"
    # Single logout; the answers go to a URL of their own where the provider has one.
    idp_slo_url: str = ""
    idp_slo_response_url: str = ""
    idp_slo_binding: Binding = "redirect"
    idp_metadata_url: str = ""
    idp_metadata_policy: MetadataPolicy = "confirm"
    attribute_mapping: Mapping[str, str] = field(default_factory=dict)
    nameid_format: str = DEFAULT_NAME_ID_FORMAT
    force_authn: bool = False
    requested_authn_context: tuple[str, ...] = ()
    alternative_audience_uri: str = ""
    alternative_acs_url: str = ""
    idp_initiated_auth_disabled: bool = False
    allow_gateway_callback: bool = False
    sign_requests: bool = True
    insecure_legacy_encryption: bool = False
    verification_certificates: tuple[StoredCertificate, ...] = ()
    signing_keys: tuple[SigningKeyPair, ...] = ()
    encryption_keys: tuple[EncryptionKey, ...] = ()

    kind = "saml"


@dataclass(frozen=True, slots=True)
class OidcConnection:
    connection_id: str
    organization_id: str
    created_at: datetime
    updated_at: datetime
    display_name: str = ""
    identity_provider: str = "generic"
    status: Status = "pending"
    rules: RoleRules = RoleRules()
    external_sharing: Sharing = "open"
    revoked_organizations: tuple[str, ...] = ()
    issuer: str = ""
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    # How we prove who we are: "" takes the better of the two ways to send the secret.
    token_endpoint_auth_method: AuthMethod = ""
    client_key: SigningKeyPair | None = None
    authorization_url: str = ""
    token_url: str = ""
    userinfo_url: str = ""
    jwks_url: str = ""
    custom_scopes: str = ""
    attribute_mapping: Mapping[str, str] = field(default_factory=dict)
    # What discovery said beyond the wire's fields; empty until it has been read.
    token_endpoint_auth_methods: tuple[str, ...] = ()
    id_token_signing_algs: tuple[str, ...] = ()
    response_iss_parameter_supported: bool = False

    kind = "oidc"


@dataclass(frozen=True, slots=True)
class ExternalConnection:
    """A door to this organization whose key is in another organization's hands.

    `share_status` is the owner's word: `pending` until approved where the owner asks for
    approval, `revoked` once withdrawn.
    """

    connection_id: str
    organization_id: str
    created_at: datetime
    updated_at: datetime
    external_organization_id: str
    external_connection_id: str
    display_name: str = ""
    rules: RoleRules = RoleRules()
    session_exchange: Literal["allowed", "denied"] = "allowed"
    share_status: ShareStatus = "active"

    kind = "external"
    status = "active"


SourceConnection = SamlConnection | OidcConnection
Connection = SamlConnection | OidcConnection | ExternalConnection


@dataclass(frozen=True, slots=True)
class LoginRoute:
    """Where a login enters and who vouches for it.

    `target` lets in: its organization, role rules, admission and session. `source` speaks to the
    identity provider: keys, URLs, mapping. They are the same value for a direct login. Nobody
    further along asks again whether a login is External.
    """

    target: Connection
    source: SourceConnection
    organization: Organization


def require_open(route: LoginRoute) -> None:
    """Refuse a route that no login may take at this moment."""
    target = route.target
    if isinstance(target, ExternalConnection):
        if target.external_connection_id != route.source.connection_id:
            raise ValueError("a route joins an External connection to its own source only")
        if target.share_status == "pending":
            raise refusal("external_connection_pending")
        if target.share_status == "revoked":
            raise refusal("external_connection_revoked")
    if route.source.status != "active":
        raise refusal("requires_active_sso_connection", want="active", got=route.source.status)


# --- changes ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SamlChanges:
    """What an update asks for; None means not asked for. Certificates and keys come as PEM."""

    display_name: str | None = None
    identity_provider: str | None = None
    idp_entity_id: str | None = None
    idp_sso_url: str | None = None
    idp_sso_binding: str | None = None
    idp_slo_url: str | None = None
    idp_slo_response_url: str | None = None
    idp_slo_binding: str | None = None
    idp_metadata_url: str | None = None
    idp_metadata_policy: str | None = None
    attribute_mapping: Mapping[str, str] | None = None
    nameid_format: str | None = None
    force_authn: bool | None = None
    requested_authn_context: tuple[str, ...] | None = None
    alternative_audience_uri: str | None = None
    alternative_acs_url: str | None = None
    idp_initiated_auth_disabled: bool | None = None
    allow_gateway_callback: bool | None = None
    sign_requests: bool | None = None
    insecure_legacy_encryption: bool | None = None
    external_sharing: str | None = None
    connection_roles: tuple[str, ...] | None = None
    group_roles: tuple[GroupRole, ...] | None = None


@dataclass(frozen=True, slots=True)
class OidcChanges:
    """What an update asks for; None means not asked for."""

    display_name: str | None = None
    identity_provider: str | None = None
    issuer: str | None = None
    client_id: str | None = None
    client_secret: str | None = None
    authorization_url: str | None = None
    token_url: str | None = None
    userinfo_url: str | None = None
    jwks_url: str | None = None
    token_endpoint_auth_method: str | None = None
    custom_scopes: str | None = None
    attribute_mapping: Mapping[str, str] | None = None
    external_sharing: str | None = None
    connection_roles: tuple[str, ...] | None = None
    group_roles: tuple[GroupRole, ...] | None = None


def update_saml(
    old: SamlConnection, changes: SamlChanges, *, insecure_http: bool, now: datetime
) -> SamlConnection:
    """Apply a change, and activate the connection once nothing is missing (§3.2).

    Args:
        insecure_http: accept http URLs; true only for test projects of `vestibule dev`.
    """
    if changes.idp_sso_url:
        _check_url(
            changes.idp_sso_url,
            insecure_http,
            "saml_connection_idp_sso_url_invalid_format",
            "saml_connection_idp_sso_url_not_https",
        )
    if changes.idp_entity_id is not None and len(changes.idp_entity_id) > 1024:
        raise refusal("invalid_idp_entity_id", got=changes.idp_entity_id)
    for name in ("alternative_acs_url", "idp_slo_url", "idp_slo_response_url"):
        if url := getattr(changes, name):
            _check_url(url, insecure_http, "field_invalid", "field_invalid")
    if url := changes.idp_metadata_url:
        _check_url(url, insecure_http, "invalid_saml_metadata_url", "invalid_saml_metadata_url")
    _check_choice("idp_sso_binding", changes.idp_sso_binding, BINDINGS)
    _check_choice("idp_slo_binding", changes.idp_slo_binding, BINDINGS)
    _check_choice("idp_metadata_policy", changes.idp_metadata_policy, METADATA_POLICIES)
    _check_authn_context(changes.requested_authn_context or ())
    if changes.nameid_format:
        _check_uri("nameid_format", changes.nameid_format)
    asked = _asked(changes)
    mapping = changes.attribute_mapping
    if mapping is not None:
        asked["attribute_mapping"] = check_saml_mapping(mapping) if any(mapping.values()) else {}
    new = replace(old, **asked, rules=_new_rules(old.rules, changes), updated_at=now)  # type: ignore[arg-type]
    _require_groups(new.rules, "groups" in new.attribute_mapping)
    return activate_saml(new)


def missing_parts(connection: SourceConnection) -> tuple[str, ...]:
    """The fields of the update calls without which a connection stays pending (§3.2, §3.3)."""
    if isinstance(connection, SamlConnection):
        held = {
            "idp_entity_id": connection.idp_entity_id,
            "idp_sso_url": connection.idp_sso_url,
            "x509_certificate": connection.verification_certificates,
            "attribute_mapping": connection.attribute_mapping,
        }
        return tuple(name for name, value in held.items() if not value)
    needed = ["issuer", "client_id", "client_secret", "authorization_url", "token_url",
              "userinfo_url", "jwks_url"]  # fmt: skip
    if connection.token_endpoint_auth_method == "private_key_jwt":
        needed.remove("client_secret")
    return tuple(name for name in needed if not getattr(connection, name))


def activate_saml(connection: SamlConnection) -> SamlConnection:
    """Make a complete connection active; refuse to take from an active one what it needs."""
    missing = missing_parts(connection)
    if not missing:
        return replace(connection, status="active")
    if connection.status == "active":
        if missing[0] == "x509_certificate":
            raise refusal("cannot_delete_last_sso_verification_key")
        raise refusal(f"saml_connection_{missing[0]}_required")
    return connection


def with_certificate(connection: SamlConnection, new: StoredCertificate) -> SamlConnection:
    """Add an identity provider's certificate; the same one again changes nothing."""
    held = connection.verification_certificates
    if any(certificate.certificate == new.certificate for certificate in held):
        return connection
    if len(held) >= MAX_CERTIFICATES:
        raise refusal("too_many_sso_verification_certificates", want=f"at most {MAX_CERTIFICATES}")
    return replace(connection, verification_certificates=(*held, new))


def without_certificate(connection: SamlConnection, certificate_id: str) -> SamlConnection:
    kept = tuple(
        c for c in connection.verification_certificates if c.certificate_id != certificate_id
    )
    if len(kept) == len(connection.verification_certificates):
        raise refusal("sso_verification_key_not_found", got=certificate_id)
    return activate_saml(replace(connection, verification_certificates=kept))


# --- keys of ours: the first one signs, all of them open what was encrypted for us ------------


def with_next_key(connection: SamlConnection, new: SigningKeyPair) -> SamlConnection:
    """Add a key that is published and opens already, and does not sign yet."""
    held = connection.signing_keys
    if len(held) >= MAX_SIGNING_KEYS:
        raise refusal("too_many_sso_signing_keys", want=f"at most {MAX_SIGNING_KEYS}")
    return replace(connection, signing_keys=(*held, new))


def with_uploaded_key(connection: SamlConnection, new: SigningKeyPair) -> SamlConnection:
    """Sign with an uploaded key at once (§3.2). The one before stays published; where there is no
    room left, the oldest of those that do not sign goes. A key that is held already is activated:
    whoever sends the whole connection again must not push the others out."""
    held = connection.signing_keys
    for pair in held:
        if pair.private_key == new.private_key:
            return with_active_key(connection, pair.certificate.certificate_id)
    if len(held) >= MAX_SIGNING_KEYS:
        oldest = min(held[1:], key=lambda pair: pair.certificate.created_at)
        held = tuple(pair for pair in held if pair is not oldest)
    return replace(connection, signing_keys=(new, *held))


def with_active_key(connection: SamlConnection, certificate_id: str) -> SamlConnection:
    """Sign with this key from now on; the one before stays published."""
    active = _signing_key(connection, certificate_id)
    others = tuple(pair for pair in connection.signing_keys if pair is not active)
    return replace(connection, signing_keys=(active, *others))


def without_signing_key(connection: SamlConnection, certificate_id: str) -> SamlConnection:
    """Forget a key that does not sign. What was encrypted for it can be read no longer."""
    gone = _signing_key(connection, certificate_id)
    if gone is connection.signing_keys[0]:
        raise refusal("cannot_delete_active_sso_signing_key", got=certificate_id)
    kept = tuple(pair for pair in connection.signing_keys if pair is not gone)
    return replace(connection, signing_keys=kept)


def _signing_key(connection: SamlConnection, certificate_id: str) -> SigningKeyPair:
    for pair in connection.signing_keys:
        if pair.certificate.certificate_id == certificate_id:
            return pair
    raise refusal("sso_signing_key_not_found", got=certificate_id)


# --- changes of the other kinds -----------------------------------------------------------------


def update_oidc(
    old: OidcConnection, changes: OidcChanges, *, insecure_http: bool, now: datetime
) -> OidcConnection:
    """Apply a change, and activate the connection once nothing is missing (§3.3)."""
    for name in ("issuer", "authorization_url", "token_url", "userinfo_url", "jwks_url"):
        if url := getattr(changes, name):
            stem = "issuer_url" if name == "issuer" else name
            code = f"oidc_connection_{stem}_invalid_format"
            _check_url(url, insecure_http, code, code)
    if changes.token_endpoint_auth_method:
        _check_choice(
            "token_endpoint_auth_method", changes.token_endpoint_auth_method, AUTH_METHODS[1:]
        )
    asked = _asked(changes)
    if changes.attribute_mapping is not None:
        asked["attribute_mapping"] = check_oidc_mapping(changes.attribute_mapping)
    new = replace(old, **asked, rules=_new_rules(old.rules, changes), updated_at=now)  # type: ignore[arg-type]
    return activate_oidc(new)


def activate_oidc(connection: OidcConnection) -> OidcConnection:
    """Make a complete connection active; refuse to take from an active one what it needs."""
    missing = missing_parts(connection)
    if not missing:
        return replace(connection, status="active")
    if connection.status == "active":
        raise refusal(f"oidc_connection_{missing[0]}_required")
    return connection


def update_external(
    old: ExternalConnection,
    *,
    source_has_groups: bool,
    now: datetime,
    display_name: str | None = None,
    session_exchange: str | None = None,
    connection_roles: Sequence[str] | None = None,
    group_roles: Sequence[GroupRole] | None = None,
) -> ExternalConnection:
    """Apply a change. The two ids of an External connection never change.

    Args:
        source_has_groups: whether logins through the source can bring groups at all.
    """
    _check_display_name(display_name)
    if session_exchange not in (None, "allowed", "denied"):
        raise refusal("field_invalid", want="session_exchange in allowed, denied")
    rules = RoleRules(
        old.rules.connection if connection_roles is None else tuple(connection_roles),
        old.rules.groups if group_roles is None else tuple(group_roles),
    )
    _require_groups(rules, source_has_groups)
    return replace(
        old,
        display_name=old.display_name if display_name is None else display_name,
        session_exchange=session_exchange or old.session_exchange,  # type: ignore[arg-type]
        rules=rules,
        updated_at=now,
    )


def brings_groups(source: SourceConnection) -> bool:
    """Whether logins through it can bring groups: OIDC has a default claim, SAML has not."""
    return isinstance(source, OidcConnection) or "groups" in source.attribute_mapping


def initial_share_status(
    source: SourceConnection, *, organization_id: str
) -> Literal["active", "pending"]:
    """Whether a new External connection opens at once, or waits for the owner (decision 3).

    An organization whose access was revoked waits always: deleting the connection and making it
    again must not undo the owner's word.
    """
    if source.organization_id == organization_id:
        raise refusal("external_organization_id_same_as_organization_id")
    if source.status != "active":
        raise refusal("external_connection_not_active", want="active", got=source.status)
    if source.external_sharing == "closed":
        raise refusal("external_sharing_closed", want="open or approval", got="closed")
    if organization_id in source.revoked_organizations:
        return "pending"
    return "pending" if source.external_sharing == "approval" else "active"


def after_revocation(source: SourceConnection, organization_id: str) -> SourceConnection:
    """The source once its owner has shut this organization out."""
    others = tuple(o for o in source.revoked_organizations if o != organization_id)
    return replace(source, revoked_organizations=(*others, organization_id))


def after_approval(source: SourceConnection, organization_id: str) -> SourceConnection:
    """The source once its owner has let this organization in."""
    others = tuple(o for o in source.revoked_organizations if o != organization_id)
    return replace(source, revoked_organizations=others)


def identity_provider_changed(old: SourceConnection, new: SourceConnection) -> bool:
    """Whether another identity provider speaks now. A subject names a person only together with
    its issuer (OIDC Core §2, SAML Core §8.3.7), so what the old one said holds no longer."""
    if isinstance(old, SamlConnection) and isinstance(new, SamlConnection):
        return bool(old.idp_entity_id) and old.idp_entity_id != new.idp_entity_id
    if isinstance(old, OidcConnection) and isinstance(new, OidcConnection):
        return bool(old.issuer) and old.issuer != new.issuer
    return False


def check_new(display_name: str | None, identity_provider: str | None) -> None:
    _check_display_name(display_name)
    if identity_provider is not None and identity_provider not in IDENTITY_PROVIDERS:
        raise refusal("invalid_sso_idp", want=", ".join(IDENTITY_PROVIDERS), got=identity_provider)


def _asked(changes: SamlChanges | OidcChanges) -> dict[str, object]:
    """The plain fields that the change asks for; the rules have fields of their own."""
    check_new(changes.display_name, changes.identity_provider)
    if changes.external_sharing not in (None, "open", "approval", "closed"):
        raise refusal(
            "external_sharing_invalid", want="open, approval, closed", got=changes.external_sharing
        )
    return {
        name: value
        for name in changes.__slots__
        if name not in ("connection_roles", "group_roles")
        and (value := getattr(changes, name)) is not None
    }


def _new_rules(old: RoleRules, changes: SamlChanges | OidcChanges) -> RoleRules:
    return RoleRules(
        old.connection if changes.connection_roles is None else changes.connection_roles,
        old.groups if changes.group_roles is None else changes.group_roles,
    )


def _require_groups(rules: RoleRules, has_groups: bool) -> None:
    if any(not rule.group for rule in rules.groups):
        raise refusal("invalid_rbac_role_assignment", want="a group", got="an empty string")
    if rules.groups and not has_groups:
        raise refusal("saml_connection_attribute_mapping_missing_groups_key")


def _check_choice(name: str, value: str | None, choices: Sequence[str]) -> None:
    if value is not None and value not in choices:
        raise refusal("field_invalid", want=f"{name} in {', '.join(choices)}", got=value)


def _check_authn_context(references: Sequence[str]) -> None:
    """Class references are URIs (SAML Core §2.7.2.2)."""
    if len(references) > MAX_AUTHN_CONTEXTS:
        raise refusal(
            "field_invalid", want=f"requested_authn_context of {MAX_AUTHN_CONTEXTS} at most",
            got=str(len(references)),
        )  # fmt: skip
    for reference in references:
        _check_uri("requested_authn_context", reference)


def _check_uri(name: str, value: str) -> None:
    if (
        not 0 < len(value) <= 256
        or not value.isascii()
        or " " in value
        or not value.isprintable()
        or ":" not in value
    ):
        raise refusal("field_invalid", want=f"a URI in {name}", got=value)


def _check_display_name(name: str | None) -> None:
    if name is not None and (len(name) > 128 or not name.isprintable()):
        raise refusal("invalid_display_name", want="at most 128 printable characters", got=name)


def _check_url(url: str, insecure_http: bool, invalid: str, not_https: str) -> None:
    """Refuse whatever is not a plain http(s) URL with a host; http only where it is allowed."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    plain = url.isascii() and url.isprintable() and not set(url) & set(" \"'<>\\^`{|}#")
    if not usable or not plain or len(url) > 2048 or "@" in parts.netloc:
        raise refusal(invalid, want="a plain https URL", got=url)
    if parts.scheme == "http" and not insecure_http:
        raise refusal(not_https, want="https", got=url)
