"""Every way in which Vestibule refuses: eight kinds sorted by who can act, one code per cause.

Owns the tree of exceptions and `CODES`, the one table from which the wire, the pages, the
reference and the tests read. Knows nothing of HTTP statuses, of JSON or of the standards'
details; `web/problems.py` chooses how a refusal looks from outside.

Everybody may import this file, and it imports nobody.
"""

from __future__ import annotations

from dataclasses import dataclass


class VestibuleError(Exception):
    """A refusal with two faces: `public` for the world, the rest for whoever can mend it.

    Make one with `refusal`, which finds the kind by the code.

    Attributes:
        code: the stable name of the cause, a key of `CODES`.
        want: what the rule asks for, or None when nothing was compared.
        got: what came instead. Never a secret, never a whole document.
        detail: one more exact sentence for the admin, or None.
        trace_id: of the login that this refusal ended, or None outside of one.
        login_url: where the person signs in again, if only they can mend it.
        retry_after: seconds after which the same call may be made again, or None.
    """

    public = "The request could not be completed."
    actor = "the caller"

    def __init__(
        self,
        code: str,
        *,
        want: str | None = None,
        got: str | None = None,
        detail: str | None = None,
    ) -> None:
        self.code = code
        self.want = _shown(want)
        self.got = _shown(got)
        # A list of every setting that is wrong is longer than one value may be.
        self.detail = _shown(detail, 2000)
        self.trace_id: str | None = None
        self.login_url: str | None = None
        self.retry_after: int | None = None
        super().__init__(code)

    @property
    def row(self) -> Row:
        return CODES[self.code]

    def __str__(self) -> str:
        parts = [self.code]
        if self.want is not None:
            parts.append(f"wanted {self.want}")
        if self.got is not None:
            parts.append(f"got {self.got}")
        if self.detail is not None:
            parts.append(self.detail)
        return ": ".join([parts[0], ", ".join(parts[1:])]) if parts[1:] else self.code


class ProtocolError(VestibuleError):
    """The identity provider sent something that its standard or our agreement forbids."""

    public = "Your identity provider's answer could not be accepted."
    actor = "the administrator of the identity provider"


class SamlError(ProtocolError):
    """A SAML message was refused."""


class OidcError(ProtocolError):
    """An OpenID Connect answer or token was refused."""


class UpstreamError(VestibuleError):
    """Somebody else's server did not answer as it should; trying later may help."""

    public = "Your identity provider did not answer. Please try again in a moment."
    actor = "the operator of the identity provider"


class Misconfigured(VestibuleError):
    """A setting stands in the way; the customer's administrator can change it."""

    public = "Single sign-on is not set up for this yet."
    actor = "the organization's administrator"


class InvalidRequest(VestibuleError):
    """Our caller sent something that we cannot act upon."""

    public = "The request could not be understood."
    actor = "the developer of the application"


class Unauthenticated(VestibuleError):
    """We do not know who is calling, or no longer."""

    public = "Please sign in again."
    actor = "the caller"


class Forbidden(VestibuleError):
    """We know who is calling, and they may not do this."""

    public = "You are not allowed to do this."
    actor = "the organization's administrator"


class NotFound(VestibuleError):
    """There is no such thing where the caller may look."""

    public = "There is nothing here."
    actor = "the caller"


class Conflict(VestibuleError):
    """What was asked for collides with something that already stands."""

    public = "This collides with something that already exists."
    actor = "the caller"


def refusal(
    code: str, *, want: str | None = None, got: str | None = None, detail: str | None = None
) -> VestibuleError:
    """Make the exception for `code`, of the kind that the table gives it. Raise what comes back.

    A code that is not in the table is a programming error and raises KeyError.
    """
    return CODES[code].kind(code, want=want, got=got, detail=detail)


def _shown(value: str | None, limit: int = 500) -> str | None:
    """Cut to `limit` characters, control characters made visible: these strings come from outside."""
    if value is None:
        return None
    cut = value if len(value) <= limit else value[:limit] + "…"
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in cut)


@dataclass(frozen=True, slots=True)
class Row:
    """One cause of refusal.

    `wire` is the `error_type` of the API where it is coarser than our code; `spec` is the
    section that asks for the rule; `remedy` is one sentence on who mends it, and how.
    """

    code: str
    kind: type[VestibuleError]
    message: str
    remedy: str
    wire: str
    spec: str


CODES: dict[str, Row] = {}


def _table(kind: type[VestibuleError], *rows: tuple[str, ...]) -> None:
    """Enter rows of (code, message, remedy[, wire[, spec]]); no wire means the code itself."""
    for code, message, remedy, *rest in rows:
        wire = rest[0] if rest and rest[0] else code
        spec = rest[1] if len(rest) > 1 else ""
        if code in CODES:
            raise ValueError(f"error code {code} is listed twice")
        CODES[code] = Row(code, kind, message, remedy, wire, spec)


# fmt: off
# --- SAML -----------------------------------------------------------------------------------

_IDP = "The identity provider's administrator: "
_ADMIN = "The organization's administrator: "
_USER = "Start the sign-in again; "

_table(
    SamlError,
    ("saml_too_large", "The SAML message is larger than we read.",
     _IDP + "send fewer attributes or groups.", "invalid_saml_response"),
    ("saml_too_complex", "The SAML message is nested or repeated beyond every honest use.",
     _IDP + "send a plain response.", "invalid_saml_response"),
    ("saml_encoding_invalid", "The SAML message is not valid base64 of UTF-8 XML.",
     _IDP + "send the response in the HTTP-POST binding.", "invalid_saml_response",
     "SAML Bindings §3.5.4"),
    ("saml_xml_invalid", "The SAML message is not well-formed XML.",
     _IDP + "send well-formed XML.", "invalid_xml_saml_response"),
    ("saml_xml_forbidden", "The SAML message carries a DTD, a comment, a CDATA section or a "
     "processing instruction.", _IDP + "send XML without them.", "invalid_xml_saml_response"),
    ("saml_structure_invalid", "The SAML message is not built as the schema says.",
     _IDP + "send a response that follows the SAML 2.0 schema.", "invalid_saml_response",
     "SAML Core §3.2.2"),
    ("saml_version_unsupported", "The SAML message is not of version 2.0.",
     _IDP + "switch to SAML 2.0.", "invalid_saml_response", "SAML Core §3.2.2"),
    ("saml_id_duplicate", "An ID occurs twice in the SAML message.",
     _IDP + "give every element an ID of its own.", "invalid_saml_response", "SAML Core §1.3.4"),
    ("saml_assertion_count", "There must be exactly one assertion, in its one legal place.",
     _IDP + "send one assertion.", "invalid_saml_response", "SAML Profiles §4.1.4.2"),
    ("saml_status_not_success", "The identity provider did not sign the person in.",
     _IDP + "the status code and message below say why; often the person is not assigned to "
     "the application.", "failed_saml_response", "SAML Core §3.2.2.2"),
    ("saml_signature_missing", "Neither the response nor the assertion is signed.",
     _IDP + "sign the assertion, the response, or both.", "missing_signature_saml_response",
     "SAML Profiles §4.1.4.5"),
    ("saml_signature_malformed", "The signature is not in the shape that SAML allows.",
     _IDP + "use an enveloped signature with exactly one reference to its parent.",
     "invalid_signature_saml_response", "SAML Core §5.4"),
    ("saml_signature_invalid", "The signature fits none of the certificates that we trust for "
     "this connection.", _ADMIN + "the identity provider may have rotated its certificate; add "
     "the new one to the connection.", "invalid_signature_saml_response", "XML-DSig §3.2"),
    ("saml_digest_mismatch", "The signed digest is not that of the content: the message was "
     "changed after signing.", _IDP + "look for a proxy that rewrites the response.",
     "invalid_signature_saml_response", "XML-DSig §3.2.1"),
    ("saml_reference_invalid", "The signature does not refer to its own parent by ID.",
     _IDP + "sign the whole response or the whole assertion.", "invalid_signature_saml_response",
     "SAML Core §5.4.2"),
    ("saml_transform_forbidden", "The signature uses a transform outside the two that SAML "
     "allows.", _IDP + "use enveloped-signature and exclusive canonicalization.",
     "invalid_signature_saml_response", "SAML Core §5.4.4"),
    ("saml_algorithm_forbidden", "A signature or digest algorithm is not on our list.",
     _IDP + "use RSA or ECDSA with SHA-256 or stronger.", "invalid_signature_saml_response",
     "XML-DSig §6"),
    ("saml_canonicalization_failed", "The XML has no canonical form.",
     _IDP + "use absolute namespace URIs.", "invalid_signature_saml_response", "C14N §4"),
    ("saml_certificate_missing", "The connection holds no certificate of its identity provider.",
     _ADMIN + "add the identity provider's signing certificate.", "saml_certificate_mismatch"),
    ("saml_issuer_mismatch", "The issuer is not the identity provider of this connection.",
     _ADMIN + "compare the connection's IdP entity ID with what came.", "invalid_saml_response",
     "SAML Profiles §4.1.4.2"),
    ("saml_destination_mismatch", "The response was addressed to another URL.",
     _IDP + "set the ACS URL to the one of this connection.", "invalid_saml_response",
     "SAML Core §3.2.2"),
    ("saml_recipient_mismatch", "The assertion was meant for another URL.",
     _IDP + "set the recipient to the ACS URL of this connection.", "invalid_saml_response",
     "SAML Profiles §4.1.4.2"),
    ("saml_request_mismatch", "The response answers another sign-in than this one.",
     _USER + "if it happens again, the identity provider mixes up its requests.",
     "unsolicited_saml_response", "SAML Profiles §4.1.4.3"),
    ("saml_subject_confirmation_missing", "No bearer confirmation speaks for the subject.",
     _IDP + "send a bearer SubjectConfirmation.", "invalid_saml_response",
     "SAML Profiles §4.1.4.2"),
    ("saml_subject_expired", "The time to deliver the assertion has passed.",
     _USER + "if it happens again, compare the clocks of the two servers.",
     "expired_saml_response", "SAML Profiles §4.1.4.3"),
    ("saml_not_yet_valid", "The assertion is not valid yet.",
     _IDP + "compare the clocks of the two servers.", "not_yet_valid_saml_response",
     "SAML Core §2.5.1.2"),
    ("saml_expired", "The assertion has expired.",
     _USER + "if it happens again, compare the clocks of the two servers.",
     "expired_saml_response", "SAML Core §2.5.1.2"),
    ("saml_session_expired", "The identity provider's own session had already ended.",
     _USER + "sign out of the identity provider first.", "expired_saml_response",
     "SAML Core §2.7.2"),
    ("saml_time_invalid", "A time in the message is not a UTC xs:dateTime.",
     _IDP + "send times such as 2026-01-31T12:00:00Z.", "invalid_saml_response",
     "SAML Core §1.3.3"),
    ("saml_audience_mismatch", "The assertion was not issued for us.",
     _IDP + "set the audience (SP entity ID) to the one of this connection.",
     "invalid_audience_saml_response", "SAML Core §2.5.1.4"),
    ("saml_audience_missing", "The assertion names no audience.",
     _IDP + "add an AudienceRestriction with the SP entity ID of this connection.",
     "invalid_audience_saml_response", "SAML Profiles §4.1.4.2"),
    ("saml_condition_unknown", "The assertion carries a condition that we cannot judge.",
     _IDP + "remove it.", "invalid_saml_response", "SAML Core §2.5.1"),
    ("saml_authn_statement_missing", "The assertion does not say that anybody signed in.",
     _IDP + "send an AuthnStatement.", "invalid_saml_response", "SAML Profiles §4.1.4.2"),
    ("saml_authn_too_old", "The person had signed in at the identity provider before this sign-in "
     "began, although it was asked to have them sign in anew.",
     _IDP + "honour ForceAuthn, and compare the clocks of the two servers.",
     "invalid_saml_response", "SAML Core §3.4.1"),
    ("saml_authn_context_mismatch", "The person signed in by another method than the connection "
     "asks for.", _IDP + "use one of the AuthnContext classes that the connection asks for.",
     "invalid_saml_response", "SAML Core §3.3.2.2.1"),
    ("saml_name_id_transient", "The mapping takes the person's lasting id from a NameID that is "
     "another one at each sign-in.", _ADMIN + "map idp_user_id to an attribute that stays, or ask "
     "for the persistent NameID format.", "invalid_saml_response", "SAML Core §8.3.8"),
    ("saml_name_id_missing", "The assertion names nobody.",
     _IDP + "send a NameID.", "invalid_saml_response", "SAML Core §2.4.1"),
    ("saml_value_invalid", "A value carries markup or characters that it may not.",
     _IDP + "send plain text values.", "invalid_saml_response", "SAML Core §1.3.1"),
    ("saml_encryption_unsupported", "The assertion is encrypted in a way that we refuse.",
     _IDP + "use AES-GCM with RSA-OAEP.", "invalid_saml_response", "XML Encryption §5"),
    ("saml_legacy_encryption", "The assertion is encrypted with 3DES-CBC, which is broken.",
     _IDP + "use AES-128-GCM or stronger; until then the connection's switch "
     "insecure_legacy_encryption accepts it.", "invalid_saml_response", "XML Encryption §5.2"),
    ("saml_decryption_failed", "The assertion could not be decrypted with the connection's keys.",
     _IDP + "encrypt for the certificate in this connection's SP metadata.",
     "invalid_saml_response", "XML Encryption §4.4"),
    ("saml_replayed", "This assertion has been used before.",
     _USER + "if nobody pressed the back button, tell your administrator.",
     "duplicate_saml_response", "SAML Profiles §4.1.4.5"),
    ("saml_unsolicited", "The response answers no sign-in that we know.",
     _USER + "it may have taken more than ten minutes.", "unsolicited_saml_response",
     "SAML Profiles §4.1.5"),
    ("saml_idp_initiated_auth_disabled", "This connection does not accept sign-ins that start at "
     "the identity provider.", "Start the sign-in at the application; an administrator can allow "
     "it on the connection.", "", "SAML Profiles §4.1.5"),
    ("saml_response_missing", "There is no SAMLResponse in the form.",
     _IDP + "use the HTTP-POST binding.", "missing_saml_response", "SAML Bindings §3.5.4"),
    ("saml_csrf_cookie_missing", "The browser that answers did not bring the cookie of the sign-in.",
     _USER + "allow cookies for this site.", "missing_saml_csrf_cookie"),
    ("saml_csrf_cookie_mismatch", "Another browser started this sign-in.",
     _USER + "in this browser.", ""),
    ("saml_logout_missing", "There is neither a SAMLRequest nor a SAMLResponse in what came.",
     _IDP + "send logout messages by the HTTP-Redirect or HTTP-POST binding.", "",
     "SAML Bindings §3.4.4"),
    ("saml_logout_unsigned", "The logout message is not signed.",
     _IDP + "sign logout requests and responses: in the query for HTTP-Redirect, inside the "
     "message for HTTP-POST.", "", "SAML Profiles §4.4.4.1"),
    ("saml_logout_destination_mismatch", "The logout message was addressed to another URL.",
     _IDP + "set the single logout URL to the one in this connection's SP metadata.", "",
     "SAML Bindings §3.4.5.2"),
    ("saml_logout_expired", "The logout message is older than a few minutes, or from the future.",
     "Sign out again; if it happens again, compare the clocks of the two servers.", "",
     "SAML Core §3.7.1"),
    ("saml_logout_replayed", "This logout request has been carried out before.",
     "Nothing needs to be done: what it ended stays ended.", "", "SAML Core §3.7.3"),
    ("saml_logout_unknown", "The answer fits no logout that we know.",
     "Nothing needs to be done: the session ended before the identity provider was asked.", "",
     "SAML Core §3.7.2"),
    ("saml_metadata_invalid", "The document is not the metadata of one SAML identity provider.",
     _IDP + "give the metadata of one identity provider.", "saml_connection_metadata_invalid_format",
     "SAML Metadata §2.3"),
    ("saml_metadata_expired", "The metadata says that it is no longer valid.",
     _IDP + "publish fresh metadata.", "saml_connection_metadata_invalid_format",
     "SAML Metadata §2.3.2"),
    ("saml_response_email_invalid", "The mapped e-mail attribute holds no single valid address.",
     _ADMIN + "compare the attribute mapping with what the identity provider sends.",
     "invalid_saml_response_email"),
)

# --- OpenID Connect ---------------------------------------------------------------------------

_table(
    OidcError,
    ("oidc_discovery_invalid", "The discovery document is not usable.",
     _IDP + "serve a valid OpenID configuration.", "oidc_connection_issuer_url_invalid_format",
     "OIDC Discovery §4.2"),
    ("oidc_discovery_issuer_mismatch", "The discovery document names another issuer.",
     _ADMIN + "copy the issuer to the letter, trailing slash included.",
     "oidc_connection_issuer_url_invalid_format", "OIDC Discovery §4.3"),
    ("oidc_callback_invalid", "The callback carries neither a code nor an error.",
     _IDP + "answer with a code.", "oidc_invalid_callback_request", "OIDC Core §3.1.2.5"),
    ("oidc_authorization_failed", "The identity provider did not sign the person in.",
     _IDP + "the error below is its own.", "oidc_auth_code_error", "OIDC Core §3.1.2.6"),
    ("oidc_user_not_assigned", "The person is not assigned to the application at the identity "
     "provider.", _IDP + "assign the person to the application.",
     "oidc_user_not_assigned_to_app_in_idp", "OIDC Core §3.1.2.6"),
    ("oidc_state_missing", "The callback carries no state.",
     _IDP + "return the state parameter.", "missing_oidc_state_param", "OIDC Core §3.1.2.5"),
    ("oidc_state_unknown", "The callback answers no sign-in that we know.",
     _USER + "it may have taken more than ten minutes.", "unsolicited_oidc_response",
     "RFC 6749 §10.12"),
    ("oidc_csrf_cookie_missing", "The browser that answers did not bring the cookie of the sign-in.",
     _USER + "allow cookies for this site.", "missing_oidc_csrf_cookie"),
    ("oidc_csrf_cookie_mismatch", "Another browser started this sign-in.",
     _USER + "in this browser.", ""),
    ("oidc_response_issuer_mismatch", "The callback names another issuer: a mix-up of identity "
     "providers.", _ADMIN + "compare the connection's issuer with what came.",
     "unsolicited_oidc_response", "RFC 9207 §2.4"),
    ("oidc_response_issuer_missing", "The identity provider promised to name itself in the "
     "callback, and did not.", _IDP + "return the iss parameter.", "unsolicited_oidc_response",
     "RFC 9207 §2.4"),
    ("oidc_token_refused", "The identity provider refused to give tokens.",
     _ADMIN + "compare client ID, client secret and redirect URL with the identity provider's.",
     "oidc_auth_code_error", "OIDC Core §3.1.3.4"),
    ("oidc_token_response_invalid", "The token endpoint's answer is not usable.",
     _IDP + "answer as OIDC Core asks.", "oidc_auth_code_error", "OIDC Core §3.1.3.3"),
    ("oidc_client_auth_unsupported", "The identity provider wants a client authentication that "
     "we do not have.", _IDP + "allow client_secret_basic, client_secret_post or "
     "private_key_jwt.", "oidc_auth_code_error", "OIDC Core §9"),
    ("oidc_id_token_missing", "The token endpoint gave no ID token.",
     _ADMIN + "the scope openid must be among the requested ones.", "id_token_invalid",
     "OIDC Core §3.1.3.3"),
    ("oidc_id_token_malformed", "The ID token is not a signed JWT that we can read.",
     _IDP + "sign ID tokens as JWTs.", "id_token_invalid", "OIDC Core §2"),
    ("oidc_id_token_encrypted", "The ID token is encrypted, which we do not support.",
     _IDP + "turn encryption of ID tokens off.", "id_token_invalid", "OIDC Core §3.1.3.7 (1)"),
    ("oidc_algorithm_forbidden", "The ID token is signed with an algorithm that is not on our list.",
     _IDP + "use RS256, PS256, ES256 or EdDSA.", "id_token_invalid", "OIDC Core §3.1.3.7 (7)"),
    ("oidc_header_forbidden", "The token's header carries a parameter that we must not follow.",
     _IDP + "leave crit and b64 out.", "id_token_invalid", "RFC 7515 §4.1.11"),
    ("oidc_key_not_found", "None of the identity provider's published keys fits the token.",
     _IDP + "publish the signing key in the JWK Set.", "id_token_invalid",
     "OIDC Core §10.1"),
    ("oidc_key_ambiguous", "The token does not say by which of several keys it is signed.",
     _IDP + "put a kid into the header.", "id_token_invalid", "OIDC Core §10.1"),
    ("oidc_signature_invalid", "The token's signature is wrong.",
     _IDP + "check the keys behind the JWK Set.", "id_token_invalid", "OIDC Core §3.1.3.7 (6)"),
    ("oidc_jwks_invalid", "The JWK Set is not usable.",
     _IDP + "serve a valid JWK Set.", "id_token_invalid", "RFC 7517 §5"),
    ("oidc_claim_invalid", "A claim of the ID token has the wrong type or is missing.",
     _IDP + "send the claims as OIDC Core asks.", "id_token_invalid", "OIDC Core §2"),
    ("oidc_issuer_mismatch", "The ID token was issued by somebody else.",
     _ADMIN + "compare the connection's issuer with what came.", "id_token_invalid",
     "OIDC Core §3.1.3.7 (2)"),
    ("oidc_audience_mismatch", "The ID token was not issued for us alone.",
     _ADMIN + "compare the connection's client ID with what came.",
     "id_token_incorrect_audience", "OIDC Core §3.1.3.7 (3)"),
    ("oidc_azp_mismatch", "The ID token was issued for the use of another client.",
     _IDP + "leave azp out, or send our client ID.", "id_token_incorrect_audience",
     "OIDC Core §3.1.3.7 (5)"),
    ("oidc_id_token_expired", "The ID token has expired.",
     _USER + "if it happens again, compare the clocks of the two servers.", "id_token_expired",
     "OIDC Core §3.1.3.7 (9)"),
    ("oidc_id_token_not_yet_valid", "The ID token is not valid yet.",
     _IDP + "compare the clocks of the two servers.", "id_token_invalid",
     "OIDC Core §3.1.3.7 (10)"),
    ("oidc_nonce_mismatch", "The ID token belongs to another sign-in.",
     _USER + "if it happens again, the identity provider does not return the nonce.",
     "id_token_nonce_invalid", "OIDC Core §3.1.3.7 (11)"),
    ("oidc_at_hash_mismatch", "The access token is not the one that the ID token speaks of.",
     _IDP + "send a fitting at_hash, or none.", "id_token_invalid", "OIDC Core §3.1.3.8"),
    ("oidc_c_hash_mismatch", "The code is not the one that the ID token speaks of.",
     _IDP + "send a fitting c_hash, or none.", "id_token_invalid", "OIDC Core §3.3.2.11"),
    ("oidc_auth_time_too_old", "The person signed in at the identity provider too long ago.",
     _USER + "sign in afresh at the identity provider.", "id_token_invalid",
     "OIDC Core §3.1.3.7 (13)"),
    ("oidc_userinfo_invalid", "The UserInfo answer is not usable.",
     _IDP + "answer as OIDC Core asks.", "oidc_invalid_userinfo", "OIDC Core §5.3.2"),
    ("oidc_userinfo_subject_mismatch", "UserInfo speaks of another person than the ID token.",
     _IDP + "return the same sub.", "oidc_response_subject_mismatch", "OIDC Core §5.3.2"),
    ("oidc_distributed_claims", "Aggregated and distributed claims are not supported.",
     _IDP + "send the claims themselves.", "oidc_invalid_userinfo", "OIDC Core §5.6.2"),
    ("oidc_refresh_mismatch", "The refreshed ID token speaks of another person or client.",
     _IDP + "keep iss, sub and aud when refreshing.", "unable_to_refresh_oidc_token",
     "OIDC Core §12.2"),
    ("oidc_response_email_missing", "The identity provider gave no e-mail address.",
     _ADMIN + "ask for the scope email, or map the claim that holds the address."),
    ("oidc_response_email_invalid", "The mapped e-mail claim holds no single valid address.",
     _ADMIN + "compare the attribute mapping with what the identity provider sends.",
     "oidc_response_email_missing"),
    ("oidc_response_unverified_email", "The identity provider says that the e-mail address is not "
     "verified.", _IDP + "verify the address there.", "", "OIDC Core §5.1"),
    ("unable_to_refresh_oidc_token", "The identity provider refused to refresh the tokens.",
     "The member: sign in again through this connection.", "", "RFC 6749 §6"),
)

# --- somebody else's server -------------------------------------------------------------------

_table(
    UpstreamError,
    ("idp_unreachable", "The identity provider could not be reached.",
     "Try again; if it stays so, the administrator compares the connection's URLs."),
    ("idp_timeout", "The identity provider took too long to answer.",
     "Try again; if it stays so, the identity provider's operator looks at its logs."),
    ("idp_answer_too_large", "The identity provider's answer is larger than we read.",
     _IDP + "serve a smaller document."),
    ("idp_answer_unusable", "The identity provider's server answered with an error.",
     "Try again; if it stays so, the identity provider's operator looks at its logs."),
    ("idp_address_forbidden", "The URL leads to an address that we do not connect to.",
     "The operator: use a public https URL, or allow the private range in the settings."),
    ("mail_not_accepted", "The mail server did not take the mail.",
     "The operator: look at the settings of the mail server; it is tried again for a day."),
    ("mail_recipient_refused", "The mail server takes no mail for this address.",
     "The operator: compare the address with what the mail server says of it."),
    ("internal_server_error", "Something went wrong on our side.",
     "The operator: the log holds the request id with the whole story."),
    ("database_unavailable", "The database did not answer.",
     "The operator: look at the database; nothing was changed.", "internal_server_error"),
    # domains
    ("dns_unanswered", "The DNS did not answer.", "Wait a moment and check again."),
)

# --- settings that stand in the way -----------------------------------------------------------

_table(
    Misconfigured,
    ("requires_active_sso_connection", "The connection is not active yet.",
     _ADMIN + "complete the connection's settings."),
    ("no_sso_connection_exists_for_organization", "The organization has no active connection.",
     _ADMIN + "add a connection."),
    ("indeterminate_sso_connection_for_organization", "The organization has several connections "
     "and no default.", _ADMIN + "choose a default, or start with connection_id."),
    ("no_default_login_redirect_url_set", "The project has no default login redirect URL.",
     "The product's developer: register one, or send login_redirect_url."),
    ("no_default_signup_redirect_url_set", "The project has no default signup redirect URL.",
     "The product's developer: register one, or send signup_redirect_url."),
    ("external_connection_not_active", "The connection to be shared is not active.",
     "The owner organization's administrator: complete the connection's settings."),
    ("external_sharing_closed", "The owner of the connection does not share it.",
     "The owner organization's administrator: set external_sharing to open or approval.",
     "external_connection_not_active"),
    ("external_connection_pending", "The owner of the connection has not approved this External "
     "connection yet.", "The owner organization's administrator: approve it.",
     "external_connection_not_active"),
    ("external_connection_revoked", "The owner of the connection has withdrawn this External "
     "connection.", "The owner organization's administrator: approve it again.",
     "external_connection_not_active"),
    ("invalid_connection_for_jit_provisioning", "The person is no member, and this connection may "
     "not create members.", _ADMIN + "invite the person, or allow the connection to provision."),
    ("operation_restricted_by_organization_auth_methods", "The organization does not allow this "
     "way of signing in.", _ADMIN + "add it to allowed_auth_methods."),
    ("email_jit_provisioning_not_allowed", "The person is no member, and the organization takes in "
     "nobody by their address alone.", _ADMIN + "invite the person, or set email_jit_provisioning."),
    ("invalid_email_for_jit_provisioning", "The person is no member, and the organization does not "
     "list the domain of their address.", _ADMIN + "invite the person, or add the domain to "
     "email_allowed_domains."),
    ("email_invites_not_allowed", "The organization takes no invitations by e-mail.",
     _ADMIN + "set email_invites.", "invalid_email_for_invites"),
    ("invalid_email_for_invites", "The organization invites only addresses of its own domains.",
     _ADMIN + "add the domain to email_allowed_domains."),
    ("mail_not_configured", "This server sends no mail.",
     "The operator: set VESTIBULE_SMTP_URL and VESTIBULE_MAIL_FROM."),
    ("setting_invalid", "A setting is missing or has a value that we cannot use.",
     "The operator: correct the settings named here."),
    ("setting_insecure", "A setting is not safe outside of development.",
     "The operator: correct the settings named here, or run `vestibule dev`."),
    ("database_not_migrated", "The database's schema is not the one that this version needs.",
     "The operator: run `vestibule migrate`."),
    ("root_key_missing", "The key that seals the secrets is not there.",
     "The operator: run `vestibule keys create`, or give back the key file of this database."),
    ("sealed_value_unreadable", "A sealed secret cannot be opened with the keys at hand.",
     "The operator: give back the root key that sealed it; do not create a new one."),
    ("mock_idp_outside_dev", "The built-in identity provider exists only in `vestibule dev`.",
     "The operator: remove it from this set-up."),
)

# --- requests that we cannot act upon ---------------------------------------------------------

_DEV = "The application's developer: "

_table(
    InvalidRequest,
    ("bad_request", "The request is not valid.", _DEV + "send what the reference asks for."),
    ("body_invalid", "The body is not a JSON object.", _DEV + "send a JSON object.", "bad_request"),
    ("body_too_large", "The body is larger than we read.", _DEV + "send less.", "bad_request"),
    ("field_missing", "A required field is missing.", _DEV + "send it.", "bad_request"),
    ("field_invalid", "A field has a value that it may not have.",
     _DEV + "send what the reference asks for.", "bad_request"),
    ("invalid_id", "An id is not of the right kind.", _DEV + "send the id as we gave it."),
    ("bad_domain_for_stytch_sdk", "Pages of this origin may not call the frontend API.",
     _DEV + "authorize the origin in the project's settings."),
    ("public_token_required", "The public token is missing.", _DEV + "send public_token."),
    ("method_not_allowed", "This path does not take that method.",
     _DEV + "use the method that the reference gives."),
    ("trust_not_acknowledged", "An External connection is made only by somebody who has said that they "
     "know whom it trusts.", "Tick the box below the warning, or leave it."),
    ("form_expired", "This form was opened too long ago, or in another sign-in.",
     "Go back, load the page again and send it once more."),
    ("too_many_requests", "Too many requests have been made.", "Wait a moment and try again."),
    ("idempotency_key_invalid", "The Idempotency-Key is none.",
     _DEV + "send one key of 1 to 255 printable ASCII characters, best a random one.",
     "", "draft-ietf-httpapi-idempotency-key-header §2.1"),
    ("idempotency_key_reused", "The Idempotency-Key was used for another request.",
     _DEV + "use a new key for each request; send a request again with the same path and body, to "
     "the letter, and the same session.", "", "draft-ietf-httpapi-idempotency-key-header §2.7"),
    ("operator_password_unfit", "The password is too short, too long or too easy to guess.",
     "Choose one of at least 12 characters, best a sentence or one that a password manager makes."),
    ("branding_logo_invalid", "The logo is not a PNG or JPEG of at most 32 kB.",
     _DEV + "send such an image; an SVG can carry scripts and is not taken.", "bad_request"),
    ("branding_invalid", "The branding cannot be used.",
     _DEV + "send a colour such as #0f5e5a, a radius of 0 to 24 and one of the fonts that are listed.",
     "bad_request"),
    ("credential_kind_unknown", "There is no such kind of credential.",
     _DEV + "use secret, public_token or workspace_key.", "bad_request"),
    ("use_https", "This must be done over https.", _DEV + "use the https address."),
    # organizations
    ("invalid_organization_name", "A name has 1 to 128 characters.", _DEV + "choose another name."),
    ("invalid_organization_slug", "A slug has 2 to 128 of A-Z a-z 0-9 - . _ ~ and is not a word "
     "of our own paths.", _DEV + "choose another slug."),
    ("invalid_organization_external_id", "An external id has 1 to 128 of A-Z a-z 0-9 . _ - |.",
     _DEV + "choose another external id."),
    ("invalid_organization_logo_url", "The logo URL is not an http or https URL.",
     _DEV + "send a URL or an empty string.", "bad_request"),
    ("invalid_organization_allowed_auth_methods", "Unknown sign-in method.",
     _DEV + "use the methods that the reference lists."),
    ("allowed_auth_methods_required_for_restricted", "Allowed auth methods must be set for "
     "'RESTRICTED' auth methods.", _DEV + "send allowed_auth_methods too."),
    ("allowed_mfa_methods_required_for_restricted", "Allowed MFA methods must be set for "
     "'RESTRICTED' MFA methods.", _DEV + "send allowed_mfa_methods too."),
    ("invalid_restricted_sso_setting", "RESTRICTED SSO provisioning needs at least one allowed "
     "connection.", _DEV + "send sso_jit_provisioning_allowed_connections too."),
    ("invalid_restricted_email_setting", "A RESTRICTED e-mail setting needs at least one allowed "
     "domain.", _DEV + "send email_allowed_domains too."),
    ("email_provisioning_all_closed", "SSO provisioning, e-mail provisioning and invites must not "
     "all be NOT_ALLOWED: nobody could ever join.", _DEV + "leave one way open.", "bad_request"),
    ("invalid_email_domain", "This is not a domain that one organization can own.",
     _DEV + "send a company's own domain.", "bad_request"),
    ("invalid_sso_default_connection_id", "The default must be an active connection of this "
     "organization.", _DEV + "send the id of one."),
    ("rbac_domain_too_common", "Everybody can have an address of this domain.",
     _DEV + "send a company's own domain."),
    ("rbac_invalid_domain", "This is not a domain.", _DEV + "send a domain such as example.com."),
    ("organization_search_filter_name_not_recognized", "There is no such filter.",
     _DEV + "use the filters that the reference lists."),
    ("organization_search_missing_filter_name", "An operand has no filter_name.", _DEV + "send it."),
    ("organization_search_missing_filter_value", "An operand has no filter_value.",
     _DEV + "send it."),
    ("organization_search_filter_name_must_be_string", "filter_name must be a string.",
     _DEV + "send a string."),
    ("organization_search_expected_array_of_strings", "The filter takes a list of strings.",
     _DEV + "send a list of strings."),
    ("organization_search_expected_boolean", "The filter takes true or false.",
     _DEV + "send a boolean."),
    ("organization_search_expected_string", "The filter takes a string.", _DEV + "send a string."),
    ("organization_search_organization_name_fuzzy_too_short", "A fuzzy filter needs 3 characters.",
     _DEV + "send more."),
    ("organization_search_organization_slug_fuzzy_too_short", "A fuzzy filter needs 3 characters.",
     _DEV + "send more."),
    ("organization_search_member_email_fuzzy_too_short", "A fuzzy filter needs 3 characters.",
     _DEV + "send more."),
    ("organization_search_allowed_domain_fuzzy_too_short", "A fuzzy filter needs 3 characters.",
     _DEV + "send more."),
    ("search_cursor_invalid", "The cursor is not one of ours.",
     _DEV + "send next_cursor as we gave it.", "bad_request"),
    # members
    ("invalid_email", "This is not an e-mail address that we accept.",
     _DEV + "send a plain ASCII address such as ada@example.com.", "bad_request"),
    ("invalid_external_id", "An external id has 1 to 128 of A-Z a-z 0-9 . _ - |.",
     _DEV + "choose another external id.", "bad_request"),
    ("action_available_only_for_active_members", "This can be done only to an active member.",
     _DEV + "reactivate the member first."),
    ("cannot_preserve_existing_sessions", "preserve_existing_sessions goes with roles.",
     _DEV + "send it only together with roles."),
    ("mfa_phone_number_already_set", "The phone number can be set only when there is none.",
     _DEV + "delete the old one first.", "bad_request"),
    ("metadata_too_large", "Metadata has at most 4 KB.", _DEV + "store less."),
    ("metadata_too_many_keys", "Metadata has at most 20 top-level keys.", _DEV + "store less."),
    ("member_search_organization_ids_empty", "organization_ids must name an organization.",
     _DEV + "send at least one."),
    ("member_search_filter_name_not_recognized", "There is no such filter.",
     _DEV + "use the filters that the reference lists."),
    ("member_search_missing_filter_name", "An operand has no filter_name.", _DEV + "send it."),
    ("member_search_missing_filter_value", "An operand has no filter_value.", _DEV + "send it."),
    ("member_search_filter_name_must_be_string", "filter_name must be a string.",
     _DEV + "send a string."),
    ("member_search_expected_array_of_strings", "The filter takes a list of strings.",
     _DEV + "send a list of strings."),
    ("member_search_expected_boolean", "The filter takes true or false.", _DEV + "send a boolean."),
    ("member_search_expected_string", "The filter takes a string.", _DEV + "send a string."),
    ("member_search_member_email_fuzzy_too_short", "A fuzzy filter needs 3 characters.",
     _DEV + "send more."),
    # connections
    ("invalid_sso_idp", "This identity provider is not on the list.",
     _DEV + "use one of the listed names, or generic."),
    ("invalid_display_name", "A display name has at most 128 characters.", _DEV + "shorten it."),
    ("saml_connection_idp_sso_url_not_https", "The IdP SSO URL must be https.",
     _ADMIN + "send an https URL."),
    ("saml_connection_idp_sso_url_invalid_format", "The IdP SSO URL is not a plain URL.",
     _ADMIN + "copy it as the identity provider shows it."),
    ("invalid_idp_entity_id", "The IdP entity ID has 1 to 1024 characters.",
     _ADMIN + "copy it as the identity provider shows it."),
    ("saml_connection_idp_sso_url_required", "An active connection needs its IdP SSO URL.",
     _ADMIN + "send another one instead of none."),
    ("saml_connection_idp_entity_id_required", "An active connection needs its IdP entity ID.",
     _ADMIN + "send another one instead of none.", "invalid_idp_entity_id"),
    ("saml_connection_attribute_mapping_required", "An active connection needs its attribute "
     "mapping.", _ADMIN + "send another one instead of none."),
    ("saml_connection_email_mapping_required", "The mapping must say where the e-mail address is.",
     _ADMIN + "map email; NameID is a valid source."),
    ("saml_connection_name_mapping_required", "The mapping must say where the name is.",
     _ADMIN + "map full_name, or first_name and last_name."),
    ("saml_connection_no_nested_keys_in_attribute_mapping", "The mapping is a flat object of "
     "strings.", _ADMIN + "send strings."),
    ("saml_connection_attribute_mapping_missing_groups_key", "Group roles need a mapping of groups.",
     _ADMIN + "map groups on the connection that signs in."),
    ("attribute_mapping_invalid", "The attribute mapping cannot be used.",
     _ADMIN + "follow the reference's grammar of sources.", "bad_request"),
    ("invalid_x509_certificate", "This is not an X.509 certificate with a key that we accept.",
     _ADMIN + "paste the certificate in PEM form."),
    ("too_many_sso_verification_certificates", "A connection holds at most five certificates.",
     _ADMIN + "delete one that is no longer used."),
    ("cannot_delete_last_sso_verification_key", "An active connection needs a certificate.",
     _ADMIN + "add the next certificate first."),
    ("saml_signing_private_key_invalid", "This is not a usable private key.",
     _ADMIN + "send an RSA key of 2048 to 4096 bits in PKCS#1 PEM form."),
    ("saml_signing_private_key_format_not_supported", "The key must be a PKCS#1 RSA key in PEM form.",
     _ADMIN + "convert it: openssl rsa -traditional."),
    ("private_key_too_long", "The private key is longer than we accept.",
     _ADMIN + "use 2048 to 4096 bits."),
    ("too_many_sso_signing_keys", "A connection holds at most three keys of ours.",
     _DEV + "delete one first."),
    ("cannot_delete_active_sso_signing_key", "The key that signs cannot be deleted.",
     _DEV + "activate another one first."),
    ("too_many_encryption_certificates", "A connection holds at most five decryption keys.",
     _ADMIN + "delete one that is no longer used."),
    ("invalid_saml_metadata_url", "The metadata URL is not a plain https URL.",
     _ADMIN + "copy it as the identity provider shows it."),
    ("oidc_connection_issuer_url_invalid_format", "The issuer is not an https URL.",
     _ADMIN + "copy it as the identity provider shows it."),
    ("oidc_connection_authorization_url_invalid_format", "The authorization URL is not https.",
     _ADMIN + "copy it as the identity provider shows it."),
    ("oidc_connection_token_url_invalid_format", "The token URL is not https.",
     _ADMIN + "copy it as the identity provider shows it."),
    ("oidc_connection_userinfo_url_invalid_format", "The UserInfo URL is not https.",
     _ADMIN + "copy it as the identity provider shows it."),
    ("oidc_connection_jwks_url_invalid_format", "The JWKS URL is not https.",
     _ADMIN + "copy it as the identity provider shows it."),
    ("oidc_connection_issuer_required", "An active connection needs its issuer.",
     _ADMIN + "send another one instead of none."),
    ("oidc_connection_client_id_required", "An active connection needs its client ID.",
     _ADMIN + "send another one instead of none."),
    ("oidc_connection_client_secret_required", "An active connection needs its client secret.",
     _ADMIN + "send another one instead of none."),
    ("oidc_connection_authorization_url_required", "An active connection needs its authorization "
     "URL.", _ADMIN + "send another one instead of none."),
    ("oidc_connection_token_url_required", "An active connection needs its token URL.",
     _ADMIN + "send another one instead of none."),
    ("oidc_connection_userinfo_url_required", "An active connection needs its UserInfo URL.",
     _ADMIN + "send another one instead of none.", "bad_request"),
    ("oidc_connection_jwks_url_required", "An active connection needs its JWKS URL.",
     _ADMIN + "send another one instead of none."),
    ("custom_scopes_invalid", "A scope has characters that RFC 6749 does not allow.",
     _DEV + "separate scopes by spaces.", "bad_request", "RFC 6749 §3.3"),
    ("provider_parameter_reserved", "This parameter belongs to us.",
     _DEV + "leave it out of provider_*.", "bad_request"),
    ("provider_parameter_invalid", "A provider_ parameter has a value that means nothing.",
     _DEV + "send what OpenID Connect asks for.", "bad_request", "OIDC Core §3.1.2.1"),
    ("oidc_prompt_none_must_be_exclusive", "prompt=none must stand alone.",
     _DEV + "send none alone.", "", "OIDC Core §3.1.2.1"),
    ("external_organization_id_same_as_organization_id", "An External connection leads to another "
     "organization's connection.", _DEV + "use the connection itself."),
    ("saml_value_encrypted", "What was pasted is encrypted, and nobody but a login opens it.",
     _DEV + "take the connection's last login as the example, or paste a decrypted assertion.",
     "bad_request"),
    ("external_connection_has_no_mapping", "An External connection uses the mapping of the "
     "connection that it leads to.", _DEV + "ask for that one.", "bad_request"),
    ("external_connection_has_no_draft", "An External connection follows the connection that it leads "
     "to; drafts and versions belong to that one.", _DEV + "ask the organization that owns it.",
     "bad_request"),
    ("sso_test_settings_missing", "A test cannot begin: the settings do not say where to send the "
     "browser.", _ADMIN + "set what is missing first.", "bad_request"),
    ("external_sharing_invalid", "external_sharing is open, approval or closed.",
     _DEV + "send one of them.", "bad_request"),
    ("cannot_delete_default_sso_connection", "The default connection can be deleted only when it is "
     "the last.", _ADMIN + "choose another default first."),
    # login
    ("missing_sso_connection_locator", "Neither connection_id nor organization_id was sent.",
     _DEV + "send one of them."),
    ("too_many_sso_connection_locators", "Both connection_id and organization_id were sent.",
     _DEV + "send one of them."),
    ("no_match_for_provided_sso_url", "The redirect URL is not registered for this project.",
     _DEV + "register it, to the letter.", "", "RFC 9700 §4.1"),
    ("no_match_for_provided_magic_link_url", "The redirect URL is not registered for this kind of "
     "link.", _DEV + "register it, to the letter.", "", "RFC 9700 §4.1"),
    ("invalid_expiration", "A link works for 5 minutes to 7 days.",
     _DEV + "send a number of minutes in that range."),
    ("invalid_pkce_code_challenge", "The PKCE challenge is missing or not an S256 challenge.",
     _DEV + "send base64url(SHA-256(verifier)) without padding.", "", "RFC 7636 §4.2"),
    ("pkce_expected_code_verifier", "The sign-in began with a PKCE challenge; its verifier is "
     "missing.", _DEV + "send pkce_code_verifier.", "", "RFC 7636 §4.5"),
    ("pkce_did_not_expect_code_verifier", "The sign-in began without a PKCE challenge.",
     _DEV + "leave pkce_code_verifier out.", "", "RFC 7636 §4.5"),
    ("pkce_mismatch", "The PKCE verifier does not fit the challenge.",
     _DEV + "send the verifier of this very sign-in.", "", "RFC 7636 §4.6"),
    # sessions
    ("no_session_arguments", "Neither session_token nor session_jwt was sent.",
     _DEV + "send one of them."),
    ("too_many_session_arguments", "More than one session was sent.", _DEV + "send one of them."),
    ("no_session_revoke_arguments", "Nothing says which session to revoke.",
     _DEV + "send member_session_id, session_token, session_jwt or member_id."),
    ("too_many_session_revoke_arguments", "More than one thing says which session to revoke.",
     _DEV + "send one of them."),
    ("invalid_session_duration_minutes", "A session lasts 5 to 527040 minutes.",
     _DEV + "send a number in that range."),
    ("unable_to_parse_session_jwt", "The session JWT is not one of ours, or has expired.",
     _DEV + "send a JWT as we gave it."),
    ("custom_claims_too_large", "Custom claims have at most 4 KB.", _DEV + "store less."),
    ("insufficient_factors_for_session_exchange", "This session does not open that organization.",
     _DEV + "start a sign-in to that organization."),
    ("member_session_member_id_mismatch", "The session belongs to another member.",
     _DEV + "leave the session out."),
    ("invalid_intermediate_session_token_for_organization", "The intermediate session belongs to "
     "another person or organization.", _DEV + "leave it out."),
    ("reserved_claims_in_custom_claims", "A claim has a name that belongs to the JWT itself.",
     _DEV + "choose another name.", "", "RFC 7519 §4.1"),
    ("stytch_claims_in_custom_claims", "Names that begin with https://stytch.com/ are the wire's own.",
     _DEV + "choose another name."),
    ("jwt_template_invalid_json", "The template is not a JSON object.",
     _DEV + "write JSON; where a value stands, {{ path }} may stand too.", "", "RFC 8259"),
    ("jwt_template_invalid_tag", "A tag of the template names nothing that we know.",
     _DEV + "use member.* or organization.* paths, as values."),
    ("jwt_template_mismatched_tag", "A tag of the template is not closed, or was never opened.",
     _DEV + "write {{ before a path and }} behind it."),
    ("jwt_template_type_unknown", "There is no template of this type: only session JWTs have one.",
     _DEV + "use SESSION.", "bad_request"),
    # rbac
    ("invalid_rbac_role_id", "There is no such role in the policy.",
     _DEV + "define the role first."),
    ("invalid_rbac_role_assignment", "A role assignment is not valid.",
     _DEV + "send role_id, and group where groups decide."),
    ("cannot_assign_default_rbac_role_id", "stytch_member is held by everybody and cannot be "
     "assigned.", _DEV + "leave it out."),
    ("cannot_specify_wildcard_with_other_actions", "* already contains every action.",
     _DEV + "send * alone."),
    ("invalid_wildcard_action", "* is valid only as a whole action.", _DEV + "list the actions."),
    ("invalid_stytch_prefixed_resource", "Resource ids that begin with stytch are built in.",
     _DEV + "choose another id."),
    ("rbac_policy_invalid", "The policy does not hold together.",
     _DEV + "use resources and actions that the policy defines.", "bad_request"),
    # the Admin Portal
    ("domain_not_claimable", "This domain cannot be verified as an organization's own.",
     _ADMIN + "give a domain that belongs to the organization alone, such as example.com.",
     "bad_request"),
    ("pasted_private_key", "This is a private key. It never leaves its owner, and nothing of it was "
     "kept.", _ADMIN + "paste the certificate instead; if the key went through other hands on its way "
     "here, replace it.", "bad_request"),
    ("pasted_not_usable", "What was pasted is of no use for this connection.",
     _ADMIN + "paste what is asked for, as the identity provider shows it.", "bad_request"),
)

# --- who are you ------------------------------------------------------------------------------

_table(
    Unauthenticated,
    ("unauthorized_credentials", "Unauthorized credentials.",
     _DEV + "send project id and secret as HTTP Basic credentials."),
    ("operator_credentials_invalid", "Address and password do not fit together, or may not enter "
     "here.", "Try again, or ask another operator to set a new password."),
    ("operator_code_needed", "The password is right; the code of your authenticator app is missing.",
     "Send the six digits that the app shows now."),
    ("operator_code_invalid", "The code is wrong, was used before or has passed.",
     "Send the next code that the app shows; check the clock of the device.", "", "RFC 6238 §5.2"),
    ("operator_locked", "There were too many wrong tries for this address.",
     "Wait until the pause is over, or ask another operator to set a new password."),
    ("operator_not_signed_in", "Nobody is signed in here, or not any more.", "Sign in again."),
    ("cannot_update_trusted_metadata", "trusted_metadata can be written with the project secret "
     "only.", _DEV + "leave it out of calls that carry a member's session."),
    ("portal_visit_ended", "The visit to the portal has ended.",
     "Open the setup link again; if it has been used or has expired, ask the person who sent it for a "
     "new one.", "session_not_found"),
    ("portal_token_not_found", "The token of the embedded portal is unknown, used or expired.",
     _DEV + "ask for a new one just before it is shown; each opens one portal, within five minutes.",
     "session_not_found"),
)

_table(
    Forbidden,
    ("form_from_elsewhere", "The form was sent from another site.",
     "Open the page here and send the form from there."),
    ("session_authorization_error", "The Member is not authorized to perform the requested action "
     "on that resource.", _ADMIN + "give the member a role that grants it."),
    ("session_authorization_tenancy_error", "OrganizationID in AuthorizationCheck request does not "
     "match session's Organization ID.", _DEV + "use a session of that organization."),
    ("operation_needs_project_secret", "This operation cannot be called on behalf of a member.",
     _DEV + "leave the session headers out.", "session_authorization_error"),
    ("self_onboarding_off", "Pages cannot make organizations in this project.",
     _DEV + "turn basic.allow_self_onboarding on, or create it with the project secret.",
     "endpoint_not_authorized_for_sdk"),
    ("setup_link_scope", "The setup link does not reach that far.",
     "Ask the person who sent the link for one that covers this.", "session_authorization_error"),
    ("setup_link_expired", "The setup link has expired.",
     "Ask the person who sent it for a new one.", "bad_request"),
    ("setup_link_revoked", "The setup link has been revoked.",
     "Ask the person who sent it whether you should have a new one.", "bad_request"),
    ("setup_link_used", "The setup link has been used, and it opens once.",
     "Ask the person who sent it for a new one. If it was not you who opened it, tell them.",
     "bad_request"),
    ("portal_origin_forbidden", "The portal may not be embedded in pages of this origin.",
     _DEV + "add the origin to the frame ancestors of the project, and ask for a token for it.",
     "bad_domain_for_stytch_sdk"),
)

# --- not there --------------------------------------------------------------------------------

_table(
    NotFound,
    ("route_not_found", "There is no such path.", _DEV + "compare it with the reference."),
    ("public_token_not_found", "The public token is not one of ours.",
     _DEV + "copy it from the project's settings."),
    ("organization_not_found", "There is no such organization.", _DEV + "check the id."),
    ("member_not_found", "There is no such member.", _DEV + "check the id."),
    ("sso_connection_not_found", "There is no such connection.", _DEV + "check the id."),
    ("saml_connection_not_found", "There is no such SAML connection.", _DEV + "check the id."),
    ("oidc_connection_not_found", "There is no such OIDC connection.", _DEV + "check the id."),
    ("external_connection_not_found", "There is no such External connection.",
     _DEV + "check the id.", "sso_connection_not_found"),
    ("external_connection_id_not_found", "The other organization has no such SAML or OIDC "
     "connection.", _DEV + "check both ids."),
    ("sso_verification_key_not_found", "There is no such certificate.", _DEV + "check the id."),
    ("sso_signing_key_not_found", "There is no such key.", _DEV + "check the id."),
    ("sso_encryption_private_key_not_found", "There is no such key.", _DEV + "check the id."),
    ("idp_metadata_not_found", "The connection has no metadata URL.",
     _ADMIN + "give the connection the URL of the identity provider's metadata."),
    ("idp_metadata_change_not_found", "No change of the metadata waits to be confirmed.",
     _DEV + "read the state again."),
    ("sso_token_not_found", "The token is unknown, used or expired.", "Start the sign-in again."),
    ("magic_link_not_found", "The link is unknown, used or expired.", "Ask for a new link."),
    ("session_not_found", "The session is unknown, revoked or expired.", "Sign in again."),
    ("intermediate_session_not_found", "The intermediate session is unknown, used or expired.",
     "Start the sign-in again."),
    ("member_oidc_token_not_found", "The member's tokens are no longer stored.",
     "The member: sign in again through this connection."),
    ("retired_email_not_found", "The member has no such retired address.", _DEV + "check the id.",
     "bad_request"),
    ("login_statement_not_found", "No login through this connection is kept.",
     _DEV + "sign in through it once, or paste a response or an ID token."),
    ("draft_not_found", "The connection has no draft.", _ADMIN + "make one; it may have been "
     "activated or discarded meanwhile.", "route_not_found"),
    ("connection_version_not_found", "The connection has no such version, or it is kept no longer.",
     _DEV + "list the versions.", "route_not_found"),
    ("sso_test_link_not_found", "The test link is unknown, used or expired.",
     _ADMIN + "ask for a new one; each opens one test, within ten minutes.", "route_not_found"),
    ("login_trace_not_found", "There is no such login trace, or it has expired.",
     "Look it up by the trace id that the page showed.", "route_not_found"),
    ("operator_not_found", "There is no such operator.", "List the operators: vestibule operators "
     "list.", "route_not_found"),
    ("credential_not_found", "The project has no such credential.", _DEV + "list them.",
     "route_not_found"),
    ("redirect_url_not_found", "The project has no such redirect URL.", _DEV + "list them.",
     "route_not_found"),
    ("project_not_found", "There is no such project.", _DEV + "check the project id.",
     "route_not_found"),
    ("setup_link_not_found", "There is no such setup link.",
     "Copy the whole link; if it still does not open, ask the person who sent it for a new one.",
     "route_not_found"),
    ("domain_claim_not_found", "The organization has not begun to verify this domain.",
     _ADMIN + "begin with the domain first.", "route_not_found"),
)

_table(
    Conflict,
    ("organization_slug_already_used", "Another organization has this slug.",
     _DEV + "choose another slug."),
    ("organization_external_id_already_used", "Another organization has this external id.",
     _DEV + "choose another external id."),
    ("duplicate_member_email", "Another member of the organization has this address.",
     _DEV + "look the member up by e-mail address."),
    ("retired_member_email", "The address is a retired address of a member of the organization.",
     _DEV + "unlink it from that member first."),
    ("duplicate_member_external_id", "Another member of the organization has this external id.",
     _DEV + "choose another external id."),
    ("duplicate_external_sso_connection", "The organization already has an External connection to "
     "that connection.", _DEV + "use the one that is there."),
    ("too_many_sso_connections", "The organization has as many connections as it may have.",
     _DEV + "delete one first."),
    ("would_lock_out_administrators", "After this nobody could administer the organization.",
     "The organization's administrator: give another administrator a way in first, or repeat the "
     "call with accept_lockout.", "bad_request"),
    ("idp_metadata_change_outdated", "Another change of the metadata waits than the one that was "
     "shown.", _ADMIN + "look at the change again before confirming it.", "bad_request"),
    ("draft_outdated", "The connection or its draft has changed since.",
     _ADMIN + "send the draft again, without fields to take over what has changed, and look at what "
     "it would change now; or discard it.", "bad_request"),
    ("idempotency_key_in_use", "The first request with this Idempotency-Key has not been answered "
     "yet.", "Wait a moment and send the same request again.",
     "", "draft-ietf-httpapi-idempotency-key-header §2.7"),
    ("operator_exists", "There is an operator with this address.",
     "Set a new password for that one: vestibule operators password.", "bad_request"),
    ("last_credential", "This is the project's last credential of its kind.",
     _DEV + "create the next one first, or repeat the call with force.", "bad_request"),
    ("changed_meanwhile", "Somebody else changed this at the same moment.",
     "Read it again and repeat the change.", "bad_request"),
    ("too_many_setup_links", "The organization has as many setup links as it may have.",
     _DEV + "revoke those that nobody needs any more.", "bad_request"),
    ("too_many_domain_claims", "The organization has claimed as many domains as it may.",
     _ADMIN + "remove those that are not needed.", "bad_request"),
    ("domain_already_verified", "Another organization has verified this domain.",
     _ADMIN + "ask the support of the product; it can see who has it.", "bad_request"),
)
