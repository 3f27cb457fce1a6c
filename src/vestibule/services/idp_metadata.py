"""Metadata of identity providers: read again by the worker, shown, and let count or not.

A change of the metadata changes a connection only where `domain.idp_metadata.decide` says so, and
otherwise waits for an administrator; every organization that shares the connection hears of both.
A document that cannot be had or used changes nothing: logins go on with the keys that are pinned
(docs/decisions/0021).

One reading at a time for each connection, across servers: the row is leased first, and what came
back is written in one transaction with what it does to the connection, if nothing happened to the
row meanwhile. Knows nothing of when the worker's turn is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from vestibule.domain.connections import SamlConnection
from vestibule.domain.idp_metadata import (
    ASKED_AGAIN_AFTER,
    Change,
    IdpMetadata,
    Offer,
    after_dismissal,
    after_failure,
    after_offer,
    after_reading,
    apply,
    change_id,
    decide,
    diff,
    differs,
    offer_of,
    summary,
    vouching,
    without_offer,
)
from vestibule.errors import VestibuleError, refusal
from vestibule.protocols import saml
from vestibule.services import idp_documents
from vestibule.services.connections import stored_certificate, write_change
from vestibule.services.organizations import resolve
from vestibule.services.rbac import Actor, Server
from vestibule.services.runtime import Runtime
from vestibule.services.sharing import record_everywhere
from vestibule.storage import Tx
from vestibule.storage.idp_metadata import Held

# A request may take eight seconds (network.py).
LEASE = timedelta(seconds=30)
# How many documents the worker reads at once: a host that is slow holds up nobody but itself.
AT_ONCE = 20
# Whoever asks by hand gets what was read just before, and asks nobody again.
REST = timedelta(seconds=10)


@dataclass(slots=True)
class Turn:
    """What the worker did in one turn: `lost` were overtaken by a change of the connection or by
    another reading, `failed` broke on our side, and `error` is the first such."""

    same: int = 0
    applied: int = 0
    waiting: int = 0
    unread: int = 0
    lost: int = 0
    failed: int = 0
    error: BaseException | None = None


@dataclass(frozen=True, slots=True)
class View:
    """The state of a connection's metadata; `changes` is what waits, () when nothing does."""

    connection: SamlConnection
    state: IdpMetadata
    changes: tuple[Change, ...]
    change_id: str


# --- asked for ------------------------------------------------------------------------------------


async def get(rt: Runtime, actor: Actor, organization_name: str, connection_id: str) -> View:
    """Raises idp_metadata_not_found when the connection has no metadata URL."""

    def work(tx: Tx) -> View:
        return _view(*_find(tx, actor, organization_name, connection_id, "sso.get_connections"))

    return await rt.store.read(work)


async def refresh_now(
    rt: Runtime, actor: Actor, organization_name: str, connection_id: str
) -> View:
    """Read the document now, whenever it is due. What goes wrong with it stands in the state.

    While somebody else is reading it, and shortly after, the state is given as it stands.
    """

    def claim(tx: Tx) -> Held | None:
        _, held = _find(tx, actor, organization_name, connection_id, "sso.update_connection")
        now, tried = rt.now(), held.state.tried_at
        if tried is not None and tried + REST > now:
            return None
        return tx.idp_metadata.claim(connection_id, now, now + LEASE)

    claimed = await rt.store.write(claim)
    if claimed is not None:
        await _read(rt, claimed)
    return await get(rt, actor, organization_name, connection_id)


async def confirm(
    rt: Runtime, actor: Actor, organization_name: str, connection_id: str, name: str
) -> View:
    """An administrator lets the change count that they have seen, and no other.

    Raises:
        idp_metadata_change_not_found: nothing waits.
        idp_metadata_change_outdated: something else waits by now.
    """

    def work(tx: Tx) -> View:
        old, _, offer, changes = _waiting(tx, actor, organization_name, connection_id, name)
        new = _applied(rt, actor, old, offer)
        _write(tx, rt, actor, old, new, changes, "confirmed")
        held = tx.idp_metadata.find(connection_id)
        if held is None:
            raise refusal("idp_metadata_not_found", got=connection_id)
        state = without_offer(held.state)
        tx.idp_metadata.put(state)
        return _view(new, Held(state, held.version))

    return await rt.store.write(work)


async def dismiss(
    rt: Runtime, actor: Actor, organization_name: str, connection_id: str, name: str
) -> View:
    """An administrator does not let the change count. It does not come back by itself; another
    document does. Raises what `confirm` raises."""

    def work(tx: Tx) -> View:
        connection, held, _, changes = _waiting(tx, actor, organization_name, connection_id, name)
        state = after_dismissal(held.state, name)
        tx.idp_metadata.put(state)
        record_everywhere(
            tx, rt, actor, connection, "connection.metadata_dismissed",
            change_id=name, changes=summary(changes),
        )  # fmt: skip
        return _view(connection, Held(state, held.version))

    return await rt.store.write(work)


def ask_again(tx: Tx, rt: Runtime, connection_id: str) -> bool:
    """A login came with a key that we do not know: perhaps the provider has a new one. Nothing is
    fetched here; the worker reads the document at its next turn. Returns whether it will."""
    return tx.idp_metadata.ask_again(connection_id, rt.now(), ASKED_AGAIN_AFTER)


def _find(
    tx: Tx, actor: Actor, organization_name: str, connection_id: str, operation: str
) -> tuple[SamlConnection, Held]:
    organization = resolve(tx, actor, organization_name, operation)
    found = tx.connections.find(organization.organization_id, connection_id)
    if not isinstance(found, SamlConnection):
        raise refusal("saml_connection_not_found", got=connection_id)
    held = tx.idp_metadata.find(connection_id)
    if held is None:
        raise refusal("idp_metadata_not_found", got=connection_id)
    return found, held


def _waiting(
    tx: Tx, actor: Actor, organization_name: str, connection_id: str, name: str
) -> tuple[SamlConnection, Held, Offer, tuple[Change, ...]]:
    """The change that waits, once it is clear that it is the one that was seen."""
    connection, held = _find(tx, actor, organization_name, connection_id, "sso.update_connection")
    view = _view(connection, held)
    offer = held.state.offer
    if offer is None or not view.changes:
        raise refusal("idp_metadata_change_not_found", got=name)
    if view.change_id != name:
        raise refusal("idp_metadata_change_outdated", want=view.change_id, got=name)
    return connection, held, offer, view.changes


def _view(connection: SamlConnection, held: Held) -> View:
    offer = held.state.offer
    # Against the connection as it stands now: what was changed by hand meanwhile is no change.
    changes = diff(connection, offer) if offer is not None else ()
    if not differs(changes):
        return View(connection, held.state, (), "")
    return View(connection, held.state, changes, change_id(changes))


# --- the worker's turn ----------------------------------------------------------------------------


async def refresh_due(rt: Runtime) -> Turn:
    """Read all that are due, many at once, until nothing is. Any number of workers may."""
    done = Turn()
    under_way: set[asyncio.Task[None]] = set()
    try:
        while True:
            claims = await _claim_due(rt, AT_ONCE - len(under_way))
            under_way |= {asyncio.ensure_future(_work(rt, claim, done)) for claim in claims}
            if not under_way:
                return done
            _, under_way = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in under_way:
            task.cancel()


async def _claim_due(rt: Runtime, most: int) -> list[Held]:
    def work(tx: Tx) -> list[Held]:
        now = rt.now()
        return tx.idp_metadata.claim_due(now, now + LEASE, most)

    return await rt.store.write(work) if most else []


async def _work(rt: Runtime, claim: Held, done: Turn) -> None:
    try:
        outcome = await _read(rt, claim)
    except Exception as error:  # noqa: BLE001 - one row that breaks does not stop the others
        done.failed += 1
        done.error = done.error or error
    else:
        setattr(done, outcome, getattr(done, outcome) + 1)


# --- one reading ----------------------------------------------------------------------------------


async def _read(rt: Runtime, claim: Held) -> str:
    """Fetch a document and write what follows from it. Returns the field of `Turn` that grows."""
    try:
        document: bytes | VestibuleError = await idp_documents.saml_document(rt, claim.state.url)
    except VestibuleError as error:
        document = error
    chance = rt.chance()
    return await rt.store.write(lambda tx: _settle(tx, rt, claim, document, chance))


def _settle(
    tx: Tx, rt: Runtime, claim: Held, document: bytes | VestibuleError, chance: float
) -> str:
    name = claim.state.connection_id
    found = tx.connections.source_route(name)
    held = tx.idp_metadata.find(name)
    project = tx.projects.find(found[1]) if found else None
    if found is None or project is None or held is None or held.version != claim.version:
        return "lost"
    connection = found[0].source
    if not isinstance(connection, SamlConnection):
        return "lost"
    now, state, actor = rt.now(), held.state, Server(project)
    new = connection
    try:
        if isinstance(document, VestibuleError):
            raise document
        metadata, signed_by = _judge(document, connection, now)
        offer = offer_of(connection, metadata)
        changes = diff(connection, offer)
        decision = decide(state, connection, changes, vouched=bool(signed_by))
        if decision.verdict == "apply":
            new = _applied(rt, actor, connection, offer)
    except VestibuleError as error:
        failed = after_failure(state, error.code, str(error), now=now, chance=chance)
        tx.idp_metadata.put(failed)
        return "unread"
    if decision.verdict == "apply":
        because = "signed by a trusted key" if signed_by else "automatic"
        _write(tx, rt, actor, connection, new, changes, because, signed_by)
        held = tx.idp_metadata.find(name) or held
    read = after_reading(held.state, metadata, now=now, chance=chance)
    if decision.verdict != "wait":
        tx.idp_metadata.put(without_offer(read))
        return "applied" if decision.verdict == "apply" else "same"
    waits = after_offer(read, offer, changes, decision.reason, now)
    tx.idp_metadata.put(waits)
    if waits.waiting and waits.waiting != state.waiting:
        record_everywhere(
            tx, rt, actor, connection, "connection.metadata_waits",
            change_id=waits.waiting, reason=waits.reason, changes=summary(changes),
        )  # fmt: skip
    return "waiting" if waits.waiting else "same"


def _judge(
    document: bytes, connection: SamlConnection, now: datetime
) -> tuple[saml.SamlIdpMetadata, str]:
    """What the document says, and the fingerprint of the trusted key that has signed it: then only
    what was signed is read. "" when nobody has whom we trust."""
    keys = tuple(saml.read_certificate(c.certificate) for c in vouching(connection, now))
    try:
        signed = saml.verify_idp_metadata(document, keys, now=now)
    except VestibuleError:
        return saml.read_idp_metadata(document, now=now), ""
    return signed.metadata, signed.signed_by.fingerprint_sha256


def _applied(rt: Runtime, actor: Actor, old: SamlConnection, offer: Offer) -> SamlConnection:
    return apply(
        old,
        offer,
        lambda pem: stored_certificate(rt, actor, pem),
        insecure_http=actor.project.settings.insecure_loopback,
        now=rt.now(),
    )


def _write(
    tx: Tx,
    rt: Runtime,
    actor: Actor,
    old: SamlConnection,
    new: SamlConnection,
    changes: Sequence[Change],
    because: str,
    signed_by: str = "",
) -> None:
    """Change the connection as any change of it is made, and tell everybody why."""
    write_change(tx, rt, actor, old, new)
    record_everywhere(
        tx, rt, actor, new, "connection.metadata_applied",
        change_id=change_id(changes), because=because, signed_by=signed_by,
        changes=summary(changes),
    )  # fmt: skip
