"""The built-in identity provider of `vestibule dev`: SAML and OpenID Connect, for anybody.

It signs in whoever is chosen, without any proof, so it refuses to exist outside of development and
answers only to callbacks of this very server. Knows the protocols and the pages, and nothing of
what Vestibule stores.
"""

from __future__ import annotations

import base64
import hashlib
import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from vestibule.domain.ids import token_hash
from vestibule.domain.sessions import wire_time
from vestibule.errors import refusal
from vestibule.protocols import jwt, saml
from vestibule.services.demo import PEOPLE, IdpAddress, Person
from vestibule.services.runtime import Runtime
from vestibule.web.answers import post_form
from vestibule.web.incoming import once, read_body
from vestibule.web.mock_logouts import MockLogouts
from vestibule.web.pages import render

PREFIX = "/dev/idp"
CLIENT_ID = "vestibule-demo"
CLIENT_SECRET = "demo-secret"
_CODE_LIFETIME = timedelta(minutes=1)
_TOKEN_LIFETIME = timedelta(minutes=10)
# Short, so that one can watch access tokens being renewed. Whoever wants to wait even less sends
# `provider_token_lifetime` with the start: seconds, read by this provider alone.
_OFFLINE_TOKEN_LIFETIME = timedelta(seconds=90)
_SECONDS = re.compile(r"[1-9][0-9]{0,3}")
_SCOPES = ("openid", "email", "profile", "groups", "offline_access")
_ASSERTION_LIFETIME = timedelta(minutes=5)
_EMAIL_FORMAT = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
_UNSPECIFIED = "urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified"
_CALLBACK = re.compile(r"/v1/b2b/sso/callback/[A-Za-z0-9-]+")
_BASIC_FORMAT = "urn:oasis:names:tc:SAML:2.0:attrname-format:basic"


@dataclass(frozen=True, slots=True)
class _Consent:
    """What a person agreed to: the scopes, and how long their access tokens live."""

    person: Person
    scopes: tuple[str, ...]
    lifetime: timedelta


@dataclass(frozen=True, slots=True)
class _Code:
    consent: _Consent
    nonce: str
    challenge: str
    redirect_uri: str
    expires_at: datetime


@dataclass(slots=True)
class MockIdp:
    """One identity provider with one RSA key. Codes and tokens live in memory: after a restart a
    refresh token is unknown, as one that a real provider has revoked."""

    rt: Runtime
    private_key: str = field(repr=False)
    certificate: str = field(repr=False)
    _codes: dict[bytes, _Code] = field(default_factory=dict, repr=False)
    _tokens: dict[bytes, tuple[Person, datetime]] = field(default_factory=dict, repr=False)
    _refresh_tokens: dict[bytes, _Consent] = field(default_factory=dict, repr=False)
    _logouts: MockLogouts = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if self.rt.settings.mode != "dev":
            raise refusal("mock_idp_outside_dev")
        self._logouts = MockLogouts(
            self.rt, f"{self.base}/saml/metadata", f"{PREFIX}/saml", self.private_key
        )

    @property
    def base(self) -> str:
        return f"{self.rt.settings.base_url}{PREFIX}"

    @property
    def address(self) -> IdpAddress:
        return IdpAddress(
            entity_id=f"{self.base}/saml/metadata",
            sso_url=f"{self.base}/saml/sso",
            slo_url=self._logouts.url,
            certificate=self.certificate,
            issuer=f"{self.base}/oidc",
            client_id=CLIENT_ID,
            client_secret=CLIENT_SECRET,
        )

    def routes(self) -> list[Route]:
        table = [
            ("/saml/metadata", self.saml_metadata, "GET"),
            ("/saml/sso", self.saml_sso, "GET"),
            ("/saml/sso", self.saml_posted, "POST"),
            ("/oidc/.well-known/openid-configuration", self.configuration, "GET"),
            ("/oidc/authorize", self.authorize, "GET"),
            ("/oidc/authorize", self.authorize_chosen, "POST"),
            ("/oidc/token", self.token, "POST"),
            ("/oidc/userinfo", self.userinfo, "GET"),
            ("/oidc/jwks", self.jwks, "GET"),
        ]

        routes = [Route(f"{PREFIX}{path}", f, methods=[m]) for path, f, m in table]
        return routes + [Route(path, f, methods=[m]) for path, f, m in self._logouts.routes()]

    # --- SAML -----------------------------------------------------------------------------------

    async def saml_metadata(self, _: Request) -> Response:
        """Metadata with one signing certificate and both bindings."""
        address = self.address
        der = "".join(self.certificate.split("-----")[2].split())
        document = (
            '<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" '
            f'entityID="{html.escape(address.entity_id)}"><md:IDPSSODescriptor '
            'protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">'
            '<md:KeyDescriptor use="signing"><ds:KeyInfo '
            'xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>'
            f"{der}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
            '<md:SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" '
            f'Location="{html.escape(address.slo_url)}"/>'
            f"<md:NameIDFormat>{_EMAIL_FORMAT}</md:NameIDFormat><md:SingleSignOnService "
            'Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" '
            f'Location="{html.escape(address.sso_url)}"/><md:SingleSignOnService '
            'Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" '
            f'Location="{html.escape(address.sso_url)}"/>'
            "</md:IDPSSODescriptor></md:EntityDescriptor>"
        )
        return Response(document, media_type="application/samlmetadata+xml")

    async def saml_sso(self, request: Request) -> Response:
        """Read the AuthnRequest; sign in whom it hints at, or ask who it shall be."""
        query = dict(request.query_params)
        document = saml.decode_redirect(query.get("SAMLRequest", ""))
        return self._saml_asked(document, query.get("RelayState", ""))

    async def saml_posted(self, request: Request) -> Response:
        """An AuthnRequest in the POST binding, or the choice of who it shall be."""
        form = await _form(request)
        if "SAMLRequest" in form:
            try:
                document = base64.b64decode(form["SAMLRequest"], validate=True)
            except ValueError:
                raise refusal("bad_request", want="SAMLRequest in base64") from None
            return self._saml_asked(document, form.get("RelayState", ""))
        self._require_ours(form.get("acs_url", ""))
        return self._post_response(_by_subject(form.get("subject", "")), form)

    def _saml_asked(self, document: bytes, relay_state: str) -> Response:
        asked = saml.read_authn_request(document)
        self._require_ours(asked.acs_url or "")
        fields = {
            "acs_url": asked.acs_url or "",
            "audience": asked.issuer,
            "in_response_to": asked.id,
            "authn_context": next(iter(asked.authn_contexts), ""),
            "RelayState": relay_state,
        }
        person = _by_hint(asked.login_hint)
        if person is None:
            return self._chooser(f"{PREFIX}/saml/sso", fields, asked.login_hint)
        return self._post_response(person, fields)

    def _post_response(self, person: Person, fields: Mapping[str, str]) -> Response:
        document = self._response(
            person,
            fields["acs_url"],
            fields.get("audience", ""),
            fields.get("in_response_to", ""),
            fields.get("authn_context") or _UNSPECIFIED,
        )
        return post_form(
            fields["acs_url"],
            {
                "SAMLResponse": base64.b64encode(document).decode(),
                "RelayState": fields.get("RelayState", ""),
            },
            lead="Your browser carries the answer to the application.",
        )

    def _response(
        self, person: Person, acs_url: str, audience: str, in_response_to: str, context: str
    ) -> bytes:
        """A response with one signed assertion, in the shape that most providers send."""
        now = self.rt.now()
        issued, until = wire_time(now), wire_time(now + _ASSERTION_LIFETIME)
        acs, issuer = html.escape(acs_url), html.escape(self.address.entity_id)
        answers = f'InResponseTo="{html.escape(in_response_to)}"' if in_response_to else ""
        response_id, assertion_id = (f"_{self.rt.random(16).hex()}" for _ in range(2))
        attributes = "".join(
            f'<saml:Attribute Name="{name}" NameFormat="{_BASIC_FORMAT}">'
            + "".join(
                f"<saml:AttributeValue>{html.escape(v)}</saml:AttributeValue>" for v in values
            )
            + "</saml:Attribute>"
            for name, values in (
                ("name", (person.name,)),
                ("groups", person.groups),
                ("department", (person.department,)),
            )
            if values
        )
        document = f"""\
<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" \
xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="{response_id}" Version="2.0" \
IssueInstant="{issued}" Destination="{acs}" {answers}>\
<saml:Issuer>{issuer}</saml:Issuer><samlp:Status>\
<samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>\
<saml:Assertion ID="{assertion_id}" Version="2.0" IssueInstant="{issued}">\
<saml:Issuer>{issuer}</saml:Issuer><saml:Subject>\
<saml:NameID Format="{_EMAIL_FORMAT}">{html.escape(person.email)}</saml:NameID>\
<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">\
<saml:SubjectConfirmationData NotOnOrAfter="{until}" Recipient="{acs}" {answers}/>\
</saml:SubjectConfirmation></saml:Subject>\
<saml:Conditions NotBefore="{issued}" NotOnOrAfter="{until}"><saml:AudienceRestriction>\
<saml:Audience>{html.escape(audience)}</saml:Audience></saml:AudienceRestriction>\
</saml:Conditions><saml:AuthnStatement AuthnInstant="{issued}" SessionIndex="{assertion_id}">\
<saml:AuthnContext><saml:AuthnContextClassRef>\
{html.escape(context)}</saml:AuthnContextClassRef>\
</saml:AuthnContext></saml:AuthnStatement>\
<saml:AttributeStatement>{attributes}</saml:AttributeStatement></saml:Assertion></samlp:Response>"""
        self._logouts.remember(audience, person.email, _EMAIL_FORMAT, assertion_id)
        key = saml.read_private_key(self.private_key)
        return saml.sign_enveloped(document.encode(), assertion_id, key, self.certificate)

    # --- OpenID Connect -------------------------------------------------------------------------

    async def configuration(self, _: Request) -> Response:
        issuer = self.address.issuer
        return JSONResponse(
            {
                "issuer": issuer,
                "authorization_endpoint": f"{issuer}/authorize",
                "token_endpoint": f"{issuer}/token",
                "userinfo_endpoint": f"{issuer}/userinfo",
                "jwks_uri": f"{issuer}/jwks",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "token_endpoint_auth_methods_supported": ["client_secret_basic"],
                "code_challenge_methods_supported": ["S256"],
                "scopes_supported": list(_SCOPES),
                "grant_types_supported": ["authorization_code", "refresh_token"],
                "authorization_response_iss_parameter_supported": True,
            }
        )

    async def authorize(self, request: Request) -> Response:
        query = dict(request.query_params)
        self._require_ours(query.get("redirect_uri", ""))
        if query.get("client_id") != CLIENT_ID or query.get("code_challenge_method") != "S256":
            raise refusal("bad_request", want=f"client_id {CLIENT_ID} and PKCE with S256")
        kept = ("redirect_uri", "state", "nonce", "code_challenge", "scope", "token_lifetime")
        fields = {name: query.get(name, "") for name in kept}
        person = _by_hint(query.get("login_hint"))
        if person is None:
            return self._chooser(f"{PREFIX}/oidc/authorize", fields, query.get("login_hint"))
        return self._give_code(person, fields)

    async def authorize_chosen(self, request: Request) -> Response:
        form = await _form(request)
        self._require_ours(form.get("redirect_uri", ""))
        return self._give_code(_by_subject(form.get("subject", "")), form)

    def _give_code(self, person: Person, fields: Mapping[str, str]) -> Response:
        code = self.rt.new_token()
        self._forget()
        scopes = tuple(scope for scope in fields.get("scope", "").split() if scope in _SCOPES)
        lifetime = _OFFLINE_TOKEN_LIFETIME if "offline_access" in scopes else _TOKEN_LIFETIME
        if _SECONDS.fullmatch(asked := fields.get("token_lifetime", "")):
            lifetime = timedelta(seconds=int(asked))
        self._codes[token_hash(code)] = _Code(
            _Consent(person, scopes, lifetime),
            fields.get("nonce", ""),
            fields.get("code_challenge", ""),
            fields["redirect_uri"],
            self.rt.now() + _CODE_LIFETIME,
        )
        answer = {"code": code, "state": fields.get("state", ""), "iss": self.address.issuer}
        return RedirectResponse(f"{fields['redirect_uri']}?{urlencode(answer)}", 303)

    async def token(self, request: Request) -> Response:
        form = await _form(request)
        expected = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {expected}":
            return JSONResponse({"error": "invalid_client"}, 401)
        if form.get("grant_type") == "refresh_token":
            # Each one works once, as good providers have it.
            known = self._refresh_tokens.pop(token_hash(form.get("refresh_token", "")), None)
            if known is None:
                return JSONResponse({"error": "invalid_grant"}, 400)
            return self._grant(known, nonce=None)
        code = self._codes.pop(token_hash(form.get("code", "")), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if (
            code is None
            or code.expires_at <= self.rt.now()
            or code.challenge != challenge
            or code.redirect_uri != form.get("redirect_uri")
        ):
            return JSONResponse({"error": "invalid_grant"}, 400)
        return self._grant(code.consent, nonce=code.nonce)

    def _grant(self, consent: _Consent, *, nonce: str | None) -> Response:
        now, person, lifetime = self.rt.now(), consent.person, consent.lifetime
        offline = "offline_access" in consent.scopes
        access_token, refresh_token = self.rt.new_token(), self.rt.new_token()
        self._tokens[token_hash(access_token)] = (person, now + lifetime)
        if offline:
            self._refresh_tokens[token_hash(refresh_token)] = consent
        issued = int(now.timestamp())
        claims = {
            "iss": self.address.issuer,
            "aud": CLIENT_ID,
            "sub": person.subject,
            "iat": issued,
            "exp": issued + int(_TOKEN_LIFETIME.total_seconds()),
            "auth_time": issued,
            **({"nonce": nonce} if nonce else {}),
        }
        return JSONResponse(
            {
                "access_token": access_token,
                "token_type": "Bearer",
                "expires_in": int(lifetime.total_seconds()),
                "scope": " ".join(consent.scopes),
                "id_token": jwt.sign_jwt(claims, self._signing_key),
                **({"refresh_token": refresh_token} if offline else {}),
            },
            headers={"cache-control": "no-store"},
        )

    async def userinfo(self, request: Request) -> Response:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        person, expires_at = self._tokens.get(token_hash(token), (None, self.rt.now()))
        if person is None or expires_at <= self.rt.now():
            return JSONResponse({"error": "invalid_token"}, 401)
        return JSONResponse(
            {
                "sub": person.subject,
                "email": person.email,
                "email_verified": True,
                "name": person.name,
                "groups": list(person.groups),
                "department": person.department,
            }
        )

    async def jwks(self, _: Request) -> Response:
        return JSONResponse({"keys": [jwt.render_jwk(self._signing_key, "mock-idp")]})

    @property
    def _signing_key(self) -> jwt.SigningKey:
        return jwt.read_signing_key("mock-idp", self.private_key)

    # --- common ---------------------------------------------------------------------------------

    def _require_ours(self, url: str) -> None:
        """Answer to our own callbacks only: whatever is signed here must not open other doors."""
        ours = urlsplit(self.rt.settings.base_url)
        asked = urlsplit(url)
        place = (asked.scheme, asked.netloc)
        if place != (ours.scheme, ours.netloc) or not _CALLBACK.fullmatch(asked.path):
            raise refusal("bad_request", want="a callback of this server", got=url)

    def _chooser(self, action: str, fields: Mapping[str, str], hint: str | None) -> Response:
        page = render(
            "mock_idp/sign_in.html",
            title="Built-in identity provider",
            application="Vestibule",
            people=[
                {
                    "subject": p.subject,
                    "name": p.name,
                    "email": p.email,
                    "groups": list(p.groups),
                    "note": p.note,
                }
                for p in PEOPLE
            ],
            action=action,
            fields=dict(fields),
            hint=hint or "",
            sign_out_url=f"{PREFIX}/saml/sign-out",
        )
        return HTMLResponse(page, headers={"cache-control": "no-store"})

    def _forget(self) -> None:
        now = self.rt.now()
        for code in [c for c, held in self._codes.items() if held.expires_at <= now]:
            del self._codes[code]
        for token in [t for t, held in self._tokens.items() if held[1] <= now]:
            del self._tokens[token]


def _by_hint(hint: str | None) -> Person | None:
    return next((p for p in PEOPLE if p.email == hint), None)


def _by_subject(subject: str) -> Person:
    for person in PEOPLE:
        if person.subject == subject:
            return person
    raise refusal("bad_request", want="one of the people", got=subject)


async def _form(request: Request) -> dict[str, str]:
    return once(await read_body(request.receive, 64 * 1024))
