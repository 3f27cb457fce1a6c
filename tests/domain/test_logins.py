"""A login's beginning: what is fixed then, and who may bring its answer."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestibule.domain.connections import (
    ExternalConnection,
    LoginRoute,
    OidcConnection,
    SamlConnection,
)
from vestibule.domain.logins import (
    LoginAttempt,
    LoginTrace,
    StartRequest,
    TraceStep,
    browser_hash,
    decide_gateway,
    open_attempt,
    refused_step,
    require_pkce,
    require_same_browser,
)
from vestibule.domain.organizations import Organization
from vestibule.domain.projects import Project, ProjectSettings, RedirectUrl
from vestibule.errors import VestibuleError, refusal

NOW = datetime(2026, 11, 24, tzinfo=UTC)
APP = "https://app.example/cb"
SIGNUP = "https://app.example/new"
SETTINGS = ProjectSettings(
    (
        RedirectUrl(APP, ("LOGIN", "SIGNUP"), ("LOGIN",)),
        RedirectUrl(SIGNUP, ("SIGNUP",), ("SIGNUP",)),
    )
)
PROJECT = Project("project-test-1", "test", "P", "p", "test", NOW, settings=SETTINGS)
SOURCE = OidcConnection("oidc-1", "organization-a", NOW, NOW, status="active")
TARGET = ExternalConnection("external-1", "organization-b", NOW, NOW, "organization-a", "oidc-1")
ENTERED = Organization("organization-b", "project-test-1", "B", "b-b", NOW, NOW)
ROUTE = LoginRoute(TARGET, SOURCE, ENTERED)
VERIFIER = "v" * 43
CHALLENGE = (
    base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
)


def begin(
    start: StartRequest | None = None, *, project: Project = PROJECT, route: LoginRoute = ROUTE
) -> LoginAttempt:
    return open_attempt(
        project, route, start or StartRequest(), trace_id="t", request_id="r", nonce="n",
        code_verifier="c", browser_secret="b", now=NOW,
    )  # fmt: skip


def test_an_attempt_fixes_target_source_and_where_it_ends() -> None:
    made = begin()
    assert made.organization_id == "organization-b"
    assert (made.connection_id, made.source_connection_id) == ("external-1", "oidc-1")
    assert (made.login_redirect_url, made.signup_redirect_url) == (APP, SIGNUP)
    assert made.expires_at - made.started_at == timedelta(minutes=10)
    assert made.browser_hash == browser_hash("b") != b"b"
    for secret in ("nonce", "code_verifier", "browser_hash"):
        assert secret not in repr(made)


def test_one_url_serves_both_arrivals_where_the_project_has_no_second() -> None:
    single = replace(PROJECT, settings=ProjectSettings(SETTINGS.redirect_urls[:1]))
    assert begin(project=single).signup_redirect_url == APP
    assert begin(StartRequest(signup_redirect_url=APP)).signup_redirect_url == APP


def test_a_login_ends_nowhere_but_where_the_project_says() -> None:
    for start in (
        StartRequest(login_redirect_url="https://evil.example/"),
        StartRequest(signup_redirect_url="https://evil.example/"),
        StartRequest(login_redirect_url=SIGNUP),
    ):
        with pytest.raises(VestibuleError, match="no_match_for_provided_sso_url"):
            begin(start)
    with pytest.raises(VestibuleError, match="no_default_login_redirect_url_set"):
        begin(project=replace(PROJECT, settings=ProjectSettings()))


def test_a_closed_door_begins_no_login() -> None:
    with pytest.raises(VestibuleError, match="external_connection_revoked"):
        begin(route=replace(ROUTE, target=replace(TARGET, share_status="revoked")))
    with pytest.raises(VestibuleError, match="requires_active_sso_connection"):
        begin(route=replace(ROUTE, source=replace(SOURCE, status="pending")))


@pytest.mark.parametrize(
    "challenge",
    ["", "short", "x" * 42, "x" * 44, "x" * 42 + "=", "+" * 43, "é" * 43, "x" * 43 + "\n"],
)
def test_a_challenge_is_43_characters_of_base64url(challenge: str) -> None:
    with pytest.raises(VestibuleError, match="invalid_pkce_code_challenge"):
        begin(StartRequest(pkce_code_challenge=challenge))


def test_a_project_may_ask_for_pkce() -> None:
    strict = replace(PROJECT, settings=replace(SETTINGS, pkce_required_for_sso=True))
    with pytest.raises(VestibuleError, match="invalid_pkce_code_challenge"):
        begin(project=strict)
    made = begin(StartRequest(pkce_code_challenge=CHALLENGE), project=strict)
    assert made.pkce_code_challenge == CHALLENGE


def test_the_verifier_belongs_to_the_challenge() -> None:
    require_pkce(CHALLENGE, VERIFIER)
    require_pkce(None, None)
    require_pkce(None, "")
    for challenge, verifier, code in (
        (CHALLENGE, None, "pkce_expected_code_verifier"),
        (CHALLENGE, "", "pkce_expected_code_verifier"),
        (None, VERIFIER, "pkce_did_not_expect_code_verifier"),
        (CHALLENGE, CHALLENGE, "pkce_mismatch"),
        (CHALLENGE, VERIFIER + "=", "pkce_mismatch"),
    ):
        with pytest.raises(VestibuleError, match=code):
            require_pkce(challenge, verifier)


@given(st.text(min_size=1, max_size=60))
def test_any_other_verifier_is_refused(verifier: str) -> None:
    with pytest.raises(VestibuleError, match="pkce_mismatch"):
        require_pkce(CHALLENGE, verifier)


def test_only_the_browser_that_began_may_bring_the_answer() -> None:
    made = begin()
    require_same_browser(made, "b", "saml")
    for protocol, missing, mismatch in (
        ("saml", "saml_csrf_cookie_missing", "saml_csrf_cookie_mismatch"),
        ("oidc", "oidc_csrf_cookie_missing", "oidc_csrf_cookie_mismatch"),
    ):
        with pytest.raises(VestibuleError, match=missing):
            require_same_browser(made, None, protocol)  # type: ignore[arg-type]
        for other in ("", "B", "b ", "\ud800", made.browser_hash.hex()):
            with pytest.raises(VestibuleError, match=mismatch):
                require_same_browser(made, other, protocol)  # type: ignore[arg-type]


def test_a_trace_tells_of_the_refusal_and_of_the_session() -> None:
    step = refused_step("Answer", refusal("pkce_mismatch", want="w", got="g", detail="d"), NOW)
    assert (step.ok, step.want, step.got, step.code) == (False, "w", "g", "pkce_mismatch")
    assert step.summary.endswith(" d")
    trace = LoginTrace("t", "p", "o", "c", "s", NOW, steps=(TraceStep("Start", NOW, True, "s"),))
    assert trace.told == trace.steps
    assert [one.name for one in replace(trace, authenticated_at=NOW).told] == ["Start", "Session"]


# --- what a SAML provider is asked, and held to ---------------------------------------------------

SAML = SamlConnection("oidc-1", "organization-a", NOW, NOW, status="active")


def asked(
    source: SamlConnection | OidcConnection = SAML, max_age: int | None = None, **parameters: str
) -> LoginAttempt:
    return open_attempt(
        PROJECT, LoginRoute(TARGET, source, ENTERED), StartRequest(parameters=parameters),
        trace_id="t", request_id="r", nonce="n", code_verifier="c", browser_secret="b", now=NOW,
        max_age=max_age,
    )  # fmt: skip


def test_a_fresh_sign_in_is_remembered_where_anybody_asks_for_it() -> None:
    forced = replace(SAML, force_authn=True)
    assert asked().authenticated_after is None
    assert asked(forced).authenticated_after == NOW
    # The stricter of two wishes counts.
    assert asked(forced, max_age=3600).authenticated_after == NOW
    assert asked(prompt="login", max_age=3600).authenticated_after == NOW
    assert asked(max_age=0).authenticated_after == NOW
    assert asked(max_age=3600).authenticated_after == NOW - timedelta(hours=1)
    assert asked(max_age=999_999_999).authenticated_after is not None
    assert asked(prompt="relogin loginx").authenticated_after is None
    # An OpenID Provider is asked in its own words.
    assert asked(SOURCE, max_age=0, prompt="login").authenticated_after is None


def test_the_classes_asked_for_are_those_of_the_source() -> None:
    assert asked(replace(SAML, requested_authn_context=("urn:a", "urn:b"))).authn_contexts == (
        "urn:a", "urn:b"
    )  # fmt: skip
    assert asked(SOURCE).authn_contexts == ()


def test_only_a_gateway_with_everything_in_place_needs_no_cookie() -> None:
    """Login CSRF: each of the four is what keeps an attacker's answer from being planted."""
    gateway = replace(SAML, allow_gateway_callback=True, alternative_acs_url="https://old.example")
    with_pkce = replace(asked(gateway), pkce_code_challenge=CHALLENGE)
    assert decide_gateway(with_pkce, gateway)
    assert not decide_gateway(asked(gateway), gateway)
    assert not decide_gateway(with_pkce, replace(gateway, allow_gateway_callback=False))
    assert not decide_gateway(with_pkce, replace(gateway, alternative_acs_url=""))
    assert not decide_gateway(with_pkce, SOURCE)
