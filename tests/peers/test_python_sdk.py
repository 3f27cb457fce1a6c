"""Our own Python SDK against a live `vestibule dev`: what the official package is asked to do, and
what only ours can. Each scenario runs with both faces, the one that waits and the one to await."""

from __future__ import annotations

import asyncio
import inspect
import itertools
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from peers import certificates
from peers.pages import read_forms
from peers.vestibule_server import Vestibule as Server
from vestibule.web.mock_idp import CLIENT_ID, CLIENT_SECRET, PREFIX
from vestibule_sdk import (
    ApiError,
    AsMember,
    AsyncVestibule,
    Conflict,
    Credentials,
    Forbidden,
    InvalidRequest,
    NoAnswer,
    NotFound,
    SessionInvalid,
    SessionJwtExpired,
    Unauthenticated,
    Vestibule,
)
from vestibule_sdk.api import async_methods, methods, models
from vestibule_sdk.login import LoginStart

pytestmark = pytest.mark.peer

ADA = "ada@northwind.example"
MAPPING = {"email": "NameID", "full_name": "name", "groups": "groups", "department": "department"}
REDIRECT = "http://localhost:3000/authenticate"
_numbers = itertools.count(1)


class Awaited:
    """The client to await, as if it waited: so that each scenario is written once."""

    def __init__(self, target: Any, run: Callable[[Any], Any]) -> None:
        self._target = target
        self._run = run

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._target, name)
        if callable(found):

            def called(*args: Any, **kwargs: Any) -> Any:
                result = found(*args, **kwargs)
                return self._run(result) if inspect.isawaitable(result) else result

            return called
        return Awaited(found, self._run)


def credentials_of(server: Server) -> Credentials:
    return Credentials.read(server.data / "credentials.json")


@pytest.fixture(scope="module", params=["waits", "awaits"])
def client(request: pytest.FixtureRequest, vestibule_dev: Server) -> Iterator[Any]:
    credentials = credentials_of(vestibule_dev)
    if request.param == "waits":
        with Vestibule(credentials) as opened:
            yield opened
        return
    with asyncio.Runner() as runner:

        async def of_this_loop(awaitable: Any) -> Any:
            return await awaitable

        def run(awaitable: Any) -> Any:
            return runner.run(of_this_loop(awaitable))

        async def made() -> AsyncVestibule:
            return AsyncVestibule(credentials)

        awaiting = run(made())
        yield Awaited(awaiting, run)
        run(awaiting.close())


@dataclass(frozen=True)
class Customer:
    """A company with a SAML and an OIDC connection, and a partner that uses both."""

    organization_id: str
    saml_id: str
    oidc_id: str
    partner_id: str
    partner_saml_id: str
    partner_oidc_id: str


@pytest.fixture(scope="module")
def customer(client: Any, vestibule_dev: Server) -> Customer:
    owner, partner = new_organization(client, "owner"), new_organization(client, "partner")
    idp = f"{vestibule_dev.base_url}{PREFIX}"
    saml_id = client.sso.saml.create_connection(
        organization_id=owner, display_name="Ours"
    ).connection.connection_id
    client.sso.saml.update_by_url(
        organization_id=owner, connection_id=saml_id, metadata_url=f"{idp}/saml/metadata"
    )
    saml = client.sso.saml.update_connection(
        organization_id=owner,
        connection_id=saml_id,
        attribute_mapping=MAPPING,
        saml_connection_implicit_role_assignments=[models.RoleAssignment(role_id="viewer")],
        saml_group_implicit_role_assignments=[{"role_id": "editor", "group": "engineering"}],
    ).connection
    assert saml.status == "active"
    oidc_id = client.sso.oidc.create_connection(organization_id=owner).connection.connection_id
    oidc = client.sso.oidc.update_connection(
        organization_id=owner,
        connection_id=oidc_id,
        client_id=CLIENT_ID,
        client_secret=CLIENT_SECRET,
        issuer=f"{idp}/oidc",
        attribute_mapping={**MAPPING, "email": "email"},
    )
    assert (oidc.warning, oidc.connection.status) == ("", "active")
    externals = [
        client.sso.external.create_connection(
            organization_id=partner,
            external_organization_id=owner,
            external_connection_id=source,
            group_implicit_role_assignments=[{"role_id": "lab-lead", "group": "engineering"}],
        ).connection.connection_id
        for source in (saml_id, oidc_id)
    ]
    return Customer(owner, saml_id, oidc_id, partner, *externals)


def new_organization(client: Any, name: str, **fields: Any) -> str:
    number = next(_numbers)
    made = client.organizations.create(
        organization_name=f"SDK {name}", organization_slug=f"sdk-{name}-{number}", **fields
    )
    return str(made.organization.organization_id)


def walk(server: Server, start: LoginStart) -> str:
    """What the person's browser does, from the start URL to the token in the redirect."""
    with httpx2.Client(base_url=server.base_url, timeout=20) as browser:
        started = browser.get(start.url)
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


def begin(client: Any, connection_id: str) -> LoginStart:
    start = client.start_login(
        connection_id=connection_id,
        login_redirect_url=REDIRECT,
        signup_redirect_url=REDIRECT,
        provider_parameters={"login_hint": ADA},
    )
    assert isinstance(start, LoginStart)
    return start


def sign_in(client: Any, server: Server, connection_id: str, **more: Any) -> Any:
    start = begin(client, connection_id)
    return client.sso.authenticate(
        sso_token=walk(server, start), pkce_code_verifier=start.code_verifier, **more
    )


def refused(kind: type[ApiError], status: int, error_type: str, call: Callable[[], Any]) -> None:
    """The error in full: class, status, wire name, request id, and a remedy where there is one."""
    with pytest.raises(kind) as caught:
        call()
    error = caught.value
    assert (error.status, error.error_type) == (status, error_type), error
    assert error.request_id.startswith("request-id-test-")
    assert error.error_url.endswith(f"/docs/errors/{status}#{error_type}")
    assert error.message
    assert error.remedy
    assert error.code


# --- every operation ------------------------------------------------------------------------------


def test_both_faces_have_the_same_methods() -> None:
    def shape(api: type) -> dict[str, Any]:
        found = {}
        for name, member in vars(api).items():
            if inspect.isfunction(member) and name != "__init__":
                signature = inspect.signature(member)
                found[name] = (str(signature), member.__doc__)
        return found

    names = [name for name, value in vars(methods).items() if inspect.isclass(value)]
    ours = [n for n in names if getattr(methods, n).__module__ == methods.__name__]
    assert len(ours) > 8
    for name in ours:
        waiting, awaiting = getattr(methods, name), getattr(async_methods, name)
        assert shape(waiting) == shape(awaiting)
        for method in shape(awaiting):
            assert inspect.iscoroutinefunction(getattr(awaiting, method))


# --- logins and sessions --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("door", "roles"),
    [
        ("saml_id", ["editor", "stytch_member", "viewer"]),
        ("oidc_id", ["stytch_member"]),
        ("partner_saml_id", ["lab-lead", "stytch_member"]),
        ("partner_oidc_id", ["lab-lead", "stytch_member"]),
    ],
)
def test_a_login_becomes_a_session(
    client: Any, vestibule_dev: Server, customer: Customer, door: str, roles: list[str]
) -> None:
    entered = customer.partner_id if door.startswith("partner") else customer.organization_id
    done = sign_in(client, vestibule_dev, getattr(customer, door), session_duration_minutes=30)
    assert done.member_authenticated
    assert done.organization_id == entered == done.organization.organization_id
    assert (done.member.email_address, done.member.name) == (ADA, "Ada Lovelace")
    assert done.member.trusted_metadata["department"] == "Research"
    assert done.member_session.roles == roles


def test_a_token_works_once_and_with_its_verifier_alone(
    client: Any, vestibule_dev: Server, customer: Customer
) -> None:
    start = begin(client, customer.saml_id)
    token = walk(vestibule_dev, start)

    def use(**verifier: str) -> Any:
        return client.sso.authenticate(sso_token=token, **verifier)

    refused(InvalidRequest, 400, "pkce_expected_code_verifier", use)
    stranger = begin(client, customer.saml_id).code_verifier
    refused(InvalidRequest, 400, "pkce_mismatch", lambda: use(pkce_code_verifier=stranger))
    assert use(pkce_code_verifier=start.code_verifier).member_authenticated
    refused(
        NotFound, 404, "sso_token_not_found", lambda: use(pkce_code_verifier=start.code_verifier)
    )


def test_a_session_from_authenticate_to_revoke(
    client: Any, vestibule_dev: Server, customer: Customer
) -> None:
    done = sign_in(client, vestibule_dev, customer.saml_id, session_custom_claims={"plan": "gold"})
    again = client.sessions.authenticate(session_token=done.session_token)
    assert again.member_session.member_session_id == done.member_session.member_session_id
    assert again.member_session.custom_claims["plan"] == "gold"
    check = {"organization_id": customer.organization_id, "resource_id": "documents"}
    allowed = client.sessions.authenticate(
        session_jwt=again.session_jwt, authorization_check={**check, "action": "write"}
    )
    assert allowed.verdict.granting_roles == ["editor"]
    refused(
        Forbidden,
        403,
        "session_authorization_error",
        lambda: client.sessions.authenticate(
            session_token=done.session_token,
            authorization_check={**check, "action": "publish"},
        ),
    )
    listed = client.sessions.get(organization_id=customer.organization_id, member_id=done.member_id)
    ids = {one.member_session_id for one in listed.member_sessions}
    assert done.member_session.member_session_id in ids
    client.sessions.revoke(member_session_id=done.member_session.member_session_id)
    refused(
        NotFound,
        404,
        "session_not_found",
        lambda: client.sessions.authenticate(session_token=done.session_token),
    )
    refused(InvalidRequest, 400, "no_session_arguments", client.sessions.authenticate)


def test_a_session_is_exchanged_where_an_external_connection_allows_it(
    client: Any, vestibule_dev: Server, customer: Customer
) -> None:
    sign_in(client, vestibule_dev, customer.partner_saml_id)
    done = sign_in(client, vestibule_dev, customer.saml_id)
    there = client.sessions.exchange(
        organization_id=customer.partner_id, session_token=done.session_token
    )
    assert there.organization.organization_id == customer.partner_id
    back = client.sessions.exchange(
        organization_id=customer.organization_id, session_token=there.session_token
    )
    assert not back.member_authenticated
    assert back.member_session is None
    assert "sso" in back.primary_required.allowed_auth_methods


# --- local answers --------------------------------------------------------------------------------


def test_a_session_jwt_is_verified_without_the_server(
    client: Any, vestibule_dev: Server, customer: Customer
) -> None:
    done = sign_in(client, vestibule_dev, customer.saml_id, session_custom_claims={"plan": "gold"})
    session = client.verify_session(done.session_jwt)
    assert session.member_session_id == done.member_session.member_session_id
    assert (session.member_id, session.organization_id) == (done.member_id, done.organization_id)
    assert list(session.roles) == done.member_session.roles
    assert session.expires_at == done.member_session.expires_at
    assert session.custom_claims == {"plan": "gold", "department": "Research"}
    assert session.authentication_factors[0]["type"] == "sso"
    with pytest.raises(SessionJwtExpired):
        client.verify_session(done.session_jwt, max_age=0)
    # Too old for the caller, who lets the server be asked.
    assert client.verify_session(done.session_jwt, max_age=0, ask=True) == session
    client.sessions.revoke(session_jwt=done.session_jwt)
    # Verification needs no server: it stands until it expires, unless one asks.
    assert client.verify_session(done.session_jwt) == session
    with pytest.raises(NotFound):
        client.verify_session(done.session_jwt, max_age=0, ask=True)
    head, body, signature = done.session_jwt.split(".")
    with pytest.raises(SessionInvalid):
        client.verify_session(f"{head}.{body}.{signature[::-1]}", ask=True)


def test_rights_are_checked_without_the_server(
    client: Any, vestibule_dev: Server, customer: Customer
) -> None:
    done = sign_in(client, vestibule_dev, customer.saml_id)
    session = client.verify_session(done.session_jwt)
    assert client.require_permission(session, "documents", "write") == ("editor",)
    with pytest.raises(Forbidden) as caught:
        client.require_permission(session, "documents", "publish")
    assert caught.value.code == "session_authorization_error"
    with pytest.raises(Forbidden) as caught:
        client.require_permission(
            session, "documents", "write", organization_id=customer.partner_id
        )
    assert caught.value.code == "session_authorization_tenancy_error"


# --- organizations, members, connections, roles ---------------------------------------------------


def test_organizations_and_members(client: Any) -> None:
    owner = new_organization(client, "kept", trusted_metadata={"tier": "gold"})
    kept = client.organizations.get(organization_id=owner).organization
    assert kept.trusted_metadata == {"tier": "gold"}
    changed = client.organizations.update(organization_id=owner, organization_name="Renamed")
    assert changed.organization.organization_name == "Renamed"
    found = client.organizations.search(
        query={
            "operator": "AND",
            "operands": [
                {"filter_name": "organization_ids", "filter_value": [owner]},
            ],
        }
    )
    assert [one.organization_id for one in found.organizations] == [owner]
    made = client.organizations.members.create(
        organization_id=owner, email_address="grace@kept.example", roles=["viewer"]
    )
    refused(
        Conflict,
        400,
        "duplicate_member_email",
        lambda: client.organizations.members.create(
            organization_id=owner, email_address="grace@kept.example"
        ),
    )
    member = client.organizations.members.get(
        organization_id=owner, email_address="grace@kept.example"
    ).member
    assert member == made.member
    named = client.organizations.members.update(
        organization_id=owner, member_id=member.member_id, name="Grace"
    )
    assert named.member.name == "Grace"
    page = client.organizations.members.search(organization_ids=[owner], limit=1)
    assert page.results_metadata.total == 1
    explained = client.organizations.members.explain_roles(
        organization_id=owner, member_id=member.member_id
    )
    assert {one.role_id for one in explained.roles} == {"viewer", "stytch_member"}
    client.organizations.members.delete(organization_id=owner, member_id=member.member_id)
    gone = client.organizations.members.dangerously_get(
        member_id=member.member_id, include_deleted=True
    )
    assert gone.member.status == "deleted"
    client.organizations.delete(organization_id=owner)
    refused(
        NotFound,
        404,
        "organization_not_found",
        lambda: client.organizations.get(organization_id=owner),
    )


def test_connections(client: Any, customer: Customer) -> None:
    owner = new_organization(client, "connections")
    made = client.sso.saml.create_connection(organization_id=owner, identity_provider="okta")
    connection_id = made.connection.connection_id
    where = {"organization_id": owner, "connection_id": connection_id}
    certificate = certificates.make_key_pair("sdk").certificate_pem
    changed = client.sso.saml.update_connection(
        **where,
        idp_entity_id="https://idp.example/entity",
        idp_sso_url="https://idp.example/sso",
        attribute_mapping=MAPPING,
        x509_certificate=certificate,
    ).connection
    assert changed.status == "active"
    only = changed.verification_certificates[0].certificate_id
    refused(
        InvalidRequest,
        400,
        "cannot_delete_last_sso_verification_key",
        lambda: client.sso.saml.delete_verification_certificate(**where, certificate_id=only),
    )
    shared = client.sso.external.create_connection(
        organization_id=owner,
        external_organization_id=customer.organization_id,
        external_connection_id=customer.saml_id,
    ).connection
    assert shared.status == "active"
    listed = client.sso.get_connections(organization_id=owner)
    assert [one.connection_id for one in listed.saml_connections] == [connection_id]
    assert [one.connection_id for one in listed.external_connections] == [shared.connection_id]
    for one in (connection_id, shared.connection_id):
        client.sso.delete_connection(organization_id=owner, connection_id=one)
    refused(
        NotFound, 404, "sso_connection_not_found", lambda: client.sso.delete_connection(**where)
    )


def test_policies(client: Any, vestibule_dev: Server) -> None:
    assert "editor" in {role.role_id for role in client.rbac.policy().policy.roles}
    owner = new_organization(client, "policy")
    role = models.RoleDocument(
        role_id="own-role",
        permissions=[models.PermissionDocument(resource_id="documents", actions=["publish"])],
    )
    client.rbac.organizations.set_org_policy(
        organization_id=owner, org_policy=models.OrgPolicy(roles=[role])
    )
    kept = client.rbac.organizations.get_org_policy(organization_id=owner)
    assert kept.org_policy.roles == [role]
    managed = client.management.rbac_policy.get(
        project_slug=vestibule_dev.project_slug, environment_slug=vestibule_dev.environment_slug
    )
    assert "editor" in {one.role_id for one in managed.policy.custom_roles}


def test_calls_on_behalf_of_a_member(
    client: Any, vestibule_dev: Server, customer: Customer
) -> None:
    done = sign_in(client, vestibule_dev, customer.oidc_id)
    owner = customer.organization_id
    member = AsMember(session_token=done.session_token, session_jwt=done.session_jwt)

    def search() -> Any:
        return client.organizations.members.search(organization_ids=[owner], as_member=member)

    refused(Forbidden, 403, "session_authorization_error", search)
    who = {"organization_id": owner, "member_id": done.member_id}
    client.organizations.members.update(**who, roles=["stytch_admin"])
    assert search().results_metadata.total >= 1
    refused(
        Forbidden,
        403,
        "session_authorization_tenancy_error",
        lambda: client.sso.get_connections(organization_id=customer.partner_id, as_member=member),
    )
    client.organizations.members.update(**who, roles=[])
    client.sessions.revoke(session_token=done.session_token, as_member=member)
    refused(NotFound, 404, "session_not_found", search)


# --- errors and many at once ----------------------------------------------------------------------


def test_wrong_credentials_are_told_apart_from_a_missing_server(vestibule_dev: Server) -> None:
    known = credentials_of(vestibule_dev)
    wrong = Credentials(known.base_url, known.project_id, "secret-test-wrong")
    with Vestibule(wrong) as stranger:
        with pytest.raises(Unauthenticated) as caught:
            stranger.organizations.get(organization_id="northwind")
        assert caught.value.code == "unauthorized_credentials"
    nowhere = Credentials("http://127.0.0.1:9", known.project_id, known.secret)
    with Vestibule(nowhere, retries=1) as lost, pytest.raises(NoAnswer) as missing:
        lost.organizations.get(organization_id="northwind")
    assert not missing.value.sent


def test_ids_from_visitors_stay_ids(client: Any) -> None:
    """An organization that is called like a path leads nowhere else."""
    for hostile in ("a/../search", "northwind?x=", "%2e%2e", "northwind/members"):
        with pytest.raises(NotFound):
            client.organizations.get(organization_id=hostile)


def test_threads_share_a_client_and_fetch_the_keys_once(
    vestibule_dev: Server, customer: Customer
) -> None:
    asked: list[str] = []

    def count(request: httpx2.Request) -> None:
        asked.append(request.url.path)

    http = httpx2.Client(event_hooks={"request": [count]})
    with http, Vestibule(credentials_of(vestibule_dev), http=http) as shared:
        done = sign_in(shared, vestibule_dev, customer.saml_id)
        asked.clear()
        gate = threading.Barrier(8)
        found: list[Any] = []

        def verify() -> None:
            gate.wait()
            found.append(shared.verify_session(done.session_jwt).member_id)

        threads = [threading.Thread(target=verify) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert found == [done.member_id] * 8
    assert asked == [f"/v1/b2b/sessions/jwks/{vestibule_dev.project_id}"]


def test_tasks_share_a_client_and_fetch_the_keys_once(
    vestibule_dev: Server, customer: Customer
) -> None:
    asked: list[str] = []

    async def count(request: httpx2.Request) -> None:
        asked.append(request.url.path)

    credentials = credentials_of(vestibule_dev)
    with Vestibule(credentials) as first:
        jwt = sign_in(first, vestibule_dev, customer.saml_id).session_jwt

    async def run() -> list[str]:
        http = httpx2.AsyncClient(event_hooks={"request": [count]})
        async with http, AsyncVestibule(credentials, http=http) as shared:
            found = await asyncio.gather(*(shared.verify_session(jwt) for _ in range(8)))
            return [session.member_id for session in found]

    assert len(set(asyncio.run(run()))) == 1
    assert asked == [f"/v1/b2b/sessions/jwks/{vestibule_dev.project_id}"]
