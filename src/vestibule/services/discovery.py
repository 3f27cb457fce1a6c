"""Discovery: from a proven address to an organization: which there are, entering one, making one.

An SSO login proves nothing here: an identity provider can assert any address.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from vestibule.domain.attributes import email_domain
from vestibule.domain.discovery import (
    DiscoverySession,
    MembershipType,
    allows,
    membership,
    require_own_way_in,
)
from vestibule.domain.ids import token_hash
from vestibule.domain.members import Member, require_method_allowed
from vestibule.domain.organizations import Organization
from vestibule.domain.projects import Project
from vestibule.domain.rbac import ADMIN_ROLE
from vestibule.errors import VestibuleError, refusal
from vestibule.services.audit import record
from vestibule.services.members import MemberView, come_in, member_view
from vestibule.services.organizations import (
    MAX_DISCOVERED,
    OrganizationView,
    establish,
    resolve,
    view,
    views,
)
from vestibule.services.rbac import Actor
from vestibule.services.runtime import Runtime
from vestibule.services.sessions import (
    Authenticated,
    SessionLocator,
    Wish,
    allowed_methods,
    complete,
    email_factor,
    find_session,
    primary_required,
)
from vestibule.storage import Tx
from vestibule.storage.sessions import FoundSession


@dataclass(frozen=True, slots=True)
class Discovered:
    """An organization that an address opens. `member` is None for somebody who may join;
    `primary_methods` are the ways that are left where e-mail is not one."""

    organization: OrganizationView
    membership: MembershipType
    member: MemberView | None
    domain: str
    primary_methods: tuple[str, ...] | None
    mfa_required: bool

    @property
    def complete(self) -> bool:
        """Whether the proof of the address suffices."""
        return self.primary_methods is None and not self.mfa_required


@dataclass(frozen=True, slots=True)
class Discovery:
    email_address: str
    found: tuple[Discovered, ...]


async def organizations(
    rt: Runtime,
    project: Project,
    *,
    intermediate_token: str | None,
    locator: SessionLocator,
) -> Discovery:
    """What a proven address opens; the token stays. Exactly one thing says whose address it is.

    Raises:
        no_session_arguments, too_many_session_arguments, intermediate_session_not_found,
        session_not_found.
    """
    given = [x for x in (intermediate_token, locator.token, locator.jwt) if x]
    if not given:
        raise refusal("no_session_arguments", want="an intermediate session or a session")
    if len(given) > 1:
        raise refusal("too_many_session_arguments")

    def work(tx: Tx) -> Discovery:
        now, inside = rt.now(), ""
        if intermediate_token:
            place = token_hash(intermediate_token)
            proven = tx.discovery.find(project.project_id, place, now)
            if proven is None:
                raise refusal("intermediate_session_not_found")
            address = proven.email_address
        else:
            held = find_session(tx, project, locator, now, allow_expired_jwt=True)
            if held.session.email is None:
                return _own_alone(tx, project, held)
            address = held.session.email.email_address
            inside = held.organization.organization_id
        return Discovery(address, discovered_by(tx, project, address, inside))

    return await rt.store.read(work)


def _own_alone(tx: Tx, project: Project, held: FoundSession) -> Discovery:
    """What a session of SSO alone opens: its own organization. The address is only what one
    identity provider says, and must not list where its owner is a member."""
    member, shown = held.member, view(tx, held.organization)
    one = Discovered(
        shown, "active_member", member_view(tx, project, shown, member), "", None, False
    )
    return Discovery(member.email_address, (one,))


def discovered_by(
    tx: Tx, project: Project, address: str, inside: str = ""
) -> tuple[Discovered, ...]:
    """The organizations of which the address is a member's, and those that it may join. `inside`
    is the one in which its owner has a session, which lacks nothing there."""
    candidates = tx.organizations.of_address(project.project_id, address, limit=MAX_DISCOVERED)
    own = tx.members.of_address([o.organization_id for o in candidates], address)
    found = []
    for shown in views(tx, candidates):
        organization = shown.organization
        member = own.get(organization.organization_id)
        kind = _membership(tx, organization, member, address)
        if kind is not None:
            one = _discovered(tx, project, shown, member, kind, address)
            if organization.organization_id == inside:
                one = replace(one, primary_methods=None, mfa_required=False)
            found.append(one)
    return tuple(found)


def _membership(
    tx: Tx, organization: Organization, member: Member | None, address: str
) -> MembershipType | None:
    try:
        return _require_membership(tx, organization, member, address)
    except VestibuleError:
        return None


def _require_membership(
    tx: Tx, organization: Organization, member: Member | None, address: str
) -> MembershipType:
    """What the address is there. To join, a colleague of the same domain has to be there already.

    Raises:
        email_jit_provisioning_not_allowed, invalid_email_for_jit_provisioning.
    """
    kind = membership(organization, member, address)
    domain = email_domain(address)
    if kind == "eligible_to_join_by_email_domain" and not tx.members.knows_domain(
        organization.organization_id, domain
    ):
        raise refusal(
            "invalid_email_for_jit_provisioning",
            want="a member with a verified address of the domain",
            got=domain,
        )
    return kind


def _discovered(
    tx: Tx,
    project: Project,
    shown: OrganizationView,
    member: Member | None,
    kind: MembershipType,
    address: str,
) -> Discovered:
    settings = shown.organization.settings
    mfa = settings.mfa_policy == "REQUIRED_FOR_ALL" or (member is not None and member.mfa_enrolled)
    enough = allows(settings, member, "magic_link")
    return Discovered(
        shown,
        kind,
        member_view(tx, project, shown, member) if member else None,
        "" if member else email_domain(address),
        None if enough else allowed_methods(shown, member),
        mfa_required=enough and mfa,
    )


async def exchange(
    rt: Runtime,
    project: Project,
    intermediate_token: str,
    organization_name: str,
    wish: Wish,
) -> Authenticated:
    """Enter an organization by the proven address; who is no member becomes one where the
    organization takes in the domain. The token is used up once there is a session.

    Raises:
        intermediate_session_not_found, organization_not_found,
        email_jit_provisioning_not_allowed, invalid_email_for_jit_provisioning.
    """
    wish.length(project)

    def work(tx: Tx) -> Authenticated:
        proven = _proven(rt, tx, project, intermediate_token)
        actor = Actor(project)
        operation = "discovery_intermediate_sessions.exchange"
        organization = resolve(tx, actor, organization_name, operation)
        address = proven.email_address
        owner = tx.members.find_by_email(organization.organization_id, address)
        if owner is not None and owner[1]:
            raise refusal("retired_member_email", got=address)
        member = owner[0] if owner else None
        _require_membership(tx, organization, member, address)
        if member is None:
            require_method_allowed(organization.settings, None, "magic_link")
            member = _join(rt, tx, actor, organization, address)
        if not allows(organization.settings, member, "magic_link"):
            shown = member_view(tx, project, view(tx, organization), member)
            done = primary_required(rt, tx, shown)
            return _same_token(rt, tx, done, intermediate_token, proven)
        return _enter(rt, tx, project, organization, member, intermediate_token, proven, wish)

    return await rt.store.write(work)


async def create(
    rt: Runtime,
    project: Project,
    intermediate_token: str,
    changes: Mapping[str, Any],
    wish: Wish,
) -> Authenticated:
    """Make an organization; who proved the address is its first member and administers it.

    Raises:
        intermediate_session_not_found, operation_restricted_by_organization_auth_methods, and what
        creating an organization raises.
    """
    wish.length(project)

    def work(tx: Tx) -> Authenticated:
        proven = _proven(rt, tx, project, intermediate_token)
        actor = Actor(project)
        address = proven.email_address
        named = {"organization_name": email_domain(address), **changes}
        organization = establish(rt, tx, actor, named)
        require_own_way_in(organization.settings)
        member = _join(rt, tx, actor, organization, address, (ADMIN_ROLE,))
        return _enter(rt, tx, project, organization, member, intermediate_token, proven, wish)

    return await rt.store.write(work)


def _proven(rt: Runtime, tx: Tx, project: Project, token: str) -> DiscoverySession:
    found = tx.discovery.take(project.project_id, token_hash(token), rt.now())
    if found is None:
        raise refusal("intermediate_session_not_found")
    return found


def _join(
    rt: Runtime,
    tx: Tx,
    actor: Actor,
    organization: Organization,
    address: str,
    roles: tuple[str, ...] = (),
) -> Member:
    now = rt.now()
    member = Member(
        member_id=rt.new_id("member", actor.project.environment),
        organization_id=organization.organization_id,
        email_address=address,
        status="pending",
        created_at=now,
        updated_at=now,
        explicit_roles=roles,
    )
    tx.members.insert(member, actor.project.project_id)
    record(
        tx, rt, actor, organization.organization_id, "member.provisioned", member.member_id,
        by="discovery",
    )  # fmt: skip
    return member


def _enter(
    rt: Runtime,
    tx: Tx,
    project: Project,
    organization: Organization,
    member: Member,
    token: str,
    proven: DiscoverySession,
    wish: Wish,
) -> Authenticated:
    member = come_in(tx, rt, member)
    shown = member_view(tx, project, view(tx, organization), member)
    proof = email_factor(project, member, proven.authenticated_at)
    done = complete(rt, tx, project, shown, proof, replace(wish, intermediate_token=None))
    return done if done.session else _same_token(rt, tx, done, token, proven)


def _same_token(
    rt: Runtime, tx: Tx, done: Authenticated, token: str, proven: DiscoverySession
) -> Authenticated:
    """Something is missing still: the proof goes on waiting, and opens other organizations too."""
    tx.sessions.take_intermediate(token_hash(done.intermediate_token), rt.now())
    tx.discovery.put(token_hash(token), proven)
    return replace(done, intermediate_token=token, intermediate_expires_at=proven.expires_at)
