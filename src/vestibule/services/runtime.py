"""The outside world in one value: what every use case is given instead of reaching for it."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from vestibule import dns
from vestibule.domain.ids import make_id, make_token
from vestibule.domain.mail import Message
from vestibule.errors import refusal
from vestibule.mail import MailServer
from vestibule.network import Network
from vestibule.protocols.http import HttpRequest, HttpResponse
from vestibule.settings import Settings
from vestibule.storage import Store, open_store
from vestibule.storage.sealed import read_key_ring

Send = Callable[[HttpRequest], Awaitable[HttpResponse]]
Deliver = Callable[[Message], Awaitable[None]]
TxtRecords = Callable[[str], Awaitable[Sequence[str]]]


@dataclass(frozen=True, slots=True)
class Runtime:
    """Seven members: where things are kept, how requests go out, the time, chance, the settings,
    how mail goes out, and what the DNS says.

    `now` gives an aware UTC time, `random(n)` n bytes that nobody can guess. `deliver` is None
    where no mail server is set. `txt_records` gives the texts at a name of the DNS.
    """

    store: Store
    send: Send
    now: Callable[[], datetime]
    random: Callable[[int], bytes]
    settings: Settings
    deliver: Deliver | None = None
    txt_records: TxtRecords = dns.txt_records

    def new_id(self, kind: str, environment: str) -> str:
        return make_id(kind, environment, self.random(16))

    def new_token(self) -> str:
        """An opaque token of 256 bits."""
        return make_token(self.random(32))

    def chance(self) -> float:
        """A number from 0 up to 1, for waits that shall not all end together."""
        return int.from_bytes(self.random(4)) / 2**32

    def callback_url(self, connection_id: str) -> str:
        """The one URL of a connection: ACS URL, SP entity id and redirect URI (decision 12)."""
        return f"{self.settings.base_url}/v1/b2b/sso/callback/{connection_id}"

    def logout_url(self, connection_id: str) -> str:
        """Where a SAML connection takes logout messages, requests and answers alike."""
        return f"{self.settings.base_url}/v1/b2b/sso/logout/{connection_id}"

    def magic_link_url(self, token: str) -> str:
        """What a mail holds. Our own address from the settings, whatever host a request named."""
        return f"{self.settings.base_url}/v1/b2b/magic_links/redirect?token={token}"


def open_runtime(settings: Settings) -> Runtime:
    """Open the database and the door outside.

    Raises:
        root_key_missing: the key file is not there; without it no secret can be read.
    """
    if not settings.root_key_file.is_file():
        raise refusal("root_key_missing", want=str(settings.root_key_file))
    ring = read_key_ring(settings.root_key_file.read_text())
    store = open_store(settings.database_url, ring)
    network = Network(settings.allowed_networks)
    deliver = MailServer(settings.smtp, settings.mail_from).deliver if settings.smtp else None
    return Runtime(store, network.send, lambda: datetime.now(UTC), os.urandom, settings, deliver)
