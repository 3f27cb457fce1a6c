"""Ending the sessions of one member in the dashboard: one of them, or all."""

from __future__ import annotations

from starlette.responses import Response

from vestibule.errors import VestibuleError, refusal
from vestibule.services import sessions
from vestibule.web.dashboard import members
from vestibule.web.place import Place, Table


async def revoke(place: Place) -> Response:
    """One session, which has to be this member's."""
    form = await place.form()
    member = (await members.named(place)).member
    asked = form.text("session_id")
    live = await sessions.list_sessions(
        place.rt, place.actor, place.organization_id, member.member_id
    )
    try:
        if asked not in {session.session_id for session, _, _ in live}:
            raise refusal("session_not_found", got=asked)
        await sessions.revoke(place.rt, place.actor, session_id=asked)
    except VestibuleError as error:
        return await members.page(place, form, error)
    return place.to(f"/members/{member.member_id}", said="session_ended")


async def ask_revoke_all(place: Place) -> Response:
    member = (await members.named(place)).member
    live = await sessions.list_sessions(
        place.rt, place.actor, place.organization_id, member.member_id
    )
    return place.page("dashboard/sessions_revoke.html", member=member, sessions=len(live))


async def revoke_all(place: Place) -> Response:
    await place.form()
    member = (await members.named(place)).member
    await sessions.revoke(place.rt, place.actor, member_id=member.member_id)
    return place.to(f"/members/{member.member_id}", said="sessions_ended")


TABLE: Table = (
    ("POST", "/members/{member_id}/sessions/revoke", revoke),
    ("GET", "/members/{member_id}/sessions/revoke-all", ask_revoke_all),
    ("POST", "/members/{member_id}/sessions/revoke-all", revoke_all),
)
