"""Projects: their credentials, their policy, and what the server does for all of them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Literal

from vestibule.domain.ids import token_hash
from vestibule.domain.jwt_template_text import read_audience, read_template, template_text
from vestibule.domain.jwt_templates import Template, build_template
from vestibule.domain.logins import TRACE_LIFETIME
from vestibule.domain.magic_links import REQUEST_LIFETIME
from vestibule.domain.organizations import slug_of
from vestibule.domain.policies import policy_changes
from vestibule.domain.projects import (
    Credential,
    FrontendChanges,
    Project,
    ProjectSettings,
    RedirectUrl,
    allows_origin,
    find_redirect_url,
    put_redirect_url,
    with_authorized_domain,
    with_defaults,
    with_frontend,
    with_redirect_url,
    without_redirect_url,
)
from vestibule.domain.rbac import Policy
from vestibule.errors import refusal
from vestibule.services.audit import record
from vestibule.services.keys import create_signing_key
from vestibule.services.rbac import Actor, authorize
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


CredentialKind = Literal["secret", "public_token", "workspace_key"]
_KINDS: tuple[CredentialKind, ...] = ("secret", "public_token", "workspace_key")


@dataclass(frozen=True, slots=True)
class NewCredential:
    """The only time that a secret is seen in clear. `secret` is "" for a public token, whose id
    is all of it."""

    credential: Credential
    secret: str = field(repr=False)


async def list_credentials(rt: Runtime, project: Project) -> list[Credential]:
    """In the order of creation. Of a secret there is nothing left but its last four characters."""
    return await rt.store.read(lambda tx: tx.projects.credentials(project.project_id))


async def create_credential(rt: Runtime, actor: Actor, kind: str) -> NewCredential:
    """One more credential beside those that there are.

    Raises:
        operation_needs_project_secret, credential_kind_unknown.
    """
    authorize(actor, "projects.credentials", None)
    if kind not in _KINDS:
        raise refusal("credential_kind_unknown", want=", ".join(_KINDS), got=kind)
    project = actor.project
    made = _new_credentials(rt, project.project_id, project.project_slug, project.environment_slug)
    name, secret_hash = _places(made)[kind]
    secret = {"secret": made.secret, "workspace_key": made.workspace_key_secret}.get(kind, "")

    def work(tx: Tx) -> NewCredential:
        new = Credential(name, kind, rt.now(), secret[-4:])
        tx.projects.insert_credential(
            name, project.project_id, kind, secret_hash, new.created_at, new.last_four
        )
        record(tx, rt, actor, "", "credential.created", name, kind=kind)
        return NewCredential(new, secret)

    return await rt.store.write(work)


async def revoke_credential(
    rt: Runtime, actor: Actor, credential_id: str, *, force: bool = False
) -> Credential:
    """End a credential: the next call that shows it is refused.

    Raises:
        operation_needs_project_secret, credential_not_found: also for one of another project,
        last_credential: it is the last of its kind, and `force` was not given.
    """
    authorize(actor, "projects.credentials", None)
    project_id = actor.project.project_id

    def work(tx: Tx) -> Credential:
        held = tx.projects.credentials(project_id)
        found = next((one for one in held if one.credential_id == credential_id), None)
        if found is None:
            raise refusal("credential_not_found", got=credential_id)
        if not force and sum(one.kind == found.kind for one in held) == 1:
            raise refusal("last_credential", got=credential_id)
        tx.projects.delete_credential(project_id, credential_id)
        record(tx, rt, actor, "", "credential.revoked", credential_id, kind=found.kind)
        return found

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
    last = {"secret": made.secret[-4:], "workspace_key": made.workspace_key_secret[-4:]}
    for kind, (name, secret_hash) in _places(made).items():
        tx.projects.insert_credential(
            name, made.project_id, kind, secret_hash, now, last.get(kind, "")
        )


def _places(made: Credentials) -> dict[str, tuple[str, bytes]]:
    """By kind, under what id and by what hash a credential is found."""
    secret = token_hash(made.secret)
    workspace = f"{made.workspace_key_id}:{made.workspace_key_secret}"
    return {
        "secret": (f"secret-{secret.hex()[:16]}", secret),
        "public_token": (made.public_token, token_hash(made.public_token)),
        "workspace_key": (made.workspace_key_id, token_hash(workspace)),
    }


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


async def get_all(rt: Runtime) -> list[Project]:
    """Every project of this server."""
    return await rt.store.read(lambda tx: tx.projects.all())


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


async def add_redirect_urls(
    rt: Runtime, project: Project, urls: Sequence[str], *, actor: Actor | None = None
) -> Project:
    """Register URLs that may receive tokens; those that are registered already stay as they are.

    Raises:
        setting_invalid: one of them is not an https URL; nothing is registered then.
    """
    return await _change_settings(
        rt,
        actor or Actor(project),
        lambda settings: functools.reduce(with_redirect_url, urls, settings),
        "redirect_urls.changed",
    )


async def set_redirect_url(
    rt: Runtime, actor: Actor, new: RedirectUrl, *, promote: bool = True
) -> Project:
    """Register a URL for some kinds of arrival, or change what a registered one is for. For what
    it is the default, no other one is any more; `promote` makes some URL the default where none
    is.

    Raises:
        operation_needs_project_secret, field_invalid: no absolute https URL, an unknown type, or
        a default for what it is not registered for.
    """
    authorize(actor, "projects.redirect_urls", None)

    def change(settings: ProjectSettings) -> ProjectSettings:
        changed = put_redirect_url(settings, new)
        return with_defaults(changed) if promote else changed

    return await _change_settings(rt, actor, change, "redirect_urls.changed")


async def remove_redirect_url(
    rt: Runtime, actor: Actor, url: str, *, promote: bool = True
) -> Project:
    """Let a URL receive no more tokens. `promote` gives its place as a default to another one.

    Raises:
        operation_needs_project_secret, redirect_url_not_found.
    """
    authorize(actor, "projects.redirect_urls", None)

    def change(settings: ProjectSettings) -> ProjectSettings:
        changed = without_redirect_url(settings, url)
        return with_defaults(changed) if promote else changed

    return await _change_settings(rt, actor, change, "redirect_urls.changed")


async def set_default_redirect_url(
    rt: Runtime, actor: Actor, url: str, kinds: Sequence[str]
) -> Project:
    """Make a registered URL the default for these kinds of arrival.

    Raises:
        operation_needs_project_secret, redirect_url_not_found, field_invalid.
    """
    authorize(actor, "projects.redirect_urls", None)

    def change(settings: ProjectSettings) -> ProjectSettings:
        held = find_redirect_url(settings, url)
        wanted = tuple(dict.fromkeys((*held.default_for, *kinds)))
        return put_redirect_url(settings, replace(held, default_for=wanted))

    return await _change_settings(rt, actor, change, "redirect_urls.changed")


async def add_authorized_domains(
    rt: Runtime, project: Project, origins: Sequence[str], *, actor: Actor | None = None
) -> Project:
    """Let pages of these origins call the frontend API; those that may already stay as they are.

    Raises:
        setting_invalid: one of them is not an https origin; nothing is changed then.
    """
    return await _change_settings(
        rt,
        actor or Actor(project),
        lambda settings: functools.reduce(with_authorized_domain, origins, settings),
        "frontend.changed",
    )


async def change_frontend(
    rt: Runtime, project: Project, changes: FrontendChanges, *, actor: Actor | None = None
) -> Project:
    """Set what pages may do.

    Raises:
        field_invalid, invalid_session_duration_minutes. Nothing is changed then.
    """
    return await _change_settings(
        rt,
        actor or Actor(project),
        lambda settings: with_frontend(settings, changes),
        "frontend.changed",
    )


async def _change_settings(
    rt: Runtime,
    actor: Actor,
    change: Callable[[ProjectSettings], ProjectSettings],
    action: str,
) -> Project:
    return await rt.store.write(lambda tx: change_settings(tx, rt, actor, change, action))


def change_settings(
    tx: Tx,
    rt: Runtime,
    actor: Actor,
    change: Callable[[ProjectSettings], ProjectSettings],
    action: str,
) -> Project:
    """Change and record it; what changes nothing is not recorded."""
    current = _current(tx, actor.project)
    settings = change(current.settings)
    if settings == current.settings:
        return current
    record(tx, rt, actor, "", action, current.project_id, **_told(current.settings, settings))
    return tx.projects.update(replace(current, settings=settings))


def _current(tx: Tx, project: Project) -> Project:
    found = tx.projects.find(project.project_id)
    if found is None:
        raise refusal("project_not_found", got=project.project_id)
    return found


def _told(old: ProjectSettings, new: ProjectSettings) -> dict[str, str]:
    """Each setting that changed, as it is now: a log is read by whoever asks what was allowed
    when."""
    changed = (f.name for f in fields(new) if getattr(old, f.name) != getattr(new, f.name))
    return {name: _shown(getattr(new, name)) for name in changed}


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(_shown(item) for item in value)
    if isinstance(value, RedirectUrl):
        return f"{value.url} ({' '.join(value.types)}; default {' '.join(value.default_for)})"
    return str(value)


async def set_policy(
    rt: Runtime, project: Project, policy: Policy, *, actor: Actor | None = None
) -> Project:
    """Replace the policy. Roles that nobody defines any more stop to count at once."""
    return await rt.store.write(
        lambda tx: _set_policy(tx, rt, actor or Actor(project), lambda _: policy)
    )


async def change_policy(rt: Runtime, actor: Actor, change: Callable[[Policy], Policy]) -> Project:
    """Make a policy of the one that stands, in one write: what somebody else changed meanwhile is
    not undone.

    Raises:
        operation_needs_project_secret, and what `change` refuses. Nothing is changed then.
    """
    authorize(actor, "projects.policy", None)
    return await rt.store.write(lambda tx: _set_policy(tx, rt, actor, change))


def _set_policy(tx: Tx, rt: Runtime, actor: Actor, change: Callable[[Policy], Policy]) -> Project:
    current = _current(tx, actor.project)
    policy = change(current.policy)
    if policy != current.policy:
        changes = policy_changes(current.policy, policy)
        told = {what: _listed(names) for what, names in changes.items()}
        record(tx, rt, actor, "", "policy.changed", current.project_id, **told)
    return tx.projects.update(replace(current, policy=policy))


def _listed(names: Sequence[str]) -> str:
    """So many of them as a log can bear."""
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return " ".join(names[:_MOST_NAMES]) + more


_MOST_NAMES = 200


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
    rt: Runtime,
    project: Project,
    text: str,
    *,
    audience: str | None = None,
    actor: Actor | None = None,
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
        current = _current(tx, project)
        changed = replace(current, jwt_template=parsed, jwt_template_text=text if parsed else "")
        if audience is not None:
            changed = replace(changed, jwt_audience=audience)
        if changed != current:
            told = {"claims": " ".join(parsed), "audience": changed.jwt_audience}
            who = actor or Actor(project)
            record(tx, rt, who, "", "jwt_template.changed", project.project_id, **told)
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
    """Delete what has expired: attempts, tokens, sessions, answers, retired keys, old traces."""

    def work(tx: Tx) -> int:
        now: datetime = rt.now()
        gone = tx.logins.delete_expired(now, now - TRACE_LIFETIME)
        gone += tx.logouts.delete_expired(now)
        gone += tx.sessions.delete_expired(now)
        gone += tx.magic_links.delete_expired(now, now - REQUEST_LIFETIME)
        gone += tx.discovery.delete_expired(now)
        gone += tx.idempotency.delete_expired(now)
        gone += tx.operators.delete_expired(now)
        gone += tx.setup_links.delete_expired(now)
        return gone + tx.keys.delete_retired(now)

    return await rt.store.write(work)
