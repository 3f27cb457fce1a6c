"""The API of trying an attribute mapping."""

from __future__ import annotations

from typing import Any

import msgspec

from vestibule.domain.attributes import Profile
from vestibule.domain.sessions import wire_time
from vestibule.services import mapping
from vestibule.services.mapping import Pasted, Preview
from vestibule.web.api.registry import Call, Request, Response, operation
from vestibule.web.api.schemas import RefusalDocument, RoleSourceDocument, refusal_document


class MappingPreview(Request):
    attribute_mapping: dict[str, str] | None = None
    saml_response: str | None = None
    id_token: str | None = None
    claims: dict[str, Any] | None = None


class MappedValue(msgspec.Struct):
    """`source` is the name or path that gave the value, `(default)` for the mapping's default."""

    key: str
    source: str
    value: Any


class PreviewedRole(msgspec.Struct):
    role_id: str
    sources: list[RoleSourceDocument]


class MappingPreviewResponse(Response):
    connection_id: str
    basis: str
    verified: bool
    login_at: str | None
    trace_id: str | None
    refusal: RefusalDocument | None
    values: list[MappedValue]
    subject: str
    email_address: str
    name: str
    groups: list[str]
    member_id: str
    trusted_metadata: dict[str, Any]
    roles: list[PreviewedRole]
    session_roles: list[str]
    custom_claims: dict[str, Any]
    warnings: list[str]


@operation(
    "sso.preview_mapping",
    "POST",
    "/v1/b2b/sso/{organization_id}/connections/{connection_id}/mapping/preview",
    "Try an attribute mapping",
    rule="sso.update_connection",
    extension=True,
)
async def preview_mapping(call: Call, body: MappingPreview) -> MappingPreviewResponse:
    """What a login would make of a mapping: metadata, roles and JWT claims, each value with the
    name or path that it came from. Tried on the connection's last login, or on a pasted
    `saml_response` (base64 or XML), `id_token` or `claims` (ID token and UserInfo merged), none of
    which is verified. Without `attribute_mapping` the connection's own is tried. Nothing changes,
    and a `refusal` says why such a login would end."""
    found = await mapping.preview(
        call.rt,
        call.actor,
        call.path["organization_id"],
        call.path["connection_id"],
        mapping=body.attribute_mapping,
        pasted=Pasted(body.saml_response, body.id_token, body.claims),
    )
    return _response(call.path["connection_id"], found)


def _response(connection_id: str, found: Preview) -> MappingPreviewResponse:
    sample, profile = found.sample, found.profile or Profile("", "")
    return MappingPreviewResponse(
        connection_id=connection_id,
        basis=sample.basis,
        verified=sample.basis == "last_login",
        login_at=wire_time(sample.login_at) if sample.login_at else None,
        trace_id=sample.trace_id or None,
        refusal=refusal_document(found.refusal) if found.refusal else None,
        values=[
            MappedValue(key, source, profile.custom.get(key, list(profile.attributes.get(key, ()))))
            for key, source in profile.sources.items()
        ],
        subject=profile.subject,
        email_address=profile.email,
        name=profile.name,
        groups=list(profile.groups),
        member_id=found.member_id,
        trusted_metadata=dict(found.trusted_metadata),
        roles=[
            PreviewedRole(r.role_id, [RoleSourceDocument(s.type, s.details) for s in r.sources])
            for r in found.roles
        ],
        session_roles=list(found.session_roles),
        custom_claims=dict(found.custom_claims),
        warnings=list(found.warnings),
    )
