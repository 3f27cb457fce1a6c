"""External connections, row by row of the wire's table (§3.4), on both databases.

The names say the rows, in the table's order; then decisions 2 and 3. Northwind owns a SAML and an
OIDC connection; Northwind Labs is the receiver of both in the demo, and further receivers are made
where a test needs a fresh one.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from functools import cache
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from peers.certificates import KeyPair, make_key_pair
from services.attacks import (
    ADA,
    AUTHENTICATE,
    JSON,
    SESSIONS,
    Tell,
    alive,
    change_organization,
    create_external,
    done,
    exchange,
    external_door,
    member,
    oidc_sign_in,
    organization,
    refused,
    saml_door,
    token_of,
)
from support.world import World, read_form
from vestibule.protocols import saml
from vestibule.services.demo import MAPPING, PEOPLE
from vestibule.storage.audit import AuditEvent
from vestibule.web.mock_idp import MockIdp

GRACE = PEOPLE[1]
LABS = "northwind-labs"
KINDS = pytest.mark.parametrize("kind", ["saml", "oidc"])
NO_ID = "00000000-0000-4000-8000-000000000000"


def told(answer: Any, code: str, status: int = 400) -> None:
    """Refused in the wire's own word, and in ours where they are one."""
    assert refused(answer, code, status)["error_type"] == code


async def connections_of(world: World, organization_name: str) -> list[dict[str, Any]]:
    listed = done(await world.call("GET", f"/v1/b2b/sso/{organization_name}"))
    found: list[dict[str, Any]] = listed["external_connections"]
    return found


async def shown(world: World, organization_name: str) -> dict[str, Any]:
    answer = done(await world.call("GET", f"/v1/b2b/organizations/{organization_name}"))
    found: dict[str, Any] = answer["organization"]
    return found


async def person(world: World, organization_name: str, member_id: str) -> dict[str, Any]:
    path = f"/v1/b2b/organizations/{organization_name}/member"
    found: dict[str, Any] = done(await world.call("GET", path, params={"member_id": member_id}))
    one: dict[str, Any] = found["member"]
    return one


async def change(world: World, kind: str, connection_id: str, **fields: Any) -> dict[str, Any]:
    """Change one of Northwind's own connections."""
    path = f"/v1/b2b/sso/{kind}/northwind/connections/{connection_id}"
    found: dict[str, Any] = done(await world.call("PUT", path, fields))["connection"]
    return found


async def change_external(world: World, external_id: str, name: str = LABS, **fields: Any) -> Any:
    path = f"/v1/b2b/sso/external/{name}/connections/{external_id}"
    return await world.call("PUT", path, fields)


async def own_roles(world: World, organization_name: str, **permissions: Sequence[str]) -> None:
    """Define roles that only this organization has: `role=["resource:action", …]`."""
    roles = [
        {
            "role_id": role_id,
            "description": "",
            "permissions": [
                {"resource_id": one.split(":")[0], "actions": [one.split(":")[1]]} for one in held
            ],
        }
        for role_id, held in permissions.items()
    ]
    path = f"/v1/b2b/rbac/organizations/{organization_name}"
    done(await world.call("PUT", path, {"org_policy": {"roles": roles}}))


async def signed_in_with(world: World, organization_name: str, door: str, *roles: str) -> str:
    """Ada's session in that organization, with these explicit roles."""
    await member(world, organization_name, ADA.email, roles=list(roles))
    token: str = (await world.sign_in(door))["session_token"]
    return token


async def stored_tokens(world: World, member_id: str) -> int:
    """How many of the provider's tokens are kept for them, whatever the API shows."""
    return len(await world.rt.store.read(lambda tx: tx.idp_tokens.of_member(member_id)))


async def log_of(world: World, organization_id: str) -> list[AuditEvent]:
    return await world.rt.store.read(lambda tx: tx.audit.latest(organization_id, 200))


async def audited(world: World, organization_id: str, target: str) -> list[str]:
    """What that organization's log says of one connection, the first thing first; things of one
    moment in alphabetical order."""
    events = sorted(await log_of(world, organization_id), key=lambda one: (one.at, one.action))
    return [event.action for event in events if event.target == target]


async def start(world: World, connection_id: str) -> Any:
    return await world.client().get(world.start_url(connection_id), headers=JSON)


async def nothing_came_of_it(world: World, *names: str) -> None:
    for name in names:
        assert await connections_of(world, name) == []


@cache
def another_key() -> KeyPair:
    return make_key_pair("the provider's next key")


async def answered_by(world: World, idp: MockIdp, connection_id: str) -> Any:
    """A SAML login that this provider answers, however it signs."""
    browser = world.client()
    started = await browser.get(world.start_url(connection_id), headers=JSON)
    assert started.status_code == 302, started.text
    query = parse_qs(urlsplit(started.headers["location"]).query)
    asked = saml.read_authn_request(saml.decode_redirect(query["SAMLRequest"][0]))
    fields = {
        "acs_url": asked.acs_url or "", "audience": asked.issuer, "in_response_to": asked.id,
        "RelayState": query["RelayState"][0],
    }  # fmt: skip
    url, form = read_form(bytes(idp._post_response(ADA, fields).body).decode())
    return await browser.post(url, data=form, headers=JSON)


# --- who may create it --------------------------------------------------------------------------


@KINDS
def test_the_project_secret_may_create_it_and_it_is_active_at_once(story: Tell, kind: str) -> None:
    """With the whole object that the wire describes; no identity provider, mapping or URL."""

    async def work(world: World) -> None:
        third = await organization(world, "third")
        source = getattr(world.demo, kind).connection_id
        made = done(
            await create_external(world, third, world.demo.northwind.organization_id, source)
        )["connection"]
        assert made.pop("connection_id").startswith("external-connection-test-")
        assert made == {
            "organization_id": third,
            "external_organization_id": world.demo.northwind.organization_id,
            "external_connection_id": source,
            "display_name": "",
            "status": "active",
            "external_connection_implicit_role_assignments": [],
            "external_group_implicit_role_assignments": [],
            "session_exchange": "allowed",
        }

    story(work)


def test_a_member_of_the_receiving_organization_with_the_right_may_create_it(story: Tell) -> None:
    async def work(world: World) -> None:
        await organization(world, "third")
        own = (await saml_door(world, "third")).connection_id
        await own_roles(world, "third", opener=["stytch.sso:create"])
        token = await signed_in_with(world, "third", own, "opener")
        body = {
            "external_organization_id": "northwind",
            "external_connection_id": world.demo.saml.connection_id,
        }
        path = "/v1/b2b/sso/external/third"
        made = done(await world.call("POST", path, body, session=token))["connection"]
        assert made["status"] == "active"
        assert [one["connection_id"] for one in await connections_of(world, "third")] == [
            made["connection_id"]
        ]

    story(work)


def test_a_member_without_the_right_may_not_create_it(story: Tell) -> None:
    """Whatever else they may do with connections."""

    async def work(world: World) -> None:
        await organization(world, "third")
        own = (await saml_door(world, "third")).connection_id
        others = ["stytch.sso:get", "stytch.sso:update", "stytch.sso:delete"]
        await own_roles(world, "third", keeper=others[:1], changer=others[1:2], ender=others[2:])
        token = await signed_in_with(world, "third", own, "keeper", "changer", "ender")
        body = {
            "external_organization_id": "northwind",
            "external_connection_id": world.demo.saml.connection_id,
        }
        answer = await world.call("POST", "/v1/b2b/sso/external/third", body, session=token)
        told(answer, "session_authorization_error", 403)
        await nothing_came_of_it(world, "third")

    story(work)


def test_a_member_of_another_organization_may_not_create_it(story: Tell) -> None:
    """An administrator of the source, who would lead the receiver's people to their provider."""

    async def work(world: World) -> None:
        await organization(world, "third")
        token = await signed_in_with(
            world, "northwind", world.demo.saml.connection_id, "stytch_admin"
        )
        body = {
            "external_organization_id": "northwind",
            "external_connection_id": world.demo.saml.connection_id,
        }
        for name in ("third", "no-such-organization"):
            answer = await world.call("POST", f"/v1/b2b/sso/external/{name}", body, session=token)
            told(answer, "session_authorization_tenancy_error", 403)
        await nothing_came_of_it(world, "third")

    story(work)


# --- what it may lead to ------------------------------------------------------------------------


def test_the_source_is_named_by_id_slug_or_external_id_and_kept_as_its_id(story: Tell) -> None:
    async def work(world: World) -> None:
        northwind = world.demo.northwind.organization_id
        await change_organization(world, "northwind", organization_external_id="crm|northwind")
        for number, name in enumerate((northwind, "northwind", "crm|northwind")):
            receiver = await organization(world, f"receiver-{number}")
            answer = await create_external(world, receiver, name, world.demo.saml.connection_id)
            assert done(answer)["connection"]["external_organization_id"] == northwind
            listed = await connections_of(world, receiver)
            assert [one["external_organization_id"] for one in listed] == [northwind]
        # It is the organization that was meant, not its name.
        await change_organization(world, "northwind", organization_slug="renamed")
        assert (await connections_of(world, receiver))[0]["external_organization_id"] == northwind

    story(work)


def test_an_organization_is_not_external_to_itself(story: Tell) -> None:
    """By any of its names."""

    async def work(world: World) -> None:
        source = world.demo.saml.connection_id
        for name in ("northwind", world.demo.northwind.organization_id):
            answer = await create_external(world, "northwind", name, source)
            told(answer, "external_organization_id_same_as_organization_id")
        await nothing_came_of_it(world, "northwind")

    story(work)


def test_an_unknown_underlying_connection_is_not_found(story: Tell) -> None:
    async def work(world: World) -> None:
        await organization(world, "third")
        for name in ("nothing", f"saml-connection-test-{NO_ID}", f"oidc-connection-test-{NO_ID}"):
            answer = await create_external(world, "third", "northwind", name)
            told(answer, "external_connection_id_not_found", 404)
        await nothing_came_of_it(world, "third")

    story(work)


def test_an_underlying_connection_that_the_source_does_not_own_is_not_found(story: Tell) -> None:
    """The connection is there and active; it belongs to a third organization, or to the receiver
    itself."""

    async def work(world: World) -> None:
        await organization(world, "third")
        mine = (await saml_door(world, "third")).connection_id
        for name in (world.demo.saml.connection_id, mine):
            answer = await create_external(world, "third", LABS, name)
            told(answer, "external_connection_id_not_found", 404)
        await nothing_came_of_it(world, "third")

    story(work)


def test_an_unknown_source_organization_is_not_found(story: Tell) -> None:
    async def work(world: World) -> None:
        await organization(world, "third")
        for name in ("nowhere", f"organization-test-{NO_ID}"):
            answer = await create_external(world, "third", name, world.demo.saml.connection_id)
            told(answer, "organization_not_found", 404)
        await nothing_came_of_it(world, "third")
        # And so is a receiver.
        answer = await create_external(world, "nowhere", "northwind", world.demo.saml.connection_id)
        told(answer, "organization_not_found", 404)

    story(work)


@KINDS
def test_a_pending_underlying_connection_is_not_active(story: Tell, kind: str) -> None:
    async def work(world: World) -> None:
        await organization(world, "third")
        pending = done(await world.call("POST", f"/v1/b2b/sso/{kind}/northwind", {}))["connection"]
        assert pending["status"] == "pending"
        answer = await create_external(world, "third", "northwind", pending["connection_id"])
        told(answer, "external_connection_not_active")
        await nothing_came_of_it(world, "third")

    story(work)


def test_a_second_external_to_the_same_underlying_in_the_same_organization_is_a_duplicate(
    story: Tell,
) -> None:
    """But one to each of the source's connections is none; and what is gone is in nobody's way."""

    async def work(world: World) -> None:
        before = await connections_of(world, LABS)
        source = world.demo.saml.connection_id
        for owner in ("northwind", world.demo.northwind.organization_id):
            answer = await create_external(world, LABS, owner, source, display_name="Again")
            told(answer, "duplicate_external_sso_connection")
        assert await connections_of(world, LABS) == before
        assert {one["external_connection_id"] for one in before} == {
            source,
            world.demo.oidc.connection_id,
        }
        path = f"/v1/b2b/sso/{LABS}/connections/{world.demo.labs_saml.connection_id}"
        done(await world.call("DELETE", path))
        done(await create_external(world, LABS, "northwind", source))

    story(work)


def test_an_external_of_an_external_is_not_found(story: Tell) -> None:
    """Neither a chain nor a circle: only SAML and OIDC ids are looked up."""

    async def work(world: World) -> None:
        await organization(world, "third")
        for external in (world.demo.labs_saml, world.demo.labs_oidc):
            for receiver in ("third", "northwind"):
                answer = await create_external(world, receiver, LABS, external.connection_id)
                told(answer, "external_connection_id_not_found", 404)
        await nothing_came_of_it(world, "third", "northwind")

    story(work)


@KINDS
def test_many_organizations_may_lead_to_one_underlying_and_each_enters_its_own(
    story: Tell, kind: str
) -> None:
    """One person, one provider: one member, one registration and the own roles in each."""

    async def work(world: World) -> None:
        source = getattr(world.demo, kind).connection_id
        doors = {}
        for name, role in (("first", "one"), ("second", "two"), ("third", "three")):
            receiver = await organization(world, name)
            await own_roles(world, name, **{role: ["documents:read"]})
            rules = [{"role_id": role}]
            doors[receiver, role] = await external_door(
                world, name, "northwind", source, connection_implicit_role_assignments=rules
            )
        held = {place: await world.sign_in(door) for place, door in doors.items()}
        assert len({one["member_id"] for one in held.values()}) == 3
        for (receiver, role), one in held.items():
            door = doors[receiver, role]
            assert one["organization_id"] == one["member"]["organization_id"] == receiver
            assert one["member_session"]["organization_id"] == receiver
            assert one["member_session"]["roles"] == sorted([role, "stytch_member"])
            registrations = one["member"]["sso_registrations"]
            assert [r["connection_id"] for r in registrations] == [door]
            assert registrations[0]["external_id"] == (ADA.email if kind == "saml" else ADA.subject)
            assert registrations[0]["registration_id"].startswith(f"{kind}-member-registration-")
            factor = one["member_session"]["authentication_factors"][0]
            assert factor["delivery_method"] == f"sso_{kind}"
            assert factor[f"{kind}_sso_factor"]["provider_id"] == door

    story(work)


# --- what ends it -------------------------------------------------------------------------------


def test_when_the_underlying_is_deleted_every_external_goes_with_all_that_stands_on_it(
    story: Tell,
) -> None:
    """Default connection, allow-list, sessions, registrations, roles and stored tokens; the log of
    each receiver and of the owner says so."""

    async def work(world: World) -> None:
        demo = world.demo
        await organization(world, "third")
        own = (await saml_door(world, "third")).connection_id
        source = demo.oidc.connection_id
        rules = [{"role_id": "editor"}]
        third = await external_door(
            world, "third", "northwind", source, connection_implicit_role_assignments=rules
        )
        for name, door in (("third", third), (LABS, demo.labs_oidc.connection_id)):
            await change_organization(
                world, name, sso_default_connection_id=door, sso_jit_provisioning="RESTRICTED",
                sso_jit_provisioning_allowed_connections=[door] if name == LABS else [door, own],
            )  # fmt: skip
        refreshable = {"refresh_token": "r1"}
        held = {
            name: await oidc_sign_in(world, door, token=refreshable)
            for name, door in (
                ("third", third), (LABS, demo.labs_oidc.connection_id), ("northwind", source),
            )
        }  # fmt: skip
        assert held["third"]["member_session"]["roles"] == ["editor", "stytch_member"]
        beside = await world.sign_in(own)
        await member(world, LABS, GRACE.email)
        other = await world.sign_in(demo.labs_saml.connection_id, GRACE.email)
        path = f"/v1/b2b/sso/northwind/connections/{source}"
        done(await world.call("DELETE", path))

        assert await connections_of(world, "third") == []
        assert [one["connection_id"] for one in await connections_of(world, LABS)] == [
            demo.labs_saml.connection_id
        ]
        for name, provisioning, listed in (
            ("third", "RESTRICTED", [own]),
            (LABS, "NOT_ALLOWED", []),
        ):
            settings = await shown(world, name)
            assert not settings["sso_default_connection_id"]
            assert settings["sso_jit_provisioning"] == provisioning
            assert settings["sso_jit_provisioning_allowed_connections"] == listed
            active = {one["connection_id"] for one in settings["sso_active_connections"]}
            assert active.isdisjoint({third, demo.labs_oidc.connection_id})
        for name, one in held.items():
            assert not await alive(world, one["session_token"])
            stays = await person(world, name, one["member_id"])
            assert stays["status"] == "active"
            assert stays["trusted_metadata"] == {"department": "Research"}
            left = [own] if name == "third" else []
            assert [r["connection_id"] for r in stays["sso_registrations"]] == left
            assert [role["role_id"] for role in stays["roles"]] == ["stytch_member"]
            tokens = f"/v1/b2b/organizations/{name}/members/{one['member_id']}/oidc_providers"
            assert done(await world.call("GET", tokens))["registrations"] == []
            assert await stored_tokens(world, one["member_id"]) == 0
        for one in (beside, other):
            assert await alive(world, one["session_token"])
        for receiver, door in (
            (beside["organization_id"], third),
            (demo.labs.organization_id, demo.labs_oidc.connection_id),
        ):
            for organization_id in (receiver, demo.northwind.organization_id):
                log = await audited(world, organization_id, door)
                assert "connection.deleted" in log
        told(await start(world, third), "sso_connection_not_found", 404)

    story(work)


def test_when_the_source_organization_is_deleted_the_same_is_so(story: Tell) -> None:
    async def work(world: World) -> None:
        demo = world.demo
        doors = (demo.labs_saml.connection_id, demo.labs_oidc.connection_id)
        await change_organization(
            world, LABS, sso_default_connection_id=doors[0], sso_jit_provisioning="RESTRICTED",
            sso_jit_provisioning_allowed_connections=list(doors),
        )  # fmt: skip
        held = [await world.sign_in(doors[0])]
        held.append(await oidc_sign_in(world, doors[1], token={"refresh_token": "r1"}))
        done(await world.call("DELETE", "/v1/b2b/organizations/northwind"))
        assert await connections_of(world, LABS) == []
        settings = await shown(world, LABS)
        assert not settings["sso_default_connection_id"]
        assert settings["sso_jit_provisioning"] == "NOT_ALLOWED"
        assert settings["sso_jit_provisioning_allowed_connections"] == []
        assert settings["sso_active_connections"] == []
        for one in held:
            assert not await alive(world, one["session_token"])
        stays = await person(world, LABS, held[0]["member_id"])
        assert stays["status"] == "active"
        assert stays["sso_registrations"] == []
        assert await stored_tokens(world, held[0]["member_id"]) == 0
        for door in doors:
            for organization_id in (demo.labs.organization_id, demo.northwind.organization_id):
                log = await audited(world, organization_id, door)
                assert "connection.deleted" in log
            told(await start(world, door), "sso_connection_not_found", 404)

    story(work)


@KINDS
def test_when_the_external_is_deleted_the_underlying_is_untouched(story: Tell, kind: str) -> None:
    async def work(world: World) -> None:
        source = getattr(world.demo, kind)
        external = getattr(world.demo, f"labs_{kind}")
        direct = await world.sign_in(source.connection_id)
        through = await world.sign_in(external.connection_id)
        before = done(await world.call("GET", "/v1/b2b/sso/northwind"))
        path = f"/v1/b2b/sso/{LABS}/connections/{external.connection_id}"
        gone = done(await world.call("DELETE", path))
        assert gone["connection_id"] == external.connection_id
        after = done(await world.call("GET", "/v1/b2b/sso/northwind"))
        for name in ("saml_connections", "oidc_connections", "external_connections"):
            assert after[name] == before[name]
        assert await alive(world, direct["session_token"])
        assert not await alive(world, through["session_token"])
        here = await person(world, "northwind", direct["member_id"])
        assert [r["connection_id"] for r in here["sso_registrations"]] == [source.connection_id]
        await world.sign_in(source.connection_id)
        for organization_id in (
            world.demo.labs.organization_id,
            world.demo.northwind.organization_id,
        ):
            log = await audited(world, organization_id, external.connection_id)
            assert "connection.deleted" in log

    story(work)


def test_when_the_external_is_the_default_it_goes_last(story: Tell) -> None:
    """As any other default connection (§3.1): not while there are others."""

    async def work(world: World) -> None:
        doors = world.demo.labs_saml.connection_id, world.demo.labs_oidc.connection_id
        await change_organization(world, LABS, sso_default_connection_id=doors[0])
        path = f"/v1/b2b/sso/{LABS}/connections"
        told(
            await world.call("DELETE", f"{path}/{doors[0]}"), "cannot_delete_default_sso_connection"
        )
        done(await world.call("DELETE", f"{path}/{doors[1]}"))
        done(await world.call("DELETE", f"{path}/{doors[0]}"))
        assert not (await shown(world, LABS))["sso_default_connection_id"]
        assert await connections_of(world, LABS) == []

    story(work)


# --- nothing is copied --------------------------------------------------------------------------


def test_a_certificate_of_the_underlying_is_followed_at_once(story: Tell) -> None:
    """The provider rotates its key; the External connection is not touched."""

    async def work(world: World) -> None:
        source, external = world.demo.saml.connection_id, world.demo.labs_saml.connection_id
        turned = MockIdp(world.rt, *another_key())
        refused(await answered_by(world, turned, external), "saml_signature_invalid")
        changed = await change(world, "saml", source, x509_certificate=another_key()[1])
        first = changed["verification_certificates"][0]["certificate_id"]
        for idp in (world.idp, turned):
            token_of(await answered_by(world, idp, external))
        path = f"/v1/b2b/sso/saml/northwind/connections/{source}/verification_certificates/{first}"
        done(await world.call("DELETE", path))
        token_of(await answered_by(world, turned, external))
        refused(await answered_by(world, world.idp, external), "saml_signature_invalid")

    story(work)


def test_a_mapping_of_the_underlying_is_followed_at_once(story: Tell) -> None:
    async def work(world: World) -> None:
        source, external = world.demo.saml.connection_id, world.demo.labs_saml.connection_id
        before = await world.sign_in(external)
        assert before["member"]["trusted_metadata"] == {"department": "Research"}
        assert before["member_session"]["roles"] == ["lab-lead", "stytch_member", "viewer"]
        mapping = {"email": "NameID", "full_name": "department", "groups": "name", "unit": "groups"}
        await change(world, "saml", source, attribute_mapping=mapping)
        after = await world.sign_in(external)
        assert after["member_id"] == before["member_id"]
        assert after["member"]["name"] == "Research"
        assert after["member"]["trusted_metadata"] == {
            "department": "Research",
            "unit": ["engineering", "leads"],
        }
        # The groups are now what the mapping says, and those give no role.
        assert after["member_session"]["roles"] == ["stytch_member", "viewer"]

    story(work)


def test_an_address_of_the_underlying_is_followed_at_once(story: Tell) -> None:
    async def work(world: World) -> None:
        external = world.demo.labs_oidc.connection_id
        moved = "https://moved.example/authorize"
        await change(world, "oidc", world.demo.oidc.connection_id, authorization_url=moved)
        started = await start(world, external)
        assert started.status_code == 302
        assert started.headers["location"].startswith(f"{moved}?")
        sso = "https://moved.example/sso"
        await change(world, "saml", world.demo.saml.connection_id, idp_sso_url=sso)
        started = await start(world, world.demo.labs_saml.connection_id)
        assert started.headers["location"].startswith(f"{sso}?")

    story(work)


def test_the_underlying_does_not_return_to_pending(story: Tell) -> None:
    """Nothing that made it active can be taken away again."""

    async def work(world: World) -> None:
        saml_id, oidc_id = world.demo.saml.connection_id, world.demo.oidc.connection_id
        path = f"/v1/b2b/sso/saml/northwind/connections/{saml_id}"
        for field in ("idp_entity_id", "idp_sso_url"):
            refused(await world.call("PUT", path, {field: ""}), f"saml_connection_{field}_required")
        only = world.demo.saml.verification_certificates[0].certificate_id
        answer = await world.call("DELETE", f"{path}/verification_certificates/{only}")
        told(answer, "cannot_delete_last_sso_verification_key")
        path = f"/v1/b2b/sso/oidc/northwind/connections/{oidc_id}"
        for field in ("issuer", "client_id", "client_secret", "token_url"):
            refused(await world.call("PUT", path, {field: ""}), f"oidc_connection_{field}_required")
        assert {one["status"] for one in await connections_of(world, LABS)} == {"active"}
        for door in (world.demo.labs_saml, world.demo.labs_oidc):
            await world.sign_in(door.connection_id)

    story(work)


def test_where_it_leads_never_changes(story: Tell) -> None:
    """The two ids are immutable, and say nothing when they are sent."""

    async def work(world: World) -> None:
        external = world.demo.labs_saml.connection_id
        before = next(
            one for one in await connections_of(world, LABS) if one["connection_id"] == external
        )
        fields = {
            "external_organization_id": LABS,
            "external_connection_id": world.demo.oidc.connection_id,
            "display_name": "Renamed",
        }
        after = done(await change_external(world, external, **fields))["connection"]
        assert after == {**before, "display_name": "Renamed"}

    story(work)


def test_its_rules_are_read_in_either_spelling_when_it_is_made_and_when_it_is_changed(
    story: Tell,
) -> None:
    async def work(world: World) -> None:
        for prefix in ("", "external_"):
            name = await organization(world, f"receiver-{prefix.strip('_')}x")

            def rules(role_id: str, prefix: str = prefix) -> dict[str, Any]:
                return {
                    f"{prefix}connection_implicit_role_assignments": [{"role_id": role_id}],
                    f"{prefix}group_implicit_role_assignments": [
                        {"role_id": role_id, "group": "engineering"}
                    ],
                }

            source = world.demo.saml.connection_id
            made = done(await create_external(world, name, "northwind", source, **rules("viewer")))
            one = made["connection"]
            for role_id in ("viewer", "editor"):
                assert {key: one[key] for key in rules(role_id, "external_")} == rules(
                    role_id, "external_"
                )
                answer = await change_external(world, one["connection_id"], name, **rules("editor"))
                one = done(answer)["connection"]

    story(work)


# --- where it is seen ---------------------------------------------------------------------------


def test_it_is_listed_in_the_receiving_organization_only(story: Tell) -> None:
    """Its list, its active connections, the searches; the owner's list says nothing of it."""

    async def work(world: World) -> None:
        await organization(world, "third")
        door = await external_door(
            world, "third", "northwind", world.demo.saml.connection_id, display_name="Parent"
        )
        listed = done(await world.call("GET", "/v1/b2b/sso/third"))
        assert [one["connection_id"] for one in listed["external_connections"]] == [door]
        assert listed["saml_connections"] == listed["oidc_connections"] == []
        assert (await shown(world, "third"))["sso_active_connections"] == [
            {"connection_id": door, "display_name": "Parent", "identity_provider": "generic"}
        ]
        for name in ("northwind", LABS):
            answer = await world.call("GET", f"/v1/b2b/sso/{name}")
            assert door not in done(answer) and door not in answer.text
            assert door not in json.dumps(await shown(world, name))
        for name, value, found in (
            ("sso_connection_id", door, ["third"]),
            ("has_active_sso_connection", True, ["northwind", LABS, "third"]),
        ):
            query = {
                "operator": "AND", "operands": [{"filter_name": name, "filter_value": value}],
            }  # fmt: skip
            answer = await world.call("POST", "/v1/b2b/organizations/search", {"query": query})
            slugs = [one["organization_slug"] for one in done(answer)["organizations"]]
            assert sorted(slugs) == found

    story(work)


def test_it_may_be_the_default_connection(story: Tell) -> None:
    """A start that names the organization goes through it, and enters that organization."""

    async def work(world: World) -> None:
        third = await organization(world, "third")
        await saml_door(world, "third")
        door = await external_door(world, "third", "northwind", world.demo.saml.connection_id)
        await change_organization(world, "third", sso_default_connection_id=door)
        url = world.start_url(door).replace(f"connection_id={door}", "organization_id=third")
        browser = world.client()
        started = await browser.get(f"{url}&provider_login_hint={ADA.email}", headers=JSON)
        at_idp = await browser.get(started.headers["location"])
        action, form = read_form(at_idp.text)
        body = {"sso_token": token_of(await browser.post(action, data=form, headers=JSON))}
        held = done(await world.call("POST", AUTHENTICATE, body))
        assert held["organization_id"] == third
        registrations = held["member"]["sso_registrations"]
        assert [one["connection_id"] for one in registrations] == [door]

    story(work)


@KINDS
def test_the_allow_list_for_newcomers_goes_by_the_id_of_the_external(
    story: Tell, kind: str
) -> None:
    """The underlying's id is nobody's door here, and another External's is another door."""

    async def work(world: World) -> None:
        demo = world.demo
        door = getattr(demo, f"labs_{kind}").connection_id
        other = getattr(demo, "labs_oidc" if kind == "saml" else "labs_saml").connection_id
        path = f"/v1/b2b/organizations/{LABS}"
        restricted = {"sso_jit_provisioning": "RESTRICTED"}
        listed = "sso_jit_provisioning_allowed_connections"
        source = getattr(demo, kind).connection_id
        answer = await world.call("PUT", path, {**restricted, listed: [source]})
        told(answer, "invalid_restricted_sso_setting")
        done(await world.call("PUT", path, {**restricted, listed: [other]}))
        deliver = await world.begin(world.client(), door)
        told(await deliver(), "invalid_connection_for_jit_provisioning")
        done(await world.call("PUT", path, {listed: [door]}))
        held = await world.sign_in(door)
        assert held["organization_id"] == demo.labs.organization_id
        # Whoever is a member already needs no place in the list.
        await world.sign_in(other)
        deliver = await world.begin(world.client(), other, GRACE.email)
        told(await deliver(), "invalid_connection_for_jit_provisioning")

    story(work)


# --- roles --------------------------------------------------------------------------------------


@KINDS
def test_its_rules_give_the_receivers_own_roles_to_everyone_and_by_group(
    story: Tell, kind: str
) -> None:
    """Project roles and the receiver's custom ones, over SAML and over OIDC (decision 1)."""

    async def work(world: World) -> None:
        await organization(world, "third")
        await own_roles(world, "third", guest=["documents:read"], builder=["experiments:run"])
        door = await external_door(
            world, "third", "northwind", getattr(world.demo, kind).connection_id,
            connection_implicit_role_assignments=[{"role_id": "guest"}, {"role_id": "viewer"}],
            group_implicit_role_assignments=[
                {"role_id": "builder", "group": "engineering"},
                {"role_id": "lab-lead", "group": "nobody"},
            ],
        )  # fmt: skip
        ada, grace = await world.sign_in(door), await world.sign_in(door, GRACE.email)
        everyone = ["guest", "stytch_member", "viewer"]
        assert ada["member_session"]["roles"] == ["builder", *everyone]
        assert grace["member_session"]["roles"] == everyone
        reasons = {role["role_id"]: role["sources"] for role in ada["member"]["roles"]}
        by_group = {"connection_id": door, "group": "engineering"}
        assert reasons["builder"] == [{"type": "sso_connection_group", "details": by_group}]
        assert reasons["guest"] == [{"type": "sso_connection", "details": {"connection_id": door}}]
        check = {"organization_id": "third", "resource_id": "experiments", "action": "run"}
        for one, granted in ((ada, True), (grace, False)):
            body = {"session_token": one["session_token"], "authorization_check": check}
            answer = await world.call("POST", f"{SESSIONS}/authenticate", body)
            if granted:
                assert done(answer)["verdict"]["granting_roles"] == ["builder"]
            else:
                told(answer, "session_authorization_error", 403)

    story(work)


def test_group_rules_need_a_groups_key_in_the_underlying_mapping(story: Tell) -> None:
    """At creation and at every change; connection rules need none, and OIDC has a default claim."""

    async def work(world: World) -> None:
        source, code = world.demo.saml, "saml_connection_attribute_mapping_missing_groups_key"
        without = {name: value for name, value in MAPPING.items() if name != "groups"}
        await change(
            world, "saml", source.connection_id, saml_group_implicit_role_assignments=[],
            attribute_mapping={**without, "email": "NameID"},
        )  # fmt: skip
        await organization(world, "third")
        rules = [{"role_id": "viewer", "group": "engineering"}]
        answer = await create_external(
            world, "third", "northwind", source.connection_id, group_implicit_role_assignments=rules
        )
        told(answer, code)
        await nothing_came_of_it(world, "third")
        door = await external_door(
            world, "third", "northwind", source.connection_id,
            connection_implicit_role_assignments=[{"role_id": "viewer"}],
        )  # fmt: skip
        answer = await change_external(
            world, door, "third", external_group_implicit_role_assignments=rules
        )
        told(answer, code)
        assert (await connections_of(world, "third"))[0][
            "external_group_implicit_role_assignments"
        ] == []
        await external_door(
            world, "third", "northwind", world.demo.oidc.connection_id,
            group_implicit_role_assignments=rules,
        )  # fmt: skip

    story(work)


@KINDS
def test_the_underlyings_own_role_rules_do_not_apply_in_the_receiver(
    story: Tell, kind: str
) -> None:
    async def work(world: World) -> None:
        source = getattr(world.demo, kind).connection_id
        await change(
            world, kind, source,
            **{
                f"{kind}_connection_implicit_role_assignments": [{"role_id": "stytch_admin"}],
                f"{kind}_group_implicit_role_assignments": [
                    {"role_id": "editor", "group": "engineering"}
                ],
            },
        )  # fmt: skip
        await organization(world, "third")
        door = await external_door(world, "third", "northwind", source)
        held = await world.sign_in(door)
        assert held["member_session"]["roles"] == ["stytch_member"]
        assert [role["role_id"] for role in held["member"]["roles"]] == ["stytch_member"]
        assert held["member"]["is_admin"] is False
        direct = await world.sign_in(source)
        assert direct["member_session"]["roles"] == ["editor", "stytch_admin", "stytch_member"]

    story(work)


@KINDS
def test_attributes_are_promoted_into_the_receivers_member(story: Tell, kind: str) -> None:
    """By the underlying's mapping; from there they reach the receiver's JWT, and nobody else."""

    async def work(world: World) -> None:
        here = await member(world, "northwind", ADA.email)
        held = await world.sign_in(getattr(world.demo, f"labs_{kind}").connection_id)
        assert held["organization_id"] == world.demo.labs.organization_id
        assert held["member"]["trusted_metadata"] == {"department": "Research"}
        claims = held["session_jwt"].split(".")[1]
        read = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
        assert read["department"] == "Research"
        assert not (await person(world, "northwind", here))["trusted_metadata"]

    story(work)


@pytest.mark.parametrize("preserve", [False, True])
def test_an_explicit_role_that_it_gives_too_is_not_kept_through_its_sessions(
    story: Tell, preserve: bool
) -> None:
    """When the explicit one is taken away (§2.4), unless the caller says so."""

    async def work(world: World) -> None:
        made = await member(world, LABS, ADA.email, roles=["lab-lead"])
        through = await world.sign_in(world.demo.labs_saml.connection_id)
        here = await world.sign_in(world.demo.saml.connection_id)
        assert through["member_id"] == made
        body = {"roles": [], "preserve_existing_sessions": preserve}
        done(await world.call("PUT", f"/v1/b2b/organizations/{LABS}/members/{made}", body))
        assert await alive(world, through["session_token"]) is preserve
        assert await alive(world, here["session_token"])

    story(work)


def test_the_roles_that_it_gives_count_only_in_a_session_through_it(story: Tell) -> None:
    """The member has them in any case; authorization goes by the session (§5.6)."""

    async def work(world: World) -> None:
        own = (await saml_door(world, LABS)).connection_id
        through = await world.sign_in(world.demo.labs_saml.connection_id)
        beside = await world.sign_in(own)
        assert through["member_id"] == beside["member_id"]
        roles = ["lab-lead", "stytch_member", "viewer"]
        assert sorted(role["role_id"] for role in beside["member"]["roles"]) == roles
        assert through["member_session"]["roles"] == roles
        assert beside["member_session"]["roles"] == ["stytch_member"]

    story(work)


# --- exchange (decision 2) ----------------------------------------------------------------------


@KINDS
@pytest.mark.parametrize("status", ["active", "pending", "invited by an earlier login"])
def test_a_session_in_the_source_is_exchanged_at_once_by_the_receivers_own_rules(
    story: Tell, kind: str, status: str
) -> None:
    """With a factor of the External connection, and no later end than the source's session."""

    async def work(world: World) -> None:
        door = getattr(world.demo, f"labs_{kind}").connection_id
        if status in ("active", "pending"):
            there = await member(
                world, LABS, ADA.email, create_member_as_pending=status == "pending"
            )
        else:
            there = (await world.sign_in(door))["member_id"]
        held = await world.sign_in(getattr(world.demo, kind).connection_id)
        over = done(await exchange(world, held["session_token"], LABS))
        assert over["member_authenticated"] is True
        assert over["member_id"] == there
        assert over["member"]["status"] == "active"
        session = over["member_session"]
        assert session["organization_id"] == world.demo.labs.organization_id
        assert session["roles"] == ["lab-lead", "stytch_member", "viewer"]
        assert session["expires_at"] <= held["member_session"]["expires_at"]
        factors = session["authentication_factors"]
        assert [one[f"{kind}_sso_factor"]["provider_id"] for one in factors] == [door]
        assert await alive(world, held["session_token"])

    story(work)


def test_the_switch_of_the_connection_turns_the_exchange_off_and_on(story: Tell) -> None:
    async def work(world: World) -> None:
        door = world.demo.labs_saml.connection_id
        await world.sign_in(door)
        held = await world.sign_in(world.demo.saml.connection_id)
        for switch, complete in (("denied", False), ("allowed", True)):
            changed = done(await change_external(world, door, session_exchange=switch))
            assert changed["connection"]["session_exchange"] == switch
            over = done(await exchange(world, held["session_token"], LABS))
            assert over["member_authenticated"] is complete
            assert bool(over["session_token"]) is complete
            assert (over["primary_required"] is None) is complete
        refused(await change_external(world, door, session_exchange="perhaps"), "field_invalid")

    story(work)


# --- who may share (decision 3) -----------------------------------------------------------------


async def share(world: World, what: str, external_id: str, **options: Any) -> Any:
    source = world.demo.saml.connection_id
    path = f"/v1/b2b/sso/northwind/connections/{source}/external/{external_id}/{what}"
    return await world.call("POST", path, **options)


def test_under_approval_it_waits_for_the_owner_and_opens_with_their_word(story: Tell) -> None:
    async def work(world: World) -> None:
        source = world.demo.saml.connection_id
        await change(world, "saml", source, external_sharing="approval")
        third = await organization(world, "third")
        door = await external_door(world, "third", "northwind", source)
        assert [one["status"] for one in await connections_of(world, "third")] == ["pending"]
        assert (await shown(world, "third"))["sso_active_connections"] == []
        refused(await start(world, door), "external_connection_pending")
        answer = await world.call(
            "PUT", "/v1/b2b/organizations/third", {"sso_default_connection_id": door}
        )
        assert answer.status_code in (400, 404)
        await own_roles(world, "northwind", warden=["stytch.sso:update"])
        owner = await signed_in_with(world, "northwind", source, "warden")
        done(await share(world, "approve", door, session=owner))
        assert [one["status"] for one in await connections_of(world, "third")] == ["active"]
        held = await world.sign_in(door)
        assert held["organization_id"] == third

    story(work)


def test_under_closed_none_is_made_and_those_that_stand_stay(story: Tell) -> None:
    async def work(world: World) -> None:
        source = world.demo.saml.connection_id
        await change(world, "saml", source, external_sharing="closed")
        await organization(world, "third")
        answer = await create_external(world, "third", "northwind", source)
        assert refused(answer, "external_sharing_closed")["error_type"] == (
            "external_connection_not_active"
        )
        await nothing_came_of_it(world, "third")
        await world.sign_in(world.demo.labs_saml.connection_id)
        await change(world, "saml", source, external_sharing="open")
        done(await create_external(world, "third", "northwind", source))

    story(work)


def test_the_owner_lists_what_leads_to_their_connection(story: Tell) -> None:
    """How many go with it is known before it is deleted (decision 4)."""

    async def work(world: World) -> None:
        source = world.demo.saml.connection_id
        third = await organization(world, "third")
        door = await external_door(world, "third", "northwind", source, display_name="Ours")
        path = f"/v1/b2b/sso/northwind/connections/{source}/external"
        listed = done(await world.call("GET", path))["shared_with"]
        assert {(one["organization_id"], one["external_connection_id"]) for one in listed} == {
            (world.demo.labs.organization_id, world.demo.labs_saml.connection_id),
            (third, door),
        }

    story(work)


def test_a_revocation_ends_the_sessions_of_that_pair_at_once_and_no_others(story: Tell) -> None:
    async def work(world: World) -> None:
        demo = world.demo
        await organization(world, "third")
        third = await external_door(world, "third", "northwind", demo.saml.connection_id)
        through = await world.sign_in(demo.labs_saml.connection_id)
        others = [
            await world.sign_in(door)
            for door in (demo.saml.connection_id, demo.labs_oidc.connection_id, third)
        ]
        done(await share(world, "revoke", demo.labs_saml.connection_id))
        assert not await alive(world, through["session_token"])
        for one in others:
            assert await alive(world, one["session_token"])
        statuses = {
            one["connection_id"]: one["status"] for one in await connections_of(world, LABS)
        }
        assert statuses == {
            demo.labs_saml.connection_id: "revoked",
            demo.labs_oidc.connection_id: "active",
        }
        refused(await start(world, demo.labs_saml.connection_id), "external_connection_revoked")

    story(work)


def test_every_step_of_sharing_is_in_the_log_of_both_organizations(story: Tell) -> None:
    """With who took it: the owner's word is not the receiver's."""

    async def work(world: World) -> None:
        source = world.demo.saml.connection_id
        await change(world, "saml", source, external_sharing="approval")
        third = await organization(world, "third")
        door = await external_door(world, "third", "northwind", source)
        owner = await signed_in_with(world, "northwind", source, "stytch_admin")
        for what in ("approve", "revoke", "approve"):
            world.advance(seconds=1)
            done(await share(world, what, door, session=owner))
        world.advance(seconds=1)
        done(await change_external(world, door, "third", display_name="Renamed"))
        world.advance(seconds=1)
        done(await world.call("DELETE", f"/v1/b2b/sso/third/connections/{door}"))
        for organization_id in (third, world.demo.northwind.organization_id):
            assert await audited(world, organization_id, door) == [
                "connection.created",
                "external_connection.approved",
                "external_connection.revoked",
                "external_connection.approved",
                "connection.updated",
                "connection.deleted",
            ]
            events = await log_of(world, organization_id)
            actors = {e.actor for e in events if e.action.startswith("external_connection.")}
            assert len(actors) == 1
            assert actors.pop().startswith("member-test-")

    story(work)
