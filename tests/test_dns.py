"""The way to the DNS, against a real server of it on loopback."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import dns.flags
import dns.message
import dns.rcode
import dns.resolver
import dns.rrset
import pytest

from vestibule.dns import txt_records
from vestibule.errors import VestibuleError

NAME = "_vestibule-challenge.example.org"
Answer = Callable[[dns.message.Message], dns.message.Message | None]


@contextmanager
def server(answer: Answer) -> Iterator[int]:
    """Answers each question by UDP until the end."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as door:
        door.bind(("127.0.0.1", 0))

        def serve() -> None:
            while True:
                asked, place = door.recvfrom(4096)
                if asked == b"end":
                    return
                made = answer(dns.message.from_wire(asked))
                if made is not None:
                    door.sendto(made.to_wire(), place)

        thread = threading.Thread(target=serve)
        thread.start()
        port = door.getsockname()[1]
        try:
            yield port
        finally:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as caller:
                caller.sendto(b"end", ("127.0.0.1", port))
            thread.join()


def ask(answer: Answer, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What `txt_records` finds where this server is the machine's only one."""
    with server(answer) as port:
        found = dns.resolver.Resolver(configure=False)
        found.nameservers, found.port = ["127.0.0.1"], port

        def configured(self: dns.resolver.BaseResolver, filename: object = None) -> None:
            self.nameservers, self.port = found.nameservers, found.port

        monkeypatch.setattr(dns.resolver.BaseResolver, "read_resolv_conf", configured)
        return list(asyncio.run(txt_records(NAME)))


def reply(asked: dns.message.Message, *texts: str, owner: str = f"{NAME}.") -> dns.message.Message:
    made = dns.message.make_response(asked)
    if texts:
        made.answer.append(dns.rrset.from_text(owner, 60, "IN", "TXT", *texts))
    return made


def test_every_text_at_a_name_is_found_and_its_strings_are_joined(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = ask(lambda asked: reply(asked, '"v=spf1 -all"', '"vestibule" "-domain"'), monkeypatch)
    assert sorted(found) == ["v=spf1 -all", "vestibule-domain"]


def test_an_alias_is_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(asked: dns.message.Message) -> dns.message.Message:
        made = dns.message.make_response(asked)
        made.answer.append(dns.rrset.from_text(f"{NAME}.", 60, "IN", "CNAME", "proof.example.net."))
        made.answer.append(dns.rrset.from_text("proof.example.net.", 60, "IN", "TXT", '"here"'))
        return made

    assert ask(answer, monkeypatch) == ["here"]


def test_a_name_that_does_not_exist_has_no_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(asked: dns.message.Message) -> dns.message.Message:
        made = dns.message.make_response(asked)
        made.set_rcode(dns.rcode.NXDOMAIN)
        return made

    assert ask(answer, monkeypatch) == []
    assert ask(reply, monkeypatch) == []


def test_bytes_that_are_no_text_break_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ask(lambda asked: reply(asked, r'"\255\254"'), monkeypatch) == ["\ufffd\ufffd"]


def test_a_server_that_fails_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(asked: dns.message.Message) -> dns.message.Message:
        made = dns.message.make_response(asked)
        made.set_rcode(dns.rcode.SERVFAIL)
        return made

    with pytest.raises(VestibuleError, match="dns_unanswered"):
        ask(answer, monkeypatch)


def test_a_name_that_the_dns_cannot_hold_is_no_answer() -> None:
    for name in ("a" * 64 + ".example", "a..example", f"{'abc.' * 70}example"):
        with pytest.raises(VestibuleError, match="dns_unanswered"):
            asyncio.run(txt_records(name))
