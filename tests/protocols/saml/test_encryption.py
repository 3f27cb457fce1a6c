"""Decryption: other people's ciphertexts open, and every failure looks the same."""

from __future__ import annotations

import pytest
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
