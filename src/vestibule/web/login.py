"""The browser's legs of a login: start, SAML ACS and OIDC callback on one URL, SP metadata; those
of a single logout; and where the links in mails lead.

A refusal ends in a readable page with a code, a trace id and who can mend it; in JSON where the
client prefers JSON (decision 5).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import structlog
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from vestibule.domain.logins import ATTEMPT_LIFETIME, StartRequest
from vestibule.errors import VestibuleError, refusal
from vestibule.services import connections, logins, logouts, magic_links
from vestibule.services.runtime import Runtime
from vestibule.web.answers import post_form, prefers_json, refuse
from vestibule.web.incoming import Receive, Scope, Send, caller_address, once, read_body
from vestibule.web.login_tests import test_result
from vestibule.web.pages import render
from vestibule.web.rate_limits import RateLimits

# A SAML response of a megabyte is 1.4 MB of base64, and more once it is form-encoded.
MAX_FORM = 3 * 1024 * 1024
_PROVIDER = "provider_"
_MAX_AGE = int(ATTEMPT_LIFETIME.total_seconds())

_log = structlog.get_logger()
_COOKIE_PATH = "/v1/b2b/sso/callback"
_LOGOUT_PATH = "/v1/b2b/sso/logout"
_LINK_PATH = "/v1/b2b/magic_links/redirect"

PATHS = (
    "/v1/public/sso/start",
    "/v1/b2b/sso/callback/{connection_id}",
    "/v1/public/sso/metadata/{connection_id}",
    "/v1/public/sso/jwks/{connection_id}",
    "/v1/public/sso/test/{token}",
    "/v1/public/sso/logout/{token}",
    "/v1/b2b/sso/logout/{connection_id}",
    "/v1/b2b/magic_links/redirect",
)


class LoginDoor:
    """An ASGI application for the browser's legs.

    It stands beside the router of the pages, because every login passes here twice and routing
    costs as much as a query.
    """

    prefixes = ("/v1/public/sso/", f"{_COOKIE_PATH}/", f"{_LOGOUT_PATH}/", _LINK_PATH)

    def __init__(self, rt: Runtime, limits: RateLimits) -> None:
        self._rt = rt
        self._limits = limits

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
        elif len(parts) == 5 and parts[1:4] == ["public", "sso", "test"]:
            legs = {"GET": start_test}
        elif len(parts) == 5 and parts[1:4] == ["public", "sso", "logout"]:
            legs = {"GET": send_logout}
        elif len(parts) == 5 and parts[1:4] == ["b2b", "sso", "logout"]:
            legs = {"GET": receive_logout, "POST": receive_logout}
        elif request.scope["path"].rstrip("/") == _LINK_PATH:
            legs = {"GET": follow_link}
        else:
            raise refusal("route_not_found")
        leg = legs.get(request.method)
        if leg is None:
            raise refusal("method_not_allowed", want=", ".join(legs), got=request.method)
        address = caller_address(request.scope, self._rt.settings.trusted_proxies)
        if parts[1] == "public" or leg is follow_link:
            self._limits.charge("start", address)
        else:
            self._limits.charge("callback", address)
            self._limits.charge("connection", parts[-1])
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
    # No redirect carries a form. `redirect_url` says what it always says, where to send a browser:
    # here again, for the page with the form. Whoever posts it themselves finds it in `form`.
    here = f"{rt.settings.base_url}{request.url.path}?{request.url.query}"
    return _begun(rt, request, step, here)


async def start_test(rt: Runtime, request: Request, token: str) -> Response:
    """Send the browser to the identity provider for a test; the link is spent now."""
    return _begun(rt, request, await logins.start_test(rt, token), "")


def _begun(rt: Runtime, request: Request, step: logins.BrowserStep, here: str) -> Response:
    """To the identity provider, with the cookie that ties the login to this browser. `here` is
    where a browser can be sent for the page with the form."""
    secure = rt.settings.base_url.startswith("https")
    # The SAML response is posted from the identity provider's site, and a Lax cookie would stay
    # at home. None needs https; on loopback the two sites are the same one.
    kind = "SameSite=None; Secure" if secure else "SameSite=Lax"
    cookie = f"{step.cookie_name}={step.cookie_value}; Max-Age={_MAX_AGE}"
    headers = {
        "cache-control": "no-store",
        "set-cookie": f"{cookie}; Path={_COOKIE_PATH}; HttpOnly; {kind}",
    }
    said = {"request_id": request.state.request_id}
    if step.fields is None:
        headers["location"] = step.url
        body = {"status_code": 302, **said, "redirect_url": step.url}
        return JSONResponse(body, 302, headers=headers)
    if not prefers_json(request):
        return post_form(step.url, step.fields, headers=headers)
    form = {"action": step.url, "fields": dict(step.fields)}
    body = {"status_code": 200, **said, "redirect_url": here, "form": form}
    return JSONResponse(body, headers=headers)


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
    return _onwards(rt, request, arrival)


async def callback_oidc(rt: Runtime, request: Request, connection_id: str) -> Response:
    """The redirect URI of an OIDC connection (wire §4.3)."""
    arrival = await logins.finish_oidc(
        rt, connection_id, query=_query(request), cookies=request.cookies
    )
    return _onwards(rt, request, arrival)


def _onwards(rt: Runtime, request: Request, arrival: logins.Arrival) -> Response:
    """To the application, or to what a test found; and the login's cookie is spent."""
    headers = {"cache-control": "no-store"}
    if arrival.cookie_name:
        secure = "; Secure" if rt.settings.base_url.startswith("https") else ""
        spent = f"{arrival.cookie_name}=; Max-Age=0; Path={_COOKIE_PATH}; HttpOnly{secure}"
        headers["set-cookie"] = spent
    if arrival.tested is not None:
        return test_result(request, arrival.tested, headers)
    return Response(status_code=303, headers={"location": arrival.url, **headers})


async def follow_link(rt: Runtime, request: Request, _: str) -> Response:
    """From a mail to the application. Nothing is used up, however often a scanner comes first."""
    url = await magic_links.follow(rt, _query(request).get("token", ""))
    return Response(status_code=303, headers={"location": url, "cache-control": "no-store"})


async def metadata(rt: Runtime, _: Request, connection_id: str) -> Response:
    """SP metadata of one SAML connection, for the identity provider's administrator."""
    document = await connections.sp_metadata(rt, connection_id)
    return Response(document, media_type="application/samlmetadata+xml")


async def jwks(rt: Runtime, _: Request, connection_id: str) -> Response:
    """Our public key for one OpenID Provider that we prove ourselves to by private_key_jwt."""
    keys = await connections.client_jwks(rt, connection_id)
    return JSONResponse(keys, headers={"cache-control": "public, max-age=300"})


async def send_logout(rt: Runtime, request: Request, token: str) -> Response:
    """Take the browser to the identity provider, so that the session ends there too."""
    return _step(rt, request, await logouts.send_logout(rt, token))


async def receive_logout(rt: Runtime, request: Request, connection_id: str) -> Response:
    """Where a SAML identity provider sends its logout requests and its answers to ours."""
    # A query goes on as it came over the wire: what was decoded once is not what was signed.
    sent: bytes | dict[str, str] = request.scope["query_string"]
    if request.method == "POST":
        sent = await _form(request, "saml_logout_missing")
    return _step(rt, request, await logouts.receive_logout(rt, connection_id, sent))


def _step(rt: Runtime, request: Request, step: logouts.LogoutStep) -> Response:
    headers = {"cache-control": "no-store"}
    if step.fields:
        return post_form(
            step.url,
            step.fields,
            title="Signing you out",
            lead="Your browser tells your identity provider.",
        )
    if step.url:
        return Response(status_code=303, headers={"location": step.url, **headers})
    if prefers_json(request):
        body = {"status_code": 200, "request_id": request.state.request_id, "redirect_url": ""}
        return JSONResponse(body, headers=headers)
    home_url = "/" if rt.settings.mode == "dev" else None
    return HTMLResponse(render("signed_out.html", home_url=home_url), headers=headers)


def _query(request: Request) -> dict[str, str]:
    """The query with each parameter once: two of a kind could be read in two ways."""
    query = once(request.scope["query_string"])
    if any("\x00" in name for name in query):
        # Whoever reads names up to a NUL would take `state\0` for ours.
        raise refusal("bad_request", want="no NUL characters")
    return query


async def _form(request: Request, missing: str = "saml_response_missing") -> dict[str, str]:
    """The form with each field once. A multipart form is not what the binding speaks of."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise refusal(missing, want="application/x-www-form-urlencoded", got=kind)
    return once(await read_body(request.receive, MAX_FORM))
