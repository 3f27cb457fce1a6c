"""What identity providers publish: metadata, discovery documents and key sets, fetched and kept.

Owns how long a key set is trusted without asking again and how often a stranger can make us ask.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from vestibule.domain.connections import OidcConnection
from vestibule.errors import VestibuleError, refusal
from vestibule.protocols import oidc, saml
from vestibule.protocols.http import HttpRequest
from vestibule.protocols.jwt import KeySet
from vestibule.services.runtime import Runtime

KEYS_LIFETIME = timedelta(hours=1)
# A token with an unknown kid makes us ask again, but no more often than this.
REFETCH_AFTER = timedelta(seconds=10)
_MAX_KEPT = 10_000


@dataclass(frozen=True, slots=True)
class _Kept:
    keys: KeySet
    fetched_at: datetime


_key_sets: dict[tuple[str, str], _Kept] = {}


async def key_set(rt: Runtime, connection: OidcConnection, *, afresh: bool = False) -> KeySet:
    """The provider's published keys: kept for an hour, and kept on when fetching fails.

    Args:
        afresh: a token named a key that we do not know; ask again unless we have just asked.
    """
    place = (connection.connection_id, connection.jwks_url)
    kept = _key_sets.get(place)
    now = rt.now()
    if kept is not None:
        age = now - kept.fetched_at
        if age < (REFETCH_AFTER if afresh else KEYS_LIFETIME):
            return kept.keys
    try:
        response = await rt.send(oidc.build_jwks_request(provider_of(connection)))
        keys = oidc.read_jwks_response(response)
    except VestibuleError:
        if kept is None:
            raise
        keys = kept.keys
    if len(_key_sets) >= _MAX_KEPT:
        _key_sets.clear()
    _key_sets[place] = _Kept(keys, now)
    return keys


def provider_of(connection: OidcConnection) -> oidc.OidcProvider:
    """The connection's settings as a provider; what discovery did not say takes its default."""
    return oidc.OidcProvider(
        issuer=connection.issuer,
        authorization_endpoint=connection.authorization_url,
        token_endpoint=connection.token_url,
        userinfo_endpoint=connection.userinfo_url,
        jwks_uri=connection.jwks_url,
        # Without discovery nothing is known, so both are tried in turn.
        token_endpoint_auth_methods=connection.token_endpoint_auth_methods
        or ("client_secret_basic", "client_secret_post"),
        id_token_signing_algs=connection.id_token_signing_algs,
        response_iss_parameter_supported=connection.response_iss_parameter_supported,
    )


async def discover(rt: Runtime, issuer: str) -> oidc.OidcProvider:
    """Read the provider's own description of itself."""
    response = await rt.send(oidc.build_discovery_request(issuer))
    return oidc.read_discovery(response, issuer=issuer)


async def saml_document(rt: Runtime, url: str) -> bytes:
    """Fetch the metadata of a SAML identity provider.

    Raises:
        UpstreamError: also for any status but 200: the text of an error page is no metadata.
    """
    response = await rt.send(HttpRequest("GET", url))
    if response.status != 200:
        raise refusal("idp_answer_unusable", want="200", got=str(response.status))
    return response.body


async def saml_metadata(rt: Runtime, url: str) -> saml.SamlIdpMetadata:
    """Fetch and read the metadata of a SAML identity provider. A signature is not judged."""
    return saml.read_idp_metadata(await saml_document(rt, url), now=rt.now())
