"""What somebody pasted: recognised by its looks, said in one sentence.

Owns the list of things that people copy out of an identity provider, those that they copy by
mistake included. Nothing is fetched, trusted or judged here: whoever uses what was recognised reads
it by its own rules.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

Kind = Literal[
    "metadata_xml", "metadata_url", "certificate", "discovery_url", "issuer", "discovery_json",
    "entity_id", "sso_url", "sp_metadata", "private_key", "html_page", "saml_response",
    "client_id_secret", "unknown",
]  # fmt: skip

MAX_LENGTH = 1024 * 1024

_SAML_REST = ("the sign-in URL", "the entity ID")
_OIDC_REST = ("the client ID", "the client secret")


@dataclass(frozen=True, slots=True)
class Recognised:
    """`sentence` says what it is; `missing` what a connection needs beside it.

    `value` is the URL, issuer or entity id, `document` the XML or JSON in UTF-8, `certificates`
    are PEM or base64 as they stood there.
    """

    kind: Kind
    sentence: str
    missing: tuple[str, ...] = ()
    value: str = ""
    document: bytes = field(default=b"", repr=False)
    certificates: tuple[str, ...] = ()
    client_id: str = ""
    client_secret: str = field(default="", repr=False)


def recognise(pasted: str | bytes, *, base_url: str = "") -> Recognised:
    """Say what was pasted or uploaded. Never refuses: what nobody knows is `unknown`.

    Args:
        base_url: our own address, to know our own metadata again.
    """
    if len(pasted) > MAX_LENGTH:
        return Recognised("unknown", f"This is longer than {MAX_LENGTH} characters.")
    if isinstance(pasted, bytes):
        found = _binary(pasted)
        if found is not None:
            return found
        text = _decoded(pasted)
        if text is None:
            return Recognised("unknown", "This is a file that holds no text.")
    else:
        # Half of a character, which no database takes, is none.
        text = pasted.encode("utf-8", "replace").decode()
    text = text.replace("\x00", "").strip().lstrip("\ufeff").strip()
    if not text:
        return Recognised("unknown", "This is empty.")
    return _text(text, base_url, depth=0)


def _text(text: str, base_url: str, depth: int) -> Recognised:
    if found := _pem(text):
        return found
    if text[0] == "<":
        return _xml(text, base_url)
    if text[0] in "{[":
        return _json(text)
    if found := _url_or_urn(text, base_url):
        return found
    if found := _credentials(text):
        return found
    if found := _base64(text, base_url, depth):
        return found
    urls = re.findall(r"https?://[^\s\"'<>]+", text)
    if len(set(urls)) == 1 and depth == 0:
        return _text(urls[0].rstrip(".,;)"), base_url, depth=1)
    if len(set(urls)) > 1:
        return Recognised(
            "unknown", f"This is a text with {len(set(urls))} URLs: paste one of them."
        )
    if re.fullmatch(r"ey[\w-]+\.[\w-]+\.[\w-]*", text):
        return Recognised("unknown", "This is a token (JWT), which says who somebody is once.")
    return Recognised("unknown", f"This is a text that begins with “{text[:40]}”.")


# --- files and PEM --------------------------------------------------------------------------------

_PRIVATE = Recognised(
    "private_key", "This is a private key. It never leaves its owner, and we did not keep it."
)


def _binary(octets: bytes) -> Recognised | None:
    """DER by its first bytes: an X.509 certificate, or something that looks like one outside."""
    body = _der_body(octets)
    if body is None:
        return None
    # PKCS#1, PKCS#8, SEC1 and PKCS#12 begin with their version, a certificate with a sequence.
    if body[:2] == b"\x02\x01" and body[2:3] in (b"\x00", b"\x01", b"\x03"):
        return _PRIVATE
    if body[:1] == b"\x30":
        return _certificates([base64.b64encode(octets).decode()])
    if body[:1] == b"\x06":
        return Recognised(
            "unknown", "This is a PKCS#7 bundle: export the one certificate as PEM or DER."
        )
    return Recognised("unknown", "This is a binary file, but no certificate.")


def _der_body(octets: bytes) -> bytes | None:
    """What stands inside the outer sequence, if its length is that of the file."""
    if len(octets) < 64 or octets[0] != 0x30:
        return None
    size = octets[1]
    if size < 0x80:
        return octets[2:] if size == len(octets) - 2 else None
    width = size - 0x80
    if not 1 <= width <= 4:
        return None
    if int.from_bytes(octets[2 : 2 + width]) != len(octets) - 2 - width:
        return None
    return octets[2 + width :]


def _decoded(octets: bytes) -> str | None:
    if octets[:2] in (b"\xff\xfe", b"\xfe\xff"):
        try:
            # Its declaration would contradict the UTF-8 that we make of it.
            return re.sub(r"^\s*<\?xml[^>]*\?>", "", octets.decode("utf-16").lstrip("\ufeff"))
        except UnicodeDecodeError:
            return None
    try:
        return octets.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None


_LABEL = re.compile(r"-----BEGIN ([A-Z0-9 #]+)-----")
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----")


def _pem(text: str) -> Recognised | None:
    labels = _LABEL.findall(text)
    if any("PRIVATE KEY" in label for label in labels):
        return _PRIVATE
    if not labels:
        return None
    if certificates := _CERTIFICATE.findall(text):
        return _certificates(certificates)
    if "CERTIFICATE" in labels:
        return Recognised("unknown", "This is a certificate in PEM that is cut off.")
    return Recognised("unknown", f"This is a PEM file with {labels[0].lower()}, no certificate.")


def _certificates(found: list[str]) -> Recognised:
    different = tuple(dict.fromkeys(found))
    if len(different) == 1:
        sentence = "This is a certificate, with which an identity provider signs."
    else:
        sentence = f"These are {len(different)} certificates."
    return Recognised("certificate", sentence, _SAML_REST, certificates=different)


# --- XML ------------------------------------------------------------------------------------------

_ROOT = re.compile(r"<(?:[A-Za-z_][\w.-]*:)?([A-Za-z_][\w.-]*)[\s/>]")
_SP_ENTITY = re.compile(r"\bentityID\s*=\s*[\"']([^\"']{1,1024})[\"']")
_X509 = re.compile(r"<(?:[\w.-]+:)?X509Certificate\s*>([^<]{100,64000})<")
_PARTS_OF_METADATA = ("KeyDescriptor", "KeyInfo", "X509Data", "X509Certificate")


def _xml(text: str, base_url: str) -> Recognised:
    begins = _after_prolog(text)[:2000]
    if re.match(r"<!doctype\s+html|<html\b|<head\b|<body\b", begins, re.IGNORECASE):
        return Recognised(
            "html_page",
            "This is a web page, often the sign-in page that stood in front of the document.",
        )
    root = _ROOT.match(begins)
    name = root.group(1) if root else ""
    document = text.encode("utf-8", "replace")
    if name in ("EntityDescriptor", "EntitiesDescriptor"):
        if "IDPSSODescriptor" in text:
            return Recognised(
                "metadata_xml", "This is the SAML metadata of an identity provider.",
                document=document,
            )  # fmt: skip
        if "SPSSODescriptor" in text:
            entity = _SP_ENTITY.search(text)
            return _service_provider(entity.group(1) if entity else "", base_url)
        return Recognised("unknown", "This is SAML metadata without an identity provider in it.")
    if name in ("Response", "Assertion", "EncryptedAssertion", "LogoutResponse", "AuthnRequest"):
        return Recognised(
            "saml_response", f"This is a SAML {name}, a message of one sign-in, and no metadata."
        )
    if name in _PARTS_OF_METADATA and (inside := _X509.findall(text)):
        return _certificates(["".join(one.split()) for one in inside])
    shown = name or begins[:20]
    return Recognised("unknown", f"This is XML that begins with “{shown[:60]}”, and no metadata.")


def _after_prolog(text: str) -> str:
    """From the first element on, or the document type."""
    at = 0
    while text.startswith(("<?", "<!--"), at):
        closes = "?>" if text.startswith("<?", at) else "-->"
        end = text.find(closes, at)
        if end < 0:
            return ""
        at = end + len(closes)
        while text[at : at + 1].isspace():
            at += 1
    return text[at:]


def _service_provider(entity_id: str, base_url: str) -> Recognised:
    if base_url and entity_id.startswith(f"{base_url}/"):
        sentence = "This is our own metadata, which is for the identity provider."
    else:
        sentence = "This is the metadata of an application (SP), not of an identity provider."
    return Recognised("sp_metadata", sentence, value=entity_id)


# --- JSON -----------------------------------------------------------------------------------------


def _json(text: str) -> Recognised:
    try:
        found: Any = json.loads(text)
    except (ValueError, RecursionError):
        return Recognised("unknown", "This begins like JSON, and is none.")
    if not isinstance(found, dict):
        return Recognised("unknown", "This is a JSON list.")
    if _has_private_key(found):
        return _PRIVATE
    if isinstance(found.get("issuer"), str) and (
        "authorization_endpoint" in found or "jwks_uri" in found
    ):
        return Recognised(
            "discovery_json", "This is the OpenID configuration of an identity provider.",
            _OIDC_REST, value=found["issuer"], document=text.encode("utf-8", "replace"),
        )  # fmt: skip
    for inner in (found, found.get("web"), found.get("installed")):
        if isinstance(inner, Mapping):
            ident, secret = inner.get("client_id"), inner.get("client_secret")
            if isinstance(ident, str) and isinstance(secret, str) and ident and secret:
                return _client(ident, secret)
    if "keys" in found:
        return Recognised(
            "unknown", "This is a key set (JWKS): paste the issuer or the discovery URL instead."
        )
    names = ", ".join(str(name) for name in list(found)[:5])
    return Recognised("unknown", f"This is JSON with {names[:120] or 'nothing in it'}.")


def _has_private_key(found: Mapping[str, Any]) -> bool:
    keys = found.get("keys")
    inside = keys if isinstance(keys, list) else [found]
    if any(isinstance(key, Mapping) and "kty" in key and "d" in key for key in inside):
        return True
    return any(isinstance(value, str) and "PRIVATE KEY-----" in value for value in found.values())


# --- client id and secret -------------------------------------------------------------------------

# Bounded, because a text of a million blanks would otherwise be tried a million times.
_VALUE = r"\b[\s\"':=]{1,20}([^\s\"',;]{1,512})"
_CLIENT_ID = re.compile(rf"\bclient[ _-]?id{_VALUE}", re.IGNORECASE)
_CLIENT_SECRET = re.compile(rf"\bclient[ _-]?secret{_VALUE}", re.IGNORECASE)


def _credentials(text: str) -> Recognised | None:
    ident, secret = _CLIENT_ID.search(text), _CLIENT_SECRET.search(text)
    if not ident and not secret:
        return None
    return _client(ident.group(1) if ident else "", secret.group(1) if secret else "")


def _client(client_id: str, client_secret: str) -> Recognised:
    missing = tuple(
        name
        for name, value in (
            ("the issuer", ""), ("the client ID", client_id), ("the client secret", client_secret),
        )
        if not value
    )  # fmt: skip
    held = " and ".join(
        name
        for name, value in (("client ID", client_id), ("client secret", client_secret))
        if value
    )
    return Recognised(
        "client_id_secret", f"This is the {held} of an application at an OpenID provider.",
        missing, client_id=client_id, client_secret=client_secret,
    )  # fmt: skip


# --- URLs -----------------------------------------------------------------------------------------

_WELL_KNOWN = "/.well-known/openid-configuration"
_METADATA_HINTS = (
    "metadata", ".xml", "federationmetadata", "/saml/descriptor", "/protocol/saml/descriptor",
)  # fmt: skip
_SSO_HINTS = (
    "/sso/saml", "/saml2/idp", "/saml2/sso", "/saml/sso", "/singlesignon", "/adfs/ls", "/sso",
    "/saml2", "/saml/idp", "/o/saml2/idp", "/idp/sso.saml2", "/samlp/", "/protocol/saml",
    "/saml-login", "/saml2/http-redirect", "/saml2/http-post", "/signin/saml",
)  # fmt: skip
_ENTITY_HINTS = re.compile(
    r"https?://(?:sts\.windows\.net/[\w-]+/?|www\.okta\.com/exk\w+"
    r"|accounts\.google\.com/o/saml2\?idpid=\w+|.+/adfs/services/trust/?)"
)


def _url_or_urn(text: str, base_url: str) -> Recognised | None:
    if any(character.isspace() for character in text) or len(text) > 2048:
        return None
    lowered = text.lower()
    if lowered.startswith("urn:"):
        return _entity_id(text)
    if not lowered.startswith(("https://", "http://")):
        return None
    if base_url and text.startswith(f"{base_url}/v1/"):
        return Recognised(
            "sp_metadata", "This is an address of ours, which is for the identity provider.",
            value=text,
        )  # fmt: skip
    try:
        parts = urlsplit(text)
        host = parts.hostname
    except ValueError:
        host = None
    if not host:
        return Recognised("unknown", "This begins like a URL, and is none.")
    path = parts.path.lower()
    if _WELL_KNOWN in path:
        return Recognised(
            "discovery_url", "This is the discovery URL of an OpenID provider.", _OIDC_REST,
            value=text,
        )  # fmt: skip
    if "SAMLRequest" in parts.query or "SAMLResponse" in parts.query:
        return Recognised(
            "saml_response", "This is the address of one sign-in, with a SAML message in it."
        )
    if _ENTITY_HINTS.fullmatch(text):
        return _entity_id(text)
    if any(hint in f"{path}?{parts.query.lower()}" for hint in _METADATA_HINTS):
        return Recognised(
            "metadata_url", "This looks like the metadata URL of a SAML identity provider.",
            value=text,
        )  # fmt: skip
    if any(path.endswith(hint) or f"{hint}/" in path for hint in _SSO_HINTS):
        return Recognised(
            "sso_url", "This looks like the sign-in URL of a SAML identity provider.",
            ("the entity ID", "the certificate"), value=text,
        )  # fmt: skip
    return Recognised(
        "issuer", "This looks like the issuer of an OpenID provider.", _OIDC_REST, value=text
    )


def _entity_id(text: str) -> Recognised:
    return Recognised(
        "entity_id", "This is the entity ID of a SAML identity provider.",
        ("the sign-in URL", "the certificate"), value=text,
    )  # fmt: skip


# --- base64 ---------------------------------------------------------------------------------------

_BASE64 = re.compile(r"[A-Za-z0-9+/]{64,}={0,2}")


def _base64(text: str, base_url: str, depth: int) -> Recognised | None:
    """A certificate without its first and last line, or a SAML message out of a form."""
    if depth > 1:
        return None
    if text.startswith(("SAMLResponse=", "SAMLRequest=")):
        sent = parse_qs(text, max_num_fields=10)
        inner = "".join((sent.get("SAMLResponse") or sent.get("SAMLRequest") or [""])[:1])
        return _base64(inner, base_url, depth) or Recognised(
            "saml_response", "This is a SAML message of one sign-in, and no metadata."
        )
    squeezed = "".join(text.split())
    if not _BASE64.fullmatch(squeezed):
        return None
    try:
        octets = base64.b64decode(squeezed, validate=True)
    except (binascii.Error, ValueError):
        return None
    if found := _binary(octets):
        return found
    inner_text = _decoded(octets)
    if inner_text is not None and inner_text.lstrip().startswith(("<", "-----BEGIN")):
        return _text(inner_text.strip(), base_url, depth + 1)
    return Recognised("unknown", "This is base64, and holds neither a certificate nor XML.")
