"""Ciphertexts that are damaged, weak, doubled, or that nobody answers for."""

from __future__ import annotations

import re
from collections.abc import Iterator

from vestibule.attack.cases import CORE54, PROFILES, Case, Setup, bad, changed, find, signature_of
from vestibule.attack.scene import MORE, SAMLP, SHA256, XENC, XENC11, Scene, finish

OPENED = Setup(decryption_keys=("sp",))
LEGACY = Setup(decryption_keys=("sp",), insecure_legacy_encryption=True)


def encrypted_only(s: Scene) -> Iterator[Case]:
    """Encryption proves nothing: anybody can encrypt for a service provider."""
    inner = finish(s.sign(s.assertion()))
    unsigned = finish(s.assertion())
    failed = "saml_decryption_failed"
    yield bad(
        "saml_signature_missing",
        "encrypted-and-unsigned-gcm",
        s.response(s.encrypt(unsigned)),
        "CVE-2024-4985: anybody can encrypt",
        CORE54,
        setup=OPENED,
    )
    yield bad(
        failed,
        "encrypted-and-unsigned-cbc",
        s.response(s.encrypt(unsigned, cipher="aes128-cbc")),
        "with CBC nothing tells a missing signature from damage",
        CORE54,
        setup=OPENED,
    )
    yield bad(
        "saml_signature_missing",
        "triple-des-under-the-response-signature-only",
        s.sign(s.response(s.encrypt(unsigned, cipher="tripledes-cbc")), "R"),
        "3DES passes only around a signed assertion",
        "XML Encryption §5.2",
        setup=LEGACY,
    )
    evil_inside = changed(inner, "alice@corp.example</saml:NameID>", "mallory</saml:NameID>")
    yield bad(
        failed,
        "cbc-inner-signature-wrong",
        s.response(s.encrypt(evil_inside, cipher="aes128-cbc")),
        "the same answer when the XML is fine and the digest is not",
        "XML Encryption §6",
        setup=OPENED,
    )
    yield bad(
        "saml_digest_mismatch",
        "gcm-inner-signature-wrong",
        s.response(s.encrypt(evil_inside)),
        "GCM shows that nobody altered the ciphertext, so the answer may be exact",
        CORE54,
        setup=OPENED,
    )
    yield bad(
        "saml_signature_invalid",
        "gcm-signed-by-the-attacker",
        s.response(s.encrypt(finish(s.sign(s.assertion(), key="attacker")))),
        "encrypted is not signed",
        CORE54,
        setup=OPENED,
    )
    yield bad(
        "saml_digest_mismatch",
        "ciphertext-exchanged-under-the-response-signature",
        changed(
            s.sign(s.response(s.encrypt(unsigned)), "R"),
            encrypt_value(s, unsigned),
            encrypt_value(s, finish(s.assertion(name_id="mallory"))),
        ),
        "the response is verified before anything is decrypted",
        CORE54,
        setup=OPENED,
    )


def weak_encryption(s: Scene) -> Iterator[Case]:
    """Ciphers and transports that are not on the list."""
    inner = finish(s.sign(s.assertion()))
    enc11 = "XML Encryption 1.1 §5"
    yield bad(
        "saml_legacy_encryption",
        "triple-des",
        s.response(s.encrypt(inner, cipher="tripledes-cbc")),
        "refused by name",
        "XML Encryption §5.2",
        setup=OPENED,
    )
    yield bad(
        "saml_encryption_unsupported",
        "rsa-1-5",
        s.response(s.encrypt(inner, transport="rsa-1_5")),
        "Bleichenbacher 1998",
        "XML Encryption §5.4.1",
        setup=LEGACY,
    )
    yield bad(
        "saml_encryption_unsupported",
        "unknown-cipher",
        s.response(changed(s.encrypt(inner), "aes256-gcm", "aes256-xts")),
        "not on the list",
        enc11,
        setup=OPENED,
    )
    yield bad(
        "saml_encryption_unsupported",
        "content-type",
        s.response(changed(s.encrypt(inner), f'Type="{XENC}Element"', f'Type="{XENC}Content"')),
        "an element is encrypted, not its content",
        enc11,
        setup=OPENED,
    )
    yield bad(
        "saml_encryption_unsupported",
        "oaep-with-md5",
        s.response(changed(s.encrypt(inner, digest="sha256"), SHA256, MORE + "md5")),
        "not on the list",
        enc11,
        setup=OPENED,
    )
    for name, old in {"mask": "mgf1sha256", "digest": "xmlenc#sha256"}.items():
        yield bad(
            "saml_encryption_unsupported",
            f"oaep-unknown-{name}",
            s.response(
                changed(
                    s.encrypt(inner, transport="oaep", digest="sha256", mgf="sha256"),
                    old,
                    old.replace("256", "224"),
                )
            ),
            "not on the list",
            "XML Encryption 1.1 §5.5.2",
            setup=OPENED,
        )


def altered(s: Scene) -> Iterator[Case]:
    """Ciphertexts that nobody can open, or that were altered on the way."""
    inner = finish(s.sign(s.assertion()))
    failed = "saml_decryption_failed"
    enc11 = "XML Encryption 1.1 §5"
    for size in (4, 12):
        yield bad(
            failed,
            f"gcm-tag-of-{size}-bytes",
            s.response(s.encrypt(inner, tag_bytes=size)),
            "CVE-2026-32600: short tags leak the key",
            enc11,
            setup=OPENED,
        )
    yield bad(
        failed,
        "gcm-altered",
        s.response(s.encrypt(inner, damage=lambda c: c[:40] + bytes([c[40] ^ 1]) + c[41:])),
        "the tag does not fit",
        enc11,
        setup=OPENED,
    )
    yield bad(
        failed,
        "gcm-too-short",
        s.response(s.encrypt(inner, damage=lambda c: c[:20])),
        "less than IV and tag",
        enc11,
        setup=OPENED,
    )
    for name, damage in {
        "padding": lambda c: c[:-1] + bytes([c[-1] ^ 0x55]),
        "content": lambda c: c[:64] + bytes([c[64] ^ 0x55]) + c[65:],
        "length": lambda c: c[:-3],
        "empty": lambda c: c[:16],
    }.items():
        yield bad(
            failed,
            f"cbc-altered-{name}",
            s.response(s.encrypt(inner, cipher="aes128-cbc", damage=damage)),
            "Jager and Somorovsky 2011: one answer to every altered ciphertext",
            "XML Encryption §6",
            setup=OPENED,
        )
    yield bad(
        failed,
        "no-decryption-key",
        s.response(s.encrypt(inner)),
        "the connection has no key",
        "XML Encryption §4.4",
    )
    yield bad(
        failed,
        "encrypted-for-somebody-else",
        s.response(s.encrypt(inner, to="sp-next")),
        "no key fits",
        "XML Encryption §4.4",
        setup=OPENED,
    )
    yield bad(
        failed,
        "content-key-of-wrong-length",
        s.response(changed(s.encrypt(inner, cipher="aes128-gcm"), "aes128-gcm", "aes256-gcm")),
        "the key does not fit the cipher",
        enc11,
        setup=OPENED,
    )
    yield bad(
        failed,
        "gcm-renamed-to-cbc",
        s.response(
            changed(
                s.encrypt(inner, cipher="aes128-gcm"),
                XENC11 + "aes128-gcm",
                XENC + "aes128-cbc",
            )
        ),
        "Jager 2013: a CBC oracle for GCM ciphertexts",
        enc11,
        setup=OPENED,
    )


def plaintexts(s: Scene) -> Iterator[Case]:
    """What comes out of a true ciphertext and is no assertion by itself."""
    inner = finish(s.sign(s.assertion()))
    failed = "saml_decryption_failed"
    for name, plaintext in {
        "not-xml": "<saml:Assertion",
        "nothing": "",
        "not-an-assertion": "<x/>",
        "dtd": f"<!DOCTYPE x>{inner}",
        "comment": f"<!-- -->{inner}",
        "two": inner + inner,
        "response": f'<samlp:Response xmlns:samlp="{SAMLP}">{inner}</samlp:Response>',
        "out-of-the-wrapper": f"{inner}</w><w>{inner}",
    }.items():
        yield bad(
            failed,
            f"plaintext-{name}",
            s.response(s.encrypt(plaintext)),
            "the plaintext passes the same hardened parser",
            "XML Encryption §4.4",
            setup=OPENED,
        )
    nested = changed(
        inner, "<saml:Subject>", f"<saml:Advice>{s.encrypt(inner)}</saml:Advice><saml:Subject>"
    )
    yield bad(
        "saml_assertion_count",
        "ciphertext-inside-the-plaintext",
        s.response(s.encrypt(nested)),
        "one assertion, and no second envelope",
        PROFILES,
        setup=OPENED,
    )
    yield bad(
        "saml_id_duplicate",
        "plaintext-takes-the-responses-id",
        s.response(
            s.encrypt(
                finish(s.sign(s.assertion(assertion_id=s.response_id), element_id=s.response_id))
            )
        ),
        "IDs are unique across the envelope",
        "SAML Core §1.3.4",
        setup=OPENED,
    )
    yield bad(
        "saml_signature_malformed",
        "plaintext-with-two-signatures",
        s.response(s.encrypt(inner.replace(signature_of(inner), signature_of(inner) * 2))),
        "one signature in its parent",
        CORE54,
        setup=OPENED,
    )


def encryption_shape(s: Scene) -> Iterator[Case]:
    """EncryptedData of a shape that no provider sends."""
    inner = finish(s.sign(s.assertion()))
    structure = "saml_structure_invalid"
    sealed = s.encrypt(inner)
    for name, old in {
        "encryption-method": f'<xenc:EncryptionMethod Algorithm="{XENC11}aes256-gcm"/>',
        "encrypted-data": find(r"<xenc:EncryptedData .*</xenc:EncryptedData>", sealed),
    }.items():
        yield bad(
            structure,
            f"no-{name}",
            s.response(changed(sealed, old, "")),
            "nothing says how",
            "XML Encryption §3",
            setup=OPENED,
        )
    second_key = find(r"<xenc:EncryptedKey .*</xenc:EncryptedKey>", s.encrypt(inner)).replace(
        "_key-1", "_key-2"
    )
    yield bad(
        structure,
        "two-encrypted-keys",
        s.response(s.encrypt(inner, extra_key=second_key)),
        "one RSA operation a response",
        "XML Encryption §3.5",
        setup=OPENED,
    )
    yield bad(
        structure,
        "cipher-reference",
        s.response(s.encrypt(inner, cipher_data='<xenc:CipherReference URI="https://x.example"/>')),
        "nothing is fetched",
        "XML Encryption §3.3.1",
        setup=OPENED,
    )
    yield bad(
        structure,
        "no-encrypted-key",
        s.response(re.sub(r"<xenc:EncryptedKey .*</xenc:EncryptedKey>", "", s.encrypt(inner))),
        "a key that only the sender has",
        "XML Encryption §3.5",
        setup=OPENED,
    )
    yield bad(
        "saml_encoding_invalid",
        "cipher-value-not-base64",
        s.response(
            re.sub(
                r"(<xenc:CipherValue>)(?=[^<]*</xenc:CipherValue></xenc:CipherData>"
                r"</xenc:EncryptedData>)",
                r"\1%",
                s.encrypt(inner),
            )
        ),
        "strict base64",
        "XML Encryption §3.3",
        setup=OPENED,
    )


def encrypt_value(s: Scene, plaintext: str) -> str:
    return str(re.findall(r"<xenc:CipherValue>([^<]*)", s.encrypt(plaintext))[-1])
