"""The management wire of what a project lets browsers do: the configuration of its clients (§9.1).

Owns the wire's shape of it. What is not offered here is shown as off; to turn it on is refused, so
that nobody believes in a protection that is not there.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from vestibule.domain.projects import FrontendChanges, ProjectSettings
from vestibule.errors import refusal
from vestibule.services import projects
from vestibule.web.api.registry import Call, Nothing, Request, Response, operation

MAGIC_LINKS = True
_MOST = 1000


class AuthorizedDomain(msgspec.Struct):
    """`slug_pattern` is always empty: addresses that hold an organization's slug are not read."""

    domain: str
    slug_pattern: str = ""


class BasicConfig(msgspec.Struct, kw_only=True):
    enabled: bool = True
    allow_self_onboarding: bool = True
    enable_member_permissions: bool = True
    domains: Annotated[list[AuthorizedDomain], msgspec.Meta(max_length=_MOST)]
    bundle_ids: list[str] = []


class SessionsConfig(msgspec.Struct):
    max_session_duration_minutes: int


class PkceConfig(msgspec.Struct):
    enabled: bool
    pkce_required: bool = False


class TotpsConfig(msgspec.Struct):
    enabled: bool = False
    create_totps: bool = False


class OtpsConfig(msgspec.Struct):
    sms_enabled: bool = False
    email_enabled: bool = False
    sms_autofill_metadata: list[dict[str, str]] = []


class DfppaConfig(msgspec.Struct):
    enabled: str = "DISABLED"
    on_challenge: str = "ALLOW"


class PasswordsConfig(msgspec.Struct):
    enabled: bool = False
    pkce_required_for_password_resets: bool = False


class CookiesConfig(msgspec.Struct):
    http_only: str = "DISABLED"


class SdkConfigDocument(msgspec.Struct, kw_only=True):
    basic: BasicConfig
    sessions: SessionsConfig
    magic_links: PkceConfig
    oauth: PkceConfig
    totps: TotpsConfig
    sso: PkceConfig
    otps: OtpsConfig
    dfppa: DfppaConfig
    passwords: PasswordsConfig
    cookies: CookiesConfig


class SdkConfigChanges(msgspec.Struct, kw_only=True):
    """A part that is left out stays as it is."""

    basic: BasicConfig | None = None
    sessions: SessionsConfig | None = None
    magic_links: PkceConfig | None = None
    oauth: PkceConfig | None = None
    totps: TotpsConfig | None = None
    sso: PkceConfig | None = None
    otps: OtpsConfig | None = None
    dfppa: DfppaConfig | None = None
    passwords: PasswordsConfig | None = None
    cookies: CookiesConfig | None = None


class SdkConfigRequest(Request):
    config: SdkConfigChanges


class SdkConfigResponse(Response):
    config: SdkConfigDocument


_OFF: dict[str, Any] = {
    "oauth": PkceConfig(False),
    "totps": TotpsConfig(),
    "otps": OtpsConfig(),
    "dfppa": DfppaConfig(),
    "passwords": PasswordsConfig(),
    "cookies": CookiesConfig(),
}
_CONFIG = "/pwa/v3/projects/{project_slug}/environments/{environment_slug}/sdk/b2b"


@operation(
    "management.sdk.get_b2b", "GET", _CONFIG, "Get what pages may do",
    auth="workspace",
)  # fmt: skip
async def get_config(call: Call, _: Nothing) -> SdkConfigResponse:
    """With a workspace key, or with the project's own id and secret. What is not offered is shown
    as off."""
    found = await projects.get(call.rt, call.project.project_id)
    return SdkConfigResponse(config=_document(found.settings))


@operation(
    "management.sdk.set_b2b", "PUT", _CONFIG, "Set what pages may do",
    auth="workspace",
)  # fmt: skip
async def set_config(call: Call, body: SdkConfigRequest) -> SdkConfigResponse:
    """`basic.enabled` turns the frontend API on and off; `basic.domains` are all the origins whose
    pages may call it, such as `https://app.example.com` or `https://*.example.com`;
    `basic.allow_self_onboarding` says whether people may make organizations from a page. `sso` and
    `magic_links` say whether logins need PKCE, both the same, `sessions` how long a session may be.
    A part that is left out stays as it is; what is not offered can only be sent as it is shown."""
    config = body.config
    _require_as_shown(config)
    pkce = config.sso or config.magic_links
    changes = FrontendChanges(
        enabled=config.basic.enabled if config.basic else None,
        self_onboarding=config.basic.allow_self_onboarding if config.basic else None,
        authorized_domains=[d.domain for d in config.basic.domains] if config.basic else None,
        pkce_required=pkce.pkce_required if pkce else None,
        max_session_duration_minutes=(
            config.sessions.max_session_duration_minutes if config.sessions else None
        ),
    )
    done = await projects.change_frontend(call.rt, call.project, changes)
    return SdkConfigResponse(config=_document(done.settings))


def _require_as_shown(config: SdkConfigChanges) -> None:
    basic, sso, links = config.basic, config.sso, config.magic_links
    if basic:
        shown = BasicConfig(
            enabled=basic.enabled, allow_self_onboarding=basic.allow_self_onboarding, domains=[]
        )
        if msgspec.structs.replace(basic, domains=[]) != shown:
            raise refusal("field_invalid", want="config.basic as it is shown, but for three fields")
        if any(d.slug_pattern for d in basic.domains):
            raise refusal("field_invalid", want="config.basic.domains: an empty slug_pattern")
    if (sso and not sso.enabled) or (links and links.enabled is not MAGIC_LINKS):
        raise refusal("field_invalid", want="sso and magic_links enabled as they are shown")
    if sso and links and sso.pkce_required != links.pkce_required:
        raise refusal("field_invalid", want="one pkce_required for sso and magic_links")
    for name, fixed in _OFF.items():
        if getattr(config, name) not in (None, fixed):
            raise refusal("field_invalid", want=f"config.{name} as it is shown: it is not offered")


def _document(settings: ProjectSettings) -> SdkConfigDocument:
    pkce = settings.pkce_required_for_sso
    return SdkConfigDocument(
        basic=BasicConfig(
            enabled=settings.frontend_enabled,
            allow_self_onboarding=settings.self_onboarding,
            domains=[AuthorizedDomain(origin) for origin in settings.authorized_domains],
        ),
        sessions=SessionsConfig(settings.max_session_duration_minutes),
        magic_links=PkceConfig(MAGIC_LINKS, pkce),
        sso=PkceConfig(True, pkce),
        **_OFF,
    )
