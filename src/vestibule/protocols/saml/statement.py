"""What somebody pasted of an identity provider's answer, read so that a mapping can be tried on it.

Owns the one reading of attributes that no signature stands behind, and its type says so. Nobody is
let in by it: a login goes through `verify_response`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from vestibule.errors import refusal

from .assertion import read_attributes, read_name_id
from .names import ASSERTION, ATTRIBUTE_STATEMENT, ENCRYPTED_ASSERTION, SUBJECT
from .xml import Element, decode_base64, descendants, local_name, parse, text_of


@dataclass(frozen=True, slots=True)
class UnverifiedStatement:
    unverified_name_id: str
    unverified_name_id_format: str
    unverified_attributes: Mapping[str, tuple[str, ...]]
    unverified_friendly_names: Mapping[str, str]


def read_unverified_statement(pasted: str) -> UnverifiedStatement:
    """Read a response or an assertion, as XML or as the base64 of the form field.

    Raises:
        SamlError: saml_assertion_count, saml_value_encrypted, saml_name_id_missing,
            saml_structure_invalid, and what `read_response` raises for what is no XML.
    """
    text = pasted.strip()
    root = parse(text.encode() if text.startswith("<") else decode_base64(text))
    found = list(descendants(root, ASSERTION, ENCRYPTED_ASSERTION))
    if len(found) != 1:
        raise refusal("saml_assertion_count", want="one", got=str(len(found)))
    assertion = found[0]
    if assertion.tag == ENCRYPTED_ASSERTION:
        raise refusal("saml_value_encrypted", got="EncryptedAssertion")
    subject = assertion.find(SUBJECT)
    name_id = read_name_id(subject, _encrypted)
    attributes, friendly_names = read_attributes(
        [child for child in assertion if child.tag == ATTRIBUTE_STATEMENT], _encrypted
    )
    return UnverifiedStatement(
        text_of(name_id), name_id.get("Format", ""), attributes, friendly_names
    )


def _encrypted(element: Element, _: str) -> Element:
    raise refusal("saml_value_encrypted", got=local_name(element.tag))
