"""The one scene in which the catalogue of `vestibule.attack` is frozen, and its kept keys."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from signers import by_signxml, by_xmlsec

from vestibule.attack.keys import KINDS, KeyRing, Pair, make_pair
from vestibule.attack.scene import Scene

KEYS = Path(__file__).parent / "keys"


def kept_keys() -> KeyRing:
    """Make what is missing. Keys are kept, so that vectors change only where they must."""
    KEYS.mkdir(exist_ok=True)
    ring = KeyRing()
    for name in KINDS:
        key, certificate = KEYS / f"{name}.test-key.pem", KEYS / f"{name}.test-cert.pem"
        if not key.exists():
            pair = make_pair(name)
            key.write_text(pair.key_pem)
            certificate.write_text(pair.cert_pem)
        ring.pairs[name] = Pair(key.read_text(), certificate.read_text())
    return ring


SCENE = Scene(
    now=datetime(2026, 6, 1, 12, 0, 0, tzinfo=UTC),
    idp="https://idp.example/metadata",
    sp="https://sso.example/saml/connection-1",
    acs="https://sso.example/saml/connection-1/acs",
    other_acs="https://sso.example/saml/connection-2/acs",
    request="_request-1",
    keys=kept_keys(),
    signers={"signxml": by_signxml, "xmlsec": by_xmlsec},
)
