"""Magic links: what the token in a mail stands for, how long, and where it leads.

Owns the kinds of links with their lifetimes (wire contract §6) and what a link binds together.
Does not know who may be sent one, and nothing of mail.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from vestibule.domain.attributes import email_key
from vestibule.domain.logins import check_challenge
from vestibule.domain.members import Member
from vestibule.domain.projects import Project, RedirectType, choose_redirect_url, with_query
from vestibule.errors import VestibuleError, refusal

Kind = Literal["login", "signup", "invite", "discovery", "email_update"]

_HOUR = timedelta(hours=1)
LIFETIMES: Mapping[Kind, timedelta] = {
    "login": _HOUR,
    "signup": _HOUR,
    "invite": timedelta(days=7),
    "discovery": _HOUR,
    "email_update": _HOUR,
}
MIN_MINUTES = 5
MAX_MINUTES = 7 * 24 * 60
# A request of a page is answered within seconds; one that could not be is not worth a late mail.
REQUEST_LIFETIME = timedelta(minutes=10)

_MISMATCH = "no_match_for_provided_magic_link_url"
_REDIRECTS: Mapping[Kind, RedirectType] = {
    "login": "LOGIN",
    "signup": "SIGNUP",
    "invite": "INVITE",
    "discovery": "DISCOVERY",
    "email_update": "LOGIN",
}


@dataclass(frozen=True, slots=True)
class MagicLink:
    """What the token of a mail stands for; the token itself is stored hashed.

    `email_address` is the one that the mail went to, and the only one that it proves. A link for
    discovery belongs to no organization and to no member.
    """

    kind: Kind
    project_id: str
    email_address: str
    redirect_url: str
    pkce_code_challenge: str | None
    created_at: datetime
    expires_at: datetime
    organization_id: str = ""
    member_id: str = ""


@dataclass(frozen=True, slots=True)
class LinkRequest:
    """What somebody asks for who wants to come in by mail. Whether the address is known is not
    part of it."""

    organization_name: str
    email_address: str
    login_redirect_url: str | None = None
    signup_redirect_url: str | None = None
    pkce_code_challenge: str | None = None
    locale: str | None = None
    login_minutes: int | None = None
    signup_minutes: int | None = None


@dataclass(frozen=True, slots=True)
class AskedLink:
    """The same as it waits for its answer, when a page asked: the page is told nothing."""

    project_id: str
    request: LinkRequest
    asked_at: datetime


def lifetime(kind: Kind, minutes: int | None) -> timedelta:
    """How long a link of this kind works.

    Raises:
        invalid_expiration.
    """
    if minutes is None:
        return LIFETIMES[kind]
    if not MIN_MINUTES <= minutes <= MAX_MINUTES:
        raise refusal(
            "invalid_expiration", want=f"{MIN_MINUTES} to {MAX_MINUTES} minutes", got=str(minutes)
        )
    return timedelta(minutes=minutes)


def redirect_url(project: Project, kind: Kind, asked: str | None) -> str:
    """Where the link leads in the end: the asked URL if it is registered for this kind, else the
    project's default, else that for logins.

    Raises:
        no_match_for_provided_magic_link_url, no_default_login_redirect_url_set.
    """
    if asked is not None:
        return choose_redirect_url(project.settings, asked, _REDIRECTS[kind], mismatch=_MISMATCH)
    try:
        return choose_redirect_url(project.settings, None, _REDIRECTS[kind])
    except VestibuleError:
        return choose_redirect_url(project.settings, None, "LOGIN")


def signup_url(project: Project, request: LinkRequest) -> str:
    """Whoever names only the URL for logins means it for both arrivals (decision 0013)."""
    if request.signup_redirect_url is None and request.login_redirect_url is not None:
        try:
            return choose_redirect_url(project.settings, None, "SIGNUP")
        except VestibuleError:
            return redirect_url(project, "login", request.login_redirect_url)
    return redirect_url(project, "signup", request.signup_redirect_url)


def check_request(project: Project, request: LinkRequest) -> None:
    """Refuse what is wrong whoever the address belongs to.

    Raises:
        no_match_for_provided_magic_link_url, no_default_login_redirect_url_set,
        invalid_pkce_code_challenge, invalid_expiration.
    """
    redirect_url(project, "login", request.login_redirect_url)
    signup_url(project, request)
    check_challenge(project, request.pkce_code_challenge)
    lifetime("login", request.login_minutes)
    lifetime("signup", request.signup_minutes)


def landing_url(link: MagicLink, token: str) -> str:
    """Where the browser goes on to, with the token still unused."""
    kind = "discovery" if link.kind == "discovery" else "multi_tenant_magic_links"
    return with_query(link.redirect_url, {"stytch_token_type": kind, "token": token})


def require_still_theirs(link: MagicLink, member: Member | None) -> Member:
    """The member whose link this is, unless they are gone or have another address by now.

    Raises:
        magic_link_not_found.
    """
    if member is None or member.status == "deleted":
        raise refusal("magic_link_not_found")
    renamed = email_key(member.email_address) != email_key(link.email_address)
    if renamed and link.kind != "email_update":
        raise refusal("magic_link_not_found", detail="the address has changed since")
    return member
