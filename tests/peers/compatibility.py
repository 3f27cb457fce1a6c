"""What the official clients can do against Vestibule: every call of theirs, and what came of it.

A call is walked through with what it has to answer, or it is made with nothing in it and has to be
refused by the server as something that is not there. Written down in docs/reference by
`PYTHONPATH=tests .venv/bin/python -m peers.compatibility`. Knows no client's language.
"""

from __future__ import annotations

import ast
import contextlib
import itertools
import os
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2

from peers.certificates import make_key_pair
from peers.official_clients import Client, Refused, run_node_client, run_python_client
from peers.pages import read_forms
from peers.parts import ROOT
from peers.vestibule_server import Vestibule, run_vestibule_dev
from vestibule.web.mock_idp import CLIENT_ID, CLIENT_SECRET, PREFIX

PAGE = ROOT / "docs" / "reference" / "compatibility.md"
_BROWSER_TESTS = Path(__file__).with_name("test_official_browser_client.py")
_BROWSER_CALL = re.compile(
    r"(?<![\w.])(?:client\.)?((?:session|self|organization|sso|rbac)(?:\.\w+)+)\("
)

PASSED = "passed"
LATER = "not built yet"
REFUSED = "refused"
LOCAL = "without the server"
ELSEWHERE = "another host"
ABSENT = "—"

# Nouns of the wire that Vestibule is going to speak; until then it says `route_not_found`.
NOT_BUILT_YET = (
    "discovery.",
    "magic_links.",
    "organizations.members.start_email_update",
    "scim.",
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

    def __init__(self, client: Client, server: Vestibule) -> None:
        self.client = client
        self.server = server
        self._done: set[str] = set()
        self._customer: dict[str, str] = {}

    def walk(self, name: str) -> None:
        """Raises: AssertionError, Refused: where a call did not do what it has to do."""
        if name not in self._done:
            WALKS[name](self)
            self._done.add(name)

    def outcomes(self) -> dict[str, str]:
        """Every call of the client with its outcome; walks what was not walked before.

        Raises: AssertionError: a call was neither walked nor refused as one that is not there.
        """
        for name in WALKS:
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
        assert said == "route_not_found", f"{name} is answered by {said!r}, and no walk makes it"
        return LATER if name.startswith(NOT_BUILT_YET) else REFUSED

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
    jwt = {"session_jwt": done["session_jwt"]}
    local = w.call("sessions.authenticate_jwt_local", **jwt)
    assert local["member_session_id"] == done["member_session"]["member_session_id"]
    assert local["organization_id"] == w.customer["owner"]
    assert local["roles"] == done["member_session"]["roles"]
    answer = w.call("sessions.authenticate_jwt", **jwt)
    assert answer["session_jwt"] == done["session_jwt"]
    # Too old for the caller: asked of the server, which hands out a fresh one.
    forced = w.call("sessions.authenticate_jwt", **jwt, max_token_age_seconds=0)
    assert forced["member_session"]["member_session_id"] == local["member_session_id"]
    # Verification needs no server: a revoked session's JWT stands until it expires.
    w.call("sessions.revoke", **jwt)
    assert w.call("sessions.authenticate_jwt_local", **jwt)["member_id"] == done["member_id"]


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


WALKS: dict[str, Callable[[Walks], None]] = {
    walk.__name__: walk
    for walk in (
        organizations, members, people_who_signed_in, saml_connections, oidc_connections,
        external_connections, logins, sessions, exchanges, session_jwts, policies,
    )
}  # fmt: skip


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


def render(found: Mapping[str, Mapping[str, str]]) -> str:
    """The page, of language → call → outcome."""
    languages = list(found)
    calls = sorted({call for outcomes in found.values() for call in outcomes})
    rows = [
        [f"`{call}`", *(found[language].get(call, ABSENT) for language in languages)]
        for call in calls
    ]
    counted = [
        f"{language}: {sum(said == PASSED for said in found[language].values())} of "
        f"{len(found[language])} calls"
        for language in languages
    ]
    return _PAGE.format(
        counted=", ".join(counted),
        head=" | ".join(languages),
        rule="|".join("---" for _ in languages),
        rows="\n".join(f"| {' | '.join(row)} |" for row in rows),
        browser="\n".join(f"| `{call}` | {PASSED} |" for call in browser_calls()),
    )


_PAGE = f"""# Compatibility with the official clients

Written by `PYTHONPATH=tests .venv/bin/python -m peers.compatibility`, from what came of every call.

The official clients run in `make test` as they are published: Node `stytch` from npm, Python
`stytch` from PyPI, and the browser's `@stytch/vanilla-js` with its Admin Portal in Chromium. The
table is about the first two. Each is asked for its own list of calls, so nothing that it can do is
left out here; a call has one name for both, the Python one (`deleteMFAPhoneNumber` is
`delete_mfa_phone_number`). Passed are, {{counted}}.

| outcome | means |
|---|---|
| {PASSED} | the call is made, also with what must be refused, and the answer is what it has to be |
| {LATER} | Vestibule is going to speak it; until then it answers 404 `route_not_found` |
| {REFUSED} | no part of Vestibule: it answers 404 `route_not_found` |
| {LOCAL} | the client judges tokens of a kind that Vestibule does not issue, and asks nobody |
| {ELSEWHERE} | the client asks a host of its own, not its base URL; the tests do not call it |
| {ABSENT} | this client has no such call |

## Backend

| call | {{head}} |
|---|{{rule}}|
{{rows}}

## Browser

What the tests of `@stytch/vanilla-js` call by name, in Chromium. Its Admin Portal makes more calls
by itself: list, create, change, test and delete connections, with roles, provisioning and default.

| call | Browser |
|---|---|
{{browser}}
"""


@contextlib.contextmanager
def run_clients(server: Vestibule) -> Iterator[dict[str, Walks]]:
    """Both clients against one server, by their languages."""
    with run_node_client(server) as node, run_python_client(server) as python:
        yield {client.language: Walks(client, server) for client in (node, python)}


def main() -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        run_vestibule_dev(Path(folder) / "data") as server,
        run_clients(server) as clients,
    ):
        page = render({language: walks.outcomes() for language, walks in clients.items()})
    PAGE.write_text(page, encoding="utf-8")
    print(PAGE.relative_to(ROOT))


if __name__ == "__main__":
    main()
