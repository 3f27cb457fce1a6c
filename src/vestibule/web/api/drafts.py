"""The API of drafts and versions: change a connection without changing it, and take it back."""

from __future__ import annotations

from typing import Any

import msgspec

from vestibule.domain.connections import SamlConnection as DomainSaml
from vestibule.domain.drafts import FieldChange
from vestibule.domain.sessions import wire_time
from vestibule.errors import refusal
from vestibule.services import drafts, dry_run
from vestibule.web.api.connections import UpdateOidc, UpdateSaml
from vestibule.web.api.registry import Call, Nothing, Request, Response, operation
from vestibule.web.api.schemas import (
    GroupRoleAssignment,
    OidcConnection,
    RoleAssignment,
    SamlConnection,
    oidc_document,
    saml_document,
)

_ONE = "/v1/b2b/sso/{organization_id}/connections/{connection_id}"
_DRAFT = f"{_ONE}/draft"
_VERSIONS = f"{_ONE}/versions"


class PutDraft(UpdateSaml, kw_only=True):
    """The fields of the update of the connection's kind, and the certificates to drop."""

    client_id: str | None = None
    client_secret: str | None = None
    issuer: str | None = None
    authorization_url: str | None = None
    token_url: str | None = None
    userinfo_url: str | None = None
    jwks_url: str | None = None
    custom_scopes: str | None = None
    oidc_connection_implicit_role_assignments: list[RoleAssignment] | None = None
    oidc_group_implicit_role_assignments: list[GroupRoleAssignment] | None = None
    token_endpoint_auth_method: str | None = None
    delete_certificate_ids: list[str] | None = None

    def only(self, kind: type[Request], *more: str) -> dict[str, Any]:
        """The fields that were sent, once it is clear that the kind of connection has them."""
        given = self.given()
        allowed = {*kind.__struct_fields__, *more}
        for name in given:
            if name not in allowed:
                raise refusal("field_invalid", want="fields of this kind of connection", got=name)
        return {name: value for name, value in given.items() if name not in more}


class ActivateDraft(Request):
    draft_id: str | None = None
    accept_lockout: bool | None = None


class ChangeDocument(msgspec.Struct):
    """One setting before and after. Certificates are told by their fingerprints, and of a secret
    only that it changes."""

    field: str
    was: Any
    becomes: Any


class DraftResponse(Response):
    connection_id: str
    draft_id: str
    based_on_version: int
    live_version: int
    outdated: bool
    changed_at: str
    changed_by: str
    tested_at: str | None
    changes: list[ChangeDocument]
    saml_connection: SamlConnection | None
    oidc_connection: OidcConnection | None
    warning: str = ""


class DiscardedDraft(Response):
    connection_id: str


class ActivatedResponse(Response):
    """`kept_version` brings back what was; null when nothing changed."""

    connection_id: str
    kept_version: int | None
    tested: bool
    identity_provider_changed: bool
    changes: list[ChangeDocument]
    not_brought_back: list[str]
    saml_connection: SamlConnection | None
    oidc_connection: OidcConnection | None


class VersionDocument(msgspec.Struct):
    """The connection as it was until `replaced_at`; `changes` are those that replaced it."""

    version: int
    replaced_at: str
    replaced_by: str
    changes: list[ChangeDocument]


class VersionsResponse(Response):
    live_version: int
    versions: list[VersionDocument]


@operation(
    "sso.put_draft", "PUT", _DRAFT, "Make or change the draft of a connection",
    rule="sso.update_connection", extension=True,
)  # fmt: skip
async def put_draft(call: Call, body: PutDraft) -> DraftResponse:
    """Takes the fields of the SAML or of the OIDC update, checks them as that does, and changes
    nothing but the draft: the one there is, otherwise a new one of the connection as it is now.
    `delete_certificate_ids` drops certificates of a SAML identity provider. A draft of an
    active connection is whole: what could not become live is refused; that of a pending one may
    grow piece by piece. If the connection has changed since the draft was made, the draft takes
    that over first; `changes` says what it would change now."""
    path = call.path
    place = (call.rt, call.actor, path["organization_id"], path["connection_id"])
    # The id says which kind it is; whether there is such a connection is asked with the rights.
    if path["connection_id"].startswith("oidc-connection-"):
        oidc = UpdateOidc(**body.only(UpdateOidc))
        return _draft(call, await drafts.put_oidc_draft(*place, oidc.changes()))
    saml = UpdateSaml(**body.only(UpdateSaml, "delete_certificate_ids"))
    made = await drafts.put_saml_draft(
        *place,
        saml.changes(),
        x509_certificate=saml.x509_certificate,
        signing_private_key=saml.signing_private_key,
        encryption_private_key=saml.saml_encryption_private_key,
        delete_certificate_ids=body.delete_certificate_ids or (),
    )
    return _draft(call, made)


@operation(
    "sso.get_draft", "GET", _DRAFT, "Read the draft of a connection",
    rule="sso.get_connections", extension=True,
)  # fmt: skip
async def get_draft(call: Call, _: Nothing) -> DraftResponse:
    """`changes` says what it would change; `outdated` that the connection has changed since, so
    that it has to be sent again before it can be activated; `tested_at` when a test login through
    exactly this draft passed."""
    found = await drafts.get_draft(
        call.rt, call.actor, call.path["organization_id"], call.path["connection_id"]
    )
    return _draft(call, found)


@operation(
    "sso.discard_draft", "DELETE", _DRAFT, "Discard the draft of a connection",
    rule="sso.update_connection", extension=True,
)  # fmt: skip
async def discard_draft(call: Call, _: Nothing) -> DiscardedDraft:
    """The connection stays as it is."""
    gone = await drafts.discard(
        call.rt, call.actor, call.path["organization_id"], call.path["connection_id"]
    )
    return DiscardedDraft(connection_id=gone)


@operation(
    "sso.activate_draft", "POST", f"{_DRAFT}/activate", "Make the draft of a connection live",
    rule="sso.update_connection", extension=True,
)  # fmt: skip
async def activate_draft(call: Call, body: ActivateDraft) -> ActivatedResponse:
    """As if its changes had been sent as one update. With `draft_id` only that very draft is
    activated, the one that was looked at. `tested` says whether a test login through exactly these
    settings passed; it is not required. What would shut out the last administrator is refused with
    `would_lock_out_administrators`, unless `accept_lockout` is true. If the draft names another
    identity provider, `identity_provider_changed` is true, and registrations and sessions of the
    one before have ended."""
    done = await drafts.activate(
        call.rt,
        call.actor,
        call.path["organization_id"],
        call.path["connection_id"],
        draft_id=body.draft_id,
        ask=None if body.accept_lockout else dry_run.guard(call.rt, call.actor.project),
    )
    return _activated(call, done)


@operation(
    "sso.get_versions", "GET", _VERSIONS, "List the versions before the live one",
    rule="sso.get_connections", extension=True,
)  # fmt: skip
async def get_versions(call: Call, _: Nothing) -> VersionsResponse:
    """The last ten, the latest first. Each change of a connection keeps what was, whether it came
    by a draft, by an update or from metadata."""
    found = await drafts.versions(
        call.rt, call.actor, call.path["organization_id"], call.path["connection_id"]
    )
    return VersionsResponse(
        live_version=found.live_number,
        versions=[
            VersionDocument(
                one.version.number,
                wire_time(one.version.at),
                one.version.actor,
                _changes(one.changes),
            )
            for one in found.versions
        ],
    )


@operation(
    "sso.roll_back", "POST", f"{_VERSIONS}/{{version}}/roll_back",
    "Make a version before live again",
    rule="sso.update_connection", extension=True,
)  # fmt: skip
async def roll_back(call: Call, _: Nothing) -> ActivatedResponse:
    """Settings, certificates and keys are as they were then; what is live now is kept as a version.
    `not_brought_back` says what does not come back: rules for roles that have been deleted, and
    registrations and sessions that ended when the identity provider changed. Whom the owner has
    shut out since stays out."""
    done = await drafts.roll_back_to(
        call.rt,
        call.actor,
        call.path["organization_id"],
        call.path["connection_id"],
        _number(call.path["version"]),
    )
    return _activated(call, done)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        return 0
    return int(text)


def _draft(call: Call, view: drafts.DraftView) -> DraftResponse:
    draft, settings = view.draft, view.draft.settings
    return DraftResponse(
        connection_id=settings.connection_id,
        draft_id=draft.draft_id,
        based_on_version=draft.based_on,
        live_version=view.live_number,
        outdated=view.outdated,
        changed_at=wire_time(draft.at),
        changed_by=draft.actor,
        tested_at=wire_time(draft.tested_at) if draft.tested_at else None,
        changes=_changes(view.changes),
        saml_connection=saml_document(call.rt, settings)
        if isinstance(settings, DomainSaml)
        else None,
        oidc_connection=None
        if isinstance(settings, DomainSaml)
        else oidc_document(call.rt, settings),
        warning=view.warning,
    )


def _activated(call: Call, done: drafts.Activated) -> ActivatedResponse:
    live = done.connection
    return ActivatedResponse(
        connection_id=live.connection_id,
        kept_version=done.kept_number,
        tested=done.tested,
        identity_provider_changed=done.identity_provider_changed,
        changes=_changes(done.changes),
        not_brought_back=list(done.not_brought_back),
        saml_connection=saml_document(call.rt, live) if isinstance(live, DomainSaml) else None,
        oidc_connection=None if isinstance(live, DomainSaml) else oidc_document(call.rt, live),
    )


def _changes(changes: tuple[FieldChange, ...]) -> list[ChangeDocument]:
    return [ChangeDocument(one.field, one.was, one.becomes) for one in changes]
