"""Every page that a person can look at, found in a running `vestibule dev` by its addresses: what
the proof of the pages and `make screens` walk over."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import httpx2

from peers.vestibule_server import Vestibule

OF_A_CONNECTION = (
    "", "/edit", "/roles", "/sharing", "/certificates", "/setup", "/mapping", "/test", "/draft",
    "/versions", "/dry-run", "/activate", "/delete",
)  # fmt: skip
OF_AN_ORGANIZATION = (
    "", "/settings", "/members", "/members/new", "/roles", "/branding", "/setup-links", "/domains",
    "/connections", "/connections/new", "/connections/new/external", "/logins", "/delete",
)  # fmt: skip
OF_A_PROJECT = (
    "", "/organizations", "/organizations/new", "/health", "/sharing", "/logins", "/roles",
    "/roles/json", "/jwt-template", "/applications", "/api-keys", "/branding", "/audit",
    "/operators", "/operators/new", "/account",
)  # fmt: skip


def call(server: Vestibule, method: str, path: str, body: Any = None) -> Any:
    with httpx2.Client(base_url=server.base_url, auth=server.auth) as client:
        answer = client.request(method, path, json=body)
        answer.raise_for_status()
        return answer.json()


def organizations(server: Vestibule) -> dict[str, str]:
    """Ids by slug."""
    found = call(server, "POST", "/v1/b2b/organizations/search", {})["organizations"]
    return {one["organization_slug"]: one["organization_id"] for one in found}


def setup_link(server: Vestibule, organization_id: str) -> str:
    """The path of a new link that opens more than once."""
    asked = {"scopes": ["sso", "domain_verification"], "uses": "many"}
    path = f"/v1/b2b/organizations/{organization_id}/setup_links"
    return urlsplit(call(server, "POST", path, asked)["url"]).path


def pages(server: Vestibule) -> dict[str, list[str]]:
    """The addresses of each door, with a draft made so that its pages show one."""
    owner = organizations(server)["northwind"]
    found = call(server, "GET", f"/v1/b2b/sso/{owner}")
    saml = found["saml_connections"][0]["connection_id"]
    oidc = found["oidc_connections"][0]["connection_id"]
    path = f"/v1/b2b/sso/{owner}/connections/{saml}/draft"
    call(server, "PUT", path, {"display_name": "Northwind, drafted"})
    sign_in = f"/sign-in?public_token={server.public_token}"
    root = f"/dashboard/{server.project_slug}/{server.environment_slug}"
    its = f"{root}/organizations/{owner}"
    return {
        "public": ["/", "/docs", "/dashboard/sign-in", sign_in],
        "dashboard": [
            *(root + part for part in OF_A_PROJECT),
            *(its + part for part in OF_AN_ORGANIZATION),
            *(f"{its}/connections/{saml}{part}" for part in OF_A_CONNECTION),
            f"{its}/connections/{oidc}/edit",
        ],
        "portal": [
            "/portal",
            "/portal/hand-over",
            "/portal/domains",
            "/portal/connections",
            "/portal/connections/new",
            "/portal/logins",
            *(f"/portal/connections/{saml}{part}" for part in OF_A_CONNECTION),
        ],
    }
