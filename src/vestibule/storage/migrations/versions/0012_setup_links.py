"""Setup links with their visits, and claims to domains."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.create_table(
        "setup_link",
        sa.Column("link_id", sa.String(80), nullable=False),
        sa.Column("organization_id", sa.String(80), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("opened_count", sa.Integer(), nullable=False),
        sa.Column("embedded", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("kept_until", sa.BigInteger(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("link_id", name="pk_setup_link"),
        sa.UniqueConstraint("token_hash", name="uq_setup_link_token_hash"),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.organization_id"],
            name="fk_setup_link_organization_id",
            ondelete="CASCADE",
        ),
    )
    op.create_index(
        "ix_setup_link_organization_id", "setup_link", ["organization_id", "created_at"]
    )
    op.create_index("ix_setup_link_kept_until", "setup_link", ["kept_until"])
    op.create_table(
        "portal_visit",
        sa.Column("token_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("link_id", sa.String(80), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name="pk_portal_visit"),
        sa.ForeignKeyConstraint(
            ["link_id"],
            ["setup_link.link_id"],
            name="fk_portal_visit_link_id",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_portal_visit_link_id", "portal_visit", ["link_id"])
    op.create_index("ix_portal_visit_expires_at", "portal_visit", ["expires_at"])
    op.create_table(
        "domain_claim",
        sa.Column("organization_id", sa.String(80), nullable=False),
        sa.Column("domain", sa.String(253), nullable=False),
        sa.Column("project_id", sa.String(80), nullable=False),
        sa.Column("verified_domain", sa.String(253), nullable=True),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("document", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "domain", name="pk_domain_claim"),
        sa.UniqueConstraint(
            "project_id", "verified_domain", name="uq_domain_claim_verified_domain"
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.organization_id"],
            name="fk_domain_claim_organization_id",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_domain_claim_due_at", "domain_claim", ["due_at"])
