"""SCIM: not offered yet. Owns the one answer that every client needs: that there is none."""

from __future__ import annotations

from vestibule.services.organizations import resolve
from vestibule.services.rbac import Actor
from vestibule.services.runtime import Runtime


async def get_connection(rt: Runtime, actor: Actor, organization_name: str) -> None:
    """Raises: organization_not_found, and what `authorize` raises."""
    await rt.store.read(lambda tx: resolve(tx, actor, organization_name, "scim_connection.get"))
