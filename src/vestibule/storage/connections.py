"""Rows of connections, of all three kinds, and the route of a login in one query.

Private keys and client secrets are sealed apart from the document, so that a list never opens
them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from vestibule.domain.connections import (
    Connection,
    EncryptionKey,
    ExternalConnection,
    LoginRoute,
    OidcConnection,
    SamlConnection,
    ShareStatus,
    SigningKeyPair,
    SourceConnection,
)
from vestibule.domain.expiry_notices import first_end, first_notice
from vestibule.domain.organizations import Organization
from vestibule.domain.rbac import RoleRules
from vestibule.storage import role_sources
from vestibule.storage.documents import dump, loader, micros, moment
from vestibule.storage.engine import Prepared, Stale
from vestibule.storage.sealed import KeyRing
from vestibule.storage.tables import connection, organization, registration, session, sso_token
from vestibule.storage.tables import session_connection as standing


@dataclass(frozen=True, slots=True)
class Secrets:
    signing_keys: tuple[SigningKeyPair, ...] = ()
    encryption_keys: tuple[EncryptionKey, ...] = ()
    client_secret: str = ""
    client_key: SigningKeyPair | None = None


@dataclass(frozen=True, slots=True)
class OwnedConnection:
    connection: Connection
    organization: Organization


@dataclass(frozen=True, slots=True)
class SharedRow:
    """An External connection between the two organizations that it joins."""

    owner: Organization
    source_id: str
    source_name: str
    source_kind: str
    receiver: Organization
    external: ExternalConnection


_load_saml = loader(SamlConnection)
_load_oidc = loader(OidcConnection)
_load_external = loader(ExternalConnection)
load_secrets = loader(Secrets)
# A search reads the rules of every connection, a page those of every registration on it.
load_rules = lru_cache(maxsize=16_384)(loader(RoleRules))
_load_organization = loader(Organization)


def without_secrets(value: SourceConnection) -> tuple[SourceConnection, Secrets]:
    """The connection as its document says it, and what is sealed apart from it."""
    if isinstance(value, SamlConnection):
        held = Secrets(value.signing_keys, value.encryption_keys)
        return replace(value, signing_keys=(), encryption_keys=()), held
    held = Secrets(client_secret=value.client_secret, client_key=value.client_key)
    return replace(value, client_secret="", client_key=None), held


def with_secrets(public: SourceConnection, held: Secrets) -> SourceConnection:
    if isinstance(public, SamlConnection):
        return replace(public, signing_keys=held.signing_keys, encryption_keys=held.encryption_keys)
    return replace(public, client_secret=held.client_secret, client_key=held.client_key)


_source = connection.alias("source")
_COLUMNS = (connection.c.kind, connection.c.document, connection.c.sealed)

_BY_ID = Prepared(
    sa.select(*_COLUMNS).where(
        connection.c.organization_id == sa.bindparam("organization_id"),
        connection.c.connection_id == sa.bindparam("id"),
    )
)
_LIST = Prepared(
    sa.select(*_COLUMNS)
    .where(connection.c.organization_id == sa.bindparam("organization_id"))
    .order_by(connection.c.created_at, connection.c.connection_id)
)
_ROUTE = Prepared(
    sa.select(
        connection.c.kind,
        connection.c.document,
        _source.c.connection_id.label("source_id"),
        _source.c.kind.label("source_kind"),
        _source.c.document.label("source_document"),
        _source.c.sealed,
        organization.c.document.label("organization_document"),
    )
    .select_from(
        connection.join(_source, _source.c.connection_id == connection.c.source_connection_id).join(
            organization, organization.c.organization_id == connection.c.organization_id
        )
    )
    .where(
        organization.c.project_id == sa.bindparam("project_id"),
        connection.c.connection_id == sa.bindparam("id"),
    )
)
_SOURCE_ROUTE = Prepared(
    sa.select(*_COLUMNS, organization.c.document.label("organization"), organization.c.project_id)
    .join(organization, organization.c.organization_id == connection.c.organization_id)
    .where(connection.c.connection_id == sa.bindparam("id"), connection.c.kind != "external")
)
_DEPENDANTS = Prepared(
    sa.select(*_COLUMNS)
    .where(connection.c.source_connection_id == sa.bindparam("id"), connection.c.kind == "external")
    .order_by(connection.c.created_at, connection.c.connection_id)
)


# Sources by what their row says, opened: a login asks three times for the same one, and unsealing
# and decoding cost more than the query. Another row is another place, so nothing here can be old.
_opened: dict[tuple[str, str, bytes | None], SourceConnection] = {}
_MAX_OPENED = 2048


class Connections:
    def __init__(self, connection: sa.Connection, ring: KeyRing) -> None:
        self._c = connection
        self._ring = ring

    def find(self, organization_id: str, connection_id: str) -> Connection | None:
        """A connection of this organization; one of another organization does not exist here."""
        parameters = {"organization_id": organization_id, "id": connection_id}
        row = _BY_ID.run(self._c, parameters).fetchone()
        return self._read(*row) if row else None

    def all_of(self, organization_id: str) -> list[Connection]:
        """In the order of creation, pending ones too."""
        rows = _LIST.run(self._c, {"organization_id": organization_id})
        return [self._read(*row) for row in rows]

    def route(self, project_id: str, connection_id: str) -> LoginRoute | None:
        """Where a login through this connection enters and who vouches for it, in one query."""
        row = _ROUTE.run(self._c, {"project_id": project_id, "id": connection_id}).fetchone()
        if row is None:
            return None
        kind, document, source_id, source_kind, source_document, sealed, owner = row
        place = (source_id, source_document, sealed)
        source = _opened.get(place)
        if source is None:
            source = self._read_source(source_kind, source_document, sealed)
            if len(_opened) >= _MAX_OPENED:
                _opened.pop(next(iter(_opened)))
            _opened[place] = source
        target = _load_external(document) if kind == "external" else source
        return LoginRoute(target, source, _load_organization(owner))

    def source_route(self, connection_id: str) -> tuple[LoginRoute, str] | None:
        """The direct route through a SAML or OIDC connection, and the id of its project."""
        row = _SOURCE_ROUTE.run(self._c, {"id": connection_id}).fetchone()
        if row is None:
            return None
        kind, document, sealed, owner, project_id = row
        source = self._read_source(kind, document, sealed)
        return LoginRoute(source, source, _load_organization(owner)), project_id

    def dependants(self, connection_id: str) -> list[ExternalConnection]:
        """The External connections that lead here, of every organization."""
        rows = _DEPENDANTS.run(self._c, {"id": connection_id})
        return [_load_external(row[1]) for row in rows]

    def receivers(self, connection_id: str) -> list[tuple[ExternalConnection, Organization]]:
        """The same, each with the organization that it lets people into, in the order of
        creation."""
        rows = self._c.execute(
            sa.select(connection.c.document, organization.c.document)
            .join(organization, organization.c.organization_id == connection.c.organization_id)
            .where(
                connection.c.source_connection_id == connection_id, connection.c.kind == "external"
            )
            .order_by(connection.c.created_at, connection.c.connection_id)
        )
        return [(_load_external(row[0]), _load_organization(row[1])) for row in rows]

    def receivers_of(self, organization_id: str) -> list[str]:
        """The names of other organizations that enter through connections of this one, a name for
        each External connection."""
        rows = self._c.execute(
            sa.select(organization.c.document)
            .join(connection, connection.c.organization_id == organization.c.organization_id)
            .where(
                connection.c.source_organization_id == organization_id,
                connection.c.organization_id != organization_id,
                connection.c.kind == "external",
            )
            .order_by(connection.c.created_at, connection.c.connection_id)
        )
        return [_load_organization(row[0]).name for row in rows]

    def usage(self, connection_ids: Sequence[str]) -> tuple[int, int]:
        """How many people are registered with these connections, and how many sessions stand
        on them."""
        ids = list(connection_ids)
        registered = (
            sa.select(sa.func.count())
            .select_from(registration)
            .where(registration.c.connection_id.in_(ids))
            .scalar_subquery()
        )
        standing_on = (
            sa.select(sa.func.count(sa.distinct(standing.c.session_id)))
            .where(standing.c.connection_id.in_(ids))
            .scalar_subquery()
        )
        people, sessions = self._c.execute(sa.select(registered, standing_on)).one()
        return people, sessions

    def external_exists(self, organization_id: str, source_connection_id: str) -> bool:
        query = sa.select(sa.literal(1)).where(
            connection.c.organization_id == organization_id,
            connection.c.source_connection_id == source_connection_id,
            connection.c.kind == "external",
        )
        return self._c.execute(query).first() is not None

    def insert(self, new: Connection) -> None:
        self._c.execute(connection.insert().values(**self._row(new), version=1))

    def update(self, new: Connection) -> None:
        """Write a changed connection, unless somebody else changed it meanwhile."""
        version = self._c.execute(
            sa.select(connection.c.version).where(connection.c.connection_id == new.connection_id)
        ).scalar()
        done = self._c.execute(
            connection.update()
            .where(connection.c.connection_id == new.connection_id, connection.c.version == version)
            .values(**self._row(new), version=(version or 0) + 1)
        )
        if done.rowcount != 1:
            raise Stale

    def delete(self, connection_ids: Sequence[str]) -> int:
        """Delete connections with their registrations, and end the sessions that stand on them.

        Returns how many sessions ended.
        """
        ended = self.forget_people(connection_ids)
        self._c.execute(
            connection.delete().where(connection.c.connection_id.in_(list(connection_ids)))
        )
        return ended

    def forget_people(self, connection_ids: Sequence[str]) -> int:
        """Delete the registrations of connections, with the provider's tokens and the one-time
        tokens of logins, and end the sessions. Returns how many sessions ended."""
        ended = self.end_sessions(connection_ids)
        role_sources.forget_connections(self._c, connection_ids)
        for table in (registration, sso_token):
            self._c.execute(table.delete().where(table.c.connection_id.in_(list(connection_ids))))
        return ended

    def end_sessions(self, connection_ids: Sequence[str], member_id: str | None = None) -> int:
        """End every session with a factor of these connections, or only this member's."""
        query = session.delete().where(
            session.c.session_id.in_(
                sa.select(standing.c.session_id).where(
                    standing.c.connection_id.in_(list(connection_ids))
                )
            )
        )
        if member_id is not None:
            query = query.where(session.c.member_id == member_id)
        return self._c.execute(query).rowcount

    def of_project(self, project_id: str, connection_ids: Sequence[str]) -> list[OwnedConnection]:
        """Those of these connections that are of this project, each with its organization."""
        rows = self._c.execute(
            sa.select(*_COLUMNS, organization.c.document.label("organization_document"))
            .join(organization, organization.c.organization_id == connection.c.organization_id)
            .where(
                organization.c.project_id == project_id,
                connection.c.connection_id.in_(list(connection_ids)),
            )
        )
        return [OwnedConnection(self._read(*row[:3]), _load_organization(row[3])) for row in rows]

    def ends_of(self, project_id: str, connection_ids: Sequence[str]) -> dict[str, datetime | None]:
        """When the first certificate of each of these ends, as far as they are of this project."""
        rows = self._c.execute(
            sa.select(connection.c.connection_id, connection.c.ends_at)
            .join(organization, organization.c.organization_id == connection.c.organization_id)
            .where(
                organization.c.project_id == project_id,
                connection.c.connection_id.in_(list(connection_ids)),
            )
        )
        return {name: None if at is None else moment(at) for name, at in rows}

    def first_to_end(self, project_id: str, before: datetime, limit: int) -> list[str]:
        """Those of a project whose certificates end before then, the first to end first."""
        return self._ids(
            sa.select(connection.c.connection_id)
            .join(organization, organization.c.organization_id == connection.c.organization_id)
            .where(organization.c.project_id == project_id, connection.c.ends_at < micros(before))
            .order_by(connection.c.ends_at, connection.c.connection_id)
            .limit(limit)
        )

    def latest_of_project(self, project_id: str, limit: int) -> list[str]:
        """Some of a project, those of its latest organizations first."""
        latest = (
            sa.select(organization.c.organization_id, organization.c.created_at)
            .where(organization.c.project_id == project_id)
            .order_by(organization.c.created_at.desc(), organization.c.organization_id.desc())
            .limit(limit)
            .subquery()
        )
        return self._ids(
            sa.select(connection.c.connection_id)
            .join(latest, latest.c.organization_id == connection.c.organization_id)
            .order_by(latest.c.created_at.desc(), connection.c.connection_id)
            .limit(limit)
        )

    def _ids(self, query: sa.Select[Any]) -> list[str]:
        return [row[0] for row in self._c.execute(query)]

    def shared_in(
        self, project_id: str, limit: int, organization_id: str | None = None
    ) -> list[SharedRow]:
        """The External connections of a project with what they lead to, the latest first; of one
        organization those that it owns the source of and those that it enters people through."""
        owner = organization.alias("owner")
        where = [organization.c.project_id == project_id, connection.c.kind == "external"]
        if organization_id is not None:
            where.append(
                sa.or_(
                    connection.c.organization_id == organization_id,
                    _source.c.organization_id == organization_id,
                )
            )
        rows = self._c.execute(
            sa.select(
                owner.c.document.label("owner_document"),
                _source.c.connection_id.label("source_id"),
                _source.c.display_name.label("source_name"),
                _source.c.kind.label("source_kind"),
                organization.c.document.label("receiver_document"),
                connection.c.document,
            )
            .select_from(
                connection.join(
                    _source, _source.c.connection_id == connection.c.source_connection_id
                )
                .join(organization, organization.c.organization_id == connection.c.organization_id)
                .join(owner, owner.c.organization_id == _source.c.organization_id)
            )
            .where(*where)
            .order_by(connection.c.created_at.desc(), connection.c.connection_id)
            .limit(limit)
        )
        return [
            SharedRow(
                _load_organization(row[0]),
                row[1],
                row[2],
                row[3],
                _load_organization(row[4]),
                _load_external(row[5]),
            )
            for row in rows
        ]

    def rules_of(self, organization_ids: Sequence[str]) -> list[tuple[str, RoleRules]]:
        """The role rules of every open connection of these organizations."""
        rows = self._c.execute(
            sa.select(connection.c.connection_id, connection.c.rules)
            .join(_source, _source.c.connection_id == connection.c.source_connection_id)
            .where(
                connection.c.organization_id.in_(list(organization_ids)),
                connection.c.share_status == "active",
                _source.c.status == "active",
            )
        )
        return [(row[0], load_rules(row[1])) for row in rows]

    def count_rules(self, project_id: str, role_id: str) -> int:
        """How many role rules of the project's connections name a role."""
        rows = self._c.execute(
            sa.select(connection.c.rules)
            .join(organization, organization.c.organization_id == connection.c.organization_id)
            .where(
                organization.c.project_id == project_id,
                connection.c.rules.contains(dump(role_id), autoescape=True),
            )
        )
        found = [load_rules(row[0]) for row in rows]
        return sum(
            rules.connection.count(role_id) + sum(one.role_id == role_id for one in rules.groups)
            for rules in found
        )

    def count(self, organization_id: str) -> int:
        query = (
            sa.select(sa.func.count())
            .select_from(connection)
            .where(connection.c.organization_id == organization_id)
        )
        return self._c.execute(query).scalar_one()

    def _read(self, kind: str, document: str, sealed: bytes | None) -> Connection:
        if kind == "external":
            return _load_external(document)
        return self._read_source(kind, document, sealed)

    def _read_source(self, kind: str, document: str, sealed: bytes | None) -> SourceConnection:
        public = _load_saml(document) if kind == "saml" else _load_oidc(document)
        return with_secrets(public, self._open(public.connection_id, sealed))

    def _open(self, connection_id: str, sealed: bytes | None) -> Secrets:
        if sealed is None:
            return Secrets()
        return load_secrets(self._ring.open(sealed, f"connection {connection_id}"))

    def _row(self, value: Connection) -> dict[str, object]:
        share_status: ShareStatus = "active"
        source_id, source_organization = value.connection_id, value.organization_id
        identity_provider, sealed = "", None
        public: Connection = value
        if isinstance(value, ExternalConnection):
            share_status = value.share_status
            source_id = value.external_connection_id
            source_organization = value.external_organization_id
        else:
            identity_provider = value.identity_provider
            public, secrets = without_secrets(value)
            sealed = self._seal(value.connection_id, secrets)
        notice, ends = first_notice(value), first_end(value)
        return {
            "connection_id": value.connection_id,
            "organization_id": value.organization_id,
            "kind": value.kind,
            "status": value.status,
            "share_status": share_status,
            "source_connection_id": source_id,
            "source_organization_id": source_organization,
            "identity_provider": identity_provider,
            "display_name": value.display_name,
            "created_at": micros(value.created_at),
            "rules": dump(value.rules),
            "next_notice_at": None if notice is None else micros(notice),
            "ends_at": None if ends is None else micros(ends),
            "document": dump(public),
            "sealed": sealed,
        }

    def _seal(self, connection_id: str, secrets: Secrets) -> bytes | None:
        if secrets == Secrets():
            return None
        return self._ring.seal(dump(secrets).encode(), f"connection {connection_id}")
