"""The SAML leg of a login: the request that we send, and the response that comes back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from vestibule.domain.attributes import Statement, map_statement
from vestibule.domain.connections import LoginRoute, SamlConnection
from vestibule.domain.logins import Evidence, LoginAttempt, StartRequest, VerifiedIdentity
from vestibule.domain.logouts import IdpSession
from vestibule.errors import refusal
from vestibule.protocols import saml
from vestibule.services.connections import service_provider
from vestibule.services.login_trace import Trace
from vestibule.services.runtime import Runtime

UNSPECIFIED = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"


@dataclass(frozen=True, slots=True)
class Asked:
    """What the answer is held to beyond the connection: the sign-in that it must answer, if any.

    Attributes:
        request_id: of our AuthnRequest, None for an unsolicited response.
        through_gateway: it came without the cookie of the sign-in, so it must have been meant for
            the alternative ACS URL, where the customer's gateway stands.
    """

    request_id: str | None
    authn_contexts: tuple[str, ...] = ()
    authenticated_after: datetime | None = None
    through_gateway: bool = False


def start(
    rt: Runtime, route: LoginRoute, attempt: LoginAttempt, request: StartRequest, state: str
) -> tuple[str, Mapping[str, str] | None]:
    """Where the browser carries our AuthnRequest: a URL with everything in it, or a URL and the
    fields of the form that has to be posted there."""
    connection = _source(route)
    sp = service_provider(rt, connection)
    idp = saml.SamlIdp(connection.idp_entity_id, connection.idp_sso_url, ())
    xml = saml.build_authn_request(
        sp,
        idp,
        request_id=attempt.request_id,
        now=rt.now(),
        login_hint=request.parameters.get("login_hint"),
        force_authn=attempt.authenticated_after is not None,
        requested_authn_context=attempt.authn_contexts,
    )
    key = sp.signing_key if connection.sign_requests else None
    if connection.idp_sso_binding == "redirect":
        return saml.encode_redirect(xml, connection.idp_sso_url, state, key), None
    if key is not None:
        signer = saml.read_private_key(key)
        xml = saml.sign_enveloped(xml, attempt.request_id, signer, sp.signing_certificates[0])
    return connection.idp_sso_url, saml.encode_post(xml, connection.idp_sso_url, state)


def finish(
    rt: Runtime,
    route: LoginRoute,
    unverified: saml.UnverifiedResponse,
    asked: Asked,
    trace: Trace,
) -> tuple[VerifiedIdentity, saml.VerifiedAssertion]:
    """Judge the response against the connection's own keys and URLs, then read who it is.

    Raises:
        SamlError.
    """
    connection = _source(route)
    if not connection.verification_certificates:
        raise refusal("saml_certificate_missing")
    url = rt.callback_url(connection.connection_id)
    places = _both(url, connection.alternative_acs_url)
    expected = saml.Expectations(
        idp_entity_id=connection.idp_entity_id,
        certificates=tuple(
            saml.read_certificate(c.certificate) for c in connection.verification_certificates
        ),
        acs_urls=places[1:] if asked.through_gateway else places,
        audiences=_both(url, connection.alternative_audience_uri),
        request_id=asked.request_id,
        decryption_keys=(
            *(key.private_key for key in connection.encryption_keys),
            *(pair.private_key for pair in connection.signing_keys),
        ),
        insecure_legacy_encryption=connection.insecure_legacy_encryption,
        authn_contexts=asked.authn_contexts,
        authenticated_after=asked.authenticated_after,
    )
    verified = saml.verify_response(unverified, expected, now=rt.now())
    trace.step(
        "Signature and conditions",
        f"The {verified.signed} is signed by {connection.idp_entity_id}; audience, recipient, "
        "time and request fit.",
    )
    for warning in verified.warnings:
        trace.warn("Signature and conditions", warning)
    wanted, came = connection.nameid_format, verified.name_id_format
    if wanted and came and UNSPECIFIED not in (wanted, came) and wanted != came:
        # Core §3.4.1.1 allows an error only, but whoever mapped the values knows what comes.
        trace.warn(
            "Signature and conditions", f"NameID: the format {wanted} was asked for, {came} came."
        )
    statement = Statement(
        "saml",
        verified.name_id,
        saml.values_by_name(verified.attributes),
        verified.name_id_format or "",
        verified.friendly_names,
    )
    trace.stage = "Attributes"
    trace.statement = statement
    profile = map_statement(connection.attribute_mapping, statement)
    identity = VerifiedIdentity(
        "saml",
        statement,
        profile,
        verified.authn_instant,
        verified.session_not_on_or_after,
        evidence=_evidence(verified, unsolicited=asked.request_id is None),
        idp_session=IdpSession(
            verified.name_id,
            verified.name_id_format or "",
            verified.name_qualifier,
            verified.sp_name_qualifier,
            verified.session_index or "",
            verified.authn_instant,
        ),
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
