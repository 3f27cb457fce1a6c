"""What the applications of a project may do, and by which keys they are known: redirect URLs, the
frontend API, who may frame the portal, API keys. A secret is seen once."""

from __future__ import annotations

from typing import Any, get_args

from starlette.responses import Response

from vestibule.domain.projects import (
    Credential,
    FrontendChanges,
    Project,
    RedirectType,
    RedirectUrl,
    find_redirect_url,
)
from vestibule.errors import VestibuleError, refusal
from vestibule.services import branding, projects
from vestibule.services.projects import NewCredential
from vestibule.web.forms import Form
from vestibule.web.place import Place, Table

_APPLICATIONS = "dashboard/applications.html"
_REDIRECT_URL = "dashboard/redirect_url.html"
_REMOVE = "dashboard/redirect_url_remove.html"
_KEYS = "dashboard/api_keys.html"
_REVOKE = "dashboard/api_key_revoke.html"
_TYPES: tuple[str, ...] = get_args(RedirectType)
# What stands in help and in empty inputs.
_EXAMPLES = {
    "url": "https://app.example.com/authenticate",
    "origin": "https://app.example.com",
    "pattern": "https://*.example.com",
}
_KINDS = ("secret", "public_token", "workspace_key")


# --- applications ---------------------------------------------------------------------------------


async def applications(place: Place) -> Response:
    return place.page(_APPLICATIONS, refused_form="", **_settings(place.actor.project))


async def change_frontend(place: Place) -> Response:
    form = await place.form()
    try:
        await projects.change_frontend(
            place.rt,
            place.actor.project,
            FrontendChanges(
                enabled=form.flag("enabled"),
                self_onboarding=form.flag("self_onboarding"),
                authorized_domains=form.lines("authorized_domains"),
                pkce_required=form.flag("pkce_required"),
                max_session_duration_minutes=form.number("max_session_duration_minutes"),
            ),
            actor=place.actor,
        )
    except VestibuleError as error:
        return _refused(place, error, form, "frontend")
    return place.to("/applications", said="saved")


async def change_frames(place: Place) -> Response:
    form = await place.form()
    try:
        await branding.set_frame_ancestors(place.rt, place.actor, form.lines("frame_ancestors"))
    except VestibuleError as error:
        return _refused(place, error, form, "frames")
    return place.to("/applications", said="saved")


def _refused(place: Place, error: VestibuleError, form: Form, which: str) -> Response:
    shown = _settings(place.actor.project)
    return place.refused(error, _APPLICATIONS, form, refused_form=which, **shown)


def _settings(project: Project) -> dict[str, Any]:
    return {"settings": project.settings, "examples": _EXAMPLES}


async def redirect_url(place: Place) -> Response:
    """One that is registered, to be changed; or the form for a new one."""
    return place.page(_REDIRECT_URL, **_redirect_url(_held(place)))


async def put_redirect_url(place: Place) -> Response:
    form = await place.form()
    held = _held(place)
    default_for = tuple(form.all("default_for"))
    # To be the default for a kind is to be registered for it.
    kinds = tuple(kind for kind in _TYPES if kind in (*form.all("types"), *default_for))
    url = held.url if held else form.text("url")
    try:
        await projects.set_redirect_url(place.rt, place.actor, RedirectUrl(url, kinds, default_for))
    except VestibuleError as error:
        return place.refused(error, _REDIRECT_URL, form, **_redirect_url(held))
    return place.to("/applications", said="saved")


async def ask_remove_redirect_url(place: Place) -> Response:
    return place.page(_REMOVE, held=_known(place))


async def remove_redirect_url(place: Place) -> Response:
    await place.form()
    await projects.remove_redirect_url(place.rt, place.actor, _known(place).url)
    return place.to("/applications", said="deleted")


def _redirect_url(held: RedirectUrl | None) -> dict[str, Any]:
    return {"held": held, "types": _TYPES, "examples": _EXAMPLES}


def _held(place: Place) -> RedirectUrl | None:
    return _known(place) if place.query.get("url") else None


def _known(place: Place) -> RedirectUrl:
    return find_redirect_url(place.actor.project.settings, place.query.get("url", ""))


# --- API keys -------------------------------------------------------------------------------------


async def keys(place: Place) -> Response:
    return place.page(_KEYS, **await _keys(place))


async def create_key(place: Place) -> Response:
    form = await place.form()
    try:
        made = await projects.create_credential(place.rt, place.actor, form.text("kind"))
    except VestibuleError as error:
        return place.refused(error, _KEYS, form, **await _keys(place))
    return place.page(_KEYS, **await _keys(place, made))


async def ask_revoke_key(place: Place) -> Response:
    return place.page(_REVOKE, **await _key(place))


async def revoke_key(place: Place) -> Response:
    form = await place.form()
    name = place.path["credential_id"]
    try:
        await projects.revoke_credential(place.rt, place.actor, name, force=form.flag("force"))
    except VestibuleError as error:
        if error.code != "last_credential":
            raise
        return place.refused(error, _REVOKE, form, **await _key(place))
    return place.to("/api-keys", said="key_revoked")


async def _keys(place: Place, made: NewCredential | None = None) -> dict[str, Any]:
    held = await projects.list_credentials(place.rt, place.actor.project)
    return {"held": held, "kinds": _KINDS, "made": made}


async def _key(place: Place) -> dict[str, Any]:
    name = place.path["credential_id"]
    held = await projects.list_credentials(place.rt, place.actor.project)
    found: Credential | None = next((one for one in held if one.credential_id == name), None)
    if found is None:
        raise refusal("credential_not_found", got=name)
    left = sum(one.kind == found.kind for one in held) - 1
    return {"key": found, "left": left}


TABLE: Table = (
    ("GET", "/applications", applications),
    ("POST", "/applications/frontend", change_frontend),
    ("POST", "/applications/frames", change_frames),
    ("GET", "/applications/redirect-url", redirect_url),
    ("POST", "/applications/redirect-url", put_redirect_url),
    ("GET", "/applications/redirect-url/remove", ask_remove_redirect_url),
    ("POST", "/applications/redirect-url/remove", remove_redirect_url),
    ("GET", "/api-keys", keys),
    ("POST", "/api-keys", create_key),
    ("GET", "/api-keys/{credential_id}/revoke", ask_revoke_key),
    ("POST", "/api-keys/{credential_id}/revoke", revoke_key),
)
