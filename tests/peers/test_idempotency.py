"""Idempotency keys where they are needed: real servers, answers that are lost on the way, a server
that is killed, two servers at once, and our SDK, which sends a key with all that it changes."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import pytest

from peers.test_python_sdk import Awaited, begin, credentials_of, walk
from peers.vestibule_server import Vestibule as Server
from peers.vestibule_server import run_vestibule_dev
from vestibule_sdk import AsyncVestibule, InvalidRequest, NoAnswer, NotFound, Vestibule

pytestmark = pytest.mark.peer

AT_ONCE = 8


class Losing(httpx2.HTTPTransport):
    """A way on which the next answers are lost, after the server has given them."""

    lost = 0
    seen: list[httpx2.Request]

    def __init__(self) -> None:
        super().__init__()
        self.seen = []

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        self.seen.append(request)
        answer = super().handle_request(request)
        if self.lost:
            self.lost -= 1
            answer.read()
            answer.close()
            raise httpx2.ReadError("the connection was cut")
        return answer


class AsyncLosing(httpx2.AsyncHTTPTransport):
    """The same to await."""

    lost = 0
    seen: list[httpx2.Request]

    def __init__(self) -> None:
        super().__init__()
        self.seen = []

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self.seen.append(request)
        answer = await super().handle_async_request(request)
        if self.lost:
            self.lost -= 1
            await answer.aread()
            await answer.aclose()
            raise httpx2.ReadError("the connection was cut")
        return answer


@pytest.fixture(params=["waits", "awaits"])
def way(request: pytest.FixtureRequest, vestibule_dev: Server) -> Iterator[tuple[Any, Any]]:
    """A client of each face, and the way that it sends on."""
    credentials = credentials_of(vestibule_dev)
    if request.param == "waits":
        plain = Losing()
        with httpx2.Client(transport=plain) as http:
            yield Vestibule(credentials, http=http), plain
        return
    with asyncio.Runner() as runner:

        async def of_this_loop(awaitable: Any) -> Any:
            return await awaitable

        awaited = AsyncLosing()
        http_to_await = httpx2.AsyncClient(transport=awaited)
        client = AsyncVestibule(credentials, http=http_to_await)
        yield Awaited(client, lambda one: runner.run(of_this_loop(one))), awaited
        runner.run(http_to_await.aclose())


def found(client: Any, name: str) -> list[str]:
    query = {
        "operator": "AND",
        "operands": [{"filter_name": "organization_name_fuzzy", "filter_value": name}],
    }
    return [one.organization_id for one in client.organizations.search(query=query).organizations]


def test_a_create_whose_answers_are_lost_is_done_once_and_answered(way: tuple[Any, Any]) -> None:
    client, line = way
    name = f"Lost {type(line).__name__}"
    line.lost = 2
    made = client.organizations.create(organization_name=name).organization.organization_id
    sent = [one for one in line.seen if one.method == "POST"]
    assert len(sent) == 3
    assert len({one.headers["idempotency-key"] for one in sent}) == 1
    assert found(client, name) == [made]


def test_a_login_whose_answer_is_lost_is_a_login(
    way: tuple[Any, Any], vestibule_dev: Server
) -> None:
    client, line = way
    saml = client.sso.get_connections(organization_id="northwind").saml_connections[0]
    start = begin(client, saml.connection_id)
    token = walk(vestibule_dev, start)
    line.lost = 1
    opened = client.sso.authenticate(sso_token=token, pkce_code_verifier=start.code_verifier)
    client.sessions.authenticate(session_token=opened.session_token)
    with pytest.raises(NotFound):
        client.sso.authenticate(sso_token=token, pkce_code_verifier=start.code_verifier)


def test_a_deletion_whose_answer_is_lost_is_a_deletion(way: tuple[Any, Any]) -> None:
    client, line = way
    made = client.organizations.create(organization_name="Gone").organization.organization_id
    line.lost = 1
    assert client.organizations.delete(organization_id=made).organization_id == made


def test_a_key_of_the_callers_own_outlives_the_call(way: tuple[Any, Any]) -> None:
    client, line = way
    name = f"Own {type(line).__name__}"
    line.lost = 3
    with pytest.raises(NoAnswer) as caught:
        client.organizations.create(organization_name=name, idempotency_key=f"order {name}")
    assert caught.value.sent
    made = client.organizations.create(organization_name=name, idempotency_key=f"order {name}")
    assert found(client, name) == [made.organization.organization_id]
    with pytest.raises(InvalidRequest) as other:
        client.organizations.create(organization_name="Other", idempotency_key=f"order {name}")
    assert (other.value.status, other.value.code) == (422, "idempotency_key_reused")


def test_an_answer_outlives_the_server_that_gave_it(tmp_path: Path) -> None:
    """Killed, not asked to end: what was kept is on the disk."""
    with run_vestibule_dev(tmp_path / "data") as first:
        line = Losing()
        line.lost = 1
        with httpx2.Client(transport=line) as http:
            client = Vestibule(credentials_of(first), retries=0, http=http)
            with pytest.raises(NoAnswer):
                client.organizations.create(organization_name="Durable", idempotency_key="key-1")
        first.process.kill()
        first.process.wait(10)
    with (
        run_vestibule_dev(tmp_path / "data") as second,
        Vestibule(credentials_of(second)) as client,
    ):
        made = client.organizations.create(organization_name="Durable", idempotency_key="key-1")
        assert found(client, "Durable") == [made.organization.organization_id]


def test_two_servers_of_one_database_do_a_request_once(tmp_path: Path) -> None:
    """Both at the same moment, several times each."""
    with run_vestibule_dev(tmp_path / "data") as one, run_vestibule_dev(tmp_path / "data") as two:
        gate = threading.Barrier(AT_ONCE)

        def create(number: int) -> str:
            server = (one, two)[number % 2]
            with httpx2.Client(base_url=server.base_url, auth=one.auth) as http:
                gate.wait(10)
                answer = http.post(
                    "/v1/b2b/organizations",
                    json={"organization_name": "Together"},
                    headers={"idempotency-key": "key-1"},
                )
            if answer.status_code == 409:
                assert answer.json()["error_type"] == "idempotency_key_in_use"
                return ""
            assert answer.status_code == 200, answer.text
            return str(answer.json()["organization"]["organization_id"])

        with ThreadPoolExecutor(AT_ONCE) as threads:
            made = set(threads.map(create, range(AT_ONCE)))
        with Vestibule(credentials_of(one)) as client:
            assert found(client, "Together") == sorted(made - {""})


def test_the_sdk_waits_for_whoever_is_running_its_request(vestibule_dev: Server) -> None:
    """Two programs with the same key of their own: both get the one answer."""

    def create(_: int) -> str:
        with Vestibule(credentials_of(vestibule_dev), retries=5) as client:
            made = client.organizations.create(organization_name="Both", idempotency_key="both")
            return str(made.organization.organization_id)

    with ThreadPoolExecutor(4) as threads:
        made = set(threads.map(create, range(4)))
    with Vestibule(credentials_of(vestibule_dev)) as client:
        assert found(client, "Both") == list(made)
