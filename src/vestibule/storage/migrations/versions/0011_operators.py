"""Operators and their visits, branding, and what audit events, logins and keys are searched by."""

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

_CHUNK = 5_000
_REFUSED = sa.text("outcome = 'refused'")


def upgrade() -> None:
    _operators()
    _branding()
    op.add_column("credential", sa.Column("last_four", sa.String(4), nullable=True))
    _audit_events()
    _login_traces()
    _connections()


def _operators() -> None:
    op.create_table(
        "operator",
        sa.Column("operator_id", sa.String(80), nullable=False),
        sa.Column("email_key", sa.String(254), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("operator_id", name="pk_operator"),
        sa.UniqueConstraint("email_key", name="uq_operator_email_key"),
    )
    op.create_table(
        "operator_session",
        sa.Column("token_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("operator_id", sa.String(80), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name="pk_operator_session"),
        sa.ForeignKeyConstraint(
            ["operator_id"],
            ["operator.operator_id"],
            name="fk_operator_session_operator_id",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_operator_session_operator_id", "operator_session", ["operator_id"])
    op.create_index("ix_operator_session_expires_at", "operator_session", ["expires_at"])
    op.create_table(
        "operator_failure",
        sa.Column("email_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("locked_until", sa.BigInteger(), nullable=True),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("email_hash", name="pk_operator_failure"),
    )
    op.create_index("ix_operator_failure_expires_at", "operator_failure", ["expires_at"])


def _branding() -> None:
    op.create_table(
        "branding",
        sa.Column("owner_id", sa.String(80), nullable=False),
        sa.Column("project_id", sa.String(80), nullable=False),
        sa.Column("organization_id", sa.String(80), nullable=True),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("logo", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("owner_id", name="pk_branding"),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["project.project_id"],
            name="fk_branding_project_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.organization_id"],
            name="fk_branding_organization_id",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_branding_project_id", "branding", ["project_id"])
    op.create_index("ix_branding_organization_id", "branding", ["organization_id"])


def _audit_events() -> None:
    with op.batch_alter_table("audit_event") as batch:
        batch.add_column(sa.Column("actor", sa.String(254)))
        batch.add_column(sa.Column("target", sa.String(254)))
    event = sa.table(
        "audit_event",
        *(sa.column(name) for name in ("event_id", "document", "actor", "target")),
    )
    connection = op.get_bind()
    written = (
        event.update()
        .where(event.c.event_id == sa.bindparam("id"))
        .values(actor=sa.bindparam("who"), target=sa.bindparam("whom"))
    )
    last = ""
    while True:
        rows = connection.execute(
            sa.select(event.c.event_id, event.c.document)
            .where(event.c.event_id > last)
            .order_by(event.c.event_id)
            .limit(_CHUNK)
        ).all()
        if not rows:
            break
        told: list[tuple[str, dict[str, Any]]] = [(row[0], json.loads(row[1])) for row in rows]
        connection.execute(
            written,
            [
                {"id": name, "who": value["actor"][:254], "whom": value.get("target", "")[:254]}
                for name, value in told
            ],
        )
        last = rows[-1][0]
    with op.batch_alter_table("audit_event") as batch:
        batch.alter_column("actor", existing_type=sa.String(254), nullable=False)
        batch.alter_column("target", existing_type=sa.String(254), nullable=False)
    for name, columns in (
        ("project_id", ["project_id", "at", "event_id"]),
        ("actor", ["project_id", "actor", "at", "event_id"]),
        ("target", ["project_id", "target", "at", "event_id"]),
    ):
        op.create_index(f"ix_audit_event_{name}", "audit_event", columns)


def _login_traces() -> None:
    """Nobody can tell any more which address an old login was of: it is found by other means."""
    op.drop_index("ix_login_trace_refused", "login_trace")
    op.drop_index("ix_login_trace_connection_id", "login_trace")
    with op.batch_alter_table("login_trace") as batch:
        batch.add_column(sa.Column("project_id", sa.String(80)))
        batch.add_column(sa.Column("email_hash", sa.LargeBinary(32)))
    op.execute(
        "UPDATE login_trace SET project_id = (SELECT organization.project_id FROM organization"
        " WHERE organization.organization_id = login_trace.organization_id)"
    )
    # A test that was refused could not be told from one that passed.
    op.execute(
        "UPDATE login_trace SET outcome = 'test_refused'"
        """ WHERE outcome = 'test' AND document LIKE '%"outcome":"refused"%'"""
    )
    with op.batch_alter_table("login_trace") as batch:
        batch.alter_column("project_id", existing_type=sa.String(80), nullable=False)
    op.create_index(
        "ix_login_trace_refused",
        "login_trace",
        ["connection_id", "started_at"],
        sqlite_where=_REFUSED,
        postgresql_where=_REFUSED,
    )
    op.create_index(
        "ix_login_trace_connection_id", "login_trace", ["connection_id", "started_at", "outcome"]
    )
    op.create_index(
        "ix_login_trace_project_id",
        "login_trace",
        ["project_id", "outcome", "started_at", "trace_id", "connection_id"],
    )
    op.create_index(
        "ix_login_trace_email_hash", "login_trace", ["email_hash", "started_at", "trace_id"]
    )


def _connections() -> None:
    op.add_column("connection", sa.Column("ends_at", sa.BigInteger(), nullable=True))
    op.create_index("ix_connection_ends_at", "connection", ["ends_at"])
    connections = sa.table("connection", sa.column("kind"), sa.column("next_notice_at"))
    # Our own certificates are sealed here. The worker, which has the key, looks once at each.
    op.execute(
        connections.update().where(connections.c.kind != "external").values(next_notice_at=0)
    )
