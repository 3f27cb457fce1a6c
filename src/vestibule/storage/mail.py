"""The outbox: mails that are committed with what they tell of, and sent afterwards.

A mail holds a token, so it is sealed. Whoever sends one first moves the moment at which it is due
to the end of a lease; only who still finds that moment there may say what came of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from vestibule.domain.mail import Mail
from vestibule.storage.documents import dump, loader, micros
from vestibule.storage.engine import Prepared
from vestibule.storage.sealed import KeyRing
from vestibule.storage.tables import mail

_load = loader(Mail)

# Asked every second of the day, and most often there is nothing.
_DUE = Prepared(
    sa.select(mail.c.mail_id, mail.c.due_at, mail.c.tries, mail.c.sealed)
    .where(mail.c.due_at <= sa.bindparam("now"))
    .order_by(mail.c.due_at, mail.c.mail_id)
    .limit(sa.bindparam("most"))
)


@dataclass(frozen=True, slots=True)
class Leased:
    """A mail that is ours to send until `due_at`; `tries` counts this one."""

    mail: Mail
    due_at: int
    tries: int


class Mails:
    def __init__(self, connection: sa.Connection, ring: KeyRing) -> None:
        self._c = connection
        self._ring = ring

    def put(self, new: Mail) -> None:
        self._c.execute(
            mail.insert().values(
                mail_id=new.mail_id,
                project_id=new.project_id,
                member_id=new.member_id or None,
                due_at=micros(new.created_at),
                tries=0,
                sealed=self._ring.seal(dump(new).encode(), f"mail {new.mail_id}"),
            )
        )

    def claim(self, now: datetime, until: datetime, most: int) -> list[Leased]:
        """Those that are due and that nobody else claimed at the same moment."""
        ours = []
        for row in _DUE.run(self._c, {"now": micros(now), "most": most}).fetchall():
            name, seen, tries, sealed = row
            done = self._c.execute(
                mail.update()
                .where(mail.c.mail_id == name, mail.c.due_at == seen)
                .values(due_at=micros(until), tries=tries + 1)
            )
            if done.rowcount == 1:
                opened = _load(self._ring.open(sealed, f"mail {name}"))
                ours.append(Leased(opened, micros(until), tries + 1))
        return ours

    def finish(self, held: Leased) -> bool:
        """Forget a mail that was sent or is given up. False when it is no longer ours."""
        return self._c.execute(mail.delete().where(*_still(held))).rowcount == 1

    def postpone(self, held: Leased, due_at: datetime) -> bool:
        """Try it again then. False when it is no longer ours."""
        later = mail.update().where(*_still(held)).values(due_at=micros(due_at))
        return self._c.execute(later).rowcount == 1

    def delete_of_member(self, member_id: str) -> None:
        self._c.execute(mail.delete().where(mail.c.member_id == member_id))


def _still(held: Leased) -> tuple[sa.ColumnElement[bool], ...]:
    return mail.c.mail_id == held.mail.mail_id, mail.c.due_at == held.due_at
