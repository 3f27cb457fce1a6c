"""Keys, certificates and documents that the tests of this folder share."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from vestibule.protocols.saml import Certificate, read_certificate

VECTORS = Path(__file__).parents[2] / "vectors" / "saml"
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


def key_pem(name: str) -> str:
    return (VECTORS / "keys" / f"{name}.test-key.pem").read_text()


def cert_pem(name: str) -> str:
    return (VECTORS / "keys" / f"{name}.test-cert.pem").read_text()


def certificate(name: str) -> Certificate:
    return read_certificate(cert_pem(name))


def good_response(name: str) -> bytes:
    return (VECTORS / "good" / name / "response.xml").read_bytes()
