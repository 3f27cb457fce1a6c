"""Ciphertexts that are damaged, weak, doubled, or that nobody answers for."""

from __future__ import annotations

import re
from collections.abc import Iterator

import forge
from faults import CORE54, PROFILES, Row, bad, changed, find, signature_of
from forge import MORE, SAMLP, XENC, assertion, encrypt, finish, response, sign


def cases() -> Iterator[Row]:
    inner = finish(sign(assertion()))
    unsigned = finish(assertion())
    opened = {"decryption_keys": ["sp"]}
    failed = "saml_decryption_failed"
    enc11 = "XML Encryption 1.1 §5"
    yield bad(
        "saml_signature_missing",
        "encrypted-and-unsigned-gcm",
        response(encrypt(unsigned)),
        "CVE-2024-4985: anybody can encrypt",
        CORE54,
        **opened,
    )
    yield bad(
        failed,
        "encrypted-and-unsigned-cbc",
        response(encrypt(unsigned, cipher="aes128-cbc")),
        "with CBC nothing tells a missing signature from damage",
        CORE54,
        **opened,
    )
    yield bad(
        "saml_signature_missing",
        "triple-des-under-the-response-signature-only",
        sign(response(encrypt(unsigned, cipher="tripledes-cbc")), "R"),
        "3DES passes only around a signed assertion",
        "XML Encryption §5.2",
        insecure_legacy_encryption=True,
        **opened,
    )
    yield bad(
        "saml_legacy_encryption",
        "triple-des",
        response(encrypt(inner, cipher="tripledes-cbc")),
        "refused by name",
        "XML Encryption §5.2",
        **opened,
    )
    yield bad(
        "saml_encryption_unsupported",
        "rsa-1-5",
        response(encrypt(inner, transport="rsa-1_5")),
        "Bleichenbacher 1998",
        "XML Encryption §5.4.1",
        insecure_legacy_encryption=True,
        **opened,
    )
    yield bad(
        "saml_encryption_unsupported",
        "unknown-cipher",
        response(changed(encrypt(inner), "aes256-gcm", "aes256-xts")),
        "not on the list",
        enc11,
        **opened,
    )
    yield bad(
        "saml_encryption_unsupported",
        "content-type",
        response(changed(encrypt(inner), f'Type="{XENC}Element"', f'Type="{XENC}Content"')),
        "an element is encrypted, not its content",
        enc11,
        **opened,
    )
    yield bad(
        "saml_encryption_unsupported",
        "oaep-with-md5",
        response(changed(encrypt(inner, digest="sha256"), forge.SHA256, MORE + "md5")),
        "not on the list",
        enc11,
        **opened,
    )
    for size in (4, 12):
        yield bad(
            failed,
            f"gcm-tag-of-{size}-bytes",
            response(encrypt(inner, tag_bytes=size)),
            "CVE-2026-32600: short tags leak the key",
            enc11,
            **opened,
        )
    yield bad(
        failed,
        "gcm-altered",
        response(encrypt(inner, damage=lambda c: c[:40] + bytes([c[40] ^ 1]) + c[41:])),
        "the tag does not fit",
        enc11,
        **opened,
    )
    yield bad(
        failed,
        "gcm-too-short",
        response(encrypt(inner, damage=lambda c: c[:20])),
        "less than IV and tag",
        enc11,
        **opened,
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
            response(encrypt(inner, cipher="aes128-cbc", damage=damage)),
            "Jager and Somorovsky 2011: one answer to every altered ciphertext",
            "XML Encryption §6",
            **opened,
        )
    evil_inside = changed(inner, "alice@corp.example</saml:NameID>", "mallory</saml:NameID>")
    yield bad(
        failed,
        "cbc-inner-signature-wrong",
        response(encrypt(evil_inside, cipher="aes128-cbc")),
        "the same answer when the XML is fine and the digest is not",
        "XML Encryption §6",
        **opened,
    )
    yield bad(
        "saml_digest_mismatch",
        "gcm-inner-signature-wrong",
        response(encrypt(evil_inside)),
        "GCM shows that nobody altered the ciphertext, so the answer may be exact",
        CORE54,
        **opened,
    )
    yield bad(
        "saml_signature_invalid",
        "gcm-signed-by-the-attacker",
        response(encrypt(finish(sign(assertion(), key="attacker")))),
        "encrypted is not signed",
        CORE54,
        **opened,
    )
    yield bad(
        failed,
        "no-decryption-key",
        response(encrypt(inner)),
        "the connection has no key",
        "XML Encryption §4.4",
    )
    yield bad(
        failed,
        "encrypted-for-somebody-else",
        response(encrypt(inner, to="sp-next")),
        "no key fits",
        "XML Encryption §4.4",
        **opened,
    )
    yield bad(
        failed,
        "content-key-of-wrong-length",
        response(changed(encrypt(inner, cipher="aes128-gcm"), "aes128-gcm", "aes256-gcm")),
        "the key does not fit the cipher",
        enc11,
        **opened,
    )
    yield bad(
        failed,
        "gcm-renamed-to-cbc",
        response(
            changed(
                encrypt(inner, cipher="aes128-gcm"),
                forge.XENC11 + "aes128-gcm",
                XENC + "aes128-cbc",
            )
        ),
        "Jager 2013: a CBC oracle for GCM ciphertexts",
        enc11,
        **opened,
    )
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
            response(encrypt(plaintext)),
            "the plaintext passes the same hardened parser",
            "XML Encryption §4.4",
            **opened,
        )
    nested = changed(
        inner, "<saml:Subject>", f"<saml:Advice>{encrypt(inner)}</saml:Advice><saml:Subject>"
    )
    yield bad(
        "saml_assertion_count",
        "ciphertext-inside-the-plaintext",
        response(encrypt(nested)),
        "one assertion, and no second envelope",
        PROFILES,
        **opened,
    )
    yield bad(
        "saml_id_duplicate",
        "plaintext-takes-the-responses-id",
        response(
            encrypt(finish(sign(assertion(assertion_id="_response-1"), element_id="_response-1")))
        ),
        "IDs are unique across the envelope",
        "SAML Core §1.3.4",
        **opened,
    )
    yield bad(
        "saml_signature_malformed",
        "plaintext-with-two-signatures",
        response(encrypt(inner.replace(signature_of(inner), signature_of(inner) * 2))),
        "one signature in its parent",
        CORE54,
        **opened,
    )
    structure = "saml_structure_invalid"
    sealed = encrypt(inner)
    for name, old in {
        "encryption-method": f'<xenc:EncryptionMethod Algorithm="{forge.XENC11}aes256-gcm"/>',
        "encrypted-data": find(r"<xenc:EncryptedData .*</xenc:EncryptedData>", sealed),
    }.items():
        yield bad(
            structure,
            f"no-{name}",
            response(changed(sealed, old, "")),
            "nothing says how",
            "XML Encryption §3",
            **opened,
        )
    for name, old in {"mask": "mgf1sha256", "digest": "xmlenc#sha256"}.items():
        yield bad(
            "saml_encryption_unsupported",
            f"oaep-unknown-{name}",
            response(
                changed(
                    encrypt(inner, transport="oaep", digest="sha256", mgf="sha256"),
                    old,
                    old.replace("256", "224"),
                )
            ),
            "not on the list",
            "XML Encryption 1.1 §5.5.2",
            **opened,
        )
    second_key = find(r"<xenc:EncryptedKey .*</xenc:EncryptedKey>", encrypt(inner)).replace(
        "_key-1", "_key-2"
    )
    yield bad(
        structure,
        "two-encrypted-keys",
        response(encrypt(inner, extra_key=second_key)),
        "one RSA operation a response",
        "XML Encryption §3.5",
        **opened,
    )
    yield bad(
        structure,
        "cipher-reference",
        response(encrypt(inner, cipher_data='<xenc:CipherReference URI="https://x.example"/>')),
        "nothing is fetched",
        "XML Encryption §3.3.1",
        **opened,
    )
    yield bad(
        structure,
        "no-encrypted-key",
        response(re.sub(r"<xenc:EncryptedKey .*</xenc:EncryptedKey>", "", encrypt(inner))),
        "a key that only the sender has",
        "XML Encryption §3.5",
        **opened,
    )
    yield bad(
        "saml_encoding_invalid",
        "cipher-value-not-base64",
        response(
            re.sub(
                r"(<xenc:CipherValue>)(?=[^<]*</xenc:CipherValue></xenc:CipherData>"
                r"</xenc:EncryptedData>)",
                r"\1%",
                encrypt(inner),
            )
        ),
        "strict base64",
        "XML Encryption §3.3",
        **opened,
    )
    yield bad(
        "saml_digest_mismatch",
        "ciphertext-exchanged-under-the-response-signature",
        changed(
            sign(response(encrypt(unsigned)), "R"),
            encrypt_value(unsigned),
            encrypt_value(finish(assertion(name_id="mallory"))),
        ),
        "the response is verified before anything is decrypted",
        CORE54,
        **opened,
    )


def encrypt_value(plaintext: str) -> str:
    return re.findall(r"<xenc:CipherValue>([^<]*)", encrypt(plaintext))[-1]
