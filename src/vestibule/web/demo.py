"""The demo's pages: three doors, and what stands behind each. Only in `vestibule dev`.

It is an application like any other: it starts logins, exchanges tokens and asks for sessions
through the same use cases as the API.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from vestibule import __version__
from vestibule.domain.connections import Connection, ExternalConnection, OidcConnection
from vestibule.domain.projects import Project
from vestibule.domain.rbac import RoleSource
from vestibule.domain.sessions import Factor, Proof
from vestibule.errors import VestibuleError, refusal
from vestibule.services import (
    connections,
    idp_tokens,
    logins,
    logouts,
    magic_links,
    organizations,
    projects,
    sessions,
)
from vestibule.services.demo import PEOPLE, Demo
from vestibule.services.rbac import Actor
from vestibule.services.runtime import Runtime
from vestibule.services.sessions import Authenticated, SessionLocator, SessionView, Wish
from vestibule.web.answers import trace_steps
from vestibule.web.pages import render

SESSION_COOKIE = "vestibule_demo_session"
TRACE_COOKIE = "vestibule_demo_trace"
MAIL = "E-mail"
_KINDS = {"saml": "SAML", "oidc": "OpenID Connect", "external": "External"}


class DemoPages:
    """The demo as one application with one project's public token."""

    def __init__(self, rt: Runtime, demo: Demo, public_token: str, data: Path) -> None:
        self._rt = rt
        self._demo = demo
        self._public_token = public_token
        self._data = data
        self.started_in = ""

    def routes(self) -> list[Route]:
        table = {
            "/": self.home,
            "/demo/callback": self.callback,
            "/demo/session": self.session,
            "/demo/exchange": self.exchange,
            "/demo/sign-out": self.sign_out,
            "/demo/sign-out-everywhere": self.sign_out_everywhere,
        }

        return [Route(path, f, methods=["GET"]) for path, f in table.items()]

    async def home(self, _: Request) -> Response:
        project = self._demo.project
        external = self._demo.labs_saml
        page = render(
            "demo/home.html",
            doors=self._doors()[:3],
            people=[
                {"name": p.name, "email": p.email, "groups": list(p.groups), "note": p.note}
                for p in PEOPLE
            ],
            base_url=self._rt.settings.base_url,
            project_id=project.project_id,
            public_token=self._public_token,
            credentials_path=str(self._data / "credentials.json"),
            version=__version__,
            started_in=self.started_in,
            rules=_rules(external),
            connection={"display_name": self._demo.saml.display_name, "kind": "SAML"},
            links=[
                {
                    "title": "One more door",
                    "href": self._start(self._demo.labs_oidc),
                    "sentence": "Northwind Labs again, External over OpenID Connect.",
                },
                {
                    "title": "Sign in by e-mail",
                    "href": "/demo/email",
                    "sentence": "A magic link, to enter an organization or to make one.",
                },
                {
                    "title": "Inbox",
                    "href": "/demo/inbox",
                    "sentence": "Every mail that this server would have sent.",
                },
                {
                    "title": "Dashboard",
                    "href": "/dashboard",
                    "sentence": "Organizations, members, connections: what your team sees.",
                },
                {
                    "title": "API reference",
                    "href": "/docs",
                    "sentence": "Every operation, field and error.",
                },
                {
                    "title": "OpenAPI 3.1",
                    "href": "/openapi.json",
                    "sentence": "The same for machines.",
                },
                {
                    "title": "SP metadata",
                    "href": f"/v1/public/sso/metadata/{self._demo.saml.connection_id}",
                    "sentence": "What a SAML identity provider needs to know of us.",
                },
            ],
        )
        return HTMLResponse(page)

    async def callback(self, request: Request) -> Response:
        """What an application does at its redirect URL: exchange the token for a session."""
        if "signed_out" in request.query_params:
            return RedirectResponse("/", 303)
        token = request.query_params.get("token", "")
        kind = request.query_params.get("stytch_token_type", "")
        if kind == "discovery":
            return RedirectResponse(f"/demo/organizations?{urlencode({'token': token})}", 303)
        project, wish = await self._project(), wish_of(request)
        if kind == "multi_tenant_magic_links":
            used = await magic_links.authenticate(self._rt, project, token, wish=wish)
            return enter(used.done)
        return enter(await sessions.authenticate_sso(self._rt, project, token, wish=wish))

    async def exchange(self, request: Request) -> Response:
        """Go over to another organization with the session at hand."""
        done = await sessions.exchange(
            self._rt,
            await self._project(),
            request.query_params.get("organization_id", ""),
            SessionLocator(token=request.cookies.get(SESSION_COOKIE)),
        )
        return enter(done)

    async def sign_out(self, request: Request) -> Response:
        token = request.cookies.get(SESSION_COOKIE)
        if token:
            try:
                await sessions.revoke(
                    self._rt, Actor(await self._project()), locator=SessionLocator(token=token)
                )
            except VestibuleError as error:
                if error.code != "session_not_found":
                    raise
        response = RedirectResponse("/", 303)
        response.delete_cookie(SESSION_COOKIE)
        response.delete_cookie(TRACE_COOKIE)
        return response

    async def sign_out_everywhere(self, request: Request) -> Response:
        """Sign out here and, where the session stands on SAML, at the identity provider."""
        url = ""
        token = request.cookies.get(SESSION_COOKIE)
        if token:
            try:
                url = await logouts.start_logout(
                    self._rt,
                    Actor(await self._project()),
                    locator=SessionLocator(token=token),
                    redirect_url=f"{self._rt.settings.base_url}/demo/callback?signed_out=1",
                )
            except VestibuleError as error:
                if error.code != "session_not_found":
                    raise
        response = RedirectResponse(url or "/", 303)
        response.delete_cookie(SESSION_COOKIE)
        response.delete_cookie(TRACE_COOKIE)
        return response

    async def session(self, request: Request) -> Response:
        """Who is here, through which door, with which roles and why."""
        token = request.cookies.get(SESSION_COOKIE)
        if not token:
            return RedirectResponse("/", 303)
        project = await self._project()
        view, _ = await sessions.authenticate(self._rt, project, SessionLocator(token=token))
        organization = view.member.organization.organization
        member = view.member.member
        factor = next(iter(view.session.factors), None)
        way = await self._way(project, view, factor)
        registration = next(
            (
                r
                for r in view.member.registrations
                if factor is not None and r.connection_id == factor.connection_id
            ),
            None,
        )
        header, claims = _decoded(view.jwt)
        page = render(
            "demo/result.html",
            sign_out_url="/demo/sign-out-everywhere",
            member={
                "name": member.name,
                "email": member.email_address,
                "member_id": member.member_id,
                "status": member.status,
            },
            organization={
                "name": organization.name,
                "slug": organization.slug,
                "id": organization.organization_id,
            },
            **way,
            groups=list(registration.groups) if registration else [],
            roles=self._roles(view),
            trusted_metadata=dict(member.trusted_metadata),
            jwt={
                "raw": view.jwt,
                "header": header,
                "claims": claims,
                "expires_at": datetime.fromtimestamp(claims["exp"], UTC),
            },
            session={
                "id": view.session.session_id,
                "started_at": view.session.started_at,
                "expires_at": view.session.expires_at,
                "factors": [_proof(proof) for proof in view.session.proofs],
            },
            tokens=await self._tokens(project, view, factor) if factor else None,
            trace=await self._trace(view, request),
            doors=self._doors(),
            exchange=self._exchanges(view),
            home_url="/",
        )
        return HTMLResponse(page, headers={"cache-control": "no-store"})

    # --- parts of the pages ---------------------------------------------------------------------

    async def _way(
        self, project: Project, view: SessionView, factor: Factor | None
    ) -> dict[str, Any]:
        """By which door the person came: a connection, or the mail of their address."""
        owner = view.member.organization.organization
        if factor is None:
            mail = {"id": view.member.member.member_id, "kind": MAIL, "display_name": "Magic link"}
            source = {**mail, "organization": owner.name}
            return {"target": mail, "source": source, "is_external": False}
        target = await self._connection(view.session.organization_id, factor.connection_id)
        spoke = target
        if isinstance(target, ExternalConnection):
            other = target.external_organization_id
            spoke = await self._connection(other, target.external_connection_id)
            owner = (await organizations.get(self._rt, Actor(project), other)).organization
        return {
            "target": {
                "id": target.connection_id,
                "kind": _KINDS[target.kind],
                "display_name": target.display_name,
            },
            "source": {
                "id": spoke.connection_id,
                "kind": _KINDS[spoke.kind],
                "display_name": spoke.display_name,
                "organization": owner.name,
            },
            "is_external": isinstance(target, ExternalConnection),
        }

    async def _project(self) -> Any:
        return await projects.get(self._rt, self._demo.project.project_id)

    async def _connection(self, organization_id: str, connection_id: str) -> Connection:
        return await connections.get(
            self._rt, Actor(self._demo.project), organization_id, connection_id
        )

    def _doors(self) -> list[dict[str, Any]]:
        demo = self._demo
        table = (
            (demo.saml, demo.northwind.name, None, "Sign in to Northwind with SAML",
             "Northwind's own connection: its identity provider posts a signed assertion."),
            (demo.oidc, demo.northwind.name, None, "Sign in to Northwind with OpenID Connect",
             "Northwind's own connection: a code, exchanged for a signed ID token."),
            (demo.labs_saml, demo.labs.name, demo.northwind.name,
             "Sign in to Northwind Labs through Northwind",
             "The labs have no identity provider: they let people in through Northwind's."),
            (demo.labs_oidc, demo.labs.name, demo.northwind.name,
             "Sign in to Northwind Labs, External over OIDC",
             "The same over Northwind's OpenID Connect, with the labs' own roles."),
        )  # fmt: skip
        return [
            {
                "id": connection.connection_id,
                "kind": _KINDS[connection.kind],
                "title": title,
                "organization": organization,
                "sentence": sentence,
                "href": self._start(connection),
                "source_organization": owner,
            }
            for connection, organization, owner, title, sentence in table
        ]

    def _start(self, connection: Connection) -> str:
        parameters = {
            "public_token": self._public_token,
            "connection_id": connection.connection_id,
            "login_redirect_url": f"{self._rt.settings.base_url}/demo/callback",
            # The built-in identity provider signs in whom it is told to; without a hint it asks.
            "provider_login_hint": PEOPLE[0].email,
        }
        if isinstance(connection, OidcConnection) or connection == self._demo.labs_oidc:
            # For a refresh token, and so for access tokens that are renewed by themselves.
            parameters["custom_scopes"] = "groups offline_access"
        return f"/v1/public/sso/start?{urlencode(parameters)}"

    async def _tokens(
        self, project: Project, view: SessionView, factor: Factor
    ) -> dict[str, Any] | None:
        """The identity provider's tokens of this registration; None where there are none."""
        try:
            held = await idp_tokens.current_tokens(
                self._rt,
                Actor(project),
                view.session.organization_id,
                view.session.member_id,
                connection_id=factor.connection_id,
            )
        except VestibuleError as error:
            if error.code != "unable_to_refresh_oidc_token":
                raise
            return {"state": "needs_login", "error": error.detail, "login_url": error.login_url}
        for current in held:
            tokens = current.tokens
            return {
                "state": tokens.state,
                "error": tokens.last_error,
                "login_url": current.login_url,
                "scopes": list(tokens.scopes),
                # Never the whole of it on a page; enough to see that it is another one.
                "access_token": f"{tokens.access_token[:6]}…",
                "expires_at": tokens.expires_at,
                "refreshable": tokens.refresh_token is not None,
                "last_refreshed_at": tokens.last_refreshed_at,
            }
        return None

    def _exchanges(self, view: SessionView) -> list[dict[str, str]]:
        """The way over to the labs, for a session that stands on Northwind's own connection."""
        labs = self._demo.labs
        northwind = self._demo.northwind.organization_id
        if view.session.organization_id != northwind or not view.session.factors:
            return []
        return [
            {
                "title": f"Exchange this session into {labs.name}",
                "href": f"/demo/exchange?{urlencode({'organization_id': labs.slug})}",
                "sentence": f"{labs.name} has an External connection to the very connection that "
                "this session stands on, so no new sign-in is needed.",
            }
        ]

    def _roles(self, view: SessionView) -> list[dict[str, Any]]:
        policy = {role.role_id: role.description for role in self._demo.project.policy.roles}
        logins = {r.connection_id: r.last_login_at for r in view.member.registrations}
        return [
            {
                "role_id": role.role_id,
                "description": policy.get(role.role_id, ""),
                "counts_in_session": role.role_id in view.roles,
                "reasons": [
                    {
                        "text": self._reason(source),
                        "code": source.type,
                        "at": logins.get(source.connection_id or ""),
                        "counts": source.connection_id is None
                        or source.connection_id in view.session.connection_ids,
                    }
                    for source in role.sources
                ],
            }
            for role in view.member.roles
        ]

    def _reason(self, source: RoleSource) -> str:
        if source.type == "direct_assignment":
            return "assigned directly"
        if source.type == "email_assignment":
            return f"an address of {source.email_domain}"
        names = {
            c.connection_id: c.display_name
            for c in (
                self._demo.saml, self._demo.oidc, self._demo.labs_saml, self._demo.labs_oidc,
            )
        }  # fmt: skip
        door = names.get(source.connection_id or "", source.connection_id)
        if source.group is not None:
            return f"group {source.group}, through {door}"
        return f"everybody who comes through {door}"

    async def _trace(self, view: SessionView, request: Request) -> dict[str, Any]:
        trace_id = request.cookies.get(TRACE_COOKIE) or ""
        found = await logins.find_trace(self._rt, view.session.organization_id, trace_id)
        proof = view.session.email
        if found is None and proof is not None:
            said = f"The link in a mail to {proof.email_address} was exchanged for a session."
            steps = [_step("Magic link", proof.last_authenticated_at, said)]
            return {"id": "none", "outcome": "authenticated", "steps": steps}
        if found is None:
            now = self._rt.now()
            return {
                "id": "none",
                "outcome": "exchanged",
                "steps": [
                    _step(
                        "Exchange",
                        now,
                        "This session was exchanged for one in another organization; no new "
                        "sign-in took place.",
                    )
                ],
            }
        return {
            "id": found.trace_id,
            "outcome": found.outcome,
            "steps": trace_steps(found),
        }


def enter(done: Authenticated) -> Response:
    """Keep the session in the browser and show it."""
    if done.session is None:
        raise refusal("insufficient_factors_for_session_exchange")
    response = RedirectResponse("/demo/session", 303, headers={"cache-control": "no-store"})
    response.set_cookie(SESSION_COOKIE, done.session.token, httponly=True, samesite="lax")
    response.set_cookie(TRACE_COOKIE, done.trace_id, httponly=True, samesite="lax")
    return response


def wish_of(request: Request) -> Wish:
    return Wish(
        ip_address=request.client.host if request.client else "",
        user_agent=request.headers.get("user-agent", ""),
    )


def _step(name: str, at: datetime, summary: str) -> dict[str, Any]:
    return {
        "name": name, "at": at, "ok": True, "warning": False, "summary": summary,
        "want": None, "got": None, "code": None, "remedy": None, "spec": None,
    }  # fmt: skip


def _proof(proof: Proof) -> str:
    if isinstance(proof, Factor):
        return f"sso through {proof.connection_id} (subject {proof.subject})"
    return f"magic link to {proof.email_address}"


def _rules(external: ExternalConnection) -> list[dict[str, str]]:
    rules = [
        {"role_id": role_id, "because": "everybody who comes through it"}
        for role_id in external.rules.connection
    ]
    return rules + [
        {"role_id": rule.role_id, "because": f"group {rule.group}"}
        for rule in external.rules.groups
    ]


def _decoded(token: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Header and claims of our own JWT, for people to look at; nothing is decided by this."""
    header, claims, _ = token.split(".")
    return _part(header), _part(claims)


def _part(segment: str) -> Mapping[str, Any]:
    padded = segment + "=" * (-len(segment) % 4)
    decoded: Mapping[str, Any] = json.loads(base64.urlsafe_b64decode(padded))
    return decoded
