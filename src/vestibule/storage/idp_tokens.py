"""Rows of the identity providers' tokens. All of a row is sealed but when it is due and who has it.

A row is leased for one refresh at a time. Each lease has a number of its own, the fence: what its
holder has to say of a failure counts only while no other lease was given out since. What a refresh
brought is compared with the version alone, because it is worth more than any failure.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from vestibule.domain.idp_tokens import IdpTokens, due_at
from vestibule.storage.documents import dump, loader, micros
from vestibule.storage.engine import Prepared
from vestibule.storage.sealed import KeyRing
from vestibule.storage.tables import idp_tokens, organization

_load = loader(IdpTokens)


@dataclass(frozen=True, slots=True)
class Claim:
    """A lease of one row: the tokens as they stood, and the number of the lease."""

    tokens: IdpTokens
    fence: int


_SHOWN = (idp_tokens.c.registration_id, idp_tokens.c.sealed, idp_tokens.c.version)
_OF_MEMBER = Prepared(
    sa.select(*_SHOWN)
    .where(idp_tokens.c.member_id == sa.bindparam("member_id"))
    .order_by(idp_tokens.c.registration_id)
)
_ONE = Prepared(sa.select(*_SHOWN).where(idp_tokens.c.registration_id == sa.bindparam("id")))
_PUT = Prepared(
    # Written out, because Core knows this one only in two dialects that are not interchangeable.
    sa.text(
        "INSERT INTO idp_tokens (registration_id, member_id, organization_id, expires_at, due_at,"
        " lease_until, fence, state, version, sealed) VALUES (:registration_id, :member_id,"
        " :organization_id, :expires_at, :due_at, 0, 0, :state, 1, :sealed)"
        " ON CONFLICT (registration_id) DO UPDATE SET expires_at = excluded.expires_at,"
        " due_at = excluded.due_at, lease_until = 0, state = excluded.state,"
        " version = idp_tokens.version + 1, sealed = excluded.sealed"
    )
)
_LEASE = {"lease_until": sa.bindparam("until"), "fence": idp_tokens.c.fence + 1}
_CLAIM = Prepared(
    idp_tokens.update()
    .where(
        idp_tokens.c.registration_id == sa.bindparam("id"),
        idp_tokens.c.lease_until <= sa.bindparam("now"),
    )
    .values(**_LEASE)
    .returning(*_SHOWN, idp_tokens.c.fence)
)
_DUE = (
    sa.select(idp_tokens.c.registration_id)
    .where(
        idp_tokens.c.due_at <= sa.bindparam("now"),
        idp_tokens.c.lease_until <= sa.bindparam("now"),
    )
    .order_by(idp_tokens.c.due_at)
    .limit(sa.bindparam("most"))
    # Where several take at once, each takes others. SQLite has one writer at a time anyway.
    .with_for_update(skip_locked=True)
    .cte("due")
)
_CLAIM_DUE = Prepared(
    idp_tokens.update()
    .where(idp_tokens.c.registration_id.in_(sa.select(_DUE.c.registration_id)))
    .values(**_LEASE)
    .returning(*_SHOWN, idp_tokens.c.fence)
)
_CHANGED: dict[str, Any] = {
    name: sa.bindparam(name) for name in ("expires_at", "due_at", "state", "sealed")
}
_HERE = idp_tokens.c.registration_id == sa.bindparam("id")
_AT_VERSION = idp_tokens.c.version == sa.bindparam("known")
_AT_FENCE = idp_tokens.c.fence == sa.bindparam("held")
_REPLACE = Prepared(
    idp_tokens.update()
    .where(_HERE, _AT_VERSION)
    .values(**_CHANGED, version=idp_tokens.c.version + 1, lease_until=0)
)
_SETTLE = Prepared(
    idp_tokens.update().where(_HERE, _AT_VERSION, _AT_FENCE).values(**_CHANGED, lease_until=0)
)
_RELEASE = Prepared(idp_tokens.update().where(_HERE, _AT_VERSION, _AT_FENCE).values(lease_until=0))
_POSTPONE = Prepared(
    idp_tokens.update()
    .where(_HERE, _AT_VERSION, _AT_FENCE)
    .values(due_at=sa.bindparam("later"), lease_until=0)
)
_PROJECT = Prepared(
    sa.select(organization.c.project_id).where(organization.c.organization_id == sa.bindparam("id"))
)


class IdpTokenRows:
    def __init__(self, connection: sa.Connection, ring: KeyRing) -> None:
        self._c = connection
        self._ring = ring

    def of_member(self, member_id: str) -> list[IdpTokens]:
        return [self._open(*row) for row in _OF_MEMBER.run(self._c, {"member_id": member_id})]

    def find(self, registration_id: str) -> IdpTokens | None:
        row = _ONE.run(self._c, {"id": registration_id}).fetchone()
        return self._open(*row) if row else None

    def put(self, new: IdpTokens) -> None:
        """Insert or replace, whatever was there: a login outranks every refresh under way."""
        _PUT.run(
            self._c,
            {
                "registration_id": new.registration_id,
                "member_id": new.member_id,
                "organization_id": new.organization_id,
                **self._changing(new),
            },
        )

    def delete_of_member(self, member_id: str) -> None:
        self._c.execute(idp_tokens.delete().where(idp_tokens.c.member_id == member_id))

    # --- one refresh at a time --------------------------------------------------------------------

    def claim(self, registration_id: str, now: datetime, until: datetime) -> Claim | None:
        """Lease a row for one refresh; None while another holds it, or when it is gone."""
        asked = {"id": registration_id, "now": micros(now), "until": micros(until)}
        row = _CLAIM.run(self._c, asked).fetchone()
        return Claim(self._open(*row[:3]), row[3]) if row else None

    def claim_due(self, now: datetime, until: datetime, most: int) -> list[Claim]:
        """Lease at most so many rows that are due and that nobody else holds, the oldest first."""
        asked = {"now": micros(now), "until": micros(until), "most": most}
        rows = _CLAIM_DUE.run(self._c, asked).fetchall()
        return [Claim(self._open(*row[:3]), row[3]) for row in rows]

    def replace(self, new: IdpTokens, claim: Claim) -> bool:
        """Write what a refresh brought, if nobody has written anything better since the claim."""
        asked = {"id": new.registration_id, "known": claim.tokens.version, **self._changing(new)}
        return bool(_REPLACE.run(self._c, asked).rowcount == 1)

    def settle(self, new: IdpTokens, claim: Claim) -> bool:
        """Write that a refresh failed, if the lease is still ours and nobody was luckier."""
        return bool(_SETTLE.run(self._c, {**_held(claim), **self._changing(new)}).rowcount == 1)

    def release(self, claim: Claim) -> None:
        """Give the row back as it was."""
        _RELEASE.run(self._c, _held(claim))

    def postpone(self, claim: Claim, until: datetime) -> None:
        """Give the row back as it was, to be looked at later."""
        _POSTPONE.run(self._c, {**_held(claim), "later": micros(until)})

    def project_of(self, organization_id: str) -> str | None:
        """The project of the organization that tokens belong to."""
        row = _PROJECT.run(self._c, {"id": organization_id}).fetchone()
        return row[0] if row else None

    def _open(self, registration_id: str, sealed: bytes, version: int) -> IdpTokens:
        stored = _load(self._ring.open(sealed, _name(registration_id)))
        return replace(stored, version=version)

    def _changing(self, value: IdpTokens) -> dict[str, object]:
        due = due_at(value)
        return {
            "expires_at": micros(value.expires_at),
            "due_at": None if due is None else micros(due),
            "state": value.state,
            "sealed": self._ring.seal(dump(value).encode(), _name(value.registration_id)),
        }


def _held(claim: Claim) -> dict[str, object]:
    tokens = claim.tokens
    return {"id": tokens.registration_id, "known": tokens.version, "held": claim.fence}


def _name(registration_id: str) -> str:
    return f"idp_tokens {registration_id}"
