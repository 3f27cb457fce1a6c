"""Certificates in every wrapping, and private keys at the door."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID

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


def self_signed(public_key: object) -> str:
    """A certificate for that key, by a signer who signs anything."""
    names = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "n")])
    builder = x509.CertificateBuilder().subject_name(names).issuer_name(names).serial_number(1)
    builder = builder.public_key(public_key)  # type: ignore[arg-type]
    builder = builder.not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
    builder = builder.not_valid_after(datetime(2030, 1, 1, tzinfo=UTC))
    signer = serialization.load_pem_private_key(key_pem("sp").encode(), None)
    assert isinstance(signer, rsa.RSAPrivateKey)
    return builder.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def rsa_of(bits: int) -> rsa.RSAPublicKey:
    """A public key of that length. Nobody has the private one."""
    return rsa.RSAPublicNumbers(65537, (1 << (bits - 1)) + 1).public_key()


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


@pytest.mark.parametrize("bits", [2048, 16_384])
def test_an_rsa_key_from_2048_to_16384_bits_is_accepted(bits: int) -> None:
    key = read_certificate(self_signed(rsa_of(bits))).public_key
    assert isinstance(key, rsa.RSAPublicKey)
    assert key.key_size == bits


@pytest.mark.parametrize(
    "key",
    [
        rsa_of(2047),
        rsa_of(16_385),
        ec.generate_private_key(ec.SECP256K1()).public_key(),
        ed25519.Ed25519PrivateKey.generate().public_key(),
    ],
    ids=["rsa-2047", "rsa-16385", "secp256k1", "ed25519"],
)
def test_a_certificate_for_any_other_key_is_refused(key: object) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read_certificate(self_signed(key))
    assert refused.value.code == "invalid_x509_certificate"
    assert "RSA" in (refused.value.want or "")


def test_a_certificate_of_64000_characters_is_read_and_one_more_is_not() -> None:
    assert read_certificate(cert_pem("idp").ljust(64_000)) == certificate("idp")
    with pytest.raises(InvalidRequest, match="64001 characters"):
        read_certificate(cert_pem("idp").ljust(64_001))


def test_a_certificate_tells_from_when_to_when_it_is_good() -> None:
    found = read_certificate(self_signed(rsa_of(2048)))
    assert found.not_before == datetime(2020, 1, 1, tzinfo=UTC)
    assert found.not_after == datetime(2030, 1, 1, tzinfo=UTC)
    parsed = x509.load_pem_x509_certificate(found.pem.encode())
    assert found.fingerprint_sha256 == parsed.fingerprint(hashes.SHA256()).hex()


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


def test_an_upload_of_64000_characters_is_read_and_one_more_is_not() -> None:
    assert check_uploaded_private_key(key_pem("sp").ljust(64_000)) == key_pem("sp")
    with pytest.raises(InvalidRequest, match="private_key_too_long"):
        check_uploaded_private_key(key_pem("sp").ljust(64_001))


def test_an_upload_that_is_only_called_an_rsa_key_is_refused() -> None:
    body = pem_of(ec.generate_private_key(ec.SECP256R1()), PKCS1).replace(" EC ", " RSA ")
    with pytest.raises(InvalidRequest, match="saml_signing_private_key_invalid"):
        check_uploaded_private_key(body)


def test_a_key_of_4096_bits_may_be_uploaded() -> None:
    pem = pem_of(rsa.generate_private_key(65537, 4096), PKCS1)
    assert check_uploaded_private_key(pem) == pem


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
