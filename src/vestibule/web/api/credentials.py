"""The management wire of a project's keys: secrets, and public tokens (wire §9.1)."""

from __future__ import annotations

import msgspec

from vestibule.domain.projects import Credential
from vestibule.domain.sessions import wire_time
from vestibule.errors import refusal
from vestibule.services import projects
from vestibule.web.api.registry import Call, Nothing, Request, Response, operation

_ENVIRONMENT = "/pwa/v3/projects/{project_slug}/environments/{environment_slug}"
_SECRETS = f"{_ENVIRONMENT}/secrets"
_SECRET = f"{_ENVIRONMENT}/secrets/{{secret_id}}"
_TOKENS = f"{_ENVIRONMENT}/public_tokens"
_TOKEN = f"{_ENVIRONMENT}/public_tokens/{{public_token}}"


class SecretDocument(msgspec.Struct):
    """`last_four` is empty for a secret that was made before it was kept."""

    secret_id: str
    last_four: str
    created_at: str


class CreatedSecret(msgspec.Struct):
    secret_id: str
    secret: str
    last_four: str
    created_at: str


class SecretsResponse(Response):
    secrets: list[SecretDocument]


class SecretResponse(Response):
    secret: SecretDocument


class CreatedSecretResponse(Response):
    secret: CreatedSecret


class PublicTokenDocument(msgspec.Struct):
    public_token: str
    created_at: str


class PublicTokensResponse(Response):
    public_tokens: list[PublicTokenDocument]


class PublicTokenResponse(Response):
    public_token: PublicTokenDocument


class Revoke(Request):
    """`force` also ends the last one, after which nobody can call with any."""

    force: bool = False


@operation("management.secrets.get_all", "GET", _SECRETS, "List the secrets", auth="workspace")
async def list_secrets(call: Call, _: Nothing) -> SecretsResponse:
    """In the order of creation. The secrets themselves are stored hashed and shown to nobody."""
    held = await _of_kind(call, "secret")
    return SecretsResponse(secrets=[_secret(one) for one in held])


@operation("management.secrets.get", "GET", _SECRET, "Get a secret", auth="workspace")
async def get_secret(call: Call, _: Nothing) -> SecretResponse:
    """When it was made, and its last four characters."""
    for one in await _of_kind(call, "secret"):
        if one.credential_id == call.path["secret_id"]:
            return SecretResponse(secret=_secret(one))
    raise refusal("credential_not_found", got=call.path["secret_id"])


@operation("management.secrets.create", "POST", _SECRETS, "Create a secret", auth="workspace")
async def create_secret(call: Call, _: Nothing) -> CreatedSecretResponse:
    """One more beside those that there are, which go on working. This answer is the only one that
    shows it."""
    made = await projects.create_credential(call.rt, call.actor, "secret")
    one = made.credential
    return CreatedSecretResponse(
        secret=CreatedSecret(
            one.credential_id, made.secret, one.last_four, wire_time(one.created_at)
        )
    )


@operation("management.secrets.delete", "DELETE", _SECRET, "Delete a secret", auth="workspace")
async def delete_secret(call: Call, body: Revoke) -> Response:
    """The next call with it is refused. The last one goes only with `force`."""
    name = call.path["secret_id"]
    await _require(call, "secret", name)
    await projects.revoke_credential(call.rt, call.actor, name, force=body.force)
    return Response()


@operation(
    "management.public_tokens.get_all", "GET", _TOKENS, "List the public tokens", auth="workspace"
)
async def list_public_tokens(call: Call, _: Nothing) -> PublicTokensResponse:
    """In the order of creation."""
    held = await _of_kind(call, "public_token")
    return PublicTokensResponse(public_tokens=[_token(one) for one in held])


@operation("management.public_tokens.get", "GET", _TOKEN, "Get a public token", auth="workspace")
async def get_public_token(call: Call, _: Nothing) -> PublicTokenResponse:
    """When it was made."""
    for one in await _of_kind(call, "public_token"):
        if one.credential_id == call.path["public_token"]:
            return PublicTokenResponse(public_token=_token(one))
    raise refusal("credential_not_found", got=call.path["public_token"])


@operation(
    "management.public_tokens.create", "POST", _TOKENS, "Create a public token", auth="workspace"
)
async def create_public_token(call: Call, _: Nothing) -> PublicTokenResponse:
    """One more beside those that there are, which go on working."""
    made = await projects.create_credential(call.rt, call.actor, "public_token")
    return PublicTokenResponse(public_token=_token(made.credential))


@operation(
    "management.public_tokens.delete", "DELETE", _TOKEN, "Delete a public token", auth="workspace"
)
async def delete_public_token(call: Call, body: Revoke) -> Response:
    """Pages and logins that name it are refused from now on. The last one goes only with
    `force`."""
    name = call.path["public_token"]
    await _require(call, "public_token", name)
    await projects.revoke_credential(call.rt, call.actor, name, force=body.force)
    return Response()


async def _of_kind(call: Call, kind: str) -> list[Credential]:
    held = await projects.list_credentials(call.rt, call.project)
    return [one for one in held if one.kind == kind]


async def _require(call: Call, kind: str, name: str) -> None:
    """Each door ends what it lists: a workspace key is no secret."""
    if all(one.credential_id != name for one in await _of_kind(call, kind)):
        raise refusal("credential_not_found", got=name)


def _secret(one: Credential) -> SecretDocument:
    return SecretDocument(one.credential_id, one.last_four, wire_time(one.created_at))


def _token(one: Credential) -> PublicTokenDocument:
    return PublicTokenDocument(one.credential_id, wire_time(one.created_at))
