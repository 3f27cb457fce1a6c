"""What an identity provider said in a login is kept, sealed, beside the login's trace."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("login_trace", sa.Column("statement_sealed", sa.LargeBinary()))
    op.create_index("ix_login_trace_connection_id", "login_trace", ["connection_id", "started_at"])
