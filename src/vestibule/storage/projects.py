"""Rows of projects and of their credentials. Secrets are looked up by their hash."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa

from vestibule.domain.projects import Credential, Project
from vestibule.storage.documents import dump, loader, micros, moment
from vestibule.storage.engine import Prepared, Stale
from vestibule.storage.tables import credential, project

_load = loader(Project)

_BY_ID = Prepared(sa.select(project.c.document).where(project.c.project_id == sa.bindparam("id")))
_BY_SLUGS = Prepared(
    sa.select(project.c.document).where(
        project.c.project_slug == sa.bindparam("slug"),
        project.c.environment_slug == sa.bindparam("environment"),
    )
)
_AUTHENTICATE = Prepared(
    sa.select(
        project.c.project_id, project.c.version, project.c.document, credential.c.credential_id
    )
    .join(project, project.c.project_id == credential.c.project_id)
    .where(
        credential.c.secret_hash == sa.bindparam("hash"), credential.c.kind == sa.bindparam("kind")
    )
)
_ALL = Prepared(sa.select(project.c.document).order_by(project.c.project_id))

# Decoded projects by (id, version): a policy has a few hundred parts and changes rarely.
_decoded: dict[str, Project] = {}


class Projects:
    def __init__(self, connection: sa.Connection) -> None:
        self._c = connection

    def find(self, project_id: str) -> Project | None:
        row = _BY_ID.run(self._c, {"id": project_id}).fetchone()
        return _load(row[0]) if row else None

    def find_by_slugs(self, project_slug: str, environment_slug: str) -> Project | None:
        row = _BY_SLUGS.run(self._c, {"slug": project_slug, "environment": environment_slug})
        found = row.fetchone()
        return _load(found[0]) if found else None

    def authenticate(self, kind: str, secret_hash: bytes) -> tuple[Project, str] | None:
        """The project and the credential's id behind a secret, or None."""
        row = _AUTHENTICATE.run(self._c, {"hash": secret_hash, "kind": kind}).fetchone()
        if row is None:
            return None
        project_id, version, document, credential_id = row
        known = _decoded.get(project_id)
        if known is None or known.version != version:
            known = _decoded[project_id] = _load(document)
        return known, credential_id

    def count(self) -> int:
        return self._c.execute(sa.select(sa.func.count()).select_from(project)).scalar_one()

    def all(self) -> list[Project]:
        return [_load(row[0]) for row in _ALL.run(self._c)]

    def insert(self, new: Project) -> None:
        self._c.execute(project.insert().values(**_row(new)))

    def update(self, new: Project) -> Project:
        """Write a changed project; its version goes up by one."""
        stored = replace(new, version=new.version + 1)
        done = self._c.execute(
            project.update()
            .where(project.c.project_id == new.project_id, project.c.version == new.version)
            .values(**_row(stored))
        )
        if done.rowcount != 1:
            raise Stale
        return stored

    def insert_credential(
        self,
        credential_id: str,
        project_id: str,
        kind: str,
        secret_hash: bytes,
        now: datetime,
        last_four: str = "",
    ) -> None:
        self._c.execute(
            credential.insert().values(
                credential_id=credential_id,
                project_id=project_id,
                kind=kind,
                secret_hash=secret_hash,
                created_at=micros(now),
                last_four=last_four or None,
            )
        )

    def credentials(self, project_id: str) -> list[Credential]:
        """In the order of creation."""
        columns = credential.c
        rows = self._c.execute(
            sa.select(columns.credential_id, columns.kind, columns.created_at, columns.last_four)
            .where(columns.project_id == project_id)
            .order_by(columns.created_at, columns.credential_id)
        )
        return [Credential(row[0], row[1], moment(row[2]), row[3] or "") for row in rows]

    def delete_credential(self, project_id: str, credential_id: str) -> None:
        self._c.execute(
            credential.delete().where(
                credential.c.project_id == project_id,
                credential.c.credential_id == credential_id,
            )
        )

    def public_tokens(self, project_id: str) -> list[str]:
        rows = self._c.execute(
            sa.select(credential.c.credential_id)
            .where(credential.c.project_id == project_id, credential.c.kind == "public_token")
            .order_by(credential.c.created_at)
        )
        return [row[0] for row in rows]


def _row(value: Project) -> dict[str, object]:
    return {
        "project_id": value.project_id,
        "project_slug": value.project_slug,
        "environment_slug": value.environment_slug,
        "version": value.version,
        "document": dump(value),
    }
