"""Tokens of identity providers are found when they are due, and each lease has a number."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    with op.batch_alter_table("idp_tokens") as batch:
        batch.add_column(sa.Column("due_at", sa.BigInteger(), nullable=True))
        batch.add_column(sa.Column("fence", sa.Integer(), nullable=False, server_default="0"))
    with op.batch_alter_table("idp_tokens") as batch:
        batch.alter_column("fence", server_default=None)
    tokens = sa.table(
        "idp_tokens", sa.column("due_at"), sa.column("expires_at"), sa.column("state")
    )
    # Five minutes ahead. Whether there is a refresh token is sealed; the worker, which has the
    # key, looks once at those that have none.
    op.execute(
        tokens.update()
        .where(tokens.c.state == "current")
        .values(due_at=tokens.c.expires_at - 300_000_000)
    )
    op.create_index("ix_idp_tokens_due_at", "idp_tokens", ["due_at"])
