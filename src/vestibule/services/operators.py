"""Operators: who they are, how they sign in to the dashboard, and when they are out again.

Owns the order of a sign-in (pause, password, code, visit), and that somebody who guesses learns
nothing: not whether an address is an operator's, not by the time it takes. The way in by single
sign-on leads through one organization of this very server (decision 0030).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from urllib.parse import urlencode

from vestibule.domain.attributes import email_key, read_email
from vestibule.domain.ids import token_hash
from vestibule.domain.logins import require_pkce
from vestibule.domain.operators import (
    FAILURES_KEPT,
    VISIT_NOTED,
    Failures,
    Operator,
    OperatorSession,
    after_failure,
    check_name,
    check_password,
    csrf_key,
)
from vestibule.domain.organizations import Organization
from vestibule.domain.projects import Project
from vestibule.domain.rbac import ADMIN_ROLE, session_roles
from vestibule.errors import VestibuleError, refusal
from vestibule.protocols import oidc
from vestibule.services.audit import record_server
from vestibule.services.members import roles_of
from vestibule.services.operator_proofs import (
    TOTP_SECRET_BYTES,
    fits,
    hash_password,
    provisioning_uri,
    secret_text,
    used_step,
)
from vestibule.services.runtime import Runtime
from vestibule.services.sessions import needs_mfa, still_welcome
from vestibule.storage import Tx
from vestibule.storage.organizations import ActiveConnection

DEVELOPER = "developer@localhost"
ISSUER = "Vestibule"


@dataclass(frozen=True, slots=True)
class NewVisit:
    """The only time that the token is seen in clear: it is stored hashed."""

    token: str
    operator: Operator


@dataclass(frozen=True, slots=True)
class Visit:
    """Who is there. Every form of the visit carries `csrf_key`."""

    operator: Operator
    csrf_key: str
    started_at: datetime


@dataclass(frozen=True, slots=True)
class TotpOffer:
    """What an authenticator app needs; it counts once a code of it was confirmed."""

    secret_base32: str
    uri: str


# --- who there is -------------------------------------------------------------------------------


async def create(
    rt: Runtime, email: str, name: str, password: str, *, by: str = "vestibule"
) -> Operator:
    """Make an operator. `by` is the id of the one who does it, for the audit log.

    Raises:
        invalid_email, field_invalid, operator_password_unfit, operator_exists.
    """
    address = read_email(email.strip())
    new = Operator(
        _new_id(rt),
        address,
        check_name(name),
        rt.now(),
        await hash_password(check_password(password, address), rt.random(16)),
    )

    def work(tx: Tx) -> Operator:
        if tx.operators.find_by_email(email_key(address)) is not None:
            raise refusal("operator_exists", got=address)
        _insert(tx, rt, new, by)
        return new

    return await rt.store.write(work)


async def list_all(rt: Runtime) -> Sequence[Operator]:
    """In the order of creation, with the wrong tries at their addresses."""

    def work(tx: Tx) -> Sequence[Operator]:
        return [_with_failures(tx, rt, one) for one in tx.operators.all()]

    return await rt.store.read(work)


async def get(rt: Runtime, operator_id: str) -> Operator:
    """Raises: operator_not_found."""
    return await rt.store.read(lambda tx: _with_failures(tx, rt, _find(tx, operator_id)))


async def find_named(rt: Runtime, email: str) -> Operator:
    """The operator with an address.

    Raises:
        operator_not_found
    """

    def work(tx: Tx) -> Operator:
        found = tx.operators.find_by_email(email_key(email.strip()))
        if found is None:
            raise refusal("operator_not_found", got=email)
        return _with_failures(tx, rt, found)

    return await rt.store.read(work)


async def disable(rt: Runtime, operator_id: str, *, by: str = "vestibule") -> Operator:
    """Let an operator in no more, and end their visits. Nobody does it to themselves, so that the
    last one cannot lock the door from outside.

    Raises:
        operator_not_found, field_invalid.
    """
    if by == operator_id:
        raise refusal("field_invalid", want="another operator than yourself", got=by)

    def work(tx: Tx) -> Operator:
        changed = tx.operators.update(replace(_find(tx, operator_id), disabled=True))
        ended = tx.operators.delete_sessions_of(operator_id)
        record_server(tx, rt, by, "operator.disabled", operator_id, visits_ended=str(ended))
        return changed

    return await rt.store.write(work)


async def enable(rt: Runtime, operator_id: str, *, by: str = "vestibule") -> Operator:
    """Let a disabled operator in again. A pause for wrong tries is over with it."""

    def work(tx: Tx) -> Operator:
        changed = tx.operators.update(replace(_find(tx, operator_id), disabled=False))
        tx.operators.forget_failures(email_key(changed.email))
        record_server(tx, rt, by, "operator.enabled", operator_id)
        return changed

    return await rt.store.write(work)


# --- signing in ---------------------------------------------------------------------------------


async def sign_in(rt: Runtime, email: str, password: str, code: str = "") -> NewVisit:
    """Begin a visit with a password and, where the operator has an authenticator app, its code.

    An address that is nobody's costs the same work and is paused after the same wrong tries.

    Raises:
        operator_credentials_invalid, operator_code_needed: the password was right,
        operator_code_invalid, operator_locked: with `retry_after`.
    """
    key = _key(email)

    def look(tx: Tx) -> tuple[Failures, Operator | None]:
        return tx.operators.failures(key, rt.now()), tx.operators.find_by_email(key)

    failures, known = await rt.store.read(look)
    _refuse_pause(failures, rt.now())
    tried = known.password_hash if known else ""
    right = await fits(password, tried)
    token = rt.new_token()

    def work(tx: Tx) -> NewVisit | VestibuleError:
        now = rt.now()
        # Of many who try at once, those behind the fifth wrong one are paused, right or not.
        _refuse_pause(tx.operators.failures(key, now), now)
        operator = tx.operators.find_by_email(key)
        if operator is None or operator.disabled or operator.password_hash != tried or not right:
            return _failed(tx, rt, key, operator, "operator_credentials_invalid")
        if operator.totp_secret is not None:
            if not code.strip():
                return refusal("operator_code_needed")
            step = used_step(operator.totp_secret, code, now, operator.totp_last_step)
            if step is None:
                return _failed(tx, rt, key, operator, "operator_code_invalid")
            operator = tx.operators.update(replace(operator, totp_last_step=step))
        tx.operators.forget_failures(key)
        return _open(tx, rt, token, operator, how="password")

    done = await rt.store.write(work)
    # Raised out here: a refusal inside would undo what it has counted.
    if isinstance(done, VestibuleError):
        raise done
    return done


async def sign_in_by_sso(
    rt: Runtime, project: Project, sso_token: str, *, code_verifier: str | None = None
) -> NewVisit:
    """Begin a visit with the one-time token of a login into the operators' organization. An
    administrator of it who comes for the first time becomes an operator without a password.

    Raises:
        operator_credentials_invalid: no such organization is set, the login entered another one,
        or its member is no administrator there; sso_token_not_found, pkce_mismatch,
        pkce_expected_code_verifier, pkce_did_not_expect_code_verifier, and what now stands in the
        way of a login through that connection.
    """
    token = rt.new_token()
    new_id = _new_id(rt)

    def work(tx: Tx) -> NewVisit:
        now = rt.now()
        organization = _own_organization(tx, rt)
        taken = tx.logins.take_token(token_hash(sso_token), now)
        if taken is None or taken.project_id != project.project_id:
            raise refusal("sso_token_not_found")
        require_pkce(taken.pkce_code_challenge, code_verifier)
        if organization is None or taken.organization_id != organization.organization_id:
            raise refusal("operator_credentials_invalid")
        _, member = still_welcome(tx, project, taken, now)
        session = OperatorSession("", now, now, member.member_id, taken.connection_id)
        if needs_mfa(organization, member) or not _stands(tx, rt, session):
            raise refusal("operator_credentials_invalid")
        tx.logins.finish_trace(taken.trace_id, now)
        operator = tx.operators.find_by_email(email_key(member.email_address))
        if operator is None:
            name = member.name or member.email_address
            operator = Operator(new_id, member.email_address, name, now)
            _insert(tx, rt, operator, operator.operator_id)
        if operator.disabled:
            raise refusal("operator_credentials_invalid")
        return _open(
            tx, rt, token, operator, how="sso",
            member_id=member.member_id, connection_id=taken.connection_id,
        )  # fmt: skip

    return await rt.store.write(work)


async def operators_sso_connections(rt: Runtime) -> Sequence[ActiveConnection]:
    """The open connections by which operators may come; none where no organization is set."""

    def work(tx: Tx) -> Sequence[ActiveConnection]:
        own = _own_organization(tx, rt)
        return tx.organizations.active_connections(own.organization_id) if own else []

    return await rt.store.read(work)


@dataclass(frozen=True, slots=True)
class SsoStart:
    """Where the browser goes, and what it has to show when it comes back (RFC 7636)."""

    url: str
    code_verifier: str = field(repr=False)


async def begin_sso(rt: Runtime, connection_id: str, callback_url: str) -> SsoStart:
    """The first step of a sign-in through one of `operators_sso_connections`.

    Raises:
        operator_credentials_invalid: no organization is set, or it has no such open connection.
    """
    verifier = rt.new_token()

    def work(tx: Tx) -> str:
        own = _own_organization(tx, rt)
        open_now = tx.organizations.active_connections(own.organization_id) if own else []
        if own is None or connection_id not in {one.connection_id for one in open_now}:
            raise refusal("operator_credentials_invalid")
        held = tx.projects.credentials(own.project_id)
        public = [one.credential_id for one in held if one.kind == "public_token"]
        if not public:
            raise refusal("public_token_not_found")
        return public[-1]

    asked = {
        "public_token": await rt.store.read(work),
        "connection_id": connection_id,
        "login_redirect_url": callback_url,
        "signup_redirect_url": callback_url,
        "pkce_code_challenge": oidc.code_challenge(verifier),
    }
    return SsoStart(f"{rt.settings.base_url}/v1/public/sso/start?{urlencode(asked)}", verifier)


async def operators_project(rt: Runtime) -> Project | None:
    """The project of the operators' organization, which a sign-in by SSO goes through."""

    def work(tx: Tx) -> Project | None:
        own = _own_organization(tx, rt)
        return tx.projects.find(own.project_id) if own else None

    return await rt.store.read(work)


async def developer(rt: Runtime) -> NewVisit:
    """Begin a visit without a proof: only in `vestibule dev`, which listens on loopback.

    Raises:
        operator_credentials_invalid
    """
    if rt.settings.mode != "dev":
        raise refusal("operator_credentials_invalid")
    token, new_id = rt.new_token(), _new_id(rt)

    def work(tx: Tx) -> NewVisit:
        operator = tx.operators.find_by_email(DEVELOPER)
        if operator is None:
            operator = Operator(new_id, DEVELOPER, "Developer", rt.now())
            _insert(tx, rt, operator, "vestibule")
        if operator.disabled:
            raise refusal("operator_credentials_invalid")
        return _open(tx, rt, token, operator, how="developer")

    return await rt.store.write(work)


async def visit(rt: Runtime, token: str) -> Visit:
    """Who is there. Whoever came by single sign-on has to be an administrator still.

    Raises:
        operator_not_signed_in
    """
    place = token_hash(token)

    def look(tx: Tx) -> tuple[Operator, OperatorSession]:
        found = tx.operators.find_session(place, rt.now())
        if found is None or found[0].disabled:
            raise refusal("operator_not_signed_in")
        if found[1].member_id and not _stands(tx, rt, found[1]):
            raise refusal("operator_not_signed_in")
        return found

    def touch(tx: Tx) -> None:
        found = tx.operators.find_session(place, rt.now())
        if found is not None:
            tx.operators.touch_session(place, replace(found[1], last_seen_at=rt.now()))

    operator, session = await rt.store.read(look)
    if rt.now() - session.last_seen_at >= VISIT_NOTED:
        await rt.store.write(touch)
    return Visit(operator, csrf_key(token), session.started_at)


async def sign_out(rt: Runtime, token: str) -> None:
    """End a visit; one that has ended already is no error."""

    def work(tx: Tx) -> None:
        found = tx.operators.find_session(token_hash(token), rt.now())
        tx.operators.delete_session(token_hash(token))
        if found is not None:
            operator_id = found[0].operator_id
            record_server(tx, rt, operator_id, "operator.signed_out", operator_id)

    await rt.store.write(work)


# --- proofs -------------------------------------------------------------------------------------


async def begin_totp(rt: Runtime, operator_id: str) -> TotpOffer:
    """Offer a new secret for an authenticator app. The one before, if any, goes on counting until
    a code of the new one was confirmed."""
    secret = rt.random(TOTP_SECRET_BYTES)

    def work(tx: Tx) -> TotpOffer:
        changed = tx.operators.update(replace(_find(tx, operator_id), totp_pending=secret))
        return TotpOffer(secret_text(secret), provisioning_uri(secret, changed.email, ISSUER))

    return await rt.store.write(work)


async def offered_totp(rt: Runtime, operator_id: str) -> TotpOffer | None:
    """The secret that was offered and waits for its first code; None where there is none."""
    found = await get(rt, operator_id)
    secret = found.totp_pending
    if secret is None:
        return None
    return TotpOffer(secret_text(secret), provisioning_uri(secret, found.email, ISSUER))


async def confirm_totp(rt: Runtime, operator_id: str, code: str) -> Operator:
    """From now on the password alone does not suffice. The code that confirms is used up.

    Raises:
        operator_code_invalid
    """

    def work(tx: Tx) -> Operator:
        found = _find(tx, operator_id)
        secret = found.totp_pending
        step = None if secret is None else used_step(secret, code, rt.now(), found.totp_last_step)
        if step is None:
            raise refusal("operator_code_invalid")
        changed = replace(found, totp_secret=secret, totp_pending=None, totp_last_step=step)
        record_server(tx, rt, operator_id, "operator.totp_added", operator_id)
        return tx.operators.update(changed)

    return await rt.store.write(work)


async def remove_totp(rt: Runtime, operator_id: str, password: str) -> Operator:
    """Let the password suffice again.

    Raises:
        operator_credentials_invalid, operator_locked.
    """

    def change(tx: Tx, found: Operator) -> Operator:
        record_server(tx, rt, operator_id, "operator.totp_removed", operator_id)
        return tx.operators.update(replace(found, totp_secret=None, totp_pending=None))

    return await _proved(rt, operator_id, password, change)


async def change_password(rt: Runtime, operator_id: str, old: str, new: str) -> Operator:
    """Set a new password and end all visits, this one too.

    Raises:
        operator_credentials_invalid, operator_locked, operator_password_unfit.
    """
    known = await get(rt, operator_id)
    made = await hash_password(check_password(new, known.email), rt.random(16))

    def change(tx: Tx, found: Operator) -> Operator:
        return _with_password(tx, rt, found, made, operator_id)

    return await _proved(rt, operator_id, old, change)


async def set_password(
    rt: Runtime, operator_id: str, new: str, *, remove_totp: bool = False, by: str = "vestibule"
) -> Operator:
    """Set a new password without knowing the old one: for whoever has a shell on the server. All
    visits end, and so does a pause for wrong tries.

    Raises:
        operator_not_found, operator_password_unfit.
    """
    known = await get(rt, operator_id)
    made = await hash_password(check_password(new, known.email), rt.random(16))

    def work(tx: Tx) -> Operator:
        found = _find(tx, operator_id)
        if remove_totp:
            found = replace(found, totp_secret=None, totp_pending=None)
            record_server(tx, rt, by, "operator.totp_removed", operator_id)
        tx.operators.forget_failures(email_key(found.email))
        return _with_password(tx, rt, found, made, by)

    return await rt.store.write(work)


def _with_password(tx: Tx, rt: Runtime, found: Operator, made: str, by: str) -> Operator:
    ended = tx.operators.delete_sessions_of(found.operator_id)
    record_server(
        tx, rt, by, "operator.password_changed", found.operator_id, visits_ended=str(ended)
    )
    return tx.operators.update(replace(found, password_hash=made))


async def _proved(
    rt: Runtime, operator_id: str, password: str, change: Callable[[Tx, Operator], Operator]
) -> Operator:
    """Run `change` for whoever knows the password. Wrong ones count as at the sign-in: a visit
    that was left open is no place to guess either."""
    known = await get(rt, operator_id)
    key = email_key(known.email)
    _refuse_pause(Failures(known.failures, known.locked_until), rt.now())
    right = await fits(password, known.password_hash)

    def work(tx: Tx) -> Operator | VestibuleError:
        now = rt.now()
        _refuse_pause(tx.operators.failures(key, now), now)
        found = _find(tx, operator_id)
        if not right or found.password_hash != known.password_hash:
            return _failed(tx, rt, key, found, "operator_credentials_invalid")
        tx.operators.forget_failures(key)
        return change(tx, found)

    done = await rt.store.write(work)
    if isinstance(done, VestibuleError):
        raise done
    return done


# --- below --------------------------------------------------------------------------------------


def _open(
    tx: Tx,
    rt: Runtime,
    token: str,
    operator: Operator,
    *,
    how: str,
    member_id: str = "",
    connection_id: str = "",
) -> NewVisit:
    """A visit under a new token: one that somebody planted before the sign-in opens nothing."""
    now = rt.now()
    session = OperatorSession(operator.operator_id, now, now, member_id, connection_id)
    tx.operators.put_session(token_hash(token), session)
    record_server(
        tx, rt, operator.operator_id, "operator.signed_in", operator.operator_id, method=how
    )
    return NewVisit(token, operator)


def _failed(tx: Tx, rt: Runtime, key: str, operator: Operator | None, code: str) -> VestibuleError:
    """Count one wrong try, and give the refusal back to be raised."""
    now = rt.now()
    failures = after_failure(tx.operators.failures(key, now), now)
    tx.operators.put_failures(key, failures, now + FAILURES_KEPT)
    # An event for each address that somebody thinks of would be a way to fill the log.
    if operator is not None and failures.locked_until is not None:
        operator_id = operator.operator_id
        record_server(
            tx, rt, "vestibule", "operator.paused", operator_id, failures=str(failures.count)
        )
    return refusal(code)


def _refuse_pause(failures: Failures, now: datetime) -> None:
    wait = failures.wait(now)
    if wait:
        error = refusal("operator_locked")
        error.retry_after = wait
        raise error


def _key(email: str) -> str:
    """The address as it is looked up. What cannot be one is nobody's, all of it together."""
    key = email_key(email.strip())
    return key if key.isascii() and key.isprintable() and len(key) <= 254 else ""


def _find(tx: Tx, operator_id: str) -> Operator:
    found = tx.operators.find(operator_id)
    if found is None:
        raise refusal("operator_not_found", got=operator_id)
    return found


def _with_failures(tx: Tx, rt: Runtime, operator: Operator) -> Operator:
    known = tx.operators.failures(email_key(operator.email), rt.now())
    return replace(operator, failures=known.count, locked_until=known.locked_until)


def _insert(tx: Tx, rt: Runtime, new: Operator, by: str) -> None:
    tx.operators.insert(new)
    record_server(tx, rt, by, "operator.created", new.operator_id, email=new.email)


def _new_id(rt: Runtime) -> str:
    return rt.new_id("operator", "test" if rt.settings.mode == "dev" else "live")


def _own_organization(tx: Tx, rt: Runtime) -> Organization | None:
    name = rt.settings.operators_organization
    return tx.organizations.find_anywhere(name) if name else None


def _stands(tx: Tx, rt: Runtime, session: OperatorSession) -> bool:
    """Whether the member of a visit is, at this moment, an administrator of the operators'
    organization through the connection that they came by."""
    organization = _own_organization(tx, rt)
    if organization is None:
        return False
    member = tx.members.find(organization.organization_id, session.member_id)
    project = tx.projects.find(organization.project_id)
    if member is None or member.status != "active" or project is None:
        return False
    registrations = tx.members.registrations(member.member_id)
    if not any(r.open and r.connection_id == session.connection_id for r in registrations):
        return False
    roles = roles_of(project, organization, member, registrations)
    return ADMIN_ROLE in session_roles(roles, {session.connection_id})
