"""The identity provider's tokens of a member: refreshed before they end, and handed out (§2.6).

One refresh at a time for each registration, across threads, processes and servers: the row is
leased first, and what came back is written only if nobody has written anything better meanwhile.
The new refresh token is durable before anybody sees the access token. What is lost in a crash
between the provider's answer and our commit is a rotated refresh token: the next refresh is
refused then, and the state says that the person has to sign in again (docs/decisions/0015).

Knows when a provider is to be left alone; not when the worker's turn is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from vestibule.domain.connections import ExternalConnection, OidcConnection, require_open
from vestibule.domain.idp_tokens import (
    IdpTokens,
    State,
    after_failure,
    after_grant,
    after_login,
    after_refusal,
    due_at,
    falls_short,
    needs_refresh,
    wait_after,
)
from vestibule.domain.sessions import wire_time
from vestibule.errors import UpstreamError, VestibuleError, refusal
from vestibule.protocols import oidc
from vestibule.protocols.http import HttpRequest, HttpResponse, retry_after
from vestibule.services.audit import record
from vestibule.services.idp_documents import key_set, provider_of
from vestibule.services.login_oidc import ask_token_endpoint, client_of
from vestibule.services.members import find_member
from vestibule.services.organizations import resolve
from vestibule.services.rbac import Actor, Server
from vestibule.services.runtime import Runtime
from vestibule.storage import Tx
from vestibule.storage.idp_tokens import Claim

# A request may take eight seconds (network.py), and new keys as long twice over.
LEASE = timedelta(seconds=30)
# How many refreshes the worker has under way, and how many slots are free before it claims again.
AT_ONCE = 50
BATCH = 25
# A closed connection may be opened again; until then there is nothing to do for its tokens.
CLOSED_RECHECK = timedelta(hours=1)
LONGEST_REST = timedelta(minutes=1)
# A reader who finds a refresh under way elsewhere looks for its result this often and so long.
_LOOK_EVERY, _LOOKS = 0.1, 100
# At the end, an answer under way is waited for: the refresh token that was sent may be spent.
_LAST_ANSWERS = 10.0
# An answer that cannot be written is kept and written again after so many seconds.
_WRITE_AGAIN = (0.1, 0.5, 2.0)
_DOWN = frozenset({"idp_unreachable", "idp_timeout", "idp_answer_unusable"})


@dataclass(frozen=True, slots=True)
class CurrentTokens:
    """Tokens as handed out. `login_url` is where the person has to go, if only they can help."""

    tokens: IdpTokens
    expires_in: int
    login_url: str | None


@dataclass(slots=True)
class Refreshed:
    """What the worker did in one turn: `refused` need a login, `retried` failed and come again,
    `lost` were overtaken by a login or another refresh, `postponed` wait for a provider that is
    down or a connection that is closed, `failed` broke on our side; `error` is the first such."""

    refreshed: int = 0
    refused: int = 0
    retried: int = 0
    lost: int = 0
    postponed: int = 0
    failed: int = 0
    error: BaseException | None = None


@dataclass(frozen=True, slots=True)
class _Job:
    claim: Claim
    project_id: str
    source: OidcConnection


@dataclass(frozen=True, slots=True)
class _Rest:
    failures: int
    until: datetime


_resting: dict[str, _Rest] = {}
_shared: dict[tuple[object, ...], asyncio.Task[IdpTokens]] = {}


def keep(tx: Tx, rt: Runtime, new: IdpTokens) -> None:
    """Keep what a sign-in brought, in the transaction of the sign-in."""
    old = None if new.refresh_token else tx.idp_tokens.find(new.registration_id)
    tx.idp_tokens.put(after_login(new, old, rt.now()))


# --- handing out ----------------------------------------------------------------------------------


async def current_tokens(
    rt: Runtime,
    actor: Actor,
    organization_name: str,
    member_name: str,
    *,
    minimum: timedelta | None = None,
    connection_id: str | None = None,
) -> Sequence[CurrentTokens]:
    """The tokens of every OIDC registration whose connection is open, refreshed where too little
    time is left.

    Args:
        minimum: the time that must be left, where the provider gives tokens of such a life.
        connection_id: of this connection only.

    Raises:
        unable_to_refresh_oidc_token: of one registration; it names the connection and, where the
            person can mend it, the URL at which they sign in again.
    """
    project_id = actor.project.project_id

    def work(tx: Tx) -> list[IdpTokens]:
        organization = resolve(tx, actor, organization_name, "organizations_members.oidc_providers")
        member = find_member(tx, organization.organization_id, member_name)
        if member is None or member.status == "deleted":
            raise refusal("member_not_found", got=member_name)
        return [
            tokens
            for tokens in tx.idp_tokens.of_member(member.member_id)
            if connection_id in (None, tokens.connection_id)
            and _open_source(tx, project_id, tokens) is not None
        ]

    first = {tokens.registration_id: tokens for tokens in await rt.store.read(work)}
    held = dict(first)
    # Twice, because the first may have grown old while the last was waited for.
    for _ in range(2):
        now = rt.now()
        stale = [
            tokens
            for tokens in held.values()
            if needs_refresh(tokens, now, minimum) and not _came(tokens, first)
        ]
        if not stale:
            break
        fresh = await asyncio.gather(*(_refreshed(rt, project_id, one, minimum) for one in stale))
        held |= {tokens.registration_id: tokens for tokens in fresh}
    now = rt.now()
    start_urls = await _login_urls(rt, actor, held.values())
    for tokens in held.values():
        if not _came(tokens, first) and falls_short(tokens, now, minimum):
            error = refusal(
                "unable_to_refresh_oidc_token", got=tokens.connection_id, detail=_reason(tokens)
            )
            error.login_url = start_urls.get(tokens.connection_id)
            raise error
    return [
        CurrentTokens(
            tokens,
            max(int((tokens.expires_at - now).total_seconds()), 0),
            start_urls.get(tokens.connection_id),
        )
        for tokens in held.values()
    ]


@dataclass(frozen=True, slots=True)
class Standing:
    """How the tokens of one registration stand, without the tokens. `refreshable` says that a
    refresh can be asked for; `login_url` is there where only the person can help."""

    connection_id: str
    state: State
    expires_at: datetime
    refreshable: bool
    scopes: Sequence[str]
    last_refreshed_at: datetime | None
    retry_at: datetime | None
    last_error: str | None
    login_url: str | None


async def standings(
    rt: Runtime, actor: Actor, organization_name: str, member_name: str
) -> Sequence[Standing]:
    """How a member's tokens stand at every OIDC provider whose connection is open. Asks nobody
    and hands out nothing."""
    project_id = actor.project.project_id

    def work(tx: Tx) -> list[IdpTokens]:
        organization = resolve(tx, actor, organization_name, "organizations_members.oidc_providers")
        member = find_member(tx, organization.organization_id, member_name)
        if member is None:
            raise refusal("member_not_found", got=member_name)
        return [
            tokens
            for tokens in tx.idp_tokens.of_member(member.member_id)
            if _open_source(tx, project_id, tokens) is not None
        ]

    held = await rt.store.read(work)
    start_urls = await _login_urls(rt, actor, held)
    return [
        Standing(
            one.connection_id,
            one.state,
            one.expires_at,
            one.refreshable,
            one.scopes,
            one.last_refreshed_at,
            one.retry_at,
            one.last_error,
            start_urls.get(one.connection_id),
        )
        for one in held
    ]


def _came(tokens: IdpTokens, first: dict[str, IdpTokens]) -> bool:
    """Whether these came from the provider since they were asked for: there is nothing better."""
    seen = first[tokens.registration_id].version
    return tokens.state == "current" and tokens.version != seen


def _reason(tokens: IdpTokens) -> str:
    if tokens.state == "needs_login":
        return f"It answered {tokens.last_error}."
    if tokens.retry_at is not None:
        again = wire_time(tokens.retry_at)
        return f"The last try ended with {tokens.last_error}; the next one is at {again}."
    return "Somebody else's refresh has not ended yet."


async def _login_urls(rt: Runtime, actor: Actor, held: Iterable[IdpTokens]) -> dict[str, str]:
    """Where to sign in again, for each connection that asks for it."""
    wanted = [tokens.connection_id for tokens in held if tokens.state == "needs_login"]
    if not wanted:
        return {}
    known = await rt.store.read(lambda tx: tx.projects.public_tokens(actor.project.project_id))
    base = f"{rt.settings.base_url}/v1/public/sso/start"
    return {
        one: f"{base}?{urlencode({'public_token': public_token, 'connection_id': one})}"
        for public_token in known[:1]
        for one in wanted
    }


async def _refreshed(
    rt: Runtime, project_id: str, seen: IdpTokens, minimum: timedelta | None
) -> IdpTokens:
    """Refresh, or take the result of whoever is at it. Readers of this process share one task,
    which goes on when they go: what it has sent may have spent the refresh token."""
    key = (id(rt.store), seen.registration_id, seen.version, minimum)
    task = _shared.get(key)
    if task is None:
        task = _shared[key] = asyncio.ensure_future(_take_turn(rt, project_id, seen, minimum))

        def forget(done: asyncio.Task[IdpTokens]) -> None:
            _shared.pop(key, None)
            if not done.cancelled():
                done.exception()

        task.add_done_callback(forget)
    return await asyncio.shield(task)


async def _take_turn(
    rt: Runtime, project_id: str, seen: IdpTokens, minimum: timedelta | None
) -> IdpTokens:
    def look(tx: Tx) -> tuple[IdpTokens, _Job | None]:
        now = rt.now()
        known = tx.idp_tokens.find(seen.registration_id)
        source = _open_source(tx, project_id, known) if known is not None else None
        if known is None or source is None:
            raise refusal("member_oidc_token_not_found", got=seen.connection_id)
        if known.version != seen.version or not needs_refresh(known, now, minimum):
            return known, None
        claim = tx.idp_tokens.claim(seen.registration_id, now, now + LEASE)
        return known, None if claim is None else _Job(claim, project_id, source)

    known, job = await rt.store.write(look)
    for _ in range(_LOOKS):
        if job is not None:
            latest, _ = await _write(rt, job, await _ask(rt, job.source, job.claim.tokens))
            if latest is None:
                raise refusal("member_oidc_token_not_found", got=seen.connection_id)
            return latest
        if known.version != seen.version or not needs_refresh(known, rt.now(), minimum):
            break
        await asyncio.sleep(_LOOK_EVERY)
        known, job = await rt.store.write(look)
    return known


# --- the worker's turn ----------------------------------------------------------------------------


async def refresh_due(rt: Runtime) -> Refreshed:
    """Refresh all that are due, many at once, until nothing is. Any number of workers may."""
    done = Refreshed()
    under_way: set[asyncio.Task[None]] = set()
    try:
        while True:
            room = AT_ONCE - len(under_way)
            taken, jobs, postponed = await _claim(rt, room)
            done.postponed += postponed
            under_way |= {asyncio.ensure_future(_work(rt, job, done)) for job in jobs}
            more = taken == room
            if under_way and not more:
                await asyncio.wait(under_way)
                return done
            while len(under_way) > AT_ONCE - BATCH:
                _, under_way = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
            if not more:
                return done
            # SQLite answers without a pause, and requests want their turn as well.
            await asyncio.sleep(0)
    finally:
        if under_way:
            await asyncio.wait(under_way, timeout=_LAST_ANSWERS)


async def _claim(rt: Runtime, most: int) -> tuple[int, list[_Job], int]:
    """Lease what is due. Returns how many rows, those to ask for, and how many were put off."""
    return await rt.store.write(lambda tx: _claim_due(tx, rt, most))


def _claim_due(tx: Tx, rt: Runtime, most: int) -> tuple[int, list[_Job], int]:
    now = rt.now()
    claims = tx.idp_tokens.claim_due(now, now + LEASE, most)
    sources: dict[str, tuple[str, OidcConnection | None]] = {}
    jobs, postponed = [], 0
    for claim in claims:
        tokens = claim.tokens
        due = due_at(tokens)
        if due is None or due > now:
            # What is sealed knows better than what a migration could see.
            tx.idp_tokens.settle(tokens, claim)
            continue
        rest = _resting.get(tokens.source_connection_id)
        if rest is not None and rest.until > now:
            tx.idp_tokens.postpone(claim, rest.until)
            postponed += 1
            continue
        if tokens.connection_id not in sources:
            project_id = tx.idp_tokens.project_of(tokens.organization_id) or ""
            sources[tokens.connection_id] = project_id, _open_source(tx, project_id, tokens)
        project_id, source = sources[tokens.connection_id]
        if source is None or source.connection_id != tokens.source_connection_id:
            tx.idp_tokens.postpone(claim, now + CLOSED_RECHECK)
            postponed += 1
        else:
            jobs.append(_Job(claim, project_id, source))
    return len(claims), jobs, postponed


async def _work(rt: Runtime, job: _Job, done: Refreshed) -> None:
    try:
        new = await _ask(rt, job.source, job.claim.tokens)
        _note(rt, job.source.connection_id, new)
        _, written = await _write(rt, job, new)
    except Exception as error:  # noqa: BLE001 - one row that breaks does not stop the others
        done.failed += 1
        done.error = done.error or error
        return
    if not written:
        done.lost += 1
    elif new.state == "current":
        done.refreshed += 1
    elif new.state == "needs_login":
        done.refused += 1
    else:
        done.retried += 1


def _note(rt: Runtime, connection_id: str, new: IdpTokens) -> None:
    """Leave a provider alone that is down or busy: its tokens would each wait for the deadline,
    and hold up those of all the others."""
    if new.state != "retrying":
        _resting.pop(connection_id, None)
        return
    now = rt.now()
    known = _resting.get(connection_id, _Rest(0, now))
    if new.last_error in _DOWN and new.retry_at is not None and known.until <= now:
        failures = known.failures + 1
        rest = min(wait_after(failures, (1 + rt.chance()) / 2), LONGEST_REST)
        _resting[connection_id] = _Rest(failures, max(now + rest, new.retry_at))


# --- one refresh ----------------------------------------------------------------------------------


def _open_source(tx: Tx, project_id: str, tokens: IdpTokens) -> OidcConnection | None:
    """Who may refresh: the very pair of connections that brought the tokens, while it is open."""
    route = tx.connections.route(project_id, tokens.connection_id)
    if route is None or route.source.connection_id != tokens.source_connection_id:
        return None
    try:
        require_open(route)
    except VestibuleError:
        return None
    return route.source if isinstance(route.source, OidcConnection) else None


async def _ask(rt: Runtime, connection: OidcConnection, old: IdpTokens) -> IdpTokens:
    """What the provider makes of the tokens: new ones, a refusal, or a failure that may pass."""
    grant: oidc.TokenGrant | None = None
    asked: timedelta | None = None
    try:
        response = await _exchange(rt, connection, old.refresh_token or "")
        asked = retry_after(response, rt.now())
        grant = oidc.read_token_response(response, now=rt.now())
        if grant.id_token:
            await _check_id_token(rt, connection, grant.id_token, old.subject)
    except VestibuleError as error:
        # The provider's own word where it gave one (RFC 6749 §5.2), else our code.
        code = error.code
        if code == "oidc_token_refused" and error.got:
            code = error.got.partition(":")[0]
        if code == "invalid_grant":
            return after_refusal(old, code)
        # What cannot be judged for want of keys is not handed out, but its refresh token is kept:
        # the old one may be spent. From an answer about somebody else nothing is kept.
        unjudged = isinstance(error, UpstreamError) or error.code == "oidc_key_not_found"
        return after_failure(
            old,
            code=code,
            now=rt.now(),
            chance=rt.chance(),
            retry_after=asked,
            refresh_token=grant.refresh_token if grant is not None and unjudged else None,
        )
    return after_grant(
        old,
        access_token=grant.access_token,
        refresh_token=grant.refresh_token,
        id_token=grant.id_token,
        scopes=grant.scope,
        expires_at=grant.expires_at,
        now=rt.now(),
    )


async def _exchange(rt: Runtime, connection: OidcConnection, refresh_token: str) -> HttpResponse:
    provider, client = provider_of(connection), client_of(rt, connection)

    def build(auth_method: str) -> HttpRequest:
        return oidc.build_refresh_request(
            provider, client, refresh_token=refresh_token, auth_method=auth_method,
            now=rt.now(), jti=rt.new_token(),
        )  # fmt: skip

    return await ask_token_endpoint(rt, provider, client, build)


async def _check_id_token(
    rt: Runtime, connection: OidcConnection, id_token: str, subject: str
) -> None:
    """Judge the ID token of a refresh; when it names an unknown key, ask once for the new keys."""
    for afresh in (False, True):
        keys = await key_set(rt, connection, afresh=afresh)
        try:
            oidc.verify_refreshed_id_token(
                id_token,
                provider=provider_of(connection),
                client=client_of(rt, connection),
                keys=keys,
                original_subject=subject,
                now=rt.now(),
            )
        except VestibuleError as error:
            if error.code != "oidc_key_not_found" or afresh:
                raise
        else:
            return


async def _write(rt: Runtime, job: _Job, new: IdpTokens) -> tuple[IdpTokens | None, bool]:
    """Write what a try made. Returns what is stored now, and whether that is ours."""
    claim = job.claim
    brought = new.version != claim.tokens.version

    def work(tx: Tx) -> tuple[IdpTokens | None, bool]:
        rows = tx.idp_tokens
        if not (rows.replace(new, claim) if brought else rows.settle(new, claim)):
            return rows.find(new.registration_id), False
        if new.state == "needs_login":
            _tell(tx, rt, job.project_id, new)
        return new, True

    for pause in _WRITE_AGAIN if brought else ():
        try:
            return await rt.store.write(work)
        except VestibuleError as error:
            if error.code not in ("database_unavailable", "changed_meanwhile"):
                raise
            await asyncio.sleep(pause)
    return await rt.store.write(work)


def _tell(tx: Tx, rt: Runtime, project_id: str, tokens: IdpTokens) -> None:
    """A person must sign in again: recorded in their organization and, for an External connection,
    in the owner's too, who learns the connection and not the member."""
    project = tx.projects.find(project_id)
    route = tx.connections.route(project_id, tokens.connection_id)
    if project is None or route is None:
        return
    target, action, server = route.target, "idp_tokens.needs_login", Server(project)
    details = {"connection_id": tokens.connection_id, "error": tokens.last_error or ""}
    organizations = {target.organization_id: {**details, "member_id": tokens.member_id}}
    if isinstance(target, ExternalConnection):
        shared = {
            "external_organization_id": target.external_organization_id,
            "external_connection_id": target.external_connection_id,
        }
        organizations[target.organization_id] |= shared
        organizations[target.external_organization_id] = {**details, **shared}
    for organization_id, told in organizations.items():
        record(tx, rt, server, organization_id, action, tokens.connection_id, **told)
