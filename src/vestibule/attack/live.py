"""Vestibule as a target: doors made through its public API, logins begun as a browser begins them.

Owns the way from a response in the form to a session, or to the refusal. Refuses to know what
stands in the response, and knows of the server only what any caller of its API knows.
"""

from __future__ import annotations

import json
import re
import secrets
import zlib
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from xml.sax.saxutils import escape

from vestibule.attack.cases import Case, Setup
from vestibule.attack.client import FORM, Answer, Client, Unusable
from vestibule.attack.judge import Entry
from vestibule.attack.keys import KeyRing
from vestibule.attack.scene import Scene

REDIRECT_URL = "http://localhost:3000/authenticate"
IDP = "https://idp.attack.example/metadata"
OTHER_IDP = "https://other-idp.attack.example/metadata"

_CLAIMS = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
# The names under which the shapes of the catalogue carry the address; the first that is there.
_EMAIL = f'= email, mail, "urn:oid:0.9.2342.19200300.100.1.3", "{_CLAIMS}emailaddress", NameID'
MAPPING = {"email": _EMAIL, "first_name": "firstName", "last_name": "lastName", "groups": "groups"}

# Refusals of the admission: the signature was believed by then, and all that it covers.
BELIEVED = frozenset({
    "duplicate_member_email", "retired_member_email", "member_not_found", "saml_name_id_transient",
    "saml_response_email_invalid", "invalid_connection_for_jit_provisioning",
    "operation_restricted_by_organization_auth_methods",
})  # fmt: skip


@dataclass(frozen=True)
class Door:
    """One SAML connection: where its responses go and who signs them."""

    organization_id: str
    connection_id: str
    acs: str
    idp: str


@dataclass(frozen=True)
class Login:
    """What a browser holds after its start: RelayState and cookie; and what was asked for."""

    request: str
    relay_state: str
    cookie: str


@dataclass
class Live:
    """A running server and its credentials; `keys` are those of all parties."""

    client: Client
    project_id: str
    secret: str
    public_token: str
    keys: KeyRing
    _doors: dict[object, Door] = field(default_factory=dict)
    _organizations: int = 0

    # --- the API ------------------------------------------------------------------------------

    def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Answer:
        basic = b64encode(f"{self.project_id}:{self.secret}".encode()).decode()
        headers = {"authorization": f"Basic {basic}", "content-type": "application/json"}
        octets = None if body is None else json.dumps(body).encode()
        return self.client.send(method, path, octets, headers)

    def must(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """A call that only prepares; when it fails there is nothing to attack.

        Raises:
            Unusable: with what the server said.
        """
        answer = self.call(method, path, body)
        if answer.status != 200:
            raise Unusable(f"{method} {path} answered {answer.status}: {answer.body[:300]!r}")
        return answer.document

    def make_organization(self) -> str:
        self._organizations += 1
        name = f"attack-{secrets.token_hex(4)}-{self._organizations}"
        made = self.must(
            "POST",
            "/v1/b2b/organizations",
            {"organization_name": name, "organization_slug": name},
        )
        return str(made["organization"]["organization_id"])

    def make_door(
        self,
        organization_id: str,
        *,
        certificates: tuple[str, ...] = ("idp",),
        decryption_keys: tuple[str, ...] = (),
        idp: str = IDP,
        **switches: Any,
    ) -> Door:
        """A new SAML connection of that organization; `switches` are fields of the API."""
        made = self.must("POST", f"/v1/b2b/sso/saml/{organization_id}", {"display_name": "attack"})
        connection_id = str(made["connection"]["connection_id"])
        path = f"/v1/b2b/sso/saml/{organization_id}/connections/{connection_id}"
        fields: dict[str, Any] = {
            "idp_entity_id": idp,
            "idp_sso_url": "https://idp.attack.example/sso",
            "attribute_mapping": MAPPING,
            **switches,
        }
        changed = self.must("PUT", path, fields)
        for name in certificates:
            changed = self.must("PUT", path, {"x509_certificate": self.keys[name].cert_pem})
        for name in decryption_keys:
            changed = self.must(
                "PUT", path, {"saml_encryption_private_key": self.keys[name].key_pem}
            )
        return Door(organization_id, connection_id, str(changed["connection"]["acs_url"]), idp)

    def door(self, setup: Setup, subject: str = "") -> Door:
        """The connection that is set up so, in an organization of its own; made once.

        One address belongs to one subject there: another subject needs another organization.
        """
        key = (setup.certificates, setup.decryption_keys, setup.insecure_legacy_encryption, subject)
        if key not in self._doors:
            self._doors[key] = self.make_door(
                self.make_organization(),
                certificates=setup.certificates,
                decryption_keys=setup.decryption_keys,
                insecure_legacy_encryption=setup.insecure_legacy_encryption,
            )
        return self._doors[key]

    # --- the browser --------------------------------------------------------------------------

    def begin(self, connection_id: str) -> Login:
        """Start a login in a browser of its own.

        Raises:
            Unusable: it cannot be started.
        """
        query = {
            "public_token": self.public_token,
            "connection_id": connection_id,
            "login_redirect_url": REDIRECT_URL,
        }
        answer = self.client.send("GET", f"/v1/public/sso/start?{urlencode(query)}")
        if answer.status != 302:
            raise Unusable(f"a login could not be started: {answer.status} {answer.body[:300]!r}")
        sent = parse_qs(urlsplit(answer.headers["location"]).query)
        asked = zlib.decompress(b64decode(sent["SAMLRequest"][0]), -15).decode()
        found = re.search(r'\sID="([^"]+)"', asked)
        if found is None:
            raise Unusable("the AuthnRequest has no ID")
        cookie = answer.headers["set-cookie"].partition(";")[0]
        return Login(found[1], sent["RelayState"][0], cookie)

    def scene(self, door: Door, request: str | None, **other: Any) -> Scene:
        """Now, at that door, with IDs that were never used."""
        number = secrets.token_hex(12)
        fields: dict[str, Any] = {
            "now": datetime.now(UTC),
            "idp": escape(door.idp),
            "sp": escape(door.acs),
            "acs": escape(door.acs),
            "other_acs": escape(re.sub(r"[^/]+$", f"saml-connection-{number}", door.acs)),
            "request": request,
            "keys": self.keys,
            "assertion_id": f"_assertion-{number}",
            "response_id": f"_response-{number}",
        }
        return Scene(**(fields | other))

    def post(
        self,
        door: Door,
        response: str | bytes,
        login: Login | None,
        *,
        relay_state: str | None = None,
        cookie: str | None = None,
    ) -> Answer:
        """What the identity provider's page makes the browser do.

        Args:
            response: a document, or with type str the field as it stands in the form.
            login: whose RelayState and cookie go along; None for an unsolicited response.
        """
        held = login.cookie if login and cookie is None else cookie
        state = login.relay_state if login and relay_state is None else relay_state
        text = b64encode(response).decode() if isinstance(response, bytes) else response
        form = {"SAMLResponse": text}
        if state:
            form["RelayState"] = state
        return self.submit(door, urlencode(form).encode(), cookie=held)

    def submit(
        self, door: Door, body: bytes, *, cookie: str | None = None, kind: str = FORM
    ) -> Answer:
        headers = {"content-type": kind, "accept": "application/json"}
        if cookie:
            headers["cookie"] = cookie
        return self.client.send("POST", urlsplit(door.acs).path, body, headers)

    def token_in(self, answer: Answer) -> str | None:
        """The one-time token on its way to a registered address of the application."""
        to = urlsplit(answer.headers.get("location", ""))
        if answer.status not in (302, 303) or to.hostname not in ("localhost", "127.0.0.1"):
            return None
        found = parse_qs(to.query).get("token")
        return found[0] if found else None

    def exchange(self, token: str, connection_id: str) -> tuple[Answer, Entry | None]:
        """Ask for a session, as the application does."""
        answer = self.call("POST", "/v1/b2b/sso/authenticate", {"sso_token": token})
        told = answer.document
        if answer.status != 200 or not told.get("session_token"):
            return answer, None
        member = told["member"]
        subjects = {r["connection_id"]: r["external_id"] for r in member["sso_registrations"]}
        entered = Entry(
            str(member["email_address"]),
            str(member["organization_id"]),
            str(subjects.get(connection_id, "")),
        )
        return answer, entered

    def entry(self, answer: Answer, connection_id: str) -> Entry | None:
        """Who has a session now: a token must have come, and it must open one."""
        token = self.token_in(answer)
        return self.exchange(token, connection_id)[1] if token else None


def code_of(answer: Answer) -> str:
    """The refusal's name as Vestibule writes it."""
    return str(answer.document.get("error_details", {}).get("code", ""))


def field_of(case: Case) -> str:
    return b64encode(case.octets).decode() if case.encoded is None else case.encoded
