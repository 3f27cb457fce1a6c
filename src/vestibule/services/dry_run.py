"""Of the last logins through a connection, how many would pass if its draft were live?

Owns the replay of what was kept of them, person by person: who would be refused and why, who would
lose or gain which role, and whether an administrator is left. Changes nothing.

People of other organizations, who came in through an External connection, are counted and not
named: the owner of a connection does not see who is who elsewhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from vestibule.domain import dry_run
from vestibule.domain.attributes import Profile, email_key
from vestibule.domain.connections import (
    ExternalConnection,
    SourceConnection,
    identity_provider_changed,
)
from vestibule.domain.dry_run import Enters, PastLogin
from vestibule.domain.lockout import Outlook, administrator, require_way_in
from vestibule.domain.members import Member, Registration
from vestibule.domain.organizations import Organization
from vestibule.domain.projects import Project
from vestibule.domain.rbac import session_roles
from vestibule.errors import VestibuleError, refusal
from vestibule.services import lockout
from vestibule.services.drafts import Ask, find_draft
from vestibule.services.members import roles_of
from vestibule.services.organizations import resolve
from vestibule.services.rbac import Actor
from vestibule.services.runtime import Runtime
from vestibule.storage import Tx

MAX_LOGINS = 500


@dataclass(frozen=True, slots=True)
class Verdict:
    """What would become of one past login. With a `refusal` it would have ended there."""

    login: PastLogin
    refusal: VestibuleError | None
    enters: Enters = "same"
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PersonAfter:
    """One member by their latest login: whether they would come in, and as what."""

    member: Member
    verdict: Verdict
    lost: tuple[str, ...]
    gained: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SharedCount:
    external: ExternalConnection
    passed: int
    refused: int


@dataclass(frozen=True, slots=True)
class DryRun:
    """`people` are those for whom something would change; `untold` the changed fields that only a
    test login can try."""

    draft: bool
    verdicts: tuple[Verdict, ...]
    people: tuple[PersonAfter, ...]
    shared: tuple[SharedCount, ...]
    untold: tuple[str, ...]
    outlook: Outlook


async def run(
    rt: Runtime, actor: Actor, organization_name: str, connection_id: str, *, logins: int
) -> DryRun:
    """Try the connection's draft on its last logins, or the connection itself if it has none.

    Raises:
        sso_connection_not_found, external_connection_has_no_mapping, field_invalid.
    """
    if not 1 <= logins <= MAX_LOGINS:
        raise refusal("field_invalid", want=f"logins from 1 to {MAX_LOGINS}", got=str(logins))

    def work(tx: Tx) -> DryRun:
        organization = resolve(tx, actor, organization_name, "sso.update_connection")
        live = tx.connections.find(organization.organization_id, connection_id)
        if live is None:
            raise refusal("sso_connection_not_found", got=connection_id)
        if isinstance(live, ExternalConnection):
            raise refusal("external_connection_has_no_mapping", got=connection_id)
        draft = find_draft(tx, live)
        return replay(tx, rt, actor.project, organization, live, draft, logins=logins)

    return await rt.store.read(work)


def replay(
    tx: Tx,
    rt: Runtime,
    project: Project,
    organization: Organization,
    live: SourceConnection,
    draft: SourceConnection | None,
    *,
    logins: int = MAX_LOGINS,
) -> DryRun:
    """The same inside of a transaction that is open already, and may have tried the rights."""
    becomes = draft or live
    externals = tx.connections.dependants(live.connection_id)
    past = [
        PastLogin(
            trace.trace_id, trace.started_at, trace.organization_id, trace.connection_id,
            trace.member_id or "", statement, trace.evidence,
        )
        for trace, statement in tx.logins.past(
            [live.connection_id, *(e.connection_id for e in externals)], logins
        )
    ]  # fmt: skip
    url = rt.callback_url(live.connection_id)
    profiles = [_profile(login, becomes, url) for login in past]
    here = [pair for pair in profiles if pair[0].connection_id == live.connection_id]
    tested = draft is not None and _tested(tx, live)
    elsewhere = Counter(
        (login.connection_id, isinstance(found, Profile))
        for login, found in profiles
        if login.connection_id != live.connection_id
    )
    verdicts = _admitted(tx, organization, live, becomes, here)
    latest = _latest(verdicts)
    then = latest
    if tested:
        # The identity provider's keys and names have been tried on the draft itself, so what is
        # left to ask of an administrator is who they would be.
        trusted = [replace(login, evidence=None) for login, _ in here]
        judged = [_profile(login, becomes, url) for login in trusted]
        then = _latest(_admitted(tx, organization, live, becomes, judged))
    return DryRun(
        draft=draft is not None,
        verdicts=tuple(verdicts),
        people=_people(tx, project, organization, becomes, latest),
        shared=tuple(
            SharedCount(
                e, elsewhere[e.connection_id, True], elsewhere[e.connection_id, False]
            )
            for e in externals
        ),
        untold=dry_run.untold(live, becomes),
        outlook=_outlook(tx, rt, project, organization, live, becomes, then),
    )  # fmt: skip


def guard(rt: Runtime, project: Project) -> Ask:
    """For an activation: refuse what would shut out the last administrator of whom it is known."""

    def ask(
        tx: Tx, organization: Organization, live: SourceConnection, becomes: SourceConnection
    ) -> None:
        require_way_in(replay(tx, rt, project, organization, live, becomes).outlook)

    return ask


def _tested(tx: Tx, live: SourceConnection) -> bool:
    found = tx.drafts.find(live.connection_id)
    return found is not None and found.tested_at is not None


def _latest(verdicts: Sequence[Verdict]) -> dict[str, Verdict]:
    """By member, the verdict on their latest login; the verdicts come latest first."""
    found: dict[str, Verdict] = {}
    for verdict in verdicts:
        found.setdefault(verdict.login.member_id, verdict)
    return found


def _profile(
    login: PastLogin, becomes: SourceConnection, url: str
) -> tuple[PastLogin, Profile | VestibuleError]:
    try:
        return login, dry_run.judge(login, becomes, callback_url=url)
    except VestibuleError as error:
        return login, error


def _admitted(
    tx: Tx,
    organization: Organization,
    live: SourceConnection,
    becomes: SourceConnection,
    judged: Sequence[tuple[PastLogin, Profile | VestibuleError]],
) -> list[Verdict]:
    """Ask for all of them at once who they are here, and then one by one whether they come in."""
    profiles = [found for _, found in judged if isinstance(found, Profile)]
    name = live.connection_id
    by_subject = tx.members.by_subjects(name, {p.subject for p in profiles})
    by_email = tx.members.by_emails(
        organization.organization_id, {email_key(p.email) for p in profiles}
    )
    registrations = tx.members.registrations_of(
        list({member.member_id for member, _ in by_email.values()})
    )
    forgotten = identity_provider_changed(live, becomes)
    verdicts = []
    for login, found in judged:
        if isinstance(found, VestibuleError):
            verdicts.append(Verdict(login, found))
            continue
        known = dry_run.known_person(
            found,
            connection_id=name,
            by_subject=by_subject,
            by_email=by_email,
            registrations=registrations,
            forgotten=forgotten,
        )
        try:
            admission = dry_run.admit(
                organization.settings, connection_id=name, profile=found, known=known
            )
        except VestibuleError as error:
            verdicts.append(Verdict(login, error))
        else:
            verdicts.append(Verdict(login, None, dry_run.enters(login, admission), found.groups))
    return verdicts


def _people(
    tx: Tx,
    project: Project,
    organization: Organization,
    becomes: SourceConnection,
    latest: Mapping[str, Verdict],
) -> tuple[PersonAfter, ...]:
    """Everybody of whom something would change, by their latest login."""
    members = tx.members.of_ids(latest)
    registrations = tx.members.registrations_of(list(members))
    people = []
    for member_id, verdict in latest.items():
        member = members.get(member_id)
        if member is None or member.status == "deleted":
            continue
        held = registrations[member_id]
        through = {becomes.connection_id}
        before = session_roles(roles_of(project, organization, member, held), through)
        after: tuple[str, ...] = ()
        if verdict.refusal is None and verdict.enters == "same":
            changed = _registered(held, becomes, verdict)
            after = session_roles(roles_of(project, organization, member, changed), through)
        lost, gained = dry_run.lost_and_gained(before, after)
        if lost or gained or verdict.refusal is not None or verdict.enters != "same":
            people.append(PersonAfter(member, verdict, lost, gained))
    return tuple(people)


def _registered(
    held: Sequence[Registration], becomes: SourceConnection, verdict: Verdict | None
) -> list[Registration]:
    """The registrations once the connection has its new rules, and the groups of that login."""
    return [
        r
        if r.connection_id != becomes.connection_id
        else replace(r, rules=becomes.rules, groups=verdict.groups if verdict else r.groups)
        for r in held
    ]


def _outlook(
    tx: Tx,
    rt: Runtime,
    project: Project,
    organization: Organization,
    live: SourceConnection,
    becomes: SourceConnection,
    latest: Mapping[str, Verdict],
) -> Outlook:
    """Who can administer the organization now and then. Of an administrator whose last login was
    not kept, nobody can tell."""
    name = live.connection_id
    mail = rt.deliver is not None
    now, then = [], []
    for person in lockout.administrators(tx, organization):
        member, held = person.member, person.registrations
        roles = roles_of(project, organization, member, held)
        now.append(administrator(organization, member, roles, held, mail=mail))
        verdict = latest.get(member.member_id)
        passes = verdict is not None and verdict.refusal is None and verdict.enters == "same"
        changed = _registered(held, becomes, verdict if passes else None)
        then.append(
            administrator(
                organization,
                member,
                roles_of(project, organization, member, changed),
                changed,
                closed=() if passes or verdict is None else (name,),
                untried=(name,) if verdict is None and becomes != live else (),
                mail=mail,
            )
        )
    return Outlook(
        tuple(one for one in now if one.proof == "proven"),
        tuple(one for one in then if one.proof != "none"),
    )
