"""Single logout: the messages that end a session on both sides (SAML Core §3.7, Profiles §4.4).

Owns what a LogoutRequest and a LogoutResponse must look like, and the judgement whether one was
sent by this connection's identity provider, to us, now. A signature is required of every message:
without it, whoever knows an address could sign its owner out.

Refuses to know sessions: it says whom the provider means, and others say what that ends. Has no
memory; that a request is used once is the caller's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from vestibule.errors import VestibuleError, refusal

from .assertion import check_issuer
from .bindings import UnverifiedMessage, parse_message, verify_message
from .certificates import Certificate, read_private_key
from .encryption import decrypt_assertion, decryption_failed
from .names import (
    BASE_ID,
    ENCRYPTED_ID,
    EXTENSIONS,
    ISSUER,
    LOGOUT_REQUEST,
    LOGOUT_RESPONSE,
    NAME_ID,
    SAML,
    SAMLP,
    SESSION_INDEX,
    SIGNATURE,
    STATUS,
    STATUS_CODE,
    STATUS_DETAIL,
    STATUS_MESSAGE,
    STATUS_SUCCESS,
    XSI,
)
from .xml import (
    Element,
    children_in_order,
    escaped,
    local_name,
    parse_in_context,
    read_time,
    text_of,
    write_time,
)

REQUEST_LIFETIME: Final = timedelta(minutes=5)
_REASON_USER: Final = "urn:oasis:names:tc:SAML:2.0:logout:user"

_ABOVE: Final = {ISSUER: 0, SIGNATURE: 1, EXTENSIONS: 2}
_INDEX: Final = 4
_REQUEST_ORDER: Final = {
    **_ABOVE,
    BASE_ID: 3,
    NAME_ID: 3,
    ENCRYPTED_ID: 3,
    SESSION_INDEX: _INDEX,
}
_RESPONSE_ORDER: Final = {**_ABOVE, STATUS: 3}
_STATUS_ORDER: Final = {STATUS_CODE: 0, STATUS_MESSAGE: 1, STATUS_DETAIL: 2}
_COMMON: Final = frozenset({"ID", "Version", "IssueInstant", "Destination", "Consent"})
_REQUEST_ATTRIBUTES: Final = _COMMON | {"Reason", "NotOnOrAfter"}
_RESPONSE_ATTRIBUTES: Final = _COMMON | {"InResponseTo"}
_NAME_ID_ATTRIBUTES: Final = frozenset(
    {"Format", "NameQualifier", "SPNameQualifier", "SPProvidedID"}
)
_ID: Final = re.compile(r"[\w.-]{1,256}")


@dataclass(frozen=True, slots=True)
class NameId:
    """A person's name at the identity provider (SAML Core §2.2.3); "" where nothing was said."""

    value: str
    format: str = ""
    name_qualifier: str = ""
    sp_name_qualifier: str = ""


@dataclass(frozen=True, slots=True)
class LogoutExpectations:
    """What a logout message must fit: one connection, and for an answer the request it answers.

    Attributes:
        idp_entity_id: the connection's identity provider.
        certificates: the pinned signing certificates, any of which may have signed.
        logout_url: the one URL at which this connection takes logout messages.
        decryption_keys: private keys in PEM, tried in order, for an encrypted NameID.
        clock_skew: what we forgive on either side of a time.
        max_age: how long after its IssueInstant a message is still taken.
    """

    idp_entity_id: str
    certificates: tuple[Certificate, ...]
    logout_url: str
    decryption_keys: tuple[str, ...] = field(default=(), repr=False)
    clock_skew: timedelta = timedelta(minutes=2)
    max_age: timedelta = REQUEST_LIFETIME
    insecure_legacy_encryption: bool = False


@dataclass(frozen=True, slots=True)
class UnverifiedLogoutRequest:
    """A LogoutRequest of the right shape that nobody has vouched for.

    `unverified_name_id` is "" where it is encrypted.
    """

    message: UnverifiedMessage = field(repr=False)
    unverified_id: str
    unverified_issuer: str
    unverified_name_id: str
    unverified_session_indexes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UnverifiedLogoutResponse:
    """A LogoutResponse of the right shape. What it says it answers serves to find that request."""

    message: UnverifiedMessage = field(repr=False)
    unverified_in_response_to: str


@dataclass(frozen=True, slots=True)
class VerifiedLogoutRequest:
    """Whose session the identity provider wants ended, signed and meant for us.

    Without a session index every session of the person is meant. `id` has to be remembered until
    `replay_until`.
    """

    id: str
    issuer: str
    name_id: NameId
    session_indexes: tuple[str, ...]
    issued_at: datetime
    replay_until: datetime
    relay_state: str


@dataclass(frozen=True, slots=True)
class VerifiedLogoutResponse:
    """How the identity provider's side of a logout went; `status` is the chain of its codes."""

    id: str
    in_response_to: str
    status: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Everywhere, as far as the provider knows (Core §3.7.3.2)."""
        return self.status == (STATUS_SUCCESS,)


# --- building ---------------------------------------------------------------------------------


def build_logout_request(
    issuer: str,
    *,
    destination: str,
    request_id: str,
    name_id: NameId,
    session_index: str,
    now: datetime,
) -> bytes:
    """Build a LogoutRequest (SAML Core §3.7.1), unsigned. It must be signed before it goes out.

    `name_id` is repeated to the letter as the assertion had it, because the provider looks the
    session up by it; "" for `session_index` means every session of that name.
    """
    attributes = "".join(
        f' {name}="{escaped(value)}"'
        for name, value in (
            ("Format", name_id.format),
            ("NameQualifier", name_id.name_qualifier),
            ("SPNameQualifier", name_id.sp_name_qualifier),
        )
        if value
    )
    index = ""
    if session_index:
        index = f"<samlp:SessionIndex>{escaped(session_index)}</samlp:SessionIndex>"
    return (
        f'<samlp:LogoutRequest xmlns:samlp="{SAMLP}" xmlns:saml="{SAML}"'
        f' ID="{escaped(request_id)}" Version="2.0" IssueInstant="{write_time(now)}"'
        f' Destination="{escaped(destination)}"'
        f' NotOnOrAfter="{write_time(now + REQUEST_LIFETIME)}" Reason="{_REASON_USER}">'
        f"<saml:Issuer>{escaped(issuer)}</saml:Issuer>"
        f"<saml:NameID{attributes}>{escaped(name_id.value)}</saml:NameID>{index}"
        "</samlp:LogoutRequest>"
    ).encode()


def build_logout_response(
    issuer: str,
    *,
    destination: str,
    response_id: str,
    in_response_to: str,
    status: tuple[str, ...],
    now: datetime,
) -> bytes:
    """Build a LogoutResponse (SAML Core §3.7.2), unsigned. It must be signed before it goes out.

    `status` is the chain of status codes, the outermost first.
    """
    codes = ""
    for code in reversed(status):
        codes = f'<samlp:StatusCode Value="{escaped(code)}">{codes}</samlp:StatusCode>'
    return (
        f'<samlp:LogoutResponse xmlns:samlp="{SAMLP}" xmlns:saml="{SAML}"'
        f' ID="{escaped(response_id)}" Version="2.0" IssueInstant="{write_time(now)}"'
        f' Destination="{escaped(destination)}" InResponseTo="{escaped(in_response_to)}">'
        f"<saml:Issuer>{escaped(issuer)}</saml:Issuer>"
        f"<samlp:Status>{codes}</samlp:Status></samlp:LogoutResponse>"
    ).encode()


# --- reading ----------------------------------------------------------------------------------


def read_logout_request(message: UnverifiedMessage) -> UnverifiedLogoutRequest:
    """Check the shape of a LogoutRequest; trust nothing.

    Raises:
        SamlError: saml_logout_unsigned, saml_structure_invalid, saml_version_unsupported,
            saml_signature_malformed, saml_name_id_missing, and what the parser refuses.
    """
    root = parse_message(message, LOGOUT_REQUEST)
    parts, indexes = _request_parts(root)
    return UnverifiedLogoutRequest(
        message,
        root.get("ID", ""),
        text_of(parts[ISSUER]) if ISSUER in parts else "",
        text_of(parts[NAME_ID]) if NAME_ID in parts else "",
        tuple(text_of(element) for element in indexes),
    )


def read_logout_response(message: UnverifiedMessage) -> UnverifiedLogoutResponse:
    """Check the shape of a LogoutResponse; trust nothing.

    Raises:
        SamlError: as `read_logout_request`, but for the name.
    """
    root = parse_message(message, LOGOUT_RESPONSE)
    _response_parts(root)
    return UnverifiedLogoutResponse(message, root.get("InResponseTo", ""))


def _request_parts(root: Element) -> tuple[dict[str, Element], list[Element]]:
    """Issuer and name by their tags, and the session indexes."""
    _check_root(root, _REQUEST_ATTRIBUTES)
    parts: dict[str, Element] = {}
    indexes: list[Element] = []
    for child in children_in_order(root, _REQUEST_ORDER, _INDEX):
        if child.tag == SESSION_INDEX:
            indexes.append(child)
        else:
            parts[child.tag] = child
    if NAME_ID not in parts and ENCRYPTED_ID not in parts:
        raise refusal("saml_name_id_missing")
    return parts, indexes


def _response_parts(root: Element) -> dict[str, Element]:
    _check_root(root, _RESPONSE_ATTRIBUTES)
    parts = {child.tag: child for child in children_in_order(root, _RESPONSE_ORDER)}
    if STATUS not in parts:
        raise refusal("saml_structure_invalid", want="Status")
    return parts


def _check_root(root: Element, attributes: frozenset[str]) -> None:
    _check_attributes(root, attributes)
    if not _ID.fullmatch(root.get("ID", "")):
        raise refusal("saml_structure_invalid", want="an ID", got=root.get("ID"))
    if root.get("Version") != "2.0":
        raise refusal("saml_version_unsupported", want="2.0", got=root.get("Version"))


def _check_attributes(element: Element, allowed: frozenset[str]) -> None:
    for name in element.keys():  # noqa: SIM118 - an element iterates over its children
        if name not in allowed and not str(name).startswith(f"{{{XSI}}}"):
            raise refusal(
                "saml_structure_invalid",
                want=f"no such attribute on {local_name(element.tag)}",
                got=str(name),
            )


# --- verifying --------------------------------------------------------------------------------


def verify_logout_request(
    unverified: UnverifiedLogoutRequest, expected: LogoutExpectations, *, now: datetime
) -> VerifiedLogoutRequest:
    """Turn an untrusted LogoutRequest into one that we may act on (Profiles §4.4.4.1).

    The signature is judged first, and from then on only what it covers is read. Replay is not
    judged here: the caller must remember `id` until `replay_until`.

    Raises:
        SamlError: with `want` and `got` filled where a comparison failed.
            saml_certificate_missing
            saml_logout_unsigned, saml_signature_malformed, saml_signature_invalid,
            saml_digest_mismatch, saml_reference_invalid, saml_transform_forbidden,
            saml_algorithm_forbidden, saml_canonicalization_failed    Core §5.4, Bindings §3.4.4.1
            saml_issuer_mismatch, saml_logout_destination_mismatch    Core §3.2.1
            saml_logout_expired                                       Core §3.7.1
            saml_encryption_unsupported, saml_legacy_encryption,
            saml_decryption_failed, saml_name_id_missing              Core §2.2.4
            saml_structure_invalid, saml_time_invalid, saml_value_invalid
    """
    message = unverified.message
    root = verify_message(message, parse_message(message, LOGOUT_REQUEST), expected.certificates)
    parts, indexes = _request_parts(root)
    issuer = check_issuer(parts.get(ISSUER), expected.idp_entity_id)
    _check_destination(root, expected)
    issued_at = _check_time(root, expected, now)
    return VerifiedLogoutRequest(
        id=root.get("ID", ""),
        issuer=issuer,
        name_id=_read_name_id(parts, expected),
        session_indexes=tuple(_session_index(element) for element in indexes),
        issued_at=issued_at,
        replay_until=issued_at + expected.max_age + expected.clock_skew,
        relay_state=message.unverified_relay_state,
    )


def verify_logout_response(
    unverified: UnverifiedLogoutResponse,
    expected: LogoutExpectations,
    *,
    request_id: str,
    now: datetime,
) -> VerifiedLogoutResponse:
    """Turn an untrusted LogoutResponse into the provider's word on our request.

    Whatever its status, it is an answer: the session has ended here before we asked.

    Raises:
        SamlError: as `verify_logout_request`; saml_logout_unknown when it answers another request.
    """
    message = unverified.message
    root = verify_message(message, parse_message(message, LOGOUT_RESPONSE), expected.certificates)
    parts = _response_parts(root)
    check_issuer(parts.get(ISSUER), expected.idp_entity_id)
    _check_destination(root, expected)
    _check_time(root, expected, now)
    in_response_to = root.get("InResponseTo", "")
    if not request_id or in_response_to != request_id:
        raise refusal("saml_logout_unknown", want=request_id, got=in_response_to or "nothing")
    return VerifiedLogoutResponse(root.get("ID", ""), in_response_to, _status(parts[STATUS]))


def _check_destination(root: Element, expected: LogoutExpectations) -> None:
    """Bindings §3.4.5.2, §3.5.5.2: a signed message must say where it was sent."""
    destination = root.get("Destination")
    if destination != expected.logout_url:
        raise refusal(
            "saml_logout_destination_mismatch",
            want=expected.logout_url,
            got=destination or "no Destination",
        )


def _check_time(root: Element, expected: LogoutExpectations, now: datetime) -> datetime:
    """A message is fresh for a few minutes. Without such an end, one that was caught once could
    sign its person out for ever, and would have to be remembered as long."""
    issued_at = read_time(root.get("IssueInstant", ""))
    if now + expected.clock_skew < issued_at:
        raise refusal("saml_logout_expired", want=f"issued before {now}", got=str(issued_at))
    end = issued_at + expected.max_age
    if (given := root.get("NotOnOrAfter")) is not None:
        end = min(end, read_time(given))
    if now - expected.clock_skew >= end:
        raise refusal("saml_logout_expired", want=f"before {end}", got=str(now))
    return issued_at


def _read_name_id(parts: dict[str, Element], expected: LogoutExpectations) -> NameId:
    """The one name. It is decrypted only now: nobody unknown gets to ask what a key opens."""
    element = parts.get(NAME_ID)
    if element is None:
        element = _decrypt(parts[ENCRYPTED_ID], expected)
    _check_attributes(element, _NAME_ID_ATTRIBUTES)
    value = text_of(element)
    if not value:
        raise refusal("saml_name_id_missing", got="an empty NameID")
    return NameId(
        value,
        element.get("Format", ""),
        element.get("NameQualifier", ""),
        element.get("SPNameQualifier", ""),
    )


def _decrypt(element: Element, expected: LogoutExpectations) -> Element:
    keys = tuple(read_private_key(pem) for pem in expected.decryption_keys)
    plaintext, _ = decrypt_assertion(
        element, keys, insecure_legacy=expected.insecure_legacy_encryption
    )
    try:
        return parse_in_context(plaintext, dict(element.nsmap), NAME_ID)
    except VestibuleError:
        raise decryption_failed() from None


def _session_index(element: Element) -> str:
    index = text_of(element)
    if not index:
        # Read as nothing it would mean every session of the person.
        raise refusal("saml_structure_invalid", want="a SessionIndex that is not empty")
    return index


def _status(status: Element) -> tuple[str, ...]:
    children = children_in_order(status, _STATUS_ORDER)
    if not children or children[0].tag != STATUS_CODE:
        raise refusal("saml_structure_invalid", want="Status with a StatusCode")
    chain: list[str] = []
    code: Element | None = children[0]
    while code is not None:
        chain.append(code.get("Value", ""))
        inner = list(code)
        if any(child.tag != STATUS_CODE for child in inner) or len(inner) > 1:
            raise refusal("saml_structure_invalid", want="one StatusCode inside another")
        code = inner[0] if inner else None
    return tuple(chain)
