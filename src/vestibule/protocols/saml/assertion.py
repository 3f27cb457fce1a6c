"""The judgement of one assertion whose signature has been verified: was it meant for us, now?

Owns the checks of SAML Profiles §4.1.4.3 and Core §2.5.1, and the reading of subject, session
and attributes. Is only ever handed a tree made of verified bytes, and refuses to know how they
were verified. Strings are compared as they are: no prefixes, no case folding, no URL rules.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal, NamedTuple

from vestibule.errors import VestibuleError, refusal

from .certificates import Certificate
from .names import (
    ADVICE,
    ASSERTION,
    ATTRIBUTE,
    ATTRIBUTE_STATEMENT,
    ATTRIBUTE_VALUE,
    AUDIENCE,
    AUDIENCE_RESTRICTION,
    AUTHN_CONTEXT,
    AUTHN_CONTEXT_CLASS_REF,
    AUTHN_STATEMENT,
    AUTHZ_DECISION_STATEMENT,
    BASE_ID,
    BEARER,
    CONDITIONS,
    ENCRYPTED_ATTRIBUTE,
    ENCRYPTED_ID,
    ISSUER,
    NAME_ID,
    NAME_ID_ENTITY,
    ONE_TIME_USE,
    PROXY_RESTRICTION,
    SIGNATURE,
    SUBJECT,
    SUBJECT_CONFIRMATION,
    SUBJECT_CONFIRMATION_DATA,
    XSI,
)
from .xml import XML_SPACE, Element, children_in_order, local_name, read_time, text_of

Signed = Literal["response", "assertion", "both"]

# Opens an EncryptedID or EncryptedAttribute and gives back the element of that name inside.
Decrypt = Callable[[Element, str], Element]


@dataclass(frozen=True, slots=True)
class Expectations:
    """What a response must fit: one connection, and one sign-in at it.

    Attributes:
        idp_entity_id: the connection's identity provider.
        certificates: the pinned signing certificates, any of which may have signed.
        acs_urls: the URLs at which this connection takes responses.
        audiences: our entity ids at this connection.
        request_id: the ID of the AuthnRequest that we sent, or None: an unsolicited response.
        decryption_keys: private keys in PEM, tried in order.
        clock_skew: what we forgive on either side of a time.
        insecure_sha1: let SHA-1 signatures and digests pass, with a warning.
        insecure_legacy_encryption: let 3DES-CBC pass, with a warning, around signed assertions.
        authn_contexts: the class references one of which must be named exactly; none: any will do.
        authenticated_after: when the person must have signed in at the earliest, or None.
    """

    idp_entity_id: str
    certificates: tuple[Certificate, ...]
    acs_urls: tuple[str, ...]
    audiences: tuple[str, ...]
    request_id: str | None
    decryption_keys: tuple[str, ...] = field(default=(), repr=False)
    clock_skew: timedelta = timedelta(minutes=2)
    insecure_sha1: bool = False
    insecure_legacy_encryption: bool = False
    authn_contexts: tuple[str, ...] = ()
    authenticated_after: datetime | None = None


@dataclass(frozen=True, slots=True)
class VerifiedAssertion:
    """What the identity provider of this connection says of one person, signed and meant for us.

    Made by `verify_response` only. `attributes` has values in document order, never an empty
    tuple. `replay_until` is the moment until which `assertion_id` has to be remembered.
    `signed_by` are the SHA-256 fingerprints of the certificates by whose keys it is believed, and
    `audiences` has one entry for each restriction.
    """

    assertion_id: str
    issuer: str
    name_id: str
    name_id_format: str | None
    session_index: str | None
    session_not_on_or_after: datetime | None
    authn_instant: datetime
    authn_context: str | None
    attributes: Mapping[str, tuple[str, ...]]
    friendly_names: Mapping[str, str]
    replay_until: datetime
    recipient: str
    audiences: tuple[tuple[str, ...], ...]
    signed_by: tuple[str, ...]
    signed: Signed
    encrypted: bool
    warnings: tuple[str, ...]
    name_qualifier: str = ""
    sp_name_qualifier: str = ""


class Authentication(NamedTuple):
    """How and when the person signed in at the identity provider (Core §2.7.2)."""

    instant: datetime
    session_index: str | None
    context: str | None
    session_not_on_or_after: datetime | None


_STATEMENT: Final = 5
_ASSERTION_ORDER: Final = {
    ISSUER: 0,
    SIGNATURE: 1,
    SUBJECT: 2,
    CONDITIONS: 3,
    ADVICE: 4,
    AUTHN_STATEMENT: _STATEMENT,
    ATTRIBUTE_STATEMENT: _STATEMENT,
    AUTHZ_DECISION_STATEMENT: _STATEMENT,
}
_IDENTIFIERS: Final = {BASE_ID: 0, NAME_ID: 0, ENCRYPTED_ID: 0}
_SUBJECT_ORDER: Final = {**_IDENTIFIERS, SUBJECT_CONFIRMATION: 1}
_CONFIRMATION_ORDER: Final = {**_IDENTIFIERS, SUBJECT_CONFIRMATION_DATA: 1}
_XSI_NIL: Final = f"{{{XSI}}}nil"


def judge_assertion(
    assertion: Element,
    expected: Expectations,
    *,
    now: datetime,
    decrypt: Decrypt,
    signed: Signed,
    signed_by: tuple[str, ...],
    encrypted: bool,
    warnings: tuple[str, ...],
) -> VerifiedAssertion:
    """Judge a verified assertion and read it, in the order of Profiles §4.1.4.3."""
    if assertion.tag != ASSERTION:
        raise refusal("saml_structure_invalid", want="Assertion", got=local_name(assertion.tag))
    if assertion.get("Version") != "2.0":
        raise refusal("saml_version_unsupported", want="2.0", got=assertion.get("Version"))
    parts: dict[object, Element] = {}
    logins: list[Element] = []
    statements: list[Element] = []
    for child in children_in_order(assertion, _ASSERTION_ORDER, _STATEMENT):
        tag = child.tag
        if tag == ATTRIBUTE_STATEMENT:
            statements.append(child)
        elif tag == AUTHN_STATEMENT:
            logins.append(child)
        else:
            parts[tag] = child

    issuer = check_issuer(parts.get(ISSUER), expected.idp_entity_id)
    read_time(assertion.get("IssueInstant", ""))
    name_id, confirmations = _read_subject(parts.get(SUBJECT), decrypt)
    bearer_until, recipient = _check_confirmations(confirmations, expected, now)
    audiences = _check_conditions(parts.get(CONDITIONS), expected, now)
    login = _read_logins(logins, expected, now)
    attributes, friendly_names = read_attributes(statements, decrypt)
    return VerifiedAssertion(
        assertion_id=assertion.get("ID", ""),
        issuer=issuer,
        name_id=text_of(name_id),
        name_id_format=name_id.get("Format"),
        session_index=login.session_index,
        session_not_on_or_after=login.session_not_on_or_after,
        authn_instant=login.instant,
        authn_context=login.context,
        attributes=attributes,
        friendly_names=friendly_names,
        replay_until=bearer_until + expected.clock_skew,
        recipient=recipient,
        audiences=audiences,
        signed_by=signed_by,
        signed=signed,
        encrypted=encrypted,
        warnings=warnings,
        name_qualifier=name_id.get("NameQualifier", ""),
        sp_name_qualifier=name_id.get("SPNameQualifier", ""),
    )


def check_issuer(issuer: Element | None, entity_id: str) -> str:
    """Core §2.2.5, §3.2.2: the whole text, and no Format but that of an entity."""
    if issuer is None:
        raise refusal("saml_issuer_mismatch", want=entity_id, got="no Issuer")
    name = text_of(issuer)
    if name != entity_id:
        raise refusal("saml_issuer_mismatch", want=entity_id, got=name)
    kind = issuer.get("Format")
    if kind is not None and kind != NAME_ID_ENTITY:
        raise refusal("saml_issuer_mismatch", want=NAME_ID_ENTITY, got=kind)
    return name


def check_in_response_to(got: str | None, request_id: str | None) -> None:
    """Profiles §4.1.4.3, §4.1.5: the answer to our request, or to none at all."""
    if got == request_id:
        return
    if request_id is None:
        raise refusal("saml_unsolicited", want="no InResponseTo", got=got)
    raise refusal("saml_request_mismatch", want=request_id, got=got or "no InResponseTo")


# --- subject ----------------------------------------------------------------------------------


def read_name_id(subject: Element | None, decrypt: Decrypt) -> Element:
    """The one NameID, decrypted if need be."""
    return _read_subject(subject, decrypt)[0]


def _read_subject(subject: Element | None, decrypt: Decrypt) -> tuple[Element, list[Element]]:
    """The NameID and the confirmations."""
    children = [] if subject is None else children_in_order(subject, _SUBJECT_ORDER, 1)
    if not children or children[0].tag not in (NAME_ID, ENCRYPTED_ID):
        raise refusal("saml_name_id_missing")
    name_id = children[0]
    if name_id.tag == ENCRYPTED_ID:
        name_id = decrypt(name_id, NAME_ID)
    if not text_of(name_id):
        raise refusal("saml_name_id_missing", got="an empty NameID")
    return name_id, children[1:]


def _check_confirmations(
    confirmations: list[Element], expected: Expectations, now: datetime
) -> tuple[datetime, str]:
    """One bearer confirmation must hold in everything by itself.

    Gives back the latest moment at which any bearer confirmation could be delivered, which is
    how long the assertion has to be remembered, and the Recipient of the first one that holds.
    """
    latest: datetime | None = None
    confirmed: str | None = None
    first_error: VestibuleError | None = None
    for confirmation in confirmations:
        if confirmation.get("Method") != BEARER:
            continue
        try:
            data = _confirmation_data(confirmation)
            until = read_time(data.get("NotOnOrAfter", ""))
            latest = until if latest is None else max(latest, until)
            recipient = _check_confirmation(data, until, expected, now)
            confirmed = confirmed or recipient
        except VestibuleError as error:
            first_error = first_error or error
    if confirmed is not None and latest is not None:
        return latest, confirmed
    raise first_error or refusal("saml_subject_confirmation_missing")


def _confirmation_data(confirmation: Element) -> Element:
    children = children_in_order(confirmation, _CONFIRMATION_ORDER)
    if not children or children[-1].tag != SUBJECT_CONFIRMATION_DATA:
        raise refusal("saml_subject_confirmation_missing", want="SubjectConfirmationData")
    return children[-1]


def _check_confirmation(
    data: Element, until: datetime, expected: Expectations, now: datetime
) -> str:
    recipient = data.get("Recipient")
    if recipient is None or recipient not in expected.acs_urls:
        raise refusal(
            "saml_recipient_mismatch",
            want=" or ".join(expected.acs_urls),
            got=recipient or "no Recipient",
        )
    if data.get("NotBefore") is not None:
        raise refusal("saml_subject_confirmation_missing", want="no NotBefore for a bearer")
    if now - expected.clock_skew >= until:
        raise refusal("saml_subject_expired", want=f"before {until}", got=str(now))
    check_in_response_to(data.get("InResponseTo"), expected.request_id)
    return recipient


# --- conditions -------------------------------------------------------------------------------


def _check_conditions(
    conditions: Element | None, expected: Expectations, now: datetime
) -> tuple[tuple[str, ...], ...]:
    """Judge them, and give back the audiences of every restriction."""
    if conditions is None:
        raise refusal("saml_audience_missing", want=" or ".join(expected.audiences))
    not_before = conditions.get("NotBefore")
    if not_before is not None and now + expected.clock_skew < read_time(not_before):
        raise refusal("saml_not_yet_valid", want=f"not before {not_before}", got=str(now))
    not_on_or_after = conditions.get("NotOnOrAfter")
    if not_on_or_after is not None and now - expected.clock_skew >= read_time(not_on_or_after):
        raise refusal("saml_expired", want=f"before {not_on_or_after}", got=str(now))
    restrictions: list[tuple[str, ...]] = []
    for condition in conditions:
        if condition.tag == AUDIENCE_RESTRICTION:
            restrictions.append(_check_audience(condition, expected.audiences))
        elif condition.tag not in (ONE_TIME_USE, PROXY_RESTRICTION):
            # Core §2.5.1: what cannot be judged makes the whole assertion undecidable.
            raise refusal("saml_condition_unknown", got=local_name(condition.tag))
    if not restrictions:
        raise refusal("saml_audience_missing", want=" or ".join(expected.audiences))
    return tuple(restrictions)


def _check_audience(restriction: Element, ours: tuple[str, ...]) -> tuple[str, ...]:
    """Core §2.5.1.4: the audiences of one restriction are alternatives, restrictions add up."""
    named = []
    for audience in restriction:
        if audience.tag != AUDIENCE:
            raise refusal("saml_structure_invalid", want="Audience", got=local_name(audience.tag))
        named.append(text_of(audience))
    if not any(audience in ours for audience in named):
        raise refusal(
            "saml_audience_mismatch",
            want=" or ".join(ours),
            got=", ".join(named) or "an empty AudienceRestriction",
        )
    return tuple(named)


# --- statements -------------------------------------------------------------------------------


def _read_logins(
    statements: list[Element], expected: Expectations, now: datetime
) -> Authentication:
    """The first AuthnStatement; a session that has ended in any of them has ended."""
    if not statements:
        raise refusal("saml_authn_statement_missing")
    ends: list[datetime] = []
    for statement in statements:
        session_end = statement.get("SessionNotOnOrAfter")
        if session_end is not None:
            ends.append(read_time(session_end))
            if now - expected.clock_skew >= ends[-1]:
                raise refusal("saml_session_expired", want=f"before {session_end}", got=str(now))
    first = statements[0]
    login = Authentication(
        instant=read_time(first.get("AuthnInstant", "")),
        session_index=first.get("SessionIndex"),
        context=_context_of(first),
        session_not_on_or_after=min(ends, default=None),
    )
    _check_authentication(login, expected)
    return login


def _context_of(statement: Element) -> str | None:
    """The one class reference (Core §2.7.2.2). Of two, nobody could say which one holds."""
    named = [
        text_of(reference)
        for child in statement
        if child.tag == AUTHN_CONTEXT
        for reference in child
        if reference.tag == AUTHN_CONTEXT_CLASS_REF
    ]
    if len(named) > 1:
        raise refusal(
            "saml_structure_invalid", want="one AuthnContextClassRef", got=str(len(named))
        )
    return named[0] if named else None


def _check_authentication(login: Authentication, expected: Expectations) -> None:
    """Hold the sign-in at the identity provider to what it was asked for.

    ForceAuthn (Core §3.4.1) and RequestedAuthnContext (§3.3.2.2.1, Comparison exact) are words in
    a request that anybody can take out of it on its way, so the answer alone proves that they
    were heard.
    """
    after = expected.authenticated_after
    if after is not None and login.instant < after - expected.clock_skew:
        raise refusal("saml_authn_too_old", want=f"not before {after}", got=str(login.instant))
    asked = expected.authn_contexts
    if asked and login.context not in asked:
        raise refusal(
            "saml_authn_context_mismatch", want=" or ".join(asked), got=login.context or "none"
        )


def read_attributes(
    statements: list[Element], decrypt: Decrypt
) -> tuple[dict[str, tuple[str, ...]], dict[str, str]]:
    """Values by name, in document order; a name that comes again adds to what it had."""
    values: dict[str, tuple[str, ...]] = {}
    friendly: dict[str, str] = {}
    for statement in statements:
        for child in statement:
            attribute = child
            if attribute.tag != ATTRIBUTE:
                if attribute.tag != ENCRYPTED_ATTRIBUTE:
                    raise refusal("saml_structure_invalid", got=local_name(attribute.tag))
                attribute = decrypt(attribute, ATTRIBUTE)
            name = attribute.get("Name")
            if not name:
                raise refusal("saml_structure_invalid", want="a Name on every Attribute")
            found = _values(attribute)
            if found:
                values[name] = values[name] + found if name in values else found
                friendly_name = attribute.get("FriendlyName")
                if friendly_name and name not in friendly:
                    friendly[name] = friendly_name
    return values, friendly


def values_by_name(attributes: Mapping[str, tuple[str, ...]]) -> dict[str, object]:
    """Attributes as a tree of claims: one value as a text, several as a list."""
    return {
        name: values[0] if len(values) == 1 else list(values) for name, values in attributes.items()
    }


def _values(attribute: Element) -> tuple[str, ...]:
    found: list[str] = []
    for value in attribute:
        if value.tag != ATTRIBUTE_VALUE:
            raise refusal("saml_structure_invalid", got=local_name(value.tag))
        text = _nested_value(value) if len(value) else (value.text or "").strip(XML_SPACE)
        if text or value.get(_XSI_NIL) not in ("true", "1"):
            found.append(text)
    return tuple(found)


def _nested_value(value: Element) -> str:
    # eduPersonTargetedID and its kin carry a whole NameID where others carry a string.
    if len(value) == 1 and value[0].tag == NAME_ID and not _stray_text(value):
        return text_of(value[0])
    return text_of(value)


def _stray_text(value: Element) -> str:
    return ((value.text or "") + (value[0].tail or "")).strip(XML_SPACE)
