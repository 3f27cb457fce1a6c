"""Rows of setup links and of the visits that they opened. Tokens are stored hashed, and a visit
goes with its link, as a link goes with its organization."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from vestibule.domain.organizations import Organization
from vestibule.domain.setup_links import SetupLink, Visit
from vestibule.storage.documents import dump, loader, micros
from vestibule.storage.engine import Prepared, Stale
from vestibule.storage.tables import organization, portal_visit, setup_link

_load = loader(SetupLink)
_load_visit = loader(Visit)
_load_organization = loader(Organization)


class FoundLink(NamedTuple):
    link: SetupLink
    organization: Organization


class FoundVisit(NamedTuple):
    visit: Visit
    link: SetupLink
    organization: Organization


_LINK = Prepared(
    sa.select(setup_link.c.document, organization.c.document.label("organization"))
    .join(organization, organization.c.organization_id == setup_link.c.organization_id)
    .where(setup_link.c.token_hash == sa.bindparam("key"))
)
_VISIT = Prepared(
    sa.select(
        portal_visit.c.document,
        setup_link.c.document.label("link"),
        organization.c.document.label("organization"),
    )
    .join(setup_link, setup_link.c.link_id == portal_visit.c.link_id)
    .join(organization, organization.c.organization_id == setup_link.c.organization_id)
    .where(portal_visit.c.token_hash == sa.bindparam("key"))
)


class SetupLinks:
    def __init__(self, connection: sa.Connection) -> None:
        self._c = connection

    def insert(self, link: SetupLink, token_hash: bytes) -> None:
        self._c.execute(
            setup_link.insert().values(
                link_id=link.link_id,
                organization_id=link.organization_id,
                token_hash=token_hash,
                opened_count=link.opened_count,
                embedded=link.embedded,
                created_at=micros(link.created_at),
                kept_until=micros(link.kept_until),
                document=dump(link),
            )
        )

    def find_by_token(self, token_hash: bytes) -> FoundLink | None:
        row = _LINK.run(self._c, {"key": token_hash}).fetchone()
        return FoundLink(_load(row[0]), _load_organization(row[1])) if row else None

    def find(self, link_id: str) -> SetupLink | None:
        row = self._c.execute(
            sa.select(setup_link.c.document).where(setup_link.c.link_id == link_id)
        ).first()
        return _load(row[0]) if row else None

    def of_organization(self, organization_id: str) -> list[SetupLink]:
        """Every link that is kept, the latest first; tokens of the embedded portal are none."""
        rows = self._c.execute(
            sa.select(setup_link.c.document)
            .where(
                setup_link.c.organization_id == organization_id, setup_link.c.embedded.is_(False)
            )
            .order_by(setup_link.c.created_at.desc(), setup_link.c.link_id)
        )
        return [_load(row[0]) for row in rows]

    def update(self, old: SetupLink, new: SetupLink) -> None:
        """Write a changed link, unless somebody else opened it since `old` was read."""
        done = self._c.execute(
            setup_link.update()
            .where(
                setup_link.c.link_id == old.link_id,
                setup_link.c.opened_count == old.opened_count,
            )
            .values(opened_count=new.opened_count, document=dump(new))
        )
        if done.rowcount != 1:
            raise Stale

    # --- visits -----------------------------------------------------------------------------------

    def insert_visit(self, visit: Visit, token_hash: bytes) -> None:
        self._c.execute(
            portal_visit.insert().values(
                token_hash=token_hash,
                link_id=visit.link_id,
                expires_at=micros(visit.expires_at),
                document=dump(visit),
            )
        )

    def find_visit(self, token_hash: bytes) -> FoundVisit | None:
        row = _VISIT.run(self._c, {"key": token_hash}).fetchone()
        if row is None:
            return None
        return FoundVisit(_load_visit(row[0]), _load(row[1]), _load_organization(row[2]))

    def put_visit(self, visit: Visit, token_hash: bytes) -> None:
        """Write a changed visit; one that has ended meanwhile stays ended."""
        self._c.execute(
            portal_visit.update()
            .where(portal_visit.c.token_hash == token_hash)
            .values(document=dump(visit))
        )

    def delete_visit(self, token_hash: bytes) -> bool:
        done = self._c.execute(portal_visit.delete().where(portal_visit.c.token_hash == token_hash))
        return bool(done.rowcount == 1)

    def delete_visits_of(self, link_ids: list[str]) -> int:
        done = self._c.execute(portal_visit.delete().where(portal_visit.c.link_id.in_(link_ids)))
        return int(done.rowcount)

    def delete_expired(self, now: datetime) -> int:
        """Visits that are over, and links that ended long ago."""
        gone = self._c.execute(
            portal_visit.delete().where(portal_visit.c.expires_at <= micros(now))
        )
        old = self._c.execute(setup_link.delete().where(setup_link.c.kept_until <= micros(now)))
        return int(gone.rowcount + old.rowcount)
