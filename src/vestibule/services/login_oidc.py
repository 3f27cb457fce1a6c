"""The OpenID Connect leg of a login: the request that we send, and the code that comes back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta

from vestibule.domain.attributes import Statement, map_statement
from vestibule.domain.connections import LoginRoute, OidcConnection
from vestibule.domain.logins import LoginAttempt, StartRequest, StoredGrant, VerifiedIdentity
from vestibule.errors import VestibuleError, refusal
from vestibule.protocols import jwt, oidc
from vestibule.protocols.http import HttpRequest, HttpResponse
from vestibule.services.idp_documents import key_set, provider_of
from vestibule.services.login_trace import Trace
from vestibule.services.runtime import Runtime


def start(
    rt: Runtime, route: LoginRoute, attempt: LoginAttempt, request: StartRequest, state: str
) -> tuple[str, None]:
    """The URL at the identity provider, with our authorization request in it, and no form."""
    connection = _source(route)
    url = oidc.build_authorization_url(
        provider_of(connection),
        client_of(rt, connection),
        scopes=oidc.requested_scopes(connection.custom_scopes, request.custom_scopes),
        state=state,
        nonce=attempt.nonce,
        code_verifier=attempt.code_verifier,
        parameters=request.parameters,
    )
    return url, None


async def finish(
    rt: Runtime,
    route: LoginRoute,
    attempt: LoginAttempt,
    query: Mapping[str, str],
    trace: Trace,
) -> VerifiedIdentity:
    """Exchange the code for tokens, judge them, and read who it is.

    Raises:
        OidcError, UpstreamError.
    """
    connection = _source(route)
    provider, client = provider_of(connection), client_of(rt, connection)
    code = oidc.read_callback(query, provider.issuer, provider.response_iss_parameter_supported)
    trace.step("Callback", "The identity provider answered with a code for this very sign-in.")

    trace.stage = "Token endpoint"
    grant = await _exchange(rt, provider, client, code, attempt.code_verifier)
    trace.step("Token endpoint", f"{provider.token_endpoint} gave tokens for the code.")

    trace.stage = "ID token"
    claims = await _verified_claims(rt, connection, grant, attempt, code)
    trace.step(
        "ID token",
        f"Signed by {provider.issuer}; audience, nonce and times fit. Subject {claims.subject}.",
    )

    trace.stage = "UserInfo"
    merged: Mapping[str, object] = claims.claims
    if provider.userinfo_endpoint:
        response = await rt.send(oidc.build_userinfo_request(provider, grant.access_token))
        userinfo = oidc.read_userinfo(
            response,
            subject=claims.subject,
            keys=await key_set(rt, connection),
            provider=provider,
            client=client,
            now=rt.now(),
        )
        merged = oidc.merge_claims(claims.claims, userinfo)
        trace.step("UserInfo", f"Speaks of the same subject; {len(userinfo)} claims.")

    trace.stage = "Attributes"
    statement = Statement("oidc", claims.subject, merged)
    trace.statement = statement
    profile = map_statement(connection.attribute_mapping, statement)
    asked = oidc.requested_scopes(connection.custom_scopes, attempt.custom_scopes)
    stored = StoredGrant(
        grant.access_token,
        grant.refresh_token,
        grant.id_token or "",
        # Silence about the scope means that what was asked for was granted (RFC 6749 §5.1).
        grant.scope or asked,
        grant.expires_at,
    )
    trace.step("Scopes", f"Granted: {' '.join(stored.scopes) or 'nothing'}.")
    if missing := [scope for scope in asked if scope not in stored.scopes]:
        trace.warn("Scopes", f"asked for and not granted: {' '.join(missing)}")
    trace.stage = "Attributes"
    return VerifiedIdentity(
        "oidc", statement, profile, claims.auth_time or claims.issued_at, None, stored
    )


async def _exchange(
    rt: Runtime, provider: oidc.OidcProvider, client: oidc.OidcClient, code: str, verifier: str
) -> oidc.TokenGrant:
    def build(auth_method: str) -> HttpRequest:
        return oidc.build_code_request(
            provider, client, code=code, code_verifier=verifier, auth_method=auth_method,
            now=rt.now(), jti=rt.new_token(),
        )  # fmt: skip

    response = await ask_token_endpoint(rt, provider, client, build)
    return oidc.read_token_response(response, now=rt.now())


async def ask_token_endpoint(
    rt: Runtime,
    provider: oidc.OidcProvider,
    client: oidc.OidcClient,
    build: Callable[[str], HttpRequest],
) -> HttpResponse:
    """Send what `build` makes for one way of proving who we are. Some providers list a way that
    they then refuse: try the other one."""
    method = oidc.choose_auth_method(provider, client)
    response = await rt.send(build(method))
    other = oidc.other_auth_method(provider, client, method)
    if other is not None and oidc.token_error(response) == "invalid_client":
        response = await rt.send(build(other))
    return response


async def _verified_claims(
    rt: Runtime,
    connection: OidcConnection,
    grant: oidc.TokenGrant,
    attempt: LoginAttempt,
    code: str,
) -> oidc.IdTokenClaims:
    """Verify the ID token; when it names an unknown key, ask once for the new keys."""
    for afresh in (False, True):
        keys = await key_set(rt, connection, afresh=afresh)
        try:
            return oidc.verify_id_token(
                grant.id_token,
                provider=provider_of(connection),
                client=client_of(rt, connection),
                keys=keys,
                nonce=attempt.nonce,
                now=rt.now(),
                access_token=grant.access_token,
                code=code,
                max_age=None if attempt.max_age is None else timedelta(seconds=attempt.max_age),
            )
        except VestibuleError as error:
            if error.code != "oidc_key_not_found" or afresh:
                raise
    raise AssertionError("the second round returns or raises")


def client_of(rt: Runtime, connection: OidcConnection) -> oidc.OidcClient:
    """Us, as this provider knows us."""
    method, key = connection.token_endpoint_auth_method, connection.client_key
    own = method == "private_key_jwt" and key is not None
    return oidc.OidcClient(
        connection.client_id,
        connection.client_secret,
        rt.callback_url(connection.connection_id),
        method,
        jwt.read_signing_key(key.certificate.certificate_id, key.private_key)
        if own and key
        else None,
    )


def _source(route: LoginRoute) -> OidcConnection:
    if not isinstance(route.source, OidcConnection):
        raise refusal("oidc_connection_not_found", got=route.source.connection_id)
    return route.source
