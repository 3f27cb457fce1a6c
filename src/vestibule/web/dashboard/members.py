"""The members of one organization in the dashboard: found, made, invited, changed, ended, and told
apart by why they hold each role."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from vestibule.domain.connections import Connection
from vestibule.domain.lockout import Outlook
from vestibule.domain.metadata import metadata_changes, metadata_text, read_metadata
from vestibule.domain.rbac import MEMBER_ROLE
from vestibule.errors import VestibuleError
from vestibule.services import (
    audit,
    connections,
    idp_tokens,
    lockout,
    magic_links,
    members,
    organizations,
    sessions,
)
from vestibule.services.audit import AuditQuery
from vestibule.services.lockout import Change
from vestibule.services.magic_links import Invited
from vestibule.services.members import MemberView, Wanted
from vestibule.web.forms import Form
from vestibule.web.place import Place, Table

STATUSES = ("active", "invited", "pending", "deleted")
_PAGE = 50
_EVENTS_SHOWN = 8
_FILTERS = ("q", "role", "status", "breakglass")
_NEW = "dashboard/member_new.html"
_EDIT = "dashboard/member_edit.html"
_DELETE = "dashboard/member_delete.html"
_REACTIVATE = "dashboard/member_reactivate.html"


async def index(place: Place) -> Response:
    """Everybody but the deleted, or those who are looked for."""
    asked = {name: place.query.get(name, "").strip() for name in _FILTERS}
    cursor = place.query.get("cursor") or None
    found = await members.find(
        place.rt,
        place.actor,
        place.organization_id,
        Wanted(
            asked["q"],
            asked["role"],
            asked["status"] if asked["status"] in STATUSES else "",
            bool(asked["breakglass"]),
        ),
        cursor=cursor,
        limit=_PAGE,
    )
    given = {name: value for name, value in asked.items() if value}
    return place.page(
        "dashboard/members.html",
        found=found,
        asked=asked,
        roles=await _roles(place),
        statuses=STATUSES,
        query=urlencode(given),
        first_page=cursor is None,
    )


# --- one more -------------------------------------------------------------------------------------


async def new(place: Place) -> Response:
    return place.page(_NEW, **await _new_shown(place))


async def create(place: Place) -> Response:
    """By a mail, or without one."""
    form = await place.form()
    how = form.text("how")
    asked: dict[str, Any] = {"name": form.text("name"), "roles": form.all("roles")}
    if external_id := form.given("external_id"):
        asked["external_id"] = external_id
    name = (place.rt, place.actor, place.organization_id)
    address = form.text("email_address")
    try:
        if how == "invite":
            made = await magic_links.invite(*name, Invited(address, asked))
        else:
            pending = how != "active"
            fields = {**asked, "email_address": address, "create_member_as_pending": pending}
            made = await members.create(*name, fields)
    except VestibuleError as error:
        return place.refused(error, _NEW, form, **await _new_shown(place))
    said = "invited" if how == "invite" else "created"
    return place.to(f"/members/{made.member.member_id}", said=said)


async def _new_shown(place: Place) -> dict[str, Any]:
    return {"roles": await _roles(place), "mail": place.rt.deliver is not None}


# --- one member -----------------------------------------------------------------------------------


async def show(place: Place) -> Response:
    """One member, in the order of a person's questions."""
    return await page(place)


async def page(
    place: Place, values: Form | None = None, error: VestibuleError | None = None
) -> Response:
    """The member's page, also after something on it was refused."""
    found = await named(place)
    name = (place.rt, place.actor, place.organization_id, found.member.member_id)
    there = found.member.status != "deleted"
    lately = await audit.search(
        place.rt,
        place.actor,
        AuditQuery(target=found.member.member_id),
        limit=_EVENTS_SHOWN,
    )
    shown: dict[str, Any] = {
        "found": found,
        "member": found.member,
        "explained": (await sessions.explain_roles(*name))[1] if there else (),
        "sessions": await sessions.list_sessions(*name) if there else (),
        "tokens": await idp_tokens.standings(*name) if there else (),
        "connections": await connection_names(place),
        "lately": lately.events,
        "names": await audit.names(place.rt, place.actor, lately.events),
    }
    if error is not None and values is not None:
        return place.refused(error, "dashboard/member.html", values, **shown)
    return place.page("dashboard/member.html", **shown)


async def named(place: Place) -> MemberView:
    """The member of the address, deleted or not, in this very organization.

    Raises:
        member_not_found
    """
    return await members.get(
        place.rt,
        place.actor,
        place.organization_id,
        member_id=place.path["member_id"],
        include_deleted=True,
    )


async def connection_names(place: Place) -> Mapping[str, str]:
    """What the connections of the organization are called, by id."""
    found = await connections.get_all(place.rt, place.actor, place.organization_id)
    every: Sequence[Connection] = [*found.saml, *found.oidc, *found.external]
    return {one.connection_id: one.display_name or one.connection_id for one in every}


async def edit(place: Place) -> Response:
    return place.page(_EDIT, **await _edit_shown(place, await named(place)))


async def save(place: Place) -> Response:
    """Only what was changed is written; what would shut every administrator out is asked for
    twice."""
    form = await place.form()
    found = await named(place)
    name = (place.rt, place.actor, place.organization_id, found.member.member_id)
    try:
        changes = _changes(form, found)
        if not form.flag("lock_out"):
            outlook = await _outlook(place, found, changes)
            if outlook is not None and outlook.locks_out:
                shown = await _edit_shown(place, found)
                return place.page(_EDIT, 400, **{**shown, "outlook": outlook}, values=form)
        if changes:
            await members.update(*name, changes)
        if found.member.external_id and not form.text("external_id"):
            await members.clear(*name, "organizations_members.delete_external_id")
    except VestibuleError as error:
        return place.refused(error, _EDIT, form, **await _edit_shown(place, found))
    return place.to(f"/members/{found.member.member_id}", said="saved")


async def _outlook(place: Place, found: MemberView, changes: Mapping[str, Any]) -> Outlook | None:
    if not {"roles", "is_breakglass"} & changes.keys():
        return None
    change = Change(
        member_id=found.member.member_id,
        # A role that nobody knows any more may be kept, and is none of an administrator.
        roles=_known(place, found, changes["roles"]) if "roles" in changes else None,
        is_breakglass=changes.get("is_breakglass"),
    )
    return await lockout.check(place.rt, place.actor, place.organization_id, change)


def _known(place: Place, found: MemberView, roles: Sequence[str]) -> list[str]:
    policy = place.actor.project.policy
    own = found.organization.organization.custom_roles
    known = {role.role_id for role in (*policy.roles, *own)}
    return [role_id for role_id in roles if role_id in known]


def _changes(form: Form, found: MemberView) -> dict[str, Any]:
    """The wire's fields of what differs.

    Raises:
        field_invalid, metadata_too_many_keys, metadata_too_large.
    """
    old = found.member
    asked: dict[str, Any] = {
        "name": form.text("name"),
        "is_breakglass": form.flag("is_breakglass"),
    }
    changes = {name: value for name, value in asked.items() if value != getattr(old, name)}
    if form.text("email_address") != old.email_address:
        changes["email_address"] = form.text("email_address")
        changes["unlink_email"] = not form.flag("retire")
    if form.text("external_id") not in ("", old.external_id):
        changes["external_id"] = form.text("external_id")
    roles = form.all("roles")
    if set(roles) != set(old.explicit_roles):
        changes["roles"] = roles
    for kind, metadata in (
        ("trusted_metadata", old.trusted_metadata),
        ("untrusted_metadata", old.untrusted_metadata),
    ):
        if differs := metadata_changes(metadata, read_metadata(form.text(kind), kind)):
            changes[kind] = differs
    return changes


async def _edit_shown(place: Place, found: MemberView) -> dict[str, Any]:
    roles = await _roles(place)
    known = {role.role_id for role in roles}
    return {
        "member": found.member,
        "roles": roles,
        # Somebody may still hold by hand what no policy knows any more.
        "unknown": [role_id for role_id in found.member.explicit_roles if role_id not in known],
        "trusted": metadata_text(found.member.trusted_metadata),
        "untrusted": metadata_text(found.member.untrusted_metadata),
        "outlook": None,
    }


async def _roles(place: Place) -> list[Any]:
    """The roles that can be given by hand: the project's, then the organization's own."""
    own = await organizations.get_roles(place.rt, place.actor, place.organization_id)
    return [r for r in (*place.actor.project.policy.roles, *own) if r.role_id != MEMBER_ROLE]


# --- the end, and back ----------------------------------------------------------------------------


async def ask_delete(place: Place) -> Response:
    found = await named(place)
    return place.page(_DELETE, **await _ending(place, found))


async def delete(place: Place) -> Response:
    form = await place.form()
    found = await named(place)
    try:
        shown = await _ending(place, found)
        if shown["outlook"].locks_out and not form.flag("lock_out"):
            return place.page(_DELETE, 400, **shown, values=form)
        name = (place.rt, place.actor, place.organization_id, found.member.member_id)
        await members.delete(*name)
    except VestibuleError as error:
        if error.code != "member_not_found":
            raise
        # Somebody else was faster: it is what was asked for.
    return place.to("/members", said="deleted")


async def _ending(place: Place, found: MemberView) -> dict[str, Any]:
    name = (place.rt, place.actor, place.organization_id)
    member_id = found.member.member_id
    return {
        "member": found.member,
        "sessions": len(await sessions.list_sessions(*name, member_id)),
        "tokens": len(await idp_tokens.standings(*name, member_id)),
        "outlook": await lockout.check(*name, Change(delete_member_id=member_id)),
    }


async def ask_reactivate(place: Place) -> Response:
    return place.page(_REACTIVATE, member=(await named(place)).member)


async def reactivate(place: Place) -> Response:
    form = await place.form()
    found = (await named(place)).member
    name = (place.rt, place.actor, place.organization_id, found.member_id)
    try:
        await members.reactivate(*name)
    except VestibuleError as error:
        return place.refused(error, _REACTIVATE, form, member=found)
    return place.to(f"/members/{found.member_id}", said="reactivated")


TABLE: Table = (
    ("GET", "/members", index),
    ("GET", "/members/new", new),
    ("POST", "/members/new", create),
    ("GET", "/members/{member_id}", show),
    ("GET", "/members/{member_id}/edit", edit),
    ("POST", "/members/{member_id}/edit", save),
    ("GET", "/members/{member_id}/delete", ask_delete),
    ("POST", "/members/{member_id}/delete", delete),
    ("GET", "/members/{member_id}/reactivate", ask_reactivate),
    ("POST", "/members/{member_id}/reactivate", reactivate),
)
