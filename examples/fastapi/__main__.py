"""`python -m examples.fastapi`: sign in by organization, a page for those who are signed in, one
that needs a permission, and the way over to another organization."""

from __future__ import annotations

import argparse
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html import escape
from typing import Annotated
from urllib.parse import quote

import uvicorn
from fastapi import Depends, FastAPI
from fastapi.responses import HTMLResponse

from vestibule_sdk import AsyncVestibule, Credentials, Session
from vestibule_sdk.fastapi import (
    CurrentSession,
    MaybeSession,
    VestibuleMiddleware,
    require_permission,
)

COMPANIES = ("northwind", "northwind-labs")
Writer = Annotated[Session, Depends(require_permission("documents", "write"))]


def build(client: AsyncVestibule) -> FastAPI:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await client.close()

    app = FastAPI(lifespan=lifespan)
    app.add_middleware(VestibuleMiddleware, client=client, home="/desk", sign_in="/")

    @app.get("/")
    async def home(session: MaybeSession, next: str = "/desk") -> HTMLResponse:  # noqa: A002
        if session is not None:
            return page("You are signed in", '<a href="/desk">To your desk</a>')
        links = ""
        for slug in COMPANIES:
            company = (await client.organizations.get(organization_id=slug)).organization
            for door in company.sso_active_connections:
                query = f"connection={quote(door.connection_id)}&next={quote(next, safe='')}"
                name = escape(f"{company.organization_name}: {door.display_name}")
                links += f'<li><a href="/auth/login?{query}">{name}</a></li>'
        return page("Sign in", f"<ul>{links}</ul>")

    @app.get("/desk")
    async def desk(session: CurrentSession) -> HTMLResponse:
        others = ""
        for slug in COMPANIES:
            company = (await client.organizations.get(organization_id=slug)).organization
            if company.organization_id != session.organization_id:
                # Where the session does not suffice, this is a login through that connection.
                door = company.sso_active_connections[0].connection_id
                query = f"organization={slug}&connection={quote(door)}"
                others += button(f"/auth/switch?{query}", f"Go over to {company.organization_name}")
        roles = escape(", ".join(session.roles))
        return page(
            f"You are in {session.organization_slug}",
            f'<p>Your roles: {roles}</p><a href="/documents/new">Write a document</a>'
            f"{others}{button('/auth/logout', 'Sign out')}",
        )

    @app.get("/documents/new")
    async def new_document(session: Writer) -> HTMLResponse:
        return page("You may write", f"<p>In {escape(session.organization_slug)}</p>")

    return app


def page(title: str, content: str) -> HTMLResponse:
    return HTMLResponse(
        f"<!doctype html><title>{escape(title)}</title><h1>{escape(title)}</h1>{content}"
    )


def button(action: str, label: str) -> str:
    return f'<form method="post" action="{escape(action)}"><button>{escape(label)}</button></form>'


def main() -> None:
    parser = argparse.ArgumentParser(prog="examples.fastapi", description=__doc__)
    parser.add_argument("--credentials", default=".vestibule/credentials.json")
    parser.add_argument("--port", type=int, default=3000)
    chosen = parser.parse_args()
    app = build(AsyncVestibule(Credentials.read(chosen.credentials)))
    uvicorn.run(app, port=chosen.port, log_level="warning")


if __name__ == "__main__":
    main()
