"""The certificates and keys of one SAML connection: the provider's, by which its answers are
verified, and ours, with which we sign and open."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from vestibule.domain.connections import SamlChanges, SamlConnection
from vestibule.errors import VestibuleError, refusal
from vestibule.services import connections
from vestibule.services.rbac import allowed
from vestibule.web.forms import Form
from vestibule.web.place import Place, Table

_TEMPLATE = "views/certificates.html"


async def show(place: Place) -> Response:
    return place.page(_TEMPLATE, **await _shown(place))


async def change(place: Place) -> Response:
    """One deed, by the button that was pressed."""
    form = await place.form()
    deed, _, name = form.text("deed").partition(" ")
    where = (place.rt, place.actor, place.organization_id, place.path["connection_id"])
    try:
        if deed == "add":
            pem = form.text("x509_certificate") or _text_of(form)
            if not pem:
                raise refusal("field_missing", detail="x509_certificate")
            await connections.change_saml(*where, SamlChanges(), x509_certificate=pem)
        elif deed == "remove":
            await connections.delete_certificate(*where, name)
        elif deed == "make":
            await connections.create_signing_key(*where)
        elif deed == "activate":
            await connections.activate_signing_key(*where, name)
        elif deed == "forget":
            await connections.delete_signing_key(*where, name)
        elif deed == "forget-encryption":
            await connections.delete_encryption_key(*where, name)
        else:
            raise refusal("bad_request", want="a button of the page", got=deed)
    except VestibuleError as error:
        return place.refused(error, _TEMPLATE, form, **await _shown(place))
    return place.to(f"/connections/{place.path['connection_id']}/certificates", said="saved")


def _text_of(form: Form) -> str:
    """A certificate that was chosen as a file, in PEM form."""
    try:
        return form.files.get("file", b"").decode("ascii")
    except UnicodeDecodeError:
        raise refusal("field_invalid", want="a file in PEM form", detail="file") from None


async def _shown(place: Place) -> dict[str, Any]:
    """Whoever came only to renew a certificate is shown nothing else of the connection."""
    return {
        "connection": await _find(place),
        "now": place.rt.now(),
        "whole": allowed(place.actor, "sso.update_connection", place.organization_id),
    }


async def _find(place: Place) -> SamlConnection:
    found = await connections.get(
        place.rt, place.actor, place.organization_id, place.path["connection_id"]
    )
    if not isinstance(found, SamlConnection):
        raise refusal("saml_connection_not_found", got=found.connection_id)
    return found


TABLE: Table = (
    ("GET", "/connections/{connection_id}/certificates", show),
    ("POST", "/connections/{connection_id}/certificates", change),
)
