"""Bringing a database to the schema of this version. Alembic is loaded only when it has to work."""

from __future__ import annotations

import sqlalchemy as sa

from vestibule.errors import refusal
from vestibule.storage.engine import Engine

HEAD = "0012"


def revision(engine: Engine) -> str | None:
    """The schema's revision, or None for an empty database.

    Raises:
        database_unavailable: it does not answer, or does not let us in.
    """
    try:
        with engine.engine.connect() as connection:
            if not sa.inspect(connection).has_table("alembic_version"):
                return None
            return connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
    except sa.exc.OperationalError as error:
        raise refusal("database_unavailable", detail=str(error.orig)) from error


def migrate(engine: Engine) -> str:
    """Run what is missing, in one transaction. Returns the revision."""
    upgrade(engine, HEAD)
    return require_current(engine)


def upgrade(engine: Engine, target: str) -> None:
    """Go up to a revision and no further."""
    if revision(engine) != target:
        from alembic import command  # noqa: PLC0415 - 150 ms that a running server does not need
        from alembic.config import Config  # noqa: PLC0415

        config = Config()
        config.set_main_option("script_location", "vestibule.storage:migrations")
        with engine.migration() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, target)


def require_current(engine: Engine) -> str:
    """Refuse to work on another schema than this version's."""
    found = revision(engine)
    if found != HEAD:
        raise refusal("database_not_migrated", want=f"revision {HEAD}", got=found or "none")
    return found
