"""The tables: text ids made by us, times in integer microseconds UTC, JSON as text.

Portable SQL only, so that SQLite, PostgreSQL and its distributed relatives run the same. The
migrations create what is described here; a test compares the two.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _id(name: str, *, primary_key: bool = False) -> Column[str]:
    return Column(name, String(80), nullable=False, primary_key=primary_key)


def _owner(name: str, table: str) -> Column[str]:
    return Column(
        name, String(80), ForeignKey(f"{table}.{name}", ondelete="CASCADE"), nullable=False
    )


def _time(name: str, *, nullable: bool = False) -> Column[int]:
    return Column(name, BigInteger, nullable=nullable)


def _document() -> Column[str]:
    return Column("document", Text, nullable=False)


project = Table(
    "project",
    metadata,
    _id("project_id", primary_key=True),
    Column("project_slug", String(128), nullable=False),
    Column("environment_slug", String(128), nullable=False),
    Column("version", Integer, nullable=False),
    _document(),
    UniqueConstraint("project_slug", "environment_slug"),
)

# A secret is stored as its hash; `credential_id` of a public token is the token itself.
credential = Table(
    "credential",
    metadata,
    Column("credential_id", String(128), primary_key=True),
    _owner("project_id", "project"),
    Column("kind", String(16), nullable=False),
    Column("secret_hash", LargeBinary(32), nullable=False, unique=True),
    _time("created_at"),
    # To tell one secret from another; those of before this column have none.
    Column("last_four", String(4)),
    Index("ix_credential_project_id", "project_id"),
)

signing_key = Table(
    "signing_key",
    metadata,
    Column("kid", String(80), primary_key=True),
    _owner("project_id", "project"),
    _time("created_at"),
    _time("activates_at"),
    _time("retires_at"),
    Column("public_key", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Index("ix_signing_key_project_id", "project_id"),
)

organization = Table(
    "organization",
    metadata,
    _id("organization_id", primary_key=True),
    _owner("project_id", "project"),
    Column("slug", String(128), nullable=False),
    Column("external_id", String(128)),
    Column("name_key", String(256), nullable=False),  # lower case can be twice as long
    _time("created_at"),
    Column("version", Integer, nullable=False),
    _document(),
    UniqueConstraint("project_id", "slug"),
    UniqueConstraint("project_id", "external_id"),
    Index("ix_organization_page", "project_id", "created_at", "organization_id"),
)

organization_domain = Table(
    "organization_domain",
    metadata,
    Column(
        "organization_id",
        String(80),
        ForeignKey("organization.organization_id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("kind", String(8), primary_key=True),
    Column("domain", String(253), primary_key=True),
    Index("ix_organization_domain_domain", "domain"),
)

member = Table(
    "member",
    metadata,
    _id("member_id", primary_key=True),
    _owner("organization_id", "organization"),
    _id("project_id"),
    Column("email_key", String(254), nullable=False),
    Column("status", String(8), nullable=False),
    Column("external_id", String(128)),
    Column("is_breakglass", Boolean, nullable=False),
    Column("mfa_phone_number", String(32), nullable=False),
    _time("created_at"),
    Column("version", Integer, nullable=False),
    # The member's id as a number, which sets of members are made of.
    Column("member_key", BigInteger, nullable=False, unique=True),
    _document(),
    # Everything that a search filters by, so that it reads the documents of its answer alone.
    Index(
        "ix_member_page",
        "organization_id",
        "created_at",
        "member_id",
        "status",
        "email_key",
        "is_breakglass",
        "mfa_phone_number",
        "external_id",
        "member_key",
    ),
    Index("ix_member_email", "organization_id", "email_key"),
    # Small, so that counting sixty thousand reads little.
    Index(
        "ix_member_organization_id",
        "organization_id",
        sqlite_where=text("status != 'deleted'"),
        postgresql_where=text("status != 'deleted'"),
    ),
    Index(
        "uq_member_external_id",
        "organization_id",
        "external_id",
        unique=True,
        sqlite_where=text("status != 'deleted'"),
        postgresql_where=text("status != 'deleted'"),
    ),
)

# Who owns an address inside an organization; retired ones still count as taken.
member_email = Table(
    "member_email",
    metadata,
    Column(
        "organization_id",
        String(80),
        ForeignKey("organization.organization_id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("email_key", String(254), primary_key=True),
    _owner("member_id", "member"),
    Column("retired", Boolean, nullable=False),
    Index("ix_member_email_member_id", "member_id"),
    Index("ix_member_email_email_key", "email_key", "retired", "organization_id"),
)

connection = Table(
    "connection",
    metadata,
    _id("connection_id", primary_key=True),
    _owner("organization_id", "organization"),
    Column("kind", String(8), nullable=False),
    Column("status", String(8), nullable=False),
    Column("share_status", String(8), nullable=False),
    # Itself, or the connection that an External one leads to: that cannot go and leave it dangling.
    Column(
        "source_connection_id",
        String(80),
        ForeignKey("connection.connection_id"),
        nullable=False,
    ),
    Column("source_organization_id", String(80), nullable=False),
    Column("identity_provider", String(32), nullable=False),
    Column("display_name", String(128), nullable=False),
    _time("created_at"),
    Column("version", Integer, nullable=False),
    Column("rules", Text, nullable=False),
    # When somebody may have to hear that a certificate ends.
    _time("next_notice_at", nullable=True),
    # When the first of the certificates ends that logins lean on.
    _time("ends_at", nullable=True),
    _document(),
    Column("sealed", LargeBinary),
    UniqueConstraint("organization_id", "source_connection_id"),
    Index("ix_connection_source_connection_id", "source_connection_id"),
    Index("ix_connection_page", "organization_id", "created_at", "connection_id"),
    Index("ix_connection_next_notice_at", "next_notice_at"),
    Index("ix_connection_ends_at", "ends_at"),
)

# What is known of the document behind a connection's metadata URL; a row for each that has one.
idp_metadata = Table(
    "idp_metadata",
    metadata,
    Column(
        "connection_id",
        String(80),
        ForeignKey("connection.connection_id", ondelete="CASCADE"),
        primary_key=True,
    ),
    _time("due_at"),
    _time("tried_at"),
    _time("next_notice_at", nullable=True),
    _time("lease_until"),
    Column("version", Integer, nullable=False),
    _document(),
    Index("ix_idp_metadata_due_at", "due_at"),
    Index("ix_idp_metadata_next_notice_at", "next_notice_at"),
)

# Of which end an organization has been told, and how many days ahead.
expiry_notice = Table(
    "expiry_notice",
    metadata,
    Column(
        "connection_id",
        String(80),
        ForeignKey("connection.connection_id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("subject", String(80), primary_key=True),
    Column("days", Integer, primary_key=True, autoincrement=False),
)

# The draft of a connection is number 0; the versions before the live one count from 1.
connection_version = Table(
    "connection_version",
    metadata,
    Column(
        "connection_id",
        String(80),
        ForeignKey("connection.connection_id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("number", Integer, primary_key=True, autoincrement=False),
    _time("created_at"),
    _document(),
    Column("sealed", LargeBinary),
)

registration = Table(
    "registration",
    metadata,
    _id("registration_id", primary_key=True),
    _owner("member_id", "member"),
    _owner("connection_id", "connection"),
    Column("subject", String(1024), nullable=False),
    _document(),
    UniqueConstraint("connection_id", "subject"),
    Index("ix_registration_member_id", "member_id"),
)

# What may give a member a role: a role by hand, the domain of the address, a connection, a group.
role_source = Table(
    "role_source",
    metadata,
    Column("source", BigInteger, primary_key=True, autoincrement=False),
    Column(
        "member_key",
        BigInteger,
        ForeignKey("member.member_key", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    Index("ix_role_source_member_key", "member_key"),
    sqlite_with_rowid=False,
)

# Who runs the request of a key, and what was answered. The key itself is not kept.
idempotency_key = Table(
    "idempotency_key",
    metadata,
    Column(
        "project_id",
        String(80),
        ForeignKey("project.project_id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("key_hash", LargeBinary(32), primary_key=True),
    Column("holder", LargeBinary(16), nullable=False),
    _time("expires_at"),
    _document(),
    Column("sealed", LargeBinary),
    Index("ix_idempotency_key_expires_at", "expires_at"),
)

login_attempt = Table(
    "login_attempt",
    metadata,
    Column("state_hash", LargeBinary(32), primary_key=True),
    _time("expires_at"),
    Column("sealed", LargeBinary, nullable=False),
    Index("ix_login_attempt_expires_at", "expires_at"),
)

login_test = Table(
    "login_test",
    metadata,
    Column("token_hash", LargeBinary(32), primary_key=True),
    _owner("connection_id", "connection"),
    _time("expires_at"),
    _document(),
    Index("ix_login_test_connection_id", "connection_id"),
    Index("ix_login_test_expires_at", "expires_at"),
)

seen_assertion = Table(
    "seen_assertion",
    metadata,
    _id("connection_id", primary_key=True),
    Column("assertion_hash", LargeBinary(32), primary_key=True),
    _time("expires_at"),
    Index("ix_seen_assertion_expires_at", "expires_at"),
)

sso_token = Table(
    "sso_token",
    metadata,
    Column("token_hash", LargeBinary(32), primary_key=True),
    _owner("member_id", "member"),
    _owner("connection_id", "connection"),
    _time("expires_at"),
    Column("name_hash", LargeBinary(32)),
    _document(),
    Index("ix_sso_token_expires_at", "expires_at"),
    Index("ix_sso_token_member_id", "member_id"),
    Index("ix_sso_token_connection_id", "connection_id"),
    Index("ix_sso_token_name_hash", "name_hash"),
)

session = Table(
    "session",
    metadata,
    _id("session_id", primary_key=True),
    _owner("member_id", "member"),
    Column("token_hash", LargeBinary(32), nullable=False, unique=True),
    Column("token_sealed", LargeBinary, nullable=False),
    _time("last_accessed_at"),
    _time("expires_at"),
    _document(),
    Index("ix_session_member_id", "member_id"),
    Index("ix_session_expires_at", "expires_at"),
)

# Which connections a session stands on, so that ending one ends its sessions.
session_connection = Table(
    "session_connection",
    metadata,
    Column(
        "session_id",
        String(80),
        ForeignKey("session.session_id", ondelete="CASCADE"),
        primary_key=True,
    ),
    _id("connection_id", primary_key=True),
    # By what name the identity provider knows the person, so that its logout finds the session.
    Column("name_hash", LargeBinary(32)),
    Index("ix_session_connection_connection_id", "connection_id"),
    Index("ix_session_connection_name_hash", "name_hash"),
)

intermediate_session = Table(
    "intermediate_session",
    metadata,
    Column("token_hash", LargeBinary(32), primary_key=True),
    _owner("member_id", "member"),
    _time("expires_at"),
    Column("name_hash", LargeBinary(32)),
    _document(),
    Index("ix_intermediate_session_expires_at", "expires_at"),
    Index("ix_intermediate_session_member_id", "member_id"),
    Index("ix_intermediate_session_name_hash", "name_hash"),
)

# What the token of a mail stands for; a link for discovery belongs to no member.
magic_link = Table(
    "magic_link",
    metadata,
    Column("token_hash", LargeBinary(32), primary_key=True),
    _owner("project_id", "project"),
    Column("member_id", String(80), ForeignKey("member.member_id", ondelete="CASCADE")),
    _time("expires_at"),
    _document(),
    Index("ix_magic_link_expires_at", "expires_at"),
    Index("ix_magic_link_member_id", "member_id"),
    Index("ix_magic_link_project_id", "project_id"),
)

# What pages asked for and are not told the answer of.
magic_link_request = Table(
    "magic_link_request",
    metadata,
    _id("request_id", primary_key=True),
    _owner("project_id", "project"),
    _time("asked_at"),
    _document(),
    Index("ix_magic_link_request_asked_at", "asked_at"),
    Index("ix_magic_link_request_project_id", "project_id"),
)

discovery_session = Table(
    "discovery_session",
    metadata,
    Column("token_hash", LargeBinary(32), primary_key=True),
    _owner("project_id", "project"),
    _time("expires_at"),
    _document(),
    Index("ix_discovery_session_expires_at", "expires_at"),
    Index("ix_discovery_session_project_id", "project_id"),
)

# Mails that are not sent yet. Whoever sends one moves `due_at` to the end of its lease first.
mail = Table(
    "mail",
    metadata,
    _id("mail_id", primary_key=True),
    _owner("project_id", "project"),
    Column("member_id", String(80), ForeignKey("member.member_id", ondelete="CASCADE")),
    _time("due_at"),
    Column("tries", Integer, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Index("ix_mail_due_at", "due_at"),
    Index("ix_mail_member_id", "member_id"),
    Index("ix_mail_project_id", "project_id"),
)

logout_attempt = Table(
    "logout_attempt",
    metadata,
    Column("key_hash", LargeBinary(32), primary_key=True),
    _time("expires_at"),
    Column("sealed", LargeBinary, nullable=False),
    Index("ix_logout_attempt_expires_at", "expires_at"),
)

# Requests of providers that were carried out, for assertions that arrive after them.
heard_logout = Table(
    "heard_logout",
    metadata,
    Column("name_hash", LargeBinary(32), primary_key=True),
    Column("request_hash", LargeBinary(32), primary_key=True),
    _time("expires_at"),
    _document(),
    Index("ix_heard_logout_expires_at", "expires_at"),
)

idp_tokens = Table(
    "idp_tokens",
    metadata,
    Column(
        "registration_id",
        String(80),
        ForeignKey("registration.registration_id", ondelete="CASCADE"),
        primary_key=True,
    ),
    _owner("member_id", "member"),
    _id("organization_id"),
    _time("expires_at"),
    # When the worker has to look at the row; never for one that it can do nothing for.
    _time("due_at", nullable=True),
    _time("lease_until"),
    Column("fence", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("version", Integer, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Index("ix_idp_tokens_member_id", "member_id"),
    Index("ix_idp_tokens_due_at", "due_at"),
)

login_trace = Table(
    "login_trace",
    metadata,
    _id("trace_id", primary_key=True),
    _owner("organization_id", "organization"),
    _id("project_id"),
    _id("connection_id"),
    _time("started_at"),
    _time("authenticated_at", nullable=True),
    Column("outcome", String(16), nullable=False),
    # Of the project and the address that the identity provider named, where it came so far.
    Column("email_hash", LargeBinary(32)),
    _document(),
    # What the identity provider said of the person, sealed: a change of the mapping is tried on it.
    Column("statement_sealed", LargeBinary),
    Index("ix_login_trace_connection_id", "connection_id", "started_at", "outcome"),
    Index("ix_login_trace_organization_id", "organization_id", "started_at"),
    Index("ix_login_trace_started_at", "started_at"),
    # The logins of a project are read outcome by outcome, each in the order of time.
    Index(
        "ix_login_trace_project_id",
        "project_id",
        "outcome",
        "started_at",
        "trace_id",
        "connection_id",
    ),
    Index("ix_login_trace_email_hash", "email_hash", "started_at", "trace_id"),
    # Small, because most logins are let in: the last one that was not.
    Index(
        "ix_login_trace_refused",
        "connection_id",
        "started_at",
        sqlite_where=text("outcome = 'refused'"),
        postgresql_where=text("outcome = 'refused'"),
    ),
)

# A link is found by its hash, and counted, so that of two who open it at once one is the first.
setup_link = Table(
    "setup_link",
    metadata,
    _id("link_id", primary_key=True),
    _owner("organization_id", "organization"),
    Column("token_hash", LargeBinary(32), nullable=False, unique=True),
    Column("opened_count", Integer, nullable=False),
    Column("embedded", Boolean, nullable=False),
    _time("created_at"),
    _time("kept_until"),
    _document(),
    Index("ix_setup_link_organization_id", "organization_id", "created_at"),
    Index("ix_setup_link_kept_until", "kept_until"),
)

portal_visit = Table(
    "portal_visit",
    metadata,
    Column("token_hash", LargeBinary(32), primary_key=True),
    _owner("link_id", "setup_link"),
    _time("expires_at"),
    _document(),
    Index("ix_portal_visit_link_id", "link_id"),
    Index("ix_portal_visit_expires_at", "expires_at"),
)

# Of those who claim a domain one has proved it at most; `verified_domain` is empty for the others.
domain_claim = Table(
    "domain_claim",
    metadata,
    Column(
        "organization_id",
        String(80),
        ForeignKey("organization.organization_id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("domain", String(253), primary_key=True),
    _id("project_id"),
    Column("verified_domain", String(253)),
    _time("due_at", nullable=True),
    _document(),
    UniqueConstraint("project_id", "verified_domain", name="uq_domain_claim_verified_domain"),
    Index("ix_domain_claim_due_at", "due_at"),
)

# Who runs the server. Password and codes are sealed.
operator = Table(
    "operator",
    metadata,
    _id("operator_id", primary_key=True),
    Column("email_key", String(254), nullable=False, unique=True),
    _time("created_at"),
    Column("version", Integer, nullable=False),
    _document(),
    Column("sealed", LargeBinary),
)

operator_session = Table(
    "operator_session",
    metadata,
    Column("token_hash", LargeBinary(32), primary_key=True),
    _owner("operator_id", "operator"),
    _time("expires_at"),
    _document(),
    Index("ix_operator_session_operator_id", "operator_id"),
    Index("ix_operator_session_expires_at", "expires_at"),
)

# Wrong tries by address, whether or not somebody has it: a pause tells nobody who is an operator.
operator_failure = Table(
    "operator_failure",
    metadata,
    Column("email_hash", LargeBinary(32), primary_key=True),
    Column("count", Integer, nullable=False),
    _time("locked_until", nullable=True),
    _time("expires_at"),
    Index("ix_operator_failure_expires_at", "expires_at"),
)

# White label by owner: the project, or one of its organizations.
branding = Table(
    "branding",
    metadata,
    Column("owner_id", String(80), primary_key=True),
    _owner("project_id", "project"),
    Column(
        "organization_id",
        String(80),
        ForeignKey("organization.organization_id", ondelete="CASCADE"),
    ),
    _document(),
    Column("logo", LargeBinary),
    Index("ix_branding_project_id", "project_id"),
    Index("ix_branding_organization_id", "organization_id"),
)

# No foreign key: what happened to an organization is kept when the organization is gone. What
# concerns a whole project has no organization, what concerns the whole server no project either.
audit_event = Table(
    "audit_event",
    metadata,
    _id("event_id", primary_key=True),
    _id("project_id"),
    _id("organization_id"),
    _time("at"),
    Column("action", String(64), nullable=False),
    Column("actor", String(254), nullable=False),
    Column("target", String(254), nullable=False),
    _document(),
    Index("ix_audit_event_organization_id", "organization_id", "at"),
    Index("ix_audit_event_project_id", "project_id", "at", "event_id"),
    Index("ix_audit_event_actor", "project_id", "actor", "at", "event_id"),
    Index("ix_audit_event_target", "project_id", "target", "at", "event_id"),
)
