"""The API of the metadata that a connection follows, and of how connections are doing."""

from __future__ import annotations

import pytest

from support.metadata import answer, document, fingerprint, key_pair
from support.world import World
from vestibule.services import idp_metadata
from web.api.calls import (
    NORTHWIND,
    SSO,
    Caller,
    certificate,
    code_of,
    contents,
    done,
    refused,
    saml_connection,
)

URL = "https://idp.example/metadata"
ENTITY, SSO_URL = "https://idp.example/entity", "https://idp.example/sso"


async def following(world: World) -> str:
    """The path of a connection's metadata; it has been read once, without a change."""
    made = await saml_connection(world)
    path = f"{SSO}/saml/northwind/connections/{made['connection_id']}"
    done(await world.call("PUT", path, {"idp_metadata_url": URL}))
    world.answers.append(answer(document(ENTITY, SSO_URL, [certificate(0)])))
    assert done(await world.call("POST", f"{path}/idp_metadata/refresh"))["idp_metadata"]["read_at"]
    world.advance(minutes=1)
    return f"{path}/idp_metadata"


async def offer(world: World, path: str, number: int) -> str:
    """Another key appears in the document. Returns the name of the change that waits."""
    listed = [certificate(0), key_pair(number).certificate_pem]
    world.answers.append(answer(document(ENTITY, SSO_URL, listed)))
    found = done(await world.call("POST", f"{path}/refresh"))["idp_metadata"]
    world.advance(minutes=1)
    name: str = found["pending_change"]["change_id"]
    return name


async def test_the_state_shows_what_was_read_and_what_comes_next(world: World) -> None:
    path = await following(world)
    found = done(await world.call("GET", path))["idp_metadata"]
    assert found == {
        "url": URL,
        "policy": "confirm",
        "read_at": "2026-11-24T12:00:00Z",
        "tried_at": "2026-11-24T12:00:00Z",
        "due_at": found["due_at"],
        "valid_until": None,
        "expired": False,
        "failures": 0,
        "last_error": None,
        "pending_change": None,
    }
    assert "2026-11-25T09" <= found["due_at"] <= "2026-11-25T12:00:00Z"


async def test_a_change_is_shown_and_confirmed_by_its_name(world: World) -> None:
    path = await following(world)
    name = await offer(world, path, 1)
    waits = done(await world.call("GET", path))["idp_metadata"]["pending_change"]
    assert waits["reason"] == "unconfirmed"
    added, kept = waits["changes"]
    assert (added["field"], added["kind"]) == ("certificate", "added")
    assert added["becomes"] == fingerprint(key_pair(1).certificate_pem)
    assert added["subject"].startswith("CN=idp-1")
    assert added["not_after"] > added["not_before"]
    assert kept["kind"] == "kept"
    found = done(await world.call("POST", f"{path}/confirm", {"change_id": name}))
    assert found["idp_metadata"]["pending_change"] is None
    again = await world.call("POST", f"{path}/confirm", {"change_id": name})
    assert code_of(again) == "idp_metadata_change_not_found"
    connection_path = path.removesuffix("/idp_metadata")
    all_of = done(await world.call("GET", f"{SSO}/northwind"))["saml_connections"]
    (mine,) = [c for c in all_of if connection_path.endswith(c["connection_id"])]
    assert len(mine["verification_certificates"]) == 2


async def test_another_change_than_the_one_that_was_seen_is_refused(world: World) -> None:
    path = await following(world)
    seen = await offer(world, path, 1)
    await offer(world, path, 2)
    before = contents(world)
    for verb in ("confirm", "dismiss"):
        answered = await world.call("POST", f"{path}/{verb}", {"change_id": seen})
        refused(answered, 400, "bad_request")
        assert code_of(answered) == "idp_metadata_change_outdated"
    assert contents(world) == before


async def test_a_dismissed_change_waits_no_longer(world: World) -> None:
    path = await following(world)
    name = await offer(world, path, 1)
    done(await world.call("POST", f"{path}/dismiss", {"change_id": name}))
    answered = await world.call("POST", f"{path}/confirm", {"change_id": name})
    assert code_of(answered) == "idp_metadata_change_not_found"


async def test_what_went_wrong_is_shown_and_is_no_error_of_the_call(world: World) -> None:
    path = await following(world)
    world.answers.append(answer(b"<html>", status=502))
    found = done(await world.call("POST", f"{path}/refresh"))["idp_metadata"]
    assert found["last_error"]["code"] == "idp_answer_unusable"
    assert "502" in found["last_error"]["message"]
    assert found["failures"] == 1
    assert found["tried_at"] > found["read_at"]


async def test_a_second_refresh_at_once_asks_nobody(world: World) -> None:
    path = await following(world)
    await offer(world, path, 1)
    sent = len(world.sent)
    world.answers.append(answer(document(ENTITY, SSO_URL, [certificate(0)])))
    done(await world.call("POST", f"{path}/refresh"))
    assert len(world.sent) == sent + 1
    done(await world.call("POST", f"{path}/refresh"))
    assert len(world.sent) == sent + 1


@pytest.mark.parametrize(
    ("method", "verb", "body"),
    [
        ("GET", "", None),
        ("POST", "/refresh", None),
        ("POST", "/confirm", {"change_id": "x"}),
        ("POST", "/dismiss", {"change_id": "x"}),
    ],
)
async def test_a_connection_without_a_url_has_no_metadata(
    world: World, method: str, verb: str, body: dict[str, str] | None
) -> None:
    made = await saml_connection(world)
    path = f"{SSO}/saml/northwind/connections/{made['connection_id']}/idp_metadata{verb}"
    answered = await world.call(method, path, body)
    assert code_of(answered) == "idp_metadata_not_found"
    other = path.replace(made["connection_id"], world.demo.oidc.connection_id)
    assert code_of(await world.call(method, other, body)) == "saml_connection_not_found"


@pytest.mark.parametrize("body", [None, {}, {"change_id": None}, {"change_id": 7}, []])
async def test_a_change_without_a_name_is_refused(world: World, body: object) -> None:
    path = await following(world)
    await offer(world, path, 1)
    before = contents(world)
    for verb in ("confirm", "dismiss"):
        answered = await world.call("POST", f"{path}/{verb}", body)
        assert answered.status_code == 400
    assert contents(world) == before


async def test_an_administrator_may_confirm_and_a_member_may_not(
    world: World, admin: Caller
) -> None:
    path = await following(world)
    name = await offer(world, path, 1)
    body = {"change_id": name}
    member_path = f"{NORTHWIND}/members/{admin.member_id}"
    done(await world.call("PUT", member_path, {"roles": []}))
    answered = await world.call("POST", f"{path}/confirm", body, session=admin.token)
    refused(answered, 403, "session_authorization_error")
    done(await world.call("PUT", member_path, {"roles": ["stytch_admin"]}))
    done(await world.call("POST", f"{path}/confirm", body, session=admin.token))


# --- how connections are doing --------------------------------------------------------------------


async def test_health_tells_of_every_connection_what_ends_and_how_logins_went(
    world: World,
) -> None:
    path = await following(world)
    await offer(world, path, 1)
    await world.sign_in(world.demo.saml.connection_id)
    world.advance(minutes=1)
    async with world.client() as browser:
        started = await browser.get(world.start_url(world.demo.oidc.connection_id))
        assert started.status_code == 302
        refused_one = await browser.get(
            f"{SSO}/callback/{world.demo.oidc.connection_id}",
            params={"state": started.headers["location"].partition("state=")[2].partition("&")[0],
                    "error": "access_denied"},
        )  # fmt: skip
        assert refused_one.status_code >= 400
    found = {
        c["connection_id"]: c
        for c in done(await world.call("GET", f"{SSO}/northwind/health"))["connections"]
    }
    mine = found[path.split("/")[-2]]
    assert mine["idp_metadata"]["state"] == "waiting"
    assert [c["what"] for c in mine["certificates"]] == ["idp_certificate", "our_certificate"]
    assert 360 <= mine["certificates"][0]["days_left"] <= 366
    assert (mine["last_login_at"], mine["last_refusal_at"]) == (None, None)
    demo = found[world.demo.saml.connection_id]
    assert demo["idp_metadata"] is None
    assert demo["last_login_at"] == "2026-11-24T12:02:00Z"
    refusals = found[world.demo.oidc.connection_id]
    assert refusals["last_refusal_at"] == "2026-11-24T12:03:00Z"
    assert refusals["last_refusal_code"].startswith("oidc_")
    assert refusals["last_refusal_trace_id"]


async def test_health_names_the_state_of_the_metadata(world: World) -> None:
    path = await following(world)

    async def state() -> str:
        found = done(await world.call("GET", f"{SSO}/northwind/health"))["connections"]
        (mine,) = [c for c in found if c["connection_id"] == path.split("/")[-2]]
        name: str = mine["idp_metadata"]["state"]
        return name

    assert await state() == "fresh"
    await offer(world, path, 1)
    assert await state() == "waiting"
    connection_path = path.removesuffix("/idp_metadata")
    by_hand = {"x509_certificate": key_pair(1).certificate_pem}
    done(await world.call("PUT", connection_path, by_hand))
    assert await state() == "fresh"
    listed = [certificate(0), key_pair(1).certificate_pem]
    body = document(ENTITY, SSO_URL, listed, valid_until="2026-11-25T12:00:00Z")
    world.answers.append(answer(body))
    done(await world.call("POST", f"{path}/refresh"))
    world.advance(hours=20)
    world.answers.append(answer(b"", status=500))
    await idp_metadata.refresh_due(world.rt)
    assert await state() == "failing"
    world.advance(hours=10)
    assert await state() == "expired"
    done(await world.call("PUT", connection_path, {"idp_metadata_url": f"{URL}2"}))
    assert await state() == "unread"


async def test_health_of_a_borrower_shows_its_logins_and_not_the_owners_keys(world: World) -> None:
    await world.sign_in(world.demo.labs_saml.connection_id)
    found = done(await world.call("GET", f"{SSO}/northwind-labs/health"))["connections"]
    (mine,) = [c for c in found if c["connection_id"] == world.demo.labs_saml.connection_id]
    assert (mine["kind"], mine["certificates"], mine["idp_metadata"]) == ("external", [], None)
    assert mine["last_login_at"]
