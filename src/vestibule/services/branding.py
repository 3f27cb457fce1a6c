"""Branding: what the pages of a project and of its organizations wear."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from vestibule.domain.branding import Branding, check_branding, check_frame_ancestors, merged
from vestibule.domain.projects import Project, ProjectSettings
from vestibule.services.audit import record
from vestibule.services.organizations import resolve
from vestibule.services.projects import change_settings
from vestibule.services.rbac import Actor, authorize
from vestibule.services.runtime import Runtime
from vestibule.storage import Tx


@dataclass(frozen=True, slots=True)
class BrandingChanges:
    """None leaves as it is; "" and b"" take away what was set, and so does a radius of -1."""

    logo: bytes | None = None
    accent: str | None = None
    radius: int | None = None
    font: str | None = None
    name: str | None = None

    def onto(self, held: Branding) -> Branding:
        radius = held.radius if self.radius is None else self.radius
        return Branding(
            held.logo if self.logo is None else self.logo,
            held.accent if self.accent is None else self.accent,
            None if radius == -1 else radius,
            held.font if self.font is None else self.font,
            held.name if self.name is None else self.name,
        )


async def worn(rt: Runtime, project_id: str, organization_id: str | None = None) -> Branding:
    """What pages of an organization, or of the project itself, look like: nothing is left open.
    Without a name set it is the organization's own, or the project's."""

    def work(tx: Tx) -> Branding:
        shown = merged(*tx.branding.find(project_id, organization_id))
        if shown.name:
            return shown
        project = tx.projects.find(project_id)
        return replace(shown, name=project.name if project else "")

    return await rt.store.read(work)


async def get(rt: Runtime, actor: Actor, organization_name: str | None = None) -> Branding:
    """What was set for the project, or for one of its organizations.

    Raises:
        organization_not_found, and what `authorize` raises.
    """

    def work(tx: Tx) -> Branding:
        if organization_name is None:
            authorize(actor, "branding.get", None)
            return tx.branding.find(actor.project.project_id)[0]
        organization_id = resolve(tx, actor, organization_name, "branding.get").organization_id
        found = tx.branding.find(actor.project.project_id, organization_id)[1]
        return found or Branding()

    return await rt.store.read(work)


async def set(  # noqa: A001 - the word of the operation
    rt: Runtime,
    actor: Actor,
    changes: BrandingChanges,
    organization_name: str | None = None,
) -> Branding:
    """Change what the project's pages wear, or those of one organization.

    Raises:
        branding_logo_invalid, branding_invalid, organization_not_found, and what `authorize`
        raises. Nothing is changed then.
    """
    return await rt.store.write(lambda tx: _set(tx, rt, actor, changes, organization_name))


async def set_project(
    rt: Runtime,
    actor: Actor,
    changes: BrandingChanges,
    frame_ancestors: Sequence[str] | None,
) -> tuple[Branding, Project]:
    """The same for the project, together with whose pages may put the portal into a frame.

    Raises:
        field_invalid for an origin, and what `set` raises. Nothing is changed then.
    """

    def work(tx: Tx) -> tuple[Branding, Project]:
        project = tx.projects.find(actor.project.project_id) or actor.project
        if frame_ancestors is not None:
            project = _frame(tx, rt, actor, frame_ancestors)
        return _set(tx, rt, actor, changes, None), project

    return await rt.store.write(work)


async def set_frame_ancestors(rt: Runtime, actor: Actor, origins: Sequence[str]) -> Project:
    """Let pages of these origins, and of no others, put the portal into a frame.

    Raises:
        operation_needs_project_secret, field_invalid. Nothing is changed then.
    """
    return await rt.store.write(lambda tx: _frame(tx, rt, actor, origins))


def _frame(tx: Tx, rt: Runtime, actor: Actor, origins: Sequence[str]) -> Project:
    authorize(actor, "branding.set", None)

    def change(settings: ProjectSettings) -> ProjectSettings:
        checked = check_frame_ancestors(origins, insecure_loopback=settings.insecure_loopback)
        return replace(settings, frame_ancestors=checked)

    return change_settings(tx, rt, actor, change, "frame_ancestors.changed")


def _set(
    tx: Tx, rt: Runtime, actor: Actor, changes: BrandingChanges, organization_name: str | None
) -> Branding:
    project_id = actor.project.project_id
    organization_id: str | None = None
    if organization_name is None:
        authorize(actor, "branding.set", None)
        held = tx.branding.find(project_id)[0]
    else:
        organization_id = resolve(tx, actor, organization_name, "branding.set").organization_id
        held = tx.branding.find(project_id, organization_id)[1] or Branding()
    new = check_branding(changes.onto(held))
    if new == held:
        return held
    tx.branding.put(project_id, organization_id, new)
    changed = [name for name in Branding.__slots__ if getattr(new, name) != getattr(held, name)]
    record(
        tx, rt, actor, organization_id or "", "branding.changed",
        organization_id or project_id, fields=" ".join(changed),
    )  # fmt: skip
    return new
