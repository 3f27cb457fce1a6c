"""The outbox's waits and the words of a letter. Headers and servers have tests/test_mail.py."""

from __future__ import annotations

from datetime import timedelta

import pytest

from vestibule.domain.mail import choose_locale, shown_name, wait_after


def test_the_wait_doubles_up_to_an_hour() -> None:
    waits = [wait_after(tries).total_seconds() for tries in range(1, 12)]
    assert waits[:4] == [15, 30, 60, 120]
    assert waits == sorted(waits)
    assert wait_after(9) == wait_after(10_000) == timedelta(hours=1)


@pytest.mark.parametrize(
    ("asked", "locale"),
    [("en", "en"), ("FR", "fr"), ("pt_BR", "pt-br"), ("es", "es"), ("de-DE", "en"), (None, "en"),
     ("", "en"), ("../../etc/passwd", "en")],
)  # fmt: skip
def test_a_language_that_we_do_not_write_is_english(asked: str | None, locale: str) -> None:
    assert choose_locale(asked) == locale


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Acme & Söhne", "Acme & Söhne"),
        ("  Acme\r\n\tBcc: x  ", "Acme Bcc: x"),
        ("https://evil.example", "evil.example"),
        ("JavaScript:alert(1)", "alert(1)"),
        ("www.evil.example", "evil.example"),
        ("=?utf-8?q?x?=", "= utf-8?q?x?="),
        ("A" * 65, "A" * 64 + "…"),
        ("\u202eAcme\u200b", "Acme"),
    ],
)
def test_a_name_is_words_of_one_line(name: str, shown: str) -> None:
    assert shown_name(name) == shown
