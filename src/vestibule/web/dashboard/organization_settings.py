"""The settings of one organization in the dashboard: read from a form into the wire's fields, and
written only where they differ. What would shut every administrator out is asked for twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import Response

from vestibule.domain.lockout import Outlook
from vestibule.domain.metadata import metadata_changes, metadata_text, read_metadata
from vestibule.domain.organizations import EmailRole, Organization, OrganizationSettings
from vestibule.domain.rbac import MEMBER_ROLE
from vestibule.errors import VestibuleError
from vestibule.services import lockout, organizations
from vestibule.services.lockout import Change
from vestibule.services.organizations import OrganizationView
from vestibule.web.forms import Form
from vestibule.web.place import Place, Table

_TEMPLATE = "dashboard/organization_settings.html"
# Rows for one more rule where no script adds them.
_EMPTY_ROWS = 2
# The ways to sign in that there are; others of the wire stay as they are once they were set.
_METHODS = ("sso", "magic_link")
_TEXTS = {
    "organization_name": "name",
    "organization_slug": "slug",
    "organization_logo_url": "logo_url",
}


async def edit(place: Place) -> Response:
    found = await _find(place)
    return place.page(_TEMPLATE, **_shown(place, found, None))


async def save(place: Place) -> Response:
    form = await place.form()
    found = await _find(place)
    old = found.organization
    name = (place.rt, place.actor, old.organization_id)
    try:
        changes = _changes(form, old)
        outlook = await _outlook(place, old, changes)
        if outlook is not None and outlook.locks_out and not form.flag("lock_out"):
            shown = {**_shown(place, found, form), "outlook": outlook}
            return place.page(_TEMPLATE, 400, **shown, values=form)
        if changes:
            await organizations.update(*name, changes)
        if old.external_id and not form.text("organization_external_id"):
            await organizations.delete_external_id(*name)
    except VestibuleError as error:
        return place.refused(error, _TEMPLATE, form, **_shown(place, found, form))
    return place.to("", said="saved")


async def _find(place: Place) -> OrganizationView:
    return await organizations.get(place.rt, place.actor, place.organization_id)


async def _outlook(place: Place, old: Organization, changes: Mapping[str, Any]) -> Outlook | None:
    if not {"auth_methods", "allowed_auth_methods"} & changes.keys():
        return None
    change = Change(
        auth_methods=changes.get("auth_methods"),
        allowed_auth_methods=changes.get("allowed_auth_methods"),
    )
    return await lockout.check(place.rt, place.actor, old.organization_id, change)


def _changes(form: Form, old: Organization) -> dict[str, Any]:
    """The wire's fields of what differs.

    Raises:
        field_invalid, metadata_too_many_keys, metadata_too_large.
    """
    changes: dict[str, Any] = {
        name: form.text(name)
        for name, held in _TEXTS.items()
        if form.text(name) != getattr(old, held)
    }
    if form.text("organization_external_id") not in ("", old.external_id):
        changes["organization_external_id"] = form.text("organization_external_id")
    for name, value in _settings(form, old.settings).items():
        if value != getattr(old.settings, name):
            changes[name] = value
    metadata = read_metadata(form.text("trusted_metadata"), "trusted_metadata")
    if differs := metadata_changes(old.trusted_metadata, metadata):
        changes["trusted_metadata"] = differs
    return changes


def _settings(form: Form, old: OrganizationSettings) -> dict[str, Any]:
    """What the form says of every setting on it, in the domain's types."""

    def kept(name: str, order: Sequence[str]) -> tuple[str, ...]:
        """Ticked boxes in the order that they had, so that the same ticks are no change."""
        ticked = form.all(name)
        known = [one for one in order if one in ticked]
        return (*known, *(one for one in ticked if one not in known))

    return {
        "auth_methods": form.text("auth_methods"),
        "allowed_auth_methods": kept("allowed_auth_methods", old.allowed_auth_methods),
        "sso_default_connection_id": form.given("sso_default_connection_id"),
        "sso_jit_provisioning": form.text("sso_jit_provisioning"),
        "sso_jit_provisioning_allowed_connections": kept(
            "sso_jit_provisioning_allowed_connections",
            old.sso_jit_provisioning_allowed_connections,
        ),
        "email_allowed_domains": tuple(form.lines("email_allowed_domains")),
        "email_jit_provisioning": form.text("email_jit_provisioning"),
        "email_invites": form.text("email_invites"),
        "rbac_email_implicit_role_assignments": tuple(
            EmailRole(domain, role_id) for domain, role_id in form.pairs("domain", "role")
        ),
    }


def _shown(place: Place, found: OrganizationView, form: Form | None) -> dict[str, Any]:
    old = found.organization
    settings = old.settings
    roles = [*place.actor.project.policy.roles, *old.custom_roles]
    rules = [(r.domain, r.role_id) for r in settings.rbac_email_implicit_role_assignments]
    doors = {c.connection_id: c.display_name or c.connection_id for c in found.active_connections}
    # A connection may have been closed since it was named here.
    named = (*settings.sso_jit_provisioning_allowed_connections, settings.sso_default_connection_id)
    closed = [one for one in dict.fromkeys(named) if one and one not in doors]
    return {
        "organization": old,
        "methods": [*_METHODS, *(m for m in settings.allowed_auth_methods if m not in _METHODS)],
        "doors": doors,
        "closed": closed,
        "closed_choices": [(one, one) for one in closed],
        "roles": [role for role in roles if role.role_id != MEMBER_ROLE],
        "rules": [*(form.pairs("domain", "role") if form else rules), *[("", "")] * _EMPTY_ROWS],
        "metadata": metadata_text(old.trusted_metadata),
        "outlook": None,
    }


TABLE: Table = (
    ("GET", "/settings", edit),
    ("POST", "/settings", save),
)
