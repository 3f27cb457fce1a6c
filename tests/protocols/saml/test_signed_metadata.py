"""Metadata that a pinned key vouches for: what is read is what was signed, and nothing else."""

from __future__ import annotations

import pytest
from signxml import SignatureConstructionMethod, XMLSigner

from peers.certificates import KeyPair
from protocols.saml.material import NOW
from support.metadata import document, fingerprint, key_pair
from vestibule.errors import SamlError
from vestibule.protocols.saml import (
    Certificate,
    read_certificate,
    read_private_key,
    sign_enveloped,
    verify_idp_metadata,
)
from vestibule.protocols.saml.xml import parse, serialize

ENTITY, SSO = "https://idp.example", "https://idp.example/sso"
OURS, THEIRS, EVIL = key_pair(0), key_pair(1), key_pair(9)
MD = 'xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata"'


def pinned(*pairs: KeyPair) -> tuple[Certificate, ...]:
    return tuple(read_certificate(pair.certificate_pem) for pair in pairs)


def entity(*listed: KeyPair, signed_by: KeyPair | None = OURS, **options: str) -> bytes:
    pems = [pair.certificate_pem for pair in listed or (OURS,)]
    return document(ENTITY, SSO, pems, signed_by=signed_by, **options)  # type: ignore[arg-type]


def inside(*entities: bytes, attributes: str = "") -> bytes:
    return (
        f'<md:EntitiesDescriptor {MD} ID="_all"{attributes}>'.encode()
        + b"".join(entities)
        + b"</md:EntitiesDescriptor>"
    )


def refused_for(body: bytes, *pairs: KeyPair) -> str:
    with pytest.raises(SamlError) as refused:
        verify_idp_metadata(body, pinned(*(pairs or (OURS,))), now=NOW)
    return refused.value.code


def test_a_pinned_key_vouches_for_what_it_has_signed() -> None:
    found = verify_idp_metadata(entity(OURS, THEIRS), pinned(EVIL, OURS), now=NOW)
    assert found.signed_by.fingerprint_sha256 == fingerprint(OURS.certificate_pem)
    assert [c.fingerprint_sha256 for c in found.metadata.certificates] == [
        fingerprint(OURS.certificate_pem),
        fingerprint(THEIRS.certificate_pem),
    ]


def test_a_signature_of_other_software_is_verified_too() -> None:
    """With comments and white space in it, as people publish it."""
    plain = entity(signed_by=None).replace(b"<md:IDPSSO", b"\n <!-- ours -->\n <md:IDPSSO")
    signer = XMLSigner(
        method=SignatureConstructionMethod.enveloped,
        c14n_algorithm="http://www.w3.org/2001/10/xml-exc-c14n#",
    )
    root = signer.sign(
        parse(plain, comments=True), key=OURS.key_pem.encode(), cert=OURS.certificate_pem,
        reference_uri="_metadata", id_attribute="ID",
    )  # fmt: skip
    body = serialize(root).replace(b"<md:IDPSSO", b"<!-- later --><md:IDPSSO")
    found = verify_idp_metadata(body, pinned(OURS), now=NOW)
    assert found.metadata.entity_id == ENTITY


def test_a_signature_by_another_key_vouches_for_nothing() -> None:
    assert refused_for(entity(EVIL, signed_by=EVIL)) == "saml_signature_invalid"
    assert refused_for(entity(signed_by=None)) == "saml_signature_missing"
    with pytest.raises(SamlError, match="saml_certificate_missing"):
        verify_idp_metadata(entity(), (), now=NOW)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (ENTITY.encode() + b'"', b'https://evil.example"'),
        (SSO.encode(), b"https://evil.example/sso"),
        (b'use="signing"', b'use="encryption"'),
        (b'ID="_metadata"', b'ID="_other"'),
    ],
)
def test_what_was_changed_after_signing_is_not_vouched_for(old: bytes, new: bytes) -> None:
    body = entity(OURS, THEIRS)
    assert old in body
    assert refused_for(body.replace(old, new, 1)) in {
        "saml_digest_mismatch",
        "saml_reference_invalid",
    }


def test_a_signed_entity_inside_an_unsigned_frame_counts_alone() -> None:
    """What stands in the frame is not signed, and so it is not read."""
    ends = ' validUntil="2026-06-02T00:00:00Z" cacheDuration="PT1S"'
    found = verify_idp_metadata(inside(entity(), attributes=ends), pinned(OURS), now=NOW)
    assert (found.metadata.valid_until, found.metadata.cache_duration) == (None, None)


def test_the_signature_of_the_frame_counts_when_the_entitys_own_does_not() -> None:
    frame = inside(entity(OURS, THEIRS, signed_by=EVIL))
    key = read_private_key(OURS.key_pem)
    body = sign_enveloped(frame, "_all", key, OURS.certificate_pem)
    found = verify_idp_metadata(body, pinned(OURS), now=NOW)
    assert len(found.metadata.certificates) == 2
    # And the entity's own, when the frame is signed by whoever gathers them.
    other = sign_enveloped(inside(entity()), "_all", read_private_key(EVIL.key_pem), None)
    assert verify_idp_metadata(other, pinned(OURS), now=NOW).metadata.entity_id == ENTITY


def test_a_signed_entity_that_is_hidden_vouches_for_no_other() -> None:
    """The wrapping attack: the truly signed one is carried along, and another is to be read."""
    true, evil = entity(), entity(EVIL, signed_by=None).replace(b'"_metadata"', b'"_evil"')
    hidden = evil.replace(
        b"<md:IDPSSODescriptor",
        b"<md:Extensions>" + true + b"</md:Extensions><md:IDPSSODescriptor", 1,
    )  # fmt: skip
    assert refused_for(hidden) == "saml_metadata_invalid"
    assert refused_for(inside(evil, true)) == "saml_metadata_invalid"
    start = true.index(b"<ds:Signature")
    end = true.index(b"</ds:Signature>") + len(b"</ds:Signature>")
    moved = evil.replace(b"<md:IDPSSODescriptor", true[start:end] + b"<md:IDPSSODescriptor", 1)
    assert refused_for(moved) == "saml_reference_invalid"
    # The same id as the signed one has.
    same = moved.replace(b'"_evil"', b'"_metadata"')
    assert refused_for(same) == "saml_digest_mismatch"


def test_signed_metadata_that_has_ended_is_refused() -> None:
    body = entity(valid_until="2026-06-01T12:00:00Z")
    assert refused_for(body) == "saml_metadata_expired"
