"""The settings of one connection: read from a form into the changes of an update, live or into the
draft.

A box that is not ticked says no, so each form here holds every setting of its page.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.responses import Response

from vestibule.domain.connections import (
    AUTH_METHODS,
    BINDINGS,
    METADATA_POLICIES,
    Connection,
    ExternalConnection,
    OidcChanges,
    SamlChanges,
    SamlConnection,
)
from vestibule.errors import VestibuleError
from vestibule.services import connections, drafts, presets
from vestibule.web.forms import Form
from vestibule.web.place import Place, Table

_TEMPLATES = {
    "saml": "views/edit_saml.html",
    "oidc": "views/edit_oidc.html",
    "external": "views/edit_external.html",
}


async def edit(place: Place) -> Response:
    """The connection as it is, or as its draft would have it."""
    live = await _find(place)
    drafted = await _draft(place, live)
    return place.page(_TEMPLATES[live.kind], **_shown(live, drafted))


async def save(place: Place) -> Response:
    """Write what was typed: into the draft where that button was used, else at once."""
    form = await place.form()
    live = await _find(place)
    name = (place.rt, place.actor, place.organization_id, live.connection_id)
    into_draft = form.text("into") == "draft"
    try:
        if isinstance(live, ExternalConnection):
            await connections.change_external(
                *name,
                display_name=form.text("display_name"),
                session_exchange="allowed" if form.flag("session_exchange") else "denied",
            )
        elif isinstance(live, SamlConnection):
            asked = _saml_changes(form)
            if into_draft:
                await drafts.put_saml_draft(*name, asked)
            else:
                await connections.change_saml(*name, asked)
        else:
            wanted = _oidc_changes(form)
            if into_draft:
                await drafts.put_oidc_draft(*name, wanted)
            else:
                await connections.change_oidc(*name, wanted)
    except VestibuleError as error:
        drafted = await _draft(place, live)
        return place.refused(error, _TEMPLATES[live.kind], form, **_shown(live, drafted))
    where = "/draft" if into_draft else ""
    said = "drafted" if into_draft else "saved"
    return place.to(f"/connections/{live.connection_id}{where}", said=said)


def _saml_changes(form: Form) -> SamlChanges:
    return SamlChanges(
        display_name=form.text("display_name"),
        identity_provider=form.given("identity_provider"),
        idp_entity_id=form.text("idp_entity_id"),
        idp_sso_url=form.text("idp_sso_url"),
        idp_sso_binding=form.given("idp_sso_binding"),
        idp_slo_url=form.text("idp_slo_url"),
        idp_slo_response_url=form.text("idp_slo_response_url"),
        idp_slo_binding=form.given("idp_slo_binding"),
        idp_metadata_url=form.text("idp_metadata_url"),
        idp_metadata_policy=form.given("idp_metadata_policy"),
        nameid_format=form.given("nameid_format"),
        force_authn=form.flag("force_authn"),
        requested_authn_context=tuple(form.lines("requested_authn_context")),
        alternative_audience_uri=form.text("alternative_audience_uri"),
        alternative_acs_url=form.text("alternative_acs_url"),
        idp_initiated_auth_disabled=form.flag("idp_initiated_auth_disabled"),
        allow_gateway_callback=form.flag("allow_gateway_callback"),
        sign_requests=form.flag("sign_requests"),
        insecure_legacy_encryption=form.flag("insecure_legacy_encryption"),
    )


def _oidc_changes(form: Form) -> OidcChanges:
    return OidcChanges(
        display_name=form.text("display_name"),
        identity_provider=form.given("identity_provider"),
        issuer=form.given("issuer"),
        client_id=form.given("client_id"),
        # Never shown, so an empty field means that it stays.
        client_secret=form.given("client_secret"),
        authorization_url=form.given("authorization_url"),
        token_url=form.given("token_url"),
        userinfo_url=form.given("userinfo_url"),
        jwks_url=form.given("jwks_url"),
        token_endpoint_auth_method=form.text("token_endpoint_auth_method"),
        custom_scopes=form.text("custom_scopes"),
    )


async def _find(place: Place) -> Connection:
    return await connections.get(
        place.rt, place.actor, place.organization_id, place.path["connection_id"]
    )


async def _draft(place: Place, live: Connection) -> Connection | None:
    if isinstance(live, ExternalConnection):
        return None
    try:
        found = await drafts.get_draft(
            place.rt, place.actor, place.organization_id, live.connection_id
        )
    except VestibuleError as error:
        if error.code != "draft_not_found":
            raise
        return None
    return found.draft.settings


def _shown(live: Connection, drafted: Connection | None) -> dict[str, Any]:
    providers: Sequence[tuple[str, str]] = [
        (one.identity_provider, one.display_name) for one in presets.all_presets().values()
    ]
    return {
        "live": live,
        "connection": drafted or live,
        "drafted": drafted is not None,
        "providers": providers,
        "bindings": BINDINGS,
        "policies": METADATA_POLICIES,
        "auth_methods": AUTH_METHODS,
    }


TABLE: Table = (
    ("GET", "/connections/{connection_id}/edit", edit),
    ("POST", "/connections/{connection_id}/edit", save),
)
