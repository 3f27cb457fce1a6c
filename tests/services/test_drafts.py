"""A connection changed without being changed: drafts, activation, versions and the way back. On
both databases, through the API and the browser's legs."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from peers import certificates
from services.attacks import (
    Tell,
    alive,
    change_organization,
    done,
    external_door,
    organization,
    refused,
    rsa_pem,
    saml_door,
)
from support.world import World
from vestibule.services import drafts

ELSEWHERE = "https://elsewhere.example/entity"


def path_of(connection_id: str, organization_name: str = "northwind") -> str:
    return f"/v1/b2b/sso/{organization_name}/connections/{connection_id}"


def saml_path(world: World) -> str:
    return path_of(world.demo.saml.connection_id)


async def put(world: World, path: str, **fields: Any) -> dict[str, Any]:
    return done(await world.call("PUT", f"{path}/draft", fields))


async def activate(world: World, path: str, **fields: Any) -> dict[str, Any]:
    return done(await world.call("POST", f"{path}/draft/activate", fields))


async def update_saml(world: World, **fields: Any) -> dict[str, Any]:
    path = f"/v1/b2b/sso/saml/northwind/connections/{world.demo.saml.connection_id}"
    changed: dict[str, Any] = done(await world.call("PUT", path, fields))["connection"]
    return changed


async def live(world: World, connection_id: str) -> dict[str, Any]:
    found = done(await world.call("GET", "/v1/b2b/sso/northwind"))
    every = found["saml_connections"] + found["oidc_connections"]
    (one,) = [c for c in every if c["connection_id"] == connection_id]
    return dict(one)


async def roll_back(world: World, path: str, version: int) -> dict[str, Any]:
    return done(await world.call("POST", f"{path}/versions/{version}/roll_back"))


async def latest_version(world: World, path: str) -> int:
    number: int = done(await world.call("GET", f"{path}/versions"))["versions"][0]["version"]
    return number


def fields_of(answer: dict[str, Any]) -> list[str]:
    return [change["field"] for change in answer["changes"]]


def test_a_draft_changes_nothing_until_it_is_activated(story: Tell) -> None:
    async def tell(world: World) -> None:
        path, name = saml_path(world), world.demo.saml.connection_id
        before = await live(world, name)
        made = await put(world, path, display_name="Next", idp_entity_id=ELSEWHERE)
        assert await live(world, name) == before
        await world.sign_in(name)
        assert made["changes"] == [
            {"field": "display_name", "was": before["display_name"], "becomes": "Next"},
            {"field": "idp_entity_id", "was": before["idp_entity_id"], "becomes": ELSEWHERE},
        ]
        assert done(await world.call("GET", f"{path}/draft"))["draft_id"] == made["draft_id"]
        activated = await activate(world, path, draft_id=made["draft_id"])
        assert activated["tested"] is False
        assert activated["changes"] == made["changes"]
        assert activated["identity_provider_changed"] is True
        after = await live(world, name)
        assert (after["display_name"], after["idp_entity_id"]) == ("Next", ELSEWHERE)
        refused(await world.call("GET", f"{path}/draft"), "draft_not_found", 404)

    story(tell)


def test_a_second_change_goes_onto_the_draft_that_is_there(story: Tell) -> None:
    async def tell(world: World) -> None:
        path = saml_path(world)
        first = await put(world, path, display_name="One")
        second = await put(world, path, nameid_format="urn:example:two")
        assert fields_of(second) == ["display_name", "nameid_format"]
        assert second["draft_id"] != first["draft_id"]
        done(await world.call("DELETE", f"{path}/draft"))
        refused(await world.call("DELETE", f"{path}/draft"), "draft_not_found", 404)
        refused(await world.call("POST", f"{path}/draft/activate", {}), "draft_not_found", 404)

    story(tell)


def test_a_certificate_is_replaced_in_a_draft_in_one_step(story: Tell) -> None:
    async def tell(world: World) -> None:
        path, name = saml_path(world), world.demo.saml.connection_id
        (old,) = (await live(world, name))["verification_certificates"]
        fresh = certificates.make_key_pair("next.example").certificate_pem
        made = await put(
            world, path, x509_certificate=fresh, delete_certificate_ids=[old["certificate_id"]]
        )
        (change,) = made["changes"]
        assert change["field"] == "verification_certificates"
        assert len(change["was"]) == len(change["becomes"]) == 1
        assert change["was"] != change["becomes"]
        assert "CERTIFICATE" not in str(change)
        await activate(world, path)
        (now,) = (await live(world, name))["verification_certificates"]
        assert now["certificate_id"] == made["saml_connection"]["verification_certificates"][0][
            "certificate_id"
        ]  # fmt: skip

    story(tell)


def test_a_secret_is_never_shown_in_what_changes(story: Tell) -> None:
    async def tell(world: World) -> None:
        path = path_of(world.demo.oidc.connection_id)
        made = await put(world, path, client_secret="very-secret-indeed", client_id="other")
        assert made["changes"] == [
            {"field": "client_id", "was": world.demo.oidc.client_id, "becomes": "other"},
            {"field": "client_secret", "was": "set", "becomes": "changed"},
        ]
        activated = await activate(world, path)
        assert activated["oidc_connection"]["client_secret"] == "very-secret-indeed"
        listed = await world.call("GET", f"{path}/versions")
        assert "very-secret-indeed" not in listed.text
        assert world.demo.oidc.client_secret not in listed.text

    story(tell)


def test_keys_of_ours_come_with_a_draft_and_are_named_by_fingerprint(story: Tell) -> None:
    async def tell(world: World) -> None:
        path = saml_path(world)
        pem = rsa_pem()
        made = await put(world, path, signing_private_key=pem, saml_encryption_private_key=pem)
        assert fields_of(made) == ["signing_keys", "encryption_keys"]
        assert "PRIVATE KEY" not in str(made)
        activated = await activate(world, path)
        assert len(activated["saml_connection"]["signing_certificates"]) == 2
        rolled = await roll_back(world, path, activated["kept_version"])
        assert len(rolled["saml_connection"]["signing_certificates"]) == 1
        await world.sign_in(world.demo.saml.connection_id)

    story(tell)


def test_what_an_update_refuses_a_draft_refuses_too(story: Tell) -> None:
    async def tell(world: World) -> None:
        path, other = saml_path(world), path_of(world.demo.oidc.connection_id)
        for where, fields, code, status in (
            (path, {"idp_sso_url": "nonsense"}, "saml_connection_idp_sso_url_invalid_format", 400),
            (path, {"idp_entity_id": ""}, "saml_connection_idp_entity_id_required", 400),
            (path, {"x509_certificate": "nonsense"}, "invalid_x509_certificate", 400),
            (path, {"client_id": "x"}, "field_invalid", 400),
            (path, {"delete_certificate_ids": ["x"]}, "sso_verification_key_not_found", 404),
            (
                path,
                {"saml_connection_implicit_role_assignments": [{"role_id": "emperor"}]},
                "invalid_rbac_role_id",
                400,
            ),
            (other, {"idp_entity_id": "x"}, "field_invalid", 400),
            (other, {"token_url": "nonsense"}, "oidc_connection_token_url_invalid_format", 400),
            (other, {"client_id": ""}, "oidc_connection_client_id_required", 400),
        ):
            refused(await world.call("PUT", f"{where}/draft", fields), code, status)
            refused(await world.call("GET", f"{where}/draft"), "draft_not_found", 404)

    story(tell)


def test_a_draft_of_a_pending_connection_may_grow_but_is_not_activated_before_it_is_whole(
    story: Tell,
) -> None:
    async def tell(world: World) -> None:
        made = done(await world.call("POST", "/v1/b2b/sso/saml/northwind", {}))["connection"]
        name = made["connection_id"]
        path, idp = path_of(name), world.idp.address
        whole = {
            "idp_entity_id": idp.entity_id,
            "idp_sso_url": idp.sso_url,
            "attribute_mapping": {"email": "NameID", "full_name": "name"},
            "x509_certificate": idp.certificate,
        }
        for missing in whole:
            fields = {key: value for key, value in whole.items() if key != missing}
            await put(world, path, **fields)
            answer = await world.call("POST", f"{path}/draft/activate", {})
            assert answer.status_code == 400, answer.text
            assert (await live(world, name))["status"] == "pending"
            done(await world.call("DELETE", f"{path}/draft"))
        for key, value in whole.items():
            await put(world, path, **{key: value})
        assert (await live(world, name))["status"] == "pending"
        await activate(world, path)
        assert (await live(world, name))["status"] == "active"
        await world.sign_in(name)

    story(tell)


def test_an_external_connection_has_neither_draft_nor_versions(story: Tell) -> None:
    async def tell(world: World) -> None:
        path = path_of(world.demo.labs_saml.connection_id, "northwind-labs")
        for method, tail, body in (
            ("PUT", "draft", {"display_name": "x"}), ("GET", "draft", None),
            ("DELETE", "draft", None), ("POST", "draft/activate", {}), ("GET", "versions", None),
            ("POST", "versions/1/roll_back", None), ("POST", "test", {"draft": True}),
        ):  # fmt: skip
            answer = await world.call(method, f"{path}/{tail}", body)
            refused(answer, "external_connection_has_no_draft", 400)

    story(tell)


def test_every_change_of_a_connection_keeps_the_version_before_it(story: Tell) -> None:
    async def tell(world: World) -> None:
        path, name = saml_path(world), world.demo.saml.connection_id
        first = await latest_version(world, path)
        await update_saml(world, display_name="One")
        fresh = certificates.make_key_pair("next.example").certificate_pem
        changed = await update_saml(world, x509_certificate=fresh)
        gone = changed["verification_certificates"][1]["certificate_id"]
        one = f"/v1/b2b/sso/saml/northwind/connections/{name}"
        done(await world.call("DELETE", f"{one}/verification_certificates/{gone}"))
        done(await world.call("POST", f"{one}/signing_keys"))
        # What changes nothing keeps nothing.
        await update_saml(world, display_name="One")
        found = done(await world.call("GET", f"{path}/versions"))
        kept = [v for v in found["versions"] if v["version"] > first]
        assert [v["version"] for v in kept] == [first + n for n in (4, 3, 2, 1)]
        assert found["live_version"] == first + 5
        assert [fields_of(v) for v in kept] == [
            ["signing_keys"], ["verification_certificates"], ["verification_certificates"],
            ["display_name"],
        ]  # fmt: skip

    story(tell)


def test_the_last_ten_versions_are_kept(story: Tell) -> None:
    async def tell(world: World) -> None:
        path = saml_path(world)
        first = await latest_version(world, path)
        for number in range(12):
            await update_saml(world, display_name=f"Number {number}")
        found = done(await world.call("GET", f"{path}/versions"))["versions"]
        assert [v["version"] for v in found] == list(range(first + 12, first + 2, -1))
        gone = f"{path}/versions/{first}/roll_back"
        refused(await world.call("POST", gone), "connection_version_not_found", 404)
        for nonsense in ("0", "-1", "x", "99999999999999999999", "１"):
            answer = await world.call("POST", f"{path}/versions/{nonsense}/roll_back")
            refused(answer, "connection_version_not_found", 404)

    story(tell)


def test_a_roll_back_brings_back_an_ordinary_update_and_can_be_rolled_back(story: Tell) -> None:
    async def tell(world: World) -> None:
        path, name = saml_path(world), world.demo.saml.connection_id
        before = await live(world, name)
        mapping = {"email": "mail", "full_name": "cn", "groups": "groups"}
        await update_saml(world, display_name="Wrong", attribute_mapping=mapping)
        rolled = await roll_back(world, path, await latest_version(world, path))
        assert await live(world, name) == before
        assert rolled["not_brought_back"] == []
        assert rolled["identity_provider_changed"] is False
        await world.sign_in(name)
        again = await roll_back(world, path, rolled["kept_version"])
        assert again["saml_connection"]["display_name"] == "Wrong"

    story(tell)


def test_a_roll_back_of_another_identity_provider_says_who_does_not_come_back(story: Tell) -> None:
    async def tell(world: World) -> None:
        path, name = saml_path(world), world.demo.saml.connection_id
        session = (await world.sign_in(name))["session_token"]
        changed = await update_saml(world, idp_entity_id=ELSEWHERE)
        assert changed["idp_entity_id"] == ELSEWHERE
        assert not await alive(world, session)
        rolled = await roll_back(world, path, await latest_version(world, path))
        assert rolled["identity_provider_changed"] is True
        (told,) = rolled["not_brought_back"]
        assert "stay ended" in told
        assert not await alive(world, session)
        await world.sign_in(name)

    story(tell)


def test_a_roll_back_leaves_out_a_role_that_was_deleted(story: Tell) -> None:
    async def tell(world: World) -> None:
        path, name = saml_path(world), world.demo.saml.connection_id
        rbac = "/v1/b2b/rbac/organizations/northwind"
        role = {"role_id": "guest", "permissions": []}
        done(await world.call("PUT", rbac, {"org_policy": {"roles": [role]}}))
        rules = [{"role_id": "guest"}, {"role_id": "viewer"}]
        await update_saml(world, saml_connection_implicit_role_assignments=rules)
        await update_saml(world, saml_connection_implicit_role_assignments=rules[1:])
        done(await world.call("PUT", rbac, {"org_policy": {"roles": []}}))
        rolled = await roll_back(world, path, await latest_version(world, path))
        (told,) = rolled["not_brought_back"]
        assert "guest" in told
        # The version differs from what is live in nothing but the role that is gone.
        assert rolled["changes"] == []
        assert rolled["kept_version"] is None
        assert (await live(world, name))["saml_connection_implicit_role_assignments"] == rules[1:]

    story(tell)


def test_a_draft_with_a_role_that_was_deleted_is_not_activated(story: Tell) -> None:
    async def tell(world: World) -> None:
        path = saml_path(world)
        rbac = "/v1/b2b/rbac/organizations/northwind"
        role = {"role_id": "guest", "permissions": []}
        done(await world.call("PUT", rbac, {"org_policy": {"roles": [role]}}))
        rules = [{"role_id": "guest"}]
        await put(world, path, saml_connection_implicit_role_assignments=rules)
        done(await world.call("PUT", rbac, {"org_policy": {"roles": []}}))
        answer = await world.call("POST", f"{path}/draft/activate", {})
        refused(answer, "invalid_rbac_role_id", 400)

    story(tell)


def test_a_draft_of_a_connection_that_changed_is_outdated_until_sent_again(story: Tell) -> None:
    async def tell(world: World) -> None:
        path, name = saml_path(world), world.demo.saml.connection_id
        await put(world, path, display_name="Mine")
        await update_saml(world, nameid_format="urn:example:theirs")
        assert done(await world.call("GET", f"{path}/draft"))["outdated"] is True
        answer = await world.call("POST", f"{path}/draft/activate", {})
        refused(answer, "draft_outdated", 400)
        again = await put(world, path)
        assert again["outdated"] is False
        assert fields_of(again) == ["display_name"]
        await activate(world, path)
        after = await live(world, name)
        assert (after["display_name"], after["nameid_format"]) == ("Mine", "urn:example:theirs")

    story(tell)


def test_a_certificate_that_was_deleted_meanwhile_does_not_come_back_with_a_draft(
    story: Tell,
) -> None:
    async def tell(world: World) -> None:
        path, name = saml_path(world), world.demo.saml.connection_id
        old = (await live(world, name))["verification_certificates"][0]["certificate_id"]
        one, two = (
            certificates.make_key_pair(f"{n}.example").certificate_pem for n in ("one", "two")
        )
        await put(world, path, x509_certificate=one)
        await update_saml(world, x509_certificate=two)
        certs = f"/v1/b2b/sso/saml/northwind/connections/{name}/verification_certificates"
        done(await world.call("DELETE", f"{certs}/{old}"))
        await put(world, path)
        activated = await activate(world, path)
        held = activated["saml_connection"]["verification_certificates"]
        assert len(held) == 2
        assert old not in [c["certificate_id"] for c in held]

    story(tell)


def test_a_draft_whose_origin_is_kept_no_longer_can_only_be_discarded(story: Tell) -> None:
    async def tell(world: World) -> None:
        path = saml_path(world)
        await put(world, path, display_name="Mine")
        for number in range(11):
            await update_saml(world, display_name=f"Number {number}")
        refused(await world.call("PUT", f"{path}/draft", {}), "draft_outdated", 400)
        done(await world.call("DELETE", f"{path}/draft"))
        await put(world, path, display_name="Mine")
        await activate(world, path)

    story(tell)


def test_whom_the_owner_shut_out_stays_out_whatever_is_activated_or_rolled_back(
    story: Tell,
) -> None:
    async def tell(world: World) -> None:
        owner, name = world.demo.northwind, world.demo.saml.connection_id
        path = saml_path(world)
        await organization(world, "acme")
        door = await external_door(world, "acme", owner.organization_id, name)
        await update_saml(world, display_name="Before")
        await put(world, path, display_name="Drafted")
        done(await world.call("POST", f"{path}/external/{door}/revoke"))
        # The owner's word on sharing is no setting, so the draft is still of the live version.
        activated = await activate(world, path)
        await roll_back(world, path, activated["kept_version"] - 1)
        connection = await world.rt.store.read(
            lambda tx: tx.connections.find(owner.organization_id, name)
        )
        assert len(connection.revoked_organizations) == 1  # type: ignore[union-attr]
        answer = await world.client().get(
            world.start_url(door), headers={"accept": "application/json"}
        )
        refused(answer, "external_connection_revoked", 400)

    story(tell)


def test_another_organization_neither_sees_nor_activates_a_draft(story: Tell) -> None:
    async def tell(world: World) -> None:
        name = world.demo.saml.connection_id
        await organization(world, "acme")
        await put(world, saml_path(world), display_name="Drafted")
        theirs = path_of(name, "acme")
        version = await latest_version(world, saml_path(world))
        for method, tail, body in (
            ("PUT", "draft", {"display_name": "x"}), ("GET", "draft", None),
            ("DELETE", "draft", None), ("POST", "draft/activate", {}), ("GET", "versions", None),
            ("POST", f"versions/{version}/roll_back", None), ("POST", "test", {"draft": True}),
        ):  # fmt: skip
            answer = await world.call(method, f"{theirs}/{tail}", body)
            refused(answer, "sso_connection_not_found", 404)
        assert (await live(world, name))["display_name"] != "Drafted"
        done(await world.call("GET", f"{saml_path(world)}/draft"))

    story(tell)


def test_of_two_administrators_who_activate_at_once_one_does(story: Tell) -> None:
    async def tell(world: World) -> None:
        path = saml_path(world)
        first = await latest_version(world, path)
        await put(world, path, display_name="Drafted")
        answers = await asyncio.gather(
            *(world.call("POST", f"{path}/draft/activate", {}) for _ in range(4))
        )
        assert sorted(a.status_code for a in answers) == [200, 404, 404, 404]
        for answer in answers:
            if answer.status_code != 200:
                refused(answer, "draft_not_found", 404)
        assert await latest_version(world, path) == first + 1

    story(tell)


def test_only_the_draft_that_was_looked_at_is_activated(story: Tell) -> None:
    async def tell(world: World) -> None:
        path = saml_path(world)
        seen = await put(world, path, display_name="Seen")
        await put(world, path, display_name="Slipped in")
        answer = await world.call("POST", f"{path}/draft/activate", {"draft_id": seen["draft_id"]})
        refused(answer, "draft_outdated", 400)

    story(tell)


def test_what_is_asked_before_an_activation_can_stop_it(story: Tell) -> None:
    async def tell(world: World) -> None:
        path, name = saml_path(world), world.demo.saml.connection_id
        await put(world, path, display_name="Drafted")

        def ask(tx: Any, owner: Any, old: Any, new: Any) -> None:
            assert (old.display_name, new.display_name) == ("Northwind SAML", "Drafted")
            assert drafts.find_draft(tx, old).display_name == "Drafted"  # type: ignore[union-attr]
            raise RuntimeError(owner.name)

        with pytest.raises(RuntimeError, match="Northwind"):
            await drafts.activate(world.rt, world.actor, "northwind", name, ask=ask)
        assert (await live(world, name))["display_name"] == "Northwind SAML"
        await activate(world, path)

    story(tell)


def test_a_new_issuer_of_a_draft_is_asked_for_its_description(story: Tell) -> None:
    async def tell(world: World) -> None:
        name = world.demo.oidc.connection_id
        path = path_of(name)
        made = done(
            await world.call(
                "PUT", f"{path}/draft", {"issuer": world.demo.oidc.issuer, "client_id": "next"}
            )
        )
        assert fields_of(made) == ["client_id"]
        moved = done(
            await world.call("PUT", f"{path}/draft", {"issuer": "http://vestibule.test/nowhere"})
        )
        assert "could not be used" in moved["warning"]
        assert "issuer" in fields_of(moved)
        await world.sign_in(name)

    story(tell)


def test_an_activation_is_recorded_and_a_new_provider_ends_what_stood_on_the_old(
    story: Tell,
) -> None:
    """As with an update: registrations and sessions go, at the receivers, too."""

    async def tell(world: World) -> None:
        name, owner = world.demo.saml.connection_id, world.demo.northwind.organization_id
        here = (await world.sign_in(name))["session_token"]
        there = (await world.sign_in(world.demo.labs_saml.connection_id))["session_token"]
        await put(world, saml_path(world), idp_entity_id=ELSEWHERE)
        assert await alive(world, here)
        await activate(world, saml_path(world))
        assert not await alive(world, here)
        assert not await alive(world, there)
        labs = world.demo.labs_saml.organization_id
        for organization_id, actions in (
            (owner, {"connection.draft_changed", "connection.draft_activated",
                     "connection.updated", "connection.identity_provider_changed"}),
            (labs, {"connection.identity_provider_changed"}),
        ):  # fmt: skip
            events = await world.rt.store.read(
                lambda tx, of=organization_id: tx.audit.latest(of, 50)  # type: ignore[misc]
            )
            assert actions <= {event.action for event in events}

    story(tell)


def test_versions_and_drafts_go_with_their_connection(story: Tell) -> None:
    async def tell(world: World) -> None:
        await organization(world, "acme")
        door = await saml_door(world, "acme")
        path = path_of(door.connection_id, "acme")
        await put(world, path, display_name="Drafted")
        done(await world.call("POST", f"{path}/test", {"draft": True}))
        done(await world.call("DELETE", path))
        left = await world.rt.store.read(lambda tx: tx.drafts.versions(door.connection_id))
        assert left == []
        assert await world.rt.store.read(lambda tx: tx.drafts.find(door.connection_id)) is None
        await change_organization(world, "acme", organization_name="Acme")

    story(tell)
