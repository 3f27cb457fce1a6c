"""Magic links: who is sent one, where it leads, and what its token becomes.

The link in the mail only leads on: who scans mails beforehand uses nothing up. The token works
once, when the application exchanges it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from vestibule.domain.attributes import email_key, read_email
from vestibule.domain.discovery import DiscoverySession
from vestibule.domain.ids import token_hash
from vestibule.domain.logins import check_challenge, require_pkce
from vestibule.domain.magic_links import (
    REQUEST_LIFETIME,
    AskedLink,
    Kind,
    LinkRequest,
    MagicLink,
    check_request,
    landing_url,
    lifetime,
    redirect_url,
    require_still_theirs,
    signup_url,
)
from vestibule.domain.mail import Mail, choose_locale
from vestibule.domain.members import (
    Member,
    require_email_provisioning,
    require_invitable,
    require_method_allowed,
)
from vestibule.domain.organizations import Organization
from vestibule.domain.projects import Project
from vestibule.domain.sessions import INTERMEDIATE_LIFETIME
from vestibule.errors import VestibuleError, refusal
from vestibule.services.audit import record
from vestibule.services.discovery import Discovered, discovered_by
from vestibule.services.mail import require_mail
from vestibule.services.members import (
    MemberView,
    come_in,
    find_member,
    member_view,
    resolve_member,
    with_changes,
    with_email,
)
from vestibule.services.organizations import resolve, view
from vestibule.services.rbac import Actor
from vestibule.services.runtime import Runtime
from vestibule.services.sessions import NO_WISH, Authenticated, Wish, complete, email_factor
from vestibule.storage import Tx


@dataclass(frozen=True, slots=True)
class Invited:
    """Whom somebody invites; `fields` are the wire's of a new member."""

    email_address: str
    fields: Mapping[str, Any]
    redirect_url: str | None = None
    invited_by: str | None = None
    locale: str | None = None
    minutes: int | None = None


@dataclass(frozen=True, slots=True)
class UsedLink:
    """What came of a link's token; `method_id` is the id of the address that it proved."""

    done: Authenticated
    method_id: str


@dataclass(frozen=True, slots=True)
class Proven:
    """A proven address and what it opens."""

    token: str
    session: DiscoverySession
    found: tuple[Discovered, ...]


# --- sending ------------------------------------------------------------------------------------


async def login_or_signup(
    rt: Runtime, actor: Actor, request: LinkRequest
) -> tuple[MemberView, bool]:
    """Send a member a link; whoever is none yet becomes a pending one where the organization
    takes people in by their address (§6). The second value says that one was created.

    Raises:
        mail_not_configured, invalid_email, retired_member_email,
        operation_restricted_by_organization_auth_methods, email_jit_provisioning_not_allowed,
        invalid_email_for_jit_provisioning, and what `check_request` raises.
    """
    require_mail(rt)
    read_email(request.email_address)
    check_request(actor.project, request)
    return await rt.store.write(lambda tx: _login_or_signup(rt, tx, actor, request))


def _login_or_signup(
    rt: Runtime, tx: Tx, actor: Actor, request: LinkRequest
) -> tuple[MemberView, bool]:
    organization = resolve(
        tx, actor, request.organization_name, "magic_links_email.login_or_signup"
    )
    address = read_email(request.email_address)
    owner = tx.members.find_by_email(organization.organization_id, address)
    if owner is not None and owner[1]:
        raise refusal("retired_member_email", got=address)
    member = owner[0] if owner else None
    require_method_allowed(organization.settings, member, "magic_link")
    if member is not None and member.status == "active":
        kind: Kind = "login"
        url = redirect_url(actor.project, kind, request.login_redirect_url)
        minutes = request.login_minutes
    else:
        kind, url = "signup", signup_url(actor.project, request)
        minutes = request.signup_minutes
    created = member is None
    if member is None:
        require_email_provisioning(organization.settings, address)
        member = _new_member(rt, actor.project, organization, address)
        tx.members.insert(member, actor.project.project_id)
        record(
            tx, rt, actor, organization.organization_id, "member.provisioned", member.member_id,
            by="magic_link",
        )  # fmt: skip
    _send(
        rt, tx, actor.project, organization, member, kind, url,
        address=member.email_address, minutes=minutes, locale=request.locale,
        challenge=request.pkce_code_challenge,
    )  # fmt: skip
    return member_view(tx, actor.project, view(tx, organization), member), created


async def ask(rt: Runtime, project: Project, request: LinkRequest) -> None:
    """The same for a page, which is told nothing: whether somebody with this address is a member
    is found out afterwards (`answer_asked`), so neither the answer nor its time depends on it.

    Raises:
        mail_not_configured, invalid_email, organization_not_found, what `check_request` raises.
    """
    require_mail(rt)
    read_email(request.email_address)
    check_request(project, request)

    def work(tx: Tx) -> None:
        name = request.organization_name
        resolve(tx, Actor(project), name, "magic_links_email.login_or_signup")
        request_id = rt.new_id("magic-link-request", project.environment)
        tx.magic_links.put_asked(request_id, AskedLink(project.project_id, request, rt.now()))

    await rt.store.write(work)


async def answer_asked(rt: Runtime) -> int:
    """Send the links that pages asked for, each in a transaction of its own. Who may have none
    gets none. Returns how many requests were answered."""
    if rt.deliver is None:
        return 0
    done = 0
    while await rt.store.write(lambda tx: _answer_one(rt, tx)):
        done += 1
    return done


def _answer_one(rt: Runtime, tx: Tx) -> bool:
    asked = tx.magic_links.take_asked()
    if asked is None:
        return False
    project = tx.projects.find(asked.project_id)
    if project is None or asked.asked_at + REQUEST_LIFETIME <= rt.now():
        return True
    # Nothing is written before a refusal, and nobody is there to be told of it.
    with contextlib.suppress(VestibuleError):
        _login_or_signup(rt, tx, Actor(project), asked.request)
    return True


async def invite(rt: Runtime, actor: Actor, organization_name: str, invited: Invited) -> MemberView:
    """Make somebody an invited member and send them a link. Whoever is pending or invited already
    stays as they are and is sent a new one.

    Raises:
        mail_not_configured, invalid_email, duplicate_member_email for an active member,
        retired_member_email, email_invites_not_allowed, invalid_email_for_invites,
        operation_restricted_by_organization_auth_methods, member_not_found for the inviter,
        no_match_for_provided_magic_link_url, invalid_expiration.
    """
    require_mail(rt)
    address = read_email(invited.email_address)
    url = redirect_url(actor.project, "invite", invited.redirect_url)
    lifetime("invite", invited.minutes)

    def work(tx: Tx) -> MemberView:
        organization = resolve(
            tx, actor, organization_name, "magic_links_email.invite", fields=list(invited.fields)
        )
        require_invitable(organization.settings, address)
        owner = tx.members.find_by_email(organization.organization_id, address)
        if owner is not None and (owner[1] or owner[0].status == "active"):
            code = "retired_member_email" if owner[1] else "duplicate_member_email"
            raise refusal(code, got=address)
        member = owner[0] if owner else None
        require_method_allowed(organization.settings, member, "magic_link")
        inviter = _inviter(tx, actor, organization, invited.invited_by)
        if member is None:
            member = replace(
                _new_member(rt, actor.project, organization, address), status="invited"
            )
            member = with_changes(tx, actor, organization, member, invited.fields)
            tx.members.insert(member, actor.project.project_id)
        elif member.status != "invited":
            member = replace(member, status="invited", updated_at=rt.now())
            tx.members.update(member)
        record(tx, rt, actor, organization.organization_id, "member.invited", member.member_id)
        _send(
            rt, tx, actor.project, organization, member, "invite", url,
            address=member.email_address, minutes=invited.minutes, locale=invited.locale,
            inviter=inviter,
        )  # fmt: skip
        return member_view(tx, actor.project, view(tx, organization), member)

    return await rt.store.write(work)


def _inviter(tx: Tx, actor: Actor, organization: Organization, named: str | None) -> str:
    """Who is named in the mail: the member who calls, or the one that the application says."""
    if actor.on_behalf is not None:
        member: Member | None = actor.on_behalf.member
    elif named:
        member = find_member(tx, organization.organization_id, named)
        if member is None or member.status == "deleted":
            raise refusal("member_not_found", got=named)
    else:
        return ""
    return (member.name or member.email_address) if member else ""


async def start_email_update(
    rt: Runtime,
    actor: Actor,
    organization_name: str,
    member_name: str,
    *,
    email_address: str,
    login_redirect_url: str | None,
    locale: str | None,
) -> MemberView:
    """Send a link to the address that a member wants to have; it becomes theirs with the link.

    Raises:
        mail_not_configured, invalid_email, duplicate_member_email, retired_member_email,
        operation_restricted_by_organization_auth_methods, action_available_only_for_active_members,
        no_match_for_provided_magic_link_url.
    """
    require_mail(rt)
    address = read_email(email_address)
    url = redirect_url(actor.project, "email_update", login_redirect_url)

    def work(tx: Tx) -> MemberView:
        organization, member = resolve_member(
            tx, actor, organization_name, member_name, "organizations_members.start_email_update"
        )
        if member.status != "active":
            raise refusal("action_available_only_for_active_members", got=member.status)
        require_method_allowed(organization.settings, member, "magic_link")
        with_email(tx, actor.project, member, address, True, True)
        if email_key(address) == email_key(member.email_address):
            raise refusal("duplicate_member_email", want="another address", got=address)
        _send(
            rt, tx, actor.project, organization, member, "email_update", url,
            address=address, locale=locale,
        )  # fmt: skip
        record(
            tx, rt, actor, organization.organization_id, "member.email_update_started",
            member.member_id,
        )  # fmt: skip
        return member_view(tx, actor.project, view(tx, organization), member)

    return await rt.store.write(work)


async def send_discovery(
    rt: Runtime,
    project: Project,
    *,
    email_address: str,
    discovery_redirect_url: str | None,
    challenge: str | None,
    locale: str | None,
    minutes: int | None,
) -> None:
    """Send a link that proves an address and belongs to no organization. Whoever asks for one is
    sent one, so nothing tells who is a member of what.

    Raises:
        mail_not_configured, invalid_email, invalid_pkce_code_challenge, invalid_expiration,
        no_match_for_provided_magic_link_url.
    """
    require_mail(rt)
    address = read_email(email_address)
    url = redirect_url(project, "discovery", discovery_redirect_url)
    check_challenge(project, challenge)
    lifetime("discovery", minutes)
    await rt.store.write(
        lambda tx: _send(
            rt, tx, project, None, None, "discovery", url,
            address=address, minutes=minutes, locale=locale, challenge=challenge,
        )
    )  # fmt: skip


def _send(
    rt: Runtime,
    tx: Tx,
    project: Project,
    organization: Organization | None,
    member: Member | None,
    kind: Kind,
    url: str,
    *,
    address: str,
    minutes: int | None = None,
    locale: str | None = None,
    challenge: str | None = None,
    inviter: str = "",
) -> None:
    """A new link and the mail that holds it, in one transaction."""
    now, length = rt.now(), lifetime(kind, minutes)
    token = rt.new_token()
    organization_id = organization.organization_id if organization else ""
    member_id = member.member_id if member else ""
    link = MagicLink(
        kind, project.project_id, address, url, challenge, now, now + length,
        organization_id, member_id,
    )  # fmt: skip
    tx.magic_links.put(token_hash(token), link)
    tx.mail.put(
        Mail(
            mail_id=rt.new_id("mail", project.environment),
            project_id=project.project_id,
            organization_id=organization_id,
            member_id=member_id,
            kind=kind,
            locale=choose_locale(locale),
            recipient=address,
            link=rt.magic_link_url(token),
            lifetime=length,
            created_at=now,
            expires_at=link.expires_at,
            organization_name=organization.name if organization else "",
            inviter=inviter,
        )
    )


def _new_member(rt: Runtime, project: Project, organization: Organization, address: str) -> Member:
    now = rt.now()
    return Member(
        member_id=rt.new_id("member", project.environment),
        organization_id=organization.organization_id,
        email_address=address,
        status="pending",
        created_at=now,
        updated_at=now,
    )


# --- what a link becomes ------------------------------------------------------------------------


async def follow(rt: Runtime, token: str) -> str:
    """Where the browser goes on to. The token is not used up: mails are often scanned first.

    Raises:
        magic_link_not_found.
    """
    link = await rt.store.read(lambda tx: tx.magic_links.find(token_hash(token), rt.now()))
    if link is None:
        raise refusal("magic_link_not_found")
    return landing_url(link, token)


async def authenticate(
    rt: Runtime,
    project: Project,
    token: str,
    *,
    code_verifier: str | None = None,
    wish: Wish = NO_WISH,
) -> UsedLink:
    """Turn the token of a link into a session. It works once; a failed PKCE check does not use it
    up. The address counts as verified from now on.

    Raises:
        magic_link_not_found, pkce_mismatch, pkce_expected_code_verifier,
        pkce_did_not_expect_code_verifier, operation_restricted_by_organization_auth_methods,
        duplicate_member_email, retired_member_email, and what `complete` raises.
    """
    wish.length(project)

    def work(tx: Tx) -> UsedLink:
        link = _take(rt, tx, project, token, code_verifier)
        organization = tx.organizations.find(project.project_id, link.organization_id)
        if organization is None:  # a link for discovery has none
            raise refusal("magic_link_not_found")
        found = tx.members.find(link.organization_id, link.member_id)
        member = require_still_theirs(link, found)
        require_method_allowed(organization.settings, member, "magic_link")
        if link.kind == "email_update":
            member = _take_address(rt, tx, project, member, link.email_address)
        member = come_in(tx, rt, member)
        proof = email_factor(project, member, rt.now())
        record(
            tx, rt, Actor(project), member.organization_id, "magic_link.used", member.member_id,
            kind=link.kind,
        )  # fmt: skip
        shown = member_view(tx, project, view(tx, organization), member)
        return UsedLink(complete(rt, tx, project, shown, proof, wish), proof.email_id)

    return await rt.store.write(work)


def _take_address(rt: Runtime, tx: Tx, project: Project, member: Member, address: str) -> Member:
    """The member with the address that they have just proved; links to the old one are over."""
    changed = replace(with_email(tx, project, member, address, True, True), updated_at=rt.now())
    tx.members.update(changed)
    tx.magic_links.delete_of_member(member.member_id)
    record(tx, rt, Actor(project), member.organization_id, "member.email_updated", member.member_id)
    return changed


async def authenticate_discovery(
    rt: Runtime, project: Project, token: str, *, code_verifier: str | None = None
) -> Proven:
    """Turn the token of a link for discovery into ten minutes in which its reader chooses an
    organization.

    Raises:
        magic_link_not_found, and the refusals of PKCE.
    """

    def work(tx: Tx) -> Proven:
        now = rt.now()
        link = _take(rt, tx, project, token, code_verifier)
        if link.kind != "discovery":
            raise refusal("magic_link_not_found")
        proven = rt.new_token()
        session = DiscoverySession(
            project.project_id, link.email_address, now, now + INTERMEDIATE_LIFETIME
        )
        tx.discovery.put(token_hash(proven), session)
        return Proven(proven, session, discovered_by(tx, project, link.email_address))

    return await rt.store.write(work)


def _take(
    rt: Runtime, tx: Tx, project: Project, token: str, code_verifier: str | None
) -> MagicLink:
    """The link, used up; whatever is refused afterwards undoes that."""
    link = tx.magic_links.take(token_hash(token), rt.now())
    if link is None or link.project_id != project.project_id:
        raise refusal("magic_link_not_found")
    require_pkce(link.pkce_code_challenge, code_verifier)
    return link
