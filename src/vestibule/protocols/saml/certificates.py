"""Certificates and private keys, read once and kept as keys.

Owns the reading of X.509 certificates and RSA private keys. A certificate is here a holder for
a public key and nothing more: no chain is built, no issuer is asked, no revocation is looked up,
because the administrator of a connection pinned this very certificate.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from vestibule.errors import VestibuleError, refusal

from .xml import decode_base64

PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey
PrivateKey = rsa.RSAPrivateKey

_CURVES: Final = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)
_MIN_RSA_BITS: Final = 2048
_MAX_RSA_BITS: Final = 16_384  # beyond it a verification takes longer than any sign-in is worth
_MAX_UPLOADED_BITS: Final = 4096
_MAX_PEM_CHARACTERS: Final = 64_000
_PEM = re.compile(r"\s*-----BEGIN CERTIFICATE-----([^-]*)-----END CERTIFICATE-----\s*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Certificate:
    """A pinned certificate: its key, and what an administrator needs to recognize it by."""

    pem: str
    fingerprint_sha256: str
    subject: str
    issuer: str
    not_before: datetime
    not_after: datetime
    public_key: PublicKey = field(repr=False, compare=False)


@lru_cache(maxsize=4096)
def read_certificate(pem_or_base64: str) -> Certificate:
    """Read one certificate from PEM, or from its base64 body on one line or many.

    Raises:
        InvalidRequest: invalid_x509_certificate, also for keys that we would never verify with:
            RSA under 2048 bits, and anything but RSA and ECDSA on P-256, P-384 and P-521.
    """
    try:
        if len(pem_or_base64) > _MAX_PEM_CHARACTERS:
            raise refusal("invalid_x509_certificate", got=f"{len(pem_or_base64)} characters")
        match = _PEM.fullmatch(pem_or_base64)
        found = x509.load_der_x509_certificate(
            decode_base64(match.group(1) if match else pem_or_base64)
        )
        return Certificate(
            pem=found.public_bytes(serialization.Encoding.PEM).decode("ascii"),
            fingerprint_sha256=found.fingerprint(hashes.SHA256()).hex(),
            subject=found.subject.rfc4514_string(),
            issuer=found.issuer.rfc4514_string(),
            not_before=found.not_valid_before_utc,
            not_after=found.not_valid_after_utc,
            public_key=_accepted_key(found.public_key()),
        )
    except VestibuleError as error:
        if error.code == "invalid_x509_certificate":
            raise
        raise refusal("invalid_x509_certificate", want="PEM or base64") from None
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise refusal("invalid_x509_certificate", detail=str(error)) from None


def _accepted_key(key: object) -> PublicKey:
    if isinstance(key, rsa.RSAPublicKey):
        if _MIN_RSA_BITS <= key.key_size <= _MAX_RSA_BITS:
            return key
        raise refusal("invalid_x509_certificate", want="RSA ≥ 2048", got=f"RSA {key.key_size}")
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, _CURVES):
        return key
    raise refusal(
        "invalid_x509_certificate",
        want="RSA or ECDSA on P-256, P-384, P-521",
        got=type(key).__name__,
    )


@lru_cache(maxsize=1024)
def read_private_key(pem: str) -> PrivateKey:
    """Read an RSA private key that comes out of our own sealed storage.

    The arithmetic consistency of the key is not checked again: that takes longer than signing
    with it, and `check_uploaded_private_key` or our own generator stood at the door when the key
    was stored.

    Raises:
        InvalidRequest: saml_signing_private_key_invalid.
    """
    try:
        key = serialization.load_pem_private_key(
            pem.encode("ascii"), None, unsafe_skip_rsa_key_validation=True
        )
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise refusal("saml_signing_private_key_invalid") from None
    if not isinstance(key, rsa.RSAPrivateKey):
        raise refusal("saml_signing_private_key_invalid", want="RSA", got=type(key).__name__)
    return key


def check_uploaded_private_key(pem: str) -> str:
    """Judge a private key that somebody hands us, and give it back in normal form.

    Raises:
        InvalidRequest: saml_signing_private_key_format_not_supported (anything but an
            unencrypted PKCS#1 PEM), private_key_too_long (over 4096 bits),
            saml_signing_private_key_invalid (the rest: too short, damaged, inconsistent).
    """
    trimmed = pem.strip()
    if len(pem) > _MAX_PEM_CHARACTERS:
        raise refusal("private_key_too_long", got=f"{len(pem)} characters")
    if not trimmed.startswith("-----BEGIN RSA PRIVATE KEY-----") or "ENCRYPTED" in trimmed:
        raise refusal("saml_signing_private_key_format_not_supported")
    try:
        key = serialization.load_pem_private_key(trimmed.encode("ascii"), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise refusal("saml_signing_private_key_invalid") from None
    if not isinstance(key, rsa.RSAPrivateKey):
        raise refusal("saml_signing_private_key_format_not_supported")
    if key.key_size > _MAX_UPLOADED_BITS:
        raise refusal("private_key_too_long", want="4096 bits", got=f"{key.key_size} bits")
    if key.key_size < _MIN_RSA_BITS:
        raise refusal(
            "saml_signing_private_key_invalid", want="2048 bits", got=f"{key.key_size} bits"
        )
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    ).decode("ascii")
