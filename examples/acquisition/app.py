"""The product: who is here, why they may do what they may do, and the way over to the others.

Each company's session has a cookie of its own, so a visitor can be in several at once. All that
is decided about people is decided by Vestibule, at each request; nothing is remembered here.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.templating import Jinja2Templates
from stytch.core.response_base import StytchError

from .companies import COMPANIES, HARBOUR, Company, Doors, Vestibule

HERE = Path(__file__).parent
LOGIN_COOKIE = "acquisition_login"
HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'self'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
}
templates = Jinja2Templates(HERE / "templates")
REASONS = {
    "direct_assignment": "given directly, not by a login",
    "email_assignment": "an address of {email_domain}",
    "sso_connection": "everybody who comes through this connection",
    "sso_connection_group": "group {group}, said by the identity provider",
}
# What the refusals that visitors meet mean for them: a title and the way on.
REFUSALS = {
    "session_not_found": (
        "Your session has ended", "It expired, or somebody ended it. Sign in again.",
    ),
    "session_authorization_error": (
        "Your roles do not allow this", "Ask who looks after roles in this company.",
    ),
    "sso_token_not_found": (
        "This sign-in was used already", "It works once and for five minutes. Sign in again.",
    ),
}  # fmt: skip


class Product:
    def __init__(self, vestibule: Vestibule, doors: Doors) -> None:
        self.vestibule = vestibule
        self.sessions = vestibule.api.sessions
        self.doors = doors

    # --- coming in ------------------------------------------------------------------------------

    def home(self, request: Request) -> Response:
        inside = {slug for slug, c in COMPANIES.items() if self._alive(request, c)}
        return page(request, "home.html", companies=COMPANIES.values(), inside=inside)

    def sign_in(self, request: Request) -> Response:
        """Send the browser off, and remember a secret that ties the answer to this browser."""
        return self._start(request, _company(request))

    def _start(self, request: Request, company: Company, hint: str = "") -> Response:
        verifier = secrets.token_urlsafe(48)
        digest = hashlib.sha256(verifier.encode()).digest()
        query = {
            "public_token": self.vestibule.credentials["public_token"],
            "connection_id": self.doors.connections[company.slug],
            "login_redirect_url": str(request.url_for("authenticate")),
            "pkce_code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            **({"provider_login_hint": hint} if hint else {}),
        }
        base_url = self.vestibule.credentials["base_url"]
        answer = RedirectResponse(f"{base_url}/v1/public/sso/start?{urlencode(query)}", 303)
        _set_cookie(request, answer, LOGIN_COOKIE, verifier, max_age=600)
        return answer

    def authenticate(self, request: Request) -> Response:
        """Where Vestibule sends people back to, with a token that works once.

        The verifier is known to the browser that started alone: a link with somebody else's
        token, which would sign the visitor in as that person, is refused.
        """
        verifier = request.cookies.get(LOGIN_COOKIE)
        if not verifier:
            return problem(
                request, 400, "This sign-in was not started here", "Start it on this page."
            )
        done = self.vestibule.api.sso.authenticate(
            request.query_params.get("token", ""), pkce_code_verifier=verifier
        )
        organizations = self.doors.organizations
        entered = next(c for s, c in COMPANIES.items() if organizations[s] == done.organization_id)
        answer = self._enter(request, entered, done.session_token, "login")
        answer.delete_cookie(LOGIN_COOKIE)
        return answer

    def go_over(self, request: Request) -> Response:
        """To another company with the session at hand; where that does not suffice, by a login.

        With a session at the identity provider, that login is a redirect nobody notices.
        """
        require_own_page(request)
        here, there = _company(request), _company(request, "there")
        held = self._authenticate(request, here)
        try:
            done = self.sessions.exchange(
                self.doors.organizations[there.slug], session_token=held.session_token
            )
        except StytchError as error:
            if error.details.error_type != "insufficient_factors_for_session_exchange":
                raise
        else:
            if done.member_authenticated:
                return self._enter(request, there, done.session_token, "exchange")
        return self._start(request, there, hint=held.member.email_address)

    def _enter(self, request: Request, company: Company, token: str, by: str) -> Response:
        url = request.url_for("desk", slug=company.slug).include_query_params(by=by)
        answer = RedirectResponse(url, 303)
        _set_cookie(request, answer, _cookie(company), token)
        return answer

    # --- inside ---------------------------------------------------------------------------------

    def desk(self, request: Request) -> Response:
        """Who is here, through which connection, with which roles and why."""
        company = _company(request)
        held = self._authenticate(request, company)
        return page(
            request,
            "desk.html",
            company=company,
            member=held.member,
            owner=HARBOUR,
            connection_id=held.member_session.authentication_factors[0].saml_sso_factor.provider_id,
            roles=self._explain(held),
            others=[other for other in COMPANIES.values() if other != company],
            by=request.query_params.get("by", ""),
            is_owner=company == HARBOUR,
        )

    def experiments(self, request: Request) -> Response:
        """A page that needs a permission: asked of Vestibule, not read off a role's name."""
        company = _company(request)
        wanted = {
            "organization_id": self.doors.organizations[company.slug],
            "resource_id": "experiments",
            "action": "run",
        }
        try:
            held = self._authenticate(request, company, wanted)
        except StytchError as error:
            if error.details.error_type != "session_authorization_error":
                raise
            roles = self._explain(self._authenticate(request, company))
            return page(request, "refused.html", 403, company=company, roles=roles)
        granted = held.verdict.granting_roles if held.verdict else []
        return page(request, "experiments.html", company=company, granted=granted)

    def sign_out(self, request: Request) -> Response:
        require_own_page(request)
        name = _cookie(_company(request))
        with suppress_ended():
            self.sessions.revoke(session_token=request.cookies.get(name, "none"))
        answer = RedirectResponse(request.url_for("home"), 303)
        answer.delete_cookie(name)
        return answer

    # --- the owner's view -----------------------------------------------------------------------

    def sharing(self, request: Request) -> Response:
        """Who comes in through Harbour's connection: for those who may look after it."""
        names = {known: COMPANIES[s].name for s, known in self.doors.organizations.items()}
        shared = self._as_member(request, "GET", "")["shared_with"]
        return page(request, "sharing.html", company=HARBOUR, shared=shared, names=names)

    def revoke(self, request: Request) -> Response:
        """Close Harbour's connection to a company. The sessions that came through end at once."""
        return self._decide(request, "revoke")

    def approve(self, request: Request) -> Response:
        return self._decide(request, "approve")

    def _decide(self, request: Request, decision: str) -> Response:
        require_own_page(request)
        self._as_member(request, "POST", f"/{request.path_params['external_id']}/{decision}")
        return RedirectResponse(request.url_for("sharing"), 303)

    def _as_member(self, request: Request, method: str, path: str) -> Any:
        """On behalf of the member: Vestibule looks whether their roles allow the call."""
        owner, source = (
            d[HARBOUR.slug] for d in (self.doors.organizations, self.doors.connections)
        )
        return self.vestibule.call(
            method,
            f"/v1/b2b/sso/{owner}/connections/{source}/external{path}",
            headers={"X-Stytch-Member-Session": request.cookies.get(_cookie(HARBOUR), "none")},
        )

    # --- sessions -------------------------------------------------------------------------------

    def _authenticate(self, request: Request, company: Company, check: Any = None) -> Any:
        """The session in this company; raises session_not_found where there is none.

        A cookie is the visitor's to change: one with another company's session opens nothing.
        """
        token = request.cookies.get(_cookie(company), "none")
        held = self.sessions.authenticate(session_token=token, authorization_check=check)
        if held.member.organization_id != self.doors.organizations[company.slug]:
            raise HTTPException(403, "This session is for another company")
        return held

    def _alive(self, request: Request, company: Company) -> bool:
        if _cookie(company) in request.cookies:
            with suppress_ended():
                self._authenticate(request, company)
                return True
        return False

    def _explain(self, held: Any) -> list[dict[str, Any]]:
        """The member's roles that count in this session, each with its reasons."""
        member = held.member
        path = f"/v1/b2b/organizations/{member.organization_id}/members/{member.member_id}"
        explained = self.vestibule.call("GET", f"{path}/roles/explain")["roles"]
        session_id = held.member_session.member_session_id
        return [
            {
                "role_id": one["role_id"],
                "reasons": [REASONS[s["type"]].format(**s["details"]) for s in one["sources"]],
            }
            for one in explained
            if session_id in one["counts_in_sessions"]
        ]


@contextmanager
def suppress_ended() -> Iterator[None]:
    """A session that is no more is no failure here."""
    try:
        yield
    except StytchError as error:
        if error.details.error_type != "session_not_found":
            raise


# --- pages and cookies --------------------------------------------------------------------------


def page(request: Request, template: str, status: int = 200, **values: Any) -> Response:
    return templates.TemplateResponse(request, template, values, status_code=status)


def problem(request: Request, status: int, title: str, remedy: str, code: str = "") -> Response:
    return page(request, "problem.html", status, title=title, remedy=remedy, code=code)


def refused(request: Request, error: Exception) -> Response:
    """What Vestibule refused, as a page: its own sentence, unless we know a better one here."""
    assert isinstance(error, StytchError)
    told = error.details
    code = told.error_type or ""
    title, remedy = REFUSALS.get(code, (told.error_message, "Go back and try again."))
    return problem(request, told.status_code, title, remedy, code)


def no_page(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return problem(request, error.status_code, error.detail, "Use the links of these pages.")


def failed(request: Request, _: Exception) -> Response:
    remedy = "If Vestibule runs, look into the log of this product. Then try again."
    return problem(request, 502, "Vestibule does not answer", remedy)


def require_own_page(request: Request) -> None:
    """What changes something is asked for by our own pages. SameSite=Lax alone would let a link
    on another site move people from one company to another."""
    if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
        raise HTTPException(403, "Another site asked for this")


async def with_headers(
    request: Request, handle: Callable[[Request], Awaitable[Response]]
) -> Response:
    answer = await handle(request)
    answer.headers.update(HEADERS)
    return answer


def _company(request: Request, name: str = "slug") -> Company:
    found = COMPANIES.get(request.path_params[name])
    if found is None:
        raise HTTPException(404, "There is no such company")
    return found


def _cookie(company: Company) -> str:
    return f"acquisition_{company.slug}"


def _set_cookie(
    request: Request, answer: Response, name: str, value: str, max_age: int | None = None
) -> None:
    secure = request.url.scheme == "https"
    answer.set_cookie(name, value, max_age, httponly=True, samesite="lax", secure=secure)


def build(vestibule: Vestibule, doors: Doors) -> Starlette:
    product = Product(vestibule, doors)
    company = "/companies/{slug}"
    return Starlette(
        routes=[
            Route("/", product.home),
            Route("/sign-in/{slug}", product.sign_in, name="sign_in"),
            Route("/authenticate", product.authenticate, name="authenticate"),
            Route(company, product.desk, name="desk"),
            Route(f"{company}/experiments", product.experiments, name="experiments"),
            Route(f"{company}/go-over/{{there}}", product.go_over, name="go_over"),
            Route(f"{company}/sign-out", product.sign_out, methods=["POST"], name="sign_out"),
            Route("/sharing", product.sharing, name="sharing"),
            Route("/sharing/{external_id}/revoke", product.revoke, methods=["POST"], name="revoke"),
            Route(
                "/sharing/{external_id}/approve", product.approve, methods=["POST"], name="approve"
            ),
            Mount("/static", StaticFiles(directory=HERE / "static"), name="static"),
        ],
        middleware=[
            # Loopback names only, so that no other site can answer for us by a DNS trick.
            Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"]),
            Middleware(BaseHTTPMiddleware, dispatch=with_headers),
        ],
        exception_handlers={StytchError: refused, HTTPException: no_page, Exception: failed},
    )
