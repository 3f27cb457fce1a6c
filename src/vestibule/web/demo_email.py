"""The demo's way in by e-mail: asking for a link, the inbox, and the choice of an organization.
Only in `vestibule dev`.

Owns the mailbox of everybody: what would have gone to a mail server is kept here, in memory.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from vestibule.domain.mail import Message
from vestibule.domain.projects import Project
from vestibule.errors import refusal
from vestibule.services import discovery, magic_links, mail, projects
from vestibule.services.demo import PEOPLE, Demo
from vestibule.services.discovery import Discovered
from vestibule.services.runtime import Runtime
from vestibule.services.sessions import SessionLocator
from vestibule.web.demo import enter, wish_of
from vestibule.web.incoming import once, read_body
from vestibule.web.pages import render

PROOF_COOKIE = "vestibule_demo_proof"
_MAX_FORM = 16 * 1024
_MAX_MAILS = 100
_KINDS = {
    "active_member": "Member",
    "pending_member": "Member who never came in",
    "invited_member": "Invited",
    "eligible_to_join_by_email_domain": "May join, by the address",
}


class Inbox:
    """The latest mails, latest first. They are gone when the process ends."""

    def __init__(self) -> None:
        self.mails: deque[Message] = deque(maxlen=_MAX_MAILS)

    async def deliver(self, message: Message) -> None:
        self.mails.appendleft(message)


class EmailPages:
    """What the demo's application does for people who come by mail."""

    def __init__(self, rt: Runtime, demo: Demo, inbox: Inbox) -> None:
        self._rt = rt
        self._demo = demo
        self._inbox = inbox

    def routes(self) -> list[Route]:
        return [
            Route("/demo/email", self.form, methods=["GET"]),
            Route("/demo/email", self.send, methods=["POST"]),
            Route("/demo/inbox", self.inbox, methods=["GET"]),
            Route("/demo/organizations", self.choices, methods=["GET"]),
            Route("/demo/organizations", self.choose, methods=["POST"]),
        ]

    async def form(self, _: Request) -> Response:
        page = render("demo/email.html", home_url="/", address=PEOPLE[0].email)
        return HTMLResponse(page)

    async def send(self, request: Request) -> Response:
        sent = once(await read_body(request.receive, _MAX_FORM))
        await magic_links.send_discovery(
            self._rt,
            await self._project(),
            email_address=sent.get("email_address", ""),
            discovery_redirect_url=f"{self._rt.settings.base_url}/demo/callback",
            challenge=None,
            locale=sent.get("locale"),
            minutes=None,
        )
        return RedirectResponse("/demo/inbox", 303)

    async def inbox(self, _: Request) -> Response:
        """Every mail, with its link. What waits is delivered now rather than in a second."""
        await magic_links.answer_asked(self._rt)
        await mail.send_due(self._rt)
        page = render(
            "demo/inbox.html",
            home_url="/",
            mails=[_shown(message) for message in self._inbox.mails],
        )
        return HTMLResponse(page, headers={"cache-control": "no-store"})

    async def choices(self, request: Request) -> Response:
        """What an application shows after a link for discovery: where the person may go."""
        project = await self._project()
        token = request.query_params.get("token")
        if token:
            proven = await magic_links.authenticate_discovery(self._rt, project, token)
            # The token is used up: the page has an address that can be loaded again.
            response: Response = RedirectResponse("/demo/organizations", 303)
            response.set_cookie(PROOF_COOKIE, proven.token, httponly=True, samesite="lax")
            return response
        found = await discovery.organizations(
            self._rt,
            project,
            intermediate_token=request.cookies.get(PROOF_COOKIE),
            locator=SessionLocator(),
        )
        page = render(
            "demo/organizations.html",
            home_url="/",
            address=found.email_address,
            organizations=[_choice(one) for one in found.found],
        )
        return HTMLResponse(page, headers={"cache-control": "no-store"})

    async def choose(self, request: Request) -> Response:
        sent = once(await read_body(request.receive, _MAX_FORM))
        project, wish = await self._project(), wish_of(request)
        proof = request.cookies.get(PROOF_COOKIE)
        if not proof:
            raise refusal("intermediate_session_not_found")
        if sent.get("organization_id"):
            done = await discovery.exchange(self._rt, project, proof, sent["organization_id"], wish)
        else:
            named = {"organization_name": sent.get("organization_name", "")}
            done = await discovery.create(self._rt, project, proof, named, wish)
        response = enter(done)
        response.delete_cookie(PROOF_COOKIE)
        return response

    async def _project(self) -> Project:
        return await projects.get(self._rt, self._demo.project.project_id)


def _shown(message: Message) -> dict[str, Any]:
    letter = message.letter
    link = next(
        line for line in letter.text.splitlines() if line.startswith(("http://", "https://"))
    )
    return {
        "recipient": message.recipient,
        "subject": letter.subject,
        "sent_at": message.sent_at,
        "lines": [line for line in letter.text.split("\n\n")[1:] if line and line != link],
        "link": link,
        "id": message.message_id,
    }


def _choice(one: Discovered) -> dict[str, Any]:
    return {
        "id": one.organization.organization.organization_id,
        "name": one.organization.organization.name,
        "kind": _KINDS[one.membership],
        "open": one.complete,
        "methods": ", ".join(one.primary_methods or ()),
    }
