"""An OpenID Provider that does one thing wrong: a real server on loopback, one issuer a mode.

It is strict where its mode does not say otherwise: it asks for the client's secret in the right
place, for the verifier of the code (PKCE), for each code and refresh token once, and for Bearer
tokens in the header. So a login that succeeds here was asked for as the standard wants it.

What is wrong stands in `modes.py`, as data. Signatures are made here by hand and with nothing of
Vestibule: the two must not share a mistake.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import json
import secrets
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote_plus, urlencode, urlsplit

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from peers.misbehaving_provider.modes import BY_NAME, Document, Mode
from peers.people import ADA, Person

CLIENT_ID = "the-door"
CLIENT_SECRET = "s3cret:with/odd+signs%and ü"
ACCESS_TOKEN_LIFETIME = 60
_HUGE = 1024 * 1024
_DRIP = 0.2


def _encode(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode("ascii")


def _number(value: int) -> str:
    return _encode(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def _half_hash(value: str) -> str:
    return _encode(hashlib.sha256(value.encode()).digest()[:16])


class _Keys:
    """The provider's keys: two RSA and one EC that it publishes, one RSA that it never does."""

    def __init__(self) -> None:
        self.rsa = {
            kid: rsa.generate_private_key(public_exponent=65537, key_size=2048)
            for kid in ("first", "second", "stranger")
        }
        self.ec = ec.generate_private_key(ec.SECP256R1())

    def rsa_jwk(self, kid: str, **more: Any) -> Document:
        numbers = self.rsa[kid].public_key().public_numbers()
        return {"kty": "RSA", "kid": kid, "use": "sig", "n": _number(numbers.n),
                "e": _number(numbers.e), **more}  # fmt: skip

    def ec_jwk(self) -> Document:
        numbers = self.ec.public_key().public_numbers()
        x, y = (_encode(value.to_bytes(32, "big")) for value in (numbers.x, numbers.y))
        return {"kty": "EC", "kid": "curve", "use": "sig", "crv": "P-256", "x": x, "y": y}

    def published(self, what: str, current: str) -> list[Document]:
        """The JWK Set by the word of the mode; `current` is the signing key of the moment."""
        key = self.rsa_jwk(current)
        bare = {name: value for name, value in key.items() if name != "kid"}
        other = self.rsa_jwk("second")
        secret = _number(self.rsa[current].private_numbers().d)
        strange = [
            {"kty": "AKP", "kid": "tomorrow", "alg": "ML-DSA-999", "pub": "AAAA"},
            {"kty": "of-my-own-making", "kid": "mine", "value": "AAAA"},
        ]
        return {
            "one": [key],
            "two": [key, self.ec_jwk()],
            "three": [key, other, self.ec_jwk()],
            "one-bare": [bare],
            "two-bare": [{name: other[name] for name in bare}, bare],
            "unknown-kinds": [*strange, key],
            "private": [{**key, "d": secret}],
            "none": [],
        }[what]

    def sign(self, claims: Document, header: Document, how: str, current: str) -> str:
        """A compact JWS; `how` is an algorithm, or one of the ways of doing it wrongly."""
        parts = [_encode(json.dumps(part).encode()) for part in (header, claims)]
        message = ".".join(parts).encode()
        alg, _, manner = how.partition("-")
        signature = self._signature(message, alg, manner, current)
        if manner == "broken":
            signature = signature[:-1] + bytes([signature[-1] ^ 1])
        return f"{message.decode()}.{_encode(signature)}"

    def _signature(self, message: bytes, alg: str, manner: str, current: str) -> bytes:
        if alg == "none":
            return b""
        if alg == "HS256":
            secret = CLIENT_SECRET.encode()
            if manner == "public":
                secret = (
                    self.rsa[current]
                    .public_key()
                    .public_bytes(
                        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
                    )
                )
            return hmac.digest(secret, message, "sha256")
        if alg == "ES256":
            r, s = decode_dss_signature(self.ec.sign(message, ec.ECDSA(hashes.SHA256())))
            return r.to_bytes(32, "big") + s.to_bytes(32, "big")
        key = self.rsa["stranger" if alg == "stranger" else current]
        if alg == "PS256":
            return key.sign(
                message, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256()
            )
        return key.sign(message, padding.PKCS1v15(), hashes.SHA256())


@dataclass
class _Login:
    """What the provider remembers of one authorization request."""

    redirect_uri: str
    nonce: str
    code_challenge: str
    scope: str


@dataclass
class _Memory:
    """One mode's codes, refresh tokens and present signing key, and what it was asked."""

    codes: dict[str, _Login] = field(default_factory=dict)
    refresh_tokens: dict[str, _Login] = field(default_factory=dict)
    access_tokens: set[str] = field(default_factory=set)
    current: str = "first"
    logins: int = 0
    asked: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Answer:
    status: int
    body: bytes
    content_type: str = "application/json"
    location: str = ""


def _json(status: int, value: object) -> _Answer:
    return _Answer(status, json.dumps(value).encode())


def _refuse(error: str, why: str) -> _Answer:
    return _json(401 if error == "invalid_client" else 400,
                 {"error": error, "error_description": why})  # fmt: skip


class MisbehavingProvider:
    """All modes at once, each at an issuer of its own below `base`."""

    def __init__(self, person: Person = ADA) -> None:
        self.person = person
        self._keys = _Keys()
        self._memories = {name: _Memory() for name in BY_NAME}
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.provider = self
        self.base = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def issuer(self, mode: Mode) -> str:
        return f"{self.base}/{mode.name}"

    def asked(self, mode: Mode) -> list[str]:
        """The endpoints of a mode in the order in which they were asked."""
        return list(self._memories[mode.name].asked)

    def rotate(self, mode: Mode) -> None:
        """From now on another key signs, and it alone is published."""
        self._memories[mode.name].current = "second"

    # -- the endpoints ----------------------------------------------------------------------

    def answer(self, mode: Mode, endpoint: str, query: str, form: str, bearer: str) -> _Answer:
        memory = self._memories[mode.name]
        with self._lock:
            memory.asked.append(endpoint)
            fields = {name: values[0] for name, values in parse_qs(form).items()}
            if endpoint == "discovery":
                return self._discovery(mode)
            if endpoint == "authorize":
                asked = {name: values[0] for name, values in parse_qs(query).items()}
                return self._authorize(mode, memory, asked)
            if endpoint == "token":
                return self._token(mode, memory, fields, bearer)
            if endpoint == "jwks":
                return _json(200, {"keys": self._keys.published(mode.keys, memory.current)})
            if endpoint == "userinfo":
                return self._userinfo(mode, memory, bearer)
            if endpoint == "jku":
                return _json(200, {"keys": [self._keys.rsa_jwk("stranger")]})
        return _json(404, {})

    def manner(self, mode: Mode, endpoint: str, form: str) -> str:
        if endpoint == "token" and "grant_type=refresh_token" in form:
            endpoint = "refresh"
        return mode.manners.get(endpoint, "")

    def _facts(self, mode: Mode, **more: Any) -> Document:
        return {
            "issuer": self.issuer(mode),
            "base": self.base,
            "client_id": CLIENT_ID,
            "now": int(time.time()),
            "stranger_jwk": self._keys.rsa_jwk("stranger"),
            **more,
        }

    def _discovery(self, mode: Mode) -> _Answer:
        issuer = self.issuer(mode)
        document: Document = {
            "issuer": issuer,
            "authorization_endpoint": f"{issuer}/authorize",
            "token_endpoint": f"{issuer}/token",
            "userinfo_endpoint": f"{issuer}/userinfo",
            "jwks_uri": f"{issuer}/jwks",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256", "PS256", "ES256"],
            "token_endpoint_auth_methods_supported": list(mode.auth_methods),
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
        }
        if mode.discovery:
            mode.discovery(document, self._facts(mode))
        return _json(200, document)

    def _authorize(self, mode: Mode, memory: _Memory, asked: Document) -> _Answer:
        wanted = {"response_type": "code", "client_id": CLIENT_ID, "code_challenge_method": "S256"}
        for name, value in wanted.items():
            if asked.get(name) != value:
                return _refuse("invalid_request", f"{name} is {asked.get(name)}")
        for name in ("state", "nonce", "code_challenge", "redirect_uri"):
            if not asked.get(name):
                return _refuse("invalid_request", f"no {name}")
        if "openid" not in asked.get("scope", "").split():
            return _refuse("invalid_scope", "no openid")
        memory.logins += 1
        if mode.rotates == "between logins" and memory.logins > 1:
            memory.current = "second"
        code, other_code = secrets.token_urlsafe(16), secrets.token_urlsafe(16)
        login = _Login(asked["redirect_uri"], asked["nonce"], asked["code_challenge"],
                       asked["scope"])  # fmt: skip
        memory.codes[code] = login
        memory.codes[other_code] = _Login(login.redirect_uri, "another", "another", login.scope)
        back: Document = {"code": code, "state": asked["state"], "iss": self.issuer(mode)}
        if mode.callback:
            facts = self._facts(mode, state=asked["state"], other_code=other_code)
            mode.callback(back, facts)
        return _Answer(302, b"", location=f"{login.redirect_uri}?{urlencode(back)}")

    def _token(self, mode: Mode, memory: _Memory, form: Document, basic: str) -> _Answer:
        if not self._knows_client(mode, form, basic):
            return _refuse("invalid_client", f"this provider takes {mode.takes}")
        if form.get("grant_type") == "refresh_token":
            login = memory.refresh_tokens.pop(form.get("refresh_token", ""), None)
            if login is None:
                return _refuse("invalid_grant", "the refresh token is unknown or spent")
            if mode.rotates == "before refresh":
                memory.current = "second"
            return self._tokens(mode, memory, login, code=None)
        code = form.get("code", "")
        login = memory.codes.pop(code, None)
        if form.get("grant_type") != "authorization_code" or login is None:
            return _refuse("invalid_grant", "the code is unknown or spent")
        verifier = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if _encode(verifier) != login.code_challenge:
            return _refuse("invalid_grant", "the verifier is another login's")
        if form.get("redirect_uri") != login.redirect_uri:
            return _refuse("invalid_grant", "redirect_uri differs")
        if mode.rotates == "before signing" and memory.logins > 1:
            memory.current = "second"
        return self._tokens(mode, memory, login, code=code)

    def _knows_client(self, mode: Mode, form: Document, basic: str) -> bool:
        """Whether the client proved itself in the one place where this provider looks."""
        if mode.takes == "client_secret_post":
            sent = (form.get("client_id"), form.get("client_secret"))
            return not basic and sent == (CLIENT_ID, CLIENT_SECRET)
        kind, _, value = basic.partition(" ")
        if kind != "Basic" or mode.takes != "client_secret_basic" or "client_secret" in form:
            return False
        name, _, secret = base64.b64decode(value).decode().partition(":")
        return (unquote_plus(name), unquote_plus(secret)) == (CLIENT_ID, CLIENT_SECRET)

    def _tokens(self, mode: Mode, memory: _Memory, login: _Login, *, code: str | None) -> _Answer:
        access_token, refresh_token = secrets.token_urlsafe(16), secrets.token_urlsafe(16)
        memory.access_tokens.add(access_token)
        memory.refresh_tokens[refresh_token] = login
        now = int(time.time())
        claims: Document = {
            "iss": self.issuer(mode),
            "sub": self.person.subject,
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 600,
            "auth_time": now,
        }
        signed = mode.signed if code else mode.refreshed_signed
        if code:
            claims |= {"nonce": login.nonce, "at_hash": _half_hash(access_token)}
        facts = self._facts(mode)
        change = mode.id_token if code else mode.refreshed
        if change:
            change(claims, facts)
        answer: Document = {
            "access_token": access_token,
            "token_type": "Bearer",
            "expires_in": ACCESS_TOKEN_LIFETIME,
            "refresh_token": refresh_token,
            "scope": login.scope,
        }
        if claims:
            answer["id_token"] = self._signed(mode, memory, claims, signed)
        if code and mode.tokens:
            mode.tokens(answer, facts)
        return _json(200, answer)

    def _signed(self, mode: Mode, memory: _Memory, claims: Document, how: str) -> str:
        alg = {"stranger": "RS256"}.get(how, how).partition("-")[0]
        kid = "curve" if alg == "ES256" else memory.current
        header: Document = {"alg": alg, "typ": "JWT", "kid": kid}
        if mode.header:
            mode.header(header, self._facts(mode))
        return self._keys.sign(claims, header, how, memory.current)

    def _userinfo(self, mode: Mode, memory: _Memory, bearer: str) -> _Answer:
        if bearer.removeprefix("Bearer ") not in memory.access_tokens:
            return _json(401, {"error": "invalid_token"})
        person = self.person
        claims: Document = {
            "sub": person.subject,
            "email": person.email,
            "email_verified": True,
            "name": person.name,
            "groups": list(person.groups),
            "department": person.department,
        }
        if mode.userinfo_signed:
            claims |= {"iss": self.issuer(mode), "aud": CLIENT_ID}
        if mode.userinfo:
            mode.userinfo(claims, self._facts(mode))
        if mode.userinfo_signed:
            token = self._signed(mode, memory, claims, mode.userinfo_signed)
            return _Answer(200, token.encode(), "application/jwt")
        return _json(200, claims)

    # -- manners: how an answer is given, whatever it says -------------------------------------

    def serve(self, handler: _Handler, answer: _Answer, manner: str) -> None:
        if manner == "hang":
            self._closing.wait()
            return
        if manner == "redirect":
            # To a place where a right answer lies: who follows does not notice.
            answer = _Answer(302, answer.body, answer.content_type, f"{self.base}/honest/jwks")
        elif manner == "page":
            answer = _Answer(200, b"<!doctype html><p>One moment", "text/html")
        elif manner == "fail":
            answer = _Answer(503, answer.body, answer.content_type)
        elif manner == "spent":
            answer = _refuse("invalid_grant", "it was used before")
        elif manner == "huge":
            answer = _Answer(200, answer.body.ljust(_HUGE), answer.content_type)
        handler.send_response(answer.status)
        handler.send_header("Content-Type", answer.content_type)
        if answer.location:
            handler.send_header("Location", answer.location)
        if manner == "packed":
            handler.send_header("Content-Encoding", "gzip")
        if manner == "cut":
            handler.send_header("Content-Length", str(len(answer.body) + 100))
        elif manner not in ("drip", "endless"):
            handler.send_header("Content-Length", str(len(answer.body)))
        handler.end_headers()
        if manner == "endless":
            while not self._closing.is_set():
                handler.wfile.write(b" " * 65536)
        if manner == "drip":
            while not self._closing.wait(_DRIP):
                handler.wfile.write(b" ")
        handler.wfile.write(answer.body)


class _Server(ThreadingHTTPServer):
    provider: MisbehavingProvider

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up on a hostile answer does the right thing: no word about it."""


_ENDPOINTS = {".well-known/openid-configuration": "discovery"}


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        self._serve("")

    def do_POST(self) -> None:
        self._serve(self.rfile.read(int(self.headers.get("Content-Length", 0))).decode())

    def _serve(self, form: str) -> None:
        provider, url = self.server.provider, urlsplit(self.path)
        name, _, rest = url.path.strip("/").partition("/")
        mode, endpoint = BY_NAME[name], _ENDPOINTS.get(rest, rest)
        sent = self.headers.get("Authorization", "")
        answer = provider.answer(mode, endpoint, url.query, form, sent)
        provider.serve(self, answer, provider.manner(mode, endpoint, form))

    def log_message(self, *args: Any) -> None:
        """The test says what went wrong; this server has nothing to add."""


@contextlib.contextmanager
def run_misbehaving_provider(person: Person = ADA) -> Iterator[MisbehavingProvider]:
    """Run all modes for one block, on a free port of loopback."""
    provider = MisbehavingProvider(person)
    try:
        yield provider
    finally:
        provider.close()
