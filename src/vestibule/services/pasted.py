"""What somebody pasted, put to use: recognised, fetched where it is an address, and written.

Owns only the way from what it is to the use case that takes it: the same ones as for a change by
hand, with their rules and their refusals. Nothing is written in any other way.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from vestibule.domain.connections import (
    ExternalConnection,
    OidcChanges,
    SamlChanges,
    SamlConnection,
    SourceConnection,
    missing_parts,
)
from vestibule.domain.drafts import changes_between
from vestibule.domain.pasted import Kind, Recognised, recognise
from vestibule.errors import UpstreamError, VestibuleError, refusal
from vestibule.protocols import saml
from vestibule.services import connections, drafts, idp_documents
from vestibule.services.organizations import resolve
from vestibule.services.rbac import Actor, GuestActor
from vestibule.services.runtime import Runtime
from vestibule.storage import Tx

Into = Literal["draft", "live"]

_WELL_KNOWN = "/.well-known/openid-configuration"
_WANT_SAML = "metadata (URL, XML or file), a certificate, the sign-in URL or the entity ID"
_WANT_OIDC = "the issuer, the discovery URL or its JSON, or client ID and client secret"


@dataclass(frozen=True, slots=True)
class Applied:
    """What was recognised and what it changed, secrets veiled; `missing` names the fields without
    which the connection cannot work yet. `connection` is as it is now, in the draft or live."""

    kind: Kind
    sentence: str
    changes: Mapping[str, object]
    missing: tuple[str, ...]
    connection: SourceConnection


async def apply(
    rt: Runtime,
    actor: Actor,
    organization_name: str,
    connection_id: str,
    text: str | bytes,
    *,
    into: Into,
) -> Applied:
    """Recognise what was pasted or uploaded and put it into the connection.

    Raises:
        pasted_private_key, pasted_not_usable: with what came, and what would be of use;
        sso_connection_not_found, and what the change that it means raises.
    """
    old = await connections.get(rt, actor, organization_name, connection_id)
    found = recognise(text, base_url=rt.settings.base_url)
    if found.kind == "private_key":
        raise refusal("pasted_private_key")
    if isinstance(old, ExternalConnection):
        raise refusal(
            "pasted_not_usable", want="nothing: it follows the connection that it leads to",
            got=found.sentence,
        )  # fmt: skip
    if into == "draft" or found.kind not in ("certificate", "metadata_xml"):
        # Whoever may not change the connection makes us fetch nothing.
        await _require_update(rt, actor, organization_name)
    place = _Place(rt, actor, organization_name, connection_id, into)
    before = await place.basis(old)
    try:
        if isinstance(old, SamlConnection):
            after = await _into_saml(place, old, found)
        else:
            after = await _into_oidc(place, before, found)
    except UpstreamError as error:
        # It is what was pasted that cannot be used, not our server that failed.
        raise refusal(
            "pasted_not_usable", want="an address that answers", got=found.sentence,
            detail=str(error),
        ) from None  # fmt: skip
    return Applied(
        found.kind,
        found.sentence,
        {change.field: change.becomes for change in changes_between(before, after)},
        missing_parts(after),
        after,
    )


@dataclass(frozen=True, slots=True)
class _Place:
    """Where it goes: a connection's draft or its live settings."""

    rt: Runtime
    actor: Actor
    organization_name: str
    connection_id: str
    into: Into

    async def basis(self, live: SourceConnection) -> SourceConnection:
        """What the change starts from, to tell afterwards what it changed."""
        if self.into == "live":
            return live
        try:
            view = await drafts.get_draft(*self._named)
        except VestibuleError as error:
            if error.code != "draft_not_found":
                raise
            return live
        return view.draft.settings

    @property
    def _named(self) -> tuple[Runtime, Actor, str, str]:
        return self.rt, self.actor, self.organization_name, self.connection_id

    async def saml(self, changes: SamlChanges, certificate: str | None = None) -> SourceConnection:
        if self.into == "live":
            return await connections.change_saml(
                *self._named, changes, x509_certificate=certificate
            )
        view = await drafts.put_saml_draft(*self._named, changes, x509_certificate=certificate)
        return view.draft.settings

    async def document(self, document: bytes) -> SourceConnection:
        if self.into == "live":
            return await connections.change_saml_by_document(*self._named, document)
        return (await drafts.put_metadata_draft(*self._named, document)).draft.settings

    async def metadata_url(self, url: str) -> SourceConnection:
        if self.into == "live":
            return await connections.change_saml_by_url(*self._named, url)
        document = await idp_documents.saml_document(self.rt, url)
        await self.document(document)
        return await self.saml(SamlChanges(idp_metadata_url=url))

    async def oidc(self, changes: OidcChanges) -> SourceConnection:
        if self.into == "live":
            return (await connections.change_oidc(*self._named, changes))[0]
        return (await drafts.put_oidc_draft(*self._named, changes)).draft.settings


async def _into_saml(place: _Place, old: SamlConnection, found: Recognised) -> SourceConnection:
    match found.kind:
        case "metadata_xml":
            return await _metadata(place, old, found.document)
        case "metadata_url":
            return await place.metadata_url(found.value)
        case "issuer":
            # An address that says nothing of itself: if metadata stands there, it was meant.
            try:
                return await place.metadata_url(found.value)
            except VestibuleError as error:
                raise refusal(
                    "pasted_not_usable", want=_WANT_SAML, got=found.value, detail=str(error)
                ) from None
        case "certificate":
            return await place.saml(SamlChanges(), _one(found.certificates))
        case "entity_id":
            return await place.saml(SamlChanges(idp_entity_id=found.value))
        case "sso_url":
            return await place.saml(SamlChanges(idp_sso_url=found.value))
    raise refusal("pasted_not_usable", want=_WANT_SAML, got=found.sentence)


async def _metadata(place: _Place, old: SamlConnection, document: bytes) -> SourceConnection:
    """A guest who may renew certificates and nothing else takes only these from a document, and
    only if it is of the same identity provider."""
    guest = place.actor
    if not isinstance(guest, GuestActor) or "sso.update_connection" in guest.operations:
        return await place.document(document)
    metadata = saml.read_idp_metadata(document, now=place.rt.now())
    if metadata.entity_id != old.idp_entity_id:
        raise refusal(
            "pasted_not_usable", want=f"metadata of {old.idp_entity_id}", got=metadata.entity_id
        )
    held = {certificate.fingerprint_sha256 for certificate in old.verification_certificates}
    new = [one for one in metadata.certificates if one.fingerprint_sha256 not in held]
    after: SourceConnection = old
    for certificate in new:
        after = await place.saml(SamlChanges(), certificate.pem)
    return after


async def _into_oidc(place: _Place, old: SourceConnection, found: Recognised) -> SourceConnection:
    match found.kind:
        case "discovery_url":
            issuer = found.value.partition(_WELL_KNOWN)[0]
            return await place.oidc(OidcChanges(issuer=await _discovered(place.rt, issuer)))
        case "issuer":
            return await place.oidc(OidcChanges(issuer=await _discovered(place.rt, found.value)))
        case "discovery_json":
            return await place.oidc(_described(json.loads(found.document)))
        case "client_id_secret":
            return await place.oidc(
                OidcChanges(
                    client_id=found.client_id or None, client_secret=found.client_secret or None
                )
            )
    raise refusal("pasted_not_usable", want=_WANT_OIDC, got=found.sentence)


async def _discovered(rt: Runtime, address: str) -> str:
    """The issuer to the letter: with or without the slash at its end, as it says itself.

    Raises:
        what reading its description raises.
    """
    bare = address.rstrip("/")
    first: VestibuleError | None = None
    for issuer in dict.fromkeys((address, bare, f"{bare}/")):
        try:
            return (await idp_documents.discover(rt, issuer)).issuer
        except VestibuleError as error:
            first = first or error
            if error.code != "oidc_discovery_issuer_mismatch":
                break
    raise first or refusal("pasted_not_usable", want=_WANT_OIDC, got=address)


def _described(document: Mapping[str, Any]) -> OidcChanges:
    """What an OpenID configuration says, for a provider that we may be unable to ask ourselves."""

    def text(name: str) -> str | None:
        value = document.get(name)
        return value if isinstance(value, str) and value else None

    return OidcChanges(
        issuer=text("issuer"),
        authorization_url=text("authorization_endpoint"),
        token_url=text("token_endpoint"),
        userinfo_url=text("userinfo_endpoint"),
        jwks_url=text("jwks_uri"),
    )


def _one(certificates: Sequence[str]) -> str:
    if len(certificates) != 1:
        raise refusal(
            "pasted_not_usable",
            want="the one certificate that signs",
            got=f"{len(certificates)} certificates",
        )
    return certificates[0]


async def _require_update(rt: Runtime, actor: Actor, organization_name: str) -> None:
    def work(tx: Tx) -> None:
        resolve(tx, actor, organization_name, "sso.update_connection")

    await rt.store.read(work)
