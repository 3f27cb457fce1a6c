"""The table of everything that is tried: a class for each kind of attack, a class for each kind of
identity provider. Owns which case belongs where. Refuses to know a target."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from vestibule.attack import (
    ciphertexts,
    contexts,
    documents,
    providers,
    shapes,
    signatures,
    wrapping,
)
from vestibule.attack.cases import Case
from vestibule.attack.scene import Scene

Make = Callable[[Scene], Iterator[Case]]


@dataclass(frozen=True)
class Kind:
    """One class of cases. `make` writes all of them for one scene."""

    title: str
    make: Make
    hostile: bool = True


HOSTILE: tuple[Kind, ...] = (
    Kind("Signature left out or gutted", wrapping.exclusion),
    Kind("Signature wrapping", wrapping.wrapping),
    Kind("Duplicate and odd IDs", wrapping.identifiers),
    Kind("Signatures of other messages", wrapping.reused_signatures),
    Kind("Look-alike namespaces", wrapping.namespaces),
    Kind("Two of a kind, foreign elements", wrapping.ambiguity),
    Kind("Comments, entities and markup in values", wrapping.text),
    Kind("Changed after signing", wrapping.tampering),
    Kind("Shape of the signature", signatures.shape_of_signature),
    Kind("References and transforms", signatures.references_and_transforms),
    Kind("Failing canonicalization", signatures.canonical_form),
    Kind("KeyInfo, keys and certificates", signatures.keys),
    Kind("Digest and signature methods", signatures.methods),
    Kind("Encrypted and not signed", ciphertexts.encrypted_only),
    Kind("Weak encryption", ciphertexts.weak_encryption),
    Kind("Altered ciphertexts", ciphertexts.altered),
    Kind("Hostile plaintexts", ciphertexts.plaintexts),
    Kind("Shape of the encryption", ciphertexts.encryption_shape),
    Kind("XML parser and encodings", documents.parser),
    Kind("Base64 and the form field", documents.form_field),
    Kind("Size and complexity", documents.limits),
    Kind("Issuer", contexts.issuers),
    Kind("Destination", contexts.destinations),
    Kind("Status and version", contexts.status_and_version),
    Kind("InResponseTo", contexts.requests),
    Kind("Times", contexts.times),
    Kind("Recipient and confirmation", contexts.confirmations),
    Kind("Audience and conditions", contexts.conditions),
    Kind("Subject and statements", contexts.statements),
)

HONEST: tuple[Kind, ...] = tuple(
    Kind(title, make, hostile=False)
    for title, make in (
        ("Signed in every way", shapes.signing),
        ("Certificates and KeyInfo", shapes.certificates_and_key_info),
        ("Names and issuers", shapes.names),
        ("Conditions and confirmations", shapes.conditions),
        ("Odd but legal times", shapes.times),
        ("Attributes and statements", shapes.attributes),
        ("Envelopes and encodings", shapes.envelopes),
        ("Unsolicited", shapes.unsolicited),
        ("ADFS", providers.adfs),
        ("Auth0", providers.auth0),
        ("CyberArk", providers.cyberark),
        ("Duo", providers.duo),
        ("Google Workspace", providers.google),
        ("JumpCloud", providers.jumpcloud),
        ("Keycloak", providers.keycloak),
        ("LemonLDAP::NG", providers.lemonldap),
        ("Microsoft Entra ID", providers.entra),
        ("Okta", providers.okta),
        ("OneLogin", providers.onelogin),
        ("PingFederate", providers.pingfederate),
        ("pysaml2 and SATOSA", providers.pysaml2),
        ("Salesforce", providers.salesforce),
        ("saml-idp", providers.saml_idp),
        ("samlify", providers.samlify),
        ("Shibboleth", providers.shibboleth),
        ("SimpleSAMLphp", providers.simplesamlphp),
    )
)


def cases(s: Scene) -> Iterator[tuple[Kind, Case]]:
    """Every case in one and the same scene."""
    for kind in HOSTILE + HONEST:
        for case in kind.make(s):
            yield kind, case


def case_of(kind: Kind, number: int, s: Scene) -> Case:
    """The case of that number, counted from 0, in a scene of its own."""
    for count, case in enumerate(kind.make(s)):
        if count == number:
            return case
    raise IndexError(number)
