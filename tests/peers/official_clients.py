"""The official Python and Node clients, unmodified, behind one way to call them.

Both are asked for their own list of calls, and a call has one name for both: the Python one. A
client notes what it passed. What to call, and what has to come back, is not decided here.
"""

from __future__ import annotations

import contextlib
import inspect
import json
import re
import subprocess
import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import jwt
import requests
import stytch
from pydantic import BaseModel
from stytch.core.response_base import StytchError

from peers import parts
from peers.vestibule_server import Vestibule

_FOLDER = Path(__file__).parent / "node_client"
_API = re.compile(r"stytch\.\w+\.api\.")
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


class NodeClient(Client):
    """The one from npm, in a process of its own."""

    language = "Node"

    def __init__(self, asks: IO[str], answers: IO[str], settings: Mapping[str, str]) -> None:
        self._asks = asks
        self._answers = answers
        names = self._exchange(settings)
        super().__init__({snake_case(name): name for name in names})

    def call_for(self, session_token: str, name: str, /, **params: Any) -> Any:
        """As `call`, on behalf of the member whose session it is."""
        options = {"authorization": {"session_token": session_token}}
        return self._call(self._own[name], params, options)

    def _call(self, own: Any, params: dict[str, Any], options: Any = None) -> Any:
        said = self._exchange({"call": own, "params": params, "options": options})
        if "error" in said:
            raise Refused(said["error"])
        return said.get("answer")

    def _empty(self, name: str) -> dict[str, Any]:
        return {}

    def _exchange(self, line: Any) -> Any:
        self._asks.write(json.dumps(line) + "\n")
        self._asks.flush()
        return json.loads(self._answers.readline())


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


def snake_case(name: str) -> str:
    """`organizations.members.deleteMFAPhoneNumber` as Python spells it."""
    return _WORDS.sub("_", name).lower()


@contextlib.contextmanager
def run_node_client(server: Vestibule) -> Iterator[NodeClient]:
    """Node with the client while the block lasts."""
    if not (_FOLDER / "node_modules" / "stytch" / "package.json").exists():
        parts.missing("the Node package stytch")
    settings = {"project_id": server.project_id, "secret": server.secret, "env": server.base_url}
    with (
        server.data.with_name("node_client.log").open("ab") as log,
        subprocess.Popen(
            [parts.node(), _FOLDER / "calls.mjs"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        ) as process,
    ):
        assert process.stdin is not None and process.stdout is not None
        try:
            yield NodeClient(process.stdin, process.stdout, settings)
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
