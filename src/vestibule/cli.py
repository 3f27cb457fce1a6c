"""The command line: dev, serve, worker, migrate, keys, template, setup-link, operators, attack.

It decides nothing.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import time
import webbrowser
from collections.abc import Coroutine
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click
import structlog

from vestibule import __version__
from vestibule.errors import VestibuleError
from vestibule.settings import VARIABLES, Settings, dev_settings, read_settings

if TYPE_CHECKING:
    from vestibule.domain.projects import Project
    from vestibule.services.runtime import Runtime

T = TypeVar("T")
_VARIABLES = "\n\n".join(f"{name}: {one.meaning}" for name, one in VARIABLES.items())


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="vestibule")
def cli() -> None:
    """Vestibule: B2B single sign-on for your product. One entrance hall, many doors.

    Start with `vestibule dev`: it needs nothing and shows everything.
    """


@cli.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="A loopback address.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option(
    "--data",
    default=".vestibule",
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder for database, keys and credentials.json; made when missing.",
)
@click.option("--no-browser", is_flag=True, help="Do not open the browser.")
def dev(host: str, port: int, data: Path, no_browser: bool) -> None:
    """Start with a demo and a built-in identity provider.

    Makes what is missing: database, keys, one project, two organizations with three doors.
    Credentials are written to DATA/credentials.json. For development only: it signs anybody in,
    and so it listens on loopback only.
    """
    began = time.perf_counter()
    settings = dev_settings(host, port, data.absolute())

    async def run() -> None:
        from vestibule.dev import prepare  # noqa: PLC0415 - serve and worker never need it
        from vestibule.web.server import serve as serve_app  # noqa: PLC0415

        app, pages = await prepare(settings, data.absolute())
        pages.started_in = f"{time.perf_counter() - began:.1f} s"

        def ready() -> None:
            click.echo(f"Vestibule {__version__} is at {settings.base_url}")
            click.echo(f"Credentials for your application: {data / 'credentials.json'}")
            click.echo("Press Ctrl+C to stop.")
            if not no_browser:
                webbrowser.open(settings.base_url)

        await serve_app(app, host, port, ready)

    _run(run())


@cli.command(epilog=_VARIABLES)
@click.option("--host", default="127.0.0.1", show_default=True, help="Where the proxy finds it.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--no-worker", is_flag=True, help="Leave the background jobs to `vestibule worker`.")
def serve(host: str, port: int, no_worker: bool) -> None:
    """Serve in production, behind a proxy that speaks https.

    Refuses to start with a missing key, an unmigrated database or an insecure setting, and says
    which. All settings come from the environment:
    """

    async def run() -> None:
        settings = _settings()
        from vestibule.services.runtime import open_runtime  # noqa: PLC0415
        from vestibule.storage.schema import require_current  # noqa: PLC0415

        rt = open_runtime(settings)
        require_current(rt.store.engine)
        # Half a second of imports, which a refusal need not wait for.
        from vestibule.web.app import App  # noqa: PLC0415
        from vestibule.web.server import serve as serve_app  # noqa: PLC0415
        from vestibule.worker import run as run_jobs  # noqa: PLC0415

        await serve_app(
            App(rt, background=None if no_worker else run_jobs),
            host,
            port,
            lambda: click.echo(f"Serving {rt.settings.base_url} on {port}"),
        )

    _run(run())


@cli.command(epilog=_VARIABLES)
def worker() -> None:
    """Run the background jobs on their own, beside `serve`. Any number may run."""

    async def run() -> None:
        from vestibule.services.runtime import open_runtime  # noqa: PLC0415
        from vestibule.storage.schema import require_current  # noqa: PLC0415
        from vestibule.worker import run_until_asked_to_end  # noqa: PLC0415

        rt = open_runtime(_settings())
        require_current(rt.store.engine)
        click.echo("Working. Press Ctrl+C to stop.")
        await run_until_asked_to_end(rt)

    _run(run())


@cli.command(epilog=_VARIABLES)
@click.option("--project", help="Create a project of this name when there is none yet.")
@click.option(
    "--redirect-url",
    multiple=True,
    help="An https URL of your application that may receive logins; the first is the default. "
    "May be given several times, and later.",
)
@click.option(
    "--authorized-domain",
    metavar="ORIGIN",
    multiple=True,
    help="An https origin whose pages may call the frontend API, such as https://app.example.com "
    "or https://*.example.com. May be given several times, and later.",
)
@click.option(
    "--frontend-api/--no-frontend-api",
    default=None,
    help="Let pages call at all, or none; on, until you say otherwise.",
)
def migrate(
    project: str | None,
    redirect_url: tuple[str, ...],
    authorized_domain: tuple[str, ...],
    frontend_api: bool | None,
) -> None:
    """Bring the database to the schema of this version.

    Safe to run again. With --project the first project is made too, and its credentials are
    printed once, as JSON: they are stored hashed and cannot be shown again.
    """

    async def run() -> None:
        from vestibule.domain.projects import FrontendChanges, ProjectSettings  # noqa: PLC0415
        from vestibule.services import projects  # noqa: PLC0415
        from vestibule.services.runtime import open_runtime  # noqa: PLC0415
        from vestibule.storage.schema import migrate as run_migrations  # noqa: PLC0415

        rt = open_runtime(_settings())
        click.echo(f"The database is at revision {run_migrations(rt.store.engine)}.", err=True)
        if project and await projects.get_first(rt) is None:
            made = await projects.create(
                rt, project, environment="live", settings=ProjectSettings(strict_defaults=True)
            )
            click.echo(json.dumps(asdict(made), indent=2))
        if redirect_url or authorized_domain or frontend_api is not None:
            known = await projects.get_first(rt)
            if known is None:
                _fail("There is no project yet to set this for; name one: --project.")
            await projects.add_redirect_urls(rt, known, redirect_url)
            await projects.add_authorized_domains(rt, known, authorized_domain)
            await projects.change_frontend(rt, known, FrontendChanges(enabled=frontend_api))

    _run(run())


@cli.group()
def keys() -> None:
    """Create the root key; rotate or replace the keys that sign session JWTs."""


@keys.command("create")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def keys_create(file: Path) -> None:
    """Write a new root key to FILE, readable by its owner only.

    It seals every secret in the database. Keep a copy in a safe place: without it the secrets
    cannot be read again. To rotate it, put the new key on the first line of the file and leave
    the old one below.
    """
    from vestibule.storage.sealed import create_key_file  # noqa: PLC0415

    try:
        create_key_file(file)
    except FileExistsError:
        _fail(f"{file} exists; a root key is never overwritten.")
    except OSError as error:
        _fail(f"{file}: {error.strerror}.")
    click.echo(f"Wrote {file}.")


@keys.command("rotate")
def keys_rotate() -> None:
    """Publish a successor of every signing key; it signs two hours later, when clients know it."""

    async def run() -> None:
        from vestibule.services.keys import rotate_signing_keys  # noqa: PLC0415
        from vestibule.services.runtime import open_runtime  # noqa: PLC0415

        done = await rotate_signing_keys(open_runtime(_settings()), force=True)
        click.echo(f"{done} project(s) have a new key.")

    _run(run())


@keys.command("replace")
@click.confirmation_option(prompt="Every session JWT that is out there becomes void. Go on?")
def keys_replace() -> None:
    """The emergency: replace the signing keys at once. Sessions live on, their JWTs do not."""

    async def run() -> None:
        from vestibule.services.keys import replace_signing_keys  # noqa: PLC0415
        from vestibule.services.runtime import open_runtime  # noqa: PLC0415

        done = await replace_signing_keys(open_runtime(_settings()))
        click.echo(f"{done} project(s) have a new key; the old ones are void.")

    _run(run())


@cli.group()
def template() -> None:
    """Show or set the template of session JWTs: the claims that your team adds to each of them.

    A template is JSON whose values may be {{ path }}, such as
    {"department": "{{ member.trusted_metadata.department }}"}.
    """


_PROJECT = click.option(
    "--project", metavar="SLUG/ENVIRONMENT", help="Needed only where there are several projects."
)
_DATA = click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder of `vestibule dev`, instead of the settings below.",
)


@template.command("show", epilog=_VARIABLES)
@_PROJECT
@_DATA
def template_show(project: str | None, data: Path | None) -> None:
    """Print the template as it was given; nothing where there is none.

    The audience, where one is set, is told on standard error.
    """

    async def run() -> None:
        rt, found = await _find_project(project, data)
        from vestibule.services import projects  # noqa: PLC0415

        shown = await projects.get_jwt_template(rt, found)
        if shown.content:
            click.echo(shown.content, nl=not shown.content.endswith("\n"))
        if shown.audience:
            click.echo(f"Audience beside the project id: {shown.audience}", err=True)

    _run(run())


@template.command("set", epilog=_VARIABLES)
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path))
@_PROJECT
@_DATA
@click.option("--audience", help='One more "aud" of each JWT; "" for none. Else left as it is.')
def template_set(file: Path, project: str | None, data: Path | None, audience: str | None) -> None:
    """Replace the template by the text in FILE, or by standard input where FILE is -.

    The next JWT of every session shows it. A template that cannot be used is refused with line,
    column and claim, and nothing is changed. An empty text takes the template away.
    """

    async def run() -> None:
        text = _read_text(file)
        rt, found = await _find_project(project, data)
        from vestibule.services import projects  # noqa: PLC0415

        await projects.set_jwt_template(rt, found, text, audience=audience)
        place = f"{found.project_slug}/{found.environment_slug}"
        click.echo(f"The next session JWT of {place} has the template.")

    _run(run())


@cli.command("setup-link", epilog=_VARIABLES)
@click.argument("organization")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    default=("sso",),
    show_default=True,
    type=click.Choice(["sso", "domain_verification", "certificate_renewal"]),
    help="What may be set up with it; may be given several times.",
)
@click.option("--days", default=7, show_default=True, type=click.IntRange(1, 30))
@click.option("--one-use", is_flag=True, help="It opens once, not until it expires.")
@click.option("--connection", help="The SAML connection of certificate_renewal.")
@click.option("--note", default="", help="For the list of links: whom it is for.")
@_PROJECT
@_DATA
def setup_link(
    organization: str,
    scopes: tuple[str, ...],
    days: int,
    one_use: bool,
    connection: str | None,
    note: str,
    project: str | None,
    data: Path | None,
) -> None:
    """Print a setup link for ORGANIZATION, which is an id, an external id or a slug.

    Whoever has the link can set up single sign-on for the organization without an account. It is
    printed once; the API lists and revokes it.
    """

    async def run() -> None:
        rt, found = await _find_project(project, data)
        if data:
            # Here host and port matter: the link leads to the server that was started there.
            told = json.loads((data / "credentials.json").read_text())
            rt = replace(rt, settings=replace(rt.settings, base_url=told["base_url"]))
        from vestibule.services import setup_links  # noqa: PLC0415
        from vestibule.services.rbac import Actor  # noqa: PLC0415

        made = await setup_links.issue(
            rt,
            Actor(found),
            organization,
            scopes=scopes,
            lifetime_minutes=days * 24 * 60,
            uses="one" if one_use else "many",
            connection_id=connection,
            note=note,
        )
        click.echo(made.url)
        click.echo(f"Expires {made.link.expires_at:%Y-%m-%d %H:%M} UTC.", err=True)

    _run(run())


@cli.group()
def operators() -> None:
    """Who may sign in to the dashboard: add somebody, list them, shut one out, set a password.

    A password is asked for twice; where standard input is no terminal, its first line is it.
    """


@operators.command("add", epilog=_VARIABLES)
@click.argument("email")
@click.option("--name", required=True, help="As the dashboard and the audit log show them.")
@_DATA
def operators_add(email: str, name: str, data: Path | None) -> None:
    """Let EMAIL sign in to the dashboard with a password, which has at least 12 characters."""

    async def run() -> None:
        rt = _open(data)
        from vestibule.services import operators as service  # noqa: PLC0415

        made = await service.create(rt, email, name, _read_password())
        click.echo(f"{made.email} may sign in: {made.operator_id}")

    _run(run())


@operators.command("list", epilog=_VARIABLES)
@_DATA
def operators_list(data: Path | None) -> None:
    """Print every operator: address, name, by what proof they enter, and whether they may."""

    async def run() -> None:
        rt = _open(data)
        from vestibule.services import operators as service  # noqa: PLC0415

        for one in await service.list_all(rt):
            paused = one.locked_until is not None and one.locked_until > rt.now()
            proofs = [
                *(["password"] if one.has_password else ["single sign-on"]),
                *(["code"] if one.has_totp else []),
            ]
            state = "disabled" if one.disabled else "paused" if paused else "active"
            click.echo("\t".join((one.email, one.name, " and ".join(proofs), state)))

    _run(run())


@operators.command("disable", epilog=_VARIABLES)
@click.argument("email")
@click.option("--undo", is_flag=True, help="Let them in again.")
@_DATA
def operators_disable(email: str, undo: bool, data: Path | None) -> None:
    """Let EMAIL in no more, and end their visits at once."""

    async def run() -> None:
        rt = _open(data)
        from vestibule.services import operators as service  # noqa: PLC0415

        known = await service.find_named(rt, email)
        change = service.enable if undo else service.disable
        await change(rt, known.operator_id)
        click.echo(f"{known.email} may {'sign in again' if undo else 'not sign in any more'}.")

    _run(run())


@operators.command("password", epilog=_VARIABLES)
@click.argument("email")
@click.option("--remove-code", is_flag=True, help="Ask for no code of the authenticator app.")
@_DATA
def operators_password(email: str, remove_code: bool, data: Path | None) -> None:
    """Set a new password for EMAIL, and end their visits. A pause for wrong tries is over."""

    async def run() -> None:
        rt = _open(data)
        from vestibule.services import operators as service  # noqa: PLC0415

        known = await service.find_named(rt, email)
        await service.set_password(rt, known.operator_id, _read_password(), remove_totp=remove_code)
        click.echo(f"{known.email} has a new password.")

    _run(run())


def _read_password() -> str:
    """Twice from a terminal, so that a slip is noticed; else the first line."""
    if sys.stdin.isatty():
        asked: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
        return asked
    octets = sys.stdin.buffer.readline()
    try:
        return octets.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError:
        _fail("standard input: not a text in UTF-8.")


@cli.command()
@click.option("--acs", metavar="URL", help="The ACS URL of another service provider.")
@click.option("--idp-key", metavar="FILE", help="PEM: the private key that it trusts.")
@click.option("--idp-cert", metavar="FILE", help="PEM: its certificate; else one is made.")
@click.option(
    "--idp-entity-id",
    metavar="URI",
    default="https://idp.attack.example/metadata",
    show_default=True,
    help="The issuer that it trusts.",
)
@click.option("--audience", metavar="URI", help="Its entity id; the ACS URL where none is given.")
@click.option("--start", metavar="URL", help="Begins a login there; else nothing was asked for.")
@click.option("--relay-state", metavar="TEXT", help="Goes along with every response.")
@click.option(
    "--sp-cert", metavar="FILE", help="PEM: what it decrypts for; else nothing encrypted."
)
@click.option(
    "--accepted-when",
    metavar="REGEX",
    help="Found in status line, headers or body of an answer that let somebody in. Else: the "
    "status is below 400.",
)
@click.option("--i-may-test-this-host", is_flag=True, help="Send to other hosts than this one.")
@click.option(
    "--only", metavar="CLASS", multiple=True, help="This class. May be given several times."
)
@click.option("--list", "listed", is_flag=True, help="Show the cases and send nothing.")
@click.option("--json", "json_file", metavar="FILE", help="Write the report there too.")
@click.option("--write-docs", metavar="FILE", help="Write the page of the documentation there.")
def attack(
    acs: str | None,
    idp_key: str | None,
    idp_cert: str | None,
    idp_entity_id: str,
    audience: str | None,
    start: str | None,
    relay_state: str | None,
    sp_cert: str | None,
    accepted_when: str | None,
    i_may_test_this_host: bool,
    only: tuple[str, ...],
    listed: bool,
    json_file: str | None,
    write_docs: str | None,
) -> None:
    """Send hostile SAML responses, and honest ones, and tell who was let in.

    Without --acs a fresh `vestibule dev` is started and attacked: every case in a login of its
    own, judged by the session that came of it. With --acs any service provider on this machine is,
    judged by its answers.

    Ends with 0 when every hostile case was refused and every honest one let in, with 1 when not,
    with 2 when it could not be run.
    """
    from vestibule.attack import acs as foreign  # noqa: PLC0415 - only this command needs it
    from vestibule.attack import report, run  # noqa: PLC0415
    from vestibule.attack.client import Unusable  # noqa: PLC0415

    try:
        if unknown := set(only) - set(run.titles()):
            raise Unusable(f"--only: there is no class {sorted(unknown)[0]!r}; --list names them.")
        if only and write_docs:
            raise Unusable("--write-docs: the page tells of all classes, not of --only.")
        classes = frozenset(only)
        if listed:
            click.echo(report.listing(run.planned(), classes))
            return
        if acs is None:
            if idp_key or idp_cert or audience or start or sp_cert or accepted_when:
                raise Unusable("Only with --acs can keys, names and rules be given.")
            found = run.against_own_server(classes)
        else:
            if idp_key is None:
                raise Unusable("--acs: give --idp-key too, the key that it trusts.")
            if write_docs:
                raise Unusable("--write-docs: the page tells of Vestibule, not of --acs.")
            if not i_may_test_this_host:
                foreign.require_loopback(acs, *([start] if start else []))
            target = foreign.Acs(
                acs,
                foreign.read_keys(*map(_attack_text, (idp_key, idp_cert, sp_cert))),
                idp_entity_id,
                audience or acs,
                start=start or "",
                relay_state=relay_state or "",
                accepted_when=foreign.read_rule(accepted_when),
                decrypts=sp_cert is not None,
            )
            found = list(foreign.run(target, classes))
        if json_file:
            _attack_write(json_file, report.document(found, __version__))
        if write_docs:
            _attack_write(write_docs, report.page(found, __version__, run.NOT_LIVE))
    except Unusable as error:
        click.echo(str(error), err=True)
        sys.exit(2)
    click.echo(report.table(found))
    sys.exit(1 if report.faults(found) else 0)


def _attack_text(file: str | None) -> str | None:
    from vestibule.attack.client import Unusable  # noqa: PLC0415

    try:
        return None if file is None else Path(file).read_text()
    except OSError as error:
        raise Unusable(f"{file}: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise Unusable(f"{file}: not a text.") from None


def _attack_write(file: str, text: str) -> None:
    from vestibule.attack.client import Unusable  # noqa: PLC0415

    try:
        Path(file).write_text(text, encoding="utf-8")
    except OSError as error:
        raise Unusable(f"{file}: {error.strerror}.") from None


def _read_text(file: Path) -> str:
    try:
        octets = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
        return octets.decode("utf-8-sig")
    except OSError as error:
        _fail(f"{file}: {error.strerror}.")
    except UnicodeDecodeError:
        _fail(f"{file}: not a text in UTF-8.")


async def _find_project(place: str | None, data: Path | None) -> tuple[Runtime, Project]:
    """The project that is meant. Without a name there must be exactly one."""
    from vestibule.services import projects  # noqa: PLC0415

    rt = _open(data)
    return rt, await projects.find_named(rt, place)


def _open(data: Path | None) -> Runtime:
    """What `vestibule dev` keeps in a folder, or what the settings name."""
    from vestibule.services.runtime import open_runtime  # noqa: PLC0415
    from vestibule.storage.schema import require_current  # noqa: PLC0415

    # Neither host nor port matters to what is stored.
    rt = open_runtime(dev_settings("127.0.0.1", 8000, data.absolute()) if data else _settings())
    require_current(rt.store.engine)
    return rt


def _settings() -> Settings:
    return read_settings(os.environ)


def _run(work: Coroutine[Any, Any, T]) -> T:
    """Run, and turn a refusal into one readable line and a status."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    import uvloop  # noqa: PLC0415 - not on every platform

    try:
        return uvloop.run(work)
    except KeyboardInterrupt:
        sys.exit(130)
    except VestibuleError as error:
        _fail(f"{error}. {error.row.message} {error.row.remedy}")


def _fail(message: str) -> NoReturn:
    click.echo(message, err=True)
    sys.exit(1)


def main() -> None:
    try:
        cli()
    except VestibuleError as error:
        _fail(f"{error}. {error.row.message} {error.row.remedy}")
