"""A product that signs people in through Vestibule, as its developers would write it.

It calls the API with the official client, sends browsers to the start URL and exchanges what
comes back. It knows the wire and imports nothing of Vestibule.
"""

from __future__ import annotations

import itertools
import os
import warnings
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2
import stytch

from peers.pages import PostedForm
from peers.vestibule_server import Vestibule

REDIRECT_URL = "http://localhost:3000/authenticate"
SAML_MAPPING = {"email": "NameID", "full_name": "displayName", "groups": "groups"}

_numbers = itertools.count(1)


class Product:
    """One project's backend. `api` is the official client."""

    def __init__(self, server: Vestibule) -> None:
        self.server = server
        with warnings.catch_warnings():
            # The client still makes an aiohttp.BasicAuth, which aiohttp calls deprecated.
            warnings.simplefilter("ignore", DeprecationWarning)
            self.api = stytch.B2BClient(
                server.project_id, server.secret, environment=server.base_url
            )

    def make_organization(self, name: str) -> str:
        """A fresh organization; the server is shared, so its slug is nobody else's."""
        slug = f"{name.lower().replace(' ', '-')}-{os.getpid()}-{next(_numbers)}"
        made = self.api.organizations.create(organization_name=name, organization_slug=slug)
        return str(made.organization.organization_id)

    def make_external(
        self,
        owner: str,
        connection_id: str,
        *,
        connection_role: str = "viewer",
        group_role: tuple[str, str] = ("engineering", "lab-lead"),
    ) -> tuple[str, str]:
        """A second organization that lets people in through `connection_id` of `owner`.

        Returns:
            The ids of the organization and of its External connection.
        """
        entered = self.make_organization("Labs")
        group, role = group_role
        made = self.api.sso.external.create_connection(
            organization_id=entered,
            external_organization_id=owner,
            external_connection_id=connection_id,
            display_name="Through the owner",
            connection_implicit_role_assignments=[{"role_id": connection_role}],
            group_implicit_role_assignments=[{"role_id": role, "group": group}],
        )
        return entered, str(made.connection.connection_id)

    def start(self, browser: httpx2.Client, connection_id: str, **parameters: str) -> str:
        """Begin a sign-in in `browser`; returns where it is sent."""
        query = {
            "public_token": self.server.public_token,
            "connection_id": connection_id,
            "login_redirect_url": REDIRECT_URL,
            **parameters,
        }
        url = f"{self.server.base_url}/v1/public/sso/start?{urlencode(query)}"
        answer = browser.get(url, follow_redirects=False)
        if answer.status_code != 302:
            raise AssertionError(f"{answer.status_code}: {answer.text}")
        return str(answer.headers["location"])

    def authenticate(self, arrival: httpx2.Response) -> Any:
        """Exchange the one-time token in the redirect for a session."""
        return self.api.sso.authenticate(sso_token=token_in(arrival))

    def claims_of(self, session_jwt: str) -> Any:
        """Verify a session JWT as the official client does it, by the published keys alone."""
        return self.api.sessions.authenticate_jwt_local(session_jwt)


def deliver(browser: httpx2.Client, form: PostedForm, **headers: str) -> httpx2.Response:
    """What the identity provider's page makes the browser do."""
    return browser.post(form.acs_url, data=form.fields, follow_redirects=False, headers=headers)


def token_in(arrival: httpx2.Response) -> str:
    """The one-time token that the product's redirect URL is called with."""
    if arrival.status_code != 303:
        raise AssertionError(f"{arrival.status_code}: {arrival.text}")
    query = parse_qs(urlsplit(arrival.headers["location"]).query)
    assert query["stytch_token_type"] == ["sso"]
    return query["token"][0]
