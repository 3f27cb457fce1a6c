"""Where a server is and how a program shows who it is: read from a file or the environment."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vestibule_sdk import login
from vestibule_sdk.calls import Access
from vestibule_sdk.login import LoginStart

VERSION = "0.1.0"


@dataclass(frozen=True, slots=True)
class Credentials:
    """Where a server is and how a program shows who it is.

    Attributes:
        public_token: to begin logins; not secret.
        workspace_key: (id, secret), for `client.management`; the project's own secret does as well.
    """

    base_url: str
    project_id: str
    secret: str = field(repr=False)
    public_token: str = ""
    workspace_key: tuple[str, str] | None = field(default=None, repr=False)

    @classmethod
    def read(cls, file: str | os.PathLike[str]) -> Credentials:
        """The `credentials.json` that `vestibule dev` writes."""
        told = json.loads(Path(file).read_text(encoding="utf-8"))
        key = (told.get("workspace_key_id", ""), told.get("workspace_key_secret", ""))
        return cls(
            told["base_url"],
            told["project_id"],
            told["secret"],
            told.get("public_token", ""),
            key if all(key) else None,
        )

    @classmethod
    def from_environment(cls) -> Credentials:
        """VESTIBULE_URL, VESTIBULE_PROJECT_ID, VESTIBULE_SECRET, and VESTIBULE_PUBLIC_TOKEN."""
        return cls(
            os.environ["VESTIBULE_URL"],
            os.environ["VESTIBULE_PROJECT_ID"],
            os.environ["VESTIBULE_SECRET"],
            os.environ.get("VESTIBULE_PUBLIC_TOKEN", ""),
        )

    def access(self, retries: int) -> Access:
        return Access(
            self.base_url.rstrip("/"),
            self.project_id,
            self.secret,
            self.workspace_key,
            f"vestibule-sdk-python/{VERSION}",
            retries,
        )

    def start_login(self, **where: Any) -> LoginStart:
        if not self.public_token:
            raise ValueError("beginning a login needs the project's public token")
        return login.start_login(self.base_url.rstrip("/"), self.public_token, **where)
