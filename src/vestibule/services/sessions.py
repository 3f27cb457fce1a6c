"""Sessions: from the one-time token to a session, and all that is asked of it afterwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from vestibule.domain.attributes import email_key
from vestibule.domain.connections import ExternalConnection, require_open
from vestibule.domain.discovery import allows
from vestibule.domain.ids import token_hash
from vestibule.domain.jwt_templates import Subject, fill, variables
from vestibule.domain.logins import SsoToken, require_pkce
from vestibule.domain.members import Member, Registration, email_id, require_sso_allowed
from vestibule.domain.organizations import AUTH_METHODS, Organization
from vestibule.domain.projects import Project
from vestibule.domain.rbac import MemberRole, granting_roles, session_roles
from vestibule.domain.sessions import (
    INTERMEDIATE_LIFETIME,
    SESSION_CLAIM,
    EmailFactor,
    Factor,
    IntermediateSession,
    Proof,
    Session,
    duration,
    jwt_claims,
    merge_claims,
    until,
    with_factor,
)
from vestibule.errors import refusal
from vestibule.services import keys
from vestibule.services.audit import record
from vestibule.services.members import MemberView, come_in, find_member, member_view
from vestibule.services.organizations import OrganizationView, resolve, view
from vestibule.services.projects import ready_template
from vestibule.services.rbac import Actor, OnBehalf, authorize
from vestibule.services.runtime import Runtime
from vestibule.storage import Tx
from vestibule.storage.sessions import FoundSession


@dataclass(frozen=True, slots=True)
class SessionView:
    """A live session as it is handed out: token, a fresh JWT, and the roles that count in it."""

    session: Session
    token: str
    jwt: str
    roles: tuple[str, ...]
    member: MemberView
    # Names of the template's claims that found no room in the JWT, or that no JWT can hold.
    claims_left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Authenticated:
    """The outcome of an authentication. Without a `session`, something is still missing:
    `primary_methods` are the ways to prove it, or `mfa_required` says that a second factor is."""

    member: MemberView
    session: SessionView | None = None
    intermediate_token: str = ""
    intermediate_expires_at: datetime | None = None
    mfa_required: bool = False
    primary_methods: tuple[str, ...] | None = None
    trace_id: str = ""


@dataclass(frozen=True, slots=True)
class AuthorizationCheck:
    organization_id: str
    resource_id: str
    action: str


@dataclass(frozen=True, slots=True)
class SessionLocator:
    """Which session is meant: its token or one of its JWTs."""

    token: str | None = None
    jwt: str | None = None

    @property
    def given(self) -> bool:
        return bool(self.token or self.jwt)


@dataclass(frozen=True, slots=True)
class Wish:
    """What a caller asks of the session that a proof becomes. `locator` names one to carry on,
    `intermediate_token` the proofs that were given before this one."""

    locator: SessionLocator = SessionLocator()
    duration_minutes: int | None = None
    custom_claims: Mapping[str, object] | None = None
    intermediate_token: str | None = None
    ip_address: str = ""
    user_agent: str = ""

    def length(self, project: Project) -> timedelta:
        """Raises: invalid_session_duration_minutes."""
        return duration(self.duration_minutes, limit=project.settings.max_session_duration_minutes)


NO_WISH = Wish()


# --- finding ------------------------------------------------------------------------------------


def find_session(
    tx: Tx, project: Project, locator: SessionLocator, now: datetime, *, allow_expired_jwt: bool
) -> FoundSession:
    """The live session behind a token or a JWT.

    A JWT is only a name for its session: whether that still lives is always looked up.

    Raises:
        no_session_arguments, too_many_session_arguments, unable_to_parse_session_jwt,
        session_not_found.
    """
    if locator.token and locator.jwt:
        raise refusal("too_many_session_arguments")
    if locator.token:
        found = tx.sessions.find_by_token(project.project_id, token_hash(locator.token), now)
    elif locator.jwt:
        claims = keys.read_session_jwt(
            tx, project, locator.jwt, now, allow_expired=allow_expired_jwt
        )
        session_claim = claims.get(SESSION_CLAIM)
        session_id = session_claim.get("id") if isinstance(session_claim, Mapping) else None
        if not isinstance(session_id, str):
            raise refusal("unable_to_parse_session_jwt")
        found = tx.sessions.find_by_id(project.project_id, session_id, now)
    else:
        raise refusal("no_session_arguments")
    if found is None or found.member.status == "deleted":
        raise refusal("session_not_found")
    return found


def _require_standing(session: Session, registrations: Sequence[Registration]) -> None:
    """Refuse a session one of whose doors is closed.

    Whoever closes a door ends its sessions; but one that was made at the same moment is not seen
    by that transaction, and would live on.

    Raises:
        session_not_found.
    """
    if not session.connection_ids <= {r.connection_id for r in registrations if r.open}:
        raise refusal("session_not_found")


async def actor_for(rt: Runtime, project: Project, locator: SessionLocator) -> Actor:
    """The actor behind the session headers of a call (§1.2). An expired JWT is no session.

    Both headers may be there when they name the same session.
    """

    def work(tx: Tx) -> Actor:
        now = rt.now()
        one = SessionLocator(token=locator.token) if locator.token else locator
        found = find_session(tx, project, one, now, allow_expired_jwt=False)
        if locator.token and locator.jwt:
            other = SessionLocator(jwt=locator.jwt)
            same = find_session(tx, project, other, now, allow_expired_jwt=False)
            if same.session.session_id != found.session.session_id:
                raise refusal("too_many_session_arguments", detail="the headers differ")
        return Actor(project, _on_behalf(tx, project, found))

    return await rt.store.read(work)


def _on_behalf(tx: Tx, project: Project, found: FoundSession) -> OnBehalf:
    shown = member_view(tx, project, OrganizationView(found.organization, ()), found.member)
    _require_standing(found.session, shown.registrations)
    roles = session_roles(shown.roles, found.session.connection_ids)
    return OnBehalf(found.member, found.session, found.organization, roles)


def standing_of(tx: Tx, project: Project, session_id: str, now: datetime) -> OnBehalf:
    """The member of a session that is known by its id, with the roles that count at this moment.

    Raises:
        session_not_found.
    """
    found = tx.sessions.find_by_id(project.project_id, session_id, now)
    if found is None or found.member.status == "deleted":
        raise refusal("session_not_found")
    return _on_behalf(tx, project, found)


async def whoami(rt: Runtime, actor: Actor) -> MemberView:
    """The member on whose behalf the actor calls, as they stand now."""
    caller = actor.on_behalf
    if caller is None:
        raise refusal("no_session_arguments")
    return await rt.store.read(
        lambda tx: member_view(tx, actor.project, view(tx, caller.organization), caller.member)
    )


# --- the one-time token -------------------------------------------------------------------------


async def authenticate_sso(
    rt: Runtime,
    project: Project,
    sso_token: str,
    *,
    code_verifier: str | None = None,
    wish: Wish = NO_WISH,
) -> Authenticated:
    """Turn the token of the redirect into a session (§4.7). The token works once; a failed PKCE
    check does not use it up.

    Raises:
        sso_token_not_found, pkce_mismatch, pkce_expected_code_verifier,
        pkce_did_not_expect_code_verifier, whatever now stands in the way of a login through that
        connection, and what `complete` raises.
    """
    wish.length(project)

    def work(tx: Tx) -> Authenticated:
        now = rt.now()
        # Whatever is refused below undoes this too, so a wrong verifier does not use the token up.
        token = tx.logins.take_token(token_hash(sso_token), now)
        if token is None or token.project_id != project.project_id:
            raise refusal("sso_token_not_found")
        require_pkce(token.pkce_code_challenge, code_verifier)
        organization, member = still_welcome(tx, project, token, now)
        factor = Factor(
            token.registration_id,
            token.connection_id,
            token.source_connection_id,
            token.protocol,
            token.subject,
            now,
            token.authenticated_at,
            token.session_not_on_or_after,
            token.idp_session,
        )
        shown = member_view(tx, project, view(tx, organization), member)
        done = complete(rt, tx, project, shown, factor, wish)
        tx.logins.finish_trace(token.trace_id, now)
        return replace(done, trace_id=token.trace_id)

    return await rt.store.write(work)


def complete(
    rt: Runtime, tx: Tx, project: Project, shown: MemberView, proof: Proof, wish: Wish
) -> Authenticated:
    """What a member's proof becomes: one more of the session that the caller holds, a session of
    its own, or, where a second factor is required, an intermediate session (§4.7).

    A valid session needs no second factor. Proofs that were given before are taken up; while
    something is missing still, they go on waiting under the same token.

    Raises:
        invalid_session_duration_minutes, session_not_found, member_session_member_id_mismatch,
        intermediate_session_not_found, invalid_intermediate_session_token_for_organization.
    """
    now, length, member = rt.now(), wish.length(project), shown.member
    if wish.locator.given:
        held = find_session(tx, project, wish.locator, now, allow_expired_jwt=True)
        if held.member.member_id != member.member_id:
            raise refusal("member_session_member_id_mismatch")
        _require_standing(held.session, shown.registrations)
        session = replace(
            with_factor(held.session, proof),
            last_accessed_at=now,
            custom_claims=merge_claims(held.session.custom_claims, wish.custom_claims),
        )
        if wish.duration_minutes:
            session = until(session, max(held.session.expires_at, now + length))
        tx.sessions.update(session)
        return Authenticated(shown, _shown(tx, project, session, held.token, shown, now))
    earlier = (
        take_proofs(tx, project, member, wish.intermediate_token, now)
        if wish.intermediate_token
        else None
    )
    proofs = (*(earlier.proofs if earlier else ()), proof)
    if needs_mfa(shown.organization.organization, member):
        return _intermediate(rt, tx, shown, proofs, wish.intermediate_token, earlier)
    return Authenticated(shown, _open(rt, tx, project, shown, proofs, wish))


def take_proofs(
    tx: Tx, project: Project, member: Member, token: str, now: datetime
) -> IntermediateSession:
    """The proofs behind an intermediate session, once, if they are this member's: given for this
    very member, or for the member's own address.

    Raises:
        intermediate_session_not_found, invalid_intermediate_session_token_for_organization.
    """
    place = token_hash(token)
    pending = tx.sessions.take_intermediate(place, now)
    if pending is not None:
        if pending.member_id != member.member_id:
            raise refusal("invalid_intermediate_session_token_for_organization")
        return pending
    found = tx.discovery.take(project.project_id, place, now)
    if found is None:
        raise refusal("intermediate_session_not_found")
    if email_key(found.email_address) != email_key(member.email_address):
        raise refusal("invalid_intermediate_session_token_for_organization")
    proof = email_factor(project, member, found.authenticated_at)
    return IntermediateSession(
        member.organization_id, member.member_id, (), found.expires_at, proof
    )


def email_factor(project: Project, member: Member, at: datetime) -> EmailFactor:
    """The proof that the member read the mail of their address at that time."""
    address = member.email_address
    return EmailFactor(email_id(member.member_id, address, project.environment), address, at, at)


def still_welcome(
    tx: Tx, project: Project, token: SsoToken, now: datetime
) -> tuple[Organization, Member]:
    """Whether the login that ended at the callback may still become a session."""
    route = tx.connections.route(project.project_id, token.connection_id)
    if (
        route is None
        or route.source.connection_id != token.source_connection_id
        or route.organization.organization_id != token.organization_id
    ):
        raise refusal("sso_token_not_found")
    require_open(route)
    member = tx.members.find(token.organization_id, token.member_id)
    if member is None or member.status == "deleted":
        raise refusal("member_not_found", got=token.member_id)
    require_sso_allowed(route.organization.settings, member)
    if member.status != "active":
        member = replace(member, status="active", updated_at=now)
        tx.members.update(member)
    return route.organization, member


def _open(
    rt: Runtime, tx: Tx, project: Project, shown: MemberView, proofs: Sequence[Proof], wish: Wish
) -> SessionView:
    """A new session that stands on these proofs; the length counts from now."""
    now = rt.now()
    session = Session(
        session_id=rt.new_id("member-session", project.environment),
        organization_id=shown.member.organization_id,
        member_id=shown.member.member_id,
        started_at=now,
        last_accessed_at=now,
        expires_at=now + wish.length(project),
        custom_claims=merge_claims({}, wish.custom_claims),
        ip_address=wish.ip_address[:64],
        user_agent=wish.user_agent[:512],
    )
    for proof in proofs:
        session = with_factor(session, proof)
    _require_standing(session, shown.registrations)
    secret = rt.new_token()
    tx.sessions.insert(session, secret, token_hash(secret))
    return _shown(tx, project, session, secret, shown, now)


def needs_mfa(organization: Organization, member: Member) -> bool:
    return organization.settings.mfa_policy == "REQUIRED_FOR_ALL" or member.mfa_enrolled


def _intermediate(
    rt: Runtime,
    tx: Tx,
    shown: MemberView,
    proofs: Sequence[Proof],
    known_token: str | None = None,
    earlier: IntermediateSession | None = None,
    *,
    primary_methods: tuple[str, ...] | None = None,
) -> Authenticated:
    """Keep the proofs until the rest is proved too. Those that were kept before are taken anew
    under the same token, and no longer than before."""
    token = known_token or rt.new_token()
    expires_at = earlier.expires_at if earlier else rt.now() + INTERMEDIATE_LIFETIME
    factors = {f.connection_id: f for f in proofs if isinstance(f, Factor)}
    emails = [f for f in proofs if isinstance(f, EmailFactor)]
    member = shown.member
    tx.sessions.put_intermediate(
        token_hash(token),
        IntermediateSession(
            member.organization_id,
            member.member_id,
            tuple(factors.values()),
            expires_at,
            emails[-1] if emails else None,
        ),
    )
    return Authenticated(
        shown,
        intermediate_token=token,
        intermediate_expires_at=expires_at,
        mfa_required=primary_methods is None,
        primary_methods=primary_methods,
    )


# --- a session at work --------------------------------------------------------------------------


async def authenticate(
    rt: Runtime,
    project: Project,
    locator: SessionLocator,
    *,
    duration_minutes: int | None = None,
    custom_claims: Mapping[str, object] | None = None,
    check: AuthorizationCheck | None = None,
) -> tuple[SessionView, tuple[str, ...] | None]:
    """Find a session, note that it was used, and hand out a fresh JWT (§5.4).

    Returns the session and, when a check was asked for, the roles that grant it.

    Raises:
        session_not_found, session_authorization_tenancy_error, session_authorization_error, …
    """
    limit = project.settings.max_session_duration_minutes
    length = duration(duration_minutes, limit=limit) if duration_minutes is not None else None

    def work(tx: Tx) -> tuple[SessionView, tuple[str, ...] | None]:
        now = rt.now()
        found = find_session(tx, project, locator, now, allow_expired_jwt=True)
        shown = member_view(tx, project, view(tx, found.organization), found.member)
        _require_standing(found.session, shown.registrations)
        session = replace(found.session, last_accessed_at=now)
        if length is not None or custom_claims:
            merged = merge_claims(session.custom_claims, custom_claims)
            session = replace(session, custom_claims=merged)
            if length is not None:
                session = until(session, now + length)
            tx.sessions.update(session)
        else:
            tx.sessions.touch(session.session_id, now)
        result = _shown(tx, project, session, found.token, shown, now)
        granting = _check(tx, project, result, check) if check else None
        return result, granting

    return await rt.store.write(work)


def _check(
    tx: Tx, project: Project, held: SessionView, check: AuthorizationCheck
) -> tuple[str, ...]:
    organization = held.member.organization.organization
    # Found as everywhere, for the slug of one organization may read like the id of another.
    named = tx.organizations.find_by_any(project.project_id, check.organization_id)
    if named is None or named.organization_id != organization.organization_id:
        raise refusal("session_authorization_tenancy_error")
    granting = granting_roles(
        held.roles, check.resource_id, check.action, project.policy, organization.custom_roles
    )
    if not granting:
        raise refusal(
            "session_authorization_error",
            want=f"{check.resource_id}:{check.action}",
            got=f"roles {', '.join(held.roles)}",
        )
    return granting


async def list_sessions(
    rt: Runtime, actor: Actor, organization_name: str, member_name: str
) -> Sequence[tuple[Session, tuple[str, ...], str]]:
    """The live sessions of a member, each with its roles and the organization's slug."""

    def work(tx: Tx) -> Sequence[tuple[Session, tuple[str, ...], str]]:
        organization = resolve(tx, actor, organization_name, "sessions.get")
        member = find_member(tx, organization.organization_id, member_name)
        if member is None:
            raise refusal("member_not_found", got=member_name)
        shown = member_view(tx, actor.project, OrganizationView(organization, ()), member)
        return [
            (session, session_roles(shown.roles, session.connection_ids), organization.slug)
            for session in tx.sessions.of_member(member.member_id, rt.now())
        ]

    return await rt.store.read(work)


async def revoke(
    rt: Runtime,
    actor: Actor,
    *,
    session_id: str | None = None,
    locator: SessionLocator = SessionLocator(),
    member_id: str | None = None,
) -> None:
    """End one session, or all of a member's. Exactly one thing says which (§5.4)."""
    _require_one(session_id, locator.token, locator.jwt, member_id)
    project = actor.project

    def work(tx: Tx) -> None:
        now = rt.now()
        if member_id:
            member = tx.members.find_anywhere(project.project_id, member_id)
            _authorize_revoke(actor, member)
            if member is None:
                raise refusal("member_not_found", got=member_id)
            ended = tx.sessions.delete_of_member(member.member_id)
            if member.status == "active":
                # Whoever held a session may have had links sent.
                tx.magic_links.delete_of_member(member.member_id)
        else:
            found = find_to_revoke(tx, actor, session_id, locator, now)
            member = found.member
            ended = int(tx.sessions.delete(found.session.session_id))
        record(
            tx, rt, actor, member.organization_id, "session.revoked", member.member_id,
            sessions_ended=str(ended),
        )  # fmt: skip

    await rt.store.write(work)


def find_to_revoke(
    tx: Tx, actor: Actor, session_id: str | None, locator: SessionLocator, now: datetime
) -> FoundSession:
    """The live session that the actor names and may end."""
    _require_one(session_id, locator.token, locator.jwt)
    if session_id:
        found = tx.sessions.find_by_id(actor.project.project_id, session_id, now)
        if found is None:
            _authorize_revoke(actor, None)
            raise refusal("session_not_found")
    else:
        found = find_session(tx, actor.project, locator, now, allow_expired_jwt=True)
    _authorize_revoke(actor, found.member)
    return found


def _require_one(*names: str | None) -> None:
    """Exactly one of them says what ends."""
    given = [name for name in names if name]
    if not given:
        raise refusal("no_session_revoke_arguments")
    if len(given) > 1:
        raise refusal("too_many_session_revoke_arguments")


def _authorize_revoke(actor: Actor, member: Member | None) -> None:
    authorize(
        actor,
        "sessions.revoke",
        member.organization_id if member else None,
        member_id=member.member_id if member else None,
    )


# --- from one organization to another -----------------------------------------------------------


async def exchange(
    rt: Runtime,
    project: Project,
    organization_name: str,
    locator: SessionLocator,
    *,
    duration_minutes: int | None = None,
    custom_claims: Mapping[str, object] | None = None,
) -> Authenticated:
    """Exchange a session for one in another organization (§5.5, decision 2).

    It completes at once where the target has an open External connection to the very connection
    of one of the session's factors and lets it, and where the session stands on an e-mail address
    and the target lets people in by that; in every other case the person has to sign in there.
    Whoever is no member there learns only that their session does not open it.

    Raises:
        insufficient_factors_for_session_exchange, organization_not_found, session_not_found.
    """
    asked = Wish(duration_minutes=duration_minutes, custom_claims=custom_claims)
    asked.length(project)

    def work(tx: Tx) -> Authenticated:
        now = rt.now()
        held = find_session(tx, project, locator, now, allow_expired_jwt=True)
        wish = replace(
            asked, ip_address=held.session.ip_address, user_agent=held.session.user_agent
        )
        _require_standing(held.session, tx.members.registrations(held.member.member_id))
        target = resolve(tx, Actor(project), organization_name, "sessions.exchange")
        if target.organization_id == held.organization.organization_id:
            member = held.member
            shown = member_view(tx, project, view(tx, target), member)
            session = replace(held.session, last_accessed_at=now)
            tx.sessions.touch(session.session_id, now)
            return Authenticated(shown, _shown(tx, project, session, held.token, shown, now))
        way = _way_in(tx, held, target)
        if way is None and held.session.email is not None:
            return _exchange_by_email(rt, tx, project, held, target, held.session.email, wish)
        member = _member_there(tx, held, target, way)
        require_sso_allowed(target.settings, member)
        if way is None:
            shown = member_view(tx, project, view(tx, target), member)
            return primary_required(rt, tx, shown)
        external, source_factor = way
        if member.status != "active":
            member = replace(member, status="active", updated_at=now)
            tx.members.update(member)
        registration = _registration_there(rt, tx, project, held, external, source_factor, member)
        factor = replace(
            source_factor,
            registration_id=registration.registration_id,
            connection_id=external.connection_id,
            created_at=now,
            # Never beyond the session that it comes from, which ends no later than its own bounds.
            not_after=held.session.expires_at,
        )
        shown = member_view(tx, project, view(tx, target), member)
        if needs_mfa(target, member):
            return _intermediate(rt, tx, shown, (factor,))
        opened = _open(rt, tx, project, shown, (factor,), wish)
        for organization_id in (target.organization_id, held.organization.organization_id):
            record(
                tx, rt, Actor(project), organization_id, "session.exchanged", member.member_id,
                connection_id=external.connection_id,
            )  # fmt: skip
        return Authenticated(shown, opened)

    return await rt.store.write(work)


def _exchange_by_email(
    rt: Runtime,
    tx: Tx,
    project: Project,
    held: FoundSession,
    target: Organization,
    proof: EmailFactor,
    wish: Wish,
) -> Authenticated:
    """An address proves the same everywhere, unlike an assertion of one organization's provider.

    The address counts that was proved, and not the one that the member was given since.
    """
    owner = tx.members.find_by_email(target.organization_id, proof.email_address)
    if owner is None or owner[1] or owner[0].status == "deleted":
        raise refusal("insufficient_factors_for_session_exchange")
    there = owner[0]
    own = replace(email_factor(project, there, proof.last_authenticated_at), created_at=rt.now())
    if not allows(target.settings, there, "magic_link"):
        shown = member_view(tx, project, view(tx, target), there)
        return primary_required(rt, tx, shown, (own,))
    member = come_in(tx, rt, there)
    shown = member_view(tx, project, view(tx, target), member)
    if needs_mfa(target, member):
        return _intermediate(rt, tx, shown, (own,))
    opened = _open(rt, tx, project, shown, (own,), wish)
    for organization_id in (target.organization_id, held.organization.organization_id):
        record(
            tx, rt, Actor(project), organization_id, "session.exchanged", member.member_id,
            email_id=own.email_id,
        )  # fmt: skip
    return Authenticated(shown, opened)


def _way_in(
    tx: Tx, held: FoundSession, target: Organization
) -> tuple[ExternalConnection, Factor] | None:
    """The target's open External connection to the very connection that the session stands on."""
    direct = {
        factor.source_connection_id: factor
        for factor in held.session.factors
        if factor.connection_id == factor.source_connection_id
    }
    for connection in tx.connections.all_of(target.organization_id):
        if (
            isinstance(connection, ExternalConnection)
            and connection.share_status == "active"
            and connection.session_exchange == "allowed"
            and connection.external_organization_id == held.organization.organization_id
            and connection.external_connection_id in direct
        ):
            return connection, direct[connection.external_connection_id]
    return None


def _member_there(
    tx: Tx,
    held: FoundSession,
    target: Organization,
    way: tuple[ExternalConnection, Factor] | None,
) -> Member:
    """The same person in the target: by registration, else by e-mail address; never created.

    The address counts only as the connection of the session asserted it: the target trusts that
    one, and not what another connection of the source's organization said since.
    """
    if way is not None:
        external, factor = way
        known = tx.members.find_by_subject(external.connection_id, factor.subject)
        if known is not None:
            if known[1].status == "deleted":
                raise refusal("insufficient_factors_for_session_exchange")
            return known[1]
        here = _registration_here(tx, held, factor)
        said = here.attributes.get("email", ()) if here is not None else ()
        if email_key(held.member.email_address) not in map(email_key, said):
            raise refusal("insufficient_factors_for_session_exchange")
    owner = tx.members.find_by_email(target.organization_id, held.member.email_address)
    if owner is None or owner[1] or owner[0].status == "deleted":
        raise refusal("insufficient_factors_for_session_exchange")
    if not held.member.email_address_verified:
        raise refusal("insufficient_factors_for_session_exchange")
    return owner[0]


def _registration_here(tx: Tx, held: FoundSession, factor: Factor) -> Registration | None:
    """What the last login through the session's own connection said of the person."""
    registrations = tx.members.registrations(held.member.member_id)
    return next((r for r in registrations if r.connection_id == factor.connection_id), None)


def _registration_there(
    rt: Runtime,
    tx: Tx,
    project: Project,
    held: FoundSession,
    external: ExternalConnection,
    factor: Factor,
    member: Member,
) -> Registration:
    """The registration at the External connection, with the groups of the last login."""
    here = _registration_here(tx, held, factor)
    known = tx.members.find_by_subject(external.connection_id, factor.subject)
    if known is None and any(
        r.connection_id == external.connection_id
        for r in tx.members.registrations(member.member_id)
    ):
        # The member is registered there as somebody else: the address has moved on.
        raise refusal("insufficient_factors_for_session_exchange")
    now = rt.now()
    registration = (
        known[0]
        if known
        else Registration(
            registration_id=rt.new_id(
                f"{factor.protocol}-member-registration", project.environment
            ),
            member_id=member.member_id,
            organization_id=member.organization_id,
            connection_id=external.connection_id,
            source_connection_id=factor.source_connection_id,
            protocol=factor.protocol,
            subject=factor.subject,
            created_at=now,
            last_login_at=now,
        )
    )
    if here is not None:
        registration = replace(
            registration, groups=here.groups, attributes=here.attributes, last_login_at=now
        )
    tx.members.put_registration(registration)
    return registration


def primary_required(
    rt: Runtime, tx: Tx, shown: MemberView, proofs: Sequence[Proof] = ()
) -> Authenticated:
    """What was proved does not let the member in: they have to sign in by another way."""
    methods = allowed_methods(shown.organization, shown.member)
    return _intermediate(rt, tx, shown, proofs, primary_methods=methods)


def allowed_methods(organization: OrganizationView, member: Member | None) -> tuple[str, ...]:
    """The ways by which an organization lets this person in, in the wire's words."""
    settings = organization.organization.settings
    restricted = settings.auth_methods == "RESTRICTED" and not (member and member.is_breakglass)
    allowed = settings.allowed_auth_methods if restricted else AUTH_METHODS
    if not organization.active_connections:
        return tuple(method for method in allowed if method != "sso")
    return allowed


# --- the JWT ------------------------------------------------------------------------------------


def _shown(
    tx: Tx, project: Project, session: Session, token: str, member: MemberView, now: datetime
) -> SessionView:
    """The session with its roles worked out afresh and a JWT minted from what stands now."""
    roles = session_roles(member.roles, session.connection_ids)
    organization = member.organization.organization
    template = ready_template(project)
    held = tuple(role.role_id for role in member.roles)
    subject = Subject(member.member, organization, held, roles, project.policy)
    filled = fill(template, variables(template, subject), session.custom_claims)
    jwt = keys.sign(
        tx,
        project,
        jwt_claims(
            session,
            project_id=project.project_id,
            organization_slug=organization.slug,
            roles=roles,
            custom_claims=filled.claims,
            now=now,
            audience=project.jwt_audience,
        ),
        now,
    )
    lost = tuple(name for name, reason in filled.left_out if reason in ("too_large", "not_json"))
    shown = replace(session, custom_claims=filled.claims)
    return SessionView(shown, token, jwt, roles, member, lost)


# --- why do I have this role --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RoleExplanation:
    """One role of a member, why they hold it, and in which of their sessions it counts."""

    role: MemberRole
    session_ids: tuple[str, ...]


async def explain_roles(
    rt: Runtime, actor: Actor, organization_name: str, member_name: str
) -> tuple[MemberView, Sequence[RoleExplanation]]:
    def work(tx: Tx) -> tuple[MemberView, Sequence[RoleExplanation]]:
        organization = resolve(tx, actor, organization_name, "organizations_members.search")
        member = find_member(tx, organization.organization_id, member_name)
        if member is None or member.status == "deleted":
            raise refusal("member_not_found", got=member_name)
        shown = member_view(tx, actor.project, view(tx, organization), member)
        live = tx.sessions.of_member(member.member_id, rt.now())
        counted = {s.session_id: session_roles(shown.roles, s.connection_ids) for s in live}
        return shown, [
            RoleExplanation(
                role, tuple(name for name, roles in counted.items() if role.role_id in roles)
            )
            for role in shown.roles
        ]

    return await rt.store.read(work)
