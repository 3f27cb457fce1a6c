"""Setup links and portal visits, and what is tried against them; on both databases."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from peers import certificates
from services.attacks import (
    Tell,
    done,
    organization,
    refused,
    rsa_pem,
    saml_door,
)
from support.world import REDIRECT, World
from vestibule.domain import setup_links as setup_link
from vestibule.domain.ids import token_hash
from vestibule.domain.projects import Project
from vestibule.domain.setup_links import MAX_LINKS
from vestibule.errors import VestibuleError
from vestibule.services import connections, domain_verification, drafts, projects, setup_links
from vestibule.services.setup_links import IssuedSetupLink, PortalVisit

APP = "https://app.example.com"
ELSEWHERE = "https://evil.example"


async def issue(world: World, name: str = "northwind", **asked: Any) -> IssuedSetupLink:
    given = {"scopes": ["sso"], "lifetime_minutes": 60, "uses": "one", **asked}
    return await setup_links.issue(world.rt, world.actor, name, **given)


def token_in(issued: IssuedSetupLink) -> str:
    return issued.url.rpartition("/")[2]


async def opened(world: World, issued: IssuedSetupLink) -> tuple[str, PortalVisit]:
    token = (await setup_links.open_link(world.rt, token_in(issued))).token
    return token, await setup_links.visit(world.rt, token)


async def frame(world: World, *origins: str) -> None:
    """Let pages of these origins embed the portal."""

    def work(tx: Any) -> Project:
        found = tx.projects.find(world.actor.project.project_id)
        settings = replace(found.settings, frame_ancestors=origins)
        return tx.projects.update(replace(found, settings=settings))

    await world.rt.store.write(work)


async def refusing(code: str, work: Any) -> VestibuleError:
    with pytest.raises(VestibuleError) as caught:
        await work
    assert caught.value.code == code, str(caught.value)
    return caught.value


async def actions(world: World, name: str = "northwind") -> list[str]:
    def work(tx: Any) -> list[str]:
        found = tx.organizations.find_by_any(world.actor.project.project_id, name)
        return [event.action for event in tx.audit.latest(found.organization_id, 50)]

    return await world.rt.store.read(work)


# --- the life of a link ---------------------------------------------------------------------------


def test_a_link_opens_a_visit_of_its_organization_and_scopes(story: Tell) -> None:
    async def tell(world: World) -> None:
        issued = await issue(world, note="for Grace", return_url=REDIRECT)
        assert issued.url.startswith(f"{world.rt.settings.base_url}/portal/setup/")
        looked = await setup_links.look(world.rt, token_in(issued))
        assert looked.organization.slug == "northwind"
        _, visit = await opened(world, issued)
        assert (visit.organization.slug, visit.embedded) == ("northwind", False)
        assert visit.link.scopes == ("sso",) and visit.link.opened_count == 1
        assert visit.actor.label == visit.link.link_id and visit.actor.on_behalf is None
        found = await connections.get_all(world.rt, visit.actor, "northwind")
        assert found.saml and found.oidc
        assert {"setup_link.opened", "setup_link.issued"} <= set(await actions(world))

    story(tell)


def test_a_look_does_not_use_a_link_up(story: Tell) -> None:
    async def tell(world: World) -> None:
        issued = await issue(world)
        for _ in range(3):  # a scanner of mail, a preview, the reader
            await setup_links.look(world.rt, token_in(issued))
        await opened(world, issued)

    story(tell)


def test_a_link_for_one_use_opens_once(story: Tell) -> None:
    async def tell(world: World) -> None:
        issued = await issue(world)
        await opened(world, issued)
        await refusing("setup_link_used", setup_links.open_link(world.rt, token_in(issued)))
        await refusing("setup_link_used", setup_links.look(world.rt, token_in(issued)))
        many = await issue(world, uses="many")
        tokens = {(await opened(world, many))[0] for _ in range(3)}
        assert len(tokens) == 3
        assert (await setup_links.look(world.rt, token_in(many))).link.opened_count == 3

    story(tell)


def test_of_many_who_open_a_one_use_link_at_once_one_gets_in(story: Tell) -> None:
    async def tell(world: World) -> None:
        token = token_in(await issue(world))
        tried = [setup_links.open_link(world.rt, token) for _ in range(8)]
        answers = await asyncio.gather(*tried, return_exceptions=True)
        lost = [one for one in answers if isinstance(one, VestibuleError)]
        assert len(answers) - len(lost) == 1
        assert {one.code for one in lost} == {"setup_link_used"}

    story(tell)


def test_a_link_ends_with_its_time_and_a_visit_goes_on_for_eight_hours(story: Tell) -> None:
    async def tell(world: World) -> None:
        used = await issue(world, uses="many", lifetime_minutes=5)
        token, visit = await opened(world, used)
        assert visit.expires_at == world.rt.now().replace(hour=world.rt.now().hour + 8)
        world.advance(minutes=5)
        await refusing("setup_link_expired", setup_links.look(world.rt, token_in(used)))
        await refusing("setup_link_expired", setup_links.open_link(world.rt, token_in(used)))
        for _ in range(9):
            world.advance(minutes=50)
            await setup_links.visit(world.rt, token)
        world.advance(minutes=25)
        await refusing("portal_visit_ended", setup_links.visit(world.rt, token))

    story(tell)


def test_a_visit_ends_after_an_hour_of_nothing(story: Tell) -> None:
    async def tell(world: World) -> None:
        token, _ = await opened(world, await issue(world))
        world.advance(minutes=59)
        await setup_links.visit(world.rt, token)
        world.advance(minutes=59)
        await setup_links.visit(world.rt, token)
        world.advance(minutes=60)
        await refusing("portal_visit_ended", setup_links.visit(world.rt, token))

    story(tell)


def test_a_visit_that_is_closed_is_over(story: Tell) -> None:
    async def tell(world: World) -> None:
        token, _ = await opened(world, await issue(world))
        await setup_links.close(world.rt, token)
        await setup_links.close(world.rt, token)
        await refusing("portal_visit_ended", setup_links.visit(world.rt, token))

    story(tell)


def test_what_is_asked_of_a_new_link_is_checked(story: Tell) -> None:
    async def tell(world: World) -> None:
        saml = world.demo.saml.connection_id
        for asked in (
            {"scopes": []},
            {"scopes": ["everything"]},
            {"scopes": ["certificate_renewal"]},
            {"scopes": ["sso"], "connection_id": saml},
            {"lifetime_minutes": 4},
            {"lifetime_minutes": 30 * 24 * 60 + 1},
            {"uses": "often"},
            {"note": "n" * 201},
            {"note": "two\nlines"},
        ):
            await refusing("field_invalid", issue(world, **asked))
        renewal = ["certificate_renewal"]
        for name in (world.demo.oidc.connection_id, world.demo.labs_saml.connection_id, "none"):
            asked = {"scopes": renewal, "connection_id": name}
            await refusing("saml_connection_not_found", issue(world, **asked))
        await refusing(
            "no_match_for_provided_sso_url", issue(world, return_url=f"{ELSEWHERE}/back")
        )
        await refusing("organization_not_found", issue(world, "nobody"))
        assert not await setup_links.list_links(world.rt, world.actor, "northwind")

    story(tell)


def test_an_organization_holds_only_so_many_open_links(story: Tell) -> None:
    async def tell(world: World) -> None:
        first = (await issue(world)).link

        def fill(tx: Any) -> None:
            for number in range(MAX_LINKS - 1):
                link = replace(first, link_id=f"setup-link-test-{number}")
                tx.setup_links.insert(link, token_hash(str(number)))

        await world.rt.store.write(fill)
        await refusing("too_many_setup_links", issue(world))
        await setup_links.revoke(world.rt, world.actor, "northwind", first.link_id)
        await issue(world)

    story(tell)


# --- attacks: guessing, other organizations, revocation -------------------------------------------


def test_attack_guess_a_link(story: Tell) -> None:
    """Nothing near a token is one, and what is stored does not open anything."""

    async def tell(world: World) -> None:
        issued = await issue(world, uses="many")
        token = token_in(issued)
        assert len(token) == 43
        near = [token[:-1], f"{token}A", token.swapcase(), "", issued.link.link_id, "\ud800"]
        for guess in [*near, token_hash(token).hex()]:
            await refusing("setup_link_not_found", setup_links.look(world.rt, guess))
            await refusing("setup_link_not_found", setup_links.open_link(world.rt, guess))
            await refusing("portal_visit_ended", setup_links.visit(world.rt, guess))

    story(tell)


def test_attack_learn_a_link_from_the_time_of_its_lookup(story: Tell) -> None:
    """A token is looked up by its hash alone: neither it nor any part of it is in the database."""

    async def tell(world: World) -> None:
        token = token_in(await issue(world))
        visit_token = (await setup_links.open_link(world.rt, token)).token

        def rows(tx: Any) -> str:
            execute = tx._connection.exec_driver_sql
            tables = ("setup_link", "portal_visit", "audit_event")
            return "".join(
                str(row)
                for name in tables
                for row in execute(f"SELECT * FROM {name}")  # noqa: S608
            )

        held = await world.rt.store.read(rows)
        for secret in (token, visit_token):
            assert secret not in held and secret[:12] not in held

    story(tell)


def test_attack_use_the_token_of_a_visit_as_a_link_or_a_link_as_a_visit(story: Tell) -> None:
    async def tell(world: World) -> None:
        issued = await issue(world, uses="many")
        token, _ = await opened(world, issued)
        await refusing("setup_link_not_found", setup_links.open_link(world.rt, token))
        await refusing("portal_visit_ended", setup_links.visit(world.rt, token_in(issued)))

    story(tell)


def test_attack_reach_another_organization_through_a_link(story: Tell) -> None:
    async def tell(world: World) -> None:
        _, visit = await opened(world, await issue(world))
        labs, guest = world.demo.labs, visit.actor
        theirs = world.demo.labs_saml.connection_id
        for name in (labs.organization_id, labs.slug, "nobody-at-all"):
            for work in (
                connections.get_all(world.rt, guest, name),
                connections.get(world.rt, guest, name, theirs),
                connections.delete(world.rt, guest, name, theirs),
                domain_verification.list_claims(world.rt, guest, name),
            ):
                # The same for one that is there and for one that is not.
                error = await refusing("setup_link_scope", work)
                assert labs.organization_id not in str(error)

        # Nor by naming their connection as one's own.
        await refusing(
            "sso_connection_not_found", connections.get(world.rt, guest, "northwind", theirs)
        )

    story(tell)


def test_attack_stay_in_the_portal_after_the_link_is_revoked(story: Tell) -> None:
    async def tell(world: World) -> None:
        issued = await issue(world, uses="many")
        token, visit = await opened(world, issued)
        revoked = await setup_links.revoke(world.rt, world.actor, "northwind", issued.link.link_id)
        assert revoked.revoked_at == world.rt.now()
        await refusing("portal_visit_ended", setup_links.visit(world.rt, token))
        await refusing("setup_link_revoked", setup_links.open_link(world.rt, token_in(issued)))
        await refusing("setup_link_revoked", setup_links.look(world.rt, token_in(issued)))
        # Not even with a visit that was looked up before.
        await refusing("portal_visit_ended", setup_links.hand_over(world.rt, visit))
        again = await setup_links.revoke(world.rt, world.actor, "northwind", issued.link.link_id)
        assert again.revoked_at == world.rt.now()
        assert (await actions(world)).count("setup_link.revoked") == 1

    story(tell)


def test_attack_begin_a_visit_at_the_moment_of_the_revocation(story: Tell) -> None:
    """A visit whose transaction did not see the revocation is found out at its first request."""

    async def tell(world: World) -> None:
        issued = await issue(world, uses="many")
        await setup_links.revoke(world.rt, world.actor, "northwind", issued.link.link_id)
        _, late = setup_link.opened(issued.link, world.rt.now())
        await world.rt.store.write(lambda tx: tx.setup_links.insert_visit(late, token_hash("late")))
        await refusing("portal_visit_ended", setup_links.visit(world.rt, "late"))

    story(tell)


def test_a_revocation_says_how_many_visits_it_ended(story: Tell) -> None:
    async def tell(world: World) -> None:
        issued = await issue(world, uses="many")
        for _ in range(2):
            await opened(world, issued)
        await setup_links.revoke(world.rt, world.actor, "northwind", issued.link.link_id)

        def ended(tx: Any) -> list[str]:
            events = tx.audit.latest(issued.link.organization_id, 50)
            return [e.details["visits_ended"] for e in events if e.action == "setup_link.revoked"]

        assert await world.rt.store.read(ended) == ["2"]

    story(tell)


def test_a_link_of_another_organization_cannot_be_revoked(story: Tell) -> None:
    async def tell(world: World) -> None:
        issued = await issue(world)
        work = setup_links.revoke(world.rt, world.actor, world.demo.labs.slug, issued.link.link_id)
        await refusing("setup_link_not_found", work)
        await setup_links.look(world.rt, token_in(issued))

    story(tell)


def test_a_visit_ends_with_its_organization(story: Tell) -> None:
    async def tell(world: World) -> None:
        await organization(world, "short-lived")
        issued = await issue(world, "short-lived", uses="many")
        token, _ = await opened(world, issued)
        done(await world.call("DELETE", "/v1/b2b/organizations/short-lived"))
        await refusing("portal_visit_ended", setup_links.visit(world.rt, token))
        await refusing("setup_link_not_found", setup_links.look(world.rt, token_in(issued)))

    story(tell)


# --- handing over ---------------------------------------------------------------------------------


def test_a_guest_hands_over_the_same_scopes_once_and_no_longer(story: Tell) -> None:
    async def tell(world: World) -> None:
        saml = world.demo.saml.connection_id
        first = await issue(
            world, scopes=["domain_verification", "certificate_renewal"], connection_id=saml,
            uses="many",
        )  # fmt: skip
        _, visit = await opened(world, first)
        world.advance(minutes=30)
        second = await setup_links.hand_over(world.rt, visit)
        kept = ("scopes", "connection_id", "expires_at", "organization_id", "return_url")
        for name in kept:
            assert getattr(second.link, name) == getattr(first.link, name), name
        assert (second.link.uses, second.link.parent_id) == ("one", first.link.link_id)
        assert second.link.created_by == first.link.link_id
        _, colleague = await opened(world, second)
        assert colleague.actor.operations == visit.actor.operations
        assert "setup_link.handed_over" in await actions(world)

    story(tell)


def test_attack_widen_a_link_by_handing_it_over(story: Tell) -> None:
    """The scopes are those of the stored link, whatever the visit in hand says."""

    async def tell(world: World) -> None:
        first = await issue(world, scopes=["domain_verification"])
        _, visit = await opened(world, first)
        wide = replace(
            visit, link=replace(visit.link, scopes=("sso",), expires_at=visit.expires_at)
        )
        second = await setup_links.hand_over(world.rt, wide)
        assert second.link.scopes == ("domain_verification",)
        assert second.link.expires_at == first.link.expires_at
        _, colleague = await opened(world, second)
        work = connections.get_all(world.rt, colleague.actor, "northwind")
        await refusing("setup_link_scope", work)

    story(tell)


def test_attack_outlive_a_link_by_handing_it_over(story: Tell) -> None:
    async def tell(world: World) -> None:
        first = await issue(world, lifetime_minutes=30)
        _, visit = await opened(world, first)
        world.advance(minutes=30)
        await refusing("setup_link_expired", setup_links.hand_over(world.rt, visit))

    story(tell)


def test_attack_survive_a_revocation_by_handing_over_before(story: Tell) -> None:
    async def tell(world: World) -> None:
        first = await issue(world)
        _, visit = await opened(world, first)
        second = await setup_links.hand_over(world.rt, visit)
        token, colleague = await opened(world, second)
        third = await setup_links.hand_over(world.rt, colleague)
        beside = await issue(world)
        await setup_links.revoke(world.rt, world.actor, "northwind", first.link.link_id)
        await refusing("portal_visit_ended", setup_links.visit(world.rt, token))
        await refusing("setup_link_revoked", setup_links.open_link(world.rt, token_in(third)))
        await opened(world, beside)

    story(tell)


# --- what a scope opens ---------------------------------------------------------------------------


def test_a_renewal_reads_and_changes_the_certificates_of_its_connection_alone(
    story: Tell,
) -> None:
    async def tell(world: World) -> None:
        saml = world.demo.saml.connection_id
        other = await saml_door(world, "northwind")
        issued = await issue(world, scopes=["certificate_renewal"], connection_id=saml)
        _, visit = await opened(world, issued)
        rt, guest = world.rt, visit.actor
        pem = certificates.make_key_pair("Another IdP").certificate_pem
        found: Any = await connections.get(rt, guest, "northwind", saml)
        (old,) = found.verification_certificates
        unchanged = connections.SamlChanges()
        new = await connections.change_saml(
            rt, guest, "northwind", saml, unchanged, x509_certificate=pem
        )
        assert len(new.verification_certificates) == 2
        await connections.delete_certificate(rt, guest, "northwind", saml, old.certificate_id)

        renamed = connections.SamlChanges(display_name="Mine")
        metadata = f"{world.idp.base}/saml/metadata"
        for work in (
            connections.get(rt, guest, "northwind", other.connection_id),
            connections.change_saml(
                rt, guest, "northwind", other.connection_id, unchanged, x509_certificate=pem
            ),
            connections.delete_certificate(rt, guest, "northwind", other.connection_id, "any"),
            connections.change_saml(rt, guest, "northwind", saml, renamed, x509_certificate=pem),
            connections.change_saml(
                rt, guest, "northwind", saml, unchanged, signing_private_key=rsa_pem()
            ),
            connections.change_saml_by_url(rt, guest, "northwind", saml, metadata),
            connections.create_signing_key(rt, guest, "northwind", saml),
            connections.delete(rt, guest, "northwind", saml),
            connections.get_all(rt, guest, "northwind"),
            drafts.put_saml_draft(rt, guest, "northwind", saml, unchanged, x509_certificate=pem),
        ):
            await refusing("setup_link_scope", work)

    story(tell)


def test_a_domain_link_proves_domains_and_sees_no_connection(story: Tell) -> None:
    async def tell(world: World) -> None:
        _, visit = await opened(world, await issue(world, scopes=["domain_verification"]))
        made = await domain_verification.begin(world.rt, visit.actor, "northwind", "example.org")
        assert made.domain == "example.org"
        work = connections.get(world.rt, visit.actor, "northwind", world.demo.saml.connection_id)
        await refusing("setup_link_scope", work)

    story(tell)


def test_a_guest_makes_an_external_connection_by_the_owners_rules(story: Tell) -> None:
    async def tell(world: World) -> None:
        name = world.demo.saml.connection_id
        path = f"/v1/b2b/sso/saml/northwind/connections/{name}"
        done(await world.call("PUT", path, {"external_sharing": "approval"}))
        await organization(world, "newcomer")
        _, visit = await opened(world, await issue(world, "newcomer"))
        made = await connections.create_external(
            world.rt,
            visit.actor,
            "newcomer",
            external_organization_id="northwind",
            external_connection_id=name,
        )
        assert made.share_status == "pending"

    story(tell)


# --- embedded -------------------------------------------------------------------------------------


async def portal_token(world: World, actor: Any = None, origin: str = APP) -> str:
    return await setup_links.issue_portal_token(
        world.rt, actor or world.actor, "northwind", scopes=["sso"], origin=origin
    )


def test_a_portal_token_opens_once_in_its_own_origin(story: Tell) -> None:
    async def tell(world: World) -> None:
        await frame(world, APP)
        token = await portal_token(world)
        made = await setup_links.open_embedded(world.rt, token, APP)
        visit = await setup_links.visit(world.rt, made.token)
        assert visit.embedded and visit.link.origin == APP
        assert (visit.expires_at - world.rt.now()).total_seconds() == 3600
        await connections.get_all(world.rt, visit.actor, "northwind")
        await refusing("portal_token_not_found", setup_links.open_embedded(world.rt, token, APP))
        assert not await setup_links.list_links(world.rt, world.actor, "northwind")

    story(tell)


def test_attack_open_the_embedded_portal_from_another_origin(story: Tell) -> None:
    async def tell(world: World) -> None:
        await frame(world, APP, "https://*.example.net")
        token = await portal_token(world)
        for origin in (
            ELSEWHERE,
            f"{APP}/",
            f"{APP}:443",
            "null",
            "",
            "*",
            "https://a.example.net",
        ):
            work = setup_links.open_embedded(world.rt, token, origin)
            await refusing("portal_origin_forbidden", work)
        for origin in (
            ELSEWHERE, "http://app.example.com", "https://*.example.net", "https://example.net",
            "https://evilexample.net", "https://evil/.example.net", "https://a@x.example.net", "",
        ):  # fmt: skip
            await refusing("portal_origin_forbidden", portal_token(world, origin=origin))
        await setup_links.open_embedded(world.rt, token, APP)
        below = await portal_token(world, origin="https://a.b.example.net")
        await setup_links.open_embedded(world.rt, below, "https://a.b.example.net")

    story(tell)


def test_attack_replay_a_portal_token(story: Tell) -> None:
    async def tell(world: World) -> None:
        await frame(world, APP)
        token = await portal_token(world)
        tried = [setup_links.open_embedded(world.rt, token, APP) for _ in range(5)]
        answers = await asyncio.gather(*tried, return_exceptions=True)
        lost = [one for one in answers if isinstance(one, VestibuleError)]
        assert len(lost) == 4 and {one.code for one in lost} == {"portal_token_not_found"}
        late = await portal_token(world)
        world.advance(minutes=5)
        await refusing("portal_token_not_found", setup_links.open_embedded(world.rt, late, APP))

    story(tell)


def test_attack_open_a_portal_token_as_a_link_or_a_link_as_a_portal_token(story: Tell) -> None:
    async def tell(world: World) -> None:
        await frame(world, APP)
        token = await portal_token(world)
        await refusing("setup_link_not_found", setup_links.look(world.rt, token))
        await refusing("setup_link_not_found", setup_links.open_link(world.rt, token))
        link = token_in(await issue(world))
        await refusing("portal_token_not_found", setup_links.open_embedded(world.rt, link, APP))
        made = await setup_links.open_embedded(world.rt, token, APP)
        visit = await setup_links.visit(world.rt, made.token)
        await refusing("setup_link_scope", setup_links.hand_over(world.rt, visit))

    story(tell)


def test_an_origin_that_may_no_longer_embed_ends_its_visits(story: Tell) -> None:
    async def tell(world: World) -> None:
        await frame(world, APP)
        made = await setup_links.open_embedded(world.rt, await portal_token(world), APP)
        waiting = await portal_token(world)
        await frame(world)
        await refusing("portal_visit_ended", setup_links.visit(world.rt, made.token))
        await refusing("portal_origin_forbidden", setup_links.open_embedded(world.rt, waiting, APP))

    story(tell)


# --- on behalf of a member ------------------------------------------------------------------------


async def member_with(world: World, *actions: str) -> dict[str, str]:
    """Somebody of Northwind whose role grants these actions on connections, signed in."""
    role = {
        "role_id": "tested",
        "permissions": [{"resource_id": "stytch.sso", "actions": list(actions)}] if actions else [],
    }
    path = f"/v1/b2b/rbac/organizations/{world.demo.northwind.organization_id}"
    done(await world.call("PUT", path, {"org_policy": {"roles": [role]}}))
    session = await world.sign_in(world.demo.saml.connection_id)
    members = f"/v1/b2b/organizations/northwind/members/{session['member_id']}"
    done(await world.call("PUT", members, {"roles": ["tested"]}))
    return {"member_id": session["member_id"], "session": session["session_token"]}


async def asked_by(world: World, session: str, **body: Any) -> Any:
    path = "/v1/b2b/organizations/northwind/portal_token"
    return await world.call("POST", path, {"origin": APP, **body}, session=session)


def test_a_member_needs_create_and_update_to_open_the_embedded_portal(story: Tell) -> None:
    async def tell(world: World) -> None:
        await frame(world, APP)
        await project_without_connection_roles(world)
        for granted in ((), ("create", "get"), ("update", "get")):
            who = await member_with(world, *granted)
            refused(await asked_by(world, who["session"]), "session_authorization_error", 403)
        who = await member_with(world, "create", "update")
        done(await asked_by(world, who["session"]))
        labs = f"/v1/b2b/organizations/{world.demo.labs.slug}/portal_token"
        elsewhere = await world.call("POST", labs, {"origin": APP}, session=who["session"])
        refused(elsewhere, "session_authorization_tenancy_error", 403)
        renewal = await asked_by(world, who["session"], scopes=["certificate_renewal"])
        refused(renewal, "field_invalid")

    story(tell)


def test_a_page_gets_a_portal_token_for_the_member_who_is_signed_in(story: Tell) -> None:
    async def tell(world: World) -> None:
        await frame(world, APP)
        who = await member_with(world, "create", "update")
        auth = (world.credentials.public_token, who["session"])
        async with world.client(auth=auth) as client:
            path = "/sdk/v1/b2b/admin_portal/token"
            answer = done(await client.post(path, json={"origin": APP}))["data"]
            made = await setup_links.open_embedded(world.rt, answer["portal_token"], APP)
            visit = await setup_links.visit(world.rt, made.token)
            assert visit.actor.label == who["member_id"]
            found = await client.post(
                "/sdk/v1/b2b/sso/route", json={"email_address": "a@b.example"}
            )
            assert done(found)["data"]["choices"] == []

    story(tell)


def test_an_embedded_visit_has_the_rights_of_its_member_at_each_request(story: Tell) -> None:
    async def tell(world: World) -> None:
        await frame(world, APP)
        await project_without_connection_roles(world)
        who = await member_with(world, "create", "update", "get")
        scopes = ["sso", "domain_verification"]
        token = done(await asked_by(world, who["session"], scopes=scopes))["portal_token"]
        made = await setup_links.open_embedded(world.rt, token, APP)
        visit = await setup_links.visit(world.rt, made.token)
        rt, saml = world.rt, world.demo.saml.connection_id
        assert visit.actor.label == who["member_id"]
        await connections.get_all(rt, visit.actor, "northwind")
        # In the scopes of the token, but not among the member's rights.
        await refusing(
            "session_authorization_error", connections.delete(rt, visit.actor, "northwind", saml)
        )
        await refusing(
            "session_authorization_error",
            domain_verification.list_claims(rt, visit.actor, "northwind"),
        )
        role = {"role_id": "tested", "permissions": []}
        path = f"/v1/b2b/rbac/organizations/{world.demo.northwind.organization_id}"
        done(await world.call("PUT", path, {"org_policy": {"roles": [role]}}))
        later = await setup_links.visit(world.rt, made.token)
        await refusing(
            "session_authorization_error",
            connections.get_all(rt, later.actor, "northwind"),
        )

    story(tell)


def test_an_embedded_visit_ends_with_the_session_of_its_member(story: Tell) -> None:
    async def tell(world: World) -> None:
        await frame(world, APP)
        who = await member_with(world, "create", "update", "get")
        tokens = [done(await asked_by(world, who["session"]))["portal_token"] for _ in range(2)]
        made = await setup_links.open_embedded(world.rt, tokens[0], APP)
        await setup_links.visit(world.rt, made.token)
        revoke = {"session_token": who["session"]}
        done(await world.call("POST", "/v1/b2b/sessions/revoke", revoke))
        await refusing("portal_visit_ended", setup_links.visit(world.rt, made.token))
        await refusing(
            "portal_token_not_found", setup_links.open_embedded(world.rt, tokens[1], APP)
        )

    story(tell)


async def project_without_connection_roles(world: World) -> None:
    """The demo's connection makes everybody an administrator of something; not here."""
    path = f"/v1/b2b/sso/saml/northwind/connections/{world.demo.saml.connection_id}"
    nothing = {
        "saml_connection_implicit_role_assignments": [],
        "saml_group_implicit_role_assignments": [],
    }
    done(await world.call("PUT", path, nothing))


# --- sweeping -------------------------------------------------------------------------------------


def test_what_has_ended_long_ago_is_swept_and_the_rest_is_kept(story: Tell) -> None:
    async def tell(world: World) -> None:
        await frame(world, APP)
        await issue(world, lifetime_minutes=5)
        token, _ = await opened(world, await issue(world))
        await portal_token(world)
        world.advance(hours=9)
        await projects.sweep(world.rt)

        def count(tx: Any) -> tuple[int, int]:
            execute = tx._connection.exec_driver_sql
            links = execute("SELECT count(*) FROM setup_link").scalar()
            return links, execute("SELECT count(*) FROM portal_visit").scalar()

        assert await world.rt.store.read(count) == (2, 0)
        assert token
        world.advance(days=91)
        await projects.sweep(world.rt)
        assert await world.rt.store.read(count) == (0, 0)

    story(tell)


# --- the API --------------------------------------------------------------------------------------


def test_the_api_issues_lists_and_revokes(story: Tell) -> None:
    async def tell(world: World) -> None:
        path = "/v1/b2b/organizations/northwind/setup_links"
        made = done(await world.call("POST", path, {"scopes": ["sso"], "note": "for Grace"}))
        assert made["url"].startswith(f"{world.rt.settings.base_url}/portal/setup/")
        link = made["setup_link"]
        assert (link["status"], link["uses"], link["created_by"]) == ("open", "one", "project")
        listed = done(await world.call("GET", path))["setup_links"]
        assert listed == [link] and "url" not in listed[0]
        gone = done(await world.call("DELETE", f"{path}/{link['link_id']}"))["setup_link"]
        assert gone["status"] == "revoked"
        refused(await world.call("DELETE", f"{path}/nobody"), "setup_link_not_found", 404)
        refused(await world.call("POST", path, {"scopes": ["all"]}), "field_invalid")
        refused(await world.call("POST", path, {}), "field_missing")

    story(tell)


def test_no_member_issues_or_sees_setup_links(story: Tell) -> None:
    """The headers of a session are not read there: only the team holds the secret."""

    async def tell(world: World) -> None:
        _, visit = await opened(world, await issue(world))
        for work in (
            setup_links.list_links(world.rt, visit.actor, "northwind"),
            setup_links.issue(
                world.rt, visit.actor, "northwind", scopes=["sso"], lifetime_minutes=60, uses="many"
            ),
            setup_links.revoke(world.rt, visit.actor, "northwind", visit.link.link_id),
            setup_links.issue_portal_token(
                world.rt, visit.actor, "northwind", scopes=["sso"], origin=APP
            ),
        ):
            await refusing("setup_link_scope", work)

    story(tell)
