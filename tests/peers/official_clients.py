"""The official backend and management clients, unmodified, behind one way to call them.

Each is asked for its own list of calls, and a call has one name for all: the Python one. A client
notes what it passed. What to call, and what has to come back, is not decided here.
"""

from __future__ import annotations

import contextlib
import inspect
import json
import re
import subprocess
import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

import jwt
import requests
import stytch
import stytch_management
from pydantic import BaseModel
from stytch.core.response_base import StytchError

from peers import parts
from peers.tls_door import run_tls_door
from peers.vestibule_server import Vestibule

_NODE = Path(__file__).parent / "node_client"
_JAVA = Path(__file__).parent / "java_client"
_API = re.compile(r"stytch\.\w+\.api\.|stytch_management\.")
_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


class Refused(Exception):
    """A client's own error, field by field as it hands it to its user.

    `error_type` is empty where the client refused by itself, or could not read the answer.
    """

    def __init__(self, fields: Mapping[str, Any]) -> None:
        self.fields = fields
        self.status_code = fields.get("status_code")
        self.error_type = str(fields.get("error_type") or "")
        super().__init__(f"{self.status_code} {self.error_type}: {dict(fields)}")


class Client(ABC):
    """One official client. `calls` are the names of all that it can do."""

    language: str

    def __init__(self, calls: Mapping[str, Any]) -> None:
        self._own = calls
        self.calls = frozenset(calls)
        self.passed: set[str] = set()

    def call(self, name: str, /, **params: Any) -> Any:
        """Call it as a user would.

        Returns: the client's answer as plain JSON values.
        Raises: Refused.
        """
        answer = self._call(self._own[name], params)
        self.passed.add(name)
        return answer

    def probe(self, name: str) -> str:
        """The server's error type when the call is made with nothing of use in it; "" where the
        client did not ask or could not read the answer, "answered" where it was done."""
        try:
            self._call(self._own[name], self._empty(name))
        except Refused as refused:
            return refused.error_type
        return "answered"

    @abstractmethod
    def _call(self, own: Any, params: dict[str, Any]) -> Any:
        """Call the client's own function; its refusal becomes `Refused`."""

    @abstractmethod
    def _empty(self, name: str) -> dict[str, Any]:
        """Arguments with nothing of use in them."""


class PipedClient(Client):
    """One in a process of its own that answers a line with a line, both JSON."""

    def __init__(self, asks: IO[str], answers: IO[str], settings: Mapping[str, str]) -> None:
        self._asks = asks
        self._answers = answers
        names = self._exchange(settings)
        super().__init__({snake_case(name): name for name in names})

    def call_for(self, session_token: str, name: str, /, **params: Any) -> Any:
        """As `call`, on behalf of the member whose session it is."""
        return self._call(self._own[name], params, session_token)

    def _call(self, own: Any, params: dict[str, Any], session_token: str | None = None) -> Any:
        said = self._exchange({"call": own, "params": params, "session_token": session_token})
        if "error" in said:
            raise Refused(said["error"])
        return said.get("answer")

    def _exchange(self, line: Any) -> Any:
        self._asks.write(json.dumps(line) + "\n")
        self._asks.flush()
        return json.loads(self._answers.readline())


class NodeClient(PipedClient):
    """The one from npm."""

    language = "Node"

    def _empty(self, name: str) -> dict[str, Any]:
        return {}


class JavaClient(PipedClient):
    """The one for the JVM, by the form of its calls that Java has."""

    language = "Java"

    def _empty(self, name: str) -> dict[str, Any]:
        # A request of its own cannot be made without what it requires.
        found: dict[str, Any] = self._exchange({"empty": self._own[name]})["params"]
        return found


class PythonClient(Client):
    """The one from PyPI, in this process, by its synchronous calls."""

    language = "Python"

    def __init__(self, client: stytch.B2BClient) -> None:
        super().__init__(dict(_methods(client)))

    def _call(self, own: Any, params: dict[str, Any]) -> Any:
        try:
            answer = own(**params)
        except StytchError as error:
            raise Refused(error.details.model_dump(mode="json")) from error
        except (jwt.PyJWTError, TypeError, ValueError) as error:
            raise Refused({"message": repr(error)}) from error
        return answer.model_dump(mode="json") if isinstance(answer, BaseModel) else answer

    def _empty(self, name: str) -> dict[str, Any]:
        wanted = inspect.signature(self._own[name]).parameters.values()
        return {p.name: "none" for p in wanted if p.default is inspect.Parameter.empty}


class ManagementClient(Client):
    """The one from PyPI for the project's own settings."""

    language = "Python"

    def __init__(self, client: stytch_management.Client, place: Mapping[str, str]) -> None:
        self._place = place
        super().__init__(dict(_methods(client)))

    def _call(self, own: Any, params: dict[str, Any]) -> Any:
        try:
            answer = own(**params)
        except stytch_management.StytchError as error:
            raise Refused(error.details.model_dump(mode="json")) from error
        except (stytch_management.ClientError, TypeError, ValueError) as error:
            raise Refused({"message": repr(error)}) from error
        return answer.model_dump(mode="json")

    def _empty(self, name: str) -> dict[str, Any]:
        # The project has to be there: to ask about another one is refused before anything else.
        wanted = inspect.signature(self._own[name]).parameters.values()
        return {p.name: self._place.get(p.name, _nothing(str(p.annotation))) for p in wanted}


def _nothing(annotation: str) -> Any:
    kinds: dict[str, Any] = {"List": [], "Dict": {}, "bool": False, "int": 0}
    return next((nothing for kind, nothing in kinds.items() if kind in annotation), "none")


def snake_case(name: str) -> str:
    """`organizations.members.deleteMFAPhoneNumber` as Python spells it."""
    return _WORDS.sub("_", name).lower()


@contextlib.contextmanager
def run_node_client(server: Vestibule) -> Iterator[NodeClient]:
    """Node with the client while the block lasts."""
    if not (_NODE / "node_modules" / "stytch" / "package.json").exists():
        parts.missing("the Node package stytch")
    with _pipe("node_client", [parts.node(), _NODE / "calls.mjs"], server) as (asks, answers):
        settings = {"project_id": server.project_id, "secret": server.secret}
        yield NodeClient(asks, answers, {**settings, "env": server.base_url})


@contextlib.contextmanager
def run_java_client(server: Vestibule) -> Iterator[JavaClient]:
    """A Java machine with the client while the block lasts; it compiles what calls the client."""
    words: list[str | Path] = [parts.java(), "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp"]
    words += [f"{parts.java_client()}/*", _JAVA / "Calls.java"]
    with _pipe("java_client", words, server) as (asks, answers):
        settings = {"project_id": server.project_id, "secret": server.secret}
        yield JavaClient(asks, answers, {**settings, "base_url": server.base_url})


@contextlib.contextmanager
def run_management_client(server: Vestibule) -> Iterator[ManagementClient]:
    """The management client, through TLS: it takes nothing else."""
    port = urlsplit(server.base_url).port
    assert port is not None
    with (
        run_tls_door(port, server.data.parent) as door,
        requests.Session() as session,
    ):
        # Otherwise REQUESTS_CA_BUNDLE would be asked instead.
        session.trust_env = False
        session.verify = str(door.certificate)
        made = stytch_management.Client(
            workspace_key_id=server.workspace_key_id,
            workspace_key_secret=server.workspace_key_secret,
            base_url=door.base_url,
            session=session,
        )
        own = {"project_slug": server.project_slug, "environment_slug": server.environment_slug}
        yield ManagementClient(made, own)


@contextlib.contextmanager
def _pipe(
    name: str, words: Sequence[str | Path], server: Vestibule
) -> Iterator[tuple[IO[str], IO[str]]]:
    with (
        server.data.with_name(f"{name}.log").open("ab") as log,
        subprocess.Popen(
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            encoding="utf-8",
        ) as process,
    ):
        assert process.stdin is not None and process.stdout is not None
        try:
            yield process.stdin, process.stdout
        finally:
            # Its input ends, and so does it.
            process.stdin.close()


@contextlib.contextmanager
def run_python_client(server: Vestibule) -> Iterator[PythonClient]:
    """The Python client with a connection pool that is closed again."""
    with requests.Session() as session:
        with warnings.catch_warnings():
            # The package still makes an aiohttp.BasicAuth, which aiohttp calls deprecated.
            warnings.simplefilter("ignore", DeprecationWarning)
            made = stytch.B2BClient(
                project_id=server.project_id,
                secret=server.secret,
                environment=server.base_url,
                sync_session=session,
            )
        yield PythonClient(made)


def _methods(holder: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    for name, method in inspect.getmembers(holder, inspect.ismethod):
        if path and not name.startswith("_") and not name.endswith("_async"):
            yield f"{path}{name}", method
    parts_of = {n: getattr(holder, n) for n in {*vars(holder), *_properties(holder)}}
    for name, part in parts_of.items():
        if _API.match(type(part).__module__) and not name.startswith("_"):
            yield from _methods(part, f"{path}{name}.")


def _properties(holder: Any) -> list[str]:
    return [
        name
        for name, _ in inspect.getmembers(type(holder), inspect.isdatadescriptor)
        if not name.startswith("_")
    ]
