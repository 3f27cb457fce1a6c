"""The API of branding: what the pages of a project and of its organizations wear."""

from __future__ import annotations

import base64
import binascii

import msgspec

from vestibule.domain.branding import Branding, accent_tokens, merged
from vestibule.errors import refusal
from vestibule.services import branding, projects
from vestibule.services.branding import BrandingChanges
from vestibule.web.api.registry import Call, Nothing, Request, Response, operation


class OrganizationBrandingRequest(Request):
    """A field that is left out stays as it is; "" takes away what was set, and so does a `radius`
    of -1. `logo` is the base64 of a PNG or JPEG of at most 32 kB."""

    logo: str | None = None
    accent: str | None = None
    radius: int | None = None
    font: str | None = None
    name: str | None = None


class BrandingRequest(OrganizationBrandingRequest):
    """`frame_ancestors` are all the origins whose pages may put the portal into a frame."""

    frame_ancestors: list[str] | None = None


class BrandingDocument(msgspec.Struct):
    """What was set; "" and null were not. `logo_type` is the media type of `logo`."""

    logo: str
    logo_type: str
    accent: str
    radius: int | None
    font: str
    name: str


class AccentDocument(msgspec.Struct):
    """The accent as it is worn, so that it can be read on the pages' grounds; `on_accent` can be
    read on it."""

    accent: str
    on_accent: str


class BrandingResponse(Response):
    branding: BrandingDocument
    accents: dict[str, AccentDocument]
    frame_ancestors: list[str]


class OrganizationBrandingResponse(Response):
    branding: BrandingDocument


_BRANDING = "/v1/b2b/branding"
_ORGANIZATION = "/v1/b2b/branding/{organization_id}"


@operation("branding.get", "GET", _BRANDING, "Get the project's branding", extension=True)
async def get_branding(call: Call, _: Nothing) -> BrandingResponse:
    """Logo, colour, corner, font and name of the portal, and who may put it into a frame. `accents`
    are the colours that `light` and `dark` pages wear."""
    current = await projects.get(call.rt, call.project.project_id)
    return _shown(await branding.get(call.rt, call.actor), current.settings.frame_ancestors)


@operation("branding.set", "PUT", _BRANDING, "Set the project's branding", extension=True)
async def set_branding(call: Call, body: BrandingRequest) -> BrandingResponse:
    """Every organization wears it but for what it has set itself. An accent that is hard to read
    is kept as it was sent and worn darker or lighter."""
    done, project = await branding.set_project(
        call.rt, call.actor, _changes(body), body.frame_ancestors
    )
    return _shown(done, project.settings.frame_ancestors)


@operation(
    "branding.get_organization", "GET", _ORGANIZATION, "Get an organization's branding",
    extension=True,
)  # fmt: skip
async def get_organization_branding(call: Call, _: Nothing) -> OrganizationBrandingResponse:
    """What the organization has set itself; for the rest it wears what the project does."""
    found = await branding.get(call.rt, call.actor, call.path["organization_id"])
    return OrganizationBrandingResponse(branding=_document(found))


@operation(
    "branding.set_organization", "PUT", _ORGANIZATION, "Set an organization's branding",
    extension=True,
)  # fmt: skip
async def set_organization_branding(
    call: Call, body: OrganizationBrandingRequest
) -> OrganizationBrandingResponse:
    """Stands over the project's, field by field."""
    name = call.path["organization_id"]
    done = await branding.set(call.rt, call.actor, _changes(body), name)
    return OrganizationBrandingResponse(branding=_document(done))


def _changes(body: OrganizationBrandingRequest) -> BrandingChanges:
    logo: bytes | None = None
    if body.logo is not None:
        try:
            logo = base64.b64decode(body.logo, validate=True)
        except (binascii.Error, ValueError):
            raise refusal("branding_logo_invalid", want="base64") from None
    return BrandingChanges(logo, body.accent, body.radius, body.font, body.name)


def _shown(value: Branding, frame_ancestors: tuple[str, ...]) -> BrandingResponse:
    tokens = accent_tokens(merged(value).accent)
    return BrandingResponse(
        branding=_document(value),
        accents={
            theme: AccentDocument(one["accent"], one["on_accent"]) for theme, one in tokens.items()
        },
        frame_ancestors=list(frame_ancestors),
    )


def _document(value: Branding) -> BrandingDocument:
    logo = base64.b64encode(value.logo).decode()
    return BrandingDocument(
        logo, value.logo_type, value.accent, value.radius, value.font, value.name
    )
