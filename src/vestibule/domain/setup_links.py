"""Setup links: what somebody outside may set up for one organization, and for how long.

Owns the link, the visit that it opens, what each scope lets a guest do, and when either has ended.
Does not know tokens: whoever holds one is looked up by its hash elsewhere.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from vestibule.domain.projects import LOOPBACK_HOSTS, ProjectSettings
from vestibule.errors import refusal

Scope = Literal["sso", "domain_verification", "certificate_renewal"]
Uses = Literal["one", "many"]

SCOPES: tuple[Scope, ...] = ("sso", "domain_verification", "certificate_renewal")

DEFAULT_LIFETIME_MINUTES = 7 * 24 * 60
MIN_LIFETIME_MINUTES = 5
MAX_LIFETIME_MINUTES = 30 * 24 * 60
VISIT_LIFETIME = timedelta(hours=8)
EMBEDDED_LIFETIME = timedelta(hours=1)
VISIT_IDLE = timedelta(hours=1)
# The last use is written down no more often than this.
VISIT_TOUCH = timedelta(minutes=1)
PORTAL_TOKEN_LIFETIME = timedelta(minutes=5)
# A link that has ended is still listed for so long, so that "who had access?" has an answer.
LINK_KEPT = timedelta(days=90)
MAX_LINKS = 200
MAX_NOTE = 200

# The operations that a scope opens, as `authorize` is asked for them. What is not here is closed,
# and whatever is added to the API later is closed, too.
SCOPE_OPERATIONS: Mapping[Scope, frozenset[str]] = {
    "sso": frozenset({
        "sso.get_connections", "sso.create_connection", "sso.update_connection",
        "sso.delete_connection", "rbac_organizations.get_org_policy",
    }),
    "domain_verification": frozenset({
        "organizations.get_domains", "organizations.verify_domain",
        "organizations.delete_domain",
    }),
    # None of a whole organization: only what touches the certificates of its one connection.
    "certificate_renewal": frozenset(),
}  # fmt: skip
_ORIGIN = re.compile(r"https?://(?:[a-z0-9-]+\.)*[a-z0-9-]+(?::[1-9][0-9]{0,4})?")
RENEWAL_OPERATIONS = frozenset({"sso.get_connections", "sso.update_connection"})


@dataclass(frozen=True, slots=True)
class SetupLink:
    """A way in for somebody who has no account.

    `connection_id` is the connection whose certificates a renewal is for. `parent_id` is the link
    from whose visit this one was handed over. `origin` is set for a token of the embedded portal:
    only pages of this origin may exchange it; `session_id` is then the session of the member who
    asked for it, whose rights are the most that its visit has.
    """

    link_id: str
    project_id: str
    organization_id: str
    scopes: tuple[Scope, ...]
    connection_id: str | None
    created_at: datetime
    created_by: str
    expires_at: datetime
    uses: Uses = "one"
    opened_count: int = 0
    revoked_at: datetime | None = None
    note: str = ""
    return_url: str = ""
    parent_id: str = ""
    origin: str = ""
    session_id: str = ""

    @property
    def embedded(self) -> bool:
        return bool(self.origin)

    @property
    def kept_until(self) -> datetime:
        """When the row may go, and its visits with it."""
        return self.expires_at + (EMBEDDED_LIFETIME if self.embedded else LINK_KEPT)

    @property
    def operations(self) -> frozenset[str]:
        """What its visits may do in the whole organization."""
        return frozenset().union(*(SCOPE_OPERATIONS[scope] for scope in self.scopes))

    @property
    def renewable_connection_id(self) -> str | None:
        """The connection whose certificates its visits may renew."""
        return self.connection_id if "certificate_renewal" in self.scopes else None

    def status(self, now: datetime) -> Literal["open", "used", "expired", "revoked"]:
        if self.revoked_at is not None:
            return "revoked"
        if self.expires_at <= now:
            return "expired"
        return "used" if self.uses == "one" and self.opened_count else "open"


@dataclass(frozen=True, slots=True)
class Visit:
    """What is kept of one browser that opened a link."""

    link_id: str
    opened_at: datetime
    last_seen_at: datetime
    expires_at: datetime

    def ended(self, now: datetime) -> bool:
        return self.expires_at <= now or self.last_seen_at + VISIT_IDLE <= now


def check_scopes(scopes: Sequence[str], connection_id: str | None) -> tuple[Scope, ...]:
    """The scopes, each once and in a fixed order, with the connection that a renewal needs.

    Raises:
        field_invalid.
    """
    if unknown := set(scopes) - set(SCOPES):
        raise refusal("field_invalid", want=f"scopes in {', '.join(SCOPES)}", got=min(unknown))
    if not scopes:
        raise refusal("field_invalid", want=f"one scope at least: {', '.join(SCOPES)}", got="none")
    if ("certificate_renewal" in scopes) != (connection_id is not None):
        raise refusal(
            "field_invalid",
            want="a connection_id with certificate_renewal, and only with it",
            got=connection_id or "no connection_id",
        )
    return tuple(scope for scope in SCOPES if scope in scopes)


def check_lifetime(minutes: int) -> timedelta:
    """Raises: field_invalid."""
    if not MIN_LIFETIME_MINUTES <= minutes <= MAX_LIFETIME_MINUTES:
        raise refusal(
            "field_invalid",
            want=f"{MIN_LIFETIME_MINUTES} to {MAX_LIFETIME_MINUTES} minutes",
            got=str(minutes),
        )
    return timedelta(minutes=minutes)


def check_note(note: str) -> str:
    """Raises: field_invalid."""
    if len(note) > MAX_NOTE or not note.isprintable():
        raise refusal("field_invalid", want=f"a note of one line, at most {MAX_NOTE} characters")
    return note


def require_open(link: SetupLink, now: datetime) -> None:
    """Refuse a link that opens nothing any more, each cause by its own name.

    Raises:
        setup_link_revoked, setup_link_expired, setup_link_used.
    """
    match link.status(now):
        case "revoked":
            raise refusal("setup_link_revoked")
        case "expired":
            raise refusal("setup_link_expired", got=f"expired {link.expires_at.isoformat()}")
        case "used":
            raise refusal("setup_link_used")


def opened(link: SetupLink, now: datetime) -> tuple[SetupLink, Visit]:
    """The link after one more opening, and the visit that this begins.

    Raises:
        what `require_open` raises.
    """
    require_open(link, now)
    lifetime = EMBEDDED_LIFETIME if link.embedded else VISIT_LIFETIME
    visit = Visit(link.link_id, now, now, now + lifetime)
    return replace(link, opened_count=link.opened_count + 1), visit


def handed_over(link: SetupLink, link_id: str, now: datetime) -> SetupLink:
    """A link for a colleague: it opens once, and nothing more or longer than this one does.

    Raises:
        setup_link_scope: the embedded portal stands on a member's session, which is theirs alone.
        setup_link_expired: there is no time left to hand over.
    """
    if link.embedded:
        raise refusal("setup_link_scope", want="a visit by link", got="the embedded portal")
    if link.expires_at <= now:
        raise refusal("setup_link_expired", got=f"expired {link.expires_at.isoformat()}")
    return replace(
        link,
        link_id=link_id,
        created_at=now,
        created_by=link.link_id,
        uses="one",
        opened_count=0,
        parent_id=link.link_id,
        note=link.note,
    )


def with_descendants(link_id: str, links: Sequence[SetupLink]) -> list[SetupLink]:
    """A link and all that was handed over from it, however often: who revokes the one means
    the others."""
    found = {link_id}
    grown = True
    while grown:
        more = {link.link_id for link in links if link.parent_id in found} - found
        grown = bool(more)
        found |= more
    return [link for link in links if link.link_id in found]


def require_embeddable(origin: str, settings: ProjectSettings) -> None:
    """Refuse an origin whose pages may not embed the portal.

    Compared to the letter; a pattern's `*` stands for one or more labels of the host. In a project
    that `vestibule dev` made every page on loopback may.

    Raises:
        portal_origin_forbidden.
    """
    if _ORIGIN.fullmatch(origin):
        scheme, _, host = origin.partition("://")
        if settings.insecure_loopback and host.partition(":")[0] in LOOPBACK_HOSTS:
            return
        for allowed in settings.frame_ancestors:
            starred = allowed.startswith(f"{scheme}://*.")
            if origin == allowed or (starred and host.endswith(allowed.partition("*")[2])):
                return
    want = ", ".join(settings.frame_ancestors) or "none"
    raise refusal("portal_origin_forbidden", want=want, got=origin)


def require_own_origin(link: SetupLink, origin: str) -> None:
    """Refuse a token of the embedded portal to every page but those that it was issued for.

    Raises:
        portal_origin_forbidden.
    """
    if not link.origin or link.origin != origin:
        raise refusal("portal_origin_forbidden", got=origin)


def csrf_key(token: str) -> str:
    """What the forms of a visit carry: fixed by its token, and no way back to it."""
    return hmac.new(token.encode("utf-8", "surrogatepass"), b"portal form", "sha256").hexdigest()
