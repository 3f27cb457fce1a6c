"""Would a login of the past still pass through a connection as it is to become?

Owns the judgement of one past login by what was kept of it: whose keys were believed, which names
it carried, what it said of the person. Reads no document again, because none is kept, and says
which changes it cannot judge. Lets nobody in.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from vestibule.domain.attributes import Profile, Statement, email_key, map_statement
from vestibule.domain.connections import SamlConnection, SourceConnection
from vestibule.domain.logins import Evidence
from vestibule.domain.members import Admission, Member, Registration, decide_admission
from vestibule.domain.organizations import OrganizationSettings
from vestibule.errors import refusal

# What only the identity provider's next answer can show.
_UNTOLD = {
    "saml": (
        "idp_sso_url", "idp_sso_binding", "sign_requests", "force_authn", "nameid_format",
    ),
    "oidc": (
        "issuer", "client_id", "client_secret", "client_key", "token_endpoint_auth_method",
        "authorization_url", "token_url", "userinfo_url", "jwks_url", "custom_scopes",
    ),
}  # fmt: skip

Enters = Literal["same", "other", "new"]


@dataclass(frozen=True, slots=True)
class PastLogin:
    """One login that was let in, and what was kept of it. Without `evidence` (logins before it was
    kept, and all of OIDC) only the statement can be judged."""

    trace_id: str
    at: datetime
    organization_id: str
    connection_id: str
    member_id: str
    statement: Statement
    evidence: Evidence | None


@dataclass(frozen=True, slots=True)
class Known:
    """Who is who in the organization, as far as a person of a past login may be one of them."""

    by_subject: Member | None
    by_email: Member | None
    retired: bool
    registered_as_other: bool


def untold(live: SourceConnection, draft: SourceConnection) -> tuple[str, ...]:
    """The fields that change and that no past login can speak for."""
    return tuple(name for name in _UNTOLD[live.kind] if getattr(live, name) != getattr(draft, name))


def judge(login: PastLogin, draft: SourceConnection, *, callback_url: str) -> Profile:
    """What the login would say of the person through `draft`.

    Raises:
        the refusal that a login would end with: `saml_issuer_mismatch`, `saml_signature_invalid`,
        `saml_decryption_failed`, `saml_legacy_encryption`, `saml_recipient_mismatch`,
        `saml_audience_mismatch`, `saml_unsolicited`, `saml_idp_initiated_auth_disabled`,
        `saml_authn_context_mismatch`, and what `map_statement` raises.
    """
    if login.evidence is not None and isinstance(draft, SamlConnection):
        _hold(login.evidence, draft, callback_url)
    return map_statement(draft.attribute_mapping, login.statement)


def _hold(evidence: Evidence, draft: SamlConnection, callback_url: str) -> None:
    if evidence.issuer != draft.idp_entity_id:
        raise refusal("saml_issuer_mismatch", want=draft.idp_entity_id, got=evidence.issuer)
    pinned = {one.fingerprint_sha256 for one in draft.verification_certificates}
    strangers = [print_ for print_ in evidence.signed_by if print_ not in pinned]
    if strangers:
        raise refusal(
            "saml_signature_invalid",
            want=f"one of {len(pinned)} pinned certificates",
            got=f"the one with the SHA-256 fingerprint {strangers[0]}",
        )
    if evidence.legacy_encryption and not draft.insecure_legacy_encryption:
        raise refusal("saml_legacy_encryption")
    places = tuple(filter(None, (callback_url, draft.alternative_acs_url)))
    if evidence.recipient not in places:
        raise refusal("saml_recipient_mismatch", want=" or ".join(places), got=evidence.recipient)
    names = tuple(filter(None, (callback_url, draft.alternative_audience_uri)))
    for audiences in evidence.audiences:
        if not any(name in audiences for name in names):
            raise refusal(
                "saml_audience_mismatch", want=" or ".join(names), got=", ".join(audiences)
            )
    if evidence.unsolicited and draft.idp_initiated_auth_disabled:
        raise refusal("saml_idp_initiated_auth_disabled")
    if evidence.unsolicited and draft.force_authn:
        raise refusal("saml_unsolicited", want="an answer to a request with ForceAuthn")
    asked = draft.requested_authn_context
    if asked and evidence.authn_context not in asked:
        raise refusal(
            "saml_authn_context_mismatch",
            want=" or ".join(asked),
            got=evidence.authn_context or "none",
        )


def admit(
    settings: OrganizationSettings, *, connection_id: str, profile: Profile, known: Known
) -> Admission:
    """Who the person would be. The same decision as a login's, on the same facts.

    Raises:
        retired_member_email, and what `decide_admission` raises.
    """
    if known.by_subject is None and known.retired:
        raise refusal("retired_member_email", got=profile.email)
    return decide_admission(
        settings,
        connection_id=connection_id,
        email=profile.email,
        by_registration=known.by_subject,
        by_email=known.by_email,
        registered_as_other=known.registered_as_other,
    )


def known_person(
    profile: Profile,
    *,
    connection_id: str,
    by_subject: Mapping[str, Member],
    by_email: Mapping[str, tuple[Member, bool]],
    registrations: Mapping[str, Sequence[Registration]],
    forgotten: bool,
) -> Known:
    """Pick one person out of what was read for all of them.

    Args:
        forgotten: the change names another identity provider, so that whoever was registered on
            the word of the one before is registered no longer.
    """
    subject = None if forgotten else by_subject.get(profile.subject)
    owner, retired = by_email.get(email_key(profile.email), (None, False))
    registered = owner is not None and any(
        r.connection_id == connection_id for r in registrations.get(owner.member_id, ())
    )
    return Known(subject, None if retired else owner, retired, registered and not forgotten)


def enters(login: PastLogin, admission: Admission) -> Enters:
    """Whether the person would still be the member who they were."""
    if admission.member is None:
        return "new"
    return "same" if admission.member.member_id == login.member_id else "other"


def lost_and_gained(
    before: Collection[str], after: Collection[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return tuple(sorted(set(before) - set(after))), tuple(sorted(set(after) - set(before)))
