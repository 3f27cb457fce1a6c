"""The dashboard's door: who may come in, and which page stands where.

Owns the operator's cookie and the frame of the pages. What an operator may do is the services' to
decide; what a page shows is its own file's.
"""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from vestibule.domain.projects import Project
from vestibule.errors import VestibuleError, refusal
from vestibule.services import operators, projects
from vestibule.services import organizations as organization_rows
from vestibule.services.operators import NewVisit
from vestibule.services.rbac import OperatorActor
from vestibule.services.runtime import Runtime
from vestibule.web.answers import refuse
from vestibule.web.cookies import Cookies
from vestibule.web.dashboard import organizations, setup_links
from vestibule.web.forms import Form, problem_of
from vestibule.web.incoming import caller_address
from vestibule.web.pages import render
from vestibule.web.place import Place, Table, choose, language_of, own_form, page_headers, routes
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

PREFIX = "/dashboard"
_COOKIE = "vestibule_operator"
_PROJECT = f"{PREFIX}/{{project_slug}}/{{environment_slug}}"
_ORGANIZATION = f"{_PROJECT}/organizations/{{organization_id}}"

# What stands below a project, by the noun whose file it is.
_TABLES: tuple[Table, ...] = (organizations.TABLE, (("GET", "/logins", logins.index),))
# What stands below an organization and in the portal alike.
_SHARED: tuple[Table, ...] = (
    setup_links.TABLE,
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


class Dashboard:
    def __init__(self, rt: Runtime, limits: RateLimits) -> None:
        self._rt = rt
        self._limits = limits
        self._cookies = Cookies(rt)

    def routes(self) -> list[Route]:
        return [
            Route(PREFIX, self._home),
            Route(f"{PREFIX}/language", self._language, methods=["POST"]),
            Route(f"{PREFIX}/sign-in", self._sign_in, methods=["GET", "POST"]),
            Route(f"{PREFIX}/developer", self._developer, methods=["POST"]),
            Route(f"{PREFIX}/sign-out", self._sign_out, methods=["POST"]),
            *(
                route
                for table in _SHARED
                for route in routes(self._enter_organization, _ORGANIZATION, table)
            ),
            *(route for table in _TABLES for route in routes(self._enter, _PROJECT, table)),
        ]

    # --- coming in and going out ------------------------------------------------------------------

    async def _enter(self, request: Request) -> Place:
        """Let an operator in. Somebody who is none is sent to sign in and brought back."""
        visit = await operators.visit(self._rt, self._cookies.read(request, _COOKIE))
        path = request.path_params
        known = await projects.get_all(self._rt)
        slugs = (path["project_slug"], path["environment_slug"])
        project = next((p for p in known if (p.project_slug, p.environment_slug) == slugs), None)
        if project is None:
            raise refusal("project_not_found", got="/".join(slugs))
        root = _base(project)
        return Place(
            rt=self._rt,
            request=request,
            actor=OperatorActor(project, operator_id=visit.operator.operator_id),
            csrf_key=visit.csrf_key,
            base=root,
            layout="layouts/dashboard.html",
            frame={
                "project": project,
                "projects": known,
                "operator": visit.operator,
                "root": root,
                "trail": (),
                "organization": None,
            },
        )

    async def _enter_organization(self, request: Request) -> Place:
        place = await self._enter(request)
        name = place.path["organization_id"]
        base = f"{place.base}/organizations/{name}"
        found = await organization_rows.get(self._rt, place.actor, name)
        frame = {**place.frame, "organization": found.organization}
        return replace(place, base=base, organization_id=name, frame=frame)

    async def _home(self, request: Request) -> Response:
        await operators.visit(self._rt, self._cookies.read(request, _COOKIE))
        found = await projects.get_all(self._rt)
        if not found:
            raise refusal("project_not_found", want="vestibule migrate --project NAME")
        return RedirectResponse(f"{_base(found[0])}/organizations", 303)

    async def _sign_in(self, request: Request) -> Response:
        if request.method != "POST":
            return self._sign_in_page(request, Form())
        form = await own_form(self._rt, request, self._cookies.visitor(request))
        address = caller_address(request.scope, self._rt.settings.trusted_proxies)
        try:
            self._limits.charge("operator", address)
            made = await operators.sign_in(
                self._rt, form.text("email"), form.secret("password"), form.text("code")
            )
        except VestibuleError as error:
            if error.code not in (
                "operator_credentials_invalid", "operator_code_needed", "operator_code_invalid",
                "operator_locked", "too_many_requests",
            ):  # fmt: skip
                raise
            return self._sign_in_page(request, form, error)
        return self._entered(made, form.text("next"))

    def _sign_in_page(
        self, request: Request, form: Form, error: VestibuleError | None = None
    ) -> Response:
        visitor = self._cookies.visitor(request) or self._rt.new_token()
        wants_code = error is not None and error.code.startswith("operator_code_")
        problem = problem_of(error) if error is not None else None
        page = render(
            "dashboard/sign_in.html",
            language=language_of(request),
            csrf=visitor,
            next=form.text("next") or request.query_params.get("next", ""),
            values=form,
            problem=None if wants_code and not form.text("code") else problem,
            wants_code=wants_code,
            developer=self._rt.settings.mode == "dev",
            said=request.query_params.get("said", ""),
            here=request.url.path,
        )
        headers = page_headers()
        if error is not None and error.retry_after is not None:
            headers["retry-after"] = str(error.retry_after)
        answer = HTMLResponse(page, problem.status if problem else 200, headers=headers)
        self._cookies.set_visitor(request, answer, visitor)
        return answer

    async def _developer(self, request: Request) -> Response:
        """In `vestibule dev` everybody on this machine is the developer."""
        form = await own_form(self._rt, request, self._cookies.visitor(request))
        return self._entered(await operators.developer(self._rt), form.text("next"))

    def _entered(self, made: NewVisit, wanted: str) -> Response:
        ours = wanted.startswith(f"{PREFIX}/") and "\\" not in wanted and wanted.isprintable()
        answer = RedirectResponse(wanted if ours else PREFIX, 303)
        self._cookies.set(answer, _COOKIE, made.token)
        return answer

    async def _sign_out(self, request: Request) -> Response:
        token = self._cookies.read(request, _COOKIE)
        visit = await operators.visit(self._rt, token)
        await own_form(self._rt, request, visit.csrf_key)
        await operators.sign_out(self._rt, token)
        answer = RedirectResponse(f"{PREFIX}/sign-in?said=signed_out", 303)
        self._cookies.forget(answer, _COOKIE)
        return answer

    async def _language(self, request: Request) -> Response:
        return await choose(request, self._rt)


def turned_away(rt: Runtime, request: Request, error: VestibuleError) -> Response:
    """Somebody who is not signed in is sent to do so; anything else is a page of its own."""
    if error.code == "operator_not_signed_in" and request.url.path.startswith(PREFIX):
        if request.method in ("GET", "HEAD"):
            here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
            return RedirectResponse(f"{PREFIX}/sign-in?next={quote(here, safe='/')}", 303)
        return RedirectResponse(f"{PREFIX}/sign-in", 303)
    return refuse(rt, request, error)


def _base(project: Project) -> str:
    return f"{PREFIX}/{project.project_slug}/{project.environment_slug}"
