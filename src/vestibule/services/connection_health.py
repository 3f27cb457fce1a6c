"""How an organization's connections are doing: what ends when, whose metadata is stale, and how the
last logins went. One query for each table, however many connections there are; and the same over
the whole of a project, the worst first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from vestibule.domain.connections import Connection, SamlConnection
from vestibule.domain.expiry_notices import Expiring, certificates
from vestibule.domain.idp_metadata import IdpMetadata, diff, differs, without_offer
from vestibule.errors import refusal
from vestibule.services.organizations import resolve
from vestibule.services.rbac import Actor, authorize
from vestibule.services.runtime import Runtime
from vestibule.storage import Tx
from vestibule.storage.connections import OwnedConnection
from vestibule.storage.logins import LastLogins

MAX_DAYS = 30
MAX_OVERVIEW = 200
URGENT_DAYS, SOON_DAYS = 14, 60
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


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


@dataclass(frozen=True, slots=True)
class Day:
    """The logins that began on one day, UTC."""

    date: date
    accepted: int
    refused: int


async def series(
    rt: Runtime, actor: Actor, organization_name: str, connection_id: str, days: int = 14
) -> list[Day]:
    """The last days, today the last of them; days without a login are in it, with nothing. Test
    logins do not count.

    Raises:
        sso_connection_not_found, field_invalid.
    """
    if not 1 <= days <= MAX_DAYS:
        raise refusal("field_invalid", want=f"1 to {MAX_DAYS} days", got=str(days))

    def work(tx: Tx) -> list[Day]:
        organization = resolve(tx, actor, organization_name, "sso.get_connections")
        if tx.connections.find(organization.organization_id, connection_id) is None:
            raise refusal("sso_connection_not_found", got=connection_id)
        first = rt.now().replace(hour=0, minute=0, second=0, microsecond=0)
        first -= timedelta(days=days - 1)
        counted = {
            (day, outcome): count
            for day, outcome, count in tx.logins.days_of_connection(connection_id, first)
        }
        begin = (first - _EPOCH).days
        return [
            Day(
                (first + timedelta(days=number)).date(),
                counted.get((begin + number, "accepted"), 0),
                counted.get((begin + number, "refused"), 0),
            )
            for number in range(days)
        ]

    return await rt.store.read(work)


@dataclass(frozen=True, slots=True)
class Doing:
    """`days_left` of the certificate that ends first, None where no login leans on one; `accepted`
    and `refused` of the last seven days."""

    days_left: int | None
    accepted: int
    refused: int

    @property
    def refused_share(self) -> float:
        """From 0 to 1; 0 where nobody came."""
        return self.refused / max(1, self.accepted + self.refused)

    @property
    def severity(self) -> tuple[int, float]:
        """Larger is worse: a certificate that has ended, one that ends within two weeks, then how
        many of the logins are refused, then a certificate that ends within two months."""
        left = 10_000 if self.days_left is None else self.days_left
        if left < 0:
            return 4, -left
        if left <= URGENT_DAYS:
            return 3, -left
        if self.refused:
            return 2, self.refused_share
        return (1, -left) if left <= SOON_DAYS else (0, 0)


@dataclass(frozen=True, slots=True)
class Overview(Doing):
    """The same with the connection that does so, and whose it is."""

    connection: Connection
    organization_id: str
    organization_name: str
    last_success: datetime | None


async def overview(rt: Runtime, actor: Actor, limit: int = 50) -> list[Overview]:
    """Connections of the whole project, the worst first. However many there are, what is read is a
    few pages: those that end first, those that refuse most, and others to fill up.

    Raises:
        operation_needs_project_secret, field_invalid.
    """
    authorize(actor, "sso.overview", None)
    if not 1 <= limit <= MAX_OVERVIEW:
        raise refusal("field_invalid", want=f"a limit of 1 to {MAX_OVERVIEW}", got=str(limit))
    project_id = actor.project.project_id

    def work(tx: Tx) -> list[Overview]:
        now = rt.now()
        since = now - timedelta(days=7)
        soon = now + timedelta(days=SOON_DAYS + 1)
        names = [
            *tx.connections.first_to_end(project_id, soon, limit),
            *tx.logins.most_refused(project_id, since, limit),
            *tx.connections.latest_of_project(project_id, limit),
        ]
        ends = tx.connections.ends_of(project_id, list(dict.fromkeys(names)))
        counts = tx.logins.counts_of(list(ends), since)
        known = {
            name: Doing(_days_left(at, now), *counts.get(name, (0, 0))) for name, at in ends.items()
        }
        # Only those that are shown are opened.
        worst = sorted(known, key=lambda name: (known[name].severity, name), reverse=True)[:limit]
        succeeded = tx.logins.last_accepted(worst)
        found = {
            one.connection.connection_id: one
            for one in tx.connections.of_project(project_id, worst)
        }
        return [_overview(found[name], known[name], succeeded.get(name)) for name in worst]

    return await rt.store.read(work)


def _days_left(ends_at: datetime | None, now: datetime) -> int | None:
    return None if ends_at is None else (ends_at - now).days


def _overview(one: OwnedConnection, doing: Doing, last_success: datetime | None) -> Overview:
    return Overview(
        doing.days_left,
        doing.accepted,
        doing.refused,
        one.connection,
        one.organization.organization_id,
        one.organization.name,
        last_success,
    )
