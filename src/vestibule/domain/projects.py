"""Projects: one product's team with its policy, redirect URLs and settings.

Owns what a project decides for all its organizations, and which redirect URLs may receive a
token. Does not know the team's credentials.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from vestibule.domain.rbac import DEFAULT_POLICY, Policy
from vestibule.domain.sessions import duration
from vestibule.errors import refusal

RedirectType = Literal["LOGIN", "SIGNUP", "INVITE", "RESET_PASSWORD", "DISCOVERY"]
LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class RedirectUrl:
    """A registered URL: valid for `types`, the default for `default_for`."""

    url: str
    types: tuple[str, ...]
    default_for: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ProjectSettings:
    """`insecure_loopback` accepts every loopback redirect URL, browser origin and http identity
    provider on loopback; it is true only in projects that `vestibule dev` made.

    `authorized_domains` are the origins whose pages may call the frontend API, such as
    `https://app.example.com`; `https://*.example.com` stands for every host below it.
    `frontend_enabled` is false where no page may call it at all.
    """

    redirect_urls: tuple[RedirectUrl, ...] = ()
    pkce_required_for_sso: bool = False
    strict_defaults: bool = False
    insecure_loopback: bool = False
    max_session_duration_minutes: int = 527040
    authorized_domains: tuple[str, ...] = ()
    frontend_enabled: bool = True


@dataclass(frozen=True, slots=True)
class FrontendChanges:
    """What a project lets pages do. None leaves a setting as it is."""

    enabled: bool | None = None
    authorized_domains: Sequence[str] | None = None
    pkce_required: bool | None = None
    max_session_duration_minutes: int | None = None


@dataclass(frozen=True, slots=True)
class Project:
    """`version` grows with every change, so that whoever keeps a copy knows when it is old.

    `jwt_template` is the template read into values, `jwt_template_text` the text as it was given.
    """

    project_id: str
    environment: Literal["test", "live"]
    name: str
    project_slug: str
    environment_slug: str
    created_at: datetime
    version: int = 1
    settings: ProjectSettings = ProjectSettings()
    policy: Policy = DEFAULT_POLICY
    jwt_template: Mapping[str, object] = field(default_factory=dict)
    jwt_template_text: str = ""
    jwt_audience: str = ""


def choose_redirect_url(
    settings: ProjectSettings, asked: str | None, kind: Literal["LOGIN", "SIGNUP"]
) -> str:
    """The URL that receives the token: the asked one if it is registered, else the default.

    Scheme, host, port and path must fit to the letter; extra query parameters are kept (§4.1).

    Raises:
        no_match_for_provided_sso_url, no_default_login_redirect_url_set,
        no_default_signup_redirect_url_set.
    """
    if asked is None:
        for registered in settings.redirect_urls:
            if kind in registered.default_for:
                return registered.url
        raise refusal(f"no_default_{kind.lower()}_redirect_url_set")
    place = _place(asked)
    if place is None:
        raise refusal("no_match_for_provided_sso_url", want="an absolute URL", got=asked)
    if settings.insecure_loopback and urlsplit(asked).hostname in LOOPBACK_HOSTS:
        return asked
    for registered in settings.redirect_urls:
        if kind in registered.types and _place(registered.url) == place:
            return asked
    raise refusal("no_match_for_provided_sso_url", want="a registered URL", got=asked)


def with_redirect_url(settings: ProjectSettings, url: str) -> ProjectSettings:
    """Register a URL for logins and sign-ups. The first one becomes the default; one that is
    registered already changes nothing.

    Raises:
        setting_invalid: not a plain absolute https URL.
    """
    place = _place(url)
    if place is None or place[0] != "https":
        raise refusal("setting_invalid", want="an absolute https redirect URL", got=url)
    if any(_place(registered.url) == place for registered in settings.redirect_urls):
        return settings
    kinds = ("LOGIN", "SIGNUP")
    new = RedirectUrl(url, kinds, () if settings.redirect_urls else kinds)
    return replace(settings, redirect_urls=(*settings.redirect_urls, new))


def allows_origin(settings: ProjectSettings, origin: str) -> bool:
    """Whether pages of this origin (RFC 6454 §6.1) may call the frontend API.

    Compared to the letter; a pattern's `*` stands for one or more labels of the host.
    """
    if not settings.frontend_enabled:
        return False
    if origin in settings.authorized_domains:
        return True
    place = _place(origin)
    if place is None or place[3] != "/" or origin.endswith("/"):
        return False
    if settings.insecure_loopback and place[1] in LOOPBACK_HOSTS:
        return True
    scheme, _, host = origin.partition("://")
    if host.startswith("."):
        return False
    return any(
        pattern.startswith(f"{scheme}://*.") and host.endswith(pattern.partition("*")[2])
        for pattern in settings.authorized_domains
    )


def with_authorized_domain(settings: ProjectSettings, origin: str) -> ProjectSettings:
    """Let pages of one more origin call the frontend API; one that may already changes nothing.

    Raises:
        setting_invalid: no plain https origin, or a pattern for all of a top-level domain. In
            development http on loopback will do.
    """
    if not _may_be_authorized(settings, origin):
        raise refusal("setting_invalid", want=_ORIGIN, got=origin)
    if origin in settings.authorized_domains:
        return settings
    return replace(settings, authorized_domains=(*settings.authorized_domains, origin))


_ORIGIN = "an origin such as https://app.example.com"


def _may_be_authorized(settings: ProjectSettings, origin: str) -> bool:
    place = _place(origin.replace("://*.", "://any.", 1))
    if place is None:
        return False
    scheme, host, _, path = place
    starred = "*" in origin
    return (
        (scheme == "https" or (settings.insecure_loopback and host in LOOPBACK_HOSTS))
        and path == "/"
        and not origin.endswith("/")
        and "?" not in origin
        and origin == origin.lower()
        and not (starred and host.count(".") < 2)
        and "*" not in origin.replace("://*.", "://", 1)
    )


def with_frontend(settings: ProjectSettings, changes: FrontendChanges) -> ProjectSettings:
    """The settings with what pages may do changed; the domains given are all that there are.

    Raises:
        field_invalid: a domain that `with_authorized_domain` refuses.
        invalid_session_duration_minutes.
    """
    if changes.authorized_domains is not None:
        for origin in changes.authorized_domains:
            if not _may_be_authorized(settings, origin):
                raise refusal("field_invalid", want=_ORIGIN, got=origin)
        domains = tuple(dict.fromkeys(changes.authorized_domains))
        settings = replace(settings, authorized_domains=domains)
    if changes.enabled is not None:
        settings = replace(settings, frontend_enabled=changes.enabled)
    if changes.pkce_required is not None:
        settings = replace(settings, pkce_required_for_sso=changes.pkce_required)
    longest = changes.max_session_duration_minutes
    if longest is not None:
        duration(longest)
        settings = replace(settings, max_session_duration_minutes=longest)
    return settings


def with_query(url: str, parameters: Mapping[str, str]) -> str:
    """Append parameters to whatever query is there; ours replace any of the same name."""
    parts = urlsplit(url)
    kept = [
        (k, v) for k, v in parse_qsl(parts.query, keep_blank_values=True) if k not in parameters
    ]
    query = urlencode([*kept, *parameters.items()])
    return urlunsplit((parts.scheme, parts.netloc, parts.path, query, ""))


def _place(url: str) -> tuple[str, str, int | None, str] | None:
    """Scheme, host, port and path, or None for what a browser might read differently than we."""
    if not url.isascii() or not url.isprintable() or len(url) > 2048 or set(url) & set(' \\"<>'):
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        return None
    if parts.fragment:
        return None
    return parts.scheme, parts.hostname, port, parts.path or "/"
