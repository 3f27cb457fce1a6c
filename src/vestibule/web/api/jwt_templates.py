"""The management wire of JWT templates: what every session JWT of a project says beyond the wire's
own claims (wire §5.7)."""

from __future__ import annotations

import msgspec

from vestibule.errors import refusal
from vestibule.services import projects
from vestibule.services.projects import JwtTemplate
from vestibule.web.api.registry import Call, Nothing, Request, Response, operation

# The wire also knows M2M. No such tokens are issued here, so a template for them would be kept
# and never used, and whoever set it would wait for its claims.
SESSION = "SESSION"


class JwtTemplateChanges(msgspec.Struct, kw_only=True):
    template_content: str
    custom_audience: str | None = None
    jwt_template_type: str | None = None


class JwtTemplateRequest(Request):
    """The official clients send the two fields by themselves; inside `jwt_template` they are
    read as well, so that what GET answered can be sent back."""

    jwt_template: JwtTemplateChanges | None = None
    template_content: str | None = None
    custom_audience: str | None = None


class JwtTemplateDocument(msgspec.Struct, kw_only=True):
    template_content: str
    custom_audience: str
    jwt_template_type: str = SESSION


class JwtTemplateResponse(Response):
    jwt_template: JwtTemplateDocument


_TEMPLATE = (
    "/pwa/v3/projects/{project_slug}/environments/{environment_slug}"
    "/jwt_templates/{jwt_template_type}"
)


@operation(
    "management.jwt_templates.get", "GET", _TEMPLATE, "Get the template of session JWTs",
    auth="workspace",
)  # fmt: skip
async def get_jwt_template(call: Call, _: Nothing) -> JwtTemplateResponse:
    """With a workspace key, or with the project's own id and secret. The only type is SESSION. The
    text is as it was given, and empty where none was set."""
    _require_session(call.path["jwt_template_type"])
    return _shown(await projects.get_jwt_template(call.rt, call.project))


@operation(
    "management.jwt_templates.set", "PUT", _TEMPLATE, "Set the template of session JWTs",
    auth="workspace",
)  # fmt: skip
async def set_jwt_template(call: Call, body: JwtTemplateRequest) -> JwtTemplateResponse:
    """The text is JSON whose values may be `{{ path }}`, quoted or not, with paths of member and
    organization. The next JWT of every session shows it. `custom_audience` stands beside the
    project's id in `aud`. An empty text takes the template away, no audience takes that away. A
    refusal says line, column and claim."""
    _require_session(call.path["jwt_template_type"])
    nested = body.jwt_template
    if nested is None:
        content, audience = body.template_content, body.custom_audience
    else:
        content, audience = nested.template_content, nested.custom_audience
        _require_session(nested.jwt_template_type or SESSION)
        if body.template_content is not None or body.custom_audience is not None:
            raise refusal("field_invalid", want="the fields once", got="both forms of them")
    if content is None:
        raise refusal("field_missing", want="template_content")
    done = await projects.set_jwt_template(call.rt, call.project, content, audience=audience or "")
    return _shown(done)


def _require_session(kind: str) -> None:
    if kind != SESSION:
        raise refusal("jwt_template_type_unknown", want=SESSION, got=kind)


def _shown(template: JwtTemplate) -> JwtTemplateResponse:
    return JwtTemplateResponse(
        jwt_template=JwtTemplateDocument(
            template_content=template.content, custom_audience=template.audience
        )
    )
