"""Setup links and the portal visits that they open: issue, open, hand over, revoke.

A link is for somebody who has no account, so it says by itself what may be done with it, and every
step of it is told to the organization's log. What a visit may do is decided in `rbac`; here it is
decided whether there is a visit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from vestibule.domain.connections import SamlConnection
from vestibule.domain.ids import token_hash
from vestibule.domain.organizations import Organization
from vestibule.domain.projects import Project, choose_redirect_url
from vestibule.domain.setup_links import (
    MAX_LINKS,
    PORTAL_TOKEN_LIFETIME,
    VISIT_TOUCH,
    SetupLink,
    Uses,
    check_lifetime,
    check_note,
    check_scopes,
    csrf_key,
    handed_over,
    opened,
    require_embeddable,
    require_open,
    require_own_origin,
    with_descendants,
)
from vestibule.errors import VestibuleError, refusal
from vestibule.services.audit import record
from vestibule.services.organizations import resolve
from vestibule.services.rbac import Actor, GuestActor, OnBehalf
from vestibule.services.runtime import Runtime
from vestibule.services.sessions import standing_of
from vestibule.storage import Tx


@dataclass(frozen=True, slots=True)
class IssuedSetupLink:
    """The only time that the URL is seen: its token is stored hashed."""

    link: SetupLink
    url: str


class LookedAt(NamedTuple):
    """A link that can be opened, and the organization that it is for."""

    link: SetupLink
    organization: Organization


@dataclass(frozen=True, slots=True)
class NewPortalVisit:
    """The token is for the browser's cookie alone; a new one at every opening."""

    token: str
    link: SetupLink
    organization: Organization
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class PortalVisit:
    """A visit that goes on. `csrf_key` is what its forms carry; it is not the token."""

    link: SetupLink
    organization: Organization
    project: Project
    csrf_key: str
    actor: GuestActor
    embedded: bool
    expires_at: datetime


# --- the team's side ------------------------------------------------------------------------------


async def issue(
    rt: Runtime,
    actor: Actor,
    organization_name: str,
    *,
    scopes: Sequence[str],
    lifetime_minutes: int,
    uses: Uses,
    connection_id: str | None = None,
    note: str = "",
    return_url: str = "",
) -> IssuedSetupLink:
    """Make a link for somebody at the organization.

    Args:
        connection_id: the SAML connection whose certificates may be renewed; with
            certificate_renewal and only with it.
        return_url: where the portal leads back to, one of the project's redirect URLs.

    Raises:
        field_invalid, saml_connection_not_found, no_match_for_provided_sso_url,
        too_many_setup_links.
    """
    checked = check_scopes(scopes, connection_id)
    lifetime = check_lifetime(lifetime_minutes)
    if uses not in ("one", "many"):
        raise refusal("field_invalid", want="uses: one or many", got=uses)
    check_note(note)
    if return_url:
        choose_redirect_url(actor.project.settings, return_url, "LOGIN")
    token = rt.new_token()

    def work(tx: Tx) -> SetupLink:
        organization = resolve(tx, actor, organization_name, "setup_links.issue")
        _require_saml(tx, organization, connection_id)
        now = rt.now()
        link = SetupLink(
            link_id=rt.new_id("setup-link", actor.project.environment),
            project_id=actor.project.project_id,
            organization_id=organization.organization_id,
            scopes=checked,
            connection_id=connection_id,
            created_at=now,
            created_by=actor.label,
            expires_at=now + lifetime,
            uses=uses,
            note=note,
            return_url=return_url,
        )
        _insert(tx, rt, actor, link, token, "setup_link.issued")
        return link

    return IssuedSetupLink(await rt.store.write(work), _url(rt, token))


async def list_links(rt: Runtime, actor: Actor, organization_name: str) -> Sequence[SetupLink]:
    """The organization's links, those that have ended too, the latest first."""

    def work(tx: Tx) -> Sequence[SetupLink]:
        organization = resolve(tx, actor, organization_name, "setup_links.list")
        return tx.setup_links.of_organization(organization.organization_id)

    return await rt.store.read(work)


async def revoke(rt: Runtime, actor: Actor, organization_name: str, link_id: str) -> SetupLink:
    """End a link, what was handed over from it, and the visits of all of them, at once.

    Raises:
        setup_link_not_found.
    """

    def work(tx: Tx) -> SetupLink:
        organization = resolve(tx, actor, organization_name, "setup_links.revoke")
        kept = tx.setup_links.of_organization(organization.organization_id)
        meant = with_descendants(link_id, kept)
        if not meant:
            raise refusal("setup_link_not_found", got=link_id)
        now = rt.now()
        for link in meant:
            ended = tx.setup_links.delete_visits_of([link.link_id])
            if link.revoked_at is None:
                tx.setup_links.update(link, replace(link, revoked_at=now))
                _record(tx, rt, actor, link, "setup_link.revoked", visits_ended=str(ended))
        return replace(next(one for one in meant if one.link_id == link_id), revoked_at=now)

    return await rt.store.write(work)


async def issue_portal_token(
    rt: Runtime, actor: Actor, organization_name: str, *, scopes: Sequence[str], origin: str
) -> str:
    """A token with which the embedded portal opens once, within five minutes, in pages of one
    origin. On behalf of a member its visit has the member's rights and no more.

    Raises:
        field_invalid, portal_origin_forbidden.
    """
    checked = check_scopes(scopes, None)
    caller = actor.on_behalf
    token = rt.new_token()

    def work(tx: Tx) -> str:
        organization = resolve(
            tx, actor, organization_name, "setup_links.issue_portal_token", fields=("scopes",)
        )
        project = tx.projects.find(actor.project.project_id)
        if project is None:
            raise refusal("project_not_found", got=actor.project.project_id)
        require_embeddable(origin, project.settings)
        now = rt.now()
        link = SetupLink(
            link_id=rt.new_id("setup-link", actor.project.environment),
            project_id=actor.project.project_id,
            organization_id=organization.organization_id,
            scopes=checked,
            connection_id=None,
            created_at=now,
            created_by=actor.label,
            expires_at=now + PORTAL_TOKEN_LIFETIME,
            origin=origin,
            session_id=caller.session.session_id if caller else "",
        )
        tx.setup_links.insert(link, token_hash(token))
        _record(tx, rt, actor, link, "portal_token.issued", origin=origin)
        return token

    return await rt.store.write(work)


# --- the guest's side -----------------------------------------------------------------------------


async def look(rt: Runtime, token: str) -> LookedAt:
    """What a link opens, for the page before the button. Looking does not use it up.

    Raises:
        setup_link_not_found, setup_link_expired, setup_link_revoked, setup_link_used.
    """

    def work(tx: Tx) -> LookedAt:
        found = _find(tx, token)
        require_open(found.link, rt.now())
        return found

    return await rt.store.read(work)


async def open_link(rt: Runtime, token: str) -> NewPortalVisit:
    """Begin a visit. Of several who open a link for one use at once, one does.

    Raises:
        setup_link_not_found, setup_link_expired, setup_link_revoked, setup_link_used.
    """
    visit_token = rt.new_token()

    def work(tx: Tx) -> NewPortalVisit:
        return _begin(tx, rt, _find(tx, token), visit_token, "setup_link.opened")

    return await rt.store.write(work)


async def open_embedded(rt: Runtime, token: str, origin: str) -> NewPortalVisit:
    """Begin a visit in the embedded portal, in a page of the token's own origin.

    Raises:
        portal_token_not_found: also for one that was used or has expired, and one of a session
            that has ended.
        portal_origin_forbidden: another origin than the token's, or one that may no longer embed.
    """
    visit_token = rt.new_token()

    def work(tx: Tx) -> NewPortalVisit:
        found = tx.setup_links.find_by_token(token_hash(token))
        if found is None or not found.link.embedded or found.link.status(rt.now()) != "open":
            raise refusal("portal_token_not_found")
        link = found.link
        require_own_origin(link, origin)
        project = tx.projects.find(link.project_id)
        if project is None:
            raise refusal("portal_token_not_found")
        require_embeddable(origin, project.settings)
        try:
            _member_of(tx, rt, project, link)
        except VestibuleError:
            raise refusal("portal_token_not_found") from None
        return _begin(tx, rt, LookedAt(*found), visit_token, "portal_token.opened")

    return await rt.store.write(work)


async def visit(rt: Runtime, token: str) -> PortalVisit:
    """The visit behind a browser's cookie, with everything that it stands on looked at anew: the
    link, the organization, and for a member of the embedded portal session, roles and origin.

    Raises:
        portal_visit_ended.
    """

    def find(tx: Tx) -> tuple[PortalVisit, bool]:
        now = rt.now()
        found = tx.setup_links.find_visit(token_hash(token))
        if found is None or found.visit.ended(now) or found.link.revoked_at is not None:
            raise refusal("portal_visit_ended")
        link = found.link
        project = tx.projects.find(link.project_id)
        if project is None:
            raise refusal("portal_visit_ended")
        try:
            if link.embedded:
                require_embeddable(link.origin, project.settings)
            member = _member_of(tx, rt, project, link)
        except VestibuleError:
            raise refusal("portal_visit_ended") from None
        actor = GuestActor(
            project,
            member,
            organization_id=link.organization_id,
            link_id=link.link_id,
            operations=link.operations,
            renewable_connection_id=link.renewable_connection_id,
        )
        stale = found.visit.last_seen_at + VISIT_TOUCH <= now
        return PortalVisit(
            link,
            found.organization,
            project,
            csrf_key(token),
            actor,
            link.embedded,
            found.visit.expires_at,
        ), stale

    going_on, stale = await rt.store.read(find)
    if stale:
        await rt.store.write(lambda tx: _touch(tx, rt, token))
    return going_on


async def hand_over(rt: Runtime, visit: PortalVisit) -> IssuedSetupLink:
    """A link for a colleague of the guest: it opens once, with the same scopes and no later end.

    Raises:
        setup_link_scope: from the embedded portal.
        setup_link_expired, portal_visit_ended, too_many_setup_links.
    """
    token = rt.new_token()

    def work(tx: Tx) -> SetupLink:
        # As it is now: it may have been revoked since the visit was looked up.
        link = tx.setup_links.find(visit.link.link_id)
        if link is None or link.revoked_at is not None:
            raise refusal("portal_visit_ended")
        new_id = rt.new_id("setup-link", visit.project.environment)
        new = handed_over(link, new_id, rt.now())
        _insert(tx, rt, visit.actor, new, token, "setup_link.handed_over")
        return new

    return IssuedSetupLink(await rt.store.write(work), _url(rt, token))


async def close(rt: Runtime, token: str) -> None:
    """End a visit; one that has ended already stays as it is."""

    def work(tx: Tx) -> None:
        tx.setup_links.delete_visit(token_hash(token))

    await rt.store.write(work)


# --- common ---------------------------------------------------------------------------------------


def _find(tx: Tx, token: str) -> LookedAt:
    found = tx.setup_links.find_by_token(token_hash(token))
    # A token of the embedded portal is no link: it opens in its own origin only.
    if found is None or found.link.embedded:
        raise refusal("setup_link_not_found")
    return LookedAt(*found)


def _begin(tx: Tx, rt: Runtime, found: LookedAt, token: str, action: str) -> NewPortalVisit:
    now = rt.now()
    project = tx.projects.find(found.link.project_id)
    if project is None:
        raise refusal("setup_link_not_found")
    link, begun = opened(found.link, now)
    tx.setup_links.update(found.link, link)
    tx.setup_links.insert_visit(begun, token_hash(token))
    guest = GuestActor(project, organization_id=link.organization_id, link_id=link.link_id)
    _record(tx, rt, guest, link, action, opened_count=str(link.opened_count))
    return NewPortalVisit(token, link, found.organization, begun.expires_at)


def _touch(tx: Tx, rt: Runtime, token: str) -> None:
    found = tx.setup_links.find_visit(token_hash(token))
    if found is not None:
        tx.setup_links.put_visit(replace(found.visit, last_seen_at=rt.now()), token_hash(token))


def _member_of(tx: Tx, rt: Runtime, project: Project, link: SetupLink) -> OnBehalf | None:
    """The member who asked for the embedded portal, as they stand now; None for the project.

    Raises:
        session_not_found: their session has ended.
    """
    if not link.session_id:
        return None
    return standing_of(tx, project, link.session_id, rt.now())


def _require_saml(tx: Tx, organization: Organization, connection_id: str | None) -> None:
    if connection_id is None:
        return
    found = tx.connections.find(organization.organization_id, connection_id)
    if not isinstance(found, SamlConnection):
        raise refusal("saml_connection_not_found", got=connection_id)


def _insert(tx: Tx, rt: Runtime, actor: Actor, link: SetupLink, token: str, action: str) -> None:
    kept = tx.setup_links.of_organization(link.organization_id)
    now = rt.now()
    if sum(one.status(now) == "open" for one in kept) >= MAX_LINKS:
        raise refusal("too_many_setup_links", want=f"at most {MAX_LINKS} that are open")
    tx.setup_links.insert(link, token_hash(token))
    _record(
        tx, rt, actor, link, action,
        expires_at=link.expires_at.isoformat(), uses=link.uses, parent_id=link.parent_id,
    )  # fmt: skip


def _record(
    tx: Tx, rt: Runtime, actor: Actor, link: SetupLink, action: str, **details: str
) -> None:
    scopes = " ".join(link.scopes)
    record(
        tx, rt, actor, link.organization_id, action, link.link_id, scopes=scopes,
        **{name: value for name, value in details.items() if value},
    )  # fmt: skip


def _url(rt: Runtime, token: str) -> str:
    return f"{rt.settings.base_url}/portal/setup/{token}"
