"""Drafts of a connection and the versions before it: make, try, activate, roll back.

Owns what stands between a change that somebody thinks of and the live connection. Whatever becomes
live goes through `connections.write_change`, like every other change. Knows nothing of logins; a
draft is tried by `services.login_tests`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from vestibule.domain.connections import (
    Connection,
    ExternalConnection,
    OidcChanges,
    OidcConnection,
    SamlChanges,
    SamlConnection,
    SourceConnection,
    identity_provider_changed,
    missing_parts,
    without_certificate,
)
from vestibule.domain.drafts import (
    ConnectionVersion,
    Draft,
    FieldChange,
    changes_between,
    differs,
    rebase,
    require_complete,
    require_current,
    roll_back,
    take_place,
)
from vestibule.domain.organizations import Organization
from vestibule.domain.rbac import role_ids
from vestibule.errors import refusal
from vestibule.protocols import saml
from vestibule.services.connections import (
    by_metadata,
    check_roles,
    oidc_change,
    saml_change,
    write_change,
)
from vestibule.services.organizations import resolve
from vestibule.services.rbac import Actor
from vestibule.services.runtime import Runtime
from vestibule.services.sharing import record_both
from vestibule.storage import Tx

S = TypeVar("S", SamlConnection, OidcConnection)
# Asked in the transaction of an activation, with the live connection and what would become of it;
# what it raises stops the activation.
Ask = Callable[[Tx, Organization, SourceConnection, SourceConnection], None]


@dataclass(frozen=True, slots=True)
class DraftView:
    """A draft beside the connection that it would change. `warning` is "" when all went well."""

    draft: Draft
    live: SourceConnection
    live_number: int
    changes: tuple[FieldChange, ...]
    warning: str = ""

    @property
    def outdated(self) -> bool:
        return self.draft.based_on != self.live_number


@dataclass(frozen=True, slots=True)
class VersionView:
    """A version before the live one, and what the change after it changed."""

    version: ConnectionVersion
    changes: tuple[FieldChange, ...]


@dataclass(frozen=True, slots=True)
class VersionList:
    """The latest first."""

    live_number: int
    versions: Sequence[VersionView]


@dataclass(frozen=True, slots=True)
class Activated:
    """What became live. `kept_number` brings back what was; `tested` says whether a test login
    through exactly these settings came to a good end; `not_brought_back` are sentences on what a
    version before does not bring with it."""

    connection: SourceConnection
    changes: tuple[FieldChange, ...]
    kept_number: int | None
    identity_provider_changed: bool
    tested: bool = False
    not_brought_back: tuple[str, ...] = ()


def find_draft(tx: Tx, connection: Connection) -> SourceConnection | None:
    """The settings of the connection's draft, if it has one."""
    if isinstance(connection, ExternalConnection):
        return None
    found = tx.drafts.find(connection.connection_id)
    return found.settings if found else None


async def put_saml_draft(
    rt: Runtime,
    actor: Actor,
    organization_name: str,
    connection_id: str,
    changes: SamlChanges,
    *,
    x509_certificate: str | None = None,
    signing_private_key: str | None = None,
    encryption_private_key: str | None = None,
    delete_certificate_ids: Sequence[str] = (),
) -> DraftView:
    """Make a draft of a SAML connection, or change the one there is, by the rules of an update.

    A draft of a connection that has changed meanwhile first takes over what has changed.

    Raises:
        what the update raises; draft_outdated when the version that the draft was made from is
        kept no longer.
    """
    change = saml_change(
        rt,
        actor,
        connection_id,
        changes,
        x509_certificate=x509_certificate,
        signing_private_key=signing_private_key,
        encryption_private_key=encryption_private_key,
    )

    def whole(organization: Organization, old: SamlConnection) -> SamlConnection:
        # With what comes in first, so that the only certificate can be replaced in one step.
        new = change(organization, old)
        for certificate_id in delete_certificate_ids:
            new = without_certificate(new, certificate_id)
        return new

    def work(tx: Tx) -> DraftView:
        organization, live = _saml(tx, actor, organization_name, connection_id)
        return _put(tx, rt, actor, live, whole(organization, _basis(tx, live)))

    return await rt.store.write(work)


async def put_metadata_draft(
    rt: Runtime, actor: Actor, organization_name: str, connection_id: str, document: bytes
) -> DraftView:
    """Take entity id, URLs and certificates from the provider's metadata into the draft.

    Raises:
        saml_metadata_invalid, saml_metadata_expired, and as `put_saml_draft`.
    """
    metadata = saml.read_idp_metadata(document, now=rt.now())

    def work(tx: Tx) -> DraftView:
        _, live = _saml(tx, actor, organization_name, connection_id)
        return _put(tx, rt, actor, live, by_metadata(rt, actor, _basis(tx, live), metadata))

    return await rt.store.write(work)


async def put_oidc_draft(
    rt: Runtime, actor: Actor, organization_name: str, connection_id: str, changes: OidcChanges
) -> DraftView:
    """Make a draft of an OIDC connection, or change the one there is, by the rules of an update:
    a new issuer is asked for its description of itself.

    Raises:
        as `put_saml_draft`.
    """

    def find(tx: Tx) -> tuple[Organization, OidcConnection]:
        organization, live = _oidc(tx, actor, organization_name, connection_id)
        return organization, _basis(tx, live)

    change, warning = await oidc_change(rt, actor, connection_id, changes, find)

    def work(tx: Tx) -> DraftView:
        organization, live = _oidc(tx, actor, organization_name, connection_id)
        return _put(tx, rt, actor, live, change(organization, _basis(tx, live)))

    return replace(await rt.store.write(work), warning=warning)


async def get_draft(
    rt: Runtime, actor: Actor, organization_name: str, connection_id: str
) -> DraftView:
    """Raises: sso_connection_not_found, external_connection_has_no_draft, draft_not_found."""

    def work(tx: Tx) -> DraftView:
        _, live = _source(tx, actor, organization_name, connection_id, "sso.get_connections")
        return _view(tx, live, _draft(tx, live))

    return await rt.store.read(work)


async def discard(rt: Runtime, actor: Actor, organization_name: str, connection_id: str) -> str:
    def work(tx: Tx) -> str:
        _, live = _source(tx, actor, organization_name, connection_id)
        if not tx.drafts.delete(connection_id):
            raise refusal("draft_not_found", got=connection_id)
        record_both(tx, rt, actor, live, "connection.draft_discarded")
        return connection_id

    return await rt.store.write(work)


async def activate(
    rt: Runtime,
    actor: Actor,
    organization_name: str,
    connection_id: str,
    *,
    draft_id: str | None = None,
    ask: Ask | None = None,
) -> Activated:
    """Make the draft live. Of several who do so at once, one does.

    Args:
        draft_id: the draft that was looked at; another one is not activated.

    Raises:
        sso_connection_not_found, external_connection_has_no_draft, draft_not_found,
        draft_outdated: the connection has changed since the draft was made, or the draft since it
        was looked at; invalid_rbac_role_id: a role has been deleted since.
    """

    def work(tx: Tx) -> Activated:
        organization, live = _source(tx, actor, organization_name, connection_id)
        draft = _draft(tx, live)
        if draft_id is not None and draft_id != draft.draft_id:
            raise refusal("draft_outdated", want=draft_id, got=draft.draft_id)
        require_current(draft, tx.drafts.live_number(connection_id))
        rules = draft.settings.rules
        check_roles(actor, organization, rules.connection, rules.groups)
        becomes = take_place(live, draft.settings, now=rt.now())
        if ask is not None:
            ask(tx, organization, live, becomes)
        tx.drafts.delete(connection_id)
        tested = draft.tested_at is not None
        done = replace(_replace(tx, rt, actor, live, becomes), tested=tested)
        record_both(
            tx, rt, actor, becomes, "connection.draft_activated", tested=str(tested).lower()
        )
        return done

    return await rt.store.write(work)


async def versions(
    rt: Runtime, actor: Actor, organization_name: str, connection_id: str
) -> VersionList:
    """The versions before the live one that are kept, and what each change after them changed."""

    def work(tx: Tx) -> VersionList:
        _, live = _source(tx, actor, organization_name, connection_id, "sso.get_connections")
        kept = tx.drafts.versions(connection_id)
        after = [live, *(version.settings for version in kept)]
        return VersionList(
            tx.drafts.live_number(connection_id),
            [
                VersionView(version, changes_between(version.settings, next_one))
                for version, next_one in zip(kept, after, strict=False)
            ],
        )

    return await rt.store.read(work)


async def roll_back_to(
    rt: Runtime, actor: Actor, organization_name: str, connection_id: str, number: int
) -> Activated:
    """Make a version before live again; what is live now is kept as a version in turn.

    Raises:
        sso_connection_not_found, external_connection_has_no_draft, connection_version_not_found,
        and the refusals with which an active connection keeps what it needs.
    """

    def work(tx: Tx) -> Activated:
        organization, live = _source(tx, actor, organization_name, connection_id)
        found = tx.drafts.find_version(connection_id, number)
        if found is None:
            raise refusal("connection_version_not_found", got=str(number))
        known = role_ids(actor.project.policy, organization.custom_roles)
        becomes, gone = roll_back(live, found.settings, known_roles=known, now=rt.now())
        done = _replace(tx, rt, actor, live, becomes)
        record_both(tx, rt, actor, becomes, "connection.rolled_back", version=str(number))
        return replace(done, not_brought_back=_not_brought_back(done, gone))

    return await rt.store.write(work)


def _not_brought_back(done: Activated, gone: Sequence[str]) -> tuple[str, ...]:
    told = [f"The rules for the role {role} are left out: the role was deleted." for role in gone]
    if done.identity_provider_changed:
        told.append(
            "The identity provider is another one again: the registrations and sessions that stood "
            "on the one before have ended, and those that an earlier change ended stay ended. "
            "People are found again by their e-mail address when they sign in."
        )
    return tuple(told)


def _replace(
    tx: Tx, rt: Runtime, actor: Actor, live: SourceConnection, becomes: SourceConnection
) -> Activated:
    kept = tx.drafts.live_number(live.connection_id) if differs(live, becomes) else None
    write_change(tx, rt, actor, live, becomes)
    return Activated(
        becomes, changes_between(live, becomes), kept, identity_provider_changed(live, becomes)
    )


# --- finding --------------------------------------------------------------------------------------


def _basis(tx: Tx, live: S) -> S:
    """What a change of the draft starts from: the draft as it would be if it had been made from
    the connection as it is now, or that connection."""
    draft = tx.drafts.find(live.connection_id)
    if draft is None:
        return live
    settings: S = draft.settings  # type: ignore[assignment]
    if draft.based_on == tx.drafts.live_number(live.connection_id):
        return settings
    base = tx.drafts.find_version(live.connection_id, draft.based_on)
    if base is None:
        raise refusal(
            "draft_outdated", want="a draft of a version that is kept",
            got=f"one of version {draft.based_on}", detail="Discard it and make a new one.",
        )  # fmt: skip
    based: S = base.settings  # type: ignore[assignment]
    return rebase(based, settings, live)


def _put(
    tx: Tx, rt: Runtime, actor: Actor, live: SourceConnection, settings: SourceConnection
) -> DraftView:
    # A connection that nobody signs in through yet is put together piece by piece; what is missing
    # stops its activation.
    whole = live.status == "active" or not missing_parts(settings)
    draft = Draft(
        draft_id=rt.new_id("connection-draft", actor.project.environment),
        based_on=tx.drafts.live_number(live.connection_id),
        at=rt.now(),
        actor=actor.label,
        settings=require_complete(settings) if whole else settings,
    )
    tx.drafts.put(draft)
    record_both(tx, rt, actor, live, "connection.draft_changed", draft_id=draft.draft_id)
    return _view(tx, live, draft)


def _view(tx: Tx, live: SourceConnection, draft: Draft) -> DraftView:
    return DraftView(
        draft,
        live,
        tx.drafts.live_number(live.connection_id),
        changes_between(live, draft.settings),
    )


def _draft(tx: Tx, live: SourceConnection) -> Draft:
    found = tx.drafts.find(live.connection_id)
    if found is None:
        raise refusal("draft_not_found", got=live.connection_id)
    return found


def _source(
    tx: Tx,
    actor: Actor,
    organization_name: str,
    connection_id: str,
    operation: str = "sso.update_connection",
) -> tuple[Organization, SourceConnection]:
    organization = resolve(tx, actor, organization_name, operation)
    found = tx.connections.find(organization.organization_id, connection_id)
    if found is None:
        raise refusal("sso_connection_not_found", got=connection_id)
    if isinstance(found, ExternalConnection):
        raise refusal("external_connection_has_no_draft", got=connection_id)
    return organization, found


def _saml(
    tx: Tx, actor: Actor, organization_name: str, connection_id: str
) -> tuple[Organization, SamlConnection]:
    organization, found = _source(tx, actor, organization_name, connection_id)
    if not isinstance(found, SamlConnection):
        raise refusal("saml_connection_not_found", got=connection_id)
    return organization, found


def _oidc(
    tx: Tx, actor: Actor, organization_name: str, connection_id: str
) -> tuple[Organization, OidcConnection]:
    organization, found = _source(tx, actor, organization_name, connection_id)
    if not isinstance(found, OidcConnection):
        raise refusal("oidc_connection_not_found", got=connection_id)
    return organization, found
