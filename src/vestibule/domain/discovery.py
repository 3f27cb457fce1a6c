"""Discovery: somebody has proved an address and asks which organizations it opens.

Owns the conditions of membership by address (wire contract §6) and the proof that is kept in
between. Looks nothing up.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from vestibule.domain.members import Member, Method, require_email_provisioning
from vestibule.domain.members import require_method_allowed as _require_method
from vestibule.domain.organizations import Organization, OrganizationSettings
from vestibule.errors import VestibuleError, refusal

MembershipType = Literal[
    "active_member", "pending_member", "invited_member", "eligible_to_join_by_email_domain"
]


@dataclass(frozen=True, slots=True)
class DiscoverySession:
    """A proven address on the way to an organization: kept ten minutes, bound to none yet."""

    project_id: str
    email_address: str
    authenticated_at: datetime
    expires_at: datetime


def membership(organization: Organization, member: Member | None, address: str) -> MembershipType:
    """What the owner of a proven address is, or may become, in an organization.

    Whether a colleague with a verified address of the domain is there already is the caller's to
    ask: without one, anybody could list the domain of a stranger.

    Raises:
        email_jit_provisioning_not_allowed, invalid_email_for_jit_provisioning.
    """
    if member is None or member.status == "deleted":
        require_email_provisioning(organization.settings, address)
        return "eligible_to_join_by_email_domain"
    known: dict[str, MembershipType] = {
        "active": "active_member", "pending": "pending_member", "invited": "invited_member",
    }  # fmt: skip
    return known[member.status]


def allows(settings: OrganizationSettings, member: Member | None, method: Method) -> bool:
    """The same question as `require_method_allowed`, for a list in which both answers are shown."""
    try:
        _require_method(settings, member, method)
    except VestibuleError:
        return False
    return True


def require_own_way_in(settings: OrganizationSettings) -> None:
    """Refuse an organization that would shut out who makes it, by e-mail, in this very moment.

    Raises:
        operation_restricted_by_organization_auth_methods.
    """
    if not allows(settings, None, "magic_link"):
        raise refusal(
            "operation_restricted_by_organization_auth_methods",
            want="allowed_auth_methods with magic_link",
            got=", ".join(settings.allowed_auth_methods),
        )
