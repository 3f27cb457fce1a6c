"""What somebody pasted, put into a connection; on both databases."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from peers.certificates import make_key_pair
from services.attacks import Tell
from support.world import BASE_URL, World, open_world
from vestibule.domain.connections import OidcConnection, SamlConnection
from vestibule.errors import VestibuleError, refusal
from vestibule.protocols.http import HttpResponse
from vestibule.services import connections, drafts, pasted, setup_links
from vestibule.web.problems import status_of

OTHER = make_key_pair("Another identity provider").certificate_pem


async def refusing(code: str, work: Awaitable[Any]) -> VestibuleError:
    with pytest.raises(VestibuleError) as caught:
        await work
    assert caught.value.code == code, str(caught.value)
    assert 400 <= status_of(caught.value.row) < 500
    return caught.value


async def new_saml(world: World) -> SamlConnection:
    return await connections.create_saml(
        world.rt, world.actor, "northwind", display_name="New", identity_provider=None
    )


async def new_oidc(world: World) -> OidcConnection:
    return await connections.create_oidc(
        world.rt, world.actor, "northwind", display_name="New", identity_provider=None
    )


async def paste(
    world: World, connection_id: str, text: str | bytes, into: pasted.Into = "live", **who: Any
) -> pasted.Applied:
    actor = who.get("actor", world.actor)
    return await pasted.apply(world.rt, actor, "northwind", connection_id, text, into=into)


def metadata_url(world: World) -> str:
    return f"{world.idp.base}/saml/metadata"


async def metadata(world: World) -> str:
    async with world.client() as client:
        return (await client.get(metadata_url(world))).text


# --- SAML -----------------------------------------------------------------------------------------


def test_metadata_fills_a_saml_connection(story: Tell) -> None:
    async def tell(world: World) -> None:
        for text in (await metadata(world), (await metadata(world)).encode(), metadata_url(world)):
            made = await new_saml(world)
            got = await paste(world, made.connection_id, text)
            idp = world.idp.address
            assert got.kind in ("metadata_xml", "metadata_url")
            assert got.changes["idp_entity_id"] == idp.entity_id
            assert got.changes["idp_sso_url"] == idp.sso_url
            assert got.changes["verification_certificates"]
            assert got.missing == ("attribute_mapping",)
            live = await connections.get(world.rt, world.actor, "northwind", made.connection_id)
            assert live == got.connection and isinstance(live, SamlConnection)
            assert live.idp_metadata_url == (text if text == metadata_url(world) else "")

    story(tell)


def test_a_draft_takes_metadata_and_leaves_the_live_connection_alone(story: Tell) -> None:
    async def tell(world: World) -> None:
        name = world.demo.saml.connection_id
        before = await connections.get(world.rt, world.actor, "northwind", name)
        changed = (await metadata(world)).replace(
            world.idp.address.entity_id, "https://next.example/entity"
        )
        got = await paste(world, name, changed, "draft")
        assert got.changes == {"idp_entity_id": "https://next.example/entity"}
        got = await paste(world, name, metadata_url(world), "draft")
        assert got.changes.keys() == {"idp_entity_id", "idp_metadata_url"}
        assert await connections.get(world.rt, world.actor, "northwind", name) == before
        pending = (await new_saml(world)).connection_id
        got = await paste(world, pending, changed, "draft")
        assert got.changes["idp_entity_id"] and got.missing == ("attribute_mapping",)

    story(tell)


def test_the_parts_of_a_saml_connection_come_one_by_one(story: Tell) -> None:
    async def tell(world: World) -> None:
        name = (await new_saml(world)).connection_id
        got = await paste(world, name, "https://sts.windows.net/1-2-3/")
        assert got.changes == {"idp_entity_id": "https://sts.windows.net/1-2-3/"}
        assert "x509_certificate" in got.missing and "idp_sso_url" in got.missing
        got = await paste(world, name, "https://adfs.example/adfs/ls/")
        assert "idp_sso_url" in got.changes
        got = await paste(world, name, OTHER)
        assert list(got.changes) == ["verification_certificates"]
        assert got.missing == ("attribute_mapping",)
        # The same again changes nothing.
        assert (await paste(world, name, OTHER)).changes == {}

    story(tell)


def test_a_draft_takes_what_is_pasted_on_top_of_what_was(story: Tell) -> None:
    async def tell(world: World) -> None:
        name = world.demo.saml.connection_id
        await paste(world, name, OTHER, "draft")
        got = await paste(world, name, "https://adfs.example/adfs/ls/", "draft")
        assert list(got.changes) == ["idp_sso_url"]
        view = await drafts.get_draft(world.rt, world.actor, "northwind", name)
        assert {change.field for change in view.changes} == {
            "idp_sso_url", "verification_certificates",
        }  # fmt: skip

    story(tell)


def test_an_address_that_turns_out_to_be_metadata_is_taken(story: Tell) -> None:
    async def tell(world: World) -> None:
        name = (await new_saml(world)).connection_id
        document = (await metadata(world)).encode()
        world.answers.append(HttpResponse(200, {}, document))
        got = await paste(world, name, "https://idp.example/federation")
        assert got.changes["idp_metadata_url"] == "https://idp.example/federation"
        world.answers.append(HttpResponse(200, {}, b"<html>Sign in</html>"))
        error = await refusing("pasted_not_usable", paste(world, name, "https://idp.example/other"))
        assert error.got == "https://idp.example/other"

    story(tell)


# --- OIDC -----------------------------------------------------------------------------------------


def test_an_issuer_fills_an_oidc_connection(story: Tell) -> None:
    async def tell(world: World) -> None:
        issuer = world.demo.oidc.issuer
        for text in (issuer, f"{issuer}/", f"{issuer}/.well-known/openid-configuration"):
            name = (await new_oidc(world)).connection_id
            got = await paste(world, name, text)
            assert got.changes["issuer"] == issuer
            assert {"authorization_url", "token_url", "jwks_url"} <= got.changes.keys()
            assert got.missing == ("client_id", "client_secret")
            got = await paste(world, name, "Client ID: abc\nClient secret: hush-hush")
            assert got.missing == () and "hush" not in str(got.changes)
            assert got.changes["client_id"] == "abc"
        live = world.demo.oidc.connection_id
        got = await paste(world, live, "client_id=other", "draft")
        assert got.changes == {"client_id": "other"}

    story(tell)


def test_an_openid_configuration_is_taken_where_its_issuer_does_not_answer(story: Tell) -> None:
    async def tell(world: World) -> None:
        name = (await new_oidc(world)).connection_id
        url = "https://login.example"
        document = {
            "issuer": url, "authorization_endpoint": f"{url}/a", "token_endpoint": f"{url}/t",
            "userinfo_endpoint": f"{url}/u", "jwks_uri": f"{url}/k", "scopes_supported": 1,
        }  # fmt: skip
        world.answers.append(refusal("idp_unreachable"))
        got = await paste(world, name, json.dumps(document))
        assert got.changes["token_url"] == f"{url}/t"
        assert got.missing == ("client_id", "client_secret")

    story(tell)


# --- what is of no use ----------------------------------------------------------------------------


def test_attack_put_a_private_key_into_a_connection(story: Tell) -> None:
    """It is refused loudly, and no part of it is told again."""

    async def tell(world: World) -> None:
        pair = make_key_pair("Careless")
        for name in (world.demo.saml.connection_id, world.demo.oidc.connection_id):
            for text in (pair.key_pem, pair.certificate_pem + pair.key_pem):
                error = await refusing("pasted_private_key", paste(world, name, text))
                assert pair.key_pem[40:80] not in str(error)

    story(tell)


def test_what_is_of_no_use_is_refused_with_what_it_is(story: Tell) -> None:
    async def tell(world: World) -> None:
        saml, oidc = world.demo.saml.connection_id, world.demo.oidc.connection_id
        ours = f"{BASE_URL}/v1/public/sso/metadata/{saml}"
        async with world.client() as client:
            our_metadata = (await client.get(ours)).text
        two = OTHER + make_key_pair("Third").certificate_pem
        issuer = world.demo.oidc.issuer
        for name, text, said in (
            (saml, "", "empty"),
            (saml, "please help", "begins with"),
            (saml, ours, "address of ours"),
            (saml, our_metadata, "our own metadata"),
            (saml, "<html></html>", "web page"),
            (saml, "<Response xmlns='x'/>", "message of one sign-in"),
            (saml, two, "2 certificates"),
            (saml, f"{issuer}/.well-known/openid-configuration", "discovery URL"),
            (saml, "client_id=a client_secret=b", "client ID"),
            (oidc, OTHER, "certificate"),
            (oidc, await metadata(world), "metadata"),
            (oidc, metadata_url(world), "metadata URL"),
            (oidc, "urn:example:idp", "entity ID"),
            (oidc, b"\x89PNG" + bytes(99), "text"),
        ):
            error = await refusing("pasted_not_usable", paste(world, name, text))
            assert said in (error.got or ""), (text[:40], error.got)

    story(tell)


def test_an_external_connection_takes_nothing(story: Tell) -> None:
    async def tell(world: World) -> None:
        work = pasted.apply(
            world.rt, world.actor, world.demo.labs.slug, world.demo.labs_saml.connection_id,
            OTHER, into="live",
        )  # fmt: skip
        await refusing("pasted_not_usable", work)
        await refusing("sso_connection_not_found", paste(world, "nobody", OTHER))

    story(tell)


def test_an_address_that_does_not_answer_is_the_callers_to_mend(story: Tell) -> None:
    async def tell(world: World) -> None:
        saml, oidc = (await new_saml(world)).connection_id, (await new_oidc(world)).connection_id
        for name, text in (
            (saml, "https://idp.example/metadata"),
            (oidc, "https://login.example"),
        ):
            for failure in ("idp_unreachable", "idp_timeout", "idp_answer_too_large"):
                world.answers += [refusal(failure) for _ in range(3)]
                error = await refusing("pasted_not_usable", paste(world, name, text))
                assert failure in (error.detail or "")
                world.answers.clear()
        world.answers.append(HttpResponse(404, {}, b"nothing"))
        await refusing("pasted_not_usable", paste(world, saml, "https://idp.example/metadata"))

    story(tell)


def test_metadata_that_cannot_be_used_changes_nothing(story: Tell) -> None:
    async def tell(world: World) -> None:
        name = world.demo.saml.connection_id
        before = await connections.get(world.rt, world.actor, "northwind", name)
        good = await metadata(world)
        for text in (
            good.replace("IDPSSODescriptor", "IDPSSODescriptor", 1)[:-40],
            f'<!DOCTYPE a [<!ENTITY b "c">]>{good}',
            good.replace("<ds:X509Certificate>", "<ds:X509Certificate>AAAA"),
            good.replace("https://", "javascript:").replace("http://", "javascript:"),
        ):
            with pytest.raises(VestibuleError) as caught:
                await paste(world, name, text)
            assert 400 <= status_of(caught.value.row) < 500, text[:80]
        assert await connections.get(world.rt, world.actor, "northwind", name) == before

    story(tell)


# --- a guest who renews certificates --------------------------------------------------------------


async def renewing(world: World, name: str) -> Any:
    issued = await setup_links.issue(
        world.rt, world.actor, "northwind", scopes=["certificate_renewal"], connection_id=name,
        lifetime_minutes=60, uses="one",
    )  # fmt: skip
    made = await setup_links.open_link(world.rt, issued.url.rpartition("/")[2])
    return (await setup_links.visit(world.rt, made.token)).actor


def test_a_renewal_takes_certificates_out_of_metadata_and_nothing_else(story: Tell) -> None:
    async def tell(world: World) -> None:
        name = world.demo.saml.connection_id
        actor = await renewing(world, name)
        good = await metadata(world)
        held = "".join(world.idp.address.certificate.strip().splitlines()[1:-1])
        new = "".join(OTHER.strip().splitlines()[1:-1])
        squeezed = good.replace("\n", "")
        assert held in squeezed
        moved = squeezed.replace(held, new).replace(
            world.idp.address.sso_url, "https://evil.example/sso"
        )
        got = await paste(world, name, moved, actor=actor)
        assert list(got.changes) == ["verification_certificates"]
        assert isinstance(got.connection, SamlConnection)
        assert got.connection.idp_sso_url == world.idp.address.sso_url
        got = await paste(world, name, make_key_pair("Next").certificate_pem, actor=actor)
        assert list(got.changes) == ["verification_certificates"]

    story(tell)


def test_attack_change_a_connection_with_a_link_for_renewals(story: Tell) -> None:
    async def tell(world: World) -> None:
        name = world.demo.saml.connection_id
        actor = await renewing(world, name)
        entity = world.idp.address.entity_id
        foreign = (await metadata(world)).replace(entity, "https://evil.example/entity")
        await refusing("pasted_not_usable", paste(world, name, foreign, actor=actor))
        sent = len(world.sent)
        for text in (
            "https://evil.example/metadata", "https://evil.example/sso/saml", "urn:evil:idp",
            "https://evil.example",
        ):  # fmt: skip
            await refusing("setup_link_scope", paste(world, name, text, actor=actor))
        await refusing("setup_link_scope", paste(world, name, OTHER, "draft", actor=actor))
        other = (await new_saml(world)).connection_id
        await refusing("setup_link_scope", paste(world, other, OTHER, actor=actor))
        assert len(world.sent) == sent

    story(tell)


# --- anything -------------------------------------------------------------------------------------

WORDS = st.sampled_from(
    ["https://idp.example/", "metadata", ".well-known/openid-configuration", "urn:", OTHER, "{}",
     '{"issuer": "', "client_id: ", "client_secret: ", "<EntityDescriptor>", "<IDPSSODescriptor>",
     "entityID=", '"', "x" * 2000, "\x00", "\ud800", "\n", "é", "http://127.0.0.1/", "%00", "["]
)  # fmt: skip


@settings(
    deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.one_of(
        st.text(max_size=200),
        st.binary(max_size=200),
        st.lists(WORDS, max_size=5).map("".join),
    )
)
def test_whatever_is_pasted_is_applied_or_refused(anything: Any, text: str | bytes) -> None:
    world, loop, names = anything
    for name in names:
        for into in ("live", "draft"):
            world.answers[:] = [HttpResponse(200, {}, b"{}") for _ in range(4)]
            try:
                loop(paste(world, name, text, into))
            except VestibuleError as error:
                assert 400 <= status_of(error.row) < 500, (error.code, text)


@pytest.fixture(scope="module")
def anything() -> Any:

    with asyncio.Runner() as runner:
        opened = open_world()
        world = runner.run(opened.__aenter__())
        names = [
            runner.run(new_saml(world)).connection_id, runner.run(new_oidc(world)).connection_id,
        ]  # fmt: skip
        yield world, runner.run, names
        runner.run(opened.__aexit__(None, None, None))
