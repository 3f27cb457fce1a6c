"""Who may call what on behalf of a member: every operation, every field (wire §1.2, §7.4)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from support.world import World
from vestibule.domain.ids import token_hash
from vestibule.domain.rbac import BUILT_IN_RESOURCES, OPERATION_RULES, Rule
from vestibule.domain.sessions import Session
from vestibule.storage import Tx
from vestibule.web.api.registry import OPERATIONS, REFUSED_TO_MEMBERS, Operation
from web.api.calls import (
    ADA,
    BY_ID,
    GRACE,
    MEMBERS,
    NORTHWIND,
    ORGANIZATIONS,
    SESSIONS,
    SSO,
    Caller,
    certificate,
    contents,
    done,
    give_permissions,
    member,
    path_of,
    person_with,
    refusal_of,
    refused,
    signed_in,
)

# Needs two rights and a project whose portal may be embedded: tests/services/test_setup_links.py.
_ELSEWHERE = {"setup_links.issue_portal_token"}
GUARDED = [op for op in OPERATIONS if op.session_headers and op.id not in _ELSEWHERE]
GRANTABLE = [op for op in GUARDED if op.rule not in REFUSED_TO_MEMBERS]
SECRET_ONLY = [op for op in OPERATIONS if op.auth == "secret" and not op.session_headers]
UPDATE_ORGANIZATION = OPERATION_RULES["organizations.update"]
UPDATE_MEMBER = OPERATION_RULES["organizations_members.update"]

ORGANIZATION_FIELDS: dict[str, Any] = {
    "organization_name": "Renamed",
    "organization_slug": "renamed",
    "organization_logo_url": "https://logo.example/a.png",
    "organization_external_id": "crm|1",
    "trusted_metadata": {"tier": 1},
    "claimed_email_domains": ["northwind.example"],
    "sso_default_connection_id": "",
    "sso_jit_provisioning": "ALL_ALLOWED",
    "sso_jit_provisioning_allowed_connections": [],
    "email_allowed_domains": ["northwind.example"],
    "email_jit_provisioning": "NOT_ALLOWED",
    "email_invites": "NOT_ALLOWED",
    "auth_methods": "ALL_ALLOWED",
    "allowed_auth_methods": ["sso"],
    "mfa_policy": "OPTIONAL",
    "mfa_methods": "ALL_ALLOWED",
    "allowed_mfa_methods": ["totp"],
    "rbac_email_implicit_role_assignments": [],
    "oauth_tenant_jit_provisioning": "NOT_ALLOWED",
    "allowed_oauth_tenants": {"slack": ["T1"]},
    "first_party_connected_apps_allowed_type": "NOT_ALLOWED",
    "allowed_first_party_connected_apps": ["app"],
    "third_party_connected_apps_allowed_type": "NOT_ALLOWED",
    "allowed_third_party_connected_apps": ["app"],
}
MEMBER_FIELDS: dict[str, Any] = {
    "name": "Renamed",
    "untrusted_metadata": {"theme": "dark"},
    "trusted_metadata": {"level": 1},
    "external_id": "crm|2",
    "is_breakglass": True,
    "mfa_phone_number": "+15005550006",
    "mfa_enrolled": True,
    "default_mfa_method": "totp",
    "roles": ["viewer"],
    "email_address": "renamed@example.com",
}


async def session_of(world: World, organization_id: str, member_id: str) -> str:
    """The id of a fresh session of a member, or of nobody's where there is no such member."""
    now, token = world.rt.now(), world.rt.new_token()
    session = Session(
        world.rt.new_id("member-session", "test"), organization_id, member_id, now, now,
        now + timedelta(hours=1),
    )  # fmt: skip

    def work(tx: Tx) -> None:
        if tx.members.find(organization_id, member_id) is not None:
            tx.sessions.insert(session, token, token_hash(token))

    await world.rt.store.write(work)
    return session.session_id


async def request_for(
    operation: Operation, world: World, target: str, organization_id: str | None = None
) -> tuple[str, dict[str, Any] | None]:
    """A request about `target` that succeeds or comes close to it."""
    northwind = organization_id or world.demo.northwind.organization_id
    kind = operation.id.split(".", maxsplit=1)[0]
    named = {"organization_id": northwind, "member_id": target}
    if kind == "sso_oidc":
        named["connection_id"] = world.demo.oidc.connection_id
    path = path_of(operation, world, **named)
    if operation.method in ("GET", "DELETE"):
        return path, None
    body: dict[str, Any] = {
        "organizations.update": {"organization_name": "Renamed"},
        "organizations_members.update": {"name": "Renamed"},
        "organizations_members.create": {"email_address": "new@example.com"},
        "organizations_members.search": {"organization_ids": [northwind]},
        "organizations_members.unlink_retired_email": {"email_id": "none"},
        "sessions.revoke": {"member_id": target},
        "organizations_members.start_email_update": {"email_address": "other@example.com"},
        "magic_links_email.invite": {
            "organization_id": northwind,
            "email_address": "new@example.com",
        },
        "sso_saml.update_connection": {"x509_certificate": certificate(0)},
        "sso_saml.update_by_url": {"metadata_url": f"{world.idp.base}/saml/metadata"},
        "sso_saml.confirm_idp_metadata": {"change_id": "none"},
        "organizations.claim_domain": {"domain": "northwind-traders.com"},
        "setup_links.issue": {"scopes": ["sso"]},
        "setup_links.issue_portal_token": {"origin": "https://app.example.com"},
        "sso_saml.dismiss_idp_metadata": {"change_id": "none"},
        "sso_external.create_connection": {
            "external_organization_id": world.demo.labs.organization_id,
            "external_connection_id": world.demo.labs_saml.connection_id,
        },
    }.get(operation.id, {})
    if operation.id == "sso.logout":
        body = {"member_session_id": await session_of(world, northwind, target)}
    return path, body


def needed(operation: Operation) -> tuple[str, str]:
    """The one permission that the request of `request_for` needs."""
    rule = OPERATION_RULES[operation.rule]
    assert rule.resource is not None
    fields = {"organizations.update": "organization_name", "organizations_members.update": "name"}
    action = rule.action or rule.fields[fields[operation.id]]
    assert action is not None
    return rule.resource, action


def all_but(resource_id: str, action: str) -> dict[str, list[str]]:
    """Every permission that there is but one."""
    everything = {resource.resource_id: list(resource.actions) for resource in BUILT_IN_RESOURCES}
    everything["stytch.self"] = []
    if action in everything[resource_id]:
        everything[resource_id].remove(action)
    return {name: actions for name, actions in everything.items() if actions}


@pytest.mark.parametrize("operation", GRANTABLE, ids=lambda op: op.id)
async def test_the_right_and_only_the_right_opens(world: World, operation: Operation) -> None:
    target = (await member(world, "target@example.com"))["member_id"]
    path, body = await request_for(operation, world, target)
    who = await person_with(world, [], ADA)
    resource, action = needed(operation)

    async def call() -> Any:
        return await world.call(operation.method, path, body, session=who.token)

    before = contents(world)
    found = refused(await call(), 403, "session_authorization_error")
    assert found["error_message"] == (
        "The Member is not authorized to perform the requested action on that resource."
    )
    assert found["error_details"]["want"] == f"{resource}:{action}"
    assert contents(world) == before
    await give_permissions(world, all_but(resource, action))
    done(await world.call("PUT", f"{MEMBERS}/{who.member_id}", {"roles": ["tested"]}))
    before = contents(world)
    refused(await call(), 403, "session_authorization_error")
    assert contents(world) == before
    await give_permissions(world, {resource: [action]})
    granted = await call()
    assert granted.status_code not in (401, 403), granted.text
    assert granted.status_code < 500


@pytest.mark.parametrize("operation", GRANTABLE, ids=lambda op: op.id)
async def test_a_jwt_and_a_token_of_a_session_have_the_same_rights(
    world: World, operation: Operation
) -> None:
    target = (await member(world, "target@example.com"))["member_id"]
    path, body = await request_for(operation, world, target)
    resource, action = needed(operation)
    await give_permissions(world, {resource: [action]})
    who = await person_with(world, [], ADA)
    refused(
        await world.call(operation.method, path, body, jwt=who.jwt),
        403, "session_authorization_error",
    )  # fmt: skip
    # What the JWT says of roles is not asked: the session is looked up.
    done(await world.call("PUT", f"{MEMBERS}/{who.member_id}", {"roles": ["tested"]}))
    granted = await world.call(operation.method, path, body, jwt=who.jwt)
    assert granted.status_code not in (401, 403), granted.text
    assert granted.status_code < 500


@pytest.mark.parametrize("operation", GRANTABLE, ids=lambda op: op.id)
async def test_the_right_to_oneself_reaches_as_far_as_the_table_says(
    world: World, operation: Operation
) -> None:
    """Everybody has all of `stytch.self`: it opens what has it as an alternative, for oneself, and
    nothing else; not even by the application's own id of another member."""
    who = await person_with(world, [])
    other = (await member(world, "target@example.com", external_id="crm|target"))["member_id"]
    for target in (other, "crm|target"):
        path, body = await request_for(operation, world, target)
        before = contents(world)
        if operation.rule == "sessions.revoke" and target != other:
            continue  # only ids name a member there
        answer = await world.call(operation.method, path, body, session=who.token)
        refused(answer, 403, "session_authorization_error")
        assert contents(world) == before
    path, body = await request_for(operation, world, who.member_id)
    before = contents(world)
    answer = await world.call(operation.method, path, body, session=who.token)
    if OPERATION_RULES[operation.rule].self_resource is None:
        refused(answer, 403, "session_authorization_error")
        assert contents(world) == before
    else:
        assert answer.status_code not in (401, 403), answer.text
        assert answer.status_code < 500


@pytest.mark.parametrize("operation", GRANTABLE, ids=lambda op: op.id)
async def test_the_secret_alone_needs_no_right(world: World, operation: Operation) -> None:
    target = (await member(world, "target@example.com"))["member_id"]
    path, body = await request_for(operation, world, target)
    answer = await world.call(operation.method, path, body)
    if answer.status_code != 200:
        assert refusal_of(answer)["status_code"] in (400, 404)


@pytest.mark.parametrize("operation", GUARDED, ids=lambda op: op.id)
async def test_a_member_of_another_organization_learns_nothing(
    world: World, operation: Operation
) -> None:
    """An administrator of Labs hears the same of Northwind as of an organization that is none."""
    stranger = await signed_in(world, ADA, world.demo.labs_saml.connection_id)
    labs_members = f"{ORGANIZATIONS}/northwind-labs/members"
    roles = {"roles": ["stytch_admin"]}
    done(await world.call("PUT", f"{labs_members}/{stranger.member_id}", roles))
    target = (await member(world, "target@example.com"))["member_id"]
    asked = [
        await request_for(operation, world, member_id, organization_id)
        for organization_id, member_id in (
            (world.demo.northwind.organization_id, target),
            ("organization-test-unknown", "member-test-unknown"),
            ("northwind", "member-test-unknown"),
        )
    ]
    before = contents(world)
    answers = []
    for path, body in asked:
        answer = await world.call(operation.method, path, body, session=stranger.token)
        found = refusal_of(answer)
        answers.append({k: v for k, v in found.items() if k != "request_id"})
    code = "session_authorization_tenancy_error"
    if operation.rule in REFUSED_TO_MEMBERS:
        code = "session_authorization_error"
    assert (answers[0]["status_code"], answers[0]["error_type"]) == (403, code)
    assert answers[0] == answers[1] == answers[2]
    assert contents(world) == before


@pytest.mark.parametrize("operation", GUARDED, ids=lambda op: op.id)
async def test_only_a_living_session_counts(
    world: World, admin: Caller, operation: Operation
) -> None:
    target = (await member(world, "target@example.com"))["member_id"]
    path, body = await request_for(operation, world, target)
    other = await signed_in(world, GRACE)

    async def call(**session: str) -> Any:
        return await world.call(operation.method, path, body, **session)

    before = contents(world)
    refused(await call(session=admin.token, jwt=other.jwt), 400, "too_many_session_arguments")
    refused(await call(session="unknown"), 404, "session_not_found")
    refused(await call(jwt="unknown"), 400, "unable_to_parse_session_jwt")
    refused(await call(session=admin.jwt), 404, "session_not_found")
    world.advance(minutes=5, seconds=1)
    refused(await call(jwt=admin.jwt), 400, "unable_to_parse_session_jwt")
    refused(await call(session=admin.token, jwt=admin.jwt), 400, "unable_to_parse_session_jwt")
    assert contents(world) == before
    fresh = done(
        await world.call("POST", f"{SESSIONS}/authenticate", {"session_token": admin.token})
    )
    done(await world.call("POST", f"{SESSIONS}/revoke", {"member_session_id": admin.session_id}))
    before = contents(world)
    # Still inside its five minutes, but the session is gone.
    refused(await call(jwt=fresh["session_jwt"]), 404, "session_not_found")
    refused(await call(session=admin.token), 404, "session_not_found")
    assert contents(world) == before
    # And one that has had its hour is as good as revoked.
    world.advance(minutes=56)
    refused(await call(session=other.token), 404, "session_not_found")
    refused(await call(session=other.token, jwt=other.jwt), 404, "session_not_found")
    assert contents(world) == before


async def test_both_headers_of_one_session_are_welcome(world: World, admin: Caller) -> None:
    done(await world.call("GET", f"{SSO}/northwind", session=admin.token, jwt=admin.jwt))
    done(await world.call("GET", f"{SSO}/northwind", jwt=admin.jwt))


@pytest.mark.parametrize("operation_id", sorted(REFUSED_TO_MEMBERS))
async def test_what_no_action_grants_is_refused_to_every_member(
    world: World, admin: Caller, operation_id: str
) -> None:
    await give_permissions(world, {r.resource_id: ["*"] for r in BUILT_IN_RESOURCES})
    body = {"roles": ["stytch_admin", "tested"]}
    done(await world.call("PUT", f"{MEMBERS}/{admin.member_id}", body))
    operation = BY_ID[operation_id]
    path, _ = await request_for(operation, world, admin.member_id)
    before = contents(world)
    answer = await world.call(operation.method, path, session=admin.token)
    refused(answer, 403, "session_authorization_error")
    assert contents(world) == before
    done(await world.call(operation.method, path))


@pytest.mark.parametrize("operation", SECRET_ONLY, ids=lambda op: op.id)
async def test_elsewhere_the_headers_are_ignored(world: World, operation: Operation) -> None:
    who = await person_with(world, [])
    path = path_of(operation, world, member_id=who.member_id)
    body: dict[str, Any] | None = None
    if operation.method in ("POST", "PUT"):
        body = {
            "organization_name": "Another",
            "sso_token": "unknown",
            "session_token": "unknown",
            "organization_id": "northwind",
            "org_policy": {"roles": []},
            "scopes": ["sso"],
            "email_address": ADA.email,
            "magic_links_token": "unknown",
            "discovery_magic_links_token": "unknown",
            "intermediate_session_token": "unknown",
        }
        if operation.id == "discovery_organizations.list":
            del body["session_token"]  # there either of the two is enough, and both are too many
    query = {"organization_id": "northwind", "member_id": who.member_id}
    outcomes = set()
    for session, jwt in ((None, None), (who.token, None), ("nonsense", "nonsense")):
        answer = await world.call(
            operation.method,
            path,
            body,
            session=session,
            jwt=jwt,
            params=query if body is None else None,
        )
        outcomes.add((answer.status_code, answer.json().get("error_type")))
    assert len(outcomes) == 1
    assert outcomes.pop()[0] in (200, 404)


# --- fields -------------------------------------------------------------------------------------


def test_every_field_of_an_update_has_its_rule() -> None:
    for operation_id, rule, values in (
        ("organizations.update", UPDATE_ORGANIZATION, ORGANIZATION_FIELDS),
        ("organizations_members.update", UPDATE_MEMBER, MEMBER_FIELDS),
    ):
        modes = {"preserve_existing_sessions", "unlink_email"}
        assert set(BY_ID[operation_id].request.__struct_fields__) - modes == rule.fields.keys()
        assert rule.fields.keys() == values.keys()


async def walk_fields(
    world: World, path: str, rule: Rule, values: dict[str, Any], who: Caller
) -> None:
    """With the field's own action alone it may be sent; with all others it may not."""
    assert rule.resource is not None
    # The role has to exist before it can be given.
    await give_permissions(world, {rule.resource: ["*"]})
    done(await world.call("PUT", f"{MEMBERS}/{who.member_id}", {"roles": ["tested"]}))
    for name, action in rule.fields.items():
        if action is None:
            continue
        body = {name: values[name]}
        await give_permissions(world, all_but(rule.resource, action))
        before = contents(world)
        answer = await world.call("PUT", path, body, session=who.token)
        found = refused(answer, 403, "session_authorization_error")
        assert found["error_details"]["want"] == f"{rule.resource}:{action}", name
        assert contents(world) == before, name
        await give_permissions(world, {rule.resource: [action]})
        done(await world.call("PUT", path, body, session=who.token))


async def refuse_fields(
    world: World, path: str, rule: Rule, values: dict[str, Any], who: Caller
) -> None:
    """What no member may send, whatever they hold."""
    await give_permissions(world, {r.resource_id: ["*"] for r in BUILT_IN_RESOURCES})
    roles = {"roles": ["stytch_admin", "tested"]}
    done(await world.call("PUT", f"{MEMBERS}/{who.member_id}", roles))
    before = contents(world)
    for name, action in rule.fields.items():
        if action is not None:
            continue
        answer = await world.call("PUT", path, {name: values[name]}, session=who.token)
        if name == "trusted_metadata":
            refused(answer, 401, "cannot_update_trusted_metadata")
        else:
            refused(answer, 403, "session_authorization_error")
    assert contents(world) == before
    for name, value in values.items():
        done(await world.call("PUT", path, {name: value}))


async def test_each_field_of_an_organization(world: World) -> None:
    who = await person_with(world, [])
    path = f"{ORGANIZATIONS}/{world.demo.northwind.organization_id}"
    values = {**ORGANIZATION_FIELDS, "organization_slug": "northwind"}
    await walk_fields(world, path, UPDATE_ORGANIZATION, values, who)
    await refuse_fields(world, path, UPDATE_ORGANIZATION, values, who)


async def test_each_field_of_another_member(world: World) -> None:
    who = await person_with(world, [])
    target = (await member(world, "target@example.com"))["member_id"]
    path = f"{MEMBERS}/{target}"
    await walk_fields(world, path, UPDATE_MEMBER, MEMBER_FIELDS, who)
    done(await world.call("DELETE", f"{MEMBERS}/mfa_phone_numbers/{target}"))
    await refuse_fields(world, path, UPDATE_MEMBER, MEMBER_FIELDS, who)


async def test_one_forbidden_field_refuses_the_whole_change(world: World) -> None:
    who = await person_with(world, [])
    await give_permissions(world, {"stytch.organization": ["update.info.name"]})
    done(await world.call("PUT", f"{MEMBERS}/{who.member_id}", {"roles": ["tested"]}))
    before = contents(world)
    body = {"organization_name": "Renamed", "mfa_policy": "REQUIRED_FOR_ALL"}
    answer = await world.call("PUT", NORTHWIND, body, session=who.token)
    refused(answer, 403, "session_authorization_error")
    assert contents(world) == before


async def test_what_a_member_may_change_of_themselves(world: World) -> None:
    """`stytch.self` is enough for oneself, but for roles, break-glass and the address."""
    who = await person_with(world, [])
    path = f"{MEMBERS}/{who.member_id}"
    for name, value in MEMBER_FIELDS.items():
        before = contents(world)
        answer = await world.call("PUT", path, {name: value}, session=who.token)
        if name in ("roles", "is_breakglass", "email_address", "external_id"):
            refused(answer, 403, "session_authorization_error")
            assert contents(world) == before
        elif name == "trusted_metadata":
            refused(answer, 401, "cannot_update_trusted_metadata")
        else:
            done(answer)
    both = {"name": "Again", "roles": ["stytch_admin"]}
    answer = await world.call("PUT", path, both, session=who.token)
    refused(answer, 403, "session_authorization_error")
    assert (
        done(await world.call("GET", f"{NORTHWIND}/member?member_id={who.member_id}"))["member"][
            "name"
        ]
        == "Renamed"
    )


async def test_what_a_member_may_do_to_themselves(world: World) -> None:
    who = await person_with(world, [])
    other = (await person_with(world, [], GRACE)).member_id
    done(await world.call("PUT", f"{MEMBERS}/{who.member_id}", {"external_id": "crm|me"}))
    # Whatever name the member goes by in the path.
    for name in (who.member_id, "crm|me"):
        for operation_id in (
            "organizations_members.delete_mfa_phone_number",
            "organizations_members.delete_totp",
        ):
            operation = BY_ID[operation_id]
            path = path_of(operation, world, member_id=name)
            done(await world.call(operation.method, path, session=who.token))
            path = path_of(operation, world, member_id=other)
            answer = await world.call(operation.method, path, session=who.token)
            refused(answer, 403, "session_authorization_error")
    unlink = f"{MEMBERS}/{who.member_id}/unlink_retired_email"
    answer = await world.call("POST", unlink, {"email_id": "none"}, session=who.token)
    assert refusal_of(answer)["error_details"]["code"] == "retired_email_not_found"
    # Neither listing people nor bringing them back is about oneself.
    for path, body in (
        (f"{ORGANIZATIONS}/members/search", {"organization_ids": ["northwind"]}),
        (MEMBERS, {"email_address": "x@example.com"}),
    ):
        answer = await world.call("POST", path, body, session=who.token)
        refused(answer, 403, "session_authorization_error")
    answer = await world.call("PUT", f"{MEMBERS}/{who.member_id}/reactivate", {}, session=who.token)
    refused(answer, 403, "session_authorization_error")
    answer = await world.call("DELETE", f"{MEMBERS}/{other}", session=who.token)
    refused(answer, 403, "session_authorization_error")
    done(await world.call("DELETE", f"{MEMBERS}/{who.member_id}", session=who.token))
    answer = await world.call("GET", f"{SSO}/northwind", session=who.token)
    refused(answer, 404, "session_not_found")


async def test_a_member_revokes_their_own_sessions_only(world: World) -> None:
    who = await person_with(world, [])
    second = await signed_in(world)
    other = await signed_in(world, GRACE)
    path = f"{SESSIONS}/revoke"
    for body in (
        {"member_id": other.member_id},
        {"member_session_id": other.session_id},
        {"session_token": other.token},
        {"session_jwt": other.jwt},
    ):
        answer = await world.call("POST", path, body, session=who.token)
        refused(answer, 403, "session_authorization_error")
    unknown = {"member_session_id": "member-session-test-unknown"}
    answer = await world.call("POST", path, unknown, session=who.token)
    refused(answer, 403, "session_authorization_tenancy_error")
    done(await world.call("POST", path, {"session_jwt": second.jwt}, session=who.token))
    done(await world.call("POST", path, {"member_id": who.member_id}, session=who.token))
    refused(
        await world.call("POST", f"{SESSIONS}/authenticate", {"session_token": who.token}),
        404,
        "session_not_found",
    )
    done(await world.call("POST", f"{SESSIONS}/authenticate", {"session_token": other.token}))


async def test_members_are_not_created_with_what_only_the_secret_may_write(
    world: World, admin: Caller
) -> None:
    before = contents(world)
    for field, status, code in (
        ("trusted_metadata", 401, "cannot_update_trusted_metadata"),
        ("external_id", 403, "session_authorization_error"),
    ):
        body = {"email_address": "x@example.com", field: MEMBER_FIELDS[field]}
        refused(await world.call("POST", MEMBERS, body, session=admin.token), status, code)
    assert contents(world) == before


# --- which roles count --------------------------------------------------------------------------


async def test_a_role_from_a_login_counts_only_in_its_session(world: World) -> None:
    path = f"{SSO}/saml/northwind/connections/{world.demo.saml.connection_id}"
    rules = {"saml_connection_implicit_role_assignments": [{"role_id": "stytch_admin"}]}
    done(await world.call("PUT", path, rules))
    by_saml = await signed_in(world, ADA, world.demo.saml.connection_id)
    by_oidc = await signed_in(world, ADA, world.demo.oidc.connection_id)
    assert by_saml.member_id == by_oidc.member_id
    shown = done(await world.call("GET", f"{NORTHWIND}/member?member_id={by_oidc.member_id}"))
    assert shown["member"]["is_admin"]
    done(await world.call("GET", f"{SSO}/northwind", session=by_saml.token))
    answer = await world.call("GET", f"{SSO}/northwind", session=by_oidc.token)
    refused(answer, 403, "session_authorization_error")
    # A rule that goes is gone at the next call.
    done(await world.call("PUT", path, {"saml_connection_implicit_role_assignments": []}))
    answer = await world.call("GET", f"{SSO}/northwind", session=by_saml.token)
    refused(answer, 403, "session_authorization_error")


async def test_a_search_on_behalf_of_a_member_names_their_organization_alone(
    world: World, admin: Caller
) -> None:
    path = f"{ORGANIZATIONS}/members/search"
    own = world.demo.northwind.organization_id
    for names in ([own], ["northwind"], [own, "northwind"]):
        done(await world.call("POST", path, {"organization_ids": names}, session=admin.token))
    for names in ([own, "northwind-labs"], ["northwind-labs"], [own, "unknown"]):
        answer = await world.call("POST", path, {"organization_ids": names}, session=admin.token)
        refused(answer, 403, "session_authorization_tenancy_error")
