"""Projects: one product's team with its policy, redirect URLs and settings.

Owns what a project decides for all its organizations, and which redirect URLs may receive a
token. Does not know the team's credentials.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from vestibule.domain.rbac import DEFAULT_POLICY, Policy
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
    """

    redirect_urls: tuple[RedirectUrl, ...] = ()
    pkce_required_for_sso: bool = False
    strict_defaults: bool = False
    insecure_loopback: bool = False
    max_session_duration_minutes: int = 527040
    authorized_domains: tuple[str, ...] = ()


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
        setting_invalid: no plain https origin, or a pattern for all of a top-level domain.
    """
    place = _place(origin.replace("://*.", "://any.", 1))
    starred = "*" in origin
    if (
        place is None
        or place[0] != "https"
        or origin.endswith("/")
        or place[3] != "/"
        or "?" in origin
        or origin != origin.lower()
        or (starred and place[1].count(".") < 2)
        or "*" in origin.replace("://*.", "://", 1)
    ):
        raise refusal(
            "setting_invalid", want="an origin such as https://app.example.com", got=origin
        )
    if origin in settings.authorized_domains:
        return settings
    return replace(settings, authorized_domains=(*settings.authorized_domains, origin))


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
