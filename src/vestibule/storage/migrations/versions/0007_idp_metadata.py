"""Metadata of identity providers that is read again, and notices of expiry."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "idp_metadata",
        sa.Column("connection_id", sa.String(80), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("tried_at", sa.BigInteger(), nullable=False),
        sa.Column("next_notice_at", sa.BigInteger(), nullable=True),
        sa.Column("lease_until", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("connection_id", name="pk_idp_metadata"),
        sa.ForeignKeyConstraint(
            ["connection_id"],
            ["connection.connection_id"],
            name="fk_idp_metadata_connection_id",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_idp_metadata_due_at", "idp_metadata", ["due_at"])
    op.create_index("ix_idp_metadata_next_notice_at", "idp_metadata", ["next_notice_at"])
    op.create_table(
        "expiry_notice",
        sa.Column("connection_id", sa.String(80), nullable=False),
        sa.Column("subject", sa.String(80), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False, autoincrement=False),
        sa.PrimaryKeyConstraint("connection_id", "subject", "days", name="pk_expiry_notice"),
        sa.ForeignKeyConstraint(
            ["connection_id"],
            ["connection.connection_id"],
            name="fk_expiry_notice_connection_id",
            ondelete="CASCADE",
        ),
    )
    op.add_column("connection", sa.Column("next_notice_at", sa.BigInteger(), nullable=True))
    op.create_index("ix_connection_next_notice_at", "connection", ["next_notice_at"])
    refused = sa.text("outcome = 'refused'")
    op.create_index(
        "ix_login_trace_refused",
        "login_trace",
        ["connection_id", "started_at"],
        sqlite_where=refused,
        postgresql_where=refused,
    )
    connections = sa.table("connection", sa.column("kind"), sa.column("next_notice_at"))
    # Our own certificates are sealed here. The worker, which has the key, looks once at each.
    op.execute(
        connections.update().where(connections.c.kind != "external").values(next_notice_at=0)
    )
