"""The one face of storage: `read` and `write`, and one room for each noun inside a transaction."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TypeVar

import sqlalchemy as sa

from vestibule.storage.audit import AuditEvents
from vestibule.storage.branding import BrandingRows
from vestibule.storage.connections import Connections
from vestibule.storage.discovery import DiscoverySessions
from vestibule.storage.domain_verification import DomainClaims
from vestibule.storage.drafts import Drafts
from vestibule.storage.engine import Engine, open_engine
from vestibule.storage.expiry_notices import ExpiryNotices
from vestibule.storage.idempotency import IdempotencyKeys
from vestibule.storage.idp_metadata import IdpMetadataRows
from vestibule.storage.idp_tokens import IdpTokenRows
from vestibule.storage.keys import Keys
from vestibule.storage.login_tests import LoginTests
from vestibule.storage.logins import Logins
from vestibule.storage.logouts import Logouts
from vestibule.storage.magic_links import MagicLinks
from vestibule.storage.mail import Mails
from vestibule.storage.members import Members
from vestibule.storage.operators import Operators
from vestibule.storage.organizations import Organizations
from vestibule.storage.projects import Projects
from vestibule.storage.sealed import KeyRing
from vestibule.storage.sessions import Sessions
from vestibule.storage.setup_links import SetupLinks

T = TypeVar("T")


class Tx:
    """One transaction. Lives only inside the function given to `read` or `write`."""

    def __init__(self, connection: sa.Connection, ring: KeyRing) -> None:
        self._connection = connection
        self._ring = ring

    @cached_property
    def projects(self) -> Projects:
        return Projects(self._connection)

    @cached_property
    def keys(self) -> Keys:
        return Keys(self._connection, self._ring)

    @cached_property
    def organizations(self) -> Organizations:
        return Organizations(self._connection)

    @cached_property
    def members(self) -> Members:
        return Members(self._connection)

    @cached_property
    def connections(self) -> Connections:
        return Connections(self._connection, self._ring)

    @cached_property
    def logins(self) -> Logins:
        return Logins(self._connection, self._ring)

    @cached_property
    def logouts(self) -> Logouts:
        return Logouts(self._connection, self._ring)

    @cached_property
    def drafts(self) -> Drafts:
        return Drafts(self._connection, self._ring)

    @cached_property
    def login_tests(self) -> LoginTests:
        return LoginTests(self._connection)

    @cached_property
    def sessions(self) -> Sessions:
        return Sessions(self._connection, self._ring)

    @cached_property
    def magic_links(self) -> MagicLinks:
        return MagicLinks(self._connection)

    @cached_property
    def discovery(self) -> DiscoverySessions:
        return DiscoverySessions(self._connection)

    @cached_property
    def mail(self) -> Mails:
        return Mails(self._connection, self._ring)

    @cached_property
    def idp_tokens(self) -> IdpTokenRows:
        return IdpTokenRows(self._connection, self._ring)

    @cached_property
    def idp_metadata(self) -> IdpMetadataRows:
        return IdpMetadataRows(self._connection)

    @cached_property
    def idempotency(self) -> IdempotencyKeys:
        return IdempotencyKeys(self._connection, self._ring)

    @cached_property
    def expiry_notices(self) -> ExpiryNotices:
        return ExpiryNotices(self._connection)

    @cached_property
    def setup_links(self) -> SetupLinks:
        return SetupLinks(self._connection)

    @cached_property
    def domain_claims(self) -> DomainClaims:
        return DomainClaims(self._connection)

    @cached_property
    def operators(self) -> Operators:
        return Operators(self._connection, self._ring)

    @cached_property
    def branding(self) -> BrandingRows:
        return BrandingRows(self._connection)

    @cached_property
    def audit(self) -> AuditEvents:
        return AuditEvents(self._connection)


class Store:
    """Units of work against one database. `work` is synchronous and must not do anything else
    than compute and ask the transaction; a write may run more than once."""

    def __init__(self, engine: Engine, ring: KeyRing) -> None:
        self.engine = engine
        self._ring = ring

    async def read(self, work: Callable[[Tx], T]) -> T:
        return await self.engine.read(lambda connection: work(Tx(connection, self._ring)))

    async def write(self, work: Callable[[Tx], T]) -> T:
        """Run `work` in a transaction that is committed when it returns, undone when it raises.

        Raises:
            changed_meanwhile: the same rows were changed ten times over by others.
            database_unavailable.
        """
        return await self.engine.write(lambda connection: work(Tx(connection, self._ring)))

    def close(self) -> None:
        self.engine.close()


def open_store(url: str, ring: KeyRing) -> Store:
    return Store(open_engine(url), ring)
