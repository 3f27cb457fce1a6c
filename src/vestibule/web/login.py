"""The browser's legs of a login: start, SAML ACS and OIDC callback on one URL, SP metadata.

A refusal ends in a readable page with a code, a trace id and who can mend it; in JSON where the
client prefers JSON (decision 5).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from vestibule.domain.logins import ATTEMPT_LIFETIME, StartRequest
from vestibule.errors import refusal
from vestibule.services import connections, logins
from vestibule.services.runtime import Runtime
from vestibule.web.incoming import once, read_body

# A SAML response of a megabyte is 1.4 MB of base64, and more once it is form-encoded.
MAX_FORM = 3 * 1024 * 1024
_PROVIDER = "provider_"

Endpoint = Callable[[Request], Awaitable[Response]]


def routes(rt: Runtime) -> list[Route]:
    """The routes of the login, bound to one runtime."""

    def bound(endpoint: Callable[[Runtime, Request], Awaitable[Response]]) -> Endpoint:
        async def answer(request: Request) -> Response:
            return await endpoint(rt, request)

        return answer

    return [
        Route("/v1/public/sso/start", bound(start), methods=["GET"]),
        Route("/v1/b2b/sso/callback/{connection_id}", bound(callback), methods=["GET", "POST"]),
        Route("/v1/public/sso/metadata/{connection_id}", bound(metadata), methods=["GET"]),
    ]


async def start(rt: Runtime, request: Request) -> Response:
    """Send the browser to the identity provider (wire §4.1)."""
    query = _query(request)
    parameters = {
        name.removeprefix(_PROVIDER): value
        for name, value in query.items()
        if name.startswith(_PROVIDER) and name != _PROVIDER
    }
    if query.get("login_hint") and "login_hint" not in parameters:
        parameters["login_hint"] = query["login_hint"]
    step = await logins.start_login(
        rt,
        query.get("public_token"),
        connection_id=query.get("connection_id") or None,
        organization_name=query.get("organization_id") or None,
        request=StartRequest(
            login_redirect_url=query.get("login_redirect_url") or None,
            signup_redirect_url=query.get("signup_redirect_url") or None,
            pkce_code_challenge=query.get("pkce_code_challenge") or None,
            custom_scopes=query.get("custom_scopes", ""),
            parameters=parameters,
        ),
    )
    response = JSONResponse(
        {
            "status_code": 302,
            "request_id": request.state.request_id,
            "redirect_url": step.url,
        },
        302,
        headers={"location": step.url, "cache-control": "no-store"},
    )
    secure = rt.settings.base_url.startswith("https")
    response.set_cookie(
        step.cookie_name,
        step.cookie_value,
        max_age=int(ATTEMPT_LIFETIME.total_seconds()),
        path="/v1/b2b/sso/callback",
        secure=secure,
        httponly=True,
        # The SAML response is posted from the identity provider's site, and a Lax cookie would
        # stay at home. None needs https; on loopback the two sites are the same one.
        samesite="none" if secure else "lax",
    )
    return response


async def callback(rt: Runtime, request: Request) -> Response:
    """The ACS URL of a SAML connection and the redirect URI of an OIDC one (wire §4.3)."""
    connection_id = request.path_params["connection_id"]
    if request.method == "POST":
        form = await _form(request)
        arrival = await logins.finish_saml(
            rt,
            connection_id,
            saml_response=form.get("SAMLResponse"),
            relay_state=form.get("RelayState"),
            cookies=request.cookies,
        )
    else:
        arrival = await logins.finish_oidc(
            rt, connection_id, query=_query(request), cookies=request.cookies
        )
    response = RedirectResponse(arrival.url, 303, headers={"cache-control": "no-store"})
    if arrival.cookie_name:
        response.delete_cookie(
            arrival.cookie_name,
            path="/v1/b2b/sso/callback",
            secure=rt.settings.base_url.startswith("https"),
            httponly=True,
        )
    return response


async def metadata(rt: Runtime, request: Request) -> Response:
    """SP metadata of one SAML connection, for the identity provider's administrator."""
    document = await connections.sp_metadata(rt, request.path_params["connection_id"])
    return Response(document, media_type="application/samlmetadata+xml")


def _query(request: Request) -> dict[str, str]:
    """The query with each parameter once: two of a kind could be read in two ways."""
    return once(request.scope["query_string"])


async def _form(request: Request) -> dict[str, str]:
    """The form with each field once. A multipart form is not what the binding speaks of."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise refusal("saml_response_missing", want="application/x-www-form-urlencoded", got=kind)
    return once(await read_body(request.receive, MAX_FORM))
