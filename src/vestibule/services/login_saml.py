"""The SAML leg of a login: the request that we send, and the response that comes back."""

from __future__ import annotations

from vestibule.domain.attributes import Statement, map_statement
from vestibule.domain.connections import LoginRoute, SamlConnection
from vestibule.domain.logins import Evidence, LoginAttempt, StartRequest, VerifiedIdentity
from vestibule.errors import refusal
from vestibule.protocols import saml
from vestibule.services.connections import service_provider
from vestibule.services.login_trace import Trace
from vestibule.services.runtime import Runtime


def start(
    rt: Runtime, route: LoginRoute, attempt: LoginAttempt, request: StartRequest, state: str
) -> str:
    """The URL at the identity provider, with our AuthnRequest in it."""
    connection = _source(route)
    sp = service_provider(rt, connection)
    idp = saml.SamlIdp(connection.idp_entity_id, connection.idp_sso_url, ())
    xml = saml.build_authn_request(
        sp,
        idp,
        request_id=attempt.request_id,
        now=rt.now(),
        login_hint=request.parameters.get("login_hint"),
        force_authn=request.parameters.get("prompt") == "login",
    )
    key = sp.signing_key if connection.sign_requests else None
    return saml.encode_redirect(xml, connection.idp_sso_url, state, key)


def finish(
    rt: Runtime,
    route: LoginRoute,
    unverified: saml.UnverifiedResponse,
    request_id: str | None,
    trace: Trace,
) -> tuple[VerifiedIdentity, saml.VerifiedAssertion]:
    """Judge the response against the connection's own keys and URLs, then read who it is.

    Args:
        request_id: of the request that this must answer, None for an unsolicited response.

    Raises:
        SamlError.
    """
    connection = _source(route)
    if not connection.verification_certificates:
        raise refusal("saml_certificate_missing")
    url = rt.callback_url(connection.connection_id)
    expected = saml.Expectations(
        idp_entity_id=connection.idp_entity_id,
        certificates=tuple(
            saml.read_certificate(c.certificate) for c in connection.verification_certificates
        ),
        acs_urls=_both(url, connection.alternative_acs_url),
        audiences=_both(url, connection.alternative_audience_uri),
        request_id=request_id,
        decryption_keys=(
            *(key.private_key for key in connection.encryption_keys),
            *(pair.private_key for pair in connection.signing_keys),
        ),
        insecure_legacy_encryption=connection.insecure_legacy_encryption,
    )
    verified = saml.verify_response(unverified, expected, now=rt.now())
    trace.step(
        "Signature and conditions",
        f"The {verified.signed} is signed by {connection.idp_entity_id}; audience, recipient, "
        "time and request fit.",
    )
    for warning in verified.warnings:
        trace.warn("Signature and conditions", warning)
    statement = Statement(
        "saml",
        verified.name_id,
        saml.values_by_name(verified.attributes),
        verified.name_id_format or "",
        verified.friendly_names,
    )
    profile = map_statement(connection.attribute_mapping, statement)
    identity = VerifiedIdentity(
        "saml",
        statement,
        profile,
        verified.authn_instant,
        verified.session_not_on_or_after,
        evidence=_evidence(verified, unsolicited=request_id is None),
    )
    return identity, verified


def _evidence(verified: saml.VerifiedAssertion, *, unsolicited: bool) -> Evidence:
    return Evidence(
        issuer=verified.issuer,
        signed_by=verified.signed_by,
        recipient=verified.recipient,
        audiences=verified.audiences,
        unsolicited=unsolicited,
        authn_context=verified.authn_context,
        legacy_encryption="legacy encryption" in verified.warnings,
    )


def _both(first: str, second: str) -> tuple[str, ...]:
    return (first, second) if second else (first,)


def _source(route: LoginRoute) -> SamlConnection:
    if not isinstance(route.source, SamlConnection):
        raise refusal("saml_connection_not_found", got=route.source.connection_id)
    return route.source
