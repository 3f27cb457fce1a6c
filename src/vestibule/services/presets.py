"""Presets: the identity providers that we know, and the set-up of one connection at its provider.

Owns where the data lies: one file each in `presets/`, read once and then kept.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from vestibule.domain.connections import IDENTITY_PROVIDERS, SamlConnection, SourceConnection
from vestibule.domain.organizations import Organization
from vestibule.domain.presets import Preset, Setup, read_preset, setup_of
from vestibule.errors import refusal
from vestibule.services.connections import service_provider
from vestibule.services.organizations import resolve
from vestibule.services.rbac import Actor
from vestibule.services.runtime import Runtime
from vestibule.storage import Tx

FOLDER = Path(__file__).parents[1] / "presets"


@cache
def all_presets() -> Mapping[str, Preset]:
    """Every preset by its identity provider, in the order of the wire's enum."""
    return {
        name: read_preset(name, tomllib.loads((FOLDER / f"{name}.toml").read_text("utf-8")))
        for name in IDENTITY_PROVIDERS
    }


async def setup(rt: Runtime, actor: Actor, organization_name: str, connection_id: str) -> Setup:
    """What to do at the identity provider of this connection, with every value filled in."""

    def work(tx: Tx) -> tuple[Organization, SourceConnection]:
        organization = resolve(tx, actor, organization_name, "sso.get_connections")
        found = tx.connections.find(organization.organization_id, connection_id)
        # An External connection has no identity provider of its own to set up.
        if not isinstance(found, SourceConnection):
            raise refusal("sso_connection_not_found", got=connection_id)
        return organization, found

    organization, connection = await rt.store.read(work)
    return setup_of(connection, all_presets(), _values(rt, organization, connection))


def _values(
    rt: Runtime, organization: Organization, connection: SourceConnection
) -> Mapping[str, str]:
    base_url = rt.settings.base_url
    values = {
        "base_url": base_url,
        "organization_name": organization.name,
        "connection_id": connection.connection_id,
    }
    if isinstance(connection, SamlConnection):
        sp = service_provider(rt, connection)
        return values | {
            "acs_url": sp.acs_url,
            "audience_uri": sp.entity_id,
            "sp_metadata_url": f"{base_url}/v1/public/sso/metadata/{connection.connection_id}",
        }
    return values | {"redirect_url": rt.callback_url(connection.connection_id)}
