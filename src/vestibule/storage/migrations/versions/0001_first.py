"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "audit_event",
        sa.Column("event_id", sa.String(length=80), nullable=False),
        sa.Column("project_id", sa.String(length=80), nullable=False),
        sa.Column("organization_id", sa.String(length=80), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_audit_event")),
    )
    op.create_index(
        "ix_audit_event_organization_id", "audit_event", ["organization_id", "at"], unique=False
    )
    op.create_table(
        "login_attempt",
        sa.Column("state_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("state_hash", name=op.f("pk_login_attempt")),
    )
    op.create_index("ix_login_attempt_expires_at", "login_attempt", ["expires_at"], unique=False)
    op.create_table(
        "project",
        sa.Column("project_id", sa.String(length=80), nullable=False),
        sa.Column("project_slug", sa.String(length=128), nullable=False),
        sa.Column("environment_slug", sa.String(length=128), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("project_id", name=op.f("pk_project")),
        sa.UniqueConstraint(
            "project_slug",
            "environment_slug",
            name=op.f("uq_project_project_slug_environment_slug"),
        ),
    )
    op.create_table(
        "seen_assertion",
        sa.Column("connection_id", sa.String(length=80), nullable=False),
        sa.Column("assertion_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("connection_id", "assertion_hash", name=op.f("pk_seen_assertion")),
    )
    op.create_index("ix_seen_assertion_expires_at", "seen_assertion", ["expires_at"], unique=False)
    op.create_table(
        "credential",
        sa.Column("credential_id", sa.String(length=128), nullable=False),
        sa.Column("project_id", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["project.project_id"],
            name=op.f("fk_credential_project_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("credential_id", name=op.f("pk_credential")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_credential_secret_hash")),
    )
    op.create_index("ix_credential_project_id", "credential", ["project_id"], unique=False)
    op.create_table(
        "organization",
        sa.Column("organization_id", sa.String(length=80), nullable=False),
        sa.Column("project_id", sa.String(length=80), nullable=False),
        sa.Column("slug", sa.String(length=128), nullable=False),
        sa.Column("external_id", sa.String(length=128), nullable=True),
        sa.Column("name_key", sa.String(length=256), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["project.project_id"],
            name=op.f("fk_organization_project_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", name=op.f("pk_organization")),
        sa.UniqueConstraint(
            "project_id", "external_id", name=op.f("uq_organization_project_id_external_id")
        ),
        sa.UniqueConstraint("project_id", "slug", name=op.f("uq_organization_project_id_slug")),
    )
    op.create_index(
        "ix_organization_page",
        "organization",
        ["project_id", "created_at", "organization_id"],
        unique=False,
    )
    op.create_table(
        "signing_key",
        sa.Column("kid", sa.String(length=80), nullable=False),
        sa.Column("project_id", sa.String(length=80), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("activates_at", sa.BigInteger(), nullable=False),
        sa.Column("retires_at", sa.BigInteger(), nullable=False),
        sa.Column("public_key", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["project.project_id"],
            name=op.f("fk_signing_key_project_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("kid", name=op.f("pk_signing_key")),
    )
    op.create_index("ix_signing_key_project_id", "signing_key", ["project_id"], unique=False)
    op.create_table(
        "connection",
        sa.Column("connection_id", sa.String(length=80), nullable=False),
        sa.Column("organization_id", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("status", sa.String(length=8), nullable=False),
        sa.Column("share_status", sa.String(length=8), nullable=False),
        sa.Column("source_connection_id", sa.String(length=80), nullable=False),
        sa.Column("source_organization_id", sa.String(length=80), nullable=False),
        sa.Column("identity_provider", sa.String(length=32), nullable=False),
        sa.Column("display_name", sa.String(length=128), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("rules", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.organization_id"],
            name=op.f("fk_connection_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("connection_id", name=op.f("pk_connection")),
        sa.UniqueConstraint(
            "organization_id",
            "source_connection_id",
            name=op.f("uq_connection_organization_id_source_connection_id"),
        ),
    )
    op.create_index(
        "ix_connection_page",
        "connection",
        ["organization_id", "created_at", "connection_id"],
        unique=False,
    )
    op.create_index(
        "ix_connection_source_connection_id", "connection", ["source_connection_id"], unique=False
    )
    op.create_table(
        "login_trace",
        sa.Column("trace_id", sa.String(length=80), nullable=False),
        sa.Column("organization_id", sa.String(length=80), nullable=False),
        sa.Column("connection_id", sa.String(length=80), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("authenticated_at", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.organization_id"],
            name=op.f("fk_login_trace_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("trace_id", name=op.f("pk_login_trace")),
    )
    op.create_index(
        "ix_login_trace_organization_id",
        "login_trace",
        ["organization_id", "started_at"],
        unique=False,
    )
    op.create_index("ix_login_trace_started_at", "login_trace", ["started_at"], unique=False)
    op.create_table(
        "member",
        sa.Column("member_id", sa.String(length=80), nullable=False),
        sa.Column("organization_id", sa.String(length=80), nullable=False),
        sa.Column("project_id", sa.String(length=80), nullable=False),
        sa.Column("email_key", sa.String(length=254), nullable=False),
        sa.Column("status", sa.String(length=8), nullable=False),
        sa.Column("external_id", sa.String(length=128), nullable=True),
        sa.Column("is_breakglass", sa.Boolean(), nullable=False),
        sa.Column("explicit_roles", sa.Text(), nullable=False),
        sa.Column("mfa_phone_number", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.organization_id"],
            name=op.f("fk_member_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("member_id", name=op.f("pk_member")),
    )
    op.create_index("ix_member_email", "member", ["project_id", "email_key"], unique=False)
    op.create_index(
        "ix_member_page", "member", ["organization_id", "created_at", "member_id"], unique=False
    )
    op.create_index(
        "uq_member_external_id",
        "member",
        ["organization_id", "external_id"],
        unique=True,
        sqlite_where=sa.text("status != 'deleted'"),
        postgresql_where=sa.text("status != 'deleted'"),
    )
    op.create_table(
        "organization_domain",
        sa.Column("organization_id", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("domain", sa.String(length=253), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.organization_id"],
            name=op.f("fk_organization_domain_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "organization_id", "kind", "domain", name=op.f("pk_organization_domain")
        ),
    )
    op.create_index(
        "ix_organization_domain_domain", "organization_domain", ["domain"], unique=False
    )
    op.create_table(
        "intermediate_session",
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("member_id", sa.String(length=80), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"],
            ["member.member_id"],
            name=op.f("fk_intermediate_session_member_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_intermediate_session")),
    )
    op.create_index(
        "ix_intermediate_session_expires_at", "intermediate_session", ["expires_at"], unique=False
    )
    op.create_table(
        "member_email",
        sa.Column("organization_id", sa.String(length=80), nullable=False),
        sa.Column("email_key", sa.String(length=254), nullable=False),
        sa.Column("member_id", sa.String(length=80), nullable=False),
        sa.Column("retired", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"],
            ["member.member_id"],
            name=op.f("fk_member_email_member_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.organization_id"],
            name=op.f("fk_member_email_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "email_key", name=op.f("pk_member_email")),
    )
    op.create_index("ix_member_email_member_id", "member_email", ["member_id"], unique=False)
    op.create_table(
        "registration",
        sa.Column("registration_id", sa.String(length=80), nullable=False),
        sa.Column("member_id", sa.String(length=80), nullable=False),
        sa.Column("connection_id", sa.String(length=80), nullable=False),
        sa.Column("subject", sa.String(length=1024), nullable=False),
        sa.Column("groups", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection_id"],
            ["connection.connection_id"],
            name=op.f("fk_registration_connection_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["member_id"],
            ["member.member_id"],
            name=op.f("fk_registration_member_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("registration_id", name=op.f("pk_registration")),
        sa.UniqueConstraint(
            "connection_id", "subject", name=op.f("uq_registration_connection_id_subject")
        ),
    )
    op.create_index("ix_registration_member_id", "registration", ["member_id"], unique=False)
    op.create_table(
        "session",
        sa.Column("session_id", sa.String(length=80), nullable=False),
        sa.Column("member_id", sa.String(length=80), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("token_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("last_accessed_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"],
            ["member.member_id"],
            name=op.f("fk_session_member_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("session_id", name=op.f("pk_session")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_session_token_hash")),
    )
    op.create_index("ix_session_expires_at", "session", ["expires_at"], unique=False)
    op.create_index("ix_session_member_id", "session", ["member_id"], unique=False)
    op.create_table(
        "sso_token",
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("member_id", sa.String(length=80), nullable=False),
        sa.Column("connection_id", sa.String(length=80), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection_id"],
            ["connection.connection_id"],
            name=op.f("fk_sso_token_connection_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["member_id"],
            ["member.member_id"],
            name=op.f("fk_sso_token_member_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_sso_token")),
    )
    op.create_index("ix_sso_token_expires_at", "sso_token", ["expires_at"], unique=False)
    op.create_table(
        "idp_tokens",
        sa.Column("registration_id", sa.String(length=80), nullable=False),
        sa.Column("member_id", sa.String(length=80), nullable=False),
        sa.Column("organization_id", sa.String(length=80), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("lease_until", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"],
            ["member.member_id"],
            name=op.f("fk_idp_tokens_member_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["registration_id"],
            ["registration.registration_id"],
            name=op.f("fk_idp_tokens_registration_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("registration_id", name=op.f("pk_idp_tokens")),
    )
    op.create_index("ix_idp_tokens_member_id", "idp_tokens", ["member_id"], unique=False)
    op.create_table(
        "session_connection",
        sa.Column("session_id", sa.String(length=80), nullable=False),
        sa.Column("connection_id", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["session.session_id"],
            name=op.f("fk_session_connection_session_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("session_id", "connection_id", name=op.f("pk_session_connection")),
    )
    op.create_index(
        "ix_session_connection_connection_id", "session_connection", ["connection_id"], unique=False
    )
