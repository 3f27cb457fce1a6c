"""One connection for several organizations: asked for on one side, granted on the other."""

from __future__ import annotations

import pytest

from support.world import World
from vestibule.services import connections
from vestibule.services.rbac import Actor
from web.visits import Visitor, at


async def shared(world: World) -> list[tuple[str, str]]:
    """The External connections of Northwind Labs, by what they lead to."""
    found = await connections.get_all(
        world.rt, Actor(world.demo.project), world.demo.labs.organization_id
    )
    return [(one.external_connection_id, one.share_status) for one in found.external]


async def a_third(world: World) -> str:
    """One more SAML connection of Northwind's, finished and active."""
    page = await world.call(
        "POST",
        f"/v1/b2b/sso/saml/{world.demo.northwind.organization_id}",
        {"display_name": "Third"},
    )
    name: str = page.json()["connection"]["connection_id"]
    held = world.demo.saml
    await world.call(
        "PUT",
        f"/v1/b2b/sso/saml/{world.demo.northwind.organization_id}/connections/{name}",
        {
            "idp_entity_id": held.idp_entity_id,
            "idp_sso_url": held.idp_sso_url,
            "attribute_mapping": dict(held.attribute_mapping),
            "x509_certificate": held.verification_certificates[0].certificate,
        },
    )
    return name


async def test_an_operator_picks_the_organization_and_its_connection(world: World) -> None:
    source = await a_third(world)
    visitor, its = await at(world, "dashboard", world.demo.labs.organization_id)
    page = await visitor.get(f"{its}/connections/new/external?q=northw")
    page = await visitor.get(page.links()["Northwind"])
    assert "Whoever administers Northwind's identity provider" in page.text
    assert "any member of Northwind Labs" in page.text
    owner = world.demo.northwind.organization_id
    await visitor.send(page, {"source": f"{owner}/{source}", "trusts": "yes"})
    assert (source, "active") in await shared(world)


async def test_nobody_makes_one_without_saying_whom_they_trust(world: World) -> None:
    source = await a_third(world)
    visitor, its = await at(world, "portal", world.demo.labs.organization_id)
    page = await visitor.get(f"{its}/connections/new/external")
    typed = {
        "external_organization_id": world.demo.northwind.organization_id,
        "external_connection_id": source,
    }
    refused = await visitor.send(page, typed)
    assert refused.code == "trust_not_acknowledged"
    assert source not in dict(await shared(world))
    await visitor.send(refused, {**typed, "trusts": "yes"})
    assert (source, "active") in await shared(world)


async def test_a_guest_is_not_told_which_other_organizations_there_are(world: World) -> None:
    visitor, its = await at(world, "portal", world.demo.labs.organization_id)
    for query in ("", "?q=northwind", f"?owner={world.demo.northwind.organization_id}"):
        page = await visitor.get(f"{its}/connections/new/external{query}")
        assert world.demo.saml.display_name not in page.text
        assert world.demo.northwind.organization_id not in page.answer.text


async def test_what_waits_for_approval_is_opened_by_its_owner_and_withdrawn_again(
    world: World,
) -> None:
    source = await a_third(world)
    owner, its = await at(world, "portal")
    page = await owner.get(f"{its}/connections/{source}/sharing")
    await owner.send(page, {"external_sharing": "approval"}, form=-1)
    receiver = await Visitor.by_link(world, world.demo.labs.organization_id)
    page = await receiver.get("/portal/connections/new/external")
    page = await receiver.send(
        page,
        {
            "external_organization_id": world.demo.northwind.organization_id,
            "external_connection_id": source,
            "trusts": "yes",
        },
    )
    assert (source, "pending") in await shared(world)
    page = await owner.get(f"{its}/connections/{source}/sharing")
    page = await owner.send(page, form=0)
    assert (source, "active") in await shared(world)
    page = await owner.get(page.links()["Withdraw"])
    await owner.send(page)
    assert (source, "revoked") in await shared(world)


@pytest.mark.parametrize("deed", ["approve", "revoke"])
async def test_the_receiver_cannot_speak_for_the_owner(world: World, deed: str) -> None:
    visitor, its = await at(world, "portal", world.demo.labs.organization_id)
    page = await visitor.get(f"{its}/connections/new")
    csrf = dict(page.form().form_values())["csrf"]
    source, external = world.demo.saml.connection_id, world.demo.labs_saml.connection_id
    sent = await visitor.post(
        f"{its}/connections/{source}/sharing/{external}/{deed}", {"csrf": csrf}
    )
    assert sent.status in (403, 404)
