"""Rows of the identity providers' tokens. All of a token row is sealed but when it is due."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from vestibule.domain.idp_tokens import IdpTokens
from vestibule.storage.documents import dump, loader, micros
from vestibule.storage.sealed import KeyRing
from vestibule.storage.tables import idp_tokens

_load = loader(IdpTokens)


class IdpTokenRows:
    def __init__(self, connection: sa.Connection, ring: KeyRing) -> None:
        self._c = connection
        self._ring = ring

    def of_member(self, member_id: str) -> list[IdpTokens]:
        rows = self._c.execute(
            sa.select(idp_tokens.c.registration_id, idp_tokens.c.sealed)
            .where(idp_tokens.c.member_id == member_id)
            .order_by(idp_tokens.c.registration_id)
        )
        return [_load(self._ring.open(row[1], _name(row[0]))) for row in rows]

    def put(self, new: IdpTokens) -> None:
        """Insert or replace, whatever was there: a login outranks every refresh under way."""
        done = self._c.execute(
            idp_tokens.update()
            .where(idp_tokens.c.registration_id == new.registration_id)
            .values(**self._changing(new), version=idp_tokens.c.version + 1, lease_until=0)
        )
        if done.rowcount == 0:
            self._c.execute(
                idp_tokens.insert().values(
                    registration_id=new.registration_id,
                    member_id=new.member_id,
                    organization_id=new.organization_id,
                    lease_until=0,
                    version=1,
                    **self._changing(new),
                )
            )

    def delete_of_member(self, member_id: str) -> None:
        self._c.execute(idp_tokens.delete().where(idp_tokens.c.member_id == member_id))

    def claim(self, registration_id: str, now: datetime, until: datetime) -> int | None:
        """Lease a row for one refresh. Returns its version, or None while another holds it."""
        row = self._c.execute(
            idp_tokens.update()
            .where(
                idp_tokens.c.registration_id == registration_id,
                idp_tokens.c.lease_until <= micros(now),
            )
            .values(lease_until=micros(until))
            .returning(idp_tokens.c.version)
        ).first()
        return row[0] if row else None

    def find(self, registration_id: str) -> IdpTokens | None:
        row = self._c.execute(
            sa.select(idp_tokens.c.sealed).where(idp_tokens.c.registration_id == registration_id)
        ).first()
        return _load(self._ring.open(row[0], _name(registration_id))) if row else None

    def replace(self, new: IdpTokens, version: int) -> bool:
        """Write what a refresh made, if nobody wrote since `version` was claimed."""
        done = self._c.execute(
            idp_tokens.update()
            .where(
                idp_tokens.c.registration_id == new.registration_id,
                idp_tokens.c.version == version,
            )
            .values(**self._changing(new), version=version + 1, lease_until=0)
        )
        return done.rowcount == 1

    def release(self, registration_id: str, version: int) -> None:
        self._c.execute(
            idp_tokens.update()
            .where(idp_tokens.c.registration_id == registration_id, idp_tokens.c.version == version)
            .values(lease_until=0)
        )

    def _changing(self, value: IdpTokens) -> dict[str, object]:
        return {
            "expires_at": micros(value.expires_at),
            "state": value.state,
            "sealed": self._ring.seal(dump(value).encode(), _name(value.registration_id)),
        }


def _name(registration_id: str) -> str:
    return f"idp_tokens {registration_id}"
