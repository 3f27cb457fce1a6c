"""AuthnRequests: building ours, putting them on the wire, and reading those of others.

Owns the two peers of a SAML sign-in, `SamlSp` and `SamlIdp`, and the redirect and POST bindings.
Refuses to know how request ids are drawn, where they are kept, and what the answer will be.
"""

from __future__ import annotations

import re
import zlib
from base64 import b64encode
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal
from urllib.parse import quote

from vestibule.errors import refusal

from .certificates import Certificate, read_private_key
from .names import (
    AUTHN_CONTEXT_CLASS_REF,
    AUTHN_REQUEST,
    HTTP_POST,
    ISSUER,
    NAME_ID,
    NAME_ID_POLICY,
    REQUESTED_AUTHN_CONTEXT,
    RSA_SHA256,
    SAML,
    SAMLP,
    SUBJECT,
)
from .signature import sign_query
from .xml import decode_base64, escaped, local_name, parse, text_of, write_time

MAX_INFLATED_BYTES: Final = 256_000
_MAX_REDIRECT_CHARACTERS: Final = 400_000

# Absolute http(s), no userinfo, and no character that means something to HTML.
_HTTP_URL = re.compile(
    r"https?://(?:[A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?"
    r"(?:[/?][A-Za-z0-9._~!$&()*+,;=:@/?%\[\]-]*)?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class SamlSp:
    """Us, as one connection shows us to its identity provider. Keys and certificates are PEM."""

    entity_id: str
    acs_url: str
    signing_key: str | None = field(default=None, repr=False)
    signing_certificates: tuple[str, ...] = ()
    encryption_certificates: tuple[str, ...] = ()
    name_id_format: str | None = None
    logout_url: str | None = None
    signs_requests: bool = True


@dataclass(frozen=True, slots=True)
class SamlIdp:
    """The identity provider of one connection, with the certificates pinned for it."""

    entity_id: str
    sso_url: str
    certificates: tuple[Certificate, ...]


@dataclass(frozen=True, slots=True)
class UnverifiedAuthnRequest:
    """What an AuthnRequest says. Nobody has vouched for any of it."""

    id: str
    issuer: str
    acs_url: str | None
    destination: str | None
    name_id_format: str | None
    login_hint: str | None
    force_authn: bool
    authn_contexts: tuple[str, ...] = ()


def is_http_url(url: str) -> bool:
    """Whether `url` is one that a browser may be sent to and a form may carry as its action."""
    return _HTTP_URL.fullmatch(url) is not None


# --- building ---------------------------------------------------------------------------------


def build_authn_request(
    sp: SamlSp,
    idp: SamlIdp,
    *,
    request_id: str,
    now: datetime,
    login_hint: str | None = None,
    force_authn: bool = False,
    name_id_format: str | None = None,
    requested_authn_context: tuple[str, ...] = (),
) -> bytes:
    """Build an AuthnRequest (SAML Core §3.4.1), unsigned.

    `request_id` must begin with a letter or an underscore and be fresh and unguessable;
    `login_hint` becomes the Subject, which several identity providers put into their user-name
    field; `requested_authn_context` are class references, to be matched exactly.
    """
    parts = [
        f'<samlp:AuthnRequest xmlns:samlp="{SAMLP}" xmlns:saml="{SAML}"'
        f' ID="{escaped(request_id)}" Version="2.0" IssueInstant="{write_time(now)}"'
        f' Destination="{escaped(idp.sso_url)}" ProtocolBinding="{HTTP_POST}"'
        f' AssertionConsumerServiceURL="{escaped(sp.acs_url)}"',
        ' ForceAuthn="true">' if force_authn else ">",
        f"<saml:Issuer>{escaped(sp.entity_id)}</saml:Issuer>",
    ]
    if login_hint:
        parts.append(f"<saml:Subject><saml:NameID>{escaped(login_hint)}</saml:NameID>")
        parts.append("</saml:Subject>")
    wanted_format = name_id_format or sp.name_id_format
    shown_format = f' Format="{escaped(wanted_format)}"' if wanted_format else ""
    parts.append(f'<samlp:NameIDPolicy{shown_format} AllowCreate="true"/>')
    if requested_authn_context:
        parts.append('<samlp:RequestedAuthnContext Comparison="exact">')
        parts += [
            f"<saml:AuthnContextClassRef>{escaped(reference)}</saml:AuthnContextClassRef>"
            for reference in requested_authn_context
        ]
        parts.append("</samlp:RequestedAuthnContext>")
    parts.append("</samlp:AuthnRequest>")
    return "".join(parts).encode()


def encode_redirect(
    xml: bytes,
    idp_url: str,
    relay_state: str,
    signing_key: str | None,
    *,
    name: Literal["SAMLRequest", "SAMLResponse"] = "SAMLRequest",
) -> str:
    """The URL that carries `xml` in the HTTP-Redirect binding (SAML Bindings §3.4.4).

    With `signing_key`, a PEM, the query is signed as it stands on the wire. Such a request must
    not carry a signature inside. A query that `idp_url` already has stays in front, unsigned.

    Raises:
        InvalidRequest: saml_connection_idp_sso_url_invalid_format, when `idp_url` is no URL that
            we would send a browser to.
    """
    _check_url(idp_url)
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    deflated = compressor.compress(xml) + compressor.flush()
    query = f"{name}=" + _quoted_base64(deflated)
    if relay_state:
        query += "&RelayState=" + _quoted(relay_state)
    if signing_key is not None:
        query += "&SigAlg=" + _quoted(RSA_SHA256)
        signature = sign_query(query.encode(), read_private_key(signing_key))
        query += "&Signature=" + _quoted_base64(signature)
    if "?" not in idp_url:
        return f"{idp_url}?{query}"
    return idp_url + query if idp_url.endswith(("?", "&")) else f"{idp_url}&{query}"


def encode_post(
    xml: bytes,
    idp_url: str,
    relay_state: str,
    *,
    name: Literal["SAMLRequest", "SAMLResponse"] = "SAMLRequest",
) -> dict[str, str]:
    """The fields of the form that carries `xml` in the HTTP-POST binding (Bindings §3.5.4).

    The form's action is `idp_url`, which is judged here because nobody should build a form
    around a `javascript:` URL. To sign, pass what `sign_enveloped` made.

    Raises:
        InvalidRequest: saml_connection_idp_sso_url_invalid_format.
    """
    _check_url(idp_url)
    fields: dict[str, str] = {name: b64encode(xml).decode()}
    if relay_state:
        fields["RelayState"] = relay_state
    return fields


def _check_url(url: str) -> None:
    if not is_http_url(url):
        raise refusal("saml_connection_idp_sso_url_invalid_format", got=url)


def _quoted(value: str) -> str:
    return quote(value, safe="")


def _quoted_base64(octets: bytes) -> str:
    # Only three of its characters need quoting, and quote() looks at each of hundreds.
    text = b64encode(octets).decode()
    return text.replace("+", "%2B").replace("/", "%2F").replace("=", "%3D")


# --- reading ----------------------------------------------------------------------------------


def decode_redirect(saml_request: str) -> bytes:
    """The XML behind the query parameter `SAMLRequest`, after percent-decoding.

    Raises:
        SamlError: saml_encoding_invalid; saml_too_large beyond 256 000 bytes, at which point
            inflating stops, however much more there would be.
    """
    if len(saml_request) > _MAX_REDIRECT_CHARACTERS:
        raise refusal("saml_too_large", got=f"{len(saml_request)} characters")
    inflator = zlib.decompressobj(wbits=-zlib.MAX_WBITS)
    try:
        inflated = inflator.decompress(decode_base64(saml_request), MAX_INFLATED_BYTES + 1)
    except zlib.error:
        raise refusal("saml_encoding_invalid", want="raw DEFLATE") from None
    if len(inflated) > MAX_INFLATED_BYTES:
        raise refusal("saml_too_large", want=f"at most {MAX_INFLATED_BYTES} bytes")
    if not inflator.eof or inflator.unused_data:
        raise refusal("saml_encoding_invalid", want="one whole DEFLATE stream")
    return inflated


def read_authn_request(xml: bytes) -> UnverifiedAuthnRequest:
    """Read an AuthnRequest as an identity provider would.

    Raises:
        SamlError: what `xml.parse` refuses, saml_structure_invalid, saml_version_unsupported,
            saml_value_invalid.
    """
    root = parse(xml)
    if root.tag != AUTHN_REQUEST:
        raise refusal("saml_structure_invalid", want="AuthnRequest", got=local_name(root.tag))
    if root.get("Version") != "2.0":
        raise refusal("saml_version_unsupported", want="2.0", got=root.get("Version"))
    request_id = root.get("ID", "")
    issuers = root.findall(ISSUER)
    if not request_id or len(issuers) != 1:
        raise refusal("saml_structure_invalid", want="an ID and one Issuer")
    policy = root.find(NAME_ID_POLICY)
    name_id = root.find(f"{SUBJECT}/{NAME_ID}")
    return UnverifiedAuthnRequest(
        id=request_id,
        issuer=text_of(issuers[0]),
        acs_url=root.get("AssertionConsumerServiceURL"),
        destination=root.get("Destination"),
        name_id_format=None if policy is None else policy.get("Format"),
        login_hint=None if name_id is None else text_of(name_id) or None,
        force_authn=root.get("ForceAuthn") in ("true", "1"),
        authn_contexts=tuple(
            text_of(reference)
            for reference in root.findall(f"{REQUESTED_AUTHN_CONTEXT}/{AUTHN_CONTEXT_CLASS_REF}")
        ),
    )
