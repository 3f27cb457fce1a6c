"""The door outside for mail: hands one message to the operator's mail server, or says why not.

Owns what is a header, how the connection is secured, and ten seconds in all. `smtplib` blocks, so
it works in threads of its own and the event loop never waits for it (decision 0024). Keeps nothing
and tries once.
"""

from __future__ import annotations

import asyncio
import contextlib
import smtplib
import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from typing import NoReturn

from vestibule.domain.mail import DEADLINE, Message
from vestibule.errors import refusal
from vestibule.settings import SmtpServer

# What a server answers that will say the same of this recipient tomorrow (RFC 5321 §4.2.1).
_PERMANENT = range(500, 600)


class MailServer:
    """The operator's mail server. One message, one connection."""

    def __init__(self, server: SmtpServer, sender: str, *, trust: ssl.SSLContext | None = None):
        self._server = server
        self._sender = sender
        self._trust = trust or ssl.create_default_context()
        self._threads = ThreadPoolExecutor(4, thread_name_prefix="mail")

    async def deliver(self, message: Message) -> None:
        """Hand it over; when this returns, the server has taken responsibility for it.

        Raises:
            mail_recipient_refused: the server will never take mail for this address.
            mail_not_accepted: the server did not take it now.
        """
        raw = build_message(message, self._sender)
        held: list[smtplib.SMTP] = []
        loop = asyncio.get_running_loop()
        work = loop.run_in_executor(self._threads, self._hand_over, raw, message.recipient, held)
        try:
            async with asyncio.timeout(DEADLINE.total_seconds()):
                await asyncio.shield(work)
        except TimeoutError:
            for client in held:
                _cut(client)
            work.add_done_callback(lambda done: done.cancelled() or done.exception())
            raise refusal("mail_not_accepted", want="an answer in time", got="none") from None

    def _hand_over(self, raw: EmailMessage, recipient: str, held: list[smtplib.SMTP]) -> None:
        sender = parseaddr(self._sender)[1]
        try:
            client = self._connect()
            held.append(client)
            try:
                self._secure(client)
                client.send_message(raw, sender, [recipient])
                with contextlib.suppress(smtplib.SMTPException, OSError):
                    client.quit()
            finally:
                client.close()
        except smtplib.SMTPRecipientsRefused as error:
            code, told = next(iter(error.recipients.values()))
            if code in _PERMANENT:
                raise refusal("mail_recipient_refused", got=_told(code, told)) from None
            raise refusal("mail_not_accepted", got=_told(code, told)) from None
        except smtplib.SMTPResponseException as error:
            _not_accepted(_told(error.smtp_code, error.smtp_error))
        except (smtplib.SMTPException, OSError, ValueError) as error:
            _not_accepted(str(error) or type(error).__name__)

    def _connect(self) -> smtplib.SMTP:
        server, seconds = self._server, DEADLINE.total_seconds()
        if server.tls:
            return smtplib.SMTP_SSL(server.host, server.port, timeout=seconds, context=self._trust)
        return smtplib.SMTP(server.host, server.port, timeout=seconds)

    def _secure(self, client: smtplib.SMTP) -> None:
        """Encrypt what does not lead to this very machine, and only then say who we are."""
        server = self._server
        if not server.tls and not server.loopback:
            # Raises where the server does not offer it: nothing is ever sent in clear.
            client.starttls(context=self._trust)
        if server.user:
            client.login(server.user, server.password)


def build_message(message: Message, sender: str) -> EmailMessage:
    """The message as it goes over the wire (RFC 5322), plain text and HTML side by side.

    Raises:
        ValueError: a subject that is more than words of one line; no letter has one.
    """
    subject = message.letter.subject
    # The library decodes what looks encoded (RFC 2047), and a line break would come out of it.
    if "=?" in subject or not subject.isprintable():
        raise ValueError("a subject holds words of one line")
    made = EmailMessage(policy=SMTP)
    name, address = parseaddr(sender)
    made["From"] = Address(display_name=name, addr_spec=address)
    made["To"] = Address(addr_spec=message.recipient)
    made["Subject"] = subject
    made["Date"] = format_datetime(message.sent_at)
    made["Message-ID"] = message.message_id
    # RFC 3834 §5: so that no absence notice answers it.
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(message.letter.text)
    made.add_alternative(message.letter.html, subtype="html")
    made["Content-Language"] = message.letter.locale
    return made


def _not_accepted(got: str) -> NoReturn:
    raise refusal("mail_not_accepted", got=got) from None


def _told(code: int, text: bytes | str) -> str:
    shown = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return f"{code} {shown}"


def _cut(client: smtplib.SMTP) -> None:
    """Wake the thread that waits for this connection."""
    if client.sock is not None:
        with contextlib.suppress(OSError):
            client.sock.shutdown(socket.SHUT_RDWR)
