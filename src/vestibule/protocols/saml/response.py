"""From a posted form field to an assertion that may be acted upon.

Owns the order of things: shape first, then signatures, and from then on only the bytes that a
signature covers. Refuses to know which connection or request a response belongs to; it is told
in `Expectations`, and never lets the document choose. Has no memory, so replay is the caller's.

A response comes in four forms: the assertion plain or encrypted, and the signature on the
response, on the assertion, or on both. `verify_response` tells them apart once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, NamedTuple

from vestibule.errors import VestibuleError, refusal

from .assertion import (
    Expectations,
    Signed,
    VerifiedAssertion,
    check_in_response_to,
    check_issuer,
    judge_assertion,
)
from .certificates import PrivateKey, read_private_key
from .encryption import decrypt_assertion, decryption_failed
from .names import (
    ASSERTION,
    ENCRYPTED_ASSERTION,
    EXTENSIONS,
    ISSUER,
    RESPONSE,
    SIGNATURE,
    STATUS,
    STATUS_CODE,
    STATUS_DETAIL,
    STATUS_MESSAGE,
    STATUS_SUCCESS,
    SUBJECT,
    SUBJECT_CONFIRMATION,
    SUBJECT_CONFIRMATION_DATA,
    XS,
    XSI,
    CipherMode,
)
from .signature import Proof, prove_enveloped
from .xml import (
    MAX_BYTES,
    Element,
    children_in_order,
    decode_base64,
    descendants,
    local_name,
    parse,
    parse_again,
    parse_in_context,
    read_time,
    text_of,
)

__all__ = [
    "Expectations",
    "UnverifiedResponse",
    "VerifiedAssertion",
    "read_response",
    "verify_response",
]

_RESPONSE_ORDER: Final = {
    ISSUER: 0,
    SIGNATURE: 1,
    EXTENSIONS: 2,
    STATUS: 3,
    ASSERTION: 4,
    ENCRYPTED_ASSERTION: 4,
}
_STATUS_ORDER: Final = {STATUS_CODE: 0, STATUS_MESSAGE: 1, STATUS_DETAIL: 2}
_RESPONSE_ATTRIBUTES: Final = frozenset(
    {"ID", "Version", "IssueInstant", "Destination", "InResponseTo", "Consent"}
)
_ASSERTION_ATTRIBUTES: Final = frozenset({"ID", "Version", "IssueInstant"})
# An NCName, except that some identity providers begin with a digit.
_ID: Final = re.compile(r"[\w.-]{1,256}")


class _Outline(NamedTuple):
    """The parts of a response, found by their places, and all of them untrusted."""

    root: Element
    parts: dict[str, Element]
    assertion: Element | None
    response_signed: bool
    assertion_signed: bool


@dataclass(frozen=True, slots=True)
class UnverifiedResponse:
    """A response of the right shape that nobody has vouched for.

    What it says of itself serves to find the stored request, and for nothing else.
    """

    document: bytes = field(repr=False)
    response_id: str
    unverified_issuer: str | None
    unverified_in_response_to: str | None
    _outlines: list[_Outline] = field(repr=False, compare=False)

    def take_outline(self) -> _Outline:
        """The parsed response. Verifying uses it up, so a second call parses once more."""
        return self._outlines.pop() if self._outlines else _outline(parse(self.document))


# --- reading ----------------------------------------------------------------------------------


def read_response(saml_response_b64: str) -> UnverifiedResponse:
    """Parse the form field `SAMLResponse` and check its shape; trust nothing.

    Exactly one assertion, plain or encrypted, may stand in the whole document, and signatures
    only where SAML puts them, so that a wrapped copy has nowhere to be.

    Raises:
        SamlError: saml_response_missing, saml_too_large, saml_too_complex,
            saml_encoding_invalid, saml_xml_invalid, saml_xml_forbidden, saml_structure_invalid,
            saml_id_duplicate, saml_assertion_count, saml_signature_malformed,
            saml_version_unsupported.
    """
    if not saml_response_b64:
        raise refusal("saml_response_missing")
    if len(saml_response_b64) > MAX_BYTES * 3 // 2:
        raise refusal("saml_too_large", got=f"{len(saml_response_b64)} characters of base64")
    document = decode_base64(saml_response_b64)
    outline = _outline(parse(document))
    return UnverifiedResponse(
        document=document,
        response_id=outline.root.get("ID", ""),
        unverified_issuer=_claimed_issuer(outline),
        unverified_in_response_to=_claimed_request(outline),
        _outlines=[outline],
    )


def _outline(root: Element) -> _Outline:
    if root.tag != RESPONSE:
        raise refusal("saml_structure_invalid", want="samlp:Response", got=local_name(root.tag))
    assertion: Element | None = None
    signed: list[Element] = []
    for element in descendants(root, RESPONSE, ASSERTION, ENCRYPTED_ASSERTION, SIGNATURE):
        tag = element.tag
        parent = element.getparent()
        if tag == SIGNATURE:
            if parent is None or parent not in (root, assertion):
                raise refusal(
                    "saml_signature_malformed", want="Signature in Response or Assertion only"
                )
            if parent in signed:
                raise refusal("saml_signature_malformed", want="one Signature in its parent")
            _check_place(element)
            signed.append(parent)
        elif tag == RESPONSE:
            if element is not root:
                raise refusal("saml_structure_invalid", want="one Response")
        elif parent is not root or assertion is not None:
            raise refusal("saml_assertion_count", want="one, directly in the Response")
        else:
            assertion = element
    _check_attributes(root, _RESPONSE_ATTRIBUTES)
    parts = _parts(root)
    if root.get("Version") != "2.0":
        raise refusal("saml_version_unsupported", want="2.0", got=root.get("Version"))
    if assertion is not None and assertion.tag == ASSERTION:
        _check_attributes(assertion, _ASSERTION_ATTRIBUTES)
    return _Outline(root, parts, assertion, root in signed, assertion in signed)


def _parts(response: Element) -> dict[str, Element]:
    """The children of a response by name; none can be there twice."""
    return {child.tag: child for child in children_in_order(response, _RESPONSE_ORDER)}


def _check_place(signature: Element) -> None:
    """Core §2.3.3, §3.2.2: directly behind Issuer, or first where a Response has none."""
    before = signature.getprevious()
    parent = signature.getparent()
    issuer = None if parent is None else parent.find(ISSUER)
    if before is not issuer:
        raise refusal("saml_structure_invalid", want="Signature directly behind Issuer")


def _check_attributes(element: Element, allowed: frozenset[str]) -> None:
    """No attribute beyond the schema's: an `Id` beside `ID` is for fooling somebody."""
    for name in element.keys():  # noqa: SIM118 - an element iterates over its children
        if name not in allowed and not str(name).startswith(f"{{{XSI}}}"):
            raise refusal(
                "saml_structure_invalid",
                want=f"no such attribute on {local_name(element.tag)}",
                got=str(name),
            )
    if not _ID.fullmatch(element.get("ID", "")):
        raise refusal("saml_structure_invalid", want="an ID", got=element.get("ID"))


def _claimed_issuer(outline: _Outline) -> str | None:
    issuer = outline.parts.get(ISSUER)
    if issuer is None and outline.assertion is not None:
        issuer = outline.assertion.find(ISSUER)
    return None if issuer is None else text_of(issuer)


def _claimed_request(outline: _Outline) -> str | None:
    claimed = outline.root.get("InResponseTo")
    if claimed is None and outline.assertion is not None:
        # Core lets the Response stay silent where the confirmation speaks.
        data = outline.assertion.find(
            f"{SUBJECT}/{SUBJECT_CONFIRMATION}/{SUBJECT_CONFIRMATION_DATA}"
        )
        claimed = None if data is None else data.get("InResponseTo")
    return claimed


# --- verifying --------------------------------------------------------------------------------


def verify_response(
    unverified: UnverifiedResponse, expected: Expectations, *, now: datetime
) -> VerifiedAssertion:
    """Turn an untrusted SAML response into an assertion we may act on.

    The signatures are judged first, every one that is there, and from then on only the bytes
    they cover are read; nothing found elsewhere in the document can reach the result. Replay is
    not judged here: the caller must remember `assertion_id` until `replay_until`.

    Args:
        unverified: what `read_response` made of the posted form field.
        expected: the connection and the sign-in that the response must fit.
        now: current time, aware, in UTC.

    Raises:
        SamlError: with `want` and `got` filled where a comparison failed.
            saml_certificate_missing
            saml_signature_missing, saml_signature_malformed, saml_signature_invalid,
            saml_digest_mismatch, saml_reference_invalid, saml_transform_forbidden,
            saml_algorithm_forbidden, saml_canonicalization_failed    Core §5.4, XML-DSig §3.2
            saml_encryption_unsupported, saml_legacy_encryption,
            saml_decryption_failed                                    XML Encryption §4.4
            saml_status_not_success, saml_assertion_count             Core §3.2.2
            saml_issuer_mismatch, saml_destination_mismatch           Core §2.2.5, §3.2.2
            saml_name_id_missing, saml_subject_confirmation_missing,
            saml_recipient_mismatch, saml_subject_expired,
            saml_request_mismatch, saml_unsolicited                   Profiles §4.1.4.3, §4.1.5
            saml_audience_missing, saml_audience_mismatch, saml_not_yet_valid, saml_expired,
            saml_condition_unknown                                    Core §2.5.1
            saml_authn_statement_missing, saml_session_expired        Core §2.7.2
            saml_time_invalid, saml_value_invalid, saml_structure_invalid
    """
    if not expected.certificates:
        raise refusal("saml_certificate_missing")
    outline = unverified.take_outline()
    keys = tuple(read_private_key(pem) for pem in expected.decryption_keys)
    proofs: list[Proof] = []

    # The response first: cutting its signature out leaves the assertion's own digest alone,
    # while the other order would change what the response's signature covers.
    response = outline.root
    if outline.response_signed:
        proofs.append(_prove(response, expected))
        response = parse_again(proofs[0].octets)
    parts = _parts(response) if outline.response_signed else outline.parts
    _check_response(response, parts, expected, signed=outline.response_signed)

    mode: CipherMode | None = None
    if outline.assertion is None:
        raise refusal("saml_assertion_count", want="one", got="none")
    if outline.assertion.tag == ENCRYPTED_ASSERTION:
        encrypted = parts[ENCRYPTED_ASSERTION]
        assertion, mode = _open_assertion(outline, encrypted, keys, expected, proofs)
    elif outline.assertion_signed:
        proofs.append(_prove(outline.assertion, expected))
        assertion = parse_again(proofs[-1].octets)
    elif outline.response_signed:
        assertion = parts[ASSERTION]
    else:
        raise refusal("saml_signature_missing")

    legacy: list[CipherMode | None] = [mode]

    def decrypt(element: Element, tag: str) -> Element:
        plaintext, inner_mode = decrypt_assertion(
            element, keys, insecure_legacy=expected.insecure_legacy_encryption
        )
        legacy.append(inner_mode)
        return _parse_plaintext(plaintext, _namespaces(element), tag)

    verified = judge_assertion(
        assertion,
        expected,
        now=now,
        decrypt=decrypt,
        signed=_signed(outline, proofs),
        signed_by=tuple(proof.certificate.fingerprint_sha256 for proof in proofs),
        encrypted=mode is not None,
        warnings=(),
    )
    warnings = _warnings(proofs, legacy, now)
    return replace(verified, warnings=warnings) if warnings else verified


def _prove(parent: Element, expected: Expectations) -> Proof:
    return prove_enveloped(parent, expected.certificates, insecure_sha1=expected.insecure_sha1)


def _signed(outline: _Outline, proofs: list[Proof]) -> Signed:
    if len(proofs) == 2:
        return "both"
    return "response" if outline.response_signed else "assertion"


def _warnings(
    proofs: list[Proof], modes: list[CipherMode | None], now: datetime
) -> tuple[str, ...]:
    found: list[str] = []
    if any(proof.certificate.not_after < now for proof in proofs):
        found.append("signed with an expired certificate")
    if any(proof.sha1 for proof in proofs):
        found.append("sha1")
    if "3des-cbc" in modes:
        found.append("legacy encryption")
    return tuple(found)


def _check_response(
    response: Element, parts: dict[str, Element], expected: Expectations, *, signed: bool
) -> None:
    """Core §3.2.2. When the response is unsigned these checks can only refuse, never vouch."""
    _check_status(parts.get(STATUS))
    read_time(response.get("IssueInstant", ""))
    if ISSUER in parts:
        check_issuer(parts[ISSUER], expected.idp_entity_id)
    destination = response.get("Destination")
    # Bindings §3.5.5.2: a signed response must say where it was sent.
    if (signed or destination is not None) and destination not in expected.acs_urls:
        raise refusal(
            "saml_destination_mismatch",
            want=" or ".join(expected.acs_urls),
            got=destination or "no Destination",
        )
    in_response_to = response.get("InResponseTo")
    if in_response_to is not None:
        check_in_response_to(in_response_to, expected.request_id)


def _check_status(status: Element | None) -> None:
    children = [] if status is None else children_in_order(status, _STATUS_ORDER)
    if not children or children[0].tag != STATUS_CODE:
        raise refusal("saml_structure_invalid", want="Status with a StatusCode")
    code: Element | None = children[0]
    if children[0].get("Value") == STATUS_SUCCESS:
        return
    chain = []
    while code is not None:
        chain.append(code.get("Value", ""))
        code = code.find(STATUS_CODE)
    told = " / ".join(chain)
    if len(children) > 1 and children[1].tag == STATUS_MESSAGE:
        told += ": " + "".join(map(str, children[1].itertext()))
    raise refusal("saml_status_not_success", want=STATUS_SUCCESS, got=told)


# --- encrypted --------------------------------------------------------------------------------


def _open_assertion(
    outline: _Outline,
    encrypted: Element,
    keys: tuple[PrivateKey, ...],
    expected: Expectations,
    proofs: list[Proof],
) -> tuple[Element, CipherMode]:
    """Decrypt the assertion and see that somebody we know answers for it.

    Encrypting proves nothing, so the assertion must be signed inside, or the whole response must
    have been verified before. With CBC and no such response, everything up to the verified inner
    signature has the one face of a failed decryption: whoever can send altered ciphertexts must
    not learn which of them became well-formed XML.
    """
    # `encrypted` is the verified one, when the response is signed; the original shows the
    # namespaces that its canonical form has dropped.
    original = outline.parts[ENCRYPTED_ASSERTION]
    plaintext, mode = decrypt_assertion(
        encrypted, keys, insecure_legacy=expected.insecure_legacy_encryption
    )
    try:
        inside = _parse_plaintext(plaintext, _namespaces(original), ASSERTION)
        signed = _check_decrypted(inside, unverified_id=outline.root.get("ID", ""))
        if signed:
            proofs.append(_prove(inside, expected))
            return parse_again(proofs[-1].octets), mode
        if not outline.response_signed or mode == "3des-cbc":
            raise refusal("saml_signature_missing", detail="on the decrypted assertion")
    except VestibuleError:
        if mode == "gcm" or outline.response_signed:
            raise
        raise decryption_failed() from None
    if inside.getparent() is None:
        return inside, mode  # it needed no namespaces from outside
    # Only the response is signed. Namespaces that its canonical form does not show are unsigned;
    # those of XML Schema may come along, because nothing is read by them.
    borrowed = {prefix: uri for prefix, uri in _namespaces(original).items() if uri in (XS, XSI)}
    inside = _parse_plaintext(plaintext, borrowed | _namespaces(encrypted), ASSERTION)
    return inside, mode


def _namespaces(element: Element) -> dict[str | None, str]:
    return dict(element.nsmap)


def _parse_plaintext(plaintext: bytes, namespaces: dict[str | None, str], tag: str) -> Element:
    try:
        return parse_in_context(plaintext, namespaces, tag)
    except VestibuleError:
        raise decryption_failed() from None


def _check_decrypted(assertion: Element, *, unverified_id: str) -> bool:
    """The shape of a decrypted assertion; whether it is signed."""
    found = list(descendants(assertion, RESPONSE, ASSERTION, ENCRYPTED_ASSERTION))
    if found != [assertion]:
        raise refusal("saml_assertion_count", want="one inside the encryption")
    signatures = list(descendants(assertion, SIGNATURE))
    if len(signatures) > 1 or any(each.getparent() is not assertion for each in signatures):
        raise refusal("saml_signature_malformed", want="one Signature, in the Assertion")
    _check_attributes(assertion, _ASSERTION_ATTRIBUTES)
    for signature in signatures:
        _check_place(signature)
    if assertion.get("ID") == unverified_id:
        raise refusal("saml_id_duplicate", got=unverified_id)
    return bool(signatures)
