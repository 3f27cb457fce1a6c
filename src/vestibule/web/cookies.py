"""The cookies of the pages: their names, and what a browser is told to keep them from."""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from vestibule.domain.projects import LOOPBACK_HOSTS
from vestibule.services.runtime import Runtime

_VISITOR = "vestibule_visitor"


class Cookies:
    def __init__(self, rt: Runtime) -> None:
        self._rt = rt
        self._secure = not rt.settings.insecure_http
        self._loopback = urlsplit(rt.settings.base_url).hostname in LOOPBACK_HOSTS

    def read(self, request: Request, name: str) -> str:
        return request.cookies.get(self._named(name), "")

    def set(self, answer: Response, name: str, value: str) -> None:
        """For this site's own pages. It ends with the browser; when the visit ends is decided
        where visits are kept."""
        self._set(answer, name, value, "lax")

    def set_in_frame(self, answer: Response, name: str, value: str) -> None:
        """For our pages inside another site's: kept apart for each site that holds us (CHIPS).

        Browsers take it over http from loopback too, which they trust as they trust https.
        """
        if not (self._secure or self._loopback):
            self._set(answer, name, value, "lax")
            return
        self._set(answer, name, value, "none", secure=True)
        # The standard library writes this attribute from Python 3.14 on.
        header, cookie = answer.raw_headers[-1]
        answer.raw_headers[-1] = (header, cookie + b"; Partitioned")

    def forget(self, answer: Response, name: str) -> None:
        answer.delete_cookie(
            self._named(name), path="/", secure=self._secure, httponly=True, samesite="lax"
        )

    def visitor(self, request: Request) -> str:
        """The secret of the forms of somebody who has no visit yet; "" before `set_visitor`."""
        found = self.read(request, _VISITOR)
        return found if len(found) >= 40 else ""

    def set_visitor(self, request: Request, answer: Response, value: str) -> None:
        if value != self.visitor(request):
            self.set(answer, _VISITOR, value)

    def _set(
        self,
        answer: Response,
        name: str,
        value: str,
        samesite: Literal["lax", "none"],
        *,
        secure: bool = False,
    ) -> None:
        answer.set_cookie(
            self._named(name),
            value,
            secure=secure or self._secure,
            httponly=True,
            samesite=samesite,
            path="/",
        )

    def _named(self, name: str) -> str:
        # The prefix keeps a neighbour on the same domain from planting one (RFC 6265bis §4.1.3.2).
        return f"__Host-{name}" if self._secure else name
