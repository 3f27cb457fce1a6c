"""Certificates in every wrapping, and private keys at the door."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from protocols.saml.material import cert_pem, certificate, key_pem
from vestibule.errors import InvalidRequest
from vestibule.protocols.saml import (
    check_uploaded_private_key,
    read_certificate,
    read_private_key,
)

BODY = "".join(line for line in cert_pem("idp").splitlines() if "-----" not in line)
PKCS1 = serialization.PrivateFormat.TraditionalOpenSSL
PKCS8 = serialization.PrivateFormat.PKCS8


def pem_of(key: object, form: serialization.PrivateFormat, password: bytes | None = None) -> str:
    assert isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey)
    sealed = (
        serialization.BestAvailableEncryption(password)
        if password
        else serialization.NoEncryption()
    )
    return key.private_bytes(serialization.Encoding.PEM, form, sealed).decode()


@pytest.mark.parametrize(
    "text",
    [
        cert_pem("idp"),
        cert_pem("idp").replace("\n", "\r\n"),
        "\n\n" + cert_pem("idp") + "\n",
        BODY,
        "\n".join(BODY[i : i + 64] for i in range(0, len(BODY), 64)),
        f"-----BEGIN CERTIFICATE-----\n{BODY}\n-----END CERTIFICATE-----",
    ],
)
def test_a_certificate_is_the_same_in_every_wrapping(text: str) -> None:
    assert read_certificate(text) == certificate("idp")


def test_a_certificate_shows_what_an_administrator_compares() -> None:
    found = certificate("idp")
    assert found.subject == "CN=idp (test only)"
    assert found.issuer == found.subject
    assert found.not_after == datetime(2050, 1, 1, tzinfo=UTC)
    assert len(found.fingerprint_sha256) == 64
    assert "public_key" not in repr(found)


@pytest.mark.parametrize("name", ["idp-p256", "idp-p384", "idp-p521"])
def test_the_three_curves_are_accepted(name: str) -> None:
    assert certificate(name).pem == cert_pem(name)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "AAAA",
        cert_pem("idp-weak"),
        cert_pem("idp") * 2,
        key_pem("sp"),
        "A" * 70_000,
    ],
)
def test_everything_else_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest, match="invalid_x509_certificate"):
        read_certificate(text)


def test_an_uploaded_key_comes_back_in_normal_form() -> None:
    pem = key_pem("sp")
    assert check_uploaded_private_key("\r\n" + pem.replace("\n", "\r\n") + "  ") == pem
    assert read_private_key(pem).key_size == 2048


RSA = read_private_key(key_pem("sp"))
DAMAGED = key_pem("sp").replace(key_pem("sp")[900:904], "AAAA")


@pytest.mark.parametrize(
    ("pem", "code"),
    [
        (pem_of(RSA, PKCS8), "saml_signing_private_key_format_not_supported"),
        (pem_of(RSA, PKCS1, b"secret"), "saml_signing_private_key_format_not_supported"),
        (pem_of(ec.generate_private_key(ec.SECP256R1()), PKCS1),
         "saml_signing_private_key_format_not_supported"),
        (cert_pem("sp"), "saml_signing_private_key_format_not_supported"),
        ("", "saml_signing_private_key_format_not_supported"),
        (key_pem("idp-weak"), "saml_signing_private_key_invalid"),
        (DAMAGED, "saml_signing_private_key_invalid"),
        (key_pem("sp")[:-200], "saml_signing_private_key_invalid"),
        ("-----BEGIN RSA PRIVATE KEY-----\né", "saml_signing_private_key_invalid"),
        ("A" * 70_000, "private_key_too_long"),
    ],
)  # fmt: skip
def test_other_uploads_are_refused_by_cause(pem: str, code: str) -> None:
    with pytest.raises(InvalidRequest, match=code):
        check_uploaded_private_key(pem)


def test_a_key_of_more_than_4096_bits_is_too_long() -> None:
    with pytest.raises(InvalidRequest, match="private_key_too_long"):
        check_uploaded_private_key(key_pem("sp-too-long"))


@pytest.mark.parametrize("pem", ["", "x", cert_pem("sp"), "é"])
def test_a_stored_key_that_is_none_is_refused(pem: str) -> None:
    with pytest.raises(InvalidRequest, match="saml_signing_private_key_invalid"):
        read_private_key(pem)


def test_a_stored_key_must_be_rsa() -> None:
    with pytest.raises(InvalidRequest, match="saml_signing_private_key_invalid"):
        read_private_key(pem_of(ec.generate_private_key(ec.SECP256R1()), PKCS8))
