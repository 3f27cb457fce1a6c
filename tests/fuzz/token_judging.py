"""The rule for ID tokens: what Vestibule accepts was signed by a published key, say two others.

Owns the asking of PyJWT and of plain `cryptography`: a token that Vestibule accepts must be
signed, says one of them, by a key that it finds in the same JWK Set; and the claims must be the
members of the JSON that was signed, none more and none otherwise.
"""

from __future__ import annotations

import base64
import hashlib
import json
import time
import warnings
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import Any

import jwt as pyjwt
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from vestibule.errors import VestibuleError
from vestibule.protocols import oidc
from vestibule.protocols.jwt import read_jwks

from .cases import toml_of
from .judging import CPU_SECONDS, place_of
from .tokens import CLIENT, HASHES, NONCE, NOW, UNREADABLE, TokenSample, token_sample

CURVES: dict[str, Any] = {"P-256": ec.SECP256R1, "P-384": ec.SECP384R1, "P-521": ec.SECP521R1}
_CLIENT = oidc.OidcClient(client_id=CLIENT, client_secret="x" * 20, redirect_uri="https://us/cb")

Reader = Callable[[TokenSample], Mapping[str, object]]


def vestibule(one: TokenSample) -> Mapping[str, object]:
    """The claims, as Vestibule reads them; what it made of some of them goes by other names.

    Raises:
        OidcError: by its rules.
    """
    verified = oidc.verify_id_token(
        one.token,
        provider=_provider(one.issuer),
        client=_CLIENT,
        keys=read_jwks(one.jwks),
        nonce=NONCE,
        now=datetime.fromtimestamp(NOW, UTC),
        access_token=None,
    )
    made = (verified.subject, verified.issuer, verified.audience)
    claims = verified.claims
    audience = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    if made != (claims["sub"], claims["iss"], tuple(audience)):
        raise AssertionError(f"read {made} from {claims}")
    return claims


@lru_cache(maxsize=64)
def _provider(issuer: str) -> oidc.OidcProvider:
    return oidc.OidcProvider(
        issuer=issuer,
        authorization_endpoint=f"{issuer}/authorize",
        token_endpoint=f"{issuer}/token",
        userinfo_endpoint=f"{issuer}/userinfo",
        jwks_uri=f"{issuer}/jwks",
    )


def by_pyjwt(one: TokenSample) -> list[str]:
    """What PyJWT reads with each key of the set that verifies the token; canonical JSON."""
    found = []
    for key in _published(one):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                alg = str(pyjwt.get_unverified_header(one.token).get("alg"))
                if alg.startswith("HS") or alg == "none":
                    continue
                claims = pyjwt.decode(
                    one.token,
                    pyjwt.PyJWK(key, algorithm=alg),
                    algorithms=[alg],
                    options=_JUDGE_NOTHING,
                )
        except Exception:  # noqa: BLE001, S112 - whatever it cannot do, it does not vouch for
            continue
        found.append(_canonical(claims))
    return found


_JUDGE_NOTHING: Any = {
    f"verify_{name}": False for name in ("exp", "nbf", "iat", "aud", "iss", "sub", "jti")
}


def by_cryptography(one: TokenSample) -> list[str]:
    """The payload as bytes, where a key of the set verifies exactly the bytes in front of it."""
    head, _, rest = one.token.partition(".")
    body, _, tail = rest.partition(".")
    try:
        alg = json.loads(_decoded(head))["alg"]
        signature, payload = _decoded(tail), json.loads(_decoded(body))
    except UNREADABLE:
        return []
    for key in _published(one):
        try:
            _verify(key, str(alg), signature, f"{head}.{body}".encode())
        except (InvalidSignature, UnsupportedAlgorithm, *UNREADABLE):
            continue
        return [_canonical(payload)]
    return []


def _verify(key: dict[str, Any], alg: str, signature: bytes, signed: bytes) -> None:
    digest = HASHES.get(alg[2:], hashes.SHA256)()
    number = {
        name: int.from_bytes(_decoded(key[name]), "big")
        for name in ("n", "e", "x", "y")
        if name in key
    }
    if key["kty"] == "RSA" and alg[:2] in ("RS", "PS"):
        scheme: Any = padding.PKCS1v15()
        if alg[:2] == "PS":
            scheme = padding.PSS(padding.MGF1(digest), padding.PSS.AUTO)
        public = rsa.RSAPublicNumbers(number["e"], number["n"]).public_key()
        public.verify(signature, signed, scheme, digest)
    elif key["kty"] == "EC" and alg[:2] == "ES":
        curve = CURVES[key["crv"]]()
        size = (curve.key_size + 7) // 8
        if len(signature) != 2 * size:
            raise InvalidSignature
        made = encode_dss_signature(
            int.from_bytes(signature[:size], "big"), int.from_bytes(signature[size:], "big")
        )
        point = ec.EllipticCurvePublicNumbers(number["x"], number["y"], curve).public_key()
        point.verify(made, signed, ec.ECDSA(digest))
    elif key["kty"] == "OKP" and alg == "EdDSA" and key["crv"] == "Ed25519":
        ed25519.Ed25519PublicKey.from_public_bytes(_decoded(key["x"])).verify(signature, signed)
    else:
        raise InvalidSignature


def _decoded(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _published(one: TokenSample) -> list[dict[str, Any]]:
    try:
        keys = json.loads(one.jwks)["keys"]
    except UNREADABLE:
        return []
    return [key for key in keys if isinstance(key, dict)] if isinstance(keys, list) else []


def _canonical(claims: Any) -> str:
    return json.dumps(claims, sort_keys=True)


ORACLES = {"PyJWT": by_pyjwt, "cryptography": by_cryptography}


@dataclass(frozen=True)
class TokenVerdict:
    code: str | None
    kind: str = ""
    what: str = ""


def judge_token(one: TokenSample, reader: Reader = vestibule) -> TokenVerdict:
    """Let the target read the token, and ask the oracles whether that was signed."""
    started = time.process_time()
    try:
        claims = reader(one)
    except VestibuleError as refused:
        if not refused.code.startswith("oidc_"):
            return TokenVerdict(refused.code, "code", f"refused as {refused.code}")
        if time.process_time() - started > CPU_SECONDS:
            return TokenVerdict(refused.code, "slow", f"more than {CPU_SECONDS} s of CPU")
        return TokenVerdict(refused.code)
    except Exception as error:  # noqa: BLE001 - this is what we are looking for
        return TokenVerdict(None, "crash", f"{type(error).__name__} at {place_of(error)}")
    read = _canonical(claims)
    answers = {name: ask(one) for name, ask in ORACLES.items()}
    if any(read in answer for answer in answers.values()):
        return TokenVerdict(None)
    if not any(answers.values()):
        return TokenVerdict(None, "unsigned", "accepted, and no oracle calls it signed")
    return TokenVerdict(None, "unsigned", "claims that were not signed")


# --- running ----------------------------------------------------------------------------------


@dataclass
class TokenReport:
    seed: int
    documents: int = 0
    accepted: int = 0
    codes: Counter[str] = field(default_factory=Counter)
    agreed: Counter[str] = field(default_factory=Counter)
    asked_about_refused: int = 0
    findings: list[tuple[TokenVerdict, TokenSample]] = field(default_factory=list)
    seconds: float = 0.0

    def lines(self) -> list[str]:
        rate = self.documents / self.seconds if self.seconds else 0.0
        return [
            f"ID tokens, seed {self.seed}: {self.documents} tokens, {rate:.0f}/s, "
            f"{self.accepted} accepted, {len(self.findings)} findings",
            "refused by code",
            *(f"  {count:9}  {code}" for code, count in self.codes.most_common()),
            f"of {self.asked_about_refused} refused tokens that the oracles saw, both call signed",
            *(f"  {count:9}  {code}" for code, count in self.agreed.most_common()),
            *(f"FOUND {verdict.kind}: {verdict.what}" for verdict, _ in self.findings),
        ]


def run_tokens(
    seed: int,
    *,
    documents: int | None = None,
    minutes: float | None = None,
    reader: Reader = vestibule,
    ask_refused: int = 20,
    stop_at_first: bool = False,
) -> TokenReport:
    report, started, known = TokenReport(seed), time.monotonic(), set[tuple[str, str]]()
    number = 0
    while documents is None or number < documents:
        if minutes is not None and time.monotonic() - started > minutes * 60:
            break
        one = token_sample(seed, number)
        verdict = judge_token(one, reader)
        report.documents += 1
        if verdict.code is not None:
            report.codes[verdict.code] += 1
            if not Random(number).randrange(ask_refused):
                report.asked_about_refused += 1
                if all(ask(one) for ask in ORACLES.values()):
                    report.agreed[verdict.code] += 1
        elif not verdict.kind:
            report.accepted += 1
        if verdict.kind and (verdict.kind, verdict.what) not in known:
            known.add((verdict.kind, verdict.what))
            report.findings.append((verdict, one))
            if stop_at_first:
                break
        number += 1
    report.seconds = time.monotonic() - started
    return report


def keep(verdict: TokenVerdict, one: TokenSample, folder: Path) -> Path:
    """Keep a finding beside the other vectors, in their form."""
    digest = hashlib.sha256(one.token.encode("utf-8", "surrogatepass") + one.jwks).hexdigest()
    place = folder / verdict.kind / digest[:8]
    place.mkdir(parents=True, exist_ok=True)
    (place / "token.jwt").write_text(one.token, encoding="utf-8", errors="replace")
    (place / "jwks.json").write_bytes(one.jwks)
    rows = {
        "origin": "fuzzer: " + ", ".join(one.steps),
        "step": "id_token",
        "why": f"found by the fuzzer: {verdict.what}",
        "issuer": one.issuer,
        "now": NOW,
    }
    (place / "case.toml").write_text(
        "".join(f"{name} = {toml_of(value)}\n" for name, value in rows.items()),
        encoding="utf-8",
    )
    return place
