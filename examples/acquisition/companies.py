"""The three companies, and how Vestibule comes to know them.

`COMPANIES` says what shall be; `set_up` makes what is missing, through the API alone. It finds
everything again by its slug, so a second run changes nothing, and what an administrator changed
in the meantime stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx2
import stytch
from stytch.core.response_base import StytchError, StytchErrorDetails


@dataclass(frozen=True)
class Company:
    """`everybody` is the role of whoever comes in; `groups` gives one more to a group's people.

    `roles` exist in this company alone. The others cannot assign them, nor even see them.
    """

    slug: str
    name: str
    sentence: str
    everybody: str
    groups: Mapping[str, str]
    roles: tuple[dict[str, Any], ...] = ()


def role(role_id: str, description: str, **permissions: list[str]) -> dict[str, Any]:
    return {
        "role_id": role_id,
        "description": description,
        "permissions": [
            {"resource_id": resource, "actions": actions}
            for resource, actions in permissions.items()
        ],
    }


HARBOUR = Company(
    "harbour-group",
    "Harbour Group",
    "Bought the other two. Runs the one identity provider.",
    everybody="group-staff",
    groups={"leads": "group-it"},
)
LABS = Company(
    "lighthouse-labs",
    "Lighthouse Labs",
    "Research. Has no identity provider: people come in through Harbour’s.",
    everybody="researcher",
    groups={"engineering": "lab-captain"},
    roles=(
        role("researcher", "Reads experiments", experiments=["read"]),
        role("lab-captain", "Runs experiments", experiments=["read", "run"]),
    ),
)
RETAIL = Company(
    "pier-retail",
    "Pier Retail",
    "Shops. Shares the same connection and gives its own roles.",
    everybody="shop-floor",
    groups={"support": "customer-care"},
    roles=(
        role("shop-floor", "Reads orders", orders=["read"]),
        role("customer-care", "Refunds orders", orders=["read", "refund"]),
    ),
)
COMPANIES = {company.slug: company for company in (HARBOUR, LABS, RETAIL)}

# What the product's own team defines, for all companies.
RESOURCES = (
    {"resource_id": "experiments", "description": "Work of labs", "actions": ["read", "run"]},
    {"resource_id": "orders", "description": "Orders of shops", "actions": ["read", "refund"]},
)
ROLES = (
    role("group-staff", "Works for the group"),
    role("group-it", "Looks after connections", **{"stytch.sso": ["get", "update"]}),
)
# Our name for it on the left, the identity provider's on the right.
MAPPING = {"email": "NameID", "full_name": "name", "groups": "groups"}


@dataclass(frozen=True)
class Vestibule:
    """Both ways to call it: the official client, and plain HTTP for what that does not know."""

    credentials: Mapping[str, str] = field(repr=False)
    api: stytch.B2BClient = field(repr=False)
    http: httpx2.Client = field(repr=False)

    @classmethod
    def open(cls, credentials: Mapping[str, str]) -> Vestibule:
        name, secret, url = (credentials[k] for k in ("project_id", "secret", "base_url"))
        api = stytch.B2BClient(name, secret, environment=url)
        return cls(credentials, api, httpx2.Client(base_url=url, auth=(name, secret), timeout=20))

    def call(self, method: str, path: str, **options: Any) -> Any:
        """The JSON of the answer; a refusal raises what the official client would raise."""
        answer = self.http.request(method, path, **options)
        if answer.is_error:
            raise StytchError(StytchErrorDetails(**answer.json()))
        return answer.json()


@dataclass(frozen=True)
class Doors:
    """Company slug → id of its organization, and of the connection that leads in."""

    organizations: Mapping[str, str]
    connections: Mapping[str, str]


def set_up(vestibule: Vestibule) -> Doors:
    """Make what is missing: policy, organizations, Harbour's connection and the two to it."""
    add_to_policy(vestibule)
    organizations = {c.slug: ensure_organization(vestibule, c) for c in COMPANIES.values()}
    connections = {HARBOUR.slug: ensure_saml(vestibule, organizations[HARBOUR.slug])}
    for company in (LABS, RETAIL):
        connections[company.slug] = ensure_external(
            vestibule, company, organizations, connections[HARBOUR.slug]
        )
    return Doors(organizations, connections)


def add_to_policy(vestibule: Vestibule) -> None:
    """Put our resources and roles beside those of others; the call replaces the whole policy."""
    held = vestibule.credentials
    path = (
        f"/pwa/v3/projects/{held['project_slug']}"
        f"/environments/{held['environment_slug']}/rbac_policy"
    )
    key = (held["workspace_key_id"], held["workspace_key_secret"])
    policy = vestibule.call("GET", path, auth=key)["policy"]
    wanted = {
        **policy,
        "custom_resources": with_missing(policy["custom_resources"], RESOURCES, "resource_id"),
        "custom_roles": with_missing(policy["custom_roles"], ROLES, "role_id"),
    }
    if wanted != policy:
        vestibule.call("PUT", path, auth=key, json={"policy": wanted})


def with_missing(held: Any, ours: tuple[dict[str, Any], ...], name: str) -> list[dict[str, Any]]:
    known = {one[name] for one in held}
    return [*held, *(one for one in ours if one[name] not in known)]


def ensure_organization(vestibule: Vestibule, company: Company) -> str:
    api = vestibule.api
    try:
        found = api.organizations.get(company.slug).organization
    except StytchError as error:
        if error.details.error_type != "organization_not_found":
            raise
        found = api.organizations.create(company.name, organization_slug=company.slug).organization
    own = vestibule.api.rbac.organizations.get_org_policy(found.organization_id).org_policy
    if company.roles and not own.roles:
        api.rbac.organizations.set_org_policy(found.organization_id, {"roles": list(company.roles)})
    return found.organization_id


def ensure_saml(vestibule: Vestibule, owner: str) -> str:
    """Harbour's own connection. Its metadata is read anew when the provider moved."""
    saml = vestibule.api.sso.saml
    # The built-in provider of `vestibule dev`; Okta shows such a URL as "Identity Provider
    # metadata" on the application's Sign On tab.
    metadata = f"{vestibule.credentials['base_url']}/dev/idp/saml/metadata"
    known = vestibule.api.sso.get_connections(owner).saml_connections
    made = known[0] if known else saml.create_connection(owner, "Harbour’s Okta").connection
    assert made is not None
    if made.idp_entity_id != metadata:
        saml.update_by_url(owner, made.connection_id, metadata)
    if made.status != "active":
        saml.update_connection(
            owner,
            made.connection_id,
            attribute_mapping=MAPPING,
            saml_connection_implicit_role_assignments=[{"role_id": HARBOUR.everybody}],
            saml_group_implicit_role_assignments=group_rules(HARBOUR),
        )
    return made.connection_id


def ensure_external(
    vestibule: Vestibule, company: Company, organizations: Mapping[str, str], source: str
) -> str:
    """The company's way in through Harbour's connection, with the company's own role rules."""
    here = organizations[company.slug]
    for known in vestibule.api.sso.get_connections(here).external_connections:
        if known.external_connection_id == source:
            return known.connection_id
    made = vestibule.api.sso.external.create_connection(
        here,
        external_organization_id=organizations[HARBOUR.slug],
        external_connection_id=source,
        display_name="Harbour’s Okta",
        connection_implicit_role_assignments=[{"role_id": company.everybody}],
        group_implicit_role_assignments=group_rules(company),
    ).connection
    assert made is not None
    return made.connection_id


def group_rules(company: Company) -> list[Any]:
    return [{"role_id": name, "group": group} for group, name in company.groups.items()]
