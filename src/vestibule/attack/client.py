"""One keep-alive connection to the server under attack. Owns how long an answer may take and how
much of it is read. Refuses to know what is sent."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import SplitResult, urlsplit

TIMEOUT = 20.0
_MOST = 4 * 1024 * 1024
FORM = "application/x-www-form-urlencoded"


class Unusable(Exception):
    """What the suite was given cannot be attacked; says why in one line."""


@dataclass(frozen=True)
class Answer:
    """What came back; status 0 where nothing did."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    seconds: float = 0.0
    cookies: tuple[str, ...] = ()

    @property
    def document(self) -> dict[str, Any]:
        """The body as a JSON object, empty where it is none."""
        try:
            found = json.loads(self.body)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}


class Client:
    """Speaks to the host of `url`, one request at a time, and follows nothing."""

    def __init__(self, url: str) -> None:
        self._parts = _server(url)
        self._open: http.client.HTTPConnection | None = None

    def send(
        self,
        method: str,
        target: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request; a connection that the server had closed meanwhile is opened once more."""
        began = time.perf_counter()
        for last in (False, True):
            fresh = self._open is None
            try:
                found = self._ask(method, target, body, headers or {})
            except (OSError, http.client.HTTPException):
                self.close()
                if fresh or last:
                    break
                continue
            return replace(found, seconds=time.perf_counter() - began)
        return Answer(0, seconds=time.perf_counter() - began)

    def _ask(
        self, method: str, target: str, body: bytes | None, headers: Mapping[str, str]
    ) -> Answer:
        if self._open is None:
            secure = self._parts.scheme == "https"
            kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
            self._open = kind(self._parts.hostname or "", self._parts.port, timeout=TIMEOUT)
        self._open.request(method, target, body, dict(headers))
        answer = self._open.getresponse()
        octets = answer.read(_MOST)
        if not answer.isclosed():
            self.close()
        told = {name.lower(): value for name, value in answer.getheaders()}
        cookies = tuple(answer.headers.get_all("set-cookie") or ())
        return Answer(answer.status, told, octets, cookies=cookies)

    def close(self) -> None:
        if self._open is not None:
            self._open.close()
        self._open = None


def _server(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = None
    if not usable or not url.isascii() or " " in url:
        raise Unusable(f"{url} is no http or https URL.")
    return parts
