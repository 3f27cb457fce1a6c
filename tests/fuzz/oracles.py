"""Four libraries that nobody here wrote, each asked the same: what in this document was signed?

Owns the asking. `signxml` and `xmlsec` know signatures only: they name the signed bytes, and
`reading.facts_of` reads those. `python3-saml` and `pygamlastan` are whole service providers: they
say what they read themselves. An oracle that refuses says nothing at all. None of them is
believed about anything but the place of its own yes.

Refuses to know what Vestibule thought of the document.
"""

from __future__ import annotations

import calendar
import os
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from xml.sax.saxutils import quoteattr

import pygamlastan
import xmlsec
from cryptography import x509
from lxml import etree
from onelogin.saml2.response import OneLogin_Saml2_Response  # type: ignore[import-untyped]
from onelogin.saml2.settings import OneLogin_Saml2_Settings  # type: ignore[import-untyped]
from onelogin.saml2.utils import OneLogin_Saml2_Utils  # type: ignore[import-untyped]
from pygamlastan import crypto, profiles, security
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from signxml.exceptions import SignXMLException
from signxml.verifier import SignatureConfiguration, XMLVerifier

from .cases import Connection, certificate_pem, key_pem
from .reading import SPACE, Facts, Unreadable, facts_of

SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
DS = "http://www.w3.org/2000/09/xmldsig#"
XENC = "http://www.w3.org/2001/04/xmlenc#"
XS = "http://www.w3.org/2001/XMLSchema"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
_SIGNATURE = f"{{{DS}}}Signature"
_ENCRYPTED = (
    f"{{{SAML}}}EncryptedAssertion",
    f"{{{SAML}}}EncryptedID",
    f"{{{SAML}}}EncryptedAttribute",
)


# The stubs of xmlsec do not know its constants.
_PEM = xmlsec.KeyFormat.PEM  # type: ignore[attr-defined]
CERTIFICATE = xmlsec.KeyFormat.CERT_PEM  # type: ignore[attr-defined]
_X509 = xmlsec.KeyData.X509  # type: ignore[attr-defined]


class No(Exception):
    """The oracle refuses the document, or has no opinion of such documents."""


@dataclass(frozen=True)
class Opinion:
    """What one oracle said. `facts` is None when it refused, and then `why` says why."""

    oracle: str
    facts: Facts | None
    why: str = ""


@dataclass(frozen=True)
class Oracle:
    name: str
    version: str
    ask_it: Callable[[bytes, Connection], Facts]

    def ask(self, document: bytes, connection: Connection) -> Opinion:
        try:
            with quietly():
                return Opinion(self.name, self.ask_it(document, connection))
        except (No, Unreadable) as refused:
            return Opinion(self.name, None, str(refused))
        except Exception as error:  # noqa: BLE001 - any failure of somebody else's code is a no
            return Opinion(self.name, None, f"{type(error).__name__}: {error}")


@contextmanager
def quietly() -> Iterator[None]:
    """libxml2 inside of xmlsec writes its complaints to the terminal, past every Python stream."""
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def _parser() -> etree.XMLParser:
    return etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=False
    )


def _parse(document: bytes) -> Any:
    root: Any = etree.fromstring(document, _parser())
    if root.getroottree().docinfo.doctype:
        raise No("a document type")
    return root


# --- encryption, by xmlsec --------------------------------------------------------------------


def _plaintext(sealed: Any, connection: Connection) -> bytes:
    """What is inside an EncryptedAssertion, EncryptedID or EncryptedAttribute."""
    data = sealed.find(f"{{{XENC}}}EncryptedData")
    if data is None:
        raise No("no EncryptedData")
    for name in connection.decryption_keys:
        copy = deepcopy(data)
        # Without a Type xmlsec hands out the bytes, and does not put them where they might change.
        copy.attrib.pop("Type", None)
        beside = sealed.find(f"{{{XENC}}}EncryptedKey")
        if beside is not None:
            # A pointer by an ID would lead outside of the copy; the key comes along instead.
            info = copy.find(f"{{{DS}}}KeyInfo")
            if info is None:
                info = etree.Element(f"{{{DS}}}KeyInfo")
                copy.insert(1, info)
            for child in list(info):
                info.remove(child)
            info.append(deepcopy(beside))
        manager = xmlsec.KeysManager()
        manager.add_key(xmlsec.Key.from_memory(key_pem(name), _PEM))
        try:
            plain: Any = xmlsec.EncryptionContext(manager).decrypt(copy)
        except xmlsec.Error:
            continue
        if isinstance(plain, bytes):
            return plain
    raise No("no key opens it")


def _element_in(plain: bytes, around: Any) -> Any:
    """The element that was encrypted, with the namespaces of its place if it needs them."""
    try:
        return _parse(plain)
    except etree.XMLSyntaxError:
        # Nothing is read by a prefix of XML Schema, so these may come from anywhere.
        known = {"xs": XS, "xsi": XSI} | dict(around.nsmap)
        declared = "".join(
            f" xmlns{':' + prefix if prefix else ''}={quoteattr(uri)}"
            for prefix, uri in known.items()
        )
        wrapper = _parse(f"<w{declared}>".encode() + plain + b"</w>")
        if len(wrapper) != 1:
            raise No("not one element") from None
        return wrapper[0]


def opened(octets: bytes, connection: Connection) -> bytes:
    """`octets` with everything that is encrypted in them replaced by what is inside."""
    root = _parse(octets)
    changed = False
    for _ in range(20):
        sealed = next(root.iter(*_ENCRYPTED), None)
        if sealed is None:
            return bytes(etree.tostring(root)) if changed else octets
        changed = True
        element = _element_in(_plaintext(sealed, connection), sealed)
        element.tail = sealed.tail
        sealed.getparent().replace(sealed, element)
    raise No("too much that is encrypted")


def _signed_roots(document: bytes, connection: Connection) -> Iterator[tuple[Any, str]]:
    """Each element that may hold a signature we care for, and the way to it from its root.

    The assertion's own signature is asked before the response's, because it says more.
    """
    root = _parse(document)
    sealed = root.find(f"{{{SAML}}}EncryptedAssertion")
    if sealed is not None:
        inside = _element_in(_plaintext(sealed, connection), sealed)
        yield inside, "./"
        yield _parse(document), "./"
        return
    yield root, f"./{{{SAML}}}Assertion/"
    yield _parse(document), "./"


# --- signxml ----------------------------------------------------------------------------------

_METHODS = frozenset(method for method in SignatureMethod if "HMAC" not in method.name)
_STRONG = frozenset(method for method in _METHODS if "SHA1" not in method.name)
_STRONG_DIGESTS = frozenset(each for each in DigestAlgorithm if "SHA1" not in each.name)


@lru_cache(maxsize=64)
def _configuration(location: str, sha1: bool, name: str) -> SignatureConfiguration:
    return SignatureConfiguration(
        location=location,
        expect_references=1,
        signature_methods=_METHODS if sha1 else _STRONG,
        digest_algorithms=frozenset(DigestAlgorithm) if sha1 else _STRONG_DIGESTS,
        # The certificate is pinned: its key counts, not its dates, and nothing else in KeyInfo.
        ignore_ambiguous_key_info=True,
        verification_time=_x509(name).not_valid_before_utc + timedelta(days=1),
    )


def _signxml(document: bytes, connection: Connection) -> Facts:
    """What stands in the bytes that signxml digested."""
    reasons = []
    for root, location in _signed_roots(document, connection):
        try:
            octets = _signxml_octets(root, connection, location)
        except No as no:
            reasons.append(str(no))
            continue
        return facts_of(opened(octets, connection))
    raise No("; ".join(reasons))


def _signxml_octets(root: Any, connection: Connection, location: str) -> bytes:
    why = "no certificate"
    for name in connection.certificates:
        try:
            result: Any = XMLVerifier().verify(
                root,
                x509_cert=_x509(name),
                expect_config=_configuration(location, connection.insecure_sha1, name),
                id_attribute="ID",
                validate_schema=False,
            )
            return bytes(result.signed_data)
        except (SignXMLException, ValueError, etree.LxmlError) as error:
            why = str(error)
    raise No(why)


@lru_cache(maxsize=64)
def _x509(name: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate(certificate_pem(name).encode())


# --- python-xmlsec ----------------------------------------------------------------------------

_C14N = (
    "http://www.w3.org/2001/10/xml-exc-c14n#",
    "http://www.w3.org/2001/10/xml-exc-c14n#WithComments",
    "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
    "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments",
    "http://www.w3.org/2006/12/xml-c14n11",
)


def _xmlsec(document: bytes, connection: Connection) -> Facts:
    """libxmlsec's yes, and the element that this yes is about.

    It does not hand out what it digested. So its yes counts only where there can be no doubt: one
    Reference, to the one element of that ID, which holds the signature; and no transform but
    enveloped-signature and a canonicalization. Then the signed bytes are that element without
    that signature and without comments.
    """
    reasons = []
    for root, location in _signed_roots(document, connection):
        found = root.findall(f"{location}{_SIGNATURE}")
        if len(found) != 1:
            reasons.append(f"{len(found)} signatures")
            continue
        try:
            octets = _xmlsec_octets(root, found[0], connection)
        except (No, xmlsec.Error) as no:
            reasons.append(str(no))
            continue
        return facts_of(opened(octets, connection))
    raise No("; ".join(reasons))


def _xmlsec_octets(root: Any, signature: Any, connection: Connection) -> bytes:
    parent = signature.getparent()
    references = signature.findall(f"{{{DS}}}SignedInfo/{{{DS}}}Reference")
    named = [element for element in root.iter() if element.get("ID") == parent.get("ID")]
    steps = [
        step.get("Algorithm")
        for reference in references
        for step in reference.findall(f"{{{DS}}}Transforms/{{{DS}}}Transform")
    ]
    if (
        len(references) != 1
        or references[0].get("URI") != f"#{parent.get('ID')}"
        or named != [parent]
        or steps[:1] != [DS + "enveloped-signature"]
        or len(steps) > 2
        or any(step not in _C14N for step in steps[1:])
    ):
        raise No("a yes that could be about something else")
    if not connection.insecure_sha1 and any(
        (element.get("Algorithm") or "").endswith(("sha1", "md5"))
        for element in signature.iterfind(f"{{{DS}}}SignedInfo//*")
    ):
        raise No("a broken hash")
    xmlsec.tree.add_ids(root, ["ID"])
    if not any(signed_by(signature, name) for name in connection.certificates):
        raise No("no certificate fits")
    if signature.tail:
        before = signature.getprevious()
        if before is None:
            parent.text = (parent.text or "") + signature.tail
        else:
            before.tail = (before.tail or "") + signature.tail
    parent.remove(signature)
    return bytes(etree.tostring(parent, method="c14n", exclusive=True, with_comments=False))


def signed_by(signature: Any, name: str) -> bool:
    context = xmlsec.SignatureContext()
    context.key = _xmlsec_key(name)
    context.set_enabled_key_data([_X509])
    try:
        context.verify(signature)
    except xmlsec.Error:
        return False
    return True


@lru_cache(maxsize=64)
def _xmlsec_key(name: str) -> Any:
    return xmlsec.Key.from_memory(certificate_pem(name), CERTIFICATE)


# --- python3-saml -----------------------------------------------------------------------------


def _python3_saml(document: bytes, connection: Connection) -> Facts:
    """What python3-saml reads once it has called the response valid, in strict mode."""
    if len(connection.decryption_keys) > 1:
        raise No("knows one decryption key")
    response = OneLogin_Saml2_Response(
        _python3_saml_settings(connection), b64encode(document).decode("ascii")
    )
    host, _, path = connection.acs_url.removeprefix("https://").partition("/")
    request = {"https": "on", "http_host": host, "script_name": "/" + path}
    with _its_clock_at(connection.now):
        response.is_valid(request, connection.request_id, raise_exceptions=True)
    facts: dict[str, set[object]] = {
        "NameID": {_trimmed(response.get_nameid())},
        "NameID/@Format": {response.get_nameid_format()},
        "SessionIndex": {response.get_session_index()},
        "Assertion/@ID": {response.get_assertion_id()},
        "Issuer": {_trimmed(issuer) for issuer in response.get_issuers()},
        "Audience": {_trimmed(audience) for audience in response.get_audiences()},
        "AuthnContextClassRef": {_trimmed(each) for each in response.get_authn_contexts()},
    }
    for name, values in response.get_attributes().items():
        if all(isinstance(value, str) for value in values):
            facts[f"Attribute {name}"] = {tuple(map(_trimmed, values))}
    return {place: frozenset(values) for place, values in facts.items()}


@contextmanager
def _its_clock_at(now: datetime) -> Iterator[None]:
    seconds = calendar.timegm(now.utctimetuple())
    clock = OneLogin_Saml2_Utils.__dict__["now"]
    OneLogin_Saml2_Utils.now = staticmethod(lambda: seconds)
    try:
        yield
    finally:
        OneLogin_Saml2_Utils.now = clock


def _trimmed(value: Any) -> str | None:
    return None if value is None else str(value).strip(SPACE)


@lru_cache(maxsize=256)
def _python3_saml_settings(connection: Connection) -> OneLogin_Saml2_Settings:
    service: dict[str, Any] = {
        "entityId": connection.audience,
        "assertionConsumerService": {"url": connection.acs_url},
        "x509cert": "",
        "privateKey": "",
    }
    for name in connection.decryption_keys:
        service["privateKey"] = key_pem(name)
        service["x509cert"] = certificate_pem(name)
    return OneLogin_Saml2_Settings(
        {
            "strict": True,
            "sp": service,
            "idp": {
                "entityId": connection.idp_entity_id,
                "singleSignOnService": {"url": "https://idp.example/sso"},
                "x509certMulti": {"signing": [certificate_pem(n) for n in connection.certificates]},
            },
            "security": {
                "allowRepeatAttributeName": True,
                "wantAttributeStatement": False,
                "wantNameId": True,
                "failOnAuthnContextMismatch": False,
                "rejectUnsolicitedResponsesWithInResponseTo": True,
            },
        },
        sp_validation_only=False,
    )


# --- pygamlastan ------------------------------------------------------------------------------


def _gamlastan(document: bytes, connection: Connection) -> Facts:
    """What gamlastan reads; it shares neither parser nor cryptography with any of the others."""
    decryptor = None
    reason: Exception | None = None
    for name in connection.decryption_keys or (None,):
        if name is not None:
            keys = crypto.KeysManager()
            keys.add_key_pem(key_pem(name).encode())
            decryptor = crypto.SamlDecryptor(keys)
        try:
            result = profiles.process_response_verified(
                document.decode("utf-8"),
                _gamlastan_verifier(connection.certificates),
                _gamlastan_config(),
                connection.audience,
                connection.acs_url,
                connection.idp_entity_id,
                connection.request_id,
                connection.now,
                security.InMemoryReplayCache(),
                unsafe_no_persistent_id_store=True,
                decryptor=decryptor,
            )
            return _gamlastan_facts(result)
        except pygamlastan.SamlError as error:
            reason = error
    raise No(str(reason))


def _gamlastan_facts(result: Any) -> Facts:
    facts: dict[str, set[object]] = {
        "NameID": {_trimmed(result.name_id)},
        "NameID/@Format": {result.name_id_format},
        "SessionIndex": {result.session_index},
        "SessionNotOnOrAfter": {_utc(result.session_not_on_or_after)},
        "AuthnInstant": {_utc(result.authn_instant)},
        "AuthnContextClassRef": {_trimmed(result.authn_context_class_ref)},
        "Assertion/@ID": {result.assertion_id},
        "Issuer": {_trimmed(result.idp_entity_id)},
    }
    assertion = result.assertion
    if assertion.conditions is not None:
        facts["Audience"] = {
            _trimmed(audience)
            for restriction in assertion.conditions.audience_restrictions
            for audience in restriction.audiences
        }
    for confirmation in assertion.subject.subject_confirmations if assertion.subject else ():
        data = confirmation.subject_confirmation_data
        if data is not None:
            facts.setdefault("Recipient", set()).add(data.recipient)
            facts.setdefault("InResponseTo", set()).add(data.in_response_to)
            facts.setdefault("SubjectConfirmationData/@NotOnOrAfter", set()).add(
                _utc(data.not_on_or_after)
            )
    values: dict[str, list[str]] = {}
    for attribute in result.attributes:
        values.setdefault(attribute.name, []).extend(
            str(_trimmed(value)) for value in attribute.string_values
        )
        facts.setdefault(f"FriendlyName of {attribute.name}", set()).add(attribute.friendly_name)
    facts |= {f"Attribute {name}": {tuple(texts)} for name, texts in values.items()}
    facts["Attributes"] = {frozenset(name for name, texts in values.items() if texts)}
    return {place: frozenset(found) for place, found in facts.items()}


def _utc(value: datetime | None) -> datetime | None:
    return None if value is None else value.astimezone(UTC)


@lru_cache(maxsize=64)
def _gamlastan_verifier(names: tuple[str, ...]) -> crypto.SamlVerifier:
    return crypto.SamlVerifier.from_certs([_der(name) for name in names])


def _der(name: str) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding

    return _x509(name).public_bytes(Encoding.DER)


@lru_cache(maxsize=1)
def _gamlastan_config() -> security.SecurityConfig:
    config = security.SecurityConfig()
    # The signature may stand on the response alone, and an answer to nothing is our own rule.
    config.require_signed_assertions = False
    config.allow_unsolicited_responses = True
    config.clock_skew_seconds = 120
    return config


# ----------------------------------------------------------------------------------------------


def _version(package: str) -> str:
    from importlib.metadata import version

    return version(package)


# The quickest first: a document that one of them vouches for in everything needs no second.
ORACLES = (
    Oracle("pygamlastan", _version("pygamlastan"), _gamlastan),
    Oracle("xmlsec", _version("xmlsec"), _xmlsec),
    Oracle("signxml", _version("signxml"), _signxml),
    Oracle("python3-saml", _version("python3-saml"), _python3_saml),
)
