"""Every page renders, says what it was given, escapes all of it, and asks no other host for
anything. A page in the middle of a refusal is the worst place for a missing variable."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import pytest
from jinja2 import StrictUndefined, UndefinedError
from markupsafe import Markup

from vestibule.errors import CODES
from vestibule.web import pages

HOSTILE = """<script>alert("x")</script>'"&{{ 7*7 }}\u202e"""
AT = datetime(2026, 1, 31, 12, 0, 0, 123_456, tzinfo=UTC)
TEMPLATES = pages.STATIC.parent / "templates"
STATIC_FILES = sorted(path for path in pages.STATIC.iterdir() if path.is_file())

DOORS = [
    {
        "id": f"door-{kind}",
        "kind": kind,
        "title": f"Sign in to Northwind with {kind}",
        "organization": "Northwind",
        "sentence": "A door.",
        "href": "/start",
        "source_organization": "Northwind" if kind == "External" else None,
    }
    for kind in ("SAML", "OpenID Connect", "External")
]
PEOPLE = [
    {
        "subject": "ada",
        "name": "Ada Lovelace",
        "email": "ada@northwind.example",
        "groups": ["engineering"],
        "note": "Leads engineering.",
    }
]
STEP = {
    "name": "Start",
    "at": AT,
    "ok": True,
    "warning": False,
    "summary": "The sign-in began.",
    "want": None,
    "got": None,
    "code": None,
    "remedy": None,
    "spec": None,
}
REFUSED = {
    **STEP,
    "name": "Signature and conditions",
    "at": AT + timedelta(milliseconds=4211),
    "ok": False,
    "want": "https://sp.example/acs/one",
    "got": "https://sp.example/acs/two",
    "code": "saml_recipient_mismatch",
    "remedy": "The identity provider's administrator: set the recipient.",
    "spec": "SAML Profiles §4.1.4.2",
}
ROW = CODES["saml_audience_mismatch"]

PAGES: dict[str, dict[str, Any]] = {
    "problem.html": {
        "status": 400,
        "code": ROW.code,
        "title": ROW.kind.public,
        "message": ROW.message,
        "remedy": ROW.remedy,
        "want": "one",
        "got": "two",
        "detail": "More exactly so.",
        "spec": ROW.spec,
        "request_id": "request-id-1",
        "trace_id": "trace-1",
        "detailed": True,
        "home_url": "/",
    },
    "test_result.html": {
        "passed": False,
        "settings": "draft",
        "failed": REFUSED,
        "steps": [STEP, {**STEP, "want": "one", "got": "one"}, REFUSED],
        "report": {
            "email": "ada@northwind.example",
            "name": "Ada Lovelace",
            "subject": "1001",
            "member_id": "member-1",
            "groups": ["engineering"],
            "attributes": {"department": ["Research"]},
            "roles": ["viewer", "editor"],
            "session_roles": ["viewer"],
        },
        "enters": "as a new member",
        "connection_id": "saml-connection-1",
        "trace_id": "trace-1",
        "back": "/portal/connections/one/test?trace_id=trace-1",
    },
    "demo/email.html": {"address": "ada@northwind.example", "home_url": "/"},
    "demo/inbox.html": {
        "mails": [
            {
                "id": "mail-1",
                "recipient": "ada@northwind.example",
                "subject": "Sign in to Northwind",
                "sent_at": AT,
                "lines": ["Hello", "Follow the link."],
                "link": "/v1/b2b/magic_links/redirect?token=one",
            }
        ],
        "home_url": "/",
    },
    "demo/organizations.html": {
        "address": "ada@northwind.example",
        "home_url": "/",
        "organizations": [
            {
                "id": "organization-1",
                "name": "Northwind",
                "kind": "member",
                "open": True,
                "methods": "by SSO",
            }
        ],
    },
    "demo/home.html": {
        "doors": DOORS,
        "people": PEOPLE,
        "base_url": "http://127.0.0.1:8000",
        "project_id": "project-test-1",
        "public_token": "public-token-test-1",
        "credentials_path": "data/credentials.json",
        "version": "0.1.0",
        "started_in": "0.8 s",
        "links": [{"title": "API reference", "href": "/reference", "sentence": "Everything."}],
        "rules": [{"role_id": "lab_engineer", "because": "everybody"}],
        "connection": {"display_name": "Northwind SAML", "kind": "SAML"},
    },
    "demo/result.html": {
        "sign_out_url": "/demo/sign-out-everywhere",
        "member": {
            "name": "Ada Lovelace",
            "email": "ada@northwind.example",
            "member_id": "member-1",
            "status": "active",
        },
        "organization": {"name": "Northwind Labs", "slug": "labs", "id": "organization-1"},
        "target": {"id": "external-1", "kind": "External", "display_name": "Shared"},
        "source": {
            "id": "saml-1",
            "kind": "SAML",
            "display_name": "Northwind SAML",
            "organization": "Northwind",
        },
        "is_external": True,
        "groups": ["engineering"],
        "roles": [
            {
                "role_id": "lab_engineer",
                "description": "Runs experiments",
                "counts_in_session": counts,
                "reasons": [
                    {
                        "text": "Group engineering",
                        "code": "sso_connection_group",
                        "at": AT,
                        "counts": True,
                    }
                ],
            }
            for counts in (True, False)
        ],
        "trusted_metadata": {"department": "Engineering"},
        "jwt": {
            "raw": "header.claims.signature",
            "header": {"alg": "RS256"},
            "claims": {"sub": "member-1"},
            "expires_at": AT,
        },
        "session": {"id": "session-1", "started_at": AT, "expires_at": AT, "factors": ["SSO"]},
        "tokens": {
            "state": "current",
            "error": None,
            "login_url": None,
            "access_token": "abcdef…",
            "scopes": ["openid", "offline_access"],
            "expires_at": AT,
            "refreshable": True,
            "last_refreshed_at": AT,
        },
        "trace": {
            "id": "trace-1",
            "outcome": "refused",
            "steps": [STEP, {**STEP, "warning": True}, REFUSED],
        },
        "doors": DOORS,
        "exchange": [{"title": "Exchange this session", "href": "/x", "sentence": "At once."}],
        "home_url": "/",
    },
    "signed_out.html": {"home_url": "/"},
    "mock_idp/sign_out.html": {"names": ["ada@northwind.example", ""], "action": "/x"},
    "mock_idp/sign_in.html": {
        "sign_out_url": "/dev/idp/saml/sign-out",
        "title": "Sign in",
        "application": "Northwind",
        "people": PEOPLE,
        "action": "/answer",
        "fields": {"state": "abc"},
        "hint": "Anybody will do.",
    },
    "post.html": {
        "title": "Signing you in",
        "lead": "Your browser carries the answer to the application.",
        "action": "http://127.0.0.1:8000/acs",
        "fields": {"SAMLResponse": "PHg+", "RelayState": "r"},
    },
    "reference.html": {
        "version": "0.1.0",
        "groups": [
            {
                "name": "Organizations",
                "operations": [
                    {
                        "id": "organizations.create",
                        "method": "POST",
                        "path": "/v1/b2b/organizations",
                        "summary": "Create an organization",
                        "description": "Send `organization_name`.",
                        "auth": "secret",
                        "rbac": "stytch.organization:update",
                        "extension": True,
                        "parameters": [
                            {
                                "name": "organization_name",
                                "place": "body",
                                "type": "string",
                                "required": True,
                                "description": "Its name.",
                            }
                        ],
                        "response": "Organization",
                    }
                ],
            },
            {"name": "Empty", "operations": []},
        ],
        "errors": [
            {
                "code": row.code,
                "error_type": row.wire,
                "status": 400,
                "message": row.message,
                "remedy": row.remedy,
                "spec": row.spec,
            }
            for row in CODES.values()
        ],
    },
}


class Page(HTMLParser):
    """The elements and the visible text of a page."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


# What a variable may be is decided by the page, not by whoever fills it: these keep their value.
_FIXED = {"kind", "outcome", "method", "status", "id", "error_type", "title"}


def hostile(value: object, key: str = "") -> object:
    """The same shape with every string replaced, in keys of free-form dicts too."""
    if isinstance(value, str):
        return value if key in _FIXED else HOSTILE
    if isinstance(value, dict):
        free = key in {"fields", "trusted_metadata", "claims", "header"}
        return {HOSTILE if free else k: hostile(v, k) for k, v in value.items()}
    if isinstance(value, list):
        return [hostile(child, key) for child in value[:3]]
    return value


def emptied(value: object, key: str = "") -> object:
    if isinstance(value, list):
        return []
    if isinstance(value, dict):
        return {} if key == "trusted_metadata" else {k: emptied(v, k) for k, v in value.items()}
    return value


def every_page() -> Iterator[tuple[str, str]]:
    for name, context in PAGES.items():
        yield name, pages.render(name, **context)
        yield name, pages.render(name, **{k: emptied(v, k) for k, v in context.items()})
        yield name, pages.render(name, **{k: hostile(v, k) for k, v in context.items()})


def test_every_template_is_tried_here() -> None:
    """Those of the doors are walked where they are served: test_every_page.py."""
    doors = ("dashboard/", "layouts/", "portal/", "views/", "_", "base.html", "sign_in.html")
    found = {str(path.relative_to(TEMPLATES)) for path in TEMPLATES.rglob("*.html")}
    assert {name for name in found if not name.startswith(doors)} == set(PAGES)


@pytest.mark.parametrize("name", PAGES)
def test_a_missing_variable_is_an_error(name: str) -> None:
    with pytest.raises(UndefinedError):
        pages.render(name)


@pytest.mark.parametrize("name", PAGES)
def test_hostile_strings_stay_text(name: str) -> None:
    context = {key: hostile(value, key) for key, value in PAGES[name].items()}
    html = pages.render(name, **context)
    page = Page(html)
    assert "<script>alert" not in html
    assert all(set(a) <= {"type", "src", "blocking", "defer"} for a in page.all("script"))
    assert "49" not in "".join(page.text)
    plain = Page(pages.render(name, **PAGES[name]))
    assert {tag for tag, _ in page.tags} <= {tag for tag, _ in plain.tags} | {"mark"}
    assert {k for _, a in page.tags for k in a} <= {k for _, a in plain.tags for k in a}


def test_every_page_has_a_language_one_heading_landmarks_and_a_way_to_skip() -> None:
    for name, html in every_page():
        page = Page(html)
        assert page.all("html")[0]["lang"] == "en", name
        assert len(page.all("h1")) == 1, name
        assert len(page.all("main")) == len(page.all("header")) == len(page.all("footer")) == 1
        assert page.all("title"), name
        assert any(a.get("href") == "#main" for a in page.all("a")), name


def test_headings_leave_no_level_out() -> None:
    for name, html in every_page():
        levels = [int(tag[1]) for tag, _ in Page(html).tags if re.fullmatch(r"h[1-6]", tag)]
        assert all(b - a <= 1 for a, b in pairwise(levels)), name


def test_ids_are_unique_and_references_lead_somewhere() -> None:
    for name, context in PAGES.items():
        page = Page(pages.render(name, **context))
        ids = [a["id"] for _, a in page.tags if "id" in a]
        assert len(ids) == len(set(ids)), name
        named = [
            part
            for _, a in page.tags
            for key in ("aria-labelledby", "aria-describedby", "for")
            for part in (a.get(key) or "").split()
        ]
        links = [a["href"] or "" for a in page.all("a")]
        anchors = [link[1:] for link in links if link.startswith("#")]
        assert set(named) | set(anchors) <= set(ids), name


def test_controls_have_names() -> None:
    for name, html in every_page():
        page = Page(html)
        labelled = {label.get("for") for label in page.all("label")}
        for field in page.all("input"):
            assert field.get("type") == "hidden" or field.get("id") in labelled, name
        for link in page.all("a"):
            assert link.get("href") is not None, name
        for drawing in page.all("svg"):
            assert drawing.get("aria-hidden") == "true", name
        for tag, attributes in page.tags:
            if attributes.get("role") in {"region", "group"}:
                assert attributes.get("aria-label") or attributes.get("aria-labelledby"), (
                    name,
                    tag,
                )
        assert not re.search(r"<(a|button)\b[^>]*>\s*</\1>", html), name


def test_no_page_carries_inline_script_or_style() -> None:
    """The policy of the server forbids both, so a page that needed one would silently break."""
    for name, html in every_page():
        page = Page(html)
        assert not page.all("style"), name
        assert all(script.get("src") for script in page.all("script")), name
        for tag, attributes in page.tags:
            inline = [key for key in attributes if key == "style" or key.startswith("on")]
            assert not inline, f"{name}: <{tag} {inline}>"
        assert "javascript:" not in html, name


def test_no_file_asks_another_host_for_anything() -> None:
    for path in [*TEMPLATES.rglob("*.html"), *STATIC_FILES]:
        text = path.read_text().replace('xmlns="http://www.w3.org/2000/svg"', "")
        assert not re.search(r"(https?:)?//[a-z0-9-]+\.[a-z]", text, re.IGNORECASE), path.name
        assert "@import" not in text, path.name
    for name, html in every_page():
        for tag, attributes in Page(html).tags:
            if tag in {"script", "img", "link"}:
                address = attributes.get("src") or attributes.get("href") or ""
                assert re.fullmatch(r"/static/[a-z.]+\?v=[0-9a-f]{12}", address), name


def test_static_addresses_change_with_the_content() -> None:
    assert len({pages.static_url(path.name) for path in STATIC_FILES}) == len(STATIC_FILES)
    with pytest.raises(FileNotFoundError):
        pages.static_url("missing.css")


def test_the_style_sheet_defines_every_token_that_it_uses() -> None:
    sheet = (pages.STATIC / "vestibule.css").read_text()
    used = set(re.findall(r"var\((--[\w-]+)", sheet))
    assert used <= set(re.findall(r"(--[\w-]+):", sheet))
    assert sheet.count("{") == sheet.count("}")


# --- the pages one by one -------------------------------------------------------------------------


def test_without_detail_a_refusal_shows_only_what_is_harmless() -> None:
    secret = {
        "message": "MESSAGE",
        "want": "WANT",
        "got": "GOT",
        "detail": "DETAIL",
        "spec": "SPEC",
    }
    html = pages.render("problem.html", **{**PAGES["problem.html"], **secret, "detailed": False})
    text = "".join(Page(html).text)
    assert not [value for value in secret.values() if value in text]
    assert ROW.code in text
    assert "trace-1" in text
    assert "request-id-1" in text
    assert "The identity provider's administrator" in text
    assert "Set the audience" in text


@pytest.mark.parametrize("row", CODES.values(), ids=lambda row: row.code)
def test_every_refusal_of_the_table_has_a_page(row: Any) -> None:
    empty = dict.fromkeys(("want", "got", "detail", "trace_id", "home_url"))
    context = {**PAGES["problem.html"], **empty, "code": row.code, "remedy": row.remedy}
    text = "".join(Page(pages.render("problem.html", **context)).text)
    assert row.remedy.replace("`", "").rpartition(": ")[2][1:] in text


def test_a_door_is_a_link_with_the_title_as_its_name() -> None:
    html = pages.render("demo/home.html", **PAGES["demo/home.html"])
    assert re.search(r'<a [^>]*href="/start"[^>]*>Sign in to Northwind with SAML</a>', html)
    assert "Three doors." in html
    trust = (
        "Whoever administers Northwind's identity provider can sign in as any member of Northwind."
    )
    assert trust in " ".join("".join(Page(html).text).split())


def test_the_entrance_hall_needs_no_role_rules_to_draw_sharing() -> None:
    context = dict(PAGES["demo/home.html"])
    del context["rules"], context["connection"]
    assert "own role rules" in pages.render("demo/home.html", **context)


def test_the_trace_opens_the_refused_step() -> None:
    html = pages.render("demo/result.html", **PAGES["demo/result.html"])
    assert html.count("step-ok") == html.count("step-warning") == html.count("step-failed") == 1
    assert "12:00:04.334" in html
    assert "+4,211 ms" in html
    assert "https://sp.example/acs/<mark>one</mark>" in html
    assert "https://sp.example/acs/<mark>two</mark>" in html


def test_the_drawing_of_sharing_stands_only_where_something_is_shared() -> None:
    context = PAGES["demo/result.html"]
    assert '<figure class="sharing">' in pages.render("demo/result.html", **context)
    direct = pages.render("demo/result.html", **{**context, "is_external": False})
    assert '<figure class="sharing">' not in direct


def test_saml_forms_work_with_and_without_scripts() -> None:
    page = Page(pages.render("post.html", **PAGES["post.html"]))
    form = next(a for a in page.all("form") if a["id"] == "autosubmit")
    assert form["method"] == "post"
    assert {(a["name"], a["value"]) for a in page.all("input")} == {
        ("SAMLResponse", "PHg+"),
        ("RelayState", "r"),
    }
    assert page.all("noscript")
    assert "Continue" in "".join(page.text)


def test_the_test_identity_provider_says_what_it_is() -> None:
    html = pages.render("mock_idp/sign_in.html", **PAGES["mock_idp/sign_in.html"])
    text = " ".join("".join(Page(html).text).split())
    assert "Signs anybody in. Exists only in vestibule dev." in text
    assert '<button class="person" type="submit" name="subject" value="ada">' in html


def test_the_reference_has_an_anchor_for_every_operation_and_error() -> None:
    page = Page(pages.render("reference.html", **PAGES["reference.html"]))
    ids = {a["id"] for _, a in page.tags if "id" in a}
    assert {"organizations.create"} | {row.wire for row in CODES.values()} <= ids


# --- how values are shown -------------------------------------------------------------------------


def test_json_is_escaped_marked_and_still_json() -> None:
    shown = pages.json_html({"<a>": ['"', 1, 1.5, True, None, [], {}]})
    assert isinstance(shown, Markup)
    assert '<span class="jk">&#34;&lt;a&gt;&#34;</span>' in shown
    assert '<span class="js">&#34;\\&#34;&#34;</span>' in shown
    assert '<span class="jn">1.5</span>' in shown
    assert '<span class="jl">true</span>' in shown
    assert '<span class="jl">null</span>' in shown
    assert shown.striptags().replace(" ", "") == r'{"<a>":["\"",1,1.5,true,null,[],{}]}'


@pytest.mark.parametrize("value", ["\u202e", "\u0000", "\ud800", "\u2028", "\U000e0041"])
def test_json_spells_out_what_cannot_be_seen(value: str) -> None:
    shown = str(pages.json_html({value: value}))
    assert value not in shown
    assert shown.count("\\u") >= 2
    shown.encode()


def test_json_keeps_letters_of_every_language() -> None:
    assert "Zürich 東京" in pages.json_html("Zürich 東京")


def test_times_are_shown_in_utc() -> None:
    there = AT.astimezone(timezone(timedelta(hours=2)))
    assert pages.clock(there) == "12:00:00.123"
    assert pages.iso(there) == "2026-01-31T12:00:00.123Z"
    assert pages.exact(there) == "2026-01-31 12:00:00 UTC"
    with pytest.raises(ValueError, match="aware"):
        pages.iso(AT.replace(tzinfo=None))


@pytest.mark.parametrize(
    ("want", "got", "marked"),
    [
        ("same value", "same value", ("same value", "same value")),
        ("https://a/1", "https://a/2", ("https://a/<mark>1</mark>", "https://a/<mark>2</mark>")),
        ("https://a", "https://a/", ("https://a", "https://a<mark>/</mark>")),
        ("one", "two", ("one", "two")),
        ("", "<b>", ("", "&lt;b&gt;")),
        ("aaaa<b", "aaaa<c", ("aaaa&lt;<mark>b</mark>", "aaaa&lt;<mark>c</mark>")),
    ],
)
def test_what_differs_is_marked(want: str, got: str, marked: tuple[str, str]) -> None:
    assert pages.difference(want, got) == marked


def test_prose_marks_code_and_escapes_the_rest() -> None:
    assert pages.prose("Send `<b>` <i>") == "Send <code>&lt;b&gt;</code> &lt;i&gt;"


def test_the_environment_forgives_nothing() -> None:
    environment = pages._environment("en")
    assert environment.autoescape is True
    assert environment.undefined is StrictUndefined
