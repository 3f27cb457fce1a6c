"""`python -m examples.flask`: sign in by organization, a page for those who are signed in, one
that needs a permission, and the way over to another organization."""

from __future__ import annotations

import argparse
from urllib.parse import quote

from flask import Flask, render_template_string, request
from werkzeug.serving import run_simple

from vestibule_sdk import Credentials, Vestibule
from vestibule_sdk.flask import (
    VestibuleMiddleware,
    current_session,
    permission_required,
    require_session,
    session_required,
)

COMPANIES = ("northwind", "northwind-labs")
# Flask escapes what stands in braces.
PAGE = "<!doctype html><title>{{ title }}</title><h1>{{ title }}</h1>"
HOME = (
    PAGE
    + """<ul>{% for company in companies %}{% for door in company.sso_active_connections %}
<li><a href="/auth/login?connection={{ door.connection_id }}&next={{ following }}">
{{ company.organization_name }}: {{ door.display_name }}</a></li>
{% endfor %}{% endfor %}</ul>"""
)
DESK = (
    PAGE
    + """<p>Your roles: {{ roles }}</p><a href="/documents/new">Write a document</a>
{% for company in others %}
<form method="post" action="/auth/switch?organization={{ company.organization_slug }}&connection={{
company.sso_active_connections[0].connection_id }}">
<button>Go over to {{ company.organization_name }}</button></form>
{% endfor %}
<form method="post" action="/auth/logout"><button>Sign out</button></form>"""
)


def build(client: Vestibule) -> Flask:
    app = Flask(__name__)
    middleware = VestibuleMiddleware(app.wsgi_app, client, home="/desk", sign_in="/")
    app.wsgi_app = middleware  # type: ignore[method-assign]

    @app.get("/")
    def home() -> str:
        if current_session() is not None:
            return render_template_string(PAGE, title="You are signed in")
        following = quote(request.args.get("next", "/desk"), safe="")
        companies = [client.organizations.get(organization_id=s).organization for s in COMPANIES]
        return render_template_string(
            HOME, title="Sign in", companies=companies, following=following
        )

    @app.get("/desk")
    def desk() -> str:
        session = require_session()
        companies = [client.organizations.get(organization_id=s).organization for s in COMPANIES]
        # Where the session does not suffice, going over is a login through that connection.
        others = [c for c in companies if c.organization_id != session.organization_id]
        title, roles = f"You are in {session.organization_slug}", ", ".join(session.roles)
        return render_template_string(DESK, title=title, roles=roles, others=others)

    @app.get("/documents/new")
    @permission_required("documents", "write")
    def new_document() -> str:
        return render_template_string(PAGE, title="You may write")

    @app.get("/documents")
    @session_required
    def documents() -> str:
        return render_template_string(PAGE, title="There are no documents yet")

    return app


def main() -> None:
    parser = argparse.ArgumentParser(prog="examples.flask", description=__doc__)
    parser.add_argument("--credentials", default=".vestibule/credentials.json")
    parser.add_argument("--port", type=int, default=3000)
    chosen = parser.parse_args()
    with Vestibule(Credentials.read(chosen.credentials)) as client:
        run_simple("127.0.0.1", chosen.port, build(client), threaded=True)


if __name__ == "__main__":
    main()
