"""Metadata of identity providers that is read again, and notices of expiry."""

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    pass
