"""An External connection cannot outlive the connection that it leads to."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    connection = sa.table(
        "connection", sa.column("connection_id"), sa.column("source_connection_id")
    )
    source = connection.alias()
    op.execute(
        connection.delete().where(
            connection.c.source_connection_id.not_in(sa.select(source.c.connection_id))
        )
    )
    with op.batch_alter_table("connection") as batch:
        batch.create_foreign_key(
            "fk_connection_source_connection_id",
            "connection",
            ["source_connection_id"],
            ["connection_id"],
        )
