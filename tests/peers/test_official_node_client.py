"""The official Node client against a live `vestibule dev`, and what both official backend clients
can do there: every call that they have, by their own lists.

The Python client has a test file of its own that goes deeper; here it takes the same walks as
Node's, so that the page in docs/reference tells of both.
"""

from __future__ import annotations

import base64
import dataclasses
import json
from collections.abc import Iterator

import pytest

from peers import compatibility
from peers.compatibility import NOT_BUILT_YET, PAGE, PASSED, WALKS, Walks, run_clients
from peers.official_clients import NodeClient, Refused, run_node_client, snake_case
from peers.vestibule_server import Vestibule

pytestmark = pytest.mark.peer

IN_SCOPE = ("organizations.", "sso.", "sessions.", "rbac.")


@pytest.fixture(scope="module")
def clients(vestibule_dev: Vestibule) -> Iterator[dict[str, Walks]]:
    with run_clients(vestibule_dev) as found:
        yield found


@pytest.fixture
def walks(clients: dict[str, Walks]) -> Walks:
    return clients["Node"]


@pytest.fixture
def node(walks: Walks) -> NodeClient:
    assert isinstance(walks.client, NodeClient)
    return walks.client


@pytest.mark.parametrize("language", ["Node", "Python"])
@pytest.mark.parametrize("name", WALKS)
def test_what_is_in_scope_passes(clients: dict[str, Walks], name: str, language: str) -> None:
    clients[language].walk(name)


@pytest.mark.parametrize("language", ["Node", "Python"])
def test_every_call_passes_or_is_refused_as_one_that_is_not_there(
    clients: dict[str, Walks], language: str
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
        "organizations.members.start_email_update",
        "sessions.attest",
        "sessions.exchange_access_token",
        "sessions.migrate",
    }


def test_the_page_tells_what_the_run_found(clients: dict[str, Walks]) -> None:
    found = {language: walks.outcomes() for language, walks in clients.items()}
    said = PAGE.read_text(encoding="utf-8")
    assert said == compatibility.render(found), "run `python -m peers.compatibility`"


def test_what_is_not_built_yet_names_calls_that_a_client_has(clients: dict[str, Walks]) -> None:
    calls = {call for walks in clients.values() for call in walks.client.calls}
    assert [n for n in NOT_BUILT_YET if not any(call.startswith(n) for call in calls)] == []


@pytest.mark.parametrize(
    ("own", "python"),
    [
        ("organizations.members.deleteMFAPhoneNumber", "delete_mfa_phone_number"),
        ("organizations.members.deleteTOTP", "delete_totp"),
        ("sso.saml.updateByURL", "update_by_url"),
        ("sessions.getJWKS", "get_jwks"),
        ("sessions.authenticateJwtLocal", "authenticate_jwt_local"),
    ],
)
def test_a_call_has_one_name_for_both(own: str, python: str) -> None:
    assert snake_case(own) == f"{own.rpartition('.')[0]}.{python}"


# --- Node alone ---------------------------------------------------------------------------------


def test_a_call_on_behalf_of_a_member_needs_the_members_right(
    walks: Walks, node: NodeClient
) -> None:
    done = walks.sign_in("oidc")
    owner = {"organization_id": walks.customer["owner"]}
    wanted = {**owner, "organization_name": "Renamed by a member"}
    with pytest.raises(Refused) as caught:
        node.call_for(done["session_token"], "organizations.update", **wanted)
    assert caught.value.status_code == 403
    assert caught.value.error_type == "session_authorization_error"
    name = node.call("organizations.get", **owner)["organization"]["organization_name"]
    assert name == done["organization"]["organization_name"]
    node.call(
        "organizations.members.update",
        **owner,
        member_id=done["member_id"],
        roles=["stytch_admin"],
        preserve_existing_sessions=True,
    )
    changed = node.call_for(done["session_token"], "organizations.update", **wanted)
    assert changed["organization"]["organization_name"] == "Renamed by a member"


def test_rights_are_checked_in_the_client(walks: Walks, node: NodeClient) -> None:
    jwt = walks.sign_in("saml")["session_jwt"]

    def check(organization: str, action: str) -> object:
        asked = {"resource_id": "documents", "action": action}
        return node.call(
            "sessions.authenticate_jwt_local",
            session_jwt=jwt,
            authorization_check={"organization_id": walks.customer[organization], **asked},
        )

    assert check("owner", "write")
    for organization, action, code in (
        ("owner", "publish", "invalid_permissions"),
        ("partner", "write", "tenancy_mismatch"),
    ):
        with pytest.raises(Refused) as caught:
            check(organization, action)
        assert caught.value.fields["code"] == code


def test_a_jwt_that_was_changed_is_refused_in_the_client_and_by_the_server(
    walks: Walks, node: NodeClient
) -> None:
    jwt = walks.sign_in("saml")["session_jwt"]
    head, body, signature = jwt.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    claims["sub"] = "member-test-somebody-else"
    changed = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    forged = f"{head}.{changed}.{signature}"
    with pytest.raises(Refused) as caught:
        node.call("sessions.authenticate_jwt_local", session_jwt=forged)
    assert caught.value.error_type == ""
    # Not good here, so the client asks the server.
    with pytest.raises(Refused) as caught:
        node.call("sessions.authenticate_jwt", session_jwt=forged)
    assert caught.value.status_code == 400
    assert caught.value.error_type == "unable_to_parse_session_jwt"


def test_an_unknown_secret_is_refused(vestibule_dev: Vestibule) -> None:
    other = dataclasses.replace(vestibule_dev, secret="secret-test-none")
    with run_node_client(other) as node, pytest.raises(Refused) as caught:
        node.call("organizations.search")
    assert (caught.value.status_code, caught.value.error_type) == (401, "unauthorized_credentials")
