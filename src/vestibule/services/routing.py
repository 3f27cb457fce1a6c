"""From an e-mail address to the doors behind which its owner may be known.

Only domains that an organization has proved to be its own lead anywhere. Who is a member where is
never looked at, so an answer says nothing of a person that their domain does not say of everybody
who has an address there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from vestibule.domain.attributes import email_domain, read_email
from vestibule.domain.connections import Connection, OidcConnection, SamlConnection
from vestibule.domain.organizations import Organization
from vestibule.domain.projects import Project
from vestibule.services.runtime import Runtime
from vestibule.storage import Tx

ConnectionKind = Literal["saml", "oidc", "external"]
# More doors than that are no choice.
MAX_CHOICES = 20


@dataclass(frozen=True, slots=True)
class Choice:
    organization_id: str
    organization_name: str
    logo_url: str
    connection_id: str
    connection_name: str
    kind: ConnectionKind


@dataclass(frozen=True, slots=True)
class Routed:
    """The doors for an address, the default connection first; none where its domain is nobody's."""

    choices: Sequence[Choice]


async def route(rt: Runtime, project: Project, email: str) -> Routed:
    """Where somebody with this address signs in.

    Raises:
        invalid_email.
    """
    domain = email_domain(read_email(email))

    def work(tx: Tx) -> Routed:
        owner = tx.domain_claims.owner(project.project_id, domain)
        if owner is None:
            return Routed(())
        organization = tx.organizations.find(project.project_id, owner.organization_id)
        if organization is None or not _opens_by_sso(organization):
            return Routed(())
        default = organization.settings.sso_default_connection_id
        open_ones = {
            one.connection_id for one in tx.organizations.active_connections(owner.organization_id)
        }
        doors = [
            one
            for one in tx.connections.all_of(organization.organization_id)
            if one.connection_id in open_ones
        ]
        doors.sort(key=lambda one: one.connection_id != default)
        return Routed(
            [
                Choice(
                    organization.organization_id,
                    organization.name,
                    organization.logo_url,
                    one.connection_id,
                    one.display_name,
                    _kind(one),
                )
                for one in doors[:MAX_CHOICES]
            ]
        )

    return await rt.store.read(work)


def _opens_by_sso(organization: Organization) -> bool:
    settings = organization.settings
    return settings.auth_methods != "RESTRICTED" or "sso" in settings.allowed_auth_methods


def _kind(connection: Connection) -> ConnectionKind:
    if isinstance(connection, SamlConnection):
        return "saml"
    return "oidc" if isinstance(connection, OidcConnection) else "external"
