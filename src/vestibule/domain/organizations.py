"""Organizations: the customers of the product, with their rules on who may come in and how.

Owns names, slugs and the settings that belong together (wire contract §2.1). Does not know
members or connections, only their ids.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from urllib.parse import urlsplit

from vestibule.domain.metadata import Metadata
from vestibule.domain.rbac import Role
from vestibule.errors import refusal

AUTH_METHODS = (
    "sso", "magic_link", "email_otp", "password", "google_oauth", "microsoft_oauth",
    "slack_oauth", "github_oauth", "hubspot_oauth",
)  # fmt: skip
MFA_METHODS = ("sms_otp", "totp")

# Words that stand where a slug may stand in our own paths.
RESERVED_SLUGS = frozenset({
    "search", "members", "me", "callback", "authenticate", "saml", "oidc", "external",
    "discovery", "connection",
})  # fmt: skip

# Anybody can have an address here, so such a domain says nothing about an organization.
COMMON_DOMAINS = frozenset(
    f"{name}.{suffix}"
    for name, suffixes in {
        "gmail": "com", "googlemail": "com", "yahoo": "com co.uk fr de co.in co.jp ca it es",
        "aol": "com", "icloud": "com", "me": "com", "mac": "com", "hotmail": "com co.uk fr de it",
        "msn": "com", "live": "com co.uk fr nl", "outlook": "com fr de es", "comcast": "net",
        "att": "net", "earthlink": "net", "sbcglobal": "net", "verizon": "net", "ig": "com.br",
        "mail": "com ru", "hey": "com", "laposte": "net", "wanadoo": "fr", "orange": "fr",
        "rediffmail": "com", "uol": "com.br", "bol": "com.br", "free": "fr",
        "gmx": "com net de at ch", "yandex": "com ru", "ymail": "com", "libero": "it",
        "proton": "me", "protonmail": "com", "web": "de", "qq": "com", "163": "com",
    }.items()
    for suffix in suffixes.split()
)  # fmt: skip

_SLUG = re.compile(r"[A-Za-z0-9\-._~]{2,128}")
_EXTERNAL_ID = re.compile(r"[A-Za-z0-9._\-|]{1,128}")
_DOMAIN = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))+")


@dataclass(frozen=True, slots=True)
class EmailRole:
    """Everybody with an address of `domain` holds `role_id`."""

    domain: str
    role_id: str


@dataclass(frozen=True, slots=True)
class OrganizationSettings:
    """Who may come in, and how. Field names and values are the wire's."""

    sso_default_connection_id: str | None = None
    sso_jit_provisioning: str = "ALL_ALLOWED"
    sso_jit_provisioning_allowed_connections: tuple[str, ...] = ()
    email_allowed_domains: tuple[str, ...] = ()
    email_jit_provisioning: str = "NOT_ALLOWED"
    email_invites: str = "ALL_ALLOWED"
    auth_methods: str = "ALL_ALLOWED"
    allowed_auth_methods: tuple[str, ...] = ()
    mfa_policy: str = "OPTIONAL"
    mfa_methods: str = "ALL_ALLOWED"
    allowed_mfa_methods: tuple[str, ...] = ()
    rbac_email_implicit_role_assignments: tuple[EmailRole, ...] = ()
    oauth_tenant_jit_provisioning: str = "NOT_ALLOWED"
    allowed_oauth_tenants: Mapping[str, object] = field(default_factory=dict)
    claimed_email_domains: tuple[str, ...] = ()
    first_party_connected_apps_allowed_type: str = "ALL_ALLOWED"
    allowed_first_party_connected_apps: tuple[str, ...] = ()
    third_party_connected_apps_allowed_type: str = "ALL_ALLOWED"
    allowed_third_party_connected_apps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Organization:
    """`verified_domains` follows the claims in `domain_verification`; nobody sets it by hand."""

    organization_id: str
    project_id: str
    name: str
    slug: str
    created_at: datetime
    updated_at: datetime
    external_id: str | None = None
    logo_url: str = ""
    trusted_metadata: Metadata = field(default_factory=dict)
    settings: OrganizationSettings = OrganizationSettings()
    custom_roles: tuple[Role, ...] = ()
    verified_domains: tuple[str, ...] = ()


_CHOICES: Mapping[str, tuple[str, ...]] = {
    "sso_jit_provisioning": ("ALL_ALLOWED", "RESTRICTED", "NOT_ALLOWED"),
    "email_jit_provisioning": ("RESTRICTED", "NOT_ALLOWED"),
    "email_invites": ("ALL_ALLOWED", "RESTRICTED", "NOT_ALLOWED"),
    "auth_methods": ("ALL_ALLOWED", "RESTRICTED"),
    "mfa_policy": ("OPTIONAL", "REQUIRED_FOR_ALL"),
    "mfa_methods": ("ALL_ALLOWED", "RESTRICTED"),
    "oauth_tenant_jit_provisioning": ("RESTRICTED", "NOT_ALLOWED"),
    "first_party_connected_apps_allowed_type": ("ALL_ALLOWED", "RESTRICTED", "NOT_ALLOWED"),
    "third_party_connected_apps_allowed_type": ("ALL_ALLOWED", "RESTRICTED", "NOT_ALLOWED"),
}


def check_settings(settings: OrganizationSettings) -> OrganizationSettings:
    """Return the settings with their domains in lower case, or refuse what cannot stand together.

    Whether the connections and roles that they name exist is the caller's to check.
    """
    for name, choices in _CHOICES.items():
        value = getattr(settings, name)
        if value not in choices:
            raise refusal("field_invalid", want=f"{name} in {', '.join(choices)}", got=value)
    for name in ("email_allowed_domains", "claimed_email_domains"):
        for domain in getattr(settings, name):
            check_domain(domain, "invalid_email_domain", "invalid_email_domain")
    for rule in settings.rbac_email_implicit_role_assignments:
        check_domain(rule.domain, "rbac_invalid_domain", "rbac_domain_too_common")
    if unknown := set(settings.allowed_auth_methods) - set(AUTH_METHODS):
        raise refusal(
            "invalid_organization_allowed_auth_methods",
            want=", ".join(AUTH_METHODS),
            got=", ".join(sorted(unknown)),
        )
    if unknown := set(settings.allowed_mfa_methods) - set(MFA_METHODS):
        raise refusal("field_invalid", want="sms_otp, totp", got=", ".join(sorted(unknown)))
    _require_lists(settings)
    return replace(
        settings,
        email_allowed_domains=_lower(settings.email_allowed_domains),
        claimed_email_domains=_lower(settings.claimed_email_domains),
        rbac_email_implicit_role_assignments=tuple(
            EmailRole(rule.domain.lower(), rule.role_id)
            for rule in settings.rbac_email_implicit_role_assignments
        ),
    )


def _require_lists(settings: OrganizationSettings) -> None:
    """A RESTRICTED setting without its list would close the door without anybody noticing."""
    if settings.auth_methods == "RESTRICTED" and not settings.allowed_auth_methods:
        raise refusal("allowed_auth_methods_required_for_restricted")
    if settings.mfa_methods == "RESTRICTED" and not settings.allowed_mfa_methods:
        raise refusal("allowed_mfa_methods_required_for_restricted")
    if (
        settings.sso_jit_provisioning == "RESTRICTED"
        and not settings.sso_jit_provisioning_allowed_connections
    ):
        raise refusal("invalid_restricted_sso_setting")
    email = (settings.email_jit_provisioning, settings.email_invites)
    if "RESTRICTED" in email and not settings.email_allowed_domains:
        raise refusal("invalid_restricted_email_setting")
    if (settings.sso_jit_provisioning, *email) == ("NOT_ALLOWED",) * 3:
        raise refusal("email_provisioning_all_closed")


def without_connections(
    settings: OrganizationSettings, gone: Sequence[str]
) -> OrganizationSettings:
    """The settings after these connections were deleted: no dangling id stays behind.

    A RESTRICTED list that this empties turns into NOT_ALLOWED, never into ALL_ALLOWED. Should
    that close the last way in, invitations by an administrator stay possible.
    """
    allowed = tuple(i for i in settings.sso_jit_provisioning_allowed_connections if i not in gone)
    emptied = settings.sso_jit_provisioning == "RESTRICTED" and not allowed
    return replace(
        settings,
        sso_default_connection_id=(
            None
            if settings.sso_default_connection_id in gone
            else settings.sso_default_connection_id
        ),
        sso_jit_provisioning_allowed_connections=allowed,
        sso_jit_provisioning="NOT_ALLOWED" if emptied else settings.sso_jit_provisioning,
    )


def check_name(name: str) -> str:
    if not 1 <= len(name) <= 128 or not name.strip() or not name.isprintable():
        raise refusal("invalid_organization_name", got=name)
    return name


def check_slug(slug: str) -> str:
    if not _SLUG.fullmatch(slug) or slug.lower() in RESERVED_SLUGS:
        raise refusal("invalid_organization_slug", got=slug)
    return slug


def check_external_id(value: str, code: str = "invalid_organization_external_id") -> str:
    if not _EXTERNAL_ID.fullmatch(value):
        raise refusal(code, got=value)
    return value


def check_logo_url(url: str) -> str:
    if not url:
        return url
    try:
        parts = urlsplit(url)
    except ValueError:
        raise refusal("invalid_organization_logo_url", got=url) from None
    if parts.scheme not in ("http", "https") or not parts.hostname or len(url) > 2048:
        raise refusal("invalid_organization_logo_url", got=url)
    return url


def check_domain(domain: str, invalid: str, common: str) -> str:
    """Return the domain in lower case; refuse non-domains and those that everybody can use."""
    lowered = domain.lower()
    if len(lowered) > 253 or not _DOMAIN.fullmatch(lowered):
        raise refusal(invalid, want="a domain such as example.com", got=domain)
    if lowered in COMMON_DOMAINS:
        raise refusal(common, want="a domain of the organization's own", got=domain)
    return lowered


def slug_of(name: str) -> str:
    """A slug from a name: `Émile & Co` becomes `emile-co`. The caller makes it unique."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:100]
    return (
        slug if len(slug) >= 2 and slug not in RESERVED_SLUGS else f"organization-{slug}".strip("-")
    )


def _lower(domains: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(domain.lower() for domain in domains))
