"""Members: one person inside one organization, and whether a login may become one.

Owns the decision on admission (wire contract §4.4). Does not know how the identity was proved.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from vestibule.domain.attributes import email_domain, email_key
from vestibule.domain.ids import make_id
from vestibule.domain.metadata import Metadata
from vestibule.domain.organizations import OrganizationSettings
from vestibule.domain.rbac import RoleRules
from vestibule.errors import refusal

Status = Literal["pending", "invited", "active", "deleted"]
# The ways to sign in that there are, of those that an organization can list.
Method = Literal["sso", "magic_link"]


@dataclass(frozen=True, slots=True)
class RetiredEmail:
    email_id: str
    email_address: str


@dataclass(frozen=True, slots=True)
class Member:
    """`external_id` is the application's own name of the person, not the identity provider's."""

    member_id: str
    organization_id: str
    email_address: str
    status: Status
    created_at: datetime
    updated_at: datetime
    email_address_verified: bool = False
    name: str = ""
    external_id: str | None = None
    is_breakglass: bool = False
    explicit_roles: tuple[str, ...] = ()
    trusted_metadata: Metadata = field(default_factory=dict)
    untrusted_metadata: Metadata = field(default_factory=dict)
    retired_emails: tuple[RetiredEmail, ...] = ()
    mfa_phone_number: str = ""
    mfa_enrolled: bool = False
    default_mfa_method: str = ""


@dataclass(frozen=True, slots=True)
class Registration:
    """A member's standing at one connection of their organization.

    `connection_id` is the connection used to enter (the External one for an External login),
    `source_connection_id` the one that spoke to the identity provider (the same otherwise).
    `rules` are those of `connection_id`, as they stand when the registration is read; `open`
    says whether logins through it are possible at this moment.
    """

    registration_id: str
    member_id: str
    organization_id: str
    connection_id: str
    source_connection_id: str
    protocol: Literal["saml", "oidc"]
    subject: str
    created_at: datetime
    last_login_at: datetime
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    groups: tuple[str, ...] = ()
    rules: RoleRules = RoleRules()
    open: bool = True


@dataclass(frozen=True, slots=True)
class Admission:
    """How a login becomes a member.

    `member` None: create one. `register`: the connection is new for the member. `change_email`:
    the provider now gives another address for the same subject.
    """

    member: Member | None
    register: bool
    change_email: bool = False


def decide_admission(
    settings: OrganizationSettings,
    *,
    connection_id: str,
    email: str,
    by_registration: Member | None,
    by_email: Member | None,
    registered_as_other: bool,
) -> Admission:
    """Decide who a verified identity is in the organization that it enters.

    Looked up in the entered organization only: a member of another organization can never come
    out of this. In order: the registration (connection, subject), then the address, then
    just-in-time provisioning.

    Args:
        settings: of the organization that is entered.
        connection_id: the connection used, the External one for an External login.
        email: the asserted address.
        by_registration: the member whose registration at this connection has this subject.
        by_email: the member, not deleted, who has this address.
        registered_as_other: `by_email` already has a registration at this connection, under
            another subject.

    Raises:
        member_not_found: the registration belongs to a deleted member.
        operation_restricted_by_organization_auth_methods, invalid_connection_for_jit_provisioning,
        duplicate_member_email: see `registered_as_other`; the address has moved to another person
            at the provider, so linking would hand one person's membership to another.
    """
    if by_registration is not None:
        if by_registration.status == "deleted":
            raise refusal("member_not_found", detail="the member was deleted")
        require_sso_allowed(settings, by_registration)
        changed = email_key(by_registration.email_address) != email_key(email)
        return Admission(by_registration, register=False, change_email=changed)
    if by_email is not None:
        require_sso_allowed(settings, by_email)
        if registered_as_other:
            raise refusal(
                "duplicate_member_email",
                want="the subject that the member is registered with",
                got="another subject with the same address",
            )
        return Admission(by_email, register=True)
    require_sso_allowed(settings, None)
    if not may_provision(settings, connection_id):
        raise refusal(
            "invalid_connection_for_jit_provisioning",
            want="a member, or a connection that may provision",
            got=f"{email} is no member; sso_jit_provisioning is {settings.sso_jit_provisioning}",
        )
    return Admission(None, register=True)


def may_provision(settings: OrganizationSettings, connection_id: str) -> bool:
    """Whether a login through this connection may make somebody a member."""
    return settings.sso_jit_provisioning == "ALL_ALLOWED" or (
        settings.sso_jit_provisioning == "RESTRICTED"
        and connection_id in settings.sso_jit_provisioning_allowed_connections
    )


def require_sso_allowed(settings: OrganizationSettings, member: Member | None) -> None:
    """Refuse SSO where the organization does not list it; break-glass members are exempt."""
    require_method_allowed(settings, member, "sso")


def require_method_allowed(
    settings: OrganizationSettings, member: Member | None, method: Method
) -> None:
    """Refuse a way to sign in that the organization does not list; break-glass members are exempt.

    Raises:
        operation_restricted_by_organization_auth_methods.
    """
    if member is not None and member.is_breakglass:
        return
    if settings.auth_methods == "RESTRICTED" and method not in settings.allowed_auth_methods:
        raise refusal(
            "operation_restricted_by_organization_auth_methods",
            want=", ".join(settings.allowed_auth_methods),
            got=method,
        )


def require_email_provisioning(settings: OrganizationSettings, address: str) -> None:
    """Refuse to make somebody a member by their address alone, unless the organization lists its
    domain for that (§2.1).

    Raises:
        email_jit_provisioning_not_allowed, invalid_email_for_jit_provisioning.
    """
    if settings.email_jit_provisioning != "RESTRICTED":
        raise refusal("email_jit_provisioning_not_allowed", got=settings.email_jit_provisioning)
    if email_domain(address) not in settings.email_allowed_domains:
        raise refusal(
            "invalid_email_for_jit_provisioning",
            want=", ".join(settings.email_allowed_domains),
            got=email_domain(address),
        )


def require_invitable(settings: OrganizationSettings, address: str) -> None:
    """Refuse an invitation that the organization's rules forbid (§2.1).

    Raises:
        email_invites_not_allowed, invalid_email_for_invites.
    """
    if settings.email_invites == "NOT_ALLOWED":
        raise refusal("email_invites_not_allowed")
    restricted = settings.email_invites == "RESTRICTED"
    if restricted and email_domain(address) not in settings.email_allowed_domains:
        raise refusal(
            "invalid_email_for_invites",
            want=", ".join(settings.email_allowed_domains),
            got=email_domain(address),
        )


def email_id(member_id: str, address: str, environment: str) -> str:
    """The id of one address of one member: the same whenever it is asked for."""
    named = hashlib.sha256(f"{member_id} {email_key(address)}".encode()).digest()
    return make_id("member-email", environment, named[:16])
