"""The operator's settings: read once from the environment, all problems reported together."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parseaddr
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

from vestibule.errors import refusal

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable of the environment: what it means, what a value looks like, what counts without.

    `default` None: it has to be set.
    """

    meaning: str
    shape: str
    example: str
    default: str | None = None


# Every variable that Vestibule reads; help texts and the reference are made of this table.
VARIABLES: Mapping[str, Variable] = {
    "VESTIBULE_BASE_URL": Variable(
        "the https URL under which browsers reach the server, without a path",
        "an https URL", "https://sso.example.com",
    ),
    "VESTIBULE_DATABASE_URL": Variable(
        "where everything is kept: sqlite:////path/to/file, or "
        "postgresql+psycopg://user:password@host/name",
        "a URL", "sqlite:////var/lib/vestibule/vestibule.db",
    ),
    "VESTIBULE_ROOT_KEY_FILE": Variable(
        "the file with the keys that seal secrets, the active one first",
        "a path", "/etc/vestibule/root.key",
    ),
    "VESTIBULE_ALLOWED_NETWORKS": Variable(
        "private networks that identity providers may live in, separated by commas; empty for none",
        "networks", "10.20.0.0/16,fd00:20::/32", "",
    ),
    "VESTIBULE_TRUSTED_PROXIES": Variable(
        "networks of your own proxies, separated by commas, whose X-Forwarded-For says who calls; "
        "empty for none",
        "networks", "10.0.0.0/24", "",
    ),
    "VESTIBULE_RATE_LIMITS": Variable(
        "how often one address may ask: 1 is the default, 3 allows three times as much, 0 turns "
        "the limits off",
        "a number from 0 to 1000", "3", "1",
    ),
    "VESTIBULE_SMTP_URL": Variable(
        "the mail server for sign-in links, by TLS (smtps) or STARTTLS (smtp; without it on "
        "loopback only); empty for none",
        "an smtps or smtp URL", "smtps://user:password@mail.example.com", "",
    ),
    "VESTIBULE_MAIL_FROM": Variable(
        "whom mails come from; needed with VESTIBULE_SMTP_URL",
        "an address, or a name and an address", "Example <login@example.com>", "",
    ),
    "VESTIBULE_OPERATORS_ORGANIZATION": Variable(
        "the id of the organization whose administrators may enter the dashboard by single "
        "sign-on; empty for none",
        "an organization id", "organization-live-8f0c3c1e-5a6b-4d53-9c53-0f2f3b1a2c4d", "",
    ),
}  # fmt: skip
LOOPBACK = tuple(ipaddress.ip_network(n) for n in ("127.0.0.0/8", "::1/128"))


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where mail is handed over. `tls` from the first byte on; otherwise STARTTLS is required,
    but for a server on this very machine (`loopback`)."""

    host: str
    port: int
    tls: bool
    loopback: bool
    user: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Settings:
    """`base_url` has no trailing slash. `allowed_networks` are exceptions from "public only".
    Without `smtp` there is no mail, without `operators_organization` no dashboard by SSO."""

    mode: Literal["dev", "serve"]
    base_url: str
    database_url: str
    root_key_file: Path
    allowed_networks: tuple[Network, ...] = ()
    trusted_proxies: tuple[Network, ...] = ()
    rate_limit_factor: float = 1.0
    smtp: SmtpServer | None = None
    mail_from: str = ""
    operators_organization: str = ""

    @property
    def insecure_http(self) -> bool:
        """Whether http is spoken on loopback: only in `vestibule dev`."""
        return self.mode == "dev"


def dev_settings(host: str, port: int, data: Path) -> Settings:
    """What `vestibule dev` runs with: everything in one folder, nothing outside of loopback."""
    if host not in ("127.0.0.1", "localhost", "::1"):
        raise refusal(
            "setting_insecure", want="--host 127.0.0.1", got=host,
            detail="vestibule dev signs anybody in, so it listens on loopback only",
        )  # fmt: skip
    shown = f"[{host}]" if ":" in host else host
    return Settings(
        "dev",
        f"http://{shown}:{port}",
        f"sqlite:///{data / 'vestibule.db'}",
        data / "root.key",
        LOOPBACK,
        # Everybody on loopback has one address, and tests ask often.
        rate_limit_factor=0,
    )


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Settings for `serve`, `worker`, `migrate` and `keys`.

    Raises:
        setting_invalid, setting_insecure: with every problem that was found, not just the first.
    """
    problems: list[str] = []
    insecure: list[str] = []
    base_url = environment.get("VESTIBULE_BASE_URL", "").rstrip("/")
    scheme = _scheme_of_base(base_url)
    if scheme is None:
        problems.append("VESTIBULE_BASE_URL: a URL without a path, such as https://sso.example.com")
    elif scheme != "https":
        insecure.append("VESTIBULE_BASE_URL: must be https")
    database = environment.get("VESTIBULE_DATABASE_URL", "")
    if not database.startswith(("sqlite:////", "postgresql+psycopg://")):
        problems.append(f"VESTIBULE_DATABASE_URL: {VARIABLES['VESTIBULE_DATABASE_URL'].meaning}")
    key_file = environment.get("VESTIBULE_ROOT_KEY_FILE", "")
    if not key_file:
        problems.append(f"VESTIBULE_ROOT_KEY_FILE: {VARIABLES['VESTIBULE_ROOT_KEY_FILE'].meaning}")
    networks = _networks(environment, "VESTIBULE_ALLOWED_NETWORKS", problems)
    proxies = _networks(environment, "VESTIBULE_TRUSTED_PROXIES", problems)
    try:
        factor = float(environment.get("VESTIBULE_RATE_LIMITS", "1"))
        if not 0 <= factor <= 1000:
            raise ValueError
    except ValueError:
        factor = 1.0
        problems.append("VESTIBULE_RATE_LIMITS: a number from 0 to 1000")
    smtp = _smtp(environment.get("VESTIBULE_SMTP_URL", ""), problems)
    sender = environment.get("VESTIBULE_MAIL_FROM", "")
    if (smtp is not None or sender) and not _is_sender(sender):
        problems.append(f"VESTIBULE_MAIL_FROM: {VARIABLES['VESTIBULE_MAIL_FROM'].meaning}")
    if sender and not environment.get("VESTIBULE_SMTP_URL"):
        problems.append(f"VESTIBULE_SMTP_URL: {VARIABLES['VESTIBULE_SMTP_URL'].meaning}")
    operators = environment.get("VESTIBULE_OPERATORS_ORGANIZATION", "").strip()
    if operators and not operators.startswith("organization-"):
        problems.append("VESTIBULE_OPERATORS_ORGANIZATION: an id such as organization-live-…")
    if problems:
        raise refusal("setting_invalid", detail="; ".join([*problems, *insecure]))
    if insecure:
        raise refusal("setting_insecure", detail="; ".join(insecure))
    return Settings(
        "serve",
        base_url,
        database,
        Path(key_file),
        networks,
        proxies,
        factor,
        smtp,
        sender,
        operators,
    )


def _smtp(url: str, problems: list[str]) -> SmtpServer | None:
    """The mail server that the URL names. What it says is never repeated: it holds a password."""
    if not url:
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
        host = parts.hostname or ""
        plain = parts.path in ("", "/") and not parts.query and not parts.fragment
        if parts.scheme not in ("smtp", "smtps") or not host or not plain or port == 0:
            raise ValueError
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        if bool(user) != bool(password) or not (user + password + host).isprintable():
            raise ValueError
    except ValueError:
        problems.append(f"VESTIBULE_SMTP_URL: {VARIABLES['VESTIBULE_SMTP_URL'].meaning}")
        return None
    tls = parts.scheme == "smtps"
    return SmtpServer(host, port or (465 if tls else 587), tls, _on_loopback(host), user, password)


def _on_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return any(address in network for network in LOOPBACK)


def _is_sender(text: str) -> bool:
    """A name and one ASCII address, or the address alone; nothing that could be a second header."""
    name, address = parseaddr(text)
    local, at, domain = address.rpartition("@")
    shown = {address, f"<{address}>", f"{name} <{address}>", f'"{name}" <{address}>'}
    return (
        text.isprintable()
        and address.isascii()
        and bool(local and at and domain)
        and not set(address) & set(' ,;:<>()[]"')
        and text.strip() in shown
    )


def _networks(
    environment: Mapping[str, str], name: str, problems: list[str]
) -> tuple[Network, ...]:
    found: list[Network] = []
    for text in filter(None, environment.get(name, "").split(",")):
        try:
            found.append(ipaddress.ip_network(text.strip()))
        except ValueError:
            problems.append(f"{name}: {text.strip()} is not a network")
    return tuple(found)


def _scheme_of_base(url: str) -> str | None:
    """The scheme of a URL that names a server and nothing more, or None for anything else."""
    try:
        parts = urlsplit(url)
        plain = parts.hostname and parts.port != 0 and url == f"{parts.scheme}://{parts.netloc}"
    except ValueError:
        return None
    return parts.scheme if plain and "@" not in parts.netloc else None
