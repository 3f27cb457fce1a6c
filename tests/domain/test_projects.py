"""Redirect URLs: to the letter, or nowhere; and the query that the token is added to."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vestibule.domain.projects import ProjectSettings, RedirectUrl, choose_redirect_url, with_query
from vestibule.errors import VestibuleError

APP = "https://app.example.com/cb"
BOTH = ("LOGIN", "SIGNUP")
KNOWN = ProjectSettings(
    (RedirectUrl(APP, BOTH), RedirectUrl("https://app.example.com:8443/cb", BOTH))
)
LOOPBACK = ProjectSettings((RedirectUrl(APP, BOTH),), insecure_loopback=True)

quiet = settings(derandomize=True, deadline=None, max_examples=300)


@pytest.mark.parametrize(
    "asked",
    [APP, f"{APP}?next=/home", "https://APP.example.com/cb", "https://app.example.com:8443/cb"],
)
def test_a_registered_url_is_chosen_with_its_own_query(asked: str) -> None:
    assert choose_redirect_url(KNOWN, asked, "LOGIN") == asked


HOSTILE = (
    "http://app.example.com/cb", "https://app.example.com:443/cb", "https://app.example.com:444/cb",
    "https://app.example.com/cb/", "https://app.example.com/CB", "https://app.example.com/",
    "https://app.example.com", "https://app.example.com/cb/../cb", "https://app.example.com/%63b",
    "https://app.example.com//cb", "https://app.example.com/cb;x", "https://app.example.com./cb",
    "https://www.app.example.com/cb", "https://app.example.com.evil.example/cb",
    "https://app.example.comevil/cb", "https://evil.example/https://app.example.com/cb",
    "https://app.example.com@evil.example/cb", "https://user@app.example.com/cb",
    "https://:@app.example.com/cb", "https://evil.example\\@app.example.com/cb",
    "https://app.example.com\\.evil.example/cb", "https:\\\\app.example.com/cb",
    "https://app.example.com/cb#fragment", "https://app.example.com/cb\n", " " + APP, APP + " ",
    "https://app.example.com\t/cb", "https://app.example.com/cb\x00", "//app.example.com/cb",
    "//evil.example", "/cb", "cb", "", "https:app.example.com/cb", "https:///app.example.com/cb",
    "javascript:alert(1)", "data:text/html,x", "https://\uff41pp.example.com/cb",
    "https://аpp.example.com/cb", "https://app。example.com/cb", "https://app.example.com/cb?é",
    "https://[::1/cb", "https://app.example.com:99999/cb", "https://app.example.com:x/cb",
    "https://app.example.com/cb?<script>", 'https://app.example.com/cb?"', APP + "?" + "x" * 2048,
    "http://localhost/cb", "http://127.0.0.1:3000/cb",
)  # fmt: skip


@pytest.mark.parametrize("asked", HOSTILE)
def test_whatever_is_not_registered_to_the_letter_is_refused(asked: str) -> None:
    for kind in BOTH:
        with pytest.raises(VestibuleError, match="no_match_for_provided_sso_url"):
            choose_redirect_url(KNOWN, asked, kind)  # type: ignore[arg-type]


def test_a_url_counts_only_for_the_kind_it_is_registered_for() -> None:
    only = ProjectSettings((RedirectUrl(APP, ("LOGIN",)),))
    assert choose_redirect_url(only, APP, "LOGIN") == APP
    with pytest.raises(VestibuleError, match="no_match_for_provided_sso_url"):
        choose_redirect_url(only, APP, "SIGNUP")


def test_without_a_url_the_default_of_the_kind_is_chosen() -> None:
    two = ProjectSettings(
        (RedirectUrl(APP, BOTH, ("LOGIN",)), RedirectUrl(f"{APP}/new", BOTH, ("SIGNUP",)))
    )
    assert choose_redirect_url(two, None, "LOGIN") == APP
    assert choose_redirect_url(two, None, "SIGNUP") == f"{APP}/new"
    with pytest.raises(VestibuleError, match="no_default_login_redirect_url_set"):
        choose_redirect_url(KNOWN, None, "LOGIN")
    with pytest.raises(VestibuleError, match="no_default_signup_redirect_url_set"):
        choose_redirect_url(KNOWN, None, "SIGNUP")


@pytest.mark.parametrize(
    "asked",
    ["http://localhost:3000/x", "http://127.0.0.1/", "https://[::1]:9/cb?a=b", "http://LOCALHOST/"],
)
def test_loopback_is_open_in_projects_for_development_only(asked: str) -> None:
    assert choose_redirect_url(LOOPBACK, asked, "LOGIN") == asked
    with pytest.raises(VestibuleError, match="no_match_for_provided_sso_url"):
        choose_redirect_url(KNOWN, asked, "LOGIN")


@pytest.mark.parametrize(
    "asked",
    [
        "http://localhost.evil.example/",
        "http://127.0.0.1.evil.example/",
        "http://localhost@evil.example/",
        "http://evil.example\\@localhost/",
        "http://localhost:x@evil.example/",
        "http://localhost./",
        "http://0.0.0.0/",
        "http://2130706433/",
        "http://[::ffff:127.0.0.1]/",
        "http://10.0.0.1/",
        "http://evil.example/?localhost",
        "http://evil.example#@localhost/",
        "//localhost/",
        "javascript://localhost/%0aalert(1)",
    ],
)
def test_what_only_looks_like_loopback_is_refused(asked: str) -> None:
    with pytest.raises(VestibuleError, match="no_match_for_provided_sso_url"):
        choose_redirect_url(LOOPBACK, asked, "LOGIN")


_PARTS = st.sampled_from(
    ["https", "http", ":", "/", "//", "\\", "@", "app.example.com", "evil.example", "localhost",
     "/cb", "?", "#", ":443", ":8443", "[", "]", "%2f", "\t", "\n", "\x00", "é", "。", "."]
)  # fmt: skip


@quiet
@given(st.one_of(st.text(), st.lists(_PARTS, max_size=10).map("".join)))
def test_any_text_is_a_registered_place_or_refused(asked: str) -> None:
    for text in (asked, APP + asked, f"https://{asked}app.example.com/cb"):
        try:
            chosen = choose_redirect_url(KNOWN, text, "LOGIN")
        except VestibuleError as error:
            assert error.code == "no_match_for_provided_sso_url"
            continue
        parts = urlsplit(with_query(chosen, {"token": "t"}))
        assert (parts.scheme, parts.path) == ("https", "/cb")
        assert parts.netloc.lower() in (
            "app.example.com",
            "app.example.com:",
            "app.example.com:8443",
        )


def test_a_query_is_added_to_what_is_there_and_replaces_its_own_names() -> None:
    assert with_query(APP, {"token": "a+b/&="}) == f"{APP}?token=a%2Bb%2F%26%3D"
    assert with_query(f"{APP}?x=1&x=2&e=", {"t": "1"}) == f"{APP}?x=1&x=2&e=&t=1"
    assert with_query(f"{APP}?token=forged&a=1&token=x", {"token": "t"}) == f"{APP}?a=1&token=t"
    assert with_query(f"{APP}?a=1#top", {"token": "t"}) == f"{APP}?a=1&token=t"


@quiet
@given(st.dictionaries(st.text(min_size=1, max_size=9), st.text(max_size=9), max_size=4))
def test_parameters_come_out_of_the_query_as_they_went_in(parameters: dict[str, str]) -> None:
    made = with_query(f"{APP}?kept=1", parameters)
    expected = {"kept": "1", **parameters}
    assert dict(parse_qsl(urlsplit(made).query, keep_blank_values=True)) == expected
