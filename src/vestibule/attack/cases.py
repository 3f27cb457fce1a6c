"""One case of the suite, and what hostile ones are made with: honest documents, bent by one fault.

Owns what a case promises: the document, how the connection has to be set up for it, and how it
must end. Refuses to know who judges it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from vestibule.attack.scene import ALICE, ATTRIBUTES, DS, EXC, Impossible, Scene, finish

XSW = "USENIX Security 2012, On Breaking SAML"
CORE54 = "SAML Core §5.4"
PROFILES = "SAML Profiles §4.1.4"
ENVELOPED = f'<ds:Transform Algorithm="{DS}enveloped-signature"/>'
EXCLUSIVE = f'<ds:Transform Algorithm="{EXC}"/>'


@dataclass(frozen=True)
class Setup:
    """How the connection that meets the case is set up; names are those of the key ring."""

    certificates: tuple[str, ...] = ("idp",)
    decryption_keys: tuple[str, ...] = ()
    solicited: bool = True
    insecure_sha1: bool = False
    insecure_legacy_encryption: bool = False


@dataclass(frozen=True)
class Reading:
    """What an honest document says, once it is verified."""

    name_id: str = ALICE
    signed: str = "assertion"
    encrypted: bool = False
    warnings: tuple[str, ...] = ()
    attributes: Mapping[str, Sequence[str]] = field(default_factory=lambda: ATTRIBUTES)


@dataclass(frozen=True)
class Case:
    """One document and how it must end.

    Attributes:
        code: the refusal that a hostile one causes; "" for an honest one.
        encoded: what stands in the form instead of plain base64 of the document.
        reading: what an honest one says.
        made_with: whose code signed it, where it was not this suite's.
    """

    name: str
    document: str | bytes
    why: str
    section: str
    code: str = ""
    encoded: str | None = None
    setup: Setup = Setup()
    reading: Reading | None = None
    made_with: str = ""

    @property
    def octets(self) -> bytes:
        return self.document if isinstance(self.document, bytes) else self.document.encode()


def bad(
    code: str,
    name: str,
    document: str | bytes,
    why: str,
    section: str,
    *,
    encoded: str | None = None,
    setup: Setup = Setup(),
) -> Case:
    """A hostile case, named for its one fault."""
    finished = finish(document) if isinstance(document, str) else document
    return Case(name, finished, why, section, code, encoded, setup)


def honest(s: Scene, which: str = "A") -> str:
    return finish(s.sign(s.response(), which))


def honest_assertion(s: Scene) -> str:
    return find(r"<saml:Assertion.*</saml:Assertion>", honest(s))


def evil_assertion(s: Scene, assertion_id: str = "_evil") -> str:
    return finish(s.assertion(assertion_id=assertion_id, name_id="mallory@corp.example"))


def signature_of(document: str) -> str:
    return find(r"<ds:Signature .*</ds:Signature>", document)


def find(pattern: str, document: str) -> str:
    found = re.search(pattern, document, re.DOTALL)
    if found is None:
        raise Impossible(pattern)
    return found.group()


def changed(document: str, old: str, new: str) -> str:
    """One replacement that must really happen."""
    if old not in document:
        raise Impossible(old)
    return document.replace(old, new, 1)


def edited(old: str, new: str) -> Callable[[str], str]:
    return lambda signed_info: changed(signed_info, old, new)


def reference_in(signed_info: str) -> str:
    return find(r"<ds:Reference .*</ds:Reference>", signed_info)
