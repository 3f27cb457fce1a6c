"""Attacks with session tokens and JWTs, and what rotation and replacement of keys make of them."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from services.attacks import (
    ADA,
    SESSIONS,
    Tell,
    alive,
    change_organization,
    done,
    json_part,
    member,
    refused,
    rsa_pem,
    token_of,
    unsolicited,
)
from support.world import BASE_URL, World
from vestibule.domain.projects import ProjectSettings, RedirectUrl
from vestibule.protocols import jwt
from vestibule.services import keys, projects


async def by_jwt(world: World, token: str) -> Any:
    return await world.call("POST", f"{SESSIONS}/authenticate", {"session_jwt": token})


async def administrator(world: World) -> dict[str, Any]:
    await member(world, "northwind", ADA.email, roles=["stytch_admin"])
    return await world.sign_in(world.demo.saml.connection_id)


def test_a_revoked_session_does_nothing_more(story: Tell) -> None:
    """Whoever kept the JWT of a session that its owner has ended, within its five minutes."""

    async def work(world: World) -> None:
        held = await administrator(world)
        both = {"session": held["session_token"], "jwt": held["session_jwt"]}
        path = "/v1/b2b/sso/northwind"
        for given in (both, {"session": both["session"]}, {"jwt": both["jwt"]}):
            done(await world.call("GET", path, **given))
        revoke = {"member_session_id": held["member_session"]["member_session_id"]}
        done(await world.call("POST", f"{SESSIONS}/revoke", revoke))
        for given in (both, {"session": both["session"]}, {"jwt": both["jwt"]}):
            refused(await world.call("GET", path, **given), "session_not_found", 404)
        refused(await by_jwt(world, held["session_jwt"]), "session_not_found", 404)
        refused(await world.call("POST", f"{SESSIONS}/revoke", revoke), "session_not_found", 404)

    story(work)


def test_an_expired_jwt_is_no_session_of_a_header(story: Tell) -> None:
    """Whoever finds an old JWT: it may be renewed by the application, but opens nothing itself."""

    async def work(world: World) -> None:
        held = await administrator(world)
        world.advance(minutes=6)
        answer = await world.call("GET", "/v1/b2b/sso/northwind", jwt=held["session_jwt"])
        refused(answer, "unable_to_parse_session_jwt")
        answer = await world.call(
            "GET", "/v1/b2b/sso/northwind", session=held["session_token"], jwt=held["session_jwt"]
        )
        refused(answer, "unable_to_parse_session_jwt")
        fresh = done(await by_jwt(world, held["session_jwt"]))
        assert fresh["session_token"] == held["session_token"]
        done(await world.call("GET", "/v1/b2b/sso/northwind", jwt=fresh["session_jwt"]))
        world.advance(hours=2)
        refused(await by_jwt(world, fresh["session_jwt"]), "session_not_found", 404)

    story(work)


def test_headers_of_two_sessions_are_not_one_caller(story: Tell) -> None:
    """Whoever puts an administrator's JWT beside a token of their own."""

    async def work(world: World) -> None:
        boss = await administrator(world)
        own = await world.sign_in(world.demo.saml.connection_id, "grace@northwind.example")
        answer = await world.call(
            "GET", "/v1/b2b/sso/northwind", session=own["session_token"], jwt=boss["session_jwt"]
        )
        refused(answer, "too_many_session_arguments")
        body = {"session_token": own["session_token"], "session_jwt": boss["session_jwt"]}
        answer = await world.call("POST", f"{SESSIONS}/authenticate", body)
        refused(answer, "too_many_session_arguments")

    story(work)


def test_a_forged_jwt_names_no_session(story: Tell) -> None:
    """Whoever signs with nothing, with another key, with the public one, or changes a claim."""

    async def work(world: World) -> None:
        held = await administrator(world)
        head, body, signature = held["session_jwt"].split(".")
        claims = json.loads(base64.urlsafe_b64decode(body + "=="))
        header = json.loads(base64.urlsafe_b64decode(head + "=="))
        other = jwt.read_signing_key(header["kid"], rsa_pem())
        for forged in (
            f"{json_part({'alg': 'none', 'typ': 'JWT'})}.{body}.",
            f"{json_part({**header, 'alg': 'none'})}.{body}.",
            f"{json_part({**header, 'alg': 'none'})}.{body}.{signature}",
            f"{json_part({**header, 'alg': 'HS256'})}.{body}.{signature}",
            f"{json_part({**header, 'kid': 'x'})}.{body}.{signature}",
            f"{head}.{json_part({**claims, 'sub': 'member-test-x'})}.{signature}",
            f"{head}.{body}.{signature[:-4]}AAAA",
            f"{head}.{body}.",
            f"{head}.{body}",
            jwt.sign_jwt(claims, other),
            "x",
            "..",
        ):
            refused(await by_jwt(world, forged), "unable_to_parse_session_jwt")
            answer = await world.call("GET", "/v1/b2b/sso/northwind", jwt=forged)
            refused(answer, "unable_to_parse_session_jwt")
        done(await by_jwt(world, held["session_jwt"]))

    story(work)


def test_a_session_of_another_project_is_none(story: Tell) -> None:
    """A customer of the same server, with true tokens of another project."""

    async def work(world: World) -> None:
        held = await administrator(world)
        made = await projects.create(
            world.rt, "Other project", environment="test",
            settings=ProjectSettings((RedirectUrl(BASE_URL, ("LOGIN",), ("LOGIN",)),)),
        )  # fmt: skip
        auth = (made.project_id, made.secret)
        path = f"{SESSIONS}/authenticate"
        for body, code, status in (
            ({"session_token": held["session_token"]}, "session_not_found", 404),
            ({"session_jwt": held["session_jwt"]}, "unable_to_parse_session_jwt", 400),
        ):
            refused(await world.call("POST", path, body, auth=auth), code, status)
        token = await world.arrive(world.demo.saml.connection_id)
        for method, where, asked, code in (
            ("POST", "/v1/b2b/sso/authenticate", {"sso_token": token}, "sso_token_not_found"),
            ("GET", "/v1/b2b/sso/northwind", None, "organization_not_found"),
            ("GET", f"/v1/b2b/organizations/{world.demo.northwind.organization_id}", None,
             "organization_not_found"),
            ("POST", f"{SESSIONS}/revoke", {"member_id": held["member_id"]}, "member_not_found"),
            ("POST", f"{SESSIONS}/exchange", {"organization_id": "northwind",
             "session_token": held["session_token"]}, "session_not_found"),
        ):  # fmt: skip
            refused(await world.call(method, where, asked, auth=auth), code, 404)
        # Neither its public token nor half a pair of credentials.
        start = world.start_url(world.demo.saml.connection_id, public_token=made.public_token)
        answer = await world.client().get(start, headers={"accept": "application/json"})
        assert answer.status_code in (400, 404)
        wrong = (made.project_id, world.credentials.secret)
        answer = await world.call("GET", "/v1/b2b/sso/northwind", auth=wrong)
        refused(answer, "unauthorized_credentials", 401)
        # The other project's refusals did not use the token up.
        done(await world.call("POST", "/v1/b2b/sso/authenticate", {"sso_token": token}))

    story(work)


def test_a_deleted_member_has_no_session(story: Tell) -> None:
    """Somebody who was thrown out while signed in, and thrown in again."""

    async def work(world: World) -> None:
        held = await world.sign_in(world.demo.saml.connection_id)
        path = f"/v1/b2b/organizations/northwind/members/{held['member_id']}"
        done(await world.call("DELETE", path))
        assert not await alive(world, held["session_token"])
        done(await world.call("PUT", f"{path}/reactivate"))
        assert not await alive(world, held["session_token"])
        assert token_of(
            await world.client().post(
                f"{BASE_URL}/v1/b2b/sso/callback/{world.demo.saml.connection_id}",
                data=unsolicited(world, world.demo.saml.connection_id),
            )
        )

    story(work)


# --- keys ---------------------------------------------------------------------------------------


async def kids(world: World) -> set[str]:
    path = f"/v1/b2b/sessions/jwks/{world.credentials.project_id}"
    return {key["kid"] for key in done(await world.call("GET", path))["keys"]}


def kid_of(token: str) -> str:
    kid: str = json.loads(base64.urlsafe_b64decode(token.split(".", maxsplit=1)[0] + "=="))["kid"]
    return kid


def test_a_rotated_key_serves_until_it_retires_and_not_longer(story: Tell) -> None:
    """Whoever got hold of a key that was retired long ago, on a server that never restarted."""

    async def work(world: World) -> None:
        year = {"session_duration_minutes": 527040}
        held = await world.sign_in(world.demo.saml.connection_id, **year)
        old = held["session_jwt"]
        assert await keys.rotate_signing_keys(world.rt) == 0
        world.advance(days=181)
        assert await keys.rotate_signing_keys(world.rt) == 1
        assert await keys.rotate_signing_keys(world.rt) == 0
        # Published, but not signing yet: those who keep the key set get to know it first.
        early = done(await by_jwt(world, old))["session_jwt"]
        assert kid_of(early) == kid_of(old)
        assert len(await kids(world)) == 2
        world.advance(hours=3)
        fresh = done(await by_jwt(world, old))["session_jwt"]
        assert kid_of(fresh) in await kids(world) - {kid_of(old)}
        world.advance(days=30)
        refused(await by_jwt(world, old), "unable_to_parse_session_jwt")
        assert await kids(world) == {kid_of(fresh)}
        done(await by_jwt(world, fresh))

    story(work)


def test_a_replaced_key_is_void_at_once(story: Tell) -> None:
    """Whoever stole the key: after the emergency nothing that it signed counts, at any server."""

    async def work(world: World) -> None:
        held = await administrator(world)
        stolen = held["session_jwt"]
        assert await keys.replace_signing_keys(world.rt) == 1
        refused(await by_jwt(world, stolen), "unable_to_parse_session_jwt")
        answer = await world.call("GET", "/v1/b2b/sso/northwind", jwt=stolen)
        refused(answer, "unable_to_parse_session_jwt")
        body = {"session_token": held["session_token"]}
        fresh = done(await world.call("POST", f"{SESSIONS}/authenticate", body))["session_jwt"]
        assert {kid_of(fresh)} == await kids(world)
        assert kid_of(fresh) != kid_of(stolen)
        done(await by_jwt(world, fresh))

    story(work)


# --- roles --------------------------------------------------------------------------------------


def test_roles_of_a_login_count_only_in_a_session_through_it(story: Tell) -> None:
    """Somebody with roles through a strong connection, who signs in through a weak one."""

    async def work(world: World) -> None:
        weak = world.demo.oidc.connection_id
        path = f"/v1/b2b/sso/oidc/northwind/connections/{weak}"
        empty: dict[str, Any] = {
            "oidc_connection_implicit_role_assignments": [],
            "oidc_group_implicit_role_assignments": [],
        }
        done(await world.call("PUT", path, empty))
        strong = await world.sign_in(world.demo.saml.connection_id)
        held = await world.sign_in(weak)
        assert held["member_id"] == strong["member_id"]
        assert {role["role_id"] for role in held["member"]["roles"]} == {
            "editor", "stytch_member", "viewer",
        }  # fmt: skip
        assert held["member_session"]["roles"] == ["stytch_member"]
        check = {"organization_id": "northwind", "resource_id": "documents", "action": "read"}
        for one, status in ((strong, 200), (held, 403)):
            body = {"session_token": one["session_token"], "authorization_check": check}
            answer = await world.call("POST", f"{SESSIONS}/authenticate", body)
            assert answer.status_code == status, answer.text
        path = f"/v1/b2b/organizations/northwind/members/{held['member_id']}/roles/explain"
        why = {role["role_id"]: role for role in done(await world.call("GET", path))["roles"]}
        assert [source["type"] for source in why["viewer"]["sources"]] == ["sso_connection"]
        group = why["editor"]["sources"][0]
        assert (group["type"], group["details"]["group"]) == (
            "sso_connection_group", "engineering",
        )  # fmt: skip
        ids = [one["member_session"]["member_session_id"] for one in (strong, held)]
        assert why["editor"]["counts_in_sessions"] == ids[:1]
        assert sorted(why["stytch_member"]["counts_in_sessions"]) == sorted(ids)

    story(work)


@pytest.mark.parametrize("preserve", [False, True])
def test_a_role_taken_away_is_not_kept_through_a_session(story: Tell, preserve: bool) -> None:
    """Somebody whose explicit role is also given by a login: the sessions of that login end."""

    async def work(world: World) -> None:
        made = await member(world, "northwind", ADA.email, roles=["viewer", "lab-lead"])
        held = await world.sign_in(world.demo.saml.connection_id)
        assert held["member_id"] == made
        path = f"/v1/b2b/organizations/northwind/members/{made}"
        done(await world.call("PUT", path, {"roles": ["viewer"]}))
        assert await alive(world, held["session_token"])
        body = {"roles": [], "preserve_existing_sessions": preserve}
        done(await world.call("PUT", path, body))
        assert await alive(world, held["session_token"]) is preserve
        again = await world.sign_in(world.demo.saml.connection_id)
        assert again["member_session"]["roles"] == ["editor", "stytch_member", "viewer"]

    story(work)


def test_a_role_that_is_not_defined_any_more_gives_nothing(story: Tell) -> None:
    """Somebody with a custom role that the organization has thrown away."""

    async def work(world: World) -> None:
        role = {
            "role_id": "auditor", "description": "",
            "permissions": [{"resource_id": "documents", "actions": ["publish"]}],
        }  # fmt: skip
        path = "/v1/b2b/rbac/organizations/northwind"
        done(await world.call("PUT", path, {"org_policy": {"roles": [role]}}))
        await member(world, "northwind", ADA.email, roles=["auditor"])
        held = await world.sign_in(world.demo.saml.connection_id)
        assert "auditor" in held["member_session"]["roles"]
        done(await world.call("PUT", path, {"org_policy": {"roles": []}}))
        check = {"organization_id": "northwind", "resource_id": "documents", "action": "publish"}
        body = {"session_token": held["session_token"], "authorization_check": check}
        answer = await world.call("POST", f"{SESSIONS}/authenticate", body)
        refused(answer, "session_authorization_error", 403)

    story(work)


# --- what nobody needs any more -----------------------------------------------------------------


def test_what_has_expired_is_swept_and_nothing_else(story: Tell) -> None:
    """Whoever fills the tables: what can no longer be used goes, what lives stays."""

    async def work(world: World) -> None:
        name = world.demo.saml.connection_id
        held = await world.sign_in(name, session_duration_minutes=60)
        stale = await world.begin(world.client(), name)
        await world.arrive(name)
        assert await projects.sweep(world.rt) == 0
        world.advance(minutes=20)
        fresh = await world.begin(world.client(), name)
        # An attempt, a token and the assertions of two logins; the open attempt stays.
        assert await projects.sweep(world.rt) == 4
        assert await alive(world, held["session_token"])
        assert token_of(await fresh())
        refused(await stale(), "saml_unsolicited")
        world.advance(minutes=61)
        await projects.sweep(world.rt)
        assert not await alive(world, held["session_token"])
        await change_organization(world, "northwind", mfa_policy="OPTIONAL")
        world.advance(days=31)
        await projects.sweep(world.rt)
        northwind = world.demo.northwind.organization_id
        assert await world.rt.store.read(lambda tx: tx.logins.traces(northwind, 9)) == []
        assert len(await kids(world)) == 1

    story(work)
