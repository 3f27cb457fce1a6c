"""What `vestibule dev` shows: one project, two organizations, three doors and a few people.

Everything goes through the use cases that an application would call, so the demo proves them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from vestibule.domain.connections import (
    ExternalConnection,
    OidcChanges,
    OidcConnection,
    SamlChanges,
    SamlConnection,
)
from vestibule.domain.organizations import Organization
from vestibule.domain.projects import (
    LOOPBACK_HOSTS,
    SIGN_IN,
    Project,
    ProjectSettings,
    RedirectUrl,
)
from vestibule.domain.rbac import (
    DEFAULT_POLICY,
    GroupRole,
    Permission,
    Resource,
    Role,
    build_policy,
)
from vestibule.errors import refusal
from vestibule.services import connections, organizations, projects
from vestibule.services.projects import Credentials
from vestibule.services.rbac import Actor
from vestibule.services.runtime import Runtime
from vestibule.storage import Tx

PROJECT_NAME = "Vestibule demo"
_CALLBACK_PATH = "/demo/callback"

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
JWT_TEMPLATE = '{"department": "{{ member.trusted_metadata.department }}"}'


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
    slo_url: str
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
    return await projects.create(
        rt,
        PROJECT_NAME,
        environment="test",
        settings=ProjectSettings(redirect_urls=(_callback(base_url),), insecure_loopback=True),
    )


async def ensure(rt: Runtime, idp: IdpAddress) -> Demo:
    """Make what is missing, and lead every door to where the identity provider is now."""
    found = await projects.get_first(rt)
    if found is None:
        raise ValueError("the demo needs its project first")
    project = found
    # Once only: from then on policy and template are the developer's own.
    if project.policy == DEFAULT_POLICY:
        project = await projects.set_policy(rt, project, POLICY)
        if not project.jwt_template:
            await projects.set_jwt_template(rt, project, JWT_TEMPLATE)
            project = await projects.get(rt, project.project_id)
    actor = Actor(await _with_callback(rt, project))
    northwind = await _organization(rt, actor, "Northwind", "northwind")
    labs = await _organization(rt, actor, "Northwind Labs", "northwind-labs")
    saml = await _saml(rt, actor, northwind, idp)
    oidc = await _oidc(rt, actor, northwind, idp)
    return Demo(
        actor.project,
        northwind,
        labs,
        saml,
        oidc,
        await _external(rt, actor, labs, saml, "Northwind's SAML"),
        await _external(rt, actor, labs, oidc, "Northwind's OpenID Connect"),
    )


def _callback(base_url: str) -> RedirectUrl:
    return RedirectUrl(f"{base_url}{_CALLBACK_PATH}", SIGN_IN, ("LOGIN",))


async def _with_callback(rt: Runtime, project: Project) -> Project:
    """Register the demo's callback where the server is now, beside what others registered.

    One of an earlier start on another port goes, and a default that somebody chose stays.
    """

    def work(tx: Tx) -> Project:
        current = tx.projects.find(project.project_id)
        if current is None:
            raise refusal("project_not_found", got=project.project_id)
        settings = current.settings
        callback = _callback(rt.settings.base_url)
        others = tuple(
            registered
            for registered in settings.redirect_urls
            if registered.url != callback.url and not _is_earlier_callback(registered.url)
        )
        if any("LOGIN" in other.default_for for other in others):
            callback = replace(callback, default_for=())
        if set(settings.redirect_urls) == {callback, *others}:
            return current
        changed = replace(settings, redirect_urls=(callback, *others))
        return tx.projects.update(replace(current, settings=changed))

    return await rt.store.write(work)


def _is_earlier_callback(url: str) -> bool:
    place = urlsplit(url)
    return place.hostname in LOOPBACK_HOSTS and place.path == _CALLBACK_PATH


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
    here = (made.idp_sso_url, made.idp_slo_url) == (idp.sso_url, idp.slo_url)
    if here and made.status == "active":
        return made
    return await connections.change_saml(
        rt,
        actor,
        organization.organization_id,
        made.connection_id,
        SamlChanges(
            idp_entity_id=idp.entity_id,
            idp_sso_url=idp.sso_url,
            idp_slo_url=idp.slo_url,
            attribute_mapping={**MAPPING, "email": "NameID"},
            **(_rules(actor.project, "editor") if made.status == "pending" else {}),
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
            **(_rules(actor.project, "editor") if made.status == "pending" else {}),
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
        **_rules(actor.project, "lab-lead"),
    )


def _rules(project: Project, for_engineers: str) -> dict[str, Any]:
    """The demo's role rules, as far as the developer's policy still has the roles."""
    known = {role.role_id for role in project.policy.roles}
    return {
        "connection_roles": tuple({"viewer"} & known),
        "group_roles": tuple(GroupRole(name, "engineering") for name in {for_engineers} & known),
    }
