"""The API of SCIM, as far as there is one: no organization has a connection yet (wire §10)."""

from __future__ import annotations

from vestibule.services import scim
from vestibule.web.api.registry import Call, Nothing, Response, operation


class ScimConnectionResponse(Response):
    connection: None = None


@operation(
    "scim_connection.get", "GET", "/v1/b2b/scim/{organization_id}/connection",
    "Get an organization's SCIM connection",
)  # fmt: skip
async def get_connection(call: Call, _: Nothing) -> ScimConnectionResponse:
    """Directories are not read yet, so it is always null."""
    await scim.get_connection(call.rt, call.actor, call.path["organization_id"])
    return ScimConnectionResponse()
