"""A member's tokens of their OIDC providers in the dashboard: refreshed on demand, never shown."""

from __future__ import annotations

from datetime import timedelta

from starlette.responses import Response

from vestibule.errors import VestibuleError
from vestibule.services import idp_tokens
from vestibule.web.dashboard import members
from vestibule.web.place import Place, Table

# More than any access token has left, so that the provider is asked whatever there is.
_WHATEVER_THERE_IS = timedelta(days=1)


async def refresh(place: Place) -> Response:
    form = await place.form()
    member = (await members.named(place)).member
    try:
        held = await idp_tokens.current_tokens(
            place.rt,
            place.actor,
            place.organization_id,
            member.member_id,
            minimum=_WHATEVER_THERE_IS,
            connection_id=form.text("connection_id"),
        )
    except VestibuleError as error:
        return await members.page(place, form, error)
    # Where the provider refused, the page says so.
    current = bool(held) and all(one.tokens.state == "current" for one in held)
    return place.to(f"/members/{member.member_id}", said="refreshed" if current else "")


TABLE: Table = (("POST", "/members/{member_id}/tokens/refresh", refresh),)
