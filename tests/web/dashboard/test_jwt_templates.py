"""The JWT template in the dashboard: tried on somebody who is there, saved only when asked to."""

from __future__ import annotations

import pytest

from support.world import World
from vestibule.services import members, projects
from vestibule.services.demo import PEOPLE
from web.visits import Page, Visitor

ADA = PEOPLE[0]
TEMPLATE = '{"mail": "{{ member.email_address }}", "gone": {{ member.trusted_metadata.nothing }}}'
HOSTILE = """<script>alert("x")</script>'"&"""


async def template(world: World) -> str:
    return (await projects.get_jwt_template(world.rt, world.demo.project)).content


async def preview(visitor: Visitor, **typed: str) -> Page:
    page = await visitor.get(f"{visitor.base}/jwt-template")
    csrf = dict(page.form().form_values())["csrf"]
    return await visitor.post(f"{visitor.base}/jwt-template/preview", {"csrf": csrf, **typed})


async def test_a_template_is_tried_on_a_member_and_nothing_is_saved(world: World) -> None:
    await world.sign_in(world.demo.saml.connection_id)
    before = await template(world)
    visitor = await Visitor.as_developer(world)
    page = await preview(visitor, content=TEMPLATE, audience="api.example", who=ADA.email)
    shown = page.document.get_element_by_id("preview").text_content()
    assert f'"mail": "{ADA.email}"' in shown
    assert '"api.example"' in shown
    assert "gone: there is nothing to fill it with" in shown
    # Roles count as a login through their own connection gives them.
    assert '"editor"' in shown
    assert await template(world) == before


async def test_the_preview_is_what_the_next_jwt_says(world: World) -> None:
    visitor = await Visitor.as_developer(world)
    page = await visitor.get(f"{visitor.base}/jwt-template")
    page = await visitor.send(page, {"content": TEMPLATE, "audience": ""})
    assert "The change was saved." in page.text
    assert await template(world) == TEMPLATE
    session = await world.sign_in(world.demo.saml.connection_id)
    claims = session["member_session"]["custom_claims"]
    page = await preview(visitor, content=TEMPLATE, who=session["member"]["member_id"])
    assert claims == {"mail": ADA.email}
    assert f'"mail": "{ADA.email}"' in page.text


async def test_without_a_member_nothing_is_made_up(world: World) -> None:
    visitor = await Visitor.as_developer(world)
    page = await visitor.get(f"{visitor.base}/jwt-template")
    assert "Once the project has a member" in page.text
    page = await preview(visitor, content="{}", who="nobody@nowhere.example")
    assert "Nobody was found." in page.text


async def test_an_address_in_several_organizations_is_chosen_among_them(world: World) -> None:
    for owner in (world.demo.northwind, world.demo.labs):
        await members.create(
            world.rt, world.actor, owner.organization_id, {"email_address": "both@x.example"}
        )
    visitor = await Visitor.as_developer(world)
    content = '{"where": "{{ organization.organization_name }}"}'
    page = await preview(visitor, content=content, who="both@x.example")
    names = page.document.xpath("//button[@name='pick']")
    by_name = {one.text: one.get("value") for one in names}
    assert set(by_name) == {"Northwind", "Northwind Labs"}
    for name, member_id in by_name.items():
        page = await preview(visitor, content=content, who="both@x.example", pick=member_id)
        assert f'"where": "{name}"' in page.text
        # What is typed afterwards is tried on the same one.
        held = dict(page.form().form_values())
        assert held["member_id"] == member_id
        page = await preview(visitor, **{**held, "pick": ""})
        assert f'"where": "{name}"' in page.text


async def test_a_member_of_another_search_or_project_is_not_tried_on(world: World) -> None:
    """Whatever id a form names, what is shown is one of those that were found."""
    visitor = await Visitor.as_developer(world)
    page = await preview(visitor, content="{}", who="", member_id="member-test-of-somebody-else")
    assert page.status == 200
    assert "member-test-of-somebody-else" not in page.text


@pytest.mark.parametrize(
    ("content", "code", "where"),
    [
        ('{\n  "a": }', "jwt_template_invalid_json", "Line 2, column 8"),
        (
            '{"a": "{{ member.password }}"}',
            "jwt_template_invalid_tag",
            "Line 1, column 11, claim a",
        ),
        ('{"iss": "me"}', "reserved_claims_in_custom_claims", "Line 1"),
        ("{" * 5000, "custom_claims_too_large", ""),
    ],
)
async def test_a_refusal_says_line_and_column_and_keeps_what_was_typed(
    world: World, content: str, code: str, where: str
) -> None:
    await world.sign_in(world.demo.saml.connection_id)
    before = await template(world)
    visitor = await Visitor.as_developer(world)
    tried = await preview(visitor, content=content)
    assert tried.status == 200
    assert where in tried.document.get_element_by_id("preview").text_content()
    page = await visitor.get(f"{visitor.base}/jwt-template")
    page = await visitor.send(page, {"content": content})
    assert page.status == 400
    assert page.code == code
    assert where in page.text
    assert dict(page.form().form_values())["content"].strip() == content
    assert await template(world) == before


async def test_what_a_member_is_called_is_text_in_the_claims(world: World) -> None:
    await members.create(
        world.rt,
        world.actor,
        world.demo.northwind.organization_id,
        {"email_address": "bob@x.example", "name": HOSTILE},
    )
    visitor = await Visitor.as_developer(world)
    page = await preview(visitor, content='{"n": "{{ member.name }}"}', who="bob@x.example")
    assert "<script>alert" not in page.answer.text
    assert "script" in page.document.get_element_by_id("preview").text_content()
