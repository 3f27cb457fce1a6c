"""The metadata that an identity provider publishes at a URL: what has changed, and who may say yes.

Owns the state that is kept of it for a connection, the difference between a document and the
connection, the decision whether that difference counts by itself or waits for an administrator,
and when to read again (docs/decisions/0021). Reads no document and verifies no signature: that a
key which is trusted already has signed a document comes in as a value, like time and chance.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from vestibule.domain.connections import (
    MAX_CERTIFICATES,
    Binding,
    SamlChanges,
    SamlConnection,
    StoredCertificate,
    update_saml,
)
from vestibule.protocols.saml import Certificate, SamlIdpMetadata, read_certificate

# However short or long a document asks to be kept, it is read again within these bounds.
SOONEST = timedelta(minutes=15)
LATEST = timedelta(hours=24)
# After a failure: up to twice as long each time, and no longer than the cap.
FIRST_WAIT = timedelta(minutes=5)
LONGEST_WAIT = timedelta(hours=6)
# A login with a key that we do not know brings the next reading forward, but not more often.
ASKED_AGAIN_AFTER = timedelta(minutes=5)
MAX_DROPPED = 40

Kind = Literal["changed", "added", "removed", "kept"]
Reason = Literal["", "unconfirmed", "entity_id", "dropped_before"]


@dataclass(frozen=True, slots=True)
class Offer:
    """What a document offers a connection, as it would be taken. Certificates are PEM."""

    entity_id: str
    sso_url: str
    sso_binding: Binding
    certificates: tuple[str, ...]
    # "" where the document names no logout: that leaves what an administrator has set.
    slo_url: str = ""
    slo_response_url: str = ""
    slo_binding: Binding = "redirect"


@dataclass(frozen=True, slots=True)
class Change:
    """One line of the difference. A certificate stands there with its SHA-256 fingerprint."""

    field: str
    kind: Kind
    was: str
    becomes: str
    subject: str = ""
    not_before: datetime | None = None
    not_after: datetime | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """`apply` counts at once; `wait` needs an administrator, for `reason`; `same` is no change."""

    verdict: Literal["same", "apply", "wait"]
    reason: Reason = ""


@dataclass(frozen=True, slots=True)
class IdpMetadata:
    """What is known of the document behind a connection's metadata URL.

    `read_at` is when it was last read and understood, `tried_at` when it was last asked for; the
    two differ after a failure, whose code and time are `last_error` and `failed_at`. `valid_until`
    is the last good document's, and `valid_until_since` when it was first seen. `offer` waits since
    `waits_since` for an administrator, under the name `waiting`; `dismissed` is the name of what
    one has said no to. `dropped` are fingerprints and URLs that this connection has trusted and
    does no longer.
    """

    connection_id: str
    url: str
    due_at: datetime
    read_at: datetime | None = None
    tried_at: datetime | None = None
    valid_until: datetime | None = None
    valid_until_since: datetime | None = None
    failures: int = 0
    last_error: str = ""
    last_error_message: str = ""
    failed_at: datetime | None = None
    offer: Offer | None = None
    reason: Reason = ""
    waits_since: datetime | None = None
    waiting: str = ""
    dismissed: str = ""
    dropped: tuple[str, ...] = ()

    def expired(self, now: datetime) -> bool:
        """Whether the last good document has ended. Logins go on: its keys stay pinned."""
        return self.valid_until is not None and self.valid_until <= now


# --- the difference -------------------------------------------------------------------------------


def offer_of(connection: SamlConnection, metadata: SamlIdpMetadata) -> Offer:
    """What of a document would be taken: certificates that are trusted already come first, so that
    a document with too many cannot push out one that it lists."""
    held = {c.fingerprint_sha256 for c in connection.verification_certificates}
    chosen = sorted(metadata.certificates, key=lambda c: c.fingerprint_sha256 not in held)
    return Offer(
        metadata.entity_id,
        metadata.sso_url,
        _binding(metadata.sso_binding),
        tuple(c.pem for c in chosen[:MAX_CERTIFICATES]),
        metadata.slo_url,
        metadata.slo_response_url,
        _binding(metadata.slo_binding),
    )


def diff(connection: SamlConnection, offer: Offer) -> tuple[Change, ...]:
    """Every field that would change, and every certificate: added, removed or kept."""
    fields = [
        ("idp_entity_id", connection.idp_entity_id, offer.entity_id),
        ("idp_sso_url", connection.idp_sso_url, offer.sso_url),
        ("idp_sso_binding", connection.idp_sso_binding, offer.sso_binding),
    ]
    if offer.slo_url:
        fields += [
            ("idp_slo_url", connection.idp_slo_url, offer.slo_url),
            ("idp_slo_response_url", connection.idp_slo_response_url, offer.slo_response_url),
            ("idp_slo_binding", connection.idp_slo_binding, offer.slo_binding),
        ]
    changes = [Change(name, "changed", was, becomes) for name, was, becomes in fields
               if was != becomes]  # fmt: skip
    offered = {c.fingerprint_sha256: c for c in map(read_certificate, offer.certificates)}
    held = [read_certificate(c.certificate) for c in connection.verification_certificates]
    known = {c.fingerprint_sha256 for c in held}
    changes += [_certificate("added", c) for name, c in offered.items() if name not in known]
    for one in held:
        kept = one.fingerprint_sha256 in offered
        changes.append(_certificate("kept" if kept else "removed", one))
    return tuple(changes)


def _certificate(kind: Kind, one: Certificate) -> Change:
    name = one.fingerprint_sha256
    return Change(
        "certificate",
        kind,
        "" if kind == "added" else name,
        "" if kind == "removed" else name,
        one.subject,
        one.not_before,
        one.not_after,
    )


def differs(changes: Sequence[Change]) -> bool:
    return any(change.kind != "kept" for change in changes)


def change_id(changes: Sequence[Change]) -> str:
    """A name for exactly this difference: another document, or another connection under it, has
    another one. What is confirmed is therefore what was seen."""
    shown = sorted([c.field, c.kind, c.was, c.becomes] for c in changes)
    return hashlib.sha256(json.dumps(shown).encode()).hexdigest()[:32]


def summary(changes: Sequence[Change]) -> str:
    """The difference in one line, for the log."""
    told = []
    for change in changes:
        if change.field == "certificate" and change.kind != "kept":
            told.append(f"certificate {change.kind} {change.was or change.becomes}")
        elif change.kind == "changed":
            told.append(
                f"{change.field} {change.was or 'nothing'} -> {change.becomes or 'nothing'}"
            )
    return "; ".join(told)


# --- who may say yes ------------------------------------------------------------------------------


def vouching(connection: SamlConnection, now: datetime) -> tuple[StoredCertificate, ...]:
    """The keys whose signature on a document makes it count: those that are trusted with logins.
    One that has expired still signs logins in, but brings in no successor."""
    return tuple(c for c in connection.verification_certificates if c.expires_at > now)


def decide(
    known: IdpMetadata, connection: SamlConnection, changes: Sequence[Change], *, vouched: bool
) -> Decision:
    """What becomes of a document.

    Args:
        vouched: a key of `vouching` has signed what was read.
    """
    if not differs(changes):
        return Decision("same")
    if connection.idp_entity_id and any(change.field == "idp_entity_id" for change in changes):
        # Another identity provider: no key of this one can answer for it.
        return Decision("wait", "entity_id")
    if any(change.becomes in known.dropped for change in changes if change.kind != "kept"):
        # A document that was truly signed once, and is served again years later, would bring back
        # a key that has leaked since, or a URL whose host is somebody else's by now.
        return Decision("wait", "dropped_before")
    if vouched or connection.idp_metadata_policy == "automatic":
        return Decision("apply")
    return Decision("wait", "unconfirmed")


def apply(
    connection: SamlConnection,
    offer: Offer,
    store: Callable[[str], StoredCertificate],
    *,
    insecure_http: bool,
    now: datetime,
) -> SamlConnection:
    """The connection as the document says; the certificates that stay keep their ids.

    Args:
        store: makes the record of a new certificate from its PEM.

    Raises:
        Whatever `update_saml` refuses, such as a URL that is not https.
    """
    held = {c.certificate: c for c in connection.verification_certificates}
    certificates = tuple(held.get(pem) or store(pem) for pem in offer.certificates)
    changes = SamlChanges(
        idp_entity_id=offer.entity_id,
        idp_sso_url=offer.sso_url,
        idp_sso_binding=offer.sso_binding,
    )
    if offer.slo_url:
        changes = replace(
            changes,
            idp_slo_url=offer.slo_url,
            idp_slo_response_url=offer.slo_response_url,
            idp_slo_binding=offer.slo_binding,
        )
    taken = replace(connection, verification_certificates=certificates)
    return update_saml(taken, changes, insecure_http=insecure_http, now=now)


# --- what is remembered ---------------------------------------------------------------------------


def begin(connection: SamlConnection, now: datetime) -> IdpMetadata:
    """A URL that has not been read yet."""
    return IdpMetadata(connection.connection_id, connection.idp_metadata_url, due_at=now)


def follow(
    known: IdpMetadata | None, old: SamlConnection, new: SamlConnection, now: datetime
) -> IdpMetadata | None:
    """The state after any change of the connection, whoever made it; None when there is no URL.

    Another URL is read at once, and what waited from the one before is gone. What was given up
    stays given up, whatever the URL.
    """
    if not new.idp_metadata_url:
        return None
    if known is None:
        known = begin(new, now)
    elif known.url != new.idp_metadata_url:
        known = replace(begin(new, now), dropped=known.dropped)
    gone = [value for value in _trusted(old) if value not in _trusted(new)]
    dropped = dict.fromkeys(
        value for value in (*known.dropped, *gone) if value not in _trusted(new)
    )  # each once, the oldest first
    return replace(known, dropped=tuple(dropped)[-MAX_DROPPED:])


def _trusted(connection: SamlConnection) -> dict[str, None]:
    """Whose signature counts and where people are sent, in order."""
    urls = (connection.idp_sso_url, connection.idp_slo_url, connection.idp_slo_response_url)
    names = (c.fingerprint_sha256 for c in connection.verification_certificates)
    return dict.fromkeys((*names, *filter(None, urls)))


def after_reading(
    known: IdpMetadata, metadata: SamlIdpMetadata, *, now: datetime, chance: float
) -> IdpMetadata:
    """The document was read and understood. Whether something waits is said beside this, by
    `after_offer` or `without_offer`."""
    since = known.valid_until_since if known.valid_until == metadata.valid_until else now
    return replace(
        known,
        due_at=next_due(metadata, now=now, chance=chance),
        read_at=now,
        tried_at=now,
        valid_until=metadata.valid_until,
        valid_until_since=since if metadata.valid_until is not None else None,
        failures=0,
        last_error="",
        last_error_message="",
        failed_at=None,
    )


def after_offer(
    known: IdpMetadata, offer: Offer, changes: Sequence[Change], reason: Reason, now: datetime
) -> IdpMetadata:
    """A difference waits for an administrator, unless one has said no to this very one."""
    name = change_id(changes)
    if name == known.dismissed:
        return without_offer(known)
    since = known.waits_since if known.waiting == name else now
    return replace(known, offer=offer, reason=reason, waiting=name, waits_since=since)


def without_offer(known: IdpMetadata) -> IdpMetadata:
    return replace(known, offer=None, reason="", waiting="", waits_since=None)


def after_dismissal(known: IdpMetadata, name: str) -> IdpMetadata:
    """An administrator has said no: the same difference does not come back."""
    return replace(without_offer(known), dismissed=name)


def after_failure(
    known: IdpMetadata, code: str, message: str, *, now: datetime, chance: float
) -> IdpMetadata:
    """The document could not be had or not be used. All that is trusted stays as it is."""
    cap = min(FIRST_WAIT * 2 ** min(known.failures, 10), LONGEST_WAIT)
    return replace(
        known,
        due_at=now + cap * (0.5 + chance / 2),
        tried_at=now,
        failures=known.failures + 1,
        last_error=code,
        last_error_message=message,
        failed_at=now,
    )


# --- when to read again ---------------------------------------------------------------------------


def next_due(metadata: SamlIdpMetadata, *, now: datetime, chance: float) -> datetime:
    """When to read again: after what cacheDuration asks for (SAML Metadata §2.3.2), and at half of
    what is left until validUntil, within fixed bounds; a tenth of it is left to chance.

    Args:
        chance: from 0 up to 1, drawn by the caller.
    """
    wait = LATEST if metadata.cache_duration is None else metadata.cache_duration
    if metadata.valid_until is not None:
        wait = min(wait, (metadata.valid_until - now) / 2)
    wait = min(max(wait, SOONEST), LATEST)
    return now + max(wait * (1 - chance / 10), SOONEST)


def _binding(urn: str) -> Binding:
    return "post" if urn.endswith(":HTTP-POST") else "redirect"
