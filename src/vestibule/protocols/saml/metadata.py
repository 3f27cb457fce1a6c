"""SAML metadata: what an identity provider says of itself, and what we say of ourselves.

Owns the reading of one identity provider out of a document, with or without a signature that
vouches for it, and the rendering of ours. Refuses to fetch anything and to decide what to trust:
it says which pinned key has signed a document, and others say what follows from that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from vestibule.errors import VestibuleError, refusal

from .certificates import Certificate, read_certificate
from .names import (
    CIPHERS,
    DS,
    ENTITIES_DESCRIPTOR,
    ENTITY_DESCRIPTOR,
    HTTP_POST,
    HTTP_REDIRECT,
    IDP_SSO_DESCRIPTOR,
    KEY_DESCRIPTOR,
    KEY_INFO,
    MD,
    NAME_ID_FORMAT,
    RSA_OAEP_MGF1P,
    SAMLP,
    SIGNATURE,
    SINGLE_LOGOUT_SERVICE,
    SINGLE_SIGN_ON_SERVICE,
    X509_CERTIFICATE,
    X509_DATA,
)
from .request import SamlSp, is_http_url
from .signature import Proof, prove_enveloped
from .xml import (
    Element,
    descendants,
    escaped,
    local_name,
    parse,
    parse_again,
    read_time,
    text_of,
)

_MAX_ENTITY_ID: Final = 1024
_BINDINGS: Final = (HTTP_REDIRECT, HTTP_POST)  # in the order in which we like them
_DURATION = re.compile(
    r"P(?:([0-9]{1,4})Y)?(?:([0-9]{1,4})M)?(?:([0-9]{1,6})D)?"
    r"(?:T(?:([0-9]{1,8})H)?(?:([0-9]{1,8})M)?(?:([0-9]{1,9})(?:\.[0-9]+)?S)?)?"
)


@dataclass(frozen=True, slots=True)
class SamlIdpMetadata:
    """One identity provider as its metadata describes it."""

    entity_id: str
    sso_url: str
    sso_binding: str
    certificates: tuple[Certificate, ...]
    valid_until: datetime | None
    cache_duration: timedelta | None
    wants_signed_requests: bool
    name_id_formats: tuple[str, ...]
    # Single logout, "" where it has none; answers go to a URL of their own where it names one.
    slo_url: str = ""
    slo_response_url: str = ""
    slo_binding: str = ""


class SignedIdpMetadata(NamedTuple):
    """Metadata read from bytes that a pinned key has signed, and whose key that was."""

    metadata: SamlIdpMetadata
    signed_by: Certificate


# --- theirs -----------------------------------------------------------------------------------


def read_idp_metadata(document: bytes, *, now: datetime) -> SamlIdpMetadata:
    """Read the one identity provider that `document` describes (SAML Metadata §2.3, §2.4.3).

    The root is its EntityDescriptor, or EntitiesDescriptor around it; other entities may stand
    beside it as long as only one is an identity provider. Its keys are those of its
    IDPSSODescriptor for signing or for everything. A signature on the document is not judged.

    Raises:
        SamlError: saml_metadata_expired; saml_metadata_invalid for everything else, with the
            cause in `detail`.
    """
    try:
        return _read(parse(document, comments=True), now)
    except VestibuleError as error:
        if error.code.startswith("saml_metadata_"):
            raise
        raise refusal("saml_metadata_invalid", detail=str(error)) from None


def verify_idp_metadata(
    document: bytes, keys: tuple[Certificate, ...], *, now: datetime
) -> SignedIdpMetadata:
    """Read the identity provider out of what one of `keys` has signed, and out of nothing else.

    The signature stands in the EntityDescriptor of the identity provider or in the root around
    it; the one that a given key made counts, and the entity's own is asked first (SAML Metadata
    §3.1). What lies outside the signed element, such as a `validUntil` above it, is not read.

    Raises:
        SamlError: what `read_idp_metadata` raises; saml_signature_missing, or why no signature
            could be used.
    """
    failure: VestibuleError = refusal("saml_signature_missing", detail="in the metadata")
    for proof in _proofs(document, keys):
        if isinstance(proof, Proof):
            # Canonical bytes hold no comment and no declaration, and passed every limit before.
            return SignedIdpMetadata(_read(parse_again(proof.octets), now), proof.certificate)
        failure = proof
    raise failure


def _proofs(document: bytes, keys: tuple[Certificate, ...]) -> Iterator[Proof | VestibuleError]:
    """What each place of a signature proves, the entity's own first."""
    for above in (-1, 0):
        # Parsed for each, because a verification uses its tree up.
        path, entity, _ = _identity_provider(parse(document, comments=True))
        place = entity if above else path[0]
        if place.find(SIGNATURE) is None or (not above and place is entity):
            continue
        try:
            yield prove_enveloped(place, keys)
        except VestibuleError as error:
            yield error


def _read(root: Element, now: datetime) -> SamlIdpMetadata:
    path, entity, role = _identity_provider(root)
    entity_id = entity.get("entityID", "")
    if not entity_id or len(entity_id) > _MAX_ENTITY_ID:
        raise refusal("saml_metadata_invalid", want="an entityID of 1 to 1024 characters")
    valid_until = min(
        (read_time(found) for element in path if (found := element.get("validUntil"))),
        default=None,
    )
    if valid_until is not None and valid_until <= now:
        raise refusal("saml_metadata_expired", got=valid_until.isoformat())
    cache_duration = min(
        (_read_duration(found) for element in path if (found := element.get("cacheDuration"))),
        default=None,
    )
    sso_url, sso_binding = _sso_service(role)
    slo_url, slo_response_url, slo_binding = _slo_service(role)
    return SamlIdpMetadata(
        entity_id=entity_id,
        sso_url=sso_url,
        sso_binding=sso_binding,
        certificates=_certificates(role),
        valid_until=valid_until,
        cache_duration=cache_duration,
        wants_signed_requests=role.get("WantAuthnRequestsSigned") in ("true", "1"),
        name_id_formats=tuple(text_of(child) for child in role.findall(NAME_ID_FORMAT)),
        slo_url=slo_url,
        slo_response_url=slo_response_url,
        slo_binding=slo_binding,
    )


def _identity_provider(root: Element) -> tuple[list[Element], Element, Element]:
    """The one entity that is an identity provider, its role, and all that encloses both."""
    found = [
        (path, role)
        for path in _entities(root, [])
        for role in path[-1].findall(IDP_SSO_DESCRIPTOR)
        if SAMLP in role.get("protocolSupportEnumeration", "").split()
    ]
    # Counted once by the path that the schema allows and once anywhere at all: an entity or a
    # role hidden in Extensions makes the two differ.
    anywhere = sum(1 for _ in descendants(root, IDP_SSO_DESCRIPTOR))
    in_place = sum(len(path[-1].findall(IDP_SSO_DESCRIPTOR)) for path in _entities(root, []))
    if len(found) != 1 or anywhere != in_place:
        raise refusal(
            "saml_metadata_invalid", want="one SAML 2.0 IDPSSODescriptor", got=str(anywhere)
        )
    if sum(1 for _ in descendants(root, ENTITY_DESCRIPTOR)) != sum(1 for _ in _entities(root, [])):
        raise refusal("saml_metadata_invalid", want="EntityDescriptor in its place only")
    path, role = found[0]
    return [*path, role], path[-1], role


def _entities(element: Element, above: list[Element]) -> Iterator[list[Element]]:
    path = [*above, element]
    if element.tag == ENTITY_DESCRIPTOR:
        yield path
    elif element.tag == ENTITIES_DESCRIPTOR:
        for child in element:
            yield from _entities(child, path)
    elif not above:
        raise refusal("saml_metadata_invalid", want="EntityDescriptor", got=local_name(element.tag))


def _sso_service(role: Element) -> tuple[str, str]:
    services = role.findall(SINGLE_SIGN_ON_SERVICE)
    for binding in _BINDINGS:
        for service in services:
            if service.get("Binding") == binding:
                url = service.get("Location", "").strip()
                if not is_http_url(url):
                    raise refusal(
                        "saml_metadata_invalid", want="an http(s) SSO URL without userinfo", got=url
                    )
                return url, binding
    raise refusal("saml_metadata_invalid", want="SSO by HTTP-Redirect or HTTP-POST")


def _slo_service(role: Element) -> tuple[str, str, str]:
    """Where requests to log out go, where the answers go if elsewhere, and by which binding.

    SOAP alone counts as nothing: we speak through the browser only.
    """
    services = role.findall(SINGLE_LOGOUT_SERVICE)
    for binding in _BINDINGS:
        for service in services:
            if service.get("Binding") == binding:
                url = service.get("Location", "").strip()
                response_url = service.get("ResponseLocation", "").strip()
                for given in (url, response_url or url):
                    if not is_http_url(given):
                        raise refusal(
                            "saml_metadata_invalid",
                            want="an http(s) logout URL without userinfo",
                            got=given,
                        )
                return url, "" if response_url == url else response_url, binding
    return "", "", ""


def _certificates(role: Element) -> tuple[Certificate, ...]:
    """Those for signing, each once, in document order."""
    found: dict[str, Certificate] = {}
    for key in role.findall(KEY_DESCRIPTOR):
        if key.get("use", "signing") != "signing":
            continue
        for element in key.findall(f"{KEY_INFO}/{X509_DATA}/{X509_CERTIFICATE}"):
            certificate = read_certificate(text_of(element))
            found.setdefault(certificate.fingerprint_sha256, certificate)
    if not found:
        raise refusal("saml_metadata_invalid", want="a signing certificate")
    return tuple(found.values())


def _read_duration(text: str) -> timedelta:
    """An xs:duration, with months of 30 and years of 365 days: it only says when to look again."""
    match = _DURATION.fullmatch(text.strip())
    if match is None or not any(match.groups()):
        raise refusal("saml_metadata_invalid", want="cacheDuration such as PT6H", got=text)
    years, months, days, hours, minutes, seconds = (int(group or 0) for group in match.groups())
    return timedelta(
        days=years * 365 + months * 30 + days, hours=hours, minutes=minutes, seconds=seconds
    )


# --- ours -------------------------------------------------------------------------------------


def render_sp_metadata(sp: SamlSp) -> bytes:
    """Our metadata for one connection (SAML Metadata §2.4.4), unsigned.

    It carries no `validUntil`: a document that an administrator copied once must not turn into
    an outage on some later day. The ID is fixed so that `sign_enveloped(…, "sp-metadata", …)`
    can sign it.
    """
    signed = "true" if sp.signing_key is not None and sp.signs_requests else "false"
    parts = [
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<md:EntityDescriptor xmlns:md="{MD}" xmlns:ds="{DS}" ID="sp-metadata"'
        f' entityID="{escaped(sp.entity_id)}">'
        f'<md:SPSSODescriptor AuthnRequestsSigned="{signed}" WantAssertionsSigned="true"'
        f' protocolSupportEnumeration="{SAMLP}">'
    ]
    parts += [_key("signing", pem) for pem in sp.signing_certificates]
    parts += [_key("encryption", pem) for pem in sp.encryption_certificates]
    if sp.logout_url:
        parts += [
            f'<md:SingleLogoutService Binding="{binding}" Location="{escaped(sp.logout_url)}"/>'
            for binding in _BINDINGS
        ]
    if sp.name_id_format:
        parts.append(f"<md:NameIDFormat>{escaped(sp.name_id_format)}</md:NameIDFormat>")
    parts.append(
        f'<md:AssertionConsumerService Binding="{HTTP_POST}" Location="{escaped(sp.acs_url)}"'
        ' index="0" isDefault="true"/></md:SPSSODescriptor></md:EntityDescriptor>'
    )
    return "".join(parts).encode()


def _key(use: str, pem: str) -> str:
    body = "".join(line.strip() for line in pem.splitlines() if "-----" not in line)
    # Strongest first, and no 3DES: some identity providers take the first they know.
    methods = "".join(
        f'<md:EncryptionMethod Algorithm="{uri}"/>' for uri in (*CIPHERS, RSA_OAEP_MGF1P)
    )
    return (
        f'<md:KeyDescriptor use="{use}"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>'
        f"{escaped(body)}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>"
        f"{methods if use == 'encryption' else ''}</md:KeyDescriptor>"
    )
