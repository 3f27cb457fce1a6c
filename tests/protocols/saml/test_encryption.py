"""Decryption: other people's ciphertexts open, and every failure looks the same."""

from __future__ import annotations

import os
from base64 import b64encode

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from lxml import etree

from protocols.saml.material import VECTORS, cert_pem, key_pem
from protocols.saml.test_vectors import FOLDERS, load, verify
from vestibule.errors import SamlError
from vestibule.protocols.saml import read_private_key
from vestibule.protocols.saml.encryption import decrypt_assertion
from vestibule.protocols.saml.xml import parse

SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
PLAIN = f'<saml:Assertion xmlns:saml="{SAML}" ID="_1">text</saml:Assertion>'


def encrypted_by_xmlsec(cipher: str) -> bytes:
    """An EncryptedAssertion that libxmlsec made."""
    import xmlsec

    root = etree.fromstring(
        f'<saml:EncryptedAssertion xmlns:saml="{SAML}">{PLAIN}</saml:EncryptedAssertion>'
    )
    data = xmlsec.template.encrypted_data_create(
        root, getattr(xmlsec.Transform, cipher), type=xmlsec.EncryptionType.ELEMENT, ns="xenc"
    )
    xmlsec.template.encrypted_data_ensure_cipher_value(data)
    info = xmlsec.template.encrypted_data_ensure_key_info(data, ns="ds")
    key = xmlsec.template.add_encrypted_key(info, xmlsec.Transform.RSA_OAEP)
    xmlsec.template.encrypted_data_ensure_cipher_value(key)
    manager = xmlsec.KeysManager()
    manager.add_key(xmlsec.Key.from_memory(cert_pem("sp"), xmlsec.KeyFormat.CERT_PEM))
    context = xmlsec.EncryptionContext(manager)
    kind, size = {"AES128": (xmlsec.KeyData.AES, 128), "AES256": (xmlsec.KeyData.AES, 256)}[cipher]
    context.key = xmlsec.Key.generate(kind, size, xmlsec.KeyDataType.SESSION)
    context.encrypt_xml(data, root[0])
    return etree.tostring(root)


@pytest.mark.parametrize("cipher", ["AES128", "AES256"])
def test_what_xmlsec_encrypts_opens(cipher: str) -> None:
    element = parse(encrypted_by_xmlsec(cipher))
    keys = (read_private_key(key_pem("sp-next")), read_private_key(key_pem("sp")))
    plaintext, mode = decrypt_assertion(element, keys, insecure_legacy=False)
    assert plaintext.decode() == PLAIN
    assert mode == "cbc"


def test_every_failed_decryption_has_one_face() -> None:
    faces = set()
    folders = [folder for folder in FOLDERS if folder.parts[-2] == "saml_decryption_failed"]
    assert len(folders) > 15
    for folder in folders:
        with pytest.raises(SamlError) as refused:
            verify(folder)
        error = refused.value
        faces.add((error.code, error.want, error.got, error.detail, str(error)))
        # Not even the chain of causes tells, for those who log it.
        assert error.__cause__ is None
    assert len(faces) == 1


@pytest.mark.parametrize("fault", ["padding", "length", "empty"])
def test_bad_padding_is_no_plaintext(fault: str) -> None:
    path = VECTORS / "bad" / "saml_decryption_failed" / f"cbc-altered-{fault}" / "response.xml"
    element = parse(path.read_bytes()).find(f"{{{SAML}}}EncryptedAssertion")
    assert element is not None
    with pytest.raises(SamlError, match="saml_decryption_failed"):
        decrypt_assertion(element, (read_private_key(key_pem("sp")),), insecure_legacy=False)


def test_cbc_and_triple_des_never_pass_on_their_own() -> None:
    for folder in FOLDERS:
        case = load(folder)
        if folder.parts[-3] == "good" and case["expected"].get("encrypted"):
            verified = verify(folder)
            cipher = (folder / "response.xml").read_text()
            if "tripledes" in cipher:
                assert verified.signed in ("assertion", "both")
                assert "legacy encryption" in verified.warnings


# An envelope of our own making ------------------------------------------------------------------

XENC, XENC11 = "http://www.w3.org/2001/04/xmlenc#", "http://www.w3.org/2009/xmlenc11#"
DS = "http://www.w3.org/2000/09/xmldsig#"
OAEP, OAEP11, GCM = XENC + "rsa-oaep-mgf1p", XENC11 + "rsa-oaep", XENC11 + "aes256-gcm"
CONTENT_KEY, IV = bytes(range(32)), bytes(12)


def wrapped(
    content_key: bytes = CONTENT_KEY,
    *,
    label: bytes | None = None,
    digest: hashes.HashAlgorithm | None = None,
    mgf: hashes.HashAlgorithm | None = None,
) -> bytes:
    public = x509.load_pem_x509_certificate(cert_pem("sp").encode()).public_key()
    assert isinstance(public, rsa.RSAPublicKey)
    sha1 = hashes.SHA1()  # noqa: S303
    return public.encrypt(
        content_key, padding.OAEP(padding.MGF1(mgf or sha1), digest or sha1, label)
    )


def sealed(plaintext: bytes) -> bytes:
    return IV + AESGCM(CONTENT_KEY).encrypt(IV, plaintext, None)


def method(uri: str | None, inside: str = "") -> str:
    named = "" if uri is None else f' Algorithm="{uri}"'
    return f"<e:EncryptionMethod{named}>{inside}</e:EncryptionMethod>"


def value(octets: bytes) -> str:
    encoded = b64encode(octets).decode()
    return f"<e:CipherData><e:CipherValue>{encoded}</e:CipherValue></e:CipherData>"


def key_of(inside: str) -> str:
    return f"<e:EncryptedKey>{inside}</e:EncryptedKey>"


def envelope(
    data: str,
    key: str | None = None,
    *,
    attributes: str = "",
    cipher: str = method(GCM),
    beside: str = "",
) -> str:
    inside = key_of(method(OAEP) + value(wrapped())) if key is None else key
    return (
        f'<a:EncryptedAssertion xmlns:a="{SAML}" xmlns:e="{XENC}" xmlns:d="{DS}"'
        f' xmlns:f="{XENC11}">'
        f"<e:EncryptedData{attributes}>{cipher}<d:KeyInfo>{inside}</d:KeyInfo>{data}"
        f"</e:EncryptedData>{beside}</a:EncryptedAssertion>"
    )


def opened(document: str, *names: str, legacy: bool = False) -> bytes:
    keys = tuple(read_private_key(key_pem(name)) for name in names or ("sp",))
    return decrypt_assertion(parse(document.encode()), keys, insecure_legacy=legacy)[0]


def code_of(document: str, *names: str) -> str:
    with pytest.raises(SamlError) as refused:
        opened(document, *names)
    return refused.value.code


GOOD = value(sealed(b"text"))


@pytest.mark.parametrize("size", [0, 1, 15, 16, 1000])
def test_a_plaintext_of_any_length_opens(size: int) -> None:
    assert opened(envelope(value(sealed(b"x" * size)))) == b"x" * size


@pytest.mark.parametrize("size", range(29))
def test_a_ciphertext_shorter_than_iv_and_tag_is_no_ciphertext(size: int) -> None:
    assert code_of(envelope(value(os.urandom(size)))) == "saml_decryption_failed"


@pytest.mark.parametrize("size", [0, 1, 14, 15, 16, 31])
def test_a_cbc_plaintext_of_any_length_opens(size: int) -> None:
    plain = b"x" * size
    tail = 16 - size % 16
    padded = plain + bytes(tail - 1) + bytes([tail])
    cipher = Cipher(algorithms.AES(CONTENT_KEY), modes.CBC(bytes(16))).encryptor()
    octets = bytes(16) + cipher.update(padded) + cipher.finalize()
    document = envelope(value(octets), cipher=method(XENC + "aes256-cbc"))
    assert opened(document) == plain
    for wrong in (octets[:-1], octets[:16], octets[:15], octets + b"x"):
        document = envelope(value(wrong), cipher=method(XENC + "aes256-cbc"))
        assert code_of(document) == "saml_decryption_failed"


@pytest.mark.parametrize("last", [0, 17, 255])
def test_a_cbc_padding_longer_than_a_block_or_of_nothing_is_refused(last: int) -> None:
    cipher = Cipher(algorithms.AES(CONTENT_KEY), modes.CBC(bytes(16))).encryptor()
    octets = bytes(16) + cipher.update(bytes(31) + bytes([last])) + cipher.finalize()
    document = envelope(value(octets), cipher=method(XENC + "aes256-cbc"))
    assert code_of(document) == "saml_decryption_failed"


@pytest.mark.parametrize("size", [16, 24, 31, 33])
def test_a_content_key_of_another_length_than_the_ciphers_is_refused(size: int) -> None:
    key = key_of(method(OAEP) + value(wrapped(bytes(size))))
    assert code_of(envelope(GOOD, key)) == "saml_decryption_failed"


def test_each_of_our_keys_is_tried() -> None:
    assert opened(envelope(GOOD), "sp-next", "sp") == b"text"
    assert opened(envelope(GOOD), "sp", "sp-next") == b"text"
    assert code_of(envelope(GOOD), "sp-next") == "saml_decryption_failed"


DIGEST = '<d:DigestMethod Algorithm="{}"/>'
MGF = '<f:MGF Algorithm="{}"/>'
LABEL = f"<e:OAEPparams>{b64encode(b'our label').decode()}</e:OAEPparams>"


def test_a_label_of_oaep_is_part_of_the_key() -> None:
    octets = wrapped(label=b"our label")
    assert opened(envelope(GOOD, key_of(method(OAEP, LABEL) + value(octets)))) == b"text"
    for inside in ("", LABEL.replace(">", ">QUFB", 1)):
        key = key_of(method(OAEP, inside) + value(octets))
        assert code_of(envelope(GOOD, key)) == "saml_decryption_failed"


def test_a_label_that_is_no_base64_is_refused() -> None:
    key = key_of(method(OAEP, "<e:OAEPparams>?</e:OAEPparams>") + value(wrapped()))
    assert code_of(envelope(GOOD, key)) == "saml_encoding_invalid"


@pytest.mark.parametrize(
    ("uri", "inside", "digest", "mgf"),
    [
        (OAEP, "", hashes.SHA1(), hashes.SHA1()),  # noqa: S303
        (OAEP, DIGEST.format(DS + "sha1"), hashes.SHA1(), hashes.SHA1()),  # noqa: S303
        (OAEP, DIGEST.format(XENC + "sha512"), hashes.SHA512(), hashes.SHA1()),  # noqa: S303
        (OAEP11, "", hashes.SHA1(), hashes.SHA1()),  # noqa: S303
        (OAEP11, MGF.format(XENC11 + "mgf1sha384"), hashes.SHA1(), hashes.SHA384()),  # noqa: S303
        (
            OAEP11,
            DIGEST.format(XENC + "sha256") + MGF.format(XENC11 + "mgf1sha256"),
            hashes.SHA256(),
            hashes.SHA256(),
        ),
        (OAEP, "<e:KeySize>2048</e:KeySize>", hashes.SHA1(), hashes.SHA1()),  # noqa: S303
    ],
)
def test_both_hashes_of_oaep_are_those_that_are_named(
    uri: str, inside: str, digest: hashes.HashAlgorithm, mgf: hashes.HashAlgorithm
) -> None:
    key = key_of(method(uri, inside) + value(wrapped(digest=digest, mgf=mgf)))
    assert opened(envelope(GOOD, key)) == b"text"


@pytest.mark.parametrize(
    "key_method",
    [
        method(None),
        method(""),
        method(XENC + "rsa-1_5"),
        method(OAEP, MGF.format(XENC11 + "mgf1sha1")),
        method(OAEP, "<d:DigestMethod/>"),
        method(OAEP, DIGEST.format("urn:md5")),
        method(OAEP11, "<f:MGF/>"),
        method(OAEP11, MGF.format(XENC + "sha256")),
        method(OAEP11, DIGEST.format(XENC11 + "mgf1sha256")),
        method(OAEP, "<e:Other/>"),
        method(OAEP11, "<e:Other/>"),
    ],
)
def test_any_other_way_to_wrap_a_key_is_refused_by_its_name(key_method: str) -> None:
    key = key_of(key_method + value(wrapped()))
    assert code_of(envelope(GOOD, key)) == "saml_encryption_unsupported"


@pytest.mark.parametrize("cipher", [method(None), method(""), method("urn:x"), method(OAEP)])
def test_any_other_cipher_is_refused_by_its_name(cipher: str) -> None:
    assert code_of(envelope(GOOD, cipher=cipher)) == "saml_encryption_unsupported"


def test_triple_des_is_called_legacy() -> None:
    document = envelope(GOOD, cipher=method(XENC + "tripledes-cbc"))
    assert code_of(document) == "saml_legacy_encryption"


def test_what_is_encrypted_is_an_element_also_where_nobody_says_so() -> None:
    assert opened(envelope(GOOD)) == b"text"
    assert opened(envelope(GOOD, attributes=f' Type="{XENC}Element"')) == b"text"
    for kind in ("Content", "element", ""):
        document = envelope(GOOD, attributes=f' Type="{XENC}{kind}"')
        assert code_of(document) == "saml_encryption_unsupported"


KEY = key_of(method(OAEP) + value(wrapped()))


def test_the_key_may_stand_beside_the_data() -> None:
    assert opened(envelope(GOOD, "", beside=KEY)) == b"text"


@pytest.mark.parametrize(
    "document",
    [
        envelope(GOOD, ""),
        envelope(GOOD, KEY + KEY),
        envelope(GOOD, KEY, beside=KEY),
        envelope(GOOD, f"<e:X>{KEY}</e:X>"),
        envelope(GOOD, cipher=""),
        envelope(GOOD, cipher=method(GCM) * 2),
        envelope(""),
        envelope("<e:CipherData/>"),
        envelope("<e:CipherData><e:CipherReference/></e:CipherData>"),
        envelope(GOOD.replace("</e:CipherData>", "<e:CipherValue/></e:CipherData>")),
        envelope(GOOD, key_of(method(OAEP))),
        envelope(GOOD, key_of(value(wrapped()))),
        envelope(GOOD, key_of(value(wrapped()) + method(OAEP))),
        f'<a:EncryptedAssertion xmlns:a="{SAML}"/>',
        f'<a:EncryptedAssertion xmlns:a="{SAML}" xmlns:e="{XENC}">{KEY}</a:EncryptedAssertion>',
    ],
)
def test_an_envelope_of_another_shape_is_refused(document: str) -> None:
    assert code_of(document) == "saml_structure_invalid"
