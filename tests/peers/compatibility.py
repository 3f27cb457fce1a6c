"""What the official clients can do against Vestibule: every call of theirs, and what came of it.

A call is walked through with what it has to answer, or it is made with nothing in it and has to be
refused by the server as something that is not there. Written down in docs/reference by
`PYTHONPATH=tests .venv/bin/python -m peers.compatibility`. Knows no client's language.
"""

from __future__ import annotations

import ast
import contextlib
import html
import itertools
import os
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2
import jwt

from peers.certificates import make_key_pair
from peers.official_clients import (
    Client,
    Refused,
    run_java_client,
    run_management_client,
    run_node_client,
    run_python_client,
)
from peers.pages import read_forms
from peers.parts import ROOT
from peers.vestibule_server import Vestibule, run_vestibule_dev
from vestibule.web import app  # noqa: F401 - with it come all operations
from vestibule.web.api.registry import OPERATIONS
from vestibule.web.mock_idp import CLIENT_ID, CLIENT_SECRET, PREFIX

PAGE = ROOT / "docs" / "reference" / "compatibility.md"
_BROWSER_TESTS = Path(__file__).with_name("test_official_browser_client.py")
_BROWSER_CALL = re.compile(
    r"(?<![\w.])(?:client\.)?((?:session|self|organization|sso|rbac|magicLinks|discovery)(?:\.\w+)+)\("
)

PASSED = "passed"
LATER = "not built yet"
REFUSED = "refused"
LOCAL = "without the server"
ELSEWHERE = "another host"
ABSENT = "—"

# How the server says that a call is not there.
NOT_THERE = ("route_not_found", "method_not_allowed")
# Nouns of the wire that Vestibule is going to speak; until then it says `route_not_found`.
_LATER = {
    "discovery.": "discovery_organizations.list",
    "magic_links.": "magic_links.authenticate",
    "organizations.members.start_email_update": "organizations_members.start_email_update",
    "scim.": "scim_connection.create",
}
_BUILT = {operation.id for operation in OPERATIONS}
NOT_BUILT_YET = tuple(name for name, first in _LATER.items() if first not in _BUILT)
# The same of the management wire.
NOT_MANAGED_YET = tuple(
    f"{noun}."
    for noun in ("public_tokens", "redirect_urls", "secrets")
    if f"management.{noun}.create" not in _BUILT
)
# Judgements of the clients alone, on tokens of a kind that Vestibule does not issue.
WITHOUT_THE_SERVER = frozenset({
    "idp.introspect_access_token_local", "idp.introspect_token_local", "m2m.authenticate_token",
})  # fmt: skip
# The clients send these to a host of their own, not to the base URL; no test asks there.
OTHER_HOSTS = ("fraud.",)

ADA = "ada@northwind.example"
MAPPING = {"email": "NameID", "full_name": "name", "groups": "groups", "department": "department"}
REDIRECT = "http://localhost:3000/authenticate"

_numbers = itertools.count(1)


class Walks:
    """One client's way through all that it can do, each part of it walked once."""

    def __init__(
        self, client: Client, server: Vestibule, ways: Mapping[str, Callable[[Walks], None]]
    ) -> None:
        self.client = client
        self.server = server
        self._ways = ways
        self._done: set[str] = set()
        self._customer: dict[str, str] = {}

    def walk(self, name: str) -> None:
        """Raises: AssertionError, Refused: where a call did not do what it has to do."""
        if name not in self._done:
            self._ways[name](self)
            self._done.add(name)

    def outcomes(self) -> dict[str, str]:
        """Every call of the client with its outcome; walks what was not walked before.

        Raises: AssertionError: a call was neither walked nor refused as one that is not there.
        """
        for name in self._ways:
            self.walk(name)
        found = {}
        for name in sorted(self.client.calls):
            found[name] = PASSED if name in self.client.passed else self._left_out(name)
        return found

    def _left_out(self, name: str) -> str:
        if name.startswith(OTHER_HOSTS):
            return ELSEWHERE
        said = self.client.probe(name)
        if said == "" and name in WITHOUT_THE_SERVER:
            return LOCAL
        assert said in NOT_THERE, f"{name} is answered by {said!r}, and no walk makes it"
        later = NOT_MANAGED_YET if self._ways is MANAGEMENT_WALKS else NOT_BUILT_YET
        return LATER if name.startswith(later) else REFUSED

    # -- what several walks need ----------------------------------------------------------------

    def call(self, name: str, /, **params: Any) -> Any:
        return self.client.call(name, **params)

    def refused(self, status: int, error_type: str, name: str, /, **params: Any) -> None:
        """The call is refused, and the client's error says so field by field."""
        try:
            self.client.call(name, **params)
        except Refused as caught:
            fields = caught.fields
            assert (caught.status_code, caught.error_type) == (status, error_type), fields
            assert fields["request_id"].startswith("request-id-test-")
            assert fields["error_message"]
            assert fields["error_url"].endswith(f"/docs/errors/{status}#{error_type}")
            return
        raise AssertionError(f"{name} was answered, not refused by {error_type}")

    def organization(self, name: str, **fields: Any) -> Any:
        """A fresh one; the server is shared, so its slug is nobody else's."""
        slug = f"{self.client.language}-{name}-{os.getpid()}-{next(_numbers)}".lower()
        made = self.call(
            "organizations.create",
            organization_name=f"Client {name}",
            organization_slug=slug,
            **fields,
        )
        return made["organization"]

    @property
    def customer(self) -> Mapping[str, str]:
        """A company with a SAML and an OIDC connection, and a partner that uses both.

        Set up through the client alone, as its users do: `owner`, `saml`, `oidc`, `partner`,
        `partner_saml`, `partner_oidc`.
        """
        if self._customer:
            return self._customer
        owner = self.organization("owner")["organization_id"]
        partner = self.organization("partner")["organization_id"]
        idp = f"{self.server.base_url}{PREFIX}"

        made = self.call("sso.saml.create_connection", organization_id=owner, display_name="Ours")
        saml = {"organization_id": owner, "connection_id": made["connection"]["connection_id"]}
        self.call("sso.saml.update_by_url", **saml, metadata_url=f"{idp}/saml/metadata")
        changed = self.call(
            "sso.saml.update_connection",
            **saml,
            attribute_mapping=MAPPING,
            saml_connection_implicit_role_assignments=[{"role_id": "viewer"}],
            saml_group_implicit_role_assignments=[{"role_id": "editor", "group": "engineering"}],
        )
        assert changed["connection"]["status"] == "active"

        made = self.call("sso.oidc.create_connection", organization_id=owner, display_name="Too")
        oidc = {"organization_id": owner, "connection_id": made["connection"]["connection_id"]}
        changed = self.call(
            "sso.oidc.update_connection",
            **oidc,
            client_id=CLIENT_ID,
            client_secret=CLIENT_SECRET,
            issuer=f"{idp}/oidc",
            attribute_mapping={**MAPPING, "email": "email"},
        )
        assert changed["warning"] == ""
        assert changed["connection"]["status"] == "active"
        assert changed["connection"]["token_url"] == f"{idp}/oidc/token"

        found = {"owner": owner, "partner": partner}
        for kind, source in (("saml", saml), ("oidc", oidc)):
            external = self.call(
                "sso.external.create_connection",
                organization_id=partner,
                external_organization_id=owner,
                external_connection_id=source["connection_id"],
                display_name="Through the owner",
                connection_implicit_role_assignments=[{"role_id": "viewer"}],
                group_implicit_role_assignments=[{"role_id": "lab-lead", "group": "engineering"}],
            )["connection"]
            assert external["status"] == "active"
            found |= {kind: source["connection_id"], f"partner_{kind}": external["connection_id"]}
        self._customer = found
        return found

    def sign_in(self, door: str, **more: Any) -> Any:
        """Ada through one of the customer's connections, up to the session."""
        token = walk_login(self.server, self.customer[door])
        return self.call("sso.authenticate", sso_token=token, **more)


def walk_login(server: Vestibule, connection_id: str, person: str = ADA, **parameters: str) -> str:
    """What the person's browser does, from the start URL to the token in the redirect."""
    query = {
        **parameters,
        "public_token": server.public_token,
        "connection_id": connection_id,
        "login_redirect_url": REDIRECT,
        "provider_login_hint": person,
    }
    with httpx2.Client(base_url=server.base_url, timeout=20) as browser:
        started = browser.get(f"/v1/public/sso/start?{urlencode(query)}")
        assert started.status_code == 302, started.text
        at_idp = browser.get(started.headers["location"])
        if at_idp.status_code == 200:
            form = read_forms(at_idp)[0]
            arrived = browser.post(form.action, data=form.fields)
        else:
            arrived = browser.get(at_idp.headers["location"])
    assert arrived.status_code == 303, arrived.text
    found = parse_qs(urlsplit(arrived.headers["location"]).query)
    assert found["stytch_token_type"] == ["sso"]
    return found["token"][0]


# --- the walks ----------------------------------------------------------------------------------


def organizations(w: Walks) -> None:
    number = f"{os.getpid()}-{next(_numbers)}"
    made = w.organization(
        "buero",
        organization_external_id=f"{w.client.language}|{number}",
        trusted_metadata={"tier": 1},
        email_allowed_domains=["buero.example"],
        email_invites="RESTRICTED",
        rbac_email_implicit_role_assignments=[{"domain": "buero.example", "role_id": "viewer"}],
    )
    own = {"organization_id": made["organization_id"]}
    assert made["organization_id"].startswith("organization-test-")
    for name in (*own.values(), made["organization_slug"], made["organization_external_id"]):
        found = w.call("organizations.get", organization_id=name)["organization"]
        assert found["organization_id"] == made["organization_id"]
        assert found["trusted_metadata"] == {"tier": 1}
    changed = w.call(
        "organizations.update", **own, organization_name="Büro 🏢", trusted_metadata={"b": [2]}
    )["organization"]
    assert changed["organization_name"] == "Büro 🏢"
    assert changed["organization_slug"] == made["organization_slug"]
    assert changed["trusted_metadata"] == {"tier": 1, "b": [2]}
    w.call("organizations.members.create", **own, email_address="a@buero.example")
    assert w.call("organizations.metrics", **own)["member_count"] == 1
    cleared = w.call("organizations.delete_external_id", **own)["organization"]
    assert cleared["organization_external_id"] is None
    query = {
        "operator": "AND",
        "operands": [
            {"filter_name": "organization_slugs", "filter_value": [made["organization_slug"]]},
            {"filter_name": "has_active_sso_connection", "filter_value": False},
        ],
    }
    searched = w.call("organizations.search", limit=1, query=query)
    assert searched["results_metadata"]["total"] == 1
    assert searched["organizations"][0]["organization_id"] == made["organization_id"]
    gone = w.call("organizations.delete", **own)
    assert gone["organization_id"] == made["organization_id"]
    w.refused(404, "organization_not_found", "organizations.get", **own)
    w.refused(
        400, "invalid_organization_slug", "organizations.create",
        organization_name="x", organization_slug="has space",
    )  # fmt: skip


def members(w: Walks) -> None:
    owner = {"organization_id": w.organization("members")["organization_id"]}
    made = w.call(
        "organizations.members.create",
        **owner,
        email_address="First@Example.com",
        name="First",
        roles=["editor"],
        external_id="crm|1",
        untrusted_metadata={"theme": "dark"},
        mfa_phone_number="+15005550006",
    )
    own = {**owner, "member_id": made["member_id"]}
    assert [role["role_id"] for role in made["member"]["roles"]] == ["stytch_member", "editor"]
    assert made["member"]["roles"][1]["sources"][0]["type"] == "direct_assignment"
    for by in ({"member_id": "crm|1"}, {"email_address": "first@example.com"}):
        found = w.call("organizations.members.get", **owner, **by)
        assert found["member_id"] == made["member_id"]
        assert found["organization"]["organization_id"] == owner["organization_id"]
    w.refused(
        400, "duplicate_member_email", "organizations.members.create",
        **owner, email_address="FIRST@example.com",
    )  # fmt: skip
    changed = w.call(
        "organizations.members.update",
        **own,
        name="Second",
        email_address="second@example.com",
        trusted_metadata={"level": 2},
        roles=["viewer"],
        preserve_existing_sessions=True,
    )["member"]
    assert (changed["name"], changed["email_address"]) == ("Second", "second@example.com")
    retired = changed["retired_email_addresses"][0]
    unlinked = w.call(
        "organizations.members.unlink_retired_email", **own, email_id=retired["email_id"]
    )
    assert unlinked["member"]["retired_email_addresses"] == []
    for name, field, empty in (
        ("delete_mfa_phone_number", "mfa_phone_number", ""),
        ("delete_totp", "totp_registration_id", ""),
        ("delete_external_id", "external_id", None),
    ):
        assert w.call(f"organizations.members.{name}", **own)["member"][field] == empty
    searched = w.call(
        "organizations.members.search",
        organization_ids=[owner["organization_id"]],
        query={
            "operator": "AND",
            "operands": [{"filter_name": "member_roles", "filter_value": ["viewer"]}],
        },
    )
    assert [m["member_id"] for m in searched["members"]] == [made["member_id"]]
    assert list(searched["organizations"]) == [owner["organization_id"]]
    assert w.call("organizations.members.oidc_providers", **own)["registrations"] == []
    seen = w.call("organizations.members.dangerously_get", member_id=made["member_id"])
    assert seen["member"]["name"] == "Second"
    gone = w.call("organizations.members.delete", **own)
    assert gone["member_id"] == made["member_id"]
    w.refused(
        404, "member_not_found", "organizations.members.dangerously_get",
        member_id=made["member_id"],
    )  # fmt: skip
    seen = w.call(
        "organizations.members.dangerously_get",
        member_id=made["member_id"],
        include_deleted=True,
    )
    assert seen["member"]["status"] == "deleted"


def people_who_signed_in(w: Walks) -> None:
    """A deleted member comes back, and the tokens of an identity provider are handed out."""
    done = w.sign_in("partner_oidc")
    own = {"organization_id": w.customer["partner"], "member_id": done["member_id"]}
    held = w.call("organizations.members.oidc_providers", **own, include_refresh_token=True)
    registration = held["registrations"][0]
    assert registration["connection_id"] == w.customer["partner_oidc"]
    assert registration["access_token"]
    assert registration["access_token_expires_in"] > 0
    w.call("organizations.members.delete", **own)
    again = w.call("organizations.members.reactivate", **own)
    assert again["member"]["status"] == "active"


def saml_connections(w: Walks) -> None:
    owner = {"organization_id": w.organization("saml")["organization_id"]}
    made = w.call(
        "sso.saml.create_connection", **owner, display_name="Okta", identity_provider="okta"
    )["connection"]
    assert (made["status"], made["identity_provider"]) == ("pending", "okta")
    assert made["acs_url"] == made["audience_uri"]
    own = {**owner, "connection_id": made["connection_id"]}
    first, second = (make_key_pair(name) for name in ("one", "two"))
    changed = w.call(
        "sso.saml.update_connection",
        **own,
        idp_entity_id="https://idp.example/entity",
        idp_sso_url="https://idp.example/sso",
        attribute_mapping=MAPPING,
        x509_certificate=first.certificate_pem,
        idp_initiated_auth_disabled=True,
    )["connection"]
    assert (changed["status"], changed["idp_initiated_auth_disabled"]) == ("active", True)
    more = w.call(
        "sso.saml.update_connection",
        **own,
        x509_certificate=second.certificate_pem,
        saml_encryption_private_key=first.key_pem,
    )["connection"]
    ids = [held["certificate_id"] for held in more["verification_certificates"]]
    gone = w.call("sso.saml.delete_verification_certificate", **own, certificate_id=ids[0])
    assert gone["certificate_id"] == ids[0]
    w.refused(
        400, "cannot_delete_last_sso_verification_key", "sso.saml.delete_verification_certificate",
        **own, certificate_id=ids[1],
    )  # fmt: skip
    key_id = more["encryption_private_keys"][0]["private_key_id"]
    gone = w.call("sso.saml.delete_encryption_private_key", **own, private_key_id=key_id)
    assert gone["private_key_id"] == key_id
    w.refused(
        404, "sso_encryption_private_key_not_found", "sso.saml.delete_encryption_private_key",
        **own, private_key_id=key_id,
    )  # fmt: skip
    if w.client.language != "Java":  # whose own list of them stands before the server's
        w.refused(
            400, "invalid_sso_idp", "sso.saml.create_connection",
            **owner, identity_provider="unheard-of",
        )  # fmt: skip
    assert w.call("sso.delete_connection", **own)["connection_id"] == made["connection_id"]
    assert w.call("sso.get_connections", **owner)["saml_connections"] == []


def oidc_connections(w: Walks) -> None:
    owner = {"organization_id": w.organization("oidc")["organization_id"]}
    made = w.call("sso.oidc.create_connection", **owner, identity_provider="okta")["connection"]
    own = {**owner, "connection_id": made["connection_id"]}
    # The host is on this machine and closed: the change is made all the same.
    changed = w.call(
        "sso.oidc.update_connection",
        **own,
        issuer="http://127.0.0.1:9",
        client_id="id",
        client_secret="secret",
        custom_scopes="openid groups",
    )
    assert changed["warning"]
    assert changed["connection"]["status"] == "pending"
    assert changed["connection"]["client_secret"] == "secret"
    assert changed["connection"]["custom_scopes"] == "openid groups"
    w.refused(400, "bad_request", "sso.oidc.update_connection", **own, custom_scopes='"quoted"')
    w.call("sso.delete_connection", **own)
    assert w.call("sso.get_connections", **owner)["oidc_connections"] == []


def external_connections(w: Walks) -> None:
    partner = {"organization_id": w.organization("external")["organization_id"]}
    source = {
        "external_organization_id": w.customer["owner"],
        "external_connection_id": w.customer["saml"],
    }
    made = w.call("sso.external.create_connection", **partner, **source)["connection"]
    assert made["status"] == "active"
    w.refused(
        400, "duplicate_external_sso_connection", "sso.external.create_connection",
        **partner, **source,
    )  # fmt: skip
    own = {**partner, "connection_id": made["connection_id"]}
    changed = w.call(
        "sso.external.update_connection",
        **own,
        display_name="Renamed",
        external_connection_implicit_role_assignments=[{"role_id": "viewer"}],
        external_group_implicit_role_assignments=[{"role_id": "editor", "group": "leads"}],
    )["connection"]
    assert changed["display_name"] == "Renamed"
    assert changed["external_group_implicit_role_assignments"][0]["group"] == "leads"
    listed = w.call("sso.get_connections", **partner)["external_connections"]
    assert [found["connection_id"] for found in listed] == [made["connection_id"]]
    w.call("sso.delete_connection", **own)
    w.refused(404, "sso_connection_not_found", "sso.delete_connection", **own)


def logins(w: Walks) -> None:
    lead = ["lab-lead", "stytch_member", "viewer"]
    for door, delivery, roles in (
        ("saml", "sso_saml", ["editor", "stytch_member", "viewer"]),
        ("oidc", "sso_oidc", ["stytch_member"]),
        ("partner_saml", "sso_saml", lead),
        ("partner_oidc", "sso_oidc", lead),
    ):
        done = w.sign_in(door, session_duration_minutes=30, session_custom_claims={"plan": "x"})
        entered = w.customer["partner" if door.startswith("partner") else "owner"]
        assert done["member_authenticated"]
        assert done["organization_id"] == entered == done["organization"]["organization_id"]
        assert done["member"]["email_address"] == ADA
        assert done["member"]["trusted_metadata"]["department"] == "Research"
        session = done["member_session"]
        assert session["roles"] == roles
        assert session["custom_claims"]["plan"] == "x"
        factor = session["authentication_factors"][0]
        assert (factor["type"], factor["delivery_method"]) == ("sso", delivery)
        detail = factor.get("saml_sso_factor") or factor.get("oidc_sso_factor")
        assert detail["provider_id"] == w.customer[door]
    token = walk_login(w.server, w.customer["saml"])
    w.call("sso.authenticate", sso_token=token)
    w.refused(404, "sso_token_not_found", "sso.authenticate", sso_token=token)


def sessions(w: Walks) -> None:
    done = w.sign_in("saml")
    session_id = done["member_session"]["member_session_id"]

    def check(action: str) -> dict[str, str]:
        asked = {"resource_id": "documents", "action": action}
        return {"organization_id": w.customer["owner"], **asked}

    again = w.call("sessions.authenticate", session_token=done["session_token"])
    assert again["member_session"]["member_session_id"] == session_id
    longer = w.call(
        "sessions.authenticate",
        session_jwt=again["session_jwt"],
        session_duration_minutes=120,
        authorization_check=check("write"),
    )
    assert longer["verdict"] == {"authorized": True, "granting_roles": ["editor"]}
    assert longer["member_session"]["expires_at"] > again["member_session"]["expires_at"]
    w.refused(
        403, "session_authorization_error", "sessions.authenticate",
        session_token=done["session_token"], authorization_check=check("publish"),
    )  # fmt: skip
    listed = w.call(
        "sessions.get", organization_id=w.customer["owner"], member_id=done["member_id"]
    )
    assert session_id in {found["member_session_id"] for found in listed["member_sessions"]}
    w.call("sessions.revoke", member_session_id=session_id)
    w.refused(
        404, "session_not_found", "sessions.authenticate", session_token=done["session_token"]
    )
    w.refused(400, "no_session_arguments", "sessions.authenticate")


def exchanges(w: Walks) -> None:
    w.sign_in("partner_saml")
    done = w.sign_in("saml")
    there = w.call(
        "sessions.exchange",
        organization_id=w.customer["partner"],
        session_token=done["session_token"],
    )
    assert there["member_authenticated"]
    assert there["organization"]["organization_id"] == w.customer["partner"]
    back = w.call(
        "sessions.exchange",
        organization_id=w.customer["owner"],
        session_token=there["session_token"],
    )
    assert not back["member_authenticated"]
    assert back["member_session"] is None
    assert "sso" in back["primary_required"]["allowed_auth_methods"]
    resumed = w.sign_in("saml", intermediate_session_token=back["intermediate_session_token"])
    assert resumed["member_authenticated"]


def session_jwts(w: Walks) -> None:
    """Verified by the published keys, in the client, and by the server where the client asks."""
    keys = w.call("sessions.get_jwks", project_id=w.server.project_id)["keys"]
    assert {(key["alg"], key["use"]) for key in keys} == {("RS256", "sig")}
    done = w.sign_in("saml")
    held = {"session_jwt": done["session_jwt"]}
    local = w.call("sessions.authenticate_jwt_local", **held)
    assert local["member_session_id"] == done["member_session"]["member_session_id"]
    assert local["organization_id"] == w.customer["owner"]
    assert local["roles"] == done["member_session"]["roles"]
    # Java's hands out the session alone, the others with the JWT that it was read from.
    answer = w.call("sessions.authenticate_jwt", **held)
    assert answer.get("session_jwt", done["session_jwt"]) == done["session_jwt"]
    # Too old for the caller: asked of the server, which hands out a fresh one.
    forced = w.call("sessions.authenticate_jwt", **held, max_token_age_seconds=0)
    session = forced.get("member_session", forced)
    assert session["member_session_id"] == local["member_session_id"]
    # Verification needs no server: a revoked session's JWT stands until it expires.
    w.call("sessions.revoke", **held)
    assert w.call("sessions.authenticate_jwt_local", **held)["member_id"] == done["member_id"]


def policies(w: Walks) -> None:
    policy = w.call("rbac.policy")["policy"]
    known = {role["role_id"] for role in policy["roles"]}
    assert {"stytch_member", "stytch_admin", "editor"} <= known
    owner = {"organization_id": w.organization("policy")["organization_id"]}
    assert w.call("rbac.organizations.get_org_policy", **owner)["org_policy"]["roles"] == []
    role = {
        "role_id": "own-role",
        "description": "Ours alone",
        "permissions": [{"resource_id": "documents", "actions": ["publish"]}],
    }
    kept = w.call("rbac.organizations.set_org_policy", **owner, org_policy={"roles": [role]})
    assert [found["role_id"] for found in kept["org_policy"]["roles"]] == ["own-role"]
    shown = w.call("organizations.get", **owner)["organization"]["custom_roles"]
    assert [found["role_id"] for found in shown] == ["own-role"]
    w.refused(
        400, "invalid_rbac_role_id", "rbac.organizations.set_org_policy",
        **owner, org_policy={"roles": [{**role, "role_id": "editor"}]},
    )  # fmt: skip


def links_by_mail(w: Walks) -> None:
    """A sign-up, an invitation and a change of address, each by the link in a mail."""
    domain = f"links-{os.getpid()}-{next(_numbers)}.example"
    made = w.organization(
        "links",
        email_jit_provisioning="RESTRICTED",
        email_invites="RESTRICTED",
        email_allowed_domains=[domain],
    )
    own = {"organization_id": made["organization_id"]}
    new, guest, other = (f"{name}@{domain}" for name in ("new", "guest", "other"))

    def sign_up(**more: Any) -> Any:
        return w.call(
            "magic_links.email.login_or_signup",
            **own,
            email_address=new,
            login_redirect_url=REDIRECT,
            signup_redirect_url=REDIRECT,
            **more,
        )

    sent = sign_up()
    assert sent["member_created"]
    token = read_mail(w.server, new, "multi_tenant_magic_links")
    done = w.call("magic_links.authenticate", magic_links_token=token, session_duration_minutes=30)
    assert done["member_authenticated"]
    assert done["member_id"] == sent["member_id"]
    assert done["member"]["email_address_verified"]
    factor = done["member_session"]["authentication_factors"][0]
    assert (factor["type"], factor["delivery_method"]) == ("magic_link", "email")
    assert factor["email_factor"]["email_address"] == new
    w.refused(404, "magic_link_not_found", "magic_links.authenticate", magic_links_token=token)
    assert not sign_up(locale="fr")["member_created"]

    invited = w.call(
        "magic_links.email.invite",
        **own,
        email_address=guest,
        name="Guest",
        roles=["viewer"],
        invite_redirect_url=REDIRECT,
    )
    assert invited["member"]["status"] == "invited"
    token = read_mail(w.server, guest, "multi_tenant_magic_links")
    done = w.call("magic_links.authenticate", magic_links_token=token)
    assert done["member"]["status"] == "active"
    assert "viewer" in done["member_session"]["roles"]

    w.call(
        "organizations.members.start_email_update",
        **own,
        member_id=sent["member_id"],
        email_address=other,
        login_redirect_url=REDIRECT,
    )
    token = read_mail(w.server, other, "multi_tenant_magic_links")
    done = w.call("magic_links.authenticate", magic_links_token=token)
    assert done["member"]["email_address"] == other


def discoveries(w: Walks) -> None:
    """From a proven address to an organization: made, found and entered."""
    domain = f"found-{os.getpid()}-{next(_numbers)}.example"
    founder, joiner = f"founder@{domain}", f"joiner@{domain}"

    def prove(address: str) -> Any:
        w.call(
            "magic_links.email.discovery.send",
            email_address=address,
            discovery_redirect_url=REDIRECT,
        )
        token = read_mail(w.server, address, "discovery")
        found = w.call("magic_links.discovery.authenticate", discovery_magic_links_token=token)
        assert found["email_address"] == address
        return found

    proven = prove(founder)
    assert proven["discovered_organizations"] == []
    made = w.call(
        "discovery.organizations.create",
        intermediate_session_token=proven["intermediate_session_token"],
        organization_name="Found",
        email_jit_provisioning="RESTRICTED",
        email_allowed_domains=[domain],
    )
    assert "stytch_admin" in made["member_session"]["roles"]
    entered = made["organization"]["organization_id"]
    mine = w.call("discovery.organizations.list", session_token=made["session_token"])
    assert [one["membership"]["type"] for one in mine["discovered_organizations"]] == [
        "active_member"
    ]

    proof = {"intermediate_session_token": prove(joiner)["intermediate_session_token"]}
    listed = w.call("discovery.organizations.list", **proof)["discovered_organizations"]
    assert [one["membership"]["type"] for one in listed] == ["eligible_to_join_by_email_domain"]
    assert listed[0]["organization"]["organization_id"] == entered
    joined = w.call("discovery.intermediate_sessions.exchange", **proof, organization_id=entered)
    assert joined["member_authenticated"]
    assert joined["member"]["email_address"] == joiner
    w.refused(
        404, "intermediate_session_not_found", "discovery.intermediate_sessions.exchange",
        **proof, organization_id=entered,
    )  # fmt: skip


def directories(w: Walks) -> None:
    """Asked about by the official Admin Portal, long before there is one."""
    owner = {"organization_id": w.organization("scim")["organization_id"]}
    assert w.call("scim.connection.get", **owner)["connection"] is None


def read_mail(server: Vestibule, address: str, kind: str, redirect: str = REDIRECT) -> str:
    """The token of the latest link to `address`, as the redirect URL gets it."""
    with httpx2.Client(base_url=server.base_url) as browser:
        page = browser.get("/demo/inbox").text
        found = re.search(rf"To {re.escape(address)},.*?href=\"([^\"]+)\"", page, re.DOTALL)
        assert found is not None, f"no mail to {address}"
        answer = browser.get(html.unescape(found[1]))
    arrived = urlsplit(answer.headers["location"])
    assert answer.headers["location"].startswith(redirect)
    brought = parse_qs(arrived.query)
    assert brought["stytch_token_type"] == [kind]
    return brought["token"][0]


_WALKS = (
    organizations, members, people_who_signed_in, saml_connections, oidc_connections,
    external_connections, logins, sessions, exchanges, session_jwts, policies,
)  # fmt: skip
# Each joins with the operation that it is about.
_JOINING = {
    links_by_mail: "magic_links.authenticate",
    discoveries: "discovery_organizations.list",
    directories: "scim_connection.get",
}
WALKS: dict[str, Callable[[Walks], None]] = {
    walk.__name__: walk
    for walk in (*_WALKS, *(walk for walk, first in _JOINING.items() if first in _BUILT))
}


# --- the walks of the management client ---------------------------------------------------------


def _place(w: Walks) -> dict[str, str]:
    return {
        "project_slug": w.server.project_slug,
        "environment_slug": w.server.environment_slug,
    }


def _ask(w: Walks, method: str, path: str, body: Any = None) -> Any:
    """The backend's own API, where what the management client changed has to show."""
    url = f"{w.server.base_url}/v1/b2b{path}"
    answer = httpx2.request(method, url, json=body, auth=w.server.auth)
    assert answer.status_code == 200, answer.text
    return answer.json()


def managed_policy(w: Walks) -> None:
    own = _place(w)
    before = w.call("rbac_policy.get", **own)["policy"]
    assert {role["role_id"] for role in before["custom_roles"]} >= {"viewer", "editor"}
    assert {held["resource_id"] for held in before["stytch_resources"]} >= {"stytch.sso"}
    parts = {
        name: before[name]
        for name in ("stytch_member", "stytch_admin", "custom_roles", "custom_resources")
    }
    reports = {
        "resource_id": "reports",
        "description": "Numbers",
        "available_actions": ["read", "send"],
    }
    auditor = {
        "role_id": "auditor",
        "description": "Reads",
        "permissions": [{"resource_id": "reports", "actions": ["read"]}],
    }
    more = {
        **parts,
        "custom_roles": [*parts["custom_roles"], auditor],
        "custom_resources": [*parts["custom_resources"], reports],
    }
    try:
        kept = w.call("rbac_policy.set", **own, **more)["policy"]
        assert kept["custom_resources"][-1] == reports
        assert kept["custom_roles"][-1] == auditor
        policy = _ask(w, "GET", "/rbac/policy")["policy"]
        assert auditor in policy["roles"]
        assert {r["resource_id"]: r["actions"] for r in policy["resources"]}["reports"] == [
            "read",
            "send",
        ]
        unknown = {**auditor, "permissions": [{"resource_id": "none", "actions": ["read"]}]}
        w.refused(400, "bad_request", "rbac_policy.set", **own, custom_roles=[unknown])
    finally:
        after = w.call("rbac_policy.set", **own, **parts)["policy"]
    assert after == before
    w.refused(404, "route_not_found", "rbac_policy.get", **{**own, "project_slug": "none"})


def jwt_templates(w: Walks) -> None:
    own = {**_place(w), "jwt_template_type": "SESSION"}
    before = w.call("jwt_templates.get", **own)["jwt_template"]
    connections = _ask(w, "GET", "/sso/northwind")["saml_connections"]
    template = '{"unit": {{ member.trusted_metadata.department }}, "fixed": "x"}'
    try:
        kept = w.call(
            "jwt_templates.set", **own, template_content=template, custom_audience="reports-api"
        )["jwt_template"]
        assert kept == {
            "template_content": template,
            "custom_audience": "reports-api",
            "jwt_template_type": "SESSION",
        }
        token = walk_login(w.server, connections[0]["connection_id"])
        done = _ask(w, "POST", "/sso/authenticate", {"sso_token": token})
        claims = jwt.decode(done["session_jwt"], options={"verify_signature": False})
        assert (claims["unit"], claims["fixed"]) == ("Research", "x")
        assert set(claims["aud"]) == {w.server.project_id, "reports-api"}
        w.refused(
            400, "jwt_template_invalid_json", "jwt_templates.set",
            **own, template_content="{", custom_audience="",
        )  # fmt: skip
        assert w.call("jwt_templates.get", **own)["jwt_template"] == kept
    finally:
        content = {name: before[name] for name in ("template_content", "custom_audience")}
        w.call("jwt_templates.set", **own, **content)
    assert w.call("jwt_templates.get", **own)["jwt_template"] == before


def sdk_settings(w: Walks) -> None:
    own = _place(w)
    before = w.call("sdk.get_b2_b_config", **own)["config"]
    longer = {**before, "sessions": {"max_session_duration_minutes": 90}}
    try:
        kept = w.call("sdk.set_b2_b_config", **own, config=longer)["config"]
        assert kept["sessions"]["max_session_duration_minutes"] == 90
    finally:
        w.call("sdk.set_b2_b_config", **own, config=before)
    assert w.call("sdk.get_b2_b_config", **own)["config"] == before


def secrets(w: Walks) -> None:
    own = _place(w)
    made = w.call("secrets.create", **own)["secret"]
    auth = (w.server.project_id, made["secret"])
    url = f"{w.server.base_url}/v1/b2b/rbac/policy"
    assert httpx2.get(url, auth=auth).status_code == 200
    one = {**own, "secret_id": made["secret_id"]}
    held = w.call("secrets.get", **one)["secret"]
    assert held["last_four"] == made["secret"][-4:]
    assert held in w.call("secrets.get_all", **own)["secrets"]
    w.call("secrets.delete", **one)
    assert httpx2.get(url, auth=auth).status_code == 401
    w.refused(404, "route_not_found", "secrets.get", **one)


def public_tokens(w: Walks) -> None:
    own = _place(w)
    made = w.call("public_tokens.create", **own)["public_token"]
    one = {**own, "public_token": made["public_token"]}
    assert w.call("public_tokens.get", **one)["public_token"] == made
    assert made in w.call("public_tokens.get_all", **own)["public_tokens"]
    bootstrap = f"{w.server.base_url}/sdk/v1/projects/bootstrap/{made['public_token']}"
    assert httpx2.get(bootstrap).status_code == 200
    w.call("public_tokens.delete", **one)
    assert httpx2.get(bootstrap).status_code == 404
    w.refused(404, "route_not_found", "public_tokens.get", **one)


def redirect_urls(w: Walks) -> None:
    own = _place(w)
    before = w.call("redirect_urls.get_all", **own)["redirect_urls"]
    one = {**own, "url": "https://app.example.com/arrive?from=%7B%7D"}
    # Or the URLs that are there would be the defaults from now on.
    alone = {**one, "do_not_promote_defaults": True}
    login = {"type": "LOGIN", "is_default": False}
    made = w.call("redirect_urls.create", **alone, valid_types=[login])["redirect_url"]
    assert made == {"url": one["url"], "valid_types": [login]}
    assert w.call("redirect_urls.get", **one)["redirect_url"] == made
    both = [login, {"type": "INVITE", "is_default": False}]
    kept = w.call("redirect_urls.update", **alone, valid_types=both)["redirect_url"]
    assert [valid["type"] for valid in kept["valid_types"]] == ["LOGIN", "INVITE"]
    assert kept in w.call("redirect_urls.get_all", **own)["redirect_urls"]
    w.call("redirect_urls.delete", **alone)
    assert w.call("redirect_urls.get_all", **own)["redirect_urls"] == before
    w.refused(404, "route_not_found", "redirect_urls.update", **alone, valid_types=both)


_MANAGEMENT_JOINING = {
    secrets: "management.secrets.create",
    public_tokens: "management.public_tokens.create",
    redirect_urls: "management.redirect_urls.create",
}
MANAGEMENT_WALKS: dict[str, Callable[[Walks], None]] = {
    walk.__name__: walk
    for walk in (
        managed_policy,
        jwt_templates,
        sdk_settings,
        *(walk for walk, first in _MANAGEMENT_JOINING.items() if first in _BUILT),
    )
}


# --- the page -----------------------------------------------------------------------------------


def browser_calls() -> list[str]:
    """What the browser client is made to do by its own tests, which pass or fail by themselves.

    It cannot be asked for its list as the others can: its parts hold its machinery as well.
    """
    tree = ast.parse(_BROWSER_TESTS.read_text(encoding="utf-8"))
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.update(_BROWSER_CALL.findall(node.value))
    return sorted(found)


def render(found: Mapping[str, Mapping[str, str]], managed: Mapping[str, str]) -> str:
    """The page, of language → call → outcome, and of the management client's calls."""
    languages = list(found)
    calls = sorted({call for outcomes in found.values() for call in outcomes})
    rows = [
        [f"`{call}`", *(found[language].get(call, ABSENT) for language in languages)]
        for call in calls
    ]
    counted = [f"{language} {_counted(found[language])}" for language in languages]
    return _PAGE.format(
        counted=", ".join(counted),
        head=" | ".join(languages),
        rule="|".join("---" for _ in languages),
        rows="\n".join(f"| {' | '.join(row)} |" for row in rows),
        browser="\n".join(f"| `{call}` | {PASSED} |" for call in browser_calls()),
        counted_managed=_counted(managed),
        managed="\n".join(f"| `{call}` | {said} |" for call, said in managed.items()),
    )


def _counted(outcomes: Mapping[str, str]) -> str:
    return f"{sum(said == PASSED for said in outcomes.values())} of {len(outcomes)} calls"


_PAGE = f"""# Compatibility with the official clients

Written by `PYTHONPATH=tests .venv/bin/python -m peers.compatibility`, from what came of every call.

The official clients run in `make test` as they are published: Node `stytch` from npm, Python
`stytch` from PyPI, Java `com.stytch.java:sdk` from Maven, the browser's `@stytch/vanilla-js` with
its Admin Portal in Chromium, and the management client `stytch-management` from PyPI. Each of the
backend's is asked for its own list of calls, so nothing that it can do is left out here; a call has
one name for all, the Python one (`deleteMFAPhoneNumber` is `delete_mfa_phone_number`).

Passed are: {{counted}}.

The clients for Go and the management client for Node do not run here: the package registries that
the tests install from do not have them. By hand, on 2026-11-24, Go's `stytch-go` v18.1.0 was taken
through the same calls and passed them all; nothing repeats that.

**Java:** what a request leaves out, that client sends as an empty list or map, and an empty list
replaces what was there. To change one field of an organization, a member or a connection, pass
`null` for the lists and maps that are to stay, as the tests do.

| outcome | means |
|---|---|
| {PASSED} | the call is made, also with what must be refused, and the answer is what it has to be |
| {LATER} | Vestibule is going to speak it; until then it answers as to what is refused |
| {REFUSED} | no part of Vestibule: 404 `route_not_found`, 405 where another call has the path |
| {LOCAL} | the client judges tokens of a kind that Vestibule does not issue, and asks nobody |
| {ELSEWHERE} | the client asks a host of its own, not its base URL; the tests do not call it |
| {ABSENT} | this client has no such call |

## Backend

| call | {{head}} |
|---|{{rule}}|
{{rows}}

## Management

The client of the management wire, `/pwa/v3`, takes `https` base URLs only. It passes
{{counted_managed}}: the policy, the JWT template and what pages may do.

| call | Python |
|---|---|
{{managed}}

## Browser

What the tests of `@stytch/vanilla-js` call by name, in Chromium. Its Admin Portal makes more calls
by itself: list, create, change, test and delete connections, with roles, provisioning and default.

| call | Browser |
|---|---|
{{browser}}
"""


_RUN: dict[str, Callable[[Vestibule], contextlib.AbstractContextManager[Client]]] = {
    "Node": run_node_client,
    "Python": run_python_client,
    "Java": run_java_client,
}
LANGUAGES = tuple(_RUN)
MANAGEMENT = "management"


class Clients:
    """The clients against one server, by their languages; each starts when it is asked for, so
    that one which is not on this machine stands in no other's way."""

    def __init__(self, server: Vestibule, ends: contextlib.ExitStack) -> None:
        self._server = server
        self._ends = ends
        self._walks: dict[str, Walks] = {}

    def __getitem__(self, language: str) -> Walks:
        if language not in self._walks:
            run = _RUN.get(language, run_management_client)
            ways = MANAGEMENT_WALKS if language == MANAGEMENT else WALKS
            client = self._ends.enter_context(run(self._server))
            self._walks[language] = Walks(client, self._server, ways)
        return self._walks[language]

    def page(self) -> str:
        """What came of every call of every client, as the page tells it."""
        found = {language: self[language].outcomes() for language in LANGUAGES}
        return render(found, self[MANAGEMENT].outcomes())


@contextlib.contextmanager
def run_clients(server: Vestibule) -> Iterator[Clients]:
    """All of them, while the block lasts."""
    with contextlib.ExitStack() as ends:
        yield Clients(server, ends)


def main() -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        run_vestibule_dev(Path(folder) / "data") as server,
        run_clients(server) as clients,
    ):
        page = clients.page()
    PAGE.write_text(page, encoding="utf-8")
    print(PAGE.relative_to(ROOT))


if __name__ == "__main__":
    main()
