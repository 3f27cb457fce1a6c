"""Who can still administer an organization, and by which door, if something changes.

Owns the one question "which way in has this administrator", asked of the state as it is and as it
would be. Changes nothing and refuses nothing by itself, except where somebody asks to be stopped.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from vestibule.domain.members import Member, Method, Registration, require_method_allowed
from vestibule.domain.organizations import Organization
from vestibule.domain.rbac import ADMIN_ROLE, MemberRole, session_roles
from vestibule.errors import VestibuleError, refusal

Proof = Literal["proven", "untried", "none"]


@dataclass(frozen=True, slots=True)
class Administrator:
    """A member who can hold the administrator's role in a session. `ways` are the ids of the
    connections that bring them in with it; of an untried one nobody knows yet. `email` says the
    same of a magic link: it is untried where nobody knows that the address is theirs."""

    member: Member
    ways: tuple[str, ...]
    untried: tuple[str, ...] = ()
    email: Proof = "none"

    @property
    def proof(self) -> Proof:
        if self.ways or self.email == "proven":
            return "proven"
        return "untried" if self.untried or self.email == "untried" else "none"


@dataclass(frozen=True, slots=True)
class Outlook:
    """The administrators who can come in now, and each of them again as they would be then."""

    now: tuple[Administrator, ...]
    then: tuple[Administrator, ...]

    @property
    def locks_out(self) -> bool:
        """Somebody can administer the organization now, and nobody could then."""
        return bool(self.now) and all(one.proof == "none" for one in self.then)

    @property
    def unproven(self) -> bool:
        """Somebody can come in now, and then nobody of whom it is known."""
        return bool(self.now) and not any(one.proof == "proven" for one in self.then)

    @property
    def breakglass(self) -> bool:
        """One of them is a break-glass member, whom no rule on sign-in methods shuts out."""
        return any(one.member.is_breakglass for one in self.then)


def administrator(
    organization: Organization,
    member: Member,
    roles: Sequence[MemberRole],
    registrations: Sequence[Registration],
    *,
    closed: Collection[str] = (),
    untried: Collection[str] = (),
    mail: bool = False,
) -> Administrator:
    """The doors by which a member comes in as an administrator.

    Args:
        roles: every role of the member with its sources, as things stand or would stand.
        closed: connections that are gone, or refuse this very member.
        untried: connections of which nobody can tell whether they still let this member in.
        mail: whether the server sends mail at all.
    """
    if member.status == "deleted":
        return Administrator(member, ())
    email = _by_email(organization, member, roles) if mail else "none"
    if not _allowed(organization, member, "sso"):
        return Administrator(member, (), email=email)
    ways: list[str] = []
    unsure: list[str] = []
    for one in registrations:
        name = one.connection_id
        if not one.open or one.organization_id != organization.organization_id or name in closed:
            continue
        if ADMIN_ROLE in session_roles(roles, {name}):
            (unsure if name in untried else ways).append(name)
    return Administrator(member, tuple(ways), tuple(unsure), email)


def _by_email(organization: Organization, member: Member, roles: Sequence[MemberRole]) -> Proof:
    """A link brings no role of a connection: the administrator's has to come from elsewhere."""
    if not _allowed(organization, member, "magic_link"):
        return "none"
    if ADMIN_ROLE not in session_roles(roles, ()):
        return "none"
    return "proven" if member.email_address_verified else "untried"


def _allowed(organization: Organization, member: Member, method: Method) -> bool:
    try:
        require_method_allowed(organization.settings, member, method)
    except VestibuleError:
        return False
    return True


def warning(outlook: Outlook) -> str:
    """One sentence for whoever is about to do it; "" where there is nothing to warn of."""
    names = ", ".join(one.member.email_address for one in outlook.now[:5])
    if outlook.locks_out:
        return (
            f"After this nobody could administer the organization: {names} would be shut out. "
            "Give another administrator a way in first."
        )
    if outlook.unproven:
        return (
            f"Nobody knows whether {names} could still come in. Try it with a test login of an "
            "administrator first."
        )
    able = [one for one in outlook.then if one.proof == "proven"]
    if len(able) == 1 < len(outlook.now) and not outlook.breakglass:
        left = able[0]
        return (
            f"Only {left.member.email_address} could still administer the organization. A "
            "break-glass member would be a second way in."
        )
    return ""


def require_way_in(outlook: Outlook) -> None:
    """Refuse what would shut out the last administrator.

    Raises:
        would_lock_out_administrators
    """
    if outlook.locks_out:
        raise refusal(
            "would_lock_out_administrators",
            want="an administrator who can still sign in",
            got=", ".join(one.member.email_address for one in outlook.now[:5]),
        )
