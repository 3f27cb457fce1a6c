"""What `vestibule dev` shows: one project, two organizations, three doors and a few people.

Everything goes through the use cases that an application would call, so the demo proves them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from vestibule.domain.connections import (
    ExternalConnection,
    OidcChanges,
    OidcConnection,
    SamlChanges,
    SamlConnection,
)
from vestibule.domain.organizations import Organization
from vestibule.domain.projects import Project, ProjectSettings, RedirectUrl
from vestibule.domain.rbac import GroupRole, Permission, Resource, Role, build_policy
from vestibule.services import connections, organizations, projects
from vestibule.services.projects import Credentials
from vestibule.services.rbac import Actor
from vestibule.services.runtime import Runtime
from vestibule.storage import Tx

PROJECT_NAME = "Vestibule demo"

POLICY = build_policy(
    custom_resources=[
        Resource("documents", "What the product is about", ("read", "write", "publish")),
        Resource("experiments", "What the labs work on", ("read", "run")),
    ],
    custom_roles=[
        Role("viewer", "Reads documents", (Permission("documents", ("read",)),)),
        Role("editor", "Writes documents", (Permission("documents", ("read", "write")),)),
        Role(
            "lab-lead",
            "Runs experiments",
            (Permission("experiments", ("*",)), Permission("documents", ("read",))),
        ),
    ],
)
MAPPING = {
    "email": "email",
    "full_name": "name",
    "groups": "groups",
    "department": "department",
}
JWT_TEMPLATE = {"department": "{{ member.trusted_metadata.department }}"}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whom the identity provider knows."""

    subject: str
    email: str
    name: str
    groups: tuple[str, ...]
    department: str
    note: str


PEOPLE = (
    Person("1001", "ada@northwind.example", "Ada Lovelace", ("engineering", "leads"),
           "Research", "An engineer: a group of hers gives a role"),
    Person("1002", "grace@northwind.example", "Grace Hopper", ("support",),
           "Customer care", "Not an engineer: the connection's role only"),
    Person("1003", "alan@contractors.example", "Alan Turing", (),
           "External", "A contractor with an address of another domain, in no group"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class IdpAddress:
    """Where the built-in identity provider is, and how it signs."""

    entity_id: str
    sso_url: str
    certificate: str
    issuer: str
    client_id: str
    client_secret: str


@dataclass(frozen=True, slots=True)
class Demo:
    """The two organizations and their doors."""

    project: Project
    northwind: Organization
    labs: Organization
    saml: SamlConnection
    oidc: OidcConnection
    labs_saml: ExternalConnection
    labs_oidc: ExternalConnection


async def create_project(rt: Runtime, base_url: str) -> Credentials:
    """The demo's project. Every loopback URL may receive its tokens."""
    callback = RedirectUrl(f"{base_url}/demo/callback", ("LOGIN", "SIGNUP"), ("LOGIN",))
    return await projects.create(
        rt,
        PROJECT_NAME,
        environment="test",
        settings=ProjectSettings(redirect_urls=(callback,), insecure_loopback=True),
    )


async def ensure(rt: Runtime, idp: IdpAddress) -> Demo:
    """Make what is missing, and lead every door to where the identity provider is now."""
    found = await projects.get_first(rt)
    if found is None:
        raise ValueError("the demo needs its project first")
    project = found
    if project.policy != POLICY:
        project = await projects.set_policy(rt, project, POLICY)
        project = await projects.set_jwt_template(rt, project, JWT_TEMPLATE)
    callback = RedirectUrl(f"{rt.settings.base_url}/demo/callback", ("LOGIN", "SIGNUP"), ("LOGIN",))
    if project.settings.redirect_urls != (callback,):
        changed = replace(project, settings=replace(project.settings, redirect_urls=(callback,)))
        project = await rt.store.write(lambda tx: tx.projects.update(changed))
    actor = Actor(project)
    northwind = await _organization(rt, actor, "Northwind", "northwind")
    labs = await _organization(rt, actor, "Northwind Labs", "northwind-labs")
    saml = await _saml(rt, actor, northwind, idp)
    oidc = await _oidc(rt, actor, northwind, idp)
    return Demo(
        project,
        northwind,
        labs,
        saml,
        oidc,
        await _external(rt, actor, labs, saml, "Northwind's SAML"),
        await _external(rt, actor, labs, oidc, "Northwind's OpenID Connect"),
    )


async def _organization(rt: Runtime, actor: Actor, name: str, slug: str) -> Organization:
    def find(tx: Tx) -> Organization | None:
        return tx.organizations.find_by_any(actor.project.project_id, slug)

    found = await rt.store.read(find)
    if found is not None:
        return found
    view = await organizations.create(
        rt, actor, {"organization_name": name, "organization_slug": slug}
    )
    return view.organization


async def _saml(
    rt: Runtime, actor: Actor, organization: Organization, idp: IdpAddress
) -> SamlConnection:
    known = await connections.get_all(rt, actor, organization.organization_id)
    made = next(iter(known.saml), None) or await connections.create_saml(
        rt,
        actor,
        organization.organization_id,
        display_name="Northwind SAML",
        identity_provider="generic",
    )
    if made.idp_sso_url == idp.sso_url and made.status == "active":
        return made
    return await connections.change_saml(
        rt,
        actor,
        organization.organization_id,
        made.connection_id,
        SamlChanges(
            idp_entity_id=idp.entity_id,
            idp_sso_url=idp.sso_url,
            attribute_mapping={**MAPPING, "email": "NameID"},
            connection_roles=("viewer",),
            group_roles=(GroupRole("editor", "engineering"),),
        ),
        x509_certificate=idp.certificate,
    )


async def _oidc(
    rt: Runtime, actor: Actor, organization: Organization, idp: IdpAddress
) -> OidcConnection:
    known = await connections.get_all(rt, actor, organization.organization_id)
    made = next(iter(known.oidc), None) or await connections.create_oidc(
        rt,
        actor,
        organization.organization_id,
        display_name="Northwind OpenID Connect",
        identity_provider="generic",
    )
    if made.issuer == idp.issuer and made.status == "active":
        return made
    # The provider is not up yet, so its addresses are given instead of discovered.
    changed, _ = await connections.change_oidc(
        rt,
        actor,
        organization.organization_id,
        made.connection_id,
        OidcChanges(
            client_id=idp.client_id,
            client_secret=idp.client_secret,
            authorization_url=f"{idp.issuer}/authorize",
            token_url=f"{idp.issuer}/token",
            userinfo_url=f"{idp.issuer}/userinfo",
            jwks_url=f"{idp.issuer}/jwks",
            attribute_mapping=MAPPING,
            connection_roles=("viewer",),
            group_roles=(GroupRole("editor", "engineering"),),
        ),
    )

    def write(tx: Tx) -> OidcConnection:
        held = tx.connections.find(organization.organization_id, changed.connection_id)
        if not isinstance(held, OidcConnection):
            raise TypeError("the demo's connection is gone")
        final = replace(held, issuer=idp.issuer, status="active")
        tx.connections.update(final)
        return final

    return await rt.store.write(write)


async def _external(
    rt: Runtime,
    actor: Actor,
    organization: Organization,
    source: SamlConnection | OidcConnection,
    name: str,
) -> ExternalConnection:
    known = await connections.get_all(rt, actor, organization.organization_id)
    for external in known.external:
        if external.external_connection_id == source.connection_id:
            return external
    return await connections.create_external(
        rt,
        actor,
        organization.organization_id,
        external_organization_id=source.organization_id,
        external_connection_id=source.connection_id,
        display_name=name,
        connection_roles=("viewer",),
        group_roles=(GroupRole("lab-lead", "engineering"),),
    )
