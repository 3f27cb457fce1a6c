"""The dashboard's door: who may come in, and which page stands where.

Owns the operator's cookie and the frame of the pages. What an operator may do is the services' to
decide; what a page shows is its own file's.
"""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import quote, unquote

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
from vestibule.web.dashboard import (
    audit,
    branding,
    connection_health,
    home,
    idp_tokens,
    jwt_templates,
    members,
    organization_roles,
    organization_settings,
    organizations,
    rbac,
    sessions,
    setup_links,
)
from vestibule.web.dashboard import operators as operator_pages
from vestibule.web.dashboard import projects as project_pages
from vestibule.web.dashboard import sharing as sharing_pages
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
_CALLBACK = f"{PREFIX}/callback"
_SSO_COOKIE = "vestibule_operator_sso"
_LONGEST_NEXT = 500
_PROJECT = f"{PREFIX}/{{project_slug}}/{{environment_slug}}"
_ORGANIZATION = f"{_PROJECT}/organizations/{{organization_id}}"

# What stands below a project, by the noun whose file it is.
_TABLES: tuple[Table, ...] = (
    home.TABLE,
    connection_health.TABLE,
    organizations.TABLE,
    (("GET", "/logins", logins.index),),
    sharing_pages.TABLE,
    rbac.TABLE,
    jwt_templates.TABLE,
    project_pages.TABLE,
    branding.TABLE,
    audit.TABLE,
    operator_pages.TABLE,
)
# What stands below an organization and in the portal alike.
_SHARED: tuple[Table, ...] = (
    organization_settings.TABLE,
    organization_roles.TABLE,
    members.TABLE,
    sessions.TABLE,
    idp_tokens.TABLE,
    setup_links.TABLE,
    branding.TABLE,
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
            Route(f"{PREFIX}/sso", self._begin_sso, methods=["GET"]),
            Route(_CALLBACK, self._sign_in_by_sso, methods=["GET"]),
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
        return RedirectResponse(_base(found[0]), 303)

    async def _sign_in(self, request: Request) -> Response:
        if request.method != "POST":
            return await self._sign_in_page(request, Form())
        form = await own_form(self._rt, request, self._cookies.visitor(request))
        try:
            self._charge(request)
            made = await operators.sign_in(
                self._rt, form.text("email"), form.secret("password"), form.text("code")
            )
        except VestibuleError as error:
            if error.code not in (
                "operator_credentials_invalid", "operator_code_needed", "operator_code_invalid",
                "operator_locked", "too_many_requests",
            ):  # fmt: skip
                raise
            return await self._sign_in_page(request, form, error)
        return self._entered(made, form.text("next"))

    async def _sign_in_page(
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
            sso=await operators.operators_sso_connections(self._rt),
            said=request.query_params.get("said", ""),
            here=request.url.path,
        )
        headers = page_headers()
        if error is not None and error.retry_after is not None:
            headers["retry-after"] = str(error.retry_after)
        answer = HTMLResponse(page, problem.status if problem else 200, headers=headers)
        self._cookies.set_visitor(request, answer, visitor)
        return answer

    async def _begin_sso(self, request: Request) -> Response:
        """To the identity provider of the operators' own organization. A link and no form: the
        policy of our pages lets a form lead nowhere else."""
        self._charge(request)
        asked = request.query_params
        made = await operators.begin_sso(
            self._rt, asked.get("connection_id", ""), f"{self._rt.settings.base_url}{_CALLBACK}"
        )
        answer = RedirectResponse(made.url, 303, headers={"cache-control": "no-store"})
        # What was asked for before comes back with the proof that this browser began it.
        kept = f"{made.code_verifier}.{quote(asked.get('next', '')[:_LONGEST_NEXT], safe='')}"
        self._cookies.set(answer, _SSO_COOKIE, kept)
        return answer

    async def _sign_in_by_sso(self, request: Request) -> Response:
        self._charge(request)
        verifier, _, wanted = self._cookies.read(request, _SSO_COOKIE).partition(".")
        project = await operators.operators_project(self._rt)
        try:
            if project is None:
                raise refusal("operator_credentials_invalid")
            # Without it somebody could be led here with a login that another one began.
            if not verifier:
                raise refusal("pkce_expected_code_verifier")
            made = await operators.sign_in_by_sso(
                self._rt, project, request.query_params.get("token", ""), code_verifier=verifier
            )
        except VestibuleError as error:
            answer = await self._sign_in_page(request, Form(), error)
        else:
            answer = self._entered(made, unquote(wanted))
        self._cookies.forget(answer, _SSO_COOKIE)
        return answer

    def _charge(self, request: Request) -> None:
        address = caller_address(request.scope, self._rt.settings.trusted_proxies)
        self._limits.charge("operator", address)

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
