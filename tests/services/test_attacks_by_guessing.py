"""Enumeration: what a stranger learns from an id that is somebody else's must be what they learn
from an id that is nobody's: the same answer, after the same work.

Every operation of the registry that takes an id is walked. Equal work is measured by the
statements that the database is asked, not by a clock. `sessions.get_jwks` is public: a project's
id is in every token that it signs.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
import sqlalchemy as sa

from services.attacks import (
    ADA,
    AUTHENTICATE,
    JSON,
    SESSIONS,
    Tell,
    change_organization,
    done,
    external_door,
    member,
    organization,
    refused,
    rsa_pem,
    saml_door,
)
from support.world import World
from vestibule.domain.projects import ProjectSettings
from vestibule.services import projects
from vestibule.storage.engine import PostgresEngine, SqliteEngine
from vestibule.web.api.registry import OPERATIONS, Operation

Body = Mapping[str, Any]
# What is sent beside the path; "{name}" stands for an id, and each variant is a request of its own.
BODIES: Mapping[str, tuple[Body, ...]] = {
    "organizations.update": ({"organization_name": "Taken"},),
    "organizations.search": (
        {"query": {"operator": "AND", "operands": [
            {"filter_name": "organization_ids", "filter_value": ["{organization_id}"]}]}},
        {"query": {"operator": "AND", "operands": [
            {"filter_name": "sso_connection_id", "filter_value": "{connection_id}"}]}},
    ),
    "organizations_members.create": ({"email_address": "new@own.example"},),
    "organizations_members.get": ({"member_id": "{member_id}"},),
    "organizations_members.update": ({"name": "Taken"},),
    "organizations_members.search": (
        {"organization_ids": ["{organization_id}"]},
        {"organization_ids": ["{own_organization}"], "query": {"operator": "AND", "operands": [
            {"filter_name": "member_ids", "filter_value": ["{member_id}"]}]}},
    ),
    "organizations_members.unlink_retired_email": ({"email_id": "{email_id}"},),
    "rbac_organizations.set_org_policy": ({"org_policy": {"roles": []}},),
    "sso_saml.update_connection": ({"display_name": "Taken"},),
    "sso_saml.update_by_url": ({"metadata_url": "http://vestibule.test/dev/idp/saml/metadata"},),
    "sso_saml.confirm_idp_metadata": ({"change_id": "none"},),
    "sso_saml.dismiss_idp_metadata": ({"change_id": "none"},),
    "sso_oidc.update_connection": ({"display_name": "Taken"},),
    "sso_external.update_connection": ({"display_name": "Taken"},),
    "sso_external.create_connection": ({
        "external_organization_id": "{external_organization_id}",
        "external_connection_id": "{connection_id}",
    },),
    "audit.search": ({"organization_id": "{organization_id}"},),
    "discovery_organizations.list": (
        {"session_token": "{session_token}"}, {"session_jwt": "{session_jwt}"},
    ),
    "discovery_intermediate_sessions.exchange": (
        {"intermediate_session_token": "none", "organization_id": "{organization_id}"},
    ),
    "magic_links_email.login_or_signup": (
        {"organization_id": "{organization_id}", "email_address": "ada@northwind.example"},
    ),
    "magic_links_email.invite": (
        {"organization_id": "{organization_id}", "email_address": "new@northwind.example"},
    ),
    "magic_links.authenticate": (
        {"magic_links_token": "none", "session_token": "{session_token}"},
    ),
    "organizations.claim_domain": ({"domain": "walk.example"},),
    "organizations_members.start_email_update": ({"email_address": "walk@northwind.example"},),
    "setup_links.issue": (
        {"scopes": ["sso"]},
        {"scopes": ["certificate_renewal"], "connection_id": "{connection_id}"},
    ),
    "setup_links.issue_portal_token": ({"scopes": ["sso"], "origin": "https://a.example"},),
    "management.redirect_urls.get": ({"url": "https://a.example/"},),
    "management.redirect_urls.create": ({"url": "https://a.example/", "valid_types": []},),
    "management.redirect_urls.update": ({"url": "https://a.example/", "valid_types": []},),
    "management.redirect_urls.delete": ({"url": "https://a.example/"},),
    "management.rbac_policy.set": ({"policy": {"roles": [], "resources": []}},),
    "management.jwt_templates.set": ({"template_content": "{}"},),
    "sso.authenticate": ({"sso_token": "{sso_token}"},),
    "sessions.authenticate": (
        {"session_token": "{session_token}"},
        {"session_jwt": "{session_jwt}"},
        {"session_token": "{own_session}", "authorization_check": {
            "organization_id": "{organization_id}", "resource_id": "documents", "action": "read"}},
    ),
    "sessions.get": ({"organization_id": "{organization_id}", "member_id": "{member_id}"},),
    "sessions.revoke": (
        {"member_session_id": "{member_session_id}"}, {"member_id": "{member_id}"},
        {"session_token": "{session_token}"}, {"session_jwt": "{session_jwt}"},
    ),
    "sso.logout": (
        {"member_session_id": "{member_session_id}"},
        {"session_token": "{session_token}"}, {"session_jwt": "{session_jwt}"},
    ),
    "sessions.exchange": (
        {"organization_id": "{organization_id}", "session_token": "{own_session}"},
        {"organization_id": "{own_organization}", "session_token": "{session_token}"},
    ),
}  # fmt: skip
# Of these, some name a one-time token and no id; the tests of magic links guess at it.
NAMES_NOTHING = {
    "branding.get", "branding.set", "discovery_organizations.create",
    "magic_links_discovery.authenticate", "magic_links_email_discovery.send",
    "organizations.create", "rbac.policy", "sso.get_presets",
}  # fmt: skip
PUBLIC = {"sessions.get_jwks", "sso.route"}
_NAME = re.compile(r"\{(\w+)\}")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_LITERAL = re.compile(r"[xX]?'(?:[^']|'')*'|(?<![\w.])\d+(?![\w.])")


# --- what is measured ---------------------------------------------------------------------------


class Recorded(psycopg.Cursor[Any]):
    """A cursor that writes down the text of each statement, the prepared ones included."""

    statements: list[str] | None = None

    def execute(self, query: Any, *arguments: Any, **options: Any) -> Any:
        # The pool asks a connection that has rested whether it is still there.
        if Recorded.statements is not None and query != ";":
            Recorded.statements.append(str(query))
        return super().execute(query, *arguments, **options)


@contextmanager
def statements(world: World) -> Iterator[list[str]]:
    """Every statement that the database is asked meanwhile, without the values in it."""
    engine, asked = world.rt.store.engine, list[str]()
    if isinstance(engine, SqliteEngine):
        engine._raw.set_trace_callback(lambda text: asked.append(_LITERAL.sub("?", text)))
        try:
            yield asked
        finally:
            engine._raw.set_trace_callback(None)
        return
    assert isinstance(engine, PostgresEngine)

    def record(connection: Any, *_: Any) -> None:
        connection.cursor_factory = Recorded

    sa.event.listen(engine.engine, "checkout", record)
    Recorded.statements = asked
    try:
        yield asked
    finally:
        Recorded.statements = None
        sa.event.remove(engine.engine, "checkout", record)


@dataclass
class Walk:
    """One attacker with their credentials, what is theirs, and what is somebody else's.

    `foreign` gives for each name the true ids of the other; the guess is made from each.
    """

    world: World
    auth: tuple[str, str]
    own: dict[str, str]
    foreign: dict[str, list[str]]
    session: str | None = None
    told_apart: list[str] = field(default_factory=list)
    worked_apart: dict[str, str] = field(default_factory=dict)
    walked: set[str] = field(default_factory=set)

    async def ask(
        self, operation: Operation, body: Body, values: Mapping[str, str], changed: str
    ) -> Any:
        """The answer, without the id that was changed, and the statements."""

        def filled(template: Any) -> Any:
            if isinstance(template, str):
                return _NAME.sub(lambda found: values.get(found[1], "none"), template)
            if isinstance(template, Mapping):
                return {name: filled(inner) for name, inner in template.items()}
            return [filled(inner) for inner in template] if isinstance(template, list) else template

        sent = filled(body)
        reads = operation.method in ("GET", "DELETE")
        with statements(self.world) as asked:
            answer = await self.world.call(
                operation.method,
                filled(operation.path),
                None if reads else sent,
                params=sent if reads else None,
                session=self.session,
                auth=self.auth,
            )
        told = answer.json()
        told.pop("request_id")
        return (answer.status_code, repr(told).replace(values[changed], "…")), asked

    async def walk(self, operation: Operation) -> None:
        """Ask with one id of the other's, and with one of nobody's, for each id that it takes."""
        kind = f"connection_id of {operation.id.partition('.')[0]}"
        own = {**self.own, "connection_id": self.own.get(kind, self.own["connection_id"])}
        for body in BODIES.get(operation.id, ({},)):
            names = set(_NAME.findall(operation.path + repr(body)))
            for name in sorted(names & self.foreign.keys()):
                for true in self.foreign[name]:
                    await self.ask(operation, body, {**own, name: nobodys(true)}, name)
                    there = await self.ask(operation, body, {**own, name: true}, name)
                    nowhere = await self.ask(operation, body, {**own, name: nobodys(true)}, name)
                    self.walked.add(operation.id)
                    assert there[1], f"{operation.id}: nothing was recorded"
                    if there[0] != nowhere[0]:
                        self.told_apart.append(
                            f"{operation.id} {name}={true}: {there[0]}, {nowhere[0]}"
                        )
                    if there[1] != nowhere[1]:
                        self.worked_apart.setdefault(operation.id, f"{name}={true}")

    def learned_nothing(self) -> None:
        assert not self.told_apart, "\n".join(self.told_apart)
        assert not self.worked_apart, self.worked_apart


def nobodys(true: str) -> str:
    """Something of the same form that is nobody's."""
    if _UUID.search(true):
        return _UUID.sub(str(uuid.uuid4()), true)
    if true.count(".") == 2:  # a JWT: the signature is another's
        return true[:-8] + "AAAAAAAA"
    return true[:-2] + ("xx" if not true.endswith("xx") else "yy")


async def belongings(world: World) -> dict[str, list[str]]:
    """All that has an id in Northwind, and an External connection of a fourth organization."""
    demo = world.demo
    held = await world.sign_in(demo.saml.connection_id)
    await change_organization(world, "northwind", organization_external_id="crm|northwind")
    member_path = f"/v1/b2b/organizations/northwind/members/{held['member_id']}"
    done(await world.call("PUT", member_path, {"external_id": "crm|ada"}))
    moved = done(await world.call("PUT", member_path, {"email_address": "ada@moved.example"}))
    path = f"/v1/b2b/sso/saml/northwind/connections/{demo.saml.connection_id}"
    keyed = done(await world.call("PUT", path, {"saml_encryption_private_key": rsa_pem()}))
    await organization(world, "fourth")
    fourth = await external_door(world, "fourth", "northwind", demo.saml.connection_id)
    path = "/v1/b2b/organizations/northwind"
    link = done(await world.call("POST", f"{path}/setup_links", {"scopes": ["sso"]}))
    done(await world.call("POST", f"{path}/domains", {"domain": "northwind.example"}))
    return {
        "organization_id": [demo.northwind.organization_id, "northwind", "crm|northwind"],
        "external_organization_id": [demo.northwind.organization_id, "northwind"],
        "connection_id": [demo.saml.connection_id, demo.oidc.connection_id, fourth],
        "external_connection_id": [fourth, demo.labs_saml.connection_id],
        "certificate_id": [demo.saml.verification_certificates[0].certificate_id],
        "private_key_id": [keyed["connection"]["encryption_private_keys"][0]["private_key_id"]],
        "member_id": [held["member_id"], "crm|ada"],
        "email_id": [moved["member"]["retired_email_addresses"][0]["email_id"]],
        "member_session_id": [held["member_session"]["member_session_id"]],
        "session_token": [held["session_token"]],
        "session_jwt": [held["session_jwt"]],
        "sso_token": [await world.arrive(demo.saml.connection_id)],
        "link_id": [link["setup_link"]["link_id"]],
        "domain": ["northwind.example"],
        "project_slug": [world.credentials.project_slug],
    }


# --- who walks ----------------------------------------------------------------------------------


async def another_project(world: World) -> tuple[tuple[str, str], dict[str, str]]:
    """Credentials of a second project on the same server, and one of each thing in it."""
    made = await projects.create(
        world.rt, "Other project", environment="test",
        settings=ProjectSettings(insecure_loopback=True),
    )  # fmt: skip
    auth = (made.project_id, made.secret)

    async def make(method: str, path: str, body: Body) -> dict[str, Any]:
        return done(await world.call(method, f"/v1/b2b/{path}", dict(body), auth=auth))

    for name in ("own", "receiver"):
        await make("POST", "organizations", {"organization_name": name, "organization_slug": name})
    person = await make("POST", "organizations/own/members", {"email_address": ADA.email})
    saml = (await make("POST", "sso/saml/own", {}))["connection"]["connection_id"]
    oidc = (await make("POST", "sso/oidc/own", {}))["connection"]["connection_id"]
    idp = world.idp.address
    await make(
        "PUT", f"sso/saml/own/connections/{saml}",
        {
            "idp_entity_id": idp.entity_id, "idp_sso_url": idp.sso_url,
            "x509_certificate": idp.certificate,
            "attribute_mapping": {"email": "NameID", "full_name": "name"},
        },
    )  # fmt: skip
    external = (
        await make(
            "POST", "sso/external/receiver",
            {"external_organization_id": "own", "external_connection_id": saml},
        )
    )["connection"]["connection_id"]  # fmt: skip
    return auth, {
        "organization_id": "own",
        "own_organization": "own",
        "external_organization_id": "receiver",
        "connection_id": saml,
        "connection_id of sso_oidc": oidc,
        "external_connection_id": external,
        "member_id": person["member_id"],
        "project_slug": made.project_slug,
        "environment_slug": made.environment_slug,
    }


async def in_labs(world: World) -> dict[str, str]:
    """One of each thing in Northwind Labs, with a session of an administrator."""
    await organization(world, "third")
    source = (await saml_door(world, "third")).connection_id
    own = await saml_door(world, "northwind-labs")
    path = "/v1/b2b/sso/oidc/northwind-labs"
    oidc = done(await world.call("POST", path, {}))["connection"]["connection_id"]
    receiver = await external_door(world, "third", "northwind-labs", own.connection_id)
    person = await member(world, "northwind-labs", ADA.email, roles=["stytch_admin"])
    held = await world.sign_in(world.demo.labs_saml.connection_id)
    assert held["member_id"] == person
    return {
        "organization_id": "northwind-labs",
        "own_organization": "northwind-labs",
        "own_session": held["session_token"],
        "external_organization_id": "third",
        "connection_id": own.connection_id,
        "connection_id of sso_oidc": oidc,
        "connection_id of sso_external": world.demo.labs_saml.connection_id,
        "external_connection_id": receiver,
        "member_id": person,
        "source": source,
    }


def test_ids_of_another_project_are_like_ids_of_nobody_at_every_operation(story: Tell) -> None:
    """A customer of the same server, with the secret of their own project."""

    async def work(world: World) -> None:
        foreign = await belongings(world)
        auth, own = await another_project(world)
        walk = Walk(world, auth, own, foreign)
        for operation in OPERATIONS:
            if operation.id not in PUBLIC:
                await walk.walk(operation)
        assert {op.id for op in OPERATIONS} - walk.walked == NAMES_NOTHING | PUBLIC
        walk.learned_nothing()
        # And nothing of it has used anything up.
        body = {"sso_token": foreign["sso_token"][0]}
        done(await world.call("POST", AUTHENTICATE, body))
        body = {"session_token": foreign["session_token"][0]}
        done(await world.call("POST", f"{SESSIONS}/authenticate", body))

    story(work)


def test_ids_of_another_organization_are_like_ids_of_nobody_to_a_member_session(
    story: Tell,
) -> None:
    """An administrator of Northwind Labs, at every operation that reads the session headers.

    One thing may be told apart, by the wire: an External connection can be asked of any
    organization, so a source that is none is named as such (§3.4).
    """

    async def work(world: World) -> None:
        foreign = await belongings(world)
        own = await in_labs(world)
        walk = Walk(world, world.auth, own, foreign, own["own_session"])
        # Nor is the token of a session an id: whoever has it is in.
        for name in ("external_organization_id", "session_token", "session_jwt"):
            del foreign[name]
        for operation in OPERATIONS:
            if operation.session_headers:
                await walk.walk(operation)
        assert walk.walked == {op.id for op in OPERATIONS if op.session_headers}
        walk.learned_nothing()

    story(work)


def test_ids_of_another_organization_are_like_ids_of_nobody_under_ones_own(story: Tell) -> None:
    """An application that takes the organization from the session and the other id from the
    request: what stands under an organization is found under no other."""

    async def work(world: World) -> None:
        foreign = await belongings(world)
        own = await in_labs(world)
        # The project itself may name any organization and anybody's session.
        for name in ("organization_id", "external_organization_id", "member_session_id",
                     "session_token", "session_jwt", "sso_token", "project_slug"):  # fmt: skip
            del foreign[name]
        walk = Walk(world, world.auth, own, foreign)
        across = {
            "organizations.search", "sessions.revoke", "organizations_members.dangerously_get",
            "sso.logout",
        }  # fmt: skip
        for operation in OPERATIONS:
            if operation.id not in across:
                await walk.walk(operation)
        nested = {
            op.id for op in OPERATIONS
            if {"connection_id", "member_id", "external_connection_id", "link_id", "domain"}
            & set(_NAME.findall(op.path + repr(BODIES.get(op.id, ()))))
        }  # fmt: skip
        assert walk.walked == nested - across
        walk.learned_nothing()

    story(work)


def test_a_wrong_project_id_and_a_wrong_secret_are_told_apart_by_nobody(story: Tell) -> None:
    """A stranger at the door, who would like to know which half of the credentials is right."""

    async def work(world: World) -> None:
        auth, _ = await another_project(world)
        project_id, secret = world.auth
        heard = []
        for name, word in (
            (project_id, nobodys(secret)),
            (nobodys(project_id), secret),
            (nobodys(project_id), nobodys(secret)),
            (auth[0], secret),
            (project_id, auth[1]),
            (project_id, world.credentials.public_token),
            (project_id, ""),
        ):
            for path in ("/v1/b2b/sso/northwind", "/v1/b2b/rbac/policy"):
                with statements(world) as asked:
                    answer = await world.call("GET", path, auth=(name, word))
                told = refused(answer, "unauthorized_credentials", 401)
                told.pop("request_id")
                heard.append((told, list(asked)))
        assert all(one == heard[0] for one in heard)
        assert len(heard[0][1]) > 0

    story(work)


def test_the_keys_of_the_management_wire_are_told_apart_by_nobody(story: Tell) -> None:
    async def work(world: World) -> None:
        made = world.credentials
        path = (
            f"/pwa/v3/projects/{made.project_slug}/environments/{made.environment_slug}/rbac_policy"
        )
        heard = []
        for name, word in (
            (made.workspace_key_id, nobodys(made.workspace_key_secret)),
            (nobodys(made.workspace_key_id), made.workspace_key_secret),
            (nobodys(made.workspace_key_id), nobodys(made.workspace_key_secret)),
            (nobodys(made.project_id), made.secret),
            (made.project_id, nobodys(made.secret)),
        ):
            for where in (path, path.replace(made.project_slug, "nobodys-project")):
                with statements(world) as asked:
                    answer = await world.call("GET", where, auth=(name, word))
                told = refused(answer, "unauthorized_credentials", 401)
                told.pop("request_id")
                heard.append((told, list(asked)))
        assert all(one == heard[0] for one in heard)

    story(work)


def test_a_start_at_a_foreign_connection_is_like_one_at_none(story: Tell) -> None:
    """With the public token of another project: in a browser, where everybody may knock."""

    async def work(world: World) -> None:
        made = await projects.create(
            world.rt, "Other project", environment="test",
            settings=ProjectSettings(insecure_loopback=True),
        )  # fmt: skip
        demo, browser = world.demo, world.client()
        for name, ids in (
            ("connection_id", [demo.saml.connection_id, demo.oidc.connection_id,
                               demo.labs_saml.connection_id]),
            ("organization_id", [demo.northwind.organization_id, "northwind"]),
        ):  # fmt: skip
            for true in ids:
                heard = []
                for value in (nobodys(true), true, nobodys(true)):
                    query = {"public_token": made.public_token, name: value}
                    with statements(world) as asked:
                        answer = await browser.get(
                            "/v1/public/sso/start", params=query, headers=JSON
                        )
                    assert answer.status_code in (400, 404), answer.text
                    told = {k: v for k, v in answer.json().items() if k != "request_id"}
                    heard.append((repr(told).replace(value, "…"), list(asked)))
                assert heard[1] == heard[2]

    story(work)
