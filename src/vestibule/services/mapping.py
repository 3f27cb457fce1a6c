"""Trying an attribute mapping before it is saved: on a real login, or on what somebody pasted.

Owns the preview, which changes nothing and lets nobody in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from vestibule.domain.attributes import (
    Profile,
    Statement,
    check_oidc_mapping,
    check_saml_mapping,
    map_statement,
)
from vestibule.domain.connections import (
    ExternalConnection,
    OidcConnection,
    SamlConnection,
    SourceConnection,
)
from vestibule.domain.jwt_templates import Subject, fill, variables
from vestibule.domain.members import Member, Registration
from vestibule.domain.metadata import promote
from vestibule.domain.organizations import Organization
from vestibule.domain.rbac import MemberRole, session_roles
from vestibule.errors import VestibuleError, refusal
from vestibule.protocols import jwt, saml
from vestibule.services.members import misfits, roles_of
from vestibule.services.organizations import resolve
from vestibule.services.projects import ready_template
from vestibule.services.rbac import Actor
from vestibule.services.runtime import Runtime
from vestibule.storage import Tx

Basis = Literal["last_login", "saml_response", "id_token", "claims"]


@dataclass(frozen=True, slots=True)
class Pasted:
    """One of three, or none: then the connection's last login is the example."""

    saml_response: str | None = None
    id_token: str | None = None
    claims: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """What a mapping is tried on. Only a login's statement has been verified."""

    basis: Basis
    statement: Statement
    login_at: datetime | None = None
    trace_id: str = ""


@dataclass(frozen=True, slots=True)
class Preview:
    """What a login would make of the sample. With a `refusal` it would end there."""

    sample: Sample
    refusal: VestibuleError | None = None
    profile: Profile | None = None
    member_id: str = ""
    trusted_metadata: Mapping[str, object] = field(default_factory=dict)
    roles: tuple[MemberRole, ...] = ()
    session_roles: tuple[str, ...] = ()
    custom_claims: Mapping[str, object] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


async def preview(
    rt: Runtime,
    actor: Actor,
    organization_name: str,
    connection_id: str,
    *,
    mapping: Mapping[str, str] | None,
    pasted: Pasted,
) -> Preview:
    """What comes of a sample with this mapping, or with the connection's own.

    Raises:
        sso_connection_not_found, login_statement_not_found, attribute_mapping_invalid and the
        other refusals of a mapping, and what the pasted text cannot be read for.
    """
    given = _read(pasted)

    def work(tx: Tx) -> Preview:
        organization = resolve(tx, actor, organization_name, "sso.update_connection")
        connection = tx.connections.find(organization.organization_id, connection_id)
        if connection is None:
            raise refusal("sso_connection_not_found", got=connection_id)
        if isinstance(connection, ExternalConnection):
            raise refusal("external_connection_has_no_mapping", got=connection_id)
        tried = _checked(connection, mapping)
        sample = given or _last_login(tx, connection)
        if sample.statement.protocol != connection.kind:
            want = "a SAML response" if connection.kind == "saml" else "an ID token or claims"
            raise refusal("field_invalid", want=want, got=sample.basis)
        try:
            profile = map_statement(tried, sample.statement)
        except VestibuleError as error:
            return Preview(sample, error)
        return _outcome(rt, tx, actor, organization, connection, sample, profile)

    return await rt.store.read(work)


def _checked(connection: SourceConnection, mapping: Mapping[str, str] | None) -> Mapping[str, str]:
    if mapping is None:
        return connection.attribute_mapping
    if isinstance(connection, SamlConnection):
        return check_saml_mapping(mapping)
    return check_oidc_mapping(mapping)


def _read(pasted: Pasted) -> Sample | None:
    given = [one for one in (pasted.saml_response, pasted.id_token, pasted.claims) if one]
    if len(given) > 1:
        raise refusal("field_invalid", want="one of saml_response, id_token and claims")
    if pasted.saml_response:
        read = saml.read_unverified_statement(pasted.saml_response)
        attributes = saml.values_by_name(read.unverified_attributes)
        return Sample(
            "saml_response",
            Statement(
                "saml",
                read.unverified_name_id,
                attributes,
                read.unverified_name_id_format,
                read.unverified_friendly_names,
            ),
        )
    if pasted.id_token:
        claims = jwt.read_unverified_claims(pasted.id_token)
        return Sample("id_token", Statement("oidc", str(claims.get("sub", "")), claims))
    if pasted.claims:
        claims = pasted.claims
        return Sample("claims", Statement("oidc", str(claims.get("sub", "")), claims))
    return None


def _last_login(tx: Tx, connection: SamlConnection | OidcConnection) -> Sample:
    found = tx.logins.last_statement(connection.connection_id)
    if found is None:
        raise refusal("login_statement_not_found", got=connection.connection_id)
    trace, statement = found
    return Sample("last_login", statement, trace.started_at, trace.trace_id)


def _outcome(
    rt: Runtime,
    tx: Tx,
    actor: Actor,
    organization: Organization,
    connection: SourceConnection,
    sample: Sample,
    profile: Profile,
) -> Preview:
    """The member as they would be after the login, whom only this function ever sees."""
    project, now = actor.project, rt.now()
    known = tx.members.find_by_subject(connection.connection_id, profile.subject)
    owner = tx.members.find_by_email(organization.organization_id, profile.email)
    member = known[1] if known else owner[0] if owner and not owner[1] else None
    others = tx.members.registrations(member.member_id) if member else []
    if member is None:
        member = Member(
            "", organization.organization_id, profile.email, "pending", created_at=now,
            updated_at=now,
        )  # fmt: skip
    metadata, left_out = promote(member.trusted_metadata, profile.custom)
    member = replace(member, name=profile.name or member.name, trusted_metadata=metadata)
    here = Registration(
        registration_id="",
        member_id=member.member_id,
        organization_id=organization.organization_id,
        connection_id=connection.connection_id,
        source_connection_id=connection.connection_id,
        protocol=sample.statement.protocol,
        subject=profile.subject,
        created_at=now,
        last_login_at=now,
        groups=profile.groups,
        rules=connection.rules,
    )
    elsewhere = [r for r in others if r.connection_id != connection.connection_id]
    roles = roles_of(project, organization, member, [*elsewhere, here])
    counting = session_roles(roles, {connection.connection_id})
    template = ready_template(project)
    held = tuple(role.role_id for role in roles)
    subject = Subject(member, organization, held, counting, project.policy)
    filled = fill(template, variables(template, subject), {})
    return Preview(
        sample,
        None,
        profile,
        member.member_id,
        metadata,
        roles,
        counting,
        filled.claims,
        (
            *profile.warnings,
            *misfits(left_out),
            *(f"claim {name}: {_WHY[reason]}" for name, reason in filled.left_out),
        ),
    )


_WHY = {
    "missing": "there is nothing to fill it with",
    "too_large": "does not fit into the JWT (4096 bytes)",
    "not_json": "is nothing that JSON can hold",
}
