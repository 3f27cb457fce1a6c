"""A sign-in page for products that have none: from an e-mail address to the organization's own
identity provider, with a choice where several doors fit.

Owns the way from the address to the start of a login; who is a member where is never looked at
(`services.routing`). Whatever the product would give to the start, it gives to this page.
"""

from __future__ import annotations

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from vestibule.domain.branding import Branding
from vestibule.errors import VestibuleError
from vestibule.services import branding, projects, routing
from vestibule.services.routing import Choice
from vestibule.services.runtime import Runtime
from vestibule.web.brand import brand_logo, brand_sheet
from vestibule.web.forms import Form, problem_of, read_form
from vestibule.web.incoming import caller_address
from vestibule.web.pages import render
from vestibule.web.place import choose, language_of, page_headers
from vestibule.web.rate_limits import RateLimits

PREFIX = "/sign-in"
_PASSED_ON = (
    "public_token", "login_redirect_url", "signup_redirect_url", "pkce_code_challenge",
    "custom_scopes",
)  # fmt: skip


class SignIn:
    def __init__(self, rt: Runtime, limits: RateLimits) -> None:
        self._rt = rt
        self._limits = limits

    def routes(self) -> list[Route]:
        return [
            Route(PREFIX, self._page, methods=["GET", "POST"]),
            Route(f"{PREFIX}/language", self._language, methods=["POST"]),
            Route(f"{PREFIX}/{{public_token}}/brand.css", self._sheet),
            Route(f"{PREFIX}/{{public_token}}/logo", self._logo),
        ]

    async def _page(self, request: Request) -> Response:
        form = await read_form(request) if request.method == "POST" else Form()
        passed = {
            name: form.text(name) or request.query_params.get(name, "") for name in _PASSED_ON
        }
        project = await projects.by_public_token(self._rt, passed["public_token"])
        found: tuple[Choice, ...] | None = None
        problem = None
        if request.method == "POST":
            address = caller_address(request.scope, self._rt.settings.trusted_proxies)
            try:
                self._limits.charge("discovery", address)
                routed = await routing.route(self._rt, project, form.text("email"))
            except VestibuleError as error:
                problem = problem_of(error, ["email"])
            else:
                found = tuple(routed.choices)
        if found and len(found) == 1:
            return RedirectResponse(_start(passed, found[0], form.text("email")), 303)
        page = render(
            "sign_in.html",
            language=language_of(request),
            brand=await branding.worn(self._rt, project.project_id),
            passed={name: value for name, value in passed.items() if value},
            doors=[(one, _start(passed, one, form.text("email"))) for one in found or ()],
            asked=found is not None,
            values=form,
            problem=problem,
            csrf="",
            here=f"{PREFIX}?{urlencode({k: v for k, v in passed.items() if v})}",
        )
        headers = page_headers(leads_away=True)
        return HTMLResponse(page, problem.status if problem else 200, headers=headers)

    async def _sheet(self, request: Request) -> Response:
        return brand_sheet(await self._brand(request))

    async def _logo(self, request: Request) -> Response:
        return brand_logo(await self._brand(request))

    async def _brand(self, request: Request) -> Branding:
        token = request.path_params["public_token"]
        project = await projects.by_public_token(self._rt, token)
        return await branding.worn(self._rt, project.project_id)

    async def _language(self, request: Request) -> Response:
        return await choose(request, self._rt)


def _start(passed: dict[str, str], choice: Choice, email: str) -> str:
    """Where this door begins; the provider is told the address, so that nobody types it twice."""
    query = {name: value for name, value in passed.items() if value}
    query |= {"connection_id": choice.connection_id, "login_hint": email}
    return f"/v1/public/sso/start?{urlencode(query)}"
