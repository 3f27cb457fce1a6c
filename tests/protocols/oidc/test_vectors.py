"""Every folder of tests/vectors/oidc, good and bad, through the face of `protocols.oidc`.

Owns the translation of a case into calls. Knows no rule by itself: what must come out stands in
`case.toml`, and the name of a bad folder is the code that it must cause.
"""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from vestibule.errors import VestibuleError
from vestibule.protocols import oidc
from vestibule.protocols.http import HttpResponse
from vestibule.protocols.jwt import read_jwks

VECTORS = Path(__file__).parents[2] / "vectors" / "oidc"
ISSUER, CLIENT_ID, SUBJECT = "https://idp.example", "vestibule-client", "248289761001"
NONCE, CODE = "n-9cY0wJq2T3mZ7sLxk4uA", "code-SplxlOBeZQQYbYS6WxSbIA"
ACCESS_TOKEN = "at-SlAV32hkKG.example"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"

GOOD = sorted(VECTORS.glob("good/*/*/case.toml"))
BAD = sorted(VECTORS.glob("bad/*/*/case.toml"))

# OpenID conformance suite, RP modules that a code-flow client meets (security.md, chapter 10).
CONFORMANCE = {
    f"oidcc-client-test{suffix}"
    for suffix in (
        "",
        "-invalid-iss",
        "-missing-sub",
        "-invalid-aud",
        "-missing-iat",
        "-kid-absent-single-jwks",
        "-kid-absent-multiple-jwks",
        "-idtoken-sig-rs256",
        "-idtoken-sig-none",
        "-invalid-sig-rs256",
        "-userinfo-invalid-sub",
        "-nonce-invalid",
        "-scope-userinfo-claims",
        "-client-secret-basic",
        "-discovery-openid-config",
        "-discovery-jwks-uri-keys",
        "-discovery-issuer-mismatch",
        "-signing-key-rotation-just-before-signing",
        "-signing-key-rotation",
        "-refresh-token",
        "-refresh-token-invalid-issuer",
        "-refresh-token-invalid-sub",
        "-missing-aud",
        "-invalid-athash",
        "-invalid-chash",
        "-nonce-unless-code-flow",
        "-invalid-sig-es256",
        "-invalid-sig-hs256",
        "-userinfo-bearer-header",
        "-userinfo-signed",
        "-aggregated-claims",
        "-distributed-claims",
    )
}


class Case:
    """One folder, with the parties it speaks of."""

    def __init__(self, path: Path) -> None:
        self.folder = path.parent
        self.toml: dict[str, Any] = tomllib.loads(path.read_text())
        self.input: dict[str, Any] = self.toml.get("input", {})
        self.now = datetime.fromtimestamp(self.toml["now"], UTC)
        self.issuer: str = self.toml.get("issuer", ISSUER)
        provider = {
            "issuer": ISSUER,
            "authorization_endpoint": f"{ISSUER}/authorize",
            "token_endpoint": f"{ISSUER}/token",
            "userinfo_endpoint": f"{ISSUER}/userinfo",
            "jwks_uri": f"{ISSUER}/jwks",
            **{
                name: tuple(value) if isinstance(value, list) else value
                for name, value in self.toml.get("provider", {}).items()
            },
        }
        self.provider = oidc.OidcProvider(**provider)
        self.client = oidc.OidcClient(
            client_id=CLIENT_ID,
            client_secret="s3cret:with%odd&chars",
            redirect_uri="https://sso.example/v1/b2b/sso/callback/oidc-connection-1",
            **self.toml.get("client", {}),
        )

    def file(self, name: str) -> bytes:
        return (self.folder / name).read_bytes()

    def answer(self, name: str = "body", media_type: str = "application/json") -> HttpResponse:
        response = self.toml.get("response", {})
        headers = {"content-type": media_type, **response.get("headers", {})}
        return HttpResponse(response.get("status", 200), headers, self.file(name))


def trip(case: Case) -> dict[str, Any]:
    provider = oidc.read_discovery(case.answer("discovery.json"), issuer=case.issuer)
    client = case.client
    code = oidc.read_callback(
        case.toml["callback"], provider.issuer, provider.response_iss_parameter_supported
    )
    method = oidc.choose_auth_method(provider, client)
    request = oidc.build_code_request(
        provider,
        client,
        code=code,
        code_verifier=VERIFIER,
        auth_method=method,
        now=case.now,
        jti="jti-1",
    )
    assert request.url == provider.token_endpoint
    grant = oidc.read_token_response(case.answer("token.json"), now=case.now)
    keys = oidc.read_jwks_response(case.answer("jwks.json"))
    token = oidc.verify_id_token(
        grant.id_token,
        provider=provider,
        client=client,
        keys=keys,
        nonce=NONCE,
        now=case.now,
        access_token=grant.access_token,
        code=code,
    )
    userinfo: dict[str, Any] = {}
    for name, media_type in (
        ("userinfo.json", "application/json; charset=utf-8"),
        ("userinfo.jwt", "application/jwt"),
    ):
        if (case.folder / name).exists():
            userinfo |= oidc.read_userinfo(
                case.answer(name, media_type),
                subject=token.subject,
                keys=keys,
                provider=provider,
                client=client,
                now=case.now,
            )
    merged = oidc.merge_claims(token.claims, userinfo)
    assert merged["sub"] == token.subject
    assert token.audience == (CLIENT_ID,)
    return {**merged, "subject": token.subject}


def discovery(case: Case) -> dict[str, Any]:
    return {"issuer": oidc.read_discovery(case.answer(), issuer=case.issuer).issuer}


def discovery_request(case: Case) -> dict[str, Any]:
    return {"url": oidc.build_discovery_request(case.issuer).url}


def jwks(case: Case) -> dict[str, Any]:
    return {"keys": len(oidc.read_jwks_response(case.answer()).keys)}


def id_token(case: Case) -> dict[str, Any]:
    max_age = case.input.get("max_age")
    token = oidc.verify_id_token(
        case.file("token.jwt").decode(),
        provider=case.provider,
        client=case.client,
        keys=read_jwks(case.file("jwks.json")),
        nonce=NONCE,
        now=case.now,
        access_token=ACCESS_TOKEN,
        code=CODE,
        max_age=None if max_age is None else timedelta(seconds=max_age),
    )
    return {"subject": token.subject}


def refresh(case: Case) -> dict[str, Any]:
    token = oidc.verify_refreshed_id_token(
        case.file("token.jwt").decode(),
        provider=case.provider,
        client=case.client,
        keys=read_jwks(case.file("jwks.json")),
        original_subject=SUBJECT,
        now=case.now,
    )
    return {"subject": token.subject}


def token(case: Case) -> dict[str, Any]:
    return {"expires_in": oidc.read_token_response(case.answer(), now=case.now).expires_in}


def userinfo(case: Case) -> dict[str, Any]:
    return dict(
        oidc.read_userinfo(
            case.answer(),
            subject=case.input.get("subject", SUBJECT),
            keys=read_jwks(case.file("jwks.json"))
            if (case.folder / "jwks.json").exists()
            else None,
            provider=case.provider,
            client=case.client,
            now=case.now,
        )
    )


def callback(case: Case) -> dict[str, Any]:
    required = case.input.get("iss_required", False)
    return {"code": oidc.read_callback(case.toml["query"], ISSUER, required)}


def authorization(case: Case) -> dict[str, Any]:
    url = oidc.build_authorization_url(
        case.provider,
        case.client,
        scopes=("openid",),
        state="state-1",
        nonce=NONCE,
        code_verifier=VERIFIER,
        parameters=case.input.get("parameters", {}),
    )
    return {"url": url}


def scopes(case: Case) -> dict[str, Any]:
    return {"scopes": oidc.requested_scopes(case.input["connection"], case.input["query"])}


def code_request(case: Case) -> dict[str, Any]:
    method = oidc.choose_auth_method(case.provider, case.client)
    oidc.build_code_request(
        case.provider,
        case.client,
        code=CODE,
        code_verifier=VERIFIER,
        auth_method=method,
        now=case.now,
        jti="jti-1",
    )
    return {"method": method}


STEPS = {
    step.__name__: step
    for step in (
        trip,
        discovery,
        discovery_request,
        jwks,
        id_token,
        refresh,
        token,
        userinfo,
        callback,
        authorization,
        scopes,
        code_request,
    )
}


def name_of(path: Path) -> str:
    return path.parent.relative_to(VECTORS).as_posix()


@pytest.mark.parametrize("path", GOOD, ids=name_of)
def test_good_vector_is_accepted(path: Path) -> None:
    case = Case(path)
    result = STEPS[case.toml["step"]](case)
    for name, value in case.toml["expected"].items():
        assert result[name] == value


@pytest.mark.parametrize("path", BAD, ids=name_of)
def test_bad_vector_is_refused_with_its_code(path: Path) -> None:
    case = Case(path)
    with pytest.raises(VestibuleError) as caught:
        STEPS[case.toml["step"]](case)
    assert caught.value.code == case.toml["code"] == path.parent.parent.name
    if "got" in case.toml:
        assert caught.value.got == case.toml["got"]
    assert "s3cret" not in str(caught.value)


def test_every_case_says_where_it_comes_from_and_why() -> None:
    for path in (*GOOD, *BAD):
        toml = tomllib.loads(path.read_text())
        assert toml["origin"], path
        assert toml["why"], path
        assert toml.get("spec", "good"), path


def test_the_folders_are_many_enough_to_speak_for_the_standard() -> None:
    idps = {path.parent.parent.name for path in GOOD} - {"plain"}
    assert len(idps) >= 10
    assert len(BAD) >= 80


def test_every_applicable_conformance_module_has_a_vector() -> None:
    named = {
        module
        for path in (*GOOD, *BAD)
        for module in tomllib.loads(path.read_text()).get("conformance", [])
    }
    assert named == CONFORMANCE
