"""`python -m examples.django`: sign in by organization, a page for those who are signed in, one
that needs a permission, and the way over to another organization."""

from __future__ import annotations

import argparse
import socketserver
from typing import Any
from urllib.parse import quote
from wsgiref.simple_server import WSGIServer, make_server

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import path
from django.utils.html import format_html, format_html_join

from vestibule_sdk import Credentials, Vestibule
from vestibule_sdk.django import permission_required, session_required

COMPANIES = ("northwind", "northwind-labs")


def client() -> Vestibule:
    found: Vestibule = settings.VESTIBULE["client"]
    return found


def companies() -> list[Any]:
    return [client().organizations.get(organization_id=slug).organization for slug in COMPANIES]


def page(title: str, content: str = "") -> Any:
    text = "<!doctype html><title>{}</title><h1>{}</h1>{}"
    return HttpResponse(format_html(text, title, title, content))


def home(request: Any) -> Any:
    if request.vestibule_session is not None:
        return page("You are signed in")
    following = quote(request.GET.get("next", "/desk"), safe="")
    link = '<li><a href="/auth/login?connection={}&amp;next={}">{}: {}</a></li>'
    doors = (
        (door.connection_id, following, company.organization_name, door.display_name)
        for company in companies()
        for door in company.sso_active_connections
    )
    return page("Sign in", format_html("<ul>{}</ul>", format_html_join("", link, doors)))


@session_required
def desk(request: Any) -> Any:
    session = request.vestibule_session
    # Where the session does not suffice, going over is a login through that connection.
    form = (
        '<form method="post" action="/auth/switch?organization={}&amp;connection={}">'
        "<button>Go over to {}</button></form>"
    )
    others = (
        (c.organization_slug, c.sso_active_connections[0].connection_id, c.organization_name)
        for c in companies()
        if c.organization_id != session.organization_id
    )
    content = format_html(
        '<p>Your roles: {}</p><a href="/documents/new">Write a document</a>{}'
        '<form method="post" action="/auth/logout"><button>Sign out</button></form>',
        ", ".join(session.roles),
        format_html_join("", form, others),
    )
    return page(f"You are in {session.organization_slug}", content)


@permission_required("documents", "write")
def new_document(_request: Any) -> Any:
    return page("You may write")


urlpatterns = [path("", home), path("desk", desk), path("documents/new", new_document)]


class ThreadingServer(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True


def main() -> None:
    parser = argparse.ArgumentParser(prog="examples.django", description=__doc__)
    parser.add_argument("--credentials", default=".vestibule/credentials.json")
    parser.add_argument("--port", type=int, default=3000)
    chosen = parser.parse_args()
    with Vestibule(Credentials.read(chosen.credentials)) as opened:
        settings.configure(
            ALLOWED_HOSTS=["127.0.0.1", "localhost"],
            MIDDLEWARE=["vestibule_sdk.django.VestibuleMiddleware"],
            ROOT_URLCONF=__name__,
            VESTIBULE={"client": opened, "home": "/desk", "sign_in": "/"},
        )
        app = get_wsgi_application()
        with make_server("127.0.0.1", chosen.port, app, server_class=ThreadingServer) as server:
            server.serve_forever()


if __name__ == "__main__":
    main()
