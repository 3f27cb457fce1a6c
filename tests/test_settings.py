"""The operator's settings: everything wrong is said at once, nothing insecure passes."""

from __future__ import annotations

import ipaddress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestibule.errors import VestibuleError
from vestibule.settings import (
    LOOPBACK,
    VARIABLES,
    Settings,
    SmtpServer,
    dev_settings,
    read_settings,
)

GOOD = {
    "VESTIBULE_BASE_URL": "https://sso.example.com",
    "VESTIBULE_DATABASE_URL": "sqlite:////var/lib/vestibule/vestibule.db",
    "VESTIBULE_ROOT_KEY_FILE": "/etc/vestibule/root.key",
    "VESTIBULE_ALLOWED_NETWORKS": "10.20.0.0/16, fd00::/8",
    "VESTIBULE_TRUSTED_PROXIES": "10.30.0.1/32",
    "VESTIBULE_RATE_LIMITS": "2.5",
    "VESTIBULE_SMTP_URL": "smtps://mailer:p%40ss@mail.example.com",
    "VESTIBULE_MAIL_FROM": "Example <login@example.com>",
    "VESTIBULE_OPERATORS_ORGANIZATION": "organization-live-1",
}


def test_good_settings_are_read() -> None:
    assert read_settings(GOOD) == Settings(
        "serve",
        "https://sso.example.com",
        "sqlite:////var/lib/vestibule/vestibule.db",
        Path("/etc/vestibule/root.key"),
        (ipaddress.ip_network("10.20.0.0/16"), ipaddress.ip_network("fd00::/8")),
        (ipaddress.ip_network("10.30.0.1/32"),),
        2.5,
        SmtpServer("mail.example.com", 465, True, False, "mailer", "p@ss"),
        "Example <login@example.com>",
        "organization-live-1",
    )
    assert not read_settings(GOOD).insecure_http
    assert set(GOOD) == set(VARIABLES)


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.example.com", SmtpServer("mail.example.com", 587, False, False)),
        ("smtp://127.0.0.1:2525", SmtpServer("127.0.0.1", 2525, False, True)),
        ("smtp://[::1]:25/", SmtpServer("::1", 25, False, True)),
        ("smtp://localhost", SmtpServer("localhost", 587, False, True)),
        (
            "smtp://a:b@mail.example.com",
            SmtpServer("mail.example.com", 587, False, False, "a", "b"),
        ),
        # A name that only sounds like this machine is somebody else's.
        ("smtp://localhost.evil.example", SmtpServer("localhost.evil.example", 587, False, False)),
    ],
)
def test_a_mail_server_is_read(url: str, server: SmtpServer) -> None:
    assert read_settings({**GOOD, "VESTIBULE_SMTP_URL": url}).smtp == server


@pytest.mark.parametrize(
    "url",
    [
        "mail.example.com", "http://mail.example.com", "smtp://", "smtp://host:0", "smtp://host:x",
        "smtp://host/path", "smtp://host?tls=off", "smtp://user@host", "smtp://:secret@host",
        "smtp://a:b%0d%0a@host", "smtp://host#x",
    ],
)  # fmt: skip
def test_what_names_no_mail_server_is_refused_and_not_repeated(url: str) -> None:
    """It may hold a password, and the refusal is printed."""
    with pytest.raises(VestibuleError, match="VESTIBULE_SMTP_URL") as caught:
        read_settings({**GOOD, "VESTIBULE_SMTP_URL": url})
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "sender",
    [
        "", "nobody", "a@b\r\nBcc: eve@evil.example", "a@b.example, c@d.example", "a@b.example c",
        "Name <a@b.example> and more", "@b.example", "a@",
    ],
)  # fmt: skip
def test_a_sender_that_is_not_one_address_is_refused(sender: str) -> None:
    with pytest.raises(VestibuleError, match="VESTIBULE_MAIL_FROM"):
        read_settings({**GOOD, "VESTIBULE_MAIL_FROM": sender})


def test_a_sender_without_a_server_is_refused_and_neither_is_no_mail() -> None:
    bare = {k: v for k, v in GOOD.items() if k not in ("VESTIBULE_SMTP_URL", "VESTIBULE_MAIL_FROM")}
    assert read_settings(bare).smtp is None
    with pytest.raises(VestibuleError, match="VESTIBULE_SMTP_URL"):
        read_settings({**bare, "VESTIBULE_MAIL_FROM": "a@b.example"})


def test_the_mail_servers_password_is_in_no_text_of_the_settings() -> None:
    assert "p@ss" not in repr(read_settings(GOOD))


@pytest.mark.parametrize("given", ["https://sso.example.com/", "https://sso.example.com//"])
def test_a_slash_at_the_end_of_the_base_url_does_not_count(given: str) -> None:
    assert (
        read_settings({**GOOD, "VESTIBULE_BASE_URL": given}).base_url == "https://sso.example.com"
    )


@pytest.mark.parametrize("given", ["https://sso.example.com:8443", "https://[2001:db8::1]:8443"])
def test_a_base_url_may_have_a_port(given: str) -> None:
    assert read_settings({**GOOD, "VESTIBULE_BASE_URL": given}).base_url == given


@pytest.mark.parametrize("given", ["http://sso.example.com", "ftp://sso.example.com"])
def test_a_base_url_that_is_not_https_is_insecure(given: str) -> None:
    with pytest.raises(VestibuleError) as caught:
        read_settings({**GOOD, "VESTIBULE_BASE_URL": given})
    assert caught.value.code == "setting_insecure"


@pytest.mark.parametrize(
    "given",
    [
        "",
        "sso.example.com",
        "https://",
        "https://sso.example.com/path",
        "https://sso.example.com?query",
        "https://sso.example.com?",
        "https://sso.example.com#fragment",
        "https://sso.example.com#",
        "https://user@sso.example.com",
        "https://user:password@sso.example.com",
        "https://sso.example.com:99999",
        "https://sso.example.com:port",
        "https://[::1",
        "https://sso.example.com\n.evil.example",
    ],
)
def test_a_base_url_is_scheme_host_and_port_only(given: str) -> None:
    with pytest.raises(VestibuleError, match="setting_invalid") as caught:
        read_settings({**GOOD, "VESTIBULE_BASE_URL": given})
    assert "VESTIBULE_BASE_URL" in (caught.value.detail or "")


@pytest.mark.parametrize(
    "given",
    ["", "sqlite://", "sqlite:///relative.db", "postgresql://host/name", "mysql://host/name"],
)
def test_a_database_has_one_of_two_forms(given: str) -> None:
    with pytest.raises(VestibuleError, match="VESTIBULE_DATABASE_URL"):
        read_settings({**GOOD, "VESTIBULE_DATABASE_URL": given})
    url = "postgresql+psycopg://vestibule:x@db/vestibule"
    assert read_settings({**GOOD, "VESTIBULE_DATABASE_URL": url}).database_url == url


@pytest.mark.parametrize("given", ["10.20.0.1/16", "everything", "10.0.0.0/8,x", "10.0.0.0/33"])
def test_an_allowed_network_is_a_network(given: str) -> None:
    with pytest.raises(VestibuleError, match="is not a network"):
        read_settings({**GOOD, "VESTIBULE_ALLOWED_NETWORKS": given})


def test_no_network_is_allowed_unless_it_is_named() -> None:
    given = {key: value for key, value in GOOD.items() if key != "VESTIBULE_ALLOWED_NETWORKS"}
    assert read_settings(given).allowed_networks == ()


@pytest.mark.parametrize("given", ["-1", "1001", "nan", "inf", "", "1,5"])
def test_a_rate_limit_factor_that_is_none_is_refused(given: str) -> None:
    with pytest.raises(VestibuleError, match="setting_invalid"):
        read_settings({**GOOD, "VESTIBULE_RATE_LIMITS": given})


def test_all_problems_are_reported_together() -> None:
    with pytest.raises(VestibuleError, match="setting_invalid") as caught:
        read_settings(
            {
                "VESTIBULE_BASE_URL": "http://sso.example.com",
                "VESTIBULE_DATABASE_URL": "mysql://x",
                "VESTIBULE_ALLOWED_NETWORKS": "first,second",
                "VESTIBULE_TRUSTED_PROXIES": "proxy.example",
                "VESTIBULE_RATE_LIMITS": "many",
                "VESTIBULE_SMTP_URL": "mail.example.com",
                "VESTIBULE_MAIL_FROM": "nobody",
                "VESTIBULE_OPERATORS_ORGANIZATION": "acme",
            }
        )
    detail = caught.value.detail or ""
    for part in (
        *VARIABLES,
        "must be https",
        "first is not",
        "second is not",
        "proxy.example is not",
    ):
        assert part in detail
    with pytest.raises(VestibuleError, match="setting_invalid") as caught:
        read_settings({})
    assert (caught.value.detail or "").count("; ") == 2


@pytest.mark.parametrize(
    ("host", "base_url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000"),
        ("localhost", "http://localhost:8000"),
        ("::1", "http://[::1]:8000"),
    ],
)
def test_dev_stays_in_one_folder_and_on_loopback(tmp_path: Path, host: str, base_url: str) -> None:
    made = dev_settings(host, 8000, tmp_path)
    assert made.base_url == base_url
    assert made.database_url == f"sqlite:///{tmp_path}/vestibule.db"
    assert made.root_key_file.parent == tmp_path
    assert made.allowed_networks == LOOPBACK
    assert made.insecure_http


@pytest.mark.parametrize(
    "host",
    ["0.0.0.0", "::", "192.168.1.2", "example.com", "", "127.0.0.1.evil.example", "LOCALHOST"],
)
def test_dev_listens_on_loopback_only(tmp_path: Path, host: str) -> None:
    with pytest.raises(VestibuleError, match="setting_insecure"):
        dev_settings(host, 8000, tmp_path)


@given(st.dictionaries(st.sampled_from(sorted(VARIABLES)), st.text(max_size=30)))
def test_whatever_the_environment_says_is_read_or_refused(environment: dict[str, str]) -> None:
    try:
        made = read_settings(environment)
    except VestibuleError:
        return
    assert made.base_url.startswith("https://")
