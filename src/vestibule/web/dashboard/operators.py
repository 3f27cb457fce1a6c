"""Who runs the server, and the own account of whoever looks: password and authenticator app."""

from __future__ import annotations

from typing import Any

from starlette.responses import RedirectResponse, Response

from vestibule.domain.operators import MIN_PASSWORD, Operator
from vestibule.domain.projects import redirect_registered
from vestibule.errors import VestibuleError
from vestibule.services import operators
from vestibule.services.operators import TotpOffer
from vestibule.web.place import Place, Table
from vestibule.web.qr_codes import draw

_LIST = "dashboard/operators.html"
_NEW = "dashboard/operator_new.html"
_DISABLE = "dashboard/operator_disable.html"
_ACCOUNT = "dashboard/account.html"
_TOTP = "dashboard/account_totp.html"
_REMOVE = "dashboard/account_totp_remove.html"


async def index(place: Place) -> Response:
    sso = await operators.operators_sso_connections(place.rt)
    project = await operators.operators_project(place.rt)
    callback = f"{place.rt.settings.base_url}/dashboard/callback"
    return place.page(
        _LIST,
        held=await operators.list_all(place.rt),
        me=_me(place),
        now=place.rt.now(),
        sso=sso,
        sso_set=bool(place.rt.settings.operators_organization),
        callback=callback,
        callback_registered=project is not None and redirect_registered(project.settings, callback),
    )


async def new(place: Place) -> Response:
    return place.page(_NEW, least=MIN_PASSWORD)


async def create(place: Place) -> Response:
    form = await place.form()
    try:
        await operators.create(
            place.rt,
            form.text("email"),
            form.text("name"),
            form.secret("password"),
            by=_me(place).operator_id,
        )
    except VestibuleError as error:
        return place.refused(error, _NEW, form, least=MIN_PASSWORD)
    return place.to("/operators", said="created")


async def ask_disable(place: Place) -> Response:
    found = await operators.get(place.rt, place.path["operator_id"])
    return place.page(_DISABLE, one=found)


async def disable(place: Place) -> Response:
    form = await place.form()
    name = place.path["operator_id"]
    try:
        await operators.disable(place.rt, name, by=_me(place).operator_id)
    except VestibuleError as error:
        if error.code != "field_invalid":
            raise
        return place.refused(error, _DISABLE, form, one=await operators.get(place.rt, name))
    return place.to("/operators", said="operator_disabled")


async def enable(place: Place) -> Response:
    await place.form()
    await operators.enable(place.rt, place.path["operator_id"], by=_me(place).operator_id)
    return place.to("/operators", said="operator_enabled")


# --- the own account ------------------------------------------------------------------------------


async def account(place: Place) -> Response:
    return place.page(_ACCOUNT, **await _account(place))


async def change_password(place: Place) -> Response:
    """All visits end with it, so what was done is told where one signs in."""
    form = await place.form()
    try:
        await operators.change_password(
            place.rt, _me(place).operator_id, form.secret("old"), form.secret("new")
        )
    except VestibuleError as error:
        return place.refused(error, _ACCOUNT, form, **await _account(place))
    return RedirectResponse("/dashboard/sign-in?said=password_changed", 303)


async def begin_totp(place: Place) -> Response:
    await place.form()
    await operators.begin_totp(place.rt, _me(place).operator_id)
    return place.to("/account/totp")


async def totp(place: Place) -> Response:
    offer = await operators.offered_totp(place.rt, _me(place).operator_id)
    return place.page(_TOTP, **_offered(offer)) if offer else place.to("/account")


async def confirm_totp(place: Place) -> Response:
    form = await place.form()
    name = _me(place).operator_id
    try:
        await operators.confirm_totp(place.rt, name, form.text("code"))
    except VestibuleError as error:
        offer = await operators.offered_totp(place.rt, name)
        if offer is None:
            return place.to("/account")
        return place.refused(error, _TOTP, form, **_offered(offer))
    return place.to("/account", said="totp_added")


async def ask_remove_totp(place: Place) -> Response:
    return place.page(_REMOVE)


async def remove_totp(place: Place) -> Response:
    form = await place.form()
    try:
        await operators.remove_totp(place.rt, _me(place).operator_id, form.secret("password"))
    except VestibuleError as error:
        return place.refused(error, _REMOVE, form)
    return place.to("/account", said="totp_removed")


async def _account(place: Place) -> dict[str, Any]:
    me = await operators.get(place.rt, _me(place).operator_id)
    return {"me": me, "least": MIN_PASSWORD}


def _offered(offer: TotpOffer) -> dict[str, Any]:
    return {"offer": offer, "code_drawn": draw(offer.uri)}


def _me(place: Place) -> Operator:
    found = place.frame["operator"]
    if not isinstance(found, Operator):
        raise TypeError("the dashboard's frame holds the operator")
    return found


TABLE: Table = (
    ("GET", "/operators", index),
    ("GET", "/operators/new", new),
    ("POST", "/operators/new", create),
    ("GET", "/operators/{operator_id}/disable", ask_disable),
    ("POST", "/operators/{operator_id}/disable", disable),
    ("POST", "/operators/{operator_id}/enable", enable),
    ("GET", "/account", account),
    ("POST", "/account/password", change_password),
    ("POST", "/account/totp", begin_totp),
    ("GET", "/account/totp", totp),
    ("POST", "/account/totp/confirm", confirm_totp),
    ("GET", "/account/totp/remove", ask_remove_totp),
    ("POST", "/account/totp/remove", remove_totp),
)
