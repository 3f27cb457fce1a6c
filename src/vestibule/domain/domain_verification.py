"""Domains that an organization has proved to be its own, by a TXT record in their DNS.

Owns the record that is asked for, what an answer of the DNS means for a claim, and which domains
nobody can claim. Knows no DNS: what was found there is given.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from vestibule.domain.organizations import check_domain
from vestibule.errors import refusal

LABEL = "_vestibule-challenge"
VALUE_PREFIX = "vestibule-domain-verification="
MAX_CLAIMS = 100
CHECKED_EVERY = timedelta(days=30)
# After a failure a verified domain is looked at again sooner, so that one bad day is told from a
# record that has gone.
CHECKED_AGAIN = timedelta(days=1)
MAX_FAILURES = 3
# Silence of the DNS proves nothing, but cannot keep a domain for ever either.
MAX_UNANSWERED = 14

# Suffixes under which strangers register names, beside those with a single label. Whoever can put
# our record directly below one of them is its registry; the list only says so early and clearly.
PUBLIC_SUFFIXES = frozenset(
    f"{name}.{suffix}"
    for suffix, names in {
        "ar": "com net org gob edu", "at": "co or ac gv", "au": "com net org edu gov asn id",
        "br": "com net org gov edu blog eco", "cn": "com net org gov edu ac",
        "es": "com nom org gob edu", "gr": "com net org gov edu", "hk": "com net org gov edu idv",
        "hu": "co info org", "id": "co or go ac web sch net my", "il": "co org net ac gov muni k12",
        "in": "co net org gen firm ind ac edu gov res nic", "jp": "co ne or ac ad ed go gr lg",
        "ke": "co or ne go ac", "kr": "co ne or re go ac pe", "mx": "com net org gob edu",
        "my": "com net org gov edu name", "ng": "com net org gov edu",
        "nz": "co net org govt ac school geek gen kiwi", "ph": "com net org gov edu",
        "pl": "com net org edu gov info waw", "pt": "com org gov edu", "ro": "com org",
        "sg": "com net org gov edu per", "th": "co in or ac go net",
        "tr": "com net org gov edu bel web gen biz info", "tw": "com net org gov edu idv",
        "ua": "com net org gov edu kiev lviv", "uk": "co org me ltd plc net sch ac gov nhs police",
        "vn": "com net org gov edu", "za": "co net org gov ac web law",
        "com": "uk us eu de gr br cn jpn za co herokuapp blogspot azurewebsites appspot onrender",
        "net": "uk se jp gb in cloudfront azurewebsites", "org": "eu us ae",
        "io": "github gitlab ngrok", "app": "netlify vercel web fly ngrok",
        "dev": "pages workers vercel",
    }.items()
    for name in names.split()
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class DomainClaim:
    """One organization's claim to one domain. `last_error` is "" after a check that went well."""

    organization_id: str
    project_id: str
    domain: str
    record_value: str
    created_at: datetime
    verified_at: datetime | None = None
    checked_at: datetime | None = None
    last_error: str = ""
    failures: int = 0
    unanswered: int = 0
    # When the worker looks again; None for a claim that only its owner looks at.
    due_at: datetime | None = None

    @property
    def record_name(self) -> str:
        return f"{LABEL}.{self.domain}"

    @property
    def verified(self) -> bool:
        return self.verified_at is not None


def check_claimable(domain: str) -> str:
    """The domain in lower case, without a dot at its end.

    Raises:
        domain_not_claimable: not a domain, one that many share, or a public suffix.
    """
    lowered = check_domain(
        domain.strip().removesuffix("."), "domain_not_claimable", "domain_not_claimable"
    )
    # With our label before it the name must still be one that the DNS can hold.
    if len(lowered) > 253 - len(LABEL) - 1:
        raise refusal("domain_not_claimable", want="a shorter domain", got=lowered)
    if lowered in PUBLIC_SUFFIXES or lowered.rpartition(".")[2].isdigit():
        raise refusal(
            "domain_not_claimable", want="a domain of the organization's own", got=lowered
        )
    return lowered


def build_record_value(token: str) -> str:
    return f"{VALUE_PREFIX}{token}"


def after_answer(claim: DomainClaim, found: Sequence[str], now: datetime) -> DomainClaim:
    """The claim after the DNS has said which texts stand at its record name; none at all counts
    as an answer, too."""
    if claim.record_value in {text.strip() for text in found}:
        return replace(
            claim,
            verified_at=claim.verified_at or now,
            checked_at=now,
            last_error="",
            failures=0,
            unanswered=0,
            due_at=now + CHECKED_EVERY,
        )
    ours = [text for text in found if text.strip().startswith(VALUE_PREFIX)]
    if ours:
        error = f"The TXT record at {claim.record_name} holds another value: {ours[0][:120]}"
    elif found:
        error = f"The TXT records at {claim.record_name} do not hold the value: {found[0][:120]}"
    else:
        error = f"There is no TXT record at {claim.record_name} yet."
    return _after_failure(replace(claim, failures=claim.failures + 1), error, now)


def after_silence(claim: DomainClaim, reason: str, now: datetime) -> DomainClaim:
    """The claim after the DNS gave no answer."""
    error = f"The DNS did not answer for {claim.record_name}: {reason}"
    return _after_failure(replace(claim, unanswered=claim.unanswered + 1), error, now)


def _after_failure(claim: DomainClaim, error: str, now: datetime) -> DomainClaim:
    told = replace(claim, checked_at=now, last_error=error)
    if not claim.verified:
        return replace(told, failures=0, unanswered=0)
    if claim.failures >= MAX_FAILURES or claim.unanswered >= MAX_UNANSWERED:
        return replace(told, verified_at=None, failures=0, unanswered=0, due_at=None)
    return replace(told, due_at=now + CHECKED_AGAIN)
