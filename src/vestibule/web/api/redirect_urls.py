"""The management wire of redirect URLs: where tokens may be sent to (wire §9.1)."""

from __future__ import annotations

from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from vestibule.domain.projects import RedirectType, RedirectUrl, find_redirect_url
from vestibule.errors import refusal
from vestibule.services import projects
from vestibule.web.api.registry import Call, Nothing, Request, Response, operation

_URLS = "/pwa/v3/projects/{project_slug}/environments/{environment_slug}/redirect_urls"


class ValidType(msgspec.Struct):
    type: RedirectType
    is_default: bool = False


class RedirectUrlDocument(msgspec.Struct):
    url: str
    valid_types: list[ValidType]


class RedirectUrlRequest(Request):
    """Where nothing is the default for a type, a URL is made that, unless
    `do_not_promote_defaults` says otherwise."""

    url: str
    valid_types: Annotated[list[ValidType], Meta(max_length=20)]
    do_not_promote_defaults: bool = False


class ChangeRedirectUrl(Request, kw_only=True):
    """The official clients send `url` in the query; beside the rest it is read as well."""

    in_query: ClassVar = ("url",)

    valid_types: Annotated[list[ValidType], Meta(max_length=20)]
    url: str | None = None
    do_not_promote_defaults: bool = False


class FindRedirectUrl(Request):
    url: str | None = None


class DeleteRedirectUrl(Request):
    url: str
    do_not_promote_defaults: bool = False


class RedirectUrlsResponse(Response):
    """`redirect_url` is the one that was asked for, null where all were."""

    redirect_urls: list[RedirectUrlDocument]
    redirect_url: RedirectUrlDocument | None


class RedirectUrlResponse(Response):
    redirect_url: RedirectUrlDocument


@operation(
    "management.redirect_urls.get", "GET", _URLS, "Get one redirect URL or all", auth="workspace"
)
async def get_redirect_urls(call: Call, body: FindRedirectUrl) -> RedirectUrlsResponse:
    """With `url` that one alone, in `redirect_url` too."""
    current = await projects.get(call.rt, call.project.project_id)
    if body.url is None:
        held = [_document(one) for one in current.settings.redirect_urls]
        return RedirectUrlsResponse(redirect_urls=held, redirect_url=None)
    found = _document(find_redirect_url(current.settings, body.url))
    return RedirectUrlsResponse(redirect_urls=[found], redirect_url=found)


@operation(
    "management.redirect_urls.get_all", "GET", f"{_URLS}/all", "List the redirect URLs",
    auth="workspace",
)  # fmt: skip
async def list_redirect_urls(call: Call, _: Nothing) -> RedirectUrlsResponse:
    """In the order of their registration."""
    current = await projects.get(call.rt, call.project.project_id)
    held = [_document(one) for one in current.settings.redirect_urls]
    return RedirectUrlsResponse(redirect_urls=held, redirect_url=None)


@operation(
    "management.redirect_urls.create", "POST", _URLS, "Register a redirect URL", auth="workspace"
)
async def create_redirect_url(call: Call, body: RedirectUrlRequest) -> RedirectUrlResponse:
    """An https URL, to the letter but for its query, that may receive tokens of these types. One
    that is registered already is changed."""
    return await _put(call, body)


@operation(
    "management.redirect_urls.update", "PUT", _URLS, "Change a redirect URL", auth="workspace"
)
async def update_redirect_url(call: Call, body: ChangeRedirectUrl) -> RedirectUrlResponse:
    """`valid_types` are all that it is registered for afterwards."""
    if body.url is None:
        raise refusal("field_missing", want="url")
    current = await projects.get(call.rt, call.project.project_id)
    find_redirect_url(current.settings, body.url)
    return await _put(call, RedirectUrlRequest(**body.given()))


@operation(
    "management.redirect_urls.delete", "DELETE", _URLS, "Delete a redirect URL", auth="workspace"
)
async def delete_redirect_url(call: Call, body: DeleteRedirectUrl) -> Response:
    """It receives no more tokens. For what it was the default, another one is that now."""
    promote = not body.do_not_promote_defaults
    await projects.remove_redirect_url(call.rt, call.actor, body.url, promote=promote)
    return Response()


async def _put(call: Call, body: RedirectUrlRequest) -> RedirectUrlResponse:
    types = dict.fromkeys(one.type for one in body.valid_types)
    defaults = dict.fromkeys(one.type for one in body.valid_types if one.is_default)
    new = RedirectUrl(body.url, tuple(types), tuple(defaults))
    promote = not body.do_not_promote_defaults
    done = await projects.set_redirect_url(call.rt, call.actor, new, promote=promote)
    return RedirectUrlResponse(redirect_url=_document(find_redirect_url(done.settings, body.url)))


def _document(one: RedirectUrl) -> RedirectUrlDocument:
    return RedirectUrlDocument(
        one.url,
        [ValidType(kind, kind in one.default_for) for kind in one.types],  # type: ignore[arg-type]
    )
