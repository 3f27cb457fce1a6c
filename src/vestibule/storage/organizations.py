"""Rows of organizations, and the search over them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from vestibule.domain.attributes import email_domain, email_key
from vestibule.domain.organizations import Organization
from vestibule.storage.documents import dump, loader, micros
from vestibule.storage.engine import Prepared, Stale, plan_for_these_values
from vestibule.storage.tables import connection, member, member_email, organization
from vestibule.storage.tables import organization_domain as domain

_load = loader(Organization)
Condition = sa.ColumnElement[bool]
_source = connection.alias("source")

_BY_ID = Prepared(
    sa.select(organization.c.document).where(
        organization.c.project_id == sa.bindparam("project_id"),
        organization.c.organization_id == sa.bindparam("id"),
    )
)
# Whatever names an organization: its id before an external id before a slug (wire §1.3).
_BY_ANY = Prepared(
    sa.select(
        organization.c.document, organization.c.organization_id, organization.c.external_id
    ).where(
        organization.c.project_id == sa.bindparam("project_id"),
        sa.or_(
            organization.c.organization_id == sa.bindparam("id"),
            organization.c.external_id == sa.bindparam("id"),
            organization.c.slug == sa.bindparam("id"),
        ),
    )
)
_DOCUMENT_AND_VERSION = Prepared(
    sa.select(organization.c.document, organization.c.version).where(
        organization.c.organization_id == sa.bindparam("id")
    )
)
_ACTIVE_CONNECTIONS = Prepared(
    sa.select(connection.c.connection_id, connection.c.display_name, _source.c.identity_provider)
    .join(_source, _source.c.connection_id == connection.c.source_connection_id)
    .where(
        connection.c.organization_id == sa.bindparam("id"),
        connection.c.share_status == "active",
        _source.c.status == "active",
    )
    .order_by(connection.c.created_at, connection.c.connection_id)
)


@dataclass(frozen=True, slots=True)
class ActiveConnection:
    """A door that is open: for an External one with the identity provider behind it."""

    connection_id: str
    display_name: str
    identity_provider: str


class Organizations:
    def __init__(self, connection: sa.Connection) -> None:
        self._c = connection

    def find(self, project_id: str, organization_id: str) -> Organization | None:
        """By its own id only."""
        row = _BY_ID.run(self._c, {"project_id": project_id, "id": organization_id}).fetchone()
        return _load(row[0]) if row else None

    def find_anywhere(self, organization_id: str) -> Organization | None:
        """In whatever project it is."""
        query = sa.select(organization.c.document).where(
            organization.c.organization_id == organization_id
        )
        row = self._c.execute(query).first()
        return _load(row[0]) if row else None

    def find_by_any(self, project_id: str, name: str) -> Organization | None:
        """By id, external id or slug, in this order."""
        rows = _BY_ANY.run(self._c, {"project_id": project_id, "id": name}).fetchall()
        if not rows:
            return None
        best = min(rows, key=lambda row: (row[1] != name, row[2] != name))
        return _load(best[0])

    def find_by_slug(self, project_id: str, slug: str) -> Organization | None:
        """By the slug alone."""
        query = sa.select(organization.c.document).where(
            organization.c.project_id == project_id, organization.c.slug == slug
        )
        row = self._c.execute(query).first()
        return _load(row[0]) if row else None

    def find_all_by_any(self, project_id: str, names: Sequence[str]) -> dict[str, Organization]:
        """The same for many names in one query; a name of nobody is left out."""
        chosen = list(set(names))
        query = sa.select(
            organization.c.document,
            organization.c.organization_id,
            organization.c.external_id,
            organization.c.slug,
        ).where(
            organization.c.project_id == project_id,
            sa.or_(
                organization.c.organization_id.in_(chosen),
                organization.c.external_id.in_(chosen),
                organization.c.slug.in_(chosen),
            ),
        )
        rows = self._c.execute(query).all()
        # The strongest name is written last.
        by_name = {
            row[column]: row[0] for column in (3, 2, 1) for row in rows if row[column] is not None
        }
        return {name: _load(by_name[name]) for name in chosen if name in by_name}

    def names(self, project_id: str, organization_ids: Sequence[str]) -> dict[str, str]:
        """What those of these ids that there are are called."""
        query = sa.select(organization.c.organization_id, organization.c.document).where(
            organization.c.project_id == project_id,
            organization.c.organization_id.in_(list(organization_ids)),
        )
        return {row[0]: _load(row[1]).name for row in self._c.execute(query)}

    def count_email_rules(self, project_id: str, role_id: str) -> int:
        """How many rules of the project's organizations give a role to a domain of addresses."""
        rows = self._c.execute(
            sa.select(organization.c.document).where(
                organization.c.project_id == project_id,
                organization.c.document.contains(dump(role_id), autoescape=True),
            )
        )
        found = [_load(row[0]).settings.rbac_email_implicit_role_assignments for row in rows]
        return sum(rule.role_id == role_id for rules in found for rule in rules)

    def slug_taken(self, project_id: str, slug: str) -> bool:
        return self._exists(project_id, organization.c.slug == slug)

    def external_id_taken(self, project_id: str, external_id: str) -> bool:
        return self._exists(project_id, organization.c.external_id == external_id)

    def _exists(self, project_id: str, condition: Condition) -> bool:
        query = sa.select(sa.literal(1)).where(organization.c.project_id == project_id, condition)
        return self._c.execute(query.limit(1)).first() is not None

    def insert(self, new: Organization) -> None:
        self._c.execute(organization.insert().values(**_row(new), version=1))
        self._put_domains(new)

    def update(self, new: Organization) -> None:
        """Write a changed organization, unless somebody else changed it since it was read here."""
        row = _DOCUMENT_AND_VERSION.run(self._c, {"id": new.organization_id}).fetchone()
        if row is None:
            raise Stale
        done = self._c.execute(
            organization.update()
            .where(
                organization.c.organization_id == new.organization_id,
                organization.c.version == row[1],
            )
            .values(**_row(new), version=row[1] + 1)
        )
        if done.rowcount != 1:
            raise Stale
        old = _load(row[0])
        if _domains(old) != _domains(new):
            self._c.execute(domain.delete().where(domain.c.organization_id == new.organization_id))
            self._put_domains(new)

    def _put_domains(self, new: Organization) -> None:
        rows = [
            {"organization_id": new.organization_id, "kind": kind, "domain": name}
            for kind, name in sorted(_domains(new))
        ]
        if rows:
            self._c.execute(domain.insert(), rows)

    def delete(self, organization_id: str) -> None:
        """Delete it with everything that it owns. What others built on it is the caller's to end
        first."""
        self._c.execute(
            organization.delete().where(organization.c.organization_id == organization_id)
        )

    def active_connections(self, organization_id: str) -> list[ActiveConnection]:
        rows = _ACTIVE_CONNECTIONS.run(self._c, {"id": organization_id})
        return [ActiveConnection(*row) for row in rows]

    def active_connections_of(
        self, organization_ids: Sequence[str]
    ) -> dict[str, list[ActiveConnection]]:
        """The same for many organizations in one query."""
        found: dict[str, list[ActiveConnection]] = {name: [] for name in organization_ids}
        if not found:
            return found
        query = (
            sa.select(
                connection.c.organization_id,
                connection.c.connection_id,
                connection.c.display_name,
                _source.c.identity_provider,
            )
            .join(_source, _source.c.connection_id == connection.c.source_connection_id)
            .where(
                connection.c.organization_id.in_(list(organization_ids)),
                connection.c.share_status == "active",
                _source.c.status == "active",
            )
            .order_by(connection.c.created_at, connection.c.connection_id)
        )
        for organization_id, *rest in self._c.execute(query):
            found[organization_id].append(ActiveConnection(*rest))
        return found

    def of_address(self, project_id: str, address: str, *, limit: int) -> list[Organization]:
        """Those of which the address is a member's, and those that name its domain."""
        host = email_domain(address)
        member_of = sa.select(member_email.c.organization_id).where(
            member_email.c.email_key == email_key(address), member_email.c.retired.is_(False)
        )
        named_in = sa.select(domain.c.organization_id).where(domain.c.domain == host)
        rows = self._c.execute(
            sa.select(organization.c.document)
            .where(
                organization.c.project_id == project_id,
                organization.c.organization_id.in_(sa.union(member_of, named_in)),
            )
            .order_by(organization.c.created_at, organization.c.organization_id)
            .limit(limit)
        )
        return [_load(row[0]) for row in rows]

    def members_of(self, organization_ids: Sequence[str], address: str) -> set[str]:
        """In which of these the address is a member's."""
        rows = self._c.execute(
            sa.select(member_email.c.organization_id).where(
                member_email.c.organization_id.in_(list(organization_ids)),
                member_email.c.email_key == email_key(address),
                member_email.c.retired.is_(False),
            )
        )
        return {row[0] for row in rows}

    def count_members(self, organization_id: str) -> int:
        query = (
            sa.select(sa.func.count())
            .select_from(member)
            .where(member.c.organization_id == organization_id, member.c.status != "deleted")
        )
        return self._c.execute(query).scalar_one()

    def search(
        self,
        project_id: str,
        conditions: Sequence[Condition],
        *,
        match_all: bool,
        after: tuple[int, str] | None,
        limit: int,
    ) -> tuple[list[Organization], int, tuple[int, str] | None]:
        """A page in the order of creation, the number of all matches, and where the next begins."""
        plan_for_these_values(self._c)
        where: list[Condition] = [organization.c.project_id == project_id]
        if conditions:
            where.append(sa.and_(*conditions) if match_all else sa.or_(*conditions))
        page = sa.select(
            organization.c.document, organization.c.created_at, organization.c.organization_id
        ).where(*where)
        if after is not None:
            page = page.where(
                sa.tuple_(organization.c.created_at, organization.c.organization_id)
                > sa.tuple_(sa.literal(after[0]), sa.literal(after[1]))
            )
        ordered = page.order_by(organization.c.created_at, organization.c.organization_id)
        rows = self._c.execute(ordered.limit(limit + 1)).all()
        if after is None and len(rows) <= limit:
            total = len(rows)
        else:
            count = sa.select(sa.func.count()).select_from(organization).where(*where)
            total = self._c.execute(count).scalar_one()
        more = (rows[limit - 1][1], rows[limit - 1][2]) if len(rows) > limit else None
        return [_load(row[0]) for row in rows[:limit]], total, more


# --- filters of the search (wire §2.2) ----------------------------------------------------------


def with_ids(ids: Sequence[str]) -> Condition:
    return organization.c.organization_id.in_(list(ids))


def with_slugs(slugs: Sequence[str]) -> Condition:
    return organization.c.slug.in_(list(slugs))


def slug_contains(part: str) -> Condition:
    return sa.func.lower(organization.c.slug).contains(part.lower(), autoescape=True)


def name_contains(part: str) -> Condition:
    return organization.c.name_key.contains(part.lower(), autoescape=True)


def with_member_emails(keys: Sequence[str]) -> Condition:
    return organization.c.organization_id.in_(
        sa.select(member_email.c.organization_id).where(
            member_email.c.email_key.in_(list(keys)), sa.not_(member_email.c.retired)
        )
    )


def member_email_contains(part: str) -> Condition:
    return organization.c.organization_id.in_(
        sa.select(member_email.c.organization_id).where(
            member_email.c.email_key.contains(part.lower(), autoescape=True),
            sa.not_(member_email.c.retired),
        )
    )


def with_domains(kind: str, domains: Sequence[str]) -> Condition:
    return organization.c.organization_id.in_(
        sa.select(domain.c.organization_id).where(
            domain.c.kind == kind, domain.c.domain.in_([name.lower() for name in domains])
        )
    )


def domain_contains(kind: str, part: str) -> Condition:
    return organization.c.organization_id.in_(
        sa.select(domain.c.organization_id).where(
            domain.c.kind == kind, domain.c.domain.contains(part.lower(), autoescape=True)
        )
    )


def with_active_connection(wanted: bool) -> Condition:
    has = (
        sa.select(sa.literal(1))
        .select_from(
            connection.join(_source, _source.c.connection_id == connection.c.source_connection_id)
        )
        .where(
            connection.c.organization_id == organization.c.organization_id,
            connection.c.share_status == "active",
            _source.c.status == "active",
        )
        .exists()
    )
    return has if wanted else sa.not_(has)


def with_connection(connection_id: str) -> Condition:
    return organization.c.organization_id.in_(
        sa.select(connection.c.organization_id).where(connection.c.connection_id == connection_id)
    )


def _domains(value: Organization) -> set[tuple[str, str]]:
    return {("allowed", name) for name in value.settings.email_allowed_domains} | {
        ("claimed", name) for name in value.settings.claimed_email_domains
    }


def _row(value: Organization) -> dict[str, object]:
    return {
        "organization_id": value.organization_id,
        "project_id": value.project_id,
        "slug": value.slug,
        "external_id": value.external_id,
        "name_key": value.name.lower(),
        "created_at": micros(value.created_at),
        "document": dump(value),
    }
