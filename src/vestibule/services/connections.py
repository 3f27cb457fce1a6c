"""Connections: create, read, change, delete; SAML, OIDC and External."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from vestibule.domain.connections import (
    Connection,
    EncryptionKey,
    ExternalConnection,
    OidcChanges,
    OidcConnection,
    SamlChanges,
    SamlConnection,
    SigningKeyPair,
    SourceConnection,
    StoredCertificate,
    brings_groups,
    check_new,
    identity_provider_changed,
    initial_share_status,
    missing_parts,
    update_external,
    update_oidc,
    update_saml,
    with_active_key,
    with_certificate,
    with_next_key,
    with_uploaded_key,
    without_certificate,
    without_signing_key,
)
from vestibule.domain.drafts import MAX_ENCRYPTION_KEYS, differs
from vestibule.domain.idp_metadata import (
    after_reading,
    apply,
    begin,
    follow,
    offer_of,
    without_offer,
)
from vestibule.domain.logins import LoginTrace
from vestibule.domain.organizations import Organization
from vestibule.domain.rbac import GroupRole, check_assignable, role_ids
from vestibule.errors import VestibuleError, refusal
from vestibule.protocols import jwt, oidc, saml
from vestibule.services import idp_documents, keys
from vestibule.services.organizations import resolve
from vestibule.services.rbac import Actor
from vestibule.services.runtime import Runtime
from vestibule.services.sharing import (
    delete_connection,
    end_external_connections,
    forget_people,
    record_both,
    record_keys,
)
from vestibule.storage import Tx
from vestibule.storage.logins import TraceFilter

MAX_CONNECTIONS = 1000


@dataclass(frozen=True, slots=True)
class ConnectionList:
    saml: Sequence[SamlConnection]
    oidc: Sequence[OidcConnection]
    external: Sequence[ExternalConnection]


async def get_all(rt: Runtime, actor: Actor, organization_name: str) -> ConnectionList:
    """All connections of an organization, pending ones too, in the order of creation."""

    def work(tx: Tx) -> ConnectionList:
        organization = resolve(tx, actor, organization_name, "sso.get_connections")
        found = tx.connections.all_of(organization.organization_id)
        return ConnectionList(
            [c for c in found if isinstance(c, SamlConnection)],
            [c for c in found if isinstance(c, OidcConnection)],
            [c for c in found if isinstance(c, ExternalConnection)],
        )

    return await rt.store.read(work)


async def get(rt: Runtime, actor: Actor, organization_name: str, connection_id: str) -> Connection:
    def work(tx: Tx) -> Connection:
        organization = resolve(
            tx, actor, organization_name, "sso.get_connections", certificates_of=connection_id
        )
        found = tx.connections.find(organization.organization_id, connection_id)
        if found is None:
            raise refusal("sso_connection_not_found", got=connection_id)
        return found

    return await rt.store.read(work)


@dataclass(frozen=True, slots=True)
class ConnectionView:
    """One connection with what a person asks of it.

    Attributes:
        owner: the organization that speaks to the identity provider; of a SAML or OIDC connection
            its own.
        source_name: what the owner calls its connection.
        registered: how many people came in through it, those of receivers not counted.
        sessions: how many stand on it now, those of receivers included: so many end with it.
        receivers: the External connections that lead here, and whom they let in. Empty for an
            External connection.
        missing: what it still needs to become active.
        traces: the latest logins, the last one first.
    """

    connection: Connection
    organization: Organization
    owner: Organization
    source_name: str
    source_kind: str
    registered: int
    sessions: int
    receivers: Sequence[tuple[ExternalConnection, Organization]]
    missing: tuple[str, ...]
    traces: Sequence[LoginTrace]


async def get_view(
    rt: Runtime, actor: Actor, organization_name: str, connection_id: str
) -> ConnectionView:
    """Everything that the page of a connection shows, in one read.

    Raises:
        organization_not_found, sso_connection_not_found.
    """

    def work(tx: Tx) -> ConnectionView:
        organization = resolve(tx, actor, organization_name, "sso.get_connections")
        found = tx.connections.find(organization.organization_id, connection_id)
        if found is None:
            raise refusal("sso_connection_not_found", got=connection_id)
        owner, source = organization, found
        if isinstance(found, ExternalConnection):
            theirs = tx.organizations.find(actor.project.project_id, found.external_organization_id)
            held = tx.connections.find(found.external_organization_id, found.external_connection_id)
            if theirs is None or held is None:
                raise ValueError("an External connection outlived its source")
            owner, source = theirs, held
        receivers = tx.connections.receivers(connection_id) if source is found else []
        wanted = TraceFilter(
            project_id=actor.project.project_id,
            organization_id=organization.organization_id,
            connection_id=connection_id,
        )
        registered, _ = tx.connections.usage([connection_id])
        _, sessions = tx.connections.usage(
            [connection_id, *(one.connection_id for one, _ in receivers)]
        )
        return ConnectionView(
            connection=found,
            organization=organization,
            owner=owner,
            source_name=source.display_name,
            source_kind=source.kind,
            registered=registered,
            sessions=sessions,
            receivers=receivers,
            missing=() if isinstance(found, ExternalConnection) else missing_parts(found),
            traces=tx.logins.search(wanted, after=None, limit=5)[0],
        )

    return await rt.store.read(work)


async def groups_seen(
    rt: Runtime, actor: Actor, organization_name: str, connection_id: str
) -> Sequence[str]:
    """The groups that people who came in through this connection are in, as the identity provider
    spells them: those of some hundred people, in the order of the alphabet."""

    def work(tx: Tx) -> Sequence[str]:
        organization = resolve(tx, actor, organization_name, "sso.get_connections")
        if tx.connections.find(organization.organization_id, connection_id) is None:
            raise refusal("sso_connection_not_found", got=connection_id)
        return tx.members.groups_of(connection_id)

    return await rt.store.read(work)


async def create_saml(
    rt: Runtime,
    actor: Actor,
    organization_name: str,
    *,
    display_name: str | None,
    identity_provider: str | None,
) -> SamlConnection:
    """Create a pending SAML connection with a key pair of its own."""
    check_new(display_name, identity_provider)
    await _require(rt, actor, organization_name, "sso.create_connection")
    environment = actor.project.environment
    connection_id = rt.new_id("saml-connection", environment)
    # Making an RSA key takes long enough to hold up everybody else.
    pair = await asyncio.to_thread(keys.create_connection_key, rt, connection_id, environment)
    now = rt.now()

    def work(tx: Tx) -> SamlConnection:
        organization = resolve(tx, actor, organization_name, "sso.create_connection")
        new = SamlConnection(
            connection_id=connection_id,
            organization_id=organization.organization_id,
            created_at=now,
            updated_at=now,
            display_name=display_name or "",
            identity_provider=identity_provider or "generic",
            idp_initiated_auth_disabled=actor.project.settings.strict_defaults,
            external_sharing="approval" if actor.project.settings.strict_defaults else "open",
            signing_keys=(pair,),
        )
        _insert(tx, rt, actor, new)
        return new

    return await rt.store.write(work)


async def create_oidc(
    rt: Runtime,
    actor: Actor,
    organization_name: str,
    *,
    display_name: str | None,
    identity_provider: str | None,
) -> OidcConnection:
    """Create a pending OIDC connection."""
    check_new(display_name, identity_provider)
    now = rt.now()

    def work(tx: Tx) -> OidcConnection:
        organization = resolve(tx, actor, organization_name, "sso.create_connection")
        new = OidcConnection(
            connection_id=rt.new_id("oidc-connection", actor.project.environment),
            organization_id=organization.organization_id,
            created_at=now,
            updated_at=now,
            display_name=display_name or "",
            identity_provider=identity_provider or "generic",
            external_sharing="approval" if actor.project.settings.strict_defaults else "open",
        )
        _insert(tx, rt, actor, new)
        return new

    return await rt.store.write(work)


async def create_external(
    rt: Runtime,
    actor: Actor,
    organization_name: str,
    *,
    external_organization_id: str,
    external_connection_id: str,
    display_name: str | None = None,
    session_exchange: str | None = None,
    connection_roles: Sequence[str] | None = None,
    group_roles: Sequence[GroupRole] | None = None,
) -> ExternalConnection:
    """Let people in through another organization's connection (§3.4).

    Whoever administers the source's identity provider can then sign in as any member of this
    organization: the trust runs from the receiver to the source.

    Raises:
        organization_not_found, external_connection_id_not_found, external_connection_not_active,
        external_organization_id_same_as_organization_id, duplicate_external_sso_connection,
        external_sharing_closed.
    """

    def work(tx: Tx) -> ExternalConnection:
        organization = resolve(tx, actor, organization_name, "sso.create_connection")
        project_id = actor.project.project_id
        owner = tx.organizations.find_by_any(project_id, external_organization_id)
        if owner is None:
            raise refusal("organization_not_found", got=external_organization_id)
        if owner.organization_id == organization.organization_id:
            raise refusal("external_organization_id_same_as_organization_id")
        source = tx.connections.find(owner.organization_id, external_connection_id)
        if source is None or isinstance(source, ExternalConnection):
            # An External connection of theirs is not told apart from none at all.
            raise refusal("external_connection_id_not_found", got=external_connection_id)
        share_status = initial_share_status(source, organization_id=organization.organization_id)
        if tx.connections.external_exists(organization.organization_id, source.connection_id):
            raise refusal("duplicate_external_sso_connection", got=external_connection_id)
        check_roles(actor, organization, connection_roles, group_roles)
        now = rt.now()
        new = update_external(
            ExternalConnection(
                connection_id=rt.new_id("external-connection", actor.project.environment),
                organization_id=organization.organization_id,
                created_at=now,
                updated_at=now,
                external_organization_id=owner.organization_id,
                external_connection_id=source.connection_id,
                share_status=share_status,
            ),
            source_has_groups=brings_groups(source),
            now=now,
            display_name=display_name,
            session_exchange=session_exchange,
            connection_roles=connection_roles,
            group_roles=group_roles,
        )
        _insert(tx, rt, actor, new)
        return new

    return await rt.store.write(work)


async def change_saml(
    rt: Runtime,
    actor: Actor,
    organization_name: str,
    connection_id: str,
    changes: SamlChanges,
    *,
    x509_certificate: str | None = None,
    signing_private_key: str | None = None,
    encryption_private_key: str | None = None,
) -> SamlConnection:
    """Change a SAML connection. A certificate is added to those there are, a key likewise."""
    change = saml_change(
        rt,
        actor,
        connection_id,
        changes,
        x509_certificate=x509_certificate,
        signing_private_key=signing_private_key,
        encryption_private_key=encryption_private_key,
    )
    certificate_alone = changes == SamlChanges() and not (
        signing_private_key or encryption_private_key
    )
    return await _change_saml(
        rt,
        actor,
        organization_name,
        connection_id,
        lambda _tx, owner, old: change(owner, old),
        certificates_alone=certificate_alone,
    )


def saml_change(
    rt: Runtime,
    actor: Actor,
    connection_id: str,
    changes: SamlChanges,
    *,
    x509_certificate: str | None = None,
    signing_private_key: str | None = None,
    encryption_private_key: str | None = None,
) -> Callable[[Organization, SamlConnection], SamlConnection]:
    """What an update makes of a SAML connection, once what was uploaded has been read."""
    project = actor.project
    certificate = stored_certificate(rt, actor, x509_certificate) if x509_certificate else None
    pair = None
    if signing_private_key:
        pem = saml.check_uploaded_private_key(signing_private_key)
        pair = keys.connection_key(rt, pem, connection_id, project.environment)
    encryption = None
    if encryption_private_key:
        encryption = EncryptionKey(
            rt.new_id("saml-encryption-key", project.environment),
            rt.now(),
            saml.check_uploaded_private_key(encryption_private_key),
        )

    def change(organization: Organization, old: SamlConnection) -> SamlConnection:
        check_roles(actor, organization, changes.connection_roles, changes.group_roles)
        new = old
        if certificate is not None:
            new = with_certificate(new, certificate)
        if pair is not None:
            new = with_uploaded_key(new, pair)
        if encryption is not None:
            if len(new.encryption_keys) >= MAX_ENCRYPTION_KEYS:
                most = f"at most {MAX_ENCRYPTION_KEYS}"
                raise refusal("too_many_encryption_certificates", want=most)
            new = replace(new, encryption_keys=(*new.encryption_keys, encryption))
        return update_saml(
            new, changes, insecure_http=project.settings.insecure_loopback, now=rt.now()
        )

    return change


async def change_saml_by_url(
    rt: Runtime, actor: Actor, organization_name: str, connection_id: str, metadata_url: str
) -> SamlConnection:
    """Take entity id, URLs and certificates from the provider's metadata, and keep the URL: the
    document is read again from then on (`services.idp_metadata`)."""
    insecure_http = actor.project.settings.insecure_loopback
    if not metadata_url:
        raise refusal("invalid_saml_metadata_url", want="a plain https URL", got="nothing")

    def with_url(old: SamlConnection) -> SamlConnection:
        asked = SamlChanges(idp_metadata_url=metadata_url)
        return update_saml(old, asked, insecure_http=insecure_http, now=rt.now())

    def find(tx: Tx) -> SamlConnection:
        organization = resolve(tx, actor, organization_name, "sso.update_connection")
        return _find_saml(tx, organization, connection_id)

    # Whoever may not change the connection, or names no usable URL, makes us fetch nothing.
    with_url(await rt.store.read(find))
    metadata = await idp_documents.saml_metadata(rt, metadata_url)

    def change(tx: Tx, _organization: Organization, old: SamlConnection) -> SamlConnection:
        new = by_metadata(rt, actor, with_url(old), metadata)
        held = tx.idp_metadata.find(connection_id)
        known = follow(held.state if held else None, old, new, rt.now()) or begin(new, rt.now())
        read = after_reading(known, metadata, now=rt.now(), chance=rt.chance())
        tx.idp_metadata.put(without_offer(read))
        return new

    return await _change_saml(rt, actor, organization_name, connection_id, change)


async def change_saml_by_document(
    rt: Runtime, actor: Actor, organization_name: str, connection_id: str, document: bytes
) -> SamlConnection:
    """Take entity id, URLs and certificates from the provider's metadata as somebody has it. No URL
    is kept by this, so the document is not read again.

    Raises:
        saml_metadata_invalid, saml_metadata_expired, and what `update_saml` raises.
    """
    metadata = saml.read_idp_metadata(document, now=rt.now())

    def change(_tx: Tx, _organization: Organization, old: SamlConnection) -> SamlConnection:
        return by_metadata(rt, actor, old, metadata)

    return await _change_saml(rt, actor, organization_name, connection_id, change)


def by_metadata(
    rt: Runtime, actor: Actor, old: SamlConnection, metadata: saml.SamlIdpMetadata
) -> SamlConnection:
    """The connection as a provider's metadata says."""
    return apply(
        old,
        offer_of(old, metadata),
        lambda pem: stored_certificate(rt, actor, pem),
        insecure_http=actor.project.settings.insecure_loopback,
        now=rt.now(),
    )


async def delete_certificate(
    rt: Runtime, actor: Actor, organization_name: str, connection_id: str, certificate_id: str
) -> str:
    def change(_tx: Tx, _organization: Organization, old: SamlConnection) -> SamlConnection:
        return replace(without_certificate(old, certificate_id), updated_at=rt.now())

    await _change_saml(rt, actor, organization_name, connection_id, change, certificates_alone=True)
    return certificate_id


async def delete_encryption_key(
    rt: Runtime, actor: Actor, organization_name: str, connection_id: str, private_key_id: str
) -> str:
    def change(_tx: Tx, _organization: Organization, old: SamlConnection) -> SamlConnection:
        kept = tuple(k for k in old.encryption_keys if k.private_key_id != private_key_id)
        if len(kept) == len(old.encryption_keys):
            raise refusal("sso_encryption_private_key_not_found", got=private_key_id)
        return replace(old, encryption_keys=kept, updated_at=rt.now())

    await _change_saml(rt, actor, organization_name, connection_id, change)
    return private_key_id


async def create_signing_key(
    rt: Runtime, actor: Actor, organization_name: str, connection_id: str
) -> tuple[SamlConnection, str]:
    """Make the connection's next key: published and able to open, not signing yet. Returns the
    connection and the id of the key's certificate.

    Raises:
        saml_connection_not_found, too_many_sso_signing_keys.
    """
    await _require(rt, actor, organization_name, "sso.update_connection", connection_id)
    environment = actor.project.environment
    pair = await asyncio.to_thread(keys.create_connection_key, rt, connection_id, environment)

    def change(_tx: Tx, _organization: Organization, old: SamlConnection) -> SamlConnection:
        return replace(with_next_key(old, pair), updated_at=rt.now())

    made = await _change_saml(rt, actor, organization_name, connection_id, change)
    return made, pair.certificate.certificate_id


async def activate_signing_key(
    rt: Runtime, actor: Actor, organization_name: str, connection_id: str, certificate_id: str
) -> SamlConnection:
    """Sign with this key from now on, and ask for encryption to it. The others stay published and
    go on opening, until they are deleted."""

    def change(_tx: Tx, _organization: Organization, old: SamlConnection) -> SamlConnection:
        return replace(with_active_key(old, certificate_id), updated_at=rt.now())

    return await _change_saml(rt, actor, organization_name, connection_id, change)


async def delete_signing_key(
    rt: Runtime, actor: Actor, organization_name: str, connection_id: str, certificate_id: str
) -> str:
    """Forget a key that does not sign. Sessions and logins under way stay as they are."""

    def change(_tx: Tx, _organization: Organization, old: SamlConnection) -> SamlConnection:
        return replace(without_signing_key(old, certificate_id), updated_at=rt.now())

    await _change_saml(rt, actor, organization_name, connection_id, change)
    return certificate_id


async def change_oidc(
    rt: Runtime,
    actor: Actor,
    organization_name: str,
    connection_id: str,
    changes: OidcChanges,
) -> tuple[OidcConnection, str]:
    """Change an OIDC connection. A new issuer is asked for its description of itself, and what the
    caller gave wins. Returns the connection and a warning, "" when all went well."""

    def find(tx: Tx) -> tuple[Organization, OidcConnection]:
        organization = resolve(tx, actor, organization_name, "sso.update_connection")
        return organization, _find_oidc(tx, organization, connection_id)

    change, warning = await oidc_change(rt, actor, connection_id, changes, find)

    def work(tx: Tx) -> OidcConnection:
        organization, old = find(tx)
        new = change(organization, old)
        write_change(tx, rt, actor, old, new)
        return new

    return await rt.store.write(work), warning


async def oidc_change(
    rt: Runtime,
    actor: Actor,
    connection_id: str,
    changes: OidcChanges,
    find: Callable[[Tx], tuple[Organization, OidcConnection]],
) -> tuple[Callable[[Organization, OidcConnection], OidcConnection], str]:
    """What an update makes of an OIDC connection, once a new issuer has been asked, and a warning.

    Args:
        find: gives what will be changed as it is now, to try the change before anything is asked.
    """
    project = actor.project

    def change(
        organization: Organization, old: OidcConnection, found: oidc.OidcProvider | None
    ) -> OidcConnection:
        check_roles(actor, organization, changes.connection_roles, changes.group_roles)
        asked = changes
        if found is not None:
            asked = replace(
                changes,
                authorization_url=changes.authorization_url or found.authorization_endpoint,
                token_url=changes.token_url or found.token_endpoint,
                userinfo_url=changes.userinfo_url or found.userinfo_endpoint or None,
                jwks_url=changes.jwks_url or found.jwks_uri,
            )
        if changes.issuer and changes.issuer != old.issuer:
            # What the issuer before said of itself holds for this one only if it says so, too.
            old = replace(
                old,
                token_endpoint_auth_methods=found.token_endpoint_auth_methods if found else (),
                id_token_signing_algs=found.id_token_signing_algs if found else (),
                response_iss_parameter_supported=bool(
                    found and found.response_iss_parameter_supported
                ),
            )
        return update_oidc(
            old, asked, insecure_http=project.settings.insecure_loopback, now=rt.now()
        )

    # First without the network: whatever is wrong with the request is said before we fetch.
    if changes.custom_scopes:
        oidc.requested_scopes(changes.custom_scopes, "")
    organization, before = await rt.store.read(find)
    change(organization, before, None)
    pair: SigningKeyPair | None = None
    if changes.token_endpoint_auth_method == "private_key_jwt" and before.client_key is None:
        environment = project.environment
        pair = await asyncio.to_thread(keys.create_connection_key, rt, connection_id, environment)
    found, warning = None, ""
    if changes.issuer and changes.issuer != before.issuer:
        try:
            found = await idp_documents.discover(rt, changes.issuer)
        except VestibuleError as error:
            warning = f"The issuer's OpenID configuration could not be used. {error}"

    def complete(organization: Organization, old: OidcConnection) -> OidcConnection:
        if pair is not None and old.client_key is None:
            old = replace(old, client_key=pair)
        return change(organization, old, found)

    return complete, warning


async def change_external(
    rt: Runtime,
    actor: Actor,
    organization_name: str,
    connection_id: str,
    *,
    display_name: str | None = None,
    session_exchange: str | None = None,
    connection_roles: Sequence[str] | None = None,
    group_roles: Sequence[GroupRole] | None = None,
) -> ExternalConnection:
    """Change the name, the switch or the role rules of an External connection."""

    def work(tx: Tx) -> ExternalConnection:
        organization = resolve(tx, actor, organization_name, "sso.update_connection")
        old = tx.connections.find(organization.organization_id, connection_id)
        if not isinstance(old, ExternalConnection):
            raise refusal("external_connection_not_found", got=connection_id)
        check_roles(actor, organization, connection_roles, group_roles)
        source = tx.connections.find(old.external_organization_id, old.external_connection_id)
        has_groups = not isinstance(source, ExternalConnection | None) and brings_groups(source)
        new = update_external(
            old,
            source_has_groups=has_groups,
            now=rt.now(),
            display_name=display_name,
            session_exchange=session_exchange,
            connection_roles=connection_roles,
            group_roles=group_roles,
        )
        tx.connections.update(new)
        record_both(tx, rt, actor, new, "connection.updated")
        return new

    return await rt.store.write(work)


async def delete(rt: Runtime, actor: Actor, organization_name: str, connection_id: str) -> str:
    """Delete a connection of any kind, with every External connection that leads to it."""

    def work(tx: Tx) -> str:
        organization = resolve(tx, actor, organization_name, "sso.delete_connection")
        connection = tx.connections.find(organization.organization_id, connection_id)
        if connection is None:
            raise refusal("sso_connection_not_found", got=connection_id)
        is_default = organization.settings.sso_default_connection_id == connection_id
        if is_default and tx.connections.count(organization.organization_id) > 1:
            raise refusal("cannot_delete_default_sso_connection")
        end_external_connections(tx, rt, actor, connection)
        delete_connection(tx, rt, actor, connection)
        return connection_id

    return await rt.store.write(work)


async def client_jwks(rt: Runtime, connection_id: str) -> dict[str, object]:
    """The public key with which we prove ourselves to this OpenID Provider, as a JWK Set."""

    def work(tx: Tx) -> OidcConnection:
        found = tx.connections.source_route(connection_id)
        if found is None or not isinstance(found[0].source, OidcConnection):
            raise refusal("oidc_connection_not_found", got=connection_id)
        return found[0].source

    pair = (await rt.store.read(work)).client_key
    if pair is None:
        return {"keys": []}
    kid = pair.certificate.certificate_id
    return {"keys": [jwt.render_jwk(jwt.read_signing_key(kid, pair.private_key), kid)]}


async def sp_metadata(rt: Runtime, connection_id: str) -> bytes:
    """What a SAML identity provider needs to know of us for this connection."""

    def work(tx: Tx) -> SamlConnection:
        found = tx.connections.source_route(connection_id)
        if found is None or not isinstance(found[0].source, SamlConnection):
            raise refusal("saml_connection_not_found", got=connection_id)
        return found[0].source

    return saml.render_sp_metadata(service_provider(rt, await rt.store.read(work)))


def service_provider(rt: Runtime, connection: SamlConnection) -> saml.SamlSp:
    """Us, as the identity provider of this connection sees us."""
    url = rt.callback_url(connection.connection_id)
    return saml.SamlSp(
        entity_id=url,
        acs_url=connection.alternative_acs_url or url,
        signing_key=connection.signing_keys[0].private_key if connection.signing_keys else None,
        signing_certificates=tuple(p.certificate.certificate for p in connection.signing_keys),
        encryption_certificates=tuple(
            p.certificate.certificate for p in connection.signing_keys[:1]
        ),
        name_id_format=connection.nameid_format or None,
        logout_url=rt.logout_url(connection.connection_id),
        signs_requests=connection.sign_requests,
    )


# --- common -------------------------------------------------------------------------------------


async def _require(
    rt: Runtime,
    actor: Actor,
    organization_name: str,
    operation: str,
    connection_id: str | None = None,
) -> None:
    """Ask for the right before doing something slow; it is asked again where it is written."""

    def work(tx: Tx) -> None:
        organization = resolve(tx, actor, organization_name, operation)
        if connection_id is not None:
            _find_saml(tx, organization, connection_id)

    await rt.store.read(work)


async def _change_saml(
    rt: Runtime,
    actor: Actor,
    organization_name: str,
    connection_id: str,
    change: Callable[[Tx, Organization, SamlConnection], SamlConnection],
    *,
    certificates_alone: bool = False,
) -> SamlConnection:
    def work(tx: Tx) -> SamlConnection:
        organization = resolve(
            tx,
            actor,
            organization_name,
            "sso.update_connection",
            certificates_of=connection_id if certificates_alone else None,
        )
        old = _find_saml(tx, organization, connection_id)
        new = change(tx, organization, old)
        write_change(tx, rt, actor, old, new)
        return new

    return await rt.store.write(work)


def write_change(
    tx: Tx, rt: Runtime, actor: Actor, old: SourceConnection, new: SourceConnection
) -> None:
    """The one way in which a SAML or OIDC connection changes, whoever asks for it: written,
    recorded, and with everything that follows from it."""
    tx.connections.update(new)
    if differs(old, new):
        tx.drafts.keep(old, at=rt.now(), actor=actor.label)
    if isinstance(old, SamlConnection) and isinstance(new, SamlConnection):
        tx.idp_metadata.follow(old, new, rt.now())
    record_both(tx, rt, actor, new, "connection.updated")
    record_keys(tx, rt, actor, old, new)
    _record_own_keys(tx, rt, actor, old, new)
    if identity_provider_changed(old, new):
        forget_people(tx, rt, actor, new)


def _record_own_keys(
    tx: Tx, rt: Runtime, actor: Actor, old: SourceConnection, new: SourceConnection
) -> None:
    """Which keys of ours came, which one signs now, and which went: each an event of its own."""
    if not isinstance(old, SamlConnection) or not isinstance(new, SamlConnection):
        return
    before = {pair.certificate.certificate_id: pair.certificate for pair in old.signing_keys}
    after = {pair.certificate.certificate_id: pair.certificate for pair in new.signing_keys}
    events = [("signing_key_added", after[name]) for name in after.keys() - before.keys()]
    if after and list(after)[:1] != list(before)[:1]:
        events.append(("signing_key_activated", next(iter(after.values()))))
    events += [("signing_key_deleted", before[name]) for name in before.keys() - after.keys()]
    for action, certificate in events:
        record_both(
            tx, rt, actor, new, f"connection.{action}",
            certificate_id=certificate.certificate_id,
            fingerprint_sha256=certificate.fingerprint_sha256,
        )  # fmt: skip
    held = {key.private_key_id for key in old.encryption_keys}
    holds = {key.private_key_id for key in new.encryption_keys}
    for action, names in (("added", holds - held), ("deleted", held - holds)):
        for name in sorted(names):
            record_both(
                tx, rt, actor, new, f"connection.decryption_key_{action}", private_key_id=name
            )


def _find_saml(tx: Tx, organization: Organization, connection_id: str) -> SamlConnection:
    found = tx.connections.find(organization.organization_id, connection_id)
    if not isinstance(found, SamlConnection):
        raise refusal("saml_connection_not_found", got=connection_id)
    return found


def _find_oidc(tx: Tx, organization: Organization, connection_id: str) -> OidcConnection:
    found = tx.connections.find(organization.organization_id, connection_id)
    if not isinstance(found, OidcConnection):
        raise refusal("oidc_connection_not_found", got=connection_id)
    return found


def _insert(tx: Tx, rt: Runtime, actor: Actor, new: Connection) -> None:
    if tx.connections.count(new.organization_id) >= MAX_CONNECTIONS:
        raise refusal("too_many_sso_connections", want=f"at most {MAX_CONNECTIONS}")
    tx.connections.insert(new)
    record_both(tx, rt, actor, new, "connection.created")


def check_roles(
    actor: Actor,
    organization: Organization,
    connection_roles: Sequence[str] | None,
    group_roles: Sequence[GroupRole] | None,
) -> None:
    """The rules may give only roles that exist in this very organization."""
    known = role_ids(actor.project.policy, organization.custom_roles)
    check_assignable(connection_roles or (), known)
    check_assignable([rule.role_id for rule in group_roles or ()], known)


def stored_certificate(rt: Runtime, actor: Actor, pem: str) -> StoredCertificate:
    """The record of a certificate of an identity provider."""
    certificate = saml.read_certificate(pem)
    return StoredCertificate(
        certificate_id=rt.new_id("saml-verification-key", actor.project.environment),
        certificate=certificate.pem,
        issuer=certificate.issuer,
        created_at=rt.now(),
        expires_at=certificate.not_after,
    )
