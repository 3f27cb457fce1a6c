"""Drafts of connections and the versions before them; links of test logins."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "connection_version",
        sa.Column("connection_id", sa.String(80), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("connection_id", "number", name="pk_connection_version"),
        sa.ForeignKeyConstraint(
            ["connection_id"],
            ["connection.connection_id"],
            name="fk_connection_version_connection_id",
            ondelete="CASCADE",
        ),
    )
    op.create_table(
        "login_test",
        sa.Column("token_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("connection_id", sa.String(80), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name="pk_login_test"),
        sa.ForeignKeyConstraint(
            ["connection_id"],
            ["connection.connection_id"],
            name="fk_login_test_connection_id",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_login_test_connection_id", "login_test", ["connection_id"])
    op.create_index("ix_login_test_expires_at", "login_test", ["expires_at"])
