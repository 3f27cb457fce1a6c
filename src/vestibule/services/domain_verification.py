"""Domains of an organization: claim one, prove it by DNS, look again, give it up.

A proved domain leads its people to the organization's doors (`services.routing`) and changes
nothing else: who may be let in stays with the organization's settings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from vestibule.domain.domain_verification import (
    MAX_CLAIMS,
    DomainClaim,
    after_answer,
    after_silence,
    build_record_value,
    check_claimable,
)
from vestibule.domain.organizations import Organization
from vestibule.errors import VestibuleError, refusal
from vestibule.services.audit import record
from vestibule.services.organizations import resolve
from vestibule.services.rbac import Actor, GuestActor, Server
from vestibule.services.runtime import Runtime
from vestibule.storage import Tx

# How long one turn of the worker keeps a claim to itself.
_LEASE = timedelta(minutes=10)
_AT_ONCE = 50


async def begin(rt: Runtime, actor: Actor, organization_name: str, domain: str) -> DomainClaim:
    """Say which TXT record proves the domain. Asked again, it is the same record.

    Raises:
        domain_not_claimable, too_many_domain_claims, domain_already_verified.
    """
    token = rt.new_token()

    def work(tx: Tx) -> DomainClaim:
        organization = resolve(tx, actor, organization_name, "organizations.verify_domain")
        name = check_claimable(domain)
        known = tx.domain_claims.find(organization.organization_id, name)
        if known is not None:
            return known
        _require_free(tx, actor, organization, name)
        if len(tx.domain_claims.of_organization(organization.organization_id)) >= MAX_CLAIMS:
            raise refusal("too_many_domain_claims", want=f"at most {MAX_CLAIMS}")
        claim = DomainClaim(
            organization.organization_id,
            organization.project_id,
            name,
            build_record_value(token),
            rt.now(),
        )
        tx.domain_claims.insert(claim)
        record(tx, rt, actor, organization.organization_id, "domain.claimed", name)
        return claim

    return await rt.store.write(work)


async def check(rt: Runtime, actor: Actor, organization_name: str, domain: str) -> DomainClaim:
    """Look the record up now. What was found, or why not, is in the claim that comes back.

    Raises:
        domain_claim_not_found, domain_already_verified.
    """

    def find(tx: Tx) -> DomainClaim:
        organization = resolve(tx, actor, organization_name, "organizations.verify_domain")
        return _claim(tx, organization, domain)

    return await _look_up(rt, actor, await rt.store.read(find))


async def list_claims(rt: Runtime, actor: Actor, organization_name: str) -> Sequence[DomainClaim]:
    """Every claim of the organization, proved or not, in the order of the alphabet."""

    def work(tx: Tx) -> Sequence[DomainClaim]:
        organization = resolve(tx, actor, organization_name, "organizations.get_domains")
        return tx.domain_claims.of_organization(organization.organization_id)

    return await rt.store.read(work)


async def remove(rt: Runtime, actor: Actor, organization_name: str, domain: str) -> str:
    """Give a domain up; it leads nobody here from now on, and another organization may prove it.

    Raises:
        domain_claim_not_found.
    """

    def work(tx: Tx) -> str:
        organization = resolve(tx, actor, organization_name, "organizations.delete_domain")
        claim = _claim(tx, organization, domain)
        tx.domain_claims.delete(claim.organization_id, claim.domain)
        _put_shown(tx, rt, claim, verified=False)
        record(tx, rt, actor, claim.organization_id, "domain.removed", claim.domain)
        return claim.domain

    return await rt.store.write(work)


async def check_due(rt: Runtime) -> int:
    """Look again at the verified domains that are due. Returns how many were looked at."""
    done = 0
    while True:
        now = rt.now()

        def take(tx: Tx) -> Sequence[DomainClaim]:
            return tx.domain_claims.claim_due(now, now + _LEASE, _AT_ONCE)  # noqa: B023

        claims = await rt.store.write(take)
        for claim in claims:
            project = await rt.store.read(lambda tx: tx.projects.find(claim.project_id))  # noqa: B023
            if project is not None:
                await _look_up(rt, Server(project), claim)
                done += 1
        if len(claims) < _AT_ONCE:
            return done


async def _look_up(rt: Runtime, actor: Actor, asked: DomainClaim) -> DomainClaim:
    found: Sequence[str] | None = None
    silence = ""
    try:
        found = await rt.txt_records(asked.record_name)
    except VestibuleError as error:
        silence = error.detail or error.code

    def work(tx: Tx) -> DomainClaim:
        # As it is now: it may have been removed, or proved by another, while the DNS was asked.
        old = tx.domain_claims.find(asked.organization_id, asked.domain)
        if old is None:
            raise refusal("domain_claim_not_found", got=asked.domain)
        now = rt.now()
        new = after_silence(old, silence, now) if found is None else after_answer(old, found, now)
        if new.verified and not old.verified:
            organization = tx.organizations.find(old.project_id, old.organization_id)
            if organization is not None:
                _require_free(tx, actor, organization, old.domain)
        tx.domain_claims.update(new)
        if new.verified != old.verified:
            _put_shown(tx, rt, new, verified=new.verified)
            action = "domain.verified" if new.verified else "domain.unverified"
            record(
                tx, rt, actor, new.organization_id, action, new.domain,
                **({"reason": new.last_error} if new.last_error else {}),
            )  # fmt: skip
        return new

    try:
        return await rt.store.write(work)
    except VestibuleError as error:
        if isinstance(actor, Server) and error.code == "domain_claim_not_found":
            return asked
        raise


def _claim(tx: Tx, organization: Organization, domain: str) -> DomainClaim:
    name = domain.strip().removesuffix(".").lower()
    found = tx.domain_claims.find(organization.organization_id, name)
    if found is None:
        raise refusal("domain_claim_not_found", got=domain)
    return found


def _require_free(tx: Tx, actor: Actor, organization: Organization, domain: str) -> None:
    """Refuse a domain that another organization has proved. Who it is, is for the team alone."""
    owner = tx.domain_claims.owner(organization.project_id, domain)
    if owner is None or owner.organization_id == organization.organization_id:
        return
    is_team = actor.on_behalf is None and not isinstance(actor, GuestActor)
    raise refusal(
        "domain_already_verified",
        got=domain,
        detail=f"It belongs to {owner.organization_id}." if is_team else None,
    )


def _put_shown(tx: Tx, rt: Runtime, claim: DomainClaim, *, verified: bool) -> None:
    """Keep the list on the organization in step, so that showing it needs no second query."""
    organization = tx.organizations.find(claim.project_id, claim.organization_id)
    if organization is None:
        return
    others = [name for name in organization.verified_domains if name != claim.domain]
    shown = tuple(sorted([*others, claim.domain] if verified else others))
    if shown != organization.verified_domains:
        tx.organizations.update(replace(organization, verified_domains=shown, updated_at=rt.now()))
