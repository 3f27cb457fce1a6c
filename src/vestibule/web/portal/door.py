"""The portal's door: by a setup link, or inside another page. Owns the guest's cookie, the frame of
the pages and how a link is opened; what a guest may do is the services' to decide.

A link may be fetched by whatever reads mail before its reader does, so opening it takes a button.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from vestibule.errors import refusal
from vestibule.services import branding, setup_links
from vestibule.services.runtime import Runtime
from vestibule.services.setup_links import PortalVisit
from vestibule.web.cookies import Cookies
from vestibule.web.forms import read_form
from vestibule.web.incoming import caller_address
from vestibule.web.pages import render
from vestibule.web.place import (
    Place,
    Table,
    choose,
    language_of,
    own_form,
    page_headers,
    routes,
)
from vestibule.web.portal import home
from vestibule.web.rate_limits import RateLimits
from vestibule.web.views import (
    certificates,
    connection_settings,
    connections,
    domain_verification,
    drafts,
    dry_run,
    external_connections,
    idp_metadata,
    login_tests,
    logins,
    mapping,
    presets,
    role_rules,
    sharing,
)

PREFIX = "/portal"
EMBEDDED = "/embedded"
_COOKIE = "vestibule_portal"
_EMBEDDED_COOKIE = "vestibule_embedded"

_TABLES: tuple[Table, ...] = (
    home.TABLE,
    external_connections.TABLE,
    connections.TABLE,
    connection_settings.TABLE,
    domain_verification.TABLE,
    drafts.TABLE,
    dry_run.TABLE,
    idp_metadata.TABLE,
    login_tests.TABLE,
    logins.TABLE,
    mapping.TABLE,
    presets.TABLE,
    role_rules.TABLE,
    certificates.TABLE,
    sharing.TABLE,
)


class Portal:
    def __init__(self, rt: Runtime, limits: RateLimits) -> None:
        self._rt = rt
        self._limits = limits
        self._cookies = Cookies(rt)

    def routes(self) -> list[Route]:
        return [
            Route(f"{PREFIX}/setup/{{token}}", self._setup, methods=["GET", "POST"]),
            Route(f"{PREFIX}/language", self._language, methods=["POST"]),
            Route(f"{PREFIX}/close", self._close, methods=["POST"]),
            Route(f"{EMBEDDED}/open", self._open_embedded, methods=["POST"]),
            Route(f"{EMBEDDED}/language", self._language, methods=["POST"]),
            *(route for table in _TABLES for route in routes(self._enter, PREFIX, table)),
            *(
                route
                for table in _TABLES
                for route in routes(self._enter_embedded, EMBEDDED, table)
            ),
        ]

    # --- by a link --------------------------------------------------------------------------------

    async def _setup(self, request: Request) -> Response:
        self._charge(request)
        token = request.path_params["token"]
        if request.method != "POST":
            found = await setup_links.look(self._rt, token)
            visitor = self._cookies.visitor(request) or self._rt.new_token()
            page = render(
                "portal/open.html",
                language=language_of(request),
                csrf=visitor,
                organization=found.organization,
                link=found.link,
                here=request.url.path,
            )
            answer: Response = HTMLResponse(page, headers=page_headers())
            self._cookies.set_visitor(request, answer, visitor)
            return answer
        await own_form(self._rt, request, self._cookies.visitor(request))
        made = await setup_links.open_link(self._rt, token)
        answer = RedirectResponse(PREFIX, 303)
        self._cookies.set(answer, _COOKIE, made.token)
        return answer

    async def _enter(self, request: Request) -> Place:
        visit = await setup_links.visit(self._rt, self._cookies.read(request, _COOKIE))
        if visit.embedded:
            raise refusal("portal_visit_ended")
        return await self._place(request, visit, PREFIX, "layouts/portal.html")

    async def _close(self, request: Request) -> Response:
        token = self._cookies.read(request, _COOKIE)
        visit = await setup_links.visit(self._rt, token)
        await own_form(self._rt, request, visit.csrf_key)
        await setup_links.close(self._rt, token)
        if visit.link.return_url:
            answer: Response = RedirectResponse(visit.link.return_url, 303)
        else:
            page = render("portal/closed.html", language=language_of(request))
            answer = HTMLResponse(page, headers=page_headers())
        self._cookies.forget(answer, _COOKIE)
        return answer

    # --- inside another page ----------------------------------------------------------------------

    async def _open_embedded(self, request: Request) -> Response:
        """The element posts the token into its frame; who holds the frame, the browser says."""
        self._charge(request)
        form = await read_form(request)
        origin = request.headers.get("origin", "")
        made = await setup_links.open_embedded(self._rt, form.text("token"), origin)
        answer = RedirectResponse(EMBEDDED, 303)
        self._cookies.set_in_frame(answer, _EMBEDDED_COOKIE, made.token)
        return answer

    async def _enter_embedded(self, request: Request) -> Place:
        visit = await setup_links.visit(self._rt, self._cookies.read(request, _EMBEDDED_COOKIE))
        if not visit.embedded:
            raise refusal("portal_visit_ended")
        return await self._place(request, visit, EMBEDDED, "layouts/embedded.html")

    # --- both -------------------------------------------------------------------------------------

    async def _place(self, request: Request, visit: PortalVisit, base: str, layout: str) -> Place:
        owner = visit.organization.organization_id
        brand = await branding.worn(self._rt, visit.project.project_id, owner)
        return Place(
            rt=self._rt,
            request=request,
            actor=visit.actor,
            csrf_key=visit.csrf_key,
            base=base,
            layout=layout,
            frame={
                "organization": visit.organization,
                "brand": brand,
                "link": visit.link,
                "visit": visit,
                "trail": (),
                "progress": (),
            },
            organization_id=owner,
            frame_ancestors=(visit.link.origin,) if visit.embedded else (),
        )

    async def _language(self, request: Request) -> Response:
        return await choose(request, self._rt)

    def _charge(self, request: Request) -> None:
        self._limits.charge(
            "start", caller_address(request.scope, self._rt.settings.trusted_proxies)
        )
