"""Rows of sessions and intermediate sessions. Tokens are looked up by their hash.

A session that ends is deleted at once; the audit events tell of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa

from vestibule.domain.members import Member
from vestibule.domain.organizations import Organization
from vestibule.domain.sessions import IntermediateSession, Session
from vestibule.storage.documents import dump, loader, micros, moment
from vestibule.storage.engine import Prepared
from vestibule.storage.sealed import KeyRing
from vestibule.storage.tables import (
    intermediate_session,
    member,
    organization,
    session,
    session_connection,
)

_load = loader(Session)
_load_member = loader(Member)
_load_organization = loader(Organization)
_load_intermediate = loader(IntermediateSession)

_JOINED = session.join(member, member.c.member_id == session.c.member_id).join(
    organization, organization.c.organization_id == member.c.organization_id
)
_FOUND = (
    sa.select(
        session.c.document,
        session.c.last_accessed_at,
        session.c.expires_at,
        session.c.token_sealed,
        member.c.document.label("member_document"),
        organization.c.document.label("organization_document"),
    )
    .select_from(_JOINED)
    .where(
        session.c.expires_at > sa.bindparam("now"),
        member.c.project_id == sa.bindparam("project_id"),
    )
)
_BY_TOKEN = Prepared(_FOUND.where(session.c.token_hash == sa.bindparam("key")))
_BY_ID = Prepared(_FOUND.where(session.c.session_id == sa.bindparam("key")))
_OF_MEMBER = Prepared(
    sa.select(session.c.document, session.c.last_accessed_at, session.c.expires_at)
    .where(
        session.c.member_id == sa.bindparam("member_id"),
        session.c.expires_at > sa.bindparam("now"),
    )
    .order_by(session.c.expires_at, session.c.session_id)
)
_TOUCH = Prepared(
    session.update()
    .where(session.c.session_id == sa.bindparam("id"))
    .values(last_accessed_at=sa.bindparam("now"))
)
_INSERT = Prepared(session.insert())
_INSERT_STANDING = Prepared(session_connection.insert())


@dataclass(frozen=True, slots=True)
class FoundSession:
    """A live session with its member and organization as they stand now."""

    session: Session
    member: Member
    organization: Organization
    token: str


class Sessions:
    def __init__(self, connection: sa.Connection, ring: KeyRing) -> None:
        self._c = connection
        self._ring = ring

    def find_by_token(
        self, project_id: str, token_hash: bytes, now: datetime
    ) -> FoundSession | None:
        return self._find(_BY_TOKEN, project_id, token_hash, now)

    def find_by_id(self, project_id: str, session_id: str, now: datetime) -> FoundSession | None:
        return self._find(_BY_ID, project_id, session_id, now)

    def _find(
        self, query: Prepared, project_id: str, key: object, now: datetime
    ) -> FoundSession | None:
        parameters = {"project_id": project_id, "key": key, "now": micros(now)}
        row = query.run(self._c, parameters).fetchone()
        if row is None:
            return None
        document, accessed, expires, sealed, member_document, organization_document = row
        found = _stored(document, accessed, expires)
        token = self._ring.open(sealed, f"session {found.session_id}").decode()
        return FoundSession(
            found, _load_member(member_document), _load_organization(organization_document), token
        )

    def of_member(self, member_id: str, now: datetime) -> list[Session]:
        parameters = {"member_id": member_id, "now": micros(now)}
        return [_stored(*row) for row in _OF_MEMBER.run(self._c, parameters)]

    def count_of_organization(self, organization_id: str, now: datetime) -> int:
        """How many of its members' sessions live at that moment."""
        query = (
            sa.select(sa.func.count())
            .select_from(session.join(member, member.c.member_id == session.c.member_id))
            .where(member.c.organization_id == organization_id, session.c.expires_at > micros(now))
        )
        return self._c.execute(query).scalar_one()

    def insert(self, new: Session, token: str, token_hash: bytes) -> None:
        _INSERT.run(
            self._c,
            {
                "session_id": new.session_id,
                "member_id": new.member_id,
                "token_hash": token_hash,
                "token_sealed": self._ring.seal(token.encode(), f"session {new.session_id}"),
                "last_accessed_at": micros(new.last_accessed_at),
                "expires_at": micros(new.expires_at),
                "document": dump(new),
            },
        )
        self._put_standing(new)

    def update(self, new: Session) -> bool:
        """Write a changed session. False when it has ended meanwhile."""
        done = self._c.execute(
            session.update()
            .where(session.c.session_id == new.session_id)
            .values(
                last_accessed_at=micros(new.last_accessed_at),
                expires_at=micros(new.expires_at),
                document=dump(new),
            )
        )
        if done.rowcount != 1:
            return False
        self._c.execute(
            session_connection.delete().where(session_connection.c.session_id == new.session_id)
        )
        self._put_standing(new)
        return True

    def touch(self, session_id: str, now: datetime) -> None:
        _TOUCH.run(self._c, {"id": session_id, "now": micros(now)})

    def delete(self, session_id: str) -> bool:
        done = self._c.execute(session.delete().where(session.c.session_id == session_id))
        return done.rowcount == 1

    def delete_of_member(self, member_id: str) -> int:
        done = self._c.execute(session.delete().where(session.c.member_id == member_id))
        self._c.execute(
            intermediate_session.delete().where(intermediate_session.c.member_id == member_id)
        )
        return done.rowcount

    def put_intermediate(self, token_hash: bytes, new: IntermediateSession) -> None:
        self._c.execute(
            intermediate_session.insert().values(
                token_hash=token_hash,
                member_id=new.member_id,
                expires_at=micros(new.expires_at),
                name_hash=next((f.name_hash for f in new.factors if f.name_hash), None),
                document=dump(new),
            )
        )

    def take_intermediate(self, token_hash: bytes, now: datetime) -> IntermediateSession | None:
        row = self._c.execute(
            intermediate_session.delete()
            .where(
                intermediate_session.c.token_hash == token_hash,
                intermediate_session.c.expires_at > micros(now),
            )
            .returning(intermediate_session.c.document)
        ).first()
        return _load_intermediate(row[0]) if row else None

    def delete_expired(self, now: datetime) -> int:
        gone = 0
        for table in (session, intermediate_session):
            gone += self._c.execute(
                table.delete().where(table.c.expires_at <= micros(now))
            ).rowcount
        return gone

    def _put_standing(self, new: Session) -> None:
        # Of each connection there is one factor at most.
        for factor in sorted(new.factors, key=lambda f: f.connection_id):
            _INSERT_STANDING.run(
                self._c,
                {
                    "session_id": new.session_id,
                    "connection_id": factor.connection_id,
                    "name_hash": factor.name_hash,
                },
            )


def _stored(document: str, accessed: int, expires: int) -> Session:
    return replace(_load(document), last_accessed_at=moment(accessed), expires_at=moment(expires))
