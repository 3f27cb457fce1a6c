"""Searches that read an index instead of documents, and an index beside every reference."""

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

from vestibule.domain.attributes import email_domain
from vestibule.storage import role_sources

revision = "0003"
down_revision = "0002"

_CHUNK = 5_000


def upgrade() -> None:
    op.drop_index("uq_member_external_id", "member")
    op.drop_index("ix_member_page", "member")
    op.drop_index("ix_member_email", "member")
    with op.batch_alter_table("member") as batch:
        batch.add_column(sa.Column("member_key", sa.BigInteger()))
        batch.drop_column("explicit_roles")
    _number_members()
    with op.batch_alter_table("member") as batch:
        batch.alter_column("member_key", existing_type=sa.BigInteger(), nullable=False)
        batch.create_unique_constraint("uq_member_member_key", ["member_key"])
    op.create_index(
        "ix_member_page",
        "member",
        [
            "organization_id",
            "created_at",
            "member_id",
            "status",
            "email_key",
            "is_breakglass",
            "mfa_phone_number",
            "external_id",
            "member_key",
        ],
    )
    op.create_index("ix_member_email", "member", ["organization_id", "email_key"])
    op.create_index(
        "ix_member_organization_id",
        "member",
        ["organization_id"],
        sqlite_where=sa.text("status != 'deleted'"),
        postgresql_where=sa.text("status != 'deleted'"),
    )
    op.create_index(
        "uq_member_external_id",
        "member",
        ["organization_id", "external_id"],
        unique=True,
        sqlite_where=sa.text("status != 'deleted'"),
        postgresql_where=sa.text("status != 'deleted'"),
    )
    with op.batch_alter_table("registration") as batch:
        batch.drop_column("groups")
    op.create_table(
        "role_source",
        sa.Column("source", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("member_key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["member_key"],
            ["member.member_key"],
            name="fk_role_source_member_key",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("source", "member_key", name="pk_role_source"),
        sqlite_with_rowid=False,
    )
    _fill_sources()
    op.create_index("ix_role_source_member_key", "role_source", ["member_key"])
    op.create_index(
        "ix_member_email_email_key", "member_email", ["email_key", "retired", "organization_id"]
    )
    op.create_index("ix_sso_token_member_id", "sso_token", ["member_id"])
    op.create_index("ix_sso_token_connection_id", "sso_token", ["connection_id"])
    op.create_index("ix_intermediate_session_member_id", "intermediate_session", ["member_id"])


def _number_members() -> None:
    member = sa.table("member", sa.column("member_id"), sa.column("member_key"))
    connection = op.get_bind()
    ids = connection.execute(sa.select(member.c.member_id)).scalars().all()
    numbered = (
        member.update()
        .where(member.c.member_id == sa.bindparam("id"))
        .values(member_key=sa.bindparam("key"))
    )
    for begin in range(0, len(ids), _CHUNK):
        some = ids[begin : begin + _CHUNK]
        connection.execute(
            numbered, [{"id": name, "key": role_sources.member_key(name)} for name in some]
        )


def _fill_sources() -> None:
    member = sa.table("member", sa.column("member_id"), sa.column("document"))
    registration = sa.table(
        "registration", sa.column("member_id"), sa.column("connection_id"), sa.column("document")
    )
    role_source = sa.table("role_source", sa.column("source"), sa.column("member_key"))
    connection = op.get_bind()

    def put(found: set[tuple[int, int]]) -> None:
        rows = [{"source": source, "member_key": key} for source, key in sorted(found)]
        if rows:
            connection.execute(role_source.insert(), rows)

    found: set[tuple[int, int]] = set()
    for name, document in connection.execute(sa.select(member)):
        value: dict[str, Any] = json.loads(document)
        owner, key = value["organization_id"], role_sources.member_key(name)
        domain = email_domain(value["email_address"])
        found.add((role_sources.by_domain(owner, domain), key))
        for role_id in value.get("explicit_roles", ()):
            found.add((role_sources.by_hand(owner, role_id), key))
    put(found)
    found = set()
    for name, connection_id, document in connection.execute(sa.select(registration)):
        key = role_sources.member_key(name)
        groups = json.loads(document).get("groups", ())
        found |= {(s, key) for s in role_sources.of_registration(connection_id, groups)}
    put(found)
