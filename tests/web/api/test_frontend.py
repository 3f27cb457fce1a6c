"""The frontend API: the wire's table (§8.3, Appendix A), the browser's rules, and the attacks.

A page's session is the member's: there is no trusted mode, and no field of a body chooses another
organization.
"""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable
from typing import Any

import httpx2
import pytest

from support.world import World, open_world, run
from vestibule.domain.projects import ProjectSettings, allows_origin, with_authorized_domain
from vestibule.errors import VestibuleError
from vestibule.services import projects
from vestibule.services.demo import PEOPLE
from vestibule.web.api.frontend import FRONTEND

ADA, GRACE, _ = PEOPLE
PAGE = "http://localhost:3000"

# id, method, path, session, what comes back
CONTRACT = """
sdk.bootstrap GET /projects/bootstrap/{public_token} none project_name disable_sdk_watermark cname_domain email_domains captcha_settings pkce_required_for_email_magic_links pkce_required_for_password_resets pkce_required_for_oauth pkce_required_for_sso slug_pattern create_organization_enabled password_config dfp_protected_auth_enabled dfp_protected_auth_mode rbac_policy siwe_required_for_crypto_wallets vertical
sdk.events POST /events none
sdk.admin_portal_config GET /b2b/admin_portal_config required sso_config organization_config scim_config
sdk.organization.get GET /b2b/organizations/me required organization
sdk.organization.update PUT /b2b/organizations/me required organization
sdk.organization.delete DELETE /b2b/organizations/me required organization_id
sdk.organization.getBySlug POST /b2b/organizations/search none organization
sdk.member_search.by_email POST /b2b/organizations/members/search none member
sdk.organization.members.create POST /b2b/organizations/members required member_id member organization
sdk.organization.members.search POST /b2b/organizations/me/members/search required members results_metadata organizations
sdk.organization.members.update PUT /b2b/organizations/members/{member_id} required member_id member organization
sdk.organization.members.delete DELETE /b2b/organizations/members/{member_id} required member_id
sdk.organization.members.reactivate PUT /b2b/organizations/members/{member_id}/reactivate required member_id member organization
sdk.organization.members.deleteMFAPhoneNumber DELETE /b2b/organizations/members/mfa_phone_numbers/{member_id} required member_id member organization
sdk.organization.members.deleteMFATOTP DELETE /b2b/organizations/members/totp/{member_id} required member_id member organization
sdk.organization.members.unlinkRetiredEmail POST /b2b/organizations/members/{member_id}/unlink_retired_email required member_id member organization
sdk.self.get GET /b2b/organizations/members/me required member_id member organization
sdk.self.update PUT /b2b/organizations/members/update required member_id member organization
sdk.self.deleteMFAPhoneNumber DELETE /b2b/organizations/members/deletePhoneNumber required member_id member organization
sdk.self.deleteMFATOTP DELETE /b2b/organizations/members/deleteTOTP required member_id member organization
sdk.self.unlinkRetiredEmail POST /b2b/organizations/members/unlink_retired_email required member_id member organization
sdk.organization.members.startEmailUpdate POST /b2b/organizations/members/{member_id}/start_email_update required member_id member organization
sdk.self.startEmailUpdate POST /b2b/organizations/members/start_email_update required member_id member organization
sdk.magicLinks.email.invite POST /b2b/magic_links/email/invite required member_id member organization
sdk.magicLinks.email.loginOrSignup POST /b2b/magic_links/email/login_or_signup none
sdk.magicLinks.email.discovery.send POST /b2b/magic_links/email/discovery/send none
sdk.magicLinks.authenticate POST /b2b/magic_links/authenticate optional method_id reset_sessions member_id organization_id member organization session_token session_jwt member_session member_authenticated intermediate_session_token intermediate_session_token_expires_at mfa_required primary_required member_device
sdk.magicLinks.discovery.authenticate POST /b2b/magic_links/discovery/authenticate none intermediate_session_token email_address discovered_organizations intermediate_session_token_expires_at
sdk.discovery.organizations.list POST /b2b/discovery/organizations optional email_address discovered_organizations organization_id_hint
sdk.discovery.organizations.create POST /b2b/discovery/organizations/create optional member_id organization_id member organization session_token session_jwt member_session member_authenticated intermediate_session_token intermediate_session_token_expires_at mfa_required primary_required member_device
sdk.discovery.intermediateSessions.exchange POST /b2b/discovery/intermediate_sessions/exchange optional member_id organization_id member organization session_token session_jwt member_session member_authenticated intermediate_session_token intermediate_session_token_expires_at mfa_required primary_required member_device
sdk.sso.getConnections GET /b2b/sso required saml_connections oidc_connections external_connections
sdk.sso.discoverConnections GET /b2b/sso/discovery/connections none connections
sdk.sso.deleteConnection DELETE /b2b/sso/{connection_id} required connection_id
sdk.sso.saml.createConnection POST /b2b/sso/saml required connection
sdk.sso.saml.updateConnection PUT /b2b/sso/saml/{connection_id} required connection
sdk.sso.saml.updateConnectionByURL PUT /b2b/sso/saml/{connection_id}/url required connection
sdk.sso.saml.deleteVerificationCertificate DELETE /b2b/sso/saml/{connection_id}/verification_certificates/{certificate_id} required certificate_id
sdk.sso.saml.deleteEncryptionPrivateKey DELETE /b2b/sso/saml/{connection_id}/encryption_private_key/{private_key_id} required private_key_id
sdk.sso.oidc.createConnection POST /b2b/sso/oidc required connection
sdk.sso.oidc.updateConnection PUT /b2b/sso/oidc/{connection_id} required connection warning
sdk.sso.external.createConnection POST /b2b/sso/external required connection
sdk.sso.external.updateConnection PUT /b2b/sso/external/{connection_id} required connection
sdk.sso.authenticate POST /b2b/sso/authenticate optional member_id organization_id member organization session_token session_jwt member_session member_authenticated intermediate_session_token intermediate_session_token_expires_at mfa_required primary_required member_device reset_session
sdk.session.authenticate POST /b2b/sessions/authenticate required member_id organization_id member organization member_session session_token session_jwt
sdk.session.revoke POST /b2b/sessions/revoke required
sdk.session.revokeForMember POST /b2b/sessions/revoke/{member_id} required
sdk.session.exchange POST /b2b/sessions/exchange required member_id organization_id member organization session_token session_jwt member_session member_authenticated intermediate_session_token intermediate_session_token_expires_at mfa_required primary_required member_device
""".strip().splitlines()  # noqa: E501 - a table

Story = Callable[[World], Awaitable[None]]


def tell(story: Story) -> None:
    async def main() -> None:
        async with open_world() as world:
            await story(world)

    run(main())


async def ask(
    world: World,
    method: str,
    path: str,
    body: Any = None,
    *,
    session: str | None = None,
    origin: str | None = PAGE,
    public_token: str | None = None,
    **headers: str,
) -> httpx2.Response:
    token = public_token or world.credentials.public_token
    shown = base64.b64encode(f"{token}:{session or token}".encode()).decode()
    sent = {"authorization": f"Basic {shown}", **headers}
    if origin is not None:
        sent["origin"] = origin
    async with world.client() as client:
        return await client.request(method, f"/sdk/v1{path}", json=body, headers=sent)


def data(answer: httpx2.Response) -> dict[str, Any]:
    """What a success wraps; nothing stands beside it."""
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    assert found.keys() == {"data"}
    assert found["data"]["status_code"] == 200
    inner: dict[str, Any] = found["data"]
    return inner


def refused(answer: httpx2.Response, status: int, error_type: str) -> None:
    """An error is not wrapped, and has none of the keys that the client reads as another shape."""
    found = answer.json()
    assert (answer.status_code, found["error_type"]) == (status, error_type), answer.text
    assert not found.keys() & {"data", "body", "params", "query"}


async def sign_in(world: World, person: Any = ADA, *, admin: bool = False) -> dict[str, Any]:
    found = await world.sign_in(world.demo.saml.connection_id, person.email)
    if admin:
        path = f"/v1/b2b/organizations/northwind/members/{found['member_id']}"
        answer = await world.call("PUT", path, {"roles": ["stytch_admin"]})
        assert answer.status_code == 200, answer.text
    return found


# --- the table ----------------------------------------------------------------------------------


def test_the_table_is_the_wires_own() -> None:
    held = {
        f"{op.id} {op.method} {op.path.removeprefix('/sdk/v1')} {op.presence}": op
        for op in FRONTEND
    }
    wanted = {" ".join(line.split()[:4]): line.split()[4:] for line in CONTRACT}
    assert wanted.keys() <= held.keys()
    for name, fields in wanted.items():
        given = set(held[name].response.__struct_fields__)
        assert set(fields) <= given, name


def test_no_two_operations_share_a_place_or_a_name() -> None:
    assert len({op.id for op in FRONTEND}) == len(FRONTEND)
    assert len({(op.method, op.path) for op in FRONTEND}) == len(FRONTEND)


def test_every_operation_that_needs_a_session_refuses_to_go_without() -> None:
    async def story(world: World) -> None:
        for op in FRONTEND:
            if op.presence != "required":
                continue
            path = op.path.removeprefix("/sdk/v1").replace("{", "").replace("}", "")
            body = {} if op.method in ("POST", "PUT") else None
            refused(await ask(world, op.method, path, body), 401, "unauthorized_credentials")
            dead = await ask(world, op.method, path, body, session="a" * 43)
            refused(dead, 404, "session_not_found")

    tell(story)


# --- the browser's rules ------------------------------------------------------------------------


def test_bootstrap_gives_the_policy_to_a_page_without_a_session() -> None:
    async def story(world: World) -> None:
        path = f"/projects/bootstrap/{world.credentials.public_token}"
        found = data(await ask(world, "GET", path))
        roles = {role["role_id"] for role in found["rbac_policy"]["roles"]}
        assert {"stytch_admin", "editor"} <= roles
        assert (found["vertical"], found["captcha_settings"]) == ("B2B", {"enabled": False})
        refused(await ask(world, "GET", f"{path}x"), 404, "public_token_not_found")

    tell(story)


def test_a_preflight_of_a_known_origin_is_answered_without_credentials() -> None:
    async def story(world: World) -> None:
        async with world.client() as client:
            answer = await client.options("/sdk/v1/b2b/sso", headers={"origin": PAGE})
            assert answer.status_code == 204
            assert answer.headers["access-control-allow-origin"] == PAGE
            assert answer.headers["access-control-allow-credentials"] == "true"
            assert "PUT" in answer.headers["access-control-allow-methods"]
            assert "x-sdk-client" in answer.headers["access-control-allow-headers"]
            assert answer.headers["vary"] == "Origin"
            foreign = {"origin": "https://evil.example"}
            answer = await client.options("/sdk/v1/b2b/sso", headers=foreign)
            assert answer.status_code == 400
            assert "access-control-allow-origin" not in answer.headers

    tell(story)


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://localhost.evil.example", "https://", "x"]
)
def test_a_page_of_a_foreign_origin_is_refused_though_it_has_a_session(origin: str) -> None:
    async def story(world: World) -> None:
        session = (await sign_in(world))["session_token"]
        answer = await ask(world, "GET", "/b2b/organizations/me", session=session, origin=origin)
        refused(answer, 400, "bad_domain_for_stytch_sdk")
        assert "access-control-allow-origin" not in answer.headers

    tell(story)


def test_an_origin_of_another_project_is_refused() -> None:
    """A preflight passes, because it names no project; the call itself does not."""

    async def story(world: World) -> None:
        settings = ProjectSettings(authorized_domains=("https://theirs.example",))
        theirs = await projects.create(world.rt, "Theirs", environment="test", settings=settings)
        session = (await sign_in(world))["session_token"]
        origin = "https://theirs.example"
        answer = await ask(world, "GET", "/b2b/sso", session=session, origin=origin)
        refused(answer, 400, "bad_domain_for_stytch_sdk")
        # And a session of one project is none of the other's.
        answer = await ask(
            world, "GET", "/b2b/sso", session=session, origin=origin,
            public_token=theirs.public_token,
        )  # fmt: skip
        refused(answer, 404, "session_not_found")

    tell(story)


def test_a_refusal_can_be_read_by_pages_of_known_origins_only() -> None:
    async def story(world: World) -> None:
        token = "public-token-test-unknown"
        for method, path, public_token, status, error_type in (
            ("GET", "/b2b/sso", token, 404, "public_token_not_found"),
            ("GET", f"/projects/bootstrap/{token}", None, 404, "public_token_not_found"),
            ("GET", "/b2b/nothing", None, 404, "route_not_found"),
            ("PATCH", "/b2b/sso", None, 405, "method_not_allowed"),
            ("GET", "/b2b/sso", None, 401, "unauthorized_credentials"),
        ):
            answer = await ask(world, method, path, public_token=public_token)
            refused(answer, status, error_type)
            assert answer.headers["access-control-allow-origin"] == PAGE
            assert answer.headers["access-control-allow-credentials"] == "true"
            assert answer.headers["vary"] == "Origin"
            foreign = "https://evil.example"
            answer = await ask(world, method, path, public_token=public_token, origin=foreign)
            refused(answer, 400, "bad_domain_for_stytch_sdk")
            assert "access-control-allow-origin" not in answer.headers

    tell(story)


def test_an_authorized_domain_opens_the_door_to_its_pages() -> None:
    async def story(world: World) -> None:
        session = (await sign_in(world))["session_token"]
        for allowed, origin in (
            ("https://app.example.com", "https://app.example.com"),
            ("https://*.example.net", "https://a.b.example.net"),
        ):
            answer = await ask(
                world, "GET", "/b2b/organizations/me", session=session, origin=origin
            )
            refused(answer, 400, "bad_domain_for_stytch_sdk")
            await projects.add_authorized_domains(world.rt, world.demo.project, [allowed])
            answer = await ask(
                world, "GET", "/b2b/organizations/me", session=session, origin=origin
            )
            assert data(answer)["organization"]["organization_slug"] == "northwind"
            assert answer.headers["access-control-allow-origin"] == origin

    tell(story)


def test_one_wrong_origin_among_several_changes_nothing() -> None:
    async def story(world: World) -> None:
        wanted = ["https://app.example.com", "http://app.example.com"]
        with pytest.raises(VestibuleError, match="setting_invalid"):
            await projects.add_authorized_domains(world.rt, world.demo.project, wanted)
        found = await projects.get(world.rt, world.demo.project.project_id)
        assert found.settings.authorized_domains == ()
        again = await projects.add_authorized_domains(world.rt, found, wanted[:1] * 2)
        assert again.settings.authorized_domains == ("https://app.example.com",)
        # What is known already is no change.
        assert await projects.add_authorized_domains(world.rt, found, wanted[:1]) == again

    tell(story)


def test_cookies_say_nothing_here() -> None:
    """No other page can borrow a session that the browser would send along by itself."""

    async def story(world: World) -> None:
        session = (await sign_in(world))["session_token"]
        answer = await ask(world, "GET", "/b2b/sso", cookie=f"stytch_session={session}")
        refused(answer, 401, "unauthorized_credentials")

    tell(story)


def test_what_the_client_tells_of_itself_is_taken_whatever_it_is() -> None:
    async def story(world: World) -> None:
        async with world.client() as client:
            for body in (b"[]", b'[{"telemetry": {}, "event": {}}]', b"", b"junk"):
                answer = await client.post("/sdk/v1/events", content=body, headers={"origin": PAGE})
                assert answer.status_code == 200, answer.text

    tell(story)


@pytest.mark.parametrize(
    "path",
    ["/b2b/passwords/authenticate", "/b2b/otps/sms/send", "/b2b/totp", "/b2b/recovery_codes",
     "/b2b/oauth/authenticate", "/b2b/impersonation/authenticate", "/b2b/nothing"],
)  # fmt: skip
def test_what_stays_out_is_no_path_in_the_envelope(path: str) -> None:
    async def story(world: World) -> None:
        refused(await ask(world, "POST", path, {}), 404, "route_not_found")

    tell(story)


# --- organizations and members ------------------------------------------------------------------


def test_a_login_page_learns_of_an_organization_only_what_it_needs() -> None:
    async def story(world: World) -> None:
        slug = {"organization_slug": "northwind"}
        found = data(await ask(world, "POST", "/b2b/organizations/search", slug))["organization"]
        assert found["organization_name"] == "Northwind"
        assert len(found["sso_active_connections"]) == 2
        assert "trusted_metadata" not in found
        assert "rbac_email_implicit_role_assignments" not in found
        other = {"organization_slug": world.demo.northwind.organization_id}
        answer = data(await ask(world, "POST", "/b2b/organizations/search", other))
        assert answer["organization"] is None

    tell(story)


def test_strangers_learn_of_no_member() -> None:
    async def story(world: World) -> None:
        await sign_in(world)
        body = {
            "email_address": ADA.email, "organization_id": world.demo.northwind.organization_id,
        }  # fmt: skip
        found = data(await ask(world, "POST", "/b2b/organizations/members/search", body))
        assert found["member"] is None

    tell(story)


def test_every_member_sees_themselves_and_their_organization() -> None:
    async def story(world: World) -> None:
        signed = await sign_in(world, GRACE)
        session = signed["session_token"]
        me = data(await ask(world, "GET", "/b2b/organizations/members/me", session=session))
        assert me["member"]["email_address"] == GRACE.email
        mine = data(await ask(world, "GET", "/b2b/organizations/me", session=session))
        assert mine["organization"]["organization_slug"] == "northwind"
        named = {"name": "Rear Admiral Hopper", "member_id": "member-test-1"}
        done = data(
            await ask(world, "PUT", "/b2b/organizations/members/update", named, session=session)
        )
        assert (done["member_id"], done["member"]["name"]) == (me["member_id"], named["name"])

    tell(story)


def test_a_member_without_the_right_is_refused_and_an_administrator_is_not() -> None:
    async def story(world: World) -> None:
        grace = (await sign_in(world, GRACE))["session_token"]
        ada = (await sign_in(world, admin=True))["session_token"]
        for method, path, body in (
            ("GET", "/b2b/sso", None),
            ("POST", "/b2b/sso/oidc", {"display_name": "New"}),
            ("POST", "/b2b/organizations/members", {"email_address": "new@northwind.example"}),
            ("POST", "/b2b/organizations/me/members/search", {"limit": 1}),
            ("PUT", "/b2b/organizations/me", {"organization_name": "Northwind Traders"}),
        ):
            answer = await ask(world, method, path, body, session=grace)
            refused(answer, 403, "session_authorization_error")
            data(await ask(world, method, path, body, session=ada))

    tell(story)


def test_no_body_chooses_another_organization() -> None:
    async def story(world: World) -> None:
        session = (await sign_in(world, admin=True))["session_token"]
        labs = world.demo.labs.organization_id
        found = data(
            await ask(
                world, "POST", "/b2b/organizations/me/members/search",
                {"organization_ids": [labs], "organization_id": labs}, session=session,
            )
        )  # fmt: skip
        assert list(found["organizations"]) == [world.demo.northwind.organization_id]
        made = data(
            await ask(world, "POST", "/b2b/sso/saml", {"organization_id": labs}, session=session)
        )
        assert made["connection"]["organization_id"] == world.demo.northwind.organization_id

    tell(story)


def test_another_organizations_connections_and_members_are_out_of_reach() -> None:
    async def story(world: World) -> None:
        session = (await sign_in(world, admin=True))["session_token"]
        external = world.demo.labs_saml.connection_id
        answer = await ask(world, "DELETE", f"/b2b/sso/{external}", session=session)
        refused(answer, 404, "sso_connection_not_found")
        answer = await ask(
            world, "PUT", f"/b2b/sso/external/{external}", {"display_name": "x"}, session=session
        )
        assert answer.status_code == 404, answer.text
        theirs = (await world.sign_in(external))["member_id"]
        path = f"/b2b/organizations/members/{theirs}"
        refused(await ask(world, "DELETE", path, session=session), 404, "member_not_found")
        path = f"/b2b/sessions/revoke/{theirs}"
        answer = await ask(world, "POST", path, session=session)
        refused(answer, 403, "session_authorization_tenancy_error")

    tell(story)


# --- sign-in and sessions -----------------------------------------------------------------------


def test_a_page_turns_the_token_of_a_login_into_a_session_and_ends_it() -> None:
    async def story(world: World) -> None:
        token = await world.arrive(world.demo.saml.connection_id)
        signed = data(await ask(world, "POST", "/b2b/sso/authenticate", {"sso_token": token}))
        session = signed["session_token"]
        loaded = data(await ask(world, "POST", "/b2b/sessions/authenticate", session=session))
        assert loaded["member_id"] == signed["member_id"]
        assert loaded["session_jwt"]
        data(await ask(world, "POST", "/b2b/sessions/revoke", session=session))
        answer = await ask(world, "POST", "/b2b/sessions/authenticate", {}, session=session)
        refused(answer, 404, "session_not_found")

    tell(story)


def test_a_second_login_is_carried_on_in_the_session_of_the_page() -> None:
    async def story(world: World) -> None:
        first = await sign_in(world)
        token = await world.arrive(world.demo.oidc.connection_id)
        again = data(
            await ask(
                world, "POST", "/b2b/sso/authenticate", {"sso_token": token},
                session=first["session_token"],
            )
        )  # fmt: skip
        assert again["session_token"] == first["session_token"]
        assert len(again["member_session"]["authentication_factors"]) == 2

    tell(story)


def test_a_session_is_exchanged_through_an_external_connection() -> None:
    async def story(world: World) -> None:
        await world.sign_in(world.demo.labs_saml.connection_id)
        session = (await sign_in(world))["session_token"]
        body = {"organization_id": "northwind-labs", "session_duration_minutes": 30}
        done = data(await ask(world, "POST", "/b2b/sessions/exchange", body, session=session))
        assert done["organization_id"] == world.demo.labs.organization_id
        assert done["session_token"]

    tell(story)


def test_everybody_may_end_their_own_sessions_and_only_administrators_others() -> None:
    async def story(world: World) -> None:
        ada, grace = await sign_in(world), await sign_in(world, GRACE)
        path = f"/b2b/sessions/revoke/{ada['member_id']}"
        answer = await ask(world, "POST", path, session=grace["session_token"])
        refused(answer, 403, "session_authorization_error")
        data(await ask(world, "POST", path, session=ada["session_token"]))
        answer = await ask(world, "GET", "/b2b/sso", session=ada["session_token"])
        refused(answer, 404, "session_not_found")

    tell(story)


def test_an_address_finds_the_connections_that_may_let_it_in() -> None:
    async def story(world: World) -> None:
        async def found(address: str) -> set[str]:
            path = f"/b2b/sso/discovery/connections?email_address={address}"
            listed = data(await ask(world, "GET", path))["connections"]
            return {one["connection_id"] for one in listed}

        ours = {world.demo.saml.connection_id, world.demo.oidc.connection_id}
        assert await found(ADA.email) == set()
        await sign_in(world)
        assert await found(ADA.email) == ours
        path = "/v1/b2b/organizations/northwind"
        await world.call("PUT", path, {"email_allowed_domains": ["northwind.example"]})
        assert await found("new@northwind.example") == ours
        rule = {
            "sso_jit_provisioning": "RESTRICTED",
            "sso_jit_provisioning_allowed_connections": [world.demo.oidc.connection_id],
        }
        await world.call("PUT", path, rule)
        assert await found("new@northwind.example") == {world.demo.oidc.connection_id}
        assert await found(ADA.email) == ours
        assert await found("somebody@elsewhere.example") == set()

    tell(story)


# --- authorized domains -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("https://app.example.com", True),
        ("https://app.example.com:8443", False),
        ("https://app.example.com.evil.example", False),
        ("http://app.example.com", False),
        ("https://APP.example.com", False),
        ("https://app.example.com/", False),
        ("https://one.two.customer.example", True),
        ("https://customer.example", False),
        ("https://evilcustomer.example", False),
        ("https://.customer.example", False),
        ("http://localhost:3000", False),
        ("null", False),
        ("", False),
    ],
)
def test_an_origin_is_compared_to_the_letter(origin: str, allowed: bool) -> None:
    settings = with_authorized_domain(ProjectSettings(), "https://app.example.com")
    settings = with_authorized_domain(settings, "https://*.customer.example")
    assert allows_origin(settings, origin) is allowed


@pytest.mark.parametrize(
    "origin",
    ["http://app.example.com", "https://app.example.com/", "https://app.example.com/x", "*",
     "https://*", "https://*.com", "https://a.*.example.com", "https://a@b.example", "x", "",
     "https://App.example.com", "https://app.example.com?x"],
)  # fmt: skip
def test_what_is_no_origin_is_not_authorized(origin: str) -> None:
    with pytest.raises(VestibuleError) as refused_:
        with_authorized_domain(ProjectSettings(), origin)
    assert refused_.value.code == "setting_invalid"


def test_an_origin_is_authorized_once() -> None:
    once = with_authorized_domain(ProjectSettings(), "https://app.example.com")
    assert with_authorized_domain(once, "https://app.example.com") == once
