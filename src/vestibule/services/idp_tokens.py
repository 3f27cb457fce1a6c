"""The identity provider's tokens of a member: handed out fresh (§2.6).

One refresh at a time for each registration, across processes: the row is leased first, and what
came back is written only if nobody wrote meanwhile. The new refresh token is durable before
anybody sees the access token. What is lost in a crash between the provider's answer and our
commit is a rotated refresh token: the next refresh is refused then, and the state says that the
person has to sign in again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from vestibule.domain.connections import OidcConnection, require_open
from vestibule.domain.idp_tokens import IdpTokens, after_grant, after_refusal, is_due
from vestibule.domain.members import Member
from vestibule.errors import VestibuleError, refusal
from vestibule.protocols import oidc
from vestibule.services.idp_documents import key_set, provider_of
from vestibule.services.login_oidc import client_of
from vestibule.services.members import find_member
from vestibule.services.organizations import resolve
from vestibule.services.rbac import Actor
from vestibule.services.runtime import Runtime
from vestibule.storage import Tx

LEASE = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class CurrentTokens:
    tokens: IdpTokens
    expires_in: int


async def current_tokens(
    rt: Runtime, actor: Actor, organization_name: str, member_name: str
) -> Sequence[CurrentTokens]:
    """The tokens of every OIDC registration, refreshed where they are about to expire.

    Raises:
        unable_to_refresh_oidc_token: the provider refuses, and the old token is of no use either.
    """

    def work(tx: Tx) -> tuple[Member, list[IdpTokens]]:
        organization = resolve(tx, actor, organization_name, "organizations_members.oidc_providers")
        member = find_member(tx, organization.organization_id, member_name)
        if member is None or member.status == "deleted":
            raise refusal("member_not_found", got=member_name)
        return member, tx.idp_tokens.of_member(member.member_id)

    _, held = await rt.store.read(work)
    shown = []
    for tokens in held:
        fresh = await _refreshed(rt, actor, tokens) if is_due(tokens, rt.now()) else tokens
        left = int((fresh.expires_at - rt.now()).total_seconds())
        if left <= 0 and fresh.state == "needs_login":
            raise refusal("unable_to_refresh_oidc_token", got=tokens.connection_id)
        shown.append(CurrentTokens(fresh, max(left, 0)))
    return shown


async def _refreshed(rt: Runtime, actor: Actor, tokens: IdpTokens) -> IdpTokens:
    """Refresh if nobody else does; the old tokens serve on while they can."""
    now = rt.now()

    def claim(tx: Tx) -> tuple[int | None, IdpTokens | None, OidcConnection | None]:
        version = tx.idp_tokens.claim(tokens.registration_id, now, now + LEASE)
        source = _open_source(tx, actor.project.project_id, tokens)
        return version, tx.idp_tokens.find(tokens.registration_id), source

    version, latest, connection = await rt.store.write(claim)
    if latest is None:
        raise refusal("member_oidc_token_not_found", got=tokens.registration_id)
    if version is None or connection is None or not is_due(latest, now):
        if version is not None:
            await rt.store.write(lambda tx: tx.idp_tokens.release(tokens.registration_id, version))
        if connection is None and latest.expires_at <= now:
            raise refusal("unable_to_refresh_oidc_token", got=tokens.connection_id)
        return latest
    try:
        fresh = await _grant(rt, connection, latest)
    except VestibuleError as error:
        if error.code == "oidc_token_refused" and (error.got or "").startswith("invalid_grant"):
            fresh = after_refusal(latest)
        else:
            await rt.store.write(lambda tx: tx.idp_tokens.release(tokens.registration_id, version))
            if latest.expires_at > rt.now():
                return latest
            raise refusal("unable_to_refresh_oidc_token", detail=str(error)) from error
    written = await rt.store.write(lambda tx: tx.idp_tokens.replace(fresh, version))
    if written:
        return fresh
    newer = await rt.store.read(lambda tx: tx.idp_tokens.find(tokens.registration_id))
    if newer is None:
        raise refusal("member_oidc_token_not_found", got=tokens.registration_id)
    return newer


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


async def _grant(rt: Runtime, connection: OidcConnection, old: IdpTokens) -> IdpTokens:
    provider, client = provider_of(connection), client_of(rt, connection)
    response = await rt.send(
        oidc.build_refresh_request(
            provider,
            client,
            refresh_token=old.refresh_token or "",
            auth_method=oidc.choose_auth_method(provider, client),
            now=rt.now(),
            jti=rt.new_token(),
        )
    )
    grant = oidc.read_token_response(response, now=rt.now())
    if grant.id_token:
        await _check_id_token(rt, connection, grant.id_token, old.subject)
    return after_grant(
        old,
        access_token=grant.access_token,
        refresh_token=grant.refresh_token,
        id_token=grant.id_token,
        scopes=grant.scope,
        expires_at=grant.expires_at,
        now=rt.now(),
    )


async def _check_id_token(
    rt: Runtime, connection: OidcConnection, id_token: str, subject: str
) -> None:
    """Judge the ID token of a refresh; when it names an unknown key, ask once for the new keys.
    The old refresh token may be spent by now, so a rotated key must not cost the new one."""
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
