"""A login from its start to the one-time token, for any kind of connection.

Owns the order of things: what is remembered, what is taken once, what is written in one
transaction, and the trace of it all. The two legs know the protocols; nobody here asks whether a
login is External.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from vestibule.domain.connections import LoginRoute, OidcConnection, SamlConnection, require_open
from vestibule.domain.idp_tokens import ASSUMED_LIFETIME, IdpTokens
from vestibule.domain.ids import token_hash
from vestibule.domain.login_tests import TestedSettings, TestReport, require_startable
from vestibule.domain.logins import (
    SSO_TOKEN_LIFETIME,
    LoginAttempt,
    LoginTrace,
    SsoToken,
    StartRequest,
    VerifiedIdentity,
    as_received,
    asked_authn_contexts,
    decide_gateway,
    open_attempt,
    open_test_attempt,
    require_same_browser,
)
from vestibule.domain.members import Registration
from vestibule.domain.projects import Project, choose_redirect_url, with_query
from vestibule.errors import VestibuleError, refusal
from vestibule.protocols import oidc, saml
from vestibule.services import idp_metadata, idp_tokens, login_oidc, login_saml, login_tests
from vestibule.services.login_trace import Trace, seen_by
from vestibule.services.logouts import require_not_ended
from vestibule.services.members import Admitted, admit
from vestibule.services.organizations import resolve
from vestibule.services.projects import of_public_token
from vestibule.services.rbac import Actor, authorize
from vestibule.services.runtime import Runtime
from vestibule.services.search import make_cursor, read_cursor
from vestibule.storage import Tx
from vestibule.storage.logins import TraceFilter


@dataclass(frozen=True, slots=True)
class BrowserStep:
    """Where the browser goes next, with `fields` by posting a form of them. `cookie_name` and
    `cookie_value` tie the login to it."""

    url: str
    cookie_name: str
    cookie_value: str
    fields: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Arrival:
    """The end of the browser's part: where the token goes, or the story of a test, which gives no
    token and goes nowhere."""

    url: str
    trace_id: str
    cookie_name: str | None
    tested: LoginTrace | None = None


_READ_AGAIN = (
    "The provider may have a new key: its metadata is being read again. Try again in a minute."
)
_START = {SamlConnection: login_saml.start, OidcConnection: login_oidc.start}


async def start_login(
    rt: Runtime,
    public_token: str | None,
    *,
    connection_id: str | None,
    organization_name: str | None,
    request: StartRequest,
) -> BrowserStep:
    """Begin a login and send the browser to the identity provider (§4.1).

    Raises:
        public_token_required, public_token_not_found, missing_sso_connection_locator,
        too_many_sso_connection_locators, sso_connection_not_found, organization_not_found,
        no_sso_connection_exists_for_organization, indeterminate_sso_connection_for_organization,
        and what `open_attempt` and the leg raise.
    """
    if not public_token:
        raise refusal("public_token_required")
    if not connection_id and not organization_name:
        raise refusal("missing_sso_connection_locator")
    if connection_id and organization_name:
        raise refusal("too_many_sso_connection_locators")

    state, browser_secret = rt.new_token(), rt.new_token()

    def work(tx: Tx) -> tuple[str, Mapping[str, str] | None]:
        project = of_public_token(tx, public_token)
        route = _route(tx, project, connection_id, organization_name)
        now = rt.now()
        attempt = open_attempt(
            project,
            route,
            request,
            trace_id=rt.new_id("login-trace", project.environment),
            request_id=f"_{rt.random(20).hex()}",
            nonce=rt.new_token(),
            code_verifier=rt.new_token(),
            browser_secret=browser_secret,
            now=now,
            max_age=oidc.read_max_age(request.parameters),
        )
        step = _START[type(route.source)](rt, route, attempt, request, state)
        tx.logins.put_attempt(token_hash(state), attempt)
        return step

    url, fields = await rt.store.write(work)
    return BrowserStep(url, cookie_name(state), browser_secret, fields)


async def start_test(rt: Runtime, token: str) -> BrowserStep:
    """Begin the test login that a link stands for, and send the browser to the identity provider.

    Raises:
        sso_test_link_not_found, sso_connection_not_found, draft_outdated,
        sso_test_settings_missing, external_connection_pending, external_connection_revoked.
    """
    link = await login_tests.take(rt, token)
    state, browser_secret = rt.new_token(), rt.new_token()

    def work(tx: Tx) -> tuple[str, Mapping[str, str] | None]:
        project = tx.projects.find(link.project_id)
        route = tx.connections.route(link.project_id, link.connection_id)
        if (
            project is None
            or route is None
            or route.organization.organization_id != link.organization_id
        ):
            raise refusal("sso_connection_not_found", got=link.connection_id)
        route = login_tests.tested_route(tx, route, link.settings)
        require_startable(route.source)
        attempt = open_test_attempt(
            route,
            link.project_id,
            link.settings,
            trace_id=rt.new_id("login-trace", project.environment),
            request_id=f"_{rt.random(20).hex()}",
            nonce=rt.new_token(),
            code_verifier=rt.new_token(),
            browser_secret=browser_secret,
            now=rt.now(),
        )
        step = _START[type(route.source)](rt, route, attempt, StartRequest(), state)
        tx.logins.put_attempt(token_hash(state), attempt)
        return step

    url, fields = await rt.store.write(work)
    return BrowserStep(url, cookie_name(state), browser_secret, fields)


def cookie_name(state: str) -> str:
    """Each login has a cookie of its own, so that two tabs do not end each other's."""
    return f"vestibule_login_{token_hash(state).hex()[:16]}"


def _route(
    tx: Tx, project: Project, connection_id: str | None, organization_name: str | None
) -> LoginRoute:
    if organization_name:
        organization = resolve(tx, Actor(project), organization_name, "sso.start")
        active = tx.organizations.active_connections(organization.organization_id)
        default = organization.settings.sso_default_connection_id
        if default is not None:
            connection_id = default
        elif len(active) == 1:
            connection_id = active[0].connection_id
        elif not active:
            raise refusal("no_sso_connection_exists_for_organization")
        else:
            raise refusal("indeterminate_sso_connection_for_organization", got=str(len(active)))
    route = tx.connections.route(project.project_id, connection_id or "")
    if route is None:
        raise refusal("sso_connection_not_found", got=connection_id)
    return route


# --- the answer ---------------------------------------------------------------------------------


async def finish_saml(
    rt: Runtime,
    source_connection_id: str,
    *,
    saml_response: str | None,
    relay_state: str | None,
    cookies: Mapping[str, str],
) -> Arrival:
    """Judge a SAML response posted to this connection's ACS URL, and let the person in.

    The connection comes from the URL and the login from what the browser was given at its start;
    nothing inside the document chooses either (decision 12).

    Raises:
        SamlError, Misconfigured, NotFound: each with the id of the trace that tells the story.
    """
    if not saml_response:
        raise refusal("saml_response_missing")
    attempt = await _take(rt, relay_state)
    if attempt is None:
        unverified = saml.read_response(saml_response)
        return await _finish_unsolicited(rt, source_connection_id, unverified)
    trace = Trace(rt)
    try:
        trace.stage = "Sign-in"
        unverified = saml.read_response(saml_response)
        route, by_gateway = await _reopen(rt, attempt, source_connection_id, "saml", cookies, trace)
        trace.stage = "Signature and conditions"
        asked = login_saml.Asked(
            attempt.request_id, attempt.authn_contexts, attempt.authenticated_after, by_gateway
        )
        identity, assertion = login_saml.finish(rt, route, unverified, asked, trace)
        trace.stage = "Admission"
        return await _let_in(rt, attempt, identity, trace, relay_state, assertion)
    except VestibuleError as error:
        return await _ended(rt, attempt, trace, error, relay_state, cookies)


async def finish_oidc(
    rt: Runtime,
    source_connection_id: str,
    *,
    query: Mapping[str, str],
    cookies: Mapping[str, str],
) -> Arrival:
    """Judge an OpenID Connect callback on this connection's redirect URI, and let the person in.

    Raises:
        OidcError, UpstreamError, Misconfigured, NotFound: with the id of the trace.
    """
    state = query.get("state")
    if not state:
        raise refusal("oidc_state_missing")
    attempt = await _take(rt, state)
    if attempt is None:
        raise refusal("oidc_state_unknown")
    trace = Trace(rt)
    try:
        trace.stage = "Sign-in"
        route, _ = await _reopen(rt, attempt, source_connection_id, "oidc", cookies, trace)
        trace.stage = "Callback"
        identity = await login_oidc.finish(rt, route, attempt, query, trace)
        trace.stage = "Admission"
        return await _let_in(rt, attempt, identity, trace, state, None)
    except VestibuleError as error:
        return await _ended(rt, attempt, trace, error, state, cookies)


async def _take(rt: Runtime, state: str | None) -> LoginAttempt | None:
    """The login that this state stands for, once: the row is gone when this returns."""
    if not state:
        return None
    return await rt.store.write(lambda tx: tx.logins.take_attempt(token_hash(state), rt.now()))


async def _reopen(
    rt: Runtime,
    attempt: LoginAttempt,
    source_connection_id: str,
    protocol: str,
    cookies: Mapping[str, str],
    trace: Trace,
) -> tuple[LoginRoute, bool]:
    """Find the route of the attempt again, as it stands now, and check that the answer came to
    the place and from the browser that the attempt fixed; or say that it can only have come
    through the gateway of the connection."""
    leg = "saml" if protocol == "saml" else "oidc"
    trace.step("Start", "The sign-in began; the browser went to the identity provider.")
    if attempt.source_connection_id != source_connection_id:
        code = "saml_request_mismatch" if leg == "saml" else "oidc_state_unknown"
        raise refusal(code, want=attempt.source_connection_id, got=source_connection_id)
    # The cookie's value proves the browser; its name only keeps two logins apart.
    secret = next(
        (v for k, v in cookies.items() if k.startswith("vestibule_login_") and _is(attempt, v)),
        next((v for k, v in cookies.items() if k.startswith("vestibule_login_")), None),
    )
    if secret is None:
        route, _ = await rt.store.read(lambda tx: _open_route(tx, attempt))
        if decide_gateway(attempt, route.source):
            trace.warn("Sign-in", "The answer came through the gateway, without our cookie.")
            return route, True
    require_same_browser(attempt, secret, leg)  # type: ignore[arg-type]

    route, _ = await rt.store.read(lambda tx: _open_route(tx, attempt))
    return route, False


def _open_route(tx: Tx, attempt: LoginAttempt) -> tuple[LoginRoute, Project]:
    """The route of the attempt as it stands now, open, and between the same two connections."""
    project = tx.projects.find(attempt.project_id)
    route = tx.connections.route(attempt.project_id, attempt.connection_id)
    if (
        project is None
        or route is None
        or route.source.connection_id != attempt.source_connection_id
        or route.organization.organization_id != attempt.organization_id
    ):
        raise refusal("sso_connection_not_found", got=attempt.connection_id)
    if attempt.test is not None:
        route = login_tests.tested_route(tx, route, attempt.test)
    require_open(route)
    return route, project


def _is(attempt: LoginAttempt, secret: str) -> bool:
    try:
        require_same_browser(attempt, secret, "saml")
    except VestibuleError:
        return False
    return True


async def _finish_unsolicited(
    rt: Runtime, source_connection_id: str, unverified: saml.UnverifiedResponse
) -> Arrival:
    """A sign-in that began at the identity provider (§4.6): only into the organization that owns
    the connection, only where it is allowed, and only if it answers no request at all."""
    if unverified.unverified_in_response_to is not None:
        raise refusal("saml_unsolicited", got="an answer to a request that is not open")

    def work(tx: Tx) -> tuple[LoginRoute, Project]:
        found = tx.connections.source_route(source_connection_id)
        project = tx.projects.find(found[1]) if found else None
        if found is None or project is None:
            raise refusal("sso_connection_not_found", got=source_connection_id)
        return found[0], project

    route, project = await rt.store.read(work)
    source = route.source
    if not isinstance(source, SamlConnection):
        raise refusal("sso_connection_not_found", got=source_connection_id)
    now = rt.now()
    attempt = LoginAttempt(
        trace_id=rt.new_id("login-trace", project.environment),
        project_id=project.project_id,
        organization_id=route.organization.organization_id,
        connection_id=source.connection_id,
        source_connection_id=source.connection_id,
        login_redirect_url="",
        signup_redirect_url="",
        pkce_code_challenge=None,
        request_id="",
        nonce="",
        code_verifier="",
        browser_hash=b"",
        started_at=now,
        expires_at=now,
    )
    trace = Trace(rt)
    try:
        trace.stage = "Sign-in"
        if source.idp_initiated_auth_disabled:
            raise refusal("saml_idp_initiated_auth_disabled")
        require_open(route)
        if project.settings.pkce_required_for_sso:
            # Nobody could have given a challenge, so nobody could prove to have begun this.
            raise refusal("saml_unsolicited", want="a sign-in with PKCE")
        if source.force_authn:
            # Nobody was asked to have the person sign in anew, so no answer can be held to it.
            raise refusal("saml_unsolicited", want="an answer to a request with ForceAuthn")
        login_url = choose_redirect_url(project.settings, None, "LOGIN")
        attempt = replace(attempt, login_redirect_url=login_url, signup_redirect_url=login_url)
        trace.step("Sign-in", "The sign-in began at the identity provider.")
        trace.stage = "Signature and conditions"
        asked = login_saml.Asked(None, asked_authn_contexts(source))
        identity, assertion = login_saml.finish(rt, route, unverified, asked, trace)
        trace.stage = "Admission"
        return await _let_in(rt, attempt, identity, trace, None, assertion)
    except VestibuleError as error:
        raise await _refused(rt, attempt, trace, error) from error


async def _let_in(
    rt: Runtime,
    attempt: LoginAttempt,
    identity: VerifiedIdentity,
    trace: Trace,
    state: str | None,
    assertion: saml.VerifiedAssertion | None,
) -> Arrival:
    """Write everything that a verified identity changes, in one transaction.

    The route is read once more in it: the identity provider may have taken its time to answer,
    and an administrator may have closed the door meanwhile.
    """
    trace.email = identity.profile.email
    trace.step("Attributes", _told(identity))
    for warning in identity.profile.warnings:
        trace.warn("Attributes", warning)
    if attempt.test is not None:
        return await _judge_test(rt, attempt, attempt.test, identity, trace, state, assertion)
    token = rt.new_token()
    done = len(trace.steps)

    def work(tx: Tx) -> Admitted:
        del trace.steps[done:]
        route, project = _open_route(tx, attempt)
        if assertion is not None and not tx.logins.remember_assertion(
            route.source.connection_id, assertion.assertion_id, assertion.replay_until
        ):
            raise refusal("saml_replayed", got=assertion.assertion_id)
        if isinstance(route.source, SamlConnection):
            require_not_ended(tx, rt, route.source, identity.idp_session)
        admitted = admit(tx, rt, Actor(project), route, identity)
        now = rt.now()
        registration = admitted.registration
        tx.logins.put_token(
            token_hash(token),
            SsoToken(
                trace_id=attempt.trace_id,
                project_id=project.project_id,
                organization_id=route.organization.organization_id,
                member_id=admitted.member.member_id,
                registration_id=registration.registration_id,
                connection_id=route.target.connection_id,
                source_connection_id=route.source.connection_id,
                protocol=identity.protocol,
                subject=registration.subject,
                pkce_code_challenge=attempt.pkce_code_challenge,
                authenticated_at=now,
                session_not_on_or_after=identity.session_not_on_or_after,
                expires_at=now + SSO_TOKEN_LIFETIME,
                idp_session=identity.idp_session,
            ),
        )
        if identity.grant is not None:
            idp_tokens.keep(tx, rt, _tokens(identity, registration, rt))
        trace.step(
            "Admission",
            f"{admitted.member.email_address} enters {route.organization.name}"
            + (" for the first time." if admitted.created else "."),
        )
        for warning in admitted.warnings:
            trace.warn("Admission", warning)
        tx.logins.put_trace(
            replace(
                trace.onto(base_trace(attempt)),
                outcome="accepted",
                member_id=admitted.member.member_id,
                evidence=identity.evidence,
            ),
            identity.statement,
        )
        return admitted

    admitted = await rt.store.write(work)
    target = attempt.signup_redirect_url if admitted.created else attempt.login_redirect_url
    url = with_query(target, {"stytch_token_type": "sso", "token": token})
    return Arrival(url, attempt.trace_id, cookie_name(state) if state else None)


async def _judge_test(
    rt: Runtime,
    attempt: LoginAttempt,
    tried: TestedSettings,
    identity: VerifiedIdentity,
    trace: Trace,
    state: str | None,
    assertion: saml.VerifiedAssertion | None,
) -> Arrival:
    """Where a login would let in: say as whom, and let in nobody.

    Written are the trace, that this assertion has been used, and on a draft that it was tested.
    """
    done = len(trace.steps)

    def work(tx: Tx) -> LoginTrace:
        del trace.steps[done:]
        route, project = _open_route(tx, attempt)
        if assertion is not None and not tx.logins.remember_assertion(
            route.source.connection_id, assertion.assertion_id, assertion.replay_until
        ):
            raise refusal("saml_replayed", got=assertion.assertion_id)
        if identity.evidence is not None:
            login_tests.tell_checks(rt, trace, route.source, identity.evidence)
        found, warnings = login_tests.report(tx, rt, project, route, identity)
        trace.step("Admission", _would_enter(found, route))
        for warning in warnings:
            trace.warn("Admission", warning)
        told = replace(
            trace.onto(base_trace(attempt)),
            outcome="tested",
            evidence=identity.evidence,
            report=found,
        )
        tx.logins.put_trace(told, identity.statement)
        login_tests.note_tested(tx, rt, route.source.connection_id, tried)
        return told

    tested = await rt.store.write(work)
    # Whoever began the test of an External connection need not be of the organization that owns it.
    return Arrival("", attempt.trace_id, cookie_name(state) if state else None, as_received(tested))


def _would_enter(found: TestReport, route: LoginRoute) -> str:
    how = {
        "registered": "as the member who is registered with this subject",
        "linked": "as the member who has this address",
        "created": "as a new member",
    }
    return f"{found.email} would enter {route.organization.name} {how[found.enters]}."


def _tokens(identity: VerifiedIdentity, registration: Registration, rt: Runtime) -> IdpTokens:
    grant = identity.grant
    if grant is None:
        raise ValueError("an identity without a grant has no tokens")
    return IdpTokens(
        registration_id=registration.registration_id,
        member_id=registration.member_id,
        organization_id=registration.organization_id,
        connection_id=registration.connection_id,
        source_connection_id=registration.source_connection_id,
        subject=registration.subject,
        access_token=grant.access_token,
        refresh_token=grant.refresh_token,
        id_token=grant.id_token,
        scopes=grant.scopes,
        expires_at=grant.expires_at or rt.now() + ASSUMED_LIFETIME,
        obtained_at=rt.now(),
    )


def _told(identity: VerifiedIdentity) -> str:
    profile = identity.profile
    parts = [f"Subject {profile.subject}", f"e-mail {profile.email}"]
    if profile.name:
        parts.append(f"name {profile.name}")
    parts.append(f"groups {', '.join(profile.groups[:20]) or 'none'}")
    if profile.custom:
        parts.append(f"mapped {', '.join(profile.custom)}")
    return "; ".join(parts) + "."


def base_trace(attempt: LoginAttempt) -> LoginTrace:
    return LoginTrace(
        trace_id=attempt.trace_id,
        project_id=attempt.project_id,
        organization_id=attempt.organization_id,
        connection_id=attempt.connection_id,
        source_connection_id=attempt.source_connection_id,
        started_at=attempt.started_at,
        test=attempt.test,
    )


async def _ended(
    rt: Runtime,
    attempt: LoginAttempt,
    trace: Trace,
    error: VestibuleError,
    state: str | None,
    cookies: Mapping[str, str],
) -> Arrival:
    """The refusal of a login, to be raised. The story of a test is given back instead, but only to
    the browser that began it: whoever tests may see everything, and a stranger may not."""
    refused = await _refused(rt, attempt, trace, error)
    mine = any(k.startswith("vestibule_login_") and _is(attempt, v) for k, v in cookies.items())
    if attempt.test is None or state is None or not mine:
        raise refused from error
    tested = replace(trace.onto(base_trace(attempt)), outcome="refused")
    return Arrival("", attempt.trace_id, cookie_name(state), as_received(tested))


async def _refused(
    rt: Runtime, attempt: LoginAttempt, trace: Trace, error: VestibuleError
) -> VestibuleError:
    """Write the trace of a login that ended here, and give the refusal back to be raised."""
    error.trace_id = attempt.trace_id
    done = len(trace.steps)

    def work(tx: Tx) -> None:
        del trace.steps[done:]
        drafted = attempt.test is not None and attempt.test.draft_id is not None
        unknown_key = error.code == "saml_signature_invalid" and not drafted
        if unknown_key and idp_metadata.ask_again(tx, rt, attempt.source_connection_id):
            error.detail = _READ_AGAIN
        trace.refuse(error)
        told = replace(trace.onto(base_trace(attempt)), outcome="refused")
        # The organization may be gone by now, and the story with it.
        if tx.organizations.find(attempt.project_id, attempt.organization_id) is not None:
            # Whoever tests has to see what came, above all where it could not be mapped.
            tx.logins.put_trace(told, trace.statement if attempt.test is not None else None)

    await rt.store.write(work)
    return error


async def find_trace(rt: Runtime, organization_id: str, trace_id: str) -> LoginTrace | None:
    return await rt.store.read(lambda tx: tx.logins.find_trace(organization_id, trace_id))


async def get_trace(rt: Runtime, actor: Actor, organization_name: str, trace_id: str) -> LoginTrace:
    def work(tx: Tx) -> LoginTrace:
        organization = resolve(tx, actor, organization_name, "sso.get_connections")
        found = tx.logins.find_trace(organization.organization_id, trace_id)
        if found is None:
            raise refusal("login_trace_not_found", got=trace_id)
        return seen_by(actor, found)

    return await rt.store.read(work)


async def latest_traces(
    rt: Runtime, actor: Actor, organization_name: str, *, limit: int = 50
) -> Sequence[LoginTrace]:
    def work(tx: Tx) -> Sequence[LoginTrace]:
        organization = resolve(tx, actor, organization_name, "sso.get_connections")
        found = tx.logins.traces(organization.organization_id, limit)
        return [seen_by(actor, trace) for trace in found]

    return await rt.store.read(work)


OUTCOMES = ("accepted", "authenticated", "tested", "refused")
MAX_TRACES = 200


@dataclass(frozen=True, slots=True)
class TraceQuery:
    """Which logins are meant; None asks for nothing. `email` is the whole address that the
    identity provider named: it is found by its hash, so a part of one finds nobody. `tests` True
    asks for test logins alone, False leaves them out."""

    organization_id: str | None = None
    connection_id: str | None = None
    outcome: str | None = None
    trace_id: str | None = None
    email: str | None = None
    tests: bool | None = None


@dataclass(frozen=True, slots=True)
class TracePage:
    """The latest first. With `next_cursor` the next page begins behind the last of these."""

    traces: Sequence[LoginTrace]
    next_cursor: str | None


async def search_traces(
    rt: Runtime, actor: Actor, query: TraceQuery, cursor: str | None = None, limit: int = 50
) -> TracePage:
    """Logins of the whole project, or of one organization of it for whoever may see that one.

    Raises:
        organization_not_found, operation_needs_project_secret, search_cursor_invalid,
        field_invalid.
    """
    after = read_cursor(cursor)
    if query.outcome is not None and query.outcome not in OUTCOMES:
        raise refusal("field_invalid", want=f"one of {', '.join(OUTCOMES)}", got=query.outcome)
    if not 1 <= limit <= MAX_TRACES:
        raise refusal("field_invalid", want=f"a limit of 1 to {MAX_TRACES}", got=str(limit))
    email = None if query.email is None else query.email.strip()
    if email is not None and not email.isascii():
        # No address of ours has such letters, so no login was ever of one.
        return TracePage((), None)

    def work(tx: Tx) -> TracePage:
        organization_id = query.organization_id
        if organization_id is None:
            authorize(actor, "sso.search_traces", None)
        else:
            found = resolve(tx, actor, organization_id, "sso.get_connections")
            organization_id = found.organization_id
        wanted = TraceFilter(
            actor.project.project_id,
            organization_id,
            query.connection_id,
            query.outcome,
            query.trace_id,
            email,
            query.tests,
        )
        traces, more = tx.logins.search(wanted, after=after, limit=limit)
        return TracePage([seen_by(actor, trace) for trace in traces], make_cursor(more))

    return await rt.store.read(work)
