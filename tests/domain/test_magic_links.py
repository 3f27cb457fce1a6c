"""What a link binds together: its lifetime, where it leads, and whose it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from vestibule.domain.magic_links import (
    LIFETIMES,
    Kind,
    LinkRequest,
    MagicLink,
    check_request,
    landing_url,
    lifetime,
    redirect_url,
    require_still_theirs,
    signup_url,
)
from vestibule.domain.members import Member, email_id
from vestibule.domain.projects import (
    SIGN_IN,
    Project,
    ProjectSettings,
    RedirectUrl,
    with_redirect_url,
)
from vestibule.errors import VestibuleError

NOW = datetime(2026, 11, 24, tzinfo=UTC)
APP = "https://app.example.com/authenticate"
LINK = MagicLink(
    "login", "project-1", "grace@acme.example", APP, None, NOW, NOW + timedelta(hours=1),
    "organization-1", "member-1",
)  # fmt: skip
GRACE = Member(
    "member-1", "organization-1", "grace@acme.example", "active", created_at=NOW, updated_at=NOW
)


def project(*urls: RedirectUrl, pkce: bool = False) -> Project:
    settings = ProjectSettings(redirect_urls=urls, pkce_required_for_sso=pkce)
    return Project("project-1", "live", "Name", "slug", "live", NOW, settings=settings)


def code_of(work: object, *arguments: object) -> str:
    with pytest.raises(VestibuleError) as caught:
        work(*arguments)  # type: ignore[operator]
    return caught.value.code


@pytest.mark.parametrize("kind", LIFETIMES)
def test_a_lifetime_is_five_minutes_to_seven_days(kind: Kind) -> None:
    assert lifetime(kind, None) == LIFETIMES[kind]
    assert lifetime(kind, 5) == timedelta(minutes=5)
    assert lifetime(kind, 10080) == timedelta(days=7)
    for minutes in (4, 10081, 0, -5):
        assert code_of(lifetime, kind, minutes) == "invalid_expiration"


def test_each_kind_leads_to_a_url_that_is_registered_for_it() -> None:
    only_login = project(RedirectUrl(APP, ("LOGIN",), ("LOGIN",)))
    assert redirect_url(only_login, "login", APP) == APP
    assert redirect_url(only_login, "email_update", APP) == APP
    kinds: tuple[Kind, ...] = ("signup", "invite", "discovery")
    for kind in kinds:
        code = code_of(redirect_url, only_login, kind, APP)
        assert code == "no_match_for_provided_magic_link_url"
        # Who names none gets the default, that for logins where there is no other.
        assert redirect_url(only_login, kind, None) == APP
    assert code_of(redirect_url, project(), "login", None) == "no_default_login_redirect_url_set"


def test_a_url_that_is_registered_again_gets_the_types_that_it_lacks() -> None:
    """Those of an installation that had no links yet."""
    other = RedirectUrl("https://other.example.com/", ("LOGIN",), ())
    old = ProjectSettings(redirect_urls=(RedirectUrl(APP, ("LOGIN", "SIGNUP"), ("LOGIN",)), other))
    new = with_redirect_url(old, APP)
    assert new.redirect_urls == (RedirectUrl(APP, SIGN_IN, ("LOGIN",)), other)
    assert with_redirect_url(new, APP) == new
    first = with_redirect_url(ProjectSettings(), APP)
    assert first.redirect_urls == (RedirectUrl(APP, SIGN_IN, SIGN_IN),)


def test_whoever_names_only_the_url_for_logins_means_it_for_sign_ups_too() -> None:
    both = project(RedirectUrl(APP, SIGN_IN, ("LOGIN",)))
    other = "https://app.example.com/other"
    assert signup_url(both, LinkRequest("o", "a@b.example")) == APP
    named = LinkRequest("o", "a@b.example", login_redirect_url=APP)
    assert signup_url(both, named) == APP
    own = replace(named, signup_redirect_url=other)
    assert code_of(signup_url, both, own) == "no_match_for_provided_magic_link_url"


def test_a_project_that_wants_pkce_sends_no_link_without_a_challenge() -> None:
    strict = project(RedirectUrl(APP, SIGN_IN, SIGN_IN), pkce=True)
    bare = LinkRequest("o", "a@b.example")
    assert code_of(check_request, strict, bare) == "invalid_pkce_code_challenge"
    check_request(strict, replace(bare, pkce_code_challenge="a" * 43))


def test_the_landing_says_what_kind_of_token_it_brings() -> None:
    for kind, told in (("login", "multi_tenant_magic_links"), ("discovery", "discovery")):
        url = landing_url(replace(LINK, kind=kind, redirect_url=f"{APP}?a=1"), "T")  # type: ignore[arg-type]
        assert parse_qs(urlsplit(url).query) == {
            "a": ["1"], "stytch_token_type": [told], "token": ["T"],
        }  # fmt: skip


def test_a_link_is_its_members_alone_while_the_address_is_theirs() -> None:
    assert require_still_theirs(LINK, GRACE) == GRACE
    assert require_still_theirs(LINK, replace(GRACE, email_address="GRACE@acme.example"))
    renamed = replace(GRACE, email_address="hopper@acme.example")
    for member in (None, replace(GRACE, status="deleted"), renamed):
        assert code_of(require_still_theirs, LINK, member) == "magic_link_not_found"
    # A link to a new address is for whoever has the old one still.
    assert require_still_theirs(replace(LINK, kind="email_update"), renamed) == renamed


def test_the_id_of_an_address_is_the_same_each_time_and_another_for_each_member() -> None:
    one = email_id("member-1", "grace@acme.example", "live")
    assert one == email_id("member-1", "GRACE@acme.example", "live")
    assert one.startswith("member-email-live-")
    assert one != email_id("member-2", "grace@acme.example", "live")
    assert one != email_id("member-1", "ada@acme.example", "live")
