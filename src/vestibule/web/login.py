"""The browser's legs of a login: start, SAML ACS and OIDC callback on one URL, SP metadata.

A refusal ends in a readable page with a code, a trace id and who can mend it; in JSON where the
client prefers JSON (decision 5).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from vestibule.domain.logins import ATTEMPT_LIFETIME, StartRequest
from vestibule.errors import VestibuleError, refusal
from vestibule.services import connections, logins
from vestibule.services.runtime import Runtime
from vestibule.web.answers import refuse
from vestibule.web.incoming import Receive, Scope, Send, once, read_body

# A SAML response of a megabyte is 1.4 MB of base64, and more once it is form-encoded.
MAX_FORM = 3 * 1024 * 1024
_PROVIDER = "provider_"
_MAX_AGE = int(ATTEMPT_LIFETIME.total_seconds())

_log = structlog.get_logger()
_COOKIE_PATH = "/v1/b2b/sso/callback"

PATHS = (
    "/v1/public/sso/start",
    "/v1/b2b/sso/callback/{connection_id}",
    "/v1/public/sso/metadata/{connection_id}",
    "/v1/public/sso/jwks/{connection_id}",
)


class LoginDoor:
    """An ASGI application for the browser's legs.

    It stands beside the router of the pages, because every login passes here twice and routing
    costs as much as a query.
    """

    prefixes = ("/v1/public/sso/", f"{_COOKIE_PATH}/")

    def __init__(self, rt: Runtime) -> None:
        self._rt = rt

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            response = await self._answer(request)
        except VestibuleError as error:
            response = refuse(self._rt, request, error)
        except Exception as error:  # noqa: BLE001 - the last net: the world sees a page
            _log.error("failed", request_id=request.state.request_id, exc_info=error)
            response = refuse(self._rt, request, refusal("internal_server_error"))
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        parts = request.scope["path"].strip("/").split("/")
        if len(parts) == 4 and parts[1:] == ["public", "sso", "start"]:
            legs: dict[str, Leg] = {"GET": start}
        elif len(parts) == 5 and parts[1:4] == ["b2b", "sso", "callback"]:
            legs = {"POST": callback_saml, "GET": callback_oidc}
        elif len(parts) == 5 and parts[1:4] == ["public", "sso", "metadata"]:
            legs = {"GET": metadata}
        elif len(parts) == 5 and parts[1:4] == ["public", "sso", "jwks"]:
            legs = {"GET": jwks}
        else:
            raise refusal("route_not_found")
        leg = legs.get(request.method)
        if leg is None:
            raise refusal("method_not_allowed", want=", ".join(legs), got=request.method)
        return await leg(self._rt, request, parts[-1])


Leg = Callable[[Runtime, Request, str], Awaitable[Response]]


async def start(rt: Runtime, request: Request, _: str) -> Response:
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
    secure = rt.settings.base_url.startswith("https")
    # The SAML response is posted from the identity provider's site, and a Lax cookie would stay
    # at home. None needs https; on loopback the two sites are the same one.
    kind = "SameSite=None; Secure" if secure else "SameSite=Lax"
    cookie = f"{step.cookie_name}={step.cookie_value}; Max-Age={_MAX_AGE}"
    return JSONResponse(
        {"status_code": 302, "request_id": request.state.request_id, "redirect_url": step.url},
        302,
        headers={
            "location": step.url,
            "cache-control": "no-store",
            "set-cookie": f"{cookie}; Path={_COOKIE_PATH}; HttpOnly; {kind}",
        },
    )


async def callback_saml(rt: Runtime, request: Request, connection_id: str) -> Response:
    """The ACS URL of a SAML connection (wire §4.3)."""
    form = await _form(request)
    arrival = await logins.finish_saml(
        rt,
        connection_id,
        saml_response=form.get("SAMLResponse"),
        relay_state=form.get("RelayState"),
        cookies=request.cookies,
    )
    return _onwards(rt, arrival)


async def callback_oidc(rt: Runtime, request: Request, connection_id: str) -> Response:
    """The redirect URI of an OIDC connection (wire §4.3)."""
    arrival = await logins.finish_oidc(
        rt, connection_id, query=_query(request), cookies=request.cookies
    )
    return _onwards(rt, arrival)


def _onwards(rt: Runtime, arrival: logins.Arrival) -> Response:
    """To the application, and the login's cookie is spent."""
    headers = {"location": arrival.url, "cache-control": "no-store"}
    if arrival.cookie_name:
        secure = "; Secure" if rt.settings.base_url.startswith("https") else ""
        spent = f"{arrival.cookie_name}=; Max-Age=0; Path={_COOKIE_PATH}; HttpOnly{secure}"
        headers["set-cookie"] = spent
    return Response(status_code=303, headers=headers)


async def metadata(rt: Runtime, _: Request, connection_id: str) -> Response:
    """SP metadata of one SAML connection, for the identity provider's administrator."""
    document = await connections.sp_metadata(rt, connection_id)
    return Response(document, media_type="application/samlmetadata+xml")


async def jwks(rt: Runtime, _: Request, connection_id: str) -> Response:
    """Our public key for one OpenID Provider that we prove ourselves to by private_key_jwt."""
    keys = await connections.client_jwks(rt, connection_id)
    return JSONResponse(keys, headers={"cache-control": "public, max-age=300"})


def _query(request: Request) -> dict[str, str]:
    """The query with each parameter once: two of a kind could be read in two ways."""
    query = once(request.scope["query_string"])
    if any("\x00" in name for name in query):
        # Whoever reads names up to a NUL would take `state\0` for ours.
        raise refusal("bad_request", want="no NUL characters")
    return query


async def _form(request: Request) -> dict[str, str]:
    """The form with each field once. A multipart form is not what the binding speaks of."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise refusal("saml_response_missing", want="application/x-www-form-urlencoded", got=kind)
    return once(await read_body(request.receive, MAX_FORM))
