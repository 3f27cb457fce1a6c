"""What other organizations built on a connection: the one path across organizations.

Owns the view of the owner, their approval and their revocation (decision 3), and the cascade when
the connection goes (decision 4). Every step is recorded in both organizations.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from vestibule.domain.connections import (
    Connection,
    ExternalConnection,
    SamlConnection,
    ShareStatus,
    SourceConnection,
    after_approval,
    after_revocation,
)
from vestibule.domain.organizations import without_connections
from vestibule.domain.rbac import RoleRules
from vestibule.errors import refusal
from vestibule.services.audit import record
from vestibule.services.rbac import Actor, authorize
from vestibule.services.runtime import Runtime
from vestibule.storage import Tx
from vestibule.storage.connections import SharedRow


def end_external_connections(tx: Tx, rt: Runtime, actor: Actor, source: Connection) -> int:
    """Delete every External connection that leads to this one. Returns how many went.

    The receiving organizations lose the registrations, the roles and the sessions that stood on
    it; nothing dangling stays in their settings.
    """
    dependants = tx.connections.dependants(source.connection_id)
    for external in dependants:
        delete_connection(tx, rt, actor, external)
    return len(dependants)


def delete_connection(tx: Tx, rt: Runtime, actor: Actor, connection: Connection) -> None:
    """Delete one connection with what its own organization built on it."""
    ended = tx.connections.delete([connection.connection_id])
    organization = tx.organizations.find(actor.project.project_id, connection.organization_id)
    if organization is not None:
        settings = without_connections(organization.settings, [connection.connection_id])
        if settings != organization.settings:
            tx.organizations.update(replace(organization, settings=settings, updated_at=rt.now()))
    record_both(tx, rt, actor, connection, "connection.deleted", sessions_ended=str(ended))


def forget_people(tx: Tx, rt: Runtime, actor: Actor, source: SourceConnection) -> None:
    """Another identity provider speaks for this connection from now on: end what stands on the
    word of the one before, here and in every organization that shares the connection.

    The members stay, and are found again by their address at the next login.
    """
    for connection in (source, *tx.connections.dependants(source.connection_id)):
        ended = tx.connections.forget_people([connection.connection_id])
        record_both(
            tx, rt, actor, connection, "connection.identity_provider_changed",
            sessions_ended=str(ended),
        )  # fmt: skip


def record_both(
    tx: Tx, rt: Runtime, actor: Actor, connection: Connection, action: str, **details: str
) -> None:
    """Record in the connection's organization and, for an External one, in the owner's too."""
    organizations = [connection.organization_id]
    if isinstance(connection, ExternalConnection):
        organizations.append(connection.external_organization_id)
        details = {
            **details,
            "external_organization_id": connection.external_organization_id,
            "external_connection_id": connection.external_connection_id,
        }
    for organization_id in organizations:
        record(tx, rt, actor, organization_id, action, connection.connection_id, **details)


def record_everywhere(
    tx: Tx, rt: Runtime, actor: Actor, source: SourceConnection, action: str, **details: str
) -> None:
    """Record in the connection's own organization and in every one that signs people in through
    it now, each under its own connection's id."""
    record(tx, rt, actor, source.organization_id, action, source.connection_id, **details)
    shared = {
        "external_organization_id": source.organization_id,
        "external_connection_id": source.connection_id,
    }
    for external in tx.connections.dependants(source.connection_id):
        if external.share_status == "active":
            record(
                tx, rt, actor, external.organization_id, action, external.connection_id,
                **details, **shared,
            )  # fmt: skip


def record_keys(
    tx: Tx, rt: Runtime, actor: Actor, old: SourceConnection, new: SourceConnection
) -> None:
    """Who may sign logins has changed: every organization that relies on it learns the keys."""
    if not isinstance(old, SamlConnection) or not isinstance(new, SamlConnection):
        return
    before = {c.certificate: c for c in old.verification_certificates}
    after = {c.certificate: c for c in new.verification_certificates}
    added = [c.fingerprint_sha256 for pem, c in after.items() if pem not in before]
    removed = [c.fingerprint_sha256 for pem, c in before.items() if pem not in after]
    if added or removed:
        record_everywhere(
            tx, rt, actor, new, "connection.keys_changed",
            added=" ".join(added), removed=" ".join(removed),
        )  # fmt: skip


async def shared_with(
    rt: Runtime, actor: Actor, organization_id: str, connection_id: str
) -> Sequence[ExternalConnection]:
    """The owner's view: which External connections lead to this connection of theirs."""

    def work(tx: Tx) -> Sequence[ExternalConnection]:
        _own(tx, actor, organization_id, connection_id, "sso.get_connections")
        return tx.connections.dependants(connection_id)

    return await rt.store.read(work)


async def approve(
    rt: Runtime, actor: Actor, organization_id: str, connection_id: str, external_id: str
) -> ExternalConnection:
    """The owner lets an External connection be used."""

    def work(tx: Tx) -> ExternalConnection:
        source, external = _pair(tx, actor, organization_id, connection_id, external_id)
        approved = replace(external, share_status="active", updated_at=rt.now())
        tx.connections.update(approved)
        if external.organization_id in source.revoked_organizations:
            tx.connections.update(after_approval(source, external.organization_id))
        record_both(tx, rt, actor, approved, "external_connection.approved")
        return approved

    return await rt.store.write(work)


async def revoke(
    rt: Runtime, actor: Actor, organization_id: str, connection_id: str, external_id: str
) -> ExternalConnection:
    """The owner withdraws an External connection; the sessions that stand on it end at once, and
    a login that was about to become one does not."""

    def work(tx: Tx) -> ExternalConnection:
        source, external = _pair(tx, actor, organization_id, connection_id, external_id)
        revoked = replace(external, share_status="revoked", updated_at=rt.now())
        tx.connections.update(revoked)
        tx.connections.update(after_revocation(source, external.organization_id))
        ended = tx.connections.end_sessions([external_id])
        tx.logins.delete_tokens_of_connections([external_id])
        record_both(
            tx, rt, actor, revoked, "external_connection.revoked", sessions_ended=str(ended)
        )
        return revoked

    return await rt.store.write(work)


def _own(
    tx: Tx, actor: Actor, organization_id: str, connection_id: str, operation: str
) -> SourceConnection:
    found = tx.organizations.find_by_any(actor.project.project_id, organization_id)
    authorize(actor, operation, found.organization_id if found else None)
    if found is None:
        raise refusal("organization_not_found", got=organization_id)
    connection = tx.connections.find(found.organization_id, connection_id)
    if connection is None or isinstance(connection, ExternalConnection):
        raise refusal("sso_connection_not_found", got=connection_id)
    return connection


def _pair(
    tx: Tx, actor: Actor, organization_id: str, connection_id: str, external_id: str
) -> tuple[SourceConnection, ExternalConnection]:
    source = _own(tx, actor, organization_id, connection_id, "sso.update_connection")
    for external in tx.connections.dependants(connection_id):
        if external.connection_id == external_id:
            return source, external
    raise refusal("external_connection_not_found", got=external_id)


MAX_SHARED = 1000


@dataclass(frozen=True, slots=True)
class Receiver:
    """Who signs people in through somebody else's connection, and with what rules of their own."""

    organization_id: str
    organization_name: str
    connection_id: str
    status: ShareStatus
    rules: RoleRules


@dataclass(frozen=True, slots=True)
class Shared:
    """A connection of one organization, and everybody that it is shared with."""

    owner_id: str
    owner_name: str
    connection_id: str
    connection_name: str
    kind: str
    receivers: tuple[Receiver, ...]


async def share_map(
    rt: Runtime, actor: Actor, limit: int = 200, organization_id: str | None = None
) -> list[Shared]:
    """Who shares what with whom in the project: the latest `limit` External connections, by the
    connection that they lead to. With an organization only what it gives or takes.

    Raises:
        operation_needs_project_secret, field_invalid.
    """
    authorize(actor, "sso.share_map", None)
    if not 1 <= limit <= MAX_SHARED:
        raise refusal("field_invalid", want=f"a limit of 1 to {MAX_SHARED}", got=str(limit))
    project_id = actor.project.project_id
    rows = await rt.store.read(
        lambda tx: tx.connections.shared_in(project_id, limit, organization_id)
    )
    by_source: dict[str, list[SharedRow]] = {}
    for row in rows:
        by_source.setdefault(row.source_id, []).append(row)
    return [
        Shared(
            held[0].owner.organization_id,
            held[0].owner.name,
            source_id,
            held[0].source_name,
            held[0].source_kind,
            tuple(
                Receiver(
                    row.receiver.organization_id,
                    row.receiver.name,
                    row.external.connection_id,
                    row.external.share_status,
                    row.external.rules,
                )
                for row in held
            ),
        )
        for source_id, held in by_source.items()
    ]
