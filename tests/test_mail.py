"""The door outside for mail, against a real SMTP server on this machine."""

from __future__ import annotations

import asyncio
import email
import ssl
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, TypeVar

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from hypothesis import given, settings
from hypothesis import strategies as st

from peers.certificates import make_key_pair
from vestibule import mail as door
from vestibule.domain.mail import LOCALES, Letter, Mail, Message, write_letter
from vestibule.errors import VestibuleError
from vestibule.mail import MailServer, build_message
from vestibule.services.mail import all_texts
from vestibule.settings import SmtpServer

T = TypeVar("T")
SENDER = "Vestibule Test <login@vestibule.test>"
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
LETTER = Letter("A subject", "Some text\nhttps://vestibule.test/x\n", "<p>Some text</p>", "en")
MESSAGE = Message("<mail-1@vestibule.test>", "grace@acme.example", NOW, LETTER)


@dataclass
class Mailbox:
    """What a server took, and what it says to recipients and to data."""

    taken: list[Envelope] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    rcpt: str = "250 OK"
    data: str = "250 OK"

    async def handle_RCPT(  # noqa: N802 - the library's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.rcpt.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.rcpt

    async def handle_DATA(  # noqa: N802 - the library's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        if self.data.startswith("250"):
            self.taken.append(envelope)
            self.encrypted.append(session.ssl is not None)
        return self.data

    def message(self) -> EmailMessage:
        (envelope,) = self.taken
        assert isinstance(envelope.content, bytes)
        made = email.message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(made, EmailMessage)
        return made


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


@asynccontextmanager
async def smtp(
    box: Mailbox, *, tls: ssl.SSLContext | None = None, **options: Any
) -> AsyncIterator[int]:
    loop = asyncio.get_running_loop()
    listening = await loop.create_server(
        lambda: SMTP(box, hostname="localhost", loop=loop, **options), "127.0.0.1", 0, ssl=tls
    )
    async with listening:
        yield listening.sockets[0].getsockname()[1]


def server(port: int, **options: Any) -> SmtpServer:
    given_options = {"host": "localhost", "tls": False, "loopback": True, **options}
    return SmtpServer(port=port, **given_options)


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """What a server named localhost proves itself with, and what trusts just that."""
    pair = make_key_pair("localhost")
    (tmp_path / "key.pem").write_text(pair.key_pem)
    (tmp_path / "certificate.pem").write_text(pair.certificate_pem)
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(tmp_path / "certificate.pem", tmp_path / "key.pem")
    return serving, ssl.create_default_context(cadata=pair.certificate_pem)


def refused(work: Coroutine[Any, Any, None], code: str) -> VestibuleError:
    with pytest.raises(VestibuleError) as caught:
        run(work)
    assert caught.value.code == code
    return caught.value


def test_a_message_arrives_with_both_parts_and_every_header_once() -> None:
    async def tell() -> EmailMessage:
        box = Mailbox()
        async with smtp(box) as port:
            await MailServer(server(port), SENDER).deliver(MESSAGE)
        assert box.taken[0].mail_from == "login@vestibule.test"
        assert box.taken[0].rcpt_tos == ["grace@acme.example"]
        return box.message()

    came = run(tell())
    assert came["From"] == SENDER
    assert came["To"] == "grace@acme.example"
    assert came["Subject"] == "A subject"
    assert came["Message-ID"] == "<mail-1@vestibule.test>"
    assert came["Auto-Submitted"] == "auto-generated"
    assert came["Date"].datetime == NOW
    names = [name.lower() for name in came]
    assert len(names) == len(set(names))
    kinds = [part.get_content_type() for part in came.walk()]
    assert kinds == ["multipart/alternative", "text/plain", "text/html"]
    plain = came.get_body(("plain",))
    assert plain is not None
    assert plain.get_content().replace("\r\n", "\n") == LETTER.text


def test_smtps_is_encrypted_from_the_first_byte_on(
    certificate: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    serving, trusting = certificate

    async def tell() -> Mailbox:
        box = Mailbox()
        async with smtp(box, tls=serving) as port:
            there = server(port, tls=True, loopback=False)
            await MailServer(there, SENDER, trust=trusting).deliver(MESSAGE)
        return box

    assert len(run(tell()).taken) == 1


def test_starttls_is_used_and_the_password_goes_after_it(
    certificate: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    serving, trusting = certificate
    seen: list[tuple[bytes, bytes]] = []

    def judge(*asked: Any) -> AuthResult:
        data = asked[-1]
        assert isinstance(data, LoginPassword)
        seen.append((data.login, data.password))
        return AuthResult(success=data.password == b"p:@ss w")

    async def tell() -> Mailbox:
        box = Mailbox()
        # `auth_require_tls` is the server's default: in clear it would not even offer it.
        async with smtp(
            box, tls_context=serving, require_starttls=True, authenticator=judge
        ) as port:
            there = server(port, loopback=False, user="mailer", password="p:@ss w")
            await MailServer(there, SENDER, trust=trusting).deliver(MESSAGE)
        return box

    box = run(tell())
    assert box.encrypted == [True]
    assert seen == [(b"mailer", b"p:@ss w")]


def test_a_server_without_starttls_is_told_nothing() -> None:
    """Somebody on the way may have cut the offer out; neither password nor mail goes in clear."""
    box = Mailbox()

    async def tell() -> None:
        async with smtp(box) as port:
            there = server(port, loopback=False, user="mailer", password="secret")
            await MailServer(there, SENDER).deliver(MESSAGE)

    refused(tell(), "mail_not_accepted")
    assert box.taken == []


def test_a_certificate_that_nobody_vouches_for_is_refused(
    certificate: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    serving, _ = certificate
    box = Mailbox()

    async def tell(**options: Any) -> None:
        async with smtp(box, **options) as port:
            there = server(port, tls="tls" in options, loopback=False)
            await MailServer(there, SENDER).deliver(MESSAGE)

    refused(tell(tls_context=serving), "mail_not_accepted")
    refused(tell(tls=serving), "mail_not_accepted")
    assert box.taken == []


def test_a_recipient_that_is_refused_for_good_is_told_from_one_that_may_be_taken_later() -> None:
    async def tell(**said: str) -> None:
        async with smtp(Mailbox(**said)) as port:
            await MailServer(server(port), SENDER).deliver(MESSAGE)

    gone = refused(tell(rcpt="550 no such user"), "mail_recipient_refused")
    assert gone.got == "550 no such user"
    refused(tell(rcpt="450 greylisted"), "mail_not_accepted")
    # What the server says of the message or of us may be mended.
    refused(tell(data="554 spam"), "mail_not_accepted")
    refused(tell(data="451 later"), "mail_not_accepted")


def test_a_password_that_is_not_taken_is_tried_again_and_never_told(
    certificate: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    serving, trusting = certificate

    async def tell() -> None:
        async with smtp(
            Mailbox(), tls=serving, auth_require_tls=False,
            authenticator=lambda *asked: AuthResult(success=False, handled=False),
        ) as port:  # fmt: skip
            there = server(port, tls=True, loopback=False, user="mailer", password="very-secret")
            await MailServer(there, SENDER, trust=trusting).deliver(MESSAGE)

    error = refused(tell(), "mail_not_accepted")
    assert "very-secret" not in str(error) + repr(error.__context__)


def test_a_closed_port_is_not_accepted() -> None:
    async def tell() -> None:
        async with smtp(Mailbox()) as port:
            pass
        await MailServer(server(port), SENDER).deliver(MESSAGE)

    refused(tell(), "mail_not_accepted")


def test_a_server_that_says_nothing_is_given_up_and_the_loop_goes_on_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The deadline is over all; what waits in a thread is woken and ends."""
    monkeypatch.setattr(door, "DEADLINE", timedelta(seconds=0.5))
    turns = 0

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        await writer.wait_closed()
        left.set()

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0.01)

    left = asyncio.Event()

    async def tell() -> None:
        listening = await asyncio.start_server(silent, "127.0.0.1", 0)
        counting = asyncio.ensure_future(count())
        async with listening:
            port = listening.sockets[0].getsockname()[1]
            try:
                await MailServer(server(port), SENDER).deliver(MESSAGE)
            finally:
                counting.cancel()
                await left.wait()

    refused(tell(), "mail_not_accepted")
    assert turns > 5


# --- names and subjects that others chose -------------------------------------------------------

ATTACKS = (
    "Acme\r\nBcc: eve@evil.example",
    "Acme\nBcc: eve@evil.example\n\nAnother body",
    "Acme\r\n\r\n<script>alert(1)</script>",
    "Acme\x00\x1b[2J",
    "Acme\u2028Bcc: eve@evil.example",
    "Acme\u0085Bcc: eve@evil.example",
    "=?utf-8?q?Acme=0D=0ABcc:_eve@evil.example?=",
    "</title><img src=x onerror=alert(1)>",
    "\"><a href='https://evil.example'>",
    "https://evil.example/win a prize",
    "javascript:alert(1)",
    "{link} {address} {n} {{organization}}",
    "\u202egnp.emcA",
    "A" * 5000,
)


def mail_of(name: str, inviter: str = "") -> Mail:
    return Mail(
        mail_id="mail-test-1", project_id="p", organization_id="o", member_id="m", kind="invite",
        locale="en", recipient="grace@acme.example",
        link="https://vestibule.test/v1/b2b/magic_links/redirect?token=T&x=1",
        lifetime=timedelta(days=7), created_at=NOW, expires_at=NOW + timedelta(days=7),
        organization_name=name, inviter=inviter,
    )  # fmt: skip


def raw_of(name: str, inviter: str = "") -> EmailMessage:
    letter = write_letter(all_texts()["en"], mail_of(name, inviter))
    made = build_message(Message("<m@v>", "grace@acme.example", NOW, letter), SENDER)
    read = email.message_from_bytes(made.as_bytes(), policy=policy.default)
    assert isinstance(read, EmailMessage)
    return read


HEADERS = {
    "from", "to", "subject", "date", "message-id", "auto-submitted", "content-language",
    "mime-version", "content-type",
}  # fmt: skip


@pytest.mark.parametrize("name", ATTACKS)
@pytest.mark.parametrize("field_name", ["name", "inviter"])
def test_a_name_is_no_header_no_markup_and_no_link(name: str, field_name: str) -> None:
    """Organizations and people choose their names; whoever is invited reads them in our mail."""
    came = raw_of(**{"name": "Acme", field_name: name})
    assert {header.lower() for header in came} == HEADERS
    assert len(list(came)) == len(HEADERS)
    assert len(came["Subject"]) < 200
    plain, page = came.get_body(("plain",)), came.get_body(("html",))
    assert plain is not None and page is not None
    text, markup = (p.get_content().replace("\r\n", "\n") for p in (plain, page))
    for tag in ("<script", "<img", "<a href='"):
        assert tag not in markup
    assert markup.count("<a ") == markup.count('<a href="https://vestibule.test/') == 2
    assert markup.count("://") == 3  # both of these and the address in words
    assert text.count("://") == 1
    assert all(c.isprintable() or c == "\n" for c in text)
    assert "\u202e" not in text + markup


@given(st.text(max_size=200), st.text(max_size=200))
@settings(max_examples=100, deadline=None)
def test_whatever_a_name_is_the_message_stays_one(name: str, inviter: str) -> None:
    came = raw_of(name, inviter)
    assert {header.lower() for header in came} == HEADERS
    assert came["To"] == "grace@acme.example"


def test_a_subject_with_a_line_break_cannot_be_built() -> None:
    """The last net, should a letter ever be made in another way."""
    for subject in ("One\r\nBcc: eve@evil.example", "=?utf-8?q?One=0D=0ABcc:_eve@evil.example?="):
        letter = Letter(subject, "x", "x", "en")
        with pytest.raises(ValueError, match="one line"):
            build_message(Message("<m@v>", "grace@acme.example", NOW, letter), SENDER)


@pytest.mark.parametrize("locale", LOCALES)
def test_every_language_says_everything(locale: str) -> None:
    """A text that is missing in one language is found by its first reader."""
    english, texts = all_texts()["en"], all_texts()[locale]
    assert _shape(texts) == _shape(english)
    for kind in ("login", "signup", "invite", "discovery", "email_update"):
        for inviter in ("", "Ada"):
            made = Mail(**{**_fields(mail_of("Acme", inviter)), "kind": kind, "locale": locale})
            letter = write_letter(texts, made)
            assert "{" not in letter.subject + letter.text
            assert made.link in letter.text.splitlines()
            assert made.recipient in letter.text
            assert letter.locale == locale


def _shape(texts: Any) -> Any:
    if not isinstance(texts, dict):
        return sorted(
            p for p in ("organization", "inviter", "address", "time", "n") if f"{{{p}}}" in texts
        )
    return {name: _shape(value) for name, value in texts.items()}


def _fields(value: Mail) -> dict[str, Any]:
    return {name: getattr(value, name) for name in Mail.__slots__}
