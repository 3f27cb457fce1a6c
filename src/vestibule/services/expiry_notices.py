"""Telling, before something ends, every organization that signs people in through a connection.

Owns who hears what; `domain.expiry_notices` owns when. A notice is told once, by whichever server
comes first: it is remembered and recorded in one transaction.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial

from vestibule.domain.expiry_notices import (
    Expiring,
    certificates,
    due_notice,
    first_end,
    next_notice,
    of_metadata,
)
from vestibule.domain.sessions import wire_time
from vestibule.protocols import saml
from vestibule.services.rbac import Server
from vestibule.services.runtime import Runtime
from vestibule.services.sharing import record_everywhere
from vestibule.storage import Tx

BATCH = 100
_FIXES = {
    "idp_certificate": "The administrator of the identity provider publishes the next certificate; "
    "the organization that owns the connection adds it or confirms its metadata.",
    "our_certificate": "The organization that owns the connection makes and activates another key, "
    "and gives its certificate to the identity provider.",
    "metadata": "The administrator of the identity provider publishes fresh metadata.",
}


async def tell_due(rt: Runtime) -> int:
    """Tell all that is due, and return how many notices it was. Any number of workers may.

    A connection that breaks does not keep the others from hearing; its error is raised at the end.
    """
    told, seen = 0, set[str]()
    broken: Exception | None = None
    while True:
        names = await rt.store.read(lambda tx: tx.expiry_notices.due(rt.now(), BATCH))
        fresh = [name for name in names if name not in seen]
        for name in fresh:
            try:
                told += await rt.store.write(partial(_tell, rt, name))
            except Exception as error:  # noqa: BLE001 - raised below
                broken = broken or error
        seen.update(fresh)
        if not fresh:
            break
    if broken is not None:
        raise broken
    return told


def _tell(rt: Runtime, connection_id: str, tx: Tx) -> int:
    now = rt.now()
    found = tx.connections.source_route(connection_id)
    project = tx.projects.find(found[1]) if found else None
    if found is None or project is None:
        return 0
    source = found[0].source
    held = tx.idp_metadata.find(connection_id)
    ends, of_document = certificates(source), of_metadata(held.state) if held else ()
    told = 0
    for one in (*ends, *of_document):
        days = due_notice(one, now)
        if days is not None and tx.expiry_notices.remember(connection_id, one.subject, days):
            action = f"connection.{'metadata' if one.kind == 'metadata' else 'certificate'}_expires"
            details = _details(one, days, now)
            record_everywhere(tx, rt, Server(project), source, action, **details)
            told += 1
    tx.expiry_notices.note_end(connection_id, first_end(source))
    tx.expiry_notices.plan(connection_id, next_notice(ends, now), next_notice(of_document, now))
    return told


def _details(one: Expiring, days: int, now: datetime) -> dict[str, str]:
    """`days` is which of the days it is; `days_left` what is left, less after an outage."""
    left = max((one.expires_at - now).days, 0)
    details = {
        "what": one.kind,
        "days": str(days),
        "days_left": str(left),
        "expires_at": wire_time(one.expires_at),
        "who_can_fix_it": _FIXES[one.kind],
    }
    if one.pem:
        subject = saml.read_certificate(one.pem).subject
        details |= {"fingerprint_sha256": one.subject, "subject": subject}
    return details
