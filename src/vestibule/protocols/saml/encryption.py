"""From an encrypted element to the bytes inside.

Owns XML Encryption in the narrow form that SAML uses: one RSA-OAEP key, one cipher, both values
in the document. Refuses to know what the plaintext means, and never takes it for authentic:
anybody can encrypt for us.

Every failure of the cryptography has one and the same face, `saml_decryption_failed`. What is
refused under another name can be seen from outside without any key.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers import Cipher as BlockCipher
from cryptography.hazmat.primitives.ciphers import algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from vestibule.errors import VestibuleError, refusal

from .certificates import PrivateKey
from .names import (
    CARRIED_KEY_NAME,
    CIPHER_DATA,
    CIPHER_VALUE,
    CIPHERS,
    DIGEST_METHOD,
    ENCRYPTED_DATA,
    ENCRYPTED_KEY,
    ENCRYPTION_METHOD,
    ENCRYPTION_PROPERTIES,
    INSECURE_CIPHERS,
    KEY_INFO,
    MGF,
    OAEP_DIGESTS,
    OAEP_MGFS,
    OAEP_PARAMS,
    REFERENCE_LIST,
    RSA_OAEP,
    RSA_OAEP_MGF1P,
    TRIPLE_DES_CBC,
    XENC,
    Cipher,
    CipherMode,
    HashName,
)
from .xml import Element, children_in_order, decode_base64, descendants, local_name, text_of

_GCM_IV: Final = 12
_GCM_TAG: Final = 16

_DATA_ORDER: Final = {
    ENCRYPTION_METHOD: 0,
    KEY_INFO: 1,
    CIPHER_DATA: 2,
    ENCRYPTION_PROPERTIES: 3,
}
_KEY_ORDER: Final = {**_DATA_ORDER, REFERENCE_LIST: 4, CARRIED_KEY_NAME: 5}

_HASHES: Final[dict[HashName, hashes.HashAlgorithm]] = {
    "sha1": hashes.SHA1(),  # noqa: S303 - OAEP does not need collision resistance
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}


class _Sealed(NamedTuple):
    """All that has to be known before a key is touched."""

    cipher: Cipher
    oaep: padding.OAEP
    wrapped_key: bytes
    ciphertext: bytes


def decrypt_assertion(
    encrypted: Element, keys: tuple[PrivateKey, ...], *, insecure_legacy: bool
) -> tuple[bytes, CipherMode]:
    """Decrypt an EncryptedAssertion (or EncryptedID, EncryptedAttribute: they are built alike).

    Returns the plaintext and the mode of the cipher, by which the caller decides what else must
    hold: only "gcm" shows that the ciphertext was not altered, and none shows who made it.

    Raises:
        SamlError: saml_structure_invalid, saml_encryption_unsupported, saml_legacy_encryption by
            what is written on the outside; saml_decryption_failed for all the rest.
    """
    sealed = _read(encrypted, insecure_legacy)
    for key in keys:
        plaintext = _open(sealed, key)
        if plaintext is not None:
            return plaintext, sealed.cipher.mode
    raise decryption_failed()


def decryption_failed() -> VestibuleError:
    """The one answer. It says nothing about which step failed, whoever asks."""
    return refusal(
        "saml_decryption_failed",
        detail="No key fits, or the content is damaged, is not an assertion or, where the cipher "
        "is CBC, is not signed as it should be; which of these is not told on purpose.",
    )


# --- reading the envelope ---------------------------------------------------------------------


def _read(encrypted: Element, insecure_legacy: bool) -> _Sealed:
    children = children_in_order(encrypted, {ENCRYPTED_DATA: 0, ENCRYPTED_KEY: 1})
    if not children or children[0].tag != ENCRYPTED_DATA:
        raise refusal("saml_structure_invalid", want="EncryptedData")
    data = children[0]
    # One RSA operation and one place for the key: in KeyInfo, or beside EncryptedData. A
    # RetrievalMethod that points from the one to the other is not followed, only put up with.
    key = list(descendants(encrypted, ENCRYPTED_KEY))
    if len(key) != 1 or key[0].getparent() not in (encrypted, data.find(KEY_INFO)):
        raise refusal("saml_structure_invalid", want="one EncryptedKey", got=str(len(key)))
    if data.get("Type", XENC + "Element") != XENC + "Element":
        raise refusal("saml_encryption_unsupported", got=data.get("Type"))

    data_children = children_in_order(data, _DATA_ORDER)
    key_children = children_in_order(key[0], _KEY_ORDER)
    cipher = _cipher(_method(data_children), insecure_legacy)
    return _Sealed(
        cipher=cipher,
        oaep=_oaep(_method(key_children)),
        wrapped_key=_cipher_value(key_children),
        ciphertext=_cipher_value(data_children),
    )


def _method(children: list[Element]) -> Element:
    if not children or children[0].tag != ENCRYPTION_METHOD:
        raise refusal("saml_structure_invalid", want="EncryptionMethod")
    return children[0]


def _cipher(method: Element, insecure_legacy: bool) -> Cipher:
    uri = method.get("Algorithm", "")
    cipher = CIPHERS.get(uri) or (INSECURE_CIPHERS.get(uri) if insecure_legacy else None)
    if cipher is not None:
        return cipher
    if uri == TRIPLE_DES_CBC:
        raise refusal("saml_legacy_encryption", got=uri)
    raise refusal("saml_encryption_unsupported", want="AES-GCM", got=uri)


def _oaep(method: Element) -> padding.OAEP:
    uri = method.get("Algorithm", "")
    if uri not in (RSA_OAEP_MGF1P, RSA_OAEP):
        raise refusal("saml_encryption_unsupported", want="RSA-OAEP", got=uri)
    digest: HashName = "sha1"
    mgf: HashName = "sha1"
    label: bytes | None = None
    for child in method:
        if child.tag == DIGEST_METHOD:
            digest = _listed(OAEP_DIGESTS, child)
        elif child.tag == MGF and uri == RSA_OAEP:
            mgf = _listed(OAEP_MGFS, child)
        elif child.tag == OAEP_PARAMS:
            label = decode_base64(text_of(child))
        elif local_name(child.tag) != "KeySize":
            raise refusal("saml_encryption_unsupported", got=local_name(child.tag))
    return padding.OAEP(padding.MGF1(_HASHES[mgf]), _HASHES[digest], label)


def _listed(names: dict[str, HashName], method: Element) -> HashName:
    found = names.get(method.get("Algorithm", ""))
    if found is None:
        raise refusal("saml_encryption_unsupported", got=method.get("Algorithm"))
    return found


def _cipher_value(children: list[Element]) -> bytes:
    holder = next((child for child in children if child.tag == CIPHER_DATA), None)
    if holder is None or [child.tag for child in holder] != [CIPHER_VALUE]:
        # A CipherReference would have us fetch something.
        raise refusal("saml_structure_invalid", want="one CipherValue in CipherData")
    return decode_base64(text_of(holder[0]))


# --- opening it -------------------------------------------------------------------------------


def _open(sealed: _Sealed, key: PrivateKey) -> bytes | None:
    try:
        content_key = key.decrypt(sealed.wrapped_key, sealed.oaep)
    except ValueError:
        return None
    if len(content_key) != sealed.cipher.key_bytes:
        return None
    if sealed.cipher.mode == "gcm":
        return _open_gcm(sealed.ciphertext, content_key)
    return _open_cbc(sealed.ciphertext, content_key, triple_des=sealed.cipher.mode == "3des-cbc")


def _open_gcm(ciphertext: bytes, key: bytes) -> bytes | None:
    # XML Encryption 1.1 §5.2.4: 96 bits of IV in front, 128 bits of tag behind. AESGCM takes the
    # last 16 bytes for the tag and knows no shorter one.
    if len(ciphertext) < _GCM_IV + _GCM_TAG:
        return None
    try:
        return AESGCM(key).decrypt(ciphertext[:_GCM_IV], ciphertext[_GCM_IV:], None)
    except InvalidTag:
        return None


def _open_cbc(ciphertext: bytes, key: bytes, *, triple_des: bool) -> bytes | None:
    algorithm = TripleDES(key) if triple_des else algorithms.AES(key)
    size = algorithm.block_size // 8
    if len(ciphertext) < 2 * size or len(ciphertext) % size:
        return None
    decryptor = BlockCipher(algorithm, modes.CBC(ciphertext[:size])).decryptor()
    padded = decryptor.update(ciphertext[size:]) + decryptor.finalize()
    # XML Encryption §5.2: only the last byte says something, the others are arbitrary.
    if not 1 <= padded[-1] <= size:
        return None
    return padded[: -padded[-1]]
