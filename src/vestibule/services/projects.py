"""Projects: their credentials, their policy, and what the server does for all of them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from vestibule.domain.ids import token_hash
from vestibule.domain.jwt_template_text import read_audience, read_template, template_text
from vestibule.domain.jwt_templates import Template, build_template
from vestibule.domain.logins import TRACE_LIFETIME
from vestibule.domain.organizations import slug_of
from vestibule.domain.projects import (
    FrontendChanges,
    Project,
    ProjectSettings,
    allows_origin,
    with_authorized_domain,
    with_frontend,
    with_redirect_url,
)
from vestibule.domain.rbac import Policy
from vestibule.errors import refusal
from vestibule.services.keys import create_signing_key
from vestibule.services.runtime import Runtime
from vestibule.storage import Tx


@dataclass(frozen=True, slots=True)
class Credentials:
    """The only time that the secrets are seen in clear: they are stored hashed."""

    project_id: str
    secret: str
    public_token: str
    project_slug: str
    environment_slug: str
    workspace_key_id: str
    workspace_key_secret: str


async def create(
    rt: Runtime,
    name: str,
    *,
    environment: Literal["test", "live"],
    settings: ProjectSettings,
) -> Credentials:
    """Create a project with a key that signs at once and one credential of each kind."""
    project_id = rt.new_id("project", environment)
    slug = slug_of(name)
    made = _new_credentials(rt, project_id, slug, environment)

    def work(tx: Tx) -> Credentials:
        now = rt.now()
        if tx.projects.find_by_slugs(slug, environment) is not None:
            raise refusal("bad_request", want="another project name", got=name)
        tx.projects.insert(
            Project(project_id, environment, name, slug, environment, now, settings=settings)
        )
        create_signing_key(rt, tx, project_id, activates_at=now)
        _insert_credentials(tx, made, now)
        return made

    return await rt.store.write(work)


async def add_credentials(rt: Runtime, project: Project) -> Credentials:
    """New credentials beside the old ones, which go on working."""
    made = _new_credentials(rt, project.project_id, project.project_slug, project.environment_slug)

    def work(tx: Tx) -> Credentials:
        _insert_credentials(tx, made, rt.now())
        return made

    return await rt.store.write(work)


def _new_credentials(rt: Runtime, project_id: str, slug: str, environment: str) -> Credentials:
    return Credentials(
        project_id=project_id,
        secret=f"secret-{environment}-{rt.new_token()}",
        public_token=f"public-token-{environment}-{_uuid_part(rt, environment)}",
        project_slug=slug,
        environment_slug=environment,
        workspace_key_id=f"workspace-key-{_uuid_part(rt, environment)}",
        workspace_key_secret=rt.new_token(),
    )


def _insert_credentials(tx: Tx, made: Credentials, now: datetime) -> None:
    place = token_hash(made.secret)
    workspace = f"{made.workspace_key_id}:{made.workspace_key_secret}"
    for credential_id, kind, secret_hash in (
        (f"secret-{place.hex()[:16]}", "secret", place),
        (made.public_token, "public_token", token_hash(made.public_token)),
        (made.workspace_key_id, "workspace_key", token_hash(workspace)),
    ):
        tx.projects.insert_credential(credential_id, made.project_id, kind, secret_hash, now)


def _uuid_part(rt: Runtime, environment: str) -> str:
    return rt.new_id("project", environment).removeprefix(f"project-{environment}-")


async def authenticate(rt: Runtime, project_id: str, secret: str) -> Project:
    """The project whose id and secret these are.

    The secret is found by its hash, so nothing about it can be learned from the time this takes.

    Raises:
        unauthorized_credentials.
    """
    place = token_hash(secret)
    found = await rt.store.read(lambda tx: tx.projects.authenticate("secret", place))
    if found is None or found[0].project_id != project_id:
        raise refusal("unauthorized_credentials")
    return found[0]


async def by_public_token(rt: Runtime, public_token: str) -> Project:
    """The project of a public token, which is no secret: it says which project, not who asks.

    Raises:
        public_token_not_found.
    """
    return await rt.store.read(lambda tx: of_public_token(tx, public_token))


def of_public_token(tx: Tx, public_token: str) -> Project:
    """The same inside of a transaction that is open already."""
    found = tx.projects.authenticate("public_token", token_hash(public_token))
    if found is None:
        raise refusal("public_token_not_found")
    return found[0]


async def knows_origin(rt: Runtime, origin: str) -> bool:
    """Whether some project lets pages of this origin call. A browser that asks beforehand shows no
    credential, so nothing says which project it means."""
    known = await rt.store.read(lambda tx: tx.projects.all())
    return any(allows_origin(project.settings, origin) for project in known)


async def authenticate_workspace(
    rt: Runtime, name: str, secret: str, project_slug: str, environment_slug: str
) -> Project:
    """The project of the management wire (decision 9): with a workspace key, or with the
    project's own id and secret for its own environment.

    Raises:
        unauthorized_credentials, project_not_found.
    """

    def work(tx: Tx) -> Project:
        by_key = tx.projects.authenticate("workspace_key", token_hash(f"{name}:{secret}"))
        by_secret = tx.projects.authenticate("secret", token_hash(secret))
        project = tx.projects.find_by_slugs(project_slug, environment_slug)
        if by_key is None and (by_secret is None or by_secret[0].project_id != name):
            raise refusal("unauthorized_credentials")
        if project is None or (by_key is None and project.project_id != name):
            raise refusal("project_not_found", got=f"{project_slug}/{environment_slug}")
        return project

    return await rt.store.read(work)


async def get(rt: Runtime, project_id: str) -> Project:
    found = await rt.store.read(lambda tx: tx.projects.find(project_id))
    if found is None:
        raise refusal("project_not_found", got=project_id)
    return found


async def get_first(rt: Runtime) -> Project | None:
    found = await rt.store.read(lambda tx: tx.projects.all())
    return found[0] if found else None


async def find_named(rt: Runtime, place: str | None) -> Project:
    """The project at "slug/environment"; without one, the only project that there is.

    Raises:
        project_not_found: `want` names those that there are.
    """
    known = {
        f"{found.project_slug}/{found.environment_slug}": found
        for found in await rt.store.read(lambda tx: tx.projects.all())
    }
    if place is None and len(known) == 1:
        return next(iter(known.values()))
    if place is None or place not in known:
        want = ", ".join(sorted(known)) or "a project, which vestibule migrate --project makes"
        raise refusal("project_not_found", want=want, got=place or "no name")
    return known[place]


async def add_redirect_urls(rt: Runtime, project: Project, urls: Sequence[str]) -> Project:
    """Register URLs that may receive tokens; those that are registered already stay as they are.

    Raises:
        setting_invalid: one of them is not an https URL; nothing is registered then.
    """
    return await _change_settings(
        rt, project, lambda settings: functools.reduce(with_redirect_url, urls, settings)
    )


async def add_authorized_domains(rt: Runtime, project: Project, origins: Sequence[str]) -> Project:
    """Let pages of these origins call the frontend API; those that may already stay as they are.

    Raises:
        setting_invalid: one of them is not an https origin; nothing is changed then.
    """
    return await _change_settings(
        rt, project, lambda settings: functools.reduce(with_authorized_domain, origins, settings)
    )


async def change_frontend(rt: Runtime, project: Project, changes: FrontendChanges) -> Project:
    """Set what pages may do.

    Raises:
        field_invalid, invalid_session_duration_minutes. Nothing is changed then.
    """
    return await _change_settings(rt, project, lambda settings: with_frontend(settings, changes))


async def _change_settings(
    rt: Runtime, project: Project, change: Callable[[ProjectSettings], ProjectSettings]
) -> Project:
    def work(tx: Tx) -> Project:
        current = tx.projects.find(project.project_id)
        if current is None:
            raise refusal("project_not_found", got=project.project_id)
        settings = change(current.settings)
        if settings == current.settings:
            return current
        return tx.projects.update(replace(current, settings=settings))

    return await rt.store.write(work)


async def set_policy(rt: Runtime, project: Project, policy: Policy) -> Project:
    """Replace the policy. Roles that nobody defines any more stop to count at once."""

    def work(tx: Tx) -> Project:
        current = tx.projects.find(project.project_id)
        if current is None:
            raise refusal("project_not_found", got=project.project_id)
        return tx.projects.update(replace(current, policy=policy))

    return await rt.store.write(work)


@dataclass(frozen=True, slots=True)
class JwtTemplate:
    """The template of session JWTs as it was given, and the audience beside the project's id."""

    content: str
    audience: str


async def get_jwt_template(rt: Runtime, project: Project) -> JwtTemplate:
    """Both are empty where none was set."""
    current = await get(rt, project.project_id)
    return JwtTemplate(template_text(current), current.jwt_audience)


async def set_jwt_template(
    rt: Runtime, project: Project, text: str, *, audience: str | None = None
) -> JwtTemplate:
    """Replace the template; the next JWT of every session shows it. An empty text takes it away.

    Args:
        audience: one more `aud` of each session JWT, "" for none; None leaves it as it is.

    Raises:
        field_invalid for an audience, and what `read_template` refuses. Nothing is changed then.
    """
    parsed = read_template(text)
    if audience is not None:
        read_audience(audience)

    def work(tx: Tx) -> Project:
        current = tx.projects.find(project.project_id)
        if current is None:
            raise refusal("project_not_found", got=project.project_id)
        changed = replace(current, jwt_template=parsed, jwt_template_text=text if parsed else "")
        if audience is not None:
            changed = replace(changed, jwt_audience=audience)
        return tx.projects.update(changed)

    done = await rt.store.write(work)
    return JwtTemplate(template_text(done), done.jwt_audience)


_templates: dict[str, tuple[int, Template]] = {}


def ready_template(project: Project) -> Template:
    """The project's template, made ready once for each version of the project."""
    known = _templates.get(project.project_id)
    if known is None or known[0] != project.version:
        known = (project.version, build_template(project.jwt_template))
        _templates[project.project_id] = known
    return known[1]


async def sweep(rt: Runtime) -> int:
    """Delete what has expired: attempts, tokens, sessions, retired keys, old traces."""

    def work(tx: Tx) -> int:
        now: datetime = rt.now()
        gone = tx.logins.delete_expired(now, now - TRACE_LIFETIME)
        gone += tx.logouts.delete_expired(now)
        gone += tx.sessions.delete_expired(now)
        return gone + tx.keys.delete_retired(now)

    return await rt.store.write(work)
