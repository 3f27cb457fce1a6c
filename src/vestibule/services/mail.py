"""Mail: put into the outbox with what it tells of, and sent once that is committed.

A mail that is committed is not lost: whoever sends it holds a lease, and what fails is tried again
until its link has expired, a day at the most. Then the organization's log tells of it.
"""

from __future__ import annotations

import asyncio
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from vestibule.domain.mail import (
    LEASE,
    LOCALES,
    Message,
    Texts,
    wait_after,
    write_letter,
)
from vestibule.errors import VestibuleError, refusal
from vestibule.services.audit import record
from vestibule.services.rbac import Server
from vestibule.services.runtime import Deliver, Runtime
from vestibule.storage import Tx
from vestibule.storage.mail import Leased

FOLDER = Path(__file__).parents[1] / "mails"
_AT_ONCE = 8
_MOST = 200


@cache
def all_texts() -> dict[str, Texts]:
    """What mails say, by locale."""
    return {name: tomllib.loads((FOLDER / f"{name}.toml").read_text("utf-8")) for name in LOCALES}


@dataclass
class MailsSent:
    """What one turn did; its counters are the metrics. `error` is one that nobody expected."""

    sent: int = 0
    postponed: int = 0
    given_up: int = 0
    error: Exception | None = None


def require_mail(rt: Runtime) -> None:
    """Raises: mail_not_configured."""
    if rt.deliver is None:
        raise refusal("mail_not_configured", want="VESTIBULE_SMTP_URL and VESTIBULE_MAIL_FROM")


async def send_due(rt: Runtime) -> MailsSent:
    """Send what waits, some at once; a mail that cannot be sent holds up no other."""
    done = MailsSent()
    deliver = rt.deliver
    while deliver is not None and done.sent + done.postponed + done.given_up < _MOST:
        held = await _claim(rt)
        await asyncio.gather(*(_send(rt, deliver, one, done) for one in held))
        if len(held) < _AT_ONCE or done.error:
            break
    return done


async def _claim(rt: Runtime) -> list[Leased]:
    now = rt.now()
    return await rt.store.write(lambda tx: tx.mail.claim(now, now + LEASE, _AT_ONCE))


async def _send(rt: Runtime, deliver: Deliver, held: Leased, done: MailsSent) -> None:
    mail = held.mail
    if rt.now() >= mail.last_try:
        await _give_up(rt, held, "its link has expired", done)
        return
    host = urlsplit(rt.settings.base_url).hostname or "localhost"
    letter = write_letter(all_texts()[mail.locale], mail)
    message = Message(f"<{mail.mail_id}@{host}>", mail.recipient, mail.created_at, letter)
    try:
        await deliver(message)
    except VestibuleError as error:
        again = rt.now() + wait_after(held.tries)
        if error.code == "mail_recipient_refused" or again >= mail.last_try:
            await _give_up(rt, held, str(error), done)
        else:
            await rt.store.write(lambda tx: tx.mail.postpone(held, again))
            done.postponed += 1
        return
    except Exception as error:  # noqa: BLE001 - one mail must not hold up the others; it is told
        again = rt.now() + wait_after(held.tries)
        await rt.store.write(lambda tx: tx.mail.postpone(held, again))
        done.postponed, done.error = done.postponed + 1, error
        return
    await rt.store.write(lambda tx: tx.mail.finish(held))
    done.sent += 1


async def _give_up(rt: Runtime, held: Leased, why: str, done: MailsSent) -> None:
    mail = held.mail

    def work(tx: Tx) -> None:
        project = tx.projects.find(mail.project_id)
        if not tx.mail.finish(held) or project is None or not mail.organization_id:
            return
        record(
            tx, rt, Server(project), mail.organization_id, "mail.given_up", mail.member_id,
            kind=mail.kind, recipient=mail.recipient, tries=str(held.tries), reason=why,
        )  # fmt: skip

    await rt.store.write(work)
    done.given_up += 1
