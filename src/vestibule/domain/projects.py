"""Projects: one product's team with its policy, redirect URLs and settings.

Owns what a project decides for all its organizations, and which redirect URLs may receive a
token. Of the team's credentials it knows that they are there, and no secret.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal, get_args
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from vestibule.domain.rbac import DEFAULT_POLICY, Policy
from vestibule.domain.sessions import duration
from vestibule.errors import refusal

RedirectType = Literal["LOGIN", "SIGNUP", "INVITE", "RESET_PASSWORD", "DISCOVERY"]
# What a URL is registered for, unless somebody says otherwise.
SIGN_IN: tuple[RedirectType, ...] = ("LOGIN", "SIGNUP", "INVITE", "DISCOVERY")
MAX_REDIRECT_URLS = 500
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
    `frame_ancestors` are the origins whose pages may embed the Admin Portal, in the same shape.
    `frontend_enabled` is false where no page may call it at all. `self_onboarding` lets people
    make organizations of their own from a page.
    """

    redirect_urls: tuple[RedirectUrl, ...] = ()
    pkce_required_for_sso: bool = False
    strict_defaults: bool = False
    insecure_loopback: bool = False
    max_session_duration_minutes: int = 527040
    authorized_domains: tuple[str, ...] = ()
    frontend_enabled: bool = True
    self_onboarding: bool = True
    frame_ancestors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FrontendChanges:
    """What a project lets pages do. None leaves a setting as it is."""

    enabled: bool | None = None
    self_onboarding: bool | None = None
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


@dataclass(frozen=True, slots=True)
class Credential:
    """`kind` is secret, public_token or workspace_key. `last_four` is "" of a public token, and of
    secrets from before it was kept."""

    credential_id: str
    kind: str
    created_at: datetime
    last_four: str = ""


def choose_redirect_url(
    settings: ProjectSettings,
    asked: str | None,
    kind: RedirectType,
    *,
    mismatch: str = "no_match_for_provided_sso_url",
) -> str:
    """The URL that receives the token: the asked one if it is registered, else the default.

    Scheme, host, port and path must fit to the letter; extra query parameters are kept (§4.1).

    Args:
        mismatch: the code for a URL that is not registered; each way to sign in has its own.

    Raises:
        `mismatch`, no_default_login_redirect_url_set, no_default_signup_redirect_url_set.
    """
    if asked is None:
        for registered in settings.redirect_urls:
            if kind in registered.default_for:
                return registered.url
        arrival = "signup" if kind == "SIGNUP" else "login"
        raise refusal(f"no_default_{arrival}_redirect_url_set")
    place = _place(asked)
    if place is None:
        raise refusal(mismatch, want="an absolute URL", got=asked)
    if settings.insecure_loopback and urlsplit(asked).hostname in LOOPBACK_HOSTS:
        return asked
    for registered in settings.redirect_urls:
        if kind in registered.types and _place(registered.url) == place:
            return asked
    raise refusal(mismatch, want="a registered URL", got=asked)


def with_redirect_url(settings: ProjectSettings, url: str) -> ProjectSettings:
    """Register a URL for every token that signs somebody in. The first one becomes the default;
    one that is registered already gets the types that it lacks.

    Raises:
        setting_invalid: not a plain absolute https URL.
    """
    place = _place(url)
    if place is None or place[0] != "https":
        raise refusal("setting_invalid", want="an absolute https redirect URL", got=url)
    known = [r for r in settings.redirect_urls if _place(r.url) == place]
    if known:
        fuller = {r: replace(r, types=tuple(dict.fromkeys((*r.types, *SIGN_IN)))) for r in known}
        urls = tuple(fuller.get(r, r) for r in settings.redirect_urls)
        return replace(settings, redirect_urls=urls)
    new = RedirectUrl(url, SIGN_IN, () if settings.redirect_urls else SIGN_IN)
    return replace(settings, redirect_urls=(*settings.redirect_urls, new))


def redirect_registered(settings: ProjectSettings, url: str) -> bool:
    """Whether a login may end at this very URL, also one that makes a new member."""
    loopback = settings.insecure_loopback and urlsplit(url).hostname in LOOPBACK_HOSTS
    return loopback or any(
        {"LOGIN", "SIGNUP"} <= set(registered.types) and _place(registered.url) == _place(url)
        for registered in settings.redirect_urls
    )


def find_redirect_url(settings: ProjectSettings, url: str) -> RedirectUrl:
    """The registered URL at that place.

    Raises:
        redirect_url_not_found
    """
    place = _place(url)
    for registered in settings.redirect_urls:
        if place is not None and _place(registered.url) == place:
            return registered
    raise refusal("redirect_url_not_found", got=url)


def put_redirect_url(settings: ProjectSettings, new: RedirectUrl) -> ProjectSettings:
    """Register a URL, or change what the one at that place is for. For what it is the default, no
    other one is any more.

    Raises:
        field_invalid: no absolute https URL (in development http on loopback will do), an unknown
            type, none at all, or a default for what it is not registered for.
    """
    place = _place(new.url)
    loopback = settings.insecure_loopback and place is not None and place[1] in LOOPBACK_HOSTS
    if place is None or not (place[0] == "https" or loopback):
        raise refusal("field_invalid", want="an absolute https redirect URL", got=new.url)
    known = get_args(RedirectType)
    if not new.types or not set(new.types) <= set(known):
        want = f"types among {', '.join(known)}"
        raise refusal("field_invalid", want=want, got=", ".join(new.types) or "none")
    if not set(new.default_for) <= set(new.types):
        want = "a default only for what the URL is registered for"
        raise refusal("field_invalid", want=want, got=", ".join(new.default_for))
    kept = [
        replace(r, default_for=tuple(kind for kind in r.default_for if kind not in new.default_for))
        for r in settings.redirect_urls
    ]
    there = [number for number, r in enumerate(kept) if _place(r.url) == place]
    if there:
        kept[there[0]] = new
    elif len(kept) >= MAX_REDIRECT_URLS:
        raise refusal("field_invalid", want=f"at most {MAX_REDIRECT_URLS} redirect URLs")
    else:
        kept.append(new)
    return replace(settings, redirect_urls=tuple(kept))


def without_redirect_url(settings: ProjectSettings, url: str) -> ProjectSettings:
    """Raises: redirect_url_not_found."""
    gone = find_redirect_url(settings, url)
    kept = tuple(r for r in settings.redirect_urls if r != gone)
    return replace(settings, redirect_urls=kept)


def with_defaults(settings: ProjectSettings) -> ProjectSettings:
    """Where nothing is the default for a kind of arrival, the first URL that is registered for it
    becomes that (wire §9.1)."""
    taken = {kind for r in settings.redirect_urls for kind in r.default_for}
    promoted: list[RedirectUrl] = []
    for registered in settings.redirect_urls:
        new = tuple(kind for kind in registered.types if kind not in taken)
        taken.update(new)
        promoted.append(replace(registered, default_for=(*registered.default_for, *new)))
    return replace(settings, redirect_urls=tuple(promoted))


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
    if changes.self_onboarding is not None:
        settings = replace(settings, self_onboarding=changes.self_onboarding)
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
