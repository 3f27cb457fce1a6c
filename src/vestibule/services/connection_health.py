"""How an organization's connections are doing: what ends when, whose metadata is stale, and how the
last logins went. One query for each table, however many connections there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from vestibule.domain.connections import Connection, SamlConnection
from vestibule.domain.expiry_notices import Expiring, certificates
from vestibule.domain.idp_metadata import IdpMetadata, diff, differs, without_offer
from vestibule.services.organizations import resolve
from vestibule.services.rbac import Actor
from vestibule.services.runtime import Runtime
from vestibule.storage import Tx
from vestibule.storage.logins import LastLogins


@dataclass(frozen=True, slots=True)
class Health:
    """Of one connection. The certificates and the metadata of an External connection are its
    owner's to look after, and are not shown here."""

    connection: Connection
    certificates: tuple[Expiring, ...]
    metadata: IdpMetadata | None
    logins: LastLogins
    now: datetime


async def health(rt: Runtime, actor: Actor, organization_name: str) -> Sequence[Health]:
    """Every connection of the organization, in the order of creation."""

    def work(tx: Tx) -> Sequence[Health]:
        organization = resolve(tx, actor, organization_name, "sso.get_connections")
        name = organization.organization_id
        known = {state.connection_id: state for state in tx.idp_metadata.of_organization(name)}
        logins = tx.logins.last_of_connections(name)
        return [
            Health(
                one,
                certificates(one),
                _as_it_stands(one, known.get(one.connection_id)),
                logins.get(one.connection_id, LastLogins()),
                rt.now(),
            )
            for one in tx.connections.all_of(name)
        ]

    return await rt.store.read(work)


def _as_it_stands(connection: Connection, known: IdpMetadata | None) -> IdpMetadata | None:
    """A change that was made by hand meanwhile waits no longer."""
    if known is None or known.offer is None or not isinstance(connection, SamlConnection):
        return known
    return known if differs(diff(connection, known.offer)) else without_offer(known)
