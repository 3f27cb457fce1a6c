"""What the official backend clients can do against a live `vestibule dev`: every call that they
have, by their own lists. And what only Node's and Java's show.

The Python client has a test file of its own that goes deeper; here it takes the same walks as the
others, so that the page in docs/reference tells of all.
"""

from __future__ import annotations

import base64
import dataclasses
import json
from collections.abc import Iterator

import pytest

from peers.compatibility import (
    LANGUAGES,
    MANAGEMENT,
    MANAGEMENT_WALKS,
    NOT_BUILT_YET,
    NOT_MANAGED_YET,
    PAGE,
    PASSED,
    WALKS,
    Clients,
    Walks,
    run_clients,
)
from peers.official_clients import (
    PipedClient,
    Refused,
    run_management_client,
    run_node_client,
    snake_case,
)
from peers.vestibule_server import Vestibule

pytestmark = pytest.mark.peer

IN_SCOPE = ("organizations.", "sso.", "sessions.", "rbac.", "magic_links.", "discovery.")
MANAGED = (
    "jwt_templates.", "public_tokens.", "rbac_policy.", "redirect_urls.", "sdk.", "secrets.",
)  # fmt: skip


@pytest.fixture(scope="module")
def clients(vestibule_dev: Vestibule) -> Iterator[Clients]:
    with run_clients(vestibule_dev) as found:
        yield found


@pytest.fixture(params=["Node", "Java"])
def walks(clients: Clients, request: pytest.FixtureRequest) -> Walks:
    return clients[request.param]


@pytest.fixture
def piped(walks: Walks) -> PipedClient:
    assert isinstance(walks.client, PipedClient)
    return walks.client


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", WALKS)
def test_what_is_in_scope_passes(clients: Clients, name: str, language: str) -> None:
    clients[language].walk(name)


@pytest.mark.parametrize("name", MANAGEMENT_WALKS)
def test_what_is_in_scope_of_the_management_wire_passes(clients: Clients, name: str) -> None:
    clients[MANAGEMENT].walk(name)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_call_passes_or_is_refused_as_one_that_is_not_there(
    clients: Clients, language: str
) -> None:
    found = clients[language].outcomes()
    assert found.keys() == clients[language].client.calls
    left_out = {name for name, said in found.items() if said != PASSED}
    # Of the nouns that Vestibule has: what belongs to other products of the wire's inventor, to
    # tokens, passwords and mails, and nothing else.
    assert {name for name in left_out if name.startswith(IN_SCOPE)} == {
        "organizations.connected_apps",
        "organizations.get_connected_app",
        "organizations.members.connected_apps.revoke",
        "organizations.members.delete_password",
        "organizations.members.get_connected_apps",
        "organizations.members.oauth_providers.github",
        "organizations.members.oauth_providers.google",
        "organizations.members.oauth_providers.hubspot",
        "organizations.members.oauth_providers.microsoft",
        "organizations.members.oauth_providers.slack",
        "sessions.attest",
        "sessions.exchange_access_token",
        "sessions.migrate",
    }


def test_the_management_wire_passes_or_refuses_every_call(clients: Clients) -> None:
    found = clients[MANAGEMENT].outcomes()
    assert found.keys() == clients[MANAGEMENT].client.calls
    left_out = {name for name, said in found.items() if said != PASSED}
    # Of the nouns that Vestibule has: what is for consumers, and nothing else.
    assert {name for name in left_out if name.startswith(MANAGED)} == {
        "sdk.get_consumer_config",
        "sdk.set_consumer_config",
    }


def test_the_page_tells_what_the_run_found(clients: Clients) -> None:
    said = PAGE.read_text(encoding="utf-8")
    assert said == clients.page(), "run `python -m peers.compatibility`"


def test_what_is_not_built_yet_names_calls_that_a_client_has(clients: Clients) -> None:
    calls = {call for language in LANGUAGES for call in clients[language].client.calls}
    assert [n for n in NOT_BUILT_YET if not any(call.startswith(n) for call in calls)] == []
    calls = set(clients[MANAGEMENT].client.calls)
    assert [n for n in NOT_MANAGED_YET if not any(call.startswith(n) for call in calls)] == []


@pytest.mark.parametrize(
    ("own", "python"),
    [
        ("organizations.members.deleteMFAPhoneNumber", "delete_mfa_phone_number"),
        ("organizations.members.deleteTOTP", "delete_totp"),
        ("sso.saml.updateByURL", "update_by_url"),
        ("sessions.getJWKS", "get_jwks"),
        ("sessions.authenticateJwtLocal", "authenticate_jwt_local"),
        ("m2m.clients.secrets.rotateStart", "rotate_start"),
    ],
)
def test_a_call_has_one_name_for_all(own: str, python: str) -> None:
    assert snake_case(own) == f"{own.rpartition('.')[0]}.{python}"


# --- Node and Java ------------------------------------------------------------------------------


def test_a_call_on_behalf_of_a_member_needs_the_members_right(
    walks: Walks, piped: PipedClient
) -> None:
    done = walks.sign_in("oidc")
    owner = {"organization_id": walks.customer["owner"]}
    wanted = {**owner, "organization_name": "Renamed by a member"}
    with pytest.raises(Refused) as caught:
        piped.call_for(done["session_token"], "organizations.update", **wanted)
    assert caught.value.status_code == 403
    assert caught.value.error_type == "session_authorization_error"
    name = piped.call("organizations.get", **owner)["organization"]["organization_name"]
    assert name == done["organization"]["organization_name"]
    piped.call(
        "organizations.members.update",
        **owner,
        member_id=done["member_id"],
        roles=["stytch_admin"],
        preserve_existing_sessions=True,
    )
    changed = piped.call_for(done["session_token"], "organizations.update", **wanted)
    assert changed["organization"]["organization_name"] == "Renamed by a member"


def test_rights_are_checked_in_the_client(walks: Walks, piped: PipedClient) -> None:
    jwt = walks.sign_in("saml")["session_jwt"]

    def check(organization: str, action: str) -> object:
        asked = {"resource_id": "documents", "action": action}
        return piped.call(
            "sessions.authenticate_jwt_local",
            session_jwt=jwt,
            authorization_check={"organization_id": walks.customer[organization], **asked},
        )

    assert check("owner", "write")
    for organization, action, codes in (
        ("owner", "publish", {"Node": "invalid_permissions", "Java": "PermissionException"}),
        ("partner", "write", {"Node": "tenancy_mismatch", "Java": "TenancyException"}),
    ):
        with pytest.raises(Refused) as caught:
            check(organization, action)
        assert caught.value.fields["code"] == codes[piped.language]


def test_a_jwt_that_was_changed_is_refused_in_the_client_and_by_the_server(
    walks: Walks, piped: PipedClient
) -> None:
    jwt = walks.sign_in("saml")["session_jwt"]
    head, body, signature = jwt.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    claims["sub"] = "member-test-somebody-else"
    changed = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    forged = f"{head}.{changed}.{signature}"
    with pytest.raises(Refused) as caught:
        piped.call("sessions.authenticate_jwt_local", session_jwt=forged)
    assert caught.value.error_type == ""
    # Not good here, so the client asks the server.
    with pytest.raises(Refused) as caught:
        piped.call("sessions.authenticate_jwt", session_jwt=forged)
    assert caught.value.status_code == 400
    assert caught.value.error_type == "unable_to_parse_session_jwt"


def test_an_unknown_secret_is_refused(vestibule_dev: Vestibule) -> None:
    other = dataclasses.replace(vestibule_dev, secret="secret-test-none")
    with run_node_client(other) as node, pytest.raises(Refused) as caught:
        node.call("organizations.search")
    assert (caught.value.status_code, caught.value.error_type) == (401, "unauthorized_credentials")


def test_an_unknown_workspace_key_is_refused(vestibule_dev: Vestibule) -> None:
    other = dataclasses.replace(vestibule_dev, workspace_key_secret="secret-test-none")
    own = {"project_slug": other.project_slug, "environment_slug": other.environment_slug}
    with run_management_client(other) as client, pytest.raises(Refused) as caught:
        client.call("rbac_policy.get", **own)
    assert (caught.value.status_code, caught.value.error_type) == (401, "unauthorized_credentials")
