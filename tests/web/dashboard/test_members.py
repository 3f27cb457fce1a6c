"""Members in the dashboard: found, added, changed, ended, with the reason for each role."""

from __future__ import annotations

import json
from typing import Any

import pytest

from support.world import BASE_URL, World
from vestibule.domain.connections import OidcChanges
from vestibule.services import connections, members, organizations, sessions
from vestibule.services.members import Wanted
from web.page_rules import broken_rules
from web.visits import Page, Visitor

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
ADA = "ada@northwind.example"


async def entered(world: World) -> tuple[Visitor, str]:
    visitor = await Visitor.as_developer(world)
    return visitor, f"{visitor.base}/organizations/{world.demo.northwind.organization_id}"


async def made(world: World, address: str, **fields: Any) -> str:
    view = await members.create(
        world.rt,
        world.actor,
        world.demo.northwind.organization_id,
        {"email_address": address, **fields},
    )
    return view.member.member_id


async def held(world: World, member_id: str) -> members.MemberView:
    return await members.get(
        world.rt,
        world.actor,
        world.demo.northwind.organization_id,
        member_id=member_id,
        include_deleted=True,
    )


async def signed_in_for_long(world: World) -> dict[str, Any]:
    """By OIDC, with a refresh token."""
    await connections.change_oidc(
        world.rt,
        world.actor,
        world.demo.northwind.organization_id,
        world.demo.oidc.connection_id,
        OidcChanges(custom_scopes="openid email profile groups offline_access"),
    )
    return await world.sign_in(world.demo.oidc.connection_id)


def names(page: Page) -> list[str]:
    return [" ".join(a.text_content().split()) for a in page.document.xpath("//tbody//th//a")]


# --- finding --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=zoe", ["Zoe Quill"]),
        ("q=QUILL", ["Zoe Quill"]),
        ("q=zq@", ["Zoe Quill"]),
        ("q=yan&role=viewer", []),
        ("role=editor", ["Yan Park"]),
        ("status=pending", ["Zoe Quill"]),
        ("breakglass=yes", ["Yan Park"]),
        ("q=100%25", ['100% "Quoted"']),
        ("q=%22quoted", ['100% "Quoted"']),
        ("q=nobody_", []),
        ("q=external_id", []),
    ],
)
async def test_a_member_is_found_by_what_is_asked_and_by_nothing_else(
    world: World, query: str, found: list[str]
) -> None:
    visitor, its = await entered(world)
    await made(world, "zq@northwind.example", name="Zoe Quill", create_member_as_pending=True)
    await made(world, "yp@northwind.example", name="Yan Park", roles=["editor"], is_breakglass=True)
    await made(world, "q@northwind.example", name='100% "Quoted"')
    page = await visitor.get(f"{its}/members?{query}")
    assert names(page) == found
    assert broken_rules(page.answer.text) == []


async def test_members_are_shown_page_by_page_without_one_left_out(world: World) -> None:
    visitor, its = await entered(world)
    for number in range(60):
        await made(world, f"p{number}@many.example", name=f"Person {number:02}")
    page = await visitor.get(f"{its}/members?q=many.example")
    first = names(page)
    page = await visitor.get(page.links()["Next page"])
    assert sorted([*first, *names(page)]) == [f"Person {number:02}" for number in range(60)]
    assert "60 members" in page.text


async def test_a_cursor_of_somebodys_own_making_is_refused(world: World) -> None:
    visitor, its = await entered(world)
    assert (await visitor.get(f"{its}/members?cursor=nonsense")).status == 400


# --- one more -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("how", "status", "mails"), [("invite", "invited", 1), ("pending", "pending", 0),
                                 ("active", "active", 0)],
)  # fmt: skip
async def test_a_member_is_added_as_was_chosen(
    world: World, how: str, status: str, mails: int
) -> None:
    visitor, its = await entered(world)
    page = await visitor.get(f"{its}/members/new")
    page = await visitor.send(
        page, {"email_address": "new@northwind.example", "how": how, "roles": ["viewer"]}
    )
    assert page.heading == "new@northwind.example"
    found = await held(world, page.path.rpartition("/")[2])
    assert found.member.status == status
    assert found.member.explicit_roles == ("viewer",)
    assert len(await world.mail()) == mails


async def test_an_address_that_is_taken_is_refused_with_everything_that_was_typed(
    world: World,
) -> None:
    visitor, its = await entered(world)
    await made(world, "zq@northwind.example")
    page = await visitor.get(f"{its}/members/new")
    typed = {"email_address": "zq@northwind.example", "name": "Zoe", "how": "active"}
    page = await visitor.send(page, {**typed, "roles": ["editor"]})
    assert page.code == "duplicate_member_email"
    assert {**typed, "roles": "editor"}.items() <= dict(page.form().form_values()).items()


# --- one member -----------------------------------------------------------------------------------


async def test_each_role_stands_with_every_reason_for_it(world: World) -> None:
    visitor, its = await entered(world)
    await organizations.update(
        world.rt,
        world.actor,
        world.demo.northwind.organization_id,
        {
            "rbac_email_implicit_role_assignments": [
                {"domain": "northwind.example", "role_id": "viewer"}
            ]
        },
    )
    done = await world.sign_in(world.demo.saml.connection_id)
    await members.update(
        world.rt,
        world.actor,
        world.demo.northwind.organization_id,
        done["member_id"],
        {"roles": ["viewer"]},
    )
    page = await visitor.get(f"{its}/members/{done['member_id']}")
    reasons = {
        item.xpath("string(.//code)"): [
            " ".join(one.text_content().split()) for one in item.xpath(".//*[@class='reason']")
        ]
        for item in page.document.xpath("//li[@class='role']")
    }
    assert "by hand" in reasons["viewer"]
    assert "domain northwind.example" in reasons["viewer"]
    told = [one for every in reasons.values() for one in every]
    assert any(world.demo.saml.display_name in one for one in told)


async def test_no_token_of_an_identity_provider_is_ever_shown(world: World) -> None:
    visitor, its = await entered(world)
    done = await signed_in_for_long(world)
    path = f"/v1/b2b/organizations/{done['organization']['organization_id']}/members"
    told = await world.call(
        "GET", f"{path}/{done['member_id']}/oidc_providers?include_refresh_token=true"
    )
    one = told.json()["registrations"][0]
    page = await visitor.get(f"{its}/members/{done['member_id']}")
    assert "Access token ends" in page.text
    for name in ("access_token", "refresh_token", "id_token"):
        assert one[name]
        assert one[name] not in page.answer.text
    assert done["session_token"] not in page.answer.text


async def test_tokens_are_refreshed_when_asked_and_say_so(world: World) -> None:
    visitor, its = await entered(world)
    done = await signed_in_for_long(world)
    world.advance(minutes=2)
    page = await visitor.get(f"{its}/members/{done['member_id']}")
    assert "not since the sign-in" in page.text
    page = await visitor.send(page)
    assert "as fresh as the identity provider gives them" in page.text
    assert "not since the sign-in" not in page.text


async def test_a_change_is_written_and_nothing_else_is_touched(world: World) -> None:
    visitor, its = await entered(world)
    member_id = await made(
        world, "zq@northwind.example", name="Zoe", external_id="z1",
        trusted_metadata={"plan": "pro", "seats": 3},
    )  # fmt: skip
    page = await visitor.get(f"{its}/members/{member_id}/edit")
    page = await visitor.send(
        page,
        {
            "name": "Zoe Quill",
            "roles": ["editor"],
            "trusted_metadata": '{"plan": "free"}',
            "external_id": "",
        },
    )
    member = (await held(world, member_id)).member
    assert (member.name, member.explicit_roles) == ("Zoe Quill", ("editor",))
    assert member.trusted_metadata == {"plan": "free"}
    assert member.external_id is None
    assert member.email_address == "zq@northwind.example"
    assert "member.updated" in page.text


@pytest.mark.parametrize(("ticked", "retired"), [(True, 1), (False, 0)])
async def test_an_old_address_is_kept_only_where_that_is_ticked(
    world: World, ticked: bool, retired: int
) -> None:
    visitor, its = await entered(world)
    member_id = await made(world, "zq@northwind.example")
    page = await visitor.get(f"{its}/members/{member_id}/edit")
    await visitor.send(
        page, {"email_address": "zoe@northwind.example"}, without=[] if ticked else ["retire"]
    )
    member = (await held(world, member_id)).member
    assert member.email_address == "zoe@northwind.example"
    assert len(member.retired_emails) == retired


@pytest.mark.parametrize(
    "typed",
    ["{", "[]", "1", '"x"', '{"a": NaN}', '{"a": "\\ud800"}', '{"a": 1e999}', "[" * 50_000,
     json.dumps(dict.fromkeys(map(str, range(21)), 1)), json.dumps({"a": "x" * 5000})],
)  # fmt: skip
async def test_metadata_that_cannot_be_kept_is_refused_beside_its_field(
    world: World, typed: str
) -> None:
    visitor, its = await entered(world)
    member_id = await made(world, "zq@northwind.example", untrusted_metadata={"kept": True})
    page = await visitor.get(f"{its}/members/{member_id}/edit")
    page = await visitor.send(page, {"untrusted_metadata": typed, "name": "Zoe"})
    assert page.status == 400
    beside = page.document.xpath("//textarea[@name='untrusted_metadata']")[0]
    assert beside.get("aria-invalid") == "true"
    member = (await held(world, member_id)).member
    assert (member.untrusted_metadata, member.name) == ({"kept": True}, "")


@pytest.mark.parametrize("part", ["edit", "delete"])
async def test_the_last_administrator_is_taken_away_only_by_somebody_who_was_told(
    world: World, part: str
) -> None:
    visitor, its = await entered(world)
    done = await world.sign_in(world.demo.saml.connection_id)
    name = world.demo.northwind.organization_id
    member_id = done["member_id"]
    await members.update(world.rt, world.actor, name, member_id, {"roles": ["stytch_admin"]})
    page = await visitor.get(f"{its}/members/{member_id}/{part}")
    typed: dict[str, Any] = {"roles": []} if part == "edit" else {}
    page = await visitor.send(page, typed)
    assert page.status == 400
    assert "Nobody could administer Northwind any more." in page.text
    assert (await held(world, member_id)).member.status == "active"
    assert (await held(world, member_id)).member.explicit_roles == ("stytch_admin",)
    page = await visitor.send(page, {**typed, "lock_out": "yes"})
    assert page.status == 200
    member = (await held(world, member_id)).member
    assert member.status == "deleted" or member.explicit_roles == ()


async def test_a_member_is_deleted_with_the_number_of_sessions_and_brought_back(
    world: World,
) -> None:
    visitor, its = await entered(world)
    done = await world.sign_in(world.demo.saml.connection_id)
    await world.sign_in(world.demo.saml.connection_id)
    page = await visitor.get(f"{its}/members/{done['member_id']}/delete")
    assert "2 sessions end at once" in page.text
    page = await visitor.send(page)
    assert done["member_id"] not in page.answer.text
    page = await visitor.get(f"{its}/members?status=deleted")
    page = await visitor.get(page.links()["Ada Lovelace"])
    assert broken_rules(page.answer.text) == []
    page = await visitor.send(await visitor.get(page.links()["Bring back"]))
    assert (await held(world, done["member_id"])).member.status == "active"


# --- sessions -------------------------------------------------------------------------------------


async def test_one_session_is_revoked_and_the_other_lives(world: World) -> None:
    visitor, its = await entered(world)
    done = await world.sign_in(world.demo.saml.connection_id)
    other = await world.sign_in(world.demo.saml.connection_id)
    page = await visitor.get(f"{its}/members/{done['member_id']}")
    first = page.document.xpath("//input[@name='session_id']/@value")[0]
    page = await visitor.send(page)
    left = page.document.xpath("//input[@name='session_id']/@value")
    assert len(left) == 1
    assert first not in left
    states = [
        (await world.call("POST", "/v1/b2b/sessions/authenticate",
                          {"session_token": one["session_token"]})).status_code
        for one in (done, other)
    ]  # fmt: skip
    assert sorted(states) == [200, 404]


async def test_all_sessions_are_revoked_after_their_number_was_told(world: World) -> None:
    visitor, its = await entered(world)
    done = await world.sign_in(world.demo.saml.connection_id)
    await world.sign_in(world.demo.saml.connection_id)
    page = await visitor.get(f"{its}/members/{done['member_id']}/sessions/revoke-all")
    assert "2 sessions end at once" in page.text
    page = await visitor.send(page)
    assert "They are signed in nowhere." in page.text


async def test_a_session_of_another_member_is_not_revoked_through_this_one(world: World) -> None:
    """Its id is right, its member is another one, also one of another organization."""
    visitor, its = await entered(world)
    ada = await world.sign_in(world.demo.saml.connection_id)
    lab = await world.sign_in(world.demo.labs_saml.connection_id)
    page = await visitor.get(f"{its}/members/{ada['member_id']}")
    theirs = lab["member_session"]["member_session_id"]
    page = await visitor.send(page, {"session_id": theirs})
    assert page.code == "session_not_found"
    live = await sessions.list_sessions(
        world.rt, world.actor, world.demo.labs.organization_id, lab["member_id"]
    )
    assert len(live) == 1


# --- attacks --------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", ["", "/edit", "/delete", "/reactivate", "/sessions/revoke-all"])
async def test_a_member_of_another_organization_is_not_there(world: World, part: str) -> None:
    visitor, its = await entered(world)
    lab = await world.sign_in(world.demo.labs_saml.connection_id)
    page = await visitor.get(f"{its}/members/{lab['member_id']}{part}")
    assert page.status == 404
    assert ADA not in page.answer.text


@pytest.mark.parametrize(
    "part",
    ["new", "{}/edit", "{}/delete", "{}/reactivate", "{}/sessions/revoke", "{}/sessions/revoke-all",
     "{}/tokens/refresh"],
)  # fmt: skip
@pytest.mark.parametrize("token", ["", "x" * 43])
async def test_a_forged_form_about_a_member_changes_nothing(
    world: World, part: str, token: str
) -> None:
    """Cross-site request forgery: the cookie comes along by itself, the token does not."""
    visitor, its = await entered(world)
    done = await world.sign_in(world.demo.saml.connection_id)
    before = await held(world, done["member_id"])
    page = await visitor.post(
        f"{its}/members/{part.format(done['member_id'])}",
        {
            "csrf": token, "email_address": "forged@northwind.example", "name": "Forged",
            "session_id": done["member_session"]["member_session_id"],
        },
        origin=BASE_URL,
    )  # fmt: skip
    assert page.status == 400
    assert "form_expired" in page.answer.text
    assert await held(world, done["member_id"]) == before
    name = world.demo.northwind.organization_id
    live = await sessions.list_sessions(world.rt, world.actor, name, done["member_id"])
    assert len(live) == 1
    found = await members.find(world.rt, world.actor, name, Wanted("forged"))
    assert found.total == 0


async def test_what_a_person_or_their_provider_controls_is_text(world: World) -> None:
    visitor, its = await entered(world)
    member_id = await made(
        world, "zq@northwind.example", name=HOSTILE,
        trusted_metadata={HOSTILE: HOSTILE}, untrusted_metadata={"</textarea>": HOSTILE},
    )  # fmt: skip
    for path in ("", f"?q={HOSTILE[:20]}", f"/{member_id}", f"/{member_id}/edit",
                 f"/{member_id}/delete", f"/{member_id}/sessions/revoke-all"):  # fmt: skip
        page = await visitor.get(f"{its}/members{path}")
        assert page.status == 200
        assert "<script>alert" not in page.answer.text
        assert "<img" not in page.answer.text
        assert broken_rules(page.answer.text) == []
    page = await visitor.get(its)
    assert "<script>alert" not in page.answer.text
