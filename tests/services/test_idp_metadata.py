"""Metadata that is read again: what counts by itself, what waits, and who is fooled (nobody)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from peers.certificates import KeyPair
from services.attacks import (
    ADA,
    Tell,
    callback,
    done,
    external_door,
    organization,
    refused,
    token_of,
)
from support.metadata import answer, document, fingerprint, key_pair
from support.world import World, read_form
from vestibule.domain.connections import SamlChanges, SamlConnection
from vestibule.errors import refusal
from vestibule.network import Network
from vestibule.protocols.http import HttpRequest, HttpResponse
from vestibule.services import connections, expiry_notices, idp_metadata
from vestibule.services.idp_metadata import LEASE, View
from vestibule.storage.audit import AuditEvent
from vestibule.web.mock_idp import MockIdp

URL = "https://idp.example/metadata"


class Followed:
    """The demo's SAML connection, which follows a metadata URL from now on."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.owner = world.demo.northwind.organization_id
        self.borrower = world.demo.labs.organization_id
        self.id = world.demo.saml.connection_id
        self.own = KeyPair(world.idp.private_key, world.idp.certificate)

    def document(self, *certificates: str, **options: Any) -> bytes:
        entity_id = options.pop("entity_id", self.world.idp.address.entity_id)
        sso_url = options.pop("sso_url", self.world.idp.address.sso_url)
        listed = certificates or (self.own.certificate_pem,)
        return document(entity_id, sso_url, listed, **options)

    async def change(self, **changes: Any) -> SamlConnection:
        rt, actor = self.world.rt, self.world.actor
        return await connections.change_saml(rt, actor, self.owner, self.id, SamlChanges(**changes))

    async def turn(self, *answers: HttpResponse | bytes | Exception) -> idp_metadata.Turn:
        """One turn of the worker; the provider gives these answers."""
        self.world.answers.extend(answer(a) if isinstance(a, bytes) else a for a in answers)
        try:
            found = await idp_metadata.refresh_due(self.world.rt)
        finally:
            left = list(self.world.answers)
            self.world.answers.clear()
        assert not left, "an answer was not asked for"
        if found.error is not None:
            raise found.error
        return found

    async def later(self, *answers: HttpResponse | bytes | Exception) -> idp_metadata.Turn:
        self.world.advance(hours=25)
        return await self.turn(*answers)

    async def view(self) -> View:
        return await idp_metadata.get(self.world.rt, self.world.actor, self.owner, self.id)

    async def confirm(self, name: str) -> View:
        return await idp_metadata.confirm(
            self.world.rt, self.world.actor, self.owner, self.id, name
        )

    async def certificates(self) -> list[str]:
        found = await connections.get(self.world.rt, self.world.actor, self.owner, self.id)
        assert isinstance(found, SamlConnection)
        return [c.fingerprint_sha256 for c in found.verification_certificates]

    async def events(self, organization_id: str, action: str) -> list[AuditEvent]:
        found = await self.world.rt.store.read(lambda tx: tx.audit.latest(organization_id, 500))
        return [one for one in found if one.action == f"connection.{action}"]

    async def log_in(self, key: KeyPair | None = None) -> Any:
        """An unsolicited login whose response is signed by this key."""
        idp = MockIdp(self.world.rt, *(key or self.own))
        url = callback(self.id)
        page = idp._post_response(ADA, {"acs_url": url, "audience": url})
        fields = read_form(bytes(page.body).decode())[1]
        async with self.world.client() as browser:
            return await browser.post(url, data=fields, headers={"accept": "application/json"})


async def followed(world: World, **changes: Any) -> Followed:
    """The URL is set and was read once; nothing had changed."""
    one = Followed(world)
    await one.change(idp_metadata_url=URL, **changes)
    found = await one.turn(one.document())
    assert (found.same, found.applied, found.waiting) == (1, 0, 0)
    return one


def changes_of(view: View) -> list[tuple[str, str, str]]:
    return [(c.field, c.kind, c.becomes or c.was) for c in view.changes]


# --- what is read, and when -----------------------------------------------------------------------


def test_a_url_that_is_given_is_read_at_the_next_turn_and_then_when_it_is_due(story: Tell) -> None:
    async def work(world: World) -> None:
        one = await followed(world)
        view = await one.view()
        assert view.state.url == URL
        assert view.state.read_at == world.clock[0]
        assert view.changes == ()
        hours = (view.state.due_at - world.clock[0]) / timedelta(hours=1)
        assert 21 < hours <= 24
        sent = len(world.sent)
        assert await one.turn() == idp_metadata.Turn()
        assert len(world.sent) == sent
        world.clock[0] = view.state.due_at
        assert (await one.turn(one.document(cache_duration="PT1H"))).same == 1
        assert (await one.view()).state.due_at <= world.clock[0] + timedelta(hours=1)

    story(work)


def test_metadata_by_url_is_remembered_and_counts_as_read(story: Tell) -> None:
    async def work(world: World) -> None:
        one = Followed(world)
        world.answers.append(answer(one.document(logout_url="https://idp.example/logout")))
        changed = await connections.change_saml_by_url(
            world.rt, world.actor, one.owner, one.id, URL
        )
        assert changed.idp_metadata_url == URL
        assert changed.idp_slo_url == "https://idp.example/logout"
        assert (await one.view()).state.read_at == world.clock[0]
        assert await one.turn() == idp_metadata.Turn()

    story(work)


def test_another_url_is_read_at_once_and_no_url_ends_it(story: Tell) -> None:
    async def work(world: World) -> None:
        one = await followed(world)
        await one.later(one.document(key_pair(1).certificate_pem))
        assert (await one.view()).changes
        await one.change(idp_metadata_url="https://idp.example/other")
        assert (await one.view()).changes == ()
        assert (await one.turn(one.document())).same == 1
        assert world.sent[-1].url == "https://idp.example/other"
        await one.change(idp_metadata_url="")
        with pytest.raises(Exception, match="idp_metadata_not_found"):
            await one.view()
        assert await one.later() == idp_metadata.Turn()

    story(work)


def test_a_connection_that_is_deleted_is_not_read_any_more(story: Tell) -> None:
    async def work(world: World) -> None:
        one = await followed(world)
        await connections.delete(world.rt, world.actor, one.owner, one.id)
        assert await one.later() == idp_metadata.Turn()

    story(work)


# --- what counts by itself ------------------------------------------------------------------------


def test_a_key_that_a_trusted_key_has_signed_counts_at_once_beside_the_old_one(story: Tell) -> None:
    async def work(world: World) -> None:
        one, new = await followed(world), key_pair(1)
        both = (one.own.certificate_pem, new.certificate_pem)
        refused(await one.log_in(new), "saml_signature_invalid")
        assert (await one.later(one.document(*both, signed_by=one.own))).applied == 1
        token_of(await one.log_in(new))
        token_of(await one.log_in())
        # The provider has moved on: its new key vouches for a document without the old one.
        moved = one.document(new.certificate_pem, signed_by=new)
        assert (await one.later(moved)).applied == 1
        token_of(await one.log_in(new))
        refused(await one.log_in(), "saml_signature_invalid")
        for organization_id in (one.owner, one.borrower):
            told = await one.events(organization_id, "metadata_applied")
            assert [e.actor for e in told] == ["vestibule", "vestibule"]
            assert told[1].details["signed_by"] == fingerprint(one.own.certificate_pem)
            assert (
                f"certificate added {fingerprint(new.certificate_pem)}"
                in (told[1].details["changes"])
            )
            keys = await one.events(organization_id, "keys_changed")
            assert [e.actor for e in keys][:2] == ["vestibule", "vestibule"]

    story(work)


def test_the_policy_automatic_lets_a_key_count_without_a_signature(story: Tell) -> None:
    async def work(world: World) -> None:
        one, new = await followed(world, idp_metadata_policy="automatic"), key_pair(1)
        assert (await one.later(one.document(new.certificate_pem))).applied == 1
        assert await one.certificates() == [fingerprint(new.certificate_pem)]

    story(work)


def test_a_document_with_too_many_keys_keeps_those_that_it_lists_and_we_trust(story: Tell) -> None:
    async def work(world: World) -> None:
        one = await followed(world, idp_metadata_policy="automatic")
        many = [key_pair(n).certificate_pem for n in range(1, 7)]
        await one.later(one.document(*many, one.own.certificate_pem))
        held = await one.certificates()
        assert len(held) == 5
        assert held[0] == fingerprint(one.own.certificate_pem)
        assert (await one.later(one.document(*many, one.own.certificate_pem))).same == 1

    story(work)


# --- what waits -----------------------------------------------------------------------------------


def test_a_taken_over_metadata_host_brings_in_no_key(story: Tell) -> None:
    async def work(world: World) -> None:
        one, evil = await followed(world), key_pair(9)
        hostile = [
            one.document(one.own.certificate_pem, evil.certificate_pem),
            one.document(evil.certificate_pem),
            one.document(one.own.certificate_pem, evil.certificate_pem, signed_by=evil),
            # Truly signed, and then a key more.
            one.document(signed_by=one.own).replace(
                b"<md:KeyDescriptor",
                one.document(evil.certificate_pem).split(b"Descriptor ", 2)[2].partition(b">")[2]
                .partition(b"<md:SingleSign")[0] + b"<md:KeyDescriptor", 1,
            ),
        ]  # fmt: skip
        for body in hostile:
            assert evil.certificate_pem.splitlines()[3].encode() in body
            found = await one.later(body)
            assert (found.applied, found.waiting) == (0, 1)
            assert await one.certificates() == [fingerprint(one.own.certificate_pem)]
            refused(await one.log_in(evil), "saml_signature_invalid")
            token_of(await one.log_in())

    story(work)


def test_a_change_that_waits_is_shown_and_recorded_once_in_every_organization(story: Tell) -> None:
    async def work(world: World) -> None:
        one, new = await followed(world), key_pair(1)
        body = one.document(
            one.own.certificate_pem, new.certificate_pem, sso_url="https://idp.example/new"
        )
        for _ in range(3):
            assert (await one.later(body)).waiting == 1
        view = await one.view()
        assert changes_of(view) == [
            ("idp_sso_url", "changed", "https://idp.example/new"),
            ("certificate", "added", fingerprint(new.certificate_pem)),
            ("certificate", "kept", fingerprint(one.own.certificate_pem)),
        ]
        assert view.state.reason == "unconfirmed"
        for organization_id in (one.owner, one.borrower):
            (event,) = await one.events(organization_id, "metadata_waits")
            assert event.details["change_id"] == view.change_id
            assert fingerprint(new.certificate_pem) in event.details["changes"]
        # The provider takes it back.
        assert (await one.later(one.document())).same == 1
        assert (await one.view()).changes == ()

    story(work)


def test_an_administrator_confirms_exactly_what_was_shown(story: Tell) -> None:
    async def work(world: World) -> None:
        one, new, evil = await followed(world), key_pair(1), key_pair(9)
        await one.later(one.document(new.certificate_pem))
        seen = (await one.view()).change_id
        await one.later(one.document(evil.certificate_pem))
        with pytest.raises(Exception, match="idp_metadata_change_outdated"):
            await one.confirm(seen)
        await one.later(one.document(new.certificate_pem))
        view = await one.confirm(seen)
        assert view.changes == ()
        token_of(await one.log_in(new))
        refused(await one.log_in(evil), "saml_signature_invalid")
        with pytest.raises(Exception, match="idp_metadata_change_not_found"):
            await one.confirm(seen)
        (event,) = await one.events(one.borrower, "metadata_applied")
        assert (event.actor, event.details["because"]) == ("project", "confirmed")

    story(work)


def test_what_is_confirmed_is_measured_against_the_connection_as_it_is(story: Tell) -> None:
    """A change by hand between showing and confirming makes another difference of it."""

    async def work(world: World) -> None:
        one, new, other = await followed(world), key_pair(1), key_pair(2)
        await one.later(one.document(new.certificate_pem))
        seen = (await one.view()).change_id
        await connections.change_saml(
            world.rt, world.actor, one.owner, one.id, SamlChanges(),
            x509_certificate=other.certificate_pem,
        )  # fmt: skip
        with pytest.raises(Exception, match="idp_metadata_change_outdated"):
            await one.confirm(seen)
        assert ("certificate", "removed", fingerprint(other.certificate_pem)) in changes_of(
            await one.view()
        )

    story(work)


def test_what_was_dismissed_does_not_come_back_but_another_change_does(story: Tell) -> None:
    async def work(world: World) -> None:
        one = await followed(world)
        body = one.document(key_pair(1).certificate_pem)
        await one.later(body)
        seen = (await one.view()).change_id
        view = await idp_metadata.dismiss(world.rt, world.actor, one.owner, one.id, seen)
        assert view.changes == ()
        assert (await one.later(body)).waiting == 0
        assert (await one.view()).changes == ()
        assert (await one.later(one.document(key_pair(2).certificate_pem))).waiting == 1
        assert len(await one.events(one.borrower, "metadata_dismissed")) == 1

    story(work)


@pytest.mark.parametrize("policy", ["confirm", "automatic"])
def test_another_entity_id_waits_even_when_a_trusted_key_has_signed_it(
    story: Tell, policy: str
) -> None:
    async def work(world: World) -> None:
        one = await followed(world, idp_metadata_policy=policy)
        await world.sign_in(one.id)
        body = one.document(entity_id="https://evil.example", signed_by=one.own)
        assert (await one.later(body)).waiting == 1
        view = await one.view()
        assert view.state.reason == "entity_id"
        assert await one.events(one.owner, "identity_provider_changed") == []
        # Confirmed it counts, and ends what stood on the word of the provider before.
        changed = await one.confirm(view.change_id)
        assert changed.connection.idp_entity_id == "https://evil.example"
        for organization_id in (one.owner, one.borrower):
            assert await one.events(organization_id, "identity_provider_changed")

    story(work)


def test_an_old_document_brings_no_key_back_that_was_given_up(story: Tell) -> None:
    """Truly signed once, by a key that is still trusted: a replay."""

    async def work(world: World) -> None:
        one, leaked = await followed(world), key_pair(1)
        both = (one.own.certificate_pem, leaked.certificate_pem)
        old = one.document(*both, signed_by=one.own)
        assert (await one.later(old)).applied == 1
        assert (await one.later(one.document(signed_by=one.own))).applied == 1
        assert (await one.later(old)).waiting == 1
        assert (await one.view()).state.reason == "dropped_before"
        refused(await one.log_in(leaked), "saml_signature_invalid")
        # Nor one that an administrator has deleted.
        await one.confirm((await one.view()).change_id)
        held = await connections.get(world.rt, world.actor, one.owner, one.id)
        assert isinstance(held, SamlConnection)
        gone = next(c for c in held.verification_certificates
                    if c.fingerprint_sha256 == fingerprint(leaked.certificate_pem))  # fmt: skip
        await connections.delete_certificate(
            world.rt, world.actor, one.owner, one.id, gone.certificate_id
        )
        assert (await one.later(old)).waiting == 1

    story(work)


def test_a_key_that_has_expired_vouches_for_no_other(story: Tell) -> None:
    async def work(world: World) -> None:
        one = await followed(world)
        world.advance(days=365 * 30)
        both = (one.own.certificate_pem, key_pair(1).certificate_pem)
        assert (await one.turn(one.document(*both, signed_by=one.own))).waiting == 1

    story(work)


# --- what cannot be had or used -------------------------------------------------------------------


FAILURES: Sequence[tuple[Any, str]] = [
    (refusal("idp_timeout"), "idp_timeout"),
    (refusal("idp_answer_too_large"), "idp_answer_too_large"),
    (HttpResponse(503, {}, b""), "idp_answer_unusable"),
    (HttpResponse(302, {"location": "https://evil.example/"}, b""), "idp_answer_unusable"),
    (b"<html>", "saml_metadata_invalid"),
    (b"<a>" + b" " * 10_000_000 + b"</a>", "saml_metadata_invalid"),
    (b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>', "saml_metadata_invalid"),
]


def test_a_document_that_cannot_be_used_changes_nothing_and_logins_go_on(story: Tell) -> None:
    async def work(world: World) -> None:
        one = await followed(world)
        before = await one.certificates()
        for number, (given, code) in enumerate(FAILURES, 1):
            assert (await one.later(given)).unread == 1
            state = (await one.view()).state
            assert (state.last_error, state.failures) == (code, number)
            assert await one.certificates() == before
            token_of(await one.log_in())
        # A valid document in an error page is an error page.
        assert (await one.later(answer(one.document(), status=404))).unread == 1
        assert (await one.later(one.document())).same == 1
        assert (await one.view()).state.failures == 0

    story(work)


def test_a_document_without_keys_or_with_a_plain_http_url_changes_nothing(story: Tell) -> None:
    async def work(world: World) -> None:
        one = await followed(world, idp_metadata_policy="automatic")
        before = await one.certificates()
        body = one.document(one.own.certificate_pem, sso_url="https://idp.example/" + "x" * 4000)
        assert (await one.later(body)).unread == 1
        assert (await one.view()).state.last_error == "saml_connection_idp_sso_url_invalid_format"
        empty = one.document().replace(b'use="signing"', b'use="encryption"')
        assert (await one.later(empty)).unread == 1
        assert await one.certificates() == before

    story(work)


def test_an_address_inside_is_not_asked_and_the_state_says_so(story: Tell) -> None:
    async def work(world: World) -> None:
        one = Followed(world)
        network = Network(())
        rt = replace(world.rt, send=network.send)
        await one.change(idp_metadata_url="https://127.0.0.1/metadata")
        view = await idp_metadata.refresh_now(rt, world.actor, one.owner, one.id)
        assert view.state.last_error == "idp_address_forbidden"
        await one.change(idp_metadata_url="https://169.254.169.254/latest")
        assert (await idp_metadata.refresh_due(rt)).unread == 1
        await network.close()

    story(work)


def test_metadata_that_has_ended_is_told_and_logins_go_on(story: Tell) -> None:
    async def work(world: World) -> None:
        one = await followed(world)
        await one.later(one.document(valid_until="2026-12-05T12:00:00Z"))
        world.advance(days=14)
        assert (await one.turn(one.document(valid_until="2026-12-05T12:00:00Z"))).unread == 1
        state = (await one.view()).state
        assert state.last_error == "saml_metadata_expired"
        assert state.expired(world.clock[0])
        token_of(await one.log_in())
        await expiry_notices.tell_due(world.rt)
        for organization_id in (one.owner, one.borrower):
            (event,) = await one.events(organization_id, "metadata_expires")
            assert event.details["days"] == "0"

    story(work)


# --- many at once ---------------------------------------------------------------------------------


def test_two_workers_read_a_document_once(story: Tell) -> None:
    async def work(world: World) -> None:
        one = await followed(world)
        world.advance(hours=25)
        asked = []

        async def send(request: HttpRequest) -> HttpResponse:
            asked.append(request.url)
            await asyncio.sleep(0)
            return answer(one.document())

        rt = replace(world.rt, send=send)
        turns = await asyncio.gather(*(idp_metadata.refresh_due(rt) for _ in range(4)))
        assert sorted(turn.same for turn in turns) == [0, 0, 0, 1]
        assert asked == [URL]

    story(work)


def test_a_worker_that_died_leaves_the_reading_to_another_after_its_lease(story: Tell) -> None:
    async def work(world: World) -> None:
        one = await followed(world)
        world.advance(hours=25)

        async def dies(_: HttpRequest) -> HttpResponse:
            raise asyncio.CancelledError

        with pytest.raises(asyncio.CancelledError):
            await idp_metadata.refresh_now(
                replace(world.rt, send=dies), world.actor, one.owner, one.id
            )
        assert await one.turn() == idp_metadata.Turn()
        world.clock[0] += LEASE
        assert (await one.turn(one.document())).same == 1

    story(work)


def test_a_reading_that_a_change_has_overtaken_is_thrown_away(story: Tell) -> None:
    async def work(world: World) -> None:
        one = await followed(world, idp_metadata_policy="automatic")
        world.advance(hours=25)

        async def send(_: HttpRequest) -> HttpResponse:
            await one.change(idp_metadata_url="https://idp.example/other")
            return answer(one.document(key_pair(9).certificate_pem))

        found = await idp_metadata.refresh_now(
            replace(world.rt, send=send), world.actor, one.owner, one.id
        )
        assert found.state.read_at is None
        assert await one.certificates() == [fingerprint(one.own.certificate_pem)]
        assert (await one.turn(one.document())).same == 1

    story(work)


def test_a_host_that_does_not_answer_holds_up_nobody_else(story: Tell) -> None:
    async def work(world: World) -> None:
        one = await followed(world)
        made = await connections.create_saml(
            world.rt, world.actor, one.owner, display_name="Slow", identity_provider=None
        )
        await connections.change_saml(
            world.rt, world.actor, one.owner, made.connection_id,
            SamlChanges(idp_metadata_url="https://slow.example/metadata"),
        )  # fmt: skip
        world.advance(hours=25)
        other_was_read = asyncio.Event()

        async def send(request: HttpRequest) -> HttpResponse:
            if "slow" in request.url:
                await other_was_read.wait()
                raise refusal("idp_timeout")
            return answer(one.document())

        turn = asyncio.ensure_future(idp_metadata.refresh_due(replace(world.rt, send=send)))
        while (await one.view()).state.read_at != world.clock[0]:
            await asyncio.sleep(0)
        other_was_read.set()
        found = await turn
        assert (found.same, found.unread) == (1, 1)

    story(work)


# --- a key that we do not know --------------------------------------------------------------------


def test_a_login_with_an_unknown_key_brings_the_next_reading_forward(story: Tell) -> None:
    async def work(world: World) -> None:
        one, new = await followed(world), key_pair(1)
        sent = len(world.sent)
        # Just read: no stranger makes us ask again and again.
        told = refused(await one.log_in(new), "saml_signature_invalid")
        assert "metadata" not in str(told)
        assert await one.turn() == idp_metadata.Turn()
        world.advance(minutes=6)
        told = refused(await one.log_in(new), "saml_signature_invalid")
        assert len(world.sent) == sent
        assert "its metadata is being read again" in str(told)
        both = (one.own.certificate_pem, new.certificate_pem)
        assert (await one.turn(one.document(*both, signed_by=one.own))).applied == 1
        token_of(await one.log_in(new))

    story(work)


# --- who may --------------------------------------------------------------------------------------


def test_an_organization_that_shares_a_connection_decides_nothing_about_it(story: Tell) -> None:
    async def work(world: World) -> None:
        one = await followed(world)
        await one.later(one.document(key_pair(1).certificate_pem))
        seen = (await one.view()).change_id
        (labs,) = [c for c in (await connections.get_all(world.rt, world.actor, one.borrower))
                   .external if c.external_connection_id == one.id]  # fmt: skip
        for connection_id in (one.id, labs.connection_id):
            path = f"/v1/b2b/sso/saml/{one.borrower}/connections/{connection_id}/idp_metadata"
            refused(await world.call("GET", path), "saml_connection_not_found", 404)
            body = {"change_id": seen}
            answered = await world.call("POST", f"{path}/confirm", body)
            refused(answered, "saml_connection_not_found", 404)

    story(work)


def test_an_organization_whose_share_was_revoked_hears_nothing_any_more(story: Tell) -> None:
    async def work(world: World) -> None:
        one = await followed(world)
        third = await organization(world, "third")
        door = await external_door(world, third, one.owner, one.id)
        done(
            await world.call(
                "POST", f"/v1/b2b/sso/{one.owner}/connections/{one.id}/external/{door}/revoke"
            )
        )
        await one.later(one.document(key_pair(1).certificate_pem))
        assert await one.events(third, "metadata_waits") == []
        assert len(await one.events(one.borrower, "metadata_waits")) == 1

    story(work)
