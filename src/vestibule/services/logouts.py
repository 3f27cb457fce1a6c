"""Single logout: a session ends here and at the identity provider, whoever asks first.

Owns what a logout ends, in every organization that shares a connection, and the two journeys of
the browser: ours to the provider and back, and the provider's to us and back (SAML Profiles §4.4).
The session has ended before the browser is sent anywhere; whether the provider answers changes
nothing here (decision 0019).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from vestibule.domain.connections import LoginRoute, SamlConnection
from vestibule.domain.logouts import (
    LOGOUT_LIFETIME,
    MAX_RELAY_STATE_BYTES,
    HeardLogout,
    IdpSession,
    LogoutAttempt,
    has_ended,
    name_hash,
    those_meant,
)
from vestibule.domain.projects import Project, choose_redirect_url
from vestibule.domain.sessions import Factor, Session
from vestibule.errors import refusal
from vestibule.protocols import saml
from vestibule.services.audit import record
from vestibule.services.connections import service_provider
from vestibule.services.rbac import Actor, Server
from vestibule.services.runtime import Runtime
from vestibule.services.sessions import SessionLocator, find_to_revoke
from vestibule.storage import Tx


@dataclass(frozen=True, slots=True)
class LogoutStep:
    """Where the browser goes next: with `fields` it posts them there, and without a `url` it has
    arrived."""

    url: str = ""
    fields: Mapping[str, str] = field(default_factory=dict, repr=False)


# --- begun by an application ---------------------------------------------------------------------


async def start_logout(
    rt: Runtime,
    actor: Actor,
    *,
    session_id: str | None = None,
    locator: SessionLocator,
    redirect_url: str | None = None,
) -> str:
    """End a session at once, and give the URL to which the browser goes so that it ends at the
    identity provider too.

    Returns "" where nothing is left to do: the session stands on no SAML login, or on one whose
    connection has no single logout URL. Of several such logins the latest counts.

    Raises:
        no_session_revoke_arguments, too_many_session_revoke_arguments, session_not_found,
        no_match_for_provided_sso_url, and what `authorize` raises for `sessions.revoke`.
    """
    token = rt.new_token()
    project = actor.project

    def work(tx: Tx) -> str:
        now = rt.now()
        found = find_to_revoke(tx, actor, session_id, locator, now)
        url = ""
        if redirect_url:
            url = choose_redirect_url(project.settings, redirect_url, "LOGIN")
        session = found.session
        tx.sessions.delete(session.session_id)
        way = _way_out(tx, project, session)
        record(
            tx, rt, actor, session.organization_id, "session.logged_out", session.member_id,
            asked_by="application", session_id=session.session_id,
            connection_id=way[0].connection_id if way else "",
        )  # fmt: skip
        if way is None:
            return ""
        source, factor = way
        tx.logouts.put(
            f"token {token}",
            LogoutAttempt(
                project_id=project.project_id,
                organization_id=session.organization_id,
                member_id=session.member_id,
                source_connection_id=source.connection_id,
                idp_session=factor.idp_session or IdpSession(""),
                redirect_url=url,
                started_at=now,
                expires_at=now + LOGOUT_LIFETIME,
            ),
        )
        return f"{rt.settings.base_url}/v1/public/sso/logout/{token}"

    return await rt.store.write(work)


def _way_out(tx: Tx, project: Project, session: Session) -> tuple[SamlConnection, Factor] | None:
    """The connection whose provider can be asked, and the factor that says of whom."""
    for factor in sorted(session.factors, key=lambda f: f.last_authenticated_at, reverse=True):
        if factor.idp_session is None:
            continue
        route = tx.connections.route(project.project_id, factor.source_connection_id)
        if route is None or not isinstance(route.source, SamlConnection):
            continue
        if route.source.idp_slo_url and route.source.signing_keys:
            return route.source, factor
    return None


async def send_logout(rt: Runtime, token: str) -> LogoutStep:
    """Take the browser to the identity provider with our LogoutRequest.

    From now on the provider counts us among those who know, and will not tell us: so every other
    session that stands on its session ends here too, in each organization that shares the
    connection.

    Raises:
        saml_logout_unknown: the URL has been used, or is older than ten minutes.
    """
    request_id = f"_{rt.random(20).hex()}"

    def work(tx: Tx) -> tuple[SamlConnection, LogoutAttempt]:
        now = rt.now()
        attempt = tx.logouts.take(f"token {token}", now)
        if attempt is None:
            raise refusal("saml_logout_unknown")
        source, project = _source(tx, attempt.source_connection_id)
        if not source.idp_slo_url or project.project_id != attempt.project_id:
            raise refusal("saml_logout_unknown")
        named = attempt.idp_session
        indexes = (named.session_index,) if named.session_index else ()
        _end(tx, rt, Actor(project), source, named, indexes, asked_by="application")
        tx.logouts.put(f"request {request_id}", attempt)
        return source, attempt

    source, attempt = await rt.store.write(work)
    named = attempt.idp_session
    sp = service_provider(rt, source)
    document = saml.build_logout_request(
        sp.entity_id,
        destination=source.idp_slo_url,
        request_id=request_id,
        name_id=saml.NameId(
            named.name_id, named.name_id_format, named.name_qualifier, named.sp_name_qualifier
        ),
        session_index=named.session_index,
        now=rt.now(),
    )
    return _carried(source, sp, document, request_id, source.idp_slo_url, "SAMLRequest", "")


# --- what comes in -------------------------------------------------------------------------------


async def receive_logout(
    rt: Runtime, connection_id: str, sent: bytes | Mapping[str, str]
) -> LogoutStep:
    """Judge a logout message that came to this connection's logout URL, and act on it.

    The connection comes from the URL; nothing inside the message chooses it (decision 12).

    Args:
        sent: a redirect's query as it stood on the wire, or the fields of a posted form.

    Raises:
        SamlError, saml_connection_not_found.
    """
    message = saml.read_redirect(sent) if isinstance(sent, bytes) else saml.read_post(sent)
    if message.name == "SAMLResponse":
        return await _finish(rt, connection_id, saml.read_logout_response(message))
    return await _answer(rt, connection_id, saml.read_logout_request(message))


async def _answer(
    rt: Runtime, connection_id: str, unverified: saml.UnverifiedLogoutRequest
) -> LogoutStep:
    """The identity provider signs somebody out: end what it means, and tell it so."""
    source, project = await rt.store.read(lambda tx: _source(tx, connection_id))
    request = saml.verify_logout_request(unverified, _expected(rt, source), now=rt.now())
    named = IdpSession(
        request.name_id.value,
        request.name_id.format,
        request.name_id.name_qualifier,
        request.name_id.sp_name_qualifier,
    )

    def work(tx: Tx) -> None:
        key = name_hash(source.connection_id, named.name_id)
        heard = HeardLogout(named, request.session_indexes, request.issued_at, request.replay_until)
        if not tx.logouts.hear(key, request.id, heard):
            raise refusal("saml_logout_replayed", got=request.id)
        _end(
            tx, rt, Server(project), source, named, request.session_indexes,
            asked_by="identity provider", request_id=request.id[:256],
        )  # fmt: skip

    await rt.store.write(work)
    url = source.idp_slo_response_url or source.idp_slo_url
    if not url or not source.signing_keys:
        return LogoutStep()
    sp = service_provider(rt, source)
    response_id = f"_{rt.random(20).hex()}"
    document = saml.build_logout_response(
        sp.entity_id,
        destination=url,
        response_id=response_id,
        in_response_to=request.id,
        status=(saml.STATUS_SUCCESS,),
        now=rt.now(),
    )
    state = request.relay_state
    if len(state.encode()) > MAX_RELAY_STATE_BYTES:
        state = ""
    return _carried(source, sp, document, response_id, url, "SAMLResponse", state)


async def _finish(
    rt: Runtime, connection_id: str, unverified: saml.UnverifiedLogoutResponse
) -> LogoutStep:
    """The identity provider answers our request: the browser goes back to the application."""
    request_id = unverified.unverified_in_response_to

    def find(tx: Tx) -> tuple[SamlConnection, LogoutAttempt | None]:
        return _source(tx, connection_id)[0], tx.logouts.find(f"request {request_id}", rt.now())

    source, attempt = await rt.store.read(find)
    # An answer that came to another connection answers nothing here.
    if attempt is None or attempt.source_connection_id != source.connection_id:
        raise refusal("saml_logout_unknown", got=request_id or "no InResponseTo")
    answer = saml.verify_logout_response(
        unverified, _expected(rt, source), request_id=request_id, now=rt.now()
    )

    def work(tx: Tx) -> LogoutAttempt:
        taken = tx.logouts.take(f"request {request_id}", rt.now())
        project = tx.projects.find(attempt.project_id)
        if taken is None or project is None:
            raise refusal("saml_logout_unknown", got=request_id)
        record(
            tx, rt, Server(project), taken.organization_id, "session.logout_answered",
            taken.member_id, connection_id=source.connection_id,
            complete="yes" if answer.complete else "no", status=" / ".join(answer.status)[:500],
        )  # fmt: skip
        return taken

    return LogoutStep((await rt.store.write(work)).redirect_url)


def require_not_ended(
    tx: Tx, rt: Runtime, source: SamlConnection, arriving: IdpSession | None
) -> None:
    """Refuse a login whose session at the provider was signed out before its assertion came.

    Raises:
        saml_session_expired.
    """
    if arriving is None:
        return
    sp = rt.callback_url(source.connection_id)
    for heard in tx.logouts.heard(name_hash(source.connection_id, arriving.name_id), rt.now()):
        if has_ended(arriving, heard, idp=source.idp_entity_id, sp=sp):
            raise refusal(
                "saml_session_expired",
                want=f"a sign-in after the logout at {heard.issued_at}",
                got=str(arriving.authenticated_at),
            )


# --- common --------------------------------------------------------------------------------------


def _end(
    tx: Tx,
    rt: Runtime,
    actor: Actor,
    source: SamlConnection,
    named: IdpSession,
    indexes: Collection[str],
    **told: str,
) -> int:
    """End what stands on this person's session at the provider. Returns how many sessions ended.

    A session ends whole, whatever else was proved in it: somebody who signs out does not expect
    to stay half signed in. Every organization concerned finds it in its own log.
    """
    key = name_hash(source.connection_id, named.name_id)
    sp = rt.callback_url(source.connection_id)

    # The tokens first, whatever session they belong to: they have minutes left anyway.
    for token in tx.logouts.delete_tokens(key):
        record(
            tx, rt, actor, token.organization_id, "session.logged_out", token.member_id,
            connection_id=token.connection_id, trace_id=token.trace_id, **told,
        )  # fmt: skip
    ended = 0
    sessions = [(one, _standing(one, source)) for one in tx.logouts.sessions_of(key)]
    held = [idp_session for _, standing in sessions for idp_session in standing]
    meant = those_meant(held, named, indexes, idp=source.idp_entity_id, sp=sp)
    for session, standing in sessions:
        hit = [standing[one] for one in standing if one in meant]
        if hit and tx.sessions.delete(session.session_id):
            ended += 1
            record(
                tx, rt, actor, session.organization_id, "session.logged_out", session.member_id,
                connection_id=hit[0].connection_id, session_id=session.session_id, **told,
            )  # fmt: skip
    return ended


def _standing(session: Session, source: SamlConnection) -> dict[IdpSession, Factor]:
    """The factors that this connection's provider vouched for, by what it calls the session."""
    return {
        factor.idp_session: factor
        for factor in session.factors
        if factor.idp_session and factor.source_connection_id == source.connection_id
    }


def _source(tx: Tx, connection_id: str) -> tuple[SamlConnection, Project]:
    found: tuple[LoginRoute, str] | None = tx.connections.source_route(connection_id)
    project = tx.projects.find(found[1]) if found else None
    if found is None or project is None or not isinstance(found[0].source, SamlConnection):
        raise refusal("saml_connection_not_found", got=connection_id)
    return found[0].source, project


def _expected(rt: Runtime, source: SamlConnection) -> saml.LogoutExpectations:
    return saml.LogoutExpectations(
        idp_entity_id=source.idp_entity_id,
        certificates=tuple(
            saml.read_certificate(c.certificate) for c in source.verification_certificates
        ),
        logout_url=rt.logout_url(source.connection_id),
        decryption_keys=(
            *(key.private_key for key in source.encryption_keys),
            *(pair.private_key for pair in source.signing_keys),
        ),
        insecure_legacy_encryption=source.insecure_legacy_encryption,
    )


def _carried(
    source: SamlConnection,
    sp: saml.SamlSp,
    document: bytes,
    message_id: str,
    url: str,
    name: saml.MessageName,
    relay_state: str,
) -> LogoutStep:
    """The message signed and on its way, by the binding that the provider wants."""
    if source.idp_slo_binding == "redirect":
        return LogoutStep(
            saml.encode_redirect(document, url, relay_state, sp.signing_key, name=name)
        )
    pair = source.signing_keys[0]
    signed = saml.sign_enveloped(
        document,
        message_id,
        saml.read_private_key(pair.private_key),
        pair.certificate.certificate,
    )
    return LogoutStep(url, saml.encode_post(signed, url, relay_state, name=name))
