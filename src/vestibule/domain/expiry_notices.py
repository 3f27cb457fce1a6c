"""What of a connection ends some day, and when somebody has to hear of it.

Owns the list of what ends (certificates of the identity provider, ours, the metadata) and the
days at which it is told. Each is told once for each of the days; who has been told already is
kept elsewhere, and so is the clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from vestibule.domain.connections import (
    Connection,
    OidcConnection,
    SamlConnection,
    StoredCertificate,
)
from vestibule.domain.idp_metadata import IdpMetadata

DAYS = (60, 30, 14, 7, 1)
# Metadata that has ended is told once more: it says that the provider's document is not renewed.
METADATA_DAYS = (*DAYS, 0)

Kind = Literal["idp_certificate", "our_certificate", "metadata"]


@dataclass(frozen=True, slots=True)
class Expiring:
    """Something that ends. `subject` names it for ever: a fingerprint, or the metadata's own end.
    `pem` is the certificate, "" of metadata.

    `since` is from when on it was known to end then: what lives for a week is not announced two
    weeks ahead each time it is renewed.
    """

    kind: Kind
    subject: str
    expires_at: datetime
    pem: str = ""
    days: tuple[int, ...] = DAYS
    since: datetime | None = None

    def times(self) -> list[tuple[datetime, int]]:
        """When to tell, and as which of the days."""
        return [
            (at, days)
            for days in self.days
            for at in [self.expires_at - timedelta(days=days)]
            if self.since is None or at > self.since
        ]


def certificates(connection: Connection) -> tuple[Expiring, ...]:
    """Those that logins through this connection lean on."""
    return tuple(
        Expiring(kind, held.fingerprint_sha256, held.expires_at, held.certificate)
        for kind, held in _held(connection)
    )


def _held(connection: Connection) -> list[tuple[Kind, StoredCertificate]]:
    """Of ours only the one that signs: one that is kept until the provider has taken its successor
    may end."""
    if isinstance(connection, SamlConnection):
        ours = [pair.certificate for pair in connection.signing_keys[:1]]
        theirs: tuple[StoredCertificate, ...] = connection.verification_certificates
    elif isinstance(connection, OidcConnection):
        ours = [connection.client_key.certificate] if connection.client_key else []
        theirs = ()
    else:
        return []
    return [("idp_certificate", c) for c in theirs] + [("our_certificate", c) for c in ours]


def of_metadata(known: IdpMetadata) -> tuple[Expiring, ...]:
    if known.valid_until is None:
        return ()
    subject = f"metadata:{known.valid_until.isoformat()}"
    since = known.valid_until_since
    return (Expiring("metadata", subject, known.valid_until, days=METADATA_DAYS, since=since),)


def due_notice(one: Expiring, now: datetime) -> int | None:
    """The nearest of the days that has come. Those that were missed before it are not told."""
    return min((days for at, days in one.times() if at <= now), default=None)


def first_end(connection: Connection) -> datetime | None:
    """When the first of the certificates ends that logins lean on."""
    return min((held.expires_at for _, held in _held(connection)), default=None)


def first_notice(connection: Connection) -> datetime | None:
    """When the first word about a certificate may be due, as if nothing had been told yet. Too
    early does no harm: whoever looks then knows what has been told."""
    ends = first_end(connection)
    return None if ends is None else ends - timedelta(days=DAYS[0])


def first_metadata_notice(known: IdpMetadata) -> datetime | None:
    """The same for the metadata."""
    return min((at for one in of_metadata(known) for at, _ in one.times()), default=None)


def next_notice(them: Sequence[Expiring], now: datetime) -> datetime | None:
    """When there is something to tell again, once all that is due now has been told."""
    return min((at for one in them for at, _ in one.times() if at > now), default=None)
