"""Single logout at the built-in identity provider: who is signed in where, and the end of it.

Part of the provider of `vestibule dev`, which trusts everybody: it reads requests without asking
who signed them, signs its own, and speaks to logout URLs of this very server only. It remembers in
memory whom it signed in; after a restart nobody is.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from vestibule.errors import refusal
from vestibule.protocols import saml
from vestibule.services.runtime import Runtime
from vestibule.web.incoming import once, read_body
from vestibule.web.pages import render

_MAX_BODY = 64 * 1024
_MAX_SESSIONS = 1000
_CALLBACK, _LOGOUT = "/v1/b2b/sso/callback/", "/v1/b2b/sso/logout/"


@dataclass(frozen=True, slots=True)
class _SignedIn:
    """One assertion that was given out: to whom, about whom, under which index."""

    entity_id: str
    name_id: str
    format: str
    session_index: str


@dataclass(slots=True)
class MockLogouts:
    """The provider's sessions, and its two logout pages below `path`."""

    rt: Runtime
    entity_id: str
    path: str
    private_key: str = field(repr=False)
    _signed_in: list[_SignedIn] = field(default_factory=list, repr=False)
    # Those still to be told, by the RelayState of a logout under way.
    _to_tell: dict[str, list[_SignedIn]] = field(default_factory=dict, repr=False)

    @property
    def url(self) -> str:
        return f"{self.rt.settings.base_url}{self.path}/slo"

    def routes(self) -> list[tuple[str, Callable[[Request], Awaitable[Response]], str]]:
        return [
            (f"{self.path}/slo", self.slo, "GET"),
            (f"{self.path}/sign-out", self.page, "GET"),
            (f"{self.path}/sign-out", self.begin, "POST"),
        ]

    def remember(self, entity_id: str, name_id: str, kind: str, session_index: str) -> None:
        del self._signed_in[:-_MAX_SESSIONS]
        self._signed_in.append(_SignedIn(entity_id, name_id, kind, session_index))

    async def page(self, _: Request) -> Response:
        """Everybody who is signed in somewhere, each with a way out."""
        names = list(dict.fromkeys(one.name_id for one in self._signed_in))
        shown = render("mock_idp/sign_out.html", names=names, action=f"{self.path}/sign-out")
        return HTMLResponse(shown, headers={"cache-control": "no-store"})

    async def begin(self, request: Request) -> Response:
        """Sign somebody out everywhere: the browser is led from one application to the next."""
        form = once(await read_body(request.receive, _MAX_BODY))
        name = form.get("name_id", "")
        told = [one for one in self._signed_in if one.name_id == name]
        self._signed_in = [one for one in self._signed_in if one.name_id != name]
        state = self.rt.new_token()
        self._to_tell[state] = told
        return self._tell_next(state)

    async def slo(self, request: Request) -> Response:
        """An application's request to log out, or its answer to ours."""
        message = saml.read_redirect(request.scope["query_string"])
        if message.name == "SAMLResponse":
            saml.read_logout_response(message)
            return self._tell_next(message.unverified_relay_state)
        asked = saml.read_logout_request(message)
        url = self._logout_url(asked.unverified_issuer)
        indexes = asked.unverified_session_indexes
        self._signed_in = [
            one
            for one in self._signed_in
            if (one.entity_id, one.name_id) != (asked.unverified_issuer, asked.unverified_name_id)
            or (indexes and one.session_index not in indexes)
        ]
        document = saml.build_logout_response(
            self.entity_id,
            destination=url,
            response_id=self._new_id(),
            in_response_to=asked.unverified_id,
            status=(saml.STATUS_SUCCESS,),
            now=self.rt.now(),
        )
        return self._redirect(document, url, message.unverified_relay_state, "SAMLResponse")

    def _tell_next(self, state: str) -> Response:
        left = self._to_tell.get(state) or []
        if not left:
            self._to_tell.pop(state, None)
            return RedirectResponse(f"{self.path}/sign-out", 303)
        one = left.pop(0)
        url = self._logout_url(one.entity_id)
        document = saml.build_logout_request(
            self.entity_id,
            destination=url,
            request_id=self._new_id(),
            name_id=saml.NameId(one.name_id, one.format),
            session_index=one.session_index,
            now=self.rt.now(),
        )
        return self._redirect(document, url, state, "SAMLRequest")

    def _redirect(self, document: bytes, url: str, state: str, name: saml.MessageName) -> Response:
        carried = saml.encode_redirect(document, url, state, self.private_key, name=name)
        return RedirectResponse(carried, 303)

    def _logout_url(self, entity_id: str) -> str:
        """The logout URL of a connection of this server; whatever else asks gets nothing signed."""
        ours = f"{self.rt.settings.base_url}{_CALLBACK}"
        connection_id = entity_id.removeprefix(ours)
        if not entity_id.startswith(ours) or not connection_id.replace("-", "").isalnum():
            raise refusal("bad_request", want="a connection of this server", got=entity_id)
        return f"{self.rt.settings.base_url}{_LOGOUT}{connection_id}"

    def _new_id(self) -> str:
        return f"_{self.rt.random(16).hex()}"
