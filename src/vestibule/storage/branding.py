"""Rows of branding. They stand apart from the documents of their owners: a logo is as large as a
hundred organizations, and a list of those does not show it."""

from __future__ import annotations

from dataclasses import replace

import sqlalchemy as sa

from vestibule.domain.branding import Branding
from vestibule.storage.documents import dump, loader
from vestibule.storage.engine import Prepared
from vestibule.storage.tables import branding

_load = loader(Branding)
_FIND = Prepared(
    sa.select(branding.c.owner_id, branding.c.document, branding.c.logo).where(
        branding.c.project_id == sa.bindparam("project_id"),
        sa.or_(
            branding.c.organization_id.is_(None),
            branding.c.organization_id == sa.bindparam("organization_id"),
        ),
    )
)


class BrandingRows:
    def __init__(self, connection: sa.Connection) -> None:
        self._c = connection

    def find(
        self, project_id: str, organization_id: str | None = None
    ) -> tuple[Branding, Branding | None]:
        """The project's, and that of one of its organizations where it has set any."""
        asked = {"project_id": project_id, "organization_id": organization_id or ""}
        rows = _FIND.run(self._c, asked).fetchall()
        found = {row[0]: replace(_load(row[1]), logo=bytes(row[2] or b"")) for row in rows}
        return found.get(project_id, Branding()), found.get(organization_id or "")

    def put(self, project_id: str, organization_id: str | None, value: Branding) -> None:
        """Replace what the owner had; with nothing set nothing is kept."""
        owner = organization_id or project_id
        self._c.execute(branding.delete().where(branding.c.owner_id == owner))
        if value != Branding():
            self._c.execute(
                branding.insert().values(
                    owner_id=owner,
                    project_id=project_id,
                    organization_id=organization_id,
                    document=dump(replace(value, logo=b"")),
                    logo=value.logo or None,
                )
            )
