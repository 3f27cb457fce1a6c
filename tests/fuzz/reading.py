"""What a document says, read a second time by another parser and other code.

Owns `Facts`, the common language of the target and the oracles: for each place of SAML Core §2
the values that stand there. Reads with expat where Vestibule reads with libxml2, and shares no
line with it. Only ever given the bytes that an oracle calls signed; refuses to know who did.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree

from vestibule.protocols.saml import VerifiedAssertion

from .cases import Connection

SAML = "{urn:oasis:names:tc:SAML:2.0:assertion}"
SAMLP = "{urn:oasis:names:tc:SAML:2.0:protocol}"
NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
SPACE = " \t\r\n"

# A place in the assertion, and every value that may be read there.
Facts = Mapping[str, frozenset[object]]


class Unreadable(ValueError):
    """The signed bytes are not one assertion, or say one thing in two ways."""


def facts_of(octets: bytes) -> Facts:
    """Everything that the one assertion in `octets` says, by the place where it says it.

    Values are whole: the text of an element with every piece of it, an attribute with all its
    values in order. So a value that was cut short, put together or taken from elsewhere is not
    among them.

    Raises:
        Unreadable: not an Assertion, nor a Response with exactly one.
    """
    try:
        root = ElementTree.fromstring(octets)
    except ElementTree.ParseError as error:
        raise Unreadable(str(error)) from None
    if root.tag == SAMLP + "Response":
        inside = root.findall(SAML + "Assertion")
        if len(inside) != 1:
            raise Unreadable(f"{len(inside)} assertions")
        root = inside[0]
    if root.tag != SAML + "Assertion":
        raise Unreadable(root.tag)
    return {place: frozenset(values) for place, values in _read(root).items()}


def _read(assertion: ElementTree.Element) -> dict[str, set[object]]:
    found: dict[str, set[object]] = {}

    def add(place: str, value: object) -> None:
        found.setdefault(place, set()).add(value)

    add("Assertion/@ID", assertion.get("ID", ""))
    add("Issuer", _only_text(assertion, "Issuer"))
    subject = _only(assertion, "Subject")
    name_id = _only(subject, "NameID")
    add("NameID", whole_text(name_id))
    add("NameID/@Format", name_id.get("Format"))
    for data in subject.findall(f"{SAML}SubjectConfirmation[@Method='{BEARER}']/{SAML}*"):
        if data.tag == SAML + "SubjectConfirmationData":
            add("Recipient", data.get("Recipient"))
            add("InResponseTo", data.get("InResponseTo"))
            add("SubjectConfirmationData/@NotOnOrAfter", moment(data.get("NotOnOrAfter")))
    conditions = _only(assertion, "Conditions")
    for audience in conditions.findall(f"{SAML}AudienceRestriction/{SAML}Audience"):
        add("Audience", whole_text(audience))
    logins = assertion.findall(SAML + "AuthnStatement")
    ends = [moment(login.get("SessionNotOnOrAfter")) for login in logins]
    # A session that has ended by one statement has ended.
    add("SessionNotOnOrAfter", min((end for end in ends if end is not None), default=None))
    for index, login in enumerate(logins):
        if index == 0:
            add("SessionIndex", login.get("SessionIndex"))
            add("AuthnInstant", moment(login.get("AuthnInstant")))
            contexts = login.findall(f"{SAML}AuthnContext/{SAML}AuthnContextClassRef")
            for context in contexts:
                add("AuthnContextClassRef", whole_text(context))
            if not contexts:
                add("AuthnContextClassRef", None)
    values: dict[str, list[str]] = {}
    for attribute in assertion.findall(f"{SAML}AttributeStatement/{SAML}Attribute"):
        name = attribute.get("Name", "")
        texts = list(_values(attribute))
        if texts:
            values.setdefault(name, []).extend(texts)
            add(f"FriendlyName of {name}", attribute.get("FriendlyName"))
    for name, texts in values.items():
        add(f"Attribute {name}", tuple(texts))
    add("Attributes", frozenset(values))
    return found


def _values(attribute: ElementTree.Element) -> Iterator[str]:
    for value in attribute.findall(SAML + "AttributeValue"):
        text = whole_text(value)
        if text or value.get(NIL) not in ("true", "1"):
            yield text


def _only(parent: ElementTree.Element, name: str) -> ElementTree.Element:
    found = parent.findall(SAML + name)
    if len(found) != 1:
        raise Unreadable(f"{len(found)} of {name}")
    return found[0]


def _only_text(parent: ElementTree.Element, name: str) -> str:
    return whole_text(_only(parent, name))


def whole_text(element: ElementTree.Element) -> str:
    return "".join(element.itertext()).strip(SPACE)


_TIME = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d+))?Z", re.ASCII)


def moment(text: str | None) -> datetime | None:
    """A time to the microsecond; None where there is none or it is not one."""
    match = _TIME.fullmatch((text or "").strip(SPACE))
    if match is None:
        return None
    *parts, fraction = match.groups()
    try:
        whole = datetime(*map(int, parts), tzinfo=UTC)  # type: ignore[misc, arg-type]
    except ValueError:
        return None
    return whole + timedelta(microseconds=int(((fraction or "") + "000000")[:6]))


def claims_of(verified: VerifiedAssertion, connection: Connection) -> dict[str, object]:
    """The same places, as Vestibule read them: one value each, and no place left out."""
    claims: dict[str, object] = {
        "Assertion/@ID": verified.assertion_id,
        # None stands in no signed bytes: the issuer must be ours too, not only be signed.
        "Issuer": verified.issuer if verified.issuer == connection.idp_entity_id else None,
        "NameID": verified.name_id,
        "NameID/@Format": verified.name_id_format,
        # Compared and not kept; what it was compared with must stand in the signed bytes.
        "Recipient": connection.acs_url,
        "InResponseTo": connection.request_id,
        "Audience": connection.audience,
        "SubjectConfirmationData/@NotOnOrAfter": verified.replay_until
        - connection.expectations.clock_skew,
        "SessionNotOnOrAfter": verified.session_not_on_or_after,
        "SessionIndex": verified.session_index,
        "AuthnInstant": verified.authn_instant,
        "AuthnContextClassRef": verified.authn_context,
        "Attributes": frozenset(verified.attributes),
    }
    claims |= {f"Attribute {name}": values for name, values in verified.attributes.items()}
    claims |= {f"FriendlyName of {name}": value for name, value in verified.friendly_names.items()}
    return claims


def contains(facts: Facts, place: str, value: Any) -> bool:
    return value in facts.get(place, frozenset())
