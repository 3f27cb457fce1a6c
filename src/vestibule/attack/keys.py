"""The key pairs of a suite: the identity provider's, the attacker's, the service provider's.

Owns how they are made and read. Refuses to know where they are kept.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

# name -> (kind, first and last year of validity)
KINDS: Mapping[str, tuple[str, tuple[int, int]]] = {
    "idp": ("rsa2048", (2020, 2050)),
    "idp-next": ("rsa2048", (2020, 2050)),
    "idp-expired": ("rsa2048", (2015, 2020)),
    "idp-p256": ("p256", (2020, 2050)),
    "idp-p384": ("p384", (2020, 2050)),
    "idp-p521": ("p521", (2020, 2050)),
    "idp-weak": ("rsa1024", (2020, 2050)),
    "attacker": ("rsa2048", (2020, 2050)),
    "sp": ("rsa2048", (2020, 2050)),
    "sp-next": ("rsa2048", (2020, 2050)),
    "sp-too-long": ("rsa4224", (2020, 2050)),
}
_CURVES = {"p256": ec.SECP256R1(), "p384": ec.SECP384R1(), "p521": ec.SECP521R1()}


@dataclass(frozen=True)
class Pair:
    """One key with its certificate, both PEM. `key_pem` is "" where only the certificate is known:
    one can encrypt to it and nothing else."""

    key_pem: str
    cert_pem: str

    @cached_property
    def private(self) -> PrivateKey:
        return read_private_key(self.key_pem)

    @cached_property
    def certificate(self) -> x509.Certificate:
        return x509.load_pem_x509_certificate(self.cert_pem.encode())

    @cached_property
    def cert_body(self) -> str:
        """The certificate's base64 on one line, as KeyInfo carries it."""
        return "".join(line for line in self.cert_pem.splitlines() if "-----" not in line)

    @cached_property
    def rsa_key_value(self) -> str:
        """Modulus and exponent as a ds:RSAKeyValue carries them, for a KeyInfo that is true."""
        numbers = self.certificate.public_key()
        if not isinstance(numbers, rsa.RSAPublicKey):
            raise ValueError("no RSA key")
        found = numbers.public_numbers()
        modulus, exponent = (
            b64encode(n.to_bytes((n.bit_length() + 7) // 8, "big")).decode()
            for n in (found.n, found.e)
        )
        return (
            f"<ds:RSAKeyValue><ds:Modulus>{modulus}</ds:Modulus>"
            f"<ds:Exponent>{exponent}</ds:Exponent></ds:RSAKeyValue>"
        )


def read_private_key(pem: str) -> PrivateKey:
    """Raises:
    ValueError, TypeError: no unencrypted PEM of an RSA or EC key.
    """
    key = serialization.load_pem_private_key(pem.encode(), None)
    if not isinstance(key, PrivateKey):
        raise ValueError("neither an RSA nor an EC key")
    return key


def make_pair(name: str, *, like: x509.Certificate | None = None) -> Pair:
    """A fresh pair of the kind that `name` has.

    Args:
        like: copy subject, issuer and serial number of this certificate, as an attacker does.
    """
    kind, years = KINDS[name]
    key: PrivateKey
    if kind.startswith("rsa"):
        key = rsa.generate_private_key(public_exponent=65537, key_size=int(kind[3:]))
    else:
        key = ec.generate_private_key(_CURVES[kind])
    return certify(key, "idp" if name == "attacker" else name, years=years, like=like)


def certify(
    key: PrivateKey,
    name: str,
    *,
    years: tuple[int, int] = (2020, 2050),
    like: x509.Certificate | None = None,
    issued_by: Pair | None = None,
) -> Pair:
    """The key with a certificate that it signed itself, or that `issued_by` did."""
    own = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{name} (test only)")])
    issuer = issued_by.certificate.subject if issued_by else like.issuer if like else own
    certificate = (
        x509.CertificateBuilder()
        .subject_name(like.subject if like else own)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(like.serial_number if like else 1)
        .not_valid_before(datetime(years[0], 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(years[1], 1, 1, tzinfo=UTC))
        .sign(issued_by.private if issued_by else key, hashes.SHA256())
    )
    key_pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    cert_pem = certificate.public_bytes(serialization.Encoding.PEM)
    return Pair(key_pem.decode(), cert_pem.decode())


@dataclass(frozen=True)
class KeyRing:
    """Pairs by name. A pair that is not there is made when it is first asked for."""

    pairs: dict[str, Pair] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Pair:
        if name not in self.pairs:
            like = self.pairs["idp"].certificate if self._imitates(name) else None
            self.pairs[name] = make_pair(name, like=like)
        return self.pairs[name]

    def _imitates(self, name: str) -> bool:
        return name == "attacker" and "idp" in self.pairs

    def make(self, names: Iterable[str]) -> None:
        for name in names:
            _ = self[name]
