"""XML signatures in the one shape that SAML allows, and signatures over a redirect's query.

Owns the judgement whether an element was signed by a pinned key, and the making of such
signatures. What comes back from a verification is not "yes" but the very bytes that were
digested; whoever wants to know something reads it there and nowhere else.

Refuses to know where keys come from: KeyInfo is never opened. Knows nothing of responses,
issuers or times.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64encode
from itertools import islice
from typing import Final, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from vestibule.errors import VestibuleError, refusal

from .certificates import Certificate, PrivateKey, PublicKey
from .names import (
    CANONICALIZATION_METHOD,
    DIGEST_METHOD,
    DIGEST_VALUE,
    DIGESTS,
    DS,
    ENVELOPED_SIGNATURE,
    EXC_C14N,
    INSECURE_DIGESTS,
    INSECURE_SIGNATURE_ALGORITHMS,
    ISSUER,
    KEY_INFO,
    REFERENCE,
    RSA_SHA256,
    SHA256,
    SHA384,
    SHA512,
    SIGNATURE,
    SIGNATURE_ALGORITHMS,
    SIGNATURE_METHOD,
    SIGNATURE_VALUE,
    SIGNED_INFO,
    TRANSFORM,
    TRANSFORMS,
    HashName,
    SignatureAlgorithm,
)
from .xml import (
    Element,
    canonical_bytes,
    canonicalize,
    cut_out,
    decode_base64,
    descendants,
    find_by_id,
    local_name,
    parse,
    parse_again,
    serialize,
    text_of,
)

_HASHES: Final[dict[HashName, hashes.HashAlgorithm]] = {
    "sha1": hashes.SHA1(),  # noqa: S303 - reached only through `insecure_sha1`
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
_PKCS1: Final = padding.PKCS1v15()
_DIGEST: Final = {
    "sha1": hashlib.sha1,
    "sha256": hashlib.sha256,
    "sha384": hashlib.sha384,
    "sha512": hashlib.sha512,
}


# A SignedInfo of the one accepted shape has eleven elements. It is canonicalized before anybody is
# known to have signed it, so what is far larger must not get there.
_MAX_SIGNED_INFO: Final = 32


class Proof(NamedTuple):
    """What a good signature proves: these bytes, by this certificate's key."""

    octets: bytes
    certificate: Certificate
    sha1: bool


class _Reference(NamedTuple):
    transform: Element
    hash: HashName
    digest: bytes


def verify_enveloped(
    parent: Element, keys: tuple[Certificate, ...], *, insecure_sha1: bool = False
) -> bytes:
    """Verify the signature that stands directly in `parent` and covers all of it.

    Returns the canonical bytes that were digested. The signature is cut out of `parent` on the
    way, so the tree is used up; parse the returned bytes to read on.

    Raises:
        SamlError: saml_certificate_missing, saml_signature_missing, saml_signature_malformed,
            saml_reference_invalid, saml_transform_forbidden, saml_algorithm_forbidden,
            saml_canonicalization_failed, saml_signature_invalid, saml_digest_mismatch
            (SAML Core §5.4, XML-DSig §3.2).
    """
    return prove_enveloped(parent, keys, insecure_sha1=insecure_sha1).octets


def prove_enveloped(
    parent: Element, keys: tuple[Certificate, ...], *, insecure_sha1: bool = False
) -> Proof:
    """The same, and by which of the keys."""
    if not keys:
        raise refusal("saml_certificate_missing")
    signature, signed_info, signature_value = _parts(parent)
    if next(islice(descendants(signed_info), _MAX_SIGNED_INFO, None), None) is not None:
        raise refusal(
            "saml_signature_malformed", want=f"at most {_MAX_SIGNED_INFO} elements in SignedInfo"
        )

    # XML-DSig §3.2.2: what was signed is the canonical form of SignedInfo. Everything that
    # SignedInfo says is taken from those bytes, so that no second reading can differ from it.
    octets = canonicalize(signed_info, _first(signed_info, CANONICALIZATION_METHOD))
    method, reference_element = _shape_of_signed_info(parse_again(octets))
    algorithm = _algorithm(method, insecure_sha1)
    reference = _read_reference(reference_element, parent.get("ID", ""), insecure_sha1)
    certificate = _verify(octets, _base64(signature_value), algorithm, keys)

    # XML-DSig §3.2.1: what the reference digests.
    cut_out(parent, signature)
    content = canonicalize(parent, reference.transform)
    digest = _DIGEST[reference.hash](content).digest()
    if not hmac.compare_digest(digest, reference.digest):
        raise refusal("saml_digest_mismatch")
    return Proof(content, certificate, "sha1" in (algorithm.hash, reference.hash))


def _parts(parent: Element) -> tuple[Element, Element, Element]:
    found = parent.findall(SIGNATURE)
    if not found:
        raise refusal("saml_signature_missing", detail=f"in {local_name(parent.tag)}")
    if len(found) > 1:
        raise refusal("saml_signature_malformed", want="one Signature", got=str(len(found)))
    children = list(found[0])
    tags = [child.tag for child in children]
    # Not even an Object, which the standard allows: it lies outside of every digest.
    if tags not in ([SIGNED_INFO, SIGNATURE_VALUE, KEY_INFO], [SIGNED_INFO, SIGNATURE_VALUE]):
        raise refusal(
            "saml_signature_malformed",
            want="SignedInfo, SignatureValue, KeyInfo",
            got=", ".join(map(local_name, tags)),
        )
    return found[0], children[0], children[1]


def _first(parent: Element, tag: str) -> Element:
    if not len(parent) or parent[0].tag != tag:
        raise refusal(
            "saml_signature_malformed", want=f"{local_name(tag)} in {local_name(parent.tag)}"
        )
    return parent[0]


def _shape_of_signed_info(signed_info: Element) -> tuple[Element, Element]:
    children = list(signed_info)
    tags = [child.tag for child in children]
    if tags != [CANONICALIZATION_METHOD, SIGNATURE_METHOD, REFERENCE]:
        raise refusal(
            "saml_signature_malformed",
            want="CanonicalizationMethod, SignatureMethod, one Reference",
            got=", ".join(map(local_name, tags)),
        )
    # HMACOutputLength and the parameters of generic RSA-PSS live here; we know neither.
    if len(children[1]):
        raise refusal("saml_signature_malformed", want="an empty SignatureMethod")
    return children[1], children[2]


def _algorithm(method: Element, insecure_sha1: bool) -> SignatureAlgorithm:
    uri = method.get("Algorithm", "")
    algorithm = SIGNATURE_ALGORITHMS.get(uri)
    if algorithm is None and insecure_sha1:
        algorithm = INSECURE_SIGNATURE_ALGORITHMS.get(uri)
    if algorithm is None:
        raise refusal("saml_algorithm_forbidden", want="RSA or ECDSA with SHA-256", got=uri)
    return algorithm


def _read_reference(reference: Element, parent_id: str, insecure_sha1: bool) -> _Reference:
    uri = reference.get("URI")
    if not parent_id or uri != "#" + parent_id:
        raise refusal("saml_reference_invalid", want="#" + parent_id, got=uri or "nothing")
    children = list(reference)
    tags = [child.tag for child in children]
    if tags != [TRANSFORMS, DIGEST_METHOD, DIGEST_VALUE]:
        raise refusal(
            "saml_signature_malformed",
            want="Transforms, DigestMethod, DigestValue",
            got=", ".join(map(local_name, tags)),
        )
    transforms, digest_method, digest_value = children
    uri = digest_method.get("Algorithm", "")
    digest = DIGESTS.get(uri) or (INSECURE_DIGESTS.get(uri) if insecure_sha1 else None)
    if digest is None:
        raise refusal("saml_algorithm_forbidden", want="SHA-256 or stronger", got=uri)
    return _Reference(_read_transforms(transforms), digest, _base64(digest_value))


def _read_transforms(transforms: Element) -> Element:
    steps = list(transforms)
    if (
        len(steps) != 2
        or [step.tag for step in steps] != [TRANSFORM, TRANSFORM]
        or steps[0].get("Algorithm") != ENVELOPED_SIGNATURE
        or len(steps[0])
    ):
        raise refusal(
            "saml_transform_forbidden",
            want="enveloped-signature, then one canonicalization",
            got=", ".join(str(step.get("Algorithm")) for step in steps[:5]),
        )
    return steps[1]


def _base64(element: Element) -> bytes:
    try:
        octets = decode_base64(text_of(element))
    except VestibuleError:
        octets = b""
    if not octets:
        raise refusal("saml_signature_malformed", want=f"base64 in {local_name(element.tag)}")
    return octets


# --- keys -------------------------------------------------------------------------------------


def _verify(
    octets: bytes,
    signature: bytes,
    algorithm: SignatureAlgorithm,
    keys: tuple[Certificate, ...],
) -> Certificate:
    """The first of `keys` that made `signature`. A key is only asked for what its type can do."""
    for certificate in keys:
        try:
            if _verify_with(certificate.public_key, octets, signature, algorithm):
                return certificate
        except InvalidSignature:
            continue
    raise refusal(
        "saml_signature_invalid",
        want=f"one of {len(keys)} pinned certificates",
        got=f"{algorithm.scheme} with {algorithm.hash}",
    )


def _verify_with(
    key: PublicKey, octets: bytes, signature: bytes, algorithm: SignatureAlgorithm
) -> bool:
    """Verify, or raise InvalidSignature; False when the key cannot do the algorithm at all."""
    digest = _HASHES[algorithm.hash]
    if algorithm.scheme == "ecdsa":
        if not isinstance(key, ec.EllipticCurvePublicKey):
            return False
        # XML-DSig §6.4.2: r and s in equal halves, each as long as the curve's order.
        half = (key.curve.key_size + 7) // 8
        if len(signature) != 2 * half:
            raise InvalidSignature
        r = int.from_bytes(signature[:half], "big")
        s = int.from_bytes(signature[half:], "big")
        key.verify(encode_dss_signature(r, s), octets, ec.ECDSA(digest))
        return True
    if not isinstance(key, rsa.RSAPublicKey):
        return False
    scheme: padding.AsymmetricPadding = _PKCS1
    if algorithm.scheme == "rsa-pss":
        # RFC 6931 §2.3.10 lets the salt be as long as the hash; some signers make it longer.
        scheme = padding.PSS(padding.MGF1(digest), padding.PSS.AUTO)
    key.verify(signature, octets, scheme, digest)
    return True


# --- signing ----------------------------------------------------------------------------------

_DIGEST_FOR: Final[dict[HashName, str]] = {"sha256": SHA256, "sha384": SHA384, "sha512": SHA512}


def sign_enveloped(
    xml: bytes,
    element_id: str,
    key: PrivateKey,
    certificate_pem: str | None,
    *,
    algorithm: str = RSA_SHA256,
) -> bytes:
    """Sign the element whose ID is `element_id`; the signature goes behind its Issuer.

    Where there is no Issuer, as in metadata, it becomes the first child. Meant for documents
    that we built: a document without that one ID is a programming error and raises ValueError.
    """
    scheme, hash_name = SIGNATURE_ALGORITHMS[algorithm]
    if scheme == "ecdsa":
        raise ValueError("our own keys are RSA keys")
    root = parse(xml)
    parent = find_by_id(root, element_id)
    if parent is None:
        raise ValueError("no such ID, or more than one")
    digest = _DIGEST[hash_name](canonical_bytes(parent)).digest()
    signature = parse_again(
        _skeleton(element_id, algorithm, hash_name, digest, certificate_pem).encode()
    )
    issuer = parent.find(ISSUER)
    parent.insert(0 if issuer is None else parent.index(issuer) + 1, signature)
    # In its place, because the place may have brought namespaces along.
    octets = canonical_bytes(signature[0])
    hashing = _HASHES[hash_name]
    pad: padding.AsymmetricPadding = _PKCS1
    if scheme == "rsa-pss":
        pad = padding.PSS(padding.MGF1(hashing), padding.PSS.DIGEST_LENGTH)
    signature[1].text = b64encode(key.sign(octets, pad, hashing)).decode()
    return serialize(root)


def _skeleton(
    element_id: str, algorithm: str, hash_name: HashName, digest: bytes, pem: str | None
) -> str:
    key_info = ""
    if pem is not None:
        body = "".join(line for line in pem.splitlines() if "-----" not in line)
        key_info = (
            "<ds:KeyInfo><ds:X509Data><ds:X509Certificate>"
            f"{body}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>"
        )
    return (
        f'<ds:Signature xmlns:ds="{DS}"><ds:SignedInfo>'
        f'<ds:CanonicalizationMethod Algorithm="{EXC_C14N}"/>'
        f'<ds:SignatureMethod Algorithm="{algorithm}"/>'
        f'<ds:Reference URI="#{element_id}"><ds:Transforms>'
        f'<ds:Transform Algorithm="{ENVELOPED_SIGNATURE}"/>'
        f'<ds:Transform Algorithm="{EXC_C14N}"/></ds:Transforms>'
        f'<ds:DigestMethod Algorithm="{_DIGEST_FOR[hash_name]}"/>'
        f"<ds:DigestValue>{b64encode(digest).decode()}</ds:DigestValue></ds:Reference>"
        f"</ds:SignedInfo><ds:SignatureValue/>{key_info}</ds:Signature>"
    )


def sign_query(octets: bytes, key: PrivateKey) -> bytes:
    """RSA-SHA256 over the octets of a query, as they stand on the wire (SAML Bindings §3.4.4.1)."""
    return key.sign(octets, _PKCS1, _HASHES["sha256"])


def verify_query(
    octets: bytes, signature: bytes, keys: tuple[Certificate, ...], *, algorithm: str = RSA_SHA256
) -> None:
    """Verify a query's signature over the raw octets, never over parameters put together again.

    Raises:
        SamlError: saml_certificate_missing, saml_algorithm_forbidden, saml_signature_invalid.
    """
    if not keys:
        raise refusal("saml_certificate_missing")
    known = SIGNATURE_ALGORITHMS.get(algorithm)
    if known is None:
        raise refusal("saml_algorithm_forbidden", want="RSA or ECDSA with SHA-256", got=algorithm)
    _verify(octets, signature, known, keys)
