"""The template of session JWTs, tried on a member while one writes it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.responses import Response

from vestibule.domain.jwt_templates import KNOWN_VARIABLES
from vestibule.errors import VestibuleError
from vestibule.services import jwt_templates, projects
from vestibule.services.jwt_templates import Choice, Preview
from vestibule.web.forms import Form
from vestibule.web.place import Place, Table

_TEMPLATE = "dashboard/jwt_template.html"
# What a template may be refused for; anything else is no matter of its text.
_OF_TEXT = (
    "jwt_template_", "custom_claims_", "reserved_claims_", "stytch_claims_", "field_invalid",
)  # fmt: skip


async def edit(place: Place) -> Response:
    held = await projects.get_jwt_template(place.rt, place.actor.project)
    form = Form({"content": [held.content], "audience": [held.audience]})
    return place.page(_TEMPLATE, **await _shown(place, form), values=form)


async def preview(place: Place) -> Response:
    """The same page with what would come of it; nothing is saved."""
    form = await place.form()
    return place.page(_TEMPLATE, **await _shown(place, form), values=form)


async def save(place: Place) -> Response:
    form = await place.form()
    try:
        await projects.set_jwt_template(
            place.rt,
            place.actor.project,
            form.text("content"),
            audience=form.text("audience"),
            actor=place.actor,
        )
    except VestibuleError as error:
        return place.refused(error, _TEMPLATE, form, **await _shown(place, form))
    return place.to("/jwt-template", said="saved")


async def _shown(place: Place, form: Form) -> dict[str, Any]:
    asked = form.text("who")
    choices = await jwt_templates.find_members(place.rt, place.actor, asked)
    # One of those found, or the first: what was chosen before belongs to another search.
    wanted = form.text("pick") or form.text("member_id")
    ids = [one.member.member_id for one in choices]
    member_id = wanted if wanted in ids else (ids[0] if ids else "")
    made, wrong = await _tried(place, form, member_id)
    return {
        "choices": choices if _several(asked, choices) else (),
        "member_id": member_id,
        "preview": made,
        "wrong": wrong,
        "variables": KNOWN_VARIABLES,
    }


async def _tried(
    place: Place, form: Form, member_id: str
) -> tuple[Preview | None, VestibuleError | None]:
    try:
        if not member_id:
            return None, None
        text, audience = form.text("content"), form.text("audience")
        return (
            await jwt_templates.preview(place.rt, place.actor, text, audience, member_id),
            None,
        )
    except VestibuleError as error:
        if not error.code.startswith(_OF_TEXT):
            raise
        return None, error


def _several(asked: str, choices: Sequence[Choice]) -> bool:
    return bool(asked) and len(choices) > 1


TABLE: Table = (
    ("GET", "/jwt-template", edit),
    ("POST", "/jwt-template", save),
    ("POST", "/jwt-template/preview", preview),
)
