"""The operator's settings: read once from the environment, all problems reported together."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from vestibule.errors import refusal

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# Every variable that Vestibule reads, with its meaning; the reference and a test read this table.
VARIABLES: Mapping[str, str] = {
    "VESTIBULE_BASE_URL": "the https URL under which browsers reach the server, without a path",
    "VESTIBULE_DATABASE_URL": "sqlite:////path/to/file, or postgresql+psycopg://user:password@host/name",
    "VESTIBULE_ROOT_KEY_FILE": "the file with the keys that seal secrets, the active one first",
    "VESTIBULE_ALLOWED_NETWORKS": "private networks that identity providers may live in, such as "
    "10.20.0.0/16, separated by commas; empty for none",
    "VESTIBULE_TRUSTED_PROXIES": "networks of your own proxies, separated by commas, whose "
    "X-Forwarded-For says who calls; empty for none",
    "VESTIBULE_RATE_LIMITS": "how often one address may ask: 1 is the default, 3 allows three "
    "times as much, 0 turns the limits off",
}
LOOPBACK = tuple(ipaddress.ip_network(n) for n in ("127.0.0.0/8", "::1/128"))


@dataclass(frozen=True, slots=True)
class Settings:
    """`base_url` has no trailing slash. `allowed_networks` are exceptions from "public only"."""

    mode: Literal["dev", "serve"]
    base_url: str
    database_url: str
    root_key_file: Path
    allowed_networks: tuple[Network, ...] = ()
    trusted_proxies: tuple[Network, ...] = ()
    rate_limit_factor: float = 1.0

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
        problems.append(f"VESTIBULE_DATABASE_URL: {VARIABLES['VESTIBULE_DATABASE_URL']}")
    key_file = environment.get("VESTIBULE_ROOT_KEY_FILE", "")
    if not key_file:
        problems.append(f"VESTIBULE_ROOT_KEY_FILE: {VARIABLES['VESTIBULE_ROOT_KEY_FILE']}")
    networks = _networks(environment, "VESTIBULE_ALLOWED_NETWORKS", problems)
    proxies = _networks(environment, "VESTIBULE_TRUSTED_PROXIES", problems)
    try:
        factor = float(environment.get("VESTIBULE_RATE_LIMITS", "1"))
        if not 0 <= factor <= 1000:
            raise ValueError
    except ValueError:
        factor = 1.0
        problems.append("VESTIBULE_RATE_LIMITS: a number from 0 to 1000")
    if problems:
        raise refusal("setting_invalid", detail="; ".join([*problems, *insecure]))
    if insecure:
        raise refusal("setting_insecure", detail="; ".join(insecure))
    return Settings("serve", base_url, database, Path(key_file), networks, proxies, factor)


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
