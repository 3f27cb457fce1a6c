"""The API of routing: from an e-mail address to the connections that its domain leads to."""

from __future__ import annotations

import msgspec

from vestibule.services import projects, routing
from vestibule.services.routing import Routed
from vestibule.web.api.registry import Call, Request, Response, operation


class RouteRequest(Request):
    public_token: str
    email_address: str


class ChoiceDocument(msgspec.Struct):
    """One door: `kind` is saml, oidc or external."""

    organization_id: str
    organization_name: str
    organization_logo_url: str
    connection_id: str
    connection_name: str
    kind: str


class RouteResponse(Response):
    choices: list[ChoiceDocument]


@operation(
    "sso.route", "POST", "/v1/public/sso/route", "Find the connections for an e-mail address",
    auth="none", extension=True,
)  # fmt: skip
async def route(call: Call, body: RouteRequest) -> RouteResponse:
    """For a sign-in page that asks for the address first: the active connections of the
    organization that has verified the address's domain, the default one first. Send the browser to
    `/v1/public/sso/start` with the `connection_id` of the one choice, or let the person choose.
    Nobody's membership is looked at: every address of a domain gets the same answer, which is empty
    for a domain that no organization has verified. One address may ask 60 times a minute."""
    project = await projects.by_public_token(call.rt, body.public_token)
    return document(await routing.route(call.rt, project, body.email_address))


def document(routed: Routed) -> RouteResponse:
    return RouteResponse(
        choices=[
            ChoiceDocument(
                one.organization_id,
                one.organization_name,
                one.logo_url,
                one.connection_id,
                one.connection_name,
                one.kind,
            )
            for one in routed.choices
        ]
    )
