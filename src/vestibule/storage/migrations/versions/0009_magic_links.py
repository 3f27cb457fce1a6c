"""Magic links and what pages asked of them, proven addresses, and the outbox of mails."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def _owner(table: str, column: str, owner: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_{column}"
    return sa.ForeignKeyConstraint([column], [f"{owner}.{column}"], name=name, ondelete="CASCADE")


def upgrade() -> None:
    op.create_table(
        "magic_link",
        sa.Column("token_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("project_id", sa.String(80), nullable=False),
        sa.Column("member_id", sa.String(80), nullable=True),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name="pk_magic_link"),
        _owner("magic_link", "project_id", "project"),
        _owner("magic_link", "member_id", "member"),
    )
    op.create_index("ix_magic_link_expires_at", "magic_link", ["expires_at"])
    op.create_index("ix_magic_link_member_id", "magic_link", ["member_id"])
    op.create_table(
        "magic_link_request",
        sa.Column("request_id", sa.String(80), nullable=False),
        sa.Column("project_id", sa.String(80), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("request_id", name="pk_magic_link_request"),
        _owner("magic_link_request", "project_id", "project"),
    )
    op.create_index("ix_magic_link_request_asked_at", "magic_link_request", ["asked_at"])
    op.create_table(
        "discovery_session",
        sa.Column("token_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("project_id", sa.String(80), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name="pk_discovery_session"),
        _owner("discovery_session", "project_id", "project"),
    )
    op.create_index("ix_discovery_session_expires_at", "discovery_session", ["expires_at"])
    op.create_table(
        "mail",
        sa.Column("mail_id", sa.String(80), nullable=False),
        sa.Column("project_id", sa.String(80), nullable=False),
        sa.Column("member_id", sa.String(80), nullable=True),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("mail_id", name="pk_mail"),
        _owner("mail", "project_id", "project"),
        _owner("mail", "member_id", "member"),
    )
    op.create_index("ix_mail_due_at", "mail", ["due_at"])
    op.create_index("ix_mail_member_id", "mail", ["member_id"])
    for table in ("magic_link", "magic_link_request", "discovery_session", "mail"):
        op.create_index(f"ix_{table}_project_id", table, ["project_id"])
