"""What the bad vectors are made with: honest documents, and ways to bend them by one fault."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from forge import DS, EXC, assertion, finish, response, sign

Row = dict[str, Any]
XSW = "USENIX Security 2012, On Breaking SAML"
CORE54 = "SAML Core §5.4"
PROFILES = "SAML Profiles §4.1.4"
ENVELOPED = f'<ds:Transform Algorithm="{DS}enveloped-signature"/>'
EXCLUSIVE = f'<ds:Transform Algorithm="{EXC}"/>'


def bad(
    code: str,
    name: str,
    document: str | bytes,
    why: str,
    section: str,
    *,
    encoded: str | None = None,
    **settings: Any,
) -> Row:
    return {
        "path": f"bad/{code}/{name}",
        "code": code,
        "document": finish(document) if isinstance(document, str) else document,
        "encoded": encoded,
        "why": why,
        "section": section,
        "settings": settings,
    }


def honest(which: str = "A") -> str:
    return finish(sign(response(), which))


def honest_assertion() -> str:
    return find(r"<saml:Assertion.*</saml:Assertion>", honest())


def evil_assertion(assertion_id: str = "_evil") -> str:
    return finish(assertion(assertion_id=assertion_id, name_id="mallory@corp.example"))


def signature_of(document: str) -> str:
    return find(r"<ds:Signature .*</ds:Signature>", document)


def find(pattern: str, document: str) -> str:
    found = re.search(pattern, document, re.DOTALL)
    assert found is not None
    return found.group()


def changed(document: str, old: str, new: str) -> str:
    """One replacement that must really happen."""
    assert old in document, old
    return document.replace(old, new, 1)


def edited(old: str, new: str) -> Callable[[str], str]:
    return lambda signed_info: changed(signed_info, old, new)


def reference_in(signed_info: str) -> str:
    return find(r"<ds:Reference .*</ds:Reference>", signed_info)
