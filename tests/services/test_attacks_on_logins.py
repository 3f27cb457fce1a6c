"""Attacks on a login between its start and its session. Each test is named for what must fail."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import sqlalchemy as sa
import structlog

from services.attacks import (
    ADA,
    AUTHENTICATE,
    JSON,
    Tell,
    alive,
    answer_of,
    as_json,
    callback,
    done,
    exchange,
    member,
    oidc_login,
    oidc_sign_in,
    organization,
    post,
    refused,
    saml_door,
    token_of,
    unsolicited,
)
from support.world import World
from vestibule.domain.projects import ProjectSettings, RedirectUrl, choose_redirect_url
from vestibule.errors import VestibuleError
from vestibule.services import logins, sharing
from vestibule.storage import Tx
from vestibule.storage.tables import metadata

SAML_AND_OIDC = pytest.mark.parametrize("door", ["saml", "oidc"])
EXTERNAL = pytest.mark.parametrize("door", ["labs_saml", "labs_oidc"])


async def set_project(world: World, **settings: Any) -> None:
    def work(tx: Tx) -> None:
        held = tx.projects.find(world.demo.project.project_id)
        assert held is not None
        tx.projects.update(replace(held, settings=replace(held.settings, **settings)))

    await world.rt.store.write(work)


async def authenticate(world: World, token: str, **body: object) -> Any:
    return await world.call("POST", AUTHENTICATE, {"sso_token": token, **body})


# --- the wrong place, the wrong browser ---------------------------------------------------------


def test_an_assertion_for_one_connection_is_refused_at_another_of_any_organization(
    story: Tell,
) -> None:
    """Whoever holds an assertion for X, where the same provider serves Y with the same key."""

    async def work(world: World) -> None:
        await organization(world, "other")
        mine = world.demo.saml.connection_id
        for owner in ("northwind", "other"):
            there = (await saml_door(world, owner)).connection_id
            deliver = await world.begin(world.client(), mine)
            refused(await deliver(callback(there)), "saml_request_mismatch")
            # An assertion that answers nothing, and one that answers a login at Y.
            plain = unsolicited(world, mine)
            refused(await post(world.client(), there, plain), "saml_destination_mismatch")
            browser = world.client()
            started = await browser.get(world.start_url(there), headers=JSON)
            relay = parse_qs(urlsplit(started.headers["location"]).query)["RelayState"][0]
            forged = unsolicited(world, mine, relay=relay)
            refused(await post(browser, there, forged), "saml_destination_mismatch")

    story(work)


def test_the_state_of_one_login_is_refused_in_another(story: Tell) -> None:
    """Whoever swaps state and RelayState of two logins: direct and External share one ACS URL."""

    async def work(world: World) -> None:
        demo, browser = world.demo, world.client()
        direct = await world.begin(browser, demo.saml.connection_id)
        through = await world.begin(browser, demo.labs_saml.connection_id)
        # The second one's RelayState, which only its own browser has seen.
        fields = next(
            cell.cell_contents
            for cell in through.__closure__
            if isinstance(cell.cell_contents, dict)
        )
        refused(await direct(RelayState=fields["RelayState"]), "saml_request_mismatch")
        # State of the External login in the other direction, and codes of OIDC logins.
        one = await world.begin(browser, demo.oidc.connection_id)
        two = await world.begin(browser, demo.labs_oidc.connection_id)
        first, second = (parse_qs(urlsplit(answer_of(d)).query) for d in (one, two))
        swapped = {"code": first["code"][0], "state": second["state"][0], "iss": first["iss"][0]}
        url = callback(demo.oidc.connection_id)
        answer = await browser.get(url, params=swapped, headers=JSON)
        refused(answer, "oidc_token_refused")

    story(work)


def test_a_state_of_the_other_protocol_is_of_no_use(story: Tell) -> None:
    """Whoever takes the state of an OIDC login for a RelayState, or the other way round."""

    async def work(world: World) -> None:
        demo, browser = world.demo, world.client()
        oidc = await world.begin(browser, demo.oidc.connection_id)
        state = parse_qs(urlsplit(answer_of(oidc)).query)["state"][0]
        fields = {**unsolicited(world, demo.saml.connection_id), "RelayState": state}
        refused(await post(browser, demo.oidc.connection_id, fields), "saml_connection_not_found",
                404)  # fmt: skip
        started = await browser.get(world.start_url(demo.saml.connection_id), headers=JSON)
        relay = parse_qs(urlsplit(started.headers["location"]).query)["RelayState"][0]
        url = f"{callback(demo.saml.connection_id)}?{urlencode({'state': relay, 'code': 'x'})}"
        refused(await browser.get(url, headers=JSON), "oidc_connection_not_found", 404)

    story(work)


@SAML_AND_OIDC
def test_the_state_of_one_login_is_refused_in_another_browser(story: Tell, door: str) -> None:
    """Login CSRF: the attacker's answer in the victim's browser, with every cookie but his."""

    async def work(world: World) -> None:
        name = getattr(world.demo, door).connection_id
        for cookies, code in (
            ("none", "csrf_cookie_missing"),
            ("another login's", "csrf_cookie_mismatch"),
            ("forged", "csrf_cookie_mismatch"),
        ):
            attacker, victim = world.client(), world.client()
            deliver = await world.begin(attacker, name)
            if cookies == "none":
                attacker.cookies.clear()
            elif cookies == "forged":
                for cookie in attacker.cookies.jar:
                    cookie.value = "x" * 43
            else:
                await world.begin(victim, name)
                attacker.cookies = victim.cookies
            refused(await deliver(), f"{door}_{code}")

    story(work)


@SAML_AND_OIDC
def test_an_answer_and_its_token_used_at_the_same_moment_work_once(story: Tell, door: str) -> None:
    """Whoever sends the same answer at the same moment, or once more afterwards."""

    async def work(world: World) -> None:
        deliver = await world.begin(world.client(), getattr(world.demo, door).connection_id)
        answers = await asyncio.gather(*(deliver() for _ in range(6)))
        assert sorted(a.status_code for a in answers) == [303] + [400] * 5
        refused(await deliver(), "saml_unsolicited" if door == "saml" else "oidc_state_unknown")
        token = token_of(next(a for a in answers if a.status_code == 303))
        gave = await asyncio.gather(*(authenticate(world, token) for _ in range(6)))
        assert sorted(a.status_code for a in gave) == [200] + [404] * 5

    story(work)


def test_an_unsolicited_assertion_is_used_once(story: Tell) -> None:
    """Whoever replays a captured assertion, at the same moment or later."""

    async def work(world: World) -> None:
        name = world.demo.saml.connection_id
        fields = unsolicited(world, name)
        answers = await asyncio.gather(*(post(world.client(), name, fields) for _ in range(5)))
        assert sorted(a.status_code for a in answers) == [303] + [400] * 4
        refused(await post(world.client(), name, fields), "saml_replayed")

    story(work)


def test_two_first_logins_of_one_person_make_one_member(story: Tell) -> None:
    """Two tabs, or two attackers: one subject never becomes two members."""

    async def work(world: World) -> None:
        name = world.demo.labs_saml.connection_id
        delivers = [await world.begin(world.client(), name) for _ in range(3)]
        tokens = [token_of(a) for a in await asyncio.gather(*(d() for d in delivers))]
        held = [done(await authenticate(world, token)) for token in tokens]
        assert len({one["member_id"] for one in held}) == 1

    story(work)


# --- nobody asked for it ------------------------------------------------------------------------


def test_an_unsolicited_response_enters_only_where_it_may(story: Tell) -> None:
    """Whoever sends a stolen or unasked response: login CSRF by the provider's own means."""

    async def work(world: World) -> None:
        name, external = world.demo.saml.connection_id, world.demo.labs_saml.connection_id
        stale = unsolicited(world, name, answers="_somebody-elses-request")
        refused(await post(world.client(), name, stale), "saml_unsolicited")
        # There is no way to address a receiving organization.
        fields = unsolicited(world, name, relay=external)
        refused(await post(world.client(), external, fields), "sso_connection_not_found", 404)
        accepted = await post(world.client(), name, fields)
        held = done(await authenticate(world, token_of(accepted)))
        assert held["organization_id"] == world.demo.northwind.organization_id
        await set_project(world, pkce_required_for_sso=True)
        refused(await post(world.client(), name, unsolicited(world, name)), "saml_unsolicited")
        await set_project(world, pkce_required_for_sso=False)
        path = f"/v1/b2b/sso/saml/northwind/connections/{name}"
        done(await world.call("PUT", path, {"idp_initiated_auth_disabled": True}))
        answer = await post(world.client(), name, unsolicited(world, name))
        refused(answer, "saml_idp_initiated_auth_disabled")

    story(work)


# --- too late, or closed meanwhile --------------------------------------------------------------


@SAML_AND_OIDC
def test_what_is_late_is_refused(story: Tell, door: str) -> None:
    """Whoever keeps an answer or a token for later."""

    async def work(world: World) -> None:
        name = getattr(world.demo, door).connection_id
        deliver = await world.begin(world.client(), name)
        world.advance(minutes=11)
        refused(await deliver(), "saml_unsolicited" if door == "saml" else "oidc_state_unknown")
        token = await world.arrive(name)
        world.advance(minutes=6)
        refused(await authenticate(world, token), "sso_token_not_found", 404)

    story(work)


@EXTERNAL
def test_an_approval_revoked_between_start_and_callback_ends_the_login(
    story: Tell, door: str
) -> None:
    """Somebody of the receiver, half-way in when the owner revokes."""

    async def work(world: World) -> None:
        external = getattr(world.demo, door)
        deliver = await world.begin(world.client(), external.connection_id)
        token = await world.arrive(external.connection_id)
        await sharing.revoke(
            world.rt, world.actor, "northwind", external.external_connection_id,
            external.connection_id,
        )  # fmt: skip
        refused(await deliver(), "external_connection_revoked")
        refused(await authenticate(world, token), "sso_token_not_found", 404)
        started = await world.client().get(world.start_url(external.connection_id), headers=JSON)
        refused(started, "external_connection_revoked")

    story(work)


@pytest.mark.parametrize("gone", ["connection", "source", "organization", "member"])
def test_what_is_deleted_between_callback_and_authenticate_lets_nobody_in(
    story: Tell, gone: str
) -> None:
    """Somebody half-way in when an administrator deletes what they come through, or them."""

    async def work(world: World) -> None:
        external = world.demo.labs_saml
        held = await world.sign_in(external.connection_id)
        deliver = await world.begin(world.client(), external.connection_id)
        token = await world.arrive(external.connection_id)
        path = {
            "connection": f"/v1/b2b/sso/northwind-labs/connections/{external.connection_id}",
            "source": f"/v1/b2b/sso/northwind/connections/{external.external_connection_id}",
            "organization": "/v1/b2b/organizations/northwind-labs",
            "member": f"/v1/b2b/organizations/northwind-labs/members/{held['member_id']}",
        }[gone]
        done(await world.call("DELETE", path))
        late, early = await deliver(), await authenticate(world, token)
        assert not await alive(world, held["session_token"])
        if gone == "member":
            refused(late, "member_not_found", 404)
        else:
            refused(late, "sso_connection_not_found", 404)
        refused(early, "sso_token_not_found", 404)

    story(work)


def test_a_login_is_told_in_the_organization_that_it_entered(story: Tell) -> None:
    """Whoever starts at A and looks for the story in B, or the other way round."""

    async def work(world: World) -> None:
        held = await world.begin(world.client(), world.demo.labs_saml.connection_id)
        world.advance(minutes=9)
        answer = await held()
        trace_id = refused(answer, "saml_subject_expired")["error_details"]["trace_id"]
        told = await logins.get_trace(world.rt, world.actor, "northwind-labs", trace_id)
        assert told.connection_id == world.demo.labs_saml.connection_id
        with pytest.raises(VestibuleError) as raised:
            await logins.get_trace(world.rt, world.actor, "northwind", trace_id)
        assert raised.value.code == "login_trace_not_found"

    story(work)


# --- the proof of the application ---------------------------------------------------------------

CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"  # RFC 7636, appendix B
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"


def test_a_stolen_token_is_of_no_use_without_the_verifier(story: Tell) -> None:
    """Whoever reads the redirect out of a log or a history."""

    async def work(world: World) -> None:
        name = world.demo.saml.connection_id
        token = await world.arrive(name, pkce_code_challenge=CHALLENGE)
        refused(await authenticate(world, token), "pkce_expected_code_verifier")
        refused(await authenticate(world, token, pkce_code_verifier="x" * 43), "pkce_mismatch")
        refused(await authenticate(world, token, pkce_code_verifier=CHALLENGE), "pkce_mismatch")
        done(await authenticate(world, token, pkce_code_verifier=VERIFIER))
        plain = await world.arrive(name)
        refused(
            await authenticate(world, plain, pkce_code_verifier=VERIFIER),
            "pkce_did_not_expect_code_verifier",
        )
        await set_project(world, pkce_required_for_sso=True)
        for challenge in ({}, {"pkce_code_challenge": "short"}):
            answer = await world.client().get(world.start_url(name, **challenge), headers=JSON)
            refused(answer, "invalid_pkce_code_challenge")

    story(work)


HOSTILE_URLS = [
    "https://evil.example/in", "https://app.example.evil.example/in", "//app.example/in",
    "https://app.example@evil.example/in", "https://evil.example\\@app.example/in",
    "https://app.example\\.evil.example/in", "https:/app.example/in", "https:app.example/in",
    "http://app.example/in", "https://app.example:444/in", "https://app.example/in/",
    "https://app.example/in/../out", "https://app.example/in%2f..", "https://app.example/IN",
    "https://app.example/in#token", "https://app.example/in;x", "javascript:alert(1)//app.example",
    "data:text/html,x", "https://app.example/in\n", "https://app.example\t/in",
    "https://\u0430pp.example/in", "https://app.example./in", "https://[::1/in", "", " ",
    "https://app.example/in?\r\nset-cookie: a=b", "https://user:pass@app.example/in",
]  # fmt: skip


@pytest.mark.parametrize("url", HOSTILE_URLS)
def test_a_token_is_sent_to_registered_urls_only(url: str) -> None:
    """Whoever sends a person a link that begins at us and should end at them."""
    registered = RedirectUrl("https://app.example/in", ("LOGIN",), ())
    for loopback in (False, True):
        settings = ProjectSettings((registered,), insecure_loopback=loopback)
        with pytest.raises(VestibuleError) as raised:
            choose_redirect_url(settings, url, "LOGIN")
        assert raised.value.code == "no_match_for_provided_sso_url"
    kept = "https://app.example/in?a=b"
    assert choose_redirect_url(settings, kept, "LOGIN") == kept


def test_a_start_takes_nothing_that_can_be_read_twice_or_bent(story: Tell) -> None:
    """Whoever builds a start link with parameters that belong to us, or the same one twice."""

    async def work(world: World) -> None:
        browser, demo = world.client(), world.demo
        saml, oidc = (world.start_url(d.connection_id) for d in (demo.saml, demo.oidc))
        for name in (
            "redirect_uri", "client_id", "state", "nonce", "scope", "response_type", "request",
            "request_uri", "response_mode", "code_challenge", "code_challenge_method", "STATE",
            "redirect.uri", "client_secret", " state",
            "state\0",
        ):  # fmt: skip
            answer = await browser.get(f"{oidc}&{urlencode({f'provider_{name}': 'x'})}")
            assert answer.status_code == 400, name
        for more, code in (
            (f"&connection_id={demo.oidc.connection_id}", "bad_request"),
            ("&public_token=x", "bad_request"),
            ("&x=%00", "bad_request"),
            ("&x=%ff", "bad_request"),
            ("&x" * 200, "bad_request"),
            ("&organization_id=northwind", "too_many_sso_connection_locators"),
        ):
            refused(await browser.get(f"{saml}{more}", headers=JSON), code)
        for url in HOSTILE_URLS[:12]:
            for kind in ("login_redirect_url", "signup_redirect_url"):
                asked = world.start_url(demo.saml.connection_id, **{kind: url})
                refused(await browser.get(asked, headers=JSON), "no_match_for_provided_sso_url")

    story(work)


def test_a_callback_takes_nothing_but_its_own_binding(story: Tell) -> None:
    """Whoever posts what no binding knows: multipart, twice the same field, NUL, megabytes."""

    async def work(world: World) -> None:
        browser, url = world.client(), callback(world.demo.saml.connection_id)
        form = {**JSON, "content-type": "application/x-www-form-urlencoded"}
        honest = unsolicited(world, world.demo.saml.connection_id)
        encoded = urlencode(honest)
        for body, code, status in (
            (f"{encoded}&SAMLResponse=x", "bad_request", 400),
            ("SAMLResponse=%00&RelayState=x", "bad_request", 400),
            ("RelayState=x", "saml_response_missing", 400),
            (f"SAMLResponse=x&RelayState={'r' * 4_000_000}", "body_too_large", 413),
        ):
            answer = await browser.post(url, content=body, headers=form)
            refused(answer, code, status)
        answer = await browser.post(url, files={k: (None, v) for k, v in honest.items()},
                                    headers=JSON)  # fmt: skip
        refused(answer, "saml_response_missing")
        refused(await browser.get(f"{url}?{encoded}", headers=JSON), "oidc_state_missing")
        refused(await browser.put(url, headers=JSON), "method_not_allowed", 405)
        # A huge RelayState of the provider's own is carried by nobody and stops nothing.
        answer = await browser.post(url, data={**honest, "RelayState": "r" * 90_000}, headers=JSON)
        assert answer.status_code == 303

    story(work)


def test_a_refusal_repeats_nothing_as_markup(story: Tell) -> None:
    """Whoever hides a script in what an error page shows: reflected XSS."""

    async def work(world: World) -> None:
        evil = '"><script>alert(1)</script>'
        browser = world.client()
        deliver = await world.begin(browser, world.demo.oidc.connection_id)
        state = parse_qs(urlsplit(answer_of(deliver)).query)["state"][0]
        query = {"state": state, "error": "access_denied", "error_description": evil,
                 "iss": world.idp.address.issuer}  # fmt: skip
        pages = [
            await browser.get(callback(world.demo.oidc.connection_id), params=query),
            await browser.get(world.start_url(evil)),
            await browser.get(world.start_url(world.demo.saml.connection_id, public_token=evil)),
            await browser.get(world.start_url(world.demo.saml.connection_id,
                                              login_redirect_url=evil)),
            await browser.get("/v1/public/sso/metadata/%3Cscript%3Ealert(1)%3C%2Fscript%3E"),
            await browser.post(callback("<script>alert(1)</script>"), data={"SAMLResponse": evil}),
        ]  # fmt: skip
        for page in pages:
            assert 400 <= page.status_code < 500
            assert "<script>alert" not in page.text
            assert page.headers["content-type"].startswith("text/html")
            assert "default-src 'none'" in page.headers["content-security-policy"]
            assert page.headers["x-content-type-options"] == "nosniff"
        told = await browser.get(world.start_url(evil), headers=JSON)
        assert told.headers["content-type"].startswith("application/json")
        refused(told, "sso_connection_not_found", 404)

    story(work)


# --- what is written down -----------------------------------------------------------------------


def test_nothing_secret_is_written_down(story: Tell) -> None:
    """Whoever reads the traces, the audit log, the logs, or a copy of the whole database."""

    async def work(world: World) -> None:
        secrets = [world.credentials.secret, world.credentials.workspace_key_secret]
        with structlog.testing.capture_logs() as logs:
            token = await world.arrive(world.demo.saml.connection_id)
            held = done(await authenticate(world, token))
            secrets += [token, held["session_token"], held["session_jwt"]]
            over = await oidc_sign_in(world, token={"refresh_token": "the-refresh-token"})
            secrets += [over["session_token"], "the-refresh-token", "at-1", "a-code"]
            await member(world, "northwind-labs", ADA.email)
            swapped = done(await exchange(world, held["session_token"], "northwind-labs"))
            secrets.append(swapped["session_token"])
            browser = world.client()
            deliver = await world.begin(browser, world.demo.saml.connection_id)
            refused(await deliver(SAMLResponse="bm90IGFuIGFzc2VydGlvbg=="), "saml_xml_invalid")
            await world.begin(browser, world.demo.oidc.connection_id)
            secrets += [cookie.value or "" for cookie in browser.cookies.jar]
            refused(await authenticate(world, "not-a-token"), "sso_token_not_found", 404)
            login = await oidc_login(world)
            failed = as_json(500, {"access_token": "of-a-failing-server"})
            refused(await login.deliver(failed), "idp_answer_unusable", 502)
            secrets += ["of-a-failing-server", login.state, login.nonce]
        assert [entry["event"] for entry in logs] == ["refused"]
        written = [structlog.processors.format_exc_info(None, "error", dict(e)) for e in logs]
        connection = world.demo.saml
        secrets += [pair.private_key for pair in connection.signing_keys]
        secrets += [world.idp.address.client_secret, "PRIVATE KEY", "bm90IGFuIGFzc2VydGlvbg"]
        with world.rt.store.engine.engine.connect() as sql:
            rows = {
                table.name: repr(sql.execute(sa.select(table)).all())
                for table in metadata.sorted_tables
            }
        assert len(rows["login_trace"]) > 1000
        for name, text in {**rows, "the log": repr(written)}.items():
            assert [secret for secret in secrets if secret and secret in text] == [], name

    story(work)
