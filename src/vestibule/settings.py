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
    networks: list[Network] = []
    for text in filter(None, environment.get("VESTIBULE_ALLOWED_NETWORKS", "").split(",")):
        try:
            networks.append(ipaddress.ip_network(text.strip()))
        except ValueError:
            problems.append(f"VESTIBULE_ALLOWED_NETWORKS: {text.strip()} is not a network")
    if problems:
        raise refusal("setting_invalid", detail="; ".join([*problems, *insecure]))
    if insecure:
        raise refusal("setting_insecure", detail="; ".join(insecure))
    return Settings("serve", base_url, database, Path(key_file), tuple(networks))


def _scheme_of_base(url: str) -> str | None:
    """The scheme of a URL that names a server and nothing more, or None for anything else."""
    try:
        parts = urlsplit(url)
        plain = parts.hostname and parts.port != 0 and url == f"{parts.scheme}://{parts.netloc}"
    except ValueError:
        return None
    return parts.scheme if plain and "@" not in parts.netloc else None
