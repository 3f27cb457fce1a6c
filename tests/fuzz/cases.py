"""What a run is about: a form field, the sign-in that it has to fit, and what was read of it.

Owns the frozen vectors as seeds, the connection that goes with each, and the form in which a
finding is kept: the same `case.toml` as every other vector. Knows nothing of how documents are
bent, and does not judge.
"""

from __future__ import annotations

import json
import tomllib
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from vestibule.protocols.saml import Expectations, read_certificate

VECTORS = Path(__file__).parents[1] / "vectors" / "saml"
KEYS = VECTORS / "keys"

NOW = datetime(2026, 6, 1, 12, 0, 0, tzinfo=UTC)
IDP = "https://idp.example/metadata"
SP = "https://sso.example/saml/connection-1"
ACS = "https://sso.example/saml/connection-1/acs"
REQUEST = "_request-1"


@lru_cache
def key_pem(name: str) -> str:
    return (KEYS / f"{name}.test-key.pem").read_text(encoding="ascii")


@lru_cache
def certificate_pem(name: str) -> str:
    return (KEYS / f"{name}.test-cert.pem").read_text(encoding="ascii")


@dataclass(frozen=True)
class Connection:
    """One connection and one sign-in at it, in the words of `case.toml`."""

    certificates: tuple[str, ...] = ("idp",)
    decryption_keys: tuple[str, ...] = ()
    request_id: str | None = REQUEST
    idp_entity_id: str = IDP
    acs_url: str = ACS
    audience: str = SP
    insecure_sha1: bool = False
    insecure_legacy_encryption: bool = False
    now: datetime = NOW

    @property
    def expectations(self) -> Expectations:
        return _expectations(self)

    def toml(self) -> dict[str, Any]:
        rows: dict[str, Any] = {
            "now": self.now.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "idp_entity_id": self.idp_entity_id,
            "certificates": list(self.certificates),
            "acs_url": self.acs_url,
            "audience": self.audience,
            "decryption_keys": list(self.decryption_keys),
        }
        if self.request_id is not None:
            rows["request_id"] = self.request_id
        for switch in ("insecure_sha1", "insecure_legacy_encryption"):
            if getattr(self, switch):
                rows[switch] = True
        return rows


@lru_cache(maxsize=1024)
def _expectations(connection: Connection) -> Expectations:
    return Expectations(
        idp_entity_id=connection.idp_entity_id,
        certificates=tuple(
            read_certificate(certificate_pem(name)) for name in connection.certificates
        ),
        acs_urls=(connection.acs_url,),
        audiences=(connection.audience,),
        request_id=connection.request_id,
        decryption_keys=tuple(key_pem(name) for name in connection.decryption_keys),
        insecure_sha1=connection.insecure_sha1,
        insecure_legacy_encryption=connection.insecure_legacy_encryption,
    )


@dataclass(frozen=True)
class Sample:
    """One document as it is posted, and the names of the steps that made it."""

    form_field: str
    connection: Connection
    steps: tuple[str, ...] = ()

    @property
    def document(self) -> bytes | None:
        """The bytes that every decoder would get out of the field, or None: they would differ."""
        try:
            return b64decode("".join(self.form_field.split()), validate=True)
        except ValueError:
            return None


def sample_of(document: bytes, connection: Connection, *steps: str) -> Sample:
    return Sample(b64encode(document).decode("ascii"), connection, steps)


@dataclass(frozen=True)
class Seed:
    """A vector of the repository. A bad one is a seed too: two faults can hide each other."""

    name: str
    document: bytes
    connection: Connection
    good: bool
    encrypted: bool = False


def _connection(case: dict[str, Any]) -> Connection:
    return Connection(
        certificates=tuple(case["certificates"]),
        decryption_keys=tuple(case["decryption_keys"]),
        request_id=case.get("request_id"),
        idp_entity_id=case["idp_entity_id"],
        acs_url=case["acs_url"],
        audience=case["audience"],
        insecure_sha1=case.get("insecure_sha1", False),
        insecure_legacy_encryption=case.get("insecure_legacy_encryption", False),
        now=datetime.fromisoformat(case["now"]),
    )


@lru_cache(maxsize=1)
def seeds() -> tuple[Seed, ...]:
    """Every response among the vectors that is not there for its size, by name."""
    found = []
    for path in sorted(VECTORS.glob("*/*/*/case.toml")):
        case = tomllib.loads(path.read_text(encoding="utf-8"))
        document = path.parent / "response.xml"
        kind, good = case["kind"], "code" not in case["expected"]
        if kind != "response" or not document.exists() or document.stat().st_size > 20_000:
            continue
        found.append(
            Seed(
                name=path.parent.relative_to(VECTORS).as_posix(),
                document=document.read_bytes(),
                connection=_connection(case),
                good=good,
                encrypted=good and bool(case["expected"]["encrypted"]),
            )
        )
    return tuple(found)


@dataclass(frozen=True)
class Finding:
    """Something that must not be: the rule that was broken, and how to see it again."""

    kind: str
    what: str
    sample: Sample
    seed: int = 0
    number: int = 0
    opinions: tuple[str, ...] = field(default=())

    def write(self, folder: Path) -> Path:
        """Keep it as a vector; `code` is for whoever finds out what should have happened."""
        digest = abs(hash_of(self.sample.form_field))
        place = folder / self.kind / f"{digest:08x}"
        place.mkdir(parents=True, exist_ok=True)
        document = self.sample.document
        if document is None or b64encode(document).decode("ascii") != self.sample.form_field:
            (place / "response.b64").write_text(self.sample.form_field, encoding="utf-8")
        (place / "response.xml").write_bytes(document or b"")
        rows = {
            "kind": "response",
            "why": f"found by the fuzzer: {self.what}",
            "section": "docs/security/fuzzing.md",
            "origin": f"fuzzer, seed {self.seed}, document {self.number}: "
            + ", ".join(self.sample.steps),
        }
        lines = [f"{name} = {toml_of(value)}" for name, value in rows.items()]
        lines += [f"# {toml_of(opinion)}" for opinion in self.opinions]
        lines.append("")
        lines += [f"{n} = {toml_of(v)}" for n, v in self.sample.connection.toml().items()]
        lines += ["", "[expected]", 'code = "to be decided"', ""]
        (place / "case.toml").write_text("\n".join(lines), encoding="utf-8")
        return place


def toml_of(value: Any) -> str:
    """A value as TOML: like JSON, but that its escapes know no surrogates, and DEL is escaped."""
    text = json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return text.encode("utf-8", "replace").decode("utf-8")


def hash_of(text: str) -> int:
    """The same number in every run, which `hash` does not promise."""
    import zlib

    return zlib.crc32(text.encode("utf-8", "surrogatepass"))
