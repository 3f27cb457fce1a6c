"""Where a page stands: who looks at it, under which address, in which frame and language.

The same view is served in the dashboard, in the portal behind a link and in the portal inside
another page; it is told the difference in a `Place` and asks no more. Owns the token against forged
forms, the policy of these pages and the routes of a door. Knows no noun.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from vestibule.errors import VestibuleError, refusal
from vestibule.services.rbac import Actor
from vestibule.services.runtime import Runtime
from vestibule.web.forms import Form, problem_of, read_form
from vestibule.web.pages import render
from vestibule.web.texts import LANGUAGES, choose_language

LANGUAGE_COOKIE = "vestibule_language"
_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; {}base-uri 'none'; frame-ancestors {}"
)


@dataclass(frozen=True, slots=True)
class Place:
    """One request of somebody who was let in.

    Attributes:
        actor: on whose authority the page asks; the services decide what it may.
        csrf_key: stands in every form; a secret of this visit that no other site can read.
        base: the address that all pages of the door begin with, without a slash at its end.
        layout: the template that a page extends.
        frame: what that template shows.
        organization_id: the one that the page is about, "" where there is none.
        frame_ancestors: whose pages may hold this one in a frame.
    """

    rt: Runtime
    request: Request
    actor: Actor
    csrf_key: str
    base: str
    layout: str
    frame: Mapping[str, object] = field(default_factory=dict)
    organization_id: str = ""
    frame_ancestors: Sequence[str] = ()

    @property
    def path(self) -> Mapping[str, str]:
        """The ids in the address."""
        return self.request.path_params

    @property
    def query(self) -> Mapping[str, str]:
        return self.request.query_params

    @property
    def language(self) -> str:
        return language_of(self.request)

    async def form(self) -> Form:
        """The posted form, once it is known to come from one of our own pages.

        Raises:
            form_expired, form_from_elsewhere, and what `read_form` refuses.
        """
        return await own_form(self.rt, self.request, self.csrf_key)

    def page(self, template: str, status: int = 200, **context: object) -> Response:
        """The page, for nobody's cache. `values` and `problem` are there for its forms."""
        shown = {"values": None, "problem": None, **self.frame, **context}
        html = render(
            template,
            language=self.language,
            layout=self.layout,
            base=self.base,
            csrf=self.csrf_key,
            said=self.query.get("said", ""),
            here=self.request.url.path,
            **shown,
        )
        return HTMLResponse(html, status, headers=page_headers(self.frame_ancestors))

    def refused(
        self, error: VestibuleError, template: str, values: Form, **context: object
    ) -> Response:
        """The page of a form that was refused, with everything that was typed still in it."""
        problem = problem_of(error, [*values.values, *values.files])
        return self.page(template, problem.status, values=values, problem=problem, **context)

    def to(self, path: str, said: str = "", **query: str) -> Response:
        """Go on to another page of this door; `said` is the code of what was done."""
        asked = {**query, **({"said": said} if said else {})}
        return RedirectResponse(f"{self.base}{path}{'?' if asked else ''}{urlencode(asked)}", 303)


View = Callable[[Place], Awaitable[Response]]
Enter = Callable[[Request], Awaitable[Place]]
Table = Sequence[tuple[str, str, View]]


def routes(enter: Enter, prefix: str, table: Table) -> list[Route]:
    """The routes of a door: method, address below the prefix, view. Nobody reaches a view without
    passing `enter`."""
    methods: dict[str, dict[str, View]] = {}
    for method, path, view in table:
        methods.setdefault(path, {})[method] = view

    def endpoint(views: Mapping[str, View]) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            # A HEAD is answered as a GET without its body.
            method = "GET" if request.method == "HEAD" else request.method
            return await views[method](await enter(request))

        return answer

    return [
        Route(f"{prefix}{path}", endpoint(views), methods=list(views))
        for path, views in methods.items()
    ]


def language_of(request: Request) -> str:
    """Chosen on a page before, else what the browser prefers."""
    return choose_language(
        request.cookies.get(LANGUAGE_COOKIE, ""), request.headers.get("accept-language", "")
    )


async def choose(request: Request, rt: Runtime) -> Response:
    """Remember a language, and go back to the page that was open. Harmless from anywhere."""
    form = await read_form(request)
    back = form.text("back")
    # One slash and no backslash, or a browser may read another host in it.
    ours = back.startswith("/") and back[1:2] not in ("/", "\\") and back.isprintable()
    answer = RedirectResponse(back if ours else "/", 303)
    language = form.text("language")
    if language in LANGUAGES:
        answer.set_cookie(
            LANGUAGE_COOKIE,
            language,
            max_age=365 * 86400,
            secure=not rt.settings.insecure_http,
            httponly=True,
            samesite="lax",
        )
    return answer


async def own_form(rt: Runtime, request: Request, csrf_key: str) -> Form:
    """A form that one of our own pages sent.

    Raises:
        form_from_elsewhere: another site's page posted it.
        form_expired: it lacks this visit's token.
    """
    origin = request.headers.get("origin")
    if origin is not None and origin != rt.settings.base_url:
        raise refusal("form_from_elsewhere", want=rt.settings.base_url, got=origin)
    form = await read_form(request)
    if not hmac.compare_digest(form.text("csrf").encode(), csrf_key.encode()):
        raise refusal("form_expired")
    return form


def page_headers(
    frame_ancestors: Sequence[str] = (), *, leads_away: bool = False
) -> dict[str, str]:
    """Of a page of ours. `leads_away`: its form ends in a redirect to somebody else, which browsers
    hold against `form-action`."""
    forms = "" if leads_away else "form-action 'self'; "
    policy = _POLICY.format(forms, " ".join(frame_ancestors) or "'none'")
    return {
        "cache-control": "no-store",
        "content-security-policy": policy,
        # Under no-referrer a browser says "null" where it should say which site a form is from.
        "referrer-policy": "same-origin",
    }
