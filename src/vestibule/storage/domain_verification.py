"""Rows of claims to domains. In a project one claim to a domain is verified at most; the database
sees to it, whatever two organizations do at once."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from vestibule.domain.domain_verification import DomainClaim
from vestibule.storage.documents import dump, loader, micros
from vestibule.storage.engine import Prepared
from vestibule.storage.tables import domain_claim

_load = loader(DomainClaim)
_OWNER = Prepared(
    sa.select(domain_claim.c.document).where(
        domain_claim.c.project_id == sa.bindparam("project_id"),
        domain_claim.c.verified_domain == sa.bindparam("domain"),
    )
)
_DUE = (
    sa.select(domain_claim.c.organization_id, domain_claim.c.domain)
    .where(domain_claim.c.due_at <= sa.bindparam("now"))
    .order_by(domain_claim.c.due_at)
    .limit(sa.bindparam("most"))
    # Where several take at once, each takes others. SQLite has one writer at a time anyway.
    .with_for_update(skip_locked=True)
    .cte("due")
)
_CLAIM_DUE = Prepared(
    domain_claim.update()
    .where(
        domain_claim.c.due_at <= sa.bindparam("now"),
        sa.tuple_(domain_claim.c.organization_id, domain_claim.c.domain).in_(
            sa.select(_DUE.c.organization_id, _DUE.c.domain)
        ),
    )
    .values(due_at=sa.bindparam("until"))
    .returning(domain_claim.c.document)
)


class DomainClaims:
    def __init__(self, connection: sa.Connection) -> None:
        self._c = connection

    def find(self, organization_id: str, domain: str) -> DomainClaim | None:
        row = self._c.execute(
            sa.select(domain_claim.c.document).where(
                domain_claim.c.organization_id == organization_id, domain_claim.c.domain == domain
            )
        ).first()
        return _load(row[0]) if row else None

    def of_organization(self, organization_id: str) -> list[DomainClaim]:
        rows = self._c.execute(
            sa.select(domain_claim.c.document)
            .where(domain_claim.c.organization_id == organization_id)
            .order_by(domain_claim.c.domain)
        )
        return [_load(row[0]) for row in rows]

    def owner(self, project_id: str, domain: str) -> DomainClaim | None:
        """The one verified claim to a domain."""
        row = _OWNER.run(self._c, {"project_id": project_id, "domain": domain}).fetchone()
        return _load(row[0]) if row else None

    def insert(self, new: DomainClaim) -> None:
        self._c.execute(domain_claim.insert().values(**_row(new)))

    def update(self, new: DomainClaim) -> None:
        self._c.execute(
            domain_claim.update()
            .where(
                domain_claim.c.organization_id == new.organization_id,
                domain_claim.c.domain == new.domain,
            )
            .values(**_row(new))
        )

    def delete(self, organization_id: str, domain: str) -> bool:
        done = self._c.execute(
            domain_claim.delete().where(
                domain_claim.c.organization_id == organization_id, domain_claim.c.domain == domain
            )
        )
        return bool(done.rowcount == 1)

    def claim_due(self, now: datetime, until: datetime, most: int) -> list[DomainClaim]:
        """Take at most so many that are due; nobody else gets them before `until`."""
        asked = {"now": micros(now), "until": micros(until), "most": most}
        return [_load(row[0]) for row in _CLAIM_DUE.run(self._c, asked).fetchall()]


def _row(claim: DomainClaim) -> dict[str, object]:
    return {
        "organization_id": claim.organization_id,
        "domain": claim.domain,
        "project_id": claim.project_id,
        "verified_domain": claim.domain if claim.verified else None,
        "due_at": micros(claim.due_at) if claim.due_at else None,
        "document": dump(claim),
    }
