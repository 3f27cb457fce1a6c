"""The door of a web application: who is at it, and the four paths by which people come and go.

`{prefix}/login`, `/callback`, `/switch` and `/logout` are answered here; every other request gets
the session that its cookies or its bearer token prove. Owns the cookies. Knows no framework: it
reads a `Visit` and gives back a `Reply` or a `Found`; `asgi.py`, `wsgi.py` and `django.py` carry
both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypedDict
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from vestibule_sdk.api import operations as o
from vestibule_sdk.calls import Flow, call
from vestibule_sdk.errors import (
    ApiError,
    InvalidRequest,
    NotFound,
    ServerError,
    SessionInvalid,
    TooManyRequests,
    Unauthenticated,
    UpstreamError,
)

if TYPE_CHECKING:
    from vestibule_sdk.async_client import AsyncVestibule
    from vestibule_sdk.client import Vestibule
    from vestibule_sdk.session_jwt import Session

# Where every face of the door leaves what it found: the scope of ASGI, the environ of WSGI.
SESSION_KEY = "vestibule.session"
DOOR_KEY = "vestibule.door"
CLIENT_KEY = "vestibule.client"

_LOGIN_SECONDS = 600
# Browsers drop a cookie beyond 4096 bytes; without it the server is asked at every request.
_JWT_COOKIE_LIMIT = 3800
_NEXT_LIMIT = 1000  # it stands in a cookie for the time of a login
_OPAQUE = "insufficient_factors_for_session_exchange"


@dataclass(frozen=True, slots=True)
class Visit:
    """What a request shows. Names of headers in lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    scheme: str

    @property
    def origin(self) -> str:
        return f"{self.scheme}://{self.headers.get('host', '')}"

    def cookie(self, name: str) -> str:
        # The standard library stops reading at the first cookie that it does not like, whoever
        # set it; ours may come after.
        for pair in self.headers.get("cookie", "").split(";"):
            found, _, value = pair.strip().partition("=")
            if found == name:
                return value
        return ""

    def from_own_page(self) -> bool:
        """What changes something is asked for by our own pages, whatever cookies came along."""
        site = self.headers.get("sec-fetch-site")
        if site is not None:
            return site in ("same-origin", "none")
        origin = self.headers.get("origin")
        return origin is None or urlsplit(origin).netloc == self.headers.get("host")


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer that the application never sees: a redirect, or a sentence."""

    status: int
    location: str = ""
    text: str = ""
    cookies: tuple[str, ...] = field(default=(), repr=False)

    @property
    def headers(self) -> list[tuple[str, str]]:
        named = [("content-type", "text/plain; charset=utf-8"), ("cache-control", "no-store")]
        if self.location:
            named.append(("location", self.location))
        return named + [("set-cookie", cookie) for cookie in self.cookies]


@dataclass(frozen=True, slots=True)
class Found:
    """Who is here, if anybody, and the cookies to set on the application's own answer."""

    session: Session | None = None
    cookies: tuple[str, ...] = field(default=(), repr=False)


class DoorOptions(TypedDict, total=False):
    """What `Door` says of its fields."""

    prefix: str
    home: str
    sign_in: str
    callback_url: str
    secure: bool | None
    session_minutes: int | None


@dataclass(frozen=True, slots=True)
class Door:
    """
    Args:
        client: either one; the door only reads what it knows and makes flows for it.
        prefix: of the four paths.
        home: where people go who asked for nothing else.
        sign_in: the page with the choice of organizations; who has no session is sent there from
            a page that needs one. "" answers 401 instead.
        callback_url: as registered with the project; made from the request where it is "".
        secure: whether cookies are for https alone; None goes by the scheme of the request, which
            behind a proxy is the proxy's choice: say True there.
        session_minutes: how long a session lasts from the login.
    """

    client: Vestibule | AsyncVestibule
    prefix: str = "/auth"
    home: str = "/"
    sign_in: str = ""
    callback_url: str = ""
    secure: bool | None = None
    session_minutes: int | None = None

    def answer(self, visit: Visit) -> Flow[Reply | Found]:
        """What to do with a request."""
        page = visit.path.removeprefix(self.prefix) if visit.path.startswith(self.prefix) else ""
        if page == "/login" and visit.method == "GET":
            return self._login(visit)
        if page == "/callback" and visit.method == "GET":
            return (yield from self._callback(visit))
        if page in ("/switch", "/logout"):
            if visit.method != "POST":
                return Reply(405, text="This path is for POST.")
            if not visit.from_own_page():
                return Reply(403, text="Another site asked for this.")
            leave = self._switch if page == "/switch" else self._logout
            return (yield from leave(visit))
        return (yield from self._find(visit))

    # --- who is here ------------------------------------------------------------------------------

    def _find(self, visit: Visit) -> Flow[Found]:
        verification = self.client.verification
        scheme, _, bearer = visit.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            # A program shows it, and looks after its own fresh ones.
            try:
                return Found((yield from verification.verify(bearer, max_age=None, ask=False)))
            except SessionInvalid:
                return Found()
        jwt, token = (visit.cookie(self._name(visit, kind)) for kind in ("jwt", "session"))
        if jwt:
            try:
                return Found((yield from verification.verify(jwt, max_age=None, ask=False)))
            except SessionInvalid:
                pass
        if not token:
            return Found()
        try:
            fresh = yield from verification.ask({"session_token": token})
        except ApiError as error:
            if not _ended(error):
                raise
            return Found(cookies=self._forget(visit))
        return Found(fresh.session, self._keep_jwt(visit, fresh.session_jwt))

    # --- coming and going -------------------------------------------------------------------------

    def _login(self, visit: Visit) -> Reply:
        where = {f"{kind}_id": visit.query.get(kind) for kind in ("organization", "connection")}
        if sum(value is not None for value in where.values()) != 1:
            return Reply(400, text="Say which organization or which connection.")
        back = self.callback_url or f"{visit.origin}{self.prefix}/callback"
        start = self.client.credentials.start_login(
            **where, login_redirect_url=back, signup_redirect_url=back
        )
        kept = f"{start.code_verifier}.{quote(self._next(visit), safe='/')}"
        cookie = self._cookie(visit, "login", kept, _LOGIN_SECONDS)
        return Reply(303, start.url, cookies=(cookie,))

    def _callback(self, visit: Visit) -> Flow[Reply]:
        """Where Vestibule sends people back to, with a token that works once.

        The verifier is known to the browser that began alone: a link with somebody else's token,
        which would sign the visitor in as that person, is refused.
        """
        verifier, _, following = visit.cookie(self._name(visit, "login")).partition(".")
        if not verifier:
            return Reply(400, text="This sign-in was not started in this browser. Start it again.")
        body = {
            "sso_token": visit.query.get("token", ""),
            "pkce_code_verifier": verifier,
            "session_duration_minutes": self.session_minutes,
        }
        try:
            done = yield from call(self.client.access, o.SSO_AUTHENTICATE, {}, {}, body)
        except ApiError as error:
            if not _of_the_visitor(error):
                raise
            return Reply(400, text=f"{error.message} {error.remedy} ({error.request_id})")
        if not done.member_authenticated:
            return Reply(403, text="This organization asks for a further step, not offered here.")
        cookies = self._keep(visit, done.session_token, done.session_jwt)
        ended = self._cookie(visit, "login", "", 0)
        return Reply(303, _own_path(unquote(following), self.home), cookies=(*cookies, ended))

    def _switch(self, visit: Visit) -> Flow[Reply]:
        """To another organization with the session at hand; where that does not suffice, by a
        login, which is a redirect nobody notices with a session at the identity provider."""
        organization = visit.query.get("organization", "")
        token = visit.cookie(self._name(visit, "session"))
        if not organization or not token:
            return Reply(400, text="Sign in first, and say which organization.")
        body = {"organization_id": organization, "session_token": token}
        try:
            done = yield from call(self.client.access, o.SESSIONS_EXCHANGE, {}, {}, body)
        except ApiError as error:
            if error.error_type == "session_not_found":
                return Reply(303, self.sign_in or self.home, cookies=self._forget(visit))
            if not _of_the_visitor(error):
                raise
            if error.error_type != _OPAQUE:
                return Reply(400, text=f"{error.message} {error.remedy} ({error.request_id})")
        else:
            if done.member_authenticated:
                cookies = self._keep(visit, done.session_token, done.session_jwt)
                return Reply(303, self._next(visit), cookies=cookies)
        ways = {"connection": c} if (c := visit.query.get("connection")) else None
        query = urlencode({**(ways or {"organization": organization}), "next": self._next(visit)})
        return Reply(303, f"{self.prefix}/login?{query}")

    def _logout(self, visit: Visit) -> Flow[Reply]:
        token = visit.cookie(self._name(visit, "session"))
        if token:
            try:
                yield from call(
                    self.client.access, o.SESSIONS_REVOKE, {}, {}, {"session_token": token}
                )
            except ApiError as error:
                if not _ended(error):
                    raise
        return Reply(303, self.home, cookies=self._forget(visit))

    def way_in(self, visit: Visit) -> str:
        """Where to send somebody without a session, or "" to answer 401."""
        if not self.sign_in or visit.method != "GET":
            return ""
        query = f"?{urlencode(visit.query)}" if visit.query else ""
        return f"{self.sign_in}?{urlencode({'next': f'{quote(visit.path)}{query}'})}"

    # --- cookies ----------------------------------------------------------------------------------

    def _secure(self, visit: Visit) -> bool:
        return visit.scheme == "https" if self.secure is None else self.secure

    def _name(self, visit: Visit, kind: str) -> str:
        # The prefix keeps a neighbouring subdomain from setting it for us.
        return f"{'__Host-' if self._secure(visit) else ''}vestibule_{kind}"

    def _cookie(self, visit: Visit, kind: str, value: str, seconds: int | None = None) -> str:
        parts = [f"{self._name(visit, kind)}={value}", "Path=/", "HttpOnly", "SameSite=Lax"]
        if self._secure(visit):
            parts.append("Secure")
        if seconds is not None:
            parts.append(f"Max-Age={seconds}")
        return "; ".join(parts)

    def _keep(self, visit: Visit, token: str, jwt: str) -> tuple[str, ...]:
        return (self._cookie(visit, "session", token), *self._keep_jwt(visit, jwt))

    def _keep_jwt(self, visit: Visit, jwt: str) -> tuple[str, ...]:
        if len(jwt) > _JWT_COOKIE_LIMIT:
            return (self._cookie(visit, "jwt", "", 0),)
        return (self._cookie(visit, "jwt", jwt),)

    def _forget(self, visit: Visit) -> tuple[str, ...]:
        return tuple(self._cookie(visit, kind, "", 0) for kind in ("session", "jwt"))

    def _next(self, visit: Visit) -> str:
        return _own_path(visit.query.get("next", ""), self.home)


def read_query(query: str) -> dict[str, str]:
    return dict(parse_qsl(query, keep_blank_values=True))


def _own_path(asked: str, otherwise: str) -> str:
    """A path of this site. "//host" and "/\\host" are other sites to a browser."""
    own = asked.startswith("/") and not asked.startswith("//") and "\\" not in asked
    fit = len(asked) <= _NEXT_LIMIT and asked.isprintable() and asked.isascii()
    return asked if own and fit else otherwise


def _of_the_visitor(error: ApiError) -> bool:
    """Whether the visitor is told. What is wrong with us or with the server is for the log of the
    application: it goes on as an exception."""
    return not isinstance(error, Unauthenticated | ServerError | UpstreamError | TooManyRequests)


def _ended(error: ApiError) -> bool:
    """Whether a session is no more, or never was one; a failure of our own is not that."""
    return isinstance(error, NotFound | InvalidRequest) and not isinstance(error, TooManyRequests)
