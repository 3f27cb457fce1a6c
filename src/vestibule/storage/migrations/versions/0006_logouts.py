"""Single logout: whose session a provider means, and logouts under way."""

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    pass
