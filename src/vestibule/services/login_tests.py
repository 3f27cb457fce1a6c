"""Test logins: the link to one, the settings that it goes through, and what it would have done.

Owns everything about a test but the browser's legs, which it walks like any login
(`services.logins`). Nobody is let in here: there is no session, no token, no member and no
registration to be had, because nothing in this file writes one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from vestibule.domain.connections import (
    ExternalConnection,
    LoginRoute,
    SamlConnection,
    SourceConnection,
    identity_provider_changed,
)
from vestibule.domain.ids import token_hash
from vestibule.domain.login_tests import (
    LINK_LIFETIME,
    Enters,
    TestedSettings,
    TestLink,
    TestReport,
    require_startable,
)
from vestibule.domain.logins import Evidence, LoginTrace, VerifiedIdentity
from vestibule.domain.members import Member, Registration
from vestibule.domain.metadata import promote
from vestibule.domain.projects import Project
from vestibule.domain.rbac import session_roles
from vestibule.errors import refusal
from vestibule.services.login_trace import Trace, seen_by
from vestibule.services.members import decide, misfits, roles_of
from vestibule.services.organizations import resolve
from vestibule.services.rbac import Actor
from vestibule.services.runtime import Runtime
from vestibule.services.sharing import record_both
from vestibule.storage import Tx


@dataclass(frozen=True, slots=True)
class IssuedLink:
    url: str
    expires_at: datetime


async def issue(
    rt: Runtime,
    actor: Actor,
    organization_name: str,
    connection_id: str,
    *,
    draft: bool,
    back: str = "",
) -> IssuedLink:
    """A URL with which one browser can begin one test, through the draft or the live settings.

    Args:
        back: the path of our own page that the result leads back to.

    Raises:
        sso_connection_not_found, external_connection_has_no_draft, draft_not_found,
        sso_test_settings_missing.
    """
    token = rt.new_token()

    def work(tx: Tx) -> IssuedLink:
        organization = resolve(tx, actor, organization_name, "sso.update_connection")
        route = tx.connections.route(actor.project.project_id, connection_id)
        if route is None or route.organization.organization_id != organization.organization_id:
            raise refusal("sso_connection_not_found", got=connection_id)
        tried = TestedSettings(_draft_id(tx, route) if draft else None, back)
        require_startable(tested_route(tx, route, tried).source)
        link = TestLink(
            actor.project.project_id,
            organization.organization_id,
            connection_id,
            tried,
            rt.now() + LINK_LIFETIME,
        )
        tx.login_tests.put(token_hash(token), link)
        record_both(
            tx, rt, actor, route.target, "connection.test_link_issued",
            settings="draft" if draft else "live",
        )  # fmt: skip
        return IssuedLink(f"{rt.settings.base_url}/v1/public/sso/test/{token}", link.expires_at)

    return await rt.store.write(work)


async def take(rt: Runtime, token: str) -> TestLink:
    """What the token stands for, once.

    Raises:
        sso_test_link_not_found
    """
    link = await rt.store.write(lambda tx: tx.login_tests.take(token_hash(token), rt.now()))
    if link is None:
        raise refusal("sso_test_link_not_found")
    return link


def _draft_id(tx: Tx, route: LoginRoute) -> str:
    if isinstance(route.target, ExternalConnection):
        raise refusal("external_connection_has_no_draft", got=route.target.connection_id)
    found = tx.drafts.find(route.source.connection_id)
    if found is None:
        raise refusal("draft_not_found", got=route.source.connection_id)
    return found.draft_id


def tested_route(tx: Tx, route: LoginRoute, tried: TestedSettings) -> LoginRoute:
    """The route with the settings of the test in the place of the live ones, taken as active.

    Raises:
        draft_outdated: the draft is another one than that of the test, or there is none.
    """
    source = route.source
    if tried.draft_id is not None:
        draft = tx.drafts.find(source.connection_id)
        if draft is None or draft.draft_id != tried.draft_id:
            raise refusal(
                "draft_outdated", want=tried.draft_id, got=draft.draft_id if draft else "no draft"
            )
        source = draft.settings
    source = replace(source, status="active")
    target = route.target if isinstance(route.target, ExternalConnection) else source
    return replace(route, target=target, source=source)


def report(
    tx: Tx, rt: Runtime, project: Project, route: LoginRoute, identity: VerifiedIdentity
) -> tuple[TestReport, tuple[str, ...]]:
    """As whom the person would be let in, decided as a login decides it, and warnings.

    Raises:
        what an admission raises.
    """
    organization, target, profile = route.organization, route.target, identity.profile
    live = tx.connections.route(project.project_id, target.connection_id)
    # What an activation would make of the people who are registered now.
    forgotten = live is not None and identity_provider_changed(live.source, route.source)
    admission, known = decide(tx, route, profile, forgotten=forgotten)
    now = rt.now()
    member = admission.member or Member(
        "", organization.organization_id, profile.email, "pending", created_at=now, updated_at=now
    )
    _, left_out = promote(member.trusted_metadata, profile.custom)
    here = Registration(
        registration_id="",
        member_id=member.member_id,
        organization_id=organization.organization_id,
        connection_id=target.connection_id,
        source_connection_id=route.source.connection_id,
        protocol=identity.protocol,
        subject=profile.subject,
        created_at=now,
        last_login_at=now,
        groups=profile.groups,
        rules=target.rules,
    )
    held = tx.members.registrations(member.member_id) if member.member_id else []
    elsewhere = [r for r in held if r.connection_id != target.connection_id]
    roles = roles_of(project, organization, member, [*elsewhere, here])
    enters: Enters = "registered" if known else "linked" if admission.member else "created"
    told = TestReport(
        enters=enters,
        member_id=member.member_id,
        subject=profile.subject,
        email=profile.email,
        name=profile.name,
        groups=profile.groups,
        attributes=profile.attributes,
        roles=tuple(role.role_id for role in roles),
        session_roles=session_roles(roles, {target.connection_id}),
    )
    return told, tuple(misfits(left_out))


def tell_checks(rt: Runtime, trace: Trace, source: SourceConnection, found: Evidence) -> None:
    """Tell check by check what a SAML answer was held to, once it has passed them all."""
    if not isinstance(source, SamlConnection):
        return
    url = rt.callback_url(source.connection_id)
    pinned = [one.fingerprint_sha256 for one in source.verification_certificates]
    names = [name for name in (url, source.alternative_audience_uri) if name]
    places = [place for place in (url, source.alternative_acs_url) if place]
    came = [", ".join(audiences) for audiences in found.audiences]
    for name, summary, want, got in (
        ("Issuer", "The identity provider is the one of the connection.",
         [source.idp_entity_id], [found.issuer]),
        ("Certificate", "A certificate of the connection signed, by its SHA-256 fingerprint.",
         pinned, found.signed_by),
        ("Recipient", "The answer was meant for this connection's ACS URL.",
         places, [found.recipient]),
        ("Audience", "The assertion was issued for us.", names, came),
    ):  # fmt: skip
        trace.compared(name, summary, " or ".join(want), " and ".join(got))
    if source.requested_authn_context:
        wanted = " or ".join(source.requested_authn_context)
        trace.compared(
            "Method", "The person signed in as was asked for.", wanted, found.authn_context or ""
        )


def note_tested(tx: Tx, rt: Runtime, source_connection_id: str, tried: TestedSettings) -> None:
    """Remember on the draft that a test through exactly it came to a good end."""
    draft = tx.drafts.find(source_connection_id) if tried.draft_id else None
    if draft is not None and draft.draft_id == tried.draft_id:
        tx.drafts.put(replace(draft, tested_at=rt.now()))


async def get_result(
    rt: Runtime, actor: Actor, organization_name: str, connection_id: str, trace_id: str
) -> LoginTrace:
    """The story of a test through this connection.

    Raises:
        login_trace_not_found
    """

    def work(tx: Tx) -> LoginTrace:
        organization = resolve(tx, actor, organization_name, "sso.get_connections")
        found = tx.logins.find_trace(organization.organization_id, trace_id)
        if found is None or found.test is None or found.connection_id != connection_id:
            raise refusal("login_trace_not_found", got=trace_id)
        return seen_by(actor, found)

    return await rt.store.read(work)
