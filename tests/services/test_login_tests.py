"""A test login tries a connection and lets nobody in, whatever is attempted with it. On both
databases, through the API and the browser's legs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
import sqlalchemy as sa

from peers import certificates
from services.attacks import (
    ADA,
    JSON,
    Tell,
    answer_of,
    callback,
    change_organization,
    done,
    external_door,
    organization,
    refused,
    saml_door,
    token_of,
)
from support.world import BASE_URL, World, read_form
from vestibule.services.demo import PEOPLE, Person
from vestibule.storage.tables import metadata

GRACE = PEOPLE[1]


def path_of(connection_id: str, organization_name: str = "northwind") -> str:
    return f"/v1/b2b/sso/{organization_name}/connections/{connection_id}"


async def link(
    world: World, connection_id: str, organization_name: str = "northwind", *, draft: bool = False
) -> str:
    path = f"{path_of(connection_id, organization_name)}/test"
    url: str = done(await world.call("POST", path, {"draft": draft}))["test_url"]
    return url


async def at_provider(
    world: World, browser: httpx2.AsyncClient, url: str, person: Person = ADA
) -> tuple[str, dict[str, str]]:
    """Open the test's link and choose somebody at the provider. For SAML the form that is about to
    be posted; for OpenID Connect the URL, without fields."""
    started = await browser.get(url, headers=JSON)
    assert started.status_code == 302, started.text
    action, fields = read_form((await browser.get(started.headers["location"])).text)
    chosen = await browser.post(action, data={**fields, "subject": person.subject})
    if "location" in chosen.headers:
        return chosen.headers["location"], {}
    return read_form(chosen.text)


async def deliver(
    browser: httpx2.AsyncClient,
    url: str,
    fields: Mapping[str, str],
    headers: Mapping[str, str] = JSON,
) -> httpx2.Response:
    if fields:
        return await browser.post(url, data=dict(fields), headers=headers)
    return await browser.get(url, headers=headers)


async def walk(
    world: World,
    connection_id: str,
    organization_name: str = "northwind",
    *,
    draft: bool = False,
    person: Person = ADA,
) -> dict[str, Any]:
    """A whole test, and what its last page says."""
    browser = world.client()
    url = await link(world, connection_id, organization_name, draft=draft)
    return done(await deliver(browser, *await at_provider(world, browser, url, person)))


async def counted(world: World) -> dict[str, int]:
    def work(tx: Any) -> dict[str, int]:
        return {
            name: tx._connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
            for name, table in metadata.tables.items()
        }

    return await world.rt.store.read(work)


def failed(result: Mapping[str, Any]) -> dict[str, Any]:
    (check,) = [c for c in result["checks"] if not c["ok"]]
    assert result["passed"] is False
    assert result["person"] is None
    return dict(check)


async def make_draft(world: World, connection_id: str, **fields: Any) -> str:
    path = f"{path_of(connection_id)}/draft"
    draft_id: str = done(await world.call("PUT", path, fields))["draft_id"]
    return draft_id


@pytest.mark.parametrize("door", ["saml", "oidc", "labs_saml", "labs_oidc"])
def test_a_test_login_writes_its_trace_and_lets_nobody_in(story: Tell, door: str) -> None:
    async def tell(world: World) -> None:
        connection = getattr(world.demo, door)
        owner = "northwind-labs" if door.startswith("labs") else "northwind"
        name = connection.connection_id
        browser = world.client()
        url = await link(world, name, owner)
        before = await counted(world)
        answer = await deliver(browser, *await at_provider(world, browser, url))
        found = done(answer)
        after = await counted(world)
        # Its trace, and what keeps its assertion from being used again; and the link is spent.
        changed = {table for table in after if after[table] != before[table]}
        assert changed <= {"login_trace", "seen_assertion", "login_test"}, changed
        assert after["login_trace"] == before["login_trace"] + 1
        assert after["login_test"] == before["login_test"] - 1
        assert found["passed"] is True
        assert found["person"]["email_address"] == ADA.email
        assert found["person"]["enters"] == "created"
        assert found["person"]["member_id"] == ""
        assert found["person"]["groups"] == list(ADA.groups)
        assert found["person"]["session_roles"]
        assert "location" not in answer.headers
        assert not [c for c in answer.headers.get_list("set-cookie") if "Max-Age=0" not in c]
        path = f"{path_of(name, owner)}/test/{found['trace_id']}"
        again = done(await world.call("GET", path))
        # The page leaves out what only the owner of an External connection's source may know.
        told = [{**check, "summary": "", "want": "", "got": ""} for check in found["checks"]]
        whole = [{**check, "summary": "", "want": "", "got": ""} for check in again["checks"]]
        assert told == whole
        if owner == "northwind":
            assert again["checks"] == found["checks"]
        left = {"request_id": "", "checks": []}
        assert {**again, **left} == {**found, **left}
        # And what it says is so.
        real = await world.sign_in(name)
        roles = real["member_session"]["roles"]
        assert sorted(roles) == sorted(found["person"]["session_roles"])
        known = await walk(world, name, owner)
        assert known["person"]["enters"] == "registered"
        assert known["person"]["member_id"] == real["member_id"]

    story(tell)


def test_a_test_of_a_draft_marks_exactly_that_draft_as_tested(story: Tell) -> None:
    async def tell(world: World) -> None:
        name = world.demo.saml.connection_id
        path = path_of(name)
        draft_id = await make_draft(world, name, attribute_mapping={
            "email": "NameID", "full_name": "name", "team": "department",
        }, saml_group_implicit_role_assignments=[])  # fmt: skip
        found = await walk(world, name, draft=True)
        assert (found["passed"], found["settings"]) == (True, "draft")
        assert found["draft_id"] == draft_id
        assert found["person"]["attributes"]["team"] == [ADA.department]
        assert done(await world.call("GET", f"{path}/draft"))["tested_at"] is not None
        # Another draft, another test.
        await make_draft(world, name, display_name="Changed")
        assert done(await world.call("GET", f"{path}/draft"))["tested_at"] is None
        await walk(world, name, draft=True)
        done_ = done(await world.call("POST", f"{path}/draft/activate", {}))
        assert done_["tested"] is True

    story(tell)


def test_a_test_of_the_live_settings_does_not_mark_the_draft(story: Tell) -> None:
    async def tell(world: World) -> None:
        name = world.demo.saml.connection_id
        await make_draft(world, name, display_name="Untested")
        assert (await walk(world, name))["settings"] == "live"
        assert done(await world.call("GET", f"{path_of(name)}/draft"))["tested_at"] is None

    story(tell)


def test_a_drafts_certificate_is_never_believed_by_a_login_nor_the_live_one_by_its_test(
    story: Tell,
) -> None:
    async def tell(world: World) -> None:
        # The live connection believes a stranger; the draft believes the provider that signs.
        await organization(world, "acme")
        door = await saml_door(world, "acme")
        name, idp = door.connection_id, world.idp.address
        path = path_of(name, "acme")
        live_path = f"/v1/b2b/sso/saml/acme/connections/{name}"
        stranger = certificates.make_key_pair("stranger.example").certificate_pem
        true_id = door.verification_certificates[0].certificate_id
        body = {"x509_certificate": stranger, "delete_certificate_ids": [true_id]}
        done(await world.call("PUT", f"{path}/draft", body))
        # The draft believes the stranger alone, so the provider's own signature is refused in it.
        told = failed(await walk(world, name, "acme", draft=True))
        assert told["code"] == "saml_signature_invalid"
        assert told["remedy"]
        await world.sign_in(name)
        # The other way round.
        done(await world.call("DELETE", f"{path}/draft"))
        done(await world.call("PUT", live_path, {"x509_certificate": stranger}))
        gone = f"{live_path}/verification_certificates/{true_id}"
        done(await world.call("DELETE", gone))
        done(await world.call("PUT", f"{path}/draft", {"x509_certificate": idp.certificate}))
        assert (await walk(world, name, "acme", draft=True))["passed"] is True
        answer = await (await world.begin(world.client(), name))()
        refused(answer, "saml_signature_invalid")

    story(tell)


def test_a_client_of_a_draft_is_never_used_by_a_login(story: Tell) -> None:
    async def tell(world: World) -> None:
        name = world.demo.oidc.connection_id
        await make_draft(world, name, client_secret="another-secret")
        told = failed(await walk(world, name, draft=True))
        assert told["code"].startswith("oidc_")
        await world.sign_in(name)
        assert "another-secret" not in str(told)

    story(tell)


def test_a_link_opens_one_test_within_ten_minutes(story: Tell) -> None:
    async def tell(world: World) -> None:
        name = world.demo.saml.connection_id
        url = await link(world, name)
        assert (await world.client().get(url, headers=JSON)).status_code == 302
        refused(await world.client().get(url, headers=JSON), "sso_test_link_not_found", 404)
        late = await link(world, name)
        world.advance(minutes=10)
        refused(await world.client().get(late, headers=JSON), "sso_test_link_not_found", 404)
        for nonsense in ("x", "%00", "a" * 3000):
            answer = await world.client().get(f"/v1/public/sso/test/{nonsense}", headers=JSON)
            refused(answer, "sso_test_link_not_found", 404)

    story(tell)


def test_a_link_is_stored_as_its_hash_alone(story: Tell) -> None:
    async def tell(world: World) -> None:
        token = (await link(world, world.demo.saml.connection_id)).rpartition("/")[2]

        def work(tx: Any) -> list[str]:
            table = metadata.tables["login_test"]
            return [str(tuple(row)) for row in tx._connection.execute(sa.select(table))]

        (row,) = await world.rt.store.read(work)
        assert token not in row

    story(tell)


def test_a_link_is_for_the_connection_and_organization_that_it_was_made_for(story: Tell) -> None:
    """Nothing but the token says what it is for, and a result is read where it belongs."""

    async def tell(world: World) -> None:
        name = world.demo.saml.connection_id
        await organization(world, "acme")
        other = await saml_door(world, "acme")
        url = await link(world, name)
        browser = world.client()
        action, fields = await at_provider(
            world, browser, f"{url}?connection_id={other.connection_id}&organization_id=acme"
        )
        assert action == callback(name)
        # Brought to another connection's URL, the answer is worth nothing, and the attempt is gone.
        answer = await deliver(browser, callback(other.connection_id), fields)
        assert failed(done(answer))["code"] == "saml_request_mismatch"
        refused(await deliver(browser, action, fields), "saml_unsolicited")
        found = await walk(world, name)
        for owner, place in (("acme", name), ("northwind", other.connection_id)):
            path = f"{path_of(place, owner)}/test/{found['trace_id']}"
            refused(await world.call("GET", path), "login_trace_not_found", 404)

    story(tell)


def test_the_trace_of_a_login_is_no_result_of_a_test(story: Tell) -> None:
    async def tell(world: World) -> None:
        name = world.demo.saml.connection_id
        await world.sign_in(name)
        owner = world.demo.northwind.organization_id
        (trace,) = await world.rt.store.read(lambda tx: tx.logins.traces(owner, 1))
        path = f"{path_of(name)}/test/{trace.trace_id}"
        refused(await world.call("GET", path), "login_trace_not_found", 404)

    story(tell)


@pytest.mark.parametrize("door", ["saml", "oidc"])
def test_the_state_of_a_test_and_of_a_login_cannot_be_swapped(story: Tell, door: str) -> None:
    """In one browser, which holds both cookies: each answer fits its own attempt alone."""

    async def tell(world: World) -> None:
        name = getattr(world.demo, door).connection_id
        browser = world.client()
        tested = await at_provider(world, browser, await link(world, name))
        real = await world.begin(browser, name)
        if door == "saml":
            relay = tested[1]["RelayState"]
            answer = await real(RelayState=relay)
            assert failed(done(answer))["code"] == "saml_request_mismatch"
            other = await world.begin(browser, name)
            mine = other.__closure__[1].cell_contents["RelayState"]
            fields = {**tested[1], "RelayState": mine}
            refused(await deliver(browser, callback(name), fields), "saml_request_mismatch")
        else:
            state = parse_qs(urlsplit(tested[0]).query)["state"][0]
            theirs = parse_qs(urlsplit(answer_of(real)).query)["state"][0]
            answer = await browser.get(answer_of(real).replace(theirs, state), headers=JSON)
            assert failed(done(answer))["code"].startswith("oidc_")
            swapped = tested[0].replace(state, theirs)
            assert (await browser.get(swapped, headers=JSON)).status_code == 400
        assert (await counted(world))["session"] == 0
        assert (await counted(world))["sso_token"] == 0

    story(tell)


def test_the_answer_to_a_test_lets_nobody_in_when_it_is_used_again(story: Tell) -> None:
    async def tell(world: World) -> None:
        name = world.demo.saml.connection_id
        browser = world.client()
        action, fields = await at_provider(world, browser, await link(world, name))
        assert done(await deliver(browser, action, fields))["passed"] is True
        # Again as it was, without the attempt's state, and at a login's state.
        refused(await deliver(browser, action, fields), "saml_unsolicited")
        bare = {"SAMLResponse": fields["SAMLResponse"]}
        refused(await deliver(browser, action, bare), "saml_unsolicited")
        real = await world.begin(browser, name)
        refused(await real(SAMLResponse=fields["SAMLResponse"]), "saml_request_mismatch")

    story(tell)


def test_an_answer_to_a_test_that_another_browser_brings_is_shown_nothing(story: Tell) -> None:
    async def tell(world: World) -> None:
        name = world.demo.saml.connection_id
        action, fields = await at_provider(world, world.client(), await link(world, name))
        told = refused(await deliver(world.client(), action, fields), "saml_csrf_cookie_missing")
        assert "checks" not in told
        other = world.client()
        await world.begin(other, name)
        action, fields = await at_provider(world, world.client(), await link(world, name))
        refused(await deliver(other, action, fields), "saml_csrf_cookie_mismatch")

    story(tell)


def test_a_test_whose_draft_changed_on_the_way_is_refused(story: Tell) -> None:
    async def tell(world: World) -> None:
        name = world.demo.saml.connection_id
        await make_draft(world, name, display_name="One")
        url = await link(world, name, draft=True)
        browser = world.client()
        place = await at_provider(world, browser, await link(world, name, draft=True))
        await make_draft(world, name, display_name="Two")
        refused(await browser.get(url, headers=JSON), "draft_outdated")
        assert failed(done(await deliver(browser, *place)))["code"] == "draft_outdated"
        draft = done(await world.call("GET", f"{path_of(name)}/draft"))
        assert draft["tested_at"] is None

    story(tell)


def test_an_activated_or_discarded_draft_can_no_longer_be_tested(story: Tell) -> None:
    async def tell(world: World) -> None:
        name = world.demo.saml.connection_id
        refused(
            await world.call("POST", f"{path_of(name)}/test", {"draft": True}),
            "draft_not_found", 404,
        )  # fmt: skip
        await make_draft(world, name, display_name="One")
        url = await link(world, name, draft=True)
        done(await world.call("POST", f"{path_of(name)}/draft/activate", {}))
        refused(await world.client().get(url, headers=JSON), "draft_outdated")

    story(tell)


def test_a_pending_connection_can_be_tried_as_soon_as_it_knows_where_to_ask(story: Tell) -> None:
    async def tell(world: World) -> None:
        made = done(await world.call("POST", "/v1/b2b/sso/saml/northwind", {}))["connection"]
        name, idp = made["connection_id"], world.idp.address
        path = f"/v1/b2b/sso/saml/northwind/connections/{name}"
        answer = await world.call("POST", f"{path_of(name)}/test", {})
        refused(answer, "sso_test_settings_missing")
        body = {"idp_entity_id": idp.entity_id, "idp_sso_url": idp.sso_url}
        done(await world.call("PUT", path, body))
        told = failed(await walk(world, name))
        assert told["code"] == "saml_certificate_missing"
        done(await world.call("PUT", path, {"x509_certificate": idp.certificate}))
        # Now it is the mapping alone that is missing.
        assert failed(await walk(world, name))["code"] == "saml_response_email_invalid"
        # A login goes nowhere all the while.
        started = await world.client().get(world.start_url(name), headers=JSON)
        refused(started, "requires_active_sso_connection")

    story(tell)


def test_a_test_says_why_a_person_would_not_be_let_in(story: Tell) -> None:
    async def tell(world: World) -> None:
        name = world.demo.saml.connection_id
        await change_organization(world, "northwind", sso_jit_provisioning="NOT_ALLOWED")
        told = failed(await walk(world, name, person=GRACE))
        assert told["code"] == "invalid_connection_for_jit_provisioning"
        assert told["name"] == "Admission"
        assert (told["want"], bool(told["remedy"])) == (
            "a member, or a connection that may provision", True,
        )  # fmt: skip
        assert (await counted(world))["member"] == 0

    story(tell)


def test_a_test_says_by_which_address_somebody_would_be_linked(story: Tell) -> None:
    async def tell(world: World) -> None:
        name = world.demo.saml.connection_id
        known = (await world.sign_in(world.demo.oidc.connection_id))["member_id"]
        found = await walk(world, name)
        assert found["person"]["enters"] == "linked"
        assert found["person"]["member_id"] == known
        members = await world.rt.store.read(lambda tx: tx.members.registrations(known))
        assert len(members) == 1

    story(tell)


def test_a_draft_with_another_provider_is_tested_as_if_nobody_were_registered(story: Tell) -> None:
    async def tell(world: World) -> None:
        name, source = world.demo.saml.connection_id, world.demo.saml
        await world.sign_in(name)
        assert (await walk(world, name))["person"]["enters"] == "registered"
        # As if it were another provider that is live, with people registered on its word.
        other = replace(source, idp_entity_id="https://elsewhere.example/idp")
        await world.rt.store.write(lambda tx: tx.connections.update(other))
        await make_draft(world, name, idp_entity_id=source.idp_entity_id)
        found = await walk(world, name, draft=True)
        assert found["person"]["enters"] == "linked"

    story(tell)


def test_a_closed_external_connection_cannot_be_tried(story: Tell) -> None:
    async def tell(world: World) -> None:
        owner, name = world.demo.northwind, world.demo.saml.connection_id
        await organization(world, "acme")
        door = await external_door(world, "acme", owner.organization_id, name)
        url = await link(world, door, "acme")
        found = await walk(world, door, "acme")
        assert found["passed"] is True
        done(await world.call("POST", f"{path_of(name)}/external/{door}/revoke"))
        refused(await world.client().get(url, headers=JSON), "external_connection_revoked")

    story(tell)


def test_a_test_is_no_login_to_whoever_counts_logins(story: Tell) -> None:
    async def tell(world: World) -> None:
        name, owner = world.demo.saml.connection_id, world.demo.northwind.organization_id
        await walk(world, name)
        path = f"{path_of(name)}/dry_run"
        assert done(await world.call("POST", path, {}))["logins"] == 0
        last = await world.rt.store.read(lambda tx: tx.logins.last_of_connections(owner))
        assert last[name].accepted_at is None
        assert last[name].refused is None

    story(tell)


def test_an_unused_link_goes_when_it_has_expired(story: Tell) -> None:
    async def tell(world: World) -> None:
        await link(world, world.demo.saml.connection_id)
        world.advance(minutes=11)
        now = world.rt.now()
        await world.rt.store.write(lambda tx: tx.logins.delete_expired(now, now))
        assert (await counted(world))["login_test"] == 0

    story(tell)


def test_a_login_beside_a_test_is_a_login(story: Tell) -> None:
    async def tell(world: World) -> None:
        name = world.demo.saml.connection_id
        browser = world.client()
        tested = await at_provider(world, browser, await link(world, name))
        real = await world.begin(browser, name)
        token = token_of(await real())
        assert done(await deliver(browser, *tested))["passed"] is True
        body = {"sso_token": token}
        done(await world.call("POST", "/v1/b2b/sso/authenticate", body))

    story(tell)


def test_the_page_at_the_end_tells_people_what_was_checked(story: Tell) -> None:
    async def tell(world: World) -> None:
        name = world.demo.saml.connection_id
        browser, html = world.client(), {"accept": "text/html"}
        place = await at_provider(world, browser, await link(world, name))
        page = await deliver(browser, *place, headers=html)
        assert page.status_code == 200
        assert page.headers["cache-control"] == "no-store"
        for told in ("This sign-in would work", ADA.email, "nobody was signed in", "Certificate",
                     f"{BASE_URL}/v1/b2b/sso/callback/{name}"):  # fmt: skip
            assert told in page.text
        await make_draft(world, name, alternative_audience_uri="urn:x", idp_entity_id="urn:other")
        place = await at_provider(world, browser, await link(world, name, draft=True))
        page = await deliver(browser, *place, headers=html)
        for told in ("would be refused", "saml_issuer_mismatch", "urn:other", "Who can fix it"):
            assert told in page.text

    story(tell)


def test_a_mapping_that_finds_no_address_is_told_apart_from_the_signature(story: Tell) -> None:
    """Two people mend these: the signature the provider's administrator, the mapping ours."""

    async def tell(world: World) -> None:
        name = world.demo.saml.connection_id
        mapping = {"email": "mail", "full_name": "name", "groups": "groups"}
        await make_draft(world, name, attribute_mapping=mapping)
        check = failed(await walk(world, name, draft=True))
        assert (check["name"], check["code"]) == ("Attributes", "saml_response_email_invalid")

    story(tell)
