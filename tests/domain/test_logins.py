"""A login's beginning: what is fixed then, and who may bring its answer."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestibule.domain.connections import ExternalConnection, LoginRoute, OidcConnection
from vestibule.domain.logins import (
    LoginAttempt,
    LoginTrace,
    StartRequest,
    TraceStep,
    browser_hash,
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
