"""The API of setup links and of the embedded Admin Portal's tokens."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from vestibule.domain.sessions import wire_time
from vestibule.domain.setup_links import (
    DEFAULT_LIFETIME_MINUTES,
    MAX_LIFETIME_MINUTES,
    MIN_LIFETIME_MINUTES,
    PORTAL_TOKEN_LIFETIME,
    SetupLink,
)
from vestibule.services import setup_links
from vestibule.web.api.registry import Call, Nothing, Request, Response, operation

_LINKS = "/v1/b2b/organizations/{organization_id}/setup_links"
_TOKEN = "/v1/b2b/organizations/{organization_id}/portal_token"
_SCOPES = Literal["sso", "domain_verification", "certificate_renewal"]


class IssueSetupLink(Request):
    scopes: list[_SCOPES]
    lifetime_minutes: Annotated[int, Meta(ge=MIN_LIFETIME_MINUTES, le=MAX_LIFETIME_MINUTES)] = (
        DEFAULT_LIFETIME_MINUTES
    )
    uses: Literal["one", "many"] = "one"
    connection_id: str | None = None
    note: str = ""
    return_url: str = ""


class SetupLinkDocument(msgspec.Struct):
    """`status` is open, used, expired or revoked. The URL is shown once, when the link is made."""

    link_id: str
    organization_id: str
    scopes: list[str]
    connection_id: str | None
    status: str
    uses: str
    opened_count: int
    note: str
    return_url: str
    created_by: str
    handed_over_from: str | None
    created_at: str
    expires_at: str
    revoked_at: str | None


class SetupLinkResponse(Response):
    setup_link: SetupLinkDocument


class IssuedSetupLinkResponse(SetupLinkResponse):
    url: str


class SetupLinksResponse(Response):
    setup_links: list[SetupLinkDocument]


class IssuePortalToken(Request):
    origin: str
    scopes: list[_SCOPES] = msgspec.field(default_factory=lambda: ["sso"])


class PortalTokenResponse(Response):
    portal_token: str
    expires_at: str


@operation("setup_links.issue", "POST", _LINKS, "Make a setup link", extension=True)
async def issue(call: Call, body: IssueSetupLink) -> IssuedSetupLinkResponse:
    """A URL for somebody at the organization who has no account: it opens the Admin Portal with
    just the `scopes` given. `sso` sets up, tests and changes connections, `domain_verification`
    proves domains, and `certificate_renewal` changes nothing but the certificates of the SAML
    connection named in `connection_id`. It opens once, or with `uses` `many` until it expires:
    after 7 days, unless `lifetime_minutes` says otherwise. `return_url` is one of the project's
    redirect URLs. The URL is shown here only, and whoever has it can use it: send it to one
    person."""
    made = await setup_links.issue(
        call.rt,
        call.actor,
        call.path["organization_id"],
        scopes=body.scopes,
        lifetime_minutes=body.lifetime_minutes,
        uses=body.uses,
        connection_id=body.connection_id,
        note=body.note,
        return_url=body.return_url,
    )
    return IssuedSetupLinkResponse(setup_link=_document(call, made.link), url=made.url)


@operation("setup_links.list", "GET", _LINKS, "List the setup links", extension=True)
async def list_links(call: Call, _: Nothing) -> SetupLinksResponse:
    """Every setup link of the organization, the latest first, with those that ended up to 90 days
    ago and those that a guest handed over to a colleague."""
    found = await setup_links.list_links(call.rt, call.actor, call.path["organization_id"])
    return SetupLinksResponse(setup_links=[_document(call, link) for link in found])


@operation("setup_links.revoke", "DELETE", f"{_LINKS}/{{link_id}}", "Revoke a setup link",
           extension=True)  # fmt: skip
async def revoke(call: Call, _: Nothing) -> SetupLinkResponse:
    """The link opens nothing any more, nor does any link that was handed over from it, and whoever
    is in the portal by one of them is out at once."""
    revoked = await setup_links.revoke(
        call.rt, call.actor, call.path["organization_id"], call.path["link_id"]
    )
    return SetupLinkResponse(setup_link=_document(call, revoked))


@operation(
    "setup_links.issue_portal_token", "POST", _TOKEN,
    "Make a token for the embedded portal", extension=True,
)  # fmt: skip
async def issue_portal_token(call: Call, body: IssuePortalToken) -> PortalTokenResponse:
    """For `<vestibule-admin-portal>`: opens the Admin Portal once, within five minutes, in a page
    of `origin`, which must be one of the project's frame ancestors. On behalf of a member it needs
    `stytch.sso` `create` and `update`, and what is done in the portal is done with the member's
    rights as they are at that moment; with the project secret alone, with the rights of the scopes,
    which do not include `certificate_renewal`. The visit lasts an hour at most."""
    now = call.rt.now()
    token = await setup_links.issue_portal_token(
        call.rt,
        call.actor,
        call.path["organization_id"],
        scopes=body.scopes,
        origin=body.origin,
    )
    return PortalTokenResponse(
        portal_token=token, expires_at=wire_time(now + PORTAL_TOKEN_LIFETIME)
    )


def _document(call: Call, link: SetupLink) -> SetupLinkDocument:
    return SetupLinkDocument(
        link_id=link.link_id,
        organization_id=link.organization_id,
        scopes=list(link.scopes),
        connection_id=link.connection_id,
        status=link.status(call.rt.now()),
        uses=link.uses,
        opened_count=link.opened_count,
        note=link.note,
        return_url=link.return_url,
        created_by=link.created_by,
        handed_over_from=link.parent_id or None,
        created_at=wire_time(link.created_at),
        expires_at=wire_time(link.expires_at),
        revoked_at=wire_time(link.revoked_at) if link.revoked_at else None,
    )
