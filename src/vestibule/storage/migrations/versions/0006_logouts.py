"""Single logout: whose session a provider means, and logouts under way."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    # Sessions from before have no name: a provider's logout does not find them, their end does.
    for table in ("session_connection", "sso_token", "intermediate_session"):
        op.add_column(table, sa.Column("name_hash", sa.LargeBinary(32), nullable=True))
        op.create_index(f"ix_{table}_name_hash", table, ["name_hash"])
    op.create_table(
        "logout_attempt",
        sa.Column("key_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("key_hash", name="pk_logout_attempt"),
    )
    op.create_index("ix_logout_attempt_expires_at", "logout_attempt", ["expires_at"])
    op.create_table(
        "heard_logout",
        sa.Column("name_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("request_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name_hash", "request_hash", name="pk_heard_logout"),
    )
    op.create_index("ix_heard_logout_expires_at", "heard_logout", ["expires_at"])
