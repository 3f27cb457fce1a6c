"""The API of an identity provider's metadata: its state, and the change that waits."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from vestibule.domain.idp_metadata import Change
from vestibule.domain.sessions import wire_time
from vestibule.services import idp_metadata
from vestibule.services.idp_metadata import View
from vestibule.web.api.registry import Call, Nothing, Request, Response, operation


class NamedChange(Request):
    change_id: str


class ChangeDocument(msgspec.Struct):
    """`kind` is changed, added, removed or kept. Of a certificate `was` and `becomes` are its
    SHA-256 fingerprint."""

    field: str
    kind: str
    was: str
    becomes: str
    subject: str | None
    not_before: str | None
    not_after: str | None


class PendingChange(msgspec.Struct):
    """`reason` is unconfirmed (no key that is trusted vouches for it), entity_id (another identity
    provider) or dropped_before (a certificate or a URL would come back that was given up)."""

    change_id: str
    reason: str
    waits_since: str | None
    changes: list[ChangeDocument]


class ReadError(msgspec.Struct):
    code: str
    message: str
    at: str | None


class IdpMetadataDocument(msgspec.Struct):
    """`read_at` is when the document was last read and understood, `tried_at` when it was last
    asked for. `expired` says that the last good one has ended; logins go on."""

    url: str
    policy: str
    read_at: str | None
    tried_at: str | None
    due_at: str
    valid_until: str | None
    expired: bool
    failures: int
    last_error: ReadError | None
    pending_change: PendingChange | None


class IdpMetadataResponse(Response):
    idp_metadata: IdpMetadataDocument


_PATH = "/v1/b2b/sso/saml/{organization_id}/connections/{connection_id}/idp_metadata"


@operation(
    "sso_saml.get_idp_metadata", "GET", _PATH, "Show the metadata that a connection follows",
    rule="sso.get_connections", extension=True,
)  # fmt: skip
async def get(call: Call, _: Nothing) -> IdpMetadataResponse:
    """When it was read, what went wrong, and the change that waits for an administrator, if any.
    Only a connection with an `idp_metadata_url` has it."""
    return _answer(call, await idp_metadata.get(*_of(call)))


@operation(
    "sso_saml.refresh_idp_metadata", "POST", f"{_PATH}/refresh", "Read the metadata now",
    rule="sso.update_connection", extension=True,
)  # fmt: skip
async def refresh(call: Call, _: Nothing) -> IdpMetadataResponse:
    """A document that cannot be read is no error of this call: `last_error` says what happened, and
    everything stays as it was. Shortly after a try the state is given without another one."""
    return _answer(call, await idp_metadata.refresh_now(*_of(call)))


@operation(
    "sso_saml.confirm_idp_metadata", "POST", f"{_PATH}/confirm", "Confirm a change of the metadata",
    rule="sso.update_connection", extension=True,
)  # fmt: skip
async def confirm(call: Call, body: NamedChange) -> IdpMetadataResponse:
    """Send the `change_id` of the change that you have seen; when another one waits by now, it is
    refused. **Whoever holds a certificate that is added can sign in as anybody who uses this
    connection**, also in the organizations that share it. A new entity id ends the sessions that
    stand on the one before."""
    return _answer(call, await idp_metadata.confirm(*_of(call), body.change_id))


@operation(
    "sso_saml.dismiss_idp_metadata", "POST", f"{_PATH}/dismiss", "Dismiss a change of the metadata",
    rule="sso.update_connection", extension=True,
)  # fmt: skip
async def dismiss(call: Call, body: NamedChange) -> IdpMetadataResponse:
    """Everything stays as it is, and this very change does not wait again."""
    return _answer(call, await idp_metadata.dismiss(*_of(call), body.change_id))


def _of(call: Call) -> tuple[Any, Any, str, str]:
    return call.rt, call.actor, call.path["organization_id"], call.path["connection_id"]


def _answer(call: Call, view: View) -> IdpMetadataResponse:
    return IdpMetadataResponse(idp_metadata=document(call, view))


def document(call: Call, view: View) -> IdpMetadataDocument:
    known = view.state
    error, pending = None, None
    if known.last_error:
        error = ReadError(known.last_error, known.last_error_message, _time(known.failed_at))
    if view.changes:
        pending = PendingChange(
            view.change_id,
            known.reason,
            _time(known.waits_since),
            [_change(change) for change in view.changes],
        )
    return IdpMetadataDocument(
        url=known.url,
        policy=view.connection.idp_metadata_policy,
        read_at=_time(known.read_at),
        tried_at=_time(known.tried_at),
        due_at=wire_time(known.due_at),
        valid_until=_time(known.valid_until),
        expired=known.expired(call.rt.now()),
        failures=known.failures,
        last_error=error,
        pending_change=pending,
    )


def _change(change: Change) -> ChangeDocument:
    return ChangeDocument(
        change.field,
        change.kind,
        change.was,
        change.becomes,
        change.subject or None,
        _time(change.not_before),
        _time(change.not_after),
    )


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else wire_time(moment)
