"""The API of an organization's domains and of their proof by DNS."""

from __future__ import annotations

import msgspec

from vestibule.domain.domain_verification import DomainClaim
from vestibule.domain.sessions import wire_time
from vestibule.services import domain_verification
from vestibule.web.api.registry import Call, Nothing, Request, Response, operation

_DOMAINS = "/v1/b2b/organizations/{organization_id}/domains"
_DOMAIN = f"{_DOMAINS}/{{domain}}"


class ClaimDomain(Request):
    domain: str


class DomainDocument(msgspec.Struct):
    """`record_name` is where the TXT record with `record_value` belongs. `last_error` says what the
    last check found instead, and is empty after one that went well."""

    domain: str
    verified: bool
    record_type: str
    record_name: str
    record_value: str
    created_at: str
    verified_at: str | None
    checked_at: str | None
    last_error: str


class DomainResponse(Response):
    domain: DomainDocument


class DomainsResponse(Response):
    domains: list[DomainDocument]


class DeletedDomainResponse(Response):
    domain: str


@operation("organizations.get_domains", "GET", _DOMAINS, "List the domains", extension=True)
async def get_domains(call: Call, _: Nothing) -> DomainsResponse:
    """Every domain that the organization has claimed, proved or not."""
    found = await domain_verification.list_claims(call.rt, call.actor, call.path["organization_id"])
    return DomainsResponse(domains=[_document(claim) for claim in found])


@operation(
    "organizations.claim_domain", "POST", _DOMAINS, "Begin to verify a domain",
    rule="organizations.verify_domain", extension=True,
)  # fmt: skip
async def claim_domain(call: Call, body: ClaimDomain) -> DomainResponse:
    """Says which TXT record proves that the domain is the organization's own; asked again, it is
    the same one. Domains that many share, such as gmail.com, and public suffixes are refused."""
    claim = await domain_verification.begin(
        call.rt, call.actor, call.path["organization_id"], body.domain
    )
    return DomainResponse(domain=_document(claim))


@operation(
    "organizations.check_domain", "POST", f"{_DOMAIN}/check", "Look for the record of a domain",
    rule="organizations.verify_domain", extension=True,
)  # fmt: skip
async def check_domain(call: Call, _: Nothing) -> DomainResponse:
    """Asks the DNS now. A record that is not there is no refusal: `verified` and `last_error` say
    what was found. In a project one organization has a verified domain. From then on people with an
    address there are led to the organization's connections (`sso.route`); who may be let in stays
    as it is. The record is looked for again each month; after three checks in a row, a day apart,
    without it the domain counts no longer."""
    claim = await domain_verification.check(
        call.rt, call.actor, call.path["organization_id"], call.path["domain"]
    )
    return DomainResponse(domain=_document(claim))


@operation("organizations.delete_domain", "DELETE", _DOMAIN, "Give up a domain", extension=True)
async def delete_domain(call: Call, _: Nothing) -> DeletedDomainResponse:
    """The domain leads nobody here any more, and another organization may prove it."""
    removed = await domain_verification.remove(
        call.rt, call.actor, call.path["organization_id"], call.path["domain"]
    )
    return DeletedDomainResponse(domain=removed)


def _document(claim: DomainClaim) -> DomainDocument:
    return DomainDocument(
        domain=claim.domain,
        verified=claim.verified,
        record_type="TXT",
        record_name=claim.record_name,
        record_value=claim.record_value,
        created_at=wire_time(claim.created_at),
        verified_at=wire_time(claim.verified_at) if claim.verified_at else None,
        checked_at=wire_time(claim.checked_at) if claim.checked_at else None,
        last_error=claim.last_error,
    )
